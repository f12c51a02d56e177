// Colours and what they make seen, WCAG 2.2.
const rgba = s => { const m = /rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)/.exec(s); return m ? [+m[1], +m[2], +m[3], m[4] === undefined ? 1 : +m[4]] : [0, 0, 0, 0] };
const over = (c, b) => [0, 1, 2].map(i => c[i] * c[3] + b[i] * (1 - c[3])).concat(1);
const luminance = c => { const [r, g, b] = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b };
const ratio = (a, b) => { const x = luminance(a), y = luminance(b); return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05) };
const painted = e => { const s = getComputedStyle(e); return rgba(s.backgroundColor)[3] > 0 || s.backgroundImage !== "none" || /^(img|video|canvas|svg|iframe|object)$/.test(e.localName) };
// The colour behind an element's place; nothing, where a picture, a veil or something laid between makes it unsure.
const behind = (e, inner) => {
  const layers = [], chain = new Set();
  for (let x = e; x; x = x.parentElement || (x.getRootNode() && x.getRootNode().host)) {
    const s = getComputedStyle(x), c = rgba(s.backgroundColor);
    if (s.backgroundImage !== "none" || +s.opacity < 1 || s.filter !== "none" || s.mixBlendMode !== "normal") return null;
    chain.add(x);
    if (c[3] > 0) layers.push(c);
    if (c[3] === 1) break;
  }
  const r = (inner || e).getBoundingClientRect(), x = r.left + r.width / 2, y = r.top + r.height / 2;
  if (x >= 0 && y >= 0 && x < innerWidth && y < innerHeight) for (const o of document.elementsFromPoint(x, y)) { if (chain.has(o) && rgba(getComputedStyle(o).backgroundColor)[3] === 1) break; if (!chain.has(o) && !(inner || e).contains(o) && painted(o)) return null }
  return layers.reverse().reduce((b, c) => over(c, b), [255, 255, 255, 1]);
};
// How far an element's own letters stand out, and how far they must (WCAG 1.4.3); nothing where it has none or it is unsure.
const ink = e => {
  const text = [e, ...e.querySelectorAll("*")].find(x => [...x.childNodes].some(n => n.nodeType === 3 && squeeze(n.data).length > 1));
  if (!text || !shows(text)) return null;
  const s = getComputedStyle(text), back = behind(text), px = parseFloat(s.fontSize), c = rgba(s.color);
  if (!back || px < 4 || c[3] === 0 || s.textShadow !== "none" || s.webkitTextFillColor && s.webkitTextFillColor !== s.color) return null;
  return { ratio: ratio(over(c, back), back), needed: px >= 24 || px >= 18.66 && +s.fontWeight >= 700 ? 3 : 4.5 };
};
const low = e => { const i = ink(e); return !!i && i.ratio < i.needed };
// The contrast of the ring that shows the focus with what lies around it; 0 where there is none of one colour.
const ring = e => { const s = getComputedStyle(e); if (!/^(solid|dashed|dotted|double)$/.test(s.outlineStyle) || !(parseFloat(s.outlineWidth) > 0) || parseFloat(s.outlineOffset) < 0 || s.boxShadow !== "none" || !e.parentElement) return 0;
  const back = behind(e.parentElement, e), c = rgba(s.outlineColor); return back && c[3] > 0 ? ratio(over(c, back), back) : 0 };
// Whether what has the focus lies wholly under something that stays in its place while the page scrolls (WCAG 2.4.11).
const covered = e => {
  const r = e.getBoundingClientRect(), at = [[0.5, 0.5], [0.1, 0.1], [0.9, 0.1], [0.1, 0.9], [0.9, 0.9]].map(([x, y]) => [r.left + r.width * x, r.top + r.height * y]).filter(([x, y]) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight);
  return shows(e) && at.length > 0 && at.every(([x, y]) => { const o = document.elementFromPoint(x, y), f = o && !e.contains(o) && !o.contains(e) && stays(o); return !!f && !f.contains(e) && painted(f) });
};
