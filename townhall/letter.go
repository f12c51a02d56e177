package townhall

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/sonde-fleet/sonde/probes"
)

// letter is a citizen's message as the structure holds it when it answers.
type letter struct {
	from, to   string // envelope
	name       string // the citizen's
	subject    string
	id         string
	text       string
	raw        []byte
	envelopeID string
	date       string
}

func newLetter(m *mail.Message, raw []byte, from, to, envelopeID string) *letter {
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		subject = m.Header.Get("Subject")
	}
	l := &letter{from: from, to: to, subject: subject, id: m.Header.Get("Message-Id"), raw: raw, envelopeID: envelopeID,
		date: m.Header.Get("Date")}
	if a, err := mail.ParseAddress(m.Header.Get("From")); err == nil {
		l.name = a.Name
	}
	body, _ := io.ReadAll(quotedprintable.NewReader(m.Body)) // what cannot be read is not quoted
	l.text = string(body)
	return l
}

// answer writes the mail of one step: its From, its envelope sender and its bytes.
func (l *letter) answer(s Step, r *rand.Rand) (from, returnPath string, raw []byte) {
	_, domain, _ := strings.Cut(l.to, "@")
	switch s.Class {
	case probes.ClassBounce, probes.ClassDelay, probes.ClassReceipt:
		return "MAILER-DAEMON@mx." + domain, "", l.report(s.Class, domain, r)
	}
	from = l.to
	if s.Foreign {
		from = pick(r, "prenom.nom", "c.lambert", "secretariat.general") + "@agglo-" + domain
	}
	h := []string{"From: " + header(s.Name) + " <" + from + ">", "To: " + l.from, "Message-ID: <" + newID(r) + "@" + domain + ">",
		"Date: " + time.Now().Format("Mon, 2 Jan 2006 15:04:05 -0700"), "MIME-Version: 1.0"}
	subject := "Re: " + l.subject
	returnPath = from
	var text string
	switch s.Class {
	case probes.ClassAutoAck:
		subject, returnPath = pick(r, "Accusé de réception : ", "Accusé de réception de votre message - ", "Réponse automatique : ")+l.subject, ""
		if r.IntN(3) > 0 { // many acknowledgements carry no mark at all
			h = append(h, "Auto-Submitted: auto-replied")
		}
		text = ackText(s.Name, r)
	case probes.ClassOutOfOffice:
		subject, returnPath = pick(r, "Absence du bureau : ", "Réponse automatique : ", "Message d'absence Re: ")+l.subject, ""
		if r.IntN(3) > 0 {
			h = append(h, "Auto-Submitted: auto-replied (vacation)", "X-Auto-Response-Suppress: All")
		}
		text = absenceText(r)
	case probes.ClassChallenge:
		subject = "Confirmation de votre message"
		text = "Bonjour,\n\nVotre message est en attente de remise à son destinataire. Pour qu'il lui soit transmis, merci de confirmer\n" +
			"que vous n'êtes pas un robot en cliquant sur le lien suivant : https://filtre." + domain + "/confirm?id=" + newID(r) +
			"\n\nCette vérification ne vous sera demandée qu'une seule fois.\nProtection anti-spam de " + s.Name + "\n"
	default:
		text = humanText(l, s, r)
	}
	h = append(h, "Subject: "+header(subject))
	// Some programs leave the references out; the address alone then says what is answered.
	if r.IntN(5) > 0 {
		h = append(h, "In-Reply-To: "+l.id, "References: "+l.id)
	}
	return from, returnPath, body(h, text, r)
}

// body writes plain text, or plain text with HTML, in the encodings that town halls use.
func body(h []string, text string, r *rand.Rand) []byte {
	var b bytes.Buffer
	part := func(kind, s string) {
		fmt.Fprintf(&b, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", kind)
		w := quotedprintable.NewWriter(&b)
		io.WriteString(w, strings.ReplaceAll(s, "\n", "\r\n"))
		w.Close()
	}
	b.WriteString(strings.Join(h, "\r\n") + "\r\n")
	if r.IntN(2) == 0 {
		part("text/plain", text)
		return b.Bytes()
	}
	boundary := "_" + newID(r)
	fmt.Fprintf(&b, "Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n--%s\r\n", boundary, boundary)
	part("text/plain", text)
	fmt.Fprintf(&b, "\r\n--%s\r\n", boundary)
	html := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\n", "<br>\n").Replace(text)
	part("text/html", "<html><body><p>"+html+"</p></body></html>")
	fmt.Fprintf(&b, "\r\n--%s--\r\n", boundary)
	return b.Bytes()
}

// report is a delivery status notification (RFC 3464).
func (l *letter) report(class, domain string, r *rand.Rand) []byte {
	action, status, subject, words, diagnostic := "failed", "5.1.1", "Undelivered Mail Returned to Sender",
		"I'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.",
		"smtp; 550 5.1.1 <"+l.to+">: Recipient address rejected: User unknown"
	switch class {
	case probes.ClassDelay:
		action, status, subject = "delayed", "4.4.1", "Delayed Mail (still being retried)"
		words, diagnostic = "Your message could not be delivered for more than 4 hour(s).\nIt will be retried until it is 5 day(s) old.",
			"X-Postfix; connect to mx2."+domain+": Connection timed out"
	case probes.ClassReceipt:
		action, status, subject = "relayed", "2.0.0", "Successful Mail Delivery Report"
		words, diagnostic = "Your message was successfully delivered to the destination(s)\nlisted below.", "smtp; 250 2.0.0 Ok: queued"
	default:
		if r.IntN(2) == 0 {
			status, diagnostic = "5.2.2", "smtp; 552 5.2.2 <"+l.to+">: mailbox full"
		}
	}
	boundary := newID(r)
	var b bytes.Buffer
	w := func(format string, args ...any) {
		b.WriteString(strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "\r\n"))
	}
	w("From: MAILER-DAEMON@mx.%s (Mail Delivery System)\nSubject: %s\nTo: %s\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n",
		domain, subject, l.from)
	w("Date: %s\nMessage-ID: <%s@mx.%s>\n", time.Now().Format("Mon, 2 Jan 2006 15:04:05 -0700"), newID(r), domain)
	w("Content-Type: multipart/report; report-type=delivery-status;\n\tboundary=\"%s\"\n\n", boundary)
	w("--%s\nContent-Description: Notification\nContent-Type: text/plain; charset=us-ascii\n\n", boundary)
	w("This is the mail system at host mx.%s.\n\n%s\n\n<%s>: %s\n\n", domain, words, l.to, diagnostic)
	w("--%s\nContent-Description: Delivery report\nContent-Type: message/delivery-status\n\n", boundary)
	w("Reporting-MTA: dns; mx.%s\n", domain)
	if l.envelopeID != "" {
		w("Original-Envelope-Id: %s\n", l.envelopeID)
	}
	w("Arrival-Date: %s\n\nFinal-Recipient: rfc822; %s\nAction: %s\nStatus: %s\nDiagnostic-Code: %s\n\n", l.date, l.to, action, status, diagnostic)
	w("--%s\nContent-Description: Message headers\nContent-Type: text/rfc822-headers\n\n", boundary)
	head, _, _ := bytes.Cut(l.raw, []byte("\r\n\r\n"))
	b.Write(head)
	w("\n\n--%s--\n", boundary)
	return b.Bytes()
}

func pick(r *rand.Rand, options ...string) string { return options[r.IntN(len(options))] }

func header(s string) string { return mime.QEncoding.Encode("utf-8", s) }

func newID(r *rand.Rand) string {
	var u uuid.UUID
	for i := range u {
		u[i] = byte(r.Uint32())
	}
	return u.String()
}
