// Package schedule turns a campaign and a directory into a timetable, and runs what is due. It knows no channel: it
// sends nothing and reads no answer.
package schedule

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/directory"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule/calendar"
)

// PlanWave is the wave of the audits that come from the campaign's plan; those of a cron wave carry its id.
const PlanWave = "plan"

// Why an audit that the campaign asks for is not in the timetable.
const (
	NoContact  = "no contact"  // the structure has no contact on the channel
	NoScenario = "no scenario" // too few scenarios suit the structure and the channel
	NoPersona  = "no persona"  // the campaign has none
	Closed     = "closed"      // the structure is not open in the window
	NoRoom     = "no room"     // the window is too short for distinct days with the gap
	CapReached = "cap"         // every instant that is left would break a cap
)

// Conflict is what the campaign asks for and the timetable cannot hold. It is shown to the operator, never dropped.
type Conflict struct {
	Structure probes.StructureID `json:"structure"`
	Channel   probes.Channel     `json:"channel,omitempty"`
	Wave      string             `json:"wave,omitempty"`
	Kind      string             `json:"kind"`
	Audits    int                `json:"audits"` // how many are missing
	Reason    string             `json:"reason"`
}

// String writes the conflict for a reader.
func (c Conflict) String() string {
	return fmt.Sprintf("%s %s: %d not planned (%s): %s", c.Structure, c.Channel, c.Audits, c.Kind, c.Reason)
}

// Plan computes the timetable. It is a pure function of the campaign (with its seed) and the structures, whose order
// does not matter: any process computes the same. What cannot be placed comes back as conflicts.
//
// The audits of a structure fall on distinct days, at least the campaign's gap apart, in its opening hours, in its own
// zone, never on its public holidays, and are spread over weeks, weekdays and hours. Each structure is drawn from a hash
// of seed, campaign and its own id, so that adding a structure leaves the others where they are unless a cap binds. Audits
// of the plan are numbered from 1 in the order in which they are due, those of cron waves after them. The timetable
// comes in the order of due instants; equal instants in the order of identifiers.
//
// Where the campaign has an experiment, its audits are dealt to the arms last: when they are due and what they ask does not
// depend on the arm, and neither do they change because a structure is added to another stratum.
//
// An error means that the campaign itself cannot be planned (window, zone, cron expression, two structures with one id).
func Plan(c *config.Campaign, structures []directory.Structure) ([]probes.Audit, []Conflict, error) {
	p, err := newPlanner(c)
	if err != nil {
		return nil, nil, err
	}
	order := make([]*directory.Structure, len(structures))
	for i := range structures {
		order[i] = &structures[i]
	}
	slices.SortFunc(order, func(a, b *directory.Structure) int { return cmp.Compare(a.ID, b.ID) })
	for i := 1; i < len(order); i++ {
		if order[i].ID == order[i-1].ID {
			return nil, nil, fmt.Errorf("plan: structure %s is there twice", order[i].ID)
		}
	}
	plans, err := p.draw(order)
	if err != nil {
		return nil, nil, err
	}
	p.level(plans)
	p.treat(plans)
	audits, conflicts := p.timetable(plans)
	return audits, conflicts, nil
}

// draw places the audits of every structure by itself, on all processors.
func (p *planner) draw(order []*directory.Structure) ([]*sheet, error) {
	plans := make([]*sheet, len(order))
	errs := make([]error, len(order))
	const batch = 256
	starts := make(chan int, len(order)/batch+1)
	for i := 0; i < len(order); i += batch {
		starts <- i
	}
	close(starts)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			w := p.worker()
			for start := range starts {
				for i := start; i < min(start+batch, len(order)); i++ {
					plans[i], errs[i] = w.structure(order[i])
				}
			}
		})
	}
	workers.Wait()
	return plans, errors.Join(errs...)
}

// timetable writes the sheets out as audits and conflicts.
func (p *planner) timetable(plans []*sheet) ([]probes.Audit, []Conflict) {
	total := 0
	for _, s := range plans {
		total += len(s.slots)
	}
	audits := make([]probes.Audit, 0, total)
	var conflicts []Conflict
	for _, s := range plans {
		audits = p.write(audits, s)
		conflicts = append(conflicts, s.conflicts...)
	}
	slices.SortFunc(audits, func(a, b probes.Audit) int {
		if d := a.Due.Compare(b.Due); d != 0 {
			return d
		}
		return cmp.Compare(a.ID, b.ID)
	})
	return audits, conflicts
}

// write appends the audits of one structure, numbered.
func (p *planner) write(audits []probes.Audit, s *sheet) []probes.Audit {
	slices.SortFunc(s.slots, func(a, b slot) int { // the plan first, then the waves, each by due instant
		return cmp.Or(cmp.Compare(min(a.wave, 0), min(b.wave, 0)), cmp.Compare(a.due, b.due))
	})
	prefix := p.campaign.ID + "." + string(s.of.ID) + "."
	for i, slot := range s.slots {
		due := time.Unix(slot.due, 0).UTC()
		channel := probes.Channels[slot.channel]
		audits = append(audits, probes.Audit{
			ID: probes.AuditID(prefix + number(i+1)), Campaign: p.campaign.ID, Structure: s.of.ID, Channel: channel,
			Scenario: p.campaign.Scenarios[slot.scenario].ID, Persona: p.campaign.Personas[slot.persona].ID,
			Wave: p.waveID(slot.wave), Number: i + 1, Due: due, Deadline: due.Add(p.deadlines[slot.channel]),
			Target: s.of.Contacts[channel][0], Treatment: p.armID(slot.arm), Outside: p.outside(slot.wave),
		})
	}
	return audits
}

func number(n int) string {
	if n < 10 {
		return "0" + string(rune('0'+n))
	}
	return fmt.Sprint(n)
}

// planner is what all structures of a campaign share. It is not changed once made.
type planner struct {
	campaign  *config.Campaign
	start     calendar.Day // first and
	end       calendar.Day // last civil day, in the zone of each structure
	gap       int64        // seconds
	deadlines [len(probes.Channels)]time.Duration
	plan      [len(probes.Channels)]int
	waves     []wave
	trial     *trial // nil: the campaign has no experiment
	likeness  []int  // of each persona: who counts as one against the cap of personas
}

func newPlanner(c *config.Campaign) (*planner, error) {
	p := &planner{campaign: c, gap: int64(time.Duration(c.MinGap) / time.Second)}
	p.trial, p.likeness = newTrial(c)
	var err error
	if p.start, err = calendar.ParseDay(c.Start); err != nil {
		return nil, fmt.Errorf("plan: start: %w", err)
	}
	if p.end, err = calendar.ParseDay(c.End); err != nil {
		return nil, fmt.Errorf("plan: end: %w", err)
	}
	if p.end < p.start {
		return nil, fmt.Errorf("plan: end %s is before start %s", c.End, c.Start)
	}
	plan := c.Plan
	if plan == nil {
		plan = config.ReferencePlan()
	}
	for i, channel := range probes.Channels {
		p.plan[i] = plan[string(channel)]
		days, ok := c.Deadlines[string(channel)]
		if !ok {
			days = config.DefaultDeadlines()[string(channel)]
		}
		p.deadlines[i] = time.Duration(days)
	}
	p.waves, err = newWaves(c, p.start, p.end)
	return p, err
}

// outside says whether the wave contacts structures while they are closed.
func (p *planner) outside(wave int) bool { return wave >= 0 && p.waves[wave].Outside }

func (p *planner) waveID(i int) string {
	if i < 0 {
		return PlanWave
	}
	return p.waves[i].ID
}
