// What moves while nobody does anything.
Object.assign(sonde, {
  drifts: async most => {
    const named = /\b(carou?sell?|slider|slides?|slideshow|diaporama|ticker|marquee|news ?flash|scrolling|rotator|defilant|swiper|slick)\b/i;
    const idle = /\b(progress|spinner|loader|loading|clock|horloge|countdown|compte a rebours)\b/i;
    const words = e => called(e).replace(/([a-z])([A-Z])/g, "$1 $2");
    const stops = e => { for (let x = e, i = 0; x && i < 3 && x !== document.body; x = x.parentElement, i++) if ([...x.querySelectorAll("button,a,input,[role=button]")].some(b => /pause|stop|arr[êe]t|suspend|interrompre|lecture|play/i.test(name(b) + " " + (b.getAttribute("class") || "") + " " + (b.title || "")))) return true; return false };
    const moved = new Map();
    const note = e => {
      if (!e || e.nodeType !== 1 || e === document.body || e === document.documentElement || !document.body.contains(e) || /^(script|style|video|audio|canvas|progress|meter|textarea|input|select|option)$/.test(e.localName) || e.closest("[aria-live],[role=timer],[role=progressbar]")) return;
      let m = moved.get(e); if (!m) { if (moved.size > 400) return; moved.set(e, m = { at: [], light: [] }) }
      const now = performance.now(); if (m.at.length < 400 && (!m.at.length || now - m.at.at(-1) > 5)) { m.at.push(now); m.light.push(luminance(over(rgba(getComputedStyle(e).backgroundColor), [255, 255, 255, 1]))) } };
    const see = new MutationObserver(l => { for (const r of l) if (r.type !== "attributes" || /^(style|class|hidden|aria-hidden|src|transform)$/.test(r.attributeName)) note(r.target.nodeType === 3 ? r.target.parentElement : r.target) });
    const scrolled = e => note(e.target);
    see.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
    addEventListener("scroll", scrolled, true);
    const wait = t => new Promise(done => setTimeout(done, t)), began = performance.now();
    await wait(250);
    const signs = [...document.querySelectorAll("[id],[class]")].filter(e => named.test(words(e)) && visible(e) && !stops(e)).slice(0, 20);
    const timed = [...document.scripts].some(s => /setInterval\s*\(/.test(s.text));
    if (signs.length || timed || [...moved].some(([e, m]) => m.at.length > 1)) {
      await wait(most - 250);
      if ([...moved.values()].some(m => m.at.length === 1)) await wait(4500); // slides may stand for long
    }
    see.disconnect(); removeEventListener("scroll", scrolled, true);
    const out = [], took = (performance.now() - began) / 1000;
    for (const [e, m] of moved) {
      const tells = !idle.test(words(e)) && (/\p{L}{2}/u.test(squeeze(e.innerText)) || !!e.querySelector("img") || e.localName === "img");
      if (!visible(e) || m.at.length < (tells ? 2 : 5)) continue;
      const r = e.getBoundingClientRect(); let turns = 0, way = 0;
      for (let i = 1; i < m.light.length; i++) { const d = m.light[i] - m.light[i - 1]; if (Math.abs(d) >= 0.1 && Math.sign(d) !== way) { way = Math.sign(d); turns++ } }
      const flashes = r.width * r.height >= 21824 ? turns / 2 / took : 0;
      const goes = tells && took > 5 && m.at.at(-1) - m.at[0] > 1000 && m.at.at(-1) - began > took * 500 && !stops(e);
      if (flashes > 3 || goes) out.push({ e, flashes, goes });
    }
    // A style that flashes: it turns more than three times a second, over a good part of the window (WCAG's general flash).
    for (const a of document.getAnimations()) {
      const e = a.effect && a.effect.target, t = a.effect && a.effect.getTiming(), r = e && !a.effect.pseudoElement && e.checkVisibility() && e.getBoundingClientRect(); // in its other half it may be away
      if (!r || r.width * r.height < 21824 || !(t.duration > 0) || t.iterations < 4) continue;
      const shades = a.effect.getKeyframes().map(k => k.opacity !== undefined ? +k.opacity : k.visibility !== undefined ? +(k.visibility === "visible") : k.backgroundColor ? luminance(over(rgba(k.backgroundColor), [255, 255, 255, 1])) : null).filter(v => v !== null);
      const perSecond = 1000 / t.duration / (/alternate/.test(t.direction) ? 2 : 1);
      if (shades.length > 1 && Math.max(...shades) - Math.min(...shades) >= 0.1 && perSecond > 3) out.push({ e, flashes: perSecond, goes: false });
    }
    return out.filter(o => !out.some(p => p !== o && p.e.contains(o.e))).slice(0, 5).map(o => ({ ...describe(o.e), flashes: o.flashes, goes: o.goes }));
  },
});
