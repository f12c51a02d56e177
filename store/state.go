package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// stateVersion is the layout of state.db. The state follows from the journal, so an older layout is made anew.
const stateVersion = 1

var (
	bucketMeta       = []byte("meta")       // version, applied, launch
	bucketAudits     = []byte("audits")     // audit → probes.State
	bucketDue        = []byte("due")        // campaign instant + audit: planned or prepared
	bucketDeadline   = []byte("deadline")   // campaign instant + audit: not ended
	bucketActive     = []byte("active")     // audit: prepared, sending or in doubt; what a crash may have left behind
	bucketKeys       = []byte("keys")       // key, 0, audit
	bucketMailboxes  = []byte("mailboxes")  // mailbox → uidvalidity, uid
	bucketSeen       = []byte("seen")       // digest of a mail that was filed
	bucketStructures = []byte("structures") // structure → probes.Structure
	bucketSuppressed = []byte("suppressed") // structure
	bucketCounts     = []byte("counts")     // status → how many audits
	stateBuckets     = [][]byte{bucketMeta, bucketAudits, bucketDue, bucketDeadline, bucketActive, bucketKeys,
		bucketMailboxes, bucketSeen, bucketStructures, bucketSuppressed, bucketCounts}

	metaVersion = []byte("version")
	metaApplied = []byte("applied")
	metaLaunch  = []byte("launch")
	metaPaused  = []byte("paused")
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
		p := projection{tx: tx, counts: map[probes.Status]int{}}
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
	counts  map[probes.Status]int
}

func (p *projection) finish() error {
	c := p.tx.Bucket(bucketCounts)
	for s, d := range p.counts {
		n := d
		if v := c.Get([]byte(s)); len(v) == 8 {
			n += int(binary.BigEndian.Uint64(v))
		}
		if err := c.Put([]byte(s), key(uint64(n))); err != nil {
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
	if err := p.mailbox(e); err != nil {
		return err
	}
	switch e.Kind {
	case probes.StructureSuppressed:
		return p.tx.Bucket(bucketSuppressed).Put([]byte(e.Detail["structure"]), []byte{})
	case probes.CampaignPaused:
		return p.tx.Bucket(bucketMeta).Put(metaPaused, []byte{1})
	case probes.CampaignResumed:
		return p.tx.Bucket(bucketMeta).Delete(metaPaused)
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
		had = status{before.Status, timeKey(before.Due, before.Audit.ID), timeKey(before.Audit.Deadline, before.Audit.ID)}
		p.counts[before.Status]--
	}
	p.counts[st.Status]++
	has := status{st.Status, timeKey(st.Due, st.Audit.ID), timeKey(st.Audit.Deadline, st.Audit.ID)}
	return errors.Join(
		p.index(bucketDue, had.due, has.due, had.Startable(), has.Startable()),
		p.index(bucketDeadline, had.deadline, has.deadline, had.open(), has.open()),
		p.index(bucketActive, id, id, had.active(), has.active()))
}

type status struct {
	probes.Status
	due, deadline []byte
}

func (s status) open() bool { return s.Status != "" && !s.Ended() && s.Status != probes.Awaiting }
func (s status) active() bool {
	return s.Status == probes.Prepared || s.Status == probes.Sending || s.Status == probes.InDoubt || s.Status == probes.ByHand
}

func (p *projection) index(bucket, oldKey, newKey []byte, was, is bool) error {
	if was == is && bytes.Equal(oldKey, newKey) {
		return nil
	}
	b := p.tx.Bucket(bucket)
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

// mailbox advances the cursor of the mailbox that an event of a watcher names, and remembers the mail.
func (p *projection) mailbox(e *probes.Event) error {
	box := e.Detail["mailbox"]
	if box == "" {
		return nil
	}
	if d := e.Detail["digest"]; d != "" {
		if err := p.tx.Bucket(bucketSeen).Put([]byte(d), []byte{}); err != nil {
			return err
		}
	}
	validity, err1 := strconv.ParseUint(e.Detail["uidvalidity"], 10, 32)
	uid, err2 := strconv.ParseUint(e.Detail["uid"], 10, 32)
	if err1 != nil || err2 != nil {
		return nil
	}
	b := p.tx.Bucket(bucketMailboxes)
	if c := decodeCursor(b.Get([]byte(box))); c.Validity == uint32(validity) && c.UID >= uint32(uid) {
		return nil
	}
	return b.Put([]byte(box), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(validity)), uint32(uid)))
}

// Cursor is how far a mailbox has been read (RFC 3501 §2.3.1.1).
type Cursor struct{ Validity, UID uint32 }

func decodeCursor(v []byte) (c Cursor) {
	if len(v) == 8 {
		c = Cursor{binary.BigEndian.Uint32(v), binary.BigEndian.Uint32(v[4:])}
	}
	return c
}

func timeKey(t time.Time, id probes.AuditID) []byte {
	// Instants before 1970 do not occur in a campaign; the sign bit keeps the order all the same.
	return append(binary.BigEndian.AppendUint64(nil, uint64(t.UnixNano())^1<<63), id...)
}

func keyOf(k string, id probes.AuditID) []byte {
	return slices.Concat([]byte(strings.ToLower(k)), []byte{0}, []byte(id))
}
