package score_test

import (
	"flag"
	"fmt"
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

var editions = flag.Int("editions", 60, "how many editions the simulation of the rank intervals makes")

// plan is the reference programme's: 13 audits.
var plan = map[probes.Channel]int{probes.Mail: 4, probes.Phone: 4, probes.Web: 2, probes.Post: 1, probes.Social: 1, probes.Visit: 1}

// kindOfAudit is how an audit of a simulated structure can go: every yes-or-no item good, every one bad, or silence.
type kindOfAudit int

const (
	good kindOfAudit = iota
	bad
	silent
	noMore
)

// town makes outcomes for a grid without waiting for anybody.
type town struct {
	g     *grid.Grid
	items map[probes.Channel][]*grid.Item // that are observed as yes or no
}

func newTown() *town {
	t := &town{grid.Current(), map[probes.Channel][]*grid.Item{}}
	for i := range t.g.Items {
		if it := &t.g.Items[i]; it.Unit == "" && it.How != grid.Measured {
			t.items[it.Channel] = append(t.items[it.Channel], it)
		}
	}
	return t
}

// audit makes one outcome: with chance p each item is as it should be; with silence nothing is.
func (t *town) audit(id probes.StructureID, channel probes.Channel, n int, silence bool, goodItem func() bool) stats.Outcome {
	sent := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	o := stats.Outcome{Audit: probes.Audit{ID: probes.AuditID(fmt.Sprintf("sim.%s.%02d", id, n)), Structure: id, Channel: channel, Number: n,
		Deadline: sent.Add(15 * 24 * time.Hour)}, Body: probes.Structure{ID: id, Kind: "mairie", Band: "2-10k", Sector: "public"}, Sent: sent,
		Followed: (15 * 24 * time.Hour).Milliseconds(), Result: stats.Silent}
	if silence {
		if channel == probes.Web {
			o.Result = stats.Offline
		}
		return o
	}
	o.Result = stats.Answered
	if channel == probes.Web {
		o.Result, o.Pages = stats.Visited, 20
	}
	o.Replied, o.Delay, o.Days, o.Worked, o.Answer = sent.Add(5*time.Hour), (5 * time.Hour).Milliseconds(), 1, (5 * time.Hour).Milliseconds(), probes.AnswerGiven
	var seen []probes.Observation
	for _, it := range t.items[channel] {
		x := probes.Observation{Item: it.Code, Value: probes.No}
		if goodItem() == (it.Rule.Kind == "yes") {
			x.Value = probes.Yes
		}
		seen = append(seen, x)
	}
	o.Items = stats.MarksOf(seen, nil)
	return o
}

func always() bool { return true }
func never() bool  { return false }

// pure returns the score of a structure whose audits of one channel are all of one kind, those of the others all good.
func (t *town) pure(channel probes.Channel, kind kindOfAudit) float64 {
	var all []stats.Outcome
	for _, c := range probes.Channels {
		k := good
		if c == channel {
			k = kind
		}
		all = append(all, t.audit("pure", c, 1, k == silent, map[bool]func() bool{true: always, false: never}[k != bad]))
	}
	return score.Of(t.g, norms(), all).Bodies[0].Score.Value
}

func norms() grid.Norms {
	n, _ := grid.Profile(grid.DefaultProfile)
	return n
}

// nature is what a simulated structure is truly like on a channel.
type nature struct{ answers, quality float64 }

// TestRankIntervalsCoverTheTruth simulates editions of the programme whose true ranks are known, and counts how often the
// intervals hold them. The score is linear in what becomes of each audit, so the true one follows exactly from a structure's
// chances. Beside it, what is usually printed: the rank that each structure's own ± 1.96 standard errors would give it.
func TestRankIntervalsCoverTheTruth(t *testing.T) {
	w := newTown()
	pure := map[probes.Channel][noMore]float64{}
	for _, c := range probes.Channels {
		var by [noMore]float64
		for k := range noMore {
			by[k] = w.pure(c, k)
		}
		pure[c] = by
	}
	best := pure[probes.Mail][good]
	random := rand.New(rand.NewPCG(7, 7))
	covered, naive, all, width, naiveWidth, wins, rightWins := 0, 0, 0, 0, 0, 0, 0
	wide := 0.0
	for e := range *editions {
		bodies := []int{8, 15, 30}[e%3] // in a category
		var outcomes []stats.Outcome
		truth := make([]float64, bodies)
		for b := range bodies {
			id := probes.StructureID(fmt.Sprintf("%03d", b))
			level := random.NormFloat64() * []float64{0.3, 1}[e%2] // how much structures differ
			n := 0
			truth[b] = best
			for _, c := range probes.Channels {
				own := nature{1 / (1 + math.Exp(-0.8-level-0.5*random.NormFloat64())), 1 / (1 + math.Exp(-0.5-level-0.3*random.NormFloat64()))}
				if c == probes.Web {
					own.answers = 0.98
				}
				truth[b] += own.answers*(1-own.quality)*(pure[c][bad]-best) + (1-own.answers)*(pure[c][silent]-best)
				for range plan[c] {
					n++
					agent := 0.6 * min(own.quality, 1-own.quality) // some answer better than others
					if random.IntN(2) == 0 {
						agent = -agent
					}
					o := w.audit(id, c, n, random.Float64() > own.answers, func() bool { return random.Float64() < own.quality+agent })
					if random.Float64() < 0.04 && plan[c] > 1 {
						o.Result = stats.Spoiled
					}
					outcomes = append(outcomes, o)
				}
			}
		}
		s := score.Of(w.g, norms(), outcomes)
		for i := range s.Bodies {
			b := &s.Bodies[i]
			if b.Rank == 0 {
				t.Fatalf("edition %d: %s has no rank: coverage %.2f, score %+v", e, b.ID, b.Coverage, b.Score)
			}
			rank, low, high := 1, 1, 1
			for k := range truth {
				if truth[k] > truth[i] {
					rank++
				}
				if x := s.Bodies[k].Score.Value; k != i {
					if x > b.Score.Value+1.96*b.Score.SE {
						low++
					}
					if x > b.Score.Value-1.96*b.Score.SE {
						high++
					}
				}
			}
			all++
			width += b.RankHigh - b.RankLow + 1
			naiveWidth += high - low + 1
			wide += float64(bodies)
			if b.RankLow <= rank && rank <= b.RankHigh {
				covered++
			}
			if low <= rank && rank <= high {
				naive++
			}
		}
		if win := s.Categories[0].Win; win.Significant {
			wins++
			if win.Body == slices.Index(truth, slices.Max(truth)) {
				rightWins++
			}
		}
	}
	share, beside := float64(covered)/float64(all), float64(naive)/float64(all)
	t.Logf("%d editions, %d ranks: intervals hold the true rank in %.1f %% (naive: %.1f %%), %.1f ranks wide on average of %.1f (naive: %.1f); %d wins called significant, %d right",
		*editions, all, 100*share, 100*beside, float64(width)/float64(all), wide/float64(all), float64(naiveWidth)/float64(all), wins, rightWins)
	if share < 0.93 {
		t.Errorf("the rank intervals hold the true rank in %.1f %%, want at least 93 %%", 100*share)
	}
	if wins > 0 && float64(rightWins)/float64(wins) < 0.95 {
		t.Errorf("of %d wins that were called significant %d are right", wins, rightWins)
	}
}
