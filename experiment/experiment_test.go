package experiment

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unique"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
	"gonum.org/v1/gonum/stat/distuv"
)

// A stratum is dealt evenly, the same with the same seed, and every unit has every arm equally often over the seeds.
func TestDeal(t *testing.T) {
	for arms := 2; arms <= 5; arms++ {
		for n := range 23 {
			got := Deal(7, "mairie", arms, n)
			count := make([]int, arms)
			for _, a := range got {
				count[a]++
			}
			if len(got) != n || slices.Max(count)-slices.Min(count) > 1 {
				t.Errorf("%d arms, %d units: %v", arms, n, count)
			}
			if !slices.Equal(got, Deal(7, "mairie", arms, n)) {
				t.Errorf("%d arms, %d units: dealt otherwise with the same seed", arms, n)
			}
		}
	}
	if slices.Equal(Deal(7, "mairie", 2, 40), Deal(8, "mairie", 2, 40)) || slices.Equal(Deal(7, "mairie", 2, 40), Deal(7, "hopital", 2, 40)) {
		t.Error("another seed, or another stratum, deals the same")
	}
	const arms, n, trials = 3, 7, 30000
	first := [arms][n]int{}
	for seed := range trials {
		for i, a := range Deal(int64(seed), "x", arms, n) {
			first[a][i]++
		}
	}
	for a := range arms {
		for i, k := range first[a] {
			if share := float64(k) / trials; math.Abs(share-1.0/arms) > 0.012 {
				t.Errorf("unit %d has arm %d with a share of %.3f", i, a, share)
			}
		}
	}
}

func TestParseMeasure(t *testing.T) {
	g := grid.Current()
	for text, want := range map[string]string{
		"answered": "before the audit's deadline", "answered-24h": "within 24 hours", "answered-5d": "within 120 hours", "delay": "hours from the contact",
		"polite": "politeness formula", "item:mail.facts": "(%)", "item:mail.fact.horaires": "is yes", "item:mail.greeting": "is yes",
	} {
		if m, err := ParseMeasure(text, g); err != nil || !strings.Contains(m.String(), want) {
			t.Errorf("%s: %v, %q", text, err, m)
		}
	}
	for _, text := range []string{"", "answer", "answered-", "answered-5", "answered-0d", "answered-5w", "answered--5d", "item:", "item:mail.nothing", "answered-99999999999999999999d", "answered-5dh"} {
		if _, err := ParseMeasure(text, g); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

var day0 = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

func TestMeasure(t *testing.T) {
	yes, no := true, false
	hour := int64(3_600_000)
	at := func(o stats.Outcome) stats.Outcome {
		o.Sent, o.Deadline = day0, day0.AddDate(0, 0, 15)
		return o
	}
	answered := at(stats.Outcome{Result: stats.Answered, Delay: 30 * hour, Polite: &yes, Items: stats.Marks{{Item: unique.Make(probes.ItemCode("mail.facts")), Value: 50}}})
	rude := at(stats.Outcome{Result: stats.Answered, Delay: 30 * hour, Polite: &no})
	late := at(stats.Outcome{Result: stats.Answered, Delay: 400 * hour, Late: true})
	silent, refused := at(stats.Outcome{Result: stats.Silent}), at(stats.Outcome{Result: stats.Unreachable})
	for _, c := range []struct {
		measure string
		o       stats.Outcome
		days    int // after the contact
		want    float64
		state   State
	}{
		{"answered", answered, 15, 1, Analysed}, {"answered", late, 20, 0, Analysed}, {"answered", silent, 15, 0, Analysed}, {"answered", refused, 15, 0, Analysed},
		{"answered", answered, 14, 0, Watched}, {"answered", silent, 14, 0, Watched}, // nobody's answer counts before everybody's could have come
		{"answered-24h", answered, 1, 0, Analysed}, {"answered-5d", answered, 5, 1, Analysed}, {"answered-5d", silent, 5, 0, Analysed}, {"answered-5d", answered, 4, 0, Watched},
		{"delay", answered, 15, 30, Analysed}, {"delay", silent, 15, 360, Analysed}, {"delay", late, 20, 360, Analysed}, {"delay", refused, 15, 360, Analysed},
		{"polite", answered, 15, 1, Analysed}, {"polite", rude, 15, 0, Analysed}, {"polite", silent, 15, 0, Analysed}, {"polite", at(stats.Outcome{Result: stats.Answered, Delay: 1}), 15, 0, Unrated},
		{"item:mail.facts", answered, 15, 50, Analysed}, {"item:mail.facts", rude, 15, 0, Unrated}, {"item:mail.facts", silent, 15, 0, Analysed},
		{"answered", at(stats.Outcome{Result: stats.Spoiled}), 15, 0, Lost}, {"answered", at(stats.Outcome{Result: stats.InDoubt}), 15, 0, Lost},
		{"answered", at(stats.Outcome{Result: stats.Waiting}), 15, 0, Waiting}, {"answered", at(stats.Outcome{Result: stats.Out}), 15, 0, Out},
	} {
		m, err := ParseMeasure(c.measure, grid.Current())
		if err != nil {
			t.Fatal(err)
		}
		if v, s := m.Of(&c.o, day0.AddDate(0, 0, c.days)); v != c.want || s != c.state {
			t.Errorf("%s of %s after %d days: %v, %d", c.measure, c.o.Result, c.days, v, s)
		}
	}
}

// trial makes outcomes of a whole experiment: structures of several kinds that answer more or less often, arms dealt as the
// timetable deals them, an effect, and a share of audits that we spoil.
func trial(e *probes.Experiment, bodies, audits int, effect, spoiled float64, seed uint64) (*probes.Launch, []stats.Outcome) {
	r := rand.New(rand.NewPCG(seed, 3))
	l := &probes.Launch{Campaign: "c", Experiment: e, Seed: int64(seed)}
	var list []probes.Structure
	strata := map[string][]int{}
	for i := range bodies {
		s := probes.Structure{ID: probes.StructureID(fmt.Sprintf("s%03d", i)), Kind: []string{"mairie", "hopital"}[r.IntN(2)], Band: fmt.Sprint(r.IntN(2)), Region: fmt.Sprint(i / 2), Sector: "public", Zone: "Europe/Paris"}
		list = append(list, s)
		strata[Stratum(e, &s)] = append(strata[Stratum(e, &s)], i)
	}
	arm := make([]int, bodies)
	for name, of := range strata {
		for k, a := range Deal(l.Seed, name, len(e.Arms), len(of)) {
			arm[of[k]] = a
		}
	}
	beta := distuv.Beta{Alpha: 2, Beta: 2} // an intra-cluster correlation of 0.2
	var out []stats.Outcome
	for i := range list {
		p := beta.Quantile(r.Float64())
		dealt := Deal(l.Seed, string(list[i].ID), len(e.Arms), audits)
		for n := range audits {
			a := arm[i]
			if e.Unit == OfAudit {
				a = dealt[n]
			}
			o := stats.Outcome{Audit: probes.Audit{ID: probes.AuditID(fmt.Sprintf("c.%s.%02d", list[i].ID, n+1)), Campaign: "c", Structure: list[i].ID, Channel: probes.Mail,
				Scenario: fmt.Sprint("q", n), Number: n + 1, Due: day0.AddDate(0, 0, n), Deadline: day0.AddDate(0, 0, n+15), Treatment: e.Arms[a].ID}, Body: list[i],
				Sent: day0.AddDate(0, 0, n), Result: stats.Silent}
			at := p
			if a > 0 {
				at = min(1, max(0, p+effect))
			}
			if r.Float64() < at {
				o.Result, o.Delay = stats.Answered, int64(r.IntN(300))*3_600_000
			}
			if r.Float64() < spoiled {
				o.Result = stats.Spoiled
			}
			out = append(out, o)
		}
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return l, out
}

func design(unit string, arms int) *probes.Experiment {
	e := &probes.Experiment{ID: "x", Hypothesis: "h", Factor: Persona, Unit: unit, Strata: []string{"kind", "band"}, Channels: []probes.Channel{probes.Mail}, Outcome: "answered",
		Alpha: 0.05, Power: 0.8, Effect: -0.1, ICC: 0.1, Base: 0.5, Method: Method}
	for i := range arms {
		e.Arms = append(e.Arms, probes.Arm{ID: fmt.Sprintf("arm%d", i)})
	}
	return e
}

var trialsOf = flag.Int("trials", 100, "how many trials of each design are simulated; docs/performance.md has the figures of 1000")

// Under the null hypothesis both tests err in about 5 of 100 trials, and the interval holds the truth in about 95, with an
// effect too; with few structures of few audits, of which some are lost. About: within three standard errors of so many trials,
// which of a thousand are 0.02.
func TestLevelAndCoverage(t *testing.T) {
	const lots = 99
	trials := *trialsOf
	about := 3 * math.Sqrt(0.05*0.95/float64(trials))
	for _, c := range []struct {
		unit   string
		arms   int
		bodies int
		audits int
		effect float64
		pairs  bool // strata of two structures, where a sandwich without correction rejects far too often
	}{{OfStructure, 2, 30, 4, 0, false}, {OfAudit, 2, 30, 4, 0, false}, {OfStructure, 3, 36, 3, 0, false}, {OfAudit, 3, 24, 5, 0, false}, {OfAudit, 2, 30, 4, 0.15, false},
		{OfStructure, 2, 30, 4, 0, true}, {OfStructure, 2, 40, 3, 0.15, true}} {
		t.Run(fmt.Sprintf("%s-%d-%v-%v", c.unit, c.arms, c.effect, c.pairs), func(t *testing.T) {
			t.Parallel()
			e := design(c.unit, c.arms)
			if c.pairs {
				e.Strata = []string{"region"}
			}
			truth := c.effect
			if c.effect != 0 { // cut at 1, so the mean effect is a little smaller than 0.15
				truth = 0.15 - capped()
			}
			wrong, random, covered, family := 0, 0, 0, 0
			for k := range trials {
				l, out := trial(e, c.bodies, c.audits, c.effect, 0.05, uint64(1000+k))
				s, at, y := valued(t, l, out)
				m, err := newModel(rows{arm: pick(s.arm, at), block: compact(pick(s.block, at)), cluster: compact(pick(s.cluster, at)), arms: s.arms})
				if err != nil {
					t.Fatal(err)
				}
				m.robust()
				found := m.estimates(y)
				observed, ps := []float64{}, []float64{}
				for _, x := range found {
					observed, ps = append(observed, x.t0), append(ps, x.p)
				}
				if p := surprise(newLottery(s.unit, s.block, s.arm), s.rows, at, y, observed, lots, source(int64(k), "t")); p[0] <= 0.05 {
					random++
				}
				x := found[0]
				if x.p <= 0.05 {
					wrong++
				}
				if slices.Min(holm(ps)) <= 0.05 {
					family++
				}
				if math.Abs(x.difference-truth) <= x.half(0.05) {
					covered++
				}
			}
			share := func(n int) float64 { return float64(n) / float64(trials) }
			t.Logf("%s, pairs %v, %d arms, %d structures of %d, effect %.2f: rejected %.3f, by randomisation %.3f, any of the arms (Holm) %.3f, covered %.3f", c.unit, c.pairs, c.arms, c.bodies, c.audits,
				c.effect, share(wrong), share(random), share(family), share(covered))
			if share(covered) < 0.95-about {
				t.Errorf("%s, %d arms: the interval holds the truth in %.3f", c.unit, c.arms, share(covered))
			}
			if c.effect != 0 {
				return
			}
			if math.Abs(share(wrong)-0.05) > about || math.Abs(share(random)-0.05) > about || share(family) > 0.05+about {
				t.Errorf("%s, %d arms: rejected %.3f, by randomisation %.3f, Holm %.3f", c.unit, c.arms, share(wrong), share(random), share(family))
			}
		})
	}
}

// capped is by how much an effect of 0.15 is smaller because nobody answers more than always: E(max(0, p + 0.15 - 1)).
func capped() float64 {
	const n = 20_000
	beta := distuv.Beta{Alpha: 2, Beta: 2}
	sum := 0.0
	for i := range n {
		p := 0.85 + 0.15*(float64(i)+0.5)/n
		sum += (p + 0.15 - 1) * beta.Prob(p) * 0.15 / n
	}
	return sum
}

func valued(t *testing.T, l *probes.Launch, out []stats.Outcome) (s *sample, at []int, y []float64) {
	t.Helper()
	s, err := sampleOf(l.Experiment, len(out), func(i int) (*probes.Audit, *probes.Structure) { return &out[i].Audit, &out[i].Body })
	if err != nil {
		t.Fatal(err)
	}
	m, err := ParseMeasure(l.Experiment.Outcome, grid.Current())
	if err != nil {
		t.Fatal(err)
	}
	byID := map[probes.AuditID]*stats.Outcome{}
	for i := range out {
		byID[out[i].ID] = &out[i]
	}
	for i := range s.audits {
		if v, state := m.Of(byID[s.audits[i].ID], day0.AddDate(1, 0, 0)); state == Analysed {
			at, y = append(at, i), append(y, v)
		}
	}
	return s, at, y
}

func analyse(t *testing.T, l *probes.Launch, out []stats.Outcome) *Analysis {
	t.Helper()
	m, err := ParseMeasure(l.Experiment.Outcome, grid.Current())
	if err != nil {
		t.Fatal(err)
	}
	a, err := Analyse(l, m, out, day0.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// The analysis finds an effect, does not depend on the order of the audits, and counts everybody.
func TestAnalyse(t *testing.T) {
	for _, unit := range Units {
		l, out := trial(design(unit, 3), 60, 6, -0.3, 0.1, 5)
		a := analyse(t, l, out)
		slices.Reverse(out)
		if b := analyse(t, l, out); fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("%s: another order gives\n%v\nand not\n%v", unit, b, a)
		}
		audits, spoiled := 0, 0
		for _, c := range a.Counts {
			if c.Analysed+c.Spoiled != c.Audits {
				t.Errorf("%s: %+v does not add up", unit, c)
			}
			audits, spoiled = audits+c.Audits, spoiled+c.Spoiled
		}
		if audits != 360 || spoiled == 0 || !a.Final || a.Why != "" || len(a.Effects) != 2 {
			t.Errorf("%s: %d audits, %d spoiled, %+v", unit, audits, spoiled, a.Effects)
		}
		for _, x := range a.Effects {
			if x.Difference > -0.15 || x.Difference < -0.45 || x.P > 0.01 || x.PRandom > 0.01 || x.Low > x.Difference || x.High < x.Difference || x.PHolm < x.P || x.PRandomHolm < x.PRandom || x.Against != "arm0" {
				t.Errorf("%s: %+v", unit, x)
			}
		}
		if a.Balanced.PRandom < 0.001 || a.Attrition.PRandom < 0.001 || len(a.Balance) < 10 {
			t.Errorf("%s: balance %+v, attrition %+v, %d levels", unit, a.Balanced, a.Attrition, len(a.Balance))
		}
		for _, b := range a.Balance {
			if unit == OfStructure && (b.Variable == "kind" || b.Variable == "band") && math.Abs(b.SMD) > 0.2 {
				t.Errorf("a stratum is out of balance: %+v", b)
			}
		}
	}
}

// Who spoils one arm more than the other is told, and so is who lets the arms differ before they are dealt.
func TestAnalyseTellsWhatIsWrong(t *testing.T) {
	l, out := trial(design(OfAudit, 2), 40, 6, 0, 0, 9)
	for i := range out {
		if out[i].Treatment == "arm1" && i%3 == 0 {
			out[i].Result = stats.Spoiled
		}
	}
	if a := analyse(t, l, out); a.Attrition.PRandom > 0.001 || a.Attrition.P > 0.001 {
		t.Errorf("attrition of one arm alone: %+v", a.Attrition)
	}
	l, out = trial(design(OfStructure, 2), 40, 6, 0, 0, 9)
	for i := range out {
		out[i].Body.Region = out[i].Treatment
	}
	if a := analyse(t, l, out); a.Balanced.PRandom > 0.001 {
		t.Errorf("a region of each arm: %+v", a.Balanced)
	}
	for i := range out {
		out[i].Treatment = "arm0"
	}
	if a := analyse(t, l, out); a.Why == "" || len(a.Effects) != 0 {
		t.Errorf("one arm alone: %+v", a.Effects)
	}
	if a := analyse(t, l, nil); a.Why == "" {
		t.Error("nothing at all has an effect")
	}
	out[0].Treatment = "arm9"
	m, _ := ParseMeasure("answered", grid.Current())
	if _, err := Analyse(l, m, out, day0); err == nil {
		t.Error("an arm that the experiment does not have is taken")
	}
}

// A try that is made again is dealt with the one that it makes again.
func TestAgainIsOneUnit(t *testing.T) {
	l, out := trial(design(OfAudit, 2), 10, 4, 0, 0, 9)
	again := out[0]
	out[0].Result = stats.Spoiled
	again.ID, again.Number = "c.again.05", 5
	out = append(out, again)
	s, _, _ := valued(t, l, out)
	units := slices.Compact(slices.Sorted(slices.Values(s.unit)))
	if len(units) != 40 || len(s.unit) != 41 {
		t.Errorf("%d units of %d audits", len(units), len(s.unit))
	}
	audits := func(out []stats.Outcome) (list []probes.Audit) {
		for _, o := range out {
			list = append(list, o.Audit)
		}
		return list
	}
	if AssignmentHash(audits(out)) != AssignmentHash(audits(out[:40])) {
		t.Error("another try changes the hash of the assignment")
	}
}

func timetable(e *probes.Experiment, bodies, audits int) *Planned {
	_, out := trial(e, bodies, audits, 0, 0, 4)
	p := &Planned{Structures: map[probes.StructureID]*probes.Structure{}}
	for i := range out {
		p.Audits = append(p.Audits, out[i].Audit)
		p.Structures[out[i].Structure] = &out[i].Body
	}
	return p
}

// Formula and simulation agree, an effect of the detectable size is found with the power that is wanted, and clusters cost.
func TestPower(t *testing.T) {
	for _, c := range []struct {
		unit   string
		number bool
	}{{OfAudit, false}, {OfStructure, false}, {OfAudit, true}, {OfStructure, true}} {
		e := design(c.unit, 2)
		if c.number {
			e.Outcome, e.Base, e.SD, e.Effect = "delay", 100, 80, 20
		}
		p := timetable(e, 200, 4)
		x, err := PowerOf(context.Background(), e, c.number, 3, p, 1000, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s, number %v: design effect %.3f, power %.3f, simulated %.3f, false %.3f, coverage %.3f, detectable %.3f, needed %.0f", c.unit, c.number, x.Design, x.Power,
			x.Simulated.Found.Share, x.Simulated.False.Share, x.Simulated.Covers.Share, x.Detectable, x.NeedBodies)
		if math.Abs(x.Power-x.Simulated.Found.Share) > 0.04 || math.Abs(x.Simulated.False.Share-0.05) > 0.02 || x.Simulated.Covers.Share < 0.93 {
			t.Errorf("%s, number %v: %+v", c.unit, c.number, x)
		}
		want := 1 + 3*e.ICC // (m-1) icc
		if c.unit == OfAudit {
			want = 1 - e.ICC
		}
		if math.Abs(x.Design-want) > 0.02 {
			t.Errorf("%s: design effect %.3f, want %.3f", c.unit, x.Design, want)
		}
		e.Effect = x.Detectable
		again, err := PowerOf(context.Background(), e, c.number, 3, p, 0, nil)
		if err != nil || math.Abs(again.Power-e.Power) > 1e-6 {
			t.Errorf("%s: the detectable difference is found with %.6f (%v)", c.unit, again.Power, err)
		}
		if math.Abs(again.NeedBodies-200) > 1 {
			t.Errorf("%s: %v structures are needed for what 200 detect", c.unit, again.NeedBodies)
		}
	}
	e := design(OfStructure, 2)
	if _, err := PowerOf(context.Background(), e, false, 1, &Planned{}, 0, nil); err == nil {
		t.Error("nobody has power")
	}
	e.Strata = []string{"kind", "band"}
	if thin, err := Thin(e, timetable(e, 5, 2)); err != nil || len(thin) == 0 {
		t.Errorf("five structures in four strata: %v, %v", thin, err)
	}
}

// The file is the same each time, is read back, and says what has changed.
func TestRegister(t *testing.T) {
	e := design(OfStructure, 2)
	p := timetable(e, 20, 4)
	m, _ := ParseMeasure(e.Outcome, grid.Current())
	make := func(seed int64, p *Planned, campaign probes.Hash) *Registration {
		r, err := Register("c", "Title", e, m, seed, p, "2026-03-02", "2026-04-30", []RegisteredFile{{"campaign.yaml", campaign}, {"s.csv", "bb"}}, RegisteredGrid{"1", "cc"}, "v1")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := make(4, p, "aa")
	raw, sum, err := r.JSON()
	slices.Reverse(p.Audits)
	second, same, _ := make(4, p, "aa").JSON()
	if err != nil || sum != same || string(raw) != string(second) {
		t.Errorf("the same plan has the hashes %s and %s (%v)", sum, same, err)
	}
	back, readSum, err := ReadRegistration(raw)
	if err != nil || readSum != sum || len(back.Differences(r)) > 0 {
		t.Errorf("read back: %v, %s, %v", err, readSum, back.Differences(r))
	}
	other := timetable(e, 20, 4)
	other.Audits[0].Treatment = map[string]string{"arm0": "arm1", "arm1": "arm0"}[other.Audits[0].Treatment]
	if d := r.Differences(make(5, other, "ab")); len(d) != 3 {
		t.Errorf("campaign, seed and assignment differ, and this is told: %q", d)
	}
	var page strings.Builder
	if err := r.Markdown(&page, sum); err != nil || !strings.Contains(page.String(), string(sum)) || !strings.Contains(page.String(), "CR2") {
		t.Errorf("the page: %v\n%s", err, page.String())
	}
	launched := *e
	launched.SHA256, launched.Hide = sum, []string{"Diallo"}
	l := &probes.Launch{Campaign: "c", Experiment: &launched, Seed: 4, Files: []probes.Hash{"aa", "bb"}, Grid: &probes.Grid{Version: "1", SHA256: "cc"}}
	if d := r.Against(l, sum, p.Audits); len(d) > 0 {
		t.Errorf("what was launched as registered differs: %q", d)
	}
	launched.Outcome, l.Files[0] = "polite", "zz"
	if d := r.Against(l, "other", other.Audits); len(d) != 4 {
		t.Errorf("hash, files, design and assignment differ, and this is told: %q", d)
	}
	for _, bad := range []string{"", "{}", `{"format":"x"}`, `{"format":"` + format + `","more":1}`} {
		if _, _, err := ReadRegistration([]byte(bad)); err == nil {
			t.Errorf("%q is a registration", bad)
		}
	}
}
