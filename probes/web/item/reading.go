package item

import (
	"strings"
	"unicode"
)

// Reading counts what makes a text easy or hard to read.
type Reading struct{ Words, Sentences, Syllables int }

// Add joins two counts.
func (a Reading) Add(b Reading) Reading {
	return Reading{a.Words + b.Words, a.Sentences + b.Sentences, a.Syllables + b.Syllables}
}

// fewest is how many words a text must have for a score to mean something.
const fewest = 100

// Score is the reading ease of a French text, 0 (hard) to 100 (easy): 207 − 1.015 words a sentence − 73.6 syllables a word
// (Kandel & Moles, "Application de l'indice de Flesch à la langue française", 1958).
func (a Reading) Score() (float64, bool) {
	if a.Words < fewest || a.Sentences == 0 {
		return 0, false
	}
	s := 207 - 1.015*float64(a.Words)/float64(a.Sentences) - 73.6*float64(a.Syllables)/float64(a.Words)
	return min(max(s, 0), 100), true
}

// ReadText counts the running text of a page: lines that are sentences, not menus and lists of links.
func ReadText(text string) (out Reading) {
	for l := range strings.Lines(text[:min(len(text), maxText)]) {
		l = strings.TrimSpace(l)
		if len(l) < 40 || !strings.ContainsAny(l[max(0, len(l)-4):], ".!?…") {
			continue
		}
		out = out.Add(readLine(l))
	}
	return out
}

func readLine(l string) (out Reading) {
	inWord := false
	word := strings.Builder{}
	end := func() {
		if inWord {
			out.Words++
			out.Syllables += syllables(word.String())
		}
		inWord = false
		word.Reset()
	}
	runes := []rune(l)
	for i, r := range runes {
		if unicode.IsLetter(r) {
			inWord = true
			word.WriteRune(unicode.ToLower(r))
			continue
		}
		end()
		// A stop between figures or letters ("1.5", "S.A.") ends no sentence.
		if r == '!' || r == '?' || r == '…' || r == '.' && (i+1 == len(runes) || unicode.IsSpace(runes[i+1])) {
			if out.Words > 0 {
				out.Sentences++
			}
		}
	}
	end()
	out.Sentences = max(out.Sentences, 1)
	if out.Words == 0 {
		return Reading{}
	}
	return out
}

// syllables counts the groups of vowels of a French word; a final mute e, es or ent counts for nothing.
func syllables(w string) int {
	n, before := 0, false
	for _, r := range w {
		v := strings.ContainsRune("aeiouyàâäéèêëîïôöùûüœæ", r)
		if v && !before {
			n++
		}
		before = v
	}
	for _, mute := range []string{"ent", "es", "e"} {
		if rest, ok := strings.CutSuffix(w, mute); ok && n > 1 && rest != "" && (mute != "ent" || len(rest) > 3) {
			if r := rest[len(rest)-1]; !strings.ContainsRune("aeiouy", rune(r)) && r < 0x80 {
				n--
			}
			break
		}
	}
	return max(n, 1)
}
