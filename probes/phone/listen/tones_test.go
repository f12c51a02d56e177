package listen

import (
	"testing"
	"time"
)

func TestTones(t *testing.T) {
	cadence := func(hz, on, off float64, n int) func(*synth) {
		return func(s *synth) {
			for range n {
				s.tone(on, hz).silence(off)
			}
		}
	}
	for _, c := range []struct {
		name   string
		make   func(*synth)
		kind   ToneKind // empty: none
		bursts int
		on     time.Duration
	}{
		{"three rings", cadence(440, 1.5, 3.5, 3), Ring, 3, 4500 * time.Millisecond},
		{"one ring", cadence(440, 1.5, 3.5, 1), Ring, 1, 1500 * time.Millisecond},
		{"rings of a private exchange", cadence(425, 1.5, 3.5, 2), Ring, 2, 3 * time.Second},
		{"a first ring that is cut", func(s *synth) { s.tone(0.4, 440).silence(3.5).tone(1.5, 440).silence(3.5) }, Ring, 2, 1900 * time.Millisecond},
		{"a last ring that is cut", func(s *synth) { s.tone(1.5, 440).silence(3.5).tone(0.3, 440).silence(1) }, Ring, 2, 1800 * time.Millisecond},
		{"busy", cadence(440, 0.5, 0.5, 6), Busy, 6, 3 * time.Second},
		{"congestion", cadence(440, 0.25, 0.25, 8), Congestion, 8, 2 * time.Second},
		{"dial", cadence(440, 4, 0, 1), Dial, 1, 4 * time.Second},
		{"SIT", func(s *synth) { s.tone(0.33, 950).tone(0.33, 1400).tone(0.33, 1800).silence(1) }, SIT, 3, 990 * time.Millisecond},
		{"SIT with gaps", func(s *synth) {
			s.tone(0.33, 985).silence(0.03).tone(0.33, 1428).silence(0.03).tone(0.33, 1777).silence(1)
		}, SIT, 3, 990 * time.Millisecond},
		{"fax", func(s *synth) { s.tone(3, 2100).silence(1) }, Fax, 1, 3 * time.Second},
		{"beep", func(s *synth) { s.tone(0.4, 1000).silence(2) }, Beep, 1, 400 * time.Millisecond},
		{"beep of 440 Hz", func(s *synth) { s.tone(0.6, 440).silence(2) }, Beep, 1, 600 * time.Millisecond},
		{"a note of three", func(s *synth) { s.tone(0.3, 1000).silence(0.1).tone(0.3, 1100).silence(0.1).tone(0.3, 900).silence(1) }, "", 0, 0},
		{"a beep under a voice", func(s *synth) { s.voice(1).tone(0.3, 1000).voice(1) }, "", 0, 0},
		{"two lines", func(s *synth) { s.tone(1.5, 440, 620).silence(1) }, "", 0, 0},
		{"a voice", func(s *synth) { s.voice(10) }, "", 0, 0},
		{"nothing", func(s *synth) { s.silence(5) }, "", 0, 0},
		{"white noise", func(s *synth) {
			for range 5 * Rate {
				s.x = append(s.x, int16(4000*s.r.NormFloat64()))
			}
		}, "", 0, 0},
	} {
		for _, bad := range []bool{false, true} {
			s := newSynth(1).silence(0.7)
			c.make(s)
			x := s.x
			if bad {
				x = s.line(-52, 0.03)
			}
			got := listen(x).Tones
			if c.kind == "" {
				if len(got) > 0 {
					t.Errorf("%s (bad line %v): %+v", c.name, bad, got)
				}
				continue
			}
			if len(got) != 1 || got[0].Kind != c.kind || got[0].Bursts != c.bursts {
				t.Errorf("%s (bad line %v): %+v", c.name, bad, got)
				continue
			}
			if (got[0].On-c.on).Abs() > time.Duration(c.bursts+1)*25*time.Millisecond || (got[0].Start-700*time.Millisecond).Abs() > 40*time.Millisecond {
				t.Errorf("%s (bad line %v): %v from %v, want %v from 0.7s", c.name, bad, got[0].On, got[0].Start, c.on)
			}
		}
	}
}

func TestRingsAreCountedBesideWhatFollows(t *testing.T) {
	s := newSynth(2).tone(1.5, 440).silence(3.5).tone(1.5, 440).silence(1.2).voice(3).silence(1).tone(1.5, 440).silence(2)
	n, on := Rings(listen(s.line(-60, 0.02)).Tones)
	if n != 3 || (on-4500*time.Millisecond).Abs() > 100*time.Millisecond {
		t.Errorf("%d rings, %v", n, on)
	}
}

func TestKeys(t *testing.T) {
	s := newSynth(3).silence(0.5)
	const dialled = "13*0#D"
	for _, k := range dialled {
		for i := range keypad {
			if rune(keypad[i]) == k {
				s.tone(0.1, lowKeys[i/4], highKeys[i%4]).silence(0.1)
			}
		}
	}
	s.voice(5).music(3)
	var got []byte
	for _, k := range listen(s.line(-50, 0)).Keys {
		got = append(got, k.Key)
		if d := k.End - k.Start; d < 60*time.Millisecond || d > 120*time.Millisecond {
			t.Errorf("key %c lasted %v", k.Key, d)
		}
	}
	if string(got) != dialled {
		t.Errorf("heard %q, want %q", got, dialled)
	}
}
