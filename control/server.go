package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/feed"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule"
)

// Store is what the handler asks of the prober's store.
type Store interface {
	// The journal.
	Append(...probes.Record) error
	Last() uint64
	Backup(io.Writer) error
	Verify() error
	// The campaign.
	Launch() (probes.Launch, bool)
	LaunchOrder() (probes.Event, bool)
	Structure(probes.StructureID) (probes.Structure, bool)
	State(probes.AuditID) (probes.State, bool)
	States(func(probes.State) bool) error
	AuditsOf(probes.StructureID) ([]probes.State, error)
	Tally(campaign string, f func(channel probes.Channel, wave string, s probes.Status, n int))
	Queued(s probes.Status, after probes.AuditID, max int) []probes.State
	// What operators did.
	Ordered(key string) (first probes.Event, events int)
	Paused() bool
	Pauses() []probes.Event
	Suppressed(probes.StructureID) bool
	Suppressions(max int) (list []probes.Event, all int)
	Again(probes.AuditID) probes.AuditID
	// The machine.
	Full() bool
	Disk() (free, total, size int64, err error)
	Mailboxes(func(name string, validity, uid uint32, read, down, up time.Time, why string))
	Unmatched() int
}

// Options is everything that a server is built from.
type Options struct {
	Prober        string
	Store         Store
	Running       bool          // an agent runs; false: a command serves itself
	InDoubtWindow time.Duration // how long proof is awaited before an operator decides
	Built         map[probes.Channel]bool
	Health        *Health
	// Load reads prober.yaml, campaign and directory as they are now. nil: there is nothing to plan or launch.
	Load func() (*Files, error)
}

// Server is the prober's end.
type Server struct {
	o        Options
	started  time.Time
	planning chan struct{}
	orders   sync.Mutex // one order at a time: what it finds is still so when it is recorded
	launched chan *Files

	mu      sync.Mutex
	quieter Quieter
	awaited *probes.Launch // what waits for the order to launch; nil: nothing does
	gap     time.Duration  // of the campaign that runs
}

// New makes the server; it serves nothing yet.
func New(o Options) *Server {
	if o.Health == nil {
		o.Health = new(Health)
	}
	return &Server{o: o, started: time.Now(), planning: make(chan struct{}, 1), launched: make(chan *Files, 1), quieter: idle{}}
}

// Steer says which runner begins the tries from now on.
func (s *Server) Steer(q Quieter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quieter = q
}

// Begin launches the campaign of the files, or takes up the one that was launched before. With wait it waits for the order
// to launch; the files that it returns are those of the launch, which may have been edited since the start.
func (s *Server) Begin(ctx context.Context, f *Files, wait bool) (*Files, probes.Launch, error) {
	db, id := s.o.Store, f.Campaign.ID
	if l, ok := db.Launch(); ok && l.Campaign == id {
		if !slices.Equal(l.Files, hashes(f.Files)) {
			slog.Warn("the files have changed since the launch; the timetable stays as it was launched", "campaign", id)
		}
		s.keep(f)
		return f, l, nil
	}
	if e, ok := db.LaunchOrder(); wait && ok && e.Detail["campaign"] == id {
		wait = e.Detail["files"] != joined(hashes(f.Files)) // a crash interrupted the launch: it is completed
		if wait {
			slog.Warn("the files have changed since the launch was ordered; a new order is awaited", "campaign", id)
		}
	}
	if !wait {
		l, err := s.launch(f, nil)
		return f, l, err
	}
	l, err := schedule.NewLaunch(f.Campaign, hashes(f.Files))
	if err != nil {
		return nil, l, err
	}
	s.mu.Lock()
	s.awaited = &l
	s.mu.Unlock()
	select {
	case f = <-s.launched:
	case <-ctx.Done():
		return nil, l, errStopped(ctx)
	}
	l, _ = db.Launch()
	return f, l, nil
}

// launch writes the order, if there is one, and the timetable into the journal.
func (s *Server) launch(f *Files, order *probes.Event) (probes.Launch, error) {
	l, err := schedule.NewLaunch(f.Campaign, hashes(f.Files))
	if err != nil {
		return l, err
	}
	audits, conflicts, err := schedule.Plan(f.Campaign, f.Structures)
	if err != nil {
		return l, err
	}
	for _, x := range conflicts {
		slog.Warn("not planned", "conflict", x.String())
	}
	structures := make([]probes.Structure, len(f.Structures))
	for i := range f.Structures {
		structures[i] = f.Structures[i].Structure
	}
	if order != nil {
		if err := s.o.Store.Append(probes.Record{Event: order}); err != nil {
			return l, err
		}
	}
	s.keep(f)
	return schedule.Launch(s.o.Store, l, structures, audits, s.o.Built)
}

// keep remembers what the campaign's file says and the journal does not.
func (s *Server) keep(f *Files) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gap = time.Duration(f.Campaign.MinGap)
}

func joined(list []probes.Hash) string {
	words := make([]string, len(list))
	for i, h := range list {
		words[i] = string(h)
	}
	return strings.Join(words, " ")
}

// Guard serves h to who knows the token. Without one it serves this machine alone, and no page of a browser on it: the name
// that was asked for must be the loopback's, and the handler takes no form.
func Guard(token string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch {
		case token != "" && !feed.Authorized(q, token):
			w.Header().Set("WWW-Authenticate", "Bearer")
			problem(w, refuse(http.StatusUnauthorized, "the prober's token is missing or wrong; Try: set the same token in prober.yaml and collector.yaml"))
		case token == "" && (!config.Loopback(q.RemoteAddr) || !config.Loopback(q.Host)):
			problem(w, refuse(http.StatusForbidden, "without a token the prober is steered from its own machine alone; Try: set a token in prober.yaml"))
		default:
			h.ServeHTTP(w, q)
		}
	})
}

// Handler serves everything below /control/. It asks for no token: see Guard.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /control/status", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.status(), nil) })
	mux.HandleFunc("GET /control/queue", s.queue)
	mux.HandleFunc("GET /control/state/{audit}", func(w http.ResponseWriter, q *http.Request) {
		st, err := s.state(probes.AuditID(q.PathValue("audit")))
		reply(w, st, err)
	})
	mux.HandleFunc("GET /control/structure/{id}", func(w http.ResponseWriter, q *http.Request) {
		x, err := s.structure(probes.StructureID(q.PathValue("id")))
		reply(w, x, err)
	})
	mux.HandleFunc("GET /control/backup", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-tar")
		if err := s.o.Store.Backup(w); err != nil {
			panic(http.ErrAbortHandler) // the reader sees that the archive is cut
		}
	})
	mux.HandleFunc("GET /control/verify", func(w http.ResponseWriter, _ *http.Request) {
		if err := s.o.Store.Verify(); err != nil {
			err = refuse(http.StatusConflict, "%v", err)
			problem(w, err)
			return
		}
		reply(w, map[string]bool{"whole": true}, nil)
	})
	mux.HandleFunc("POST /control/plan", func(w http.ResponseWriter, q *http.Request) {
		var raw json.RawMessage
		var what WhatIf
		err := read(q, &raw)
		if err == nil {
			d := json.NewDecoder(bytes.NewReader(raw))
			d.DisallowUnknownFields() // a change that is not understood would be a preview of something else
			if err = d.Decode(&what); err != nil {
				err = refuse(http.StatusUnprocessableEntity, "%v", err)
			}
		}
		if err != nil {
			problem(w, err)
			return
		}
		p, err := s.plan(q.Context(), what)
		reply(w, p, err)
	})
	mux.HandleFunc("POST /control/pause", order(s, probes.CampaignPaused, s.pause))
	mux.HandleFunc("POST /control/resume", order(s, probes.CampaignResumed, s.resume))
	mux.HandleFunc("POST /control/cancel", order(s, probes.AuditCancelled, s.cancel))
	mux.HandleFunc("POST /control/resolve", order(s, probes.AuditResolved, s.resolve))
	mux.HandleFunc("POST /control/suppress", order(s, probes.StructureSuppressed, s.suppress))
	mux.HandleFunc("POST /control/launch", order(s, probes.CampaignLaunched, s.ordered))
	mux.HandleFunc("POST /control/again", order(s, probes.AuditAgain, s.again))
	return mux
}

func (s *Server) state(id probes.AuditID) (probes.State, error) {
	st, ok := s.o.Store.State(id)
	if !ok {
		return st, refuse(http.StatusNotFound, "there is no audit %s", id)
	}
	return st, nil
}

func (s *Server) structure(id probes.StructureID) (Enrolled, error) {
	x, ok := s.o.Store.Structure(id)
	if !ok {
		return Enrolled{}, refuse(http.StatusNotFound, "there is no structure %s in the campaign", id)
	}
	return Enrolled{x, s.o.Store.Suppressed(id)}, nil
}

// queue serves a page of what waits for a person or for a channel.
func (s *Server) queue(w http.ResponseWriter, q *http.Request) {
	state := probes.Status(q.FormValue("state"))
	if state != probes.InDoubt && state != probes.ByHand && state != probes.Awaiting {
		problem(w, refuse(http.StatusUnprocessableEntity, "state: %q is no queue; Try: %s, %s or %s", state, probes.InDoubt, probes.ByHand, probes.Awaiting))
		return
	}
	most, err := strconv.Atoi(q.FormValue("max"))
	if err != nil || most < 1 || most > maxListed {
		most = maxListed
	}
	page := Queue{Audits: s.o.Store.Queued(state, probes.AuditID(q.FormValue("after")), most+1)}
	if len(page.Audits) > most {
		page.Audits = page.Audits[:most]
		page.Next = page.Audits[most-1].Audit.ID
	}
	if page.Audits == nil {
		page.Audits = []probes.State{}
	}
	reply(w, page, nil)
}

// maxOrder bounds an order, in octets.
const maxOrder = 1 << 20

// read decodes what is posted. A form of a web page cannot send this type without asking first, and nobody answers it.
func read(q *http.Request, into any) error {
	if kind, _, _ := mime.ParseMediaType(q.Header.Get("Content-Type")); kind != "application/json" {
		return refuse(http.StatusUnsupportedMediaType, "%q is not application/json", kind)
	}
	raw, err := io.ReadAll(io.LimitReader(q.Body, maxOrder))
	if err != nil {
		return refuse(http.StatusBadRequest, "%v", err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return refuse(http.StatusBadRequest, "%v", err)
	}
	return nil
}

func reply(w http.ResponseWriter, v any, err error) {
	if err != nil {
		problem(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a reader that has gone needs no answer
}

// problemType is the media type of RFC 9457.
const problemType = "application/problem+json"

func problem(w http.ResponseWriter, err error) {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{http.StatusInternalServerError, http.StatusText(http.StatusInternalServerError), err.Error()}
	}
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(e.Code)
	_ = json.NewEncoder(w).Encode(e)
}
