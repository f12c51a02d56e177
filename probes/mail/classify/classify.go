// Package classify says what an incoming mail is, so that an automatic answer is never counted as a human one and a
// bounce never as silence: bounce, delay, receipt, automatic acknowledgement, absence, challenge, abuse report or human
// answer, with the failure's status and reason or the human answer's kind.
//
// It does not judge how good an answer is (package rate does), matches no mail to an audit, and keeps no state. Bounces
// are looked for before automatic answers, because almost half of all bounces carry Auto-Submitted. Where in doubt it
// says human: a person taken for a machine is worse than a machine taken for a person.
package classify

import (
	"strings"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/mail/message"
)

// Failure is what a report says of one recipient.
type Failure struct {
	Recipient string
	Action    string // of RFC 3464 §2.3.3; empty where the report is plain text
	Status    string // enhanced status code, RFC 3463; empty where the report has none
	ReplyCode string // three-digit SMTP reply, RFC 5321 §4.2
	Text      string // what the other side said, verbatim
}

// Result is what a mail is.
type Result struct {
	Class  string // one of probes.Class…
	Answer string // for a human answer: one of probes.Answer…
	// Status, ReplyCode, Reason and Recipient are those of the first failed recipient. Reason is in Sisimai's words.
	Status, ReplyCode, Reason string
	Hard                      bool // trying again later would be useless
	Recipient                 string
	Recipients                []Failure
	OriginalMessageID         string // Message-ID of our mail, as the report gives it
	EnvelopeID                string // ENVID of our mail, as the report gives it
	Language                  string // fr, en, de, nl, es, it; "" when unknown
	Confidence                float64
	Rules                     []string // every rule that took part
}

// rule adds the name of a rule that took part.
func (r *Result) rule(names ...string) {
	for _, n := range names {
		if n == "" {
			continue
		}
		found := false
		for _, have := range r.Rules {
			found = found || have == n
		}
		if !found {
			r.Rules = append(r.Rules, n)
		}
	}
}

// Classify decides what m is. The same mail always gives the same result.
func Classify(m *message.Message) Result {
	var r Result
	v := look(m)
	switch {
	case v.feedback(&r):
	case v.bounce(&r):
	case v.challenge(&r):
	case v.automatic(&r):
	default:
		v.human(&r)
	}
	v.original(&r)
	switch r.Class {
	case probes.ClassHuman, probes.ClassAutoAck, probes.ClassOutOfOffice, probes.ClassChallenge:
		r.Language = Language(m.Reply)
		if r.Language == "" {
			r.Language = Language(m.Header.Text("Subject") + " " + m.Text)
		}
	default:
		r.Language = Language(v.noticeRaw)
	}
	return r
}

// original notes what the report says about our mail.
func (v *view) original(r *Result) {
	m := v.m
	if m.Delivery != nil {
		r.EnvelopeID = m.Delivery.EnvelopeID
		r.OriginalMessageID = m.Delivery.MessageID
	}
	if m.Disposition != nil && r.OriginalMessageID == "" {
		r.OriginalMessageID = strings.TrimSpace(m.Disposition.OriginalMessageID)
	}
	if m.Returned != nil && r.OriginalMessageID == "" {
		r.OriginalMessageID = strings.TrimSpace(m.Returned.Header.Get("Message-Id"))
	}
	if r.OriginalMessageID == "" && r.Class != probes.ClassHuman {
		r.OriginalMessageID = messageIDIn(m.Text)
	}
	if r.OriginalMessageID == "" && r.Class != probes.ClassHuman {
		for _, name := range [...]string{"In-Reply-To", "X-MS-Exchange-Parent-Message-Id", "X-Original-Message-Id"} {
			if id := messageIDIn("message-id: " + m.Header.Get(name)); id != "" {
				r.OriginalMessageID = id
				break
			}
		}
	}
}

// messageIDIn finds "Message-ID: <…>" in running text.
func messageIDIn(s string) string {
	for s != "" {
		i := strings.Index(s, "-")
		if i < 0 {
			return ""
		}
		if i >= 7 && i+4 < len(s) && strings.EqualFold(s[i-7:i+3], "message-id") && s[i+3] == ':' {
			rest := strings.TrimLeft(s[i+4:], " \t\n")
			if strings.HasPrefix(rest, "<") {
				if j := strings.IndexAny(rest, "> \n"); j > 1 && j < 250 && rest[j] == '>' && strings.Contains(rest[:j], "@") {
					return rest[:j+1]
				}
			}
		}
		s = s[i+1:]
	}
	return ""
}
