// Runs axe-core in our own world of the page and returns what a finding needs: megabytes of passes stay in the page.
(async (options, most) => {
  const run = {
    elementRef: true, resultTypes: ["violations", "incomplete"], rules: {},
    preload: { assets: ["cssom", "media"], timeout: 3000 },
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
  return { version: r.testEngine.version, results: [...r.violations.map(slim("failed")), ...r.incomplete.map(slim("review"))] };
})
