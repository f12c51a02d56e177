package message

import "strings"

// DeliveryStatus is the machine-readable part of a delivery report (RFC 3464 §2).
type DeliveryStatus struct {
	EnvelopeID   string // Original-Envelope-Id: the ENVID that we sent (RFC 3461 §4.4)
	MessageID    string // Original-Message-ID or X-Original-Message-ID, which some systems add
	ReportingMTA string
	Recipients   []RecipientStatus
	InText       bool // not in a part of its own: found as text
}

// RecipientStatus is what a delivery report says of one recipient (RFC 3464 §2.3).
type RecipientStatus struct {
	Original, Final string // addresses without the "rfc822;"
	Action          string // lower case: failed, delayed, delivered, relayed, expanded
	Status          string // D.D.D of RFC 3463, without comments
	DiagnosticType  string // lower case: smtp, x-unix…
	Diagnostic      string
	RemoteMTA       string
	WillRetryUntil  string
	More            []Field // the fields that are none of the above
}

// Disposition is the machine-readable part of a message disposition notification (RFC 8098 §3.1).
type Disposition struct {
	OriginalRecipient, FinalRecipient string
	OriginalMessageID                 string
	Mode                              string // lower case: automatic-action/mdn-sent-automatically…
	Type                              string // lower case: displayed, deleted, dispatched, processed, denied, failed
	Modifier                          string // lower case: error, rejected…
	Failure                           string // Failure, Error or Warning field
}

// Feedback is the machine-readable part of an abuse report (RFC 5965 §3).
type Feedback struct {
	Type               string // lower case: abuse, opt-out, fraud…
	OriginalRecipients []string
	OriginalMailFrom   string
	UserAgent          string
}

// findReports fills the machine-readable reports from the parts, then from the text of the body.
func (m *Message) findReports(w *walker) {
	for i := range m.Parts {
		p := &m.Parts[i]
		switch p.Type {
		case "message/delivery-status", "message/global-delivery-status":
			if d := parseDelivery(p.Text); d != nil {
				m.addDelivery(d)
			}
		case "message/disposition-notification", "message/global-disposition-notification":
			if m.Disposition == nil {
				m.Disposition = parseDisposition(p.Text)
			}
		case "message/feedback-report":
			if m.Feedback == nil {
				m.Feedback = parseFeedback(p.Text)
			}
		case "text/plain": // the machine part under the wrong type
			if p.ReportType != "" && m.Delivery == nil && p.Depth > 0 && hasStatusFields(p.Text) {
				if d := parseDelivery(p.Text); d != nil {
					d.InText = true
					m.addDelivery(d)
				}
			}
		}
	}
	m.findReturned()
	if m.Delivery == nil && hasStatusFields(m.Notice) {
		if d := parseDelivery(fieldsOnly(m.Notice)); d != nil && len(d.Recipients) > 0 {
			d.InText = true
			m.addDelivery(d)
		}
	}
}

func (m *Message) addDelivery(d *DeliveryStatus) {
	if m.Delivery == nil {
		m.Delivery = d
		return
	}
	m.Delivery.Recipients = append(m.Delivery.Recipients, d.Recipients...)
}

// hasStatusFields says whether s holds at the start of lines the two fields that no report is without.
func hasStatusFields(s string) bool {
	return containsLine(s, "final-recipient:") && (containsLine(s, "action:") || containsLine(s, "status:")) ||
		containsLine(s, "original-recipient:") && containsLine(s, "diagnostic-code:")
}

// containsLine says whether a line of s begins with prefix (given in lower case).
func containsLine(s, prefix string) bool {
	for s != "" {
		if len(s) >= len(prefix) && s[0]|0x20 == prefix[0] && strings.EqualFold(s[:len(prefix)], prefix) {
			return true
		}
		i := strings.IndexByte(s, '\n')
		if i < 0 {
			return false
		}
		s = s[i+1:]
	}
	return false
}

// fieldsOnly keeps the lines of s that are report fields and their continuations.
func fieldsOnly(s string) string {
	var b strings.Builder
	keep := false
	for s != "" {
		var line string
		line, s = cutLine(s)
		switch {
		case line == "":
			keep = false
			b.WriteByte('\n')
			continue
		case line[0] == ' ' || line[0] == '\t':
		default:
			keep = fieldName(line) != ""
		}
		if keep {
			b.WriteString(line)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// maxRecipients bounds the recipients kept of one report.
const maxRecipients = 200

// parseDelivery reads groups of fields separated by empty lines. Systems put empty lines inside a group, repeat
// Final-Recipient without one, and leave fields out: a new recipient begins where a field would be given twice.
func parseDelivery(s string) *DeliveryStatus {
	d := &DeliveryStatus{}
	var cur RecipientStatus
	any := false
	flush := func() {
		if cur.Final != "" || cur.Original != "" || cur.Status != "" || cur.Action != "" || cur.Diagnostic != "" {
			if len(d.Recipients) < maxRecipients {
				d.Recipients = append(d.Recipients, cur)
			}
		}
		cur = RecipientStatus{}
	}
	for s != "" {
		if s[0] == '\n' {
			s = s[1:]
			if (cur.Final != "" || cur.Original != "") && (cur.Status != "" || cur.Action != "") {
				flush()
			}
			continue
		}
		var f Field
		f, s = nextField(s)
		if f.Name == "" {
			continue
		}
		any = true
		v := strings.TrimSpace(f.Value)
		switch strings.ToLower(f.Name) {
		case "original-envelope-id":
			d.EnvelopeID = v
		case "original-message-id", "x-original-message-id":
			d.MessageID = v
		case "reporting-mta":
			d.ReportingMTA = afterType(v)
		case "final-recipient":
			if cur.Final != "" {
				flush()
			}
			cur.Final = recipientOf(v)
		case "original-recipient":
			if cur.Original != "" {
				flush()
			}
			cur.Original = recipientOf(v)
		case "action":
			if cur.Action != "" {
				flush()
			}
			cur.Action = strings.ToLower(firstWord(v))
		case "status":
			if cur.Status == "" {
				cur.Status = statusOf(v)
				if i := strings.IndexByte(v, '('); i >= 0 && cur.Diagnostic == "" {
					cur.More = append(cur.More, Field{"Status-Comment", strings.Trim(v[i:], "() ")})
				}
			}
		case "diagnostic-code":
			if cur.Diagnostic == "" {
				cur.DiagnosticType, cur.Diagnostic = typed(v)
			} else {
				cur.Diagnostic += " " + v
			}
		case "remote-mta":
			cur.RemoteMTA = afterType(v)
		case "will-retry-until":
			cur.WillRetryUntil = v
		default:
			if len(cur.More) < 20 {
				cur.More = append(cur.More, Field{f.Name, v})
			}
		}
	}
	flush()
	if !any {
		return nil
	}
	return d
}

// nextField takes one field with its continuations from s. A line that is none gives an empty name.
func nextField(s string) (Field, string) {
	line, rest := cutLine(s)
	name := fieldName(line)
	if name == "" {
		return Field{}, rest
	}
	v := line[len(name):]
	v = v[strings.IndexByte(v, ':')+1:]
	if rest != "" && (rest[0] == ' ' || rest[0] == '\t') {
		start, end := len(line)-len(v), len(line)
		for rest != "" && (rest[0] == ' ' || rest[0] == '\t') {
			_, r := cutLine(rest)
			end, rest = len(s)-len(r), r
		}
		v = unfold(s[start:min(end, start+maxFieldSize)])
	}
	return Field{name, strings.TrimSpace(v)}, rest
}

// typed splits "smtp; 550 no" into type and text. Values without a type are text.
func typed(v string) (typ, text string) {
	t, rest, ok := strings.Cut(v, ";")
	t = strings.ToLower(strings.TrimSpace(t))
	if !ok || len(t) > 20 || strings.ContainsAny(t, " <>@.:") {
		return "", v
	}
	return t, strings.TrimSpace(rest)
}

func afterType(v string) string {
	_, t := typed(v)
	return t
}

func recipientOf(v string) string {
	v = strings.TrimSpace(afterType(v))
	v = strings.TrimSpace(strings.TrimPrefix(v, ";"))
	if i := strings.IndexByte(v, '<'); i >= 0 {
		v = v[i+1:]
		if j := strings.IndexByte(v, '>'); j >= 0 {
			v = v[:j]
		}
	}
	v = strings.Trim(v, `<>"' ;,`)
	return firstWord(v)
}

func firstWord(s string) string {
	if i := strings.IndexAny(s, " \t(;"); i > 0 {
		return s[:i]
	}
	return s
}

// statusOf returns the first D.D.D of v.
func statusOf(v string) string {
	for i := 0; i < len(v); i++ {
		if v[i] == '2' || v[i] == '4' || v[i] == '5' {
			if n := StatusLen(v[i:]); n > 0 && (i == 0 || !isDigit(v[i-1]) && v[i-1] != '.') {
				return v[i : i+n]
			}
		}
	}
	return ""
}

// StatusLen returns the length of the enhanced status code (RFC 3463: class 2, 4 or 5, subject and detail of up to
// three digits) at the start of s, 0 if there is none.
func StatusLen(s string) int {
	if len(s) < 5 || s[0] != '2' && s[0] != '4' && s[0] != '5' || s[1] != '.' {
		return 0
	}
	i := 2
	for n := 0; i < len(s) && isDigit(s[i]) && n < 3; n++ {
		i++
	}
	if i == 2 || i >= len(s) || s[i] != '.' {
		return 0
	}
	i++
	from := i
	for n := 0; i < len(s) && isDigit(s[i]) && n < 3; n++ {
		i++
	}
	if i == from || i < len(s) && isDigit(s[i]) || i+1 < len(s) && s[i] == '.' && isDigit(s[i+1]) {
		return 0
	}
	return i
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func parseDisposition(s string) *Disposition {
	d := &Disposition{}
	any := false
	for s != "" {
		var f Field
		f, s = nextField(s)
		switch strings.ToLower(f.Name) {
		case "disposition":
			any = true
			mode, rest, _ := strings.Cut(f.Value, ";")
			d.Mode = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(mode), " ", ""))
			typ, mod, _ := strings.Cut(strings.ToLower(rest), "/")
			d.Type, d.Modifier = strings.TrimSpace(typ), strings.TrimSpace(mod)
		case "original-recipient":
			d.OriginalRecipient = recipientOf(f.Value)
		case "final-recipient":
			any = true
			d.FinalRecipient = recipientOf(f.Value)
		case "original-message-id":
			d.OriginalMessageID = f.Value
		case "failure", "error", "warning":
			d.Failure = f.Value
		}
	}
	if !any {
		return nil
	}
	return d
}

func parseFeedback(s string) *Feedback {
	fb := &Feedback{}
	for s != "" {
		var f Field
		f, s = nextField(s)
		switch strings.ToLower(f.Name) {
		case "feedback-type":
			fb.Type = strings.ToLower(f.Value)
		case "original-rcpt-to":
			if len(fb.OriginalRecipients) < maxRecipients {
				fb.OriginalRecipients = append(fb.OriginalRecipients, recipientOf(f.Value))
			}
		case "original-mail-from":
			fb.OriginalMailFrom = recipientOf(f.Value)
		case "user-agent":
			fb.UserAgent = f.Value
		}
	}
	return fb
}
