package site

import (
	"slices"
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/probes"
)

// FuzzMask writes the words that must not be read into any text, in any spelling, and looks for them afterwards.
func FuzzMask(f *testing.F) {
	x := &probes.Experiment{Hide: []string{"Aminata", "Diallo", "N'Guessan", "Le Goff", "Quetigny", "+33 6 39 98 12 05", "5 rue des Vergers, 21800 Quetigny", "Salut à vous"}}
	ours := "Horaires du samedi\nSalut à vous,\nJe travaille toute la semaine.\n"
	f.Add("Chère Madame ", ", nous ouvrons à 9h. M. Benoît", "Dia\u00adllo AMINATA")
	f.Add("> Salut à vous,\n", "06.39.98.12.05 +33(0)639981205", "mme n’guessan, Le  Goff")
	f.Add("M", ". Diallo", "\xff\xfe")
	f.Fuzz(func(t *testing.T, before, between, after string) {
		m := newMask(x, ours)
		text := before + "Diallo" + between + "aminata" + after
		got := m.hide(m.unquote(text))
		words := folded(strings.ReplaceAll(got, citizen, " "))
		for _, p := range m.phrases {
			for i := range words {
				if i+len(p) <= len(words) && slices.Equal(words[i:i+len(p)], p) && strings.Contains(strings.Join(folded(got), " "), strings.Join(p, " ")) {
					t.Fatalf("%q is left in %q, made of %q", p, got, text)
				}
			}
		}
		for _, w := range words {
			if titles[w] {
				t.Fatalf("%q is left in %q", w, got)
			}
		}
	})
}

func TestMask(t *testing.T) {
	x := &probes.Experiment{Hide: []string{"Aminata", "Diallo", "Le Goff", "Quetigny", "+33 6 39 98 12 05", "5 rue des Vergers, 21800 Quetigny"}}
	m := newMask(x, "Horaires du samedi\nBonjour, je travaille toute la semaine et ne peux pas venir.\n")
	for text, want := range map[string]string{
		"Chère Madame Diallo, merci":                                "[citizen], merci",
		"Madame, Monsieur,":                                         "[citizen], [citizen],",
		"M. Benoît vous attend, M. DIALLO aussi":                    "[citizen] Benoît vous attend, [citizen] aussi",
		"appelez le 03 80 00 00 00, pas le 06 39 98 12 05":          "appelez le 03 80 00 00 00, pas le [citizen]",
		"+33639981205 ou 0639981205":                                "[citizen] ou [citizen]",
		"au 5 rue des Vergers, 21800 Quetigny.":                     "au [citizen].",
		"Dia\u00adllo Aminata":                                      "[citizen]",
		"le goff":                                                   "[citizen]",
		"Bonjour,\n> je travaille toute la semaine et\nOui.\nMerci": "Bonjour,\n[…]\nOui.\nMerci",
		"200 m. Ensuite à gauche":                                   "200 m. Ensuite à gauche",
	} {
		if got := m.hide(m.unquote(text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
