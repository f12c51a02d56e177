package sip

import (
	"fmt"
	"time"

	"github.com/emiago/sipgo"
	gosip "github.com/emiago/sipgo/sip"
)

// handle answers what the callee asks on our port.
func (a *Agent) handle(s *sipgo.Server) {
	mine := func(f func(*Call, *gosip.Request, gosip.ServerTransaction)) sipgo.RequestHandler {
		return func(req *gosip.Request, tx gosip.ServerTransaction) {
			c := a.call.Load()
			if c == nil || req.CallID() == nil || req.CallID().Value() != c.id || req.To() == nil || req.To().Params.GetOr("tag", "") != c.tag {
				if !req.IsAck() {
					respond(tx, req, 481, "Call/Transaction Does Not Exist")
				}
				return
			}
			desk := c.current().tag // empty: of before RFC 3261, or there is none yet
			if tag, _ := req.From().Params.Get("tag"); c.up.Load() && desk != "" && tag != desk {
				if !req.IsAck() {
					respond(tx, req, 481, "Call/Transaction Does Not Exist") // of a desk that was hung up, or of nobody
				}
				return
			}
			f(c, req, tx)
		}
	}
	s.OnBye(mine((*Call).onBye))
	s.OnAck(mine((*Call).onAck))
	s.OnInvite(mine((*Call).onRenew))
	s.OnUpdate(mine((*Call).onRenew))
	fine := func(_ *Call, req *gosip.Request, tx gosip.ServerTransaction) { respond(tx, req, 200, "OK") }
	s.OnInfo(mine(fine))
	s.OnOptions(func(req *gosip.Request, tx gosip.ServerTransaction) { respond(tx, req, 200, "OK") })
	s.OnNoRoute(func(req *gosip.Request, tx gosip.ServerTransaction) { respond(tx, req, 405, "Method Not Allowed") })
}

func respond(tx gosip.ServerTransaction, req *gosip.Request, code int, reason string) {
	r := gosip.NewResponseFromRequest(req, code, reason, nil)
	r.AppendHeader(gosip.NewHeader("Allow", allowed))
	_ = tx.Respond(r) // they repeat what we did not answer
}

func (c *Call) onBye(req *gosip.Request, tx gosip.ServerTransaction) {
	at := c.a.door.arrived(req)
	respond(tx, req, 200, "OK")
	from, _ := req.From().Params.Get("tag")
	select {
	case c.bye <- Signal{Kind: Ended, At: at, Theirs: true, Cause: cause(req.GetHeaders("Reason")), from: from}:
	default: // said twice
	}
}

func (c *Call) onAck(req *gosip.Request, _ gosip.ServerTransaction) {
	c.mu.Lock()
	acked := c.acked
	if acked == nil || c.ackedSeq != req.CSeq().SeqNo {
		c.mu.Unlock()
		return
	}
	c.acked = nil
	c.mu.Unlock()
	close(acked)
	if body := req.Body(); len(body) > 0 { // the answer to an offer that they had asked for
		_, _ = c.renew(body) // no answer can be given to an ACK
	}
}

// onRenew answers a re-INVITE or an UPDATE: hold, music, a border controller that moves the sound, a session refresh.
func (c *Call) onRenew(req *gosip.Request, tx gosip.ServerTransaction) {
	at := c.a.door.arrived(req)
	if !c.up.Load() {
		respond(tx, req, 491, "Request Pending")
		return
	}
	seq := req.CSeq().SeqNo
	c.mu.Lock()
	old := seq <= c.theirs // RFC 3261, 12.2.2. A BYE counts whatever its number: who hangs up has hung up
	c.theirs = max(c.theirs, seq)
	c.mu.Unlock()
	if old {
		respond(tx, req, 500, "Out Of Order")
		return
	}
	var answer []byte
	var err error
	if len(req.Body()) > 0 || req.Method == gosip.INVITE {
		if answer, err = c.renew(req.Body()); err != nil {
			respond(tx, req, 488, "Not Acceptable Here")
			return
		}
	}
	res := gosip.NewResponseFromRequest(req, 200, "OK", answer)
	res.AppendHeader(c.a.contact())
	res.AppendHeader(gosip.NewHeader("Allow", allowed))
	if len(answer) > 0 {
		res.AppendHeader(gosip.NewHeader("Content-Type", "application/sdp"))
	}
	if h := req.GetHeader("Session-Expires"); h != nil {
		res.AppendHeader(gosip.NewHeader("Supported", "timer"))
		res.AppendHeader(gosip.NewHeader("Require", "timer"))
		c.mu.Lock()
		d, refresher := sessionExpires(h.Value())
		if d = c.bounded(d); d > 0 {
			c.interval, c.ours = d, refresher == "uas" // here they are the client
			if refresher == "" {
				refresher = "uac"
			}
			res.AppendHeader(gosip.NewHeader("Session-Expires", fmt.Sprintf("%d;refresher=%s", int(d/time.Second), refresher)))
		}
		c.mu.Unlock()
	}
	c.mu.Lock()
	if h := req.Contact(); h != nil {
		c.dialog.remote = *h.Address.Clone()
	}
	acked := make(chan struct{})
	if req.Method == gosip.INVITE {
		if c.acked != nil {
			close(c.acked) // they have gone on: the older answer is repeated no more
		}
		c.acked, c.ackedSeq = acked, seq
	}
	c.mu.Unlock()
	select {
	case c.renewed <- Signal{Kind: Renewed, At: at, Body: req.Body()}: // before they may hang up
	case <-c.done:
		return
	}
	if tx.Respond(res) != nil {
		return
	}
	if req.Method != gosip.INVITE {
		return
	}
	for wait, over := gosip.T1, time.After(64*gosip.T1); ; wait = min(2*wait, gosip.T2) { // RFC 3261, 13.3.1.4
		select {
		case <-acked:
			return
		case <-over:
			return
		case <-c.done:
			return
		case <-tx.Done():
			return
		case <-time.After(wait):
			if tx.Respond(res) != nil {
				return
			}
		}
	}
}
