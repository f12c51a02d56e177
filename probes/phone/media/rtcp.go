package media

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/pion/rtcp"
)

// reportEvery is the least time between two reports, before it is spread (RFC 3550, 6.2 and 6.3.1).
const reportEvery = 5 * time.Second

func nextReport() time.Duration {
	return time.Duration(float64(reportEvery) * (0.5 + rand.Float64()) / 1.21828) // e − 3/2
}

// reports is what both ends tell each other of the sound (RTCP, RFC 3550, 6).
type reports struct {
	name string // our CNAME: random, for it names nobody (RFC 7022)

	packets, octets uint32 // that we sent, and how many there were at the last report
	before          uint32
	stamp           uint32 // of the last packet that we sent, and when
	stampAt         time.Duration

	source source
	sr     uint32        // middle of the clock of their last report
	srAt   time.Duration // when it came

	count     int // reports of theirs about our sound
	trips     int
	tripsSum  time.Duration
	lost      int
	jitter    uint32
	addr      netip.AddrPort // where their reports come from
	sentCount int
}

// source counts their packets as RFC 3550, A.1 and A.3 do.
type source struct {
	begun                          bool
	ssrc, cycles                   uint32
	base, top                      uint16
	received                       uint32
	expectedBefore, receivedBefore uint32
}

func (s *source) note(ssrc uint32, seq uint16) {
	if !s.begun || ssrc != s.ssrc {
		*s = source{begun: true, ssrc: ssrc, base: seq, top: seq}
	}
	s.received++
	if ahead := int16(seq - s.top); ahead > 0 {
		if seq < s.top {
			s.cycles += 1 << 16
		}
		s.top = seq
	}
}

// block reports on what came since the last one. jitter is in samples.
func (s *source) block(jitter uint32) rtcp.ReceptionReport {
	top := s.cycles + uint32(s.top)
	expected := top - uint32(s.base) + 1
	lost := min(max(int64(expected)-int64(s.received), -1<<23), 1<<23-1)
	expectedNow, receivedNow := expected-s.expectedBefore, s.received-s.receivedBefore
	s.expectedBefore, s.receivedBefore = expected, s.received
	fraction := uint8(0)
	if expectedNow > receivedNow {
		fraction = uint8(min(255, 256*uint64(expectedNow-receivedNow)/uint64(expectedNow)))
	}
	return rtcp.ReceptionReport{SSRC: s.ssrc, FractionLost: fraction, TotalLost: uint32(max(0, lost)), LastSequenceNumber: top, Jitter: jitter}
}

// middle is the middle 32 bits of an instant as NTP writes it: seconds and 65,536ths.
func middle(ntp uint64) uint32 { return uint32(ntp >> 16) }

func ntp(t time.Time) uint64 {
	const since1900 = 2208988800
	seconds := uint64(t.Unix() + since1900)
	return seconds<<32 | uint64(t.Nanosecond())<<32/1e9
}

// clock is the wall clock of the call's begin, carried on by the monotonic one: no step of it is taken for a journey.
func (s *Stream) clock(at time.Duration) uint64 { return ntp(s.begun.Round(0).Add(at)) }

// report makes the next report, with a goodbye at the end. s.mu is held.
func (s *Stream) report(now time.Duration, bye bool) []byte {
	r := &s.reports
	var blocks []rtcp.ReceptionReport
	if r.source.begun {
		b := r.source.block(uint32(s.order.jitter))
		if r.sr != 0 {
			b.LastSenderReport, b.Delay = r.sr, uint32((now-r.srAt)*65536/time.Second)
		}
		blocks = append(blocks, b)
	}
	var first rtcp.Packet = &rtcp.ReceiverReport{SSRC: s.ssrc, Reports: blocks}
	if r.packets != r.before {
		r.before = r.packets
		first = &rtcp.SenderReport{SSRC: s.ssrc, NTPTime: s.clock(now), RTPTime: r.stamp + uint32((now-r.stampAt)*Rate/time.Second),
			PacketCount: r.packets, OctetCount: r.octets, Reports: blocks}
	}
	all := []rtcp.Packet{first, rtcp.NewCNAMESourceDescription(s.ssrc, r.name)}
	if bye {
		all = append(all, &rtcp.Goodbye{Sources: []uint32{s.ssrc}})
	}
	data, err := rtcp.Marshal(all)
	if err != nil {
		return nil
	}
	r.sentCount++
	return data
}

// reportTo is where our reports go; not valid: nowhere. s.mu is held.
func (s *Stream) reportTo() (to netip.AddrPort, mux bool) {
	switch r := s.remote; {
	case !s.talking:
		return netip.AddrPort{}, false
	case r.Mux:
		if s.latched.IsValid() {
			return s.latched, true
		}
		return r.Addr, true
	case s.reports.addr.IsValid():
		return s.reports.addr, false
	case r.RTCP.IsValid():
		return r.RTCP, false
	case r.Addr.IsValid() && r.Addr.Port() != 0 && r.Addr.Port() != 65535:
		return netip.AddrPortFrom(r.Addr.Addr(), r.Addr.Port()+1), false
	}
	return netip.AddrPort{}, false
}

// isControl tells a report from sound on one port (RFC 5761, 4).
func isControl(data []byte) bool { return len(data) >= 8 && data[1] >= 192 && data[1] <= 223 }

// longestTrip is what a report may say of the way there and back; beyond, it is wrong.
const longestTrip = 10 * time.Second

// readReport understands a report of theirs. s.mu is held.
func (s *Stream) readReport(data []byte, from netip.AddrPort, at time.Duration) {
	data, ok := s.open(data, true)
	if !ok || s.latched.IsValid() && from.Addr() != s.latched.Addr() && from.Addr() != s.remote.RTCP.Addr() {
		s.foreign++
		return
	}
	packets, err := rtcp.Unmarshal(data)
	if err != nil {
		s.foreign++
		return
	}
	r := &s.reports
	for _, p := range packets {
		var blocks []rtcp.ReceptionReport
		switch p := p.(type) {
		case *rtcp.SenderReport:
			if !r.source.begun || p.SSRC == r.source.ssrc {
				r.sr, r.srAt = middle(p.NTPTime), at
			}
			blocks = p.Reports
		case *rtcp.ReceiverReport:
			blocks = p.Reports
		}
		for _, b := range blocks {
			if b.SSRC == s.ssrc { // a number that only who hears us knows
				s.told(b, at)
			}
		}
	}
	if !s.remote.Mux {
		r.addr = from
	}
}

// told takes what they say of our sound.
func (s *Stream) told(b rtcp.ReceptionReport, at time.Duration) {
	r := &s.reports
	r.count++
	r.jitter = b.Jitter
	if r.lost = int(b.TotalLost); b.TotalLost >= 1<<23 { // copies made it negative
		r.lost = 0
	}
	r.lost = min(r.lost, int(r.packets))
	if b.LastSenderReport == 0 {
		return
	}
	units := middle(s.clock(at)) - b.LastSenderReport - b.Delay
	if trip := time.Duration(units) * time.Second / 65536; trip >= 0 && trip < longestTrip {
		r.trips++
		r.tripsSum += trip
	} else if -units < 66 { // a thousandth: the other clock rounds
		r.trips++
	}
}
