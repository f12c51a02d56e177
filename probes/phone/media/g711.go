// Package media carries the sound of a call: what is agreed on in SDP, RTP in both directions, G.711 and telephone keys
// (RFC 4733). It places what it receives by the sender's clock and leaves holes where nothing came; it decides nothing
// about what is heard and keeps nothing but counts.
package media

import "math/bits"

// Rate is how many samples a second a telephone has.
const Rate = 8000

// Law is one of the two codings of G.711.
type Law string

// The codings of G.711. The name is the one of SDP.
const (
	ALaw  Law = "PCMA"
	MuLaw Law = "PCMU"
)

// Payload is the static payload type of RFC 3551.
func (l Law) Payload() uint8 {
	if l == MuLaw {
		return 0
	}
	return 8
}

// Silence is the code of the quietest sample.
func (l Law) Silence() byte {
	if l == MuLaw {
		return 0xff
	}
	return 0xd5
}

var tables = func() (t struct{ a, mu [256]int16 }) {
	for i := range 256 {
		t.a[i], t.mu[i] = fromALaw(byte(i)), fromMuLaw(byte(i))
	}
	return t
}()

// Decode appends the samples of the coded octets.
func (l Law) Decode(to []int16, coded []byte) []int16 {
	table := &tables.a
	if l == MuLaw {
		table = &tables.mu
	}
	for _, c := range coded {
		to = append(to, table[c])
	}
	return to
}

// Encode appends the codes of the samples.
func (l Law) Encode(to []byte, pcm []int16) []byte {
	for _, s := range pcm {
		if l == MuLaw {
			to = append(to, toMuLaw(s))
		} else {
			to = append(to, toALaw(s))
		}
	}
	return to
}

func fromALaw(c byte) int16 {
	c ^= 0x55
	mantissa, exponent := int16(c&0x0f)<<4+8, c>>4&7
	if exponent > 0 {
		mantissa = (mantissa + 0x100) << (exponent - 1)
	}
	if c&0x80 == 0 {
		return -mantissa
	}
	return mantissa
}

func toALaw(s int16) byte {
	sign := byte(0x80)
	v := int(s)
	if v < 0 {
		sign, v = 0, -v-1
	}
	v = min(v, 32767) >> 4
	c := byte(v)
	if v >= 16 {
		exponent := bits.Len(uint(v)) - 4
		c = byte(exponent<<4) | byte(v>>(exponent-1))&0x0f
	}
	return (c | sign) ^ 0x55
}

const bias = 0x84 // of µ-law

func fromMuLaw(c byte) int16 {
	c = ^c
	v := (int(c&0x0f)<<3+bias)<<(c>>4&7) - bias
	if c&0x80 != 0 {
		return int16(-v)
	}
	return int16(v)
}

func toMuLaw(s int16) byte {
	sign := byte(0)
	v := int(s)
	if v < 0 {
		sign, v = 0x80, -v
	}
	v = min(v, 32635) + bias
	exponent := bits.Len(uint(v)) - 8
	return ^(sign | byte(exponent<<4) | byte(v>>(exponent+3))&0x0f)
}
