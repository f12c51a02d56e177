package schedule

import (
	"math/rand/v2"
	"slices"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/probes"
)

// pools knows which scenarios suit a channel and a kind of structure.
type pools struct {
	scenarios []config.Scenario
	known     map[string]*[len(probes.Channels)][]int // by kind; not shared between goroutines
}

func newPools(c *config.Campaign) pools {
	return pools{c.Scenarios, map[string]*[len(probes.Channels)][]int{}}
}

// suited returns the indices of the scenarios for a channel and a kind.
func (p *pools) suited(channel int, kind string) []int {
	lists, ok := p.known[kind]
	if !ok {
		lists = new([len(probes.Channels)][]int)
		for i, name := range probes.Channels {
			for j := range p.scenarios {
				if p.scenarios[j].Suits(string(name), kind) {
					lists[i] = append(lists[i], j)
				}
			}
		}
		p.known[kind] = lists
	}
	return lists[channel]
}

// assign gives each slot its persona and its scenario.
//
// Personas come in turn from a random order of the structure, so none comes twice before all have come once. No scenario
// comes twice for the structure if a matching of slots and scenarios allows it; else one may come again on another
// channel, never on the same. Slots without a scenario are taken out with a conflict.
func (w *worker) assign(s *sheet) {
	random := w.source(s.of.ID, "assign", 0)
	if len(s.slots) == 0 {
		return
	}
	chosen := w.scenarios(s, random)
	kept := s.slots[:0]
	missing := map[[2]int]int{}
	for i, slot := range s.slots {
		if chosen[i] < 0 {
			missing[[2]int{slot.channel, slot.wave}]++
			continue
		}
		slot.scenario = chosen[i]
		kept = append(kept, slot)
	}
	s.slots = kept
	w.scenarioConflicts(s, missing)
	turn := random.Perm(len(w.campaign.Personas))
	for i := range s.slots {
		s.slots[i].persona = turn[i%len(turn)]
	}
	w.enrol(s)
}

func (w *worker) scenarioConflicts(s *sheet, missing map[[2]int]int) {
	for channel := range probes.Channels {
		for wave := -1; wave < len(w.waves); wave++ {
			n := missing[[2]int{channel, wave}]
			if n == 0 {
				continue
			}
			needed := n
			for _, slot := range s.slots {
				if slot.channel == channel {
					needed++
				}
			}
			s.conflict(channel, w.waveID(wave), NoScenario, n, "%d %s scenarios for %s are needed, there are %d",
				needed, probes.Channels[channel], s.of.Kind, len(w.pools.suited(channel, s.of.Kind)))
		}
	}
}

// scenarios returns a scenario for each slot, -1 where there is none left.
func (w *worker) scenarios(s *sheet, random *rand.Rand) []int {
	m := matching{of: make([]int, len(s.slots)), by: make([]int, len(w.campaign.Scenarios)), offers: make([][]int, len(s.slots))}
	for i := range m.by {
		m.by[i] = -1
	}
	var order []int // the plan is served before the waves
	for _, waves := range []bool{false, true} {
		for i := range s.slots {
			if s.slots[i].wave >= 0 == waves {
				order = append(order, i)
			}
		}
	}
	order = slices.DeleteFunc(order, func(i int) bool { // whom a closed structure hears asks nothing: any question will do
		m.of[i] = -1
		return w.outside(s.slots[i].wave)
	})
	for _, i := range order {
		m.offers[i] = slices.Clone(w.pools.suited(s.slots[i].channel, s.of.Kind))
		random.Shuffle(len(m.offers[i]), func(a, b int) { m.offers[i][a], m.offers[i][b] = m.offers[i][b], m.offers[i][a] })
	}
	var unmatched []int
	for _, i := range order {
		m.seen = m.seen[:0]
		if !m.augment(i) {
			unmatched = append(unmatched, i)
		}
	}
	for _, i := range unmatched {
		m.of[i] = m.again(i, s.slots)
	}
	for i := range s.slots {
		if suited := w.pools.suited(s.slots[i].channel, s.of.Kind); w.outside(s.slots[i].wave) && len(suited) > 0 {
			m.of[i] = suited[random.IntN(len(suited))]
		}
	}
	return m.of
}

// matching is a maximum matching of slots and scenarios by augmenting paths (Kuhn).
type matching struct {
	of     []int   // scenario of each slot
	by     []int   // slot of each scenario
	offers [][]int // scenarios of each slot in the order of preference
	seen   []int   // scenarios visited in this search
}

func (m *matching) augment(slot int) bool {
	for _, scenario := range m.offers[slot] {
		if slices.Contains(m.seen, scenario) {
			continue
		}
		m.seen = append(m.seen, scenario)
		if m.by[scenario] < 0 || m.augment(m.by[scenario]) {
			m.by[scenario], m.of[slot] = slot, scenario
			return true
		}
	}
	return false
}

// again returns the scenario that the structure has met least among those that its channel has not used yet.
func (m *matching) again(i int, slots []slot) int {
	best, fewest := -1, 0
	for _, scenario := range m.offers[i] {
		uses, sameChannel := 0, false
		for j, other := range m.of {
			if other == scenario {
				uses++
				sameChannel = sameChannel || slots[j].channel == slots[i].channel
			}
		}
		if !sameChannel && (best < 0 || uses < fewest) {
			best, fewest = scenario, uses
		}
	}
	return best
}
