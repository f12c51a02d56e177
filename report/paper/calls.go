package paper

import (
	"math"
	"strings"

	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/stats"
)

// callsTable is the figures of calls by one dimension, the total last.
type callsTable struct {
	Caption, By string
	Rows        []callsRow
}

type callsRow struct {
	Name, Audits, First, FirstInterval, Pickup, PickupInterval, Wait, WaitInterval, Median, Dropped, Spoiled string
}

// seconds writes milliseconds of a call in seconds: 28 s and 84 s are compared at a glance.
func (w *words) seconds(ms float64) string {
	if math.IsNaN(ms) || math.IsInf(ms, 0) {
		return undefined
	}
	return w.T("unit.s", "N", w.Decimal(ms/1000, 1))
}

func (w *words) waits(low, high float64) string {
	if math.IsNaN(low) || math.IsNaN(high) {
		return undefined
	}
	return w.seconds(low) + dash + w.seconds(high)
}

func (w *words) shares(p stats.Proportion) string {
	if p.N == 0 {
		return undefined
	}
	return w.Percent(p.Low) + dash + w.Percent(p.High)
}

// share writes a share, a dash where there is none.
func (w *words) share(p stats.Proportion) string {
	if p.N == 0 {
		return undefined
	}
	return w.Percent(p.Share)
}

// calls adds the section of the telephone: week by week and by group, against the programme's waits and the norm.
func (n *nation) calls() error {
	made, err := stats.Calls(n.in.Outcomes, stats.ByWeek, stats.BySector, stats.ByKind, stats.ByBand, stats.ByRegion)
	if err != nil {
		return err
	}
	all := &made[0].All
	if all.Counted()+all.Outside == 0 {
		return nil
	}
	ref := report.CallReferences(n.in.Sheet.Norms)
	norm := undefined
	if !math.IsNaN(ref.Pickup) {
		norm = n.Percent(ref.Pickup)
	}
	n.CallsLead = n.T("national.calls.text", "Old", n.Int(int(ref.Wait2013)), "New", n.Int(int(ref.Wait2023)), "Norm", norm)
	n.CallsOut = n.T("national.calls.outside", "N", n.Int(all.Outside), "Share", n.share(all.OutOfHours), "Interval", n.shares(all.OutOfHours))
	for _, r := range made {
		if len(r.Groups) < 2 && r.By != stats.ByWeek {
			continue
		}
		by := n.T("national.calls.by." + string(r.By))
		t := callsTable{Caption: n.T("national.calls.caption", "By", by), By: by}
		for i := range r.Groups {
			name := r.Groups[i].Group
			switch {
			case name == "":
				name = undefined
			case r.By == stats.BySector:
				name = n.Term("sector", name)
			}
			t.Rows = append(t.Rows, n.callsRow(name, &r.Groups[i]))
		}
		t.Rows = append(t.Rows, n.callsRow(n.T("national.calls.all"), &r.All))
		n.Calls = append(n.Calls, t)
	}
	weeks := made[0].Groups
	n.CallPictures = append(n.CallPictures,
		n.weekly("calls-first", n.T("national.calls.first"), weeks, 1, nil, func(f *stats.CallFigures) (v, low, high float64) {
			return f.FirstAttempt.Share, f.FirstAttempt.Low, f.FirstAttempt.High
		}),
		n.weekly("calls-pickup", n.T("national.calls.pickup"), weeks, 1, []heldTo{{ref.Pickup, n.T("national.calls.norm", "Norm", norm)}}, func(f *stats.CallFigures) (v, low, high float64) {
			return f.Pickup.Share, f.Pickup.Low, f.Pickup.High
		}),
		n.weekly("calls-wait", n.T("national.calls.wait"), weeks, 0, []heldTo{{ref.Wait2013, "2013: " + n.seconds(1000*ref.Wait2013)}, {ref.Wait2023, "2023: " + n.seconds(1000*ref.Wait2023)}},
			func(f *stats.CallFigures) (v, low, high float64) {
				return f.Wait / 1000, f.WaitLo / 1000, f.WaitHi / 1000
			}))
	return nil
}

func (n *nation) callsRow(name string, f *stats.CallFigures) callsRow {
	return callsRow{Name: name, Audits: n.Int(f.Counted()), First: n.share(f.FirstAttempt), FirstInterval: n.shares(f.FirstAttempt), Pickup: n.share(f.Pickup),
		PickupInterval: n.shares(f.Pickup), Wait: n.seconds(f.Wait), WaitInterval: n.waits(f.WaitLo, f.WaitHi), Median: n.seconds(f.Waits.Median), Dropped: n.share(f.Dropped),
		Spoiled: n.Int(f.Results[stats.Spoiled])}
}

// heldTo is what a figure is held against.
type heldTo struct {
	value float64
	name  string
}

// weekly draws a figure week by week with its intervals and what it is held against; ceiling is the end of the axis, 0 stands for
// seconds that find their own.
func (n *nation) weekly(id, title string, weeks []stats.CallFigures, ceiling float64, refs []heldTo, of func(*stats.CallFigures) (v, low, high float64)) *picture {
	const left, right, top, bottom = 64, pictureWidth - 24, 16, 150
	p := &picture{ID: id, Title: title, Width: pictureWidth, Height: 186}
	say := func(x float64) string { return n.Percent(x) }
	if ceiling == 0 {
		say = func(x float64) string { return n.seconds(1000 * x) }
		for i := range weeks {
			if v, _, _ := of(&weeks[i]); !math.IsNaN(v) {
				ceiling = max(ceiling, 1.2*v)
			}
		}
		for _, r := range refs {
			ceiling = max(ceiling, 1.2*r.value)
		}
	}
	x := func(i int) float64 { return left + (right-left)*(float64(i)+0.5)/float64(len(weeks)) }
	y := func(v float64) float64 { return bottom - (bottom-top)*min(1, max(0, v/ceiling)) }
	for _, share := range []float64{0, 0.5, 1} {
		p.line(left, y(share*ceiling), right, y(share*ceiling), "grid")
		p.text(left-8, y(share*ceiling)+4.5, "end", "axis", say(share*ceiling))
	}
	var said []string
	for _, r := range refs {
		if !math.IsNaN(r.value) {
			p.line(left, y(r.value), right, y(r.value), "held")
			p.text(left+4, y(r.value)-4, "start", "axis", r.name)
			said = append(said, r.name)
		}
	}
	every := (len(weeks) + 9) / 10
	before := -1
	for i := range weeks {
		if i%every == 0 {
			p.text(x(i), bottom+20, "middle", "axis", weeks[i].Group[min(5, len(weeks[i].Group)):])
		}
		v, low, high := of(&weeks[i])
		if math.IsNaN(v) {
			before = -1
			continue
		}
		if before >= 0 {
			old, _, _ := of(&weeks[before])
			p.line(x(before), y(old), x(i), y(v), "through")
		}
		if !math.IsNaN(low) && !math.IsNaN(high) {
			p.line(x(i), y(low), x(i), y(high), "whisker")
		}
		p.diamond(x(i), y(v), 5, "own")
		before = i
		said = append(said, weeks[i].Group+nbsp+say(v))
	}
	p.Desc = strings.Join(said, "; ") + "."
	return p
}

// ofCalls adds the structure's calls to its figures.
func (d *doc) ofCalls(add func(key, value string)) error {
	own := make([]stats.Outcome, 0, len(d.own))
	for _, o := range d.own {
		own = append(own, *o)
	}
	made, err := stats.Calls(own, "")
	if err != nil {
		return err
	}
	f := &made[0].All
	if f.Counted()+f.Outside == 0 {
		return nil
	}
	ref := report.CallReferences(d.in.Sheet.Norms)
	of := func(p stats.Proportion) string { return d.T("figures.of", "K", d.Int(p.K), "N", d.Int(p.N)) }
	if f.FirstAttempt.N > 0 {
		d.Cards = append(d.Cards, card{d.T("figures.first-attempt"), of(f.FirstAttempt), d.T("figures.first-attempt.note", "Interval", d.shares(f.FirstAttempt))})
		add("first-attempt", of(f.FirstAttempt))
	}
	if f.Pickup.N > 0 {
		norm := undefined
		if !math.IsNaN(ref.Pickup) {
			norm = d.Percent(ref.Pickup)
		}
		add("pickup", d.T("figures.pickup.value", "Of", of(f.Pickup), "Share", d.share(f.Pickup), "Norm", norm))
	}
	if f.Waited > 0 {
		old, now := d.Int(int(ref.Wait2013)), d.Int(int(ref.Wait2023))
		d.Cards = append(d.Cards, card{d.T("figures.wait"), d.seconds(f.Wait), d.T("figures.wait.note", "Old", old, "New", now)})
		add("wait", d.T("figures.wait.value", "Wait", d.seconds(f.Wait), "Old", old, "New", now))
	}
	if f.OutOfHours.N > 0 {
		add("out-of-hours", of(f.OutOfHours))
	}
	return nil
}
