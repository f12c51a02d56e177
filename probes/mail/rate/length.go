package rate

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// minWords is the length below which a readability figure means nothing.
const minWords = 20

// formula is a reading-ease formula: Base − Sentence × words per sentence − Syllable × syllables per word.
type formula struct {
	name                     string
	base, sentence, syllable float64
}

// formulas by language. 100 reads easily, 0 hardly; they are made for their language and not to be compared across.
var formulas = map[string]formula{
	"fr": {"Kandel and Moles 1958: 207 - 1.015 W/S - 73.6 Y/W", 207, 1.015, 73.6},
	"en": {"Flesch 1948: 206.835 - 1.015 W/S - 84.6 Y/W", 206.835, 1.015, 84.6},
	"de": {"Amstad 1978: 180 - W/S - 58.5 Y/W", 180, 1, 58.5},
	"nl": {"Douma 1960: 206.84 - 0.93 W/S - 77 Y/W", 206.84, 0.93, 77},
	"es": {"Fernandez Huerta 1959: 206.84 - 1.02 W/S - 60 Y/W", 206.84, 1.02, 60},
	"it": {"Franchina and Vacca 1972: 206 - W/S - 65 Y/W", 206, 1, 65},
}

// length notes the number of words and how easily the text reads.
func (j *judge) length() {
	words, sentences, syllables := count(j.raw)
	j.number("mail.words", float64(words), "words of the answer without quotation")
	f, ok := formulas[j.class.Language]
	if !ok || words < minWords {
		j.notApplicable("mail.readability", "fewer than 20 words or language unknown")
		return
	}
	w := float64(words)
	ease := f.base - f.sentence*w/float64(sentences) - f.syllable*float64(syllables)/w
	j.number("mail.readability", math.Round(ease*10)/10, f.name)
}

// count returns words, sentences (at least one if there are words) and syllables. A sentence ends at . ! ? … before a
// space or the end, and at an empty line. Syllables are groups of vowels; the mute "e" at the end of a word counts not.
func count(s string) (words, sentences, syllables int) {
	open := 0 // words of the current sentence
	end := func() {
		if open > 0 {
			sentences++
			open = 0
		}
	}
	for para := range strings.SplitSeq(s, "\n\n") {
		for w := range strings.FieldsSeq(para) {
			letters := strings.TrimFunc(w, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
			if letters != "" {
				words++
				open++
				syllables += syllablesOf(letters)
			}
			last, _ := utf8.DecodeLastRuneInString(strings.TrimRight(w, `"'»”)`))
			// "M." and other initials do not end a sentence.
			if last == '!' || last == '?' || last == '…' || last == '.' && utf8.RuneCountInString(letters) > 1 {
				end()
			}
		}
		end()
	}
	return words, max(sentences, min(words, 1)), syllables
}

func syllablesOf(w string) int {
	n, in := 0, false
	mute, silent := false, false // the last vowel group is a lone "e"; an "s" follows it at most
	for _, r := range w {
		r = unicode.ToLower(r)
		v := strings.ContainsRune("aeiouyàâäéèêëîïôöùûüœæáíóúìòãõå", r)
		switch {
		case v && !in:
			n++
			mute, silent = r == 'e', true
		case v:
			mute = false
		case r == 's' && in:
		default:
			silent = false
		}
		in = v
	}
	if mute && silent && n > 1 {
		n--
	}
	return max(n, 1)
}
