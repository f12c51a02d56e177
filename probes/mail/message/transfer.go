package message

import (
	"encoding/base64"
	"strings"
)

// decodeTransfer undoes a Content-Transfer-Encoding (RFC 2045 §6) and returns at most most octets. What does not fit
// the encoding is kept or skipped, and ok is then false.
func decodeTransfer(s, encoding string, most int) (out string, ok bool) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		if len(s) > most/3*4+most {
			s = s[:most/3*4+most]
		}
		out, ok = decodeBase64(s)
	case "quoted-printable":
		if len(s) > 3*most {
			s = s[:3*most]
		}
		out, ok = decodeQuoted(s)
	default:
		out, ok = s, true
	}
	if len(out) > most {
		out = out[:most]
	}
	return out, ok
}

// base64Value is -1 outside the alphabet of RFC 4648 §4.
var base64Value = func() (t [256]int8) {
	for i := range t {
		t[i] = -1
	}
	for i, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		t[c] = int8(i)
	}
	return t
}()

func decodeBase64(s string) (string, bool) {
	ok := true
	clean := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case base64Value[c] >= 0:
			clean = append(clean, c)
		case c == '=':
			// Padding in the middle: two encoded texts glued together. Fill the group and go on.
			for len(clean)%4 != 0 {
				clean = append(clean, 'A')
			}
			if rest := strings.TrimLeft(s[i:], "=\n \t"); rest != "" {
				ok = false
			} else {
				return base64Trim(clean, s), ok
			}
		case c == '\n' || c == ' ' || c == '\t':
		default:
			ok = false
		}
	}
	if len(clean)%4 != 0 { // cut off
		ok = false
		clean = clean[:len(clean)/4*4]
	}
	out := make([]byte, len(clean)/4*3)
	n, _ := base64.StdEncoding.Decode(out, clean)
	return string(out[:n]), ok
}

// base64Trim decodes clean, whose last group was filled with zero bits, and drops the octets that the padding stood for.
func base64Trim(clean []byte, s string) string {
	out := make([]byte, len(clean)/4*3)
	n, _ := base64.StdEncoding.Decode(out, clean)
	pad := min(strings.Count(s[max(0, len(s)-16):], "="), 2)
	return string(out[:max(0, n-pad)])
}

func decodeQuoted(s string) (string, bool) {
	if strings.IndexByte(s, '=') < 0 {
		return s, true
	}
	ok := true
	var b strings.Builder
	b.Grow(len(s))
	for {
		i := strings.IndexByte(s, '=')
		if i < 0 {
			b.WriteString(s)
			return b.String(), ok
		}
		b.WriteString(s[:i])
		s = s[i+1:]
		if len(s) >= 2 {
			if hi, lo := unhex(s[0]), unhex(s[1]); hi >= 0 && lo >= 0 {
				b.WriteByte(byte(hi<<4 | lo))
				s = s[2:]
				continue
			}
		}
		if t := strings.TrimLeft(s, " \t"); t == "" || t[0] == '\n' { // soft line break
			s = strings.TrimPrefix(t, "\n")
			continue
		}
		ok = false
		b.WriteByte('=')
	}
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
