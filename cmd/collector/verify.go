package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/store"
)

// exported is a line of `collector export`: a record of the trail as it is read, and as it is hashed.
type exported struct {
	N     uint64        `json:"n"`
	Hash  probes.Hash   `json:"hash"` // SHA-256 of the hash before and of raw
	At    string        `json:"written"`
	Raw   []byte        `json:"raw"` // the record's octets, in base64
	Event *probes.Event `json:"event,omitempty"`
}

type exportCmd struct {
	Out string `help:"File to write instead of stdout." placeholder:"FILE"`
}

// Run writes the trail so that anybody can prove it without this program's store.
func (x *exportCmd) Run(a *app) (err error) {
	c, err := config.LoadCollector(a.config)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	w := a.Out
	if x.Out != "" {
		f, err := os.OpenFile(x.Out, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		w = f
	}
	db, err := store.OpenCollected(c.Data)
	if errors.Is(err, store.ErrInUse) {
		return a.fetchTrail(c, w)
	}
	if err != nil {
		return err
	}
	defer db.Close()
	return writeTrail(w, db.Trail)
}

// writeTrail writes every record of the trail, one JSON object a line.
func writeTrail(w io.Writer, trail func(uint64, func(*store.Link) bool) error) error {
	e := json.NewEncoder(w)
	var failed error
	err := trail(0, func(l *store.Link) bool {
		failed = e.Encode(exported{l.N, l.Hash, l.At.UTC().Format("2006-01-02T15:04:05.999999999Z"), l.Raw, l.Event})
		return failed == nil
	})
	return errors.Join(err, failed)
}

type verifyCmd struct {
	In string `help:"Prove a trail that was exported, instead of the store." placeholder:"FILE"`
}

// Run proves that every record is there and readable, every piece of evidence under its hash, and the trail a chain.
func (x *verifyCmd) Run(a *app) error {
	if x.In != "" {
		return a.verifyExport(x.In)
	}
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
	prove := func(who string, r *probes.Record) {
		records++
		if r.Event == nil {
			return
		}
		for _, e := range r.Event.Evidence {
			evidence++
			if err := db.Prove(e.SHA256); err != nil && !e.Erased(time.Now()) {
				faults = append(faults, fmt.Errorf("%s: record %d: %w", who, r.N, err))
			}
		}
	}
	for _, name := range db.Probers() {
		next := uint64(1)
		err := db.Records(name, 0, func(r *probes.Record) bool {
			if r.N != next {
				faults = append(faults, fmt.Errorf("prober %s: record %d follows %d", name, r.N, next-1))
			}
			next = r.N + 1
			prove("prober "+name, r)
			return true
		})
		if err != nil {
			faults = append(faults, err)
		}
	}
	if err := db.Trail(0, func(l *store.Link) bool { prove("trail", &l.Record); return true }); err != nil {
		faults = append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	n, head := db.Head()
	if a.JSON {
		return a.Object(map[string]any{"whole": true, "records": records, "evidence": evidence, "trail": n, "head": head})
	}
	a.Printf("what was pulled is whole: %d records, %d pieces of evidence; trail of %d records, head %s\n", records, evidence, n, head)
	return nil
}

// maxLine bounds a line of an exported trail: a record with everything that a person may write.
const maxLine = 8 << 20

func (a *app) verifyExport(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxLine)
	chain := store.NewChain()
	for lines.Scan() {
		var x exported
		if err := json.Unmarshal(lines.Bytes(), &x); err != nil {
			return fmt.Errorf("%s: line %d: %w", name, chain.N+1, err)
		}
		if err := chain.Next(x.N, x.Hash, x.Raw); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if a.JSON {
		return a.Object(map[string]any{"whole": true, "trail": chain.N, "head": chain.Head()})
	}
	a.Printf("the exported trail is whole: %d records, head %s\n", chain.N, chain.Head())
	return nil
}
