package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/control"
	"github.com/sonde-fleet/sonde/ledger"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/site"
	"github.com/sonde-fleet/sonde/site/openapi"
	"github.com/sonde-fleet/sonde/store"
	"github.com/sonde-fleet/sonde/webhook"
)

type runCmd struct{}

func (*runCmd) Run(a *app) error {
	c, db, l, err := a.open()
	if err != nil {
		return err
	}
	defer db.Close()
	go db.Perish(a.ctx)
	if err := l.LoadKey(c.Data); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("site: %w; Try: another listen in %s", err, a.config)
	}
	defer listener.Close()
	doors, err := access.Open(c.Data)
	if err != nil {
		return err
	}
	defer doors.Close()
	doors.Log = func(e access.Entry) { logAccess(l, e) }
	settings, err := access.SettingsOf(c)
	if err != nil {
		return err
	}
	guard, err := access.NewGuard(doors, settings)
	if err != nil {
		return err
	}
	pulled := pullers(c, db, l)
	address := siteAddress(c, listener.Addr().String())
	hooks, err := webhook.Open(webhook.Options{Dir: c.Data, Hooks: c.Webhooks, Ledger: l, Journals: db, Site: address})
	if err != nil {
		return err
	}
	defer hooks.Close()
	handler, err := a.site(c, db, l, doors, guard, pulled, hooks)
	if err != nil {
		return err
	}
	if err := greet(doors, address); err != nil {
		return err
	}
	var work sync.WaitGroup
	for _, p := range pulled {
		work.Go(func() { p.follow(a.ctx, c.Every) })
	}
	work.Go(func() { l.Scrub(a.ctx) })
	work.Go(func() { hooks.Run(a.ctx) })
	stopLocal, err := serveLocal(a.ctx, c, access.Local(handler), l, db.Trail)
	if err != nil {
		return err
	}
	defer stopLocal()
	s := &http.Server{Handler: guard.Wrap(handler), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12}, BaseContext: func(net.Listener) context.Context { return a.ctx }}
	work.Go(func() {
		<-a.ctx.Done()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if s.Shutdown(ctx) != nil {
			s.Close()
		}
	})
	slog.Info("collector runs", "site", address, "probers", len(c.Probers))
	if c.TLS.CertFile != "" {
		err = s.ServeTLS(listener, c.TLS.CertFile, c.TLS.KeyFile)
	} else {
		err = s.Serve(listener)
	}
	work.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// site makes the pages over everything that the collector has.
func (a *app) site(c *config.Collector, db *store.Collected, l *ledger.Ledger, doors *access.DB, guard *access.Guard, pulled []*puller, hooks *webhook.Teller) (http.Handler, error) {
	o := site.Options{Source: l, Vault: db, Shelf: db, Trail: l, Signer: l, Messages: l, Guard: guard, Accounts: doors, FourEyes: c.FourEyes, Public: c.PublicURL}
	var err error
	if o.Editions, err = published(c.Editions); err != nil {
		return nil, err
	}
	for _, p := range c.Probers {
		o.Probers = append(o.Probers, site.Prober{Name: p.Name, Client: &control.Client{URL: p.URL, Token: p.Token}})
	}
	o.Pulls = func() (all []site.Pull) {
		for _, p := range pulled {
			all = append(all, p.pull())
		}
		return all
	}
	o.Links = func(after uint64, n int) (page []site.TrailLink, err error) {
		err = db.Trail(after, func(l *store.Link) bool {
			page = append(page, site.TrailLink{Record: l.Record, Hash: l.Hash, Raw: l.Raw})
			return len(page) < n
		})
		return page, err
	}
	o.Webhooks = func() (all []openapi.WebhookStatus) {
		for _, s := range hooks.Stats() {
			x := openapi.WebhookStatus{Webhook: s.Name, Pending: s.Pending, Delivered: s.Delivered, Failed: s.Failed, Lost: s.Lost}
			if !s.Last.IsZero() {
				x.Last = &s.Last
			}
			if s.Fault != "" {
				x.Fault, x.FailingSince = &s.Fault, &s.Since
			}
			all = append(all, x)
		}
		return all
	}
	return site.New(o)
}

// siteAddress is where a person finds the site.
func siteAddress(c *config.Collector, listen string) string {
	if c.PublicURL != "" {
		return strings.TrimSuffix(c.PublicURL, "/") + "/"
	}
	u := url.URL{Scheme: "http", Host: listen, Path: "/"}
	if c.TLS.CertFile != "" {
		u.Scheme = "https"
	}
	return u.String()
}

// greet prints the link with which the first account is made, while there is none.
func greet(doors *access.DB, address string) error {
	secret, err := doors.Setup()
	if err != nil || secret == "" {
		return err
	}
	fmt.Fprintf(os.Stderr, "\nNobody can sign in yet. Make the first account, once, at:\n  %swelcome/%s\n\n", address, secret)
	return nil
}

// logAccess writes what was done about access into the trail. What fails is logged: a log-in does not wait for it.
func logAccess(l *ledger.Ledger, e access.Entry) {
	detail := map[string]string{"what": string(e.What)}
	for k, v := range map[string]string{"by": e.By, "account": e.Account, "detail": e.Detail} {
		if v != "" {
			detail[k] = v
		}
	}
	if e.Remote.IsValid() {
		detail["remote"] = e.Remote.String()
	}
	if _, err := l.Write(probes.Event{Kind: probes.AccessChanged, At: e.At.UTC(), Detail: detail}); err != nil {
		slog.Error("not written into the trail", "what", e.What, "err", err)
	}
}
