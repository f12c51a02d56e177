package message

import (
	"strings"
)

// findReturned looks for the original mail that a report gives back: attached (the walker has found it), or as text
// below the notice. A human who quotes a mail rarely quotes its Message-ID or Received lines; systems always do.
func (m *Message) findReturned() {
	sure := m.Returned != nil
	at, h := originalInText(m.Text, m.machineMade())
	if at < 0 {
		return
	}
	m.Notice = strings.TrimSpace(m.Text[:at])
	if !sure {
		inner := &Message{Header: h}
		_, body, _ := readHeader(m.Text[at:], Limits{}.withDefaults())
		inner.Text = strings.TrimSpace(body)
		inner.Notice, inner.Reply = inner.Text, inner.Text
		m.Returned = inner
	}
}

// machineMade says whether the header shows that no person wrote the mail.
func (m *Message) machineMade() bool {
	if a, ok := m.ReturnPath(); ok && (a == "" || strings.EqualFold(a, "mailer-daemon")) {
		return true
	}
	return m.Header.Has("X-Failed-Recipients") || DaemonAddress(m.From())
}

// originalInText returns where in s the header of an original mail begins, and that header; -1 if there is none.
func originalInText(s string, machine bool) (int, Header) {
	lim := Limits{}.withDefaults()
	tried := 0
	for pos := 0; pos < len(s) && tried < 20; {
		line, _ := cutLine(s[pos:])
		next := pos + len(line) + 1
		start := pos
		n := fieldName(line)
		if n == "" && strings.HasPrefix(line, "From ") && strings.Contains(line, ":") { // mbox line of the copy
			second, _ := cutLine(s[min(next, len(s)):])
			n = fieldName(second)
		}
		if n == "" || !headerStart(n) {
			pos = next
			continue
		}
		tried++
		h, body, _ := readHeader(s[start:min(len(s), start+64<<10)], lim)
		if enoughHeader(h, machine) {
			return start, h
		}
		// Go on after this run of fields, so that no line is read twice.
		used := len(s[start:min(len(s), start+64<<10)]) - len(body)
		pos = max(next, start+used)
	}
	return -1, Header{}
}

func headerStart(name string) bool {
	return isWellKnown(name) || strings.HasPrefix(name, "X-") || strings.HasPrefix(name, "ARC-") ||
		strings.HasPrefix(name, "Authentication-") || strings.EqualFold(name, "DomainKey-Signature") ||
		strings.HasPrefix(name, "Received-")
}

func enoughHeader(h Header, machine bool) bool {
	known, id := 0, false
	for _, name := range [...]string{"From", "To", "Subject", "Date", "Message-Id", "Received", "Return-Path", "MIME-Version",
		"Content-Type"} {
		if h.Has(name) {
			known++
			id = id || name == "Message-Id" || name == "Received" || name == "Return-Path"
		}
	}
	if machine {
		return known >= 3 && (id || h.Has("From")) || known == 2 && h.Has("From") && (h.Has("To") || h.Has("Subject") || id)
	}
	return id && known >= 4
}

// DaemonAddress says whether an author is a mail system: MAILER-DAEMON (RFC 5321 §4.5.5 by custom), postmaster and
// the names that the systems in use write.
func DaemonAddress(a Address) bool {
	local, _, _ := strings.Cut(strings.ToLower(a.Address), "@")
	switch local {
	case "mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon", "mailer_daemon", "mdaemon", "mailer", "mail-system",
		"mail.delivery.system", "maildaemon", "mailsystem", "smtp-daemon", "uucp", "maileradmin", "mail-server", "mailserver",
		"post_master", "bounce-daemon", "smtpd", "mmdf", "daemon", "mailrouter", "mail-router", "mailgate", "mail-gateway", "mailgateway", "groupwise", "smtp", "mta", "listserv-daemon":
		return true
	}
	if strings.HasPrefix(local, "mailer-daemon") || strings.HasPrefix(local, "microsoftexchange") ||
		strings.HasSuffix(local, "-daemon") || strings.HasPrefix(local, "postmaster+") || strings.HasPrefix(local, "postmaster-") {
		return true
	}
	name := strings.ToLower(a.Name)
	for _, n := range [...]string{"mail delivery s", "mailer-daemon", "mail delivery sub", "mail deliver system", "mail system",
		"mailer daemon", "mail administrator", "mailadministrator", "internet mail delivery", "mail daemon", "delivery subsystem",
		"mail-delivery", "microsoft outlook", "system administrator", "systemadministrator", "administrateur système",
		"administrateur systeme", "postmaster", "undeliverable mail", "email delivery", "mailsystem", "mail router", "internet mail service", "internet mail connector", "mail gateway", "message router", "mmdf mail"} {
		if strings.HasPrefix(name, n) {
			// "Microsoft Outlook <someone@…>" is a person who named himself after his program.
			if n == "microsoft outlook" && !strings.HasPrefix(local, "microsoftexchange") && local != "" {
				return false
			}
			return true
		}
	}
	return false
}
