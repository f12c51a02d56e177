package stats

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/sonde-fleet/sonde/probes"
)

// CallFigures are what is published of the telephone audits of a group. Times are in milliseconds; NaN stands for a figure that is
// not defined (yet). Audits and calls that we spoiled are in no figure of the structure; calls out of hours have a line of their own.
type CallFigures struct {
	Group   string
	Audits  int            // planned in opening hours
	Results map[Result]int // of them
	// Calls are those that left our line, each try one: the seizures of ITU-T E.425, seen from the caller's end. Ours are those that
	// our line did not take, or that we broke off; with them they are the bids.
	Calls, Ours int
	// ASR is the share of calls that was picked up by whatever picks up; NER of those that the network delivered: picked up, engaged,
	// rung out or refused by the telephone itself (ITU-T E.425). ABR is the share of bids that was picked up (ITU-T E.411): how far
	// it is below ASR is our own line's doing, and nobody else's.
	ASR, NER, ABR Proportion
	// FirstAttempt is the share of audits whose first call got through to a person or a voice service: the programme's figure.
	FirstAttempt Proportion
	// Pickup is the share of calls that a person answered; a voice service, a message or a queue is none (Plan téléphone, DITP).
	// Calls in which nobody listened are left out; Unheard are those of them that were picked up.
	Pickup  Proportion
	Unheard int
	// Waits is the time from the first ring to a person's first word, by Kaplan–Meier over the audits: one that no person answered
	// is right-censored when its last call ended. That takes those who gave up for people who would have waited like the others;
	// the restricted mean (to WaitTau) says what is certain of the first two minutes.
	Waits                Curve
	WaitP90              float64
	Wait, WaitLo, WaitHi float64    // mean over the audits in which a person spoke, with its 95 % interval: the programme's figure
	Waited               int        // audits behind it
	InRings              Proportion // calls picked up within WithinRings rings, of those that rang or were picked up
	Busy, NoAnswer       Proportion // of the calls
	Dropped              Proportion // audits cut off while waiting for a person, of those that waited
	Ring, DialDelay      float64    // medians: ring of the calls that were picked up, delay to the first ring of those that rang
	Tries                float64    // mean calls until a person spoke
	Outside              int        // audits out of hours that were made
	OutOfHours           Proportion // of them: a machine or a message answered
}

// WithinRings is the number of rings within which the programme wants a call picked up; WaitTau the horizon of the restricted mean
// wait, in milliseconds: calls are followed for two minutes at least unless they end.
const (
	WithinRings = 5
	WaitTau     = 120_000
)

// Counted returns the audits that the figures are made of.
func (f *CallFigures) Counted() int {
	return f.Results[Reached] + f.Results[Unmanned] + f.Results[PickedUp] + f.Results[Unreached]
}

// CallReport is the figures of calls, together and by group.
type CallReport struct {
	All    CallFigures
	By     Dimension
	Groups []CallFigures
	// LogRank tests whether the groups' waits differ.
	LogRank LogRank
}

// Called says whether the outcome is of a call that was made and counts: not before it is over, nor when we spoiled it.
func (o *Outcome) Called() bool {
	return o.Call != nil && o.Result.ofCall()
}

// ofCall says whether the result is that of a call that is over and counts.
func (r Result) ofCall() bool {
	return r == Reached || r == Unmanned || r == PickedUp || r == Unreached
}

// Waiting returns the audit as the survival analysis of waits takes it, in milliseconds from the first ring: a person's first word
// is the event. Where nobody knows when it came, or it never did, the time is censored where it is last known of: when the last call
// ended, or was picked up by somebody whom nobody heard. An engaged line never rang and is censored at once.
func (o *Outcome) Waiting() Subject {
	c := o.Call
	switch last := c.Last(); {
	case o.Result == Reached && c.Wait != nil:
		return Subject{Time: float64(max(*c.Wait, 0)), Event: true}
	case o.Result == Unmanned:
		return Subject{Time: float64(max(c.Ring+c.Talk, 0))}
	case last != nil:
		return Subject{Time: float64(max(last.Ring, 0))}
	}
	return Subject{}
}

// tally is what is counted of a group.
type tally struct {
	audits, outside, message, messageOf    int
	results                                [len(Results)]int
	calls, ours, picked, delivered         int
	busy, silent, rang, inRings            int
	first, firstOf, person, heard, unheard int
	dropped, droppedOf, tries, triesOf     int
	waited                                 int
	wait, squares                          float64 // of the waits, in seconds: their sum, and that of their squares
	subjects, rings, delays                int
}

// add counts one telephone audit.
func (t *tally) add(o *Outcome, result int) {
	if o.Outside {
		if o.Called() {
			t.outside++
			if x, ok := o.Items.Value(itemMachine); ok && !math.IsNaN(x) {
				t.messageOf++
				t.message += count(x == 1)
			}
		}
		return
	}
	t.audits++
	if o.Call == nil {
		if !o.Result.ofCall() { // a call that a person made was not measured
			t.results[result]++
		}
		return
	}
	t.results[result]++
	for i := range o.Call.Tries {
		t.ours += count(o.Call.Tries[i].Class == TryOurs)
	}
	if !o.Called() {
		return
	}
	t.subjects++
	c := o.Call
	if c.FirstAttempt != nil {
		t.firstOf++
		t.first += count(*c.FirstAttempt)
	}
	if c.Dropped != nil {
		t.droppedOf++
		t.dropped += count(*c.Dropped)
	}
	if o.Result == Reached {
		t.triesOf++
		t.tries += c.Made()
		if c.Wait != nil {
			x := float64(*c.Wait) / 1000
			t.waited++
			t.wait += x
			t.squares += x * x
		}
	}
	for i := range c.Tries {
		if x := &c.Tries[i]; x.Made() {
			t.call(x, c.Person)
		}
	}
}

// call counts one call; person says whether one spoke in the call that was picked up.
func (t *tally) call(x *Try, person *bool) {
	t.calls++
	picked := x.Class == TryAnswered
	t.picked += count(picked)
	switch x.Class {
	case probes.ClassBusy:
		t.busy++
		t.delivered++
	case probes.ClassNoAnswer:
		t.silent++
		t.delivered++
	case TryAnswered, probes.ClassRejected:
		t.delivered++
	}
	if picked || x.Class == probes.ClassNoAnswer && x.Rang {
		t.rang++
		t.inRings += count(picked && x.Rings <= WithinRings)
	}
	switch {
	case picked && person == nil:
		t.unheard++
	case picked:
		t.heard++
		t.person += count(*person)
	case x.Mode != "ring": // nobody would have listened
		t.heard++
	}
	t.rings += count(picked)
	t.delays += count(x.Rang)
}

// figures writes what was counted.
func (t *tally) figures(group string) CallFigures {
	f := CallFigures{Group: group, Audits: t.audits, Results: map[Result]int{}, Calls: t.calls, Ours: t.ours, Unheard: t.unheard,
		ASR: Wilson(t.picked, t.calls), NER: Wilson(t.delivered, t.calls), ABR: Wilson(t.picked, t.calls+t.ours),
		FirstAttempt: Wilson(t.first, t.firstOf), Pickup: Wilson(t.person, t.heard), InRings: Wilson(t.inRings, t.rang),
		Busy: Wilson(t.busy, t.calls), NoAnswer: Wilson(t.silent, t.calls), Dropped: Wilson(t.dropped, t.droppedOf),
		Outside: t.outside, OutOfHours: Wilson(t.message, t.messageOf), Waited: t.waited}
	for i, n := range t.results {
		if n > 0 {
			f.Results[Results[i]] = n
		}
	}
	f.Tries = math.NaN()
	if t.triesOf > 0 {
		f.Tries = float64(t.tries) / float64(t.triesOf)
	}
	f.Wait, f.WaitLo, f.WaitHi = math.NaN(), math.NaN(), math.NaN()
	if n := float64(t.waited); n > 0 {
		mean := t.wait / n
		f.Wait = 1000 * mean
		if n > 1 {
			half := z975 * math.Sqrt(max(0, t.squares-n*mean*mean)/(n-1)/n)
			f.WaitLo, f.WaitHi = 1000*max(0, mean-half), 1000*(mean+half)
		}
	}
	return f
}

// Calls returns the figures of the telephone audits among the outcomes, by each dimension; an empty one gives the total alone.
func Calls(outcomes []Outcome, by ...Dimension) ([]CallReport, error) {
	return CallsAt(outcomes, everywhere(len(outcomes)), by...)
}

// CallsAt is Calls of the outcomes at the places alone. The times are sorted once for each dimension, packed into numbers with the
// group below the time, as Columns.Report does.
func CallsAt(outcomes []Outcome, places []int32, by ...Dimension) ([]CallReport, error) {
	var phone []int32
	for _, i := range places {
		if o := &outcomes[i]; o.Channel == probes.Phone && o.Result != Out {
			phone = append(phone, i)
		}
	}
	all, err := callsBy(outcomes, phone, "")
	if err != nil {
		return nil, err
	}
	var out []CallReport
	for _, d := range by {
		r := CallReport{All: all.Groups[0], By: d, LogRank: LogRank{P: math.NaN()}}
		if d != "" {
			g, err := callsBy(outcomes, phone, d)
			if err != nil {
				return nil, err
			}
			r.Groups, r.LogRank = g.Groups, g.LogRank
		}
		out = append(out, r)
	}
	return out, nil
}

func callsBy(outcomes []Outcome, places []int32, d Dimension) (r CallReport, err error) {
	coded := &Coded{Names: []string{"all"}, Codes: make([]uint16, len(places))}
	if d != "" {
		coded.Names = nil
		if err := d.codes(coded, outcomes, places); err != nil {
			return r, err
		}
	}
	n := len(coded.Names)
	tallies := make([]tally, n)
	tagOf := map[Result]int{}
	for i, x := range Results {
		tagOf[x] = i
	}
	width := uint(bits.Len(uint(max(n-1, 0))))
	waits, rings, delays := make([]uint64, 0, len(places)), make([]uint64, 0, len(places)), make([]uint64, 0, len(places))
	for i, place := range places {
		o, code := &outcomes[place], uint64(coded.Codes[i])
		at, known := tagOf[o.Result]
		if !known {
			return r, fmt.Errorf("audit %s: there is no result %q", o.ID, o.Result)
		}
		tallies[code].add(o, at)
		if o.Outside || !o.Called() {
			continue
		}
		s := o.Waiting()
		if s.Time >= maxValue/2 {
			return r, fmt.Errorf("audit %s: a wait of %g ms: %w", o.ID, s.Time, ErrTime)
		}
		waits = append(waits, uint64(s.Time)<<(width+1)|code<<1|uint64(count(s.Event)))
		for k := range o.Call.Tries {
			t := &o.Call.Tries[k]
			if !t.Made() {
				continue
			}
			if t.Class == TryAnswered {
				rings = append(rings, uint64(min(max(t.Ring, 0), maxValue/2))<<(width+1)|code<<1)
			}
			if t.Rang {
				delays = append(delays, uint64(min(max(t.Delay, 0), maxValue/2))<<(width+1)|code<<1)
			}
		}
	}
	top := width + 1
	sort := func(keys []uint64) []uint64 { return radixSort(keys, make([]uint64, len(keys)), top, 64) }
	waits, rings, delays = sort(waits), sort(rings), sort(delays)
	sizes := make([]int, n)
	for i := range sizes {
		sizes[i] = tallies[i].subjects
	}
	curves := curvesOf(waits, top, width, sizes)
	ring, delay := mediansOf(rings, top, width, n), mediansOf(delays, top, width, n)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return Naturally(coded.Names[a], coded.Names[b]) })
	for _, i := range order {
		f := tallies[i].figures(coded.Names[i])
		f.Waits, f.WaitP90 = curves[i].curve, curves[i].p90
		f.Ring, f.DialDelay = ring[i], delay[i]
		r.Groups = append(r.Groups, f)
	}
	r.LogRank = LogRank{P: math.NaN()}
	if n > 1 {
		r.LogRank = compare(waits, top, 1, 1, width, sizes).test(order)
	}
	return r, nil
}

// curvesOf makes the curve of each group from packed subjects in order of time.
func curvesOf(subjects []uint64, top, width uint, sizes []int) []estimate {
	out := make([]estimate, len(sizes))
	for i, n := range sizes {
		out[i] = newEstimate(n, WaitTau, nil, keepDraw)
	}
	type gathered struct {
		time        uint64
		all, events int
	}
	now := make([]gathered, len(sizes))
	put := func(i int) {
		if x := &now[i]; x.all > 0 {
			out[i].step(float64(x.time), x.events, x.all-x.events)
			x.all, x.events = 0, 0
		}
	}
	for _, k := range subjects {
		i, t := int(k>>1&(1<<width-1)), k>>top
		if x := &now[i]; t != x.time {
			put(i)
			x.time = t
		}
		now[i].all++
		now[i].events += int(k & 1)
	}
	for i := range out {
		put(i)
		c := out[i].finish()
		if out[i].s > 0 && now[i].time < WaitTau {
			c.Mean, c.MeanSE = math.NaN(), math.NaN() // nobody was followed that far: R would go on with a straight line
		}
	}
	return out
}

// mediansOf returns the median of each group's values, packed and in order.
func mediansOf(sorted []uint64, top, width uint, groups int) []float64 {
	all, seen := make([]int, groups), make([]int, groups)
	for _, k := range sorted {
		all[k>>1&(1<<width-1)]++
	}
	out := make([]float64, groups)
	for i, n := range all {
		if n == 0 {
			out[i] = math.NaN()
		}
	}
	for _, k := range sorted {
		i := k >> 1 & (1<<width - 1)
		if n := all[i]; seen[i] == (n-1)/2 || seen[i] == n/2 {
			value := float64(k >> top)
			if out[i] += value; n%2 == 0 { // two of them
				out[i] -= value / 2
			}
		}
		seen[i]++
	}
	return out
}
