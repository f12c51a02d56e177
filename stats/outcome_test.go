package stats_test

import (
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// monday is nine o'clock in Paris.
var monday = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// told folds events of one audit into a book and returns its outcome as of the instant now.
func told(t *testing.T, speed int64, now time.Time, events ...probes.Event) stats.Outcome {
	t.Helper()
	b := stats.NewBook()
	a := probes.Audit{ID: "c.s.01", Campaign: "c", Structure: "s", Channel: probes.Mail, Due: monday, Deadline: monday.AddDate(0, 0, 15)}
	records := []probes.Record{{Audit: &a},
		{Structure: &probes.Structure{ID: "s", Zone: "Europe/Paris", Hours: "Mo-Fr 09:00-12:00,14:00-17:00; PH off", Holidays: "FR"}},
		{Launch: &probes.Launch{Campaign: "c", Timeline: probes.Timeline{Start: monday, Launched: monday, Speed: speed}}}}
	for i := range events {
		events[i].Audit = "c.s.01"
		records = append(records, probes.Record{Event: &events[i]})
	}
	for i := range records {
		b.Add("p", &records[i])
	}
	return b.Outcomes(now)[0]
}

func after(d time.Duration, k probes.Kind, detail ...string) probes.Event {
	e := probes.Event{Kind: k, At: monday.Add(d), Detail: map[string]string{}}
	for i := 0; i+1 < len(detail); i += 2 {
		e.Detail[detail[i]] = detail[i+1]
	}
	return e
}

func TestOutcomes(t *testing.T) {
	const h, day = time.Hour, 24 * time.Hour
	sent := []probes.Event{after(0, probes.MailPrepared), after(time.Second, probes.MailSending), after(2*time.Second, probes.MailAccepted)}
	human := func(d time.Duration) probes.Event {
		return after(d, probes.MailReceived, "class", "human", "sure", "yes", "answer", "answer", "folder", "INBOX")
	}
	cases := []struct {
		name     string
		events   []probes.Event
		now      time.Duration
		result   stats.Result
		delay    time.Duration // of the answer
		followed time.Duration // of an audit without one
		check    func(o stats.Outcome) bool
	}{
		{"not contacted yet", nil, h, stats.Waiting, 0, 0, nil},
		{"silent so far", sent, 3 * day, stats.Silent, 0, 3*day - 2*time.Second, nil},
		{"silent to the end", append(sent[:3:3], after(15*day, probes.AuditClosed)), 60 * day, stats.Silent, 0, 15*day - 2*time.Second, nil},
		{"answered the next morning", append(sent[:3:3], human(25*h+2*time.Second)), 3 * day, stats.Answered, 25 * h, 0,
			func(o stats.Outcome) bool { return o.Worked == (7*h).Milliseconds() && o.Days == 1 }},
		{"answer stamped before the question by a clock that runs behind", append(sent[:3:3], human(time.Second)), day, stats.Answered, 0, 0, nil},
		{"answers out of order", append(sent[:3:3], human(30*h+2*time.Second), human(20*h+2*time.Second)), 3 * day, stats.Answered, 20 * h, 0, nil},
		{"acknowledged, then silent", append(sent[:3:3], after(62*time.Second, probes.MailReceived, "class", "auto-ack", "sure", "yes")), day, stats.Silent, 0, day - 2*time.Second,
			func(o stats.Outcome) bool { return o.Acked && o.AckDelay == 60_000 }},
		{"answer after the deadline", append(sent[:3:3], human(20*day)), 30 * day, stats.Answered, 20*day - 2*time.Second, 15*day - 2*time.Second,
			func(o stats.Outcome) bool { return o.Late && !o.Subject().Event }},
		{"unsure match", append(sent[:3:3], after(h, probes.MailReceived, "class", "human", "sure", "no")), day, stats.Silent, 0, day - 2*time.Second,
			func(o stats.Outcome) bool { return o.Unsure == 1 }},
		{"bounced", append(sent[:3:3], after(h, probes.MailReceived, "class", "bounce", "sure", "yes", "reason", "userunknown")), day, stats.Unreachable, 0, 15*day - 2*time.Second,
			func(o stats.Outcome) bool { return o.Reason == "userunknown" }},
		{"refused", []probes.Event{after(0, probes.MailPrepared), after(0, probes.MailRefused)}, day, stats.Unreachable, 0, 15 * day, nil},
		{"bounced once, answered all the same", append(sent[:3:3], after(h, probes.MailReceived, "class", "delay", "sure", "yes"), human(2*h+2*time.Second)), day, stats.Answered, 2 * h, 0, nil},
		{"in doubt", []probes.Event{after(0, probes.MailPrepared), after(0, probes.MailSending), after(h, probes.MailInDoubt)}, day, stats.InDoubt, 0, 0, nil},
		{"in doubt, then witnessed", []probes.Event{after(0, probes.MailPrepared), after(2*time.Second, probes.MailSending), after(h, probes.MailInDoubt),
			after(2*h, probes.MailWitnessed)}, day, stats.Silent, 0, day - 2*time.Second, nil},
		{"spoiled by us", []probes.Event{after(0, probes.ProbeFault)}, day, stats.Spoiled, 0, 0, nil},
		{"tried again after a fault of ours", append([]probes.Event{after(0, probes.ProbeFault, "retry", monday.Add(h).Format(time.RFC3339Nano))}, sent...), day, stats.Silent, 0, day - 2*time.Second, nil},
		{"suppressed before contact", []probes.Event{after(0, probes.AuditSuppressed)}, day, stats.Out, 0, 0, nil},
		{"awaits its channel", []probes.Event{after(0, probes.AuditAwaiting)}, day, stats.Out, 0, 0, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := told(t, 1, monday.Add(c.now), c.events...)
			if o.Result != c.result {
				t.Errorf("%s (%s), want %s", o.Result, o.Status, c.result)
			}
			if o.Delay != c.delay.Milliseconds() {
				t.Errorf("delay %v, want %v", time.Duration(o.Delay)*time.Millisecond, c.delay)
			}
			if c.followed > 0 && o.Followed != c.followed.Milliseconds() {
				t.Errorf("followed %v, want %v", time.Duration(o.Followed)*time.Millisecond, c.followed)
			}
			if c.check != nil && !c.check(o) {
				t.Errorf("%+v", o)
			}
		})
	}
}

// TestCompressedTime gives the same outcome when campaign time runs 43,200 times as fast.
func TestCompressedTime(t *testing.T) {
	const speed = 43200
	real := func(d time.Duration) time.Duration { return d / speed }
	o := told(t, speed, monday.Add(real(3*24*time.Hour)), after(0, probes.MailSending), after(0, probes.MailAccepted),
		after(real(25*time.Hour), probes.MailReceived, "class", "human", "sure", "yes"))
	if o.Result != stats.Answered || (time.Duration(o.Delay)*time.Millisecond-25*time.Hour).Abs() > time.Second {
		t.Errorf("%s after %v", o.Result, time.Duration(o.Delay)*time.Millisecond)
	}
}

// TestSpoiledLeavesTheDenominator and in-doubt audits too; both are counted beside.
func TestSpoiledLeavesTheDenominator(t *testing.T) {
	day := int64(24 * 3600 * 1000)
	set := []stats.Outcome{{Result: stats.Answered, Delay: day / 2}, {Result: stats.Answered, Delay: 3 * day}, {Result: stats.Silent, Followed: 15 * day},
		{Result: stats.Unreachable, Followed: 15 * day}, {Result: stats.Spoiled}, {Result: stats.Spoiled}, {Result: stats.InDoubt}, {Result: stats.Waiting}}
	f, err := stats.Summarise("all", set)
	if err != nil {
		t.Fatal(err)
	}
	if f.Counted() != 4 || f.Results[stats.Spoiled] != 2 || f.Results[stats.InDoubt] != 1 || f.Rates[0].Share != 0.25 || f.Rates[2].Share != 0.5 {
		t.Errorf("counted %d, %v, rates %+v", f.Counted(), f.Results, f.Rates)
	}
}

// TestRateBeforeTheFirstAnswerHasAnInterval: nobody has answered within the delay, which is not the same as certainty.
func TestRateBeforeTheFirstAnswerHasAnInterval(t *testing.T) {
	day := int64(24 * 3600 * 1000)
	var set []stats.Outcome
	for range 15 {
		set = append(set, stats.Outcome{Result: stats.Answered, Delay: 3 * day})
	}
	f, err := stats.Summarise("all", set)
	if err != nil {
		t.Fatal(err)
	}
	if r, w := f.Rates[0], stats.Wilson(0, 15); r.Share != 0 || r.Low != 0 || r.High < w.High-1e-12 || r.High > w.High+1e-12 {
		t.Errorf("%+v, want %+v", r, w)
	}
}

func TestNothingToSummarise(t *testing.T) {
	for _, by := range stats.Dimensions {
		r, err := stats.Summary(nil, by)
		if err != nil || len(r.Groups) != 0 || r.All.Counted() != 0 {
			t.Errorf("%s: %+v, %v", by, r, err)
		}
	}
}
