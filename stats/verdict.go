package stats

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/probes"
)

// Decision is what an auditor makes of a flag or of an item.
type Decision string

// The decisions. Confirm leaves the figure as it is; Correct changes what the machine made of a mail or of an item;
// Spoil takes the audit out of the denominator; Again asks the prober for another try of an audit that is spoiled.
const (
	Confirm Decision = "confirm"
	Correct Decision = "correct"
	Spoil   Decision = "spoil"
	Again   Decision = "again"
)

// Decisions lists them in the order of forms.
var Decisions = [...]Decision{Confirm, Correct, Spoil, Again}

// Verdict is an auditor's decision that stands: one that was withdrawn is in the journal and nowhere else.
type Verdict struct {
	N        uint64               `json:"n"` // its record in the collector's journal
	Flag     string               `json:"flag"`
	Decision Decision             `json:"verdict"`
	By       string               `json:"by"`
	At       time.Time            `json:"at"` // wall time
	Reason   string               `json:"reason,omitempty"`
	Mail     probes.Hash          `json:"mail,omitempty"`  // the mail that is corrected, by its bytes
	Class    string               `json:"class,omitempty"` // what it is
	Match    string               `json:"match,omitempty"` // yes: it belongs to the audit; no: it does not
	Items    []probes.Observation `json:"items,omitempty"` // as the auditor sees them
	First    string               `json:"first,omitempty"` // who or what answered the call first, as the auditor heard it
}

// Coding is one auditor's blind rating of the items of an audit.
type Coding struct {
	N     uint64               `json:"n"`
	By    string               `json:"by"`
	At    time.Time            `json:"at"`
	Items []probes.Observation `json:"items"`
}

// Dispute is what the structure's contact said of an audit, and what was answered.
type Dispute struct {
	N        uint64    `json:"n"`
	At       time.Time `json:"at"`
	Text     string    `json:"text"`
	Answered time.Time `json:"answered,omitzero"`
	Answer   string    `json:"answer,omitempty"`
	By       string    `json:"by,omitempty"` // who answered
	AnswerN  uint64    `json:"answer_n,omitempty"`
}

// Open says whether the dispute waits for an answer.
func (d *Dispute) Open() bool { return d.Answered.IsZero() }

// judged is what people said of an audit.
type judged struct {
	verdicts []Verdict
	codings  []Coding
	disputes []Dispute
}

// foreign is the class of a mail that an auditor found not to belong to the audit.
const foreign = "foreign"

// judge folds in what people said, and says whether the record was of that kind.
func (j *judged) judge(r *probes.Record) bool {
	x := r.Event
	switch x.Kind {
	case probes.ReviewVerdict:
		j.verdicts = append(j.verdicts, Verdict{N: r.N, Flag: x.Detail["flag"], Decision: Decision(x.Detail["verdict"]), By: x.Detail["by"],
			At: x.At, Reason: x.Text, Mail: probes.Hash(x.Detail["mail"]), Class: x.Detail["class"], Match: x.Detail["match"], Items: x.Observations, First: x.Detail["first"]})
	case probes.ReviewCoded:
		j.codings = slices.DeleteFunc(j.codings, func(c Coding) bool { return c.By == x.Detail["by"] }) // the newer one stands
		j.codings = append(j.codings, Coding{N: r.N, By: x.Detail["by"], At: x.At, Items: x.Observations})
	case probes.ReviewWithdrawn:
		of, _ := strconv.ParseUint(x.Detail["of"], 10, 64)
		j.verdicts = slices.DeleteFunc(j.verdicts, func(v Verdict) bool { return v.N == of })
		j.codings = slices.DeleteFunc(j.codings, func(c Coding) bool { return c.N == of })
	case probes.DisputeOpened:
		j.disputes = append(j.disputes, Dispute{N: r.N, At: x.At, Text: x.Text})
	case probes.DisputeAnswered:
		of, _ := strconv.ParseUint(x.Detail["of"], 10, 64)
		for i := range j.disputes {
			if d := &j.disputes[i]; d.N == of {
				d.Answered, d.Answer, d.By, d.AnswerN = x.At, x.Text, x.Detail["by"], r.N
			}
		}
	case probes.AccessRead, probes.OrderProposed, probes.OrderGiven, probes.OrderRefused:
	default:
		return false
	}
	return true
}

// Settled returns the verdict on one flag that two readers or more agree on, nil while none has more voices than every
// other. Each reader has one voice: the newest.
func Settled(all []Verdict) *Verdict {
	type choice struct {
		decision                   Decision
		class, match, items, first string
	}
	newest := map[string]int{}
	for i := range all {
		newest[all[i].By] = i
	}
	votes := map[choice]int{}
	most := 0
	var settled *Verdict
	for i := range all {
		v := &all[i]
		if newest[v.By] != i {
			continue
		}
		c := choice{v.Decision, v.Class, v.Match, itemsOf(v.Items), v.First}
		votes[c]++
		switch n := votes[c]; {
		case n > most:
			most, settled = n, v
		case n == most:
			settled = nil // as many for something else
		}
	}
	if most < 2 {
		return nil
	}
	return settled
}

// itemsOf writes what a verdict says of items, so that two can be compared.
func itemsOf(all []probes.Observation) string {
	var b strings.Builder
	for _, m := range MarksOf(all, nil) {
		b.WriteString(string(m.Item.Value()))
		b.WriteByte('=')
		b.WriteString(strconv.FormatFloat(m.Value, 'g', -1, 64))
		b.WriteByte(' ')
	}
	return b.String()
}

// standing returns the verdicts that act on the figures: where the campaign wants a second reader, those that two agree on;
// else the newest on each flag.
func (j *judged) standing(second bool) (act []*Verdict) {
	type subject struct {
		flag string
		mail probes.Hash
	}
	by := map[subject][]Verdict{}
	var order []subject
	for i := range j.verdicts {
		k := subject{j.verdicts[i].Flag, j.verdicts[i].Mail}
		if by[k] == nil {
			order = append(order, k)
		}
		by[k] = append(by[k], j.verdicts[i])
	}
	for _, k := range order {
		v := &by[k][len(by[k])-1]
		if second {
			v = Settled(by[k])
		}
		if v != nil {
			act = append(act, v)
		}
	}
	return act
}

// corrected returns the mail as the auditors see it: the newest verdict that speaks of it decides.
func corrected(m mail, act []*Verdict) mail {
	for _, v := range act {
		if v.Mail != "" && v.Mail == m.bytes && (v.Decision == Correct || v.Decision == Confirm) {
			switch v.Match {
			case "yes":
				m.sure = true
			case "no":
				m.sure, m.class = true, foreign
				continue
			}
			if v.Class != "" {
				m.class, m.confidence = v.Class, 1
			}
		}
	}
	return m
}

// spoiled returns the verdict that takes the audit out, nil when none does.
func spoiled(act []*Verdict) *Verdict {
	for _, v := range act {
		if v.Decision == Spoil {
			return v
		}
	}
	return nil
}
