package message

import (
	"strings"
	"testing"
)

func TestSplitReply(t *testing.T) {
	for _, c := range []struct{ name, text, reply, quoted string }{
		{"none", "Bonjour,\n\nOuvert le samedi.\n\nCordialement", "Bonjour,\n\nOuvert le samedi.\n\nCordialement", ""},
		{"french", "Oui.\n\nLe 16 nov. 2026 à 09:12, Camille a écrit :\n> Bonjour\n", "Oui.", "> Bonjour"},
		{"french wrapped", "Oui.\n\nLe lun. 16 nov. 2026 à 09:12, Camille Martin <c@x.example> a\nécrit :\n\nBonjour", "Oui.", "Bonjour"},
		{"french with a no-break space", "Oui.\n\nLe 16/11/2026 à 09:12, Camille Martin a écrit\u00a0:\nBonjour", "Oui.", "Bonjour"},
		{"outlook french", "Oui.\n\n________________________________\nDe : Camille\nEnvoyé : lundi\nÀ : Mairie\nObjet : x\n\nBonjour", "Oui.", "Bonjour"},
		{"outlook bold", "Oui.\n\n*De :* Camille\n*Envoyé :* lundi\n*À :* Mairie\n*Objet :* x\n\nBonjour", "Oui.", "Bonjour"},
		{"original message", "Oui.\n\n-------- Message d'origine --------\nBonjour", "Oui.", "Bonjour"},
		{"typographic", "Oui.\n\n-------- Message d’origine --------\nBonjour", "Oui.", "Bonjour"},
		{"forwarded", "Voir.\n\n---------- Forwarded message ---------\nFrom: x", "Voir.", "From: x"},
		{"english", "Yes.\n\nOn Mon, Nov 16, 2026 at 9:12 AM Camille <c@x.example> wrote:\n> Hello", "Yes.", "> Hello"},
		{"german", "Ja.\n\nAm 16.11.2026 um 09:12 schrieb Camille Martin:\n> Hallo", "Ja.", "> Hallo"},
		{"german outlook", "Ja.\n\nVon: Camille\nGesendet: Montag\nAn: Stadt\nBetreff: x\n\nHallo", "Ja.", "Hallo"},
		{"dutch", "Ja.\n\nOp ma 16 nov 2026 om 09:12 schreef Camille <c@x.example>:\n> Hallo", "Ja.", "> Hallo"},
		{"spanish", "Sí.\n\nEl lun, 16 nov 2026 a las 9:12, Camille (<c@x.example>) escribió:\n> Hola", "Sí.", "> Hola"},
		{"italian", "Sì.\n\nIl giorno lun 16 nov 2026 alle ore 09:12 Camille ha scritto:\n> Ciao", "Sì.", "> Ciao"},
		{"answers between the lines", "Bonjour,\n\n> à quelle heure ?\n9 h.\n> quel prix ?\nGratuit.", "Bonjour,\n\n9 h.\nGratuit.", "> quel prix ?"},
		{"answer below", "Le 16 nov. 2026, Camille a écrit :\n> Bonjour\n\nOui.", "Oui.", "> Bonjour"},
		{"writes", "Camille Martin writes:\n\n> Bonjour\n\nOui.", "Oui.", "> Bonjour"},
		{"not an attribution", "Bonjour,\n\nLe service est ouvert aux horaires suivants :\nsamedi 9h", "Bonjour,\n\nLe service est ouvert aux horaires suivants :\nsamedi 9h", ""},
		{"a label is no block", "De : 9h\nà 12h\nmerci", "De : 9h\nà 12h\nmerci", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			reply, quoted := splitReply(c.text)
			if reply != c.reply || !strings.Contains(quoted, c.quoted) || c.quoted == "" && quoted != "" {
				t.Errorf("reply %q, quoted %q", reply, quoted)
			}
		})
	}
}

func TestHTMLQuote(t *testing.T) {
	for _, mark := range []string{`<div class="gmail_quote">`, `<div id="divRplyFwdMsg">`, `<blockquote type="cite">`, `<div class="moz-cite-prefix">`} {
		m := Parse([]byte("Content-Type: text/html; charset=utf-8\n\n<p>Oui, le samedi.</p>"+mark+"<p>question</p>"), Limits{})
		if m.Reply != "Oui, le samedi." || !strings.Contains(m.Quoted, "question") || strings.Contains(m.Text, "sonde") {
			t.Errorf("%s: reply %q, quoted %q, text %q", mark, m.Reply, m.Quoted, m.Text)
		}
	}
}
