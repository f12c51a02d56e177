package schedule

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/directory"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule/calendar"
)

const hourSeconds = 3600

// load counts the audits of each clock hour (UTC) against the caps.
type load struct {
	caps     config.Caps
	likeness []int // of each persona: see planner
	all      map[int64]int
	persona  map[[2]int64]int // persona, hour
	domain   map[domainHour]int
}

type domainHour struct {
	domain string
	hour   int64
}

// level moves the audits that would break a cap. Structures are served in an order drawn from the seed, so that none is
// moved for the sake of its place in the file; an audit is moved within its day first, then to the nearest days, between
// its neighbours, and becomes a conflict if that is not enough. The cap per structure and day is kept already: no two
// contacts of a structure fall on one day.
func (p *planner) level(plans []*sheet) {
	caps := p.campaign.Caps
	if caps.DomainPerHour <= 0 && caps.PersonaPerHour <= 0 && caps.PerHour <= 0 {
		return
	}
	type turn struct {
		key   uint64
		index int
	}
	order := make([]turn, len(plans))
	for i, s := range plans {
		order[i] = turn{p.source(s.of.ID, "turn", 0).Uint64(), i}
	}
	slices.SortFunc(order, func(a, b turn) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.index, b.index)) })
	l := &load{caps: caps, likeness: p.likeness, all: map[int64]int{}, persona: map[[2]int64]int{}, domain: map[domainHour]int{}}
	for _, t := range order {
		p.levelSheet(l, plans[t.index])
	}
}

func (p *planner) levelSheet(l *load, s *sheet) {
	domain := ""
	if mailboxes := s.of.Contacts[probes.Mail]; len(mailboxes) > 0 && l.caps.DomainPerHour > 0 {
		domain = directory.MailDomain(mailboxes[0])
	}
	var random *rand.Rand
	for i := 0; i < len(s.slots); {
		slot := &s.slots[i]
		to := ""
		if probes.Channels[slot.channel] == probes.Mail {
			to = domain
		}
		if l.full(slot.due, slot.persona, to) == "" {
			l.count(slot.due, slot.persona, to)
			i++
			continue
		}
		if random == nil {
			random = p.source(s.of.ID, "move", 0)
		}
		if due, ok := p.move(l, s, i, to, random); ok {
			slot.due = due
			l.count(due, slot.persona, to)
			i++
			continue
		}
		s.conflict(slot.channel, p.waveID(slot.wave), CapReached, 1, "%s, and no hour between its neighbours has room",
			l.full(slot.due, slot.persona, to))
		s.slots = slices.Delete(s.slots, i, i+1)
	}
}

// full names the cap that one more audit in the hour of the instant would break, or returns "".
func (l *load) full(unix int64, persona int, domain string) string {
	hour := unix / hourSeconds
	switch {
	case l.caps.PerHour > 0 && l.all[hour] >= l.caps.PerHour:
		return fmt.Sprintf("per_hour is %d", l.caps.PerHour)
	case l.caps.PersonaPerHour > 0 && l.persona[[2]int64{int64(l.likeness[persona]), hour}] >= l.caps.PersonaPerHour:
		return fmt.Sprintf("persona_per_hour is %d", l.caps.PersonaPerHour)
	case l.caps.DomainPerHour > 0 && domain != "" && l.domain[domainHour{domain, hour}] >= l.caps.DomainPerHour:
		return fmt.Sprintf("domain_per_hour is %d for %s", l.caps.DomainPerHour, domain)
	}
	return ""
}

func (l *load) count(unix int64, persona int, domain string) {
	hour := unix / hourSeconds
	if l.caps.PerHour > 0 {
		l.all[hour]++
	}
	if l.caps.PersonaPerHour > 0 {
		l.persona[[2]int64{int64(l.likeness[persona]), hour}]++
	}
	if l.caps.DomainPerHour > 0 && domain != "" {
		l.domain[domainHour{domain, hour}]++
	}
}

// move looks for another instant for slot i: between its neighbours, a gap away from both, on a day of its own.
func (p *planner) move(l *load, s *sheet, i int, domain string, random *rand.Rand) (int64, bool) {
	slot := &s.slots[i]
	loc := s.calendar.Location()
	low, high := slot.low, slot.high
	if i > 0 {
		before := s.slots[i-1].due
		low = max(low, before+p.gap, calendar.Instant(loc, dayOf(s, before)+1, 0).Unix())
	}
	if i+1 < len(s.slots) {
		after := s.slots[i+1].due
		high = min(high, after-p.gap, calendar.Instant(loc, dayOf(s, after), 0).Unix()-1)
	}
	if low > high {
		return 0, false
	}
	first, last, home := dayOf(s, low), dayOf(s, high), dayOf(s, slot.due)
	for distance := calendar.Day(0); home-distance >= first || home+distance <= last; distance++ {
		for _, day := range [2]calendar.Day{home + distance, home - distance} {
			if day < first || day > last || distance == 0 && day != home {
				continue
			}
			if due, ok := l.room(s, day, slot, p.outside(slot.wave), [2]int64{low, high}, domain, random); ok {
				return due, true
			}
			if distance == 0 {
				break
			}
		}
	}
	return 0, false
}

func dayOf(s *sheet, unix int64) calendar.Day { return s.calendar.DayUnix(unix) }

// room looks for an instant on one day, within the bounds, from a random hour on.
func (l *load) room(s *sheet, d calendar.Day, of *slot, outside bool, bounds [2]int64, domain string, random *rand.Rand) (int64, bool) {
	day, ok := dayOn(s.calendar, d, outside)
	if !ok {
		return 0, false
	}
	var pieces [][2]int64 // open time cut at the full hours: first and last second
	for _, span := range day.spans {
		from, to := max(span.Start.Unix(), bounds[0]), min(span.End.Unix()-1, bounds[1])
		for from <= to {
			end := min(to, from-from%hourSeconds+hourSeconds-1)
			pieces = append(pieces, [2]int64{from, end})
			from = end + 1
		}
	}
	if len(pieces) == 0 {
		return 0, false
	}
	start := random.IntN(len(pieces))
	for i := range pieces {
		piece := pieces[(start+i)%len(pieces)]
		if l.full(piece[0], of.persona, domain) != "" {
			continue
		}
		if due := ragged(piece[0] + random.Int64N(piece[1]-piece[0]+1)); due <= piece[1] {
			return due, true
		}
	}
	return 0, false
}
