package score

import (
	"cmp"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
)

// leastCoverage is how much of the items' weight must have been observed for a structure to be ranked.
const leastCoverage = 0.5

// compare shrinks and ranks the structures of every category. No two categories have a structure in common, so they are compared
// side by side.
func (s *Sheet) compare(factors [][]float64) {
	var work sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		work.Go(func() {
			for c := range next {
				s.rank(&s.Categories[c])
				s.lean(&s.Categories[c], factors)
			}
		})
	}
	for c := range s.Categories {
		next <- c
	}
	close(next)
	work.Wait()
}

// rank shrinks and ranks the structures of one category.
func (s *Sheet) rank(cat *Category) {
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
	if len(bodies) == 0 {
		cat.Mean, cat.Spread, cat.Win = math.NaN(), math.NaN(), Win{Body: -1}
		return
	}
	if len(bodies) == 1 {
		s.Bodies[bodies[0]].Peers = 1
		cat.Mean, cat.Spread, cat.Win = scores[0], math.NaN(), Win{Body: bodies[0]}
		return
	}
	h := newHierarchy(scores, variances)
	cat.Mean, cat.Spread = h.level()
	standings := h.standings()
	for i, k := range bodies {
		b := &s.Bodies[k]
		m := h.shrunk(i)
		m.N = b.Score.N
		b.Shrunk, b.Rank, b.RankLow, b.RankHigh, b.Best, b.Peers = m, 1, standings[i].low, standings[i].high, standings[i].best, len(bodies)
	}
	for i := range bodies {
		for _, k := range bodies {
			if s.Bodies[k].Shrunk.Value > s.Bodies[bodies[i]].Shrunk.Value {
				s.Bodies[bodies[i]].Rank++
			}
		}
		if s.Bodies[bodies[i]].RankLow == 1 {
			cat.Winners = append(cat.Winners, bodies[i])
		}
	}
	cat.Win = s.win(bodies, scores, variances)
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

// hierarchy is the normal model of scores that are unsure: each true score is drawn around a common mean, each measured one
// around the true one (Rubin 1981; Gelman and others, Bayesian Data Analysis, 5.4). What structures differ by is not known either:
// it is gone over on a grid, with a flat prior, so that what little a small category tells of it counts too.
type hierarchy struct {
	scores, variances []float64
	tau               []float64 // the grid: standard deviations between true scores
	weight            []float64 // their posterior
	mean, meanVar     []float64 // of the common mean, at each
}

// Steps of the grid, and draws of everybody's true score from the posterior, from one seed.
const (
	tauSteps  = 80
	rankDraws = 2000
	rankSeed  = 20121123
)

func newHierarchy(scores, variances []float64) *hierarchy {
	h := &hierarchy{scores: scores, variances: variances}
	span := max(1, 1.5*(slices.Max(scores)-slices.Min(scores)))
	top := math.Inf(-1)
	for i := range tauSteps {
		tau := span * float64(i) / (tauSteps - 1)
		sum, weights := 0.0, 0.0
		for k, x := range scores {
			w := 1 / h.around(k, tau)
			sum += w * x
			weights += w
		}
		mean := sum / weights
		log := -0.5 * math.Log(weights)
		for k, x := range scores {
			v := h.around(k, tau)
			log -= 0.5 * (math.Log(v) + (x-mean)*(x-mean)/v)
		}
		h.tau, h.mean, h.meanVar, h.weight = append(h.tau, tau), append(h.mean, mean), append(h.meanVar, 1/weights), append(h.weight, log)
		top = max(top, log)
	}
	all := 0.0
	for i, log := range h.weight {
		h.weight[i] = math.Exp(log - top)
		all += h.weight[i]
	}
	for i := range h.weight {
		h.weight[i] /= all
	}
	return h
}

// around is the variance of a measured score around the common mean. Scores that are known exactly keep a trifle.
func (h *hierarchy) around(k int, tau float64) float64 { return max(h.variances[k]+tau*tau, 1e-9) }

// given returns the mean and the variance of a true score for one step of the grid.
func (h *hierarchy) given(k, step int) (mean, variance float64) {
	tau := h.tau[step]
	own := tau * tau / h.around(k, tau) // the share of the measured score itself
	return own*h.scores[k] + (1-own)*h.mean[step], own*h.variances[k] + (1-own)*(1-own)*h.meanVar[step]
}

// Shrink draws scores with their standard errors towards their common mean by as much as each is unsure, and returns that mean and
// the standard deviation between true scores.
func Shrink(scores, errors []float64) (shrunk []Mean, mean, spread float64) {
	variances := make([]float64, len(errors))
	for i, e := range errors {
		variances[i] = e * e
	}
	h := newHierarchy(scores, variances)
	for k := range scores {
		shrunk = append(shrunk, h.shrunk(k))
	}
	mean, spread = h.level()
	return shrunk, mean, spread
}

// shrunk returns the score drawn towards the mean of all, with its interval.
func (h *hierarchy) shrunk(k int) Mean {
	mean, square := 0.0, 0.0
	for i, w := range h.weight {
		m, v := h.given(k, i)
		mean += w * m
		square += w * (v + m*m)
	}
	m := Mean{Value: mean, SE: math.Sqrt(max(0, square-mean*mean))}
	m.Low, m.High = max(0, mean-z975*m.SE), min(100, mean+z975*m.SE)
	return m
}

// level returns the common mean and the standard deviation between true scores.
func (h *hierarchy) level() (mean, spread float64) {
	for i, w := range h.weight {
		mean += w * h.mean[i]
		spread += w * h.tau[i]
	}
	return mean, spread
}

// standing is where a structure may stand: 95 % of the ranks of its true score, and how often it is the best.
type standing struct {
	low, high int
	best      float64
}

// standings draws everybody's true score together, many times, and ranks them.
func (h *hierarchy) standings() []standing {
	random := rand.New(rand.NewPCG(rankSeed, 0))
	n := len(h.scores)
	all, sorted := make([]float64, n), make([]float64, n)
	counts := make([][]int32, n) // by structure: how often it had each rank
	for k := range counts {
		counts[k] = make([]int32, n)
	}
	for range rankDraws {
		step, at := 0, random.Float64()
		for ; step < len(h.weight)-1 && at >= h.weight[step]; step++ {
			at -= h.weight[step]
		}
		tau := h.tau[step]
		mean := h.mean[step] + math.Sqrt(h.meanVar[step])*random.NormFloat64()
		for k := range all {
			own := tau * tau / h.around(k, tau)
			all[k] = -(own*h.scores[k] + (1-own)*mean + math.Sqrt(own*h.variances[k])*random.NormFloat64()) // the best first
		}
		copy(sorted, all)
		slices.Sort(sorted)
		for k, x := range all {
			before, _ := slices.BinarySearch(sorted, x)
			counts[k][before]++
		}
	}
	out := make([]standing, n)
	for k, c := range counts {
		sum := int32(0)
		for r, times := range c {
			if sum += times; out[k].low == 0 && sum > rankDraws*25/1000 {
				out[k].low = r + 1
			}
			if out[k].high == 0 && sum >= rankDraws*975/1000 {
				out[k].high = r + 1
			}
		}
		out[k].best = float64(c[0]) / rankDraws
	}
	return out
}
