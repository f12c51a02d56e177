// Package fold makes texts comparable however their authors typed them: one fold for every channel.
package fold

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns s for comparison: lower case, without accents, typographic quotes and dashes made plain, every run of
// white space one space. Rules written in folded form match however the author typed.
func Text(s string) string { return fold(s, nil) }

// Map is Text that also says where each octet of the folded text comes from: at[i] is the index in s, and the last
// entry is len(s). With it a match in the folded text is shown as the author wrote it.
func Map(s string) (folded string, at []int) {
	at = make([]int, 0, len(s)+1)
	folded = fold(s, &at)
	return folded, append(at, len(s))
}

func fold(s string, at *[]int) string {
	var b strings.Builder
	b.Grow(len(s))
	from, gap := 0, -1 // where the character began; where a run of white space began
	put := func(t string) {
		if gap >= 0 {
			b.WriteByte(' ')
			if at != nil {
				*at = append(*at, gap)
			}
			gap = -1
		}
		b.WriteString(t)
		if at != nil {
			for range len(t) {
				*at = append(*at, from)
			}
		}
	}
	for i := 0; i < len(s); {
		from = i
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case c == ' ' || c >= '\t' && c <= '\r':
				if gap < 0 {
					gap = from
				}
				continue
			case c >= 'A' && c <= 'Z':
				c += 'a' - 'A'
			case c == '`':
				c = '\''
			}
			if gap < 0 && at == nil { // the common case, without a call
				b.WriteByte(c)
			} else {
				put(oneByte[c : c+1])
			}
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		switch out := foldRune(r); out {
		case " ":
			if gap < 0 {
				gap = from
			}
		case "":
		case "\x00":
			put(string(unicode.ToLower(r)))
		default:
			put(out)
		}
	}
	if gap >= 0 {
		from = gap
		put("")
	}
	return b.String()
}

// oneByte holds every ASCII character at its own index.
var oneByte = func() string {
	var b [utf8.RuneSelf]byte
	for i := range b {
		b[i] = byte(i)
	}
	return string(b[:])
}()

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
