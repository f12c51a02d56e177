package site

import (
	"fmt"
	"math"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone"
	"github.com/sonde-fleet/sonde/probes/phone/callee"
)

// earOf is a listener that has heard what a person would write down.
type earOf struct {
	first  string
	labels func(end time.Duration) []phone.Label
}

func (e earOf) Hear(phone.Frame) []phone.Label { return nil }

func (e earOf) End(at time.Duration) ([]phone.Label, phone.Verdict) {
	return e.labels(at), phone.Verdict{First: e.first, Sure: 1}
}

// TestACallByHandIsAnAgentsCall makes calls with the agent, writes each down as a person does who looked at the same clock, and holds
// the items of the two together. What only an ear on the line can tell is not asked of a person.
func TestACallByHandIsAnAgentsCall(t *testing.T) {
	t.Parallel()
	const described = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 49999 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
	inaudible := map[probes.ItemCode]bool{"phone.wait.preamble": true, "phone.wait.silence": true, "phone.transfer.count": true, "phone.quality.loss": true,
		"phone.menu.no-key": true, "phone.menu.repeat": true, "phone.voicemail": true, "phone.plain-rate": true, "phone.menu.depth": true}
	speech := func(kind string) func(time.Duration) []phone.Label {
		return func(end time.Duration) []phone.Label {
			return []phone.Label{{Kind: kind, From: end - 300*time.Millisecond, To: end - 100*time.Millisecond, Sure: 1}}
		}
	}
	for name, x := range map[string]struct {
		ear    earOf
		fate   string
		code   int
		theirs bool
	}{
		"a person":            {ear: earOf{"human", speech(phone.HeardHuman)}, fate: "answered", theirs: true},
		"a person, we end it": {ear: earOf{"human", speech(phone.HeardHuman)}, fate: "answered"},
		"a message":           {ear: earOf{"announcement", speech(phone.HeardRecording)}, fate: "answered", theirs: true},
		"a queue":             {ear: earOf{"queue", speech(phone.HeardMusic)}, fate: "answered", theirs: true},
		"a fax":               {ear: earOf{"fax", speech(phone.HeardFax)}, fate: "answered", theirs: true},
		"engaged":             {fate: probes.ClassBusy, code: 486},
		"nobody":              {fate: probes.ClassNoAnswer, code: 480},
		"no such number":      {fate: probes.ClassWrongNumber, code: 404},
		"turned down":         {fate: probes.ClassRejected, code: 603},
	} {
		for _, outside := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, outside %v", name, outside), func(t *testing.T) {
				t.Parallel()
				far := callee.Listen(t)
				var events []probes.Event
				done := make(chan error, 1)
				o := phone.Options{Max: 700 * time.Millisecond, Listen: func(probes.Audit) phone.Listener { return x.ear }}
				if x.ear.labels == nil {
					o.Listen = func(probes.Audit) phone.Listener {
						return earOf{"", func(time.Duration) []phone.Label { return nil }}
					}
				}
				go func() {
					done <- phone.New(o).Run(t.Context(), probes.Audit{ID: "c.s.1", Structure: "s", Channel: probes.Phone, Target: far.URI(), Outside: outside}, func(e probes.Event) error {
						events = append(events, e)
						return nil
					})
				}()
				invite := far.Expect(gosip.INVITE)
				rings := x.fate != probes.ClassWrongNumber
				if rings {
					far.Reply(invite, 180, "Ringing", "")
					time.Sleep(200 * time.Millisecond) // it rings
				}
				if x.code > 0 {
					far.Reply(invite, x.code, "No", "")
					far.Expect(gosip.ACK)
				} else {
					far.Reply(invite, 200, "OK", described)
					far.Expect(gosip.ACK)
					if x.theirs {
						time.Sleep(400 * time.Millisecond) // they speak
						far.Ask(gosip.BYE, "")
					} else {
						far.Reply(far.Expect(gosip.BYE), 200, "OK", "")
					}
				}
				if err := <-done; err != nil {
					t.Fatal(err)
				}
				call := handCall{Fate: x.fate, First: x.ear.first, By: "us", Account: "anna", Try: 1, Outside: outside}
				for i := range events {
					switch e := &events[i]; e.Kind {
					case probes.CallDialled:
						call.Dialled = e.At
					case probes.CallRinging:
						call.Ringing = e.At
					case probes.CallAnswered:
						call.Answered = e.At
					case probes.CallEnded, probes.CallFailed:
						call.Ended = e.At
						if e.Detail["by"] == "structure" {
							call.By = "structure"
						}
						if x.ear.first == "human" {
							call.Person = e.At.Add(-300 * time.Millisecond)
						}
					}
				}
				hand := call.events("c.s.1")
				if len(hand) != len(events) {
					t.Fatalf("the agent has %d events, a person %d:\n%+v\n%+v", len(events), len(hand), events, hand)
				}
				for i := range events {
					a, p := &events[i], &hand[i]
					if a.Kind != p.Kind || a.Fault != p.Fault || !a.At.Equal(p.At) {
						t.Errorf("event %d: %s %s, of a person %s %s", i, a.Kind, a.Fault, p.Kind, p.Fault)
					}
					of := func(all []probes.Observation) map[probes.ItemCode]probes.Observation {
						out := map[probes.ItemCode]probes.Observation{}
						for _, o := range all {
							if !inaudible[o.Item] {
								out[o.Item] = o
							}
						}
						return out
					}
					agent, person := of(a.Observations), of(p.Observations)
					for item, o := range agent {
						q, ok := person[item]
						if !ok || o.Value != q.Value || (o.Number == nil) != (q.Number == nil) || o.Number != nil && math.Abs(*o.Number-*q.Number) > 0.05 {
							t.Errorf("%s %s: agent %s %v, person %s %v", a.Kind, item, o.Value, o.Number, q.Value, q.Number)
						}
						if q.By != "anna" {
							t.Errorf("%s by %q", item, q.By)
						}
					}
					for item := range person {
						if _, ok := agent[item]; !ok {
							t.Errorf("%s: the agent does not say %s", a.Kind, item)
						}
					}
				}
			})
		}
	}
}
