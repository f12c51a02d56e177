// Package review finds what an auditor must look at before a figure is believed, and says what became of it: flags with
// their figures, the verdicts that answer them, second readers, and the seeded sample of audits that two auditors rate
// blindly. It is pure: it reads outcomes, stores nothing and has no clock.
package review

import (
	"cmp"
	"slices"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// Kind names what is wrong or doubtful.
type Kind string

// The kinds of flags, each with the question that the auditor answers.
const (
	Disputed        Kind = "disputed"          // the structure objects: who is right?
	MissingEvidence Kind = "missing-evidence"  // the journal names bytes that are not there: can the figure stand?
	HashMismatch    Kind = "hash-mismatch"     // the bytes are not those that were recorded
	Contested       Kind = "contested"         // two auditors decided differently
	UnsureMatch     Kind = "unsure-match"      // a mail that may belong to another audit
	UnsureClass     Kind = "unsure-class"      // the machine was not sure what the answer is
	ForeignDomain   Kind = "foreign-domain"    // the answer came from a domain that is not the structure's
	TooFast         Kind = "too-fast"          // faster than a person can write, yet classed human
	SameAnswer      Kind = "identical-answers" // the same words to several personas: the structure may have spotted the audits
	Bounce          Kind = "bounce"            // the published address does not work: is it the published one?
	Contradiction   Kind = "contradiction"     // two channels say different things
	Outlier         Kind = "outlier"           // far from the structure's own history or from its peers
	FaultPattern    Kind = "fault-pattern"     // many at once on one prober or one persona's mailbox: rather ours than theirs
	ClockSkew       Kind = "clock-skew"        // a clock was off by more than the figures allow
	SiteBlocked     Kind = "site-blocked"      // the website keeps declared robots out
	ItemsDiffer     Kind = "items-differ"      // agent and auditor, or two auditors, see an item differently
	UnsurePerson    Kind = "unsure-person"     // it is not sure who or what answered the telephone: listen
	AfterMachine    Kind = "after-machine"     // a person is said to have spoken when a recording had hardly ended: rather the same recording
	HeardAgain      Kind = "heard-again"       // words that were taken for a person's were heard in another call: a recording
	NoRecording     Kind = "no-recording"      // the call was to be recorded, and there is no sound to hear
	NoRing          Kind = "no-ring"           // picked up before it rang: a diversion or a voice service, or our clock
	InDoubt         Kind = "in-doubt"          // it is not proven whether the contact was made
	SpoiledByUs     Kind = "spoiled"           // it left the denominator: is that right, and is another try wanted?
)

// Kinds lists the kinds in the order of the queue: what can make a published figure wrong comes first.
var Kinds = [...]Kind{Disputed, HashMismatch, MissingEvidence, Contested, UnsureMatch, SameAnswer, TooFast, UnsureClass, ForeignDomain,
	HeardAgain, UnsurePerson, AfterMachine, FaultPattern, Contradiction, ClockSkew, Bounce, NoRecording, NoRing, Outlier, ItemsDiffer, InDoubt, SiteBlocked, SpoiledByUs}

// Flag is one reason to look at one audit, with the figures that raised it. Durations are in milliseconds.
type Flag struct {
	Kind      Kind               `json:"kind"`
	Audit     probes.AuditID     `json:"audit"`
	Campaign  string             `json:"campaign"`
	Structure probes.StructureID `json:"structure"`
	Channel   probes.Channel     `json:"channel"`
	N         int                `json:"n,omitempty"`        // how many mails, answers, audits, pieces of evidence, items
	Of        int                `json:"of,omitempty"`       // of how many
	Delay     int64              `json:"delay_ms,omitempty"` // what was measured
	Usual     int64              `json:"usual_ms,omitempty"` // median of those it is compared with
	Share     float64            `json:"share,omitempty"`    // measured
	Expected  float64            `json:"expected,omitempty"` // share of those it is compared with
	P         float64            `json:"p,omitempty"`        // probability of so much by chance alone
	Z         float64            `json:"z,omitempty"`        // robust standard score
	Group     string             `json:"group,omitempty"`    // what it is compared with: own history, peers, a prober, a persona
	Text      string             `json:"text,omitempty"`     // what was seen: an address, a reason, item codes
	Want      string             `json:"want,omitempty"`     // what was expected there
	Others    []probes.AuditID   `json:"others,omitempty"`   // audits that share it, at most ten
	Mail      probes.Hash        `json:"mail,omitempty"`     // the mail it is about
	Gone      bool               `json:"gone,omitempty"`     // the decision took its cause away
	Open      bool               `json:"open"`               // waits for an auditor
	Second    bool               `json:"second,omitempty"`   // waits for the second reader
	Verdicts  []stats.Verdict    `json:"verdicts,omitempty"` // on this flag, the oldest first
}

// Faulty is what a look at the evidence of an audit found.
type Faulty struct{ Missing, Damaged int }

// About returns what a flag is about: of a contested one, what its readers see differently. A verdict is written on that.
func (f *Flag) About() Kind {
	if f.Kind == Contested {
		return Kind(f.Text)
	}
	return f.Kind
}

// Input is what the flags are found in.
type Input struct {
	Launches []probes.Launch
	Outcomes []stats.Outcome
	Evidence map[probes.AuditID]Faulty // of audits whose evidence is not whole
}

// Find returns every flag, open and answered, in the order of Kinds and then of the outcomes.
func Find(in Input) []Flag {
	f := &finder{in: in, second: map[string]bool{}}
	for i := range in.Launches {
		f.second[in.Launches[i].Campaign] = in.Launches[i].SecondReader
	}
	for i := range in.Outcomes {
		f.single(&in.Outcomes[i])
	}
	f.identical()
	f.outliers()
	f.patterns()
	f.gone()
	f.answered()
	place := map[Kind]int{}
	for i, k := range Kinds {
		place[k] = i
	}
	slices.SortStableFunc(f.flags, func(a, b Flag) int { return cmp.Compare(place[a.Kind], place[b.Kind]) })
	return f.flags
}

type finder struct {
	in     Input
	second map[string]bool // campaigns that want a second reader
	flags  []Flag
}

func (f *finder) add(o *stats.Outcome, flag Flag) {
	flag.Audit, flag.Campaign, flag.Structure, flag.Channel = o.ID, o.Campaign, o.Structure, o.Channel
	for _, v := range o.Verdicts {
		if v.Flag == string(flag.Kind) && (flag.Mail == "" || v.Mail == "" || v.Mail == flag.Mail) {
			flag.Verdicts = append(flag.Verdicts, v)
		}
	}
	f.flags = append(f.flags, flag)
}

// gone adds the flags whose cause a decision took away, so that the decision is seen beside the others: a bounce of an
// audit that was spoiled for it is no bounce any more.
func (f *finder) gone() {
	has := map[probes.AuditID][]Kind{}
	for i := range f.flags {
		if len(f.flags[i].Verdicts) > 0 {
			has[f.flags[i].Audit] = append(has[f.flags[i].Audit], f.flags[i].Kind)
		}
	}
	for i := range f.in.Outcomes {
		o := &f.in.Outcomes[i]
		for k := range o.Verdicts {
			kind := Kind(o.Verdicts[k].Flag)
			if !slices.Contains(has[o.ID], kind) && slices.Contains(Kinds[:], kind) {
				has[o.ID] = append(has[o.ID], kind)
				f.add(o, Flag{Kind: kind, Gone: true, Mail: o.Verdicts[k].Mail})
			}
		}
	}
}

// answered says of each flag whether it still waits, and adds those on which two auditors disagree.
func (f *finder) answered() {
	var contested []Flag
	for i := range f.flags {
		flag := &f.flags[i]
		switch n := len(flag.Verdicts); {
		case flag.Kind == Disputed:
			flag.Open = flag.N > 0
		case n == 0:
			flag.Open = true
		case !f.second[flag.Campaign]:
		case !twoReaders(flag.Verdicts):
			flag.Open, flag.Second = true, true
		case stats.Settled(flag.Verdicts) == nil:
			c := *flag
			c.Kind, c.Text, c.Open, c.Second = Contested, string(flag.Kind), true, false // a third reader settles it
			contested = append(contested, c)
		}
	}
	f.flags = append(f.flags, contested...)
}

func twoReaders(all []stats.Verdict) bool {
	return slices.ContainsFunc(all, func(v stats.Verdict) bool { return v.By != all[0].By })
}

// Count returns how many open flags there are of each kind.
func Count(flags []Flag) map[Kind]int {
	n := map[Kind]int{}
	for i := range flags {
		if flags[i].Open {
			n[flags[i].Kind]++
		}
	}
	return n
}
