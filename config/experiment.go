package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/experiment"
	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
)

// Experiment is what a campaign tests by chance: treatments, how they are dealt, and which outcome decides.
type Experiment struct {
	ID         string   `yaml:"id"`
	Hypothesis string   `yaml:"hypothesis"`
	Factor     string   `yaml:"factor"` // persona: the arms are groups of personas; wording: they are parts of subjects and bodies
	Arms       []Arm    `yaml:"arms"`   // the others are compared with the first
	Strata     []string `yaml:"strata"` // kind, sector, band, region
	Unit       string   `yaml:"unit"`   // audit: each structure meets every arm; structure: one arm for all its audits
	Channels   []string `yaml:"channels"`
	Outcome    string   `yaml:"outcome"` // answered, answered-24h, answered-5d, delay, polite, item:CODE
	Alpha      float64  `yaml:"alpha"`
	Power      float64  `yaml:"power"`
	Effect     float64  `yaml:"effect"` // the smallest difference worth finding
	ICC        float64  `yaml:"icc"`    // supposed: how alike the audits of one structure are
	Base       float64  `yaml:"base"`   // supposed: the outcome of the first arm
	SD         float64  `yaml:"sd"`     // supposed, of an outcome that is a number
	// Preregistration is the file of prober preregister. With one the campaign is launched as it says or not at all.
	Preregistration string `yaml:"preregistration"`

	registered probes.Hash
	unfit      error
}

// Arm is one treatment.
type Arm struct {
	ID       string            `yaml:"id"`
	Personas []string          `yaml:"personas"`
	Set      map[string]string `yaml:"set"` // what stands for {{.Arm.KEY}}
}

// Keys returns the names that texts may use as {{.Arm.KEY}}, in order: those that every arm sets.
func (e *Experiment) Keys() (keys []string) {
	if e == nil || len(e.Arms) == 0 {
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(e.Arms[0].Set)) {
		if !slices.ContainsFunc(e.Arms, func(a Arm) bool { _, ok := a.Set[key]; return !ok }) {
			keys = append(keys, key)
		}
	}
	return keys
}

// Registered says under which SHA-256 the experiment is pre-registered, or why it must not be launched.
func (e *Experiment) Registered(sum probes.Hash, unfit error) { e.registered, e.unfit = sum, unfit }

// Measure returns how an audit's outcome becomes a number.
func (c *Campaign) Measure() (experiment.Measure, error) {
	g, ok := grid.Find(cmp.Or(c.Grid.Version, grid.Version))
	if !ok {
		return experiment.Measure{}, fmt.Errorf("version %q of the grid is not in this program", c.Grid.Version)
	}
	return experiment.ParseMeasure(c.Experiment.Outcome, g)
}

// Design returns the experiment as it is frozen, nil when there is none.
func (c *Campaign) Design() *probes.Experiment {
	e := c.Experiment
	if e == nil {
		return nil
	}
	out := &probes.Experiment{ID: e.ID, Hypothesis: e.Hypothesis, Factor: e.Factor, Strata: e.Strata, Unit: e.Unit, Outcome: e.Outcome, Alpha: e.Alpha,
		Power: e.Power, Effect: e.Effect, ICC: e.ICC, Base: e.Base, SD: e.SD, Method: experiment.Method, SHA256: e.registered}
	for _, name := range e.Channels {
		out.Channels = append(out.Channels, probes.Channel(name))
	}
	for _, a := range e.Arms {
		out.Arms = append(out.Arms, probes.Arm{ID: a.ID, Personas: a.Personas, Set: a.Set})
		for _, text := range a.Set {
			out.Hide = append(out.Hide, strings.TrimSpace(text))
		}
	}
	for i := range c.Personas {
		p := &c.Personas[i]
		out.Hide = append(out.Hide, p.Given, p.Family, p.Town, p.Phone, p.Address)
	}
	slices.Sort(out.Hide)
	out.Hide = slices.DeleteFunc(slices.Compact(out.Hide), func(s string) bool { return s == "" })
	return out
}

// Frozen is Design for a launch: an experiment that is not what was pre-registered is not launched.
func (c *Campaign) Frozen() (*probes.Experiment, error) {
	if c.Experiment == nil {
		return nil, nil
	}
	if c.Experiment.unfit != nil {
		return nil, c.Experiment.unfit
	}
	if c.Experiment.Preregistration != "" && c.Experiment.registered == "" {
		return nil, errors.New("experiment.preregistration was not read")
	}
	return c.Design(), nil
}

var armKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// experiment completes and checks the section.
func (d *document) experiment(c *Campaign) {
	e := c.Experiment
	if e == nil {
		return
	}
	fill := func(s *string, value string) {
		if *s == "" {
			*s = value
		}
	}
	fill(&e.Unit, experiment.OfAudit)
	if len(e.Channels) == 0 && d.places["experiment.channels"] == nil {
		e.Channels = []string{string(probes.Mail)}
	}
	for _, x := range []struct {
		key   string
		value *float64
		usual float64
	}{{"alpha", &e.Alpha, 0.05}, {"power", &e.Power, 0.8}, {"icc", &e.ICC, 0.05}} {
		if d.places["experiment."+x.key] == nil {
			*x.value = x.usual
		}
	}
	d.name("experiment.id", e.ID)
	if strings.TrimSpace(e.Hypothesis) == "" {
		d.add("experiment.hypothesis", "it is missing", "say in one sentence what is expected: it is pre-registered")
	}
	d.among("experiment.factor", e.Factor, experiment.Factors[:]...)
	d.among("experiment.unit", e.Unit, experiment.Units[:]...)
	d.eachOf("experiment.strata", e.Strata, experiment.Strata[:])
	d.arms(c)
	d.experimentChannels(c)
	d.supposed(c)
	d.resolve(&e.Preregistration)
}

// eachOf checks a list of words: known, and each once.
func (d *document) eachOf(path string, list, known []string) {
	for i, word := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		d.among(at, word, known...)
		if slices.Index(list, word) < i {
			d.add(at, word+" is there twice", "write it once")
		}
	}
}

func (d *document) arms(c *Campaign) {
	e := c.Experiment
	if len(e.Arms) < 2 {
		d.add("experiment.arms", fmt.Sprintf("arms: %d", len(e.Arms)), "a comparison needs two or more; the others are compared with the first")
	}
	ids, taken := map[string]bool{}, map[string]string{}
	keys := map[string]bool{} // of any arm
	for _, a := range e.Arms {
		for key := range a.Set {
			keys[key] = true
		}
	}
	for i := range e.Arms {
		a, path := &e.Arms[i], fmt.Sprintf("experiment.arms[%d]", i)
		d.name(path+".id", a.ID)
		if ids[a.ID] {
			d.add(path+".id", a.ID+" is there twice", "give each arm an id of its own")
		}
		ids[a.ID] = true
		switch e.Factor {
		case experiment.Persona:
			if len(a.Personas) == 0 {
				d.add(path+".personas", "there is no persona", "write the ids of those who contact for this arm")
			}
			if len(a.Set) > 0 {
				d.add(path+".set", "the factor is persona", "take it out, or write factor: wording")
			}
		case experiment.Wording:
			if len(a.Set) == 0 {
				d.add(path+".set", "nothing is set", "write for example {salutation: \"Madame, Monsieur,\"} and use it as {{.Arm.salutation}}")
			}
			if len(a.Personas) > 0 {
				d.add(path+".personas", "the factor is wording", "take it out, or write factor: persona")
			}
		}
		for j, id := range a.Personas {
			at := fmt.Sprintf("%s.personas[%d]", path, j)
			switch {
			case !slices.ContainsFunc(c.Personas, func(p Persona) bool { return p.ID == id }):
				d.add(at, fmt.Sprintf("no persona has the id %q", id), "write one of personas")
			case taken[id] != "":
				d.add(at, fmt.Sprintf("%s is in the arm %s already", id, taken[id]), "a persona is in one arm, once")
			}
			taken[id] = cmp.Or(a.ID, "above")
		}
		d.set(path+".set", a.Set, keys)
	}
	if e.Factor == experiment.Wording {
		d.used(c)
	}
}

// set checks the parts of a text that an arm sets; every arm sets the same.
func (d *document) set(path string, set map[string]string, keys map[string]bool) {
	for _, key := range slices.Sorted(maps.Keys(set)) {
		if !armKey.MatchString(key) {
			d.add(path+"."+key, "texts cannot use it as {{.Arm."+key+"}}", "letters, digits and _, a letter first")
		}
		if strings.ContainsAny(set[key], "{}|") {
			d.add(path+"."+key, "it has { } or |", "write the words as they are sent: nothing is drawn or filled here")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if _, ok := set[key]; !ok && len(set) > 0 {
			d.add(path, "it does not set "+key, "every arm sets the same keys")
		}
	}
}

// used checks that each part that the arms differ in is written in every text that the audits of the experiment may send.
func (d *document) used(c *Campaign) {
	for _, key := range c.Experiment.Keys() {
		field := regexp.MustCompile(`\{\{\s*\.Arm\.` + regexp.QuoteMeta(key) + `\s*\}\}`)
		in := func(texts []string) (n int) {
			for _, text := range texts {
				if field.MatchString(text) {
					n++
				}
			}
			return n
		}
		some, titled, without := false, false, []int(nil)
		for i := range c.Scenarios {
			s := &c.Scenarios[i]
			if !slices.ContainsFunc(s.Channels, func(x string) bool { return slices.Contains(c.Experiment.Channels, x) }) {
				continue
			}
			subjects, bodies := in(s.Subjects), in(s.Bodies)
			some, titled = some || subjects+bodies > 0, titled || subjects > 0
			if subjects < len(s.Subjects) && bodies < len(s.Bodies) {
				without = append(without, i)
			}
		}
		if !some {
			d.add("experiment.arms[0].set."+key, "no scenario of the experiment's channels uses {{.Arm."+key+"}}", "use it in subjects or bodies")
			continue
		}
		for _, i := range without {
			d.add(fmt.Sprintf("scenarios[%d]", i), "some of its mails do not have {{.Arm."+key+"}}: nobody could tell its arms apart",
				"write it in every body or in every subject")
		}
		for i, a := range c.Experiment.Arms {
			if titled && strings.ContainsAny(a.Set[key], "\r\n") {
				d.add(fmt.Sprintf("experiment.arms[%d].set.%s", i, key), "it has several lines and stands in a subject", "write it on one line")
			}
		}
	}
}

func (d *document) experimentChannels(c *Campaign) {
	e := c.Experiment
	for i, name := range e.Channels {
		at := fmt.Sprintf("experiment.channels[%d]", i)
		switch {
		case !channel(name):
			d.add(at, fmt.Sprintf("the channel %q is not known", name), mendChannel)
		case slices.Index(e.Channels, name) < i:
			d.add(at, name+" is there twice", "write it once")
		case !c.Uses(name):
			d.add(at, "nothing is planned on "+name, "plan audits there, or take it out")
		case name == string(probes.Web):
			d.add(at, "a website is asked nothing, so no treatment reaches it", "take it out")
		case e.Factor == experiment.Wording && name != string(probes.Mail):
			d.add(at, "wordings are tested by mail alone", "write channels: [mail]")
		}
	}
	if len(e.Channels) == 0 {
		d.add("experiment.channels", "there is no channel", mendChannel)
	}
}

// supposed checks the outcome and what is supposed of it.
func (d *document) supposed(c *Campaign) {
	e := c.Experiment
	between := func(key string, v float64) {
		if !(v > 0 && v < 1) {
			d.add("experiment."+key, fmt.Sprintf("%v is not between 0 and 1", v), "write for example "+map[string]string{"alpha": "0.05", "power": "0.8"}[key])
		}
	}
	between("alpha", e.Alpha)
	between("power", e.Power)
	if !(e.ICC >= 0 && e.ICC < 1) {
		d.add("experiment.icc", fmt.Sprintf("%v is not a correlation from 0 to below 1", e.ICC), "write for example 0.05")
	}
	if e.Effect == 0 || math.IsNaN(e.Effect) || math.IsInf(e.Effect, 0) {
		d.add("experiment.effect", "it is missing", "write the smallest difference worth finding, for example 0.05, or -0.05 where less is expected")
	}
	if _, ok := grid.Find(cmp.Or(c.Grid.Version, grid.Version)); !ok {
		return // told already
	}
	m, err := c.Measure()
	if err != nil {
		d.check("experiment.outcome", err)
		return
	}
	if !m.Number() && d.places["experiment.base"] == nil {
		e.Base = 0.5
	}
	if of := m.Channel(); of != "" && slices.ContainsFunc(e.Channels, func(x string) bool { return x != string(of) }) {
		d.add("experiment.outcome", fmt.Sprintf("%s is of %s alone", e.Outcome, of), fmt.Sprintf("write channels: [%s], or another outcome", of))
	}
	switch {
	case m.Number() && !(e.SD > 0):
		d.add("experiment.sd", "the outcome is a number, and its supposed standard deviation is not above zero", "write it in "+m.Unit())
	case !m.Number() && d.places["experiment.sd"] != nil:
		d.add("experiment.sd", "the outcome is yes or no: its spread follows from base", "take it out")
	case !m.Number() && !(e.Base > 0 && e.Base < 1):
		d.add("experiment.base", fmt.Sprintf("%v is not between 0 and 1", e.Base), "write the share that is supposed of the first arm, for example 0.5")
	case !m.Number() && !(e.Base+e.Effect > 0 && e.Base+e.Effect < 1):
		d.add("experiment.effect", fmt.Sprintf("base %v and effect %v make no share between 0 and 1", e.Base, e.Effect), "write a smaller effect, negative where less is expected")
	}
}
