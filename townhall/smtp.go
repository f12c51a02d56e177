package townhall

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// backend is the personas' submission server. It relays to the structures of the town and to the personas themselves.
type backend struct{ t *Town }

func (b backend) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{t: b.t, conn: c}, nil
}

type session struct {
	t        *Town
	conn     *smtp.Conn
	from, id string
	to       []string
	receipt  bool
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != s.t.o.Password {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (s *session) Reset()        { s.from, s.id, s.to, s.receipt = "", "", nil, false }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, o *smtp.MailOptions) error {
	s.Reset()
	s.from = from
	if o != nil {
		s.id = o.EnvelopeID
	}
	return nil
}

func (s *session) Rcpt(to string, o *smtp.RcptOptions) error {
	to = strings.ToLower(to)
	if strings.HasSuffix(to, "@"+s.t.o.Domain) {
		s.to = append(s.to, to)
		return nil
	}
	conduct, ok := s.t.o.Structures[to]
	if !ok {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 2}, Message: "no such domain in this town"}
	}
	switch s.t.fault(to) {
	case DropBeforeData:
		s.conn.Conn().Close()
		return errors.New("connection lost")
	case DeferRecipient:
		return &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 2, 0}, Message: "try again later"}
	}
	if conduct.Refuse {
		s.t.note(&Truth{From: s.from, To: to, Refused: "550 5.1.1"})
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1},
			Message: fmt.Sprintf("<%s>: Recipient address rejected: User unknown in virtual mailbox table", to)}
	}
	s.to = append(s.to, to)
	if o != nil {
		for _, n := range o.Notify {
			s.receipt = s.receipt || n == smtp.DSNNotifySuccess
		}
	}
	return nil
}

func (t *Town) fault(to string) Fault {
	if t.o.Fault == nil {
		return NoFault
	}
	return t.o.Fault(to)
}

func (s *session) Data(r io.Reader) error {
	var to string
	for _, a := range s.to {
		if _, ok := s.t.o.Structures[a]; ok {
			to = a
		}
	}
	fault := s.t.fault(to)
	if fault == DropInData {
		s.conn.Conn().Close()
		return errors.New("connection lost")
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if fault == DeferData {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "queue file write error"}
	}
	taken := time.Now()
	if to != "" {
		if err := s.t.take(s.from, to, to, s.id, raw, taken, s.receipt); err != nil {
			return err
		}
	}
	for _, a := range s.to {
		if a != to {
			if _, err := s.t.deliver(a, "INBOX", s.from, raw); err != nil {
				return err
			}
		}
	}
	switch fault {
	case DropAfterDot:
		s.conn.Conn().Close()
		return errors.New("connection lost")
	case StrangeReply:
		return &smtp.SMTPError{Code: 252, EnhancedCode: smtp.EnhancedCode{2, 0, 0}, Message: "cannot tell"}
	}
	return nil
}

// note adds a message to the truth, or says that it came twice.
func (t *Town) note(x *Truth) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := x.To + " " + x.From
	if old := t.truth[key]; old != nil && old.Refused == "" {
		t.twice = append(t.twice, key)
		return
	}
	t.truth[key] = x
	t.order = append(t.order, x)
}

// take accepts a citizen's message and sets the structure's answers on their way. asked is the contact that was used: the
// mailbox, or the form that filled it.
func (t *Town) take(from, to, asked, envelopeID string, raw []byte, at time.Time, receipt bool) error {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "message without a header"}
	}
	x := &Truth{MessageID: strings.Trim(m.Header.Get("Message-Id"), "<>"), From: from, To: asked, Taken: at}
	t.note(x)
	l := newLetter(m, raw, from, to, envelopeID)
	conduct := t.o.Structures[to]
	for _, step := range conduct.steps(t.rand(x.MessageID), receipt) {
		t.replies.Go(func() { t.reply(x, l, step) })
	}
	return nil
}

// reply delivers one answer when its time has come.
func (t *Town) reply(x *Truth, l *letter, step Step) {
	wait := time.NewTimer(time.Until(x.Taken.Add(step.After / time.Duration(t.o.Speed))))
	defer wait.Stop()
	select {
	case <-t.ctx.Done():
		return
	case <-wait.C:
	}
	folder := "INBOX"
	if step.Junk {
		folder = "Junk"
	}
	from, returnPath, raw := l.answer(step, t.rand(x.MessageID+step.Class))
	at, err := t.deliver(l.from, folder, returnPath, raw)
	if err != nil {
		return // the town has closed its mailboxes
	}
	t.mu.Lock()
	x.Replies = append(x.Replies, Reply{Class: step.Class, Answer: step.Answer, At: at, Folder: folder, From: from})
	t.mu.Unlock()
}
