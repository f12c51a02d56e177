// Headings, lists, paragraphs: what looks like structure and is none, and what is structure and holds nothing.
(() => {
  const size = parseFloat(style(body).fontSize) || 16;
  const paragraphs = all("p, li, dd, td").filter(e => seen(e) && squeeze(e.textContent).length > 60).slice(0, 200).map(e => parseFloat(style(e).fontSize)).sort((a, b) => a - b);
  const normal = paragraphs.length ? paragraphs[Math.floor(paragraphs.length / 2)] : size;
  for (const h of all("h1,h2,h3,h4,h5,h6,[role=heading]")) {
    if (!heard(h) || role(h) !== "heading") continue;
    const n = name(h);
    tell("heading", h, n, { context: after(h) });
    if (n.length > 200) doubt("sonde-heading-long", h, n.length + " characters");
    if (seen(h) && n.length > 0 && !after(h) && !h.nextElementSibling && lastIn(h)) doubt("sonde-heading-of-nothing", h);
    // A heading that is followed at once by another of the same or a higher rank heads nothing.
    const next = h.nextElementSibling;
    if (next && /^h[1-6]$/.test(next.localName) && /^h[1-6]$/.test(h.localName) && next.localName <= h.localName && h.localName !== "h1" && heard(next)) doubt("sonde-heading-of-nothing", h);
  }
  // The content that begins below the rank of what follows it: "h3, h1, h2". What stands in the furniture of a page (menus,
  // panels, dialogues, the head of the site) has ranks of its own.
  const ranked = all("h1,h2,h3,h4,h5,h6,[role=heading]").filter(h => role(h) === "heading" && heard(h) && name(h));
  const rank = h => { const l = parseInt(h.getAttribute("aria-level"), 10); return l > 0 ? l : /^h[1-6]$/.test(h.localName) ? +h.localName[1] : 2 };
  const furniture = h => !!h.closest("header,nav,aside,footer,dialog,[role=banner],[role=navigation],[role=complementary],[role=contentinfo],[role=search],[role=dialog],[role=alertdialog],[role=region],[aria-modal],[class*=cookie i],[id*=cookie i],[class*=consent i],[id*=consent i],[id*=tarteaucitron],[class*=modal],[class*=popup]") && !h.closest("main article header, main section header, main > header, [role=main] header");
  const lead = ranked.findIndex(h => !furniture(h));
  if (lead >= 0 && ranked.slice(0, lead + 1).every(h => rank(h) > 2)) {
    const higher = ranked.slice(lead + 1).find(h => !furniture(h) && rank(h) < rank(ranked[lead]));
    const low = rank(ranked[lead]);
    if (higher) report("sonde-heading-before-rank", ranked[lead], `${low} → ${rank(higher)}`);
  }
  function lastIn(h) { for (let e = h; e && e !== body; e = e.parentElement) if (e.nextElementSibling) return false; return true }
  function after(h) {
    let s = "";
    for (let e = h.nextElementSibling; e && s.length < 400 && !/^h[1-6]$/.test(e.localName) && e.getAttribute("role") !== "heading"; e = e.nextElementSibling) if (!/^(script|style)$/.test(e.localName)) s += " " + squeeze(e.textContent).slice(0, 400);
    return squeeze(s);
  }
  // Text that looks like a heading: a short line, bold or larger, alone in its block, with text behind it.
  for (const e of all("p, div, span, b, strong, font, big, td, center")) {
    if (!seen(e) || e.closest("h1,h2,h3,h4,h5,h6,[role=heading],a,button,label,legend,caption,th,nav,footer,summary,dt,figcaption,table,blockquote,li,header,form,[role=navigation]")) continue;
    const t = squeeze(e.textContent);
    if (!t || t.length > 90 || words(t) < 1 || /[.!?;:,…]$/.test(t) || !/\p{L}{3}/u.test(t)) continue;
    const block = isBlock(e) ? e : e.parentElement;
    if (!block || squeeze(block.textContent) !== t || !isBlock(block) || (e !== block && block.matches("h1,h2,h3,h4,h5,h6,li,td,th,dt"))) continue;
    if ([...e.children].some(c => isBlock(c) || /^(img|svg|input|a|button)$/.test(c.localName))) continue;
    const deepest = [...e.querySelectorAll("*")].reverse().find(c => squeeze(c.textContent) === t) || e;
    const st = style(deepest), bold = +st.fontWeight >= 600, px = parseFloat(st.fontSize), large = px >= normal * 1.2;
    if (!bold && !large) continue;
    if (e !== block && style(e).display !== "inline") continue;
    const next = block.nextElementSibling || (block.parentElement && block.parentElement.nextElementSibling);
    if (!next || squeeze(next.textContent).length < 60 || /^h[1-6]$/.test(next.localName)) continue;
    const first = textNodes(next, 1)[0];
    const nst = first ? style(first.parentElement) : null;
    if (!nst || (+nst.fontWeight >= 600 && bold && !large) || parseFloat(nst.fontSize) >= px && !bold) continue;
    if (block.dataset && block.closest("[data-sonde-seen]")) continue;
    if (out.findings.some(f => f.rule === "sonde-fake-heading" && f.block === block)) continue;
    if (bold && large || px >= normal * 1.5) report("sonde-fake-heading", deepest, t.slice(0, 60)); else doubt("sonde-fake-heading", deepest, t.slice(0, 60));
    out.findings[out.findings.length - 1].block = block;
  }
  for (const f of out.findings) delete f.block;

  // Lines that begin with a bullet or a number and are no list.
  const bullet = /^\s*(?:(?:[•●○◦▪▫■□►▶➢➤→⇒➔➜»‣⁃∙✓✔★·①-⑳❶-❿➀-➓\uf0a7\uf0b7\uf0d8\uf0fc]|[-–—](?=\s))\s*[\p{L}\p{N}«“"(]|[*]\s*\p{L})/u, number = /^\s*(?:#|n°\s?)?(\d{1,2}|[a-h])\s*(?:[.)°\/-]|\ufe0f?\u20e3)\s*[\p{L}«“"(]/u;
  const emoji = /^\s*((?![©®™])\p{Extended_Pictographic})[\ufe0f\u{1f3fb}-\u{1f3ff}]?\s*[\p{L}\p{N}«“"(]/u;
  const run = (e, lines, plain) => {
    let n = 0, k = 0, expect = 1, most = 0, mostK = 0;
    for (const l of lines) {
      if (bullet.test(l)) { n++; most = Math.max(most, n) } else n = 0;
      const m = number.exec(l);
      if (m && (+m[1] === expect || (isNaN(m[1]) && m[1].charCodeAt(0) - 96 === expect))) { k++; expect++; mostK = Math.max(mostK, k) } else if (m && +m[1] === 1) { k = 1; expect = 2 } else { k = 0; expect = 1 }
    }
    if (most >= 2) return "bullets";
    if (mostK >= 3 || (mostK >= 2 && lines.length === 2)) return "numbers";
    // Three signs one below the other: one sign is a bullet, several may be icons. Ways to reach somebody are an address.
    for (let i = 0; i + 2 < lines.length; i++) {
      if (lines.slice(i, i + 3).some(l => /@|\d{2}[ .]?\d{2}[ .]?\d{2}|\b\d{5}\b|https?:|www\./.test(l))) continue;
      const signs = lines.slice(i, i + 3).map((l, j) => (!plain || plain[i + j]) && l.length < 200 && (emoji.exec(l) || [])[1]);
      if (signs.every(Boolean)) return new Set(signs).size === 1 ? "signs" : "icons";
    }
    return "";
  };
  const done = new Set();
  for (const e of all("p, div, td, span, section, article, main, aside, header, footer, figure, form, fieldset, details, blockquote, dd, font, center")) {
    if (!seen(e) || e.closest("li,pre,code,nav,table [role=grid]") || done.has(e.parentElement) && flat(e)) continue;
    // Lines broken by <br> inside one block.
    if (e.querySelector(":scope > br")) {
      const lines = [];
      let line = "";
      for (const c of e.childNodes) { if (c.nodeName === "BR") { lines.push(line); line = "" } else line += c.textContent }
      lines.push(line);
      const kind = run(e, lines.filter(l => squeeze(l)));
      if (kind) { tellList(e, kind); done.add(e); continue }
    }
    // Blocks one below the other.
    const kids = [...e.children].filter(c => /^(p|div|span)$/.test(c.localName) && isBlock(c) && squeeze(c.textContent) && seen(c));
    if (kids.length >= 2 && !done.has(e)) {
      const kind = run(e, kids.map(c => squeeze(c.textContent).length < 400 ? c.textContent : ""), kids.map(flat)) || drawn(kids);
      if (kind) { tellList(kids.find(marks) || kids[0], kind); done.add(e) }
    }
  }
  const direct = [...body.children].filter(c => /^(p|div)$/.test(c.localName) && squeeze(c.textContent) && seen(c));
  const kind = run(body, direct.map(c => squeeze(c.textContent).length < 400 ? c.textContent : ""), direct.map(flat)) || drawn(direct);
  if (kind && !done.has(body)) tellList(direct.find(marks) || direct[0], kind);

  // What is certain: typed bullets and numbers. Pictures, icons and styles in their place may be more than bullets.
  function tellList(e, kind) { if (/^(bullets|numbers|signs)$/.test(kind)) report("sonde-fake-list", e, kind); else doubt("sonde-fake-list", e, kind) }
  function marks(c) { return bullet.test(c.textContent) || number.test(c.textContent) || emoji.test(c.textContent) }
  function flat(c) { return !c.querySelector("h1,h2,h3,h4,h5,h6,p,div,ul,ol,table,form,button,input") }
  // Three short blocks in a row before which stands one and the same small picture, empty icon or sign of a style sheet.
  function drawn(kids) {
    const mark = c => {
      const t = squeeze(c.textContent);
      if (!t || t.length > 200 || !flat(c) || !/^(|paragraph|generic|none|presentation)$/.test(role(c))) return "";
      const written = attempt(() => getComputedStyle(c, "::before").content, "none");
      if (/^"\s*[^\p{L}\p{N}\s"'“”«»„]{1,2}\s*"$/u.test(written)) return written;
      if (style(c).display === "list-item" && style(c).listStyleType !== "none") return "list-item";
      let n = c.firstChild;
      while (n && (n.nodeType === 8 || n.nodeType === 3 && !squeeze(n.data))) n = n.nextSibling;
      while (n && n.nodeType === 1 && n.localName === "a" && n.firstElementChild && n.firstChild === n.firstElementChild) n = n.firstElementChild;
      if (!n || n.nodeType !== 1 || !seen(n) || !(n.nextSibling || n.parentElement !== c)) return "";
      const b = n.getBoundingClientRect();
      if (!(b.width > 0 && b.width <= 32 && b.height <= 32)) return "";
      if (n.localName === "img") return (squeeze(n.getAttribute("alt")).length > 8 ? "" : n.currentSrc || n.src);
      if (n.localName === "svg") return n.outerHTML.slice(0, 2000);
      return /^(i|span|em|b)$/.test(n.localName) && !squeeze(n.textContent) && n.className ? "icon " + n.className : "";
    };
    for (let i = 0, marks = kids.map(mark); i + 2 < kids.length; i++)
      if (marks[i] && marks[i] === marks[i + 1] && marks[i] === marks[i + 2] && kids[i].nextElementSibling === kids[i + 1] && kids[i + 1].nextElementSibling === kids[i + 2]) return "pictures";
    return "";
  }
  // Five links one below the other in a menu, and no list: how many there are is not said.
  for (const e of all("nav, aside, [role=navigation], nav div, aside div")) {
    if (!seen(e) || !heard(e) || e.closest("ul,ol,dl,[role=list],[role=menu],[role=menubar],[role=tablist],[role=tree],[role=listbox]")) continue;
    const entry = c => (c.localName === "a" ? c : /^(p|div|span)$/.test(c.localName) && c.children.length === 1 && c.firstElementChild.localName === "a" && squeeze(c.textContent) === squeeze(c.firstElementChild.textContent) ? c.firstElementChild : null);
    const kids = [...e.children].filter(c => c.localName !== "br" && seen(c));
    const below = (a, b) => a.getBoundingClientRect().bottom <= b.getBoundingClientRect().top + 4;
    for (let i = 0; i + 4 < kids.length; i++) {
      const five = kids.slice(i, i + 5);
      if (five.every(c => entry(c) && words(c.textContent)) && five.every((c, j) => !j || below(five[j - 1], c))) { doubt("sonde-fake-list", five[0], "links of a menu"); break }
    }
  }
  // A list for each item.
  for (const e of all("ul, ol")) {
    const alone = x => x && x.localName === e.localName && x.children.length === 1 && x.firstElementChild.localName === "li" && squeeze(x.textContent) && squeeze(x.textContent).length < 200 && seen(x) && role(x) === "list";
    const a = e.nextElementSibling, before = e.previousElementSibling;
    if (alone(e) && alone(a) && alone(a.nextElementSibling) && !alone(before) && !e.closest("nav,[role=navigation]")) doubt("sonde-fake-list", e, "a list for each item");
  }

  for (const e of all("ul, ol, dl, [role=list]")) {
    const kids = [...e.children].filter(c => !/^(script|template)$/.test(c.localName));
    if (!squeeze(e.textContent) && !e.querySelector("img,svg,input,button,a,video,canvas") && role(e) === "list" && !e.hasAttribute("aria-live") && !e.hasAttribute("aria-busy") && (heard(e) || seen(e))) report("sonde-empty-list", e);
    else if (e.localName !== "dl" && kids.some(c => c.localName === "li" && !squeeze(c.textContent) && !c.querySelector("img,svg,input,button,a[aria-label],video,hr,iframe") && (heard(c)) && box(c).h > 0 && !c.matches("[class*=divider],[class*=sep],[role=separator],[role=presentation],[role=none],[aria-hidden=true]"))) report("sonde-empty-item", kids.find(c => c.localName === "li" && !squeeze(c.textContent)));
  }
  for (const p of all("p")) {
    if (squeeze(p.textContent) || p.children.length && [...p.querySelectorAll("*")].some(c => !/^(br|span|b|i|em|strong|font|u)$/.test(c.localName))) continue;
    if (!p.isConnected || p.closest("[aria-live],[role=alert],[role=status],[hidden],template,form [class*=error],[class*=message]") || p.id && document.querySelector(`[aria-describedby~="${CSS.escape(p.id)}"]`)) continue;
    if (filled(p)) continue;
    if (style(p).display !== "none" && (heard(p) || box(p).h > 0 || !p.className)) report("sonde-empty-paragraph", p);
  }
  // filled says whether a script may write into an empty paragraph later: a script of the page names it, or it has a name that
  // a script from elsewhere may know.
  function filled(p) {
    const data = [...p.attributes].filter(a => a.name.startsWith("data-"));
    if (p.hasAttribute("tabindex") || p.hasAttribute("contenteditable") || [...p.attributes].some(a => /^(x-|v-|ng-|wire:|:|@|\*ng|\[)/.test(a.name))) return true;
    if (!p.id && !data.length && !p.className) return false;
    if (pageScripts.foreign && (p.id || data.length)) return true;
    const names = [p.id, ...data.flatMap(a => [a.name, a.name.slice(5).replace(/-(\w)/g, (_, c) => c.toUpperCase())]), ...p.classList].filter(Boolean);
    return (out.counts["sonde-empty-paragraph"] || 0) < MOST && names.some(n => new RegExp("(?<![\\w-])" + n.replace(/[^\w-]/g, "\\$&") + "(?![\\w-])").test(pageScripts.text));
  }
  // Line breaks in the place of paragraphs.
  for (const br of document.querySelectorAll("br + br")) {
    const p = br.previousElementSibling;
    const r = document.createRange();
    const empty = attempt(() => { r.setStartAfter(p); r.setEndBefore(br); return !squeeze(r.toString()) }, false);
    if (empty && seen(br.parentElement) && squeeze(br.parentElement.textContent).length > 40 && !br.closest("pre,address")) { report("sonde-breaks-for-paragraphs", br.parentElement); break }
  }
  // A quotation that is none.
  for (const q of all("blockquote")) if (seen(q) && !squeeze(q.textContent)) report("sonde-empty-quotation", q);
  const dup = new Map();
  for (const e of all("[id]")) { if (!dup.has(e.id)) dup.set(e.id, e) }
  // Frames.
  for (const f of all("iframe, frame")) {
    if (!heard(f) && !seen(f)) continue;
    const t = squeeze(f.getAttribute("title")) || name(f);
    if (t) tell("frame", f, t, { href: String(f.src || "").slice(0, 400) });
  }
  const frames = new Map();
  for (const f of all("iframe")) { const n = (squeeze(f.getAttribute("aria-label")) || squeeze(f.getAttribute("title")) || name(f)).toLowerCase(); if (n && heard(f)) frames.set(n, (frames.get(n) || []).concat(f)) }
  for (const [n, list] of frames) {
    const places = new Map(list.map(f => [f.srcdoc || String(f.src), f]));
    if (places.size > 1) {
      // The same frame twice, or two of a kind (advertisements): told apart by what they show, not by their address.
      const texts = new Set([...places.values()].map(f => attempt(() => squeeze([...f.contentDocument.querySelectorAll("h1,h2,p,li,td")].map(x => x.textContent).join(" ") || f.contentDocument.body.innerText).toLowerCase().slice(0, 2000), "?" + f.src)));
      if (texts.size > 1 && !/^(ad|ads|advertis\w+|publicité|pub)$/.test(n)) { if ([...texts].some(x => x.startsWith("?"))) doubt("sonde-frames-one-name", list[1], n); else report("sonde-frames-one-name", list[1], n) }
    }
  }
  if (all("frameset").length) report("sonde-frameset", all("frameset")[0]);
  for (const e of all("[accesskey]")) if (seen(e) || heard(e)) doubt("sonde-accesskey", e, e.getAttribute("accesskey"));
  for (const s of all("summary")) {
    if (!heard(s) || s !== (s.parentElement && s.parentElement.localName === "details" && s.parentElement.querySelector(":scope > summary"))) continue;
    if (!/^(presentation|none)$/.test(role(s)) && !name(s)) report("sonde-summary-name", s);
  }
})();
