// Package store keeps what a prober must not forget: the journal of events with their evidence, and the state that
// follows from it (open audits, keys, mailbox cursors). It knows no channel, decides nothing and talks to no network.
//
// The journal is the truth: one bbolt file per campaign and month, records under consecutive numbers. The state is a
// projection of the journal in a file of its own; what a crash left behind is applied when the store is opened again.
package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// ErrInUse says that another process has the store open; bbolt allows one.
var ErrInUse = errors.New("the store is in use by another process; Try: stop it, or let it answer (its control socket is in the data folder)")

// errClosed answers calls on a store that was closed.
var errClosed = errors.New("store: closed")

// reserveSize is kept aside so that the results of probes already sent can be stored when the disk is full.
const reserveSize = 64 << 20

// options are those that the measurements recommend (docs/performance.md). A large first mapping keeps a reader from
// stopping the writer. The freelist is synced: journals only grow, so it stays small, and an open that need not look for
// free pages in the whole file leaves a million audits on the disk instead of in memory.
func options() *bolt.Options {
	return &bolt.Options{Timeout: 2 * time.Second, FreelistType: bolt.FreelistMapType, InitialMmapSize: 16 << 30}
}

// DB is the store of one prober. Its methods may be called from several goroutines.
type DB struct {
	dir     string
	state   *bolt.DB
	appends chan request
	done    chan struct{}
	closed  chan struct{}
	close   sync.Once

	perishable *perishable

	mu       sync.RWMutex // guards what follows
	journals []*journal   // in order of their records
	changed  chan struct{}
	full     bool
}

// Open opens the store in the folder dir, which it makes when it is not there, and brings the state up to the journal.
func Open(dir string) (*DB, error) {
	if err := os.MkdirAll(filepath.Join(dir, "journal"), 0o700); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	st, err := openState(dir)
	if err != nil {
		return nil, err
	}
	db := &DB{dir: dir, state: st, appends: make(chan request), done: make(chan struct{}), closed: make(chan struct{}),
		changed: make(chan struct{})}
	if err := db.open(); err != nil {
		st.Close()
		for _, j := range db.journals {
			j.db.Close()
		}
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	go db.write()
	return db, nil
}

func openBolt(path string) (*bolt.DB, error) {
	b, err := bolt.Open(path, 0o600, options())
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("open %s: %w", path, ErrInUse)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return b, nil
}

// openState opens the state without the sync of every transaction: it follows from the journal, which is synced. What
// a killed process wrote is in the kernel's hands and stays; only a machine that went down can have lost some of it, and
// then the state is made anew.
func openState(dir string) (*bolt.DB, error) {
	path, mark := filepath.Join(dir, "state.db"), dirtyMark(dir)
	boot := bootID()
	if was, err := os.ReadFile(mark); err == nil && (string(was) != boot || boot == "") {
		// Nobody can have it open: the owner went down with the machine.
		slog.Warn("the machine went down with the store open; the state is made anew from the journal", "dir", dir)
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("open %s: %w", path, err)
		}
	}
	st, err := openBolt(path)
	if err != nil {
		return nil, err
	}
	st.NoSync = true
	if err := writeDurably(mark, boot); err != nil {
		st.Close()
		return nil, err
	}
	return st, nil
}

// dirtyMark is the file that says that the state may be ahead of the disk, and since which start of the machine.
func dirtyMark(dir string) string { return filepath.Join(dir, "state.dirty") }

// bootID names the running start of the machine; "" where the system does not say.
func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func writeDurably(path, text string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (db *DB) open() (err error) {
	if db.perishable, err = openPerishable(filepath.Join(db.dir, "perishable")); err != nil {
		return err
	}
	if err := db.state.Update(initState); err != nil {
		return err
	}
	names, err := filepath.Glob(filepath.Join(db.dir, "journal", "*.db"))
	if err != nil {
		return err
	}
	for _, name := range names {
		j, err := openJournal(name)
		if err != nil {
			return err
		}
		if j.first == 0 { // a crash came between the making of the file and its first record
			if err := errors.Join(j.db.Close(), os.Remove(name)); err != nil {
				return err
			}
			continue
		}
		db.journals = append(db.journals, j)
	}
	slices.SortFunc(db.journals, func(a, b *journal) int { return int(int64(a.first) - int64(b.first)) })
	for i := 1; i < len(db.journals); i++ {
		if a, b := db.journals[i-1], db.journals[i]; a.last+1 != b.first {
			return fmt.Errorf("journal %s ends at %d but %s starts at %d: a file is missing or foreign", a.name, a.last, b.name, b.first)
		}
	}
	if err := db.reserve(); err != nil {
		slog.Warn("no disk reserve", "err", err)
	}
	return db.catchUp()
}

// Close waits for the writes under way and closes the files.
func (db *DB) Close() error {
	var err error
	db.close.Do(func() {
		close(db.done)
		<-db.closed
		if err = db.state.Sync(); err == nil {
			err = os.Remove(dirtyMark(db.dir))
		}
		err = errors.Join(err, db.state.Close())
		for _, j := range db.journals {
			err = errors.Join(err, j.db.Close())
		}
	})
	return err
}

// Last returns the number of the newest record, 0 when there is none.
func (db *DB) Last() uint64 {
	db.mu.RLock()
	defer db.mu.RUnlock()
	return db.last()
}

func (db *DB) last() uint64 {
	if len(db.journals) == 0 {
		return 0
	}
	return db.journals[len(db.journals)-1].last
}

// Changed returns a channel that is closed when a record is appended after the call.
func (db *DB) Changed() <-chan struct{} {
	db.mu.RLock()
	defer db.mu.RUnlock()
	return db.changed
}

// Full says whether the disk filled up: what is under way may still be recorded, nothing new should start.
func (db *DB) Full() bool {
	db.mu.RLock()
	defer db.mu.RUnlock()
	return db.full
}

// reserve writes the file that is given up when the disk is full.
func (db *DB) reserve() error {
	path := filepath.Join(db.dir, "reserve")
	if fi, err := os.Stat(path); err == nil && fi.Size() == reserveSize {
		return nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = syscall.Fallocate(int(f.Fd()), 0, 0, reserveSize)
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(path)
		return fmt.Errorf("reserve %s: %w", path, err)
	}
	return nil
}

// release gives the reserve up and says whether there was one.
func (db *DB) release() bool {
	db.mu.Lock()
	db.full = true
	db.mu.Unlock()
	return os.Remove(filepath.Join(db.dir, "reserve")) == nil
}

// journalName is the file for records of the campaign written at t: old months are unlinked whole, never deleted row
// by row.
func (db *DB) journalName(campaign string, t time.Time) string {
	if campaign == "" {
		campaign = "fleet"
	}
	return filepath.Join(db.dir, "journal", campaign+"-"+t.UTC().Format("2006-01")+".db")
}

// Disk returns what is free and what there is on the file system of the store, and the size of the store itself, in octets.
func (db *DB) Disk() (free, total, size int64, err error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(db.dir, &fs); err != nil {
		return 0, 0, 0, fmt.Errorf("disk of %s: %w", db.dir, err)
	}
	names, err := filepath.Glob(filepath.Join(db.dir, "journal", "*.db"))
	if err != nil {
		return 0, 0, 0, err
	}
	for _, name := range append(names, filepath.Join(db.dir, "state.db")) {
		if fi, err := os.Stat(name); err == nil {
			size += fi.Size()
		}
	}
	return int64(fs.Bavail) * fs.Bsize, int64(fs.Blocks) * fs.Bsize, size, nil
}
