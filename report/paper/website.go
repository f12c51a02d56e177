package paper

import (
	"cmp"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/web/finding"
	"github.com/sonde-fleet/sonde/score"
	"github.com/sonde-fleet/sonde/stats"
)

// errNotShown says that the reader may not see evidence.
var errNotShown = errors.New("evidence is not shown to this reader")

// How many kinds of barriers and how many places of one are told.
const (
	maxBarriers = 25
	maxPages    = 60
)

// website is a visit of the structure's site.
type website struct {
	ID, Title, Facts string
	Pages            []visited
	MorePages        string
	Barriers         []barrier
	MoreBarriers     string
	Criteria         []criterion
	Audit            ref
	Hidden           bool // what was found is not shown to this reader
}

type visited struct{ Address, Why, Result, Barriers, Doubts string }

type barrier struct {
	Message, Mend, Criteria, Impact, Count, Pages string
	n                                             int
	at                                            map[string]bool
}

type criterion struct{ Name, Mend, Code string }

func (d *doc) website(o *stats.Outcome, events []probes.Event) website {
	s := website{ID: "audit-" + d.Int(o.Number), Title: d.T("website.title", "N", d.Int(o.Number), "At", d.Minute(o.Sent)), Audit: ref{Text: string(o.ID), URL: d.linked(o.ID)},
		Facts: d.T("website.facts", "Pages", d.N("website.pages", o.Pages), "Barriers", d.N("website.barriers", o.Barriers), "Doubts", d.N("website.doubts", o.Doubts),
			"Criteria", d.N("website.criteria", o.Criteria))}
	byRule := map[string]*barrier{}
	for i := range events {
		e := &events[i]
		if e.Kind != probes.WebPage && e.Kind != probes.WebVisited {
			continue
		}
		if e.Kind == probes.WebPage {
			s.Pages = append(s.Pages, visited{e.Detail["page"], d.Term("why", e.Detail["why"]), d.Term("page", e.Detail["result"]), cmp.Or(e.Detail["failed"], undefined),
				cmp.Or(e.Detail["review"], undefined)})
		}
		k := slices.IndexFunc(e.Evidence, func(x probes.Evidence) bool { return strings.HasSuffix(x.Name, ".findings.json") })
		if k < 0 {
			continue
		}
		raw, err := d.evidence(e.Evidence[k].SHA256)
		if err != nil {
			s.Hidden = true
			continue
		}
		var list []finding.Finding
		if err := json.Unmarshal(raw, &list); err != nil {
			slog.Info("findings cannot be read", "sha256", e.Evidence[k].SHA256, "err", err)
			continue
		}
		for f := range list {
			d.gather(byRule, &list[f])
		}
	}
	if n := len(s.Pages) - maxPages; n > 0 {
		s.Pages, s.MorePages = s.Pages[:maxPages], d.N("website.more-pages", n)
	}
	for _, b := range byRule {
		b.Count, b.Pages = d.Int(b.n), d.Int(len(b.at))
		s.Barriers = append(s.Barriers, *b)
	}
	slices.SortFunc(s.Barriers, func(a, b barrier) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.Message, b.Message)) })
	if n := len(s.Barriers) - maxBarriers; n > 0 {
		s.Barriers, s.MoreBarriers = s.Barriers[:maxBarriers], d.N("website.more-barriers", n)
	}
	for _, p := range score.Points(d.in.Sheet.Grid, d.in.Sheet.Norms, o) {
		if strings.HasPrefix(string(p.Item.Code), "web.rgaa.") && p.State == score.Seen && p.Points == 0 {
			s.Criteria = append(s.Criteria, criterion{broken(p.Item.Name.In(d.french)), p.Item.Mend.In(d.french), strings.TrimPrefix(string(p.Item.Code), "web.rgaa.")})
		}
	}
	return s
}

// broken is what a criterion asks for, out of the statement that no barrier to it was found.
func broken(name string) string {
	for _, cut := range []string{" : ", ": "} {
		if _, asks, ok := strings.Cut(name, cut); ok {
			return asks
		}
	}
	return name
}

// gather counts a certain finding with the others of its rule.
func (d *doc) gather(by map[string]*barrier, f *finding.Finding) {
	if f.Outcome != finding.Failed {
		return
	}
	b := by[f.Rule]
	if b == nil {
		b = &barrier{Message: f.Message, Mend: f.Mend, Criteria: strings.Join(f.Criteria, ", "), Impact: d.Term("impact", string(f.Impact)), at: map[string]bool{}}
		if d.french {
			b.Message, b.Mend = cmp.Or(f.MessageFR, f.Message), cmp.Or(f.MendFR, f.Mend)
		}
		by[f.Rule] = b
	}
	b.n++
	b.at[f.Page] = true
}
