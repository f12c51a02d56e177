package store

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	bolt "go.etcd.io/bbolt"
)

// State returns what is known of an audit.
func (db *DB) State(id probes.AuditID) (st probes.State, ok bool) {
	db.view(func(tx *bolt.Tx) {
		if raw := tx.Bucket(bucketAudits).Get([]byte(id)); raw != nil {
			ok = decode(raw, &st) == nil
		}
	})
	return st, ok
}

// States calls f with every audit's state in order of identifier until f returns false. Pages are copied out, so f
// may take its time.
func (db *DB) States(f func(probes.State) bool) error {
	var from []byte
	for {
		var page []probes.State
		var err error
		db.view(func(tx *bolt.Tx) {
			c := tx.Bucket(bucketAudits).Cursor()
			for k, v := c.Seek(from); k != nil && len(page) < 1000; k, v = c.Next() {
				var st probes.State
				if err = decode(v, &st); err != nil {
					return
				}
				page = append(page, st)
			}
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, st := range page {
			if !f(st) {
				return nil
			}
		}
		from = append([]byte(page[len(page)-1].Audit.ID), 0)
	}
}

// Due returns at most n audits, planned or prepared, whose campaign instant is not after t, the earliest first, and the instant of
// the next one that is (zero when there is none). What is paused by its wave, its structure or by itself is not among them.
func (db *DB) Due(t time.Time, n int) (due []probes.State, next time.Time) {
	db.view(func(tx *bolt.Tx) {
		waves := tx.Bucket(bucketDue)
		var keys [][]byte
		_ = waves.ForEachBucket(func(wave []byte) error {
			if paused(tx, pausedWave(wave)) {
				return nil
			}
			of, later := until(waves.Bucket(wave), t, n)
			keys = append(keys, of...)
			if next.IsZero() || !later.IsZero() && later.Before(next) {
				next = later
			}
			return nil
		})
		slices.SortFunc(keys, bytes.Compare)
		due = statesOf(tx, keys[:min(n, len(keys))])
	})
	return due, next
}

// Expired returns at most n open audits whose deadline is not after the campaign instant t, and the next deadline.
func (db *DB) Expired(t time.Time, n int) (expired []probes.State, next time.Time) {
	db.view(func(tx *bolt.Tx) {
		var keys [][]byte
		keys, next = until(tx.Bucket(bucketDeadline), t, n)
		expired = statesOf(tx, keys)
	})
	return expired, next
}

// until returns at most n keys of an index by instant that are not after t, and the instant of the first that is.
func until(b *bolt.Bucket, t time.Time, n int) (keys [][]byte, next time.Time) {
	c := b.Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		at := time.Unix(0, int64(binary.BigEndian.Uint64(k)^1<<63)).UTC()
		if at.After(t) {
			return keys, at
		}
		if len(keys) == n {
			break
		}
		keys = append(keys, k)
	}
	return keys, time.Time{}
}

// statesOf reads the audits that keys of an index by instant name.
func statesOf(tx *bolt.Tx, keys [][]byte) (states []probes.State) {
	audits := tx.Bucket(bucketAudits)
	for _, k := range keys {
		var st probes.State
		if raw := audits.Get(k[8:]); raw != nil && decode(raw, &st) == nil {
			states = append(states, st)
		}
	}
	return states
}

// Active returns the audits that are prepared, being sent or in doubt: what a crash may have left behind.
func (db *DB) Active() (active []probes.State) {
	db.view(func(tx *bolt.Tx) {
		audits := tx.Bucket(bucketAudits)
		c := tx.Bucket(bucketActive).Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			var st probes.State
			if raw := audits.Get(k); raw != nil && decode(raw, &st) == nil {
				active = append(active, st)
			}
		}
	})
	return active
}

// Find returns the audits that were given the key, at most max.
func (db *DB) Find(k string, max int) (ids []probes.AuditID) {
	prefix := keyOf(k, "")
	db.view(func(tx *bolt.Tx) {
		c := tx.Bucket(bucketKeys).Cursor()
		for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix) && len(ids) < max; k, _ = c.Next() {
			ids = append(ids, probes.AuditID(k[len(prefix):]))
		}
	})
	return ids
}

// Seen says whether a mail with this digest was filed before.
func (db *DB) Seen(digest string) (seen bool) {
	db.view(func(tx *bolt.Tx) { seen = tx.Bucket(bucketSeen).Get([]byte(digest)) != nil })
	return seen
}

// Launch returns the campaign that was launched last.
func (db *DB) Launch() (l probes.Launch, ok bool) {
	db.view(func(tx *bolt.Tx) {
		if raw := tx.Bucket(bucketMeta).Get(metaLaunch); raw != nil {
			ok = decode(raw, &l) == nil
		}
	})
	return l, ok
}

// Suppressed says whether the structure must not be contacted any more.
func (db *DB) Suppressed(id probes.StructureID) (yes bool) {
	db.view(func(tx *bolt.Tx) { yes = tx.Bucket(bucketSuppressed).Get([]byte(id)) != nil })
	return yes
}

// Structure returns what the journal says of a structure.
func (db *DB) Structure(id probes.StructureID) (s probes.Structure, ok bool) {
	db.view(func(tx *bolt.Tx) {
		if raw := tx.Bucket(bucketStructures).Get([]byte(id)); raw != nil {
			ok = decode(raw, &s) == nil
		}
	})
	return s, ok
}

// Counts returns how many audits are in each status.
func (db *DB) Counts() map[probes.Status]int {
	counts := map[probes.Status]int{}
	db.view(func(tx *bolt.Tx) {
		_ = tx.Bucket(bucketCounts).ForEach(func(k, v []byte) error {
			s := probes.Status(k[bytes.LastIndexByte(k, 0)+1:])
			if n := int(binary.BigEndian.Uint64(v)); n != 0 {
				counts[s] += n
			}
			return nil
		})
	})
	return counts
}
