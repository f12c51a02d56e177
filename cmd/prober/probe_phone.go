package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone"
	"github.com/sonde-fleet/sonde/probes/phone/sip"
)

// phone makes one call now. An address on this machine may be called because it was typed, and needs no configuration.
func (p *probeCmd) phone(a *app) error {
	if !typedCallee(p.Target) {
		return cli.UsageError{Err: fmt.Errorf("%s: %w; Try: prober probe phone sip:mairie@127.0.0.1:5060", p.Target, errNoLine)}
	}
	o := phone.Options{Line: sip.Line{From: p.From}, Mode: phone.Mode(p.Mode), Ring: p.Ring, Max: p.Max}
	if o.Mode == phone.Record {
		if p.Wav == "" {
			return cli.UsageError{Err: errors.New("-mode record: there is nowhere to keep the sound; Try: -wav call.wav")}
		}
		o.Mandate = func(probes.StructureID) string { return "typed" } // one's own machine
	}
	if _, err := phone.Allow(p.Target, "FR"); err != nil {
		return cli.UsageError{Err: err}
	}
	audit := probes.Audit{ID: probes.AuditID(fmt.Sprintf("single.typed.%d", time.Now().UnixMilli())), Campaign: "single", Structure: "typed", Channel: probes.Phone, Target: p.Target}
	end := callSummary{}
	record := func(e probes.Event) error {
		p.show(a, &e)
		end.add(&e)
		for _, x := range e.Evidence {
			if err := os.WriteFile(p.Wav, x.Body, 0o600); err != nil {
				return err
			}
		}
		return nil
	}
	if err := phone.New(o).Run(a.ctx, audit, record); err != nil {
		_ = record(probes.Event{Audit: audit.ID, Kind: probes.ProbeFault, At: time.Now().UTC(), Fault: probes.Ours, Text: err.Error()}) // to stdout alone
		return err
	}
	if !a.JSON {
		a.Printf("\n%s\n", end.text())
	}
	return nil
}

// errNoLine says why a number cannot be called.
var errNoLine = errors.New("only an address on this machine can be called without a trunk")

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
