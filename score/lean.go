package score

import (
	"cmp"
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

// lean tells how far the ranks lean on the weights of the determinants: the same scores under other weights.
func (s *Sheet) lean() {
	random := rand.New(rand.NewPCG(choicesSeed, 0))
	factors := make([][]float64, Choices)
	for i := range factors {
		factors[i] = make([]float64, len(s.Grid.Determinants))
		for d := range factors[i] {
			factors[i][d] = s.Grid.Determinants[d].Weight * math.Exp2(2*random.Float64()-1)
		}
	}
	for c := range s.Categories {
		s.leanOf(&s.Categories[c], factors)
	}
}

func (s *Sheet) leanOf(cat *Category, factors [][]float64) {
	var ranked []int
	for _, k := range cat.Bodies {
		if s.Bodies[k].Rank > 0 {
			ranked = append(ranked, k)
		}
	}
	if len(ranked) == 0 {
		return
	}
	type under struct {
		body  int
		score float64
	}
	all := make([]under, len(ranked))
	ranks := make([][]int, len(ranked)) // by structure: its rank under every choice
	place := map[int]int{}
	for i, k := range ranked {
		place[k] = i
		ranks[i] = make([]int, 0, len(factors))
	}
	for _, f := range factors {
		for i, k := range ranked {
			sum, weights := 0.0, 0.0
			for d, m := range s.Bodies[k].Determinants {
				if m.N > 0 {
					sum += f[d] * m.Value
					weights += f[d]
				}
			}
			all[i] = under{k, sum / weights}
		}
		slices.SortFunc(all, func(a, b under) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.body, b.body)) })
		for r, x := range all {
			ranks[place[x.body]] = append(ranks[place[x.body]], r+1)
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
