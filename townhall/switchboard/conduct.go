package switchboard

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"time"
)

// Conduct is how a telephone is answered. For each call one of its ways is drawn by their shares.
type Conduct struct {
	Name   string // of the structure
	Ways   []Way
	Closed []Way // out of opening hours; empty: the same as when it is open
}

// Way is one course that a call may take. Times are of the wall.
type Way struct {
	Name   string
	Share  float64       // against the other ways' shares; 0: 1
	Before time.Duration // from the INVITE to the first ring
	Ring   time.Duration // how long it rings
	Spread time.Duration // up to so much is added to Ring, as drawn
	Early  bool          // the ring tone is sent as sound (183), not told (180)
	End    End           // of a call that nobody picks up; empty: it is answered
	Steps  []Step        // what is heard of who picks up; after the last, silence until the caller hangs up
}

// End is how a call ends that nobody picks up.
type End string

// The ends of calls that nobody picks up.
const (
	Busy        End = "busy"
	NoAnswer    End = "no answer" // it rings until the caller gives up
	Races       End = "races"     // it rings until the caller gives up, and is picked up at that very moment
	WrongNumber End = "wrong number"
	Refused     End = "refused"
	Unreachable End = "unreachable"
	Congestion  End = "congestion"
)

// refusals are the final answers with the causes that a gateway to the public network adds (ITU-T Q.850), by which an end beyond a
// trunk is told from a fault of the trunk.
var refusals = map[End]struct {
	code, cause int
	reason      string
}{Busy: {486, 17, "Busy Here"}, WrongNumber: {404, 1, "Not Found"}, Refused: {603, 21, "Decline"}, Unreachable: {503, 27, "Service Unavailable"},
	Congestion: {503, 42, "Service Unavailable"}, NoAnswer: {480, 19, "Temporarily Unavailable"}}

// Act is what somebody or something does on the line.
type Act string

// What is done on the line.
const (
	Person   Act = "person"       // says a greeting of 1 to 4 s, then listens for For
	Menu     Act = "menu"         // says what the keys are for, waits For for a key, Times times
	Announce Act = "announcement" // says that it is closed, or the like
	Greeting Act = "greeting"     // of a voicemail
	Queue    Act = "queue"        // plays hold music for For, with an announcement each Every (0: none)
	Transfer Act = "transfer"     // rings the ring tone for For, until somebody else has it, or it is lost
	Beep     Act = "beep"
	Fax      Act = "fax"
	Wait     Act = "silence" // for For: dead air, a voicemail that records, a breath
	HangUp   Act = "hang up"
)

// Step is one act of a call that was answered.
type Step struct {
	Act   Act
	For   time.Duration
	Every time.Duration
	Keys  string // Menu: those that lead on; empty: any
	Times int    // Menu: how often it is said when no key comes; 0: once
}

// check names the faults of a conduct.
func (c *Conduct) check(user string) error {
	if len(c.Ways) == 0 {
		return fmt.Errorf("telephone %s: ways: there is none; Try: one way at least", user)
	}
	for i, w := range append(append([]Way{}, c.Ways...), c.Closed...) {
		if _, known := refusals[w.End]; !known && w.End != "" && w.End != Races {
			return fmt.Errorf("telephone %s: way %d: end: %q is none; Try: %q", user, i, w.End, Busy)
		}
		if w.End != "" && len(w.Steps) > 0 {
			return fmt.Errorf("telephone %s: way %d: steps: nobody picks up; Try: no end, or no steps", user, i)
		}
		for k, s := range w.Steps {
			switch s.Act {
			case Person, Menu, Announce, Greeting, Beep, Fax, Wait, HangUp:
			case Queue, Transfer:
				if s.For <= 0 {
					return fmt.Errorf("telephone %s: way %d: step %d: for: a %s has a length; Try: 5s", user, i, k, s.Act)
				}
			default:
				return fmt.Errorf("telephone %s: way %d: step %d: act: %q is none; Try: %q", user, i, k, s.Act, Person)
			}
		}
	}
	return nil
}

// rand draws from the seed and a name, such as a number and how many calls it had.
func (s *Switchboard) rand(what ...any) *rand.Rand {
	h := fnv.New64a()
	_, _ = fmt.Fprintln(h, what...)
	return rand.New(rand.NewPCG(uint64(s.o.Seed), h.Sum64()))
}

// draw chooses the way of a call.
func (c *Conduct) draw(closed bool, r *rand.Rand) Way {
	ways := c.Ways
	if closed && len(c.Closed) > 0 {
		ways = c.Closed
	}
	share := func(w Way) float64 {
		if w.Share == 0 {
			return 1
		}
		return w.Share
	}
	all := 0.0
	for _, w := range ways {
		all += share(w)
	}
	at, way := all*r.Float64(), ways[len(ways)-1]
	for _, w := range ways {
		if at -= share(w); at < 0 {
			way = w
			break
		}
	}
	if way.Spread > 0 {
		way.Ring += time.Duration(r.Int64N(int64(way.Spread)))
	}
	return way
}

// dialled is a number without what people write between its digits; a name stays as it is.
func dialled(user string) string {
	if strings.Trim(user, "+0123456789-.() ") != "" {
		return user
	}
	return strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, user)
}
