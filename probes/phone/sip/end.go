package sip

import (
	"context"
	"errors"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// sendCancel sends CANCEL beside the call: its own answer tells nothing.
func (c *Call) sendCancel(invite *gosip.Request) {
	req := gosip.NewRequest(gosip.CANCEL, *invite.Recipient.Clone())
	for _, h := range []gosip.Header{invite.Via(), invite.From(), invite.To(), invite.CallID(),
		&gosip.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: gosip.CANCEL}, invite.MaxForwards()} {
		req.AppendHeader(gosip.HeaderClone(h))
	}
	req.SetBody(nil)
	req.SetTransport(invite.Transport())
	req.SetDestination(c.a.server.String())
	req.Laddr = invite.Laddr
	c.wait.Go(func() {
		ctx, stop := context.WithTimeout(context.Background(), c.a.brief)
		defer stop()
		_, _ = c.a.client.Do(ctx, req, asIs) // what counts is the final answer to the INVITE
	})
}

// sendBye ends the dialog. What the callee says to it changes nothing.
func (c *Call) sendBye(d dialog, reason string) {
	req := c.within(d, gosip.BYE, c.next())
	if reason != "" {
		req.AppendHeader(gosip.NewHeader("Reason", reason))
	}
	ctx, stop := context.WithTimeout(context.Background(), c.a.brief)
	defer stop()
	c.find(ctx, d, req)
	_, _ = c.a.client.Do(ctx, req, asIs) // 481: they have hung up too
}

// talk is the time between the answer and the end.
func (c *Call) talk() {
	for {
		refresh, expiry := c.timers()
		select {
		case s := <-c.bye:
			if desk := c.current().tag; desk != "" && s.from != desk {
				continue // from another desk, before this one had answered
			}
			c.signals <- s
			return
		case reason := <-c.hang:
			at := time.Now()
			c.sendBye(c.current(), reason)
			c.signals <- Signal{Kind: Ended, At: at}
			return
		case s := <-c.renewed: // and the timers begin anew
			if len(s.Body) > 0 {
				c.signals <- s
			}
		case <-refresh:
			if err := c.refresh(); err != nil {
				c.die(err)
				return
			}
		case <-expiry:
			c.die(errors.New("the callee did not refresh the session"))
			return
		}
	}
}

// die ends a session whose other end is gone (RFC 4028, 10).
func (c *Call) die(err error) {
	at := time.Now()
	c.sendBye(c.current(), "")
	c.signals <- Signal{Kind: Ended, At: at, Err: err}
}
