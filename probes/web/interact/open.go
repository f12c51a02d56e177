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
	for i := range list {
		if time.Now().After(end) {
			break
		}
		if err := x.activate(&list[i]); err != nil {
			return err
		}
	}
	return nil
}

// acts presses a key on an element and says whether the page changed.
func (x *try) acts(s *spot, key string) (bool, error) {
	if ok, err := ask[bool](x, "focus(%d)", s.Key); err != nil || !ok {
		return false, err
	}
	x.pause(20 * time.Millisecond)
	if _, err := ask[int](x, "watch()"); err != nil {
		return false, err
	}
	if err := x.t.Press(x.ctx, key, browser.Plain); err != nil {
		return false, err
	}
	x.pause(react)
	return x.happened()
}

// happened says whether something came up since watch, or anything at all changed.
func (x *try) happened() (bool, error) {
	return browser.Eval[bool](x.ctx, x.t, `sonde.changed() > 0 || sonde.appeared().length > 0`)
}

func (x *try) activate(s *spot) error {
	leads := len(x.t.Current().Leads)
	keyed, spaced := false, false
	var err error
	if s.Focusable {
		if s.Role == "button" && !s.Native {
			if spaced, err = x.acts(s, browser.KeySpace); err != nil {
				return err
			}
		}
		if !spaced {
			if keyed, err = x.acts(s, browser.KeyEnter); err != nil {
				return err
			}
		}
	}
	if len(x.t.Current().Leads) > leads {
		return nil // it leads away: a link, and it was not let go
	}
	if !keyed && !spaced {
		clicked, err := x.clicks(s)
		if err != nil || !clicked {
			return err
		}
		if s.Native && s.Focusable {
			return x.restore() // the browser itself makes a click of the key: the page had changed by itself
		}
		if s.Focusable {
			x.failed("sonde-key-does-nothing", s, "")
		} else {
			x.failed("sonde-mouse-only", s, "")
		}
	} else if s.Role == "button" && !s.Native && keyed && !spaced {
		x.failed("sonde-space-does-nothing", s, "")
	}
	d, err := ask[*spot](x, "dialog()")
	if err != nil {
		return err
	}
	if d != nil {
		return x.dialog(s, d)
	}
	return x.restore()
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
	x.pause(react)
	return x.happened()
}

// dialog tries a dialog that came up: WCAG 2.4.3, 2.1.2 and the ARIA Authoring Practices' modal dialog.
func (x *try) dialog(opener, d *spot) error {
	x.pause(250 * time.Millisecond) // animations
	if seen, err := ask[bool](x, "seen(%d)", d.Key); err != nil || !seen {
		return err
	}
	in, err := ask[bool](x, "inside(%d)", d.Key)
	if err != nil {
		return err
	}
	if !in {
		x.failed("sonde-dialog-focus", d, "")
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
	if err := x.t.Press(x.ctx, browser.KeyEscape, browser.Plain); err != nil {
		return err
	}
	x.pause(350 * time.Millisecond)
	open, err := ask[bool](x, "seen(%d)", d.Key)
	if err != nil {
		return err
	}
	if open {
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
	x.pause(300 * time.Millisecond)
	return ask[bool](x, "seen(%d)", d.Key)
}

// restore closes what Escape closes, so that the next control is tried on the same page.
func (x *try) restore() error {
	return x.t.Press(x.ctx, browser.KeyEscape, browser.Plain)
}
