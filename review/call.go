package review

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

const (
	// heard is how sure the agent must be of who answered for nobody to listen again.
	heard = 0.6
	// breath is how many milliseconds a person takes at least to come on the line once a recording has ended.
	breath = 1000
)

// call finds what is odd about a telephone audit that was made.
func (f *finder) call(o *stats.Outcome) {
	c := o.Call
	last := c.Last()
	if last == nil {
		return
	}
	if last.Class == probes.ClassWrongNumber {
		f.add(o, Flag{Kind: Bounce, Text: o.Reason, Want: o.Target})
	}
	if last.Class != stats.TryAnswered {
		return
	}
	switch listened := last.Mode != "ring"; {
	case c.Sure > 0 && c.Sure < heard:
		f.add(o, Flag{Kind: UnsurePerson, Share: c.Sure, Expected: heard, Text: c.First})
	case listened && o.Result == stats.PickedUp:
		f.add(o, Flag{Kind: UnsurePerson, Expected: heard})
	}
	if c.HeardAgain != "" {
		f.add(o, Flag{Kind: HeardAgain, Others: []probes.AuditID{c.HeardAgain}})
	}
	if gap, ok := afterMachine(c); ok && gap < breath && o.Result == stats.Reached {
		f.add(o, Flag{Kind: AfterMachine, Delay: gap, Usual: breath})
	}
	if last.Mode == "record" && !c.Recorded {
		f.add(o, Flag{Kind: NoRecording, Delay: c.Talk})
	}
	if c.Ring == 0 {
		f.add(o, Flag{Kind: NoRing, Delay: last.Delay, Want: o.Target})
	}
}

// afterMachine returns the time between the end of the words of a machine and a person's first word, where a machine spoke before.
func afterMachine(c *stats.Call) (gap int64, ok bool) {
	end := int64(-1)
	for _, h := range stats.HeardOf(c.Marks) {
		switch label := strings.ToLower(h.Label); label {
		case "human":
			return max(0, h.From-end), end >= 0
		case "machine", "recording", "ivr", "announcement", "voicemail":
			end = max(end, h.To)
		}
	}
	return 0, false
}

// ByEar says whether the flag is answered by listening to a call: a correction says whether a person spoke, and when.
func (f *Flag) ByEar() bool {
	return f.Channel == probes.Phone && slices.Contains([]Kind{UnsurePerson, AfterMachine, HeardAgain, NoRing, Outlier}, f.About())
}

// ErrHeard says that what an auditor heard cannot be read.
var ErrHeard = errors.New("say whether a person spoke (yes or no), and after how many seconds from the first ring, if it is known")

// Heard returns what an auditor heard in a call as the observations of a verdict: whether a person spoke, and after how many seconds
// from the first ring; an empty wait is not known.
func Heard(person, wait, by string) ([]probes.Observation, error) {
	value := probes.Value(strings.TrimSpace(person))
	wait = strings.Replace(strings.TrimSpace(wait), ",", ".", 1)
	if value != probes.Yes && value != probes.No || value == probes.No && wait != "" {
		return nil, ErrHeard
	}
	out := []probes.Observation{{Item: "phone.answered-by-person", Value: value, By: by}}
	if wait == "" {
		return out, nil
	}
	seconds, err := strconv.ParseFloat(wait, 64)
	if err != nil || !(seconds >= 0 && seconds <= 24*3600) {
		return nil, ErrHeard
	}
	seconds = math.Round(seconds*1000) / 1000
	return append(out, probes.Observation{Item: "phone.wait", Number: &seconds, By: by}), nil
}
