package sip

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// Left is what ends a call whose process is gone: what Release needs of a call that was dialled, and more of one that was
// answered. All keys begin with "sip_".
type Left map[string]string

// Left is known before the INVITE leaves, so that it can be made durable before a telephone rings.
func (a *Agent) Left() Left {
	return Left{"sip_call": a.id, "sip_tag": a.tag, "sip_branch": a.branch, "sip_from": a.local.String()}
}

// Left is what a BYE of an answered call needs besides.
func (c *Call) Left() Left {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Left{"sip_to": c.dialog.tag, "sip_contact": c.dialog.remote.String(), "sip_source": c.dialog.source,
		"sip_routes": strings.Join(c.dialog.routes, "\n"), "sip_seq": strconv.Itoa(int(c.seq))}
}

// invites is how many INVITE one call may come to: the first, and those that were asked for in another form.
const invites = 1 + maxAttempts

// Release ends what a process that died has left of a call: BYE where it was answered, CANCEL where it may still ring. It
// says what the other side answered. Where the call was picked up and that was not recorded any more, neither finds it: the
// callee's session timer ends it (RFC 4028: at the latest Line.Refresh after the last sign of ours).
func (a *Agent) Release(ctx context.Context, left Left) (how string, err error) {
	if left["sip_call"] == "" || left["sip_tag"] == "" {
		return "", errors.New("nothing is known of the call")
	}
	c := &Call{a: a, id: left["sip_call"], tag: left["sip_tag"]}
	ctx, stop := context.WithTimeout(ctx, 2*a.brief)
	defer stop()
	if left["sip_to"] == "" {
		return c.cancelLeft(ctx, left)
	}
	d := dialog{tag: left["sip_to"], source: left["sip_source"]}
	if err := gosip.ParseUri(left["sip_contact"], &d.remote); err != nil {
		return "", fmt.Errorf("the callee's contact %q: %w", left["sip_contact"], err)
	}
	if left["sip_routes"] != "" {
		d.routes = strings.Split(left["sip_routes"], "\n")
	}
	seq, err := strconv.ParseUint(left["sip_seq"], 10, 31)
	if err != nil {
		return "", fmt.Errorf("the number of the call's last request: %w", err)
	}
	// Refreshes after the record have raised the number by one each; a number may be left out (RFC 3261, 12.2.2).
	req := c.within(d, gosip.BYE, uint32(seq)+skipped)
	req.AppendHeader(gosip.NewHeader("Reason", `SIP;cause=500;text="caller restarted"`))
	c.find(ctx, d, req)
	res, err := a.client.Do(ctx, req, asIs)
	if err != nil {
		return "", reached(ctx, err)
	}
	return fmt.Sprintf("BYE: %d %s", res.StatusCode, res.Reason), nil
}

// skipped is more than the refreshes of the longest call, an hour with one each 45 s.
const skipped = 1000

// cancelLeft gives up each INVITE that may have left. Where one is unknown to the other side, it says 481 or nothing.
func (c *Call) cancelLeft(ctx context.Context, left Left) (how string, err error) {
	a := c.a
	for n := range uint32(invites) {
		req := a.request(gosip.CANCEL, a.target, c.tag, c.id, n+1)
		via := req.Via()
		via.Params.Add("branch", branchOf(left["sip_branch"], n+1))
		if host, port := hostPort(left["sip_from"]); port > 0 { // whom the INVITE came from is part of its name (RFC 3261, 17.2.3)
			via.Host, via.Port = host, port
		}
		patience := a.brief
		if n > 0 { // such an INVITE need not have been
			patience = time.Second
		}
		each, stop := context.WithTimeout(ctx, patience)
		res, err := a.client.Do(each, req, asIs)
		stop()
		switch {
		case err != nil && n == 0:
			return "", reached(ctx, err)
		case err != nil: // no such INVITE: many say nothing at all
			continue
		case res.IsSuccess() || how == "":
			how = fmt.Sprintf("CANCEL: %d %s", res.StatusCode, res.Reason)
		}
		if a.line.Password == "" {
			break
		}
	}
	return how, nil
}

// branchOf names the n-th INVITE of a call, so that it can be found again from the first one's name.
func branchOf(branch string, n uint32) string { return branch + "." + strconv.Itoa(int(n)) }
