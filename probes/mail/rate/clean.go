package rate

import (
	"regexp"
	"strings"

	"github.com/sonde-fleet/sonde/internal/fold"
)

// advert matches folded lines that a program or an organisation adds under every mail, and that say nothing about the
// answer.
var advert = regexp.MustCompile(`^(?:envoye (?:de|depuis) (?:mon|ma|un|l'application|outlook|yahoo|proton|orange|mail)|envoye a partir|telecharger outlook|obtenez outlook|` +
	`get outlook for|sent from (?:my|a|outlook|mail|yahoo)|von meinem .{1,30} gesendet|gesendet von|verzonden (?:vanaf|met|vanuit)|` +
	`enviado desde|enviado do|inviato (?:da|dal)|scarica outlook|provenance : |sans virus|garanti sans virus|virus-free|www\.avast|www\.avg|` +
	`pensez a l'environnement|pensons a l'environnement|avant d'imprimer|n'imprimez ce|please consider the environment|afin de (?:contribuer|preserver)|` +
	`adoptons l'eco|l'absence de virus)`)

// disclaimer matches the folded line that begins a legal notice; what follows it is left out too.
var disclaimer = regexp.MustCompile(`^\W*(?:ce (?:message|courriel|mail|courrier electronique|e-mail)(?:,)? (?:et|ainsi que|y compris|est|peut|contient|electronique).{0,80}(?:pieces? jointes?|fichiers?|confidentiel|destinataires?|exclusi)|` +
	`les informations contenues dans ce|avertissement ?:|clause de confidentialite|avis de confidentialite|confidentialite ?:|` +
	`this (?:e-?mail|message|communication).{0,80}(?:confidential|attachments?|intended)|the information (?:contained )?in this|disclaimer|confidentiality notice|` +
	`diese (?:e-?mail|nachricht) (?:enthalt|und|ist)|der inhalt dieser e-?mail|dit (?:e-?mail)?bericht.{0,60}(?:vertrouwelijk|bestemd)|deze e-?mail.{0,60}(?:vertrouwelijk|bestemd)|` +
	`este (?:mensaje|correo).{0,80}(?:confidencial|dirigid|destinatario)|questo messaggio.{0,80}(?:riservat|confidenzial|destinatari)|` +
	`conformement (?:a la loi|au reglement|au rgpd)|vos donnees (?:personnelles )?(?:sont|font))`)

// Clean returns an answer without what programs and lawyers add to it.
func Clean(reply string) string {
	var out []string
	for l := range strings.Lines(reply) {
		l = strings.TrimRight(l, "\n")
		f := strings.TrimSpace(fold.Text(limit(l, 1000)))
		if disclaimer.MatchString(f) {
			break
		}
		if advert.MatchString(f) {
			continue
		}
		out = append(out, l)
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}
