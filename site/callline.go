package site

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// callLine is one call on its own axis: what happened above, what was heard below. Colour, pattern and letters say the same.
type callLine struct {
	ID, Title, Desc string
	Ticks           []stripTick
	Marks           []callMark
	Bars            []heardBar
	Keys            []heardKey // kinds of what was heard, for the legend
	Rows            []heardRow // the same as a table, with the facts
	Sound           *recording
	Whole           int64 // of the axis, ms
	Answered        int64 // since dialling, ms; 0: not
}

// callMark is a fact of the call at its instant.
type callMark struct{ X, Y, Label, Anchor, Title, At string }

// heardBar is a stretch in which one thing was heard.
type heardBar struct {
	X, Width, Class, Fill, Title string
	Label                        string // in the bar, where there is room
	Middle                       string
	At                           string // seconds
}

type heardKey struct{ Name, Class, Fill string }

type heardRow struct {
	Name, From, To, Sure string
	At                   string // where it begins, in seconds: the player jumps there
}

// The drawing area of a call, in units of its viewBox.
const (
	callLeft, callRight = 20, 980
	callBar             = 96 // top of the bars
	roomy               = 90 // a bar that is as wide has room for its name
)

// heards are the labels of what is heard that have a name and a pattern of their own; the others are drawn as "other".
var heards = [...]string{"ring", "busy", "congestion", "fax", "music", "silence", "noise", "beep", "speech", "recording", "machine", "ivr",
	"announcement", "voicemail", "queue", "human"}

// answering are who or what can answer first; endings who ends a call; fates what became of a call.
var (
	answering = [...]string{"human", "ivr", "announcement", "voicemail", "fax", "queue", "silence"}
	endings   = [...]string{"us", "structure", "network"}
	fates     = [...]string{stats.TryAnswered, stats.TryOurs, "under-way", probes.ClassBusy, probes.ClassNoAnswer, probes.ClassRejected, probes.ClassWrongNumber,
		probes.ClassUnreachable, probes.ClassCongestion, probes.ClassMoved}
	modes = [...]string{"ring", "measure", "record"}
)

// calls draws each call of the audit; nothing of an audit that was not dialled.
func (s *server) callLines(p *frame, r *http.Request, events []probes.Event) (out []*callLine) {
	for i := 0; i < len(events); {
		if events[i].Kind != probes.CallDialled {
			i++
			continue
		}
		end := i + 1
		for end < len(events) && events[end].Kind != probes.CallDialled {
			end++
		}
		sound, drawn := s.recorded(p, r, events[i:end])
		if c := p.callLine(events[i:end], drawn.length); c != nil {
			if c.Sound = sound; sound != nil {
				sound.Wave = drawn.path(c.Whole)
			}
			out = append(out, c)
		}
		i = end
	}
	return out
}

// callLine draws one call from its dialling on, on an axis that is as long as the sound at least; nil while nothing has followed.
func (p *frame) callLine(events []probes.Event, sound int64) *callLine {
	begin := events[0].At
	since := func(e *probes.Event) int64 { return e.At.Sub(begin).Milliseconds() }
	var facts []*probes.Event
	marks := ""
	for i := range events {
		switch e := &events[i]; e.Kind {
		case probes.CallDialled, probes.CallRinging, probes.CallAnswered, probes.CallEnded, probes.CallFailed, probes.ProbeFault:
			facts = append(facts, e)
			marks = cmp.Or(e.Detail["marks"], marks)
		}
		if k := events[i].Kind; k == probes.CallEnded || k == probes.CallFailed || k == probes.ProbeFault {
			break
		}
	}
	heard := stats.HeardOf(marks)
	whole := max(since(facts[len(facts)-1]), sound)
	for _, h := range heard {
		whole = max(whole, h.To)
	}
	if len(facts) < 2 || whole <= 0 {
		return nil
	}
	try := max(events[0].Try, 1)
	c := &callLine{ID: "call-" + strconv.Itoa(try), Title: p.T("call.title", "N", p.Int(try)), Whole: whole}
	x := func(ms int64) float64 { return callLeft + (callRight-callLeft)*float64(ms)/float64(whole) }
	step := int64(1000)
	for k := 0; whole/step > 12; k++ {
		step = step * [...]int64{2, 5, 10}[k%3] / [...]int64{1, 2, 5}[k%3] // 1, 2, 5, 10, 20, 50… s
	}
	for t := int64(0); t <= whole; t += step {
		c.Ticks = append(c.Ticks, stripTick{place(x(t)), p.T("unit.s", "N", p.Int(int(t/1000)))})
	}
	ends := []float64{-1000, -1000, -1000} // where the last label of each row ends
	for _, e := range facts {
		label := p.callFact(e)
		at := x(since(e))
		title := label + ", " + p.Delay(float64(since(e)))
		row, width := 0, 8.5*float64(len([]rune(label)))
		m := callMark{X: place(at), Label: label, Anchor: "start", Title: title, At: onAxis(since(e))}
		if e.Kind == probes.CallAnswered {
			c.Answered = since(e)
		}
		c.Rows = append(c.Rows, heardRow{label, p.Delay(float64(since(e))), "", "", m.At})
		from := at
		if at+width > callRight {
			m.Anchor, from = "end", at-width
		}
		for row < len(ends)-1 && from < ends[row]+6 {
			row++
		}
		ends[row] = from + width
		m.Y = strconv.Itoa(22 + 20*row)
		c.Marks = append(c.Marks, m)
	}
	for _, h := range heard {
		kind := h.Label
		name := kind
		if slices.Contains(heards[:], kind) {
			name = p.Term("heard", kind)
		} else {
			kind = "other"
		}
		left, right := x(h.From), x(h.To)
		sure := p.percent(h.Sure, 0)
		b := heardBar{X: place(left), Width: place(max(1, right-left)), Class: "h-" + kind, Fill: c.ID + "-" + kind, Middle: place((left + right) / 2), At: onAxis(h.From),
			Title: p.T("call.heard", "What", name, "From", p.Delay(float64(h.From)), "To", p.Delay(float64(h.To)), "Sure", sure)}
		if right-left >= max(roomy, 9.5*float64(len([]rune(name)))+8) {
			b.Label = name
		}
		c.Bars = append(c.Bars, b)
		c.Rows = append(c.Rows, heardRow{name, p.Delay(float64(h.From)), p.Delay(float64(h.To)), sure, b.At})
		if !slices.ContainsFunc(c.Keys, func(k heardKey) bool { return k.Class == b.Class }) {
			if kind == "other" {
				name = p.T("call.other")
			}
			c.Keys = append(c.Keys, heardKey{name, b.Class, b.Fill})
		}
	}
	c.Desc = p.T("call.drawing", "N", p.Int(len(c.Rows)))
	slices.SortStableFunc(c.Rows, func(a, b heardRow) int { return cmp.Compare(second(a.At), second(b.At)) })
	return c
}

// onAxis writes milliseconds as a media fragment and a field of a form want them.
func onAxis(ms int64) string { return strconv.FormatFloat(float64(ms)/1000, 'f', -1, 64) }

// second reads what onAxis wrote.
func second(s string) float64 {
	x, _ := strconv.ParseFloat(s, 64)
	return x
}

// callFact names a fact of a call.
func (p *frame) callFact(e *probes.Event) string {
	name := p.Term("kind", string(e.Kind))
	switch {
	case e.Kind == probes.CallEnded && slices.Contains(endings[:], e.Detail["by"]):
		return p.Term("ended", e.Detail["by"])
	case e.Kind == probes.CallFailed && slices.Contains(fates[:], e.Detail["class"]):
		return p.Term("call", e.Detail["class"])
	}
	return name
}

// tellCall adds what the calls came to, to the facts of the outcome.
func (p *story) tellCall(o *stats.Outcome) {
	said := func(key, value string) { p.Outcome = append(p.Outcome, fact{Name: p.T(key), Value: value}) }
	yes := func(b *bool) string { return p.T("value." + strconv.FormatBool(*b)) }
	c := o.Call
	for i := range c.Tries {
		t := &c.Tries[i]
		fate := cmp.Or(t.Class, "under-way")
		if slices.Contains(fates[:], fate) {
			fate = p.Term("call", fate)
		}
		value := fate
		if slices.Contains(modes[:], t.Mode) {
			value = fmt.Sprintf("%s (%s)", fate, p.Term("mode", t.Mode))
		}
		p.Outcome = append(p.Outcome, fact{Name: p.T("call.title", "N", p.Int(i+1)), Value: p.Time(t.At) + " · " + value, ISO: t.At.UTC().Format(time.RFC3339Nano)})
	}
	if c.FirstAttempt != nil {
		said("calls.first.one", yes(c.FirstAttempt))
	}
	if c.First != "" {
		first := c.First
		if slices.Contains(answering[:], first) {
			first = p.Term("first", first)
		}
		if c.Sure > 0 {
			first += " " + p.T("call.sure", "Share", p.percent(c.Sure, 0))
		}
		said("call.first", first)
	}
	if c.Person != nil {
		said("call.person", yes(c.Person))
	}
	if last := c.Last(); last != nil && last.Class == stats.TryAnswered {
		said("call.ring", p.T("call.ring.value", "Delay", p.Delay(float64(c.Ring)), "N", p.Int(c.Rings)))
		said("call.talk", p.Delay(float64(c.Talk)))
		if slices.Contains(endings[:], c.Ended) {
			said("call.ended", p.Term("ended", c.Ended))
		}
		said("call.recorded", p.T("value."+strconv.FormatBool(c.Recorded)))
	}
	if c.Wait != nil {
		said("call.wait", p.Delay(float64(*c.Wait)))
	}
	if c.Dropped != nil {
		said("call.dropped", yes(c.Dropped))
	}
}
