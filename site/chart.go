package site

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/stats"
)

// The drawing area of a chart, in units of its viewBox; the style makes letters larger on narrow screens.
const (
	chartWidth = 640
	plotLeft   = 74
	plotRight  = 622
	plotTop    = 14
	plotBottom = 290
	riskTop    = 372 // first line of the numbers at risk
	riskLine   = 26
	chartDays  = 15
	labelGap   = 24 // between the labels of two curves
)

const dayMS = float64(24 * time.Hour / time.Millisecond)

// dayTicks are the days written under the axis; tableDays those of the table behind the chart.
var (
	dayTicks  = [...]float64{0, 1, 2, 5, 10, 15}
	tableDays = [...]float64{0.5, 1, 2, 3, 4, 5, 7, 10, 12, 15}
)

// chart is Kaplan–Meier curves ready to be drawn: the share answered (1 − S) against the days since the contact.
type chart struct {
	ID, Title, Desc string
	Height          int
	Curves          []curve
	Days            []dayTick
	Shares          []shareTick
	RiskTitleY      int
	Table           []tableRow
}

type curve struct {
	Name, End      string // the group and the share at the right edge
	Class          string // c0, c1…: colour and dash pattern
	Line, Band     string // path data
	Ticks          string // path data of the censoring ticks
	LabelY, RiskY  string
	AtRisk         []riskCell
	values         stats.Curve
	end, low, high float64
}

type dayTick struct {
	X, Label string
	Wide     bool // left out on narrow screens
}

type shareTick struct{ Y, Label string }

type riskCell struct {
	X, N string
	Wide bool
}

type tableRow struct {
	Day   string
	Cells []tableCell
}

type tableCell struct{ Share, Interval, AtRisk string }

// drawing is what names the parts of a chart.
type drawing struct{ id, title, desc string }

// draw makes the chart of the figures' curves; names are those of the groups as the reader sees them.
func draw(l *locale, d drawing, figures []stats.Figures, names []string) *chart {
	c := &chart{ID: d.id, Title: d.title, Desc: d.desc, RiskTitleY: riskTop - riskLine}
	for i := range figures {
		c.Curves = append(c.Curves, trace(&figures[i].Curve, names[i], i))
	}
	for _, day := range dayTicks {
		c.Days = append(c.Days, dayTick{place(xOf(day * dayMS)), l.Decimal(day, 0), day == 1})
	}
	for p := 0; p <= 100; p += 25 {
		c.Shares = append(c.Shares, shareTick{place(yOf(float64(p) / 100)), l.percent(float64(p)/100, 0)})
	}
	c.Height = riskTop + riskLine*(len(c.Curves)-1) + 14
	place1 := spread(c.Curves)
	for i := range c.Curves {
		k := &c.Curves[i]
		k.End, k.LabelY, k.RiskY = l.Percent(k.end), place(place1[i]), strconv.Itoa(riskTop+i*riskLine)
		for _, day := range dayTicks {
			k.AtRisk = append(k.AtRisk, riskCell{place(xOf(day * dayMS)), l.Int(atRisk(&k.values, day*dayMS)), day == 1})
		}
	}
	for _, day := range tableDays {
		row := tableRow{Day: l.Decimal(day, 0)}
		if day != math.Trunc(day) {
			row.Day = l.Decimal(day, 1)
		}
		for i := range c.Curves {
			v := &c.Curves[i].values
			s, low, high := v.At(day * dayMS)
			cell := tableCell{undefined, undefined, l.Int(atRisk(v, day*dayMS))}
			if v.N > 0 {
				cell.Share, cell.Interval = l.Percent(1-s), l.Interval(1-high, 1-low)
			}
			row.Cells = append(row.Cells, cell)
		}
		c.Table = append(c.Table, row)
	}
	return c
}

// trace turns one curve into paths. Steps that fall on the same half unit are drawn as one, so that a curve of 100,000
// steps is no larger than the screen can show.
func trace(v *stats.Curve, name string, n int) curve {
	k := curve{Name: name, Class: "c" + strconv.Itoa(n%4), values: *v}
	var line, ticks pen
	var upper, lower pen // the band's edges in terms of the share answered
	start := yOf(0)
	line.move(xOf(0), start)
	upper.move(xOf(0), start)
	var edge [][2]float64 // the lower edge, to be walked back
	edge = append(edge, [2]float64{xOf(0), start})
	lastTick := math.Inf(-1)
	var next struct{ x, end, low, high float64 } // the step that is drawn unless another comes on the same half unit
	waiting := false
	put := func() {
		line.step(next.x, yOf(next.end))
		upper.step(next.x, yOf(next.high))
		edge = append(edge, [2]float64{next.x, edge[len(edge)-1][1]}, [2]float64{next.x, yOf(next.low)})
	}
	k.low, k.high = 0, 0
	for i := range v.Steps {
		s := &v.Steps[i]
		if s.T > chartDays*dayMS {
			break
		}
		x := xOf(s.T)
		low, high := bounds(s, v.N)
		k.end, k.low, k.high = 1-s.S, 1-high, 1-low
		if s.Censored > 0 && x-lastTick >= 2 {
			ticks.move(x, yOf(k.end)-4)
			ticks.line(x, yOf(k.end)+4)
			lastTick = x
		}
		if s.Events == 0 {
			continue
		}
		if waiting && x-line.x >= 0.5 {
			put()
		}
		next.x, next.end, next.low, next.high, waiting = x, k.end, k.low, k.high, true
	}
	if waiting {
		put()
	}
	right := xOf(chartDays * dayMS)
	line.step(right, yOf(k.end))
	upper.step(right, upper.y)
	lower.b.WriteString(upper.b.String())
	lower.line(right, edge[len(edge)-1][1])
	for i := len(edge) - 1; i >= 0; i-- {
		lower.line(edge[i][0], edge[i][1])
	}
	lower.b.WriteString("Z")
	k.Line, k.Band, k.Ticks = line.b.String(), lower.b.String(), ticks.b.String()
	if v.N == 0 {
		k.Line, k.Band, k.end = "", "", math.NaN()
	}
	return k
}

// bounds returns the interval of S after the step, as Curve.At gives it.
func bounds(s *stats.Step, n int) (low, high float64) {
	if !math.IsNaN(s.Low) {
		return s.Low, s.High
	}
	w := stats.Wilson(int(math.Round(s.S*float64(n))), n)
	return w.Low, w.High
}

// atRisk returns how many were still followed without an answer just before the time t.
func atRisk(v *stats.Curve, t float64) int {
	for i := range v.Steps {
		if v.Steps[i].T >= t {
			return v.Steps[i].AtRisk
		}
	}
	return 0
}

// near says whether a curve ends so close above (-1) or below (1) the curve i that a label between them would lie on one.
func near(curves []curve, i, side int) bool {
	for j := range curves {
		if d := float64(side) * (yOf(curves[j].end) - yOf(curves[i].end)); j != i && d > 0 && d < 1.5*labelGap {
			return true
		}
	}
	return false
}

// spread returns the heights of the labels at the right edge, moved apart where curves end close to each other.
func spread(curves []curve) []float64 {
	y := make([]float64, len(curves))
	for i := range curves {
		e := curves[i].end
		if math.IsNaN(e) {
			e = 0
		}
		y[i] = yOf(e) - 9
		if near(curves, i, -1) && !near(curves, i, 1) && yOf(e)+20 < plotBottom {
			y[i] = yOf(e) + 20
		}
	}
	for range curves {
		for i := range y {
			for j := range y {
				if i != j && math.Abs(y[i]-y[j]) < labelGap && (y[i] < y[j] || y[i] == y[j] && i < j) {
					y[i] = y[j] - labelGap // the upper one goes up
				}
			}
		}
	}
	for i := range y { // under the curve where there is no room above
		if y[i] < plotTop+12 {
			y[i] = math.Max(plotTop+30, slices.Max(y)+labelGap)
		}
	}
	return y
}

func xOf(ms float64) float64    { return plotLeft + (plotRight-plotLeft)*ms/(chartDays*dayMS) }
func yOf(share float64) float64 { return plotBottom - (plotBottom-plotTop)*share }

func place(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// pen writes SVG path data.
type pen struct {
	b    strings.Builder
	x, y float64
}

func (p *pen) to(command string, x, y float64) {
	p.b.WriteString(command + place(x) + " " + place(y))
	p.x, p.y = x, y
}
func (p *pen) move(x, y float64) { p.to("M", x, y) }
func (p *pen) line(x, y float64) { p.to("L", x, y) }

// step goes along and then up, as a Kaplan–Meier curve does.
func (p *pen) step(x, y float64) {
	p.b.WriteString("H" + place(x))
	if place(y) != place(p.y) {
		p.b.WriteString("V" + place(y))
	}
	p.x, p.y = x, y
}

// drawn is a chart with the words around it.
type drawn struct {
	Locale *locale
	Chart  *chart
	Note   string
}

// AllChart is the chart of all audits together, for the template.
func (p *home) AllChart() drawn { return drawn{p.locale, p.All, ""} }

// SectorChart is the chart of public against private, for the template.
func (p *home) SectorChart() drawn { return drawn{p.locale, p.Sectors, p.LogRank} }
