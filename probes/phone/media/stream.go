package media

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
	"github.com/sonde-fleet/sonde/probes/phone/stamp"
)

// Frame is the time between two packets that we send.
const Frame = 20 * time.Millisecond

// frameSamples are the samples of one.
const frameSamples = int(Rate * Frame / time.Second)

// Stream is one end of the sound of a call.
type Stream struct {
	conn   *stamp.Conn
	second *stamp.Conn // the port above, of reports
	ssrc   uint32      // of what we send
	begun  time.Time
	heard  *queue
	wait   sync.WaitGroup // of what reads
	talks  sync.WaitGroup // of what sends
	hears  sync.WaitGroup // of the ear
	stop   context.CancelFunc

	mu      sync.Mutex
	remote  Remote
	talking bool           // the sender runs
	latched netip.AddrPort // where their sound comes from: what we send goes there (symmetric RTP)
	order   Order
	reports reports
	keys    []key
	words   []int16 // that are still to be said
	sent    int
	foreign int           // packets that were not sound of this call
	out     *srtp.Context // of the sender, once Secure was called
	in      *srtp.Context
}

// Listen opens our end on the address. Times count from begun. hear gets each piece of sound on a goroutine of the
// stream, which may come after the packet by as much as it is slow.
func Listen(host netip.Addr, begun time.Time, hear func(Piece)) (*Stream, error) {
	conn, second, err := ports(host)
	if err != nil {
		return nil, fmt.Errorf("a port for the sound: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Stream{conn: stamp.On(conn), second: stamp.On(second), ssrc: rand.Uint32(), begun: begun, heard: newQueue(), stop: stop}
	s.reports.name = strconv.FormatUint(rand.Uint64(), 36)
	s.wait.Go(s.receive)
	s.wait.Go(s.receiveReports)
	s.talks.Go(func() { s.send(ctx) })
	s.hears.Go(func() { s.heard.each(hear) })
	return s, nil
}

// ports opens an even port and the one above (RFC 3550, 11).
func ports(host netip.Addr) (even, odd *net.UDPConn, err error) {
	listen := func(port uint16) (*net.UDPConn, error) {
		return net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(host, port)))
	}
	const tries = 100
	for range tries {
		var first *net.UDPConn
		if first, err = listen(0); err != nil {
			return nil, nil, err
		}
		port := first.LocalAddr().(*net.UDPAddr).AddrPort().Port()
		var other *net.UDPConn
		if other, err = listen(port ^ 1); err != nil {
			_ = first.Close() // its neighbour is taken
			continue
		}
		if port%2 == 1 {
			first, other = other, first
		}
		return first, other, nil
	}
	return nil, nil, err
}

// Port is where sound is heard.
func (s *Stream) Port() uint16 {
	return s.conn.LocalAddr().(*net.UDPAddr).AddrPort().Port()
}

// What Connect may refuse: where one end would send in clear, nothing is sent at all.
var (
	ErrClear  = errors.New("the other side wants to send the sound in clear, and the line is configured to be secure")
	ErrSecure = errors.New("the other side wants secure sound, and the line is not configured so")
)

// Connect says what the other side has told of its end. From then on silence is sent: many border controllers open their
// side at the first packet alone.
func (s *Stream) Connect(r Remote) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.out != nil && !r.Key.Set():
		s.talking = false
		return ErrClear
	case s.out == nil && r.Key.Set():
		return ErrSecure
	case r.Key.Set() && r.Key != s.remote.Key:
		in, err := r.Key.context()
		if err != nil {
			return fmt.Errorf("the key of their sound: %w", err)
		}
		s.in = in
	}
	if r.Addr != s.remote.Addr {
		s.latched, s.reports.addr = netip.AddrPort{}, netip.AddrPort{}
	}
	s.remote, s.talking = r, true
	return nil
}

// Remote is what Connect was last told.
func (s *Stream) Remote() Remote {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.remote
}

// Counts is what was received so far, and how many packets were sent.
func (s *Stream) Counts() (received Counts, sent int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, r := s.order.Counts(), &s.reports
	c.Reports, c.RemoteLost, c.RemoteJitter = r.count, r.lost, time.Duration(r.jitter)*time.Second/Rate
	if c.Trips = r.trips; r.trips > 0 {
		c.RoundTrip = r.tripsSum / time.Duration(r.trips)
	}
	if s.conn != nil {
		c.Spilt = s.conn.Spilt()
	}
	return c, s.sent
}

// Close says goodbye, ends the stream and waits for its goroutines; what was held back is heard before.
func (s *Stream) Close() error {
	s.stop()
	s.talks.Wait()
	err := errors.Join(s.conn.Close(), s.second.Close())
	s.wait.Wait()
	s.heard.put(s.order.Flush())
	s.heard.close()
	s.hears.Wait()
	return err
}

func (s *Stream) receive() {
	buf := make([]byte, 2048)
	for {
		n, from, at, err := s.conn.Read(buf)
		if err != nil {
			return
		}
		s.heard.put(s.read(buf[:n], from, at.Sub(s.begun)))
	}
}

func (s *Stream) receiveReports() {
	buf := make([]byte, 2048)
	for {
		n, from, at, err := s.second.Read(buf)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.readReport(buf[:n], from, at.Sub(s.begun))
		s.mu.Unlock()
	}
}

// read understands one datagram.
func (s *Stream) read(data []byte, from netip.AddrPort, arrived time.Duration) []Piece {
	s.mu.Lock()
	defer s.mu.Unlock()
	if isControl(data) {
		s.readReport(data, from, arrived)
		return nil
	}
	var pcm []int16
	var p rtp.Packet
	data, ok := s.open(data, false)
	if ok {
		pcm, p, ok = decode(data, s.remote)
	}
	if !ok || !s.accept(from, arrived) {
		s.foreign++
		return nil
	}
	s.reports.source.note(p.SSRC, p.SequenceNumber)
	return s.order.Add(Packet{Arrived: arrived, SSRC: p.SSRC, Seq: p.SequenceNumber, Stamp: p.Timestamp, PCM: pcm})
}

// accept says whether sound from this address belongs to the call: from where it was announced, or, behind a translation
// of addresses, from where the first came, unless that one has fallen silent.
func (s *Stream) accept(from netip.AddrPort, arrived time.Duration) bool {
	switch {
	case s.latched == from:
		return true
	case s.latched.IsValid() && from.Addr() != s.remote.Addr.Addr() && arrived-s.order.counts.Last < time.Second:
		return false
	}
	s.latched = from
	return true
}

// decode reads one packet of sound; it may come before the description that announces it (RFC 3264, 5.1). Telephone keys and
// comfort noise have no samples: they keep the order whole.
func decode(data []byte, r Remote) (pcm []int16, p rtp.Packet, ok bool) {
	if p.Unmarshal(data) != nil || p.Version != 2 {
		return nil, p, false
	}
	switch pt := p.PayloadType; {
	case r.Law != "" && pt == r.Payload:
		return r.Law.Decode(make([]int16, 0, len(p.Payload)), p.Payload), p, true
	case pt == 0 || pt == 8: // the other law was offered too, and some change over without a word
		law := MuLaw
		if pt == 8 {
			law = ALaw
		}
		return law.Decode(make([]int16, 0, len(p.Payload)), p.Payload), p, true
	case pt == noisePayload, r.Keys != 0 && pt == r.Keys:
		return nil, p, true
	}
	return nil, p, false
}
