package web

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/internal/fold"
	"github.com/sonde-fleet/sonde/probes/web/finding"
	"github.com/sonde-fleet/sonde/probes/web/item"
	"github.com/sonde-fleet/sonde/probes/web/sample"
)

// sitewide are the rules that no page breaks by itself: what a set of pages owes its readers.
var sitewide = []finding.Rule{
	{ID: "sonde-one-way", Impact: finding.Moderate, Criteria: []string{"RGAA4.1:12.1", "WCAG22:2.4.5"},
		Title: finding.Text{EN: "The site has neither a search nor a site map beside its menu", FR: "Le site n’a ni moteur de recherche ni plan en plus de son menu"},
		Mend:  finding.Text{EN: "offer a second way of finding pages: a search or a site map", FR: "proposer un second système de navigation : moteur de recherche ou plan du site"}},
	{ID: "sonde-site-map-somewhere", Impact: finding.Minor, Criteria: []string{"RGAA4.1:12.4"},
		Title: finding.Text{EN: "The site map is linked on some pages and not on this one", FR: "Le plan du site est accessible depuis certaines pages mais pas depuis celle-ci"},
		Mend:  finding.Text{EN: "link the site map on every page in the same place", FR: "donner accès au plan du site depuis chaque page, au même endroit"}},
	{ID: "sonde-search-somewhere", Impact: finding.Minor, Criteria: []string{"RGAA4.1:12.5"},
		Title: finding.Text{EN: "The search is on some pages and not on this one", FR: "La recherche est présente sur certaines pages mais pas sur celle-ci"},
		Mend:  finding.Text{EN: "offer the search on every page in the same place", FR: "proposer la recherche sur chaque page, au même endroit"}},
	{ID: "sonde-menu-order", Impact: finding.Moderate, Criteria: []string{"RGAA4.1:12.2", "WCAG22:3.2.3"},
		Title: finding.Text{EN: "The menu stands in another order than on the home page", FR: "Les entrées du menu ne sont pas dans le même ordre que sur l’accueil"},
		Mend:  finding.Text{EN: "keep the order of the menu on all pages", FR: "garder le même ordre du menu sur toutes les pages"}},
}

// smallSite is how many pages a site may have without a second way of finding them.
const smallSite = 8

// setOfPages is how many pages are compared with each other at least.
const setOfPages = 3

// together compares the pages of the site with each other and reports what they break as a set.
func (s *session) together() error {
	pages := s.pages()
	if len(pages) < setOfPages || s.frontier == nil {
		return nil
	}
	var found []finding.Finding
	add := func(id string, v *visit, detail string) {
		i := slices.IndexFunc(sitewide, func(r finding.Rule) bool { return r.ID == id })
		found = append(found, sitewide[i].New(v.line.Page, finding.Failed, "html", "", detail))
	}
	maps, searches := having(pages, item.SiteMapLink), having(pages, item.Search)
	if maps == 0 && searches == 0 && s.frontier.Known() > smallSite {
		add("sonde-one-way", pages[0], fmt.Sprintf("%d pages", s.frontier.Known()))
	}
	for _, x := range []struct {
		rule string
		code item.Code
		on   int
	}{{"sonde-site-map-somewhere", item.SiteMapLink, maps}, {"sonde-search-somewhere", item.Search, searches}} {
		if x.on*2 < len(pages) { // offered on a few pages only: a choice, or another thing of that name
			continue
		}
		for _, v := range pages {
			// The map's own page, and the page of results, need no link to themselves.
			if !item.Has(v.mentions, x.code) && v.pick.Why != sample.SiteMap {
				add(x.rule, v, fmt.Sprintf("on %d of %d pages", x.on, len(pages)))
			}
		}
	}
	home := menu(pages[0])
	for _, v := range pages[1:] {
		if a, b, swapped := disorder(home, menu(v)); swapped {
			add("sonde-menu-order", v, fmt.Sprintf("%q / %q", a, b))
		}
	}
	for i := range found {
		if err := s.found(&found[i], nil); err != nil {
			return err
		}
	}
	return nil
}

func having(pages []*visit, c item.Code) (n int) {
	for _, v := range pages {
		if item.Has(v.mentions, c) {
			n++
		}
	}
	return n
}

// menu lists what the menus of a page lead to, in order; what they name twice is left out.
func menu(v *visit) []string {
	var out []string
	seen := map[string]int{}
	for _, l := range v.seen.Links {
		if key := fold.Text(strings.TrimSpace(l.Text)) + " → " + l.URL; l.Region == "nav" && l.Text != "" {
			seen[key]++
			out = append(out, key)
		}
	}
	return slices.DeleteFunc(out, func(k string) bool { return seen[k] > 1 })
}

// disorder finds two entries that stand in another order in b than in a.
func disorder(a, b []string) (first, second string, swapped bool) {
	at := map[string]int{}
	for i, k := range a {
		at[k] = i
	}
	last, before := -1, ""
	for _, k := range b {
		i, shared := at[k]
		if !shared {
			continue
		}
		if i < last {
			return before, k, true
		}
		last, before = i, k
	}
	return "", "", false
}
