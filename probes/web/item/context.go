package item

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/sonde-fleet/sonde/internal/fold"
)

// Who a contact belongs to is told by what stands over it and beside it. All patterns match folded text.
var (
	// otherOver matches headings under which others than the body speak: whoever hosts or made the site, supervisors, private addresses.
	otherOver = regexp.MustCompile(`\b(hebergeu?r?|hebergement (du|de) (site|ce)|hebergement$|host(ing|ed)?\b|hosting provider|realis(ation|e par)|conception|qui l'a (concu|realise|fait)|geree? par|creation (du site|graphique)|developpement|` +
		`webmaster|webmestre|credits?|agence (web|de communication|digitale|numerique)|prestataire|maintenance|infogerance|cnil|commission nationale|defenseur des droits|voies? de recours|recours|` +
		`reclamation aupres|mediateur|urgences?|numeros? (utiles?|d'urgence)|numeros de garde|` +
		`medecins?|pharmacies?|infirmier|dentistes?|kinesi|veterinaire|taxis?|commer(ces|cants)|artisans|entreprises|hotels\b|hotellerie|gites?|chambres? d'hotes|restaurants?|` +
		`associations?|clubs?|partenaires|autres (services|administrations|organismes)|sous-prefecture|prefecture|gendarmerie|police nationale|tresor public|tresorerie|` +
		`impots|caf\b|cpam|pole emploi|france travail|poste\b|la poste|edf|enedis|grdf|eau potable|veolia|suez)`)
	// otherBeside is the same for the words on a contact's own line.
	otherBeside = regexp.MustCompile(`\b(heberge[ur]?|hebergement|hosted by|host\b|ovh|gandi|ionos|o2switch|infomaniak|scaleway|cnil|defenseur des droits|commission nationale|samu|pompiers|police secours|police nationale|` +
		`gendarmerie|centre antipoison|sos |enfance (en danger|maltraitee)|violences|pharmacie de garde|medecin de garde|prefecture|webmaster|agence web|realise par|developpe par|realisation|conception|association|syndicat|entreprise|societe |sarl|grdf|meteo|escrocs?|arnaques?|demarchage|fraud|maison du parc|propulse par|powered by|assistance aux mairies|compagnie|geree? par|tenue? par|run by|comite|federation|club |impresario|orchestre|agence regionale|centre de gestion|berger|gardien du refuge|embassy|ambassade|consulate?|fourriere|bookings?|concu par|qui l'a concu)`)
	// ownBeside says that the line speaks of the body all the same.
	ownBeside = regexp.MustCompile(`\b(mairie|hotel de ville|accueil|secretariat|standard|service|etat civil|ccas|nous (joindre|contacter|appeler))`)
	// directoryPage matches titles and addresses of pages that list others.
	directoryPage = regexp.MustCompile(`\b(associations?|annuaire (des )?(associations|commerces|entreprises|professionnels|artisans)|commerces|commercants|artisans|entreprises locales|` +
		`professionnels de sante|sante medicale|medecins|numeros utiles|numeros d'urgence|hebergements? touristiques?|se loger|ou dormir|ou manger|restaurants|vie associative)\b`)
)

// foreign says whether a contact at a place of the text is another's than the body's.
func (r *reader) foreign(at int) bool {
	beside := r.beside(at)
	if otherBeside.MatchString(beside) || r.otherTown(beside) {
		return true
	}
	over := r.over(at)
	if n := len(over); n > 0 && n > 1 {
		over = over[:n-1+boolInt(!r.topIsTitle(over[n-1]))] // the page's own title is judged by directoryPage
	} else if n == 1 && r.topIsTitle(over[0]) {
		over = nil
	}
	if slices.ContainsFunc(over, otherOver.MatchString) && !ownBeside.MatchString(beside) {
		return true
	}
	region := regionOf(r.nodeAt(at))
	if region != "footer" && region != "header" && region != "nav" && r.listsOthers() {
		return !ownBeside.MatchString(beside)
	}
	return false
}

var townHall = regexp.MustCompile(`\b(?:mairie|ville|commune|communaute de communes) (?:de |d'|du |des )(?:la |le |les |l')?([a-z]{4,})`)

// otherTown says whether the words name the town hall of another town than that of the site.
func (r *reader) otherTown(beside string) bool {
	m := townHall.FindStringSubmatch(beside)
	return m != nil && !strings.Contains(r.title, m[1]) && !strings.Contains(fold.Text(r.url.Host), m[1])
}

// beside is the folded text that says whose a contact is: what stands before it in its sentence, the rest of the line
// where the line begins with it.
func (r *reader) beside(at int) string {
	l := r.lines[r.lineAt(at)]
	before := foldLine(strings.ToValidUTF8(r.plain[max(l.from, at-120):at], ""))
	if i := strings.LastIndexAny(before, ".;!?)"); i >= 0 && len(before)-i > 12 {
		before = before[i+1:]
	}
	if m := number.FindAllStringIndex(before, -1); len(m) > 0 { // what stands before another number is that one's
		before = before[m[len(m)-1][1]:]
	}
	if strings.ContainsFunc(before, unicode.IsLetter) {
		return before
	}
	return foldLine(strings.ToValidUTF8(r.plain[max(l.from, at-120):min(l.to, at+120)], ""))
}

// listsOthers says whether the page is a list of other bodies' contacts.
func (r *reader) listsOthers() bool {
	return directoryPage.MatchString(r.title) || directoryPage.MatchString(r.path)
}

func (r *reader) topIsTitle(folded string) bool {
	return slices.ContainsFunc(r.headings, func(h heading) bool { return h.level == 1 && h.folded == folded })
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ownDomain says whether a mail domain is that of the site.
func (r *reader) ownDomain(domain string) bool {
	host := strings.TrimPrefix(strings.ToLower(r.url.Hostname()), "www.")
	return host != "" && (domain == host || strings.HasSuffix(domain, "."+host) || strings.HasSuffix(host, "."+domain))
}
