package store

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"crypto/sha256"

	"github.com/sonde-fleet/sonde/probes"
	bolt "go.etcd.io/bbolt"
)

// Collected is what a collector has pulled: each prober's records under their numbers, and evidence; and what people add to
// it, the trail. Filing a record
// again changes nothing, and the cursor of a prober is its highest number, so rows and cursor cannot disagree.
type Collected struct {
	db      *bolt.DB
	mu      sync.Mutex
	changed chan struct{}

	perishable *perishable
}

var bucketProbers = []byte("probers")

// OpenCollected opens the collector's store in the folder dir, which it makes when it is not there.
func OpenCollected(dir string) (*Collected, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open collector's store: %w", err)
	}
	b, err := openBolt(filepath.Join(dir, "collected.db"))
	if err != nil {
		return nil, err
	}
	err = b.Update(func(tx *bolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(bucketProbers)
		if err == nil {
			_, err = tx.CreateBucketIfNotExists(bucketEvidence)
		}
		if err == nil {
			_, err = tx.CreateBucketIfNotExists(bucketTrail)
		}
		return err
	})
	if err != nil {
		b.Close()
		return nil, err
	}
	c := &Collected{db: b, changed: make(chan struct{})}
	if c.perishable, err = openPerishable(filepath.Join(dir, "perishable")); err == nil {
		err = c.reindex()
	}
	if err != nil {
		b.Close()
		return nil, err
	}
	return c, nil
}

// Close closes the file.
func (c *Collected) Close() error { return c.db.Close() }

// ErrGap says that a page does not follow what is filed.
var ErrGap = errors.New("the page does not follow what is filed")

// File stores a page of the prober's records in one transaction. A record that is filed already must be the same.
func (c *Collected) File(prober string, page [][]byte) ([]probes.Record, error) {
	records := make([]probes.Record, len(page))
	err := c.db.Update(func(tx *bolt.Tx) error {
		b, err := tx.Bucket(bucketProbers).CreateBucketIfNotExists([]byte(prober))
		if err != nil {
			return err
		}
		b.FillPercent = 0.95
		next := uint64(1)
		if k, _ := b.Cursor().Last(); k != nil {
			next = binary.BigEndian.Uint64(k) + 1
		}
		for i, raw := range page {
			if records[i], err = DecodeRecord(raw); err != nil {
				return fmt.Errorf("prober %s: %w", prober, err)
			}
			n := records[i].N
			switch {
			case n > next:
				return fmt.Errorf("prober %s: record %d after %d: %w", prober, n, next-1, ErrGap)
			case n < next:
				if old := b.Get(key(n)); string(old) != string(raw) {
					return fmt.Errorf("prober %s: record %d differs from the one that was filed: its journal was replaced", prober, n)
				}
				continue
			}
			if err := b.Put(key(n), raw); err != nil {
				return err
			}
			if err := indexRecord(tx, prober, &records[i]); err != nil {
				return err
			}
			next = n + 1
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	c.tell()
	return records, nil
}

// tell wakes those who wait for a change.
func (c *Collected) tell() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.changed)
	c.changed = make(chan struct{})
}

// Changed returns a channel that is closed when a page is filed after the call.
func (c *Collected) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

// Cursor returns the number of the last record filed for the prober.
func (c *Collected) Cursor(prober string) (n uint64) {
	_ = c.db.View(func(tx *bolt.Tx) error {
		if b := tx.Bucket(bucketProbers).Bucket([]byte(prober)); b != nil {
			if k, _ := b.Cursor().Last(); k != nil {
				n = binary.BigEndian.Uint64(k)
			}
		}
		return nil
	})
	return n
}

// Probers returns the names of the probers that were pulled, in order.
func (c *Collected) Probers() (names []string) {
	_ = c.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketProbers).ForEachBucket(func(k []byte) error {
			names = append(names, string(k))
			return nil
		})
	})
	return names
}

// Records calls f with the prober's records after the number, in pages that are copied out, until f returns false.
func (c *Collected) Records(prober string, after uint64, f func(*probes.Record) bool) error {
	for {
		var page []probes.Record
		err := c.db.View(func(tx *bolt.Tx) error {
			b := tx.Bucket(bucketProbers).Bucket([]byte(prober))
			if b == nil {
				return nil
			}
			cur := b.Cursor()
			for k, v := cur.Seek(key(after + 1)); k != nil && len(page) < 5000; k, v = cur.Next() {
				r, err := DecodeRecord(v)
				if err != nil {
					return fmt.Errorf("prober %s, record %d: %w", prober, binary.BigEndian.Uint64(k), err)
				}
				page = append(page, r)
			}
			return nil
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for i := range page {
			if !f(&page[i]) {
				return nil
			}
		}
		after = page[len(page)-1].N
	}
}

// PutEvidence stores the bodies under their SHA-256, those that perish until their time is over.
func (c *Collected) PutEvidence(all ...probes.Evidence) error {
	for _, e := range all {
		if e.Erase.IsZero() {
			continue
		}
		sum := sha256.Sum256(e.Body)
		if err := c.perishable.put(probes.Hash(hex.EncodeToString(sum[:])), e.Body, e.Erase); err != nil {
			return err
		}
	}
	return c.db.Update(func(tx *bolt.Tx) error {
		for _, e := range all {
			if !e.Erase.IsZero() {
				continue
			}
			sum := sha256.Sum256(e.Body)
			if err := tx.Bucket(bucketEvidence).Put(sum[:], e.Body); err != nil {
				return err
			}
		}
		return nil
	})
}

// Evidence returns the bytes whose SHA-256 is h.
func (c *Collected) Evidence(h probes.Hash) (body []byte, err error) {
	sum, ok := sumOf(h)
	if !ok {
		return nil, fmt.Errorf("evidence %q: not a SHA-256", h)
	}
	err = c.db.View(func(tx *bolt.Tx) error {
		v := tx.Bucket(bucketEvidence).Get(sum)
		if v == nil {
			body, err = c.perishable.get(h)
			return err
		}
		body = append([]byte{}, v...)
		return nil
	})
	return body, err
}

// Prove reads the evidence under h and checks that its bytes have that hash.
func (c *Collected) Prove(h probes.Hash) error {
	body, err := c.Evidence(h)
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != string(h) {
		return fmt.Errorf("evidence %s: the bytes have another hash", h)
	}
	return nil
}

// sumOf reads a hash.
func sumOf(h probes.Hash) ([]byte, bool) {
	sum, err := hex.DecodeString(string(h))
	return sum, err == nil && len(sum) == sha256.Size
}
