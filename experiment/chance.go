package experiment

import (
	"math"
	"math/rand/v2"
	"slices"
)

// draws is how many other assignments a randomisation test looks at.
const draws = 2000

// lottery deals the arms that were dealt once more, in every way in which they could have been: units of a block exchange
// their arms. A structure is one unit where structures were dealt; where audits were, an audit and the one that makes it
// again are.
type lottery struct {
	unit   []int   // of each row
	arm    []int   // of each unit
	blocks [][]int // units
}

func newLottery(unit, block, arm []int) *lottery {
	l := &lottery{unit: unit}
	for i, u := range unit {
		for len(l.arm) <= u {
			l.arm = append(l.arm, -1)
		}
		if l.arm[u] >= 0 {
			continue
		}
		l.arm[u] = arm[i]
		for len(l.blocks) <= block[i] {
			l.blocks = append(l.blocks, nil)
		}
		l.blocks[block[i]] = append(l.blocks[block[i]], u)
	}
	return l
}

// draw writes another assignment of the rows.
func (l *lottery) draw(r *rand.Rand, arm []int) {
	for _, b := range l.blocks {
		r.Shuffle(len(b), func(i, j int) { l.arm[b[i]], l.arm[b[j]] = l.arm[b[j]], l.arm[b[i]] })
	}
	for i, u := range l.unit {
		arm[i] = l.arm[u]
	}
}

// pick returns the elements at the places.
func pick(x, at []int) []int {
	out := make([]int, len(at))
	for i, k := range at {
		out[i] = x[k]
	}
	return out
}

// surprise returns for each arm but the first how often chance alone gives a statistic as large as the one observed
// (the sharp null hypothesis that no treatment changes any audit), from n other assignments. Rows that are not analysed are
// dealt with the others. at are the places of the rows that are.
func surprise(l *lottery, all rows, at []int, y, observed []float64, n int, r *rand.Rand) []float64 {
	arm := make([]int, len(all.arm))
	sub := rows{block: compact(pick(all.block, at)), cluster: compact(pick(all.cluster, at)), arm: make([]int, len(at)), arms: all.arms}
	for i, k := range at {
		sub.arm[i] = all.arm[k]
	}
	m, err := newModel(sub)
	out := make([]float64, len(observed))
	if err != nil {
		for j := range out {
			out[j] = math.NaN()
		}
		return out
	}
	for j := range out {
		out[j] = 1
	}
	made := 1
	for range n {
		l.draw(r, arm)
		for i, k := range at {
			m.arm[i] = arm[k]
		}
		if m.within() != nil {
			continue // an assignment in which there would be nothing to compare
		}
		made++
		beta, e := m.fit(y)
		se := m.sandwich(e)
		for j := range out {
			if math.Abs(studentised(beta[j], se[j])) >= math.Abs(observed[j])*(1-1e-9) {
				out[j]++
			}
		}
	}
	for j := range out {
		out[j] /= float64(made)
	}
	return out
}

// compact numbers what occurs from 0.
func compact(x []int) []int {
	number := map[int]int{}
	out := make([]int, len(x))
	for i, v := range x {
		k, ok := number[v]
		if !ok {
			k = len(number)
			number[v] = k
		}
		out[i] = k
	}
	return out
}

// crossed returns Pearson's chi-square of two codings and its degrees of freedom.
func crossed(a, b []int, na, nb int) (chi float64, df int) {
	if len(a) == 0 {
		return 0, 0
	}
	cells, left, right := make([]float64, na*nb), make([]float64, na), make([]float64, nb)
	for i := range a {
		cells[a[i]*nb+b[i]]++
		left[a[i]]++
		right[b[i]]++
	}
	filled := func(x []float64) (n int) {
		for _, v := range x {
			if v > 0 {
				n++
			}
		}
		return n
	}
	n := float64(len(a))
	for i, l := range left {
		for j, r := range right {
			if want := l * r / n; want > 0 {
				chi += (cells[i*nb+j] - want) * (cells[i*nb+j] - want) / want
			}
		}
	}
	return chi, (filled(left) - 1) * (filled(right) - 1)
}

// holm adjusts p-values of several comparisons (Holm 1979). What is not defined stays so and counts for nothing.
func holm(p []float64) []float64 {
	out := slices.Clone(p)
	var order []int
	for i, v := range p {
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		if p[a] < p[b] {
			return -1
		} else if p[a] > p[b] {
			return 1
		}
		return a - b
	})
	least := 0.0
	for rank, i := range order {
		least = max(least, min(1, float64(len(order)-rank)*p[i]))
		out[i] = least
	}
	return out
}
