package stats

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/probes"
)

// entry is what is known of one audit so far; instants are wall time.
type entry struct {
	audit    probes.Audit
	prober   string
	status   probes.Status
	fault    string
	sent     time.Time
	refused  time.Time
	reason   string
	mails    []mail
	site     Result       // of a website
	visit    probes.Event // of a website: its details
	seen     Marks        // items observed otherwise than of a mail
	call     *dialling    // of a telephone audit
	yes, no  int          // information items of a website
	contrary []string     // items of a website that say otherwise than the directory
	checks   int
	up       int
	events   int
	judged   // what people said of it
}

// mail is what the outcome needs of a mail that came in.
type mail struct {
	at         time.Time
	bytes      probes.Hash // evidence: under it an auditor's correction finds the mail again
	class      string
	answer     string
	reason     string // of a bounce
	from       string
	text       string // digest of what it says
	confidence float64
	skew       int64
	sure, junk bool
	marks      Marks
}

func (e *entry) add(r *probes.Record) {
	x := r.Event
	if e.judge(r) {
		return
	}
	before := e.status
	e.status = e.status.Next(x)
	e.events++
	switch x.Kind {
	case probes.MailSending: // stands until the server's reply, and when that is lost
		e.sent = x.At
	case probes.MailAccepted:
		e.sent = x.At
	case probes.MailRefused:
		e.sent, e.refused, e.reason = x.At, x.At, x.Text
	case probes.AuditResolved:
		e.fault = x.Text
		if x.Detail["as"] == "accepted" && before == probes.ByHand {
			e.sent = x.ByHandAt()
		}
	case probes.ProbeFault, probes.AuditMissed, probes.AuditSpoiled:
		e.fault = x.Text
		if x.Kind == probes.ProbeFault && e.call != nil {
			e.callFault(x)
		}
	case probes.CallDialled, probes.CallRinging, probes.CallAnswered, probes.CallEnded, probes.CallFailed, probes.CallHeardAgain:
		e.phone(x)
	case probes.AuditClosed:
		if before == probes.InDoubt || before == probes.Sending {
			e.fault = "in doubt until the deadline"
		} else if !before.Started() {
			e.fault = "not contacted before the deadline"
		}
	case probes.MailReceived:
		e.mails = append(e.mails, received(x))
	case probes.WebVisited:
		e.site, e.sent, e.visit = Visited, x.At, probes.Event{Detail: x.Detail}
		e.seen = MarksOf(x.Observations, nil)
		e.yes, e.no, e.contrary = 0, 0, nil
		for i := range x.Observations {
			o := &x.Observations[i]
			switch {
			case strings.HasPrefix(string(o.Item), criterion):
			case o.Value == probes.Yes:
				e.yes++
			case o.Value == probes.No:
				e.no++
				if strings.HasPrefix(string(o.Item), sameAs) && o.Item != "web.same.pages" {
					e.contrary = append(e.contrary, string(o.Item))
				}
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
	default:
		e.seen = e.seen.With(MarksOf(x.Observations, nil))
	}
}

// What item codes begin with: those that compare what a website says with the directory, those of the accessibility criteria,
// which are counted by their barriers, and those that an acknowledgement is judged by.
const (
	sameAs    = "web.same."
	criterion = "web.rgaa."
	ofAck     = "mail.ack."
)

func received(x *probes.Event) mail {
	m := mail{at: x.At, class: x.Detail["class"], answer: x.Detail["answer"], reason: x.Detail["reason"], from: x.Detail["from"],
		text: x.Detail["text_digest"], sure: x.Detail["sure"] != "no", junk: x.Detail["folder"] != "" && x.Detail["folder"] != "INBOX"}
	m.confidence, _ = strconv.ParseFloat(x.Detail["confidence"], 64)
	m.skew, _ = strconv.ParseInt(x.Detail["skew_ms"], 10, 64)
	if len(x.Evidence) > 0 {
		m.bytes = x.Evidence[0].SHA256
	}
	of := func(code probes.ItemCode) bool { return !strings.HasPrefix(string(code), ofAck) }
	if m.class == probes.ClassAutoAck {
		of = func(code probes.ItemCode) bool { return strings.HasPrefix(string(code), ofAck) }
	}
	m.marks = MarksOf(x.Observations, of)
	return m
}

// closing is the item of the politeness formula at the end of an answer.
const closing = "mail.closing"

// inbox is what the mails of an audit come to, once the auditors' corrections are made.
type inbox struct {
	answer, ack, bounce *mail
	classes             []string
	unsure              int
	absent              bool
	skew                int64
}

// inbox reads the mails. Those whose match is unsure wait for an auditor and count for nothing until then.
func (e *entry) inbox(act []*Verdict) (in inbox) {
	earliest := func(at **mail, m *mail) {
		if *at == nil || m.at.Before((*at).at) {
			*at = m
		}
	}
	for i := range e.mails {
		m := corrected(e.mails[i], act)
		if max(m.skew, -m.skew) > max(in.skew, -in.skew) {
			in.skew = m.skew
		}
		if !m.sure {
			in.unsure++
			continue
		}
		if m.class == foreign {
			continue // an auditor found that it belongs to something else
		}
		in.classes = append(in.classes, m.class)
		switch m.class {
		case probes.ClassHuman:
			earliest(&in.answer, &m)
		case probes.ClassAutoAck:
			earliest(&in.ack, &m)
		case probes.ClassOutOfOffice:
			in.absent = true
		case probes.ClassBounce:
			earliest(&in.bounce, &m)
		}
	}
	return in
}

func (b *Book) outcome(e *entry, now time.Time) Outcome {
	line := b.launches[e.audit.Campaign].Timeline
	var act []*Verdict
	if len(e.verdicts) > 0 {
		act = e.standing(b.launches[e.audit.Campaign].SecondReader)
	}
	in := e.inbox(act)
	o := Outcome{Audit: e.audit, Prober: e.prober, Body: b.structures[e.audit.Structure], Status: e.status,
		Absent: in.absent, Classes: in.classes, Unsure: in.unsure, Events: e.events, Skew: in.skew, Contrary: e.contrary,
		Verdicts: slices.Clone(e.verdicts), Codings: slices.Clone(e.codings), Disputes: slices.Clone(e.disputes)}
	o.Result, o.Reason = e.result(&in)
	if v := spoiled(act); v != nil && o.Result != Out && o.Result != Waiting {
		o.Result, o.Reason = Spoiled, v.By+": "+v.Reason
	}
	if e.site != "" && !e.sent.IsZero() {
		o.Sent = line.Campaign(e.sent).UTC()
		number := func(key string) int { n, _ := strconv.Atoi(e.visit.Detail[key]); return n }
		o.Pages, o.Barriers, o.Doubts, o.Criteria = number("pages"), number("failed"), number("review"), number("criteria")
		o.ItemsYes, o.ItemsNo, o.Checks, o.ChecksUp = e.yes, e.no, e.checks, e.up
	}
	o.Items = agreed(e.codings).With(e.seen)
	if in.ack != nil {
		o.Items = o.Items.With(in.ack.marks)
	}
	if in.answer != nil {
		o.Items = o.Items.With(in.answer.marks)
	}
	first := "" // who answered the call, as an auditor heard it
	for _, v := range act {
		if v.Decision == Correct && (v.Mail == "" || in.answer != nil && v.Mail == in.answer.bytes || in.ack != nil && v.Mail == in.ack.bytes) {
			o.Items = o.Items.With(MarksOf(v.Items, nil))
			first = cmp.Or(v.First, first)
		}
	}
	switch {
	case e.call != nil:
		o.ofCall(e, first, line, b.calendar)
	case o.Result == PickedUp:
		o.byHand(e, line)
	}
	if e.sent.IsZero() || !o.Counted() {
		return o
	}
	o.Sent = line.Campaign(e.sent).UTC()
	if in.ack != nil {
		o.Acked, o.AckDelay = true, ms(line.Span(in.ack.at.Sub(e.sent)))
	}
	window := ms(e.audit.Deadline.Sub(o.Sent))
	switch o.Result {
	case Answered:
		o.answered(in.answer, line)
		o.Followed = min(o.Delay, window)
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

// answered fills in what the first answer says.
func (o *Outcome) answered(m *mail, line probes.Timeline) {
	o.Replied = line.Campaign(m.at).UTC()
	o.Delay = max(0, ms(o.Replied.Sub(o.Sent))) // clocks of two machines: an answer is never before the question
	o.Late = o.Replied.After(o.Deadline)
	o.Answer, o.Junk, o.Evidence = m.answer, m.junk, m.bytes
	o.From, o.TextDigest, o.Confidence = m.from, m.text, m.confidence
	if x, ok := o.Items.Value(closing); ok && !math.IsNaN(x) {
		polite := x == 1
		o.Polite = &polite
	}
}

func (e *entry) result(in *inbox) (Result, string) {
	if e.audit.Channel == probes.Phone {
		switch e.status {
		case probes.Refused, probes.Retrying:
			return Unreached, e.reason
		case probes.Sending: // a call is under way, or was when its prober was last heard of
			if e.call.failed() {
				return Unreached, e.reason
			}
			return Waiting, ""
		case probes.Closed, probes.Contacted:
			return PickedUp, "" // who picked up is said once the corrections are made: see Outcome.ofCall
		}
	}
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
	case in.answer != nil:
		return Answered, ""
	case in.bounce != nil:
		return Unreachable, in.bounce.reason
	}
	return Silent, ""
}
