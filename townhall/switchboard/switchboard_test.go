package switchboard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone"
	"github.com/sonde-fleet/sonde/probes/phone/sip"
)

const ms, s = time.Millisecond, time.Second

var recordings = sync.OnceValues(LoadSounds)

// sounds are the recordings, or the test is skipped where there are none and they are not required.
func sounds(t testing.TB) *Sounds {
	t.Helper()
	all, err := recordings()
	if err != nil {
		if os.Getenv("SONDE_INTEGRATION") == "required" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return all
}

// town is a switchboard that runs as long as the test.
type town struct {
	*Switchboard
	t testing.TB
}

func open(t testing.TB, o Options) town {
	t.Helper()
	x, stop := start(t, o)
	t.Cleanup(func() {
		stop()
		if off := x.OffHook(); len(off) > 0 && !t.Failed() {
			t.Errorf("left off the hook: %+v", off)
		}
	})
	return x
}

// start is open for a test that stops the town itself.
func start(t testing.TB, o Options) (_ town, stop func()) {
	t.Helper()
	var err error
	if o.UDP, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if o.TCP, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if o.Sounds == nil {
		o.Sounds = sounds(t)
	}
	x, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- x.Run(ctx) }()
	return town{x, t}, func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// with makes a telephone of one way.
func with(w Way) map[string]Conduct { return map[string]Conduct{"mairie": {Ways: []Way{w}}} }

func (x town) uri(user string) string { return "sip:" + user + "@" + x.Addr().String() }

// measured is what the channel recorded of a call.
type measured struct {
	t      testing.TB
	events []probes.Event
	err    error
}

func (x town) dial(user string, o phone.Options) measured {
	m := measured{t: x.t}
	m.err = phone.New(o).Run(context.Background(), probes.Audit{ID: "c.s.1", Structure: "s", Channel: probes.Phone, Target: user}, func(e probes.Event) error {
		m.events = append(m.events, e)
		return nil
	})
	return m
}

// last is the last event, which must be of the kind.
func (m measured) last(k probes.Kind) probes.Event {
	m.t.Helper()
	if m.err != nil || len(m.events) == 0 || m.events[len(m.events)-1].Kind != k {
		m.t.Fatalf("no %s: %v, %+v", k, m.err, m.events)
	}
	return m.events[len(m.events)-1]
}

func (m measured) event(k probes.Kind) probes.Event {
	m.t.Helper()
	for _, e := range m.events {
		if e.Kind == k {
			return e
		}
	}
	m.t.Fatalf("no %s: %+v", k, m.events)
	return probes.Event{}
}

func (m measured) duration(k probes.Kind, key string) time.Duration {
	m.t.Helper()
	n, err := strconv.Atoi(m.event(k).Detail[key])
	if err != nil {
		m.t.Fatalf("%s %s: %v", k, key, err)
	}
	return time.Duration(n) * ms
}

// number is the number of an item; −1: there is none.
func (m measured) number(item probes.ItemCode) float64 {
	for _, e := range m.events {
		for _, o := range e.Observations {
			if o.Item == item && o.Number != nil {
				return *o.Number
			}
		}
	}
	return -1
}

func (m measured) value(item probes.ItemCode) string {
	for _, e := range m.events {
		for _, o := range e.Observations {
			if o.Item == item {
				return string(o.Value)
			}
		}
	}
	return ""
}

func near(t testing.TB, what string, got, want, by time.Duration) {
	t.Helper()
	if off := (got - want).Abs(); off > by {
		t.Errorf("%s: %v, was %v: off by %v", what, got, want, off)
	}
}

// stalls returns how long this process was kept from running, at most, since the call: on a machine that does other work, caller and
// callee are late by as much.
func stalls() (worst func() time.Duration) {
	done, most := make(chan struct{}), make(chan time.Duration)
	go func() {
		const tick = 5 * ms
		longest, before := time.Duration(0), time.Now()
		for {
			select {
			case <-done:
				most <- longest
				return
			case <-time.After(tick):
				longest, before = max(longest, time.Since(before)-tick), time.Now()
			}
		}
	}()
	return func() time.Duration { close(done); return <-most }
}

// only is the truth about the one call that came.
func (x town) only() Call {
	x.t.Helper()
	all := x.Truth()
	if len(all) != 1 {
		x.t.Fatalf("%d calls came: %+v", len(all), all)
	}
	return all[0]
}

// users is the truth by user.
func (x town) users() map[string]Call {
	out := map[string]Call{}
	for _, c := range x.Truth() {
		out[c.User] = c
	}
	return out
}

// strain is for how long a machine may keep a test from running, at most, before packets are lost or heard at a wrong place.
const strain = 120 * ms

// agree holds what was measured of an answered call against the truth. On a machine that is strained, what was heard is not.
func agree(t testing.TB, m measured, c Call, by time.Duration, strained bool) {
	t.Helper()
	end := m.last(probes.CallEnded)
	near(t, "ring", m.duration(probes.CallAnswered, "ring_ms"), c.Answered.Sub(c.Rang), by)
	near(t, "post-dial delay", m.duration(probes.CallRinging, "pdd_ms"), c.Rang.Sub(c.Invited), by)
	near(t, "talk", m.duration(probes.CallEnded, "talk_ms"), c.Ended.Sub(c.Answered), 2*by)
	who := map[string]string{ByCaller: "us", ByTelephone: "structure"}[c.EndedBy]
	if end.Detail["by"] != who || end.Detail["lost"] != "0" && !strained || end.Detail["sound"] != "" || c.LeftOffHook || c.Acked.IsZero() {
		t.Errorf("ended %v, was %+v", end.Detail, c)
	}
	if strained {
		return
	}
	if n := c.Count(Ringing); n > 0 && m.number("phone.rings") != float64(n) {
		t.Errorf("%v rings are heard, %d were sent", m.number("phone.rings"), n)
	}
	received, _ := strconv.Atoi(end.Detail["packets"])
	if c.Sent-received > 3 || received-c.Sent > 1 {
		t.Errorf("%d packets were sent, %d received", c.Sent, received)
	}
	wait := m.number("phone.wait")
	if c.Person.IsZero() {
		if wait >= 0 {
			t.Errorf("a person is heard after %v s; was none: %+v", wait, c.Parts)
		}
	} else if off := (time.Duration(wait*float64(s)) - c.Person.Sub(c.Rang)).Abs(); wait < 0 || off > 480*ms+by {
		t.Errorf("the person is heard after %v s, spoke after %v: %+v", wait, c.Person.Sub(c.Rang), c.Parts)
	}
}

func TestCallsThatNobodyPicksUp(t *testing.T) {
	t.Parallel()
	cases := []struct {
		way   Way
		class string
		by    string
		code  int
	}{
		{Way{End: Busy}, probes.ClassBusy, ByRefusal, 486}, {Way{End: WrongNumber}, probes.ClassWrongNumber, ByRefusal, 404},
		{Way{End: Refused, Ring: 200 * ms}, probes.ClassRejected, ByRefusal, 603}, {Way{End: Unreachable}, probes.ClassUnreachable, ByRefusal, 503},
		{Way{End: NoAnswer}, probes.ClassNoAnswer, ByCancel, 487}, {Way{End: NoAnswer, Early: true}, probes.ClassNoAnswer, ByCancel, 487},
		{Way{End: Races}, probes.ClassNoAnswer, ByCaller, 200}, {Way{End: Congestion, Ring: 100 * ms}, probes.ClassCongestion, ByRefusal, 503},
	}
	telephones := map[string]Conduct{}
	user := func(i int) string { return fmt.Sprintf("bureau-%d", i) }
	for i, x := range cases {
		telephones[user(i)] = Conduct{Ways: []Way{x.way}}
	}
	far := open(t, Options{Sounds: &Sounds{}, Telephones: telephones})
	results := make([]measured, len(cases))
	late := stalls()
	var calls sync.WaitGroup
	for i := range cases {
		calls.Go(func() { results[i] = far.dial(far.uri(user(i)), phone.Options{Ring: 600 * ms}) })
	}
	calls.Wait()
	truth, by := far.users(), 20*ms+2*late()
	for i, x := range cases {
		m, c := results[i], truth[user(i)]
		e := m.last(probes.CallFailed)
		if e.Detail["class"] != x.class || e.Fault != probes.Theirs || c.EndedBy != x.by || c.Code != x.code {
			t.Errorf("%s: measured %v, was %+v", x.way.End, e.Detail, c)
		}
		if x.way.Early != (c.Count(Ringing) == 1) {
			t.Errorf("%s: %+v", x.way.End, c.Parts)
		}
		if x.way.End == NoAnswer {
			near(t, "ring", m.duration(probes.CallFailed, "ring_ms"), c.Ended.Sub(c.Rang), by)
		}
	}
	e := far.dial(far.uri("personne"), phone.Options{}).last(probes.CallFailed)
	if c := far.users()["personne"]; e.Detail["class"] != probes.ClassWrongNumber || c.Way != "unknown" || c.Code != 404 {
		t.Errorf("a number that nobody has: %v, %+v", e.Detail, c)
	}
}

// The numbers are reached as through an operator: OPTIONS, digest, Q.850.
func TestTrunk(t *testing.T) {
	t.Parallel()
	telephones := map[string]Conduct{"+33 1 99 00 10 00": {Ways: []Way{{Ring: 100 * ms, Steps: []Step{{Act: Wait, For: 300 * ms}, {Act: HangUp}}}}},
		"+33 1 99 00 10 01": {Ways: []Way{{End: Unreachable}}}}
	far := open(t, Options{Telephones: telephones, Sounds: &Sounds{}, User: "prober", Password: "demo-only"})
	for _, transport := range []string{"udp", "tcp"} {
		line := sip.Line{Server: far.Addr().String(), User: "prober", Password: "demo-only", From: "+33199009999", Transport: transport}
		if transport == "tcp" {
			line.Server = far.o.TCP.Addr().String()
		}
		m := far.dial("01 99 00 10 00", phone.Options{Line: line})
		if m.last(probes.CallEnded).Detail["by"] != "structure" || m.event(probes.CallDialled).Detail["number"] != "+33199001000" {
			t.Errorf("%s: %+v", transport, m.events)
		}
		if e := far.dial("01 99 00 10 01", phone.Options{Line: line}).last(probes.CallFailed); e.Detail["class"] != probes.ClassUnreachable {
			t.Errorf("%s: %+v", transport, e)
		}
		line.Password = "wrong"
		if err := far.dial("01 99 00 10 00", phone.Options{Line: line}).err; !errors.Is(err, probes.ErrNotReached) || !strings.Contains(err.Error(), "407") {
			t.Errorf("%s: with a wrong password: %v", transport, err)
		}
	}
	calls := far.Truth()
	if len(calls) != 4 || calls[2].User != "+33199001000" || calls[2].Nth != 2 || calls[0].From != "+33199009999" || len(far.Twice()) > 0 {
		t.Errorf("got %+v, twice %v", calls, far.Twice())
	}
}

// deaf hears nothing: fifty ears at once are more than two processors under the race detector have.
func deaf(probes.Audit) phone.Listener { return nobody{} }

type nobody struct{}

func (nobody) Hear(phone.Frame) []phone.Label                   { return nil }
func (nobody) End(time.Duration) ([]phone.Label, phone.Verdict) { return nil, phone.Verdict{} }

// fifty telephones of all kinds are called at once by as many callers.
func TestFiftyCallsAtOnce(t *testing.T) {
	telephones := map[string]Conduct{}
	for i := range 50 {
		w := Way{Ring: time.Duration(200+5*i) * ms, Early: i%3 == 0, Steps: []Step{{Act: Wait, For: time.Duration(1500+5*i) * ms}, {Act: Beep}, {Act: HangUp}}}
		if i%10 == 9 {
			w = Way{End: Busy, Ring: 100 * ms}
		}
		telephones[fmt.Sprintf("bureau-%d", i)] = Conduct{Ways: []Way{w}}
	}
	far := open(t, Options{Telephones: telephones, Sounds: &Sounds{}})
	results := make([]measured, 50)
	late := stalls()
	var calls sync.WaitGroup
	for i := range results {
		calls.Go(func() {
			time.Sleep(time.Duration(i) * 10 * ms)
			results[i] = far.dial(far.uri(fmt.Sprintf("bureau-%d", i)), phone.Options{Listen: deaf})
		})
	}
	calls.Wait()
	kept := late()
	truth, by := far.users(), 50*ms+3*kept
	var off []time.Duration
	for i, m := range results {
		c := truth[fmt.Sprintf("bureau-%d", i)]
		if i%10 == 9 {
			if m.last(probes.CallFailed).Detail["class"] != probes.ClassBusy {
				t.Errorf("%+v", m.events)
			}
			continue
		}
		agree(t, m, c, 500*ms+by, kept > strain) // fifty callers are on the same machine: what is late here is they
		off = append(off, (m.duration(probes.CallAnswered, "ring_ms") - c.Answered.Sub(c.Rang)).Abs())
	}
	slices.Sort(off)
	if off[len(off)/2] > by {
		t.Errorf("half of the rings are off by more than %v", off[len(off)/2])
	}
	t.Logf("50 calls at once: ring off by %v, at most %v", off[len(off)/2], off[len(off)-1])
}

func TestReplay(t *testing.T) {
	telephones := map[string]Conduct{"a": {Ways: []Way{{End: Busy, Share: 3}, {Ring: s, Spread: s, Share: 2}}, Closed: []Way{{End: NoAnswer}}}, "b": {Ways: []Way{{End: Busy}, {Ring: s, Spread: s}}}}
	ways := func(seed int64) (out []Way) {
		x := &Switchboard{o: Options{Seed: seed, Telephones: telephones}}
		for _, user := range []string{"a", "b"} {
			c := telephones[user]
			for n := range 200 {
				out = append(out, c.draw(false, x.rand(user, "call", n)))
			}
		}
		return out
	}
	a, b, other := ways(1), ways(1), ways(2)
	same, busy := 0, 0
	for i := range a {
		if fmt.Sprint(a[i]) != fmt.Sprint(b[i]) {
			t.Errorf("call %d goes as %+v, and again as %+v", i, a[i], b[i])
		}
		if fmt.Sprint(a[i]) == fmt.Sprint(other[i]) {
			same++
		}
		if i < 200 && a[i].End == Busy {
			busy++
		}
		if a[i].End == "" && (a[i].Ring < s || a[i].Ring >= 2*s) {
			t.Errorf("rings for %v", a[i].Ring)
		}
	}
	if same > 300 || busy < 100 || busy > 140 {
		t.Errorf("%d of 400 calls go alike with another seed; %d of 200 are busy, want about 120", same, busy)
	}
	c := telephones["a"]
	if w := c.draw(true, (&Switchboard{}).rand("a")); w.End != NoAnswer {
		t.Errorf("closed: %+v", w)
	}
}

func TestClosed(t *testing.T) {
	t.Parallel()
	var shut atomic.Bool
	shut.Store(true)
	far := open(t, Options{Sounds: &Sounds{}, Closed: func(user string) bool { return shut.Load() && user == "mairie" },
		Telephones: map[string]Conduct{"mairie": {Ways: []Way{{End: Busy}}, Closed: []Way{{End: Refused}}}}})
	for _, want := range []string{probes.ClassRejected, probes.ClassBusy} {
		if e := far.dial(far.uri("mairie"), phone.Options{}).last(probes.CallFailed); e.Detail["class"] != want {
			t.Errorf("%+v: %v", far.Truth(), e.Detail)
		}
		shut.Store(false)
	}
	if all := far.Truth(); !all[0].Closed || all[1].Closed {
		t.Errorf("%+v", all)
	}
}

func TestFaultsOfOptions(t *testing.T) {
	for want, o := range map[string]Options{"UDP: it is missing": {}, "User, Password: one is missing": {User: "x"}, "ways: there is none": {Telephones: map[string]Conduct{"a": {}}},
		`end: "lost" is none`: {Telephones: with(Way{End: "lost"})}, "steps: nobody picks up": {Telephones: with(Way{End: Busy, Steps: []Step{{Act: Beep}}})},
		"for: a queue has a length": {Telephones: with(Way{Steps: []Step{{Act: Queue}}})}, `act: "sing" is none`: {Telephones: with(Way{Steps: []Step{{Act: "sing"}}})}} {
		if _, err := New(o); err == nil || !bytes.Contains([]byte(err.Error()), []byte(want)) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestHoldMusicHasItsLength(t *testing.T) {
	r := (&Switchboard{}).rand("hold")
	for _, seconds := range []int{0, 1, 12, 100} {
		all := &Sounds{}
		if seconds > 0 {
			all.music = []Sound{{Name: "m", PCM: slices.Repeat([]int16{1000}, seconds*8000)}}
		}
		for _, length := range []time.Duration{s, 30 * s} {
			m := all.hold(length, r)
			if m.length() != length || seconds > 0 && slices.Contains(m.PCM, 0) {
				t.Errorf("%d s of music give %v for %v", seconds, m.length(), length)
			}
		}
	}
}

// Nobody says the same again before everybody has spoken, at each telephone in an order of its own.
func TestSomebodyElseSpeaksEachTime(t *testing.T) {
	s := &Switchboard{o: Options{Sounds: &Sounds{}}, spoken: map[string]int{}}
	for i := range 16 {
		s.o.Sounds.persons = append(s.o.Sounds.persons, Sound{Name: string(rune('a' + i))})
	}
	order := func(user string) (names string) {
		for range 16 {
			names += s.somebody(user).Name
		}
		return names
	}
	one, other := order("+33199001000"), order("+33199001001")
	for _, x := range s.o.Sounds.persons {
		if strings.Count(one, x.Name) != 1 {
			t.Errorf("%s speaks %d times in %s", x.Name, strings.Count(one, x.Name), one)
		}
	}
	if one == other || order("+33199001000") != one {
		t.Errorf("%s, %s", one, other)
	}
}

func TestMissingSoundsNameTheirPackage(t *testing.T) {
	if _, err := load(t.TempDir()); !errors.Is(err, ErrNoSounds) || !bytes.Contains([]byte(err.Error()), []byte("apt-get install sox asterisk-prompt-fr-armelle")) {
		t.Errorf("got %v", err)
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	one := func() {
		x, stop := start(t, Options{Sounds: &Sounds{}, Telephones: with(Way{Ring: 50 * ms})})
		ended := make(chan measured, 1)
		go func() { ended <- x.dial(x.uri("mairie"), phone.Options{}) }()
		x.until("acknowledged", func(c Call) bool { return !c.Acked.IsZero() })
		stop()
		(<-ended).last(probes.CallEnded)
		if c := x.Truth()[0]; c.EndedBy != ByClosing || c.LeftOffHook {
			t.Errorf("got %+v", c)
		}
	}
	one()
	before := runtime.NumGoroutine()
	for range 3 {
		one()
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(20 * ms)
	}
	var stacks bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
	t.Errorf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, &stacks)
}
