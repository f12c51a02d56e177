package integration

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/store"
)

// TestDiskFull fills a small file system under the store. What was recorded stays, what is under way can still be
// recorded because the reserve is given up, and the runner is told to start nothing new.
func TestDiskFull(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting a small file system needs root")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=160m"); err != nil {
		if os.Getenv("SONDE_INTEGRATION") == "required" {
			t.Fatal(err)
		}
		t.Skipf("no small file system can be mounted here: %v", err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	db, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	event := func(i, size int) probes.Event {
		body := make([]byte, size)
		copy(body, fmt.Sprint("mail ", i))
		return probes.Event{Kind: probes.MailUnmatched, Text: fmt.Sprint(i), Evidence: []probes.Evidence{{Type: "message/rfc822", Body: body}}}
	}
	written := 0
	for !db.Full() {
		if err := db.Record(event(written, 1<<20)); err != nil {
			t.Fatalf("after %d MiB, with a reserve: %v", written, err)
		}
		if written++; written > 400 {
			t.Fatal("the disk does not fill up")
		}
	}
	// The results of tries under way are small and still find room.
	for i := range 100 {
		if err := db.Record(event(written+i, 4000)); err != nil {
			t.Fatalf("small event %d after the disk was full: %v", i, err)
		}
	}
	// In the end even the reserve is used up: an error says so, and nothing that was recorded is touched.
	filler := filepath.Join(dir, "filler")
	if err := os.WriteFile(filler, make([]byte, 150<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the filler: %v", err)
	}
	var failed error
	for i := 0; failed == nil && i < 200; i++ {
		failed = db.Record(event(1000+i, 1<<20))
	}
	if !errors.Is(failed, syscall.ENOSPC) {
		t.Fatalf("a full disk gave %v", failed)
	}
	last := db.Last()
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if err := db.Record(event(2000, 1000)); err != nil {
		t.Fatalf("with room again: %v", err)
	}
	if db.Last() != last+1 {
		t.Errorf("record %d follows %d", db.Last(), last)
	}
	if err := db.Verify(); err != nil {
		t.Error(err)
	}
}
