package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"text/tabwriter"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/stats"
)

// CallReference is what the figures of calls are held against: the programme's mean waits and the norm of the share that a person
// answers.
type CallReference struct {
	Wait2013, Wait2023 float64 // seconds
	Pickup             float64 // a share; NaN where the norms have none
}

// CallReferences returns the references under the norms.
func CallReferences(norms grid.Norms) CallReference {
	r := CallReference{Pickup: math.NaN()}
	for i := range Programme {
		if c := &Programme[i]; c.Key == "wait" {
			r.Wait2013, r.Wait2023 = c.Y2013.Value, c.Y2023.Value
		}
	}
	if x, ok := norms.Value("phone.pickup"); ok {
		r.Pickup = x / 100
	}
	return r
}

// CallLine is one group of the calls' report as JSON and CSV have it. A figure that is not defined is null, or an empty cell.
type CallLine struct {
	By         string   `json:"by,omitempty"`
	Group      string   `json:"group"`
	Audits     int      `json:"audits"` // in opening hours
	Counted    int      `json:"counted"`
	Reached    int      `json:"reached"`
	Unmanned   int      `json:"no_person"`
	PickedUp   int      `json:"picked_up"`
	Unreached  int      `json:"not_reached"`
	Spoiled    int      `json:"spoiled"`
	Waiting    int      `json:"waiting"`
	Calls      int      `json:"calls"`
	Ours       int      `json:"calls_ours"`
	First      ShareOf  `json:"first_attempt"`
	Pickup     ShareOf  `json:"pickup"`
	Unheard    int      `json:"unheard"`
	Wait       *float64 `json:"wait_mean_ms"`
	WaitLow    *float64 `json:"wait_mean_low_ms"`
	WaitHigh   *float64 `json:"wait_mean_high_ms"`
	Waited     int      `json:"waited"`
	Median     *float64 `json:"wait_median_ms"`
	MedianLow  *float64 `json:"wait_median_low_ms"`
	MedianHigh *float64 `json:"wait_median_high_ms"`
	P90        *float64 `json:"wait_p90_ms"`
	Mean       *float64 `json:"wait_restricted_mean_ms"`
	MeanSE     *float64 `json:"wait_restricted_mean_se_ms"`
	Tau        float64  `json:"tau_ms"`
	InRings    ShareOf  `json:"within_5_rings"`
	Busy       ShareOf  `json:"busy"`
	NoAnswer   ShareOf  `json:"no_answer"`
	Dropped    ShareOf  `json:"dropped"`
	ASR        ShareOf  `json:"asr"`
	NER        ShareOf  `json:"ner"`
	ABR        ShareOf  `json:"abr"`
	Ring       *float64 `json:"ring_median_ms"`
	DialDelay  *float64 `json:"post_dial_delay_median_ms"`
	Tries      *float64 `json:"tries_mean"`
	Outside    int      `json:"outside"`
	OutOfHours ShareOf  `json:"out_of_hours"`
}

// ShareOf is a share with what it is of and its 95 % interval (Wilson).
type ShareOf struct {
	K     int      `json:"k"`
	N     int      `json:"n"`
	Share *float64 `json:"share"`
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
}

func shareOf(p stats.Proportion) ShareOf {
	return ShareOf{p.K, p.N, defined(p.Share), defined(p.Low), defined(p.High)}
}

// CallLines returns the report's groups, the total first.
func CallLines(r stats.CallReport) []CallLine {
	out := []CallLine{callLine("", &r.All)}
	for i := range r.Groups {
		out = append(out, callLine(string(r.By), &r.Groups[i]))
	}
	return out
}

func callLine(by string, f *stats.CallFigures) CallLine {
	return CallLine{By: by, Group: f.Group, Audits: f.Audits, Counted: f.Counted(), Reached: f.Results[stats.Reached], Unmanned: f.Results[stats.Unmanned],
		PickedUp: f.Results[stats.PickedUp], Unreached: f.Results[stats.Unreached], Spoiled: f.Results[stats.Spoiled], Waiting: f.Results[stats.Waiting],
		Calls: f.Calls, Ours: f.Ours, First: shareOf(f.FirstAttempt), Pickup: shareOf(f.Pickup), Unheard: f.Unheard,
		Wait: defined(f.Wait), WaitLow: defined(f.WaitLo), WaitHigh: defined(f.WaitHi), Waited: f.Waited,
		Median: defined(f.Waits.Median), MedianLow: defined(f.Waits.MedLow), MedianHigh: defined(f.Waits.MedHigh), P90: defined(f.WaitP90),
		Mean: defined(f.Waits.Mean), MeanSE: defined(f.Waits.MeanSE), Tau: stats.WaitTau, InRings: shareOf(f.InRings), Busy: shareOf(f.Busy),
		NoAnswer: shareOf(f.NoAnswer), Dropped: shareOf(f.Dropped), ASR: shareOf(f.ASR), NER: shareOf(f.NER), ABR: shareOf(f.ABR),
		Ring: defined(f.Ring), DialDelay: defined(f.DialDelay), Tries: defined(f.Tries), Outside: f.Outside, OutOfHours: shareOf(f.OutOfHours)}
}

// CallsJSON writes one object a line, each under the key "calls", and last the comparison of the groups' waits when there are two.
func CallsJSON(w io.Writer, r stats.CallReport) error {
	e := json.NewEncoder(w)
	for _, l := range CallLines(r) {
		if err := e.Encode(map[string]CallLine{"calls": l}); err != nil {
			return err
		}
	}
	if r.LogRank.DF == 0 {
		return nil
	}
	return e.Encode(map[string]any{"calls_logrank": map[string]any{"chisq": r.LogRank.ChiSq, "df": r.LogRank.DF, "p": defined(r.LogRank.P)}})
}

// CallsTable is the report as a table: a share is a column, with its interval where it is a headline.
func CallsTable(r stats.CallReport) Table {
	t := Table{Name: "calls", Columns: []string{"by", "group", "audits", "counted", "reached", "no_person", "picked_up", "not_reached", "spoiled", "waiting",
		"calls", "calls_ours", "first_attempt", "first_attempt_low", "first_attempt_high", "pickup", "pickup_low", "pickup_high", "unheard",
		"wait_mean_ms", "wait_mean_low_ms", "wait_mean_high_ms", "waited", "wait_median_ms", "wait_median_low_ms", "wait_median_high_ms", "wait_p90_ms",
		"wait_restricted_mean_ms", "within_5_rings", "busy", "no_answer", "dropped", "asr", "ner", "abr", "ring_median_ms", "post_dial_delay_median_ms",
		"tries_mean", "outside", "out_of_hours"}}
	for i, f := range append([]stats.CallFigures{r.All}, r.Groups...) {
		by := string(r.By)
		if i == 0 {
			by = ""
		}
		n := f.Results
		t.Rows = append(t.Rows, []any{by, f.Group, f.Audits, f.Counted(), n[stats.Reached], n[stats.Unmanned], n[stats.PickedUp], n[stats.Unreached],
			n[stats.Spoiled], n[stats.Waiting], f.Calls, f.Ours, f.FirstAttempt.Share, f.FirstAttempt.Low, f.FirstAttempt.High, f.Pickup.Share, f.Pickup.Low,
			f.Pickup.High, f.Unheard, f.Wait, f.WaitLo, f.WaitHi, f.Waited, f.Waits.Median, f.Waits.MedLow, f.Waits.MedHigh, f.WaitP90, f.Waits.Mean,
			f.InRings.Share, f.Busy.Share, f.NoAnswer.Share, f.Dropped.Share, f.ASR.Share, f.NER.Share, f.ABR.Share, f.Ring, f.DialDelay, f.Tries,
			f.Outside, f.OutOfHours.Share})
	}
	return t
}

// CallsText writes the report for a reader, with what its figures are held against.
func CallsText(w io.Writer, r stats.CallReport, ref CallReference) error {
	head := string(r.By)
	if head == "" {
		head = "group"
	}
	all := append([]stats.CallFigures{r.All}, r.Groups...)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%s\taudits\tfirst attempt\t95 %%\tby a person\t95 %%\twait\t95 %%\tmedian\t90 %%\t≤ %d rings\tdropped\ttries\tspoiled\twaiting\t\n", head, stats.WithinRings)
	for i := range all {
		f := &all[i]
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t\n", f.Group, f.Counted(), Percent(f.FirstAttempt.Share), between(f.FirstAttempt),
			Percent(f.Pickup.Share), against(f.Pickup, ref.Pickup), between(f.Pickup), seconds(f.Wait), waits(f.WaitLo, f.WaitHi), seconds(f.Waits.Median), seconds(f.WaitP90),
			Percent(f.InRings.Share), Percent(f.Dropped.Share), decimal(f.Tries), f.Results[stats.Spoiled], f.Results[stats.Waiting])
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	t = tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%s\tcalls\tASR\tNER\tABR\tbusy\tno answer\tring\tpost-dial delay\tnot known by whom\tout of hours\tmessage\t\n", head)
	for i := range all {
		f := &all[i]
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\t\n", f.Group, f.Calls, Percent(f.ASR.Share), Percent(f.NER.Share), Percent(f.ABR.Share),
			Percent(f.Busy.Share), Percent(f.NoAnswer.Share), seconds(f.Ring), seconds(f.DialDelay), f.Unheard, f.Outside, Percent(f.OutOfHours.Share))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if r.LogRank.DF > 0 && !math.IsNaN(r.LogRank.P) {
		fmt.Fprintf(w, "difference between the groups' waits (log-rank): χ² = %.2f, df = %d, p %s\n", r.LogRank.ChiSq, r.LogRank.DF, PValue(r.LogRank.P))
	}
	fmt.Fprintf(w, "references: wait %.0f s (2013), %.0f s (2023)", ref.Wait2013, ref.Wait2023)
	if !math.IsNaN(ref.Pickup) {
		fmt.Fprintf(w, "; norm: %.0f %% of calls answered by a person (↓ surely below, ↑ surely above)", 100*ref.Pickup)
	}
	_, err := fmt.Fprintln(w, "\nwait: from the first ring to a person's first word, mean of those who reached one; median and 90 %: Kaplan–Meier over all audits, in which\n"+
		"who reached nobody is censored when the last call ended. Spoiled by us is left out; calls out of hours are in no other figure.\n"+
		"ASR, NER: of the calls that left our line, picked up and delivered (ITU-T E.425); ABR: picked up, of these and those that our line did not take (E.411)")
	return err
}

func between(p stats.Proportion) string {
	if math.IsNaN(p.Low) {
		return ""
	}
	return strconv.FormatFloat(100*p.Low, 'f', 0, 64) + "–" + strconv.FormatFloat(100*p.High, 'f', 0, 64)
}

// seconds writes milliseconds of a call in seconds, however many: 28 s and 84 s are compared at a glance.
func seconds(ms float64) string {
	if math.IsNaN(ms) || math.IsInf(ms, 0) {
		return "–"
	}
	return strconv.FormatFloat(ms/1000, 'f', 1, 64) + " s"
}

func waits(low, high float64) string {
	if math.IsNaN(low) || math.IsNaN(high) {
		return ""
	}
	return strconv.FormatFloat(low/1000, 'f', 0, 64) + "–" + strconv.FormatFloat(high/1000, 'f', 0, 64)
}

func decimal(x float64) string {
	if math.IsNaN(x) {
		return "–"
	}
	return strconv.FormatFloat(x, 'f', 2, 64)
}

// against marks a share whose whole interval lies below or above the norm.
func against(p stats.Proportion, norm float64) string {
	switch {
	case math.IsNaN(norm) || p.N == 0:
	case p.High < norm:
		return " ↓"
	case p.Low > norm:
		return " ↑"
	}
	return ""
}
