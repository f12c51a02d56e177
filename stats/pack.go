package stats

import (
	"fmt"
	"math/bits"
	"runtime"
)

// packer makes numbers of the rows: a value at the top, the codes of the groups below it, and one bit that says of a
// subject whether an answer ended its time. Numbers that are in order are in order of the value.
type packer struct {
	c     *Columns
	top   uint // where the value begins
	width uint // bits of the values
	parts []part
	spans [3]span // of what subjects, worked and days hold

	subjects     []uint64 // the counted audits with their time in a survival analysis: see Outcome.Subject
	worked, days []uint64 // of the answered audits
	late         []uint64 // the delays of the answered audits whose time is not their delay
}

// part is a stretch of the rows, with what is known of it and where its numbers go.
type part struct {
	from, to       int
	spans          [3]span
	late           int
	subjectsAt, at int
	lateAt         int
}

// span is what is known of the values of a column.
type span struct {
	n         int
	low, high int64
}

func (s *span) add(x int64) {
	if s.n == 0 {
		s.low, s.high = x, x
	}
	s.n++
	s.low, s.high = min(s.low, x), max(s.high, x)
}

func (s *span) merge(o span) {
	if o.n > 0 {
		n := s.n
		s.add(o.low)
		s.add(o.high)
		s.n = n + o.n
	}
}

// newPacker looks at the columns, and refuses those that no figures are made of.
func newPacker(c *Columns) (*packer, error) {
	p := &packer{c: c}
	n := c.Len()
	parts := max(1, min(4*runtime.GOMAXPROCS(0), n/blockRows))
	for i := range parts {
		p.parts = append(p.parts, part{from: n * i / parts, to: n * (i + 1) / parts})
	}
	p.each(func(x *part) {
		s, late := x.spans, 0
		for i := x.from; i < x.to; i++ {
			t := c.Tags[i]
			if !t.Counted() {
				continue
			}
			if t.Answered() {
				s[0].add(c.Delay[i])
				s[1].add(c.Worked[i])
				s[2].add(int64(c.Days[i]))
				if t&TagLate == 0 {
					continue
				}
				s[0].n--
				late++
			}
			s[0].add(max(c.Followed[i], 0))
		}
		x.spans, x.late = s, late
	})
	late := 0
	for i := range p.parts {
		x := &p.parts[i]
		x.subjectsAt, x.at, x.lateAt = p.spans[0].n, p.spans[1].n, late
		for j := range p.spans {
			p.spans[j].merge(x.spans[j])
		}
		late += x.late
	}
	p.late = make([]uint64, late)
	for _, s := range p.spans {
		if s.low <= -maxValue/2 || s.high >= maxValue/2 {
			return nil, fmt.Errorf("a delay from %d to %d ms: %w", s.low, s.high, ErrTime)
		}
	}
	if p.spans[0].low < 0 {
		return nil, fmt.Errorf("a delay of %d ms: %w", p.spans[0].low, ErrTime)
	}
	p.spans[0].low = 0
	for _, s := range p.spans {
		p.width = max(p.width, uint(bits.Len64(uint64(s.high-s.low))))
	}
	return p, nil
}

// each runs f on the parts.
func (p *packer) each(f func(*part)) {
	var tasks []func() error
	for i := range p.parts {
		tasks = append(tasks, func() error { f(&p.parts[i]); return nil })
	}
	_ = together(tasks) // they do not fail
}

// blockRows is how many rows are packed at a time, so that they stay in the cache.
const blockRows = 2048

// pack makes the numbers, with the codes of the groupings.
func (p *packer) pack(groupings []*grouping) {
	p.subjects = make([]uint64, p.spans[0].n)
	p.worked, p.days = make([]uint64, p.spans[1].n), make([]uint64, p.spans[1].n)
	p.each(func(x *part) {
		var b block
		subjects, at, late := x.subjectsAt, x.at, x.lateAt
		for from := x.from; from < x.to; from += blockRows {
			to := min(from+blockRows, x.to)
			clear(b.cells[:])
			for _, g := range groupings {
				if g.bits > 0 {
					for i, code := range g.coded.Codes[from:to] {
						b.cells[i] |= uint64(code) << g.shift
					}
				}
			}
			counted, answered, behind := b.fill(p, from, to)
			subjects += copy(p.subjects[subjects:], b.subjects[:counted])
			copy(p.worked[at:], b.worked[:answered])
			at += copy(p.days[at:], b.days[:answered])
			late += copy(p.late[late:], b.late[:behind])
		}
	})
}

// block holds the numbers of some rows.
type block struct{ cells, subjects, worked, days, late [blockRows]uint64 }

// fill makes the numbers of the rows and says how many subjects, answered and late audits there are. What a row is, is not
// asked but added: half of all guesses would be wrong.
func (b *block) fill(p *packer, from, to int) (subjects, answered, late int) {
	c := p.c
	tags := c.Tags[from:to]
	delay, followed, worked, days := c.Delay[from:to], c.Followed[from:to], c.Worked[from:to], c.Days[from:to]
	low, lowDays, top := p.spans[1].low, p.spans[2].low, p.top
	for i, t := range tags {
		kind := uint64(kinds[t&tagResult])
		isLate := uint64(t>>tagFlags) & 1
		event := kind / isAnswered &^ isLate
		// The delay where an answer ends the time, else how long it was followed.
		time := uint64(max(followed[i], 0))
		time ^= (time ^ uint64(delay[i])) & -event
		b.subjects[subjects%blockRows] = time<<top | b.cells[i] | event
		b.worked[answered%blockRows] = uint64(worked[i]-low)<<top | b.cells[i]
		b.days[answered%blockRows] = uint64(int64(days[i])-lowDays)<<top | b.cells[i]
		b.late[late%blockRows] = uint64(delay[i])<<top | b.cells[i]
		subjects += int(kind & isCounted)
		answered += int(kind / isAnswered)
		late += int(kind / isAnswered & isLate)
	}
	return subjects, answered, late
}

// delays returns the delays of all answered audits in order: those that ended a time, and the late ones.
func (p *packer) delays() []uint64 {
	out := make([]uint64, 0, p.spans[1].n+1)
	late := p.late
	out = out[:cap(out)]
	n := 0
	for _, k := range p.subjects {
		for len(late) > 0 && late[0]>>p.top <= k>>p.top {
			out[n], late = late[0], late[1:]
			n++
		}
		out[n] = k
		n += int(k & 1)
	}
	n += copy(out[n:], late)
	return out[:n]
}
