package site

import (
	"encoding/binary"
	"errors"
	"math"
	"strconv"
	"strings"
	"sync"

	"github.com/sonde-fleet/sonde/probes"
)

// tone is the sound of a recorded call, as its file has it: nothing is copied out of it.
type tone struct {
	rate, channels int
	data           []byte // samples of 16 bits, little endian, channel by channel
}

// errNoTone says that a file cannot be drawn. What begins as a WAV file is played all the same.
var errNoTone = errors.New("the file is no sound of 16 bits that can be drawn")

// isWAV says whether the bytes begin as a WAV file does.
func isWAV(b []byte) bool {
	return len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WAVE"
}

// readTone finds the sound in a WAV file. The file is held for a stranger's: sizes that it tells are believed only as far as
// there are bytes, and what is cut off is read up to the cut.
func readTone(b []byte) (t tone, err error) {
	if !isWAV(b) {
		return t, errNoTone
	}
	for rest := b[12:]; len(rest) >= 8; {
		name, size := string(rest[:4]), uint64(binary.LittleEndian.Uint32(rest[4:]))
		rest = rest[8:]
		body := rest[:min(size, uint64(len(rest)))]
		switch {
		case name == "fmt " && len(body) >= 16:
			form, bits := binary.LittleEndian.Uint16(body), binary.LittleEndian.Uint16(body[14:])
			t.channels, t.rate = int(binary.LittleEndian.Uint16(body[2:])), int(binary.LittleEndian.Uint32(body[4:]))
			if form != 1 || bits != 16 || t.channels < 1 || t.channels > 8 || t.rate < 1000 || t.rate > 384_000 {
				return tone{}, errNoTone
			}
		case name == "data" && t.rate > 0:
			t.data = body[:len(body)/(2*t.channels)*2*t.channels]
			if len(t.data) == 0 {
				return tone{}, errNoTone
			}
			return t, nil
		}
		rest = rest[min(size+size%2, uint64(len(rest))):]
	}
	return tone{}, errNoTone
}

// frames is how many instants of sound there are.
func (t tone) frames() int { return len(t.data) / (2 * t.channels) }

// length is how long it lasts, in milliseconds.
func (t tone) length() int64 { return int64(t.frames()) * 1000 / int64(t.rate) }

// peak is the lowest and the highest sample of a column of a drawing.
type peak struct{ low, high int16 }

// peaks draws the sound into at most n columns: one look at each sample, and nothing kept but the columns.
func (t tone) peaks(n int) []peak {
	frames := t.frames()
	n = min(n, frames)
	out := make([]peak, n)
	for i := range out {
		from, to := frames*i/n, frames*(i+1)/n
		p := peak{math.MaxInt16, math.MinInt16}
		for at := 2 * t.channels * from; at < 2*t.channels*to; at += 2 {
			x := int16(binary.LittleEndian.Uint16(t.data[at:]))
			p.low, p.high = min(p.low, x), max(p.high, x)
		}
		out[i] = p
	}
	return out
}

// The drawing of a sound: its columns, and half its height, in units of its viewBox.
const (
	waveColumns = 960
	waveHalf    = 34
)

// quiet is the sample that is drawn at full height at least: the noise of a silent line is not made a shout of.
const quiet = 2048

// wave is a sound as it is drawn, whatever the axis on which it is put.
type wave struct {
	peaks  []peak
	length int64 // ms
}

// path draws the sound on the axis of a call that lasts whole milliseconds.
func (w wave) path(whole int64) string {
	if len(w.peaks) == 0 || whole <= 0 {
		return ""
	}
	top := int16(quiet)
	for _, p := range w.peaks {
		top = max(top, p.high, -max(p.low, -math.MaxInt16))
	}
	width := (callRight - callLeft) * float64(w.length) / float64(whole) / float64(len(w.peaks))
	y := func(x int16) string { return strconv.Itoa(waveHalf + 6 - int(float64(x)*waveHalf/float64(top))) }
	var b strings.Builder
	for i, p := range w.peaks {
		b.WriteString("M" + place(callLeft+(float64(i)+0.5)*width) + " " + y(max(p.high, 0)) + "V" + y(min(p.low, 0)))
		if p.high <= 0 && p.low >= 0 {
			b.WriteString("h.4") // a line that is silent is a line
		}
	}
	return b.String()
}

// waves keeps the drawings of sounds that were looked at: to draw an hour means to read it.
type waves struct {
	mu   sync.Mutex
	kept map[probes.Hash]wave
}

// maxWaves is how many drawings are kept: 4 KB each.
const maxWaves = 256

func (w *waves) of(h probes.Hash, read func() ([]byte, error)) (wave, error) {
	w.mu.Lock()
	defer w.mu.Unlock() // one at a time: what is read is large
	if x, ok := w.kept[h]; ok {
		return x, nil
	}
	body, err := read()
	if err != nil {
		return wave{}, err
	}
	var x wave
	if t, err := readTone(body); err == nil {
		x = wave{t.peaks(waveColumns), t.length()}
	}
	if w.kept == nil || len(w.kept) >= maxWaves {
		w.kept = map[probes.Hash]wave{}
	}
	w.kept[h] = x
	return x, nil
}
