package score

import (
	"cmp"
	"math"
	"slices"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// ItemScore is what one item came to over a structure's audits.
type ItemScore struct {
	Item                                  *grid.Item
	Points                                float64 // mean of the audits that have points; NaN when none has
	Observed, Silent, NotHere, Unobserved int     // audits
	// Gain is how many points the structure's score would gain if the item had full points in every audit. What silence cost is
	// not gained item by item but by answering: it counts with the item of the channel that says whether anybody did.
	Gain float64
	// Audits are those that lost points by it, as places in the outcomes.
	Audits []int32
}

// Answering are the items that say, channel by channel, whether the structure was there at all.
var Answering = map[probes.Channel]probes.ItemCode{probes.Mail: "mail.answered", probes.Web: "web.online", probes.Phone: "phone.answered-by-person",
	probes.Post: "post.answered", probes.Social: "social.answered"}

// Detail returns every item of the channels that were audited, in the order of the grid, for one structure of a sheet that was
// made of the outcomes.
func (s *Sheet) Detail(k int, outcomes []stats.Outcome) []ItemScore {
	w := newWorking(s, outcomes)
	b := s.Bodies[k] // a copy: others may be reading the sheet
	audits, cells := w.audits(&b)
	if len(audits) == 0 {
		return nil
	}
	share := w.shares(&cells)[0]
	weight := func(channel, cell int) float64 {
		for _, x := range share[channel] {
			if x.cell == cell {
				return x.share / float64(cells[channel][cell].n)
			}
		}
		return 0
	}
	of := map[probes.ItemCode]*ItemScore{}
	out := make([]*ItemScore, 0, len(s.Grid.Items))
	for i := range s.Grid.Items {
		it := &s.Grid.Items[i]
		x := &ItemScore{Item: it}
		of[it.Code] = x
		out = append(out, x)
	}
	for _, a := range audits {
		o := &outcomes[a.place]
		c := w.scale.channels[o.Channel]
		points := make([]Point, len(c.items))
		w.scale.points(o, c, points)
		for i := range points {
			p, it := &points[i], &c.items[i]
			x := of[it.Code]
			switch p.State {
			case Seen:
				x.Observed++
			case Silent:
				x.Silent++
			case NotHere:
				x.NotHere++
			case Missing:
				x.Unobserved++
			}
			if math.IsNaN(p.Points) {
				continue
			}
			x.Points += p.Points
			if p.Points == 100 {
				continue
			}
			gain := weight(c.index, it.cell) * it.Weight / a.weights[it.cell] * (100 - p.Points)
			// A call that a machine took was judged by what it did itself.
			if y := of[Answering[o.Channel]]; deaf(o) && y != nil && (p.State == Silent || o.Call == nil) {
				y.Gain += gain
				if it.Code == y.Item.Code {
					y.Audits = append(y.Audits, a.place)
				}
				continue
			}
			x.Gain += gain
			x.Audits = append(x.Audits, a.place)
		}
	}
	var list []ItemScore
	for _, x := range out {
		n := x.Observed + x.Silent
		if n+x.NotHere+x.Unobserved == 0 {
			continue // its channel was not audited
		}
		if x.Points /= float64(n); n == 0 {
			x.Points = math.NaN()
		}
		list = append(list, *x)
	}
	return list
}

// First returns the items whose mending gains most, at most n, the greatest gain first.
func First(items []ItemScore, n int) []ItemScore {
	out := slices.DeleteFunc(slices.Clone(items), func(x ItemScore) bool { return x.Gain < 0.005 })
	slices.SortStableFunc(out, func(a, b ItemScore) int { return cmp.Compare(b.Gain, a.Gain) })
	return out[:min(n, len(out))]
}
