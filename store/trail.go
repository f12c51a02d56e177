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
	Raw  []byte // the octets that are hashed
}

// Chain proves a trail record by record, without a store. The zero value does not: NewChain begins one.
type Chain struct {
	N    uint64 // records proved so far
	hash []byte
}

// NewChain begins a chain.
func NewChain() *Chain { return &Chain{hash: make([]byte, sha256.Size)} }

// Head returns the hash of the last record.
func (c *Chain) Head() probes.Hash { return probes.Hash(hex.EncodeToString(c.hash)) }

// Next proves that the record n with these octets and this hash follows; ErrBroken when it does not.
func (c *Chain) Next(n uint64, hash probes.Hash, raw []byte) error {
	if n != c.N+1 {
		return fmt.Errorf("record %d follows %d: %w", n, c.N, ErrBroken)
	}
	next := chain(c.hash, raw)
	if hex.EncodeToString(next) != string(hash) {
		return fmt.Errorf("record %d does not have the hash that follows from it and from those before it: %w", n, ErrBroken)
	}
	if r, err := DecodeRecord(raw); err != nil {
		return fmt.Errorf("record %d: %w", n, err)
	} else if r.N != n {
		return fmt.Errorf("record %d says that it is %d: %w", n, r.N, ErrBroken)
	}
	c.N, c.hash = n, next
	return nil
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
				e := *legible(r.Event) // the caller's stays as it is
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
			if err := indexRecord(tx, "", &r); err != nil {
				return err
			}
			out[i] = Link{r, probes.Hash(hex.EncodeToString(hash)), raw}
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
		at := Chain{N: after, hash: make([]byte, sha256.Size)}
		if after > 0 {
			v := b.Get(key(after))
			if len(v) < sha256.Size {
				return fmt.Errorf("record %d is not there: %w", after, ErrBroken)
			}
			at.hash = bytes.Clone(v[:sha256.Size])
		}
		cur := b.Cursor()
		for k, v := cur.Seek(key(after + 1)); k != nil && len(page) < n; k, v = cur.Next() {
			number := binary.BigEndian.Uint64(k)
			if len(v) < sha256.Size {
				return fmt.Errorf("record %d has no hash: %w", number, ErrBroken)
			}
			raw := bytes.Clone(v[sha256.Size:])
			if err := at.Next(number, probes.Hash(hex.EncodeToString(v[:sha256.Size])), raw); err != nil {
				return err
			}
			r, err := DecodeRecord(raw)
			if err != nil {
				return fmt.Errorf("record %d: %w", number, err)
			}
			page = append(page, Link{r, at.Head(), raw})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("trail: %w", err)
	}
	return page, nil
}
