package store

import (
	"bytes"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// The shelf keeps what people put by for themselves, such as the views of a list that they come back to. It is no part of
// the record: nothing is measured or decided by it.
var bucketShelf = []byte("shelf")

// maxShelf is how many things one owner may keep, and maxKept how many octets one of them may have.
const (
	maxShelf = 100
	maxKept  = 4096
)

// ErrFull says that an owner keeps too much.
var ErrFull = errors.New("the shelf is full")

// Put keeps the text under the owner's name for it; an empty text takes it away.
func (c *Collected) Put(owner, name, text string) error {
	return c.db.Update(func(tx *bolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucketShelf)
		if err != nil {
			return err
		}
		prefix := append([]byte(owner), 0)
		k := append(bytes.Clone(prefix), name...)
		if text == "" {
			return b.Delete(k)
		}
		n := 0
		cur := b.Cursor()
		for x, _ := cur.Seek(prefix); bytes.HasPrefix(x, prefix); x, _ = cur.Next() {
			n++
		}
		if n >= maxShelf || len(text) > maxKept || len(name) > maxKept {
			return fmt.Errorf("shelf: %d things of %d, %d octets of %d: %w", n, maxShelf, len(text), maxKept, ErrFull)
		}
		return b.Put(k, []byte(text))
	})
}

// Get returns what the owner keeps, in order of the names.
func (c *Collected) Get(owner string) (names, texts []string) {
	_ = c.db.View(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketShelf)
		if b == nil {
			return nil
		}
		prefix := append([]byte(owner), 0)
		cur := b.Cursor()
		for k, v := cur.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = cur.Next() {
			names, texts = append(names, string(k[len(prefix):])), append(texts, string(v))
		}
		return nil
	})
	return names, texts
}
