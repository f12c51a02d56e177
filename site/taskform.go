package site

import (
	"cmp"
	"slices"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// longestCall is how long a call that a person makes may be: a longer one is a slip of the clock.
const longestCall = 4 * time.Hour

// read reads the form into the call and notes each fault at its field. Instants are on the structure's clock: the first is a date and
// a time, the others are times of that day.
func (p *task) read(c *handCall, o *stats.Outcome, line probes.Timeline, now time.Time) {
	zone := zoneOf(o)
	fault := func(field, key string, args ...any) {
		if p.wrong[field] == "" {
			p.wrong[field] = p.T(key, args...)
			p.Faults = append(p.Faults, formFault{field, p.T("task.field." + field), p.wrong[field]})
		}
	}
	c.Fate, c.First, c.By, c.Notes = p.Said["fate"], p.Said["first"], p.Said["by"], p.Said["notes"]
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"} {
		if at, err := time.ParseInLocation(layout, p.Said["dialled"], zone); err == nil {
			c.Dialled = at
		}
	}
	if c.Dialled.IsZero() {
		fault("dialled", "task.fault.date")
	}
	answered := c.Fate == stats.TryAnswered
	if !slices.Contains(handFates[:], c.Fate) {
		fault("fate", "task.fault.choose")
	}
	clock := func(field string, to *time.Time, wanted, allowed bool) {
		said := p.Said[field]
		switch {
		case said == "" && wanted:
			fault(field, "task.fault.time")
		case said == "":
		case !allowed:
			fault(field, "task.fault.not-answered")
		default:
			for _, layout := range []string{"15:04:05", "15:04"} {
				if t, err := time.Parse(layout, said); err == nil && !c.Dialled.IsZero() {
					d := c.Dialled.In(zone)
					*to = time.Date(d.Year(), d.Month(), d.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone)
				} else if err == nil {
					return // the date is asked for
				}
			}
			if to.IsZero() {
				fault(field, "task.fault.time")
			}
		}
	}
	clock("ringing", &c.Ringing, false, true)
	clock("answered", &c.Answered, answered, answered)
	clock("person", &c.Person, answered && c.First == "human", answered)
	clock("ended", &c.Ended, true, true)
	choose := func(field string, among []string) {
		switch said := p.Said[field]; {
		case answered && !slices.Contains(among, said):
			fault(field, "task.fault.choose")
		case !answered && said != "":
			fault(field, "task.fault.not-answered")
		}
	}
	choose("first", answering[:])
	choose("by", endings[:])
	if c.First == "fax" && !c.Person.IsZero() {
		fault("person", "task.fault.fax")
	}
	if c.Fate == probes.ClassWrongNumber && !c.Ringing.IsZero() {
		fault("ringing", "task.fault.rang")
	}
	if len([]rune(c.Notes)) > maxReason {
		fault("notes", "task.fault.long", "N", p.Int(maxReason))
	}
	p.order(c, now, fault)
	defer func() { // in the order of the form
		slices.SortStableFunc(p.Faults, func(a, b formFault) int {
			return cmp.Compare(slices.Index(callFields[:], a.Field), slices.Index(callFields[:], b.Field))
		})
	}()
	if !c.Dialled.IsZero() {
		if line.Campaign(c.Dialled).Before(o.Due.Truncate(time.Minute)) {
			fault("dialled", "task.fault.early", "From", onClock(line.Wall(o.Due), zone))
		} else if line.Campaign(c.Dialled).After(o.Deadline) {
			fault("dialled", "task.fault.late", "Until", onClock(line.Wall(o.Deadline), zone))
		}
	}
}

// onClock writes an instant as the form takes it, on the structure's clock.
func onClock(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("2006-01-02 15:04:05") + " " + zone.String()
}

// order holds the instants to their order, and to the past.
func (p *task) order(c *handCall, now time.Time, fault func(field, key string, args ...any)) {
	before, name := c.Dialled, "dialled"
	for _, x := range []struct {
		field string
		at    time.Time
	}{{"dialled", c.Dialled}, {"ringing", c.Ringing}, {"answered", c.Answered}, {"person", c.Person}, {"ended", c.Ended}} {
		switch {
		case x.at.IsZero():
			continue
		case x.at.After(now):
			fault(x.field, "task.fault.future")
		case x.at.Before(before):
			fault(x.field, "task.fault.order", "Before", p.T("task.field."+name))
		case x.at.Sub(c.Dialled) > longestCall:
			fault(x.field, "task.fault.too-long")
		}
		before, name = x.at, x.field
	}
}
