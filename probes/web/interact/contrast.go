package interact

import (
	"context"
	"encoding/json"
	"fmt"
	"image"

	"github.com/sonde-fleet/sonde/probes/web/browser"
	"github.com/sonde-fleet/sonde/probes/web/finding"
)

// maxContrasts is how many texts of a page are measured in pixels.
const maxContrasts = 24

// text is one text whose contrast is measured.
type text struct {
	At     int // in the list of findings
	Needed float64
	X, Y   float64 // in the window
	W, H   float64
	Size   float64
	Weight float64
	Length float64
	Color  []float64
	Seen   bool
	Gone   bool    // it has been hidden since
	Left   float64 // of the window in the document
	Top    float64
}

// rect is where the text stands in the window.
func (t *text) rect() image.Rectangle {
	return image.Rect(int(t.X), int(t.Y), int(t.X+t.W)+1, int(t.Y+t.H)+1)
}

// hide makes the texts of the selectors transparent, or shows them again.
const hide = `((on, list) => { for (const s of list) { let e; try { e = document.querySelector(s) } catch (x) { } if (!e) continue;
	if (on) { e.__style = e.getAttribute("style"); for (const p of ["color", "-webkit-text-fill-color", "text-shadow"]) e.style.setProperty(p, p === "text-shadow" ? "none" : "transparent", "important"); e.style.setProperty("transition", "none", "important") }
	else if (e.__style === null) e.removeAttribute("style"); else e.setAttribute("style", e.__style) } return 0 })(%t, %s)`

// band scrolls the first of the selectors into the window and says which of them stand in it.
const band = `(list => { const out = []; let first = null; try { first = document.querySelector(list[0]) } catch (x) { } if (first) scrollTo({ top: first.getBoundingClientRect().top + scrollY - innerHeight * 0.1, behavior: "instant" });
	list.forEach((s, i) => { let e; try { e = document.querySelector(s) } catch (x) { } if (!e) { out.push({ At: i, Left: scrollX, Top: scrollY }); return }
		const r = e.getBoundingClientRect(), c = getComputedStyle(e);
		const seen = r.width > 0 && r.top >= 0 && r.bottom <= innerHeight && r.left >= 0 && r.left < innerWidth;
		out.push({ At: i, Left: scrollX, Top: scrollY, X: r.left, Y: r.top, W: r.width, H: r.height, Size: parseFloat(c.fontSize) || 0, Weight: +c.fontWeight || 400, Length: (e.innerText || "").trim().length, Color: (c.color.match(/[\d.]+/g) || []).map(Number), Seen: (seen || i === 0) && r.width > 0, Gone: !e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) }) });
	return out })(%s)`

// maxBands is how many windows of a page are looked at.
const maxBands = 10

// Contrast decides what axe-core could not: the contrast of texts over pictures, gradients and other elements, from the
// pixels themselves, one window of the page after the other. What is certain becomes failed or goes; what stays between
// stays for a person.
func Contrast(ctx context.Context, t *browser.Tab, list []finding.Finding) ([]finding.Finding, error) {
	var open []int // findings to be decided
	for i := range list {
		if _, ok := needs[list[i].Rule]; ok && list[i].Outcome == finding.Review && list[i].Rect != nil && len(open) < maxContrasts {
			open = append(open, i)
		}
	}
	gone := map[int]bool{}
	var fault error
	for range maxBands {
		if len(open) == 0 || fault != nil {
			break
		}
		open, fault = decide(ctx, t, list, open, gone)
	}
	out := list[:0:0]
	for i := range list {
		if !gone[i] {
			out = append(out, list[i])
		}
	}
	return out, fault
}

// needs are the ratios of WCAG 2.2 for ordinary text: 1.4.3 and 1.4.6.
var needs = map[string]float64{"color-contrast": 4.5, "color-contrast-enhanced": 7}

// decide measures the texts of one window and returns those that stand elsewhere.
func decide(ctx context.Context, t *browser.Tab, list []finding.Finding, open []int, gone map[int]bool) (left []int, err error) {
	selectors := make([]string, len(open))
	for i, at := range open {
		selectors[i] = list[at].Selector
	}
	data, err := json.Marshal(selectors)
	if err != nil {
		return nil, err
	}
	texts, err := browser.Eval[[]text](ctx, t, fmt.Sprintf(band, data))
	if err != nil {
		return nil, err
	}
	here := image.Rectangle{} // around the texts of this window
	var shown []text
	for _, x := range texts {
		switch {
		case x.Gone:
			gone[open[x.At]] = true // a slide that has left: there is nothing to judge
		case x.Seen && x.Length >= 2 && x.Size > 0: // else a sign, or a place that a selector does not lead to: a person looks
			here = here.Union(x.rect())
			shown = append(shown, x)
		case !x.Seen && x.W > 0:
			left = append(left, open[x.At])
		}
	}
	width, height := t.Size()
	if here = here.Intersect(image.Rect(0, 0, width, height)); here.Empty() {
		return left, nil
	}
	scroll := image.Pt(int(shown[0].Left), int(shown[0].Top))
	with, err := t.View(ctx, here.Add(scroll))
	if err != nil {
		return nil, err
	}
	if _, err := browser.Eval[int](ctx, t, fmt.Sprintf(hide, true, data)); err != nil {
		return nil, err
	}
	without, err := t.View(ctx, here.Add(scroll))
	if err != nil {
		return nil, err
	}
	if _, err := browser.Eval[int](ctx, t, fmt.Sprintf(hide, false, data)); err != nil {
		return nil, err
	}
	for _, x := range shown {
		at := open[x.At]
		needed := needs[list[at].Rule]
		if x.Size >= 24 || x.Size >= 18.66 && x.Weight >= 700 {
			needed = map[float64]float64{4.5: 3, 7: 4.5}[needed]
		}
		c := contrasts(with, without, x.rect().Sub(here.Min), x.Color)
		if len(c) < 6 { // no letters to be seen there
			continue
		}
		f := &list[at]
		switch low, high := c[len(c)/20], c[len(c)*3/4]; {
		case high < needed:
			f.Outcome = finding.Failed
			f.Message += fmt.Sprintf(": %.2f:1 (%g:1)", high, needed)
			f.MessageFR += fmt.Sprintf(" : %.2f:1 (%g:1)", high, needed)
		case low >= needed:
			gone[at] = true
		}
	}
	return left, nil
}
