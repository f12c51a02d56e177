// Package fault is the form in which a mistake in a file is told to the person who must mend it: where, what and how.
// It finds no mistakes itself.
package fault

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Fault is one mistake in a file.
type Fault struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`   // from 1; 0: unknown
	Column  int    `json:"column,omitempty"` // from 1; 0: unknown
	Path    string `json:"path,omitempty"`   // of the key or field: mail.accounts.lea.smtp.tls
	Problem string `json:"problem"`          // what is wrong
	Mend    string `json:"mend,omitempty"`   // how to mend it
}

// Error writes the fault as "file:line:column: path: what is wrong; how to mend it".
func (f Fault) Error() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d", f.Line)
		if f.Column > 0 {
			fmt.Fprintf(&b, ":%d", f.Column)
		}
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	if f.Path != "" {
		b.WriteString(f.Path + ": ")
	}
	b.WriteString(f.Problem)
	if f.Mend != "" {
		b.WriteString("; " + f.Mend)
	}
	return b.String()
}

// Faults is all that is wrong with a file, or with several.
type Faults []Fault

// Error writes one fault a line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, x := range f {
		lines[i] = x.Error()
	}
	return strings.Join(lines, "\n")
}

// Err returns the faults in the order of the file as an error, or nil if there are none.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	f.Sort()
	return f
}

// Sort orders the faults of each file by line and column; the order of the files stays.
func (f Faults) Sort() {
	order := map[string]int{}
	for _, x := range f {
		if _, seen := order[x.File]; !seen {
			order[x.File] = len(order)
		}
	}
	slices.SortStableFunc(f, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(order[a.File], order[b.File]), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}
