package phone

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone/callee"
	"github.com/sonde-fleet/sonde/probes/phone/listen/corpus"
	"github.com/sonde-fleet/sonde/probes/phone/sip"
)

// ledger keeps the state of one audit as a store does.
type ledger struct{ st probes.State }

func (x *ledger) state(probes.AuditID) (probes.State, bool) { return x.st, true }

func TestATryAfterABusyLine(t *testing.T) {
	t.Parallel()
	far := callee.Listen(t)
	next := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	known := ledger{probes.State{Status: probes.Planned}}
	asked := 0
	o := Options{State: known.state, Again: func(_ probes.Audit, failed int) time.Time {
		if asked = failed; failed > 1 {
			return time.Time{}
		}
		return next
	}}
	one := func(code int) *calling {
		c := place(t, o, far.URI())
		far.Reply(far.Expect(gosip.INVITE), code, "No", "")
		far.Expect(gosip.ACK)
		<-c.done
		for i := range c.events {
			known.st.Apply(&c.events[i])
		}
		return c
	}
	c := one(486)
	c.want(map[probes.ItemCode]string{"phone.first-attempt": "no", "phone.busy": "yes"})
	if known.st.Status != probes.Retrying || !known.st.Due.Equal(next) || known.st.Try != 1 || asked != 1 {
		t.Fatalf("after a busy line: %+v, asked %d", known.st, asked)
	}
	c = one(480)
	if got := c.value("phone.first-attempt"); got != "" {
		t.Errorf("the second call says of the first attempt %q", got)
	}
	if known.st.Status != probes.Refused || known.st.Try != 2 || known.st.Failed != 2 {
		t.Errorf("after the last try: %+v", known.st)
	}
	known.st = probes.State{Status: probes.Planned}
	if one(404); known.st.Status != probes.Refused {
		t.Errorf("a wrong number is called again: %+v", known.st)
	}
}

// What an earlier try has shown stands when we spoil the next, or the structures whose lines are engaged would leave the figures
// more often than the others.
func TestOurFaultLeavesTheTriesBefore(t *testing.T) {
	for _, x := range []struct {
		detail map[string]string
		want   probes.Status
	}{
		{map[string]string{"reached": "perhaps", "stands": "yes"}, probes.Refused},
		{map[string]string{"reached": "no", "stands": "yes"}, probes.Refused},
		{map[string]string{"reached": "no", "stands": "yes", "retry": "2026-03-02T10:00:00Z"}, probes.Retrying},
		{map[string]string{"reached": "perhaps"}, probes.Faulted},
		{map[string]string{"reached": "no", "retry": "2026-03-02T10:00:00Z"}, probes.Planned},
	} {
		if got := probes.Sending.Next(&probes.Event{Kind: probes.ProbeFault, Detail: x.detail}); got != x.want {
			t.Errorf("%v: %s, want %s", x.detail, got, x.want)
		}
	}
	for _, k := range []probes.Kind{probes.AuditSuppressed, probes.AuditCancelled, probes.AuditMissed, probes.AuditClosed} {
		if got := probes.Retrying.Next(&probes.Event{Kind: k}); got != probes.Refused {
			t.Errorf("%s between two tries: %s", k, got)
		}
	}
}

func TestACallThatACrashLeftIsEndedAndNotMadeAgain(t *testing.T) {
	t.Parallel()
	// leave makes a call whose process stops where the event is recorded, as kill -9 does.
	leave := func(t *testing.T, far *callee.Callee, after probes.Kind, meet func()) (known ledger) {
		known.st.Status = probes.Planned
		there, over, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			_ = New(Options{Line: sip.Line{Patience: 100 * time.Millisecond}}).Run(t.Context(), probes.Audit{ID: "c.s.1", Target: far.URI()}, func(e probes.Event) error {
				known.st.Apply(&e)
				if e.Kind == after {
					close(there)
					<-over
					return errors.New("died")
				}
				return nil
			})
		}()
		t.Cleanup(func() { close(over); <-done })
		meet()
		<-there
		return known
	}
	again := func(t *testing.T, far *callee.Callee, known ledger) *calling {
		known.st.Audit.ID = "c.s.1"
		return place(t, Options{State: known.state}, far.URI())
	}
	t.Run("while it rang", func(t *testing.T) {
		far := callee.Listen(t)
		var invite *gosip.Request
		known := leave(t, far, probes.CallRinging, func() {
			invite = far.Expect(gosip.INVITE)
			far.Reply(invite, 180, "Ringing", "")
		})
		c := again(t, far, known)
		cancel := far.Expect(gosip.CANCEL)
		far.Reply(cancel, 200, "OK", "")
		e := c.end(probes.ProbeFault)
		if e.Detail["released"] != "CANCEL: 200 OK" || e.Fault != probes.Ours {
			t.Errorf("got %+v", e)
		}
		theirs, _ := invite.Via().Params.Get("branch")
		if ours, _ := cancel.Via().Params.Get("branch"); ours != theirs || cancel.CallID().Value() != invite.CallID().Value() ||
			cancel.Via().Port != invite.Via().Port || cancel.From().Params.GetOr("tag", "") != invite.From().Params.GetOr("tag", "-") {
			t.Errorf("the CANCEL is not of the INVITE:\n%s\n%s", cancel, invite)
		}
		if n := far.Count(gosip.INVITE); n != 1 {
			t.Errorf("%d calls", n)
		}
	})
	t.Run("after the answer", func(t *testing.T) {
		far := callee.Listen(t)
		known := leave(t, far, probes.CallAnswered, func() {
			invite := far.Expect(gosip.INVITE)
			far.Reply(invite, 200, "OK", speak(t, invite).description())
			far.Expect(gosip.ACK)
		})
		if known.st.Status != probes.Sending {
			t.Fatalf("an answered call is %s", known.st.Status)
		}
		c := again(t, far, known)
		bye := far.Expect(gosip.BYE)
		far.Reply(bye, 200, "OK", "")
		if e := c.end(probes.ProbeFault); e.Detail["released"] != "BYE: 200 OK" || e.Detail["reached"] != "yes" {
			t.Errorf("got %+v", e)
		}
		if bye.To().Params.GetOr("tag", "") != far.Tag || bye.CallID().Value() != far.Invite.CallID().Value() || bye.CSeq().SeqNo <= far.Invite.CSeq().SeqNo {
			t.Errorf("the BYE is not of the call:\n%s", bye)
		}
	})
	t.Run("where the line is gone", func(t *testing.T) {
		known := ledger{probes.State{Status: probes.Sending, Try: 1, Detail: map[string]string{"sip_call": "x", "sip_tag": "y"}, Audit: probes.Audit{ID: "c.s.1"}}}
		c := place(t, Options{State: known.state, Line: sip.Line{Server: "127.0.0.1:1", Transport: "tcp"}}, "0321000000")
		if e := c.end(probes.ProbeFault); !strings.HasPrefix(e.Detail["released"], "no: ") {
			t.Errorf("got %+v", e)
		}
	})
}

func TestOutOfHours(t *testing.T) {
	t.Parallel()
	far := callee.Listen(t)
	c := &calling{t: t, done: make(chan struct{}), stop: func() {}}
	o := Options{Again: func(probes.Audit, int) time.Time { return time.Now() }}
	rings := make(chan struct{})
	go func() {
		defer close(c.done)
		c.err = New(o).Run(t.Context(), probes.Audit{ID: "c.s.1", Target: far.URI(), Outside: true}, func(e probes.Event) error {
			if c.events = append(c.events, e); e.Kind == probes.CallRinging {
				close(rings)
			}
			return nil
		})
	}()
	invite := far.Expect(gosip.INVITE)
	far.Reply(invite, 180, "Ringing", "")
	<-rings
	far.Reply(invite, 480, "Temporarily Unavailable", "")
	far.Expect(gosip.ACK)
	e := c.end(probes.CallDialled, probes.CallRinging, probes.CallFailed)
	if e.Detail["retry"] != "" {
		t.Error("a closed structure is called again")
	}
	c.want(map[probes.ItemCode]string{machineOutOfHours: "no", "phone.in-service": "yes", "phone.first-attempt": "", "phone.busy": "", "phone.post-dial-delay": ""})
}

func TestWhatIsHeardAgainIsARecording(t *testing.T) {
	if _, err := exec.LookPath("espeak-ng"); err != nil && os.Getenv("SONDE_INTEGRATION") != "required" {
		t.Skip("espeak-ng is not installed; Try: make install")
	}
	said, err := corpus.Speak("fr+m1", 150, "Mairie de Beaulieu, bonjour, que puis-je pour vous")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "s.json")
	m, err := NewMemory(dir)
	if err != nil {
		t.Fatal(err)
	}
	call := func(m *Memory, id probes.AuditID, of probes.StructureID, lead time.Duration) (kinds []string, v Verdict) {
		e := m.Ear(probes.Audit{ID: id, Structure: of})
		at := time.Second
		hear := func(pcm []int16) {
			for ; len(pcm) >= 160; pcm = pcm[160:] {
				e.Hear(Frame{At: at, Answered: true, Since: at - time.Second, PCM: pcm[:160]})
				at += 20 * time.Millisecond
			}
		}
		hear(make([]int16, lead*corpus.Rate/time.Second))
		hear(said.Samples)
		hear(make([]int16, 6*corpus.Rate))
		labels, v := e.End(at)
		for _, l := range labels {
			kinds = append(kinds, l.Kind)
		}
		return kinds, v
	}
	if kinds, v := call(m, "a", "s", 300*time.Millisecond); !slices.Contains(kinds, HeardHuman) || len(v.Again) > 0 {
		t.Fatalf("heard once: %v, %+v", kinds, v)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("what was heard once, perhaps a person, is on the disk")
	}
	if kinds, _ := call(m, "x", "other", 300*time.Millisecond); !slices.Contains(kinds, HeardHuman) {
		t.Errorf("at another structure: %v", kinds)
	}
	kinds, v := call(m, "b", "s", 740*time.Millisecond)
	if slices.Contains(kinds, HeardHuman) || !slices.Contains(kinds, HeardRecording) || !slices.Equal(v.Again, []probes.AuditID{"a"}) {
		t.Errorf("heard again: %v, %+v", kinds, v)
	}
	if _, v := call(m, "c", "s", time.Second); len(v.Again) > 0 {
		t.Errorf("the third time: %+v", v)
	}
	next, err := NewMemory(dir)
	if err != nil {
		t.Fatal(err)
	}
	if kinds, _ := call(next, "d", "s", 500*time.Millisecond); slices.Contains(kinds, HeardHuman) {
		t.Errorf("after a restart: %v", kinds)
	}
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if next, err = NewMemory(dir); err != nil {
		t.Fatal(err)
	}
	if kinds, _ := call(next, "e", "s", 500*time.Millisecond); !slices.Contains(kinds, HeardHuman) {
		t.Errorf("with a broken file: %v", kinds)
	}
	if _, err := os.Stat(file + ".broken"); err != nil {
		t.Error(err)
	}
}
