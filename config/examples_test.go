package config

import (
	"errors"
	"testing"

	_ "time/tzdata"
)

// Every shipped example loads, and the three files of a prober suit each other.
func TestExamples(t *testing.T) {
	p, c, structures, err := LoadTogether("../examples/prober.yaml")
	if err != nil {
		t.Fatalf("examples/prober.yaml:\n%v", err)
	}
	if len(p.Mail.Accounts) != 6 || p.Mail.Accounts["paul"].SMTP.Password != "change-me-this-is-an-example" || len(structures) != 12 {
		t.Errorf("%s, %d structures", p, len(structures))
	}
	mail := 0
	for _, s := range c.Scenarios {
		for _, channel := range s.Channels {
			if channel == "mail" {
				mail++
			}
		}
	}
	if mail < 6 || len(c.Personas) < 6 {
		t.Errorf("%d mail scenarios, %d personas", mail, len(c.Personas))
	}
	if _, err := LoadCollector("../examples/collector.yaml"); err != nil {
		t.Errorf("examples/collector.yaml:\n%v", err)
	}
	var faults Faults
	if _, err := LoadCampaign("../examples/missing.yaml"); err == nil || errors.As(err, &faults) {
		t.Errorf("a missing file is a fault of its content: %v", err)
	}
}
