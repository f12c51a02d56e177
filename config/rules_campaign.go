package config

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule/calendar"
)

// What happens to an audit that was due while the prober was down (Campaign.Missed).
const (
	MissedRun  = "run"  // at the next open hour
	MissedSkip = "skip" // never; it is recorded as missed by us
)

// campaign completes and checks a campaign.yaml.
func (d *document) campaign(c *Campaign) {
	c.source, c.file = d.source, d.file
	if d.root == nil {
		return
	}
	if c.Plan == nil {
		c.Plan = ReferencePlan()
	}
	d.name("id", c.ID)
	if c.Title == "" {
		c.Title = c.ID
	}
	_, err := calendar.Zone(c.Zone)
	d.check("zone", err)
	atLeast(d, "speed", c.Speed, 1)
	d.deadlines(c)
	if c.MinGap < 0 {
		d.add("min_gap", c.MinGap.String()+" is before the contact itself", "write 0 or more, for example 2d")
	}
	if c.Review.DoubleCoding < 0 || c.Review.DoubleCoding > 100 {
		d.add("review.double_coding", fmt.Sprintf("%d is no percentage", c.Review.DoubleCoding), "write a number from 0 to 100, for example 10")
	}
	d.grid(c)
	for _, limit := range []struct {
		key string
		n   int
	}{
		{"structure_per_day", c.Caps.StructurePerDay}, {"domain_per_hour", c.Caps.DomainPerHour},
		{"persona_per_hour", c.Caps.PersonaPerHour}, {"per_hour", c.Caps.PerHour},
	} {
		atLeast(d, "caps."+limit.key, limit.n, 0)
	}
	d.tries(c)
	d.among("missed", c.Missed, MissedRun, MissedSkip)
	d.positive("late", Days(c.Late))
	d.plan(c)
	d.window(c)
	d.waves(c)
	d.personas(c)
	d.experiment(c)
	d.scenarios(c)
}

// check files an error of another room, of the form "what is wrong; how to mend it".
func (d *document) check(path string, err error) {
	if err != nil {
		problem, mend, _ := strings.Cut(err.Error(), "; ")
		d.add(path, problem, mend)
	}
}

func channel(name string) bool { return slices.Contains(probes.Channels[:], probes.Channel(name)) }

const mendChannel = "the channels are mail web phone social post visit"

func (d *document) deadlines(c *Campaign) {
	if c.Deadlines == nil {
		c.Deadlines = map[string]Days{}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Deadlines)) {
		if !channel(name) {
			d.add("deadlines."+name, "the channel is not known", mendChannel)
		}
		d.positive("deadlines."+name, c.Deadlines[name])
	}
	for name, length := range DefaultDeadlines() {
		if _, given := c.Deadlines[name]; !given {
			c.Deadlines[name] = length
		}
	}
}

// plan checks the number of audits per channel, and that there are scenarios for them.
func (d *document) plan(c *Campaign) {
	total := 0
	for _, name := range slices.Sorted(maps.Keys(c.Plan)) {
		path, n := "plan."+name, c.Plan[name]
		if !channel(name) {
			d.add(path, "the channel is not known", mendChannel)
			continue
		}
		atLeast(d, path, n, 0)
		total += max(n, 0)
		suited := 0
		for i := range c.Scenarios {
			if slices.Contains(c.Scenarios[i].Channels, name) {
				suited++
			}
		}
		if n > suited {
			d.add(path, fmt.Sprintf("audits: %d, but scenarios for %s: %d", n, name, suited),
				"a structure never meets the same scenario twice: write more, or plan fewer audits")
		}
	}
	if total == 0 && len(c.Waves) == 0 {
		d.add("plan", "no audit is planned", "give a number of audits for at least one channel, or a wave")
	}
}

// window checks first and last day, and that the audits of one structure fit between them.
func (d *document) window(c *Campaign) {
	start, err := calendar.ParseDay(c.Start)
	d.check("start", err)
	end, err2 := calendar.ParseDay(c.End)
	d.check("end", err2)
	switch {
	case err != nil || err2 != nil || c.MinGap < 0:
		return
	case end < start:
		d.add("end", c.End+" is before the start "+c.Start, "write the last day on which a contact may be due")
		return
	case end-start > 5*366:
		d.add("end", "the campaign lasts more than five years", "make a campaign of each edition")
		return
	}
	total := 0
	for _, n := range c.Plan {
		total += min(max(n, 0), 1000)
	}
	step := max(calendar.Day((c.MinGap+day-1)/day), 1)
	fits := 0
	for d := start; d <= end; {
		if w := d.Weekday(); w == time.Saturday || w == time.Sunday {
			d++
			continue
		}
		fits++
		d += step
	}
	if fits < total {
		d.add("end", fmt.Sprintf("from %s to %s there are days for %d audits %s apart, %d are planned", c.Start, c.End, fits, c.MinGap, total),
			"lengthen the window, shorten min_gap or plan fewer audits")
	}
}

func (d *document) waves(c *Campaign) {
	ids := map[string]bool{"plan": true}
	for i := range c.Waves {
		w, path := &c.Waves[i], fmt.Sprintf("waves[%d]", i)
		d.name(path+".id", w.ID)
		if ids[w.ID] {
			d.add(path+".id", w.ID+" is taken", "give each wave an id of its own; plan is the plan's")
		}
		ids[w.ID] = true
		_, err := calendar.ParseCron(w.Cron)
		d.check(path+".cron", err)
		if w.Zone != "" {
			_, err := calendar.Zone(w.Zone)
			d.check(path+".zone", err)
		}
		if !channel(w.Channel) {
			d.add(path+".channel", fmt.Sprintf("the channel %q is not known", w.Channel), mendChannel)
		}
		if w.Spread < 0 {
			d.add(path+".spread", w.Spread.String()+" goes backwards", "write 0 or more, for example 4h")
		}
		if w.Missed == "" {
			w.Missed = "latest"
		}
		d.among(path+".missed", w.Missed, "all", "latest", "skip")
		if w.Outside && w.Channel != string(probes.Phone) {
			d.add(path+".outside", "only calls are made while a structure is closed", "remove it, or write channel: phone")
		}
	}
}

// maxCalls bounds how often one audit calls: more is a nuisance and no measurement.
const maxCalls = 5

func (d *document) tries(c *Campaign) {
	for _, name := range slices.Sorted(maps.Keys(c.Tries)) {
		path, t := "tries."+name, c.Tries[name]
		if name != string(probes.Phone) {
			d.add(path, "only calls are made again", "write phone, or remove it")
			continue
		}
		atLeast(d, path+".most", t.Most, 1)
		if t.Most > maxCalls {
			d.add(path+".most", fmt.Sprintf("%d calls for one question are a nuisance", t.Most), fmt.Sprintf("write at most %d", maxCalls))
		}
		if t.After == 0 {
			t.After = Days(30 * time.Minute)
			c.Tries[name] = t
		}
		d.positive(path+".after", t.After)
	}
}

func (d *document) personas(c *Campaign) {
	if len(c.Personas) == 0 {
		d.add("personas", "there is no persona", "write at least one")
	}
	ids := map[string]bool{}
	for i := range c.Personas {
		p, path := &c.Personas[i], fmt.Sprintf("personas[%d]", i)
		d.name(path+".id", p.ID)
		if ids[p.ID] {
			d.add(path+".id", p.ID+" is there twice", "give each persona an id of its own")
		}
		ids[p.ID] = true
		for _, required := range []struct{ key, text string }{{"given", p.Given}, {"family", p.Family}} {
			if strings.TrimSpace(required.text) == "" {
				d.add(path+"."+required.key, "it is missing", "a citizen signs with given and family name")
			}
		}
		d.among(path+".civility", p.Civility, "Madame", "Monsieur", "")
		if strings.Trim(p.Phone, "+0123456789 .-()") != "" {
			d.add(path+".phone", fmt.Sprintf("%q is not a telephone number", p.Phone), "write for example +33 6 39 98 12 34")
		}
	}
}

// Freeze fixes what the campaign is judged by.
func (g *Grid) Freeze() (probes.Grid, error) { return grid.Freeze(g.Version, g.Norms, g.Set) }

// grid holds what the campaign is judged by to what the program has.
func (d *document) grid(c *Campaign) {
	if _, ok := grid.Find(cmp.Or(c.Grid.Version, grid.Version)); !ok {
		d.add("grid.version", fmt.Sprintf("version %q of the items is not in this program", c.Grid.Version), "write "+grid.Version+", or leave it out")
	}
	profile := cmp.Or(c.Grid.Norms, grid.DefaultProfile)
	norms, ok := grid.Profile(profile)
	if !ok {
		var names []string
		for _, n := range grid.Profiles() {
			names = append(names, n.Profile)
		}
		d.add("grid.norms", fmt.Sprintf("there are no norms %q", profile), "one of "+strings.Join(names, ", "))
		return
	}
	for _, key := range slices.Sorted(maps.Keys(c.Grid.Set)) {
		if _, ok := norms.Value(key); !ok {
			d.add("grid.set."+key, "the profile "+profile+" has no such norm", "one of its keys; docs/grid.md lists them")
		} else if c.Grid.Set[key] <= 0 {
			d.add("grid.set."+key, fmt.Sprintf("%v is not above zero", c.Grid.Set[key]), "write the figure in the unit of the profile")
		}
	}
}
