package phone

import (
	"fmt"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"github.com/pion/rtp"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone/callee"
	"github.com/sonde-fleet/sonde/probes/phone/media"
)

// at is a label in seconds.
func at(kind string, from, to float64) Label {
	s := func(x float64) time.Duration { return time.Duration(x * float64(time.Second)) }
	return Label{Kind: kind, From: s(from), To: s(to), Sure: 0.9}
}

func TestWhatACallIsMadeOf(t *testing.T) {
	for _, x := range []struct {
		name   string
		labels []Label
		first  string
		keys   []string
		theirs bool
		want   map[probes.ItemCode]string
	}{
		{"a person at once", []Label{at(HeardHuman, 2.5, 4)}, "human", nil, false,
			map[probes.ItemCode]string{"phone.answered-by-person": "yes", "phone.wait": "2.5", "phone.wait.silence": "0.5", "phone.transfer.count": "0", "phone.menu.depth": "", "phone.cut-off": "no"}},
		{"a greeting that begins in the ring tone", []Label{at(HeardHuman, 0, 4)}, "human", nil, false, map[probes.ItemCode]string{"phone.answered-by-person": "yes", "phone.wait": "2"}},
		{"a menu, a queue, a person", []Label{at(HeardMachine, 2, 8), at(HeardMusic, 9, 20), at(HeardHuman, 21, 23)}, "ivr", []string{"1@5000", "2@9000"}, false,
			map[probes.ItemCode]string{"phone.menu.depth": "2", "phone.wait.preamble": "6", "phone.wait": "21", "phone.wait.silence": "1", "phone.menu.no-key": ""}},
		{"a menu that comes again and hangs up", []Label{at(HeardRecording, 2, 8), at(HeardRecording, 10, 16)}, "ivr", nil, true,
			map[probes.ItemCode]string{"phone.menu.no-key": "no", "phone.menu.repeat": "yes", "phone.answered-by-person": "no", "phone.voicemail": "no"}},
		{"a menu, and we hung up", []Label{at(HeardRecording, 2, 8), at(HeardRecording, 10, 16)}, "ivr", nil, false,
			map[probes.ItemCode]string{"phone.menu.no-key": "", "phone.menu.repeat": "yes"}},
		{"a mailbox", []Label{at(HeardMachine, 2, 8), at(heardBeep, 8.2, 8.6)}, "voicemail", nil, true, map[probes.ItemCode]string{"phone.voicemail": "yes", "phone.wait": ""}},
		{"handed on", []Label{at(HeardHuman, 2, 4), at(HeardRing, 7, 8.5), at(HeardRing, 12, 13.5), at(HeardHuman, 15, 17)}, "human", nil, false,
			map[probes.ItemCode]string{"phone.transfer.count": "1", "phone.transfer.time": "11", "phone.transfer.lost": "no", "phone.wait": "2"}},
		{"lost on the way", []Label{at(HeardHuman, 2, 4), at(HeardRing, 7, 8.5)}, "human", nil, true, map[probes.ItemCode]string{"phone.transfer.count": "1", "phone.transfer.lost": "yes", "phone.transfer.time": ""}},
		{"put on hold", []Label{at(HeardHuman, 2, 4), at(HeardMusic, 5, 35), at(HeardHuman, 36, 38)}, "human", nil, false,
			map[probes.ItemCode]string{"phone.hold-time": "30", "phone.transfer.count": "0", "phone.transfer.lost": ""}},
		{"a fax", []Label{at(HeardFax, 2, 5)}, "fax", nil, false, map[probes.ItemCode]string{"phone.fax": "yes", "phone.answered-by-person": "no"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := &calling{t: t, events: []probes.Event{{Detail: map[string]string{"by": "us"}}}}
			(&try{answered: 2 * time.Second, labels: x.labels, verdict: Verdict{First: x.first}, turn: turn{keys: x.keys}}).judge(&c.events[0], x.theirs)
			c.want(x.want)
		})
	}
}

// The keys of the scenario are pressed each at the end of a text, and the question is said to who has greeted and waits.
func TestKeysAndTheQuestion(t *testing.T) {
	t.Parallel()
	far := callee.Listen(t)
	question := make([]int16, 8000)
	for i := range question {
		question[i] = 4000
	}
	ear := &waiting{}
	c := place(t, Options{Max: time.Minute, Listen: func(probes.Audit) Listener { return ear },
		Script: func(string) Script { return Script{Keys: "1#", Say: question} }}, far.URI())
	invite := far.Expect(gosip.INVITE)
	v := speak(t, invite)
	heard := make(chan struct{ keys, words int }, 1)
	go func() {
		var got struct{ keys, words int }
		defer func() { heard <- got }()
		buf, pressed := make([]byte, 2048), map[uint32]bool{}
		for {
			n, err := v.conn.Read(buf)
			var p rtp.Packet
			if err != nil {
				return
			}
			switch {
			case p.Unmarshal(buf[:n]) != nil || p.Version != 2:
			case p.PayloadType == 101:
				pressed[p.Timestamp] = true
				got.keys = len(pressed)
			case p.PayloadType == 8 && len(p.Payload) == 160 && p.Payload[80] != media.ALaw.Silence():
				got.words++
			}
		}
	}()
	far.Reply(invite, 200, "OK", v.description())
	far.Expect(gosip.ACK)
	v.tone(50, 700) // a second of text
	v.tone(80, 0)
	v.tone(50, 700)
	v.tone(80, 0)
	v.tone(30, 700) // a greeting
	v.tone(120, 0)
	far.Ask(gosip.BYE, "")
	e := c.end(probes.CallDialled, probes.CallAnswered, probes.CallEnded)
	_ = v.conn.Close()
	got := <-heard
	if got.keys != 2 || got.words < 45 {
		t.Errorf("the callee heard %d keys and %d packets of words", got.keys, got.words)
	}
	var first, second int
	if n, err := fmt.Sscanf(e.Detail["keys"], "1@%d #@%d", &first, &second); n != 2 || err != nil || second-first < 2000 {
		t.Errorf("keys %q: %v", e.Detail["keys"], err)
	}
	if e.Detail["spoke_ms"] == "" || ear.pressed != 2 || ear.spoke == 0 {
		t.Errorf("%+v, the ear was told of %d keys, spoke at %v", e.Detail, ear.pressed, ear.spoke)
	}
}

// waiting is an ear that takes every pause for a person who waits.
type waiting struct {
	pressed int
	spoke   time.Duration
}

func (*waiting) Hear(Frame) []Label                   { return nil }
func (*waiting) End(time.Duration) ([]Label, Verdict) { return nil, Verdict{} }
func (*waiting) Waits() bool                          { return true }
func (w *waiting) Pressed()                           { w.pressed++ }
func (w *waiting) Spoke(at time.Duration)             { w.spoke = at }
