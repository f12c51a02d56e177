package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/stats"
	"github.com/sonde-fleet/sonde/townhall"
)

// tolerance is how far a measured delay may be from the truth, in wall time.
const tolerance = 100 * time.Millisecond

// compare holds every mail audit against what the town really did, prints the table of both, and counts the audits
// that disagree.
func compare(w io.Writer, outcomes []stats.Outcome, town *townhall.Town, audits map[string]probes.AuditID, speed int64, site string) (n, disagree int, err error) {
	truth := map[probes.AuditID]townhall.Truth{}
	for _, t := range town.Truth() {
		truth[audits[t.From+" "+t.To]] = t
	}
	var measured, real []stats.Outcome
	waiting := 0
	for _, o := range outcomes {
		if o.Channel != probes.Mail {
			if o.Channel != probes.Web && o.Channel != probes.Phone {
				waiting++
			}
			continue
		}
		n++
		t, known := truth[o.ID]
		delete(truth, o.ID)
		r := asItWas(o, t, known, speed)
		measured, real = append(measured, o), append(real, r)
		if why := difference(o, r, t, speed); len(why) > 0 {
			disagree++
			fmt.Fprintf(w, "disagrees: %s (%s): %s\n", o.ID, o.Target, strings.Join(why, "; "))
		}
	}
	for id, t := range truth {
		disagree++
		fmt.Fprintf(w, "disagrees: the town got %s from %s, audit %q has no outcome\n", t.MessageID, t.From, id)
	}
	for _, twice := range town.Twice() {
		disagree++
		fmt.Fprintf(w, "disagrees: sent twice: %s\n", twice)
	}
	fmt.Fprintf(w, "\n%d audits of other channels are planned and await their channel\n\n", waiting)
	for _, by := range []stats.Dimension{stats.BySector, stats.ByKind} {
		m, err := stats.Summary(measured, by)
		if err != nil {
			return n, disagree, err
		}
		r, err := stats.Summary(real, by)
		if err != nil {
			return n, disagree, err
		}
		if err := beside(w, m, r, by == stats.BySector); err != nil {
			return n, disagree, err
		}
	}
	headlines, err := report.Headlines(outcomes, nil)
	if err != nil {
		return n, disagree, err
	}
	return n, disagree, report.Compare(w, headlines, site)
}

// asItWas is the outcome that the truth gives.
func asItWas(o stats.Outcome, t townhall.Truth, known bool, speed int64) stats.Outcome {
	r := o
	r.Classes, r.Answer, r.Polite = nil, "", nil
	r.Result = stats.Silent
	if !known {
		r.Result = stats.Spoiled
		return r
	}
	if t.Refused != "" {
		r.Result = stats.Unreachable
		return r
	}
	r.Acked, r.Absent, r.Late, r.Junk = false, false, false, false
	for _, x := range t.Replies {
		r.Classes = append(r.Classes, x.Class)
		after := int64(x.At.Sub(t.Taken)/time.Millisecond) * speed
		switch x.Class {
		case probes.ClassHuman:
			if r.Result != stats.Answered {
				r.Result, r.Answer, r.Delay = stats.Answered, x.Answer, after
				r.Late, r.Junk = o.Sent.Add(time.Duration(after)*time.Millisecond).After(o.Deadline), x.Folder != "INBOX"
			}
		case probes.ClassBounce:
			if r.Result == stats.Silent {
				r.Result = stats.Unreachable
			}
		case probes.ClassAutoAck:
			r.Acked, r.AckDelay = true, after
		case probes.ClassOutOfOffice:
			r.Absent = true
		}
	}
	return r
}

// difference says in words where an outcome is not what really happened.
func difference(o, r stats.Outcome, t townhall.Truth, speed int64) (why []string) {
	say := func(format string, args ...any) { why = append(why, fmt.Sprintf(format, args...)) }
	if o.Result != r.Result {
		say("measured %s, was %s", o.Result, r.Result)
	}
	// Two mails that the town delivered within a moment may be seen in either order.
	a, b := slices.Sorted(slices.Values(o.Classes)), slices.Sorted(slices.Values(r.Classes))
	if !slices.Equal(a, b) {
		say("classes %v, were %v", o.Classes, r.Classes)
	}
	if o.Unsure > 0 {
		say("%d matches unsure", o.Unsure)
	}
	if o.Result != stats.Answered || r.Result != stats.Answered {
		return why
	}
	if off := time.Duration(o.Delay-r.Delay) * time.Millisecond / time.Duration(speed); off.Abs() > tolerance {
		say("delay off by %v of wall time", off)
	}
	if o.Answer != r.Answer {
		say("answer %q, was %q", o.Answer, r.Answer)
	}
	if o.Junk != r.Junk {
		say("spam folder %v, was %v", o.Junk, r.Junk)
	}
	return why
}

// beside prints each measured figure with the truth under it.
func beside(w io.Writer, m, r stats.Report, total bool) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%s\t\tcounted\tanswered", m.By)
	for _, h := range stats.Horizons {
		fmt.Fprintf(t, "\t≤ %s", report.Horizon(h))
	}
	fmt.Fprint(t, "\tmedian\t90 %\tmedian of answers\tunreachable\t\n")
	row := func(name, what string, f *stats.Figures) {
		fmt.Fprintf(t, "%s\t%s\t%d\t%d", name, what, f.Counted(), f.Results[stats.Answered])
		for _, x := range f.Rates {
			fmt.Fprintf(t, "\t%s", report.Percent(x.Share))
		}
		fmt.Fprintf(t, "\t%s\t%s\t%s\t%d\t\n", report.Delay(f.Median), report.Delay(f.P90), report.Delay(f.AnsweredMedian), f.Results[stats.Unreachable])
	}
	if total {
		row("all", "measured", &m.All)
		row("", "truth", &r.All)
	}
	for i := range m.Groups {
		row(m.Groups[i].Group, "measured", &m.Groups[i])
		for k := range r.Groups {
			if r.Groups[k].Group == m.Groups[i].Group {
				row("", "truth", &r.Groups[k])
			}
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w)
	return err
}
