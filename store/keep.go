package store

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Backup writes the journals as a tar archive. The state is left out: it follows from them. Each file is copied as one
// moment of it; run it at a quiet hour, because a long copy keeps old pages in use.
func (db *DB) Backup(w io.Writer) error {
	t := tar.NewWriter(w)
	db.mu.RLock()
	journals := append([]*journal(nil), db.journals...)
	db.mu.RUnlock()
	for _, j := range journals {
		err := j.db.View(func(tx *bolt.Tx) error {
			h := &tar.Header{Name: filepath.Join("journal", j.name), Mode: 0o600, Size: tx.Size()}
			if err := t.WriteHeader(h); err != nil {
				return err
			}
			_, err := tx.WriteTo(t)
			return err
		})
		if err != nil {
			return fmt.Errorf("backup %s: %w", j.name, err)
		}
	}
	return t.Close()
}

// Verify proves that the journal is whole: numbers without a gap, every record readable, every piece of evidence that
// a record names present under its hash until its time is over, and gone then. All faults are returned together.
func (db *DB) Verify() error {
	var faults []error
	db.mu.RLock()
	journals := append([]*journal(nil), db.journals...)
	db.mu.RUnlock()
	now := time.Now()
	for _, name := range db.perishable.overdue(now) {
		faults = append(faults, fmt.Errorf("perishable/%s: its time is over and it is still there; Try: prober run erases it", name))
	}
	next := uint64(1)
	if len(journals) > 0 {
		next = journals[0].first // older months may have been unlinked
	}
	for _, j := range journals {
		err := j.db.View(func(tx *bolt.Tx) error {
			evidence := tx.Bucket(bucketEvidence)
			err := evidence.ForEach(func(k, v []byte) error {
				if sum := sha256.Sum256(v); !bytes.Equal(sum[:], k) {
					faults = append(faults, fmt.Errorf("%s: evidence %x: the bytes have another hash", j.name, k))
				}
				return nil
			})
			if err != nil {
				return err
			}
			return tx.Bucket(bucketRecords).ForEach(func(k, v []byte) error {
				n := binary.BigEndian.Uint64(k)
				if n != next {
					faults = append(faults, fmt.Errorf("%s: record %d follows %d", j.name, n, next-1))
				}
				next = n + 1
				r, err := DecodeRecord(v)
				if err != nil {
					faults = append(faults, fmt.Errorf("%s: record %d: %w", j.name, n, err))
					return nil
				}
				if r.Event == nil {
					return nil
				}
				for _, e := range r.Event.Evidence {
					if _, err := db.Evidence(e.SHA256); err != nil && !e.Erased(now) {
						faults = append(faults, fmt.Errorf("%s: record %d: %w", j.name, n, err))
					}
				}
				return nil
			})
		})
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", j.name, err))
		}
	}
	return errors.Join(faults...)
}
