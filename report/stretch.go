package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/parquet-go/parquet-go"
	"github.com/sonde-fleet/sonde/stats"
)

// stretch is a row group that is being read: rows from–to of the columns. Its tasks write different columns.
type stretch struct {
	*reading
	rows     parquet.RowGroup
	number   int
	from, to int
}

var stretchTasks = [...]func(*stretch) error{
	(*stretch).audits,
	func(s *stretch) error { return s.group(stats.ByKind) },
	func(s *stretch) error { return s.group(stats.BySector) },
	func(s *stretch) error { return s.group(stats.ByBand) },
	func(s *stretch) error { return s.group(stats.ByRegion) },
	func(s *stretch) error { return s.group(stats.ByChannel) },
	(*stretch).week,
}

// page is some rows of a column.
type page struct {
	parquet.Page
	from, to int    // rows of the columns
	defined  []byte // which rows have a value; nil for all
}

// pages reads the column of the row group. A file may lie about everything: what it makes the library, or us, fall over
// with is an error that names the column.
func (s *stretch) pages(name string, f func(p *page) error) (err error) {
	damaged := func(what any) error {
		return fmt.Errorf("%s: row group %d: %v: %w", name, s.number, what, ErrExport)
	}
	defer func() {
		if r := recover(); r != nil {
			err = damaged(r)
		}
	}()
	pages := s.rows.ColumnChunks()[s.column[name].Index()].Pages()
	defer pages.Close()
	for at := s.from; ; {
		p, err := pages.ReadPage()
		if errors.Is(err, io.EOF) && at == s.to {
			return nil
		}
		if err != nil {
			return damaged(err)
		}
		x := &page{Page: p, from: at, to: at + int(p.NumRows())}
		if x.from > x.to || x.to > s.to || p.NumValues() != p.NumRows() {
			return damaged("it has other rows than it says")
		}
		if s.column[name].Optional() {
			x.defined = p.DefinitionLevels()
		}
		at = x.to
		err = f(x)
		parquet.Release(p)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
}

// spread puts values where the page defines them, and none elsewhere.
func spread[T any](p *page, out, values []T, none T) {
	if p.defined == nil {
		copy(out[p.from:p.to], values)
		return
	}
	// Half of the guesses would be wrong: nothing is asked of a row.
	values = append(values, none)
	n := 0
	for i, d := range p.defined[:p.to-p.from] {
		x := values[n]
		if d == 0 {
			x = none
		}
		out[p.from+i] = x
		n += int(d)
	}
}

// readText reads a column of few different texts into their codes; a missing one is empty. What code makes of a text is asked
// once for each text of a dictionary, or of a page without one; there, texts with the same key are the same.
func readText[T ~uint16](s *stretch, name string, code func(text []byte) (T, error), key func(text []byte) []byte, out []T) error {
	var dictionary parquet.Dictionary
	var known []int32 // code of each text of the dictionary, -1 before it is met
	return s.pages(name, func(p *page) error {
		none, values := T(0), make([]T, 0, p.to-p.from)
		if bytes.IndexByte(p.defined, 0) >= 0 {
			var err error
			if none, err = code(nil); err != nil {
				return err
			}
		}
		if d := p.Dictionary(); d != nil {
			if d != dictionary {
				dictionary, known = d, make([]int32, d.Len())
				for i := range known {
					known[i] = -1
				}
			}
			data := p.Data()
			for _, place := range data.Int32() {
				c := known[place]
				if c < 0 {
					met, err := code(d.Index(place).ByteArray())
					if err != nil {
						return err
					}
					c = int32(met)
					known[place] = c
				}
				values = append(values, T(c))
			}
		} else {
			data := p.Data()
			texts, ends := data.ByteArray()
			met := map[string]T{}
			for i := range max(len(ends)-1, 0) {
				t := texts[ends[i]:ends[i+1]]
				c, ok := met[string(key(t))]
				if !ok {
					var err error
					if c, err = code(t); err != nil {
						return err
					}
					met[string(key(t))] = c
				}
				values = append(values, c)
			}
		}
		spread(p, out, values, none)
		return nil
	})
}

func same(text []byte) []byte { return text }

// group reads the column of a dimension.
func (s *stretch) group(d stats.Dimension) error {
	return readText(s, string(d), s.coders[d].code, same, s.Groups[d].Codes)
}

// week reads the week, or works it out of the contact, or of the plan where there was none.
func (s *stretch) week() error {
	if s.column["week"] != nil {
		return s.group(stats.ByWeek)
	}
	const none = stats.MaxGroups
	code := func(instant []byte) (uint16, error) {
		if len(instant) == 0 {
			return none, nil
		}
		name, err := weekOf(instant)
		if err != nil {
			return 0, err
		}
		return s.coders[stats.ByWeek].code([]byte(name))
	}
	// Instants of a day in UTC have the same week.
	day := func(instant []byte) []byte {
		if n := len("2006-01-02T15:04:05.000Z"); len(instant) == n && instant[10] == 'T' && instant[n-1] == 'Z' {
			return instant[:10]
		}
		return instant
	}
	codes := s.Groups[stats.ByWeek].Codes
	if err := readText(s, "contacted", code, day, codes); err != nil {
		return err
	}
	var due []uint16
	for i, c := range codes[s.from:s.to] {
		if c != none {
			continue
		}
		if due == nil {
			due = make([]uint16, len(codes))
			if err := readText(s, "due", code, day, due); err != nil {
				return err
			}
		}
		if due[s.from+i] == none {
			return fmt.Errorf("due: row %d: neither contacted nor due", s.from+i+1)
		}
		codes[s.from+i] = due[s.from+i]
	}
	return nil
}

// audits reads the results, their flags and their times.
func (s *stretch) audits() error {
	if err := readText(s, "result", func(text []byte) (stats.Tag, error) {
		t, ok := stats.TagOf(stats.Result(text))
		if !ok {
			return 0, fmt.Errorf("there is no result %.40q", text)
		}
		return t, nil
	}, same, s.Tags); err != nil {
		return err
	}
	for i, flag := range [...]stats.Tag{stats.TagLate, stats.TagAcked, stats.TagAbsent, stats.TagPolite, stats.TagJunk} {
		if err := s.truth(truths[i], flag); err != nil {
			return err
		}
	}
	answered, counted := stats.Tag.Answered, stats.Tag.Counted
	if err := readNumber(s, "delay_ms", 0, beyond, answered, s.Delay); err != nil {
		return err
	}
	if err := readNumber(s, "worked_ms", -beyond, beyond, answered, s.Worked); err != nil {
		return err
	}
	if err := readNumber(s, "working_days", math.MinInt32, math.MaxInt32, answered, s.Days); err != nil {
		return err
	}
	return readNumber(s, "followed_ms", -beyond, beyond, counted, s.Followed)
}

// beyond is more than an export holds, and less than what no figures are made of.
const beyond = 1 << 46

// truth adds the flag where the column is true. An answer that was not judged has neither flag of politeness.
func (s *stretch) truth(name string, flag stats.Tag) error {
	var values []stats.Tag
	return s.pages(name, func(p *page) error {
		data := p.Data()
		bits := data.Boolean()
		n := p.to - p.from
		for _, d := range p.defined {
			n -= int(1 - d)
		}
		values = values[:0]
		yes, no := flag, stats.Tag(0)
		if flag == stats.TagPolite {
			yes, no = stats.TagJudged|flag, stats.TagJudged
		}
		for i := range n {
			x := no
			if bits[i/8]>>(i%8)&1 == 1 {
				x = yes
			}
			values = append(values, x)
		}
		if p.defined == nil {
			for i, x := range values {
				s.Tags[p.from+i] |= x
			}
			return nil
		}
		values = append(values, 0)
		n = 0
		for i, d := range p.defined {
			s.Tags[p.from+i] |= values[n] & -stats.Tag(d)
			n += int(d)
		}
		return nil
	})
}

// readNumber reads a column of whole numbers, where those that want one have one between low and high.
func readNumber[T int32 | int64](s *stretch, name string, low, high int64, wants func(stats.Tag) bool, out []T) error {
	var values []T
	return s.pages(name, func(p *page) error {
		values = values[:0]
		data := p.Data()
		add := func(x int64) error {
			if x < low || x > high {
				return fmt.Errorf("rows %d to %d: %d is not from %d to %d", p.from+1, p.to, x, low, high)
			}
			values = append(values, T(x))
			return nil
		}
		narrow := s.column[name].Type().Kind() == parquet.Int32
		switch d := p.Dictionary(); {
		case d != nil:
			for _, place := range data.Int32() {
				v := d.Index(place)
				x := v.Int64()
				if narrow {
					x = int64(v.Int32())
				}
				if err := add(x); err != nil {
					return err
				}
			}
		case narrow:
			for _, x := range data.Int32() {
				if err := add(int64(x)); err != nil {
					return err
				}
			}
		default:
			for _, x := range data.Int64() {
				if err := add(x); err != nil {
					return err
				}
			}
		}
		spread(p, out, values, 0)
		for i, d := range p.defined {
			if d == 0 && wants(s.Tags[p.from+i]) {
				return fmt.Errorf("row %d: it is missing", p.from+i+1)
			}
		}
		return nil
	})
}
