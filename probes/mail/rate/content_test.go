package rate

import (
	"slices"
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/mail/classify"
	"github.com/sonde-fleet/sonde/probes/mail/message"
)

// TestItemsAreThoseOfTheGrid holds that every item of the grid that a mail shows is noted here, and nothing else is.
func TestItemsAreThoseOfTheGrid(t *testing.T) {
	var want []probes.ItemCode
	for _, i := range grid.Current().Items {
		if i.Channel == probes.Mail && i.How == grid.Observed {
			want = append(want, i.Code)
		}
	}
	got := Items()
	slices.Sort(want)
	slices.Sort(got)
	for _, code := range want {
		if !slices.Contains(got, code) {
			t.Errorf("%s of the grid is not noted", code)
		}
	}
	noted := map[probes.ItemCode]bool{}
	m := message.Parse([]byte("From: a@b.example\n\nOui."), message.Limits{})
	for _, class := range []string{probes.ClassHuman, probes.ClassAutoAck} {
		for _, o := range Rate(m, classify.Result{Class: class}, subject(t)) {
			if !strings.HasPrefix(string(o.Item), "mail.fact.") {
				noted[o.Item] = true
			}
		}
	}
	for _, code := range got {
		if !slices.Contains(want, code) {
			t.Errorf("%s is not an item of the grid", code)
		}
		if !noted[code] {
			t.Errorf("%s is promised and not noted", code)
		}
		delete(noted, code)
	}
	for code := range noted {
		t.Errorf("%s is noted and not promised", code)
	}
}

func TestContent(t *testing.T) {
	s := subject(t)
	s.Question = "Bonjour, où en est mon dossier n° 2026-0042 ?"
	for _, c := range []struct {
		body, passage string
		item          probes.ItemCode
		want          probes.Value
	}{
		{"Bonjour,\n\nMerci pour votre message.", "Merci pour votre message", "mail.thanks", probes.Yes},
		{"Bonjour,\n\nNous vous remercions de nous avoir contactés.", "remercions", "mail.thanks", probes.Yes},
		{"Merci d'avance.", "", "mail.thanks", probes.No},
		{"Merci de nous transmettre votre acte.", "", "mail.thanks", probes.No},
		{"Nous vous remercions de votre compréhension.", "", "mail.thanks", probes.No},
		{"Dear Ms Martin,\n\nThank you for your enquiry.", "Thank you for your enquiry", "mail.thanks", probes.Yes},
		{"Thank you in advance.", "", "mail.thanks", probes.No},
		{"Vielen Dank für Ihre Nachricht.", "Dank für Ihre Nachricht", "mail.thanks", probes.Yes},
		{"Bedankt voor uw bericht.", "Bedankt", "mail.thanks", probes.Yes},
		{"Gracias por su mensaje.", "Gracias", "mail.thanks", probes.Yes},
		{"Grazie per averci scritto.", "Grazie", "mail.thanks", probes.Yes},

		{"N’hésitez pas à nous rappeler.", "N’hésitez pas", "mail.invites-questions", probes.Yes},
		{"Oui.\n\nJe reste à votre entière disposition.", "à votre entière disposition", "mail.invites-questions", probes.Yes},
		{"Please do not hesitate to call.", "do not hesitate", "mail.invites-questions", probes.Yes},
		{"Für Rückfragen stehe ich Ihnen gerne zur Verfügung.", "zur Verfügung", "mail.invites-questions", probes.Yes},
		{"Mocht u nog vragen hebben, bel ons.", "Mocht u nog vragen", "mail.invites-questions", probes.Yes},
		{"Quedamos a su disposición.", "a su disposición", "mail.invites-questions", probes.Yes},
		{"Resto a disposizione.", "Resto a", "mail.invites-questions", probes.Yes},
		{"Le formulaire est à la disposition du public.", "", "mail.invites-questions", probes.No},

		{"Vous pouvez passer au guichet.", "Vous pouvez", "mail.next-step", probes.Yes},
		{"Nous vous recontacterons.", "recontacterons", "mail.next-step", probes.Yes},
		{"Votre demande sera traitée.", "sera traitée", "mail.next-step", probes.Yes},
		{"Veuillez remplir le formulaire.", "Veuillez remplir", "mail.next-step", probes.Yes},
		{"Oui.\n\nVeuillez agréer, Madame, mes salutations distinguées.", "", "mail.next-step", probes.NotApplicable},
		{"C'est ouvert le samedi.", "", "mail.next-step", probes.NotApplicable},
		{"Please bring your passport.", "Please bring", "mail.next-step", probes.Yes},
		{"We are open.", "", "mail.next-step", probes.NotApplicable},
		{"Bitte senden Sie uns das Formular.", "Bitte senden", "mail.next-step", probes.Yes},
		{"U kunt langskomen.", "U kunt", "mail.next-step", probes.Yes},
		{"Debe pedir cita.", "Debe", "mail.next-step", probes.Yes},
		{"La ricontatteremo.", "ricontatteremo", "mail.next-step", probes.Yes},

		{"Vous aurez une réponse sous 15 jours.", "sous 15 jours", "mail.delay-announced", probes.Yes},
		{"Le délai est de trois semaines environ.", "trois semaines", "mail.delay-announced", probes.Yes},
		{"Le conseil se tient le 12 décembre.", "12 décembre", "mail.delay-announced", probes.Yes},
		{"Je vous rappelle avant vendredi.", "avant vendredi", "mail.delay-announced", probes.Yes},
		{"Nous répondons dans les meilleurs délais.", "", "mail.delay-announced", probes.NotApplicable},
		{"J'ai bien reçu votre message du 16 novembre 2026.", "", "mail.delay-announced", probes.NotApplicable},
		{"Votre demande du 16/11/2026 : réponse le 20/11/2026.", "20/11/2026", "mail.delay-announced", probes.Yes},
		{"Appelez le 02.99.00.00.00.", "", "mail.delay-announced", probes.No},
		{"We will reply within 5 working days.", "within 5 working days", "mail.delay-announced", probes.Yes},
		{"Guten Morgen,\n\nja.", "", "mail.delay-announced", probes.NotApplicable},
		{"Innerhalb von zwei Wochen.", "zwei Wochen", "mail.delay-announced", probes.Yes},
		{"Binnen 3 werkdagen.", "3 werkdagen", "mail.delay-announced", probes.Yes},
		{"En un plazo de 10 días.", "10 días", "mail.delay-announced", probes.Yes},
		{"Entro 5 giorni.", "5 giorni", "mail.delay-announced", probes.Yes},

		{"La mairie ouvre du lundi au vendredi de 9h à 12h.", "lundi", "mail.opening-hours", probes.Yes},
		{"Oui.\n\nCordialement,\nAccueil\nLun-ven, samedi 9 h 30 - 12 h", "samedi 9 h 30", "mail.opening-hours", probes.Yes},
		{"Fermé le lundi.", "", "mail.opening-hours", probes.No},
		{"We are open Monday to Friday, 9am to 5pm.", "Monday", "mail.opening-hours", probes.Yes},
		{"Montag bis Freitag 8 bis 12 Uhr.", "Montag", "mail.opening-hours", probes.Yes},

		{"Je transmets votre demande au service urbanisme.", "", "mail.delay-announced", probes.No},
		{"Je transmets votre demande au service urbanisme.", "", "mail.reference", probes.No},
		{"Je transmets votre demande au service urbanisme.", "transmets votre", "mail.next-step", probes.Yes},
		{"Votre dossier n° 2026-1234 est complet.", "2026-1234", "mail.reference", probes.Yes},
		{"Réf. : DEM-88121", "DEM-88121", "mail.reference", probes.Yes},
		{"Your ticket [#123456] is open.", "123456", "mail.reference", probes.Yes},
		{"Votre dossier n° 2026-0042 est complet.", "", "mail.reference", probes.NotApplicable}, // ours, quoted
		{"Le dossier compte 12 pages.", "", "mail.reference", probes.NotApplicable},

		{"Voyez https://www.ville.example/demarches.", "https://www.ville.example/demarches", "mail.link", probes.Yes},
		{"Oui.\n\nCordialement,\nMarie Durand\nwww.ville.example", "", "mail.link", probes.No},
		{"Oui, voyez http://ville.example/a et https://ville.example/b", "http://ville.example/a", "mail.link.https", probes.No},
		{"Oui, voyez https://ville.example/b", "", "mail.link.https", probes.Yes},
		{"Oui.", "", "mail.link.https", probes.NotApplicable},

		{"Écrivez à urbanisme@ville.example.", "urbanisme@ville.example", "mail.contact-given", probes.Yes},
		{"Oui.\n\nCordialement,\nMairie\n02 99 00 00 00", "02 99 00 00 00", "mail.contact-given", probes.Yes},
		{"Envoyé par no-reply@ville.example.", "", "mail.contact-given", probes.No},

		{"LE SERVICE EST FERMÉ LE SAMEDI MATIN", "LE SERVICE EST FERMÉ LE", "mail.shouting", probes.Yes},
		{"Le CCAS de VILLE est ouvert.\n\nCordialement,\nMAIRIE DE LA VILLE DE VILLENEUVE", "", "mail.shouting", probes.No},

		{"L'Ã©tat civil est ouvert.", "Ã©tat", "mail.legible", probes.No},
		{"L&#39;&eacute;tat civil est ouvert.", "&#39;", "mail.legible", probes.No},
		{"L'état civil est ouvert : 3 € & cetera.", "état", "mail.legible", probes.Yes},

		{"Oui.\n\nCordialement\n\nDonnez-nous votre avis : https://ville.example/avis", "votre avis", "mail.opinion-asked", probes.Yes},
		{"À notre avis, oui.", "", "mail.opinion-asked", probes.No},
		{"Please take our satisfaction survey.", "satisfaction survey", "mail.opinion-asked", probes.Yes},

		{"Merci de ne pas répondre à ce message. C'est ouvert.", "ne pas répondre", "mail.reply-possible", probes.No},
	} {
		o := judged(t, "Re: Horaires", c.body, s)[c.item]
		if o.Value != c.want || !strings.Contains(o.Passage, c.passage) {
			t.Errorf("%s of %q is %q %q (%s), want %s %q", c.item, c.body, o.Value, o.Passage, o.Rule, c.want, c.passage)
		}
	}
}

func TestFactsAreSummedUp(t *testing.T) {
	s := subject(t)
	for body, want := range map[string]struct {
		share float64
		all   probes.Value
	}{
		"Ouvert le samedi, 3 €.": {100, probes.Yes},
		"Ouvert le samedi.":      {50, probes.No},
		"Oui.":                   {0, probes.No},
	} {
		got := judged(t, "Re: Horaires", body, s)
		if n := got["mail.facts"].Number; n == nil || *n != want.share || got["mail.facts.all"].Value != want.all {
			t.Errorf("%q: %v, %v", body, got["mail.facts"], got["mail.facts.all"])
		}
	}
	s.Facts = nil
	if got := judged(t, "Re: Horaires", "Oui.", s); got["mail.facts"].Value != probes.NotApplicable || got["mail.facts.all"].Value != probes.NotApplicable {
		t.Errorf("%v", got["mail.facts"])
	}
}

func TestEnvelope(t *testing.T) {
	const text = "Content-Type: text/plain; charset=utf-8\n\n"
	mixed := func(body, file, disposition, kind string) string {
		return "From: a@ville.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n" + text + body + "\n--b\nContent-Type: " + kind + "; name=\"" + file +
			"\"\nContent-Disposition: " + disposition + "; filename=\"" + file + "\"\n\nx\n--b--\n"
	}
	html := func(body string) string {
		return "From: a@ville.example\nContent-Type: text/html; charset=utf-8\n\n<p>Oui, le samedi matin.</p>" + body
	}
	for _, c := range []struct {
		raw, passage string
		item         probes.ItemCode
		want         probes.Value
	}{
		{"From: Mairie de Ville <a@ville.example>\n" + text + "Oui.", "Mairie de Ville", "mail.sender-named", probes.Yes},
		{"From: a@ville.example\n" + text + "Oui.", "", "mail.sender-named", probes.No},
		{"From: \"a@ville.example\" <a@ville.example>\n" + text + "Oui.", "", "mail.sender-named", probes.No},

		{"From: a@mail.ville.example\n" + text + "Oui.", "a@mail.ville.example", "mail.own-domain", probes.Yes},
		{"From: mairie.ville@orange.fr\n" + text + "Oui.", "orange.fr", "mail.own-domain", probes.No},
		{"From: mairie@hotmail.fr\n" + text + "Oui.", "hotmail.fr", "mail.own-domain", probes.No},
		{"From: a@agglo.example\n" + text + "Oui.", "", "mail.own-domain", probes.NotApplicable},
		{"From: a\n" + text + "Oui.", "", "mail.own-domain", probes.NotApplicable},

		{"From: no-reply@ville.example\n" + text + "Oui.", "no-reply", "mail.reply-possible", probes.No},
		{"From: ne_pas_repondre@ville.example\n" + text + "Oui.", "ne_pas", "mail.reply-possible", probes.No},
		{"From: no-reply@ville.example\nReply-To: accueil@ville.example\n" + text + "Oui.", "accueil", "mail.reply-possible", probes.Yes},
		{"From: nora.repley@ville.example\n" + text + "Oui.", "nora", "mail.reply-possible", probes.Yes},

		{"From: a@ville.example\nIn-Reply-To: <1@ours.example>\n" + text + "Oui.", "1@ours", "mail.thread", probes.Yes},
		{"From: a@ville.example\nReferences: <1@ours.example>\n" + text + "Oui.", "1@ours", "mail.thread", probes.Yes},
		{"From: a@ville.example\n" + text + "Oui.", "", "mail.thread", probes.No},

		{"From: a@ville.example\nDKIM-Signature: v=1; d=ville.example\n" + text + "Oui.", "d=ville.example", "mail.dkim", probes.Yes},
		{"From: a@ville.example\n" + text + "Oui.", "", "mail.dkim", probes.No},

		{mixed("Oui, le samedi.", "liste.pdf", "attachment", "application/pdf"), "liste.pdf", "mail.attachment.open", probes.Yes},
		{mixed("Oui, le samedi.", "Liste.DOC", "attachment", "application/msword"), "Liste.DOC", "mail.attachment.open", probes.No},
		{mixed("Oui, le samedi.", "winmail.dat", "attachment", "application/ms-tnef"), "winmail.dat", "mail.attachment.open", probes.No},
		{mixed("Oui, le samedi.", "liste.zip", "attachment", "application/zip"), "", "mail.attachment.open", probes.NotApplicable},
		{mixed("Oui, le samedi.", "logo.png", "inline", "image/png"), "", "mail.attachment.open", probes.NotApplicable},

		{mixed("Bonjour,\n\nVoir pièce jointe.", "reponse.pdf", "attachment", "application/pdf"), "reponse.pdf", "mail.plain-text", probes.No},
		{mixed("", "scan.jpg", "attachment", "image/jpeg"), "scan.jpg", "mail.plain-text", probes.No},
		{mixed("Bonjour,\n\n"+strings.Repeat("Le service est ouvert le samedi matin. ", 4)+"Le plan est en pièce jointe.", "plan.pdf", "attachment", "application/pdf"),
			"Le service", "mail.plain-text", probes.Yes},
		{"From: a@ville.example\n" + text + "Oui.", "Oui.", "mail.plain-text", probes.Yes},

		{html(`<img src="logo.png">`), "logo.png", "mail.pictures.alt", probes.No},
		{html(`<img src="logo.png" alt="Mairie de Ville">`), "", "mail.pictures.alt", probes.Yes},
		{html(`<IMG SRC="https://x.example/count.gif" width=1 height=1>`), "", "mail.pictures.alt", probes.NotApplicable},
		{"From: a@ville.example\n" + text + "Oui.", "", "mail.pictures.alt", probes.NotApplicable},
	} {
		s := subject(t)
		s.Address, s.Threads = "mairie@ville.example", true
		m := message.Parse([]byte(c.raw), message.Limits{})
		i := slices.IndexFunc(Rate(m, classify.Result{Class: probes.ClassHuman}, s), func(o probes.Observation) bool { return o.Item == c.item })
		o := Rate(m, classify.Result{Class: probes.ClassHuman}, s)[i]
		if o.Value != c.want || !strings.Contains(o.Passage, c.passage) {
			t.Errorf("%s of %q is %q %q (%s), want %s %q", c.item, c.raw, o.Value, o.Passage, o.Rule, c.want, c.passage)
		}
	}
	for asked, want := range map[string]probes.Value{"https://www.ville.example:8443/contact": probes.Yes, "ville.example": probes.Yes, "": probes.NotApplicable} {
		s := subject(t)
		s.Address = asked
		got := judged(t, "Re: Horaires", "Oui.", s)
		if got["mail.own-domain"].Value != want || got["mail.thread"].Value != probes.NotApplicable {
			t.Errorf("%q: %+v, %+v", asked, got["mail.own-domain"], got["mail.thread"])
		}
	}
}
