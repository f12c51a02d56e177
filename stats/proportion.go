package stats

import (
	"math"
	"slices"
)

// Proportion is a share with its 95 % interval.
type Proportion struct {
	K, N      int
	Share     float64 // K/N, NaN when N is 0
	Low, High float64
}

// Wilson returns the share k of n with Wilson's score interval (Wilson 1927), which holds its level for few audits and
// shares near 0 and 1 where Wald's does not. It agrees with R's prop.test(correct = FALSE).
func Wilson(k, n int) Proportion {
	p := Proportion{K: k, N: n, Share: math.NaN(), Low: math.NaN(), High: math.NaN()}
	if n <= 0 {
		return p
	}
	p.Share = float64(k) / float64(n)
	m, z2 := float64(n), z975*z975
	centre := (p.Share + z2/(2*m)) / (1 + z2/m)
	half := z975 / (1 + z2/m) * math.Sqrt(p.Share*(1-p.Share)/m+z2/(4*m*m))
	p.Low, p.High = max(0, centre-half), min(1, centre+half)
	return p
}

// Quantile returns the quantile p of the values by linear interpolation (Hyndman and Fan's type 7, the default of R),
// NaN for no values. The values are put in order in place.
func Quantile(values []float64, p float64) float64 {
	if len(values) == 0 || math.IsNaN(p) {
		return math.NaN()
	}
	slices.Sort(values)
	h := float64(len(values)-1) * min(max(p, 0), 1)
	i := int(h)
	if i+1 >= len(values) {
		return values[len(values)-1]
	}
	return values[i] + (h-float64(i))*(values[i+1]-values[i])
}
