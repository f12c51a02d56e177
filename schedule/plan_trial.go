package schedule

import (
	"cmp"
	"slices"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/experiment"
	"github.com/sonde-fleet/sonde/probes"
)

// trial is what the timetable needs of the campaign's experiment.
type trial struct {
	of      *probes.Experiment
	takes   [len(probes.Channels)]bool
	classes int     // of personas: the j-th of every arm are of class j modulo the smallest arm; 0: personas are not tested
	arms    [][]int // the personas of each arm
}

// newTrial reads the experiment, and says who counts as one persona against the cap of personas in an hour: those of one class
// of the arms do. So which instants are free does not depend on the arm, and no persona writes more often than the cap allows.
func newTrial(c *config.Campaign) (t *trial, likeness []int) {
	likeness = make([]int, len(c.Personas))
	for i := range likeness {
		likeness[i] = i
	}
	e := c.Design()
	if e == nil {
		return nil, likeness
	}
	t = &trial{of: e}
	for i, channel := range probes.Channels {
		t.takes[i] = experiment.Takes(e, channel)
	}
	if e.Factor != experiment.Persona {
		return t, likeness
	}
	for _, a := range e.Arms {
		var who []int
		for _, id := range a.Personas {
			if i := slices.IndexFunc(c.Personas, func(p config.Persona) bool { return p.ID == id }); i >= 0 {
				who = append(who, i)
			}
		}
		t.arms = append(t.arms, who)
	}
	t.classes = len(slices.MinFunc(t.arms, func(a, b []int) int { return cmp.Compare(len(a), len(b)) }))
	if t.classes == 0 {
		return nil, likeness // the rules of campaign.yaml do not allow it
	}
	for _, who := range t.arms {
		for j, i := range who {
			likeness[i] = t.arms[0][j%t.classes]
		}
	}
	return t, likeness
}

// enrol gives the slots of the experiment a persona of the first arm, which stands for its class until the arm is dealt.
func (w *worker) enrol(s *sheet) {
	t := w.trial
	if t == nil {
		return
	}
	var turn []int
	n := 0
	for i := range s.slots {
		slot := &s.slots[i]
		if !t.takes[slot.channel] {
			continue
		}
		slot.arm = 1
		if t.classes == 0 {
			continue
		}
		if turn == nil {
			turn = w.source(s.of.ID, "class", 0).Perm(t.classes)
		}
		slot.persona = t.arms[0][turn[n%len(turn)]]
		n++
	}
}

// treat deals the arms, by structures within their strata or by audits within their structure, and gives each audit a persona
// of its arm and class.
func (p *planner) treat(plans []*sheet) {
	t := p.trial
	if t == nil {
		return
	}
	name := p.campaign.ID + "/" + t.of.ID + "/"
	strata, order := map[string][]*sheet{}, []string(nil)
	for _, s := range plans {
		var slots []int
		for i := range s.slots {
			if s.slots[i].arm > 0 {
				slots = append(slots, i)
			}
		}
		switch {
		case len(slots) == 0:
		case t.of.Unit == experiment.OfStructure:
			stratum := experiment.Stratum(t.of, &s.of.Structure)
			if strata[stratum] == nil {
				order = append(order, stratum)
			}
			strata[stratum] = append(strata[stratum], s)
		default:
			for k, arm := range experiment.Deal(p.campaign.Seed, name+string(s.of.ID), len(t.of.Arms), len(slots)) {
				s.slots[slots[k]].arm = arm + 1
			}
		}
	}
	for _, stratum := range order { // the structures of each are in the order of their identifiers
		list := strata[stratum]
		for k, arm := range experiment.Deal(p.campaign.Seed, name+stratum, len(t.of.Arms), len(list)) {
			for i := range list[k].slots {
				if list[k].slots[i].arm > 0 {
					list[k].slots[i].arm = arm + 1
				}
			}
		}
	}
	if t.classes > 0 {
		for _, s := range plans {
			p.cast(s)
		}
	}
}

// cast chooses the persona of each audit among those of its arm and class, in turn.
func (p *planner) cast(s *sheet) {
	t := p.trial
	type role struct{ arm, class int }
	next := map[role]int{}
	for i := range s.slots {
		slot := &s.slots[i]
		if slot.arm == 0 {
			continue
		}
		r := role{slot.arm - 1, slices.Index(t.arms[0], p.likeness[slot.persona])}
		var able []int
		for j, who := range t.arms[r.arm] {
			if j%t.classes == r.class {
				able = append(able, who)
			}
		}
		if _, begun := next[r]; !begun {
			next[r] = p.source(s.of.ID, "cast", int64(r.arm*1000+r.class)).IntN(len(able))
		}
		slot.persona = able[next[r]%len(able)]
		next[r]++
	}
}

func (p *planner) armID(arm int) string {
	if arm == 0 {
		return ""
	}
	return p.trial.of.Arms[arm-1].ID
}
