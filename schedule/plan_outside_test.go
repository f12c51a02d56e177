package schedule

import (
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule/calendar"
)

// A wave outside opening hours finds each structure closed, by day, and caps do not move it into the open hours.
func TestWaveOutsideOpeningHours(t *testing.T) {
	c := testCampaign()
	c.Waves = []config.Wave{{ID: "closed", Cron: "0 7 * * MON", Channel: "phone", Outside: true, Spread: 12 * time.Hour}}
	c.Caps = config.Caps{PerHour: 12, PersonaPerHour: 5}
	structures := testStructures(120, 8)
	audits, conflicts := mustPlan(t, c, structures)
	of := map[probes.StructureID]*calendar.Calendar{}
	always := map[probes.StructureID]bool{}
	for _, s := range structures {
		cal, err := calendar.New(s.Zone, s.Hours, s.Holidays)
		if err != nil {
			t.Fatal(err)
		}
		of[s.ID], always[s.ID] = cal, s.Hours == "24/7"
	}
	outside := 0
	for _, a := range audits {
		cal := of[a.Structure]
		if a.Outside != (a.Wave == "closed") {
			t.Errorf("%s of wave %s: outside %v", a.ID, a.Wave, a.Outside)
		}
		if !a.Outside {
			if !cal.Open(a.Due) {
				t.Errorf("%s is due at %v, when %s is closed", a.ID, a.Due, a.Structure)
			}
			continue
		}
		outside++
		if hour := a.Due.In(cal.Location()).Hour(); cal.Open(a.Due) || hour < 7 || hour >= 21 {
			t.Errorf("%s is due at %v, open %v", a.ID, a.Due.In(cal.Location()), cal.Open(a.Due))
		}
		if always[a.Structure] {
			t.Errorf("%s: %s is never closed", a.ID, a.Structure)
		}
	}
	never := 0
	for _, x := range conflicts {
		if x.Wave == "closed" && x.Kind == Closed {
			never++
			if !always[x.Structure] {
				t.Errorf("%v", x)
			}
		}
	}
	if outside < 500 || never == 0 {
		t.Errorf("%d audits outside, %d structures that never close: %v", outside, never, conflicts)
	}
}
