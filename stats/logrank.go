package stats

import (
	"maps"
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
		Subject
		group int
	}
	var flat []Subject
	var owner []int
	for g, subjects := range groups {
		flat = append(flat, subjects...)
		for range subjects {
			owner = append(owner, g)
		}
	}
	// Ties are decided over all groups together; the order within them does not matter.
	tied, err := tiedTimes(flat)
	if err != nil {
		return LogRank{}, err
	}
	k := len(groups)
	if k < 2 {
		return LogRank{P: math.NaN()}, nil
	}
	atRisk := make([]float64, k)
	byTime := map[float64][]entry{}
	for i, s := range flat {
		atRisk[owner[i]]++
		byTime[tied[i]] = append(byTime[tied[i]], entry{s, owner[i]})
	}
	observed, expected := make([]float64, k), make([]float64, k)
	variance := mat.NewDense(k, k, nil)
	for _, t := range slices.Sorted(maps.Keys(byTime)) {
		deaths, n := 0.0, 0.0
		for _, r := range atRisk {
			n += r
		}
		for _, e := range byTime[t] {
			if e.Event {
				observed[e.group]++
				deaths++
			}
		}
		if deaths > 0 {
			for i := range k {
				expected[i] += deaths * atRisk[i] / n
			}
			if n > 1 {
				f := deaths * (n - deaths) / (n - 1) / n
				for i := range k {
					for j := range k {
						v := -atRisk[i] * atRisk[j] / n
						if i == j {
							v += atRisk[i]
						}
						variance.Set(i, j, variance.At(i, j)+f*v)
					}
				}
			}
		}
		for _, e := range byTime[t] {
			atRisk[e.group]--
		}
	}
	return chiSquare(observed, expected, variance), nil
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
