package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/sonde-fleet/sonde/probes"
)

// Store is what the runner asks of the prober's store.
type Store interface {
	Record(probes.Event) error
	Due(campaign time.Time, n int) (due []probes.State, next time.Time)
	Expired(campaign time.Time, n int) (expired []probes.State, next time.Time)
	Active() []probes.State
	State(probes.AuditID) (probes.State, bool)
	Suppressed(probes.StructureID) bool
	Paused() bool
	Held(*probes.Audit) bool // paused: the campaign, its wave, its structure or itself
	Full() bool
	Changed() <-chan struct{}
}

// Hours says when a structure may be contacted.
type Hours interface {
	Open(t time.Time) bool
	NextOpen(t time.Time) (time.Time, bool)
}

// Runner starts what is due and closes what is over. It knows no channel: it is given one probe for each.
type Runner struct {
	Store    Store
	Probes   map[probes.Channel]probes.Probe
	Watchers []probes.Watcher
	Timeline probes.Timeline
	Hours    func(probes.StructureID) Hours // nil: always open
	Parallel int                            // tries under way at once on one channel
	// Limits are the tries at once of channels whose tries are long: they must not keep the others waiting.
	Limits map[probes.Channel]int
	// Skip says of an audit that was due while we were down whether it is missed at the campaign instant; otherwise it
	// runs at the next open hour. nil: none is missed.
	Skip  func(a probes.Audit, campaign time.Time) bool
	Late  time.Duration // wall time after which a try counts as late
	Grace time.Duration // how long tries under way may go on once the runner is told to stop

	gate   sync.Mutex // held while an audit goes from waiting to flying
	mu     sync.Mutex
	flying map[probes.AuditID]probes.Channel
	freed  chan struct{}
}

const (
	// tries bounds how often an audit is tried again after a fault of ours that left nothing with the structure.
	tries = 3
	// firstRetry is the campaign time before the second try; the third waits four times as long.
	firstRetry = 15 * time.Minute
)

// Run works until ctx is done, then lets the tries under way end. It returns nil when it was told to stop.
func (r *Runner) Run(ctx context.Context) error {
	r.mu.Lock()
	r.flying, r.freed = map[probes.AuditID]probes.Channel{}, make(chan struct{}, 1)
	r.mu.Unlock()
	if r.Parallel < 1 {
		r.Parallel = 1
	}
	work, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	// Watchers end with the runner, whether it was told to stop or its store failed.
	watch, unwatch := context.WithCancel(ctx)
	defer unwatch()
	var watching, trying sync.WaitGroup
	for _, w := range r.Watchers {
		watching.Go(func() {
			if err := w.Watch(watch, r.Store.Record); err != nil && watch.Err() == nil {
				slog.Error("watcher stopped", "err", err)
			}
		})
	}
	// What a crash left half sent is declared in doubt by its probe: that sends nothing, so nobody is asked. What it left
	// prepared is due like any other audit.
	for _, st := range r.Store.Active() {
		if st.Status == probes.Sending {
			r.try(work, &trying, st)
		}
	}
	var err error
	for err == nil && ctx.Err() == nil {
		err = r.round(ctx, work, &trying)
	}
	unwatch()
	grace := time.AfterFunc(r.Grace, func() { stop(fmt.Errorf("stopped %v after being told to", r.Grace)) })
	trying.Wait()
	grace.Stop()
	watching.Wait()
	return err
}

// round closes and starts what the clock says, then waits for the next instant at which something may change.
func (r *Runner) round(ctx, work context.Context, trying *sync.WaitGroup) error {
	changed := r.Store.Changed()
	now := r.Timeline.Campaign(time.Now())
	expired, nextDeadline := r.Store.Expired(now, 1000)
	for _, st := range expired {
		if r.isFlying(st.Audit.ID) {
			continue
		}
		e := probes.Event{Audit: st.Audit.ID, Kind: probes.AuditClosed, At: time.Now().UTC()}
		if err := r.Store.Record(e); err != nil {
			return err
		}
	}
	var nextDue time.Time
	if !r.Store.Paused() && !r.Store.Full() {
		// One page more than can fly, so that what is already flying does not hide what is not; and a longer one while a
		// whole page waits for channels that are full.
		for n := 2 * r.Parallel; ; n *= 4 {
			var due []probes.State
			due, nextDue = r.Store.Due(now, n)
			waiting := 0
			for _, st := range due {
				if r.isFlying(st.Audit.ID) || r.full(st.Audit.Channel) {
					waiting++
					continue
				}
				if err := r.start(work, trying, st, now); err != nil {
					return err
				}
			}
			if waiting == 0 || len(due) < n {
				break
			}
		}
	}
	wait := time.NewTimer(r.until(nextDue, nextDeadline))
	defer wait.Stop()
	select {
	case <-ctx.Done():
	case <-wait.C:
	case <-changed:
	case <-r.freed:
	}
	return nil
}

// until returns the wall time to the earlier of two campaign instants.
func (r *Runner) until(a, b time.Time) time.Duration {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		a = b
	}
	if a.IsZero() {
		return time.Hour
	}
	return max(0, time.Until(r.Timeline.Wall(a)))
}

// start decides what becomes of an audit that is due.
func (r *Runner) start(ctx context.Context, trying *sync.WaitGroup, st probes.State, now time.Time) error {
	r.gate.Lock()
	defer r.gate.Unlock()
	// The page was read before the last look at what is flying: a try may have ended in between. What it left is asked
	// again, or the structure would be contacted twice; and an operator may have paused or cancelled it.
	st, ok := r.Store.State(st.Audit.ID)
	if !ok || !st.Status.Startable() || st.Due.After(now) || r.Store.Held(&st.Audit) {
		return nil
	}
	a := st.Audit
	e := probes.Event{Audit: a.ID, At: time.Now().UTC()}
	switch {
	case r.Store.Suppressed(a.Structure):
		e.Kind = probes.AuditSuppressed
	case r.Probes[a.Channel] == nil:
		e.Kind = probes.AuditAwaiting
	case a.Outside && (time.Since(r.Timeline.Wall(st.Due)) > r.Late || !r.NextOpen(a.Structure, now).After(now)):
		// It was to find them closed, and must not find them open.
		e.Kind, e.Fault = probes.AuditMissed, probes.Ours
		e.Text = fmt.Sprintf("due %v outside opening hours, it is %v", st.Due.Format(time.RFC3339), now.Format(time.RFC3339))
	case time.Since(r.Timeline.Wall(st.Due)) <= r.Late:
		r.try(ctx, trying, st)
		return nil
	case r.Skip != nil && r.Skip(a, now):
		e.Kind, e.Fault = probes.AuditMissed, probes.Ours
		e.Text = fmt.Sprintf("due %v, the prober was down or paused until %v", st.Due.Format(time.RFC3339), now.Format(time.RFC3339))
	default:
		open := r.NextOpen(a.Structure, now)
		if !open.After(now) {
			r.try(ctx, trying, st)
			return nil
		}
		e.Kind, e.Detail = probes.AuditPostponed, map[string]string{"retry": open.Format(time.RFC3339Nano)}
	}
	return r.Store.Record(e)
}

// NextOpen returns the first instant from t on at which the structure may be contacted; t where nothing is known of its hours.
func (r *Runner) NextOpen(id probes.StructureID, t time.Time) time.Time {
	if r.Hours == nil {
		return t
	}
	h := r.Hours(id)
	if h == nil || h.Open(t) {
		return t
	}
	if open, ok := h.NextOpen(t); ok {
		return open
	}
	return t
}

// try runs one try beside the others.
func (r *Runner) try(ctx context.Context, trying *sync.WaitGroup, st probes.State) {
	r.mu.Lock()
	r.flying[st.Audit.ID] = st.Audit.Channel
	r.mu.Unlock()
	trying.Go(func() {
		defer r.landed(st.Audit.ID)
		err := r.safely(ctx, st.Audit)
		if err == nil || ctx.Err() != nil {
			return // told to stop: the audit keeps its status and is taken up at the next start
		}
		if err := r.Store.Record(r.fault(st, err)); err != nil {
			slog.Error("fault not recorded", "audit", st.Audit.ID, "err", err)
		}
	})
}

func (r *Runner) fault(st probes.State, err error) probes.Event {
	e := probes.Event{Audit: st.Audit.ID, Kind: probes.ProbeFault, Try: st.Try + 1, At: time.Now().UTC(), Fault: probes.Ours,
		Text: err.Error()}
	e.Detail = map[string]string{}
	if errors.Is(err, probes.ErrNotReached) {
		e.Detail["reached"] = string(probes.No)
	}
	if st.Failed > 0 {
		e.Detail["stands"] = string(probes.Yes)
	}
	if faults := st.Try - st.Failed; faults+1 < tries {
		at := r.Timeline.Campaign(time.Now()).Add(firstRetry << (2 * faults))
		if !st.Audit.Outside {
			at = r.NextOpen(st.Audit.Structure, at)
		}
		e.Detail["retry"] = at.UTC().Format(time.RFC3339Nano)
	}
	return e
}

// safely turns a panic of a probe into a fault of ours.
func (r *Runner) safely(ctx context.Context, a probes.Audit) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	p := r.Probes[a.Channel]
	if p == nil {
		return fmt.Errorf("channel %s is not configured any more", a.Channel)
	}
	return p.Run(ctx, a, r.Store.Record)
}

func (r *Runner) landed(id probes.AuditID) {
	r.mu.Lock()
	delete(r.flying, id)
	r.mu.Unlock()
	select {
	case r.freed <- struct{}{}:
	default:
	}
}

func (r *Runner) isFlying(id probes.AuditID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, yes := r.flying[id]
	return yes
}

// Quiet runs f while no try can begin. flying says of an audit whether a try is under way, of which something may leave
// at any moment: what f does to the others is done before they are looked at again.
func (r *Runner) Quiet(f func(flying func(probes.AuditID) bool) error) error {
	r.gate.Lock()
	defer r.gate.Unlock()
	return f(r.isFlying)
}

// full says whether the channel has as many tries under way as it may have.
func (r *Runner) full(channel probes.Channel) bool {
	most := r.Parallel
	if limit, ok := r.Limits[channel]; ok {
		most = limit
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, c := range r.flying {
		if c == channel {
			n++
		}
	}
	return n >= most
}
