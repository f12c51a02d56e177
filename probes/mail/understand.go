package mail

import (
	"strconv"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/mail/classify"
	"github.com/sonde-fleet/sonde/probes/mail/message"
	"github.com/sonde-fleet/sonde/probes/mail/rate"
)

// understand turns a mail into an event: what it is, which audit it answers, when it came, how good it is. Nothing in
// it is executed, decompressed or loaded from a network.
func (c *Channel) understand(account Account, a *arrival) probes.Event {
	m := message.Parse(a.raw, message.Limits{})
	r := classify.Classify(m)
	found := c.match(m, r)
	at, clock, skew := arrivedAt(m, a)
	e := probes.Event{Audit: found.audit, Kind: probes.MailReceived, At: at, Seen: a.seen.UTC(),
		Detail:   map[string]string{"clock": clock, "internaldate": a.internal.UTC().Format(time.RFC3339)},
		Evidence: []probes.Evidence{{Type: "message/rfc822", Name: "received.eml", Body: a.raw}}}
	put := func(k, v string) {
		if v != "" {
			e.Detail[k] = v
		}
	}
	if t, ok := m.TopReceived(); ok {
		put("received", t.UTC().Format(time.RFC3339))
	}
	put("from", strings.ToLower(m.From().Address))
	put("subject", limit(m.Header.Text("Subject"), 200))
	put("message_id", limit(strings.Trim(strings.TrimSpace(m.Header.Get("Message-Id")), "<>"), 250))
	if skew != 0 {
		put("skew_ms", strconv.FormatInt(skew.Milliseconds(), 10))
	}
	if a.cut {
		put("cut", "yes")
	}
	put("defects", limit(strings.Join(m.Defects, " "), 300))
	if found.copy {
		e.Kind = probes.MailWitnessed
		put("by", "copy")
		// A provider may have rewritten the Message-ID; answers will name the new one.
		if id := e.Detail["message_id"]; id != "" {
			e.Keys = []string{keyMessage(id)}
		}
		return e
	}
	put("class", r.Class)
	put("answer", r.Answer)
	put("status", r.Status)
	put("reply_code", r.ReplyCode)
	put("reason", r.Reason)
	put("recipient", limit(r.Recipient, 250))
	put("language", r.Language)
	put("confidence", strconv.FormatFloat(r.Confidence, 'f', 2, 64))
	put("rules", strings.Join(r.Rules, " "))
	if r.Class == probes.ClassBounce {
		put("hard", yesNo(r.Hard))
	}
	if found.audit == "" {
		e.Kind = probes.MailUnmatched
		return e
	}
	if r.Class == probes.ClassHuman {
		put("text_digest", textDigest(m.Reply, account.Persona))
	}
	put("match", found.by)
	put("sure", yesNo(found.sure))
	if r.Class == probes.ClassHuman || r.Class == probes.ClassAutoAck {
		e.Observations = c.rate(account, found.audit, m, r)
	}
	return e
}

// rate judges the answer against what was asked. The question follows from the audit, so it is told again.
func (c *Channel) rate(account Account, id probes.AuditID, m *message.Message, r classify.Result) []probes.Observation {
	st, ok := c.o.Archive.State(id)
	if !ok {
		return nil
	}
	structure, _ := c.o.Archive.Structure(st.Audit.Structure)
	scenario := c.o.Scenarios[st.Audit.Scenario]
	p := account.Persona
	s := rate.Subject{Given: p.Given, Family: p.Family, Civility: p.Civility, Structure: structure.Name,
		Language: scenario.Language, Subject: st.Detail["subject"], Address: st.Audit.Target, Threads: st.Detail["message_id"] != "",
		Facts: scenario.Facts}
	if _, text, err := c.words(st.Audit, p); err == nil {
		s.Question = text
	}
	return rate.Rate(m, r, s)
}

// stampUnit is the resolution of the instants that mail servers write (RFC 5322 §3.3, RFC 9051 §2.3.3).
const stampUnit = time.Second

// arrivedAt returns when the mail came in and whose clock said so. The server's stamp is cut to the second, so the
// mail came in within the second that follows it; and it cannot have come after we saw it. The latest instant that
// agrees with both is taken: our clock's while it is within the server's second, the end of that second otherwise.
// A stamp from before the mail can have been there means that the server's clock is wrong: then ours decides, and skew
// says by how much.
func arrivedAt(m *message.Message, a *arrival) (at time.Time, clock string, skew time.Duration) {
	stamp := a.internal
	// The top Received is our own server's. It is earlier than INTERNALDATE where a mail was moved or filed late.
	if t, ok := m.TopReceived(); ok && !t.IsZero() && t.Before(stamp) && stamp.Sub(t) < 24*time.Hour {
		stamp = t
	}
	if stamp.IsZero() {
		return a.seen.UTC(), "watcher", 0
	}
	end := stamp.Truncate(stampUnit).Add(stampUnit - 1)
	switch {
	case end.Before(a.absent), stamp.After(a.seen.Add(stampUnit)):
		return a.seen.UTC(), "watcher", stamp.Sub(a.seen)
	case end.Before(a.seen):
		return end.UTC(), "server", 0
	}
	return a.seen.UTC(), "watcher", 0
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// limit cuts what a stranger wrote to n octets, at a rune.
func limit(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
