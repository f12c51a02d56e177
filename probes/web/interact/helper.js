// What the driver asks of the page while it presses keys and moves the mouse. Kept in our own world as `sonde`.
globalThis.sonde = globalThis.sonde || (() => {
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
  const stays = e => { for (let x = e; x && x !== document.body; x = x.parentElement) if (/fixed|sticky/.test(getComputedStyle(x).position)) return x; return null };
  const covered = e => {
    const r = e.getBoundingClientRect(), at = [[0.5, 0.5], [0.1, 0.1], [0.9, 0.1], [0.1, 0.9], [0.9, 0.9]].map(([x, y]) => [r.left + r.width * x, r.top + r.height * y]).filter(([x, y]) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight);
    return shows(e) && at.length > 0 && at.every(([x, y]) => { const o = document.elementFromPoint(x, y), f = o && !e.contains(o) && !o.contains(e) && stays(o); return !!f && !f.contains(e) && painted(f) });
  };
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
  const signature = e => e.localName + "." + (e.getAttribute("class") || "") + "|" + (e.getAttribute("role") || "") + "|" + (e.parentElement ? e.parentElement.localName + "." + (e.parentElement.getAttribute("class") || "") : "");
  const describe = e => {
    const on = shows(e) ? e : drawn(e) || e;
    const s = getComputedStyle(e), r = on.getBoundingClientRect();
    const fixed = (() => { for (let x = e; x && x !== document.body; x = x.parentElement) if (/fixed|sticky/.test(getComputedStyle(x).position)) return true; return false })();
    return { key: key(e), selector: selector(e), snippet: (e.outerHTML || "").slice(0, 600), rect: box(on), view: { x: r.left, y: r.top, w: r.width, h: r.height }, tag: e.localName, type: e.type || "", role: e.getAttribute("role") || "",
      name: name(e).slice(0, 120), visible: visible(e), fixed, signature: signature(e),
      outlined: s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0 && !/rgba\([^)]*, 0\)|transparent/.test(s.outlineColor),
      group: key(e.closest("form, nav, ul, ol, table, [role=navigation], [role=toolbar], [role=group], section, article, header, footer, main") || document.body), form: !!e.closest("form"), rtl: s.direction === "rtl", frame: e.localName === "iframe" };
  };
  const composite = "[role=tablist],[role=menu],[role=menubar],[role=listbox],[role=radiogroup],[role=toolbar],[role=grid],[role=tree],[role=treegrid],[role=combobox],[aria-activedescendant]";
  const native = e => /^(button|input|select|textarea|summary)$/.test(e.localName) || (/^(a|area)$/.test(e.localName) && e.hasAttribute("href"));
  const disabled = e => e.matches(":disabled,[inert],[inert] *,[aria-disabled=true]");
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
      list.push({ ...describe(e), tabindex: e.tabIndex, native: native(e), composite: !!(e.closest(composite) || e.matches("[role=tab],[role=menuitem],[role=option],[role=treeitem],[role=gridcell],[role=radio]")), hidden, inside: !!(e.parentElement && e.parentElement.closest("a[href],button,[role=button],[role=link],label,summary")) });
    });
    return list.slice(0, 400);
  };
  const ownFields = f => [...f.elements].filter(e => /^(input|textarea|select)$/.test(e.localName) && !/^(hidden|submit|button|reset|image)$/.test(e.type) && visible(e));
  const shade = e => { const s = getComputedStyle(e); return [s.borderTopColor, s.borderBottomColor, s.backgroundColor, s.outlineColor, s.boxShadow].join() };
  let shades = [];
  const trace = [];
  addEventListener("keyup", e => { if (e.key === "Tab" && trace.length < 200) { const a = deepActive(); trace.push(a && { ...describe(a), doubtful: low(a) || covered(a) || ring(a) > 0 && ring(a) < 3 }) } }, true);
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
  // Scrolls to an element, unless it stands well within the window.
  const near = e => { const r = e.getBoundingClientRect(); if (r.top < 100 || r.bottom > innerHeight - 60 || r.left < 0 || r.right > innerWidth) e.scrollIntoView({ block: "center", inline: "center", behavior: "instant" }) };
  const dialogLike = e => {
    const s = getComputedStyle(e), r = e.getBoundingClientRect();
    if (e.matches("dialog[open],[role=dialog],[role=alertdialog],[aria-modal=true]")) return true;
    if (/\b(modal|lightbox|popup|overlay|dialog|fancybox|mfp)\b|modal|lightbox/i.test((e.id + " " + (e.getAttribute("class") || "")).replace(/[-_]/g, " ")) && r.width * r.height > 8000 && !/^(button|a|input)$/.test(e.localName)) return true;
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
  const focusables = e => { const l = []; walk(e, x => { if (x.tabIndex >= 0 && (native(x) || x.hasAttribute("tabindex")) && visible(x) && !disabled(x)) l.push(x) }); return l };
  const openers = () => {
    const list = [], seen = new Map();
    walk(document.body, e => {
      if (!visible(e) || disabled(e)) return;
      const href = e.localName === "a" ? (e.getAttribute("href") || "").trim() : null;
      const button = e.localName === "button" && e.type !== "submit" && e.type !== "reset" || e.localName === "button" && e.type === "submit" && !e.form || e.localName === "input" && e.type === "button" || e.getAttribute("role") === "button";
      const link = href !== null && (/^#/.test(href) && href.length > 1 && document.getElementById(href.slice(1)) && !visible(document.getElementById(href.slice(1))) || href === "#" || href === "" || /^javascript:/i.test(href));
      const hooked = e.hasAttribute("onclick") || e.hasAttribute("aria-haspopup") || e.matches("[data-toggle],[data-bs-toggle],[data-modal],[data-fancybox],[data-lightbox],[rel*=lightbox]") || /lightbox|modal|popup/i.test(e.getAttribute("class") || "");
      if (!(button || link || hooked) || e.closest("form [type=submit]") || e.closest(composite) || e.localName === "body" || (hooked && !button && !link && e.querySelector("a,button,[onclick]"))) return;
      if (/print|imprimer|logout|déconnexion|supprimer|delete/i.test(name(e))) return;
      const s = signature(e), n = seen.get(s) || 0;
      seen.set(s, n + 1);
      if (n < 3) list.push({ ...describe(e), native: native(e), expandable: e.hasAttribute("aria-expanded"), focusable: e.tabIndex >= 0 && (native(e) || e.hasAttribute("tabindex")) });
    });
    return list.slice(0, 14);
  };
  const hoverables = () => {
    const out = new Map();
    const add = (e, focus) => { if (e && visible(e) && !out.has(e) && out.size < 10) out.set(e, focus) };
    for (const sheet of document.styleSheets) {
      let rules; try { rules = sheet.cssRules } catch (x) { continue }
      const flat = l => [...l].flatMap(r => r.cssRules && !r.selectorText ? flat(r.cssRules) : [r]);
      for (const r of flat(rules).slice(0, 20000)) {
        if (!r.selectorText || !/:hover/.test(r.selectorText) || !/display|visibility|opacity|left|top|height|clip|transform/.test(r.style ? r.style.cssText : "")) continue;
        for (const s of r.selectorText.split(",")) {
          const m = /^(.*?):hover\s*([>+~ ])\s*(.+)$/.exec(s.trim());
          if (!m || /:focus/.test(s)) continue;
          const base = m[1].replace(/::?[\w-]+(\([^)]*\))?$/, "").trim() || "*";
          try { [...document.querySelectorAll(base)].slice(0, 4).forEach(e => add(e)) } catch (x) { }
        }
      }
    }
    document.querySelectorAll("[onmouseover],[onmouseenter],nav li, [role=navigation] li, [data-tooltip], [class*=tooltip], [class*=dropdown]").forEach(e => {
      const hidden = [...e.querySelectorAll("ul, div, [role=menu], [role=tooltip], span")].some(x => !visible(x) && squeeze(x.textContent));
      if (e.hasAttribute("onmouseover") || e.hasAttribute("onmouseenter") || hidden) add(e);
    });
    return [...out.keys()].map(e => ({ ...describe(e), inner: (() => { const f = focusables(e).concat(e.tabIndex >= 0 && (native(e) || e.hasAttribute("tabindex")) ? [e] : []); return f.slice(0, 3).map(key) })(), expander: !!e.querySelector("[aria-expanded]") || e.hasAttribute("aria-expanded") }));
  };
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
    const known = new Set(clipped().map(c => c.key)), style = document.createElement("style");
    style.textContent = css;
    document.documentElement.append(style);
    try { return clipped().filter(c => !known.has(c.key)) } finally { style.remove() }
  };
  // A teaser has a way to the whole of it: in itself, around it or beside it.
  const linked = e => { if (e.closest("a[href],button,summary,[role=button],[role=link]") || e.querySelector("a[href],button")) return true; for (let x = e.parentElement, i = 0; x && i < 3 && !x.matches("body,main,[role=main]"); x = x.parentElement, i++) if (x.querySelector("a[href],button,summary")) return true; return false };
  const pick = e => ({ selector: selector(e), snippet: (e.outerHTML || "").slice(0, 600), rect: box(e) });
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
  return { key, get, squeeze, deepActive, visible, selector, box, name, describe, controls, watch, appeared, dialog, openers, hoverables, clipped, spaced, overflowing, overlapping, focusables, pick, walk,
    // A page may move the focus on a moment after the key: it is read when that has happened.
    active: () => new Promise(done => setTimeout(() => { const a = deepActive(); if (!a) return done(null); if (visible(a)) return done(describe(a)); setTimeout(() => done(a.isConnected ? describe(a) : null), 350) }, 15)),
    // Where each of the last n presses of the tab key led, null being out of the page; nothing, if the focus has moved since.
    steps: n => new Promise(done => setTimeout(() => { const last = trace.at(-1), a = deepActive(), list = trace.splice(0); done(list.length === n && (a ? !!last && last.key === key(a) : !last) ? list : []) }, 20)),
    // The next press of the tab key leads to the first control. Where an order is forced, only a page without a focus has it all.
    top: () => { const a = deepActive(); if (a) a.blur(); if (document.querySelector("[tabindex]:not([tabindex^='-']):not([tabindex='0'])")) { trace.length = 0; return 0 }
      const e = document.createElement("span"); e.tabIndex = -1; (document.body || document.documentElement).prepend(e); e.focus({ preventScroll: true }); e.remove(); trace.length = 0; return 0 },
    tabbable: () => { let n = 0; walk(document.body || document.documentElement, e => { if (e.tabIndex >= 0 && (native(e) || e.hasAttribute("tabindex") || /^(iframe|video|audio)$/.test(e.localName))) n++ }); return n },
    state: k => { const e = get(k); if (!e) return {}; const at = n => [e, ...e.querySelectorAll("*"), e.parentElement].filter(Boolean).map(x => x.getAttribute(n)).find(v => v !== null && v !== undefined) || "";
      return { expanded: at("aria-expanded"), other: !!(at("aria-pressed") || at("aria-selected") || at("aria-checked") || at("aria-current") || e.closest("summary,label,[role=tab],[role=option],[role^=menuitem]")), name: (e.getAttribute("aria-label") || "") + "|" + squeeze(e.innerText) + "|" + e.title } },
    // What has come up with something in it to read or to use, beside the control itself.
    unfolded: k => { const o = get(k), e = appeared().find(x => o && !o.contains(x) && !x.contains(o) && !x.matches("[role=status],[role=alert],[aria-live],[role=status] *,[role=alert] *,[aria-live] *") && (squeeze(x.innerText).length > 1 || x.querySelector("a,button,input,img"))); return e ? describe(e) : null },
    dialogKind: k => { const e = get(k); if (!e) return "";
      const marked = e.matches("dialog,[role=dialog],[role=alertdialog]") ? e : e.closest("dialog,[role=dialog],[role=alertdialog]") || e.querySelector("dialog,[role=dialog],[role=alertdialog]");
      if (marked) return squeeze(marked.getAttribute("aria-label") || marked.title || (marked.getAttribute("aria-labelledby") || "").split(/\s+/).map(i => i && document.getElementById(i)).filter(Boolean).map(x => x.textContent).join(" ")) ? "" : "nameless";
      if (e.closest("nav,header,aside,[role=navigation],[role=menu]") || e.querySelector("nav") || e.matches("[role]")) return "";
      return /\b(modal|lightbox|dialog|dialogue|popup|popin)\b/i.test((e.id + " " + (e.getAttribute("class") || "")).replace(/[-_]/g, " ")) || /fixed/.test(getComputedStyle(e).position) && [...e.querySelectorAll("button,a,[role=button]")].some(b => /^(×|x|✕|✖|ok)$|fermer|close|annuler|cancel/i.test(name(b))) ? "unmarked" : "unsure" },
    ready: k => new Promise(done => { const e = get(k); if (!e) return done(false); near(e); e.focus(); if (deepActive() !== e) return done(false); setTimeout(() => { watch(); done(true) }, 20) }),
    // What changes the document at once is seen at once; what only a style brings up is looked for when the time is over.
    happened: most => new Promise(done => { const end = performance.now() + most, tick = () => { if (changes) setTimeout(() => done(true), 30); else if (performance.now() >= end) done(appeared().length > 0); else setTimeout(tick, 10) }; tick() }),
    focus: k => { const e = get(k); if (!e) return false; near(e); e.focus(); return deepActive() === e },
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
    blur: () => { const a = deepActive(); if (a) a.blur(); return 0 },
    center: k => { const e = get(k); if (!e) return null; near(e); const r = e.getBoundingClientRect(); return { x: r.left + r.width / 2, y: r.top + r.height / 2, w: r.width, h: r.height } },
    until: (is, most) => new Promise(done => { const end = performance.now() + most, tick = () => is() || performance.now() >= end ? done(is()) : setTimeout(tick, 25); tick() }),
    contains: (k, j) => { const a = get(k), b = get(j); return !!(a && b && a.contains(b)) },
    drifts: async most => {
      const named = /\b(carou?sell?|slider|slides?|slideshow|diaporama|ticker|marquee|news ?flash|scrolling|rotator|defilant|swiper|slick)\b/i;
      const idle = /\b(progress|spinner|loader|loading|clock|horloge|countdown|compte a rebours)\b/i;
      const words = e => (e.id + " " + (e.getAttribute("class") || "")).replace(/[-_]+|([a-z])([A-Z])/g, "$1 $2");
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
        if (m.at.length < 2 || !visible(e) || idle.test(words(e)) || !/\p{L}{2}/u.test(squeeze(e.innerText)) && !e.querySelector("img") && !(e.localName === "img")) { if (!(visible(e) && m.at.length > 4)) continue }
        const r = e.getBoundingClientRect(); let turns = 0, way = 0;
        for (let i = 1; i < m.light.length; i++) { const d = m.light[i] - m.light[i - 1]; if (Math.abs(d) >= 0.1 && Math.sign(d) !== way) { way = Math.sign(d); turns++ } }
        const flashes = r.width * r.height >= 21824 ? turns / 2 / took : 0;
        const goes = took > 5 && m.at.length > 1 && m.at.at(-1) - m.at[0] > 1000 && m.at.at(-1) - began > took * 500 && !stops(e) && !idle.test(words(e)) && (/\p{L}{2}/u.test(squeeze(e.innerText)) || !!e.querySelector("img") || e.localName === "img");
        if (flashes > 3 || goes) out.push({ e, flashes, goes });
      }
      // A style that flashes: it turns more than three times a second, over a good part of the window (WCAG's general flash).
      for (const a of document.getAnimations()) {
        const e = a.effect && a.effect.target, t = a.effect && a.effect.getTiming(), r = e && !a.effect.pseudoElement && visible(e) && e.getBoundingClientRect();
        if (!r || r.width * r.height < 21824 || !(t.duration > 0) || t.iterations < 4) continue;
        const shades = a.effect.getKeyframes().map(k => k.opacity !== undefined ? +k.opacity : k.visibility !== undefined ? +(k.visibility === "visible") : k.backgroundColor ? luminance(over(rgba(k.backgroundColor), [255, 255, 255, 1])) : null).filter(v => v !== null);
        const perSecond = 1000 / t.duration / (/alternate/.test(t.direction) ? 2 : 1);
        if (shades.length > 1 && Math.max(...shades) - Math.min(...shades) >= 0.1 && perSecond > 3) out.push({ e, flashes: perSecond, goes: false });
      }
      return out.filter(o => !out.some(p => p !== o && p.e.contains(o.e))).slice(0, 5).map(o => ({ ...describe(o.e), flashes: o.flashes, goes: o.goes }));
    },
    // Gets a form ready to be sent empty: whether the browser itself will refuse.
    submits: k => { const f = get(k); if (!f) return true; if (!f.noValidate && !f.checkValidity()) return true; const b = [...f.elements].find(e => /^(submit|image)$/.test(e.type)); if (!b) return true; near(b); b.focus(); shades = ownFields(f).map(shade); watch(); return false },
    // What the page says of a form that was sent empty.
    answers: k => {
      const f = get(k), r = { said: "", bound: 0, named: false, coloured: false };
      if (!f) return r;
      const wrong = /erreur|obligatoire|requis|invalide|incorrect|manqu|veuillez|merci de|doit |error|required|invalid|missing|please|must /i;
      const fresh = appeared().flatMap(e => [e, ...e.querySelectorAll("*")]).filter(e => !/^(input|select|textarea|script|style|form|label|button|svg|path)$/.test(e.localName) && squeeze(e.innerText).split(" ").length > 1 && (e.innerText || "").length < 600 && (wrong.test(e.innerText) || f.contains(e) || e.closest("[role=alert]")));
      r.said = squeeze(fresh.filter(e => !fresh.some(x => x !== e && x.contains(e))).map(e => e.innerText).join(" ")).slice(0, 400);
      const label = e => squeeze([...(e.labels || [])].map(l => l.innerText).join(" ") || e.getAttribute("aria-label") || e.placeholder || "").replace(/[*:].*$/, "").trim().toLowerCase();
      const list = ownFields(f);
      for (const e of list) {
        const told = ((e.getAttribute("aria-describedby") || "") + " " + (e.getAttribute("aria-errormessage") || "")).split(/\s+/).map(i => i && document.getElementById(i)).filter(Boolean);
        if (e.getAttribute("aria-invalid") === "true" || told.some(t => wrong.test(t.innerText) || fresh.some(x => t.contains(x) || x.contains(t))) || wrong.test(label(e)) || [...(e.labels || [])].some(l => fresh.some(x => l.contains(x)))) r.bound++;
        if (label(e).length > 2 && r.said.toLowerCase().includes(label(e))) r.named = true;
      }
      r.coloured = !r.said && list.some((e, i) => shades[i] && shade(e) !== shades[i] && e !== deepActive());
      return r;
    },
    // Puts the focus onto what is no field within an element.
    onto: k => { const d = get(k), e = d && focusables(d).find(x => !/^(input|select|textarea|audio|video)$/.test(x.localName)); if (e) e.focus(); return !!e },
    // Where an element and all that is in it stand in the window.
    around: k => { const e = get(k), l = e ? [e, ...[...e.querySelectorAll("*")].slice(0, 60)].filter(shows).map(x => x.getBoundingClientRect()) : []; if (!l.length) return null;
      const x = Math.min(...l.map(r => r.left)), y = Math.min(...l.map(r => r.top)); return { x, y, w: Math.max(...l.map(r => r.right)) - x, h: Math.max(...l.map(r => r.bottom)) - y } },
    has: k => deepActive() === get(k),
    tablists: () => [...document.querySelectorAll("[role=tablist]")].filter(visible).slice(0, 3).map(l => { const t = [...l.querySelectorAll("[role=tab]")].filter(e => visible(e) && !disabled(e)), first = t.find(e => e.getAttribute("aria-selected") === "true") || t[0];
      return t.length > 1 && { ...describe(l), first: key(first), stops: t.every(e => e.tabIndex >= 0) } }).filter(Boolean),
    leftTab: k => { const a = deepActive(), e = get(k); return !!(a && e && a !== e && a.closest("[role=tablist]") === e.closest("[role=tablist]")) || !!e && !!e.closest("[role=tablist]").getAttribute("aria-activedescendant") },
    // Fields of each kind, with something short to type.
    typables: most => [...document.querySelectorAll("input,select")].filter(e => visible(e) && !disabled(e) && !e.readOnly && (e.localName === "select" ? !e.multiple && e.options.length > 1 : /^(checkbox|radio)$/.test(e.type) ? !e.checked : /^(text|tel|number|search|email|password)$/.test(e.type) && !e.value)).slice(0, most)
      .map(e => ({ ...describe(e), value: /^(checkbox|radio)$/.test(e.type) ? " " : /^(text|search)$/.test(e.type) && !/numeric|decimal/.test(e.inputMode) && !(e.maxLength > 0 && e.maxLength < 7) ? "ma" : "1".repeat(Math.min(e.maxLength > 0 ? e.maxLength : 2, 5)) })),
    // A list that came up below the field that was typed into, with nothing that tells of it.
    suggests: k => { const f = get(k); if (!f || f.matches("[role=combobox],[aria-autocomplete],[aria-expanded],[aria-haspopup],[aria-owns],[aria-controls],[list]") || f.closest("[role=combobox]")) return null;
      if (document.querySelector("[aria-live]:not([aria-live=off]),[role=status],[role=alert]")) return null;
      const r = f.getBoundingClientRect(), e = appeared().find(x => { const b = x.getBoundingClientRect(); return b.top >= r.top && b.top < r.bottom + 40 && b.left < r.right && b.right > r.left && !x.matches("[role],dialog") && x.children.length > 1 && [...x.children].every(c => squeeze(c.innerText) && !c.matches("input,label,p")) });
      return e ? describe(e) : null },
    // Fields whose border and ground both differ too little from what lies around them. What the browser draws is its own.
    faint: () => [...document.querySelectorAll("input,select,textarea")].filter(e => visible(e) && shows(e) && !disabled(e) && !e.readOnly && (e.localName !== "input" || /^(text|tel|number|search|email|password|url|date)$/.test(e.type)) && e.parentElement).map(e => {
      const s = getComputedStyle(e), out = behind(e.parentElement, e);
      if (!out || s.appearance === "auto" && s.borderTopStyle === "inset" || s.boxShadow !== "none" || s.backgroundImage !== "none" || s.outlineStyle !== "none") return null;
      const p = getComputedStyle(e.parentElement); if (p.borderBottomWidth !== "0px" || p.boxShadow !== "none") return null; // the frame is drawn around it
      const edges = ["Top", "Right", "Bottom", "Left"].filter(d => parseFloat(s["border" + d + "Width"]) >= 1 && !/none|hidden/.test(s["border" + d + "Style"])).map(d => rgba(s["border" + d + "Color"]));
      const best = Math.max(...edges.concat([rgba(s.backgroundColor)]).map(c => ratio(over(c, out), out)));
      return best < 3 ? { ...describe(e), ratio: best } : null }).filter(Boolean).slice(0, 10),
    // Links and buttons, one of a kind, whose colours a style sheet changes under the mouse.
    colourers: () => { const out = [], kinds = new Set();
      for (const sheet of document.styleSheets) { let rules; try { rules = sheet.cssRules } catch (x) { continue }
        const flat = l => [...l].flatMap(r => r.cssRules && !r.selectorText ? flat(r.cssRules) : [r]);
        for (const r of flat(rules).slice(0, 20000)) { if (out.length >= 6) return out; if (!r.selectorText || !/:hover/.test(r.selectorText) || !r.style || !(r.style.color || r.style.backgroundColor || r.style.background)) continue;
          for (const s of r.selectorText.split(",")) { if (!/:hover/.test(s)) continue;
            let l; try { l = document.querySelectorAll(s.replace(/:hover/g, "").replace(/::?(before|after)\b/g, "").trim() || "a") } catch (x) { continue }
            for (const e of [...l].slice(0, 30)) if (e.matches("a[href],button,input[type=submit],[role=button]") && !disabled(e) && visible(e) && squeeze(e.innerText || e.value) && !kinds.has(signature(e)) && ink(e) && !low(e) && out.length < 6) { kinds.add(signature(e)); out.push(describe(e)); break } } } }
      return out },
    rests: k => new Promise(done => setTimeout(() => { const e = get(k); done(e && e.matches(":hover") && low(e) ? ink(e).ratio : 0) }, 50)),
    seen: k => { const e = get(k); return !!(e && visible(e)) },
    inside: k => { const d = get(k), a = deepActive(); return !!(d && a && d.contains(a)) },
  };
})();
