package schedule

import (
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/config"
)

// The shipped campaign plans thirteen audits for each shipped structure; the one without a social account is told.
func TestPlanOfTheExamples(t *testing.T) {
	_, c, structures, err := config.LoadTogether("../examples/prober.yaml")
	if err != nil {
		t.Fatal(err)
	}
	audits, conflicts := mustPlan(t, c, structures)
	verify(t, c, structures, audits, conflicts)
	if len(audits) != 12*13-1 || len(conflicts) != 1 || !strings.HasPrefix(conflicts[0].String(), "21901 social: 1 not planned (no contact)") {
		t.Errorf("%d audits, %v", len(audits), conflicts)
	}
	scenarios := map[string]bool{}
	for _, a := range audits {
		if key := string(a.Structure) + a.Scenario; scenarios[key] {
			t.Errorf("%s: scenario %s twice for the structure, and the pool allows better", a.ID, a.Scenario)
		} else {
			scenarios[key] = true
		}
	}
}
