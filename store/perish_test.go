package store_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/store"
)

// The law's gate: when its time is over, a recording is nowhere, and its hash is still in the journal.
func TestRetentionDeletesTheBytesAndKeepsTheHash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, far := t.TempDir(), t.TempDir()
		db, err := store.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		voice := bytes.Repeat([]byte("the voice of a person at the town hall "), 1000)
		e := probes.Event{Audit: "c.s.1", Kind: probes.CallEnded, At: time.Now(), Evidence: []probes.Evidence{
			{Type: "audio/wav", Name: "call.wav", Body: voice, Erase: time.Now().Add(30*24*time.Hour + time.Millisecond)},
			{Type: "application/json", Name: "kept.json", Body: []byte("{}")}}}
		if err := db.Record(e); err != nil {
			t.Fatal(err)
		}
		page, err := db.Page(0, 10)
		if err != nil || len(page) != 1 {
			t.Fatal(len(page), err)
		}
		r, err := store.DecodeRecord(page[0])
		if err != nil {
			t.Fatal(err)
		}
		wav, kept := r.Event.Evidence[0], r.Event.Evidence[1]
		collected, err := store.OpenCollected(far)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range r.Event.Evidence {
			if x.Body, err = db.Evidence(x.SHA256); err != nil {
				t.Fatal(err)
			}
			if err := collected.PutEvidence(x); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := collected.Evidence(wav.SHA256); err != nil || !bytes.Equal(got, voice) || !collected.HasEvidence(wav.SHA256) {
			t.Fatalf("before: %d octets, %v", len(got), err)
		}
		if err := db.Verify(); err != nil {
			t.Fatal(err)
		}
		// The store is closed and opened again: what must be erased is known without the journal.
		if err := errors.Join(db.Close(), collected.Close()); err != nil {
			t.Fatal(err)
		}
		if db, err = store.Open(dir); err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if collected, err = store.OpenCollected(far); err != nil {
			t.Fatal(err)
		}
		defer collected.Close()
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go db.Perish(ctx)
		go collected.Perish(ctx)
		time.Sleep(30*24*time.Hour - time.Second)
		if _, err := db.Evidence(wav.SHA256); err != nil {
			t.Fatalf("a second before: %v", err)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		for name, evidence := range map[string]func(probes.Hash) ([]byte, error){"prober": db.Evidence, "collector": collected.Evidence} {
			if _, err := evidence(wav.SHA256); !errors.Is(err, store.ErrNoEvidence) {
				t.Errorf("%s still gives the recording: %v", name, err)
			}
			if got, err := evidence(kept.SHA256); err != nil || string(got) != "{}" {
				t.Errorf("%s has lost what is kept: %q, %v", name, got, err)
			}
		}
		if err := db.Verify(); err != nil {
			t.Errorf("what was erased in time is called a fault: %v", err)
		}
		if again, err := db.Page(0, 10); err != nil || !bytes.Equal(again[0], page[0]) {
			t.Errorf("the record has changed: %v", err)
		}
		// No file of either, nor a backup, has a word of it.
		var backup bytes.Buffer
		if err := db.Backup(&backup); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(backup.Bytes(), voice[:40]) {
			t.Error("the backup has the recording")
		}
		for _, d := range []string{dir, far} {
			err := filepath.WalkDir(d, func(path string, entry os.DirEntry, err error) error {
				if err != nil || entry.IsDir() {
					return err
				}
				data, err := os.ReadFile(path)
				if bytes.Contains(data, voice[:40]) {
					t.Errorf("%s has the recording", path)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestRecordingThatComesTooLateIsNotKept(t *testing.T) {
	dir := t.TempDir()
	db, err := store.OpenCollected(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.PutEvidence(probes.Evidence{Body: []byte("voice"), Erase: time.Now().Add(-time.Second)}); err != nil {
		t.Fatal(err)
	}
	if files, err := filepath.Glob(filepath.Join(dir, "perishable", "*")); err != nil || len(files) > 0 {
		t.Errorf("%v, %v", files, err)
	}
}
