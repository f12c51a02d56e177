package schedule

import (
	"slices"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/probes"
)

// Skips returns what the campaign says of audits that came due while nothing ran: whether a is missed at the campaign
// instant now. The plan's audits follow the campaign's policy, those of a cron wave the wave's, tick by tick.
func Skips(c *config.Campaign) func(a probes.Audit, now time.Time) bool {
	waves := map[string]config.Wave{}
	for _, w := range c.Waves {
		waves[w.ID] = w
	}
	return func(a probes.Audit, now time.Time) bool {
		w, ok := waves[a.Wave]
		if !ok {
			return c.Missed == config.MissedSkip
		}
		zone := w.Zone
		if zone == "" {
			zone = c.Zone
		}
		// The audit's own tick is the last one before it is due; those after it decide whether it is the latest.
		ticks, err := Ticks(w, zone, a.Due.Add(-maxBetweenTicks), now)
		if err != nil || len(ticks) == 0 {
			return false // such a wave is not planned either
		}
		own := ticks[0]
		for _, t := range ticks {
			if !t.After(a.Due) {
				own = t
			}
		}
		run, _, err := Missed(w.Missed, ticks, now)
		return err == nil && !slices.ContainsFunc(run, own.Equal)
	}
}

// maxBetweenTicks is how far an audit may be from its tick: one that is closed for a while goes on the first open day.
const maxBetweenTicks = 35 * 24 * time.Hour
