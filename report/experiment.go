package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/sonde-fleet/sonde/experiment"
	"github.com/sonde-fleet/sonde/probes"
)

// Registered is how an analysis stands to the pre-registration.
type Registered struct {
	SHA256  probes.Hash // under which the campaign was launched; empty: under none
	Checked bool        // the file was at hand
	Differs []string    // in what
}

// String says it in a sentence.
func (r *Registered) String() string {
	switch {
	case len(r.Differs) > 0:
		return "this is not the analysis that was pre-registered: " + strings.Join(r.Differs, "; ")
	case r.Checked:
		return "pre-registered, and nothing differs: files, grid, design, assignment and method are those of " + string(r.SHA256)
	case r.SHA256 != "":
		return "launched under the pre-registration " + string(r.SHA256) + ", method unchanged; -preregistration FILE holds everything against it"
	}
	return "not pre-registered: what is found can suggest and cannot confirm"
}

// figured is a figure that JSON writes as null when it is not defined.
type figured float64

func (n figured) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(n), 'g', -1, 64), nil
}

// ExperimentLine, and the three below it, are the lines of an experiment in JSON.
type ExperimentLine struct {
	Type       string   `json:"type"` // experiment
	Campaign   string   `json:"campaign"`
	Experiment string   `json:"experiment"`
	Hypothesis string   `json:"hypothesis"`
	Outcome    string   `json:"outcome"`
	Measure    string   `json:"measure"` // in words
	Unit       string   `json:"unit"`
	Strata     []string `json:"strata"`
	Alpha      float64  `json:"alpha"`
	Method     string   `json:"method"`
	Final      bool     `json:"final"`
	Registered string   `json:"preregistration"` // its SHA-256
	Frozen     bool     `json:"as_registered"`
	Differs    []string `json:"differs"`
	Balance    TestLine `json:"balance_test"`
	Attrition  TestLine `json:"attrition_test"`
	Why        string   `json:"why,omitempty"` // there are no effects
}

// TestLine is a chi-square test.
type TestLine struct {
	ChiSq   figured `json:"chisq"`
	DF      int     `json:"df"`
	P       figured `json:"p"`
	PRandom figured `json:"p_randomisation"`
	Draws   int     `json:"draws"`
}

// ArmLine is where the audits of an arm stand.
type ArmLine struct {
	Type       string  `json:"type"` // arm
	Arm        string  `json:"arm"`
	Structures int     `json:"structures"`
	Audits     int     `json:"audits"`
	Analysed   int     `json:"analysed"`
	Mean       figured `json:"mean"`
	Watched    int     `json:"watched"`
	Waiting    int     `json:"waiting"`
	Spoiled    int     `json:"spoiled"`
	InDoubt    int     `json:"in_doubt"`
	Out        int     `json:"out"`
	Unrated    int     `json:"unrated"`
}

// BalanceLine is a value that audits had before they were dealt, by arm.
type BalanceLine struct {
	Type     string    `json:"type"` // balance
	Variable string    `json:"variable"`
	Value    string    `json:"value"`
	N        []int     `json:"n"`
	Share    []figured `json:"share"`
	SMD      figured   `json:"smd"`
}

// EffectLine is the difference between an arm and the first.
type EffectLine struct {
	Type        string  `json:"type"` // effect
	Arm         string  `json:"arm"`
	Against     string  `json:"against"`
	N           int     `json:"n"`
	NAgainst    int     `json:"n_against"`
	Structures  int     `json:"structures"`
	Mean        figured `json:"mean"`
	MeanAgainst figured `json:"mean_against"`
	Difference  figured `json:"difference"`
	SE          figured `json:"se"`
	SECR1       figured `json:"se_cr1"`
	DF          figured `json:"df"`
	Low         figured `json:"low"`
	High        figured `json:"high"`
	P           figured `json:"p"`
	PHolm       figured `json:"p_holm"`
	PRandom     figured `json:"p_randomisation"`
	PRandomHolm figured `json:"p_randomisation_holm"`
	Draws       int     `json:"draws"`
}

func testLine(t experiment.Test) TestLine {
	return TestLine{figured(t.ChiSq), t.DF, figured(t.P), figured(t.PRandom), t.Draws}
}

func armLine(c *experiment.Count) ArmLine {
	return ArmLine{"arm", c.Arm, c.Structures, c.Audits, c.Analysed, figured(c.Mean), c.Watched, c.Waiting, c.Spoiled, c.InDoubt, c.Out, c.Unrated}
}

func effectLine(x *experiment.Effect) EffectLine {
	return EffectLine{"effect", x.Arm, x.Against, x.N, x.NAgainst, x.Structures, figured(x.Mean), figured(x.MeanAgainst), figured(x.Difference), figured(x.SE),
		figured(x.SECR1), figured(x.DF), figured(x.Low), figured(x.High), figured(x.P), figured(x.PHolm), figured(x.PRandom), figured(x.PRandomHolm), x.Draws}
}

// ExperimentJSON writes the analysis, one object a line.
func ExperimentJSON(w io.Writer, a *experiment.Analysis, r *Registered) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	d := &a.Experiment
	lines := []any{ExperimentLine{Type: "experiment", Campaign: a.Campaign, Experiment: d.ID, Hypothesis: d.Hypothesis, Outcome: d.Outcome, Measure: a.Measure.String(),
		Unit: d.Unit, Strata: append([]string{}, d.Strata...), Alpha: d.Alpha, Method: experiment.Method, Final: a.Final, Registered: string(r.SHA256),
		Frozen: r.Checked && len(r.Differs) == 0, Differs: append([]string{}, r.Differs...), Balance: testLine(a.Balanced), Attrition: testLine(a.Attrition), Why: a.Why}}
	for i := range a.Counts {
		lines = append(lines, armLine(&a.Counts[i]))
	}
	for i := range a.Balance {
		b := &a.Balance[i]
		line := BalanceLine{Type: "balance", Variable: b.Variable, Value: b.Value, N: b.N, SMD: figured(b.SMD)}
		for _, s := range b.Share {
			line.Share = append(line.Share, figured(s))
		}
		lines = append(lines, line)
	}
	for i := range a.Effects {
		lines = append(lines, effectLine(&a.Effects[i]))
	}
	for _, line := range lines {
		if err := e.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

// ExperimentTable is the analysis with a row for each figure: of which table, arm, variable and value it is.
func ExperimentTable(a *experiment.Analysis) Table {
	t := Table{Name: "experiment", Columns: []string{"campaign", "experiment", "table", "arm", "variable", "value", "figure", "number"}}
	add := func(table, arm, variable, value, figure string, x any) {
		t.Rows = append(t.Rows, []any{a.Campaign, a.Experiment.ID, table, arm, variable, safe(value), figure, x})
	}
	for i := range a.Counts {
		c := &a.Counts[i]
		for _, x := range []struct {
			name string
			n    int
		}{{"structures", c.Structures}, {"audits", c.Audits}, {"analysed", c.Analysed}, {"watched", c.Watched}, {"waiting", c.Waiting}, {"spoiled", c.Spoiled},
			{"in_doubt", c.InDoubt}, {"out", c.Out}, {"unrated", c.Unrated}} {
			add("arm", c.Arm, "", "", x.name, x.n)
		}
		add("arm", c.Arm, "", "", "mean", c.Mean)
	}
	test := func(table string, x experiment.Test) {
		add(table, "", "", "", "chisq", x.ChiSq)
		add(table, "", "", "", "df", x.DF)
		add(table, "", "", "", "p", x.P)
		add(table, "", "", "", "p_randomisation", x.PRandom)
	}
	test("attrition", a.Attrition)
	for i := range a.Balance {
		b := &a.Balance[i]
		for j := range b.N {
			add("balance", a.Counts[j].Arm, b.Variable, b.Value, "n", b.N[j])
			add("balance", a.Counts[j].Arm, b.Variable, b.Value, "share", b.Share[j])
		}
		add("balance", "", b.Variable, b.Value, "smd", b.SMD)
	}
	test("balance", a.Balanced)
	for i := range a.Effects {
		x := &a.Effects[i]
		for _, f := range []struct {
			name string
			x    any
		}{{"n", x.N}, {"n_against", x.NAgainst}, {"structures", x.Structures}, {"mean", x.Mean}, {"mean_against", x.MeanAgainst}, {"difference", x.Difference},
			{"se", x.SE}, {"se_cr1", x.SECR1}, {"df", x.DF}, {"low", x.Low}, {"high", x.High}, {"p", x.P}, {"p_holm", x.PHolm}, {"p_randomisation", x.PRandom},
			{"p_randomisation_holm", x.PRandomHolm}} {
			add("effect", x.Arm, "", "", f.name, f.x)
		}
	}
	return t
}

// safe keeps a spreadsheet from taking a text for a formula.
func safe(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// ExperimentText writes the analysis for a reader.
func ExperimentText(w io.Writer, a *experiment.Analysis, r *Registered) error {
	d := &a.Experiment
	share := !a.Measure.Number()
	value := func(x float64) string {
		switch {
		case math.IsNaN(x) || math.IsInf(x, 0):
			return "–"
		case share:
			return fmt.Sprintf("%.1f %%", 100*x)
		}
		return fmt.Sprintf("%.2f %s", x, a.Measure.Unit())
	}
	gap := func(x float64) string {
		switch {
		case math.IsNaN(x) || math.IsInf(x, 0):
			return "–"
		case share:
			return fmt.Sprintf("%+.1f points", 100*x)
		}
		return fmt.Sprintf("%+.2f %s", x, a.Measure.Unit())
	}
	figure := func(x float64, format string) string {
		if math.IsNaN(x) {
			return "–"
		}
		return fmt.Sprintf(format, x)
	}
	fmt.Fprintf(w, "Experiment %s of campaign %s\n%s\n\noutcome %s: %s\ndealt to each %s", d.ID, a.Campaign, d.Hypothesis, d.Outcome, a.Measure, d.Unit)
	if len(d.Strata) > 0 {
		fmt.Fprintf(w, ", strata %s", strings.Join(d.Strata, ", "))
	}
	fmt.Fprintf(w, "\n%s\n", r)
	if !a.Final {
		fmt.Fprintln(w, "NOT FINAL: audits are still awaited or watched, and nothing may be concluded")
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nARM\tSTRUCTURES\tAUDITS\tANALYSED\tMEAN\tWATCHED\tWAITING\tSPOILED\tIN DOUBT\tOUT\tNOT RATED")
	for i := range a.Counts {
		c := &a.Counts[i]
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%s\t%d\t%d\t%d\t%d\t%d\t%d\n", c.Arm, c.Structures, c.Audits, c.Analysed, value(c.Mean), c.Watched, c.Waiting, c.Spoiled, c.InDoubt, c.Out, c.Unrated)
	}
	t.Flush()
	fmt.Fprintf(w, "lost audits (spoiled, in doubt, out) by arm: %s\n", testText(a.Attrition))
	fmt.Fprint(t, "\nBALANCE\tVALUE")
	for i := range a.Counts {
		fmt.Fprintf(t, "\t%s", a.Counts[i].Arm)
	}
	fmt.Fprintln(t, "\tSMD")
	before := ""
	for i := range a.Balance {
		b := &a.Balance[i]
		name := b.Variable
		if name == before {
			name = ""
		}
		before = b.Variable
		fmt.Fprintf(t, "%s\t%s", name, b.Value)
		for j := range b.N {
			fmt.Fprintf(t, "\t%s (%d)", figure(100*b.Share[j], "%.1f %%"), b.N[j])
		}
		fmt.Fprintf(t, "\t%s\n", figure(b.SMD, "%+.2f"))
	}
	t.Flush()
	fmt.Fprintf(w, "the whole table: %s\n", testText(a.Balanced))
	if a.Why != "" {
		fmt.Fprintf(w, "\nNo effect can be computed: %s\n", a.Why)
		return nil
	}
	fmt.Fprintf(t, "\nEFFECT\tN\tSTRUCTURES\tMEANS\tDIFFERENCE\t%g %% INTERVAL\tSE\tDF\tP\tP (RANDOMISATION)\n", 100*(1-d.Alpha))
	for i := range a.Effects {
		x := &a.Effects[i]
		fmt.Fprintf(t, "%s – %s\t%d + %d\t%d\t%s, %s\t%s\t%s to %s\t%s\t%s\t%s\t%s\n", x.Arm, x.Against, x.N, x.NAgainst, x.Structures, value(x.Mean), value(x.MeanAgainst),
			gap(x.Difference), gap(x.Low), gap(x.High), strings.TrimPrefix(gap(x.SE), "+"), figure(x.DF, "%.1f"), adjusted(x.P, x.PHolm, len(a.Effects)), adjusted(x.PRandom, x.PRandomHolm, len(a.Effects)))
	}
	t.Flush()
	block := "structure"
	if d.Unit == experiment.OfStructure {
		block = "stratum"
	}
	_, err := fmt.Fprintf(w, "differences within each %s; standard errors clustered on the structure (CR2); %d other assignments\n", block, a.Balanced.Draws)
	return err
}

func testText(t experiment.Test) string {
	if t.DF < 1 {
		return "nothing to test"
	}
	return fmt.Sprintf("χ² = %.2f, df = %d, p %s; by randomisation p %s (%d assignments)", t.ChiSq, t.DF, PValue(t.P), PValue(t.PRandom), t.Draws)
}

// adjusted writes a p-value, and what Holm's method makes of it where there are several.
func adjusted(p, holm float64, comparisons int) string {
	if math.IsNaN(p) {
		return "–"
	}
	if comparisons < 2 {
		return PValue(p)
	}
	return PValue(p) + " (Holm " + PValue(holm) + ")"
}
