// Links: where they lead, what they say, what they open.
(() => {
  const top = /^(#|#top|#haut)$/i, up = /haut|top|début|retour|back|sommet/i;
  const links = all("a, area, [role=link]").filter(a => heard(a) || seen(a));
  let previous = null;
  for (const a of links) {
    const href = a.getAttribute("href"), n = name(a), t = shown(a);
    const raw = (href || "").trim();
    if (href === null && a.localName === "a") {
      if (!a.id && !a.name && words(a.textContent) && !role(a).match(/^(button|tab|menuitem|link)$/) && (listens(a, "click", "mousedown") || style(a).cursor === "pointer")) report("sonde-link-without-address", a);
    } else if (/^javascript:/i.test(raw)) report("sonde-link-script", a, raw.slice(0, 60));
    else if ((raw === "#" || raw === "") && href !== null && !up.test(n) && role(a) === "link") report("sonde-link-nowhere", a);
    else if (/^#./.test(raw) && !top.test(raw)) {
      const id = attempt(() => decodeURIComponent(raw.slice(1)), raw.slice(1));
      if (!/^[!/]/.test(id) && !id.startsWith(":~:") && !document.getElementById(id) && !document.getElementById(raw.slice(1)) && !document.getElementsByName(id).length) report("sonde-link-broken-anchor", a, raw.slice(0, 60));
    } else if (/^https?:?\/?[^/]|^https?:\/\/(\/|$)|^(htp|htps|ttps?|hhttps?):|^https?:\/\/[^/]*\s/i.test(raw) && attempt(() => new URL(raw, location.href).host, "") === "" ) report("sonde-link-invalid", a, raw.slice(0, 80));
    if (href !== null && n && seen(a)) tell("link", a, n, { href: a.href ? String(a.href).slice(0, 500) : "", context: contextOf(a) });
    const title = squeeze(a.getAttribute("title"));
    if (title && t && squeeze(a.textContent)) {
      if (title.toLowerCase() === t.toLowerCase()) report("sonde-title-repeats", a, title);
      else if (!title.toLowerCase().includes(t.toLowerCase()) && href !== null) report("sonde-link-title", a, title);
    }
    const target = a.getAttribute("target");
    if (target && /^_?(blank|new)/i.test(target) && href && seen(a)) tell("new-window", a, [n, title, t, ...[...a.querySelectorAll("img,svg,[title]")].map(i => (i.getAttribute("alt") || "") + " " + (i.getAttribute("title") || "") + " " + i.textContent), describedBy(a)].join(" ") || " ");
    if (href && seen(a)) {
      const m = /\.(pdf|docx?|xlsx?|pptx?|od[tsp]|rtf|zip|csv|epub)([?#]|$)/i.exec(raw);
      if (m || a.hasAttribute("download")) tell("file", a, [n, title, t].join(" "), { href: raw.slice(0, 300), context: squeeze((a.closest("li,p,td,dd,figure") || a).textContent).slice(0, 400) });
    }
    // Two links side by side to one address: one picture, one text.
    if (previous && raw && raw !== "#" && previous.href === a.href && a.localName === "a" && adjacent(previous, a) && (!!previous.querySelector("img,svg") !== !!a.querySelector("img,svg"))) report("sonde-link-twice", a);
    if (previous && a.localName === "a" && seen(a) && seen(previous) && previous.nextSibling === a && style(a).display === "inline" && style(previous).display === "inline" && t && shown(previous)) {
      const p = previous.getBoundingClientRect(), q = a.getBoundingClientRect();
      if (Math.abs(p.top - q.top) < 3 && q.left - p.right < 2 && /[\p{L}\p{N}]$/u.test(shown(previous)) && /^[\p{L}\p{N}]/u.test(t)) report("sonde-links-glued", a);
    }
    if (a.localName === "a") previous = a;
  }
  function adjacent(p, a) {
    const r = document.createRange();
    return attempt(() => { r.setStartAfter(p); r.setEndBefore(a); return !squeeze(r.toString()) && !r.cloneContents().querySelector("img,input,a,button") && p.closest("li,article,section,td,figure,.card") === a.closest("li,article,section,td,figure,.card") }, false);
  }
  function describedBy(a) { return (a.getAttribute("aria-describedby") || "").split(/\s+/).map(id => id && document.getElementById(id)).filter(Boolean).map(e => e.textContent).join(" ") }
  // The sentence, list item, cell or heading that a link stands in (WCAG 2.4.4: programmatically determined context).
  function contextOf(a) {
    const p = a.closest("p, li, td, th, dd, figcaption, label, h1, h2, h3, h4, h5, h6, article");
    let c = p ? squeeze(p.textContent) : "";
    if (p && p.localName === "td") { const tr = p.parentElement; c += " " + squeeze(tr.textContent); }
    c += " " + describedBy(a);
    return c.slice(0, 600);
  }
  // The same name for different places.
  const byName = new Map();
  const leadsTo = a => {
    const own = typeof a.href === "string" ? a.href : a.href && a.href.baseVal;
    const script = /location(?:\.href)?\s*=\s*['"]([^'"]+)/.exec(a.getAttribute("onclick") || "");
    const u = own || (script && script[1]);
    return u ? attempt(() => new URL(u, location.href), null) : null;
  };
  for (const a of all("a, [role=link]")) {
    const n = name(a).toLowerCase(), u = leadsTo(a);
    if (!n || !heard(a) || !u || !/^https?:/.test(u.protocol)) continue;
    if (!byName.has(n)) byName.set(n, []);
    byName.get(n).push([a, u]);
  }
  for (const [n, list] of byName) {
    const places = new Map();
    for (const [a, u] of list) if (!places.has(u.href)) places.set(u.href, a);
    if (places.size > 1 && places.size < 30) out.same = (out.same || []).concat([{ name: n, links: [...places.entries()].slice(0, 4).map(([href, a]) => ({ href, context: contextOf(a).toLowerCase(), ...place(a) })) }]);
  }
})();
