package sip

import (
	"bytes"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"github.com/sonde-fleet/sonde/probes/phone/callee"
)

// talking is a call that was answered.
func talking(t *testing.T) (*callee.Callee, *dial) {
	t.Helper()
	c := callee.Listen(t)
	d := start(t, Line{}, c.URI())
	c.Reply(c.Expect(gosip.INVITE), 200, "OK", described)
	d.until(Answered)
	c.Expect(gosip.ACK)
	return c, d
}

// over hangs up, which must still work.
func over(c *callee.Callee, d *dial) {
	d.call.Hangup()
	for {
		r := c.Expect(gosip.BYE)
		c.Reply(r, 200, "OK", "")
		if tag, _ := r.To().Params.Get("tag"); tag == "callee-tag" {
			break
		}
	}
	d.until(Ended)
}

func TestRingingIsNotOvertakenByTheAnswer(t *testing.T) {
	for range 20 { // the library hands messages on in no order
		c := callee.Listen(t)
		d := start(t, Line{}, c.URI())
		invite := c.Expect(gosip.INVITE)
		before := time.Now()
		c.Reply(invite, 180, "Ringing", "")
		c.Reply(invite, 200, "OK", described)
		after := time.Now()
		s, more := d.until(Answered)
		if len(more) != 1 || more[0].Code != 180 {
			t.Fatalf("before the answer came %+v", more)
		}
		for _, s := range append(more, s) {
			if s.At.Before(before) || s.At.After(after.Add(50*time.Millisecond)) {
				t.Errorf("%d came %s after it was sent", s.Code, s.At.Sub(before))
			}
		}
		if sent := d.call.Sent(); sent.After(before) {
			t.Errorf("the INVITE was sent %s after it came", sent.Sub(before))
		}
		c.Expect(gosip.ACK)
		over(c, d)
	}
}

// On a machine under load the library comes to the copy first.
func TestACopyHasTheInstantOfTheFirst(t *testing.T) {
	d := newDoor(func() *Call { return nil })
	info := gosip.TransportReadProps{Transport: "UDP"}
	const bye = "BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP c;branch=z9hG4bKx\r\nFrom: <sip:x@y>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: 1\r\nCSeq: %d BYE\r\n\r\n"
	begun := time.Now().Add(-time.Second)
	for i, want := range []time.Duration{0, 0, 700 * time.Millisecond} {
		d.at = begun.Add(time.Duration(i) * 350 * time.Millisecond)
		through, err := d.filter(info, fmt.Appendf(nil, bye, 1+i/2))
		if err != nil {
			t.Fatal(err)
		}
		m, err := gosip.ParseMessage(through)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.arrived(m.(*gosip.Request)).Sub(begun); got < want-time.Millisecond || got > want+time.Millisecond {
			t.Errorf("message %d came at %s, want %s", i, got, want)
		}
	}
}

func TestAByeOfAnotherDeskEndsNothing(t *testing.T) {
	c, d := talking(t)
	c.Tag = "nobody"
	if r := c.Ask(gosip.BYE, ""); r.StatusCode != 481 {
		t.Errorf("a BYE with another tag was answered by %d", r.StatusCode)
	}
	c.Tag = "callee-tag"
	over(c, d)
}

// Two desks hang up before the answer of the one that we talk to is read: its own counts.
func TestAByeThatOvertakesTheAnswer(t *testing.T) {
	c := callee.Listen(t)
	d := start(t, Line{}, c.URI())
	invite := c.Expect(gosip.INVITE)
	for _, tag := range []string{"nobody", "callee-tag"} {
		c.Tag = tag
		if r := c.Ask(gosip.BYE, ""); r.StatusCode != 200 {
			t.Errorf("a BYE before the answer is answered by %d", r.StatusCode)
		}
	}
	c.Reply(invite, 200, "OK", described)
	c.Expect(gosip.ACK)
	if s, _ := d.until(Ended); !s.Theirs {
		t.Errorf("got %+v", s)
	}
}

func TestManyDesks(t *testing.T) {
	c, d := talking(t)
	for n := range 2 * maxDesks {
		c.Tag = fmt.Sprintf("desk-%d", n)
		c.Reply(c.Invite, 200, "OK", described)
	}
	for byes, acks := 0, 0; byes < maxDesks || acks < maxDesks; {
		switch r := c.Next(); r.Method {
		case gosip.BYE:
			byes++
			c.Reply(r, 200, "OK", "")
		case gosip.ACK:
			acks++
		}
	}
	c.Tag = "callee-tag"
	over(c, d)
	if n := d.agent.Hostile(); n != maxDesks {
		t.Errorf("%d answers are hostile, want %d", n, maxDesks)
	}
}

// Each of these is let fall, and the call goes on.
func TestHostileAnswers(t *testing.T) {
	c := callee.Listen(t)
	d := start(t, Line{}, c.URI())
	invite := c.Expect(gosip.INVITE)
	right := gosip.NewResponseFromRequest(invite, 200, "OK", []byte(described)).String()
	bad := map[string]string{
		"a wrong CSeq":      strings.Replace(right, "CSeq: 1 INVITE", "CSeq: 7 INVITE", 1),
		"a future branch":   strings.Replace(strings.Replace(right, "CSeq: 1 INVITE", "CSeq: 7 INVITE", 1), "branch=z9hG4bK", "branch=z9hG4bKother", 1),
		"no CSeq":           strings.Replace(right, "CSeq: 1 INVITE\r\n", "", 1),
		"no From":           strings.Replace(right, "From: ", "Form: ", 1),
		"another caller":    strings.Replace(right, d.call.tag, "nobody", 1),
		"no Via":            strings.Replace(right, "Via: ", "X: ", 1),
		"a code of 0":       strings.Replace(right, "SIP/2.0 200", "SIP/2.0 0", 1),
		"a code of 999":     strings.Replace(right, "SIP/2.0 200", "SIP/2.0 999", 1),
		"no end of headers": strings.Split(right, "\r\n\r\n")[0],
		"a header bomb":     strings.Replace(right, "\r\n", "\r\n"+strings.Repeat("X: y\r\n", 2000), 1),
		"many routes":       strings.Replace(right, "\r\n", "\r\n"+strings.Repeat("Record-Route: <sip:a;lr>\r\n", maxHeaders), 1),
		"20 kB":             right + strings.Repeat("a=x\r\n", 4000),
		"nothing":           "\x00\x00\x00\x00\x00\x00",
		"no SIP":            strings.Repeat("A", 1400),
	}
	for _, text := range bad {
		c.Raw([]byte(text), invite.Source())
	}
	for n := 0; d.agent.Hostile() < len(bad)-1 && n < 500; n++ { // zeros are let fall by the library
		time.Sleep(10 * time.Millisecond)
	}
	if n := d.agent.Hostile(); n < len(bad)-1 {
		t.Errorf("%d of %d were hostile", n, len(bad))
	}
	c.Reply(invite, 180, "\xff\xfe"+strings.Repeat("é", 500), "")
	s, before := d.until(Progress)
	if s.Code != 180 || len(before) > 0 || len(s.Reason) > 300 || !strings.HasPrefix(s.Reason, "\uFFFD") {
		t.Errorf("got %+v after %+v", s, before)
	}
	c.Reply(invite, 200, "OK", described)
	d.until(Answered)
	c.Expect(gosip.ACK)
	over(c, d)
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A flood costs neither goroutines nor memory, and the call is measured all the same.
func TestFloods(t *testing.T) {
	c := callee.Listen(t)
	d := start(t, Line{}, c.URI())
	invite := c.Expect(gosip.INVITE)
	c.Reply(invite, 180, "Ringing", "")
	s, _ := d.until(Progress)
	before, memory := runtime.NumGoroutine(), heap()
	ringing := gosip.NewResponseFromRequest(invite, 182, "Queued", nil).String()
	strange := strings.NewReplacer(d.call.id, "strange").Replace(ringing)
	ask := "OPTIONS sip:caller@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK%d\r\nFrom: <sip:x@y>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: %d\r\nCSeq: 1 OPTIONS\r\n\r\n"
	most := 0
	for n := range 4000 {
		c.Raw([]byte(ringing), invite.Source())
		c.Raw([]byte(strange), invite.Source())
		c.Raw(fmt.Appendf(nil, ask, n, n), invite.Source())
		if most = max(most, runtime.NumGoroutine()); n%100 == 0 {
			time.Sleep(time.Millisecond) // else most find no room in the socket
		}
	}
	if most > before+600 {
		t.Errorf("%d goroutines in a flood, %d before", most, before)
	}
	time.Sleep(300 * time.Millisecond) // some may come in again
	if more := heap() - memory; more > 16<<20 {
		t.Errorf("%d kB stay of a flood", more>>10)
	}
	for over := time.After(20 * time.Second); ; {
		c.Reply(invite, 200, "OK", described) // as every telephone repeats it
		select {
		case s = <-d.call.Signals():
		case <-time.After(100 * time.Millisecond):
		case <-over:
			t.Fatal("the answer does not come through")
		}
		for len(d.call.Signals()) > 0 && s.Kind != Answered {
			s = <-d.call.Signals()
		}
		if s.Kind == Answered {
			break
		}
	}
	c.Forget()
	time.Sleep(300 * time.Millisecond)
	d.call.Hangup()
	c.Reply(c.Await(gosip.BYE), 200, "OK", "")
	d.until(Ended)
	if n := d.agent.Hostile(); n < 3000 {
		t.Errorf("%d messages were let fall", n)
	}
}

// Whoever reads the signals is busy while a switchboard says the same a hundred times: the ringing among it is not lost.
func TestRingingIsNotLostInAQueue(t *testing.T) {
	c := callee.Listen(t)
	d := start(t, Line{}, c.URI())
	invite := c.Expect(gosip.INVITE)
	for n := range 120 {
		if c.Reply(invite, 182, "Queued", ""); n == 100 {
			c.Reply(invite, 180, "Ringing", "")
		}
		if n%10 == 9 {
			time.Sleep(5 * time.Millisecond)
		}
	}
	c.Reply(invite, 200, "OK", described)
	c.Expect(gosip.ACK)
	_, before := d.until(Answered)
	rang := 0
	for _, s := range before {
		if s.Code == 180 {
			rang++
		}
	}
	if rang != 1 || len(before) < 64 {
		t.Errorf("it rang %d times in %d signals", rang, len(before))
	}
	over(c, d)
}

func TestReliableProvisionalAnswers(t *testing.T) {
	c := callee.Listen(t)
	d := start(t, Line{}, c.URI())
	invite := c.Expect(gosip.INVITE)
	if got := invite.GetHeader("Supported").Value(); !strings.Contains(got, "100rel") {
		t.Errorf("Supported is %q", got)
	}
	route := fmt.Sprintf("Record-Route: <sip:%s;lr>", c.Addr())
	c.Reply(invite, 183, "Session Progress", described, "Require: 100rel", "RSeq: 41", route)
	prack := c.Expect(gosip.PRACK)
	if got := prack.GetHeader("RAck").Value(); got != "41 1 INVITE" || prack.Route() == nil || prack.CSeq().SeqNo != 2 {
		t.Errorf("the PRACK is\n%s", prack)
	}
	if tag, _ := prack.To().Params.Get("tag"); tag != c.Tag {
		t.Errorf("the PRACK is for %q", tag)
	}
	c.Reply(invite, 183, "Session Progress", described, "Require: 100rel", "RSeq: 41", route) // it was repeated
	c.Reply(prack, 200, "OK", "")
	c.Reply(invite, 180, "Ringing", "", "Require: 100rel", "RSeq: 43", route) // 42 was lost: RFC 3262, 4
	c.Reply(invite, 180, "Ringing", "", "Require: 100rel", "RSeq: 42", route)
	prack = c.Expect(gosip.PRACK)
	if got := prack.GetHeader("RAck").Value(); got != "42 1 INVITE" {
		t.Errorf("the second RAck is %q", got)
	}
	c.Reply(prack, 200, "OK", "")
	c.Reply(invite, 200, "OK", "")
	d.until(Answered)
	if ack := c.Expect(gosip.ACK); ack.CSeq().SeqNo != 1 {
		t.Errorf("the ACK has the number %d", ack.CSeq().SeqNo)
	}
	over(c, d)
}

func TestAFloodOfRenewalsIsBounded(t *testing.T) {
	c, d := talking(t)
	for range 5 { // none is acknowledged
		if r := c.Offer(described); r.StatusCode != 200 {
			t.Errorf("got %d", r.StatusCode)
		}
	}
	c.Seq = 50
	if r := c.Ask(gosip.UPDATE, ""); r.StatusCode != 500 {
		t.Errorf("a number of yesterday was answered by %d", r.StatusCode)
	}
	over(c, d)
}

// A stream is divided into messages before the library sees it.
func TestStreamsAreDivided(t *testing.T) {
	whole := "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP c;branch=z9hG4bKx\r\nFrom: <sip:x@y>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 4\r\n\r\nabcd"
	info := gosip.TransportReadProps{Transport: "TCP", LocalAddr: &net.TCPAddr{}, RemoteAddr: &net.TCPAddr{Port: 1}}
	door := newDoor(func() *Call { return nil })
	var got bytes.Buffer
	text := []byte("\r\n\r\n\r\n" + whole + whole + "\r\n" + strings.Replace(whole, "CSeq: 1", "SCeq: 1", 1) + whole)
	for i := range text {
		through, err := door.filter(info, text[i:i+1])
		if err != nil {
			t.Fatal(err)
		}
		if len(bytes.Trim(through, "\r\n")) > 0 {
			got.Write(through)
		}
	}
	if n := strings.Count(got.String(), door.header); n != 3 || strings.Count(got.String(), "abcd") != 3 || door.hostile.Load() != 1 {
		t.Errorf("%d messages came through, %d were hostile\n%s", n, door.hostile.Load(), got.Bytes())
	}
	for name, bad := range map[string]string{"no end": strings.Repeat("A: b\r\n", 5000), "a huge body": strings.Replace(whole, "Length: 4", "Length: 999999", 1), "no SIP": "x\r\n\r\n"} {
		if _, err := newDoor(func() *Call { return nil }).filter(info, []byte(bad)); err == nil {
			t.Errorf("%s is waited for", name)
		}
	}
	for n := range 2 * maxStreams {
		_, err := door.filter(gosip.TransportReadProps{Transport: "TCP", LocalAddr: &net.TCPAddr{}, RemoteAddr: &net.TCPAddr{Port: n + 1}}, []byte("O"))
		if (err != nil) != (n >= maxStreams) {
			t.Errorf("stream %d: %v", n, err)
		}
	}
}
