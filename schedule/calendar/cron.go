package calendar

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Cron is a recurring time in civil time, written as five fields (minute, hour, day of the month, month, weekday) or as
// @hourly, @daily, @weekly, @monthly, @yearly. When both days are restricted, either is enough (the rule of Vixie cron).
//
// robfig/cron parses the expression and finds the next match on a clock that never changes; the civil-time rule is ours,
// because on the two nights of a clock change robfig/cron loses a run or makes it twice.
type Cron struct {
	spec   string
	next   cron.Schedule
	hourly bool // every hour of the day: follows real time
}

// ParseCron reads a cron expression. Time zones and @every are refused: the zone is a setting of its own, and a tick
// must depend on the calendar alone. An expression that never comes (30 February) is an error.
func ParseCron(spec string) (c *Cron, err error) {
	defer func() { // robfig/cron 3.0.1 panics on some texts (its issues 554 and 555)
		if r := recover(); r != nil {
			c, err = nil, fmt.Errorf("cron expression %q cannot be read: %v", spec, r)
		}
	}()
	text := strings.TrimSpace(spec)
	switch {
	case strings.Contains(text, "TZ="):
		return nil, fmt.Errorf("cron expression %q sets a time zone; use the zone setting instead", spec)
	case strings.HasPrefix(text, "@every"):
		return nil, fmt.Errorf("cron expression %q: @every has no fixed instants; use five fields, for example \"0 9 * * MON\"", spec)
	}
	schedule, err := cron.ParseStandard(text)
	if err != nil {
		return nil, fmt.Errorf("cron expression %q: %w; use five fields: minute hour day month weekday, for example \"0 9 * * MON\"", spec, err)
	}
	s, ok := schedule.(*cron.SpecSchedule)
	if !ok {
		return nil, fmt.Errorf("cron expression %q has no fixed instants", spec)
	}
	const everyHour = 1<<24 - 1
	c = &Cron{spec: text, next: s, hourly: s.Hour&everyHour == everyHour}
	if c.next.Next(time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, fmt.Errorf("cron expression %q never comes; look at its day and month", spec)
	}
	return c, nil
}

// String returns the expression.
func (c *Cron) String() string { return c.spec }

// Ticks returns the instants after from and up to and including to, in order, in loc.
//
// Civil-time rule: an expression with fixed hours comes exactly once for each of its civil times. One that the spring
// change skips comes at the first instant that exists; one that the autumn change shows twice comes at the first pass.
// An expression for every hour follows real time: it comes in each hour that passes.
func (c *Cron) Ticks(loc *time.Location, from, to time.Time) []time.Time {
	var ticks []time.Time
	if c.hourly {
		ticks = c.real(loc, from, to)
	} else {
		ticks = c.civil(loc, from, to)
	}
	for i := range ticks {
		ticks[i] = ticks[i].In(loc)
	}
	return slices.CompactFunc(ticks, time.Time.Equal)
}

// civil runs the schedule on wall-clock readings written as UTC and maps each to its instant.
func (c *Cron) civil(loc *time.Location, from, to time.Time) []time.Time {
	var ticks []time.Time
	wall := time.Unix(from.Unix()+offsetAt(loc, from.Unix())-2*daySeconds, 0).UTC()
	for {
		wall = c.next.Next(wall)
		if wall.IsZero() || wall.Unix()-2*daySeconds > to.Unix()+offsetAt(loc, to.Unix()) {
			return ticks
		}
		unix := instant(loc, wall.Unix())
		t := time.Unix(unix, 0)
		if dayAt(unix+offsetAt(loc, unix)) != dayAt(wall.Unix()) { // a civil day that a territory skipped, as Samoa did in 2011
			continue
		}
		if t.After(from) && !t.After(to) {
			ticks = append(ticks, t)
		}
	}
}

// real runs the schedule in each stretch of constant offset, so that every matching minute that passes is found.
func (c *Cron) real(loc *time.Location, from, to time.Time) []time.Time {
	var ticks []time.Time
	for at := from; at.Before(to); {
		local := at.In(loc)
		name, offset := local.Zone()
		_, end := local.ZoneBounds()
		fixed := time.FixedZone(name, offset)
		for t := c.next.Next(at.In(fixed)); !t.IsZero() && !t.After(to) && (end.IsZero() || t.Before(end)); t = c.next.Next(t) {
			ticks = append(ticks, t)
		}
		if end.IsZero() {
			break
		}
		if t := end.In(loc); c.matches(t) && !t.After(to) { // the instant of the change may match in the new offset
			ticks = append(ticks, t)
		}
		at = end
	}
	return ticks
}

// matches says whether the schedule comes at t exactly.
func (c *Cron) matches(t time.Time) bool {
	name, offset := t.Zone()
	fixed := t.In(time.FixedZone(name, offset))
	return c.next.Next(fixed.Add(-time.Second)).Equal(fixed)
}
