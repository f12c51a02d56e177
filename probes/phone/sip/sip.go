// Package sip speaks for a caller: it places one call over one connection of its own, follows it to its end and hands on
// what the other side says with the instant at which it came. It judges nothing and carries no sound.
//
// One Agent is one call. The steps (RFC 3261, RFC 4028, RFC 6026):
//
//  1. Open: the address is resolved and a port of our own is opened; nothing has left.
//  2. Ping: OPTIONS, so that a dead trunk is known before a call is counted against anybody. Knock, where the callee's own
//     telephone is called: some take OPTIONS for a call.
//  3. Invite: INVITE, with credentials where they are asked for; 1xx and the final answer become signals.
//  4. Cancel before the answer: CANCEL once a 1xx has come. An answer that races it is acknowledged and hung up.
//  5. After the answer: ACK, session refreshes, what the callee asks within the call, BYE from either side.
//
// Instants are those at which the system received a datagram, and just before ours left.
//
// The dialog layer of sipgo is not used: it gives up after ten provisional responses and leaves a call that was answered
// while it was cancelled off the hook.
package sip

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/emiago/sipgo"
	gosip "github.com/emiago/sipgo/sip"
	"github.com/sonde-fleet/sonde/probes/phone/stamp"
)

// The library writes to the default logger from within its connections; here every failure is told where it matters. It must
// be silenced before its first use, which no later place can promise. And it refuses to send a datagram within 200 octets of
// UDPMTUSize: an INVITE with SHA-256 credentials would then never leave. What Ethernet carries whole may go.
func init() {
	gosip.SetDefaultLogger(slog.New(slog.DiscardHandler))
	gosip.UDPMTUSize = maxDatagram + 200
}

// maxDatagram is what one frame of Ethernet carries behind the headers of IPv4 and UDP.
const maxDatagram = 1500 - 28

// Line is how calls leave: through a trunk, or straight to the callee.
type Line struct {
	Server    string      // host[:port] of the trunk; empty: the callee's own address
	Domain    string      // of our address and of numbers; empty: the server's name
	Transport string      // udp, tcp or tls; empty: what the address says, or udp
	TLS       *tls.Config // nil: the system's roots
	User      string      // of the trunk's account
	Password  string
	From      string        // the caller's number, or the user part of the address
	Withheld  bool          // the number is not shown to the callee (RFC 3323)
	Host      netip.Addr    // of ours; not valid: the one that leads there
	Refresh   time.Duration // how soon the callee may end a session that is dead; 0: 90 s, the least of RFC 4028
	Patience  time.Duration // for a final answer after CANCEL; 0: 32 s, as in RFC 3261
	Secure    bool          // the sound is encrypted with keys that the signalling carries (RFC 4568): over TLS alone
}

// least is the shortest session interval that RFC 4028 allows.
const least = 90 * time.Second

// What Ping and Invite may end with. Whose fault it is depends on whose server was asked.
var (
	ErrRefused = errors.New("nobody listens on the port")
	ErrSilent  = errors.New("the server does not answer")
)

// Agent is our end of one call.
type Agent struct {
	line      Line
	target    gosip.Uri
	transport string // UDP, TCP, TLS
	server    netip.AddrPort
	local     netip.AddrPort // of the signalling
	ua        *sipgo.UserAgent
	client    *sipgo.Client
	listener  interface{ Close() error }
	door      *door
	served    chan struct{}
	call      atomic.Pointer[Call]
	// The names of the call, made beforehand: they are recorded before it is dialled.
	id, tag, branch string
	brief           time.Duration // of what must not hold a call up: CANCEL, BYE, refreshes
}

// Open resolves the target, "sip:user@host:port" or a number when the line has a server, and opens a port.
func Open(ctx context.Context, line Line, target string) (*Agent, error) {
	a := &Agent{line: line, served: make(chan struct{}), brief: 5 * time.Second,
		id: gosip.GenerateTagN(24), tag: gosip.GenerateTagN(12), branch: gosip.GenerateBranchN(16)}
	a.door = newDoor(a.call.Load)
	name, port, err := a.address(target)
	if err != nil {
		return nil, err
	}
	if line.Secure && a.transport != "TLS" {
		return nil, fmt.Errorf("the keys of secure sound must not be sent in clear over %s; Try: transport: tls", a.transport)
	}
	if a.server, err = resolve(ctx, name, port, strings.ToLower(a.transport)); err != nil {
		return nil, err
	}
	if !line.Host.IsValid() {
		probe, err := net.Dial("udp", a.server.String()) // sends nothing: asks for the way
		if err != nil {
			return nil, fmt.Errorf("no way to %s: %w", a.server, err)
		}
		a.line.Host = probe.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
		_ = probe.Close() // nothing was written
	}
	if a.transport == "TLS" {
		a.line.TLS = line.TLS.Clone()
		if a.line.TLS == nil {
			a.line.TLS = &tls.Config{}
		}
		if a.line.TLS.ServerName == "" {
			a.line.TLS.ServerName = name
		}
	}
	return a, a.listen()
}

// address reads the target and says which server is to be found.
func (a *Agent) address(target string) (name string, port int, err error) {
	if !strings.Contains(target, ":") {
		if a.line.Server == "" {
			return "", 0, fmt.Errorf("%s is a number and no trunk is configured; Try: the section phone.trunk of prober.yaml", target)
		}
		domain := a.line.Domain
		if domain == "" {
			domain, _ = hostPort(a.line.Server)
		}
		target = "sip:" + target + "@" + domain
	}
	if err := gosip.ParseUri(target, &a.target); err != nil {
		return "", 0, fmt.Errorf("%s: %w", target, err)
	}
	if a.target.Scheme != "sip" && a.target.Scheme != "sips" || a.target.Host == "" {
		return "", 0, fmt.Errorf("%s is not an address of the form sip:user@host", target)
	}
	asked, _ := a.target.UriParams.Get("transport")
	a.transport = strings.ToUpper(first(a.line.Transport, asked, "udp"))
	if a.target.Scheme == "sips" {
		a.transport = "TLS"
	}
	if a.transport != "UDP" && a.transport != "TCP" && a.transport != "TLS" {
		return "", 0, fmt.Errorf("the transport %s is none of udp, tcp and tls", a.transport)
	}
	if a.line.Server != "" {
		name, port = hostPort(a.line.Server)
		return name, port, nil
	}
	return strings.Trim(a.target.Host, "[]"), a.target.Port, nil
}

func (a *Agent) listen() (err error) {
	quiet := slog.New(slog.DiscardHandler)
	a.ua, err = sipgo.NewUA(sipgo.WithUserAgenTLSConfig(a.line.TLS),
		sipgo.WithUserAgentTransportLayerOptions(gosip.WithTransportLayerLogger(quiet), gosip.WithTransportLayerReadFilter(a.door.filter)),
		sipgo.WithUserAgentTransactionLayerOptions(gosip.WithTransactionLayerLogger(quiet), gosip.WithTransactionLayerTerminateOnConnClose()))
	if err != nil {
		return err
	}
	if a.client, err = sipgo.NewClient(a.ua, sipgo.WithClientLogger(quiet)); err != nil {
		return err
	}
	server, err := sipgo.NewServer(a.ua, sipgo.WithServerLogger(quiet))
	if err != nil {
		return err
	}
	a.handle(server)
	if a.transport == "UDP" {
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(a.line.Host, 0)))
		if err != nil {
			return fmt.Errorf("a port for the signalling: %w", err)
		}
		a.door.Conn = stamp.On(conn)
		a.listener, a.local = conn, conn.LocalAddr().(*net.UDPAddr).AddrPort()
		go func() {
			defer close(a.served)
			_ = server.ServeUDP(a.door) // ends when the connection is closed
		}()
		for a.ua.TransportLayer().Pool("udp").Size() == 0 {
			select {
			case <-a.served:
				return errors.New("the port for the signalling was closed")
			case <-time.After(100 * time.Microsecond):
			}
		}
		return nil
	}
	listener, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(a.line.Host, 0)))
	if err != nil {
		return fmt.Errorf("a port for the signalling: %w", err)
	}
	a.listener, a.local = listener, listener.Addr().(*net.TCPAddr).AddrPort()
	go func() {
		defer close(a.served)
		if a.transport == "TCP" {
			_ = server.ServeTCP(listener) // ends when the listener is closed
		}
	}()
	return nil
}

// Host is our own address: sound is heard on it too.
func (a *Agent) Host() netip.Addr { return a.local.Addr().Unmap() }

// Hostile is how many messages were let fall: what nobody could parse, answers to what was not asked, floods.
func (a *Agent) Hostile() int { return int(a.door.hostile.Load()) }

// Close ends everything and waits.
func (a *Agent) Close() error {
	if c := a.call.Load(); c != nil {
		<-c.done
		c.wait.Wait()
	}
	a.door.close()
	err := errors.Join(a.ua.Close(), a.listener.Close())
	<-a.served
	_ = a.ua.TransportLayer().Close() // what came in at the last moment
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Ping asks the server whether it is there. Any answer will do, but for silence and a closed port.
func (a *Agent) Ping(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, 4*time.Second)
	defer stop()
	req := a.request(gosip.OPTIONS, a.target, gosip.GenerateTagN(8), gosip.GenerateTagN(24), 1)
	req.AppendHeader(gosip.NewHeader("Accept", "application/sdp"))
	if a.transport == "UDP" {
		return a.pingUDP(ctx, req)
	}
	_, err := a.client.Do(ctx, req, asIs)
	return reached(ctx, err)
}

// Knock finds out whether a port is closed, without a word that a telephone would have to answer: an empty datagram of the
// kind that keeps a way open (RFC 5626, 3.5.1). Over a stream the INVITE itself finds it out.
func (a *Agent) Knock(ctx context.Context) error {
	if a.transport != "UDP" {
		return nil
	}
	conn, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	buf := make([]byte, 16)
	for range 2 {
		if _, err := conn.Write([]byte("\r\n\r\n")); err != nil {
			return reached(ctx, err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(knock))
		var timeout net.Error
		if _, err := conn.Read(buf); err == nil || errors.As(err, &timeout) && timeout.Timeout() {
			return nil
		} else if errors.Is(err, syscall.ECONNREFUSED) {
			return reached(ctx, err)
		}
	}
	return nil
}

// knock is how long a refusal is waited for.
const knock = 200 * time.Millisecond

// connect opens a connected socket: the system then tells when a port is closed, which the other kind never does.
func (a *Agent) connect(ctx context.Context) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.UDPAddr{IP: a.line.Host.AsSlice()}}
	return d.DialContext(ctx, "udp", a.server.String())
}

func reached(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w: %w", ErrRefused, err)
	case errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil || errors.Is(err, gosip.ErrTransactionTimeout):
		return fmt.Errorf("%w: %w", ErrSilent, err)
	}
	return err
}

func (a *Agent) pingUDP(ctx context.Context, req *gosip.Request) error {
	conn, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	req.Via().Port = conn.LocalAddr().(*net.UDPAddr).Port
	buf := make([]byte, 64<<10)
	for wait := 500 * time.Millisecond; ctx.Err() == nil; wait *= 2 {
		if _, err := conn.Write([]byte(req.String())); err != nil {
			return reached(ctx, err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(wait)) // fails on a closed connection alone, and so does the read
		n, err := conn.Read(buf)
		var timeout net.Error
		switch {
		case errors.As(err, &timeout) && timeout.Timeout():
			continue
		case err != nil:
			return reached(ctx, err)
		}
		if m, ok := a.door.parse(buf[:n]); ok {
			if r, ok := m.(*gosip.Response); ok && r.StatusCode >= 200 && r.CallID().Value() == req.CallID().Value() {
				return nil
			}
		}
	}
	return ErrSilent
}

// asIs sends a request as it stands: every header is ours.
func asIs(*sipgo.Client, *gosip.Request) error { return nil }

// request makes a request of ours with all that every request must have.
func (a *Agent) request(method gosip.RequestMethod, recipient gosip.Uri, tag, callID string, seq uint32) *gosip.Request {
	r := gosip.NewRequest(method, *recipient.Clone())
	via := &gosip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: a.transport, Host: a.Host().String(), Port: int(a.local.Port())}
	via.Params.Add("branch", gosip.GenerateBranchN(16))
	via.Params.Add("rport", "")
	f := &gosip.FromHeader{Address: a.us()}
	if a.line.Withheld {
		f.DisplayName = "Anonymous"
	}
	f.Params.Add("tag", tag)
	id, hops := gosip.CallIDHeader(callID), gosip.MaxForwardsHeader(70)
	for _, h := range []gosip.Header{via, f, &gosip.ToHeader{Address: a.them()}, &id, &gosip.CSeqHeader{SeqNo: seq, MethodName: method}, &hops} {
		r.AppendHeader(h)
	}
	r.SetTransport(a.transport)
	r.SetDestination(a.server.String())
	if a.transport == "UDP" {
		r.Laddr = gosip.Addr{IP: a.local.Addr().AsSlice(), Port: int(a.local.Port())}
	}
	r.SetBody(nil)
	return r
}
