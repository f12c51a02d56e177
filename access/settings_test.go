package access_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/config"
)

func settings(t *testing.T, text string) access.Settings {
	t.Helper()
	path := filepath.Join(t.TempDir(), "collector.yaml")
	if err := os.WriteFile(path, []byte(text+"\nprobers:\n  - {name: p1, url: \"http://127.0.0.1:7770\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.LoadCollector(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := access.SettingsOf(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSettingsOf(t *testing.T) {
	base := access.Settings{SessionIdle: 2 * time.Hour, SessionMax: 12 * time.Hour, Rate: 50, Burst: 200, OnlyLoopback: true}
	if got := settings(t, "access: {guest: reader}"); !got.Guest || got.PublicURL != nil {
		t.Errorf("%+v", got)
	}
	if got := settings(t, "every: 1m"); !reflect.DeepEqual(got, base) {
		t.Errorf("got %+v, want %+v", got, base)
	}
	// A container's port that its host publishes on loopback.
	if got := settings(t, "listen: 0.0.0.0:7780\npublic_url: http://127.0.0.1:7780"); !got.OnlyLoopback || got.Secure || got.PublicURL.Host != "127.0.0.1:7780" {
		t.Errorf("%+v", got)
	}
	got := settings(t, `listen: 127.0.0.1:7780
public_url: https://sonde.example/
trusted_proxies: [127.0.0.1, 10.1.0.0/16]
proxy_header: X-Real-IP
access:
  session_idle: 30m
  session_max: 8h
  rate: 5
  burst: 20
  oidc: {issuer: "https://login.example", client_id: a, client_secret: b, name_claim: c, roles_claim: d.e, roles: {g: [auditor, reader]}}`)
	if !got.Secure || got.OnlyLoopback || got.PublicURL.String() != "https://sonde.example" || got.SessionIdle != 30*time.Minute || got.SessionMax != 8*time.Hour ||
		got.Rate != 5 || got.Burst != 20 || got.ProxyHeader != "X-Real-IP" ||
		!reflect.DeepEqual(got.TrustedProxies, []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.1.0.0/16")}) {
		t.Errorf("%+v", got)
	}
	want := &access.OIDC{Issuer: "https://login.example", ClientID: "a", ClientSecret: "b", NameClaim: "c", RolesClaim: "d.e",
		Roles: map[string][]access.Role{"g": {access.Auditor, access.Reader}}}
	if !reflect.DeepEqual(got.OIDC, want) {
		t.Errorf("%+v", got.OIDC)
	}
}
