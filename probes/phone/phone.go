// Package phone is the telephone channel: it calls a structure as a citizen would, measures how long it rings, who ends the
// call and how, and hands what is heard to a listener. It says nothing, keeps nothing that was not allowed, and never
// calls twice by itself.
//
// A try goes through these steps:
//
//  1. The contact passes the gate: emergency, short and premium numbers are refused whatever the directory says.
//  2. A port is opened. A trunk is asked whether it is there: what fails here is ours. A closed port of the callee is theirs.
//  3. call.dialled is recorded, then the INVITE leaves; call.ringing at the first 180, 183 or ring tone.
//  4. call.failed with its class, or call.answered and, at the end, call.ended with what was measured. A call that got no
//     further than our own line is a probe.fault with "reached": "no".
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
	// Listen makes the ear of one call; nil: nobody listens.
	Listen func(probes.Audit) Listener
	// Mandate returns the reference of the structure's agreement to being recorded; empty, or no function: there is none.
	Mandate func(probes.StructureID) string
	// Try returns how many tries the audit has had; nil: none.
	Try func(probes.AuditID) int
}

// Channel is the probe of the telephone channel.
type Channel struct{ o Options }

// New makes the channel; it opens nothing.
func New(o Options) *Channel {
	o.Region = cmp.Or(o.Region, "FR")
	o.Mode = cmp.Or(o.Mode, Measure)
	o.Ring = cmp.Or(o.Ring, time.Minute)
	o.Max = cmp.Or(o.Max, 2*time.Minute)
	return &Channel{o: o}
}

// Run makes one call.
func (c *Channel) Run(ctx context.Context, a probes.Audit, record func(probes.Event) error) error {
	number, err := Allow(a.Target, c.o.Region)
	if err != nil {
		return err
	}
	agent, err := sip.Open(ctx, c.o.Line, number.Dial)
	if err != nil {
		return fmt.Errorf("line: %w", err)
	}
	defer agent.Close()
	t := &try{c: c, a: a, number: number, agent: agent, record: record, nth: 1, mode: c.o.Mode, begun: time.Now(), detail: map[string]string{}}
	if c.o.Try != nil {
		t.nth = 1 + c.o.Try(a.ID)
	}
	if t.mode == Record {
		if c.o.Mandate != nil {
			t.mandate = c.o.Mandate(a.Structure)
		}
		if t.mandate == "" {
			t.mode = Measure
		}
	}
	if c.o.Listen != nil {
		t.ear = c.o.Listen(a)
	}
	return t.run(ctx)
}

// direct says whether the callee's own server is called, and no trunk between.
func (c *Channel) direct() bool { return c.o.Line.Server == "" }
