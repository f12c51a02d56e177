// Package proxy is the only way out of the browser: a forward proxy on loopback that dials nothing but addresses which
// any citizen could reach. The check is made on the address that is dialled, after the name was resolved, so neither a
// redirect nor a name that changes its address (DNS rebinding) leads inside. It also counts and times what passes.
package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// ErrRefused is in the chain of every error that means: this address is not for us.
var ErrRefused = errors.New("address refused")

// errTooMuch ends what sends more than the policy takes.
var errTooMuch = errors.New("the site sent more than the limit")

// Policy says what may pass.
type Policy struct {
	Allow       []Exception   // addresses that may be dialled although they are not public
	Closed      bool          // nothing passes: the browser's own calls home
	MaxResponse int64         // octets of one response; 0: 32 MiB. A tunnel has many responses and is held to MaxTotal
	MaxTotal    int64         // octets in all; 0: 512 MiB
	Dial        time.Duration // of one connection; 0: 10 s
}

// Exchange is one request, or one tunnel, that the browser asked for.
type Exchange struct {
	Method  string        `json:"method"` // CONNECT for a tunnel
	Host    string        `json:"host"`   // as asked for, with the port
	Path    string        `json:"path,omitempty"`
	Address string        `json:"address,omitempty"` // dialled
	Status  int           `json:"status,omitempty"`
	Start   time.Time     `json:"start"`
	Connect time.Duration `json:"connect_ns,omitempty"` // until the connection stood
	Took    time.Duration `json:"took_ns,omitempty"`    // until the last octet
	Down    int64         `json:"down"`                 // octets from the site
	Refused string        `json:"refused,omitempty"`    // why it did not pass
}

// maxLog bounds the memory that a hostile page can make us keep.
const maxLog = 20_000

// Proxy is a running forward proxy.
type Proxy struct {
	policy   Policy
	listener net.Listener
	server   *http.Server
	dialer   *net.Dialer
	relay    *httputil.ReverseProxy
	total    atomic.Int64
	done     context.CancelFunc
	tunnels  sync.WaitGroup

	mu    sync.Mutex
	asked []Exchange
	open  map[net.Conn]struct{} // tunnels
}

// Start opens a proxy on a free port of 127.0.0.1. Close ends it.
func Start(ctx context.Context, policy Policy) (*Proxy, error) {
	if policy.MaxResponse == 0 {
		policy.MaxResponse = 32 << 20
	}
	if policy.MaxTotal == 0 {
		policy.MaxTotal = 512 << 20
	}
	if policy.Dial == 0 {
		policy.Dial = 10 * time.Second
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open the proxy: %w", err)
	}
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p := &Proxy{policy: policy, listener: l, done: cancel, open: map[net.Conn]struct{}{}}
	p.dialer = &net.Dialer{Timeout: policy.Dial, ControlContext: p.control}
	p.relay = &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.Out.URL.RawQuery = r.In.URL.RawQuery }, // as it was asked
		FlushInterval: -1,
		Transport: &http.Transport{DialContext: p.dial, DisableCompression: true, ForceAttemptHTTP2: false,
			ResponseHeaderTimeout: time.Minute, MaxIdleConnsPerHost: 6, IdleConnTimeout: 30 * time.Second},
		ModifyResponse: p.meter,
		ErrorHandler:   p.failed,
		ErrorLog:       log.New(io.Discard, "", 0), // Exchange.Refused holds it
	}
	p.server = &http.Server{Handler: p, ErrorLog: p.relay.ErrorLog, BaseContext: func(net.Listener) context.Context { return base }, ReadHeaderTimeout: time.Minute}
	go func() { _ = p.server.Serve(l) }() // returns when Close closes the listener
	return p, nil
}

// Addr is the address of the proxy, for Chrome's proxyServer.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Close ends every connection and waits for them.
func (p *Proxy) Close() error {
	p.done()
	err := p.server.Close()
	p.tunnels.Wait()
	p.relay.Transport.(*http.Transport).CloseIdleConnections()
	return err
}

// Dial resolves and connects to what the policy lets through, for requests of our own that need no proxy between.
func (p *Proxy) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return p.dial(ctx, network, address)
}

// Renew makes the browser open fresh connections from now on, the old ones end. Chrome sends a request again by itself,
// a POST too, when a connection that it used before dies before the answer; on a fresh one it never does.
func (p *Proxy) Renew() {
	p.server.SetKeepAlivesEnabled(false)
	p.relay.Transport.(*http.Transport).CloseIdleConnections()
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		c.Close()
	}
}

// Log returns what has been asked for up to now.
func (p *Proxy) Log() []Exchange {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

// Total is how many octets the sites have sent.
func (p *Proxy) Total() int64 { return p.total.Load() }

// note keeps an exchange and returns where it stands; -1 when the log is full.
func (p *Proxy) note(x Exchange) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.asked) >= maxLog {
		return -1
	}
	p.asked = append(p.asked, x)
	return len(p.asked) - 1
}

func (p *Proxy) change(i int, f func(*Exchange)) {
	if i < 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	f(&p.asked[i])
}

// control is asked with the address itself, after resolution and before the first packet.
func (p *Proxy) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrRefused, address)
	}
	return p.judge(a)
}

func (p *Proxy) judge(a netip.AddrPort) error {
	if p.policy.Closed {
		return fmt.Errorf("%w: this browser calls nobody by itself", ErrRefused)
	}
	if public(a.Addr()) || slices.ContainsFunc(p.policy.Allow, func(e Exception) bool { return e.allows(a) }) {
		return nil
	}
	return fmt.Errorf("%w: %s is not a public address", ErrRefused, a)
}

// dial resolves and connects. Names below localhost are loopback (RFC 6761, section 6.3), whatever a resolver says.
func (p *Proxy) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if name := strings.ToLower(strings.TrimSuffix(host, ".")); name == "localhost" || strings.HasSuffix(name, ".localhost") {
		address = net.JoinHostPort("127.0.0.1", port)
	}
	if p.policy.Closed { // do not even ask for the name
		return nil, p.judge(netip.AddrPort{})
	}
	return p.dialer.DialContext(ctx, network, address)
}

type exchangeKey struct{}

// ServeHTTP takes the browser's requests: absolute ones for http, CONNECT for all else.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := Exchange{Method: r.Method, Host: r.Host, Start: time.Now().UTC()}
	if r.Method == http.MethodConnect {
		p.tunnel(w, r, p.note(x))
		return
	}
	if r.URL.Scheme != "http" || r.URL.Host == "" {
		http.Error(w, "this is a forward proxy", http.StatusBadRequest)
		return
	}
	x.Host, x.Path = r.URL.Host, r.URL.Path
	i := p.note(x)
	began := time.Now()
	defer func() { p.change(i, func(x *Exchange) { x.Took = time.Since(began) }) }() // a refused one ends in a panic
	p.relay.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), exchangeKey{}, i)))
}

// failed answers a request that could not be made. 502 with a body of our own would look like the site's page, so the
// connection is cut where we refused: Chrome then shows a network error.
func (p *Proxy) failed(w http.ResponseWriter, r *http.Request, err error) {
	i, _ := r.Context().Value(exchangeKey{}).(int)
	why := err.Error()
	if errors.Is(err, io.EOF) {
		why = "the server closed the connection without an answer"
	}
	p.change(i, func(x *Exchange) { x.Refused = why })
	panic(http.ErrAbortHandler)
}

// meter counts what a site sends in one response.
func (p *Proxy) meter(r *http.Response) error {
	i, _ := r.Request.Context().Value(exchangeKey{}).(int)
	p.change(i, func(x *Exchange) { x.Status = r.StatusCode })
	if r.StatusCode == http.StatusSwitchingProtocols {
		return nil
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{&counter{p: p, r: r.Body, i: i, left: p.policy.MaxResponse}, r.Body}
	return nil
}

// counter reads at most left octets, and at most what the whole site has left.
type counter struct {
	p    *Proxy
	r    io.Reader
	i    int
	left int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.left -= int64(n)
	total := c.p.total.Add(int64(n))
	c.p.change(c.i, func(x *Exchange) { x.Down += int64(n) })
	if c.left < 0 || total > c.p.policy.MaxTotal {
		c.p.change(c.i, func(x *Exchange) { x.Refused = errTooMuch.Error() })
		return n, errTooMuch
	}
	return n, err
}

// tunnel carries TLS and websockets, which we do not look into.
func (p *Proxy) tunnel(w http.ResponseWriter, r *http.Request, i int) {
	began := time.Now()
	refuse := func(err error) {
		p.change(i, func(x *Exchange) { x.Refused, x.Took = err.Error(), time.Since(began) })
		status := http.StatusBadGateway
		if errors.Is(err, ErrRefused) {
			status = http.StatusForbidden
		}
		http.Error(w, err.Error(), status)
	}
	there, err := p.dial(r.Context(), "tcp", r.Host)
	if err != nil {
		refuse(err)
		return
	}
	defer there.Close()
	p.change(i, func(x *Exchange) { x.Address, x.Connect = there.RemoteAddr().String(), time.Since(began) })
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		refuse(errors.New("the connection cannot be taken over"))
		return
	}
	here, buffered, err := hijacker.Hijack()
	if err != nil {
		refuse(err)
		return
	}
	p.tunnels.Add(1)
	defer p.tunnels.Done()
	p.mu.Lock()
	p.open[here] = struct{}{}
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.open, here)
		p.mu.Unlock()
	}()
	defer here.Close()
	stop := context.AfterFunc(r.Context(), func() { here.Close(); there.Close() })
	defer stop()
	if _, err := io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	up := make(chan struct{})
	go func() {
		defer close(up)
		_, _ = io.Copy(there, io.MultiReader(io.LimitReader(buffered, int64(buffered.Reader.Buffered())), here))
		if half, ok := there.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
	}()
	_, _ = io.Copy(here, &counter{p: p, r: there, i: i, left: p.policy.MaxTotal})
	here.Close()
	there.Close()
	<-up
	p.change(i, func(x *Exchange) { x.Took = time.Since(began) })
}
