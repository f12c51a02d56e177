package stats

import "math"

// estimate makes a Kaplan–Meier curve in one pass over its steps in order of time, and reads off it what is published on
// the way, so that the steps themselves need not be kept.
type estimate struct {
	curve    Curve
	keep     keeping
	horizons []float64 // ascending
	at       []instant // the curve at the horizons that were passed
	p90      float64

	atRisk       int
	s, greenwood float64
	last         Step // the last one with an event; S and what follows are not set
	// area is the one under the curve up to the time to; spread, lever and weight are the sums over the events so far of
	// Greenwood's term times the square of the area since, the area since, and 1. Nothing is subtracted, so nothing cancels.
	to, area, spread, lever, weight float64
	s5, low5, high5                 halfway
	bin                             float64 // end of the stretch of time of which the last step is kept
}

// keeping says which steps stay in the curve.
type keeping uint8

const (
	keepAll  keeping = iota
	keepDraw         // of the steps with an event, the last of each 720th of tau, and the last of all
)

// drawn is how many steps a curve needs to be drawn; of 15 days, one for every half hour.
const drawn = 720

// instant is where a curve is at some time.
type instant struct{ s, greenwood float64 }

func newEstimate(n int, tau float64, horizons []float64, keep keeping) estimate {
	nan := math.NaN()
	return estimate{curve: Curve{N: n, Tau: tau}, keep: keep, horizons: horizons, p90: nan, atRisk: n, s: 1,
		s5: halfway{at: nan}, low5: halfway{at: nan}, high5: halfway{at: nan}}
}

// step takes the subjects whose time is t: so many answered, so many censored after that.
func (e *estimate) step(t float64, events, censored int) {
	atRisk := e.atRisk
	e.atRisk -= events + censored
	if events > 0 {
		e.event(t, atRisk, events, censored)
	}
	if e.keep == keepAll {
		e.curve.Steps = append(e.curve.Steps, e.drawn(Step{T: t, AtRisk: atRisk, Events: events, Censored: censored}))
	}
}

func (e *estimate) event(t float64, atRisk, events, censored int) {
	for len(e.at) < len(e.horizons) && t > e.horizons[len(e.at)] {
		e.at = append(e.at, instant{e.s, e.greenwood})
	}
	if e.keep == keepDraw && t > e.bin {
		if e.last.Events > 0 {
			e.curve.Steps = append(e.curve.Steps, e.drawn(e.last))
		}
		width := e.curve.Tau / drawn
		e.bin = math.Ceil(t/width) * width
	}
	n, d := float64(atRisk), float64(events)
	e.advance(min(t, e.curve.Tau))
	e.curve.Events += events
	e.s *= (n - d) / n
	if atRisk > events {
		h := d / (n * (n - d))
		e.greenwood += h
		if t <= e.curve.Tau {
			e.weight += h
		}
	} else {
		e.greenwood = math.Inf(1)
	}
	e.last.T, e.last.AtRisk, e.last.Events, e.last.Censored = t, atRisk, events, censored
	if !e.s5.known || e.s5.open {
		e.s5.see(t, e.s)
	}
	if math.IsNaN(e.p90) && 1-e.s >= 0.9-tieTolerance {
		e.p90 = t
	}
	if e.low5.open || !e.low5.known && e.greenwood >= bounds.low[bucket(e.s)] {
		low, _ := logLog(e.s, math.Sqrt(e.greenwood))
		e.low5.see(t, low)
	}
	if e.high5.open || !e.high5.known && e.greenwood <= bounds.high[bucket(e.s)] {
		_, high := logLog(e.s, math.Sqrt(e.greenwood))
		e.high5.see(t, high)
	}
}

// advance adds the area up to the time t.
func (e *estimate) advance(t float64) {
	a := (t - e.to) * e.s
	e.to = t
	e.area += a
	e.spread += a * (2*e.lever + a*e.weight)
	e.lever += a * e.weight
}

// drawn fills in the step that was taken last.
func (e *estimate) drawn(s Step) Step {
	s.S, s.SE = e.s, e.s*math.Sqrt(e.greenwood)
	if e.s == 0 {
		s.SE = math.NaN()
	}
	s.Low, s.High = logLog(e.s, math.Sqrt(e.greenwood))
	return s
}

// finish returns the curve. The restricted mean and its standard error are those of Miller, Survival Analysis (1981).
func (e *estimate) finish() *Curve {
	c := &e.curve
	for len(e.at) < len(e.horizons) {
		e.at = append(e.at, instant{e.s, e.greenwood})
	}
	if e.keep == keepDraw && e.last.Events > 0 {
		c.Steps = append(c.Steps, e.drawn(e.last))
	}
	c.Median, c.MedLow, c.MedHigh = e.s5.at, e.low5.at, e.high5.at
	c.Mean, c.MeanSE = math.NaN(), math.NaN()
	if c.N > 0 && c.Tau > 0 {
		e.advance(c.Tau)
		c.Mean, c.MeanSE = e.area, math.Sqrt(e.spread)
	}
	return c
}

// halfway finds the first time at which a value falls to a half; where it is exactly a half over a stretch, the middle of
// that stretch, as R does.
type halfway struct {
	at, y float64
	known bool
	open  bool // it is exactly a half since at
}

func (h *halfway) see(t, y float64) {
	switch {
	case math.IsNaN(y):
	case h.open:
		if y < h.y {
			h.at, h.open = (h.at+t)/2, false
		}
	case !h.known && y < 0.5+tieTolerance:
		h.at, h.y, h.known = t, y, true
		h.open = math.Abs(y-0.5) < tieTolerance
	}
}

// buckets is into how many stretches shares from 0 to 1 are cut for bounds.
const buckets = 1 << 10

func bucket(s float64) int { return int(s * buckets) }

// bounds tells for a share s, by its bucket, whether an end of its interval can have fallen to a half: the lower one only
// when Greenwood's sum g is low[bucket] or more, the upper one only when it is high[bucket] or less. That spares four
// logarithms and exponentials for nearly every step. With L = -log s, the lower end is at most a half where
// z·√g ≥ h(L) = L·(log log 2 - log L), the upper one where z·√g ≤ -h(L); h is concave, so over a bucket it is least at one
// of the ends. TestIntervalsAreNotMissed holds it to the plain computation.
var bounds = func() (b struct{ low, high [buckets + 1]float64 }) {
	h := func(s float64) float64 {
		switch l := -math.Log(s); {
		case s >= 1:
			return 0
		case s <= 0:
			return math.Inf(-1)
		default:
			return l * (math.Log(-math.Log(0.5+tieTolerance)) - math.Log(l))
		}
	}
	const slack = 1e-6 // for rounding
	for i := range buckets + 1 {
		x, y := h(float64(i)/buckets), h(float64(i+1)/buckets)
		if least := min(x, y); least > 0 {
			b.low[i] = least * least / (z975 * z975) * (1 - slack)
		}
		b.high[i] = -1
		if most := max(-x, -y); most > 0 {
			b.high[i] = most * most / (z975 * z975) * (1 + slack)
		}
	}
	return b
}()
