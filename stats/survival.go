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

// Curve is a Kaplan–Meier estimate (Kaplan and Meier 1958) with what is read off it. Undefined figures are NaN. Of many
// audits (Columns.Report) only the steps that can be seen in a drawing are kept; everything else is read off all of them.
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
	if tau <= 0 && len(sorted) > 0 {
		tau = sorted[len(sorted)-1].Time
	}
	e := newEstimate(len(sorted), tau, nil, keepAll)
	for i := 0; i < len(sorted); {
		t, events, censored := sorted[i].Time, 0, 0
		for ; i < len(sorted) && sorted[i].Time == t; i++ {
			if sorted[i].Event {
				events++
			} else {
				censored++ // an event comes before a censoring at the same time
			}
		}
		e.step(t, events, censored)
	}
	return *e.finish(), nil
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

// At returns the estimate at time t with its interval: the share without an answer just after t.
func (c *Curve) At(t float64) (s, low, high float64) {
	s, low, high = 1, math.NaN(), math.NaN()
	for _, step := range c.Steps {
		if step.T > t {
			break
		}
		s, low, high = step.S, step.Low, step.High
	}
	return c.interval(s, low, high)
}

// interval returns the share with its interval. Where the log-log scale has none, Wilson's for the same share gives the
// only honest one.
func (c *Curve) interval(s, low, high float64) (share, from, to float64) {
	if math.IsNaN(low) {
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
