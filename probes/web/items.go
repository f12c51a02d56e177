package web

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/sonde-fleet/sonde/probes/web/browser"
	"github.com/sonde-fleet/sonde/probes/web/item"
	"github.com/sonde-fleet/sonde/probes/web/sample"
)

// items asks the site what its pages do not tell, sums up what they do, and reports an item a line;
// then the criteria of accessibility.
func (s *session) items(ctx context.Context, job Job) error {
	if s.o.Injected || s.end.Result == Blocked || !slices.ContainsFunc(s.visits, (*visit).read) {
		return nil
	}
	m := item.Measured{Now: time.Now().UTC(), Whole: job.Whole}
	if job.Whole {
		s.beyond(ctx, &m)
	}
	for _, r := range item.Site(s.visited(), m, job.Known) {
		line := &Item{Type: "item", Item: r.Item, Value: r.Value, Number: r.Number, Page: r.Page, Selector: r.Mention.Selector, Passage: r.Passage, Rule: string(r.Mention.Code)}
		if err := s.report(line, nil); err != nil {
			return err
		}
	}
	if !job.Whole {
		return nil
	}
	pages, whole := s.pages(), 0
	for _, v := range pages {
		if v.line.Result == Audited {
			whole++
		}
	}
	for _, line := range judgeCriteria(s.criteria, whole, len(pages) >= setOfPages) {
		if err := s.report(line, nil); err != nil {
			return err
		}
	}
	return nil
}

// read says whether the page was read as a page of the site.
func (v *visit) read() bool { return v.line.Result == Audited || v.line.Result == Partial }

// pages are those that were read, the home page first. Pages that only lead on by themselves are left out: nobody stays on
// them.
func (s *session) pages() (out []*visit) {
	for _, v := range s.visits {
		if v.read() && (v.pick.Why != sample.Home || v.line.Page == s.end.Site) {
			out = append(out, v)
		}
	}
	return out
}

// visited are the pages with how far from the home page they are.
func (s *session) visited() []item.Visited {
	pages := s.pages()
	nodes := make([]sample.Node, len(pages))
	for i, v := range pages {
		nodes[i] = sample.Node{Asked: v.pick.URL, URL: v.line.Page, Links: v.seen.Links}
	}
	all := sample.Clicks(nodes, func(sample.Link) bool { return true })
	menus := sample.Clicks(nodes, func(l sample.Link) bool { return l.Region == "nav" })
	var out []item.Visited
	for i, v := range pages {
		depth := all[i]
		if depth < 0 {
			depth = v.pick.Depth
		}
		out = append(out, item.Visited{URL: v.line.Page, Depth: depth, Menu: menus[i], Error: v.pick.Why == sample.Search, Mentions: v.mentions,
			Reading: item.ReadText(v.seen.Text), TTFB: v.timing.TTFB, Loaded: v.timing.DOMContentLoaded, Bytes: v.timing.Bytes})
	}
	return out
}

// thirdParties are the hosts of other owners that a page called as it was loaded, before anybody could consent.
func thirdParties(l *browser.Load) []string {
	own := owner(l.URL)
	out := []string{}
	for _, r := range l.Requests {
		u, err := url.Parse(r.URL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "ws" && u.Scheme != "wss" {
			continue
		}
		if owner(r.URL) != own && !slices.Contains(out, u.Hostname()) && len(out) < 100 {
			out = append(out, u.Hostname())
		}
	}
	slices.Sort(out)
	return out
}

// owner is the name under which a host is registered.
func owner(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	host := strings.ToLower(u.Hostname())
	if name, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return name
	}
	return host
}
