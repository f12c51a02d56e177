package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/feed"
	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/ledger"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/site"
	"github.com/sonde-fleet/sonde/store"
)

const (
	pageSize = 2000
	longPoll = 20 * time.Second
	// evidenceBatch is how many pieces of evidence share a transaction.
	evidenceBatch = 64
)

// open loads the configuration and the collector's store, and reads what is filed.
func (a *app) open() (*config.Collector, *store.Collected, *ledger.Ledger, error) {
	c, err := config.LoadCollector(a.config)
	if err != nil {
		return nil, nil, nil, cli.UsageError{Err: err}
	}
	db, err := store.OpenCollected(c.Data)
	if err != nil {
		return nil, nil, nil, err
	}
	l, err := ledger.Open(db)
	if err != nil {
		return nil, nil, nil, errors.Join(err, db.Close())
	}
	return c, db, l, nil
}

// puller brings one prober's journal and evidence.
type puller struct {
	client feed.Client
	name   string // as configured; the prober must say the same
	db     *store.Collected
	ledger *ledger.Ledger

	mu   sync.Mutex
	last site.Pull
}

// errStranger says that another prober than the configured one answers.
var errStranger = errors.New("another prober answers there")

// once pulls one page, then the evidence that its records name. It says whether more is waiting.
func (p *puller) once(ctx context.Context, wait time.Duration) (more bool, n int, err error) {
	page, err := p.client.Pull(ctx, p.db.Cursor(p.name), pageSize, wait)
	if err != nil {
		return false, 0, err
	}
	if page.Prober != p.name {
		return false, 0, fmt.Errorf("%s calls itself %q, %q is expected: %w; Try: the same name in prober.yaml and collector.yaml",
			p.client.URL, page.Prober, p.name, errStranger)
	}
	if len(page.Records) == 0 {
		return false, 0, nil
	}
	// Evidence first: a record whose cursor has moved is never without its bytes.
	if err := p.evidence(ctx, page.Records); err != nil {
		return false, 0, err
	}
	records, err := p.ledger.File(p.name, page.Records)
	if err != nil {
		return false, 0, err
	}
	return p.db.Cursor(p.name) < page.Last, len(records), nil
}

func (p *puller) evidence(ctx context.Context, page [][]byte) error {
	var bodies []probes.Evidence
	flush := func() error {
		err := p.db.PutEvidence(bodies...)
		bodies = bodies[:0]
		return err
	}
	for _, raw := range page {
		r, err := store.DecodeRecord(raw)
		if err != nil {
			return err
		}
		if r.Event == nil {
			continue
		}
		for _, e := range r.Event.Evidence {
			if p.db.HasEvidence(e.SHA256) || e.Erased(time.Now()) {
				continue
			}
			if e.Body, err = p.client.Evidence(ctx, e.SHA256); err != nil {
				return err
			}
			if bodies = append(bodies, e); len(bodies) == evidenceBatch {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

// follow pulls until ctx is done, waiting longer after each failure.
func (p *puller) follow(ctx context.Context, every time.Duration) {
	pause := time.Second
	for ctx.Err() == nil {
		_, _, err := p.once(ctx, min(every, longPoll))
		p.note(err)
		if err == nil || ctx.Err() != nil {
			pause = time.Second
			continue // the long poll is the pause
		}
		slog.Warn("pull failed", "prober", p.name, "err", err)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, time.Minute)
	}
}

// note keeps how the last pull went, for the page of the fleet.
func (p *puller) note(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last.Prober, p.last.Last, p.last.Fault = p.name, p.db.Cursor(p.name), ""
	if err != nil {
		p.last.Fault = err.Error()
		return
	}
	p.last.At = time.Now().UTC()
}

func (p *puller) pull() site.Pull {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

func pullers(c *config.Collector, db *store.Collected, l *ledger.Ledger) []*puller {
	var out []*puller
	for _, s := range c.Probers {
		out = append(out, &puller{client: feed.Client{URL: s.URL, Token: s.Token}, name: s.Name, db: db, ledger: l})
	}
	return out
}

type pullCmd struct{}

func (*pullCmd) Run(a *app) error {
	c, db, l, err := a.open()
	if err != nil {
		return err
	}
	defer db.Close()
	var faults []error
	for _, p := range pullers(c, db, l) {
		total := 0
		for more := true; more; {
			var n int
			var err error
			if more, n, err = p.once(a.ctx, 0); err != nil {
				faults = append(faults, err)
				break
			}
			total += n
		}
		if a.JSON {
			if err := a.Object(map[string]any{"prober": p.name, "pulled": total, "last": db.Cursor(p.name)}); err != nil {
				return err
			}
			continue
		}
		a.Printf("%s: %d new records, %d in all\n", p.name, total, db.Cursor(p.name))
	}
	return errors.Join(faults...)
}
