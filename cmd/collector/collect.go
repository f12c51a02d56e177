package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/feed"
	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/site"
	"github.com/sonde-fleet/sonde/stats"
	"github.com/sonde-fleet/sonde/store"
)

const (
	pageSize = 2000
	longPoll = 20 * time.Second
	// evidenceBatch is how many pieces of evidence share a transaction.
	evidenceBatch = 64
)

// open loads the configuration and the collector's store, and reads what is filed.
func (a *app) open() (*config.Collector, *store.Collected, *ledger, error) {
	c, err := config.LoadCollector(a.config)
	if err != nil {
		return nil, nil, nil, cli.UsageError{Err: err}
	}
	db, err := store.OpenCollected(c.Data)
	if err != nil {
		return nil, nil, nil, err
	}
	l, err := newLedger(db)
	if err != nil {
		return nil, nil, nil, errors.Join(err, db.Close())
	}
	return c, db, l, nil
}

// ledger is the outcomes of what was pulled so far. Its book is fed as pages are filed, so that nothing is read twice.
type ledger struct {
	db   *store.Collected
	mu   sync.Mutex
	book *stats.Book
}

// newLedger reads everything that is filed.
func newLedger(db *store.Collected) (*ledger, error) {
	l := &ledger{db: db, book: stats.NewBook()}
	for _, name := range db.Probers() {
		err := db.Records(name, 0, func(r *probes.Record) bool { l.book.Add(name, r); return true })
		if err != nil {
			return nil, err
		}
	}
	return l, nil
}

// file stores a page and folds in what was new in it.
func (l *ledger) file(prober string, page [][]byte) ([]probes.Record, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	had := l.db.Cursor(prober)
	records, err := l.db.File(prober, page)
	if err != nil {
		return nil, err
	}
	for i := range records {
		if records[i].N > had {
			l.book.Add(prober, &records[i])
		}
	}
	return records, nil
}

// Snapshot returns the outcomes and the launches as of now.
func (l *ledger) Snapshot() site.Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	return site.Snapshot{At: now, Launches: l.book.Launches(), Outcomes: l.book.Outcomes(now), Unmatched: l.book.Unmatched()}
}

// Events returns the audit's events in the order of the journal. It reads the journals through: it is for one page.
func (l *ledger) Events(id probes.AuditID) (out []probes.Event, err error) {
	for _, name := range l.db.Probers() {
		err := l.db.Records(name, 0, func(r *probes.Record) bool {
			if r.Event != nil && r.Event.Audit == id {
				out = append(out, *r.Event)
			}
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// puller brings one prober's journal and evidence.
type puller struct {
	client feed.Client
	name   string // as configured; the prober must say the same
	db     *store.Collected
	ledger *ledger
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
	records, err := p.ledger.file(p.name, page.Records)
	if err != nil {
		return false, 0, err
	}
	return p.db.Cursor(p.name) < page.Last, len(records), nil
}

func (p *puller) evidence(ctx context.Context, page [][]byte) error {
	var bodies [][]byte
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
			if _, err := p.db.Evidence(e.SHA256); err == nil {
				continue
			}
			body, err := p.client.Evidence(ctx, e.SHA256)
			if err != nil {
				return err
			}
			if bodies = append(bodies, body); len(bodies) == evidenceBatch {
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

func pullers(c *config.Collector, db *store.Collected, l *ledger) []*puller {
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

type runCmd struct{}

func (*runCmd) Run(a *app) error {
	c, db, l, err := a.open()
	if err != nil {
		return err
	}
	defer db.Close()
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("site: %w; Try: another listen in %s", err, a.config)
	}
	handler, err := site.New(l, db)
	if err != nil {
		return err
	}
	var work sync.WaitGroup
	for _, p := range pullers(c, db, l) {
		work.Go(func() { p.follow(a.ctx, c.Every) })
	}
	s := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return a.ctx }}
	work.Go(func() {
		<-a.ctx.Done()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if s.Shutdown(ctx) != nil {
			s.Close()
		}
	})
	slog.Info("collector runs", "site", "http://"+listener.Addr().String()+"/", "probers", len(c.Probers))
	err = s.Serve(listener)
	work.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
