// Package experiment tests a hypothesis by chance: it deals treatments to structures or audits, says before the launch what
// the plan can find, and afterwards what was found, with intervals that respect that the audits of one structure are alike.
// It is pure: no I/O, no clock; what is random follows from a seed.
package experiment

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// Method is the version of the assignment and the analysis. It changes whenever the same data could give another figure; a
// pre-registration names it.
const Method = "sonde-experiment-1"

// What the arms of an experiment differ in.
const (
	Persona = "persona" // who contacts
	Wording = "wording" // what is written
)

// Factors lists them.
var Factors = [...]string{Persona, Wording}

// What an arm is given to.
const (
	OfAudit     = "audit"     // each audit: a structure meets every arm
	OfStructure = "structure" // all audits of a structure
)

// Units lists them.
var Units = [...]string{OfAudit, OfStructure}

// Strata are what units may be divided by before they are dealt.
var Strata = [...]string{"kind", "sector", "band", "region"}

// Stratum returns the stratum of a structure, empty when there is none but one.
func Stratum(e *probes.Experiment, s *probes.Structure) string {
	parts := make([]string, 0, len(e.Strata))
	for _, name := range e.Strata {
		parts = append(parts, field(s, name))
	}
	return strings.Join(parts, " · ")
}

func field(s *probes.Structure, name string) string {
	switch name {
	case "kind":
		return s.Kind
	case "sector":
		return s.Sector
	case "band":
		return s.Band
	case "region":
		return s.Region
	}
	return ""
}

// Takes says whether the audits of a channel take part.
func Takes(e *probes.Experiment, c probes.Channel) bool { return slices.Contains(e.Channels, c) }

// Deal gives each of n units of a stratum one of the arms: in a random order, in turn through a random order of the arms. So
// the numbers of two arms differ by one at most, and which arm has one more is random too. It follows from the seed and the
// name of the stratum alone: other strata have no part in it.
func Deal(seed int64, name string, arms, n int) []int {
	r := source(seed, "deal", name)
	out := make([]int, n)
	turn := r.Perm(arms)
	for i, unit := range r.Perm(n) {
		out[unit] = turn[i%arms]
	}
	return out
}

// source returns the random numbers for one purpose.
func source(seed int64, names ...string) *rand.Rand {
	h := sha256.New()
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(seed))
	h.Write(n[:])
	for _, s := range names {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])))
}

// Measure is how an audit's outcome becomes a number.
type Measure struct {
	kind   string
	within time.Duration // of answered; 0: until the deadline
	item   probes.ItemCode
	unit   string // of a number
	zero   bool   // silence is worth nothing, and counts as 0
}

// Shapes of an outcome, for those who must write one.
const Shapes = "answered, answered-24h, answered-5d, delay, polite or item:CODE"

var errShape = errors.New("the outcome is not known; write " + Shapes)

// ParseMeasure reads an outcome. Items are looked up in the grid.
func ParseMeasure(text string, g *grid.Grid) (Measure, error) {
	switch text {
	case "answered", "delay", "polite":
		return Measure{kind: text, unit: map[string]string{"delay": "h"}[text]}, nil
	}
	if span, ok := strings.CutPrefix(text, "answered-"); ok {
		n, err := strconv.Atoi(strings.TrimRight(span, "hd"))
		unit := map[string]time.Duration{"h": time.Hour, "d": 24 * time.Hour}[strings.TrimLeft(span, "0123456789")]
		if err != nil || n < 1 || n > 10_000 || unit == 0 {
			return Measure{}, errShape
		}
		return Measure{kind: "answered", within: time.Duration(n) * unit}, nil
	}
	code, ok := strings.CutPrefix(text, "item:")
	if !ok {
		return Measure{}, errShape
	}
	m := Measure{kind: "item", item: probes.ItemCode(code), zero: true}
	if strings.HasPrefix(code, "mail.fact.") {
		return m, nil
	}
	it, ok := g.Item(m.item)
	switch {
	case !ok:
		return m, fmt.Errorf("the grid has no item %q; docs/grid.md lists them", code)
	case it.How == grid.Measured:
		return m, fmt.Errorf("the item %q follows from the instants of the audit; write answered, answered-5d or delay", code)
	}
	m.unit, m.zero = it.Unit, it.Silent == grid.Zero
	return m, nil
}

// Number says whether the outcome is a number rather than yes or no.
func (m Measure) Number() bool { return m.unit != "" }

// Unit is of a number, empty for a share.
func (m Measure) Unit() string { return m.unit }

// Channel is the one channel that has the outcome, empty when all that are answered have it.
func (m Measure) Channel() probes.Channel {
	switch m.kind {
	case "polite":
		return probes.Mail
	case "item":
		channel, _, _ := strings.Cut(string(m.item), ".")
		return probes.Channel(channel)
	}
	return ""
}

// String says in words what is measured, as a pre-registration has it.
func (m Measure) String() string {
	switch m.kind {
	case "answered":
		if m.within > 0 {
			return fmt.Sprintf("1 when a human answer came within %g hours of the contact (and before the audit's deadline), else 0; a refused or returned contact is 0", m.within.Hours())
		}
		return "1 when a human answer came before the audit's deadline, else 0; a refused or returned contact is 0"
	case "delay":
		return "hours from the contact to the first human answer, at most to the audit's deadline, which also stands for no answer (restricted mean)"
	case "polite":
		return "1 when a human answer with a politeness formula came before the audit's deadline, else 0; no answer is 0"
	}
	silent := "an audit without an answer is left out, so the arms compare answers alone"
	if m.zero {
		silent = "no answer is 0"
	}
	if m.Number() {
		return fmt.Sprintf("value of the item %s (%s) of an answer that came before the audit's deadline; %s", m.item, m.unit, silent)
	}
	return fmt.Sprintf("1 when the item %s is yes in an answer that came before the audit's deadline, 0 when it is no; %s", m.item, silent)
}

// State is where an audit stands in the analysis.
type State int

// The states. Analysed audits have a value.
const (
	Analysed State = iota
	Watched        // the time in which it may still be answered is not over
	Waiting        // not contacted yet
	Lost           // spoiled by us or in doubt
	Out            // suppressed, cancelled or awaiting its channel
	Unrated        // it was answered, and the item was not judged
)

// Of returns the audit's value as of a campaign instant.
func (m Measure) Of(o *stats.Outcome, now time.Time) (float64, State) {
	switch o.Result {
	case stats.Spoiled, stats.InDoubt:
		return 0, Lost
	case stats.Waiting:
		return 0, Waiting
	case stats.Out:
		return 0, Out
	case stats.Blocked, stats.Offline:
		return 0, Unrated
	case stats.Visited:
		return m.observed(o)
	case stats.Reached, stats.Unmanned, stats.PickedUp, stats.Unreached:
		return m.ofCall(o)
	}
	if o.Sent.IsZero() {
		return 0, Waiting
	}
	window := o.Deadline.Sub(o.Sent)
	horizon := window
	if m.within > 0 {
		horizon = min(horizon, m.within)
	}
	if now.Before(o.Sent.Add(horizon)) { // also of one that is answered: quick answers must not come in before slow ones
		return 0, Watched
	}
	delay := time.Duration(o.Delay) * time.Millisecond
	answered := o.Result == stats.Answered && !o.Late && delay <= horizon
	switch m.kind {
	case "answered":
		return number(answered), Analysed
	case "delay":
		if answered {
			return delay.Hours(), Analysed
		}
		return window.Hours(), Analysed
	case "polite":
		if answered && o.Polite == nil {
			return 0, Unrated
		}
		return number(answered && *o.Polite), Analysed
	}
	if answered {
		return m.observed(o)
	}
	if m.zero {
		return 0, Analysed
	}
	return 0, Unrated
}

// ofCall is the value of a telephone audit: answered by a person or not, or an item. A call has neither a delay of hours nor a
// politeness formula of its own.
func (m Measure) ofCall(o *stats.Outcome) (float64, State) {
	switch {
	case o.Outside || o.Result == stats.PickedUp && m.kind != "item":
		return 0, Unrated
	case !o.Status.Ended():
		return 0, Watched // another try is to come
	case m.kind == "answered":
		return number(o.Result == stats.Reached), Analysed
	case m.kind != "item":
		return 0, Unrated
	}
	if v, state := m.observed(o); state == Analysed || !m.zero || o.Result == stats.Reached || o.Result == stats.PickedUp {
		return v, state
	}
	return 0, Analysed
}

func (m Measure) observed(o *stats.Outcome) (float64, State) {
	v, ok := o.Items.Value(m.item)
	if !ok || math.IsNaN(v) {
		return 0, Unrated
	}
	return v, Analysed
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
