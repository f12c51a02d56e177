package interact

import (
	"github.com/sonde-fleet/sonde/probes/web/browser"
)

// attempt is what a form said when it was sent empty, with nothing leaving.
type attempt struct {
	Native  bool   `json:"native"`  // the browser itself refused and says which field
	Said    string `json:"said"`    // the messages that appeared
	Bound   int    `json:"bound"`   // fields that are told to be wrong to who hears them
	Named   bool   `json:"named"`   // a message names a field
	Focused bool   `json:"focused"` // the focus went to a wrong field or to the messages
	Form    *spot  `json:"form"`
}

// forms sends each form empty, in a page that lets nothing out, and reads what the page itself says of it (WCAG 3.3.1).
func (x *try) forms() error {
	list, err := browser.Eval[[]spot](x.ctx, x.t, `[...document.forms].filter(f => sonde.visible(f) && !f.matches("[role=search],[role=search] *") &&
		[...f.elements].filter(e => /^(input|textarea|select)$/.test(e.localName) && !/^(hidden|submit|button|search|reset|image)$/.test(e.type) && sonde.visible(e)).length >= 1 &&
		[...f.elements].some(e => /^(submit|image)$/.test(e.type))).slice(0, 3).map(sonde.describe)`)
	if err != nil {
		return err
	}
	for i := range list {
		f := &list[i]
		if _, err := ask[int](x, "watch()"); err != nil {
			return err
		}
		native, err := browser.Eval[bool](x.ctx, x.t, `(f => { if (!f) return false; const bad = !f.noValidate && !f.checkValidity(); const b = [...f.elements].find(e => /^(submit|image)$/.test(e.type)); b.scrollIntoView({block: "center"}); b.focus(); return bad })(sonde.get(`+itoa(f.Key)+`))`)
		if err != nil {
			return err
		}
		if native {
			continue // the browser says it, field by field
		}
		if err := x.t.Press(x.ctx, browser.KeyEnter, browser.Plain); err != nil {
			return err
		}
		x.pause(2 * react)
		a, err := browser.Eval[attempt](x.ctx, x.t, `(f => { const r = { native: false, said: "", bound: 0, named: false, focused: false }; if (!f) return r;
			const re = /erreur|obligatoire|requis|invalide|incorrect|manqu|veuillez|merci de|doit |error|required|invalid|missing|please|must /i;
			const fresh = sonde.appeared().flatMap(e => [e, ...e.querySelectorAll("*")]).filter(e => !/^(input|select|textarea|script|style|form|label)$/.test(e.localName) && re.test(e.innerText || "") && (e.innerText || "").length < 600);
			r.said = sonde.squeeze(fresh.map(e => e.innerText).join(" ")).slice(0, 400);
			const fields = [...f.elements].filter(e => /^(input|textarea|select)$/.test(e.localName) && !/^(hidden|submit|button|reset|image)$/.test(e.type) && sonde.visible(e));
			const label = e => sonde.squeeze([...(e.labels || [])].map(l => l.innerText).join(" ") || e.getAttribute("aria-label") || e.placeholder || "").replace(/[*:].*$/, "").trim().toLowerCase();
			for (const e of fields) {
				const told = (e.getAttribute("aria-describedby") || "" ).split(/\s+/).concat((e.getAttribute("aria-errormessage") || "").split(/\s+/)).map(i => i && document.getElementById(i)).filter(Boolean).map(x => x.innerText).join(" ");
				if (e.getAttribute("aria-invalid") === "true" || re.test(told) || re.test(label(e))) r.bound++;
				if (label(e).length > 2 && r.said.toLowerCase().includes(label(e))) r.named = true;
			}
			const a = sonde.deepActive(); r.focused = !!a && (fields.includes(a) || fresh.includes(a));
			return r })(sonde.get(`+itoa(f.Key)+`))`)
		if err != nil {
			return err
		}
		switch {
		case a.Said == "":
		case !a.Named && a.Bound == 0:
			x.failed("sonde-error-not-identified", f, a.Said)
		case a.Bound == 0:
			x.failed("sonde-error-not-linked", f, a.Said)
		}
	}
	return nil
}
