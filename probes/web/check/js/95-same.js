// Links of one name: whether they lead to different things is decided by looking at what is there, with a handful of
// requests of the page's own host, and only for names that differ in address.
const fetched = new Map();
let requests = 0;
const content = async (address, hops = 0) => {
  const key = address.split("#")[0];
  if (fetched.has(key)) return fetched.get(key);
  if (requests >= 8 || new URL(address).origin !== location.origin) return null;
  requests++;
  const c = await (async () => {
    try {
      const stop = new AbortController();
      setTimeout(() => stop.abort(), 3000);
      const r = await fetch(key, { signal: stop.signal, credentials: "same-origin" });
      if (!r.ok || !/html/.test(r.headers.get("content-type") || "")) return null;
      const d = new DOMParser().parseFromString((await r.text()).slice(0, 500000), "text/html");
      const go = d.querySelector("meta[http-equiv=refresh i]"), m = go && /^\s*0\s*[;,]\s*(?:url\s*=\s*)?['"]?([^'"]+)/i.exec(go.content);
      if (m && hops < 2) return await content(new URL(m[1], r.url).href, hops + 1);
      for (const x of d.querySelectorAll("script,style,noscript,nav,[role=navigation],[class*=breadcrumb]")) x.remove();
      const own = d.querySelector("main, [role=main]") || d.body;
      const heads = [...own.querySelectorAll("h1,h2,p,td,li,dd")];
      return { at: r.url, text: squeeze((heads.length ? heads.map(x => x.textContent).join(" ") : own.textContent)).toLowerCase().slice(0, 20000), phones: (own.textContent.match(/(?:\+|\(?\d)[\d\s().-]{7,}\d/g) || []).map(s => s.replace(/\D/g, "")) };
    } catch (e) { return null }
  })();
  fetched.set(key, c);
  return c;
};
const alike = (a, b) => {
  if (a.at.split("#")[0] === b.at.split("#")[0] || a.text === b.text) return true;
  if (a.phones.length && b.phones.length) return a.phones.some(p => b.phones.includes(p));
  const x = new Set(a.text.match(/[\p{L}\p{N}]+/gu)), y = new Set(b.text.match(/[\p{L}\p{N}]+/gu));
  const both = [...x].filter(w => y.has(w)).length;
  return both / Math.max(1, new Set([...x, ...y]).size) > 0.9;
};
for (const s of (out.same || []).slice(0, 12)) {
  let apart = null, unsure = false;
  const first = s.links[0];
  for (const l of s.links.slice(1)) {
    const a = new URL(first.href), b = new URL(l.href);
    if (a.origin !== b.origin) { apart = l; l.far = true; break }
    if (a.pathname === b.pathname && a.search !== b.search) { apart = l; break }
    if (a.pathname.replace(/\/$/, "") === b.pathname.replace(/\/$/, "") && a.search === b.search) continue;
    const x = await content(first.href), y = await content(l.href);
    if (!x || !y) { unsure = true; continue }
    if (!alike(x, y)) { apart = l; break }
  }
  const target = apart || (unsure && s.links[1]);
  if (!target) continue;
  const one = r => ({ rule: r, detail: s.name.slice(0, 80), selector: target.selector, snippet: target.snippet, rect: target.rect });
  const context = !apart || !apart.far ? first.context === target.context : false;
  if (context) out.findings.push({ ...one("sonde-links-one-name"), outcome: apart ? "failed" : "review" });
  out.findings.push({ ...one("sonde-links-one-name-alone"), outcome: apart ? "failed" : "review" });
}
delete out.same;
