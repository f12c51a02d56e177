package switchboard

import (
	"slices"
	"time"
)

// Who ended a call.
const (
	ByCaller    = "caller"        // BYE of the caller
	ByTelephone = "telephone"     // BYE of ours
	ByCancel    = "cancel"        // the caller gave up before it was answered
	ByRefusal   = "refusal"       // a final answer of ours
	BySession   = "session timer" // no refresh came (RFC 4028)
	ByDeafness  = "media timeout" // no packet came
	ByNoACK     = "no ACK"        // the caller never acknowledged the answer
	ByClosing   = "closing"       // the switchboard was stopped
)

// Call is what really happened to one call. Instants are of the wall, with the monotonic clock while they stay in the process.
type Call struct {
	User     string    `json:"user"`
	Nth      int       `json:"nth"` // of the user's calls
	ID       string    `json:"call_id"`
	From     string    `json:"from"` // who called, as shown
	Way      string    `json:"way"`
	Closed   bool      `json:"closed,omitempty"` // out of opening hours
	Invited  time.Time `json:"invited"`          // the INVITE came
	Rang     time.Time `json:"rang,omitzero"`    // the first 180 or 183 left
	Code     int       `json:"code"`             // of the final answer
	Answered time.Time `json:"answered,omitzero"`
	Acked    time.Time `json:"acked,omitzero"`
	Person   time.Time `json:"person,omitzero"` // the first packet of a person's first word left
	Parts    []Part    `json:"parts,omitempty"` // what was played
	Keys     []Key     `json:"keys,omitempty"`
	Renewed  int       `json:"renewed,omitempty"` // session refreshes
	EndedBy  string    `json:"ended_by,omitempty"`
	Ended    time.Time `json:"ended,omitzero"`
	Sent     int       `json:"sent"`     // packets of sound
	Received int       `json:"received"` // packets of sound and keys
	// LeftOffHook: it was answered, and the caller went away without a BYE.
	LeftOffHook bool `json:"left_off_hook,omitempty"`
	Beside      int  `json:"beside,omitempty"` // other calls that the user had when this one came
}

// Part is something that was heard of the telephone.
type Part struct {
	Act  Act       `json:"act"` // or Ringing
	Name string    `json:"name,omitempty"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Ringing is the part of one burst of the ring tone that was sent as sound.
const Ringing Act = "ring tone"

// Key is a key of a telephone that was received.
type Key struct {
	Key string    `json:"key"`
	At  time.Time `json:"at"`
}

// Part returns the first part of an act.
func (c *Call) Part(a Act) (p Part, ok bool) {
	i := slices.IndexFunc(c.Parts, func(p Part) bool { return p.Act == a })
	if i < 0 {
		return p, false
	}
	return c.Parts[i], true
}

// Count is how many parts of an act were played.
func (c *Call) Count(a Act) (n int) {
	for _, p := range c.Parts {
		if p.Act == a {
			n++
		}
	}
	return n
}

// Truth returns what happened so far, in the order in which calls came.
func (s *Switchboard) Truth() []Call {
	s.mu.Lock()
	all := slices.Clone(s.order)
	s.mu.Unlock()
	out := make([]Call, len(all))
	for i, c := range all {
		c.mu.Lock()
		out[i] = c.truth
		out[i].Parts, out[i].Keys = slices.Clone(c.truth.Parts), slices.Clone(c.truth.Keys)
		c.mu.Unlock()
		out[i].Sent, out[i].Received = c.line.counts()
	}
	return out
}

// Twice returns the calls that a telephone got more than once: the same Call-ID came anew after its call had been taken. It is the
// worst that a caller can do, since it rings at somebody's twice for one audit.
func (s *Switchboard) Twice() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.twice)
}

// OffHook returns the calls that were left off the hook.
func (s *Switchboard) OffHook() (out []Call) {
	for _, c := range s.Truth() {
		if c.LeftOffHook {
			out = append(out, c)
		}
	}
	return out
}
