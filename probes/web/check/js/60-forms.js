// Forms as they stand, before anything is typed: labels, groups, hints, purpose of fields.
(() => {
  const fields = all("input, select, textarea").filter(f => !/^(hidden|submit|button|reset|image)$/.test(f.type) && (seen(f) || heard(f)) && !f.disabled);
  const labelOf = f => { const l = f.labels && [...f.labels].filter(x => squeeze(x.textContent)); return l && l.length ? l : [] };
  const named = new Map();
  for (const f of fields) {
    const labels = labelOf(f), n = name(f);
    const aria = squeeze(f.getAttribute("aria-label")) || (f.getAttribute("aria-labelledby") && n);
    if (!labels.length && !aria && !squeeze(f.getAttribute("title")) && squeeze(f.getAttribute("placeholder"))) report("sonde-placeholder-label", f, f.placeholder);
    if (!labels.length && !aria && squeeze(f.getAttribute("title")) && !/^(checkbox|radio)$/.test(f.type) && !f.closest("[role=search]")) doubt("sonde-title-label", f);
    if (n) {
      tell("label", f, n, { context: groupOf(f) });
      if (!/^(radio|checkbox)$/.test(f.type)) {
        const key = (f.form ? [...document.forms].indexOf(f.form) : -1) + "|" + groupOf(f) + "|" + n.toLowerCase();
        if (named.has(key)) report("sonde-same-label", f, n); else named.set(key, f);
      }
    }
    for (const l of labels) {
      if (!seen(l) || !seen(f) || l.contains(f)) continue;
      const a = l.getBoundingClientRect(), b = f.getBoundingClientRect();
      const dx = Math.max(0, b.left - a.right, a.left - b.right), dy = Math.max(0, b.top - a.bottom, a.top - b.bottom);
      if (dx > 250 || dy > 60) doubt("sonde-label-far", f, Math.round(Math.max(dx, dy)) + " px");
      if (/^(checkbox|radio)$/.test(f.type) === false && a.top > b.bottom + 2 && dx === 0) doubt("sonde-label-far", f, "below the field");
    }
    if (labels.length && labels.every(l => !seen(l)) && !aria && !f.closest("[role=search]") && !/search/.test(f.type) && seen(f) && !squeeze(f.placeholder)) doubt("sonde-label-hidden", f);
    purpose(f, n);
    const change = f.getAttribute("onchange") || "";
    if (f.localName === "select" && /location|submit|\.href|window\.open|navigate/i.test(change)) report("sonde-select-navigates", f, change.slice(0, 80));
    if (/location\s*[.=]|\.submit\(|window\.open/i.test((f.getAttribute("onfocus") || "") + (f.getAttribute("onblur") || ""))) report("sonde-focus-navigates", f);
  }
  for (const l of all("label")) {
    if (!seen(l) || !squeeze(l.textContent)) continue;
    const to = l.getAttribute("for");
    if (to && !document.getElementById(to)) report("sonde-label-orphan", l, to);
    else if (!to && !l.control && !l.querySelector("input,select,textarea,button,meter,output,progress,[role]")) report("sonde-label-orphan", l);
  }
  function groupOf(f) {
    const g = f.closest("fieldset, [role=group], [role=radiogroup]");
    if (!g) return "";
    const l = g.querySelector(":scope > legend");
    return squeeze(l ? l.textContent : name(g)).toLowerCase();
  }
  // Radio buttons and boxes of one question.
  const groups = new Map();
  for (const f of fields) {
    if (f.type !== "radio" && f.type !== "checkbox") continue;
    const base = f.type === "radio" ? f.name : (f.name || "").replace(/\[\d*\]$/, "[]");
    if (!base || (f.type === "checkbox" && !base.endsWith("[]") && document.getElementsByName(base).length < 2)) continue;
    const key = f.type + (f.form ? [...document.forms].indexOf(f.form) : "") + base;
    groups.set(key, (groups.get(key) || []).concat(f));
  }
  for (const list of groups.values()) {
    if (list.length < 2) continue;
    const g = list[0].closest("fieldset, [role=group], [role=radiogroup]");
    const common = g && list.every(f => g.contains(f));
    if (!common) report("sonde-group-without-fieldset", list[0], `${list.length} × ${list[0].type}`);
  }
  for (const s of all("fieldset, [role=group], [role=radiogroup]")) {
    if (!(seen(s) || heard(s)) || !s.querySelector("input,select,textarea")) continue;
    if (s.localName === "fieldset") {
      const l = s.querySelector(":scope > legend");
      if (!l && !name(s)) { if (!s.querySelector("fieldset")) report("sonde-fieldset-without-legend", s) } else if (l && !squeeze(l.textContent) && !name(s)) report("sonde-fieldset-without-legend", l);
      else if (l) tell("legend", l, squeeze(l.textContent));
    } else if (!name(s) && s.querySelectorAll("input[type=radio],input[type=checkbox]").length > 1) report("sonde-group-without-name", s);
  }
  // Groups of options without a name. An empty group at the end of a list is an old trick against lines cut off.
  for (const o of all("select optgroup")) if (o.querySelector("option") && (seen(o.closest("select")) || heard(o.closest("select"))) && !o.hidden && !squeeze(o.getAttribute("label")) && !squeeze(o.getAttribute("aria-label")) && !squeeze((o.querySelector("legend") || {}).textContent)) report("sonde-optgroup-without-label", o);
  // A form that cannot be sent by who has no script or no mouse.
  for (const f of document.forms) {
    if (!seen(f) && !heard(f)) continue;
    const own = fields.filter(x => x.form === f), typed = own.filter(x => x.localName === "textarea" || x.localName === "input" && !/^(checkbox|radio|range|color|file)$/.test(x.type));
    // A form's elements leave pictures that send it out.
    const sends = [...f.elements, ...f.querySelectorAll("input[type=image]")].some(x => (x.localName === "button" && x.type === "submit") || /^(submit|image)$/.test(x.type)) || !!document.querySelector(`[form="${CSS.escape(f.id || "\u0000")}"]`);
    if (own.length && !sends && !pressed(f) && (typed.length >= 2 || own.some(x => /^(select|textarea)$/.test(x.localName)) || typed.length === 1 && goes(f, typed[0]))) (own.length === 1 && (f.matches("[role=search]") || own[0].type === "search" || /search|recherch/i.test(f.className + " " + own[0].name)) ? doubt : report)("sonde-form-without-submit", f); // who searches knows Enter
    for (const b of f.elements) if (/^(button|submit|reset)$/.test(b.type) && seen(b)) tell("button", b, name(b));
    // Content behind the button is missed by who hears the form.
    const last = [...f.elements].filter(x => x.type === "submit").pop();
    if (last) for (const x of own) if (last.compareDocumentPosition(x) & Node.DOCUMENT_POSITION_FOLLOWING && x.localName !== "button" && !own.some(y => y === last)) { doubt("sonde-field-behind-submit", x); break }
    const must = own.filter(x => x.required || x.getAttribute("aria-required") === "true");
    const said = /\*|obligatoire|required|requis/i;
    const silent = must.filter(x => !said.test([...(x.labels || [])].map(l => l.textContent).join(" ") + name(x) + (x.placeholder || "")) && !said.test(pseudo(x)));
    if (silent.length && !said.test(squeeze(f.textContent).slice(0, 4000))) report("sonde-required-not-said", silent[0], silent.length + " / " + must.length);
    else if (must.length && must.some(x => /\*/.test([...(x.labels || [])].map(l => l.textContent).join(" "))) && !/(\*[^\p{L}]{0,12}(champs?|indique|required|requis|obligatoire|mandatory|information|donn|saisie|denotes|=|:))|((obligatoires?|required|mandatory|requis)[^.]{0,60}\*)|(ast[ée]ris)/iu.test(squeeze((f.parentElement || f).textContent))) doubt("sonde-asterisk-not-explained", f);
  }
  // A script may send what a button of no type, a link or a picture in the form, or a button behind it, stands for.
  function pressed(f) {
    const any = "button,[role=button],[type=button],[onclick],a[href]", next = f.nextElementSibling || f.parentElement && f.parentElement.nextElementSibling;
    const press = x => (seen(x) || heard(x)) && !/^(reset)$/.test(x.type);
    if ([...f.querySelectorAll(any)].some(press) || [...f.querySelectorAll("img,svg,i,span")].some(x => seen(x) && style(x).cursor === "pointer" && !x.closest("label"))) return true;
    const around = f.closest("dialog,[role=dialog],[aria-modal],.modal");
    return !!next && (next.matches(any) || [...next.querySelectorAll("button,[role=button],[type=button]")].some(press)) || !!around && [...around.querySelectorAll("button,[type=button]")].some(press);
  }
  // A form of one field goes somewhere when it says where; without, it may be a filter of what is on the page.
  function goes(f, x) {
    if (!f.hasAttribute("action") && !f.hasAttribute("onsubmit") || x.hasAttribute("list") || x.hasAttribute("aria-autocomplete") || x.hasAttribute("aria-controls") || role(x) === "combobox") return false;
    return !listens(x, "input", "keyup", "keydown", "keypress", "change");
  }
  function pseudo(x) { return [...(x.labels || [])].map(l => getComputedStyle(l, "::after").content + getComputedStyle(l, "::before").content).join(" ") }
  // Fields that ask for what a browser could fill in (WCAG 1.3.5, RGAA 11.13).
  function purpose(f, n) {
    if (f.hasAttribute("autocomplete") && squeeze(f.getAttribute("autocomplete")) || f.localName !== "input" || !/^(text|email|tel|url|password|date|number|search)$/.test(f.type) || f.readOnly || f.closest("[role=search]") || f.type === "search") return;
    const t = (n + " ").toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[*:()]|obligatoire|required|facultatif/g, " ").replace(/\s+/g, " ").trim();
    const known = [[/^((votre|your|mon|adresse) )*(adresse )?(e-?mail|mail|courriel|adresse (e-?mail|mail|electronique|de messagerie)|email address|e-mail address)$/, "email"], [/^((votre|your|numero( de)?|n° de) )*(telephone|tel|portable|telephone (portable|fixe|mobile)|mobile|phone( number)?|telephone number)\.?$/, "tel"],
      [/^((votre|your) )?(prenom|first name|given name|forename)s?$/, "given-name"], [/^((votre|your) )?(nom( de famille)?|last name|surname|family name)$/, "family-name"], [/^((votre|your) )?(nom (et )?prenom|prenom (et )?nom|full name|name|nom complet)s?$/, "name"],
      [/^((votre|your) )?(code postal|postcode|postal code|zip( code)?)$/, "postal-code"], [/^((votre|your) )?(adresse( postale)?|address|street address|rue)$/, "street-address"], [/^((votre|your) )?date (de naissance|of birth)$/, "bday"]];
    const hit = known.find(([re]) => re.test(t));
    if (hit) report("sonde-autocomplete-missing", f, hit[1]);
  }
  // Messages that say that something is wrong, as the page was served.
  for (const e of document.querySelectorAll("[id*=error i], [class*=error i], [class*=invalid-feedback], [id*=erreur i], [class*=erreur i], form [role=alert]")) {
    const f = e.closest("form") || document.forms[0], t = squeeze(e.innerText || "");
    if (!f || !seen(e) || words(t) < 3 || t.length > 300 || e.querySelector("input,select,textarea") || !/invalid|incorrect|obligatoire|requis|veuillez|merci de|please|must|required|cannot/i.test(t)) continue;
    if (!heard(e)) { report("sonde-error-hidden", e, t); continue }
    const own = fields.filter(x => x.form === f);
    const linked = e.id && own.some(x => ((x.getAttribute("aria-describedby") || "") + " " + (x.getAttribute("aria-errormessage") || "")).split(/\s+/).includes(e.id));
    const labels = own.map(x => (name(x) || "").toLowerCase().replace(/\(.*?\)|[*:]|required|obligatoire/g, "").trim()).filter(x => x.length > 1);
    if (own.length > 1 && !linked && !labels.some(l => t.toLowerCase().includes(l)) && !groupNamed(own, t)) report("sonde-error-vague", e, t);
  }
  function groupNamed(own, t) { return own.some(x => { const g = groupOf(x).replace(/\(.*?\)|[*:]/g, "").trim(); return g.length > 2 && g.split(" ").some(w => w.length > 3 && t.toLowerCase().includes(w)) }) }
  for (const b of all("button, [role=button], input[type=submit], input[type=button], input[type=reset]")) if (seen(b) && name(b) && !b.form) tell("button", b, name(b));
  // Things that are clicked and are no controls.
  for (const e of all("[onclick], [onmousedown], [onkeydown], [ondblclick]")) {
    if (!seen(e) || interactive(e) || e.querySelector("a[href],button,input,select,textarea,[tabindex],[role=button],[role=link]") || e.closest("a[href],button,label,summary") || /^(body|html|form|label|main|iframe|details)$/.test(e.localName)) continue;
    if (!focusable(e)) report("sonde-fake-control", e); else if (!role(e) || /^(generic|presentation|none|paragraph|img|listitem)$/.test(role(e))) report("sonde-control-without-role", e);
  }
  for (const e of all("[tabindex]")) {
    const i = +e.getAttribute("tabindex");
    if (i >= 0 && seen(e) && !interactive(e) && !listens(e, "click", "keydown", "keyup", "keypress", "focus", "mousedown", "touchstart") && !/^(iframe|object|embed|summary|details|video|audio|dialog)$/.test(e.localName) && /^(|generic|paragraph|heading|img|listitem|list|strong|emphasis|article|cell|none|presentation)$/.test(role(e)) && !(e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1) && !e.hasAttribute("aria-describedby") && !e.hasAttribute("aria-haspopup") && !e.hasAttribute("contenteditable")) doubt("sonde-needless-focus", e);
  }
})();
