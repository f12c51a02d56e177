package schedule_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule"
)

func TestAgain(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	at := func(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 0, 0, 0, paris) } // 2 March is a Monday
	s := probes.Structure{ID: "s", Zone: "Europe/Paris", Hours: "Mo-Fr 09:00-12:00", Holidays: "FR"}
	audit := func(n int, due time.Time, status probes.Status) probes.State {
		return probes.State{Status: status, Due: due, Audit: probes.Audit{ID: probes.AuditID(fmt.Sprintf("c.s.%02d", n)), Campaign: "c", Structure: "s", Number: n,
			Channel: probes.Mail, Scenario: "hours", Persona: "lea", Wave: "plan", Due: due, Deadline: due.AddDate(0, 0, 15)}}
	}
	spoiled := audit(1, at(2, 10), probes.Faulted)
	end := at(31, 0)
	for _, c := range []struct {
		name   string
		others []probes.State
		now    time.Time
		end    time.Time
		gap    time.Duration
		day    int // of March on which it is due; 0: there is no room
		number int
	}{
		{"the same morning is the audit's own day", []probes.State{spoiled}, at(2, 11), end, 0, 3, 2},
		{"before the next opening", []probes.State{spoiled}, at(3, 7), end, 0, 3, 2},
		{"after the closing of Friday", []probes.State{spoiled}, at(6, 13), end, 0, 9, 2},
		{"another audit on that day, in any order", []probes.State{audit(7, at(4, 11), probes.Planned), spoiled, audit(3, at(3, 11), probes.Contacted)}, at(3, 7), end, 0, 5, 8},
		{"one that was put off to that day", []probes.State{spoiled, {Status: probes.Planned, Due: at(3, 10), Audit: audit(2, at(2, 9), "").Audit}}, at(3, 7), end, 0, 4, 3},
		{"a gap of two days on both sides", []probes.State{spoiled, audit(2, at(5, 12), probes.Planned)}, at(3, 7), end, 48 * time.Hour, 9, 3},
		{"what is taken out needs no gap", []probes.State{spoiled, audit(2, at(5, 12), probes.Cancelled)}, at(4, 7), end, 24 * time.Hour, 4, 3},
		{"what was taken out has still its day", []probes.State{spoiled, audit(2, at(4, 9), probes.Missed)}, at(4, 7), end, 0, 5, 3},
		{"the last morning", []probes.State{spoiled}, at(27, 10), at(28, 0), 0, 27, 2},
		{"the campaign is over", []probes.State{spoiled}, at(27, 13), at(28, 0), 0, 0, 0},
	} {
		got, err := schedule.Again(spoiled.Audit, c.others, s, c.now, c.end, c.gap)
		if c.day == 0 {
			if !errors.Is(err, schedule.ErrNoRoom) {
				t.Errorf("%s: %v, %v", c.name, got.Due, err)
			}
			continue
		}
		due := got.Due.In(paris)
		if err != nil || due.Day() != c.day || due.Hour() < 9 || due.Hour() >= 12 || due.Before(c.now) || !due.Before(c.end) || due.Second() == 0 {
			t.Errorf("%s: due %v, %v; want day %d", c.name, due, err, c.day)
		}
		if got.Number != c.number || got.ID != probes.AuditID(fmt.Sprintf("c.s.%02d", c.number)) || got.Deadline.Sub(got.Due) != 15*24*time.Hour {
			t.Errorf("%s: %+v", c.name, got)
		}
		if again, _ := schedule.Again(spoiled.Audit, c.others, s, c.now, c.end, c.gap); again != got {
			t.Errorf("%s: asked twice: %v and %v", c.name, got.Due, again.Due)
		}
	}
}

// Two structures that are asked for again at once are not contacted at one instant.
func TestAgainIsSpread(t *testing.T) {
	now := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	minutes := map[int]int{}
	for i := range 200 {
		id := probes.StructureID(fmt.Sprintf("s%d", i))
		a, err := schedule.Again(probes.Audit{Campaign: "c", Structure: id, Number: 1}, nil, probes.Structure{ID: id, Zone: "UTC", Hours: "24/7"}, now, now.AddDate(0, 0, 9), 0)
		if err != nil || a.Due.Sub(now) > time.Hour {
			t.Fatal(a.Due, err)
		}
		minutes[a.Due.Minute()]++
	}
	if len(minutes) < 40 {
		t.Errorf("200 audits on %d minutes", len(minutes))
	}
}
