package access_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sonde-fleet/sonde/access"
)

func TestCookie(t *testing.T) {
	public, err := url.Parse("https://sonde.example")
	if err != nil {
		t.Fatal(err)
	}
	for want, s := range map[string]access.Settings{
		"sonde=; Path=/; HttpOnly; SameSite=Lax":                {},
		"__Host-sonde=; Path=/; HttpOnly; Secure; SameSite=Lax": {Secure: true, PublicURL: public},
	} {
		d := newDesk(t, s)
		d.operator()
		b := d.browser()
		w := b.do("POST", "/sign-in", "name", "olga", "password", password)
		line := w.Header().Get("Set-Cookie")
		if got := strings.Replace(line, b.cookie.Value, "", 1); got != want || len(b.cookie.Value) < 43 {
			t.Errorf("got %q, want %q", line, want)
		}
		if hsts := w.Header().Get("Strict-Transport-Security"); (hsts != "") != s.Secure {
			t.Errorf("Strict-Transport-Security %q, secure %t", hsts, s.Secure)
		}
		// Afterwards the cookie is not sent again: a page that a proxy keeps has none in it.
		if w := b.do("GET", "/who"); w.Header().Get("Set-Cookie") != "" || !strings.Contains(w.Header().Get("Vary"), "Cookie") {
			t.Errorf("%v", w.Header())
		}
		if w := b.do("POST", "/sign-out"); !strings.Contains(w.Header().Get("Set-Cookie"), "Max-Age=0") || b.who() != "" {
			t.Errorf("%v", w.Header())
		}
		if w := d.browser().do("GET", "/who"); w.Header().Get("Set-Cookie") != "" {
			t.Error("a visitor who does nothing gets a cookie")
		}
	}
}

// A token that was planted before the log-in, made up or given by us, is worth nothing after it.
func TestFixation(t *testing.T) {
	d := newDesk(t, access.Settings{})
	ctx := d.operator()
	made := &http.Cookie{Name: "sonde", Value: strings.Repeat("A", 43)}
	link, err := d.db.Link(ctx, "s1", time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	ours := d.browser()
	ours.must("GET", "/structure", "link", link) // a session without an account
	for name, planted := range map[string]*http.Cookie{"made up": made, "given": ours.cookie} {
		victim, thief := d.browser(), d.browser()
		victim.cookie, thief.cookie = planted, planted
		victim.must("POST", "/sign-in", "name", "olga", "password", password)
		if victim.cookie.Value == planted.Value || victim.who() != "Olga" {
			t.Errorf("%s: the token stayed", name)
		}
		if who := thief.who(); who != "" {
			t.Errorf("%s: the planted token is %s", name, who)
		}
	}
	// And one who opens a structure's link in a session that was planted does not lend it to the thief.
	victim, thief := d.browser(), d.browser()
	victim.must("GET", "/structure", "link", link)
	planted := victim.cookie
	thief.cookie = planted
	victim.must("GET", "/structure", "link", link)
	if thief.who() != "" || victim.who() != "+s1" {
		t.Errorf("thief %q, victim %q", thief.who(), victim.who())
	}
}

func TestSessionsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, access.Settings{})
		d.operator()
		b := d.browser()
		in := func() { t.Helper(); b.must("POST", "/sign-in", "name", "olga", "password", password) }
		in()
		time.Sleep(2*time.Hour - time.Second)
		if b.who() != "Olga" {
			t.Error("the session ended before it was idle for two hours")
		}
		time.Sleep(2 * time.Hour)
		if b.who() != "" {
			t.Error("a session that nobody used for two hours goes on")
		}
		in()
		for range 12*6 - 1 {
			time.Sleep(10 * time.Minute)
			if b.who() != "Olga" {
				t.Fatal("a session in use ended before its time")
			}
		}
		time.Sleep(10 * time.Minute)
		if b.who() != "" {
			t.Error("a session goes on after 12 hours")
		}
	})
}

// The same pages over the collector's socket have no session either.
func TestSocketHasNoSession(t *testing.T) {
	d := newDesk(t, access.Settings{})
	d.operator()
	d.Handler = access.Local(d.mux)
	b := d.browser()
	b.must("GET", "/evidence")
	b.fails(access.ErrNoSession, "POST", "/sign-in", "name", "olga", "password", password)
	b.fails(access.ErrNoSession, "POST", "/sign-out")
}

func TestSignOutEverywhere(t *testing.T) {
	d := newDesk(t, access.Settings{})
	ctx := d.operator()
	d.account(ctx, "lea", access.Reader)
	one, two, other := d.browser(), d.browser(), d.browser()
	for b, name := range map[*browser]string{one: "lea", two: "lea", other: "olga"} {
		b.must("POST", "/sign-in", "name", name, "password", password)
	}
	one.must("POST", "/everywhere")
	if one.who() != "" || two.who() != "" || other.who() != "Olga" {
		t.Errorf("%q %q %q", one.who(), two.who(), other.who())
	}
	one.fails(access.ErrSignIn, "POST", "/everywhere")
	one.must("POST", "/sign-in", "name", "lea", "password", password)
	is(t, d.db.EndSessions(ctx, "lea"), nil)
	if one.who() != "" {
		t.Error("the operator did not end the session")
	}
}

func TestChangePassword(t *testing.T) {
	d := newDesk(t, access.Settings{})
	ctx := d.operator()
	d.account(ctx, "lea", access.Auditor)
	one, two := d.browser(), d.browser()
	one.fails(access.ErrSignIn, "POST", "/password", "old", password, "new", "another password")
	for _, b := range []*browser{one, two} {
		b.must("POST", "/sign-in", "name", "lea", "password", password)
	}
	is(t, d.db.RequireChange(ctx, "lea"), nil)
	if w := one.do("GET", "/audits"); w.Code != http.StatusForbidden {
		t.Errorf("who must change the password reads first: %d", w.Code)
	}
	one.fails(access.ErrCredentials, "POST", "/password", "old", "wrong wrong wrong", "new", "another password")
	one.fails(access.ErrShort, "POST", "/password", "old", password, "new", "short")
	before := one.cookie.Value
	one.must("POST", "/password", "old", password, "new", "another password")
	if one.who() != "lea" || two.who() != "" || one.cookie.Value == before {
		t.Errorf("%q %q", one.who(), two.who())
	}
	one.must("GET", "/evidence")
	two.fails(access.ErrCredentials, "POST", "/sign-in", "name", "lea", "password", password)
	two.must("POST", "/sign-in", "name", "lea", "password", "another password")
}

// The file lets nobody in who copies it.
func TestSecretsAtRest(t *testing.T) {
	dir := t.TempDir()
	d := openDesk(t, dir, access.Settings{})
	ctx := d.operator()
	b := d.browser()
	b.must("POST", "/sign-in", "name", "olga", "password", password)
	token, _, err := d.db.CreateToken(ctx, "t", []access.Scope{access.ScopeRead}, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	invitation, err := d.db.Invite(ctx, "lea", "", "", []access.Role{access.Reader})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "access.db")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, secret := range map[string]string{"password": password, "session": b.cookie.Value, "token": strings.TrimPrefix(token, access.TokenPrefix), "invitation": invitation} {
		if strings.Contains(string(data), secret) {
			t.Errorf("the file holds the %s", what)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestCrossOrigin(t *testing.T) {
	public, err := url.Parse("https://sonde.example")
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t, access.Settings{PublicURL: public})
	ctx := d.operator()
	token, _, err := d.db.CreateToken(ctx, "t", []access.Scope{access.ScopeRead}, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method string
		header map[string]string
		want   int
	}{
		{"POST", nil, 200}, // a program, or a browser that tells nothing
		{"POST", map[string]string{"Sec-Fetch-Site": "same-origin"}, 200},
		{"POST", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"PUT", map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
		{"DELETE", map[string]string{"Origin": "https://evil.example"}, 403},
		{"POST", map[string]string{"Origin": "null"}, 403},
		{"POST", map[string]string{"Origin": "https://sonde.example"}, 200}, // the proxy asks under another host name
		{"GET", map[string]string{"Sec-Fetch-Site": "cross-site"}, 200},     // a link
		{"POST", map[string]string{"Sec-Fetch-Site": "cross-site", "Authorization": "Bearer " + token}, 200},
		{"POST", map[string]string{"Sec-Fetch-Site": "cross-site", "Authorization": "Basic b2xnYTp4"}, 403},
	} {
		r := httptest.NewRequest(c.method, "/who", nil)
		for k, v := range c.header {
			r.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		if d.ServeHTTP(w, r); w.Code != c.want {
			t.Errorf("%s %v: %d, want %d", c.method, c.header, w.Code, c.want)
		}
	}
}

// A page elsewhere whose name was made to point to this machine reads nothing, also where guests may.
func TestRebinding(t *testing.T) {
	d := newDesk(t, access.Settings{OnlyLoopback: true, Guest: true})
	for host, want := range map[string]int{"127.0.0.1:7780": 200, "localhost": 200, "LOCALHOST:1": 200, "[::1]:7780": 200, "[::1]": 200, "127.9.9.9": 200,
		"evil.example": 421, "evil.example:7780": 421, "10.0.0.1": 421, "": 421, "localhost.evil.example": 421} {
		r := httptest.NewRequest("GET", "/audits", nil)
		r.Host = host
		w := httptest.NewRecorder()
		if d.ServeHTTP(w, r); w.Code != want {
			t.Errorf("%q: %d, want %d", host, w.Code, want)
		}
	}
	if who := d.browserAt("127.0.0.1").who(); who != "guest" {
		t.Errorf("%q", who)
	}
}

// browserAt is a browser that calls the site by the host.
func (d *desk) browserAt(host string) *browser {
	b := d.browser()
	b.host = host
	return b
}

func TestRequire(t *testing.T) {
	d := newDesk(t, access.Settings{})
	ctx := d.operator()
	d.account(ctx, "rita", access.Reader)
	var errs []error
	d.guard.Refuse = func(w http.ResponseWriter, _ *http.Request, status int, err error) {
		errs = append(errs, err)
		http.Error(w, "in the site's words", status)
	}
	b := d.browser()
	if w := b.do("GET", "/evidence"); w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "words") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	b.must("POST", "/sign-in", "name", "rita", "password", password)
	b.must("GET", "/audits")
	if w := b.do("GET", "/evidence"); w.Code != http.StatusForbidden {
		t.Errorf("%d", w.Code)
	}
	b.header.Set("Authorization", "Bearer nonsense")
	if w := b.do("GET", "/audits"); w.Code != http.StatusUnauthorized || !strings.Contains(w.Header().Get("WWW-Authenticate"), "invalid_token") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if len(errs) != 3 {
		t.Fatal(errs)
	}
	for i, want := range []error{access.ErrSignIn, access.ErrForbidden, access.ErrToken} {
		is(t, errs[i], want)
	}
}

// Requests and changes at once: for the race detector, and nobody is signed in who must not be.
func TestTogether(t *testing.T) {
	d := newDesk(t, access.Settings{})
	ctx := d.operator()
	d.account(ctx, "lea", access.Reader)
	var wg sync.WaitGroup
	for i := range 4 {
		b := d.browser()
		b.remote = "192.0.2." + string(rune('1'+i)) + ":1"
		b.must("POST", "/sign-in", "name", "lea", "password", password)
		wg.Go(func() {
			for range 20 {
				if who := b.do("GET", "/who").Body.String(); who != "lea" && who != "" {
					t.Errorf("%q", who)
				}
			}
			if who := b.who(); i == 0 && who == "lea" {
				b.do("POST", "/sign-out")
			}
		})
	}
	wg.Go(func() {
		for range 5 {
			if err := d.db.SetRoles(ctx, "lea", []access.Role{access.Auditor}); err != nil {
				t.Error(err)
			}
		}
		if err := d.db.SetDisabled(ctx, "lea", true); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	if _, err := d.db.Account(ctx, "lea"); err != nil {
		t.Error(err)
	}
}
