package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/sonde-fleet/sonde/probes"
)

// perishable is the evidence whose bytes must be gone at an instant: recordings of calls. It lies beside the journal, one file
// each, named after the instant and the hash: a database keeps what was deleted in its free pages, and a backup of the journal
// would keep it for ever. The hash stays in the journal.
type perishable struct {
	dir string

	more  chan struct{} // something was put
	mu    sync.Mutex
	files map[probes.Hash]string // by hash: the file's name
}

// ErrErased says that the bytes under a hash are gone because their time was over.
var ErrErased = errors.New("the bytes were erased when their time was over")

const eraseLayout = "20060102T150405Z"

func openPerishable(dir string) (*perishable, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	p := &perishable{dir: dir, more: make(chan struct{}, 1), files: make(map[probes.Hash]string, len(entries))}
	for _, e := range entries {
		if _, hash, ok := perishes(e.Name()); ok {
			p.files[hash] = e.Name()
		} else if strings.HasSuffix(e.Name(), unfinished) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return nil, err
			}
		}
	}
	_, _, err = p.erase(time.Now()) // whose time was over while no program ran
	return p, err
}

// unfinished ends the name of a file that is being written.
const unfinished = ".new"

// perishes reads the name of a file.
func perishes(name string) (at time.Time, hash probes.Hash, ok bool) {
	when, sum, _ := strings.Cut(name, "-")
	at, err := time.Parse(eraseLayout, when)
	raw, bad := hex.DecodeString(sum)
	return at, probes.Hash(sum), err == nil && bad == nil && len(raw) == sha256.Size
}

// put keeps the bytes until the instant, which is rounded up to the second; what is over already is not written.
func (p *perishable) put(hash probes.Hash, body []byte, until time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, there := p.files[hash]; there || !until.After(time.Now()) {
		return nil
	}
	name := until.UTC().Add(time.Second-1).Format(eraseLayout) + "-" + string(hash)
	path := filepath.Join(p.dir, name)
	if err := writeDurably(path+unfinished, string(body)); err != nil {
		return err
	}
	if err := os.Rename(path+unfinished, path); err != nil {
		return err
	}
	p.files[hash] = name
	select {
	case p.more <- struct{}{}:
	default:
	}
	return nil
}

// get reads the bytes; ErrNoEvidence when they are not here.
func (p *perishable) get(hash probes.Hash) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	name, ok := p.files[hash]
	if !ok {
		return nil, fmt.Errorf("evidence %s: %w", hash, ErrNoEvidence)
	}
	if at, _, _ := perishes(name); !at.After(time.Now()) {
		return nil, fmt.Errorf("evidence %s: %w", hash, ErrErased) // whoever erases is late
	}
	return os.ReadFile(filepath.Join(p.dir, name))
}

func (p *perishable) has(hash probes.Hash) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.files[hash]
	return ok
}

// erase deletes what is over at the instant, and says how many files that were and when the next is. What is deleted is
// overwritten first; a file system that copies on write, or a disk that remembers, may keep the old octets nevertheless.
func (p *perishable) erase(now time.Time) (erased int, next time.Time, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var faults []error
	for hash, name := range p.files {
		at, _, _ := perishes(name)
		if at.After(now) {
			if next.IsZero() || at.Before(next) {
				next = at
			}
			continue
		}
		path := filepath.Join(p.dir, name)
		if err := errors.Join(overwrite(path), os.Remove(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			faults = append(faults, err)
			continue
		}
		delete(p.files, hash)
		erased++
	}
	return erased, next, errors.Join(faults...)
}

func overwrite(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.Write(make([]byte, info.Size()))
	}
	return errors.Join(err, f.Sync(), f.Close())
}

// keep erases what is over, now and whenever something is, until ctx is done.
func (p *perishable) keep(ctx context.Context) {
	for ctx.Err() == nil {
		n, next, err := p.erase(time.Now())
		if err != nil {
			slog.Error("evidence whose time is over is not erased", "err", err)
		}
		if n > 0 {
			slog.Info("evidence erased, its time was over", "files", n)
		}
		wait := time.Hour
		if !next.IsZero() {
			wait = min(wait, max(time.Until(next), time.Second))
		}
		select {
		case <-ctx.Done():
		case <-p.more:
		case <-time.After(wait):
		}
	}
}

// overdue names the files whose time is over.
func (p *perishable) overdue(now time.Time) (names []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, name := range p.files {
		if at, _, _ := perishes(name); !at.After(now) {
			names = append(names, name)
		}
	}
	return names
}

// Perish deletes the bytes of evidence when their time is over, until ctx is done. Records, with the hash, stay as they are.
func (db *DB) Perish(ctx context.Context) { db.perishable.keep(ctx) }

// Perish deletes the bytes of evidence when their time is over, as DB.Perish does.
func (c *Collected) Perish(ctx context.Context) { c.perishable.keep(ctx) }
