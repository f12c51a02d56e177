package phone

import (
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone/callee"
	"github.com/sonde-fleet/sonde/probes/phone/sip"
)

// The longest INVITE that a line can make, with credentials, is one frame of Ethernet: where the library refused what is longer
// than 1,300 octets, calls of such a trunk never left.
func TestTheLongestInviteFitsADatagram(t *testing.T) {
	far := callee.Listen(t)
	line := sip.Line{Server: far.Addr().String(), Domain: "sip.a-trunk-with-a-long-name.example.net", User: "0033123456789-trunk-0001", Password: "secret",
		From: "+33123456789", Withheld: true}
	c := place(t, Options{Line: line}, "+33321000001")
	first := far.Expect(gosip.INVITE)
	far.Reply(first, 407, "Proxy Authentication Required", "", `Proxy-Authenticate: Digest realm="sip.a-trunk-with-a-long-name.example.net", nonce="0123456789abcdef0123456789abcdef0123456789abcdef", `+
		`opaque="0123456789abcdef0123456789abcdef", qop="auth", algorithm=SHA-256`)
	far.Expect(gosip.ACK)
	again := far.Expect(gosip.INVITE)
	t.Logf("%d octets, with credentials %d", len(first.String()), len(again.String()))
	if n := len(again.String()); n > 1472 {
		t.Errorf("the INVITE has %d octets\n%s", n, again)
	}
	far.Reply(again, 486, "Busy Here", "")
	far.Expect(gosip.ACK)
	c.end(probes.CallDialled, probes.CallFailed)
}

// Comfort noise (RFC 3389) is no sound and no loss.
func TestComfortNoise(t *testing.T) {
	far := callee.Listen(t)
	c := place(t, Options{Max: 600 * time.Millisecond}, far.URI())
	invite := far.Expect(gosip.INVITE)
	v := speak(t, invite)
	far.Reply(invite, 200, "OK", v.description())
	far.Expect(gosip.ACK)
	v.tone(5, 440)
	v.noise()
	v.tone(5, 440)
	far.Reply(far.Expect(gosip.BYE), 200, "OK", "")
	if e := c.end(probes.CallDialled, probes.CallAnswered, probes.CallEnded); e.Detail["packets"] != "11" || e.Detail["lost"] != "0" {
		t.Errorf("got %+v", e)
	}
}

// noise is one packet of comfort noise, after which nothing is sent for a while.
func (v *voice) noise() {
	stamp := uint32(v.seq) * 160
	if _, err := v.conn.WriteToUDPAddrPort([]byte{0x80, 13, byte(v.seq >> 8), byte(v.seq), byte(stamp >> 24), byte(stamp >> 16), byte(stamp >> 8), byte(stamp), 0, 0, 0, 5, 40}, v.to); err != nil {
		v.t.Error(err)
	}
	v.seq++
}
