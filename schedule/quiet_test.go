package schedule_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule"
	"github.com/sonde-fleet/sonde/store"
)

// lateOrder gives an order when the runner has read what is due and has not begun it yet.
type lateOrder struct {
	*store.DB
	once  sync.Once
	order func()
}

func (l *lateOrder) Due(t time.Time, n int) ([]probes.State, time.Time) {
	due, next := l.DB.Due(t, n)
	if len(due) > 0 {
		l.once.Do(l.order)
	}
	return due, next
}

func TestAPauseHoldsAPageThatWasReadBefore(t *testing.T) {
	for scope, detail := range map[string]map[string]string{"campaign": {}, "wave": {"campaign": "c", "wave": "w"}, "structure": {"structure": "s0"}, "audit": {"audit": "c.s0.01"}} {
		t.Run(scope, func(t *testing.T) {
			night(t, 1, func(t *testing.T, db *store.DB, audits []probes.Audit) {
				a := audits[0]
				a.Wave, a.ID = "w", "c.s0.01"
				if err := db.Append(probes.Record{Event: &probes.Event{Audit: a.ID, Kind: probes.AuditCancelled}}, probes.Record{Audit: &a}); err != nil {
					t.Fatal(err)
				}
				late := &lateOrder{DB: db, order: func() {
					if err := db.Record(probes.Event{Kind: probes.CampaignPaused, At: time.Now(), Detail: detail}); err != nil {
						t.Error(err)
					}
				}}
				p := &scripted{}
				r := runner(db, p)
				r.Store = late
				run(t, r, 5*time.Hour)
				if len(p.ran) != 0 || status(db, a.ID) != probes.Planned {
					t.Errorf("ran %v, it is %s", p.ran, status(db, a.ID))
				}
			})
		})
	}
}

// meanwhile does something between the runner's last look at an audit and the moment at which it flies.
type meanwhile struct {
	*store.DB
	once sync.Once
	do   func()
}

func (m *meanwhile) Held(a *probes.Audit) bool {
	held := m.DB.Held(a)
	m.once.Do(m.do)
	return held
}

// Either an order finds the try under way, or the try finds what the order did: never neither.
func TestNoTryBeginsWhileItIsQuiet(t *testing.T) {
	db, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	a := probes.Audit{ID: "c.s0.01", Campaign: "c", Structure: "s0", Channel: probes.Mail, Due: time.Now(), Deadline: time.Now().Add(time.Hour)}
	if err := db.Append(probes.Record{Audit: &a}); err != nil {
		t.Fatal(err)
	}
	p := &scripted{}
	r := &schedule.Runner{Probes: map[probes.Channel]probes.Probe{probes.Mail: p}, Parallel: 1, Late: time.Hour, Grace: time.Second}
	cancelled := false
	done := make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	r.Store = &meanwhile{DB: db, do: func() {
		go func() {
			defer close(done)
			if err := r.Quiet(func(flying func(probes.AuditID) bool) error {
				if st, _ := db.State(a.ID); flying(a.ID) || !st.Status.Startable() {
					return nil
				}
				cancelled = true
				return db.Record(probes.Event{Audit: a.ID, Kind: probes.AuditCancelled, At: time.Now()})
			}); err != nil {
				t.Error(err)
			}
		}()
		time.Sleep(50 * time.Millisecond) // time enough for an order that does not wait
	}}
	ran := make(chan error, 1)
	go func() { ran <- r.Run(ctx) }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("the runner began without asking whether the audit is paused")
	}
	time.Sleep(50 * time.Millisecond)
	stop()
	if err := <-ran; err != nil {
		t.Fatal(err)
	}
	if st := status(db, a.ID); cancelled && (len(p.ran) > 0 || st != probes.Cancelled) || !cancelled && st != probes.Contacted {
		t.Errorf("cancelled %v, ran %v, it is %s", cancelled, p.ran, st)
	}
}
