package stats

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Subject is one audit in a survival analysis: how long it was followed, and whether the answer came at the end of
// that time (Event) or was still awaited (right-censored).
type Subject struct {
	Time  float64 // any unit, zero or more
	Event bool
}

// Step is the Kaplan–Meier estimate from the instant T on.
type Step struct {
	T              float64 // time of the step
	AtRisk, Events int     // just before T, at T
	Censored       int     // at T, after the events
	S              float64 // share still without an answer after T
	SE             float64 // standard error of S (Greenwood)
	Low, High      float64 // 95 % interval on the log-log scale; NaN where it is not defined (S is 0 or 1)
}

// Curve is a Kaplan–Meier estimate (Kaplan and Meier 1958) with what is read off it. Undefined figures are NaN.
type Curve struct {
	N, Events               int
	Steps                   []Step
	Median, MedLow, MedHigh float64
	// Mean is the mean restricted to Tau, the area under the curve up to there; MeanSE its standard error.
	Mean, MeanSE, Tau float64
}

// z975 is the 97.5 % quantile of the normal distribution.
const z975 = 1.959963984540054

// tieTolerance is that of R's survival package: times that differ by less are one time (survival's aeqSurv).
const tieTolerance = 1.4901161193847656e-08 // sqrt of the double precision epsilon

// ErrTime says that a time cannot be followed.
var ErrTime = errors.New("a time must be a finite number, zero or more")

// KaplanMeier estimates the share that is still without an answer, up to the horizon tau for the restricted mean; a
// tau that is not positive stands for the largest time. It agrees with survfit(…, conf.type = "log-log") of R.
func KaplanMeier(subjects []Subject, tau float64) (Curve, error) {
	sorted, err := sortedByTime(subjects)
	if err != nil {
		return Curve{}, err
	}
	c := Curve{N: len(sorted), Tau: tau, Median: math.NaN(), MedLow: math.NaN(), MedHigh: math.NaN()}
	s, greenwood := 1.0, 0.0
	for i := 0; i < len(sorted); {
		step := Step{T: sorted[i].Time, AtRisk: len(sorted) - i}
		for ; i < len(sorted) && sorted[i].Time == step.T; i++ {
			if sorted[i].Event {
				step.Events++
			} else {
				step.Censored++ // an event comes before a censoring at the same time
			}
		}
		c.Events += step.Events
		n, d := float64(step.AtRisk), float64(step.Events)
		s *= (n - d) / n
		if n > d {
			greenwood += d / (n * (n - d))
		} else if d > 0 {
			greenwood = math.Inf(1)
		}
		step.S = s
		step.SE = s * math.Sqrt(greenwood)
		if s == 0 {
			step.SE = math.NaN()
		}
		step.Low, step.High = logLog(s, math.Sqrt(greenwood))
		c.Steps = append(c.Steps, step)
	}
	c.Median = c.halfway(func(s Step) float64 { return s.S })
	c.MedLow = c.halfway(func(s Step) float64 { return s.Low })
	c.MedHigh = c.halfway(func(s Step) float64 { return s.High })
	if c.Tau <= 0 && len(sorted) > 0 {
		c.Tau = sorted[len(sorted)-1].Time
	}
	c.Mean, c.MeanSE = c.restrictedMean(c.Tau)
	return c, nil
}

// logLog returns the 95 % interval of a survival share whose logarithm has the standard error se.
func logLog(s, se float64) (low, high float64) {
	if s <= 0 || s >= 1 {
		return math.NaN(), math.NaN()
	}
	width := z975 * se / math.Log(s) // negative
	at := math.Log(-math.Log(s))
	return math.Exp(-math.Exp(at - width)), math.Exp(-math.Exp(at + width))
}

// sortedByTime returns the subjects in order of time, with times that R would call equal made equal.
func sortedByTime(subjects []Subject) ([]Subject, error) {
	tied, err := tiedTimes(subjects)
	if err != nil {
		return nil, err
	}
	sorted := slices.Clone(subjects)
	for i := range sorted {
		sorted[i].Time = tied[i]
	}
	slices.SortFunc(sorted, func(a, b Subject) int { return cmp.Compare(a.Time, b.Time) })
	return sorted, nil
}

// tiedTimes returns each subject's time, with times that differ by less than the tolerance made equal to the smallest
// of them.
func tiedTimes(subjects []Subject) ([]float64, error) {
	distinct := make([]float64, len(subjects))
	for i, s := range subjects {
		if math.IsNaN(s.Time) || math.IsInf(s.Time, 0) || s.Time < 0 {
			return nil, fmt.Errorf("row %d: time %v: %w", i+1, s.Time, ErrTime)
		}
		distinct[i] = s.Time
	}
	slices.Sort(distinct)
	distinct = slices.Compact(distinct)
	mean := 0.0
	for _, t := range distinct {
		mean += t
	}
	mean /= float64(max(len(distinct), 1))
	first := make([]float64, len(distinct)) // the time that each distinct time stands for
	for i, t := range distinct {
		first[i] = t
		if i > 0 {
			if gap := t - distinct[i-1]; gap <= tieTolerance || gap/mean <= tieTolerance {
				first[i] = first[i-1]
			}
		}
	}
	out := make([]float64, len(subjects))
	for i, s := range subjects {
		at, _ := slices.BinarySearch(distinct, s.Time)
		out[i] = first[at]
	}
	return out, nil
}

// halfway returns the first time at which the value falls to a half; where it is exactly a half over a stretch, the
// middle of that stretch, as R does.
func (c *Curve) halfway(value func(Step) float64) float64 {
	for i, s := range c.Steps {
		y := value(s)
		if math.IsNaN(y) || y >= 0.5+tieTolerance {
			continue
		}
		if math.Abs(y-0.5) < tieTolerance {
			for _, later := range c.Steps[i:] {
				if v := value(later); !math.IsNaN(v) && v < y {
					return (s.T + later.T) / 2
				}
			}
		}
		return s.T
	}
	return math.NaN()
}

// restrictedMean returns the area under the curve up to tau and its standard error (Miller, Survival Analysis, 1981).
func (c *Curve) restrictedMean(tau float64) (mean, se float64) {
	if len(c.Steps) == 0 || tau <= 0 {
		return math.NaN(), math.NaN()
	}
	s, at := 1.0, 0.0
	var areas, hazards []float64 // area after each step, Greenwood's term of the step
	for _, step := range c.Steps {
		if step.T > tau {
			break
		}
		area := (step.T - at) * s
		mean += area
		if len(areas) > 0 {
			areas[len(areas)-1] = area
		}
		n, d := float64(step.AtRisk), float64(step.Events)
		h := 0.0
		if n > d {
			h = d / (n * (n - d))
		}
		areas, hazards = append(areas, 0), append(hazards, h)
		s, at = step.S, step.T
	}
	last := (tau - at) * s
	mean += last
	variance, tail := 0.0, last
	for i := len(areas) - 1; i >= 0; i-- {
		if i < len(areas)-1 {
			tail += areas[i]
		}
		variance += tail * tail * hazards[i]
	}
	return mean, math.Sqrt(variance)
}

// At returns the estimate at time t with its interval: the share without an answer just after t.
func (c *Curve) At(t float64) (s, low, high float64) {
	s, low, high = 1, math.NaN(), math.NaN()
	for _, step := range c.Steps {
		if step.T > t {
			break
		}
		s, low, high = step.S, step.Low, step.High
	}
	if math.IsNaN(low) {
		// Where the log-log scale has no interval, Wilson's for the same share gives the only honest one.
		w := Wilson(int(math.Round(s*float64(c.N))), c.N)
		return s, w.Low, w.High
	}
	return s, low, high
}

// Quantile returns the time by which the share p is answered, NaN when it never is.
func (c *Curve) Quantile(p float64) float64 {
	for _, step := range c.Steps {
		if 1-step.S >= p-tieTolerance {
			return step.T
		}
	}
	return math.NaN()
}
