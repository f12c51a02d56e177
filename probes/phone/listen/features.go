package listen

import "math"

// features is how many figures describe a stretch of sound.
const features = 20

// The figures that are used by name.
const (
	fLevel    = 1
	fFlatness = 8
)

// describe sums up the looks of a stretch of sound: what tells a voice from music whatever its level and its colour.
func describe(fs []frame) (out [features]float64) {
	n := len(fs)
	if n < 8 {
		return out
	}
	top := float32(quiet)
	for _, f := range fs {
		top = max(top, f.db)
	}
	floor := top - 45 // what is quieter is as quiet
	var power, weight float64
	var db, zcr, flux, flat, cent, voiced, stable moments
	for _, f := range fs {
		p := math.Pow(10, float64(f.db)/10)
		power += p
		weight += p
		db.add(float64(max(f.db, floor)))
		zcr.add(float64(f.zcr))
		if f.db > top-30 {
			flux.add(float64(f.flux))
			flat.add(math.Log(float64(f.flatness) + 1e-4))
			cent.add(float64(f.centroid))
			voiced.add(float64(f.voiced))
			stable.add(float64(f.stable))
		}
	}
	low, high := 0, 0
	for _, f := range fs {
		if math.Pow(10, float64(f.db)/10) < 0.25*power/float64(n) {
			low++
		}
		if float64(f.zcr) > 1.5*zcr.mean() {
			high++
		}
	}
	glide, jump, pairs := 0, 0, 0
	attack := 0.0
	for i := 1; i < n; i++ {
		if d := float64(fs[i].db - fs[i-1].db); d > 3 && fs[i].db > floor+10 {
			attack++
		}
		if fs[i].voiced < 0.6 || fs[i-1].voiced < 0.6 {
			continue
		}
		pairs++
		switch d := math.Abs(float64(fs[i].pitch - fs[i-1].pitch)); {
		case d > 0.1:
			jump++
		case d > 0.006:
			glide++
		}
	}
	out = [features]float64{
		float64(low) / float64(n), db.sd(), zcr.sd(), float64(high) / float64(n), flux.mean(), flux.sd(), stable.mean(), stable.sd(),
		flat.mean(), flat.sd(), cent.sd(), voiced.mean(), voiced.sd(),
		float64(glide) / float64(pairs+5), float64(jump) / float64(pairs+5), modulation(fs, floor),
		0, 0, 0, attack / float64(n),
	}
	out[16], out[17], out[18] = together(fs)
	return out
}

// modulation is the share of the envelope's own power between 2 and 8 Hz, where syllables are.
//
//go:norace
func modulation(fs []frame, floor float32) float64 {
	n := len(fs)
	var m moments
	for _, f := range fs {
		m.add(float64(max(f.db, floor)))
	}
	mean := m.mean()
	var in, all float64
	const per = float64(Rate) / hop
	for hz := 1.0; hz <= 20; hz++ {
		w := 2 * math.Pi * hz / per
		var re, im float64
		for i, f := range fs {
			x := (float64(max(f.db, floor)) - mean) * (0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(n)))
			re += x * math.Cos(w*float64(i))
			im += x * math.Sin(w*float64(i))
		}
		p := re*re + im*im
		all += p
		if hz >= 2 && hz <= 8 {
			in += p
		}
	}
	if all == 0 {
		return 0
	}
	return in / all
}

// together says how much the bands go up and down, how much they do it together, and how much from one look to the next.
//
//go:norace
func together(fs []frame) (sd, correlation, change float64) {
	var sums [bands]moments
	for _, f := range fs {
		for b, x := range f.bands {
			sums[b].add(float64(x))
		}
	}
	pairs := 0
	for b := range bands {
		sd += sums[b].sd() / bands
		if b == 0 {
			continue
		}
		var cov float64
		for _, f := range fs {
			cov += (float64(f.bands[b]) - sums[b].mean()) * (float64(f.bands[b-1]) - sums[b-1].mean())
		}
		if s := sums[b].sd() * sums[b-1].sd(); s > 1e-9 {
			correlation += cov / float64(len(fs)) / s
			pairs++
		}
	}
	if pairs > 0 {
		correlation /= float64(pairs)
	}
	for i := 2; i < len(fs); i++ {
		for b := range bands {
			change += math.Abs(float64(fs[i].bands[b]-fs[i-2].bands[b])) / bands / float64(len(fs)-2)
		}
	}
	return sd, correlation, change
}

// moments are a mean and a standard deviation in the making.
type moments struct{ n, sum, squares float64 }

func (m *moments) add(x float64) { m.n++; m.sum += x; m.squares += x * x }

func (m *moments) mean() float64 {
	if m.n == 0 {
		return 0
	}
	return m.sum / m.n
}

func (m *moments) sd() float64 {
	if m.n == 0 {
		return 0
	}
	return math.Sqrt(max(0, m.squares/m.n-m.mean()*m.mean()))
}
