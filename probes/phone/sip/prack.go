package sip

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

// prack acknowledges a provisional answer that asks for it (RFC 3262): a gateway that does not see the PRACK repeats the
// answer and ends the call after 32 s. Copies, and what comes out of its order, are passed over as section 4 wants it.
// c.mu is held, and the call is not over.
func (c *Call) prack(r *gosip.Response) {
	required := false
	for _, h := range r.GetHeaders("Require") {
		for _, option := range strings.Split(h.Value(), ",") {
			required = required || strings.EqualFold(strings.TrimSpace(option), "100rel")
		}
	}
	h := r.GetHeader("RSeq")
	if !required || h == nil || r.StatusCode == 100 {
		return
	}
	n, err := strconv.ParseUint(strings.TrimSpace(h.Value()), 10, 32)
	if err != nil || n == 0 {
		return
	}
	d := c.dialogOf(r)
	before, begun := c.reliable[d.tag] // each desk of a switchboard counts by itself
	if begun && uint32(n) != before+1 || !begun && len(c.reliable) == maxDesks {
		return
	}
	c.reliable[d.tag] = uint32(n)
	c.seq++
	req := c.within(d, gosip.PRACK, c.seq)
	req.AppendHeader(gosip.NewHeader("RAck", fmt.Sprintf("%d %d %s", n, r.CSeq().SeqNo, gosip.INVITE)))
	c.wait.Go(func() {
		ctx, stop := context.WithTimeout(context.Background(), c.a.brief)
		defer stop()
		c.find(ctx, d, req)
		_, _ = c.a.client.Do(ctx, req, asIs) // the final answer to the INVITE tells what came of it
	})
}
