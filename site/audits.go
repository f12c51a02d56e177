package site

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// pageRows is how many audits a page of the list shows.
const pageRows = 100

// list is the page of audits.
type list struct {
	frame
	Count  string
	Active []link // the filters in force, each leading to the list without it
	Kept   []hidden
	Menus  []menu
	Heads  []sortHead
	Rows   []auditRow
	pager
	ClearURL string
	Saved    []savedView
	MaySave  bool
	Query    string // of this view
}

// menu is one select of the form.
type menu struct {
	Name, Label string
	Options     []option
}

type option struct {
	Value, Text string
	Selected    bool
}

type sortHead struct{ Text, URL, Sort string } // Sort is the value of aria-sort

type auditRow struct {
	ID, URL                          string
	Structure, StructureURL          string
	Channel, Scenario, State, Result string
	Class                            string // of the result, for the style
	Reason, Delay                    string
	Due                              stamp
}

func (s *server) audits(w http.ResponseWriter, r *http.Request) {
	asked, err := parseFilter(r.URL.Query())
	if err != nil {
		s.problem(w, r, http.StatusBadRequest)
		return
	}
	v := s.views.get()
	asked.By = ""
	f := v.scoped(asked)
	p := &list{frame: s.frame(r, asked)}
	p.Here, p.Title = "audits", p.T("audits.title")
	found := v.found(f)
	p.Count = p.N("audits", len(found))
	p.pager = p.frame.pager(asked.Page, len(found), pageRows, func(page int) string {
		to := p.Asked
		to.Page = page
		return to.href("/audits")
	})
	from := min((asked.Page-1)*pageRows, len(found))
	for _, i := range found[from:min(from+pageRows, len(found))] {
		p.Rows = append(p.Rows, p.auditRow(&v.Outcomes[i]))
	}
	p.form(v)
	p.sorting()
	p.Saved, p.MaySave = s.saved(r)
	p.Query = p.Asked.encode()
	s.render(w, r, http.StatusOK, "audits", p)
}

func (p *list) auditRow(o *stats.Outcome) auditRow {
	of := filter{Structure: string(o.Structure), Lang: p.Asked.Lang}
	name := o.Body.Name
	if name == "" {
		name = string(o.Structure)
	}
	return auditRow{ID: string(o.ID), URL: auditURL(o, p.Asked), Structure: name, StructureURL: of.href("/audits"),
		Channel: p.Term("channel", string(o.Channel)), Scenario: o.Scenario, State: p.Term("state", string(o.Status)),
		Result: p.Term("result", string(o.Result)), Class: "r-" + slug(string(o.Result)), Reason: o.Reason, Delay: p.delay(o), Due: p.stamp(o.Due)}
}

// sorting makes the heads of the columns that sort; a second click turns the order.
func (p *list) sorting() {
	for _, column := range []string{"structure", "due", "delay"} {
		f := p.Asked
		f.Page = 1
		f.Sort = column
		h := sortHead{Text: p.T("column." + column), Sort: "none"}
		switch p.Asked.Sort {
		case column:
			h.Sort = "ascending"
			if column != "structure" {
				f.Sort = "-" + column
			}
		case "-" + column:
			h.Sort = "descending"
		}
		h.URL = f.href("/audits")
		p.Heads = append(p.Heads, h)
	}
}

// form makes the menus from what the snapshot holds, and keeps what has no menu.
func (p *list) form(v *view) {
	f := p.Asked
	sets := v.values()
	for _, m := range []struct {
		name, value string
		values      []string
		term        string
	}{
		{"channel", f.Channel, text(probes.Channels[:]), "channel"},
		{"result", f.Result, append([]string{counted}, text(stats.Results[:])...), "result"},
		{"state", f.State, text(probes.Statuses[:]), "state"},
		{"kind", f.Kind, sets["kind"], ""},
		{"sector", f.Sector, sets["sector"], "sector"},
		{"band", f.Band, sets["band"], ""},
		{"region", f.Region, sets["region"], ""},
		{"week", f.Week, sets["week"], ""},
		{"mark", f.Mark, marks[:], "mark"},
	} {
		one := menu{Name: m.name, Label: p.T("by." + m.name), Options: []option{{"", p.T("menu.any"), m.value == "" || m.value == anyChannel}}}
		for _, x := range m.values {
			o := option{x, x, x == m.value}
			switch {
			case x == "":
				o = option{none, p.T("group.none"), m.value == none}
			case m.term != "":
				o.Text = p.Term(m.term, x)
			}
			one.Options = append(one.Options, o)
		}
		p.Menus = append(p.Menus, one)
	}
	for _, k := range []hidden{{"campaign", f.Campaign}, {"sort", f.Sort}, {"lang", f.Lang}, {"structure", f.Structure}, {"item", f.Item}, {"value", f.Value}} {
		if k.Value != "" {
			p.Kept = append(p.Kept, k)
		}
	}
	if f.Within > 0 {
		p.Kept = append(p.Kept, hidden{"within", strconv.Itoa(int(f.Within.Hours()))})
	}
	p.ClearURL = filter{Lang: f.Lang}.href("/audits")
	p.active()
}

// active lists the filters in force.
func (p *list) active() {
	fields := p.Asked.fields()
	for _, name := range []string{"campaign", "channel", "result", "state", "structure", "kind", "sector", "band", "region", "week", "mark", "q"} {
		value := *fields[name]
		if value == "" {
			continue
		}
		without := p.Asked
		*without.fields()[name] = ""
		without.Page = 1
		shown := value
		switch {
		case value == none:
			shown = p.T("group.none")
		case slices.Contains([]string{"channel", "result", "state", "sector", "mark"}, name):
			shown = p.Term(name, value)
		}
		p.Active = append(p.Active, link{Text: p.T("audits.chip", "Name", p.T("by."+name), "Value", shown), URL: without.href("/audits")})
	}
	if p.Asked.Item != "" {
		without := p.Asked
		without.Item, without.Value, without.Page = "", "", 1
		p.Active = append(p.Active, link{Text: p.item(&p.Asked), URL: without.href("/audits")})
	}
	if p.Asked.Within > 0 {
		without := p.Asked
		without.Within, without.Page = 0, 1
		p.Active = append(p.Active, link{Text: p.T("figure.within", "Delay", p.Horizon(p.Asked.Within)), URL: without.href("/audits")})
	}
}

// item says which item a list is narrowed to, and what it came to.
func (l *locale) item(f *filter) string {
	name := l.Item(probes.ItemCode(f.Item))
	if f.Value == "" {
		return name
	}
	value := map[string]string{string(probes.Yes): "value.true", string(probes.No): "value.false", string(probes.NotApplicable): "value.na"}[f.Value]
	return l.T("audits.chip", "Name", name, "Value", l.T(value))
}

// slug makes a term fit for a key or a class.
func slug(term string) string { return strings.ReplaceAll(term, " ", "-") }

func text[T ~string](terms []T) []string {
	var out []string
	for _, t := range terms {
		out = append(out, string(t))
	}
	return out
}
