// Package grid is what is judged: three stages, twenty determinants, four hundred items over six channels, the norms that
// they are held to, and how one observation becomes points. It is data with a reader: no outcome, no score, no I/O.
package grid

import (
	"math"
	"slices"

	"github.com/sonde-fleet/sonde/probes"
)

// Stage is a step of the citizen's way through a public service.
type Stage string

// The three stages of the programme.
const (
	Access      Stage = "access"      // getting through to the service
	Information Stage = "information" // being informed and directed
	Handling    Stage = "handling"    // having the request dealt with
)

// Stages lists them in the order of the citizen's way.
var Stages = [...]Stage{Access, Information, Handling}

// Observer says who can tell an item's value.
type Observer string

// The observers.
const (
	Agent   Observer = "agent"   // the machine alone
	Auditor Observer = "auditor" // a person who reads or listens
	Both    Observer = "both"    // the machine, and a person may say better
)

// How says where an item's value comes from.
type How string

// The sources of values.
const (
	Observed How = "observation" // the channel's probe notes it with an event, under the item's code
	Measured How = "measure"     // it follows from the audit's instants and results; package score derives it
	Asked    How = "form"        // a person answers it in a form
)

// Silence says what an item is worth when the structure never answered.
type Silence string

// What silence is worth.
const (
	Zero Silence = "zero" // nothing was given: no points
	Skip Silence = "skip" // there was nothing to judge
)

// Text is a wording in the two languages of the programme.
type Text struct{ EN, FR string }

// In returns the wording in French or in English.
func (t Text) In(french bool) string {
	if french {
		return t.FR
	}
	return t.EN
}

// Determinant is one of the twenty things that make citizens content or not.
type Determinant struct {
	Code   string
	Name   Text
	About  Text // what it asks, as a question
	Weight float64
}

// Item is one of the four hundred things that are judged of an audit.
type Item struct {
	Code        probes.ItemCode
	Channel     probes.Channel
	Stage       Stage
	Determinant string
	Observer    Observer
	How         How
	Unit        string // of a number; empty: yes or no
	Rule        Rule
	Silent      Silence
	Weight      float64 // within its determinant, stage and channel
	Source      string  // the norm or the scheme that asks for it
	Name        Text    // a statement that is true or false, or the name of the number; a form asks it as it stands
	Mend        Text    // what to do when points are lost, as an imperative sentence without a full stop
}

// Grid is one released version of the items. It never changes: a change is a new version, and campaigns name theirs.
type Grid struct {
	Version      string
	Hash         probes.Hash // of the data files: what was frozen at the launch
	Determinants []Determinant
	Channels     map[probes.Channel]float64 // weights
	Stages       map[Stage]float64          // weights
	StageNames   map[Stage]Text
	Items        []Item
	byCode       map[probes.ItemCode]int
}

// Item returns the item of the code.
func (g *Grid) Item(code probes.ItemCode) (*Item, bool) {
	i, ok := g.byCode[code]
	if !ok {
		return nil, false
	}
	return &g.Items[i], true
}

// Determinant returns the determinant of the code, nil when there is none.
func (g *Grid) Determinant(code string) *Determinant {
	i := slices.IndexFunc(g.Determinants, func(d Determinant) bool { return d.Code == code })
	if i < 0 {
		return nil
	}
	return &g.Determinants[i]
}

// Built are the channels whose probes exist. The items of the others await them and are counted apart.
var Built = []probes.Channel{probes.Mail, probes.Web, probes.Phone}

// Unwatched are items of channels that are built which nothing observes yet: they wait for their observer as those of other channels
// do, and nobody loses points by them. A test holds the list to what the telephone's probe notes.
var Unwatched = []probes.ItemCode{
	"phone.published",                             // the import of a directory knows it, no audit does
	"phone.menu.wrong-key", "phone.menu.barge-in", // keys are pressed as the scenario says, and never a wrong one
	"phone.results",                         // is read on the website
	"phone.callback", "phone.callback.days", // nobody waits for a call of theirs yet
}

// Awaiting says whether nothing observes the item yet: its channel is not built, or its observer is not.
func (i *Item) Awaiting() bool {
	return !slices.Contains(Built, i.Channel) || slices.Contains(Unwatched, i.Code)
}

// Rule turns a value into points. Words are those of the data files: "yes", "no", "at most X", "at least X", "linear A B".
type Rule struct {
	Kind string // yes, no, at-most, at-least, linear
	A, B Bound
}

// Bound is a figure of a rule: a number, or the name of a norm ("@mail.answer") times a factor ("2*@mail.answer").
type Bound struct {
	Norm   string
	Number float64 // the number, or the factor of the norm
}

// In returns the bound under the norms, NaN when they do not have it.
func (b Bound) In(norms Norms) float64 {
	if b.Norm == "" {
		return b.Number
	}
	n, ok := norms.Value(b.Norm)
	if !ok {
		return math.NaN()
	}
	return b.Number * n
}

// Points returns what a value is worth under the norms, 0 to 100; NaN where it cannot be said. A yes is 1, a no is 0.
func (r Rule) Points(value float64, norms Norms) float64 {
	a, b := r.A.In(norms), r.B.In(norms)
	if math.IsNaN(value) || math.IsNaN(a) || math.IsNaN(b) {
		return math.NaN()
	}
	full := false
	switch r.Kind {
	case "yes":
		full = value == 1
	case "no":
		full = value == 0
	case "at-most":
		full = value <= a
	case "at-least":
		full = value >= a
	case "linear":
		return 100 * min(1, max(0, (value-b)/(a-b)))
	}
	if full {
		return 100
	}
	return 0
}
