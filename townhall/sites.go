package townhall

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/probes"
)

//go:embed sites/*.html sites/*.css
var siteFiles embed.FS

var sitePages = template.Must(template.ParseFS(siteFiles, "sites/*.html"))

// Grade is how well a structure's website is made.
type Grade string

// The grades of the town's websites.
const (
	GoodSite     Grade = "good"     // nothing is wrong
	MiddlingSite Grade = "middling" // what most sites have
	BadSite      Grade = "bad"
	HostileSite  Grade = "hostile" // it does everything to who looks at it, and can be read all the same
	ClosedSite   Grade = "closed"  // robots.txt keeps everybody out
	GuardedSite  Grade = "guarded" // a firewall's challenge stands before it
	OfflineSite  Grade = "offline" // it takes the call and hangs up
)

// Grades are the town's, in turn.
var Grades = [...]Grade{GoodSite, MiddlingSite, BadSite, MiddlingSite, HostileSite, GoodSite, BadSite, MiddlingSite, ClosedSite, BadSite, OfflineSite,
	GoodSite, MiddlingSite, GuardedSite}

// Planted are the rules that the pages of a grade break on purpose. An audit must find them, and on good pages nothing.
var Planted = map[Grade][]string{
	MiddlingSite: {"image-alt", "color-contrast", "sonde-link-vague", "sonde-file-format", "sonde-empty-paragraph"},
	BadSite: {"html-has-lang", "image-alt", "label", "sonde-title-vague", "sonde-fake-list", "sonde-layout-table", "sonde-mouse-only", "sonde-focus-invisible",
		"sonde-reflow", "sonde-fake-heading"},
}

// prose is how the town's websites write their opening hours, which are those of the directory.
var prose = map[string]string{
	"Mo-Fr 09:00-12:00,14:00-17:00; PH off":                    "Du lundi au vendredi, de 9 h à 12 h et de 14 h à 17 h",
	"Mo-Fr 08:30-17:30; Sa 09:00-12:00; PH off":                "Du lundi au vendredi de 8 h 30 à 17 h 30, le samedi de 9 h à 12 h",
	"Mo-We,Fr 09:00-12:30,13:30-17:00; Th 13:30-19:00; PH off": "Lundi, mardi, mercredi et vendredi : 9 h – 12 h 30 et 13 h 30 – 17 h. Jeudi : 13 h 30 – 19 h",
}

// PlantedItems are what the audit of a site of a grade must answer.
var PlantedItems = map[Grade]map[probes.ItemCode]probes.Value{
	GoodSite: {"web.telephone": probes.Yes, "web.telephone.link": probes.Yes, "web.email": probes.Yes, "web.address": probes.Yes, "web.hours": probes.Yes,
		"web.same.hours": probes.Yes, "web.same.telephone": probes.Yes, "web.same.address": probes.Yes, "web.same.email": probes.Yes, "web.not-found": probes.Yes,
		"web.statement.mention": probes.Yes, "web.skip-link": probes.Yes, "web.legal": probes.Yes, "web.consent.none-before": probes.Yes, "web.https": probes.No},
	MiddlingSite: {"web.telephone": probes.Yes, "web.telephone.link": probes.No, "web.hours": probes.Yes, "web.same.hours": probes.Yes, "web.not-found.way-back": probes.Yes},
	BadSite:      {"web.telephone": probes.No, "web.hours": probes.Yes, "web.same.hours": probes.No, "web.address": probes.No, "web.same.telephone": probes.NotApplicable},
}

// Website is one structure's site as the town serves it.
type Website struct {
	Grade   Grade
	Name    string
	Town    string
	Address string // of the mailbox
	Phone   string
	Postal  string
	Hours   string // opening hours in French prose
	Form    Form
}

// Websites serves the sites of many structures at one address, each under its own name: "aubeval-01.localhost".
type Websites struct {
	sites  map[string]Website
	server *http.Server
	take   func(s *Website, asked string, r *http.Request) error // what was written into a form; nil: forms lead nowhere
}

// Dial is the telephone number as a link dials it.
func (w Website) Dial() string { return strings.ReplaceAll(w.Phone, " ", "") }

// SiteName is the host under which the resident's website is served.
func (r *Resident) SiteName() string {
	_, domain, _ := strings.Cut(r.Address, "@")
	return strings.TrimSuffix(domain, ".example") + ".localhost"
}

// NewWebsites makes the sites of the residents.
func NewWebsites(residents []Resident) *Websites {
	w := &Websites{sites: map[string]Website{}}
	for i := range residents {
		r := &residents[i]
		w.sites[r.SiteName()] = Website{Grade: r.Site, Name: r.Name, Town: strings.TrimPrefix(r.Name, "Ville de "), Address: r.Address, Phone: r.Phone, Postal: r.Postal, Hours: prose[r.Hours], Form: r.Form}
	}
	w.server = &http.Server{Handler: w, ReadHeaderTimeout: 10 * time.Second}
	return w
}

// Serve serves until Close.
func (w *Websites) Serve(l net.Listener) error { return w.server.Serve(l) }

// Close ends every connection.
func (w *Websites) Close() error { return w.server.Close() }

func (w *Websites) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	site, known := w.sites[strings.ToLower(host)]
	switch {
	case !known:
		http.NotFound(rw, r)
	case site.Grade == OfflineSite:
		panic(http.ErrAbortHandler) // the connection ends without a word
	case r.URL.Path == "/robots.txt":
		if site.Grade == ClosedSite {
			fmt.Fprint(rw, "User-agent: *\nDisallow: /\n")
			return
		}
		fmt.Fprint(rw, "User-agent: *\nDisallow: /admin/\n")
	case site.Grade == GuardedSite:
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		rw.WriteHeader(http.StatusForbidden)
		fmt.Fprint(rw, `<!doctype html><title>Just a moment…</title><script src="/cdn-cgi/challenge-platform/x.js"></script><p>Verify that you are human`)
	case r.Method == http.MethodPost && r.URL.Path == "/contact" && site.Form == PlainForm && w.take != nil:
		if err := w.take(&site, "http://"+r.Host+"/contact", r); err != nil {
			http.Error(rw, "Erreur : "+err.Error(), http.StatusBadRequest)
			return
		}
		http.Redirect(rw, r, "/merci", http.StatusSeeOther)
	case strings.HasSuffix(r.URL.Path, ".css"):
		http.ServeFileFS(rw, r, siteFiles, "sites/style.css")
	case strings.HasSuffix(r.URL.Path, ".svg"):
		rw.Header().Set("Content-Type", "image/svg+xml")
		fmt.Fprint(rw, `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="120"><rect width="320" height="120" fill="#e8f0f8"/><path d="M20 110 160 20 300 110" fill="none" stroke="#036" stroke-width="8"/></svg>`)
	case r.URL.Path == "/sans-fin.png":
		rw.Header().Set("Content-Type", "image/png")
		rw.WriteHeader(http.StatusOK)
		if f, ok := rw.(http.Flusher); ok {
			f.Flush()
		}
		<-r.Context().Done()
	default:
		site.page(rw, r)
	}
}

// page serves a page of the site.
func (s Website) page(rw http.ResponseWriter, r *http.Request) {
	name := strings.Trim(r.URL.Path, "/")
	if name == "" {
		name = "accueil"
	}
	status := http.StatusOK
	if sitePages.Lookup(name+".html") == nil {
		name, status = "introuvable", http.StatusNotFound
	}
	var body, page bytes.Buffer
	data := struct {
		Website
		Page                         string
		Body                         template.HTML
		Good, Middling, Bad, Hostile bool
	}{Website: s, Page: name, Good: s.Grade == GoodSite, Middling: s.Grade == MiddlingSite, Bad: s.Grade == BadSite, Hostile: s.Grade == HostileSite}
	if err := sitePages.ExecuteTemplate(&body, name+".html", data); err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	data.Body = template.HTML(body.String()) //nolint:gosec // our own template made it
	if err := sitePages.ExecuteTemplate(&page, "cadre.html", data); err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = rw.Write(page.Bytes()) // who hangs up has seen enough
}
