// Where pasting is forbidden (WCAG 3.3.8: who cannot copy a password or a code by hand pastes it). The page is asked with an
// event of our own, which puts nothing into the field; what the page puts there is taken out again. The text is one figure
// long: a field for a code that sends its form when it is full is not full of it.
Object.assign(sonde, {
  pastes: async () => {
    const out = [], list = [];
    walk(document.body, f => { if (f.localName === "input" && !f.readOnly && !f.disabled && !f.value && visible(f) && /^(text|password|email|tel|number)$/.test(f.type) && f.maxLength !== 1) list.push(f) });
    for (const f of list) {
      const says = `${f.autocomplete} ${f.name} ${f.id}`.toLowerCase().replace(/[_-]/g, " ");
      const code = f.autocomplete === "one-time-code" || /\b(otp|totp|2fa|mfa)\b/.test(says), mail = f.type === "email" || /\be ?mail|courriel/.test(says);
      if (f.type !== "password" && !code && !mail) continue;
      const inline = /^\s*(event\.preventDefault\(\)\s*;?\s*)?(return\s+false|event\.preventDefault\(\))?\s*;?\s*$/.test(f.getAttribute("onpaste") || "x");
      const rest = f.form ? [...f.form.querySelectorAll("input")].filter(x => /^(text|password|email|tel|number)$/.test(x.type)) : [f], old = rest.map(x => x.value);
      const data = new DataTransfer();
      data.setData("text/plain", "1");
      if (!inline && f.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: data }))) continue;
      // A page may take the text itself, trimmed or shared out among fields, and its framework may do so a moment later.
      if (!inline) await new Promise(done => setTimeout(done, 80));
      const taken = rest.filter((x, i) => x.value !== old[i]);
      for (const x of taken) x.value = old[rest.indexOf(x)];
      if (taken.length) continue;
      const address = mail && f.type !== "password" && !code;
      // A new password is chosen, not known: the criterion speaks of signing in.
      const fresh = /new-password/.test(f.autocomplete) || f.form && f.form.querySelectorAll("input[type=password]").length > 1;
      out.push({ ...describe(f), address, sure: !address && !fresh && (!code || inline) });
    }
    return out;
  },
});
