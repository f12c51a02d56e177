package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule"
	"github.com/sonde-fleet/sonde/schedule/calendar"
	"github.com/sonde-fleet/sonde/store"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	os.Exit(m.Run())
}

// scripted is a probe whose tries do what the test says.
type scripted struct {
	mu   sync.Mutex
	ran  []probes.AuditID
	when []time.Time
	do   func(ctx context.Context, a probes.Audit, try int, record func(probes.Event) error) error
}

func (s *scripted) Run(ctx context.Context, a probes.Audit, record func(probes.Event) error) error {
	s.mu.Lock()
	s.ran, s.when = append(s.ran, a.ID), append(s.when, time.Now())
	n := 0
	for _, id := range s.ran {
		if id == a.ID {
			n++
		}
	}
	s.mu.Unlock()
	if s.do != nil {
		return s.do(ctx, a, n, record)
	}
	return accept(a, n, record)
}

func accept(a probes.Audit, try int, record func(probes.Event) error) error {
	for _, k := range []probes.Kind{probes.MailPrepared, probes.MailSending, probes.MailAccepted} {
		if err := record(probes.Event{Audit: a.ID, Kind: k, Try: try, At: time.Now()}); err != nil {
			return err
		}
	}
	return nil
}

// night gives a store with n audits, an hour apart from an hour on, and runs f in a bubble.
func night(t *testing.T, n int, f func(t *testing.T, db *store.DB, audits []probes.Audit)) {
	synctest.Test(t, func(t *testing.T) {
		db, err := store.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var audits []probes.Audit
		for i := range n {
			due := time.Now().Add(time.Duration(i+1) * time.Hour)
			a := probes.Audit{ID: probes.AuditID(fmt.Sprintf("c.s%d.01", i)), Campaign: "c", Structure: probes.StructureID(fmt.Sprintf("s%d", i)),
				Channel: probes.Mail, Due: due, Deadline: due.Add(48 * time.Hour)}
			audits = append(audits, a)
			if err := db.Append(probes.Record{Audit: &a}); err != nil {
				t.Fatal(err)
			}
		}
		f(t, db, audits)
	})
}

// run runs the runner for d.
func run(t *testing.T, r *schedule.Runner, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := r.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

func status(db *store.DB, id probes.AuditID) probes.Status {
	st, _ := db.State(id)
	return st.Status
}

func runner(db *store.DB, p probes.Probe) *schedule.Runner {
	return &schedule.Runner{Store: db, Probes: map[probes.Channel]probes.Probe{probes.Mail: p}, Parallel: 4, Late: time.Hour, Grace: time.Minute}
}

func TestEachAuditRunsOnceWhenItIsDueAndIsClosedAtItsDeadline(t *testing.T) {
	night(t, 5, func(t *testing.T, db *store.DB, audits []probes.Audit) {
		p := &scripted{}
		run(t, runner(db, p), 30*time.Hour)
		if len(p.ran) != 5 {
			t.Fatalf("ran %v", p.ran)
		}
		for i, a := range audits {
			if p.ran[i] != a.ID || !p.when[i].Equal(a.Due) {
				t.Errorf("%s ran at %v, due %v", p.ran[i], p.when[i], a.Due)
			}
			if status(db, a.ID) != probes.Contacted {
				t.Errorf("%s is %s", a.ID, status(db, a.ID))
			}
		}
		run(t, runner(db, p), 60*time.Hour)
		if len(p.ran) != 5 || status(db, audits[4].ID) != probes.Closed {
			t.Errorf("in the end %d tries, %s", len(p.ran), status(db, audits[4].ID))
		}
	})
}

// Websites take minutes; a hundred of them due at once must not keep one mail waiting.
func TestLongTriesOfOneChannelLeaveTheOthersAlone(t *testing.T) {
	night(t, 3, func(t *testing.T, db *store.DB, mails []probes.Audit) {
		now := time.Now()
		for i := range 100 {
			a := probes.Audit{ID: probes.AuditID(fmt.Sprintf("c.w%d.01", i)), Campaign: "c", Structure: probes.StructureID(fmt.Sprintf("w%d", i)),
				Channel: probes.Web, Due: now.Add(time.Minute), Deadline: now.Add(90 * 24 * time.Hour)}
			if err := db.Append(probes.Record{Audit: &a}); err != nil {
				t.Fatal(err)
			}
		}
		together, most := 0, 0
		var mu sync.Mutex
		sites := &scripted{do: func(_ context.Context, a probes.Audit, _ int, record func(probes.Event) error) error {
			mu.Lock()
			together++
			most = max(most, together)
			mu.Unlock()
			time.Sleep(20 * time.Minute)
			mu.Lock()
			together--
			mu.Unlock()
			return record(probes.Event{Audit: a.ID, Kind: probes.WebVisited, At: time.Now()})
		}}
		p := &scripted{}
		r := runner(db, p)
		r.Probes[probes.Web], r.Limits, r.Late = sites, map[probes.Channel]int{probes.Web: 2}, 100*time.Hour
		run(t, r, 30*time.Hour)
		for i, a := range mails {
			if i >= len(p.ran) || p.ran[i] != a.ID || !p.when[i].Equal(a.Due) {
				t.Fatalf("mails %v at %v", p.ran, p.when)
			}
		}
		if most != 2 || len(sites.ran) != 100 || status(db, "c.w99.01") != probes.Contacted {
			t.Errorf("%d sites at once, %d visited, the last is %s", most, len(sites.ran), status(db, "c.w99.01"))
		}
	})
}

func TestFaultOfOursIsTriedAgainThriceAtMost(t *testing.T) {
	night(t, 1, func(t *testing.T, db *store.DB, audits []probes.Audit) {
		p := &scripted{do: func(context.Context, probes.Audit, int, func(probes.Event) error) error {
			return errors.New("no route")
		}}
		run(t, runner(db, p), 24*time.Hour)
		if len(p.ran) != 3 || p.when[1].Sub(p.when[0]) != 15*time.Minute || p.when[2].Sub(p.when[1]) != time.Hour {
			t.Errorf("tries at %v", p.when)
		}
		if st := status(db, audits[0].ID); st != probes.Faulted {
			t.Errorf("%s", st)
		}
	})
}

func TestPanicOfAProbeIsAFaultOfOurs(t *testing.T) {
	night(t, 2, func(t *testing.T, db *store.DB, audits []probes.Audit) {
		p := &scripted{do: func(_ context.Context, a probes.Audit, try int, record func(probes.Event) error) error {
			if a.ID == audits[0].ID {
				panic("bug")
			}
			return accept(a, try, record)
		}}
		run(t, runner(db, p), 24*time.Hour)
		if status(db, audits[0].ID) != probes.Faulted || status(db, audits[1].ID) != probes.Contacted {
			t.Errorf("%s, %s", status(db, audits[0].ID), status(db, audits[1].ID))
		}
	})
}

func TestSuppressionActsAtOnceOnPlannedAudits(t *testing.T) {
	night(t, 3, func(t *testing.T, db *store.DB, audits []probes.Audit) {
		p := &scripted{do: func(_ context.Context, a probes.Audit, try int, record func(probes.Event) error) error {
			if a.ID == audits[0].ID { // an operator suppresses the second while the first is under way
				err := record(probes.Event{Kind: probes.StructureSuppressed, At: time.Now(), Detail: map[string]string{"structure": "s1"}})
				if err != nil {
					return err
				}
			}
			return accept(a, try, record)
		}}
		run(t, runner(db, p), 24*time.Hour)
		if slices.Contains(p.ran, audits[1].ID) || status(db, audits[1].ID) != probes.Suppressed || len(p.ran) != 2 {
			t.Errorf("ran %v; the suppressed one is %s", p.ran, status(db, audits[1].ID))
		}
	})
}

func TestPauseHoldsEverythingAndResumeReleasesIt(t *testing.T) {
	night(t, 3, func(t *testing.T, db *store.DB, _ []probes.Audit) {
		p := &scripted{}
		if err := db.Record(probes.Event{Kind: probes.CampaignPaused, At: time.Now()}); err != nil {
			t.Fatal(err)
		}
		r := runner(db, p)
		time.AfterFunc(10*time.Hour, func() {
			if len(p.ran) != 0 {
				t.Errorf("ran %v in a pause", p.ran)
			}
			if err := db.Record(probes.Event{Kind: probes.CampaignResumed, At: time.Now()}); err != nil {
				t.Error(err)
			}
		})
		run(t, r, 24*time.Hour)
		if len(p.ran) != 3 {
			t.Errorf("ran %v", p.ran)
		}
	})
}

func TestDueWhileDown(t *testing.T) {
	office := func(t *testing.T) func(probes.StructureID) schedule.Hours {
		c, err := calendar.New("UTC", "Mo-Su 09:00-12:00", "")
		if err != nil {
			t.Fatal(err)
		}
		return func(probes.StructureID) schedule.Hours { return c }
	}
	t.Run("skip", func(t *testing.T) {
		night(t, 3, func(t *testing.T, db *store.DB, audits []probes.Audit) {
			time.Sleep(150 * time.Minute) // the first is 90 minutes late, the second 30
			p := &scripted{}
			r := runner(db, p)
			r.Skip = func(probes.Audit, time.Time) bool { return true }
			run(t, r, 24*time.Hour)
			if status(db, audits[0].ID) != probes.Missed || !slices.Equal(p.ran, []probes.AuditID{audits[1].ID, audits[2].ID}) {
				t.Errorf("the late one is %s, ran %v", status(db, audits[0].ID), p.ran)
			}
		})
	})
	t.Run("run at the next open hour", func(t *testing.T) {
		night(t, 1, func(t *testing.T, db *store.DB, _ []probes.Audit) {
			time.Sleep(20 * time.Hour) // 20:00
			p := &scripted{}
			r := runner(db, p)
			r.Hours = office(t)
			run(t, r, 24*time.Hour)
			if len(p.when) != 1 || p.when[0].Hour() != 9 || p.when[0].Day() != 2 {
				t.Errorf("ran at %v, want the next morning at nine", p.when)
			}
		})
	})
}

// TestWhatACrashLeftPreparedAsksAgain: suppression, pause and the policy for late audits hold for it too.
func TestWhatACrashLeftPreparedAsksAgain(t *testing.T) {
	night(t, 3, func(t *testing.T, db *store.DB, audits []probes.Audit) {
		for _, a := range audits {
			if err := db.Record(probes.Event{Audit: a.ID, Kind: probes.MailPrepared, Try: 1, At: time.Now()}); err != nil {
				t.Fatal(err)
			}
		}
		for _, e := range []probes.Event{{Kind: probes.StructureSuppressed, Detail: map[string]string{"structure": "s1"}}, {Kind: probes.CampaignPaused}} {
			if err := db.Record(e); err != nil {
				t.Fatal(err)
			}
		}
		p := &scripted{}
		run(t, runner(db, p), 5*time.Hour)
		if len(p.ran) != 0 {
			t.Errorf("ran %v in a pause", p.ran)
		}
		if err := db.Record(probes.Event{Kind: probes.CampaignResumed}); err != nil {
			t.Fatal(err)
		}
		run(t, runner(db, p), time.Hour)
		slices.Sort(p.ran)
		if !slices.Equal(p.ran, []probes.AuditID{audits[0].ID, audits[2].ID}) || status(db, audits[1].ID) != probes.Suppressed {
			t.Errorf("ran %v, the suppressed one is %s", p.ran, status(db, audits[1].ID))
		}
	})
}

// TestResolvedAsNotSentGoesWithoutARestart: the operator has proven that nothing was taken.
func TestResolvedAsNotSentGoesWithoutARestart(t *testing.T) {
	night(t, 1, func(t *testing.T, db *store.DB, audits []probes.Audit) {
		p := &scripted{do: func(_ context.Context, a probes.Audit, try int, record func(probes.Event) error) error {
			if try > 1 {
				return accept(a, try, record)
			}
			for _, k := range []probes.Kind{probes.MailPrepared, probes.MailSending, probes.MailInDoubt} {
				if err := record(probes.Event{Audit: a.ID, Kind: k, Try: try, At: time.Now()}); err != nil {
					return err
				}
			}
			return nil
		}}
		time.AfterFunc(5*time.Hour, func() {
			e := probes.Event{Audit: audits[0].ID, Kind: probes.AuditResolved, At: time.Now(), Detail: map[string]string{"as": "not-sent",
				"retry": time.Now().Format(time.RFC3339Nano)}}
			if err := db.Record(e); err != nil {
				t.Error(err)
			}
		})
		run(t, runner(db, p), 24*time.Hour)
		if len(p.ran) != 2 || status(db, audits[0].ID) != probes.Contacted {
			t.Errorf("ran %v at %v, %s", p.ran, p.when, status(db, audits[0].ID))
		}
	})
}

func TestChannelThatIsNotBuiltIsAwaited(t *testing.T) {
	night(t, 1, func(t *testing.T, db *store.DB, audits []probes.Audit) {
		r := runner(db, nil)
		r.Probes = nil
		run(t, r, 24*time.Hour)
		if got := status(db, audits[0].ID); got != probes.Awaiting {
			t.Errorf("%s", got)
		}
	})
}

// brokenStore fails to record from a moment on, as a disk that is full to the last does.
type brokenStore struct{ *store.DB }

func (brokenStore) Record(probes.Event) error { return errors.New("no space left") }

// untilDone watches nothing until it is told to stop.
type untilDone struct{}

func (untilDone) Watch(ctx context.Context, _ func(probes.Event) error) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestRunnerWhoseStoreFailsEndsWithItsWatchers(t *testing.T) {
	night(t, 1, func(t *testing.T, db *store.DB, _ []probes.Audit) {
		r := runner(db, nil)
		r.Store, r.Probes, r.Watchers = brokenStore{db}, nil, []probes.Watcher{untilDone{}}
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		began := time.Now()
		if err := r.Run(ctx); err == nil || time.Since(began) > 2*time.Hour {
			t.Errorf("ended after %v with %v", time.Since(began), err)
		}
	})
}

func TestStopLetsATryEndAndNoNewOneBegins(t *testing.T) {
	night(t, 2, func(t *testing.T, db *store.DB, audits []probes.Audit) {
		p := &scripted{do: func(ctx context.Context, a probes.Audit, try int, record func(probes.Event) error) error {
			select {
			case <-time.After(30 * time.Second):
				return accept(a, try, record)
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}}
		began := time.Now()
		run(t, runner(db, p), time.Hour+10*time.Second)
		if time.Since(began) != time.Hour+30*time.Second || status(db, audits[0].ID) != probes.Contacted || len(p.ran) != 1 {
			t.Errorf("stopped after %v, %s, ran %v", time.Since(began), status(db, audits[0].ID), p.ran)
		}
	})
}

func TestCrashBetweenFilesOfALaunchIsCompleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := store.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var audits []probes.Audit
		for i := range 10 {
			audits = append(audits, probes.Audit{ID: probes.AuditID(fmt.Sprintf("c.s%d.01", i)), Campaign: "c", Channel: probes.Mail, Due: time.Now()})
		}
		audits[9].Channel = probes.Visit
		if err := db.Append(probes.Record{Audit: &audits[0]}); err != nil { // all that a first launch got done
			t.Fatal(err)
		}
		l := probes.Launch{Campaign: "c", Timeline: probes.Timeline{Start: time.Now(), Speed: 1}}
		for range 2 { // the second changes nothing
			if _, err := schedule.Launch(db, l, []probes.Structure{{ID: "s1"}}, audits, map[probes.Channel]bool{probes.Mail: true}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour)
		}
		c := db.Counts()
		if c[probes.Planned] != 9 || c[probes.Awaiting] != 1 || db.Last() != 10+1+1+1 {
			t.Errorf("%v, %d records", c, db.Last())
		}
	})
}

// TestWavesMissedWhileDown asks each policy about a daily wave whose last three ticks passed while the prober was down.
func TestWavesMissedWhileDown(t *testing.T) {
	now := time.Date(2026, 3, 5, 18, 0, 0, 0, time.UTC)
	for policy, want := range map[string][]bool{"all": {false, false, false}, "latest": {true, true, false}, "skip": {true, true, true}} {
		c := &config.Campaign{Zone: "UTC", Start: "2026-03-01", End: "2026-03-31", Missed: config.MissedRun,
			Waves: []config.Wave{{ID: "daily", Cron: "0 9 * * *", Channel: "mail", Spread: time.Hour, Missed: policy}}}
		skip := schedule.Skips(c)
		for i, day := range []int{3, 4, 5} {
			due := time.Date(2026, 3, day, 9, 20, 0, 0, time.UTC)
			if got := skip(probes.Audit{Wave: "daily", Due: due}, now); got != want[i] {
				t.Errorf("%s, tick of day %d: missed %v, want %v", policy, day, got, want[i])
			}
		}
		if skip(probes.Audit{Wave: schedule.PlanWave, Due: now.Add(-48 * time.Hour)}, now) {
			t.Error("the plan's own audits follow the campaign's policy")
		}
	}
}
