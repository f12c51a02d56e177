package main

import (
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
	"github.com/sonde-fleet/sonde/ledger"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/site"
	"github.com/sonde-fleet/sonde/store"
)

// The store has one owner. While the collector runs, the other commands reach it through a socket in the data folder,
// whose permissions are the guard: who may open it may read the folder.
func socketPath(c *config.Collector) string { return filepath.Join(c.Data, "collector.sock") }

// serveLocal serves the site for reading, and takes what is written on this machine, until the returned function is called.
func serveLocal(ctx context.Context, c *config.Collector, pages http.Handler, l *ledger.Ledger, trail func(uint64, func(*store.Link) bool) error) (stop func(), err error) {
	path := socketPath(c)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("local socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		listener.Close()
		return nil, fmt.Errorf("local socket: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.HandleFunc("POST /local/write", func(w http.ResponseWriter, r *http.Request) {
		var e probes.Event
		if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&e); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		n, err := l.Write(e)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]uint64{"n": n}) // the other side has gone
	})
	mux.HandleFunc("GET /local/flags", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(flagsOf(l)) // the other side has gone
	})
	mux.HandleFunc("GET /local/trail", func(w http.ResponseWriter, _ *http.Request) {
		if writeTrail(w, trail) != nil {
			panic(http.ErrAbortHandler) // the reader must see that it broke off
		}
	})
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(listener) // ends with Shutdown, there is no other way out of a listener that works
	}()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if s.Shutdown(ctx) != nil {
			s.Close()
		}
		<-done
	}, nil
}

// running is a client of the collector that runs here.
func running(c *config.Collector) *http.Client { return site.Socket(socketPath(c)) }

// fetchTrail copies the trail of the running collector.
func (a *app) fetchTrail(c *config.Collector, w io.Writer) error {
	q, err := http.NewRequestWithContext(a.ctx, http.MethodGet, "http://collector/local/trail", nil)
	if err != nil {
		return err
	}
	resp, err := running(c).Do(q)
	if err != nil {
		return fmt.Errorf("collector: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("collector: %s: %w", resp.Status, errRefused)
	}
	_, err = io.Copy(w, resp.Body)
	return err
}

// post sends an event to the running collector.
func post(ctx context.Context, c *config.Collector, e *probes.Event) error {
	r, w := io.Pipe()
	go func() { w.CloseWithError(json.NewEncoder(w).Encode(e)) }()
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://collector/local/write", r)
	if err != nil {
		return err
	}
	resp, err := running(c).Do(q)
	if err != nil {
		return fmt.Errorf("collector: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(resp.Body, 1000))
		return fmt.Errorf("collector: %s: %s: %w", resp.Status, said, errRefused)
	}
	return nil
}

var errRefused = errors.New("it did not take it")
