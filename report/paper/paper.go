// Package paper makes the report that a structure receives: one document in French or English, as HTML that stands alone and
// as tagged PDF printed by Chrome. It computes no score (package score does), judges no mail (the prober did) and names no
// agent of the structure: whoever signed is masked, in every excerpt and always.
package paper

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"math"
	"net/url"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/score"
	"github.com/sonde-fleet/sonde/stats"
)

// Input is what a report is made of.
type Input struct {
	Sheet    *score.Sheet
	Outcomes []stats.Outcome // those that the sheet was made of, in their order
	Launch   probes.Launch
	Lang     string                                       // fr or en
	Base     string                                       // address of the site; empty: audits are named and not linked
	Own      bool                                         // it is the structure itself that reads: it is linked to its own page
	Events   func(probes.AuditID) ([]probes.Event, error) // nil: no story is told
	Evidence func(probes.Hash) ([]byte, error)            // nil: no excerpt is shown
	Rating   func(probes.AuditID) bool                    // audits that the reader is to rate without knowing what others said
	At       time.Time                                    // of the report
	Earlier  []EarlierEdition                             // other campaigns of the structure, in any order
}

// EarlierEdition is what the structure came to in another campaign.
type EarlierEdition struct {
	Campaign, Title                string
	End                            time.Time
	Grid                           string // version
	Score                          score.Mean
	Rank, RankLow, RankHigh, Peers int
}

// ErrNotHere says that the structure is not in the sheet.
var ErrNotHere = errors.New("the structure is not in this campaign")

//go:embed paper.html
var pageText string

//go:embed paper.css
var style string

var page = template.Must(template.New("paper").Parse(pageText))

// Policy is the Content-Security-Policy under which the document works: its own style sheet, and nothing else at all.
func Policy() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// doc is the document as the template has it.
type doc struct {
	*words
	in       *Input
	body     *score.Body
	place    int // in the sheet
	category int
	own      []*stats.Outcome // that have been decided, in order of their numbers
	grid     map[probes.ItemCode]*grid.Item
	details  []score.ItemScore

	front
	Cards       []card
	Figures     []pair
	Band        *picture
	Channels    []meanRow
	Stages      []meanRow
	Bars        *picture
	Determined  []meanRow
	Funnel      *picture
	Audits      []auditRow
	Letters     []letter
	Websites    []website
	First       []action
	Missing     string // points that all actions together leave
	Items       []itemGroup
	Pledges     []pledge
	Ready       string
	Unchecked   bool // a commitment whose wording was not read at its source
	Editions    *picture
	EditionRows []editionRow
	MixedGrids  bool
	Norms       []normRow
	Weights     []weightRow
	Dispute     string // where to object
}

// front is what every document begins with: its cover and its contents.
type front struct {
	Style       template.CSS
	Title, Name string
	Over, Lead  string
	Intro       []string
	Cover       []pair
	Provisional bool
	Sections    []heading
}

type pair struct{ Name, Value string }

type heading struct{ ID, Text string }

type card struct{ Name, Value, Note string }

type meanRow struct{ Name, About, Score, Interval, Peers, Difference, Audits string }

// Structure writes the report of one structure as HTML. Nothing is written when it fails.
func Structure(w io.Writer, in Input, id probes.StructureID) error {
	words, err := wordsOf(in.Lang)
	if err != nil {
		return err
	}
	k := in.Sheet.Body(id)
	if k < 0 {
		return fmt.Errorf("%s: %w", id, ErrNotHere)
	}
	b := &in.Sheet.Bodies[k]
	d := &doc{words: words, in: &in, body: b, place: k, category: in.Sheet.Category(k)}
	d.front = front{Style: template.CSS(style), Name: cmp.Or(strings.TrimSpace(b.Name), string(b.ID)), Over: d.T("cover.over"), Lead: d.T("cover.what"),
		Intro: []string{d.T("cover.how"), d.T("cover.use")}}
	d.Title = d.T("title", "Name", d.Name)
	d.grid = map[probes.ItemCode]*grid.Item{}
	for i := range in.Sheet.Grid.Items {
		d.grid[in.Sheet.Grid.Items[i].Code] = &in.Sheet.Grid.Items[i]
	}
	d.own = decided(in.Outcomes, id)
	d.details = in.Sheet.Detail(k, in.Outcomes)
	d.Provisional = in.Launch.End.After(in.Launch.Timeline.Campaign(in.At))
	d.cover()
	if err := d.figures(); err != nil {
		return err
	}
	d.determinants()
	d.Funnel = funnel(words, in.Sheet, d.category, k)
	d.first()
	d.items()
	d.pledges()
	d.editions()
	d.method()
	if err := d.audits(); err != nil {
		return err
	}
	d.contents()
	var out bytes.Buffer
	if err := page.Execute(&out, d); err != nil {
		return fmt.Errorf("report of %s: %w", id, err)
	}
	if words.lacks != nil {
		return fmt.Errorf("report of %s: %w", id, words.lacks)
	}
	_, err = w.Write(bytes.Map(readable, out.Bytes()))
	return err
}

// readable leaves out characters that nobody sees and that turn round what stands beside them: what strangers write must not.
func readable(r rune) rune {
	if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f {
		return -1
	}
	return r
}

// decided returns the structure's audits whose end nothing will change. What has not been asked yet, and what is being asked,
// is nobody's to read in a report: the structure would answer for its own sake.
func decided(all []stats.Outcome, id probes.StructureID) (out []*stats.Outcome) {
	for i := range all {
		o := &all[i]
		if o.Structure != id || o.Result == stats.Waiting || o.Result == stats.Out || o.Result == stats.InDoubt {
			continue
		}
		if o.Result == stats.Silent && o.Followed < o.Deadline.Sub(o.Sent).Milliseconds() || o.Result == stats.Unreached && !o.Status.Ended() {
			continue // an answer, or another call, may still come
		}
		out = append(out, o)
	}
	return out
}

// contents lists the sections that the document has.
func (d *doc) contents() {
	add := func(id string, is bool) {
		if is {
			d.Sections = append(d.Sections, heading{id, d.T(id + ".title")})
		}
	}
	add("figures", true)
	add("determinants", d.Bars != nil)
	add("funnel", d.Funnel != nil)
	add("audits", true)
	add("websites", len(d.Websites) > 0)
	add("first", true)
	add("pledges", true)
	add("editions", d.Editions != nil)
	add("method", true)
	add("items", len(d.Items) > 0)
}

func (d *doc) cover() {
	l, b := &d.in.Launch, d.body
	add := func(key, value string) {
		if value != "" {
			d.Cover = append(d.Cover, pair{d.T("cover." + key), value})
		}
	}
	add("campaign", cmp.Or(l.Title, l.Campaign))
	add("dates", d.Day(l.Timeline.Campaign(l.Timeline.Launched))+dash+d.Day(l.End))
	add("structure", string(b.ID))
	add("kind", d.kind())
	add("region", b.Region)
	add("grid", d.T("cover.grid.value", "Version", d.in.Sheet.Grid.Version, "Hash", short(d.in.Sheet.Grid.Hash)))
	add("norms", d.T("cover.norms.value", "Title", cmp.Or(d.in.Sheet.Norms.Title().In(d.french), d.in.Sheet.Norms.Profile), "Date", d.in.Sheet.Norms.Date))
	add("audits", d.N("cover.audits.value", b.Audits))
	if b.Spoiled > 0 {
		add("spoiled", d.N("cover.spoiled.value", b.Spoiled))
	} else {
		add("spoiled", d.T("cover.spoiled.none"))
	}
	add("at", d.Day(l.Timeline.Campaign(d.in.At)))
}

// kind is the name of the structure's peers.
func (d *doc) kind() string {
	if d.body.Band == "" {
		return d.body.Kind
	}
	return d.T("cover.kind.value", "Kind", d.body.Kind, "Band", d.body.Band)
}

// short is the beginning of a hash: enough to find it, and to be read out.
func short(h probes.Hash) string { return string(h[:min(16, len(h))]) }

// rank says where the structure stands. It never says so without its interval.
func (d *doc) rank(rank, low, high, peers int) string {
	if rank == 0 {
		return d.T("rank.none")
	}
	return d.T("rank", "Rank", d.Nth(rank), "N", d.Int(peers), "Low", d.Int(low), "High", d.Int(high))
}

func (d *doc) figures() error {
	b := d.body
	rank := d.rank(b.Rank, b.RankLow, b.RankHigh, b.Peers)
	d.Cards = []card{
		{d.T("figures.score"), d.Points(b.Score.Value), d.T("figures.interval", "Interval", d.Between(b.Score.Low, b.Score.High))},
		{d.T("figures.rank"), rank, d.T("figures.rank.note", "Kind", d.kind())},
	}
	add := func(key, value string) { d.Figures = append(d.Figures, pair{d.T("figures." + key), value}) }
	add("score", d.T("figures.with-interval", "Score", d.Points(b.Score.Value), "Interval", d.Between(b.Score.Low, b.Score.High)))
	if b.Rank > 0 {
		add("shrunk", d.T("figures.with-interval", "Score", d.Points(b.Shrunk.Value), "Interval", d.Between(b.Shrunk.Low, b.Shrunk.High)))
	}
	add("rank", rank)
	if b.Rank > 0 {
		add("best", d.chance(b.Best))
		add("weights", d.T("figures.weights.value", "Light", d.Int(b.RankLight), "Heavy", d.Int(b.RankHeavy), "First", d.chance(b.First)))
	}
	count := map[stats.Result]int{}
	var mails []stats.Outcome
	for _, o := range d.own {
		count[o.Result]++
		if o.Channel == probes.Mail {
			mails = append(mails, *o)
		}
	}
	asked := count[stats.Answered] + count[stats.Silent] + count[stats.Unreachable]
	if asked > 0 {
		d.Cards = append(d.Cards, card{d.T("figures.answered"), d.T("figures.of", "K", d.Int(count[stats.Answered]), "N", d.Int(asked)),
			d.T("figures.answered.note", "Silent", d.Int(count[stats.Silent]), "Unreachable", d.Int(count[stats.Unreachable]))})
		add("answered", d.T("figures.of", "K", d.Int(count[stats.Answered]), "N", d.Int(asked)))
		add("silent", d.Int(count[stats.Silent]))
		add("unreachable", d.Int(count[stats.Unreachable]))
	}
	if n := count[stats.Visited] + count[stats.Blocked] + count[stats.Offline]; n > 0 {
		add("websites", d.T("figures.websites.value", "Visited", d.Int(count[stats.Visited]), "Blocked", d.Int(count[stats.Blocked]), "Offline", d.Int(count[stats.Offline])))
	}
	if len(mails) > 0 {
		r, err := stats.Summary(mails, "")
		if err != nil {
			return err
		}
		median := d.Delay(r.All.Median)
		if math.IsNaN(r.All.Median) || math.IsInf(r.All.Median, 0) {
			median = d.T("figures.median.none")
		}
		d.Cards = append(d.Cards, card{d.T("figures.median"), median, d.T("figures.median.note")})
		add("median", median)
	}
	if err := d.ofCalls(add); err != nil {
		return err
	}
	if !math.IsNaN(b.Coverage) {
		add("coverage", d.Percent(b.Coverage))
	}
	peers := d.in.Sheet.BandsOf(d.category, func(b *score.Body) float64 { return b.Score.Value })
	d.Band = band(d.words, b, peers)
	for i, c := range probes.Channels {
		if b.Channels[i].N > 0 {
			d.Channels = append(d.Channels, d.mean(d.Term("channel", string(c)), "", &b.Channels[i], func(b *score.Body) float64 { return b.Channels[i].Value }))
		}
	}
	for i, s := range grid.Stages {
		if b.Stages[i].N > 0 {
			d.Stages = append(d.Stages, d.mean(d.in.Sheet.Grid.StageNames[s].In(d.french), "", &b.Stages[i], func(b *score.Body) float64 { return b.Stages[i].Value }))
		}
	}
	return nil
}

// mean makes a row of a table of means.
func (d *doc) mean(name, about string, m *score.Mean, of func(*score.Body) float64) meanRow {
	peers := d.in.Sheet.BandsOf(d.category, of).P50
	row := meanRow{Name: name, About: about, Score: d.Points(m.Value), Interval: d.Between(m.Low, m.High), Peers: d.Points(peers), Audits: d.Int(m.N), Difference: undefined}
	if !math.IsNaN(m.Value) && !math.IsNaN(peers) {
		row.Difference = d.signed(m.Value - peers)
	}
	return row
}

// chance writes a probability that was estimated: never as if it were certain.
func (w *words) chance(x float64) string {
	switch {
	case x < 0.01:
		return w.T("less", "Share", w.Percent(0.01))
	case x > 0.99:
		return w.T("more", "Share", w.Percent(0.99))
	}
	return w.Percent(x)
}

// signed writes a difference of points with its sign.
func (d *doc) signed(x float64) string { return signed(d.words, x) }

func signed(w *words, x float64) string {
	switch s := w.Points(math.Abs(x)); {
	case math.Abs(x) < 0.05:
		return "±" + nbsp + s
	case x < 0:
		return "−" + nbsp + s
	default:
		return "+" + nbsp + s
	}
}

func (d *doc) determinants() {
	if d.body.Audits == 0 {
		return
	}
	var rows []barRow
	best, worst := -1, -1
	for i := range d.in.Sheet.Grid.Determinants {
		x, m := &d.in.Sheet.Grid.Determinants[i], &d.body.Determinants[i]
		of := func(b *score.Body) float64 { return b.Determinants[i].Value }
		d.Determined = append(d.Determined, d.mean(x.Name.In(d.french), x.About.In(d.french), m, of))
		rows = append(rows, barRow{x.Name.In(d.french), *m, d.in.Sheet.BandsOf(d.category, of).P50})
		if m.N == 0 {
			continue
		}
		if best < 0 || m.Value > d.body.Determinants[best].Value {
			best = i
		}
		if worst < 0 || m.Value < d.body.Determinants[worst].Value {
			worst = i
		}
	}
	if best < 0 {
		d.Determined = nil
		return
	}
	d.Bars = bars(d.words, "bars", d.T("determinants.title"), d.T("determinants.desc", "Best", rows[best].name, "BestScore", d.Points(rows[best].mean.Value),
		"Worst", rows[worst].name, "WorstScore", d.Points(rows[worst].mean.Value)), rows)
	d.Bars.Headed = true
}

// linked returns the address of an audit's page; empty where there is no site, or none that the reader may see.
func (d *doc) linked(id probes.AuditID) string {
	switch {
	case d.in.Base == "":
		return ""
	case d.in.Own:
		return strings.TrimSuffix(d.in.Base, "/") + "/structure"
	}
	return strings.TrimSuffix(d.in.Base, "/") + "/audits/" + url.PathEscape(string(id))
}
