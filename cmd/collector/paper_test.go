package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/ledger"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/site"
	"github.com/sonde-fleet/sonde/store"
)

// withAudit makes a collector's data folder that knows one silent audit, and returns the configuration.
func withAudit(t *testing.T) (conf string) {
	t.Helper()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	journal, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	start := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	line := probes.Timeline{Start: start, Launched: start, Speed: 1}
	if err := journal.Append(
		probes.Record{Launch: &probes.Launch{Campaign: "c", Title: "Spring", Timeline: line, End: start.AddDate(0, 2, 0)}},
		probes.Record{Structure: &probes.Structure{ID: "s1", Name: "Mairie s1", Kind: "mairie", Zone: "Europe/Paris"}},
		probes.Record{Audit: &probes.Audit{ID: "c.s1.01", Campaign: "c", Structure: "s1", Channel: probes.Mail, Due: start, Deadline: start.AddDate(0, 0, 15), Number: 1}},
		probes.Record{Event: &probes.Event{Audit: "c.s1.01", Kind: probes.MailSending, At: start}},
		probes.Record{Event: &probes.Event{Audit: "c.s1.01", Kind: probes.MailAccepted, At: start.Add(time.Second)}},
		probes.Record{Event: &probes.Event{Audit: "c.s1.01", Kind: probes.AuditClosed, At: start.AddDate(0, 0, 15)}}); err != nil {
		t.Fatal(err)
	}
	page, err := journal.Page(0, 100)
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.OpenCollected(data)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.File("p", page); err != nil {
		t.Fatal(err)
	}
	conf = filepath.Join(dir, "collector.yaml")
	if err := os.WriteFile(conf, []byte("data: "+data+"\nlisten: 127.0.0.1:0\nprobers:\n  - name: p\n    url: http://127.0.0.1:1\n    token: "+strings.Repeat("t", 40)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return conf
}

// The report of a structure is written from the store, in both languages, and what cannot be written says why.
func TestReportOfAStructure(t *testing.T) {
	conf := withAudit(t)
	out := filepath.Join(t.TempDir(), "report.html")
	if code, stdout, errs := command(t, "report", "-config", conf, "-structure", "s1", "-format", "html", "-lang", "en", "-out", out); code != 0 || stdout != "" {
		t.Fatalf("%d %s", code, errs)
	}
	page, err := os.ReadFile(out)
	if err != nil || !strings.Contains(string(page), "<h1>Mairie s1</h1>") || strings.Contains(string(page), "http://collector") {
		t.Errorf("%v\n%.300s", err, page)
	}
	if code, stdout, errs := command(t, "report", "-config", conf, "-structure", "s1", "-format", "html", "-campaign", "c"); code != 0 || !strings.Contains(stdout, `<html lang="fr">`) {
		t.Errorf("%d %s", code, errs)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-structure", "s2", "-format", "html"}, 1, "structure s2: it is in no campaign of that name"},
		{[]string{"-structure", "s1", "-format", "html", "-campaign", "d"}, 1, "it is in no campaign of that name"},
		{[]string{"-structure", "s1"}, 2, "-format html or pdf"},
		{[]string{"-structure", "s1", "-format", "html", "-lang", "de"}, 2, "lang"},
	} {
		if code, _, errs := command(t, append([]string{"report", "-config", conf}, c.args...)...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%v: %d %s, want %d %s", c.args, code, errs, c.code, c.want)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if code, _, errs := command(t, "report", "-config", conf, "-structure", "s1", "-format", "pdf"); code != 1 || !strings.Contains(errs, "apt-get install chromium-headless-shell") {
		t.Errorf("without a browser: %d %s", code, errs)
	}
}

// A collector that runs owns the store: it is asked for the page.
func TestReportOfARunningCollector(t *testing.T) {
	conf := withAudit(t)
	c, err := config.LoadCollector(conf)
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.OpenCollected(c.Data)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	l, err := ledger.Open(db)
	if err != nil {
		t.Fatal(err)
	}
	pages, err := site.New(site.Options{Source: l, Vault: db})
	if err != nil {
		t.Fatal(err)
	}
	stop, err := serveLocal(t.Context(), c, access.Local(pages), l, db.Trail)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if code, stdout, errs := command(t, "report", "-config", conf, "-structure", "s1", "-format", "html"); code != 0 || !strings.Contains(stdout, "<h1>Mairie s1</h1>") {
		t.Errorf("%d %s", code, errs)
	}
	if code, _, errs := command(t, "report", "-config", conf, "-structure", "s2", "-format", "html"); code != 1 || !strings.Contains(errs, "it is in no campaign") {
		t.Errorf("%d %s", code, errs)
	}
}

func TestPageErrors(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	if _, err := answer(t.Context(), h, "/x"); err == nil || !strings.Contains(err.Error(), "Internal Server Error") {
		t.Error(err)
	}
}
