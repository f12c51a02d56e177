package duckdb

import (
	_ "embed"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/score"
	"github.com/sonde-fleet/sonde/stats"
)

//go:embed score.sql
var scoreSQL string

// edition makes the outcomes of a campaign of the reference plan in all that can become of an audit: answered early, late, by
// half, not at all; spoiled, open, in doubt; items seen, not seen, not applicable; numbers of every size.
func edition(structures int) (all []stats.Outcome) {
	r := rand.New(rand.NewPCG(12, 34))
	g := grid.Current()
	plan := []probes.Channel{probes.Mail, probes.Mail, probes.Mail, probes.Mail, probes.Phone, probes.Phone, probes.Phone, probes.Phone, probes.Web, probes.Web,
		probes.Post, probes.Social, probes.Visit}
	results := []stats.Result{stats.Answered, stats.Answered, stats.Answered, stats.Answered, stats.Silent, stats.Silent, stats.Unreachable, stats.Spoiled,
		stats.InDoubt, stats.Waiting, stats.Out}
	sites := []stats.Result{stats.Visited, stats.Visited, stats.Visited, stats.Visited, stats.Blocked, stats.Offline, stats.Spoiled}
	answers := []string{probes.AnswerGiven, probes.AnswerGiven, probes.AnswerTransferred, probes.AnswerAsksMore, probes.AnswerRefers}
	const day = 24 * time.Hour
	for s := range structures {
		body := probes.Structure{ID: probes.StructureID(fmt.Sprintf("%05d", s)), Name: "S", Kind: []string{"mairie", "hôpital", "département"}[s%3], Sector: "public", Band: "2-10k"}
		for n, c := range plan {
			sent := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(50*24*3600)) * time.Second)
			o := stats.Outcome{Audit: probes.Audit{ID: probes.AuditID(fmt.Sprintf("e.%05d.%02d", s, n+1)), Campaign: "e", Structure: body.ID, Channel: c, Number: n + 1,
				Due: sent, Deadline: sent.Add(15 * day)}, Body: body, Sent: sent, Result: results[r.IntN(len(results))], Status: probes.Closed}
			if c == probes.Web {
				o.Result = sites[r.IntN(len(sites))]
			}
			switch o.Result {
			case stats.Answered:
				o.Delay = int64(r.ExpFloat64() * 60 * 3600 * 1000)
				o.Replied, o.Late, o.Worked, o.Days = sent.Add(time.Duration(o.Delay)*time.Millisecond), o.Delay > (15*day).Milliseconds(), o.Delay/4, int(o.Delay/86400000)
				o.Followed, o.Answer, o.Junk = min(o.Delay, (15*day).Milliseconds()), answers[r.IntN(len(answers))], r.IntN(9) == 0
			case stats.Silent:
				if o.Followed = (15 * day).Milliseconds(); r.IntN(5) == 0 { // still open
					o.Followed = r.Int64N(o.Followed)
				}
			case stats.Unreachable:
				o.Followed = (15 * day).Milliseconds()
			case stats.Visited:
				o.Pages, o.Barriers, o.Checks = 1+r.IntN(20), r.IntN(400), r.IntN(30)
				o.ChecksUp = o.Checks - min(o.Checks, r.IntN(3))
			}
			if o.Counted() {
				if o.Acked = r.IntN(3) == 0; o.Acked {
					o.AckDelay = r.Int64N((10 * day).Milliseconds())
				}
				o.Absent = r.IntN(8) == 0
				for _, class := range []string{probes.ClassChallenge, probes.ClassDelay, probes.ClassHuman} {
					if r.IntN(6) == 0 {
						o.Classes = append(o.Classes, class)
					}
				}
			}
			var seen []probes.Observation
			for i := range g.Items {
				it := &g.Items[i]
				if it.Channel != c || it.How == grid.Measured && !it.Awaiting() {
					continue
				}
				x := probes.Observation{Item: it.Code}
				switch k := r.IntN(10); {
				case k == 0: // not observed
					continue
				case k == 1:
					x.Value = probes.NotApplicable
				case it.Unit != "":
					v := r.ExpFloat64() * []float64{0.5, 5, 50, 500}[r.IntN(4)]
					x.Number = &v
				default:
					x.Value = []probes.Value{probes.Yes, probes.No}[r.IntN(2)]
				}
				seen = append(seen, x)
			}
			if o.Result == stats.Answered || o.Result == stats.Visited || r.IntN(4) == 0 { // an acknowledgement is judged though nobody answers
				o.Items = stats.MarksOf(seen, nil)
			}
			all = append(all, o)
		}
	}
	return all
}

// TestScoresRecomputed computes the scores of two thousand structures a second time, in SQL over the exported Parquet files, and
// compares every mean: the whole, twenty determinants, three stages and six channels.
func TestScoresRecomputed(t *testing.T) {
	outcomes := edition(2000)
	norms, _ := grid.Profile(grid.DefaultProfile)
	sheet := score.Of(grid.Current(), norms, outcomes)
	dir := t.TempDir()
	write := func(name string, f func(io.Writer) error) string {
		t.Helper()
		path := filepath.Join(dir, name)
		file, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := f(file); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		return path
	}
	fill := []string{
		"{outcomes}", write("outcomes.parquet", func(w io.Writer) error { return report.OutcomesParquet(w, outcomes) }),
		"{items}", write("items.parquet", func(w io.Writer) error { return report.ItemsParquet(w, sheet, outcomes) }),
		"{grid}", write("grid.parquet", func(w io.Writer) error { return report.GridParquet(w, sheet.Grid, norms) }),
	}
	for _, n := range norms.Values {
		fill = append(fill, "{"+n.Key+"}", strconv.FormatFloat(n.Value, 'g', -1, 64))
	}
	db, err := Open(2)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	start := time.Now()
	rows, err := db.Query(strings.NewReplacer(fill...).Replace(scoreSQL))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	type key struct{ structure, part, code string }
	theirs := map[key]float64{}
	for rows.Next() {
		var k key
		var v float64
		if err := rows.Scan(&k.part, &k.code, &k.structure, &v); err != nil {
			t.Fatal(err)
		}
		theirs[k] = v
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	worst, compared, wrong := 0.0, 0, 0
	check := func(structure, part, code string, m score.Mean) {
		k := key{structure, part, code}
		want, ok := theirs[k]
		delete(theirs, k)
		switch {
		case math.IsNaN(m.Value) && !ok:
			return
		case !ok || math.IsNaN(m.Value) || math.Abs(want-m.Value) > 1e-9:
			if wrong++; wrong <= 10 {
				t.Errorf("%s %s %s: ours %v, SQL %v (%v)", structure, part, code, m.Value, want, ok)
			}
			return
		}
		compared++
		worst = max(worst, math.Abs(want-m.Value))
	}
	for i := range sheet.Bodies {
		b := &sheet.Bodies[i]
		id := string(b.ID)
		check(id, "score", "", b.Score)
		for d := range b.Determinants {
			check(id, "determinant", sheet.Grid.Determinants[d].Code, b.Determinants[d])
		}
		for s := range b.Stages {
			check(id, "stage", string(grid.Stages[s]), b.Stages[s])
		}
		for c := range b.Channels {
			check(id, "channel", string(probes.Channels[c]), b.Channels[c])
		}
	}
	if len(theirs) > 0 || wrong > 0 || compared < 2000*20 {
		t.Errorf("%d means agree, %d do not, SQL has %d that we have not", compared, wrong, len(theirs))
	}
	t.Logf("%d means of %d structures and %d audits agree, the worst to %.1e; SQL took %v", compared, len(sheet.Bodies), len(outcomes), worst, time.Since(start).Round(time.Millisecond))
}
