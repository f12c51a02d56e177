package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const onePull = "probers:\n  - {name: p1, url: \"http://127.0.0.1:7770\"}\n"

// certificate writes a pair of files that belong together.
func certificate(t *testing.T, folder string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"sonde.example"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(folder, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// What each way to reach the site may look like; what it may not is in testdata/bad.
func TestReach(t *testing.T) {
	for name, text := range map[string]string{
		"loopback":            "listen: 127.0.0.1:7780\n",
		"guest":               "listen: \"[::1]:7780\"\naccess: {guest: reader}\n",
		"guest, own address":  "public_url: http://localhost:7780\naccess: {guest: reader}\n",
		"own certificate":     "listen: :7780\ntls: {cert_file: cert.pem, key_file: key.pem}\n",
		"own, with its name":  "listen: :7780\npublic_url: https://sonde.example/\ntls: {cert_file: cert.pem, key_file: key.pem}\n",
		"behind a proxy":      "listen: 10.1.0.9:7780\npublic_url: https://sonde.example\ntrusted_proxies: [10.1.0.5, \"fd00::/8\"]\nproxy_header: X-Real-IP\n",
		"a container's port":  "listen: 0.0.0.0:7780\npublic_url: http://127.0.0.1:7780\n",
		"a provider, by hand": "public_url: http://127.0.0.1:7780\naccess: {oidc: {issuer: \"http://127.0.0.1:9\", client_id: a, client_secret: b, roles: {g: [auditor]}}}\n",
	} {
		path := write(t, "collector.yaml", text+onePull)
		certificate(t, filepath.Dir(path))
		if _, err := LoadCollector(path); err != nil {
			t.Errorf("%s:\n%v", name, err)
		}
	}
}

func TestAccessDefaultsAndSecret(t *testing.T) {
	path := write(t, "collector.yaml", `public_url: https://sonde.example
trusted_proxies: [127.0.0.1]
access:
  oidc: {issuer: "https://login.example", client_id: sonde, client_secret_file: secret, roles: {g: [reader, auditor]}}
`+onePull)
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "secret"), []byte("from-the-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := LoadCollector(path)
	if err != nil {
		t.Fatal(err)
	}
	if c.Access.OIDC.ClientSecret != "from-the-file" || strings.Contains(c.Access.String(), "from-the-file") {
		t.Errorf("%s", c.Access)
	}
	if c.Access.SessionIdle != 2*time.Hour || c.Access.SessionMax != 12*time.Hour || c.Access.Rate != 50 || c.Access.Burst != 200 || c.ProxyHeader != "X-Forwarded-For" {
		t.Errorf("%s, %s", c.Access, c.ProxyHeader)
	}
}

func TestNetwork(t *testing.T) {
	for text, want := range map[string]string{"10.1.2.3": "10.1.2.3/32", "10.1.2.3/16": "10.1.0.0/16", "::1": "::1/128", "fe80::1%eth0": "", "x": "", "10.1.2.3:80": ""} {
		if p, ok := Network(text); ok != (want != "") || ok && p.String() != want {
			t.Errorf("%s: %s", text, p)
		}
	}
}
