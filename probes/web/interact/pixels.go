package interact

import (
	"image"
	"image/color"
	"math"
	"slices"
)

// differ says whether two pictures of one place are different to the eye: at least a dozen pixels change clearly.
func differ(a, b image.Image) bool {
	r := a.Bounds()
	if r != b.Bounds() {
		return true
	}
	n := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if distance(a.At(x, y), b.At(x, y)) > 24 {
				if n++; n >= 12 {
					return true
				}
			}
		}
	}
	return false
}

// distance is the largest difference of a channel, 0 to 255.
func distance(a, b color.Color) int {
	r1, g1, b1, _ := a.RGBA()
	r2, g2, b2, _ := b.RGBA()
	d := func(x, y uint32) int { return int(math.Abs(float64(x>>8) - float64(y>>8))) }
	return max(d(r1, r2), d(g1, g2), d(b1, b2))
}

// luminance is the relative luminance of WCAG 2.2.
func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	f := func(v uint32) float64 {
		s := float64(v>>8) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*f(r) + 0.7152*f(g) + 0.0722*f(b)
}

// ratio is the contrast ratio of WCAG 2.2, 1 to 21.
func ratio(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// contrasts returns the contrast of a text with what lies behind it, pixel by pixel, in ascending order: with is the picture
// of the text, without the same place with the text made transparent, ink the text's colour (red, green, blue from 0 to 255,
// and opacity). Only where letters are is looked; their edges are blends, so the ink and not the picture is what counts.
func contrasts(with, without image.Image, r image.Rectangle, ink []float64) []float64 {
	if len(ink) < 3 {
		return nil
	}
	opacity := 1.0
	if len(ink) > 3 {
		opacity = ink[3]
	}
	r = r.Intersect(with.Bounds()).Intersect(without.Bounds())
	var out []float64
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			behind := without.At(x, y)
			if distance(with.At(x, y), behind) <= 8 {
				continue
			}
			b1, b2, b3, _ := behind.RGBA()
			mix := func(c float64, b uint32) uint8 { return uint8(min(max(c*opacity+float64(b>>8)*(1-opacity), 0), 255)) }
			out = append(out, ratio(color.RGBA{mix(ink[0], b1), mix(ink[1], b2), mix(ink[2], b3), 255}, behind))
		}
	}
	slices.Sort(out)
	return out
}
