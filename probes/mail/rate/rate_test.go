package rate

import (
	"math"
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/mail/classify"
	"github.com/sonde-fleet/sonde/probes/mail/message"
)

func subject(t testing.TB) Subject {
	f, err := CompileFact("saturday", []string{`samedi.{0,40}9 ?h`, `Ouvert le S[aà]medi`})
	if err != nil {
		t.Fatal(err)
	}
	price, err := CompileFact("price", []string{`\d+(,\d+)? ?€`})
	if err != nil {
		t.Fatal(err)
	}
	return Subject{Given: "Camille", Family: "Martin", Civility: "Mme", Structure: "Mairie de Ville", Language: "fr", Subject: "Horaires du service état civil",
		Question: "Bonjour, le service est-il ouvert le samedi ?", Facts: []Fact{f, price}}
}

func judged(t testing.TB, subjectLine, body string, s Subject) map[probes.ItemCode]probes.Observation {
	t.Helper()
	m := message.Parse([]byte("From: Marie Durand <m.durand@ville.example>\nSubject: "+subjectLine+"\nContent-Type: text/plain; charset=utf-8\n\n"+body), message.Limits{})
	out := map[probes.ItemCode]probes.Observation{}
	for _, o := range Rate(m, classify.Classify(m), s) {
		if _, twice := out[o.Item]; twice {
			t.Errorf("%s twice", o.Item)
		}
		out[o.Item] = o
	}
	return out
}

func TestHumanAnswer(t *testing.T) {
	const full = "Bonjour Madame MARTIN,\n\nLe service état civil est ouvert le samedi de 9h à 12h, sauf au mois d'août où il est fermé toute la journée.\n\n" +
		"Je reste à votre disposition.\n\nBien cordialement,\n\nMarie DURAND\nAgent d'accueil\nService état civil\nMairie de Ville\n1 place de l'Hôtel de Ville 35000 Ville\nTél. : 02 99 00 00 00\n\n" +
		"Ce message et toutes les pièces jointes sont confidentiels. Paul Faux, Directeur\n\nLe 16 nov. 2026 à 09:12, Camille Martin a écrit :\n> Bonjour, 12 € ?\n"
	got := judged(t, "RE: Horaires du service état civil", full, subject(t))
	for item, want := range map[probes.ItemCode]struct {
		value   probes.Value
		passage string
	}{
		"mail.greeting": {probes.Yes, "Bonjour Madame MARTIN,"}, "mail.closing": {probes.Yes, "Bien cordialement,"}, "mail.abbreviated-closing": {probes.No, ""},
		"mail.personalised": {probes.Yes, "MARTIN"}, "mail.signature.name": {probes.Yes, "Marie DURAND"}, "mail.signature.function": {probes.Yes, "Agent d'accueil"},
		"mail.signature.service": {probes.Yes, "Service état civil"}, "mail.signature.phone": {probes.Yes, "02 99 00 00 00"}, "mail.quoted": {probes.Yes, "a écrit"},
		"mail.language": {probes.Yes, "Bonjour"}, "mail.fact.saturday": {probes.Yes, "samedi de 9h"}, "mail.fact.price": {probes.No, ""}, "mail.subject.kept": {probes.Yes, "Horaires"},
	} {
		o, ok := got[item]
		if !ok || o.Value != want.value || !strings.Contains(o.Passage, want.passage) || o.By != "agent" || o.Rule == "" {
			t.Errorf("%s: %+v, want %s %q", item, o, want.value, want.passage)
		}
	}
	if n := got["mail.words"].Number; n == nil || *n < 45 || *n > 60 {
		t.Errorf("words %v", got["mail.words"])
	}
	if n := got["mail.readability"].Number; n == nil || *n < 20 || *n > 110 {
		t.Errorf("readability %v", got["mail.readability"])
	}
}

func TestItems(t *testing.T) {
	s := subject(t)
	for _, c := range []struct {
		name, body string
		item       probes.ItemCode
		want       probes.Value
	}{
		{"no greeting", "Ouvert le samedi.\nCordialement", "mail.greeting", probes.No},
		{"madame, monsieur", "Madame, Monsieur,\n\nOuvert.", "mail.greeting", probes.Yes},
		{"greeting late", "a\nb\nc\nd\ne\nf\nBonjour", "mail.greeting", probes.No},
		{"german greeting", "Sehr geehrte Frau Martin,\n\nja.", "mail.greeting", probes.Yes},
		{"abbreviated", "Bonjour,\n\nOui.\n\nCdt,\nP. Petit", "mail.closing", probes.No},
		{"abbreviated noted", "Bonjour,\n\nOui.\n\nCdlt", "mail.abbreviated-closing", probes.Yes},
		{"long formula", "Oui.\n\nJe vous prie d'agréer, Madame, l'expression de mes salutations distinguées.\n\nMarie Durand", "mail.closing", probes.Yes},
		{"veuillez agreer", "Oui.\n\nVeuillez agréer, Madame, Monsieur, mes respectueuses salutations", "mail.closing", probes.Yes},
		{"bonne journee", "Oui.\nBonne journée", "mail.closing", probes.Yes},
		{"dutch closing", "Ja.\n\nMet vriendelijke groet,\nJan de Vries", "mail.closing", probes.Yes},
		{"italian closing", "Sì.\n\nCordiali saluti\nLuca Rossi", "mail.closing", probes.Yes},
		{"no closing", "Bonjour,\n\nOui.", "mail.closing", probes.No},
		{"civility alone", "Madame,\n\nOui.", "mail.personalised", probes.Yes},
		{"civility of everybody", "Madame, Monsieur,\n\nOui.", "mail.personalised", probes.No},
		{"given name", "Bonjour Camille,\n\nOui.", "mail.personalised", probes.Yes},
		{"a street of that name", "Bonjour,\n\nVoyez Martinique.", "mail.personalised", probes.No},
		{"name with particle", "Oui.\n\nCordialement,\nJean-Marc de La Tour", "mail.signature.name", probes.Yes},
		{"initial", "Oui.\n\nCordialement,\nM. DURAND Paul", "mail.signature.name", probes.Yes},
		{"name and function on a line", "Oui.\n\nCordialement,\nMarie Durand, agent d'accueil", "mail.signature.function", probes.Yes},
		{"service only", "Oui.\n\nCordialement,\nLe service urbanisme", "mail.signature.name", probes.No},
		{"structure only", "Oui.\n\nCordialement,\nMairie de Ville", "mail.signature.name", probes.No},
		{"our own name", "Oui.\n\nCordialement,\nCamille Martin", "mail.signature.name", probes.No},
		{"closing and name on a line", "Oui.\n\nCordialement, Marie Durand", "mail.signature.name", probes.Yes},
		{"phone with dots", "Oui.\n\nCordialement,\nAccueil\n02.99.00.00.00", "mail.signature.phone", probes.Yes},
		{"phone +33", "Oui.\n\nCordialement,\nAccueil\n+33 (0)2 99 00 00 00", "mail.signature.phone", probes.Yes},
		{"postal code is no phone", "Oui.\n\nCordialement,\nAccueil\n35000 Ville", "mail.signature.phone", probes.No},
		{"sent from a phone", "Oui.\n\nEnvoyé de mon iPhone", "mail.signature.name", probes.No},
		{"fact across lines and case", "C'est ouvert le\nSAMEDI matin, dès 9 h.", "mail.fact.saturday", probes.Yes},
		{"fact with accents", "ouvert le sàmedi", "mail.fact.saturday", probes.Yes},
		{"fact with escape", "Le repas coûte 3,20 €.", "mail.fact.price", probes.Yes},
		{"not quoted", "Oui.", "mail.quoted", probes.No},
	} {
		t.Run(c.name, func(t *testing.T) {
			if o := judged(t, "Re: Horaires", c.body, s)[c.item]; o.Value != c.want {
				t.Errorf("%s is %q, want %s; %+v", c.item, o.Value, c.want, o)
			}
		})
	}
}

func TestAcknowledgement(t *testing.T) {
	const lawful = "Votre demande a bien été reçue le 16 novembre 2026. Elle est instruite par le service Urbanisme (urbanisme@ville.example, tél. 02 99 00 00 00).\n" +
		"Le silence gardé pendant deux mois vaut décision implicite de rejet. Vous pouvez former un recours gracieux ou saisir le tribunal administratif.\n" +
		"Message automatique, merci de ne pas répondre."
	got := judged(t, "=?utf-8?q?Accus=C3=A9_de_r=C3=A9ception?=", lawful, subject(t))
	for _, item := range []probes.ItemCode{"mail.ack.date", "mail.ack.implicit-decision", "mail.ack.service", "mail.ack.contact", "mail.ack.remedies", "mail.ack.message"} {
		if o := got[item]; o.Value != probes.Yes || o.Passage == "" {
			t.Errorf("%s: %+v", item, o)
		}
	}
	if _, ok := got["mail.greeting"]; ok {
		t.Error("a machine's courtesy is judged")
	}
	bare := judged(t, "=?utf-8?q?Accus=C3=A9_de_r=C3=A9ception?=", "Votre message a bien été reçu. Message automatique, ne pas répondre.", subject(t))
	for _, item := range []probes.ItemCode{"mail.ack.date", "mail.ack.implicit-decision", "mail.ack.service", "mail.ack.contact", "mail.ack.remedies"} {
		if o := bare[item]; o.Value != probes.No {
			t.Errorf("%s: %+v", item, o)
		}
	}
	m := message.Parse([]byte("From: a@b\n\nx"), message.Limits{})
	if o := Rate(m, classify.Result{Class: probes.ClassBounce}, subject(t)); o != nil {
		t.Errorf("a bounce is judged: %v", o)
	}
}

func TestCount(t *testing.T) {
	for text, want := range map[string][3]int{
		"":                               {0, 0, 0},
		"Bonjour.":                       {1, 1, 2},
		"Le chat dort. Il rêve !":        {5, 2, 5},
		"M. Petit viendra demain.":       {4, 1, 7},
		"Titre\n\nLa mairie est ouverte": {5, 2, 7},
		"à 9 h - 12 h":                   {5, 1, 5},
	} {
		w, s, y := count(text)
		if [3]int{w, s, y} != want {
			t.Errorf("%q: %d words, %d sentences, %d syllables, want %v", text, w, s, y, want)
		}
	}
}

func TestCompileFact(t *testing.T) {
	for _, c := range []struct {
		id  string
		any []string
		err string
	}{
		{"", []string{"x"}, "fact without id"},
		{"a", nil, `fact "a": no pattern`},
		{"a", []string{"ok", "("}, `fact "a": pattern 2: `},
	} {
		if _, err := CompileFact(c.id, c.any); err == nil || !strings.HasPrefix(err.Error(), c.err) {
			t.Errorf("%q: %v, want %q", c.id, err, c.err)
		}
	}
	f, err := CompileFact("x", []string{`É\S+\p{L}\x{e9}?`})
	if err != nil || f.Patterns[0].String() != `e\S+\p{L}\x{e9}?` {
		t.Errorf("%v %v", f, err)
	}
}

func TestReadabilityFormula(t *testing.T) {
	body := strings.Repeat("Le chat dort. Il rêve. ", 8)
	m := message.Parse([]byte("From: a@b\nContent-Type: text/plain; charset=utf-8\n\n"+body), message.Limits{})
	for _, o := range Rate(m, classify.Result{Class: probes.ClassHuman, Language: "fr"}, Subject{}) {
		if o.Item != "mail.readability" {
			continue
		}
		w, s, y := count(strings.TrimSpace(body))
		want := 207 - 1.015*float64(w)/float64(s) - 73.6*float64(y)/float64(w)
		if o.Number == nil || math.Abs(*o.Number-want) > 0.06 {
			t.Errorf("%v, want %v", o.Number, want)
		}
	}
}
