package listen

import (
	"math"
	"slices"
	"time"
)

// Kind is what a part of a call sounds like.
type Kind string

// The kinds of segments. Noise is steady and has no pitch.
const (
	Silence Kind = "silence"
	Speech  Kind = "speech"
	Music   Kind = "music"
	Signal  Kind = "tone"
	Noise   Kind = "noise"
)

// Segment is a part of a call that sounds alike. Segments follow each other without a hole.
type Segment struct {
	Kind       Kind
	Start, End time.Duration
	Tone       ToneKind // of a Signal
	Confidence float64  // 0.5 to 1: how sure the classifier is of speech against music; 1 for the others
}

// Length returns how long the segment lasts.
func (s Segment) Length() time.Duration { return s.End - s.Start }

// stretch is a part of the sound between pauses, at most two seconds of it, that is judged as a whole.
type stretch struct {
	from, to int // looks
}

const (
	pause    = 12  // looks: 0.19 s without sound end a run
	longest  = 125 // looks: 2 s
	shortest = 16  // looks: 0.26 s
	step     = 16  // looks from one stretch of a run to the next
	blip     = 3   // looks: what is shorter is a click

	speechPause = 500 * time.Millisecond // a voice that pauses longer begins another segment
	musicPause  = 2500 * time.Millisecond
)

// runs returns where there is sound: what a pause or more separates.
func runs(fs []frame, threshold float32) (out []stretch) {
	from, last, loud := -1, -1, 0
	end := func() {
		if from >= 0 && loud > blip {
			out = append(out, stretch{from, last + 1})
		}
		from, loud = -1, 0
	}
	for i, f := range fs {
		if f.db < threshold {
			continue
		}
		if from >= 0 && i-last > pause {
			end()
		}
		if from < 0 {
			from = i
		}
		last = i
		loud++
	}
	end()
	return out
}

// threshold is the level above which a look holds sound: well above the line's own noise.
func threshold(fs []frame) float32 {
	var counts [-quiet + 1]int
	total := 0
	for _, f := range fs {
		if f.db > quiet+1 { // frames of zeros are lost packets, or a line that is silent altogether
			counts[max(0, min(-quiet, int(f.db)-quiet))]++
			total++
		}
	}
	floor, seen := -60, 0
	for i, n := range counts {
		if seen += n; seen*20 > total {
			floor = i + quiet
			break
		}
	}
	return float32(min(-38, max(-55, floor+10)))
}

// tracker judges stretches and remembers what it judged: a call is looked at again and again while it lasts.
type tracker struct {
	judged map[stretch]opinion
}

type opinion struct {
	odds  float64 // logarithm of the odds of music
	noise bool
}

// maxJudged bounds the memory; what is forgotten is judged again.
const maxJudged = 1 << 16

func (t *tracker) judge(fs []frame, s stretch) opinion {
	if o, ok := t.judged[s]; ok {
		return o
	}
	d := describe(fs[s.from:s.to])
	o := opinion{max(-5, min(5, judge(d))), d[fLevel] < 2.2 && d[fFlatness] > -1.2}
	if t.judged == nil || len(t.judged) >= maxJudged {
		t.judged = map[stretch]opinion{}
	}
	t.judged[s] = o
	return o
}

// atom is a quarter of a second of a run, with the opinion on the two seconds around it.
type atom struct {
	stretch
	opinion
	judged bool // it was long enough to be judged
	gap    int  // looks of pause before it
	music  bool
}

// atoms cuts a run.
func (t *tracker) atoms(fs []frame, run stretch, gap int) (out []atom) {
	for i := run.from; i < run.to; i += step {
		a := atom{stretch: stretch{i, min(run.to, i+step)}, gap: gap}
		middle := (a.from + a.to) / 2
		around := stretch{max(run.from, middle-longest/2), min(run.to, middle+longest/2)}
		if around.to-around.from >= shortest {
			a.opinion, a.judged = t.judge(fs, around), true
			// Half as much sound tells better where the change is.
			if near := (stretch{max(run.from, middle-longest/4), min(run.to, middle+longest/4)}); near.to-near.from >= shortest {
				a.odds = (a.odds + t.judge(fs, near).odds) / 2
			}
		}
		out = append(out, a)
		gap = 0
	}
	t.tail(fs, run, out)
	return out
}

// tail looks for a voice that follows music without a pause and ends the run: two seconds around it are mostly music.
func (t *tracker) tail(fs []frame, run stretch, as []atom) {
	const certain, brief = -2.5, -3.5
	odds, best, at := 0.0, 0.0, -1
	for i := max(1, len(as)-9); i < len(as); i++ {
		s := stretch{as[i].from, run.to}
		if s.to-s.from < shortest {
			break
		}
		o := t.judge(fs, s)
		if o.noise || o.odds > certain || s.to-s.from < 2*shortest && o.odds > brief {
			continue
		}
		// Half a second on each side says where the change is.
		before, last, head := t.judge(fs, stretch{max(run.from, s.from-longest/2), s.from}), o, o
		if s.from-run.from >= 2*shortest {
			last = t.judge(fs, stretch{s.from - 2*shortest, s.from})
		}
		if s.to-s.from >= 2*shortest {
			head = t.judge(fs, stretch{s.from, s.from + 2*shortest})
		}
		if gain := before.odds + last.odds - head.odds - o.odds; gain > best {
			odds, best, at = o.odds, gain, i
		}
	}
	if at < 0 {
		return
	}
	for i := at; i < len(as); i++ {
		as[i].odds, as[i].judged, as[i].noise = odds, true, false
	}
	as[at].gap = max(1, as[at].gap)
}

// settle finds the likeliest row of voices and music: a change costs, less so after a pause.
func settle(as []atom) {
	if len(as) == 0 {
		return
	}
	const change, after = 7.0, 4.0
	from := make([][2]int8, len(as))
	var best [2]float64
	for i := range as {
		cost := change
		if as[i].gap > 0 {
			cost = after + (change-after)*math.Exp(-float64(as[i].gap)/30)
		}
		weight := float64(as[i].to-as[i].from) / step * as[i].odds
		next := best
		for s := range 2 {
			from[i][s] = int8(s)
			if other := best[1-s] - cost; i > 0 && other > best[s] {
				next[s], from[i][s] = other, int8(1-s)
			}
		}
		best = [2]float64{next[0] - weight, next[1] + weight}
	}
	s := int8(0)
	if best[1] > best[0] {
		s = 1
	}
	for i := len(as) - 1; i >= 0; i-- {
		as[i].music = s == 1
		s = from[i][s]
	}
}

// track returns the segments of what was heard: signals are known already.
func (t *tracker) track(fs []frame, signals []Tone) []Segment {
	var as []atom
	limit := threshold(fs)
	last := 0
	for _, part := range without(len(fs), signals) {
		for _, r := range runs(fs[part.from:part.to], limit) {
			r = stretch{r.from + part.from, r.to + part.from}
			as = append(as, t.atoms(fs, r, r.from-last)...)
			last = r.to
		}
	}
	settle(as)
	var out []Segment
	for _, a := range as {
		s := Segment{Kind: Speech, Start: at(a.from), End: at(a.to), Confidence: 0.5}
		if a.music {
			s.Kind = Music
		}
		if a.noise {
			s.Kind, s.Confidence = Noise, 1
		} else if a.judged {
			p := 1 / (1 + math.Exp(-a.odds))
			if !a.music {
				p = 1 - p
			}
			s.Confidence = max(0.5, p)
		}
		out = append(out, s)
	}
	for _, s := range signals {
		out = append(out, Segment{Signal, s.Start, s.End, s.Kind, 1})
	}
	slices.SortStableFunc(out, func(a, b Segment) int { return int(a.Start - b.Start) })
	return fill(join(mend(join(out))), at(len(fs)))
}

func at(look int) time.Duration { return time.Duration(look) * hopTime }

// without returns the looks outside the signals.
func without(n int, signals []Tone) (out []stretch) {
	from := 0
	for _, s := range signals {
		out = append(out, stretch{from, max(from, min(n, int(s.Start/hopTime)))})
		from = max(from, min(n, int((s.End+hopTime-1)/hopTime)+1))
	}
	return append(out, stretch{from, n})
}

// join makes one segment of neighbours of one kind that a short pause separates.
func join(in []Segment) (out []Segment) {
	for _, s := range in {
		if n := len(out); n > 0 && out[n-1].Kind == s.Kind && s.Kind != Signal {
			p := &out[n-1]
			most := speechPause
			if s.Kind == Music {
				most = musicPause
			}
			if s.Start-p.End <= most {
				a, b := p.Length().Seconds(), s.Length().Seconds()
				if a+b > 0 {
					p.Confidence = (p.Confidence*a + s.Confidence*b) / (a + b)
				}
				p.End = s.End
				continue
			}
		}
		out = append(out, s)
	}
	return out
}

// mend takes a second of music that stands alone for a voice: nobody plays so little.
func mend(in []Segment) []Segment {
	const little = 1300 * time.Millisecond
	for i := range in {
		if in[i].Kind == Music && in[i].Length() <= little {
			in[i].Kind, in[i].Confidence = Speech, 0.5
		}
	}
	return in
}

// fill puts silence between the segments, and lets none reach into the next.
func fill(in []Segment, end time.Duration) (out []Segment) {
	at := time.Duration(0)
	for _, s := range in {
		s.Start = max(s.Start, at)
		s.End = min(s.End, end)
		if s.End <= s.Start {
			continue
		}
		if s.Start > at {
			out = append(out, Segment{Silence, at, s.Start, "", 1})
		}
		out = append(out, s)
		at = s.End
	}
	if end > at {
		out = append(out, Segment{Silence, at, end, "", 1})
	}
	return out
}

// Describe returns the figures of the stretches of a recording, for the program that makes the coefficients: cut as the tracker cuts
// them, between pauses, and cut every second, two seconds long, pauses included.
func Describe(samples []int16) (between, whole [][]float64) {
	l := New()
	l.Write(samples)
	fs := l.frames
	figures := func(part []frame) []float64 {
		d := describe(part)
		return d[:]
	}
	limit := threshold(fs)
	for i := 0; i+longest <= len(fs); i += longest / 2 {
		loud := 0
		for _, f := range fs[i : i+longest] {
			if f.db >= limit {
				loud++
			}
		}
		if loud > longest/4 {
			whole = append(whole, figures(fs[i:i+longest]))
		}
	}
	for _, r := range runs(fs, limit) {
		for i := r.from; i < r.to; i += 2 * step {
			if part := fs[i:min(r.to, i+longest)]; len(part) >= shortest {
				between = append(between, figures(part))
			}
			if i+longest >= r.to {
				break
			}
		}
	}
	return between, whole
}
