package config

import "time"

// Campaign is one edition (campaign.yaml): window, audit plan, scenarios, personas, calendar, caps and seed.
type Campaign struct {
	ID        string          `yaml:"id"` // letters, digits and "-": it starts every audit's identifier
	Title     string          `yaml:"title"`
	Seed      int64           `yaml:"seed"`
	Zone      string          `yaml:"zone"`  // IANA; of Start, End and of cron waves without a zone of their own
	Start     string          `yaml:"start"` // first day, 2026-03-02
	End       string          `yaml:"end"`   // last day on which a contact may be due
	Speed     int64           `yaml:"speed"` // campaign seconds per wall second; 1 is real time
	Plan      map[string]int  `yaml:"plan"`  // audits per structure by channel; the default is the reference 13
	Deadlines map[string]Days `yaml:"deadlines"`
	MinGap    Days            `yaml:"min_gap"` // between two contacts of one structure
	Caps      Caps            `yaml:"caps"`
	Tries     map[string]Try  `yaml:"tries"`  // by channel, the telephone's alone: how often one audit calls whom it does not reach
	Missed    string          `yaml:"missed"` // run (at the next open hour) or skip: what is due while we are down
	Late      time.Duration   `yaml:"late"`   // with skip: how late a try may still start
	Waves     []Wave          `yaml:"waves"`
	Review    Review          `yaml:"review"`
	Grid      Grid            `yaml:"grid"`
	Personas  []Persona       `yaml:"personas"`
	Scenarios []Scenario      `yaml:"scenarios"`
	// What the campaign tests by chance; nil: nothing.
	Experiment *Experiment `yaml:"experiment"`

	source
	file string
}

// Grid is what the campaign is judged by. It is frozen at the launch.
type Grid struct {
	Version string             `yaml:"version"` // of the items; the default is the program's own
	Norms   string             `yaml:"norms"`   // a profile: docs/grid.md lists them
	Set     map[string]float64 `yaml:"set"`     // norms that are other than the profile's, in its units: {mail.answer: 3}
}

// Review is how carefully the campaign's figures are looked at by people.
type Review struct {
	SecondReader bool `yaml:"second_reader"` // no verdict acts before another auditor has come to the same
	DoubleCoding int  `yaml:"double_coding"` // per cent of the answers that two auditors rate without seeing what others said
}

// Days is a number of days in a campaign file ("15d", or any Go duration).
type Days time.Duration

// Caps bound how hard anybody is contacted; 0 means no bound.
type Caps struct {
	StructurePerDay int `yaml:"structure_per_day"`
	DomainPerHour   int `yaml:"domain_per_hour"` // destination mail domain
	PersonaPerHour  int `yaml:"persona_per_hour"`
	PerHour         int `yaml:"per_hour"`
}

// Try is how often an audit may call when the line is engaged or nobody picks up. The first call is counted apart.
type Try struct {
	Most  int  `yaml:"most"`  // calls of one audit; 1: it is never called again
	After Days `yaml:"after"` // from one call to the next, in opening hours and before the deadline
}

// Wave is a recurring part of a campaign beside the plan: at each tick of Cron every structure (or those of Kinds) is
// contacted once, spread over Spread.
type Wave struct {
	ID      string        `yaml:"id"`
	Cron    string        `yaml:"cron"` // five fields, robfig/cron syntax
	Zone    string        `yaml:"zone"`
	Channel string        `yaml:"channel"`
	Kinds   []string      `yaml:"kinds"`
	Spread  time.Duration `yaml:"spread"`
	Missed  string        `yaml:"missed"`  // all, latest or skip: ticks that passed while the prober was down
	Outside bool          `yaml:"outside"` // telephone: the structure is called while it is closed, from 7 to 21 h; counted apart
}

// Persona is a fictitious citizen.
type Persona struct {
	ID       string `yaml:"id"`
	Given    string `yaml:"given"`
	Family   string `yaml:"family"`
	Civility string `yaml:"civility"` // Madame, Monsieur or empty
	Town     string `yaml:"town"`
	Phone    string `yaml:"phone"`
	Address  string `yaml:"address"` // postal
}

// Scenario is what the mystery citizen asks and what a good answer contains. In Subjects and Bodies, {a|b|c} chooses
// one by the audit's seed and {{.Name}} fields are filled: Structure, Given, Family, Civility, Town, Phone, and Arm.KEY where
// the campaign's experiment tests wordings.
type Scenario struct {
	ID       string   `yaml:"id"`
	Language string   `yaml:"language"` // fr, en…
	Channels []string `yaml:"channels"`
	Kinds    []string `yaml:"kinds"` // of structures; empty: all
	Subjects []string `yaml:"subjects"`
	Bodies   []string `yaml:"bodies"`
	Facts    []Fact   `yaml:"facts"`
	// Of calls: the keys that are pressed in a voice menu, each when a text has ended; a recording of the question, said to a
	// person who waits (WAV, 8 kHz, mono, 16 bits); and who calls: agent, or person, who finds the call among the tasks.
	Keys string `yaml:"keys"`
	Say  string `yaml:"say"`
	By   string `yaml:"by"`
}

// Fact is something a good answer contains.
type Fact struct {
	ID    string   `yaml:"id"`
	Label string   `yaml:"label"`
	Any   []string `yaml:"any"` // regular expressions, one of which must match the answer, case and accents ignored
}
