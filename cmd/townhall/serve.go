package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"

	"github.com/sonde-fleet/sonde/townhall"
)

type runCmd struct {
	layout
	Truth string `help:"File for the truth, written when the town stops." placeholder:"FILE"`
}

// open makes the town of the demo's files.
func (l *layout) open() (*townhall.Town, error) {
	c, err := l.write()
	if err != nil {
		return nil, err
	}
	o := townhall.Options{Domain: domain, Mailboxes: personas(c), Password: password, Structures: map[string]townhall.Conduct{},
		Seed: c.Seed, Speed: l.Speed}
	residents := l.residents()
	for _, r := range residents {
		o.Structures[r.Address] = r.Conduct
	}
	o.Websites = townhall.NewWebsites(residents)
	if o.SMTP, err = net.Listen("tcp", l.SMTP); err != nil {
		return nil, fmt.Errorf("submission server: %w; Try: another -smtp", err)
	}
	if o.Web, err = net.Listen("tcp", l.Web); err != nil {
		o.SMTP.Close()
		return nil, fmt.Errorf("websites: %w; Try: another -web", err)
	}
	if o.IMAP, err = net.Listen("tcp", l.IMAP); err != nil {
		o.SMTP.Close()
		o.Web.Close()
		return nil, fmt.Errorf("mailboxes: %w; Try: another -imap", err)
	}
	return townhall.New(o)
}

func (r *runCmd) Run(a *app) error {
	town, err := r.open()
	if err != nil {
		return err
	}
	slog.Info("the town is open", "smtp", town.SMTPAddr(), "imap", town.IMAPAddr(), "web", r.Web, "files", r.Dir)
	if err := town.Run(a.ctx); err != nil || r.Truth == "" {
		return err
	}
	f, err := os.Create(r.Truth)
	if err != nil {
		return err
	}
	defer f.Close()
	e := json.NewEncoder(f)
	for _, t := range town.Truth() {
		if err := e.Encode(t); err != nil {
			return err
		}
	}
	return f.Close()
}
