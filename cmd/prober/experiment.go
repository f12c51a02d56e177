package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/control"
	"github.com/sonde-fleet/sonde/directory"
	"github.com/sonde-fleet/sonde/experiment"
	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// planned returns the timetable as the experiment sees it.
func planned(c *config.Campaign, list []directory.Structure) (*experiment.Planned, error) {
	audits, _, err := schedule.Plan(c, list)
	if err != nil {
		return nil, err
	}
	p := &experiment.Planned{Audits: audits, Structures: make(map[probes.StructureID]*probes.Structure, len(list))}
	for i := range list {
		p.Structures[list[i].ID] = &list[i].Structure
	}
	return p, nil
}

var errNoExperiment = errors.New("the campaign has no experiment; Try: the section experiment of examples/experiment.yaml")

type powerCmd struct {
	Campaign  string `help:"Campaign file, instead of the one that the configuration names." placeholder:"FILE"`
	Directory string `help:"Directory file, instead of the one that the configuration names." placeholder:"FILE"`
	Runs      int    `help:"Campaigns to simulate beside the formula; 0: none." default:"1000" placeholder:"N"`
}

// powerLine is the analysis as -json has it.
type powerLine struct {
	Experiment string    `json:"experiment"`
	Outcome    string    `json:"outcome"`
	Unit       string    `json:"unit"`
	Arms       []armLine `json:"arms"`
	Strata     int       `json:"strata"`
	Warnings   []string  `json:"warnings"`
	Size       number    `json:"audits_per_structure"`
	CV         number    `json:"audits_per_structure_cv"`
	ICC        number    `json:"icc"`
	Alpha      number    `json:"alpha"`
	Base       number    `json:"base"`
	Effect     number    `json:"effect"`
	Design     number    `json:"design_effect"`
	Effective  number    `json:"effective_audits_per_arm"`
	Power      number    `json:"power"`
	Wanted     number    `json:"power_wanted"`
	Detectable number    `json:"detectable"`
	NeedAudits number    `json:"audits_per_arm_needed"`
	NeedBodies number    `json:"structures_needed"`
	Simulated  simLine   `json:"simulated"`
}

type armLine struct {
	Arm        string `json:"arm"`
	Structures int    `json:"structures"`
	Audits     int    `json:"audits"`
}

type simLine struct {
	Runs      int    `json:"runs"`
	Power     number `json:"power"`
	PowerLow  number `json:"power_low"`
	PowerHigh number `json:"power_high"`
	Level     number `json:"false_positives"`
	Coverage  number `json:"coverage"`
}

// number is a figure that JSON writes as null when it is not defined.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return fmt.Appendf(nil, "%.10g", float64(n)), nil
}

func (p *powerCmd) Run(a *app) error {
	c, list, err := (&planCmd{Campaign: p.Campaign, Directory: p.Directory}).load(a)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	if c.Experiment == nil {
		return cli.UsageError{Err: errNoExperiment}
	}
	if p.Runs < 0 || p.Runs > 1_000_000 {
		return cli.UsageError{Err: fmt.Errorf("-runs %d: write 0 to 1000000", p.Runs)}
	}
	m, err := c.Measure()
	if err != nil {
		return cli.UsageError{Err: err}
	}
	plan, err := planned(c, list)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	step, end := simulating(a.Err, p.Runs)
	e := c.Design()
	x, err := experiment.PowerOf(a.ctx, e, m.Number(), c.Seed, plan, p.Runs, step)
	end(err == nil)
	if err != nil {
		return err
	}
	if a.JSON {
		return a.Object(powerOf(e, x))
	}
	powerText(a, e, m, x)
	return nil
}

// simulating shows how many campaigns are simulated, where somebody looks. The functions count one, and end it.
func simulating(w io.Writer, runs int) (step func(), end func(done bool)) {
	if runs == 0 || !cli.Terminal(w) {
		return nil, func(bool) {}
	}
	bars := mpb.New(mpb.WithOutput(w), mpb.WithWidth(50))
	bar := bars.AddBar(int64(runs), mpb.BarRemoveOnComplete(), mpb.PrependDecorators(decor.Name("simulated campaigns ")),
		mpb.AppendDecorators(decor.CountersNoUnit("%d / %d "), decor.AverageETA(decor.ET_STYLE_GO)))
	return bar.Increment, func(done bool) {
		if !done {
			bar.Abort(true)
		}
		bars.Wait()
	}
}

func powerOf(e *probes.Experiment, x *experiment.Power) powerLine {
	out := powerLine{Experiment: e.ID, Outcome: e.Outcome, Unit: e.Unit, Strata: x.Strata, Warnings: append([]string{}, x.Thin...), Size: number(x.Size), CV: number(x.Deviation),
		ICC: number(x.ICC), Alpha: number(x.Alpha), Base: number(x.Supposed), Effect: number(x.Effect), Design: number(x.Design), Effective: number(x.Effective),
		Power: number(x.Power), Wanted: number(x.Wanted), Detectable: number(x.Detectable), NeedAudits: number(x.NeedAudits), NeedBodies: number(x.NeedBodies)}
	for _, arm := range x.Arms {
		out.Arms = append(out.Arms, armLine{arm.ID, arm.Structures, arm.Audits})
	}
	s := &x.Simulated
	out.Simulated = simLine{s.Runs, number(math.NaN()), number(math.NaN()), number(math.NaN()), number(math.NaN()), number(math.NaN())}
	if s.Runs > 0 {
		out.Simulated = simLine{s.Runs, number(s.Found.Share), number(s.Found.Low), number(s.Found.High), number(s.False.Share), number(s.Covers.Share)}
	}
	return out
}

func powerText(a *app, e *probes.Experiment, m experiment.Measure, x *experiment.Power) {
	figure := func(v float64, format string) string {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return "–"
		}
		return fmt.Sprintf(format, v)
	}
	share := func(v float64) string { return figure(100*v, "%.1f %%") }
	value := func(v float64) string { return figure(100*v, "%.1f points") }
	base := share(x.Supposed)
	if m.Number() {
		value = func(v float64) string { return figure(v, "%.3g ") + m.Unit() }
		base = value(x.Supposed)
	}
	a.Printf("Experiment %s: %s\n\n", e.ID, e.Hypothesis)
	t := tabwriter.NewWriter(a.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ARM\tSTRUCTURES\tAUDITS")
	for _, arm := range x.Arms {
		fmt.Fprintf(t, "%s\t%d\t%d\n", arm.ID, arm.Structures, arm.Audits)
	}
	fmt.Fprintf(t, "\noutcome\t%s\n", e.Outcome)
	fmt.Fprintf(t, "dealt to\teach %s, within %s\n", e.Unit, map[string]string{experiment.OfAudit: "its structure", experiment.OfStructure: fmt.Sprintf("%d strata", x.Strata)}[e.Unit])
	fmt.Fprintf(t, "audits of a structure\t%.1f (coefficient of variation %.2f), supposed intra-cluster correlation %g\n", x.Size, x.Deviation, x.ICC)
	fmt.Fprintf(t, "design effect\t%.3f: an arm is worth %.0f audits that have nothing in common\n", x.Design, x.Effective)
	fmt.Fprintf(t, "test\ttwo-sided at %.3g; the first arm is supposed to have %s\n", x.Alpha, base)
	fmt.Fprintf(t, "power for %s\t%s (wanted: %s)\n", value(x.Effect), share(x.Power), share(x.Wanted))
	if s := &x.Simulated; s.Runs > 0 {
		fmt.Fprintf(t, "the same, simulated\t%s (%s to %s, %d campaigns analysed as this one will be)\n", share(s.Found.Share), share(s.Found.Low), share(s.Found.High), s.Runs)
		fmt.Fprintf(t, "simulated without effect\tfound all the same in %s (%s to %s)\n", share(s.False.Share), share(s.False.Low), share(s.False.High))
		fmt.Fprintf(t, "simulated intervals\t%s hold the effect\n", share(s.Covers.Share))
	}
	fmt.Fprintf(t, "smallest difference found with power %s\t%s\n", share(x.Wanted), value(x.Detectable))
	fmt.Fprintf(t, "needed for %s\t%s audits in each arm, which are %s structures like these\n", value(x.Effect), figure(x.NeedAudits, "%.0f"), figure(x.NeedBodies, "%.0f"))
	t.Flush()
	for _, w := range x.Thin {
		a.Printf("warning: %s\n", w)
	}
}

type preregisterCmd struct {
	Campaign  string `help:"Campaign file, instead of the one that the configuration names." placeholder:"FILE"`
	Directory string `help:"Directory file, instead of the one that the configuration names." placeholder:"FILE"`
	Out       string `help:"File to write, and beside it the same for readers (.md); experiment.preregistration of the campaign when not given." placeholder:"FILE"`
	Force     bool   `help:"Overwrite a pre-registration that says something else."`
}

func (p *preregisterCmd) Run(a *app) error {
	plan := planCmd{Campaign: p.Campaign, Directory: p.Directory}
	c, list, err := plan.load(a)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	if c.Experiment == nil {
		return cli.UsageError{Err: errNoExperiment}
	}
	campaign, structures := p.Campaign, p.Directory
	if campaign == "" || structures == "" {
		conf, err := config.LoadProber(a.config)
		if err != nil {
			return cli.UsageError{Err: err}
		}
		if campaign == "" {
			campaign = conf.Campaign
		}
		if structures == "" {
			structures = conf.Directory
		}
	}
	r, err := registration(c, list, campaign, structures)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	raw, sum, err := r.JSON()
	if err != nil {
		return err
	}
	out := p.Out
	if out == "" {
		out = c.Experiment.Preregistration
	}
	if out == "" {
		out = "preregistration.json"
	}
	if old, err := os.ReadFile(out); err == nil && !bytes.Equal(old, raw) && !p.Force {
		return fmt.Errorf("%s says something else (SHA-256 %s); Try: another -out, or -force if nobody was told of it", out, sumOf(old))
	}
	var page bytes.Buffer
	if err := r.Markdown(&page, sum); err != nil {
		return err
	}
	readable := strings.TrimSuffix(out, filepath.Ext(out)) + ".md"
	if err := errors.Join(os.WriteFile(out, raw, 0o644), os.WriteFile(readable, page.Bytes(), 0o644)); err != nil {
		return err
	}
	if a.JSON {
		return a.Object(map[string]any{"file": out, "readable": readable, "sha256": sum, "assignment": r.Assignment.SHA256, "campaign": c.ID, "experiment": c.Experiment.ID})
	}
	a.Printf("%s  %s\n%s says the same for readers. Publish the number before the launch.\n", sum, out, readable)
	if c.Experiment.Preregistration == "" {
		a.Printf("The launch does not hold to it: name it in the campaign, as experiment.preregistration, and pre-register once more.\n")
	}
	return nil
}

func sumOf(raw []byte) probes.Hash {
	sum := sha256.Sum256(raw)
	return probes.Hash(hex.EncodeToString(sum[:]))
}

// registration writes down what the files decide.
func registration(c *config.Campaign, list []directory.Structure, campaign, structures string) (*experiment.Registration, error) {
	var files []experiment.RegisteredFile
	for _, name := range []string{campaign, structures} {
		raw, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, experiment.RegisteredFile{Name: filepath.Base(name), SHA256: sumOf(raw)})
	}
	m, err := c.Measure()
	if err != nil {
		return nil, err
	}
	g, err := c.Grid.Freeze()
	if err != nil {
		return nil, err
	}
	plan, err := planned(c, list)
	if err != nil {
		return nil, err
	}
	return experiment.Register(c.ID, c.Title, c.Design(), m, c.Seed, plan, c.Start, c.End, files, experiment.RegisteredGrid{Version: g.Version, SHA256: g.SHA256}, control.Version())
}

// registered holds the files to the pre-registration that the campaign names, and tells the experiment what came of it: one
// that differs is not launched.
func registered(c *config.Campaign, list []directory.Structure, campaign, structures string) error {
	if c.Experiment == nil || c.Experiment.Preregistration == "" {
		return nil
	}
	sum, err := unchanged(c, list, campaign, structures)
	if err != nil {
		err = fmt.Errorf("experiment.preregistration: %w", err)
	}
	c.Experiment.Registered(sum, err)
	return err
}

func unchanged(c *config.Campaign, list []directory.Structure, campaign, structures string) (probes.Hash, error) {
	name := c.Experiment.Preregistration
	raw, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s is not there; Try: prober preregister, or take the key out of %s", name, campaign)
	}
	if err != nil {
		return "", err
	}
	frozen, sum, err := experiment.ReadRegistration(raw)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	now, err := registration(c, list, campaign, structures)
	if err != nil {
		return "", err
	}
	if d := frozen.Differences(now); len(d) > 0 {
		return "", fmt.Errorf("%s no longer says what would be launched:\n  %s\nTry: the files as they were, or prober preregister -force and publish the new number", name, strings.Join(d, "\n  "))
	}
	return sum, nil
}
