// Package mail is the e-mail channel: it writes to a structure over SMTP as a citizen would, and watches the persona's
// mailbox over IMAP for what comes back. It keeps nothing itself and never sends anything twice.
//
// A structure that publishes no address and offers a form on its website is written to through the form, under the same
// law (form.go): the target of such an audit is the address of the form.
//
// A try goes through these steps, each recorded before the next is taken (RFC 5321):
//
//  1. compose: exact bytes, Message-ID, envelope identifier and reply address follow from the audit and the seed;
//     mail.prepared makes them durable while nothing has left.
//  2. connect, EHLO, STARTTLS, AUTH, MAIL FROM: what fails here is ours.
//  3. RCPT TO the structure; a refusal of the address is theirs. Then RCPT TO our own witness.
//  4. DATA and the message without its final dot, then mail.sending, then the dot.
//  5. The reply: 250 is mail.accepted, 4xx and 5xx are certain refusals, anything else is mail.in-doubt, which is
//     never sent again before it is proven that nothing was taken.
package mail

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base32"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-sasl"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/mail/rate"
)

// Persona is the fictitious citizen who writes.
type Persona struct {
	Given, Family, Civility, Town, Phone, Address string
}

// ReplyStyle says how an address of our own carries the audit's token.
type ReplyStyle string

const (
	// Plus is local+token@domain (RFC 5233 subaddressing).
	Plus ReplyStyle = "plus"
	// CatchAll is local.token@domain, on a domain whose every address reaches the persona.
	CatchAll ReplyStyle = "catch-all"
)

// separator stands between the persona's own local part and the token.
func (r ReplyStyle) separator() string {
	if r == CatchAll {
		return "."
	}
	return "+"
}

// Security says how a connection is protected.
type Security string

// How a connection is protected. None is for loopback.
const (
	StartTLS Security = "starttls"
	TLS      Security = "tls"
	None     Security = "none"
)

// Server is one SMTP or IMAP server of an account.
type Server struct {
	Addr string // host:port
	// Dial opens the connection; nil: TCP. A test gives a connection in memory.
	Dial     func(ctx context.Context, network, addr string) (net.Conn, error)
	Security Security
	TLS      *tls.Config        // cloned for every connection; nil: the system's roots
	Auth     func() sasl.Client // nil: no authentication

	monitor Monitor
}

// Account is a persona's mail account.
type Account struct {
	Persona Persona
	Address string // local@domain
	Reply   ReplyStyle
	SMTP    Server
	IMAP    Server
	Witness bool              // our own mailbox is a second envelope recipient
	DKIM    *dkim.SignOptions // nil: the provider signs
	Poll    time.Duration     // of a mailbox without IDLE
	Sent    string            // folder that the provider fills with what it took; "" for none
}

// Scenario is what is asked, with variants, and what a good answer contains.
type Scenario struct {
	Language         string
	Subjects, Bodies []string
	Facts            []rate.Fact
}

// Archive is what the channel asks of the store.
type Archive interface {
	State(probes.AuditID) (probes.State, bool)
	Active() []probes.State
	Evidence(probes.Hash) ([]byte, error)
	Find(key string, max int) []probes.AuditID
	Seen(digest string) bool
	Mailbox(name string) (validity, uid uint32)
	Structure(probes.StructureID) (probes.Structure, bool)
}

// Monitor is told how the servers and mailboxes of the channel are: what an operator watches a fleet for.
type Monitor interface {
	// Certificate is called at each protected connection with when the server's certificate ends.
	Certificate(server string, notAfter time.Time)
	// Looked is called each time a mailbox was read up to its end, whether or not there was anything new.
	Looked(mailbox string)
}

// Options is everything that the channel is built from.
type Options struct {
	Hello      string        // name given in EHLO
	Timeout    time.Duration // of one whole SMTP transaction
	MaxMessage int64         // octets of an incoming mail that are fetched
	Seed       int64
	Accounts   map[string]Account  // by persona
	Scenarios  map[string]Scenario // by name
	// Wordings are what stands for {{.Arm.KEY}}, by treatment; an audit without one has those of "".
	Wordings map[string]map[string]string
	Archive  Archive
	Desk     Desk    // nil: contact forms wait for a person
	Monitor  Monitor // nil: nobody is told
}

// Channel is the probe and the watcher of the e-mail channel.
type Channel struct{ o Options }

// New makes the channel; it opens no connection.
func New(o Options) *Channel {
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Minute
	}
	if o.MaxMessage == 0 {
		o.MaxMessage = 32 << 20
	}
	if o.Monitor != nil {
		accounts := map[string]Account{}
		for persona, a := range o.Accounts {
			a.SMTP.monitor, a.IMAP.monitor = o.Monitor, o.Monitor
			accounts[persona] = a
		}
		o.Accounts = accounts
	}
	return &Channel{o: o}
}

// tokenEncoding is read aloud and typed without mistakes: lower case, no padding.
var tokenEncoding = base32.NewEncoding("abcdefghijkmnpqrstuvwxyz23456789").WithPadding(base32.NoPadding)

// digest derives bytes for one purpose from the campaign's seed and the audit, so that the same plan always gives the
// same message and nobody who sees one token can guess another.
func (c *Channel) digest(purpose string, id probes.AuditID) []byte {
	m := hmac.New(sha256.New, fmt.Append(nil, "sonde mail ", c.o.Seed))
	fmt.Fprintf(m, "%s\x00%s", purpose, id)
	return m.Sum(nil)
}

// token is the part of a reply address that names the audit: 10 characters, 50 bits.
func (c *Channel) token(purpose string, id probes.AuditID) string {
	return tokenEncoding.EncodeToString(c.digest(purpose, id))[:10]
}

func (c *Channel) rand(id probes.AuditID) *rand.Rand {
	return rand.New(rand.NewChaCha8([32]byte(c.digest("text", id))))
}

// tagged returns the account's address with the token in it.
func (a Account) tagged(token string) string {
	local, domain, _ := strings.Cut(a.Address, "@")
	return local + a.Reply.separator() + token + "@" + domain
}

// tokenOf returns the token in an address of this account, "" when there is none.
func (a Account) tokenOf(address string) string {
	local, domain, _ := strings.Cut(a.Address, "@")
	l, d, ok := strings.Cut(strings.ToLower(address), "@")
	if !ok || d != strings.ToLower(domain) {
		return ""
	}
	t, ok := strings.CutPrefix(l, strings.ToLower(local)+a.Reply.separator())
	if !ok {
		return ""
	}
	return t
}

// Keys under which an audit's mail is found again.
func keyToken(t string) string    { return "token:" + t }
func keyCopy(t string) string     { return "copy:" + t }
func keyMessage(id string) string { return "message-id:" + strings.Trim(strings.TrimSpace(id), "<>") }
func keyEnvelope(e string) string { return "envelope-id:" + e }
func keyTo(addr string) string    { return "to:" + addr }
func keyDomain(addr string) string {
	return "domain:" + addr[strings.LastIndexByte(addr, '@')+1:]
}
