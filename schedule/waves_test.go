package schedule

import (
	"flag"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/probes"
)

var updateGolden = flag.Bool("update-plan", false, "write the golden files of the timetable")

func TestMissed(t *testing.T) {
	now := time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)
	var ticks []time.Time
	for day := 6; day >= 2; day-- { // out of order, one of them in the future
		ticks = append(ticks, time.Date(2026, 3, day, 9, 0, 0, 0, time.UTC))
	}
	past := []time.Time{ticks[4], ticks[3], ticks[2], ticks[1]}
	for policy, want := range map[string][2][]time.Time{
		MissedAll: {past, nil}, MissedLatest: {past[3:], past[:3]}, MissedSkip: {nil, past},
	} {
		run, missed, err := Missed(policy, ticks, now)
		if err != nil || !slices.Equal(run, want[0]) || !slices.Equal(missed, want[1]) {
			t.Errorf("%s: run %v, missed %v, %v", policy, run, missed, err)
		}
		run, missed, err = Missed(policy, nil, now)
		if err != nil || len(run)+len(missed) > 0 {
			t.Errorf("%s without ticks: %v %v %v", policy, run, missed, err)
		}
	}
	if _, _, err := Missed("sometimes", ticks, now); err == nil {
		t.Error("an unknown policy passes")
	}
}

func TestTicksUseTheirZone(t *testing.T) {
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct{ zone, want string }{
		{"", "2026-03-02T08:00:00Z"}, {"Pacific/Noumea", "2026-03-01T22:00:00Z"}, {"America/Cayenne", "2026-03-02T12:00:00Z"},
	} {
		ticks, err := Ticks(config.Wave{ID: "w", Cron: "0 9 * * MON", Zone: test.zone}, "Europe/Paris", from, from.AddDate(0, 0, 7))
		if err != nil || len(ticks) != 1 || ticks[0].UTC().Format(time.RFC3339) != test.want {
			t.Errorf("%s: %v, %v", test.zone, ticks, err)
		}
	}
	if _, err := Ticks(config.Wave{Cron: "TZ=0"}, "Europe/Paris", from, from); err == nil {
		t.Error("a text on which the parser panics passes")
	}
	if _, err := Ticks(config.Wave{Cron: "0 9 * * *"}, "Mars/Base", from, from); err == nil {
		t.Error("an unknown zone passes")
	}
}

// Audits of waves come after the tick, within the spread where the structure is open then, and are numbered last.
func TestWavesAddAudits(t *testing.T) {
	c := testCampaign()
	c.Plan = map[string]int{"phone": 2}
	c.Waves = []config.Wave{
		{ID: "monday", Cron: "0 9 2,23 3 *", Channel: "mail", Spread: 2 * time.Hour},
		{ID: "others", Cron: "0 9 * * *", Channel: "mail", Kinds: []string{"hospital"}},
	}
	structures := testStructures(30, 2)
	for i := range structures {
		structures[i].Zone, structures[i].Holidays, structures[i].Hours = "Europe/Paris", "FR", testHours[0]
	}
	audits, conflicts := mustPlan(t, c, structures)
	verify(t, c, structures, audits, conflicts)
	if len(audits) != 30*4 || len(conflicts) != 0 {
		t.Fatalf("%d audits, %v", len(audits), conflicts)
	}
	for _, a := range audits {
		if (a.Wave == "monday") != (a.Number > 2) || a.Wave == "others" {
			t.Errorf("%s is of wave %s", a.ID, a.Wave)
		}
		if utc := a.Due.Format("01-02 15"); a.Wave == "monday" && utc != "03-02 08" && utc != "03-02 09" && utc != "03-23 08" && utc != "03-23 09" {
			t.Errorf("%s is due at %s", a.ID, a.Due)
		}
	}
}

func TestHeatmap(t *testing.T) {
	c := testCampaign()
	c.Seed = 1
	audits, _ := mustPlan(t, c, testStructures(50, 1))
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	got := Heatmap(audits, paris, 80, false) + "\n" + Heatmap(audits[:5], nil, 40, true) + "\n" + Heatmap(nil, nil, 80, true)
	const path = "testdata/heatmap.txt"
	if *updateGolden {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s", got)
	}
	Heatmap([]probes.Audit{{Due: time.Unix(0, 0)}}, nil, 0, false) // a terminal without a width
}
