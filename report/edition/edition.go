// Package edition sets a campaign beside earlier editions of the programme: figures that were published before there was a
// Sonde come in as a CSV file, those of our own campaigns from their outcomes, and both make one line from the first year to the
// newest. It judges nothing.
package edition

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/sonde-fleet/sonde/config/fault"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/score"
	"github.com/sonde-fleet/sonde/stats"
)

// Score is the figure that is the mean score of the structures; the others are those of report.Programme.
const Score = "score"

// Point is one figure of one edition. Value is a share (0 to 1), a mean in the figure's unit, or points; NaN stands for what was not
// published.
type Point struct {
	Year             float64 // when: 2013, or with a fraction where a campaign was in the middle of one
	Edition          string
	Figure, Group    string // key of report.Programme or Score; group of structures, empty for all
	Value, Low, High float64
	N                int    // audits, or structures for a score; 0: not published
	Source           string // where it was printed; empty for our own
	Own              bool
	Audits           url.Values // behind a figure of our own
}

// Line is one figure through the years.
type Line struct {
	Figure, Group string
	Unit          string // empty: a share; "points"
	Points        []Point
}

var columns = []string{"year", "figure", "group", "value", "low", "high", "n", "source"}

// figures are what a file may give.
func figures() []string {
	out := []string{Score}
	for _, c := range report.Programme {
		out = append(out, c.Key)
	}
	return out
}

// Parse reads published figures: a CSV file (RFC 4180) with the columns year,figure,group,value,low,high,n,source, in any order; all
// but year, figure and value may be left out. Every fault is told at once.
func Parse(name string, in io.Reader) ([]Point, error) {
	raw, err := io.ReadAll(io.LimitReader(in, 16<<20))
	if err != nil {
		return nil, err
	}
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	c := csv.NewReader(bytes.NewReader(raw))
	head, err := c.Read()
	if err != nil {
		return nil, fault.Faults{{File: name, Line: 1, Problem: "the header is missing", Mend: "the columns are " + strings.Join(columns, ",")}}
	}
	var faults fault.Faults
	at := map[string]int{}
	for i, h := range head {
		h = strings.ToLower(strings.TrimSpace(h))
		if _, twice := at[h]; twice || !slices.Contains(columns, h) {
			faults = append(faults, fault.Fault{File: name, Line: 1, Path: h, Problem: "the column is not known or there twice", Mend: "the columns are " + strings.Join(columns, ",")})
		}
		at[h] = i
	}
	for _, want := range []string{"year", "figure", "value"} {
		if _, ok := at[want]; !ok {
			faults = append(faults, fault.Fault{File: name, Line: 1, Path: want, Problem: "the column is missing"})
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	var out []Point
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			var wrong *csv.ParseError
			f := fault.Fault{File: name, Problem: err.Error()}
			if errors.As(err, &wrong) {
				f.Line, f.Column, f.Problem = wrong.Line, wrong.Column, wrong.Err.Error()
			}
			return nil, append(faults, f) // after a broken quote nothing that follows is what it seems
		}
		line, _ := c.FieldPos(0)
		r := reader{name: name, line: line, row: row, at: at}
		p := r.point()
		if faults = append(faults, r.faults...); len(r.faults) == 0 {
			out = append(out, p)
		}
	}
	return out, faults.Err()
}

// reader reads one row.
type reader struct {
	name   string
	line   int
	row    []string
	at     map[string]int
	faults fault.Faults
}

func (r *reader) cell(column string) string {
	if i, ok := r.at[column]; ok {
		return strings.TrimSpace(r.row[i])
	}
	return ""
}

func (r *reader) add(column, problem, mend string) {
	r.faults = append(r.faults, fault.Fault{File: r.name, Line: r.line, Path: column, Problem: problem, Mend: mend})
}

func (r *reader) number(column string, low, high float64) float64 {
	text := r.cell(column)
	if text == "" {
		return math.NaN()
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(x) || x < low || x > high {
		r.add(column, fmt.Sprintf("%q is no number from %v to %v", text, low, high), "a share is written 0.38, not 38 %")
		return math.NaN()
	}
	return x
}

func (r *reader) point() Point {
	p := Point{Edition: r.cell("year"), Figure: r.cell("figure"), Group: r.cell("group"), Source: r.cell("source")}
	if p.Year = r.number("year", 1990, 2200); math.IsNaN(p.Year) && len(r.faults) == 0 {
		r.add("year", "it is missing", "write 2013")
	}
	if !slices.Contains(figures(), p.Figure) {
		r.add("figure", fmt.Sprintf("%q is not a figure", p.Figure), "one of "+strings.Join(figures(), ", "))
		return p
	}
	top := 1.0
	switch unitOf(p.Figure) {
	case "points":
		top = 100
	case "":
	default:
		top = 1e9
	}
	p.Value, p.Low, p.High = r.number("value", 0, top), r.number("low", 0, top), r.number("high", 0, top)
	if math.IsNaN(p.Value) && len(r.faults) == 0 {
		r.add("value", "it is missing", "a year without a figure has no row")
	}
	if p.Low > p.Value || p.High < p.Value {
		r.add("low", "the interval does not hold the value", "low is not above value, high not below it")
	}
	if n := r.number("n", 0, 1e12); !math.IsNaN(n) {
		p.N = int(n)
	}
	if p.Source == "" {
		p.Source = r.name
	}
	return p
}

// unitOf returns the unit of a figure, empty for a share.
func unitOf(figure string) string {
	if figure == Score {
		return "points"
	}
	for _, c := range report.Programme {
		if c.Key == figure {
			return c.Unit
		}
	}
	return ""
}

// Of returns the figures of one of our own campaigns.
func Of(l probes.Launch, outcomes []stats.Outcome, sheet *score.Sheet) ([]Point, error) {
	middle := l.Timeline.Start.Add(l.End.Sub(l.Timeline.Start) / 2)
	year := float64(middle.Year()) + float64(middle.YearDay()-1)/365
	headlines, err := report.Headlines(outcomes, nil)
	if err != nil {
		return nil, err
	}
	var out []Point
	for _, h := range headlines {
		if h.N == 0 {
			continue
		}
		h.Audits.Set("campaign", l.Campaign)
		out = append(out, Point{Year: year, Edition: l.Campaign, Figure: h.Key, Value: h.Value, Low: h.Low, High: h.High, N: h.N, Own: true, Audits: h.Audits})
	}
	mean := func(group string, of func(*score.Body) bool) {
		m := sheet.MeanOf(func(b *score.Body) float64 {
			if !of(b) {
				return math.NaN()
			}
			return b.Score.Value
		})
		if m.N > 0 {
			out = append(out, Point{Year: year, Edition: l.Campaign, Figure: Score, Group: group, Value: m.Value, Low: m.Low, High: m.High, N: m.N, Own: true,
				Audits: url.Values{"campaign": {l.Campaign}, "channel": {"all"}}})
		}
	}
	mean("", func(*score.Body) bool { return true })
	var sectors []string
	for i := range sheet.Bodies {
		if s := sheet.Bodies[i].Sector; s != "" && !slices.Contains(sectors, s) {
			sectors = append(sectors, s)
		}
	}
	slices.Sort(sectors)
	for _, s := range sectors {
		mean(s, func(b *score.Body) bool { return b.Sector == s })
	}
	return out, nil
}

// Lines puts points together into lines, in the order of the programme's table, the score first; in each the oldest point first.
func Lines(points []Point) (out []Line) {
	order := figures()
	for _, p := range points {
		i := slices.IndexFunc(out, func(l Line) bool { return l.Figure == p.Figure && l.Group == p.Group })
		if i < 0 {
			i = len(out)
			out = append(out, Line{Figure: p.Figure, Group: p.Group, Unit: unitOf(p.Figure)})
		}
		out[i].Points = append(out[i].Points, p)
	}
	for i := range out {
		slices.SortStableFunc(out[i].Points, func(a, b Point) int { return cmp.Compare(a.Year, b.Year) })
	}
	slices.SortStableFunc(out, func(a, b Line) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Figure), slices.Index(order, b.Figure)), cmp.Compare(a.Group, b.Group))
	})
	return out
}

// Table is the lines as a table, one row a point.
func Table(lines []Line) report.Table {
	t := report.Table{Name: "editions", Columns: []string{"figure", "group", "unit", "year", "edition", "value", "low", "high", "n", "source"}}
	for _, l := range lines {
		for _, p := range l.Points {
			source := p.Source
			if p.Own {
				source = "Sonde: /audits?" + p.Audits.Encode()
			}
			t.Rows = append(t.Rows, []any{l.Figure, l.Group, l.Unit, math.Round(100*p.Year) / 100, p.Edition, p.Value, p.Low, p.High, p.N, source})
		}
	}
	return t
}
