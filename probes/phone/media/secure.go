package media

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/pion/srtp/v3"
)

// suite is the one cipher that every telephone with SRTP has (RFC 4568, 6.2.1).
const suite = "AES_CM_128_HMAC_SHA1_80"

// Key is a master key and its salt, with which one direction of the sound is encrypted. The zero Key is none.
type Key [30]byte

const keyOctets = 16 // the rest is the salt

// Set says whether there is a key.
func (k Key) Set() bool { return k != Key{} }

// inline is the key as the attribute "crypto" carries it.
func (k Key) inline() string {
	return suite + " inline:" + base64.StdEncoding.EncodeToString(k[:])
}

// crypto reads the attribute "crypto" (RFC 4568, 9.1): "1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^20". What has several keys, or
// asks for parameters of the session, is not ours to use.
func crypto(value string) (tag int, k Key, ok bool) {
	fields := strings.Fields(value)
	if len(fields) != 3 || !strings.EqualFold(fields[1], suite) {
		return 0, k, false
	}
	tag, err := strconv.Atoi(fields[0])
	text, inline := strings.CutPrefix(fields[2], "inline:")
	text, lifetime, _ := strings.Cut(text, "|")
	if err != nil || tag < 0 || tag > 999999999 || !inline || strings.Contains(lifetime, ":") { // a master key identifier
		return 0, k, false
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != len(k) {
		return 0, k, false
	}
	copy(k[:], raw)
	return tag, k, k.Set()
}

// replays is how many packets back a copy is told from one that comes late.
const replays = 128

func (k Key) context() (*srtp.Context, error) {
	return srtp.CreateContext(k[:keyOctets], k[keyOctets:], srtp.ProtectionProfileAes128CmHmacSha1_80,
		srtp.SRTPReplayProtection(replays), srtp.SRTCPReplayProtection(replays))
}

// Secure makes the key of what we send. From then on nothing is heard or sent in clear.
func (s *Stream) Secure() (Key, error) {
	var k Key
	_, _ = rand.Read(k[:]) // it never fails
	out, err := k.context()
	if err != nil {
		return Key{}, fmt.Errorf("a key for the sound: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out = out
	return k, nil
}

// open decrypts a packet where the call is secure. s.mu is held.
func (s *Stream) open(data []byte, control bool) ([]byte, bool) {
	switch {
	case s.out == nil:
		return data, true
	case s.in == nil:
		return nil, false // it came before the key
	}
	var err error
	if control {
		data, err = s.in.DecryptRTCP(nil, data, nil)
	} else {
		data, err = s.in.DecryptRTP(nil, data, nil)
	}
	return data, err == nil
}

// seal encrypts what is sent where the call is secure.
func seal(out *srtp.Context, data []byte, control bool) []byte {
	if out == nil || data == nil {
		return data
	}
	var err error
	if control {
		data, err = out.EncryptRTCP(nil, data, nil)
	} else {
		data, err = out.EncryptRTP(nil, data, nil)
	}
	if err != nil {
		return nil // nothing leaves in clear
	}
	return data
}
