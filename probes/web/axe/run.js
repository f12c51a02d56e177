// Runs axe-core in our own world of the page and returns what a finding needs: megabytes of passes stay in the page.
(async (options, most) => {
  const run = {
    elementRef: true, resultTypes: ["violations", "incomplete"], rules: {},
    preload: { assets: ["cssom", "media"], timeout: 2000 },
    frameWaitTime: 5000, pingWaitTime: 500, performanceTimer: false,
  };
  for (const id of options.enable || []) run.rules[id] = { enabled: true };
  for (const id of options.disable || []) run.rules[id] = { enabled: false };
  const place = element => {
    if (!element || !element.isConnected || element.ownerDocument !== document) return null;
    const r = element.getBoundingClientRect();
    return r.width && r.height ? { x: r.left + scrollX, y: r.top + scrollY, w: r.width, h: r.height } : null;
  };
  const slim = outcome => result => ({
    id: result.id, impact: result.impact || "", tags: result.tags, help: result.help, description: result.description, outcome,
    count: result.nodes.length,
    nodes: result.nodes.slice(0, most).map(node => ({
      target: node.target.flat(9).join(" >>> "), html: node.html.slice(0, 600), impact: node.impact || "", rect: place(node.element),
      checks: [...node.any, ...node.all, ...node.none].map(c => ({
        id: c.id, message: (c.message || "").slice(0, 300),
        ratio: c.data && c.data.contrastRatio || 0, wanted: c.data && parseFloat(c.data.expectedContrastRatio) || 0,
        reason: c.data && typeof c.data.messageKey === "string" ? c.data.messageKey : "",
      })),
    })),
  });
  axe.reset();
  const r = await axe.run(document, run);
  // What axe-core holds against an element although it cannot matter: all but the first refresh of a document, and what lies
  // behind an open modal dialog. A page is not accused of it.
  const modal = document.querySelector("dialog:modal"), refresh = document.querySelector("meta[http-equiv=refresh i][content]");
  const matters = (id, e) => !e || !(/^meta-refresh/.test(id) && e !== refresh || modal && /focus/.test(id) && !modal.contains(e) ||
    id === "landmark-unique" && e.matches("main,[role=main]") && e.ownerDocument.querySelectorAll("main,[role=main]").length === 1); // a frame has a main of its own
  const attempt = f => { try { return f() } catch (e) { return null } };
  const iconic = e => e && /icon|awesome|glyph|symbol/i.test(getComputedStyle(e).fontFamily);
  for (const x of [...r.violations, ...r.incomplete]) x.nodes = x.nodes.filter(n => matters(x.id, n.element || attempt(() => document.querySelector(n.target[0]))) && !(x.id === "label-content-name-mismatch" && (iconic(n.element) || near(n.element))));
  // "Ave." for "Avenue", "non-standard" for "nonstandard": spoken alike or an abbreviation, which the criterion lets pass.
  function near(e) {
    const tokens = s => (s || "").toLowerCase().replace(/[-\u2010-\u2015]/g, "").match(/[\p{L}\p{N}]+/gu) || [];
    const said = tokens(e && e.getAttribute("aria-label")), seen = tokens(e && e.innerText);
    return seen.length > 0 && seen.every((t, i) => said.some(s => s === t || (t.length > 1 && s.startsWith(t))));
  }
  const some = x => x.nodes.length > 0;
  // Where axe-core is in doubt and our own checks look further, its doubt is not told.
  const ours = new Set(["bypass", "css-orientation-lock", "identical-links-same-purpose", "meta-refresh-no-exceptions"]);
  return { version: r.testEngine.version, results: [...r.violations.filter(some).map(slim("failed")), ...r.incomplete.filter(x => some(x) && !ours.has(x.id)).map(slim("review"))] };
})
