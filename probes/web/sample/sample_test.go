package sample

import (
	"fmt"
	"slices"
	"testing"
)

const home = "https://www.mairie.example/"

func site10() []Link {
	links := []Link{{home + "contact", "Nous contacter", "nav"}, {home + "vie-locale", "Vie locale", "nav"}, {home + "demarches", "Vos démarches", "nav"},
		{home + "mentions-legales", "Mentions légales", "footer"}, {home + "plan-du-site", "Plan du site", "footer"}, {home + "accessibilite", "Accessibilité : non conforme", "footer"},
		{home + "bulletin.pdf", "Bulletin", "main"}, {home + "deconnexion", "Déconnexion", "nav"}, {"https://ailleurs.example/", "Ailleurs", "main"},
		{home + "agenda?month=3", "Mars", "main"}, {"http://mairie.example/contact/", "Contact", "footer"}, {home + "contact?utm_source=x#formulaire", "Écrire", "main"}}
	for i := range 60 {
		links = append(links, Link{fmt.Sprintf("%sactualites/%d-un-article", home, i), fmt.Sprintf("Article %d", i), "main"})
	}
	return links
}

func picks(seed string, most int) []Pick {
	f := New(home, seed, most)
	f.Add(0, site10())
	var out []Pick
	for {
		p, ok := f.Next()
		if !ok {
			return out
		}
		f.Visited(p.URL)
		out = append(out, p)
	}
}

func TestMandatoryPagesComeFirstAndOnce(t *testing.T) {
	got := picks("a", 12)
	want := []Kind{Contact, Accessibility, Legal, SiteMap, Procedures, Rubric}
	for i, k := range want {
		if i >= len(got) || got[i].Why != k {
			t.Fatalf("%d: %+v, wanted %v", i, got, want)
		}
	}
	seen := map[string]bool{}
	for _, p := range got {
		if seen[p.URL] {
			t.Errorf("%s twice", p.URL)
		}
		seen[p.URL] = true
		if p.Depth != 1 {
			t.Errorf("%s at depth %d", p.URL, p.Depth)
		}
	}
	for _, never := range []string{home + "deconnexion", home + "agenda?month=3", home + "bulletin.pdf", "https://ailleurs.example/"} {
		if seen[never] {
			t.Errorf("%s is visited", never)
		}
	}
	if len(got) > 11 { // and the home page
		t.Errorf("%d pages", len(got))
	}
}

func TestTheSameSeedPicksTheSamePages(t *testing.T) {
	a, b, c := picks("a", 20), picks("a", 20), picks("b", 20)
	if !slices.Equal(a, b) {
		t.Error("two samples of one seed differ")
	}
	if slices.Equal(a, c) {
		t.Error("another seed picks the same pages")
	}
	if !slices.ContainsFunc(a, func(p Pick) bool { return p.Why == Random }) {
		t.Errorf("nothing was left to chance: %+v", a)
	}
}

func TestASiteWithoutEnd(t *testing.T) {
	f := New(home, "a", 50)
	for i := range 300 {
		var links []Link
		for j := range 200 {
			links = append(links, Link{fmt.Sprintf("%scalendrier/%d/%d", home, i, j), "Jour", "main"})
		}
		f.Add(i, links)
	}
	if f.Known() > maxKnown {
		t.Errorf("%d addresses are kept", f.Known())
	}
	n := 0
	for {
		p, ok := f.Next()
		if !ok {
			break
		}
		f.Visited(p.URL)
		n++
	}
	if n > 15 {
		t.Errorf("%d pages of one shape were picked", n)
	}
}

func FuzzFrontier(f *testing.F) {
	f.Add("/contact?a=b#c", "Contact", "nav")
	f.Fuzz(func(t *testing.T, address, text, region string) {
		fr := New(home, "a", 5)
		fr.Add(0, []Link{{address, text, region}, {home + address, text, region}})
		for range 10 {
			p, ok := fr.Next()
			if !ok {
				return
			}
			fr.Visited(p.URL)
		}
		t.Error("a sample of five has ten pages")
	})
}
