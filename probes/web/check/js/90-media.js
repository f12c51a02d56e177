// Sound and film as they stand after loading: what plays by itself, what has no words.
(() => {
  // What stands beside a recording and may be its text: a link that says so, or a passage that is both seen and heard.
  const told = e => {
    const near = e.closest("figure, section, article, main") || body;
    if ([...near.querySelectorAll("a[href], button, summary")].some(a => /transcri|version (texte|textuelle|écrite)|texte de la vidéo|text version|audio ?descri/i.test(name(a)))) return true;
    return [...near.querySelectorAll("p, div, blockquote, li, td")].some(x => heard(x) && seen(x) && !x.querySelector("audio,video") && x.getBoundingClientRect().right > 0 && parseFloat(style(x).textIndent) > -500 && words(x.textContent) >= 20) ||
      [...near.querySelectorAll("p")].some(x => heard(x) && words(x.textContent) >= 20 && style(x).position === "absolute");
  };
  // A transcript that stands directly behind the player, as a paragraph that begins with the word, or below a heading or in
  // details that say so. It may be short: a carillon has no words.
  const says = /^\W*(la |le |the |full |audio |video )?(transcri(pt|ption)\b|version (texte|textuelle|écrite)|text version|text transcript)/i;
  const behind = e => {
    let x = e;
    while (x.parentElement && x.parentElement !== body && !x.parentElement.matches("main,article,section") && !x.nextElementSibling) x = x.parentElement;
    x = x.nextElementSibling;
    for (let i = 0; x && i < 3; i++, x = x.nextElementSibling) {
      if (x.matches("audio,video") || x.querySelector("audio,video")) return false;
      if (x.matches("script,style,br")) continue;
      const t = squeeze(x.textContent);
      if (says.test(t) && heard(x) && seen(x)) {
        if (words(t) >= 4 && !x.matches("h1,h2,h3,h4,h5,h6,[role=heading],button,a") && !x.querySelector("a[href]")) return true;
        const next = x.nextElementSibling;
        if (next && x.matches("h1,h2,h3,h4,h5,h6,[role=heading],p,div") && !next.matches("h1,h2,h3,h4,h5,h6") && heard(next) && words(next.textContent) >= 3) return true;
      }
    }
    return false;
  };
  const usable = b => seen(b) && heard(b) && name(b) && focusable(b);
  for (const m of all("audio, video")) {
    if (m.closest("template")) continue;
    const loaded = m.readyState > 1;
    const sounds = m.localName === "audio" || (m.webkitAudioDecodedByteCount || 0) > 0;
    const silent = m.localName === "video" && loaded && (m.currentTime > 0.2 || m.webkitVideoDecodedByteCount > 0) && (m.webkitAudioDecodedByteCount || 0) === 0;
    const plays = !m.paused && !m.ended && loaded;
    // A media fragment (#t=8,10) plays a part.
    const part = /#t=([\d.]*)(?:,([\d.]+))?/.exec(m.currentSrc || "");
    const from = part && part[1] ? +part[1] : 0, to = part && part[2] ? +part[2] : m.duration;
    const long = m.loop || to - from > 3;
    const controls = m.hasAttribute("controls") && seen(m);
    const other = all("button, [role=button], input[type=button]").some(b => usable(b) && /play|lecture|pause|stop|arrêt|muet|mute|couper|volume/i.test(name(b)));
    if (m.autoplay && !m.muted && sounds && loaded && long) {
      report("sonde-plays-sound", m, isFinite(m.duration) ? m.duration.toFixed(1) + " s" : "");
      if (!controls && !other) report("sonde-plays-without-control", m);
    } else if (m.localName === "video" && m.autoplay && plays && (m.loop || to - from > 5) && !controls && !other && seen(m)) report("sonde-moves-without-control", m);
    if (!(seen(m) || plays || controls)) continue;
    const tracks = [...m.querySelectorAll("track[src]")];
    const caption = tracks.some(t => /^(captions|subtitles)$/.test(t.kind || "subtitles") && t.readyState !== 3);
    const named = silent && words(name(m)) > 3 || silent && m.closest("figure") && words((m.closest("figure").querySelector("figcaption") || { textContent: "" }).textContent) > 3;
    // What is declared to be scenery tells nothing.
    const scenery = silent && !!(m.closest("[aria-hidden=true]") || /^(none|presentation)$/.test(m.getAttribute("role") || ""));
    const text = told(m) || behind(m) || named || scenery;
    if (m.localName === "audio") { if ((controls || plays) && !m.muted && !text && m.currentSrc && m.networkState !== 3 && (m.duration > 1 || !loaded)) report("sonde-audio-without-transcript", m); continue }
    if (!m.currentSrc && !m.src && !m.querySelector("source")) continue;
    if (silent && !text && !caption && !all("audio[controls]").length) report("sonde-silent-video-without-text", m);
    else if (!caption && !text && !silent) doubt("sonde-video-without-captions", m);
    if (!text) report("sonde-video-without-transcript", m);
    if (!m.hasAttribute("controls") && !m.autoplay && !other && seen(m)) doubt("sonde-media-without-controls", m);
  }
  // Movement without end that nobody can stop.
  const stop = all("button, [role=button]").some(b => seen(b) && /pause|stop|arrêt|figer/i.test(name(b)));
  for (const a of attempt(() => document.getAnimations(), []).slice(0, 300)) {
    const t = a.effect && a.effect.target, c = a.effect && a.effect.getComputedTiming();
    if (!t || t.nodeType !== 1 || !c || a.playState !== "running") continue;
    // What blinks is away half of the time.
    if (!seen(t) && !(t.checkVisibility() && a.effect.getKeyframes().some(k => k.opacity !== undefined || k.visibility))) continue;
    const total = c.iterations === Infinity ? Infinity : (c.activeDuration || 0);
    const b = box(t);
    if (total > 5000 && b.w * b.h > 400 && !stop && squeeze(t.textContent) | b.w > 40 && !/spin|load|progress/i.test(t.className + " " + (role(t)))) {
      const moves = a.effect.getKeyframes().some(k => k.transform || k.left || k.top || k.marginLeft || k.opacity !== undefined || k.visibility || k.translate || k.backgroundPosition || k.color || k.backgroundColor);
      if (moves) report("sonde-endless-animation", t, total === Infinity ? "infinite" : (total / 1000).toFixed(0) + " s");
    }
  }
  for (const i of all("embed, object, iframe")) { const s = i.src || i.data || ""; if (/[?&]autoplay=(1|true)/i.test(s) && !/[?&]mute=1/i.test(s)) doubt("sonde-plays-sound", i, s.slice(0, 120)) }
})();
