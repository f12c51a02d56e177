package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/store"
)

type statusCmd struct{}

func (*statusCmd) Run(a *app) error {
	c, err := a.open()
	if err != nil {
		return err
	}
	defer c.stop()
	s, err := c.Status(a.ctx)
	if err != nil {
		return err
	}
	if a.JSON {
		return a.Object(s)
	}
	agent := "not running"
	if s.Running {
		agent = "running"
	}
	a.Printf("prober %s: agent %s, %d records\n", s.Prober, agent, s.Records)
	if s.Campaign == "" {
		a.Printf("no campaign is launched\n")
		return nil
	}
	if s.AwaitingLaunch {
		a.Printf("campaign %s waits for the order to launch: prober plan shows it, prober launch launches it\n", s.Campaign)
		return nil
	}
	a.Printf("campaign %s: it is %s there, contacts end %s", s.Campaign, s.Now.Format("2006-01-02 15:04"), s.End.Format("2006-01-02"))
	if s.Paused {
		a.Printf(" (paused)")
	}
	if s.DiskFull {
		a.Printf(" (disk full: nothing new is started)")
	}
	a.Printf("\n")
	total := 0
	for _, n := range s.Audits {
		total += n
	}
	for _, st := range probes.Statuses {
		if n := s.Audits[st]; n > 0 {
			a.Printf("  %-17s %6d  %s\n", st, n, strings.Repeat("█", (n*40+total-1)/total))
		}
	}
	for _, p := range s.Pauses {
		a.Printf("paused: %s since %s by %s %s\n", p.Scope, p.At.Format(time.RFC3339), p.By, p.Reason)
	}
	for _, m := range s.Mailboxes {
		if !m.Up {
			a.Printf("mailbox out of sight: %s since %s: %s\n", m.Name, m.Since.Format(time.RFC3339), m.Why)
		}
	}
	for _, st := range s.InDoubt {
		a.Printf("in doubt: %s to %s since %s; ", st.Audit.ID, st.Audit.Target, st.Sent.Format(time.RFC3339))
		if !st.Decide {
			a.Printf("proof is awaited until %s\n", st.ProofUntil.Format(time.RFC3339))
			continue
		}
		a.Printf("decide with: prober resolve %s accepted|not-sent|spoiled -reason PROOF\n", st.Audit.ID)
	}
	for _, st := range s.ByHand {
		a.Printf("by hand: %s, fill in the form at %s before %s; the text is in prober journal -audit %s; then: prober resolve %s accepted -at INSTANT -reason WHO\n", st.Audit.ID,
			st.Audit.Target, st.Audit.Deadline.Format("2006-01-02"), st.Audit.ID, st.Audit.ID)
	}
	return nil
}

type journalCmd struct {
	After uint64 `help:"Only records after this number." placeholder:"N"`
	Audit string `help:"Only events of this audit." placeholder:"ID"`
	All   bool   `help:"Also structures and audits as they were planned."`
}

func (j *journalCmd) Run(a *app) error {
	c, err := a.open()
	if err != nil {
		return err
	}
	defer c.stop()
	for after := j.After; ; {
		page, err := c.pull().Pull(a.ctx, after, 5000, 0)
		if err != nil || len(page.Records) == 0 {
			return err
		}
		for _, raw := range page.Records {
			r, err := store.DecodeRecord(raw)
			if err != nil {
				return err
			}
			after = r.N
			if err := j.print(a, &r); err != nil {
				return err
			}
		}
	}
}

// eventLine is a line of `prober journal -json`.
type eventLine struct {
	N       uint64    `json:"n"`
	Written time.Time `json:"written"`
	*probes.Event
	Launch    *probes.Launch    `json:"launch,omitempty"`
	Structure *probes.Structure `json:"enrolled,omitempty"`
	Audit     *probes.Audit     `json:"planned,omitempty"`
}

func (j *journalCmd) print(a *app, r *probes.Record) error {
	if r.Event == nil && !j.All || j.Audit != "" && (r.Event == nil || string(r.Event.Audit) != j.Audit) {
		return nil
	}
	if a.JSON {
		return a.Object(eventLine{r.N, r.At, r.Event, r.Launch, r.Structure, r.Audit})
	}
	switch e := r.Event; {
	case e != nil:
		a.Printf("%8d  %s  %-18s %-32s %s\n", r.N, e.At.Format("2006-01-02 15:04:05.000"), e.Kind, e.Audit, describe(e))
	case r.Audit != nil:
		a.Printf("%8d  %s  %-18s %-32s due %s\n", r.N, r.At.Format("2006-01-02 15:04:05.000"), "planned", r.Audit.ID, r.Audit.Due.Format(time.RFC3339))
	case r.Structure != nil:
		a.Printf("%8d  %s  %-18s %s\n", r.N, r.At.Format("2006-01-02 15:04:05.000"), "enrolled", r.Structure.Name)
	case r.Launch != nil:
		a.Printf("%8d  %s  %-18s %s: %d structures, %d audits\n", r.N, r.At.Format("2006-01-02 15:04:05.000"), "launched", r.Launch.Campaign,
			r.Launch.Structure, r.Launch.Audits)
	}
	return nil
}

// describe puts an event's facts on one line.
func describe(e *probes.Event) string {
	var parts []string
	if e.Fault != "" {
		parts = append(parts, "("+string(e.Fault)+")")
	}
	if e.Text != "" {
		parts = append(parts, strings.Join(strings.Fields(e.Text), " "))
	}
	for _, k := range slices.Sorted(maps.Keys(e.Detail)) {
		switch k {
		case "digest", "mailbox", "uid", "uidvalidity", "rules", "confidence", "internaldate", "received", "clock", "message_id", "reply_token":
			continue // of use to a program; -json has them
		}
		if strings.HasPrefix(k, "sip_") {
			continue // the names of a call, for who must end it
		}
		parts = append(parts, k+"="+e.Detail[k])
	}
	return strings.Join(parts, " ")
}

type backupCmd struct {
	File string `arg:"" help:"The tar file to write."`
}

func (b *backupCmd) Run(a *app) error {
	c, err := a.open()
	if err != nil {
		return err
	}
	defer c.stop()
	f, err := os.CreateTemp(filepath.Dir(b.File), ".backup-*")
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer os.Remove(f.Name())
	if err := errors.Join(c.Backup(a.ctx, f), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := os.Rename(f.Name(), b.File); err != nil {
		return err
	}
	a.Printf("the journals are in %s\n", b.File)
	return nil
}

type verifyCmd struct{}

func (*verifyCmd) Run(a *app) error {
	c, err := a.open()
	if err != nil {
		return err
	}
	defer c.stop()
	if err := c.Verify(a.ctx); err != nil {
		return err
	}
	if a.JSON {
		return a.Object(map[string]bool{"whole": true})
	}
	a.Printf("the journal is whole: no number missing, every record readable, every piece of evidence under its hash\n")
	return nil
}
