// Lists of tabs, and colours under the mouse.
Object.assign(sonde, {
  tablists: () => [...document.querySelectorAll("[role=tablist]")].filter(visible).slice(0, 3).map(l => { const t = [...l.querySelectorAll("[role=tab]")].filter(e => visible(e) && !disabled(e)), first = t.find(e => e.getAttribute("aria-selected") === "true") || t[0];
    return t.length > 1 && { ...describe(l), first: key(first), stops: t.every(e => e.tabIndex >= 0) } }).filter(Boolean),
  leftTab: k => { const a = deepActive(), e = get(k); return !!(a && e && a !== e && a.closest("[role=tablist]") === e.closest("[role=tablist]")) || !!e && !!e.closest("[role=tablist]").getAttribute("aria-activedescendant") },
  // Links and buttons, one of a kind, whose colours a style sheet changes under the mouse.
  colourers: () => {
    const out = [], kinds = new Set();
    const counts = e => e.matches("a[href],button,input[type=submit],[role=button]") && !disabled(e) && visible(e) && squeeze(e.innerText || e.value) && !kinds.has(signature(e)) && ink(e) && !low(e);
    for (const r of hoverRules()) {
      if (!(r.style.color || r.style.backgroundColor || r.style.background)) continue;
      for (const s of r.selectorText.split(",")) {
        if (!/:hover/.test(s)) continue;
        let l; try { l = document.querySelectorAll(s.replace(/:hover/g, "").replace(/::?(before|after)\b/g, "").trim() || "a") } catch (x) { continue }
        const e = [...l].slice(0, 30).find(counts);
        if (!e) continue;
        kinds.add(signature(e));
        if (out.push(describe(e)) >= 6) return out;
      }
    }
    return out;
  },
  rests: k => new Promise(done => setTimeout(() => { const e = get(k); done(e && e.matches(":hover") && low(e) ? ink(e).ratio : 0) }, 50)),
});
