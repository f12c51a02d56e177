package score

import (
	"math"

	"github.com/sonde-fleet/sonde/stats"
	"gonum.org/v1/gonum/stat/distuv"
)

// Bands are the percentiles of the scores of a category between which a structure is shown.
type Bands struct {
	N                       int
	P10, P25, P50, P75, P90 float64
}

// BandsOf returns the percentiles of a figure over a category's structures; those without it do not count.
func (s *Sheet) BandsOf(c int, figure func(*Body) float64) Bands {
	var values []float64
	for _, k := range s.Categories[c].Bodies {
		if v := figure(&s.Bodies[k]); !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	q := func(p float64) float64 { return stats.Quantile(values, p) }
	return Bands{len(values), q(0.1), q(0.25), q(0.5), q(0.75), q(0.9)}
}

// Category returns the place of the structure's category.
func (s *Sheet) Category(k int) int {
	for c := range s.Categories {
		if s.Categories[c].Name == s.Bodies[k].Category {
			return c
		}
	}
	return -1
}

// Funnel is a structure against what chance alone would make of an average one (Spiegelhalter, Statistics in Medicine 2005):
// the limits at 95 % and 99.8 % around the category's mean at the structure's own precision.
type Funnel struct {
	Body      int
	Precision float64 // 1 / standard error
	Score     float64
	Low95, High95,
	Low998, High998 float64
}

// z999 is the 99.9 % quantile of the normal distribution.
const z999 = 3.090232306167813

// FunnelOf returns the funnel of a category.
func (s *Sheet) FunnelOf(c int) (out []Funnel) {
	cat := &s.Categories[c]
	for _, k := range cat.Bodies {
		b := &s.Bodies[k]
		if b.Rank == 0 || b.Score.SE == 0 {
			continue
		}
		at := func(z float64) float64 { return min(100, max(0, cat.Mean+z*b.Score.SE)) }
		out = append(out, Funnel{k, 1 / b.Score.SE, b.Score.Value, at(-z975), at(z975), at(-z999), at(z999)})
	}
	return out
}

// Contrast is the difference between the mean scores of two groups of structures, with its interval at 95 % (Welch).
type Contrast struct {
	A, B                  Mean // N counts structures
	Difference, Low, High float64
	EnoughToCompare       bool // at least two structures in each
}

// Sectors compares public structures with private ones: the mean of the figure over the structures of each.
func (s *Sheet) Sectors(figure func(*Body) float64) Contrast {
	by := map[string][]float64{}
	for i := range s.Bodies {
		if v := figure(&s.Bodies[i]); !math.IsNaN(v) {
			by[s.Bodies[i].Sector] = append(by[s.Bodies[i].Sector], v)
		}
	}
	c := Contrast{A: meanOf(by["public"]), B: meanOf(by["private"])}
	c.Difference, c.Low, c.High = c.A.Value-c.B.Value, math.NaN(), math.NaN()
	if c.EnoughToCompare = c.A.N > 1 && c.B.N > 1; !c.EnoughToCompare {
		return c
	}
	a, b := c.A.SE*c.A.SE, c.B.SE*c.B.SE
	if a+b == 0 {
		return c
	}
	freedom := (a + b) * (a + b) / (a*a/float64(c.A.N-1) + b*b/float64(c.B.N-1))
	wide := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Quantile(0.975) * math.Sqrt(a+b)
	c.Low, c.High = c.Difference-wide, c.Difference+wide
	return c
}

// meanOf returns the mean of structures' figures with Student's interval.
func meanOf(values []float64) Mean {
	m := Mean{Value: math.NaN(), SE: math.NaN(), Low: math.NaN(), High: math.NaN(), N: len(values)}
	if m.N == 0 {
		return m
	}
	m.Value = 0
	for _, v := range values {
		m.Value += v
	}
	m.Value /= float64(m.N)
	if m.N == 1 {
		return m
	}
	squares := 0.0
	for _, v := range values {
		squares += (v - m.Value) * (v - m.Value)
	}
	m.SE = math.Sqrt(squares / float64(m.N-1) / float64(m.N))
	wide := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(m.N - 1)}.Quantile(0.975) * m.SE
	m.Low, m.High = max(0, m.Value-wide), min(100, m.Value+wide)
	return m
}

// MeanOf returns the mean of a figure over all structures of the sheet, each counting once.
func (s *Sheet) MeanOf(figure func(*Body) float64) Mean {
	var values []float64
	for i := range s.Bodies {
		if v := figure(&s.Bodies[i]); !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	return meanOf(values)
}
