package phone

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"github.com/pion/rtp"
	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone/callee"
	"github.com/sonde-fleet/sonde/probes/phone/media"
	"github.com/sonde-fleet/sonde/probes/phone/sip"
)

// calling is a call that runs beside the test, which plays the callee.
type calling struct {
	t      *testing.T
	mu     sync.Mutex
	events []probes.Event
	err    error
	done   chan struct{}
	stop   context.CancelFunc
}

func place(t *testing.T, o Options, target string) *calling {
	ctx, stop := context.WithCancel(t.Context())
	c := &calling{t: t, done: make(chan struct{}), stop: stop}
	go func() {
		defer close(c.done)
		c.err = New(o).Run(ctx, probes.Audit{ID: "c.s.1", Structure: "s", Channel: probes.Phone, Target: target}, func(e probes.Event) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.events = append(c.events, e)
			return nil
		})
	}()
	t.Cleanup(func() { stop(); <-c.done })
	return c
}

// end waits for the end of the call and holds its events to what all have in common.
func (c *calling) end(kinds ...probes.Kind) probes.Event {
	c.t.Helper()
	select {
	case <-c.done:
	case <-time.After(40 * time.Second):
		c.t.Fatal("the call does not end")
	}
	if c.err != nil {
		c.t.Fatal(c.err)
	}
	var got []probes.Kind
	st := probes.State{Status: probes.Planned}
	for i := range c.events {
		e := &c.events[i]
		got = append(got, e.Kind)
		if e.Audit != "c.s.1" || e.Try != 1 || e.At.Location() != time.UTC || i > 0 && e.Elapsed < c.events[i-1].Elapsed {
			c.t.Errorf("event %d: %+v", i, e)
		}
		for _, o := range e.Observations {
			if _, ok := grid.Current().Item(o.Item); !ok {
				c.t.Errorf("%s is no item", o.Item)
			}
		}
		st.Apply(e)
	}
	if !slices.Equal(got, kinds) {
		c.t.Fatalf("events %v, want %v\n%+v", got, kinds, c.events)
	}
	last := c.events[len(c.events)-1]
	want := map[probes.Kind]probes.Status{probes.CallEnded: probes.Closed, probes.CallTranscribed: probes.Closed, probes.CallFailed: probes.Refused, probes.ProbeFault: probes.Faulted}[last.Kind]
	if st.Status != want {
		c.t.Errorf("the audit is %s, want %s", st.Status, want)
	}
	return last
}

func (c *calling) value(item probes.ItemCode) string {
	for _, e := range c.events {
		for _, o := range e.Observations {
			if o.Item == item {
				if o.Number != nil {
					return fmt.Sprint(*o.Number)
				}
				return string(o.Value)
			}
		}
	}
	return ""
}

func (c *calling) want(values map[probes.ItemCode]string) {
	c.t.Helper()
	for item, want := range values {
		if got := c.value(item); got != want {
			c.t.Errorf("%s is %q, want %q", item, got, want)
		}
	}
}

// voice is the callee's sound.
type voice struct {
	t    *testing.T
	conn *net.UDPConn
	to   netip.AddrPort
	seq  uint16
}

func speak(t *testing.T, invite *gosip.Request) *voice {
	t.Helper()
	r, err := media.Parse(invite.Body())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &voice{t: t, conn: conn, to: r.Addr}
}

// description is what the callee says of its sound.
func (v *voice) description() string {
	return string(media.Local{Addr: v.conn.LocalAddr().(*net.UDPAddr).AddrPort(), Session: 1, Version: 1}.Answer(media.Remote{Law: media.ALaw, Payload: 8, Keys: 101, Direction: "sendrecv"}))
}

// tone sends a tone, packet by packet; of no hertz it is silence.
func (v *voice) tone(packets int, hertz float64) {
	for range packets {
		pcm := make([]int16, 160)
		for i := range pcm {
			pcm[i] = int16(8000 * math.Sin(2*math.Pi*hertz*float64(int(v.seq)*160+i)/8000))
		}
		p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 8, SequenceNumber: v.seq, Timestamp: uint32(v.seq) * 160, SSRC: 5}, Payload: media.ALaw.Encode(nil, pcm)}
		data, err := p.Marshal()
		if err != nil {
			v.t.Error(err)
		}
		if _, err := v.conn.WriteToUDPAddrPort(data, v.to); err != nil {
			v.t.Error(err)
		}
		v.seq++
		time.Sleep(media.Frame)
	}
}

// waits until a packet of ours comes: silence is sent at once.
func (v *voice) hears() {
	v.t.Helper()
	_ = v.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	buf := make([]byte, 2048)
	n, err := v.conn.Read(buf)
	var p rtp.Packet
	if err != nil || p.Unmarshal(buf[:n]) != nil || p.PayloadType != 8 || len(p.Payload) != 160 {
		v.t.Errorf("the callee hears %v, %v", p.Header, err)
	}
}

// ear counts frames and calls loud ones in early media a ring.
type ear struct {
	mu                 sync.Mutex
	early, late, ended int
	say                []Label // at the end
}

func (e *ear) Hear(f Frame) (out []Label) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if f.Answered {
		e.late++
		return nil
	}
	if e.early++; e.early == 5 {
		out = append(out, Label{Kind: HeardRing, From: f.At, To: f.At + media.Frame, Sure: 1})
	}
	return out
}

func (e *ear) End(time.Duration) ([]Label, Verdict) {
	e.ended++
	return e.say, Verdict{First: "human", Sure: 0.5}
}

func TestAnsweredAndHungUpByThem(t *testing.T) {
	t.Parallel()
	second := func(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }
	far, hears := callee.Listen(t), &ear{say: []Label{{Kind: HeardSpeech, From: 0, To: 1}, // before the answer: not theirs
		{Kind: HeardRecording, From: second(100), To: second(104)}, {Kind: HeardMusic, From: second(104), To: second(110)},
		{Kind: HeardHuman, From: second(110), To: second(111)}, {Kind: HeardSpeech, From: second(112), To: second(113)}}}
	c := place(t, Options{Listen: func(probes.Audit) Listener { return hears }}, far.URI())
	invite := far.Expect(gosip.INVITE)
	v := speak(t, invite)
	far.Reply(invite, 100, "Trying", "")
	far.Reply(invite, 180, "Ringing", "")
	time.Sleep(300 * time.Millisecond)
	far.Reply(invite, 200, "OK", v.description())
	far.Expect(gosip.ACK)
	v.hears()
	v.tone(20, 300)
	far.Ask(gosip.BYE, "", "Reason: Q.850;cause=16")
	e := c.end(probes.CallDialled, probes.CallRinging, probes.CallAnswered, probes.CallEnded)
	if e.Detail["by"] != "structure" || e.Detail["packets"] != "20" || e.Detail["lost"] != "0" || e.Detail["cause"] != "16" || len(e.Evidence) != 0 {
		t.Errorf("got %+v", e)
	}
	if a := c.events[2]; a.Detail["codec"] != "PCMA" || !strings.Contains(a.Detail["answers"], "180×1") || a.Elapsed-c.events[1].Elapsed < 250*time.Millisecond {
		t.Errorf("got %+v", a)
	}
	c.want(map[probes.ItemCode]string{"phone.rings": "1", "phone.busy": "no", "phone.in-service": "yes", "phone.first-attempt": "yes", "phone.ended-by-structure": "yes",
		"phone.quality.loss": "0", "phone.fax": "no", "phone.dead-air": "no", "phone.answered-by-person": "yes", "phone.wait.preamble": "4", "phone.attempts": "1", "phone.dropped": "no"})
	if hears.late != 20 || hears.ended != 1 {
		t.Errorf("the ear heard %d frames and %d ends", hears.late, hears.ended)
	}
}

func TestEarlyMedia(t *testing.T) {
	t.Parallel()
	far, hears := callee.Listen(t), &ear{say: []Label{{Kind: HeardFax, From: time.Hour}}}
	c := place(t, Options{Listen: func(probes.Audit) Listener { return hears }, Max: 500 * time.Millisecond}, far.URI())
	invite := far.Expect(gosip.INVITE)
	v := speak(t, invite)
	far.Reply(invite, 182, "Queued", v.description()) // the sound alone tells that it rings
	v.hears()
	v.tone(15, 440)
	far.Reply(invite, 200, "OK", v.description())
	far.Expect(gosip.ACK)
	far.Reply(far.Expect(gosip.BYE), 200, "OK", "")
	e := c.end(probes.CallDialled, probes.CallRinging, probes.CallAnswered, probes.CallEnded)
	if r := c.events[1]; r.Detail["by"] != "tone" {
		t.Errorf("got %+v", r)
	}
	if e.Detail["by"] != "us" || e.Detail["why"] != "limit" {
		t.Errorf("got %+v", e)
	}
	c.want(map[probes.ItemCode]string{"phone.fax": "yes", "phone.answered-by-person": "no", "phone.first-attempt": "no", "phone.wait": "", "phone.dropped": ""})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for code, class := range map[int]string{486: probes.ClassBusy, 600: probes.ClassBusy, 480: probes.ClassNoAnswer, 404: probes.ClassWrongNumber, 410: probes.ClassWrongNumber,
		484: probes.ClassWrongNumber, 403: probes.ClassRejected, 603: probes.ClassRejected, 503: probes.ClassUnreachable, 301: probes.ClassMoved} {
		far := callee.Listen(t)
		c := place(t, Options{}, far.URI())
		far.Reply(far.Expect(gosip.INVITE), code, "So", "")
		far.Expect(gosip.ACK)
		e := c.end(probes.CallDialled, probes.CallFailed)
		if e.Detail["class"] != class || e.Detail["code"] != fmt.Sprint(code) || e.Text != "So" || e.Fault != probes.Theirs {
			t.Errorf("%d: got %+v", code, e)
		}
		c.want(map[probes.ItemCode]string{"phone.busy": string(of(class == probes.ClassBusy)), "phone.first-attempt": "no"})
	}
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	far := callee.Listen(t)
	c := place(t, Options{Ring: 400 * time.Millisecond}, far.URI())
	invite := far.Expect(gosip.INVITE)
	far.Reply(invite, 180, "Ringing", "")
	cancel := far.Expect(gosip.CANCEL)
	far.Reply(cancel, 200, "OK", "")
	far.Reply(invite, 487, "Request Terminated", "")
	far.Expect(gosip.ACK)
	e := c.end(probes.CallDialled, probes.CallRinging, probes.CallFailed)
	if e.Detail["class"] != probes.ClassNoAnswer || e.Detail["why"] != "ring limit" {
		t.Errorf("got %+v", e)
	}
	c.want(map[probes.ItemCode]string{"phone.in-service": "yes", "phone.busy": "no"})
}

func TestAnswerAfterWeGaveUp(t *testing.T) {
	t.Parallel()
	far := callee.Listen(t)
	c := place(t, Options{Ring: 300 * time.Millisecond}, far.URI())
	invite := far.Expect(gosip.INVITE)
	v := speak(t, invite)
	far.Reply(invite, 180, "Ringing", "")
	cancel := far.Expect(gosip.CANCEL)
	far.Reply(invite, 200, "OK", v.description())
	far.Reply(cancel, 200, "OK", "")
	far.Expect(gosip.ACK)
	far.Reply(far.Expect(gosip.BYE), 200, "OK", "")
	e := c.end(probes.CallDialled, probes.CallRinging, probes.CallFailed)
	if e.Detail["class"] != probes.ClassNoAnswer || e.Detail["raced"] != "yes" {
		t.Errorf("got %+v", e)
	}
}

func TestRingModeHangsUpAtOnce(t *testing.T) {
	t.Parallel()
	far := callee.Listen(t)
	c := place(t, Options{Mode: Ring}, far.URI())
	invite := far.Expect(gosip.INVITE)
	v := speak(t, invite)
	far.Reply(invite, 200, "OK", v.description())
	far.Expect(gosip.ACK)
	far.Reply(far.Expect(gosip.BYE), 200, "OK", "")
	if e := c.end(probes.CallDialled, probes.CallAnswered, probes.CallEnded); e.Detail["by"] != "us" || e.Detail["why"] != "ring mode" {
		t.Errorf("got %+v", e)
	}
}

func TestNoRecordingWithoutAMandate(t *testing.T) {
	t.Parallel()
	for _, mandate := range []string{"", "convention 2026-11"} {
		far := callee.Listen(t)
		c := place(t, Options{Mode: Record, Mandate: func(probes.StructureID) string { return mandate }, Keep: time.Hour,
			Transcribe: func(_ context.Context, wav []byte) (string, error) {
				if _, err := media.ParseWAV(wav); err != nil {
					t.Error(err)
				}
				return "Mairie, bonjour", nil
			}}, far.URI())
		invite := far.Expect(gosip.INVITE)
		v := speak(t, invite)
		far.Reply(invite, 200, "OK", v.description())
		far.Expect(gosip.ACK)
		v.hears()
		v.tone(12, 300)
		far.Ask(gosip.BYE, "")
		kinds := []probes.Kind{probes.CallDialled, probes.CallAnswered, probes.CallEnded}
		if mandate != "" {
			kinds = append(kinds, probes.CallTranscribed)
		}
		e, d := c.end(kinds...), c.events[0].Detail
		if mandate == "" {
			if len(e.Evidence) != 0 || d["mode"] != "measure" || d["asked"] != "record" {
				t.Errorf("without a mandate: %v, %d pieces of evidence", d, len(e.Evidence))
			}
			continue
		}
		if len(e.Evidence) != 1 || string(e.Evidence[0].Body) != "Mairie, bonjour" || e.Text != "" {
			t.Errorf("what was said is %+v", e)
		}
		written := e.Evidence[0].Erase
		if e = c.events[2]; !e.Evidence[0].Erase.Equal(written) || written.Sub(e.At) != time.Hour {
			t.Errorf("the recording perishes at %v, what was said at %v", e.Evidence[0].Erase, written)
		}
		if len(e.Evidence) != 1 || e.Evidence[0].Type != "audio/wav" || len(e.Evidence[0].Body) < 44+2*12*160 || d["mandate"] != mandate {
			t.Errorf("with a mandate: %v, %+v", d, len(e.Evidence))
		}
	}
}

func TestWhoseFault(t *testing.T) {
	t.Parallel()
	t.Run("our trunk says 503", func(t *testing.T) {
		trunk := callee.Listen(t)
		c := place(t, Options{Line: sip.Line{Server: trunk.Addr().String()}}, "0321000000")
		trunk.Reply(trunk.Expect(gosip.INVITE), 503, "Service Unavailable", "")
		trunk.Expect(gosip.ACK)
		if <-c.done; !errors.Is(c.err, probes.ErrNotReached) || !strings.Contains(c.err.Error(), "503") {
			t.Errorf("got %v", c.err)
		}
	})
	t.Run("the network beyond says busy", func(t *testing.T) {
		trunk := callee.Listen(t)
		c := place(t, Options{Line: sip.Line{Server: trunk.Addr().String()}}, "0321000000")
		trunk.Reply(trunk.Expect(gosip.INVITE), 503, "Service Unavailable", "", "Reason: Q.850;cause=17")
		trunk.Expect(gosip.ACK)
		if e := c.end(probes.CallDialled, probes.CallFailed); e.Fault != probes.Theirs || e.Detail["class"] != probes.ClassBusy {
			t.Errorf("got %+v", e)
		}
		c.want(map[probes.ItemCode]string{"phone.plain-rate": "yes"})
	})
	t.Run("our password is wrong", func(t *testing.T) {
		trunk := callee.Listen(t)
		c := place(t, Options{Line: sip.Line{Server: trunk.Addr().String()}}, "0321000000")
		trunk.Reply(trunk.Expect(gosip.INVITE), 407, "Proxy Authentication Required", "", `Proxy-Authenticate: Digest realm="t", nonce="n", qop="auth"`)
		trunk.Expect(gosip.ACK)
		if <-c.done; !errors.Is(c.err, probes.ErrNotReached) {
			t.Errorf("got %v", c.err)
		}
	})
	l, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	dead := l.LocalAddr().String()
	_ = l.Close()
	t.Run("nobody listens at the callee's", func(t *testing.T) {
		c := place(t, Options{}, "sip:mairie@"+dead)
		if e := c.end(probes.CallFailed); e.Detail["class"] != probes.ClassUnreachable || e.Fault != probes.Theirs {
			t.Errorf("got %+v", e)
		}
	})
	t.Run("nobody listens at our trunk's", func(t *testing.T) {
		c := place(t, Options{Line: sip.Line{Server: dead}}, "0321000000")
		<-c.done
		if !errors.Is(c.err, sip.ErrRefused) || len(c.events) > 0 {
			t.Errorf("got %v, %v", c.err, c.events)
		}
	})
	t.Run("nothing at all comes back", func(t *testing.T) {
		far := callee.Listen(t)
		c := place(t, Options{Line: sip.Line{Patience: 100 * time.Millisecond}, Ring: 200 * time.Millisecond}, far.URI())
		far.Expect(gosip.INVITE)
		if e := c.end(probes.CallDialled, probes.ProbeFault); e.Detail["reached"] != "perhaps" {
			t.Errorf("got %+v", e)
		}
	})
	t.Run("we are told to stop", func(t *testing.T) {
		far := callee.Listen(t)
		c := place(t, Options{}, far.URI())
		invite := far.Expect(gosip.INVITE)
		c.stop()
		far.Reply(invite, 100, "Trying", "")
		far.Reply(far.Expect(gosip.CANCEL), 200, "OK", "")
		far.Reply(invite, 487, "Request Terminated", "")
		far.Expect(gosip.ACK)
		if e := c.end(probes.CallDialled, probes.ProbeFault); e.Detail["reached"] != "perhaps" {
			t.Errorf("got %+v", e)
		}
	})
}

func TestHoldIsAnswered(t *testing.T) {
	t.Parallel()
	far := callee.Listen(t)
	c := place(t, Options{}, far.URI())
	invite := far.Expect(gosip.INVITE)
	v := speak(t, invite)
	far.Reply(invite, 200, "OK", v.description())
	far.Expect(gosip.ACK)
	r := far.Ask(gosip.INVITE, strings.Replace(v.description(), "sendrecv", "sendonly", 1))
	answer, err := media.Parse(r.Body())
	if r.StatusCode != 200 || err != nil || answer.Direction != "recvonly" {
		t.Errorf("the re-INVITE was answered by\n%s", r)
	}
	if r := far.Ask(gosip.INVITE, "v=0\r\n"); r.StatusCode != 488 {
		t.Errorf("a broken offer was answered by %d", r.StatusCode)
	}
	far.Ask(gosip.BYE, "")
	if e := c.end(probes.CallDialled, probes.CallAnswered, probes.CallEnded); e.Detail["renewed"] != "yes" {
		t.Errorf("got %+v", e)
	}
}

func TestAFullStoreEndsTheCall(t *testing.T) {
	t.Parallel()
	far := callee.Listen(t)
	full := errors.New("no space left")
	done := make(chan error, 1)
	go func() {
		done <- New(Options{}).Run(t.Context(), probes.Audit{Target: far.URI()}, func(e probes.Event) error {
			if e.Kind == probes.CallAnswered {
				return full
			}
			return nil
		})
	}()
	invite := far.Expect(gosip.INVITE)
	far.Reply(invite, 200, "OK", speak(t, invite).description())
	far.Expect(gosip.ACK)
	far.Reply(far.Expect(gosip.BYE), 200, "OK", "")
	if err := <-done; !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

func TestGate(t *testing.T) {
	never := []string{"15", "17", "18", "112", "114", "115", "119", "116 000", "3939", "39 39", "3919", "3631", "10 13", "118218", "0890 12 13 14", "08 99 12 13 14", "0825121314", "+33890121314",
		"+33 112", "+3315", "0033 18", "tel:112", "tel:+33-890-12-13-14", "sip:112@127.0.0.1", "sip:15@example.org", "sip:+33890121314@example.org", "sip:3939@example.org", "sip:1@example.org",
		"sip:0899121314@pbx.example.org", "0884121314", "00000000000"}
	for _, s := range never {
		if n, err := Allow(s, "FR"); !errors.Is(err, ErrNeverCalled) {
			t.Errorf("%q may be called as %+v, %v", s, n, err)
		}
		// Not one packet leaves for it.
		if err := New(Options{Line: sip.Line{Server: "127.0.0.1:1"}}).Run(t.Context(), probes.Audit{Target: s}, func(probes.Event) error { t.Errorf("%q was dialled", s); return nil }); !errors.Is(err, ErrNeverCalled) {
			t.Errorf("%q: %v", s, err)
		}
	}
	for s, want := range map[string]string{"03 21 00 00 00": "+33321000000", "+33 1 40 20 50 50": "+33140205050", "0800 12 13 14": "+33800121314", "0806121314": "+33806121314", "0612345678": "+33612345678",
		"+262 262 12 34 56": "+262262123456", "tel:+33140205050;phone-context=x": "+33140205050", "sip:mairie@example.org": "sip:mairie@example.org", "sip:+33321000000@example.org": "sip:+33321000000@example.org",
		"sip:2001@pbx.example.org": "sip:2001@pbx.example.org"} {
		if n, err := Allow(s, "FR"); err != nil || n.Dial != want {
			t.Errorf("%q is dialled as %q, %v; want %q", s, n.Dial, err, want)
		}
	}
	for _, s := range []string{"", "mairie", "sip:nobody"} {
		if _, err := Allow(s, "FR"); err == nil {
			t.Errorf("%q may be called", s)
		}
	}
}

func TestCadence(t *testing.T) {
	for d, want := range map[time.Duration]int{0: 0, time.Second: 1, 4 * time.Second: 1, 6 * time.Second: 2, 24 * time.Second: 5, 26 * time.Second: 6} {
		if got := cadence(d); got != want {
			t.Errorf("%s: %d rings, want %d", d, got, want)
		}
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	far := callee.Listen(t)
	one := func() {
		c := place(t, Options{}, far.URI())
		invite := far.Expect(gosip.INVITE)
		far.Reply(invite, 200, "OK", "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n")
		far.Expect(gosip.ACK)
		far.Ask(gosip.BYE, "")
		c.end(probes.CallDialled, probes.CallAnswered, probes.CallEnded)
	}
	one()
	before := runtime.NumGoroutine()
	for range 8 {
		one()
	}
	for range 200 {
		if runtime.NumGoroutine() <= before+2 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	var stacks bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
	t.Errorf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, &stacks)
}

func TestSilent(t *testing.T) {
	for _, x := range []struct {
		labels []Label
		want   bool
	}{{nil, true}, {[]Label{{Kind: HeardRing, To: time.Second}, {Kind: HeardSilence, From: 2 * time.Second, To: 20 * time.Second}}, true},
		{[]Label{{Kind: "noise", From: 2 * time.Second, To: 20 * time.Second}}, false}} {
		if got := (&try{answered: 2 * time.Second, labels: x.labels}).silent(); got != x.want {
			t.Errorf("%+v: %v", x.labels, got)
		}
	}
}

func TestHungUpOnWhoWasWaiting(t *testing.T) {
	music := Label{Kind: HeardMusic, From: 3 * time.Second, To: 9 * time.Second}
	for _, x := range []struct {
		labels  []Label
		theirs  bool
		dropped string
	}{{[]Label{music}, true, "yes"}, {[]Label{music}, false, ""}, {[]Label{{Kind: HeardRecording, From: 3 * time.Second}}, true, ""},
		{[]Label{music, {Kind: HeardHuman, From: 9 * time.Second}}, true, "no"}} {
		c := &calling{events: []probes.Event{{Detail: map[string]string{}}}}
		(&try{nth: 1, answered: 2 * time.Second, labels: x.labels}).judge(&c.events[0], x.theirs)
		if got := c.value("phone.dropped"); got != x.dropped {
			t.Errorf("%+v, theirs %v: dropped %q, want %q", x.labels, x.theirs, got, x.dropped)
		}
	}
}
