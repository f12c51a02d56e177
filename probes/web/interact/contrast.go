package interact

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"github.com/sonde-fleet/sonde/probes/web/browser"
	"github.com/sonde-fleet/sonde/probes/web/finding"
)

// maxContrasts is how many texts of a page are measured in pixels.
const maxContrasts = 24

// Contrast decides what axe-core could not: the contrast of texts over pictures, gradients and other elements, from the
// pixels themselves. What is certain becomes failed or goes; what stays between stays for a person.
func Contrast(ctx context.Context, t *browser.Tab, list []finding.Finding) ([]finding.Finding, error) {
	out := list[:0:0]
	n := 0
	var fault error
	for _, f := range list {
		needed, ok := map[string]float64{"color-contrast": 4.5, "color-contrast-enhanced": 7}[f.Rule]
		if !ok || f.Outcome != finding.Review || f.Rect == nil || n >= maxContrasts || fault != nil {
			out = append(out, f)
			continue
		}
		n++
		c, large, err := measure(ctx, t, &f)
		if err != nil {
			fault = err
			out = append(out, f)
			continue
		}
		if large {
			needed = map[float64]float64{4.5: 3, 7: 4.5}[needed]
		}
		if len(c) < 6 { // no letters to be seen there
			out = append(out, f)
			continue
		}
		low, high := c[len(c)/20], c[len(c)*3/4]
		switch {
		case high < needed:
			f.Outcome = finding.Failed
			f.Message += fmt.Sprintf(": %.2f:1 (%g:1)", high, needed)
			f.MessageFR += fmt.Sprintf(" : %.2f:1 (%g:1)", high, needed)
		case low >= needed:
			continue
		}
		out = append(out, f)
	}
	return out, fault
}

// measure takes the text's picture with and without its letters.
func measure(ctx context.Context, t *browser.Tab, f *finding.Finding) (ratios []float64, large bool, err error) {
	style, err := browser.Eval[*struct {
		Size, Weight, Text float64
		Color              []float64
	}](ctx, t, `(e => { if (!e) return null; const s = getComputedStyle(e); return { Size: parseFloat(s.fontSize), Weight: +s.fontWeight, Text: (e.innerText || '').trim().length, Color: (s.color.match(/[\d.]+/g) || []).map(Number) } })(document.querySelector(`+strconv.Quote(f.Selector)+`))`)
	if err != nil {
		if ctx.Err() == nil && !t.Dead() {
			return nil, false, nil // a selector through frames or shadow trees
		}
		return nil, false, err
	}
	if style == nil || math.IsNaN(style.Size) || style.Text < 2 {
		return nil, false, nil
	}
	r := *f.Rect
	r.W, r.H = min(r.W, 500), min(r.H, 120)
	with, err := t.Shot(ctx, r)
	if err != nil {
		return nil, false, err
	}
	const hide = `(on => { const e = document.querySelector(%s); if (on) { e.__style = e.getAttribute("style"); for (const p of ["color", "-webkit-text-fill-color", "text-shadow"]) e.style.setProperty(p, p === "text-shadow" ? "none" : "transparent", "important"); e.style.setProperty("transition", "none", "important") } else if (e.__style === null) e.removeAttribute("style"); else e.setAttribute("style", e.__style); return 0 })(%t)`
	if _, err := browser.Eval[int](ctx, t, fmt.Sprintf(hide, strconv.Quote(f.Selector), true)); err != nil {
		return nil, false, err
	}
	without, err := t.Shot(ctx, r)
	if err != nil {
		return nil, false, err
	}
	if _, err := browser.Eval[int](ctx, t, fmt.Sprintf(hide, strconv.Quote(f.Selector), false)); err != nil {
		return nil, false, err
	}
	return contrasts(with, without, style.Color), style.Size >= 24 || style.Size >= 18.66 && style.Weight >= 700, nil
}
