package item

import (
	"regexp"
	"strings"

	"github.com/sonde-fleet/sonde/internal/fold"
)

const ways = `rue|avenue|ave?\.?|boulevard|bd\.?|blvd|place|pl\.?|chemin|che?m?\.|route|rte\.?|allees?|impasse|imp\.|quai|cours?|square|esplanade|passage|ruelle|montee|faubourg|fbg|promenade|` +
	`parvis|rond-point|chaussee|sentier|sente|voie|venelle|traverse|villa|cite|lotissement|residence|hameau|lieu-dit|lieudit|zone|z\.?a\.?c?\.?|z\.?i\.?|parc|espace|mail|rampe|cote|clos|cour|champ|domaine|` +
	`pont|porte|grand-?place|grande? rue|street|road|strasse|gasse`

var (
	postcode = regexp.MustCompile(`\b(?:F-? ?)?((?:0[1-9]|[1-8]\d|9[0-578])[ .]?\d{3})[ –\n-]{1,3}(\p{Lu}[\p{L}'’.\-]*(?:[ -]\p{L}[\p{L}'’.\-]*){0,7})`)
	// street matches the folded line that names a way, with its number or without.
	street = regexp.MustCompile(`(?:^|[ ,:;(\t-])((?:\d{1,4}(?: ?[-/] ?\d{1,4})?(?: ?(?:bis|ter|quater|[a-d]))?,? ?)?\b(?:` + ways + `)\b[^,;:\n\t(]{2,70})`)
	// bare matches a numbered address without a word for the way: "12, Le Bourg", "3 Grand'Place".
	bare = regexp.MustCompile(`(?:^|[ :\t])(\d{1,4}(?: ?(?:bis|ter))?,? (?:le |la |les |l'|grand')[a-z][a-z' -]{2,40})$`)
	// place is a line that is an address in a village: "Le Bourg", "Mairie - Le Village".
	place  = regexp.MustCompile(`(?:^|[ ,:\t-])((?:le|la|au|les) (?:bourg|village|chef-lieu|centre|mairie|ville)|chef-lieu|bourg|centre-bourg|l'hotel de ville)$`)
	box    = regexp.MustCompile(`^(?:b\.?p\.?|cs|boite postale|tsa) ?\d+|^cedex`)
	cedex  = regexp.MustCompile(`(?i)[ -]+cedex(?: \d+)?.*$`)
	townTo = regexp.MustCompile(`(?i) (tel|telephone|fax|mail|courriel|email|france|ouvert|horaires?|siret|standard|contact|et|ou|est|sont|pour|au|par|dans|sur place|capital)\b.*$`)
	ending = regexp.MustCompile(`[ ,;:–-]+$`)
)

// addresses finds where the body can be visited: a street or a named place, a postcode and a town.
func (r *reader) addresses() {
	for _, m := range postcode.FindAllStringSubmatchIndex(r.plain, 500) {
		code := strings.Map(keepDigits, r.plain[m[2]:m[3]])
		town := r.plain[m[4]:m[5]]
		if i := strings.Index(town, ". "); i > 3 { // the sentence is over; "St. Martin" is not
			town = town[:i]
		}
		town = cedex.ReplaceAllString(town, "")
		town = strings.TrimRight(townTo.ReplaceAllString(town, ""), " .-")
		if town == "" {
			continue
		}
		from, way := r.street(m[0])
		if way == "" || r.foreign(m[0]) {
			continue
		}
		r.add(Address, way+"|"+code+"|"+town, from, m[5])
	}
}

// street looks for the way before a postcode: on the same line, or on one of the three lines above.
func (r *reader) street(at int) (from int, way string) {
	l := r.lineAt(at)
	for i := l; i >= 0 && i >= l-3; i-- {
		start, end := r.lines[i].from, r.lines[i].to
		if i == l {
			end = at
			start = max(start, at-160)
		}
		segment := strings.ToValidUTF8(r.plain[start:end], " ")
		if i < l && (len(segment) > 120 || postcode.MatchString(segment) || number.MatchString(segment)) {
			return 0, "" // another's lines
		}
		if off, s := lastStreet(segment); s != "" {
			return start + off, s
		}
	}
	return 0, ""
}

// lastStreet finds the way that a line names last, in the author's spelling.
func lastStreet(segment string) (int, string) {
	folded, at := fold.Map(segment)
	trimmed := ending.ReplaceAllString(strings.TrimSpace(folded), "")
	lead := len(folded) - len(strings.TrimLeft(folded, " "))
	cutoff := lead + len(trimmed)
	parts := strings.Split(trimmed, ", ")
	if last := parts[len(parts)-1]; len(parts) > 1 && box.MatchString(last) { // "12 place Nationale, BP 10"
		cutoff -= len(last) + 2
		trimmed = trimmed[:len(trimmed)-len(last)-2]
	}
	var hit []int
	for _, m := range street.FindAllStringSubmatchIndex(trimmed, -1) {
		hit = m[2:4]
	}
	if hit == nil {
		if m := bare.FindStringSubmatchIndex(trimmed); m != nil {
			hit = m[2:4]
		} else if m := place.FindStringSubmatchIndex(trimmed); m != nil {
			hit = m[2:4]
		}
	}
	if hit == nil || lead+hit[1] > cutoff {
		return 0, ""
	}
	from, to := at[lead+hit[0]], at[lead+hit[1]]
	s := ending.ReplaceAllString(strings.TrimSpace(segment[from:to]), "")
	if i := boxIn.FindStringIndex(s); i != nil && i[0] > 0 {
		s = strings.TrimRight(s[:i[0]], " -–,")
	}
	return from, s
}

var boxIn = regexp.MustCompile(`(?i)[ ,–-]+(?:B\.?P\.?|CS|TSA|boîte postale) ?\d+.*$`)
