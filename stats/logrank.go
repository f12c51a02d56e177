package stats

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// LogRank is the test that groups have the same answer times (Mantel 1966; R's survdiff).
type LogRank struct {
	ChiSq float64
	DF    int
	P     float64 // NaN when there are fewer than two groups with something to compare
}

// CompareGroups makes the log-rank test over the groups.
func CompareGroups(groups [][]Subject) (LogRank, error) {
	type entry struct {
		time  float64
		event bool
		group int
	}
	var flat []Subject
	var entries []entry
	c := newComparison(len(groups))
	for g, subjects := range groups {
		flat = append(flat, subjects...)
		for _, s := range subjects {
			entries = append(entries, entry{event: s.Event, group: g})
		}
		c.join(g, len(subjects))
	}
	// Ties are decided over all groups together; the order within them does not matter.
	tied, err := tiedTimes(flat)
	if err != nil {
		return LogRank{}, err
	}
	for i, t := range tied {
		entries[i].time = t
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.time, b.time) })
	for i := 0; i < len(entries); {
		from, events := i, 0
		for ; i < len(entries) && entries[i].time == entries[from].time; i++ {
			events += count(entries[i].event)
		}
		c.events(events)
		for _, e := range entries[from:i] {
			c.leave(e.group, e.event)
		}
	}
	order := make([]int, len(groups))
	for i := range order {
		order[i] = i
	}
	return c.test(order), nil
}

// comparison makes the log-rank test in one pass over the subjects in order of time. The test wants, at every time with d
// events among n at risk of whom n(i) are of group i, the sums of d·n(i)/n (what is expected of i) and of
// d·(n-d)/(n-1)/n² · n(i)·n(j) (the covariance of i and j, with a minus). Both are sums over the subjects, or pairs of them,
// of a sum over the times up to the subject's own, or the earlier one of the pair: so one keeps the two sums over the times,
// and adds them when a subject leaves.
type comparison struct {
	groups         int
	n              float64   // at risk
	atRisk         []float64 // of each group
	hazard, spread float64   // the sums over the times so far
	observed       []float64
	expected       []float64
	pairs          []float64 // [i·groups+j]: an i left while a j was still there
}

func newComparison(groups int) *comparison {
	return &comparison{groups: groups, atRisk: make([]float64, groups), observed: make([]float64, groups), expected: make([]float64, groups),
		pairs: make([]float64, groups*groups)}
}

// join puts so many subjects at risk from the start.
func (c *comparison) join(group, subjects int) {
	c.atRisk[group] += float64(subjects)
	c.n += float64(subjects)
}

// events says how many events the next time has; then everybody whose time it is leaves.
func (c *comparison) events(events int) {
	if d := float64(events); d > 0 {
		c.hazard += d / c.n
		if c.n > 1 {
			c.spread += d * (c.n - d) / ((c.n - 1) * c.n * c.n)
		}
	}
}

// leave takes one subject off.
func (c *comparison) leave(group int, event bool) {
	c.n--
	c.atRisk[group]--
	c.expected[group] += c.hazard
	if event {
		c.observed[group]++
	}
	spread, row := c.spread, c.pairs[group*c.groups:][:len(c.atRisk)]
	for j, a := range c.atRisk {
		row[j] += spread * a
	}
}

// leaveAll takes subjects with one time off, so many of each group.
func (c *comparison) leaveAll(left, events []int) {
	for i, l := range left {
		c.n -= float64(l)
		c.atRisk[i] -= float64(l)
		c.expected[i] += float64(l) * c.hazard
		c.observed[i] += float64(events[i])
	}
	for i, l := range left {
		for j, a := range c.atRisk {
			if j > i {
				a += float64(left[j]) // the pair of two that leave together counts once
			}
			c.pairs[i*c.groups+j] += float64(l) * c.spread * a
		}
	}
}

// test returns the result, with the groups in the order.
func (c *comparison) test(order []int) LogRank {
	k := len(order)
	if k < 2 {
		return LogRank{P: math.NaN()}
	}
	observed, expected, variance := make([]float64, k), make([]float64, k), mat.NewDense(k, k, nil)
	for i, a := range order {
		observed[i], expected[i] = c.observed[a], c.expected[a]
		for j, b := range order {
			if i != j {
				// The rows of the covariances add up to nothing: the variance is a sum too, and nothing cancels.
				w := c.pairs[a*c.groups+b] + c.pairs[b*c.groups+a]
				variance.Set(i, j, -w)
				variance.Set(i, i, variance.At(i, i)+w)
			}
		}
	}
	return chiSquare(observed, expected, variance)
}

// chiSquare compares what was observed with what was expected; a group in which nothing was expected drops out.
func chiSquare(observed, expected []float64, variance *mat.Dense) LogRank {
	var in []int
	for i, e := range expected {
		if e > 0 {
			in = append(in, i)
		}
	}
	if len(in) < 2 {
		return LogRank{P: math.NaN()}
	}
	in = in[1:] // one group follows from the others
	d := mat.NewVecDense(len(in), nil)
	v := mat.NewDense(len(in), len(in), nil)
	for i, a := range in {
		d.SetVec(i, observed[a]-expected[a])
		for j, b := range in {
			v.Set(i, j, variance.At(a, b))
		}
	}
	var x mat.VecDense
	r := LogRank{DF: len(in), P: math.NaN()}
	if err := x.SolveVec(v, d); err != nil {
		return r // every event came when one group alone was at risk
	}
	r.ChiSq = mat.Dot(d, &x)
	r.P = distuv.ChiSquared{K: float64(r.DF)}.Survival(r.ChiSq)
	return r
}
