package store_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/store"
	bolt "go.etcd.io/bbolt"
)

func collected(t *testing.T, dir string) *store.Collected {
	t.Helper()
	c, err := store.OpenCollected(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func verdict(i int) probes.Record {
	return probes.Record{Event: &probes.Event{Kind: probes.ReviewVerdict, Audit: "c.s.01", Text: fmt.Sprint("reason ", i),
		Detail: map[string]string{"by": "anna", "verdict": "confirm"}}}
}

func readTrail(c *store.Collected) (n int, err error) {
	err = c.Trail(0, func(l *store.Link) bool { n++; return true })
	return n, err
}

func TestTrailIsAChain(t *testing.T) {
	dir := t.TempDir()
	c := collected(t, dir)
	if n, hash := c.Head(); n != 0 || len(hash) != 64 {
		t.Errorf("an empty trail has head %d %s", n, hash)
	}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if _, err := c.Append(verdict(i), verdict(-i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n, err := readTrail(c); err != nil || n != 40 {
		t.Fatalf("%d records, %v", n, err)
	}
	n, hash := c.Head()
	var last store.Link
	c.Trail(30, func(l *store.Link) bool { last = *l; return true })
	if n != 40 || last.N != 40 || last.Hash != hash {
		t.Errorf("head %d %s, last %d %s", n, hash, last.N, last.Hash)
	}
	body := []byte("a scan")
	links, err := c.Append(probes.Record{Event: &probes.Event{Kind: probes.DisputeOpened, Evidence: []probes.Evidence{{Type: "text/plain", Body: body}}}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Evidence(links[0].Event.Evidence[0].SHA256); err != nil || string(got) != "a scan" {
		t.Errorf("evidence %q, %v", got, err)
	}
	c.Close()
	if n, err := readTrail(collected(t, dir)); err != nil || n != 41 {
		t.Errorf("after a restart: %d, %v", n, err)
	}
}

// TestTrailThatWasTouched changes the file as somebody would who wants another history.
func TestTrailThatWasTouched(t *testing.T) {
	at := func(n byte) []byte { return []byte{0, 0, 0, 0, 0, 0, 0, n} }
	for name, touch := range map[string]func(b *bolt.Bucket) error{
		"a reason is changed": func(b *bolt.Bucket) error {
			v := append([]byte{}, b.Get(at(3))...)
			v[len(v)-1] ^= 1
			return b.Put(at(3), v)
		},
		"a record is taken out":  func(b *bolt.Bucket) error { return b.Delete(at(4)) },
		"the first is taken out": func(b *bolt.Bucket) error { return b.Delete(at(1)) },
		"two are swapped": func(b *bolt.Bucket) error {
			x, y := append([]byte{}, b.Get(at(2))...), append([]byte{}, b.Get(at(3))...)
			return errors.Join(b.Put(at(2), y), b.Put(at(3), x))
		},
		"one is put in": func(b *bolt.Bucket) error { return b.Put(at(9), append([]byte{}, b.Get(at(2))...)) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c := collected(t, dir)
			for i := range 6 {
				if _, err := c.Append(verdict(i)); err != nil {
					t.Fatal(err)
				}
			}
			c.Close()
			db, err := bolt.Open(filepath.Join(dir, "collected.db"), 0o600, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Update(func(tx *bolt.Tx) error { return touch(tx.Bucket([]byte("trail"))) }); err != nil {
				t.Fatal(err)
			}
			db.Close()
			if _, err := readTrail(collected(t, dir)); !errors.Is(err, store.ErrBroken) {
				t.Errorf("the trail reads as whole: %v", err)
			}
		})
	}
}

// TestEventsOfAnAudit reads an audit's events out of two probers' journals and the trail, also in a store without an index.
func TestEventsOfAnAudit(t *testing.T) {
	dir := t.TempDir()
	c := collected(t, dir)
	for _, prober := range []string{"p", "q"} {
		db := open(t, t.TempDir())
		plan(t, db, 2)
		for i := range 3 {
			record(t, db, probes.Event{Audit: "c.s0.01", Kind: probes.MailDeferred, Text: fmt.Sprint(prober, i)})
			record(t, db, probes.Event{Audit: "c.s0.011", Kind: probes.MailDeferred})
		}
		page, _ := db.Page(0, 100)
		if _, err := c.File(prober, page); err != nil {
			t.Fatal(err)
		}
	}
	v := verdict(1)
	v.Event.Audit = "c.s0.01"
	if _, err := c.Append(v); err != nil {
		t.Fatal(err)
	}
	check := func(c *store.Collected) {
		t.Helper()
		got, err := c.Events("c.s0.01")
		var texts []string
		for _, e := range got {
			texts = append(texts, e.Text)
		}
		if want := "[p0 p1 p2 q0 q1 q2 reason 1]"; err != nil || fmt.Sprint(texts) != want {
			t.Errorf("%v, %v, want %s", texts, err, want)
		}
	}
	check(c)
	c.Close()
	db, err := bolt.Open(filepath.Join(dir, "collected.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error { // as an older program left it
		return errors.Join(tx.DeleteBucket([]byte("by audit")), tx.DeleteBucket([]byte("about")))
	})
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	check(collected(t, dir))
}
