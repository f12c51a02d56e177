package web

import (
	"fmt"
	"strings"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/web/finding"
)

// breach is what was found of one criterion on the pages of a site.
type breach struct {
	failed int // findings that are certain
	rule   string
	page   string // the first on which it fails
	pages  map[string]bool
	review bool // something was found that a person must judge
}

// breaks counts a finding with its criteria.
func (s *session) breaks(f *finding.Finding) {
	for _, key := range f.Criteria {
		b := s.criteria[key]
		if b == nil {
			b = &breach{pages: map[string]bool{}}
			s.criteria[key] = b
		}
		if f.Outcome != finding.Failed {
			b.review = true
			continue
		}
		if b.failed == 0 {
			b.rule, b.page = f.Rule, f.Page
		}
		b.failed++
		b.pages[f.Page] = true
	}
}

// criterionItem is how the codes of the criteria's items begin.
const criterionItem = "web.rgaa."

// judgeCriteria says of each criterion of RGAA that the grid asks for whether a certain failure was found. Where there were doubts
// alone nothing is said: a person must. Nor is a yes where too little was looked at: no page of the sample as a whole, or,
// for what a set of pages owes, no set.
func judgeCriteria(found map[string]*breach, whole int, compared bool) (out []*Item) {
	for _, i := range grid.Current().Items {
		number, ok := strings.CutPrefix(string(i.Code), criterionItem)
		if !ok {
			continue
		}
		switch b := found["RGAA4.1:"+number]; {
		case b != nil && b.failed > 0:
			out = append(out, &Item{Type: "item", Item: i.Code, Value: probes.No, Page: b.page, Rule: b.rule,
				Passage: fmt.Sprintf("%d on %d pages, first on %s", b.failed, len(b.pages), b.page)})
		case b != nil && b.review, whole == 0, ofSets(number) && !compared:
		default:
			out = append(out, &Item{Type: "item", Item: i.Code, Value: probes.Yes, Rule: "no certain failure", Passage: fmt.Sprintf("%d pages", whole)})
		}
	}
	return out
}

// ofSets says whether pages break the criterion only as a set.
func ofSets(number string) bool {
	for i := range sitewide {
		for _, key := range sitewide[i].Criteria {
			if key == "RGAA4.1:"+number {
				return true
			}
		}
	}
	return false
}
