package experiment

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule/calendar"
	"github.com/sonde-fleet/sonde/stats"
	"gonum.org/v1/gonum/stat/distuv"
)

// Analysis is what an experiment found so far.
type Analysis struct {
	Campaign   string
	Experiment probes.Experiment
	Measure    Measure
	Final      bool // nothing is awaited any more
	Counts     []Count
	Attrition  Test
	Balance    []Level
	Balanced   Test // of the whole table
	Effects    []Effect
	Why        string // there are no effects
}

// Count is how many audits of an arm stand where.
type Count struct {
	Arm                                                        string
	Structures, Audits                                         int
	Analysed, Watched, Waiting, Spoiled, InDoubt, Out, Unrated int
	Mean                                                       float64 // of those analysed
}

// Test is a chi-square with the p-value of its own distribution, which takes audits for independent, and the one that the
// assignment itself gives.
type Test struct {
	ChiSq   float64
	DF      int
	P       float64
	PRandom float64
	Draws   int
}

// Level is one line of the balance table: a value that audits had before they were dealt.
type Level struct {
	Variable, Value string
	N               []int     // of each arm
	Share           []float64 // of each arm
	SMD             float64   // the largest standardised difference from the first arm
}

// Effect is the difference between an arm and the first.
type Effect struct {
	Arm, Against            string
	N, NAgainst, Structures int
	Mean, MeanAgainst       float64 // unadjusted
	Difference              float64 // within blocks
	SE, Low, High, DF       float64 // CR2, at 1-alpha
	SECR1                   float64
	P, PHolm                float64
	PRandom, PRandomHolm    float64
	Draws                   int
}

// sample is the audits of an experiment, planned or known.
type sample struct {
	rows
	unit    []int
	audits  []*probes.Audit
	bodies  []*probes.Structure
	names   []string
	out     []*stats.Outcome
	stratum []string
}

// sampleOf arranges audits: unknown arms are an error, because the figures would be of another experiment.
func sampleOf(e *probes.Experiment, n int, audit func(int) (*probes.Audit, *probes.Structure)) (*sample, error) {
	s := &sample{rows: rows{arms: len(e.Arms)}}
	arms, blocks, clusters, units, strata := map[string]int{}, map[string]int{}, map[probes.StructureID]int{}, map[string]int{}, map[string]bool{}
	for i := range e.Arms {
		arms[e.Arms[i].ID] = i
		s.names = append(s.names, e.Arms[i].ID)
	}
	order := make([]int, 0, n)
	for i := range n {
		if a, _ := audit(i); a.Treatment != "" {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(i, j int) int {
		a, _ := audit(i)
		b, _ := audit(j)
		return cmp.Or(cmp.Compare(a.Structure, b.Structure), cmp.Compare(a.Number, b.Number), cmp.Compare(a.ID, b.ID))
	})
	place := func(m map[string]int, key string) int {
		k, ok := m[key]
		if !ok {
			k = len(m)
			m[key] = k
		}
		return k
	}
	for _, i := range order {
		a, body := audit(i)
		arm, ok := arms[a.Treatment]
		if !ok {
			return nil, fmt.Errorf("audit %s: the experiment %s has no arm %q", a.ID, e.ID, a.Treatment)
		}
		c, ok := clusters[a.Structure]
		if !ok {
			c = len(clusters)
			clusters[a.Structure] = c
		}
		stratum := Stratum(e, body)
		strata[stratum] = true
		block, unit := "s"+stratum, string(a.Structure)
		if e.Unit == OfAudit {
			block, unit = string(a.Structure), question(a)
		}
		s.arm, s.cluster = append(s.arm, arm), append(s.cluster, c)
		s.block, s.unit = append(s.block, place(blocks, block)), append(s.unit, place(units, unit))
		s.audits, s.bodies = append(s.audits, a), append(s.bodies, body)
	}
	for x := range strata {
		s.stratum = append(s.stratum, x)
	}
	slices.Sort(s.stratum)
	return s, nil
}

// question names what is asked of whom: the timetable asks nothing twice on one channel, so two audits with one name are one
// that was spoiled and the one that makes it again.
func question(a *probes.Audit) string {
	return string(a.Structure) + "|" + string(a.Channel) + "|" + a.Scenario + "|" + a.Wave
}

// Analyse computes what the experiment of a launch found, from the outcomes of its campaign as of a campaign instant.
func Analyse(l *probes.Launch, m Measure, outcomes []stats.Outcome, now time.Time) (*Analysis, error) {
	e := l.Experiment
	s, err := sampleOf(e, len(outcomes), func(i int) (*probes.Audit, *probes.Structure) { return &outcomes[i].Audit, &outcomes[i].Body })
	if err != nil {
		return nil, err
	}
	byID := make(map[probes.AuditID]*stats.Outcome, len(outcomes))
	for i := range outcomes {
		byID[outcomes[i].ID] = &outcomes[i]
	}
	a := &Analysis{Campaign: l.Campaign, Experiment: *e, Measure: m, Final: true, Counts: make([]Count, len(e.Arms))}
	bodies := make([]map[probes.StructureID]bool, len(e.Arms))
	for j := range a.Counts {
		a.Counts[j].Arm, a.Counts[j].Mean, bodies[j] = e.Arms[j].ID, math.NaN(), map[probes.StructureID]bool{}
	}
	lost := make([]int, len(s.arm))
	var at []int
	var y []float64
	for i := range s.audits {
		o := byID[s.audits[i].ID]
		s.out = append(s.out, o)
		c := &a.Counts[s.arm[i]]
		c.Audits++
		bodies[s.arm[i]][o.Structure] = true
		v, state := m.Of(o, now)
		switch state {
		case Analysed:
			c.Analysed++
			at, y = append(at, i), append(y, v)
		case Watched:
			c.Watched++
			a.Final = false
		case Waiting:
			c.Waiting++
			a.Final = false
		case Lost:
			if o.Result == stats.InDoubt {
				c.InDoubt++
			} else {
				c.Spoiled++
			}
			lost[i] = 1
		case Out:
			c.Out++
			lost[i] = 1
		case Unrated:
			c.Unrated++
		}
	}
	for j := range a.Counts {
		a.Counts[j].Structures = len(bodies[j])
	}
	a.balance(s, l.Seed, lost)
	a.effects(s, l.Seed, at, y)
	return a, nil
}

// balance fills the balance table and both tests of what chance dealt.
func (a *Analysis) balance(s *sample, seed int64, lost []int) {
	type coding struct {
		codes []int
		n     int
	}
	var codings []coding
	due, zones := make([]time.Time, len(s.arm)), map[string]*time.Location{}
	for i := range due {
		zone, ok := zones[s.bodies[i].Zone]
		if !ok {
			var err error
			if zone, err = calendar.Zone(s.bodies[i].Zone); err != nil {
				zone = time.UTC
			}
			zones[s.bodies[i].Zone] = zone
		}
		due[i] = s.audits[i].Due.In(zone)
	}
	for _, v := range variables {
		names, code := []string{}, map[string]int{}
		values := make([]string, len(s.arm))
		for i := range s.arm {
			values[i] = v.of(s.audits[i], s.bodies[i], due[i])
			if _, ok := code[values[i]]; !ok {
				code[values[i]] = 0
				names = append(names, values[i])
			}
		}
		slices.Sort(names)
		for k, name := range names {
			code[name] = k
		}
		c := coding{n: len(names)}
		for _, x := range values {
			c.codes = append(c.codes, code[x])
		}
		codings = append(codings, c)
		a.Balance = append(a.Balance, s.levels(v.name, names, c.codes)...)
	}
	total := func(arm []int) (chi float64, df int) {
		for _, c := range codings {
			x, d := crossed(arm, c.codes, s.arms, c.n)
			chi, df = chi+x, df+d
		}
		return chi, df
	}
	a.Balanced.ChiSq, a.Balanced.DF = total(s.arm)
	a.Attrition.ChiSq, a.Attrition.DF = crossed(s.arm, lost, s.arms, 2)
	above, more := 1, 1
	arm, r := make([]int, len(s.arm)), source(seed, "balance", a.Experiment.ID)
	l := newLottery(s.unit, s.block, s.arm)
	for range draws {
		l.draw(r, arm)
		if chi, _ := total(arm); chi >= a.Balanced.ChiSq-1e-9 {
			above++
		}
		if chi, _ := crossed(arm, lost, s.arms, 2); chi >= a.Attrition.ChiSq-1e-9 {
			more++
		}
	}
	a.Balanced.P, a.Attrition.P = beyond(a.Balanced.ChiSq, a.Balanced.DF), beyond(a.Attrition.ChiSq, a.Attrition.DF)
	a.Balanced.PRandom, a.Attrition.PRandom = float64(above)/(draws+1), float64(more)/(draws+1)
	a.Balanced.Draws, a.Attrition.Draws = draws, draws
	if len(s.arm) == 0 {
		a.Balanced.PRandom, a.Attrition.PRandom = math.NaN(), math.NaN()
	}
}

func beyond(chi float64, df int) float64 {
	if df < 1 {
		return math.NaN()
	}
	return distuv.ChiSquared{K: float64(df)}.Survival(chi)
}

// variables are what an audit is before it is dealt.
var variables = []struct {
	name string
	of   func(*probes.Audit, *probes.Structure, time.Time) string // the time is when it is due on the structure's own clock
}{
	{"kind", func(_ *probes.Audit, s *probes.Structure, _ time.Time) string { return s.Kind }},
	{"band", func(_ *probes.Audit, s *probes.Structure, _ time.Time) string { return s.Band }},
	{"sector", func(_ *probes.Audit, s *probes.Structure, _ time.Time) string { return s.Sector }},
	{"region", func(_ *probes.Audit, s *probes.Structure, _ time.Time) string { return s.Region }},
	{"week", func(_ *probes.Audit, _ *probes.Structure, due time.Time) string {
		year, week := due.ISOWeek()
		return fmt.Sprintf("%d-W%02d", year, week)
	}},
	{"channel", func(a *probes.Audit, _ *probes.Structure, _ time.Time) string { return string(a.Channel) }},
	{"scenario", func(a *probes.Audit, _ *probes.Structure, _ time.Time) string { return a.Scenario }},
	{"hour", func(_ *probes.Audit, _ *probes.Structure, due time.Time) string { return due.Format("15") + "h" }},
}

func (s *sample) levels(variable string, names []string, codes []int) []Level {
	size := make([]int, s.arms)
	out := make([]Level, len(names))
	for k := range out {
		out[k] = Level{Variable: variable, Value: names[k], N: make([]int, s.arms), Share: make([]float64, s.arms), SMD: math.NaN()}
	}
	for i, arm := range s.arm {
		size[arm]++
		out[codes[i]].N[arm]++
	}
	for k := range out {
		x := &out[k]
		for j := range x.Share {
			x.Share[j] = float64(x.N[j]) / float64(size[j])
			if j == 0 || size[j] == 0 || size[0] == 0 {
				continue
			}
			p, q := x.Share[0], x.Share[j]
			d := 0.0
			if v := (p*(1-p) + q*(1-q)) / 2; v > 0 {
				d = (q - p) / math.Sqrt(v)
			} else if p != q {
				d = math.Inf(1)
			}
			if math.IsNaN(x.SMD) || math.Abs(d) > math.Abs(x.SMD) {
				x.SMD = d
			}
		}
	}
	return out
}

// effects fills the means and the differences.
func (a *Analysis) effects(s *sample, seed int64, at []int, y []float64) {
	sub := rows{arm: pick(s.arm, at), block: compact(pick(s.block, at)), cluster: compact(pick(s.cluster, at)), arms: s.arms}
	sum, n := make([]float64, s.arms), make([]int, s.arms)
	bodies := make([]map[int]bool, s.arms)
	for j := range bodies {
		bodies[j] = map[int]bool{}
	}
	for i, arm := range sub.arm {
		sum[arm] += y[i]
		n[arm]++
		bodies[arm][sub.cluster[i]] = true
	}
	for j := range a.Counts {
		if n[j] > 0 {
			a.Counts[j].Mean = sum[j] / float64(n[j])
		}
	}
	m, err := newModel(sub)
	if err != nil {
		a.Why = err.Error()
		return
	}
	if m.clusters() < 3 {
		a.Why = "fewer than three structures are analysed: " + strconv.Itoa(m.clusters())
		return
	}
	m.robust()
	found := m.estimates(y)
	observed, p := make([]float64, len(found)), make([]float64, len(found))
	for j := range found {
		observed[j], p[j] = found[j].t0, found[j].p
	}
	random := surprise(newLottery(s.unit, s.block, s.arm), s.rows, at, y, observed, draws, source(seed, "surprise", a.Experiment.ID))
	adjusted, randomAdjusted := holm(p), holm(random)
	for j := range found {
		x := &found[j]
		half := x.half(a.Experiment.Alpha)
		both := len(bodies[0])
		for c := range bodies[j+1] {
			if !bodies[0][c] {
				both++
			}
		}
		a.Effects = append(a.Effects, Effect{Arm: s.names[j+1], Against: s.names[0], N: n[j+1], NAgainst: n[0], Structures: both,
			Mean: a.Counts[j+1].Mean, MeanAgainst: a.Counts[0].Mean, Difference: x.difference, SE: x.se, SECR1: x.cr1, DF: x.df,
			Low: x.difference - half, High: x.difference + half, P: x.p, PHolm: adjusted[j], PRandom: random[j], PRandomHolm: randomAdjusted[j], Draws: draws})
	}
}
