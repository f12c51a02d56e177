// Package site is the collector's pages and API as one http.Handler: figures, curves, the list of audits, each audit's
// story, exports and metrics, in French and English. It computes no figure (package stats does), writes no file format
// (package report does), stores nothing and knows no user yet: who may reach its address is decided in front of it.
package site

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// Snapshot is everything that the pages show, as of one instant.
type Snapshot struct {
	At        time.Time // wall time
	Launches  []probes.Launch
	Outcomes  []stats.Outcome
	Unmatched int // mails in the holding pen
}

// Source gives the site what it shows.
type Source interface{ Snapshot() Snapshot }

// Story is a Source that also knows each audit's events. The page of an audit shows them when there is one.
type Story interface {
	// Events returns the events of the audit in the order of the journal; none for an audit that is not known.
	Events(probes.AuditID) ([]probes.Event, error)
}

// Vault gives the bytes of evidence.
type Vault interface {
	Evidence(probes.Hash) ([]byte, error)
}

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static
var staticFiles embed.FS

// server is the site: its source, its languages and its pages.
type server struct {
	views   *views
	story   Story // nil when the source has none
	vault   Vault
	locales *locales
	pages   map[string]*template.Template
}

// New makes the site. It fails when its own messages or templates are faulty, which the tests exclude.
func New(s Source, v Vault) (http.Handler, error) {
	l, err := loadLocales()
	if err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	srv := &server{views: &views{source: s}, vault: v, locales: l, pages: map[string]*template.Template{}}
	srv.story, _ = s.(Story)
	for _, page := range []string{"home", "audits", "audit", "websites", "problem"} {
		t, err := template.ParseFS(templateFiles, "templates/layout.html", "templates/"+page+".html")
		if err != nil {
			return nil, fmt.Errorf("site: %w", err)
		}
		srv.pages[page] = t
	}
	static, err := fs.Sub(staticFiles, "static")
	if err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	metrics, err := srv.metrics()
	if err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", srv.home)
	mux.HandleFunc("GET /audits", srv.audits)
	mux.HandleFunc("GET /audits/{id}", srv.audit)
	mux.HandleFunc("GET /websites", srv.websites)
	mux.HandleFunc("GET /evidence/{sha256}", srv.evidence)
	mux.HandleFunc("GET /pictures/{sha256}", srv.picture)
	mux.HandleFunc("GET /api/v1/outcomes", srv.outcomesNDJSON)
	mux.HandleFunc("GET /api/v1/report", srv.report)
	mux.HandleFunc("GET /outcomes.csv", srv.outcomesCSV)
	mux.HandleFunc("GET /outcomes.parquet", srv.outcomesParquet)
	mux.HandleFunc("GET /healthz", healthz)
	mux.Handle("GET /metrics", metrics)
	mux.Handle("GET /static/", cached(http.StripPrefix("/static/", http.FileServerFS(static))))
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) { srv.problem(w, r, http.StatusNotFound) })
	return secured(mux), nil
}

// policy lets a page load this site's own style and pictures and nothing else: no script at all.
const policy = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secured sets the headers that every response carries.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "private, no-cache") // asked again each time, answered 304 when nothing changed
		next.ServeHTTP(w, r)
	})
}

func cached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=300")
		next.ServeHTTP(w, r)
	})
}

// render writes a page whole or not at all, with an ETag of its bytes.
func (s *server) render(w http.ResponseWriter, r *http.Request, code int, page string, data any) {
	var b bytes.Buffer
	if err := s.pages[page].ExecuteTemplate(&b, "layout.html", data); err != nil {
		slog.Error("page failed", "page", page, "err", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Add("Vary", "Accept-Language")
	if code != http.StatusOK {
		h.Set("Content-Length", strconv.Itoa(b.Len()))
		w.WriteHeader(code)
		if r.Method != http.MethodHead {
			_, _ = w.Write(b.Bytes()) // the reader has gone
		}
		return
	}
	sum := sha256.Sum256(b.Bytes())
	h.Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b.Bytes()))
}

// problem writes an error page in the reader's language.
func (s *server) problem(w http.ResponseWriter, r *http.Request, code int) {
	f, _ := parseFilter(r.URL.Query())
	p := s.frame(r, f)
	key := "problem.server"
	switch code {
	case http.StatusNotFound:
		key = "problem.missing"
	case http.StatusBadRequest:
		key = "problem.request"
	}
	p.Title = p.T(key)
	s.render(w, r, code, "problem", struct {
		frame
		Text string
	}{p, p.T(key + ".text")})
}

func healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "ok")
}
