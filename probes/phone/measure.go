package phone

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone/sip"
)

const (
	yes = probes.Yes
	no  = probes.No
)

// outside are the items of a call to a structure that is closed.
var outside = map[probes.ItemCode]bool{machineOutOfHours: true, "phone.in-service": true, "phone.plain-rate": true}

const machineOutOfHours = "phone.machine-out-of-hours"

// observe appends the value of an item.
func observe(to []probes.Observation, item probes.ItemCode, v probes.Value, rule string) []probes.Observation {
	return append(to, probes.Observation{Item: item, Value: v, By: "agent", Rule: rule})
}

// number appends the number of an item, in its unit, to the thousandth.
func number(to []probes.Observation, item probes.ItemCode, n float64, rule string) []probes.Observation {
	n = float64(int64(n*1000+0.5)) / 1000
	return append(to, probes.Observation{Item: item, Number: &n, By: "agent", Rule: rule})
}

func of(b bool) probes.Value {
	if b {
		return yes
	}
	return no
}

// cadence is how many rings a caller hears in a while: in France one begins each 5 s.
func cadence(rung time.Duration) int {
	if rung <= 0 {
		return 0
	}
	return 1 + int(rung/(5*time.Second))
}

// failed records a call that nobody picked up.
func (t *try) failed(s sip.Signal) error {
	passed := t.ringing > 0
	class := classify(s, !t.c.direct(), passed)
	if s.Code == 487 || s.Raced || s.Code == 0 && len(t.provisional) > 0 { // what ended the call was we
		switch t.given {
		case "busy tone":
			class = probes.ClassBusy
		case "ring limit":
			class = probes.ClassNoAnswer
		}
	}
	e := probes.Event{Kind: probes.CallFailed, At: s.At, Fault: probes.Theirs, Text: s.Reason, Detail: map[string]string{"class": class}}
	detail := e.Detail
	if s.Code > 0 {
		detail["code"] = strconv.Itoa(s.Code)
	}
	if s.Cause > 0 {
		detail["cause"] = strconv.Itoa(s.Cause)
	}
	if s.Raced {
		detail["raced"] = "yes"
	}
	if s.Moved != "" {
		detail["moved"] = s.Moved
	}
	if answers := t.heardOf(); answers != "" {
		detail["answers"] = answers
	}
	if t.given != "" {
		detail["why"] = t.given
	}
	end := s.At.Sub(t.begun)
	if passed {
		detail["ring_ms"] = ms(t.rung(end))
	}
	if class == ours || t.stopped {
		return t.faulted(e, s, passed)
	}
	if at := t.again(class); !at.IsZero() {
		detail["retry"] = at.UTC().Format(time.RFC3339Nano)
	}
	if s.Err != nil && e.Text == "" {
		e.Text = s.Err.Error()
	}
	e.Observations = observe(e.Observations, "phone.busy", of(class == probes.ClassBusy), class)
	e.Observations = observe(e.Observations, "phone.congestion", of(class == probes.ClassCongestion), class)
	switch class {
	case probes.ClassWrongNumber:
		e.Observations = observe(e.Observations, "phone.in-service", no, class)
	case probes.ClassBusy, probes.ClassRejected:
		e.Observations = observe(e.Observations, "phone.in-service", yes, class)
	case probes.ClassNoAnswer:
		if !passed {
			break
		}
		e.Observations = observe(e.Observations, "phone.in-service", yes, class)
	}
	if t.first() {
		e.Observations = observe(e.Observations, "phone.first-attempt", no, class)
	}
	if class != probes.ClassWrongNumber && class != probes.ClassUnreachable {
		e.Observations = observe(e.Observations, machineOutOfHours, no, class)
	}
	if s.Code == 433 {
		e.Observations = observe(e.Observations, "phone.withheld-number", no, "433")
	}
	return t.put(e)
}

// first says whether it is the first call of the audit. One of ours that reached nobody was none.
func (t *try) first() bool { return t.failures == 0 }

// again is when the campaign wants another try: not where the number is wrong, nor where we were refused.
func (t *try) again(class string) time.Time {
	switch class {
	case probes.ClassBusy, probes.ClassNoAnswer, probes.ClassCongestion, probes.ClassUnreachable:
		if t.c.o.Again != nil && !t.a.Outside {
			return t.c.o.Again(t.a, t.failures+1)
		}
	}
	return time.Time{}
}

// faulted tells of a call that we spoiled. What is certain to have rung nowhere is left to whoever tries again; the rest is
// recorded, and no call follows.
func (t *try) faulted(e probes.Event, s sip.Signal, passed bool) error {
	switch {
	case t.stopped:
		e.Text = "the call was stopped by us"
	case s.Err != nil:
		e.Text = "line: " + s.Err.Error()
	default:
		e.Text = "line: " + strconv.Itoa(s.Code) + " " + s.Reason
	}
	refused := s.Code > 0 || errors.Is(s.Err, sip.ErrRefused)
	if refused && !passed && !t.stopped {
		return fmt.Errorf("%s: %w", e.Text, probes.ErrNotReached)
	}
	delete(e.Detail, "class")
	e.Kind, e.Fault = probes.ProbeFault, probes.Ours
	e.Detail["reached"] = "perhaps"
	if passed {
		e.Detail["reached"] = "yes"
	}
	if t.failures > 0 {
		e.Detail["stands"] = "yes"
	}
	return t.put(e)
}

// ended records the end of an answered call with what was measured.
func (t *try) ended(s sip.Signal) error {
	end := s.At.Sub(t.begun)
	t.mu.Lock()
	if t.ear != nil {
		var rest []Label
		rest, t.verdict = t.ear.End(end)
		t.labels = append(t.labels, rest...)
	}
	t.mu.Unlock()
	counts, sent := t.stream.Counts()
	talk := end - t.answered
	e := probes.Event{Kind: probes.CallEnded, At: s.At, Detail: map[string]string{"by": "us", "why": t.given, "talk_ms": ms(talk),
		"packets": strconv.Itoa(counts.Received), "sent": strconv.Itoa(sent), "lost": strconv.Itoa(counts.Lost), "late": strconv.Itoa(counts.Late),
		"jitter_ms": ms(counts.Jitter)}}
	detail := e.Detail
	switch {
	case s.Theirs:
		detail["by"], detail["why"] = "structure", "hung up"
	case s.Err != nil:
		detail["by"], detail["why"] = "network", "dead session"
		e.Text = s.Err.Error()
	}
	if s.Cause > 0 {
		detail["cause"] = strconv.Itoa(s.Cause)
	}
	for _, k := range []string{"renewed", "sound"} {
		if v := t.detail[k]; v != "" {
			detail[k] = v
		}
	}
	detail["mode"] = string(t.mode)
	voice := t.judge(&e, s.Theirs)
	dead := talk >= 10*time.Second && (counts.Received == 0 || t.ear != nil && t.silent())
	if t.first() {
		e.Observations = observe(e.Observations, "phone.first-attempt", of(t.count(HeardFax, 0) == 0 && !dead), "answered")
	}
	if dead || voice {
		e.Observations = observe(e.Observations, "phone.dead-air", of(dead && !voice), "nothing for 10 s")
	}
	if t.mode != Ring {
		e.Observations = number(e.Observations, "phone.contact-time", (end - t.dialled).Minutes(), "dialled to end")
		e.Observations = observe(e.Observations, "phone.ended-by-structure", of(s.Theirs), "BYE")
		if counts.Received > 0 {
			e.Observations = number(e.Observations, "phone.quality.loss", counts.LostShare(), "RTP sequence")
		}
	}
	if t.track != nil && t.track.Length() > 0 {
		e.Evidence = []probes.Evidence{{Type: "audio/wav", Name: "call.wav", Body: t.track.WAV(), Erase: s.At.Add(t.c.o.Keep).UTC()}}
	}
	if err := t.put(e); err != nil {
		return err
	}
	for _, earlier := range t.verdict.Again {
		again := probes.Event{Audit: earlier, Kind: probes.CallHeardAgain, At: time.Now().UTC(), Detail: map[string]string{"in": string(t.a.ID)}}
		if err := t.record(again); err != nil {
			return err
		}
	}
	return nil
}

// silent says whether the ear heard nothing at all after the answer.
func (t *try) silent() bool {
	for _, l := range t.labels {
		if l.To > t.answered && l.Kind != HeardSilence {
			return false
		}
	}
	return true
}

// judge adds what the ear has told of an answered call, and says whether anything was heard that a person or a machine says
// or plays.
func (t *try) judge(e *probes.Event, theirs bool) (voice bool) {
	var person *Label
	var recorded time.Duration
	music, fax := false, false
	for i := range t.labels {
		l := &t.labels[i]
		if l.From < t.answered {
			continue
		}
		switch l.Kind {
		case HeardHuman:
			if person == nil || l.From < person.From {
				person = l
			}
		case HeardFax:
			fax = true
		}
	}
	for _, l := range t.labels {
		if l.From < t.answered || person != nil && l.From > person.From {
			continue
		}
		switch l.Kind {
		case HeardMusic:
			music = true
		case HeardSpeech, HeardRecording, HeardMachine:
			recorded += l.To - l.From
		}
	}
	if t.ear != nil {
		e.Detail["first"], e.Detail["sure"] = t.verdict.First, strconv.FormatFloat(t.verdict.Sure, 'f', 2, 64)
		e.Detail["marks"] = marks(t.labels)
	}
	voice = person != nil || music || recorded > 0
	if voice || fax {
		e.Observations = observe(e.Observations, "phone.fax", of(fax), "tone")
		e.Observations = observe(e.Observations, "phone.answered-by-person", of(person != nil), "ear")
	}
	if voice && person == nil {
		e.Observations = observe(e.Observations, machineOutOfHours, yes, "ear")
	}
	switch {
	case person != nil:
		e.Detail["person_ms"] = ms(person.From)
		wait := person.From - t.dialled
		if t.ringing > 0 {
			wait = person.From - t.ringing
		}
		e.Observations = number(e.Observations, "phone.wait", max(0, wait).Seconds(), "first ring to first word")
		e.Observations = number(e.Observations, "phone.wait.preamble", recorded.Seconds(), "recorded words before the person")
		e.Observations = number(e.Observations, "phone.attempts", float64(t.failures+1), "calls")
		e.Observations = observe(e.Observations, "phone.dropped", no, "a person spoke")
	case music && theirs: // they hung up on who was waiting
		e.Observations = observe(e.Observations, "phone.dropped", yes, "hung up while waiting")
	}
	return voice
}

// marks writes what was heard, for who looks at the call: "ring:1204-2704:1.00;human:5100-7020:0.81", in ms since it was dialled.
func marks(labels []Label) string {
	labels = slices.Clone(labels)
	slices.SortStableFunc(labels, func(a, b Label) int { return cmp.Compare(a.From, b.From) })
	var b strings.Builder
	for _, l := range labels[:min(len(labels), maxMarks)] {
		if l.Kind == HeardSilence {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(';')
		}
		fmt.Fprintf(&b, "%s:%d-%d:%.2f", l.Kind, l.From.Milliseconds(), l.To.Milliseconds(), l.Sure)
	}
	return b.String()
}

// maxMarks bounds what a call of an hour says of itself.
const maxMarks = 400
