package switchboard

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"github.com/sonde-fleet/sonde/probes/phone/media"
)

// interval reads "90;refresher=uac" (RFC 4028, 4); 0: it cannot be read.
func interval(value string) time.Duration {
	seconds, _, _ := strings.Cut(value, ";")
	n, err := strconv.ParseUint(strings.TrimSpace(seconds), 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}

// renewed begins the session's interval anew and returns the headers that say so: the caller refreshes it. The session is over a
// little before the interval is (RFC 4028, 10).
func (c *call) renewed() []string {
	if c.session == 0 {
		return nil
	}
	c.expires = time.Now().Add(c.session - min(32*time.Second, c.session/3))
	return []string{fmt.Sprintf("Session-Expires: %d;refresher=uac", int(c.session/time.Second)), "Require: timer", "Supported: timer"}
}

// within takes a request of an established call.
func (s *Switchboard) within(tx *transaction, tag string, at time.Time) {
	r := tx.req
	s.mu.Lock()
	c := s.calls[r.CallID().Value()]
	s.mu.Unlock()
	if c == nil || tag != c.tag || r.From().Params.GetOr("tag", "") != c.peer {
		s.respond(tx, 481, "Call/Transaction Does Not Exist", nil)
		return
	}
	c.mu.Lock()
	old := r.CSeq().SeqNo < c.seq
	if !old {
		c.seq = r.CSeq().SeqNo
	}
	up := !c.truth.Answered.IsZero()
	over := !c.truth.Ended.IsZero()
	c.mu.Unlock()
	switch {
	case old: // RFC 3261, 12.2.2
		s.respond(tx, 500, "Server Internal Error", nil, "Retry-After: 1")
	case r.Method == gosip.BYE && up:
		c.end(ByCaller, at, false)
		s.respond(tx, 200, "OK", nil)
	case over:
		s.respond(tx, 481, "Call/Transaction Does Not Exist", nil)
	case !up: // not before the call is answered
		s.respond(tx, 491, "Request Pending", nil)
	case r.Method == gosip.INFO:
		s.respond(tx, 200, "OK", nil)
	default:
		c.renew(tx)
	}
}

// renew takes a re-INVITE or an UPDATE: a refresh of the session, hold, another place for the sound.
func (c *call) renew(tx *transaction) {
	r, s := tx.req, c.s
	var body []byte
	switch {
	case len(r.Body()) > 0:
		remote, err := media.Parse(r.Body())
		if err != nil {
			s.respond(tx, 488, "Not Acceptable Here", nil)
			return
		}
		c.line.connect(remote)
		body = c.local.Answer(remote)
	case r.IsInvite():
		body = c.local.Offer()
	}
	c.mu.Lock()
	if h := r.Contact(); h != nil {
		c.contact = *h.Address.Clone()
	}
	var headers []string
	if h := r.GetHeader("Session-Expires"); h != nil {
		c.session = interval(h.Value())
		headers = c.renewed()
		c.truth.Renewed++
	}
	c.mu.Unlock()
	s.mu.Lock()
	tx.call = c
	if r.IsInvite() {
		c.invites[r.CSeq().SeqNo] = tx
	}
	s.mu.Unlock()
	s.respond(tx, 200, "OK", body, headers...)
}

// sendBye hangs up. It goes the way that the call came, which on a town's network is the way to the caller.
func (c *call) sendBye() {
	s, invite := c.s, c.tx.req
	c.mu.Lock()
	to := *c.contact.Clone()
	c.mu.Unlock()
	req := gosip.NewRequest(gosip.BYE, to)
	via := &gosip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: c.path.transport(), Host: s.host(c.path).String(), Port: int(s.Addr().Port())}
	via.Params.Add("branch", gosip.GenerateBranch())
	from := &gosip.FromHeader{Address: invite.To().Address}
	from.Params.Add("tag", c.tag)
	peer := invite.From().AsTo()
	hops := gosip.MaxForwardsHeader(70)
	for _, h := range []gosip.Header{via, from, &peer, gosip.HeaderClone(invite.CallID()), &gosip.CSeqHeader{SeqNo: 1, MethodName: gosip.BYE}, &hops,
		gosip.NewHeader("Reason", "Q.850;cause=16")} {
		req.AppendHeader(h)
	}
	for _, route := range invite.GetHeaders("Record-Route") {
		req.AppendHeader(gosip.NewHeader("Route", route.Value()))
	}
	req.SetBody(nil)
	data := []byte(req.String())
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	c.bye = repeated{data: data, wait: t1, next: now.Add(t1), dies: now.Add(lifetime)}
	c.path.write(data)
}
