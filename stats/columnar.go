package stats

import (
	"fmt"
	"math"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// tau is the horizon of the restricted mean.
var tau = float64(Horizons[len(Horizons)-1].Milliseconds())

// Report returns the figures by each dimension, in order; an empty dimension gives the total alone. The curves keep the
// steps that can be seen in a drawing.
//
// The subjects are sorted by time once for all groupings, packed into numbers that have the time at the top and the codes
// of their groups below; then one pass for each grouping keeps everything that a group needs.
func (c *Columns) Report(by ...Dimension) ([]Report, error) { return c.report(keepDraw, by...) }

func (c *Columns) report(keep keeping, by ...Dimension) ([]Report, error) {
	groupings := []*grouping{newGrouping("", &Coded{Names: []string{"all"}, Codes: nil})}
	for _, d := range by {
		if err := c.check(d); err != nil {
			return nil, err
		}
		if d != "" && !slices.ContainsFunc(groupings, func(g *grouping) bool { return g.by == d }) {
			groupings = append(groupings, newGrouping(d, c.Groups[d]))
		}
	}
	if err := c.check(""); err != nil {
		return nil, err
	}
	var tasks []func() error
	for _, g := range groupings {
		tasks = append(tasks, func() error { return g.count(c.Tags) })
	}
	if err := together(tasks); err != nil {
		return nil, err
	}
	p, err := newPacker(c)
	if err != nil {
		return nil, err
	}
	for rest := groupings; len(rest) > 0; {
		n, err := c.some(rest, p, keep)
		if err != nil {
			return nil, err
		}
		rest = rest[n:]
	}
	var out []Report
	for _, d := range by {
		all := groupings[0]
		r := Report{All: all.figures(0), By: d}
		for _, g := range groupings[1:] {
			if g.by != d {
				continue
			}
			order := g.order()
			for _, i := range order {
				r.Groups = append(r.Groups, g.figures(i))
			}
			r.LogRank = g.compared.test(order)
		}
		out = append(out, r)
	}
	return out, nil
}

// together runs the tasks on all processors and returns the first error.
func together(tasks []func() error) error {
	errs := make([]error, len(tasks))
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(tasks)) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(tasks); i = int(next.Add(1)) - 1 {
				errs[i] = tasks[i]()
			}
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// grouping is one way of grouping the outcomes, with what is known of each group.
type grouping struct {
	by     Dimension
	coded  *Coded
	groups int
	bits   uint
	shift  uint       // where the code is in a packed number
	tags   [][]uint32 // of each group: how often each tag is there
	// of each group
	curves                []estimate
	delays, worked, daily []picks
	compared              *comparison
}

func newGrouping(d Dimension, coded *Coded) *grouping {
	g := &grouping{by: d, coded: coded, groups: len(coded.Names)}
	g.bits = uint(bits.Len(uint(max(g.groups-1, 0))))
	return g
}

// count counts the tags of each group.
func (g *grouping) count(tags []Tag) error {
	const many = int(allTags)
	flat := make([]uint32, g.groups*many)
	for i := range g.groups {
		g.tags = append(g.tags, flat[i*many:(i+1)*many])
	}
	if g.by == "" {
		for _, t := range tags {
			flat[t%allTags]++
		}
		return nil
	}
	for i, code := range g.coded.Codes {
		if int(code) >= g.groups {
			return fmt.Errorf("%s: row %d: there is no group %d", g.by, i+1, code)
		}
		flat[int(code)*many+int(tags[i]%allTags)]++
	}
	return nil
}

// sum returns how many audits of the group have a tag for which f is true.
func (g *grouping) sum(group int, f func(Tag) bool) (n int) {
	for t, k := range g.tags[group] {
		if k > 0 && f(Tag(t)) {
			n += int(k)
		}
	}
	return n
}

func (g *grouping) counted(group int) int  { return g.sum(group, Tag.Counted) }
func (g *grouping) answered(group int) int { return g.sum(group, Tag.Answered) }

// order returns the groups that have audits, in the order of tables.
func (g *grouping) order() (order []int) {
	for i := range g.groups {
		if g.sum(i, func(Tag) bool { return true }) > 0 {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return Naturally(g.coded.Names[a], g.coded.Names[b]) })
	return order
}

// some makes the figures of the first groupings, as many as can be packed beside a time, and says how many they were.
func (c *Columns) some(all []*grouping, p *packer, keep keeping) (n int, err error) {
	p.top = 1
	for n < len(all) && (n == 0 || p.top+all[n].bits <= min(1+32, 64-p.width)) {
		all[n].shift = p.top
		p.top += all[n].bits
		n++
	}
	some := all[:n]
	p.pack(some)
	var tasks []func() error
	tasks = append(tasks, func() error { // a long task beside two short ones
		spare := make([]uint64, len(p.subjects))
		p.subjects = radixSort(p.subjects, spare, p.top, p.top+p.width)
		p.late = radixSort(p.late, make([]uint64, len(p.late)), p.top, p.top+p.width)
		delays := p.delays()
		for _, g := range some {
			g.delays = g.pick(delays, p.top, 0, 0.5, 0.9)
		}
		return nil
	}, func() error {
		spare := make([]uint64, len(p.worked))
		p.worked = radixSort(p.worked, spare, p.top, p.top+p.width)
		for _, g := range some {
			g.worked = g.pick(p.worked, p.top, p.spans[1].low, 0.5)
		}
		p.worked = nil
		p.days = radixSort(p.days, spare, p.top, p.top+p.width)
		for _, g := range some {
			g.daily = g.pick(p.days, p.top, p.spans[2].low, 0.5)
		}
		p.days = nil
		return nil
	})
	if err := together(tasks); err != nil {
		return 0, err
	}
	pooled := gaps(p.subjects, p.top, 1, 0, 1)[0]
	tasks = nil
	for _, g := range some {
		tasks = append(tasks, func() error { g.estimate(p.subjects, p.top, keep); return nil })
		if g.by != "" {
			tasks = append(tasks, func() error { g.compare(p.subjects, p.top, pooled); return nil })
		}
	}
	return n, together(tasks)
}

// picks are the values at some ranks of a group.
type picks struct {
	seen, next int // how many values were seen; the first rank that is wanted of those to come
	ranks      []int
	values     []int64
	n          int
}

// pick returns of each group the values that its quantiles need.
func (g *grouping) pick(sorted []uint64, top uint, low int64, wants ...float64) []picks {
	out := make([]picks, g.groups)
	for i := range out {
		x := &out[i]
		x.n, x.next = g.answered(i), -1
		for _, p := range wants {
			if x.n > 0 {
				at := int(float64(x.n-1) * p)
				x.ranks = append(x.ranks, at, min(at+1, x.n-1))
			}
		}
		slices.Sort(x.ranks)
		x.ranks = slices.Compact(x.ranks)
		if len(x.ranks) > 0 {
			x.next = x.ranks[0]
		}
	}
	shift, mask := g.shift, uint64(1)<<g.bits-1
	for _, k := range sorted {
		x := &out[k>>shift&mask]
		if x.seen == x.next {
			x.values = append(x.values, int64(k>>top)+low)
			x.next = -1
			if len(x.values) < len(x.ranks) {
				x.next = x.ranks[len(x.values)]
			}
		}
		x.seen++
	}
	return out
}

// quantile is Quantile of the values, of which those that it needs were picked.
func (x *picks) quantile(p float64) float64 {
	if x.n == 0 {
		return math.NaN()
	}
	h := float64(x.n-1) * p
	i := int(h)
	value := func(rank int) float64 {
		at, _ := slices.BinarySearch(x.ranks, rank)
		return float64(x.values[at])
	}
	if i+1 >= x.n {
		return value(x.n - 1)
	}
	return value(i) + (h-float64(i))*(value(i+1)-value(i))
}

// gaps returns for each group how far apart two neighbouring times must be not to be one time in the eyes of R (survival's
// aeqSurv): whole milliseconds are told apart while the mean of the different times is under 18 hours, and not above.
func gaps(subjects []uint64, top uint, shift, bits uint, groups int) []uint64 {
	type seen struct {
		after    uint64 // the first time that is another one
		distinct int
		sum      float64
	}
	all := make([]seen, groups)
	mask := uint64(1)<<bits - 1
	for _, k := range subjects {
		x, t := &all[k>>shift&mask], k>>top
		if t >= x.after {
			x.after = t + 1
			x.distinct++
			x.sum += float64(t)
		}
	}
	out := make([]uint64, groups)
	for i, x := range all {
		mean := x.sum / float64(max(x.distinct, 1))
		gap := uint64(tieTolerance*mean) + 1
		for ; gap > 0 && float64(gap)/mean > tieTolerance; gap-- {
		}
		out[i] = gap + 1
	}
	return out
}

// estimate makes the curve of each group.
func (g *grouping) estimate(subjects []uint64, top uint, keep keeping) {
	var horizons []float64
	for _, h := range Horizons {
		horizons = append(horizons, float64(h.Milliseconds()))
	}
	g.curves = make([]estimate, g.groups)
	for i := range g.curves {
		g.curves[i] = newEstimate(g.counted(i), tau, horizons, keep)
	}
	type gathered struct {
		time, after uint64 // after is the first time that is another one
		gap         uint64
		all, events int
	}
	now := make([]gathered, g.groups)
	for i, gap := range gaps(subjects, top, g.shift, g.bits, g.groups) {
		now[i].gap = gap
	}
	shift, mask := g.shift, uint64(1)<<g.bits-1
	for _, k := range subjects {
		i, t := k>>shift&mask, k>>top
		x := &now[i]
		if t >= x.after {
			if x.all > 0 {
				g.curves[i].step(float64(x.time), x.events, x.all-x.events)
			}
			x.time, x.all, x.events = t, 0, 0
		}
		x.after = t + x.gap
		x.all++
		x.events += int(k & 1)
	}
	for i := range now {
		if x := &now[i]; x.all > 0 {
			g.curves[i].step(float64(x.time), x.events, x.all-x.events)
		}
		g.curves[i].finish()
	}
}

// compare makes the log-rank test of the groups; gap tells times apart, over all groups.
func (g *grouping) compare(subjects []uint64, top uint, gap uint64) {
	sizes := make([]int, g.groups)
	for i := range sizes {
		sizes[i] = g.counted(i)
	}
	g.compared = compare(subjects, top, gap, g.shift, g.bits, sizes)
}

// compare makes the test over packed subjects in order of time, whose groups have the sizes.
func compare(subjects []uint64, top uint, gap uint64, shift, bits uint, sizes []int) *comparison {
	c := newComparison(len(sizes))
	for i, n := range sizes {
		c.join(i, n)
	}
	left, answered := make([]int, len(sizes)), make([]int, len(sizes))
	mask := uint64(1)<<bits - 1
	for i := 0; i < len(subjects); {
		from, events, last := i, 0, subjects[i]>>top
		for ; i < len(subjects) && subjects[i]>>top < last+gap; i++ {
			last = subjects[i] >> top
			events += int(subjects[i] & 1)
		}
		c.events(events)
		if i-from < 4*len(sizes) {
			for _, k := range subjects[from:i] {
				c.leave(int(k>>shift&mask), k&1 == 1)
			}
			continue
		}
		clear(left)
		clear(answered)
		for _, k := range subjects[from:i] {
			left[k>>shift&mask]++
			answered[k>>shift&mask] += int(k & 1)
		}
		c.leaveAll(left, answered)
	}
	return c
}

// figures returns what is published of the group.
func (g *grouping) figures(i int) Figures {
	f := Figures{Group: g.coded.Names[i], Results: map[Result]int{}}
	for t, n := range g.tags[i] {
		if n > 0 {
			f.Audits += int(n)
			f.Results[Tag(t).result()] += int(n)
		}
	}
	e := &g.curves[i]
	f.Curve = e.curve
	c := &f.Curve
	for j, h := range Horizons {
		low, high := logLog(e.at[j].s, math.Sqrt(e.at[j].greenwood))
		s, low, high := c.interval(e.at[j].s, low, high)
		r := Rate{Within: h, Share: 1 - s, Low: 1 - high, High: 1 - low}
		if c.N == 0 {
			r.Share, r.Low, r.High = math.NaN(), math.NaN(), math.NaN()
		}
		f.Rates = append(f.Rates, r)
	}
	f.Median, f.MedLow, f.MedHigh, f.P90 = c.Median, c.MedLow, c.MedHigh, e.p90
	f.Mean, f.MeanSE, f.Tau = c.Mean, c.MeanSE, c.Tau
	f.AnsweredMedian, f.AnsweredP90 = g.delays[i].quantile(0.5), g.delays[i].quantile(0.9)
	f.WorkedMedian, f.DaysMedian = g.worked[i].quantile(0.5), g.daily[i].quantile(0.5)
	share := func(flag, of Tag) Proportion {
		return Wilson(g.sum(i, func(t Tag) bool { return t.Counted() && t&of == of && t&flag != 0 }),
			g.sum(i, func(t Tag) bool { return t.Counted() && t&of == of }))
	}
	f.Acked, f.Polite, f.Absent = share(TagAcked, 0), share(TagPolite, TagJudged), share(TagAbsent, 0)
	f.Junk = Wilson(g.sum(i, func(t Tag) bool { return t.Answered() && t&TagJunk != 0 }), g.answered(i))
	return f
}
