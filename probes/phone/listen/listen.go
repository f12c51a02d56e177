// Package listen hears a telephone call: tones, voices, music, silence, recordings heard before, and who answered. It does no
// input or output and knows no clock: samples come in, at 8 kHz, and what was heard comes out, in time of the samples.
// It knows no words. What computes on memory of its own is spared the race detector, under which a call would take ten times as long.
package listen

import (
	"slices"
	"time"
)

// Rate is the number of samples a second that the package understands.
const Rate = 8000

// Longest is how much of a call is listened to. What comes later is counted and not heard, so that memory is bounded: about
// 20 MB an hour.
const Longest = time.Hour

// Listener hears one call. It is not safe for several goroutines.
type Listener struct {
	samples int64 // taken, heard or not
	looks   *analyser
	recent  []float64 // the last look's samples
	pending int       // samples of recent that are new
	frames  []frame
	tones   toneEar
	prints  *printer
	tracker tracker
}

// New returns a listener that has heard nothing.
func New() *Listener {
	return &Listener{looks: newAnalyser(), recent: make([]float64, look), prints: newPrinter()}
}

// Write hears samples, any number of them: 160 is what a packet brings. Missing packets are zeros.
func (l *Listener) Write(samples []int16) {
	for _, s := range samples {
		if l.samples >= int64(Longest.Seconds())*Rate {
			break
		}
		l.samples++
		x := float64(s)
		l.tones.sample(x)
		l.recent[look-hop+l.pending] = x
		if l.pending++; l.pending == hop {
			l.frames = append(l.frames, l.looks.frame(l.recent))
			l.prints.hop(l.recent[look-hop:])
			copy(l.recent, l.recent[hop:])
			l.pending = 0
		}
	}
}

// Heard is what was heard so far.
type Heard struct {
	Length   time.Duration
	Segments []Segment // without holes
	Tones    []Tone
	Keys     []Key // keys of a telephone, heard
	Print    Print // of the whole, to be compared with recordings

	levels []float32 // of each look, dB of full scale
}

// Heard returns what was heard so far. It may be asked while the call lasts; the end of what is under way may then still change.
func (l *Listener) Heard() Heard {
	limit := threshold(l.frames)
	tones := slices.DeleteFunc(l.tones.tones(), func(t Tone) bool { return t.Kind == Beep && !alone(l.frames, t, limit) })
	return Heard{at(len(l.frames)), l.tracker.track(l.frames, tones), tones, l.tones.heardKeys(), l.prints.print(), levelsOf(l.frames)}
}

// alone says whether there is silence on both sides of a beep: else it is a note.
func alone(fs []frame, t Tone, limit float32) bool {
	loud := func(from, to int) (n int) {
		for _, f := range fs[max(0, min(from, len(fs))):max(0, min(to, len(fs)))] {
			if f.db >= limit {
				n++
			}
		}
		return n
	}
	from, to := int(t.Start/hopTime), int(t.End/hopTime)
	return loud(from-9, from-1) <= 3 && loud(to+3, to+25) <= 4
}
