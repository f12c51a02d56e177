package stats

import (
	"fmt"
	"strings"
	"time"
)

// Horizons are the delays at which response rates are given: the programme's own (24 h, 48 h, 5 days) and the two
// weeks of the older commitments.
var Horizons = [...]time.Duration{24 * time.Hour, 48 * time.Hour, 5 * 24 * time.Hour, 15 * 24 * time.Hour}

// Rate is the share answered within a delay, by Kaplan–Meier, with its 95 % interval.
type Rate struct {
	Within           time.Duration
	Share, Low, High float64
}

// Figures are what is published of a group of audits. Delays are in milliseconds; NaN stands for a figure that is not
// defined (yet), for example the median while fewer than half are answered.
type Figures struct {
	Group   string
	Audits  int
	Results map[Result]int
	Rates   []Rate
	// Median, its interval and P90 are Kaplan–Meier's, over all counted audits.
	Median, MedLow, MedHigh, P90 float64
	// AnsweredMedian and AnsweredP90 are over the answered audits alone, and say so where they are shown.
	AnsweredMedian, AnsweredP90 float64
	WorkedMedian                float64 // opening time, answered audits
	DaysMedian                  float64 // working days, answered audits
	Mean, MeanSE, Tau           float64 // restricted mean up to Tau
	Acked, Polite, Absent, Junk Proportion
	Curve                       Curve
}

// Counted returns the denominator of the rates.
func (f *Figures) Counted() int {
	return f.Results[Answered] + f.Results[Silent] + f.Results[Unreachable]
}

// Dimension is a way of grouping outcomes.
type Dimension string

// The dimensions of a report.
const (
	ByKind    Dimension = "kind"
	BySector  Dimension = "sector"
	ByBand    Dimension = "band"
	ByRegion  Dimension = "region"
	ByWeek    Dimension = "week"
	ByChannel Dimension = "channel"
)

// Dimensions lists them as `collector report -by` takes them.
var Dimensions = [...]Dimension{ByKind, BySector, ByBand, ByRegion, ByWeek, ByChannel}

// Of returns the group of an outcome. A week is that of the contact, ISO 8601, in UTC.
func (d Dimension) Of(o *Outcome) string {
	switch d {
	case ByKind:
		return o.Body.Kind
	case BySector:
		return o.Body.Sector
	case ByBand:
		return o.Body.Band
	case ByRegion:
		return o.Body.Region
	case ByChannel:
		return string(o.Channel)
	case ByWeek:
		year, week := weekOf(o)
		return WeekName(year, week)
	}
	return ""
}

func weekOf(o *Outcome) (year, week int) {
	at := o.Sent
	if at.IsZero() {
		at = o.Due
	}
	return at.UTC().ISOWeek()
}

// WeekName names a week of ISO 8601 as reports do.
func WeekName(year, week int) string { return fmt.Sprintf("%d-W%02d", year, week) }

// Summarise returns the figures of all outcomes together, under the name group.
func Summarise(group string, outcomes []Outcome) (Figures, error) {
	r, err := Summary(outcomes, "")
	r.All.Group = group
	return r.All, err
}

// everywhere returns the places 0 to n-1.
func everywhere(n int) []int32 {
	places := make([]int32, n)
	for i := range places {
		places[i] = int32(i)
	}
	return places
}

// Report is the figures of a set of outcomes, together and by group.
type Report struct {
	All    Figures
	By     Dimension
	Groups []Figures
	// LogRank tests whether the groups' answer times differ.
	LogRank LogRank
}

// Summary makes the report by the dimension; an empty one gives the total alone.
func Summary(outcomes []Outcome, by Dimension) (Report, error) {
	return SummaryAt(outcomes, everywhere(len(outcomes)), by)
}

// SummaryAt is Summary of the outcomes at the places alone: a million of them are not copied for one figure.
func SummaryAt(outcomes []Outcome, places []int32, by Dimension) (Report, error) {
	var dimensions []Dimension
	if by != "" {
		dimensions = append(dimensions, by)
	}
	c, err := columnsAt(outcomes, places, dimensions...)
	if err != nil {
		return Report{By: by}, err
	}
	r, err := c.report(keepAll, by)
	if err != nil {
		return Report{By: by}, err
	}
	return r[0], nil
}

// Naturally orders names of groups: "2-10k" before "10-50k": by the number in front, then by letters.
func Naturally(a, b string) int {
	if x, y := leading(a), leading(b); x != y {
		return x - y
	}
	return strings.Compare(a, b)
}

func leading(s string) int {
	n := 0
	for _, c := range strings.TrimLeft(s, "<>≥≤ ") {
		if c < '0' || c > '9' || n > 1e8 {
			break
		}
		n = n*10 + int(c-'0')
	}
	return n
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}
