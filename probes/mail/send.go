package mail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/sonde-fleet/sonde/probes"
)

// Run makes one try of the audit a, or takes up one that a crash interrupted: what was only prepared is sent with the
// same bytes, what may have left is declared in doubt.
func (c *Channel) Run(ctx context.Context, a probes.Audit, record func(probes.Event) error) error {
	began := time.Now()
	t := &try{c: c, a: a, began: began, number: 1}
	t.record = func(e probes.Event) error {
		e.Audit, e.Try, e.Elapsed = a.ID, t.number, time.Since(began)
		if e.At.IsZero() {
			e.At = time.Now().UTC()
		}
		return record(e)
	}
	st, known := c.o.Archive.State(a.ID)
	if known {
		t.number = st.Try + 1
	}
	switch {
	case known && st.Status == probes.Sending:
		t.number = st.Try
		return t.inDoubt(errors.New("the prober stopped between the final dot and the server's reply"))
	case known && st.Status == probes.Prepared:
		if st.Due.Equal(a.Due) { // a crash, not a fault after which it was put off
			t.number = st.Try
		}
		if err := t.restore(st); err != nil {
			return err
		}
	case known && st.Status != probes.Planned:
		return nil // it has left, or must not
	case isForm(a.Target):
		if err := t.prepareForm(); err != nil {
			return err
		}
	default:
		if err := t.prepare(); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.o.Timeout, fmt.Errorf("no end within %v", c.o.Timeout))
	defer cancel()
	deliver := t.send
	if isForm(a.Target) {
		deliver = t.submit
	}
	if err := deliver(ctx); err != nil && !errors.Is(err, errTheirs) {
		return err
	}
	return nil
}

// try is one physical attempt.
type try struct {
	c      *Channel
	a      probes.Audit
	number int
	began  time.Time
	letter *letter
	record func(probes.Event) error
}

func (t *try) prepare() error {
	l, err := t.c.compose(t.a, time.Now())
	if err != nil {
		return err
	}
	t.letter = l
	return t.record(probes.Event{Kind: probes.MailPrepared,
		Detail: map[string]string{"message_id": l.messageID, "envelope_id": l.envelopeID, "from": l.from, "to": l.to,
			"witness": l.witness, "subject": l.subject, "reply_token": l.replyToken, "language": t.c.o.Scenarios[t.a.Scenario].Language},
		Evidence: []probes.Evidence{{Type: "message/rfc822", Name: "sent.eml", Body: l.raw}},
		Keys: []string{keyToken(l.replyToken), keyCopy(l.copyToken), keyMessage(l.messageID), keyEnvelope(l.envelopeID),
			keyTo(l.to), keyDomain(l.to)}})
}

func (t *try) restore(st probes.State) error {
	if isForm(t.a.Target) { // what is written into a form follows from the audit and the seed alone
		l, err := t.c.entry(t.a)
		t.letter = l
		return err
	}
	raw, err := t.c.o.Archive.Evidence(st.Raw)
	if err != nil {
		return fmt.Errorf("prepared message: %w", err)
	}
	d := st.Detail
	t.letter = &letter{raw: raw, messageID: d["message_id"], envelopeID: d["envelope_id"], from: d["from"], to: d["to"],
		witness: d["witness"]}
	return nil
}

// send makes the transaction. It returns an error for what is ours, and records what is theirs.
func (t *try) send(ctx context.Context) error {
	account := t.c.o.Accounts[t.a.Persona]
	client, err := t.dial(ctx, account.SMTP)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", account.SMTP.Addr, err)
	}
	defer client.Close()
	if err := t.envelope(ctx, client); err != nil {
		return err
	}
	body, err := client.Data()
	if err != nil {
		return t.certain(ctx, "DATA", err)
	}
	if _, err := body.Write(t.letter.raw); err != nil {
		return fmt.Errorf("write message: %w", cause(ctx, err)) // no dot has left: nothing was taken
	}
	// From here on the server may have the message, whatever becomes of us.
	if err := t.record(probes.Event{Kind: probes.MailSending}); err != nil {
		return err
	}
	reply, err := body.CloseWithResponse()
	if err == nil {
		if err := t.record(probes.Event{Kind: probes.MailAccepted, Text: reply.StatusText}); err != nil {
			return err
		}
		// The reply to QUIT changes nothing; a server that does not give it is not waited for.
		_ = client.Quit()
		return nil
	}
	// A reply that is neither 250 nor a refusal (go-smtp gives it as an error too) leaves doubt.
	if said := (*smtp.SMTPError)(nil); errors.As(err, &said) && said.Code >= 400 && said.Code <= 599 {
		return t.certain(ctx, "end of data", err)
	}
	return t.inDoubt(cause(ctx, err))
}

func (t *try) inDoubt(err error) error {
	return t.record(probes.Event{Kind: probes.MailInDoubt, Fault: probes.Ours, Text: err.Error()})
}

// envelope gives MAIL FROM and the recipients, the structure first: if it is refused, no copy is asked for.
func (t *try) envelope(ctx context.Context, client *smtp.Client) error {
	l := t.letter
	var mail smtp.MailOptions
	var rcpt, copyTo smtp.RcptOptions
	if ok, _ := client.Extension("DSN"); ok { // RFC 3461
		mail.Return, mail.EnvelopeID = smtp.DSNReturnHeaders, l.envelopeID
		rcpt.Notify = []smtp.DSNNotify{smtp.DSNNotifySuccess, smtp.DSNNotifyFailure, smtp.DSNNotifyDelayed}
		rcpt.OriginalRecipientType, rcpt.OriginalRecipient = smtp.DSNAddressTypeRFC822, l.to
		copyTo.Notify = []smtp.DSNNotify{smtp.DSNNotifyNever}
	}
	if ok, _ := client.Extension("8BITMIME"); ok {
		mail.Body = smtp.Body8BitMIME
	}
	if err := client.Mail(l.from, &mail); err != nil {
		return fmt.Errorf("MAIL FROM <%s>: %w", l.from, cause(ctx, err))
	}
	if err := client.Rcpt(l.to, &rcpt); err != nil {
		return t.certain(ctx, "RCPT TO", err)
	}
	if l.witness == "" {
		return nil
	}
	if err := client.Rcpt(l.witness, &copyTo); err != nil {
		return fmt.Errorf("witness RCPT TO <%s>: %w", l.witness, cause(ctx, err))
	}
	return nil
}

// errTheirs ends the transaction without an error of ours.
var errTheirs = errors.New("refused by the structure")

// certain records a reply that leaves no doubt that nothing was taken, and decides whose fault it is. A deferral (4xx)
// is ours to the schedule: our submission server queues and tries again towards the structure, so when it defers
// towards us the trouble is on our side; the runner may make another try later with the same bytes.
func (t *try) certain(ctx context.Context, command string, err error) error {
	said := (*smtp.SMTPError)(nil)
	if !errors.As(err, &said) {
		return fmt.Errorf("%s: %w", command, cause(ctx, err))
	}
	detail := map[string]string{"command": command, "code": strconv.Itoa(said.Code), "enhanced": enhanced(said)}
	if said.Temporary() {
		if err := t.record(probes.Event{Kind: probes.MailDeferred, Fault: probes.Ours, Text: said.Message, Detail: detail}); err != nil {
			return err
		}
		return fmt.Errorf("%s deferred: %w", command, err)
	}
	if fault(command, said) == probes.Ours {
		if command == "end of data" {
			// Certain that nothing was taken: say so before the fault is recorded.
			if err := t.record(probes.Event{Kind: probes.MailUnsent, Fault: probes.Ours, Text: said.Message, Detail: detail}); err != nil {
				return err
			}
		}
		return fmt.Errorf("%s refused: %w", command, err)
	}
	if err := t.record(probes.Event{Kind: probes.MailRefused, Fault: probes.Theirs, Text: said.Message, Detail: detail}); err != nil {
		return err
	}
	return errTheirs
}

// fault decides whose a permanent refusal is, by the enhanced status code (RFC 3463): the address and the mailbox
// (x.1, x.2) and the route to it (x.4) are theirs; mail system, protocol, content and policy are ours, because it is
// our server that speaks.
func fault(command string, said *smtp.SMTPError) probes.Fault {
	subject, detail := said.EnhancedCode[1], said.EnhancedCode[2]
	switch {
	case command != "RCPT TO":
		return probes.Ours
	case said.EnhancedCode[0] != 5:
		if said.Code == 550 && !strings.Contains(strings.ToLower(said.Message), "relay") || said.Code == 551 || said.Code == 553 {
			return probes.Theirs
		}
		return probes.Ours
	case subject == 1 && detail <= 6 || subject == 1 && detail == 10, subject == 2, subject == 4:
		return probes.Theirs
	}
	return probes.Ours
}

func enhanced(e *smtp.SMTPError) string {
	if e.EnhancedCode[0] <= 0 {
		return ""
	}
	return fmt.Sprintf("%d.%d.%d", e.EnhancedCode[0], e.EnhancedCode[1], e.EnhancedCode[2])
}

// dial connects, says hello, protects the connection and proves who we are.
func (t *try) dial(ctx context.Context, s Server) (*smtp.Client, error) {
	conn, err := connect(ctx, s)
	if err != nil {
		return nil, err
	}
	// go-smtp takes no context: its connection dies with ours, at the latest when the try ends.
	context.AfterFunc(ctx, func() { conn.Close() })
	var client *smtp.Client
	if s.Security == StartTLS {
		client, err = smtp.NewClientStartTLS(conn, s.tlsConfig())
	} else {
		client = smtp.NewClient(conn)
	}
	if err != nil {
		conn.Close()
		return nil, cause(ctx, err)
	}
	client.CommandTimeout, client.SubmissionTimeout = t.c.o.Timeout, t.c.o.Timeout
	if hello := t.c.o.Hello; hello != "" {
		if err := client.Hello(hello); err != nil {
			client.Close()
			return nil, cause(ctx, err)
		}
	}
	if s.Auth != nil {
		if err := client.Auth(s.Auth()); err != nil {
			client.Close()
			return nil, fmt.Errorf("AUTH: %w", cause(ctx, err))
		}
	}
	return client, nil
}

// cause names why a context ended when that is why the call failed.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w (%w)", context.Cause(ctx), err)
	}
	return err
}

// connect opens a TCP or TLS connection that notices a dead peer.
func connect(ctx context.Context, s Server) (net.Conn, error) {
	dial := s.Dial
	if dial == nil {
		dial = (&net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second, Count: 4}}).DialContext
	}
	conn, err := dial(ctx, "tcp", s.Addr)
	if err != nil {
		return nil, err
	}
	if s.Security != TLS {
		return conn, nil
	}
	secure, err := handshake(ctx, conn, s.tlsConfig())
	if err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}
