package schedule

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/sonde-fleet/sonde/probes"
)

// grid chooses the days of one structure's audits: audits × open days, with a cost for each pair. Its buffers are kept
// between structures.
type grid struct {
	at   []int64   // instant of audit i on day d; 0: not possible
	cost []float64 // least cost of audits 0 to i when i falls on day d
	from []int32   // cell that the least cost came from; -1: none
}

// Costs, in squared days: how much a wrong weekday and a lost audit weigh.
const (
	wrongWeekday = 4
	lostAudit    = 1e9
)

// choose returns the instant of each wanted audit, 0 for one that finds no room. The window is cut into as many equal
// parts as there are audits and each gets a random aim in its part and a weekday to prefer; dynamic programming then
// finds the days with the least squared distance from the aims, in order, on distinct days, at least gap seconds apart
// and away from the slots that are already taken. An audit is lost only if no arrangement holds all.
func (g *grid) choose(days []openDay, wanted []want, taken []slot, gap int64, random *rand.Rand) []int64 {
	n, m := len(wanted), len(days)
	g.prepare(days, wanted, taken, gap)
	aims := make([]float64, n)
	for i := range aims {
		aims[i] = (float64(i) + random.Float64()) / float64(n) * float64(m)
	}
	weekdays := preferred(days, wanted, aims)
	weight := func(i, d int) float64 {
		off := float64(d) + 0.5 - aims[i]
		if days[d].day.Weekday() != weekdays[i] {
			return off*off + wrongWeekday
		}
		return off * off
	}
	last := g.solve(n, m, 0, gap, weight)
	if last < 0 {
		last = g.solve(n, m, n, gap, weight)
	}
	chosen := make([]int64, n)
	for ; last >= 0; last = int(g.from[last]) {
		chosen[last/m] = g.at[last]
	}
	return chosen
}

// preferred returns the weekday that each audit should have: that of its aim, or the nearest one that its channel has not
// had yet. All weekdays come before one comes again.
func preferred(days []openDay, wanted []want, aims []float64) []time.Weekday {
	var had [len(probes.Channels)][7]int
	var opens [7]bool
	for i := range days {
		opens[days[i].day.Weekday()] = true
	}
	weekdays := make([]time.Weekday, len(wanted))
	for i := range wanted {
		count := &had[wanted[i].channel]
		least := math.MaxInt
		for w, ok := range opens {
			if ok {
				least = min(least, count[w])
			}
		}
		home := min(int(aims[i]), len(days)-1)
		for distance := range len(days) {
			after, before := home+distance, home-distance
			if after < len(days) && count[days[after].day.Weekday()] == least {
				weekdays[i] = days[after].day.Weekday()
				break
			}
			if before >= 0 && count[days[before].day.Weekday()] == least {
				weekdays[i] = days[before].day.Weekday()
				break
			}
		}
		count[weekdays[i]]++
	}
	return weekdays
}

// prepare computes the instant of each audit on each day.
func (g *grid) prepare(days []openDay, wanted []want, taken []slot, gap int64) {
	size := len(wanted) * len(days)
	if cap(g.at) < size {
		g.at, g.cost, g.from = make([]int64, size), make([]float64, size), make([]int32, size)
	}
	g.at, g.cost, g.from = g.at[:size], g.cost[:size], g.from[:size]
	for d := range days {
		for i := range wanted {
			at := days[d].at(wanted[i].hour)
			for _, t := range taken {
				if at-t.due < gap && t.due-at < gap || days[d].has(t.due) {
					at = 0
					break
				}
			}
			g.at[i*len(days)+d] = at
		}
	}
}

// has says whether the instant lies between the first opening and the last closing of the day.
func (d *openDay) has(unix int64) bool {
	return d.spans[0].Start.Unix() <= unix && unix < d.spans[len(d.spans)-1].End.Unix()
}

// solve fills the table, allowing up to skips audits to be lost between two that are placed, and returns the last cell
// of the best arrangement, or -1.
func (g *grid) solve(n, m, skips int, gap int64, weight func(i, d int) float64) int {
	best, bestCost := -1, math.Inf(1)
	for i := range n {
		row := i * m
		for d := range m {
			g.cost[row+d], g.from[row+d] = math.Inf(1), -1
			if g.at[row+d] != 0 && i <= skips {
				g.cost[row+d] = float64(i) * lostAudit // the first to be placed
			}
		}
		for j := i - 1; j >= 0 && i-j-1 <= skips; j-- {
			g.extend(row, j*m, m, gap, float64(i-j-1)*lostAudit)
		}
		for d := range m {
			if math.IsInf(g.cost[row+d], 1) {
				continue
			}
			g.cost[row+d] += weight(i, d)
			if lost := n - 1 - i; lost <= skips && g.cost[row+d]+float64(lost)*lostAudit < bestCost {
				best, bestCost = row+d, g.cost[row+d]+float64(lost)*lostAudit
			}
		}
	}
	return best
}

// extend improves the cells of one audit by those of an earlier one that lie on an earlier day and at least gap before.
// The instants of one audit rise with the days, so one pass with a running minimum is enough.
func (g *grid) extend(row, earlier, m int, gap int64, penalty float64) {
	least, from, next := math.Inf(1), int32(-1), 0
	for d := range m {
		at := g.at[row+d]
		if at == 0 {
			continue
		}
		for next < d && (g.at[earlier+next] == 0 || g.at[earlier+next]+gap <= at) {
			if g.at[earlier+next] != 0 && g.cost[earlier+next] < least {
				least, from = g.cost[earlier+next], int32(earlier+next)
			}
			next++
		}
		if least+penalty < g.cost[row+d] {
			g.cost[row+d], g.from[row+d] = least+penalty, from
		}
	}
}
