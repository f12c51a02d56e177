package stats

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unique"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule/calendar"
)

// Call is what the calls of a telephone audit measured. A call lasts as long as it lasts: durations are milliseconds of the
// wall clock, also in a campaign whose time is compressed.
type Call struct {
	Tries []Try `json:"tries"` // in order
	// Of the try that was picked up: how long and how often it rang, how long it lasted from there and from dialling on.
	Ring    int64 `json:"ring_ms"`
	Rings   int   `json:"rings"`
	Talk    int64 `json:"talk_ms"`
	Contact int64 `json:"contact_ms"`
	// Person says whether a person spoke; nil: it was not picked up, or nobody listened. Wait is the time from the first ring to
	// that person's first word, nil where it is not known.
	Person *bool  `json:"person,omitempty"`
	Wait   *int64 `json:"wait_ms,omitempty"`
	// FirstAttempt says whether the first call got through to a person or a voice service.
	FirstAttempt *bool   `json:"first_attempt,omitempty"`
	Dropped      *bool   `json:"dropped,omitempty"`  // whether it was cut off while somebody waited for a person
	First        string  `json:"first,omitempty"`    // who or what answered first: human, ivr, announcement, voicemail, fax, queue, silence
	Sure         float64 `json:"sure,omitempty"`     // of that, 0 to 1; 0: it was not said
	Ended        string  `json:"ended_by,omitempty"` // us, structure, network
	Marks        string  `json:"marks,omitempty"`    // what was heard and when: "label:from-to:sure;…"
	Recorded     bool    `json:"recorded,omitempty"` // the sound is there
	// Erase is when the sound is deleted, or was; zero: never, or there is none.
	Erase  time.Time `json:"erase,omitzero"`
	ByHand bool      `json:"by_hand,omitempty"` // a person made the call that was picked up, and wrote down how it went
	// HeardAgain is the audit in which words that were taken for a person's here were heard again: a recording, then.
	HeardAgain probes.AuditID `json:"heard_again,omitempty"`
}

// Try is one call.
type Try struct {
	N     int       `json:"try"`
	At    time.Time `json:"at"`    // dialled; campaign time
	Class string    `json:"class"` // answered, ours, or why nobody picked up (probes.ClassBusy…); empty: it is under way
	Mode  string    `json:"mode"`  // ring, measure, record
	Rang  bool      `json:"rang"`
	Delay int64     `json:"pdd_ms"` // from dialling to the first ring, where it rang
	Ring  int64     `json:"ring_ms"`
	Rings int       `json:"rings"` // of one that was picked up
}

// Classes of a try beside those of the vocabulary.
const (
	TryAnswered = "answered"
	TryOurs     = "ours" // our own line did not take it, or we broke it off: in no figure of the structure
)

// Made says whether the structure's side had the call, and it is over.
func (t *Try) Made() bool { return t.Class != "" && t.Class != TryOurs }

// Made counts the calls that say something of the structure.
func (c *Call) Made() (n int) {
	for i := range c.Tries {
		n += count(c.Tries[i].Made())
	}
	return n
}

// Last returns the last call that says something of the structure, nil when there is none.
func (c *Call) Last() *Try {
	for i := len(c.Tries) - 1; i >= 0; i-- {
		if c.Tries[i].Made() {
			return &c.Tries[i]
		}
	}
	return nil
}

// Heard is a stretch of an answered call and what was heard there, in milliseconds since dialling.
type Heard struct {
	Label    string
	From, To int64
	Sure     float64
}

// HeardOf reads the marks of a call; what is not in their form is left out.
func HeardOf(marks string) (all []Heard) {
	for part := range strings.SplitSeq(marks, ";") {
		f := strings.Split(strings.TrimSpace(part), ":")
		if len(f) < 2 || f[0] == "" {
			continue
		}
		from, to, ok := strings.Cut(f[1], "-")
		h := Heard{Label: f[0], Sure: 1}
		var a, b error
		h.From, a = strconv.ParseInt(from, 10, 64)
		h.To, b = strconv.ParseInt(to, 10, 64)
		if !ok || a != nil || b != nil || h.To < h.From || h.From < 0 {
			continue
		}
		if len(f) > 2 {
			if x, err := strconv.ParseFloat(f[2], 64); err == nil && x >= 0 && x <= 1 {
				h.Sure = x
			}
		}
		all = append(all, h)
	}
	slices.SortStableFunc(all, func(a, b Heard) int { return cmp.Compare(a.From, b.From) })
	return all
}

// dialling is what is known of the calls of an audit so far; the instants of its tries are wall time.
type dialling struct {
	Call
	open    bool  // a try is under way
	pending Marks // observed in it: they count when it ends, and not when we spoil it
	person  int64 // since dialling; 0: nobody was heard
}

// failed says whether a call that nobody picked up is known of.
func (d *dialling) failed() bool { return d != nil && d.Last() != nil }

// The items that the outcome of a call reads, corrects or derives.
const (
	itemFirst   = "phone.first-attempt"
	itemPerson  = "phone.answered-by-person"
	itemWait    = "phone.wait"
	itemFax     = "phone.fax"
	itemDead    = "phone.dead-air"
	itemDropped = "phone.dropped"
	itemMachine = "phone.machine-out-of-hours"
	itemOpening = "phone.opening"
	itemLunch   = "phone.lunch"
	itemLate    = "phone.late-opening"
)

// onceYes are items that one call of several is enough for: a line that was engaged was engaged, though the next call was taken.
var onceYes = [...]unique.Handle[probes.ItemCode]{unique.Make[probes.ItemCode]("phone.busy"), unique.Make[probes.ItemCode]("phone.congestion")}

// whileClosed are the items of a call that is made while the structure is closed.
var whileClosed = [...]probes.ItemCode{itemMachine, "phone.machine.hours", "phone.in-service", "phone.plain-rate"}

// phone folds an event of a call in.
func (e *entry) phone(x *probes.Event) {
	if e.call == nil {
		e.call = &dialling{}
	}
	c := e.call
	number := func(key string) int64 { n, _ := strconv.ParseInt(x.Detail[key], 10, 64); return n }
	if x.Kind == probes.CallHeardAgain {
		c.HeardAgain = probes.AuditID(x.Detail["in"])
		return
	}
	if x.Kind == probes.CallDialled || !c.open { // what got no further than a closed port was never dialled
		c.Tries = append(c.Tries, Try{N: x.Try, At: x.At, Mode: x.Detail["mode"]})
		c.open, c.pending = true, nil
		if e.sent.IsZero() {
			e.sent = x.At
		}
	}
	t := &c.Tries[len(c.Tries)-1]
	t.Mode = cmp.Or(t.Mode, x.Detail["mode"])
	c.pending = c.pending.With(MarksOf(x.Observations, nil))
	switch x.Kind {
	case probes.CallRinging:
		t.Rang, t.Delay = true, number("pdd_ms")
	case probes.CallAnswered:
		t.Ring, t.Rings = number("ring_ms"), int(number("rings"))
	case probes.CallEnded:
		t.Class = TryAnswered
		c.Ring, c.Rings, c.Talk, c.Contact = t.Ring, t.Rings, number("talk_ms"), ms(x.At.Sub(t.At))
		c.First, c.Ended, c.Marks, c.person = x.Detail["first"], x.Detail["by"], x.Detail["marks"], number("person_ms")
		c.ByHand = x.Detail["by_hand"] == "yes"
		c.Sure, _ = strconv.ParseFloat(x.Detail["sure"], 64)
		if i := slices.IndexFunc(x.Evidence, func(p probes.Evidence) bool { return strings.HasPrefix(p.Type, "audio/") }); i >= 0 {
			c.Recorded, c.Erase = true, x.Evidence[i].Erase
		} else {
			c.Recorded, c.Erase = false, time.Time{}
		}
		c.settle(e)
	case probes.CallFailed:
		t.Class, t.Ring = cmp.Or(x.Detail["class"], probes.ClassUnreachable), number("ring_ms")
		t.Rang = t.Rang || x.Detail["ring_ms"] != ""
		if e.reason = t.Class; x.Text != "" {
			e.reason += ": " + x.Text
		}
		c.settle(e)
	}
}

// settle ends the try and lets what was observed in it count.
func (c *dialling) settle(e *entry) {
	for i := range c.pending {
		if m := &c.pending[i]; slices.Contains(onceYes[:], m.Item) {
			if was, ok := e.seen.Value(m.Item.Value()); ok && was == 1 {
				m.Value = 1
			}
		}
	}
	e.seen = e.seen.With(c.pending)
	c.open, c.pending = false, nil
}

// callFault ends the try that we spoiled. An audit of which no other call is left was not made yet.
func (e *entry) callFault(x *probes.Event) {
	c := e.call
	if !c.open {
		return
	}
	c.Tries[len(c.Tries)-1].Class = TryOurs
	c.open, c.pending = false, nil
	if x.Detail["reached"] == "no" && c.Last() == nil {
		e.sent = time.Time{}
	}
}

// ofCall fills in what the calls came to, after the auditors' corrections: who picked up decides the result, and what cannot be
// after it (a wait for a person that nobody heard) is taken out of the items.
func (o *Outcome) ofCall(e *entry, first string, line probes.Timeline, hours func(probes.StructureID) *calendar.Calendar) {
	call := e.call.Call
	call.Tries = slices.Clone(call.Tries)
	for i := range call.Tries {
		call.Tries[i].At = line.Campaign(call.Tries[i].At).UTC()
	}
	o.Call, call.First = &call, cmp.Or(first, call.First)
	if !e.sent.IsZero() {
		o.Sent = line.Campaign(e.sent).UTC()
	}
	last := call.Last()
	if picked := last != nil && last.Class == TryAnswered; picked {
		call.Person = o.person(last.Mode)
	}
	if o.Result == PickedUp && call.Person != nil {
		if o.Result = Unmanned; *call.Person {
			o.Result = Reached
		}
	}
	switch x, known := o.Items.Value(itemWait); {
	case call.Person == nil || !*call.Person:
		o.Items = o.Items.except(func(code probes.ItemCode) bool { return code == itemWait })
	case known && x >= 0:
		w := int64(math.Round(x * 1000))
		call.Wait = &w
	case !known && e.call.person > 0:
		w := max(0, e.call.person-last.Delay)
		call.Wait = &w
		o.Items = o.Items.With(Marks{{unique.Make[probes.ItemCode](itemWait), float64(w) / 1000}})
	}
	if o.Outside {
		o.closed()
		return
	}
	call.FirstAttempt = o.firstAttempt()
	if x, ok := o.Items.Value(itemDropped); ok && !math.IsNaN(x) {
		cut := x == 1
		call.Dropped = &cut
	}
	o.byTheClock(hours(o.Structure))
}

// byHand fills in a call that a person made: nothing of it was measured, so it is in no figure of calls, and who answered is what that
// person, or an auditor, says.
func (o *Outcome) byHand(e *entry, line probes.Timeline) {
	if o.Reason = "by hand"; !e.sent.IsZero() {
		o.Sent = line.Campaign(e.sent).UTC()
	}
	if x, ok := o.Items.Value(itemPerson); ok && !math.IsNaN(x) {
		if o.Result = Unmanned; x == 1 {
			o.Result = Reached
		}
	}
}

// person says whether a person spoke in the call that was picked up: as an auditor or the agent has it, else by who was heard
// first; nil where nobody listened.
func (o *Outcome) person(mode string) *bool {
	is := func(code probes.ItemCode) bool { x, ok := o.Items.Value(code); return ok && x == 1 }
	spoke := false
	switch x, ok := o.Items.Value(itemPerson); {
	case ok && !math.IsNaN(x):
		spoke = x == 1
	case is(itemDead) || is(itemFax):
	case mode == "ring" || o.Call.First == "":
		return nil
	default:
		spoke = o.Call.First == "human"
	}
	return &spoke
}

// firstAttempt says whether the first call that we did not spoil got through, and puts it among the items, so that the list of
// audits behind the share is the share. nil: there is none, or it is under way.
func (o *Outcome) firstAttempt() *bool {
	x, known := o.Items.Value(itemFirst)
	if !known {
		i := slices.IndexFunc(o.Call.Tries, func(t Try) bool { return t.Class != TryOurs })
		if i < 0 || o.Call.Tries[i].Class == "" {
			return nil
		}
		if o.Call.Tries[i].Class == TryAnswered {
			fax, _ := o.Items.Value(itemFax)
			dead, _ := o.Items.Value(itemDead)
			if fax != 1 && dead != 1 {
				x = 1
			}
		}
		o.Items = o.Items.With(Marks{{unique.Make[probes.ItemCode](itemFirst), x}})
	}
	if math.IsNaN(x) {
		return nil
	}
	through := x == 1
	return &through
}

// closed keeps what a call out of hours is made for: whether a message answers.
func (o *Outcome) closed() {
	o.Items = o.Items.except(func(code probes.ItemCode) bool { return !slices.Contains(whileClosed[:], code) })
	if _, known := o.Items.Value(itemMachine); known {
		return
	}
	add := func(x float64) { o.Items = o.Items.With(Marks{{unique.Make[probes.ItemCode](itemMachine), x}}) }
	switch {
	case o.Result == Unreached && o.Call.Last() != nil && o.Call.Last().Class == probes.ClassNoAnswer:
		add(0)
	case o.Call.First == "announcement" || o.Call.First == "voicemail" || o.Call.First == "ivr":
		add(1)
	}
}

// What the hours of an audit can tell: a call in the first half-hour after opening, between noon and two, after 17:30 or on a
// Saturday. The structure's calendar says when it opens; whether the telephone is served is told by calls alone.
const (
	firstHalfHour = 30 * time.Minute
	noon, two     = 12 * time.Hour, 14 * time.Hour
	lateFrom      = 17*time.Hour + 30*time.Minute
)

// byTheClock derives the items that follow from when a call was made and what became of it. Of several calls after opening the
// first one counts; at noon and late the best one does, because the items ask whether somebody can be reached.
func (o *Outcome) byTheClock(c *calendar.Calendar) {
	if c == nil || o.Result == Spoiled {
		return
	}
	found := map[probes.ItemCode]float64{}
	note := func(code probes.ItemCode, good bool) {
		found[code] = max(found[code], float64(count(good)))
	}
	for i := range o.Call.Tries {
		t := &o.Call.Tries[i]
		if !t.Made() {
			continue
		}
		picked := t.Class == TryAnswered
		for _, s := range c.OpenSpans(c.Day(t.At)) {
			if _, called := found[itemOpening]; !called && !t.At.Before(s.Start) && t.At.Before(s.Start.Add(firstHalfHour)) {
				note(itemOpening, picked)
			}
		}
		if picked && o.Call.Person == nil {
			continue // by whom is not known
		}
		here := t.At.In(c.Location())
		clock := time.Duration(here.Hour())*time.Hour + time.Duration(here.Minute())*time.Minute
		person := picked && *o.Call.Person
		if clock >= noon && clock < two {
			note(itemLunch, person)
		}
		if clock >= lateFrom || here.Weekday() == time.Saturday {
			note(itemLate, person)
		}
	}
	var made Marks
	for code, x := range found {
		if _, known := o.Items.Value(code); !known {
			made = append(made, Mark{unique.Make(code), x})
		}
	}
	o.Items = o.Items.With(made.sorted())
}

// except returns the marks without those for which gone says yes.
func (m Marks) except(gone func(probes.ItemCode) bool) Marks {
	if !slices.ContainsFunc(m, func(x Mark) bool { return gone(x.Item.Value()) }) {
		return m
	}
	out := make(Marks, 0, len(m))
	for _, x := range m {
		if !gone(x.Item.Value()) {
			out = append(out, x)
		}
	}
	return out
}
