package item

import (
	"regexp"
	"strings"
)

var (
	councilPage  = regexp.MustCompile(`\b((conseils?|assemblees?) (municipa(l|ux|le)|communautaires?|departementa(l|ux|les?)|regiona(l|ux|les?)|d'administration|metropolitain)|seances? du conseil|conseil du \d|deliberations?|council (meetings?|minutes|agenda))\b`)
	agendaWords  = regexp.MustCompile(`\b(ordres? du jour|prochain(e|es|s)? (conseils?|seances?|reunions?)|calendrier des (conseils|seances|reunions)|dates? des (conseils|seances|prochains? conseils)|se (reunira|reunit|tiendra)|aura lieu|seance du|conseil municipal du|convocation|council meeting)\b`)
	draftWords   = regexp.MustCompile(`\b(projets? de deliberations?|deliberations?|proces-verba(l|ux)|comptes? ?-?rendus?|pv|listes? des deliberations|minutes)\b`)
	askWords     = regexp.MustCompile(`\b(pose[rz]?|soumettre|soumettez|adresser|transmettre|envoye[rz]|deposer|ask)\b.{0,60}\bquestions?\b|\bquestions? (orales? )?(du public|des (habitants|citoyens|administres|usagers)|citoyennes?|au conseil)\b|\btemps d'echange avec le public\b`)
	electedWords = regexp.MustCompile(`\bquestions? orales? des (elus|conseillers)\b`)

	digitalWords = regexp.MustCompile(`\b(conseill(er|ere|ers)[-· ]?(eres?)? numeriques?|france services?|espaces? france services?|mediat(ion|eur|rice)s? numeriques?|aide au numerique|aide numerique|` +
		`accompagnement (au numerique|numerique|aux demarches (en ligne|numeriques))|inclusion numerique|ateliers? numeriques?|espace public numerique|epn|point numerique|aidants? (numeriques?|connect)|` +
		`borne (numerique|internet)|ordinateurs? en libre[- ]service|cartographie (des lieux )?(de mediation|d'inclusion|de l'inclusion)|cyber-?(base|espace)|digital (help|support|inclusion))\b`)
	disabledWords = regexp.MustCompile(`\b(pmr|personnes? a mobilite reduite|mobilite reduite|fauteuils? roulants?|places? (de stationnement |de parking )?(pmr|handicapee?s?|reservees? aux personnes handicapees)|` +
		`boucle (magnetique|a induction)|rampe d'acces|acces(sible)? (aux )?(handicapes?|pmr)|accessibles? (aux|en) (personnes? (en situation de handicap|handicapees?|a mobilite)|fauteuil)|registre public d'accessibilite|` +
		`accessibilite (du batiment|des locaux|des batiments|de la mairie)|ascenseur|entree accessible|plain-pied|wheelchair|step-free|disabled (access|visitors))\b`)
	deafWords = regexp.MustCompile(`\b(acceo|rogervoice|roger voice|sourdline|elioz|deafi|tadeo|visio-?interpretation|transcription instantanee)\b` +
		`|\b(langue des signes|lsf)\b.{0,60}\b(accueil|service|rendez-vous|interprete|relais|contact)|\b(accueil|service|rendez-vous|interprete|relais|contact)\w*\b.{0,60}\b(langue des signes|lsf)\b` +
		`|\b(sourd(e?s|es?)?|malentendant(e?s|es?)?)\b.{0,80}\b(relais|service|contact|appel|visio|accueil|joindre|interpret)|\b(relais|service|contacter|appeler|appel|visio|accueil|joindre|interpret\w*)\b.{0,80}\b(sourd(e?s|es?)?|malentendant(e?s|es?)?)\b`)
)

// council finds what a council publishes of its meetings, and whether citizens can put questions to it.
func (r *reader) council() {
	about := councilPage.MatchString(r.title) || councilPage.MatchString(r.path)
	for i, l := range r.lines {
		if l.to-l.from > 1500 {
			continue
		}
		near := l.folded
		if i > 0 {
			near = r.lines[i-1].folded + " " + near
		}
		over := strings.Join(r.over(l.from), " | ")
		council := about || councilPage.MatchString(near) || councilPage.MatchString(over)
		if !council {
			continue
		}
		linked := r.linkIn(l.from, l.to)
		if l.region == "nav" || l.region == "footer" {
			continue // a menu names pages; what it leads to is judged there
		}
		if agendaWords.MatchString(over) && dayMonth.MatchString(l.folded) || agendaWords.MatchString(l.folded) && (anyDate.MatchString(near) || dayMonth.MatchString(near) || linked || strings.Contains(l.folded, "ordre du jour")) {
			r.add(CouncilAgenda, "", l.from, l.to)
		}
		if draftWords.MatchString(l.folded) && linked || linked && draftWords.MatchString(over) && anyDate.MatchString(l.folded) {
			r.add(CouncilDocuments, "", l.from, l.to)
		}
		if askWords.MatchString(l.folded) && !electedWords.MatchString(l.folded) {
			r.add(CouncilQuestions, "", l.from, l.to)
		}
	}
}

var dayMonth = regexp.MustCompile(`\b\d{1,2}(er)? (janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre)\b`)

// linkIn says whether a link stands in the stretch of text.
func (r *reader) linkIn(from, to int) bool {
	for _, a := range r.anchors {
		if a.at >= from && a.at < to && a.href != "" {
			return true
		}
	}
	return false
}

// access finds help for those who are not at ease with screens, stairs or sounds.
func (r *reader) access() {
	for _, x := range []struct {
		code Code
		re   interface{ FindStringIndex(string) []int }
	}{{DigitalHelp, digitalWords}, {Disability, disabledWords}, {DeafRelay, deafWords}} {
		for _, l := range r.lines {
			if m := x.re.FindStringIndex(l.folded); m != nil {
				r.add(x.code, "", l.from, l.to)
				break
			}
		}
	}
}
