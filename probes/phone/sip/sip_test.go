package sip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"github.com/sonde-fleet/sonde/probes/phone/callee"
)

const described = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"

// dial places a call and collects its signals.
type dial struct {
	t     *testing.T
	agent *Agent
	call  *Call
}

func start(t *testing.T, line Line, target string) *dial {
	t.Helper()
	ctx := t.Context()
	a, err := Open(ctx, line, target)
	if err != nil {
		t.Fatal(err)
	}
	d := &dial{t: t, agent: a}
	if err := a.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	if d.call, err = a.Invite(ctx, []byte(described), func([]byte) ([]byte, error) { return []byte(described), nil }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		d.call.Cancel()
		d.call.Hangup()
		for range d.call.Signals() {
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// until reads signals up to the first of the kind.
func (d *dial) until(k Kind) (found Signal, before []Signal) {
	d.t.Helper()
	for over := time.After(20 * time.Second); ; {
		select {
		case s, ok := <-d.call.Signals():
			if !ok {
				d.t.Fatalf("no %s; got %+v", k, before)
			}
			if s.Kind == k {
				return s, before
			}
			before = append(before, s)
		case <-over:
			d.t.Fatalf("no %s in time; got %+v", k, before)
		}
	}
}

func (d *dial) end() {
	d.t.Helper()
	if s, ok := <-d.call.Signals(); ok {
		d.t.Errorf("after the end came %+v", s)
	}
}

func TestAnsweredAndHungUpByUs(t *testing.T) {
	c := callee.Listen(t)
	d := start(t, Line{}, c.URI())
	invite := c.Expect(gosip.INVITE)
	if got := invite.GetHeader("Session-Expires").Value(); got != "90;refresher=uac" {
		t.Errorf("Session-Expires is %q", got)
	}
	if n := len(invite.String()); n > 1250 {
		t.Errorf("the INVITE has %d octets: over UDP, with credentials, it must stay below 1300", n)
	}
	c.Reply(invite, 180, "Ringing", "")
	s, _ := d.until(Progress)
	if s.Code != 180 {
		t.Errorf("got %+v", s)
	}
	c.Reply(invite, 200, "OK", described)
	if s, _ = d.until(Answered); s.Code != 200 || string(s.Body) != described {
		t.Errorf("got %+v", s)
	}
	c.Expect(gosip.ACK)
	d.call.Hangup()
	c.Reply(c.Expect(gosip.BYE), 200, "OK", "")
	if s, _ = d.until(Ended); s.Theirs || s.Err != nil {
		t.Errorf("got %+v", s)
	}
	d.end()
}

func TestHungUpByThem(t *testing.T) {
	c := callee.Listen(t)
	d := start(t, Line{}, c.URI())
	c.Reply(c.Expect(gosip.INVITE), 200, "OK", described)
	d.until(Answered)
	c.Expect(gosip.ACK)
	if r := c.Ask(gosip.BYE, "", `Reason: SIP;cause=200, Q.850;cause=16;text="Normal"`); r.StatusCode != 200 {
		t.Errorf("BYE was answered by %d", r.StatusCode)
	}
	if s, _ := d.until(Ended); !s.Theirs || s.Cause != 16 {
		t.Errorf("got %+v", s)
	}
	d.end()
}

func TestRefusals(t *testing.T) {
	for _, code := range []int{302, 404, 486, 503, 603} {
		c := callee.Listen(t)
		d := start(t, Line{}, c.URI())
		c.Reply(c.Expect(gosip.INVITE), code, "No", "", "Reason: Q.850;cause=17")
		s, _ := d.until(Failed)
		if s.Code != code || s.Reason != "No" || s.Cause != 17 || (code == 302) != (s.Moved != "") {
			t.Errorf("%d: got %+v", code, s)
		}
		c.Expect(gosip.ACK)
		d.end()
	}
}

func TestManyProvisionalAnswersDoNotEndACall(t *testing.T) {
	c := callee.Listen(t)
	d := start(t, Line{}, c.URI())
	invite := c.Expect(gosip.INVITE)
	const n = 30
	for range n {
		c.Reply(invite, 182, "Queued", "")
	}
	for got := 0; got < n; {
		s, more := d.until(Progress)
		for _, s := range append(more, s) {
			if s.Code == 182 {
				got++
			}
		}
	}
	c.Reply(invite, 200, "OK", described)
	d.until(Answered)
	c.Expect(gosip.ACK)
	d.call.Hangup()
	c.Reply(c.Expect(gosip.BYE), 200, "OK", "")
	d.until(Ended)
}

func TestCancelled(t *testing.T) {
	c := callee.Listen(t)
	d := start(t, Line{}, c.URI())
	invite := c.Expect(gosip.INVITE)
	d.call.Cancel() // before any 1xx: nothing may leave yet
	time.Sleep(50 * time.Millisecond)
	if n := c.Count(gosip.CANCEL); n != 0 {
		t.Errorf("%d CANCEL before a 1xx", n)
	}
	c.Reply(invite, 180, "Ringing", "")
	cancel := c.Expect(gosip.CANCEL)
	if got, want := cancel.Via().Value(), invite.Via().Value(); got != want || cancel.CSeq().SeqNo != invite.CSeq().SeqNo {
		t.Errorf("CANCEL goes by %q, the INVITE by %q", got, want)
	}
	c.Reply(cancel, 200, "OK", "")
	c.Reply(invite, 487, "Request Terminated", "")
	if s, _ := d.until(Failed); s.Code != 487 || s.Raced {
		t.Errorf("got %+v", s)
	}
	c.Expect(gosip.ACK)
	d.end()
}

func TestAnswerThatRacesTheCancel(t *testing.T) {
	c := callee.Listen(t)
	d := start(t, Line{}, c.URI())
	invite := c.Expect(gosip.INVITE)
	c.Reply(invite, 180, "Ringing", "")
	d.until(Progress)
	d.call.Cancel()
	cancel := c.Expect(gosip.CANCEL)
	c.Reply(invite, 200, "OK", described) // it had picked up before it saw the CANCEL
	c.Reply(cancel, 481, "Call/Transaction Does Not Exist", "")
	c.Expect(gosip.ACK)
	c.Reply(c.Expect(gosip.BYE), 200, "OK", "")
	if s, _ := d.until(Failed); s.Code != 200 || !s.Raced {
		t.Errorf("got %+v", s)
	}
	c.Reply(invite, 200, "OK", described) // the ACK was lost
	c.Expect(gosip.ACK)
	d.end()
}

func TestNobodyEndsACancelledCall(t *testing.T) {
	c := callee.Listen(t)
	d := start(t, Line{Patience: 300 * time.Millisecond}, c.URI())
	c.Reply(c.Expect(gosip.INVITE), 180, "Ringing", "")
	d.call.Cancel()
	c.Reply(c.Expect(gosip.CANCEL), 200, "OK", "")
	if s, _ := d.until(Failed); s.Err == nil {
		t.Errorf("got %+v", s)
	}
}

func TestDigest(t *testing.T) {
	for _, right := range []bool{true, false} {
		c := callee.Listen(t)
		d := start(t, Line{Server: c.Addr().String(), User: "u", Password: "p", From: "+33100000000"}, "+33321000000")
		invite := c.Expect(gosip.INVITE)
		if got := invite.Recipient.String(); got != "sip:+33321000000@127.0.0.1" {
			t.Errorf("the number is dialled as %s", got)
		}
		const challenge = `Proxy-Authenticate: Digest realm="t", nonce="abc", qop="auth", algorithm=md5`
		c.Reply(invite, 407, "Proxy Authentication Required", "", challenge)
		c.Expect(gosip.ACK)
		again := c.Expect(gosip.INVITE)
		h := again.GetHeader("Proxy-Authorization")
		if h == nil || !strings.Contains(h.Value(), `uri="sip:+33321000000@127.0.0.1"`) || again.CSeq().SeqNo != 2 || again.CallID().Value() != invite.CallID().Value() {
			t.Fatalf("the second INVITE is\n%s", again)
		}
		if !right {
			c.Reply(again, 407, "Proxy Authentication Required", "", challenge)
			if s, _ := d.until(Failed); s.Code != 407 {
				t.Errorf("got %+v", s)
			}
			c.Expect(gosip.ACK)
			continue
		}
		c.Reply(again, 200, "OK", described)
		d.until(Answered)
		c.Expect(gosip.ACK)
		d.call.Hangup()
		c.Reply(c.Expect(gosip.BYE), 200, "OK", "")
		d.until(Ended)
	}
}

func TestRecordRoute(t *testing.T) {
	c := callee.Listen(t)
	d := start(t, Line{}, c.URI())
	invite := c.Expect(gosip.INVITE)
	near, far := fmt.Sprintf("<sip:%s;lr>", c.Addr()), "<sip:203.0.113.9;lr>"
	c.Reply(invite, 200, "OK", described, "Record-Route: "+far+", "+near)
	d.until(Answered)
	for _, m := range []gosip.RequestMethod{gosip.ACK, gosip.BYE} {
		if m == gosip.BYE {
			d.call.Hangup()
		}
		r := c.Expect(m)
		var routes []string
		for _, h := range r.GetHeaders("Route") {
			routes = append(routes, h.Value())
		}
		if got := strings.Join(routes, " "); got != near+" "+far {
			t.Errorf("%s goes by %s, want %s %s", m, got, near, far)
		}
		if got, want := r.Recipient.String(), "sip:desk@"+c.Addr().String(); got != want {
			t.Errorf("%s is for %s, want %s", m, got, want)
		}
		if m == gosip.BYE {
			c.Reply(r, 200, "OK", "")
		}
	}
	d.until(Ended)
}

func TestSessionIsRenewedByThem(t *testing.T) {
	c := callee.Listen(t)
	d := start(t, Line{}, c.URI())
	c.Reply(c.Expect(gosip.INVITE), 200, "OK", described)
	d.until(Answered)
	c.Expect(gosip.ACK)
	hold := described + "a=sendonly\r\n"
	r := c.Ask(gosip.INVITE, hold, "Session-Expires: 120;refresher=uac")
	if r.StatusCode != 200 || len(r.Body()) == 0 || r.GetHeader("Session-Expires") == nil {
		t.Errorf("the re-INVITE was answered by\n%s", r)
	}
	if s, _ := d.until(Renewed); string(s.Body) != hold {
		t.Errorf("got %+v", s)
	}
	if r := c.Ask(gosip.UPDATE, ""); r.StatusCode != 200 {
		t.Errorf("UPDATE was answered by %d", r.StatusCode)
	}
	if r := c.Ask("MESSAGE", ""); r.StatusCode != 405 {
		t.Errorf("MESSAGE was answered by %d", r.StatusCode)
	}
	if r := c.Ask(gosip.BYE, ""); r.StatusCode != 200 {
		t.Errorf("BYE was answered by %d", r.StatusCode)
	}
	d.until(Ended)
}

func TestSessionTimers(t *testing.T) {
	c := callee.Listen(t)
	d := start(t, Line{Refresh: 2 * time.Second}, c.URI())
	invite := c.Expect(gosip.INVITE)
	c.Reply(invite, 422, "Session Interval Too Small", "", "Min-SE: 3")
	c.Expect(gosip.ACK)
	invite = c.Expect(gosip.INVITE)
	if got := invite.GetHeader("Session-Expires").Value(); got != "3;refresher=uac" {
		t.Errorf("Session-Expires is %q", got)
	}
	c.Reply(invite, 200, "OK", described, "Session-Expires: 2;refresher=uac", "Allow: INVITE, UPDATE")
	d.until(Answered)
	c.Expect(gosip.ACK)
	c.Reply(c.Expect(gosip.UPDATE), 200, "OK", "")
	c.Reply(c.Expect(gosip.UPDATE), 481, "Call/Transaction Does Not Exist", "")
	c.Reply(c.Expect(gosip.BYE), 481, "Call/Transaction Does Not Exist", "")
	if s, _ := d.until(Ended); s.Theirs || s.Err == nil {
		t.Errorf("got %+v", s)
	}
}

func TestSessionThatTheyDoNotRenewIsDead(t *testing.T) {
	c := callee.Listen(t)
	d := start(t, Line{Refresh: 2 * time.Second}, c.URI())
	c.Reply(c.Expect(gosip.INVITE), 200, "OK", described, "Session-Expires: 2;refresher=uas")
	d.until(Answered)
	c.Expect(gosip.ACK)
	c.Reply(c.Expect(gosip.BYE), 200, "OK", "")
	if s, _ := d.until(Ended); s.Theirs || s.Err == nil {
		t.Errorf("got %+v", s)
	}
}

func TestASecondCalleeIsHungUp(t *testing.T) {
	c := callee.Listen(t)
	d := start(t, Line{}, c.URI())
	invite := c.Expect(gosip.INVITE)
	c.Reply(invite, 200, "OK", described)
	d.until(Answered)
	c.Expect(gosip.ACK)
	c.Tag = "another-desk" // behind a proxy that rings several
	c.Reply(invite, 200, "OK", described)
	if tag, _ := c.Expect(gosip.ACK).To().Params.Get("tag"); tag != c.Tag {
		t.Errorf("the second answer is acknowledged to %q", tag)
	}
	bye := c.Expect(gosip.BYE)
	if tag, _ := bye.To().Params.Get("tag"); tag != c.Tag {
		t.Errorf("%q is hung up", tag)
	}
	c.Reply(bye, 200, "OK", "")
	d.call.Hangup()
	bye = c.Expect(gosip.BYE)
	if tag, _ := bye.To().Params.Get("tag"); tag != "callee-tag" {
		t.Errorf("at the end %q is hung up", tag)
	}
	c.Reply(bye, 200, "OK", "")
	d.until(Ended)
}

func TestStrangersCannotEndACall(t *testing.T) {
	c := callee.Listen(t)
	d := start(t, Line{}, c.URI())
	c.Reply(c.Expect(gosip.INVITE), 200, "OK", described)
	d.until(Answered)
	c.Expect(gosip.ACK)
	id := gosip.CallIDHeader("somebody-else")
	c.Invite.ReplaceHeader(&id)
	if r := c.Ask(gosip.BYE, ""); r.StatusCode != 481 {
		t.Errorf("a BYE for another call was answered by %d", r.StatusCode)
	}
	d.call.Hangup()
	c.Reply(c.Expect(gosip.BYE), 200, "OK", "")
	d.until(Ended)
}

func TestDeadPort(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		target := "sip:x@" + l.Addr().String()
		_ = l.Close() // nobody listens there now
		a, err := Open(t.Context(), Line{Transport: transport}, target)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Ping(t.Context()); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: a closed port gives %v", transport, err)
		}
		if err := a.Knock(t.Context()); errors.Is(err, ErrRefused) != (transport == "udp") {
			t.Errorf("%s: a knock at a closed port gives %v", transport, err)
		}
		if transport == "tcp" {
			if _, err := a.Invite(t.Context(), nil, nil); !errors.Is(err, ErrRefused) {
				t.Errorf("an INVITE to a closed port gives %v", err)
			}
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestSilentServer(t *testing.T) {
	c := callee.Listen(t)
	c.Deaf.Store(true)
	a, err := Open(t.Context(), Line{}, c.URI())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer stop()
	if err := a.Ping(ctx); !errors.Is(err, ErrSilent) {
		t.Errorf("a silent server gives %v", err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

func TestAddresses(t *testing.T) {
	for target, want := range map[string]string{
		"0321000000": "no trunk is configured", "tel:+33321000000": "not an address of the form", "sip:a@127.0.0.1;transport=sctp": "none of udp, tcp and tls",
		"sip:": "", "sip:a@no.such.name.invalid": "the address of",
	} {
		a, err := Open(t.Context(), Line{}, target)
		if err == nil {
			_ = a.Close()
			t.Errorf("%s was opened", target)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", target, err, want)
		}
	}
}
