package site

import (
	"cmp"
	"math"
	"slices"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/score"
	"github.com/sonde-fleet/sonde/stats"
)

// worth is what an audit's items are worth: the last step from a structure's score down to what was seen.
type worth struct {
	Count string
	Mean  string
	Rows  []worthRow
}

type worthRow struct {
	Name, Code, Determinant, Value, State, Points string
	Class                                         string
}

// worth lists the items of the audit's channel with their points; nil where the audit has none, or the grid is not in this
// program.
func (s *server) worth(p *frame, v *view, o *stats.Outcome) *worth {
	l := v.launched(o.Campaign)
	if l == nil {
		return nil
	}
	g, norms, err := grid.Thaw(l.Grid)
	if err != nil {
		return nil // the barometer says why
	}
	points := score.Points(g, norms, o)
	if len(points) == 0 {
		return nil
	}
	french := p.Lang == "fr"
	out := &worth{}
	sum, weight, n := 0.0, 0.0, 0
	for i := range points {
		x := &points[i]
		row := worthRow{Name: x.Item.Name.In(french), Code: string(x.Item.Code), Determinant: g.Determinant(x.Item.Determinant).Name.In(french),
			Value: undefined, State: p.T("worth." + slug(string(x.State))), Points: undefined}
		if x.State == score.Seen {
			row.Value = p.itemValue(x)
		}
		if !math.IsNaN(x.Points) {
			n++
			sum += x.Item.Weight * x.Points
			weight += x.Item.Weight
			row.Points = p.Decimal(x.Points, 0)
			if x.Points < 100 {
				row.Class = "lost"
			}
		}
		out.Rows = append(out.Rows, row)
	}
	order := map[string]int{}
	for i, d := range g.Determinants {
		order[d.Name.In(french)] = i
	}
	slices.SortStableFunc(out.Rows, func(a, b worthRow) int { return cmp.Compare(order[a.Determinant], order[b.Determinant]) })
	out.Count = p.T("worth.count", "N", p.Int(n), "All", p.Int(len(points)))
	out.Mean = p.points(sum / weight)
	return out
}

// itemValue writes what an item came to: yes, no, or a number in its unit.
func (p *frame) itemValue(x *score.Point) string {
	switch {
	case x.Item.Unit != "":
		return p.Decimal(x.Value, 1) + nbsp + x.Item.Unit
	case x.Value == 1:
		return p.T("value.true")
	}
	return p.T("value.false")
}
