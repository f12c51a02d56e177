package site

import (
	"math"
	"strings"

	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/stats"
)

// weekChart is figures week by week, each with its interval, and what they are held against as dashed lines.
type weekChart struct {
	ID, Title, Desc string
	Series          []weekSeries
	Refs            []refLine
	Weeks           []dayTick
	Values          []shareTick
	Table           []weekRow
}

// weekSeries is one figure: a line through the weeks that have it, a whisker for each interval, and a shape of its own.
type weekSeries struct {
	Name, Class, Line, Whiskers string
	Points                      []weekPoint
	KeyY, NameY                 string
}

type weekPoint struct{ X, Y, Path, Title string }

type refLine struct{ Y, LabelY, Label string }

type weekRow struct {
	Week  string
	Cells []tableCell
}

// weekValue is a figure of one week; NaN where there is none.
type weekValue struct{ value, low, high float64 }

// weekFigure is one figure over the weeks.
type weekFigure struct {
	name   string
	values []weekValue
}

// heldAgainst is a reference: its value and what it is.
type heldAgainst struct {
	value float64
	label string
}

// shareChart draws the share of first attempts that got through and that of calls that a person answered, against the norm.
func (p *frame) shareChart(weeks []stats.CallFigures, ref report.CallReference) *weekChart {
	first, person := weekFigure{name: p.T("calls.first")}, weekFigure{name: p.T("calls.pickup")}
	for i := range weeks {
		a, b := &weeks[i].FirstAttempt, &weeks[i].Pickup
		first.values = append(first.values, weekValue{a.Share, a.Low, a.High})
		person.values = append(person.values, weekValue{b.Share, b.Low, b.High})
	}
	var refs []heldAgainst
	if !math.IsNaN(ref.Pickup) {
		refs = append(refs, heldAgainst{ref.Pickup, p.T("calls.norm", "Norm", p.percent(ref.Pickup, 0))})
	}
	return p.weekly("week-shares", p.T("calls.chart.shares"), weeks, []weekFigure{first, person}, refs, 1, 0.25, func(x float64) string { return p.percent(x, 0) })
}

// waitChart draws the mean wait of those who reached a person, against the programme's.
func (p *frame) waitChart(weeks []stats.CallFigures, ref report.CallReference) *weekChart {
	wait := weekFigure{name: p.T("calls.wait")}
	most := ref.Wait2023
	for i := range weeks {
		f := &weeks[i]
		v := weekValue{f.Wait / 1000, f.WaitLo / 1000, f.WaitHi / 1000}
		wait.values = append(wait.values, v)
		if !math.IsNaN(v.value) {
			most = max(most, v.value)
		}
	}
	step := 10.0
	for 1.15*most/step > 6 {
		step *= 2
	}
	seconds := func(x float64) string { return p.T("unit.s", "N", p.Decimal(x, 0)) }
	refs := []heldAgainst{{ref.Wait2013, p.T("calls.in-year", "Year", "2013", "Value", seconds(ref.Wait2013))}, {ref.Wait2023, p.T("calls.in-year", "Year", "2023", "Value", seconds(ref.Wait2023))}}
	return p.weekly("week-waits", p.T("calls.chart.waits"), weeks, []weekFigure{wait}, refs, step*math.Ceil(1.15*most/step), step, seconds)
}

// The drawing area of a chart of weeks, in units of its viewBox; what lies above the top of the axis is cut off there.
const (
	weekLeft, weekRight = 74, 622
	weekBottom          = 290
	weekKey             = 20 // height of a line of the legend
	weekApart           = 7  // between the points of two figures of one week, so that their whiskers can be told apart
)

// points of the series: a circle, a square.
var weekShapes = [...]string{"M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z", "M-4 -4h8v8h-8z"}

// weekly makes the chart; top is the end of the axis, step the distance of its lines, say writes a value.
func (p *frame) weekly(id, title string, weeks []stats.CallFigures, figures []weekFigure, refs []heldAgainst, top, step float64, say func(float64) string) *weekChart {
	c := &weekChart{ID: id, Title: title}
	x := func(i int) float64 {
		return weekLeft + (weekRight-weekLeft)*(float64(i)+0.5)/float64(len(weeks))
	}
	highest := float64(14 + weekKey*len(figures))
	y := func(v float64) float64 { return weekBottom - (weekBottom-highest)*min(1, max(0, v/top)) }
	for v := 0.0; v <= top+step/1000; v += step {
		c.Values = append(c.Values, shareTick{place(y(v)), say(v)})
	}
	every := (len(weeks) + 7) / 8
	said := []string{title + "."}
	for i := range weeks {
		row := weekRow{Week: weeks[i].Group}
		if i%every == 0 {
			c.Weeks = append(c.Weeks, dayTick{place(x(i)), weeks[i].Group[min(5, len(weeks[i].Group)):], every > 1 && i/every%2 == 1})
		}
		for _, f := range figures {
			cell := tableCell{Share: undefined, Interval: undefined}
			if v := f.values[i]; !math.IsNaN(v.value) {
				cell.Share = say(v.value)
				if !math.IsNaN(v.low) && !math.IsNaN(v.high) {
					cell.Interval = say(v.low) + dash + say(v.high)
				}
			}
			row.Cells = append(row.Cells, cell)
		}
		c.Table = append(c.Table, row)
	}
	for k, f := range figures {
		s := weekSeries{Name: f.name, Class: "c" + string(rune('0'+k)), KeyY: place(float64(12 + weekKey*k)), NameY: place(float64(17 + weekKey*k))}
		x := func(i int) float64 { return x(i) + weekApart*(float64(k)-float64(len(figures)-1)/2) }
		var line, whiskers pen
		begun, low, high := false, -1, -1 // the weeks of the least and the most
		for i, v := range f.values {
			if math.IsNaN(v.value) {
				begun = false // a week without the figure is a gap
				continue
			}
			if begun {
				line.line(x(i), y(v.value))
			} else {
				line.move(x(i), y(v.value))
			}
			begun = true
			if !math.IsNaN(v.low) && !math.IsNaN(v.high) {
				whiskers.move(x(i), y(v.low))
				whiskers.line(x(i), y(v.high))
			}
			s.Points = append(s.Points, weekPoint{place(x(i)), place(y(v.value)), weekShapes[k%len(weekShapes)], weeks[i].Group + ": " + say(v.value)})
			if low < 0 || v.value < f.values[low].value {
				low = i
			}
			if high < 0 || v.value > f.values[high].value {
				high = i
			}
		}
		if low >= 0 { // the weeks stand in the table below
			said = append(said, f.name+": "+say(f.values[low].value)+" ("+weeks[low].Group+")"+dash+say(f.values[high].value)+" ("+weeks[high].Group+").")
		}
		s.Line, s.Whiskers = line.b.String(), whiskers.b.String()
		c.Series = append(c.Series, s)
	}
	for _, r := range refs {
		if math.IsNaN(r.value) || r.value > top {
			continue
		}
		c.Refs = append(c.Refs, refLine{place(y(r.value)), place(y(r.value) - 6), r.label})
		said = append(said, r.label+".")
	}
	c.Desc = strings.Join(said, " ")
	return c
}

// Weekly is a chart of weeks, for the template.
func (p *home) Weekly(c *weekChart) any {
	return struct {
		Locale *locale
		Chart  *weekChart
	}{p.locale, c}
}
