package stats

import (
	"errors"
	"fmt"
)

// Tag is the result of an audit (a place in Results) with what is counted of it, in one number.
type Tag uint16

// The flags of a tag. An answer that was not judged for politeness has neither of the last two.
const (
	TagLate Tag = 1 << (iota + tagFlags) // the answer came after the deadline
	TagAcked
	TagAbsent
	TagJunk
	TagJudged // for politeness
	TagPolite
	allTags // how many tags there are
)

const (
	tagFlags  = 4 // bits of the result
	tagResult = 1<<tagFlags - 1
)

const _ = uint(1<<tagFlags - len(Results)) // the results fit

// TagOf returns the tag of a result without flags; ok is false for a result that there is not.
func TagOf(r Result) (t Tag, ok bool) {
	for i, x := range Results {
		if x == r {
			return Tag(i), true
		}
	}
	return 0, false
}

func (t Tag) result() Result { return Results[min(int(t&tagResult), len(Results)-1)] }

// Answered says so of the tag's audit.
func (t Tag) Answered() bool { return kinds[t&tagResult]&isAnswered != 0 }

// Counted says whether the tag's audit is in the denominator of the rates.
func (t Tag) Counted() bool { return kinds[t&tagResult]&isCounted != 0 }

const (
	isCounted = 1 << iota
	isAnswered
)

// kinds says of each result what it is.
var kinds = func() (k [1 << tagFlags]uint8) {
	for i, r := range Results {
		if o := (Outcome{Result: r}); o.Counted() {
			k[i] |= isCounted
		}
		if r == Answered {
			k[i] |= isAnswered
		}
	}
	return k
}()

// Coded is a column of few different texts: each row has the place of its text in Names.
type Coded struct {
	Names []string
	Codes []uint16
}

// MaxGroups is how many groups a dimension may have: with more it is no grouping, and groups are compared two by two.
const MaxGroups = 1 << 12

// maxValue is more milliseconds than anything lasts (8,900 years); values are packed beside their group.
const maxValue = 1 << 48

// ErrGroups says that a dimension has too many groups.
var ErrGroups = fmt.Errorf("more than %d groups", MaxGroups)

// ErrColumns says that columns do not belong together.
var ErrColumns = errors.New("the columns differ in length")

// Columns are outcomes as the figures need them, a slice for each column: ten millions of them fit in half a gigabyte.
// All slices have the same length; a dimension without codes cannot be asked for.
type Columns struct {
	Tags     []Tag
	Delay    []int64 // of answered audits, ms
	Followed []int64 // of audits that are censored, ms
	Worked   []int64 // of answered audits, ms
	Days     []int32 // of answered audits
	Groups   map[Dimension]*Coded
}

// NewColumns returns columns of n rows, with codes for the dimensions.
func NewColumns(n int, dimensions ...Dimension) *Columns {
	c := &Columns{Tags: make([]Tag, n), Delay: make([]int64, n), Followed: make([]int64, n), Worked: make([]int64, n), Days: make([]int32, n),
		Groups: map[Dimension]*Coded{}}
	for _, d := range dimensions {
		c.Groups[d] = &Coded{Codes: make([]uint16, n)}
	}
	return c
}

// Len returns how many outcomes there are.
func (c *Columns) Len() int { return len(c.Tags) }

// ColumnsOf returns the outcomes as columns, with every dimension.
func ColumnsOf(outcomes []Outcome) (*Columns, error) {
	return columnsAt(outcomes, everywhere(len(outcomes)), Dimensions[:]...)
}

// columnsAt returns the outcomes at the places as columns with the dimensions.
func columnsAt(outcomes []Outcome, places []int32, dimensions ...Dimension) (*Columns, error) {
	c := NewColumns(len(places), dimensions...)
	for i, place := range places {
		o := &outcomes[place]
		tag, ok := TagOf(o.Result)
		if !ok {
			return nil, fmt.Errorf("audit %s: there is no result %q", o.ID, o.Result)
		}
		for _, x := range [...]struct {
			is   bool
			flag Tag
		}{{o.Late, TagLate}, {o.Acked, TagAcked}, {o.Absent, TagAbsent}, {o.Junk, TagJunk}, {o.Polite != nil, TagJudged},
			{o.Polite != nil && *o.Polite, TagPolite}} {
			if x.is {
				tag |= x.flag
			}
		}
		c.Tags[i], c.Delay[i], c.Followed[i], c.Worked[i], c.Days[i] = tag, o.Delay, o.Followed, o.Worked, int32(o.Days)
	}
	for _, d := range dimensions {
		if err := d.codes(c.Groups[d], outcomes, places); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// codes fills in the codes of the outcomes at the places; by has room for them.
func (d Dimension) codes(by *Coded, outcomes []Outcome, places []int32) error {
	coder := NewCoder(by)
	weeks := map[[2]int]uint16{}
	for i, place := range places {
		o := &outcomes[place]
		var week [2]int
		if d == ByWeek {
			week[0], week[1] = weekOf(o)
			if code, known := weeks[week]; known {
				coder.Codes[i] = code
				continue
			}
		}
		code, err := coder.Code(d.Of(o))
		if err != nil {
			return fmt.Errorf("%s: %w", d, err)
		}
		coder.Codes[i], weeks[week] = code, code
	}
	return nil
}

// Coder gives texts their codes.
type Coder struct {
	*Coded
	index map[string]uint16
}

// NewCoder returns a coder that adds to the names of c.
func NewCoder(c *Coded) *Coder {
	x := &Coder{c, map[string]uint16{}}
	for i, n := range c.Names {
		x.index[n] = uint16(i)
	}
	return x
}

// Code returns the code of the text, a new one where it is new.
func (c *Coder) Code(text string) (uint16, error) {
	code, known := c.index[text]
	if !known {
		if len(c.Names) >= MaxGroups {
			return 0, ErrGroups
		}
		code = uint16(len(c.Names))
		c.Names, c.index[text] = append(c.Names, text), code
	}
	return code, nil
}

// Keep leaves the outcomes of one group alone.
func (c *Columns) Keep(d Dimension, group string) error {
	if err := c.check(d); err != nil {
		return err
	}
	by := c.Groups[d]
	want := -1
	for i, n := range by.Names {
		if n == group {
			want = i
		}
	}
	kept := 0
	for i := range c.Tags {
		if int(by.Codes[i]) != want {
			continue
		}
		c.Tags[kept], c.Delay[kept], c.Followed[kept], c.Worked[kept], c.Days[kept] = c.Tags[i], c.Delay[i], c.Followed[i], c.Worked[i], c.Days[i]
		for _, g := range c.Groups {
			g.Codes[kept] = g.Codes[i]
		}
		kept++
	}
	c.Tags, c.Delay, c.Followed, c.Worked, c.Days = c.Tags[:kept], c.Delay[:kept], c.Followed[:kept], c.Worked[:kept], c.Days[:kept]
	for _, g := range c.Groups {
		g.Codes = g.Codes[:kept]
	}
	return nil
}

// Append adds the outcomes of other columns, which have the same dimensions.
func (c *Columns) Append(more *Columns) error {
	for d, g := range c.Groups {
		if err := more.check(d); err != nil {
			return err
		}
		coder := NewCoder(g)
		codes := make([]uint16, len(more.Groups[d].Names))
		for i, n := range more.Groups[d].Names {
			var err error
			if codes[i], err = coder.Code(n); err != nil {
				return fmt.Errorf("%s: %w", d, err)
			}
		}
		for _, code := range more.Groups[d].Codes {
			g.Codes = append(g.Codes, codes[code])
		}
	}
	c.Tags, c.Delay, c.Followed = append(c.Tags, more.Tags...), append(c.Delay, more.Delay...), append(c.Followed, more.Followed...)
	c.Worked, c.Days = append(c.Worked, more.Worked...), append(c.Days, more.Days...)
	return nil
}

// check says what is wrong with the columns for a report by the dimension.
func (c *Columns) check(d Dimension) error {
	n := len(c.Tags)
	if len(c.Delay) != n || len(c.Followed) != n || len(c.Worked) != n || len(c.Days) != n {
		return ErrColumns
	}
	if d == "" {
		return nil
	}
	g := c.Groups[d]
	switch {
	case g == nil:
		return fmt.Errorf("%s: there is no such column", d)
	case len(g.Codes) != n:
		return fmt.Errorf("%s: %w", d, ErrColumns)
	case len(g.Names) > MaxGroups:
		return fmt.Errorf("%s: %w", d, ErrGroups)
	}
	return nil
}
