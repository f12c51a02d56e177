package score

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// z975 is the 97.5 % quantile of the normal distribution.
const z975 = 1.959963984540054

// Of scores the outcomes, all of one campaign, under its grid and norms.
func Of(g *grid.Grid, norms grid.Norms, outcomes []stats.Outcome) *Sheet {
	s := &Sheet{Grid: g, Norms: norms}
	s.enrol(outcomes)
	w := newWorking(s, outcomes)
	w.bodies = make([]bodyWork, len(s.Bodies))
	for i := range s.Bodies {
		w.body(i)
	}
	w.coverage()
	w.intervals()
	s.compare(s.choices())
	return s
}

// enrol makes a body of every structure and a category of every kind and band.
func (s *Sheet) enrol(outcomes []stats.Outcome) {
	of := map[probes.StructureID][]int32{}
	for i := range outcomes {
		of[outcomes[i].Structure] = append(of[outcomes[i].Structure], int32(i))
	}
	s.Bodies = make([]Body, 0, len(of))
	for _, id := range slices.Sorted(maps.Keys(of)) {
		body := outcomes[of[id][0]].Body
		body.ID = id
		s.Bodies = append(s.Bodies, Body{Structure: body, Category: categoryOf(&body), places: of[id]})
	}
	named := map[string]int{}
	for i := range s.Bodies {
		b := &s.Bodies[i]
		k, ok := named[b.Category]
		if !ok {
			k = len(s.Categories)
			named[b.Category] = k
			s.Categories = append(s.Categories, Category{Name: b.Category, Kind: b.Kind, Band: b.Band})
		}
		s.Categories[k].Bodies = append(s.Categories[k].Bodies, i)
	}
	slices.SortFunc(s.Categories, func(a, b Category) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), stats.Naturally(a.Band, b.Band)) })
}

// coverage weighs what was observed of each channel that the campaign has audits of: who was audited on half of them was
// observed by half at most.
func (w *working) coverage() {
	for k := range w.sheet.Bodies {
		sum, all := 0.0, 0.0
		for c, made := range w.made {
			if made {
				of := w.sheet.Grid.Channels[probes.Channels[c]]
				sum += of * w.bodies[k].coverage[c]
				all += of
			}
		}
		w.sheet.Bodies[k].Coverage = sum / all
	}
}

// categoryOf names the peers of a structure.
func categoryOf(b *probes.Structure) string {
	if b.Band == "" {
		return b.Kind
	}
	return b.Kind + " · " + b.Band
}

// working is what a sheet is computed with.
type working struct {
	sheet     *Sheet
	scale     *scale
	outcomes  []stats.Outcome
	cells     int // of a channel: determinants × stages
	all       []target
	bodies    []bodyWork
	points    []Point                       // of one audit
	covered   [len(probes.Channels)]float64 // of the structure whose audits were read last
	made      [len(probes.Channels)]bool    // channels that the campaign has audits of
	known     map[string][][][]weighted     // see shares
	quantiles map[float64]float64           // see student
}

// target is a figure that is a weighted mean of a structure's cells: the whole, or a determinant, a stage or a channel alone.
type target struct {
	determinant, stage, channel int // -1: all of them
	mean                        func(*Body) *Mean
}

func newWorking(s *Sheet, outcomes []stats.Outcome) *working {
	w := &working{sheet: s, scale: newScale(s.Grid, s.Norms), outcomes: outcomes, cells: len(s.Grid.Determinants) * len(grid.Stages),
		points: make([]Point, len(s.Grid.Items)), known: map[string][][][]weighted{}, quantiles: map[float64]float64{}}
	w.all = append(w.all, target{-1, -1, -1, func(b *Body) *Mean { return &b.Score }})
	for i := range w.sheet.Grid.Determinants {
		w.all = append(w.all, target{i, -1, -1, func(b *Body) *Mean { return &b.Determinants[i] }})
	}
	for i := range grid.Stages {
		w.all = append(w.all, target{-1, i, -1, func(b *Body) *Mean { return &b.Stages[i] }})
	}
	for i := range probes.Channels {
		w.all = append(w.all, target{-1, -1, i, func(b *Body) *Mean { return &b.Channels[i] }})
	}
	return w
}

// cell is one determinant in one stage on one channel, of one structure.
type cell struct {
	mean float64
	n    int // audits behind the mean
}

// bodyWork is what the intervals and the ranks need of a structure: for every target and channel, what its audits differ by; for
// every channel, the share of its items that was observed.
type bodyWork struct {
	coverage [len(probes.Channels)]float64
	spread   [][len(probes.Channels)]deviation // by target
}

// deviation is the part of a target that comes from one channel.
type deviation struct {
	n       int     // audits
	part    float64 // what the channel adds to the target
	squares float64 // of the audits' distances from it
}

// audit is one audit that is scored: the mean of its items in every cell, and their weights together.
type audit struct {
	place   int32 // among the outcomes
	channel int
	cells   []cell
	weights []float64
}

// audits returns the structure's audits that are scored and the means of its cells, and counts the others.
func (w *working) audits(b *Body) (audits []audit, cells [len(probes.Channels)][]cell) {
	b.Audits, b.Spoiled, b.Open = 0, 0, 0
	var seen, weight [len(probes.Channels)]float64
	for _, i := range b.places {
		o := &w.outcomes[i]
		switch {
		case o.Result == stats.Spoiled || o.Result == stats.InDoubt:
			b.Spoiled++
		case o.Result == stats.Silent && !over(o) || o.Result == stats.Unreached && !scored(o) || o.Result == stats.Waiting:
			b.Open++
		}
		c := w.scale.channels[o.Channel]
		if c == nil || !scored(o) {
			continue
		}
		points := w.points[:len(c.items)]
		w.scale.points(o, c, points)
		a := audit{i, c.index, make([]cell, w.cells), make([]float64, w.cells)}
		for i := range points {
			p, it := &points[i], &c.items[i]
			if weight[c.index] += it.Weight; p.State != Missing {
				seen[c.index] += it.Weight
			}
			if !math.IsNaN(p.Points) {
				a.cells[it.cell].mean += it.Weight * p.Points
				a.weights[it.cell] += it.Weight
			}
		}
		for i, of := range a.weights {
			if of > 0 {
				a.cells[i].mean, a.cells[i].n = a.cells[i].mean/of, 1
			}
		}
		audits = append(audits, a)
		b.Audits++
	}
	w.covered = [len(probes.Channels)]float64{}
	for c := range weight {
		if weight[c] > 0 {
			w.covered[c] = seen[c] / weight[c]
			w.made[c] = true
		}
	}
	for c := range cells {
		cells[c] = make([]cell, w.cells)
	}
	for _, a := range audits {
		for i, x := range a.cells {
			if x.n > 0 {
				cells[a.channel][i].mean += x.mean
				cells[a.channel][i].n++
			}
		}
	}
	for c := range cells {
		for i := range cells[c] {
			cells[c][i].mean /= float64(cells[c][i].n)
		}
	}
	return audits, cells
}

// body fills in the means of the structure.
func (w *working) body(k int) {
	b := &w.sheet.Bodies[k]
	b.Determinants, b.Stages = make([]Mean, len(w.sheet.Grid.Determinants)), make([]Mean, len(grid.Stages))
	b.Channels = make([]Mean, len(probes.Channels))
	audits, cells := w.audits(b)
	work := &w.bodies[k]
	work.coverage = w.covered
	work.spread = make([][len(probes.Channels)]deviation, len(w.all))
	for t, share := range w.shares(&cells) {
		m := w.all[t].mean(b)
		if share == nil {
			m.Value = math.NaN()
			continue
		}
		own := &work.spread[t]
		has := func(a *audit) bool {
			return slices.ContainsFunc(share[a.channel], func(x weighted) bool { return a.cells[x.cell].n > 0 })
		}
		for c := range share {
			for _, x := range share[c] {
				own[c].part += x.share * cells[c][x.cell].mean
			}
			m.Value += own[c].part
		}
		for i := range audits {
			if has(&audits[i]) {
				own[audits[i].channel].n++
				m.N++
			}
		}
		for i := range audits {
			a := &audits[i]
			d := 0.0
			for _, x := range share[a.channel] {
				if a.cells[x.cell].n > 0 { // a cell that fewer audits have weighs more in each of them
					of := &cells[a.channel][x.cell]
					d += x.share * (a.cells[x.cell].mean - of.mean) * float64(own[a.channel].n) / float64(of.n)
				}
			}
			own[a.channel].squares += d * d
		}
	}
}

// weighted is a cell with its weight in a target.
type weighted struct {
	cell  int
	share float64
}

// shares returns for every target the weight of every cell of every channel, as share has it. Structures that have the same
// cells have the same ones.
func (w *working) shares(cells *[len(probes.Channels)][]cell) [][][]weighted {
	key := make([]byte, 0, len(cells)*w.cells)
	for c := range cells {
		for i := range cells[c] {
			key = append(key, byte(min(cells[c][i].n, 1)))
		}
	}
	if known, ok := w.known[string(key)]; ok {
		return known
	}
	all := make([][][]weighted, len(w.all))
	for t := range w.all {
		share := w.share(&w.all[t], cells)
		if share == nil {
			continue
		}
		all[t] = make([][]weighted, len(share))
		for c := range share {
			for i, x := range share[c] {
				if x > 0 {
					all[t][c] = append(all[t][c], weighted{i, x})
				}
			}
		}
	}
	w.known[string(key)] = all
	return all
}

// share returns the weight of every cell in the target, which add up to 1: weights of determinants, stages and channels over
// those that have any audit. It returns nil when the target has none.
func (w *working) share(t *target, cells *[len(probes.Channels)][]cell) [][]float64 {
	g := w.sheet.Grid
	out := make([][]float64, len(cells))
	for c := range out {
		out[c] = make([]float64, w.cells)
	}
	total := 0.0
	for d := range g.Determinants {
		if t.determinant >= 0 && t.determinant != d {
			continue
		}
		stages := 0.0
		for s := range grid.Stages {
			if t.stage >= 0 && t.stage != s {
				continue
			}
			i := d*len(grid.Stages) + s
			channels := 0.0
			for c := range cells {
				if (t.channel < 0 || t.channel == c) && cells[c][i].n > 0 {
					out[c][i] = g.Channels[probes.Channels[c]]
					channels += out[c][i]
				}
			}
			if channels == 0 {
				continue
			}
			for c := range cells {
				out[c][i] *= g.Stages[grid.Stages[s]] / channels
			}
			stages += g.Stages[grid.Stages[s]]
		}
		if stages == 0 {
			continue
		}
		for s := range grid.Stages {
			for c := range cells {
				out[c][d*len(grid.Stages)+s] *= g.Determinants[d].Weight / stages
			}
		}
		total += g.Determinants[d].Weight
	}
	if total == 0 {
		return nil
	}
	for c := range out {
		for i := range out[c] {
			out[c][i] /= total
		}
	}
	return out
}
