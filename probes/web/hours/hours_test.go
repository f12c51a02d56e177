package hours

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what Find returns into testdata/cases.txt; read the difference before you commit it")

const casesFile = "testdata/cases.txt"

// goldenCase is a text and what is found in it, one line for each run.
type goldenCase struct {
	name, text, want string
}

// readCases reads the table: "=== name", the text ("\t" is a tab), "---", and the runs.
func readCases(t testing.TB) (out []goldenCase) {
	t.Helper()
	b, err := os.ReadFile(casesFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split("\n"+string(b), "\n=== ")[1:] {
		name, rest, _ := strings.Cut(part, "\n")
		text, want, _ := strings.Cut("\n"+rest, "\n---")
		text = strings.ReplaceAll(strings.TrimPrefix(text, "\n"), `\t`, "\t")
		out = append(out, goldenCase{name, text, strings.Trim(want, "\n")})
	}
	return out
}

// show is the line of a run in the table: hours, doubt, title, notes.
func show(all []Found) string {
	var lines []string
	for _, f := range all {
		line := f.OSM
		if !f.Sure {
			line += " ?"
		}
		if f.Title != "" {
			line += fmt.Sprintf(" | %s", f.Title)
		}
		for _, n := range f.Notes {
			line += fmt.Sprintf(" # %s", n)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestGolden(t *testing.T) {
	cases := readCases(t)
	var b strings.Builder
	for _, c := range cases {
		found := Find(c.text)
		got := show(found)
		fmt.Fprintf(&b, "=== %s\n%s\n---\n", c.name, strings.ReplaceAll(c.text, "\t", `\t`))
		if got != "" {
			b.WriteString(got + "\n")
		}
		for _, f := range found {
			if f.From < 0 || f.From >= f.To || f.To > len(c.text) {
				t.Errorf("%s: passage %d to %d of %d octets", c.name, f.From, f.To, len(c.text))
			}
		}
		if got != c.want && !*update {
			t.Errorf("%s: %q\ngot  %s\nwant %s", c.name, c.text, got, c.want)
		}
	}
	if *update {
		if err := os.WriteFile(casesFile, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEqual(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"Mo,Tu,We,Th,Fr 9:00-12:00", "Mo-Fr 09:00-12:00", true},
		{"Mo-Fr 09:00-12:00; PH off", "Mo-Fr 09:00-12:00", true},
		{"Mo-Fr 09:00-12:00; Su,PH 10:00-12:00", "Mo-Fr 09:00-12:00; Su 10:00-12:00", true},
		{"PH,Su 10:00-12:00", "Su 10:00-12:00", true},
		{`Mo-Fr 09:00-12:00 "sur rendez-vous"`, "Mo-Fr 09:00-12:00", true},
		{"Mo-Fr 09:00-12:00,14:00-17:00", "Mo-Fr 14:00-17:00; Mo-Fr 09:00-12:00", false}, // a later rule replaces
		{"Mo-Fr 09:00-12:00,14:00-17:00", "Mo-Fr 09:00-12:00, Mo-Fr 14:00-17:00", true},
		{"Mo-Fr 09:00-12:00", "Mo-Fr 09:00-12:01", false},
		{"Mo-Fr 09:00-12:00", "Mo-Th 09:00-12:00", false},
		{"Mo-Fr 09:00-12:00; We off", "Mo,Tu,Th,Fr 09:00-12:00", true},
		{"24/7", "Mo-Su 00:00-24:00", true},
		{"Fr 22:00-02:00", "Fr 22:00-26:00", true},
		{"Mo-Fr 09:00-12:00; Jul-Aug off", "Mo-Fr 09:00-12:00", false},
		{"Jul 01-Aug 31 Mo 09:00-12:00", "Jul-Aug Mo 09:00-12:00", true},
		{"Sa[1,3] 09:00-12:00", "Sa[3],Sa[1] 09:00-12:00", true},
		{"Sa[1] 09:00-12:00", "Sa[2] 09:00-12:00", false},
		{"week 02-52/2 Sa 09:00-12:00", "Mo off; week 02-52/2 Sa 9:00-12:00", true},
		{"week 02-52/2 Sa 09:00-12:00", "week 01-53/2 Sa 09:00-12:00", false},
		{"week 02-52/2 Sa 09:00-12:00", "Sa 09:00-12:00", false},
		{"Mo 09:00-12:00; SH off", "Mo 09:00-12:00", false},
		{"Mo 09:00-12:00; SH Mo 14:00-17:00", "SH Mo 14:00-17:00; Mo 9:00-12:00", true},
		{"Mo sunrise-12:00", "mo  sunrise-12:00", true},
		{"Mo sunrise-12:00", "Mo 06:00-12:00", false},
		{"PH off", "", true},
		{"", "Mo 09:00-12:00", false},
	} {
		if got := Equal(test.a, test.b); got != test.want {
			t.Errorf("%q, %q: %v", test.a, test.b, got)
		}
		if got := Equal(test.b, test.a); got != test.want {
			t.Errorf("%q, %q: %v", test.b, test.a, got)
		}
	}
}

func TestFromSchema(t *testing.T) {
	week := []string{"https://schema.org/Monday", "http://schema.org/Tuesday", "Wednesday", "jeudi", "Fri"}
	for _, test := range []struct {
		hours []string
		specs []Spec
		want  string
		ok    bool
	}{
		{[]string{"Mo-Fr 09:00-17:00"}, nil, "Mo-Fr 09:00-17:00", true},
		{[]string{"Mo,Tu 9:00-12:00", "Mo,Tu 14:00-17:00", "Sa 10:00-12:00"}, nil, "Mo,Tu 09:00-12:00,14:00-17:00; Sa 10:00-12:00", true},
		{[]string{"Mo-Fr 09:00-12:00,14:00-17:00"}, nil, "Mo-Fr 09:00-12:00,14:00-17:00", true},
		{[]string{"Mo-Fr 09:00-12:00; Sa 09:00-11:00"}, nil, "Mo-Fr 09:00-12:00; Sa 09:00-11:00", true},
		{[]string{"Mo-Su"}, nil, "24/7", true},
		{[]string{"24/7"}, nil, "24/7", true},
		{[]string{"Mo-Fr 09:00"}, nil, "", false},
		{[]string{"Mo 17:00-09:00"}, nil, "", false},
		{[]string{"Mo 09:00-12:00", "Mo 10:00-11:00"}, nil, "Mo 09:00-12:00", false},
		{[]string{"sur rendez-vous", "Mo 09:00-12:00"}, nil, "Mo 09:00-12:00", false},
		{nil, []Spec{{Days: week, Opens: "09:00", Closes: "17:30:00"}}, "Mo-Fr 09:00-17:30", true},
		{nil, []Spec{{Days: []string{"Monday"}, Opens: "09:00", Closes: "12:00"}, {Days: []string{"Monday"}, Opens: "14:00:00", Closes: "17:00:00"},
			{Days: []string{"Sunday"}, Opens: "00:00", Closes: "00:00"}}, "Mo 09:00-12:00,14:00-17:00", true},
		{nil, []Spec{{Days: []string{"Friday"}, Opens: "22:00", Closes: "02:00"}}, "Fr 22:00-02:00", true},
		{nil, []Spec{{Days: []string{"Friday"}, Opens: "00:00", Closes: "23:59"}}, "Fr 00:00-24:00", true},
		{nil, []Spec{{Days: []string{"Friday", "PublicHolidays"}, Opens: "09:00", Closes: "10:00"}}, "Fr,PH 09:00-10:00", true},
		{nil, []Spec{{Days: []string{"Friday"}, Opens: "09:00+01:00", Closes: "10:00"}}, "Fr 09:00-10:00", true},
		{nil, []Spec{{Days: []string{"Monday"}, Opens: "09:00", Closes: "12:00", ValidFrom: "2026-01-01"}}, "", false},
		{nil, []Spec{{Days: []string{"someday"}, Opens: "09:00", Closes: "12:00"}}, "", false},
		{nil, []Spec{{Days: []string{"Monday"}, Opens: "nine", Closes: "12:00"}}, "", false},
		{nil, []Spec{{Opens: "09:00", Closes: "12:00"}}, "", false},
		{nil, nil, "", false},
	} {
		if got, ok := FromSchema(test.hours, test.specs); got != test.want || ok != test.ok {
			t.Errorf("%q %v: %q, %v", test.hours, test.specs, got, ok)
		}
	}
}
