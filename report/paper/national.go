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

	Style       template.CSS
	Title, Name string
	Cover       []pair
	Provisional bool
	Sections    []heading
	Cards       []card
	Table       []figureRow
	Lines       []*picture
	Sectors     string
	Parts       *picture
	Determined  []meanRow
	Channels    []meanRow
	Stages      []meanRow
	Categories  []winnerRow
	Rankings    []ranking
	Weak        []weakness
	Norms       []normRow
	Weights     []weightRow
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
	n := &nation{words: words, in: &in, Style: template.CSS(style), Name: cmp.Or(strings.TrimSpace(in.Launch.Title), in.Launch.Campaign)}
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
	n.parts()
	n.categories()
	n.weak()
	d := &doc{words: words, in: &Input{Sheet: in.Sheet}}
	d.method()
	n.Norms, n.Weights = d.Norms, d.Weights
	for _, s := range []struct {
		id string
		is bool
	}{{"table", true}, {"lines", len(n.Lines) > 0}, {"winners", true}, {"parts", true}, {"weak", len(n.Weak) > 0}, {"rankings", len(n.Rankings) > 0}, {"how", true}} {
		if s.is {
			n.Sections = append(n.Sections, heading{s.id, n.T("national." + s.id)})
		}
	}
	var out bytes.Buffer
	if err := nationalPage.ExecuteTemplate(&out, "national", n); err != nil {
		return fmt.Errorf("barometer of %s: %w", in.Launch.Campaign, err)
	}
	if *words.lacks != nil {
		return fmt.Errorf("barometer of %s: %w", in.Launch.Campaign, *words.lacks)
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

// in writes a value of a figure: a share, points, or a number with its unit.
func (w *words) in(unit string, x float64) string {
	switch {
	case math.IsNaN(x):
		return undefined
	case unit == "":
		return w.printerPercent(x)
	case unit == "points":
		return w.Points(x)
	}
	return w.Num(x, 1) + nbsp + unit
}

func (n *nation) published(h *report.Headline, x report.Published) string {
	switch {
	case x.Trend != "":
		return n.T("national." + x.Trend)
	case math.IsNaN(x.Value):
		return undefined
	case x.About:
		return "≈" + nbsp + n.in_(h.Unit, x.Value)
	}
	return n.in_(h.Unit, x.Value)
}
