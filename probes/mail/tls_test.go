package mail_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/mail"
	"github.com/sonde-fleet/sonde/store"
	"github.com/sonde-fleet/sonde/townhall"
)

// TestStartTLS sends and watches over real sockets with STARTTLS, and refuses a server whose certificate nobody signed.
func TestStartTLS(t *testing.T) {
	certified := httptest.NewTLSServer(nil) // lends its certificate for example.com
	defer certified.Close()
	town, err := townhall.New(townhall.Options{Domain: domain, Mailboxes: []string{"claire"}, Password: password, Speed: 36000,
		Structures: map[string]townhall.Conduct{"mairie@x.example": {Median: time.Hour}}, TLS: &tls.Config{Certificates: certified.TLS.Certificates}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan struct{})
	go func() { town.Run(ctx); close(served) }()
	defer func() { cancel(); <-served }()
	roots := x509.NewCertPool()
	roots.AddCert(certified.Certificate())
	server := func(addr, user string, pool *x509.CertPool) mail.Server {
		return mail.Server{Addr: addr, Security: mail.StartTLS, TLS: &tls.Config{RootCAs: pool, ServerName: "example.com"},
			Auth: func() sasl.Client { return sasl.NewPlainClient("", user, password) }}
	}
	told := &monitor{shown: map[string]time.Time{}, looked: map[string]int{}}
	try := func(pool *x509.CertPool) (*store.DB, *mail.Channel, probes.Audit, error) {
		db, err := store.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		a := probes.Audit{ID: "c.s.01", Campaign: "c", Structure: "s", Channel: probes.Mail, Scenario: "h", Persona: "claire", Target: "mairie@x.example",
			Due: time.Now(), Deadline: time.Now().AddDate(0, 0, 15)}
		if err := db.Append(probes.Record{Audit: &a}); err != nil {
			t.Fatal(err)
		}
		c := mail.New(mail.Options{Hello: "courrier.example", Timeout: 10 * time.Second, Archive: db, Monitor: told,
			Accounts: map[string]mail.Account{"claire": {Persona: mail.Persona{Given: "Claire", Family: "Martin"}, Address: "claire@" + domain, Reply: mail.Plus,
				Witness: true, SMTP: server(town.SMTPAddr(), "claire", pool), IMAP: server(town.IMAPAddr(), "claire@"+domain, pool)}},
			Scenarios: map[string]mail.Scenario{"h": {Language: "fr", Subjects: []string{"Horaires"}, Bodies: []string{"Bonjour, quels sont vos horaires ?"}}}})
		return db, c, a, c.Run(t.Context(), a, db.Record)
	}
	if db, _, a, err := try(x509.NewCertPool()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate that nobody signed: %v", err)
	} else if st, _ := db.State(a.ID); st.Status != probes.Prepared {
		t.Errorf("then the audit is %s", st.Status)
	}
	if len(told.shown) != 0 {
		t.Errorf("a certificate that was refused is told of: %v", told.shown)
	}
	db, c, a, err := try(roots)
	if err != nil {
		t.Fatal(err)
	}
	watching, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	got := 0
	err = c.Watch(watching, func(e probes.Event) error {
		if e.Audit == a.ID && e.Kind == probes.MailReceived {
			got++
			stop()
		}
		return db.Record(e)
	})
	if got != 1 {
		t.Errorf("%d answers seen: %v", got, err)
	}
	for _, addr := range []string{town.SMTPAddr(), town.IMAPAddr()} {
		if ends := told.shown[addr]; !ends.Equal(certified.Certificate().NotAfter) {
			t.Errorf("the certificate of %s ends %v, want %v", addr, ends, certified.Certificate().NotAfter)
		}
	}
}

func TestXOAuth2(t *testing.T) {
	name, first, err := mail.XOAuth2("lea@x.example", "ya29.token").Start()
	if err != nil || name != "XOAUTH2" || string(first) != "user=lea@x.example\x01auth=Bearer ya29.token\x01\x01" {
		t.Errorf("%s %q %v", name, first, err)
	}
}
