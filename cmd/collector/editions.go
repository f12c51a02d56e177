package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"text/tabwriter"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/report/edition"
	"github.com/sonde-fleet/sonde/score"
	"github.com/sonde-fleet/sonde/stats"
)

// published reads the figures of earlier editions, none where the configuration names no file.
func published(name string) ([]edition.Point, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	points, err := edition.Parse(name, f)
	if err != nil {
		return nil, cli.UsageError{Err: err}
	}
	return points, nil
}

type editionsCmd struct {
	In     string `help:"CSV file of published figures instead of the configuration's." placeholder:"FILE"`
	Format string `help:"text, jsonl, csv or xlsx." enum:"text,jsonl,csv,xlsx" default:"text"`
	Out    string `help:"File to write instead of stdout." placeholder:"FILE"`
}

func (c *editionsCmd) Run(a *app) error {
	if c.In == "" {
		conf, err := config.LoadCollector(a.config)
		if err != nil {
			return cli.UsageError{Err: err}
		}
		c.In = conf.Editions
	}
	points, err := published(c.In)
	if err != nil {
		return err
	}
	outcomes, launches, err := a.known()
	if err != nil {
		return err
	}
	for _, l := range launches {
		of := slices.DeleteFunc(slices.Clone(outcomes), func(o stats.Outcome) bool { return o.Campaign != l.Campaign })
		g, norms, err := grid.Thaw(l.Grid)
		if err != nil {
			return fmt.Errorf("campaign %s: %w", l.Campaign, err)
		}
		own, err := edition.Of(l, of, score.Of(g, norms, of))
		if err != nil {
			return err
		}
		points = append(points, own...)
	}
	lines := edition.Lines(points)
	if a.JSON {
		c.Format = "jsonl"
	}
	return a.outFile(c.Out, func(w io.Writer) error {
		table := edition.Table(lines)
		switch c.Format {
		case "jsonl":
			return table.JSON(w)
		case "csv":
			return table.CSV(w)
		case "xlsx":
			return report.XLSX(w, table)
		}
		return editionsText(w, lines)
	})
}

func editionsText(w io.Writer, lines []edition.Line) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "figure\tgroup\tyear\tvalue\t95 % interval\tn\tfrom")
	in := func(l *edition.Line, x float64) string {
		switch {
		case math.IsNaN(x):
			return ""
		case l.Unit == "":
			return report.Percent(x)
		}
		return strconv.FormatFloat(x, 'f', 1, 64) + " " + l.Unit
	}
	for i := range lines {
		l := &lines[i]
		for _, p := range l.Points {
			between, n, from := "", "", p.Source
			if !math.IsNaN(p.Low) && !math.IsNaN(p.High) {
				between = in(l, p.Low) + " – " + in(l, p.High)
			}
			if p.N > 0 {
				n = strconv.Itoa(p.N)
			}
			if p.Own {
				from = "campaign " + p.Edition
			}
			fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\t%s\t%s\n", l.Figure, l.Group, int(p.Year), in(l, p.Value), between, n, from)
		}
	}
	return t.Flush()
}
