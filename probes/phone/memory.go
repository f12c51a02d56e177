package phone

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone/listen"
)

// Memory is what was heard of each structure in other calls: a text that comes again, bit for bit, is a recording and no
// person. What was heard once is kept in memory alone, for it may be a person's voice; what came twice is a recording and is
// written down, a file for each structure. Neither can be turned back into sound.
type Memory struct {
	dir string // empty: nothing is written

	mu      sync.Mutex
	library listen.Library
	read    map[string]bool           // structures whose file was looked for
	persons map[string]probes.AuditID // texts that were taken for a person's: key of the call and the text → audit
}

// NewMemory makes a memory that keeps recordings in the folder; with no folder it forgets them at the end.
func NewMemory(dir string) (*Memory, error) {
	m := &Memory{dir: dir, library: listen.Library{Structures: map[string][]listen.Recording{}}, read: map[string]bool{}, persons: map[string]probes.AuditID{}}
	if dir == "" {
		return m, nil
	}
	return m, os.MkdirAll(dir, 0o700)
}

func (m *Memory) file(structure string) string { return filepath.Join(m.dir, structure+".json") }

// open reads what earlier runs have written of a structure, once. A file that cannot be read is put aside: its recordings are learnt
// anew.
func (m *Memory) open(structure string) {
	if m.dir == "" || m.read[structure] {
		return
	}
	m.read[structure] = true
	data, err := os.ReadFile(m.file(structure))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var known []listen.Recording
	if err == nil {
		err = json.Unmarshal(data, &known)
	}
	if err != nil {
		slog.Error("recordings of a structure cannot be read; they are put aside and learnt anew", "file", m.file(structure)+".broken", "err", err)
		_ = os.Rename(m.file(structure), m.file(structure)+".broken") // or it stays, and is written over
		return
	}
	m.library.Structures[structure] = append(known, m.library.Structures[structure]...)
}

// Ear makes the ear of one call. A nil memory knows of no other.
func (m *Memory) Ear(a probes.Audit) Listener {
	return &Ear{l: listen.New(), memory: m, audit: a}
}

// known says of a text whether the structure played it in another call.
func (m *Memory) known(a probes.Audit) func(listen.Print) bool {
	if m == nil {
		return nil
	}
	return func(p listen.Print) bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.open(string(a.Structure))
		r, _, ok := m.library.Find(string(a.Structure), p)
		return ok && (r.Calls > 1 || r.Call != string(a.ID))
	}
}

// keep files what was said in a call, and returns the earlier audits in which the same was taken for a person.
func (m *Memory) keep(a probes.Audit, heard listen.Heard, v listen.Verdict) (again []probes.AuditID) {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open(string(a.Structure))
	learnt := false
	for _, mark := range v.Marks {
		switch mark.Label {
		case listen.RoleHuman, listen.RoleMachine, listen.RoleRecording:
		default:
			continue
		}
		p := heard.Print.Part(mark.Start, mark.End)
		calls := m.library.Add(string(a.Structure), string(a.ID), mark.Label, p)
		if calls == 0 {
			continue // too short to be known again
		}
		r, _, ok := m.library.Find(string(a.Structure), p)
		if !ok {
			continue
		}
		text := r.Call + fmt.Sprint(r.Print[:min(len(r.Print), 8)])
		if mark.Label == listen.RoleHuman && r.Call == string(a.ID) {
			m.persons[text] = a.ID
		}
		if calls < 2 {
			continue
		}
		learnt = learnt || r.Calls == 2
		if earlier, ok := m.persons[text]; ok && earlier != a.ID {
			delete(m.persons, text)
			if !slices.Contains(again, earlier) {
				again = append(again, earlier)
			}
		}
	}
	if learnt {
		if err := m.write(string(a.Structure)); err != nil {
			slog.Warn("recordings not written", "err", err)
		}
	}
	return again
}

// write puts the recordings of a structure on the disk.
func (m *Memory) write(structure string) error {
	if m.dir == "" {
		return nil
	}
	sure := slices.DeleteFunc(slices.Clone(m.library.Structures[structure]), func(r listen.Recording) bool { return r.Calls < 2 })
	data, err := json.Marshal(sure)
	if err != nil {
		return err
	}
	next := m.file(structure) + ".new"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return err
	}
	return os.Rename(next, m.file(structure))
}
