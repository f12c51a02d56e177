// Package switchboard is the town's telephones: it answers real SIP calls to many numbers at one address, over UDP and TCP, in
// ways that are known beforehand, with recorded voices, and keeps the truth about each call. It plays no trunk but the last:
// calls end here, and it places none.
//
// A call goes through these steps:
//
//  1. An INVITE comes. Where an account is set it is asked for digest credentials (RFC 8760); then its number's conduct draws a
//     way for this call from the seed, the number and how many calls it had: a campaign that is run again meets the same town.
//  2. It rings (180, or 183 with the ring tone as sound), and is refused, picked up, or rings until CANCEL.
//  3. 200 is repeated until ACK. The way's steps are played in packets of 20 ms at absolute deadlines; telephone keys are heard.
//  4. BYE from either side ends it; so do a session that is not refreshed (RFC 4028), silence of the caller's sound where a
//     timeout is set, and the end of the town.
//
// SIP is read and written here, with sipgo's parser alone: one goroutine reads the port, so that what happened first is known.
package switchboard

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// Options is everything that a switchboard is made of.
type Options struct {
	UDP            net.PacketConn     // where calls come
	TCP            net.Listener       // where they come too; nil: nowhere
	Telephones     map[string]Conduct // by user part or number
	Sounds         *Sounds
	Seed           int64
	User, Password string                 // of the one account that may call; empty: anybody may
	Closed         func(user string) bool // whether the number is out of its opening hours now; nil: never
	Least          time.Duration          // the shortest session interval that is taken (RFC 4028 Min-SE); 0: any
	Deaf           time.Duration          // how long an answered call may bring no packet; 0: for ever
}

// Switchboard answers calls.
type Switchboard struct {
	o      Options
	secret []byte // of the nonces

	mu     sync.Mutex
	txs    map[string]*transaction
	calls  map[string]*call // up or not yet forgotten, by Call-ID
	order  []*call
	gone   int             // of them
	ids    map[string]bool // every Call-ID that was taken
	nth    map[string]int  // calls of a user so far
	up     map[string]int  // calls of a user now
	spoken map[string]int  // persons of a user who have spoken
	twice  []string
	conns  map[net.Conn]bool
	closed bool

	working sync.WaitGroup // calls
	over    chan struct{}  // the town closes
}

// most is how many calls are taken at once; more are refused.
const most = 500

// New makes a switchboard on ports that are open; it serves nothing before Run, which closes them.
func New(o Options) (*Switchboard, error) {
	var faults []error
	if o.UDP == nil {
		faults = append(faults, errors.New("switchboard: UDP: it is missing; Try: net.ListenPacket"))
	}
	if o.Sounds == nil {
		faults = append(faults, errors.New("switchboard: Sounds: they are missing; Try: LoadSounds"))
	}
	if (o.User == "") != (o.Password == "") {
		faults = append(faults, errors.New("switchboard: User, Password: one is missing; Try: both, or none"))
	}
	telephones := map[string]Conduct{}
	for user, c := range o.Telephones {
		faults = append(faults, c.check(user))
		telephones[dialled(user)] = c
	}
	o.Telephones = telephones
	s := &Switchboard{o: o, secret: make([]byte, 32), txs: map[string]*transaction{}, calls: map[string]*call{}, ids: map[string]bool{}, nth: map[string]int{}, up: map[string]int{}, spoken: map[string]int{},
		conns: map[net.Conn]bool{}, over: make(chan struct{})}
	if _, err := rand.Read(s.secret); err != nil {
		return nil, err
	}
	return s, errors.Join(faults...)
}

// Addr is where the switchboard is called.
func (s *Switchboard) Addr() netip.AddrPort {
	a := s.o.UDP.LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// farewell is how long the callers' answers to our last words are waited for.
const farewell = 300 * time.Millisecond

// Run serves until ctx is done; then it hangs up every call, and waits for all that it began.
func (s *Switchboard) Run(ctx context.Context) error {
	failed := make(chan error, 2)
	var reading, ticking sync.WaitGroup
	reading.Go(func() { failed <- s.readUDP() })
	if s.o.TCP != nil {
		reading.Go(func() { failed <- s.accept(&reading) })
	}
	done := make(chan struct{})
	ticking.Go(func() { s.repeat(done) })
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	close(s.over)
	s.working.Wait()
	for until := time.Now().Add(farewell); s.unanswered() && time.Now().Before(until); {
		time.Sleep(10 * time.Millisecond)
	}
	close(done)
	ticking.Wait()
	_ = s.o.UDP.Close() // it has served
	if s.o.TCP != nil {
		_ = s.o.TCP.Close()
	}
	s.mu.Lock()
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	reading.Wait()
	return err
}

// A path leads back to whom a message came from.
type path interface {
	write([]byte)
	source() netip.AddrPort
	transport() string
}

type udpPath struct {
	conn net.PacketConn
	to   netip.AddrPort
}

func (p udpPath) write(data []byte) {
	_, _ = p.conn.WriteTo(data, net.UDPAddrFromAddrPort(p.to)) // what is lost is repeated
}
func (p udpPath) source() netip.AddrPort { return p.to }
func (p udpPath) transport() string      { return "UDP" }

type tcpPath struct{ conn net.Conn }

func (p tcpPath) write(data []byte) {
	_ = p.conn.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)) // who does not read holds nobody up
	_, _ = p.conn.Write(data)
}
func (p tcpPath) source() netip.AddrPort { return p.conn.RemoteAddr().(*net.TCPAddr).AddrPort() }
func (p tcpPath) transport() string      { return "TCP" }

// readUDP takes what comes until the port is closed.
func (s *Switchboard) readUDP() error {
	buf := make([]byte, 64<<10)
	for {
		n, from, err := s.o.UDP.ReadFrom(buf)
		at := time.Now()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("switchboard: %w", err)
		}
		if n <= 4 { // keeps a way open, or asks whether the port is
			continue
		}
		source := from.(*net.UDPAddr).AddrPort()
		s.take(append([]byte{}, buf[:n]...), udpPath{s.o.UDP, netip.AddrPortFrom(source.Addr().Unmap(), source.Port())}, at)
	}
}

// accept takes connections until the listener is closed.
func (s *Switchboard) accept(reading *sync.WaitGroup) error {
	for {
		conn, err := s.o.TCP.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("switchboard: %w", err)
		}
		s.mu.Lock()
		refused := s.closed || len(s.conns) >= most
		if !refused {
			s.conns[conn] = true
		}
		s.mu.Unlock()
		if refused {
			_ = conn.Close()
			continue
		}
		reading.Go(func() {
			s.readTCP(conn)
			_ = conn.Close() // it is over
			s.mu.Lock()
			delete(s.conns, conn)
			s.mu.Unlock()
		})
	}
}

// largest is how much one message may have.
const largest = 64 << 10

// readTCP takes the messages of a stream (RFC 3261, 18.3) until it ends or is none of SIP.
func (s *Switchboard) readTCP(conn net.Conn) {
	r := bufio.NewReader(conn)
	for {
		var head []byte
		length := 0
		for {
			line, err := r.ReadSlice('\n')
			if err != nil || len(head)+len(line) > largest {
				return
			}
			if len(head) == 0 && len(line) <= 2 { // between messages
				continue
			}
			head = append(head, line...)
			if len(line) <= 2 {
				break
			}
			length = max(length, contentLength(line))
		}
		if length > largest {
			return
		}
		data := append(head, make([]byte, length)...)
		if _, err := io.ReadFull(r, data[len(head):]); err != nil {
			return
		}
		s.take(data, tcpPath{conn}, time.Now())
	}
}

// take understands one message. What is no SIP is no call.
func (s *Switchboard) take(data []byte, p path, at time.Time) {
	m, err := gosip.ParseMessage(data)
	if err != nil {
		return
	}
	switch m := m.(type) {
	case *gosip.Response:
		s.answered(m)
	case *gosip.Request:
		if m.Via() == nil || m.From() == nil || m.To() == nil || m.CallID() == nil || m.CSeq() == nil || m.CSeq().MethodName != m.Method {
			return
		}
		m.SetSource(p.source().String())
		m.SetTransport(p.transport())
		s.request(m, p, at)
	}
}
