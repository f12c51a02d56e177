package site_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/site/openapi"
	"github.com/sonde-fleet/sonde/stats"
)

// TestFiguresFromEverySource holds the pages, the API, the text report and the exported files to one set of numbers. What the
// files say is computed again here from their rows, by the definition, with nothing of package stats.
func TestFiguresFromEverySource(t *testing.T) {
	v := newTown(60, 0.7)
	h := open(t, v)
	sources := map[string][]report.Row{"CSV": fromCSV(t, get(h, "/outcomes.csv?channel=mail").Body.Bytes()), "Parquet": fromParquet(t, get(h, "/outcomes.parquet?channel=mail").Body.Bytes())}
	if a, b := sources["CSV"], sources["Parquet"]; len(a) != len(mails(v)) || !reflect.DeepEqual(a, b) {
		t.Errorf("%d rows in the CSV file, %d in the Parquet file, %d mails, or other values", len(a), len(b), len(mails(v)))
	}
	for _, by := range stats.Dimensions {
		want, err := stats.Summary(mails(v), by)
		if err != nil {
			t.Fatal(err)
		}
		groups := append([]stats.Figures{want.All}, want.Groups...)
		lines := report.Lines(want)

		// The API: the lines of the report, and the curve, each step of it.
		api := decoded[openapi.Figures](t, get(h, "/api/v1/figures?points=5000&by="+string(by)), http.StatusOK)
		for i, g := range append([]openapi.FigureGroup{api.All}, api.Groups...) {
			a, _ := json.Marshal(g.Line)
			b, _ := json.Marshal(lines[i])
			if !bytes.Equal(a, b) {
				t.Errorf("by %s, %s: the API gives %s, the report %s", by, g.Group, a, b)
			}
			steps := groups[i].Curve.Steps
			if len(g.Curve) != len(steps) {
				t.Fatalf("by %s, %s: %d steps, want %d", by, g.Group, len(g.Curve), len(steps))
			}
			for k, s := range steps {
				if x := g.Curve[k]; x.DelayMs != s.T || x.Share != 1-s.S || x.AtRisk != s.AtRisk || x.Events != s.Events || x.Censored != s.Censored || (x.Low == nil) != math.IsNaN(s.High) {
					t.Errorf("by %s, %s, step %d: %+v, want %+v", by, g.Group, k, x, s)
				}
			}
		}
		if (api.Logrank != nil) != (want.LogRank.DF > 0) || api.Logrank != nil && (*api.Logrank.P != want.LogRank.P || *api.Logrank.Chisq != want.LogRank.ChiSq) {
			t.Errorf("by %s: log-rank %+v, want %+v", by, api.Logrank, want.LogRank)
		}

		var text bytes.Buffer
		if err := report.Text(&text, want); err != nil {
			t.Fatal(err)
		}
		table := strings.Split(text.String(), "\n")[1:]
		page := get(h, "/?lang=en&by="+string(by)).Body.String()
		for i, f := range groups {
			for _, share := range []float64{f.Rates[0].Share, f.Rates[1].Share, f.Rates[2].Share, f.Rates[3].Share} {
				if said := report.Percent(share); !strings.Contains(table[i], said) {
					t.Errorf("by %s, %s: the text %q lacks %s", by, f.Group, table[i], said)
				} else if !math.IsNaN(share) && !strings.Contains(page, ">"+strings.ReplaceAll(said, " ", "")+"<") {
					t.Errorf("by %s, %s: the page lacks %s", by, f.Group, said)
				}
			}
			if !strings.Contains(table[i], report.Delay(f.Median)) {
				t.Errorf("by %s, %s: the text %q lacks the median %s", by, f.Group, table[i], report.Delay(f.Median))
			}
			for name, rows := range sources {
				check(t, name+" by "+string(by)+", "+f.Group, &f, of(rows, by, f.Group))
			}
		}
	}
}

// of returns the rows of a group.
func of(rows []report.Row, by stats.Dimension, group string) (out []report.Row) {
	for _, r := range rows {
		o := stats.Outcome{}
		o.Body.Kind, o.Body.Sector, o.Body.Band, o.Body.Region, o.Channel = r.Kind, r.Sector, r.Band, r.Region, "mail"
		if by == stats.ByWeek {
			o.Due, o.Sent = instant(r.Due), instant(r.Contacted)
		}
		if group == "all" || by.Of(&o) == group {
			out = append(out, r)
		}
	}
	return out
}

func instant(text string) time.Time {
	at, _ := time.Parse(time.RFC3339Nano, text)
	return at
}

// check computes a group's figures again from rows of a file.
func check(t *testing.T, what string, f *stats.Figures, rows []report.Row) {
	t.Helper()
	type subject struct {
		time  int64
		event bool
	}
	var subjects []subject
	n := map[string]int{}
	acked := 0
	for _, r := range rows {
		n[r.Result]++
		switch r.Result {
		case "answered", "silent", "unreachable":
			s := subject{*r.Followed, false}
			if r.Result == "answered" && !r.Late {
				s = subject{*r.Delay, true}
			}
			subjects = append(subjects, s)
			if r.Acknowledged {
				acked++
			}
		}
	}
	if len(rows) != f.Audits || len(subjects) != f.Counted() || n["answered"] != f.Results[stats.Answered] || n["spoiled"] != f.Results[stats.Spoiled] || n["in doubt"] != f.Results[stats.InDoubt] {
		t.Errorf("%s: %d audits, %v; want %d, %v", what, len(rows), n, f.Audits, f.Results)
	}
	if len(subjects) == 0 {
		return
	}
	if got := float64(acked) / float64(len(subjects)); math.Abs(got-f.Acked.Share) > 1e-12 {
		t.Errorf("%s: acknowledged %v, want %v", what, got, f.Acked.Share)
	}
	left := func(until int64) float64 {
		s := 1.0
		var times []int64
		for _, x := range subjects {
			if x.event && x.time <= until && !slices.Contains(times, x.time) {
				times = append(times, x.time)
			}
		}
		for _, at := range times {
			risk, events := 0, 0
			for _, x := range subjects {
				if x.time >= at {
					risk++
				}
				if x.event && x.time == at {
					events++
				}
			}
			s *= 1 - float64(events)/float64(risk)
		}
		return s
	}
	for _, r := range f.Rates {
		if got := 1 - left(r.Within.Milliseconds()); math.Abs(got-r.Share) > 1e-9 {
			t.Errorf("%s: %v within %s, want %v", what, got, r.Within, r.Share)
		}
	}
	if !math.IsNaN(f.Median) && (left(int64(f.Median)) > 0.5+1e-9 || left(int64(f.Median)-1) < 0.5-1e-9) {
		t.Errorf("%s: the median %v leaves %v, before it %v", what, f.Median, left(int64(f.Median)), left(int64(f.Median)-1))
	}
}

func fromParquet(t *testing.T, file []byte) []report.Row {
	t.Helper()
	rows, err := parquet.Read[report.Row](bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// fromCSV reads the table back by its headings.
func fromCSV(t *testing.T, file []byte) (rows []report.Row) {
	t.Helper()
	table, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range table[1:] {
		var r report.Row
		v := reflect.ValueOf(&r).Elem()
		for i := range v.NumField() {
			cell := line[slices.Index(table[0], v.Type().Field(i).Tag.Get("json"))]
			f := v.Field(i)
			if f.Kind() == reflect.Pointer {
				if cell == "" {
					continue
				}
				f.Set(reflect.New(f.Type().Elem()))
				f = f.Elem()
			}
			switch f.Kind() {
			case reflect.String:
				f.SetString(cell)
			case reflect.Bool:
				f.SetBool(cell == "true")
			default:
				n, err := strconv.ParseInt(cell, 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				f.SetInt(n)
			}
		}
		rows = append(rows, r)
	}
	return rows
}
