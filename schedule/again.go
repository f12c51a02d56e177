package schedule

import (
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule/calendar"
)

// ErrNoRoom says that a campaign ends before another try could be made.
var ErrNoRoom = errors.New("no room before the end of the campaign")

// Again returns the audit that tries a once more: same question, channel, persona and wave, the next free number of the
// structure, as long a watch. It is due in opening hours (in closed ones, where a was), not before the campaign instant now and before end, on a day on
// which no other audit of the structure is due, and at least gap away from each that was or will be made. others are all
// audits of the structure. It is a pure function: the hour within the day follows from the new identifier.
func Again(a probes.Audit, others []probes.State, s probes.Structure, now, end time.Time, gap time.Duration) (probes.Audit, error) {
	c, err := calendar.New(s.Zone, s.Hours, s.Holidays)
	if err != nil {
		return a, fmt.Errorf("structure %s: %w", s.ID, err)
	}
	watch := a.Deadline.Sub(a.Due)
	taken := map[calendar.Day]bool{}
	var contacts []time.Time
	for _, st := range others {
		if st.Audit.Campaign == a.Campaign {
			a.Number = max(a.Number, st.Audit.Number)
		}
		taken[c.Day(st.Due)] = true
		if !takenOut(st.Status) {
			contacts = append(contacts, st.Due)
		}
	}
	a.Number++
	a.ID = probes.AuditID(a.Campaign + "." + string(a.Structure) + "." + number(a.Number))
	for d := c.Day(now); ; d++ {
		day, open := dayOn(c, d, a.Outside)
		if calendar.Instant(c.Location(), d, 0).After(end) {
			return a, fmt.Errorf("structure %s: %w", s.ID, ErrNoRoom)
		}
		if !open || taken[d] {
			continue
		}
		for _, at := range day.hours(now, draw(a.ID)) {
			if at.Before(end) && away(at, contacts, gap) {
				a.Due, a.Deadline = at, at.Add(watch)
				return a, nil
			}
		}
	}
}

// takenOut says whether an audit was never made and never will be.
func takenOut(s probes.Status) bool {
	return s == probes.Missed || s == probes.Suppressed || s == probes.Cancelled
}

// hours returns an instant of each open clock hour of the day that is not before the instant, in order; u (0 to 1) says where
// within the hour.
func (d *openDay) hours(from time.Time, u float64) (list []time.Time) {
	for _, span := range d.spans {
		first, last := max(span.Start.Unix(), from.Unix()+1), span.End.Unix()-1
		for first <= last {
			end := min(last, first-first%hourSeconds+hourSeconds-1)
			if at := ragged(first + int64(u*float64(end-first))); at <= last {
				list = append(list, time.Unix(at, 0).UTC())
			}
			first = end + 1
		}
	}
	return list
}

// draw returns a number from 0 to 1 that follows from the identifier.
func draw(id probes.AuditID) float64 {
	h := fnv.New64a()
	h.Write([]byte(id))
	return float64(h.Sum64()>>11) / (1 << 53)
}

func away(at time.Time, contacts []time.Time, gap time.Duration) bool {
	for _, c := range contacts {
		if at.Sub(c).Abs() < gap {
			return false
		}
	}
	return true
}
