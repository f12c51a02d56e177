// Package calendar knows what time it is for one structure: opening hours, public holidays, working time and civil
// time on both nights of the year when the clocks change. It has no clock of its own, and the only thing it reads is
// the time zone database.
package calendar

import (
	"fmt"
	"sync"
	"time"
)

// Day is a civil day: the number of days since 1 January 1970 in whatever zone it is used.
type Day int32

const (
	daySeconds = 24 * 60 * 60
	dayMinutes = 24 * 60
)

// DayOf returns the civil day that t shows in its own location.
func DayOf(t time.Time) Day {
	_, offset := t.Zone()
	return dayAt(t.Unix() + int64(offset))
}

// dayAt returns the day of a wall-clock reading in seconds since 1970, read as if it were UTC.
func dayAt(wall int64) Day {
	if wall < 0 {
		return Day((wall - daySeconds + 1) / daySeconds)
	}
	return Day(wall / daySeconds)
}

// Date returns the civil day of a date.
func Date(year int, month time.Month, day int) Day {
	return DayOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// ParseDay reads a day written 2026-03-02.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a date; write year-month-day, for example 2026-03-02", s)
	}
	return DayOf(t), nil
}

func (d Day) utc() time.Time { return time.Unix(int64(d)*daySeconds, 0).UTC() }

// Date returns the year, month and day of the month.
func (d Day) Date() (int, time.Month, int) { return d.utc().Date() }

// Weekday returns the day of the week.
func (d Day) Weekday() time.Weekday { return time.Weekday((int(d)%7 + 7 + 4) % 7) }

// Week returns the ISO 8601 year and week.
func (d Day) Week() (year, week int) { return d.utc().ISOWeek() }

// String writes the day as 2026-03-02.
func (d Day) String() string { return d.utc().Format(time.DateOnly) }

// Instant returns the instant at which the wall clock of loc shows the given second of the day d (seconds past 86,400
// run into the next day). A reading that the spring change skips gives the first instant that exists after it; one that
// the autumn change shows twice gives the first pass. The result never goes back when the reading goes on.
func Instant(loc *time.Location, d Day, second int) time.Time {
	return time.Unix(instant(loc, int64(d)*daySeconds+int64(second)), 0).In(loc)
}

// instant maps a wall-clock reading (seconds since 1970, read as UTC) to Unix seconds.
func instant(loc *time.Location, wall int64) int64 {
	before, after := offsetAt(loc, wall-daySeconds), offsetAt(loc, wall+daySeconds)
	if before == after {
		return wall - before
	}
	first, second := wall-before, wall-after
	if first > second {
		first, second = second, first
	}
	if offsetAt(loc, first) == wall-first {
		return first
	}
	if offsetAt(loc, second) == wall-second {
		return second
	}
	start, _ := time.Unix(wall-before, 0).In(loc).ZoneBounds() // skipped: the change itself is the first valid instant
	return start.Unix()
}

func offsetAt(loc *time.Location, unix int64) int64 {
	_, offset := time.Unix(unix, 0).In(loc).Zone()
	return int64(offset)
}

// zones remembers the locations already read: time.LoadLocation reads and parses the database anew at each call, and a
// directory has 35,000 structures in a handful of zones. Its size is bounded by the number of zones.
var zones sync.Map // string -> *time.Location

// Zone returns the location of an IANA time zone name. "Local" and the empty name are refused: they mean something else
// on each machine.
func Zone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("%q is not an IANA time zone; write for example Europe/Paris", name)
	}
	if loc, ok := zones.Load(name); ok {
		return loc.(*time.Location), nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%q is not an IANA time zone; write for example Europe/Paris", name)
	}
	got, _ := zones.LoadOrStore(name, loc)
	return got.(*time.Location), nil
}
