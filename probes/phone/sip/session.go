package sip

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo"
	gosip "github.com/emiago/sipgo/sip"
)

// sessionExpires reads "90;refresher=uac" (RFC 4028, 4) and the form of Min-SE.
func sessionExpires(value string) (d time.Duration, refresher string) {
	seconds, rest, _ := strings.Cut(value, ";")
	n, err := strconv.ParseUint(strings.TrimSpace(seconds), 10, 31)
	if err != nil {
		return 0, ""
	}
	for _, p := range strings.Split(rest, ";") {
		if k, v, _ := strings.Cut(strings.TrimSpace(p), "="); strings.EqualFold(k, "refresher") {
			refresher = strings.ToLower(v)
		}
	}
	return time.Duration(n) * time.Second, refresher
}

// cause reads the header Reason: `Q.850;cause=17;text="User busy"`, perhaps after other protocols (RFC 3326).
func cause(headers []gosip.Header) int {
	for _, h := range headers {
		for _, one := range strings.Split(h.Value(), ",") {
			protocol, rest, _ := strings.Cut(strings.TrimSpace(one), ";")
			if !strings.EqualFold(strings.TrimSpace(protocol), "Q.850") {
				continue
			}
			for _, p := range strings.Split(rest, ";") {
				if k, v, _ := strings.Cut(strings.TrimSpace(p), "="); strings.EqualFold(k, "cause") {
					if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil && n > 0 && n < 128 {
						return n
					}
				}
			}
		}
	}
	return 0
}

// hidden says whether a contact is an address behind a translation that the packets did not come from.
func hidden(contact, source string) bool {
	from, err := netip.ParseAddrPort(source)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(strings.Trim(contact, "[]"))
	inside := func(ip netip.Addr) bool { return ip.IsPrivate() || ip.IsLoopback() || ip.IsUnspecified() }
	return err == nil && ip.Unmap() != from.Addr().Unmap() && inside(ip.Unmap()) && (ip.IsUnspecified() || !inside(from.Addr().Unmap()))
}

// timers returns when the session is to be refreshed by us, or is dead for want of a refresh by them.
func (c *Call) timers() (refresh, expiry <-chan time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.interval == 0:
	case c.ours:
		refresh = time.After(c.interval / 2)
	default:
		expiry = time.After(c.interval - min(32*time.Second, c.interval/3))
	}
	return refresh, expiry
}

// refresh proves that the session lives, to them and to us.
func (c *Call) refresh() error {
	ctx, stop := context.WithTimeout(context.Background(), brief)
	defer stop()
	c.mu.Lock()
	method := gosip.INVITE
	if c.canUpdate {
		method = gosip.UPDATE
	}
	seconds := int(c.interval / time.Second)
	c.mu.Unlock()
	seq := c.next()
	req := c.within(c.current(), method, seq)
	req.AppendHeader(gosip.NewHeader("Supported", "timer"))
	req.AppendHeader(gosip.NewHeader("Session-Expires", fmt.Sprintf("%d;refresher=uac", seconds)))
	if method == gosip.INVITE {
		req.AppendHeader(gosip.NewHeader("Allow", allowed))
		req.AppendHeader(gosip.NewHeader("Content-Type", "application/sdp"))
		req.SetBody(c.offer)
	}
	tx, err := c.a.client.TransactionRequest(ctx, req, asIs)
	if err != nil {
		return err
	}
	for {
		select {
		case r := <-tx.Responses():
			switch {
			case r.IsProvisional():
				continue
			case r.IsSuccess() && method == gosip.INVITE:
				tx.OnRetransmission(func(r *gosip.Response) { c.ack(r, seq) })
				c.ack(r, seq)
			case r.StatusCode == 408 || r.StatusCode == 481:
				return fmt.Errorf("the callee knows the session no more: %d %s", r.StatusCode, r.Reason)
			}
			return nil // a refusal of the refresh is no end of the call
		case <-tx.Done():
			return fmt.Errorf("the callee does not answer a refresh: %w", tx.Err())
		case <-ctx.Done():
			return fmt.Errorf("the callee does not answer a refresh: %w", ctx.Err())
		}
	}
}

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
	at := time.Now()
	respond(tx, req, 200, "OK")
	select {
	case c.bye <- Signal{Kind: Ended, At: at, Theirs: true, Cause: cause(req.GetHeaders("Reason"))}:
	default: // said twice
	}
}

func (c *Call) onAck(req *gosip.Request, _ gosip.ServerTransaction) {
	c.mu.Lock()
	acked := c.acked[req.CSeq().SeqNo]
	delete(c.acked, req.CSeq().SeqNo)
	c.mu.Unlock()
	if acked == nil {
		return
	}
	close(acked)
	if body := req.Body(); len(body) > 0 { // the answer to an offer that they had asked for
		_, _ = c.renew(body) // no answer can be given to an ACK
	}
}

// onRenew answers a re-INVITE or an UPDATE: hold, music, a border controller that moves the sound, a session refresh.
func (c *Call) onRenew(req *gosip.Request, tx gosip.ServerTransaction) {
	at := time.Now()
	if !c.up.Load() {
		respond(tx, req, 491, "Request Pending")
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
		if d > 0 {
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
	seq, acked := req.CSeq().SeqNo, make(chan struct{})
	if req.Method == gosip.INVITE {
		c.acked[seq] = acked
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
