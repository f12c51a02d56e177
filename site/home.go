package site

import (
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/stats"
)

// home is the first page.
type home struct {
	frame
	LiveURL                     string // of the page itself
	Campaign                    *campaign
	Campaigns, Channels, Tables []link
	Kept                        []hidden // what the campaign's menu keeps of the URL
	ChannelName                 string
	Figures                     []card
	Beside                      []link // what is left out of the rates, counted beside them
	Programme                   []programmeRow
	All, Sectors                *chart
	LogRank                     string
	Table                       *groupTable
	Weeks                       []*weekChart // of the telephone
	CallTable                   *callTable
	Exports                     []link
}

type hidden struct{ Name, Value string }

// campaign is the head of the page.
type campaign struct {
	Title             string
	Now, Start, End   stamp
	Over              bool
	Speed             string // empty in real time
	Structures        string
	Audits            string
	Done, Total       int
	DoneText          string
	Share             string
	Unmatched, Unsure string
	UnsureURL         string
	Channels          []link // heads of the matrix
	States            []stateRow
	Totals            []link
}

type stateRow struct {
	Name  string
	Cells []link
}

// card is one headline figure.
type card struct{ Name, Value, Note, URL string }

type programmeRow struct {
	Name, Y2013, Y2023, Ours, Interval, URL string
	Why                                     string // there is no figure
}

type groupTable struct {
	Caption, By, LogRank string
	Horizons             []string
	Rows                 []groupRow
}

type groupRow struct {
	Name    string
	Total   bool
	Counted link
	Answers link
	Rates   []rateCell
	Figures []link
	Counts  []link
}

type rateCell struct{ Share, Interval, URL, About string }

func (s *server) home(w http.ResponseWriter, r *http.Request) {
	asked, err := parseFilter(r.URL.Query())
	if err != nil {
		s.problem(w, r, http.StatusBadRequest)
		return
	}
	v := s.views.get()
	f := v.scoped(asked).defaulted()
	f.Result, f.State, f.Mark, f.Item, f.Value, f.Sort, f.Within, f.Page = "", "", "", "", "", "", 0, 1
	p := &home{frame: s.frame(r, asked)}
	p.Here = "home"
	p.Title = p.T("home.title")
	if launch := v.launch(f); launch != nil {
		p.Campaign = p.campaign(v, f, launch)
		p.Live, p.LiveURL = !p.Campaign.Over, asked.href("/")
	}
	if err := p.fill(v, f); err != nil {
		slog.Error("figures failed", "err", err)
		s.problem(w, r, http.StatusInternalServerError)
		return
	}
	s.render(w, r, http.StatusOK, "home", p)
}

// fill adds the figures, the curves and the table.
func (p *home) fill(v *view, f filter) error {
	by := f.By
	if by == "" {
		by = stats.ByKind
	}
	f.By = ""
	if f.Channel == string(probes.Phone) {
		p.choices(v, f, by)
		return p.fillCalls(v, f, by)
	}
	r, err := v.report(f, by)
	if err != nil {
		return err
	}
	sectors, err := v.report(f, stats.BySector)
	if err != nil {
		return err
	}
	p.choices(v, f, by)
	p.ChannelName = p.T("channel.all")
	if f.Channel != "" {
		p.ChannelName = p.Term("channel", f.Channel)
	}
	p.Figures, p.Beside = p.cards(&r.All, f), p.beside(&r.All, f)
	if whole := f; whole.Channel == "" || whole.Channel == string(probes.Mail) {
		whole.Channel, whole.Sector = "", ""
		of := func(c probes.Channel) filter {
			on := whole
			on.Channel = string(c)
			return on
		}
		headlines, err := memo(v, "headlines "+whole.key(), func() ([]report.Headline, error) {
			return report.Headlines(v.Outcomes, &report.Known{Places: func(c probes.Channel) []int32 { return v.found(of(c)) },
				BySector: func(c probes.Channel) (stats.Report, error) { return v.report(of(c), stats.BySector) }})
		})
		if err != nil {
			return err
		}
		p.Programme = p.programme(headlines, f)
	}
	key := p.Lang + "?" + f.key()
	drawn := func(name string, draw func() *chart) *chart {
		c, _ := memo(v, "chart "+name+" "+key, func() (*chart, error) { return draw(), nil })
		return c
	}
	p.All = drawn("all", func() *chart {
		return draw(p.locale, drawing{"all", p.T("chart.all"), p.describe([]stats.Figures{r.All}, []string{p.T("group.all")})},
			[]stats.Figures{r.All}, []string{p.T("group.all")})
	})
	if n := len(sectors.Groups); n > 1 && n <= 4 {
		var names []string
		for _, g := range sectors.Groups {
			names = append(names, p.Group("sector", g.Group))
		}
		p.Sectors = drawn("sectors", func() *chart {
			return draw(p.locale, drawing{"sectors", p.T("chart.sectors"), p.describe(sectors.Groups, names)}, sectors.Groups, names)
		})
		p.LogRank = p.logRank(sectors.LogRank)
	}
	p.Table = p.table(r, f)
	p.exports(f, by)
	return nil
}

// describe says in words what a chart shows, for those who do not see it.
func (p *home) describe(figures []stats.Figures, names []string) string {
	text := p.T("chart.desc")
	for i := range figures {
		text += " " + p.T("chart.desc.group", "Group", names[i], "Day", p.Percent(figures[i].Rates[0].Share),
			"Five", p.Percent(figures[i].Rates[2].Share), "Fifteen", p.Percent(figures[i].Rates[3].Share))
	}
	return text
}

func (p *home) logRank(r stats.LogRank) string {
	if r.DF == 0 || math.IsNaN(r.P) {
		return ""
	}
	return p.T("logrank", "Chi", p.Decimal(r.ChiSq, 2), "DF", r.DF, "P", p.P(r.P))
}

// campaign makes the head: time, progress, and audits by state and channel.
func (p *home) campaign(v *view, f filter, l *probes.Launch) *campaign {
	now := l.Timeline.Campaign(v.At)
	c := &campaign{Title: l.Title, Now: p.stamp(now), Start: p.stamp(l.Timeline.Start), End: p.stamp(l.End),
		Structures: p.N("structures", l.Structure), Audits: p.N("audits", l.Audits), Unmatched: p.N("unmatched", v.Unmatched)}
	if c.Title == "" {
		c.Title = l.Campaign
	}
	if l.Timeline.Speed > 1 {
		c.Speed = p.T("campaign.speed", "N", p.Int(int(l.Timeline.Speed)))
	}
	scope := filter{Campaign: f.Campaign, Lang: p.Asked.Lang}
	count := map[probes.Status]map[probes.Channel]int{}
	perChannel := map[probes.Channel]int{}
	census := v.census()
	unsure, open := census.unsure[f.Campaign], 0
	for k, n := range census.states {
		if f.Campaign != "" && k.campaign != f.Campaign {
			continue
		}
		if count[k.status] == nil {
			count[k.status] = map[probes.Channel]int{}
		}
		count[k.status][k.channel] += n
		perChannel[k.channel] += n
		switch {
		case k.status == probes.Awaiting:
		case k.status.Ended():
			c.Done += n
			c.Total += n
		default:
			open += n
			c.Total += n
		}
	}
	if f.Campaign == "" {
		for _, n := range census.unsure {
			unsure += n
		}
	}
	c.Over = open == 0 && now.After(l.End)
	c.DoneText = p.T("progress.text", "Done", p.Int(c.Done), "Total", p.Int(c.Total))
	c.Share = p.percent(float64(c.Done)/float64(max(c.Total, 1)), 0)
	if unsure > 0 {
		to := scope
		to.Mark = "unsure"
		c.Unsure, c.UnsureURL = p.N("unsure", unsure), to.href("/audits")
	}
	var channels []probes.Channel
	for _, ch := range probes.Channels {
		if perChannel[ch] > 0 {
			channels = append(channels, ch)
			to := scope
			to.Channel = string(ch)
			c.Channels = append(c.Channels, link{Text: p.Term("channel", string(ch))})
			c.Totals = append(c.Totals, p.number(perChannel[ch], to))
		}
	}
	for _, st := range probes.Statuses {
		if count[st] == nil {
			continue
		}
		row := stateRow{Name: p.Term("state", string(st))}
		for _, ch := range channels {
			to := scope
			to.Channel, to.State = string(ch), string(st)
			row.Cells = append(row.Cells, p.number(count[st][ch], to))
		}
		c.States = append(c.States, row)
	}
	return c
}

// number is a count that leads to its audits; a zero leads nowhere.
func (p *frame) number(n int, to filter) link {
	l := link{Text: p.Int(n)}
	if n > 0 {
		l.URL, l.About = to.href("/audits"), p.about(to)
	}
	return l
}

// about names the audits that a filter finds, for those who hear a number without the table around it.
func (l *locale) about(f filter) string {
	var parts []string
	add := func(s string) { parts = append(parts, s) }
	for _, d := range []struct{ name, value string }{{"kind", f.Kind}, {"sector", f.Sector}, {"band", f.Band}, {"region", f.Region}, {"week", f.Week}} {
		switch d.value {
		case "":
		case none:
			add(l.T("group.none"))
		default:
			add(l.Group(d.name, d.value))
		}
	}
	if f.Channel != "" && f.Channel != anyChannel {
		add(l.Term("channel", f.Channel))
	}
	if f.State != "" {
		add(l.T("by.state") + nbsp + l.Term("state", f.State))
	}
	if f.Result != "" {
		add(l.Term("result", f.Result))
	}
	if f.Mark != "" {
		add(l.Term("mark", f.Mark))
	}
	if f.Item != "" {
		add(l.item(&f))
	}
	if f.Within > 0 {
		add(l.T("figure.within", "Delay", l.Horizon(f.Within)))
	}
	if len(parts) == 0 {
		return l.T("group.all")
	}
	return strings.Join(parts, ", ")
}

// cards are the headline figures, each with what it is made of.
func (p *home) cards(f *stats.Figures, scope filter) []card {
	scope.Lang = p.Asked.Lang
	to := func(change func(*filter)) string {
		x := scope
		change(&x)
		return x.href("/audits")
	}
	var out []card
	for _, r := range f.Rates {
		out = append(out, card{p.T("figure.within", "Delay", p.Horizon(r.Within)), p.Percent(r.Share),
			p.T("interval", "Interval", p.Interval(r.Low, r.High)), to(func(x *filter) { x.Within = r.Within })})
	}
	counted := to(func(x *filter) { x.Result = counted; x.Sort = "delay" })
	answered := to(func(x *filter) { x.Result = string(stats.Answered); x.Sort = "delay" })
	share := func(k stats.Proportion) string {
		return p.T("figure.of", "K", p.Int(k.K), "N", p.Int(k.N), "Interval", p.Interval(k.Low, k.High))
	}
	return append(out,
		card{p.T("figure.median"), p.Delay(f.Median), p.T("interval", "Interval", p.DelayInterval(f.MedLow, f.MedHigh)), counted},
		card{p.T("figure.p90"), p.Delay(f.P90), p.T("figure.p90.note"), counted},
		card{p.T("figure.answered-median"), p.Delay(f.AnsweredMedian), p.N("figure.answers", f.Results[stats.Answered]), answered},
		card{p.T("figure.worked-median"), p.Delay(f.WorkedMedian), p.Days("figure.working-days", f.DaysMedian), answered},
		card{p.T("figure.acked"), p.Percent(f.Acked.Share), share(f.Acked), to(func(x *filter) { x.Mark = "acknowledged" })},
		card{p.T("figure.polite"), p.Percent(f.Polite.Share), share(f.Polite), to(func(x *filter) { x.Mark = "polite" })},
	)
}

// beside are the counts printed beside the rates: what is in the denominator and what is left out of it.
func (p *home) beside(f *stats.Figures, scope filter) []link {
	scope.Lang = p.Asked.Lang
	scope.Result = counted
	out := []link{{Text: p.N("beside.counted", f.Counted()), URL: scope.href("/audits")}}
	for _, r := range stats.Results {
		if r == stats.Answered || r == stats.Silent {
			continue
		}
		if f.Results[r] == 0 && slices.Contains([]stats.Result{stats.Reached, stats.Unmanned, stats.PickedUp, stats.Unreached}, r) {
			continue // of another channel, which has figures of its own
		}
		scope.Result = string(r)
		n := p.number(f.Results[r], scope)
		n.Text, n.About = p.N("beside."+slug(string(r)), f.Results[r]), ""
		out = append(out, n)
	}
	return out
}

// programme sets the reference programme's figures beside ours.
func (p *home) programme(headlines []report.Headline, scope filter) (out []programmeRow) {
	for i := range headlines {
		h := &headlines[i]
		to, err := parseFilter(h.Audits)
		if err != nil {
			continue // a link that the list of audits does not take is no link: a test holds that there is none
		}
		to.Campaign, to.Kind, to.Band, to.Region, to.Lang = scope.Campaign, scope.Kind, scope.Band, scope.Region, p.Asked.Lang
		row := programmeRow{Name: p.T("programme." + h.Key), Y2013: p.published(h, h.Y2013), Y2023: p.published(h, h.Y2023), Ours: p.headline(h, h.Value)}
		if h.N > 0 {
			row.URL = to.href("/audits")
			if !math.IsNaN(h.Low) {
				row.Interval = p.T("interval", "Interval", p.headline(h, h.Low)+" – "+p.headline(h, h.High))
			}
		} else {
			row.Why = p.T("programme.none", "Channel", p.T("channel."+string(h.Channel)))
		}
		out = append(out, row)
	}
	return out
}

// headline writes a value in the figure's unit.
func (p *home) headline(h *report.Headline, x float64) string {
	if h.Unit == "" || math.IsNaN(x) {
		return p.Percent(x)
	}
	return p.Decimal(x, 1) + nbsp + h.Unit
}

func (p *home) published(h *report.Headline, x report.Published) string {
	switch {
	case x.Trend != "":
		return p.T("programme." + x.Trend)
	case math.IsNaN(x.Value):
		return undefined
	case h.Unit != "":
		return p.Decimal(x.Value, 0) + nbsp + h.Unit
	case x.About:
		return "≈" + nbsp + p.percent(x.Value, 0)
	}
	return p.percent(x.Value, 0)
}

// table makes the figures by group, the total last.
func (p *home) table(r stats.Report, scope filter) *groupTable {
	t := &groupTable{By: p.T("by." + string(r.By)), LogRank: p.logRank(r.LogRank),
		Caption: p.T("table.caption", "By", p.T("by."+string(r.By)), "Channel", p.ChannelName)}
	for _, h := range stats.Horizons {
		t.Horizons = append(t.Horizons, "≤"+nbsp+p.Horizon(h))
	}
	scope.Lang = p.Asked.Lang
	for i := range r.Groups {
		g := &r.Groups[i]
		t.Rows = append(t.Rows, p.row(g, p.Group(string(r.By), g.Group), scope.with(r.By, g.Group)))
	}
	total := p.row(&r.All, p.T("group.all"), scope)
	total.Total = true
	t.Rows = append(t.Rows, total)
	return t
}

func (p *home) row(f *stats.Figures, name string, to filter) groupRow {
	of := func(change func(*filter)) filter {
		x := to
		change(&x)
		return x
	}
	result := func(r stats.Result) filter { return of(func(x *filter) { x.Result = string(r) }) }
	answered := of(func(x *filter) { x.Result = string(stats.Answered); x.Sort = "delay" }).href("/audits")
	all := of(func(x *filter) { x.Result = counted; x.Sort = "delay" }).href("/audits")
	row := groupRow{Name: name, Counted: p.number(f.Counted(), of(func(x *filter) { x.Result = counted })),
		Answers: p.number(f.Results[stats.Answered], result(stats.Answered)),
		Figures: []link{{Text: p.Delay(f.Median), URL: all}, {Text: p.Delay(f.P90), URL: all},
			{Text: p.Delay(f.AnsweredMedian), URL: answered}, {Text: p.Delay(f.WorkedMedian), URL: answered},
			{Text: p.Percent(f.Acked.Share), URL: of(func(x *filter) { x.Mark = "acknowledged" }).href("/audits")}}}
	for i, head := range []string{"column.median", "column.p90", "column.answered-median", "column.worked-median", "column.acked"} {
		if x := &row.Figures[i]; x.Text == undefined {
			x.URL = ""
		} else {
			x.About = name + ", " + p.T(head)
		}
	}
	for _, r := range f.Rates {
		cell := rateCell{Share: p.Percent(r.Share)}
		if !math.IsNaN(r.Share) {
			within := of(func(x *filter) { x.Within = r.Within })
			cell.Interval, cell.URL, cell.About = p.Interval(r.Low, r.High), within.href("/audits"), p.about(within)
		}
		row.Rates = append(row.Rates, cell)
	}
	for _, r := range []stats.Result{stats.Unreachable, stats.Spoiled, stats.InDoubt, stats.Waiting} {
		row.Counts = append(row.Counts, p.number(f.Results[r], result(r)))
	}
	return row
}

// choices are the links to other dimensions, channels and campaigns.
func (p *home) choices(v *view, f filter, by stats.Dimension) {
	for _, d := range stats.Dimensions {
		to := p.Asked
		to.By = d
		p.Tables = append(p.Tables, link{Text: p.T("by." + string(d)), URL: to.href("/") + "#table", Current: d == by})
	}
	for _, ch := range slices.Concat([]string{anyChannel}, text(probes.Channels[:])) {
		to := p.Asked
		to.Channel = ch
		p.Channels = append(p.Channels, link{Text: p.T("channel." + ch), URL: to.href("/"), Current: ch == f.Channel || ch == anyChannel && f.Channel == ""})
	}
	if len(v.Launches) < 2 {
		return
	}
	for _, l := range v.Launches {
		to := p.Asked
		to.Campaign = l.Campaign
		title := l.Title
		if title == "" {
			title = l.Campaign
		}
		p.Campaigns = append(p.Campaigns, link{Text: title, URL: to.href("/"), Current: l.Campaign == f.Campaign})
	}
}

// exports are the same figures for programs.
func (p *home) exports(f filter, by stats.Dimension) {
	api := filter{Campaign: f.Campaign, Channel: p.Asked.Channel, By: by}
	p.Exports = []link{{Text: p.T("export.csv"), URL: "/outcomes.csv"}, {Text: p.T("export.parquet"), URL: "/outcomes.parquet"},
		{Text: p.T("export.ndjson"), URL: "/api/v1/outcomes"}, {Text: p.T("export.report"), URL: api.href("/api/v1/report")},
		{Text: p.T("export.metrics"), URL: "/metrics"}}
}
