package media

import (
	"net/netip"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// ends opens two streams; each is told of the other by what change makes of it.
func ends(t *testing.T, change func(*Remote)) (here, there *Stream, heardHere *heard) {
	t.Helper()
	begun := time.Now()
	a := &heard{}
	var both [2]*Stream
	for i, hear := range []func(Piece){a.put, func(Piece) {}} {
		s, err := Listen(loopback, begun, hear)
		if err != nil {
			t.Fatal(err)
		}
		both[i] = s
	}
	here, there = both[0], both[1]
	for i, s := range both {
		r := Remote{Addr: netip.AddrPortFrom(loopback, both[1-i].Port()), Law: ALaw, Payload: 8, Keys: 101, Direction: "sendrecv"}
		change(&r)
		if err := s.Connect(r); err != nil {
			t.Fatal(err)
		}
	}
	return here, there, a
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 1000 {
		if ok() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("waited in vain for %s", what)
}

func TestReports(t *testing.T) {
	for _, mux := range []bool{false, true} {
		here, there, a := ends(t, func(r *Remote) { r.Mux = mux })
		if here.Port()%2 != 0 {
			t.Errorf("the sound has the odd port %d", here.Port())
		}
		a.wait(t, 5)
		there.sendReport(false)
		waitFor(t, "a report", func() bool { c, _ := here.Counts(); return c.Reports == 1 })
		time.Sleep(30 * time.Millisecond) // which the other side must subtract
		here.sendReport(false)
		waitFor(t, "the answer", func() bool { c, _ := there.Counts(); return c.Reports == 1 })
		c, _ := there.Counts()
		if c.Trips != 1 || c.RoundTrip > 20*time.Millisecond || c.RemoteLost != 0 {
			t.Errorf("mux %t: got %+v", mux, c)
		}
		if err := here.Close(); err != nil {
			t.Error(err)
		}
		if err := there.Close(); err != nil {
			t.Error(err)
		}
	}
}

// What is reported is what RFC 3550 says it is, for packets that were lost, doubled, and wrapped around.
func TestSourceIsThatOfRFC3550(t *testing.T) {
	var s source
	for n := range 100 {
		if seq := uint16(65500 + n); n != 20 && n != 50 {
			s.note(7, seq)
		}
	}
	if b := s.block(3); b.TotalLost != 2 || b.FractionLost != 2*256/100 || b.LastSequenceNumber != 65599 || b.SSRC != 7 || b.Jitter != 3 {
		t.Errorf("got %+v", b)
	}
	for n := range 10 {
		if n%2 == 0 {
			s.note(7, uint16(64+n))
		}
	}
	if b := s.block(3); b.TotalLost != 6 || b.FractionLost != 256*4/9 || b.LastSequenceNumber != 65608 {
		t.Errorf("then %+v", b)
	}
	s.note(8, 1)
	if b := s.block(0); b.TotalLost != 0 || b.LastSequenceNumber != 1 || b.SSRC != 8 {
		t.Errorf("of another source %+v", b)
	}
}

func stream(remote Remote) *Stream {
	return &Stream{remote: remote, ssrc: 99, begun: time.Now(), talking: true}
}

func TestWhatTheyReport(t *testing.T) {
	from := netip.MustParseAddrPort("192.0.2.9:4001")
	for name, c := range map[string]struct {
		block rtcp.ReceptionReport
		trip  time.Duration
		lost  int
		count int
	}{
		"the round trip":           {rtcp.ReceptionReport{SSRC: 99, TotalLost: 3, LastSenderReport: 1000 << 10, Delay: 65536 / 2}, 500 * time.Millisecond, 3, 1},
		"another's":                {rtcp.ReceptionReport{SSRC: 98, TotalLost: 3}, 0, 0, 0},
		"more lost than were sent": {rtcp.ReceptionReport{SSRC: 99, TotalLost: 900}, 0, 50, 1},
		"fewer than none lost":     {rtcp.ReceptionReport{SSRC: 99, TotalLost: 1<<24 - 5}, 0, 0, 1},
		"a trip into the past":     {rtcp.ReceptionReport{SSRC: 99, LastSenderReport: 1000 << 10, Delay: 65536 * 20}, 0, 0, 1},
	} {
		s := stream(Remote{Addr: netip.MustParseAddrPort("192.0.2.9:4000")})
		s.reports.packets = 50
		at := time.Second
		if c.block.LastSenderReport != 0 {
			c.block.LastSenderReport = middle(s.clock(at - time.Second))
		}
		data, err := rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{c.block}}})
		if err != nil {
			t.Fatal(err)
		}
		s.readReport(data, from, at)
		got, _ := s.Counts()
		if off := got.RoundTrip - c.trip; off > time.Millisecond || off < -time.Millisecond || got.RemoteLost != c.lost || got.Reports != c.count {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestOnlyTheOtherSideReports(t *testing.T) {
	s := stream(Remote{Addr: netip.MustParseAddrPort("192.0.2.9:4000")})
	s.latched = s.remote.Addr
	data, err := rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: 99}}}})
	if err != nil {
		t.Fatal(err)
	}
	s.readReport(data, netip.MustParseAddrPort("203.0.113.1:4001"), 0)
	if c, _ := s.Counts(); c.Reports != 0 || s.foreign != 1 {
		t.Errorf("a stranger's report is believed: %+v", c)
	}
	if to, _ := s.reportTo(); to != netip.MustParseAddrPort("192.0.2.9:4001") {
		t.Errorf("reports go to %s", to)
	}
}

func FuzzReport(f *testing.F) {
	data, err := rtcp.Marshal([]rtcp.Packet{&rtcp.SenderReport{SSRC: 5, NTPTime: 1 << 40, Reports: []rtcp.ReceptionReport{{SSRC: 99, TotalLost: 1, LastSenderReport: 7}}},
		rtcp.NewCNAMESourceDescription(5, "x"), &rtcp.Goodbye{Sources: []uint32{5}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte{0x80, 200, 0, 0, 0, 0, 0, 5})
	f.Fuzz(func(t *testing.T, data []byte) {
		s := stream(Remote{Addr: netip.MustParseAddrPort("192.0.2.9:4000"), Law: ALaw, Payload: 8})
		s.reports.packets = 10
		s.readReport(data, netip.MustParseAddrPort("192.0.2.9:4001"), time.Second)
		s.read(data, netip.MustParseAddrPort("192.0.2.9:4000"), time.Second)
		c, _ := s.Counts()
		if c.RemoteLost < 0 || c.RemoteLost > 10 || c.RoundTrip < 0 || c.RoundTrip > longestTrip {
			t.Fatalf("%+v", c)
		}
		if _, err := rtcp.Unmarshal(s.report(2*time.Second, true)); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzSource holds what is reported to what came, whatever numbers the packets have.
func FuzzSource(f *testing.F) {
	f.Add([]byte{0, 1, 0, 2, 255, 255})
	f.Fuzz(func(t *testing.T, data []byte) {
		s := stream(Remote{Law: ALaw, Payload: 8})
		for i := 0; i+1 < len(data); i += 2 {
			p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 8, SequenceNumber: uint16(data[i])<<8 | uint16(data[i+1]), SSRC: 5}}
			raw, err := p.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			s.read(raw, netip.MustParseAddrPort("192.0.2.9:1"), time.Duration(i)*time.Millisecond)
		}
		if b := s.reports.source.block(0); b.TotalLost > 1<<23-1 {
			t.Fatalf("%+v", b)
		}
		if c, _ := s.Counts(); c.Lost < 0 || c.LostShare() > 100 {
			t.Fatalf("%+v", c)
		}
	})
}
