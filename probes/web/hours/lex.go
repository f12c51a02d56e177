package hours

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sonde-fleet/sonde/internal/fold"
)

// token is a word, a number, a sign, or several that mean one thing.
type token struct {
	kind   kind
	text   string // folded
	value  int
	start  int // octets in the text
	end    int
	short  bool // an abbreviation; needs company to be a day
	spaced bool // white space stands before it
	upper  bool // it begins with a capital letter
	dotted bool // 9.00: a time only beside another time
	pm     byte // 'a' or 'p' of an English time
}

// lexLine cuts a line of the text, which begins at base, into tokens. A tab becomes a cell token.
func lexLine(line string, base int) []token {
	var out []token
	for {
		part, rest, more := strings.Cut(line, "\t")
		out = append(out, phrasesOf(clocks(cut(part, base)))...)
		if !more {
			germanise(out)
			return out
		}
		at := base + len(part)
		out = append(out, token{kind: cell, text: "\t", start: at, end: at + 1})
		line, base = rest, at+1
	}
}

// germanise makes Tuesday of "Di", which is a French Sunday, where another word of the line is German alone.
func germanise(t []token) {
	if !slices.ContainsFunc(t, func(x token) bool { return german[x.text] }) {
		return
	}
	for i := range t {
		if t[i].kind == day && t[i].text == "di" {
			t[i].value = tuesday
		}
	}
}

var german = map[string]bool{"uhr": true, "mo": true, "mi": true, "do": true, "so": true, "montag": true, "dienstag": true, "mittwoch": true,
	"donnerstag": true, "freitag": true, "samstag": true, "sonntag": true, "geschlossen": true}

// gluedDay is the length of the name of a day with which a word begins that other names follow: "LundiMardi", labels that
// a style sheet sets apart.
func gluedDay(word string) int {
	for _, name := range glued {
		if rest, ok := strings.CutPrefix(word, name); ok && startsDay(rest) {
			return len(name)
		}
	}
	return 0
}

func startsDay(word string) bool {
	return slices.ContainsFunc(glued, func(n string) bool { return strings.HasPrefix(word, n) })
}

var glued = []string{"lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"}

// cut makes words, numbers and signs.
func cut(s string, base int) []token {
	folded, at := fold.Map(s)
	var out []token
	spaced := true
	for i := 0; i < len(folded); {
		r, n := utf8.DecodeRuneInString(folded[i:])
		if r == ' ' {
			i, spaced = i+1, true
			continue
		}
		j, k := i+n, filler
		switch {
		case r >= '0' && r <= '9':
			for j < len(folded) && folded[j] >= '0' && folded[j] <= '9' {
				j++
			}
			k = number
		case unicode.IsLetter(r):
			k = word
			for j < len(folded) {
				r, n := utf8.DecodeRuneInString(folded[j:])
				if !unicode.IsLetter(r) {
					break
				}
				j += n
			}
			if n := gluedDay(folded[i:j]); n > 0 {
				j = i + n
			} else if r == 'h' && i > 0 && folded[i-1] >= '0' && folded[i-1] <= '9' && startsDay(folded[i+1:j]) { // 12hMardi
				j = i + 1
			}
		case r == '|':
			k = comma
		}
		t := token{kind: k, text: folded[i:j], start: base + at[i], spaced: spaced}
		first, size := utf8.DecodeRuneInString(s[at[i]:])
		t.upper = unicode.IsUpper(first)
		t.end = base + max(at[j], at[i]+size)
		if at[j] > at[j-1]+utf8.UTFMax || j < len(folded) && folded[j] == ' ' { // what folding left out is not of the token
			_, size = utf8.DecodeRuneInString(s[at[j-1]:])
			t.end = base + at[j-1] + size
		}
		if k == number {
			t.value = -1
			if j-i <= 4 {
				t.value, _ = strconv.Atoi(t.text)
			}
		}
		out = append(out, t)
		i, spaced = j, false
	}
	return out
}

// joined makes one token of several.
func joined(t []token, k kind, value int) token {
	words := make([]string, len(t))
	for i := range t {
		words[i] = t[i].text
	}
	return token{kind: k, text: strings.Join(words, " "), value: value, start: t[0].start, end: t[len(t)-1].end, spaced: t[0].spaced, upper: t[0].upper}
}

// textAt is the text of token i, "" past the end.
func textAt(t []token, i int) string {
	if i < 0 || i >= len(t) {
		return ""
	}
	return t[i].text
}

// clocks finds the times: 8h30, 8 h 30, 8:30, 17 heures 30, 9am, 9:00 a.m., 9.00.
func clocks(in []token) []token {
	var out []token
	for i := 0; i < len(in); {
		if n, c := clockAt(in, i); n > 0 {
			out = append(out, c)
			i += n
			continue
		}
		out = append(out, in[i])
		i++
	}
	return out
}

// clockAt reads a time at token i and says how many tokens it has.
func clockAt(t []token, i int) (n int, c token) {
	if t[i].kind != number || len(t[i].text) > 2 || t[i].value > 24 || roundTheClock(t, i) {
		return 0, c
	}
	hour, minute, n, dotted := t[i].value, 0, 0, false
	switch unit := textAt(t, i+1); unit {
	case "h", "hr", "hrs", "hs", "heure", "heures", "uhr":
		n = 2
		if m := i + 2; minutesAt(t, m) && textAt(t, m+1) != "h" && textAt(t, m+1) != "heures" && (len(unit) > 1 || !t[m].spaced || t[i+1].spaced) {
			minute, n = t[m].value, 3
			if u := textAt(t, m+1); u == "mn" || u == "min" || u == "m" || u == "minutes" {
				n++
			}
		}
	case ":", ".":
		if t[i+1].spaced || !minutesAt(t, i+2) || t[i+2].spaced {
			break
		}
		if i > 1 && (t[i-1].text == ":" || t[i-1].text == ".") && t[i-2].kind == number && !t[i].spaced {
			break
		}
		if next := textAt(t, i+3); (next == "." || next == ":") && i+4 < len(t) && t[i+4].kind == number && !t[i+4].spaced {
			if next == "." || !secondsAt(t, i+4) {
				break
			}
		}
		minute, n, dotted = t[i+2].value, 3, unit == "."
		switch after := textAt(t, i+3); {
		case after == "h" || after == "heures" || after == "uhr":
			n++
			dotted = false
		case after == ":" && secondsAt(t, i+4): // 09:00:00
			n += 2
		}
	}
	half, used := meridiem(t, i+max(n, 1))
	switch word := textAt(t, i+max(n, 1)); {
	case hour != 12 || minute != 0:
	case word == "noon":
		half, used = 'p', 1
	case word == "midnight":
		half, used = 'a', 1
	}
	if used > 0 {
		n = max(n, 1) + used
		if hour > 12 || hour == 0 {
			half = 0
		}
		switch {
		case half == 'p' && hour < 12:
			hour += 12
		case half == 'a' && hour == 12:
			hour = 0
		}
	}
	if n == 0 || hour == 24 && minute > 0 {
		return 0, c
	}
	c = joined(t[i:i+n], clock, hour*60+minute)
	c.pm, c.dotted = half, dotted && half == 0
	return n, c
}

func secondsAt(t []token, i int) bool { return minutesAt(t, i) && t[i].text == "00" && !t[i].spaced }

func minutesAt(t []token, i int) bool {
	return i < len(t) && t[i].kind == number && len(t[i].text) == 2 && t[i].value < 60
}

// meridiem reads am, pm, a.m., p.m.
func meridiem(t []token, i int) (half byte, n int) {
	switch s := textAt(t, i); {
	case s == "am" || s == "pm":
		return s[0], 1
	case (s == "a" || s == "p") && textAt(t, i+1) == "." && textAt(t, i+2) == "m":
		if textAt(t, i+3) == "." {
			return s[0], 4
		}
		return s[0], 3
	}
	return 0, 0
}

// roundTheClock says whether "24h/24" begins here; it is no time.
func roundTheClock(t []token, i int) bool {
	if t[i].text != "24" {
		return false
	}
	words := make([]string, 0, 5)
	for j := i; j < len(t) && j < i+5; j++ {
		words = append(words, t[j].text)
	}
	s := strings.Join(words, " ")
	return slices.ContainsFunc([]string{"24 h / 24", "24 h sur 24", "24 heures sur 24", "24 heures / 24", "24 / 24", "24 h / 7", "24 / 7"},
		func(p string) bool { return strings.HasPrefix(s, p) })
}

// phrasesOf gives each token its meaning, the longest wording first, and ends sentences at their points.
func phrasesOf(in []token) []token {
	var out []token
	for i := 0; i < len(in); {
		t := in[i]
		if t.kind == clock {
			out = append(out, t)
			i++
			continue
		}
		best, n := phrase{kind: t.kind, value: t.value}, 1
		for _, p := range phrases[t.text] {
			if len(p.rest)+1 > n && starts(in[i+1:], p.rest) || n == 1 && len(p.rest) == 0 {
				best, n = p, len(p.rest)+1
			}
		}
		j := joined(in[i:i+n], best.kind, best.value)
		j.short = best.short
		i += n
		if t.text == "." {
			if i < len(in) && !in[i].spaced { // 05.65, mairie.fr
				continue
			}
			if n := len(out); n > 0 && out[n-1].kind == word && out[n-1].end == j.start && len(out[n-1].text) == 1 { // M. Dupont
				continue
			}
			j.kind = stop
			if i < len(in) && !in[i].upper && in[i].kind == word {
				j.kind = comma
			}
		}
		cutShort := j.kind == day && j.short || j.kind == month && len(j.text) <= 5 && !wholeMonth(j)
		if cutShort && i < len(in) && in[i].text == "." && !in[i].spaced {
			j.end, j.short = in[i].end, false
			i++
		}
		out = append(out, j)
	}
	return out
}

// wholeMonth says whether a short month is written out; a point behind it ends the sentence.
func wholeMonth(t token) bool {
	return t.text == "mars" || t.text == "avril" || t.text == "mai" || t.text == "juin" || t.text == "aout"
}

func starts(t []token, words []string) bool {
	if len(t) < len(words) {
		return false
	}
	for i, w := range words {
		if t[i].text != w {
			return false
		}
	}
	return true
}
