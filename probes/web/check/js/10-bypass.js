// Ways past what every page repeats: landmarks, headings, skip links (WCAG 2.4.1, RGAA 12.6 and 12.7).
(() => {
  const repeatedRoles = /^(navigation|complementary|banner|contentinfo|search)$/;
  const linkText = e => squeeze([...e.querySelectorAll("a, button")].map(a => a.textContent).join(" ")).length;
  const repeated = memo(e => {
    if (repeatedRoles.test(role(e)) || /^(nav|aside)$/.test(e.localName)) return true;
    if (/^(main|article|section|p|h[1-6]|body|form)$/.test(e.localName) || role(e) === "main") return false;
    const t = squeeze(e.textContent).length, l = linkText(e);
    if (/^(ul|ol|div)$/.test(e.localName) && /\b(nav|navbar|menu|navigation|breadcrumb|header|footer|sidebar)\b/i.test((e.id + " " + e.className).replace(/[-_]/g, " ")) && l > 0) return true;
    return /^(ul|ol)$/.test(e.localName) && e.children.length >= 2 && l > 0 && l >= t * 0.6 && !!e.querySelector("a[href]:not([href^='#'])");
  });
  const inside = n => { for (let e = n.nodeType === 1 ? n : n.parentElement; e && e !== body; e = e.parentElement) if (repeated(e)) return e; return null };
  // The first passage that is this page's own: a sentence outside every repeated block.
  const passage = textNodes(body, 5000).find(n => { const e = n.parentElement; return squeeze(n.data).length >= 40 && !/^(script|style|noscript|template|option|a|button|label)$/.test(e.localName) && !e.closest("a,button") && !inside(n) && (seen(e) || heard(e)) });
  if (!passage) return;
  const own = passage.parentElement;
  const before = (a, b) => !!(a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING);
  const leaves = a => { const h = a.getAttribute("href") || ""; return h && !h.startsWith("#") && !/^(javascript|mailto|tel):/i.test(h) };
  const blocks = all("nav, aside, header, footer, ul, ol, div, [role]").filter(e => repeated(e) && before(e, passage) && !e.contains(passage) && (seen(e) || heard(e)));
  const linksBefore = all("a[href]").filter(a => before(a, passage) && !a.contains(passage) && heard(a));
  const crossing = linksBefore.filter(leaves);
  if (!crossing.length || (!blocks.length && crossing.length < 3)) return;

  const mains = all("main, [role=main]").filter(m => heard(m) && squeeze(m.textContent));
  if (!mains.length) report("sonde-no-main-landmark", own);
  // A heading outside the repeated blocks, that is both seen and heard, around the content.
  const headings = all("h1,h2,h3,h4,h5,h6,[role=heading]").filter(h => role(h) === "heading" && heard(h) && seen(h) && name(h));
  const titled = headings.some(h => !inside(h) || (mains.length && mains.some(m => m.contains(h))));
  if (!titled) report("sonde-no-content-heading", own);
  // A skip link: among the first controls, to a place between the repeated blocks and the content, or to the content itself.
  const lastBlock = blocks.filter(b => !blocks.some(o => o !== b && o.contains(b))).pop();
  const leads = a => {
    const h = a.getAttribute("href") || "", go = (a.getAttribute("onclick") || "").match(/['"](#[\w-]+)['"]/);
    const id = h.length > 1 && h.startsWith("#") ? h.slice(1) : go ? go[1].slice(1) : "";
    const t = id && (document.getElementById(decodeURIComponent(id)) || document.getElementsByName(id)[0]);
    if (!t) return false;
    if (t.contains(passage) || mains.some(m => m.contains(t) || t.contains(m))) return t !== body;
    const between = crossing.concat(blocks).filter(b => before(t, b) && before(b, passage) && !t.contains(b) && !b.contains(t));
    return !between.length && (before(t, passage) ? !squeeze(textBetween(t, own)) : true);
  };
  const textBetween = (a, b) => { const r = document.createRange(); return attempt(() => { r.setStartAfter(a); r.setEndBefore(b); return r.toString().length > 200 ? "x" : "" }, "") };
  const skips = all("a[href^='#'], [onclick*='#'], [role=link]").filter(e => leads(e) && focusable(e) && before(e, passage));
  if (!skips.length) {
    report("sonde-no-skip-link", crossing[0]);
    const hides = all("button, a, [role=button], [role=link]").some(e => before(e, passage) && (e.hasAttribute("onclick") || e.hasAttribute("aria-expanded")) && !leaves(e));
    if (!mains.length && !titled && !hides) report("sonde-no-bypass", own);
  } else if (!seen(skips[0]) && !skips.some(s => s.matches(":focus") || seen(s))) { /* shown at focus: the keyboard walk sees that */ }
})();
