package interact

import (
	"time"

	"github.com/sonde-fleet/sonde/probes/web/browser"
)

// openBudget bounds how long the buttons of a page are tried.
const openBudget = 5 * time.Second

// open tries what opens something: by key first, then by mouse, so that what answers to the mouse alone is found; and a
// dialog that comes up must take the focus, keep it, let go at Escape and give it back.
func (x *try) open() error {
	list, err := ask[[]spot](x, "openers()")
	if err != nil {
		return err
	}
	end := time.Now().Add(openBudget)
	sound := map[string]bool{} // kinds of native control of which one was tried and did all that it should
	for i := range list {
		s := &list[i]
		if time.Now().After(end) {
			break
		}
		if s.Native && sound[s.Signature] {
			continue // for these the browser itself makes a click of a key: what could differ is what they open
		}
		told := len(x.out)
		if err := x.activate(s); err != nil {
			return err
		}
		sound[s.Signature] = len(x.out) == told
	}
	return nil
}

// acts presses a key on an element and says whether the page changed.
func (x *try) acts(s *spot, key string) (bool, error) {
	if ok, err := ask[bool](x, "ready(%d)", s.Key); err != nil || !ok {
		return false, err
	}
	if err := x.t.Press(x.ctx, key, browser.Plain); err != nil {
		return false, err
	}
	return x.happened(react)
}

// happened says whether something came up since watch, or anything at all changed, and waits for it at most so long.
func (x *try) happened(most time.Duration) (bool, error) {
	return ask[bool](x, "happened(%d)", most.Milliseconds())
}

func (x *try) activate(s *spot) error {
	leads := len(x.t.Current().Leads)
	keyed, spaced, byEnter := false, false, false // byEnter: Space was tried and led nowhere
	before, err := ask[state](x, "state(%d)", s.Key)
	if err != nil {
		return err
	}
	if s.Focusable {
		if s.Role == "button" && (!s.Native || s.Tag == "a") { // the browser gives a link Enter alone
			if spaced, err = x.acts(s, browser.KeySpace); err != nil {
				return err
			}
			byEnter = len(x.t.Current().Leads) == leads
		}
		if !spaced {
			if keyed, err = x.acts(s, browser.KeyEnter); err != nil {
				return err
			}
		}
	}
	if len(x.t.Current().Leads) > leads { // it leads away: a link, and it was not let go
		if keyed || !byEnter {
			return nil
		}
		x.failed("sonde-space-does-nothing", s, "")
		return nil
	}
	if !keyed && !spaced {
		if s.Native && s.Focusable {
			return x.restore() // the browser itself makes a click of the key: a click would do no more
		}
		clicked, err := x.clicks(s)
		if err != nil || !clicked {
			return err
		}
		if s.Focusable {
			x.failed("sonde-key-does-nothing", s, "")
		} else {
			x.failed("sonde-mouse-only", s, "")
		}
	} else if s.Role == "button" && (!s.Native || s.Tag == "a") && keyed && !spaced {
		x.failed("sonde-space-does-nothing", s, "")
	}
	d, err := ask[*spot](x, "dialog()")
	if err != nil {
		return err
	}
	if d != nil {
		return x.dialog(s, d)
	}
	if keyed || spaced {
		key := browser.KeyEnter
		if spaced {
			key = browser.KeySpace
		}
		if err := x.unfolds(s, before, key); err != nil {
			return err
		}
	}
	return x.restore()
}

// state is what a control says of itself.
type state struct {
	Expanded string `json:"expanded"` // aria-expanded, of itself or of what carries it in or around it; empty: none
	Other    bool   `json:"other"`    // it tells a state of another kind
	Name     string `json:"name"`
}

// unfolds looks at a control that has brought something up: when the same key takes it away again, the control opens and
// closes it, and must say which (ARIA Authoring Practices, disclosure).
func (x *try) unfolds(s *spot, before state, key string) error {
	shown, err := ask[*spot](x, "unfolded(%d)", s.Key)
	if err != nil || shown == nil {
		return err
	}
	after, err := ask[state](x, "state(%d)", s.Key)
	if err != nil || after.Other || after.Name != before.Name || after.Expanded != before.Expanded {
		return err
	}
	if _, err := x.acts(s, key); err != nil {
		return err
	}
	if still, err := ask[bool](x, "seen(%d)", shown.Key); err != nil || still {
		return err
	}
	if before.Expanded != "" {
		x.failed("sonde-state-stuck", s, "aria-expanded="+before.Expanded)
	} else {
		x.failed("sonde-state-missing", s, "")
	}
	return nil
}

// clicks clicks an element with the mouse and says whether the page changed.
func (x *try) clicks(s *spot) (bool, error) {
	place, err := ask[*spotPlace](x, "center(%d)", s.Key)
	if err != nil || place == nil {
		return false, err
	}
	if err := x.t.Point(x.ctx, place.X, place.Y); err != nil { // what hovering changes is not the click's
		return false, err
	}
	x.pause(30 * time.Millisecond)
	if _, err := ask[int](x, "watch()"); err != nil {
		return false, err
	}
	if err := x.t.Click(x.ctx, place.X, place.Y); err != nil {
		return false, err
	}
	return x.happened(react)
}

// dialog tries a dialog that came up: WCAG 2.4.3, 2.1.2 and the ARIA Authoring Practices' modal dialog.
func (x *try) dialog(opener, d *spot) error {
	in, err := ask[bool](x, "until(() => sonde.inside(%d), 250)", d.Key) // scripts may let it fade in
	if err != nil {
		return err
	}
	if seen, err := ask[bool](x, "seen(%d)", d.Key); err != nil || !seen {
		return err
	}
	if !in {
		x.failed("sonde-dialog-focus", d, "")
	}
	switch kind, err := ask[string](x, "dialogKind(%d)", d.Key); {
	case err != nil:
		return err
	case kind == "unmarked":
		x.failed("sonde-dialog-role", d, "")
	case kind == "unsure":
		x.review("sonde-dialog-role", d, "")
	case kind == "nameless":
		x.failed("sonde-dialog-name", d, "")
	}
	n, err := browser.Eval[int](x.ctx, x.t, `(e => e ? sonde.focusables(e).length : 0)(sonde.get(`+itoa(d.Key)+`))`)
	if err != nil {
		return err
	}
	if in && n > 0 {
		for range min(n+1, 12) {
			if err := x.t.Press(x.ctx, browser.KeyTab, browser.Plain); err != nil {
				return err
			}
			out, err := browser.Eval[bool](x.ctx, x.t, `(a => !!a && !sonde.get(`+itoa(d.Key)+`)?.contains(a))(sonde.deepActive())`)
			if err != nil {
				return err
			}
			if out {
				x.failed("sonde-dialog-leaves", d, "")
				break
			}
		}
	}
	closed := false
	for range 2 { // the first may be for the field in which the focus stands
		if err = x.t.Press(x.ctx, browser.KeyEscape, browser.Plain); err != nil {
			return err
		}
		if closed, err = ask[bool](x, "until(() => !sonde.seen(%d), 500)", d.Key); err != nil || closed {
			break
		}
		if _, err = ask[bool](x, "onto(%d)", d.Key); err != nil {
			break
		}
	}
	if err != nil {
		return err
	}
	if !closed {
		open := false
		x.failed("sonde-dialog-escape", d, "")
		if open, err = x.closeByButton(d); err != nil || open {
			return err
		}
	}
	back, err := browser.Eval[bool](x.ctx, x.t, `(a => { const o = sonde.get(`+itoa(opener.Key)+`); return !!a && !!o && (a === o || o.contains(a)) })(sonde.deepActive())`)
	if err != nil {
		return err
	}
	if !back {
		x.failed("sonde-dialog-return", opener, "")
	}
	return nil
}

// closeByButton looks for the dialog's own way out, and takes it.
func (x *try) closeByButton(d *spot) (open bool, err error) {
	closer, err := browser.Eval[*spot](x.ctx, x.t, `(d => { if (!d) return null;
		const l = [...d.querySelectorAll("button, a, [role=button], [onclick], [data-dismiss], [data-bs-dismiss], span, div")].filter(e => sonde.visible(e) && (/^(×|x|✕|✖|╳|⨉)$|fermer|close|annuler|cancel|dismiss/i.test(sonde.name(e).slice(0, 40)) || /\bclose\b|dismiss/i.test((e.getAttribute("class") || "").replace(/[-_]/g, " "))));
		const e = l.find(e => e.matches("button,a,[role=button]")) || l[0]; if (!e) return null;
		return { ...sonde.describe(e), focusable: e.tabIndex >= 0 } })(sonde.get(`+itoa(d.Key)+`))`)
	if err != nil {
		return true, err
	}
	if closer == nil {
		x.review("sonde-dialog-close", d, "")
		return true, x.restore()
	}
	if !closer.Focusable {
		x.failed("sonde-dialog-close", closer, "")
	}
	if _, err := x.clicks(closer); err != nil {
		return true, err
	}
	closed, err := ask[bool](x, "until(() => !sonde.seen(%d), 300)", d.Key)
	return !closed, err
}

// restore closes what Escape closes, so that the next control is tried on the same page.
func (x *try) restore() error {
	return x.t.Press(x.ctx, browser.KeyEscape, browser.Plain)
}
