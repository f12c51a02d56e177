package main

import (
	"errors"
	"fmt"
	"net/http"
	"os/user"
	"time"

	"github.com/sonde-fleet/sonde/control"
	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/probes"
)

// operator is who types the command.
func operator(reason string) control.Order {
	by := "operator"
	if u, err := user.Current(); err == nil {
		by = u.Username
	}
	return control.Order{By: by, Reason: reason}
}

// order gives an order to the owner of the store and shows what was recorded.
func (a *app) order(give func(*owner) (control.Done, error)) error {
	c, err := a.open()
	if err != nil {
		return err
	}
	defer c.stop()
	d, err := give(c)
	if err != nil {
		return usage(err)
	}
	if a.JSON {
		if d.Event == nil {
			return a.Object(d)
		}
		return a.Object(d.Event)
	}
	switch {
	case d.Event == nil:
		a.Printf("nothing to do: it is so already")
	case d.Recorded == 1:
		a.Printf("recorded: %s %s %s", d.Event.Kind, d.Event.Audit, describe(d.Event))
	default:
		a.Printf("recorded: %d times %s %s", d.Recorded, d.Event.Kind, describe(d.Event))
	}
	if d.Left > 0 {
		a.Printf("; %d audits stay as they are: they are over, or something may have left", d.Left)
	}
	a.Printf("\n")
	return nil
}

// usage tells a wrong argument from an order that cannot be done as things stand.
func usage(err error) error {
	if e := (*control.Error)(nil); errors.As(err, &e) && e.Code == http.StatusUnprocessableEntity {
		return cli.UsageError{Err: err}
	}
	return err
}

// scope names a part of the campaign.
type scope struct {
	Wave      string `help:"Only this wave (plan: the audits of the campaign's plan)." placeholder:"W" xor:"scope"`
	Structure string `help:"Only this structure." placeholder:"S" xor:"scope"`
	Audit     string `help:"Only this audit." placeholder:"A" xor:"scope"`
}

// of returns the scope of an order; without a flag it is the campaign that the owner runs.
func (s scope) of(a *app, c *owner) (control.Scope, error) {
	sc := control.Scope{Wave: s.Wave, Structure: probes.StructureID(s.Structure), Audit: probes.AuditID(s.Audit)}
	if sc != (control.Scope{}) {
		return sc, nil
	}
	st, err := c.Status(a.ctx)
	if err != nil {
		return sc, err
	}
	if st.Campaign == "" {
		return sc, errors.New("no campaign is launched here")
	}
	return control.Scope{Campaign: st.Campaign}, nil
}

type pauseCmd struct {
	scope
	Reason string `help:"Why, for the journal."`
}

func (p *pauseCmd) Run(a *app) error {
	return a.order(func(c *owner) (control.Done, error) {
		sc, err := p.of(a, c)
		if err != nil {
			return control.Done{}, err
		}
		return c.Pause(a.ctx, operator(p.Reason), sc)
	})
}

type resumeCmd struct {
	scope
	Reason string `help:"Why, for the journal."`
}

func (p *resumeCmd) Run(a *app) error {
	return a.order(func(c *owner) (control.Done, error) {
		sc, err := p.of(a, c)
		if err != nil {
			return control.Done{}, err
		}
		return c.Resume(a.ctx, operator(p.Reason), sc)
	})
}

type cancelCmd struct {
	scope
	Campaign bool   `help:"The whole campaign." xor:"scope"`
	Reason   string `help:"Why, for the journal." required:""`
}

func (p *cancelCmd) Run(a *app) error {
	if p.scope == (scope{}) && !p.Campaign {
		return cli.UsageError{Err: errors.New("nothing is named; Try: -wave W, -structure S, -audit A or -campaign")}
	}
	return a.order(func(c *owner) (control.Done, error) {
		sc, err := p.of(a, c)
		if err != nil {
			return control.Done{}, err
		}
		return c.Cancel(a.ctx, operator(p.Reason), sc)
	})
}

type resolveCmd struct {
	Audit  string `arg:"" help:"The audit that is in doubt, or that is made by hand."`
	As     string `arg:"" help:"accepted: the server has taken it. not-sent: it is proven that it has not; the same bytes go again. spoiled: leave it out." enum:"accepted,not-sent,spoiled"`
	Reason string `help:"The proof, for the journal." required:""`
	At     string `help:"When a person made the contact (RFC 3339), of an audit by hand; now when not given." placeholder:"INSTANT"`
}

func (r *resolveCmd) Run(a *app) error {
	what := control.Resolution{Audit: probes.AuditID(r.Audit), As: r.As}
	if r.At != "" {
		at, err := time.Parse(time.RFC3339, r.At)
		if err != nil {
			return cli.UsageError{Err: fmt.Errorf("-at: %q is no instant; Try: 2026-03-02T09:30:00+01:00", r.At)}
		}
		what.Contacted = at
	}
	return a.order(func(c *owner) (control.Done, error) { return c.Resolve(a.ctx, operator(r.Reason), what) })
}

type suppressCmd struct {
	Structure string `arg:"" help:"Identifier of the structure."`
	Reason    string `help:"Why, for the journal."`
}

func (s *suppressCmd) Run(a *app) error {
	return a.order(func(c *owner) (control.Done, error) {
		return c.Suppress(a.ctx, operator(s.Reason), probes.StructureID(s.Structure))
	})
}

type launchCmd struct {
	Reason   string `help:"Why, for the journal."`
	Approved string `help:"Who else has looked at the preview." placeholder:"ACCOUNT"`
}

// Run launches what the files say at this moment: the preview and the order are one command.
func (l *launchCmd) Run(a *app) error {
	c, err := a.open()
	if err != nil {
		return err
	}
	defer c.stop()
	p, err := c.Plan(a.ctx, control.WhatIf{})
	if err != nil {
		return usage(err)
	}
	done, err := c.Launch(a.ctx, operator(l.Reason), control.Approval{ApprovedBy: l.Approved, Files: p.Hashes()})
	if err != nil {
		return usage(err)
	}
	if a.JSON {
		return a.Object(done)
	}
	a.Printf("launched: %s, %d structures, %d audits\n", done.Campaign, done.Structure, done.Audits)
	return nil
}

type againCmd struct {
	Audit  string `arg:"" help:"The audit that we spoiled or missed."`
	Reason string `help:"Why, for the journal." required:""`
}

func (g *againCmd) Run(a *app) error {
	c, err := a.open()
	if err != nil {
		return err
	}
	defer c.stop()
	made, err := c.Again(a.ctx, operator(g.Reason), probes.AuditID(g.Audit))
	if err != nil {
		return usage(err)
	}
	if a.JSON {
		return a.Object(made)
	}
	a.Printf("planned: %s, due %s\n", made.ID, made.Due.Format(time.RFC3339))
	return nil
}
