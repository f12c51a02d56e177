package review_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/review"
	"github.com/sonde-fleet/sonde/stats"
)

var due = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// answer is an answered audit of the structure s with nothing odd about it.
func answer(s, n int, delay time.Duration) stats.Outcome {
	id := probes.StructureID(fmt.Sprintf("s%02d", s))
	return stats.Outcome{Audit: probes.Audit{ID: probes.AuditID(fmt.Sprintf("c.%s.%02d", id, n)), Campaign: "c", Structure: id, Channel: probes.Mail,
		Persona: "lea", Due: due.AddDate(0, 0, n), Target: "mairie@" + string(id) + ".example"}, Prober: "p", Status: probes.Closed,
		Result: stats.Answered, Delay: delay.Milliseconds(), From: "accueil@" + string(id) + ".example", Confidence: 0.95, Evidence: "e1",
		Body: probes.Structure{ID: id, Kind: "town hall", Band: "small"}}
}

func kinds(flags []review.Flag) (out []string) {
	for _, f := range flags {
		s := string(f.Kind) + " " + string(f.Audit)
		if !f.Open {
			s += " answered"
		}
		out = append(out, s)
	}
	return out
}

// TestSingle changes one thing of a sound audit at a time.
func TestSingle(t *testing.T) {
	polite := []probes.Observation{{Item: "mail.closing", Value: probes.Yes}}
	impolite := []probes.Observation{{Item: "mail.closing", Value: probes.No}}
	for _, c := range []struct {
		name   string
		change func(*stats.Outcome)
		want   string
	}{
		{"sound", func(o *stats.Outcome) {}, ""},
		{"too fast", func(o *stats.Outcome) { o.Delay = 89_999 }, "too-fast"},
		{"just slow enough", func(o *stats.Outcome) { o.Delay = 90_000 }, ""},
		{"another domain", func(o *stats.Outcome) { o.From = "agent@prestataire.example" }, "foreign-domain"},
		{"a sub-domain is the same body", func(o *stats.Outcome) { o.From = "agent@courrier.s01.example" }, ""},
		{"two towns under one public suffix", func(o *stats.Outcome) { o.Target, o.From = "a@dijon.asso.fr", "b@beaune.asso.fr" }, "foreign-domain"},
		{"the answer to a form", func(o *stats.Outcome) { o.Target = "https://www.s01.example:8443/contact" }, ""},
		{"an unsure class", func(o *stats.Outcome) { o.Confidence = 0.6 }, "unsure-class"},
		{"an unsure match", func(o *stats.Outcome) { o.Unsure, o.Result = 1, stats.Silent }, "unsure-match"},
		{"bounced", func(o *stats.Outcome) { o.Result, o.Reason = stats.Unreachable, "userunknown" }, "bounce"},
		{"in doubt", func(o *stats.Outcome) { o.Result = stats.InDoubt }, "in-doubt"},
		{"spoiled", func(o *stats.Outcome) { o.Result = stats.Spoiled }, "spoiled"},
		{"blocked", func(o *stats.Outcome) { o.Result = stats.Blocked }, "site-blocked"},
		{"clock behind", func(o *stats.Outcome) { o.Skew = -120_001 }, "clock-skew"},
		{"clock a little ahead", func(o *stats.Outcome) { o.Skew = 120_000 }, ""},
		{"the site says otherwise", func(o *stats.Outcome) { o.Result, o.Contrary = stats.Visited, []string{"web.same.email"} }, "contradiction"},
		{"disputed", func(o *stats.Outcome) { o.Disputes = []stats.Dispute{{N: 1, Text: "we answered"}} }, "disputed"},
		{"two coders differ", func(o *stats.Outcome) {
			o.Codings = []stats.Coding{{By: "a", Items: polite}, {By: "b", Items: impolite}}
		}, "items-differ"},
		{"two coders agree", func(o *stats.Outcome) { o.Codings = []stats.Coding{{By: "a", Items: polite}, {By: "b", Items: polite}} }, ""},
	} {
		o := answer(1, 1, 3*time.Hour)
		c.change(&o)
		got := review.Find(review.Input{Outcomes: []stats.Outcome{o}})
		want := []string(nil)
		if c.want != "" {
			want = []string{c.want + " c.s01.01"}
		}
		if !slices.Equal(kinds(got), want) {
			t.Errorf("%s: %q, want %q", c.name, kinds(got), want)
		}
	}
}

func TestEvidence(t *testing.T) {
	o := answer(1, 1, 3*time.Hour)
	got := review.Find(review.Input{Outcomes: []stats.Outcome{o}, Evidence: map[probes.AuditID]review.Faulty{o.ID: {Missing: 2, Damaged: 1}}})
	if !slices.Equal(kinds(got), []string{"hash-mismatch c.s01.01", "missing-evidence c.s01.01"}) || got[1].N != 2 {
		t.Errorf("%+v", got)
	}
}

func TestVerdictsCloseFlags(t *testing.T) {
	verdict := func(by string, d stats.Decision) stats.Verdict {
		return stats.Verdict{Flag: "too-fast", Decision: d, By: by}
	}
	for _, c := range []struct {
		name     string
		second   bool
		verdicts []stats.Verdict
		want     []string
	}{
		{"none", false, nil, []string{"too-fast c.s01.01"}},
		{"one is enough", false, []stats.Verdict{verdict("a", stats.Confirm)}, []string{"too-fast c.s01.01 answered"}},
		{"a second reader is wanted", true, []stats.Verdict{verdict("a", stats.Confirm)}, []string{"too-fast c.s01.01"}},
		{"the same reader twice is one reader", true, []stats.Verdict{verdict("a", stats.Confirm), verdict("a", stats.Confirm)}, []string{"too-fast c.s01.01"}},
		{"two agree", true, []stats.Verdict{verdict("a", stats.Confirm), verdict("b", stats.Confirm)}, []string{"too-fast c.s01.01 answered"}},
		{"two differ", true, []stats.Verdict{verdict("a", stats.Confirm), verdict("b", stats.Spoil)},
			[]string{"contested c.s01.01", "too-fast c.s01.01 answered"}},
		{"a third settles it", true, []stats.Verdict{verdict("a", stats.Confirm), verdict("b", stats.Spoil), verdict("c", stats.Spoil)},
			[]string{"too-fast c.s01.01 answered"}},
	} {
		o := answer(1, 1, 10*time.Second)
		o.Verdicts = c.verdicts
		in := review.Input{Outcomes: []stats.Outcome{o}, Launches: []probes.Launch{{Campaign: "c", SecondReader: c.second}}}
		if got := kinds(review.Find(in)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestDecisionStaysWhenItsCauseIsGone spoils an audit for its bounce: it bounces no more, and the decision is still to be seen.
func TestDecisionStaysWhenItsCauseIsGone(t *testing.T) {
	o := answer(1, 1, 3*time.Hour)
	o.Result, o.Verdicts = stats.Spoiled, []stats.Verdict{{Flag: "bounce", Decision: stats.Spoil, By: "a"}}
	got := review.Find(review.Input{Outcomes: []stats.Outcome{o}})
	if !slices.Equal(kinds(got), []string{"bounce c.s01.01 answered"}) || !got[0].Gone || len(got[0].Verdicts) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestIdenticalAnswers(t *testing.T) {
	a, b, other, elsewhere := answer(1, 1, 3*time.Hour), answer(1, 2, 5*time.Hour), answer(1, 3, 5*time.Hour), answer(2, 1, 4*time.Hour)
	a.TextDigest, b.TextDigest, other.TextDigest, elsewhere.TextDigest = "same", "same", "else", "same"
	got := review.Find(review.Input{Outcomes: []stats.Outcome{a, elsewhere, b, other}})
	if !slices.Equal(kinds(got), []string{"identical-answers c.s01.01", "identical-answers c.s01.02"}) || got[0].N != 2 || got[0].Others[0] != b.ID {
		t.Errorf("%+v", got)
	}
}

func TestOutliers(t *testing.T) {
	var all []stats.Outcome
	for s := range 25 { // peers answer after 20 to 44 hours
		all = append(all, answer(s, 1, time.Duration(20+s)*time.Hour))
	}
	late := answer(30, 1, 60*24*time.Hour)
	all = append(all, late)
	for n := range 6 { // one that is always slow is nobody's outlier
		all = append(all, answer(40, n, time.Duration(500+10*n)*time.Hour))
	}
	for n := range 6 { // one that suddenly is
		all = append(all, answer(50, n, time.Duration(20+n)*time.Hour))
	}
	all = append(all, answer(50, 9, 20*24*time.Hour))
	got := review.Find(review.Input{Outcomes: all})
	if !slices.Equal(kinds(got), []string{"outlier c.s30.01", "outlier c.s50.09"}) {
		t.Fatalf("%q", kinds(got))
	}
	if got[0].Group != "town hall small" || got[1].Group != "own" || got[1].Z < 3.5 || got[1].Usual < (20*time.Hour).Milliseconds() {
		t.Errorf("%+v", got)
	}
}

func TestFaultPatterns(t *testing.T) {
	var all []stats.Outcome
	for s := range 400 { // one in a hundred is spoiled, anywhere; half are answered
		o := answer(s, 1+s%20, time.Duration(24+s%12)*time.Hour)
		switch {
		case s%100 == 7:
			o.Result = stats.Spoiled
		case s%2 == 1:
			o.Result, o.Delay = stats.Silent, 0
		}
		all = append(all, o)
	}
	if got := review.Find(review.Input{Outcomes: all}); len(got) != 4 {
		t.Fatalf("without a pattern: %q", kinds(got))
	}
	for n := range 8 { // a morning on which everything failed on one prober
		o := answer(500+n, 1, 0)
		o.Prober, o.Result, o.Due = "q", stats.Spoiled, due.AddDate(0, 0, 40)
		all = append(all, o)
	}
	for n := range 30 { // a mailbox into which nothing comes
		o := answer(600+n, 1+n%20, 0)
		o.Persona, o.Result = "karim", stats.Silent
		all = append(all, o)
	}
	count := map[string]int{}
	for _, f := range review.Find(review.Input{Outcomes: all}) {
		if f.Kind == review.FaultPattern {
			count[f.Group]++
			if f.P > 1e-6 || f.Of < 8 || len(f.Others) == 0 {
				t.Errorf("%+v", f)
			}
		}
	}
	if fmt.Sprint(count) != "map[karim:30 q:8]" {
		t.Errorf("%v", count)
	}
}

func TestOrderIsTheSameEachTime(t *testing.T) {
	var all []stats.Outcome
	for s := range 40 {
		for n := range 3 {
			o := answer(s, n, time.Duration(1+s)*time.Second)
			o.TextDigest = "d"
			all = append(all, o)
		}
	}
	first := strings.Join(kinds(review.Find(review.Input{Outcomes: all})), "\n")
	for range 5 {
		if again := strings.Join(kinds(review.Find(review.Input{Outcomes: all})), "\n"); again != first {
			t.Fatal("two runs give two orders")
		}
	}
}

func TestDoubleCoding(t *testing.T) {
	l := &probes.Launch{Campaign: "c", DoubleCoding: 0.1, Seed: 7}
	drawn := 0
	for s := range 2000 {
		o := answer(s, 1, time.Hour)
		if review.Drawn(l, &o) {
			drawn++
		}
		if again := o; review.Drawn(l, &o) != review.Drawn(l, &again) || review.Drawn(&probes.Launch{}, &o) {
			t.Fatal("the draw is not fixed")
		}
	}
	if drawn < 150 || drawn > 250 {
		t.Errorf("%d of 2000 drawn, wanted about 200", drawn)
	}
	item := func(v probes.Value) []probes.Observation {
		return []probes.Observation{{Item: "mail.closing", Value: v}}
	}
	var all []stats.Outcome
	for n := range 10 { // they differ on two of ten
		o := answer(1, n, time.Hour)
		b := probes.Value("yes")
		if n < 5 {
			b = "no"
		}
		a := b
		if n < 2 {
			a = "yes"
		}
		o.Codings = []stats.Coding{{By: "a", Items: item(a)}, {By: "b", Items: item(b)}}
		all = append(all, o)
	}
	got := review.Agree(all, func(*stats.Outcome) []probes.Observation { return item("yes") })
	if len(got) != 2 || got[1].Item != "mail.closing" || got[1].Audits != 10 || got[1].Agreed != 8 || got[1].Kappa.Value < 0.59 || got[1].Kappa.Value > 0.61 || got[1].Machine != 10 {
		t.Errorf("%+v", got)
	}
}
