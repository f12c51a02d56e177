package listen

import (
	"math"
	"slices"
	"time"
)

// ToneKind is what a tone of the network or of a machine says.
type ToneKind string

// The tones of the French network (ITU-T E.180) and of machines. Private exchanges use 425 Hz for 440.
const (
	Ring       ToneKind = "ring"       // 440 Hz, 1.5 s in 5
	Busy       ToneKind = "busy"       // 440 Hz, 0.5 s in 1
	Congestion ToneKind = "congestion" // 440 Hz, 0.25 s in 0.5
	Dial       ToneKind = "dial"       // 440 Hz without a break
	SIT        ToneKind = "sit"        // 950, 1,400, 1,800 Hz: the number cannot be reached
	Fax        ToneKind = "fax"        // 2,100 Hz: a fax machine or modem answers
	Beep       ToneKind = "beep"       // one short tone: speak now
)

// Tone is a tone with its cadence. Start is where its first burst begins, End where its last one ends.
type Tone struct {
	Kind       ToneKind
	Start, End time.Duration
	Bursts     int           // of a Ring: how many times it rang
	On         time.Duration // of sound, pauses excepted
}

// Key is a key of a telephone that was heard (DTMF).
type Key struct {
	Key        byte // 0 to 9, *, #, A to D
	Start, End time.Duration
}

const (
	toneFrame = 160 // samples: 20 ms
	toneTime  = toneFrame * time.Second / Rate
	pure      = 0.8  // of the power in one line
	faintest  = -48  // dB of full scale
	same      = 14.0 // Hz that a burst may wander
	bridge    = 4    // frames that may be missing in a burst: lost packets
	maxBursts = 20_000
)

// burst is a tone without a break.
type burst struct {
	hz       float64
	from, to int // frames
	db       float64
	n        int // frames that count
}

func (b burst) length() time.Duration { return time.Duration(b.to-b.from) * toneTime }

// toneEar looks for pure tones in frames of 20 ms.
type toneEar struct {
	buf    [toneFrame]float64
	n      int
	frames int
	open   burst // n is 0: none
	bursts []burst
	keys   []burst // hz is the key
	key    burst
}

func (e *toneEar) sample(x float64) {
	e.buf[e.n] = x
	if e.n++; e.n == toneFrame {
		e.frame()
		e.n = 0
		e.frames++
	}
}

// goertzel is the power of a frequency in the samples, as a share of all of theirs once divided by the energy.
//
//go:norace
func goertzel(samples []float64, hz float64) float64 {
	c := 2 * math.Cos(2*math.Pi*hz/Rate)
	var a, b float64
	for _, x := range samples {
		a, b = x+c*a-b, a
	}
	return 2 * (a*a + b*b - c*a*b) / float64(len(samples))
}

func (e *toneEar) frame() {
	var energy float64
	for _, x := range e.buf {
		energy += x * x
	}
	db := 10 * math.Log10(energy/toneFrame/(32768*32768)+1e-12)
	hz, share := 0.0, 0.0
	if db >= faintest {
		hz, share = e.loudest(energy)
		e.dtmf(energy)
	} else {
		e.dtmf(math.Inf(1))
	}
	if e.open.n > 0 {
		o := &e.open
		if share >= pure && math.Abs(hz-o.hz) < same && math.Abs(db-o.db) < 8 {
			o.hz += (hz - o.hz) / float64(o.n+1)
			o.db += (db - o.db) / float64(o.n+1)
			o.n++
			o.to = e.frames + 1
			return
		}
		if e.frames-o.to < bridge && (share < pure || math.Abs(hz-o.hz) < same) {
			return
		}
		e.close()
	}
	if share >= pure {
		e.open = burst{hz, e.frames, e.frames + 1, db, 1}
	}
}

// close ends the burst that is under way.
func (e *toneEar) close() {
	if e.open.n >= 4 && len(e.bursts) < maxBursts {
		e.bursts = append(e.bursts, e.open)
	}
	e.open = burst{}
}

// candidates are the frequencies from which the loudest is sought.
var candidates = func() (out []float64) {
	for hz := 400.0; hz <= 2150; hz += 25 {
		out = append(out, hz)
	}
	return out
}()

// loudest returns the frequency of the strongest line and its share of the power. Where there is no strong line it gives up early.
func (e *toneEar) loudest(energy float64) (hz, share float64) {
	best := 0
	powers := [3]float64{}
	for i := 0; i < len(candidates); i++ {
		if p := goertzel(e.buf[:], candidates[i]); p > powers[1] {
			powers[1], best = p, i
		}
	}
	if powers[1] < 0.4*energy {
		return 0, 0
	}
	hz = candidates[best]
	for width := 12.5; width > 1; width /= 2 {
		for _, try := range [2]float64{hz - width, hz + width} {
			if p := goertzel(e.buf[:], try); p > powers[1] {
				powers[1], hz = p, try
			}
		}
	}
	return hz, powers[1] / energy
}

var (
	lowKeys  = [4]float64{697, 770, 852, 941}
	highKeys = [4]float64{1209, 1336, 1477, 1633}
)

const keypad = "123A456B789C*0#D"

// dtmf looks for a key: two lines that hold nearly all power.
func (e *toneEar) dtmf(energy float64) {
	var key byte
	if !math.IsInf(energy, 1) {
		row, low := strongest(e.buf[:], lowKeys)
		column, high := strongest(e.buf[:], highKeys)
		if low+high > pure*energy && low > 0.15*energy && high > 0.15*energy {
			key = keypad[4*row+column]
		}
	}
	switch k := &e.key; {
	case key != 0 && k.n > 0 && k.hz == float64(key):
		k.n++
		k.to = e.frames + 1
	default:
		if k.n >= 2 && len(e.keys) < maxBursts {
			e.keys = append(e.keys, *k)
		}
		*k = burst{}
		if key != 0 {
			*k = burst{hz: float64(key), from: e.frames, to: e.frames + 1, n: 1}
		}
	}
}

func strongest(samples []float64, of [4]float64) (at int, power float64) {
	for i, hz := range of {
		if p := goertzel(samples, hz); p > power {
			at, power = i, p
		}
	}
	return at, power
}

func (e *toneEar) heardKeys() (out []Key) {
	for _, k := range append(slices.Clone(e.keys), e.key) {
		if k.n >= 2 {
			out = append(out, Key{byte(k.hz), toneTime * time.Duration(k.from), toneTime * time.Duration(k.to)})
		}
	}
	return out
}

// tones reads the bursts heard so far.
func (e *toneEar) tones() []Tone {
	all := slices.Clone(e.bursts)
	if e.open.n >= 4 {
		all = append(all, e.open)
	}
	var out []Tone
	for i := 0; i < len(all); {
		n, tone := signal(all[i:])
		if i > 0 && tone.Kind == Beep && all[i].from-all[i-1].to < 50 {
			tone.Kind = "" // one note of several
		}
		if tone.Kind != "" {
			out = append(out, tone)
		}
		i += n
	}
	return out
}

func near(hz, want, by float64) bool { return math.Abs(hz-want) <= by }

func between(d, low, high time.Duration) bool { return low <= d && d <= high }

// signal reads the first bursts: how many belong together, and what they are (nothing, for most of what music does).
func signal(bs []burst) (n int, t Tone) {
	b := bs[0]
	t = Tone{"", toneTime * time.Duration(b.from), toneTime * time.Duration(b.to), 1, b.length()}
	switch {
	case near(b.hz, 2100, 20) && b.length() >= 800*time.Millisecond:
		t.Kind = Fax
		return 1, t
	case near(b.hz, 950, 50) && len(bs) >= 3 && near(bs[1].hz, 1400, 50) && near(bs[2].hz, 1800, 50) && bs[2].from-b.to < 35:
		t.Kind, t.End, t.Bursts, t.On = SIT, toneTime*time.Duration(bs[2].to), 3, b.length()+bs[1].length()+bs[2].length()
		return 3, t
	case near(b.hz, 432, 22):
		return cadence(bs)
	case b.hz >= 600 && b.hz <= 1700 && between(b.length(), 150*time.Millisecond, 1500*time.Millisecond) && (len(bs) == 1 || bs[1].from-b.to > 50):
		t.Kind = Beep
	}
	return 1, t
}

// cadence reads bursts of 440 Hz by how long they last and how far they are apart.
func cadence(bs []burst) (n int, t Tone) {
	family := func(d time.Duration) ToneKind {
		switch {
		case between(d, 150*time.Millisecond, 349*time.Millisecond):
			return Congestion
		case between(d, 350*time.Millisecond, 750*time.Millisecond):
			return Busy
		case between(d, 900*time.Millisecond, 2300*time.Millisecond):
			return Ring
		case d > 2300*time.Millisecond:
			return Dial
		}
		return ""
	}
	gaps := map[ToneKind][2]time.Duration{Congestion: {120 * time.Millisecond, 400 * time.Millisecond}, Busy: {300 * time.Millisecond, 750 * time.Millisecond},
		Ring: {2500 * time.Millisecond, 4500 * time.Millisecond}, Dial: {0, 0}}
	b := bs[0]
	t = Tone{family(b.length()), toneTime * time.Duration(b.from), toneTime * time.Duration(b.to), 1, b.length()}
	n = 1
	if len(bs) > 1 && near(bs[1].hz, b.hz, 10) && t.Kind != Ring && t.Kind != Dial {
		// The first burst may be cut: the second says what it was.
		if k := family(bs[1].length()); k == Ring && between(time.Duration(bs[1].from-b.to)*toneTime, gaps[Ring][0], gaps[Ring][1]) {
			t.Kind = Ring
		}
	}
	for ; n < len(bs) && t.Kind != "" && near(bs[n].hz, b.hz, 10); n++ {
		gap, length := time.Duration(bs[n].from-bs[n-1].to)*toneTime, bs[n].length()
		if !between(gap, gaps[t.Kind][0], gaps[t.Kind][1]) {
			break
		}
		// The last ring is cut where somebody answers.
		if k := family(length); k != t.Kind && (t.Kind != Ring || length > 2300*time.Millisecond) {
			break
		}
		t.Bursts++
		t.On += length
		t.End = toneTime * time.Duration(bs[n].to)
	}
	if t.Bursts < 3 && t.Kind != Ring && t.Kind != Dial {
		t.Kind = "" // a note of music, or a beep
		if t.Bursts == 1 && b.length() >= 150*time.Millisecond && (len(bs) == 1 || bs[1].from-b.to > 50) {
			t.Kind = Beep
		}
	}
	return n, t
}

// Rings returns how many times it rang and for how long it sounded.
func Rings(tones []Tone) (bursts int, on time.Duration) {
	for _, t := range tones {
		if t.Kind == Ring {
			bursts += t.Bursts
			on += t.On
		}
	}
	return bursts, on
}
