package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// stateVersion is the layout of state.db. The state follows from the journal, so an older layout is made anew.
const stateVersion = 2

var (
	bucketMeta       = []byte("meta")       // version, applied, launch
	bucketAudits     = []byte("audits")     // audit → probes.State
	bucketDue        = []byte("due")        // campaign, wave → campaign instant + audit: planned or prepared, and not paused by itself
	bucketDeadline   = []byte("deadline")   // campaign instant + audit: not ended
	bucketActive     = []byte("active")     // audit: prepared, sending or in doubt; what a crash may have left behind
	bucketKeys       = []byte("keys")       // key, 0, audit
	bucketMailboxes  = []byte("mailboxes")  // mailbox → mailbox
	bucketSeen       = []byte("seen")       // digest of a mail that was filed
	bucketStructures = []byte("structures") // structure → probes.Structure
	bucketSuppressed = []byte("suppressed") // structure → the event
	bucketCounts     = []byte("counts")     // campaign, channel, wave, status → how many audits
	bucketQueue      = []byte("queue")      // status, 0, audit: what waits for a person or for a channel
	bucketPaused     = []byte("paused")     // what is paused → the event
	bucketOrders     = []byte("orders")     // key of an operator's order → order
	bucketAgain      = []byte("again")      // audit → the audit that tries it again
	stateBuckets     = [][]byte{bucketMeta, bucketAudits, bucketDue, bucketDeadline, bucketActive, bucketKeys, bucketMailboxes, bucketSeen,
		bucketStructures, bucketSuppressed, bucketCounts, bucketQueue, bucketPaused, bucketOrders, bucketAgain}

	metaVersion = []byte("version")
	metaApplied = []byte("applied")
	metaLaunch  = []byte("launch")
	metaOrdered = []byte("ordered") // the event of the last launch that was ordered
	metaPen     = []byte("pen")     // how many mails belong to no audit
)

func initState(tx *bolt.Tx) error {
	if m := tx.Bucket(bucketMeta); m != nil {
		if v := m.Get(metaVersion); len(v) == 8 && binary.BigEndian.Uint64(v) > stateVersion {
			return fmt.Errorf("state.db has layout %d, this program knows %d; upgrade it", binary.BigEndian.Uint64(v), stateVersion)
		} else if len(v) != 8 || binary.BigEndian.Uint64(v) < stateVersion {
			for _, b := range stateBuckets {
				if err := tx.DeleteBucket(b); err != nil && !errors.Is(err, bolterrors.ErrBucketNotFound) {
					return err
				}
			}
		}
	}
	for _, b := range stateBuckets {
		if _, err := tx.CreateBucketIfNotExists(b); err != nil {
			return err
		}
	}
	return tx.Bucket(bucketMeta).Put(metaVersion, key(stateVersion))
}

// catchUp applies the records that the journal has and the state has not.
func (db *DB) catchUp() error {
	for {
		applied := db.applied()
		if applied >= db.Last() {
			return nil
		}
		page, err := db.Page(applied, 10_000)
		if err != nil {
			return err
		}
		records := make([]probes.Record, len(page))
		for i, raw := range page {
			if records[i], err = DecodeRecord(raw); err != nil {
				return err
			}
		}
		err = db.apply(func(yield func(*probes.Record) bool) {
			for i := range records {
				if !yield(&records[i]) {
					return
				}
			}
		})
		if err != nil {
			return err
		}
	}
}

func (db *DB) applied() (n uint64) {
	db.view(func(tx *bolt.Tx) {
		if v := tx.Bucket(bucketMeta).Get(metaApplied); len(v) == 8 {
			n = binary.BigEndian.Uint64(v)
		}
	})
	return n
}

// view reads the state. The only error that bbolt's View can give is that of a closed store, which reads as empty.
func (db *DB) view(f func(tx *bolt.Tx)) {
	_ = db.state.View(func(tx *bolt.Tx) error { f(tx); return nil })
}

// apply folds records into the state in one transaction.
func (db *DB) apply(records iter.Seq[*probes.Record]) error {
	err := db.state.Update(func(tx *bolt.Tx) error {
		p := projection{tx: tx, counts: map[string]int{}, orders: map[string]*order{}}
		for r := range records {
			if err := p.apply(r); err != nil {
				return fmt.Errorf("record %d: %w", r.N, err)
			}
			p.applied = r.N
		}
		return p.finish()
	})
	if err != nil {
		return fmt.Errorf("apply journal to state: %w", err)
	}
	return nil
}

// projection is the state within one transaction.
type projection struct {
	tx      *bolt.Tx
	applied uint64
	counts  map[string]int    // by cell: what is to be added
	orders  map[string]*order // those that the transaction touched
}

func (p *projection) finish() error {
	c := p.tx.Bucket(bucketCounts)
	for cell, d := range p.counts {
		if v := c.Get([]byte(cell)); len(v) == 8 {
			d += int(binary.BigEndian.Uint64(v))
		}
		if err := c.Put([]byte(cell), key(uint64(d))); err != nil {
			return err
		}
	}
	for k, o := range p.orders {
		raw, err := encode(o)
		if err != nil {
			return err
		}
		if err := p.tx.Bucket(bucketOrders).Put([]byte(k), raw); err != nil {
			return err
		}
	}
	return p.tx.Bucket(bucketMeta).Put(metaApplied, key(p.applied))
}

func (p *projection) apply(r *probes.Record) error {
	switch {
	case r.Launch != nil:
		raw, err := encode(r.Launch)
		if err != nil {
			return err
		}
		return p.tx.Bucket(bucketMeta).Put(metaLaunch, raw)
	case r.Structure != nil:
		raw, err := encode(r.Structure)
		if err != nil {
			return err
		}
		return p.tx.Bucket(bucketStructures).Put([]byte(r.Structure.ID), raw)
	case r.Audit != nil:
		st := probes.State{Audit: *r.Audit, Status: probes.Planned, Updated: r.At, Due: r.Audit.Due}
		return p.put(nil, &st)
	case r.Event != nil:
		return p.event(r.Event)
	}
	return nil
}

func (p *projection) event(e *probes.Event) error {
	if err := errors.Join(p.mailbox(e), p.order(e)); err != nil {
		return err
	}
	switch e.Kind {
	case probes.StructureSuppressed:
		return p.keep(bucketSuppressed, []byte(e.Detail["structure"]), e)
	case probes.CampaignPaused, probes.CampaignResumed:
		return p.pause(e)
	case probes.CampaignLaunched:
		return p.keep(bucketMeta, metaOrdered, e)
	case probes.AuditAgain:
		if err := p.tx.Bucket(bucketAgain).Put([]byte(e.Audit), []byte(e.Detail["again"])); err != nil {
			return err
		}
	case probes.MailUnmatched:
		n := uint64(1)
		if v := p.tx.Bucket(bucketMeta).Get(metaPen); len(v) == 8 {
			n += binary.BigEndian.Uint64(v)
		}
		if err := p.tx.Bucket(bucketMeta).Put(metaPen, key(n)); err != nil {
			return err
		}
	}
	if e.Audit == "" {
		return nil
	}
	for _, k := range e.Keys {
		if err := p.tx.Bucket(bucketKeys).Put(keyOf(k, e.Audit), []byte{}); err != nil {
			return err
		}
	}
	raw := p.tx.Bucket(bucketAudits).Get([]byte(e.Audit))
	if raw == nil {
		return nil // an audit of another prober: its event is kept, there is no state to change
	}
	var before, after probes.State
	if err := decode(raw, &before); err != nil {
		return err
	}
	after = before
	after.Apply(e)
	return p.put(&before, &after)
}

// keep stores the event itself: whoever asks why something is so is told by whom and when.
func (p *projection) keep(bucket, k []byte, e *probes.Event) error {
	raw, err := encode(e)
	if err != nil {
		return err
	}
	return p.tx.Bucket(bucket).Put(k, raw)
}

// put stores st and keeps the indexes that depend on its status.
func (p *projection) put(before, st *probes.State) error {
	raw, err := encode(st)
	if err != nil {
		return err
	}
	id := []byte(st.Audit.ID)
	if err := p.tx.Bucket(bucketAudits).Put(id, raw); err != nil {
		return err
	}
	var had status
	if before != nil {
		had = statusOf(before)
		p.counts[had.cell]--
	}
	has := statusOf(st)
	p.counts[has.cell]++
	due, err := p.tx.Bucket(bucketDue).CreateBucketIfNotExists(waveKey(&st.Audit))
	if err != nil {
		return err
	}
	held := heldBack(p.tx, &st.Audit)
	return errors.Join(
		index(due, had.due, has.due, had.Startable() && !held, has.Startable() && !held),
		index(p.tx.Bucket(bucketDeadline), had.deadline, has.deadline, had.open(), has.open()),
		index(p.tx.Bucket(bucketActive), id, id, had.active(), has.active()),
		index(p.tx.Bucket(bucketQueue), had.queue, has.queue, had.queued(), has.queued()))
}

// status is an audit's status with its keys in the indexes.
type status struct {
	probes.Status
	due, deadline, queue []byte
	cell                 string
}

func statusOf(st *probes.State) status {
	a := &st.Audit
	return status{st.Status, timeKey(st.Due, a.ID), timeKey(a.Deadline, a.ID), queueKey(st.Status, a.ID),
		strings.Join([]string{a.Campaign, string(a.Channel), a.Wave, string(st.Status)}, "\x00")}
}

func (s status) open() bool { return s.Status != "" && !s.Ended() && s.Status != probes.Awaiting }
func (s status) active() bool {
	return s.Status == probes.Prepared || s.Status == probes.Sending || s.Status == probes.InDoubt || s.Status == probes.ByHand
}
func (s status) queued() bool {
	return s.Status == probes.Awaiting || s.Status == probes.InDoubt || s.Status == probes.ByHand
}

func index(b *bolt.Bucket, oldKey, newKey []byte, was, is bool) error {
	if was == is && bytes.Equal(oldKey, newKey) {
		return nil
	}
	if was {
		if err := b.Delete(oldKey); err != nil {
			return err
		}
	}
	if is {
		return b.Put(newKey, []byte{})
	}
	return nil
}

func timeKey(t time.Time, id probes.AuditID) []byte {
	// Instants before 1970 do not occur in a campaign; the sign bit keeps the order all the same.
	return append(binary.BigEndian.AppendUint64(nil, uint64(t.UnixNano())^1<<63), id...)
}

func keyOf(k string, id probes.AuditID) []byte {
	return slices.Concat([]byte(strings.ToLower(k)), []byte{0}, []byte(id))
}

func queueKey(s probes.Status, id probes.AuditID) []byte {
	return slices.Concat([]byte(s), []byte{0}, []byte(id))
}
