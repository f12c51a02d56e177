package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/ledger"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/review"
	"github.com/sonde-fleet/sonde/store"
)

func socketPath(c *config.Collector) string { return filepath.Join(c.Data, "collector.sock") }

// serveLocal serves the site for reading, and takes what is written on this machine, until the returned function is called.
func serveLocal(ctx context.Context, c *config.Collector, pages http.Handler, l *ledger.Ledger, trail func(uint64, func(*store.Link) bool) error) (stop func(), err error) {
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
	mux.HandleFunc("GET /local/launches", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(l.Launches()) // the other side has gone
	})
	mux.HandleFunc("GET /local/trail", func(w http.ResponseWriter, _ *http.Request) {
		if writeTrail(w, trail) != nil {
			panic(http.ErrAbortHandler) // the reader must see that it broke off
		}
	})
	return cli.ServeSocket(ctx, socketPath(c), mux)
}

// running is a client of the collector that runs here.
func running(c *config.Collector) *http.Client { return cli.Socket(socketPath(c)) }

// ask asks the running collector for a local address, with the body where there is one; whoever gets the answer closes it.
func (a *app) ask(c *config.Collector, method, path string, body io.Reader) (io.ReadCloser, error) {
	q, err := http.NewRequestWithContext(a.ctx, method, "http://collector/local/"+path, body)
	if err != nil {
		return nil, err
	}
	resp, err := running(c).Do(q)
	if err != nil {
		return nil, fmt.Errorf("collector: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		said, _ := io.ReadAll(io.LimitReader(resp.Body, 1000))
		return nil, fmt.Errorf("collector: %s: %s: %w", resp.Status, said, errRefused)
	}
	return resp.Body, nil
}

// fetchTrail copies the trail of the running collector.
func (a *app) fetchTrail(c *config.Collector, w io.Writer) error {
	answer, err := a.ask(c, http.MethodGet, "trail", nil)
	if err != nil {
		return err
	}
	defer answer.Close()
	_, err = io.Copy(w, answer)
	return err
}

// askFlags returns the flags that the running collector finds.
func (a *app) askFlags(c *config.Collector) (flags []review.Flag, err error) {
	answer, err := a.ask(c, http.MethodGet, "flags", nil)
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	err = json.NewDecoder(answer).Decode(&flags)
	return flags, err
}

// post sends an event to the running collector.
func (a *app) post(c *config.Collector, e *probes.Event) error {
	raw, err := json.Marshal(e)
	if err != nil {
		return err
	}
	answer, err := a.ask(c, http.MethodPost, "write", bytes.NewReader(raw))
	if err != nil {
		return err
	}
	return answer.Close()
}

var errRefused = errors.New("it did not take it")
