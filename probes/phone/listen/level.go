package listen

import (
	"math"
	"slices"
	"time"
)

const (
	leastSpoken = time.Second // of speech, before its level is told
	codecFloor  = -72         // dB of full scale: below it A-law has nothing left
	active      = 15          // dB below the loudest looks: what is lower is a gap between words
)

func levelsOf(fs []frame) []float32 {
	out := make([]float32, len(fs))
	for i := range fs {
		out[i] = fs[i].db
	}
	return out
}

// Levels returns how loud the speech after an instant is, in dB of full scale, and how far it stands out from what is heard between
// the words; ok is false where too little was said. It is the mean power of the looks in which somebody speaks, as in ITU-T
// P.56, but without that recommendation's envelope; the noise is the median of the looks in silence.
func (h Heard) Levels(since time.Duration) (level, above float64, ok bool) {
	var spoken, between []float32
	for _, s := range h.Segments {
		from, to := int(max(s.Start, since)/hopTime), min(int(s.End/hopTime), len(h.levels))
		if from >= to {
			continue
		}
		switch s.Kind {
		case Speech:
			spoken = append(spoken, h.levels[from:to]...)
		case Silence, Noise:
			between = append(between, h.levels[from:to]...)
		}
	}
	if time.Duration(len(spoken))*hopTime < leastSpoken {
		return 0, 0, false
	}
	loudest := slices.Max(spoken)
	power, n := 0.0, 0
	for _, db := range spoken {
		if db >= loudest-active {
			power += math.Pow(10, float64(db)/10)
			n++
		}
	}
	level = 10 * math.Log10(power/float64(n))
	noise := float64(codecFloor)
	if len(between) > 0 {
		slices.Sort(between)
		noise = max(noise, float64(between[len(between)/2]))
	}
	return level, level - noise, true
}
