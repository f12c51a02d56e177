package schedule

import (
	"fmt"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/probes"
)

// Journal is what a launch asks of the prober's store.
type Journal interface {
	Append(...probes.Record) error
	State(probes.AuditID) (probes.State, bool)
	Launch() (probes.Launch, bool)
}

// NewLaunch returns what fixes the campaign when it starts: its window, how its time runs, and the hashes of the files that
// its timetable is computed from.
func NewLaunch(c *config.Campaign, files []probes.Hash) (probes.Launch, error) {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return probes.Launch{}, fmt.Errorf("zone %s: %w", c.Zone, err)
	}
	start, err1 := time.ParseInLocation(time.DateOnly, c.Start, zone)
	end, err2 := time.ParseInLocation(time.DateOnly, c.End, zone)
	if err1 != nil || err2 != nil {
		return probes.Launch{}, fmt.Errorf("campaign window %s to %s", c.Start, c.End)
	}
	frozen, err := c.Grid.Freeze()
	if err != nil {
		return probes.Launch{}, fmt.Errorf("campaign grid: %w", err)
	}
	tested, err := c.Frozen()
	if err != nil {
		return probes.Launch{}, fmt.Errorf("campaign experiment: %w", err)
	}
	return probes.Launch{Campaign: c.ID, Grid: &frozen, Experiment: tested, Title: c.Title, End: end.AddDate(0, 0, 1).UTC(), Files: files,
		Timeline: probes.Timeline{Start: start.UTC(), Speed: c.Speed}, SecondReader: c.Review.SecondReader, DoubleCoding: float64(c.Review.DoubleCoding) / 100, Seed: c.Seed}, nil
}

// launchChunk is how many records share a transaction at a launch.
const launchChunk = 5000

// Launch writes the timetable into the journal: audits, structures, then the launch itself, from which campaign time
// runs. A launch that a crash interrupted is completed; a campaign that was launched before is left as it is, and its
// launch returned.
func Launch(j Journal, l probes.Launch, structures []probes.Structure, audits []probes.Audit, built map[probes.Channel]bool) (probes.Launch, error) {
	if old, ok := j.Launch(); ok && old.Campaign == l.Campaign {
		return old, nil
	}
	var batch []probes.Record
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		err := j.Append(batch...)
		batch = batch[:0]
		return err
	}
	add := func(r probes.Record) error {
		if batch = append(batch, r); len(batch) < launchChunk {
			return nil
		}
		return flush()
	}
	for i := range audits {
		a := &audits[i]
		if _, ok := j.State(a.ID); ok {
			continue
		}
		if err := add(probes.Record{Audit: a}); err != nil {
			return l, fmt.Errorf("launch: %w", err)
		}
		if built[a.Channel] {
			continue
		}
		e := &probes.Event{Audit: a.ID, Kind: probes.AuditAwaiting, At: time.Now().UTC()}
		if err := add(probes.Record{Event: e}); err != nil {
			return l, fmt.Errorf("launch: %w", err)
		}
	}
	for i := range structures {
		if err := add(probes.Record{Structure: &structures[i]}); err != nil {
			return l, fmt.Errorf("launch: %w", err)
		}
	}
	l.Structure, l.Audits = len(structures), len(audits)
	l.Timeline.Launched = time.Now().UTC()
	if err := flush(); err != nil {
		return l, fmt.Errorf("launch: %w", err)
	}
	if err := j.Append(probes.Record{Launch: &l}); err != nil {
		return l, fmt.Errorf("launch: %w", err)
	}
	return l, nil
}
