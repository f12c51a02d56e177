package classify

import (
	"strings"

	"github.com/sonde-fleet/sonde/internal/fold"
	"github.com/sonde-fleet/sonde/probes"
)

// judge finds the reason of a bounce that was written for people.
func (v *view) judge(r *Result) {
	text := ""
	if len(r.Recipients) > 0 {
		text = r.Recipients[0].Text
	}
	v.judgeText(r, text)
}

// judgeText finds the reason: what the other side said is asked first, then the status, then the whole notice.
func (v *view) judgeText(r *Result, said string) {
	r.Reason = ""
	if strings.TrimSpace(said) != "" {
		r.Reason = reasonIn(book.scan(fold.Text(said)))
	}
	byStatus := reasonOfStatus(r.Status)
	if exact := exactStatus(r.Status); exact != "" && r.Reason != "mailboxfull" && r.Reason != "virusdetected" && r.Reason != "toomanyconn" && r.Reason != "spamdetected" {
		r.Reason = exact
	}
	if r.Reason == "userunknown" && v.acceptedFirst(r.Status, said) {
		r.Reason = "filtered"
	}
	switch {
	case r.Reason != "":
		r.rule("reason.said")
	case byStatus != "":
		r.Reason = byStatus
		r.rule("reason.status")
	default:
		if r.Reason = reasonIn(v.inNotice); r.Reason != "" {
			r.rule("reason.notice")
		} else if r.Reason = reasonIn(v.inSubject); r.Reason != "" {
			r.rule("reason.subject")
		} else {
			r.Reason = "undefined"
		}
	}
	if r.Class == probes.ClassDelay && (r.Reason == "undefined" || r.Reason == "onhold") {
		r.Reason = "expired"
	}
	r.Hard = hard(r)
}

// exactStatus returns the reason of the status codes that are never given for another, "" for the rest.
func exactStatus(status string) string {
	if len(status) < 5 {
		return ""
	}
	switch status[2:] {
	case "1.6":
		return "hasmoved"
	case "1.7", "1.8":
		return "rejected"
	case "2.3":
		return "exceedlimit" // the recipient's own limit, RFC 3463 §3.3
	case "3.2":
		return "notaccept"
	case "6.0":
		return "contenterror"
	case "7.13":
		return "suspend"
	case "7.25":
		return "requireptr"
	}
	if status == "5.4.1" {
		return "userunknown" // Exchange Online: directory-based edge blocking
	}
	return ""
}

// acceptedFirst says whether a server that speaks of an unknown user had taken the address before: the refusal came
// after the data, or the status says that the mailbox exists. It is a filter that speaks.
func (v *view) acceptedFirst(status, said string) bool {
	if len(status) >= 5 && status[1:] == ".1.1" {
		return false // "bad destination mailbox address" leaves no doubt
	}
	switch command(fold.Text(said), v.notice) {
	case "rcpt":
		return false
	case "data":
		return true
	}
	return len(status) >= 5 && (strings.HasPrefix(status[1:], ".2.") || strings.HasPrefix(status[1:], ".7."))
}

// command returns the SMTP command that was refused, rcpt or data, where a folded text names it as Postfix, Exim,
// Sendmail or Yahoo do; "" where it does not.
func command(texts ...string) string {
	for _, s := range texts {
		for _, c := range [...]struct{ phrase, command string }{
			{"in reply to rcpt", "rcpt"}, {"in reply to end of data", "data"}, {"in reply to data", "data"}, {"after rcpt to", "rcpt"},
			{"after end of data", "data"}, {"after data", "data"}, {"[rcpt_to]", "rcpt"}, {"rcpt command", "rcpt"}, {"data command", "data"},
			{"(state 14", "rcpt"}, {"(state 13", "rcpt"}, {"(state 17", "data"}, {"(state 18", "data"}} {
			if strings.Contains(s, c.phrase) {
				return c.command
			}
		}
		if i := strings.Index(s, "<<< 5"); i > 0 { // Sendmail's transcript: >>> what was said, <<< what came back
			switch j := strings.LastIndex(s[:i], ">>> "); {
			case j >= 0 && strings.HasPrefix(s[j+4:], "rcpt"):
				return "rcpt"
			case j >= 0 && strings.HasPrefix(s[j+4:], "data"):
				return "data"
			}
		}
	}
	return ""
}

// reasonIn returns the first reason, in the order of the rule file, whose phrases were found.
func reasonIn(h hits) string {
	name := strings.TrimPrefix(book.first(h, "reason."), "reason.")
	return strings.TrimRight(name, "0123456789")
}

// reasonOfStatus is what the status codes of RFC 3463 and its registry say by themselves.
func reasonOfStatus(status string) string {
	if len(status) < 5 {
		return ""
	}
	switch status[2:] {
	case "1.1", "1.0", "1.3", "1.5":
		return "userunknown"
	case "1.2", "1.10":
		return "hostunknown"
	case "1.6":
		return "hasmoved"
	case "1.7", "1.8", "1.9":
		return "rejected"
	case "2.1":
		return "suspend"
	case "2.2":
		return "mailboxfull"
	case "3.4":
		return "mesgtoobig"
	case "3.1":
		return "systemfull"
	case "3.2":
		return "notaccept"
	case "3.0", "3.5", "4.0", "4.3":
		return "systemerror"
	case "4.1", "4.2", "4.4", "4.6":
		return "networkerror"
	case "4.7":
		return "expired"
	case "4.5":
		return "systemfull"
	case "5.1", "5.2", "5.4":
		return "syntaxerror"
	case "5.3":
		return "toomanyconn"
	case "7.20", "7.21", "7.22", "7.23", "7.24", "7.26":
		return "authfailure"
	case "7.25":
		return "requireptr"
	case "7.8", "7.9", "7.11", "7.13":
		return "securityerror"
	case "7.1", "7.0":
		return "policyviolation"
	}
	return ""
}

// hard says whether a later try of the same mail would fail too: the addressee or his server does not exist.
func hard(r *Result) bool {
	switch r.Reason {
	case "userunknown", "hostunknown", "hasmoved":
		return true
	case "notaccept":
		return !strings.HasPrefix(r.Status, "4")
	}
	return false
}
