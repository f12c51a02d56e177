package grid

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sonde-fleet/sonde/probes"
)

// TestAdviceIsSound holds that Practices and Commitments can never panic, and that they are of use.
func TestAdviceIsSound(t *testing.T) {
	root, err := fs.Sub(embedded, "data")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readAdvice(root, Current()); err != nil {
		t.Fatal(err)
	}
	for _, d := range Current().Determinants {
		if !slices.ContainsFunc(Practices(), func(p Practice) bool { return slices.Contains(p.Determinants, d.Code) }) {
			t.Errorf("no practice helps with %s", d.Code)
		}
	}
	if len(Commitments()) != 8 {
		t.Errorf("%d commitments, Services Publics+ has 8", len(Commitments()))
	}
	p := Practice{Determinants: []string{"clarity"}, Channels: []probes.Channel{probes.Mail}}
	if !p.Fits("clarity", probes.Mail) || p.Fits("clarity", probes.Web) || p.Fits("hours", probes.Mail) {
		t.Error("a practice fits where it does not, or does not where it does")
	}
	greeting := Commitments()[0].Items
	if !slices.Contains(greeting, "mail.greeting") || slices.Contains(greeting, "mail.answered") || !slices.IsSorted(indices(greeting)) {
		t.Errorf("the first commitment has %v", greeting)
	}
}

func indices(codes []probes.ItemCode) (at []int) {
	for _, c := range codes {
		at = append(at, Current().byCode[c])
	}
	return at
}

// Every fault of the two files is named by file, line and column.
func TestEveryFaultOfAdviceIsNamed(t *testing.T) {
	heads := map[string]string{"practices.tsv": strings.Join(practiceColumns, "\t"), "commitments.tsv": strings.Join(commitmentColumns, "\t")}
	sound := map[string]string{
		"practices.tsv":   "a-map\tclarity,hours\tweb,visit\tA map\tUne carte\tOne map.\tUne carte.\tIsère\tAFNOR\t2023",
		"commitments.tsv": "sp1\t1\tKind\tAimable\tSP+\tyes\tmail.greeting,web.rgaa.*",
	}
	for _, c := range []struct{ file, from, to, want string }{
		{"practices.tsv", "a-map", "A map", `practices.tsv:2:1: code: "A map" is no code`},
		{"practices.tsv", "clarity", "clearness", `practices.tsv:2:7: determinants: "clearness" is no determinant`},
		{"practices.tsv", "hours", "clarity", `practices.tsv:2:7: determinants: "clarity" is there twice`},
		{"practices.tsv", "web,visit", "web,fax", `practices.tsv:2:21: channels: "fax" is no channel`},
		{"practices.tsv", "web,visit", "web,", `practices.tsv:2:21: channels: "" is there twice or is nothing`},
		{"practices.tsv", "\tAFNOR", "\t", `source: nothing is there`},
		{"practices.tsv", "2023", "last year", `year: "last year" is no year`},
		{"practices.tsv", "2023", "2023\nx", `practices.tsv:3:1: 1 fields`},
		{"practices.tsv", "2023", "2023\n" + sound["practices.tsv"], `practices.tsv:3:1: code: a-map is there twice`},
		{"practices.tsv", "determinants\t", "determinant\t", "practices.tsv:1:1: the columns are not those of this table"},
		{"commitments.tsv", "sp1\t1", "sp1\t0", `commitments.tsv:2:5: weight: "0" is no weight`},
		{"commitments.tsv", "yes", "perhaps", `checked: "perhaps" is not known`},
		{"commitments.tsv", "mail.greeting", "mail.smile", "items: mail.smile is no item"},
		{"commitments.tsv", "web.rgaa.*", "web.rg*", "items: web.rg* is no item"},
		{"commitments.tsv", "mail.greeting", "mail.greeting\n" + strings.TrimSuffix(sound["commitments.tsv"], ",web.rgaa.*"), "commitments.tsv:3:1: code: sp1 is there twice"},
	} {
		root := fstest.MapFS{}
		for name, text := range sound {
			text = heads[name] + "\n" + text + "\n"
			if name == c.file {
				if !strings.Contains(text, c.from) {
					t.Fatalf("%s: no %q", c.file, c.from)
				}
				text = strings.Replace(text, c.from, c.to, 1)
			}
			root[name] = &fstest.MapFile{Data: []byte(text)}
		}
		if _, err := readAdvice(root, Current()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %q for %q: %v, want %s", c.file, c.to, c.from, err, c.want)
		}
	}
	root := fstest.MapFS{}
	if _, err := readAdvice(root, Current()); err == nil || strings.Count(err.Error(), "cannot be read") != 2 {
		t.Errorf("without the files: %v", err)
	}
}
