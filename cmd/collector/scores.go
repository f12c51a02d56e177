package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/ledger"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/score"
	"github.com/sonde-fleet/sonde/site"
	"github.com/sonde-fleet/sonde/stats"
	"github.com/sonde-fleet/sonde/store"
)

// known returns the outcomes and the launches: from the running collector when there is one, because it owns the store, else
// from the store itself.
func (a *app) known() ([]stats.Outcome, []probes.Launch, error) {
	c, err := config.LoadCollector(a.config)
	if err != nil {
		return nil, nil, cli.UsageError{Err: err}
	}
	db, err := store.OpenCollected(c.Data)
	if errors.Is(err, store.ErrInUse) {
		outcomes, err := site.Fetch(a.ctx, running(c), "http://collector")
		if err != nil {
			return nil, nil, err
		}
		body, err := a.ask(c, "GET", "launches", nil)
		if err != nil {
			return nil, nil, err
		}
		defer body.Close()
		var launches []probes.Launch
		if err := json.NewDecoder(body).Decode(&launches); err != nil {
			return nil, nil, fmt.Errorf("launches of the running collector: %w", err)
		}
		return outcomes, launches, nil
	}
	if err != nil {
		return nil, nil, err
	}
	defer db.Close()
	l, err := ledger.Open(db)
	if err != nil {
		return nil, nil, err
	}
	s := l.Snapshot()
	return s.Outcomes, s.Launches, nil
}

// scored is a campaign with its outcomes and its scores.
type scored struct {
	launch   probes.Launch
	outcomes []stats.Outcome
	sheet    *score.Sheet
}

// edition scores the campaign of the name; without one, the newest.
func (a *app) edition(campaign string) (*scored, error) {
	outcomes, launches, err := a.known()
	if err != nil {
		return nil, err
	}
	if len(launches) == 0 {
		return nil, errors.New("no campaign was launched yet; Try: collector pull")
	}
	slices.SortStableFunc(launches, func(a, b probes.Launch) int { return b.Timeline.Launched.Compare(a.Timeline.Launched) })
	at := 0
	if campaign != "" {
		var names []string
		for _, l := range launches {
			names = append(names, l.Campaign)
		}
		if at = slices.Index(names, campaign); at < 0 {
			return nil, cli.UsageError{Err: fmt.Errorf("-campaign %s: there is none; Try: one of %s", campaign, strings.Join(names, ", "))}
		}
	}
	e := &scored{launch: launches[at]}
	e.outcomes = slices.DeleteFunc(outcomes, func(o stats.Outcome) bool { return o.Campaign != e.launch.Campaign })
	g, norms, err := grid.Thaw(e.launch.Grid)
	if err != nil {
		return nil, fmt.Errorf("campaign %s: %w", e.launch.Campaign, err)
	}
	e.sheet = score.Of(g, norms, e.outcomes)
	return e, nil
}

// outFile writes to the file, or to stdout without one. A file is there whole or not at all.
func (a *app) outFile(name string, write func(io.Writer) error) error {
	if name == "" {
		return write(a.Out)
	}
	f, err := os.CreateTemp(dirOf(name), ".sonde-*")
	if err != nil {
		return err
	}
	err = errors.Join(write(f), f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // what could not be written whole is not left
	}
	return err
}

// dirOf returns the folder of a file, where its temporary one is made.
func dirOf(name string) string {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return name[:i+1]
	}
	return "."
}

type scoresCmd struct {
	Campaign string `help:"The campaign; the newest when not given." placeholder:"ID"`
	Format   string `help:"text, jsonl, csv, xlsx or parquet (one row for every mean)." enum:"text,jsonl,csv,xlsx,parquet" default:"text"`
	Out      string `help:"File to write instead of stdout." placeholder:"FILE"`
}

func (c *scoresCmd) Run(a *app) error {
	e, err := a.edition(c.Campaign)
	if err != nil {
		return err
	}
	if a.JSON {
		c.Format = "jsonl"
	}
	return a.outFile(c.Out, func(w io.Writer) error {
		table := report.ScoreTable(e.launch.Campaign, e.sheet)
		switch c.Format {
		case "jsonl":
			return report.ScoresJSON(w, e.launch.Campaign, e.sheet)
		case "csv":
			return table.CSV(w)
		case "xlsx":
			return report.XLSX(w, table, report.GridTable(e.sheet.Grid, e.sheet.Norms))
		case "parquet":
			return report.ScoresParquet(w, e.launch.Campaign, e.sheet)
		}
		return report.ScoresText(w, e.sheet)
	})
}

type itemsCmd struct {
	Campaign string `help:"The campaign; the newest when not given." placeholder:"ID"`
	Format   string `help:"jsonl, csv or parquet." enum:"jsonl,csv,parquet" default:"jsonl"`
	Out      string `help:"File to write instead of stdout." placeholder:"FILE"`
}

func (c *itemsCmd) Run(a *app) error {
	e, err := a.edition(c.Campaign)
	if err != nil {
		return err
	}
	return a.outFile(c.Out, func(w io.Writer) error {
		switch c.Format {
		case "csv":
			return report.ItemsCSV(w, e.sheet, e.outcomes)
		case "parquet":
			return report.ItemsParquet(w, e.sheet, e.outcomes)
		}
		return report.ItemsJSON(w, e.sheet, e.outcomes)
	})
}

type gridCmd struct {
	Campaign string `help:"As that campaign is judged by it; the program's own when not given." placeholder:"ID"`
	Format   string `help:"jsonl, csv, xlsx or parquet." enum:"jsonl,csv,xlsx,parquet" default:"csv"`
	Out      string `help:"File to write instead of stdout." placeholder:"FILE"`
}

func (c *gridCmd) Run(a *app) error {
	g, norms, err := grid.Thaw(nil)
	if err != nil {
		return err
	}
	if c.Campaign != "" {
		e, err := a.edition(c.Campaign)
		if err != nil {
			return err
		}
		g, norms = e.sheet.Grid, e.sheet.Norms
	}
	if a.JSON {
		c.Format = "jsonl"
	}
	return a.outFile(c.Out, func(w io.Writer) error {
		table := report.GridTable(g, norms)
		switch c.Format {
		case "jsonl":
			return report.GridJSON(w, g, norms)
		case "xlsx":
			return report.XLSX(w, table)
		case "parquet":
			return report.GridParquet(w, g, norms)
		}
		return table.CSV(w)
	})
}
