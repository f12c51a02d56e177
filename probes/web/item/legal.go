package item

import (
	"regexp"
	"strings"
)

// Legal notices (loi n° 2004-575 du 21 juin 2004, art. 1-1 since 2024, formerly 6 III) and information on personal data
// (RGPD, art. 13).
var (
	legalPage = regexp.MustCompile(`\b(mentions? legales?|informations? legales?|infos? legales?|qui (publie|edite) (ce|le) site|legal (notice|information|mentions)|impressum|mentions obligatoires)\b`)
	editor    = regexp.MustCompile(`\b(editeur|edite par|est la propriete de|proprietaire (du site|de ce site)?|edition du site|est edite|publisher|published by|publie par|responsable (editorial|du site))\b`)
	director  = regexp.MustCompile(`\b(direct(eur|rice)s? ?(\(trice\)|·rice)? ?(de|de la) (la )?publications?|responsables? de (la )?publications?|director of publication|publication director|directeur de la redaction et de la publication)\b`)
	host      = regexp.MustCompile(`\b(heberge(ur|ment|e par|e chez|e aupres)?|hosted by|hosting|host)\b`)
	copyright = regexp.MustCompile(`\b(droits? d'auteur|propriete intellectuelle|copyright|droits de reproduction|tous droits reserves|reproduction|credits photo|licence (ouverte|cc|etalab)|creative commons)\b|©`)
	number5   = regexp.MustCompile(`\b\d{2} ?\d{3}\b [a-z]`)
	foreignAd = regexp.MustCompile(`\b([a-z]{1,2}-?\d{4,5}|\d{4} ?[a-z]{2})\b|\b(dublin|luxembourg|geneve|amsterdam|seattle|san francisco|berlin|zurich)\b`)
	legalTel  = regexp.MustCompile(`(\+|\b00) ?\d{1,3}[ .]?(\(0\))?([ .-]?\d){7,11}|\b0 ?[1-9]([ .-]?\d){8}\b|\b(1007|3\d{3})\b`)

	privacyPage = regexp.MustCompile(`\b(donnees? (personnelles?|a caractere personnel)|protection des donnees|confidentialite|vie privee|rgpd|privacy)\b`)
	personal    = regexp.MustCompile(`\b(protection des donnees|donnees personnelles|a caractere personnel|responsable du traitement|vos donnees)\b`)
	controller  = regexp.MustCompile(`\b(responsables? (du|de|des) traitements?|data controller|(est|etant) responsable d(u|es) traitement|traite vos donnees)\b`)
	dpo         = regexp.MustCompile(`\b(delegue.{0,6} (a|pour) la protection des donnees|dpo|dpd|data protection officer)\b`)
	rights      = regexp.MustCompile(`\b(droits? d'acces|droit d(e|'une) rectification|droits? (de|d') ?(suppression|effacement|opposition|limitation|portabilite)|acceder aux donnees vous concernant|(consulter|acceder a|corriger|effacer|rectifier|supprimer) (ou (effacer|supprimer) )?vos donnees|rectifi(er|cation)|right (of|to) (access|rectification|erasure))\b`)
	cnil        = regexp.MustCompile(`\b(cnil|commission nationale de l'informatique et des libertes)\b`)
	complaint   = regexp.MustCompile(`\b(reclamation|plainte|saisir|adresser|complaint|recours)`)
)

// aboutLegal says whether the page, or a part of it, is the legal notice.
func (r *reader) aboutLegal() bool {
	return legalPage.MatchString(r.title) || legalPage.MatchString(r.path) || strings.TrimSpace(r.path) == "legal" || r.headed(legalPage)
}

func (r *reader) headed(re *regexp.Regexp) bool {
	for _, h := range r.headings {
		if h.level <= 3 && re.MatchString(h.folded) {
			if n := r.nodeAt(h.from); regionOf(n) != "footer" && regionOf(n) != "nav" {
				return true
			}
		}
	}
	return false
}

// part is the text from a line to the next heading of its own height, or at most n lines on.
func (r *reader) part(i, n int) string {
	to := min(len(r.lines), i+n)
	var b strings.Builder
	b.WriteString(r.lines[i].folded)
	for j := i + 1; j < to; j++ {
		if r.headingAt(r.lines[j].from) {
			break
		}
		b.WriteString(" \n " + r.lines[j].folded)
	}
	return b.String()
}

// legal finds what the law makes a legal notice say.
func (r *reader) legal() {
	if !r.aboutLegal() {
		return
	}
	for i, l := range r.lines {
		if l.region == "nav" || l.region == "footer" && !legalPage.MatchString(r.title) {
			continue
		}
		if m := director.FindStringIndex(l.folded); m != nil && r.says(i, m[1]) {
			r.add(LegalDirector, "", l.from, l.to)
		}
		if m := editor.FindStringIndex(l.folded); m != nil && r.says(i, m[1]) {
			r.add(LegalEditor, "", l.from, l.to)
		}
		if copyright.MatchString(l.folded) && l.region != "footer" {
			r.add(LegalCopyright, "", l.from, l.to)
		}
		if m := host.FindStringIndex(l.folded); m != nil && r.says(i, m[1]) && !notHost.MatchString(l.folded) {
			r.add(LegalHost, "", l.from, l.to)
			part := r.part(i, 8)
			part = part[min(len(part), m[0]):]
			if number5.MatchString(part) || foreignAd.MatchString(part) {
				r.add(LegalHostAddress, "", l.from, l.to)
			}
			if legalTel.MatchString(part) {
				r.add(LegalHostPhone, "", l.from, l.to)
			}
		}
	}
}

var notHost = regexp.MustCompile(`\b(hebergements? (touristiques?|d'urgence|temporaire)|l'hebergeur ne|ne (peut|saurait))\b`)

// says says whether something follows the words: on the line itself, or on the one below.
func (r *reader) says(i, after int) bool {
	rest := strings.Trim(r.lines[i].folded[after:], " :.-–\t")
	if len(rest) >= 3 && rest != "du site" && rest != "de ce site" && rest != "du site internet" && rest != "du site web" {
		return true
	}
	for j := i + 1; j < len(r.lines) && j <= i+2; j++ {
		if s := r.lines[j].folded; len(s) >= 3 {
			return !r.headingAt(r.lines[j].from) || strings.Contains(r.lines[i].folded, ":")
		}
	}
	return false
}

// privacy finds what a page says of personal data: who answers for them, who is asked, what rights there are, who hears complaints.
func (r *reader) privacy() {
	about := privacyPage.MatchString(r.title) || privacyPage.MatchString(r.path) || r.headed(privacyPage) || r.aboutLegal()
	for _, l := range r.lines {
		if l.region == "nav" || !about && !personal.MatchString(l.folded) {
			continue
		}
		if controller.MatchString(l.folded) {
			r.add(PrivacyController, "", l.from, l.to)
		}
		if dpo.MatchString(l.folded) {
			r.add(PrivacyDPO, "", l.from, l.to)
		}
		if rights.MatchString(l.folded) {
			r.add(PrivacyRights, "", l.from, l.to)
		}
		if cnil.MatchString(l.folded) && (complaint.MatchString(l.folded) || complaint.MatchString(strings.Join(r.over(l.from), " "))) {
			r.add(PrivacyCNIL, "", l.from, l.to)
		}
	}
}
