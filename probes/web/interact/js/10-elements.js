// What the trials share: elements and their names for the driver, what is seen, what can be used.
const keys = new WeakMap(), byKey = new Map();
let next = 1;
const key = e => { if (!keys.has(e)) { keys.set(e, next); byKey.set(next, new WeakRef(e)); next++ } return keys.get(e) };
const get = k => { const r = byKey.get(k); return r && r.deref() };
const squeeze = s => (s || "").replace(/\s+/g, " ").trim();
const deepActive = () => { let a = document.activeElement; while (a && a.shadowRoot && a.shadowRoot.activeElement) a = a.shadowRoot.activeElement; return a && a !== document.body && a !== document.documentElement ? a : null };
// A box or a button that is drawn by its label is seen where the label is, and a part of a map where its picture is.
const drawn = e => e.localName === "area" ? e.parentElement && e.parentElement.name && [...document.images].find(i => i.useMap === "#" + e.parentElement.name && shows(i)) : e.localName === "input" && /^(checkbox|radio|file)$/.test(e.type) && e.labels ? [...e.labels].find(l => shows(l)) : null;
const visible = e => shows(e) || !!drawn(e);
const shows = e => { if (!e.isConnected || !e.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) return false; const r = e.getBoundingClientRect(); return r.width > 1 && r.height > 1 && r.right + scrollX > 0 && r.bottom + scrollY > 0 };
const walk = (root, f) => { const w = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT); for (let e = w.nextNode(); e; e = w.nextNode()) { f(e); if (e.shadowRoot) walk(e.shadowRoot, f) } };
const selector = e => {
  const parts = [];
  for (let x = e; x && x.nodeType === 1 && x !== document.documentElement; ) {
    if (x.id && document.querySelectorAll("#" + CSS.escape(x.id)).length === 1) { parts.unshift("#" + CSS.escape(x.id)); break }
    const same = x.parentElement ? [...x.parentElement.children].filter(c => c.localName === x.localName) : [];
    parts.unshift(x.localName + (same.length > 1 ? `:nth-of-type(${same.indexOf(x) + 1})` : ""));
    x = x.parentElement || (x.getRootNode() && x.getRootNode().host);
  }
  return parts.join(" > ");
};
const box = e => { const r = e.getBoundingClientRect(); return { x: r.left + scrollX, y: r.top + scrollY, w: r.width, h: r.height } };
const name = e => squeeze(e.getAttribute("aria-label") || e.innerText || e.value || e.title || e.alt || "");
// What its author calls an element, in words.
const called = e => (e.id + " " + (e.getAttribute("class") || "")).replace(/[-_]+/g, " ");
// What an element stands in that stays in its place while the page scrolls.
const stays = e => { for (let x = e; x && x !== document.body; x = x.parentElement) if (/fixed|sticky/.test(getComputedStyle(x).position)) return x; return null };
const signature = e => e.localName + "." + (e.getAttribute("class") || "") + "|" + (e.getAttribute("role") || "") + "|" + (e.parentElement ? e.parentElement.localName + "." + (e.parentElement.getAttribute("class") || "") : "");
const describe = e => {
  const on = shows(e) ? e : drawn(e) || e;
  const s = getComputedStyle(e), r = on.getBoundingClientRect();
  return { key: key(e), selector: selector(e), snippet: (e.outerHTML || "").slice(0, 600), rect: box(on), view: { x: r.left, y: r.top, w: r.width, h: r.height }, tag: e.localName, type: e.type || "", role: e.getAttribute("role") || "",
    name: name(e).slice(0, 120), visible: visible(e), fixed: !!stays(e), signature: signature(e),
    outlined: s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0 && !/rgba\([^)]*, 0\)|transparent/.test(s.outlineColor),
    group: key(e.closest("form, nav, ul, ol, table, [role=navigation], [role=toolbar], [role=group], section, article, header, footer, main") || document.body), form: !!e.closest("form"), rtl: s.direction === "rtl", frame: e.localName === "iframe" };
};
const composite = "[role=tablist],[role=menu],[role=menubar],[role=listbox],[role=radiogroup],[role=toolbar],[role=grid],[role=tree],[role=treegrid],[role=combobox],[aria-activedescendant]";
const native = e => /^(button|input|select|textarea|summary)$/.test(e.localName) || (/^(a|area)$/.test(e.localName) && e.hasAttribute("href"));
const disabled = e => e.matches(":disabled,[inert],[inert] *,[aria-disabled=true]");
const focusables = e => { const l = []; walk(e, x => { if (x.tabIndex >= 0 && (native(x) || x.hasAttribute("tabindex")) && visible(x) && !disabled(x)) l.push(x) }); return l };
const pick = e => ({ selector: selector(e), snippet: (e.outerHTML || "").slice(0, 600), rect: box(e) });
// Scrolls to an element, unless it stands well within the window.
const near = e => { const r = e.getBoundingClientRect(); if (r.top < 100 || r.bottom > innerHeight - 60 || r.left < 0 || r.right > innerWidth) e.scrollIntoView({ block: "center", inline: "center", behavior: "instant" }) };
