package listen

import (
	"math"
	"math/rand/v2"

	"github.com/sonde-fleet/sonde/probes/phone/listen/corpus"
)

// synth makes sound where no recording is installed.
type synth struct {
	x []int16
	r *rand.Rand
}

func newSynth(seed uint64) *synth { return &synth{r: rand.New(rand.NewPCG(seed, 99))} }

func (s *synth) silence(seconds float64) *synth {
	s.x = append(s.x, make([]int16, int(seconds*Rate))...)
	return s
}

func (s *synth) tone(seconds float64, hz ...float64) *synth {
	for i := range int(seconds * Rate) {
		var x float64
		for _, f := range hz {
			x += 5000 * math.Sin(2*math.Pi*f*float64(i)/Rate)
		}
		s.x = append(s.x, int16(x))
	}
	return s
}

// voice is a source with a pitch that glides, through two formants that move from syllable to syllable, with hisses between them.
func (s *synth) voice(seconds float64) *synth {
	n := int(seconds * Rate)
	pitch, phase := 120+80*s.r.Float64(), 0.0
	var y1, y2, z1, z2 float64
	for from := 0; from < n; {
		length := int((0.12 + 0.16*s.r.Float64()) * Rate)
		hiss, gap := int((0.03+0.06*s.r.Float64())*Rate), int(0.05*s.r.Float64()*Rate)
		f1, f2 := 300+500*s.r.Float64(), 900+1400*s.r.Float64()
		slope := (s.r.Float64() - 0.5) * 0.6 / Rate * 4
		for i := range length + hiss + gap {
			if from+i >= n {
				break
			}
			var source, level float64
			switch {
			case i < length:
				pitch *= 1 + slope
				pitch = max(90, min(280, pitch))
				if phase += pitch / Rate; phase >= 1 {
					phase--
					source = 30
				}
				source += s.r.NormFloat64() * 0.5
				level = math.Sin(math.Pi * float64(i) / float64(length))
			case i < length+hiss:
				source, level = 4*s.r.NormFloat64(), 0.5
				f1, f2 = 2200, 3200
			}
			a := func(hz, width float64) (float64, float64) {
				r := math.Exp(-math.Pi * width / Rate)
				return 2 * r * math.Cos(2*math.Pi*hz/Rate), -r * r
			}
			c1, d1 := a(f1, 90)
			y := source + c1*y1 + d1*y2
			y1, y2 = y, y1
			c2, d2 := a(f2, 140)
			z := y + c2*z1 + d2*z2
			z1, z2 = z, z1
			s.x = append(s.x, int16(max(-30000, min(30000, 60*level*z))))
		}
		from += length + hiss + gap
	}
	return s
}

// music is chords of decaying notes with harmonics.
func (s *synth) music(seconds float64) *synth {
	n := int(seconds * Rate)
	out := make([]float64, n)
	scale := []float64{220, 247, 262, 294, 330, 349, 392, 440, 494, 523, 587, 659}
	for from := 0; from < n; from += Rate * 2 / 5 {
		for range 4 {
			hz, sustain := scale[s.r.IntN(len(scale))], 0.8+s.r.Float64()
			for i := from; i < min(n, from+2*Rate); i++ {
				t := float64(i-from) / Rate
				for k := 1.0; k <= 4; k++ {
					out[i] += 1500 / k * math.Exp(-t/sustain) * min(1, t*50) * math.Sin(2*math.Pi*hz*k*t)
				}
			}
		}
	}
	for _, x := range out {
		s.x = append(s.x, int16(max(-30000, min(30000, x))))
	}
	return s
}

// line brings it over a line: A-law, noise at a level in dB of full scale, a share of packets lost.
func (s *synth) line(noise, loss float64) []int16 {
	out := make([]int16, len(s.x))
	level := 32768 * math.Pow(10, noise/20)
	for i, x := range s.x {
		out[i] = corpus.Alaw(int16(max(-32768, min(32767, float64(x)+level*s.r.NormFloat64()))))
	}
	corpus.Lose(out, loss, s.r)
	return out
}

// listen hears it all.
func listen(x []int16) Heard {
	l := New()
	l.Write(x)
	return l.Heard()
}
