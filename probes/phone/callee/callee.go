// Package callee is the other end of the line in tests: it reads and writes single SIP messages as a script says, so that
// every order of events can be had, wrong ones too.
package callee

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// patience bounds every wait of a test.
const patience = 20 * time.Second

// Callee is one telephone on loopback.
type Callee struct {
	t        *testing.T
	conn     *net.UDPConn
	requests chan *gosip.Request
	answers  chan *gosip.Response
	Invite   *gosip.Request // the last
	Seq      uint32         // of its last request
	Tag      string         // of its end of the dialog
	mute     bool           // acknowledges nothing

	mu    sync.Mutex
	seen  map[string][]byte // method and branch → what was said to it
	count map[gosip.RequestMethod]int
	Deaf  atomic.Bool // answers no OPTIONS
}

// Listen opens a telephone that lives as long as the test.
func Listen(t *testing.T) *Callee {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	c := &Callee{t: t, conn: conn, requests: make(chan *gosip.Request, 32), answers: make(chan *gosip.Response, 32), Seq: 100, Tag: "callee-tag",
		seen: map[string][]byte{}, count: map[gosip.RequestMethod]int{}}
	done := make(chan struct{})
	go func() { defer close(done); c.read() }()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return c
}

// Addr is its address.
func (c *Callee) Addr() netip.AddrPort { return c.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// URI is what is dialled.
func (c *Callee) URI() string { return "sip:mairie@" + c.Addr().String() }

func key(r *gosip.Request) string {
	branch, _ := r.Via().Params.Get("branch")
	return string(r.Method) + branch
}

func (c *Callee) read() {
	buf := make([]byte, 64<<10)
	for {
		n, from, err := c.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		if n <= 4 {
			continue // keeps a way open
		}
		m, err := gosip.ParseMessage(append([]byte{}, buf[:n]...))
		if err != nil {
			c.t.Errorf("the callee got no SIP: %v\n%s", err, buf[:n])
			continue
		}
		m.SetSource(from.String())
		r, ok := m.(*gosip.Request)
		if !ok {
			select {
			case c.answers <- m.(*gosip.Response):
			default: // of a flood
			}
			continue
		}
		c.mu.Lock()
		said, again := c.seen[key(r)]
		if !again {
			c.seen[key(r)] = nil
			c.count[r.Method]++
		}
		c.mu.Unlock()
		switch {
		case again && said != nil:
			_, _ = c.conn.WriteToUDPAddrPort(said, from)
		case again || r.Method == gosip.OPTIONS && c.Deaf.Load():
		case r.Method == gosip.OPTIONS:
			c.Reply(r, 200, "OK", "")
		default:
			c.requests <- r
		}
	}
}

// Count is how many different requests of the method came.
func (c *Callee) Count(m gosip.RequestMethod) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count[m]
}

// Expect waits for the next request and insists on its method.
func (c *Callee) Expect(m gosip.RequestMethod) *gosip.Request {
	select {
	case r := <-c.requests:
		if r.Method != m {
			c.t.Errorf("the callee got %s, want %s", r.Method, m)
		}
		if r.Method == gosip.INVITE {
			c.Invite = r
		}
		return r
	case <-time.After(patience):
		c.t.Errorf("the callee waited in vain for %s", m)
		return gosip.NewRequest(m, gosip.Uri{Scheme: "sip", Host: "nobody.invalid"})
	}
}

// Next waits for the next request, whatever it is.
func (c *Callee) Next() *gosip.Request {
	select {
	case r := <-c.requests:
		return r
	case <-time.After(patience):
		c.t.Error("the callee waited in vain")
		return gosip.NewRequest("NOTHING", gosip.Uri{Scheme: "sip", Host: "nobody.invalid"})
	}
}

// Await passes over other requests until one of the method comes.
func (c *Callee) Await(m gosip.RequestMethod) *gosip.Request {
	for {
		if r := c.Next(); r.Method == m || r.Method == "NOTHING" {
			return r
		}
	}
}

// Forget drops the answers that came and that nobody has asked for.
func (c *Callee) Forget() {
	for {
		select {
		case <-c.answers:
		default:
			return
		}
	}
}

// Raw sends octets as they are.
func (c *Callee) Raw(data []byte, to string) { c.write(data, to) }

// Offer is a re-INVITE whose answer is never acknowledged.
func (c *Callee) Offer(body string) *gosip.Response {
	c.mute = true
	defer func() { c.mute = false }()
	return c.Ask(gosip.INVITE, body)
}

// Reply answers a request; headers are whole lines.
func (c *Callee) Reply(r *gosip.Request, code int, reason, body string, headers ...string) {
	res := gosip.NewResponseFromRequest(r, code, reason, []byte(body))
	if to := res.To(); code > 100 && to != nil {
		to.Params.Remove("tag")
		to.Params.Add("tag", c.Tag)
	}
	if r.Method == gosip.INVITE {
		res.AppendHeader(gosip.NewHeader("Contact", fmt.Sprintf("<sip:desk@%s>", c.Addr())))
	}
	if body != "" {
		res.AppendHeader(gosip.NewHeader("Content-Type", "application/sdp"))
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		res.AppendHeader(gosip.NewHeader(name, value))
	}
	data := []byte(res.String())
	c.mu.Lock()
	c.seen[key(r)] = data
	c.mu.Unlock()
	c.write(data, r.Source())
}

func (c *Callee) write(data []byte, to string) {
	addr, err := netip.ParseAddrPort(to)
	if err != nil {
		c.t.Errorf("the callee cannot write to %q: %v", to, err)
		return
	}
	if _, err := c.conn.WriteToUDPAddrPort(data, addr); err != nil {
		c.t.Logf("callee: %v", err)
	}
}

// Ask sends a request within the dialog of the last INVITE and returns the final answer. An INVITE is acknowledged.
func (c *Callee) Ask(m gosip.RequestMethod, body string, headers ...string) *gosip.Response {
	c.Seq++
	make := func(m gosip.RequestMethod) *gosip.Request {
		contact := c.Invite.Contact().Address
		r := gosip.NewRequest(m, *contact.Clone())
		via := &gosip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: "UDP", Host: "127.0.0.1", Port: int(c.Addr().Port())}
		via.Params.Add("branch", gosip.GenerateBranch())
		from := &gosip.FromHeader{Address: c.Invite.To().Address}
		from.Params.Add("tag", c.Tag)
		to := c.Invite.From().AsTo()
		hops := gosip.MaxForwardsHeader(70)
		for _, h := range []gosip.Header{via, from, &to, gosip.HeaderClone(c.Invite.CallID()), &gosip.CSeqHeader{SeqNo: c.Seq, MethodName: m}, &hops} {
			r.AppendHeader(h)
		}
		return r
	}
	r := make(m)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.AppendHeader(gosip.NewHeader(name, value))
	}
	if body != "" {
		r.AppendHeader(gosip.NewHeader("Content-Type", "application/sdp"))
	}
	r.SetBody([]byte(body))
	c.write([]byte(r.String()), c.Invite.Source())
	for over := time.After(patience); ; {
		select {
		case res := <-c.answers:
			if res.CSeq().SeqNo != c.Seq || res.IsProvisional() {
				continue
			}
			if m == gosip.INVITE && !c.mute {
				ack := make(gosip.ACK)
				ack.SetBody(nil)
				c.write([]byte(ack.String()), c.Invite.Source())
			}
			return res
		case <-over:
			c.t.Errorf("the caller did not answer %s", m)
			return gosip.NewResponse(408, "nothing")
		}
	}
}
