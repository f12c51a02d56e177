package integration

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/mail"
	"github.com/sonde-fleet/sonde/schedule"
	"github.com/sonde-fleet/sonde/store"
	"github.com/sonde-fleet/sonde/townhall/daemons"
)

// benchChannel is an e-mail channel over real servers with a store of its own.
func benchChannel(b *testing.B, smtp, imap string) (*mail.Channel, *store.DB) {
	b.Helper()
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	db, err := store.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return mail.New(benchOptions(smtp, imap, db)), db
}

func benchOptions(smtp, imap string, archive mail.Archive) mail.Options {
	return mail.Options{Hello: "bench.probe.test", Seed: 1, Archive: archive,
		Accounts: map[string]mail.Account{"claire": {Persona: mail.Persona{Given: "Claire", Family: "Martin"}, Address: "claire@" + daemons.Personas,
			Reply: mail.Plus, Witness: false, SMTP: mail.Server{Addr: smtp, Security: mail.None},
			IMAP: mail.Server{Addr: imap, Security: mail.None, Auth: func() sasl.Client {
				return sasl.NewPlainClient("", "claire@"+daemons.Personas, daemons.Password)
			}}}},
		Scenarios: map[string]mail.Scenario{"s": {Language: "fr", Subjects: []string{"Horaires"}, Bodies: []string{strings.Repeat("Quels sont vos horaires ? ", 70)}}}}
}

// BenchmarkSend sends mails into smtp-sink over a fresh connection each: with three states of each made durable, as a
// campaign does, and without a store, which is what Postfix's smtp-source, the peer, does.
func BenchmarkSend(b *testing.B) {
	daemons.Require(b, "smtp-sink", "smtp-source")
	const n, sessions = 20_000, 100
	addr := freeAddr(b)
	sink := exec.Command("/usr/sbin/smtp-sink", "-u", "nobody", addr, "1000")
	if err := sink.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() { sink.Process.Kill(); sink.Wait() }()
	daemons.Await(b, addr)
	for b.Loop() {
		peer := func() float64 {
			began := time.Now()
			out, err := exec.Command("/usr/sbin/smtp-source", "-s", strconv.Itoa(sessions), "-m", strconv.Itoa(n), "-l", "2000",
				"-f", "a@probe.test", "-t", "b@service.test", addr).CombinedOutput()
			if err != nil {
				b.Fatalf("smtp-source: %v\n%s", err, out)
			}
			return n / time.Since(began).Seconds()
		}
		own := func(channel *mail.Channel, audits []probes.Audit, record func(probes.Event) error) float64 {
			jobs := make(chan probes.Audit)
			var wg sync.WaitGroup
			began := time.Now()
			for range sessions {
				wg.Go(func() {
					for a := range jobs {
						if err := channel.Run(context.Background(), a, record); err != nil {
							b.Error(err)
						}
					}
				})
			}
			for _, a := range audits {
				jobs <- a
			}
			close(jobs)
			wg.Wait()
			return n / time.Since(began).Seconds()
		}
		// The peer is measured before, between and after, because the machine drifts.
		first := peer()
		channel, db := benchChannel(b, addr, "")
		audits := planned(b, db, n)
		durable := own(channel, audits, db.Record)
		second := peer()
		bare := own(mail.New(benchOptions(addr, "", nothing{})), audits, func(probes.Event) error { return nil })
		third := peer()
		b.ReportMetric(durable, "durable/s")
		b.ReportMetric(bare, "transport/s")
		b.ReportMetric((first+second+third)/3, "smtp-source/s")
		b.ReportMetric(durable/((first+second)/2), "durable×")
		b.ReportMetric(bare/((second+third)/2), "transport×")
	}
	b.ReportMetric(0, "ns/op")
}

// nothing is an archive that knows of no audit: what sending costs without a store.
type nothing struct{}

func (nothing) State(probes.AuditID) (st probes.State, ok bool)            { return st, false }
func (nothing) Active() []probes.State                                     { return nil }
func (nothing) Evidence(probes.Hash) ([]byte, error)                       { return nil, store.ErrNoEvidence }
func (nothing) Find(string, int) []probes.AuditID                          { return nil }
func (nothing) Seen(string) bool                                           { return false }
func (nothing) Mailbox(string) (validity, uid uint32)                      { return 0, 0 }
func (nothing) Structure(probes.StructureID) (s probes.Structure, ok bool) { return s, false }

func planned(b *testing.B, db *store.DB, n int) []probes.Audit {
	b.Helper()
	audits := make([]probes.Audit, n)
	records := make([]probes.Record, 0, 5000)
	for i := range audits {
		audits[i] = probes.Audit{ID: probes.AuditID(fmt.Sprintf("bench.S%07d.01", i)), Campaign: "bench", Structure: probes.StructureID(fmt.Sprintf("S%07d", i)),
			Channel: probes.Mail, Scenario: "s", Persona: "claire", Wave: "plan", Number: 1, Due: time.Now().Add(time.Hour).Add(time.Duration(i) * time.Second),
			Deadline: time.Now().AddDate(0, 1, 0), Target: fmt.Sprintf("s%d@service.test", i)}
		if records = append(records, probes.Record{Audit: &audits[i]}); len(records) == cap(records) || i == n-1 {
			if err := db.Append(records...); err != nil {
				b.Fatal(err)
			}
			records = records[:0]
		}
	}
	return audits
}

// BenchmarkFetch reads a mailbox of real Dovecot: our watcher fetches, parses, classifies, matches and makes durable;
// mbsync with FSync fetches and makes durable.
func BenchmarkFetch(b *testing.B) {
	m := daemons.Start(b)
	daemons.Require(b, "mbsync")
	const n = 10_000
	user := "claire@" + daemons.Personas
	m.Fill(user, n, func(i int) []byte {
		return fmt.Appendf(nil, "Return-Path: <agent@service.test>\r\nDelivered-To: claire+tok%d@probe.test\r\nReceived: from x by mx.probe.test for <%s>; %s\r\n"+
			"From: Accueil <agent@service.test>\r\nTo: claire@probe.test\r\nSubject: Re: Horaires\r\nMessage-ID: <%d@service.test>\r\nDate: %s\r\n"+
			"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nBonjour,\r\n\r\n%s\r\n\r\nCordialement,\r\nJulie Moreau\r\n", i, user,
			time.Now().Format(time.RFC1123Z), i, time.Now().Format(time.RFC1123Z), strings.Repeat("Nous sommes ouverts le samedi de 9h à 12h. ", 40))
	})
	for b.Loop() {
		peer := mbsync(b, m, user, n)
		channel, db := benchChannel(b, "", m.IMAP)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		began := time.Now()
		go func() { channel.Watch(ctx, db.Record); close(done) }()
		for {
			changed := db.Changed()
			if _, uid := db.Mailbox(user + "/INBOX"); uid >= n {
				break
			}
			<-changed
		}
		own := n / time.Since(began).Seconds()
		cancel()
		<-done
		b.ReportMetric(own, "mails/s")
		b.ReportMetric(peer, "mbsync/s")
		b.ReportMetric(own/peer, "×mbsync")
	}
	b.ReportMetric(0, "ns/op")
}

func mbsync(b *testing.B, m *daemons.Mail, user string, n int) float64 {
	b.Helper()
	dir := b.TempDir()
	host, port, _ := strings.Cut(m.IMAP, ":")
	conf := fmt.Sprintf("FSync yes\n\nIMAPAccount a\nHost %s\nPort %s\nUser %s\nPass %s\nSSLType None\nAuthMechs PLAIN\n\nIMAPStore far\nAccount a\n\n"+
		"MaildirStore near\nPath %s/\nInbox %s/INBOX\nSubFolders Verbatim\n\nChannel c\nFar :far:\nNear :near:\nPatterns INBOX\nSync Pull\nCreate Near\nSyncState *\n",
		host, port, user, daemons.Password, dir, dir)
	file := filepath.Join(dir, "mbsyncrc")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	if out, err := exec.Command("mbsync", "-c", file, "-q", "c").CombinedOutput(); err != nil {
		b.Fatalf("mbsync: %v\n%s", err, out)
	}
	took := time.Since(began)
	files, _ := filepath.Glob(filepath.Join(dir, "INBOX", "*", "*"))
	if len(files) < n {
		b.Fatalf("mbsync brought %d mails", len(files))
	}
	return float64(n) / took.Seconds()
}

// idleMarker makes the benchmark's own program the idle prober that is measured.
const idleMarker = "SONDE_BENCH_IDLE"

// BenchmarkIdle measures the resident memory of a prober that waits with a million open audits.
func BenchmarkIdle(b *testing.B) {
	const n = 1_000_000
	if dir := os.Getenv(idleMarker); dir != "" {
		db, err := store.Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		r := &schedule.Runner{Store: db, Parallel: 4, Late: time.Hour}
		if err := r.Run(ctx); err != nil {
			b.Fatal(err)
		}
		raw, err := os.ReadFile("/proc/self/status")
		if err != nil {
			b.Fatal(err)
		}
		fmt.Println(string(regexp.MustCompile(`VmHWM:.*|VmRSS:.*`).Find(raw)))
		return
	}
	dir := b.TempDir()
	db, err := store.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	planned(b, db, n)
	wrote := time.Since(began)
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		cmd := exec.Command(os.Args[0], "-test.run", "^$", "-test.bench", "^BenchmarkIdle$", "-test.benchtime", "1x")
		cmd.Env = append(os.Environ(), idleMarker+"="+dir)
		out, err := cmd.Output()
		if err != nil {
			b.Fatal(err)
		}
		kb := regexp.MustCompile(`Vm\w+:\s+(\d+) kB`).FindSubmatch(bytes.TrimSpace(out))
		if kb == nil {
			b.Fatalf("no figure in %s", out)
		}
		x, _ := strconv.ParseFloat(string(kb[1]), 64)
		b.ReportMetric(x/1024, "MiB-peak")
		b.ReportMetric(wrote.Seconds(), "s-to-plan")
	}
	b.ReportMetric(0, "ns/op")
}
