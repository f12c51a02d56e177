package web

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sonde-fleet/sonde/probes/web/axe"
	"github.com/sonde-fleet/sonde/probes/web/finding"
)

var rgaaTable = flag.String("rgaa-table", "", "write the coverage of RGAA's criteria to this file")

const rgaaDoc = "../../docs/rgaa.md"

// coverage is which criteria our rules and axe-core's can break, as observed: a rule that only ever asks a person covers a
// criterion no further than that.
type coverage struct {
	mu       sync.Mutex
	outcomes map[string]finding.Outcome
	engine   []axe.Result
}

func (c *coverage) add(list []finding.Finding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range list {
		if f.Engine == finding.Sonde && c.outcomes[f.Rule] != finding.Failed {
			c.outcomes[f.Rule] = f.Outcome
		}
	}
}

// axe asks axe-core for its rules.
func (c *coverage) axe(t *testing.T, s *session) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.engine != nil {
		return
	}
	if err := s.freshTab(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.tab.Load(t.Context(), s.end.Site+"/barrier/sonde-fake-heading"); err != nil {
		t.Fatal(err)
	}
	rules, err := axe.Rules(t.Context(), s.tab)
	if err != nil || len(rules) < 90 {
		t.Fatalf("%d rules of axe-core, %v", len(rules), err)
	}
	c.engine = rules
}

// siteItems are the criteria that an item of the site judges.
var siteItems = map[string]string{"12.1": "web.site-map, web.search", "12.5": "web.search.finds", "12.7": "web.skip-link"}

// table is the coverage of the 106 criteria.
func (c *coverage) table() string {
	certain, doubt := map[string]map[string]bool{}, map[string]map[string]bool{}
	put := func(m map[string]map[string]bool, key, rule string) {
		if m[key] == nil {
			m[key] = map[string]bool{}
		}
		m[key][rule] = true
	}
	for _, r := range Rules() {
		for _, key := range r.Criteria {
			// Rules of a whole site, and those for which no page can be made here, say so in their own tests: they are certain.
			if o, ok := c.outcomes[r.ID]; o == finding.Failed || !ok {
				put(certain, key, r.ID)
			} else {
				put(doubt, key, r.ID)
			}
		}
	}
	for _, r := range c.engine {
		for _, key := range axe.Criteria(r.Tags) {
			put(certain, key, r.ID)
		}
	}
	counts := map[string]int{}
	var rows strings.Builder
	for _, x := range finding.RGAA() {
		how, rules := "not covered", certain[x.Key()]
		switch {
		case len(rules) > 0:
			how = "failed automatically"
		case len(doubt[x.Key()]) > 0:
			how, rules = "asks a human", doubt[x.Key()]
		}
		counts[how]++
		said := strings.Join(slices.Sorted(maps.Keys(rules)), ", ")
		if items := siteItems[x.Number]; items != "" {
			said = strings.TrimPrefix(said+"; items "+items, "; ")
		}
		fmt.Fprintf(&rows, "| %s | %s | %s | %s | %s |\n", x.Number, x.Title.FR, x.Title.EN, how, said)
	}
	return fmt.Sprintf("# Coverage of RGAA 4.1\n\nMade by `go test ./probes/web -run EveryRuleFinds -rgaa-table ../../docs/rgaa.md`, which audits a page for each of our rules and notes\n"+
		"whether it was certain or asked a person. Of the 106 criteria %d can be failed automatically, %d ask a human, %d are not covered. A criterion\n"+
		"that can be failed is not thereby proven: that nothing was found never means that it is met. The wordings are ours.\n\n"+
		"| criterion | | | how | by which rules |\n|---|---|---|---|---|\n%s", counts["failed automatically"], counts["asks a human"], counts["not covered"], rows.String())
}

// compare holds docs/rgaa.md to what the rules do, or writes it.
func (c *coverage) compare(t *testing.T) {
	t.Helper()
	if t.Failed() {
		return // what was not found is told already
	}
	if *rgaaTable != "" {
		if err := os.WriteFile(*rgaaTable, []byte(c.table()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old, err := os.ReadFile(rgaaDoc)
	if err != nil || string(old) != c.table() {
		t.Errorf("docs/rgaa.md does not say what the rules do (%v); Try: go test ./probes/web -run EveryRuleFinds -rgaa-table %s", err, rgaaDoc)
	}
	if n := len(finding.RGAA()); n != 106 {
		t.Errorf("%d criteria, RGAA 4.1 has 106", n)
	}
	known := map[string]bool{}
	for _, x := range finding.RGAA() {
		known[x.Key()] = true
	}
	for _, r := range Rules() {
		for _, key := range r.Criteria {
			if strings.HasPrefix(key, "RGAA4.1:") && !known[key] {
				t.Errorf("%s names %s, which RGAA does not have", r.ID, key)
			}
		}
	}
}
