package phone

import (
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone/media"
)

// Frame is a piece of the sound of a call: 16-bit samples at 8 kHz, at their place by the sender's clock. Where nothing was
// sent or a packet was lost there is no frame.
type Frame struct {
	At       time.Duration // since the call was dialled
	Answered bool
	Since    time.Duration // since it was answered
	PCM      []int16
}

// Label says what was heard for a while.
type Label struct {
	Kind     string
	From, To time.Duration // since the call was dialled
	Sure     float64       // 0 to 1
}

// Kinds of a label that the channel acts or judges upon. A listener may name others.
const (
	HeardRing       = "ring" // one burst of the ring tone, or several as one label each
	HeardBusy       = "busy"
	HeardCongestion = "congestion"
	HeardFax        = "fax"
	HeardMusic      = "music"
	HeardSilence    = "silence"
	HeardSpeech     = "speech"    // of whom is not known
	HeardRecording  = "recording" // a text that is known to be one
	HeardMachine    = "machine"   // a voice that listens to nobody
	HeardHuman      = "human"     // a person, as far as can be told
)

// A Listener hears one call. Its methods are called one after the other, on one goroutine at a time. A slow one hears later and
// delays no packet; what it says of a call keeps its place by the frames' own instants.
type Listener interface {
	// Hear takes the next frame and returns what has become certain, ring tone above all: it is not heard again.
	Hear(Frame) []Label
	// End returns the rest when the call is over, and what comes of it all.
	End(at time.Duration) ([]Label, Verdict)
}

// Verdict is what a listener makes of an answered call.
type Verdict struct {
	First string           // who or what answered first: human, ivr, announcement, voicemail, fax, queue, silence
	Sure  float64          // 0 to 1; below 0.6 an auditor should listen
	Level float64          // of the speech, dB of full scale; 0: too little was said
	Above float64          // dB, of the noise between the words
	Again []probes.AuditID // earlier calls in which a text that was taken for a person's turns out to be a recording
}

// hear is called by the stream with each piece of sound.
func (t *try) hear(p media.Piece) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.track != nil {
		t.track.Put(p)
	}
	if t.ear == nil || p.Late || len(p.PCM) == 0 {
		return
	}
	f := Frame{At: p.At, PCM: p.PCM}
	if t.answered > 0 {
		f.Answered, f.Since = p.At >= t.answered, p.At-t.answered
	}
	if f.Answered {
		defer t.turns(f)
	}
	if labels := t.ear.Hear(f); len(labels) > 0 {
		t.labels = append(t.labels, labels...)
		select {
		case t.heard <- struct{}{}:
		default:
		}
	}
}

// count is how many labels of the kind begin before the instant; 0: at any time.
func (t *try) count(kind string, before time.Duration) (n int) {
	for _, l := range t.labels {
		if l.Kind == kind && (before == 0 || l.From < before) {
			n++
		}
	}
	return n
}
