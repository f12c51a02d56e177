package stats_test

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/stats"
)

var update = flag.Bool("update", false, "write the frozen figures of R again")

const oracleTau = 30

type set struct {
	id     int
	groups [][]stats.Subject
}

// sets are random, shuffled, full of ties and of extremes: nobody answered, everybody did, one subject alone.
func sets(n int, seed uint64) []set {
	r := rand.New(rand.NewPCG(seed, 7))
	var out []set
	for id := 1; id <= n; id++ {
		groups := make([][]stats.Subject, 1+r.IntN(4))
		for g := range groups {
			size := 1 + r.IntN(60)
			censored := r.Float64()
			switch id % 7 {
			case 0:
				censored = 1
			case 1:
				censored = 0
			}
			for range size {
				t := r.ExpFloat64() * 12
				switch r.IntN(3) {
				case 0:
					t = math.Ceil(t) // many ties
				case 1:
					t = math.Ceil(t*4)/4 + float64(r.IntN(2))*1e-10 // times that R calls equal
				}
				groups[g] = append(groups[g], stats.Subject{Time: t, Event: r.Float64() >= censored})
			}
		}
		out = append(out, set{id, groups})
	}
	return out
}

func csvOf(all []set) string {
	var b strings.Builder
	b.WriteString("set,group,time,event\n")
	for _, s := range all {
		for g, subjects := range s.groups {
			for _, x := range subjects {
				e := 0
				if x.Event {
					e = 1
				}
				fmt.Fprintf(&b, "%d,%d,%s,%d\n", s.id, g, strconv.FormatFloat(x.Time, 'g', -1, 64), e)
			}
		}
	}
	return b.String()
}

func runR(t *testing.T, all []set) []byte {
	t.Helper()
	in := filepath.Join(t.TempDir(), "in.csv")
	if err := os.WriteFile(in, []byte(csvOf(all)), 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command("Rscript", "testdata/oracle.R", in, strconv.Itoa(oracleTau))
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("R: %v\n%s", err, &stderr)
	}
	return out
}

func TestEqualToFrozenR(t *testing.T) {
	const frozen = "testdata/oracle.tsv"
	all := sets(40, 1)
	if *update {
		if err := os.WriteFile(frozen, runR(t, all), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(frozen)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, all, want)
}

// TestEqualToR draws new sets at every run; the seed is in the failure.
func TestEqualToR(t *testing.T) {
	if _, err := exec.LookPath("Rscript"); err != nil {
		t.Skip("R is not installed; the frozen figures are compared all the same")
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	all := sets(150, seed)
	compare(t, all, runR(t, all))
}

func compare(t *testing.T, all []set, oracle []byte) {
	t.Helper()
	byID := map[int]set{}
	for _, s := range all {
		byID[s.id] = s
	}
	step := map[string]int{}
	lines := 0
	scan := bufio.NewScanner(bytes.NewReader(oracle))
	for scan.Scan() {
		f := strings.Split(strings.TrimRight(scan.Text(), " "), "\t")
		lines++
		id, _ := strconv.Atoi(f[0])
		var want []float64
		for _, v := range f[3:] {
			x, err := strconv.ParseFloat(strings.TrimSpace(strings.Replace(v, "NA", "NaN", 1)), 64)
			if err != nil {
				x = math.NaN()
			}
			want = append(want, x)
		}
		var got []float64
		switch f[1] {
		case "table", "step":
			g, _ := strconv.Atoi(f[2])
			c, err := stats.KaplanMeier(byID[id].groups[g], oracleTau)
			if err != nil {
				t.Fatal(err)
			}
			if f[1] == "table" {
				got = []float64{float64(c.N), float64(c.Events), c.Mean, c.MeanSE, c.Median, c.MedLow, c.MedHigh}
				break
			}
			k := step[f[0]+"/"+f[2]]
			step[f[0]+"/"+f[2]]++
			s := c.Steps[k]
			got = []float64{s.T, s.S, s.SE, s.Low, s.High}
		case "logrank":
			r, err := stats.CompareGroups(byID[id].groups)
			if err != nil {
				t.Fatal(err)
			}
			if r.DF == 0 || math.IsNaN(r.P) {
				continue // R divides by zero there
			}
			got = []float64{r.ChiSq, float64(r.DF), r.P}
		case "wilson":
			k, _ := strconv.Atoi(f[2])
			w := stats.Wilson(k, int(want[0]))
			got = []float64{want[0], w.Low, w.High}
		case "quantile":
			p, _ := strconv.ParseFloat(f[2], 64)
			got = []float64{stats.Quantile([]float64{5, 3, 8, 1, 9.5, 2, 2}, p)}
		}
		if len(got) != len(want) {
			t.Fatalf("%s: %d figures, want %d", scan.Text(), len(got), len(want))
		}
		for i := range got {
			if !same(got[i], want[i]) {
				t.Errorf("set %s %s %s, figure %d: got %.17g, R says %.17g", f[0], f[1], f[2], i, got[i], want[i])
			}
		}
	}
	if lines < 1000 {
		t.Errorf("R gave %d lines only", lines)
	}
}

func same(a, b float64) bool {
	if math.IsNaN(a) || math.IsNaN(b) {
		return math.IsNaN(a) == math.IsNaN(b)
	}
	return math.Abs(a-b) <= 1e-9*max(1, math.Abs(b))
}
