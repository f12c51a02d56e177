package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/feed"
	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/store"
)

// The store has one owner. While the agent runs, the other commands reach it through a socket in the data folder;
// otherwise they open the store and serve themselves, so that each command is written once.

func socketPath(p *config.Prober) string { return filepath.Join(p.Data, "control.sock") }

// statusReport is what `prober status` prints.
type statusReport struct {
	Prober   string                `json:"prober"`
	Running  bool                  `json:"running"`
	Campaign string                `json:"campaign,omitempty"`
	Paused   bool                  `json:"paused"`
	DiskFull bool                  `json:"disk_full"`
	Now      time.Time             `json:"campaign_time,omitzero"`
	End      time.Time             `json:"end,omitzero"`
	Records  uint64                `json:"records"`
	Audits   map[probes.Status]int `json:"audits"`
	InDoubt  []doubt               `json:"in_doubt,omitempty"`
	ByHand   []probes.State        `json:"by_hand,omitempty"` // contacts that a person must make
}

// doubt is an audit that may or may not have left. Until its window is over proof may still come by itself.
type doubt struct {
	probes.State
	ProofUntil time.Time `json:"proof_until"`
	Decide     bool      `json:"decide"` // the window is over: an operator decides
}

// enrolled is a structure of the campaign.
type enrolled struct {
	probes.Structure
	Suppressed bool `json:"suppressed"`
}

// controlHandler serves the owner's side of the socket.
func controlHandler(p *config.Prober, db *store.DB, running bool) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /v1/", feed.Handler(p.Name, db, ""))
	mux.HandleFunc("GET /control/status", func(w http.ResponseWriter, _ *http.Request) {
		s := statusReport{Prober: p.Name, Running: running, Paused: db.Paused(), DiskFull: db.Full(), Records: db.Last(), Audits: db.Counts()}
		if l, ok := db.Launch(); ok {
			s.Campaign, s.Now, s.End = l.Campaign, l.Timeline.Campaign(time.Now()).UTC(), l.End
		}
		for _, st := range db.Active() {
			switch st.Status {
			case probes.ByHand:
				s.ByHand = append(s.ByHand, st)
			case probes.InDoubt:
				until := st.Sent.Add(p.Mail.InDoubtWindow)
				s.InDoubt = append(s.InDoubt, doubt{st, until, time.Now().After(until)})
			}
		}
		json.NewEncoder(w).Encode(s)
	})
	mux.HandleFunc("GET /control/state/{audit}", func(w http.ResponseWriter, q *http.Request) {
		st, ok := db.State(probes.AuditID(q.PathValue("audit")))
		if !ok {
			http.Error(w, "there is no such audit", http.StatusNotFound)
			return
		}
		json.NewEncoder(w).Encode(st)
	})
	mux.HandleFunc("GET /control/structure/{id}", func(w http.ResponseWriter, q *http.Request) {
		s, ok := db.Structure(probes.StructureID(q.PathValue("id")))
		if !ok {
			http.Error(w, "there is no such structure in the campaign", http.StatusNotFound)
			return
		}
		json.NewEncoder(w).Encode(enrolled{s, db.Suppressed(s.ID)})
	})
	mux.HandleFunc("POST /control/event", func(w http.ResponseWriter, q *http.Request) {
		var e probes.Event
		if err := json.NewDecoder(io.LimitReader(q.Body, 1<<20)).Decode(&e); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		e.At = time.Now().UTC()
		if l, ok := db.Launch(); ok && e.Kind == probes.AuditResolved && e.Detail["as"] == "not-sent" {
			e.Detail["retry"] = l.Timeline.Campaign(e.At).UTC().Format(time.RFC3339Nano)
		}
		if err := db.Record(e); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	})
	mux.HandleFunc("GET /control/backup", func(w http.ResponseWriter, _ *http.Request) {
		if err := db.Backup(w); err != nil {
			panic(http.ErrAbortHandler) // the reader sees that the archive is cut
		}
	})
	mux.HandleFunc("GET /control/verify", func(w http.ResponseWriter, _ *http.Request) {
		if err := db.Verify(); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
		}
	})
	return mux
}

// serveControl listens on the socket until ctx is done. A socket left by a dead process is taken over: the store's
// lock, which the caller holds, proves that nobody serves it.
func serveControl(ctx context.Context, path string, h http.Handler) (stop func(), err error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	return serve(l, h), os.Chmod(path, 0o600)
}

// serve answers on the listener until the returned function is called, which waits for what is under way.
func serve(l net.Listener, h http.Handler) (stop func()) {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(l) // ends with Shutdown, there is no other way out of a listener that works
	}()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if s.Shutdown(ctx) != nil {
			s.Close()
		}
		<-done
	}
}

// control is a command's side of the socket.
type control struct {
	client *http.Client
	stop   func()
}

// open reaches the agent, or opens the store when no agent runs.
func (a *app) open() (*control, error) {
	p, err := config.LoadProber(a.config)
	if err != nil {
		return nil, cli.UsageError{Err: err}
	}
	path := socketPath(p)
	c := &control{client: &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}}
	if conn, err := net.Dial("unix", path); err == nil {
		conn.Close()
		c.stop = func() {}
		return c, nil
	}
	if _, err := os.Stat(filepath.Join(p.Data, "state.db")); err != nil {
		return nil, fmt.Errorf("there is no store in %s yet; Try: prober run -config %s", p.Data, a.config)
	}
	db, err := store.Open(p.Data)
	if err != nil {
		return nil, err
	}
	stop, err := serveControl(a.ctx, path, controlHandler(p, db, false))
	if err != nil {
		db.Close()
		return nil, err
	}
	c.stop = func() { stop(); db.Close() }
	return c, nil
}

// call asks the owner; out may be nil, an io.Writer for the raw body, or what the JSON is decoded into.
func (c *control) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	q, err := http.NewRequestWithContext(ctx, method, "http://prober"+path, body)
	if err != nil {
		return err
	}
	resp, err := c.client.Do(q)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
		return errors.New(string(bytes.TrimSpace(said)))
	}
	switch out := out.(type) {
	case nil:
		return nil
	case io.Writer:
		_, err = io.Copy(out, resp.Body)
		return err
	default:
		return json.NewDecoder(resp.Body).Decode(out)
	}
}

// pull returns the feed client over the socket.
func (c *control) pull() *feed.Client { return &feed.Client{URL: "http://prober", HTTP: c.client} }
