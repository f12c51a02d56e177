// Package integration holds the tests that need real daemons and real processes: Postfix, Dovecot, and our own
// programs killed at random instants. It has no code of its own.
package integration

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/townhall/daemons"
)

// bin is the folder of our own programs, built once by TestMain with the race detector off: they are killed, not raced.
var bin string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "sonde-bin-")
	if err != nil {
		panic(err)
	}
	out, err := exec.Command("go", "build", "-o", dir+"/", "../cmd/prober", "../cmd/collector", "../cmd/townhall").CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		os.Exit(1)
	}
	bin = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// site is a prober and a collector with their files.
type fleet struct {
	tb   testing.TB
	dir  string
	feed string
	page string
}

// personasOf are the citizens of the integration tests.
var personas = []string{"claire", "marc"}

// newFleet writes the files of a campaign with n structures, one mail each, all due already.
func newFleet(tb testing.TB, m *daemons.Mail, n int, address func(i int) string) *fleet {
	tb.Helper()
	f := &fleet{tb: tb, dir: tb.TempDir(), feed: freeAddr(tb), page: freeAddr(tb)}
	now := time.Now().UTC()
	day := func(d int) string { return now.AddDate(0, 0, d).Format(time.DateOnly) }
	var campaign strings.Builder
	fmt.Fprintf(&campaign, `id: real
title: Real servers
seed: 7
zone: UTC
start: %s
end: %s
speed: 1
plan: {mail: 1}
missed: run
late: 1h
caps: {structure_per_day: 1, domain_per_hour: 0, persona_per_hour: 0, per_hour: 0}
personas:
  - {id: claire, given: Claire, family: Martin, civility: Madame, town: Dijon}
  - {id: marc, given: Marc, family: Petit, civility: Monsieur, town: Beaune}
scenarios:
  - id: horaires
    language: fr
    channels: [mail]
    subjects: ["{Horaires|Question sur les horaires} d'ouverture"]
    bodies:
      - "Bonjour,\n\nPourriez-vous m'indiquer {vos horaires|les horaires de l'accueil} ?\n\nMerci,\n{{.Given}} {{.Family}}"
    facts:
      - {id: heures, label: Les horaires sont donnés, any: ["\\d{1,2}\\s?h"]}
`, day(-4), day(-1))
	var accounts strings.Builder
	for _, p := range personas {
		fmt.Fprintf(&accounts, "    %s:\n      address: %s@%s\n      reply: plus\n      smtp: {addr: %q, tls: none, auth: none}\n"+
			"      imap: {addr: %q, tls: none, auth: plain, password: %s}\n", p, p, daemons.Personas, m.SMTP, m.IMAP, daemons.Password)
	}
	prober := fmt.Sprintf("name: real-1\ndata: prober\nlisten: %s\ncampaign: campaign.yaml\ndirectory: structures.csv\nparallel: 4\n"+
		"mail:\n  hello: courrier.probe.test\n  timeout: 30s\n  in_doubt_window: 1s\n  accounts:\n%s", f.feed, accounts.String())
	collector := fmt.Sprintf("data: collector\nlisten: %s\nevery: 1s\nprobers:\n  - {name: real-1, url: \"http://%s\"}\n", f.page, f.feed)
	var structures bytes.Buffer
	w := csv.NewWriter(&structures)
	w.Write(strings.Fields("id name kind sector band region zone hours ground ground_date mail"))
	for i := range n {
		w.Write([]string{fmt.Sprintf("S%05d", i), fmt.Sprintf("Mairie %d", i), "mairie", "public", "0-2k", "Test", "UTC", "24/7", "mandate",
			"2026-01-01", address(i)})
	}
	w.Flush()
	for name, text := range map[string]string{"campaign.yaml": campaign.String(), "prober.yaml": prober, "collector.yaml": collector,
		"structures.csv": structures.String()} {
		if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return f
}

func freeAddr(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// program is a running prober or collector.
type program struct {
	cmd   *exec.Cmd
	ready chan struct{} // closed when it says that it runs
	done  chan struct{} // closed when it has ended
	log   bytes.Buffer  // complete once done is closed
	link  string        // the one-time link that a collector without accounts prints; there once ready is closed
}

// start runs a program; word is what its log says when it is at work.
func (f *fleet) start(name, word string) *program {
	f.tb.Helper()
	p := &program{cmd: exec.Command(filepath.Join(bin, name), "run", "-config", filepath.Join(f.dir, name+".yaml")),
		ready: make(chan struct{}), done: make(chan struct{})}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		f.tb.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		f.tb.Fatal(err)
	}
	go func() {
		defer close(p.done)
		said := false
		lines := bufio.NewScanner(io.TeeReader(stderr, &p.log))
		for lines.Scan() {
			if at := strings.Index(lines.Text(), "http"); strings.Contains(lines.Text(), "/welcome/") && p.link == "" {
				p.link = strings.TrimSpace(lines.Text()[at:])
			}
			if !said && strings.Contains(lines.Text(), word) {
				said = true
				close(p.ready)
			}
		}
		p.cmd.Wait()
	}()
	return p
}

// call runs a command to its end and decodes its JSON lines.
func call[T any](f *fleet, name string, args ...string) []T {
	f.tb.Helper()
	cmd := exec.Command(filepath.Join(bin, name), append(args, "-json", "-config", filepath.Join(f.dir, name+".yaml"))...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		f.tb.Fatalf("%s %v: %v\n%s", name, args, err, &stderr)
	}
	var list []T
	d := json.NewDecoder(bytes.NewReader(out))
	for d.More() {
		var x T
		if err := d.Decode(&x); err != nil {
			f.tb.Fatal(err)
		}
		list = append(list, x)
	}
	return list
}
