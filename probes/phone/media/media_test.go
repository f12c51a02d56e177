package media

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
)

func TestG711(t *testing.T) {
	for law, known := range map[Law]map[byte]int16{ALaw: {0xd5: 8, 0x55: -8, 0xaa: 32256, 0x2a: -32256, 0x80: 5504}, MuLaw: {0xff: 0, 0x80: 32124, 0x00: -32124, 0xef: 132}} {
		for code, want := range known {
			if got := law.Decode(nil, []byte{code})[0]; got != want {
				t.Errorf("%s: %#x is %d, want %d", law, code, got, want)
			}
		}
		for i := range 256 {
			code := byte(i)
			if law == MuLaw && code == 0x7f {
				continue // the other zero
			}
			if got := law.Encode(nil, law.Decode(nil, []byte{code}))[0]; got != code {
				t.Errorf("%s: %#x comes back as %#x", law, code, got)
			}
		}
		for s := -32768; s < 32768; s++ {
			got := int(law.Decode(nil, law.Encode(nil, []int16{int16(s)}))[0])
			if off := max(got-s, s-got); off > 1024 || off > 32+max(s, -s)/16 {
				t.Fatalf("%s: %d comes back as %d", law, s, got)
			}
		}
	}
}

func packet(seq uint16, at time.Duration) Packet {
	return Packet{Arrived: at, SSRC: 1, Seq: seq, Stamp: uint32(seq) * 160, PCM: make([]int16, 160)}
}

func TestOrderWithJitterLossAndDoubles(t *testing.T) {
	var o Order
	var got []Piece
	const begin = 3 * time.Second
	late := map[uint16]time.Duration{20: 90 * time.Millisecond, 30: 45 * time.Millisecond}
	var in []Packet
	for seq := range uint16(100) {
		if seq == 50 || seq == 51 {
			continue // lost
		}
		in = append(in, packet(65500+seq, begin+time.Duration(seq)*Frame+late[seq]))
		in[len(in)-1].Stamp = 4294960000 + uint32(seq)*160 // both counters wrap
	}
	in = append(in, in[40])
	in[len(in)-1].Arrived += 30 * time.Millisecond
	slices.SortFunc(in, func(a, b Packet) int { return int(a.Arrived - b.Arrived) })
	for _, p := range in {
		got = append(got, o.Add(p)...)
	}
	got = append(got, o.Flush()...)
	c := o.Counts()
	if c.Received != 99 || c.Lost != 2 || c.Double != 1 || c.Late > 1 || c.First != begin {
		t.Errorf("counts %+v", c)
	}
	if len(got) != 98 {
		t.Errorf("%d pieces, want 98", len(got))
	}
	for i, p := range got {
		if (p.At-begin)%Frame != 0 {
			t.Errorf("piece %d is at %s: the jitter is heard", i, p.At)
		}
		if i > 0 && !p.Late && !got[i-1].Late && p.At <= got[i-1].At {
			t.Errorf("piece %d at %s comes after %s", i, p.At, got[i-1].At)
		}
	}
	if share := c.LostShare(); share < 2 || share > 4 {
		t.Errorf("%.1f %% lost", share)
	}
}

func TestOrderLeavesHolesAndMendsClocks(t *testing.T) {
	var o Order
	at := func(p Packet) time.Duration {
		t.Helper()
		got := append(o.Add(p), o.Flush()...)
		if len(got) != 1 {
			t.Fatalf("%d pieces", len(got))
		}
		return got[0].At
	}
	at(packet(1, time.Second))
	silent := packet(2, 3*time.Second) // discontinuous transmission: the stamp goes on, the sequence does not
	silent.Stamp = 160 + 2*Rate
	if got := at(silent); got != 3*time.Second {
		t.Errorf("after a pause of 2 s the sound is at %s", got)
	}
	stopped := packet(3, 6*time.Second) // a sender whose clock stood still
	stopped.Stamp = silent.Stamp + 160
	if got := at(stopped); got != 6*time.Second {
		t.Errorf("a clock that stood still puts the sound at %s", got)
	}
	other := packet(40000, 7*time.Second)
	other.SSRC = 2 // another machine goes on: music on hold
	if got := at(other); got != 7*time.Second {
		t.Errorf("a new source puts the sound at %s", got)
	}
	if c := o.Counts(); c.Lost != 0 {
		t.Errorf("%+v: nothing was lost", c)
	}
}

func TestJitterIsThatOfRFC3550(t *testing.T) {
	var o Order
	for seq := range uint16(2000) {
		o.Add(packet(seq, time.Second+time.Duration(seq)*Frame+time.Duration(seq%2)*8*time.Millisecond))
	}
	if j := o.Counts().Jitter; j < 7*time.Millisecond || j > 9*time.Millisecond {
		t.Errorf("jitter %s, want 8ms", j)
	}
}

func TestOfferAndAnswer(t *testing.T) {
	l := Local{Addr: netip.MustParseAddrPort("192.0.2.1:4000"), Session: 7, Version: 1}
	r, err := Parse(l.Offer())
	if err != nil || r.Law != ALaw || r.Payload != 8 || r.Keys != 101 || !r.Noise || r.Addr != l.Addr || !r.Sends() || !r.Takes() {
		t.Fatalf("our own offer is read as %+v, %v", r, err)
	}
	for text, want := range map[string]Remote{
		"v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\nm=audio 5004 RTP/AVP 0 8 96\r\na=rtpmap:96 telephone-event/8000\r\n": {
			Addr: netip.MustParseAddrPort("198.51.100.7:5004"), Law: MuLaw, Keys: 96, Direction: "sendrecv"},
		"v=0\r\no=- 1 1 IN IP6 2001:db8::1\r\ns=-\r\nt=0 0\r\na=sendonly\r\nm=audio 5004 RTP/AVP 8\r\nc=IN IP6 2001:db8::1\r\n": {
			Addr: netip.MustParseAddrPort("[2001:db8::1]:5004"), Law: ALaw, Payload: 8, Direction: "sendonly"},
		"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 5004 RTP/AVP 97\r\na=rtpmap:97 pcma/8000/1\r\n": {
			Law: ALaw, Payload: 97, Direction: "sendrecv"},
	} {
		got, err := Parse([]byte(text))
		if err != nil || got != want {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
		back, err := Parse(l.Answer(got))
		if err != nil || back.Law != got.Law || back.Payload != got.Payload || back.Keys != got.Keys {
			t.Errorf("our answer is read as %+v, %v", back, err)
		}
		if got.Direction == "sendonly" && back.Direction != "recvonly" {
			t.Errorf("sendonly is answered by %s", back.Direction)
		}
	}
	if _, err := Parse([]byte("v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nc=IN IP4 1.2.3.4\r\nt=0 0\r\nm=audio 9 RTP/AVP 18\r\n")); !errors.Is(err, ErrNoSound) {
		t.Errorf("G.729 alone gives %v", err)
	}
}

// heard collects pieces.
type heard struct {
	sync.Mutex
	pieces []Piece
}

func (h *heard) put(p Piece) { h.Lock(); h.pieces = append(h.pieces, p); h.Unlock() }

func (h *heard) wait(t *testing.T, n int) []Piece {
	t.Helper()
	for range 2000 {
		h.Lock()
		got := slices.Clone(h.pieces)
		h.Unlock()
		if len(got) >= n {
			return got
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("fewer than %d pieces came", n)
	return nil
}

func TestTwoStreams(t *testing.T) {
	begun, host := time.Now(), netip.MustParseAddr("127.0.0.1")
	var a, b heard
	here, err := Listen(host, begun, a.put)
	if err != nil {
		t.Fatal(err)
	}
	there, err := Listen(host, begun, b.put)
	if err != nil {
		t.Fatal(err)
	}
	remote := func(of *Stream) Remote {
		return Remote{Addr: netip.AddrPortFrom(host, of.Port()), Law: ALaw, Payload: 8, Keys: 101, Direction: "sendrecv"}
	}
	here.Connect(remote(there))
	wrong := remote(here)
	wrong.Addr = netip.MustParseAddrPort("127.0.0.1:9") // what a private address behind a translation looks like
	there.Connect(wrong)
	b.wait(t, 5)
	for _, p := range a.wait(t, 5) { // the answer goes to where the sound comes from
		if slices.Max(p.PCM) > 8 || slices.Min(p.PCM) < -8 {
			t.Fatal("silence is not silent")
		}
	}
	if err := here.Close(); err != nil {
		t.Error(err)
	}
	if err := there.Close(); err != nil {
		t.Error(err)
	}
	if c, sent := here.Counts(); c.Received < 5 || sent < 5 || c.Lost > 0 {
		t.Errorf("%+v, %d sent", c, sent)
	}
}

// An ear that is slow for a while loses nothing, and what it hears is at its place.
func TestASlowEarLosesNothing(t *testing.T) {
	far, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	const n = 1500 // more than a socket holds
	first, heard, last := true, 0, time.Duration(0)
	s, err := Listen(netip.MustParseAddr("127.0.0.1"), time.Now(), func(p Piece) {
		if first {
			time.Sleep(500 * time.Millisecond)
		}
		first = false
		heard++
		last = max(last, p.At)
	})
	if err != nil {
		t.Fatal(err)
	}
	for seq := range n {
		p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 8, SequenceNumber: uint16(seq), SSRC: 5, Timestamp: uint32(seq)}, Payload: make([]byte, 160)}
		data, err := p.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := far.WriteToUDPAddrPort(data, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), s.Port())); err != nil {
			t.Fatal(err)
		}
		if seq%50 == 0 {
			time.Sleep(10 * time.Millisecond)
		}
	}
	waitFor(t, "the packets", func() bool { c, _ := s.Counts(); return c.Received+c.Spilt == n })
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	c, _ := s.Counts()
	if c.Spilt > 0 || c.Lost > 0 || heard != n || last > 500*time.Millisecond {
		t.Errorf("%d pieces were heard, the last at %s; %+v", heard, last, c)
	}
}

func TestKeys(t *testing.T) {
	far, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	s, err := Listen(netip.MustParseAddr("127.0.0.1"), time.Now(), func(Piece) {})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.Press("1") == nil {
		t.Error("keys were taken before anybody said that they are wanted")
	}
	s.Connect(Remote{Addr: far.LocalAddr().(*net.UDPAddr).AddrPort(), Law: MuLaw, Keys: 96, Direction: "sendrecv"})
	if s.Press("x") == nil {
		t.Error("x is no key")
	}
	if err := s.Press("3#"); err != nil {
		t.Fatal(err)
	}
	ends, durations, last := map[event]int{}, map[event]uint16{}, uint16(0)
	_ = far.SetReadDeadline(time.Now().Add(20 * time.Second))
	buf := make([]byte, 2048)
	for n := 0; !ended(ends); n++ {
		size, err := far.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		var p rtp.Packet
		if err := p.Unmarshal(buf[:size]); err != nil {
			t.Fatal(err)
		}
		if n > 0 && p.SequenceNumber != last+1 {
			t.Errorf("packet %d follows %d", p.SequenceNumber, last)
		}
		if last = p.SequenceNumber; p.PayloadType != 96 {
			continue
		}
		e := event{p.Payload[0], p.Timestamp}
		if p.Payload[1]&0x80 != 0 {
			ends[e]++
		}
		durations[e] = max(durations[e], binary.BigEndian.Uint16(p.Payload[2:]))
	}
	for e, d := range durations {
		if d != keyFrames*160 || e.code != 3 && e.code != 11 {
			t.Errorf("key %d lasts %d", e.code, d)
		}
	}
	if len(durations) != 2 {
		t.Errorf("%d keys, want 2", len(durations))
	}
}

// event is one key as it was received.
type event struct {
	code  byte
	stamp uint32
}

// ended says whether the end of both keys was told three times.
func ended(ends map[event]int) bool {
	three := 0
	for _, n := range ends {
		if n >= endFrames {
			three++
		}
	}
	return three == 2
}

func TestTrackIsAFile(t *testing.T) {
	tr := NewTrack(time.Second)
	tr.Put(Piece{At: 500 * time.Millisecond, PCM: []int16{1, 2, 3}})
	tr.Put(Piece{At: 250 * time.Millisecond, PCM: []int16{7}})
	tr.Put(Piece{At: 2 * time.Second, PCM: []int16{9}})
	tr.Put(Piece{At: -time.Second, PCM: []int16{9}})
	w := tr.WAV()
	if len(w) != 44+2*4003 || string(w[:4]) != "RIFF" || binary.LittleEndian.Uint32(w[4:]) != uint32(len(w)-8) || binary.LittleEndian.Uint32(w[24:]) != 8000 {
		t.Errorf("%d octets, %q", len(w), w[:44])
	}
	if at := func(i int) byte { return w[44+2*i] }; at(4002) != 3 || at(2000) != 7 || at(0) != 0 {
		t.Error("the pieces are not at their places")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Local{Addr: netip.MustParseAddrPort("192.0.2.1:4000")}.Offer())
	f.Add([]byte("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0/127\r\nt=0 0\r\nm=audio 5004 RTP/AVP 97\r\na=rtpmap:97 pcma/8000/1\r\na=inactive\r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := Parse(body)
		if err != nil {
			return
		}
		if r.Law != ALaw && r.Law != MuLaw || r.Payload > 127 || r.Keys > 127 {
			t.Fatalf("%+v", r)
		}
		// Whatever was understood can be answered, and the answer says the same.
		back, err := Parse(Local{Addr: netip.MustParseAddrPort("192.0.2.1:4000")}.Answer(r))
		if err != nil || back.Law != r.Law || back.Payload != r.Payload || strings.Contains(back.Direction, "send") && r.Direction == "sendonly" {
			t.Fatalf("%+v is answered by %+v, %v", r, back, err)
		}
	})
}

func FuzzPacket(f *testing.F) {
	p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 8, SequenceNumber: 65535}, Payload: []byte{1, 2, 3}}
	data, err := p.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data, data, uint16(7))
	f.Add([]byte{0x90, 8, 0, 1}, []byte{0xbf}, uint16(0))
	f.Fuzz(func(t *testing.T, one, two []byte, gap uint16) {
		s := Stream{remote: Remote{Law: ALaw, Payload: 8, Keys: 101}}
		from := netip.MustParseAddrPort("192.0.2.9:1")
		samples, at := 0, time.Duration(0)
		rnd := rand.New(rand.NewPCG(1, uint64(gap)))
		for _, data := range [][]byte{one, two, one} {
			at += time.Duration(gap)*time.Millisecond + time.Duration(rnd.IntN(1000))
			for _, piece := range s.read(data, from, at) {
				samples += len(piece.PCM)
			}
		}
		for _, piece := range s.order.Flush() {
			samples += len(piece.PCM)
		}
		c, _ := s.Counts()
		if c.Lost < 0 || c.Received > 3 || samples > len(one)*2+len(two) || c.LostShare() < 0 || c.LostShare() > 100 {
			t.Fatalf("%+v, %d samples", c, samples)
		}
	})
}
