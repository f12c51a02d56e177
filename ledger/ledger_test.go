package ledger_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/ledger"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
	"github.com/sonde-fleet/sonde/store"
	bolt "go.etcd.io/bbolt"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// filled returns a store into which a prober's journal of one answered audit was pulled, and its folder.
func filled(t *testing.T) (*store.Collected, string) {
	t.Helper()
	journal, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	event := func(k probes.Kind, d time.Duration, detail map[string]string) probes.Record {
		return probes.Record{Event: &probes.Event{Audit: "c.s.01", Kind: k, At: monday.Add(d), Detail: detail}}
	}
	answer := event(probes.MailReceived, time.Hour, map[string]string{"class": "human", "sure": "yes", "subject": "Horaires d'été", "from": "a@s.example"})
	answer.Event.Evidence = []probes.Evidence{{Type: "message/rfc822", Body: []byte("the answer")}}
	if err := journal.Append(probes.Record{Launch: &probes.Launch{Campaign: "c", Timeline: probes.Timeline{Start: monday, Launched: monday}}},
		probes.Record{Audit: &probes.Audit{ID: "c.s.01", Campaign: "c", Structure: "s", Channel: probes.Mail, Due: monday, Deadline: monday.AddDate(0, 0, 15)}},
		event(probes.MailSending, 0, nil), event(probes.MailAccepted, 0, nil), answer); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	db, err := store.OpenCollected(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	page, err := journal.Page(0, 100)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.File("p", page); err != nil {
		t.Fatal(err)
	}
	if err := db.PutEvidence(probes.Evidence{Body: []byte("the answer")}); err != nil {
		t.Fatal(err)
	}
	return db, dir
}

func open(t *testing.T, db *store.Collected) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(db)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestDecisionsSurviveARestart writes a verdict and an order, and reads everything again as a new process does.
func TestDecisionsSurviveARestart(t *testing.T) {
	db, _ := filled(t)
	l := open(t, db)
	changed := l.Changed()
	if _, err := l.Write(probes.Event{Kind: probes.ReviewVerdict, Audit: "c.s.01", Text: "our own mail", Detail: map[string]string{"by": "anna", "flag": "outlier", "verdict": "spoil"}}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-changed:
	default:
		t.Error("who waits for a change was not told")
	}
	n, err := l.Write(probes.Event{Kind: probes.OrderProposed, Detail: map[string]string{"do": "cancel", "by": "anna"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]*ledger.Ledger{"at once": l, "after a restart": open(t, db)} {
		if o, ok := l.Outcome("c.s.01"); !ok || o.Result != stats.Spoiled || o.Reason != "anna: our own mail" {
			t.Errorf("%s: %s %q", name, o.Result, o.Reason)
		}
		if got := l.Snapshot().Outcomes; len(got) != 1 || got[0].Result != stats.Spoiled {
			t.Errorf("%s: the snapshot has %d outcomes", name, len(got))
		}
		if p := l.Proposals(); len(p) != 1 || p[0].N != n {
			t.Errorf("%s: proposals %v", name, p)
		}
		if hits := l.Messages([]string{"horaires", "ete"}, 5); len(hits) != 1 || hits[0].Audit != "c.s.01" {
			t.Errorf("%s: the search finds %v", name, hits)
		}
		if events, err := l.Events("c.s.01"); err != nil || len(events) != 4 || events[3].Kind != probes.ReviewVerdict {
			t.Errorf("%s: %d events, %v", name, len(events), err)
		}
	}
	if _, err := l.Write(probes.Event{Kind: probes.OrderGiven, Detail: map[string]string{"of": fmt.Sprint(n)}}); err != nil {
		t.Fatal(err)
	}
	if p := l.Proposals(); len(p) != 0 {
		t.Errorf("a proposal that was carried out still waits: %v", p)
	}
}

// TestSeveralEventsAreWrittenAtOnce writes what a person did, and asks when a recording is deleted, then again as a new process does.
func TestSeveralEventsAreWrittenAtOnce(t *testing.T) {
	db, _ := filled(t)
	l := open(t, db)
	before, _ := l.Head()
	hash, kept := probes.Hash(strings.Repeat("ab", 32)), probes.Hash(strings.Repeat("cd", 32))
	erase := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	event := func(k probes.Kind, x ...probes.Evidence) probes.Event {
		return probes.Event{Kind: k, Audit: "c.s.01", At: erase, Evidence: x}
	}
	n, err := l.Write(event(probes.CallDialled), event(probes.CallAnswered),
		event(probes.CallEnded, probes.Evidence{SHA256: hash, Type: "audio/wav", Erase: erase}, probes.Evidence{SHA256: kept, Type: "text/plain"}))
	if err != nil || n != before+3 {
		t.Fatalf("record %d after %d: %v", n, before, err)
	}
	for name, l := range map[string]*ledger.Ledger{"at once": l, "after a restart": open(t, db)} {
		if at, ok := l.Erases(hash); !ok || !at.Equal(erase) {
			t.Errorf("%s: %v %v", name, at, ok)
		}
		for _, h := range []probes.Hash{kept, probes.Hash(strings.Repeat("0", 64)), "", "xyz"} {
			if at, ok := l.Erases(h); ok {
				t.Errorf("%s: %q is deleted at %v", name, h, at)
			}
		}
		if o, _ := l.Outcome("c.s.01"); o.Status != probes.Closed {
			t.Errorf("%s: %s", name, o.Status)
		}
	}
}

// TestLookFindsWhatRotted changes and then removes a piece of evidence on the disk.
func TestLookFindsWhatRotted(t *testing.T) {
	db, dir := filled(t)
	if err := open(t, db).Look(context.Background(), 0); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name            string
		touch           func(b *bolt.Bucket, k []byte) error
		missing, broken int
	}{
		{"whole", func(*bolt.Bucket, []byte) error { return nil }, 0, 0},
		{"changed", func(b *bolt.Bucket, k []byte) error { return b.Put(k, []byte("another answer")) }, 0, 1},
		{"removed", func(b *bolt.Bucket, k []byte) error { return b.Delete(k) }, 1, 0},
	} {
		db.Close()
		raw, err := bolt.Open(filepath.Join(dir, "collected.db"), 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = raw.Update(func(tx *bolt.Tx) error {
			b := tx.Bucket([]byte("evidence"))
			k, _ := b.Cursor().First()
			return c.touch(b, append([]byte{}, k...))
		})
		if err != nil {
			t.Fatal(err)
		}
		raw.Close()
		if db, err = store.OpenCollected(dir); err != nil {
			t.Fatal(err)
		}
		l := open(t, db)
		if err := l.Look(context.Background(), 0); err != nil {
			t.Fatal(err)
		}
		if f := l.Snapshot().Faulty["c.s.01"]; f.Missing != c.missing || f.Damaged != c.broken {
			t.Errorf("%s: %+v", c.name, f)
		}
	}
	db.Close()
}

// TestKeyStays signs before and after a restart with one key, and refuses to begin another in its place.
func TestKeyStays(t *testing.T) {
	db, _ := filled(t)
	dir := t.TempDir()
	var keys []string
	for range 2 {
		l := open(t, db)
		if err := l.LoadKey(dir); err != nil {
			t.Fatal(err)
		}
		signature, key := l.Sign([]byte("answer"))
		raw := func(s string) []byte { b, _ := base64.StdEncoding.DecodeString(s); return b }
		if !ed25519.Verify(raw(key), []byte("answer"), raw(signature)) {
			t.Error("the signature does not hold")
		}
		keys = append(keys, key)
	}
	if keys[0] != keys[1] {
		t.Error("a restart made another key")
	}
	path := filepath.Join(dir, "signing.pem")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := os.WriteFile(path, []byte("not a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(t, db).LoadKey(dir); err == nil {
		t.Error("a broken key was taken")
	}
}
