// What should be style and stands in the source, and blanks that take the place of style (RGAA 10.1).
(() => {
  // Elements and attributes that are there for the look alone. The attributes are looked for only where HTML once gave them
  // that meaning: what a component of a framework calls "align" is its own.
  const old = "font,center,big,strike,tt,basefont";
  const html = e => e.namespaceURI === "http://www.w3.org/1999/xhtml";
  const aligned = "p,div,h1,h2,h3,h4,h5,h6,table,caption,col,colgroup,thead,tbody,tfoot,tr,td,th,img,iframe,object,embed,applet,hr,legend,input";
  const where = { align: aligned, valign: "col,colgroup,thead,tbody,tfoot,tr,td,th", bgcolor: "body,table,thead,tbody,tfoot,tr,td,th", background: "body,table,thead,tbody,tfoot,tr,td,th",
    color: "font,basefont", text: "body", link: "body", alink: "body", vlink: "body", border: "table", hspace: "img,object,iframe,applet,embed,input", vspace: "img,object,iframe,applet,embed,input" };
  // What a translator or a reader's tool writes into the page is not the page's.
  const own = e => html(e) && !e.closest("[class*=goog-te],[id*=goog-te],.skiptranslate,[class*=notranslate-widget]") && !(e.localName === "font" && e.style.verticalAlign === "inherit");
  const kinds = new Map();
  const note = (kind, e) => { const k = kinds.get(kind); if (k) k.n++; else kinds.set(kind, { e, n: 1 }) };
  for (const e of all(old)) if (own(e)) note(`<${e.localName}>`, e);
  for (const [a, names] of Object.entries(where)) for (const e of all(names.split(",").map(n => `${n}[${a}]`).join(","))) {
    const v = squeeze(e.getAttribute(a));
    if (!own(e) || !v && a !== "border" || a === "border" && v !== "" && !(parseFloat(v) > 0)) continue;
    if (/space$/.test(a) && !(parseFloat(v) > 0)) continue;
    note(a + "=", e);
  }
  for (const [kind, k] of kinds) report("sonde-presentation", k.e, `${kind} × ${k.n}`);

  // Letters of one word with blanks between them (failure F32): read out letter by letter.
  const spaced = /(?<![\p{L}\p{N}.'’])\p{Script=Latin}(?:[\s\u00a0]{1,4}\p{Script=Latin}(?![\p{L}\p{N}.'’])){3,}/gu;
  const plain = s => s.normalize("NFD").replace(/[\u0300-\u036f]/g, "");
  const word = run => {
    const raw = run.replace(/[\s\u00a0]+/g, ""), s = plain(raw).toLowerCase(), codes = [...s].map(c => c.charCodeAt(0));
    // Alphabets run up or down, marks are of A to E; days, months and results are initials; "J J M M A A A A" is the form of a date.
    if (codes.every((c, i) => !i || c > codes[i - 1]) || codes.every((c, i) => !i || c < codes[i - 1])) return "";
    if (/^(sarl|eurl|sasu|scop|scic|sica|gaec|earl|scea|selarl|ccas|epci|scot)$/.test(s) || /^[a-e]+$/.test(s) || !/[aeiouy]/.test(s) || new Set(s).size < 3 || /jfmamjj|asond/.test(s) || /^(jj?|dd?)(mm?)(a|y){2,4}$|^(a|y){2,4}mm?(jj?|dd?)$/.test(s) || /^(.)\1/.test(s) && /(.)\1$/.test(s)) return "";
    // One word is written in one case.
    return raw === raw.toUpperCase() || raw.slice(1) === raw.slice(1).toLowerCase() ? run : "";
  };
  const nodes = textNodes(body, 6000).filter(n => n.parentElement && !n.parentElement.closest("script,style,noscript,template,pre,code,kbd,samp,var,svg,math,textarea,option,title,[aria-hidden=true]"));
  for (const n of nodes) {
    const e = n.parentElement, m = n.data.match(spaced);
    if (!m || !seen(e) || !heard(e)) continue;
    // How a name is spelt is told letter by letter.
    if (/[ée]pel|s['’][ée]cri|spel[lt]|lettres?\b|letters?\b|alphab|initiale|initials|sigle|acronym/i.test(squeeze((e.closest("p,li,td,dd,div") || e).textContent).slice(0, 400))) continue;
    const found = m.map(word).find(Boolean);
    // Four letters in a sentence may be an acronym, which is read letter by letter ("S A R L Dupont").
    if (found) (words(found) < 5 && words(n.data) > words(found) ? doubt : report)("sonde-spaced-letters", e, squeeze(found).slice(0, 60));
  }

  // Columns made of blanks (failures F33 and F34). In the text of a page: where three lines, one below the other, go on at
  // one place after three or more blanks that do not collapse.
  const gaps = new Map();
  for (const n of nodes) {
    const m = /[^\s\u00a0][ ]*(?:\u00a0[ \n]?){3,}[\s\u00a0]*(?=[\p{L}\p{N}€$£(«"+-])/u.exec(n.data), e = n.parentElement;
    if (!m || /[|•·/–—:_.-]$/.test(m[0].replace(/[\s\u00a0]+$/, "")) || !/[\p{L}\p{N}]/u.test(n.data.slice(0, m.index + 1)) || !seen(e)) continue;
    const r = document.createRange(), at = m.index + m[0].length;
    const b = attempt(() => { r.setStart(n, at); r.setEnd(n, at + 1); return r.getBoundingClientRect() }, null);
    let block = e;
    while (block && block !== body && !isBlock(block)) block = block.parentElement;
    if (!b || !b.height || !block) continue;
    if (block.closest("nav,[role=navigation],footer,[role=contentinfo],a,button,table:not([role=presentation])")) continue;
    const key = block.querySelector("br") ? block : block.parentElement;
    gaps.set(key, (gaps.get(key) || []).concat({ x: b.left, y: b.top, h: b.height, e: block }));
  }
  for (const list of gaps.values()) for (let i = 0; i + 2 < list.length; i++) {
    const [a, b, c] = list.slice(i, i + 3), xs = [a.x, b.x, c.x];
    const below = (p, q) => q.y > p.y + p.h / 2 && q.y - p.y < 4 * p.h;
    if (!below(a, b) || !below(b, c) || Math.max(...xs) - Math.min(...xs) > 40) continue;
    report("sonde-blanks-for-columns", a.e);
    break;
  }
  // In <pre>: where the columns of three lines begin at one place, with blanks or bars before them. Programs, commands and
  // drawings are none: a table is made of words and figures.
  for (const p of all("pre")) {
    if (!seen(p) || !heard(p) || p.querySelector("code,samp,kbd,var") || p.closest("code,[role=img],[class*=highlight]") || /code|lang|brush|pretty|hljs|console|terminal|log|ascii|art|poem|verse|po[eé]|script|shell/i.test(p.className) || role(p) === "img") continue;
    const rows = p.textContent.replace(/\t/g, "        ").split("\n").map(l => l.replace(/\u00a0/g, " ").replace(/\s+$/, "")).filter(l => /[\p{L}\p{N}]/u.test(l)).slice(0, 200);
    const letters = rows.join("").replace(/[\s|]/g, ""), share = (letters.match(/[\p{L}\p{N}€.,:%'’-]/gu) || []).length / Math.max(1, letters.length);
    if (rows.length < 3 || share < 0.9 || rows.filter(l => /[;{}]\s*$|^\s*[$#>]\s|=>|==|\(\)|^\s*(def|var|let|const|function|import|if|for|select)\b/i.test(l)).length > rows.length / 4) continue;
    const starts = rows.map(l => { const s = new Set(); for (const m of l.matchAll(/(?<=\S)(?:\s{2,}|\s*\|\s*)(?=[^\s|])/g)) if (/[\p{L}\p{N}]/u.test(l.slice(0, m.index))) s.add(m.index + m[0].length); return s });
    if (rows.some((_, i) => i + 2 < rows.length && [...starts[i]].some(x => starts[i + 1].has(x) && starts[i + 2].has(x)))) doubt("sonde-columns-in-pre", p);
  }

  // Data tables of <div>s: rows of short cells under a row of headings, and no role that says so.
  const short = c => { const t = squeeze(c.textContent); return t.length < 80 && !c.querySelector("input,select,textarea,button,img,video,iframe,h1,h2,h3,h4,h5,h6,table,ul,ol,form,p + p") };
  const bold = c => { const n = textNodes(c, 1)[0]; return !!n && +style(n.parentElement).fontWeight >= 600 };
  const tabular = rows => {
    const width = rows[0] ? rows[0].length : 0;
    if (rows.length < 3 || width < 2 || width > 20 || rows.some(r => r.length !== width || !r.every(short))) return false;
    const text = rows.map(r => r.map(c => squeeze(c.textContent))), digit = /\d/;
    if (!text[0].slice(1).every(t => t && t.length < 40 && !/[.!?]$/.test(t)) || text.slice(1).flat().filter(Boolean).length < (rows.length - 1) * width * 0.6) return false;
    if (rows[0].every(c => bold(c) || !squeeze(c.textContent)) && !rows.slice(1).some(r => r.every(bold))) return true;
    if (/head|title|entete/i.test(rows[0][0].parentElement.className) && rows[0][0].parentElement !== rows[1][0].parentElement) return true;
    // Without a look of their own, headings are words over a column of figures.
    return !text[0].some(t => digit.test(t)) && text[0].some((_, i) => text.slice(1).every(r => digit.test(r[i])));
  };
  const tables = /^(table|grid|treegrid|presentation|none|list|radiogroup|group|menu|tablist|rowgroup|row)$/;
  for (const e of all("div, section, article, span, ul, dl, main")) {
    const d = style(e).display;
    if (!/^(inline-)?(table|grid)$/.test(d) || tables.test(e.getAttribute("role") || "") || !seen(e) || !heard(e) || e.closest("table,[role=table],[role=grid],[role=treegrid],nav,form,pre")) continue;
    const kids = [...e.children].filter(c => style(c).display !== "none");
    let rows = [];
    if (/table$/.test(d)) {
      const lines = kids.flatMap(k => /^table-(row|header|footer)-group$/.test(style(k).display) ? [...k.children] : [k]).filter(k => style(k).display === "table-row");
      rows = lines.map(l => [...l.children].filter(c => style(c).display === "table-cell"));
      if (lines.some(l => /^row$/.test(l.getAttribute("role") || ""))) continue;
    } else {
      // A grid of cards is no table: its headings must look like headings, and its cells be words.
      const columns = style(e).gridTemplateColumns.split(" ").length;
      if (columns < 2 || kids.length % columns || kids.some(k => k.querySelector("a,p,div") || k.matches("a,li,article"))) continue;
      for (let i = 0; i < kids.length; i += columns) rows.push(kids.slice(i, i + columns));
      if (!rows.length || !rows[0].every(bold)) continue;
    }
    if (tabular(rows)) doubt("sonde-table-of-blocks", e, `${rows.length} × ${rows[0].length}`);
  }
})();
