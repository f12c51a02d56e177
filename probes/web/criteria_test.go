package web

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/web/finding"
	"github.com/sonde-fleet/sonde/probes/web/item"
)

// TestItemsAreThoseOfTheGrid holds that every item of the grid that a visit shows is noted, and nothing else is: the
// information items, and the criteria that docs/rgaa.md says our rules can fail or ask a person about.
func TestItemsAreThoseOfTheGrid(t *testing.T) {
	doc, err := os.ReadFile(rgaaDoc)
	if err != nil {
		t.Fatal(err)
	}
	want := map[probes.ItemCode]grid.Observer{}
	for _, code := range item.Items() {
		want[code] = grid.Agent
	}
	for _, m := range regexp.MustCompile(`(?m)^\| (\d+\.\d+) \|[^|]*\|[^|]*\| (failed automatically|asks a human) \|`).FindAllSubmatch(doc, -1) {
		who := grid.Agent
		if string(m[2]) == "asks a human" {
			who = grid.Both
		}
		want[probes.ItemCode(criterionItem+string(m[1]))] = who
	}
	got := map[probes.ItemCode]grid.Observer{}
	for _, i := range grid.Current().Items {
		if i.Channel == probes.Web && i.How == grid.Observed {
			got[i.Code] = i.Observer
		}
	}
	for code, who := range want {
		if got[code] != who {
			t.Errorf("%s is observed by %q in the grid, by %q in fact", code, got[code], who)
		}
	}
	for code := range got {
		if want[code] == "" {
			t.Errorf("%s of the grid is noted by nothing", code)
		}
	}
	if n := len(judgeCriteria(nil, 1, true)); n != 74 || len(want) != 174 {
		t.Errorf("%d criteria of %d items", n, len(want))
	}
}

// TestCriterionIsNoOnlyForSure holds what is said of a criterion: no where a failure is certain, nothing where there are doubts
// or too little was looked at, yes otherwise.
func TestCriterionIsNoOnlyForSure(t *testing.T) {
	s := &session{criteria: map[string]*breach{}}
	for _, f := range []finding.Finding{
		{Page: "/a", Rule: "alt", Outcome: finding.Review, Criteria: []string{"RGAA4.1:1.1"}},
		{Page: "/b", Rule: "alt", Outcome: finding.Failed, Criteria: []string{"RGAA4.1:1.1", "WCAG22:1.1.1"}},
		{Page: "/b", Rule: "empty-alt", Outcome: finding.Failed, Criteria: []string{"RGAA4.1:1.1"}},
		{Page: "/c", Rule: "alt", Outcome: finding.Failed, Criteria: []string{"RGAA4.1:1.1"}},
		{Page: "/a", Rule: "contrast", Outcome: finding.Review, Criteria: []string{"RGAA4.1:3.2"}},
		{Page: "/a", Rule: "uncovered", Outcome: finding.Failed, Criteria: []string{"RGAA4.1:1.2.3"}},
	} {
		s.breaks(&f)
	}
	said := func(whole int, compared bool) map[string]*Item {
		out := map[string]*Item{}
		for _, x := range judgeCriteria(s.criteria, whole, compared) {
			if x.Type != "item" || x.Rule == "" || x.Passage == "" {
				t.Errorf("%+v", x)
			}
			out[strings.TrimPrefix(string(x.Item), criterionItem)] = x
		}
		return out
	}
	got := said(3, true)
	if x := got["1.1"]; x == nil || x.Value != probes.No || x.Page != "/b" || x.Rule != "alt" || x.Passage != "3 on 2 pages, first on /b" {
		t.Errorf("1.1: %+v", x)
	}
	if x := got["3.2"]; x != nil {
		t.Errorf("3.2, where there are doubts alone: %+v", x)
	}
	if x := got["12.1"]; x == nil || x.Value != probes.Yes {
		t.Errorf("12.1: %+v", x)
	}
	if len(got) != 73 {
		t.Errorf("%d criteria are judged, not 73", len(got))
	}
	alone := said(1, false)
	if x := alone["12.1"]; x != nil || len(alone) != 73-len(sitewide) {
		t.Errorf("12.1 of one page: %+v, %d criteria", x, len(alone))
	}
	if none := said(0, false); len(none) != 1 || none["1.1"] == nil {
		t.Errorf("no page was looked at as a whole: %v", slices.Sorted(maps.Keys(none)))
	}
}
