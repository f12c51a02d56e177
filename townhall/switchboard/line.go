package switchboard

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/rtp"
	"github.com/sonde-fleet/sonde/probes/phone/media"
)

// line is our end of the sound of a call.
type line struct {
	conn *net.UDPConn
	done chan struct{}
	keys chan string // that were pressed and not yet taken

	ssrc  uint32
	seq   uint16
	stamp uint32
	coded []byte

	mu             sync.Mutex
	remote         media.Remote
	sent, received int
	heard          time.Time // the last packet
}

// samples are those of one packet.
const samples = int(media.Rate * media.Frame / time.Second)

// openLine opens a port for sound. pressed is told each key, on a goroutine of the line.
func openLine(host netip.Addr, remote media.Remote, pressed func(key string, at time.Time)) (*line, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(host, 0)))
	if err != nil {
		return nil, fmt.Errorf("a port for the sound: %w", err)
	}
	l := &line{conn: conn, done: make(chan struct{}), keys: make(chan string, 16), ssrc: rand.Uint32(), seq: uint16(rand.Uint32() >> 17), stamp: rand.Uint32(), remote: remote}
	go l.receive(pressed)
	return l, nil
}

// close ends the line and waits for its goroutine.
func (l *line) close() {
	_ = l.conn.Close() // a socket without a buffer of ours
	<-l.done
}

func (l *line) port() uint16 { return l.conn.LocalAddr().(*net.UDPAddr).AddrPort().Port() }

// connect takes where the caller wants its sound from now on.
func (l *line) connect(r media.Remote) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remote = r
}

// peer is what the caller told last of its sound.
func (l *line) peer() media.Remote {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.remote
}

func (l *line) counts() (sent, received int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sent, l.received
}

// last is when the caller was heard last; zero: never.
func (l *line) last() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.heard
}

const keyNames = "0123456789*#ABCD"

// receive counts what comes from the caller and reads its keys (RFC 4733): all packets of one key have one timestamp.
func (l *line) receive(pressed func(string, time.Time)) {
	defer close(l.done)
	buf := make([]byte, 2048)
	var p rtp.Packet
	last, any := uint32(0), false
	for {
		n, from, err := l.conn.ReadFromUDPAddrPort(buf)
		at := time.Now()
		if err != nil {
			if e, ok := err.(*net.OpError); ok && e.Temporary() {
				continue
			}
			return
		}
		l.mu.Lock()
		remote := l.remote
		fits := p.Unmarshal(buf[:n]) == nil && p.Version == 2 && (!remote.Addr.IsValid() || from.Addr().Unmap() == remote.Addr.Addr())
		if fits {
			l.received++
			l.heard = at
		}
		l.mu.Unlock()
		if !fits || remote.Keys == 0 || p.PayloadType != remote.Keys || len(p.Payload) < 4 || int(p.Payload[0]) >= len(keyNames) || any && p.Timestamp == last {
			continue
		}
		last, any = p.Timestamp, true
		key := keyNames[p.Payload[0] : p.Payload[0]+1]
		pressed(key, at)
		select {
		case l.keys <- key:
		default: // nobody waits for so many
		}
	}
}

// send sends 20 ms of sound: what is missing of it is silence. Where the caller wants none, time passes all the same.
func (l *line) send(pcm []int16) {
	remote := l.peer()
	l.seq++
	l.stamp += uint32(samples)
	if !remote.Takes() || remote.Law == "" {
		return
	}
	l.coded = remote.Law.Encode(l.coded[:0], pcm)
	for len(l.coded) < samples {
		l.coded = append(l.coded, remote.Law.Silence())
	}
	p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: remote.Payload, SequenceNumber: l.seq, Timestamp: l.stamp, SSRC: l.ssrc}, Payload: l.coded}
	data, err := p.Marshal()
	if err != nil {
		return
	}
	if _, err := l.conn.WriteToUDPAddrPort(data, remote.Addr); err == nil {
		l.mu.Lock()
		l.sent++
		l.mu.Unlock()
	}
}
