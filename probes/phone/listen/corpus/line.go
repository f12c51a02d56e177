package corpus

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// Alaw returns the sample as G.711 A-law brings it over the line.
func Alaw(s int16) int16 {
	x, sign := int(s), 1
	if x < 0 {
		x, sign = -x-1, -1
	}
	shift := max(1, bits.Len(uint(x>>3))-5) + 3 // sixteen steps a segment; the two lowest segments have one size
	return int16(sign * min(32767, x>>shift<<shift+1<<(shift-1)))
}

// Line returns the sound as a bad line brings it: quieter, without its bass and some of its treble, with noise, in A-law, with up to
// one packet in twenty lost.
func Line(samples []int16, r *rand.Rand) []int16 {
	out := make([]int16, len(samples))
	gain := math.Pow(10, -r.Float64()*15/20)
	noise := 32768 * math.Pow(10, (-65+r.Float64()*15)/20)
	loss := r.Float64() * 0.05
	var low, high, before float64
	for i, s := range samples {
		x := float64(s) * gain
		high = 0.8 * (high + x - before) // from about 300 Hz
		before = x
		low += 0.9 * (high - low)
		out[i] = Alaw(int16(max(-32768, min(32767, low+noise*r.NormFloat64()))))
	}
	Lose(out, loss, r)
	return out
}

// Lose replaces a share of the packets of 20 ms by silence.
func Lose(samples []int16, share float64, r *rand.Rand) {
	const packet = Rate / 50
	for i := 0; i+packet <= len(samples); i += packet {
		if r.Float64() < share {
			clear(samples[i : i+packet])
		}
	}
}
