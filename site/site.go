// Package site is the collector's pages and API as one http.Handler, in French and English: figures and curves for readers,
// campaigns and probers for operators, the review of what is doubtful for auditors, and each audit's story with its
// evidence. It computes no figure (package stats does), finds no flag (package review does), writes no file format (package
// report does) and stores nothing: it is given what it shows, and hands on what people decide. Who asks is package access's.
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
	"strings"
	"sync"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report/edition"
	"github.com/sonde-fleet/sonde/review"
	"github.com/sonde-fleet/sonde/site/openapi"
	"github.com/sonde-fleet/sonde/stats"
)

// Snapshot is everything that the pages show, as of one instant.
type Snapshot struct {
	At        time.Time // wall time
	Launches  []probes.Launch
	Outcomes  []stats.Outcome
	Unmatched int // mails in the holding pen
	// Faulty are the audits whose evidence was found missing or damaged when it was last read through.
	Faulty map[probes.AuditID]review.Faulty
}

// Source gives the site what it shows.
type Source interface {
	Snapshot() Snapshot
	// Outcome returns one audit's outcome as of now: newer than any snapshot.
	Outcome(probes.AuditID) (stats.Outcome, bool)
	// Events returns the events of the audit in the order of the journals; none for an audit that is not known.
	Events(probes.AuditID) ([]probes.Event, error)
}

// Vault gives the bytes of evidence.
type Vault interface {
	Evidence(probes.Hash) ([]byte, error)
}

// Pen writes down what people decide, in a journal that is only ever appended to.
type Pen interface {
	// Write returns the number of the last record once all are durable and counted in the source's outcomes: all or none.
	Write(...probes.Event) (n uint64, err error)
}

// Trail is the journal of what people did, chained by hash.
type Trail interface {
	Pen
	Desk
	// Head returns the number and the hash of the newest record.
	Head() (n uint64, hash probes.Hash)
}

// Options are what the site is made of. What is nil is not offered.
type Options struct {
	Source   Source
	Vault    Vault
	Trail    Trail         // nil: nothing can be decided
	Shelf    Shelf         // views that people keep
	Signer   Signer        // of answers to structures
	Messages Messages      // search in messages
	Guard    *access.Guard // nil: the pages for signing in are somebody else's
	Accounts *access.DB
	Probers  []Prober      // that operators steer
	Pulls    func() []Pull // how the collector stands with their journals
	FourEyes []string      // orders that a second operator approves
	Public   string        // the address under which the site is reached; "" takes that of the request
	// Links returns the records of the trail after the number, at most n: those who may read evidence can prove the chain.
	Links func(after uint64, n int) ([]TrailLink, error)
	// Editions are figures of earlier editions, beside which our own campaigns are drawn.
	Editions []edition.Point
	// Webhooks says how the systems stand that are told what happens.
	Webhooks func() []openapi.WebhookStatus
}

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static
var staticFiles embed.FS

// pageNames are the templates, each with layout.html and parts.html.
var pageNames = [...]string{"home", "audits", "audit", "websites", "problem", "review", "coding", "agreement", "structures", "structure", "search", "suggest",
	"campaigns", "operation", "live", "plan", "fleet", "order", "door", "account", "accounts", "own", "help", "accessibility", "api",
	"barometer", "grid", "practices", "heard", "follows", "tasks", "task"}

// server is the site: its source, its languages and its pages.
type server struct {
	views    *views
	source   Source
	vault    Vault
	pen      Pen   // nil: nothing can be decided
	trail    Trail // the same
	desk     Desk  // the same
	shelf    Shelf
	signer   Signer
	guard    *access.Guard
	doors    *access.DB
	fleet    *fleet
	pulls    func() []Pull
	links    func(after uint64, n int) ([]TrailLink, error)
	webhooks func() []openapi.WebhookStatus
	messages Messages
	earlier  []edition.Point
	fourEyes map[string]bool
	public   string
	reads    *reads
	waves    waves
	signing  sync.Mutex // of calls that people made: an audit has one
	printer  *printer
	locales  *locales
	pages    map[string]*template.Template
}

// New makes the site. It fails when its own messages or templates are faulty, which the tests exclude.
func New(o Options) (http.Handler, error) {
	l, err := loadLocales()
	if err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	srv := &server{views: &views{source: o.Source}, source: o.Source, vault: o.Vault, signer: o.Signer, shelf: o.Shelf, messages: o.Messages, earlier: o.Editions, guard: o.Guard, doors: o.Accounts,
		fleet: &fleet{probers: o.Probers}, pulls: o.Pulls, links: o.Links, webhooks: o.Webhooks, fourEyes: map[string]bool{}, public: o.Public, reads: newReads(), printer: newPrinter(), locales: l,
		pages: map[string]*template.Template{}}
	if o.Trail != nil {
		srv.pen, srv.desk, srv.trail = o.Trail, o.Trail, o.Trail
	}
	for _, do := range o.FourEyes {
		srv.fourEyes[do] = true
	}
	if o.Guard != nil {
		o.Guard.Refuse = srv.stopped
	}
	for _, page := range pageNames {
		t, err := template.ParseFS(templateFiles, "templates/layout.html", "templates/parts.html", "templates/"+page+".html")
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
	page := func(pattern string, right access.Right, h http.HandlerFunc) {
		mux.HandleFunc(pattern, srv.need(right, h))
	}
	page("GET /{$}", access.ReadFigures, srv.home)
	page("GET /audits", access.ReadAudits, srv.audits)
	page("GET /audits/{id}", access.ReadAudits, srv.audit)
	page("POST /views", access.OwnAccount, srv.save)
	page("GET /websites", access.ReadAudits, srv.websites)
	page("GET /review", access.Review, srv.queue)
	page("POST /audits/{id}/verdict", access.Review, srv.verdict)
	page("POST /audits/{id}/heard", access.Review, srv.tryHeard)
	page("POST /audits/{id}/withdraw", access.Review, srv.withdraw)
	page("GET /coding", access.Review, srv.coding)
	page("POST /audits/{id}/coding", access.Review, srv.coded)
	page("GET /agreement", access.ReadAudits, srv.agreement)
	page("POST /audits/{id}/answer", access.Review, srv.answer)
	page("GET /structures", access.ReadAudits, srv.structures)
	page("GET /structures/{id}", access.ReadAudits, srv.structurePage)
	page("GET /structures/{id}/report", access.ReadAudits, srv.structureReport)
	page("GET /barometer", access.ReadFigures, srv.barometer)
	page("GET /barometer/report", access.ReadFigures, srv.barometerReport)
	page("GET /grid", access.ReadFigures, srv.gridPage)
	page("GET /practices", access.ReadFigures, srv.practicesPage)
	for path, write := range srv.scoreFiles() {
		page("GET "+path, access.ReadAudits, write)
	}
	page("GET /search", access.ReadAudits, srv.search)
	page("GET /campaigns", access.Operate, srv.campaignsPage)
	page("GET /campaigns/{id}", access.Operate, srv.operation)
	page("GET /campaigns/{id}/live", access.Operate, srv.operationLive)
	page("GET /plan", access.Operate, srv.planPage)
	page("GET /fleet", access.Operate, srv.fleetPage)
	page("GET /tasks", access.MakeCalls, srv.tasksPage)
	page("GET /tasks/{id}", access.MakeCalls, srv.taskPage)
	page("POST /tasks/{id}", access.MakeCalls, srv.callWritten)
	page("GET /help", access.ReadFigures, srv.help)
	mux.HandleFunc("GET /accessibility", srv.accessibility)
	if srv.pen != nil {
		page("GET /orders", access.Operate, srv.orderPage)
		page("POST /orders", access.Operate, srv.orderGiven)
		page("POST /orders/{n}", access.Operate, srv.decideProposal)
		page("GET /structure", access.ReadOwnAudits, srv.minded)
		page("GET /structure/report", access.ReadOwnAudits, srv.ownReport)
		page("POST /structure/audits/{id}/dispute", access.Dispute, srv.dispute)
	}
	if srv.guard != nil && srv.doors != nil {
		srv.openDoors(mux, page)
	}
	page("GET /evidence/{sha256}", access.ReadEvidence, srv.evidence)
	page("GET /audits/{id}/sound/{sha256}", access.ReadEvidence, srv.sound)
	page("GET /pictures/{sha256}", access.ReadEvidence, srv.picture)
	page("GET /api", access.ReadFigures, srv.apiPage)
	page("GET /outcomes.csv", access.ReadAudits, srv.outcomesCSV)
	page("GET /outcomes.parquet", access.ReadAudits, srv.outcomesParquet)
	page("GET /metrics", access.ReadFigures, metrics.ServeHTTP)
	mux.HandleFunc("GET /healthz", healthz)
	mux.Handle("GET /static/", cached(http.StripPrefix("/static/", http.FileServerFS(static))))
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) { srv.problem(w, r, http.StatusNotFound) })
	all, err := srv.api(mux)
	if err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	return secured(all), nil
}

// openDoors adds the pages on which people sign in and manage accounts.
func (s *server) openDoors(mux *http.ServeMux, page func(string, access.Right, http.HandlerFunc)) {
	mux.HandleFunc("GET /sign-in", s.signInPage)
	mux.HandleFunc("POST /sign-in", s.signIn)
	mux.HandleFunc("POST /sign-out", s.signOut)
	mux.HandleFunc("GET /sign-in/provider", s.toProvider)
	mux.HandleFunc("GET "+access.OIDCPath, s.fromProvider)
	mux.HandleFunc("GET /welcome/{secret}", s.welcomePage)
	mux.HandleFunc("POST /welcome/{secret}", s.welcome)
	mux.HandleFunc("GET /s/{link}", s.structureDoor)
	page("GET /account", access.OwnAccount, s.accountPage)
	page("POST /account/password", access.OwnAccount, s.password)
	page("POST /account/sign-out-everywhere", access.OwnAccount, s.signOutEverywhere)
	page("POST /account/tokens", access.OwnAccount, s.makeToken)
	page("POST /account/tokens/{id}/revoke", access.OwnAccount, s.revokeToken)
	page("GET /accounts", access.ManageAccounts, s.accountsPage)
	page("POST /accounts", access.ManageAccounts, s.changeAccount)
	page("POST /structures/{id}/links", access.Operate, s.linkStructure)
	page("POST /structures/{id}/links/{serial}/revoke", access.Operate, s.revokeLink)
}

// policy lets a page load this site's own style, script files, pictures and recordings, and nothing else: no script within a page.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secured sets the headers that every response carries.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		next.ServeHTTP(w, r)
	})
}

func secure(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "private, no-cache") // asked again each time, answered 304 when nothing changed
}

func cached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=300")
		next.ServeHTTP(w, r)
	})
}

// buffers are those that pages are made in: to grow one for each page was most of what the garbage collector had to do.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxBuffer is up to which size a buffer is kept.
const maxBuffer = 1 << 20

// render writes a page whole or not at all, with an ETag of its bytes.
func (s *server) render(w http.ResponseWriter, r *http.Request, code int, page string, data any) {
	b := buffers.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() <= maxBuffer {
			buffers.Put(b)
		}
	}()
	b.Reset()
	if err := s.pages[page].ExecuteTemplate(b, root(page), data); err != nil {
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

// root is the template that a page begins with: parts of a page, which a script puts into place, have no frame.
func root(page string) string {
	if page == "live" || page == "suggest" || page == "follows" {
		return "main"
	}
	return "layout.html"
}

// problem writes an error page in the reader's language.
func (s *server) problem(w http.ResponseWriter, r *http.Request, code int) {
	if strings.HasPrefix(r.URL.Path, apiRoot) {
		problemJSON(w, code, strings.ToLower(http.StatusText(code)))
		return
	}
	f, _ := parseFilter(r.URL.Query())
	p := s.frame(r, f)
	key := "problem.server"
	switch code {
	case http.StatusForbidden:
		key = "problem.forbidden"
	case http.StatusConflict:
		key = "problem.conflict"
	case http.StatusNotFound:
		key = "problem.missing"
	case http.StatusBadRequest:
		key = "problem.request"
	}
	p.Title = p.T(key)
	s.render(w, r, code, "problem", problemPage{p, p.T(key + ".text"), ""})
}

type problemPage struct {
	frame
	Text, Back string
}

func healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "ok")
}
