package stats_test

import (
	"math"
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/stats"
)

// pairs makes two raters' values of a table of counts: table[i][j] units were called i by the first and j by the second.
func pairs(table [][]int) (a, b []string) {
	for i, row := range table {
		for j, n := range row {
			for range n {
				a, b = append(a, string(rune('a'+i))), append(b, string(rune('a'+j)))
			}
		}
	}
	return a, b
}

func TestKappa(t *testing.T) {
	for _, c := range []struct {
		name             string
		table            [][]int
		value, low, high float64
	}{
		// The textbook's grant proposals: (0.7 - 0.5) / (1 - 0.5).
		{"grants", [][]int{{20, 5}, {10, 15}}, 0.4, 0.1512, 0.6488},
		{"always the same", [][]int{{20, 0}, {0, 30}}, 1, 1, 1},
		{"never the same", [][]int{{0, 25}, {25, 0}}, -1, -1, -1},
		// Fleiss, Cohen and Everitt (1969), table 1: kappa 0.429, standard error 0.0545 (rounded there) on 200 subjects.
		{"Fleiss 1969", [][]int{{106, 10, 4}, {22, 28, 10}, {2, 12, 6}}, 0.4286, 0.3225, 0.5347},
	} {
		a, b := pairs(c.table)
		k := stats.Kappa(a, b)
		if math.Abs(k.Value-c.value) > 5e-4 || math.Abs(k.Low-c.low) > 5e-3 || math.Abs(k.High-c.high) > 5e-3 {
			t.Errorf("%s: %.4f [%.4f, %.4f], want %.4f [%.4f, %.4f]", c.name, k.Value, k.Low, k.High, c.value, c.low, c.high)
		}
	}
	if k := stats.Kappa([]string{"yes", "yes"}, []string{"yes", "yes"}); !math.IsNaN(k.Value) {
		t.Errorf("one value alone: %v; chance agrees as well", k.Value)
	}
}

// TestAlpha takes the example of Krippendorff (2011), "Computing Krippendorff's alpha-reliability", part C: four observers,
// twelve units, values missing; alpha is 0.743.
func TestAlpha(t *testing.T) {
	observers := []string{
		"1 2 3 3 2 1 4 1 2 . . .",
		"1 2 3 3 2 2 4 1 2 5 . 3",
		". 3 3 3 2 3 4 2 2 5 1 .",
		"1 2 3 3 2 4 4 1 2 5 1 .",
	}
	units := make([][]string, 12)
	for _, o := range observers {
		for u, v := range strings.Fields(o) {
			if v != "." {
				units[u] = append(units[u], v)
			}
		}
	}
	if a := stats.Alpha(units); math.Abs(a-0.743) > 5e-4 {
		t.Errorf("alpha %.4f, want 0.743", a)
	}
	if a := stats.Alpha([][]string{{"x"}, {"y"}}); !math.IsNaN(a) {
		t.Errorf("nobody rated twice: %v", a)
	}
}
