package experiment

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sonde-fleet/sonde/probes"
)

// Registration is everything that is decided before the first contact. Its file is the same whenever it is made from the
// same files by the same program, so that its SHA-256 can be published beforehand and proved later.
type Registration struct {
	Format     string            `json:"format"`
	Campaign   string            `json:"campaign"`
	Title      string            `json:"title"`
	Experiment probes.Experiment `json:"experiment"`
	Outcome    string            `json:"outcome"` // in words
	Estimator  string            `json:"estimator"`
	Tests      string            `json:"tests"`
	Exclusions string            `json:"exclusions"`
	Stopping   string            `json:"stopping"`
	Assignment Assignment        `json:"assignment"`
	Sample     SampleSize        `json:"sample"`
	Files      []RegisteredFile  `json:"files"`
	Grid       RegisteredGrid    `json:"grid"`
	Program    string            `json:"program"`
}

// Assignment is who was given what.
type Assignment struct {
	Seed   int64       `json:"seed"`
	Rule   string      `json:"rule"`
	Strata []string    `json:"strata"`
	Arms   []ArmSize   `json:"arms"`
	SHA256 probes.Hash `json:"sha256"` // of the lines "AUDIT ARM", in order of the audits
}

// ArmSize is how much an arm has of the plan.
type ArmSize struct {
	Arm        string `json:"arm"`
	Structures int    `json:"structures"`
	Audits     int    `json:"audits"`
}

// SampleSize is why the sample is large enough, or that it is not. Figures have three digits, so that every machine writes the same.
type SampleSize struct {
	DesignEffect float64  `json:"design_effect"`
	Power        float64  `json:"power"`                // to find the effect
	Detectable   *float64 `json:"detectable,omitempty"` // with the wanted power; absent: nothing is
}

// three rounds to three digits.
func three(x float64) float64 {
	y, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 3, 64), 64)
	return y
}

// RegisteredFile is a file that the timetable is computed from.
type RegisteredFile struct {
	Name   string      `json:"name"`
	SHA256 probes.Hash `json:"sha256"`
}

// RegisteredGrid is the version of the items.
type RegisteredGrid struct {
	Version string      `json:"version"`
	SHA256  probes.Hash `json:"sha256"`
}

const format = "sonde pre-registration 1"

// Register writes down what is decided. deadline is in words; files are the campaign and the directory.
func Register(campaign, title string, e *probes.Experiment, m Measure, seed int64, p *Planned, start, end string, files []RegisteredFile, g RegisteredGrid, program string) (*Registration, error) {
	s, err := p.sample(e)
	if err != nil {
		return nil, err
	}
	if len(s.arm) == 0 {
		return nil, errNobody
	}
	r := &Registration{Format: format, Campaign: campaign, Title: title, Experiment: *e, Outcome: m.String(), Files: files, Grid: g, Program: program}
	r.Experiment.SHA256, r.Experiment.Hide = "", nil
	r.Assignment = Assignment{Seed: seed, Strata: s.stratum, SHA256: AssignmentHash(p.Audits),
		Rule: "structures of a stratum in random order, in turn through the arms in random order; all audits of a structure have its arm"}
	block := "stratum"
	if e.Unit == OfAudit {
		block = "structure"
		r.Assignment.Rule = "audits of a structure in random order, in turn through the arms in random order"
	}
	r.Estimator = fmt.Sprintf("ordinary least squares of the outcome on indicators of the arms, the first left out, with a fixed effect for each %s; "+
		"standard errors clustered on the structure with the bias-reduced correction CR2 (Bell and McCaffrey 2002; Pustejovsky and Tipton 2018), "+
		"Student's t with Satterthwaite's degrees of freedom, intervals at %g %%", block, 100*(1-e.Alpha))
	r.Tests = fmt.Sprintf("two-sided at %g for each arm against %s, p-values adjusted by Holm's method over the arms; beside it a randomisation test of the "+
		"studentised difference, %d other assignments drawn as the first one was, within each %s", e.Alpha, e.Arms[0].ID, draws, block)
	r.Exclusions = "audits that we spoiled, audits in doubt (nobody knows whether they arrived), and audits that were never made (suppressed, cancelled, channel " +
		"not built); their numbers are shown by arm and tested. Nothing else is left out: refused and returned contacts stay in"
	r.Stopping = fmt.Sprintf("contacts are due from %s to %s; the analysis is final when the deadline of the last audit has passed. Whatever is computed before is marked as not final, "+
		"and no figure changes the plan", start, end)
	x, err := PowerOf(context.Background(), e, m.Number(), seed, p, 0, nil)
	if err != nil {
		return nil, err
	}
	r.Sample = SampleSize{DesignEffect: three(x.Design), Power: three(x.Power)}
	if d := three(x.Detectable); !math.IsNaN(d) {
		r.Sample.Detectable = &d
	}
	bodies := make([]map[int]bool, s.arms)
	for j := range bodies {
		bodies[j] = map[int]bool{}
		r.Assignment.Arms = append(r.Assignment.Arms, ArmSize{Arm: s.names[j]})
	}
	for i, arm := range s.arm {
		r.Assignment.Arms[arm].Audits++
		bodies[arm][s.cluster[i]] = true
	}
	for j := range bodies {
		r.Assignment.Arms[j].Structures = len(bodies[j])
	}
	return r, nil
}

// AssignmentHash is the SHA-256 of who was given what. Audits that make another again have no part in it: nobody planned them.
func AssignmentHash(audits []probes.Audit) probes.Hash {
	first := map[string]*probes.Audit{}
	for i := range audits {
		a := &audits[i]
		if a.Treatment == "" {
			continue
		}
		if known := first[question(a)]; known == nil || known.Number > a.Number {
			first[question(a)] = a
		}
	}
	lines := make([]string, 0, len(first))
	for _, a := range first {
		lines = append(lines, string(a.ID)+" "+a.Treatment+"\n")
	}
	slices.Sort(lines)
	return hash([]byte(strings.Join(lines, "")))
}

func hash(raw []byte) probes.Hash {
	sum := sha256.Sum256(raw)
	return probes.Hash(hex.EncodeToString(sum[:]))
}

// JSON returns the file and its SHA-256.
func (r *Registration) JSON() ([]byte, probes.Hash, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return nil, "", err
	}
	return b.Bytes(), hash(b.Bytes()), nil
}

var errFormat = errors.New("it is no pre-registration of Sonde; write one with prober preregister")

// ReadRegistration reads a file of JSON and returns its SHA-256.
func ReadRegistration(raw []byte) (*Registration, probes.Hash, error) {
	r := &Registration{}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(r); err != nil || r.Format != format {
		return nil, "", errFormat
	}
	return r, hash(raw), nil
}

// Differences returns, as sentences, in what another registration differs from this one. The program's own version may differ:
// what it does is named by the method, and what it dealt by the hash of the assignment.
func (r *Registration) Differences(now *Registration) (out []string) {
	add := func(what string, was, is any) {
		if a, b := fmt.Sprint(was), fmt.Sprint(is); a != b {
			out = append(out, fmt.Sprintf("%s: %s was pre-registered, now it is %s", what, a, b))
		}
	}
	add("campaign", r.Campaign, now.Campaign)
	for i := range max(len(r.Files), len(now.Files)) {
		var was, is RegisteredFile
		if i < len(r.Files) {
			was = r.Files[i]
		}
		if i < len(now.Files) {
			is = now.Files[i]
		}
		if was.SHA256 != is.SHA256 {
			add("SHA-256 of "+is.Name, was.SHA256, is.SHA256)
		}
	}
	add("grid", r.Grid, now.Grid)
	add("method", r.Experiment.Method, now.Experiment.Method)
	add("seed", r.Assignment.Seed, now.Assignment.Seed)
	add("SHA-256 of the assignment", r.Assignment.SHA256, now.Assignment.SHA256)
	return out
}

// Against returns, as sentences, in what the campaign as it was launched and as its audits are now differs from the registration.
func (r *Registration) Against(l *probes.Launch, sum probes.Hash, planned []probes.Audit) (out []string) {
	e := l.Experiment
	add := func(what string, was, is any) {
		if a, b := fmt.Sprint(was), fmt.Sprint(is); a != b {
			out = append(out, fmt.Sprintf("%s: %s was pre-registered, %s was launched", what, a, b))
		}
	}
	add("SHA-256 of the pre-registration", sum, e.SHA256)
	add("campaign", r.Campaign, l.Campaign)
	files := make([]probes.Hash, 0, len(r.Files))
	for _, f := range r.Files {
		files = append(files, f.SHA256)
	}
	add("files", files, l.Files)
	if l.Grid != nil {
		add("grid", r.Grid, RegisteredGrid{l.Grid.Version, l.Grid.SHA256})
	}
	frozen, launched := r.Experiment, *e
	launched.SHA256, launched.Hide = "", nil
	a, _ := json.Marshal(frozen) // numbers and texts alone
	b, _ := json.Marshal(launched)
	add("design", string(a), string(b))
	add("seed", r.Assignment.Seed, l.Seed)
	add("SHA-256 of the assignment", r.Assignment.SHA256, AssignmentHash(planned))
	if r.Experiment.Method != Method {
		out = append(out, fmt.Sprintf("method: %s was pre-registered, this program has %s", r.Experiment.Method, Method))
	}
	return out
}

// Markdown writes the same for readers.
func (r *Registration) Markdown(w io.Writer, sum probes.Hash) error {
	e := &r.Experiment
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	p("# Pre-registration of %s\n\nCampaign `%s` (%s). SHA-256 of the JSON file that this page says in words: `%s`.\n", e.ID, r.Campaign, plain(r.Title), sum)
	p("\n## Hypothesis\n\n%s\n", plain(e.Hypothesis))
	p("\n## Design\n\n- Factor: %s. Unit: %s. Channels: %s.\n", e.Factor, e.Unit, join(e.Channels))
	for i := range e.Arms {
		a := &e.Arms[i]
		p("- Arm `%s`: %d structures, %d audits.", a.ID, r.Assignment.Arms[i].Structures, r.Assignment.Arms[i].Audits)
		if len(a.Personas) > 0 {
			p(" Personas: %s.", join(a.Personas))
		}
		keys := make([]string, 0, len(a.Set))
		for k := range a.Set {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			p(" `%s`: “%s”.", k, plain(a.Set[k]))
		}
		p("\n")
	}
	strata := "none"
	if len(e.Strata) > 0 {
		strata = fmt.Sprintf("%s (%d)", join(e.Strata), len(r.Assignment.Strata))
	}
	p("- Strata: %s.\n- Assignment: %s. Seed %d. SHA-256 of the assignment: `%s`.\n", strata, r.Assignment.Rule, r.Assignment.Seed, r.Assignment.SHA256)
	p("\n## Outcome\n\n`%s`: %s.\n", e.Outcome, r.Outcome)
	p("\n## Analysis\n\n- Estimator: %s.\n- Tests: %s.\n- Exclusions: %s.\n- Stopping: %s.\n", r.Estimator, r.Tests, r.Exclusions, r.Stopping)
	p("- Supposed for the power calculation: outcome of the first arm %g, smallest difference worth finding %g, intra-cluster correlation %g", e.Base, e.Effect, e.ICC)
	if e.SD > 0 {
		p(", standard deviation %g", e.SD)
	}
	p("; wanted power %g.\n- With these the plan has a design effect of %g and finds the effect with a power of %g", e.Power, r.Sample.DesignEffect, r.Sample.Power)
	if r.Sample.Detectable != nil {
		p("; the smallest difference that it finds with the wanted power is %g", *r.Sample.Detectable)
	}
	p(".\n\n## Frozen\n\n| what | |\n|---|---|\n")
	for _, f := range r.Files {
		p("| `%s` | `%s` |\n", f.Name, f.SHA256)
	}
	p("| grid %s | `%s` |\n| method | `%s` |\n| program | `%s` |\n", r.Grid.Version, r.Grid.SHA256, e.Method, r.Program)
	_, err := io.WriteString(w, b.String())
	return err
}

// plain keeps a text on its line and out of the page's markup.
func plain(s string) string {
	return strings.NewReplacer("\n", " ", "\r", " ", "<", "&lt;", "`", "'", "|", "\\|", "[", "\\[").Replace(s)
}

func join[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = string(x)
	}
	return strings.Join(out, ", ")
}
