package stats_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// phoned folds events of telephone audits into a book and returns their outcomes: each audit is its events.
func phoned(t *testing.T, audits ...[]probes.Event) []stats.Outcome {
	t.Helper()
	b := stats.NewBook()
	b.Add("p", &probes.Record{Structure: &probes.Structure{ID: "s", Zone: "Europe/Paris", Hours: "Mo-Fr 09:00-12:00,13:30-18:00; PH off", Holidays: "FR"}})
	b.Add("p", &probes.Record{Launch: &probes.Launch{Campaign: "c", Timeline: probes.Timeline{Start: monday, Launched: monday, Speed: 1}}})
	for i, events := range audits {
		id := probes.AuditID("c.s." + strconv.Itoa(i+1))
		outside := false
		if len(events) > 0 && events[0].Kind == "outside" {
			outside, events = true, events[1:]
		}
		b.Add("p", &probes.Record{Audit: &probes.Audit{ID: id, Campaign: "c", Structure: "s", Channel: probes.Phone, Due: monday, Deadline: monday.AddDate(0, 0, 1), Outside: outside}})
		for k := range events {
			e := events[k]
			e.Audit = id
			b.Add("p", &probes.Record{N: uint64(k + 1), Event: &e})
		}
	}
	return b.Outcomes(monday.AddDate(0, 0, 2))
}

// with adds observations: codes and values in turn.
func with(e probes.Event, observed ...any) probes.Event {
	for i := 0; i+1 < len(observed); i += 2 {
		o := probes.Observation{Item: probes.ItemCode(observed[i].(string)), By: "agent"}
		switch x := observed[i+1].(type) {
		case float64:
			o.Number = &x
		case string:
			o.Value = probes.Value(x)
		}
		e.Observations = append(e.Observations, o)
	}
	return e
}

// call is one call: dialled at d, and how it went.
type call struct {
	try  int
	at   time.Duration
	mode string
}

func (c call) event(after time.Duration, k probes.Kind, detail ...string) probes.Event {
	e := probes.Event{Kind: k, Try: c.try, At: monday.Add(c.at + after), Detail: map[string]string{}}
	for i := 0; i+1 < len(detail); i += 2 {
		e.Detail[detail[i]] = detail[i+1]
	}
	return e
}

func (c call) dialled() probes.Event {
	return c.event(0, probes.CallDialled, "mode", c.mode)
}

// picked is a call that rang for 6 s after 2 s, was picked up, and ended after 40 s.
func (c call) picked(end ...string) []probes.Event {
	return []probes.Event{c.dialled(), c.event(2*time.Second, probes.CallRinging, "pdd_ms", "2000"),
		with(c.event(8*time.Second, probes.CallAnswered, "ring_ms", "6000", "rings", "2"), "phone.ring-time", 6.0, "phone.busy", "no"),
		c.event(48*time.Second, probes.CallEnded, append([]string{"by", "us", "talk_ms", "40000"}, end...)...)}
}

func (c call) failed(class, ring, retry string) []probes.Event {
	e := c.event(20*time.Second, probes.CallFailed, "class", class)
	e.Fault = probes.Theirs
	events := []probes.Event{c.dialled()}
	if ring != "" {
		events = append(events, c.event(time.Second, probes.CallRinging, "pdd_ms", "1000"))
		e.Detail["ring_ms"] = ring
	}
	if retry != "" {
		e.Detail["retry"] = retry
	}
	if class == probes.ClassBusy {
		e = with(e, "phone.busy", "yes")
	}
	if c.try == 1 {
		e = with(e, "phone.first-attempt", "no")
	}
	return append(events, e)
}

// person makes the last event that of a call in which a person spoke after so many seconds.
func person(events []probes.Event, wait float64) []probes.Event {
	last := &events[len(events)-1]
	last.Detail["first"], last.Detail["sure"], last.Detail["person_ms"] = "human", "0.9", strconv.Itoa(int(1000*wait)+2000)
	*last = with(*last, "phone.answered-by-person", "yes", "phone.wait", wait, "phone.dropped", "no")
	if last.Try == 1 {
		*last = with(*last, "phone.first-attempt", "yes")
	}
	return events
}

const later = "2026-03-02T10:00:00Z"

func TestWhatACallComesTo(t *testing.T) {
	one, two := call{1, 0, "measure"}, call{2, time.Hour, "measure"}
	spoilt := func(c call, reached string, more ...string) probes.Event {
		e := c.event(30*time.Second, probes.ProbeFault, append([]string{"reached", reached}, more...)...)
		e.Fault, e.Text = probes.Ours, "line: gone"
		return e
	}
	verdict := func(observed ...any) probes.Event {
		return with(after(50*time.Hour, probes.ReviewVerdict, "flag", "unsure-person", "verdict", "correct", "by", "ann"), observed...)
	}
	cases := []struct {
		name   string
		events []probes.Event
		result stats.Result
		wait   int64 // ms; -1: none
		first  string
		check  func(o *stats.Outcome) bool
	}{
		{"not dialled", nil, stats.Waiting, -1, "", func(o *stats.Outcome) bool { return o.Call == nil }},
		{"under way", []probes.Event{one.dialled()}, stats.Waiting, -1, "", nil},
		{"a person", person(one.picked(), 7.25), stats.Reached, 7250, "yes", func(o *stats.Outcome) bool {
			return o.Call.Ring == 6000 && o.Call.Rings == 2 && o.Call.Talk == 40000 && o.Call.Contact == 48000 && o.Call.First == "human" && o.Call.Sure == 0.9 && o.Sent.Equal(monday)
		}},
		{"a person, by the instant alone", one.picked("first", "human", "person_ms", "11500"), stats.Reached, 9500, "yes",
			func(o *stats.Outcome) bool { x, _ := o.Items.Value("phone.wait"); return x == 9.5 }},
		{"a menu", one.picked("first", "ivr"), stats.Unmanned, -1, "yes", nil},
		{"silence", one.picked("first", "silence"), stats.Unmanned, -1, "yes", nil},
		{"dead air", append(one.picked()[:3:3], with(one.picked()[3], "phone.dead-air", "yes", "phone.first-attempt", "no")), stats.Unmanned, -1, "no", nil},
		{"a fax", append(one.picked()[:3:3], with(one.picked("first", "fax")[3], "phone.fax", "yes")), stats.Unmanned, -1, "no", nil},
		{"nobody listened", call{1, 0, "ring"}.picked(), stats.PickedUp, -1, "yes", nil},
		{"nobody listened, whatever is said", call{1, 0, "ring"}.picked("first", "human"), stats.PickedUp, -1, "yes", nil},
		{"the listener said nothing", one.picked(), stats.PickedUp, -1, "yes", nil},
		{"engaged", one.failed("busy", "", ""), stats.Unreached, -1, "no", func(o *stats.Outcome) bool { return o.Reason == "busy" && o.Status == probes.Refused }},
		{"engaged, and to be called again", one.failed("busy", "", later), stats.Unreached, -1, "no", func(o *stats.Outcome) bool { return o.Status == probes.Retrying }},
		{"the second call is under way", append(one.failed("busy", "", later), two.dialled()), stats.Unreached, -1, "no", nil},
		{"reached at the second call", append(one.failed("busy", "", later), person(two.picked(), 8)...), stats.Reached, 8000, "no", func(o *stats.Outcome) bool {
			busy, _ := o.Items.Value("phone.busy")
			return busy == 1 && len(o.Call.Tries) == 2 && o.Sent.Equal(monday) && o.Call.Contact == 48000 // once engaged is engaged
		}},
		{"never again before the deadline", append(one.failed("no-answer", "60000", later), after(25*time.Hour, probes.AuditClosed)), stats.Unreached, -1, "no", nil},
		{"ours, and nothing rang", []probes.Event{one.dialled(), spoilt(one, "no", "retry", later)}, stats.Waiting, -1, "", func(o *stats.Outcome) bool { return o.Sent.IsZero() }},
		{"ours, and then reached", append([]probes.Event{one.dialled(), spoilt(one, "no", "retry", later)}, person(two.picked(), 8)...), stats.Reached, 8000, "yes",
			func(o *stats.Outcome) bool { return o.Sent.Equal(monday.Add(time.Hour)) }},
		{"ours", append(one.picked()[:3:3], spoilt(one, "yes")), stats.Spoiled, -1, "", func(o *stats.Outcome) bool { return o.Reason == "line: gone" }},
		{"the first failure stands, and what the spoiled call showed does not", append(one.failed("busy", "", later), append(two.picked()[:3:3], spoilt(two, "yes", "stands", "yes"))...),
			stats.Unreached, -1, "no", func(o *stats.Outcome) bool {
				_, rang := o.Items.Value("phone.ring-time")
				return !rang && o.Call.Last().Class == "busy"
			}},
		{"a port that refuses: never dialled", []probes.Event{with(one.event(0, probes.CallFailed, "class", "unreachable"), "phone.first-attempt", "no")}, stats.Unreached, -1, "no", nil},
		{"an auditor heard a machine", append(person(one.picked(), 7), verdict("phone.answered-by-person", "no")), stats.Unmanned, -1, "yes",
			func(o *stats.Outcome) bool { _, there := o.Items.Value("phone.wait"); return !there }},
		{"an auditor heard a person", append(one.picked("first", "ivr"), verdict("phone.answered-by-person", "yes", "phone.wait", 21.5)), stats.Reached, 21500, "yes", nil},
		{"an auditor heard a person, nobody knows when", append(call{1, 0, "ring"}.picked(), verdict("phone.answered-by-person", "yes")), stats.Reached, -1, "yes",
			func(o *stats.Outcome) bool { s := o.Waiting(); return !s.Event && s.Time == 6000 }},
		{"an auditor corrects the wait", append(person(one.picked(), 7), verdict("phone.wait", 9.0)), stats.Reached, 9000, "yes", nil},
		{"an auditor corrects the first attempt", append(person(one.picked(), 7), verdict("phone.first-attempt", "no")), stats.Reached, 7000, "no", nil},
		{"an auditor spoils it", append(person(one.picked(), 7), after(50*time.Hour, probes.ReviewVerdict, "flag", "x", "verdict", "spoil", "by", "ann")), stats.Spoiled, 7000, "yes", nil},
		{"heard again", append(person(one.picked(), 7), one.event(time.Hour, probes.CallHeardAgain, "in", "c.t.2")), stats.Reached, 7000, "yes",
			func(o *stats.Outcome) bool { return o.Call.HeardAgain == "c.t.2" }},
		{"to be made by a person", []probes.Event{one.event(0, probes.CallByHand)}, stats.Waiting, -1, "", nil},
		{"made by a person", []probes.Event{one.event(0, probes.CallByHand), one.event(time.Hour, probes.AuditResolved, "as", "accepted")}, stats.PickedUp, -1, "",
			func(o *stats.Outcome) bool {
				return o.Reason == "by hand" && o.Sent.Equal(monday.Add(time.Hour)) && !o.Called()
			}},
		{"made by a person who was answered", []probes.Event{one.event(0, probes.CallByHand), one.event(time.Hour, probes.AuditResolved, "as", "accepted"),
			with(after(2*time.Hour, probes.ReviewCoded, "by", "ann"), "phone.answered-by-person", "yes")}, stats.Reached, -1, "", nil},
		{"closed, and a message answers", append([]probes.Event{{Kind: "outside"}}, one.picked("first", "announcement")...), stats.Unmanned, -1, "", func(o *stats.Outcome) bool {
			x, ok := o.Items.Value("phone.machine-out-of-hours")
			return ok && x == 1 && len(o.Items) == 1
		}},
		{"closed, and it rings out", append([]probes.Event{{Kind: "outside"}}, one.failed("no-answer", "60000", "")...), stats.Unreached, -1, "", func(o *stats.Outcome) bool {
			x, ok := o.Items.Value("phone.machine-out-of-hours")
			return ok && x == 0
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := phoned(t, c.events)[0]
			wait, first := int64(-1), ""
			if o.Call != nil && o.Call.Wait != nil {
				wait = *o.Call.Wait
			}
			if o.Call != nil && o.Call.FirstAttempt != nil {
				if first = "no"; *o.Call.FirstAttempt {
					first = "yes"
				}
			}
			if o.Result != c.result || wait != c.wait || first != c.first {
				t.Errorf("%s, wait %d ms, first attempt %q; want %s, %d, %q", o.Result, wait, first, c.result, c.wait, c.first)
			}
			if o.Counted() {
				t.Error("a call is in the rates of answers")
			}
			if c.check != nil && !c.check(&o) {
				t.Errorf("outcome %+v, call %+v, items %v", o, o.Call, o.Items)
			}
		})
	}
}

func TestWhatTheClockTells(t *testing.T) {
	for _, c := range []struct {
		at     time.Duration // after nine in Paris on a Monday
		events func(call) []probes.Event
		item   probes.ItemCode
		want   float64 // -1: not told
	}{
		{10 * time.Minute, func(c call) []probes.Event { return c.picked() }, "phone.opening", 1},
		{29 * time.Minute, func(c call) []probes.Event { return c.failed("busy", "", "") }, "phone.opening", 0},
		{31 * time.Minute, func(c call) []probes.Event { return c.picked() }, "phone.opening", -1},
		{4*time.Hour + 40*time.Minute, func(c call) []probes.Event { return person(c.picked(), 5) }, "phone.opening", 1},
		{4*time.Hour + 40*time.Minute, func(c call) []probes.Event { return person(c.picked(), 5) }, "phone.lunch", 1},
		{4*time.Hour + 40*time.Minute, func(c call) []probes.Event { return c.picked("first", "ivr") }, "phone.lunch", 0},
		{4*time.Hour + 40*time.Minute, func(c call) []probes.Event { return c.picked() }, "phone.lunch", -1},
		{5 * time.Hour, func(c call) []probes.Event { return c.picked("first", "ivr") }, "phone.lunch", -1},
		{8*time.Hour + 30*time.Minute, func(c call) []probes.Event { return person(c.picked(), 5) }, "phone.late-opening", 1},
		{8*time.Hour + 29*time.Minute, func(c call) []probes.Event { return person(c.picked(), 5) }, "phone.late-opening", -1},
		{124 * time.Hour, func(c call) []probes.Event { return c.failed("no-answer", "9000", "") }, "phone.late-opening", 0},
	} {
		o := phoned(t, c.events(call{1, c.at, "measure"}))[0]
		got, ok := o.Items.Value(c.item)
		if !ok {
			got = -1
		}
		if got != c.want {
			t.Errorf("%s: a call %s after nine: %v, want %v", c.item, c.at, got, c.want)
		}
	}
}

// TestFiguresOfCalls is worked by hand: eight audits in opening hours, one of them spoiled and one made by a person, and two while it was closed.
func TestFiguresOfCalls(t *testing.T) {
	m := "measure"
	fault := call{1, 0, m}.event(time.Second, probes.ProbeFault, "reached", "no", "retry", later)
	dropped := call{1, 0, m}.picked("first", "queue")
	dropped[3] = with(dropped[3], "phone.dropped", "yes")
	all := phoned(t,
		person(call{1, 0, m}.picked(), 10),
		append(call{1, 0, m}.failed("busy", "", later), person(call{2, time.Hour, m}.picked(), 40)...),
		dropped, // waits 6 + 40 s for nobody
		append(call{1, 0, m}.failed("no-answer", "30000", later), call{2, time.Hour, m}.failed("congestion", "", "")...),
		call{1, 0, "ring"}.picked(), // known up to 6 s
		append([]probes.Event{call{1, 0, m}.dialled(), fault}, person(call{2, time.Hour, m}.picked(), 22)...),
		append(call{1, 0, m}.picked()[:3:3], call{1, 0, m}.event(9*time.Second, probes.ProbeFault, "reached", "yes")),
		append([]probes.Event{{Kind: "outside"}}, call{1, 0, m}.picked("first", "voicemail")...),
		append([]probes.Event{{Kind: "outside"}}, call{1, 0, m}.failed("no-answer", "60000", "")...),
		[]probes.Event{call{1, 0, m}.event(0, probes.CallByHand), call{1, 0, m}.event(time.Hour, probes.AuditResolved, "as", "accepted")},
	)
	r, err := stats.Calls(all, "", stats.ByWeek)
	if err != nil {
		t.Fatal(err)
	}
	f := r[0].All
	// Calls: 1, 2, 1, 2, 1 and 1, beside the one that our line did not take; the spoiled audit's is in none.
	if f.Audits != 8 || f.Counted() != 6 || f.Calls != 8 || f.Ours != 2 || f.Results[stats.Reached] != 3 || f.Results[stats.Spoiled] != 1 {
		t.Errorf("audits %d, counted %d, calls %d, ours %d, %v", f.Audits, f.Counted(), f.Calls, f.Ours, f.Results)
	}
	for _, x := range []struct {
		name string
		got  stats.Proportion
		k, n int
	}{{"ASR", f.ASR, 5, 8}, {"NER", f.NER, 7, 8}, {"ABR", f.ABR, 5, 10}, {"first attempt", f.FirstAttempt, 4, 6}, {"pick-up", f.Pickup, 3, 7},
		{"within 5 rings", f.InRings, 5, 6}, {"busy", f.Busy, 1, 8}, {"no answer", f.NoAnswer, 1, 8}, {"dropped", f.Dropped, 1, 4}, {"out of hours", f.OutOfHours, 1, 2}} {
		if w := stats.Wilson(x.k, x.n); x.got != w {
			t.Errorf("%s: %d of %d, want %d of %d", x.name, x.got.K, x.got.N, x.k, x.n)
		}
	}
	// Subjects, in seconds: 10, 40, 22 with a person; 46 in the queue, 0 (the congestion never rang) and 6 without one. At risk of 10 s
	// are four of six: S = 3/4; of 22 s three: 1/2; of 40 s two: 1/4. Half have a person between 22 and 40 s, R's median is 31.
	near := func(name string, got, want float64) {
		if math.IsNaN(got) != math.IsNaN(want) || math.Abs(got-want) > 1e-6 {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	near("median wait", f.Waits.Median, 31_000)
	near("90 %", f.WaitP90, math.NaN())
	near("restricted mean: nobody was followed for two minutes", f.Waits.Mean, math.NaN())
	near("mean of those who reached one", f.Wait, 24_000)
	half := 1.959963984540054 * math.Sqrt((14*14+16*16+2*2)/2.0/3) * 1000
	near("its upper end", f.WaitHi, 24_000+half)
	near("ring", f.Ring, 6000)
	near("post-dial delay", f.DialDelay, 2000)
	near("tries", f.Tries, 4.0/3)
	if f.Outside != 2 || f.Unheard != 1 || f.Waited != 3 {
		t.Errorf("outside %d, unheard %d, waited %d", f.Outside, f.Unheard, f.Waited)
	}
	if len(r[1].Groups) != 1 || r[1].Groups[0].Group != "2026-W10" || r[1].Groups[0].ASR != f.ASR {
		t.Errorf("by week: %+v", r[1].Groups)
	}
	// The other channels' rates do not see calls.
	s, err := stats.Summarise("all", all)
	if err != nil || s.Counted() != 0 {
		t.Errorf("a rate of answers over %d calls, %v", s.Counted(), err)
	}
}

// random are phone outcomes of several regions, shuffled.
func random(n int, seed uint64) []stats.Outcome {
	r := rand.New(rand.NewPCG(seed, 3))
	all := make([]stats.Outcome, n)
	for i := range all {
		o := &all[i]
		o.ID, o.Channel, o.Sent = probes.AuditID(strconv.Itoa(i)), probes.Phone, monday.AddDate(0, 0, r.IntN(60))
		o.Body.Region, o.Body.Kind = "r"+strconv.Itoa(r.IntN(5)), "town hall"
		first := r.IntN(3) > 0
		o.Call = &stats.Call{FirstAttempt: &first, Ring: int64(r.IntN(40)) * 500, Talk: int64(r.IntN(120_000))}
		t := stats.Try{N: 1, Class: stats.TryAnswered, Mode: "measure", Rang: true, Delay: int64(r.IntN(9000)), Ring: o.Call.Ring, Rings: r.IntN(9)}
		yes, no := true, false
		switch r.IntN(4) {
		case 0, 1:
			w := o.Call.Ring + int64(r.IntN(40))*1000
			o.Result, o.Call.Person, o.Call.Wait = stats.Reached, &yes, &w
		case 2:
			o.Result, o.Call.Person = stats.Unmanned, &no
		default:
			o.Result, t.Class = stats.Unreached, probes.ClassNoAnswer
		}
		o.Call.Tries = []stats.Try{t}
	}
	return all
}

// TestWaitsAgreeWithR compares the packed curves with KaplanMeier, which is held to R's survfit, and the test with CompareGroups.
func TestWaitsAgreeWithR(t *testing.T) {
	all := random(4000, 1)
	reports, err := stats.Calls(all, stats.ByRegion)
	if err != nil {
		t.Fatal(err)
	}
	r := reports[0]
	by := map[string][]stats.Subject{}
	for i := range all {
		for _, g := range []string{"all", all[i].Body.Region} {
			by[g] = append(by[g], all[i].Waiting())
		}
	}
	var groups [][]stats.Subject
	for _, f := range append([]stats.CallFigures{r.All}, r.Groups...) {
		c, err := stats.KaplanMeier(by[f.Group], stats.WaitTau)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range [][2]float64{{f.Waits.Median, c.Median}, {f.Waits.MedLow, c.MedLow}, {f.Waits.MedHigh, c.MedHigh}, {f.Waits.Mean, c.Mean}, {f.Waits.MeanSE, c.MeanSE}, {f.WaitP90, c.Quantile(0.9)}} {
			if math.IsNaN(x[0]) != math.IsNaN(x[1]) || math.Abs(x[0]-x[1]) > 1e-9*math.Abs(x[1]) {
				t.Errorf("%s: %v, want %v", f.Group, x[0], x[1])
			}
		}
		if f.Group != "all" {
			groups = append(groups, by[f.Group])
		}
	}
	want, err := stats.CompareGroups(groups)
	if err != nil || want.DF != r.LogRank.DF || math.Abs(want.ChiSq-r.LogRank.ChiSq) > 1e-9*want.ChiSq {
		t.Errorf("log-rank %+v, want %+v, %v", r.LogRank, want, err)
	}
	if !slices.IsSortedFunc(r.Groups, func(a, b stats.CallFigures) int { return stats.Naturally(a.Group, b.Group) }) {
		t.Error("groups are not in order")
	}
}

func TestMarksOfACall(t *testing.T) {
	got := stats.HeardOf("music:9020-21000:0.99;ring:1204-2704:1.00;;bad;human:5-x:1;human:21340-23010:0.85;odd:9-8:1;plain:1-2")
	want := []stats.Heard{{"plain", 1, 2, 1}, {"ring", 1204, 2704, 1}, {"music", 9020, 21000, 0.99}, {"human", 21340, 23010, 0.85}}
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

func BenchmarkCalls(b *testing.B) {
	all := random(1_000_000, 2)
	for b.Loop() {
		if _, err := stats.Calls(all, stats.ByRegion, stats.ByWeek); err != nil {
			b.Fatal(err)
		}
	}
}

// Two readers agree on a correction when they heard the same, not when both heard something else.
func TestReadersAgreeOnWhatWasHeard(t *testing.T) {
	seconds := func(x float64) []probes.Observation {
		return []probes.Observation{{Item: "phone.answered-by-person", Value: probes.Yes}, {Item: "phone.wait", Number: &x}}
	}
	ann := stats.Verdict{By: "ann", Decision: stats.Correct, Items: seconds(7)}
	if stats.Settled([]stats.Verdict{ann, {By: "bert", Decision: stats.Correct, Items: seconds(9)}}) != nil {
		t.Error("7 s and 9 s are one decision")
	}
	if stats.Settled([]stats.Verdict{ann, {By: "bert", Decision: stats.Correct, Items: seconds(7)}}) == nil {
		t.Error("7 s and 7 s are two decisions")
	}
}

// A call that a person made stands beside the prober's own journal, which knows nothing of it: in whichever order the two are folded in,
// the outcome is that of an agent's call.
func TestACallByHandInAnyOrder(t *testing.T) {
	one := call{1, 0, "measure"}
	byHand := probes.Event{Kind: probes.CallByHand, Try: 1, At: monday, Text: "ask"}
	closed := after(25*time.Hour, probes.AuditClosed)
	for name, made := range map[string][]probes.Event{"a person": person(one.picked("by_hand", "yes"), 7), "engaged": one.failed("busy", "", "")} {
		agent := phoned(t, made)[0]
		for order, events := range map[string][]probes.Event{
			"before the end of the window":  append(append([]probes.Event{byHand}, made...), closed),
			"after it":                      append([]probes.Event{byHand, closed}, made...),
			"the collector's journal first": append(append([]probes.Event{}, made...), byHand, closed),
			"the window's end before all":   append([]probes.Event{closed, byHand}, made...),
			"the task between call and end": append(append([]probes.Event{}, made...), closed, byHand),
		} {
			o := phoned(t, events)[0]
			if o.Result != agent.Result || o.Status != agent.Status || o.Reason != agent.Reason || !o.Sent.Equal(agent.Sent) || !slices.Equal(o.Items, agent.Items) || len(o.Call.Tries) != 1 ||
				o.Call.Tries[0] != agent.Call.Tries[0] || (o.Call.Wait == nil) != (agent.Call.Wait == nil) || o.Call.Wait != nil && *o.Call.Wait != *agent.Call.Wait {
				t.Errorf("%s, %s: %s %s %q, want %s %s\n%+v\n%+v", name, order, o.Result, o.Status, o.Reason, agent.Result, agent.Status, o.Call, agent.Call)
			}
		}
	}
}
