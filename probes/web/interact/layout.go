package interact

import (
	"fmt"
	"slices"
)

// spacing is the style of WCAG 1.4.12: what a reader who needs it may set without losing anything.
const spacing = `* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }`

// layout tries a window of 320 CSS pixels (WCAG 1.4.10), a zoom of 200 % in one of 1280 × 1024 (1.4.4) and wide spacing (1.4.12). What is cut off
// already in the ordinary window is not held against spacing; what leads on to the whole text is a teaser.
func (x *try) layout() error {
	width, height := x.t.Size()
	known := map[int]bool{} // what is cut off in a larger window is not the narrow one's
	whole, err := ask[[]spot](x, "clipped()")
	if err != nil {
		return err
	}
	before, err := ask[[]spot](x, "overlapping()")
	if err != nil {
		return err
	}
	spaced, err := ask[[]spot](x, "spaced(%q)", spacing)
	if err != nil {
		return err
	}
	cut := func(rule string, list []spot) {
		for i := range list {
			if !list[i].Linked {
				x.failed(rule, &list[i], fmt.Sprintf("%q", list[i].Text))
			}
		}
	}
	cut("sonde-spacing-cuts", spaced)
	if err := x.t.Viewport(x.ctx, 640, 512, false); err != nil {
		return err
	}
	zoomed, err := ask[[]spot](x, "clipped()")
	if err != nil {
		return err
	}
	cut("sonde-zoom-cuts", zoomed)
	for _, s := range append(whole, zoomed...) {
		known[s.Key] = true
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
	narrow, err := ask[[]spot](x, "clipped()")
	if err != nil {
		return err
	}
	for i := range narrow {
		if s := &narrow[i]; !known[s.Key] && !s.Linked {
			x.failed("sonde-narrow-cuts", s, fmt.Sprintf("%q", s.Text))
		}
	}
	upon, err := ask[[]spot](x, "overlapping()")
	if err != nil {
		return err
	}
	for i := range upon {
		if s := &upon[i]; !slices.ContainsFunc(before, func(b spot) bool { return b.Key == s.Key }) {
			x.failed("sonde-overlap", s, fmt.Sprintf("%q", s.Text))
		}
	}
	return x.t.Viewport(x.ctx, width, height, false)
}
