package classify

import (
	"strings"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/mail/message"
)

// feedback finds abuse reports (RFC 5965), also those whose machine part is only text.
func (v *view) feedback(r *Result) bool {
	switch {
	case v.m.Feedback != nil && v.m.Feedback.Type != "":
		r.rule("feedback.part")
	case v.report == "feedback-report":
		r.rule("feedback.report-type")
	case v.m.Header.Has("X-HmXmrOriginalRecipient") || v.m.Header.Get("X-Loop") == "scomp" || strings.EqualFold(v.m.Header.Get("X-Apple-Unsubscribe"), "true"):
		r.rule("feedback.header")
	case strings.HasPrefix(v.subject, "complaint about message from"):
		r.rule("feedback.subject")
	default:
		return false
	}
	r.Class, r.Reason, r.Confidence = probes.ClassFeedback, "feedback", 0.99
	if v.m.Feedback != nil && len(v.m.Feedback.OriginalRecipients) > 0 {
		r.Recipient = v.m.Feedback.OriginalRecipients[0]
	}
	return true
}

// bounce finds reports about the fate of our mail: failed, delayed, delivered.
func (v *view) bounce(r *Result) bool {
	if v.delivery(r) || v.disposition(r) || v.notified(r) {
		return true
	}
	return v.noticed(r)
}

// bounceTopic says whether the subject, taken without answer marks, begins as systems title their reports.
func (v *view) bounceTopic() bool {
	at := v.inSubject[bounceSubject]
	return at > 0
}

// noticed finds bounces that are written for people: the mail must come from a machine and say that it failed, or name
// the recipients in a header that only mail systems write.
func (v *view) noticed(r *Result) bool {
	titled := v.bounceTopic()
	says := v.inNotice.has(bounceText)
	machine := v.daemon || v.null || v.failed != "" || v.report == "delivery-status"
	if v.list && !v.daemon && v.failed == "" {
		machine = false
	}
	service := false // a mail service that is no daemon by name
	early := says && v.inNotice[bounceText] < 1500
	rep := findReply(v.noticeRaw)
	evidence := 0
	add := func(n int, name string) {
		evidence += n
		r.rule(name)
	}
	if v.failed != "" {
		add(4, "bounce.failed-recipients")
	}
	if v.daemon {
		add(2, "bounce.daemon")
	} else if noReply(v.from.Address) && early && v.carriesMail() {
		machine, service = true, true
		add(3, "bounce.no-reply-address")
	}
	if v.inNotice.has(listReject) && v.listServer() && !v.inNotice.has(heldText) {
		machine, service = true, true
		add(4, "bounce.list-server")
		says = true
	}
	if v.null {
		add(1, "bounce.null-sender")
	}
	if v.report == "delivery-status" {
		add(2, "bounce.report")
	}
	if titled {
		add(2, "bounce.subject")
	}
	if early {
		add(2, "bounce.text")
	} else if says {
		add(1, "bounce.text")
	}
	late := v.daemon && (v.inNotice.has(bounceDelay) || v.inSubject.has(bounceDelay))
	if late {
		add(2, "bounce.delay")
	}
	if rep.code != "" || rep.status != "" {
		add(1, "bounce.smtp-reply")
	}
	if v.m.Returned != nil && machine {
		add(1, "bounce.returned")
	}
	found := false
	switch {
	case machine:
		// An absence notice has the null sender too and may say "cannot be delivered": two kinds of proof are asked for.
		found = evidence >= 4 && (titled || says || late || rep.code != "" || rep.status != "" || v.failed != "")
		if found && !v.daemon && !service && v.failed == "" && v.report == "" {
			// The null sender alone: absence notices have it, and answers of some webmails.
			proof := rep.code != "" || rep.status != "" || v.m.Returned != nil || v.auto != ""
			found = proof && !v.absence() && v.subject == v.topic
		}
	case v.list || v.subject != v.topic:
		// A discussion about bounces.
	case titled && early && (rep.code != "" || rep.status != "" || v.m.Returned != nil || v.auto != ""):
		found = startsTitled(v) || v.auto != ""
	case early && strings.HasPrefix(v.m.Notice, v.m.Reply) && unmistakable(v.subject):
		r.rule("bounce.title")
		found = true
	}
	if !found {
		r.Rules = r.Rules[:0]
		return false
	}
	v.fillFromText(r, rep)
	if v.delayed(r) {
		r.Class, r.Confidence = probes.ClassDelay, 0.9
		r.rule("bounce.delay")
		v.judge(r)
		return true
	}
	if v.delivered(rep) {
		r.Class, r.Confidence, r.Reason = probes.ClassReceipt, 0.85, "delivered"
		r.rule("receipt.text")
		return true
	}
	r.Class = probes.ClassBounce
	r.Confidence = min(0.99, 0.6+0.06*float64(evidence))
	v.judge(r)
	return true
}

// carriesMail says whether a mail is given back or attached.
func (v *view) carriesMail() bool {
	for i := range v.m.Parts {
		if r := v.m.Parts[i].Role; r == message.RoleReturned || r == message.RoleAttached {
			return true
		}
	}
	return v.m.Returned != nil
}

// titles are whole beginnings of subjects that mail systems write and people do not.
var titles = [...]string{"undeliverable:", "undeliverable mail", "undeliverable message", "undelivered mail", "returned mail", "mail delivery failed",
	"mail delivery failure", "delivery status notification", "failure notice", "nondeliverable mail", "non-deliverable", "message undeliverable",
	"undelivered message", "message delivery failure", "mail system error", "delivery failure:", "delivery failure (", "delivery failed:", "non remis :", "non remis:",
	"echec de la remise", "unzustellbar:", "onbestelbaar:", "no se puede entregar:", "mancato recapito:", "warning: could not send", "warning: message", "mail failure",
	"notification d'etat de remise", "avis de non-remise", "rapport de non-remise"}

func unmistakable(subject string) bool {
	for _, t := range titles {
		if strings.HasPrefix(subject, t) {
			return true
		}
	}
	return false
}

// listServer says whether a mailing-list program wrote the mail.
func (v *view) listServer() bool {
	h := v.m.Header
	if !h.Has("X-MLServer") && !h.Has("X-Mailman-Version") && !h.Has("List-Id") && !h.Has("Mailing-List") && !v.null {
		return false
	}
	local, _, _ := strings.Cut(strings.ToLower(v.from.Address), "@")
	return strings.HasSuffix(local, "-bounces") || strings.HasSuffix(local, "-owner") || strings.HasSuffix(local, "-request") ||
		strings.HasPrefix(local, "owner-") || strings.HasSuffix(local, "-admin") || strings.HasSuffix(local, "-help")
}

// startsTitled says whether the title stands at the start of the subject: "Undeliverable: …", not "… undeliverable".
func startsTitled(v *view) bool {
	return v.inSubject[bounceSubject] > 0 && int(v.inSubject[bounceSubject]) < 60
}

// absence says whether the text is that of an automatic answer rather than of a mail system.
func (v *view) absence() bool {
	return v.inReply.has(oooState) || v.inSubject.has(oooSubject) || v.inReply.has(ackText) || v.inSubject.has(ackSubject)
}

// delayed says whether a notice without action fields tells of a delay only.
func (v *view) delayed(r *Result) bool {
	if strings.HasPrefix(r.Status, "5") || v.inNotice.has(bounceFinal) {
		return false
	}
	return v.inNotice.has(bounceDelay) || v.inSubject.has(bounceDelay)
}

// delivered says whether a notice without action fields tells of success.
func (v *view) delivered(rep reply) bool {
	return rep.code == "" && rep.status == "" && !v.inNotice.has(bounceText) &&
		(v.inNotice.has(receiptText) || v.inSubject.has(receiptSubject))
}

// fillFromText takes status, code and recipients from the words of a notice.
func (v *view) fillFromText(r *Result, rep reply) {
	f := Failure{Status: rep.status, ReplyCode: rep.code}
	if rep.code != "" || rep.status != "" {
		f.Text = lineAt(v.noticeRaw, rep.at)
	}
	if v.failed != "" {
		f.Recipient, _ = addressIn(v.failed)
	}
	if f.Recipient == "" {
		f.Recipient = v.failedAddress()
	}
	r.Recipients = []Failure{f}
	r.Status, r.ReplyCode, r.Recipient = f.Status, f.ReplyCode, f.Recipient
}

// failedAddress is the first address in the notice that is not our own.
func (v *view) failedAddress() string {
	own := map[string]bool{}
	for _, a := range v.m.To() {
		own[strings.ToLower(a.Address)] = true
	}
	s := v.noticeRaw
	fallback := ""
	for range 30 {
		a, end := addressIn(s)
		if end < 0 {
			break
		}
		if low := strings.ToLower(a); !own[low] && !strings.HasPrefix(low, "postmaster@") && !strings.HasPrefix(low, "mailer-daemon@") {
			return a
		}
		if fallback == "" {
			fallback = a
		}
		s = s[end:]
	}
	if v.m.Returned != nil {
		if to := v.m.Returned.To(); len(to) > 0 {
			return to[0].Address
		}
	}
	return ""
}

// lineAt returns the paragraph from the line that holds s[i] on, shortened.
func lineAt(s string, i int) string {
	start := strings.LastIndexByte(s[:i], '\n') + 1
	if i-start > 120 { // a long introduction is not what the other side said
		start = i
	}
	rest := s[start:]
	if j := strings.Index(rest, "\n\n"); j >= 0 {
		rest = rest[:j]
	}
	return cut(strings.Join(strings.Fields(cut(rest, 2000)), " "), 500)
}
