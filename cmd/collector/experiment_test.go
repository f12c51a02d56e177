package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/directory"
	"github.com/sonde-fleet/sonde/experiment"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/schedule"
	"github.com/sonde-fleet/sonde/store"
)

// studied writes the store of a collector that has pulled the shipped experiment over 40 copies of its structures, in which the
// second arm is answered half as often, and returns its configuration and the pre-registration.
func studied(t *testing.T) (file, registered string) {
	t.Helper()
	dir := t.TempDir()
	file, registered = filepath.Join(dir, "collector.yaml"), filepath.Join(dir, "prenom.json")
	c, err := config.LoadCampaign("../../examples/experiment.yaml")
	if err != nil {
		t.Fatal(err)
	}
	some, err := directory.Load("../../examples/structures.csv")
	if err != nil {
		t.Fatal(err)
	}
	var list []directory.Structure
	known := map[probes.StructureID]*probes.Structure{}
	for k := range 5 {
		for _, s := range some {
			s.ID = probes.StructureID(fmt.Sprintf("%s-%d", s.ID, k))
			list = append(list, s)
		}
	}
	for i := range list {
		known[list[i].ID] = &list[i].Structure
	}
	audits, _, err := schedule.Plan(c, list)
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Measure()
	if err != nil {
		t.Fatal(err)
	}
	frozen, err := c.Grid.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	r, err := experiment.Register(c.ID, c.Title, c.Design(), m, c.Seed, &experiment.Planned{Audits: audits, Structures: known}, c.Start, c.End,
		[]experiment.RegisteredFile{{Name: "experiment.yaml", SHA256: "aa"}, {Name: "structures.csv", SHA256: "bb"}},
		experiment.RegisteredGrid{Version: frozen.Version, SHA256: frozen.SHA256}, "test")
	if err != nil {
		t.Fatal(err)
	}
	raw, sum, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	c.Experiment.Registered(sum, nil)
	launch, err := schedule.NewLaunch(c, []probes.Hash{"aa", "bb"})
	if err != nil {
		t.Fatal(err)
	}
	launch.Timeline.Launched = launch.Timeline.Start
	for name, text := range map[string][]byte{file: []byte("data: data\nlisten: 127.0.0.1:0\nprobers:\n  - {name: p, url: \"http://127.0.0.1:1\"}\n"), registered: raw} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	journal, err := store.Open(filepath.Join(dir, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	records := []probes.Record{}
	random := rand.New(rand.NewPCG(3, 4))
	for i := range audits {
		a := &audits[i]
		records = append(records, probes.Record{Audit: a})
		if random.IntN(20) == 0 {
			records = append(records, probes.Record{Event: &probes.Event{Audit: a.ID, Kind: probes.AuditMissed, At: a.Due, Fault: probes.Ours}})
			continue
		}
		records = append(records, probes.Record{Event: &probes.Event{Audit: a.ID, Kind: probes.MailSending, At: a.Due}}, probes.Record{Event: &probes.Event{Audit: a.ID, Kind: probes.MailAccepted, At: a.Due}})
		if share := map[string]float64{"temoin": 0.7, "traite": 0.35}[a.Treatment]; random.Float64() < share {
			records = append(records, probes.Record{Event: &probes.Event{Audit: a.ID, Kind: probes.MailReceived, At: a.Due.Add(time.Duration(1+random.IntN(100)) * time.Hour),
				Detail: map[string]string{"class": "human", "sure": "yes"}}})
		}
	}
	for i := range list {
		records = append(records, probes.Record{Structure: &list[i].Structure})
	}
	if err := journal.Append(append(records, probes.Record{Launch: &launch})...); err != nil {
		t.Fatal(err)
	}
	db, err := store.OpenCollected(filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for after := uint64(0); ; {
		page, err := journal.Page(after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return file, registered
		}
		if _, err = db.File("p", page); err != nil {
			t.Fatal(err)
		}
		after += uint64(len(page)) // they are numbered from 1
	}
}

// What went through timetable, journal, store and book is found: the effect, the balance, and whether it is what was announced.
func TestExperiment(t *testing.T) {
	file, registered := studied(t)
	code, out, errs := command(t, "experiment", "-config", file, "-preregistration", registered, "-json")
	if code != 0 {
		t.Fatalf("%d %s", code, errs)
	}
	var head report.ExperimentLine
	var effect report.EffectLine
	arms, levels := 0, 0
	for line := range strings.Lines(out) {
		var kind struct{ Type string }
		if err := json.Unmarshal([]byte(line), &kind); err != nil {
			t.Fatal(err)
		}
		var err error
		switch kind.Type {
		case "experiment":
			err = json.Unmarshal([]byte(line), &head)
		case "effect":
			err = json.Unmarshal([]byte(line), &effect)
		case "arm":
			arms++
		case "balance":
			levels++
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if !head.Frozen || !head.Final || len(head.Registered) != 64 || head.Balance.PRandom < 0.001 || arms != 2 || levels < 20 {
		t.Errorf("%d arms, %d levels, %+v", arms, levels, head)
	}
	if effect.N < 100 || effect.Structures != 60 || effect.Difference > -0.2 || effect.Difference < -0.5 || effect.P > 0.001 || effect.PRandom > 0.001 || effect.High > -0.1 {
		t.Errorf("%+v", effect)
	}
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{0, "launched under the pre-registration", nil},
		{0, "pre-registered, and nothing differs", []string{"-preregistration", registered}},
		{0, "standard errors clustered on the structure (CR2)", nil},
		{2, "no such file", []string{"-preregistration", file + ".not"}},
		{2, "it is no pre-registration", []string{"-preregistration", file}},
		{2, "there is none", []string{"-campaign", "other"}},
	} {
		if code, out, errs := command(t, append([]string{"experiment", "-config", file}, c.args...)...); code != c.code || !strings.Contains(out+errs, c.want) {
			t.Errorf("%v: %d\n%s%s", c.args, code, out, errs)
		}
	}
	text, err := os.ReadFile(registered)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(registered, []byte(strings.Replace(string(text), `"outcome": "answered-5d"`, `"outcome": "polite"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, out, _ := command(t, "experiment", "-config", file, "-preregistration", registered); !strings.Contains(out, "this is not the analysis that was pre-registered: SHA-256") || !strings.Contains(out, "design: ") {
		t.Errorf("another outcome was pre-registered:\n%s", out)
	}
	table := filepath.Join(t.TempDir(), "x.csv")
	if code, _, errs := command(t, "experiment", "-config", file, "-format", "csv", "-out", table); code != 0 {
		t.Fatal(errs)
	}
	f, err := os.Open(table)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if rows, err := csv.NewReader(f).ReadAll(); err != nil || len(rows) < 100 || strings.Join(rows[0], " ") != "campaign experiment table arm variable value figure number" {
		t.Errorf("%v, %d rows", err, len(rows))
	}
	code, out, _ = command(t, "outcomes", "-config", file, "-format", "csv")
	if code != 0 || !strings.Contains(out, ",temoin\n") || !strings.Contains(out, ",treatment\n") {
		t.Errorf("the outcomes do not have the treatment")
	}
}
