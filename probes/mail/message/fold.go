package message

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold returns s for comparison: lower case, without accents, typographic quotes and dashes made plain, every run of
// white space one space. Rules written in folded form match however the author typed.
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case c == ' ' || c >= '\t' && c <= '\r':
				space = true
				continue
			case c >= 'A' && c <= 'Z':
				c += 'a' - 'A'
			case c == '`':
				c = '\''
			}
			if space {
				b.WriteByte(' ')
				space = false
			}
			b.WriteByte(c)
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		out := foldRune(r)
		if out == " " {
			space = true
			continue
		}
		if out == "" {
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		if out == "\x00" {
			b.WriteRune(unicode.ToLower(r))
		} else {
			b.WriteString(out)
		}
	}
	if space {
		b.WriteByte(' ')
	}
	return b.String()
}

// foldRune returns the plain form of r, "\x00" for itself.
func foldRune(r rune) string {
	switch r {
	case 0xA0, 0x202F, 0x2007, 0x2009, 0x3000, 0x2002, 0x2003, 0x1680, 0x85, 0x2028, 0x2029:
		return " "
	case 0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF:
		return ""
	case '’', '‘', '´', 'ʼ', '′', '‛':
		return "'"
	case '“', '”', '«', '»', '„', '‟':
		return `"`
	case '–', '—', '‑', '‐', '−', '―':
		return "-"
	case '…':
		return "..."
	case 'œ', 'Œ':
		return "oe"
	case 'æ', 'Æ':
		return "ae"
	case 'ß':
		return "ss"
	}
	if r >= 0x300 && r <= 0x36F { // combining accents
		return ""
	}
	if r >= 0xC0 && r < 0x180 {
		if p := plainLatin[r-0xC0]; p != 0 {
			return plainLatinText[p : p+1]
		}
	}
	return "\x00"
}

const plainLatinText = "\x00abcdefghijklmnopqrstuvwxyz"

// plainLatin maps U+00C0…U+017F to 1 + the index of the letter without its accent.
var plainLatin = func() (t [0x180 - 0xC0]uint8) {
	for letter, accented := range map[rune]string{'a': "ÀÁÂÃÄÅàáâãäåĀāĂăĄą", 'c': "ÇçĆćĈĉĊċČč", 'd': "ÐðĎďĐđ", 'e': "ÈÉÊËèéêëĒēĔĕĖėĘęĚě",
		'g': "ĜĝĞğĠġĢģ", 'h': "ĤĥĦħ", 'i': "ÌÍÎÏìíîïĨĩĪīĬĭĮįİı", 'j': "Ĵĵ", 'k': "Ķķ", 'l': "ĹĺĻļĽľĿŀŁł", 'n': "ÑñŃńŅņŇň",
		'o': "ÒÓÔÕÖØòóôõöøŌōŎŏŐő", 'r': "ŔŕŖŗŘř", 's': "ŚśŜŝŞşŠš", 't': "ŢţŤťŦŧ", 'u': "ÙÚÛÜùúûüŨũŪūŬŭŮůŰűŲų", 'w': "Ŵŵ",
		'y': "ÝýÿŶŷŸ", 'z': "ŹźŻżŽž"} {
		for _, r := range accented {
			t[r-0xC0] = uint8(letter-'a') + 1
		}
	}
	return t
}()
