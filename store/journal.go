package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"syscall"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	bolt "go.etcd.io/bbolt"
)

var (
	bucketRecords  = []byte("records")
	bucketEvidence = []byte("evidence")
)

// A journal is one file of consecutive records and the evidence that they name.
type journal struct {
	name        string
	db          *bolt.DB
	first, last uint64 // first is 0 while it is empty; last is then that of the file before
}

func openJournal(name string) (*journal, error) {
	b, err := openBolt(name)
	if err != nil {
		return nil, err
	}
	j := &journal{name: filepath.Base(name), db: b}
	err = b.Update(func(tx *bolt.Tx) error {
		r, err := tx.CreateBucketIfNotExists(bucketRecords)
		if err != nil {
			return err
		}
		if k, _ := r.Cursor().First(); k != nil {
			j.first = binary.BigEndian.Uint64(k)
		}
		if k, _ := r.Cursor().Last(); k != nil {
			j.last = binary.BigEndian.Uint64(k)
		}
		_, err = tx.CreateBucketIfNotExists(bucketEvidence)
		return err
	})
	if err != nil {
		b.Close()
		return nil, fmt.Errorf("open journal %s: %w", name, err)
	}
	return j, nil
}

// request is one caller's records on their way to the disk.
type request struct {
	records []probes.Record
	bodies  []evidenceBody
	answer  chan error
}

type evidenceBody struct {
	sum  [sha256.Size]byte
	body []byte
}

// maxGroup bounds how many callers share one transaction; the writer takes whoever is waiting and never waits itself.
const maxGroup = 512

// Append writes the records with their evidence and returns once they are durable and the state has followed. The
// records get their numbers and the instant of writing here. Nothing of a call is kept when it fails.
func (db *DB) Append(records ...probes.Record) error {
	req := request{records: records, answer: make(chan error, 1)}
	for i := range records {
		if records[i].Event == nil {
			continue
		}
		e := legible(records[i].Event)
		records[i].Event = e
		for k := range e.Evidence {
			ev := &e.Evidence[k]
			if ev.Body == nil {
				continue
			}
			sum := sha256.Sum256(ev.Body)
			ev.SHA256, ev.Size = probes.Hash(hex.EncodeToString(sum[:])), int64(len(ev.Body))
			if !ev.Erase.IsZero() { // the bytes first: a record is never without them
				if err := db.perishable.put(ev.SHA256, ev.Body, ev.Erase); err != nil {
					return fmt.Errorf("evidence %s: %w", ev.SHA256, err)
				}
				continue
			}
			req.bodies = append(req.bodies, evidenceBody{sum, ev.Body})
		}
	}
	select {
	case db.appends <- req:
		return <-req.answer
	case <-db.done:
		return errClosed
	}
}

// Record appends one event: the function that a probe is given.
func (db *DB) Record(e probes.Event) error { return db.Append(probes.Record{Event: &e}) }

// write is the one goroutine that appends: it commits whatever has gathered while the last commit was on its way.
func (db *DB) write() {
	defer close(db.closed)
	for {
		var group []request
		select {
		case r := <-db.appends:
			group = append(group, r)
		case <-db.done:
			return
		}
	gather:
		for len(group) < maxGroup {
			select {
			case r := <-db.appends:
				group = append(group, r)
			default:
				break gather
			}
		}
		err := db.commit(group)
		if errors.Is(err, syscall.ENOSPC) && db.release() {
			slog.Error("disk full: the reserve is given up, no new try is started", "dir", db.dir)
			err = db.commit(group)
		}
		for _, r := range group {
			r.answer <- err
		}
	}
}

// commit puts the group into the journal, then into the state.
func (db *DB) commit(group []request) error {
	// A state that fell behind (disk full between the two files) must catch up before anything new is decided on it.
	if err := db.catchUp(); err != nil {
		return err
	}
	now := time.Now().UTC()
	j, err := db.current(group, now)
	if err != nil {
		return err
	}
	db.mu.RLock()
	next := db.last() + 1
	db.mu.RUnlock()
	first := next
	err = j.db.Update(func(tx *bolt.Tx) error {
		records, evidence := tx.Bucket(bucketRecords), tx.Bucket(bucketEvidence)
		records.FillPercent = 0.95
		for _, r := range group {
			for i := range r.records {
				rec := &r.records[i]
				rec.N, rec.At = next, now
				next++
				raw, err := encode(rec)
				if err != nil {
					return err
				}
				if err := records.Put(key(rec.N), raw); err != nil {
					return fmt.Errorf("record %d: %w", rec.N, err)
				}
			}
			for _, b := range r.bodies {
				if evidence.Get(b.sum[:]) != nil {
					continue
				}
				if err := evidence.Put(b.sum[:], b.body); err != nil {
					return fmt.Errorf("evidence %x: %w", b.sum, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("append to journal %s: %w", j.name, err)
	}
	db.mu.Lock()
	if j.first == 0 {
		j.first = first
	}
	j.last = next - 1
	db.mu.Unlock()
	err = db.apply(func(yield func(*probes.Record) bool) {
		for _, r := range group {
			for i := range r.records {
				if !yield(&r.records[i]) {
					return
				}
			}
		}
	})
	// Whoever waits for a change reads the state next, so it is told when the state has followed, not before.
	db.mu.Lock()
	close(db.changed)
	db.changed = make(chan struct{})
	db.mu.Unlock()
	return err
}

// current returns the journal that the group goes to: the last one while campaign and month stay the same. A file
// that is not the last is never taken up again, because numbers are consecutive within a file.
func (db *DB) current(group []request, now time.Time) (*journal, error) {
	campaign := ""
	for _, r := range group {
		for i := range r.records {
			if a := r.records[i].Audit; a != nil {
				campaign = a.Campaign
			} else if l := r.records[i].Launch; l != nil {
				campaign = l.Campaign
			}
		}
	}
	db.mu.RLock()
	n := len(db.journals)
	var lastJournal *journal
	if n > 0 {
		lastJournal = db.journals[n-1]
	}
	db.mu.RUnlock()
	if campaign == "" && lastJournal != nil {
		campaign = lastJournal.name[:len(lastJournal.name)-len("-2006-01.db")]
	}
	want := db.journalName(campaign, now)
	if lastJournal != nil && lastJournal.name == filepath.Base(want) {
		return lastJournal, nil
	}
	db.mu.RLock()
	for _, j := range db.journals {
		if j.name == filepath.Base(want) {
			db.mu.RUnlock()
			return lastJournal, nil
		}
	}
	db.mu.RUnlock()
	j, err := openJournal(want)
	if err != nil {
		return nil, err
	}
	if lastJournal != nil {
		j.last = lastJournal.last // numbers go on
	}
	db.mu.Lock()
	db.journals = append(db.journals, j)
	db.mu.Unlock()
	return j, nil
}

func key(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// Page returns at most max encoded records (and about 4 MiB) after number after, oldest first, copied out of the
// transaction so that no reader holds a file while it writes to a network.
func (db *DB) Page(after uint64, max int) ([][]byte, error) {
	db.mu.RLock()
	defer db.mu.RUnlock()
	var page [][]byte
	size := 0
	for _, j := range db.journals {
		if j.last <= after || len(page) >= max || size > 4<<20 {
			continue
		}
		err := j.db.View(func(tx *bolt.Tx) error {
			c := tx.Bucket(bucketRecords).Cursor()
			for k, v := c.Seek(key(after + 1)); k != nil && len(page) < max && size <= 4<<20; k, v = c.Next() {
				page = append(page, append([]byte(nil), v...))
				size += len(v)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read journal %s: %w", j.name, err)
		}
	}
	return page, nil
}

// Records calls f with every record after number after until f returns false.
func (db *DB) Records(after uint64, f func(*probes.Record) bool) error {
	for {
		page, err := db.Page(after, 1000)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, raw := range page {
			r, err := DecodeRecord(raw)
			if err != nil {
				return err
			}
			if !f(&r) {
				return nil
			}
			after = r.N
		}
	}
}

// ErrNoEvidence says that no journal has bytes with that hash.
var ErrNoEvidence = errors.New("no evidence under this hash")

// Evidence returns the bytes whose SHA-256 is h.
func (db *DB) Evidence(h probes.Hash) ([]byte, error) {
	sum, err := hex.DecodeString(string(h))
	if err != nil || len(sum) != sha256.Size {
		return nil, fmt.Errorf("evidence %q: not a SHA-256", h)
	}
	db.mu.RLock()
	defer db.mu.RUnlock()
	var body []byte
	for i := len(db.journals) - 1; i >= 0 && body == nil; i-- {
		err := db.journals[i].db.View(func(tx *bolt.Tx) error {
			if v := tx.Bucket(bucketEvidence).Get(sum); v != nil {
				body = append([]byte{}, v...)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if body == nil {
		return db.perishable.get(h)
	}
	return body, nil
}
