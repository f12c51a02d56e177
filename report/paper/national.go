package paper

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/report/edition"
	"github.com/sonde-fleet/sonde/score"
	"github.com/sonde-fleet/sonde/stats"
)

// NationalInput is what the barometer of a whole campaign is made of.
type NationalInput struct {
	Sheet    *score.Sheet
	Outcomes []stats.Outcome // those that the sheet was made of
	Launch   probes.Launch
	Lang     string         // fr or en
	Base     string         // address of the site; empty: nothing is linked
	Lines    []edition.Line // through the editions, this campaign's own among them
	At       time.Time
}

//go:embed national.html
var nationalText string

var nationalPage = template.Must(template.Must(page.Clone()).New("national").Parse(nationalText))

// nation is the barometer as the template has it.
type nation struct {
	*words
	in *NationalInput

	front
	Cards        []card
	Table        []figureRow
	Lines        []*picture
	Calls        []callsTable
	CallsLead    string
	CallsOut     string // calls out of hours
	CallPictures []*picture
	Sectors      string
	Parts        *picture
	Determined   []meanRow
	Channels     []meanRow
	Stages       []meanRow
	Categories   []winnerRow
	Rankings     []ranking
	Weak         []weakness
	Norms        []normRow
	Weights      []weightRow
}

// figureRow is one figure of the programme's table.
type figureRow struct {
	Name, Y2013, Y2023, Own, Interval, N string
	Audits                               ref
}

type winnerRow struct {
	Category, Structures, Mean, Spread, Win string
}

// ranking is one category in full.
type ranking struct {
	ID, Name, Win string
	Funnel        *picture
	Rows          []rankingRow
}

type rankingRow struct {
	Rank, May, Score, Interval, Best, Audits string
	Structure                                ref
}

// weakness is a determinant in which all lose, with what others did about it.
type weakness struct {
	Name, About, Score string
	Practices          []practice
}

// National writes the barometer of a campaign as HTML. Nothing is written when it fails.
func National(w io.Writer, in NationalInput) error {
	words, err := wordsOf(in.Lang)
	if err != nil {
		return err
	}
	n := &nation{words: words, in: &in}
	n.front = front{Style: template.CSS(style), Name: cmp.Or(strings.TrimSpace(in.Launch.Title), in.Launch.Campaign), Over: n.T("national.over"),
		Lead: n.T("national.what"), Intro: []string{n.T("national.sure")}}
	n.Title = n.T("national.title", "Name", n.Name)
	n.Provisional = in.Launch.End.After(in.Launch.Timeline.Campaign(in.At))
	n.cover()
	if err := n.figures(); err != nil {
		return err
	}
	for i := range in.Lines {
		if len(in.Lines[i].Points) > 1 {
			n.Lines = append(n.Lines, n.through(&in.Lines[i], i))
		}
	}
	if err := n.calls(); err != nil {
		return err
	}
	n.parts()
	n.categories()
	n.weak()
	d := &doc{words: words, in: &Input{Sheet: in.Sheet}}
	d.method()
	n.Norms, n.Weights = d.Norms, d.Weights
	for _, s := range []struct {
		id string
		is bool
	}{{"table", true}, {"lines", len(n.Lines) > 0}, {"calls", len(n.Calls) > 0}, {"winners", true}, {"parts", true}, {"weak", len(n.Weak) > 0}, {"rankings", len(n.Rankings) > 0}, {"how", true}} {
		if s.is {
			n.Sections = append(n.Sections, heading{s.id, n.T("national." + s.id)})
		}
	}
	var out bytes.Buffer
	if err := nationalPage.ExecuteTemplate(&out, "national", n); err != nil {
		return fmt.Errorf("barometer of %s: %w", in.Launch.Campaign, err)
	}
	if words.lacks != nil {
		return fmt.Errorf("barometer of %s: %w", in.Launch.Campaign, words.lacks)
	}
	_, err = w.Write(bytes.Map(readable, out.Bytes()))
	return err
}

// ref makes a link under the site's address, or the words alone without one.
func (n *nation) ref(text, path string) ref {
	if n.in.Base == "" {
		return ref{Text: text}
	}
	return ref{Text: text, URL: strings.TrimSuffix(n.in.Base, "/") + path}
}

func (n *nation) cover() {
	l, s := &n.in.Launch, n.in.Sheet
	audits, spoiled := 0, 0
	for i := range s.Bodies {
		audits, spoiled = audits+s.Bodies[i].Audits, spoiled+s.Bodies[i].Spoiled
	}
	add := func(key, value string) { n.Cover = append(n.Cover, pair{n.T("cover." + key), value}) }
	add("campaign", n.Name)
	add("dates", n.Day(l.Timeline.Campaign(l.Timeline.Launched))+dash+n.Day(l.End))
	add("structures", n.Int(len(s.Bodies)))
	add("grid", n.T("cover.grid.value", "Version", s.Grid.Version, "Hash", short(s.Grid.Hash)))
	add("norms", n.T("cover.norms.value", "Title", cmp.Or(s.Norms.Title().In(n.french), s.Norms.Profile), "Date", s.Norms.Date))
	add("audits", n.N("cover.audits.value", audits))
	add("spoiled", n.N("cover.spoiled.value", spoiled))
	add("at", n.Day(l.Timeline.Campaign(n.in.At)))
}

// figure writes a value of a figure: a share, points, or a number with its unit.
func (n *nation) figure(unit string, x float64) string {
	switch {
	case math.IsNaN(x):
		return undefined
	case unit == "":
		return n.Decimal(100*x, 1) + nbsp + "%"
	case unit == "points":
		return n.Points(x)
	}
	return n.Decimal(x, 1) + nbsp + unit
}

func (n *nation) published(h *report.Headline, x report.Published) string {
	switch {
	case x.Trend != "":
		return n.T("national." + x.Trend)
	case math.IsNaN(x.Value):
		return undefined
	}
	said := n.Short(x.Value) + nbsp + h.Unit
	if h.Unit == "" {
		said = n.Short(100*x.Value) + nbsp + "%"
	}
	if x.About {
		return "≈" + nbsp + said
	}
	return said
}

func (n *nation) between(unit string, low, high float64) string {
	if math.IsNaN(low) || math.IsNaN(high) {
		return undefined
	}
	return n.figure(unit, low) + dash + n.figure(unit, high)
}

func (n *nation) figures() error {
	s := n.in.Sheet
	whole := s.MeanOf(func(b *score.Body) float64 { return b.Score.Value })
	n.Cards = append(n.Cards, card{n.T("national.mean"), n.Points(whole.Value), n.T("figures.interval", "Interval", n.Between(whole.Low, whole.High))},
		card{n.T("national.structures"), n.Int(whole.N), n.T("national.categories.count", "N", n.Int(len(s.Categories)))})
	headlines, err := report.Headlines(n.in.Outcomes, nil)
	if err != nil {
		return err
	}
	for i := range headlines {
		h := &headlines[i]
		row := figureRow{Name: n.T("national.figure." + h.Key), Y2013: n.published(h, h.Y2013), Y2023: n.published(h, h.Y2023), Own: n.figure(h.Unit, h.Value),
			Interval: n.between(h.Unit, h.Low, h.High), N: n.Int(h.N), Audits: ref{Text: n.T("national.none")}}
		if h.N > 0 {
			h.Audits.Set("campaign", n.in.Launch.Campaign)
			row.Audits = n.ref(n.T("national.audits"), "/audits?"+h.Audits.Encode())
			row.Audits.Label = row.Audits.Text + ": " + row.Name
		}
		n.Table = append(n.Table, row)
		if h.Key == "silent-5d" && h.N > 0 {
			n.Cards = append(n.Cards, card{row.Name, row.Own, n.T("figures.interval", "Interval", row.Interval)})
		}
	}
	if c := s.Sectors(func(b *score.Body) float64 { return b.Score.Value }); c.EnoughToCompare {
		n.Sectors = n.T("national.sectors", "Public", n.Points(c.A.Value), "Private", n.Points(c.B.Value), "NPublic", n.Int(c.A.N), "NPrivate", n.Int(c.B.N),
			"Difference", signed(n.words, c.Difference), "Low", signed(n.words, c.Low), "High", signed(n.words, c.High))
	}
	return nil
}

// through draws one figure through the editions: squares for what was published, diamonds for our own with their interval.
func (n *nation) through(l *edition.Line, i int) *picture {
	const left, right, top, bottom = 64, pictureWidth - 24, 16, 130
	p := &picture{ID: "line-" + strconv.Itoa(i), Title: n.T("national.figure." + l.Figure), Width: pictureWidth, Height: 166}
	if l.Group != "" {
		p.Title += ", " + n.Term("sector", l.Group)
	}
	ceiling := 1.0
	switch l.Unit {
	case "":
	case "points":
		ceiling = 100
	default:
		for _, x := range l.Points {
			ceiling = max(ceiling, 1.15*x.Value)
		}
	}
	first, last := math.Floor(l.Points[0].Year), math.Ceil(l.Points[len(l.Points)-1].Year)
	if last-first < 1 {
		last = first + 1
	}
	x := func(year float64) float64 { return left + (right-left)*(year-first)/(last-first) }
	y := func(v float64) float64 { return bottom - (bottom-top)*min(1, max(0, v/ceiling)) }
	for _, share := range []float64{0, 0.25, 0.5, 0.75, 1} {
		p.line(left, y(share*ceiling), right, y(share*ceiling), "grid")
	}
	for _, share := range []float64{0, 0.5, 1} {
		p.text(left-8, y(share*ceiling)+4.5, "end", "axis", n.figure(l.Unit, share*ceiling))
	}
	step := max(1, math.Ceil((last-first)/8))
	for year := first; year <= last; year += step {
		p.text(x(year), bottom+20, "middle", "axis", strconv.Itoa(int(year)))
	}
	var said []string
	for k, pt := range l.Points {
		if k > 0 {
			p.line(x(l.Points[k-1].Year), y(l.Points[k-1].Value), x(pt.Year), y(pt.Value), "way")
		}
		if !math.IsNaN(pt.Low) && !math.IsNaN(pt.High) {
			p.line(x(pt.Year), y(pt.Low), x(pt.Year), y(pt.High), "whisker")
		}
		if pt.Own {
			p.diamond(x(pt.Year), y(pt.Value), 6, "own")
		} else {
			p.box(x(pt.Year)-4.5, y(pt.Value)-4.5, 9, 9, "past")
		}
		said = append(said, strconv.Itoa(int(pt.Year))+nbsp+n.figure(l.Unit, pt.Value))
	}
	p.Desc = strings.Join(said, "; ") + "."
	return p
}

func (n *nation) parts() {
	s := n.in.Sheet
	row := func(name, about string, of func(*score.Body) score.Mean) (meanRow, score.Mean) {
		m := s.MeanOf(func(b *score.Body) float64 {
			if x := of(b); x.N > 0 {
				return x.Value
			}
			return math.NaN()
		})
		return meanRow{Name: name, About: about, Score: n.Points(m.Value), Interval: n.Between(m.Low, m.High), Audits: n.Int(m.N)}, m
	}
	var drawn []barRow
	for i := range s.Grid.Determinants {
		d := &s.Grid.Determinants[i]
		r, m := row(d.Name.In(n.french), d.About.In(n.french), func(b *score.Body) score.Mean { return b.Determinants[i] })
		if m.N > 0 {
			n.Determined = append(n.Determined, r)
			drawn = append(drawn, barRow{name: r.Name, mean: m, peers: math.NaN()})
		}
	}
	if len(drawn) > 0 {
		n.Parts = bars(n.words, "parts-picture", n.T("national.parts.picture"), n.T("national.parts.desc", "N", n.Int(len(drawn))), drawn)
	}
	for i, st := range grid.Stages {
		if r, m := row(s.Grid.StageNames[st].In(n.french), "", func(b *score.Body) score.Mean { return b.Stages[i] }); m.N > 0 {
			n.Stages = append(n.Stages, r)
		}
	}
	for i, c := range probes.Channels {
		if r, m := row(n.Term("channel", string(c)), "", func(b *score.Body) score.Mean { return b.Channels[i] }); m.N > 0 {
			n.Channels = append(n.Channels, r)
		}
	}
}

// win says who is first in a category and whether that is more than chance.
func (n *nation) win(c int) string {
	s := n.in.Sheet
	cat := &s.Categories[c]
	verdict := s.Verdict(cat)
	if verdict == score.Nobody || verdict == score.Alone {
		return n.T("national.win." + string(verdict))
	}
	w := &cat.Win
	said := n.T("national.win."+string(verdict), "Name", s.Bodies[w.Body].Name, "N", n.Int(len(cat.Winners)), "Lead", n.Points(w.Lead), "Needed", n.Points(w.Needed))
	if w.Audits > 0 {
		said += " " + n.T("national.win.audits", "N", n.Int(w.Audits))
	}
	return said
}

// maxRanked is how many structures of a category the printed barometer lists; the site and the files have them all.
const maxRanked = 25

func (n *nation) categories() {
	s := n.in.Sheet
	for c := range s.Categories {
		cat := &s.Categories[c]
		n.Categories = append(n.Categories, winnerRow{cat.Name, n.Int(len(cat.Bodies)), n.Points(cat.Mean), n.Points(cat.Spread), n.win(c)})
		if len(cat.Bodies) < 2 || cat.Win.Body < 0 {
			continue
		}
		r := ranking{ID: "category-" + strconv.Itoa(c), Name: cat.Name, Win: n.win(c)}
		if len(cat.Bodies) >= 8 { // fewer make no cloud
			if r.Funnel = funnel(n.words, s, c, -1); r.Funnel != nil {
				r.Funnel.ID = "funnel-" + strconv.Itoa(c)
			}
		}
		bodies := slices.DeleteFunc(slices.Clone(cat.Bodies), func(k int) bool { return s.Bodies[k].Rank == 0 })
		slices.SortStableFunc(bodies, func(a, b int) int { return cmp.Compare(s.Bodies[a].Rank, s.Bodies[b].Rank) })
		for _, k := range bodies[:min(maxRanked, len(bodies))] {
			b := &s.Bodies[k]
			r.Rows = append(r.Rows, rankingRow{Rank: n.Int(b.Rank), May: n.Int(b.RankLow) + dash + n.Int(b.RankHigh), Score: n.Points(b.Score.Value),
				Interval: n.Between(b.Score.Low, b.Score.High), Best: n.chance(b.Best), Audits: n.Int(b.Audits),
				Structure: n.ref(cmp.Or(strings.TrimSpace(b.Name), string(b.ID)), "/audits?channel=all&campaign="+n.in.Launch.Campaign+"&structure="+string(b.ID))})
		}
		n.Rankings = append(n.Rankings, r)
	}
}

// mostWeak is how many determinants the barometer gives advice on.
const mostWeak = 5

// weak names the determinants in which structures lose most, with practices that help.
func (n *nation) weak() {
	s := n.in.Sheet
	type low struct {
		d int
		m score.Mean
	}
	var all []low
	for i := range s.Grid.Determinants {
		m := s.MeanOf(func(b *score.Body) float64 {
			if b.Determinants[i].N > 0 {
				return b.Determinants[i].Value
			}
			return math.NaN()
		})
		if m.N > 0 {
			all = append(all, low{i, m})
		}
	}
	slices.SortStableFunc(all, func(a, b low) int { return cmp.Compare(a.m.Value, b.m.Value) })
	for _, x := range all[:min(mostWeak, len(all))] {
		d := &s.Grid.Determinants[x.d]
		w := weakness{Name: d.Name.In(n.french), About: d.About.In(n.french), Score: n.Points(x.m.Value)}
		for _, p := range grid.Practices() {
			if slices.Contains(p.Determinants, d.Code) && len(w.Practices) < 2 {
				w.Practices = append(w.Practices, practice{p.Name.In(n.french), p.Detail.In(n.french), p.Who})
			}
		}
		n.Weak = append(n.Weak, w)
	}
}
