package main

import (
	"cmp"
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-sasl"
	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/directory"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/mail"
	"github.com/sonde-fleet/sonde/probes/mail/rate"
	"github.com/sonde-fleet/sonde/probes/web"
	"github.com/sonde-fleet/sonde/probes/web/browser"
	"github.com/sonde-fleet/sonde/probes/web/item"
	"github.com/sonde-fleet/sonde/probes/web/proxy"
	"github.com/sonde-fleet/sonde/schedule/calendar"
	"github.com/sonde-fleet/sonde/store"
)

// channels is the one list of the channels that this program has.
var channels = map[probes.Channel]bool{probes.Mail: true, probes.Web: true, probes.Phone: true}

// built are the channels of a prober: without a trunk it calls nobody.
func built(p *config.Prober) map[probes.Channel]bool {
	has := maps.Clone(channels)
	has[probes.Phone] = p.Phone.Trunk.Addr != ""
	return has
}

// buildMail makes the e-mail channel from the files. Every fault of keys and certificates is returned together.
func buildMail(p *config.Prober, c *config.Campaign, db *store.DB, forms mail.Desk, monitor mail.Monitor) (*mail.Channel, error) {
	o := mail.Options{Hello: p.Mail.Hello, Timeout: p.Mail.Timeout, MaxMessage: p.Mail.MaxMessage, Seed: c.Seed,
		Accounts: map[string]mail.Account{}, Scenarios: map[string]mail.Scenario{}, Wordings: map[string]map[string]string{}, Archive: db, Desk: forms, Monitor: monitor}
	var faults []error
	for _, x := range c.Personas {
		account, ok := p.Mail.Accounts[x.ID]
		if !ok {
			continue
		}
		made, err := buildAccount(account, mail.Persona{Given: x.Given, Family: x.Family, Civility: x.Civility, Town: x.Town, Phone: x.Phone})
		if err != nil {
			faults = append(faults, fmt.Errorf("mail.accounts.%s: %w", x.ID, err))
		}
		made.Persona.Address = x.Address
		o.Accounts[x.ID] = made
	}
	if c.Experiment != nil {
		for i, arm := range c.Experiment.Arms {
			if o.Wordings[arm.ID] = arm.Set; i == 0 {
				o.Wordings[""] = arm.Set // of an audit that takes no part, for example prober probe
			}
		}
	}
	for _, s := range c.Scenarios {
		made := mail.Scenario{Language: s.Language, Subjects: s.Subjects, Bodies: s.Bodies}
		for _, f := range s.Facts {
			fact, err := rate.CompileFact(f.ID, f.Any)
			if err != nil {
				faults = append(faults, fmt.Errorf("scenario %s: fact %s: %w", s.ID, f.ID, err))
				continue
			}
			made.Facts = append(made.Facts, fact)
		}
		o.Scenarios[s.ID] = made
	}
	return mail.New(o), errors.Join(faults...)
}

func buildAccount(a config.MailAccount, persona mail.Persona) (mail.Account, error) {
	out := mail.Account{Persona: persona, Address: a.Address, Reply: mail.ReplyStyle(a.Reply), Poll: a.IMAP.Poll, Sent: a.IMAP.Sent,
		Witness: a.SMTP.Witness == nil || *a.SMTP.Witness}
	var err1, err2, err3 error
	out.SMTP, err1 = buildServer(a.SMTP.Addr, a.SMTP.TLS, a.SMTP.CAFile, a.SMTP.Login)
	out.IMAP, err2 = buildServer(a.IMAP.Addr, a.IMAP.TLS, a.IMAP.CAFile, a.IMAP.Login)
	if a.DKIM != nil {
		out.DKIM, err3 = buildDKIM(a.DKIM)
	}
	return out, errors.Join(err1, err2, err3)
}

func buildServer(addr, security, caFile string, l config.Login) (mail.Server, error) {
	s := mail.Server{Addr: addr, Security: mail.Security(security)}
	switch l.Auth {
	case "plain":
		s.Auth = func() sasl.Client { return sasl.NewPlainClient("", l.User, l.Password) }
	case "login":
		s.Auth = func() sasl.Client { return sasl.NewLoginClient(l.User, l.Password) }
	case "xoauth2":
		s.Auth = func() sasl.Client { return mail.XOAuth2(l.User, l.Password) }
	}
	if caFile == "" {
		return s, nil
	}
	data, err := os.ReadFile(caFile)
	if err != nil {
		return s, fmt.Errorf("ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return s, fmt.Errorf("ca_file: %s has no certificate in PEM form", caFile)
	}
	s.TLS = &tls.Config{RootCAs: pool}
	return s, nil
}

func buildDKIM(d *config.DKIM) (*dkim.SignOptions, error) {
	data, err := os.ReadFile(d.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("dkim.key_file: %w", err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("dkim.key_file: %s is not in PEM form", d.KeyFile)
	}
	var key any
	if key, err = x509.ParsePKCS8PrivateKey(block.Bytes); err != nil {
		if key, err = x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
			return nil, fmt.Errorf("dkim.key_file: %s: neither PKCS#8 nor PKCS#1: %w", d.KeyFile, err)
		}
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("dkim.key_file: %s holds no signing key", d.KeyFile)
	}
	return &dkim.SignOptions{Domain: d.Domain, Selector: d.Selector, Signer: signer,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed}, nil
}

// desk fills in contact forms with the browser of the website channel.
type desk struct{ sites *web.Channel }

func (d desk) Submit(ctx context.Context, form string, e mail.Entry, sending func([]probes.Evidence) error) (mail.Receipt, error) {
	s, err := d.sites.Submit(ctx, form, web.Letter{Given: e.Given, Family: e.Family, Civility: e.Civility, Email: e.Email, Phone: e.Phone, Town: e.Town,
		Address: e.Address, Subject: e.Subject, Text: e.Text}, sending)
	if err != nil {
		return mail.Receipt{}, err
	}
	delivery := map[web.Delivery]mail.Delivery{web.Acknowledged: mail.Taken, web.ByHand: mail.NeedsPerson}[s.Delivery]
	return mail.Receipt{Delivery: cmp.Or(delivery, mail.Unclear), Text: s.Text, At: s.At, Evidence: s.Evidence}, nil
}

// knownOf returns what the directory says of a structure: its site is compared with it.
func knownOf(list []directory.Structure) func(probes.StructureID) item.Known {
	of := make(map[probes.StructureID]*directory.Structure, len(list))
	for i := range list {
		of[list[i].ID] = &list[i]
	}
	return func(id probes.StructureID) item.Known {
		s := of[id]
		if s == nil {
			return item.Known{}
		}
		return item.Known{Telephones: s.Contacts[probes.Phone], Emails: slices.DeleteFunc(slices.Clone(s.Contacts[probes.Mail]), func(x string) bool { return !strings.Contains(x, "@") }), Hours: s.Hours,
			Addresses: slices.Concat(s.Contacts[probes.Visit], s.Contacts[probes.Post])}
	}
}

// buildWeb reads the settings of the website channel.
func buildWeb(w *config.Web, zone *time.Location) (o web.Options, err error) {
	o = web.Options{Browser: browser.Options{Path: w.Browser}, Pages: w.Pages, Pause: w.Pause, PageBudget: w.PageBudget, SiteBudget: w.SiteBudget, Check: w.Check}
	if o.Window, err = calendar.ParseWindow(w.Window, zone); err != nil {
		return o, fmt.Errorf("web.window: %w", err)
	}
	for i, s := range w.Allow {
		e, err := proxy.ParseException(s)
		if err != nil {
			return o, fmt.Errorf("web.allow[%d]: %w", i, err)
		}
		o.Allow = append(o.Allow, e)
	}
	return o, nil
}
