// Text: its look, its language, what is only there through style sheets.
(() => {
  const nodes = textNodes(body, 6000).filter(n => { const e = n.parentElement; return e && !/^(script|style|noscript|template|option|textarea|title)$/.test(e.localName) && seen(e) });
  const once = new Set();
  for (const n of nodes) {
    const e = n.parentElement, st = style(e), t = squeeze(n.data);
    const px = parseFloat(st.fontSize);
    if (px > 0 && px < 9 && words(t) >= 2 && !e.closest("sup,sub,svg") && !once.has("s" + px)) { once.add("s" + px); report("sonde-tiny-text", e, px + " px") }
    const block = blockOf(e);
    if (!block || once.has(block)) continue;
    once.add(block);
    const bt = squeeze(block.textContent), bs = style(block), b = block.getBoundingClientRect();
    const own = squeeze([...block.childNodes].filter(c => c.nodeType === 3 || (c.nodeType === 1 && !isBlock(c))).map(c => c.textContent).join(""));
    if (words(own) < 12) { continue }
    if (bs.textAlign === "justify") report("sonde-justified-text", block);
    const lines = Math.max(1, Math.round(b.height / (parseFloat(bs.lineHeight) || px * 1.2)));
    const per = own.length / lines;
    if (lines >= 2 && per > 125) report("sonde-long-lines", block, Math.round(per) + " characters");
    const lh = parseFloat(bs.lineHeight) / parseFloat(bs.fontSize);
    if (lines >= 3 && lh < 1.1) report("sonde-tight-lines", block, lh.toFixed(2));
    if (bs.fontStyle === "italic" && words(own) > 30) report("sonde-long-italics", block);
    if (bs.textTransform === "uppercase" && words(own) > 12 || (own === own.toUpperCase() && own !== own.toLowerCase() && words(own) > 8 && /\p{Lu}{4}/u.test(own))) report("sonde-long-capitals", block);
    if (+bs.fontWeight >= 600 && words(own) > 40 && !/^(th|h[1-6]|legend|summary)$/.test(block.localName)) doubt("sonde-long-bold", block);
    if (words(own) >= 20 && out.texts.filter(x => x.kind === "part").length < 300) tell("part", block, own.slice(0, 800), { dir: bs.direction });
  }
  function blockOf(e) { for (let x = e; x && x !== document.documentElement; x = x.parentElement) if (isBlock(x)) return x; return null }
  for (const e of all("u, [style*=underline], ins, span, p, em, strong, font")) {
    if (!/underline/.test(style(e).textDecorationLine) || e.closest("a,button,abbr,[role=link],del,ins,h1,h2,h3,h4,h5,h6,nav") || !seen(e) || words(e.textContent) < 1 || e.localName === "ins") continue;
    if (squeeze(e.textContent) && !e.querySelector("a,button")) { report("sonde-underlined-text", e); }
  }
  // Words that a style sheet writes.
  for (const e of [body, ...all("*")].slice(0, 8000)) for (const p of ["::before", "::after"]) {
    const c = attempt(() => getComputedStyle(e, p), null), s = c && c.content;
    if (!s || s === "none" || s === "normal" || !/^["']/.test(s) || c.display === "none" || c.visibility === "hidden") continue;
    const t = s.replace(/"\s*\/\s*".*$/, '"').replace(/^["']|["']$/g, "").replace(/[\ue000-\uf8ff]/g, "");
    if (/icon|awesome|glyph|material|symbol/i.test(c.fontFamily) || !/\p{L}{3}/u.test(t) || !seen(e) && !heard(e)) continue;
    // A single word beside a control mostly says again what the control says of itself.
    if (words(t) > 1) report("sonde-css-content", e, t.slice(0, 60)); else doubt("sonde-css-content", e, t.slice(0, 60));
  }
  // Hidden from screen readers, and yet there for the eyes.
  for (const e of all("[aria-hidden=true]")) {
    if (e.parentElement && e.parentElement.closest("[aria-hidden=true]") || !seen(e) || e.closest("[inert],dialog:not([open])")) continue;
    const t = squeeze(e.innerText || "");
    if (words(t) < 3 || e.matches("svg,i") || /icon|glyph/i.test(e.className && e.className.baseVal === undefined ? e.className : "")) continue;
    const twin = e.parentElement && squeeze([...e.parentElement.children].filter(x => x !== e).map(x => x.textContent + " " + (x.getAttribute("aria-label") || "")).join(" ")).toLowerCase().includes(t.toLowerCase().slice(0, 40));
    if (!twin && !(e.parentElement && name(e.parentElement).toLowerCase().includes(t.toLowerCase().slice(0, 40)))) doubt("sonde-hidden-from-readers", e, t.slice(0, 80));
  }
  // Titles on what cannot be reached.
  for (const e of all("span[title], div[title], p[title], td[title], li[title], strong[title]")) if (seen(e) && words(e.getAttribute("title")) > 2 && !focusable(e) && !squeeze(e.textContent).includes(squeeze(e.title)) && !e.closest("a,button,label")) doubt("sonde-title-only", e, e.title.slice(0, 80));
  // Language and direction.
  const html = document.documentElement;
  tell("title", html, squeeze(document.title), { context: squeeze((all("h1")[0] || {}).textContent).slice(0, 200), href: location.href });
  if (!squeeze(document.title)) out.noTitle = true;
  out.page = { lang: html.getAttribute("lang") || html.getAttribute("xml:lang") || "", dir: style(html).direction,
    text: nodes.filter(n => { const d = n.parentElement.closest("[lang]"); return !d || d === html || d === body && !body.lang }).map(n => squeeze(n.data)).join(" ").slice(0, 6000) };
  for (const e of all("[lang], [xml\\:lang]")) if (e !== html && squeeze(e.textContent) && (seen(e) || heard(e))) tell("lang", e, squeeze([...e.querySelectorAll("*")].some(c => c.hasAttribute("lang")) ? [...e.childNodes].filter(c => c.nodeType === 3 || !c.querySelector || !(c.hasAttribute("lang") || c.querySelector("[lang]"))).map(c => c.textContent).join(" ") : e.textContent).slice(0, 800), { dir: style(e).direction, href: e.getAttribute("lang") || e.getAttribute("xml:lang") });
  for (const e of all("p, li, td, h1, h2, h3, dd, figcaption, blockquote, span, q, em, i").slice(0, 1500)) if (seen(e) && !e.querySelector("p,li,div") && words(e.textContent) >= 3 && !/^(p|li|td|dd)$/.test(e.localName) === false && words(e.textContent) < 20) tell("short", e, squeeze(e.textContent), { dir: style(e).direction });
  for (const e of all("p, li, td, dd, div")) {
    const own = squeeze([...e.childNodes].filter(c => c.nodeType === 3 || !isBlock(c)).map(c => c.textContent).join(" "));
    if (own.length > 8 && own.length < 1500 && seen(e)) tell("sentence", e, own);
  }
  // Vision of one's own: forced orientation, text cut off at twice the size is seen elsewhere.
  const meta = document.querySelector("meta[name=viewport]");
  if (!meta && innerWidth) out.noViewport = true;
  out.nav = all("nav, [role=navigation]").some(n => heard(n));
})();
