package main

import (
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/control"
	"github.com/sonde-fleet/sonde/directory"
	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone"
	"github.com/sonde-fleet/sonde/probes/web"
	"github.com/sonde-fleet/sonde/probes/web/browser"
	"github.com/sonde-fleet/sonde/schedule"
	"github.com/sonde-fleet/sonde/schedule/calendar"
	"github.com/sonde-fleet/sonde/store"
)

type runCmd struct{}

// stopWithin bounds how long a transaction under way may go on after the agent was told to stop.
const stopWithin = 30 * time.Second

func (*runCmd) Run(a *app) error {
	files, err := loadFiles(a.config)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	p := files.Prober
	db, err := store.Open(p.Data)
	if err != nil {
		return err
	}
	defer db.Close()
	health := new(control.Health)
	steer := control.New(control.Options{Prober: p.Name, Store: db, Running: true, InDoubtWindow: p.Mail.InDoubtWindow, Built: built(p), Health: health,
		Load: func() (*control.Files, error) { return loadFiles(a.config) }})
	go db.Perish(a.ctx)
	stopControl, err := cli.ServeSocket(a.ctx, socketPath(p), ownerHandler(p, db, steer))
	if err != nil {
		return err
	}
	defer stopControl()
	l, err := net.Listen("tcp", p.Listen)
	if err != nil {
		return fmt.Errorf("feed: %w; Try: another listen in %s", err, a.config)
	}
	defer cli.Serve(l, publicHandler(p, db, steer))()
	if p.Launch == config.LaunchOrder {
		slog.Info("prober launches on order", "campaign", files.Campaign.ID, "feed", l.Addr().String())
	}
	files, launch, err := steer.Begin(a.ctx, files, p.Launch == config.LaunchOrder)
	if err != nil && a.ctx.Err() != nil {
		return nil // told to stop while it waited
	} else if err != nil {
		return err
	}
	runner, done, err := buildRunner(files, db, launch, health)
	if err != nil {
		return err
	}
	defer done()
	steer.Steer(runner)
	slog.Info("prober runs", "campaign", launch.Campaign, "audits", launch.Audits, "feed", l.Addr().String(),
		"campaign_time", launch.Timeline.Campaign(time.Now()).Format(time.RFC3339))
	return runner.Run(a.ctx)
}

// buildRunner joins the channels and the timetable. The files are those of the launch.
func buildRunner(f *control.Files, db *store.DB, launch probes.Launch, health *control.Health) (r *schedule.Runner, done func(), err error) {
	if err := suppressListed(db, f.Prober, f.Structures); err != nil {
		return nil, nil, err
	}
	zone, err := time.LoadLocation(f.Campaign.Zone)
	if err != nil {
		return nil, nil, cli.UsageError{Err: err}
	}
	sites, err := buildWeb(&f.Prober.Web, zone)
	if err != nil {
		return nil, nil, cli.UsageError{Err: err}
	}
	sites.Known, sites.Archive = knownOf(f.Structures), db
	sites.Seed = strconv.FormatInt(f.Campaign.Seed, 10)
	visits := web.New(sites)
	channel, err := buildMail(f.Prober, f.Campaign, db, desk{visits}, health)
	if err != nil {
		visits.Close()
		return nil, nil, cli.UsageError{Err: err}
	}
	r = &schedule.Runner{Store: db, Probes: map[probes.Channel]probes.Probe{probes.Mail: channel, probes.Web: visits}, Watchers: []probes.Watcher{channel, visits},
		Timeline: launch.Timeline, Hours: hoursOf(db), Parallel: f.Prober.Parallel,
		Limits: map[probes.Channel]int{probes.Web: min(browser.Tabs(), f.Prober.Parallel), probes.Phone: f.Prober.Phone.Lines},
		Skip:   schedule.Skips(f.Campaign), Late: f.Campaign.Late, Grace: stopWithin}
	if built(f.Prober)[probes.Phone] {
		calls, err := buildPhone(&f.Prober.Phone, f.Campaign, f.Structures)
		if err == nil {
			calls.Memory, err = phone.NewMemory(filepath.Join(f.Prober.Data, "recordings"))
		}
		if err != nil {
			visits.Close()
			return nil, nil, cli.UsageError{Err: err}
		}
		calls.State, calls.Again = db.State, againOf(f.Campaign, launch.Timeline, r.NextOpen)
		r.Probes[probes.Phone] = phone.New(calls)
	}
	return r, visits.Close, nil
}

// againOf says when a call that found nobody is made again: in opening hours, and before the audit's deadline.
func againOf(c *config.Campaign, line probes.Timeline, open func(probes.StructureID, time.Time) time.Time) func(probes.Audit, int) time.Time {
	tries := c.Tries[string(probes.Phone)]
	return func(a probes.Audit, failed int) time.Time {
		if failed >= tries.Most {
			return time.Time{}
		}
		at := open(a.Structure, line.Campaign(time.Now()).Add(time.Duration(tries.After)))
		if !at.Before(a.Deadline) {
			return time.Time{}
		}
		return at
	}
}

// suppressListed records those of the suppression list who are not suppressed yet. Who leaves the list stays suppressed
// for this campaign: an edited file must not start contacts again.
func suppressListed(db *store.DB, p *config.Prober, list []directory.Structure) error {
	if p.Suppress == "" {
		return nil
	}
	listed, err := directory.LoadSuppressed(p.Suppress)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	for i := range list {
		entry, yes := listed.Has(&list[i])
		if !yes || db.Suppressed(list[i].ID) {
			continue
		}
		e := probes.Event{Kind: probes.StructureSuppressed, At: time.Now().UTC(), Detail: map[string]string{"structure": string(list[i].ID),
			"by": "suppression list", "reason": entry}}
		if err := db.Record(e); err != nil {
			return err
		}
	}
	return nil
}

// hoursOf returns when a structure is open, as the journal knows it.
func hoursOf(db *store.DB) func(probes.StructureID) schedule.Hours {
	return func(id probes.StructureID) schedule.Hours {
		s, ok := db.Structure(id)
		if !ok {
			return nil
		}
		c, err := calendar.New(s.Zone, s.Hours, s.Holidays)
		if err != nil {
			return nil
		}
		return c
	}
}
