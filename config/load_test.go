package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestProberDefaultsPathsAndEnvironment(t *testing.T) {
	t.Setenv("SONDE_TEST_PASSWORD", "pass-from-environment")
	t.Setenv("SONDE_LISTEN", "0.0.0.0:8000")
	t.Setenv("SONDE_TOKEN", "0123456789abcdef0123456789abcdef")
	path := write(t, "prober.yaml", `name: p1
campaign: /etc/sonde/campaign.yaml
mail:
  accounts:
    lea: {address: lea@habitants.example, smtp: {addr: "127.0.0.1:25", tls: none, auth: none},
          imap: {addr: "imap.habitants.example:993", password: "${SONDE_TEST_PASSWORD}"}}
`)
	p, err := LoadProber(path)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Dir(path)
	a := p.Mail.Accounts["lea"]
	for _, pair := range [][2]any{
		{p.Data, filepath.Join(folder, "data")}, {p.Campaign, "/etc/sonde/campaign.yaml"}, {p.Directory, filepath.Join(folder, "structures.csv")},
		{p.Listen, "0.0.0.0:8000"}, {p.Token, "0123456789abcdef0123456789abcdef"}, {p.Parallel, 4}, {p.Mail.Timeout, 5 * time.Minute},
		{p.Mail.MaxMessage, int64(25 << 20)}, {a.Reply, "plus"}, {a.SMTP.User, ""}, {*a.SMTP.Witness, true}, {a.IMAP.TLS, "tls"},
		{a.IMAP.User, "lea@habitants.example"}, {a.IMAP.Password, "pass-from-environment"}, {a.IMAP.Poll, 5 * time.Minute},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("got %v, want %v", pair[0], pair[1])
		}
	}
}

// A secret is in no form in which a value can be printed.
func TestSecretsAreNeverPrinted(t *testing.T) {
	const secret = "hunter2-hunter2-hunter2"
	login := Login{User: "lea", Password: secret, Auth: "plain"}
	account := MailAccount{Address: "lea@habitants.example", SMTP: SMTP{Addr: "a:1", Login: login}, IMAP: IMAP{Addr: "b:2", Login: login}}
	trunk := Trunk{Addr: "sip.operator.example", User: "u", Password: secret}
	p := Prober{Name: "p1", Token: secret, Mail: Mail{Accounts: map[string]MailAccount{"lea": account}}, Phone: Phone{Trunk: trunk}}
	idp := OIDC{Issuer: "https://login.example", ClientID: "sonde", ClientSecret: secret}
	c := Collector{Probers: []FeedSource{{Name: "p1", Token: secret}}, Access: Access{OIDC: &idp}, Webhooks: []Webhook{{Name: "bi", Secret: secret}}}
	for _, v := range []any{idp, &idp, c.Access, &c.Access, login, &login, account, &account, account.SMTP, account.IMAP, p, &p, p.Mail, p.Phone, trunk, &trunk, c, &c, c.Probers[0], c.Webhooks[0], &c.Webhooks[0]} {
		var out bytes.Buffer
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			fmt.Fprintf(&out, format, v)
		}
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(text)
		if strings.Contains(out.String(), secret) || strings.Contains(out.String(), fmt.Sprintf("%x", secret)) {
			t.Errorf("%T shows its secret: %s", v, out.String())
		}
	}
}

func TestDays(t *testing.T) {
	for text, want := range map[string]time.Duration{"15d": 360 * time.Hour, "1d12h": 36 * time.Hour, "90s": 90 * time.Second, "0d": 0, "-2d": -48 * time.Hour} {
		var d Days
		if err := d.UnmarshalText([]byte(text)); err != nil || time.Duration(d) != want {
			t.Errorf("%s: %s, %v", text, d, err)
		}
		var again Days
		if err := again.UnmarshalText([]byte(d.String())); err != nil || again != d {
			t.Errorf("%s is not read back: %v", d, err)
		}
	}
	for _, text := range []string{"", "d", "15", "1.5d", "x", "1d-3h", "99999999999d"} {
		var d Days
		if err := d.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %s", text, d)
		}
	}
}

func TestLoopback(t *testing.T) {
	for addr, want := range map[string]bool{
		"127.0.0.1:25": true, "localhost:25": true, "[::1]:25": true, "127.8.9.1:1": true, "localhost": true, "::1": true,
		"10.0.0.1:25": false, "mail.example:25": false, "0.0.0.0:25": false, ":25": false, "localhost.example:25": false, "[::]:25": false,
	} {
		if Loopback(addr) != want {
			t.Errorf("%s", addr)
		}
	}
}

// Whatever is written, the reader ends with a campaign or with faults that have a place in the file.
func FuzzCampaign(f *testing.F) {
	example, err := os.ReadFile("../examples/campaign.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	files, err := filepath.Glob("testdata/bad/campaign-*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r")) + 1
		c, err := ParseCampaign(data, "campaign.yaml")
		var faults Faults
		if err == nil {
			if c.ID == "" || len(c.Personas) == 0 || c.Speed < 1 {
				t.Fatalf("accepted %q", data)
			}
			return
		}
		if !errors.As(err, &faults) || len(faults) == 0 {
			t.Fatalf("not faults: %v", err)
		}
		for _, x := range faults {
			if x.Problem == "" || x.Line < 0 || x.Line > lines+1 {
				t.Fatalf("%q: %+v", data, x)
			}
		}
	})
}
