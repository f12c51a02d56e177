// Package ledger is what the collector knows at any moment: the probers' records and the trail of what people decided,
// folded into outcomes, kept current as pages are filed and verdicts written. It decides nothing and shows nothing: the
// site, the commands and the API read it.
package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sonde-fleet/sonde/internal/fold"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/review"
	"github.com/sonde-fleet/sonde/site"
	"github.com/sonde-fleet/sonde/stats"
	"github.com/sonde-fleet/sonde/store"
)

// Self is the name under which the collector's own records are folded in; no prober may have it.
const Self = "collector"

// Ledger keeps the outcomes of everything that is filed.
type Ledger struct {
	db *store.Collected

	mu        sync.Mutex
	book      *stats.Book
	proposals []site.Proposal
	messages  []message
	faulty    map[probes.AuditID]review.Faulty
	erases    map[[sha256.Size]byte]int64 // evidence that perishes: when, in seconds of Unix
	written   chan struct{}               // closed when something is written; see Changed

	key ed25519.PrivateKey
}

// message is what a search looks at: subject and sender, folded and as they were.
type message struct {
	audit                 probes.AuditID
	folded, subject, from string
}

// Open reads everything that is filed.
func Open(db *store.Collected) (*Ledger, error) {
	l := &Ledger{db: db, book: stats.NewBook(), erases: map[[sha256.Size]byte]int64{}, written: make(chan struct{})}
	for _, name := range db.Probers() {
		if err := db.Records(name, 0, func(r *probes.Record) bool { l.add(name, r); return true }); err != nil {
			return nil, err
		}
	}
	// The trail comes last: it speaks of audits that the probers planned.
	if err := db.Trail(0, func(x *store.Link) bool { l.add(Self, &x.Record); return true }); err != nil {
		return nil, err
	}
	return l, nil
}

// add folds one record in. It is called under the lock, or before anybody else has the ledger.
func (l *Ledger) add(name string, r *probes.Record) {
	l.book.Add(name, r)
	e := r.Event
	if e == nil {
		return
	}
	for i := range e.Evidence {
		if x := &e.Evidence[i]; !x.Erase.IsZero() {
			if sum, err := hex.DecodeString(string(x.SHA256)); err == nil && len(sum) == sha256.Size {
				k := [sha256.Size]byte(sum)
				l.erases[k] = max(l.erases[k], x.Erase.Unix())
			}
		}
	}
	switch e.Kind {
	case probes.MailReceived:
		if s := e.Detail["subject"] + " " + e.Detail["from"]; e.Audit != "" && s != " " {
			l.messages = append(l.messages, message{e.Audit, fold.Text(s), e.Detail["subject"], e.Detail["from"]})
		}
	case probes.OrderProposed:
		l.proposals = append(l.proposals, site.Proposal{N: r.N, Event: *e})
	case probes.OrderGiven, probes.OrderRefused:
		if of, err := strconv.ParseUint(e.Detail["of"], 10, 64); err == nil {
			l.proposals = slices.DeleteFunc(l.proposals, func(p site.Proposal) bool { return p.N == of })
		}
	}
}

// File stores a page of a prober's journal and folds in what was new in it.
func (l *Ledger) File(prober string, page [][]byte) ([]probes.Record, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	had := l.db.Cursor(prober)
	records, err := l.db.File(prober, page)
	if err != nil {
		return nil, err
	}
	for i := range records {
		if records[i].N > had {
			l.add(prober, &records[i])
		}
	}
	l.tell()
	return records, nil
}

// Write appends what somebody decided, or did, to the trail: all of the events or none. It returns the number of the last.
func (l *Ledger) Write(events ...probes.Event) (n uint64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	records := make([]probes.Record, len(events))
	for i := range events {
		records[i].Event = &events[i]
	}
	links, err := l.db.Append(records...)
	if err != nil {
		return 0, err
	}
	for i := range links {
		l.add(Self, &links[i].Record)
		n = links[i].N
	}
	l.tell()
	return n, nil
}

// Erases returns when the bytes of evidence are deleted, or were; false for what is kept and for what nobody has named.
func (l *Ledger) Erases(h probes.Hash) (time.Time, bool) {
	sum, err := hex.DecodeString(string(h))
	if err != nil || len(sum) != sha256.Size {
		return time.Time{}, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.erases[[sha256.Size]byte(sum)]
	return time.Unix(at, 0).UTC(), ok
}

// tell wakes who waits for a change. Called under the lock.
func (l *Ledger) tell() {
	close(l.written)
	l.written = make(chan struct{})
}

// Changed returns a channel that is closed when something is filed or written after the call.
func (l *Ledger) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.written
}

// Snapshot returns the outcomes and the launches as of now.
func (l *Ledger) Snapshot() site.Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	return site.Snapshot{At: now, Launches: l.book.Launches(), Outcomes: l.book.Outcomes(now), Unmatched: l.book.Unmatched(), Faulty: l.faulty}
}

// Launches returns the launches of the campaigns, in no order.
func (l *Ledger) Launches() []probes.Launch {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.book.Launches()
}

// Outcome returns one audit's outcome as of now.
func (l *Ledger) Outcome(id probes.AuditID) (stats.Outcome, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.book.Outcome(id, time.Now())
}

// Events returns the audit's events: what the probers recorded, then what people added.
func (l *Ledger) Events(id probes.AuditID) ([]probes.Event, error) { return l.db.Events(id) }

// Proposals returns the orders that wait for a second operator.
func (l *Ledger) Proposals() []site.Proposal {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.proposals)
}

// Head returns the number and the hash of the trail's newest record.
func (l *Ledger) Head() (uint64, probes.Hash) { return l.db.Head() }

// Messages returns the newest mails whose subject or sender has every word.
func (l *Ledger) Messages(words []string, max int) (out []site.Message) {
	l.mu.Lock()
	all := l.messages // only ever appended to
	l.mu.Unlock()
	for i := len(all) - 1; i >= 0 && len(out) < max; i-- {
		m := &all[i]
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(m.folded, w) }) {
			out = append(out, site.Message{Audit: m.audit, Subject: m.subject, From: m.from})
		}
	}
	return out
}

// signingKey is the file of the key that signs answers to structures.
const signingKey = "signing.pem"

// LoadKey reads the signing key from the data folder, and makes it when it is not there.
func (l *Ledger) LoadKey(dir string) error {
	path := filepath.Join(dir, signingKey)
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		_, key, err := ed25519.GenerateKey(nil)
		if err != nil {
			return fmt.Errorf("signing key: %w", err)
		}
		block := pem.EncodeToMemory(&pem.Block{Type: "SONDE ED25519 SEED", Bytes: key.Seed()})
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("signing key: %w", err)
		}
		_, err = f.Write(block)
		l.key = key
		return errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil {
		return fmt.Errorf("signing key: %w", err)
	}
	block, _ := pem.Decode(raw)
	if block == nil || len(block.Bytes) != ed25519.SeedSize {
		return fmt.Errorf("signing key: %s is not the key that was written; Try: put back the file from a backup (earlier answers stay provable with the public key beside them)", path)
	}
	l.key = ed25519.NewKeyFromSeed(block.Bytes)
	return nil
}

// Sign returns the Ed25519 signature (RFC 8032) of the text and the public key, both in base64.
func (l *Ledger) Sign(text []byte) (signature, key string) {
	return base64.StdEncoding.EncodeToString(ed25519.Sign(l.key, text)), base64.StdEncoding.EncodeToString(l.key.Public().(ed25519.PublicKey))
}
