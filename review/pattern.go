package review

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
	"gonum.org/v1/gonum/stat/distuv"
)

const (
	// Iglewicz and Hoaglin (1993): a modified z-score above 3.5 is an outlier.
	farScore = 3.5
	// madScale makes the median absolute deviation of a normal law its standard deviation.
	madScale = 1.4826
	// Fewer of one's own answers, or of the peers', say nothing about what is usual.
	fewestOwn   = 4
	fewestPeers = 20
	// flat is the least spread of log delays that is believed: two answers a second apart do not make a third an outlier.
	flat = 0.25
	// byChance is how improbable a cluster must be before it is flagged: a national campaign has thousands of them to be
	// surprised by.
	byChance = 1e-6
	// fewestFaults, fewestSilent: smaller clusters are looked at one by one.
	fewestFaults = 5
	fewestSilent = 15
	mostOthers   = 10
)

// identical flags answers with the same words to different audits of one structure: it may have spotted them, or have sent
// a ready-made text, which its score should know.
func (f *finder) identical() {
	type same struct {
		structure probes.StructureID
		digest    string
	}
	groups := map[same][]int32{}
	for i := range f.in.Outcomes {
		if o := &f.in.Outcomes[i]; o.TextDigest != "" && o.Result == stats.Answered {
			k := same{o.Structure, o.TextDigest}
			groups[k] = append(groups[k], int32(i))
		}
	}
	f.inOrder(groupsOf(groups), func(group []int32) {
		if len(group) < 2 {
			return
		}
		for _, i := range group {
			o := &f.in.Outcomes[i]
			f.add(o, Flag{Kind: SameAnswer, N: len(group), Mail: o.Evidence, Others: f.others(group, i)})
		}
	})
}

func groupsOf[K comparable](m map[K][]int32) [][]int32 {
	all := make([][]int32, 0, len(m))
	for _, g := range m {
		all = append(all, g)
	}
	return all
}

// inOrder calls f with each group in the order of its first outcome, so that two runs give the same list.
func (f *finder) inOrder(groups [][]int32, do func([]int32)) {
	slices.SortFunc(groups, func(a, b []int32) int { return cmp.Compare(a[0], b[0]) })
	for _, g := range groups {
		do(g)
	}
}

func (f *finder) others(group []int32, but int32) (ids []probes.AuditID) {
	for _, i := range group {
		if i != but && len(ids) < mostOthers {
			ids = append(ids, f.in.Outcomes[i].ID)
		}
	}
	return ids
}

// measured is what an audit is compared with its peers by, in milliseconds: the delay of an answer, the wait for a person on the
// telephone; 0 where there is neither.
func measured(o *stats.Outcome) int64 {
	switch {
	case o.Result == stats.Answered:
		return o.Delay
	case o.Result == stats.Reached && !o.Outside && o.Call != nil && o.Call.Wait != nil:
		return *o.Call.Wait
	}
	return 0
}

// outliers flags answers whose delay, and calls whose wait, is far from the structure's own and from its peers' (kind and population band, same
// channel). Delays are compared as logarithms: they have long tails by nature.
func (f *finder) outliers() {
	type peers struct {
		campaign, kind, band string
		channel              probes.Channel
	}
	type own struct {
		structure probes.StructureID
		channel   probes.Channel
	}
	byPeers, byOwn := map[peers][]int32{}, map[own][]int32{}
	for i := range f.in.Outcomes {
		o := &f.in.Outcomes[i]
		if measured(o) <= 0 {
			continue
		}
		p, w := peers{o.Campaign, o.Body.Kind, o.Body.Band, o.Channel}, own{o.Structure, o.Channel}
		byPeers[p], byOwn[w] = append(byPeers[p], int32(i)), append(byOwn[w], int32(i))
	}
	usual := map[int32]float64{} // own score
	for _, g := range byOwn {
		f.score(g, fewestOwn, func(i int32, z, _ float64) { usual[i] = z })
	}
	found := map[int32]Flag{}
	for k, g := range byPeers {
		f.score(g, fewestPeers, func(i int32, z, median float64) {
			// A structure that always answers like this is no outlier: its own history says so.
			if _, known := usual[i]; math.Abs(z) > farScore && !known {
				found[i] = Flag{Kind: Outlier, Delay: measured(&f.in.Outcomes[i]), Usual: int64(median), Z: z, N: len(g), Group: strings.Trim(k.kind+" "+k.band, " ")}
			}
		})
	}
	for _, g := range byOwn {
		f.score(g, fewestOwn, func(i int32, z, median float64) {
			if math.Abs(z) > farScore {
				found[i] = Flag{Kind: Outlier, Delay: measured(&f.in.Outcomes[i]), Usual: int64(median), Z: z, N: len(g), Group: "own"}
			}
		})
	}
	for i := range f.in.Outcomes {
		if flag, ok := found[int32(i)]; ok {
			f.add(&f.in.Outcomes[i], flag)
		}
	}
}

// score calls tell with the modified z-score of each delay among those of the group, and their median in milliseconds.
func (f *finder) score(group []int32, fewest int, tell func(i int32, z, median float64)) {
	if len(group) < fewest {
		return
	}
	logs := make([]float64, len(group))
	for k, i := range group {
		logs[k] = math.Log(float64(measured(&f.in.Outcomes[i])))
	}
	median := stats.Quantile(slices.Clone(logs), 0.5)
	away := make([]float64, len(logs))
	for k, x := range logs {
		away[k] = math.Abs(x - median)
	}
	spread := max(madScale*stats.Quantile(away, 0.5), flat)
	for k, i := range group {
		tell(i, (logs[k]-median)/spread, math.Exp(median))
	}
}

// patterns flags clusters that look like a fault of ours: many audits spoiled on one prober on one day, and a persona's
// mailbox to which far fewer answers come than to the others'.
func (f *finder) patterns() {
	type place struct{ campaign, prober, day string }
	type box struct{ campaign, prober, persona string }
	days, boxes := map[place][]int32{}, map[box][]int32{}
	tried, spoiled, asked, answered := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	for i := range f.in.Outcomes {
		o := &f.in.Outcomes[i]
		if o.Result == stats.Waiting || o.Result == stats.Out {
			continue
		}
		k := place{o.Campaign, o.Prober, o.Due.UTC().Format("2006-01-02")}
		days[k] = append(days[k], int32(i))
		tried[o.Campaign]++
		if o.Result == stats.Spoiled {
			spoiled[o.Campaign]++
		}
		if o.Channel != probes.Mail || o.Result == stats.Silent && !o.Status.Ended() || !o.Counted() {
			continue
		}
		b := box{o.Campaign, o.Prober, o.Persona}
		boxes[b] = append(boxes[b], int32(i))
		asked[o.Campaign]++
		if o.Result == stats.Answered {
			answered[o.Campaign]++
		}
	}
	f.inOrder(groupsOf(days), func(g []int32) {
		first := &f.in.Outcomes[g[0]]
		bad := f.these(g, stats.Spoiled)
		// The others' rate: a cluster must not hide itself by raising the whole.
		base := rate(spoiled[first.Campaign]-len(bad), tried[first.Campaign]-len(g))
		p := atLeast(len(bad), len(g), max(base, 0.005))
		if len(bad) < fewestFaults || p > byChance {
			return
		}
		for _, i := range bad {
			f.add(&f.in.Outcomes[i], Flag{Kind: FaultPattern, N: len(bad), Of: len(g), Share: rate(len(bad), len(g)), Expected: base, P: p,
				Group: first.Prober, Text: first.Due.UTC().Format("2006-01-02"), Others: f.others(bad, i)})
		}
	})
	f.inOrder(groupsOf(boxes), func(g []int32) {
		first := &f.in.Outcomes[g[0]]
		silent := f.these(g, stats.Silent)
		got := len(f.these(g, stats.Answered))
		base := rate(answered[first.Campaign]-got, asked[first.Campaign]-len(g))
		p := atMost(got, len(g), base)
		if len(silent) < fewestSilent || p > byChance {
			return
		}
		for _, i := range silent {
			f.add(&f.in.Outcomes[i], Flag{Kind: FaultPattern, N: got, Of: len(g), Share: rate(got, len(g)), Expected: base, P: p, Group: first.Persona,
				Others: f.others(silent, i)})
		}
	})
}

func (f *finder) these(group []int32, r stats.Result) (some []int32) {
	for _, i := range group {
		if f.in.Outcomes[i].Result == r {
			some = append(some, i)
		}
	}
	return some
}

func rate(k, n int) float64 {
	if n <= 0 {
		return 0
	}
	return float64(k) / float64(n)
}

// atLeast is the probability of k or more of n at the rate.
func atLeast(k, n int, rate float64) float64 {
	if k <= 0 {
		return 1
	}
	return 1 - distuv.Binomial{N: float64(n), P: rate}.CDF(float64(k-1))
}

// atMost is the probability of k or fewer of n at the rate.
func atMost(k, n int, rate float64) float64 {
	return distuv.Binomial{N: float64(n), P: rate}.CDF(float64(k))
}
