package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/directory"
	"github.com/sonde-fleet/sonde/feed"
	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/probes"
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
	p, c, list, err := config.LoadTogether(a.config)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	db, err := store.Open(p.Data)
	if err != nil {
		return err
	}
	defer db.Close()
	launch, err := launchCampaign(db, p, c, list)
	if err != nil {
		return err
	}
	if err := suppressListed(db, p, list); err != nil {
		return err
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	sites, err := buildWeb(&p.Web, zone)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	sites.Known, sites.Archive = knownOf(list), db
	sites.Seed = strconv.FormatInt(c.Seed, 10)
	visits := web.New(sites)
	defer visits.Close()
	channel, err := buildMail(p, c, db, desk{visits})
	if err != nil {
		return cli.UsageError{Err: err}
	}
	stopControl, err := serveControl(a.ctx, socketPath(p), controlHandler(p, db, true))
	if err != nil {
		return err
	}
	defer stopControl()
	l, err := net.Listen("tcp", p.Listen)
	if err != nil {
		return fmt.Errorf("feed: %w; Try: another listen in %s", err, a.config)
	}
	defer serve(l, feed.Handler(p.Name, db, p.Token))()
	slog.Info("prober runs", "campaign", launch.Campaign, "audits", launch.Audits, "feed", l.Addr().String(),
		"campaign_time", launch.Timeline.Campaign(time.Now()).Format(time.RFC3339))
	runner := &schedule.Runner{Store: db, Probes: map[probes.Channel]probes.Probe{probes.Mail: channel, probes.Web: visits}, Watchers: []probes.Watcher{channel, visits},
		Timeline: launch.Timeline, Hours: hoursOf(db), Parallel: p.Parallel, Limits: map[probes.Channel]int{probes.Web: browser.Tabs()}, Skip: schedule.Skips(c), Late: c.Late, Grace: stopWithin}
	return runner.Run(a.ctx)
}

// launchCampaign writes the timetable into the journal unless it is there already.
func launchCampaign(db *store.DB, p *config.Prober, c *config.Campaign, list []directory.Structure) (probes.Launch, error) {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return probes.Launch{}, cli.UsageError{Err: err}
	}
	start, err1 := time.ParseInLocation(time.DateOnly, c.Start, zone)
	end, err2 := time.ParseInLocation(time.DateOnly, c.End, zone)
	if err1 != nil || err2 != nil {
		return probes.Launch{}, cli.UsageError{Err: fmt.Errorf("campaign window %s to %s", c.Start, c.End)}
	}
	l := probes.Launch{Campaign: c.ID, Title: c.Title, End: end.AddDate(0, 0, 1).UTC(),
		Timeline: probes.Timeline{Start: start.UTC(), Speed: c.Speed}}
	for _, f := range []string{p.Campaign, p.Directory} {
		data, err := os.ReadFile(f)
		if err != nil {
			return l, err
		}
		sum := sha256.Sum256(data)
		l.Files = append(l.Files, probes.Hash(hex.EncodeToString(sum[:])))
	}
	if old, ok := db.Launch(); ok && old.Campaign == c.ID {
		if fmt.Sprint(old.Files) != fmt.Sprint(l.Files) {
			slog.Warn("the files have changed since the launch; the timetable stays as it was launched", "campaign", c.ID)
		}
		return old, nil
	}
	audits, conflicts, err := schedule.Plan(c, list)
	if err != nil {
		return l, cli.UsageError{Err: err}
	}
	for _, x := range conflicts {
		slog.Warn("not planned", "conflict", x.String())
	}
	structures := make([]probes.Structure, len(list))
	for i := range list {
		structures[i] = list[i].Structure
	}
	return schedule.Launch(db, l, structures, audits, channels)
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
