package review_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/review"
	"github.com/sonde-fleet/sonde/stats"
)

// phoned is a telephone audit in which a person spoke after 20 s, with nothing odd about it.
func phoned(n int) stats.Outcome {
	yes, wait := true, int64(20_000+100*n)
	return stats.Outcome{Audit: probes.Audit{ID: probes.AuditID(fmt.Sprintf("c.s%02d.01", n)), Campaign: "c", Structure: probes.StructureID(fmt.Sprintf("s%02d", n)), Channel: probes.Phone,
		Target: "+33380000000"}, Status: probes.Closed, Result: stats.Reached, Body: probes.Structure{Kind: "town hall", Band: "small"},
		Call: &stats.Call{Tries: []stats.Try{{N: 1, Class: stats.TryAnswered, Mode: "measure", Rang: true, Delay: 2000, Ring: 6000}}, Ring: 6000, Talk: 40_000, Person: &yes, Wait: &wait,
			First: "human", Sure: 0.9, Marks: "ring:2000-8000:1;machine:8100-19000:0.9;music:19000-21000:1;human:22000-23000:0.9"}}
}

func TestCalls(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*stats.Outcome)
		want   string
	}{
		{"sound", func(*stats.Outcome) {}, ""},
		{"unsure who", func(o *stats.Outcome) { o.Call.Sure = 0.59 }, "unsure-person"},
		{"sure enough", func(o *stats.Outcome) { o.Call.Sure = 0.6 }, ""},
		{"the listener said nothing", func(o *stats.Outcome) { o.Result, o.Call.Person, o.Call.Sure = stats.PickedUp, nil, 0 }, "unsure-person"},
		{"nobody was to listen", func(o *stats.Outcome) {
			o.Result, o.Call.Person, o.Call.Sure, o.Call.Tries[0].Mode = stats.PickedUp, nil, 0, "ring"
		}, ""},
		{"heard again", func(o *stats.Outcome) { o.Call.HeardAgain = "c.s02.01" }, "heard-again"},
		{"a person right after the machine", func(o *stats.Outcome) { o.Call.Marks = "machine:8100-19000:0.9;human:19999-23000:0.9" }, "after-machine"},
		{"a breath after it", func(o *stats.Outcome) { o.Call.Marks = "machine:8100-19000:0.9;human:20000-23000:0.9" }, ""},
		{"no machine before", func(o *stats.Outcome) { o.Call.Marks = "human:8100-9000:0.9;machine:9100-9500:0.9" }, ""},
		{"to be recorded, and no sound", func(o *stats.Outcome) { o.Call.Tries[0].Mode = "record" }, "no-recording"},
		{"recorded", func(o *stats.Outcome) { o.Call.Tries[0].Mode, o.Call.Recorded = "record", true }, ""},
		{"picked up before it rang", func(o *stats.Outcome) { o.Call.Ring = 0 }, "no-ring"},
		{"a number that nobody has", func(o *stats.Outcome) {
			o.Result, o.Call.Person, o.Call.Wait, o.Call.Tries[0].Class = stats.Unreached, nil, nil, probes.ClassWrongNumber
		}, "bounce"},
		{"spoiled", func(o *stats.Outcome) { o.Result, o.Call.Sure = stats.Spoiled, 0.1 }, "spoiled"},
	} {
		o := phoned(1)
		c.change(&o)
		flags := review.Find(review.Input{Outcomes: []stats.Outcome{o}})
		got := ""
		if len(flags) > 0 {
			got = string(flags[0].Kind)
		}
		if got != c.want || len(flags) > 1 {
			t.Errorf("%s: %v, want %q", c.name, kinds(flags), c.want)
		}
	}
}

// A wait far from the peers' is looked at; the mails of the same structures are no peers of calls.
func TestWaitFarFromPeers(t *testing.T) {
	var all []stats.Outcome
	for n := range 60 {
		all = append(all, phoned(n), answer(n, 1, time.Duration(20+n%7)*time.Hour))
	}
	long := int64(400_000)
	all[20].Call.Wait = &long
	flags := review.Find(review.Input{Outcomes: all})
	i := slices.IndexFunc(flags, func(f review.Flag) bool { return f.Kind == review.Outlier })
	if i < 0 || flags[i].Audit != all[20].ID || flags[i].Delay != long || flags[i].Usual < 20_000 || flags[i].Usual > 30_000 {
		t.Errorf("%v", kinds(flags))
	}
}

func TestWhatAnAuditorHeard(t *testing.T) {
	for _, c := range []struct {
		person, wait string
		items        int // -1: refused
		seconds      float64
	}{{"yes", "", 1, 0}, {"no", "", 1, 0}, {"yes", "12,5", 2, 12.5}, {"yes", " 0 ", 2, 0}, {"no", "3", -1, 0}, {"", "3", -1, 0}, {"yes", "-1", -1, 0}, {"yes", "NaN", -1, 0},
		{"yes", "1e9", -1, 0}, {"maybe", "", -1, 0}} {
		got, err := review.Heard(c.person, c.wait, "ann")
		if (err != nil) != (c.items < 0) || err == nil && len(got) != c.items || c.items == 2 && *got[1].Number != c.seconds {
			t.Errorf("%q %q: %v, %v", c.person, c.wait, got, err)
		}
	}
}
