package score

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// leastCoverage is how much of the items' weight must have been observed for a structure to be ranked.
const leastCoverage = 0.5

// compare shrinks and ranks the structures of every category.
func (s *Sheet) compare() {
	for c := range s.Categories {
		cat := &s.Categories[c]
		slices.SortStableFunc(cat.Bodies, func(a, b int) int { return byScore(&s.Bodies[a], &s.Bodies[b]) })
		var bodies []int
		var scores, variances []float64
		for _, k := range cat.Bodies {
			b := &s.Bodies[k]
			b.Shrunk = Mean{Value: math.NaN(), SE: math.NaN(), Low: math.NaN(), High: math.NaN(), N: b.Score.N}
			if b.Coverage >= leastCoverage && !math.IsNaN(b.Score.SE) {
				bodies, scores, variances = append(bodies, k), append(scores, b.Score.Value), append(variances, b.Score.SE*b.Score.SE)
			}
		}
		shrunk, mean, spread := Shrink(scores, variances)
		cat.Mean, cat.Spread = mean, spread
		ranks := Ranks(scores, variances)
		for i, k := range bodies {
			b := &s.Bodies[k]
			b.Rank, b.RankLow, b.RankHigh, b.Peers = i+1, ranks[i].Best, ranks[i].Worst, len(bodies)
			if i > 0 && scores[i] == scores[i-1] {
				b.Rank = s.Bodies[bodies[i-1]].Rank
			}
			m := shrunk[i]
			m.N = b.Score.N
			b.Shrunk = m
			if b.RankLow == 1 {
				cat.Winners = append(cat.Winners, k)
			}
		}
		audits := 0
		if len(bodies) > 0 {
			audits = s.Bodies[bodies[0]].Audits
		}
		cat.Win = win(bodies, scores, variances, ranks, audits)
	}
}

// byScore orders structures: the best first, those without a score last, then by identifier.
func byScore(a, b *Body) int {
	x, y := a.Score.Value, b.Score.Value
	switch {
	case math.IsNaN(x) && math.IsNaN(y):
	case math.IsNaN(x):
		return 1
	case math.IsNaN(y):
		return -1
	}
	return cmp.Or(cmp.Compare(y, x), cmp.Compare(a.ID, b.ID))
}

// Rank is an interval of ranks, 1 the best, at 95 %.
type Rank struct{ Best, Worst int }

// Ranks returns for every score the ranks that it may truly have. It is compared with all others at once: what it is surely
// better or worse than, with one chance of error in twenty over all the comparisons together, bounds its rank (Mogstad,
// Romano, Shaikh and Wilhelm, "Inference for ranks", Review of Economic Studies 2024, marginal intervals). Nothing is
// supposed of how the true scores lie, so the interval is wide rather than wrong.
func Ranks(scores, variances []float64) []Rank {
	out := make([]Rank, len(scores))
	crowd := newCrowd(variances)
	known := map[float64]float64{}
	for i := range scores {
		c, ok := known[variances[i]]
		if !ok {
			c = crowd.critical(variances[i])
			known[variances[i]] = c
		}
		out[i] = Rank{1, len(scores)}
		for k := range scores {
			if k == i {
				continue
			}
			switch apart := c * math.Sqrt(variances[i]+variances[k]); {
			case scores[k]-scores[i] > apart:
				out[i].Best++
			case scores[i]-scores[k] > apart:
				out[i].Worst--
			}
		}
	}
	return out
}

// crowd is the variances of all scores, those that are nearly equal counted together.
type crowd struct {
	sd    []float64
	count []int
}

// binsPerDouble is how finely variances are told apart: by 1 %.
const binsPerDouble = 70

func newCrowd(variances []float64) *crowd {
	bins := map[int]int{}
	for _, v := range variances {
		bins[bin(v)]++
	}
	c := &crowd{}
	for b, n := range bins {
		sd := 0.0
		if b > math.MinInt {
			sd = math.Sqrt(math.Exp2(float64(b) / binsPerDouble))
		}
		c.sd, c.count = append(c.sd, sd), append(c.count, n)
	}
	return c
}

func bin(v float64) int {
	if v <= 0 {
		return math.MinInt
	}
	return int(math.Round(math.Log2(v) * binsPerDouble))
}

// critical returns how many standard errors of the difference a score of variance v must be away from another for the two to
// differ surely, over all the comparisons with it: the 95 % quantile of the largest of them, when all are truly equal. The
// comparisons depend on each other through that one score alone; given it, they are independent.
func (c *crowd) critical(v float64) float64 {
	sd := math.Sqrt(v)
	others := 0
	for _, n := range c.count {
		others += n
	}
	if others--; others < 1 {
		return 0
	}
	norm := distuv.UnitNormal
	below := func(x float64) float64 { // chance that the largest stays below x
		const nodes = 201
		const reach = 6.0
		sum, weights := 0.0, 0.0
		for i := range nodes {
			z := -reach + 2*reach*float64(i)/(nodes-1)
			log := 0.0
			for k, s := range c.sd {
				n := c.count[k]
				if bin(v) == bin(s*s) {
					n--
				}
				if n == 0 {
					continue
				}
				apart := x * math.Sqrt(v+s*s)
				p := 1.0
				if s > 0 {
					p = norm.CDF((z*sd+apart)/s) - norm.CDF((z*sd-apart)/s)
				} else if math.Abs(z*sd) > apart {
					p = 0
				}
				log += float64(n) * math.Log(p)
			}
			weight := math.Exp(-z * z / 2)
			sum += weight * math.Exp(log)
			weights += weight
		}
		return sum / weights
	}
	low, high := 0.0, 10.0
	for high-low > 1e-4 {
		if mid := (low + high) / 2; below(mid) < 0.95 {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

// win says what the first of the ranked is worth, who had so many audits.
func win(bodies []int, scores, variances []float64, ranks []Rank, audits int) Win {
	if len(bodies) == 0 {
		return Win{Body: -1}
	}
	w := Win{Body: bodies[0], Significant: ranks[0].Worst == 1}
	if len(bodies) == 1 {
		return w
	}
	c := newCrowd(variances).critical(variances[0])
	w.Lead = scores[0] - scores[1]
	short, times := math.Inf(-1), 0.0
	for k := 1; k < len(scores); k++ {
		lead, apart := scores[0]-scores[k], c*math.Sqrt(variances[0]+variances[k])
		short = max(short, apart-lead)
		times = max(times, apart*apart/(lead*lead)) // infinite when the two are equal
	}
	w.Needed = w.Lead + short
	if !w.Significant && !math.IsInf(times, 0) {
		w.Audits = int(math.Ceil(times * float64(audits)))
	}
	return w
}

// Shrink draws scores towards their common mean by as much as each is unsure: empirical Bayes with a normal prior whose
// variance is Paule and Mandel's (1982). It returns the drawn scores with their intervals, the mean and the standard deviation
// between true scores.
func Shrink(scores, variances []float64) (shrunk []Mean, mean, spread float64) {
	if len(scores) == 0 {
		return nil, math.NaN(), math.NaN()
	}
	weighted := func(tau float64) (mean, q float64) {
		sum, weights := 0.0, 0.0
		for i, x := range scores {
			w := 1 / max(variances[i]+tau, 1e-12)
			sum += w * x
			weights += w
		}
		mean = sum / weights
		for i, x := range scores {
			q += (x - mean) * (x - mean) / max(variances[i]+tau, 1e-12)
		}
		return mean, q
	}
	tau := 0.0
	if _, q := weighted(0); q > float64(len(scores)-1) {
		low, high := 0.0, 1e4 // scores are between 0 and 100
		for range 60 {
			tau = (low + high) / 2
			if _, q := weighted(tau); q > float64(len(scores)-1) {
				low = tau
			} else {
				high = tau
			}
		}
	}
	mean, _ = weighted(tau)
	weights := 0.0
	for _, v := range variances {
		weights += 1 / max(v+tau, 1e-12)
	}
	for i, x := range scores {
		own := 0.0 // the share of the score itself
		if variances[i]+tau > 0 {
			own = tau / (variances[i] + tau)
		}
		m := Mean{Value: own*x + (1-own)*mean}
		// The mean is estimated too, and what it is unsure of counts with its share.
		m.SE = math.Sqrt(own*variances[i] + (1-own)*(1-own)/weights)
		m.Low, m.High = max(0, m.Value-z975*m.SE), min(100, m.Value+z975*m.SE)
		shrunk = append(shrunk, m)
	}
	return shrunk, mean, math.Sqrt(tau)
}
