package calendar

import (
	"fmt"
	"time"
)

// Calendar is the clock of one structure: its zone, its opening hours and its public holidays. It is immutable, small,
// and safe for use by several goroutines.
type Calendar struct {
	loc      *time.Location
	hours    *Hours
	holidays *PublicHolidays
}

// Span is open time: from Start until just before End.
type Span struct{ Start, End time.Time }

// searchDays bounds how far an opening is looked for: hours of one day a year are found across the rare leap day.
const searchDays = 8*366 + 1

// New returns the calendar of a structure: an IANA zone, opening hours (see ParseHours) and a holiday code (see
// Holidays). It costs about a microsecond once the zone and the code have been seen.
func New(zone, hours, holidays string) (*Calendar, error) {
	loc, err := Zone(zone)
	if err != nil {
		return nil, fmt.Errorf("zone: %w", err)
	}
	h, err := ParseHours(hours)
	if err != nil {
		return nil, err
	}
	days, err := Holidays(holidays)
	if err != nil {
		return nil, fmt.Errorf("holidays: %w", err)
	}
	return &Calendar{loc, h, days}, nil
}

// Location returns the time zone.
func (c *Calendar) Location() *time.Location { return c.loc }

// Day returns the civil day of t where the structure is.
func (c *Calendar) Day(t time.Time) Day { return DayOf(t.In(c.loc)) }

// Holiday says whether d is a public holiday there.
func (c *Calendar) Holiday(d Day) bool { return c.holidays.Has(d) }

// OpenSpans returns the spans of open time that begin on the civil day d, in order and without overlap. A span may end on
// the next day. On the nights of a clock change it is as long as it really is.
func (c *Calendar) OpenSpans(d Day) []Span {
	var buf [8]seconds
	var out []Span
	for _, s := range c.day(buf[:0], d) {
		out = append(out, Span{time.Unix(s.from, 0).In(c.loc), time.Unix(s.to, 0).In(c.loc)})
	}
	return out
}

// seconds is open time in Unix seconds.
type seconds struct{ from, to int64 }

func (c *Calendar) day(buf []seconds, d Day) []seconds {
	var minutes [8]span
	for _, s := range c.hours.spans(minutes[:0], d, c.holidays.Has(d)) {
		from := instant(c.loc, int64(d)*daySeconds+int64(s.from)*60)
		to := instant(c.loc, int64(d)*daySeconds+int64(s.to)*60)
		if from < to {
			buf = append(buf, seconds{from, to})
		}
	}
	return buf
}

// each calls f with the open time from the instant from (Unix seconds) on, in order and without overlap, until f returns
// false or a day later than last has begun. The first span may have begun before from.
func (c *Calendar) each(from int64, last Day, f func(seconds) bool) {
	var buf [8]seconds
	end := from
	for d := c.Day(time.Unix(from, 0)) - 2; d <= last; d++ { // a span can reach into the second day after its own
		for _, s := range c.day(buf[:0], d) {
			if s.to <= end {
				continue
			}
			s.from = max(s.from, end)
			end = s.to
			if !f(s) {
				return
			}
		}
	}
}

// Open says whether the structure is open at t.
func (c *Calendar) Open(t time.Time) bool {
	open := false
	c.each(t.Unix(), c.Day(t), func(s seconds) bool {
		open = s.from <= t.Unix()
		return false
	})
	return open
}

// NextOpen returns t if the structure is open at t, else the next instant at which it opens. It returns false if it
// does not open within eight years.
func (c *Calendar) NextOpen(t time.Time) (time.Time, bool) {
	found := time.Time{}
	c.each(t.Unix(), c.Day(t)+searchDays, func(s seconds) bool {
		if found = time.Unix(s.from, 0).In(t.Location()); found.Before(t) {
			found = t
		}
		return false
	})
	return found, !found.IsZero()
}

// Worked returns the open time between two instants as real elapsed time: an hour of the autumn night that is shown
// twice counts twice. It is 0 if to is not after from.
func (c *Calendar) Worked(from, to time.Time) time.Duration {
	if !from.Before(to) {
		return 0
	}
	var sum time.Duration
	c.each(from.Unix(), c.Day(to), func(s seconds) bool {
		start, end := time.Unix(s.from, 0), time.Unix(s.to, 0)
		if start.Before(from) {
			start = from
		}
		if to.Before(end) {
			end = to
		}
		if start.Before(end) {
			sum += end.Sub(start)
		}
		return s.to <= to.Unix()
	})
	return sum
}

// AddWorked returns the first instant t, not before from, for which Worked(from, t) is d. It returns the zero time if
// the structure stays closed for eight years before d is used up.
func (c *Calendar) AddWorked(from time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return from
	}
	at := from
	for {
		found, moved := false, false
		c.each(at.Unix(), c.Day(at)+searchDays, func(s seconds) bool {
			moved = true
			start, end := time.Unix(s.from, 0), time.Unix(s.to, 0)
			if start.Before(at) {
				start = at
			}
			if length := end.Sub(start); length < d {
				d -= max(length, 0)
				at = end
				return true
			}
			at, found = start.Add(d), true
			return false
		})
		if found {
			return at.In(from.Location())
		}
		if !moved {
			return time.Time{}
		}
	}
}

// Workday says whether d is a working day of the norms: Monday to Friday and not a public holiday, whatever the
// structure's own hours. A day that a territory skipped (Samoa, 30 December 2011) is none.
func (c *Calendar) Workday(d Day) bool {
	w := d.Weekday()
	return w != time.Saturday && w != time.Sunday && !c.holidays.Has(d) &&
		instant(c.loc, int64(d)*daySeconds) < instant(c.loc, int64(d+1)*daySeconds)
}

// received returns the working day on which something that arrives at t counts as received: that very day if the
// structure has not yet closed, else the next working day.
func (c *Calendar) received(t time.Time) Day {
	d := c.Day(t)
	if c.Workday(d) {
		var buf [8]seconds
		if open := c.day(buf[:0], d); len(open) > 0 && t.Unix() < open[len(open)-1].to {
			return d
		}
	}
	for d++; !c.Workday(d); d++ {
	}
	return d
}

// WorkingDays returns the working days between two instants as the norms count them (notes/mail.md section 7): Monday
// to Friday less public holidays, from the day after reception up to and including the day of to. What arrives after
// closing, or on a day that is not worked, is received on the next working day. 0 means the same day.
func (c *Calendar) WorkingDays(from, to time.Time) int {
	n := 0
	last := c.Day(to)
	for d := c.received(from) + 1; d <= last; d++ {
		if c.Workday(d) {
			n++
		}
	}
	return n
}

// AddWorkingDays returns the last second of the n-th working day after reception at from: an answer up to then was
// given within n working days. With n = 0 it is the end of the day of reception.
func (c *Calendar) AddWorkingDays(from time.Time, n int) time.Time {
	d := c.received(from)
	for ; n > 0; n-- {
		for d++; !c.Workday(d); d++ {
		}
	}
	return time.Unix(instant(c.loc, int64(d+1)*daySeconds)-1, 0).In(from.Location())
}

// DayUnix is Day for an instant in Unix seconds.
func (c *Calendar) DayUnix(unix int64) Day { return dayAt(unix + offsetAt(c.loc, unix)) }
