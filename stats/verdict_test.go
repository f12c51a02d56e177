package stats_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// TestVerdictsActOnFigures folds an auditor's decisions into an audit with one mail whose match is unsure and one that the
// machine took for a person's answer.
func TestVerdictsActOnFigures(t *testing.T) {
	mail := func(d time.Duration, bytes probes.Hash, detail ...string) probes.Event {
		e := after(d, probes.MailReceived, detail...)
		e.Evidence = []probes.Evidence{{SHA256: bytes}}
		return e
	}
	verdict := func(n uint64, by string, detail ...string) probes.Record {
		e := after(20*24*time.Hour, probes.ReviewVerdict, append(detail, "by", by)...)
		e.Audit = "c.s.01"
		return probes.Record{N: n, Event: &e}
	}
	withdrawn := func(n, of uint64) probes.Record {
		e := after(21*24*time.Hour, probes.ReviewWithdrawn, "of", fmt.Sprint(of))
		e.Audit = "c.s.01"
		return probes.Record{N: n, Event: &e}
	}
	unsure := mail(5*time.Hour, "m1", "class", "human", "sure", "no")
	human := mail(9*time.Hour, "m2", "class", "human", "sure", "yes")
	for _, c := range []struct {
		name     string
		second   bool
		mails    []probes.Event
		verdicts []probes.Record
		result   stats.Result
		delay    time.Duration
		unsure   int
	}{
		{"nobody decided", false, []probes.Event{unsure}, nil, stats.Silent, 0, 1},
		{"it belongs to the audit", false, []probes.Event{unsure}, []probes.Record{verdict(1, "a", "flag", "unsure-match", "verdict", "confirm", "match", "yes", "mail", "m1")}, stats.Answered, 5 * time.Hour, 0},
		{"it does not", false, []probes.Event{unsure, human}, []probes.Record{verdict(1, "a", "flag", "unsure-match", "verdict", "correct", "match", "no", "mail", "m1")}, stats.Answered, 9 * time.Hour, 0},
		{"the answer was a machine's", false, []probes.Event{human}, []probes.Record{verdict(1, "a", "flag", "too-fast", "verdict", "correct", "class", "auto-ack", "mail", "m2")}, stats.Silent, 0, 0},
		{"another mail's class is not touched", false, []probes.Event{human}, []probes.Record{verdict(1, "a", "flag", "too-fast", "verdict", "correct", "class", "auto-ack", "mail", "m9")}, stats.Answered, 9 * time.Hour, 0},
		{"spoiled", false, []probes.Event{human}, []probes.Record{verdict(1, "a", "flag", "outlier", "verdict", "spoil")}, stats.Spoiled, 0, 0},
		{"taken back", false, []probes.Event{human}, []probes.Record{verdict(1, "a", "flag", "outlier", "verdict", "spoil"), withdrawn(2, 1)}, stats.Answered, 9 * time.Hour, 0},
		{"the newest on a flag stands", false, []probes.Event{human}, []probes.Record{verdict(1, "a", "flag", "outlier", "verdict", "spoil"), verdict(2, "b", "flag", "outlier", "verdict", "confirm")}, stats.Answered, 9 * time.Hour, 0},
		{"one reader of two", true, []probes.Event{human}, []probes.Record{verdict(1, "a", "flag", "outlier", "verdict", "spoil")}, stats.Answered, 9 * time.Hour, 0},
		{"two readers agree", true, []probes.Event{human}, []probes.Record{verdict(1, "a", "flag", "outlier", "verdict", "spoil"), verdict(2, "b", "flag", "outlier", "verdict", "spoil")}, stats.Spoiled, 0, 0},
		{"a reader has one voice", true, []probes.Event{human}, []probes.Record{verdict(1, "a", "flag", "outlier", "verdict", "spoil"), verdict(2, "a", "flag", "outlier", "verdict", "spoil")}, stats.Answered, 9 * time.Hour, 0},
		{"two on different flags do not add up", true, []probes.Event{human}, []probes.Record{verdict(1, "a", "flag", "outlier", "verdict", "spoil"), verdict(2, "b", "flag", "bounce", "verdict", "spoil")}, stats.Answered, 9 * time.Hour, 0},
	} {
		b := stats.NewBook()
		b.Add("p", &probes.Record{Launch: &probes.Launch{Campaign: "c", SecondReader: c.second, Timeline: probes.Timeline{Start: monday, Launched: monday, Speed: 1}}})
		b.Add("p", &probes.Record{Audit: &probes.Audit{ID: "c.s.01", Campaign: "c", Structure: "s", Channel: probes.Mail, Due: monday, Deadline: monday.AddDate(0, 0, 15)}})
		for _, e := range append([]probes.Event{after(0, probes.MailSending), after(0, probes.MailAccepted)}, c.mails...) {
			e.Audit = "c.s.01"
			b.Add("p", &probes.Record{Event: &e})
		}
		for i := range c.verdicts {
			b.Add("collector", &c.verdicts[i])
		}
		o, ok := b.Outcome("c.s.01", monday.AddDate(0, 1, 0))
		if !ok || o.Result != c.result || o.Unsure != c.unsure || c.delay > 0 && o.Delay != c.delay.Milliseconds() {
			t.Errorf("%s: %s after %d ms, %d unsure; want %s after %v, %d", c.name, o.Result, o.Delay, o.Unsure, c.result, c.delay, c.unsure)
		}
	}
}

func TestSettled(t *testing.T) {
	v := func(by string, d stats.Decision) stats.Verdict { return stats.Verdict{By: by, Decision: d} }
	for _, c := range []struct {
		name string
		all  []stats.Verdict
		want stats.Decision // "" for none
	}{
		{"one", []stats.Verdict{v("a", stats.Spoil)}, ""},
		{"two alike", []stats.Verdict{v("a", stats.Spoil), v("b", stats.Spoil)}, stats.Spoil},
		{"two unlike", []stats.Verdict{v("a", stats.Spoil), v("b", stats.Confirm)}, ""},
		{"a third with the first", []stats.Verdict{v("a", stats.Spoil), v("b", stats.Confirm), v("c", stats.Spoil)}, stats.Spoil},
		{"two against two", []stats.Verdict{v("a", stats.Spoil), v("b", stats.Confirm), v("c", stats.Spoil), v("d", stats.Confirm)}, ""},
		{"one thinks again", []stats.Verdict{v("a", stats.Spoil), v("b", stats.Confirm), v("a", stats.Confirm)}, stats.Confirm},
	} {
		got := stats.Settled(c.all)
		if got == nil && c.want != "" || got != nil && got.Decision != c.want {
			t.Errorf("%s: %+v, want %q", c.name, got, c.want)
		}
	}
}
