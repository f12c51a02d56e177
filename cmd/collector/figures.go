package main

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/stats"
)

type reportCmd struct {
	By      []string `help:"Group by kind, sector, band, region, week or channel; several make several tables." sep:"," placeholder:"DIMENSION"`
	Format  string   `help:"text, json or csv; html or pdf for one structure." enum:"text,json,csv,html,pdf" default:"text"`
	Channel string   `help:"Only this channel: without it mail, and the calls beside it where there are any." placeholder:"CHANNEL"`
	In      []string `help:"Read exports instead of the store: Parquet files, or folders of them." sep:"," placeholder:"FILE"`

	paperFlags
}

func (r *reportCmd) Run(a *app) error {
	if r.Structure != "" || r.Format == "html" || r.Format == "pdf" {
		return a.paper(&r.paperFlags, r.Format)
	}
	if a.JSON {
		r.Format = "json"
	}
	for _, by := range r.By {
		if !slices.Contains(stats.Dimensions[:], stats.Dimension(by)) {
			return cli.UsageError{Err: fmt.Errorf("-by %s: not a dimension; Try: one of %v", by, stats.Dimensions)}
		}
	}
	given := r.Channel != ""
	r.Channel = cmp.Or(r.Channel, string(probes.Mail))
	if r.Channel == string(probes.Phone) {
		return r.calls(a)
	}
	var columns *stats.Columns
	var headlines []report.Headline
	var calls []stats.CallReport
	var launches []probes.Launch
	if len(r.In) > 0 {
		var err error
		if columns, err = a.exported(r.In); err != nil {
			return err
		}
	} else {
		var all []stats.Outcome
		var err error
		if all, launches, err = a.known(); err != nil {
			return err
		}
		if headlines, err = report.Headlines(all, nil); err != nil { // of every channel
			return err
		}
		if columns, err = stats.ColumnsOf(all); err != nil {
			return err
		}
		if !given && r.Format != "csv" {
			if calls, err = stats.Calls(all, dimensions(r.By)...); err != nil {
				return err
			}
		}
	}
	made, err := reports(columns, r.Channel, r.By)
	if err != nil {
		return err
	}
	for i, s := range made {
		switch r.Format {
		case "json":
			err = report.JSON(a.Out, s)
		case "csv":
			err = report.CSV(a.Out, s)
		default:
			if i > 0 {
				a.Printf("\n")
			}
			err = report.Text(a.Out, s)
		}
		if err != nil {
			return err
		}
	}
	if len(calls) > 0 && calls[0].All.Audits+calls[0].All.Outside > 0 {
		if r.Format != "json" {
			a.Printf("\ncalls\n")
		}
		if err := r.write(a, calls, launches); err != nil {
			return err
		}
	}
	if len(r.By) > 0 || len(r.In) > 0 || r.Channel != string(probes.Mail) {
		return nil
	}
	site, err := a.siteURL()
	if err != nil {
		return err
	}
	switch r.Format {
	case "json":
		return report.HeadlinesJSON(a.Out, headlines, site)
	case "csv":
		return nil // another table; -format text and json have it
	}
	a.Printf("\n")
	return report.Compare(a.Out, headlines, site)
}

// calls writes the figures of the telephone audits.
func (r *reportCmd) calls(a *app) error {
	if len(r.In) > 0 {
		return cli.UsageError{Err: errors.New("-channel phone: exports are read for rates of answers alone; Try: without -in")}
	}
	all, launches, err := a.known()
	if err != nil {
		return err
	}
	made, err := stats.Calls(all, dimensions(r.By)...)
	if err != nil {
		return err
	}
	return r.write(a, made, launches)
}

// write writes them beside the norms of the campaign; of several, those of the programme.
func (r *reportCmd) write(a *app, made []stats.CallReport, launches []probes.Launch) error {
	norms, _ := grid.Profile(grid.DefaultProfile)
	if len(launches) == 1 {
		var err error
		if _, norms, err = grid.Thaw(launches[0].Grid); err != nil {
			return fmt.Errorf("campaign %s: %w", launches[0].Campaign, err)
		}
	}
	for i, s := range made {
		var err error
		switch r.Format {
		case "json":
			err = report.CallsJSON(a.Out, s)
		case "csv":
			t := report.CallsTable(s)
			err = t.CSV(a.Out)
		default:
			if i > 0 {
				a.Printf("\n")
			}
			err = report.CallsText(a.Out, s, report.CallReferences(norms))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dimensions are those that were asked for; without any the total alone.
func dimensions(by []string) (out []stats.Dimension) {
	for _, d := range by {
		out = append(out, stats.Dimension(d))
	}
	if len(by) == 0 {
		out = append(out, "")
	}
	return out
}

// siteURL is the address under which people reach the pages.
func (a *app) siteURL() (string, error) {
	c, err := config.LoadCollector(a.config)
	if err != nil {
		return "", cli.UsageError{Err: err}
	}
	return strings.TrimSuffix(cmp.Or(c.PublicURL, "http://"+c.Listen), "/"), nil
}

type outcomesCmd struct {
	Format string `help:"jsonl, csv or parquet." enum:"jsonl,csv,parquet" default:"jsonl"`
	Out    string `help:"File to write instead of stdout." placeholder:"FILE"`
}

func (o *outcomesCmd) Run(a *app) error {
	all, _, err := a.known()
	if err != nil {
		return err
	}
	return a.outFile(o.Out, func(w io.Writer) error {
		switch o.Format {
		case "csv":
			return report.OutcomesCSV(w, all)
		case "parquet":
			return report.OutcomesParquet(w, all)
		}
		return report.OutcomesJSON(w, all)
	})
}

type survivalCmd struct {
	In  string  `help:"CSV file with columns group,time,event; - for standard input." required:"" placeholder:"FILE"`
	Tau float64 `help:"Horizon of the restricted mean; the largest time of all groups when not given." placeholder:"T"`
}

// number is a figure that JSON writes as null when it is not defined.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(n), 'g', -1, 64), nil
}

type curvePoint struct {
	T    number `json:"t"`
	S    number `json:"s"`
	Low  number `json:"low"`
	High number `json:"high"`
}

type survivalLine struct {
	Group   string       `json:"group"`
	N       int          `json:"n"`
	Events  int          `json:"events"`
	Median  number       `json:"median"`
	MedLow  number       `json:"median_low"`
	MedHigh number       `json:"median_high"`
	Mean    number       `json:"rmean"`
	MeanSE  number       `json:"rmean_se"`
	Tau     number       `json:"tau"`
	Curve   []curvePoint `json:"curve"`
}

type logrankLine struct {
	ChiSq number `json:"chisq"`
	DF    int    `json:"df"`
	P     number `json:"p"`
}

func (s *survivalCmd) Run(a *app) error {
	names, groups, err := readSurvival(s.In)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	tau := s.Tau
	if tau <= 0 {
		for _, g := range groups {
			for _, x := range g {
				tau = max(tau, x.Time)
			}
		}
	}
	t := tabwriter.NewWriter(a.Out, 0, 0, 2, ' ', tabwriter.AlignRight)
	if !a.JSON {
		fmt.Fprintln(t, "group\tn\tanswered\tmedian\t95 % interval\trestricted mean\t± SE\ttau\t")
	}
	for i, name := range names {
		c, err := stats.KaplanMeier(groups[i], tau)
		if err != nil {
			return cli.UsageError{Err: fmt.Errorf("group %s: %w", name, err)}
		}
		if !a.JSON {
			fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s – %s\t%s\t%s\t%s\t\n", name, c.N, c.Events, figure(c.Median), figure(c.MedLow), figure(c.MedHigh),
				figure(c.Mean), figure(c.MeanSE), figure(c.Tau))
			continue
		}
		line := survivalLine{Group: name, N: c.N, Events: c.Events, Median: number(c.Median), MedLow: number(c.MedLow),
			MedHigh: number(c.MedHigh), Mean: number(c.Mean), MeanSE: number(c.MeanSE), Tau: number(c.Tau), Curve: []curvePoint{}}
		for _, x := range c.Steps {
			line.Curve = append(line.Curve, curvePoint{number(x.T), number(x.S), number(x.Low), number(x.High)})
		}
		if err := a.Object(line); err != nil {
			return err
		}
	}
	r, err := stats.CompareGroups(groups)
	if err != nil {
		return err
	}
	if a.JSON {
		chi := number(r.ChiSq)
		if r.DF == 0 {
			chi = number(math.NaN())
		}
		return a.Object(map[string]logrankLine{"logrank": {chi, r.DF, number(r.P)}})
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if r.DF > 0 {
		a.Printf("log-rank: χ² = %.4f, df = %d, p %s\n", r.ChiSq, r.DF, report.PValue(r.P))
	}
	return nil
}

func figure(x float64) string {
	if math.IsNaN(x) {
		return "–"
	}
	return strconv.FormatFloat(x, 'g', 6, 64)
}

// readSurvival reads the file; groups come in order of name. Every fault of the file is returned at once.
func readSurvival(name string) (names []string, groups [][]stats.Subject, err error) {
	var in io.Reader = os.Stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, nil, err
		}
		defer f.Close()
		in = f
	}
	return parseSurvival(in, name)
}

func parseSurvival(in io.Reader, name string) (names []string, groups [][]stats.Subject, err error) {
	c := csv.NewReader(in)
	c.TrimLeadingSpace = true
	head, err := c.Read()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: no header: %w; Try: columns group,time,event", name, err)
	}
	column := map[string]int{}
	for i, h := range head {
		column[strings.ToLower(strings.Trim(h, "\ufeff \""))] = i
	}
	for _, want := range []string{"group", "time", "event"} {
		if _, ok := column[want]; !ok {
			return nil, nil, fmt.Errorf("%s: no column %q; Try: columns group,time,event", name, want)
		}
	}
	byName := map[string][]stats.Subject{}
	var faults []error
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := c.FieldPos(0)
		t, err := strconv.ParseFloat(strings.TrimSpace(row[column["time"]]), 64)
		if err != nil || t < 0 || math.IsNaN(t) || math.IsInf(t, 0) {
			faults = append(faults, fmt.Errorf("%s:%d: time: %q is not a number, zero or more", name, line, row[column["time"]]))
			continue
		}
		event, ok := map[string]bool{"1": true, "true": true, "0": false, "false": false}[strings.ToLower(strings.TrimSpace(row[column["event"]]))]
		if !ok {
			faults = append(faults, fmt.Errorf("%s:%d: event: %q is neither 1 (answered) nor 0 (still awaited)", name, line, row[column["event"]]))
			continue
		}
		g := row[column["group"]]
		if byName[g] == nil {
			names = append(names, g)
		}
		byName[g] = append(byName[g], stats.Subject{Time: t, Event: event})
	}
	if len(faults) > 0 {
		return nil, nil, errors.Join(faults...)
	}
	if len(names) == 0 {
		return nil, nil, fmt.Errorf("%s: no rows", name)
	}
	slices.Sort(names)
	for _, g := range names {
		groups = append(groups, byName[g])
	}
	return names, groups, nil
}
