package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	bolt "go.etcd.io/bbolt"
)

// The trail is the collector's own journal: what people decided, disputed, ordered and read. Its records have the form of
// a prober's, and each is stored behind a hash of itself and of the one before it, so that none can be changed, dropped or
// put in between without every later hash being wrong:
//
//	hash(n) = SHA-256(hash(n-1) ‖ bytes of record n), hash(0) = 32 octets of zero
//
// Who keeps the newest hash outside (it is shown on the site and printed by `collector verify`) can prove that nothing
// was taken off the end either.
var bucketTrail = []byte("trail")

// Link is a record of the trail with its place in the chain.
type Link struct {
	probes.Record
	Hash probes.Hash
}

// ErrBroken says that the trail is not what was written.
var ErrBroken = errors.New("the trail is broken")

// Append writes records to the trail in one transaction and returns them with their numbers. Bodies of evidence are stored
// with them.
func (c *Collected) Append(records ...probes.Record) ([]Link, error) {
	out := make([]Link, len(records))
	err := c.db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketTrail)
		n, hash := head(b)
		for i := range records {
			r := records[i]
			n++
			r.N, r.At = n, time.Now().UTC()
			if r.Event != nil {
				e := *r.Event // the caller's stays as it is
				e.Evidence = append([]probes.Evidence(nil), e.Evidence...)
				for k := range e.Evidence {
					if e.Evidence[k].Body == nil {
						continue
					}
					sum := sha256.Sum256(e.Evidence[k].Body)
					e.Evidence[k].SHA256, e.Evidence[k].Size = probes.Hash(hex.EncodeToString(sum[:])), int64(len(e.Evidence[k].Body))
					if err := tx.Bucket(bucketEvidence).Put(sum[:], e.Evidence[k].Body); err != nil {
						return err
					}
				}
				r.Event = &e
			}
			raw, err := encode(&r)
			if err != nil {
				return err
			}
			hash = chain(hash, raw)
			if err := b.Put(key(n), append(bytes.Clone(hash), raw...)); err != nil {
				return err
			}
			out[i] = Link{r, probes.Hash(hex.EncodeToString(hash))}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("trail: %w", err)
	}
	c.tell()
	return out, nil
}

func chain(before, raw []byte) []byte {
	h := sha256.New()
	h.Write(before)
	h.Write(raw)
	return h.Sum(nil)
}

// head returns the number and the hash of the newest record.
func head(b *bolt.Bucket) (uint64, []byte) {
	k, v := b.Cursor().Last()
	if k == nil || len(v) < sha256.Size {
		return 0, make([]byte, sha256.Size)
	}
	return binary.BigEndian.Uint64(k), bytes.Clone(v[:sha256.Size])
}

// Head returns the number of the trail's newest record and its hash.
func (c *Collected) Head() (n uint64, hash probes.Hash) {
	_ = c.db.View(func(tx *bolt.Tx) error {
		number, sum := head(tx.Bucket(bucketTrail))
		n, hash = number, probes.Hash(hex.EncodeToString(sum))
		return nil
	})
	return n, hash
}

// Trail calls f with the records after the number, in pages that are copied out, until f returns false. It proves the chain
// as it goes: a record that does not follow from the one before it is ErrBroken.
func (c *Collected) Trail(after uint64, f func(*Link) bool) error {
	for {
		page, err := c.links(after, 2000)
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

func (c *Collected) links(after uint64, n int) (page []Link, err error) {
	err = c.db.View(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketTrail)
		hash := make([]byte, sha256.Size)
		if after > 0 {
			v := b.Get(key(after))
			if len(v) < sha256.Size {
				return fmt.Errorf("record %d is not there: %w", after, ErrBroken)
			}
			hash = v[:sha256.Size]
		}
		cur := b.Cursor()
		next := after + 1
		for k, v := cur.Seek(key(next)); k != nil && len(page) < n; k, v = cur.Next() {
			if at := binary.BigEndian.Uint64(k); at != next || len(v) < sha256.Size {
				return fmt.Errorf("record %d follows %d: %w", at, next-1, ErrBroken)
			}
			if hash = chain(hash, v[sha256.Size:]); !bytes.Equal(hash, v[:sha256.Size]) {
				return fmt.Errorf("record %d does not have the hash that follows from it and from those before it: %w", next, ErrBroken)
			}
			r, err := DecodeRecord(v[sha256.Size:])
			if err != nil {
				return fmt.Errorf("record %d: %w", next, err)
			}
			if r.N != next {
				return fmt.Errorf("record %d says that it is %d: %w", next, r.N, ErrBroken)
			}
			page = append(page, Link{r, probes.Hash(hex.EncodeToString(hash))})
			next++
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("trail: %w", err)
	}
	return page, nil
}
