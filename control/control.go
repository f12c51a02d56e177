// Package control is what an operator asks of a prober, both ends: the handler that the agent serves on its socket and
// beside its feed, and the client that commands and the collector use.
//
// An order is an event in the prober's journal, so that who ordered what, when and why is pulled with everything else. It
// carries a key: the same order sent again after a lost reply is known by it and records nothing. Nothing here contacts a
// structure, and nothing undoes a contact: what may have left is never cancelled.
package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/sonde-fleet/sonde/probes"
)

// Order is who orders something, and why.
type Order struct {
	By     string `json:"by"` // account
	Reason string `json:"reason,omitempty"`
	// Key makes a repeated order harmless. It travels as the header Idempotency-Key; "" lets the client draw one, which
	// serves an order that is not repeated.
	Key string `json:"-"`
}

// Scope is the part of a campaign that an order concerns: exactly one of its fields is set.
type Scope struct {
	Campaign  string             `json:"campaign,omitempty"` // all of it; the id proves that the right campaign is meant
	Wave      string             `json:"wave,omitempty"`     // "plan" is the campaign's plan itself
	Structure probes.StructureID `json:"structure,omitempty"`
	Audit     probes.AuditID     `json:"audit,omitempty"`
}

// String writes the scope for a reader.
func (s Scope) String() string {
	switch {
	case s.Audit != "":
		return "audit " + string(s.Audit)
	case s.Structure != "":
		return "structure " + string(s.Structure)
	case s.Wave != "":
		return "wave " + s.Wave
	}
	return "campaign " + s.Campaign
}

// scopeOf reads the scope of a pause in the event that made it.
func scopeOf(e *probes.Event) Scope {
	switch d := e.Detail; {
	case d["audit"] != "":
		return Scope{Audit: probes.AuditID(d["audit"])}
	case d["structure"] != "":
		return Scope{Structure: probes.StructureID(d["structure"])}
	case d["wave"] != "":
		return Scope{Wave: d["wave"]}
	}
	return Scope{Campaign: e.Detail["campaign"]}
}

// Done is what became of an order.
type Done struct {
	Recorded int           `json:"recorded"`        // events: 0 where there was nothing to do
	Left     int           `json:"left,omitempty"`  // audits of a cancelled scope that stay as they are: something may have left, or they are over
	Repeated bool          `json:"repeated"`        // the order was done before; what is told is what it did then
	Event    *probes.Event `json:"event,omitempty"` // the first that was recorded
}

// Resolution is an operator's decision on an audit that is in doubt or made by hand.
type Resolution struct {
	Audit     probes.AuditID `json:"audit"`
	As        string         `json:"as"`                 // accepted, not-sent or spoiled
	Contacted time.Time      `json:"contacted,omitzero"` // when a person made the contact, of an audit by hand
}

// Approval is what a launch is ordered on: the files that were previewed, and who looked beside the one who orders.
type Approval struct {
	ApprovedBy string        `json:"approved_by,omitempty"` // another account than Order.By; "" where one pair of eyes is enough
	Files      []probes.Hash `json:"files"`                 // as the preview gave them (Plan.Hashes)
}

// Queue is a page of the audits that wait for a person or for a channel.
type Queue struct {
	Audits []probes.State `json:"audits"`
	Next   probes.AuditID `json:"next,omitempty"` // ask again after this one; "" on the last page
}

// Enrolled is a structure of the campaign.
type Enrolled struct {
	probes.Structure
	Suppressed bool `json:"suppressed"`
}

// Error is what a prober said instead of doing what it was asked: an RFC 9457 problem, or plain text.
type Error struct {
	Code   int    `json:"status"` // of HTTP
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

func (e *Error) Error() string { return e.Detail }

// refuse makes the error of a handler.
func refuse(code int, format string, args ...any) error {
	return &Error{code, http.StatusText(code), fmt.Sprintf(format, args...)}
}

// Refused says whether the prober understood the order and would not do it, so that sending it again is of no use.
func Refused(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code >= 400 && e.Code < 500 && e.Code != http.StatusTooManyRequests
}

// Quieter is a runner that can be kept from beginning tries.
type Quieter interface {
	// Quiet runs f while no try can begin; flying says of an audit whether a try is under way.
	Quiet(f func(flying func(probes.AuditID) bool) error) error
}

// idle is the runner of a prober that starts nothing.
type idle struct{}

func (idle) Quiet(f func(func(probes.AuditID) bool) error) error {
	return f(func(probes.AuditID) bool { return false })
}

// errStopped says that the agent was told to stop while it waited.
func errStopped(ctx context.Context) error {
	return fmt.Errorf("wait for the order to launch: %w", context.Cause(ctx))
}
