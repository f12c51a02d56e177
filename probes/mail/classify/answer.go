package classify

import (
	"strings"

	"github.com/sonde-fleet/sonde/probes"
)

// Sections of rules/answer.txt.
var (
	answerTransfer  = book.rule("answer.transfer")
	answerAsks      = book.rule("answer.asks")
	answerRefers    = book.rule("answer.refers")
	answerSubstance = book.rule("answer.substance") // words that announce an answer
	answerFacts     = book.rule("answer.facts")     // hours, prices: an acknowledgement may hold them too
)

// human says what a person's answer does. An answer that gives facts is an answer even where it also names a contact;
// one that only passes us on is not.
func (v *view) human(r *Result) {
	r.Class, r.Confidence = probes.ClassHuman, 0.9
	if v.null || v.daemon || v.auto != "" {
		r.Confidence = 0.55
		r.rule("human.by-default")
	} else {
		r.rule("human")
	}
	t := v.inReply
	facts := v.factSigns()
	switch {
	case t.has(answerTransfer) && facts < 3:
		r.Answer = probes.AnswerTransferred
		r.rule("answer.transfer")
	case t.has(answerAsks) && facts < 2:
		r.Answer = probes.AnswerAsksMore
		r.rule("answer.asks")
	case t.has(answerRefers) && facts < 2:
		r.Answer = probes.AnswerRefers
		r.rule("answer.refers")
	default:
		r.Answer = probes.AnswerGiven
		if t.has(answerSubstance) {
			r.rule("answer.substance")
		}
		if t.has(answerFacts) {
			r.rule("answer.facts")
		}
	}
}

// factSigns counts the kinds of facts in an answer: wording of substance, an hour, a price, a list of items.
func (v *view) factSigns() int {
	n := 0
	if v.inReply.has(answerSubstance) || v.inReply.has(answerFacts) {
		n++
	}
	if strings.Contains(v.reply, "€") || strings.Contains(v.reply, " euro") {
		n++
	}
	if hasHour(v.reply) {
		n++
	}
	raw := cut(v.m.Reply, maxScan)
	if strings.Count(raw, "\n- ")+strings.Count(raw, "\n* ")+strings.Count(raw, "\n• ") >= 2 {
		n++
	}
	return n
}

// hasHour finds "8h30", "8 h", "8:30" and "17 uhr".
func hasHour(s string) bool {
	for i := 1; i+1 < len(s); i++ {
		if !digit(s[i-1]) {
			continue
		}
		if s[i] == 'h' && !(s[i+1] >= 'a' && s[i+1] <= 'z') || s[i] == ':' && digit(s[i+1]) && i+2 < len(s) && digit(s[i+2]) {
			return true
		}
		if s[i] == ' ' && (strings.HasPrefix(s[i:], " h ") || strings.HasPrefix(s[i:], " uhr") || strings.HasPrefix(s[i:], " heures")) {
			return true
		}
	}
	return false
}
