package schedule

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule/calendar"
)

// Ticks returns the instants at which a wave begins, after from and up to and including to, in order. zone is used where
// the wave has none of its own. An expression with fixed hours comes exactly once each civil day (the first valid instant
// where the spring change skips it, the first pass where the autumn change shows it twice); one for every hour follows
// real time. An error means that the expression or the zone cannot be read.
func Ticks(w config.Wave, zone string, from, to time.Time) ([]time.Time, error) {
	if w.Zone != "" {
		zone = w.Zone
	}
	loc, err := calendar.Zone(zone)
	if err != nil {
		return nil, fmt.Errorf("wave %s: zone: %w", w.ID, err)
	}
	expression, err := calendar.ParseCron(w.Cron)
	if err != nil {
		return nil, fmt.Errorf("wave %s: %w", w.ID, err)
	}
	return expression.Ticks(loc, from, to), nil
}

// What becomes of the ticks that passed while nothing ran.
const (
	MissedAll    = "all"    // every one is made up for
	MissedLatest = "latest" // only the last one is
	MissedSkip   = "skip"   // none is
)

// Missed divides ticks that came while nothing ran, up to and including now, into those to run and those to record as
// missed, by the policy all, latest or skip. Ticks after now are in neither. An unknown policy is an error.
func Missed(policy string, ticks []time.Time, now time.Time) (run, missed []time.Time, err error) {
	past := slices.DeleteFunc(slices.Clone(ticks), func(t time.Time) bool { return t.After(now) })
	slices.SortFunc(past, time.Time.Compare)
	n := len(past)
	switch policy {
	case MissedAll:
		return past, nil, nil
	case MissedLatest:
		return past[max(n-1, 0):], past[:max(n-1, 0)], nil
	case MissedSkip:
		return nil, past, nil
	}
	return nil, nil, fmt.Errorf("missed policy %q is not known; write all, latest or skip", policy)
}

// wave is a wave of the campaign with its ticks in the window.
type wave struct {
	config.Wave
	channel int
	ticks   []time.Time
}

// defaultSpread is over how long a wave that does not say is spread.
const defaultSpread = time.Hour

func newWaves(c *config.Campaign, start, end calendar.Day) ([]wave, error) {
	var waves []wave
	for _, w := range c.Waves {
		zone := w.Zone
		if zone == "" {
			zone = c.Zone
		}
		loc, err := calendar.Zone(zone)
		if err != nil {
			return nil, fmt.Errorf("plan: wave %s: zone: %w", w.ID, err)
		}
		channel := slices.Index(probes.Channels[:], probes.Channel(w.Channel))
		if channel < 0 {
			return nil, fmt.Errorf("plan: wave %s: channel %q is not known", w.ID, w.Channel)
		}
		if w.Spread <= 0 {
			w.Spread = defaultSpread
		}
		first := calendar.Instant(loc, start, 0).Add(-time.Second)
		ticks, err := Ticks(w, zone, first, calendar.Instant(loc, end+1, -1))
		if err != nil {
			return nil, fmt.Errorf("plan: %w", err)
		}
		waves = append(waves, wave{w, channel, ticks})
	}
	return waves, nil
}

// placeWaves gives the structure one audit at each tick of each wave that concerns it: within the spread if it is open
// then (closed, for a wave that is made outside opening hours), else on the first day after on which it is and no other contact is near, before the next tick.
func (w *worker) placeWaves(s *sheet) {
	for i := range w.waves {
		wave := &w.waves[i]
		if len(wave.Kinds) > 0 && !slices.Contains(wave.Kinds, s.of.Kind) {
			continue
		}
		channel := probes.Channels[wave.channel]
		switch {
		case len(wave.ticks) == 0:
			continue
		case len(s.of.Contacts[channel]) == 0:
			s.conflict(wave.channel, wave.ID, NoContact, len(wave.ticks), "the structure has no %s contact", channel)
			continue
		case len(w.campaign.Personas) == 0:
			s.conflict(wave.channel, wave.ID, NoPersona, len(wave.ticks), "the campaign has no persona")
			continue
		}
		closed, crowded := 0, 0
		_, last := w.window(s)
		for k, tick := range wave.ticks {
			high := last
			if k+1 < len(wave.ticks) {
				high = wave.ticks[k+1].Unix() - 1
			}
			due, open := w.placeTick(s, tick, wave.Spread, high, wave.Outside, w.source(s.of.ID, wave.ID, tick.Unix()))
			switch {
			case due > 0:
				s.slots = append(s.slots, slot{due: due, low: tick.Unix(), high: high, channel: wave.channel, wave: i})
			case open:
				crowded++
			default:
				closed++
			}
		}
		if closed > 0 {
			never := "it does not open between the tick and the next one"
			if wave.Outside {
				never = "it does not close by day between the tick and the next one"
			}
			s.conflict(wave.channel, wave.ID, Closed, closed, "%s", never)
		}
		if crowded > 0 {
			s.conflict(wave.channel, wave.ID, NoRoom, crowded, "other waves leave no day %s away before the next tick",
				time.Duration(w.gap)*time.Second)
		}
	}
}

// placeTick returns the instant of the audit of one tick, 0 if there is none; open says whether there was open time.
func (w *worker) placeTick(s *sheet, tick time.Time, spread time.Duration, high int64, outside bool, random *rand.Rand) (due int64, open bool) {
	low, near := tick.Unix(), min(tick.Add(spread).Unix(), high)
	days := w.days
	if outside {
		days = w.shut
	}
	try := func(d *openDay, to int64) bool {
		if due = d.random(low, to, random); due == 0 {
			return false
		}
		open = true
		return w.free(s, d, due)
	}
	for i := range days {
		if d := &days[i]; try(d, near) {
			return due, true
		}
	}
	for i := range days {
		if d := &days[i]; try(d, high) {
			return due, true
		}
	}
	return 0, open
}

// free says whether the instant is on a day of its own and a gap away from every other slot.
func (w *worker) free(s *sheet, d *openDay, due int64) bool {
	for _, other := range s.slots {
		if d.has(other.due) || due-other.due < w.gap && other.due-due < w.gap {
			return false
		}
	}
	return true
}

// random returns a random instant of the day's open time between low and high, or 0 if there is none.
func (d *openDay) random(low, high int64, random *rand.Rand) int64 {
	total := int64(0)
	for _, span := range d.spans {
		total += max(min(span.End.Unix()-1, high)-max(span.Start.Unix(), low)+1, 0)
	}
	if total == 0 {
		return 0
	}
	left := random.Int64N(total)
	for _, span := range d.spans {
		from := max(span.Start.Unix(), low)
		length := max(min(span.End.Unix()-1, high)-from+1, 0)
		if left < length {
			if due := ragged(from + left); due <= high {
				return due
			}
			return 0
		}
		left -= length
	}
	return 0
}
