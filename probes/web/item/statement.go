package item

import (
	"regexp"
	"strconv"
	"strings"
)

// The accessibility statement: RGAA 4.1's model (arrêté du 20 septembre 2019), loi n° 2005-102 art. 47, décret n° 2019-768.
var (
	statementTitle = regexp.MustCompile(`\b(declaration (d'|de l'|de conformite a l'|de conformite )?accessibilite|accessibilite( numerique)?( du site)?|declaration de conformite (au )?rgaa|accessibility statement|accessibilite ?: ?(non|partiellement|totalement) conforme)\b`)
	statementBody  = regexp.MustCompile(`\b(article 47|loi (n[o°]? ?)?2005-102|11 fevrier 2005|rgaa|referentiel general d'amelioration de l'accessibilite|wcag|en 301 ?549)\b`)
	stateWords     = regexp.MustCompile(`\b(non[- ]conforme|n'est pas conforme|partiellement[- ]conforme|en conformite partielle|conformite partielle|totalement[- ]conforme|en conformite totale|conformite totale|not compliant|partially compliant|fully compliant|non compliant)\b`)
	law47          = regexp.MustCompile(`\barticle 47\b|\bloi (n[o°]? ?)?2005-102\b|\bloi du 11 fevrier 2005\b`)
	auditedBy      = regexp.MustCompile(`\b(audit (de conformite |interne |externe )?(a ete )?(realise|mene|effectue|conduit) (en interne |en \w+ \d{4} |le [^,.]{5,30} )?par|(audit|realise|evaluation|controle)\w* .{0,60}\b(par (la societe|l'agence|le cabinet|l'entreprise|nos|le service|un prestataire|[a-z]))|auto-?evaluation|audited by|self-assess\w*|realise en interne)`)
	rateWords      = regexp.MustCompile(`(\d{1,3}(?:[.,]\d{1,2})?) ?% ?(?:des? )?(?:criteres?|de conformite|du rgaa|of the criteria|de criteres)|(?:taux|conformite|moyen|respecte|criteres?|rate)[^%\n]{0,100}?(\d{1,3}(?:[.,]\d{1,2})?) ?%`)
	notConform     = regexp.MustCompile(`\b(non[- ]conformites?|contenus? non accessibles?|criteres? non conformes?)\b`)
	exempt         = regexp.MustCompile(`\b(derogations?|charge disproportionnee|disproportionate burden)\b`)
	technologies   = regexp.MustCompile(`\btechnologies? (utilisees?|pour la realisation)|\btechnologies utilisees\b|\btechnologies\b`)
	environment    = regexp.MustCompile(`\b(environnements? de tests?|agents utilisateurs|technologies d'assistance|lecteurs? d'ecran|nvda|jaws|voiceover|test environment)\b`)
	auditedPages   = regexp.MustCompile(`\b(pages? (du site )?(ayant fait l'objet|auditees?|verifiees?|testees?|controlees?)|echantillon|pages audited|sur ces pages|pages (checked|tested))\b`)
	feedbackWords  = regexp.MustCompile(`\b(retour d'information|amelioration et contact|nous (contacter|ecrire)|formulaire de contact|contacte[rz]|signale[rz]|si vous (n'arrivez pas|rencontrez)|feedback)\b`)
	defender       = regexp.MustCompile(`\b(defenseur des droits|defenseuse des droits|defender of rights)\b`)
	planWords      = regexp.MustCompile(`\b(schema pluriannuel|plan(s)? d'actions?( annuel)?|plan annuel|multi-?year (plan|scheme))\b`)
	establishedOn  = regexp.MustCompile(`\b(?:declaration|etabli[es]*|statement|elle) (?:a ete |was )?(?:etablie?|established|redigee|mise en ligne|realisee|prepared)?(?: le| on| :)? ?[^\n]{0,30}?(?:` + datePattern + `)`)
)

// level tells which conformity a folded text states.
func (r *reader) level(folded string, file func(string)) {
	if m := stateWords.FindString(folded); m != "" {
		file(levelOf(m))
	}
}

func levelOf(words string) string {
	switch {
	case strings.Contains(words, "partiel") || strings.Contains(words, "partial"):
		return "partially"
	case strings.HasPrefix(words, "non") || strings.HasPrefix(words, "n'est") || strings.HasPrefix(words, "not"):
		return "non"
	}
	return "fully"
}

// mentionLine matches a line that is the mention of a home page, or a near miss of it.
var mentionLine = regexp.MustCompile(`^(site )?accessibilite( numerique)?( du site| web)? ?:? ?(non|partiellement|totalement)[ -]conforme\b|^(site )?(non|partiellement|totalement)[ -]conforme (rgaa|a l'accessibilite)?`)

// statement reads the declaration of accessibility, and the mention of its level on other pages.
func (r *reader) statement() {
	for _, l := range r.lines {
		if l.to-l.from < 120 && mentionLine.MatchString(l.folded) {
			r.level(l.folded, func(v string) { r.add(Level, v, l.from, l.to) })
		}
	}
	titled := statementTitle.MatchString(r.title) || statementTitle.MatchString(r.path) || r.headed(declaration)
	if !titled || !statementBody.MatchString(r.folded) || !stateful.MatchString(r.folded) {
		return
	}
	n := r.doc.Find("h1, h2, body").First().Nodes
	r.addNode(Statement, "", n[0], r.title)
	for i, l := range r.lines {
		if l.region == "nav" || l.region == "footer" || l.region == "header" {
			continue
		}
		r.statementLine(i, l)
	}
	if m := rateWords.FindStringSubmatchIndex(r.folded); m != nil {
		s := group(r.folded, m, 1)
		if s == "" {
			s = group(r.folded, m, 2)
		}
		if v, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64); err == nil && v <= 100 {
			from, to := r.foldedRange(m[0], m[1])
			r.add(Rate, strconv.FormatFloat(v, 'f', -1, 64), from, to)
			r.add(StatementRate, "", from, to)
		}
	}
	if m := establishedOn.FindStringIndex(r.folded); m != nil {
		if iso := isoDate(anyDate.FindString(r.folded[m[0]:m[1]])); iso != "" {
			from, to := r.foldedRange(m[0], m[1])
			r.add(StatementDate, iso, from, to)
		}
	}
}

var (
	declaration = regexp.MustCompile(`\bdeclaration (d'|de l'|de conformite.{0,20})accessibilite|\baccessibility statement`)
	stateful    = regexp.MustCompile(`\b(conforme|conformite|compliant|compliance)\b`)
)

func group(s string, m []int, n int) string {
	if m[2*n] < 0 {
		return ""
	}
	return s[m[2*n]:m[2*n+1]]
}

// statementLine looks at one line of the statement for each part of the model.
func (r *reader) statementLine(i int, l line) {
	r.level(l.folded, func(v string) {
		if len(r.values(Level)) == 0 || l.region == "main" && !strings.Contains(l.folded, "critere") {
			r.add(Level, v, l.from, l.to)
		}
	})
	over := strings.Join(r.over(l.from), " | ")
	for _, x := range []struct {
		code Code
		re   *regexp.Regexp
	}{{StatementLaw, law47}, {StatementAuditor, auditedBy}, {StatementExemptions, exempt}, {StatementEnvironment, environment}, {StatementDefender, defender}, {StatementPlan, planWords}} {
		if x.re.MatchString(l.folded) && (r.says(i, 0) || x.code != StatementExemptions) {
			r.add(x.code, "", l.from, l.to)
		}
	}
	if notConform.MatchString(l.folded) && r.headingAt(l.from) || notConform.MatchString(over) {
		r.add(StatementNonconformities, "", l.from, l.to)
	}
	if technologies.MatchString(l.folded) && !strings.Contains(l.folded, "technologies d'assistance") {
		r.add(StatementTechnologies, "", l.from, l.to)
	}
	if auditedPages.MatchString(l.folded) && (r.headingAt(l.from) || strings.HasSuffix(l.folded, ":") || strings.Contains(l.folded, "pages")) {
		r.add(StatementPages, "", l.from, l.to)
	}
	if (feedbackWords.MatchString(l.folded) || feedbackWords.MatchString(over)) && (strings.Contains(l.folded, "@") || r.linkIn(l.from, l.to) || mailText.MatchString(r.plain[l.from:l.to]) || number.MatchString(r.plain[l.from:l.to])) {
		r.add(StatementContact, "", l.from, l.to)
	}
}

func (r *reader) values(c Code) []string { return Values(r.found, c) }
