package sip

import (
	"context"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// hostile is a telephone that says what the fuzzer wants before and after its answer, and takes whatever we ask. It has no
// expectations.
type hostile struct {
	conn    *net.UDPConn
	invite  chan *gosip.Request
	reports sync.Map // Call-ID of a question of ours → its answer came
}

func newHostile(f *testing.F) *hostile {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		f.Fatal(err)
	}
	h := &hostile{conn: conn, invite: make(chan *gosip.Request, 64)}
	done := make(chan struct{})
	go func() { defer close(done); h.read() }()
	f.Cleanup(func() { _ = conn.Close(); <-done })
	return h
}

func (h *hostile) read() {
	buf := make([]byte, 64<<10)
	for {
		n, from, err := h.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		m, err := gosip.ParseMessage(buf[:n])
		if err != nil {
			continue
		}
		switch m := m.(type) {
		case *gosip.Response:
			if id := m.CallID(); id != nil {
				h.reports.Store(id.Value(), true)
			}
		case *gosip.Request:
			m.SetSource(from.String())
			switch {
			case m.Method == gosip.INVITE && m.To().Params.GetOr("tag", "") == "":
				select {
				case h.invite <- m:
				default:
				}
			case m.Method != gosip.ACK:
				h.say(gosip.NewResponseFromRequest(m, 200, "OK", nil).String(), from.String())
			}
		}
	}
}

func (h *hostile) say(text, to string) {
	if addr, err := net.ResolveUDPAddr("udp", to); err == nil {
		_, _ = h.conn.WriteToUDP([]byte(text), addr)
	}
}

// FuzzMessages sends what strangers write to a call that is under way, by the socket: whatever comes, nothing panics, the
// port still answers, the call still ends, and no goroutine stays. {id}, {ours}, {via}, {cseq} stand for what only the callee
// knows; messages are divided by a line of dashes; early ones come before the answer.
func FuzzMessages(f *testing.F) {
	const head = "Via: {via}\r\nFrom: <sip:a@b>;tag={ours}\r\nTo: <sip:c@d>;tag=x\r\nCall-ID: {id}\r\nCSeq: {cseq} INVITE\r\n"
	const asks = "Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKf\r\nFrom: <sip:c@d>;tag=h\r\nTo: <sip:a@b>;tag={ours}\r\nCall-ID: {id}\r\n"
	for _, seed := range []string{
		"SIP/2.0 180 Ringing\r\n" + head + "Contact: <sip:x@nowhere.invalid>\r\nRecord-Route: <sip:p;lr>\r\n\r\n",
		"SIP/2.0 183 Session Progress\r\n" + head + "Require: 100rel\r\nRSeq: 1\r\n\r\n----\r\nSIP/2.0 200 OK\r\n" + head + "Session-Expires: 0;refresher=x\r\n\r\n",
		"SIP/2.0 407 No\r\n" + head + "Proxy-Authenticate: Digest realm=\"x\", nonce=\"y\", qop=\"auth\", algorithm=MD5\r\n\r\n",
		"SIP/2.0 422 No\r\n" + head + "Min-SE: 100\r\n\r\n", "SIP/2.0 302 Moved\r\n" + head + "Contact: \"\" <sip:%ff@[::1]:99999;lr=?x>;q=2\r\n\r\n",
		"BYE sip:caller@h SIP/2.0\r\n" + asks + "CSeq: 1 BYE\r\nReason: Q.850;cause=999\r\n\r\n",
		"INVITE sip:caller@h SIP/2.0\r\n" + asks + "CSeq: 2 INVITE\r\nContact: <sip:@>\r\nSession-Expires: 99999999999;refresher=uas\r\n\r\n----\r\nACK sip:caller@h SIP/2.0\r\n" + asks + "CSeq: 2 ACK\r\n\r\nv=0\r\n",
		"UPDATE sip:caller@h SIP/2.0\r\n" + asks + "CSeq: 2147483647 UPDATE\r\n\r\n----\r\nCANCEL sip:caller@h SIP/2.0\r\n" + asks + "CSeq: 2 CANCEL\r\n\r\n",
		"INFO sip:caller@h SIP/2.0\r\n" + asks + "CSeq: 4294967295 INFO\r\nContent-Length: 70000\r\n\r\n", "\r\n\r\n", "\x00",
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	h := newHostile(f)
	begin := runtime.NumGoroutine()
	n := 0
	f.Fuzz(func(t *testing.T, messages string, early bool) {
		a, err := Open(context.Background(), Line{User: "u", Password: "p", Patience: 20 * time.Millisecond}, "sip:x@"+h.conn.LocalAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		a.brief = 20 * time.Millisecond
		c, err := a.Invite(context.Background(), []byte(described), func([]byte) ([]byte, error) { return []byte(described), nil })
		if err != nil {
			t.Fatal(err)
		}
		invite := <-h.invite
		branch, _ := invite.Via().Params.Get("branch")
		real := strings.NewReplacer("{id}", c.id, "{ours}", c.tag, "{cseq}", "1", "{via}", invite.Via().Value(), "{branch}", branch)
		say := func() {
			for i, one := range strings.Split(messages, "----\r\n") {
				if i < 8 && len(one) < 60000 {
					h.say(real.Replace(one), invite.Source())
				}
			}
		}
		if early {
			say()
		}
		answer := gosip.NewResponseFromRequest(invite, 200, "OK", []byte(described))
		answer.To().Params.Add("tag", "h")
		answer.AppendHeader(gosip.NewHeader("Contact", "<sip:h@"+h.conn.LocalAddr().String()+">"))
		h.say(answer.String(), invite.Source())
		if !early {
			say()
		}
		// A question of ours comes last, on the same socket: once it is answered, what went before was read.
		id := gosip.GenerateTagN(16)
		for range 400 {
			h.say("OPTIONS sip:caller@h SIP/2.0\r\nVia: SIP/2.0/UDP "+h.conn.LocalAddr().String()+";branch=z9hG4bK"+id+"\r\nFrom: <sip:q@r>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: "+id+
				"\r\nCSeq: 1 OPTIONS\r\n\r\n", invite.Source())
			if _, ok := h.reports.LoadAndDelete(id); ok {
				break
			}
			time.Sleep(time.Millisecond)
		}
		over := time.After(15 * time.Second)
		c.Cancel()
		c.Hangup()
		for open := true; open; {
			select {
			case s, ok := <-c.Signals():
				open = ok
				if len(s.Reason) > 300 || s.Cause < 0 || s.Cause > 127 || ok && s.At.IsZero() {
					t.Fatalf("%+v", s)
				}
			case <-over:
				t.Fatal("the call does not end")
			}
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		for len(h.invite) > 0 {
			<-h.invite // with credentials, or of a longer session
		}
		if n++; n%50 == 0 {
			for range 200 {
				if runtime.NumGoroutine() <= begin+30 {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d at the beginning\n%s", runtime.NumGoroutine(), begin, stacks[:runtime.Stack(stacks, true)])
		}
	})
}

// FuzzDoor gives the door whatever comes: it keeps its promises of size, and what it lets through the library can read.
func FuzzDoor(f *testing.F) {
	f.Add([]byte("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=ours\r\nTo: <sip:c@d>;tag=x\r\nCall-ID: me\r\nCSeq: 1 INVITE\r\nContent-Length: 2\r\n\r\nab"), true)
	f.Add([]byte("BYE sip:a@b SIP/2.0\r\nv: SIP/2.0/TCP h;branch=z9hG4bKx\r\nf: <sip:a@b>\r\nt: <sip:c@d>\r\ni: 1\r\nCSeq: 1 BYE\r\nl: 0\r\n\r\n"), false)
	f.Add([]byte("INVITE  SIP/2.0\r\n :\r\n\r\n"), false)
	f.Fuzz(func(t *testing.T, data []byte, stream bool) {
		c := &Call{id: "me", tag: "ours", signals: make(chan Signal, 4), asks: asked{"z9hG4bKx", 1}, seq: 1, reliable: map[string]uint32{}, codes: map[int]bool{}}
		d := newDoor(func() *Call { return c })
		d.at = time.Now()
		info := gosip.TransportReadProps{Transport: "UDP", LocalAddr: &net.TCPAddr{}, RemoteAddr: &net.TCPAddr{}}
		if stream {
			info.Transport = "TCP"
		}
		c.a = &Agent{door: d, transport: "UDP", brief: time.Millisecond}
		c.over = true // it makes no signal, and asks nobody for anything
		out, err := d.filter(info, data)
		if err != nil || keepsAlive(out) {
			return
		}
		if len(out) > len(data)+(1+len(data)/100)*80 {
			t.Fatalf("%d octets became %d", len(data), len(out))
		}
		if stream {
			err = gosip.NewParser().NewSIPStream().ParseSIPStream(out, func(m gosip.Message) { check(t, d, m) })
		} else {
			var m gosip.Message
			if m, err = gosip.NewParser().ParseSIP(out); err == nil {
				check(t, d, m)
			}
		}
		if err != nil {
			t.Fatalf("the library cannot read what came through: %v\n%q", err, out)
		}
	})
}

func check(t *testing.T, d *door, m gosip.Message) {
	var at time.Time
	switch m := m.(type) {
	case *gosip.Request:
		at = d.arrived(m)
		gosip.NewResponseFromRequest(m, 200, "OK", nil)
	case *gosip.Response:
		at = d.arrived(m)
	}
	if age := time.Since(at); age < 0 || age > time.Minute {
		t.Fatalf("it came %s ago", age)
	}
}

// FuzzHeaders reads what the values of headers may be.
func FuzzHeaders(f *testing.F) {
	f.Add("90;refresher=uac", `SIP;cause=200, Q.850;cause=16;text="Normal"`, `Digest realm="a", nonce="b", qop="auth,auth-int", algorithm=SHA-256, stale=TRUE`, "<sip:a@b:5060;lr>,<sip:[::1];lr=x>")
	f.Add("99999999999", "Q.850;cause=-1", `Digest realm=`, "<>")
	f.Fuzz(func(t *testing.T, expires, reason, challenge, route string) {
		c := &Call{a: &Agent{line: Line{User: "u", Password: "p"}, transport: "UDP", door: newDoor(nil)}, interval: time.Minute}
		d, _ := sessionExpires(expires)
		if d = c.bounded(d); d < 0 || d > 0 && d < least {
			t.Fatal(d)
		}
		if n := cause([]gosip.Header{gosip.NewHeader("Reason", reason)}); n < 0 || n > 127 {
			t.Fatal(n)
		}
		r := gosip.NewResponse(407, "No")
		r.AppendHeader(gosip.NewHeader("Proxy-Authenticate", challenge))
		if again, h := c.again(r, 0); again && (h == nil || strings.ContainsAny(h.Value(), "\r\n")) && !strings.ContainsAny(challenge, "\r\n") {
			t.Fatalf("the challenge %q gives %v", challenge, h)
		}
		r.StatusCode = 422
		r.AppendHeader(gosip.NewHeader("Min-SE", expires))
		if again, _ := c.again(r, 0); again && c.interval > time.Hour {
			t.Fatal(c.interval)
		}
		r.AppendHeader(gosip.NewHeader("Record-Route", route))
		r.AppendHeader(gosip.NewHeader("Contact", route))
		_ = c.within(c.dialogOf(r), gosip.BYE, 2).String()
		hidden(route, reason)
	})
}
