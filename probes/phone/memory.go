package phone

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone/listen"
)

// Memory is what was heard of each structure in other calls: a text that comes again, bit for bit, is a recording and no
// person. What was heard once is kept in memory alone, for it may be a person's voice; what came twice is a recording and is
// written to the file. Neither can be turned back into sound.
type Memory struct {
	file string // empty: nothing is written

	mu      sync.Mutex
	library listen.Library
	persons map[string]probes.AuditID // texts that were taken for a person's: key of the call and the text → audit
}

// NewMemory reads what earlier runs have written; no file is an empty memory.
func NewMemory(file string) (*Memory, error) {
	m := &Memory{file: file, persons: map[string]probes.AuditID{}}
	if file == "" {
		return m, nil
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	} else if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &m.library); err != nil {
		return nil, fmt.Errorf("%s: %w; Try: remove it, and recordings are learnt anew", file, err)
	}
	return m, nil
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
	learnt := false
	for _, mark := range v.Marks {
		switch mark.Label {
		case listen.RoleHuman, listen.RoleMachine, listen.RoleRecording:
		default:
			continue
		}
		p := heard.Print.Part(mark.Start, mark.End)
		calls := m.library.Add(string(a.Structure), string(a.ID), mark.Label, p)
		r, _, ok := m.library.Find(string(a.Structure), p)
		if calls == 0 || !ok {
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
		if err := m.write(); err != nil {
			slog.Warn("recordings not written", "err", err)
		}
	}
	return again
}

// write puts the recordings on disk.
func (m *Memory) write() error {
	if m.file == "" {
		return nil
	}
	sure := listen.Library{Structures: map[string][]listen.Recording{}}
	for s, all := range m.library.Structures {
		for _, r := range all {
			if r.Calls > 1 {
				sure.Structures[s] = append(sure.Structures[s], r)
			}
		}
	}
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(sure); err != nil {
		return err
	}
	next := m.file + ".new"
	if err := os.WriteFile(next, b.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(next, m.file)
}
