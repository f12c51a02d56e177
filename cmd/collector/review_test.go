package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/review"
	"github.com/sonde-fleet/sonde/stats"
	"github.com/sonde-fleet/sonde/store"
)

// pulled writes a collector's configuration and store with two answers that came after 20 s, and returns the file.
func pulled(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "collector.yaml")
	if err := os.WriteFile(file, []byte("data: data\nlisten: 127.0.0.1:0\nprobers:\n  - {name: p, url: \"http://127.0.0.1:1\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	journal, err := store.Open(filepath.Join(dir, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for _, id := range []probes.AuditID{"c.s1.01", "c.s2.01"} {
		err := journal.Append(probes.Record{Audit: &probes.Audit{ID: id, Campaign: "c", Structure: "s", Channel: probes.Mail, Due: at, Deadline: at.AddDate(0, 0, 15)}},
			probes.Record{Event: &probes.Event{Audit: id, Kind: probes.MailSending, At: at}}, probes.Record{Event: &probes.Event{Audit: id, Kind: probes.MailAccepted, At: at}},
			probes.Record{Event: &probes.Event{Audit: id, Kind: probes.MailReceived, At: at.Add(20 * time.Second), Detail: map[string]string{"class": "human", "sure": "yes"}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	page, err := journal.Page(0, 100)
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.OpenCollected(filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.File("p", page); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestThirdVoiceFromTheTerminal signs a verdict on what two readers see differently: it is one on the flag itself.
func TestThirdVoiceFromTheTerminal(t *testing.T) {
	contested := []review.Flag{{Kind: review.Contested, Text: string(review.TooFast), Audit: "c.s1.01", Open: true}}
	v := verdict{audit: "c.s1.01", flag: review.Contested, decision: stats.Spoil, reason: "a robot"}
	if e, err := v.event(contested, "cleo"); err != nil || e.Detail["flag"] != string(review.TooFast) {
		t.Errorf("%v, %v", e.Detail, err)
	}
	contested[0].Text = string(review.UnsureMatch) // asks what the terminal cannot say
	if _, err := v.event(contested, "cleo"); err == nil {
		t.Error("a contested match was decided without the mail")
	}
}

// TestVerdictsFromTheTerminal signs decisions one by one and from a file, and proves the trail with and without its store.
func TestVerdictsFromTheTerminal(t *testing.T) {
	file := pulled(t)
	expect := func(code int, want string, args ...string) {
		t.Helper()
		got, said, errs := command(t, append(args, "-config", file)...)
		if got != code || !strings.Contains(said+errs, want) {
			t.Errorf("%v: %d %q %q, want %d %q", args, got, said, errs, code, want)
		}
	}
	expect(0, `"kind":"too-fast","audit":"c.s1.01"`, "anomalies", "-json")
	expect(2, "no open flag", "verdict", "c.s1.01", "confirm", "-flag", "bounce")
	expect(2, "a reason is wanted", "verdict", "c.s1.01", "spoil", "-flag", "too-fast")
	expect(2, "class", "verdict", "c.s1.01", "correct", "-flag", "too-fast", "-class", "letter", "-reason", "robot")
	expect(0, "signed: c.s1.01 spoil", "verdict", "c.s1.01", "spoil", "-flag", "too-fast", "-reason", "our own test")
	expect(2, "no open flag", "verdict", "c.s1.01", "spoil", "-flag", "too-fast", "-reason", "again")
	expect(0, `"spoiled":1`, "report", "-json")
	list := filepath.Join(t.TempDir(), "verdicts.csv")
	write := func(text string) {
		if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("audit,flag,verdict,reason\nc.s2.01,too-fast,confirm,\nc.s9.01,too-fast,confirm,\n")
	expect(2, "line 3: audit c.s9.01", "import", list)
	expect(0, `"audit":"c.s2.01"`, "anomalies", "-json") // one that cannot be signed holds all back
	write("audit,flag,verdict,reason\nc.s2.01,too-fast,confirm,\n")
	expect(0, "signed: c.s2.01 confirm", "import", list)
	expect(2, `no column "verdict"`, "import", func() string { write("audit,flag\n"); return list }())
	if _, said, _ := command(t, "anomalies", "-config", file); strings.Contains(said, "too-fast") {
		t.Errorf("what was answered is still listed: %s", said)
	}
	trail := filepath.Join(t.TempDir(), "trail.jsonl")
	expect(0, "", "export", "-out", trail)
	expect(0, "is whole: 2 records", "verify", "-in", trail)
	expect(0, "trail of 2 records", "verify")
	raw, err := os.ReadFile(trail)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(raw, []byte("\n"))
	if err := os.WriteFile(trail, lines[1], 0o600); err != nil { // the first decision is left out
		t.Fatal(err)
	}
	expect(1, "record 2 follows 0", "verify", "-in", trail)
}
