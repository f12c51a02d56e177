package mail

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	gomail "github.com/emersion/go-message/mail"
	"github.com/emersion/go-msgauth/dkim"
	"github.com/google/uuid"
	"github.com/sonde-fleet/sonde/probes"
)

// letter is a message ready to leave: the bytes and the names under which it is known.
type letter struct {
	raw                   []byte
	messageID, envelopeID string // without angle brackets
	from, to, witness     string // envelope addresses
	subject, text         string
	replyToken, copyToken string
}

// words returns what the citizen of the audit a writes. It follows from the audit and the seed.
func (c *Channel) words(a probes.Audit, p Persona) (subject, text string, err error) {
	scenario, ok := c.o.Scenarios[a.Scenario]
	if !ok || len(scenario.Subjects) == 0 || len(scenario.Bodies) == 0 {
		return "", "", fmt.Errorf("scenario %q has no text for mail; Try: give it subjects and bodies in campaign.yaml", a.Scenario)
	}
	structure, _ := c.o.Archive.Structure(a.Structure)
	r := c.rand(a.ID)
	f := fields(structure.Name, p, c.o.Wordings[a.Treatment]) // what is drawn does not depend on the treatment
	subject = vary(r, scenario.Subjects[r.IntN(len(scenario.Subjects))], f)
	text = vary(r, scenario.Bodies[r.IntN(len(scenario.Bodies))], f)
	return strings.TrimSpace(subject), strings.TrimSpace(text) + "\n", nil
}

// draft is what an audit's message is whichever way it goes: words and the address that only this audit has. It follows
// from the audit and the seed.
func (c *Channel) draft(a probes.Audit) (*letter, Account, error) {
	account, ok := c.o.Accounts[a.Persona]
	if !ok {
		return nil, account, fmt.Errorf("persona %q has no mail account; Try: add mail.accounts.%s to prober.yaml", a.Persona, a.Persona)
	}
	subject, text, err := c.words(a, account.Persona)
	if err != nil {
		return nil, account, err
	}
	l := &letter{to: a.Target, subject: subject, text: text, replyToken: c.token("reply", a.ID)}
	l.from = account.tagged(l.replyToken)
	return l, account, nil
}

// compose writes the message of the audit a. Everything but the Date follows from the audit and the seed.
func (c *Channel) compose(a probes.Audit, now time.Time) (*letter, error) {
	l, account, err := c.draft(a)
	if err != nil {
		return nil, err
	}
	p := account.Persona
	id, err := uuid.FromBytes(c.digest("message-id", a.ID)[:16])
	if err != nil {
		return nil, err
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // RFC 9562 version 4: what mail programs write
	l.messageID = id.String() + "@" + account.Address[strings.LastIndexByte(account.Address, '@')+1:]
	l.copyToken, l.envelopeID = c.token("copy", a.ID), c.token("envelope", a.ID)
	if account.Witness {
		l.witness = account.tagged(l.copyToken)
	}
	var raw bytes.Buffer
	if err := l.write(&raw, strings.TrimSpace(p.Given+" "+p.Family), now); err != nil {
		return nil, fmt.Errorf("write message: %w", err)
	}
	l.raw = raw.Bytes()
	if account.DKIM != nil {
		var signed bytes.Buffer
		if err := dkim.Sign(&signed, bytes.NewReader(l.raw), account.DKIM); err != nil {
			return nil, fmt.Errorf("DKIM: %w", err)
		}
		l.raw = signed.Bytes()
	}
	return l, nil
}

// write puts no List-*, Precedence, Auto-Submitted or X-Mailer into the header: each of them would suppress the
// acknowledgement that is to be observed (RFC 3834 §2).
func (l *letter) write(w io.Writer, name string, now time.Time) error {
	var h gomail.Header
	h.SetMessageID(l.messageID)
	h.SetDate(now)
	h.SetSubject(l.subject)
	h.SetAddressList("To", []*gomail.Address{{Address: l.to}})
	h.SetAddressList("From", []*gomail.Address{{Name: name, Address: l.from}})
	h.Set("Mime-Version", "1.0")
	h.SetContentType("text/plain", map[string]string{"charset": "utf-8"})
	h.Set("Content-Transfer-Encoding", "quoted-printable")
	body, err := gomail.CreateSingleInlineWriter(w, h)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(body, strings.ReplaceAll(l.text, "\n", "\r\n")); err != nil {
		return err
	}
	return body.Close()
}

// vary chooses one of each {a|b|c} and fills the fields in.
func vary(r *rand.Rand, text string, f *strings.Replacer) string { return f.Replace(spin(r, text)) }

// fields fills {{.Name}} in, and {{.Arm.KEY}} of the audit's treatment. Which names there are is checked when the campaign is read.
func fields(structure string, p Persona, arm map[string]string) *strings.Replacer {
	var pairs []string
	for name, value := range map[string]string{"Structure": structure, "Given": p.Given, "Family": p.Family, "Civility": p.Civility,
		"Town": p.Town, "Phone": p.Phone} {
		pairs = append(pairs, "{{."+name+"}}", value, "{{ ."+name+" }}", value)
	}
	for key, value := range arm {
		pairs = append(pairs, "{{.Arm."+key+"}}", value, "{{ .Arm."+key+" }}", value)
	}
	return strings.NewReplacer(pairs...)
}

// spin replaces every innermost {a|b|c} by one of its choices, outwards, and leaves {{fields}} alone.
func spin(r *rand.Rand, text string) string {
	for {
		from, to := choice(text)
		if from < 0 {
			return text
		}
		options := strings.Split(text[from+1:to], "|")
		text = text[:from] + options[r.IntN(len(options))] + text[to+1:]
	}
}

// choice finds the first innermost brace pair with a bar in it.
func choice(text string) (from, to int) {
	open := -1
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{':
			if i+1 < len(text) && text[i+1] == '{' {
				if end := strings.Index(text[i:], "}}"); end >= 0 {
					i += end + 1
					continue
				}
			}
			open = i
		case '}':
			if open >= 0 && strings.ContainsRune(text[open:i], '|') {
				return open, i
			}
			open = -1
		}
	}
	return -1, -1
}
