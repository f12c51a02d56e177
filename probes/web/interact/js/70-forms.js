// Fields and forms.
const ownFields = f => [...f.elements].filter(e => /^(input|textarea|select)$/.test(e.localName) && !/^(hidden|submit|button|reset|image)$/.test(e.type) && visible(e));
const sender = f => [...f.elements].find(e => e.type === "submit");
const shade = e => { const s = getComputedStyle(e); return [s.borderTopColor, s.borderBottomColor, s.backgroundColor, s.outlineColor, s.boxShadow].join() };
let shades = [];
Object.assign(sonde, {
  // Fields of each kind, with something short to type.
  typables: most => [...document.querySelectorAll("input,select")].filter(e => visible(e) && !disabled(e) && !e.readOnly && (e.localName === "select" ? !e.multiple && e.options.length > 1 : /^(checkbox|radio)$/.test(e.type) ? !e.checked : /^(text|tel|number|search|email|password)$/.test(e.type) && !e.value)).slice(0, most)
    .map(e => ({ ...describe(e), value: /^(checkbox|radio)$/.test(e.type) ? " " : /^(text|search)$/.test(e.type) && !/numeric|decimal/.test(e.inputMode) && !(e.maxLength > 0 && e.maxLength < 7) ? "ma" : "1".repeat(Math.min(e.maxLength > 0 ? e.maxLength : 2, 5)) })),
  // A list that came up below the field that was typed into, with nothing that tells of it.
  suggests: k => { const f = get(k); if (!f || f.matches("[role=combobox],[aria-autocomplete],[aria-expanded],[aria-haspopup],[aria-owns],[aria-controls],[list]") || f.closest("[role=combobox]")) return null;
    if (document.querySelector("[aria-live]:not([aria-live=off]),[role=status],[role=alert]")) return null;
    const r = f.getBoundingClientRect(), e = appeared().find(x => { const b = x.getBoundingClientRect(); return b.top >= r.top && b.top < r.bottom + 40 && b.left < r.right && b.right > r.left && !x.matches("[role],dialog") && x.children.length > 1 && [...x.children].every(c => squeeze(c.innerText) && !c.matches("input,label,p")) });
    return e ? describe(e) : null },
  // Forms to be sent empty; who searches may search for nothing.
  forms: () => [...document.forms].filter(f => visible(f) && !f.matches("[role=search],[role=search] *") && ownFields(f).some(e => e.type !== "search") && sender(f)).slice(0, 3).map(describe),
  // Gets a form ready to be sent empty: whether the browser itself will refuse.
  submits: k => { const f = get(k); if (!f) return true; if (!f.noValidate && !f.checkValidity()) return true; const b = sender(f); if (!b) return true; near(b); b.focus(); shades = ownFields(f).map(shade); watch(); return false },
  // What the page says of a form that was sent empty.
  answers: k => {
    const f = get(k), r = { said: "", bound: 0, named: false, coloured: false };
    if (!f) return r;
    const wrong = /erreur|obligatoire|requis|invalide|incorrect|manqu|veuillez|merci de|doit |error|required|invalid|missing|please|must /i;
    const fresh = appeared().flatMap(e => [e, ...e.querySelectorAll("*")]).filter(e => !/^(input|select|textarea|script|style|form|label|button|svg|path)$/.test(e.localName) && squeeze(e.innerText).split(" ").length > 1 && (e.innerText || "").length < 600 && (wrong.test(e.innerText) || f.contains(e) || e.closest("[role=alert]")));
    r.said = squeeze(fresh.filter(e => !fresh.some(x => x !== e && x.contains(e))).map(e => e.innerText).join(" ")).slice(0, 400);
    const label = e => squeeze([...(e.labels || [])].map(l => l.innerText).join(" ") || e.getAttribute("aria-label") || e.placeholder || "").replace(/[*:].*$/, "").trim().toLowerCase();
    const list = ownFields(f);
    for (const e of list) {
      const told = ((e.getAttribute("aria-describedby") || "") + " " + (e.getAttribute("aria-errormessage") || "")).split(/\s+/).map(i => i && document.getElementById(i)).filter(Boolean);
      if (e.getAttribute("aria-invalid") === "true" || told.some(t => wrong.test(t.innerText) || fresh.some(x => t.contains(x) || x.contains(t))) || wrong.test(label(e)) || [...(e.labels || [])].some(l => fresh.some(x => l.contains(x)))) r.bound++;
      if (label(e).length > 2 && r.said.toLowerCase().includes(label(e))) r.named = true;
    }
    r.coloured = !r.said && list.some((e, i) => shades[i] && shade(e) !== shades[i] && e !== deepActive());
    return r;
  },
  // Links and buttons that are a drawing alone, each of whose strokes and grounds differs too little from what lies around it.
  pale: () => [...document.querySelectorAll("a[href],button,[role=button]")].filter(e => e.querySelector("svg") && shows(e) && !disabled(e) && !squeeze(e.innerText) && !e.querySelector("img")).slice(0, 40).map(e => {
    const svg = e.querySelector("svg"), out = behind(e), around = e.parentElement && behind(e.parentElement, e);
    if (!out || !around || e.querySelector("image,use,filter,linearGradient,radialGradient,[mask],[clip-path]") || !shows(svg)) return null;
    if (ratio(out, around) >= 3) return null; // its own ground shows it
    const inks = [...svg.querySelectorAll("path,circle,rect,line,polyline,polygon,ellipse,text")].filter(shows).flatMap(x => { const s = getComputedStyle(x); return +s.opacity < 1 ? [null] : [s.fill, parseFloat(s.strokeWidth) > 0 ? s.stroke : "none"].filter(c => c !== "none").map(c => /^rgb/.test(c) ? rgba(c) : null) });
    if (!inks.length || inks.includes(null)) return null;
    const best = Math.max(...inks.map(c => ratio(over(c, out), out)));
    return best < 3 ? { ...describe(e), ratio: best } : null }).filter(Boolean).slice(0, 10),
  // Fields whose border and ground both differ too little from what lies around them. What the browser draws is its own.
  faint: () => [...document.querySelectorAll("input,select,textarea")].filter(e => visible(e) && shows(e) && !disabled(e) && !e.readOnly && (e.localName !== "input" || /^(text|tel|number|search|email|password|url|date)$/.test(e.type)) && e.parentElement).map(e => {
    const s = getComputedStyle(e), out = behind(e.parentElement, e);
    if (!out || s.appearance === "auto" && s.borderTopStyle === "inset" || s.boxShadow !== "none" || s.backgroundImage !== "none" || s.outlineStyle !== "none") return null;
    const p = getComputedStyle(e.parentElement); if (p.borderBottomWidth !== "0px" || p.boxShadow !== "none") return null; // the frame is drawn around it
    const edges = ["Top", "Right", "Bottom", "Left"].filter(d => parseFloat(s["border" + d + "Width"]) >= 1 && !/none|hidden/.test(s["border" + d + "Style"])).map(d => rgba(s["border" + d + "Color"]));
    const best = Math.max(...edges.concat([rgba(s.backgroundColor)]).map(c => ratio(over(c, out), out)));
    return best < 3 ? { ...describe(e), ratio: best } : null }).filter(Boolean).slice(0, 10),
});
