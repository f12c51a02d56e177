package sip

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// Kind says what a Signal tells.
type Kind string

// What happens to a call. Failed and Ended are the last signal of theirs.
const (
	Progress Kind = "progress" // 1xx
	Answered Kind = "answered" // 2xx, and our ACK has left
	Renewed  Kind = "renewed"  // the callee changed the session: hold, music, another end for the sound
	Failed   Kind = "failed"   // a final refusal, or no answer of the signalling at all
	Ended    Kind = "ended"    // BYE, from whom Theirs says; or a session that died
)

// Signal is something that the other side did, or the end of what we did.
type Signal struct {
	Kind   Kind
	At     time.Time // with the monotonic clock
	Code   int       // 0: no message of theirs
	Reason string    // their words
	Cause  int       // ITU-T Q.850, from the header Reason (RFC 3326); 0: not told
	Body   []byte    // a session description
	Theirs bool      // Ended: they hung up
	Raced  bool      // Failed: it was answered while we cancelled, and was hung up at once
	Moved  string    // of a 3xx: where to
	Err    error     // no message of theirs, or one that we could not work with

	from string // tag of who hung up
}

// Renew answers a session description that came within the call; an empty one asks for ours.
type Renew func(offer []byte) (answer []byte, err error)

// Call is a call under way.
type Call struct {
	a       *Agent
	offer   []byte
	renew   Renew
	id, tag string
	signals chan Signal
	cancel  chan struct{}
	hang    chan string // the header Reason of our BYE
	bye     chan Signal
	renewed chan Signal
	done    chan struct{}
	once    [2]sync.Once
	wait    sync.WaitGroup // what goes on beside the call
	up      atomic.Bool    // established

	mu        sync.Mutex
	seq       uint32       // of our last request
	asks      asked        // our last INVITE
	final     bool         // it has its final answer
	over      bool         // signals is closed
	codes     map[int]bool // of the provisional answers that were told
	kept      []Signal     // the first of their code, for which there was no room
	first     time.Time
	dialog    dialog
	desks     map[string]bool   // tags of further callees that answered
	reliable  map[string]uint32 // RSeq of the last reliable provisional answer, by tag
	theirs    uint32            // sequence number of their last change of the session
	acked     chan struct{}     // closed by the ACK to their last INVITE
	ackedSeq  uint32
	interval  time.Duration // of the session; 0: no timer
	ours      bool          // we refresh it
	canUpdate bool
}

// Invite sends the INVITE with the offer. The instant before it is the one at which the call was dialled.
func (a *Agent) Invite(ctx context.Context, offer []byte, renew Renew) (*Call, error) {
	c := &Call{a: a, offer: offer, renew: renew, id: a.id, tag: a.tag, signals: make(chan Signal, 64),
		cancel: make(chan struct{}), hang: make(chan string, 1), bye: make(chan Signal, 8), renewed: make(chan Signal),
		done: make(chan struct{}), codes: map[int]bool{}, desks: map[string]bool{}, reliable: map[string]uint32{}, interval: a.line.Refresh}
	if c.interval == 0 {
		c.interval = least
	}
	if !a.call.CompareAndSwap(nil, c) {
		return nil, errors.New("an agent makes one call")
	}
	req := c.invite(nil)
	c.first = time.Now()
	tx, err := a.client.TransactionRequest(ctx, req, asIs)
	if err != nil {
		close(c.done)
		c.close()
		return nil, reached(ctx, err)
	}
	if sent := a.door.sent.Load(); sent != nil {
		c.first = *sent
	}
	go c.run(tx, req)
	return c, nil
}

// asked is what an answer must belong to.
type asked struct {
	branch string
	seq    uint32
}

// dialog is whom requests within the call go to (RFC 3261, 12).
type dialog struct {
	tag    string
	remote gosip.Uri // their contact
	source string    // where their answer came from
	routes []string
}

// Sent is when the first INVITE left, just before its first octet.
func (c *Call) Sent() time.Time { return c.first }

// Signals gives what happens; it is closed after the last. Whoever made the call reads it to its end.
func (c *Call) Signals() <-chan Signal { return c.signals }

// Cancel gives the call up before it is answered. It returns at once: the outcome is a signal.
func (c *Call) Cancel() { c.once[0].Do(func() { close(c.cancel) }) }

// Hangup ends an answered call. It returns at once: the outcome is a signal.
func (c *Call) Hangup() { c.once[1].Do(func() { c.hang <- `Q.850;cause=16` }) }

// close ends the signals.
func (c *Call) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	close(c.signals)
}

// asked says whether an answer to an INVITE belongs to one of ours, and whether to the last one.
func (c *Call) asked(r *gosip.Response) (current, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	branch, _ := r.Via().Params.Get("branch")
	if branch == c.asks.branch {
		return true, r.CSeq().SeqNo == c.asks.seq
	}
	return false, r.CSeq().SeqNo <= c.seq
}

// provisional makes a signal of a 1xx, in the order of the wire: the library would let a 200 overtake the 180 before it, and
// the ringing would be lost. It never waits.
func (c *Call) provisional(r *gosip.Response, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !r.IsProvisional() {
		c.final = true
		return
	}
	if c.final || c.over {
		return // it was overtaken on the way
	}
	s := signal(Progress, r, at)
	all := append(c.kept, s)
	for len(all) > 0 {
		select {
		case c.signals <- all[0]:
			all = all[1:]
			continue
		default: // nobody keeps up with it
		}
		break
	}
	if len(all) > 0 && c.codes[s.Code] {
		all = all[:len(all)-1] // one more of the same tells nothing
	}
	c.kept = all
	c.codes[s.Code] = true
	c.prack(r)
}

// told hands on what was kept, and waits for room.
func (c *Call) told() {
	c.mu.Lock()
	kept := c.kept
	c.kept = nil
	c.mu.Unlock()
	for _, s := range kept {
		c.signals <- s
	}
}

// invite makes the INVITE, with credentials if there are any.
func (c *Call) invite(credentials gosip.Header) *gosip.Request {
	a := c.a
	seq := c.next()
	req := a.request(gosip.INVITE, a.target, c.tag, c.id, seq)
	branch := branchOf(a.branch, seq)
	req.Via().Params.Add("branch", branch)
	c.mu.Lock()
	c.asks, c.final = asked{branch, seq}, false
	c.mu.Unlock()
	req.AppendHeader(a.contact())
	if credentials != nil {
		req.AppendHeader(credentials)
	}
	seconds := int(c.interval / time.Second)
	for name, value := range map[string]string{"Allow": allowed, "Supported": "100rel, timer", "Content-Type": "application/sdp",
		"Session-Expires": fmt.Sprintf("%d;refresher=uac", seconds), "Min-SE": fmt.Sprint(min(seconds, int(least/time.Second)))} {
		req.AppendHeader(gosip.NewHeader(name, value))
	}
	if a.line.Withheld {
		req.AppendHeader(gosip.NewHeader("Privacy", "id"))
		if a.line.Server != "" { // the trunk must know whose call it is
			us := a.identity()
			req.AppendHeader(gosip.NewHeader("P-Preferred-Identity", "<"+us.String()+">"))
		}
	}
	req.SetBody(c.offer)
	return req
}

const allowed = "INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS, INFO"

// run follows the call to its end.
func (c *Call) run(tx gosip.ClientTransaction, req *gosip.Request) {
	defer close(c.done)
	defer c.close()
	var giveUp <-chan time.Time
	cancel := c.cancel
	cancelled, heard, told, attempts := false, false, false, 0
	tell := func() {
		if cancelled && heard && !told { // RFC 3261, 9.1: not before a 1xx
			told = true
			c.sendCancel(req)
		}
	}
	for {
		select {
		case r := <-tx.Responses():
			at := c.a.door.arrived(r)
			switch {
			case r.IsProvisional(): // a signal was made of it at the door
				heard = true
				tell()
			case r.IsSuccess():
				c.establish(tx, r)
				c.told()
				if !cancelled {
					c.signals <- signal(Answered, r, at)
					c.talk()
					return
				}
				c.sendBye(c.current(), "") // the callee must not stay off the hook
				s := signal(Failed, r, at)
				s.Raced = true
				c.signals <- s
				return
			default:
				next, credentials := c.again(r, attempts)
				if !next || cancelled {
					c.told()
					s := signal(Failed, r, at)
					if h := r.Contact(); h != nil && r.IsRedirection() {
						s.Moved = words(h.Address.String())
					}
					c.signals <- s
					return
				}
				attempts, heard = attempts+1, false
				req = c.invite(credentials)
				var err error
				if tx, err = c.a.client.TransactionRequest(context.Background(), req, asIs); err != nil {
					c.signals <- Signal{Kind: Failed, At: time.Now(), Err: err}
					return
				}
			}
		case <-cancel:
			cancel, cancelled = nil, true
			patience := c.a.line.Patience
			if patience == 0 {
				patience = 64 * gosip.T1
			}
			giveUp = time.After(patience)
			tell()
		case <-giveUp:
			tx.Terminate()
			c.told()
			c.signals <- Signal{Kind: Failed, At: time.Now(), Err: errors.New("no final answer after the call was cancelled")}
			return
		case <-tx.Done():
			err := tx.Err()
			if errors.Is(err, gosip.ErrTransactionTimeout) {
				err = fmt.Errorf("%w: %w", ErrSilent, err)
			}
			c.told()
			c.signals <- Signal{Kind: Failed, At: time.Now(), Err: err}
			return
		}
	}
}

func signal(k Kind, r *gosip.Response, at time.Time) Signal {
	return Signal{Kind: k, At: at, Code: r.StatusCode, Reason: words(r.Reason), Cause: cause(r.GetHeaders("Reason")), Body: r.Body()}
}

// words are theirs as they may be kept: a journal takes UTF-8 alone, and a phrase has an end.
func words(s string) string {
	const most = 256
	if len(s) > most {
		s = s[:most]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// maxAttempts bounds the answers to one call that ask for it in another form.
const maxAttempts = 3

// again says whether the final answer asks for the same call in another form: with credentials (RFC 8760), or with a longer
// session (RFC 4028). This is the protocol's way of placing one call and no second try.
func (c *Call) again(r *gosip.Response, attempts int) (bool, gosip.Header) {
	if attempts >= maxAttempts {
		return false, nil
	}
	asks, gives := "", ""
	switch r.StatusCode {
	case 401:
		asks, gives = "WWW-Authenticate", "Authorization"
	case 407:
		asks, gives = "Proxy-Authenticate", "Proxy-Authorization"
	case 422:
		h := r.GetHeader("Min-SE")
		if h == nil {
			return false, nil
		}
		longer, _ := sessionExpires(h.Value())
		if longer <= c.interval || longer > time.Hour {
			return false, nil
		}
		c.interval = longer
		return true, nil
	default:
		return false, nil
	}
	if c.a.line.Password == "" {
		return false, nil
	}
	for _, h := range r.GetHeaders(asks) {
		challenge, err := digest.ParseChallenge(h.Value())
		if err != nil {
			continue
		}
		challenge.Algorithm = strings.ToUpper(challenge.Algorithm)
		if !digest.CanDigest(challenge) || attempts > 0 && !challenge.Stale {
			continue
		}
		credentials, err := digest.Digest(challenge, digest.Options{Method: gosip.INVITE.String(), URI: c.a.target.String(),
			Username: c.a.line.User, Password: c.a.line.Password, Count: 1})
		if err == nil {
			return true, gosip.NewHeader(gives, credentials.String())
		}
	}
	return false, nil
}

// establish notes the dialog that a 2xx makes and acknowledges it, and each copy of it.
func (c *Call) establish(tx gosip.ClientTransaction, r *gosip.Response) {
	c.mu.Lock()
	c.dialog = c.dialogOf(r)
	if h := r.GetHeader("Session-Expires"); h != nil {
		var refresher string
		c.interval, refresher = sessionExpires(h.Value())
		c.interval, c.ours = c.bounded(c.interval), refresher != "uas"
	} else {
		c.interval = 0
	}
	for _, h := range r.GetHeaders("Allow") {
		c.canUpdate = c.canUpdate || strings.Contains(strings.ToUpper(h.Value()), "UPDATE")
	}
	seq := c.asks.seq
	c.mu.Unlock()
	c.up.Store(true)
	tx.OnRetransmission(func(r *gosip.Response) {
		if r.IsSuccess() {
			c.ack(r, seq)
		}
	})
	c.ack(r, seq)
}

// dialogOf takes from a 2xx whom later requests go to.
func (c *Call) dialogOf(r *gosip.Response) (d dialog) {
	if to := r.To(); to != nil {
		d.tag, _ = to.Params.Get("tag")
	}
	d.remote, d.source = c.a.target, r.Source()
	if h := r.Contact(); h != nil {
		d.remote = *h.Address.Clone()
	}
	routes := r.GetHeaders("Record-Route")
	for i := len(routes) - 1; i >= 0; i-- { // RFC 3261, 12.1.2
		d.routes = append(d.routes, routes[i].Value())
	}
	return d
}

// within makes a request of a dialog.
func (c *Call) within(d dialog, method gosip.RequestMethod, seq uint32) *gosip.Request {
	req := c.a.request(method, d.remote, c.tag, c.id, seq)
	if d.tag != "" {
		req.To().Params.Add("tag", d.tag)
	}
	req.AppendHeader(c.a.contact())
	for _, route := range d.routes {
		req.AppendHeader(gosip.NewHeader("Route", route))
	}
	if first := req.Route(); first != nil && !first.Address.UriParams.Has("lr") {
		req.Recipient = first.Address
	}
	switch {
	case c.a.transport == "TLS", c.a.transport == "TCP" && len(d.routes) == 0:
		req.SetDestination(c.a.server.String()) // the connection that there is
	case len(d.routes) == 0 && hidden(d.remote.Host, d.source):
		req.SetDestination(d.source)
	default:
		req.SetDestination("") // the first route, or their contact
	}
	return req
}

// current is the dialog of the call.
func (c *Call) current() dialog {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dialog
}

func (c *Call) next() uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	return c.seq
}

// maxDesks is how many further callees are acknowledged and hung up: a switchboard that rings more at once is none.
const maxDesks = 16

// ack acknowledges a 2xx, and each copy of it. A second callee that answers, behind a proxy that forks, is hung up: one call
// is one call. It runs where the library reads, and waits for nobody.
func (c *Call) ack(r *gosip.Response, seq uint32) {
	d := c.dialogOf(r)
	c.mu.Lock()
	other, before := d.tag != c.dialog.tag, c.desks[d.tag]
	if other && !before {
		if len(c.desks) == maxDesks {
			c.mu.Unlock()
			c.a.door.hostile.Add(1)
			return
		}
		c.desks[d.tag] = true
	}
	c.mu.Unlock()
	ack := c.within(d, gosip.ACK, seq)
	ctx, stop := context.WithTimeout(context.Background(), c.a.brief)
	defer stop()
	c.find(ctx, d, ack)
	_ = c.a.client.WriteRequest(ack, asIs) // they repeat the 2xx until they see it
	c.mu.Lock()
	defer c.mu.Unlock()
	if other && !before && !c.over {
		c.wait.Go(func() { c.sendBye(d, "") })
	}
}
