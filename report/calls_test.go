package report_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/stats"
)

// switchboard is telephone audits of town halls and companies over six weeks, with every result; companies are faster.
func switchboard() []stats.Outcome {
	r := rand.New(rand.NewPCG(11, 12))
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	yes, no := true, false
	var out []stats.Outcome
	for i := range 120 {
		o := stats.Outcome{Audit: probes.Audit{ID: probes.AuditID(fmt.Sprintf("t.%d", i)), Campaign: "t", Channel: probes.Phone, Structure: "s"}, Status: probes.Closed,
			Body: probes.Structure{Kind: "mairie", Sector: "public"}, Sent: start.AddDate(0, 0, r.IntN(42))}
		slow := int64(2)
		if i%4 == 0 {
			o.Body.Kind, o.Body.Sector, slow = "entreprise", "private", 1
		}
		o.Due = o.Sent
		ring := 1000 * (2 + r.Int64N(20*slow))
		c := &stats.Call{FirstAttempt: &yes, Ring: ring, Rings: 1 + int(ring/5000), Talk: 60_000, Contact: ring + 62_000, Sure: 0.9}
		t := stats.Try{N: 1, At: o.Sent, Class: stats.TryAnswered, Mode: "measure", Rang: true, Delay: 1500 + r.Int64N(2000), Ring: ring, Rings: c.Rings}
		c.Tries, o.Call = []stats.Try{t}, c
		switch r.IntN(12) {
		case 0:
			o.Result, o.Status, c.FirstAttempt, o.Reason = stats.Unreached, probes.Refused, &no, "busy"
			c.Tries[0] = stats.Try{N: 1, At: o.Sent, Class: probes.ClassBusy, Mode: "measure"}
		case 1:
			o.Result, c.Person, c.First, c.Dropped = stats.Unmanned, &no, "queue", &yes
		case 2:
			o.Result, c.Tries[0].Mode, c.Sure = stats.PickedUp, "ring", 0
		case 3:
			o.Result, o.Status = stats.Spoiled, probes.Faulted
		case 4:
			o.Outside, o.Result, c.Person, c.FirstAttempt, c.First = true, stats.Unmanned, &no, nil, "announcement"
			o.Items = o.Items.With(stats.MarksOf([]probes.Observation{{Item: "phone.machine-out-of-hours", Value: probes.Yes}}, nil))
		default:
			w := ring + 1000*r.Int64N(25*slow)
			o.Result, c.Person, c.Wait, c.First, c.Dropped = stats.Reached, &yes, &w, "human", &no
		}
		out = append(out, o)
	}
	return out
}

func TestGoldenCalls(t *testing.T) {
	all := switchboard()
	norms, _ := grid.Profile(grid.DefaultProfile)
	made, err := stats.Calls(all, "", stats.BySector, stats.ByWeek)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"calls", "calls-by-sector", "calls-by-week"} {
		golden(t, name+".txt", func(w io.Writer) error { return report.CallsText(w, made[i], report.CallReferences(norms)) })
	}
	golden(t, "calls-by-sector.json", func(w io.Writer) error { return report.CallsJSON(w, made[1]) })
	golden(t, "calls-by-sector.csv", func(w io.Writer) error { table := report.CallsTable(made[1]); return table.CSV(w) })
	golden(t, "calls-outcomes.csv", func(w io.Writer) error { return report.OutcomesCSV(w, all[:20]) })
	headlines, err := report.Headlines(all, nil)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "calls-compare.txt", func(w io.Writer) error { return report.Compare(w, headlines[:2], "http://site") })
}

// TestNoCallsYet holds that nothing is made up where nobody was called.
func TestNoCallsYet(t *testing.T) {
	made, err := stats.Calls(nil, "", stats.ByWeek)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range made {
		if err := report.CallsText(&b, r, report.CallReference{}); err != nil {
			t.Fatal(err)
		}
		if err := report.CallsJSON(&b, r); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(b.String(), "NaN") {
		t.Error(b.String())
	}
}
