package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"

	"github.com/sonde-fleet/sonde/townhall"
	"github.com/sonde-fleet/sonde/townhall/switchboard"
)

type runCmd struct {
	layout
	Truth string `help:"File for the truth, written when the town stops." placeholder:"FILE"`
}

// open makes the town of the demo's files.
func (l *layout) open() (town *townhall.Town, err error) {
	sounds, err := switchboard.LoadSounds()
	if err != nil && l.SIP != "" {
		slog.Warn("the town has no telephones", "err", err)
		l.SIP = ""
	}
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
	var opened []io.Closer
	defer func() {
		if err != nil {
			for _, c := range opened {
				c.Close()
			}
		}
	}()
	if o.SMTP, err = net.Listen("tcp", l.SMTP); err != nil {
		return nil, fmt.Errorf("submission server: %w; Try: another -smtp", err)
	}
	opened = append(opened, o.SMTP)
	if o.Web, err = net.Listen("tcp", l.Web); err != nil {
		return nil, fmt.Errorf("websites: %w; Try: another -web", err)
	}
	opened = append(opened, o.Web)
	if o.IMAP, err = net.Listen("tcp", l.IMAP); err != nil {
		return nil, fmt.Errorf("mailboxes: %w; Try: another -imap", err)
	}
	opened = append(opened, o.IMAP)
	if l.SIP == "" {
		return townhall.New(o)
	}
	calls := switchboard.Options{Telephones: townhall.Telephones(residents), Sounds: sounds, Seed: c.Seed, User: trunkUser, Password: password}
	if calls.UDP, err = net.ListenPacket("udp", l.SIP); err != nil {
		return nil, fmt.Errorf("telephones: %w; Try: another -sip", err)
	}
	opened = append(opened, calls.UDP)
	if calls.TCP, err = net.Listen("tcp", l.SIP); err != nil {
		return nil, fmt.Errorf("telephones: %w; Try: another -sip", err)
	}
	opened = append(opened, calls.TCP)
	if o.Telephones, err = switchboard.New(calls); err != nil {
		return nil, err
	}
	return townhall.New(o)
}

func (r *runCmd) Run(a *app) error {
	town, err := r.open()
	if err != nil {
		return err
	}
	slog.Info("the town is open", "smtp", town.SMTPAddr(), "imap", town.IMAPAddr(), "web", r.Web, "sip", r.SIP, "files", r.Dir)
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
	for _, c := range town.Calls() {
		if err := e.Encode(c); err != nil {
			return err
		}
	}
	return f.Close()
}
