package review

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// Coders is how many auditors rate each drawn audit, none of them seeing what another said.
const Coders = 2

// Drawn says whether the audit is in the sample that is rated twice. It follows from the campaign's seed and the audit's
// identifier alone, so that anybody can draw the sample again, and nobody can choose it.
func Drawn(l *probes.Launch, o *stats.Outcome) bool {
	if l == nil || l.DoubleCoding <= 0 || o.Result != stats.Answered {
		return false
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "double coding %d %s", l.Seed, o.ID))
	return float64(binary.BigEndian.Uint64(sum[:])) < l.DoubleCoding*math.MaxUint64
}

// ItemAgreement is how far the raters agree on one item, beyond what chance alone would give.
type ItemAgreement struct {
	Item        probes.ItemCode `json:"item"`
	Audits      int             `json:"audits"`      // that at least two rated
	Agreed      int             `json:"agreed"`      // by all who rated them
	Kappa       stats.Agreement `json:"kappa"`       // of the two coders of each audit (Cohen 1960)
	Alpha       float64         `json:"alpha"`       // of all raters, the agent's rules not among them (Krippendorff 2011, nominal)
	WithMachine stats.Agreement `json:"with_agent"`  // the coder against the machine
	Machine     int             `json:"agent_rated"` // audits behind it
}

// Agree compares the codings of every audit, item by item, in the order of the codes; the first row is over all items
// together. machine returns what the agent observed of an audit, nil for nothing.
func Agree(outcomes []stats.Outcome, machine func(*stats.Outcome) []probes.Observation) []ItemAgreement {
	type pairs struct{ coders, agent [][]string }
	byItem := map[probes.ItemCode]*pairs{}
	all := &pairs{}
	for i := range outcomes {
		o := &outcomes[i]
		if len(o.Codings) == 0 {
			continue
		}
		said := map[probes.ItemCode][]string{}
		for _, c := range o.Codings {
			for _, x := range c.Items {
				said[x.Item] = append(said[x.Item], string(x.Value))
			}
		}
		agent := map[probes.ItemCode]string{}
		for _, x := range machine(o) {
			if x.Value != "" {
				agent[x.Item] = string(x.Value)
			}
		}
		for item, values := range said {
			p := byItem[item]
			if p == nil {
				p = &pairs{}
				byItem[item] = p
			}
			if len(values) >= Coders {
				p.coders, all.coders = append(p.coders, values), append(all.coders, values)
			}
			if a, ok := agent[item]; ok {
				p.agent, all.agent = append(p.agent, []string{values[0], a}), append(all.agent, []string{values[0], a})
			}
		}
	}
	row := func(item probes.ItemCode, p *pairs) ItemAgreement {
		a := ItemAgreement{Item: item, Audits: len(p.coders), Kappa: stats.Kappa(two(p.coders)), Alpha: stats.Alpha(p.coders),
			WithMachine: stats.Kappa(two(p.agent)), Machine: len(p.agent)}
		for _, v := range p.coders {
			if len(slices.Compact(slices.Clone(v))) == 1 {
				a.Agreed++
			}
		}
		return a
	}
	out := []ItemAgreement{row("", all)}
	codes := make([]probes.ItemCode, 0, len(byItem))
	for item := range byItem {
		codes = append(codes, item)
	}
	slices.Sort(codes)
	for _, item := range codes {
		out = append(out, row(item, byItem[item]))
	}
	return out
}

func two(units [][]string) (a, b []string) {
	for _, u := range units {
		a, b = append(a, u[0]), append(b, u[1])
	}
	return a, b
}
