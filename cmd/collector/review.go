package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/ledger"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/review"
	"github.com/sonde-fleet/sonde/site"
	"github.com/sonde-fleet/sonde/stats"
	"github.com/sonde-fleet/sonde/store"
)

// book is the collector's ledger as a command reaches it: through the socket of the one that runs, or in the store itself.
type book struct {
	flags func() ([]review.Flag, error)
	write func(probes.Event) error
	close func()
}

func (a *app) book() (*book, error) {
	c, err := config.LoadCollector(a.config)
	if err != nil {
		return nil, cli.UsageError{Err: err}
	}
	db, err := store.OpenCollected(c.Data)
	if errors.Is(err, store.ErrInUse) {
		return &book{flags: func() ([]review.Flag, error) { return a.askFlags(c) }, write: func(e probes.Event) error { return a.post(c, &e) },
			close: func() {}}, nil
	}
	if err != nil {
		return nil, err
	}
	l, err := ledger.Open(db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &book{flags: func() ([]review.Flag, error) { return flagsOf(l), nil },
		write: func(e probes.Event) error { _, err := l.Write(e); return err }, close: func() { db.Close() }}, nil
}

// flagsOf finds the flags of everything that is filed.
func flagsOf(l *ledger.Ledger) []review.Flag {
	s := l.Snapshot()
	return review.Find(review.Input{Launches: s.Launches, Outcomes: s.Outcomes, Evidence: s.Faulty})
}

type anomaliesCmd struct {
	All bool `help:"Also those that were answered."`
}

// anomaly is a line of `collector anomalies -json`: a flag, and its reason in words.
type anomaly struct {
	review.Flag
	Why string `json:"why"`
}

// Run lists what must be looked at before a figure is believed.
func (x *anomaliesCmd) Run(a *app) error {
	b, err := a.book()
	if err != nil {
		return err
	}
	defer b.close()
	flags, err := b.flags()
	if err != nil {
		return err
	}
	explain, err := site.Explainer("en")
	if err != nil {
		return err
	}
	for i := range flags {
		f := &flags[i]
		if !f.Open && !x.All {
			continue
		}
		if a.JSON {
			if err := a.Object(anomaly{*f, explain(f)}); err != nil {
				return err
			}
			continue
		}
		a.Printf("%-18s %-28s %s\n", f.Kind, f.Audit, strings.Join(strings.Fields(explain(f)), " "))
	}
	return nil
}

type verdictCmd struct {
	Audit   string `arg:"" help:"The audit."`
	Verdict string `arg:"" help:"confirm: the figure stands. correct: the mail is of another class, or the call was answered otherwise. spoil: leave the audit out." enum:"confirm,correct,spoil"`
	Flag    string `help:"The flag that is answered, as anomalies names it." required:""`
	Class   string `help:"With correct: what the mail is." placeholder:"CLASS"`
	Person  string `help:"With correct, of a call: whether a person spoke, yes or no." placeholder:"YES|NO"`
	Wait    string `help:"With -person yes: seconds from the first ring to that person's first word." placeholder:"SECONDS"`
	Reason  string `help:"Why, for the trail."`
}

// Run signs one verdict with the name of the machine's user.
func (x *verdictCmd) Run(a *app) error {
	return a.judge([]verdict{{0, probes.AuditID(x.Audit), review.Kind(x.Flag), stats.Decision(x.Verdict), x.Class, x.Reason, x.Person, x.Wait}})
}

type importCmd struct {
	File string `arg:"" help:"CSV file with the columns audit,flag,verdict,class,reason, and person,wait for calls; - for standard input."`
}

// Run signs every verdict of a file, or none when one of them cannot be signed.
func (x *importCmd) Run(a *app) error {
	var in io.Reader = os.Stdin
	if x.File != "-" {
		f, err := os.Open(x.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	list, err := readVerdicts(in, x.File)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	return a.judge(list)
}

// verdict is one decision as a command is given it.
type verdict struct {
	line     int // of the file; 0: typed
	audit    probes.AuditID
	flag     review.Kind
	decision stats.Decision
	class    string
	reason   string
	person   string // heard in a call: yes or no
	wait     string // seconds
}

// readVerdicts reads the CSV file. Every fault of it is returned at once.
func readVerdicts(in io.Reader, name string) (list []verdict, err error) {
	c := csv.NewReader(in)
	c.TrimLeadingSpace = true
	head, err := c.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: no header: %w; Try: columns audit,flag,verdict,class,reason", name, err)
	}
	column := map[string]int{}
	for i, h := range head {
		column[strings.ToLower(strings.Trim(h, "\ufeff \""))] = i
	}
	for _, want := range []string{"audit", "flag", "verdict", "reason"} {
		if _, ok := column[want]; !ok {
			return nil, fmt.Errorf("%s: no column %q; Try: columns audit,flag,verdict,class,reason", name, want)
		}
	}
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := c.FieldPos(0)
		v := verdict{line, probes.AuditID(row[column["audit"]]), review.Kind(row[column["flag"]]), stats.Decision(row[column["verdict"]]), "", row[column["reason"]], "", ""}
		for name, at := range map[string]*string{"class": &v.class, "person": &v.person, "wait": &v.wait} {
			if i, ok := column[name]; ok {
				*at = row[i]
			}
		}
		list = append(list, v)
	}
}

// judge checks every verdict against the flags that are open, and writes them when all are sound.
func (a *app) judge(list []verdict) error {
	b, err := a.book()
	if err != nil {
		return err
	}
	defer b.close()
	flags, err := b.flags()
	if err != nil {
		return err
	}
	by := "local"
	if u, err := user.Current(); err == nil {
		by = u.Username
	}
	var events []probes.Event
	var faults []error
	for _, v := range list {
		e, err := v.event(flags, by)
		if err != nil {
			if v.line > 0 {
				err = fmt.Errorf("line %d: %w", v.line, err)
			}
			faults = append(faults, err)
			continue
		}
		events = append(events, e)
	}
	if len(faults) > 0 {
		return cli.UsageError{Err: errors.Join(faults...)}
	}
	for _, e := range events {
		if err := b.write(e); err != nil {
			return err
		}
		if a.JSON {
			if err := a.Object(e); err != nil {
				return err
			}
			continue
		}
		a.Printf("signed: %s %s by %s\n", e.Audit, e.Detail["verdict"], by)
	}
	return nil
}

var errVerdict = errors.New("it cannot be signed")

// event checks the verdict and makes the record of it.
func (v *verdict) event(flags []review.Flag, by string) (probes.Event, error) {
	i := slices.IndexFunc(flags, func(f review.Flag) bool { return f.Audit == v.audit && f.Kind == v.flag && f.Open })
	if i < 0 {
		return probes.Event{}, fmt.Errorf("audit %s has no open flag %q: %w; Try: collector anomalies", v.audit, v.flag, errVerdict)
	}
	f := &flags[i]
	detail := map[string]string{"by": by, "flag": string(f.About()), "verdict": string(v.decision)}
	if f.Mail != "" {
		detail["mail"] = string(f.Mail)
	}
	switch allowed := site.Allowed(f); {
	case !slices.Contains(allowed, v.decision) || v.decision == stats.Again || f.About() == review.UnsureMatch:
		return probes.Event{}, fmt.Errorf("audit %s: %s does not answer %s: %w; Try: one of %v, or the site", v.audit, v.decision, v.flag, errVerdict, allowed)
	case v.decision == stats.Correct && !f.ByEar() && !slices.Contains(site.Classes(), v.class):
		return probes.Event{}, fmt.Errorf("audit %s: class %q: %w; Try: one of %v", v.audit, v.class, errVerdict, site.Classes())
	case v.decision != stats.Confirm && strings.TrimSpace(v.reason) == "":
		return probes.Event{}, fmt.Errorf("audit %s: a reason is wanted: %w; Try: -reason TEXT", v.audit, errVerdict)
	case slices.ContainsFunc(f.Verdicts, func(x stats.Verdict) bool { return x.By == by }):
		return probes.Event{}, fmt.Errorf("audit %s: %s has decided it already: %w", v.audit, by, errVerdict)
	case v.decision == stats.Correct && !f.ByEar():
		detail["class"] = v.class
	}
	e := probes.Event{Kind: probes.ReviewVerdict, Audit: v.audit, At: time.Now().UTC(), Text: strings.TrimSpace(v.reason), Detail: detail}
	if v.decision == stats.Correct && f.ByEar() {
		var err error
		if e.Observations, err = review.Heard(v.person, v.wait, by); err != nil {
			return probes.Event{}, fmt.Errorf("audit %s: %w: %w; Try: -person yes -wait 12.5", v.audit, errVerdict, err)
		}
	}
	return e, nil
}
