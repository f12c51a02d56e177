package rate

import (
	"regexp"

	"github.com/sonde-fleet/sonde/probes"
)

// What an acknowledgement must hold under article R112-5 of the Code des relations entre le public et
// l'administration: date of reception and date of the implicit decision; the service in charge with its postal or mail
// address and telephone; where silence means consent or refusal; the remedies. Folded.
var (
	ackDate = regexp.MustCompile(`\b(?:recu(?:e|es|s)?|parvenue?|enregistree?s?|reception|receptionnee?|depose(?:e)?|transmis(?:e)?|envoye(?:e)?)\b.{0,60}?\b(?:le|du|au|en date du|a la date du)\s+(?:lundi |mardi |mercredi |jeudi |vendredi |samedi |dimanche )?` +
		`(?:\d{1,2}[/.\-]\d{1,2}[/.\-]\d{2,4}|\d{1,2}(?:er)? (?:janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre)(?: \d{4})?)` +
		`|\b(?:received|reception|eingegangen|eingang|ontvangen|recibid[oa]|ricevut[oa])\b.{0,40}?\b\d{1,2}[/.\- ](?:\d{1,2}|[a-z]{3,10})[/.\- ]\d{2,4}`)
	ackImplicit = regexp.MustCompile(`decision implicite|decision tacite|(?:rejet|acceptation|refus|accord) (?:implicite|tacite)|implicite(?:ment)? (?:de )?(?:rejet|acceptation|rejetee|acceptee)|` +
		`silence (?:garde|de l'administration|conserve).{0,120}?vaut|vau(?:t|dra) (?:decision|acceptation|rejet|accord|refus)|reputee? (?:acceptee|rejetee|favorable)`)
	ackService = regexp.MustCompile(`(?:traite|instruit|suivi|pris en charge|traitee|instruite|suivie|prise en charge|assure).{0,40}?par (?:le|la|les|l'|notre|nos) ?(?:service|direction|bureau|pole|mairie|departement|cellule|guichet|unite)|` +
		`service (?:charge|instructeur|competent|gestionnaire|en charge|de l'|des|du|de la|d'|etat civil|urbanisme)|direction (?:de l'|des|du|de la|generale)|votre interlocuteur|dossier suivi par|affaire suivie par`)
	ackMail    = regexp.MustCompile(`[a-z0-9._%+\-]+@[a-z0-9.\-]+\.[a-z]{2,}`)
	ackPostal  = regexp.MustCompile(`\b(?:\d{1,4},? (?:bis |ter )?(?:rue|avenue|place|boulevard|bd|allee|chemin|route|quai|cours|esplanade|impasse|square)|(?:place|rue|hotel de ville|bp|cs) .{0,60}?\b\d{5}\b|\b\d{5} [a-z\-]{3,})`)
	ackRemedy  = regexp.MustCompile(`voies? (?:et delais? )?de recours|delais? et voies? de recours|recours (?:gracieux|hierarchique|contentieux|administratif|pour exces)|tribunal administratif|telerecours|defenseur des droits|saisir le (?:juge|tribunal|mediateur)`)
	ackMessage = regexp.MustCompile(`(?:a bien ete|avons bien|bien) (?:recu|enregistre|parvenu|pris)|accus(?:e|ons) (?:bonne )?reception|accuse d'enregistrement|have received|has been received|eingegangen|ontvangen|recibido|ricevut`)
)

// acknowledgement judges an automatic acknowledgement against the law's list.
func (j *judge) acknowledgement() {
	for _, item := range [...]struct {
		code string
		re   *regexp.Regexp
		rule string
	}{
		{"mail.ack.message", ackMessage, "says that the mail was received"},
		{"mail.ack.date", ackDate, "CRPA R112-5 1°: date of reception"},
		{"mail.ack.implicit-decision", ackImplicit, "CRPA R112-5 1°: implicit decision"},
		{"mail.ack.service", ackService, "CRPA R112-5 2°: service in charge"},
		{"mail.ack.remedies", ackRemedy, "CRPA R112-5: remedies"},
	} {
		p, ok := j.find(item.re)
		j.yesNo(probes.ItemCode(item.code), ok, item.rule, p)
	}
	tel, hasTel := "", false
	for _, l := range j.lines {
		if tel = phoneIn(l); tel != "" {
			hasTel = true
			break
		}
	}
	address, hasAddress := j.find(ackMail)
	if !hasAddress {
		address, hasAddress = j.find(ackPostal)
	}
	proof := tel
	if address != "" && address != tel {
		proof = tel + " | " + address
	}
	j.yesNo("mail.ack.contact", hasTel && hasAddress, "CRPA R112-5 2°: telephone, and postal or mail address", proof)
}
