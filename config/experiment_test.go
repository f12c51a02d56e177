package config

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/probes"
)

// The shipped experiment is sound with the shipped accounts and structures, what is left out has its usual value, and what
// raters must not read is frozen with it.
func TestExperimentOfTheExamples(t *testing.T) {
	_, c, _, err := LoadFiles("../examples/prober.yaml", "../examples/experiment.yaml", "")
	if err != nil {
		t.Fatal(err)
	}
	e, err := c.Frozen()
	if err != nil || e.Unit != "audit" || !slices.Equal(e.Channels, []probes.Channel{probes.Mail}) || e.Effect != -0.1 || e.Alpha != 0.05 || len(e.Arms) != 2 {
		t.Errorf("%+v, %v", e, err)
	}
	for _, word := range []string{"Aminata", "Diallo", "Quetigny", "+33 6 39 98 12 05"} {
		if !slices.Contains(e.Hide, word) {
			t.Errorf("raters may read %q: %q", word, e.Hide)
		}
	}
	if plain := (&Campaign{}).Design(); plain != nil {
		t.Errorf("a campaign without an experiment has %+v", plain)
	}
}

const wordings = `id: demo
start: 2026-03-02
end: 2026-03-31
plan: {mail: 1}
personas: [{id: lea, given: Léa, family: Marchand}]
scenarios:
  - {id: horaires, channels: [mail], subjects: [Horaires], bodies: ["{{.Arm.call}} {je|nous} {{ .Arm.ask }}"], facts: [{id: h, any: [heure]}]}
experiment:
  {id: mots, hypothesis: H, factor: wording, outcome: delay, effect: 5, sd: 60, base: 90, arms: [{id: a, set: {call: Bonjour, ask: demande}}, {id: b, set: {ask: prie, call: Salut}}]}
`

func TestExperimentDefaults(t *testing.T) {
	c, err := ParseCampaign([]byte(wordings), "campaign.yaml")
	if err != nil {
		t.Fatal(err)
	}
	e := c.Design()
	if e.Unit != "audit" || e.Alpha != 0.05 || e.Power != 0.8 || e.ICC != 0.05 || e.SD != 60 || e.Channels[0] != probes.Mail || e.Method == "" {
		t.Errorf("%+v", e)
	}
	if got := strings.Join(c.Experiment.Keys(), " "); got != "ask call" {
		t.Errorf("keys %q", got)
	}
	if m, err := c.Measure(); err != nil || !m.Number() {
		t.Errorf("%v, %v", m, err)
	}
	c.Experiment.Registered("", errors.New("it differs"))
	if _, err := c.Frozen(); err == nil {
		t.Error("an experiment that differs from its pre-registration is frozen")
	}
}
