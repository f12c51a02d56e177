// Package webhook tells other systems what happened, signed as Standard Webhooks has it, so that nobody must ask again and
// again. It keeps in a file of its own how far each system was told, reads the journals from there on, and decides nothing:
// what it tells is a kind, identifiers and links, never what somebody wrote or who they are.
package webhook

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	bolt "go.etcd.io/bbolt"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/ledger"
	"github.com/sonde-fleet/sonde/store"
)

// file is where it is kept how far each system was told, in the collector's data folder.
const file = "webhooks.db"

// Options are what a Teller is made of.
type Options struct {
	Dir       string // of the collector's data
	Hooks     []config.Webhook
	Ledger    *ledger.Ledger
	Journals  *store.Collected
	Site      string            // address of the site, for links
	Transport http.RoundTripper // nil: one that speaks TLS 1.2 or newer
}

// Teller tells each of its webhooks what happened, at least once and in order.
type Teller struct {
	o       Options
	db      *bolt.DB
	hooks   []*hook
	looked  time.Time // when flags and campaigns were looked at last
	resting time.Duration
}

// hook is one system that is told, with what awaits it in a bucket of its own.
type hook struct {
	config.Webhook
	signer *standardwebhooks.Webhook
	more   chan struct{} // something was put into its queue

	mu    sync.Mutex
	stats Stats
}

// Stats is how a webhook stands.
type Stats struct {
	Name      string    `json:"webhook"`
	Pending   int       `json:"pending"`                // messages that await their receiver
	Delivered int       `json:"delivered"`              // since the start
	Failed    int       `json:"failed"`                 // tries since the start
	Lost      int       `json:"lost"`                   // messages that were given up since the start, after three days
	Last      time.Time `json:"last,omitzero"`          // when the receiver took a message last
	Fault     string    `json:"fault,omitempty"`        // of the last try, when it failed
	Since     time.Time `json:"failing_since,omitzero"` // of the message that fails
}

// The buckets of a webhook.
var (
	bucketCursors = []byte("cursors") // journal → number of the record that was read last
	bucketQueue   = []byte("queue")   // sequence → message
	bucketTold    = []byte("told")    // what is told once: flags, campaigns
)

// Open opens the file. A webhook that was not there before is told from now on; one that is there no longer is forgotten.
func Open(o Options) (*Teller, error) {
	db, err := bolt.Open(filepath.Join(o.Dir, file), 0o600, &bolt.Options{Timeout: time.Second, FreelistType: bolt.FreelistMapType})
	if err != nil {
		return nil, fmt.Errorf("webhooks: %w", err)
	}
	if o.Transport == nil {
		o.Transport = transport()
	}
	t := &Teller{o: o, db: db}
	for _, c := range o.Hooks {
		signer, err := standardwebhooks.NewWebhook(c.Secret)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("webhook %s: %w", c.Name, err), db.Close())
		}
		t.hooks = append(t.hooks, &hook{Webhook: c, signer: signer, more: make(chan struct{}, 1), stats: Stats{Name: c.Name}})
	}
	if err := t.begin(); err != nil {
		return nil, errors.Join(fmt.Errorf("webhooks: %w", err), db.Close())
	}
	return t, nil
}

// Close closes the file, after Run has returned.
func (t *Teller) Close() error { return t.db.Close() }

// begin makes the buckets of new webhooks, with cursors at the ends of the journals, and removes those of others.
func (t *Teller) begin() error {
	var flags []string // found when the first webhook needs them
	return t.db.Update(func(tx *bolt.Tx) error {
		var gone [][]byte
		err := tx.ForEach(func(name []byte, _ *bolt.Bucket) error {
			for _, h := range t.hooks {
				if h.Name == string(name) {
					return nil
				}
			}
			gone = append(gone, append([]byte{}, name...))
			return nil
		})
		for _, name := range gone {
			err = errors.Join(err, tx.DeleteBucket(name))
		}
		if err != nil {
			return err
		}
		for _, h := range t.hooks {
			if b := tx.Bucket([]byte(h.Name)); b != nil {
				h.stats.Pending = b.Bucket(bucketQueue).Stats().KeyN
				continue
			}
			b, err := tx.CreateBucket([]byte(h.Name))
			if err != nil {
				return err
			}
			for _, name := range [][]byte{bucketCursors, bucketQueue, bucketTold} {
				if _, err := b.CreateBucket(name); err != nil {
					return err
				}
			}
			n, _ := t.o.Ledger.Head()
			if err := advance(b, ledger.Self, n); err != nil {
				return err
			}
			for _, prober := range t.o.Journals.Probers() {
				if err := advance(b, prober, t.o.Journals.Cursor(prober)); err != nil {
					return err
				}
			}
			if flags == nil {
				flags = []string{}
				for _, x := range t.standing() {
					flags = append(flags, x.key)
				}
			}
			for _, key := range flags {
				if err := b.Bucket(bucketTold).Put([]byte(key), []byte{1}); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func advance(b *bolt.Bucket, journal string, n uint64) error {
	return b.Bucket(bucketCursors).Put([]byte(journal), number(n))
}

// message is what a system is told, kept until it has taken it.
type message struct {
	ID    string          `json:"id"`
	Body  json.RawMessage `json:"body"`
	First time.Time       `json:"first"` // when it was put here
	Tries int             `json:"tries,omitempty"`
	Next  time.Time       `json:"next,omitzero"` // of the next try
}

// content is the body of a message: the form that Standard Webhooks recommends.
type content struct {
	Type string            `json:"type"`
	At   time.Time         `json:"timestamp"`
	Data map[string]any    `json:"data"`
	Link map[string]string `json:"links,omitempty"`
}

// fact is something that may be told.
type fact struct {
	event   string // config.WebhookEvents
	key     string // names it for ever: the message's identifier follows from it
	content content
}

// put adds a message to the queue of a webhook.
func (h *hook) put(b *bolt.Bucket, f *fact) error {
	body, err := json.Marshal(f.content)
	if err != nil {
		return err
	}
	q := b.Bucket(bucketQueue)
	n, err := q.NextSequence()
	if err != nil {
		return err
	}
	m, err := json.Marshal(message{ID: identifier(h.Name, f.key), Body: body, First: time.Now().UTC()})
	if err != nil {
		return err
	}
	return q.Put(number(n), m)
}

// link gives the addresses of an audit for people and for programs.
func (t *Teller) link(audit string) map[string]string {
	base := strings.TrimSuffix(t.o.Site, "/")
	if audit == "" {
		return nil
	}
	return map[string]string{"page": base + "/audits/" + audit, "api": base + "/api/v1/audits/" + audit}
}

// Run reads the journals and tells, until the context ends. A receiver that is slow or down holds nothing but its own queue.
func (t *Teller) Run(ctx context.Context) {
	if len(t.hooks) == 0 {
		return
	}
	var work sync.WaitGroup
	defer work.Wait()
	for _, h := range t.hooks {
		work.Go(func() { t.send(ctx, h) })
	}
	for ctx.Err() == nil {
		changed := t.o.Ledger.Changed()
		if err := t.read(); err != nil {
			slog.Error("webhooks: journals not read", "err", err)
		}
		if time.Since(t.looked) >= t.resting {
			if err := t.look(); err != nil {
				slog.Error("webhooks: flags not looked at", "err", err)
			}
		}
		wait(ctx, gather, nil)
		wait(ctx, max(gather, t.resting-time.Since(t.looked)), changed)
	}
}

const (
	gather  = time.Second      // between two looks at the journals
	calm    = 10 * time.Second // between two looks at flags and campaigns, at least
	thrift  = 20               // and as many times longer as the look before took
	waiting = 5000             // messages that await one receiver at most; the journals keep the rest
)

func wait(ctx context.Context, d time.Duration, also <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-also:
	}
}

// Stats returns how each webhook stands.
func (t *Teller) Stats() (all []Stats) {
	for _, h := range t.hooks {
		h.mu.Lock()
		all = append(all, h.stats)
		h.mu.Unlock()
	}
	return all
}

func (h *hook) count(f func(*Stats)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f(&h.stats)
}

func itoa(n uint64) string { return strconv.FormatUint(n, 10) }
