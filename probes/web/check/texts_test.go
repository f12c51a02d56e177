package check

import (
	"slices"
	"testing"
)

func TestLanguageOf(t *testing.T) {
	for text, want := range map[string]string{
		"La mairie est ouverte du lundi au vendredi et vous accueille pour toutes vos démarches.":    "fr",
		"The town hall is open from Monday to Friday and will help you with all of your requests.":   "en",
		"Das Rathaus ist von Montag bis Freitag geöffnet und hilft Ihnen bei allen Ihren Anliegen.":  "de",
		"El ayuntamiento está abierto de lunes a viernes y le ayudará con todos los trámites que es": "es",
		"أهلا وسهلا بكم في مدينتنا الجميلة":                                                          "ar",
		// Names, addresses, numbers and codes say nothing.
		"Jean Dupont, Marie Martin, Paul Durand, Lucie Bernard": "",
		"12 rue des Tilleuls 21000 Dijon":                       "",
		"Bienvenue":                                             "",
		"03 53 01 12 00":                                        "",
	} {
		if got := languageOf(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestConflicts(t *testing.T) {
	const french = "La mairie est ouverte du lundi au vendredi et vous accueille pour toutes vos démarches."
	for declared, want := range map[string]bool{"fr": false, "fr-FR": false, "FR": false, "en": true, "de-AT": true, "": false, "la": false, "xx-nonsense-tag!": false} {
		if _, got := conflicts(declared, french); got != want {
			t.Errorf("%q: %v, want %v", declared, got, want)
		}
	}
}

// rules are what a text of a kind is accused of.
func rules(p passage, more ...passage) (out []string) {
	p.Selector = "x"
	for _, f := range judge("https://x.example/", &seen{Texts: append([]passage{p}, more...)}) {
		out = append(out, f.Rule)
	}
	return out
}

func TestTexts(t *testing.T) {
	for _, c := range []struct {
		p    passage
		want []string
	}{
		{passage{Kind: "link", Text: "Cliquez ici", Context: "Cliquez ici"}, []string{"sonde-link-vague", "sonde-link-vague-alone"}},
		{passage{Kind: "link", Text: "cliquez ici", Context: "Pour les horaires de la piscine, cliquez ici"}, []string{"sonde-link-vague-alone"}},
		{passage{Kind: "link", Text: "Horaires de la piscine", Context: ""}, nil},
		{passage{Kind: "link", Text: "Contact", Context: ""}, nil},
		{passage{Kind: "file", Text: "Budget 2026 (PDF, 1,2 Mo)"}, nil},
		{passage{Kind: "file", Text: "Budget 2026 – PDF – 340 ko"}, nil},
		{passage{Kind: "file", Text: "Budget 2026"}, []string{"sonde-file-format"}},
		{passage{Kind: "new-window", Text: "Le budget (nouvelle fenêtre)"}, nil},
		{passage{Kind: "new-window", Text: "Le budget – ouvre un nouvel onglet"}, nil},
		{passage{Kind: "new-window", Text: "Le budget"}, []string{"sonde-new-window"}},
		{passage{Kind: "title", Text: "Document sans titre"}, []string{"sonde-title-vague"}},
		{passage{Kind: "title", Text: "Accueil – Mairie de Valclair"}, nil},
		{passage{Kind: "alt", Text: "IMG_2031.jpg"}, []string{"sonde-alt-vague"}},
		{passage{Kind: "alt", Text: "DSC01234"}, []string{"sonde-alt-vague"}},
		{passage{Kind: "alt", Text: "La fontaine de la place"}, nil},
		{passage{Kind: "alt", Text: "Texte alternatif à compléter"}, []string{"sonde-alt-vague"}},
		{passage{Kind: "alt", Text: "[À renseigner]"}, []string{"sonde-alt-vague"}},
		{passage{Kind: "alt", Text: "Alt ici"}, []string{"sonde-alt-vague"}},
		{passage{Kind: "alt", Text: "Insert alt text here"}, []string{"sonde-alt-vague"}},
		{passage{Kind: "alt", Text: "TBD"}, []string{"sonde-alt-vague"}},
		{passage{Kind: "alt", Text: "TODO: add description"}, []string{"sonde-alt-vague"}},
		{passage{Kind: "alt", Text: "xxxx"}, []string{"sonde-alt-vague"}},
		{passage{Kind: "alt", Text: "Lorem ipsum dolor sit amet"}, []string{"sonde-alt-vague"}},
		{passage{Kind: "alt", Text: "Formulaire à compléter et à renvoyer à la mairie"}, nil},
		{passage{Kind: "alt", Text: "Dossier à compléter"}, nil},
		{passage{Kind: "alt", Text: "À venir"}, nil},
		{passage{Kind: "alt", Text: "Écrire un texte en atelier"}, nil},
		{passage{Kind: "alt", Text: "Todo list of the project team"}, nil},
		{passage{Kind: "title", Text: "report.pdf"}, []string{"sonde-title-vague"}},
		{passage{Kind: "title", Text: "garden_final_v3.docx"}, []string{"sonde-title-vague"}},
		{passage{Kind: "title", Text: "accueil.php"}, []string{"sonde-title-vague"}},
		{passage{Kind: "title", Text: "www.valclair.fr"}, []string{"sonde-title-vague"}},
		{passage{Kind: "title", Text: "valclair.fr/actualites"}, []string{"sonde-title-vague"}},
		{passage{Kind: "title", Text: "Microsoft Word - compte rendu"}, []string{"sonde-title-vague"}},
		{passage{Kind: "title", Text: "Comment ouvrir un fichier .pdf"}, nil},
		{passage{Kind: "title", Text: "Le budget 2026 (PDF) – Mairie de Valclair"}, nil},
		{passage{Kind: "title", Text: "Service-public.fr | Carte d’identité"}, nil},
		{passage{Kind: "heading", Text: "Titre 1"}, []string{"sonde-heading-vague"}},
		{passage{Kind: "heading", Text: "Titres de séjour"}, nil},
		{passage{Kind: "button", Text: "Envoyer la demande"}, nil},
		{passage{Kind: "sentence", Text: "Cliquez sur le bouton vert pour continuer."}, []string{"sonde-sensory"}},
		{passage{Kind: "sentence", Text: "Cliquez sur le bouton vert « Continuer »."}, nil},
		{passage{Kind: "sentence", Text: "Les champs en rouge sont obligatoires."}, []string{"sonde-sensory"}},
		{passage{Kind: "sentence", Text: "Les espaces verts de la commune sont entretenus sans pesticide."}, nil},
		{passage{Kind: "sentence", Text: "La liste verte conduit le conseil municipal depuis 2020."}, nil},
	} {
		if got := rules(c.p); !slices.Equal(got, c.want) {
			t.Errorf("%s %q: %v, want %v", c.p.Kind, c.p.Text, got, c.want)
		}
	}
}

func FuzzJudge(f *testing.F) {
	f.Add("sentence", "Cliquez sur le bouton rouge", "fr", "")
	f.Add("lang", "أهلا", "ar", "x")
	f.Fuzz(func(t *testing.T, kind, text, lang, context string) {
		s := &seen{Texts: []passage{{Kind: kind, Text: text, Lang: lang, Context: context, Href: context}}}
		s.Page.Lang, s.Page.Text = lang, text
		for _, found := range judge("https://x.example/", s) {
			if found.Rule == "" || found.Message == "" {
				t.Errorf("%+v", found)
			}
		}
	})
}
