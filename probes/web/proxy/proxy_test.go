package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestPublic(t *testing.T) {
	for s, want := range map[string]bool{
		"93.184.216.34": true, "2606:2800:220:1:248:1893:25c8:1946": true, "8.8.8.8": true, "172.15.0.1": true, "172.32.0.1": true, "100.63.0.1": true,
		"127.0.0.1": false, "127.8.9.1": false, "10.0.0.1": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false, "169.254.169.254": false,
		"100.64.0.1": false, "0.0.0.0": false, "255.255.255.255": false, "224.0.0.1": false, "198.18.0.1": false, "192.0.2.1": false, "168.63.129.16": false,
		"::1": false, "::": false, "fc00::1": false, "fd12::1": false, "fe80::1": false, "fe80::1%eth0": false, "ff02::1": false, "2001:db8::1": false,
		"::ffff:127.0.0.1": false, "::ffff:8.8.8.8": true, "64:ff9b::7f00:1": false, "2002:7f00:1::": false, "2001::1": false, "::127.0.0.1": false,
	} {
		if got := public(netip.MustParseAddr(s)); got != want {
			t.Errorf("%s: public %v, want %v", s, got, want)
		}
	}
}

func TestParseException(t *testing.T) {
	for s, allowed := range map[string]string{"127.0.0.1:8080": "127.0.0.1:8080", "[::1]:80": "[::1]:80", "10.1.0.0/16": "10.1.2.3:443", "10.1.0.0/16:443": "10.1.2.3:443",
		"192.168.1.4": "192.168.1.4:25"} {
		e, err := ParseException(s)
		if err != nil || !e.allows(netip.MustParseAddrPort(allowed)) {
			t.Errorf("%s: %+v %v does not allow %s", s, e, err, allowed)
		}
	}
	for s, refused := range map[string]string{"127.0.0.1:8080": "127.0.0.1:8081", "10.1.0.0/16:443": "10.1.2.3:80", "10.1.0.0/16": "10.2.0.1:80", "127.0.0.1": "127.0.0.2:80"} {
		if e, err := ParseException(s); err != nil || e.allows(netip.MustParseAddrPort(refused)) {
			t.Errorf("%s: %+v %v allows %s", s, e, err, refused)
		}
	}
	for _, s := range []string{"", "localhost", "intranet.example:80", "10.0.0.0/99", "127.0.0.1:0", "127.0.0.1:70000", "127.0.0.1:80:80", "::1:80:x"} {
		if e, err := ParseException(s); err == nil {
			t.Errorf("%q was read as %+v", s, e)
		}
	}
}

func FuzzParseException(f *testing.F) {
	f.Add("10.1.0.0/16:443")
	f.Add("[::1]:80")
	f.Fuzz(func(t *testing.T, s string) {
		if e, err := ParseException(s); err == nil && !e.Net.IsValid() {
			t.Errorf("%q was read as %+v", s, e)
		}
	})
}

// through returns a client whose way out is a proxy with the policy.
func through(t *testing.T, policy Policy) (*http.Client, *Proxy) {
	t.Helper()
	p, err := Start(t.Context(), policy)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: p.Addr()}), TLSHandshakeTimeout: 5 * time.Second}
	t.Cleanup(func() { transport.CloseIdleConnections(); p.Close() })
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}, p
}

func here(t *testing.T, l net.Listener) []Exception {
	t.Helper()
	e, err := ParseException(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return []Exception{e}
}

func TestOnlyWhatIsAllowedPasses(t *testing.T) {
	reached := 0
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }))
	defer inside.Close()
	insideTLS := httptest.NewTLSServer(inside.Config.Handler)
	defer insideTLS.Close()
	outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/in" {
			http.Redirect(w, r, inside.URL, http.StatusFound)
			return
		}
		w.Header().Set("X-Query", r.URL.RawQuery)
	}))
	defer outside.Close()
	c, p := through(t, Policy{Allow: here(t, outside.Listener)})
	r, err := c.Get(outside.URL + "/?a;b=%zz") // as the page asked for it, not as we would write it
	if err != nil || r.Header.Get("X-Query") != "a;b=%zz" {
		t.Fatalf("%v %v", r, err)
	}
	r.Body.Close()
	_, port, _ := net.SplitHostPort(inside.Listener.Addr().String())
	for _, to := range []string{inside.URL, outside.URL + "/in", insideTLS.URL, "http://localhost:" + port, "http://a.localhost:" + port, "http://[::ffff:127.0.0.1]:" + port,
		"http://169.254.169.254/latest/meta-data/"} {
		if r, err := c.Get(to); err == nil {
			r.Body.Close()
			t.Errorf("%s passed", to)
		}
	}
	if reached > 0 {
		t.Errorf("%d requests came inside", reached)
	}
	refused := 0
	for _, x := range p.Log() {
		if strings.Contains(x.Refused, ErrRefused.Error()) {
			refused++
		}
	}
	if refused < 7 { // the client asks some of them twice
		t.Errorf("%d refusals in the log: %+v", refused, p.Log())
	}
	closed, _ := through(t, Policy{Closed: true, Allow: here(t, outside.Listener)})
	if r, err := closed.Get(outside.URL); err == nil {
		r.Body.Close()
		t.Error("a closed proxy let a request pass")
	}
}

// A name whose address changes between two questions is judged by the address that is dialled.
func TestTheDialledAddressIsJudged(t *testing.T) {
	p, err := Start(t.Context(), Policy{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.dial(t.Context(), "tcp", "127.0.0.1:9"); !errors.Is(err, ErrRefused) {
		t.Errorf("%v", err)
	}
	if err := p.control(context.Background(), "tcp4", "10.0.0.7:80", nil); !errors.Is(err, ErrRefused) {
		t.Errorf("%v", err)
	}
	if err := p.control(context.Background(), "tcp4", "93.184.216.34:80", nil); err != nil {
		t.Errorf("%v", err)
	}
}

func TestWhatIsTooMuchIsCut(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 100 {
			_, _ = w.Write(make([]byte, 1<<16))
		}
	}))
	defer srv.Close()
	c, p := through(t, Policy{Allow: here(t, srv.Listener), MaxResponse: 1 << 20, MaxTotal: 3 << 20})
	total := int64(0)
	for range 5 {
		r, err := c.Get(srv.URL)
		if err != nil {
			continue
		}
		n, err := io.Copy(io.Discard, r.Body)
		r.Body.Close()
		if err == nil || n > 1<<20+1<<17 {
			t.Errorf("%d octets came, %v", n, err)
		}
		total += n
	}
	if total > 3<<20+1<<18 || p.Total() < 3<<20 {
		t.Errorf("%d octets in all, %d counted", total, p.Total())
	}
}
