package opendata_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report/opendata"
	"github.com/sonde-fleet/sonde/score"
	"github.com/sonde-fleet/sonde/stats"
)

// town makes outcomes of unequal groups: many small town halls, few of everything else. Each audit's delay is its own number
// of minutes, so that the test can tell whose a published row is, as nobody else can.
func town(random *rand.Rand, bodies int) (all []stats.Outcome, whose map[string]probes.StructureID) {
	whose = map[string]probes.StructureID{}
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	pick := func(from ...string) string { return from[min(int(random.ExpFloat64()), len(from)-1)] }
	for b := range bodies {
		body := probes.Structure{ID: probes.StructureID(fmt.Sprintf("id-%04d", b)), Name: fmt.Sprintf("Ville secrète %d", b), Kind: pick("mairie", "département", "hôpital"),
			Sector: pick("public", "private"), Band: pick("2-10k", "10-50k", ">50k"), Region: pick("Bourgogne", "Bretagne", "Corse", "Guyane")}
		for n := range 4 {
			sent := start.Add(time.Duration(random.IntN(50*24)) * time.Hour)
			minutes := int64(len(all) + 1)
			o := stats.Outcome{Audit: probes.Audit{ID: probes.AuditID(fmt.Sprintf("c.%s.%d", body.ID, n)), Campaign: "c", Structure: body.ID, Channel: probes.Mail, Persona: "persona-x",
				Deadline: sent.Add(15 * 24 * time.Hour), Target: "mairie@secret.example"}, Body: body, Sent: sent, Result: stats.Answered, Delay: minutes * 60_000,
				Followed: minutes * 60_000, From: "Marie Durand <m.durand@secret.example>", Evidence: "abc123"}
			whose[strconv.FormatInt(minutes, 10)] = body.ID
			all = append(all, o)
		}
	}
	return all, whose
}

func input(all []stats.Outcome, k int) opendata.Input {
	norms, _ := grid.Profile(grid.DefaultProfile)
	return opendata.Input{Launch: probes.Launch{Campaign: "c", Title: "Baromètre"}, Sheet: score.Of(grid.Current(), norms, all), Outcomes: all, K: k,
		At: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}
}

func read(t *testing.T, name string) (head map[string]int, rows [][]string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	head = map[string]int{}
	for i, h := range all[0] {
		head[h] = i
	}
	return head, all[1:]
}

// Whoever knows everything about a structure but its answers finds at least K structures that a row may be of; and every audit
// is published or counted as left out.
func TestEveryRowIsCommonToKStructures(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		all, whose := town(random, 5+random.IntN(200))
		k := 2 + random.IntN(9)
		dir := t.TempDir()
		s, err := opendata.Write(dir, input(all, k))
		if err != nil {
			t.Fatal(err)
		}
		head, rows := read(t, filepath.Join(dir, "audits.csv"))
		classes := map[string]map[probes.StructureID]bool{}
		for _, r := range rows {
			key := ""
			for _, q := range []string{"kind", "sector", "band", "region", "channel", "period"} {
				key += r[head[q]] + "|"
			}
			if classes[key] == nil {
				classes[key] = map[probes.StructureID]bool{}
			}
			classes[key][whose[r[head["delay_min"]]]] = true
		}
		for key, in := range classes {
			if len(in) < k {
				t.Errorf("seed %d, k %d: %s is common to %d structures", seed, k, key, len(in))
			}
		}
		if len(rows)+s.Suppressed != len(all) {
			t.Errorf("seed %d: %d rows and %d left out of %d audits", seed, len(rows), s.Suppressed, len(all))
		}
		if seed == 0 && len(rows) < len(all)/2 {
			t.Errorf("%d of %d audits survive: the anonymisation destroys what is published", len(rows), len(all))
		}
	}
}

func TestNobodyIsNamed(t *testing.T) {
	all, _ := town(rand.New(rand.NewPCG(1, 1)), 100)
	dir := t.TempDir()
	if _, err := opendata.Write(dir, input(all, 5)); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(files) != 6 {
		t.Errorf("%d files, want 6: %v", len(files), files)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"secr", "id-0", "Durand", "persona-x", "abc123", "c.id"} {
			if strings.Contains(string(raw), secret) {
				t.Errorf("%s has %q", filepath.Base(name), secret)
			}
		}
	}
}

// phoned turns some audits of a town into calls of every result, one of them yet to be made again.
func phoned(all []stats.Outcome) []stats.Outcome {
	yes, no := true, false
	for i := range all {
		o := &all[i]
		if i%3 != 0 {
			continue
		}
		wait := int64(1000 * (5 + i%60))
		o.Channel, o.Status, o.Result = probes.Phone, probes.Closed, stats.Reached
		o.Call = &stats.Call{Tries: []stats.Try{{N: 1, Class: stats.TryAnswered, Mode: "measure", Rang: true, Ring: 3000, Rings: 1}}, FirstAttempt: &yes, Person: &yes, Wait: &wait, Ring: 3000}
		switch i % 5 {
		case 1:
			o.Result, o.Call.Person, o.Call.Wait = stats.Unmanned, &no, nil
		case 2:
			o.Result, o.Status, o.Call.Person, o.Call.Wait, o.Call.FirstAttempt = stats.Unreached, probes.Refused, nil, nil, &no
			o.Call.Tries[0] = stats.Try{N: 1, Class: probes.ClassBusy, Mode: "measure"}
			if i%2 == 0 {
				o.Status = probes.Retrying
			}
		case 3:
			o.Outside, o.Call.FirstAttempt = true, nil
		}
	}
	return all
}

// TestCallsAreOpen holds that the figures of calls go out, of groups that hide everybody, and of no call that will be made again.
func TestCallsAreOpen(t *testing.T) {
	all, _ := town(rand.New(rand.NewPCG(3, 1)), 200)
	all = phoned(all)
	dir := t.TempDir()
	if _, err := opendata.Write(dir, input(all, 5)); err != nil {
		t.Fatal(err)
	}
	head, rows := read(t, filepath.Join(dir, "calls.csv"))
	if len(rows) < 4 {
		t.Fatalf("%d groups of calls", len(rows))
	}
	for _, r := range rows {
		if n, _ := strconv.Atoi(r[head["structures"]]); n < 5 {
			t.Errorf("%s %s: %d structures", r[head["by"]], r[head["group"]], n)
		}
		if x, err := strconv.ParseFloat(r[head["first_attempt_share"]], 64); err != nil || x <= 0 || x >= 1 {
			t.Errorf("%s: first attempts %q", r[head["group"]], r[head["first_attempt_share"]])
		}
	}
	head, rows = read(t, filepath.Join(dir, "audits.csv"))
	open := 0
	for i := range all {
		if all[i].Status == probes.Retrying {
			open++
		}
	}
	waits, unreached := 0, 0
	for _, r := range rows {
		if r[head["wait_s"]] != "" {
			waits++
		}
		if r[head["result"]] == "not reached" {
			unreached++
		}
	}
	all = slices.DeleteFunc(all, func(o stats.Outcome) bool { return o.Result != stats.Unreached })
	if waits == 0 || unreached == 0 || unreached > len(all)-open {
		t.Errorf("%d waits, %d of %d not reached, %d of them to be called again", waits, unreached, len(all), open)
	}
}

// The data dictionary describes every column of every file, and no other.
func TestDictionaryIsWhole(t *testing.T) {
	all, _ := town(rand.New(rand.NewPCG(2, 1)), 80)
	all = phoned(all)
	dir := t.TempDir()
	if _, err := opendata.Write(dir, input(all, 3)); err != nil {
		t.Fatal(err)
	}
	var pack struct {
		Resources []struct {
			Path   string
			Schema struct {
				Fields []struct{ Name, Type, Description, Description_fr string }
			}
		}
	}
	raw, err := os.ReadFile(filepath.Join(dir, "datapackage.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &pack); err != nil {
		t.Fatal(err)
	}
	for _, r := range pack.Resources {
		head, rows := read(t, filepath.Join(dir, r.Path))
		if len(head) != len(r.Schema.Fields) || len(rows) == 0 {
			t.Errorf("%s: %d columns, %d described, %d rows", r.Path, len(head), len(r.Schema.Fields), len(rows))
		}
		for _, f := range r.Schema.Fields {
			at, ok := head[f.Name]
			if !ok || f.Description == "" || f.Description_fr == "" {
				t.Errorf("%s: column %q is not there or not described", r.Path, f.Name)
				continue
			}
			for _, row := range rows {
				x, bad := row[at], false
				switch f.Type {
				case "integer":
					_, err := strconv.Atoi(x)
					bad = err != nil
				case "number":
					_, err := strconv.ParseFloat(x, 64)
					bad = err != nil
				case "boolean":
					bad = x != "true" && x != "false"
				}
				if bad && x != "" {
					t.Errorf("%s: %s is %q, described as %s", r.Path, f.Name, x, f.Type)
				}
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	all, _ := town(rand.New(rand.NewPCG(3, 1)), 20)
	if _, err := opendata.Write(t.TempDir(), input(all, 1)); err == nil {
		t.Error("k = 1 was taken")
	}
	dir := t.TempDir()
	if _, err := opendata.Write(dir, input(all, 2)); err != nil {
		t.Fatal(err)
	}
	if _, err := opendata.Write(dir, input(all, 2)); err == nil || !strings.Contains(err.Error(), "another folder") {
		t.Errorf("what was published was written over: %v", err)
	}
}
