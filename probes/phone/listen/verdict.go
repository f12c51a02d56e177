package listen

import (
	"slices"
	"time"
)

// Answerer is who or what answered a call.
type Answerer string

// The answerers. A menu and an announcement differ in what the caller may do, which is told without words only where a text comes again or
// keys were pressed.
const (
	Human        Answerer = "human"
	IVR          Answerer = "ivr" // a menu
	Announcement Answerer = "announcement"
	Voicemail    Answerer = "voicemail"
	FaxMachine   Answerer = "fax"
	Queue        Answerer = "queue" // music and no word
	Nobody       Answerer = "silence"
)

// Mark is a part of a call with the label that an auditor confirms or corrects: a Kind, a ToneKind, or one of the roles below.
type Mark struct {
	Start, End time.Duration
	Label      string
	Confidence float64 // 0 to 1
}

// The roles of speech.
const (
	RoleHuman     = "human"
	RoleRecording = "recording" // heard in another call, or twice in this one
	RoleMachine   = "machine"   // too long without a listener for a person
)

// Context is what the caller knows of its own call.
type Context struct {
	Answered time.Duration    // since the first sample; what comes before is the network's
	Spoke    time.Duration    // when our side first said something; 0: it said nothing
	Pressed  bool             // our side pressed a key
	Known    func(Print) bool // whether it is a recording of the structure; nil: nothing is known
}

// Verdict is who answered, and when a person did.
type Verdict struct {
	First      Answerer
	Confidence float64       // that First and Person are right, 0 to 1: below 0.6 an auditor should listen
	Person     bool          // a person spoke
	Wait       time.Duration // from the answer to the person's first word
	Music      time.Duration // before the person, or in all
	Recorded   time.Duration // machines' words before the person, or in all
	Marks      []Mark
}

// The rules in figures: a person greets, then waits for the caller. Asterisk's AMD allows a greeting of 1.5 s; a French town hall's is longer.
const (
	greeting  = 5 * time.Second
	sure      = 4 * time.Second // a greeting up to here is taken for one
	waits     = 800 * time.Millisecond
	breath    = 1600 * time.Millisecond // turns that are nearer belong to one speech
	monologue = 5500 * time.Millisecond // nobody says more to a caller who is silent
	onHold    = 3 * time.Second         // music so soon after a word: it was an announcement
	beepAfter = 2500 * time.Millisecond
)

// turn is speech without a pause of 0.8 s.
type turn struct {
	start, end  time.Duration
	sound       time.Duration // speech, pauses excepted
	confidence  float64
	before      Kind          // what was heard last
	after       Kind          // what is heard next; Silence: nothing more
	pause       time.Duration // up to there, or to the end
	beep        bool          // after is a beep
	spell       time.Duration // speech in all turns that are a breath away from the next, this one included
	leads       bool          // the last of them leads to music
	mailbox     bool          // the last of them leads to a beep
	known       bool          // a recording
	human       bool
	probability float64 // of the role
}

// Judge says who answered, by rules on what was heard. What it cannot know is what was said.
func Judge(h Heard, c Context) Verdict {
	v := Verdict{First: Nobody, Confidence: 0.9}
	ts := turns(h, c)
	for i := range ts {
		ts[i].judge(c)
	}
	for i := range ts {
		if ts[i].human {
			v.Person, v.Wait = true, ts[i].start-c.Answered
			for j := i + 1; j < len(ts); j++ {
				// Who has reached a person hears persons, but for recordings and what leads to music.
				if t := &ts[j]; !t.known && t.after != Music {
					t.human, t.probability = true, max(t.probability, 0.6)
				}
			}
			break
		}
	}
	v.marks(h, ts, c)
	v.first(h, ts, c)
	return v
}

// turns groups the speech after the answer.
func turns(h Heard, c Context) (out []turn) {
	before := Silence // what was heard last
	for _, s := range h.Segments {
		if s.End <= c.Answered || s.Kind == Silence || s.Kind == Noise {
			continue
		}
		s.Start = max(s.Start, c.Answered)
		n := len(out)
		if n > 0 && out[n-1].after == "" {
			t := &out[n-1]
			if s.Kind == Speech && s.Start-t.end < waits {
				a, b := t.sound.Seconds(), s.Length().Seconds()
				t.confidence = (t.confidence*a + s.Confidence*b) / (a + b)
				t.sound += s.Length()
				t.end = s.End
				continue
			}
			t.after, t.pause, t.beep = s.Kind, s.Start-t.end, s.Tone == Beep
		}
		if s.Kind == Speech {
			out = append(out, turn{start: s.Start, end: s.End, sound: s.Length(), confidence: s.Confidence, before: before})
		}
		before = s.Kind
	}
	if n := len(out); n > 0 && out[n-1].after == "" {
		out[n-1].after, out[n-1].pause = Silence, h.Length-out[n-1].end
	}
	for i := 0; i < len(out); {
		n, spell := i+1, out[i].sound
		for n < len(out) && out[n-1].after == Speech && out[n-1].pause < breath && (c.Spoke == 0 || out[n].start < c.Spoke) {
			spell += out[n].sound
			n++
		}
		for ; i < n; i++ {
			out[i].spell = spell
			out[i].leads = out[n-1].after == Music && out[n-1].pause < onHold
			out[i].mailbox = out[n-1].beep && out[n-1].pause < beepAfter
		}
	}
	recordings(out, h.Print, c.Known)
	return out
}

// maxCompared bounds the comparison of turns with each other.
const maxCompared = 60

// recordings finds turns that were heard before, in another call or in this one.
func recordings(ts []turn, whole Print, known func(Print) bool) {
	ts = ts[:min(len(ts), maxCompared)]
	for i := range ts {
		p := whole.Part(ts[i].start, ts[i].end)
		if known != nil && p.sound() >= leastWords && known(p) {
			ts[i].known = true
		}
		for j := range i {
			if d, _, ok := whole.Part(ts[j].start, ts[j].end).Difference(p); ok && d < Alike {
				ts[i].known, ts[j].known = true, true
			}
		}
	}
}

// judge applies the rules to one turn.
func (t *turn) judge(c Context) {
	answered := c.Spoke > 0 && t.start >= c.Spoke // it may answer us, at any length
	switch {
	case t.known:
		t.probability = 0.97
	case t.mailbox:
		t.probability = 0.95
	case t.leads:
		t.probability = 0.8 // "please hold", by whomever
	case answered:
		t.human, t.probability = true, 0.6
	case t.spell > monologue:
		t.probability = min(0.95, 0.6+0.05*(t.spell-monologue).Seconds())
	case t.end-t.start > greeting:
		t.probability = 0.7
	case t.pause < waits:
		t.probability = 0.7 // it was over before anybody could speak
	default:
		t.human, t.probability = true, 0.85
		if t.end-t.start > sure || t.after == Silence && t.pause < 2*time.Second {
			t.probability = 0.6
		}
		if t.before == Music {
			t.probability += 0.05
		}
	}
	t.probability *= min(1, 0.4+0.65*t.confidence)
}

// marks labels the call.
func (v *Verdict) marks(h Heard, ts []turn, c Context) {
	for _, s := range h.Segments {
		m := Mark{s.Start, s.End, string(s.Kind), s.Confidence}
		switch s.Kind {
		case Signal:
			m.Label = string(s.Tone)
		case Speech:
			if s.End > c.Answered {
				m.Label, m.Confidence = role(ts, s)
			}
		}
		if n := len(v.Marks); n > 0 && v.Marks[n-1].Label == m.Label && s.Kind != Signal && s.Kind != Silence {
			v.Marks[n-1].End = m.End
		} else {
			v.Marks = append(v.Marks, m)
		}
		if s.End <= c.Answered || v.Person && max(s.Start, c.Answered) >= c.Answered+v.Wait {
			continue
		}
		switch length := s.End - max(s.Start, c.Answered); s.Kind {
		case Music:
			v.Music += length
		case Speech:
			v.Recorded += length
		}
	}
}

func role(ts []turn, s Segment) (string, float64) {
	for _, t := range ts {
		if s.End <= t.start || s.Start >= t.end {
			continue
		}
		switch {
		case t.known:
			return RoleRecording, t.probability
		case t.human:
			return RoleHuman, t.probability
		}
		return RoleMachine, t.probability
	}
	return string(s.Kind), s.Confidence
}

// first says who answered first.
func (v *Verdict) first(h Heard, ts []turn, c Context) {
	fax := slices.ContainsFunc(h.Tones, func(t Tone) bool { return t.Kind == Fax && t.End > c.Answered })
	mailbox := slices.IndexFunc(ts, func(t turn) bool { return !t.human && t.mailbox })
	switch {
	case fax:
		v.First, v.Confidence = FaxMachine, 0.97
	case len(ts) == 0 && v.Music > time.Second:
		v.First, v.Confidence = Queue, 0.8
	case len(ts) == 0:
		v.First, v.Confidence = Nobody, 0.9
	case ts[0].human:
		v.First, v.Confidence = Human, ts[0].probability
	case mailbox >= 0 && !v.Person:
		v.First, v.Confidence = Voicemail, ts[mailbox].probability
	default:
		v.First, v.Confidence = Announcement, ts[0].probability
		again := slices.ContainsFunc(ts, func(t turn) bool { return t.known && !t.human && t.after == Speech && t.pause > breath })
		if c.Pressed || again && v.Music == 0 {
			v.First = IVR
		}
	}
	if v.Person {
		for _, t := range ts {
			if t.human {
				v.Confidence = min(v.Confidence, t.probability)
				break
			}
		}
	}
}
