package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/store"
)

// dialled writes a collector's configuration and store with three telephone audits: a person after 12 s of whom the agent is not
// sure, a line that was engaged, and a message out of hours.
func dialled(t *testing.T) string {
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
	records := []probes.Record{{Structure: &probes.Structure{ID: "s", Name: "Mairie", Kind: "mairie", Sector: "public", Zone: "Europe/Paris"}}}
	call := func(id probes.AuditID, outside bool, events ...probes.Event) {
		records = append(records, probes.Record{Audit: &probes.Audit{ID: id, Campaign: "c", Structure: "s", Channel: probes.Phone, Due: at, Deadline: at.AddDate(0, 0, 1), Outside: outside}})
		for i, e := range events {
			e.Audit, e.Try, e.At = id, 1, at.Add(time.Duration(10*i)*time.Second)
			records = append(records, probes.Record{Event: &e})
		}
	}
	dial := probes.Event{Kind: probes.CallDialled, Detail: map[string]string{"mode": "measure"}}
	wait := 12.0
	call("c.s.01", false, dial, probes.Event{Kind: probes.CallRinging, Detail: map[string]string{"pdd_ms": "1500"}},
		probes.Event{Kind: probes.CallAnswered, Detail: map[string]string{"ring_ms": "8500", "rings": "2"}},
		probes.Event{Kind: probes.CallEnded, Detail: map[string]string{"by": "us", "talk_ms": "30000", "first": "human", "sure": "0.5", "person_ms": "13500"},
			Observations: []probes.Observation{{Item: "phone.first-attempt", Value: probes.Yes}, {Item: "phone.answered-by-person", Value: probes.Yes}, {Item: "phone.wait", Number: &wait}}})
	call("c.s.02", false, dial, probes.Event{Kind: probes.CallFailed, Fault: probes.Theirs, Detail: map[string]string{"class": "busy"},
		Observations: []probes.Observation{{Item: "phone.first-attempt", Value: probes.No}, {Item: "phone.busy", Value: probes.Yes}}})
	call("c.s.03", true, dial, probes.Event{Kind: probes.CallRinging, Detail: map[string]string{"pdd_ms": "1500"}}, probes.Event{Kind: probes.CallAnswered, Detail: map[string]string{"ring_ms": "8500"}},
		probes.Event{Kind: probes.CallEnded, Detail: map[string]string{"by": "us", "talk_ms": "9000", "first": "announcement", "sure": "0.9"}})
	if err := journal.Append(records...); err != nil {
		t.Fatal(err)
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

func TestCallsFromTheTerminal(t *testing.T) {
	file := dialled(t)
	expect := func(code int, want []string, args ...string) {
		t.Helper()
		got, said, errs := command(t, append(args, "-config", file)...)
		for _, w := range want {
			if got != code || !strings.Contains(said+errs, w) {
				t.Errorf("%v: %d, want %d and %q\n%s%s", args, got, code, w, said, errs)
			}
		}
	}
	expect(0, []string{"2026-W10", "50.0 %", "12.0 s", "references: wait 16 s (2013), 28 s (2023); norm: 85 %"}, "report", "-channel", "phone", "-by", "week")
	expect(0, []string{"\ncalls\n", "12.0 s", "calls answered at the first attempt", "item=phone.first-attempt"}, "report")
	expect(0, []string{`{"calls":{"group":"all","audits":2,"counted":2,"reached":1,`, `"first_attempt":{"k":1,"n":2,`, `"wait_mean_ms":12000`, `"outside":1,"out_of_hours":{"k":1,"n":1`,
		`{"headline":{"figure":"wait","channel":"phone","unit":"s","2013":16,"2023":28,"value":12,`}, "report", "-json")
	expect(0, []string{"sector,public,2,2,1,0,0,1,"}, "report", "-channel", "phone", "-by", "sector", "-format", "csv")
	expect(2, []string{"-channel phone"}, "report", "-channel", "phone", "-in", file)
	if _, said, _ := command(t, "report", "-channel", "mail", "-config", file); strings.Contains(said, "calls\n") {
		t.Error("the mails alone were asked for")
	}
	expect(0, []string{",busy,", "not reached", ",true,1,answered,", ",answered,true,true,8500,12000,30000,human,0.5,"}, "outcomes", "-format", "csv")
	expect(0, []string{`"kind":"unsure-person","audit":"c.s.01"`}, "anomalies", "-json")
	signed := []string{"verdict", "c.s.01", "correct", "-flag", "unsure-person", "-reason", "I listened"}
	expect(2, []string{"-person yes"}, signed...)
	expect(2, []string{"-person yes"}, append(signed, "-person", "no", "-wait", "3")...)
	expect(0, []string{"signed: c.s.01 correct"}, append(signed, "-person", "yes", "-wait", "20.5")...)
	expect(0, []string{`"wait_mean_ms":20500`}, "report", "-channel", "phone", "-json")
}
