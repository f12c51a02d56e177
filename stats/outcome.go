package stats

import (
	"strconv"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule/calendar"
)

// Result is what the statistics make of an audit.
type Result string

// The results. Answered and Silent and Unreachable are in the denominator; Spoiled is not, and its count is printed
// beside the rate; Waiting and Out are not there yet, or never will be. A website is not asked anything, so it answers
// nothing: Visited, Blocked and Offline are its results, in no rate of answers.
const (
	Answered    Result = "answered"
	Silent      Result = "silent"      // contacted, no answer so far: right-censored
	Unreachable Result = "unreachable" // refused or returned: the published address does not work
	Spoiled     Result = "spoiled"     // by us
	InDoubt     Result = "in doubt"
	Waiting     Result = "waiting" // not contacted yet
	Out         Result = "out"     // suppressed, cancelled or awaiting its channel
	Visited     Result = "visited" // website: it was read
	Blocked     Result = "blocked" // website: it keeps declared robots out; nobody's failure
	Offline     Result = "offline" // website: it did not answer
)

// Results lists the results in the order of tables.
var Results = [...]Result{Answered, Silent, Unreachable, Visited, Blocked, Offline, Spoiled, InDoubt, Waiting, Out}

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
	Events   int `json:"events"`
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

// entry is what is known of one audit so far; instants are wall time.
type entry struct {
	audit   probes.Audit
	prober  string
	status  probes.Status
	fault   string
	sent    time.Time
	bounced time.Time
	reason  string
	replied time.Time
	answer  probes.Event
	acked   time.Time
	absent  bool
	classes []string
	unsure  int
	site    Result // of a website
	yes, no int    // items of a website
	checks  int
	up      int
	events  int
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
			e.add(r.Event)
		}
	}
}

func (e *entry) add(x *probes.Event) {
	before := e.status
	e.status = e.status.Next(x)
	e.events++
	switch x.Kind {
	case probes.MailSending: // stands until the server's reply, and when that is lost
		e.sent = x.At
	case probes.MailAccepted:
		e.sent = x.At
	case probes.MailRefused:
		e.sent, e.bounced, e.reason = x.At, x.At, x.Text
	case probes.AuditResolved:
		e.fault = x.Text
		if x.Detail["as"] == "accepted" && before == probes.ByHand {
			e.sent = x.ByHandAt()
		}
	case probes.ProbeFault, probes.AuditMissed, probes.AuditSpoiled:
		e.fault = x.Text
	case probes.AuditClosed:
		if before == probes.InDoubt {
			e.fault = "in doubt until the deadline"
		} else if !before.Started() {
			e.fault = "not contacted before the deadline"
		}
	case probes.MailReceived:
		e.received(x)
	case probes.WebVisited:
		e.site, e.sent, e.answer = Visited, x.At, *x
		e.yes, e.no = 0, 0
		for i := range x.Observations {
			switch x.Observations[i].Value {
			case probes.Yes:
				e.yes++
			case probes.No:
				e.no++
			}
		}
	case probes.WebChecked:
		if x.Fault != probes.Ours && x.Detail["up"] != "blocked" {
			if e.checks++; x.Detail["up"] == "yes" {
				e.up++
			}
		}
	case probes.WebBlocked:
		e.site, e.sent, e.reason = Blocked, x.At, x.Text
	case probes.WebFailed:
		e.site, e.sent, e.reason = Offline, x.At, x.Text
	}
}

func (e *entry) received(x *probes.Event) {
	class := x.Detail["class"]
	if x.Detail["sure"] == "no" {
		e.unsure++ // an auditor confirms the match before it counts
		return
	}
	e.classes = append(e.classes, class)
	earliest := func(t *time.Time) bool {
		if t.IsZero() || x.At.Before(*t) {
			*t = x.At
			return true
		}
		return false
	}
	switch class {
	case probes.ClassHuman:
		if earliest(&e.replied) {
			e.answer = *x
		}
	case probes.ClassAutoAck:
		earliest(&e.acked)
	case probes.ClassOutOfOffice:
		e.absent = true
	case probes.ClassBounce:
		if earliest(&e.bounced) {
			e.reason = x.Detail["reason"]
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

// Outcomes returns every audit's outcome as of the wall instant now, in order of the plan.
func (b *Book) Outcomes(now time.Time) []Outcome {
	out := make([]Outcome, 0, len(b.order))
	for _, id := range b.order {
		out = append(out, b.outcome(b.entries[id], now))
	}
	return out
}

func (b *Book) outcome(e *entry, now time.Time) Outcome {
	line := b.launches[e.audit.Campaign].Timeline
	o := Outcome{Audit: e.audit, Prober: e.prober, Body: b.structures[e.audit.Structure], Status: e.status,
		Absent: e.absent, Classes: e.classes, Unsure: e.unsure, Events: e.events}
	o.Result, o.Reason = e.result()
	if e.site != "" && !e.sent.IsZero() {
		o.Sent = line.Campaign(e.sent).UTC()
		number := func(key string) int { n, _ := strconv.Atoi(e.answer.Detail[key]); return n }
		o.Pages, o.Barriers, o.Doubts, o.Criteria = number("pages"), number("failed"), number("review"), number("criteria")
		o.ItemsYes, o.ItemsNo, o.Checks, o.ChecksUp = e.yes, e.no, e.checks, e.up
	}
	if e.sent.IsZero() || !o.Counted() {
		return o
	}
	o.Sent = line.Campaign(e.sent).UTC()
	if !e.acked.IsZero() {
		o.Acked, o.AckDelay = true, ms(line.Span(e.acked.Sub(e.sent)))
	}
	window := ms(e.audit.Deadline.Sub(o.Sent))
	switch o.Result {
	case Answered:
		o.Replied = line.Campaign(e.replied).UTC()
		o.Delay = max(0, ms(o.Replied.Sub(o.Sent))) // clocks of two machines: an answer is never before the question
		o.Late = o.Replied.After(e.audit.Deadline)
		o.Followed = min(o.Delay, window)
		o.Answer, o.Junk = e.answer.Detail["answer"], e.answer.Detail["folder"] != "" && e.answer.Detail["folder"] != "INBOX"
		if len(e.answer.Evidence) > 0 {
			o.Evidence = e.answer.Evidence[0].SHA256
		}
		for _, x := range e.answer.Observations {
			if x.Item == "mail.closing" && x.Value != probes.NotApplicable {
				polite := x.Value == probes.Yes
				o.Polite = &polite
			}
		}
		if c := b.calendar(e.audit.Structure); c != nil {
			o.Worked, o.Days = ms(c.Worked(o.Sent, o.Replied)), c.WorkingDays(o.Sent, o.Replied)
		}
	case Silent:
		o.Followed = min(ms(line.Campaign(now).Sub(o.Sent)), window)
	case Unreachable: // it is known now that the whole window will pass without an answer
		o.Followed = window
	}
	return o
}

func (e *entry) result() (Result, string) {
	switch e.status {
	case probes.Awaiting, probes.Suppressed, probes.Cancelled:
		return Out, ""
	case probes.Faulted, probes.Missed:
		return Spoiled, e.fault
	case probes.Sending, probes.InDoubt:
		return InDoubt, ""
	case probes.Planned, probes.Prepared, probes.ByHand:
		return Waiting, ""
	}
	switch {
	case e.site != "":
		return e.site, e.reason
	case e.status == probes.Refused:
		return Unreachable, e.reason
	case !e.replied.IsZero():
		return Answered, ""
	case !e.bounced.IsZero():
		return Unreachable, e.reason
	}
	return Silent, ""
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
