package phone

import (
	"fmt"
	"time"

	"github.com/sonde-fleet/sonde/probes/phone/media"
)

// Script is what our side does in a call beyond listening. The zero Script says nothing and presses nothing.
type Script struct {
	Keys string  // pressed one after the other, each when a recorded text has ended: digits, *, #
	Say  []int16 // a recorded question, 8 kHz, said once to a person who has greeted and waits
	// ByHand leaves the call to a person, who finds it among the tasks; Ask is what is to be asked.
	ByHand bool
	Ask    string
}

// When it is our turn, by the sound alone. A menu repeats itself or goes on when nothing is pressed; a person who has greeted
// waits for less than a second before asking whether anybody is there.
const (
	loudness  = 300 * 300               // mean square of the samples: −41 dBFS; a line's own noise is far below
	textLeast = 800 * time.Millisecond  // of sound, before it counts as a text
	textEnds  = 1200 * time.Millisecond // of quiet after it
	keyLatest = 20 * time.Second        // a text without an end: most take a key at any time
	turnEnds  = 900 * time.Millisecond
)

// partner is a listener that can tell in the middle of a call whether a person waits for us, and is told what we did.
type partner interface {
	Waits() bool
	Pressed()
	Spoke(at time.Duration)
}

// turn follows whose turn it is.
type turn struct {
	script Script
	loud   time.Duration // sound since our last act
	end    time.Duration // of the last sound
	since  time.Duration // our last act, or the answer
	looked time.Duration // end of the sound after which a person was last looked for
	keys   []string      // that were pressed: "1@5230"
	spoke  time.Duration
}

// turns takes a frame of the answered call and acts where it is our turn. It runs on the goroutine of the sound.
func (t *try) turns(f Frame) {
	u := &t.turn
	left := u.script.Keys
	if left == "" && (u.script.Say == nil || u.spoke > 0) {
		return
	}
	if u.since == 0 {
		u.since, u.end = t.answered, t.answered
	}
	length := time.Duration(len(f.PCM)) * time.Second / media.Rate
	if now := f.At + length; power(f.PCM) >= loudness {
		u.loud, u.end = u.loud+length, now
		if left == "" || now-u.since < keyLatest {
			return
		}
	}
	quiet := f.At + length - u.end
	switch {
	case left != "" && (u.loud >= textLeast && quiet >= textEnds || f.At-u.since >= keyLatest):
		key := left[:1]
		u.script.Keys = left[1:]
		if err := t.stream.Press(key); err != nil {
			t.detail["keys_fault"], u.script.Keys = err.Error(), ""
			return
		}
		u.keys = append(u.keys, fmt.Sprintf("%s@%d", key, f.At.Milliseconds()))
		u.loud, u.since, u.end = 0, f.At, f.At
		if p, ok := t.ear.(partner); ok {
			p.Pressed()
		}
	case left == "" && u.loud >= textLeast/2 && quiet >= turnEnds && u.looked != u.end:
		u.looked = u.end
		p, ok := t.ear.(partner)
		if !ok || !p.Waits() {
			return
		}
		t.stream.Say(u.script.Say)
		u.spoke = f.At + length
		p.Spoke(u.spoke)
	}
}

// power is the mean square of the samples.
func power(pcm []int16) float64 {
	if len(pcm) == 0 {
		return 0
	}
	sum := 0.0
	for _, s := range pcm {
		sum += float64(s) * float64(s)
	}
	return sum / float64(len(pcm))
}
