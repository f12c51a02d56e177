// Where the keyboard leads and how that looks.
const halt = a => ({ ...describe(a), doubtful: low(a) || covered(a) || ring(a) > 0 && ring(a) < 3 });
const trace = [];
addEventListener("keyup", e => { if (e.key === "Tab" && trace.length < 200) { const a = deepActive(); trace.push(a && halt(a)) } }, true);
// What the driver may ask; each file adds its own.
const sonde = { get, squeeze, deepActive, visible, name, describe, controls, watch, appeared, dialog, openers, hoverables, clipped, spaced, narrow, overlapping, focusables, walk };
Object.assign(sonde, {
  // A page may move the focus on a moment after the key: it is read when that has happened.
  active: () => new Promise(done => setTimeout(() => { const a = deepActive(); if (!a) return done(null); if (visible(a)) return done(halt(a)); setTimeout(() => done(a.isConnected ? describe(a) : null), 350) }, 15)),
  // Where each of the last n presses of the tab key led, null being out of the page; nothing, if the focus has moved since.
  steps: n => new Promise(done => setTimeout(() => { const last = trace.at(-1), a = deepActive(), list = trace.splice(0); done(list.length === n && (a ? !!last && last.key === key(a) : !last) ? list : []) }, 20)),
  // The next press of the tab key leads to the first control. Where an order is forced, only a page without a focus has it all.
  top: () => { const a = deepActive(); if (a) a.blur(); if (document.querySelector("[tabindex]:not([tabindex^='-']):not([tabindex='0'])")) { trace.length = 0; return 0 }
    const e = document.createElement("span"); e.tabIndex = -1; (document.body || document.documentElement).prepend(e); e.focus({ preventScroll: true }); e.remove(); trace.length = 0; return 0 },
  // How many controls have several halts of the tab key in them.
  several: () => [...document.querySelectorAll("audio[controls],video[controls],input[type=date],input[type=time],input[type=datetime-local],input[type=month],input[type=week]")].filter(shows).length,
  tabbable: () => { let n = 0; walk(document.body || document.documentElement, e => { if (e.tabIndex >= 0 && (native(e) || e.hasAttribute("tabindex") || /^(iframe|video|audio)$/.test(e.localName))) n++ }); return n },
  focus: k => { const e = get(k); if (!e) return false; near(e); e.focus(); return deepActive() === e },
  blur: () => { const a = deepActive(); if (a) a.blur(); return 0 },
  // Whether the focus changes a style of what has it so that anybody sees it. The element is left without the focus if so,
  // and with it if not: then pictures decide.
  styled: () => {
    const e = deepActive();
    if (!e) return true;
    const look = () => { const s = getComputedStyle(e), all = p => ["Top", "Right", "Bottom", "Left"].map(d => s["border" + d + p]);
      return { back: s.backgroundColor, ink: squeeze(e.innerText) ? s.color : "", line: squeeze(e.innerText) ? s.textDecorationLine : "", border: all("Style").every(b => b === "solid") && all("Width").every(w => parseFloat(w) >= 1) ? s.borderTopColor : "" } };
    const far = (a, b) => { const x = (a.match(/[\d.]+/g) || []).map(Number), y = (b.match(/[\d.]+/g) || []).map(Number);
      return x.length === 3 && y.length === 3 && Math.max(...x.map((v, i) => Math.abs(v - y[i]))) > 60 };
    const with_ = look();
    e.blur();
    const without = look();
    if (far(with_.back, without.back) || far(with_.ink, without.ink) || far(with_.border, without.border) || with_.line !== without.line) return true;
    e.focus({ preventScroll: true });
    return false;
  },
  // What may be wrong with how the focused element looks, once it has settled.
  focused: k => new Promise(done => setTimeout(() => { const e = get(k); if (!e || deepActive() !== e) return done({});
    const r = { low: low(e) ? ink(e).ratio : 0, covered: covered(e), weak: ring(e) > 0 && ring(e) < 3 ? ring(e) : 0 };
    e.blur();
    setTimeout(() => { if (low(e)) r.low = 0; done(r) }, 40) }, 60)),
  // Where an element and all that is in it stand in the window.
  around: k => { const e = get(k), l = e ? [e, ...[...e.querySelectorAll("*")].slice(0, 60)].filter(shows).map(x => x.getBoundingClientRect()) : []; if (!l.length) return null;
    const x = Math.min(...l.map(r => r.left)), y = Math.min(...l.map(r => r.top)); return { x, y, w: Math.max(...l.map(r => r.right)) - x, h: Math.max(...l.map(r => r.bottom)) - y } },
  has: k => deepActive() === get(k),
  inside: k => { const d = get(k), a = deepActive(); return !!(d && a && d.contains(a)) },
  // Puts the focus onto what is no field within an element.
  onto: k => { const d = get(k), e = d && focusables(d).find(x => !/^(input|select|textarea|audio|video)$/.test(x.localName)); if (e) e.focus(); return !!e },
});
