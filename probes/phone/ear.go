package phone

import (
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone/listen"
)

// Ear is the listener that goes with the channel: tones while it rings, and at the end who spoke, played or was silent.
type Ear struct {
	memory   *Memory // nil: it has heard no other call
	audit    probes.Audit
	l        *listen.Listener
	written  int64         // samples
	look     time.Duration // when the tones are asked for next
	rung     int           // bursts of the ring tone that were told
	busy     bool
	answered time.Duration
	spoke    time.Duration
	pressed  bool
}

// looks is how often the tones are asked for while it rings.
const looks = time.Second

// Hear writes the frame where it belongs: what was lost, or never sent, is silence.
func (e *Ear) Hear(f Frame) []Label {
	if e.answered == 0 && f.Answered {
		e.answered = f.At - f.Since
	}
	pcm := f.PCM
	switch gap := int64(f.At*listen.Rate/time.Second) - e.written; {
	case gap > 0:
		e.silence(gap)
	case -gap >= int64(len(pcm)): // a clock that jumped back: it was heard
		return nil
	case gap < 0:
		pcm = pcm[-gap:]
	}
	e.l.Write(pcm)
	e.written += int64(len(pcm))
	if f.Answered || f.At < e.look {
		return nil
	}
	e.look = f.At + looks
	return e.tones()
}

// context is what is known of the call beside its sound.
func (e *Ear) context() listen.Context {
	return listen.Context{Answered: e.answered, Spoke: e.spoke, Pressed: e.pressed, Known: e.memory.known(e.audit)}
}

// Waits says whether a person has greeted and waits for us.
func (e *Ear) Waits() bool {
	return e.answered > 0 && listen.Judge(e.l.Heard(), e.context()).Person
}

// Pressed is told that a key was pressed.
func (e *Ear) Pressed() { e.pressed = true }

// Spoke is told when our question began.
func (e *Ear) Spoke(at time.Duration) { e.spoke = at }

// silence writes samples that did not come.
func (e *Ear) silence(n int64) {
	nothing := make([]int16, min(n, listen.Rate))
	for ; n > 0; n -= int64(len(nothing)) {
		nothing = nothing[:min(n, int64(len(nothing)))]
		e.l.Write(nothing)
		e.written += int64(len(nothing))
	}
}

// ringEvery is how far the rings of the French network are apart.
const ringEvery = 5 * time.Second

// tones tells each burst of the ring tone, and the busy tone, once.
func (e *Ear) tones() (out []Label) {
	bursts := 0
	for _, t := range e.l.Heard().Tones {
		switch {
		case t.Kind == listen.Ring && (e.answered == 0 || t.Start < e.answered):
			for k := range t.Bursts {
				if bursts++; bursts > e.rung {
					from := t.Start + time.Duration(k)*ringEvery
					out = append(out, Label{Kind: HeardRing, From: from, To: max(from, min(t.End, from+ringEvery)), Sure: 1})
				}
			}
		case t.Kind == listen.Busy && !e.busy:
			e.busy = true
			out = append(out, Label{Kind: HeardBusy, From: t.Start, To: t.End, Sure: 1})
		}
	}
	e.rung = max(e.rung, bursts)
	return out
}

// End tells who answered and what was heard until the end.
func (e *Ear) End(at time.Duration) ([]Label, Verdict) {
	if gap := int64(at*listen.Rate/time.Second) - e.written; gap > 0 {
		e.silence(gap)
	}
	out := e.tones()
	if e.answered == 0 {
		return out, Verdict{}
	}
	heard := e.l.Heard()
	judged := listen.Judge(heard, e.context())
	for _, m := range judged.Marks {
		if m.Label != HeardRing && m.Label != HeardBusy || m.Start >= e.answered { // the others were told
			out = append(out, Label{Kind: m.Label, From: m.Start, To: m.End, Sure: m.Confidence})
		}
	}
	v := Verdict{First: string(judged.First), Sure: judged.Confidence, Again: e.memory.keep(e.audit, heard, judged)}
	v.Level, v.Above, _ = heard.Levels(e.answered)
	return out, v
}
