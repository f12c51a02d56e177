package schedule

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/directory"
	"github.com/sonde-fleet/sonde/experiment"
	"github.com/sonde-fleet/sonde/probes"
)

func testTrial(factor, unit string) *config.Campaign {
	c := testCampaign()
	c.Experiment = &config.Experiment{ID: "x", Hypothesis: "h", Factor: factor, Unit: unit, Strata: []string{"kind", "band"}, Channels: []string{"mail", "phone"}, Outcome: "answered",
		Arms: []config.Arm{{ID: "a"}, {ID: "b"}, {ID: "c"}}}
	for i := range c.Experiment.Arms {
		if factor == experiment.Persona {
			c.Experiment.Arms[i].Personas = [][]string{{"p0", "p3"}, {"p1"}, {"p4", "p2", "p5"}}[i]
		} else {
			c.Experiment.Arms[i].Set = map[string]string{"call": fmt.Sprint(i)}
		}
	}
	return c
}

func mixed(n int, seed uint64) []directory.Structure {
	list := testStructures(n, seed)
	for i := range list {
		list[i].Kind, list[i].Band = []string{"mairie", "hopital", "caisse"}[i%3], fmt.Sprint(i%2)
	}
	return list
}

// bare is a timetable without what an experiment adds.
func bare(audits []probes.Audit, personas bool) []probes.Audit {
	out := slices.Clone(audits)
	for i := range out {
		out[i].Treatment = ""
		if personas {
			out[i].Persona = ""
		}
	}
	return out
}

// Arms are dealt evenly within strata or structures, on the channels of the experiment alone, with personas of the arm; the
// rules of every timetable hold, and neither instants nor scenarios depend on who was given what.
func TestExperimentInThePlan(t *testing.T) {
	structures := mixed(300, 5)
	for _, factor := range experiment.Factors {
		for _, unit := range experiment.Units {
			t.Run(factor+" of "+unit, func(t *testing.T) {
				c := testTrial(factor, unit)
				c.Caps = config.Caps{StructurePerDay: 1, DomainPerHour: 4, PersonaPerHour: 3}
				audits, conflicts := mustPlan(t, c, structures)
				verify(t, c, structures, audits, conflicts)
				again, _ := mustPlan(t, c, structures)
				if !reflect.DeepEqual(audits, again) {
					t.Error("the same seed gives another assignment")
				}
				balanced(t, c, structures, audits)
				// The same with the arms in another order: everything but treatment and persona stays.
				other := testTrial(factor, unit)
				other.Caps, other.Experiment.ID = c.Caps, "y"
				swapped, _ := mustPlan(t, other, structures)
				if reflect.DeepEqual(audits, swapped) {
					t.Error("another experiment deals the same")
				}
				if !reflect.DeepEqual(bare(audits, factor == experiment.Persona), bare(swapped, factor == experiment.Persona)) {
					t.Error("instants, scenarios or targets depend on the arm")
				}
				none := testTrial(factor, unit)
				none.Caps, none.Experiment = config.Caps{}, nil
				free := testTrial(factor, unit)
				free.Caps = config.Caps{}
				without, _ := mustPlan(t, none, structures)
				with, _ := mustPlan(t, free, structures)
				if !reflect.DeepEqual(bare(without, factor == experiment.Persona), bare(with, factor == experiment.Persona)) {
					t.Error("the timetable is another one because of the experiment")
				}
				for i := range with {
					if with[i].Treatment == "" && with[i].Persona != without[i].Persona {
						t.Fatalf("%s takes no part and has another persona", with[i].ID)
					}
				}
			})
		}
	}
}

func balanced(t *testing.T, c *config.Campaign, structures []directory.Structure, audits []probes.Audit) {
	t.Helper()
	e := c.Design()
	stratum := map[probes.StructureID]string{}
	for i := range structures {
		stratum[structures[i].ID] = experiment.Stratum(e, &structures[i].Structure)
	}
	arms := map[string]map[string]int{} // units of each block by arm
	seen := map[string]bool{}
	total := map[string]int{}
	for _, a := range audits {
		if (a.Treatment != "") != experiment.Takes(e, a.Channel) {
			t.Fatalf("%s on %s has the treatment %q", a.ID, a.Channel, a.Treatment)
		}
		if a.Treatment == "" {
			continue
		}
		i := slices.IndexFunc(e.Arms, func(x probes.Arm) bool { return x.ID == a.Treatment })
		if i < 0 || e.Factor == experiment.Persona && !slices.Contains(e.Arms[i].Personas, a.Persona) {
			t.Fatalf("%s: %s contacts for the arm %q", a.ID, a.Persona, a.Treatment)
		}
		block, unit := "s"+stratum[a.Structure], string(a.Structure)
		if e.Unit == experiment.OfAudit {
			block, unit = string(a.Structure), string(a.ID)
		}
		total[a.Treatment]++
		if seen[unit+a.Treatment] {
			continue
		}
		if seen[unit] {
			t.Fatalf("%s has two arms", unit)
		}
		seen[unit], seen[unit+a.Treatment] = true, true
		if arms[block] == nil {
			arms[block] = map[string]int{"a": 0, "b": 0, "c": 0}
		}
		arms[block][a.Treatment]++
	}
	for block, count := range arms {
		if n := []int{count["a"], count["b"], count["c"]}; slices.Max(n)-slices.Min(n) > 1 {
			t.Errorf("%s: %v", block, n)
		}
	}
	if len(total) != 3 {
		t.Errorf("arms %v", total)
	}
}

// A structure more in one stratum changes nobody's arm in another; where audits are dealt, nobody's at all.
func TestAddingAStructureLeavesOtherArms(t *testing.T) {
	structures := mixed(120, 6)
	for _, unit := range experiment.Units {
		c := testTrial(experiment.Persona, unit)
		more := mixed(121, 6)[120]
		more.ID, more.Kind, more.Band = "new", "mairie", "0"
		before, _ := mustPlan(t, c, structures)
		after, _ := mustPlan(t, c, append(slices.Clone(structures), more))
		stratum, known := map[probes.StructureID]string{}, map[probes.AuditID]probes.Audit{}
		for i := range structures {
			stratum[structures[i].ID] = structures[i].Kind + structures[i].Band
		}
		for _, a := range after {
			known[a.ID] = a
		}
		changed := 0
		for _, a := range before {
			if b := known[a.ID]; b != a {
				if changed++; unit == experiment.OfAudit || stratum[a.Structure] != "mairie0" || b.Due != a.Due {
					t.Fatalf("%s: %+v became %+v", unit, a, b)
				}
			}
		}
	}
}

// What an experiment freezes goes into the launch.
func TestLaunchOfAnExperiment(t *testing.T) {
	c := testTrial(experiment.Persona, experiment.OfAudit)
	l, err := NewLaunch(c, nil)
	if err != nil || l.Experiment == nil || l.Experiment.ID != "x" || len(l.Experiment.Arms) != 3 {
		t.Errorf("%+v, %v", l.Experiment, err)
	}
	c.Experiment.Registered("", fmt.Errorf("it differs"))
	if _, err := NewLaunch(c, nil); err == nil {
		t.Error("what differs from its pre-registration is launched")
	}
	if l, err := NewLaunch(testCampaign(), nil); err != nil || l.Experiment != nil {
		t.Errorf("%+v, %v", l.Experiment, err)
	}
}
