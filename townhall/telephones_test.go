package townhall

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone"
	"github.com/sonde-fleet/sonde/probes/phone/sip"
	"github.com/sonde-fleet/sonde/townhall/switchboard"
)

var (
	calls = flag.Int("calls", 16, "calls that the town's telephones are tried with")
	seed  = flag.Int64("seed", 7, "of the town")
)

// Every resident has a number that may be dialled and a conduct that a switchboard takes; private ones do not answer as public ones do.
func TestResidentsHaveTelephones(t *testing.T) {
	residents := Forty()
	telephones := Telephones(residents)
	if len(telephones) != len(residents) {
		t.Fatalf("%d telephones of %d residents", len(telephones), len(residents))
	}
	ends := map[string]int{}
	for _, r := range residents {
		if n, err := phone.Allow(r.Phone, "FR"); err != nil || !n.Plain || !strings.HasPrefix(n.Dial, "+3319900") {
			t.Errorf("%s: %+v, %v", r.Phone, n, err)
		}
		for _, w := range r.Telephone.Ways {
			ends[r.Sector+" "+w.Name+string(w.End)]++
		}
	}
	for _, want := range []string{"public busy", "public no answer", "public menu", "public queue", "public voicemail", "public fax", "public dead air", "public transferred",
		"public transfer lost", "public dropped from the queue", "public wrong number", "public closed", "private person", "private menu"} {
		if ends[want] == 0 {
			t.Errorf("nobody's telephone is %q", want)
		}
	}
	if ends["private no answer"]+ends["private wrong number"]+ends["private fax"] > 0 {
		t.Errorf("private telephones: %v", ends)
	}
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	if _, err := switchboard.New(switchboard.Options{UDP: udp, Telephones: telephones, Sounds: &switchboard.Sounds{}}); err != nil {
		t.Error(err)
	}
}

// The prober calls through the town as its trunk, and measures what happened.
func TestTelephonesOfATown(t *testing.T) {
	sounds, err := switchboard.LoadSounds()
	if err != nil {
		if os.Getenv("SONDE_INTEGRATION") == "required" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	residents := Forty()
	exchange, err := switchboard.New(switchboard.Options{UDP: udp, Telephones: Telephones(residents), Sounds: sounds, Seed: *seed, User: "prober", Password: "demo-only"})
	if err != nil {
		t.Fatal(err)
	}
	town, err := New(Options{Domain: "habitants.example", Telephones: exchange})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- town.Run(ctx) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	channel := phone.New(phone.Options{Line: sip.Line{Server: udp.LocalAddr().String(), User: "prober", Password: "demo-only", From: "+33199009999"}, Ring: 4 * time.Second,
		Max: 30 * time.Second})
	var mu sync.Mutex
	measured := map[string][]probes.Event{} // by number and call: "+33199001000 1"
	var group sync.WaitGroup
	at := make(chan struct{}, 16)
	begun := time.Now()
	over, longest := make(chan struct{}), make(chan time.Duration)
	go func() {
		const tick = 5 * time.Millisecond
		for worst, before := time.Duration(0), time.Now(); ; {
			select {
			case <-over:
				longest <- worst
				return
			case <-time.After(tick):
				worst, before = max(worst, time.Since(before)-tick), time.Now()
			}
		}
	}()
	for i := range *calls {
		r := residents[i%len(residents)]
		at <- struct{}{}
		group.Go(func() {
			defer func() { <-at }()
			var events []probes.Event
			err := channel.Run(ctx, probes.Audit{ID: "c.s.1", Structure: r.ID, Channel: probes.Phone, Target: r.Phone}, func(e probes.Event) error {
				events = append(events, e)
				return nil
			})
			if err != nil {
				t.Errorf("%s: %v", r.Phone, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			key := fmt.Sprintf("%s %d", events[0].Detail["number"], 1+i/len(residents))
			measured[key] = events
		})
	}
	group.Wait()
	close(over)
	kept := <-longest
	strained := kept > 120*time.Millisecond // packets are lost, or heard at a wrong place
	t.Logf("%d calls took %v; the test was kept from running for %v at most; what was heard is compared: %v", *calls, time.Since(begun).Round(time.Second), kept, !strained)
	truth := town.Calls()
	if len(truth) != *calls || len(exchange.Twice()) > 0 || len(exchange.OffHook()) > 0 {
		t.Errorf("%d calls came, twice %v, off the hook %v", len(truth), exchange.Twice(), exchange.OffHook())
	}
	for _, c := range truth {
		if why := disagreement(measured[fmt.Sprintf("%s %d", c.User, c.Nth)], c, strained); why != "" {
			t.Errorf("%s, call %d, %s: %s; %+v", c.User, c.Nth, c.Way, why, c.Parts)
		}
	}
}

// disagreement says in words where what was measured is not what happened.
func disagreement(events []probes.Event, c switchboard.Call, strained bool) string {
	if len(events) == 0 {
		return "nothing was measured"
	}
	last := events[len(events)-1]
	if c.Answered.IsZero() || c.Way == string(switchboard.Races) {
		want := map[int]string{486: probes.ClassBusy, 487: probes.ClassNoAnswer, 200: probes.ClassNoAnswer, 404: probes.ClassWrongNumber, 603: probes.ClassRejected, 503: probes.ClassUnreachable}[c.Code]
		if got := last.Detail["class"]; last.Kind != probes.CallFailed || got != want {
			return fmt.Sprintf("measured %s %q, was %q", last.Kind, got, want)
		}
		return ""
	}
	if last.Kind != probes.CallEnded {
		return fmt.Sprintf("ended with %s: %s", last.Kind, last.Text)
	}
	if strained {
		return ""
	}
	wait, heard := 0.0, false
	for _, o := range last.Observations {
		if o.Item == "phone.wait" && o.Number != nil {
			wait, heard = *o.Number, true
		}
	}
	if heard != !c.Person.IsZero() {
		return fmt.Sprintf("a person is heard: %v, was there: %v", heard, !c.Person.IsZero())
	}
	if off := wait - c.Person.Sub(c.Rang).Seconds(); heard && (off > 0.5 || off < -0.5) {
		return fmt.Sprintf("the wait is off by %.2f s", off)
	}
	return ""
}
