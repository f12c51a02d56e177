package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/sonde-fleet/sonde/experiment"
	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report"
)

type experimentCmd struct {
	Campaign        string `help:"The campaign; the newest when not given." placeholder:"ID"`
	Preregistration string `help:"The file of prober preregister, to hold the campaign and the analysis against." placeholder:"FILE"`
	Format          string `help:"text, json or csv (one row for every figure)." enum:"text,json,csv" default:"text"`
	Out             string `help:"File to write instead of stdout." placeholder:"FILE"`
}

func (c *experimentCmd) Run(a *app) error {
	e, err := a.edition(c.Campaign)
	if err != nil {
		return err
	}
	x := e.launch.Experiment
	if x == nil {
		return cli.UsageError{Err: fmt.Errorf("the campaign %s has no experiment; Try: -campaign", e.launch.Campaign)}
	}
	g, _, err := grid.Thaw(e.launch.Grid)
	if err != nil {
		return err
	}
	m, err := experiment.ParseMeasure(x.Outcome, g)
	if err != nil {
		return fmt.Errorf("campaign %s: experiment.outcome: %w", e.launch.Campaign, err)
	}
	r := &report.Registered{SHA256: x.SHA256}
	if x.Method != experiment.Method {
		r.Differs = append(r.Differs, fmt.Sprintf("method: %s was frozen, this program has %s", x.Method, experiment.Method))
	}
	if c.Preregistration != "" {
		raw, err := os.ReadFile(c.Preregistration)
		if err != nil {
			return cli.UsageError{Err: err}
		}
		frozen, sum, err := experiment.ReadRegistration(raw)
		if err != nil {
			return cli.UsageError{Err: fmt.Errorf("%s: %w", c.Preregistration, err)}
		}
		audits := make([]probes.Audit, len(e.outcomes))
		for i := range e.outcomes {
			audits[i] = e.outcomes[i].Audit
		}
		r.Checked, r.Differs = true, frozen.Against(&e.launch, sum, audits)
	}
	found, err := experiment.Analyse(&e.launch, m, e.outcomes, e.launch.Timeline.Campaign(time.Now()))
	if err != nil {
		return err
	}
	if a.JSON {
		c.Format = "json"
	}
	return a.outFile(c.Out, func(w io.Writer) error {
		switch c.Format {
		case "json":
			return report.ExperimentJSON(w, found, r)
		case "csv":
			table := report.ExperimentTable(found)
			return table.CSV(w)
		}
		return report.ExperimentText(w, found, r)
	})
}
