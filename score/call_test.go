package score_test

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unique"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/score"
	"github.com/sonde-fleet/sonde/stats"
)

// called is a telephone audit with the result after two calls, the first of which found the line engaged.
func called(result stats.Result, mode string, observed ...stats.Mark) stats.Outcome {
	o := stats.Outcome{Audit: probes.Audit{ID: "c.s.1", Structure: "s", Channel: probes.Phone}, Result: result, Status: probes.Closed, Items: observed}
	no, yes := false, true
	o.Call = &stats.Call{FirstAttempt: &no, Tries: []stats.Try{{N: 1, Class: probes.ClassBusy, Mode: mode}, {N: 2, Class: stats.TryAnswered, Mode: mode}}, Ring: 12_500, Contact: 180_000}
	switch result {
	case stats.Reached:
		w := int64(30_000)
		o.Call.Person, o.Call.Wait = &yes, &w
	case stats.Unmanned:
		o.Call.Person = &no
	case stats.Unreached:
		o.Status, o.Call.Tries[1].Class = probes.Refused, probes.ClassNoAnswer
	}
	return o
}

func TestItemsOfACall(t *testing.T) {
	outside := called(stats.Unmanned, "measure", mark("phone.machine-out-of-hours", 1))
	outside.Outside = true
	recorded := called(stats.Unmanned, "record", mark("phone.machine-out-of-hours", 1))
	recorded.Outside = true
	retrying := called(stats.Unreached, "measure")
	retrying.Status = probes.Retrying
	if score.Points(grid.Current(), norms(), &retrying) != nil {
		t.Error("an audit that will call again has points")
	}
	for _, c := range []struct {
		name  string
		o     stats.Outcome
		item  probes.ItemCode
		state score.State
		value float64
	}{
		{"a person", called(stats.Reached, "measure"), "phone.first-attempt", score.Seen, 0},
		{"a person", called(stats.Reached, "measure"), "phone.attempts", score.Seen, 2},
		{"a person", called(stats.Reached, "measure"), "phone.pickup", score.Seen, 50},
		{"a person", called(stats.Reached, "measure"), "phone.answered-by-person", score.Seen, 1},
		{"a person", called(stats.Reached, "measure"), "phone.ring-time", score.Seen, 12.5},
		{"a person", called(stats.Reached, "measure"), "phone.wait", score.Seen, 30},
		{"a person", called(stats.Reached, "measure"), "phone.contact-time", score.Seen, 3},
		{"a person", called(stats.Reached, "measure", mark("phone.post-dial-delay", 2.5)), "phone.post-dial-delay", score.Seen, 2.5},
		{"a person", called(stats.Reached, "measure"), "phone.machine-out-of-hours", score.NotHere, 0},
		{"a person", called(stats.Reached, "measure"), "phone.opening", score.NotHere, 0},
		{"a person in the first half-hour", called(stats.Reached, "measure", mark("phone.opening", 1)), "phone.opening", score.Seen, 1},
		{"a person, not yet heard by an auditor", called(stats.Reached, "record"), "phone.greeting", score.Missing, 0},
		{"no person", called(stats.Unmanned, "measure"), "phone.answered-by-person", score.Seen, 0},
		{"no person", called(stats.Unmanned, "measure"), "phone.wait", score.Silent, 0},
		{"no person: a short call is no good one", called(stats.Unmanned, "measure"), "phone.contact-time", score.Silent, 0},
		{"no person, no recording: who was reached is not judged either", called(stats.Unmanned, "measure"), "phone.greeting", score.Missing, 0},
		{"no person, recorded", called(stats.Unmanned, "record"), "phone.greeting", score.Silent, 0},
		{"no person, recorded: the message may name the service", called(stats.Unmanned, "record"), "phone.greeting.service", score.Missing, 0},
		{"not reached, recorded", called(stats.Unreached, "record"), "phone.greeting.service", score.Silent, 0},
		{"closed, recorded and not heard yet", recorded, "phone.machine.hours", score.Missing, 0},
		{"nothing presses a key yet", called(stats.Unmanned, "record"), "phone.menu.no-key", score.Missing, 0},
		{"nobody listened", called(stats.PickedUp, "ring"), "phone.wait", score.Missing, 0},
		{"nobody would have listened", called(stats.Unreached, "ring"), "phone.wait", score.Missing, 0},
		{"nobody would have listened", called(stats.Unreached, "ring"), "phone.answered-by-person", score.Missing, 0},
		{"nobody would have listened", called(stats.Unreached, "ring"), "phone.rings", score.Silent, 0},
		{"not reached", called(stats.Unreached, "measure"), "phone.wait", score.Silent, 0},
		{"not reached", called(stats.Unreached, "measure"), "phone.pickup", score.Seen, 0},
		{"closed", outside, "phone.machine-out-of-hours", score.Seen, 1},
		{"closed", outside, "phone.answered-by-person", score.NotHere, 0},
		{"closed", outside, "phone.machine.hours", score.Missing, 0},
	} {
		points := score.Points(grid.Current(), norms(), &c.o)
		i := slices.IndexFunc(points, func(p score.Point) bool { return p.Item.Code == c.item })
		if i < 0 {
			t.Errorf("%s: %s is not judged", c.name, c.item)
			continue
		}
		if p := points[i]; p.State != c.state || p.State == score.Seen && math.Abs(p.Value-c.value) > 1e-9 {
			t.Errorf("%s: %s is %s %v, want %s %v", c.name, c.item, p.State, p.Value, c.state, c.value)
		}
	}
}

// TestTheProbeNotesWhatIsNotAwaited holds the items of the telephone that an agent tells to those that its probe notes or that follow
// from an outcome, and the list of those that nothing observes yet to the rest.
func TestTheProbeNotesWhatIsNotAwaited(t *testing.T) {
	noted := map[probes.ItemCode]bool{"phone.opening": true, "phone.lunch": true, "phone.late-opening": true, "phone.machine-out-of-hours": true} // package stats
	files, err := filepath.Glob("../probes/phone/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	quoted := regexp.MustCompile(`"(phone\.[a-z.-]+)"`)
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range quoted.FindAllSubmatch(text, -1) {
			noted[probes.ItemCode(m[1])] = true
		}
	}
	for _, code := range score.Measured() {
		noted[code] = true
	}
	g := grid.Current()
	for i := range g.Items {
		it := &g.Items[i]
		if it.Channel != probes.Phone || it.How == grid.Asked {
			continue
		}
		if waits := slices.Contains(grid.Unwatched, it.Code); waits == noted[it.Code] {
			t.Errorf("%s: noted %v, listed as unwatched %v; Try: mend grid.Unwatched", it.Code, noted[it.Code], waits)
		}
	}
}

func mark(code probes.ItemCode, value float64) stats.Mark {
	return stats.Mark{Item: unique.Make(code), Value: value}
}
