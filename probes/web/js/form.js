// What a form asks for, field by field, and how its fields are filled. The nodes are kept in our own world. Bounded.
(() => {
  const squeeze = s => (s || "").replace(/\s+/g, " ").trim().slice(0, 300);
  const state = globalThis.sondeForm = { form: null, fields: [], send: null };
  const visible = e => e.checkVisibility({ checkVisibilityCSS: true }) && e.getBoundingClientRect().width > 1;
  const label = e => squeeze([...(e.labels || [])].map(l => l.innerText).join(" ")) || squeeze(e.getAttribute("aria-label")) ||
    squeeze((e.getAttribute("aria-labelledby") || "").split(/\s+/).map(i => i && document.getElementById(i)).filter(Boolean).map(x => x.innerText).join(" ")) ||
    squeeze(e.placeholder) || squeeze(e.title) || squeeze(before(e));
  const before = e => { // a text that merely stands before the field, or in the cell beside it
    for (let p = e, n = 0; p && n < 3; p = p.parentElement, n++)
      for (let s = p.previousSibling; s; s = s.previousSibling) {
        if (s.nodeType === 1 && s.querySelector && (s.matches("input, select, textarea") || s.querySelector("input, select, textarea"))) return "";
        if (squeeze(s.textContent)) return s.textContent;
      }
    return "";
  };
  const legend = e => { const f = e.closest("fieldset, [role=group], [role=radiogroup]"); return f ? squeeze((f.querySelector("legend") || {}).innerText || f.getAttribute("aria-label")) : "" };
  state.read = selector => {
    const at = document.querySelector(selector);
    state.form = at && (at.closest("form") || at);
    if (!state.form) return { found: false, fields: [] };
    const all = [...state.form.querySelectorAll("input, select, textarea")].slice(0, 200);
    state.fields = all.filter(e => !/^(hidden|submit|button|image|reset)$/.test(e.type) && !e.disabled && !e.readOnly && (visible(e) || /^(radio|checkbox)$/.test(e.type) && [...(e.labels || [])].some(visible)));
    const buttons = [...state.form.querySelectorAll("button, input[type=submit], input[type=image], [role=button]")].filter(b => visible(b) && b.type !== "reset" && !b.disabled);
    state.send = buttons.find(b => b.type === "submit" || b.type === "image") && buttons.filter(b => b.type === "submit" || b.type === "image").pop() || buttons.pop() || null;
    return { found: true, send: !!state.send, text: squeeze(state.form.innerText).slice(0, 300), fields: state.fields.map((e, key) => ({
      key, type: e.localName === "input" ? e.type : e.localName, name: (e.name || e.id || "").slice(0, 100), label: label(e), legend: legend(e), auto: e.autocomplete || "",
      required: e.required || e.getAttribute("aria-required") === "true" || /\*/.test(label(e)), value: (e.value || "").slice(0, 200),
      options: e.localName === "select" ? [...e.options].slice(0, 200).map(o => ({ value: o.value.slice(0, 200), text: squeeze(o.text) })) : [] })) };
  };
  state.focus = key => { const e = state.fields[key]; e.scrollIntoView({ block: "center" }); e.focus(); if (e.select) e.select(); return document.activeElement === e };
  state.choose = (key, value) => { const e = state.fields[key]; e.value = value; e.dispatchEvent(new Event("input", { bubbles: true })); e.dispatchEvent(new Event("change", { bubbles: true })); return e.value === value };
  state.check = key => { const e = state.fields[key]; if (!e.checked) e.click(); return e.checked };
  state.leave = () => { if (document.activeElement) document.activeElement.blur(); return true };
  state.values = () => state.fields.map(e => /^(radio|checkbox)$/.test(e.type) ? String(e.checked) : e.value);
  // Where to click; empty when something covers the button: then the button is pressed by script.
  state.aim = () => {
    state.send.scrollIntoView({ block: "center" });
    const r = state.send.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2;
    const top = document.elementFromPoint(x, y);
    return { x, y, free: !!top && (state.send === top || state.send.contains(top)) };
  };
  state.press = () => { state.send.click(); return true };
  state.still = () => !!state.form && state.form.isConnected && visible(state.form) && state.fields.some(e => e.isConnected && visible(e) && e.localName === "textarea" && e.value !== "");
  return true;
})()
