package townhall

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"time"

	"github.com/sonde-fleet/sonde/probes"
)

// Conduct is how a structure treats its mail.
type Conduct struct {
	Name      string        // of the structure, for its signatures
	Refuse    bool          // the address does not exist: refused at RCPT
	Silent    float64       // share of mails that nobody answers
	Median    time.Duration // campaign time to a human answer
	Spread    float64       // standard deviation of the answer time's logarithm
	Ack       bool          // an automatic acknowledgement comes first
	OutOf     bool          // out-of-office comes first
	Bounce    bool          // accepted, then returned
	Delay     bool          // a delay notice comes first
	Challenge bool          // asks to prove that one is not a robot, and answers nobody who does not
	Foreign   bool          // answers from another address than the one written to
	Junk      bool          // answers end in the citizen's spam folder
	Receipts  bool          // confirms delivery when asked to
	Answers   []string      // kinds of human answers: answer, transferred, asks-more, refers
}

// Step is one mail that comes back.
type Step struct {
	Class, Answer string
	After         time.Duration // campaign time since the message was taken
	Junk, Foreign bool
	Name          string
}

// steps draws what comes back for one message.
func (c Conduct) steps(r *rand.Rand, receiptAsked bool) []Step {
	var out []Step
	add := func(class, answer string, after time.Duration) {
		out = append(out, Step{Class: class, Answer: answer, After: after, Junk: c.Junk, Name: c.Name,
			Foreign: c.Foreign && class == probes.ClassHuman})
	}
	// Machines are quick: between one and ten minutes of campaign time.
	machine := func() time.Duration { return time.Minute + time.Duration(r.Int64N(int64(9*time.Minute))) }
	if c.Receipts && receiptAsked {
		add(probes.ClassReceipt, "", machine())
	}
	switch {
	case c.Bounce:
		if c.Delay {
			add(probes.ClassDelay, "", 4*time.Hour+machine())
			add(probes.ClassBounce, "", 5*24*time.Hour+machine())
			return out
		}
		add(probes.ClassBounce, "", machine())
		return out
	case c.Challenge:
		add(probes.ClassChallenge, "", machine())
		return out
	}
	if c.Delay {
		add(probes.ClassDelay, "", 4*time.Hour+machine())
	}
	if c.Ack {
		add(probes.ClassAutoAck, "", machine())
	}
	if c.OutOf {
		add(probes.ClassOutOfOffice, "", machine())
	}
	if r.Float64() < c.Silent || c.Median == 0 {
		return out
	}
	// Log-normal, the usual shape of answer times; never quicker than a person can write.
	after := time.Duration(float64(c.Median) * math.Exp(c.Spread*r.NormFloat64()))
	after = max(after, 20*time.Minute)
	answer := probes.AnswerGiven
	if len(c.Answers) > 0 {
		answer = c.Answers[r.IntN(len(c.Answers))]
	}
	add(probes.ClassHuman, answer, after)
	return out
}

// rand draws from the town's seed and the message, so that a replayed campaign meets the same town.
func (t *Town) rand(what string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(what))
	return rand.New(rand.NewPCG(uint64(t.o.Seed), h.Sum64()))
}
