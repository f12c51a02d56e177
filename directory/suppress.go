package directory

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/sonde-fleet/sonde/probes"
)

// Suppressed is a suppression list: structures and mail domains that must not be contacted. The zero value and nil
// suppress nobody.
type Suppressed struct {
	entries map[string]bool // identifiers and domains, in lower case
}

// LoadSuppressed reads a suppression list: an identifier or a mail domain a line; what follows # is a comment. Every
// line that is neither is reported in Faults.
func LoadSuppressed(path string) (*Suppressed, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open suppression list: %w", err)
	}
	defer file.Close()
	list := &Suppressed{entries: map[string]bool{}}
	var faults Faults
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "\ufeff"), "#")
		text = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(text), "@"))
		switch {
		case text == "":
		case idShape.MatchString(text) || hostname(text):
			list.entries[text] = true
		default:
			faults = append(faults, Fault{File: path, Line: n, Column: 1,
				Problem: fmt.Sprintf("%q is neither an identifier nor a mail domain", text), Mend: "write one of them a line"})
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read suppression list: %w", err)
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return list, nil
}

// Len returns how many entries there are.
func (l *Suppressed) Len() int {
	if l == nil {
		return 0
	}
	return len(l.entries)
}

// Has says whether s must not be contacted, and by which entry: its identifier, or a domain (or a parent of it) of one
// of its mailboxes.
func (l *Suppressed) Has(s *Structure) (entry string, suppressed bool) {
	if l == nil {
		return "", false
	}
	if id := strings.ToLower(string(s.ID)); l.entries[id] {
		return id, true
	}
	for _, address := range s.Contacts[probes.Mail] {
		for domain := MailDomain(address); domain != ""; _, domain, _ = strings.Cut(domain, ".") {
			if l.entries[domain] && strings.Contains(domain, ".") {
				return domain, true
			}
		}
	}
	return "", false
}
