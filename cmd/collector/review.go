package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
	"github.com/sonde-fleet/sonde/store"
)

type anomaliesCmd struct{}

// anomaly is a line of `collector anomalies -json`.
type anomaly struct {
	Kind      string             `json:"kind"`
	Audit     probes.AuditID     `json:"audit"`
	Structure probes.StructureID `json:"structure"`
	Why       string             `json:"why"`
}

// Run lists what must be looked at before a figure is believed. The review queue with its verdicts builds on this.
func (*anomaliesCmd) Run(a *app) error {
	all, err := a.outcomes()
	if err != nil {
		return err
	}
	for i := range all {
		for _, x := range anomaliesOf(&all[i]) {
			if a.JSON {
				if err := a.Object(x); err != nil {
					return err
				}
				continue
			}
			a.Printf("%-22s %-24s %s\n", x.Kind, x.Audit, x.Why)
		}
	}
	return nil
}

func anomaliesOf(o *stats.Outcome) (out []anomaly) {
	add := func(kind, format string, args ...any) {
		out = append(out, anomaly{kind, o.ID, o.Structure, fmt.Sprintf(format, args...)})
	}
	if o.Unsure > 0 {
		add("unsure match", "%d mails were matched by subject or sender alone", o.Unsure)
	}
	if o.Result == stats.InDoubt {
		add("in doubt", "it is not proven whether the mail was taken")
	}
	if o.Result == stats.Unreachable {
		add("bounce", "the published address %s does not work: %s", o.Target, o.Reason)
	}
	if o.Result == stats.Answered && o.Delay < 90_000 {
		add("too fast", "a human answer after %d s", o.Delay/1000)
	}
	if o.Result == stats.Spoiled {
		add("spoiled", "%s", strings.Join(strings.Fields(o.Reason), " "))
	}
	return out
}

type verifyCmd struct{}

// Run proves that every record is there and readable and every piece of evidence under its hash.
func (*verifyCmd) Run(a *app) error {
	c, err := config.LoadCollector(a.config)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	db, err := store.OpenCollected(c.Data)
	if err != nil {
		return err
	}
	defer db.Close()
	var faults []error
	records, evidence := 0, 0
	for _, name := range db.Probers() {
		next := uint64(1)
		err := db.Records(name, 0, func(r *probes.Record) bool {
			if r.N != next {
				faults = append(faults, fmt.Errorf("prober %s: record %d follows %d", name, r.N, next-1))
			}
			next = r.N + 1
			records++
			if r.Event == nil {
				return true
			}
			for _, e := range r.Event.Evidence {
				evidence++
				if err := db.Prove(e.SHA256); err != nil {
					faults = append(faults, fmt.Errorf("prober %s: record %d: %w", name, r.N, err))
				}
			}
			return true
		})
		if err != nil {
			faults = append(faults, err)
		}
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	if a.JSON {
		return a.Object(map[string]any{"whole": true, "records": records, "evidence": evidence})
	}
	a.Printf("what was pulled is whole: %d records, %d pieces of evidence\n", records, evidence)
	return nil
}
