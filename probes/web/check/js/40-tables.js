// Tables: those that lay out the page, those that hold data, and whether a screen reader can tell which header is whose.
(() => {
  for (const t of all("table")) {
    if (!(seen(t) || heard(t))) continue;
    const r = role(t);
    const rows = [...t.rows];
    const cells = rows.flatMap(x => [...x.cells]);
    const full = cells.filter(c => squeeze(c.textContent) || c.querySelector("img,svg,input,select,button"));
    const grid = gridOf(t);
    const th = cells.filter(c => c.localName === "th" || /^(columnheader|rowheader)$/.test(c.getAttribute("role") || ""));
    const silent = /^(presentation|none)$/.test(r);
    const nested = cells.some(c => c.querySelector("table"));
    const blocks = cells.filter(c => c.querySelector("p,div,h1,h2,h3,h4,ul,ol,form,img,section,nav")).length;
    const headed = th.length > 0 || t.caption || t.tHead || t.getAttribute("summary");
    const wide = grid.width;
    const laysOut = !headed && (nested || rows.length === 1 || wide === 1 || blocks >= Math.max(1, full.length / 2) || cells.some(c => c.querySelector("form,nav,header,h1")));
    if (silent) {
      if (th.length || t.caption || cells.some(c => c.hasAttribute("scope") || c.hasAttribute("headers"))) report("sonde-layout-table-with-headers", t);
      continue;
    }
    if (r !== "table" && r !== "grid" && r !== "treegrid") continue;
    if (!full.length) { if (cells.length) report("sonde-empty-table", t); continue }
    if (laysOut) { report("sonde-layout-table", t); continue }
    if (!th.length && rows.length >= 2 && wide >= 2) { report("sonde-table-without-headers", t); continue }
    if (th.length && th.length === cells.length && cells.length > 1) report("sonde-table-only-headers", t);
    if (grid.irregular) report("sonde-irregular-table", t, grid.irregular);
    if (th.length && !t.caption && !["aria-label", "aria-labelledby", "title", "summary"].some(a => squeeze(t.getAttribute(a))) && rows.length > 2) doubt("sonde-table-without-caption", t);
    if (t.caption && squeeze(t.caption.textContent)) tell("caption", t.caption, squeeze(t.caption.textContent));
    if (t.caption && !squeeze(t.caption.textContent)) report("sonde-empty-caption", t);
    // The first row's only cell spans the table: a title that should be a caption.
    const first = rows[0];
    if (first && first.cells.length === 1 && first.cells[0].colSpan > 1 && first.cells[0].colSpan >= wide && rows.length > 2) report("sonde-caption-in-cell", first.cells[0]);
    const top = rows[0] ? [...rows[0].cells] : [];
    const columnHeads = top.length > 1 && top.filter(c => squeeze(c.textContent)).every(c => c.localName === "th");
    const rowHeads = rows.slice(1).length > 0 && rows.slice(1).every(x => x.cells[0] && x.cells[0].localName === "th");
    const usesHeaders = cells.some(c => c.hasAttribute("headers"));
    if (!usesHeaders && ((columnHeads && rowHeads) || th.some(c => c.colSpan > 1 || c.rowSpan > 1) || th.some(c => c.parentElement !== rows[0] && c !== c.parentElement.cells[0]))) {
      const bare = th.filter(c => squeeze(c.textContent) && !c.hasAttribute("scope") && !c.hasAttribute("id") && !/header$/.test(c.getAttribute("role") || ""));
      if (bare.length) report("sonde-header-without-scope", bare[0], bare.length + " / " + th.length);
    }
    const blank = full.length && cells.length - full.length;
    if (blank > 0 && blank >= cells.length / 3 && rows.length > 1) doubt("sonde-table-blank-cells", t, blank + " / " + cells.length);
    // Bold cells in the place of header cells.
    if (th.length === 0) continue;
    if (!rowHeads && !rows.slice(1).some(x => x.cells[0] && x.cells[0].localName === "th") && rows.length > 2 && rows.slice(1).every(x => x.cells[0] && x.cells.length > 1 && strong(x.cells[0]) && [...x.cells].slice(1).every(c => !strong(c)))) report("sonde-bold-instead-of-header", rows[1].cells[0]);
  }
  function strong(c) { const t = squeeze(c.textContent); return !!t && [...c.childNodes].every(n => n.nodeType !== 3 || !squeeze(n.data)) && !!c.firstElementChild && +style(c.firstElementChild).fontWeight >= 600 || (!!t && c.localName === "td" && +style(c).fontWeight >= 600) }
  // The grid that spans make, and whether every row fills it.
  function gridOf(t) {
    const taken = [];
    let width = 0;
    const rows = [...t.rows].slice(0, 2000);
    rows.forEach((row, y) => {
      let x = 0;
      for (const c of row.cells) {
        while (taken[y] && taken[y][x]) x++;
        const cs = Math.min(c.colSpan || 1, 200), rs = Math.min(c.rowSpan || rows.length - y, 500);
        for (let j = y; j < Math.min(y + rs, rows.length); j++) { taken[j] = taken[j] || []; for (let i = x; i < x + cs; i++) taken[j][i] = c }
        x += cs;
        width = Math.max(width, x);
      }
    });
    let irregular = "";
    rows.forEach((row, y) => {
      const n = taken[y] ? Object.keys(taken[y]).length : 0;
      if (!irregular && row.cells.length && n !== width) irregular = `row ${y + 1}: ${n} of ${width} columns`;
    });
    return { width, irregular, taken };
  }
  // Header cells that head nothing (ACT d0f69e).
  for (const h of all("th, [role=columnheader], [role=rowheader]")) {
    const hr = role(h);
    if (!/^(columnheader|rowheader)$/.test(hr) || !heard(h) || !name(h)) continue;
    const t = h.closest("table, [role=table], [role=grid], [role=treegrid]");
    if (!t || /^(presentation|none)$/.test(role(t))) continue;
    const others = [...t.querySelectorAll("td, [role=cell], [role=gridcell]")].filter(c => c.closest("table, [role=table], [role=grid], [role=treegrid]") === t && heard(c));
    if (t.localName === "table" && h.localName === "th") {
      const g = gridOf(t), at = [];
      g.taken.forEach((row, y) => row.forEach((c, x) => { if (c === h) at.push([x, y]) }));
      const xs = new Set(at.map(p => p[0])), ys = new Set(at.map(p => p[1]));
      const scope = (h.getAttribute("scope") || "").toLowerCase();
      const cell = c => c && c !== h && (c.localName === "td" || others.includes(c));
      let has = h.id && others.some(c => (c.getAttribute("headers") || "").split(/\s+/).includes(h.id));
      g.taken.forEach((row, y) => row.forEach((c, x) => {
        if (has || !cell(c) || c.hasAttribute("headers")) return;
        if (scope !== "row" && scope !== "rowgroup" && xs.has(x) && y > Math.min(...ys)) has = true;
        if (scope !== "col" && scope !== "colgroup" && ys.has(y) && x > Math.min(...xs)) has = true;
        if (/group$/.test(scope) && c.closest("tbody,thead,tfoot") === h.closest("tbody,thead,tfoot")) has = true;
      }));
      // Days down, mornings across: "Day" heads the row headers below it, wherever its row stands.
      if (!has && scope !== "row" && scope !== "rowgroup") g.taken.forEach((row, y) => row.forEach((c, x) => {
        if (c !== h && xs.has(x) && y > Math.max(...ys) && c.localName === "th" && role(c) === "rowheader" && name(c) && row.some(d => cell(d))) has = true;
      }));
      if (!has) report("sonde-header-heads-nothing", h);
    } else if (!others.length) report("sonde-header-heads-nothing", h);
    else {
      const row = h.closest("tr, [role=row]");
      const index = row ? [...row.children].indexOf(h) : -1;
      const below = [...t.querySelectorAll("tr, [role=row]")].filter(x => x !== row && row && row.compareDocumentPosition(x) & Node.DOCUMENT_POSITION_FOLLOWING);
      const has = hr === "rowheader" ? [...(row ? row.children : [])].some(c => others.includes(c)) : below.some(x => x.children[index] && others.includes(x.children[index])) || [...(row ? row.children : [])].some(c => others.includes(c));
      if (!has) report("sonde-header-heads-nothing", h);
    }
  }
})();
