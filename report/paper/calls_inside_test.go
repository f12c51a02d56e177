package paper

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// Called are calls to each structure, one a week for four weeks: three of four reach a person after 30 s, the fourth is engaged; one
// more out of hours hears a message, and one is engaged and will be made again.
func Called(bodies []probes.Structure, start time.Time) (all []stats.Outcome) {
	yes, no := true, false
	for _, body := range bodies {
		for n := range 6 {
			sent := start.AddDate(0, 0, 7*(n%4))
			o := stats.Outcome{Audit: probes.Audit{ID: probes.AuditID(fmt.Sprintf("spring.%s.9%d", body.ID, n)), Campaign: "spring", Structure: body.ID, Channel: probes.Phone, Number: 90 + n,
				Due: sent, Deadline: sent.AddDate(0, 0, 1)}, Body: body, Sent: sent, Status: probes.Closed, Result: stats.Reached}
			wait := int64(30_000)
			try := stats.Try{N: 1, At: sent, Class: stats.TryAnswered, Mode: "measure", Rang: true, Delay: 2000, Ring: 6000, Rings: 2}
			o.Call = &stats.Call{Tries: []stats.Try{try}, FirstAttempt: &yes, Person: &yes, Wait: &wait, Ring: 6000, Rings: 2, Talk: 60_000, First: "human", Sure: 0.9}
			switch n {
			case 3, 5:
				o.Result, o.Status, o.Reason = stats.Unreached, probes.Refused, "busy"
				o.Call = &stats.Call{Tries: []stats.Try{{N: 1, At: sent, Class: probes.ClassBusy, Mode: "measure"}}, FirstAttempt: &no}
				if n == 5 {
					o.Status = probes.Retrying
				}
			case 4:
				o.Outside, o.Result, o.Call.Person, o.Call.Wait, o.Call.FirstAttempt, o.Call.First = true, stats.Unmanned, &no, nil, nil, "announcement"
				o.Items = stats.MarksOf([]probes.Observation{{Item: "phone.machine-out-of-hours", Value: probes.Yes}}, nil)
			}
			all = append(all, o)
		}
	}
	return all
}

func TestReportHasTheCalls(t *testing.T) {
	e := newCampaign().run()
	e.outcomes = append(e.outcomes, Called([]probes.Structure{{ID: firstID, Name: e.name, Kind: "mairie", Sector: "public", Band: "2-10k", Region: "Bretagne", Zone: "Europe/Paris"}},
		time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))...)
	for lang, words := range map[string][]string{"en": {"First calls that got through", "3 of 4", "Mean wait for a person", "30.0 s", "28 s in 2023", "norm: 85", "a person spoke", "1 of 1"},
		"fr": {"Premiers appels aboutis", "3 sur 4", "30,0 s", "une personne a répondu"}} {
		page := strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(document(t, e.input(lang)))
		for _, want := range words {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the report lacks %q", lang, want)
			}
		}
		if strings.Contains(page, "spring."+string(firstID)+".95") {
			t.Errorf("%s: a call that will be made again is no surprise any more", lang)
		}
	}
}
