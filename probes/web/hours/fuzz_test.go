package hours

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sonde-fleet/sonde/internal/cputime"
)

// FuzzFind holds that whatever a page says, the passages are in the text and in order, and the hours can be read.
func FuzzFind(f *testing.F) {
	for _, c := range readCases(f) {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		end := 0
		for _, found := range Find(text) {
			if found.From < 0 || found.From >= found.To || found.To > len(text) || found.To < end {
				t.Fatalf("%q: %d to %d of %d, after %d", found.OSM, found.From, found.To, len(text), end)
			}
			end = found.To
			if utf8.ValidString(text) && !utf8.ValidString(text[found.From:found.To]) {
				t.Fatalf("%d to %d cuts a character", found.From, found.To)
			}
			for key, rules := range conditions(found.OSM) {
				if calendarOf(strings.Join(rules, "; ")) == nil {
					t.Fatalf("%q %q: not readable", key, found.OSM)
				}
			}
			if !Equal(found.OSM, found.OSM) {
				t.Fatalf("%q is not equal to itself", found.OSM)
			}
		}
	})
}

// TestLongTexts holds that no text takes the square of its length: the longest takes a second or two, and a square minutes.
func TestLongTexts(t *testing.T) {
	for _, piece := range []string{"lundi, ", "lundi 9h-12h, ", "9h-12h ", "lundi\n", "sauf le ", "lu-", "fermé ", "du 1er au ", "1er ", "Lundi\t9h-12h\t", "a ",
		"lundi 9h-12h mardi fermé\n", "\tlundi", "9h", "juillet et ", "\tlundi\n", "lundi\t9h\t12h\n", "L\tM\tM\tJ\tV\n9h-12h\n9h-12h\n",
		"Lun Mar ", "Mairie\tPoste\tBus\n", "\tMairie\tPoste\nlundi\t9h-12h\t9h-12h\n", "tous les matins ", "(9h le lundi)", "Lundi Mardi :"} {
		text := strings.Repeat(piece, maxText/len(piece))
		began := cputime.Spent()
		found := Find(text)
		if took := cputime.Spent() - began; took > cputime.Detector*5*time.Second {
			t.Errorf("%q: %v of processor time", piece, took)
		}
		if len(found) > maxFound {
			t.Errorf("%q: %d runs", piece, len(found))
		}
	}
}
