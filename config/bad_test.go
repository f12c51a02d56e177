package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/directory"
	"github.com/sonde-fleet/sonde/probes"
)

var update = flag.Bool("update", false, "write the golden files")

// load reads a file of testdata by the first word of its name.
func load(path string) error {
	var err error
	switch kind, _, _ := strings.Cut(filepath.Base(path), "-"); kind {
	case "prober":
		_, err = LoadProber(path)
	case "collector":
		_, err = LoadCollector(path)
	case "campaign":
		_, err = LoadCampaign(path)
	default:
		err = errors.New("name the file prober-, collector- or campaign-")
	}
	return err
}

// One bad file for each rule; the exact message stands beside it. A new case is a new file and -update.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d bad files: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			err := load(file)
			var faults Faults
			if !errors.As(err, &faults) {
				t.Fatalf("no faults: %v", err)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", faults.Error()+"\n")
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	got = strings.ReplaceAll(got, filepath.Dir(path)+"/", "")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// Faults between files name the file in which to mend them.
func TestCheckTogether(t *testing.T) {
	p, c, structures, err := LoadTogether("../examples/prober.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p.Mail.Accounts["zoe"] = p.Mail.Accounts["lea"]
	delete(p.Mail.Accounts, "lea")
	c.Waves = []Wave{{ID: "w", Channel: "mail", Kinds: []string{"mairie", "prefecture"}}}
	for i := range c.Scenarios {
		if c.Scenarios[i].ID == "trouver-contact" {
			c.Scenarios[i].Kinds = []string{"mairie"}
		}
	}
	only := []directory.Structure{}
	for _, s := range structures {
		if s.Kind == "mairie" || s.Kind == "hopital" {
			only = append(only, s)
		}
	}
	delete(only[len(only)-1].Contacts, probes.Social)
	golden(t, "testdata/together.txt", strings.ReplaceAll(CheckTogether(p, c, only).Error(), "../examples/", "")+"\n")
}

// All faults of prober.yaml, campaign and directory come together.
func TestLoadFilesTellsEverything(t *testing.T) {
	folder := t.TempDir()
	rows := "id,name,kind,sector,zone,hours,mail,ground,ground_date\na b,Mairie,mairie,public,Europe/Pari,9-5,x,mandate,2026-01-12\n"
	if err := os.WriteFile(filepath.Join(folder, "s.csv"), []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, _, err := LoadFiles("testdata/bad/prober-name.yaml", "testdata/bad/campaign-speed.yaml", filepath.Join(folder, "s.csv"))
	for _, want := range []string{"prober-name.yaml:1:1: name: ", "campaign-speed.yaml:3:1: speed: ", "s.csv:2:1: id: ", "s.csv:2:26: zone: ", "s.csv:2:38: hours: ", "s.csv:2:42: mail: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is missing in\n%v", want, err)
		}
	}
}
