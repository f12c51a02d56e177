package item

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
)

// page reads a page for a test.
func page(t *testing.T, address, body string) Visited {
	t.Helper()
	return Visited{URL: address, Mentions: Read(address, []byte("<!doctype html><html lang=fr><body>"+body)), Loaded: 300 * time.Millisecond, TTFB: 40 * time.Millisecond, Bytes: 2048}
}

func answers(list []Result) map[probes.ItemCode]string {
	out := map[probes.ItemCode]string{}
	for _, r := range list {
		if r.Number != nil {
			out[r.Item] = fmt.Sprintf("%g", *r.Number)
		} else {
			out[r.Item] = string(r.Value)
		}
	}
	return out
}

func holds(t *testing.T, got map[probes.ItemCode]string, want string) {
	t.Helper()
	for pair := range strings.FieldsSeq(want) {
		item, value, _ := strings.Cut(pair, "=")
		if got[probes.ItemCode("web."+item)] != value {
			t.Errorf("%s: %q, want %q", item, got[probes.ItemCode("web."+item)], value)
		}
	}
}

const frameOf = `<a href="#contenu">Aller au contenu</a><header><nav><a href="/">Accueil</a> <a href="/contact">Contact</a></nav></header><main id=contenu>%s</main>
<footer>Mairie de Valclair, 1 place de la Fontaine, 21999 Valclair. Téléphone : <a href="tel:+33353011200">03 53 01 12 00</a>
<p><a href="/accessibilite">%s</a> <a href="/mentions-legales">Mentions légales</a></p></footer>`

func TestSite(t *testing.T) {
	at := "https://www.valclair.example"
	home := page(t, at+"/", fmt.Sprintf(frameOf, `<h1>Mairie de Valclair</h1>`, "Accessibilité : partiellement conforme"))
	contact := page(t, at+"/contact", fmt.Sprintf(frameOf, `<h1>Contact</h1><p>Du lundi au vendredi de 9h à 12h et de 14h à 17h.</p>
		<p>mairie@valclair.example</p><form method=post><label>Votre message <textarea name=m></textarea></label><button>Envoyer</button></form>`, "Accessibilité : partiellement conforme"))
	contact.Depth, contact.Menu = 1, 1
	statement := page(t, at+"/accessibilite", fmt.Sprintf(frameOf, `<h1>Déclaration d’accessibilité</h1><p>Conformément à l’article 47 de la loi n° 2005-102, la mairie s’engage.</p>
		<h2>État de conformité</h2><p>Ce site est partiellement conforme avec le RGAA 4.1.</p><h2>Résultats</h2><p>L’audit révèle que 72,5 % des critères sont respectés.</p>
		<p>Cette déclaration a été établie le 3 février 2024.</p>`, "Accessibilité : partiellement conforme"))
	statement.Depth, statement.Menu = 1, -1
	pages := []Visited{home, contact, statement}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	yes := true
	m := Measured{Now: now, Whole: true, NotFound: new(int), HTTPS: &yes, TLS: "TLS 1.1", ThirdParties: []string{"tracker.example"}}
	*m.NotFound = 200
	known := Known{Telephones: []string{"+33353011200"}, Emails: []string{"accueil@valclair.example"}, Hours: "Mo-Fr 09:00-12:00,14:00-17:00",
		Addresses: []string{"1 place de la Fontaine, 21999 Valclair"}}
	got := answers(Site(pages, m, known))
	holds(t, got, `telephone=yes telephone.link=yes telephone.plain-rate=yes email=yes email.link=no hours=yes contact-form=yes address=yes appointment=no
		statement=yes statement.mention=yes statement.everywhere=yes statement.level-agrees=yes statement.rate=72.5 statement.rate-agrees=yes
		statement.dated=yes statement.fresh=yes statement.law=yes statement.plan=no legal=yes skip-link=yes not-found=no https=yes https.modern=no
		consent.third-parties=1 consent.none-before=no consent.refuse=n/a loaded=300 loaded.fast=yes weight=2
		same.telephone=yes same.email=no same.hours=yes same.address=yes same.pages=yes clicks.telephone=0 clicks.hours=1 clicks.statement=1
		menu.hours=1 menu.contact-form=1`)

	// Each of these changes one thing, and one answer must follow.
	for name, x := range map[string]struct {
		change func(pages []Visited, m *Measured, k *Known)
		want   string
	}{
		"statement too old": {func(_ []Visited, m *Measured, _ *Known) { m.Now = now.AddDate(1, 0, 0) }, "statement.fresh=no"},
		"last day of it":    {func(_ []Visited, m *Measured, _ *Known) { m.Now = time.Date(2027, 2, 3, 0, 0, 0, 0, time.UTC) }, "statement.fresh=yes"},
		"other hours":       {func(_ []Visited, _ *Measured, k *Known) { k.Hours = "Mo-Fr 09:00-12:00" }, "same.hours=no"},
		"directory silent":  {func(_ []Visited, _ *Measured, k *Known) { *k = Known{} }, "same.hours=n/a same.telephone=n/a"},
		"gone":              {func(_ []Visited, m *Measured, _ *Known) { n := 410; m.NotFound = &n }, "not-found=yes"},
		"slow":              {func(p []Visited, _ *Measured, _ *Known) { p[0].Loaded, p[1].Loaded = time.Second, time.Second }, "loaded.fast=no loaded=1000"},
		"no third party":    {func(_ []Visited, m *Measured, _ *Known) { m.ThirdParties = []string{} }, "consent.none-before=yes consent.third-parties=0"},
		"not measured":      {func(_ []Visited, m *Measured, _ *Known) { m.ThirdParties = nil }, "consent.none-before= consent.third-parties="},
		"home level differs": {func(p []Visited, _ *Measured, _ *Known) {
			p[0] = page(t, at+"/", fmt.Sprintf(frameOf, "", "Accessibilité : totalement conforme"))
		}, "statement.level-agrees=no statement.mention=yes"},
		"near miss": {func(p []Visited, _ *Measured, _ *Known) {
			p[0] = page(t, at+"/", fmt.Sprintf(frameOf, "", "Accessibilité"))
		}, "statement.mention=no statement.level-agrees=n/a"},
		"other foot": {func(p []Visited, _ *Measured, _ *Known) {
			p[2] = page(t, at+"/x", strings.ReplaceAll(fmt.Sprintf(frameOf, "", ""), "53 01 12 00", "53 01 12 09"))
		}, "same.pages=no"},
		"page without a foot": {func(p []Visited, _ *Measured, _ *Known) { p[1] = page(t, at+"/x", "<main>Rien") }, "legal=no statement.everywhere=no"},
	} {
		p, mm, k := append([]Visited(nil), pages...), m, known
		x.change(p, &mm, &k)
		t.Run(name, func(t *testing.T) { holds(t, answers(Site(p, mm, k)), x.want) })
	}
	if got := answers(Site(pages[:1], Measured{}, Known{})); got["web.hours"] != "" || got["web.telephone"] != "yes" {
		t.Errorf("of one page alone: hours %q, telephone %q: what is not on it is not missing from the site", got["web.hours"], got["web.telephone"])
	}
}

// TestItemsAreThoseOfTheGrid holds that every item of the grid that a site's pages show is decided here, and nothing else is:
// the criteria of accessibility are the audit's.
func TestItemsAreThoseOfTheGrid(t *testing.T) {
	want := map[probes.ItemCode]*grid.Item{}
	all := grid.Current().Items
	for i := range all {
		if x := &all[i]; x.Channel == probes.Web && x.How == grid.Observed && !strings.HasPrefix(string(x.Code), "web.rgaa.") {
			want[x.Code] = x
		}
	}
	seen := map[probes.ItemCode]bool{}
	for _, code := range Items() {
		if seen[code] {
			t.Errorf("%s is there twice", code)
		}
		seen[code] = true
		if want[code] == nil {
			t.Errorf("%s is not an item of the grid", code)
		}
	}
	for code := range want {
		if !seen[code] {
			t.Errorf("%s of the grid is decided by nothing", code)
		}
	}
}

// TestNumbersHaveUnits holds that what the grid calls a number comes as one, and what it asks comes as yes or no.
func TestNumbersHaveUnits(t *testing.T) {
	yes := true
	status := 404
	m := Measured{Now: time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC), Whole: true, NotFound: &status, WayBack: &yes, SiteMapXML: &yes, RobotsTxt: &yes, SecurityTxt: &yes,
		SearchFinds: &yes, HTTPS: &yes, Redirects: &yes, HSTS: &yes, TLS: "TLS 1.3", ThirdParties: []string{"cdn.example"}}
	page := Visited{URL: "https://ville.example/", Menu: 1, TTFB: time.Second, Loaded: time.Second, Bytes: 4096,
		Reading: ReadText(strings.Repeat("La mairie ouvre le lundi à neuf heures pour tous.\n", 30))}
	for _, d := range catalog {
		for _, c := range append(slices.Clone(d.codes), d.when) {
			if c != "" && !Has(page.Mentions, c) {
				page.Mentions = append(page.Mentions, Mention{Code: c, Value: map[Code]string{Updated: "2026-11-01", StatementDate: "2026-11-01", Rate: "80", Level: "partially", Language: "en"}[c]})
			}
		}
	}
	for _, r := range Site([]Visited{page}, m, Known{}) {
		i, ok := grid.Current().Item(r.Item)
		if ok && r.Value != probes.NotApplicable && (i.Unit != "") != (r.Number != nil) {
			t.Errorf("%s has the unit %q and comes as %q, %v", r.Item, i.Unit, r.Value, r.Number)
		}
	}
}

func TestReading(t *testing.T) {
	easy := ReadText(strings.Repeat("La mairie ouvre le lundi à neuf heures pour tous.\n", 30))
	hard := ReadText(strings.Repeat("L’administration communautaire territorialement compétente procède à l’instruction réglementaire des sollicitations individuelles "+
		"préalablement transmises par les administrés intéressés conformément aux dispositions législatives.\n", 10))
	a, ok1 := easy.Score()
	b, ok2 := hard.Score()
	if !ok1 || !ok2 || a < 60 || b > 30 {
		t.Errorf("easy %.1f (%v), hard %.1f (%v)", a, ok1, b, ok2)
	}
	if _, ok := ReadText("Accueil\nContact\nPlan du site").Score(); ok {
		t.Error("a menu has a score")
	}
	for w, n := range map[string]int{"mairie": 2, "table": 1, "administration": 5, "ouvrent": 1, "été": 2, "eau": 1, "les": 1, "téléphone": 3} {
		if got := syllables(w); got != n {
			t.Errorf("%s: %d syllables, want %d", w, got, n)
		}
	}
}
