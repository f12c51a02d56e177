package stats

import (
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule/calendar"
)

// Result is what the statistics make of an audit.
type Result string

// The results. Answered and Silent and Unreachable are in the denominator; Spoiled is not, and its count is printed
// beside the rate; Waiting and Out are not there yet, or never will be. A website is not asked anything, so it answers
// nothing: Visited, Blocked and Offline are its results, in no rate of answers. A call is answered at once or never: Reached,
// Unmanned, PickedUp and Unreached are its results, with figures of their own (CallFigures).
const (
	Answered    Result = "answered"
	Silent      Result = "silent"      // contacted, no answer so far: right-censored
	Unreachable Result = "unreachable" // refused or returned: the published address does not work
	Spoiled     Result = "spoiled"     // by us
	InDoubt     Result = "in doubt"
	Waiting     Result = "waiting"     // not contacted yet
	Out         Result = "out"         // suppressed, cancelled or awaiting its channel
	Visited     Result = "visited"     // website: it was read
	Blocked     Result = "blocked"     // website: it keeps declared robots out; nobody's failure
	Offline     Result = "offline"     // website: it did not answer
	Reached     Result = "reached"     // telephone: a person spoke
	Unmanned    Result = "no person"   // telephone: it was picked up, and no person was heard
	PickedUp    Result = "picked up"   // telephone: it was picked up, and by whom is not known, because nobody listened
	Unreached   Result = "not reached" // telephone: nobody picked up, in any try so far
)

// Results lists the results in the order of tables.
var Results = [...]Result{Answered, Silent, Unreachable, Visited, Blocked, Offline, Reached, Unmanned, PickedUp, Unreached, Spoiled, InDoubt, Waiting, Out}

// Outcome is one audit as the statistics see it. Instants are campaign time; delays are in milliseconds.
type Outcome struct {
	probes.Audit
	Prober  string           `json:"prober"`
	Body    probes.Structure `json:"body"`
	Status  probes.Status    `json:"state"`
	Result  Result           `json:"result"`
	Reason  string           `json:"reason,omitempty"` // why it is spoiled or unreachable
	Sent    time.Time        `json:"contacted,omitzero"`
	Replied time.Time        `json:"answered,omitzero"` // first human answer that surely belongs to the audit
	// Delay is the calendar time to that answer; Worked the same in the structure's opening time; Days in working days,
	// counted from the day after reception.
	Delay    int64       `json:"delay_ms,omitempty"`
	Worked   int64       `json:"worked_ms,omitempty"`
	Days     int         `json:"working_days"`
	Followed int64       `json:"followed_ms,omitempty"` // how long an audit without an answer was, or will have been, watched
	Late     bool        `json:"late,omitempty"`        // the answer came after the deadline
	AckDelay int64       `json:"ack_delay_ms,omitempty"`
	Acked    bool        `json:"acknowledged"`
	Absent   bool        `json:"out_of_office,omitempty"`
	Classes  []string    `json:"classes,omitempty"`  // of the mails that came in, in order
	Answer   string      `json:"answer,omitempty"`   // answer, transferred, asks-more, refers
	Unsure   int         `json:"unsure,omitempty"`   // mails whose match an auditor must confirm
	Junk     bool        `json:"junk,omitempty"`     // the answer was filed as spam on our side
	Polite   *bool       `json:"polite,omitempty"`   // the answer has a politeness formula
	Evidence probes.Hash `json:"evidence,omitempty"` // of the answer
	Items    Marks       `json:"items,omitempty"`    // what was observed of them, as the auditors left it
	// Of a website that was visited: pages looked at, barriers that are certain, findings that ask a person, criteria broken.
	Pages    int `json:"pages,omitempty"`
	Barriers int `json:"barriers,omitempty"`
	Doubts   int `json:"doubts,omitempty"`
	Criteria int `json:"criteria_broken,omitempty"`
	// Information items that are there and that are missing; light checks afterwards, and those that were answered.
	ItemsYes int `json:"items_yes,omitempty"`
	ItemsNo  int `json:"items_no,omitempty"`
	Checks   int `json:"checks,omitempty"`
	ChecksUp int `json:"checks_up,omitempty"`
	// Call is what a telephone audit measured; nil for one that was never dialled, and on the other channels.
	Call   *Call `json:"call,omitempty"`
	Events int   `json:"events"`
	// What the review needs: who answered, the digest of what the answer says (audits with the same one were answered with
	// the same words), how sure its class is, how far a clock was off, what the website says against the directory.
	From       string    `json:"from,omitempty"`
	TextDigest string    `json:"text_digest,omitempty"`
	Confidence float64   `json:"confidence,omitempty"`
	Skew       int64     `json:"skew_ms,omitempty"`
	Contrary   []string  `json:"contrary,omitempty"` // items of the website that contradict the directory
	Verdicts   []Verdict `json:"verdicts,omitempty"` // those that stand
	Codings    []Coding  `json:"codings,omitempty"`
	Disputes   []Dispute `json:"disputes,omitempty"`
}

// Counted says whether the audit is in the denominator of the rates.
func (o *Outcome) Counted() bool {
	return o.Result == Answered || o.Result == Silent || o.Result == Unreachable
}

// Subject returns the audit as a survival analysis takes it, in milliseconds: an answer after the deadline, silence and
// an address that does not work are all censored, the last two where the watch ends.
func (o *Outcome) Subject() Subject {
	if o.Result == Answered && !o.Late {
		return Subject{Time: float64(o.Delay), Event: true}
	}
	return Subject{Time: float64(max(o.Followed, 0))}
}

// Book folds journal records into outcomes.
type Book struct {
	launches   map[string]probes.Launch
	structures map[probes.StructureID]probes.Structure
	calendars  map[probes.StructureID]*calendar.Calendar
	entries    map[probes.AuditID]*entry
	order      []probes.AuditID
	loose      int // mails that belong to no audit
}

// NewBook returns an empty book.
func NewBook() *Book {
	return &Book{launches: map[string]probes.Launch{}, structures: map[probes.StructureID]probes.Structure{},
		calendars: map[probes.StructureID]*calendar.Calendar{}, entries: map[probes.AuditID]*entry{}}
}

// Add folds one record of the prober in. Records of a prober come in order; a record must not be added twice.
func (b *Book) Add(prober string, r *probes.Record) {
	switch {
	case r.Launch != nil:
		b.launches[r.Launch.Campaign] = *r.Launch
	case r.Structure != nil:
		b.structures[r.Structure.ID] = *r.Structure
		delete(b.calendars, r.Structure.ID)
	case r.Audit != nil:
		if b.entries[r.Audit.ID] == nil {
			b.entries[r.Audit.ID] = &entry{audit: *r.Audit, prober: prober, status: probes.Planned}
			b.order = append(b.order, r.Audit.ID)
		}
	case r.Event != nil:
		if r.Event.Kind == probes.MailUnmatched {
			b.loose++
		}
		if e := b.entries[r.Event.Audit]; e != nil {
			e.add(r)
		}
	}
}

// Launches returns the launches of the campaigns that the book knows, in no order.
func (b *Book) Launches() (all []probes.Launch) {
	for _, l := range b.launches {
		all = append(all, l)
	}
	return all
}

// Unmatched returns how many mails belong to no audit.
func (b *Book) Unmatched() int { return b.loose }

// Outcome returns one audit's outcome as of the wall instant now.
func (b *Book) Outcome(id probes.AuditID, now time.Time) (Outcome, bool) {
	e := b.entries[id]
	if e == nil {
		return Outcome{}, false
	}
	return b.outcome(e, now), true
}

// Outcomes returns every audit's outcome as of the wall instant now, in order of the plan.
func (b *Book) Outcomes(now time.Time) []Outcome {
	out := make([]Outcome, 0, len(b.order))
	for _, id := range b.order {
		out = append(out, b.outcome(b.entries[id], now))
	}
	return out
}

// calendar returns the structure's working time, nil when what the journal says of it cannot be read.
func (b *Book) calendar(id probes.StructureID) *calendar.Calendar {
	if c, ok := b.calendars[id]; ok {
		return c
	}
	s := b.structures[id]
	c, err := calendar.New(s.Zone, s.Hours, s.Holidays)
	if err != nil {
		c = nil
	}
	b.calendars[id] = c
	return c
}

func ms(d time.Duration) int64 { return d.Milliseconds() }
