package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/directory"
	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/web"
	"github.com/sonde-fleet/sonde/store"
)

type probeCmd struct {
	Channel  string        `arg:"" help:"mail, web, phone, social, post or visit." enum:"mail,web,phone,social,post,visit"`
	Target   string        `arg:"" help:"Whom to contact: a contact of the directory."`
	Scenario string        `help:"Scenario; the first of the channel when not given." placeholder:"ID"`
	Persona  string        `help:"Persona; the first of the campaign when not given." placeholder:"ID"`
	Wait     time.Duration `help:"How long answers are watched for." default:"5m"`
	Pages    int           `help:"Web: pages of the sample at most. Without it, 20 of a site whose root is given, and the page alone of any other address." placeholder:"N"`
	Allow    []string      `help:"Web: an address or network that may be visited although it is not public." placeholder:"ADDR"`
	Lang     string        `help:"Web: language of the messages for a reader." enum:"en,fr" default:"en"`
	Mode     string        `help:"Phone: how far the call goes. ring: hang up when it is answered; measure: listen and keep no sound; record: keep it, where a mandate allows it. As the configuration says when not given." enum:"ring,measure,record," default:""`
	Ring     time.Duration `help:"Phone: how long it may ring; 60s when neither this nor the configuration says it." placeholder:"60s"`
	Max      time.Duration `help:"Phone: how long an answered call may last; 120s in the same way." placeholder:"120s"`
	From     string        `help:"Phone: the caller's number or name." placeholder:"NUMBER"`
	Wav      string        `help:"Phone: the file that the sound is written to, with -mode record." placeholder:"FILE"`
}

// Run makes one audit in a store of its own, so that what happens is kept and nothing of the campaign is touched.
func (p *probeCmd) Run(a *app) error {
	if p.Channel == "web" {
		return p.web(a)
	}
	if p.Channel == "phone" {
		return p.phone(a)
	}
	if !channels[probes.Channel(p.Channel)] {
		return cli.UsageError{Err: fmt.Errorf("the channel %s is not built into this prober yet; Try: prober probe mail ADDRESS", p.Channel)}
	}
	conf, c, audit, s, err := p.contact(a)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	db, err := single(conf, &s, &audit)
	if err != nil {
		return err
	}
	defer db.Close()
	sites, err := buildWeb(&conf.Web, time.Local)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	forms := web.New(sites) // starts no browser unless the contact is a form
	defer forms.Close()
	channel, err := buildMail(conf, c, db, desk{forms}, nil)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	ctx, cancel := context.WithTimeout(a.ctx, p.Wait)
	defer cancel()
	record := func(e probes.Event) error {
		if err := db.Record(e); err != nil {
			return err
		}
		if e.Audit == audit.ID {
			p.show(a, &e)
		}
		if e.Audit == audit.ID && e.Kind == probes.MailReceived && e.Detail["class"] == probes.ClassHuman {
			cancel() // a person has answered: there is nothing more to wait for
		}
		return nil
	}
	if err := channel.Run(a.ctx, audit, record); err != nil {
		_ = record(probes.Event{Audit: audit.ID, Kind: probes.ProbeFault, At: time.Now().UTC(), Fault: probes.Ours, Text: err.Error()})
		return err
	}
	if st, _ := db.State(audit.ID); st.Status.Ended() {
		return nil
	}
	if err := channel.Watch(ctx, record); err != nil && ctx.Err() == nil {
		return err
	}
	return context.Cause(a.ctx)
}

func (p *probeCmd) show(a *app, e *probes.Event) {
	if a.JSON {
		_ = a.Object(e) // stdout that is gone ends the process by itself
		return
	}
	a.Printf("%s  %-16s %s\n", e.At.Local().Format("15:04:05.000"), e.Kind, describe(e))
	for _, o := range e.Observations {
		value := string(o.Value)
		if o.Number != nil {
			value = fmt.Sprint(*o.Number)
		}
		a.Printf("              %-28s %-6s %s\n", o.Item, value, strings.Join(strings.Fields(o.Passage), " "))
	}
}

// mayContact asks the suppression list, and the campaign's store where there is one.
func (a *app) mayContact(conf *config.Prober, s *directory.Structure) error {
	if conf.Suppress != "" {
		listed, err := directory.LoadSuppressed(conf.Suppress)
		if err != nil {
			return err
		}
		if entry, yes := listed.Has(s); yes {
			return fmt.Errorf("%s is on the suppression list (%s)", s.ID, entry)
		}
	}
	if _, err := os.Stat(filepath.Join(conf.Data, "state.db")); err != nil {
		return nil // no campaign has run here
	}
	c, err := a.open()
	if err != nil {
		return err
	}
	defer c.stop()
	if found, err := c.Structure(a.ctx, s.ID); err == nil && found.Suppressed {
		return fmt.Errorf("%s is suppressed in the campaign", s.ID)
	}
	return nil
}

// contact reads the files and makes the audit of the target, where there is a legal ground for contacting it and nobody asked not
// to be.
func (p *probeCmd) contact(a *app) (conf *config.Prober, c *config.Campaign, audit probes.Audit, s directory.Structure, err error) {
	conf, c, list, err := config.LoadTogether(a.config)
	if err != nil {
		return nil, nil, audit, s, err
	}
	if audit, s, err = p.audit(c, list); err != nil {
		return nil, nil, audit, s, err
	}
	return conf, c, audit, s, a.mayContact(conf, &s)
}

// single opens the store of audits that are made one by one, with the structure and the audit in it; who gets it closes it.
func single(conf *config.Prober, s *directory.Structure, audit *probes.Audit) (*store.DB, error) {
	db, err := store.Open(filepath.Join(conf.Data, "single"))
	if err != nil {
		return nil, err
	}
	if err := db.Append(probes.Record{Structure: &s.Structure}, probes.Record{Audit: audit}); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// errNoGround says that nobody may be contacted who is not in the directory with a legal ground.
var errNoGround = errors.New("no structure of the directory has this contact, so there is no legal ground for contacting it; Try: add it to the directory")

func (p *probeCmd) audit(c *config.Campaign, list []directory.Structure) (audit probes.Audit, s directory.Structure, err error) {
	channel := probes.Channel(p.Channel)
	i := slices.IndexFunc(list, func(s directory.Structure) bool {
		return slices.ContainsFunc(s.Contacts[channel], func(x string) bool {
			return strings.EqualFold(x, p.Target) || channel == probes.Phone && sameNumber(x, p.Target)
		})
	})
	if i < 0 {
		return audit, s, fmt.Errorf("%s: %w", p.Target, errNoGround)
	}
	s = list[i]
	if p.Persona == "" && len(c.Personas) > 0 {
		p.Persona = c.Personas[0].ID
	}
	if !slices.ContainsFunc(c.Personas, func(x config.Persona) bool { return x.ID == p.Persona }) {
		return audit, s, fmt.Errorf("-persona %s: the campaign has no such persona", p.Persona)
	}
	for _, x := range c.Scenarios {
		if p.Scenario == "" && x.Suits(p.Channel, s.Kind) {
			p.Scenario = x.ID
		}
	}
	if !slices.ContainsFunc(c.Scenarios, func(x config.Scenario) bool { return x.ID == p.Scenario && x.Suits(p.Channel, s.Kind) }) {
		return audit, s, fmt.Errorf("-scenario %q: no scenario of the campaign has this name and suits %s and %s", p.Scenario, p.Channel, s.Kind)
	}
	now := time.Now().UTC()
	id := probes.AuditID(fmt.Sprintf("single.%s.%d", s.ID, now.UnixMilli()))
	return probes.Audit{ID: id, Campaign: "single", Structure: s.ID, Channel: channel, Scenario: p.Scenario, Persona: p.Persona,
		Wave: "single", Number: 1, Due: now, Deadline: now.Add(time.Duration(c.Deadlines[p.Channel])), Target: p.Target}, s, nil
}
