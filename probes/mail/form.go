package mail

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/probes"
)

// Entry is what a persona writes into a contact form.
type Entry struct {
	Persona
	Email, Subject, Text string
}

// Delivery is what came of a form.
type Delivery string

const (
	// Taken: the site says that it has the message.
	Taken Delivery = "taken"
	// Unclear: it left, and nothing says whether it was taken.
	Unclear Delivery = "unclear"
	// NeedsPerson: nothing has left; a captcha, or a field that no persona can answer.
	NeedsPerson Delivery = "needs person"
)

// Receipt is what the site answered at once.
type Receipt struct {
	Delivery Delivery
	Text     string
	At       time.Time // when the site answered; zero: now
	Evidence []probes.Evidence
}

// Desk fills in contact forms. It calls sending once everything is filled in and nothing has left, right before the one
// act that sends the form; when sending fails nothing is sent. An error means that nothing has left and that it is ours.
type Desk interface {
	Submit(ctx context.Context, form string, e Entry, sending func([]probes.Evidence) error) (Receipt, error)
}

// isForm says whether a contact is the address of a form and not a mailbox.
func isForm(target string) bool {
	return strings.HasPrefix(target, "https://") || strings.HasPrefix(target, "http://")
}

// entry composes what is written into the form of the audit a. It follows from the audit and the seed.
func (c *Channel) entry(a probes.Audit) (*letter, error) {
	l, _, err := c.draft(a)
	if err != nil {
		return nil, err
	}
	l.raw = []byte(l.subject + "\n\n" + l.text)
	return l, nil
}

func (t *try) prepareForm() error {
	l, err := t.c.entry(t.a)
	if err != nil {
		return err
	}
	t.letter = l
	e := probes.Event{Kind: probes.MailPrepared,
		Detail:   map[string]string{"from": l.from, "to": l.to, "form": "yes", "subject": l.subject, "reply_token": l.replyToken, "language": t.c.o.Scenarios[t.a.Scenario].Language},
		Evidence: []probes.Evidence{{Type: "text/plain; charset=utf-8", Name: "entry.txt", Body: l.raw}},
		Keys:     []string{keyToken(l.replyToken), keyTo(l.to)}}
	if u, err := url.Parse(l.to); err == nil {
		e.Keys = append(e.Keys, "domain:"+strings.TrimPrefix(strings.ToLower(u.Hostname()), "www."))
	}
	return t.record(e)
}

// submit writes through the form. What the site does not surely take is in doubt, as after a lost reply to the final dot.
func (t *try) submit(ctx context.Context) error {
	if t.c.o.Desk == nil {
		return t.record(probes.Event{Kind: probes.MailByHand, Text: "this prober fills in no forms"})
	}
	sending := false
	e := Entry{Persona: t.c.o.Accounts[t.a.Persona].Persona, Email: t.letter.from, Subject: t.letter.subject, Text: t.letter.text}
	r, err := t.c.o.Desk.Submit(ctx, t.a.Target, e, func(filled []probes.Evidence) error {
		if sending {
			return fmt.Errorf("the form would be sent a second time")
		}
		sending = true
		return t.record(probes.Event{Kind: probes.MailSending, Evidence: filled})
	})
	switch {
	case err != nil && sending: // the promise that nothing left after an error is not relied on
		return t.inDoubt(cause(ctx, err))
	case err != nil:
		return fmt.Errorf("form %s: %w", t.a.Target, cause(ctx, err))
	}
	said := probes.Event{Text: r.Text, At: r.At, Evidence: r.Evidence}
	switch {
	case r.Delivery == Taken && sending:
		said.Kind = probes.MailAccepted
	case r.Delivery == NeedsPerson && !sending:
		said.Kind = probes.MailByHand
	case r.Delivery == NeedsPerson:
		// It was about to be sent, and the page's own check let nothing out: certain that nothing was taken.
		if err := t.record(probes.Event{Kind: probes.MailUnsent, Fault: probes.Ours, Text: r.Text}); err != nil {
			return err
		}
		said.Kind = probes.MailByHand
	default:
		said.Kind, said.Fault = probes.MailInDoubt, probes.Ours
	}
	return t.record(said)
}
