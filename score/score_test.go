package score_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/score"
	"github.com/sonde-fleet/sonde/stats"
)

// edition makes the outcomes of one category of structures.
func edition(w *town, bodies int, random *rand.Rand) (all []stats.Outcome) {
	for b := range bodies {
		id := probes.StructureID(string(rune('a'+b/26)) + string(rune('a'+b%26)))
		quality := 0.3 + 0.5*random.Float64()
		n := 0
		for _, c := range probes.Channels {
			for range plan[c] {
				n++
				all = append(all, w.audit(id, c, n, random.Float64() > 0.4+quality/2, func() bool { return random.Float64() < quality }))
			}
		}
	}
	return all
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 || math.IsNaN(a) && math.IsNaN(b) }

// Every point that a structure misses is some item's to gain: the gains add up to what it is short of 100.
func TestGainsAddUpToWhatIsMissing(t *testing.T) {
	w := newTown()
	all := edition(w, 12, rand.New(rand.NewPCG(1, 1)))
	s := score.Of(w.g, norms(), all)
	for k := range s.Bodies {
		sum := 0.0
		for _, x := range s.Detail(k, all) {
			sum += x.Gain
			if x.Gain > 0 && len(x.Audits) == 0 {
				t.Errorf("%s: %s gains %.2f points and names no audit", s.Bodies[k].ID, x.Item.Code, x.Gain)
			}
		}
		if got := 100 - s.Bodies[k].Score.Value; !near(got, sum) {
			t.Errorf("%s is %.6f points short of 100, its items have %.6f to gain", s.Bodies[k].ID, got, sum)
		}
	}
}

func TestScoresDoNotDependOnTheOrderOfOutcomes(t *testing.T) {
	w := newTown()
	random := rand.New(rand.NewPCG(2, 2))
	all := edition(w, 10, random)
	want := score.Of(w.g, norms(), all)
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	got := score.Of(w.g, norms(), all)
	for k := range want.Bodies {
		a, b := &want.Bodies[k], &got.Bodies[k]
		if a.ID != b.ID || !near(a.Score.Value, b.Score.Value) || !near(a.Score.SE, b.Score.SE) || a.RankLow != b.RankLow || a.RankHigh != b.RankHigh {
			t.Errorf("%s: %+v rank %d (%d–%d), shuffled %+v rank %d (%d–%d)", a.ID, a.Score, a.Rank, a.RankLow, a.RankHigh, b.Score, b.Rank, b.RankLow, b.RankHigh)
		}
	}
}

// What we spoiled, what is open and what awaits its channel has no points; silence that is over has.
func TestWhatIsScored(t *testing.T) {
	w := newTown()
	perfect := w.audit("s", probes.Mail, 1, false, always)
	quiet := w.audit("s", probes.Mail, 2, true, nil)
	alone := score.Of(w.g, norms(), []stats.Outcome{perfect}).Bodies[0].Score.Value
	for name, change := range map[string]func(*stats.Outcome){
		"spoiled":  func(o *stats.Outcome) { o.Result = stats.Spoiled },
		"in doubt": func(o *stats.Outcome) { o.Result = stats.InDoubt },
		"open":     func(o *stats.Outcome) { o.Followed = time.Hour.Milliseconds() },
		"waiting":  func(o *stats.Outcome) { o.Result = stats.Waiting },
		"out":      func(o *stats.Outcome) { o.Result = stats.Out },
	} {
		o := quiet
		change(&o)
		b := score.Of(w.g, norms(), []stats.Outcome{perfect, o}).Bodies[0]
		if !near(b.Score.Value, alone) || b.Audits != 1 {
			t.Errorf("an audit that is %s changes the score from %.3f to %.3f; %d audits", name, alone, b.Score.Value, b.Audits)
		}
	}
	if b := score.Of(w.g, norms(), []stats.Outcome{perfect, quiet}).Bodies[0]; b.Score.Value > alone-20 || b.Audits != 2 {
		t.Errorf("half of the questions without an answer: score %.1f of %.1f", b.Score.Value, alone)
	}
	none := score.Of(w.g, norms(), []stats.Outcome{quiet}).Bodies[0].Score.Value
	rude := score.Of(w.g, norms(), []stats.Outcome{w.audit("s", probes.Mail, 1, false, never)}).Bodies[0].Score.Value
	if none >= rude {
		t.Errorf("no answer at all is worth %.1f, a bad one %.1f", none, rude)
	}
	if alone < 99 {
		t.Errorf("a perfect audit is worth %.1f", alone)
	}
}

// Every derived item that the grid asks for on a channel that is built is derived here, and no other.
func TestMeasuresAreThoseOfTheGrid(t *testing.T) {
	var want []probes.ItemCode
	g := grid.Current()
	for i := range g.Items {
		if it := &g.Items[i]; it.How == grid.Measured && !it.Awaiting() {
			want = append(want, it.Code)
		}
	}
	slices.Sort(want)
	if got := score.Measured(); !slices.Equal(got, want) {
		t.Errorf("derived: %v\nwanted by the grid: %v", got, want)
	}
	for channel, code := range score.Answering {
		if it, ok := g.Item(code); !ok || it.Channel != channel {
			t.Errorf("%s is no item of %s", code, channel)
		}
	}
}

// A score of one audit is its items' mean; intervals exist where there is anything to tell them from.
func TestFewAudits(t *testing.T) {
	w := newTown()
	one := w.audit("s", probes.Mail, 1, false, always)
	s := score.Of(w.g, norms(), []stats.Outcome{one})
	if b := s.Bodies[0]; !math.IsNaN(b.Score.SE) || b.Rank != 0 {
		t.Errorf("one audit of one structure: standard error %v, rank %d; nothing tells either", b.Score.SE, b.Rank)
	}
	if win := s.Categories[0].Win; win.Body != -1 {
		t.Errorf("somebody wins a category in which nobody is ranked: %+v", win)
	}
	if got := score.Of(w.g, norms(), nil); len(got.Bodies) != 0 || len(got.Categories) != 0 {
		t.Error("no outcomes made bodies")
	}
}

func TestCategoryWithAClearWinner(t *testing.T) {
	w := newTown()
	var all []stats.Outcome
	random := rand.New(rand.NewPCG(3, 3))
	for b, quality := range []float64{0.97, 0.5, 0.45, 0.4, 0.5, 0.55} {
		id := probes.StructureID(string(rune('a' + b)))
		n := 0
		for _, c := range probes.Channels {
			for range 3 * plan[c] {
				n++
				all = append(all, w.audit(id, c, n, random.Float64() > 0.3+0.7*quality, func() bool { return random.Float64() < quality }))
			}
		}
	}
	s := score.Of(w.g, norms(), all)
	cat := &s.Categories[0]
	first := &s.Bodies[cat.Win.Body]
	if first.ID != "a" || !cat.Win.Significant || first.RankLow != 1 || first.RankHigh != 1 || first.Best < 0.99 || cat.Win.Audits != 0 {
		t.Errorf("a, far better than all: %+v, %s rank %d–%d, best %.2f", cat.Win, first.ID, first.RankLow, first.RankHigh, first.Best)
	}
	if cat.Win.Lead < cat.Win.Needed {
		t.Errorf("significant with a lead of %.1f where %.1f is needed", cat.Win.Lead, cat.Win.Needed)
	}
	// The same without the winner: nobody stands out, and what it would take is said.
	s = score.Of(w.g, norms(), slices.DeleteFunc(all, func(o stats.Outcome) bool { return o.Structure == "a" }))
	win := s.Categories[0].Win
	if win.Significant || len(s.Categories[0].Winners) < 2 || win.Lead >= win.Needed {
		t.Errorf("five alike: %+v, %d may be the best", win, len(s.Categories[0].Winners))
	}
	for _, b := range s.Bodies {
		if math.Abs(b.Shrunk.Value-s.Categories[0].Mean) > math.Abs(b.Score.Value-s.Categories[0].Mean)+1e-9 {
			t.Errorf("%s is drawn away from the mean: %.2f to %.2f, mean %.2f", b.ID, b.Score.Value, b.Shrunk.Value, s.Categories[0].Mean)
		}
	}
}

// The shrunk scores of the eight schools (Rubin 1981), whose posterior means are in every textbook: all near 8, school A
// highest at about 11.5, school G second, E lowest at about 5.
func TestShrinkageOfTheEightSchools(t *testing.T) {
	effects := []float64{28, 8, -3, 7, -1, 1, 18, 12}
	errors := []float64{15, 10, 16, 11, 9, 11, 10, 18}
	got, mean, _ := score.Shrink(effects, errors)
	if math.Abs(mean-8) > 0.6 {
		t.Errorf("common mean %.2f, the books have about 8", mean)
	}
	for i, want := range []float64{11.4, 7.9, 6.1, 7.7, 5.1, 6.1, 10.7, 8.5} {
		if math.Abs(got[i].Value-want) > 0.6 {
			t.Errorf("school %c: %.2f, the books have about %.1f", 'A'+i, got[i].Value, want)
		}
	}
}
