// What the driver asks of the page while it presses keys and moves the mouse. Kept in our own world as `sonde`.
globalThis.sonde = globalThis.sonde || (() => {
  const keys = new WeakMap(), byKey = new Map();
  let next = 1;
  const key = e => { if (!keys.has(e)) { keys.set(e, next); byKey.set(next, new WeakRef(e)); next++ } return keys.get(e) };
  const get = k => { const r = byKey.get(k); return r && r.deref() };
  const squeeze = s => (s || "").replace(/\s+/g, " ").trim();
  const deepActive = () => { let a = document.activeElement; while (a && a.shadowRoot && a.shadowRoot.activeElement) a = a.shadowRoot.activeElement; return a && a !== document.body && a !== document.documentElement ? a : null };
  // A box or a button that is drawn by its label is seen where the label is.
  const drawn = e => e.localName === "input" && /^(checkbox|radio|file)$/.test(e.type) && e.labels ? [...e.labels].find(l => shows(l)) : null;
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
      if (e.type === "radio" && e.name) { const k = (e.form ? key(e.form) : 0) + e.name; if (radios.has(k)) return; radios.add(k) }
      const hidden = !!e.closest("[aria-hidden=true]");
      list.push({ ...describe(e), tabindex: e.tabIndex, native: native(e), composite: !!(e.closest(composite) || e.matches("[role=tab],[role=menuitem],[role=option],[role=treeitem],[role=gridcell],[role=radio]")), hidden, inside: !!(e.parentElement && e.parentElement.closest("a[href],button,[role=button],[role=link],label,summary")) });
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
  // A teaser has a way to the whole of it: in itself, around it or beside it.
  const linked = e => { if (e.closest("a[href],button,summary,[role=button],[role=link]") || e.querySelector("a[href],button")) return true; for (let x = e.parentElement, i = 0; x && i < 3; x = x.parentElement, i++) { if (x.querySelector("a[href],button,summary")) return true; if (x === document.body) break } return false };
  const pick = e => ({ selector: selector(e), snippet: (e.outerHTML || "").slice(0, 600), rect: box(e) });
  const overflowing = width => {
    const limit = width + 2, out = [];
    if (document.documentElement.scrollWidth <= limit && (!document.body || document.body.scrollWidth <= limit)) return out;
    walk(document.body, e => {
      if (out.length >= 200 || !visible(e)) return;
      const r = e.getBoundingClientRect();
      if (r.right + scrollX <= limit || r.width < 2) return;
      for (let x = e.parentElement; x && x !== document.body; x = x.parentElement) if (/auto|scroll|hidden|clip/.test(getComputedStyle(x).overflowX)) return;
      if (/fixed/.test(getComputedStyle(e).position) && r.left >= width) return;
      out.push(e);
    });
    // Tables, maps, pictures and code need two dimensions (WCAG 1.4.10); what holds nothing else is let be.
    const two = e => e.matches("table,table *,img,svg,svg *,canvas,video,iframe,object,embed,pre,pre *,code,map,[role=application],[role=grid],[role=grid] *,textarea");
    const own = out.filter(e => !two(e) && !(e.querySelector("table,img,svg,canvas,video,iframe,pre,object") && !squeeze(e.innerText)));
    return own.filter(e => !own.some(o => o !== e && e.contains(o))).slice(0, 3).map(e => ({ key: key(e), ...pick(e) }));
  };
  return { key, get, squeeze, deepActive, visible, selector, box, name, describe, controls, watch, appeared, dialog, openers, hoverables, clipped, overflowing, focusables, pick, walk,
    // A page may move the focus on a moment after the key: it is read when that has happened.
    active: () => new Promise(done => setTimeout(() => { const a = deepActive(); if (!a) return done(null); if (visible(a)) return done(describe(a)); setTimeout(() => done(a.isConnected ? describe(a) : null), 350) }, 15)),
    tabbable: () => { let n = 0; walk(document.body || document.documentElement, e => { if (e.tabIndex >= 0 && (native(e) || e.hasAttribute("tabindex") || /^(iframe|video|audio)$/.test(e.localName))) n++ }); return n },
    changed: () => changes,
    focus: k => { const e = get(k); if (!e) return false; e.scrollIntoView({ block: "center" }); e.focus(); return deepActive() === e },
    blur: () => { const a = deepActive(); if (a) a.blur(); return 0 },
    center: k => { const e = get(k); if (!e) return null; e.scrollIntoView({ block: "center", inline: "center" }); const r = e.getBoundingClientRect(); return { x: r.left + r.width / 2, y: r.top + r.height / 2, w: r.width, h: r.height } },
    contains: (k, j) => { const a = get(k), b = get(j); return !!(a && b && a.contains(b)) },
    seen: k => { const e = get(k); return !!(e && visible(e)) },
    inside: k => { const d = get(k), a = deepActive(); return !!(d && a && d.contains(a)) },
  };
})();
