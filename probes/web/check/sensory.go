package check

import (
	"regexp"
	"strings"
)

// Words that name a thing by its place, shape or colour alone (WCAG 1.3.3, 1.4.1), folded.
var (
	things   = `(button|link|menu|image|picture|photo|icon|box|column|field|section|area|list|panel|text|arrow|sidebar|navigation|bouton|lien|menu|image|photo|icone|encadre|bloc|colonne|champ|rubrique|zone|liste|panneau|texte|fleche|pictogramme|case|onglet)`
	looks    = `(red|green|blue|yellow|orange|purple|pink|grey|gray|black|white|round|square|triangular|triangle|circular|big|large|small|rouge|vert|verte|bleu|bleue|jaune|orange|violet|violette|rose|gris|grise|noir|noire|blanc|blanche|rond|ronde|carre|carree|triangulaire|grand|grande|gros|grosse|petit|petite)`
	acts     = `(click|press|select|choose|use|find|see|push|tap|hit|look|go to|read|cliquez|cliquer|appuyez|appuyer|selectionnez|choisissez|utilisez|trouvez|voir|voyez|regardez|consultez|lisez|remplissez|reportez)`
	places   = `(on the (right|left)|to the (right|left)|(right|left)[- ]hand|at the (top|bottom)|underneath|in the (corner|right|left)|(sur la|a|de) (droite|gauche)|ci contre|en haut|en bas|dans le coin|colonne de (droite|gauche))`
	byPlace  = regexp.MustCompile(`\b` + acts + `\b.{0,60}\b` + things + `s?\b.{0,40}\b` + places + `|\b` + acts + `\b.{0,40}\b` + places + `.{0,30}\b` + things + `|\b` + acts + `\b.{0,30}\b(right|left) ` + things + `|underneath the (star|circle|triangle|square)`)
	byLook   = regexp.MustCompile(`\b` + acts + `\b.{0,40}\b(` + looks + ` ` + things + `|` + things + `s? (en )?` + looks + `)\b|\b(within|in|inside|dans) (the |le |la )?(triangle|triangular|round|square|red|green|blue) ` + things)
	byColour = regexp.MustCompile(`\b(fields?|items?|entries|words?|dates?|champs?|elements?|lignes?|mots?|cases?) (marked |shown |displayed |written |indique[es]* |affiche[es]* |ecrit[es]* |signale[es]* )?(in|en) (red|green|blue|orange|yellow|rouge|vert|bleu|orange|jaune)\b|\b(in|en) (red|green|rouge|vert) (are|is|sont|est) (required|mandatory|obligatoires?|requis)`)
	thing    = regexp.MustCompile(`\b` + things + `\b`)
	named    = regexp.MustCompile(`["«“'].{2,40}["»”']`)
)

// sentence looks for instructions that only the eyes can follow, for drawings made of characters, and for smileys.
func (j *judging) sentence(p *passage) {
	if ascii.MatchString(p.Text) {
		j.failed("ascii-art", p, "")
		return
	}
	if m := emoticon.FindString(p.Text); m != "" {
		j.review("ascii-art", p, strings.TrimSpace(m))
	}
	f := words(p.Text)
	if len(f) > 600 {
		return
	}
	hit := byPlace.FindString(f)
	if hit == "" {
		hit = byLook.FindString(f)
	}
	if hit == "" {
		if hit = byColour.FindString(f); hit == "" {
			return
		}
	} else if named.MatchString(p.Text) || j.called(hit) {
		return // it is named as well
	}
	j.failed("sensory", p, hit)
}

// called says whether something on the page bears the name that the sentence uses.
func (j *judging) called(hit string) bool {
	noun := thing.FindString(hit)
	for i := range j.s.Texts {
		t := &j.s.Texts[i]
		switch t.Kind {
		case "heading", "alt", "frame":
			if noun != "" && strings.Contains(words(t.Text), noun) {
				return true
			}
		case "button", "link":
			for w := range strings.FieldsSeq(words(t.Text)) {
				if len(w) > 3 && strings.Contains(hit, w) {
					return true
				}
			}
		}
	}
	return noun == "navigation" && j.s.Nav || noun == "menu" && j.s.Nav && strings.Contains(hit, "navigation")
}
