package stats

import (
	"fmt"
	"math"
	"slices"
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
	subjects                    []Subject // what the curve was made of, for the comparison of groups
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
		at := o.Sent
		if at.IsZero() {
			at = o.Due
		}
		year, week := at.ISOWeek()
		return fmt.Sprintf("%d-W%02d", year, week)
	}
	return ""
}

// Summarise returns the figures of all outcomes together, under the name group.
func Summarise(group string, outcomes []Outcome) (Figures, error) {
	return summarise(group, outcomes, everywhere(len(outcomes)))
}

// everywhere returns the places 0 to n-1.
func everywhere(n int) []int32 {
	places := make([]int32, n)
	for i := range places {
		places[i] = int32(i)
	}
	return places
}

// summarise returns the figures of the outcomes at the places.
func summarise(group string, outcomes []Outcome, places []int32) (Figures, error) {
	f := Figures{Group: group, Audits: len(places), Results: map[Result]int{}}
	var delays, worked, days []float64
	var acked, polite, judged, absent, junk, counted int
	for _, i := range places {
		o := &outcomes[i]
		f.Results[o.Result]++
		if !o.Counted() {
			continue
		}
		counted++
		f.subjects = append(f.subjects, o.Subject())
		acked += count(o.Acked)
		absent += count(o.Absent)
		if o.Polite != nil {
			judged++
			polite += count(*o.Polite)
		}
		if o.Result == Answered {
			delays, worked, days = append(delays, float64(o.Delay)), append(worked, float64(o.Worked)), append(days, float64(o.Days))
			junk += count(o.Junk)
		}
	}
	tau := float64(Horizons[len(Horizons)-1].Milliseconds())
	var err error
	if f.Curve, err = KaplanMeier(f.subjects, tau); err != nil {
		return f, fmt.Errorf("group %s: %w", group, err)
	}
	c := &f.Curve
	for _, h := range Horizons {
		s, low, high := c.At(float64(h.Milliseconds()))
		r := Rate{Within: h, Share: 1 - s, Low: 1 - high, High: 1 - low}
		if counted == 0 {
			r.Share, r.Low, r.High = math.NaN(), math.NaN(), math.NaN()
		}
		f.Rates = append(f.Rates, r)
	}
	f.Median, f.MedLow, f.MedHigh, f.P90 = c.Median, c.MedLow, c.MedHigh, c.Quantile(0.9)
	f.Mean, f.MeanSE, f.Tau = c.Mean, c.MeanSE, c.Tau
	f.AnsweredMedian, f.AnsweredP90 = Quantile(delays, 0.5), Quantile(delays, 0.9)
	f.WorkedMedian, f.DaysMedian = Quantile(worked, 0.5), Quantile(days, 0.5)
	f.Acked, f.Polite, f.Absent = Wilson(acked, counted), Wilson(polite, judged), Wilson(absent, counted)
	f.Junk = Wilson(junk, f.Results[Answered])
	return f, nil
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
	r := Report{By: by}
	var err error
	if r.All, err = summarise("all", outcomes, places); err != nil || by == "" {
		return r, err
	}
	groups := map[string][]int32{}
	var names []string
	for _, i := range places {
		g := by.Of(&outcomes[i])
		if groups[g] == nil {
			names = append(names, g)
		}
		groups[g] = append(groups[g], i)
	}
	slices.SortFunc(names, naturally)
	var compared [][]Subject
	for _, g := range names {
		f, err := summarise(g, outcomes, groups[g])
		if err != nil {
			return r, err
		}
		r.Groups, compared = append(r.Groups, f), append(compared, f.subjects)
	}
	r.LogRank, err = CompareGroups(compared)
	return r, err
}

// naturally orders "2-10k" before "10-50k": by the number in front, then by letters.
func naturally(a, b string) int {
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
