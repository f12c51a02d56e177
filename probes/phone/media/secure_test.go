package media

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
)

func TestSecureSound(t *testing.T) {
	begun := time.Now()
	var a, b heard
	here, err := Listen(loopback, begun, a.put)
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	there, err := Listen(loopback, begun, b.put)
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	local := func(s *Stream) Local {
		k, err := s.Secure()
		if err != nil {
			t.Fatal(err)
		}
		return Local{Addr: netip.AddrPortFrom(loopback, s.Port()), Session: 1, Version: 1, Key: k}
	}
	ours, theirs := local(here), local(there)
	offer := ours.Offer()
	if !bytes.Contains(offer, []byte("RTP/SAVP 8 0 13 101\r\n")) || !bytes.Contains(offer, []byte("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:")) {
		t.Errorf("the offer is\n%s", offer)
	}
	offered, err := Parse(offer)
	if err != nil || offered.Key != ours.Key || !offered.Mux {
		t.Fatalf("our own offer is read as %+v, %v", offered, err)
	}
	answered, err := Parse(theirs.Answer(offered))
	if err != nil || answered.Key != theirs.Key || answered.Tag != 1 {
		t.Fatalf("the answer is read as %+v, %v", answered, err)
	}
	for s, r := range map[*Stream]Remote{here: answered, there: offered} {
		if err := s.Connect(r); err != nil {
			t.Fatal(err)
		}
	}
	a.wait(t, 5)
	b.wait(t, 5)
	there.sendReport(false)
	waitFor(t, "a secure report", func() bool { c, _ := here.Counts(); return c.Reports == 1 })

	// A stranger who sees the way but not the key is not heard, and a copy is not heard twice.
	p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 8, SequenceNumber: 1, SSRC: 1}, Payload: make([]byte, 160)}
	raw, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	before := here.foreign
	here.read(raw, netip.AddrPortFrom(loopback, there.Port()), time.Second)
	if here.foreign != before+1 {
		t.Error("what is in clear is heard on a secure line")
	}
}

func TestNothingLeavesInClear(t *testing.T) {
	far, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	clear := Remote{Addr: far.LocalAddr().(*net.UDPAddr).AddrPort(), Law: ALaw, Payload: 8, Direction: "sendrecv"}
	secure := clear
	secure.Key[3] = 1
	s, err := Listen(loopback, time.Now(), func(Piece) {})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Connect(secure); !errors.Is(err, ErrSecure) {
		t.Errorf("a key that nobody asked for gives %v", err)
	}
	if _, err := s.Secure(); err != nil {
		t.Fatal(err)
	}
	if err := s.Connect(clear); !errors.Is(err, ErrClear) {
		t.Errorf("an answer in clear gives %v", err)
	}
	_ = far.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if n, err := far.Read(make([]byte, 100)); err == nil {
		t.Errorf("%d octets left", n)
	}
	if err := s.Connect(secure); err != nil {
		t.Fatal(err)
	}
	_ = far.SetReadDeadline(time.Now().Add(10 * time.Second))
	buf := make([]byte, 2048)
	n, err := far.Read(buf)
	if err != nil || n != 12+160+10 || bytes.Count(buf[:n], []byte{0xd5}) > 20 {
		t.Errorf("%d octets left, %v: % x", n, err, buf[:n])
	}
}

func TestCryptoLines(t *testing.T) {
	const key = "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz" // of RFC 4568, 9.1
	for value, want := range map[string]int{
		"1 AES_CM_128_HMAC_SHA1_80 " + key: 1, "7 aes_cm_128_hmac_sha1_80 " + key + "|2^20": 7, "1 AES_CM_128_HMAC_SHA1_80 " + key + "|2^20|1:4": -1,
		"1 AES_CM_128_HMAC_SHA1_32 " + key: -1, "x AES_CM_128_HMAC_SHA1_80 " + key: -1, "1 AES_CM_128_HMAC_SHA1_80 inline:QQ==": -1,
		"1 AES_CM_128_HMAC_SHA1_80 " + key + " UNENCRYPTED_SRTP": -1, "1 AES_CM_128_HMAC_SHA1_80": -1, "": -1,
		"1 AES_CM_128_HMAC_SHA1_80 inline:" + strings.Repeat("A", 40): -1,
	} {
		tag, k, ok := crypto(value)
		if ok != (want >= 0) || ok && (tag != want || k[0] != 'Y') {
			t.Errorf("%q is read as %d, %v, %t", value, tag, k, ok)
		}
	}
}

// An answer speaks of every medium of the offer, in its order (RFC 3264, 6).
func TestOtherMediaAreRefusedOneByOne(t *testing.T) {
	const offer = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=text 6000 RTP/AVP 98\r\nm=audio 5000 RTP/AVP 8\r\na=rtcp:5009 IN IP4 192.0.2.7\r\n" +
		"m=video 7000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=audio 5002 RTP/AVP 0\r\n"
	r, err := Parse([]byte(offer))
	if err != nil || r.RTCP != netip.MustParseAddrPort("192.0.2.7:5009") {
		t.Fatal(r, err)
	}
	answer := string(Local{Addr: netip.MustParseAddrPort("192.0.2.1:4000")}.Answer(r))
	var media []string
	for _, line := range strings.Split(answer, "\r\n") {
		if strings.HasPrefix(line, "m=") {
			media = append(media, line)
		}
	}
	if got, want := strings.Join(media, " · "), "m=text 0 RTP/AVP 98 · m=audio 4000 RTP/AVP 8 · m=video 0 RTP/AVP 96 · m=audio 0 RTP/AVP 0"; got != want {
		t.Errorf("the answer has %s, want %s", got, want)
	}
}

func FuzzCrypto(f *testing.F) {
	f.Add("1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20")
	f.Fuzz(func(t *testing.T, value string) {
		tag, k, ok := crypto(value)
		if !ok {
			return
		}
		if _, err := k.context(); err != nil || tag < 0 {
			t.Fatal(tag, err)
		}
		if _, back, ok := crypto("1 " + k.inline()); !ok || back != k {
			t.Fatalf("%v comes back as %v", k, back)
		}
	})
}
