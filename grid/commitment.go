package grid

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/probes"
)

// Commitment is a promise that a scheme makes to citizens, with the items that tell whether it is kept.
type Commitment struct {
	Code    string
	Weight  float64
	Name    Text
	Source  string
	Checked bool              // the wording was read at its source
	Items   []probes.ItemCode // in the order of the grid
}

// Commitments returns the commitments of Services Publics+, in their order. They are shared: nobody changes them.
func Commitments() []Commitment { return beside().commitments }

var commitmentColumns = []string{"code", "weight", "en", "fr", "source", "checked", "items"}

// commitment reads a line. Its items are codes, or the beginning of codes: "web.rgaa.*".
func commitment(x *row, g *Grid, before []Commitment) Commitment {
	c := Commitment{Code: x.text("code"), Weight: x.weight("weight"), Name: Text{x.full("en"), x.full("fr")}, Source: x.full("source"),
		Checked: oneOf(x, "checked", "yes", "no") == "yes"}
	if !word.MatchString(c.Code) {
		x.wrong("code", fmt.Sprintf("%q is no code", c.Code), "write small letters, with hyphens between words")
	}
	if slices.ContainsFunc(before, func(o Commitment) bool { return o.Code == c.Code }) {
		x.wrong("code", c.Code+" is there twice", "take one out")
	}
	patterns := x.list("items")
	used := make([]bool, len(patterns))
	for i := range g.Items {
		code := string(g.Items[i].Code)
		meant := false
		for k, p := range patterns {
			start, open := strings.CutSuffix(p, "*")
			if code == p || open && strings.HasSuffix(start, ".") && strings.HasPrefix(code, start) {
				used[k], meant = true, true
			}
		}
		if meant {
			c.Items = append(c.Items, g.Items[i].Code)
		}
	}
	for k, p := range patterns {
		if !used[k] {
			x.wrong("items", p+" is no item", "write codes of items, or a code's beginning with .* behind it")
		}
	}
	return c
}
