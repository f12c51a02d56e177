package score

import (
	"math"
	"math/rand/v2"
	"slices"
)

// How other choices of weights are drawn: so many times, every determinant's weight multiplied by a factor between a half and
// two, evenly on the logarithm, from one seed.
const (
	Choices     = 1000
	choicesSeed = 20260302
)

// choices draws the other choices of weights.
func (s *Sheet) choices() [][]float64 {
	random := rand.New(rand.NewPCG(choicesSeed, 0))
	factors := make([][]float64, Choices)
	for i := range factors {
		factors[i] = make([]float64, len(s.Grid.Determinants))
		for d := range factors[i] {
			factors[i][d] = s.Grid.Determinants[d].Weight * math.Exp2(2*random.Float64()-1)
		}
	}
	return factors
}

// lean tells how far the ranks of a category lean on the weights of the determinants: the same scores under other weights.
func (s *Sheet) lean(cat *Category, factors [][]float64) {
	var ranked []int
	for _, k := range cat.Bodies {
		if s.Bodies[k].Rank > 0 {
			ranked = append(ranked, k)
		}
	}
	if len(ranked) == 0 {
		return
	}
	// A row of means a structure, so that a choice of weights is one pass over numbers that lie together.
	n := len(s.Grid.Determinants)
	values, has := make([]float64, n*len(ranked)), make([]float64, n*len(ranked))
	for i, k := range ranked {
		for d, m := range s.Bodies[k].Determinants {
			if m.N > 0 {
				values[i*n+d], has[i*n+d] = m.Value, 1
			}
		}
	}
	ranks := make([][]int, len(ranked)) // by structure: its rank under every choice
	scores, sorted := make([]float64, len(ranked)), make([]float64, len(ranked))
	for _, f := range factors {
		for i := range ranked {
			sum, weights := 0.0, 0.0
			for d, w := range f {
				sum += w * values[i*n+d]
				weights += w * has[i*n+d]
			}
			scores[i] = -sum / weights // the best first
		}
		copy(sorted, scores)
		slices.Sort(sorted)
		for i, x := range scores {
			before, _ := slices.BinarySearch(sorted, x)
			ranks[i] = append(ranks[i], before+1)
		}
	}
	for i, k := range ranked {
		r := ranks[i]
		slices.Sort(r)
		b := &s.Bodies[k]
		b.RankLight, b.RankHeavy = r[len(r)*25/1000], r[len(r)*975/1000]
		for _, x := range r {
			if x == 1 {
				b.First += 1 / float64(len(r))
			}
		}
	}
}
