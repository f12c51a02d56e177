package stats

import "math"

// Agreement is a coefficient of agreement with its 95 % interval. It is NaN where it is not defined: nothing was rated, or
// everybody said the same of everything, so that chance alone would agree too.
type Agreement struct {
	Value, Low, High float64
	N                int // units that both rated
}

// Kappa returns Cohen's kappa (1960) of two raters' nominal values a and b of the same units, with the large-sample
// interval of Fleiss, Cohen and Everitt (1969). It agrees with R's psych::cohen.kappa.
func Kappa(a, b []string) Agreement {
	k := Agreement{math.NaN(), math.NaN(), math.NaN(), len(a)}
	if len(a) == 0 || len(a) != len(b) {
		return k
	}
	n := float64(len(a))
	pa, pb, both := map[string]float64{}, map[string]float64{}, map[[2]string]float64{}
	for i := range a {
		pa[a[i]] += 1 / n
		pb[b[i]] += 1 / n
		both[[2]string{a[i], b[i]}] += 1 / n
	}
	var observed, chance float64
	for v, p := range pa {
		chance += p * pb[v]
		observed += both[[2]string{v, v}]
	}
	if 1-chance < 1e-12 {
		return k
	}
	k.Value = (observed - chance) / (1 - chance)
	var agreeing, apart float64
	for pair, p := range both {
		x, y := pair[0], pair[1]
		if x == y {
			d := 1 - (pa[x]+pb[x])*(1-k.Value)
			agreeing += p * d * d
			continue
		}
		d := pb[x] + pa[y]
		apart += p * d * d
	}
	rest := k.Value - chance*(1-k.Value)
	v := (agreeing + (1-k.Value)*(1-k.Value)*apart - rest*rest) / (n * (1 - chance) * (1 - chance))
	half := z975 * math.Sqrt(max(v, 0))
	k.Low, k.High = max(-1, k.Value-half), min(1, k.Value+half)
	return k
}

// Alpha returns Krippendorff's alpha (2011) for nominal values: each unit holds the values that its raters gave, any number
// of them; units with fewer than two say nothing. NaN where it is not defined.
func Alpha(units [][]string) float64 {
	totals := map[string]float64{}
	var n, disagree float64
	for _, u := range units {
		m := float64(len(u))
		if m < 2 {
			continue
		}
		count := map[string]float64{}
		for _, v := range u {
			count[v]++
		}
		same := 0.0
		for v, c := range count {
			totals[v] += c
			same += c * (c - 1)
		}
		n += m
		disagree += (m*(m-1) - same) / (m - 1)
	}
	if n == 0 {
		return math.NaN()
	}
	expected := n * (n - 1)
	for _, c := range totals {
		expected -= c * (c - 1)
	}
	if expected == 0 {
		return math.NaN()
	}
	return 1 - (n-1)*disagree/expected
}
