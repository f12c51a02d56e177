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
	spaced, err := ask[[]spot](x, "spaced(%q)", spacing)
	if err != nil {
		return err
	}
	x.cut("sonde-spacing-cuts", spaced, nil)
	if err := x.t.Viewport(x.ctx, 640, 512, false); err != nil {
		return err
	}
	zoomed, err := ask[[]spot](x, "clipped()")
	if err != nil {
		return err
	}
	x.cut("sonde-zoom-cuts", zoomed, nil)
	if err := x.t.Viewport(x.ctx, 320, 640, false); err != nil {
		return err
	}
	narrow, err := ask[struct {
		Wide []spot `json:"wide"`
		Cut  []spot `json:"cut"`
		Upon []spot `json:"upon"`
	}](x, "narrow(320)")
	if err != nil {
		return err
	}
	for i := range narrow.Wide {
		x.failed("sonde-reflow", &narrow.Wide[i], fmt.Sprintf("%.0f px", narrow.Wide[i].Rect.X+narrow.Wide[i].Rect.W))
	}
	if err := x.t.Viewport(x.ctx, width, height, false); err != nil || len(narrow.Cut)+len(narrow.Upon) == 0 {
		return err
	}
	// What is cut off or overlaps in a larger window too is not the narrow one's.
	whole, err := ask[[]spot](x, "clipped()")
	if err != nil {
		return err
	}
	x.cut("sonde-narrow-cuts", narrow.Cut, append(whole, zoomed...))
	upon, err := ask[[]spot](x, "overlapping()")
	if err != nil {
		return err
	}
	x.cut("sonde-overlap", narrow.Upon, upon)
	return nil
}

// cut tells of texts that a rule found, but for those known already and those that lead on to the whole text.
func (x *try) cut(rule string, list, known []spot) {
	for i := range list {
		s := &list[i]
		if !s.Linked && !slices.ContainsFunc(known, func(k spot) bool { return k.Key == s.Key }) {
			x.failed(rule, s, fmt.Sprintf("%q", s.Text))
		}
	}
}
