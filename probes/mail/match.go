package mail

import (
	"regexp"
	"strings"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/mail/classify"
	"github.com/sonde-fleet/sonde/probes/mail/message"
)

// match says which audit a mail belongs to, by what, and whether that is sure. An unsure match goes to review.
type match struct {
	audit probes.AuditID
	by    string // witness, reply-address, references, envelope-id, original-message-id, recipient, quoted-address, subject
	sure  bool
	copy  bool // our own witness copy, not an answer
}

// recipientFields are where a server or a sender leaves the address that a mail was really for.
var recipientFields = []string{"Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To", "Cc",
	"Resent-To", "Apparently-To"}

// match looks for the audit in the order of how little can go wrong: an address that only this audit has, then our
// Message-ID, then what a report says of our mail, then our address in the quotation; last, and never sure, the
// sender with the subject.
func (c *Channel) match(m *message.Message, r classify.Result) match {
	if id := c.one(keyMessage(m.Header.Get("Message-Id"))); id != "" {
		return match{id, "witness", true, true}
	}
	if found := c.byToken(addressesOf(m)); found.audit != "" {
		return found
	}
	for _, f := range []string{"In-Reply-To", "References", "X-MS-Exchange-Parent-Message-Id"} {
		for _, v := range m.Header.Values(f) {
			if id := c.byMessageID(v); id != "" {
				return match{audit: id, by: "references", sure: true}
			}
		}
	}
	if found := c.byReport(m, r); found.audit != "" {
		return found
	}
	if found := c.byToken(c.ownAddresses(m.Text, m.Quoted)); found.audit != "" && !found.copy {
		found.by = "quoted-address"
		return found
	}
	return c.bySubject(m)
}

func addressesOf(m *message.Message) []string {
	var out []string
	for _, f := range recipientFields {
		for _, v := range m.Header.Values(f) {
			out = append(out, addressPattern.FindAllString(v, 50)...)
		}
	}
	return append(out, m.ReceivedFor()...)
}

var (
	addressPattern   = regexp.MustCompile(`[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9.-]+`)
	messageIDPattern = regexp.MustCompile(`<([^<>\s]{3,250}@[^<>\s]{1,250})>`)
)

// ownAddresses returns the addresses in the texts that are on one of our domains.
func (c *Channel) ownAddresses(texts ...string) []string {
	var out []string
	for _, t := range texts {
		for _, a := range c.o.Accounts {
			_, domain, _ := strings.Cut(a.Address, "@")
			if strings.Contains(t, "@"+domain) {
				out = append(out, addressPattern.FindAllString(t, 50)...)
				break
			}
		}
	}
	return out
}

// byToken looks the addresses up. Two audits in one mail leave doubt.
func (c *Channel) byToken(addresses []string) match {
	var found match
	for _, addr := range addresses {
		for _, a := range c.o.Accounts {
			t := a.tokenOf(addr)
			if t == "" {
				continue
			}
			m := match{audit: c.one(keyToken(t)), by: "reply-address", sure: true}
			if m.audit == "" {
				m = match{audit: c.one(keyCopy(t)), by: "witness", sure: true, copy: true}
			}
			switch {
			case m.audit == "":
			case found.audit == "":
				found = m
			case found.audit != m.audit:
				found.sure = false
			}
		}
	}
	return found
}

// byMessageID returns the audit whose Message-ID stands in the header value v.
func (c *Channel) byMessageID(v string) probes.AuditID {
	ids := messageIDPattern.FindAllStringSubmatch(v, 100)
	for i := len(ids) - 1; i >= 0; i-- { // the nearest ancestor comes last (RFC 5322 §3.6.4)
		if id := c.one(keyMessage(ids[i][1])); id != "" {
			return id
		}
	}
	return ""
}

// byReport follows what a delivery report says of the mail that it reports on (RFC 3464 §2.2.1, §2.3).
func (c *Channel) byReport(m *message.Message, r classify.Result) match {
	if r.EnvelopeID != "" {
		if id := c.one(keyEnvelope(r.EnvelopeID)); id != "" {
			return match{audit: id, by: "envelope-id", sure: true}
		}
	}
	if r.OriginalMessageID != "" {
		if id := c.one(keyMessage(r.OriginalMessageID)); id != "" {
			return match{audit: id, by: "original-message-id", sure: true}
		}
	}
	if m.Returned != nil {
		if id := c.one(keyMessage(m.Returned.Header.Get("Message-Id"))); id != "" {
			return match{audit: id, by: "original-message-id", sure: true}
		}
		if found := c.byToken(addressPattern.FindAllString(m.Returned.Header.Get("From"), 5)); found.audit != "" {
			found.by = "original-message-id"
			return found
		}
	}
	if r.Class == probes.ClassHuman {
		return match{}
	}
	if id := c.byMessageID(m.Text); id != "" {
		return match{audit: id, by: "original-message-id", sure: true}
	}
	if r.Recipient != "" {
		if id, n := c.open(keyTo(r.Recipient)); n == 1 {
			return match{audit: id, by: "recipient", sure: false}
		}
	}
	return match{}
}

// bySubject is the last resort: the sender's domain is one that we wrote to, and exactly one open audit there has the
// subject. It never decides alone (Zammad #2444 filed a stranger's mail that way).
func (c *Channel) bySubject(m *message.Message) match {
	from := m.From().Address
	if from == "" {
		return match{}
	}
	subject := bareSubject(m.Header.Text("Subject"))
	var found []probes.AuditID
	for _, id := range c.o.Archive.Find(keyDomain(strings.ToLower(from)), 1000) {
		st, ok := c.o.Archive.State(id)
		if ok && isOpen(st) && subject != "" && bareSubject(st.Detail["subject"]) == subject {
			found = append(found, id)
		}
	}
	if len(found) == 1 {
		return match{audit: found[0], by: "subject"}
	}
	if id, n := c.open(keyTo(from)); n == 1 {
		return match{audit: id, by: "sender"}
	}
	return match{}
}

// one returns the only audit under the key, "" when there is none or more than one.
func (c *Channel) one(key string) probes.AuditID {
	if strings.HasSuffix(key, ":") {
		return ""
	}
	if ids := c.o.Archive.Find(key, 2); len(ids) == 1 {
		return ids[0]
	}
	return ""
}

// open returns an audit under the key that waits for an answer, and how many there are.
func (c *Channel) open(key string) (id probes.AuditID, n int) {
	for _, candidate := range c.o.Archive.Find(key, 1000) {
		if st, ok := c.o.Archive.State(candidate); ok && isOpen(st) {
			id = candidate
			n++
		}
	}
	return id, n
}

func isOpen(st probes.State) bool { return st.Status.Started() && !st.Status.Ended() }

// replyPrefix is what mail programs of our languages put before a subject.
var replyPrefix = regexp.MustCompile(`(?i)^\s*(?:(?:re|réf|ref|tr|fwd|fw|aw|wg|sv|vs|antw|rif|rv|doorst|i|r)\s*(?:\[\d+\]|\(\d+\))?\s*:|` +
	`(?:réponse automatique|automatic reply|automatische antwort|accusé de réception|non remis|undeliverable|lu|read)\s*:)\s*`)

// bareSubject removes reply prefixes and folds case and blanks.
func bareSubject(s string) string {
	for {
		t := replyPrefix.ReplaceAllString(s, "")
		if t == s {
			return strings.ToLower(strings.Join(strings.Fields(s), " "))
		}
		s = t
	}
}
