package edition_test

import (
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report/edition"
	"github.com/sonde-fleet/sonde/score"
	"github.com/sonde-fleet/sonde/stats"
)

// The example file is the programme's public table; with a campaign of our own it makes lines from 2013 to now.
func TestLinesFromTheFirstEditionToOurOwn(t *testing.T) {
	f, err := os.Open("../../examples/editions.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	past, err := edition.Parse("editions.csv", f)
	if err != nil {
		t.Fatal(err)
	}
	sent := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	o := stats.Outcome{Audit: probes.Audit{ID: "c.s.1", Campaign: "c", Structure: "s", Channel: probes.Mail, Deadline: sent.Add(360 * time.Hour)},
		Body: probes.Structure{ID: "s", Sector: "public"}, Sent: sent, Result: stats.Silent, Followed: (360 * time.Hour).Milliseconds()}
	norms, _ := grid.Profile(grid.DefaultProfile)
	all := []stats.Outcome{o}
	own, err := edition.Of(probes.Launch{Campaign: "c", Timeline: probes.Timeline{Start: sent}, End: sent.AddDate(0, 2, 0)}, all, score.Of(grid.Current(), norms, all))
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, l := range edition.Lines(append(own, past...)) {
		for i := 1; i < len(l.Points); i++ {
			if l.Points[i].Year < l.Points[i-1].Year {
				t.Errorf("%s: %v comes after %v", l.Figure, l.Points[i].Year, l.Points[i-1].Year)
			}
		}
		if l.Figure == "silent-5d" {
			found = true
			first, last := l.Points[0], l.Points[len(l.Points)-1]
			if first.Year != 2013 || first.Value != 0.5 || !last.Own || last.Value != 1 || last.N != 1 || last.Audits.Get("campaign") != "c" {
				t.Errorf("silent within 5 days: first %+v, last %+v", first, last)
			}
		}
	}
	if !found {
		t.Error("no line of the silent e-mails")
	}
}

func TestFaultsNameTheCellAndTheMend(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"", "e.csv:1: the header is missing"},
		{"year,figure\n", "e.csv:1: value: the column is missing"},
		{"year,figure,value,colour\n2013,wait,16,red\n", "e.csv:1: colour: the column is not known"},
		{"year,figure,value\n2013,waiting,16\n", `e.csv:2: figure: "waiting" is not a figure; one of score, first-attempt`},
		{"year,figure,value\n2013,within-24h-public,38\n", `e.csv:2: value: "38" is no number from 0 to 1; a share is written 0.38, not 38 %`},
		{"year,figure,value\n13,wait,16\n", `e.csv:2: year: "13" is no number`},
		{"year,figure,value,low,high\n2013,wait,16,17,18\n", "e.csv:2: low: the interval does not hold the value"},
		{"year,figure,value\n2013,wait,\n", "e.csv:2: value: it is missing"},
		{"year,figure,value\n2013,wait\n", "e.csv:2:"},
		{"year,figure,value\n2013,wait,NaN\n", "e.csv:2: value"},
	} {
		_, err := edition.Parse("e.csv", strings.NewReader(c.file))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.file, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("year,figure,value\n2013,wait,16\n")
	f.Add("\ufeffyear,figure,group,value,low,high,n,source\n2023,score,public,66,60,70,200,\"a \"\"b\"\"\"\n")
	f.Fuzz(func(t *testing.T, file string) {
		points, err := edition.Parse("e.csv", strings.NewReader(file))
		if err != nil && len(err.Error()) == 0 {
			t.Error("a fault without words")
		}
		for _, l := range edition.Lines(points) {
			for _, p := range l.Points {
				if math.IsNaN(p.Value) || math.IsNaN(p.Year) {
					t.Errorf("%+v", p)
				}
			}
		}
	})
}
