// The page as a reader finds it: a copy of the document in which what nobody sees, and no control opens, bears a mark.
// The page itself is not touched. Bounded: the page is hostile.
(() => {
  const mark = "data-sonde-hidden";
  const opened = new Set();
  for (const c of [...document.querySelectorAll("[aria-controls], [data-target], [data-bs-target], [data-toggle], [data-bs-toggle], [role=tab]")].slice(0, 2000))
    for (const a of ["aria-controls", "data-target", "data-bs-target", "href"])
      for (const id of (c.getAttribute(a) || "").split(/\s+/)) if (id) opened.add(id.replace(/^#/, ""));
  const menus = "nav, [role=navigation], [role=menu], [class*=menu], [id*=menu], [class*=navbar], details, [role=tabpanel], [class*=accordion], [class*=collapse]";
  let left = 60000;
  const root = document.documentElement;
  if (!root || document.getElementsByTagName("*").length > 100000) return "";
  // In a document without a window nothing of the copy is loaded or run.
  const inert = document.implementation.createHTMLDocument("");
  const copy = inert.importNode(root, true);
  for (const e of copy.querySelectorAll("script, style, noscript, template")) if (e.type !== "application/ld+json") e.remove();
  // What was taken out is missing in the copy alone: pair by what is left.
  const pair = (real, twin) => {
    const kept = [...real.children].filter(e => !/^(script|style|noscript|template)$/.test(e.localName) || e.type === "application/ld+json");
    return [kept, [...twin.children]];
  };
  const go = (real, twin, depth) => {
    if (left-- <= 0 || depth > 500) return;
    if (depth > 1 && !real.checkVisibility({ checkVisibilityCSS: true }) && real.localName !== "head" && getComputedStyle(real).display !== "contents") {
      if (!real.closest(menus) && !(real.id && opened.has(real.id)) && !real.closest("head")) twin.setAttribute(mark, "");
      return;
    }
    const [a, b] = pair(real, twin);
    for (let i = 0, n = Math.min(a.length, b.length); i < n; i++) go(a[i], b[i], depth + 1);
    if (real.shadowRoot) for (const inner of [...real.shadowRoot.children].slice(0, 200)) {
      if (/^(script|style|template)$/.test(inner.localName)) continue;
      const shadow = inert.importNode(inner, true);
      twin.append(shadow);
    }
  };
  go(root, copy, 0);
  return "<!doctype html>" + copy.outerHTML.slice(0, 4e6);
})()
