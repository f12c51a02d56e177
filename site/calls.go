package site

import (
	"math"
	"strconv"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/stats"
)

// callTable is the figures of calls by group, the total last.
type callTable struct {
	Caption, By, LogRank, Note string
	Heads                      []string
	Rows                       []callRow
}

type callRow struct {
	Name  string
	Total bool
	Cells []callCell
}

// callCell is a figure with its interval and what it leads to.
type callCell struct{ Value, Interval, URL, About string }

// callsOf returns the figures of the telephone audits that the filter lets through, by the dimension.
func (v *view) callsOf(f filter, by stats.Dimension) (stats.CallReport, error) {
	f.By, f.Channel = "", string(probes.Phone)
	return memo(v, "calls "+string(by)+"?"+f.key(), func() (stats.CallReport, error) {
		made, err := stats.CallsAt(v.Outcomes, v.found(f), by)
		if err != nil {
			return stats.CallReport{By: by}, err
		}
		return made[0], nil
	})
}

// callReference returns what the calls of the filter's campaign are held against: its own norms, those of the programme where it has
// none that can be read.
func (v *view) callReference(f filter) report.CallReference {
	norms, _ := grid.Profile(grid.DefaultProfile)
	if l := v.launch(f); l != nil {
		if _, own, err := grid.Thaw(l.Grid); err == nil {
			norms = own
		}
	}
	return report.CallReferences(norms)
}

// fillCalls adds the figures of the telephone, the chart of the weeks and the table.
func (p *home) fillCalls(v *view, f filter, by stats.Dimension) error {
	r, err := v.callsOf(f, by)
	if err != nil {
		return err
	}
	weeks, err := v.callsOf(f, stats.ByWeek)
	if err != nil {
		return err
	}
	ref := v.callReference(f)
	p.ChannelName = p.Term("channel", f.Channel)
	p.Figures, p.Beside = p.callCards(&r.All, ref, f), p.callsBeside(&r.All, f)
	if len(weeks.Groups) > 0 {
		p.Weeks = []*weekChart{p.shareChart(weeks.Groups, ref), p.waitChart(weeks.Groups, ref)}
	}
	p.CallTable = p.callTable(r, f)
	p.exports(f, by)
	return nil
}

// callCards are the headline figures of calls, each with what it is made of.
func (p *home) callCards(f *stats.CallFigures, ref report.CallReference, scope filter) []card {
	scope.Lang = p.Asked.Lang
	to := func(item probes.ItemCode, value probes.Value) string {
		x := scope
		x.Item, x.Value = string(item), string(value)
		return x.href("/audits")
	}
	result := func(r stats.Result) string {
		x := scope
		x.Result, x.Sort = string(r), "delay"
		return x.href("/audits")
	}
	of := func(k stats.Proportion) string {
		return p.T("figure.of", "K", p.Int(k.K), "N", p.Int(k.N), "Interval", p.Interval(k.Low, k.High))
	}
	norm := undefined
	if !math.IsNaN(ref.Pickup) {
		norm = p.percent(ref.Pickup, 0)
	}
	tries := undefined
	if !math.IsNaN(f.Tries) {
		tries = p.Decimal(f.Tries, 2)
	}
	return []card{
		{p.T("calls.first"), p.Percent(f.FirstAttempt.Share), of(f.FirstAttempt), to("phone.first-attempt", probes.Yes)},
		{p.T("calls.pickup"), p.Percent(f.Pickup.Share), of(f.Pickup) + " · " + p.T("calls.norm", "Norm", norm), result(stats.Reached)},
		{p.T("calls.wait"), p.Delay(f.Wait), p.T("interval", "Interval", p.DelayInterval(f.WaitLo, f.WaitHi)) + " · " +
			p.T("calls.references", "Old", p.Decimal(ref.Wait2013, 0), "New", p.Decimal(ref.Wait2023, 0)), to("phone.wait", "")},
		{p.T("calls.median"), p.Delay(f.Waits.Median), p.T("interval", "Interval", p.DelayInterval(f.Waits.MedLow, f.Waits.MedHigh)), scope.href("/audits")},
		{p.T("calls.p90"), p.Delay(f.WaitP90), p.T("calls.p90.note"), scope.href("/audits")},
		{p.T("calls.rings", "N", stats.WithinRings), p.Percent(f.InRings.Share), of(f.InRings), to("phone.rings", "")},
		{p.T("calls.dropped"), p.Percent(f.Dropped.Share), of(f.Dropped), to("phone.dropped", probes.Yes)},
		{p.T("calls.asr"), p.Percent(f.ASR.Share), p.T("calls.asr.note", "NER", p.Percent(f.NER.Share), "ABR", p.Percent(f.ABR.Share)), scope.href("/audits")},
		{p.T("calls.busy"), p.Percent(f.Busy.Share), of(f.Busy), to("phone.busy", probes.Yes)},
		{p.T("calls.no-answer"), p.Percent(f.NoAnswer.Share), of(f.NoAnswer), result(stats.Unreached)},
		{p.T("calls.ring"), p.Delay(f.Ring), p.T("calls.ring.note", "Delay", p.Delay(f.DialDelay)), to("phone.ring-time", "")},
		{p.T("calls.tries"), tries, p.N("calls.reached", f.Results[stats.Reached]), result(stats.Reached)},
		{p.T("calls.outside"), p.Percent(f.OutOfHours.Share), of(f.OutOfHours), to("phone.machine-out-of-hours", "")},
	}
}

// callsBeside are the audits by result, those that are in the figures first.
func (p *home) callsBeside(f *stats.CallFigures, scope filter) []link {
	scope.Lang = p.Asked.Lang
	var out []link
	for _, r := range []stats.Result{stats.Reached, stats.Unmanned, stats.PickedUp, stats.Unreached, stats.Spoiled, stats.InDoubt, stats.Waiting} {
		scope.Result = string(r)
		n := p.number(f.Results[r], scope)
		n.Text, n.About = p.N("beside."+slug(string(r)), f.Results[r]), ""
		out = append(out, n)
	}
	return out
}

// callTable makes the figures by group.
func (p *home) callTable(r stats.CallReport, scope filter) *callTable {
	t := &callTable{By: p.T("by." + string(r.By)), LogRank: p.logRank(r.LogRank), Note: p.T("calls.note"),
		Caption: p.T("table.caption", "By", p.T("by."+string(r.By)), "Channel", p.ChannelName),
		Heads: []string{p.T("calls.column.audits"), p.T("calls.column.first"), p.T("calls.column.pickup"), p.T("calls.column.wait"), p.T("column.median"), p.T("column.p90"),
			p.T("calls.rings", "N", stats.WithinRings), p.T("calls.column.busy"), p.T("calls.column.no-answer"), p.T("calls.column.dropped"), "ASR", "NER", "ABR",
			p.T("calls.column.tries"), p.T("column.spoiled"), p.T("calls.column.outside")}}
	scope.Lang = p.Asked.Lang
	for i := range r.Groups {
		g := &r.Groups[i]
		t.Rows = append(t.Rows, p.callRow(g, p.Group(string(r.By), g.Group), scope.with(r.By, g.Group)))
	}
	total := p.callRow(&r.All, p.T("group.all"), scope)
	total.Total = true
	t.Rows = append(t.Rows, total)
	return t
}

func (p *home) callRow(f *stats.CallFigures, name string, to filter) callRow {
	row := callRow{Name: name}
	link := func(value, interval string, change func(*filter)) {
		c := callCell{Value: value, Interval: interval}
		if change != nil && value != undefined && value != p.Int(0) {
			x := to
			change(&x)
			c.URL, c.About = x.href("/audits"), p.about(x)
		}
		row.Cells = append(row.Cells, c)
	}
	item := func(code probes.ItemCode, value probes.Value) func(*filter) {
		return func(x *filter) { x.Item, x.Value = string(code), string(value) }
	}
	share := func(s stats.Proportion, change func(*filter)) {
		interval := ""
		if s.N > 0 {
			interval = p.Interval(s.Low, s.High)
		}
		link(p.Percent(s.Share), interval, change)
	}
	wait := ""
	if !math.IsNaN(f.WaitLo) {
		wait = p.DelayInterval(f.WaitLo, f.WaitHi)
	}
	tries := undefined
	if !math.IsNaN(f.Tries) {
		tries = p.Decimal(f.Tries, 2)
	}
	link(p.Int(f.Counted()), "", func(*filter) {})
	share(f.FirstAttempt, item("phone.first-attempt", probes.Yes))
	share(f.Pickup, func(x *filter) { x.Result = string(stats.Reached) })
	link(p.Delay(f.Wait), wait, item("phone.wait", ""))
	link(p.Delay(f.Waits.Median), "", nil)
	link(p.Delay(f.WaitP90), "", nil)
	link(p.Percent(f.InRings.Share), "", item("phone.rings", ""))
	link(p.Percent(f.Busy.Share), "", item("phone.busy", probes.Yes))
	link(p.Percent(f.NoAnswer.Share), "", func(x *filter) { x.Result = string(stats.Unreached) })
	link(p.Percent(f.Dropped.Share), "", item("phone.dropped", probes.Yes))
	for _, s := range []stats.Proportion{f.ASR, f.NER, f.ABR} {
		link(p.Percent(s.Share), "", nil)
	}
	link(tries, "", nil)
	link(p.Int(f.Results[stats.Spoiled]), "", func(x *filter) { x.Result = string(stats.Spoiled) })
	link(p.Percent(f.OutOfHours.Share), "", item("phone.machine-out-of-hours", ""))
	return row
}

// callFact is a figure of a structure's calls beside its peers'.
type callFact struct{ Name, Own, Interval, Peers, Held string }

// calls puts what the calls to the structure came to beside its peers (kind and band), over all campaigns that the page shows.
func (p *structure) calls(v *view, b *body) {
	own, err := stats.CallsAt(v.Outcomes, b.places, "")
	if err != nil || own[0].All.Counted()+own[0].All.Outside == 0 {
		return // where the figures are wrong the report says why
	}
	of := v.scoped(filter{Kind: b.Kind, Band: b.Band})
	peers, err := v.callsOf(filter{Campaign: of.Campaign, Kind: orNone(b.Kind), Band: orNone(b.Band)}, "")
	if err != nil {
		return
	}
	ref := v.callReference(of)
	f, all := &own[0].All, &peers.All
	share := func(key string, a, b stats.Proportion, held string) {
		p.Calls = append(p.Calls, callFact{p.T(key), p.Percent(a.Share), p.T("figure.of", "K", p.Int(a.K), "N", p.Int(a.N), "Interval", p.Interval(a.Low, a.High)), p.Percent(b.Share), held})
	}
	held := ""
	if !math.IsNaN(ref.Pickup) {
		held = p.T("calls.norm", "Norm", p.percent(ref.Pickup, 0))
	}
	key := "calls.first"
	share(key, f.FirstAttempt, all.FirstAttempt, "")
	key = "calls.pickup"
	share(key, f.Pickup, all.Pickup, held)
	p.Calls = append(p.Calls, callFact{p.T("calls.wait"), p.Delay(f.Wait), p.T("interval", "Interval", p.DelayInterval(f.WaitLo, f.WaitHi)), p.Delay(all.Wait),
		p.T("calls.references", "Old", strconv.Itoa(int(ref.Wait2013)), "New", strconv.Itoa(int(ref.Wait2023)))})
	key = "calls.outside"
	share(key, f.OutOfHours, all.OutOfHours, "")
}

// orNone is the value that asks a list for exactly that group.
func orNone(group string) string {
	if group == "" {
		return none
	}
	return group
}
