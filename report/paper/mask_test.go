package paper

import (
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/probes/mail/message"
)

// TestAgentsAreNeverNamed holds the masks to texts as town halls write them. Of each text, gone must not be readable and kept
// must still be there.
func TestAgentsAreNeverNamed(t *testing.T) {
	for _, c := range []struct {
		name, signed, from, address, text string
		gone, kept                        []string
	}{
		{"signature", "Marie DURAND", "", "", "Bonjour,\nOuvert le samedi.\nCordialement,\nMarie DURAND\nAgent d'accueil\nMairie de Saint-Exemple",
			[]string{"Marie", "DURAND"}, []string{"Ouvert le samedi", "Agent d'accueil", "Mairie de Saint-Exemple", "Cordialement"}},
		{"within the text, small and large", "Marie Durand", "", "", "Demandez marie durand, ou MARIE DURAND, ou Durand au guichet.\nCordialement", []string{"marie", "durand"}, []string{"Demandez", "guichet"}},
		{"accents differ", "Hélène LEFÈVRE", "", "", "Voyez Helene Lefevre (HELENE LEFEVRE) ou He\u0301le\u0300ne.\n", []string{"helene", "lefevre", "le\u0300ne"}, []string{"Voyez", "ou"}},
		{"hyphens", "Anne-Sophie Le Goff-Kerbrat", "", "", "Anne Sophie LE GOFF KERBRAT vous attend. Anne‑Sophie est là. Mme Le Goff-Kerbrat aussi.", []string{"sophie", "goff", "kerbrat", "anne"}, []string{"vous attend", "Mme", "aussi"}},
		{"apostrophe and particle", "Jean-Marc de L’Hôpital-d'Estaing", "", "", "Contactez Jean-Marc de L'Hopital d’Estaing.", []string{"jean", "marc", "estaing"}, []string{"Contactez"}},
		{"display name", "", "DURAND Marie", "", "Je vous réponds. Marie Durand, mairie", []string{"durand", "marie durand"}, []string{"Je vous réponds", "mairie"}},
		{"display with comma", "", "Durand, Marie", "", "M. Petit est absent, voyez durand.", []string{"petit", "durand"}, []string{"est absent"}},
		{"display with service", "", "Marie Durand - Service Urbanisme", "", "Le service urbanisme. Durand", []string{"durand"}, []string{"Le service urbanisme"}},
		{"display of an office", "", "Mairie de Saint-Exemple", "", "La mairie de Saint-Exemple ouvre le samedi.", nil, []string{"La mairie de Saint-Exemple ouvre le samedi."}},
		{"display name of one word", "", "Bob", "bob@ville.example", "Ask Bob, or the desk.", []string{"bob"}, []string{"Ask", "or the desk"}},
		{"display name of an office in one word", "", "Accueil", "accueil@ville.example", "Accueil : 9 h à 12 h.", nil, []string{"Accueil : 9 h à 12 h."}},
		{"other languages", "", "", "", "Ja.\nMet vriendelijke groet,\nSaskia Hoogendoorn\n\nOf:\nCordiali saluti\nGennaro Esposito", []string{"saskia", "hoogendoorn", "gennaro", "esposito"}, nil},
		{"address made of a name", "", "", "marie.durand@ville.example", "Durand vous répond, Marie aussi.", []string{"durand", "marie"}, []string{"vous répond"}},
		{"addresses", "", "", "", "Écrivez à marie.durand@ville.example, m.durand(at)ville.example, etat-civil@ville.example ou contact@ville.example.",
			[]string{"marie", "durand"}, []string{"@ville.example", "etat-civil@ville.example", "contact@ville.example"}},
		{"a colleague in passing", "Marie Durand", "", "", "Ma collègue Sophie Bernard-Roux ou M. Lefort vous rappellera ; Mme de La Tour aussi.",
			[]string{"sophie", "bernard", "roux", "lefort", "tour"}, []string{"vous rappellera", "Mme"}},
		{"introduces herself", "", "", "", "Bonjour, je m'appelle Zénobie Xantopoulos et je suis à l'état civil.", []string{"zénobie", "xantopoulos"}, []string{"je m'appelle", "état civil"}},
		{"our persona stays", "Camille Durand", "", "", "Bonjour Madame Martin, chère Camille MARTIN,\nC'est noté.\nCordialement,\nCamille Durand", []string{"durand"}, []string{"Madame Martin", "Camille MARTIN", "C'est noté"}},
		{"streets stay", "Marie Durand", "", "", "La mairie, rue du Général Charles de Gaulle, près de l'école Jean Moulin, place Saint-Pierre.", nil,
			[]string{"rue du Général Charles de Gaulle", "école Jean Moulin", "place Saint-Pierre"}},
		{"structure's name stays", "Denis Exemple", "", "", "La Ville de Saint-Exemple vous répond. Denis Exemple", []string{"denis exemple"}, []string{"Ville de Saint-Exemple"}},
		{"title without a name", "", "", "", "Madame, Monsieur, Madame la Maire et Monsieur le Directeur vous remercient.", nil, []string{"Madame, Monsieur, Madame la Maire et Monsieur le Directeur vous remercient."}},
		{"ordinary word", "Marie Petit", "", "", "Un petit mot. Mme PETIT et Petit.", []string{"Mme PETIT", "et Petit"}, []string{"Un petit mot"}},
		{"telephones", "", "", "", "Standard : 02 99 00 00 00. Portable : 06 12 34 56 78, ligne directe 02.99.11.22.33.\nCordialement,\nAccueil\n02 99 44 55 66",
			[]string{"06 12", "02.99.11", "02 99 44"}, []string{"Standard : 02 99 00 00 00"}},
		{"international mobile", "", "", "", "Call +33 6 12 34 56 78 or +33 (0)7 12 34 56 78.", []string{"12 34"}, []string{"Call"}},
		{"nobody told us who signed", "", "", "", "Oui.\n\nBien cordialement, Zoltan Kovacs\nService état civil", []string{"zoltan", "kovacs"}, []string{"Service état civil", "Bien cordialement"}},
		{"given name alone below the formula", "", "", "", "Oui.\nCordialement,\nAminata\n\nMairie", []string{"aminata"}, []string{"Mairie"}},
		{"initials", "P. DURAND", "", "", "P. DURAND et Paul D.\nM. DURAND P.", []string{"DURAND", "P. D"}, nil},
		{"soft hyphens and blanks that do not show", "Marie Durand", "", "", "Du\u00adrand, Ma\u200brie et\u00a0Marie\u202fDURAND", []string{"rand", "rie"}, nil},
		{"no signature at all", "", "", "", "Bonjour\nNous ouvrons le samedi\nThe Town Hall Team", nil, []string{"Bonjour", "Nous ouvrons le samedi", "The Town Hall Team"}},
		{"regular expressions in a name", "Marie (Durand*", "", "", "Marie (Durand* [a-z]+ est là.", []string{"durand", "marie"}, []string{"[a-z]+ est là"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMasker("Camille Martin", "camille.martin@persona.example", "Mairie de Saint-Exemple")
			m.learn(nameOf(c.signed))
			m.sender(c.from, c.address)
			m.prepare(c.text)
			got := m.all(c.text)
			for _, g := range c.gone {
				if strings.Contains(strings.ToLower(got), strings.ToLower(g)) {
					t.Errorf("%q still stands in %q", g, got)
				}
			}
			for _, k := range c.kept {
				if !strings.Contains(got, k) {
					t.Errorf("%q is gone from %q", k, got)
				}
			}
			if again := m.all(got); again != got {
				t.Errorf("masked twice: %q, then %q", got, again)
			}
		})
	}
}

// A mail in HTML is read as text before it is masked: tags within a name do not save it.
func TestAgentsAreNotNamedInHTML(t *testing.T) {
	raw := "From: =?utf-8?q?Marie_Lef=C3=A8vre?= <m.lefevre@ville.example>\r\nTo: c@persona.example\r\nSubject: Re: samedi\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: text/html; charset=utf-8\r\n\r\n<p>Bonjour,</p><p>Oui. Voyez <b>M</b>arie <span style=\"color:red\">LEF&Egrave;VRE</span> ou <a href=\"mailto:marie.lefevre@ville.example\">Marie</a>.</p>" +
		"<p>Cordialement,<br><i>Marie&nbsp;Lefèvre</i></p>"
	m := message.Parse([]byte(raw), message.Limits{})
	k := newMasker("Camille Martin", "c@persona.example", "Mairie")
	k.sender(m.From().Name, m.From().Address)
	k.prepare(m.Text)
	if got := strings.ToLower(k.all(m.Text)); strings.Contains(got, "lef") || strings.Contains(got, "arie") {
		t.Errorf("she is named: %q", got)
	}
}

// Whatever is asked of it, a mask neither fails nor makes a text that is no text.
func FuzzMask(f *testing.F) {
	f.Add("Marie Durand", "Bonjour, Marie\nCordialement,\nM. Durand")
	f.Add("É", "e\u0301 É\u200b")
	f.Fuzz(func(t *testing.T, name, text string) {
		m := newMasker("Camille Martin", "c@persona.example", "Mairie de Ville")
		m.learn(name)
		m.prepare(text)
		holes := m.holes(text)
		at := 0
		for _, h := range holes {
			if h.from < at || h.to < h.from || h.to > len(text) {
				t.Fatalf("holes %v of %q", holes, text)
			}
			at = h.to
		}
		half := len(text) / 2
		if hide(text, nil, 0, half)+hide(text, nil, half, len(text)) != text {
			t.Fatal("without holes, parts are not the whole")
		}
	})
}
