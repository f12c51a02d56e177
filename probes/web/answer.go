package web

import (
	"regexp"
	"strings"

	"github.com/sonde-fleet/sonde/internal/fold"
)

// answer is what a persona puts into a field.
type answer struct {
	value   string
	check   bool // tick the box, choose the button
	unknown bool // a persona has nothing to say
}

// What fields ask for, by their folded label, name and purpose (HTML autocomplete).
var (
	asksMail     = regexp.MustCompile(`\b(e-?mail|courriel|mel|adresse (electronique|mail|de messagerie))\b`)
	asksPhone    = regexp.MustCompile(`\b(tel|telephone|portable|mobile|phone)\b`)
	asksGiven    = regexp.MustCompile(`\b(prenoms?|given-?name|first ?-?name|firstname)\b`)
	asksBoth     = regexp.MustCompile(`\bnoms? (et|&|/|-|,) ?prenoms?\b|\bprenoms? (et|&|/|-|,) ?noms?\b|\bnom complet\b|\bfull name\b`)
	asksFamily   = regexp.MustCompile(`\b(nom|family-?name|last ?-?name|lastname|surname)\b`)
	asksName     = regexp.MustCompile(`\b(name|votre nom|identite)\b`)
	asksCode     = regexp.MustCompile(`\b(code postal|postal-?code|cp|zip)\b`)
	asksTown     = regexp.MustCompile(`\b(ville|commune|localite|city|address-level2)\b`)
	asksStreet   = regexp.MustCompile(`\b(adresse|rue|voie|street|address)\b`)
	asksSubject  = regexp.MustCompile(`\b(objet|sujet|subject|titre|motif|theme|nature)\b`)
	asksTo       = regexp.MustCompile(`\b(service|destinataire|destinataires|contact|a qui)\b`)
	asksCivility = regexp.MustCompile(`\b(civilite|titre de civilite|honorific|madame|monsieur|mme|m\.)`)
	agrees       = regexp.MustCompile(`\b(accepte|j'ai lu|consen|rgpd|donnees|politique|conditions|traitement|confidentialite)`)
	asksNews     = regexp.MustCompile(`\b(newsletter|lettre d'info|infolettre|abonn|recevoir)`)
	general      = regexp.MustCompile(`\b(autre|renseignement|information|question|demande|general|accueil|mairie|secretariat)`)
)

// answer decides what the persona puts into the field x of a form with these fields.
func (l *Letter) answer(x field, all []field) answer {
	asked := fold.Text(strings.NewReplacer("_", " ", "[", " ", "]", " ", "-", " ").Replace(x.Name)) + " | " + fold.Text(x.Label) + " | " + strings.ToLower(x.Auto)
	switch x.Type {
	case "textarea":
		for _, other := range all {
			if other.Type == "textarea" && other.Key < x.Key { // the first box is the message
				return answer{unknown: x.Required}
			}
		}
		return answer{value: l.Text}
	case "checkbox":
		return answer{check: agrees.MatchString(asked+" "+fold.Text(x.Legend)) && !asksNews.MatchString(asked), unknown: x.Required && !agrees.MatchString(asked)}
	case "radio":
		return l.choose(x)
	case "select":
		return l.pick(x, asked)
	case "file", "password", "date", "number", "datetime-local", "month", "week", "time", "range", "color":
		return answer{unknown: true}
	}
	return l.text(asked, x, all)
}

func (l *Letter) text(asked string, x field, all []field) answer {
	known := func(s string) answer { return answer{value: s, unknown: s == ""} }
	code, town, street := l.place()
	switch {
	case x.Type == "email" || asksMail.MatchString(asked):
		return known(l.Email)
	case x.Type == "tel" || asksPhone.MatchString(asked):
		return known(l.Phone)
	case asksBoth.MatchString(asked):
		return known(strings.TrimSpace(l.Given + " " + l.Family))
	case asksGiven.MatchString(asked):
		return known(l.Given)
	case asksCode.MatchString(asked):
		return known(code)
	case asksSubject.MatchString(asked):
		return known(l.Subject)
	case asksFamily.MatchString(asked) || asksName.MatchString(asked):
		for _, other := range all {
			if asksGiven.MatchString(fold.Text(other.Label+" "+other.Name)) && !asksBoth.MatchString(fold.Text(other.Label)) {
				return known(l.Family)
			}
		}
		return known(strings.TrimSpace(l.Given + " " + l.Family))
	case asksTown.MatchString(asked):
		return known(town)
	case asksStreet.MatchString(asked):
		return known(street)
	}
	return answer{unknown: true}
}

// place takes the persona's address apart: "12 rue des Tilleuls, 21000 Dijon".
func (l *Letter) place() (code, town, street string) {
	street, rest, _ := strings.Cut(l.Address, ",")
	town = l.Town
	for w := range strings.FieldsSeq(rest) {
		if len(w) == 5 && strings.Trim(w, "0123456789") == "" {
			code = w
		}
	}
	return code, town, strings.TrimSpace(street)
}

// choose says whether a round button is the persona's: the civility, or the general choice.
func (l *Letter) choose(x field) answer {
	said := fold.Text(x.Label)
	if asksCivility.MatchString(fold.Text(x.Legend+" "+x.Name)) || asksCivility.MatchString(said) && len(said) < 12 {
		return answer{check: l.isCivility(said), unknown: !l.isCivility(said)}
	}
	if general.MatchString(said) && len(said) < 60 {
		return answer{check: true}
	}
	return answer{unknown: true}
}

func (l *Letter) isCivility(said string) bool {
	said = strings.Trim(said, " .")
	switch fold.Text(l.Civility) {
	case "madame", "mme":
		return said == "madame" || said == "mme"
	case "monsieur", "m.", "m", "mr":
		return said == "monsieur" || said == "m" || said == "mr"
	}
	return false
}

// pick chooses an entry of a list: the civility, the general subject or service. What is chosen already stays.
func (l *Letter) pick(x field, asked string) answer {
	var entries []option
	for _, o := range x.Options {
		if o.Value != "" && !strings.HasPrefix(fold.Text(o.Text), "choisi") && !strings.HasPrefix(o.Text, "-") {
			entries = append(entries, o)
		}
	}
	for _, o := range entries {
		if l.isCivility(fold.Text(o.Text)) {
			return answer{value: o.Value}
		}
	}
	if asksSubject.MatchString(asked) || asksTo.MatchString(asked) {
		for _, o := range entries {
			if general.MatchString(fold.Text(o.Text)) {
				return answer{value: o.Value}
			}
		}
		if len(entries) > 0 {
			return answer{value: entries[len(entries)-1].Value} // "other" comes last, whatever it is called
		}
	}
	if x.Value != "" {
		return answer{}
	}
	return answer{unknown: true}
}
