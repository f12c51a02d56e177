package switchboard

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"github.com/sonde-fleet/sonde/probes/phone/media"
)

// call is one call to a telephone.
type call struct {
	s      *Switchboard
	tx     *transaction // of its INVITE
	path   path
	tag    string // our end of the dialog
	peer   string // theirs
	way    Way
	r      *rand.Rand
	line   *line
	local  media.Local
	offers bool // the INVITE had no description: ours is the offer

	over   chan struct{} // closed at the end
	picked chan struct{} // closed when it is answered
	acked  chan struct{} // closed at the first ACK

	next   time.Time // when the next packet is due
	sentAt time.Time // when the last left

	// Of the switchboard's mutex:
	invites map[uint32]*transaction
	bye     repeated
	forget  time.Time // zero: it is up

	mu      sync.Mutex
	truth   Call
	seq     uint32 // of their last request
	contact gosip.Uri
	session time.Duration // interval; 0: no timer
	expires time.Time
}

// repeated is a request of ours that is sent until it is answered.
type repeated struct {
	data       []byte // nil: it was
	wait       time.Duration
	next, dies time.Time
}

// invite takes a new call.
func (s *Switchboard) invite(tx *transaction, at time.Time) {
	r := tx.req
	if ok, ask := s.authentic(r); !ok {
		s.respond(tx, 407, "Proxy Authentication Required", nil, ask)
		return
	}
	session := time.Duration(0)
	if h := r.GetHeader("Session-Expires"); h != nil {
		if session = interval(h.Value()); session < s.o.Least {
			s.respond(tx, 422, "Session Interval Too Small", nil, fmt.Sprintf("Min-SE: %d", int(s.o.Least/time.Second)))
			return
		}
	}
	if r.Contact() == nil {
		s.respond(tx, 400, "Contact is missing", nil)
		return
	}
	var remote media.Remote
	if len(r.Body()) > 0 {
		var err error
		if remote, err = media.Parse(r.Body()); err != nil {
			s.respond(tx, 488, "Not Acceptable Here", nil)
			return
		}
	}
	user, id := dialled(r.Recipient.User), r.CallID().Value()
	closed, host := s.o.Closed != nil && s.o.Closed(user), s.host(tx.path)
	c := &call{s: s, tx: tx, path: tx.path, tag: gosip.GenerateTagN(12), peer: r.From().Params.GetOr("tag", ""), offers: len(r.Body()) == 0,
		over: make(chan struct{}), picked: make(chan struct{}), acked: make(chan struct{}), invites: map[uint32]*transaction{r.CSeq().SeqNo: tx},
		seq: r.CSeq().SeqNo, contact: *r.Contact().Address.Clone(), session: session}
	c.truth = Call{User: user, ID: id, From: r.From().Address.User, Closed: closed, Invited: at}
	var err error
	if c.line, err = openLine(host, remote, c.pressed); err != nil {
		s.respond(tx, 500, "No Port Is Left", nil)
		return
	}
	if code, reason := s.register(c); code != 0 {
		c.line.close()
		s.respond(tx, code, reason, nil)
		return
	}
	s.respond(tx, 100, "Trying", nil)
	c.local = media.Local{Addr: netip.AddrPortFrom(host, c.line.port()), Session: c.r.Uint64() >> 2, Version: 1}
	go c.run()
}

// register enters a new call into the books and draws its way; or it says why it is not taken.
func (s *Switchboard) register(c *call) (code int, reason string) {
	user := c.truth.User
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ids[c.truth.ID]: // RFC 3261, 8.2.2.2
		s.twice = append(s.twice, user+" "+c.truth.ID)
		return 482, "Loop Detected"
	case s.closed || len(s.order)-s.gone >= most:
		return 503, "Service Unavailable"
	}
	s.nth[user]++
	c.truth.Nth, c.truth.Beside = s.nth[user], s.up[user]
	s.up[user]++
	c.r = s.rand(user, "call", c.truth.Nth)
	conduct, exists := s.o.Telephones[user]
	if c.way = (Way{Name: "unknown", End: WrongNumber}); exists {
		c.way = conduct.draw(c.truth.Closed, c.r)
	}
	c.truth.Way = cmp.Or(c.way.Name, string(c.way.End), "answered")
	s.ids[c.truth.ID], s.calls[c.truth.ID], c.tx.call = true, c, c
	s.order = append(s.order, c)
	s.working.Add(1)
	return 0, ""
}

// host is our address as a caller sees it.
func (s *Switchboard) host(p path) netip.Addr {
	if a := s.Addr().Addr(); !a.IsUnspecified() {
		return a
	}
	if conn, err := net.Dial("udp", p.source().String()); err == nil { // sends nothing: asks for the way
		defer conn.Close()
		return conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
	}
	return s.Addr().Addr()
}

// contactHeader is where requests of the call are sent to.
func (c *call) contactHeader() string {
	port, transport := c.s.Addr().Port(), ""
	if c.path.transport() == "TCP" {
		port, transport = c.s.o.TCP.Addr().(*net.TCPAddr).AddrPort().Port(), ";transport=tcp"
	}
	return fmt.Sprintf("<sip:desk@%s%s>", netip.AddrPortFrom(c.s.host(c.path), port), transport)
}

// longestRing is how long a telephone rings that nobody picks up, before the network gives up.
const longestRing = 3 * time.Minute

// run follows the way of the call to its end.
func (c *call) run() {
	defer c.close()
	w := &c.way
	if w.Before > 0 && !c.pause(w.Before) {
		return
	}
	refusal, refused := refusals[w.End]
	if w.Ring > 0 || !refused || w.End == NoAnswer {
		length := w.Ring
		if w.End == NoAnswer || w.End == Races {
			length = longestRing
		}
		if !c.ring(length) {
			return
		}
	}
	if refused {
		c.refuse(refusal.code, refusal.reason, ByRefusal, fmt.Sprintf("Reason: Q.850;cause=%d", refusal.cause))
		return
	}
	c.pickUp()
	c.talk()
}

// ring rings for a while; it says whether the call goes on.
func (c *call) ring(length time.Duration) bool {
	code, reason, body := 180, "Ringing", []byte(nil)
	if c.way.Early && !c.offers {
		code, reason, body = 183, "Session Progress", c.local.Answer(c.line.peer())
	}
	c.mu.Lock()
	if !c.truth.Ended.IsZero() {
		c.mu.Unlock()
		return false
	}
	c.truth.Rang = time.Now()
	c.mu.Unlock()
	c.s.respond(c.tx, code, reason, body)
	if code == 180 {
		return c.pause(length)
	}
	c.next = time.Now()
	return c.tones(Ringing, length, c.picked)
}

// pause lets time pass before the call is answered; it says whether the call goes on.
func (c *call) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-c.picked:
		return true
	case <-c.over:
	case <-c.s.over:
		c.leave()
	}
	return false
}

// pickUp answers the call, unless something else has become of it.
func (c *call) pickUp() {
	c.mu.Lock()
	if c.truth.Code != 0 {
		c.mu.Unlock()
		return
	}
	c.truth.Code, c.truth.Answered = 200, time.Now()
	headers := c.renewed()
	c.mu.Unlock()
	close(c.picked)
	body := c.local.Answer(c.line.peer())
	if c.offers {
		body = c.local.Offer()
	}
	c.s.respond(c.tx, 200, "OK", body, headers...)
}

// refuse gives the call a final answer that ends it.
func (c *call) refuse(code int, reason, by string, headers ...string) {
	c.mu.Lock()
	if c.truth.Code != 0 {
		c.mu.Unlock()
		return
	}
	c.truth.Code = code
	c.mu.Unlock()
	at := time.Now()
	c.s.respond(c.tx, code, reason, nil, headers...)
	c.end(by, at, false)
}

// cancelled takes the caller's CANCEL.
func (c *call) cancelled(at time.Time) {
	if c.way.End == Races {
		c.pickUp() // a hand that was on its way
		return
	}
	c.mu.Lock()
	late := c.truth.Code != 0
	if !late {
		c.truth.Code = 487
	}
	c.mu.Unlock()
	if !late {
		c.s.respond(c.tx, 487, "Request Terminated", nil)
		c.end(ByCancel, at, false)
	}
}

// acknowledged takes an ACK: the first lets the talk begin, and may bring the description that was asked for.
func (c *call) acknowledged(r *gosip.Request, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.truth.Answered.IsZero() {
		return
	}
	if len(r.Body()) > 0 {
		if remote, err := media.Parse(r.Body()); err == nil {
			c.line.connect(remote)
		}
	}
	if c.truth.Acked.IsZero() {
		c.truth.Acked = at
		close(c.acked)
	}
}

// pressed takes a key of the caller.
func (c *call) pressed(key string, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.truth.Keys) < 1000 {
		c.truth.Keys = append(c.truth.Keys, Key{key, at})
	}
}

// absent is how long nothing is heard of a caller who is gone.
const absent = 2 * time.Second

// end ends the call once: by whom, when, and whether the caller must still be told.
func (c *call) end(by string, at time.Time, tell bool) {
	c.mu.Lock()
	if !c.truth.Ended.IsZero() {
		c.mu.Unlock()
		return
	}
	answered := !c.truth.Answered.IsZero()
	c.truth.EndedBy, c.truth.Ended = by, at
	gone := by == BySession || by == ByDeafness || by == ByNoACK
	if by == ByClosing { // who still sends sound is there, and only had no time to hang up
		gone = at.Sub(c.truth.Answered) > absent && at.Sub(c.line.last()) > absent
	}
	c.truth.LeftOffHook = answered && gone
	c.mu.Unlock()
	close(c.over)
	if tell && answered {
		c.sendBye()
	}
}

// leave ends the call because the town closes.
func (c *call) leave() {
	c.refuse(480, "Temporarily Unavailable", ByClosing)
	c.end(ByClosing, time.Now(), true)
}

// close frees the line.
func (c *call) close() {
	c.line.close()
	s := c.s
	s.mu.Lock()
	if s.up[c.truth.User]--; s.up[c.truth.User] == 0 {
		delete(s.up, c.truth.User)
	}
	s.gone++
	c.forget = time.Now().Add(lifetime)
	s.mu.Unlock()
	s.working.Done()
}
