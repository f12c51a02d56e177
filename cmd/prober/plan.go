package main

import (
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/directory"
	"github.com/sonde-fleet/sonde/experiment"
	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule"
)

type checkCmd struct{}

func (*checkCmd) Run(a *app) error {
	p, c, list, err := config.LoadTogether(a.config)
	if err == nil {
		_, err1 := buildMail(p, c, nil, nil, nil)
		_, err2 := scriptsOf(c)
		err = errors.Join(err1, err2)
	}
	var faults config.Faults
	if errors.As(err, &faults) && a.JSON {
		for _, f := range faults {
			if err := a.Object(f); err != nil {
				return err
			}
		}
		return cli.UsageError{Err: fmt.Errorf("%d faults", len(faults))}
	}
	if err != nil {
		return cli.UsageError{Err: err}
	}
	audits, conflicts, err := schedule.Plan(c, list)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	if err := registered(c, list, p.Campaign, p.Directory); err != nil {
		return cli.UsageError{Err: err}
	}
	var warnings []string
	if c.Experiment != nil {
		plan, err := planned(c, list)
		if err == nil {
			warnings, err = experiment.Thin(c.Design(), plan)
		}
		if err != nil {
			return cli.UsageError{Err: err}
		}
	}
	if a.JSON {
		sound := map[string]any{"ok": true, "structures": len(list), "audits": len(audits), "conflicts": len(conflicts)}
		if len(warnings) > 0 {
			sound["warnings"] = warnings
		}
		return a.Object(sound)
	}
	for _, w := range warnings {
		fmt.Fprintf(a.Err, "warning: %s\n", w)
	}
	a.Printf("%s, %s and %s are sound: %d structures, %d audits, %d conflicts (prober plan shows them)\n", a.config, p.Campaign,
		p.Directory, len(list), len(audits), len(conflicts))
	return nil
}

type planCmd struct {
	Campaign  string `help:"Campaign file, instead of the one that the configuration names." placeholder:"FILE"`
	Directory string `help:"Directory file, instead of the one that the configuration names." placeholder:"FILE"`
	Table     bool   `help:"Print every audit, not only the summary and the heat map."`
}

func (p *planCmd) load(a *app) (*config.Campaign, []directory.Structure, error) {
	if p.Campaign == "" || p.Directory == "" {
		_, c, list, err := config.LoadFiles(a.config, p.Campaign, p.Directory)
		return c, list, err
	}
	// Two files are enough for a preview: no account is needed to compute a timetable.
	c, err1 := config.LoadCampaign(p.Campaign)
	list, err2 := directory.Load(p.Directory)
	return c, list, errors.Join(err1, err2)
}

// row is a line of the timetable.
type row struct {
	probes.Audit
	State probes.Status `json:"state"`
}

func (p *planCmd) Run(a *app) error {
	c, list, err := p.load(a)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	audits, conflicts, err := schedule.Plan(c, list)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	state := func(x probes.Audit) probes.Status {
		if channels[x.Channel] {
			return probes.Planned
		}
		return probes.Awaiting
	}
	if a.JSON {
		for _, x := range audits {
			if err := a.Object(row{x, state(x)}); err != nil {
				return err
			}
		}
		return nil
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	if p.Table {
		t := tabwriter.NewWriter(a.Out, 0, 0, 2, ' ', 0)
		head, treatment := "DUE\tSTRUCTURE\tCHANNEL\tSCENARIO\tPERSONA\tAUDIT\tSTATE", func(probes.Audit) string { return "" }
		if c.Experiment != nil {
			head, treatment = head+"\tTREATMENT", func(x probes.Audit) string { return "\t" + x.Treatment }
		}
		fmt.Fprintln(t, head)
		for _, x := range audits {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s%s\n", x.Due.In(zone).Format("Mon 2006-01-02 15:04:05"), x.Structure, x.Channel,
				x.Scenario, x.Persona, x.ID, state(x), treatment(x))
		}
		t.Flush()
	}
	count := map[probes.Channel]int{}
	for _, x := range audits {
		count[x.Channel]++
	}
	a.Printf("Campaign %s: %d structures, %d audits from %s to %s", c.ID, len(list), len(audits), c.Start, c.End)
	sep := " ("
	for _, ch := range probes.Channels {
		if count[ch] > 0 {
			a.Printf("%s%d %s", sep, count[ch], ch)
			if !channels[ch] {
				a.Printf(" awaiting channel")
			}
			sep = ", "
		}
	}
	a.Printf(")\n")
	if c.Experiment != nil {
		given := map[string]int{}
		for _, x := range audits {
			given[x.Treatment]++
		}
		a.Printf("Experiment %s:", c.Experiment.ID)
		for _, arm := range c.Experiment.Arms {
			a.Printf(" %s %d", arm.ID, given[arm.ID])
		}
		a.Printf(" audits (prober power says what they can find)\n")
	}
	a.Printf("\n%s", schedule.Heatmap(audits, zone, 100, cli.Terminal(a.Out)))
	if len(conflicts) > 0 {
		a.Printf("\n%d conflicts:\n", len(conflicts))
	}
	for _, x := range conflicts {
		a.Printf("  %s\n", x)
	}
	return nil
}
