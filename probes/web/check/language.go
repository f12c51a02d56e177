package check

import (
	"slices"
	"strings"
	"unicode"

	"github.com/abadojack/whatlanggo"
	"golang.org/x/text/language"
)

// common are the words that give a language away in a short text: function words, which names and addresses do not have.
var common = map[string][]string{
	"fr": {"le", "la", "les", "des", "une", "est", "et", "dans", "pour", "sur", "avec", "vous", "nous", "que", "qui", "du", "au", "aux", "ce", "cette", "sont", "par", "pas", "il", "elle", "à", "en", "votre", "nos", "leur", "ou", "où"},
	"en": {"the", "and", "of", "to", "is", "are", "was", "were", "in", "on", "for", "with", "that", "this", "it", "you", "we", "from", "by", "have", "has", "not", "be", "as", "at", "or", "they", "their", "which"},
	"de": {"der", "die", "das", "und", "ist", "ein", "eine", "nicht", "mit", "für", "auf", "von", "den", "dem", "sie", "wir", "zu", "im", "des", "sich", "auch", "werden", "wird", "oder", "bei"},
	"es": {"el", "la", "los", "las", "y", "que", "es", "una", "por", "con", "para", "del", "se", "su", "como", "más", "son", "en", "al", "lo", "está", "no", "nos"},
	"it": {"il", "la", "che", "è", "di", "per", "una", "con", "non", "del", "della", "gli", "sono", "nel", "si", "dei", "alla", "le", "da", "al", "e", "più"},
	"nl": {"de", "het", "een", "en", "van", "is", "op", "te", "dat", "die", "voor", "met", "niet", "zijn", "aan", "ook", "bij", "wordt", "er", "om", "naar", "uit"},
	"pt": {"o", "os", "as", "que", "uma", "um", "é", "não", "para", "com", "do", "da", "dos", "em", "no", "na", "por", "mais", "se", "ao", "e"},
}

// candidates are the languages that are told apart: large ones of Europe and of France's visitors. A smaller list makes
// fewer mistakes on short texts.
var candidates = map[whatlanggo.Lang]bool{whatlanggo.Fra: true, whatlanggo.Eng: true, whatlanggo.Deu: true, whatlanggo.Spa: true,
	whatlanggo.Ita: true, whatlanggo.Nld: true, whatlanggo.Por: true, whatlanggo.Pol: true, whatlanggo.Swe: true, whatlanggo.Dan: true, whatlanggo.Ron: true,
	whatlanggo.Hun: true, whatlanggo.Ces: true, whatlanggo.Tur: true, whatlanggo.Rus: true, whatlanggo.Ukr: true, whatlanggo.Ell: true, whatlanggo.Arb: true,
	whatlanggo.Heb: true, whatlanggo.Cmn: true, whatlanggo.Jpn: true, whatlanggo.Kor: true, whatlanggo.Hin: true, whatlanggo.Vie: true, whatlanggo.Fin: true}

// near are languages that a short text does not tell apart.
var near = [][]string{{"es", "pt", "gl", "ca", "it"}, {"sv", "da", "nb", "no", "nn"}, {"cs", "sk"}, {"ru", "uk", "bg", "be"}, {"zh", "ja"}, {"de", "nl", "af", "lb", "gsw"}, {"hi", "mr", "ne"}}

// languageOf says in which language a text is, as a primary subtag, when that is sure; "" otherwise.
func languageOf(text string) string {
	letters := 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	if letters < 12 {
		return ""
	}
	info := whatlanggo.DetectWithOptions(text, whatlanggo.Options{Whitelist: candidates})
	guess := info.Lang.Iso6391()
	if _, latin := common[guess]; !latin && info.Script != unicode.Latin && letters >= 12 {
		return guess // the script alone says it, or nearly
	}
	best, second := "", ""
	hits := map[string]int{}
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) })
	for lang, list := range common {
		for _, w := range words {
			if slices.Contains(list, w) {
				hits[lang]++
			}
		}
		switch {
		case best == "" || hits[lang] > hits[best] || hits[lang] == hits[best] && lang == guess:
			best, second = lang, best
		case second == "" || hits[lang] > hits[second]:
			second = lang
		}
	}
	strong := hits[best] >= 3 && hits[best] >= 2*hits[second] && hits[best]*8 >= len(words)
	switch {
	case strong && (best == guess || letters < 60):
		return best
	case info.Confidence >= 0.8 && letters >= 40 && (hits[guess] >= 2 || common[guess] == nil):
		return guess
	case best == guess && hits[best] >= 2 && hits[best] > hits[second] && letters >= 20:
		return guess
	}
	return ""
}

// base is the primary subtag of a language tag, "" when it is not one.
func base(tag string) string {
	t, err := language.Parse(strings.TrimSpace(tag))
	if err != nil {
		return ""
	}
	b, _ := t.Base()
	return b.String()
}

// conflicts says whether a text is surely not in the declared language.
func conflicts(declared, text string) (found string, yes bool) {
	b, found := base(declared), languageOf(text)
	if b == "" || b == "und" || found == "" || b == found || b == "la" {
		return found, false
	}
	for _, group := range near {
		if slices.Contains(group, b) && slices.Contains(group, found) {
			return found, distinct(b, found, text)
		}
	}
	return found, true
}

// distinct tells two near languages apart by their common words alone.
func distinct(declared, found, text string) bool {
	a, b := common[declared], common[found]
	if a == nil || b == nil {
		return false
	}
	mine, theirs := 0, 0
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) }) {
		if slices.Contains(a, w) {
			mine++
		}
		if slices.Contains(b, w) {
			theirs++
		}
	}
	return theirs >= 3 && theirs >= 3*mine
}

// rightToLeft says whether most of a text's letters run from right to left.
func rightToLeft(text string) (rtl, sure bool) {
	r, l := 0, 0
	for _, c := range text {
		switch {
		case unicode.In(c, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana):
			r++
		case unicode.IsLetter(c):
			l++
		}
	}
	return r > l, r+l >= 8 && (r == 0 || l == 0 || r > 3*l || l > 3*r)
}
