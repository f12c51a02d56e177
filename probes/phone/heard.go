package phone

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/probes"
)

// silent says whether the ear heard nothing at all after the answer.
func (t *try) silent() bool {
	for _, l := range t.labels {
		if l.To > t.answered && l.Kind != HeardSilence {
			return false
		}
	}
	return true
}

// told is what an answered call comes to, by its labels.
type told struct {
	person   *Label        // the first that spoke
	recorded time.Duration // words of machines before the person, or in all
	silence  time.Duration // the longest before the person, or in all
	music    bool          // before the person, or in all
	fax      bool
	beep     bool // after a text, with no person
	repeated bool // a recorded text came twice before a person
	// After the first person:
	transfers int           // times that a telephone rang on the line
	between   time.Duration // from the last word before the first of them to the next person's
	hold      time.Duration // music that a person followed
	lost      bool          // it rang, or played, to the end and nobody came
}

// tell reads the labels of an answered call, which come in the order of their beginnings.
func (t *try) tell() (x told) {
	labels := slices.DeleteFunc(slices.Clone(t.labels), func(l Label) bool { return max(l.From, l.To) <= t.answered })
	for i := range labels { // what ran into the answer, as a ring tone that it cut off
		labels[i].From = max(labels[i].From, t.answered)
	}
	last, texts := t.answered, 0
	var words time.Duration // end of the last person's words
	// Since then:
	var music time.Duration
	rung, waiting := false, false
	for i := range labels {
		l := &labels[i]
		if l.Kind == HeardFax {
			x.fax = true
		}
		if l.Kind == HeardHuman {
			switch {
			case x.person == nil:
				x.person = l
				x.silence = max(x.silence, l.From-last)
			case rung:
				x.between = max(x.between, l.From-words)
			default:
				x.hold += music
			}
			words, music, rung, waiting = l.To, 0, false, false
			continue
		}
		if x.person != nil {
			switch {
			case l.Kind == HeardRing:
				if !rung {
					x.transfers++
				}
				rung, waiting = true, true
			case l.Kind == HeardMusic && l.To-l.From >= leastHold:
				music, waiting = music+l.To-l.From, true
			}
			continue
		}
		switch l.Kind {
		case HeardMusic:
			x.music = true
		case HeardRecording:
			texts++
			x.recorded += l.To - l.From
		case HeardSpeech, HeardMachine:
			x.recorded += l.To - l.From
		case heardBeep:
			x.beep = x.recorded > 0
		}
		if l.Kind != HeardSilence && l.Kind != heardNoise {
			x.silence = max(x.silence, l.From-last)
			last = max(last, l.To)
		}
	}
	x.repeated = texts > 1
	x.lost = waiting
	return x
}

// leastHold is how long music lasts at least before a conversation counts as put on hold.
const leastHold = 2 * time.Second

const (
	heardBeep  = "beep"
	heardNoise = "noise"
)

// judge adds what the ear has told of an answered call, and says whether anything was heard that a person or a machine says
// or plays.
func (t *try) judge(e *probes.Event, theirs bool) (voice bool) {
	x := t.tell()
	menu := t.verdict.First == firstMenu
	if t.ear != nil {
		e.Detail["first"], e.Detail["sure"] = t.verdict.First, strconv.FormatFloat(t.verdict.Sure, 'f', 2, 64)
		e.Detail["marks"] = marks(t.labels)
	}
	if len(t.turn.keys) > 0 {
		e.Detail["keys"] = strings.Join(t.turn.keys, " ")
	}
	if t.turn.spoke > 0 {
		e.Detail["spoke_ms"] = ms(t.turn.spoke)
	}
	saw := func(item probes.ItemCode, v probes.Value, rule string) {
		e.Observations = observe(e.Observations, item, v, rule)
	}
	measured := func(item probes.ItemCode, n float64, rule string) {
		e.Observations = number(e.Observations, item, n, rule)
	}
	voice = x.person != nil || x.music || x.recorded > 0
	if voice || x.fax {
		saw("phone.fax", of(x.fax), "tone")
		saw("phone.answered-by-person", of(x.person != nil), "ear")
	}
	if t.verdict.Level < 0 {
		measured("phone.quality.level", t.verdict.Level, "power of the speech")
		measured("phone.quality.noise", t.verdict.Above, "speech above silence")
	}
	if menu && len(t.turn.keys) == 0 {
		if x.person != nil || theirs { // where we hung up, nobody knows
			saw("phone.menu.no-key", of(x.person != nil), "no key was pressed")
		}
		saw("phone.menu.repeat", of(x.repeated), "a text came twice")
	}
	if voice && x.person == nil {
		saw(machineOutOfHours, yes, "ear")
		if x.recorded > 0 && !x.music {
			saw("phone.voicemail", of(x.beep), "a beep after the words")
		}
	}
	switch {
	case x.person != nil:
		e.Detail["person_ms"] = ms(x.person.From)
		wait := x.person.From - t.dialled
		if t.ringing > 0 {
			wait = x.person.From - t.ringing
		}
		measured("phone.wait", max(0, wait).Seconds(), "first ring to first word")
		measured("phone.wait.preamble", x.recorded.Seconds(), "recorded words before the person")
		measured("phone.wait.silence", x.silence.Seconds(), "between sounds")
		measured("phone.attempts", float64(t.failures+1), "calls")
		saw("phone.dropped", no, "a person spoke")
		if menu || len(t.turn.keys) > 0 {
			measured("phone.menu.depth", max(1, float64(len(t.turn.keys))), "keys before the person")
		}
		measured("phone.transfer.count", float64(x.transfers), "ring tone after a person")
		if x.between > 0 {
			measured("phone.transfer.time", x.between.Seconds(), "from a person's last word to the next one's first")
		}
		if x.transfers > 0 {
			saw("phone.transfer.lost", of(x.lost && theirs), "hung up before another person")
		}
		if x.hold > 0 {
			measured("phone.hold-time", x.hold.Seconds(), "music between a person's words")
		}
		saw("phone.cut-off", of(e.Detail["by"] == byNetwork || e.Detail["why"] == "dead line"), "how it ended")
	case x.music && theirs: // they hung up on who was waiting
		saw("phone.dropped", yes, "hung up while waiting")
	}
	return voice
}

// byNetwork ends a call that neither side has hung up.
const byNetwork = "network"

// firstMenu is what a listener calls a menu.
const firstMenu = "ivr"

// marks writes what was heard, for who looks at the call: "ring:1204-2704:1.00;human:5100-7020:0.81", in ms since it was dialled.
func marks(labels []Label) string {
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

// transcribe has the recording written down, where somebody does that. What was said perishes with the recording.
func (t *try) transcribe(ctx context.Context, evidence []probes.Evidence) error {
	if t.c.o.Transcribe == nil || len(evidence) == 0 {
		return nil
	}
	e := probes.Event{Kind: probes.CallTranscribed}
	text, err := t.c.o.Transcribe(ctx, evidence[0].Body)
	if err != nil {
		e.Text = err.Error()
	} else {
		e.Evidence = []probes.Evidence{{Type: "text/plain; charset=utf-8", Name: "call.txt", Body: []byte(text), Erase: evidence[0].Erase}}
	}
	e.At = time.Now()
	return t.put(e)
}
