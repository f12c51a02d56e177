package phone

import (
	"math"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
)

// played gives an ear a tone from one instant to another, packet by packet.
func played(e Listener, from, to time.Duration, hertz float64, answered time.Duration) (out []Label) {
	for at := from; at < to; at += 20 * time.Millisecond {
		f := Frame{At: at, PCM: make([]int16, 160)}
		for i := range f.PCM {
			f.PCM[i] = int16(6000 * math.Sin(2*math.Pi*hertz*(at.Seconds()+float64(i)/8000)))
		}
		if answered > 0 {
			f.Answered, f.Since = at >= answered, at-answered
		}
		out = append(out, e.Hear(f)...)
	}
	return out
}

func TestEarHearsRingsAndAFax(t *testing.T) {
	const ms = time.Millisecond
	e := (*Memory)(nil).Ear(probes.Audit{})
	var heard []Label
	for ring := range 3 { // nothing is sent between: discontinuous transmission
		begin := 500*ms + time.Duration(ring)*5*time.Second
		heard = append(heard, played(e, begin, begin+1500*ms, 440, 0)...)
	}
	if len(heard) == 0 || heard[0].Kind != HeardRing {
		t.Fatalf("while it rings %+v is heard", heard)
	}
	const answered = 14 * time.Second
	heard = append(heard, played(e, answered+ms*500, answered+3500*ms, 2100, answered)...)
	rest, verdict := e.End(20 * time.Second)
	if heard = append(heard, rest...); verdict.First != "fax" {
		t.Errorf("a fax is judged as %+v", verdict)
	}
	rings, fax := 0, false
	for _, l := range heard {
		switch l.Kind {
		case HeardRing:
			want := 500*ms + time.Duration(rings)*5*time.Second
			if off := l.From - want; off < -100*ms || off > 100*ms {
				t.Errorf("ring %d is heard at %s, want %s", rings, l.From, want)
			}
			rings++
		case HeardFax:
			fax = l.From >= answered
		case HeardHuman, HeardSpeech, HeardMusic:
			t.Errorf("a tone is taken for %+v", l)
		}
	}
	if rings != 3 || !fax {
		t.Errorf("%d rings, fax %v: %+v", rings, fax, heard)
	}
}

func TestEarHearsBusy(t *testing.T) {
	e := (*Memory)(nil).Ear(probes.Audit{})
	busy := 0
	for at := time.Duration(0); at < 8*time.Second; at += time.Second {
		for _, l := range played(e, at, at+500*time.Millisecond, 440, 0) {
			if l.Kind == HeardBusy {
				busy++
			}
		}
	}
	if busy != 1 {
		t.Errorf("the busy tone is told %d times", busy)
	}
	if got, _ := e.End(9 * time.Second); len(got) > 0 {
		t.Errorf("a call that nobody answered ends with %+v", got)
	}
}

func TestEarWithoutSound(t *testing.T) {
	e := (*Memory)(nil).Ear(probes.Audit{})
	if got, _ := e.End(30 * time.Second); len(got) > 0 {
		t.Errorf("silence is %+v", got)
	}
	e = (*Memory)(nil).Ear(probes.Audit{})
	played(e, time.Second, 2*time.Second, 300, 0)
	if got := e.Hear(Frame{At: 0, PCM: make([]int16, 160)}); len(got) > 0 { // it was there already
		t.Errorf("got %+v", got)
	}
}
