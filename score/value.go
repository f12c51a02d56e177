package score

import (
	"math"
	"slices"
	"time"
	"unique"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// measure derives an item from the instants and results of an audit that is over. It returns NaN where the item does not apply
// and ok = false where the audit has none.
type measure func(o *stats.Outcome, norms grid.Norms) (value float64, ok bool)

// measures are the derived items. A website's and a mail's are here, a call's in call.go; those of the other channels come with
// their probes.
var measures = map[probes.ItemCode]measure{
	"mail.deliverable": func(o *stats.Outcome, _ grid.Norms) (float64, bool) {
		return truth(o.Result != stats.Unreachable), true
	},
	"mail.answered":      func(o *stats.Outcome, _ grid.Norms) (float64, bool) { return truth(inTime(o)), true },
	"mail.answered.24h":  answeredWithin(24 * time.Hour),
	"mail.answered.48h":  answeredWithin(48 * time.Hour),
	"mail.answered.5d":   answeredWithin(5 * 24 * time.Hour),
	"mail.answered.norm": answeredInWorkingDays,
	"mail.acknowledged":  func(o *stats.Outcome, _ grid.Norms) (float64, bool) { return truth(o.Acked), true },
	"mail.heard.24h":     heardWithinADay,
	"mail.first-contact": ofAnswer(func(o *stats.Outcome) float64 { return truth(o.Answer == probes.AnswerGiven) }),
	"mail.not-referred":  ofAnswer(func(o *stats.Outcome) float64 { return truth(o.Answer != probes.AnswerRefers) }),
	"mail.not-junk":      ofAnswer(func(o *stats.Outcome) float64 { return truth(!o.Junk) }),
	"mail.delay.worked":  ofAnswer(func(o *stats.Outcome) float64 { return float64(o.Worked) / float64(time.Hour.Milliseconds()) }),
	"mail.no-challenge":  without(probes.ClassChallenge),
	"mail.absence.covered": func(o *stats.Outcome, _ grid.Norms) (float64, bool) {
		if !o.Absent {
			return math.NaN(), true
		}
		return truth(inTime(o)), true
	},
	"mail.delay.working-days": ofAnswer(func(o *stats.Outcome) float64 { return float64(o.Days) }),
	"mail.no-delay-warning":   without(probes.ClassDelay),
	"mail.transferred": ofAnswer(func(o *stats.Outcome) float64 {
		if o.Answer != probes.AnswerTransferred && o.Answer != probes.AnswerRefers {
			return math.NaN()
		}
		return truth(o.Answer == probes.AnswerTransferred)
	}),
	"mail.acknowledged.norm": func(o *stats.Outcome, norms grid.Norms) (float64, bool) {
		days, ok := norms.Value("mail.acknowledge")
		limit := int64(days * float64(24*time.Hour.Milliseconds()))
		return truth(o.Acked && o.AckDelay <= limit), ok
	},

	"web.online": func(o *stats.Outcome, _ grid.Norms) (float64, bool) {
		return truth(o.Result == stats.Visited), o.Result == stats.Visited || o.Result == stats.Offline
	},
	"web.open": func(o *stats.Outcome, _ grid.Norms) (float64, bool) {
		return truth(o.Result == stats.Visited), o.Result == stats.Visited || o.Result == stats.Blocked
	},
	"web.available": func(o *stats.Outcome, _ grid.Norms) (float64, bool) {
		return 100 * float64(o.ChecksUp) / float64(o.Checks), o.Checks > 0
	},
	"web.barriers": func(o *stats.Outcome, _ grid.Norms) (float64, bool) {
		return float64(o.Barriers) / float64(o.Pages), o.Result == stats.Visited && o.Pages > 0
	},

	"phone.first-attempt":      ofCall(firstAttempt),
	"phone.attempts":           ofCall(attempts),
	"phone.answered-by-person": ofCall(byPerson),
	"phone.pickup":             ofCall(pickup),
	"phone.ring-time":          ofCall(ringTime),
	"phone.wait":               ofCall(wait),
	"phone.contact-time":       ofCall(contactTime),
	"phone.post-dial-delay":    noted("phone.post-dial-delay"),
	"phone.wait.preamble":      noted("phone.wait.preamble"),
	"phone.quality.loss":       noted("phone.quality.loss"),
	"phone.wait.silence":       noted("phone.wait.silence"),
	"phone.hold-time":          noted("phone.hold-time"),
	"phone.transfer.time":      noted("phone.transfer.time"),
}

// Measured lists the items that are derived here, in order.
func Measured() (codes []probes.ItemCode) {
	for code := range measures {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}

func truth(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// inTime says whether a person answered before the deadline.
func inTime(o *stats.Outcome) bool { return o.Result == stats.Answered && !o.Late }

// over says whether the watch of an audit without an answer has ended.
func over(o *stats.Outcome) bool { return o.Followed >= o.Deadline.Sub(o.Sent).Milliseconds() }

func answeredWithin(d time.Duration) measure {
	return func(o *stats.Outcome, _ grid.Norms) (float64, bool) {
		return truth(o.Result == stats.Answered && o.Delay <= d.Milliseconds()), true
	}
}

func answeredInWorkingDays(o *stats.Outcome, norms grid.Norms) (float64, bool) {
	days, ok := norms.Value("mail.answer")
	return truth(o.Result == stats.Answered && float64(o.Days) <= days), ok
}

func heardWithinADay(o *stats.Outcome, _ grid.Norms) (float64, bool) {
	const day = int64(24 * time.Hour / time.Millisecond)
	heard := o.Acked && o.AckDelay <= day || o.Result == stats.Answered && o.Delay <= day
	return truth(heard), true
}

// ofAnswer is a measure of audits that were answered; the others have none.
func ofAnswer(f func(o *stats.Outcome) float64) measure {
	return func(o *stats.Outcome, _ grid.Norms) (float64, bool) {
		if o.Result != stats.Answered {
			return 0, false
		}
		return f(o), true
	}
}

// without is a measure that is lost when a mail of the class came. Who never answers earns nothing by it.
func without(class string) measure {
	return func(o *stats.Outcome, _ grid.Norms) (float64, bool) {
		there := slices.Contains(o.Classes, class)
		return truth(!there), there || o.Result == stats.Answered
	}
}

// State says how an item of an audit came to its points.
type State string

// The states of an item of an audit.
const (
	Seen    State = "observed"       // it was observed or measured
	Silent  State = "silent"         // nobody answered, and that costs the points
	NotHere State = "not applicable" // it does not apply
	Missing State = "missing"        // it was not observed, or cannot be told yet
)

// Point is one item of one audit.
type Point struct {
	Item   *grid.Item
	State  State
	Value  float64 // in the item's unit, 1 for yes and 0 for no; NaN unless it was seen
	Points float64 // 0 to 100; NaN where it does not apply or is missing
}

// scored says whether an audit has points: it was made, and nothing that is still to come will change them. One that is open
// has none, not even for what is certain: those who answered would be judged on all items, the others on silence alone.
func scored(o *stats.Outcome) bool {
	switch o.Result {
	case stats.Answered, stats.Unreachable, stats.Visited, stats.Blocked, stats.Offline, stats.Reached, stats.Unmanned, stats.PickedUp:
		return true
	case stats.Unreached:
		return o.Status.Ended() // no other try is to come
	case stats.Silent:
		return over(o)
	}
	return false
}

// deaf says whether the structure gave nothing that could be judged, or at least nobody.
func deaf(o *stats.Outcome) bool {
	switch o.Result {
	case stats.Unreachable, stats.Offline, stats.Silent, stats.Unreached:
		return true
	case stats.Unmanned: // while it is closed, a message is all that is asked for
		return !o.Outside
	}
	return false
}

// scale is a grid made ready for a hundred million marks: items by channel, and each item's place among them.
type scale struct {
	grid     *grid.Grid
	norms    grid.Norms
	channels map[probes.Channel]*channelScale
}

type channelScale struct {
	index int // in probes.Channels
	items []scaleItem
	place map[unique.Handle[probes.ItemCode]]int
}

type scaleItem struct {
	*grid.Item
	cell    int // determinant × stage
	measure measure
	call    callItem
	points  func(float64) float64
}

func newScale(g *grid.Grid, norms grid.Norms) *scale {
	s := &scale{g, norms, map[probes.Channel]*channelScale{}}
	for i, c := range probes.Channels {
		s.channels[c] = &channelScale{index: i, place: map[unique.Handle[probes.ItemCode]]int{}}
	}
	for i := range g.Items {
		it := &g.Items[i]
		c := s.channels[it.Channel]
		d := slices.IndexFunc(g.Determinants, func(d grid.Determinant) bool { return d.Code == it.Determinant })
		x := scaleItem{Item: it, cell: d*len(grid.Stages) + slices.Index(grid.Stages[:], it.Stage),
			points: func(v float64) float64 { return it.Rule.Points(v, norms) }}
		x.call = callItemOf(it)
		if it.How == grid.Measured {
			x.measure = measures[it.Code]
		}
		c.place[unique.Make(it.Code)] = len(c.items)
		c.items = append(c.items, x)
	}
	return s
}

// points fills in what every item of the audit's channel is worth. into has one place for each item.
func (s *scale) points(o *stats.Outcome, c *channelScale, into []Point) {
	without := Point{State: Missing, Value: math.NaN(), Points: math.NaN()}
	gone := deaf(o)
	for i := range c.items {
		it := &c.items[i]
		p := &into[i]
		*p = without
		p.Item = it.Item
		if o.Call != nil && it.foreign(o) {
			p.State = NotHere
			continue
		}
		if it.measure != nil {
			if v, ok := it.measure(o, s.norms); ok {
				p.set(it, v)
				continue
			}
		}
		if gone && (o.Call == nil || it.owed(o)) {
			if p.State = NotHere; it.Silent == grid.Zero {
				p.State, p.Points = Silent, 0
			}
		}
	}
	if o.Result == stats.Blocked {
		return // a guard keeps us out: there is nothing that was seen
	}
	for _, m := range o.Items {
		if i, ok := c.place[m.Item]; ok && c.items[i].measure == nil && (o.Call == nil || !c.items[i].foreign(o)) {
			into[i].set(&c.items[i], m.Value)
		}
	}
}

func (p *Point) set(it *scaleItem, v float64) {
	if p.State, p.Value, p.Points = Seen, v, it.points(v); math.IsNaN(p.Points) {
		p.State, p.Points = NotHere, math.NaN()
	}
}

// Points returns what every item of the audit's channel is worth; nil where the audit is not scored.
func Points(g *grid.Grid, norms grid.Norms, o *stats.Outcome) []Point {
	if !scored(o) {
		return nil
	}
	s := newScale(g, norms)
	c := s.channels[o.Channel]
	if c == nil {
		return nil
	}
	out := make([]Point, len(c.items))
	s.points(o, c, out)
	return out
}

// EachPoint calls f with every audit that is scored, in order, and what its items are worth, until f returns false. The
// points are good until f returns.
func (s *Sheet) EachPoint(outcomes []stats.Outcome, f func(o *stats.Outcome, points []Point) bool) {
	made := newScale(s.Grid, s.Norms)
	points := make([]Point, len(s.Grid.Items))
	for i := range outcomes {
		o := &outcomes[i]
		c := made.channels[o.Channel]
		if c == nil || !scored(o) {
			continue
		}
		made.points(o, c, points[:len(c.items)])
		if !f(o, points[:len(c.items)]) {
			return
		}
	}
}
