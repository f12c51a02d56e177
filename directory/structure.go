// Package directory holds the structures and their contacts: it imports them, checks them, knows the legal ground for
// contacting each and who must not be contacted. It contacts nobody and plans nothing.
package directory

import (
	"net/url"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/config/fault"
	"github.com/sonde-fleet/sonde/probes"
)

// Structure is a body that is audited, with what only the prober needs to know of it.
type Structure struct {
	probes.Structure
	Scheme     string                      // of the identifier: siret, siren, insee or empty
	Contacts   map[probes.Channel][]string // the first one of a channel is used first
	Shared     bool                        // its contacts may be those of another structure too
	Ground     string                      // legal ground for contacting it: mandate, consent…
	GroundDate time.Time                   // since when; midnight UTC
	Recording  string                      // reference of its agreement to calls being recorded; empty: none is
}

// MailDomain returns the domain of a mail address, or the host of a contact form without "www.", in lower case.
func MailDomain(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
	}
	_, domain, _ := strings.Cut(address[max(strings.LastIndexByte(address, '@'), 0):], "@")
	return strings.ToLower(domain)
}

// Fault is one mistake in a directory file.
type Fault = fault.Fault

// Faults is all that is wrong with a directory file. It is an error.
type Faults = fault.Faults
