package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/control"
	"github.com/sonde-fleet/sonde/feed"
	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/store"
)

// The store has one owner. While the agent runs, the other commands reach it through a socket in the data folder;
// otherwise they open the store and serve themselves, so that each command is written once.

func socketPath(p *config.Prober) string { return filepath.Join(p.Data, "control.sock") }

// owner is a command's side of the socket.
type owner struct {
	*control.Client
	stop func()
}

// open reaches the agent, or opens the store when no agent runs.
func (a *app) open() (*owner, error) {
	p, err := config.LoadProber(a.config)
	if err != nil {
		return nil, cli.UsageError{Err: err}
	}
	path := socketPath(p)
	c := &owner{Client: &control.Client{URL: "http://prober", HTTP: cli.Socket(path)}, stop: func() {}}
	if conn, err := net.Dial("unix", path); err == nil {
		conn.Close()
		return c, nil
	}
	if _, err := os.Stat(filepath.Join(p.Data, "state.db")); err != nil {
		return nil, fmt.Errorf("there is no store in %s yet; Try: prober run -config %s", p.Data, a.config)
	}
	db, err := store.Open(p.Data)
	if err != nil {
		return nil, err
	}
	steer := control.New(control.Options{Prober: p.Name, Store: db, InDoubtWindow: p.Mail.InDoubtWindow, Built: built(p), Load: func() (*control.Files, error) { return loadFiles(a.config) }})
	stop, err := cli.ServeSocket(a.ctx, path, ownerHandler(p, db, steer))
	if err != nil {
		db.Close()
		return nil, err
	}
	c.stop = func() { stop(); db.Close() }
	return c, nil
}

// ownerHandler serves whoever may open the socket: the data folder's owner, without a token.
func ownerHandler(p *config.Prober, db *store.DB, steer *control.Server) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/v1/", feed.Handler(p.Name, db, ""))
	mux.Handle("/control/", steer.Handler())
	return mux
}

// publicHandler serves the collector.
func publicHandler(p *config.Prober, db *store.DB, steer *control.Server) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/v1/", feed.Handler(p.Name, db, p.Token))
	mux.Handle("/control/", control.Guard(p.Token, steer.Handler()))
	return mux
}

// pull returns the feed client over the socket.
func (c *owner) pull() *feed.Client { return &feed.Client{URL: c.URL, HTTP: c.HTTP} }

// loadFiles reads what the timetable is computed from. The hashes are those of what was read: a file that is edited
// meanwhile is read again.
func loadFiles(path string) (*control.Files, error) {
	for range 3 {
		var before []control.File
		if p, err := config.LoadProber(path); err == nil {
			before, _ = hashFiles(p) // what cannot be read is a fault that is told with all others
		}
		p, c, list, err := config.LoadTogether(path)
		if err != nil {
			return nil, err
		}
		after, err := hashFiles(p)
		if err != nil {
			return nil, err
		}
		if slices.Equal(before, after) {
			_ = registered(c, list, p.Campaign, p.Directory) // the experiment knows it: what was launched goes on, nothing new is launched
			return &control.Files{Prober: p, Campaign: c, Structures: list, Files: after}, nil
		}
	}
	return nil, fmt.Errorf("the files of %s change while they are read; Try: again when they are saved", path)
}

func hashFiles(p *config.Prober) (files []control.File, err error) {
	for _, name := range []string{p.Campaign, p.Directory} {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(data)
		files = append(files, control.File{Name: filepath.Base(name), SHA256: probes.Hash(hex.EncodeToString(sum[:]))})
	}
	return files, nil
}
