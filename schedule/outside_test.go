package schedule_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule"
	"github.com/sonde-fleet/sonde/schedule/calendar"
	"github.com/sonde-fleet/sonde/store"
)

// busyTwice is a telephone that is engaged at the first two calls.
func busyTwice(again time.Duration) *scripted {
	return &scripted{do: func(_ context.Context, a probes.Audit, try int, record func(probes.Event) error) error {
		if err := record(probes.Event{Audit: a.ID, Kind: probes.CallDialled, Try: try, At: time.Now()}); err != nil {
			return err
		}
		if try < 3 {
			return record(probes.Event{Audit: a.ID, Kind: probes.CallFailed, Try: try, At: time.Now(), Fault: probes.Theirs,
				Detail: map[string]string{"class": probes.ClassBusy, "retry": time.Now().Add(again).Format(time.RFC3339Nano)}})
		}
		return record(probes.Event{Audit: a.ID, Kind: probes.CallEnded, Try: try, At: time.Now()})
	}}
}

func TestABusyLineIsCalledAgainWhenItsTimeHasCome(t *testing.T) {
	night(t, 1, func(t *testing.T, db *store.DB, audits []probes.Audit) {
		p := busyTwice(30 * time.Minute)
		run(t, runner(db, p), 24*time.Hour)
		if len(p.ran) != 3 || p.when[1].Sub(p.when[0]) != 30*time.Minute || p.when[2].Sub(p.when[1]) != 30*time.Minute {
			t.Errorf("called at %v", p.when)
		}
		if st, _ := db.State(audits[0].ID); st.Status != probes.Closed || st.Failed != 2 || st.Try != 3 {
			t.Errorf("%+v", st)
		}
	})
}

// Between two tries nothing is left of the audit once its structure is suppressed, and what the first has shown stands.
func TestSuppressionBetweenTwoTries(t *testing.T) {
	night(t, 1, func(t *testing.T, db *store.DB, audits []probes.Audit) {
		p := busyTwice(6 * time.Hour)
		time.AfterFunc(3*time.Hour, func() {
			if err := db.Record(probes.Event{Kind: probes.StructureSuppressed, At: time.Now(), Detail: map[string]string{"structure": "s0"}}); err != nil {
				t.Error(err)
			}
		})
		run(t, runner(db, p), 24*time.Hour)
		if len(p.ran) != 1 || status(db, audits[0].ID) != probes.Refused {
			t.Errorf("called %d times, %s", len(p.ran), status(db, audits[0].ID))
		}
	})
}

// A fault of ours that reached nobody is tried again whatever the calls before it have shown, and they stand.
func TestFaultBetweenTwoTries(t *testing.T) {
	night(t, 1, func(t *testing.T, db *store.DB, audits []probes.Audit) {
		p := &scripted{do: func(_ context.Context, a probes.Audit, try int, record func(probes.Event) error) error {
			if err := record(probes.Event{Audit: a.ID, Kind: probes.CallDialled, Try: try, At: time.Now()}); err != nil {
				return err
			}
			if try == 1 {
				return record(probes.Event{Audit: a.ID, Kind: probes.CallFailed, Try: try, At: time.Now(), Fault: probes.Theirs,
					Detail: map[string]string{"class": probes.ClassBusy, "retry": time.Now().Add(time.Hour).Format(time.RFC3339Nano)}})
			}
			return fmt.Errorf("line: 503: %w", probes.ErrNotReached)
		}}
		run(t, runner(db, p), 40*time.Hour)
		if len(p.ran) != 4 || status(db, audits[0].ID) != probes.Refused {
			t.Errorf("%d tries, %s", len(p.ran), status(db, audits[0].ID))
		}
	})
}

func TestACallOutOfHoursFindsThemClosedOrIsMissed(t *testing.T) {
	hours, err := calendar.New("Europe/Paris", "Mo-Su 09:00-17:00", "")
	if err != nil {
		t.Fatal(err)
	}
	night(t, 0, func(t *testing.T, db *store.DB, _ []probes.Audit) { // it begins at midnight UTC
		p := &scripted{do: func(_ context.Context, a probes.Audit, try int, record func(probes.Event) error) error {
			return record(probes.Event{Audit: a.ID, Kind: probes.CallEnded, Try: try, At: time.Now()})
		}}
		midnight := time.Now()
		for id, due := range map[probes.AuditID]time.Duration{"c.s.01": 6 * time.Hour, "c.s.02": 10 * time.Hour} {
			a := probes.Audit{ID: id, Campaign: "c", Structure: "s", Channel: probes.Mail, Due: midnight.Add(due), Deadline: midnight.Add(48 * time.Hour), Outside: true}
			if err := db.Append(probes.Record{Audit: &a}); err != nil {
				t.Fatal(err)
			}
		}
		r := runner(db, p)
		r.Hours = func(probes.StructureID) schedule.Hours { return hours }
		run(t, r, 24*time.Hour)
		if status(db, "c.s.01") != probes.Closed || status(db, "c.s.02") != probes.Missed || len(p.ran) != 1 {
			t.Errorf("%s, %s, ran %v", status(db, "c.s.01"), status(db, "c.s.02"), p.ran)
		}
	})
}
