package site

import (
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"testing"

	"github.com/sonde-fleet/sonde/stats"
)

var coordinate = regexp.MustCompile(`[MLHV]?(-?[0-9.]+)`)

// heightAt reads the height of a step path at the abscissa x.
func heightAt(t *testing.T, path string, x float64) float64 {
	t.Helper()
	at := regexp.MustCompile(`([MHV])([0-9.]+)(?: ([0-9.]+))?`)
	y := math.NaN()
	for _, m := range at.FindAllStringSubmatch(path, -1) {
		v, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		switch m[1] {
		case "M":
			if y, err = strconv.ParseFloat(m[3], 64); err != nil {
				t.Fatal(err)
			}
		case "H":
			if v > x {
				return y
			}
		case "V":
			y = v
		}
	}
	return y
}

func TestCurveIsDrawnWhereItIs(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{1, 7, 200, 50_000} {
		var subjects []stats.Subject
		for range n {
			subjects = append(subjects, stats.Subject{Time: r.ExpFloat64() * 4 * dayMS, Event: r.Float64() < 0.7})
		}
		v, err := stats.KaplanMeier(subjects, chartDays*dayMS)
		if err != nil {
			t.Fatal(err)
		}
		k := trace(&v, "all", 0)
		if len(k.Line) > 40_000 || len(k.Band) > 80_000 || len(k.Ticks) > 15_000 {
			t.Errorf("%d audits: paths of %d, %d and %d octets", n, len(k.Line), len(k.Band), len(k.Ticks))
		}
		for day := 0.5; day < chartDays; day += 0.5 {
			// The line may run half a unit late, never early.
			now, _, _ := v.At(day * dayMS)
			before, _, _ := v.At(math.Max(0, day*dayMS-1.2*chartDays*dayMS/(plotRight-plotLeft)))
			if y := heightAt(t, k.Line, xOf(day*dayMS)); y < yOf(1-now)-0.11 || y > yOf(1-before)+0.11 {
				t.Errorf("%d audits, day %g: drawn at %g, want %g to %g", n, day, y, yOf(1-now), yOf(1-before))
			}
		}
		for _, m := range coordinate.FindAllStringSubmatch(k.Band, -1) {
			if x, err := strconv.ParseFloat(m[1], 64); err != nil || x < plotTop-0.1 || x > plotRight+0.1 {
				t.Fatalf("%d audits: the band leaves the plot at %s", n, m[1])
			}
		}
	}
}

func TestNumbersAtRisk(t *testing.T) {
	v, err := stats.KaplanMeier([]stats.Subject{{Time: 2, Event: true}, {Time: 1, Event: true}, {Time: 2}, {Time: 5}}, 10)
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[float64]int{0: 4, 1: 4, 1.5: 3, 2: 3, 3: 1, 5: 1, 6: 0} {
		if got := atRisk(&v, at); got != want {
			t.Errorf("at %g: %d, want %d", at, got, want)
		}
	}
}

func TestLabelsDoNotMeet(t *testing.T) {
	for _, ends := range [][]float64{{0.5, 0.5}, {0.5, 0.51, 0.49, 0.5}, {1, 0.99}, {0, 0}, {math.NaN(), 0.02}, {1, 1, 1, 1}} {
		var curves []curve
		for _, e := range ends {
			curves = append(curves, curve{end: e})
		}
		y := spread(curves)
		for i := range y {
			if y[i] < plotTop || y[i] > plotBottom {
				t.Errorf("%v: label %d at %g is outside", ends, i, y[i])
			}
			for j := range i {
				if math.Abs(y[i]-y[j]) < labelGap-1 {
					t.Errorf("%v: labels at %v meet", ends, y)
				}
			}
		}
	}
}
