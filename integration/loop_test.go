// Package integration holds the tests that need real daemons and real processes: Postfix, Dovecot, and our own
// programs killed at random instants.
package integration

import (
	"testing"

	"github.com/sonde-fleet/sonde/townhall/daemons"
)

func TestDaemonsStart(t *testing.T) {
	m := daemons.Start(t)
	t.Log(m.SMTP, m.IMAP)
}
