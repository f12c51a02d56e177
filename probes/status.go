package probes

import (
	"strings"
	"time"
)

// Status is where an audit stands. It follows from the audit's events alone (see Next).
type Status string

// The states of an audit. Sending, accepted and in-doubt mean that the structure may have been contacted: no status
// after them leads back to a new contact.
const (
	Planned    Status = "planned"
	Awaiting   Status = "awaiting channel"
	Prepared   Status = "prepared"
	Sending    Status = "sending"
	InDoubt    Status = "in doubt"
	ByHand     Status = "by hand"     // a person must make the contact and say so; nothing has left
	Contacted  Status = "contacted"   // the structure's side, or our server for it, took the contact
	Retrying   Status = "another try" // a call that nobody picked up will be made again, as the campaign says
	Refused    Status = "refused"
	Faulted    Status = "spoiled" // by us
	Missed     Status = "missed"
	Suppressed Status = "suppressed"
	Cancelled  Status = "cancelled"
	Closed     Status = "closed" // contacted, and nothing more is waited for: the deadline has passed, or the call is over
)

// Statuses lists every status in the order of tables.
var Statuses = [...]Status{Planned, Awaiting, Prepared, Sending, InDoubt, ByHand, Contacted, Retrying, Refused, Faulted, Missed, Suppressed,
	Cancelled, Closed}

// Ended says whether nothing more will be done for an audit in this status.
func (s Status) Ended() bool {
	switch s {
	case Refused, Faulted, Missed, Suppressed, Cancelled, Closed:
		return true
	}
	return false
}

// Startable says whether a try may be begun: nothing has left yet, or what left is known to be over and may be repeated.
func (s Status) Startable() bool { return s == Planned || s == Prepared || s == Retrying }

// Started says whether something may have left for the structure.
func (s Status) Started() bool {
	return s == Sending || s == InDoubt || s == Contacted || s == Closed || s == Refused || s == Retrying
}

// Next returns the status after the event e. Facts that do not change the status (an answer, an observation) return s.
func (s Status) Next(e *Event) Status {
	switch e.Kind {
	case AuditAwaiting:
		return Awaiting
	case AuditMissed:
		if s == Retrying {
			return Refused // what the tries before have shown stands
		}
		return Missed
	case AuditSuppressed, AuditCancelled, AuditSpoiled:
		return s.takenOut(e.Kind)
	case MailPrepared:
		return Prepared
	case MailSending, CallDialled:
		return Sending
	case MailByHand:
		if s == Prepared {
			return ByHand
		}
	case CallByHand:
		if s.Startable() {
			return ByHand
		}
	case MailInDoubt:
		if s == Sending {
			return InDoubt
		}
	case MailAccepted, WebVisited:
		return Contacted
	case CallEnded: // an answered call is under way until then, for a crash to find it
		return Closed
	case MailWitnessed, MailReceived: // what came back for it proves that it was taken
		if (s == Sending || s == InDoubt) && e.Detail["sure"] != "no" {
			return Contacted
		}
	case MailRefused, WebFailed, WebBlocked:
		return Refused
	case CallFailed:
		if e.Detail["retry"] != "" {
			return Retrying
		}
		return Refused
	case MailDeferred, MailUnsent: // certain that nothing was taken
		if s == Sending || s == InDoubt {
			return Prepared
		}
	case ProbeFault:
		return s.spoiled(e)
	case AuditResolved:
		if s != InDoubt && s != ByHand {
			return s
		}
		switch e.Detail["as"] {
		case "accepted":
			return Contacted
		case "not-sent": // the operator has the server's log: the same bytes go again
			return Prepared
		}
		return Faulted
	case AuditClosed:
		switch {
		case s == Contacted:
			return Closed
		case s == Retrying:
			return Refused
		case !s.Ended() && s != Awaiting:
			return Faulted
		}
	}
	return s
}

// spoiled is the status after a fault of ours. Where calls before it have found nobody, that stands.
func (s Status) spoiled(e *Event) Status {
	again, reached := e.Detail["retry"] != "", e.Detail["reached"]
	stands := s == Retrying || e.Detail["stands"] != ""
	switch {
	case s == Sending && reached == "", s != Sending && s != Retrying && (s.Started() || s.Ended()):
		return s // what may have left is not undone by our fault
	case reached != "" && reached != "no": // a telephone may have rung: never again by itself
		again = false
	}
	switch {
	case stands && again:
		return Retrying
	case stands:
		return Refused
	case !again:
		return Faulted
	case s == Prepared: // the same bytes are tried again
		return Prepared
	}
	return Planned
}

func (s Status) takenOut(k Kind) Status {
	switch {
	case k == AuditSpoiled:
		return Faulted
	case s == Retrying:
		return Refused
	case s.Started() || s.Ended():
		return s
	case k == AuditSuppressed:
		return Suppressed
	}
	return Cancelled
}

// State is what the store knows of an open audit: the plan's line and what its events have made of it.
type State struct {
	Audit   Audit             `json:"audit" cbor:"1,keyasint"`
	Status  Status            `json:"state" cbor:"2,keyasint"`
	Try     int               `json:"try,omitempty" cbor:"3,keyasint,omitempty"`
	Updated time.Time         `json:"updated,omitzero" cbor:"4,keyasint,omitzero"`
	Detail  map[string]string `json:"detail,omitempty" cbor:"5,keyasint,omitempty"` // of the event that prepared the try
	Raw     Hash              `json:"raw,omitempty" cbor:"6,keyasint,omitempty"`    // evidence of what was prepared
	Sent    time.Time         `json:"sent,omitzero" cbor:"7,keyasint,omitzero"`     // wall instant of the contact
	Due     time.Time         `json:"due" cbor:"8,keyasint"`                        // campaign instant of the next try
	Failed  int               `json:"failed,omitempty" cbor:"9,keyasint,omitempty"` // tries that nobody picked up
}

// Apply folds the event e into the state.
func (st *State) Apply(e *Event) {
	st.Status = st.Status.Next(e)
	st.Updated = e.At
	st.Try = max(st.Try, e.Try)
	switch e.Kind {
	case MailPrepared:
		st.Detail = e.Detail
		if len(e.Evidence) > 0 {
			st.Raw = e.Evidence[0].SHA256
		}
	case MailSending, MailAccepted, WebVisited:
		st.Sent = e.At
	case CallDialled, CallRinging, CallAnswered: // what ends the call after a crash
		if e.Kind == CallDialled {
			st.Sent, st.Detail = e.At, map[string]string{}
		}
		for k, v := range e.Detail {
			if strings.HasPrefix(k, "sip_") {
				st.Detail[k] = v
			}
		}
	case AuditResolved:
		if st.Status == Contacted && st.Sent.IsZero() {
			st.Sent = e.ByHandAt()
		}
		st.put(e)
	case ProbeFault, AuditPostponed, CallFailed:
		if e.Kind == CallFailed && e.Fault == Theirs {
			st.Failed++
		}
		st.put(e)
	}
}

// ByHandAt is when a person made the contact that the event, an AuditResolved, tells of: Detail "contacted", or now.
func (e *Event) ByHandAt() time.Time {
	if at, err := time.Parse(time.RFC3339Nano, e.Detail["contacted"]); err == nil {
		return at.UTC()
	}
	return e.At
}

// put sets when the next try is due.
func (st *State) put(e *Event) {
	if at, err := time.Parse(time.RFC3339Nano, e.Detail["retry"]); err == nil && st.Status.Startable() {
		st.Due = at
	}
}
