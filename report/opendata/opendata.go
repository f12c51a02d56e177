// Package opendata makes of a campaign what anybody may have: audits of which nobody can tell whose they are, figures of groups
// that are large enough, the grid that they were judged by, and a data dictionary in the form of a Frictionless Data Package. It
// names no structure, no agent and no persona.
package opendata

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/score"
	"github.com/sonde-fleet/sonde/stats"
)

// Input is what is published.
type Input struct {
	Launch   probes.Launch
	Sheet    *score.Sheet
	Outcomes []stats.Outcome // of the campaign
	K        int             // structures that every row must be common to, at least
	At       time.Time
}

// LeastK is the smallest K: one would hide nobody.
const LeastK = 2

// Summary says what the anonymisation cost.
type Summary struct {
	K           int   `json:"k"`
	Rows        int   `json:"rows"`
	Generalised []int `json:"generalised"` // rows at each level of generalisation, the first being none
	Suppressed  int   `json:"suppressed"`  // rows that no generalisation hides
	Classes     int   `json:"classes"`     // of rows that cannot be told apart
	Smallest    int   `json:"smallest"`    // structures in the smallest class
	Groups      int   `json:"groups_left_out"`
}

// quasi is what a row tells of whose it is.
type quasi struct {
	kind, sector, band, region, channel, when string
}

// levels generalise a row step by step; what is more is taken from the one before.
var levels = []struct {
	name string
	less func(*quasi)
}{
	{"as it was", func(*quasi) {}},
	{"week to month", func(q *quasi) { q.when = month(q.when) }},
	{"without region", func(q *quasi) { q.region = "" }},
	{"without band", func(q *quasi) { q.band = "" }},
	{"without month", func(q *quasi) { q.when = "" }},
	{"without kind", func(q *quasi) { q.kind = "" }},
}

// month returns the month in which an ISO week begins (its Monday).
func month(week string) string {
	var year, n int
	if _, err := fmt.Sscanf(week, "%d-W%d", &year, &n); err != nil {
		return ""
	}
	fourth := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC) // always in week 1
	monday := fourth.AddDate(0, 0, -(int(fourth.Weekday())+6)%7+7*(n-1))
	return monday.Format("2006-01")
}

// row is an audit on its way out.
type row struct {
	quasi
	structure probes.StructureID
	outcome   *stats.Outcome
	points    float64
	level     int
}

// published says whether an audit says anything of a structure.
func published(o *stats.Outcome) bool {
	switch o.Result {
	case stats.Answered, stats.Silent, stats.Unreachable, stats.Visited, stats.Blocked, stats.Offline,
		stats.Reached, stats.Unmanned, stats.PickedUp:
		return true
	case stats.Unreached:
		return o.Status.Ended() // no other call is to come
	}
	return false
}

// anonymise generalises rows until every one of them is common to k structures, and leaves out those that never are.
func anonymise(rows []row, k int) (out []row, s Summary) {
	s = Summary{K: k, Rows: len(rows), Generalised: make([]int, len(levels)), Smallest: math.MaxInt}
	left := rows
	for level := range levels {
		classes := map[quasi]map[probes.StructureID]bool{}
		for i := range left {
			levels[level].less(&left[i].quasi)
			left[i].level = level
			if classes[left[i].quasi] == nil {
				classes[left[i].quasi] = map[probes.StructureID]bool{}
			}
			classes[left[i].quasi][left[i].structure] = true
		}
		for _, in := range classes {
			if len(in) >= k {
				s.Classes++
				s.Smallest = min(s.Smallest, len(in))
			}
		}
		var next []row
		for _, r := range left {
			if len(classes[r.quasi]) < k {
				next = append(next, r)
				continue
			}
			s.Generalised[level]++
			out = append(out, r)
		}
		left = next
	}
	if s.Suppressed = len(left); s.Classes == 0 {
		s.Smallest = 0
	}
	// In the order of the plan the rows of one structure would follow each other.
	slices.SortStableFunc(out, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.channel, b.channel), cmp.Compare(a.kind, b.kind), cmp.Compare(a.band, b.band), cmp.Compare(a.region, b.region),
			cmp.Compare(a.when, b.when), cmp.Compare(a.sector, b.sector), cmp.Compare(a.outcome.Result, b.outcome.Result),
			cmp.Compare(a.outcome.Delay, b.outcome.Delay), cmp.Compare(a.points, b.points))
	})
	return out, s
}

// Write makes the folder's files; the folder may be there, the files must not.
func Write(dir string, in Input) (Summary, error) {
	if in.K < LeastK {
		return Summary{}, fmt.Errorf("k %d hides nobody; Try: %d or more, 5 is usual", in.K, LeastK)
	}
	rows := rowsOf(in)
	rows, s := anonymise(rows, in.K)
	if err := check(rows, in.K); err != nil {
		return s, err
	}
	figures, out, err := groups(in)
	if err != nil {
		return s, err
	}
	calls, few, err := callGroups(in)
	if err != nil {
		return s, err
	}
	s.Groups = out + few
	audits := auditTable(rows)
	categories := categoryTable(in)
	grid := report.GridTable(in.Sheet.Grid, in.Sheet.Norms)
	tables := []*report.Table{&audits, &figures, &calls, &categories, &grid}
	if len(calls.Rows) == 0 { // nobody was called, or so few that nothing can be said
		tables = slices.Delete(tables, 2, 3)
	}
	pack, err := describe(in, s, tables)
	if err != nil {
		return s, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return s, err
	}
	for _, t := range tables {
		if err := create(filepath.Join(dir, t.Name+".csv"), t.CSV); err != nil {
			return s, err
		}
	}
	if err := create(filepath.Join(dir, "datapackage.json"), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(pack)
	}); err != nil {
		return s, err
	}
	return s, create(filepath.Join(dir, "README.md"), func(w io.Writer) error { return readme(w, pack, s) })
}

func create(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already; Try: another folder, what was published is not overwritten", name)
	}
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// rowsOf makes a row of every audit that says anything.
func rowsOf(in Input) (rows []row) {
	points := map[probes.AuditID]float64{}
	in.Sheet.EachPoint(in.Outcomes, func(o *stats.Outcome, all []score.Point) bool {
		sum, weight := 0.0, 0.0
		for i := range all {
			if !math.IsNaN(all[i].Points) {
				sum += all[i].Item.Weight * all[i].Points
				weight += all[i].Item.Weight
			}
		}
		if weight > 0 {
			points[o.ID] = sum / weight
		}
		return true
	})
	for i := range in.Outcomes {
		o := &in.Outcomes[i]
		if !published(o) {
			continue
		}
		p, ok := points[o.ID]
		if !ok {
			p = math.NaN()
		}
		rows = append(rows, row{quasi{o.Body.Kind, o.Body.Sector, o.Body.Band, o.Body.Region, string(o.Channel), stats.ByWeek.Of(o)}, o.Structure, o, p, 0})
	}
	return rows
}

// check counts again, from what is about to be written: every row's class holds k structures.
func check(rows []row, k int) error {
	classes := map[quasi]map[probes.StructureID]bool{}
	for i := range rows {
		if classes[rows[i].quasi] == nil {
			classes[rows[i].quasi] = map[probes.StructureID]bool{}
		}
		classes[rows[i].quasi][rows[i].structure] = true
	}
	for q, in := range classes {
		if len(in) < k {
			return fmt.Errorf("%v is common to %d structures, not %d: nothing was written", q, len(in), k)
		}
	}
	return nil
}

// rounded is a delay to the minute: finer ones would be fingerprints.
func rounded(ms int64) int64 { return (ms + 30_000) / 60_000 }

func auditTable(rows []row) report.Table {
	t := report.Table{Name: "audits", Columns: []string{"kind", "sector", "band", "region", "channel", "period", "generalisation", "result", "late",
		"acknowledged", "delay_min", "worked_min", "working_days", "answer", "polite", "pages", "barriers", "criteria_broken",
		"outside", "tries", "first_attempt", "person", "wait_s", "points"}}
	for i := range rows {
		r, o := &rows[i], rows[i].outcome
		var delay, worked, days, polite, pages, barriers, criteria any
		if o.Result == stats.Answered {
			delay, worked, days = rounded(o.Delay), rounded(o.Worked), o.Days
		}
		if o.Polite != nil {
			polite = *o.Polite
		}
		var tries, first, person, wait any
		if c := o.Call; c != nil {
			tries, first, person = len(c.Tries), known(c.FirstAttempt), known(c.Person)
			if c.Wait != nil {
				wait = (*c.Wait + 500) / 1000
			}
		}
		if o.Result == stats.Visited {
			pages, barriers, criteria = o.Pages, o.Barriers, o.Criteria
		}
		t.Rows = append(t.Rows, []any{r.kind, r.sector, r.band, r.region, r.channel, r.when, levels[r.level].name, string(o.Result), o.Late, o.Acked,
			delay, worked, days, o.Answer, polite, pages, barriers, criteria, o.Outside, tries, first, person, wait, math.Round(10*r.points) / 10})
	}
	return t
}

// known is a truth that may not be known.
func known(b *bool) any {
	if b == nil {
		return nil
	}
	return *b
}

// callGroups are the figures of calls by dimension; a group of fewer than k structures is left out.
func callGroups(in Input) (t report.Table, out int, err error) {
	t = report.Table{Name: "calls", Columns: []string{"by", "group", "structures", "audits", "counted", "calls", "first_attempt_share", "first_attempt_low", "first_attempt_high",
		"person_share", "person_low", "person_high", "mean_wait_s", "median_wait_s", "within_5_rings", "busy_share", "dropped_share", "asr", "ner", "audits_outside", "message_share"}}
	var places []int32
	for i := range in.Outcomes {
		if in.Outcomes[i].Channel == probes.Phone && in.Outcomes[i].Called() {
			places = append(places, int32(i))
		}
	}
	if len(places) == 0 {
		return t, 0, nil
	}
	made, err := stats.CallsAt(in.Outcomes, places, stats.ByKind, stats.BySector, stats.ByBand, stats.ByRegion, stats.ByWeek)
	if err != nil {
		return t, 0, err
	}
	for _, r := range made {
		bodies := map[string]map[probes.StructureID]bool{}
		for _, i := range places {
			g := r.By.Of(&in.Outcomes[i])
			if bodies[g] == nil {
				bodies[g] = map[probes.StructureID]bool{}
			}
			bodies[g][in.Outcomes[i].Structure] = true
		}
		for i := range r.Groups {
			f := &r.Groups[i]
			if len(bodies[f.Group]) < in.K {
				out++
				continue
			}
			t.Rows = append(t.Rows, []any{string(r.By), f.Group, len(bodies[f.Group]), f.Audits, f.Counted(), f.Calls, f.FirstAttempt.Share, f.FirstAttempt.Low, f.FirstAttempt.High,
				f.Pickup.Share, f.Pickup.Low, f.Pickup.High, f.Wait / 1000, f.Waits.Median / 1000, f.InRings.Share, f.Busy.Share, f.Dropped.Share, f.ASR.Share, f.NER.Share,
				f.Outside, f.OutOfHours.Share})
		}
	}
	return t, out, nil
}

// groups are the figures by dimension; a group of fewer than k structures is left out.
func groups(in Input) (t report.Table, out int, err error) {
	t = report.Table{Name: "figures", Columns: []string{"channel", "by", "group", "structures", "audits", "counted", "answered", "silent", "unreachable"}}
	for _, h := range stats.Horizons {
		n := fmt.Sprintf("within_%dh", int(h.Hours()))
		t.Columns = append(t.Columns, n, n+"_low", n+"_high")
	}
	t.Columns = append(t.Columns, "median_delay_min", "acknowledged_share", "polite_share")
	for _, c := range probes.Channels {
		var places []int32
		for i := range in.Outcomes {
			if in.Outcomes[i].Channel == c && in.Outcomes[i].Counted() {
				places = append(places, int32(i))
			}
		}
		for _, by := range []stats.Dimension{stats.ByKind, stats.BySector, stats.ByBand, stats.ByRegion, stats.ByWeek} {
			if len(places) == 0 {
				continue
			}
			bodies := map[string]map[probes.StructureID]bool{}
			for _, i := range places {
				g := by.Of(&in.Outcomes[i])
				if bodies[g] == nil {
					bodies[g] = map[probes.StructureID]bool{}
				}
				bodies[g][in.Outcomes[i].Structure] = true
			}
			r, err := stats.SummaryAt(in.Outcomes, places, by)
			if err != nil {
				return t, out, err
			}
			for i := range r.Groups {
				f := &r.Groups[i]
				if len(bodies[f.Group]) < in.K {
					out++
					continue
				}
				row := []any{string(c), string(by), f.Group, len(bodies[f.Group]), f.Audits, f.Counted(), f.Results[stats.Answered], f.Results[stats.Silent], f.Results[stats.Unreachable]}
				for _, x := range f.Rates {
					row = append(row, x.Share, x.Low, x.High)
				}
				t.Rows = append(t.Rows, append(row, f.Median/60_000, f.Acked.Share, f.Polite.Share))
			}
		}
	}
	return t, out, nil
}

// categoryTable is what the categories of structures come to; one of fewer than k structures is left out.
func categoryTable(in Input) report.Table {
	t := report.Table{Name: "categories", Columns: []string{"category", "kind", "band", "structures", "mean", "spread", "p10", "p25", "p50", "p75", "p90"}}
	for c := range in.Sheet.Categories {
		cat := &in.Sheet.Categories[c]
		b := in.Sheet.BandsOf(c, func(b *score.Body) float64 { return b.Score.Value })
		if b.N < in.K {
			continue
		}
		t.Rows = append(t.Rows, []any{cat.Name, cat.Kind, cat.Band, b.N, cat.Mean, cat.Spread, b.P10, b.P25, b.P50, b.P75, b.P90})
	}
	return t
}

func readme(w io.Writer, p dataPackage, s Summary) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n\n%s\n\n## Anonymity\n\nEvery row of audits.csv is common to at least %d structures: %d audits, ", p.Title, p.Description, p.DescriptionFR, s.K, s.Rows)
	for i, n := range s.Generalised {
		fmt.Fprintf(&b, "%d %s, ", n, levels[i].name)
	}
	fmt.Fprintf(&b, "%d left out. Groups of fewer than %d structures are left out of figures.csv and calls.csv (%d of them) and of categories.csv.\n\n## Files\n", s.Suppressed, s.K, s.Groups)
	for _, r := range p.Resources {
		fmt.Fprintf(&b, "\n### %s\n\n%s  \n%s\n\n| column | type | | |\n|---|---|---|---|\n", r.Path, r.Description, r.DescriptionFR)
		for _, f := range r.Schema.Fields {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.Name, f.Type, f.Description, f.DescriptionFR)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
