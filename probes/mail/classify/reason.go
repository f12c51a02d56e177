package classify

import (
	"strings"

	"github.com/sonde-fleet/sonde/probes/mail/message"
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
		r.Reason = reasonIn(book.scan(message.Fold(said)))
	}
	byStatus := reasonOfStatus(r.Status)
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
	r.Hard = hard(r)
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
	case "2.3", "3.4":
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
