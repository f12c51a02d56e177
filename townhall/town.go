// Package townhall simulates the other side: a town of public services with real SMTP and IMAP servers, websites and telephones,
// whose answers, delays, silences and bounces are known beforehand, so that what Sonde measures can be compared with the truth. It is
// used by tests and by cmd/townhall, never by the prober or the collector.
package townhall

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-smtp"
	"github.com/sonde-fleet/sonde/townhall/switchboard"
)

// Options describes a town.
type Options struct {
	Domain     string                   // of the personas' mailboxes
	Mailboxes  []string                 // local parts of the personas' addresses
	Password   string                   // of every mailbox, and of the submission server
	Structures map[string]Conduct       // by address, lower case
	Seed       int64                    // of what a conduct draws
	Speed      int64                    // campaign seconds per wall second; delays are campaign time
	SMTP, IMAP net.Listener             // nil: loopback, any free port
	Web        net.Listener             // where the websites are served; nil: they are not
	Websites   *Websites                //
	Telephones *switchboard.Switchboard // which calls are answered by; nil: there are none
	TLS        *tls.Config              // offered by STARTTLS on both; nil: not offered
	Fault      func(to string) Fault    // what the submission server does to a message; nil: nothing
	Skew       func() time.Duration     // how far the mail server's clock is off when it stamps a mail; nil: it is right
}

// Fault is what goes wrong between the prober and its own submission server.
type Fault int

// The faults of a submission server.
const (
	NoFault        Fault = iota
	DropBeforeData       // the connection dies before the message
	DropInData           // the connection dies while the message is being read: nothing is taken
	DropAfterDot         // the message is taken, and the connection dies before the reply
	DeferRecipient       // 450
	DeferData            // 451 after the dot
	StrangeReply         // 250 is replaced by a reply that is no answer to DATA
)

// Truth is what really happened to one message.
type Truth struct {
	MessageID string    `json:"message_id"`
	From      string    `json:"from"` // envelope sender: the audit's reply address
	To        string    `json:"to"`
	Taken     time.Time `json:"taken,omitzero"` // wall instant at which the server had it
	Refused   string    `json:"refused,omitempty"`
	Replies   []Reply   `json:"replies,omitempty"`
}

// Reply is a mail that the town delivered into a persona's mailbox.
type Reply struct {
	Class  string    `json:"class"`
	Answer string    `json:"answer,omitempty"`
	At     time.Time `json:"at"` // wall instant of delivery
	Folder string    `json:"folder"`
	From   string    `json:"from"`
}

// Town is a simulated town.
type Town struct {
	o    Options
	imap *imapmemserver.Server
	smtp *smtp.Server

	mu    sync.Mutex
	users map[string]*imapmemserver.User
	inbox map[string][]filed // by local part: what a rebuilt index must hold again
	truth map[string]*Truth  // by To + From: one message an audit
	order []*Truth
	twice []string // messages that came more than once: the second worst bug

	replies sync.WaitGroup
	ctx     context.Context
}

// New makes a town; it opens its ports but serves nothing before Run.
func New(o Options) (*Town, error) {
	if o.Speed < 1 {
		o.Speed = 1
	}
	t := &Town{o: o, imap: imapmemserver.New(), users: map[string]*imapmemserver.User{}, inbox: map[string][]filed{}, truth: map[string]*Truth{}}
	for _, local := range o.Mailboxes {
		u := imapmemserver.NewUser(local+"@"+o.Domain, o.Password)
		err := errors.Join(u.Create("INBOX", nil),
			u.Create("Junk", &imap.CreateOptions{SpecialUse: []imap.MailboxAttr{imap.MailboxAttrJunk}}),
			u.Create("Sent", &imap.CreateOptions{SpecialUse: []imap.MailboxAttr{imap.MailboxAttrSent}}))
		if err != nil {
			return nil, err
		}
		t.users[local] = u
		t.imap.AddUser(u)
	}
	for _, l := range []*net.Listener{&t.o.SMTP, &t.o.IMAP} {
		if *l == nil {
			tcp, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return nil, fmt.Errorf("townhall: %w", err)
			}
			*l = tcp
		}
	}
	if o.Websites != nil {
		o.Websites.take = t.form
	}
	t.smtp = smtp.NewServer(backend{t})
	t.smtp.Domain, t.smtp.AllowInsecureAuth, t.smtp.EnableDSN = "mx."+o.Domain, true, true
	t.smtp.TLSConfig = o.TLS
	t.smtp.MaxMessageBytes, t.smtp.ErrorLog = 64<<20, log.New(io.Discard, "", 0)
	return t, nil
}

// SMTPAddr and IMAPAddr are where the town listens.
func (t *Town) SMTPAddr() string { return t.o.SMTP.Addr().String() }

// IMAPAddr is where the personas' mailboxes are read.
func (t *Town) IMAPAddr() string { return t.o.IMAP.Addr().String() }

// Run serves until ctx is done, then waits for every connection and every reply on its way.
func (t *Town) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t.mu.Lock()
	t.ctx = ctx
	t.mu.Unlock()
	im := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return t.imap.NewSession(), nil, nil
		},
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}, imap.CapIdle: {}, imap.CapSpecialUse: {}},
		InsecureAuth: true, TLSConfig: t.o.TLS, Logger: log.New(io.Discard, "", 0),
	})
	failed := make(chan error, 4)
	var serving sync.WaitGroup
	if t.o.Telephones != nil {
		serving.Go(func() { failed <- t.o.Telephones.Run(ctx) })
	}
	if t.o.Web != nil {
		serving.Go(func() { failed <- t.o.Websites.Serve(t.o.Web) })
	}
	serving.Go(func() { failed <- t.smtp.Serve(t.o.SMTP) })
	serving.Go(func() { failed <- im.Serve(t.o.IMAP) })
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	cancel()
	t.smtp.Close()
	im.Close()
	if t.o.Web != nil {
		t.o.Websites.Close()
	}
	serving.Wait()
	t.replies.Wait()
	return err
}

// Truth returns what happened so far, in order of arrival.
func (t *Town) Truth() []Truth {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]Truth, len(t.order))
	for i, x := range t.order {
		out[i] = *x
		out[i].Replies = append([]Reply(nil), x.Replies...)
	}
	return out
}

// Twice returns the messages that a structure got more than once.
func (t *Town) Twice() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.twice...)
}

// filed is a mail in an INBOX.
type filed struct {
	raw []byte
	at  time.Time
}

// ResetValidity gives a mailbox's INBOX new identifiers, as a rebuilt index does: the mails stay, UIDVALIDITY changes.
// Sessions that have it open must be cut by the caller, as a server does.
func (t *Town) ResetValidity(local string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.users[local]
	if err := errors.Join(u.Delete("INBOX"), u.Create("INBOX", nil)); err != nil {
		return err
	}
	for _, m := range t.inbox[local] {
		if _, err := u.Append("INBOX", literal(m.raw), &imap.AppendOptions{Time: m.at}); err != nil {
			return err
		}
	}
	return nil
}

// Put files a raw mail in a persona's folder as it is.
func (t *Town) Put(local, folder string, raw []byte, at time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if folder == "INBOX" {
		t.inbox[local] = append(t.inbox[local], filed{raw, at})
	}
	_, err := t.users[local].Append(folder, literal(raw), &imap.AppendOptions{Time: at})
	return err
}

// deliver stamps the mail as a receiving server does (RFC 5321 §4.4) and files it.
func (t *Town) deliver(to, folder, returnPath string, mail []byte) (time.Time, error) {
	local, _, _ := strings.Cut(to, "@")
	local, _, _ = strings.Cut(local, "+")
	local = strings.ToLower(local)
	if t.users[local] == nil {
		return time.Time{}, fmt.Errorf("no mailbox for %s", to)
	}
	now := time.Now()
	stamp := now
	if t.o.Skew != nil {
		stamp = now.Add(t.o.Skew())
	}
	raw := fmt.Appendf(nil, "Return-Path: <%s>\r\nDelivered-To: %s\r\nReceived: from relay.example (relay.example [192.0.2.7])\r\n"+
		"\tby mx.%s (townhall) with ESMTP id %x\r\n\tfor <%s>; %s\r\n", returnPath, to, t.o.Domain, now.UnixNano(), to,
		stamp.Format("Mon, 2 Jan 2006 15:04:05 -0700"))
	return now, t.Put(local, folder, append(raw, mail...), stamp)
}

// literalReader is a message as imapmemserver takes it.
type literalReader struct {
	*strings.Reader
}

func literal(raw []byte) literalReader { return literalReader{strings.NewReader(string(raw))} }

func (l literalReader) Size() int64 { return l.Reader.Size() }
