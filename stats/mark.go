package stats

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"unique"

	"github.com/sonde-fleet/sonde/probes"
)

// Mark is what one item of an audit came to. It is small because a large campaign has a hundred million of them: of what
// was observed it keeps the value alone; the passage and the rule stay with the event that it comes from.
type Mark struct {
	Item unique.Handle[probes.ItemCode]
	// Value is 1 for yes and 0 for no, the number of a numeric item, and NaN where the item does not apply.
	Value float64
}

// Marks are the items of an audit, in order of their codes, each once.
type Marks []Mark

// MarkOf makes the mark of an observation; ok is false when nothing was observed.
func MarkOf(o *probes.Observation) (m Mark, ok bool) {
	m.Item = unique.Make(o.Item)
	switch {
	case o.Number != nil:
		m.Value = *o.Number
	case o.Value == probes.Yes:
		m.Value = 1
	case o.Value == probes.No:
		m.Value = 0
	case o.Value == probes.NotApplicable:
		m.Value = math.NaN()
	default:
		return m, false
	}
	return m, !math.IsInf(m.Value, 0)
}

// MarksOf makes the marks of what was observed with an event; of an item that was observed twice the later one stands.
func MarksOf(all []probes.Observation, of func(probes.ItemCode) bool) Marks {
	out := make(Marks, 0, len(all))
	for i := range all {
		if of != nil && !of(all[i].Item) {
			continue
		}
		if m, ok := MarkOf(&all[i]); ok {
			out = append(out, m)
		}
	}
	return out.sorted()
}

// sorted puts marks in order; of several with one code the last one stays.
func (m Marks) sorted() Marks {
	slices.SortStableFunc(m, func(a, b Mark) int { return strings.Compare(string(a.Item.Value()), string(b.Item.Value())) })
	out := m[:0]
	for i := range m {
		if len(out) > 0 && out[len(out)-1].Item == m[i].Item {
			out[len(out)-1] = m[i]
			continue
		}
		out = append(out, m[i])
	}
	return out
}

// With returns the marks with the others over them. Neither is changed.
func (m Marks) With(over Marks) Marks {
	switch {
	case len(over) == 0:
		return m
	case len(m) == 0:
		return over
	}
	return slices.Concat(m, over).sorted()
}

// Value returns what the item came to; ok is false when it was not observed.
func (m Marks) Value(code probes.ItemCode) (value float64, ok bool) {
	i, ok := slices.BinarySearchFunc(m, string(code), func(a Mark, code string) int { return strings.Compare(string(a.Item.Value()), code) })
	if !ok {
		return 0, false
	}
	return m[i].Value, true
}

// MarshalJSON writes an object of codes; an item that does not apply is "n/a".
func (m Marks) MarshalJSON() ([]byte, error) {
	out := make(map[string]any, len(m))
	for _, x := range m {
		if math.IsNaN(x.Value) {
			out[string(x.Item.Value())] = probes.NotApplicable
			continue
		}
		out[string(x.Item.Value())] = x.Value
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (m *Marks) UnmarshalJSON(raw []byte) error {
	var in map[probes.ItemCode]any
	if err := json.Unmarshal(raw, &in); err != nil {
		return err
	}
	*m = make(Marks, 0, len(in))
	for code, x := range in {
		switch v := x.(type) {
		case float64:
			*m = append(*m, Mark{unique.Make(code), v})
		case string:
			if v != string(probes.NotApplicable) {
				return fmt.Errorf("item %s: %q is no value; Try: a number or %q", code, v, probes.NotApplicable)
			}
			*m = append(*m, Mark{unique.Make(code), math.NaN()})
		default:
			return fmt.Errorf("item %s: no value; Try: a number or %q", code, probes.NotApplicable)
		}
	}
	*m = m.sorted()
	return nil
}

// agreed returns what a majority of the coders says of each item.
func agreed(codings []Coding) Marks {
	votes := map[probes.ItemCode]map[probes.Value]int{}
	for i := range codings {
		for k := range codings[i].Items {
			x := &codings[i].Items[k]
			if votes[x.Item] == nil {
				votes[x.Item] = map[probes.Value]int{}
			}
			votes[x.Item][x.Value]++
		}
	}
	var out []probes.Observation
	for item, by := range votes {
		most, all, chosen := 0, 0, probes.Value("")
		for value, n := range by {
			all += n
			if n > most {
				most, chosen = n, value
			}
		}
		if 2*most > all { // one coder alone is a majority; two who disagree are none
			out = append(out, probes.Observation{Item: item, Value: chosen})
		}
	}
	return MarksOf(out, nil)
}
