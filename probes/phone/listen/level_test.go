package listen

import (
	"math"
	"testing"
	"time"
)

// A voice that is half as loud is told 6 dB lower, and noise on the line brings it nearer to the ground.
func TestLevels(t *testing.T) {
	said := func(gain, noise float64) []int16 {
		s := newSynth(4).silence(1).voice(3).silence(2)
		out := s.line(noise, 0)
		for i := range out {
			out[i] = int16(float64(out[i]) * gain)
		}
		return out
	}
	loud, clear, ok := listen(said(1, -100)).Levels(0)
	if !ok || loud > -6 || loud < -40 || clear < 25 {
		t.Fatalf("a clear voice has %.1f dB, %.1f above the line, %v", loud, clear, ok)
	}
	if half, _, _ := listen(said(0.5, -100)).Levels(0); math.Abs(loud-half-6) > 1.5 {
		t.Errorf("half as loud is %.1f dB after %.1f", half, loud)
	}
	if _, noisy, ok := listen(said(1, -45)).Levels(0); ok && noisy >= clear-5 {
		t.Errorf("with noise it stands out by %.1f dB, without by %.1f", noisy, clear)
	}
	if _, _, ok := listen(newSynth(1).silence(5).x).Levels(0); ok {
		t.Error("silence has a level")
	}
	if _, _, ok := listen(said(1, -100)).Levels(10 * time.Second); ok {
		t.Error("what was said before the answer has a level")
	}
}
