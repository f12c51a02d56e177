package site

import (
	"fmt"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// The drawing area of an audit's time line, in units of its viewBox.
const (
	lineWidth = 1000
	lineLeft  = 20
	lineRight = 980
	lineY     = 46
)

// strip is an audit's life on one line: when it was due, what happened, when its watch ends.
type strip struct {
	Title, Desc string
	Ticks       []stripTick
	Marks       []stripMark
	End         string // x of the deadline
	Now         string // x of the present, empty when it is outside
}

type stripTick struct{ X, Label string }

// stripMark is one event or several at the same place. Their shape says whose they are: a square for what we did, a
// circle for what came in, a diamond for what people decided, a cross for faults.
type stripMark struct {
	X, Path, Class, Title string
	at                    float64
}

// shapes are paths around 0,0.
var shapes = map[string]string{"ours": "M-6 -6h12v12h-12z", "theirs": "M-7 0a7 7 0 1 0 14 0a7 7 0 1 0 -14 0z", "people": "M0 -9L9 0L0 9L-9 0z", "fault": "M-7 -7L7 7M7 -7L-7 7"}

// shapeOf sorts an event by who did it.
func shapeOf(e *probes.Event) string {
	kind := string(e.Kind)
	switch {
	case e.Fault == probes.Ours || e.Kind == probes.ProbeFault || e.Kind == probes.AuditMissed:
		return "fault"
	case strings.HasPrefix(kind, "review.") || strings.HasPrefix(kind, "dispute.") || strings.HasPrefix(kind, "order.") || e.Kind == probes.AuditResolved:
		return "people"
	case e.Kind == probes.MailReceived || e.Kind == probes.MailRefused || e.Kind == probes.WebBlocked || e.Kind == probes.WebFailed || e.Kind == probes.MailWitnessed,
		e.Kind == probes.CallRinging || e.Kind == probes.CallAnswered || e.Kind == probes.CallFailed, e.Kind == probes.CallEnded && e.Detail["by"] == "structure":
		return "theirs"
	}
	return "ours"
}

// strip draws the events; nil when there is nothing to draw.
func (p *frame) strip(o *stats.Outcome, events []probes.Event, line probes.Timeline, now time.Time) *strip {
	if len(events) == 0 || !o.Deadline.After(o.Due) {
		return nil
	}
	first, last := o.Due, o.Deadline
	at := func(e *probes.Event) time.Time { return line.Campaign(e.At) }
	for i := range events {
		if events[i].Kind == probes.AccessRead {
			continue
		}
		if t := at(&events[i]); t.Before(first) {
			first = t
		} else if t.After(last) {
			last = t
		}
	}
	whole := last.Sub(first)
	x := func(t time.Time) float64 { return lineLeft + (lineRight-lineLeft)*float64(t.Sub(first))/float64(whole) }
	s := &strip{Title: p.T("strip.title"), End: fmt.Sprintf("%.1f", x(o.Deadline))}
	if campaign := line.Campaign(now); campaign.After(first) && campaign.Before(last) {
		s.Now = fmt.Sprintf("%.1f", x(campaign))
	}
	step := 24 * time.Hour
	for whole/step > 8 {
		step *= 2
	}
	for t := first.Truncate(24 * time.Hour).Add(24 * time.Hour); t.Before(last); t = t.Add(step) {
		if at := x(t); at > lineLeft+40 && at < lineRight-40 {
			s.Ticks = append(s.Ticks, stripTick{fmt.Sprintf("%.1f", at), p.T("date.short", "Day", t.Format("02"), "Month", t.Format("01"))})
		}
	}
	var said []string
	for i := range events {
		e := &events[i]
		if e.Kind == probes.AccessRead || e.Kind == probes.WebPage {
			continue // one for each reader, one for each page: the list has them
		}
		label := p.Term("kind", string(e.Kind)) + ", " + p.Minute(at(e))
		said = append(said, label)
		shape := shapeOf(e)
		here := x(at(e))
		if n := len(s.Marks); n > 0 && s.Marks[n-1].Class == shape && here-s.Marks[n-1].at < 9 {
			s.Marks[n-1].Title += "\n" + label
			continue
		}
		s.Marks = append(s.Marks, stripMark{X: fmt.Sprintf("%.1f", here), Path: shapes[shape], Class: shape, Title: label, at: here})
	}
	s.Desc = strings.Join(said, "; ")
	return s
}
