// Sound and film as they stand after loading: what plays by itself, what has no words.
(() => {
  const near = e => { const s = e.closest("figure, section, article, div, main") || body; return squeeze((s.parentElement || s).textContent) + " " + [...(s.parentElement || s).querySelectorAll("a")].map(a => name(a)).join(" ") };
  for (const m of all("audio, video")) {
    const heardSound = m.localName === "audio" || (m.webkitAudioDecodedByteCount || 0) > 0;
    const plays = !m.paused && !m.ended && m.readyState > 1;
    const long = m.loop || m.duration > 3;
    const controls = m.hasAttribute("controls") && seen(m);
    const other = all("button, [role=button], input[type=button]").some(b => seen(b) && /pause|stop|arrêt|muet|mute|couper|sound|son\b/i.test(name(b)));
    const stopsSoon = /#t=\d*[.]?\d*,(\d+)/.exec(m.currentSrc || ""); const short = stopsSoon && +stopsSoon[1] - (+(/#t=(\d+)/.exec(m.currentSrc) || [])[1] || 0) <= 3;
    if (m.autoplay && !m.muted && heardSound && (plays || m.readyState > 1) && long && !short) {
      report("sonde-plays-sound", m, isFinite(m.duration) ? m.duration.toFixed(1) + " s" : "");
      if (!controls && !other) report("sonde-plays-without-control", m);
    } else if (m.localName === "video" && m.autoplay && plays && (m.loop || m.duration > 5) && !controls && !other && seen(m)) report("sonde-moves-without-control", m);
    const tracks = [...m.querySelectorAll("track")];
    const caption = tracks.some(t => /^(captions|subtitles)$/.test(t.kind || "subtitles") && t.src && t.track && t.readyState !== 3);
    const words = /transcri|texte intégral|version (texte|écrite)|script de la vid|read the text|text version/i.test(near(m));
    if (m.localName === "video" && (seen(m) || heard(m)) && heardSound && !caption && !words) doubt("sonde-video-without-captions", m);
    if (m.localName === "audio" && (controls || plays) && !words) doubt("sonde-audio-without-transcript", m);
    if (m.localName === "video" && !m.hasAttribute("controls") && !m.autoplay && !other && seen(m)) doubt("sonde-media-without-controls", m);
  }
  // Movement without end that nobody can stop.
  const stop = all("button, [role=button]").some(b => seen(b) && /pause|stop|arrêt|figer/i.test(name(b)));
  for (const a of attempt(() => document.getAnimations(), []).slice(0, 300)) {
    const t = a.effect && a.effect.target, c = a.effect && a.effect.getComputedTiming();
    if (!t || t.nodeType !== 1 || !c || a.playState !== "running" || !seen(t)) continue;
    const total = c.iterations === Infinity ? Infinity : (c.activeDuration || 0);
    const b = box(t);
    if (total > 5000 && b.w * b.h > 400 && !stop && squeeze(t.textContent) | b.w > 40 && !/spin|load|progress/i.test(t.className + " " + (role(t)))) {
      const moves = a.effect.getKeyframes().some(k => k.transform || k.left || k.top || k.marginLeft || k.opacity !== undefined || k.visibility || k.translate || k.backgroundPosition || k.color || k.backgroundColor);
      if (moves) report("sonde-endless-animation", t, total === Infinity ? "infinite" : (total / 1000).toFixed(0) + " s");
    }
  }
  for (const i of all("embed, object, iframe")) { const s = i.src || i.data || ""; if (/[?&]autoplay=(1|true)/i.test(s) && !/[?&]mute=1/i.test(s)) doubt("sonde-plays-sound", i, s.slice(0, 120)) }
})();
