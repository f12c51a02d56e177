package switchboard

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"github.com/sonde-fleet/sonde/probes/phone/media"
	"github.com/sonde-fleet/sonde/probes/phone/sip"
)

// caller is a telephone that says single messages, wrong ones too.
type caller struct {
	t    testing.TB
	conn net.Conn
	id   string
	user string
	tag  string // of the far end, once told
}

const offer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"

func (x town) caller() *caller {
	conn, err := net.Dial("udp", x.Addr().String())
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { _ = conn.Close() })
	return &caller{t: x.t, conn: conn, id: fmt.Sprintf("call-%x", rand.Uint64()), user: "mairie"}
}

// say sends a request; headers are whole lines.
func (c *caller) say(method string, seq int, branch, body string, headers ...string) {
	c.t.Helper()
	tag := ""
	if c.tag != "" && method != "INVITE" && method != "CANCEL" || strings.HasPrefix(branch, "re") {
		tag = ";tag=" + c.tag
	}
	lines := append([]string{method + " sip:" + c.user + "@town.example SIP/2.0", "Via: SIP/2.0/UDP " + c.conn.LocalAddr().String() + ";rport;branch=z9hG4bK" + branch,
		"From: <sip:citizen@example.org>;tag=us", "To: <sip:mairie@town.example>" + tag, "Call-ID: " + c.id, fmt.Sprintf("CSeq: %d %s", seq, method),
		"Contact: <sip:citizen@" + c.conn.LocalAddr().String() + ">", "Max-Forwards: 70", fmt.Sprintf("Content-Length: %d", len(body))}, headers...)
	if body != "" {
		lines = append(lines, "Content-Type: application/sdp")
	}
	if _, err := c.conn.Write([]byte(strings.Join(lines, "\r\n") + "\r\n\r\n" + body)); err != nil {
		c.t.Error(err)
	}
}

// hear returns the next message but 100.
func (c *caller) hear() gosip.Message {
	c.t.Helper()
	buf := make([]byte, 64<<10)
	for {
		_ = c.conn.SetReadDeadline(time.Now().Add(8 * s))
		n, err := c.conn.Read(buf)
		if err != nil {
			c.t.Fatalf("nothing comes: %v", err)
		}
		m, err := gosip.ParseMessage(append([]byte{}, buf[:n]...))
		if err != nil {
			c.t.Fatalf("%v\n%s", err, buf[:n])
		}
		r, ok := m.(*gosip.Response)
		if !ok {
			return m
		}
		if tag, told := r.To().Params.Get("tag"); told && r.CSeq().MethodName == gosip.INVITE {
			c.tag = tag
		}
		if r.StatusCode != 100 {
			return r
		}
	}
}

// expect hears an answer with the code.
func (c *caller) expect(code int) *gosip.Response {
	c.t.Helper()
	r, ok := c.hear().(*gosip.Response)
	if !ok || r.StatusCode != code {
		c.t.Fatalf("got %v, want %d", r, code)
	}
	return r
}

// bye hears a BYE and answers it.
func (c *caller) bye() {
	c.t.Helper()
	r, ok := c.hear().(*gosip.Request)
	if !ok || r.Method != gosip.BYE || r.From().Params.GetOr("tag", "") != c.tag || r.To().Params.GetOr("tag", "") != "us" {
		c.t.Fatalf("got %v, want BYE", r)
	}
	if _, err := c.conn.Write([]byte(gosip.NewResponseFromRequest(r, 200, "OK", nil).String())); err != nil {
		c.t.Error(err)
	}
}

// until waits for something to become true of the one call.
func (x town) until(what string, holds func(Call) bool) Call {
	x.t.Helper()
	for deadline := time.Now().Add(8 * s); ; time.Sleep(5 * ms) {
		if all := x.Truth(); len(all) > 0 && holds(all[0]) {
			return all[0]
		}
		if time.Now().After(deadline) {
			x.t.Fatalf("never: %s; %+v", what, x.Truth())
		}
	}
}

// unhooked forgives the calls that a test leaves off the hook on purpose.
func (x town) unhooked(want string) {
	x.t.Helper()
	c := x.until("ended", func(c Call) bool { return !c.Ended.IsZero() })
	if c.EndedBy != want || !c.LeftOffHook || len(x.OffHook()) != 1 {
		x.t.Errorf("got %+v, want an end by %s", c, want)
	}
	x.mu.Lock()
	call := x.order[0]
	x.mu.Unlock()
	call.mu.Lock()
	call.truth.LeftOffHook = false
	call.mu.Unlock()
}

func TestSessionThatNobodyRefreshes(t *testing.T) {
	t.Parallel()
	far := open(t, Options{Sounds: &Sounds{}, Telephones: with(Way{Ring: 20 * ms}), Least: 2 * s})
	c := far.caller()
	c.say("INVITE", 1, "a", offer, "Session-Expires: 1;refresher=uac")
	if r := c.expect(422); r.GetHeader("Min-SE").Value() != "2" {
		t.Errorf("got\n%s", r)
	}
	c.say("ACK", 1, "a", "")
	c.say("INVITE", 2, "b", offer, "Session-Expires: 3;refresher=uac")
	c.expect(180)
	if r := c.expect(200); r.GetHeader("Session-Expires").Value() != "3;refresher=uac" || r.GetHeader("Require").Value() != "timer" {
		t.Errorf("got\n%s", r)
	}
	c.say("ACK", 2, "b2", "")
	time.Sleep(700 * ms)
	c.say("UPDATE", 3, "re1", "", "Session-Expires: 3;refresher=uac")
	c.expect(200)
	c.bye() // 2 s after the refresh: a third of the interval is kept
	call := far.only()
	if lasted := call.Ended.Sub(call.Answered); lasted < 2600*ms || lasted > 3200*ms || call.Renewed != 1 {
		t.Errorf("ended after %v: %+v", lasted, call)
	}
	far.unhooked(BySession)
}

func TestCallerThatIsGone(t *testing.T) {
	t.Parallel()
	far := open(t, Options{Sounds: &Sounds{}, Telephones: with(Way{}), Deaf: 400 * ms})
	c := far.caller()
	c.say("INVITE", 1, "a", offer)
	c.expect(180)
	c.expect(200)
	c.say("ACK", 1, "b", "")
	c.bye()
	far.unhooked(ByDeafness)
}

func TestCallerThatIsGoneWhenTheTownCloses(t *testing.T) {
	t.Parallel()
	far, stop := start(t, Options{Sounds: &Sounds{}, Telephones: with(Way{})})
	c := far.caller()
	c.say("INVITE", 1, "a", offer)
	c.expect(180)
	c.expect(200)
	c.say("ACK", 1, "b", "")
	far.until("acknowledged", func(c Call) bool { return !c.Acked.IsZero() })
	time.Sleep(absent + 100*ms)
	stop()
	c.bye()
	if off := far.OffHook(); len(off) != 1 || off[0].EndedBy != ByClosing {
		t.Errorf("got %+v", far.Truth())
	}
}

func TestAnswerIsRepeatedUntilACK(t *testing.T) {
	t.Parallel()
	far := open(t, Options{Sounds: &Sounds{}, Telephones: with(Way{})})
	c := far.caller()
	c.say("INVITE", 1, "a", offer)
	c.say("INVITE", 1, "a", offer) // a copy makes no second call
	c.expect(180)
	first := c.expect(200)
	again := c.expect(200)
	if first.String() != again.String() {
		t.Errorf("first\n%s\nthen\n%s", first, again)
	}
	c.say("ACK", 1, "b", "")
	far.until("acknowledged", func(c Call) bool { return !c.Acked.IsZero() })
	c.say("CANCEL", 1, "a", "") // too late: it changes nothing
	c.expect(200)
	if call := far.only(); !call.Ended.IsZero() {
		t.Errorf("got %+v", call)
	}
	c.say("INVITE", 2, "re1", strings.Replace(offer, "RTP/AVP 8", "RTP/AVP 0", 1)) // another coding
	if r, err := media.Parse(c.expect(200).Body()); err != nil || r.Law != media.MuLaw {
		t.Errorf("got %+v, %v", r, err)
	}
	c.say("ACK", 2, "re1a", "")
	c.say("INVITE", 3, "re2", "v=0\r\n")
	c.expect(488)
	c.say("ACK", 3, "re2", "")
	c.say("BYE", 2, "old", "")
	c.expect(500)
	c.say("BYE", 4, "end", "")
	c.expect(200)
	c.say("BYE", 4, "end", "") // a copy
	c.expect(200)
	if call := far.until("ended", func(c Call) bool { return !c.Ended.IsZero() }); call.EndedBy != ByCaller || call.LeftOffHook {
		t.Errorf("got %+v", call)
	}
	c.say("INVITE", 5, "anew", offer) // the same call once more
	c.expect(482)
	c.say("ACK", 5, "anew", "")
	if twice := far.Twice(); len(twice) != 1 || !strings.HasPrefix(twice[0], "mairie call-") || len(far.Truth()) != 1 {
		t.Errorf("got %v, %+v", twice, far.Truth())
	}
}

func TestCancelIsRepeated(t *testing.T) {
	t.Parallel()
	far := open(t, Options{Sounds: &Sounds{}, Telephones: with(Way{End: NoAnswer})})
	c := far.caller()
	c.say("INVITE", 1, "a", offer)
	c.expect(180)
	c.say("CANCEL", 1, "a", "")
	c.expect(200)
	c.expect(487)
	c.expect(487) // until ACK
	c.say("CANCEL", 1, "a", "")
	c.expect(200)
	c.say("ACK", 1, "a", "")
	if call := far.only(); call.EndedBy != ByCancel || call.LeftOffHook {
		t.Errorf("got %+v", call)
	}
	c.say("CANCEL", 7, "unknown", "")
	c.expect(481)
}

func TestOfferInTheACK(t *testing.T) {
	t.Parallel()
	far := open(t, Options{Sounds: &Sounds{}, Telephones: with(Way{Early: true, Ring: 50 * ms})})
	c := far.caller()
	c.say("INVITE", 1, "a", "")
	c.expect(180) // there is nowhere to send a ring tone to
	if r, err := media.Parse(c.expect(200).Body()); err != nil || r.Law != media.ALaw {
		t.Errorf("got %+v, %v", r, err)
	}
	c.say("ACK", 1, "b", strings.Replace(offer, "audio 9", "audio 9999", 1))
	far.until("sound is sent", func(c Call) bool { return c.Sent > 2 })
	c.say("BYE", 2, "end", "")
	c.expect(200)
}

func TestStrangersAndNonsense(t *testing.T) {
	t.Parallel()
	far := open(t, Options{Sounds: &Sounds{}, Telephones: with(Way{})})
	c := far.caller()
	c.say("INVITE", 1, "a", offer)
	c.expect(180)
	c.expect(200)
	c.say("ACK", 1, "b", "")
	far.until("acknowledged", func(c Call) bool { return !c.Acked.IsZero() })
	stranger := far.caller()
	stranger.id, stranger.tag = c.id, "guessed"
	stranger.say("BYE", 2, "x", "")
	stranger.expect(481)
	stranger.say("MESSAGE", 2, "y", "")
	stranger.expect(405)
	stranger.id, stranger.tag = "another", ""
	stranger.say("INVITE", 2, "z", "v=0\r\nm=video 9 RTP/AVP 96\r\n")
	stranger.expect(488)
	stranger.say("ACK", 2, "z", "")
	for _, junk := range []string{"", "\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "INVITE", "INVITE sip:a SIP/2.0\r\n\r\n", "SIP/2.0 200 OK\r\n\r\n", "SIP/2.0 200 OK\r\nCSeq: 1 BYE\r\n\r\n",
		"INVITE sip:mairie@x SIP/2.0\r\nVia: SIP/2.0/UDP x\r\nFrom: <sip:a@b>\r\nTo: <sip:c@d>\r\nCall-ID: 1\r\nCSeq: 1 BYE\r\n\r\n",
		"INVITE sip:mairie@x SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=q\r\nFrom: <sip:a@b>\r\nTo: <sip:c@d>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContent-Length: 99999\r\n\r\n",
		strings.Repeat("INVITE sip:", 4000)} {
		if _, err := stranger.conn.Write([]byte(junk)); err != nil {
			t.Logf("%q: %v", junk[:min(20, len(junk))], err)
		}
		if conn, err := net.Dial("tcp", far.o.TCP.Addr().String()); err == nil {
			_, _ = conn.Write([]byte(junk)) // it may be hung up at once
			_ = conn.Close()
		}
	}
	audio, err := media.Parse(far.answer(c))
	if err != nil {
		t.Fatal(err)
	}
	if conn, err := net.Dial("udp", audio.Addr.String()); err == nil {
		for _, junk := range []string{"", "x", strings.Repeat("\x80", 12), "\x80\x65\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01\xff\x00\x00\x00"} {
			_, _ = conn.Write([]byte(junk)) // sound of nobody
		}
		_ = conn.Close()
	}
	c.say("OPTIONS", 3, "ping", "")
	c.expect(200)
	if call := far.Truth()[0]; !call.Ended.IsZero() || len(call.Keys) > 0 {
		t.Errorf("got %+v", call)
	}
	c.say("BYE", 4, "end", "")
	c.expect(200)
}

// answer asks for the description of the far end once more.
func (x town) answer(c *caller) []byte {
	c.say("INVITE", 2, "re0", offer)
	body := c.expect(200).Body()
	c.say("ACK", 2, "re0a", "")
	return body
}

// A caller with keys and refreshes: those of the prober.
func TestKeysLeadThroughAMenu(t *testing.T) {
	t.Parallel()
	far := open(t, Options{Telephones: map[string]Conduct{"mairie": {Ways: []Way{{Ring: 50 * ms, Steps: []Step{{Act: Menu, Keys: "12", For: 5 * s, Times: 3}, {Act: Menu, For: 5 * s}, {Act: Beep}, {Act: HangUp}}}}}}})
	agent, err := sip.Open(t.Context(), sip.Line{Refresh: 2 * s}, far.uri("mairie"))
	if err != nil {
		t.Fatal(err)
	}
	defer agent.Close()
	begun := time.Now()
	stream, err := media.Listen(agent.Host(), begun, func(media.Piece) {})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	local := media.Local{Addr: netip.AddrPortFrom(agent.Host(), stream.Port()), Session: 1, Version: 1}
	call, err := agent.Invite(t.Context(), local.Offer(), func([]byte) ([]byte, error) { return local.Offer(), nil })
	if err != nil {
		t.Fatal(err)
	}
	for sig := range call.Signals() {
		if sig.Kind != sip.Answered {
			continue
		}
		remote, err := media.Parse(sig.Body)
		if err != nil {
			t.Fatal(err)
		}
		stream.Connect(remote)
		// The wrong key has the prompt said again; the right ones lead on while it is still being said.
		for i, k := range []string{"9", "2", "#"} {
			far.until("the menu is said", func(c Call) bool { return c.Count(Menu) == i+1 })
			if i == 0 {
				time.Sleep(1200 * ms) // and the session is refreshed
			}
			if err := stream.Press(k); err != nil {
				t.Fatal(err)
			}
		}
	}
	c := far.only()
	keys := ""
	for _, k := range c.Keys {
		keys += k.Key
	}
	if keys != "92#" || c.Count(Menu) != 3 || c.Count(Beep) != 1 || c.EndedBy != ByTelephone || c.Renewed == 0 {
		t.Errorf("keys %q, got %+v", keys, c)
	}
	menu := c.Parts[0]
	if got := menu.To.Sub(c.Keys[0].At); got < 0 || got > 60*ms {
		t.Errorf("the prompt went on for %v after the key", got)
	}
}

func FuzzTake(f *testing.F) {
	f.Add([]byte("INVITE sip:mairie@x SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=q\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContact: <sip:a@b>\r\n\r\n"))
	f.Add([]byte("SIP/2.0 200 OK\r\nCall-ID: 1\r\nCSeq: 1 BYE\r\n\r\n"))
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	defer udp.Close()
	x, err := New(Options{UDP: udp, Sounds: &Sounds{}, Telephones: with(Way{End: Busy})})
	if err != nil {
		f.Fatal(err)
	}
	nowhere := udpPath{udp, netip.MustParseAddrPort("127.0.0.1:9")}
	f.Fuzz(func(t *testing.T, data []byte) {
		x.take(data, nowhere, time.Now())
		x.working.Wait()
		for _, c := range x.Truth() { // whatever comes, a call has an end
			if c.Ended.IsZero() || c.User == "mairie" && c.Code != 486 {
				t.Errorf("got %+v", c)
			}
		}
	})
}
