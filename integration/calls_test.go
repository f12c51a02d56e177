package integration

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"github.com/pion/rtp"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone/callee"
	"github.com/sonde-fleet/sonde/probes/phone/media"
	"github.com/sonde-fleet/sonde/townhall/switchboard"
)

// caller is a prober whose campaign has one call, due already; its trunk is the callee.
func caller(t *testing.T, far *callee.Callee, phone, campaign string) *fleet {
	return callers(t, 1, far.Addr().String(), phone, campaign)
}

// number is the telephone of the i-th structure, in the range that is kept for fiction.
func number(i int) string { return fmt.Sprintf("+3319900%04d", 1201+i) }

// callers is the same with a call to each of n structures.
func callers(t *testing.T, n int, trunk, phone, campaign string) *fleet {
	structures := "id,name,kind,sector,zone,hours,ground,ground_date,recording,phone\n"
	for i := range n {
		structures += fmt.Sprintf("S%d,Mairie %[1]d,mairie,public,UTC,24/7,mandate,2026-01-01,convention 12,%s\n", i+1, number(i))
	}
	f := &fleet{tb: t, dir: t.TempDir(), feed: freeAddr(t), page: freeAddr(t)}
	day := func(d int) string { return time.Now().UTC().AddDate(0, 0, d).Format(time.DateOnly) }
	for name, text := range map[string]string{
		"campaign.yaml": fmt.Sprintf("id: calls\nzone: UTC\nseed: 3\nstart: %s\nend: %s\nplan: {phone: 1}\ndeadlines: {phone: 30d}\nlate: 1h\n%s\n"+
			"personas:\n  - {id: claire, given: Claire, family: Martin, town: Dijon}\nscenarios:\n  - id: q\n    language: fr\n    channels: [phone]\n"+
			"    bodies: [\"Bonjour, êtes-vous ouverts demain ?\"]\n    facts: [{id: f, label: F, any: [\"ouvert\"]}]\n", day(-4), day(-1), campaign),
		"structures.csv": structures,
		"prober.yaml": fmt.Sprintf("name: real-1\ndata: prober\nlisten: %s\ncampaign: campaign.yaml\ndirectory: structures.csv\n"+
			"phone:\n  callers: {claire: \"+33199001299\"}\n  trunk: {addr: %q}\n%s", f.feed, trunk, phone),
	} {
		if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func (p *program) kill() { _ = p.cmd.Process.Kill(); <-p.done }

// happened are the events of calls in the prober's journal.
func happened(f *fleet) (events []probes.Event, kinds []probes.Kind) {
	type line struct {
		probes.Event
		N uint64 `json:"n"`
	}
	for _, e := range call[line](f, "prober", "journal") {
		if e.Audit != "" {
			events, kinds = append(events, e.Event), append(kinds, e.Kind)
		}
	}
	return events, kinds
}

// sounds is the callee's end of the sound: it sends a second of noise.
func sounds(t *testing.T, invite *gosip.Request) (description string, play func()) {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	r, err := media.Parse(invite.Body())
	if err != nil {
		t.Fatal(err)
	}
	local := media.Local{Addr: conn.LocalAddr().(*net.UDPAddr).AddrPort(), Session: 1, Version: 1}
	return string(local.Answer(media.Remote{Law: media.ALaw, Payload: 8, Direction: "sendrecv"})), func() {
		for seq := range uint16(50) {
			p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 8, SequenceNumber: seq, Timestamp: uint32(seq) * 160, SSRC: 5}, Payload: make([]byte, 160)}
			data, err := p.Marshal()
			if err != nil {
				t.Error(err)
			}
			conn.WriteToUDPAddrPort(data, netip.AddrPortFrom(r.Addr.Addr().Unmap(), r.Addr.Port()))
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// A prober that is killed in the middle of a call leaves nobody's telephone off the hook: its next start ends the call, and makes
// no other. (Where there is no next start the callee's session timer does: townhall/switchboard has that test.)
func TestKilledInTheMiddleOfACall(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name   string
		method gosip.RequestMethod
		kinds  []probes.Kind
	}{
		{"while it rings", gosip.CANCEL, []probes.Kind{probes.CallDialled, probes.CallRinging, probes.ProbeFault}},
		{"after the answer", gosip.BYE, []probes.Kind{probes.CallDialled, probes.CallRinging, probes.CallAnswered, probes.ProbeFault}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			far := callee.Listen(t)
			f := caller(t, far, "", "tries: {phone: {most: 3, after: 1s}}")
			p := f.start("prober", "prober runs")
			invite := far.Expect(gosip.INVITE)
			if from := invite.From().Address.User; from != "+33199001299" {
				t.Errorf("the persona calls from %s", from)
			}
			if h := invite.GetHeader("Session-Expires"); h == nil || !strings.HasPrefix(h.Value(), "90;") {
				t.Errorf("no session timer would end the call: %v", h)
			}
			far.Reply(invite, 180, "Ringing", "")
			if x.method == gosip.BYE {
				description, _ := sounds(t, invite)
				time.Sleep(100 * time.Millisecond)
				far.Reply(invite, 200, "OK", description)
				far.Expect(gosip.ACK)
			}
			time.Sleep(300 * time.Millisecond) // it is written down
			p.kill()
			p = f.start("prober", "prober runs")
			end := far.Expect(x.method)
			far.Reply(end, 200, "OK", "")
			if end.CallID().Value() != invite.CallID().Value() {
				t.Errorf("%s of another call:\n%s", x.method, end)
			}
			time.Sleep(1500 * time.Millisecond) // a second call would have its time
			events, kinds := happened(f)
			if !slices.Equal(kinds, x.kinds) {
				t.Fatalf("events %v", kinds)
			}
			last := events[len(events)-1]
			if last.Fault != probes.Ours || last.Detail["crash"] != "yes" || last.Detail["released"] != string(x.method)+": 200 OK" {
				t.Errorf("%+v", last)
			}
			p.kill()
			p = f.start("prober", "prober runs") // and once more: nothing is left to do
			time.Sleep(500 * time.Millisecond)
			if n := far.Count(gosip.INVITE); n != 1 {
				t.Errorf("%d calls were made", n)
			}
			if _, again := happened(f); len(again) != len(kinds) {
				t.Errorf("events %v", again)
			}
			p.kill()
		})
	}
}

// A whole audit by the agent: the line is engaged, the second call is answered and recorded under the mandate, and the recording
// is gone when its time is over.
func TestEngagedThenRecordedThenErased(t *testing.T) {
	t.Parallel()
	far := callee.Listen(t)
	f := caller(t, far, "  mode: record\n  keep: 4s\n", "tries: {phone: {most: 3, after: 1s}}")
	p := f.start("prober", "prober runs")
	defer p.kill()
	far.Reply(far.Expect(gosip.INVITE), 486, "Busy Here", "")
	far.Expect(gosip.ACK)
	invite := far.Expect(gosip.INVITE)
	far.Reply(invite, 180, "Ringing", "")
	description, play := sounds(t, invite)
	time.Sleep(100 * time.Millisecond)
	far.Reply(invite, 200, "OK", description)
	far.Expect(gosip.ACK)
	play()
	far.Ask(gosip.BYE, "")
	var events []probes.Event
	var kinds []probes.Kind
	want := []probes.Kind{probes.CallDialled, probes.CallFailed, probes.CallDialled, probes.CallRinging, probes.CallAnswered, probes.CallEnded}
	for range 20 {
		if events, kinds = happened(f); len(kinds) >= len(want) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if !slices.Equal(kinds, want) {
		t.Fatalf("events %v", kinds)
	}
	if events[1].Detail["retry"] == "" || events[2].Try != 2 || events[2].Detail["mandate"] != "convention 12" {
		t.Errorf("%+v", events)
	}
	last := events[len(events)-1]
	if len(last.Evidence) != 1 || last.Evidence[0].Erase.Sub(last.At) != 4*time.Second {
		t.Fatalf("%+v", last.Evidence)
	}
	files := func() []string {
		names, err := filepath.Glob(filepath.Join(f.dir, "prober", "perishable", "*"))
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	if got := files(); len(got) != 1 || !strings.HasSuffix(got[0], string(last.Evidence[0].SHA256)) {
		t.Errorf("recordings: %v", got)
	}
	time.Sleep(time.Until(last.Evidence[0].Erase) + 2500*time.Millisecond)
	if got := files(); len(got) != 0 {
		t.Errorf("its time is over, and there is %v", got)
	}
	if _, kinds = happened(f); !slices.Equal(kinds, want) {
		t.Errorf("the journal has changed: %v", kinds)
	}
}

// Forty calls at once are under way when the prober is killed: after its next start no telephone is off the hook, and none has rung
// twice.
func TestKilledWithFortyCalls(t *testing.T) {
	t.Parallel()
	const n = 40
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	telephones := map[string]switchboard.Conduct{}
	for i := range n { // every second one is still ringing when it happens
		ring := 200 * time.Millisecond
		if i%2 == 1 {
			ring = 20 * time.Second
		}
		telephones[number(i)] = switchboard.Conduct{Name: number(i), Ways: []switchboard.Way{{Name: "waits", Share: 1, Ring: ring}}}
	}
	town, err := switchboard.New(switchboard.Options{UDP: udp, Telephones: telephones, Sounds: &switchboard.Sounds{}, Deaf: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	closed := make(chan error, 1)
	go func() { closed <- town.Run(ctx) }()
	t.Cleanup(func() { stop(); <-closed })
	var f *fleet
	until := func(what string, enough func(calls []switchboard.Call) bool) {
		t.Helper()
		for range 600 {
			if enough(town.Truth()) {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		var left []string
		for _, c := range town.Truth() {
			if c.Ended.IsZero() {
				left = append(left, fmt.Sprintf("%s: rang %v, answered %v, acknowledged %v", c.User, !c.Rang.IsZero(), !c.Answered.IsZero(), !c.Acked.IsZero()))
			}
		}
		events, _ := happened(f)
		t.Fatalf("not so: %s; %d under way:\n%s\n%+v", what, len(left), strings.Join(left, "\n"), events[max(0, len(events)-3):])
	}
	f = callers(t, n, udp.LocalAddr().String(), fmt.Sprintf("  lines: %d\n", n), "")
	p := f.start("prober", "prober runs")
	until("all are called and half have picked up", func(calls []switchboard.Call) bool {
		up := 0
		for _, c := range calls {
			if !c.Acked.IsZero() {
				up++
			}
		}
		return len(calls) == n && up == n/2
	})
	time.Sleep(300 * time.Millisecond) // the answers are written down
	p.kill()
	p = f.start("prober", "prober runs")
	defer p.kill()
	until("every call has its end", func(calls []switchboard.Call) bool {
		for _, c := range calls {
			if c.Ended.IsZero() {
				return false
			}
		}
		return true
	})
	ended := map[string]int{}
	for _, c := range town.Truth() {
		ended[c.EndedBy]++
	}
	if ended[switchboard.ByCaller] != n/2 || ended[switchboard.ByCancel] != n/2 || len(town.OffHook()) > 0 {
		t.Errorf("ended by %v, off the hook %v", ended, town.OffHook())
	}
	time.Sleep(time.Second) // second calls would have their time
	if calls := town.Truth(); len(calls) != n || len(town.Twice()) > 0 {
		t.Errorf("%d calls, twice %v", len(calls), town.Twice())
	}
}
