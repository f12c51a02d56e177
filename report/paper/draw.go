package paper

import (
	"math"
	"strconv"

	"github.com/sonde-fleet/sonde/score"
)

// picture is a drawing that stands in the text: its parts are data for the template, its Desc says it in words.
type picture struct {
	ID, Title, Desc string
	Headed          bool // the heading above it is its title
	Width, Height   int
	Lines           []line
	Boxes           []box
	Marks           []mark
	Texts           []text
}

type line struct{ X1, Y1, X2, Y2, Class string }
type box struct{ X, Y, W, H, Class string }
type mark struct{ D, Class string } // a path
type text struct{ X, Y, Anchor, Class, Text string }

func at(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

func (p *picture) line(x1, y1, x2, y2 float64, class string) {
	p.Lines = append(p.Lines, line{at(x1), at(y1), at(x2), at(y2), class})
}

func (p *picture) box(x, y, w, h float64, class string) {
	p.Boxes = append(p.Boxes, box{at(x), at(y), at(w), at(h), class})
}

func (p *picture) text(x, y float64, anchor, class, s string) {
	p.Texts = append(p.Texts, text{at(x), at(y), anchor, class, s})
}

// dot draws a filled circle, ring an empty one, diamond what must be found at once.
func (p *picture) dot(x, y, r float64, class string) {
	p.Marks = append(p.Marks, mark{"M" + at(x-r) + " " + at(y) + "a" + at(r) + " " + at(r) + " 0 1 0 " + at(2*r) + " 0a" + at(r) + " " + at(r) + " 0 1 0 " + at(-2*r) + " 0z", class})
}

func (p *picture) diamond(x, y, r float64, class string) {
	p.Marks = append(p.Marks, mark{"M" + at(x-r) + " " + at(y) + "L" + at(x) + " " + at(y-r) + "L" + at(x+r) + " " + at(y) + "L" + at(x) + " " + at(y+r) + "z", class})
}

// scale draws the lines of 0, 20, … 100 points between two heights and returns the place of a number of points.
func (p *picture) scale(w *words, left, right, top, bottom float64) func(float64) float64 {
	x := func(points float64) float64 { return left + (right-left)*points/100 }
	for v := 0.0; v <= 100; v += 20 {
		p.line(x(v), top, x(v), bottom, "grid")
		p.text(x(v), bottom+16, "middle", "axis", w.Int(int(v)))
	}
	return x
}

const pictureWidth = 720

// band draws a structure's score beside its peers': P10 to P90, the quartiles, the median, and its own with the interval.
func band(w *words, b *score.Body, peers score.Bands) *picture {
	if math.IsNaN(b.Score.Value) || peers.N < 2 {
		return nil
	}
	p := &picture{ID: "band", Title: w.T("band.title"), Width: pictureWidth, Height: 132}
	x := p.scale(w, 16, pictureWidth-16, 24, 104)
	p.box(x(peers.P10), 62, x(peers.P90)-x(peers.P10), 24, "wide")
	p.box(x(peers.P25), 62, x(peers.P75)-x(peers.P25), 24, "half")
	p.line(x(peers.P50), 58, x(peers.P50), 90, "median")
	p.whisker(x, &b.Score, 44)
	p.diamond(x(b.Score.Value), 44, 7, "own")
	p.text(keep(x(b.Score.Value), 60), 30, "middle", "strong", w.T("band.own", "Score", w.Points(b.Score.Value)))
	p.Desc = w.T("band.desc", "Score", w.Points(b.Score.Value), "Interval", w.Between(b.Score.Low, b.Score.High), "N", w.Int(peers.N),
		"P10", w.Points(peers.P10), "P25", w.Points(peers.P25), "P50", w.Points(peers.P50), "P75", w.Points(peers.P75), "P90", w.Points(peers.P90))
	return p
}

// keep holds a label within the picture.
func keep(x, margin float64) float64 { return min(max(x, margin), pictureWidth-margin) }

// whisker draws a mean's interval.
func (p *picture) whisker(x func(float64) float64, m *score.Mean, y float64) {
	if math.IsNaN(m.Low) || math.IsNaN(m.High) {
		return
	}
	p.line(x(m.Low), y, x(m.High), y, "whisker")
	p.line(x(m.Low), y-4, x(m.Low), y+4, "whisker")
	p.line(x(m.High), y-4, x(m.High), y+4, "whisker")
}

// barRow is one bar of a chart of bars.
type barRow struct {
	name  string
	mean  score.Mean
	peers float64 // their median
}

// bars draws means with their intervals and the peers' medians.
func bars(w *words, id, title, desc string, rows []barRow) *picture {
	const rowHeight, left, right = 26, 258, pictureWidth - 56
	p := &picture{ID: id, Title: title, Desc: desc, Width: pictureWidth, Height: 12 + rowHeight*len(rows) + 26}
	bottom := float64(8 + rowHeight*len(rows))
	x := p.scale(w, left, right, 8, bottom)
	for i, r := range rows {
		y := 8 + rowHeight*float64(i) + rowHeight/2
		p.text(left-10, y+4.5, "end", "name", r.name)
		if !math.IsNaN(r.mean.Value) {
			p.box(left, y-7, x(r.mean.Value)-left, 14, "bar")
			p.whisker(x, &r.mean, y)
		}
		if !math.IsNaN(r.peers) {
			p.line(x(r.peers), y-11, x(r.peers), y+11, "median")
		}
		p.text(pictureWidth-2, y+4.5, "end", "strong", w.Points(r.mean.Value))
	}
	return p
}

// funnel draws a category: each structure by its precision and its score, with the limits within which chance alone would
// leave an average one.
func funnel(w *words, s *score.Sheet, c, own int) *picture {
	all := s.FunnelOf(c)
	if len(all) < 3 {
		return nil
	}
	least, most, in, beyond := math.Inf(1), 0.0, false, 0
	for _, f := range all {
		least, most = min(least, f.Precision), max(most, f.Precision)
		in = in || f.Body == own
		if f.Score < f.Low95 || f.Score > f.High95 {
			beyond++
		}
	}
	cat := &s.Categories[c]
	const left, right, top, bottom = 46, pictureWidth - 12, 14, 300
	p := &picture{ID: "funnel", Title: w.T("funnel.title"), Headed: true, Width: pictureWidth, Height: 346}
	room := max((most-least)*0.08, most*0.02)
	least, most = max(least-room, 1e-6), most+room
	x := func(precision float64) float64 { return left + (right-left)*(precision-least)/(most-least) }
	y := func(points float64) float64 { return bottom - (bottom-top)*points/100 }
	for v := 0.0; v <= 100; v += 20 {
		p.line(left, y(v), right, y(v), "grid")
		p.text(left-6, y(v)+4.5, "end", "axis", w.Int(int(v)))
	}
	const steps = 60
	for _, limit := range []struct {
		z     float64
		class string
	}{{1.959963984540054, "limit95"}, {3.090232306167813, "limit99"}} {
		for _, side := range []float64{-1, 1} {
			d := ""
			for k := range steps + 1 {
				at1 := least + (most-least)*float64(k)/steps
				v := min(100, max(0, cat.Mean+side*limit.z/at1))
				d += map[bool]string{true: "M", false: "L"}[k == 0] + at(x(at1)) + " " + at(y(v))
			}
			p.Marks = append(p.Marks, mark{d, limit.class})
		}
	}
	p.line(left, y(cat.Mean), right, y(cat.Mean), "middle")
	for _, f := range all {
		if f.Body != own {
			p.dot(x(f.Precision), y(f.Score), 4, "peer")
		}
	}
	for _, f := range all {
		if f.Body != own {
			continue
		}
		p.diamond(x(f.Precision), y(f.Score), 8, "own")
		tx, anchor := x(f.Precision)+13, "start"
		if tx > right-170 {
			tx, anchor = x(f.Precision)-13, "end"
		}
		p.text(tx, y(f.Score)+4.5, anchor, "strong", w.T("funnel.own"))
	}
	p.text((left+right)/2, bottom+32, "middle", "axis", w.T("funnel.axis"))
	p.Desc = w.T("funnel.desc", "N", w.Int(len(all)), "Mean", w.Points(cat.Mean), "Beyond", w.Int(beyond))
	for _, f := range all {
		if f.Body != own {
			continue
		}
		where := "within"
		switch {
		case f.Score > f.High998:
			where = "far-above"
		case f.Score > f.High95:
			where = "above"
		case f.Score < f.Low998:
			where = "far-below"
		case f.Score < f.Low95:
			where = "below"
		}
		p.Desc += " " + w.T("funnel."+where, "Score", w.Points(f.Score))
	}
	if !in && own >= 0 {
		p.Desc += " " + w.T("funnel.out")
	}
	return p
}

// editions draws the scores of a structure's campaigns, the oldest first.
func editions(w *words, all []EarlierEdition) *picture {
	const left, right, top, bottom = 46, pictureWidth - 12, 24, 200
	p := &picture{ID: "editions", Title: w.T("editions.title"), Headed: true, Width: pictureWidth, Height: 246}
	y := func(points float64) float64 { return bottom - (bottom-top)*points/100 }
	for v := 0.0; v <= 100; v += 20 {
		p.line(left, y(v), right, y(v), "grid")
		p.text(left-6, y(v)+4.5, "end", "axis", w.Int(int(v)))
	}
	var before float64
	for i, e := range all {
		x := left + (right-left)*(float64(i)+0.5)/float64(len(all))
		if !math.IsNaN(e.Score.Value) {
			if !math.IsNaN(e.Score.Low) {
				p.line(x, y(e.Score.Low), x, y(e.Score.High), "whisker")
				p.line(x-5, y(e.Score.Low), x+5, y(e.Score.Low), "whisker")
				p.line(x-5, y(e.Score.High), x+5, y(e.Score.High), "whisker")
			}
			if i > 0 && !math.IsNaN(all[i-1].Score.Value) {
				p.line(before, y(all[i-1].Score.Value), x, y(e.Score.Value), "way")
			}
			p.diamond(x, y(e.Score.Value), 6, "own")
			p.text(x+12, y(e.Score.Value)-8, "start", "strong", w.Points(e.Score.Value))
		}
		p.text(x, bottom+20, "middle", "axis", e.End.Format("2006-01"))
		before = x
	}
	last := all[len(all)-1]
	p.Desc = w.T("editions.desc", "N", w.Int(len(all)), "First", w.Points(all[0].Score.Value), "Last", w.Points(last.Score.Value))
	return p
}
