package score

import (
	"math"

	"github.com/sonde-fleet/sonde/probes"
	"gonum.org/v1/gonum/stat/distuv"
)

// enoughFreedom is how many degrees of freedom a category needs for a variance of its own; with fewer it takes the
// campaign's.
const enoughFreedom = 20

// intervals gives every mean its standard error. A structure has one to four audits on a channel: too few to tell from them
// alone how much they vary, and three that happen to agree would look certain. So the variance between the audits of one
// structure on one channel is pooled over the structures of a category. On a channel where every structure has one audit
// (post, visit), what structures differ by stands for it: too much rather than too little.
func (w *working) intervals() {
	everybody := make([]int, len(w.sheet.Bodies))
	for i := range everybody {
		everybody[i] = i
	}
	for t := range w.all {
		whole := w.pooled(t, everybody)
		for c := range w.sheet.Categories {
			bodies := w.sheet.Categories[c].Bodies
			own := w.pooled(t, bodies)
			for i := range own {
				if own[i].freedom < enoughFreedom {
					own[i] = whole[i]
				}
			}
			for _, k := range bodies {
				w.interval(t, k, &own)
			}
		}
	}
}

// variance is that of one audit around its structure's mean, with the degrees of freedom behind it.
type variance struct {
	value   float64
	freedom int
}

func (w *working) pooled(t int, bodies []int) (out [len(probes.Channels)]variance) {
	for c := range out {
		squares, freedom := 0.0, 0
		n, mean, between := 0, 0.0, 0.0 // Welford's, of the structures' parts
		for _, k := range bodies {
			d := &w.bodies[k].spread[t][c]
			if d.n == 0 {
				continue
			}
			squares += d.squares
			freedom += d.n - 1
			n++
			step := d.part - mean
			mean += step / float64(n)
			between += step * (d.part - mean)
		}
		switch {
		case freedom > 0:
			out[c] = variance{squares / float64(freedom), freedom}
		case n > 1:
			out[c] = variance{between / float64(n-1), n - 1}
		default:
			out[c] = variance{math.NaN(), 0}
		}
	}
	return out
}

// interval sets standard error and interval of one mean. With few degrees of freedom they widen as Student's distribution
// does, counted as Welch and Satterthwaite count them.
func (w *working) interval(t, k int, of *[len(probes.Channels)]variance) {
	m := w.all[t].mean(&w.sheet.Bodies[k])
	if m.N == 0 {
		*m = Mean{math.NaN(), math.NaN(), math.NaN(), math.NaN(), 0}
		return
	}
	square, over := 0.0, 0.0
	for c := range of {
		if n := w.bodies[k].spread[t][c].n; n > 0 {
			part := of[c].value / float64(n)
			square += part
			if of[c].freedom > 0 {
				over += part * part / float64(of[c].freedom)
			}
		}
	}
	m.SE = math.Sqrt(square)
	wide := z975
	if over > 0 {
		wide = w.student(square * square / over)
	}
	m.Low, m.High = max(0, m.Value-wide*m.SE), min(100, m.Value+wide*m.SE)
	if math.IsNaN(m.SE) {
		m.Low, m.High = math.NaN(), math.NaN()
	}
}

// student returns the 97.5 % quantile of Student's distribution. Structures with as many audits have the same one.
func (w *working) student(freedom float64) float64 {
	if freedom > 1e4 {
		return z975
	}
	q, ok := w.quantiles[freedom]
	if !ok {
		q = distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Quantile(0.975)
		w.quantiles[freedom] = q
	}
	return q
}
