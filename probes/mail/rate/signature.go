package rate

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/sonde-fleet/sonde/internal/fold"
)

// Folded words that tell what a line of a signature is.
var (
	functionWord = regexp.MustCompile(`\b(?:agente?s? (?:d'|de |du |en |municipal|administratif|territorial)|agente?|responsable|charge(?:e|\(e\))? d|directeur|directrice|secretaire|adjointe?|chef(?:fe)? d|` +
		`officier|redacteur|redactrice|assistante?|gestionnaire|conseillere?|referente?|coordinat(?:eur|rice)|instruct(?:eur|rice)|technicien(?:ne)?|attachee? (?:d|territorial)|` +
		`hotesse d'accueil|charge(?:e)?|le maire|la maire|maire adjoint|mediat(?:eur|rice)|juriste|archiviste|bibliothecaire|animat(?:eur|rice)|employee? |` +
		`manager|officer|clerk|advisor|adviser|assistant|coordinator|director|head of|team leader|administrator|` +
		`sachbearbeiter(?:in)?|leiter(?:in)?|referent(?:in)?|beauftragte[r]?|mitarbeiter(?:in)?|` +
		`medewerk(?:er|ster)|beleidsmedewerker|hoofd|consulent|` +
		`jef[ea] de|tecnic[oa]|funcionari[oa]|administrativ[oa]|responsabile|funzionari[oa]|impiegat[oa]|istruttore|dirigente)\b`)
	serviceWord = regexp.MustCompile(`\b(?:services?|mairie|ville de|commune de|direction|departement|pole|prefecture|sous-prefecture|ccas|cias|conseil|metropole|agglomeration|communaute|` +
		`accueil|etat civil|urbanisme|bureau (?:de|des|du)|cellule|unite|secretariat|guichet|centre|hopital|chu|academie|rectorat|caisse|agence|office|maison|mission|delegation|region|` +
		`department|council|team|customer|unit|city of|town hall|` +
		`amt|abteilung|stadt|gemeinde|burgerburo|landratsamt|dienststelle|fachbereich|referat|` +
		`afdeling|gemeente|dienst|team|klantcontact|` +
		`servicio|ayuntamiento|departamento|oficina|negociado|concejalia|` +
		`ufficio|comune di|servizio|settore|sportello|direzione)\b`)
	// French numbers, national and international, and other international ones (ITU-T E.123).
	phone     = regexp.MustCompile(`(?:\+|00)\s?33\s?(?:\(0\))?[\s.]?[1-9](?:[\s.\-/]?\d{2}){4}\b|\b0[1-9](?:[\s.\-/]?\d{2}){4}\b|\b3\d{3}\b|(?:\+|00)\s?\d{2}[\s.\-/]?\(?\d{1,4}\)?(?:[\s.\-/]?\d{2,4}){2,4}\b|\b0\d{2,4}[\s.\-/]\d{3,8}\b`)
	phoneWord = regexp.MustCompile(`\b(?:tel|telephone|tel\.|standard|phone|telefon|telefoon|telefono|ligne directe|poste|mobile|t\s?:)\b`)
)

// signature judges who signed. It looks below the politeness formula, or below "-- ", or at the last lines.
func (j *judge) signature() {
	lines := j.signatureLines()
	name, function, service, number := "", "", "", ""
	serviceIsFunction := false // "agent d'accueil" names a service only for want of a better line
	for _, l := range lines {
		isFunction, isService := functionWord.MatchString(l.folded), serviceWord.MatchString(l.folded) || j.namesStructure(l.folded)
		if function == "" && isFunction && len(l.raw) < 120 {
			function = l.raw
		}
		if isService && len(l.raw) < 160 && (service == "" || serviceIsFunction && !isFunction) {
			service, serviceIsFunction = l.raw, isFunction
		}
		if name == "" && j.looksLikeName(l, isFunction, isService) {
			name = l.raw
		}
		if number == "" {
			number = phoneIn(l)
		}
	}
	j.yesNo("mail.signature.name", name != "", "given and family name after the formula", name)
	j.yesNo("mail.signature.function", function != "", "function after the formula", function)
	j.yesNo("mail.signature.service", service != "", "service after the formula", service)
	j.yesNo("mail.signature.phone", number != "", "telephone after the formula", number)
}

// phoneIn returns the line if it holds a telephone number. A four-digit short number needs the word for it.
func phoneIn(l line) string {
	m := phone.FindString(l.folded)
	if m == "" || len(m) == 4 && !phoneWord.MatchString(l.folded) {
		return ""
	}
	return l.raw
}

func (j *judge) signatureLines() []line {
	c, _ := j.closingAt()
	if c >= 0 {
		lines := j.lines[c+1:]
		// "Cordialement, Marie Durand" on one line.
		if i := strings.IndexAny(j.lines[c].raw, ",."); i >= 0 && i < 40 {
			if rest := strings.TrimSpace(j.lines[c].raw[i+1:]); rest != "" && len(rest) < 60 {
				lines = append([]line{{rest, strings.TrimSpace(fold.Text(rest))}}, lines...)
			}
		}
		return lines[:min(len(lines), 15)]
	}
	for i, l := range j.lines {
		if l.raw == "--" {
			return j.lines[i+1 : min(len(j.lines), i+16)]
		}
	}
	start := max(len(j.lines)-6, j.greetingAt()+2)
	if start >= len(j.lines) {
		return nil
	}
	var out []line
	for _, l := range j.lines[start:] {
		if len(l.raw) < 70 && !strings.HasSuffix(l.raw, "?") { // lines of a signature are short
			out = append(out, l)
		}
	}
	return out
}

func (j *judge) namesStructure(folded string) bool {
	name := strings.TrimSpace(fold.Text(j.s.Structure))
	return len(name) > 3 && strings.Contains(folded, name)
}

// nameWord are words in a name that need no capital.
var nameWord = map[string]bool{"de": true, "du": true, "des": true, "la": true, "le": true, "van": true, "von": true, "der": true, "den": true, "di": true,
	"da": true, "del": true, "y": true, "et": true, "d'": true, "dos": true, "ten": true, "ter": true, "zu": true, "della": true, "of": false}

// notName are folded words that begin with a capital in signatures and are no names.
var notName = map[string]bool{"madame": true, "monsieur": true, "mme": true, "bonjour": true, "tel": true, "telephone": true, "mail": true, "courriel": true,
	"email": true, "fax": true, "rue": true, "avenue": true, "place": true, "boulevard": true, "bp": true, "cs": true, "cedex": true, "site": true,
	"le": true, "la": true, "les": true, "votre": true, "notre": true, "nous": true, "je": true, "pour": true, "france": true, "republique": true,
	"francaise": true, "bien": true, "bonne": true, "merci": true, "horaires": true, "lundi": true, "mardi": true, "mercredi": true, "jeudi": true,
	"vendredi": true, "samedi": true, "the": true, "your": true, "ihr": true, "ihre": true, "uw": true, "il": true, "el": true, "equipe": true, "l'equipe": true,
	"libertes": true, "liberte": true, "egalite": true, "fraternite": true, "hotel": true, "standard": true, "mobile": true, "siret": true, "route": true, "chemin": true}

// looksLikeName says whether a line is the name of a person: two to five words with capitals, or "P. Durand", and not
// our own persona, a service or an address.
func (j *judge) looksLikeName(l line, isFunction, isService bool) bool {
	raw := l.raw
	if i := strings.IndexAny(raw, ",|–"); i > 0 { // "Marie Durand, agent d'accueil"
		raw = raw[:i]
		isFunction, isService = functionWord.MatchString(fold.Text(raw)), serviceWord.MatchString(fold.Text(raw))
	} else if i := strings.Index(raw, " - "); i > 0 {
		raw = raw[:i]
		isFunction, isService = functionWord.MatchString(fold.Text(raw)), serviceWord.MatchString(fold.Text(raw))
	}
	if isService || isFunction || len(raw) > 60 || strings.ContainsAny(raw, "@:/0123456789?!") || j.namesStructure(fold.Text(raw)) {
		return false
	}
	f := strings.TrimSpace(fold.Text(raw))
	if f == strings.TrimSpace(fold.Text(j.s.Given+" "+j.s.Family)) {
		return false
	}
	words := strings.Fields(strings.Trim(raw, " .*_"))
	if len(words) > 0 {
		switch fold.Text(strings.Trim(words[0], ".")) {
		case "m", "mme", "mlle", "mr", "mrs", "ms", "frau", "herr", "mevr", "dhr", "sr", "sra", "dott", "dr":
			words = words[1:]
		}
	}
	if len(words) < 2 || len(words) > 5 {
		return false
	}
	capitals := 0
	for i, w := range words {
		r := []rune(w)
		fw := fold.Text(strings.Trim(w, ".'"))
		switch {
		case i > 0 && nameWord[fw]:
		case notName[fw]:
			return false
		case unicode.IsUpper(r[0]):
			capitals++
		default:
			return false
		}
	}
	return capitals >= 2
}
