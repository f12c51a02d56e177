package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/stats"
)

var update = flag.Bool("update", false, "write the golden files again")

// town is sixty audits of twelve structures: every result, public and private, shuffled.
func town() []stats.Outcome {
	r := rand.New(rand.NewPCG(7, 9))
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	var out []stats.Outcome
	for i := range 60 {
		s := i % 12
		o := stats.Outcome{Prober: "dijon", Status: probes.Closed, Result: stats.Silent, Events: 4,
			Body: probes.Structure{ID: probes.StructureID(fmt.Sprintf("21%03d", s)), Name: fmt.Sprintf("Mairie n° %d", s), Kind: "mairie", Sector: "public",
				Band: []string{"0-2k", "2-10k", "10-50k"}[s%3], Region: []string{"Grand Est", "Île-de-France"}[s%2]}}
		if s%4 == 0 {
			o.Body.Sector, o.Body.Kind, o.Body.Name = "private", "entreprise", fmt.Sprintf("=Société, %d", s)
		}
		due := start.Add(time.Duration(r.IntN(40*24)) * time.Hour)
		o.Audit = probes.Audit{ID: probes.AuditID(fmt.Sprintf("t.%s.%02d", o.Body.ID, i/12+1)), Campaign: "t", Structure: o.Body.ID, Channel: probes.Mail,
			Scenario: "horaires", Persona: "lea", Wave: "1", Number: i/12 + 1, Due: due, Deadline: due.AddDate(0, 0, 15)}
		window := int64(15 * 24 * 3600 * 1000)
		o.Sent, o.Followed = due.Add(90*time.Second), window
		switch x := r.IntN(20); {
		case x < 12:
			o.Result, o.Delay = stats.Answered, int64(r.ExpFloat64()*60*3600*1000)
			polite := x%4 != 0
			o.Replied, o.Polite, o.Answer, o.Late = o.Sent.Add(time.Duration(o.Delay)*time.Millisecond), &polite, probes.AnswerGiven, o.Delay > window
			o.Worked, o.Days, o.Followed = o.Delay/4, int(o.Delay/86400000), min(o.Delay, window)
			o.Classes, o.Evidence = []string{"auto-ack", "human"}, probes.Hash(strings.Repeat("0f", 32))
			o.Acked, o.AckDelay = true, 61_000
		case x == 12:
			o.Result, o.Status, o.Reason = stats.Unreachable, probes.Refused, "550 5.1.1 no such user"
		case x == 13:
			o.Result, o.Status, o.Reason, o.Sent, o.Followed = stats.Spoiled, probes.Faulted, "our network was down", time.Time{}, 0
		case x == 14:
			o.Result, o.Status, o.Sent, o.Followed = stats.InDoubt, probes.InDoubt, time.Time{}, 0
		case x == 15:
			o.Result, o.Status, o.Sent, o.Followed, o.Events = stats.Waiting, probes.Planned, time.Time{}, 0, 0
		}
		out = append(out, o)
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func golden(t *testing.T, name string, write func(io.Writer) error) {
	t.Helper()
	var got bytes.Buffer
	if err := write(&got); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a, b := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(a), len(b)) {
		var x, y string
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			t.Errorf("%s:%d:\n got %s\nwant %s\nTry: go test ./report -update, and read the difference", path, i+1, x, y)
			return
		}
	}
}

func summary(t *testing.T, all []stats.Outcome, by stats.Dimension) stats.Report {
	t.Helper()
	r, err := stats.Summary(all, by)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestGolden(t *testing.T) {
	all := town()
	for _, by := range []stats.Dimension{"", stats.BySector, stats.ByBand} {
		r, name := summary(t, all, by), "by-"+string(by)
		if by == "" {
			name = "all"
		}
		golden(t, name+".txt", func(w io.Writer) error { return report.Text(w, r) })
		golden(t, name+".json", func(w io.Writer) error { return report.JSON(w, r) })
		golden(t, name+".csv", func(w io.Writer) error { return report.CSV(w, r) })
	}
	headlines, err := report.Headlines(all, nil)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "compare.txt", func(w io.Writer) error { return report.Compare(w, headlines, "http://site") })
	golden(t, "compare.json", func(w io.Writer) error { return report.HeadlinesJSON(w, headlines, "http://site") })
	golden(t, "outcomes.csv", func(w io.Writer) error { return report.OutcomesCSV(w, all) })
	golden(t, "outcomes.jsonl", func(w io.Writer) error { return report.OutcomesJSON(w, all) })
}

// TestNothingYet writes the report of a campaign in which nothing has happened: figures that are not defined are said
// to be so, and nothing is made up.
func TestNothingYet(t *testing.T) {
	r := summary(t, nil, "")
	golden(t, "nothing.txt", func(w io.Writer) error { return report.Text(w, r) })
	golden(t, "nothing.json", func(w io.Writer) error { return report.JSON(w, r) })
	var b bytes.Buffer
	none, err := report.Headlines(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Compare(&b, none, ""); err != nil || strings.Contains(b.String(), "NaN") {
		t.Errorf("%v %s", err, &b)
	}
}

// TestFormatsAgree reads the CSV, the JSON and the Parquet of the same outcomes back.
func TestFormatsAgree(t *testing.T) {
	all := town()
	var c, j, p bytes.Buffer
	for w, write := range map[*bytes.Buffer]func(io.Writer, []stats.Outcome) error{&c: report.OutcomesCSV, &j: report.OutcomesJSON, &p: report.OutcomesParquet} {
		if err := write(w, all); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := parquet.Read[report.Row](bytes.NewReader(p.Bytes()), int64(p.Len()))
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&c).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(all) || len(lines) != len(all)+1 {
		t.Fatalf("%d rows of Parquet, %d lines of CSV, %d outcomes", len(rows), len(lines), len(all))
	}
	var names []string
	for f := range reflect.TypeFor[report.Row]().Fields() {
		names = append(names, f.Tag.Get("json"))
	}
	if !slices.Equal(lines[0], names) {
		t.Errorf("CSV has the columns %v, JSON %v", lines[0], names)
	}
	d := json.NewDecoder(&j)
	for i := range all {
		var row report.Row
		if err := d.Decode(&row); err != nil {
			t.Fatal(err)
		}
		if want := report.RowOf(&all[i]); !reflect.DeepEqual(row, want) || !reflect.DeepEqual(rows[i], want) {
			t.Errorf("row %d:\n JSON    %+v\n Parquet %+v\n outcome %+v", i, row, rows[i], want)
		}
		if name := lines[i+1][3]; strings.HasPrefix(name, "=") {
			t.Errorf("a spreadsheet would compute %q", name)
		}
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{report.Percent(0.1234), "12.3 %"}, {report.Percent(math.NaN()), "–"}, {report.Delay(1500), "1.5 s"}, {report.Delay(45 * 60e3), "45 min"},
		{report.Delay(3.6e6 * 3.5), "3 h 30 min"}, {report.Delay(3.6e6 * 3.05), "3 h 03 min"}, {report.Delay(3.6e6 * 52), "2 d 4 h"}, {report.Delay(math.NaN()), "–"},
		{report.Delay(math.Inf(1)), "–"}, {report.Horizon(48 * time.Hour), "48 h"}, {report.Horizon(120 * time.Hour), "5 days"},
		{report.PValue(0.04213), "= 0.0421"}, {report.PValue(0), "< 1e-300"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
