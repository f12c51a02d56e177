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

// Website is one structure's site as the town serves it.
type Website struct {
	Grade   Grade
	Name    string
	Town    string
	Address string // of the mailbox
	Hours   string
}

// Websites serves the sites of many structures at one address, each under its own name: "aubeval-01.localhost".
type Websites struct {
	sites  map[string]Website
	server *http.Server
}

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
		w.sites[r.SiteName()] = Website{Grade: r.Site, Name: r.Name, Town: strings.TrimPrefix(r.Name, "Ville de "), Address: r.Address, Hours: r.Hours}
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
