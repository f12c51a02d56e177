// Controls: which there are, what opens something, what comes up when they are used.
// Every control that the keyboard ought to reach.
const controls = () => {
  const list = [], radios = new Set();
  const modal = document.querySelector("dialog:modal");
  walk(document.body || document.documentElement, e => {
    const role = e.getAttribute("role") || "";
    if (!(native(e) || /^(button|link|checkbox|radio|switch|tab|menuitem|slider|combobox|textbox|option)$/.test(role) || e.isContentEditable && !(e.parentElement && e.parentElement.isContentEditable) || e.hasAttribute("tabindex"))) return;
    if (e.type === "hidden" || disabled(e) || !visible(e) || modal && !modal.contains(e)) return;
    if (e.localName === "summary" && e.parentElement && e.parentElement.querySelector(":scope > summary") !== e) return;
    if (e.type === "radio" && e.name) { // the tab key halts at the chosen one, else at the first
      const k = (e.form ? key(e.form) : 0) + e.name, of = [...document.getElementsByName(e.name)].filter(x => x.type === "radio" && x.form === e.form), chosen = of.find(x => x.checked && visible(x) && !disabled(x));
      if (radios.has(k) || chosen && chosen !== e) return; radios.add(k) }
    const hidden = !!e.closest("[aria-hidden=true]");
    list.push({ ...describe(e), tabindex: e.tabIndex, native: native(e), composite: !!(!native(e) && e.tabIndex < 0 && focusables(e).length || e.closest(composite) || e.matches("[role=tab],[role=menuitem],[role=option],[role=treeitem],[role=gridcell],[role=radio]")), hidden, inside: !!(e.parentElement && e.parentElement.closest("a[href],button,[role=button],[role=link],label,summary")) });
  });
  return list.slice(0, 400);
};
let shownBefore = new WeakSet(), changes = 0, observer = null;
const watch = () => {
  shownBefore = new WeakSet();
  let n = 0;
  walk(document.body, e => { if (n++ < 20000 && visible(e)) shownBefore.add(e) });
  changes = 0;
  if (!observer) observer = new MutationObserver(l => { for (const m of l) if (!(m.type === "attributes" && /^(tabindex|data-focus|data-.*focus)/.test(m.attributeName))) changes++ });
  observer.disconnect();
  observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  return 0;
};
const appeared = () => {
  const list = [];
  let n = 0;
  walk(document.body, e => { if (n++ < 20000 && !shownBefore.has(e) && visible(e) && (!e.parentElement || shownBefore.has(e.parentElement) || e.parentElement === document.body)) list.push(e) });
  return list;
};
const dialogLike = e => {
  const s = getComputedStyle(e), r = e.getBoundingClientRect();
  if (e.matches("dialog[open],[role=dialog],[role=alertdialog],[aria-modal=true]")) return true;
  if (/\b(modal|lightbox|popup|overlay|dialog|fancybox|mfp)\b|modal|lightbox/i.test(called(e)) && r.width * r.height > 8000 && !/^(button|a|input)$/.test(e.localName)) return true;
  return /fixed/.test(s.position) && r.width * r.height > innerWidth * innerHeight * 0.08 && squeeze(e.innerText).length > 3;
};
const dialog = () => {
  const found = [];
  for (const e of appeared()) { if (dialogLike(e)) found.push(e); walk(e, x => { if (visible(x) && dialogLike(x)) found.push(x) }) }
  // The innermost that still holds the controls: the box, not the veil behind it.
  const exact = found.filter(e => e.matches("dialog,[role=dialog],[role=alertdialog],[aria-modal=true]"));
  const pick = exact[0] || found.filter(e => e.querySelector("a,button,input,[tabindex],[role=button]") || squeeze(e.innerText).length > 10)[0];
  return pick ? describe(pick) : null;
};
const openers = () => {
  const list = [], seen = new Map();
  walk(document.body, e => {
    if (!visible(e) || disabled(e)) return;
    const href = e.localName === "a" ? (e.getAttribute("href") || "").trim() : null;
    const button = e.localName === "button" && e.type !== "submit" && e.type !== "reset" || e.localName === "button" && e.type === "submit" && !e.form || e.localName === "input" && e.type === "button" || e.getAttribute("role") === "button";
    const link = href !== null && (/^#/.test(href) && href.length > 1 && document.getElementById(href.slice(1)) && !visible(document.getElementById(href.slice(1))) || href === "#" || href === "" || /^javascript:/i.test(href));
    const hooked = e.hasAttribute("onclick") || e.hasAttribute("aria-haspopup") || e.matches("[data-toggle],[data-bs-toggle],[data-modal],[data-fancybox],[data-lightbox],[rel*=lightbox]") || /lightbox|modal|popup/i.test(e.getAttribute("class") || "");
    if (!(button || link || hooked) || e.closest("form [type=submit]") || e.closest(composite) || e.localName === "body" || (hooked && !button && !link && e.querySelector("a,button,[onclick]"))) return;
    if (/print|imprimer|logout|déconnexion|supprimer|delete/i.test(name(e)) || /history\s*\.|\bback\s*\(/.test((href || "") + (e.getAttribute("onclick") || ""))) return; // the way back leaves the page, held or not
    const s = signature(e), n = seen.get(s) || 0;
    seen.set(s, n + 1);
    if (n < 3) list.push({ ...describe(e), native: native(e), focusable: e.tabIndex >= 0 && (native(e) || e.hasAttribute("tabindex")) });
  });
  return list.slice(0, 14);
};
// The rules of the style sheets that tell what the mouse changes; those of another origin cannot be read.
const hoverRules = () => [...document.styleSheets].flatMap(sheet => {
  const flat = l => [...l].flatMap(r => r.cssRules && !r.selectorText ? flat(r.cssRules) : [r]);
  let rules; try { rules = sheet.cssRules } catch (x) { return [] }
  return flat(rules).slice(0, 20000).filter(r => r.selectorText && /:hover/.test(r.selectorText) && r.style);
});
const hoverables = () => {
  const out = new Set();
  const add = e => { if (e && visible(e) && out.size < 10) out.add(e) };
  for (const r of hoverRules()) {
    if (!/display|visibility|opacity|left|top|height|clip|transform/.test(r.style.cssText)) continue;
    for (const s of r.selectorText.split(",")) {
      const m = /^(.*?):hover\s*([>+~ ])\s*(.+)$/.exec(s.trim());
      if (!m || /:focus/.test(s)) continue;
      const base = m[1].replace(/::?[\w-]+(\([^)]*\))?$/, "").trim() || "*";
      try { [...document.querySelectorAll(base)].slice(0, 4).forEach(add) } catch (x) { }
    }
  }
  document.querySelectorAll("[onmouseover],[onmouseenter],nav li, [role=navigation] li, [data-tooltip], [class*=tooltip], [class*=dropdown]").forEach(e => {
    const hidden = [...e.querySelectorAll("ul, div, [role=menu], [role=tooltip], span")].some(x => !visible(x) && squeeze(x.textContent));
    if (e.hasAttribute("onmouseover") || e.hasAttribute("onmouseenter") || hidden) add(e);
  });
  return [...out].map(e => ({ ...describe(e), inner: (() => { const f = focusables(e).concat(e.tabIndex >= 0 && (native(e) || e.hasAttribute("tabindex")) ? [e] : []); return f.slice(0, 3).map(key) })() }));
};
