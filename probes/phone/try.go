package phone

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone/media"
	"github.com/sonde-fleet/sonde/probes/phone/sip"
)

// deaf is how long an answered call may bring no packet before the line counts as dead.
const deaf = 30 * time.Second

// try is one call.
type try struct {
	c        *Channel
	a        probes.Audit
	number   Number
	agent    *sip.Agent
	record   func(probes.Event) error
	nth      int
	failures int // tries of the audit that found nobody
	mode     Mode
	mandate  string
	begun    time.Time
	call     *sip.Call
	stream   *media.Stream
	local    media.Local

	mu       sync.Mutex // what the stream's goroutine shares
	ear      Listener
	labels   []Label
	verdict  Verdict
	heard    chan struct{}
	track    *media.Track
	turn     turn
	answered time.Duration // since begun; 0: not yet

	dialled, ringing time.Duration // since begun
	provisional      map[int]int
	detail           map[string]string // facts of the end
	given            string            // why we gave up
	stopped          bool              // by the operator, or by a store that takes no more
	fault            error
}

func (t *try) run(ctx context.Context) (err error) {
	if t.c.direct() {
		if err := t.agent.Knock(ctx); errors.Is(err, sip.ErrRefused) {
			return t.failed(sip.Signal{At: time.Now(), Err: err})
		} else if err != nil {
			return fmt.Errorf("line: %w", err)
		}
	} else if err := t.agent.Ping(ctx); err != nil {
		return fmt.Errorf("line: %w", err)
	}
	t.heard, t.provisional = make(chan struct{}, 1), map[int]int{}
	t.begun = time.Now()
	if t.mode == Record {
		t.track = media.NewTrack(t.c.o.Ring + t.c.o.Max + time.Minute)
	}
	if t.stream, err = media.Listen(t.agent.Host(), t.begun, t.hear); err != nil {
		return err
	}
	closed := false
	shut := func() {
		if !closed {
			closed = true
			_ = t.stream.Close() // a socket that only reads
		}
	}
	defer shut()
	t.local = media.Local{Addr: netip.AddrPortFrom(t.agent.Host(), t.stream.Port()), Session: rand.Uint64() >> 2, Version: 1}
	if t.c.o.Line.Secure {
		if t.local.Key, err = t.stream.Secure(); err != nil {
			return err
		}
	}
	dialled := probes.Event{Kind: probes.CallDialled, At: t.begun, Detail: map[string]string{"number": t.number.Dial, "mode": string(t.mode),
		"ring_limit_ms": ms(t.c.o.Ring), "max_ms": ms(t.c.o.Max), "line": "direct"}}
	maps.Copy(dialled.Detail, t.agent.Left())
	if !t.c.direct() {
		dialled.Detail["line"] = "trunk"
	}
	if t.c.o.Mode != t.mode {
		dialled.Detail["asked"] = string(t.c.o.Mode)
	}
	if t.mandate != "" {
		dialled.Detail["mandate"] = t.mandate
	}
	if t.number.Plain {
		dialled.Observations = observe(nil, "phone.plain-rate", yes, "number kind")
	}
	if err := t.put(dialled); err != nil {
		return err
	}
	t.dialled = time.Since(t.begun)
	if t.call, err = t.agent.Invite(ctx, t.local.Offer(), t.renew); err != nil {
		return t.failed(sip.Signal{At: time.Now(), Err: err})
	}
	t.dialled = t.call.Sent().Sub(t.begun)
	last := t.follow(ctx)
	shut() // what is heard is heard
	if t.fault != nil {
		return t.fault
	}
	if last.Kind == sip.Failed {
		return t.failed(last)
	}
	return t.ended(ctx, last)
}

// follow watches the call up to its last signal.
func (t *try) follow(ctx context.Context) (last sip.Signal) {
	limit := time.NewTimer(t.c.o.Ring)
	defer limit.Stop()
	watch := time.NewTicker(time.Second)
	defer watch.Stop()
	stop := ctx.Done()
	note := func(err error) {
		if err != nil && t.fault == nil {
			t.fault = err
			t.giveUp("fault")
		}
	}
	for {
		select {
		case s, ok := <-t.call.Signals():
			if !ok {
				return last
			}
			switch last = s; s.Kind {
			case sip.Progress:
				t.provisional[s.Code]++
				_ = t.connect(s.Body) // told by the answer too
				if s.Code == 180 || s.Code == 183 {
					if t.ringing == 0 {
						limit.Reset(t.c.o.Ring)
						note(t.rings(s.At, strconv.Itoa(s.Code)))
					}
				}
			case sip.Answered:
				err := t.connect(s.Body)
				limit.Reset(t.c.o.Max)
				note(t.answers(s))
				if errors.Is(err, media.ErrClear) { // our line wants what the trunk does not do: the structure is not mute
					note(fmt.Errorf("line: %w", err))
				}
				if t.mode == Ring {
					t.giveUp("ring mode")
				}
			case sip.Renewed:
				t.detail["renewed"] = "yes"
			}
		case <-t.heard:
			t.mu.Lock()
			first, busy := time.Duration(0), false
			for _, l := range t.labels {
				if l.Kind == HeardRing && first == 0 {
					first = l.From
				}
				busy = busy || l.Kind == HeardBusy
			}
			t.mu.Unlock()
			if first > 0 && t.ringing == 0 && t.answered == 0 {
				note(t.rings(t.begun.Add(first), "tone"))
			}
			if busy && t.answered == 0 {
				t.giveUp("busy tone")
			}
		case <-limit.C:
			if t.answered > 0 {
				t.giveUp("limit")
			} else {
				t.giveUp("ring limit")
			}
		case <-watch.C:
			counts, _ := t.stream.Counts()
			if t.answered > 0 && t.stream.Remote().Sends() && time.Since(t.begun)-max(counts.Last, t.answered) > deaf {
				t.giveUp("dead line")
			}
		case <-stop:
			stop, t.stopped = nil, true
			t.giveUp("stopped")
		}
	}
}

// giveUp ends the call from our side.
func (t *try) giveUp(why string) {
	if t.given == "" {
		t.given = why
	}
	if t.answered > 0 {
		t.call.Hangup()
	} else {
		t.call.Cancel()
	}
}

// connect takes what the other side says of its sound.
func (t *try) connect(description []byte) error {
	if len(description) == 0 {
		return nil
	}
	r, err := media.Parse(description)
	if err == nil {
		err = t.stream.Connect(r)
	}
	if err != nil {
		t.mu.Lock()
		t.detail["sound"] = err.Error()
		t.mu.Unlock()
	}
	return err
}

// renew answers what the other side says of its sound within the call. It runs on a goroutine of the signalling.
func (t *try) renew(offer []byte) ([]byte, error) {
	if len(offer) == 0 { // it asks for ours
		return t.local.Offer(), nil
	}
	r, err := media.Parse(offer)
	if err != nil {
		return nil, err
	}
	if err := t.stream.Connect(r); err != nil {
		return nil, err
	}
	return t.local.Answer(r), nil
}

func (t *try) rings(at time.Time, by string) error {
	t.ringing = at.Sub(t.begun)
	delay := t.ringing - t.dialled
	return t.put(probes.Event{Kind: probes.CallRinging, At: at, Detail: map[string]string{"by": by, "pdd_ms": ms(delay)},
		Observations: number(nil, "phone.post-dial-delay", delay.Seconds(), "first "+by)})
}

func (t *try) answers(s sip.Signal) error {
	t.mu.Lock()
	t.answered = s.At.Sub(t.begun)
	rung := t.rung(t.answered)
	rings, how := t.count(HeardRing, t.answered), "ring tone"
	if t.mode == Ring {
		t.ear = nil // who picks up is not listened to
	}
	t.mu.Unlock()
	if rings == 0 {
		rings, how = cadence(rung), "5 s a ring"
	}
	e := probes.Event{Kind: probes.CallAnswered, At: s.At, Text: s.Reason, Detail: map[string]string{"code": strconv.Itoa(s.Code), "ring_ms": ms(rung),
		"rings": strconv.Itoa(rings), "answers": t.heardOf(), "codec": string(t.stream.Remote().Law)}}
	maps.Copy(e.Detail, t.call.Left())
	e.Observations = number(e.Observations, "phone.ring-time", rung.Seconds(), "180 to 200")
	e.Observations = number(e.Observations, "phone.rings", float64(rings), how)
	e.Observations = observe(e.Observations, "phone.busy", no, "answered")
	e.Observations = observe(e.Observations, "phone.congestion", no, "answered")
	e.Observations = observe(e.Observations, "phone.in-service", yes, "answered")
	if t.c.o.Line.Withheld {
		e.Observations = observe(e.Observations, "phone.withheld-number", yes, "answered")
	}
	return t.put(e)
}

// rung is how long it rang up to an instant.
func (t *try) rung(until time.Duration) time.Duration {
	if t.ringing == 0 {
		return 0
	}
	return max(0, until-t.ringing)
}

// heardOf lists the provisional answers: "100×1 180×1 182×14".
func (t *try) heardOf() string {
	var b []byte
	for _, code := range slices.Sorted(maps.Keys(t.provisional)) {
		if len(b) > 0 {
			b = append(b, ' ')
		}
		b = fmt.Appendf(b, "%d×%d", code, t.provisional[code])
	}
	return string(b)
}

// put records an event of this try.
func (t *try) put(e probes.Event) error {
	e.Observations = slices.DeleteFunc(e.Observations, func(o probes.Observation) bool {
		if t.a.Outside {
			return !outside[o.Item]
		}
		return o.Item == machineOutOfHours
	})
	e.Audit, e.Try = t.a.ID, t.nth
	e.Elapsed = e.At.Sub(t.begun)
	e.At = e.At.UTC()
	return t.record(e)
}

func ms(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
