package message

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding/charmap"
)

// decodeCharset returns s, written in the named charset, as valid UTF-8. ok is false where the name is unknown or the
// octets do not fit it; windows-1252 is then assumed, which is what mail programs mean by "8 bits, no idea".
func decodeCharset(s, name string) (text string, ok bool) {
	name = strings.ToLower(strings.Trim(name, " \"'"))
	if i := strings.IndexByte(name, '*'); i >= 0 { // RFC 2231 language suffix
		name = name[:i]
	}
	ascii := isASCII(s)
	switch name {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "ansi_x3.4-1968":
		if ascii || utf8.ValidString(s) {
			return s, true
		}
		return windows1252(s), false
	case "iso-8859-1", "latin1", "windows-1252", "cp1252", "iso8859-1", "iso-8859-15", "windows-1250", "iso-8859-2",
		"windows-1251", "koi8-r":
		if ascii {
			return s, true
		}
		switch name {
		case "iso-8859-1", "latin1", "windows-1252", "cp1252", "iso8859-1":
			// HTML's rule: who says Latin-1 means windows-1252. Many say it and write UTF-8.
			if utf8.ValidString(s) {
				return s, false
			}
			return windows1252(s), true
		}
	}
	if len(name) > 40 {
		return validText(s), false
	}
	r, err := charset.Reader(name, strings.NewReader(s))
	if err != nil {
		return validText(s), false
	}
	// UTF-16 and the Asian sets at most treble the size.
	b, err := io.ReadAll(io.LimitReader(r, int64(3*len(s)+16)))
	if err != nil {
		return validText(s), false
	}
	return strings.ToValidUTF8(string(b), "\uFFFD"), true
}

// validText returns s if it is UTF-8 and reads it as windows-1252 otherwise.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return windows1252(s)
}

func windows1252(s string) string {
	var b strings.Builder
	b.Grow(len(s) + len(s)/8)
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < utf8.RuneSelf {
			b.WriteByte(c)
		} else {
			b.WriteRune(charmap.Windows1252.DecodeByte(c))
		}
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
