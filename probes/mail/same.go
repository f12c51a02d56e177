package mail

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"

	"github.com/sonde-fleet/sonde/internal/fold"
	"github.com/sonde-fleet/sonde/probes/mail/rate"
)

// minDigested is how many letters a text must have to be worth comparing: every town hall writes "bien reçu, merci".
const minDigested = 40

// titles are the forms of address, folded: they follow the persona, not the writer.
var titles = map[string]bool{"madame": true, "monsieur": true, "mme": true, "mr": true, "m": true, "mlle": true, "mademoiselle": true, "mrs": true, "ms": true}

// textDigest returns the SHA-256 of an answer's own words, so that the same answer to two personas is found although each
// is called by his name: no quotation, nothing that programs and lawyers add, folded, and without digits, punctuation,
// titles and the persona's names. It returns "" for a text that is too short to tell anything.
func textDigest(reply string, p Persona) string {
	const most = 64 << 10 // octets that are looked at, as of an answer that is rated
	names := map[string]bool{}
	for _, w := range words(p.Given + " " + p.Family) {
		names[w] = true
	}
	var own []string
	letters := 0
	for _, w := range words(rate.Clean(limit(reply, most))) {
		if !names[w] && !titles[w] {
			own = append(own, w)
			letters += len([]rune(w))
		}
	}
	if letters < minDigested {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(own, " ")))
	return hex.EncodeToString(sum[:])
}

// words returns the runs of letters of a text, folded.
func words(s string) []string {
	return strings.FieldsFunc(fold.Text(s), func(r rune) bool { return !unicode.IsLetter(r) })
}
