package interact

import (
	"time"

	"github.com/sonde-fleet/sonde/probes/web/browser"
)

// hoverBudget bounds how long the mouse is moved about a page.
const hoverBudget = 4 * time.Second

// hover finds what only a mouse brings to light: menus and hints that the keyboard's focus does not open (WCAG 2.1.1, 1.4.13).
func (x *try) hover() error {
	list, err := ask[[]spot](x, "hoverables()")
	if err != nil {
		return err
	}
	defer func() { _ = x.t.Point(x.ctx, 1, 1) }() // leave nothing open
	end := time.Now().Add(hoverBudget)
	for i := range list {
		if time.Now().After(end) {
			break
		}
		s := &list[i]
		shown, err := x.reveals(s)
		if err != nil || shown == nil {
			if err != nil {
				return err
			}
			continue
		}
		opens, err := x.opensByKey(s, shown)
		if err != nil {
			return err
		}
		if !opens {
			x.failed("sonde-hover-only", s, "")
		}
	}
	return nil
}

// reveals moves the mouse onto an element and returns what appears, nil when nothing does.
func (x *try) reveals(s *spot) (*spot, error) {
	if err := x.t.Point(x.ctx, 1, 1); err != nil {
		return nil, err
	}
	if _, err := ask[int](x, "blur()"); err != nil {
		return nil, err
	}
	place, err := ask[*spotPlace](x, "center(%d)", s.Key)
	if err != nil || place == nil {
		return nil, err
	}
	if _, err := ask[int](x, "watch()"); err != nil {
		return nil, err
	}
	if err := x.t.Point(x.ctx, place.X, min(place.Y, place.Y-place.H/2+14)); err != nil {
		return nil, err
	}
	x.pause(react)
	found, err := browser.Eval[[]spot](x.ctx, x.t, `sonde.appeared().filter(e => sonde.squeeze(e.innerText) || e.querySelector("img,a,button")).slice(0, 1).map(sonde.describe)`)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// spotPlace is the middle of an element in the window.
type spotPlace struct{ X, Y, W, H float64 }

// opensByKey says whether the focus, or a key on what has the focus, brings up what the mouse did.
func (x *try) opensByKey(s, shown *spot) (bool, error) {
	if err := x.t.Point(x.ctx, 1, 1); err != nil {
		return false, err
	}
	x.pause(react)
	if still, err := ask[bool](x, "seen(%d)", shown.Key); err != nil || still {
		return true, err // it stays: the mouse had opened it for good
	}
	for _, key := range s.Inner[:min(len(s.Inner), 2)] {
		if ok, err := ask[bool](x, "focus(%d)", key); err != nil || !ok {
			if err != nil {
				return false, err
			}
			continue
		}
		x.pause(react)
		for _, press := range []string{"", browser.KeyEnter, browser.KeySpace, browser.KeyDown} {
			if press != "" {
				if err := x.t.Press(x.ctx, press, browser.Plain); err != nil {
					return false, err
				}
				x.pause(react)
			}
			if seen, err := ask[bool](x, "seen(%d)", shown.Key); err != nil || seen {
				return true, err
			}
		}
	}
	return false, nil
}
