package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/web/finding"
	"github.com/sonde-fleet/sonde/probes/web/item"
)

// village is a small site whose faults are known: each test changes one of them.
type village struct {
	mu      sync.Mutex
	asked   []string
	frame   func(path string) (head, foot string) // around each page
	missing func(w http.ResponseWriter)           // answers what does not exist
}

var villagePages = map[string]string{
	"/": `<h1>Village</h1>`, "/contact": `<h1>Contact</h1><p>Du lundi au vendredi de 9h à 12h. Téléphone : 03 53 01 12 00</p>
	<p style="display:none">Numéro secret : 03 53 01 99 99</p><p class="repli" hidden>Fax</p>`,
	"/piscine": `<h1>La baignade municipale</h1><p>Le bassin ouvre en été.</p>`, "/ecole": `<h1>L’école</h1><p>Elle a deux classes.</p>`,
	"/mentions-legales": `<h1>Mentions légales</h1><p>Éditeur : commune du Village. Hébergeur : Serveurs, 2 rue Haute, 21000 Dijon, 03 80 00 00 00.</p>`,
	"/plan-du-site":     `<h1>Plan du site</h1>`,
}

func (v *village) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	v.asked = append(v.asked, r.URL.RequestURI())
	v.mu.Unlock()
	body, ok := villagePages[r.URL.Path]
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	switch {
	case r.URL.Path == "/recherche":
		body = `<h1>Résultats</h1>`
		if strings.Contains("baignade municipale", strings.ToLower(r.URL.Query().Get("q"))) {
			body += `<p><a href="/piscine">La baignade municipale</a></p>`
		}
	case r.URL.Path == "/robots.txt":
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, "User-agent: *\nDisallow: /prive/\n")
		return
	case r.URL.Path == "/.well-known/security.txt":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprint(w, "Contact: mailto:secours@village.example\nExpires: 2030-01-01T00:00:00Z\n")
		return
	case r.URL.Path == "/sitemap.xml":
		fmt.Fprint(w, "<h1>Accueil</h1>") // an error page that says 200
		return
	case !ok:
		v.missing(w)
		return
	}
	head, foot := v.frame(r.URL.Path)
	title := strings.TrimPrefix(strings.Split(body, "</h1>")[0], "<h1>")
	fmt.Fprintf(w, `<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>%s – Village</title></head><body>%s<main>%s</main>%s</body></html>`, title, head, body, foot)
}

const (
	villageMenu = `<nav><a href="/">Accueil</a> <a href="/contact">Contact</a> <a href="/ecole">École</a></nav><p><a href="/piscine">Piscine</a></p>`
	villageBox  = `<form action="/recherche" role="search"><label>Rechercher <input type="search" name="q"></label><button>Chercher</button></form>`
	villageFoot = `<footer><a href="/mentions-legales">Mentions légales</a> <a href="/plan-du-site">Plan du site</a></footer>`
)

func auditVillage(t *testing.T, v *village) (map[probes.ItemCode]*Item, []finding.Finding, *SiteEnd) {
	t.Helper()
	if v.frame == nil {
		v.frame = func(string) (string, string) { return villageMenu + villageBox, villageFoot }
	}
	if v.missing == nil {
		v.missing = func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `<p>Page introuvable. <a href="/">Retour à l’accueil</a>`)
		}
	}
	srv := httptest.NewServer(v)
	defer srv.Close()
	a := NewAuditor(Options{Allow: loopback(), Pause: time.Nanosecond, Pages: 12})
	defer a.Close()
	items := map[probes.ItemCode]*Item{}
	var found []finding.Finding
	end, err := a.Audit(t.Context(), Job{Target: srv.URL, Whole: true, Known: item.Known{Telephones: []string{"+33353011200"}, Hours: "Mo-Fr 09:00-12:00"}}, func(l Line) error {
		switch x := l.(type) {
		case *Item:
			items[x.Item] = x
		case *Finding:
			if slices.ContainsFunc(sitewide, func(r finding.Rule) bool { return r.ID == x.Rule }) {
				found = append(found, x.Finding)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return items, found, end
}

func TestItems(t *testing.T) {
	needBrowser(t)
	v := &village{}
	items, found, end := auditVillage(t, v)
	for code, want := range map[probes.ItemCode]string{"web.telephone": "yes", "web.hours": "yes", "web.same.hours": "yes", "web.same.telephone": "yes", "web.search": "yes",
		"web.search.finds": "yes", "web.not-found": "yes", "web.not-found.way-back": "yes", "web.sitemap-xml": "no", "web.robots-txt": "yes", "web.security-txt": "yes",
		"web.https": "no", "web.site-map": "yes", "web.legal": "yes", "web.legal.host-telephone": "yes", "web.statement": "no", "web.consent.none-before": "yes",
		"web.clicks.hours": "1", "web.menu.hours": "1", "web.clicks.legal": "1", "web.menu.telephone": "1", "web.appointment": "no",
		"web.rgaa.8.3": "yes", "web.rgaa.8.5": "yes", "web.rgaa.12.1": "yes", "web.rgaa.12.7": "no"} {
		got := ""
		if x := items[code]; x != nil {
			if got = string(x.Value); x.Number != nil {
				got = fmt.Sprint(*x.Number)
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
	if x := items["web.telephone"]; x == nil || !strings.Contains(x.Passage, "03 53 01 12 00") || strings.Contains(x.Passage, "99 99") || x.Selector == "" || !strings.HasSuffix(x.Page, "/contact") {
		t.Errorf("%+v: what is hidden is not published, what is has a place", x)
	}
	if len(found) > 0 || end.Result != Audited {
		t.Errorf("%s %v", end.Result, found)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, path := range v.asked {
		if strings.HasPrefix(path, "/prive/") {
			t.Errorf("asked for %s", path)
		}
	}
}

// A page that is missing and says 200, and leads nowhere, is told as such.
func TestItemsSoftMissing(t *testing.T) {
	needBrowser(t)
	items, _, _ := auditVillage(t, &village{missing: func(w http.ResponseWriter) { fmt.Fprint(w, `<p>Oups</p><a href="#haut">Haut</a>`) },
		frame: func(string) (string, string) {
			return villageMenu + strings.Replace(villageBox, "/recherche", "/contact", 1), villageFoot
		}})
	for code, want := range map[probes.ItemCode]probes.Value{"web.not-found": probes.No, "web.not-found.way-back": probes.No, "web.search.finds": probes.No} {
		if x := items[code]; x == nil || x.Value != want {
			t.Errorf("%s: %+v, want %s", code, x, want)
		}
	}
}

func TestSitewide(t *testing.T) {
	needBrowser(t)
	for name, x := range map[string]struct {
		frame func(path string) (string, string)
		want  []string
	}{
		"sonde-search-somewhere": {func(path string) (string, string) {
			if path == "/ecole" {
				return villageMenu, villageFoot
			}
			return villageMenu + villageBox, villageFoot
		}, []string{"/ecole"}},
		"sonde-site-map-somewhere": {func(path string) (string, string) {
			if path == "/piscine" {
				return villageMenu + villageBox, `<footer><a href="/mentions-legales">Mentions légales</a></footer>`
			}
			return villageMenu + villageBox, villageFoot
		}, []string{"/piscine"}},
		"sonde-menu-order": {func(path string) (string, string) {
			if path == "/contact" {
				return `<nav><a href="/">Accueil</a> <a href="/ecole">École</a> <a href="/contact">Contact</a></nav>` + villageBox, villageFoot
			}
			return villageMenu + villageBox, villageFoot
		}, []string{"/contact"}},
		"sonde-one-way": {func(string) (string, string) {
			more := ""
			for i := range 9 {
				more += fmt.Sprintf(`<a href="/ecole?classe=%d">Classe %d</a> `, i, i)
			}
			return villageMenu + more, `<footer><a href="/mentions-legales">Mentions légales</a></footer>`
		}, []string{"/"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, found, _ := auditVillage(t, &village{frame: x.frame})
			var pages []string
			for _, f := range found {
				if f.Rule != name {
					t.Errorf("also %s on %s: %s", f.Rule, f.Page, f.Message)
					continue
				}
				pages = append(pages, "/"+strings.SplitN(f.Page, "/", 4)[3])
			}
			if !slices.Equal(pages, x.want) {
				t.Errorf("%v, want %v", pages, x.want)
			}
		})
	}
}
