package site

import (
	"cmp"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/web/finding"
	"github.com/sonde-fleet/sonde/stats"
)

// websites is the page of the websites: one row for each visit, the worst first.
type websites struct {
	frame
	Count string
	Rows  []siteRow
}

type siteRow struct {
	Structure, URL, Target                string
	Result, Class, Reason                 string
	Pages, Barriers, Doubts, CriteriaText string
	Bar                                   float64 // width of the bar of barriers, 0 to 100
	Items, Up                             string
	ItemBar                               float64 // share of the items that are there, per cent
	Read                                  bool
}

func (s *server) websites(w http.ResponseWriter, r *http.Request) {
	asked, err := parseFilter(r.URL.Query())
	if err != nil {
		s.problem(w, r, http.StatusBadRequest)
		return
	}
	v := s.views.get()
	p := &websites{frame: s.frame(r, asked)}
	p.Here, p.Title = "websites", p.T("websites.title")
	var list []*stats.Outcome
	most := 1
	for _, i := range v.census().websites {
		o := &v.Outcomes[i]
		if asked.Campaign != "" && o.Campaign != asked.Campaign {
			continue
		}
		list = append(list, o)
		most = max(most, o.Barriers)
	}
	slices.SortStableFunc(list, func(a, b *stats.Outcome) int {
		return cmp.Or(cmp.Compare(b.Criteria, a.Criteria), cmp.Compare(b.Barriers, a.Barriers), cmp.Compare(a.Result, b.Result), cmp.Compare(a.Body.Name, b.Body.Name))
	})
	p.Count = p.N("websites", len(list))
	for _, o := range list {
		row := siteRow{Structure: cmp.Or(o.Body.Name, string(o.Structure)), URL: auditURL(o, p.Asked), Target: o.Target, Result: p.Term("result", string(o.Result)),
			Class: "r-" + slug(string(o.Result)), Reason: o.Reason, Read: o.Result == stats.Visited}
		if row.Read {
			row.Pages, row.Barriers, row.Doubts, row.CriteriaText = p.Int(o.Pages), p.Int(o.Barriers), p.Int(o.Doubts), p.Int(o.Criteria)
			if n := o.ItemsYes + o.ItemsNo; n > 0 {
				row.Items, row.ItemBar = p.T("websites.items", "Yes", p.Int(o.ItemsYes), "All", p.Int(n)), 100*float64(o.ItemsYes)/float64(n)
			}
			if o.Checks > 0 {
				row.Up = p.T("websites.up", "Share", p.Percent(float64(o.ChecksUp)/float64(o.Checks)), "Checks", p.N("websites.checks", o.Checks))
			}
			row.Bar = 100 * float64(o.Barriers) / float64(most)
		}
		p.Rows = append(p.Rows, row)
	}
	s.render(w, r, http.StatusOK, "websites", p)
}

// visited says whether the outcome is of a website that was visited, or that kept us out.
func visited(o *stats.Outcome) bool {
	return o.Channel == probes.Web && o.Result != stats.Waiting && o.Result != stats.Out
}

// barrier is one finding as the story tells it.
type barrier struct {
	N                                   int
	Certain                             bool
	Rule, Impact, Message, Mend, Broken string
	Selector                            string
}

// maxBarriers is how many findings of a page are told; the evidence has them all.
const maxBarriers = 100

// barriers reads the findings of a page from the event's evidence.
func (s *server) barriers(p *story, e *probes.Event) []barrier {
	if e.Kind != probes.WebPage && e.Kind != probes.WebVisited {
		return nil
	}
	i := slices.IndexFunc(e.Evidence, func(x probes.Evidence) bool { return strings.HasSuffix(x.Name, ".findings.json") })
	if i < 0 {
		return nil
	}
	body, err := s.vault.Evidence(e.Evidence[i].SHA256)
	var list []finding.Finding
	if err == nil {
		err = json.Unmarshal(body, &list)
	}
	if err != nil {
		slog.Info("findings cannot be shown", "sha256", e.Evidence[i].SHA256, "err", err)
		return nil
	}
	var out []barrier
	for i, f := range list[:min(len(list), maxBarriers)] {
		b := barrier{N: i + 1, Certain: f.Outcome == finding.Failed, Rule: f.Rule, Impact: p.Term("impact", string(f.Impact)), Message: f.Message, Mend: f.Mend,
			Broken: strings.Join(f.Criteria, ", "), Selector: f.Selector}
		if p.Lang == "fr" {
			b.Message, b.Mend = cmp.Or(f.MessageFR, f.Message), cmp.Or(f.MendFR, f.Mend)
		}
		out = append(out, b)
	}
	return out
}
