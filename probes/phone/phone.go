// Package phone is the telephone channel: it calls a structure as a citizen would, measures how long it rings, who ends the
// call and how, and hands what is heard to a listener. It says nothing but the question of a scenario, keeps nothing that was not
// allowed, and never calls twice by itself.
//
// A try goes through these steps:
//
//  1. The contact passes the gate: emergency, short and premium numbers are refused whatever the directory says.
//  2. A port is opened. A trunk is asked whether it is there: what fails here is ours. A closed port of the callee is theirs.
//  3. call.dialled is recorded, then the INVITE leaves; call.ringing at the first 180, 183 or ring tone.
//  4. call.failed with its class, or call.answered and, at the end, call.ended with what was measured. A call that got no
//     further than our own line is an error that is probes.ErrNotReached.
//
// A process that dies leaves a call of which call.dialled is recorded. At the next start that call is ended, never made again.
package phone

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone/sip"
)

// Mode says how far a call goes.
type Mode string

// How far a call goes.
const (
	Ring    Mode = "ring"    // hangs up when it is answered
	Measure Mode = "measure" // listens, keeps no sound
	Record  Mode = "record"  // keeps the sound as evidence, where a mandate allows it
)

// Options is everything that the channel is built from.
type Options struct {
	Line   sip.Line
	Region string // of numbers that are written without a country; empty: FR
	Mode   Mode   // empty: measure
	Ring   time.Duration
	Max    time.Duration // of an answered call
	// Script is what our side does in a call of a scenario; nil: nothing.
	Script func(scenario string) Script
	// Memory is what was heard in other calls; nil: nothing.
	Memory *Memory
	// Listen makes the ear of one call; nil: an Ear that has the memory.
	Listen func(probes.Audit) Listener
	// Transcribe writes down what was said in a recording, WAV of 8 kHz; nil: nobody does.
	Transcribe func(ctx context.Context, wav []byte) (string, error)
	// Keep is how long a recording is kept before its bytes are deleted; 0: 30 days.
	Keep time.Duration
	// Caller returns the number that a persona calls from; empty, or no function: that of the line.
	Caller func(persona string) string
	// Mandate returns the reference of the structure's agreement to being recorded; empty, or no function: there is none.
	Mandate func(probes.StructureID) string
	// State is what is known of an audit; nil: nothing, and each call is the first.
	State func(probes.AuditID) (probes.State, bool)
	// Again returns the campaign instant of another try when so many calls of the audit found nobody; zero, or no function:
	// there is none.
	Again func(a probes.Audit, failed int) time.Time
}

// Channel is the probe of the telephone channel.
type Channel struct{ o Options }

// New makes the channel; it opens nothing.
func New(o Options) *Channel {
	o.Region = cmp.Or(o.Region, "FR")
	o.Mode = cmp.Or(o.Mode, Measure)
	o.Ring = cmp.Or(o.Ring, time.Minute)
	o.Max = cmp.Or(o.Max, 2*time.Minute)
	o.Keep = cmp.Or(o.Keep, 30*24*time.Hour)
	if o.Listen == nil {
		o.Listen = o.Memory.Ear
	}
	return &Channel{o: o}
}

// Run makes one call, or ends the one that a process that died has left.
func (c *Channel) Run(ctx context.Context, a probes.Audit, record func(probes.Event) error) error {
	number, err := Allow(a.Target, c.o.Region)
	if err != nil {
		return err
	}
	line := c.o.Line
	if c.o.Caller != nil {
		line.From = cmp.Or(c.o.Caller(a.Persona), line.From)
	}
	var st probes.State
	if c.o.State != nil {
		st, _ = c.o.State(a.ID)
	}
	var script Script
	if c.o.Script != nil {
		script = c.o.Script(a.Scenario)
	}
	if script.ByHand && st.Status != probes.Sending {
		return record(probes.Event{Audit: a.ID, Kind: probes.CallByHand, Try: st.Try + 1, At: time.Now().UTC(), Text: script.Ask,
			Detail: map[string]string{"number": number.Dial, "from": line.From}})
	}
	agent, err := sip.Open(ctx, line, number.Dial)
	if st.Status == probes.Sending {
		return c.release(ctx, st, agent, err, record)
	}
	if err != nil {
		return fmt.Errorf("line: %w", err)
	}
	defer agent.Close()
	t := &try{c: c, a: a, number: number, agent: agent, record: record, nth: st.Try + 1, failures: st.Failed, mode: c.o.Mode, begun: time.Now(), detail: map[string]string{}}
	if t.mode == Record {
		if c.o.Mandate != nil {
			t.mandate = c.o.Mandate(a.Structure)
		}
		if t.mandate == "" {
			t.mode = Measure
		}
	}
	t.ear = c.o.Listen(a)
	t.turn.script = script
	return t.run(ctx)
}

// release ends the call that a process that died has left, and says that it was spoiled by us: nobody knows what was heard. Where
// the line is gone too, the callee's session timer ends it (RFC 4028).
func (c *Channel) release(ctx context.Context, st probes.State, agent *sip.Agent, err error, record func(probes.Event) error) error {
	e := probes.Event{Audit: st.Audit.ID, Kind: probes.ProbeFault, Try: st.Try, Fault: probes.Ours, Text: "the prober stopped in the middle of the call",
		Detail: map[string]string{"reached": "perhaps", "crash": "yes"}}
	if st.Detail["sip_to"] != "" {
		e.Detail["reached"] = "yes"
	}
	if st.Failed > 0 {
		e.Detail["stands"] = "yes"
	}
	if err == nil {
		defer agent.Close()
		e.Detail["released"], err = agent.Release(ctx, sip.Left(st.Detail))
	}
	if err != nil {
		e.Detail["released"] = "no: " + err.Error()
	}
	e.At = time.Now().UTC()
	return record(e)
}

// direct says whether the callee's own server is called, and no trunk between.
func (c *Channel) direct() bool { return c.o.Line.Server == "" }
