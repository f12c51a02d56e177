package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/store"
	bolt "go.etcd.io/bbolt"
)

func open(t testing.TB, dir string) *store.DB {
	t.Helper()
	db, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func audit(i int) probes.Audit {
	due := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Hour)
	return probes.Audit{ID: probes.AuditID(fmt.Sprintf("c.s%d.01", i)), Campaign: "c", Structure: probes.StructureID(fmt.Sprintf("s%d", i)),
		Channel: probes.Mail, Due: due, Deadline: due.AddDate(0, 0, 15), Target: fmt.Sprintf("a@s%d.example", i)}
}

func plan(t testing.TB, db *store.DB, n int) {
	t.Helper()
	var records []probes.Record
	for i := range n {
		a := audit(i)
		records = append(records, probes.Record{Audit: &a})
	}
	if err := db.Append(records...); err != nil {
		t.Fatal(err)
	}
}

func record(t testing.TB, db *store.DB, e probes.Event) {
	t.Helper()
	e.At = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	if err := db.Record(e); err != nil {
		t.Fatal(err)
	}
}

func TestStateFollowsFromTheJournal(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	plan(t, db, 3)
	record(t, db, probes.Event{Audit: "c.s0.01", Kind: probes.MailPrepared, Try: 1, Detail: map[string]string{"message_id": "m@x"},
		Evidence: []probes.Evidence{{Type: "message/rfc822", Body: []byte("bytes")}}, Keys: []string{"token:Abc", "to:a@s0.example"}})
	record(t, db, probes.Event{Audit: "c.s1.01", Kind: probes.MailPrepared, Try: 1})
	record(t, db, probes.Event{Audit: "c.s1.01", Kind: probes.MailSending, Try: 1})
	record(t, db, probes.Event{Kind: probes.MailReceived, Audit: "c.s2.01", Detail: map[string]string{"mailbox": "a/INBOX", "digest": "d1",
		"uidvalidity": "7", "uid": "12"}})
	record(t, db, probes.Event{Kind: probes.StructureSuppressed, Detail: map[string]string{"structure": "s2"}})
	record(t, db, probes.Event{Kind: probes.CampaignPaused})
	check := func(t *testing.T, db *store.DB) {
		t.Helper()
		if st, ok := db.State("c.s0.01"); !ok || st.Status != probes.Prepared || st.Detail["message_id"] != "m@x" || st.Try != 1 {
			t.Errorf("state %+v", st)
		}
		if got := db.Find("TOKEN:abc", 2); len(got) != 1 || got[0] != "c.s0.01" {
			t.Errorf("found %v", got)
		}
		if due, next := db.Due(audit(1).Due, 10); len(due) != 1 || due[0].Audit.ID != "c.s0.01" || !next.Equal(audit(2).Due) {
			t.Errorf("due %v, next %v: s0 is prepared, s1 may have left, s2 is planned", due, next)
		}
		if active := db.Active(); len(active) != 2 {
			t.Errorf("active %v", active)
		}
		if v, u := db.Mailbox("a/INBOX"); v != 7 || u != 12 || !db.Seen("d1") || db.Seen("d2") {
			t.Errorf("mailbox %d %d", v, u)
		}
		if !db.Suppressed("s2") || db.Suppressed("s1") || !db.Paused() {
			t.Error("suppression or pause is lost")
		}
		if c := db.Counts(); c[probes.Planned] != 1 || c[probes.Prepared] != 1 || c[probes.Sending] != 1 || len(c) != 3 {
			t.Errorf("counts %v", c)
		}
		if body, err := db.Evidence("277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9"); err != nil || string(body) != "bytes" {
			t.Errorf("evidence %q, %v", body, err)
		}
		if err := db.Verify(); err != nil {
			t.Error(err)
		}
	}
	check(t, db)
	db.Close()
	check(t, open(t, dir))
	// The state can be lost whole: it follows from the journal.
	t.Run("state lost", func(t *testing.T) {
		copied := t.TempDir()
		if err := os.CopyFS(filepath.Join(copied, "journal"), os.DirFS(filepath.Join(dir, "journal"))); err != nil {
			t.Fatal(err)
		}
		check(t, open(t, copied))
	})
}

// TestPowerFailure opens a store whose machine went down: the state may have lost what the journal has.
func TestPowerFailure(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	plan(t, db, 3)
	db.Close()
	if err := os.WriteFile(filepath.Join(dir, "state.dirty"), []byte("another start of the machine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "state.db"), bytes.Repeat([]byte{0xff}, 1<<16), 0o600); err != nil {
		t.Fatal(err)
	}
	db = open(t, dir)
	if c := db.Counts(); c[probes.Planned] != 3 {
		t.Errorf("counts %v", c)
	}
}

func TestAppendNumbersWithoutGapUnderManyWriters(t *testing.T) {
	db := open(t, t.TempDir())
	const writers, each = 32, 50
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if err := db.Record(probes.Event{Kind: probes.MailUnmatched, Text: fmt.Sprint(w, i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	next := uint64(1)
	seen := map[string]bool{}
	err := db.Records(0, func(r *probes.Record) bool {
		if r.N != next {
			t.Fatalf("record %d, want %d", r.N, next)
		}
		next++
		seen[r.Event.Text] = true
		return true
	})
	if err != nil || len(seen) != writers*each {
		t.Errorf("%d distinct of %d, %v", len(seen), writers*each, err)
	}
}

// TestNumbersGoOnInTheNextFile changes the campaign, which begins a new file, and leaves one that is still empty.
func TestNumbersGoOnInTheNextFile(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	plan(t, db, 5)
	a := audit(9)
	a.Campaign, a.ID = "d", "d.s9.01"
	if err := db.Append(probes.Record{Audit: &a}); err != nil {
		t.Fatal(err)
	}
	record(t, db, probes.Event{Audit: a.ID, Kind: probes.MailPrepared})
	db.Close()
	// Killed between the making of a file and its first record.
	empty, err := bolt.Open(filepath.Join(dir, "journal", "e-2026-04.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	empty.Close()
	db = open(t, dir)
	record(t, db, probes.Event{Audit: a.ID, Kind: probes.MailSending})
	if db.Last() != 8 {
		t.Errorf("last record %d, want 8", db.Last())
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "journal", "*.db")); len(files) != 2 {
		t.Errorf("files %v, want one a campaign", files)
	}
	if err := db.Verify(); err != nil {
		t.Error(err)
	}
}

func TestOneOwner(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	if _, err := store.Open(dir); !errors.Is(err, store.ErrInUse) {
		t.Errorf("a second owner got %v", err)
	}
}

func TestClosedStoreAnswersWithAnError(t *testing.T) {
	db := open(t, t.TempDir())
	db.Close()
	if err := db.Record(probes.Event{Kind: probes.CampaignPaused}); err == nil {
		t.Error("a record was taken by a closed store")
	}
}

// TestLongReaderDoesNotStopTheWriter holds a backup open, as a slow network would, while the journal grows.
func TestLongReaderDoesNotStopTheWriter(t *testing.T) {
	db := open(t, t.TempDir())
	plan(t, db, 100)
	r := &slowWriter{hold: make(chan struct{}), begun: make(chan struct{})}
	done := make(chan error)
	go func() { done <- db.Backup(r) }()
	<-r.begun
	for i := range 200 {
		record(t, db, probes.Event{Kind: probes.MailUnmatched, Text: fmt.Sprint(i),
			Evidence: []probes.Evidence{{Body: bytes.Repeat([]byte{byte(i)}, 100_000)}}})
	}
	close(r.hold)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

type slowWriter struct {
	begun, hold chan struct{}
	once        sync.Once
}

func (w *slowWriter) Write(p []byte) (int, error) {
	w.once.Do(func() { close(w.begun) })
	<-w.hold
	return len(p), nil
}

func TestVerifyFindsADamagedStore(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	record(t, db, probes.Event{Kind: probes.MailUnmatched, Evidence: []probes.Evidence{{SHA256: "00", Size: 1}}})
	if err := db.Verify(); err == nil {
		t.Error("evidence that is missing was not missed")
	}
}

func TestCollectedFilesOnce(t *testing.T) {
	db := open(t, t.TempDir())
	plan(t, db, 10)
	page, err := db.Page(0, 100)
	if err != nil || len(page) != 10 {
		t.Fatalf("%d records, %v", len(page), err)
	}
	c, err := store.OpenCollected(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, part := range [][][]byte{page[:4], page[:6], page[2:6], page[6:], page} {
		if _, err := c.File("p", part); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	c.Records("p", 0, func(r *probes.Record) bool { n++; return r.N == uint64(n) })
	if n != 10 || c.Cursor("p") != 10 {
		t.Errorf("%d records, cursor %d", n, c.Cursor("p"))
	}
	plan(t, db, 12)
	late, _ := db.Page(15, 100)
	if _, err := c.File("p", late); !errors.Is(err, store.ErrGap) {
		t.Errorf("a page with a gap before it: %v", err)
	}
	foreign := open(t, t.TempDir())
	record(t, foreign, probes.Event{Kind: probes.CampaignPaused})
	other, _ := foreign.Page(0, 1)
	if _, err := c.File("p", other); err == nil {
		t.Error("another journal under the same name was taken")
	}
}

func FuzzDecodeRecord(f *testing.F) {
	db := open(f, f.TempDir())
	plan(f, db, 1)
	page, _ := db.Page(0, 1)
	f.Add(page[0])
	f.Add([]byte{1, 0xa0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := store.DecodeRecord(raw)
		if err == nil && r.Event != nil {
			var st probes.State
			st.Apply(r.Event)
		}
	})
}

// TestStrangersOctets records what servers say in no charset that we asked for: it must be read again, here and in the
// collector, or one reply would stop every page after it.
func TestStrangersOctets(t *testing.T) {
	db := open(t, t.TempDir())
	plan(t, db, 1)
	said := "550 Utilisateur inconnu \xe0 cette adresse"
	record(t, db, probes.Event{Audit: "c.s0.01", Kind: probes.MailRefused, Text: said, Detail: map[string]string{"text": said, said: "x"}, Keys: []string{said},
		Evidence: []probes.Evidence{{Type: said, Name: said, Body: []byte(said)}}, Observations: []probes.Observation{{Passage: said, Rule: said}}})
	page, err := db.Page(0, 10)
	if err != nil {
		t.Fatal(err)
	}
	c := collected(t, t.TempDir())
	if _, err := c.File("p", page); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Append(probes.Record{Event: &probes.Event{Kind: probes.DisputeOpened, Text: said}}); err != nil {
		t.Fatal(err)
	}
	if _, err := readTrail(c); err != nil {
		t.Fatal(err)
	}
	events, err := c.Events("c.s0.01")
	const want = "550 Utilisateur inconnu à cette adresse"
	if err != nil || len(events) != 1 || events[0].Text != want || events[0].Detail["text"] != want || events[0].Observations[0].Passage != want || events[0].Evidence[0].Name != want {
		t.Errorf("%+v, %v", events, err)
	}
	if body, err := c.Evidence(events[0].Evidence[0].SHA256); err == nil && string(body) != said {
		t.Errorf("evidence %q was changed", body)
	}
}

// TestFrozenLayout opens a journal that the first layout wrote. testdata/v1 is never made again: a new layout must
// still read it.
func TestFrozenLayout(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "journal"), os.DirFS("testdata/v1/journal")); err != nil {
		t.Fatal(err)
	}
	db := open(t, dir)
	if err := db.Verify(); err != nil {
		t.Error(err)
	}
	st, ok := db.State("c.s0.01")
	if !ok || st.Status != probes.Contacted || st.Detail["message_id"] != "m@x" || db.Last() != 11 {
		t.Errorf("%+v, %d records", st, db.Last())
	}
	if c := db.Counts(); c[probes.Planned] != 2 || c[probes.Cancelled] != 1 || c[probes.Contacted] != 1 {
		t.Errorf("%v", c)
	}
	if l, ok := db.Launch(); !ok || l.Title != "Frozen" || l.Audits != 4 {
		t.Errorf("%+v", l)
	}
	found := 0
	db.Records(0, func(r *probes.Record) bool {
		if r.Event != nil && len(r.Event.Observations) == 2 && *r.Event.Observations[1].Number == 1.5 {
			found++
		}
		return true
	})
	if found != 1 {
		t.Error("the observations are lost")
	}
	record(t, db, probes.Event{Audit: "c.s2.01", Kind: probes.AuditCancelled})
}
