package switchboard

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// transaction is one request of a caller and what was said to it last.
type transaction struct {
	req    *gosip.Request
	path   path
	said   []byte
	final  bool
	call   *call // of an INVITE
	wait   time.Duration
	next   time.Time // when said is repeated; zero: never
	dies   time.Time // when it is given up
	forget time.Time
}

const allowed = "INVITE, ACK, CANCEL, BYE, UPDATE, OPTIONS, INFO"

// The round trip that is reckoned with, and the longest pause between repeats (RFC 3261, 17).
const t1, t2 = 500 * time.Millisecond, 4 * time.Second

// lifetime is how long a transaction is remembered: copies of its request are answered alike (RFC 3261, timers H and J).
const lifetime = 64 * t1

// key names a transaction (RFC 3261, 17.2.3). ACK and CANCEL have that of their INVITE.
func key(r *gosip.Request, method gosip.RequestMethod) string {
	branch, _ := r.Via().Params.Get("branch")
	return fmt.Sprintf("%s %s %s:%d %s %d", method, branch, r.Via().Host, r.Via().Port, r.CallID().Value(), r.CSeq().SeqNo)
}

// contentLength reads the header of that name, in a line of its own; 0 for any other line.
func contentLength(line []byte) int {
	name, value, found := bytes.Cut(line, []byte(":"))
	name = bytes.TrimSpace(name)
	if !found || !bytes.EqualFold(name, []byte("Content-Length")) && !bytes.EqualFold(name, []byte("l")) {
		return 0
	}
	n, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 31)
	if err != nil {
		return largest + 1
	}
	return int(n)
}

// request takes a request of a caller.
func (s *Switchboard) request(r *gosip.Request, p path, at time.Time) {
	if r.IsAck() {
		s.ack(r, at)
		return
	}
	k := key(r, r.Method)
	s.mu.Lock()
	tx, again := s.txs[k]
	if again {
		if tx.said != nil {
			tx.path.write(tx.said)
		}
		s.mu.Unlock()
		return
	}
	tx = &transaction{req: r, path: p, forget: at.Add(lifetime)}
	s.txs[k] = tx
	s.mu.Unlock()
	tag := r.To().Params.GetOr("tag", "")
	switch r.Method {
	case gosip.OPTIONS:
		s.respond(tx, 200, "OK", nil, "Accept: application/sdp")
	case gosip.CANCEL:
		s.cancel(tx, at)
	case gosip.INVITE:
		if tag == "" {
			s.invite(tx, at)
			return
		}
		s.within(tx, tag, at)
	case gosip.BYE, gosip.UPDATE, gosip.INFO:
		s.within(tx, tag, at)
	default:
		s.respond(tx, 405, "Method Not Allowed", nil)
	}
}

// respond answers a request. A final answer to an INVITE is repeated until ACK; headers are whole lines.
func (s *Switchboard) respond(tx *transaction, code int, reason string, body []byte, headers ...string) {
	res := gosip.NewResponseFromRequest(tx.req, code, reason, body)
	if code > 100 && tx.call != nil {
		res.To().Params.Remove("tag")
		res.To().Params.Add("tag", tx.call.tag)
	}
	if tx.call != nil && code < 300 {
		res.AppendHeader(gosip.NewHeader("Contact", tx.call.contactHeader()))
	}
	res.AppendHeader(gosip.NewHeader("Allow", allowed))
	for _, h := range headers {
		name, value, _ := bytes.Cut([]byte(h), []byte(": "))
		res.AppendHeader(gosip.NewHeader(string(name), string(value)))
	}
	if len(body) > 0 {
		res.AppendHeader(gosip.NewHeader("Content-Type", "application/sdp"))
	}
	data := []byte(res.String())
	s.mu.Lock()
	defer s.mu.Unlock()
	if tx.final { // a CANCEL was quicker
		return
	}
	now := time.Now()
	tx.final = code >= 200
	tx.said, tx.forget = data, now.Add(lifetime)
	if tx.req.IsInvite() && code >= 200 && (code < 300 || tx.path.transport() == "UDP") {
		tx.wait, tx.next, tx.dies = t1, now.Add(t1), now.Add(lifetime)
		tx.forget = now.Add(2 * lifetime)
	}
	tx.path.write(data)
}

// beat is how often what is to be repeated is looked through.
const beat = 50 * time.Millisecond

// repeat says again what was not acknowledged, until done.
func (s *Switchboard) repeat(done <-chan struct{}) {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case now := <-tick.C:
			for _, c := range s.again(now) {
				c.end(ByNoACK, now, true)
			}
		}
	}
}

// again repeats what is due at an instant and returns the calls whose answer nobody acknowledged.
func (s *Switchboard) again(now time.Time) (lost []*call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, tx := range s.txs {
		switch {
		case now.After(tx.forget):
			delete(s.txs, k)
		case tx.next.IsZero() || now.Before(tx.next):
		case now.After(tx.dies):
			tx.next = time.Time{}
			if tx.call != nil {
				lost = append(lost, tx.call)
			}
		default:
			tx.path.write(tx.said)
			tx.wait = min(2*tx.wait, t2)
			tx.next = now.Add(tx.wait)
		}
	}
	for id, c := range s.calls {
		b := &c.bye
		switch {
		case c.forget.IsZero():
		case b.data != nil && now.After(b.next) && now.Before(b.dies):
			c.path.write(b.data)
			b.wait = min(2*b.wait, t2)
			b.next = now.Add(b.wait)
		case now.After(c.forget):
			delete(s.calls, id)
		}
	}
	return lost
}

// unanswered says whether a BYE of ours awaits its answer.
func (s *Switchboard) unanswered() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.calls {
		if c.bye.data != nil {
			return true
		}
	}
	return false
}

// answered takes a response: to a BYE, all that we ever ask.
func (s *Switchboard) answered(r *gosip.Response) {
	if r.CallID() == nil || r.CSeq() == nil || r.CSeq().MethodName != gosip.BYE || r.IsProvisional() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.calls[r.CallID().Value()]; c != nil {
		c.bye.data = nil
	}
}

// ack takes the acknowledgement of a final answer.
func (s *Switchboard) ack(r *gosip.Request, at time.Time) {
	s.mu.Lock()
	tx := s.txs[key(r, gosip.INVITE)] // of a refusal: it has the branch of its INVITE
	c := s.calls[r.CallID().Value()]
	if tx == nil && c != nil && r.To().Params.GetOr("tag", "") == c.tag {
		tx = c.invites[r.CSeq().SeqNo]
	}
	if tx == nil || tx.said == nil {
		s.mu.Unlock()
		return
	}
	tx.next = time.Time{}
	c = tx.call
	s.mu.Unlock()
	if c != nil {
		c.acknowledged(r, at)
	}
}

// cancel takes CANCEL. It ends a call that nobody has picked up, and means nothing to any other.
func (s *Switchboard) cancel(tx *transaction, at time.Time) {
	s.mu.Lock()
	var c *call
	invite := s.txs[key(tx.req, gosip.INVITE)]
	if invite != nil {
		c = invite.call
	}
	s.mu.Unlock()
	if invite == nil {
		s.respond(tx, 481, "Call/Transaction Does Not Exist", nil)
		return
	}
	s.respond(tx, 200, "OK", nil)
	if c != nil {
		c.cancelled(at)
	}
}

// realm is that of the town's account.
const realm = "townhall"

// nonce is what the credentials of a call must be made with.
func (s *Switchboard) nonce(callID string) string {
	h := hmac.New(sha256.New, s.secret)
	_, _ = h.Write([]byte(callID))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// authentic says whether a request has the credentials of the account, and else what to ask for.
func (s *Switchboard) authentic(r *gosip.Request) (ok bool, ask string) {
	if s.o.User == "" {
		return true, ""
	}
	challenge := &digest.Challenge{Realm: realm, Nonce: s.nonce(r.CallID().Value()), Algorithm: "MD5", QOP: []string{"auth"}}
	ask = "Proxy-Authenticate: " + challenge.String()
	h := r.GetHeader("Proxy-Authorization")
	if h == nil {
		return false, ask
	}
	got, err := digest.ParseCredentials(h.Value())
	if err != nil || got.Nonce != challenge.Nonce || got.Username != s.o.User {
		return false, ask
	}
	want, err := digest.Digest(challenge, digest.Options{Method: string(r.Method), URI: got.URI, Username: s.o.User, Password: s.o.Password, Count: got.Nc, Cnonce: got.Cnonce})
	return err == nil && subtle.ConstantTimeCompare([]byte(want.Response), []byte(got.Response)) == 1, ask
}
