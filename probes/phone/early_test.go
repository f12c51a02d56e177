package phone

import (
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone/callee"
)

// engaged is an ear that takes any sound before the answer for the busy tone.
type engaged struct{ after, ended int }

func (e *engaged) Hear(f Frame) []Label {
	if f.Answered {
		e.after++
		return nil
	}
	return []Label{{Kind: HeardBusy, From: f.At, To: f.At, Sure: 1}}
}

func (e *engaged) End(time.Duration) ([]Label, Verdict) {
	e.ended++
	return nil, Verdict{First: "human", Sure: 1}
}

// A call that is hung up when it is answered is listened to until then: a line may say that it is engaged by sound alone.
func TestRingModeListensUntilTheAnswer(t *testing.T) {
	t.Parallel()
	t.Run("engaged", func(t *testing.T) {
		far := callee.Listen(t)
		c := place(t, Options{Mode: Ring, Listen: func(probes.Audit) Listener { return &engaged{} }}, far.URI())
		invite := far.Expect(gosip.INVITE)
		v := speak(t, invite)
		far.Reply(invite, 183, "Session Progress", v.description())
		v.tone(20, 440)
		far.Reply(far.Expect(gosip.CANCEL), 200, "OK", "")
		far.Reply(invite, 487, "Request Terminated", "")
		far.Expect(gosip.ACK)
		if e := c.end(probes.CallDialled, probes.CallRinging, probes.CallFailed); e.Detail["class"] != probes.ClassBusy {
			t.Errorf("%+v", e.Detail)
		}
	})
	t.Run("answered", func(t *testing.T) {
		far, hears := callee.Listen(t), &engaged{}
		c := place(t, Options{Mode: Ring, Listen: func(probes.Audit) Listener { return hears }}, far.URI())
		invite := far.Expect(gosip.INVITE)
		far.Reply(invite, 200, "OK", speak(t, invite).description())
		far.Expect(gosip.ACK)
		far.Reply(far.Expect(gosip.BYE), 200, "OK", "")
		if e := c.end(probes.CallDialled, probes.CallAnswered, probes.CallEnded); e.Detail["first"] != "" || hears.after+hears.ended > 0 {
			t.Errorf("%+v, heard %+v", e.Detail, hears)
		}
	})
}
