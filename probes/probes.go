// Package probes is the vocabulary of Sonde: what an audit, an event, an observation and a probe are, so that every
// other room speaks of the same things. It does no I/O, has no clock and imports nothing but the standard library.
package probes

import (
	"context"
	"errors"
	"time"
)

// Identifiers have their own types so that a structure is never taken for an audit.
type (
	// AuditID names one audit: CAMPAIGN.STRUCTURE.NUMBER, for example "demo.21350238800019.07".
	AuditID string
	// StructureID is the structure's public identifier (SIRET, INSEE code…): letters, digits, "-" and "_".
	StructureID string
	// ItemCode names one of the 400 items of the grid, for example "mail.greeting".
	ItemCode string
	// Hash is the lower-case hexadecimal SHA-256 of evidence.
	Hash string
)

// Channel is one of the six ways in which a citizen contacts a public service.
type Channel string

// The six channels of the programme.
const (
	Mail   Channel = "mail"
	Web    Channel = "web"
	Phone  Channel = "phone"
	Social Channel = "social"
	Post   Channel = "post"
	Visit  Channel = "visit"
)

// Channels lists the six channels in the order of every table and form.
var Channels = [...]Channel{Mail, Web, Phone, Social, Post, Visit}

// Structure is what the statistics and the timetable need to know of an audited body. Its contacts and the legal
// ground for contacting it stay in package directory.
type Structure struct {
	ID       StructureID `json:"structure" cbor:"1,keyasint"`
	Name     string      `json:"name" cbor:"2,keyasint"`
	Kind     string      `json:"kind" cbor:"3,keyasint"`               // town hall, département, hospital, company…
	Sector   string      `json:"sector" cbor:"4,keyasint"`             // public or private
	Band     string      `json:"band" cbor:"5,keyasint"`               // population band
	Region   string      `json:"region" cbor:"6,keyasint"`             //
	Zone     string      `json:"zone" cbor:"7,keyasint"`               // IANA time zone
	Hours    string      `json:"hours" cbor:"8,keyasint"`              // opening hours, OpenStreetMap syntax
	Holidays string      `json:"holidays" cbor:"9,keyasint,omitempty"` // public-holiday calendar: FR, FR-57, FR-972…
}

// Audit is one planned contact: structure × channel × scenario × persona × due instant × deadline. It is the unit of
// the plan and of the statistics. Due and Deadline are campaign instants (see Timeline).
type Audit struct {
	ID        AuditID     `json:"audit" cbor:"1,keyasint"`
	Campaign  string      `json:"campaign" cbor:"2,keyasint"`
	Structure StructureID `json:"structure" cbor:"3,keyasint"`
	Channel   Channel     `json:"channel" cbor:"4,keyasint"`
	Scenario  string      `json:"scenario" cbor:"5,keyasint"`
	Persona   string      `json:"persona" cbor:"6,keyasint"`
	Wave      string      `json:"wave" cbor:"7,keyasint"`
	Number    int         `json:"number" cbor:"8,keyasint"` // 1, 2, … within the structure
	Due       time.Time   `json:"due" cbor:"9,keyasint"`
	Deadline  time.Time   `json:"deadline" cbor:"10,keyasint"`
	Target    string      `json:"target" cbor:"11,keyasint"` // the contact used: mail address, URL, number…
	// Treatment is the arm of the campaign's experiment that the audit was given; empty: it takes no part in one.
	Treatment string `json:"treatment,omitempty" cbor:"12,keyasint,omitempty"`
	// Outside says that the contact is made while the structure is closed, on purpose. It is counted apart.
	Outside bool `json:"outside,omitempty" cbor:"13,keyasint,omitempty"`
}

// Fault says whose fault an event is. It is decided where the event happens and never guessed afterwards.
type Fault string

const (
	// Ours spoils the audit: it leaves the denominator and is counted beside the rate.
	Ours Fault = "ours"
	// Theirs stays in the denominator: refusal and silence are answers about the structure.
	Theirs Fault = "theirs"
)

// Event is one fact at one instant about an audit. Events are appended and never edited.
type Event struct {
	Audit AuditID `json:"audit,omitempty" cbor:"1,keyasint,omitempty"` // empty: about a mailbox, a structure or a campaign
	Kind  Kind    `json:"kind" cbor:"2,keyasint"`
	Try   int     `json:"try,omitempty" cbor:"3,keyasint,omitempty"` // 1 for the first physical attempt
	// At is the instant of the fact itself, UTC wall time, taken where it happened (the receiving server's stamp for
	// a mail that came in, our clock for what we did).
	At time.Time `json:"at" cbor:"4,keyasint"`
	// Seen is our own clock when we noticed a fact that another machine stamped.
	Seen time.Time `json:"seen,omitzero" cbor:"5,keyasint,omitzero"`
	// Elapsed is the monotonic time since the try began.
	Elapsed      time.Duration     `json:"elapsed_ns,omitempty" cbor:"6,keyasint,omitempty"`
	Fault        Fault             `json:"fault,omitempty" cbor:"7,keyasint,omitempty"`
	Text         string            `json:"text,omitempty" cbor:"8,keyasint,omitempty"`   // what the other side said, verbatim
	Detail       map[string]string `json:"detail,omitempty" cbor:"9,keyasint,omitempty"` // named facts; docs/formats.md lists the names
	Evidence     []Evidence        `json:"evidence,omitempty" cbor:"10,keyasint,omitempty"`
	Observations []Observation     `json:"observations,omitempty" cbor:"11,keyasint,omitempty"`
	// Keys are the names under which later facts find this audit again: "token:k7f3a9", "message-id:<…>", "to:a@b".
	Keys []string `json:"keys,omitempty" cbor:"12,keyasint,omitempty"`
}

// Evidence is bytes that back an event, stored once under their SHA-256.
type Evidence struct {
	SHA256 Hash   `json:"sha256" cbor:"1,keyasint"`
	Type   string `json:"type" cbor:"2,keyasint"` // media type, for example message/rfc822
	Name   string `json:"name,omitempty" cbor:"3,keyasint,omitempty"`
	Size   int64  `json:"size" cbor:"4,keyasint"` // octets
	// Erase is when the bytes must be deleted everywhere; zero: never. The hash stays.
	Erase time.Time `json:"erase,omitzero" cbor:"5,keyasint,omitzero"`
	// Body carries the bytes from the probe to the store; it is not part of the journal record.
	Body []byte `json:"-" cbor:"-"`
}

// Erased says whether the time of the bytes is over at the instant: it is right then that they are not there.
func (e *Evidence) Erased(now time.Time) bool { return !e.Erase.IsZero() && !e.Erase.After(now) }

// Value is what was observed of an item.
type Value string

// The values of an item that is not a number.
const (
	Yes           Value = "yes"
	No            Value = "no"
	NotApplicable Value = "n/a"
)

// Observation is an item's value for an audit, by whom, with the passage that proves it.
type Observation struct {
	Item    ItemCode `json:"item" cbor:"1,keyasint"`
	Value   Value    `json:"value,omitempty" cbor:"2,keyasint,omitempty"`
	Number  *float64 `json:"number,omitempty" cbor:"3,keyasint,omitempty"` // for a numeric item, in the item's unit
	By      string   `json:"by" cbor:"4,keyasint"`                         // "agent" or the auditor's account
	Passage string   `json:"passage,omitempty" cbor:"5,keyasint,omitempty"`
	Rule    string   `json:"rule,omitempty" cbor:"6,keyasint,omitempty"` // the rule that decided
	SHA256  Hash     `json:"sha256,omitempty" cbor:"7,keyasint,omitempty"`
}

// Launch fixes a campaign when it starts: which files it was computed from and how campaign time runs.
type Launch struct {
	Campaign  string    `json:"campaign" cbor:"1,keyasint"`
	Title     string    `json:"title,omitempty" cbor:"2,keyasint,omitempty"`
	Timeline  Timeline  `json:"timeline" cbor:"3,keyasint"`
	End       time.Time `json:"end" cbor:"4,keyasint"` // campaign instant
	Files     []Hash    `json:"files,omitempty" cbor:"5,keyasint,omitempty"`
	Structure int       `json:"structures" cbor:"6,keyasint"` // how many
	Audits    int       `json:"audits" cbor:"7,keyasint"`     // how many
	// How the campaign wants to be reviewed: whether every verdict needs a second reader, which share of the answered audits
	// two auditors rate blindly, and the seed that draws them.
	SecondReader bool    `json:"second_reader,omitempty" cbor:"8,keyasint,omitempty"`
	DoubleCoding float64 `json:"double_coding,omitempty" cbor:"9,keyasint,omitempty"`
	Seed         int64   `json:"seed,omitempty" cbor:"10,keyasint,omitempty"`
	Grid         *Grid   `json:"grid,omitempty" cbor:"11,keyasint,omitempty"`
	// What the campaign tests by chance, if it does.
	Experiment *Experiment `json:"experiment,omitempty" cbor:"12,keyasint,omitempty"`
}

// Experiment is what a campaign tests by chance, frozen at its launch: which treatments there are, how they were dealt and
// which outcome decides.
type Experiment struct {
	ID         string    `json:"id" cbor:"1,keyasint"`
	Hypothesis string    `json:"hypothesis" cbor:"2,keyasint"`
	Factor     string    `json:"factor" cbor:"3,keyasint"` // persona or wording
	Arms       []Arm     `json:"arms" cbor:"4,keyasint"`   // the others are compared with the first
	Strata     []string  `json:"strata,omitempty" cbor:"5,keyasint,omitempty"`
	Unit       string    `json:"unit" cbor:"6,keyasint"` // audit or structure
	Channels   []Channel `json:"channels" cbor:"7,keyasint"`
	Outcome    string    `json:"outcome" cbor:"8,keyasint"`
	Alpha      float64   `json:"alpha" cbor:"9,keyasint"`
	Power      float64   `json:"power" cbor:"10,keyasint"`
	Effect     float64   `json:"effect" cbor:"11,keyasint"` // the smallest difference worth finding
	ICC        float64   `json:"icc" cbor:"12,keyasint"`    // supposed likeness of the audits of one structure
	Base       float64   `json:"base" cbor:"13,keyasint"`   // supposed outcome of the first arm
	SD         float64   `json:"sd,omitempty" cbor:"14,keyasint,omitempty"`
	Method     string    `json:"method" cbor:"15,keyasint"`                     // the version of the analysis
	SHA256     Hash      `json:"sha256,omitempty" cbor:"16,keyasint,omitempty"` // of the pre-registration
	// Hide are the words of the personas and of the treatments: who rates blindly must not read them.
	Hide []string `json:"hide,omitempty" cbor:"17,keyasint,omitempty"`
}

// Arm is one treatment of an experiment.
type Arm struct {
	ID       string            `json:"id" cbor:"1,keyasint"`
	Personas []string          `json:"personas,omitempty" cbor:"2,keyasint,omitempty"` // who contacts
	Set      map[string]string `json:"set,omitempty" cbor:"3,keyasint,omitempty"`      // what is written where texts say {{.Arm.KEY}}
}

// Grid is what a campaign is judged by, frozen at its launch: which version of the items, and the norms in figures.
type Grid struct {
	Version string             `json:"version" cbor:"1,keyasint"`
	SHA256  Hash               `json:"sha256" cbor:"2,keyasint"`         // of the version's data files
	Profile string             `json:"profile" cbor:"3,keyasint"`        // of norms
	Date    string             `json:"date,omitempty" cbor:"4,keyasint"` // of the profile
	Norms   map[string]float64 `json:"norms" cbor:"5,keyasint"`          // "mail.answer": 5; units are the profile's
}

// Record is one line of a prober's journal: its number, when it was written, and exactly one fact.
type Record struct {
	N         uint64     `json:"n" cbor:"1,keyasint"`
	At        time.Time  `json:"written" cbor:"2,keyasint"` // wall time, UTC
	Launch    *Launch    `json:"launch,omitempty" cbor:"3,keyasint,omitempty"`
	Structure *Structure `json:"structure,omitempty" cbor:"4,keyasint,omitempty"`
	Audit     *Audit     `json:"audit,omitempty" cbor:"5,keyasint,omitempty"`
	Event     *Event     `json:"event,omitempty" cbor:"6,keyasint,omitempty"`
}

// A Probe contacts one structure on one channel. Run makes one try of the audit a and records what happens;
// record returns once the event is durable, so what must be known after a crash is recorded before it is done.
// An error means that the fault was ours (no route, wrong password, no browser). Refusal or silence is an Event. An error
// that is ErrNotReached is certain that nothing reached the structure, although the try was recorded as begun.
type Probe interface {
	Run(ctx context.Context, a Audit, record func(Event) error) error
}

// ErrNotReached says of a try that had begun that nothing of it reached the structure.
var ErrNotReached = errors.New("nothing reached the structure")

// A Watcher sees the answers that arrive after Run has returned: hours or days later, or after a restart.
// Watch blocks until ctx is done.
type Watcher interface {
	Watch(ctx context.Context, record func(Event) error) error
}
