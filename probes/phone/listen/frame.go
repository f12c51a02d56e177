package listen

import (
	"math"
	"time"
)

const (
	hop    = 128 // samples between two looks: 16 ms
	look   = 256 // samples of a look: 32 ms
	padded = 512
	bands  = 8
	// quiet is the level of a frame of zeros, in dB of full scale.
	quiet = -96
)

// hopTime is the time between two looks.
const hopTime = hop * time.Second / Rate

// frame is what one look at the sound shows.
type frame struct {
	db       float32 // level of the newest hop, dB of full scale
	zcr      float32 // share of neighbouring samples whose sign differs
	flux     float32 // how much the spectrum's shape differs from the look before
	centroid float32 // kHz
	flatness float32 // 0 a line, 1 white
	stable   float32 // share of power in peaks that stay where they are for 48 ms
	voiced   float32 // height of the autocorrelation's peak between 70 and 400 Hz
	pitch    float32 // log2 of that pitch in Hz
	bands    [bands]float32
}

// edges are the first bins of the bands and the end of the last: 15.6 Hz a bin, 150 to 3,750 Hz.
var edges = [bands + 1]int{10, 19, 29, 42, 58, 80, 110, 160, 240}

// analyser makes frames of samples.
type analyser struct {
	fft      *fourier
	window   [look]float64
	autocorr [look]float64 // the window's own, which every autocorrelation is divided by
	in       [padded]float64
	spec     []complex128
	back     [padded/2 + 1]complex128 // the autocorrelation, as real parts
	power    [padded/2 + 1]float64
	before   [padded/2 + 1]float64 // square roots of the shares of the power in the look before
	peaks    [3][5]uint64          // bins that are peaks, in the looks before
}

func newAnalyser() *analyser {
	a := &analyser{fft: newFourier(padded), spec: make([]complex128, padded/2+1)}
	for i := range a.window {
		a.window[i] = 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/look)
	}
	for lag := range a.autocorr {
		for i := lag; i < look; i++ {
			a.autocorr[lag] += a.window[i] * a.window[i-lag]
		}
	}
	return a
}

// frame looks at 256 samples.
//
//go:norace
func (a *analyser) frame(samples []float64) frame {
	var f frame
	var energy float64
	for _, s := range samples[look-hop:] {
		energy += s * s
	}
	f.db = float32(max(quiet, 10*math.Log10(energy/hop/(32768*32768)+1e-12)))
	crossings := 0
	for i := 1; i < look; i++ {
		if (samples[i] < 0) != (samples[i-1] < 0) {
			crossings++
		}
	}
	f.zcr = float32(crossings) / (look - 1)
	for i, s := range samples {
		a.in[i] = s * a.window[i]
	}
	clear(a.in[look:])
	a.fft.transform(a.spec, a.in[:])
	var total, weighted, logs float64
	for k, c := range a.spec {
		a.power[k] = real(c)*real(c) + imag(c)*imag(c)
		if k >= edges[0] && k < edges[bands] {
			p := a.power[k] + 1e-3
			total += p
			weighted += p * float64(k)
			logs += math.Log(p)
		}
	}
	n := float64(edges[bands] - edges[0])
	f.centroid = float32(weighted / total * Rate / padded / 1000)
	f.flatness = float32(math.Exp(logs/n) / (total / n))
	for b := range bands {
		var p float64
		for _, x := range a.power[edges[b]:edges[b+1]] {
			p += x
		}
		f.bands[b] = float32(10 * math.Log10(p/float64(edges[b+1]-edges[b])+1))
	}
	a.change(&f, total)
	a.tune(&f)
	return f
}

// change compares the spectrum with those before.
//
//go:norace
func (a *analyser) change(f *frame, total float64) {
	var now [5]uint64
	var flux, stable float64
	for k := edges[0]; k < edges[bands]; k++ {
		r := math.Sqrt(a.power[k] / total)
		d := r - a.before[k]
		flux += d * d
		a.before[k] = r
		if p := a.power[k]; p > a.power[k-1] && p >= a.power[k+1] && p > total/200 {
			now[k/64] |= 1 << (k % 64)
			kept := true
			for _, old := range a.peaks {
				kept = kept && (old[k/64]>>(k%64)&1 == 1 || old[(k-1)/64]>>((k-1)%64)&1 == 1 || old[(k+1)/64]>>((k+1)%64)&1 == 1)
			}
			if kept {
				stable += a.power[k-1] + p + a.power[k+1]
			}
		}
	}
	f.flux, f.stable = float32(flux), float32(min(1, stable/total))
	a.peaks[0], a.peaks[1], a.peaks[2] = a.peaks[1], a.peaks[2], now
}

// tune looks for a pitch.
func (a *analyser) tune(f *frame) {
	// The transform of the power, which is even, is the autocorrelation.
	copy(a.in[:], a.power[:])
	for k := 1; k < padded/2; k++ {
		a.in[padded-k] = a.power[k]
	}
	a.fft.transform(a.back[:], a.in[:])
	if real(a.back[0]) <= 0 {
		return
	}
	heights := func(lag int) float64 { return real(a.back[lag]) }
	best, at := 0.0, 0
	for lag := Rate / 400; lag <= Rate/70; lag++ {
		if v := heights(lag) / a.autocorr[lag]; v > best && heights(lag) >= heights(lag-1) && heights(lag) >= heights(lag+1) {
			best, at = v, lag
		}
	}
	if at == 0 {
		return
	}
	f.voiced = float32(min(1, best*a.autocorr[0]/heights(0)))
	// The lag between the samples, by a parabola.
	l, c, r := heights(at-1), heights(at), heights(at+1)
	shift := 0.0
	if d := l - 2*c + r; d < 0 {
		shift = 0.5 * (l - r) / d
	}
	f.pitch = float32(math.Log2(Rate / (float64(at) + shift)))
}
