package ledger

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/review"
	"github.com/sonde-fleet/sonde/store"
)

const (
	// scrubPause is between two pieces of evidence that are read again: a million of them take a day, and the disk has
	// time for others.
	scrubPause = 50 * time.Millisecond
	// scrubEvery is from the end of one look to the next.
	scrubEvery = 6 * time.Hour
)

// Scrub reads the evidence of every audit again, slowly and for ever, so that a byte that rots is found by us and not by
// a structure that disputes its figure. What is missing or damaged becomes a flag.
func (l *Ledger) Scrub(ctx context.Context) {
	for ctx.Err() == nil {
		if err := l.Look(ctx, scrubPause); err != nil && ctx.Err() == nil {
			slog.Error("evidence could not be read through", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(scrubEvery):
		}
	}
}

// Look reads the evidence of every audit once, with a pause between two pieces.
func (l *Ledger) Look(ctx context.Context, pause time.Duration) error {
	found := map[probes.AuditID]review.Faulty{}
	for _, name := range l.db.Probers() {
		err := l.db.Records(name, 0, func(r *probes.Record) bool {
			if r.Event == nil || r.Event.Audit == "" {
				return ctx.Err() == nil
			}
			for _, e := range r.Event.Evidence {
				f := found[r.Event.Audit]
				switch err := l.db.Prove(e.SHA256); {
				case err == nil, e.Erased(time.Now()):
				case errors.Is(err, store.ErrNoEvidence):
					f.Missing++
					found[r.Event.Audit] = f
				default:
					f.Damaged++
					found[r.Event.Audit] = f
				}
				if pause > 0 {
					select {
					case <-ctx.Done():
						return false
					case <-time.After(pause):
					}
				}
			}
			return ctx.Err() == nil
		})
		if err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !maps.Equal(l.faulty, found) && len(found) > 0 {
		slog.Warn("evidence is missing or damaged; Try: collector verify", "audits", len(found))
	}
	l.faulty = found
	return nil
}
