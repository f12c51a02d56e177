package schedule

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	_ "time/tzdata"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/directory"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule/calendar"
)

const days = config.Days(24 * time.Hour)

// testCampaign has the reference plan, five scenarios a channel and six personas.
func testCampaign() *config.Campaign {
	c := &config.Campaign{
		ID: "test", Seed: 7, Zone: "Europe/Paris", Start: "2026-03-02", End: "2026-04-30", Speed: 1,
		Plan: config.ReferencePlan(), Deadlines: config.DefaultDeadlines(), MinGap: days,
	}
	for i := range 6 {
		c.Personas = append(c.Personas, config.Persona{ID: fmt.Sprintf("p%d", i)})
	}
	for _, channel := range probes.Channels {
		for i := range 5 {
			c.Scenarios = append(c.Scenarios, config.Scenario{ID: fmt.Sprintf("%s%d", channel, i), Channels: []string{string(channel)}})
		}
	}
	return c
}

var testHours = []string{
	"Mo-Fr 09:00-12:00,14:00-17:00; PH off", "Mo-Fr 08:30-16:30; Sa 09:00-12:00", "Mo,Tu,Th,Fr 08:00-12:00,13:30-17:30; We 08:00-12:00",
	"24/7", "Tu-Sa 10:00-18:00; PH off", "Mo-Fr 07:30-15:30; Fr 07:30-11:30",
}

var testZones = [][2]string{
	{"Europe/Paris", "FR"}, {"Europe/Paris", "FR-67"}, {"America/Cayenne", "FR-973"}, {"Indian/Reunion", "FR-974"}, {"Pacific/Noumea", "FR-988"},
}

func testStructures(n int, seed uint64) []directory.Structure {
	random := rand.New(rand.NewPCG(seed, 1))
	list := make([]directory.Structure, n)
	for i := range list {
		zone := testZones[random.IntN(len(testZones))]
		id := fmt.Sprintf("s%05d", i)
		domain := id + ".example"
		if random.IntN(3) == 0 {
			domain = "orange.example"
		}
		list[i] = directory.Structure{
			Structure: probes.Structure{
				ID: probes.StructureID(id), Name: "Mairie " + id, Kind: "mairie", Sector: "public", Zone: zone[0],
				Hours: testHours[random.IntN(len(testHours))], Holidays: zone[1],
			},
			Contacts: map[probes.Channel][]string{
				probes.Mail: {"accueil-" + id + "@" + domain}, probes.Web: {"https://" + id + ".example/"}, probes.Phone: {"+33199001234"},
				probes.Social: {"@" + id}, probes.Post: {"1 place, 21000 Dijon"}, probes.Visit: {"1 place, 21000 Dijon"},
			},
		}
	}
	return list
}

// verify fails the test for every rule that the timetable breaks.
func verify(t *testing.T, c *config.Campaign, structures []directory.Structure, audits []probes.Audit, conflicts []Conflict) {
	t.Helper()
	byID := map[probes.StructureID]*directory.Structure{}
	for i := range structures {
		byID[structures[i].ID] = &structures[i]
	}
	of := map[probes.StructureID][]probes.Audit{}
	perHour, perPersona, perDomain := map[int64]int{}, map[string]int{}, map[string]int{}
	for i, a := range audits {
		if i > 0 && a.Due.Before(audits[i-1].Due) {
			t.Fatalf("%s: out of order", a.ID)
		}
		of[a.Structure] = append(of[a.Structure], a)
		hour := a.Due.Unix() / 3600
		perHour[hour]++
		perPersona[fmt.Sprint(a.Persona, hour)]++
		if a.Channel == probes.Mail {
			perDomain[fmt.Sprint(directory.MailDomain(a.Target), hour)]++
		}
	}
	verifyCap(t, "per_hour", c.Caps.PerHour, perHour)
	verifyCap(t, "persona_per_hour", c.Caps.PersonaPerHour, perPersona)
	verifyCap(t, "domain_per_hour", c.Caps.DomainPerHour, perDomain)
	lost, cut := map[probes.StructureID]int{}, map[probes.StructureID]bool{}
	for _, x := range conflicts {
		if x.Wave == PlanWave {
			lost[x.Structure] += x.Audits
		}
		cut[x.Structure] = cut[x.Structure] || x.Kind == CapReached
	}
	total := 0
	for _, n := range c.Plan {
		total += n
	}
	for id, s := range byID {
		planned := 0
		for _, a := range of[id] {
			if a.Wave == PlanWave {
				planned++
			}
		}
		if planned+lost[id] != total {
			t.Fatalf("%s: %d planned and %d in conflicts, not %d in all", id, planned, lost[id], total)
		}
		verifyStructure(t, c, s, of[id], cut[id])
	}
}

func verifyCap[K comparable](t *testing.T, name string, limit int, counts map[K]int) {
	t.Helper()
	for key, n := range counts {
		if limit > 0 && n > limit {
			t.Fatalf("%s is %d, but %v has %d", name, limit, key, n)
		}
	}
}

func verifyStructure(t *testing.T, c *config.Campaign, s *directory.Structure, audits []probes.Audit, cut bool) {
	t.Helper()
	cal, err := calendar.New(s.Zone, s.Hours, s.Holidays)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	days := map[calendar.Day]bool{}
	personas := map[string]bool{}
	for i, a := range audits {
		d := cal.Day(a.Due)
		switch {
		case !cal.Open(a.Due):
			t.Fatalf("%s: %s is not open at %s (%s)", a.ID, s.Hours, a.Due.In(cal.Location()), a.Channel)
		case cal.Holiday(d):
			t.Fatalf("%s: %s is a holiday", a.ID, d)
		case d.String() < c.Start || d.String() > c.End:
			t.Fatalf("%s: %s is not in the window", a.ID, d)
		case days[d]:
			t.Fatalf("%s: second contact on %s", a.ID, d)
		case i > 0 && a.Due.Sub(audits[i-1].Due) < time.Duration(c.MinGap):
			t.Fatalf("%s: %s after %s", a.ID, a.Due.Sub(audits[i-1].Due), audits[i-1].ID)
		case seen[string(a.Channel)+a.Scenario]:
			t.Fatalf("%s: scenario %s again", a.ID, a.Scenario)
		case a.Due.Second() == 0 || a.Due.Location() != time.UTC || a.Deadline.Location() != time.UTC:
			t.Fatalf("%s: due %s", a.ID, a.Due)
		case a.Deadline.Sub(a.Due) != time.Duration(c.Deadlines[string(a.Channel)]):
			t.Fatalf("%s: deadline %s", a.ID, a.Deadline)
		case a.ID != probes.AuditID(fmt.Sprintf("%s.%s.%02d", c.ID, s.ID, a.Number)):
			t.Fatalf("%s: number %d", a.ID, a.Number)
		}
		seen[string(a.Channel)+a.Scenario] = true
		days[d] = true
		if len(personas) == len(c.Personas) {
			clear(personas)
		}
		if personas[a.Persona] && !cut && c.Experiment == nil {
			t.Fatalf("%s: persona %s before all had their turn", a.ID, a.Persona)
		}
		personas[a.Persona] = true
	}
}

func mustPlan(t testing.TB, c *config.Campaign, structures []directory.Structure) ([]probes.Audit, []Conflict) {
	t.Helper()
	audits, conflicts, err := Plan(c, structures)
	if err != nil {
		t.Fatal(err)
	}
	return audits, conflicts
}

func TestPlanKeepsItsRules(t *testing.T) {
	for seed := range uint64(8) {
		c := testCampaign()
		c.Seed = int64(seed)
		random := rand.New(rand.NewPCG(seed, 9))
		c.MinGap = config.Days(random.IntN(60)) * config.Days(time.Hour)
		if seed%2 == 1 {
			c.Caps = config.Caps{StructurePerDay: 1, DomainPerHour: 2, PersonaPerHour: 4, PerHour: 14}
			c.Waves = []config.Wave{{ID: "monday", Cron: "0 9 * * MON", Channel: "mail", Spread: 2 * time.Hour},
				{ID: "month", Cron: "30 14 1 * *", Channel: "web", Zone: "Pacific/Noumea"}}
		}
		structures := testStructures(120, seed)
		audits, conflicts := mustPlan(t, c, structures)
		verify(t, c, structures, audits, conflicts)
		if len(c.Waves) == 0 && len(conflicts) > 0 {
			t.Errorf("seed %d: %v", seed, conflicts)
		}
	}
}

func TestPlanDoesNotDependOnTheOrder(t *testing.T) {
	c := testCampaign()
	c.Caps = config.Caps{DomainPerHour: 3, PersonaPerHour: 5, PerHour: 20}
	structures := testStructures(150, 3)
	audits, conflicts := mustPlan(t, c, structures)
	for seed := range uint64(3) {
		mixed := slices.Clone(structures)
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		again, conflictsAgain := mustPlan(t, c, mixed)
		if !reflect.DeepEqual(audits, again) || !reflect.DeepEqual(conflicts, conflictsAgain) {
			t.Fatal("another order of the rows gives another timetable")
		}
	}
}

func TestAddingAStructureLeavesTheOthers(t *testing.T) {
	c := testCampaign()
	structures := testStructures(60, 4)
	before, _ := mustPlan(t, c, structures[1:])
	after, _ := mustPlan(t, c, structures)
	after = slices.DeleteFunc(after, func(a probes.Audit) bool { return a.Structure == structures[0].ID })
	if !reflect.DeepEqual(before, after) {
		t.Fatal("a new structure moved the audits of others")
	}
	c.Seed++
	if other, _ := mustPlan(t, c, structures[1:]); reflect.DeepEqual(before, other) {
		t.Fatal("another seed gives the same timetable")
	}
}

// Over a campaign each channel is spread evenly over weeks, weekdays and hours.
func TestPlanIsBalanced(t *testing.T) {
	c := testCampaign()
	structures := testStructures(2000, 5)
	for i := range structures {
		structures[i].Zone, structures[i].Holidays, structures[i].Hours = "Europe/Paris", "FR", testHours[0]
	}
	audits, _ := mustPlan(t, c, structures)
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for _, channel := range probes.Channels {
		weeks, weekdays, hours := map[any]float64{}, map[any]float64{}, map[any]float64{}
		open := map[calendar.Day]bool{}
		n := 0.0
		for _, a := range audits {
			if a.Channel != channel {
				continue
			}
			due := a.Due.In(paris)
			_, week := due.ISOWeek()
			weeks[week]++
			weekdays[due.Weekday()]++
			hours[due.Hour()]++
			open[calendar.DayOf(due)] = true
			n++
		}
		if len(weeks) != 9 || len(weekdays) != 5 || len(hours) != 6 {
			t.Fatalf("%s: %d weeks, %d weekdays, %d hours", channel, len(weeks), len(weekdays), len(hours))
		}
		daysOf := map[any]float64{}
		for d := range open {
			_, week := d.Week()
			daysOf[week]++
			daysOf[d.Weekday()]++
		}
		near := func(what any, got, want, tolerance float64) {
			if got < want*(1-tolerance) || got > want*(1+tolerance) {
				t.Errorf("%s on %v: %.0f audits, want %.0f", channel, what, got, want)
			}
		}
		for week, got := range weeks {
			near(week, got, n*daysOf[week]/float64(len(open)), 0.25)
		}
		for day, got := range weekdays {
			near(day, got, n*daysOf[day]/float64(len(open)), 0.2)
		}
		for hour, got := range hours {
			near(hour, got, n/6, 0.15)
		}
	}
}

func TestConflictsAreTold(t *testing.T) {
	one := func(change func(*config.Campaign, *directory.Structure)) []Conflict {
		c, structures := testCampaign(), testStructures(1, 1)
		change(c, &structures[0])
		audits, conflicts := mustPlan(t, c, structures)
		verify(t, c, structures, audits, conflicts)
		return conflicts
	}
	for name, test := range map[string]struct {
		change func(*config.Campaign, *directory.Structure)
		want   string
	}{
		"contact":  {func(_ *config.Campaign, s *directory.Structure) { delete(s.Contacts, probes.Phone) }, "s00000 phone: 4 not planned (no contact): the structure has no phone contact"},
		"scenario": {func(c *config.Campaign, _ *directory.Structure) { c.Scenarios = c.Scenarios[2:] }, "s00000 mail: 1 not planned (no scenario): 4 mail scenarios for mairie are needed, there are 3"},
		"closed":   {func(_ *config.Campaign, s *directory.Structure) { s.Hours = "Dec 01 09:00-12:00" }, "it is not open on any day from 2026-03-02 to 2026-04-30"},
		"room":     {func(c *config.Campaign, _ *directory.Structure) { c.End = "2026-03-08" }, "do not hold 13 audits 24h0m0s apart"},
		"persona":  {func(c *config.Campaign, _ *directory.Structure) { c.Personas = nil }, "(no persona): the campaign has no persona"},
		"wave": {func(c *config.Campaign, _ *directory.Structure) {
			c.Waves = []config.Wave{{ID: "w", Cron: "0 9 * * MON", Channel: "mail"}}
		}, "(no scenario): 13 mail scenarios for mairie are needed, there are 5"},
	} {
		t.Run(name, func(t *testing.T) {
			var lines []string
			for _, x := range one(test.change) {
				lines = append(lines, x.String())
			}
			if got := strings.Join(lines, "\n"); !strings.Contains(got, test.want) {
				t.Errorf("got\n%s\nwant %s", got, test.want)
			}
		})
	}
}

// A campaign over both DST nights of Paris contacts structures that are open all night at the right instants.
func TestPlanOverBothNights(t *testing.T) {
	for _, window := range [][2]string{{"2026-03-16", "2026-04-12"}, {"2026-10-12", "2026-11-08"}} {
		c := testCampaign()
		c.Start, c.End = window[0], window[1]
		c.Waves = []config.Wave{{ID: "night", Cron: "30 2 * * SUN", Channel: "social", Spread: time.Minute}}
		structures := testStructures(40, 6)
		for i := range structures {
			structures[i].Hours, structures[i].Zone, structures[i].Holidays = "24/7", "Europe/Paris", "FR"
		}
		audits, conflicts := mustPlan(t, c, structures)
		verify(t, c, structures, audits, conflicts)
	}
}

func TestPlanRefusesWhatCannotBe(t *testing.T) {
	for want, change := range map[string]func(*config.Campaign, *[]directory.Structure){
		"structure s00001 is there twice": func(_ *config.Campaign, s *[]directory.Structure) { (*s)[0].ID = "s00001" },
		"end 2026-03-01 is before start":  func(c *config.Campaign, _ *[]directory.Structure) { c.End = "2026-03-01" },
		"is not an IANA time zone":        func(_ *config.Campaign, s *[]directory.Structure) { (*s)[0].Zone = "Europe/Pari" },
		"wave w: cron expression": func(c *config.Campaign, _ *[]directory.Structure) {
			c.Waves = []config.Wave{{ID: "w", Cron: "x", Channel: "mail"}}
		},
	} {
		c, structures := testCampaign(), testStructures(3, 1)
		change(c, &structures)
		if _, _, err := Plan(c, structures); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
