package paper

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/score"
)

// How many actions the report proposes, practices it cites with each, and items a commitment names as lacking.
const (
	maxActions   = 10
	maxPractices = 2
	maxLacking   = 4
)

// action is something to do, with what it is worth.
type action struct {
	Do, Gain, Item, Code, Determinant, Channel, Source string
	Audits                                             []ref
	Practices                                          []practice
}

// ref leads to an audit; its URL may be empty.
type ref struct {
	Text, URL string
	Label     string // what a reader who hears the link alone is told; empty: the text
}

type practice struct{ Name, Detail, Who string }

func (d *doc) first() {
	list := score.First(d.details, maxActions)
	cited := map[string]bool{}
	left := 100 - d.body.Score.Value
	for i := range list {
		x := &list[i]
		left -= x.Gain
		a := action{Do: x.Item.Mend.In(d.french), Gain: d.Points(x.Gain), Item: x.Item.Name.In(d.french), Code: string(x.Item.Code),
			Determinant: d.in.Sheet.Grid.Determinant(x.Item.Determinant).Name.In(d.french), Channel: d.Term("channel", string(x.Item.Channel)), Source: x.Item.Source}
		for _, k := range x.Audits {
			o := &d.in.Outcomes[k]
			a.Audits = append(a.Audits, ref{Text: d.T("audit.number", "N", d.Int(o.Number)), URL: d.linked(o.ID)})
		}
		for _, p := range grid.Practices() {
			if len(a.Practices) < maxPractices && !cited[p.Code] && p.Fits(x.Item.Determinant, x.Item.Channel) {
				cited[p.Code] = true
				who := strings.Join(slices.DeleteFunc([]string{p.Who, p.Source}, func(s string) bool { return s == "" }), ", ")
				if p.Year > 0 {
					who += ", " + d.T("year", "Year", p.Year)
				}
				a.Practices = append(a.Practices, practice{p.Name.In(d.french), p.Detail.In(d.french), who})
			}
		}
		d.First = append(d.First, a)
	}
	if len(list) > 0 {
		d.Missing = d.T("first.left", "Points", d.Points(max(left, 0)))
	}
}

// itemGroup is the items of one determinant.
type itemGroup struct {
	ID, Name, Count, Score string
	Rows                   []itemRow
}

type itemRow struct{ Code, Name, Channel, Points, Observed, Silent, NotHere, Missing string }

func (d *doc) items() {
	for i := range d.in.Sheet.Grid.Determinants {
		x := &d.in.Sheet.Grid.Determinants[i]
		g := itemGroup{ID: "items-" + x.Code, Name: x.Name.In(d.french), Score: d.Points(d.body.Determinants[i].Value)}
		for k := range d.details {
			it := &d.details[k]
			if it.Item.Determinant == x.Code {
				g.Rows = append(g.Rows, itemRow{string(it.Item.Code), it.Item.Name.In(d.french), d.Term("channel", string(it.Item.Channel)), d.Points(it.Points),
					d.Int(it.Observed), d.Int(it.Silent), d.Int(it.NotHere), d.Int(it.Unobserved)})
			}
		}
		if len(g.Rows) > 0 {
			g.Count = d.N("items.count", len(g.Rows))
			d.Items = append(d.Items, g)
		}
	}
}

// From how many points a commitment is kept, and kept in part; and of how much of it must have been observed for a word.
const (
	keptFrom   = 80
	partlyFrom = 50
	leastSeen  = 0.25
)

// pledge is a commitment of Services Publics+, as the audits saw it.
type pledge struct {
	N, Name, Level, Class, Points, Coverage, Source string
	Lacking                                         []string
	More                                            string // how many others lack
	Unchecked                                       bool
}

func (d *doc) pledges() {
	of := map[probes.ItemCode]*score.ItemScore{}
	for i := range d.details {
		of[d.details[i].Item.Code] = &d.details[i]
	}
	kept, all := 0.0, 0.0
	for n, c := range grid.Commitments() {
		p := pledge{N: d.Int(n + 1), Name: c.Name.In(d.french), Source: c.Source, Unchecked: !c.Checked}
		points, coverage, lost := d.weigh(&c, of)
		p.Points, p.Coverage = d.Points(points), d.Percent(coverage)
		switch {
		case coverage < leastSeen || math.IsNaN(points):
			p.Class, p.Points = "unseen", undefined
		case points >= keptFrom:
			p.Class = "kept"
			kept += c.Weight
		case points >= partlyFrom:
			p.Class = "partly"
		default:
			p.Class = "broken"
		}
		p.Level = d.T("pledges." + p.Class)
		all += c.Weight
		for _, x := range lost[:min(maxLacking, len(lost))] {
			p.Lacking = append(p.Lacking, x.Item.Name.In(d.french))
		}
		if n := len(lost) - maxLacking; n > 0 {
			p.More = d.N("pledges.more", n)
		}
		d.Unchecked = d.Unchecked || p.Unchecked
		d.Pledges = append(d.Pledges, p)
	}
	d.Ready = d.T("pledges.ready", "Share", d.Percent(kept/all))
}

// weigh returns a commitment's points, how much of it was observed, and the items that lost points, the heaviest loss first.
// As in a score, items are averaged on their channel and the channels by their weights. What is covered is of the whole
// commitment: channels that nobody audited count as not observed.
func (d *doc) weigh(c *grid.Commitment, of map[probes.ItemCode]*score.ItemScore) (points, coverage float64, lost []*score.ItemScore) {
	type sum struct{ points, scored, seen, all float64 }
	by := map[probes.Channel]*sum{}
	for _, code := range c.Items {
		it := d.grid[code]
		if it == nil {
			continue // an older grid has not got it
		}
		s := by[it.Channel]
		if s == nil {
			s = &sum{}
			by[it.Channel] = s
		}
		s.all += it.Weight
		x := of[code]
		if x == nil {
			continue
		}
		if x.Observed+x.Silent+x.NotHere > 0 {
			s.seen += it.Weight
		}
		if math.IsNaN(x.Points) {
			continue
		}
		s.points += it.Weight * x.Points
		s.scored += it.Weight
		if x.Points < 99.5 {
			lost = append(lost, x)
		}
	}
	seen, weights, all := 0.0, 0.0, 0.0
	for channel, s := range by {
		w := d.in.Sheet.Grid.Channels[channel]
		if s.scored > 0 {
			points += w * s.points / s.scored
			weights += w
		}
		seen += w * s.seen / s.all
		all += w
	}
	slices.SortStableFunc(lost, func(a, b *score.ItemScore) int {
		return cmp.Compare(b.Item.Weight*(100-b.Points), a.Item.Weight*(100-a.Points))
	})
	return points / weights, seen / all, lost
}

type editionRow struct{ Name, End, Score, Interval, Rank, Grid string }

func (d *doc) editions() {
	if len(d.in.Earlier) == 0 {
		return
	}
	b := d.body
	all := append(slices.Clone(d.in.Earlier), EarlierEdition{d.in.Launch.Campaign, d.in.Launch.Title, d.in.Launch.End, d.in.Sheet.Grid.Version, b.Score, b.Rank, b.RankLow, b.RankHigh, b.Peers})
	slices.SortStableFunc(all, func(a, b EarlierEdition) int { return a.End.Compare(b.End) })
	d.Editions = editions(d.words, all)
	for i := range all {
		e := &all[i]
		d.MixedGrids = d.MixedGrids || e.Grid != all[0].Grid
		d.EditionRows = append(d.EditionRows, editionRow{cmp.Or(e.Title, e.Campaign), d.Day(e.End), d.Points(e.Score.Value), d.Between(e.Score.Low, e.Score.High),
			d.rank(e.Rank, e.RankLow, e.RankHigh, e.Peers), e.Grid})
	}
}

type normRow struct {
	Key, Value, Source string
	Checked            bool
}

type weightRow struct{ What, Name, Weight string }

func (d *doc) method() {
	g := d.in.Sheet.Grid
	for i := range d.in.Sheet.Norms.Values {
		n := &d.in.Sheet.Norms.Values[i]
		d.Norms = append(d.Norms, normRow{n.Key, d.Short(n.Value) + nbsp + d.Term("norm", n.Unit), n.Source, n.Checked})
	}
	for _, c := range probes.Channels {
		d.Weights = append(d.Weights, weightRow{d.T("method.channel"), d.Term("channel", string(c)), d.Short(g.Channels[c])})
	}
	for _, s := range grid.Stages {
		d.Weights = append(d.Weights, weightRow{d.T("method.stage"), g.StageNames[s].In(d.french), d.Short(g.Stages[s])})
	}
	for i := range g.Determinants {
		d.Weights = append(d.Weights, weightRow{d.T("method.determinant"), g.Determinants[i].Name.In(d.french), d.Short(g.Determinants[i].Weight)})
	}
	if d.in.Base != "" {
		d.Dispute = strings.TrimSuffix(d.in.Base, "/") + "/structure"
	}
}
