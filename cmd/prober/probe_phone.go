package main

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/directory"
	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone"
	"github.com/sonde-fleet/sonde/probes/phone/media"
	"github.com/sonde-fleet/sonde/probes/phone/sip"
	"github.com/sonde-fleet/sonde/probes/phone/transcribe"
)

// phone makes one call now.
func (p *probeCmd) phone(a *app) error {
	if typedCallee(p.Target) {
		return p.phoneHere(a)
	}
	conf, c, audit, s, err := p.contact(a)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	o, err := buildPhone(&conf.Phone, c, []directory.Structure{s})
	if err != nil {
		return cli.UsageError{Err: err}
	}
	p.overrule(&o)
	if _, err := phone.Allow(p.Target, o.Region); err != nil {
		return cli.UsageError{Err: err}
	}
	db, err := single(conf, &s, &audit)
	if err != nil {
		return err
	}
	defer db.Close()
	return p.dial(a, o, audit, db.Record)
}

// phoneHere calls an address on this machine: it may be called because it was typed, and needs no configuration.
func (p *probeCmd) phoneHere(a *app) error {
	o := phone.Options{Mode: phone.Measure}
	p.overrule(&o)
	if o.Mode == phone.Record {
		if p.Wav == "" {
			return cli.UsageError{Err: errors.New("-mode record: there is nowhere to keep the sound; Try: -wav call.wav")}
		}
		o.Mandate = func(probes.StructureID) string { return "typed" } // one's own machine
	}
	if _, err := phone.Allow(p.Target, o.Region); err != nil {
		return cli.UsageError{Err: err}
	}
	audit := probes.Audit{ID: probes.AuditID(fmt.Sprintf("single.typed.%d", time.Now().UnixMilli())), Campaign: "single", Structure: "typed", Channel: probes.Phone, Target: p.Target}
	return p.dial(a, o, audit, func(probes.Event) error { return nil })
}

// overrule lets flags go before the file.
func (p *probeCmd) overrule(o *phone.Options) {
	o.Region = cmp.Or(o.Region, "FR")
	o.Mode = cmp.Or(phone.Mode(p.Mode), o.Mode)
	o.Ring, o.Max = cmp.Or(p.Ring, o.Ring), cmp.Or(p.Max, o.Max)
	o.Line.From = cmp.Or(p.From, o.Line.From)
}

// dial makes the call and shows it as it happens.
func (p *probeCmd) dial(a *app, o phone.Options, audit probes.Audit, keep func(probes.Event) error) error {
	end := callSummary{}
	record := func(e probes.Event) error {
		if err := keep(e); err != nil {
			return err
		}
		p.show(a, &e)
		end.add(&e)
		for _, x := range e.Evidence {
			if p.Wav == "" {
				continue
			}
			if err := os.WriteFile(p.Wav, x.Body, 0o600); err != nil {
				return err
			}
		}
		return nil
	}
	if err := phone.New(o).Run(a.ctx, audit, record); err != nil {
		_ = record(probes.Event{Audit: audit.ID, Kind: probes.ProbeFault, At: time.Now().UTC(), Fault: probes.Ours, Text: err.Error()}) // err is told in any case
		return err
	}
	if !a.JSON {
		a.Printf("\n%s\n", end.text())
	}
	if end.last.Kind == probes.ProbeFault {
		return errors.New(end.last.Text)
	}
	return nil
}

// buildPhone reads the settings of the telephone channel.
func buildPhone(p *config.Phone, c *config.Campaign, list []directory.Structure) (o phone.Options, err error) {
	scripts, err := scriptsOf(c)
	if err != nil {
		return o, err
	}
	t := &p.Trunk
	if t.Addr == "" {
		return o, errors.New("no trunk is configured, and only an address on this machine can be called without one; Try: phone.trunk in prober.yaml, or sip:mairie@127.0.0.1:5060")
	}
	o = phone.Options{Region: p.Region, Mode: phone.Mode(p.Mode), Ring: p.Ring, Max: p.Max, Keep: time.Duration(p.Keep), Mandate: mandateOf(list),
		Script: func(scenario string) phone.Script { return scripts[scenario] },
		Caller: func(persona string) string { return p.Callers[persona] },
		Line:   sip.Line{Server: t.Addr, Domain: t.Domain, Transport: t.Transport, User: t.User, Password: t.Password, From: t.From, Withheld: t.Withheld, Secure: t.Secure}}
	if x := p.Transcribe; x.URL != "" {
		o.Transcribe = transcribe.Server{URL: x.URL, Language: x.Language, Model: x.Model, Token: x.Token}.Text
	}
	if t.CAFile == "" {
		return o, nil
	}
	data, err := os.ReadFile(t.CAFile)
	if err != nil {
		return o, fmt.Errorf("phone.trunk.ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return o, fmt.Errorf("phone.trunk.ca_file: %s has no certificate in PEM form", t.CAFile)
	}
	o.Line.TLS = &tls.Config{RootCAs: pool}
	return o, nil
}

// scriptsOf reads what the scenarios do in calls, by their names.
func scriptsOf(c *config.Campaign) (map[string]phone.Script, error) {
	scripts := map[string]phone.Script{}
	var faults []error
	for _, s := range c.Scenarios {
		made := phone.Script{Keys: s.Keys, ByHand: s.By == "person"}
		if len(s.Bodies) > 0 {
			made.Ask = s.Bodies[0]
		}
		if s.Say != "" {
			data, err := os.ReadFile(s.Say)
			if err == nil {
				made.Say, err = media.ParseWAV(data)
			}
			if err != nil {
				faults = append(faults, fmt.Errorf("scenario %s: say: %s: %w", s.ID, s.Say, err))
			}
		}
		scripts[s.ID] = made
	}
	return scripts, errors.Join(faults...)
}

// mandateOf returns the reference of a structure's agreement to being recorded.
func mandateOf(list []directory.Structure) func(probes.StructureID) string {
	of := make(map[probes.StructureID]string, len(list))
	for i := range list {
		of[list[i].ID] = list[i].Recording
	}
	return func(id probes.StructureID) string { return of[id] }
}

// sameNumber says whether two contacts are one number, however it is written.
func sameNumber(a, b string) bool {
	x, err1 := phone.Allow(a, "FR")
	y, err2 := phone.Allow(b, "FR")
	return err1 == nil && err2 == nil && x.Plain && x == y
}

// typedCallee says whether a target names a telephone on this machine outright.
func typedCallee(target string) bool {
	rest, ok := strings.CutPrefix(strings.ToLower(target), "sip:")
	if !ok {
		return false
	}
	host := rest[strings.LastIndexByte(rest, '@')+1:]
	host, _, _ = strings.Cut(host, ";")
	if at, err := netip.ParseAddrPort(host); err == nil {
		return at.Addr().IsLoopback()
	}
	if ip, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return ip.IsLoopback()
	}
	name, _, _ := strings.Cut(host, ":")
	return name == "localhost"
}

// callSummary tells a call in one sentence.
type callSummary struct{ ringing, answered, last probes.Event }

func (s *callSummary) add(e *probes.Event) {
	switch e.Kind {
	case probes.CallRinging:
		s.ringing = *e
	case probes.CallAnswered:
		s.answered = *e
	}
	s.last = *e
}

// heardOf says who answered and whether a person came.
func heardOf(d map[string]string) string {
	if d["first"] == "" {
		return "nobody listened"
	}
	words := fmt.Sprintf("answered by %s (sure: %s)", d["first"], d["sure"])
	if at, err := time.ParseDuration(d["person_ms"] + "ms"); err == nil {
		return fmt.Sprintf("%s, a person spoke %.1f s after dialling", words, at.Seconds())
	}
	return words + ", no person spoke"
}

func (s *callSummary) text() string {
	seconds := func(of *probes.Event, key string) string {
		d, err := time.ParseDuration(of.Detail[key] + "ms")
		if err != nil {
			return "?"
		}
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	var parts []string
	if s.ringing.Kind != "" {
		parts = append(parts, "rang "+seconds(&s.ringing, "pdd_ms")+" after dialling")
	}
	switch d := s.last.Detail; s.last.Kind {
	case probes.CallEnded:
		parts = append(parts, fmt.Sprintf("answered after %s of ringing (rings: %s)", seconds(&s.answered, "ring_ms"), s.answered.Detail["rings"]),
			heardOf(d),
			fmt.Sprintf("ended by %s (%s) after %s", d["by"], d["why"], seconds(&s.last, "talk_ms")),
			fmt.Sprintf("%s packets heard, %s lost, jitter %s ms", d["packets"], d["lost"], d["jitter_ms"]))
	case probes.CallFailed:
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("not answered: %s %s", d["class"], d["code"])))
		if s.ringing.Kind != "" {
			parts = append(parts, "rang for "+seconds(&s.last, "ring_ms"))
		}
	default:
		parts = append(parts, "the call failed through us")
	}
	return strings.Join(parts, "; ")
}
