package score

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Verdict says what can be said of a category's first.
type Verdict string

// The verdicts on a category.
const (
	Nobody Verdict = "nobody" // has enough observed to be ranked
	Alone  Verdict = "alone"  // one is ranked, and has nobody to be compared with
	Sure   Verdict = "sure"   // the first is the best
	Open   Verdict = "open"   // others may be the best too
)

// Verdict says it of the category.
func (s *Sheet) Verdict(cat *Category) Verdict {
	switch w := cat.Win; {
	case w.Body < 0:
		return Nobody
	case s.Bodies[w.Body].Peers == 1:
		return Alone
	case w.Significant:
		return Sure
	}
	return Open
}

// win says whether a category's first is its best for sure, compared with all the others at once: the difference to each of them
// must be more than what the largest of so many differences would be by chance in one edition of twenty, if all were equal
// (multiple comparisons with the best, Hsu 1981). Nothing is supposed of how the true scores lie.
func (s *Sheet) win(bodies []int, scores, variances []float64) Win {
	first := 0
	for i := range bodies {
		if s.Bodies[bodies[i]].Shrunk.Value > s.Bodies[bodies[first]].Shrunk.Value {
			first = i
		}
	}
	w := Win{Body: bodies[first], Significant: true}
	c := newCrowd(variances).critical(variances[first])
	short, times := math.Inf(-1), 0.0
	w.Lead = math.Inf(1)
	for k := range scores {
		if k == first {
			continue
		}
		lead, apart := scores[first]-scores[k], c*math.Sqrt(variances[first]+variances[k])
		w.Lead = min(w.Lead, lead)
		w.Significant = w.Significant && lead > apart
		short = max(short, apart-lead)
		times = max(times, apart*apart/(lead*lead)) // infinite when the two are equal
	}
	w.Needed = w.Lead + short
	if !w.Significant && w.Lead > 0 && !math.IsInf(times, 0) {
		w.Audits = int(math.Ceil(times * float64(s.Bodies[bodies[first]].Audits)))
	}
	return w
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
