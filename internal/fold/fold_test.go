package fold

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMap(t *testing.T) {
	const s = "  Où  est\tl’ŒUVRE ?\n\nIci. "
	folded, at := Map(s)
	if folded != Text(s) || folded != " ou est l'oeuvre ? ici. " {
		t.Errorf("%q, %q", folded, Text(s))
	}
	if len(at) != len(folded)+1 {
		t.Fatalf("%d indexes for %d octets", len(at), len(folded))
	}
	i := strings.Index(folded, "oeuvre")
	if got := s[at[i]:at[i+len("oeuvre")]]; got != "ŒUVRE" {
		t.Errorf("%q", got)
	}
}

// FuzzMap holds that folding is stable and its map leads back.
func FuzzMap(f *testing.F) {
	f.Add("Où est l’ŒUVRE ?")
	f.Fuzz(func(t *testing.T, s string) {
		folded, at := Map(s)
		if folded != Text(s) || len(at) != len(folded)+1 {
			t.Fatalf("%q %q %d", folded, Text(s), len(at))
		}
		for i := 1; i < len(at); i++ {
			if at[i] < at[i-1] || at[i] > len(s) {
				t.Fatalf("at[%d] = %d after %d", i, at[i], at[i-1])
			}
		}
		if twice := Text(folded); utf8.ValidString(s) && len(twice) > len(folded) {
			t.Errorf("%q grows to %q", folded, twice)
		}
	})
}
