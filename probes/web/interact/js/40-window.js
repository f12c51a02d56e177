// Texts in windows of other sizes: what is cut off, spills over or lies upon something.
// Text that its box cuts off.
const clipped = () => {
  const out = new Map();
  const w = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let n = 0;
  for (let t = w.nextNode(); t && n++ < 8000; t = w.nextNode()) {
    if (!squeeze(t.data) || !t.parentElement || !visible(t.parentElement) || t.parentElement.closest("script,style,svg,select,textarea,marquee,[aria-hidden=true]")) continue;
    const r = document.createRange();
    r.selectNodeContents(t);
    const b = r.getBoundingClientRect();
    if (b.width < 2 || b.height < 2) continue;
    for (let e = t.parentElement; e && e !== document.body && e !== document.documentElement; e = e.parentElement) {
      const s = getComputedStyle(e);
      if (s.position === "fixed") break;
      const cutY = /hidden|clip/.test(s.overflowY), cutX = /hidden|clip/.test(s.overflowX);
      if (!cutX && !cutY) { if (/auto|scroll/.test(s.overflowX + s.overflowY)) break; continue }
      const c = e.getBoundingClientRect();
      if (c.width <= 2 || c.height <= 2) break; // hidden on purpose
      const line = parseFloat(s.lineHeight) || parseFloat(s.fontSize) * 1.2;
      if (cutY && (b.bottom > c.bottom + Math.max(3, line * 0.3) || b.top < c.top - Math.max(3, line * 0.3)) || cutX && (b.right > c.right + 4 || b.left < c.left - 4)) { if (!out.has(e)) out.set(e, squeeze(t.data).slice(0, 60)); break }
    }
  }
  return [...out.entries()].slice(0, 30).map(([e, text]) => ({ key: key(e), text, linked: linked(e), ...pick(e) }));
};
// What a style cuts off that was not cut off before; in one go, so that the page is never drawn with it.
const spaced = css => {
  const style = document.createElement("style");
  style.textContent = css;
  document.documentElement.append(style);
  let cut = [];
  try { cut = clipped() } finally { style.remove() }
  const known = cut.length ? new Set(clipped().map(c => c.key)) : null;
  return cut.filter(c => !known.has(c.key));
};
const narrow = width => ({ wide: overflowing(width), cut: clipped(), upon: overlapping() });
// A teaser has a way to the whole of it: in itself, around it or beside it.
const linked = e => { if (e.closest("a[href],button,summary,[role=button],[role=link]") || e.querySelector("a[href],button")) return true; for (const n of [e.nextElementSibling, e.nextElementSibling?.nextElementSibling]) if (n && (n.matches("a[href],button,summary") || n.querySelector("a[href],button,summary")) && squeeze(n.innerText).length < 120) return true; for (let x = e.parentElement, i = 0; x && i < 3 && !x.matches("body,main,[role=main]"); x = x.parentElement, i++) if (x.querySelector("a[href],button,summary")) return true; return false };
const overflowing = width => {
  const limit = width + 2, out = [];
  if (document.documentElement.scrollWidth <= limit && (!document.body || document.body.scrollWidth <= limit)) return out;
  walk(document.body, e => {
    if (out.length >= 200 || !visible(e)) return;
    const r = e.getBoundingClientRect(), spills = e.scrollWidth > e.clientWidth + 2 && getComputedStyle(e).overflowX === "visible" && [...e.childNodes].some(n => { if (n.nodeType !== 3 || !squeeze(n.data)) return false; const t = document.createRange(); t.selectNodeContents(n); return t.getBoundingClientRect().right + scrollX > limit });
    if (r.right + scrollX <= limit && !spills || r.width < 2) return;
    for (let x = e.parentElement; x && x !== document.body; x = x.parentElement) if (/auto|scroll|hidden|clip/.test(getComputedStyle(x).overflowX)) return;
    if (/fixed/.test(getComputedStyle(e).position) && r.left >= width) return;
    out.push(e);
  });
  // Tables, maps, pictures and code need two dimensions (WCAG 1.4.10); what holds nothing else is let be.
  const two = e => e.matches("table,table *,img,svg,svg *,canvas,video,iframe,object,embed,pre,pre *,code,map,[role=application],[role=grid],[role=grid] *,textarea");
  const own = out.filter(e => !two(e) && !(e.querySelector("table,img,svg,canvas,video,iframe,pre,object") && !squeeze(e.innerText)));
  return own.filter(e => !own.some(o => o !== e && e.contains(o))).slice(0, 3).map(e => ({ key: key(e), ...pick(e) }));
};
// Texts that lie upon each other, by their own letters' boxes.
const overlapping = () => {
  const list = [], out = [];
  const w = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let t = w.nextNode(); t && list.length < 300; t = w.nextNode()) {
    const e = t.parentElement;
    if (squeeze(t.data).length < 3 || !e || !shows(e) || stays(e) || e.closest("svg,select,textarea,script,style,[aria-hidden=true]")) continue;
    const r = document.createRange(); r.selectNodeContents(t);
    const cut = (() => { for (let x = e; x && x !== document.body; x = x.parentElement) if (getComputedStyle(x).overflow !== "visible") return x.getBoundingClientRect(); return null })();
    for (const b of [...r.getClientRects()].slice(0, 20)) if (b.width > 4 && b.height > 4 && (!cut || b.right <= cut.right + 2 && b.bottom <= cut.bottom + 2 && b.left >= cut.left - 2 && b.top >= cut.top - 2)) list.push({ e, b });
  }
  const parts = new Set();
  for (let i = 0; i < list.length; i++) for (let j = i + 1; j < list.length; j++) {
    const a = list[i], c = list[j];
    if (a.e === c.e || a.e.contains(c.e) || c.e.contains(a.e) || parts.has(c.e)) continue;
    const x = Math.min(a.b.right, c.b.right) - Math.max(a.b.left, c.b.left), y = Math.min(a.b.bottom, c.b.bottom) - Math.max(a.b.top, c.b.top);
    if (x > 8 && y > Math.min(a.b.height, c.b.height) * 0.5) { parts.add(c.e); out.push(c.e) }
  }
  return out.slice(0, 10).map(e => ({ key: key(e), text: squeeze(e.innerText).slice(0, 60), ...pick(e) }));
};
