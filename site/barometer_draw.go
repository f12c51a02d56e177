package site

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/sonde-fleet/sonde/report/edition"
	"github.com/sonde-fleet/sonde/score"
)

// The drawing area of a funnel, in units of its viewBox.
const (
	funnelLeft, funnelRight = 60, 620
	funnelTop, funnelBottom = 16, 260
)

// funnel is the picture of a category: each structure's score against how precisely it is known, with what chance alone would
// make of an average one.
type funnel struct {
	Desc        string
	Mean        string // height of the line
	Limits      []string
	Marks       []dot
	Lines       []shareTick
	Least, Most string // precision, as words under the axis
}

func (p *barometer) funnel(s *score.Sheet, c int) *funnel {
	all := s.FunnelOf(c)
	if len(all) < 2 {
		return nil
	}
	slices.SortFunc(all, func(a, b score.Funnel) int { return cmp.Compare(a.Precision, b.Precision) })
	least, most := all[0].Precision*0.9, all[len(all)-1].Precision*1.1
	x := func(precision float64) string {
		return ftoa(funnelLeft + (funnelRight-funnelLeft)*(precision-least)/(most-least))
	}
	y := func(points float64) string { return ftoa(funnelBottom - (funnelBottom-funnelTop)*points/100) }
	f := &funnel{Mean: y(s.Categories[c].Mean), Least: p.T("funnel.se", "SE", p.points(1/least)), Most: p.T("funnel.se", "SE", p.points(1/most))}
	for _, z := range []float64{-3.09, -1.96, 1.96, 3.09} {
		d := ""
		for i := range 41 {
			at := least + (most-least)*float64(i)/40
			d += map[bool]string{true: "M", false: "L"}[i == 0] + x(at) + " " + y(min(100, max(0, s.Categories[c].Mean+z/at)))
		}
		f.Limits = append(f.Limits, d)
	}
	out := 0
	for _, m := range all {
		b := &s.Bodies[m.Body]
		class, path := "inside", "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z"
		if m.Score < m.Low998 || m.Score > m.High998 {
			class, path = "out", "M0 -7L7 0L0 7L-7 0z"
			out++
		}
		f.Marks = append(f.Marks, dot{X: x(m.Precision), Y: y(m.Score), Class: class, Path: path, Title: b.Name + ": " + p.points(m.Score)})
	}
	for _, points := range []int{0, 25, 50, 75, 100} {
		f.Lines = append(f.Lines, shareTick{y(float64(points)), p.Int(points)})
	}
	f.Desc = p.T("funnel.desc", "N", p.Int(len(all)), "Out", p.Int(out), "Mean", p.points(s.Categories[c].Mean))
	return f
}

// The drawing area of a line through the years.
const (
	trendLeft, trendRight = 46, 330
	trendTop, trendBottom = 14, 130
)

// trend is one figure through the years, drawn and as a table.
type trend struct {
	ID, Name, Desc string
	Path           string
	Points         []trendPoint
	Years          []stripTick
	Lines          []shareTick
}

type trendPoint struct {
	X, Y, Low, High         string
	Own                     bool
	Year, Value, Interval   string
	N, Source, URL, Edition string
}

func (p *barometer) trend(l *edition.Line) trend {
	t := trend{ID: "line-" + l.Figure + l.Group, Name: p.T("programme." + l.Figure)}
	if l.Group != "" {
		t.Name += ", " + p.Group("sector", l.Group)
	}
	value := func(x float64) string {
		switch l.Unit {
		case "":
			return p.percent(x, 0)
		case "points":
			return p.points(x)
		}
		return p.Decimal(x, 0) + nbsp + l.Unit
	}
	top := 1.0
	switch l.Unit {
	case "":
	case "points":
		top = 100
	default:
		for _, x := range l.Points {
			top = max(top, 1.15*x.Value)
		}
	}
	first, last := l.Points[0].Year, l.Points[len(l.Points)-1].Year
	if last-first < 1 {
		first, last = first-0.5, first+0.5
	}
	x := func(year float64) string {
		return ftoa(trendLeft + 8 + (trendRight-trendLeft-16)*(year-first)/(last-first))
	}
	y := func(v float64) string { return ftoa(trendBottom - (trendBottom-trendTop)*min(1, max(0, v/top))) }
	for i, pt := range l.Points {
		t.Path += map[bool]string{true: "M", false: "L"}[i == 0] + x(pt.Year) + " " + y(pt.Value)
		row := trendPoint{X: x(pt.Year), Y: y(pt.Value), Own: pt.Own, Year: strconv.Itoa(int(pt.Year)), Value: value(pt.Value), Source: pt.Source, Edition: pt.Edition}
		if !math.IsNaN(pt.Low) && !math.IsNaN(pt.High) {
			row.Low, row.High, row.Interval = y(pt.Low), y(pt.High), value(pt.Low)+" – "+value(pt.High)
		}
		if pt.N > 0 {
			row.N = p.Int(pt.N)
		}
		if pt.Own {
			row.Source = p.T("trend.own", "Campaign", pt.Edition)
			if to, err := parseFilter(pt.Audits); err == nil {
				to.Lang = p.Asked.Lang
				row.URL = to.href("/audits")
			}
		}
		t.Points = append(t.Points, row)
		if i > 0 {
			t.Desc += "; "
		}
		t.Desc += row.Year + nbsp + ": " + row.Value
	}
	t.Years = []stripTick{{x(l.Points[0].Year), strconv.Itoa(int(l.Points[0].Year))}}
	if n := len(l.Points) - 1; n > 0 && int(l.Points[n].Year) != int(l.Points[0].Year) {
		t.Years = append(t.Years, stripTick{x(l.Points[n].Year), strconv.Itoa(int(l.Points[n].Year))})
	}
	for _, share := range []float64{0, 0.5, 1} {
		t.Lines = append(t.Lines, shareTick{y(share * top), value(share * top)})
	}
	return t
}
