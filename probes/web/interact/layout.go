package interact

import (
	"fmt"

	"github.com/sonde-fleet/sonde/probes/web/browser"
)

// spacing is the style of WCAG 1.4.12: what a reader who needs it may set without losing anything.
const spacing = `* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }`

// layout tries a window of 320 CSS pixels (WCAG 1.4.10), a zoom of 200 % in one of 1280 × 1024 (1.4.4) and wide spacing (1.4.12). What is cut off
// already in the ordinary window is not held against spacing; what leads on to the whole text is a teaser.
func (x *try) layout() error {
	width, height := x.t.Size()
	before, err := ask[[]spot](x, "clipped()")
	if err != nil {
		return err
	}
	known := map[int]bool{}
	for _, s := range before {
		known[s.Key] = true
	}
	fresh := func(rule string) error {
		cut, err := ask[[]spot](x, "clipped()")
		if err != nil {
			return err
		}
		for i := range cut {
			if known[cut[i].Key] && rule != "sonde-zoom-cuts" {
				continue
			}
			if !cut[i].Linked {
				x.failed(rule, &cut[i], fmt.Sprintf("%q", cut[i].Text))
			}
		}
		return nil
	}
	if _, err := browser.Eval[int](x.ctx, x.t, fmt.Sprintf("(() => { sonde.spacing = document.createElement('style'); sonde.spacing.textContent = %q; document.documentElement.append(sonde.spacing); return 0 })()", spacing)); err != nil {
		return err
	}
	if err := fresh("sonde-spacing-cuts"); err != nil {
		return err
	}
	if _, err := browser.Eval[int](x.ctx, x.t, "(sonde.spacing.remove(), 0)"); err != nil {
		return err
	}
	if err := x.t.Viewport(x.ctx, 640, 512, false); err != nil {
		return err
	}
	if err := fresh("sonde-zoom-cuts"); err != nil {
		return err
	}
	if err := x.t.Viewport(x.ctx, 320, 640, false); err != nil {
		return err
	}
	wide, err := ask[[]spot](x, "overflowing(320)")
	if err != nil {
		return err
	}
	for i := range wide {
		x.failed("sonde-reflow", &wide[i], fmt.Sprintf("%.0f px", wide[i].Rect.X+wide[i].Rect.W))
	}
	return x.t.Viewport(x.ctx, width, height, false)
}
