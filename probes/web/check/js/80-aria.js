// ARIA that contradicts itself, beyond what axe-core sees.
(() => {
  // Global attributes that ARIA 1.2 forbids or deprecates on the role (ACT kb1m8s, 5c01ea): names on what cannot be named.
  const noName = /^(caption|code|definition|deletion|emphasis|generic|insertion|mark|none|paragraph|presentation|strong|subscript|suggestion|superscript|term|time)$/;
  const allowed = { "aria-errormessage": /^(application|checkbox|combobox|gridcell|listbox|radiogroup|slider|spinbutton|textbox|tree|columnheader|rowheader|searchbox|switch|treegrid)$/,
    "aria-haspopup": /^(application|button|combobox|gridcell|link|menuitem|slider|tab|textbox|treeitem|columnheader|menuitemcheckbox|menuitemradio|rowheader|searchbox)$/,
    "aria-invalid": /^(application|checkbox|combobox|gridcell|listbox|radiogroup|slider|spinbutton|textbox|tree|columnheader|rowheader|searchbox|switch|treegrid)$/,
    "aria-disabled": /^(application|button|composite|gridcell|group|input|link|menuitem|scrollbar|separator|tab|checkbox|columnheader|combobox|grid|listbox|menu|menubar|menuitemcheckbox|menuitemradio|option|radio|radiogroup|row|rowheader|searchbox|select|slider|spinbutton|switch|tablist|textbox|toolbar|tree|treegrid|treeitem)$/ };
  for (const e of all("[aria-label],[aria-labelledby],[aria-errormessage],[aria-haspopup],[aria-invalid],[aria-disabled],[aria-roledescription],[aria-braillelabel]")) {
    const r = role(e) || (/^(div|span)$/.test(e.localName) ? "generic" : "");
    if (!heard(e)) continue;
    for (const a of ["aria-label", "aria-labelledby", "aria-braillelabel"]) if (e.hasAttribute(a) && squeeze(e.getAttribute(a)) && noName.test(r) && !e.closest("svg")) { report("sonde-aria-prohibited", e, `${a} on ${r}`); break }
  }
  // Things that say that they are hidden or expanded and are not.
  for (const e of all("[aria-expanded][aria-controls]")) {
    const t = e.getAttribute("aria-controls").split(/\s+/).map(i => i && document.getElementById(i)).filter(Boolean)[0];
    if (!t || !seen(e)) continue;
    const open = e.getAttribute("aria-expanded") === "true";
    if (!open && seen(t) && squeeze(t.textContent) && box(t).h > 4) doubt("sonde-expanded-untrue", e, "aria-expanded=false");
  }
})();
