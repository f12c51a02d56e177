// ARIA that contradicts itself, beyond what axe-core sees.
(() => {
  // Global attributes that ARIA 1.2 forbids or deprecates on the role (ACT kb1m8s, 5c01ea): names on what cannot be named.
  const noName = /^(caption|code|definition|deletion|emphasis|generic|insertion|mark|none|paragraph|presentation|strong|subscript|suggestion|superscript|term|time)$/;
  for (const e of all("[aria-label],[aria-labelledby],[aria-roledescription],[aria-braillelabel],[aria-brailleroledescription]")) {
    const given = squeeze(e.getAttribute("role")).toLowerCase().split(" ").filter(Boolean)[0];
    const native = { div: "generic", span: "generic", p: "paragraph", b: "generic", i: "generic", strong: "strong", em: "emphasis", sub: "subscript", sup: "superscript", code: "code", del: "deletion", ins: "insertion", caption: "caption", mark: "mark", time: "time", small: "generic", u: "generic", s: "deletion", q: "generic", pre: "generic", body: "generic", bdi: "generic", bdo: "generic", data: "generic", samp: "generic" }[e.localName];
    const r = given || native || role(e);
    if (!heard(e) || !noName.test(r) || e.closest("svg") || focusable(e) && !/^(none|presentation)$/.test(given || "") || e.isContentEditable) continue;
    const a = ["aria-label", "aria-labelledby", "aria-braillelabel", "aria-roledescription", "aria-brailleroledescription"].find(a => squeeze(e.getAttribute(a)));
    if (a) report("sonde-aria-prohibited", e, `${a} on ${r}`);
  }
  // Things that say that they are hidden or expanded and are not.
  for (const e of all("[aria-expanded][aria-controls]")) {
    const t = e.getAttribute("aria-controls").split(/\s+/).map(i => i && document.getElementById(i)).filter(Boolean)[0];
    if (!t || !seen(e)) continue;
    const open = e.getAttribute("aria-expanded") === "true";
    if (!open && seen(t) && squeeze(t.textContent) && box(t).h > 4) doubt("sonde-expanded-untrue", e, "aria-expanded=false");
  }
})();
