package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/sonde-fleet/sonde/score"
)

// PressTable is what may be quoted of a campaign: each figure with its interval and its audits, each category's first with the
// condition under which the win is more than chance, and a sentence in both languages that says no more than was measured.
func PressTable(headlines []Headline, s *score.Sheet, site string) Table {
	t := Table{Name: "press", Columns: []string{"about", "figure", "group", "value", "low", "high", "unit", "n", "2013", "2023", "sentence_en", "sentence_fr", "from"}}
	for i := range headlines {
		h := &headlines[i]
		if h.N == 0 {
			t.Rows = append(t.Rows, []any{"figure", h.Key, h.Sector, nil, nil, nil, h.Unit, 0, h.published(h.Y2013), h.published(h.Y2023),
				"Not measured: the channel was not audited.", "Non mesuré : le canal n’a pas été audité.", ""})
			continue
		}
		en, fr := h.sentence()
		t.Rows = append(t.Rows, []any{"figure", h.Key, h.Sector, h.Value, h.Low, h.High, h.Unit, h.N, h.published(h.Y2013), h.published(h.Y2023), en, fr,
			site + "/audits?" + h.Audits.Encode()})
	}
	mean := s.MeanOf(func(b *score.Body) float64 { return b.Score.Value })
	if mean.N > 0 {
		t.Rows = append(t.Rows, []any{"score", "mean", "", mean.Value, mean.Low, mean.High, "points", mean.N, "", "",
			fmt.Sprintf("The %d structures come to %s points of 100 on average%s.", mean.N, tenth(mean.Value), within(mean, " (95 %% interval %s to %s)")),
			fmt.Sprintf("Les %d structures obtiennent en moyenne %s points sur 100%s.", mean.N, comma(tenth(mean.Value)), comma(within(mean, " (intervalle à 95 %% de %s à %s)"))), site + "/barometer"})
	}
	for c := range s.Categories {
		cat := &s.Categories[c]
		w := cat.Win
		if w.Body < 0 || s.Bodies[w.Body].Peers < 2 {
			continue
		}
		b := &s.Bodies[w.Body]
		en := fmt.Sprintf("%s is first of %d in its category, but %d may be: no winner can be named (lead %s points, %s would be needed).", b.Name, b.Peers, len(cat.Winners), tenth(w.Lead), tenth(w.Needed))
		fr := fmt.Sprintf("%s est en tête des %d de sa catégorie, mais %d peuvent l’être : aucun gagnant ne peut être nommé (%s points d’avance, il en faudrait %s).", b.Name, b.Peers, len(cat.Winners), comma(tenth(w.Lead)), comma(tenth(w.Needed)))
		if w.Significant {
			en = fmt.Sprintf("%s wins its category of %d, and this is more than chance (lead %s points, %s are enough).", b.Name, b.Peers, tenth(w.Lead), tenth(w.Needed))
			fr = fmt.Sprintf("%s remporte sa catégorie de %d, et ce n’est pas le hasard (%s points d’avance, %s suffisent).", b.Name, b.Peers, comma(tenth(w.Lead)), comma(tenth(w.Needed)))
		}
		t.Rows = append(t.Rows, []any{"winner", "first", cat.Name, b.Score.Value, b.Score.Low, b.Score.High, "points", b.Peers, "", "", en, fr, site + "/structures/" + string(b.ID)})
	}
	return t
}

func within(m score.Mean, form string) string {
	if math.IsNaN(m.Low) {
		return ""
	}
	return fmt.Sprintf(form, tenth(m.Low), tenth(m.High))
}

// comma writes figures as French does.
func comma(s string) string { return strings.ReplaceAll(s, ".", ",") }

// sentences says each figure of the programme in both languages; %[1]s is the value, %[2]s the interval, %[3]d the audits.
var sentences = map[string][2]string{
	"first-attempt":      {"%[1]s of calls got through at the first attempt%[2]s, %[3]d calls.", "%[1]s des appels ont abouti à la première tentative%[2]s, %[3]d appels."},
	"wait":               {"A caller waited %[1]s on average%[2]s, %[3]d calls.", "Un appelant a attendu %[1]s en moyenne%[2]s, %[3]d appels."},
	"letters":            {"%[1]s of letters were answered%[2]s, %[3]d letters.", "%[1]s des courriers ont reçu une réponse%[2]s, %[3]d courriers."},
	"silent-5d":          {"%[1]s of e-mails had no answer within 5 days%[2]s, %[3]d e-mails.", "%[1]s des courriels sont restés sans réponse sous 5 jours%[2]s, %[3]d courriels."},
	"within-24h-public":  {"Public services answered %[1]s of e-mails within 24 hours%[2]s, %[3]d e-mails.", "Les services publics ont répondu à %[1]s des courriels sous 24 heures%[2]s, %[3]d courriels."},
	"within-24h-private": {"Private bodies answered %[1]s of e-mails within 24 hours%[2]s, %[3]d e-mails.", "Les organismes privés ont répondu à %[1]s des courriels sous 24 heures%[2]s, %[3]d courriels."},
	"polite-public":      {"%[1]s of answers by public services end with a politeness formula%[2]s, %[3]d answers.", "%[1]s des réponses des services publics finissent par une formule de politesse%[2]s, %[3]d réponses."},
	"polite-private":     {"%[1]s of answers by private bodies end with a politeness formula%[2]s, %[3]d answers.", "%[1]s des réponses des organismes privés finissent par une formule de politesse%[2]s, %[3]d réponses."},
}

func (h *Headline) sentence() (en, fr string) {
	between := func(form string) string {
		if math.IsNaN(h.Low) {
			return ""
		}
		return fmt.Sprintf(form, h.in(h.Low), h.in(h.High))
	}
	s := sentences[h.Key]
	en = fmt.Sprintf(s[0], h.in(h.Value), between(" (95 %% interval %s to %s)"), h.N)
	fr = fmt.Sprintf(s[1], comma(h.in(h.Value)), comma(between(" (intervalle à 95 %% de %s à %s)")), h.N)
	return en, fr
}

// Sentences lists the sentences of a press table, one a line, for a reader.
func Sentences(t *Table, french bool) (out []string) {
	column := 10
	if french {
		column = 11
	}
	for _, r := range t.Rows {
		text := fmt.Sprint(r[column])
		if n, _ := r[7].(int); n == 0 {
			text = fmt.Sprint(r[1]) + ": " + text
		}
		out = append(out, text+strings.TrimRight("  "+fmt.Sprint(r[12]), " "))
	}
	return out
}
