package phone

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
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
	n = math.Round(n*1000) / 1000
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
func (t *try) ended(ctx context.Context, s sip.Signal) error {
	end := s.At.Sub(t.begun)
	t.mu.Lock()
	if t.ear != nil {
		var rest []Label
		rest, t.verdict = t.ear.End(end)
		t.labels = append(t.labels, rest...)
		slices.SortStableFunc(t.labels, func(a, b Label) int { return cmp.Compare(a.From, b.From) })
	}
	t.mu.Unlock()
	counts, sent := t.stream.Counts()
	talk := end - t.answered
	e := probes.Event{Kind: probes.CallEnded, At: s.At, Detail: map[string]string{"by": "us", "why": t.given, "talk_ms": ms(talk),
		"packets": strconv.Itoa(counts.Received), "sent": strconv.Itoa(sent), "lost": strconv.Itoa(counts.Lost), "late": strconv.Itoa(counts.Late),
		"jitter_ms": ms(counts.Jitter)}}
	detail := e.Detail
	if counts.Trips > 0 {
		detail["round_trip_ms"] = ms(counts.RoundTrip)
	}
	if counts.Reports > 0 {
		detail["remote_lost"] = strconv.Itoa(int(counts.RemoteLost))
	}
	if counts.Spilt > 0 {
		detail["spilt"] = strconv.Itoa(int(counts.Spilt))
	}
	switch {
	case s.Theirs:
		detail["by"], detail["why"] = "structure", "hung up"
	case s.Err != nil:
		detail["by"], detail["why"] = byNetwork, "dead session"
		e.Text = s.Err.Error()
	}
	if s.Cause > 0 {
		detail["cause"] = strconv.Itoa(s.Cause)
	}
	for _, k := range []string{"renewed", "sound", "keys_fault"} {
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
	if err := t.transcribe(ctx, e.Evidence); err != nil {
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
