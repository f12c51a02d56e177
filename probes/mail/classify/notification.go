package classify

import (
	"encoding/json"
	"strings"

	"github.com/sonde-fleet/sonde/probes"
)

// notification is what Amazon SES writes about a mail that it carried for us, by mail through Amazon SNS
// (docs.aws.amazon.com/ses, "Amazon SNS notification contents for Amazon SES").
type notification struct {
	Kind   string `json:"notificationType"`
	Bounce struct {
		Type       string `json:"bounceType"`
		Recipients []struct {
			Address    string `json:"emailAddress"`
			Action     string `json:"action"`
			Status     string `json:"status"`
			Diagnostic string `json:"diagnosticCode"`
		} `json:"bouncedRecipients"`
	} `json:"bounce"`
	Complaint struct {
		Recipients []struct {
			Address string `json:"emailAddress"`
		} `json:"complainedRecipients"`
	} `json:"complaint"`
	Delivery struct {
		Recipients []string `json:"recipients"`
		Response   string   `json:"smtpResponse"`
	} `json:"delivery"`
}

// notified reads a notification of the carrier in JSON, bare or within an SNS envelope.
func (v *view) notified(r *Result) bool {
	s := strings.TrimSpace(v.m.Text)
	if !strings.HasPrefix(s, "{") || !strings.Contains(s, "notificationType") {
		return false
	}
	if strings.HasPrefix(s, "{\n") || strings.HasPrefix(s, "{ ") {
		var envelope struct {
			Message string `json:"Message"`
		}
		// A line that a mail system broke at 998 octets (RFC 5322 §2.1.1) goes on after "!\n ".
		d := json.NewDecoder(strings.NewReader(strings.ReplaceAll(s, "!\n ", "")))
		if d.Decode(&envelope) == nil && envelope.Message != "" {
			s = envelope.Message
		}
	}
	var n notification
	if json.NewDecoder(strings.NewReader(strings.ReplaceAll(s, "!\n ", ""))).Decode(&n) != nil {
		return false
	}
	r.Confidence = 0.97
	switch n.Kind {
	case "Bounce":
		r.Class = probes.ClassBounce
		for _, b := range n.Bounce.Recipients {
			rep := findReply(b.Diagnostic)
			f := Failure{Recipient: b.Address, Action: b.Action, Status: b.Status, ReplyCode: rep.code, Text: b.Diagnostic}
			if rep.status != "" && vague(f.Status) {
				f.Status = rep.status
			}
			if len(r.Recipients) < 50 {
				r.Recipients = append(r.Recipients, f)
			}
		}
		if len(r.Recipients) > 0 {
			f := r.Recipients[0]
			r.Status, r.ReplyCode, r.Recipient = f.Status, f.ReplyCode, f.Recipient
		}
		v.judge(r)
	case "Complaint":
		r.Class, r.Reason = probes.ClassFeedback, "feedback"
		if len(n.Complaint.Recipients) > 0 {
			r.Recipient = n.Complaint.Recipients[0].Address
		}
	case "Delivery":
		r.Class, r.Reason = probes.ClassReceipt, "delivered"
		r.ReplyCode, r.Status = success(n.Delivery.Response)
		if len(n.Delivery.Recipients) > 0 {
			r.Recipient = n.Delivery.Recipients[0]
		}
	default:
		return false
	}
	r.rule("notification." + strings.ToLower(n.Kind))
	return true
}

// success returns the code and status of a positive SMTP reply at the start of s.
func success(s string) (code, status string) {
	s = strings.TrimSpace(s)
	if c := codeAt(s, 0); c != "" && c[0] == '2' {
		code = c
		if len(s) > 4 {
			status = statusAt(s, 4)
		}
	}
	return code, status
}
