// Package report writes figures and outcomes as files and tables: text, JSON, CSV, Parquet. It computes nothing: every
// number in it comes from package stats.
package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/sonde-fleet/sonde/stats"
)

// Line is one group of a report as JSON and CSV have it. A figure that is not defined is null, or an empty cell.
type Line struct {
	By          string     `json:"by,omitempty"`
	Group       string     `json:"group"`
	Audits      int        `json:"audits"`
	Counted     int        `json:"counted"` // the denominator of the rates
	Answered    int        `json:"answered"`
	Silent      int        `json:"silent"`
	Unreachable int        `json:"unreachable"`
	Spoiled     int        `json:"spoiled"`
	InDoubt     int        `json:"in_doubt"`
	Waiting     int        `json:"waiting"`
	Out         int        `json:"out"`
	Rates       []RateLine `json:"rates"`
	Median      *float64   `json:"median_delay_ms"`
	MedianLow   *float64   `json:"median_delay_low_ms"`
	MedianHigh  *float64   `json:"median_delay_high_ms"`
	P90         *float64   `json:"p90_delay_ms"`
	Mean        *float64   `json:"restricted_mean_ms"`
	MeanSE      *float64   `json:"restricted_mean_se_ms"`
	Tau         *float64   `json:"tau_ms"`
	OfAnswered  *float64   `json:"answered_median_ms"` // over answered audits alone
	OfAnswered9 *float64   `json:"answered_p90_ms"`
	Worked      *float64   `json:"answered_median_worked_ms"`
	Days        *float64   `json:"answered_median_working_days"`
	Acked       *float64   `json:"acknowledged_share"`
	Polite      *float64   `json:"polite_share"`
	Absent      *float64   `json:"out_of_office_share"`
}

// RateLine is the share answered within a delay, with its 95 % interval.
type RateLine struct {
	Hours int      `json:"within_hours"`
	Share *float64 `json:"share"`
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
}

// Lines returns the report's groups, the total first.
func Lines(r stats.Report) []Line {
	out := []Line{line("", &r.All)}
	for i := range r.Groups {
		out = append(out, line(string(r.By), &r.Groups[i]))
	}
	return out
}

func line(by string, f *stats.Figures) Line {
	l := Line{By: by, Group: f.Group, Audits: f.Audits, Counted: f.Counted(), Answered: f.Results[stats.Answered],
		Silent: f.Results[stats.Silent], Unreachable: f.Results[stats.Unreachable], Spoiled: f.Results[stats.Spoiled],
		InDoubt: f.Results[stats.InDoubt], Waiting: f.Results[stats.Waiting], Out: f.Results[stats.Out],
		Median: defined(f.Median), MedianLow: defined(f.MedLow), MedianHigh: defined(f.MedHigh), P90: defined(f.P90),
		Mean: defined(f.Mean), MeanSE: defined(f.MeanSE), Tau: defined(f.Tau),
		OfAnswered: defined(f.AnsweredMedian), OfAnswered9: defined(f.AnsweredP90), Worked: defined(f.WorkedMedian),
		Days: defined(f.DaysMedian), Acked: defined(f.Acked.Share), Polite: defined(f.Polite.Share), Absent: defined(f.Absent.Share)}
	for _, x := range f.Rates {
		l.Rates = append(l.Rates, RateLine{int(x.Within.Hours()), defined(x.Share), defined(x.Low), defined(x.High)})
	}
	return l
}

func defined(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// JSON writes one object a line: each group, and last the comparison of the groups when there are two.
func JSON(w io.Writer, r stats.Report) error {
	e := json.NewEncoder(w)
	for _, l := range Lines(r) {
		if err := e.Encode(l); err != nil {
			return err
		}
	}
	if r.LogRank.DF == 0 {
		return nil
	}
	return e.Encode(map[string]any{"logrank": map[string]any{"chisq": r.LogRank.ChiSq, "df": r.LogRank.DF, "p": defined(r.LogRank.P)}})
}

// CSV writes the groups as a table.
func CSV(w io.Writer, r stats.Report) error {
	c := csv.NewWriter(w)
	head := []string{"by", "group", "audits", "counted", "answered", "silent", "unreachable", "spoiled", "in_doubt", "waiting", "out"}
	for _, h := range stats.Horizons {
		n := fmt.Sprintf("within_%dh", int(h.Hours()))
		head = append(head, n, n+"_low", n+"_high")
	}
	head = append(head, "median_delay_ms", "median_delay_low_ms", "median_delay_high_ms", "p90_delay_ms", "restricted_mean_ms",
		"answered_median_ms", "answered_p90_ms", "answered_median_worked_ms", "answered_median_working_days", "acknowledged_share",
		"polite_share", "out_of_office_share")
	if err := c.Write(head); err != nil {
		return err
	}
	for _, l := range Lines(r) {
		row := []string{l.By, l.Group}
		for _, n := range []int{l.Audits, l.Counted, l.Answered, l.Silent, l.Unreachable, l.Spoiled, l.InDoubt, l.Waiting, l.Out} {
			row = append(row, strconv.Itoa(n))
		}
		for _, x := range l.Rates {
			row = append(row, cell(x.Share), cell(x.Low), cell(x.High))
		}
		for _, x := range []*float64{l.Median, l.MedianLow, l.MedianHigh, l.P90, l.Mean, l.OfAnswered, l.OfAnswered9, l.Worked, l.Days,
			l.Acked, l.Polite, l.Absent} {
			row = append(row, cell(x))
		}
		if err := c.Write(row); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

func cell(x *float64) string {
	if x == nil {
		return ""
	}
	return strconv.FormatFloat(*x, 'g', -1, 64)
}

// Text writes the report for a reader.
func Text(w io.Writer, r stats.Report) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := string(r.By)
	if head == "" {
		head = "group"
	}
	fmt.Fprintf(t, "%s\tcounted\tanswered", head)
	for _, h := range stats.Horizons {
		fmt.Fprintf(t, "\t≤ %s", Horizon(h))
	}
	fmt.Fprint(t, "\tmedian\t90 %\tmedian of answers\tunreachable\tspoiled\tin doubt\twaiting\t\n")
	for _, f := range append([]stats.Figures{r.All}, r.Groups...) {
		fmt.Fprintf(t, "%s\t%d\t%d", f.Group, f.Counted(), f.Results[stats.Answered])
		for _, x := range f.Rates {
			fmt.Fprintf(t, "\t%s", Percent(x.Share))
		}
		fmt.Fprintf(t, "\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t\n", Delay(f.Median), Delay(f.P90), Delay(f.AnsweredMedian), f.Results[stats.Unreachable],
			f.Results[stats.Spoiled], f.Results[stats.InDoubt], f.Results[stats.Waiting])
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if r.LogRank.DF > 0 && !math.IsNaN(r.LogRank.P) {
		fmt.Fprintf(w, "difference between groups (log-rank): χ² = %.2f, df = %d, p %s\n", r.LogRank.ChiSq, r.LogRank.DF, PValue(r.LogRank.P))
	}
	if _, err := fmt.Fprintln(w, "rates and delays: Kaplan–Meier over counted audits; spoiled by us and in doubt are left out and counted beside"); err != nil {
		return err
	}
	if r.By != "" || r.All.Counted() == 0 {
		return nil
	}
	return Curve(w, &r.All)
}

// Horizon names a delay: "24 h", "5 days".
func Horizon(d time.Duration) string {
	if d <= 48*time.Hour {
		return strconv.Itoa(int(d.Hours())) + " h"
	}
	return strconv.Itoa(int(d.Hours())/24) + " days"
}

// Percent writes a share, "–" when it is not defined.
func Percent(x float64) string {
	if math.IsNaN(x) {
		return "–"
	}
	return strconv.FormatFloat(100*x, 'f', 1, 64) + " %"
}

// Delay writes milliseconds for a reader: "3 h 20 min", "2 d 4 h"; "–" when it is not defined.
func Delay(ms float64) string {
	if math.IsNaN(ms) || math.IsInf(ms, 0) {
		return "–"
	}
	d := time.Duration(ms) * time.Millisecond
	switch {
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d d %d h", int(d.Hours())/24, int(d.Hours())%24)
}

// PValue writes a p-value; below what a double can hold it says so.
func PValue(p float64) string {
	if p < 1e-300 {
		return "< 1e-300"
	}
	return fmt.Sprintf("= %.3g", p)
}
