package stats_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// someOutcomes are random: every result, ties, groups without anything to count, and sometimes nobody who answered.
func someOutcomes(r *rand.Rand, n int) []stats.Outcome {
	day := int64(86_400_000)
	unit := []int64{1, 1, 60_000, day / 2}[r.IntN(4)]
	scale := []float64{5, 1e6, 9e7, 4e8}[r.IntN(4)]
	answers := []float64{0, 0.5, 0.9, 1}[r.IntN(4)]
	out := make([]stats.Outcome, n)
	for i := range out {
		o := &out[i]
		o.Body = probes.Structure{Kind: fmt.Sprint("kind ", r.IntN(12)), Sector: []string{"public", "private"}[r.IntN(2)],
			Band: []string{"0-2k", "2-10k", "10-50k", ""}[min(r.IntN(40), 3)], Region: []string{"only"}[0]}
		o.Channel = []probes.Channel{probes.Mail, probes.Web}[r.IntN(2)]
		o.Sent = monday.Add(time.Duration(r.IntN(60*24)) * time.Hour)
		o.Followed = min(day*15, int64(r.ExpFloat64()*float64(day)*20)/unit*unit)
		o.Acked, o.Absent, o.Junk = r.IntN(3) == 0, r.IntN(9) == 0, r.IntN(7) == 0
		if x := r.Float64(); x < answers {
			o.Result = stats.Answered
			o.Delay = int64(r.ExpFloat64()*scale) / unit * unit
			o.Worked, o.Days, o.Late = o.Delay/3, r.IntN(12), r.IntN(8) == 0
			if r.IntN(3) > 0 {
				polite := r.IntN(4) > 0
				o.Polite = &polite
			}
		} else {
			o.Result = stats.Results[1+r.IntN(len(stats.Results)-1)]
			o.Late = r.IntN(30) == 0 // means nothing there
			if r.IntN(2) == 0 {
				o.Result = stats.Silent
			}
		}
		if o.Result == stats.Waiting {
			o.Body.Kind, o.Sent, o.Due = "waits", time.Time{}, monday
		}
	}
	return out
}

// plainly makes the figures of a group by their definitions, one after the other.
func plainly(t *testing.T, group string, all []stats.Outcome) (f stats.Figures, subjects []stats.Subject) {
	t.Helper()
	f = stats.Figures{Group: group, Audits: len(all), Results: map[stats.Result]int{}, Tau: 15 * 86_400_000}
	var delays, worked, days []float64
	var acked, polite, judged, absent, junk int
	is := map[bool]int{true: 1}
	for i := range all {
		o := &all[i]
		f.Results[o.Result]++
		if !o.Counted() {
			continue
		}
		subjects = append(subjects, o.Subject())
		acked += is[o.Acked]
		absent += is[o.Absent]
		judged += is[o.Polite != nil]
		polite += is[o.Polite != nil && *o.Polite]
		if o.Result == stats.Answered {
			delays, worked, days = append(delays, float64(o.Delay)), append(worked, float64(o.Worked)), append(days, float64(o.Days))
			junk += is[o.Junk]
		}
	}
	c, err := stats.KaplanMeier(subjects, f.Tau)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range stats.Horizons {
		s, low, high := c.At(float64(h.Milliseconds()))
		r := stats.Rate{Within: h, Share: 1 - s, Low: 1 - high, High: 1 - low}
		if len(subjects) == 0 {
			r.Share, r.Low, r.High = math.NaN(), math.NaN(), math.NaN()
		}
		f.Rates = append(f.Rates, r)
	}
	// The ends of the median's interval, with no step passed over.
	first := func(value func(stats.Step) float64) float64 {
		const near = 1.4901161193847656e-08
		for i, s := range c.Steps {
			if y := value(s); !math.IsNaN(y) && y < 0.5+near {
				if math.Abs(y-0.5) < near {
					for _, later := range c.Steps[i:] {
						if value(later) < y {
							return (s.T + later.T) / 2
						}
					}
				}
				return s.T
			}
		}
		return math.NaN()
	}
	f.Median, f.MedLow = first(func(s stats.Step) float64 { return s.S }), first(func(s stats.Step) float64 { return s.Low })
	f.MedHigh, f.P90 = first(func(s stats.Step) float64 { return s.High }), c.Quantile(0.9)
	f.Mean, f.MeanSE, f.Curve = c.Mean, c.MeanSE, c
	f.AnsweredMedian, f.AnsweredP90 = stats.Quantile(delays, 0.5), stats.Quantile(delays, 0.9)
	f.WorkedMedian, f.DaysMedian = stats.Quantile(worked, 0.5), stats.Quantile(days, 0.5)
	f.Acked, f.Polite, f.Absent = stats.Wilson(acked, len(subjects)), stats.Wilson(polite, judged), stats.Wilson(absent, len(subjects))
	f.Junk = stats.Wilson(junk, len(delays))
	return f, subjects
}

// differ says where two values of one type differ by more than rounding; NaN is equal to NaN.
func differ(a, b reflect.Value, at string) string {
	switch a.Kind() {
	case reflect.Float64:
		x, y, near := a.Float(), b.Float(), 1e-11
		if strings.Contains(at, "LogRank") {
			near = 1e-8 // what was observed less what was expected: digits cancel, by whichever way it is added
		}
		if math.IsNaN(x) != math.IsNaN(y) || math.Abs(x-y) > near*max(1, math.Abs(y)) {
			return fmt.Sprintf("%s: %.17g, want %.17g", at, x, y)
		}
	case reflect.Struct:
		for i := range a.NumField() {
			if d := differ(a.Field(i), b.Field(i), at+"."+a.Type().Field(i).Name); d != "" {
				return d
			}
		}
	case reflect.Slice:
		if a.Len() != b.Len() {
			return fmt.Sprintf("%s: %d, want %d", at, a.Len(), b.Len())
		}
		for i := range a.Len() {
			if d := differ(a.Index(i), b.Index(i), fmt.Sprintf("%s[%d]", at, i)); d != "" {
				return d
			}
		}
	default:
		if x, y := a.Interface(), b.Interface(); !reflect.DeepEqual(x, y) {
			return fmt.Sprintf("%s: %v, want %v", at, x, y)
		}
	}
	return ""
}

// TestColumnsByDefinition holds the one pass over packed numbers to the definitions, on sets drawn anew at every run.
func TestColumnsByDefinition(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for n := range 45 {
		all := someOutcomes(r, []int{0, 1, 3, 30, 300, 9000}[n%5+is(n%40 == 4)])
		wantAll, _ := plainly(t, "all", all)
		c, err := stats.ColumnsOf(all)
		if err != nil {
			t.Fatal(err)
		}
		thin, err := c.Report(stats.Dimensions[:]...)
		if err != nil {
			t.Fatal(err)
		}
		for i, by := range stats.Dimensions {
			groups, names := map[string][]stats.Outcome{}, []string{}
			for _, o := range all {
				g := by.Of(&o)
				if groups[g] == nil {
					names = append(names, g)
				}
				groups[g] = append(groups[g], o)
			}
			slices.SortFunc(names, stats.Naturally)
			want := stats.Report{All: wantAll, By: by}
			var compared [][]stats.Subject
			for _, g := range names {
				f, subjects := plainly(t, g, groups[g])
				want.Groups, compared = append(want.Groups, f), append(compared, subjects)
			}
			if want.LogRank, err = stats.CompareGroups(compared); err != nil {
				t.Fatal(err)
			}
			full, err := stats.Summary(all, by)
			if err != nil {
				t.Fatal(err)
			}
			if d := differ(reflect.ValueOf(full), reflect.ValueOf(want), "Summary"); d != "" {
				t.Fatalf("set %d by %s: %s", n, by, d)
			}
			// The drawn curve says the same as the full one at every half hour.
			for k, f := range append([]stats.Figures{want.All}, want.Groups...) {
				drawn := &append([]stats.Figures{thin[i].All}, thin[i].Groups...)[k].Curve
				for h := range 721 {
					at := float64(h * 1_800_000)
					s, low, high := drawn.At(at)
					s2, low2, high2 := f.Curve.At(at)
					if d := differ(reflect.ValueOf([]float64{s, low, high}), reflect.ValueOf([]float64{s2, low2, high2}), f.Group); d != "" {
						t.Fatalf("set %d by %s at %d half hours: %s", n, by, h, d)
					}
				}
				if k == 0 {
					thin[i].All.Curve = want.All.Curve
				} else {
					thin[i].Groups[k-1].Curve = f.Curve
				}
			}
			if d := differ(reflect.ValueOf(thin[i]), reflect.ValueOf(want), "Report"); d != "" {
				t.Fatalf("set %d by %s: %s", n, by, d)
			}
		}
	}
}

func is(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestIntervalsAreNotMissed: with many subjects most steps are passed over without computing their interval.
func TestIntervalsAreNotMissed(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for n := range 20 {
		all := someOutcomes(r, 2000+n*100)
		want, _ := plainly(t, "all", all)
		got, err := stats.Summarise("all", all)
		if err != nil {
			t.Fatal(err)
		}
		if d := differ(reflect.ValueOf(got), reflect.ValueOf(want), "all"); d != "" {
			t.Errorf("set %d: %s", n, d)
		}
	}
}

// TestTimesThatRCallsEqual: beyond a mean of 18 hours, a millisecond is less than R tells apart.
func TestTimesThatRCallsEqual(t *testing.T) {
	var all []stats.Outcome
	for i := range int64(40) {
		all = append(all, stats.Outcome{Result: stats.Answered, Delay: 1_000_000_000 + i%7})
	}
	all = append(all, stats.Outcome{Result: stats.Answered, Delay: 2_000_000_000})
	f, err := stats.Summarise("all", all)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Curve.Steps) != 2 || f.Curve.Steps[0].Events != 40 || f.Median != 1_000_000_000 {
		t.Errorf("%+v", f.Curve)
	}
}

func TestColumnsThatCannotBe(t *testing.T) {
	answered, _ := stats.TagOf(stats.Answered)
	one := func(change func(*stats.Columns)) *stats.Columns {
		c := stats.NewColumns(1, stats.Dimensions[:]...)
		for _, g := range c.Groups {
			g.Names = []string{"x"}
		}
		c.Tags[0] = answered
		change(c)
		return c
	}
	for name, c := range map[string]*stats.Columns{
		"a delay below zero":      one(func(c *stats.Columns) { c.Delay[0] = -1 }),
		"ten thousand years":      one(func(c *stats.Columns) { c.Delay[0] = 1 << 48 }),
		"worked ten thousand":     one(func(c *stats.Columns) { c.Worked[0] = math.MinInt64 }),
		"a code without a name":   one(func(c *stats.Columns) { c.Groups[stats.ByKind].Codes[0] = 1 }),
		"a column that is short":  one(func(c *stats.Columns) { c.Days = nil }),
		"codes that are too few":  one(func(c *stats.Columns) { c.Groups[stats.ByKind].Codes = nil }),
		"a column that is absent": one(func(c *stats.Columns) { delete(c.Groups, stats.ByKind) }),
		"too many groups":         one(func(c *stats.Columns) { c.Groups[stats.ByKind].Names = make([]string, stats.MaxGroups+1) }),
	} {
		if _, err := c.Report(stats.BySector, stats.ByKind); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	var all []stats.Outcome
	for i := range stats.MaxGroups + 1 {
		all = append(all, stats.Outcome{Result: stats.Silent, Body: probes.Structure{Region: fmt.Sprint(i)}})
	}
	if _, err := stats.Summary(all, stats.ByRegion); !errors.Is(err, stats.ErrGroups) {
		t.Error(err)
	}
	if _, err := stats.Summary(all, stats.ByKind); err != nil {
		t.Error(err)
	}
}

// TestManyGroups: where the codes of all groupings do not fit beside a time, the groupings are made in turns.
func TestManyGroups(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	all := someOutcomes(r, 2000)
	for i := range all {
		all[i].Body = probes.Structure{Kind: fmt.Sprint(r.IntN(40)), Sector: fmt.Sprint(r.IntN(40)), Band: fmt.Sprint(r.IntN(40)), Region: "x"}
	}
	all[7].Result, all[7].Delay = stats.Answered, 1<<46
	c, err := stats.ColumnsOf(all)
	if err != nil {
		t.Fatal(err)
	}
	together, err := c.Report(stats.Dimensions[:]...)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range stats.Dimensions {
		alone, err := c.Report(d)
		if err != nil {
			t.Fatal(err)
		}
		if d := differ(reflect.ValueOf(together[i]), reflect.ValueOf(alone[0]), string(d)); d != "" {
			t.Error(d)
		}
	}
}

// TestKeepAndAppend: a part of the outcomes, and the parts together again.
func TestKeepAndAppend(t *testing.T) {
	all := someOutcomes(rand.New(rand.NewPCG(6, 6)), 700)
	mail := slices.DeleteFunc(slices.Clone(all), func(o stats.Outcome) bool { return o.Channel != probes.Mail })
	var whole *stats.Columns
	for _, part := range [][]stats.Outcome{all[:200], all[200:200], all[200:650], all[650:]} {
		c, err := stats.ColumnsOf(part)
		if err != nil {
			t.Fatal(err)
		}
		if whole == nil {
			whole = c
		} else if err := whole.Append(c); err != nil {
			t.Fatal(err)
		}
	}
	check := func(c *stats.Columns, all []stats.Outcome) {
		t.Helper()
		direct, err := stats.ColumnsOf(all)
		if err != nil {
			t.Fatal(err)
		}
		want, err := direct.Report(stats.ByBand, "")
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Report(stats.ByBand, "")
		if err != nil {
			t.Fatal(err)
		}
		if d := differ(reflect.ValueOf(got), reflect.ValueOf(want), "report"); d != "" {
			t.Error(d)
		}
	}
	check(whole, all)
	if err := whole.Keep(stats.ByChannel, string(probes.Mail)); err != nil {
		t.Fatal(err)
	}
	check(whole, mail)
}
