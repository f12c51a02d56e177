package listen

import (
	"math"
	"math/bits"
	"time"
)

// Print is a fingerprint of sound after Haitsma and Kalker (2002): 32 bits every 16 ms, each of which says whether the difference of
// two neighbouring bands grew. It survives coding, noise and another level, and no voice can be made of it. Where there was no
// sound the word is zero.
type Print []uint32

const (
	printLook = 2048 // samples: 256 ms
	printLow  = 300.0
	printHigh = 3000.0

	// Alike is the share of differing bits up to which two prints are of one recording; different ones differ in half.
	Alike = 0.28
	// leastWords is how much sound a recording must have in common: 1.5 s.
	leastWords = 94
)

// printer makes the words.
type printer struct {
	fft    *fourier
	window [printLook]float64
	ring   [printLook]float64
	in     [printLook]float64
	spec   []complex128
	edges  [34]int
	before [32]float64
	words  Print
}

func newPrinter() *printer {
	p := &printer{fft: newFourier(printLook), spec: make([]complex128, printLook/2+1)}
	for i := range p.window {
		p.window[i] = 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/printLook)
	}
	for i := range p.edges {
		p.edges[i] = int(math.Round(printLow * math.Pow(printHigh/printLow, float64(i)/33) * printLook / Rate))
	}
	return p
}

// hop takes 128 samples and makes a word of the last 2,048.
//
//go:norace
func (p *printer) hop(samples []float64) {
	copy(p.ring[:], p.ring[hop:])
	copy(p.ring[printLook-hop:], samples)
	var energy float64
	for i, x := range p.ring {
		p.in[i] = x * p.window[i]
		energy += p.in[i] * p.in[i]
	}
	if energy/printLook < 50*50 { // −56 dB of full scale
		p.words = append(p.words, 0)
		return
	}
	p.fft.transform(p.spec, p.in[:])
	var e [33]float64
	for b := range e {
		for _, c := range p.spec[p.edges[b]:p.edges[b+1]] {
			e[b] += real(c)*real(c) + imag(c)*imag(c)
		}
	}
	var word uint32
	for b := range 32 {
		d := e[b] - e[b+1]
		if d > p.before[b] {
			word |= 1 << b
		}
		p.before[b] = d
	}
	p.words = append(p.words, word)
}

func (p *printer) print() Print { return p.words[:len(p.words):len(p.words)] }

// Part returns the print of a part of the sound. A word is of the 256 ms that end with it, so the first ones, which also hold what
// came before, are left out.
func (p Print) Part(start, end time.Duration) Print {
	from := int((start + hopTime - 1) / hopTime)
	to := min(len(p), int(end/hopTime))
	from += min(printLook/hop, max(0, (to-from)/4))
	if from < 0 || from >= to {
		return nil
	}
	return p[from:to]
}

// sound returns how many words are of sound.
func (p Print) sound() (n int) {
	for _, w := range p {
		if w != 0 {
			n++
		}
	}
	return n
}

// Difference returns the share of bits in which the best overlap of the prints differs, and how many words b is shifted against a there. ok is
// false where they are too short to compare.
//
//go:norace
func (a Print) Difference(b Print) (share float64, shift int, ok bool) {
	share = 1
	most := min(a.sound(), b.sound())
	least := max(leastWords, most*3/4)
	for s := -(len(b) - 1); s < len(a); s++ {
		from, to := max(0, s), min(len(a), s+len(b))
		if to-from < least {
			continue
		}
		differ, n := 0, 0
		for i := from; i < to; i++ {
			x, y := a[i], b[i-s]
			if x == 0 || y == 0 {
				continue
			}
			differ += bits.OnesCount32(x ^ y)
			if n++; n == 32 && differ > 32*32*42/100 {
				break // hopeless
			}
		}
		if n < least {
			continue
		}
		if d := float64(differ) / float64(32*n); d < share {
			share, shift, ok = d, s, true
		}
	}
	return share, shift, ok
}

// Recording is something that was heard in a call.
type Recording struct {
	Call  string // the call it was heard in first
	Label string // what an auditor calls it; may be empty
	Print Print
	Calls int // in how many calls it was heard
}

// Library holds what was heard of each structure. What comes again bit by bit is a recording and no person. The fields are
// exported so that it can be stored.
type Library struct {
	Structures map[string][]Recording
}

const (
	maxRecordings = 200  // of a structure; the oldest that came but once go first
	maxWords      = 3750 // of a recording: a minute
)

// Add files a print that was heard in a call. It returns how many calls it was heard in, this one included: more than one is a
// recording. Too short a print is not filed and gives 0.
func (l *Library) Add(structure, call, label string, print Print) int {
	if len(print) > maxWords {
		print = print[:maxWords]
	}
	if print.sound() < leastWords {
		return 0
	}
	if l.Structures == nil {
		l.Structures = map[string][]Recording{}
	}
	if i, _ := l.find(structure, print); i >= 0 {
		r := &l.Structures[structure][i]
		if r.Call != call {
			r.Calls++
		}
		if label != "" {
			r.Label = label
		}
		return r.Calls
	}
	all := l.Structures[structure]
	if len(all) >= maxRecordings {
		out := 0
		for i, r := range all {
			if r.Calls < 2 {
				out = i
				break
			}
		}
		all = append(all[:out], all[out+1:]...)
	}
	l.Structures[structure] = append(all, Recording{call, label, append(Print(nil), print...), 1})
	return 1
}

// Find returns the recording of the structure that the print is of, and the share of bits that differ.
func (l *Library) Find(structure string, print Print) (Recording, float64, bool) {
	i, share := l.find(structure, print)
	if i < 0 {
		return Recording{}, share, false
	}
	return l.Structures[structure][i], share, true
}

func (l *Library) find(structure string, print Print) (at int, share float64) {
	at, share = -1, 1
	if len(print) > maxWords {
		print = print[:maxWords]
	}
	for i, r := range l.Structures[structure] {
		if d, _, ok := r.Print.Difference(print); ok && d < share {
			share = d
			if d < Alike {
				at = i
			}
		}
	}
	return at, share
}

// Forget removes what was heard in that call alone.
func (l *Library) Forget(structure, call string) {
	var kept []Recording
	for _, r := range l.Structures[structure] {
		if r.Call != call || r.Calls > 1 {
			kept = append(kept, r)
		}
	}
	if len(kept) == 0 {
		delete(l.Structures, structure)
		return
	}
	l.Structures[structure] = kept
}
