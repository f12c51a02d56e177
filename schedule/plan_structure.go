package schedule

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/sonde-fleet/sonde/directory"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule/calendar"
)

// slot is one audit on its way into the timetable.
type slot struct {
	due      int64 // Unix seconds
	low      int64 // the audit may be moved between low
	high     int64 // and high
	channel  int   // index in probes.Channels
	wave     int   // index in the campaign's waves; -1: the plan
	scenario int   // index in the campaign's scenarios
	persona  int   // index in the campaign's personas
	arm      int   // from 1, in the experiment's arms; 0: it takes no part
}

// sheet is the plan of one structure.
type sheet struct {
	of        *directory.Structure
	calendar  *calendar.Calendar
	slots     []slot // by due instant
	conflicts []Conflict
}

func (s *sheet) conflict(channel int, wave, kind string, audits int, format string, args ...any) {
	s.conflicts = append(s.conflicts, Conflict{s.of.ID, probes.Channels[channel], wave, kind, audits, fmt.Sprintf(format, args...)})
}

// openDay is a day on which a structure can be contacted.
type openDay struct {
	day   calendar.Day
	spans []calendar.Span
	open  int64 // seconds
}

// at returns the instant at which the share u (0 to 1) of the day's open time has passed, never on a full minute: round
// minutes betray a machine.
func (d *openDay) at(u float64) int64 {
	left := min(int64(u*float64(d.open)), d.open-1)
	for _, s := range d.spans {
		length := s.End.Unix() - s.Start.Unix()
		if left < length {
			return ragged(s.Start.Unix() + left)
		}
		left -= length
	}
	return ragged(d.spans[len(d.spans)-1].End.Unix() - 1)
}

// ragged moves an instant off the full minute. Open time comes in whole minutes, so the instant stays in it.
func ragged(unix int64) int64 {
	if unix%60 == 0 {
		unix += 7 + unix/60%47
	}
	return unix
}

// worker draws structures one after the other and keeps its buffers between them.
type worker struct {
	*planner
	pools  pools
	days   []openDay
	shut   []openDay // the times at which a closed structure may be called
	wanted []want
	grid   grid
}

// want is one audit of the plan before it has a day.
type want struct {
	channel int
	key     float64 // place within the window, 0 to 1
	hour    float64 // place within the open time of its day, 0 to 1
}

func (p *planner) worker() *worker { return &worker{planner: p, pools: newPools(p.campaign)} }

// source returns the random numbers of one structure for one purpose.
func (p *planner) source(id probes.StructureID, purpose string, extra int64) *rand.Rand {
	h := sha256.New()
	var n [8]byte
	for _, v := range []int64{p.campaign.Seed, extra} {
		binary.BigEndian.PutUint64(n[:], uint64(v))
		h.Write(n[:])
	}
	for _, s := range []string{p.campaign.ID, purpose, string(id)} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])))
}

// structure places all audits of one structure as if it were alone.
func (w *worker) structure(of *directory.Structure) (*sheet, error) {
	c, err := calendar.New(of.Zone, of.Hours, of.Holidays)
	if err != nil {
		return nil, fmt.Errorf("plan: structure %s: %w", of.ID, err)
	}
	s := &sheet{of: of, calendar: c}
	w.open(c)
	w.placeWaves(s)
	w.placePlan(s)
	slices.SortFunc(s.slots, func(a, b slot) int { return cmp.Compare(a.due, b.due) })
	w.assign(s)
	return s, nil
}

// open lists the days of the window on which the structure can be contacted.
func (w *worker) open(c *calendar.Calendar) {
	w.days = w.days[:0]
	for d := w.start; d <= w.end; d++ {
		if day, ok := openOn(c, d); ok {
			w.days = append(w.days, day)
		}
	}
	w.shut = w.shut[:0]
	if !slices.ContainsFunc(w.waves, func(x wave) bool { return x.Outside }) {
		return
	}
	for d := w.start; d <= w.end; d++ {
		if day, ok := shutOn(c, d); ok {
			w.shut = append(w.shut, day)
		}
	}
}

// dayOn is the time of a civil day in which a contact may be made.
func dayOn(c *calendar.Calendar, d calendar.Day, outside bool) (openDay, bool) {
	if outside {
		return shutOn(c, d)
	}
	return openOn(c, d)
}

// Who calls a closed structure does so from 7 to 21 by its own clock: a telephone may be answered by somebody who sleeps beside it.
const outsideFrom, outsideTo = 7 * hourSeconds, 21 * hourSeconds

// shutOn returns when the structure is closed on a civil day, public holidays included.
func shutOn(c *calendar.Calendar, d calendar.Day) (openDay, bool) {
	day := openDay{day: d}
	from, to := calendar.Instant(c.Location(), d, outsideFrom), calendar.Instant(c.Location(), d, outsideTo)
	add := func(until time.Time) {
		if until.After(to) {
			until = to
		}
		if from.Before(until) {
			day.spans = append(day.spans, calendar.Span{Start: from, End: until})
			day.open += until.Unix() - from.Unix()
		}
	}
	for _, before := range [...]calendar.Day{d - 1, d} { // a span of the evening before may end after midnight
		for _, s := range c.OpenSpans(before) {
			if !s.End.After(from) {
				continue
			}
			add(s.Start)
			if s.End.After(from) {
				from = s.End
			}
		}
	}
	add(to)
	return day, day.open > 0
}

// openOn returns the open time of a civil day: only what lies on the day itself, and nothing on a public holiday.
func openOn(c *calendar.Calendar, d calendar.Day) (openDay, bool) {
	if c.Holiday(d) {
		return openDay{}, false
	}
	day := openDay{day: d}
	midnight := calendar.Instant(c.Location(), d+1, 0)
	for _, s := range c.OpenSpans(d) {
		if s.End.After(midnight) {
			s.End = midnight
		}
		if s.Start.Before(s.End) {
			day.spans = append(day.spans, s)
			day.open += s.End.Unix() - s.Start.Unix()
		}
	}
	return day, day.open > 0
}

// placePlan gives the audits of the plan their days and hours.
func (w *worker) placePlan(s *sheet) {
	random := w.source(s.of.ID, PlanWave, 0)
	w.wanted = w.wanted[:0]
	for channel, n := range w.plan {
		if n == 0 {
			continue
		}
		name := probes.Channels[channel]
		switch suited := len(w.pools.suited(channel, s.of.Kind)); {
		case len(s.of.Contacts[name]) == 0:
			s.conflict(channel, PlanWave, NoContact, n, "the structure has no %s contact", name)
			continue
		case len(w.campaign.Personas) == 0:
			s.conflict(channel, PlanWave, NoPersona, n, "the campaign has no persona")
			continue
		case len(w.days) == 0:
			s.conflict(channel, PlanWave, Closed, n, "it is not open on any day from %s to %s", w.start, w.end)
			continue
		case suited < n:
			s.conflict(channel, PlanWave, NoScenario, n-suited, "%d %s scenarios for %s are needed, there are %d", n, name, s.of.Kind, suited)
			n = suited
		}
		w.want(channel, n, random)
	}
	if len(w.wanted) == 0 {
		return
	}
	slices.SortFunc(w.wanted, func(a, b want) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.channel, b.channel), cmp.Compare(a.hour, b.hour))
	})
	// A random turn makes every place in the order equally likely for every channel.
	turn := random.IntN(len(w.wanted))
	slices.Reverse(w.wanted[:turn])
	slices.Reverse(w.wanted[turn:])
	slices.Reverse(w.wanted)
	low, high := w.window(s)
	chosen := w.grid.choose(w.days, w.wanted, s.slots, w.gap, random)
	var missing [len(probes.Channels)]int
	for i, at := range chosen {
		if at == 0 {
			missing[w.wanted[i].channel]++
			continue
		}
		s.slots = append(s.slots, slot{due: at, low: low, high: high, channel: w.wanted[i].channel, wave: -1})
	}
	for channel, n := range missing {
		if n > 0 {
			s.conflict(channel, PlanWave, NoRoom, n, "%d open days from %s to %s do not hold %d audits %s apart",
				len(w.days), w.start, w.end, len(w.wanted), time.Duration(w.gap)*time.Second)
		}
	}
}

// window returns the first and the last second of the campaign where the structure is.
func (w *worker) window(s *sheet) (low, high int64) {
	loc := s.calendar.Location()
	return calendar.Instant(loc, w.start, 0).Unix(), calendar.Instant(loc, w.end+1, 0).Unix() - 1
}

// want adds n audits of a channel: evenly over the window from a random start, each in another n-th of the open hours.
func (w *worker) want(channel, n int, random *rand.Rand) {
	start := random.Float64()
	hours := random.Perm(n)
	for i := range n {
		w.wanted = append(w.wanted, want{
			channel: channel, key: (float64(i) + start) / float64(n), hour: (float64(hours[i]) + random.Float64()) / float64(n),
		})
	}
}
