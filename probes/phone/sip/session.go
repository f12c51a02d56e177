package sip

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

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

// bounded holds a session interval to what RFC 4028 allows: a shorter one would make us send without a pause.
func (c *Call) bounded(d time.Duration) time.Duration {
	least := least
	if r := c.a.line.Refresh; r > 0 {
		least = min(least, r)
	}
	if d > 0 {
		d = max(d, least)
	}
	return d
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
	ctx, stop := context.WithTimeout(context.Background(), c.a.brief)
	defer stop()
	c.mu.Lock()
	method := gosip.INVITE
	if c.canUpdate {
		method = gosip.UPDATE
	}
	seconds := int(c.interval / time.Second)
	c.mu.Unlock()
	seq, d := c.next(), c.current()
	req := c.within(d, method, seq)
	c.find(ctx, d, req)
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
				tx.OnRetransmission(func(r *gosip.Response) {
					if r.IsSuccess() {
						c.ack(r, seq)
					}
				})
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
