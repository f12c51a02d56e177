package directory

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	_ "time/tzdata"

	"github.com/sonde-fleet/sonde/probes"
)

var (
	update = flag.Bool("update", false, "write the golden files")
	today  = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
)

// One bad file for each rule; the exact faults stand beside it. A new case is a new file and -update.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, file := range files {
		if strings.HasSuffix(file, ".golden") {
			continue
		}
		n++
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			structures, err := Read(bytes.NewReader(data), filepath.Base(file), today)
			var faults Faults
			if !errors.As(err, &faults) || structures != nil {
				t.Fatalf("%d structures, no faults: %v", len(structures), err)
			}
			if *update {
				if err := os.WriteFile(file+".golden", []byte(err.Error()+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file + ".golden")
			if err != nil {
				t.Fatal(err)
			}
			if got := faults.Error() + "\n"; got != string(want) {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
	if n < 20 {
		t.Errorf("only %d bad files", n)
	}
}

const goodCSV = "\ufeffID;id_scheme;name;kind;sector;zone;hours;holidays;mail;web;phone;ground;ground_date;shared\r\n" +
	"35600000000048;siret;La Poste;poste;public;Europe/Paris;\"Mo-Fr 09:00-12:00; PH off\";FR;contact@poste.example | aide@POSTE.example;https://www.poste.example/;+33 (1) 99.00-12 34;mandate;2026-01-12;\r\n" +
	"35600000009075;SIRET;Bureau;poste;private;America/Cayenne;24/7;FR-973;contact@bureau.example;;;consent;2026-03-01;yes\r\n"

const goodJSON = `[
 {"id": "35600000000048", "id_scheme": "siret", "name": "La Poste", "kind": "poste", "sector": "public", "zone": "Europe/Paris",
  "hours": "Mo-Fr 09:00-12:00; PH off", "holidays": "FR", "ground": "mandate", "ground_date": "2026-01-12", "band": null,
  "contacts": {"mail": ["contact@poste.example", "aide@POSTE.example"], "web": ["https://www.poste.example/"], "phone": ["+33 (1) 99.00-12 34"]}},
 {"id": "35600000009075", "id_scheme": "SIRET", "name": "Bureau", "kind": "poste", "sector": "private", "zone": "America/Cayenne",
  "hours": "24/7", "holidays": "FR-973", "ground": "consent", "ground_date": "2026-03-01", "shared": true,
  "contacts": {"mail": ["contact@bureau.example"]}}
]`

func TestReadBothFormats(t *testing.T) {
	want := []Structure{
		{
			Structure: probes.Structure{ID: "35600000000048", Name: "La Poste", Kind: "poste", Sector: "public", Zone: "Europe/Paris", Hours: "Mo-Fr 09:00-12:00; PH off", Holidays: "FR"},
			Scheme:    "siret", Ground: "mandate", GroundDate: time.Date(2026, 1, 12, 0, 0, 0, 0, time.UTC),
			Contacts: map[probes.Channel][]string{
				probes.Mail: {"contact@poste.example", "aide@poste.example"}, probes.Web: {"https://www.poste.example/"}, probes.Phone: {"+33199001234"},
			},
		},
		{
			Structure: probes.Structure{ID: "35600000009075", Name: "Bureau", Kind: "poste", Sector: "private", Zone: "America/Cayenne", Hours: "24/7", Holidays: "FR-973"},
			Scheme:    "siret", Ground: "consent", GroundDate: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Shared: true,
			Contacts: map[probes.Channel][]string{probes.Mail: {"contact@bureau.example"}},
		},
	}
	for name, text := range map[string]string{"a.csv": goodCSV, "a.JSON": goodJSON} {
		got, err := Read(strings.NewReader(text), name, today)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v\n%v", name, got, err)
		}
	}
}

func TestLoadMissingFile(t *testing.T) {
	if _, err := Load("testdata/nowhere.csv"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestSuppressed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "suppressed.txt")
	text := "# asked by telephone\nA1\n@ville.example  # the whole town\n\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := LoadSuppressed(path)
	if err != nil || list.Len() != 2 {
		t.Fatal(list, err)
	}
	for _, test := range []struct {
		id, mail, want string
	}{
		{"a1", "", "a1"}, {"b1", "x@Ville.example", "ville.example"}, {"b1", "x@ccas.ville.example", "ville.example"},
		{"b1", "x@autreville.example", ""}, {"b1", "", ""}, {"example", "", ""},
	} {
		s := Structure{Structure: probes.Structure{ID: probes.StructureID(test.id)}, Contacts: map[probes.Channel][]string{}}
		if test.mail != "" {
			s.Contacts[probes.Mail] = []string{test.mail}
		}
		if entry, ok := list.Has(&s); entry != test.want || ok != (test.want != "") {
			t.Errorf("%s %s: %q", test.id, test.mail, entry)
		}
	}
	if err := os.WriteFile(path, []byte("a1\nnot an id\nx y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = LoadSuppressed(path)
	var faults Faults
	if !errors.As(err, &faults) || len(faults) != 2 || faults[1].Line != 3 {
		t.Error(err)
	}
	var none *Suppressed
	if _, ok := none.Has(&Structure{}); ok || none.Len() != 0 {
		t.Error("no list suppresses somebody")
	}
}

// fuzz checks what must hold of any file: structures or faults, never both, and every place lies in the file.
func fuzz(t *testing.T, data []byte, name string) {
	structures, err := Read(bytes.NewReader(data), name, today)
	if err == nil {
		seen := map[string]bool{}
		for _, s := range structures {
			id := strings.ToUpper(string(s.ID))
			if seen[id] || !idShape.MatchString(string(s.ID)) || s.Ground == "" || s.GroundDate.IsZero() || s.GroundDate.After(today) || len(s.Contacts) == 0 {
				t.Fatalf("accepted %+v", s)
			}
			seen[id] = true
		}
		if len(structures) == 0 {
			t.Fatal("neither structures nor faults")
		}
		return
	}
	var faults Faults
	if !errors.As(err, &faults) || structures != nil {
		t.Fatalf("%d structures and %v", len(structures), err)
	}
	lines := bytes.Count(data, []byte("\n")) + 1
	for _, f := range faults {
		if f.Problem == "" || f.Line < 0 || f.Line > lines || f.Column > len(data)+4 {
			t.Fatalf("%+v of %d lines", f, lines)
		}
	}
}

func seeds(f *testing.F, pattern, good string) {
	f.Add([]byte(good))
	files, err := filepath.Glob(pattern)
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
}

func FuzzDirectoryCSV(f *testing.F) {
	seeds(f, "testdata/bad/*.csv", goodCSV)
	f.Fuzz(func(t *testing.T, data []byte) { fuzz(t, data, "x.csv") })
}

func FuzzDirectoryJSON(f *testing.F) {
	seeds(f, "testdata/bad/*.json", goodJSON)
	f.Fuzz(func(t *testing.T, data []byte) { fuzz(t, data, "x.json") })
}

func BenchmarkLoad35000(b *testing.B) {
	var text strings.Builder
	text.WriteString("id,name,kind,sector,zone,hours,holidays,mail,web,phone,ground,ground_date\n")
	for i := range 35_000 {
		fmt.Fprintf(&text, "s%d,Mairie,mairie,public,Europe/Paris,\"Mo-Fr 09:00-12:00,14:00-17:00; PH off\",FR,a@s%d.example,https://s%d.example/,+331990%05d,mandate,2026-01-12\n", i, i, i, i)
	}
	for b.Loop() {
		if _, err := Read(strings.NewReader(text.String()), "x.csv", today); err != nil {
			b.Fatal(err)
		}
	}
}
