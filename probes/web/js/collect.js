// What the audit reads of every page: title, language, visible text, links and search forms. Bounded: the page is hostile.
(() => {
  const cut = (s, n) => (s || "").slice(0, n);
  const squeeze = s => (s || "").replace(/\s+/g, " ").trim();
  const name = a => {
    const own = squeeze(a.getAttribute("aria-label")) || squeeze(a.innerText);
    if (own) return own;
    const img = a.querySelector("img[alt], svg[aria-label], svg title");
    return squeeze(img ? img.getAttribute("alt") || img.getAttribute("aria-label") || img.textContent : a.getAttribute("title"));
  };
  const region = e => {
    const r = e.closest("nav, [role=navigation], header, [role=banner], footer, [role=contentinfo], main, [role=main], [class*=menu], [id*=menu], [class*=navbar]");
    if (!r) return "";
    const role = r.getAttribute("role"), tag = r.localName;
    if (tag === "main" || role === "main") return "main";
    if (tag === "footer" || role === "contentinfo") return "footer";
    if (tag === "nav" || role === "navigation" || /menu|navbar/i.test(r.className + " " + r.id)) return "nav";
    return "header";
  };
  const links = [];
  for (const a of document.links) {
    if (links.length >= 3000) break;
    if (!a.checkVisibility({ checkVisibilityCSS: true }) && !a.closest("nav, [role=navigation], [class*=menu]")) continue;
    const url = a.protocol === "http:" || a.protocol === "https:" ? a.href : "";
    if (url) links.push({ url: cut(url, 2000), text: cut(name(a), 200), region: region(a) });
  }
  const forms = [];
  for (const f of document.forms) try { // a field may bear the name of what is asked of the form
    if (forms.length >= 5) break;
    if ((f.getAttribute("method") || "get").toLowerCase() !== "get") continue;
    const field = [...f.elements].find(e => e.localName === "input" && e.name && (e.type === "search" || e.type === "text") &&
      (e.type === "search" || f.matches("[role=search], [role=search] *") || /^(q|s|query|search|recherche|keywords?|mots?|text|searchword|tx_\w+\[.*(sword|q)\])$/i.test(e.name)));
    if (!field) continue;
    const extra = [...f.elements].filter(e => e !== field && e.name && e.type === "hidden").slice(0, 20).map(e => [e.name, cut(e.value, 300)]);
    forms.push({ action: cut(f.action && typeof f.action === "string" ? f.action : location.href, 2000), field: field.name, extra });
  } catch (e) { continue }
  const root = document.documentElement;
  return {
    title: cut(squeeze(document.title), 500), language: cut(root && root.getAttribute("lang"), 40),
    text: cut(document.body ? document.body.innerText : root ? root.textContent : "", 400000), links, forms,
    nodes: document.getElementsByTagName("*").length,
  };
})()
