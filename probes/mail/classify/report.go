package classify

import (
	"strings"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/mail/message"
)

// delivery judges by the machine-readable fields of a delivery report (RFC 3464).
func (v *view) delivery(r *Result) bool {
	d := v.m.Delivery
	if d == nil || len(d.Recipients) == 0 {
		return false
	}
	// A person may paste or forward the fields of a report: they count only in a mail that a machine made.
	if (d.InText || v.report == "") && !v.daemon && !v.null && v.failed == "" && v.report != "delivery-status" &&
		(!v.bounceTopic() || v.subject != v.topic) {
		return false
	}
	if d.InText && !v.daemon && v.failed == "" && v.report == "" && (v.subject != v.topic || !strings.Contains(v.reply, "-recipient:")) {
		return false // quoted by someone whose server uses the null sender
	}
	r.rule("dsn.fields")
	main, rank := 0, -1
	for i := range d.Recipients {
		f := failureOf(&d.Recipients[i])
		if len(r.Recipients) < 50 {
			r.Recipients = append(r.Recipients, f)
		}
		if n := rankOf(f); n > rank && i < 50 {
			main, rank = i, n
		}
	}
	f, rs := r.Recipients[main], &d.Recipients[main]
	v.completeFromText(&f)
	r.Recipients[main] = f
	r.Status, r.ReplyCode, r.Recipient = f.Status, f.ReplyCode, f.Recipient
	r.Confidence = 0.99
	switch {
	case f.Action == "delayed":
		r.rule("dsn.delayed")
		r.Class = probes.ClassDelay
	case rank == rankDone && (f.Action != "" || strings.HasPrefix(f.Status, "2")):
		r.rule("dsn." + f.Action)
		r.Class, r.Reason = probes.ClassReceipt, "delivered"
		if !v.daemon && !v.null && !v.inNotice.has(receiptText) && !v.inSubject.has(receiptSubject) && !v.bounceTopic() {
			// Responders that answer in the form of a report: the text is an acknowledgement for a person.
			r.rule("dsn.responder")
			r.Class, r.Reason, r.Status, r.Confidence = probes.ClassAutoAck, "", "", 0.85
			r.Recipients = nil
		}
		return true
	case f.Action == "" && v.delayed(r):
		r.rule("bounce.delay")
		r.Class = probes.ClassDelay
	default:
		r.rule("dsn.failed")
		r.Class = probes.ClassBounce
	}
	v.judgeText(r, f.Text+"\n"+commentsOf(rs))
	return true
}

const (
	rankDone = iota
	rankUnknown
	rankDelayed
	rankFailed
)

// rankOf puts the recipient that matters most first: failed before delayed before delivered.
func rankOf(f Failure) int {
	switch f.Action {
	case "failed", "failure", "fail":
		return rankFailed
	case "delayed":
		return rankDelayed
	case "delivered", "relayed", "expanded", "deliverable":
		return rankDone
	}
	switch {
	case strings.HasPrefix(f.Status, "5"):
		return rankFailed
	case strings.HasPrefix(f.Status, "2"):
		return rankDone
	}
	return rankUnknown
}

func failureOf(rs *message.RecipientStatus) Failure {
	f := Failure{Recipient: rs.Final, Action: rs.Action, Status: rs.Status, Text: cut(rs.Diagnostic, 1000)}
	if rs.Original != "" && (!strings.Contains(f.Recipient, "@") || rs.Final == "") {
		f.Recipient = rs.Original
	}
	rep := findReply(rs.Diagnostic)
	f.ReplyCode = rep.code
	if rep.status != "" && (vague(f.Status) || rep.code != "") && !vague(rep.status) {
		// What the remote server said is more exact than what our side's server made of it.
		f.Status = rep.status
	}
	if rankOf(f) == rankDone && f.ReplyCode == "" {
		f.ReplyCode, _ = success(rs.Diagnostic)
	}
	return f
}

// vague says whether a status says no more than its class (RFC 3463 §3.1: X.0.0).
func vague(status string) bool {
	return status == "" || strings.HasSuffix(status, ".0.0")
}

// completeFromText takes from the notice what the fields leave out.
func (v *view) completeFromText(f *Failure) {
	if f.ReplyCode != "" && !vague(f.Status) || f.Action != "" && rankOf(*f) == rankDone {
		return
	}
	rep := findReply(v.noticeRaw)
	if f.Status != "" && rep.status != "" && rep.status[0] != f.Status[0] || f.Status != "" && rep.code != "" && rep.code[0] != f.Status[0] {
		return
	}
	if f.ReplyCode == "" {
		f.ReplyCode = rep.code
	}
	if vague(f.Status) && rep.status != "" {
		f.Status = rep.status
	}
	if f.Text == "" && (rep.code != "" || rep.status != "") {
		f.Text = lineAt(v.noticeRaw, rep.at)
	}
}

func commentsOf(rs *message.RecipientStatus) string {
	var b strings.Builder
	for _, f := range rs.More {
		switch strings.ToLower(f.Name) {
		case "status-comment", "x-supplementary-info", "x-notes", "x-actual-error":
			b.WriteString(f.Value)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// disposition judges a message disposition notification (RFC 8098): what the reader's side did with the mail.
func (v *view) disposition(r *Result) bool {
	d := v.m.Disposition
	if d == nil {
		return false
	}
	r.rule("mdn.fields")
	r.Recipient = d.FinalRecipient
	if d.OriginalRecipient != "" {
		r.Recipient = d.OriginalRecipient
	}
	r.Confidence = 0.97
	rejected := strings.Contains(d.Modifier, "reject") || d.Type == "denied" || d.Type == "failed"
	if d.Type == "deleted" && strings.HasPrefix(d.Mode, "automatic-action") &&
		(v.inSubject.has(mdnReject) || v.inNotice.has(mdnReject) || v.inNotice.has(bounceText)) {
		rejected = true // Sieve reject (RFC 5429 §2.1.1)
	}
	if rejected {
		r.rule("mdn.rejected")
		r.Class, r.Hard = probes.ClassBounce, true
		r.Recipients = []Failure{{Recipient: r.Recipient, Action: d.Type, Text: lineAt(v.noticeRaw+" ", 0)}}
		v.judgeText(r, v.noticeRaw)
		if r.Reason == "" || r.Reason == "undefined" {
			r.Reason = "rejected"
		}
		return true
	}
	r.rule("mdn." + d.Type)
	r.Class, r.Reason = probes.ClassReceipt, "delivered"
	return true
}
