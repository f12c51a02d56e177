package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/sonde-fleet/sonde/probes"
	bolt "go.etcd.io/bbolt"
)

// The index says where the events of an audit are: in which prober's journal, under which number. It follows from the
// records and is made anew where it is not there, as in a store that an older program wrote.
var (
	bucketIndex = []byte("by audit")
	bucketAbout = []byte("about")
	aboutIndex  = []byte("index") // layout of the index
)

const indexVersion = 1

// place is the key of an event in the index: audit, 0, prober, 0, number.
func place(audit probes.AuditID, prober string, n uint64) []byte {
	k := make([]byte, 0, len(audit)+len(prober)+10)
	k = append(append(k, audit...), 0)
	k = append(append(k, prober...), 0)
	return append(k, key(n)...)
}

// indexRecord files where an event is.
func indexRecord(tx *bolt.Tx, prober string, r *probes.Record) error {
	if r.Event == nil || r.Event.Audit == "" {
		return nil
	}
	return tx.Bucket(bucketIndex).Put(place(r.Event.Audit, prober, r.N), []byte{})
}

// reindex makes the index where the store has none of this layout.
func (c *Collected) reindex() error {
	whole := false
	err := c.db.Update(func(tx *bolt.Tx) error {
		about, err := tx.CreateBucketIfNotExists(bucketAbout)
		if err != nil {
			return err
		}
		if v := about.Get(aboutIndex); len(v) == 8 && binary.BigEndian.Uint64(v) == indexVersion {
			whole = true
			return nil
		}
		if tx.Bucket(bucketIndex) != nil {
			if err := tx.DeleteBucket(bucketIndex); err != nil {
				return err
			}
		}
		_, err = tx.CreateBucket(bucketIndex)
		return err
	})
	if err != nil || whole {
		return err
	}
	if err := c.indexTrail(); err != nil {
		return err
	}
	for _, prober := range c.Probers() {
		var page []probes.Record
		flush := func() error {
			err := c.db.Update(func(tx *bolt.Tx) error {
				for i := range page {
					if err := indexRecord(tx, prober, &page[i]); err != nil {
						return err
					}
				}
				return nil
			})
			page = page[:0]
			return err
		}
		var failed error
		err := c.Records(prober, 0, func(r *probes.Record) bool {
			if page = append(page, *r); len(page) == 5000 {
				failed = flush()
			}
			return failed == nil
		})
		if err == nil && failed == nil {
			failed = flush()
		}
		if err != nil || failed != nil {
			return fmt.Errorf("index %s: %w", prober, errors.Join(err, failed))
		}
	}
	return c.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(bucketAbout).Put(aboutIndex, key(indexVersion)) })
}

func (c *Collected) indexTrail() error {
	return c.db.Update(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketTrail).ForEach(func(_, v []byte) error {
			if len(v) <= sha256.Size {
				return nil // Trail says so
			}
			r, err := DecodeRecord(v[sha256.Size:])
			if err != nil {
				return err
			}
			return indexRecord(tx, "", &r)
		})
	})
}

// Events returns the events of the audit: what the probers recorded, in the order of each journal, and then what people
// added.
func (c *Collected) Events(id probes.AuditID) (out []probes.Event, err error) {
	var people []probes.Event
	err = c.db.View(func(tx *bolt.Tx) error {
		prefix := append([]byte(id), 0)
		cur := tx.Bucket(bucketIndex).Cursor()
		for k, _ := cur.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = cur.Next() {
			rest := k[len(prefix):]
			end := bytes.IndexByte(rest, 0)
			if end < 0 || len(rest) != end+9 {
				continue
			}
			var raw []byte
			if end == 0 { // no prober's: the trail
				if v := tx.Bucket(bucketTrail).Get(rest[1:]); len(v) > sha256.Size {
					raw = v[sha256.Size:]
				}
			} else if b := tx.Bucket(bucketProbers).Bucket(rest[:end]); b != nil {
				raw = b.Get(rest[end+1:])
			}
			r, err := DecodeRecord(raw)
			if err != nil {
				return fmt.Errorf("audit %s, prober %q: %w", id, rest[:end], err)
			}
			switch {
			case r.Event == nil:
			case end == 0:
				people = append(people, *r.Event)
			default:
				out = append(out, *r.Event)
			}
		}
		return nil
	})
	return append(out, people...), err
}

// HasEvidence says whether there are bytes under the hash. It does not read them.
func (c *Collected) HasEvidence(h probes.Hash) (yes bool) {
	sum, ok := sumOf(h)
	if !ok {
		return false
	}
	_ = c.db.View(func(tx *bolt.Tx) error {
		yes = tx.Bucket(bucketEvidence).Get(sum) != nil
		return nil
	})
	return yes || c.perishable.has(h)
}
