package media

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/rtp"
)

// Frame is the time between two packets that we send.
const Frame = 20 * time.Millisecond

// frameSamples are the samples of one.
const frameSamples = int(Rate * Frame / time.Second)

// Stream is one end of the sound of a call.
type Stream struct {
	conn  *net.UDPConn
	begun time.Time
	hear  func(Piece)
	wait  sync.WaitGroup
	stop  context.CancelFunc

	mu      sync.Mutex
	remote  Remote
	talking bool           // the sender runs
	latched netip.AddrPort // where their sound comes from: what we send goes there (symmetric RTP)
	order   Order
	keys    []key
	sent    int
	foreign int // packets that were not sound of this call
}

// Listen opens our end on the address. Times count from begun. hear gets each piece of sound on a goroutine of the
// stream; it must not block.
func Listen(host netip.Addr, begun time.Time, hear func(Piece)) (*Stream, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(host, 0)))
	if err != nil {
		return nil, fmt.Errorf("a port for the sound: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Stream{conn: conn, begun: begun, hear: hear, stop: stop}
	s.wait.Add(2)
	go s.receive()
	go s.send(ctx)
	return s, nil
}

// Port is where sound is heard.
func (s *Stream) Port() uint16 {
	return s.conn.LocalAddr().(*net.UDPAddr).AddrPort().Port()
}

// Connect says what the other side has told of its end. From then on silence is sent: many border controllers open their
// side at the first packet alone.
func (s *Stream) Connect(r Remote) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Addr != s.remote.Addr {
		s.latched = netip.AddrPort{}
	}
	s.remote, s.talking = r, true
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
	return s.order.Counts(), s.sent
}

// Close ends the stream and waits for its goroutines; what was held back is heard before.
func (s *Stream) Close() error {
	s.stop()
	err := s.conn.Close()
	s.wait.Wait()
	for _, p := range s.order.Flush() {
		s.hear(p)
	}
	return err
}

func (s *Stream) receive() {
	defer s.wait.Done()
	buf := make([]byte, 2048)
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			if opErr, ok := err.(*net.OpError); ok && opErr.Temporary() {
				continue
			}
			return
		}
		for _, piece := range s.read(buf[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), time.Since(s.begun)) {
			s.hear(piece)
		}
	}
}

// read understands one datagram.
func (s *Stream) read(data []byte, from netip.AddrPort, arrived time.Duration) []Piece {
	s.mu.Lock()
	defer s.mu.Unlock()
	pcm, p, ok := decode(data, s.remote)
	if !ok || !s.accept(from, arrived) {
		s.foreign++
		return nil
	}
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
		law := map[uint8]Law{0: MuLaw, 8: ALaw}[pt]
		return law.Decode(make([]int16, 0, len(p.Payload)), p.Payload), p, true
	case pt == noisePayload, r.Keys != 0 && pt == r.Keys:
		return nil, p, true
	}
	return nil, p, false
}

// send gives one packet each 20 ms: silence, or the key that is pressed.
func (s *Stream) send(ctx context.Context) {
	defer s.wait.Done()
	tick := time.NewTicker(Frame)
	defer tick.Stop()
	out := voice{ssrc: rand.Uint32(), seq: uint16(rand.Uint32() >> 17), stamp: rand.Uint32()}
	silence := make([]byte, frameSamples)
	var pressed *key
	for first := true; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.mu.Lock()
		remote, to, talking := s.remote, s.remote.Addr, s.talking
		if s.latched.IsValid() {
			to = s.latched
		}
		if pressed == nil && talking && len(s.keys) > 0 {
			pressed, s.keys = &key{event: s.keys[0].event}, s.keys[1:]
		}
		s.mu.Unlock()
		if !talking || !remote.Takes() {
			continue
		}
		var data []byte
		if pressed != nil {
			var done bool
			if data, done = out.press(pressed, remote.Keys); done {
				pressed = nil
			}
		} else {
			for i := range silence {
				silence[i] = remote.Law.Silence()
			}
			data = out.packet(remote.Payload, first, out.stamp, silence)
			first = false
		}
		out.stamp += uint32(frameSamples)
		if data == nil {
			continue
		}
		if _, err := s.conn.WriteToUDPAddrPort(data, to); err == nil {
			s.mu.Lock()
			s.sent++
			s.mu.Unlock()
		}
	}
}

// voice is the state of what we send.
type voice struct {
	ssrc  uint32
	seq   uint16
	stamp uint32
}

func (v *voice) packet(payload uint8, marker bool, stamp uint32, body []byte) []byte {
	p := rtp.Packet{Header: rtp.Header{Version: 2, Marker: marker, PayloadType: payload, SequenceNumber: v.seq, Timestamp: stamp, SSRC: v.ssrc}, Payload: body}
	v.seq++
	data, err := p.Marshal()
	if err != nil {
		return nil
	}
	return data
}
