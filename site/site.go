// Package site is the collector's pages and API as one http.Handler. It computes nothing itself: figures come from
// package stats, files from package report.
package site

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
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

// Vault gives the bytes of evidence.
type Vault interface {
	Evidence(probes.Hash) ([]byte, error)
}

// New makes the site.
func New(s Source, v Vault) (http.Handler, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/outcomes", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		e := json.NewEncoder(w)
		for _, o := range s.Snapshot().Outcomes {
			if e.Encode(o) != nil {
				return // the reader has gone
			}
		}
	})
	return mux, nil
}

// Fetch reads the outcomes of a running collector.
func Fetch(ctx context.Context, url string) ([]stats.Outcome, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/v1/outcomes", nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		return nil, fmt.Errorf("collector: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("collector %s: %s", url, resp.Status)
	}
	var out []stats.Outcome
	d := json.NewDecoder(bufio.NewReader(resp.Body))
	for d.More() {
		var o stats.Outcome
		if err := d.Decode(&o); err != nil {
			return nil, fmt.Errorf("collector %s: %w", url, err)
		}
		out = append(out, o)
	}
	return out, nil
}
