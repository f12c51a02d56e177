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
  const bullet = /^\s*(?:[•●○◦▪▫■□►▶➢➤→»✓✔★·*]|[-–—](?=\s))\s*\p{L}/u, number = /^\s*(\d{1,2}|[a-h])\s*[.)°\/-]\s*\p{L}/u;
  const run = (e, lines) => {
    let n = 0, k = 0, expect = 1, most = 0, mostK = 0;
    for (const l of lines) {
      if (bullet.test(l)) { n++; most = Math.max(most, n) } else n = 0;
      const m = number.exec(l);
      if (m && (+m[1] === expect || (isNaN(m[1]) && m[1].charCodeAt(0) - 96 === expect))) { k++; expect++; mostK = Math.max(mostK, k) } else if (m && +m[1] === 1) { k = 1; expect = 2 } else { k = 0; expect = 1 }
    }
    return most >= 2 ? "bullets" : mostK >= 3 || (mostK >= 2 && lines.length === 2) ? "numbers" : "";
  };
  const done = new Set();
  for (const e of all("p, div, td, span, section, article, dd, font, center")) {
    if (!seen(e) || e.closest("li,pre,code,nav,table [role=grid]") || done.has(e.parentElement)) continue;
    // Lines broken by <br> inside one block.
    if (e.querySelector(":scope > br")) {
      const lines = [];
      let line = "";
      for (const c of e.childNodes) { if (c.nodeName === "BR") { lines.push(line); line = "" } else line += c.textContent }
      lines.push(line);
      const kind = run(e, lines.filter(l => squeeze(l)));
      if (kind) { report("sonde-fake-list", e, kind); done.add(e); continue }
    }
    // Blocks one below the other.
    const kids = [...e.children].filter(c => /^(p|div|span)$/.test(c.localName) && isBlock(c) && squeeze(c.textContent) && seen(c));
    if (kids.length >= 2 && !done.has(e)) {
      const kind = run(e, kids.map(c => squeeze(c.textContent).length < 400 ? c.textContent : ""));
      if (kind) { report("sonde-fake-list", kids[0], kind); done.add(e) }
    }
  }
  const direct = [...body.children].filter(c => /^(p|div)$/.test(c.localName) && squeeze(c.textContent) && seen(c));
  const kind = run(body, direct.map(c => squeeze(c.textContent).length < 400 ? c.textContent : ""));
  if (kind && !done.has(body)) report("sonde-fake-list", direct.find(c => bullet.test(c.textContent) || number.test(c.textContent)) || direct[0], kind);

  for (const e of all("ul, ol, dl, [role=list]")) {
    const kids = [...e.children].filter(c => !/^(script|template)$/.test(c.localName));
    if (!squeeze(e.textContent) && !e.querySelector("img,svg,input,button,a,video,canvas") && role(e) === "list" && !e.hasAttribute("aria-live") && !e.hasAttribute("aria-busy") && (heard(e) || seen(e))) report("sonde-empty-list", e);
    else if (e.localName !== "dl" && kids.some(c => c.localName === "li" && !squeeze(c.textContent) && !c.querySelector("img,svg,input,button,a[aria-label],video,hr,iframe") && (heard(c)) && box(c).h > 0 && !c.matches("[class*=divider],[class*=sep],[role=separator],[role=presentation],[role=none],[aria-hidden=true]"))) report("sonde-empty-item", kids.find(c => c.localName === "li" && !squeeze(c.textContent)));
  }
  for (const p of all("p")) {
    if (squeeze(p.textContent) || p.children.length && [...p.querySelectorAll("*")].some(c => !/^(br|span|b|i|em|strong|font|u)$/.test(c.localName))) continue;
    if (!p.isConnected || p.closest("[aria-live],[role=alert],[role=status],[hidden],template,form [class*=error],[class*=message]") || p.id && document.querySelector(`[aria-describedby~="${CSS.escape(p.id)}"]`)) continue;
    if (style(p).display !== "none" && (heard(p) || box(p).h > 0 || !p.className)) report("sonde-empty-paragraph", p);
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
