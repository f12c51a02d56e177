package site

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/control"
	"github.com/sonde-fleet/sonde/probes"
)

// planning is the page on which a timetable is looked at before anybody is contacted.
type planning struct {
	frame
	Prober    string
	Probers   []option
	Fault     string
	Fields    []field
	Changed   bool
	Figures   []planFigure
	Maps      []heat
	Conflicts []conflictRow
	More      string
	Kinds     []planFigure
	Files     []fact
	Launch    string // where the order to launch is confirmed; empty: the campaign was launched, or the visitor may not
	Launched  bool
	Title2    string
}

// field is one input of the what-if.
type field struct{ Name, Label, Type, Value, File string }

type planFigure struct{ Name, File, Value, Change string }

type conflictRow struct{ Structure, URL, Channel, Wave, Kind, Audits, Text string }

// heat is a calendar of how many audits are due, as a picture and as a table.
type heat struct {
	ID, Title, Desc string
	Columns         []string
	Rows            []heatRow
	Width, Height   int
	Max             string
}

type heatRow struct {
	Name  string
	Y     int
	Cells []heatCell
}

type heatCell struct {
	N, Title string
	X, Y     int
	Step     int // 0 to 4
}

const (
	heatCellW = 44
	heatCellH = 26
	heatLeft  = 120
	heatTop   = 24
	heatSteps = 4
)

// planFields are the parameters of the what-if.
var planFields = [...]struct{ name, kind string }{{"start", "date"}, {"end", "date"}, {"structure_per_day", "number"}, {"domain_per_hour", "number"},
	{"persona_per_hour", "number"}, {"per_hour", "number"}}

var errPlanField = errors.New("not a number, zero or more")

func whatIf(q url.Values) (w control.WhatIf, changed bool, err error) {
	w.Start, w.End = strings.TrimSpace(q.Get("start")), strings.TrimSpace(q.Get("end"))
	for name, at := range map[string]**int{"structure_per_day": &w.StructurePerDay, "domain_per_hour": &w.DomainPerHour, "persona_per_hour": &w.PersonaPerHour, "per_hour": &w.PerHour} {
		v := strings.TrimSpace(q.Get(name))
		if v == "" {
			continue
		}
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			return w, false, fmt.Errorf("%s: %q: %w", name, v, errPlanField)
		}
		*at = &n
	}
	return w, w != control.WhatIf{}, nil
}

func (s *server) planPage(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p := &planning{frame: s.frame(r, filter{Lang: q.Get("lang")}), Prober: q.Get("prober")}
	p.Here, p.Title = "plan", p.T("plan.title")
	p.alternate(r, func(lang string) string { x := maps.Clone(q); x.Set("lang", lang); return "/plan?" + x.Encode() })
	if len(s.fleet.probers) == 0 {
		p.Fault = p.T("order.no-prober")
		s.render(w, r, http.StatusOK, "plan", p)
		return
	}
	if p.Prober == "" {
		p.Prober = s.fleet.probers[0].Name
	}
	for _, x := range s.fleet.probers {
		p.Probers = append(p.Probers, option{x.Name, x.Name, x.Name == p.Prober})
	}
	prober, ok := s.fleet.find(p.Prober)
	if !ok {
		s.problem(w, r, http.StatusNotFound)
		return
	}
	change, changed, err := whatIf(q)
	if err == nil {
		p.Changed = changed
		err = p.preview(r.Context(), prober, change)
	}
	if err != nil {
		slog.Info("preview failed", "prober", prober.Name, "err", err)
		p.Fault = err.Error()
	}
	for _, f := range planFields {
		if !slices.ContainsFunc(p.Fields, func(x field) bool { return x.Name == f.name }) {
			p.Fields = append(p.Fields, field{Name: f.name, Label: p.T("plan." + f.name), Type: f.kind})
		}
	}
	for i := range p.Fields {
		p.Fields[i].Value = q.Get(p.Fields[i].Name)
	}
	for _, a := range s.fleet.ask(r.Context()) {
		if a.Prober != p.Prober || a.Status == nil {
			continue
		}
		p.Launched = !a.Status.AwaitingLaunch && a.Status.Campaign != ""
		if a.Status.AwaitingLaunch && p.Fault == "" && !p.Changed && s.pen != nil && access.From(r.Context()).May(access.Operate) {
			var hashes []string
			for _, f := range p.Files {
				hashes = append(hashes, f.URL)
			}
			p.Launch = orderURL(p.Asked.Lang, "/campaigns", "do", doLaunch, "prober", p.Prober, "campaign", a.Status.Campaign, "files", strings.Join(hashes, " "))
		}
	}
	for i := range p.Files {
		p.Files[i].URL = ""
	}
	s.render(w, r, http.StatusOK, "plan", p)
}

// preview asks the prober for the timetable of its files, and for that of the change beside it.
func (p *planning) preview(ctx context.Context, prober Prober, change control.WhatIf) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	base, err := prober.Client.Plan(ctx, control.WhatIf{})
	if err != nil {
		return err
	}
	p.Title2 = base.Title
	shown := base
	if p.Changed {
		if shown, err = prober.Client.Plan(ctx, change); err != nil {
			return err
		}
	}
	p.fields(base)
	p.figures(base, shown)
	for _, f := range base.Files {
		p.Files = append(p.Files, fact{Name: f.Name, Value: string(f.SHA256), URL: string(f.SHA256)})
	}
	p.Maps = append(p.Maps, p.weeks(shown), p.hours(shown))
	for _, c := range shown.Conflicts[:min(len(shown.Conflicts), 100)] {
		p.Conflicts = append(p.Conflicts, conflictRow{string(c.Structure), structurePath(c.Structure), p.Term("channel", string(c.Channel)), c.Wave,
			p.Term("conflict", c.Kind), p.Int(c.Audits), c.Text})
	}
	if n := shown.ConflictN - len(p.Conflicts); n > 0 {
		p.More = p.N("plan.more", n)
	}
	for _, k := range slices.Sorted(maps.Keys(shown.Kinds)) {
		p.Kinds = append(p.Kinds, planFigure{Name: p.Term("conflict", k), Value: p.Int(shown.Kinds[k])})
	}
	return nil
}

func (p *planning) fields(base *control.Plan) {
	no := func(n int) string {
		if n == 0 {
			return p.T("plan.no-cap")
		}
		return p.Int(n)
	}
	values := map[string]string{"start": base.Start, "end": base.End, "structure_per_day": no(base.Caps.StructurePerDay), "domain_per_hour": no(base.Caps.DomainPerHour),
		"persona_per_hour": no(base.Caps.PersonaPerHour), "per_hour": no(base.Caps.PerHour)}
	for _, f := range planFields {
		p.Fields = append(p.Fields, field{Name: f.name, Label: p.T("plan." + f.name), Type: f.kind, File: values[f.name]})
	}
}

func (p *planning) figures(base, shown *control.Plan) {
	add := func(name string, a, b int) {
		f := planFigure{Name: name, File: p.Int(a), Value: p.Int(b)}
		if a != b {
			f.Change = p.Int(b - a)
			if b > a {
				f.Change = "+" + f.Change
			}
		}
		p.Figures = append(p.Figures, f)
	}
	add(p.T("plan.audits"), base.Audits, shown.Audits)
	add(p.T("plan.missing"), base.Missing, shown.Missing)
	add(p.T("plan.days"), busy(base), busy(shown))
	add(p.T("plan.busiest"), busiest(base), busiest(shown))
	add(p.T("plan.busiest-hour"), busiestHour(base), busiestHour(shown))
	for _, ch := range probes.Channels {
		if base.Channels[ch]+shown.Channels[ch] > 0 {
			name := p.Term("channel", string(ch))
			if slices.Contains(base.Awaiting, ch) {
				name += " (" + p.Term("state", string(probes.Awaiting)) + ")"
			}
			add(name, base.Channels[ch], shown.Channels[ch])
		}
	}
}

func total(d control.Day) (n int) {
	for _, x := range d.Hours {
		n += x
	}
	return n
}

func busy(p *control.Plan) (n int) {
	for _, d := range p.Days {
		if total(d) > 0 {
			n++
		}
	}
	return n
}

func busiest(p *control.Plan) (n int) {
	for _, d := range p.Days {
		n = max(n, total(d))
	}
	return n
}

func busiestHour(p *control.Plan) (n int) {
	for _, d := range p.Days {
		n = max(n, slices.Max(d.Hours[:]))
	}
	return n
}

// heat draws a table of counts. A cell has its number and one of five tints, so that it is read without colour.
func (p *planning) heat(id, title string, columns, names []string, counts [][]int) heat {
	most := 1
	for _, row := range counts {
		for _, n := range row {
			most = max(most, n)
		}
	}
	h := heat{ID: id, Title: title, Columns: columns, Width: heatLeft + len(columns)*heatCellW, Height: heatTop + len(names)*heatCellH + 4, Max: p.Int(most)}
	for i, row := range counts {
		out := heatRow{Name: names[i], Y: heatTop + i*heatCellH + 18}
		for k, n := range row {
			c := heatCell{X: heatLeft + k*heatCellW, Y: heatTop + i*heatCellH, Title: names[i] + ", " + columns[k] + ": " + p.N("audits", max(n, 0))}
			if n > 0 {
				c.N, c.Step = p.Int(n), min(1+(n*heatSteps-1)/most, heatSteps)
			}
			if n < 0 {
				c.Title = "" // outside the window
			}
			out.Cells = append(out.Cells, c)
		}
		h.Rows = append(h.Rows, out)
	}
	h.Desc = p.T("plan.heat.desc", "Max", h.Max)
	return h
}

// weeks is weeks × weekdays.
func (p *planning) weeks(plan *control.Plan) heat {
	var names []string
	var counts [][]int
	for _, d := range plan.Days {
		t, err := time.Parse(time.DateOnly, d.Date)
		if err != nil {
			continue
		}
		year, week := t.ISOWeek()
		name := fmt.Sprintf("%d-W%02d", year, week)
		if len(names) == 0 || names[len(names)-1] != name {
			names, counts = append(names, name), append(counts, []int{-1, -1, -1, -1, -1, -1, -1})
		}
		counts[len(counts)-1][(int(t.Weekday())+6)%7] = total(d)
	}
	return p.heat("weeks", p.T("plan.weeks"), p.weekdays(), names, counts)
}

// hours is weekdays × hours.
func (p *planning) hours(plan *control.Plan) heat {
	var counts [7][24]int
	from, to := 23, 0
	for _, d := range plan.Days {
		t, err := time.Parse(time.DateOnly, d.Date)
		if err != nil {
			continue
		}
		for h, n := range d.Hours {
			counts[(int(t.Weekday())+6)%7][h] += n
			if n > 0 {
				from, to = min(from, h), max(to, h)
			}
		}
	}
	var columns []string
	for h := from; h <= to; h++ {
		columns = append(columns, p.T("unit.hour-of-day", "N", h))
	}
	rows := make([][]int, 0, 7)
	for i := range counts {
		rows = append(rows, counts[i][from:max(to+1, from)])
	}
	return p.heat("hours", p.T("plan.hours", "Zone", plan.Zone), columns, p.weekdays(), rows)
}

func (l *locale) weekdays() (names []string) {
	for i := 1; i <= 7; i++ {
		names = append(names, l.T("weekday."+strconv.Itoa(i)))
	}
	return names
}

// HeatX is where the head of a column stands, for the template.
func (p *planning) HeatX(i int) int { return heatLeft + i*heatCellW + heatCellW/2 }

func itoa(n uint64) string { return strconv.FormatUint(n, 10) }
