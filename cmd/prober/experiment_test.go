package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/experiment"
)

func TestPowerOfTheExample(t *testing.T) {
	args := []string{"power", "-campaign", "../../examples/experiment.yaml", "-directory", "../../examples/structures.csv", "-runs", "300"}
	code, out, errs := command(t, append(args, "-json")...)
	if code != 0 {
		t.Fatalf("%d %s", code, errs)
	}
	var x struct {
		Arms  []armLine
		Power float64
		Need  float64 `json:"structures_needed"`
		Sim   struct {
			Runs  int
			Power float64
		} `json:"simulated"`
	}
	if err := json.Unmarshal([]byte(out), &x); err != nil || len(x.Arms) != 2 || x.Arms[0].Audits+x.Arms[1].Audits != 48 || x.Power <= 0 || x.Need < 100 || x.Sim.Runs != 300 {
		t.Errorf("%v\n%s", err, out)
	}
	_, again, _ := command(t, append(args, "-json")...)
	if again != out {
		t.Error("the same campaign has another power")
	}
	if _, text, _ := command(t, args...); !strings.Contains(text, "design effect") || !strings.Contains(text, "structures like these") {
		t.Errorf("%s", text)
	}
	if code, _, errs := command(t, "power", "-campaign", "../../examples/campaign.yaml", "-directory", "../../examples/structures.csv"); code != 2 || !strings.Contains(errs, "no experiment") {
		t.Errorf("%d %s", code, errs)
	}
}

// A campaign that names its pre-registration is sound and launched as that says, or not at all.
func TestPreregistrationHoldsTheLaunch(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) string {
		t.Helper()
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	conf := read("../../examples/prober.yaml")
	conf = strings.Replace(conf, "campaign: campaign.yaml", "campaign: experiment.yaml", 1)
	conf = strings.Replace(conf, "data: ../data/dijon-1", "data: data", 1)
	conf = strings.ReplaceAll(conf, "password_file: secrets/mail-password", "password: change-me-this-is-an-example")
	campaign := strings.Replace(read("../../examples/experiment.yaml"), "  # preregistration: prenom.json", "  preregistration: prenom.json", 1)
	structures := read("../../examples/structures.csv")
	write("prober.yaml", conf)
	write("experiment.yaml", campaign)
	write("structures.csv", structures)
	config := filepath.Join(dir, "prober.yaml")
	check := func(want int, says string) {
		t.Helper()
		if code, out, errs := command(t, "check", "-config", config); code != want || !strings.Contains(out+errs, says) {
			t.Errorf("check: %d\n%s%s", code, out, errs)
		}
		files, err := loadFiles(config)
		if err != nil {
			t.Fatal(err)
		}
		if frozen, err := files.Campaign.Frozen(); (err == nil) != (want == 0) || err == nil && len(frozen.SHA256) != 64 {
			t.Errorf("launched: %+v, %v", frozen, err)
		}
	}
	check(2, "prenom.json is not there; Try: prober preregister")
	code, out, errs := command(t, "preregister", "-config", config, "-json")
	var told struct{ File, Readable, SHA256 string }
	if err := json.Unmarshal([]byte(out), &told); code != 0 || err != nil || told.File != filepath.Join(dir, "prenom.json") {
		t.Fatalf("%d %v %s%s", code, err, out, errs)
	}
	r, sum, err := experiment.ReadRegistration([]byte(read(told.File)))
	if err != nil || string(sum) != told.SHA256 || r.Campaign != "prenom-2026" || !strings.Contains(read(told.Readable), told.SHA256) {
		t.Errorf("%v, %s, %+v", err, sum, r)
	}
	check(0, "are sound")
	write("structures.csv", strings.Replace(structures, "Transports de Ville-Exemple", "Bus", 1))
	check(2, "no longer says what would be launched:\n")
	write("structures.csv", structures)
	write("experiment.yaml", strings.Replace(campaign, "seed: 20260302", "seed: 1", 1))
	check(2, "SHA-256 of the assignment")
	if code, _, errs := command(t, "preregister", "-config", config); code != 1 || !strings.Contains(errs, "says something else") {
		t.Errorf("another registration is written over the first: %d %s", code, errs)
	}
	write("experiment.yaml", campaign)
	check(0, "are sound")
	if code, _, errs := command(t, "preregister", "-config", config); code != 0 { // the same once more
		t.Errorf("%d %s", code, errs)
	}
	write("prenom.json", "{}")
	check(2, "it is no pre-registration")
}

// The timetable shows who was given what, and a stratum that is too small is told.
func TestPlanOfTheExperiment(t *testing.T) {
	code, out, errs := command(t, "plan", "-campaign", "../../examples/experiment.yaml", "-directory", "../../examples/structures.csv", "-json")
	if code != 0 || strings.Count(out, `"treatment":"temoin"`) != 24 || strings.Count(out, `"treatment":"traite"`) != 24 {
		t.Errorf("%d %s%s", code, out, errs)
	}
	if _, out, _ := command(t, "plan", "-campaign", "../../examples/campaign.yaml", "-directory", "../../examples/structures.csv", "-json"); strings.Contains(out, "treatment") {
		t.Error("a campaign without an experiment has treatments")
	}
	if _, out, _ := command(t, "plan", "-campaign", "../../examples/experiment.yaml", "-directory", "../../examples/structures.csv", "-table"); !strings.Contains(out, "TREATMENT") {
		t.Error("the table has no treatment")
	}
	text, err := os.ReadFile("../../examples/experiment.yaml")
	if err != nil {
		t.Fatal(err)
	}
	thin := filepath.Join(t.TempDir(), "thin.yaml")
	if err := os.WriteFile(thin, []byte(strings.Replace(string(text), "unit: audit ", "unit: structure ", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, out, _ := command(t, "power", "-campaign", thin, "-directory", "../../examples/structures.csv", "-runs", "0"); !strings.Contains(out, "cannot have every arm") {
		t.Errorf("%s", out)
	}
}
