package access_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/access"
)

const password = "correct horse battery"

// desk is a collector's site with a form for each thing that a visitor can do.
type desk struct {
	t     *testing.T
	db    *access.DB
	guard *access.Guard
	mux   *http.ServeMux
	http.Handler
}

func newDesk(t *testing.T, s access.Settings) *desk {
	t.Helper()
	return openDesk(t, t.TempDir(), s)
}

func openDesk(t *testing.T, dir string, s access.Settings) *desk {
	t.Helper()
	db, err := access.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	g, err := access.NewGuard(db, s)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, db: db, guard: g}
	mux := http.NewServeMux()
	d.mux = mux
	do := func(pattern string, f func(ctx context.Context, q url.Values) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := f(r.Context(), r.URL.Query()); err != nil {
				http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			}
		})
	}
	do("POST /sign-in", func(ctx context.Context, q url.Values) error { return g.SignIn(ctx, q.Get("name"), q.Get("password")) })
	do("POST /sign-out", func(ctx context.Context, _ url.Values) error { return g.SignOut(ctx) })
	do("POST /everywhere", func(ctx context.Context, _ url.Values) error { return g.SignOutEverywhere(ctx) })
	do("POST /password", func(ctx context.Context, q url.Values) error {
		return g.ChangePassword(ctx, q.Get("old"), q.Get("new"))
	})
	do("POST /link", func(ctx context.Context, q url.Values) error {
		return g.UseLink(ctx, q.Get("link"), q.Get("name"), q.Get("password"))
	})
	do("GET /structure", func(ctx context.Context, q url.Values) error { return g.OpenStructure(ctx, q.Get("link")) })
	mux.HandleFunc("GET /begin", func(w http.ResponseWriter, r *http.Request) {
		to, err := g.BeginOIDC(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		w.Write([]byte(to))
	})
	do("GET "+access.OIDCPath, g.FinishOIDC)
	mux.Handle("GET /audits", g.Require(access.ReadAudits, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	mux.Handle("GET /evidence", g.Require(access.ReadEvidence, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	mux.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
		v := access.From(r.Context())
		switch {
		case v.Account.Name != "":
			w.Write([]byte(v.Account.Name))
		case v.Guest:
			w.Write([]byte("guest"))
		}
		if v.Structure != "" {
			w.Write([]byte("+" + v.Structure))
		}
	})
	mux.HandleFunc("GET /from", func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte(access.From(r.Context()).Remote.String()))
	})
	d.Handler = g.Wrap(mux)
	return d
}

// browser keeps the one cookie of the site.
type browser struct {
	desk   *desk
	cookie *http.Cookie
	remote string
	host   string // empty: example.com
	header http.Header
}

func (d *desk) browser() *browser {
	return &browser{desk: d, remote: "192.0.2.1:4000", header: http.Header{}}
}

// do makes a request; the pairs are its query.
func (b *browser) do(method, path string, pairs ...string) *httptest.ResponseRecorder {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest(method, path+"?"+q.Encode(), nil)
	r.RemoteAddr = b.remote
	if b.host != "" {
		r.Host = b.host
	}
	for k, v := range b.header {
		r.Header[k] = v
	}
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	w := httptest.NewRecorder()
	b.desk.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if b.cookie = c; c.MaxAge < 0 {
			b.cookie = nil
		}
	}
	return w
}

// must makes a request that succeeds.
func (b *browser) must(method, path string, pairs ...string) string {
	b.desk.t.Helper()
	w := b.do(method, path, pairs...)
	if w.Code != http.StatusOK {
		b.desk.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return w.Body.String()
}

// fails makes a request that is refused with the error.
func (b *browser) fails(want error, method, path string, pairs ...string) {
	b.desk.t.Helper()
	if w := b.do(method, path, pairs...); w.Code == http.StatusOK || !strings.Contains(w.Body.String(), want.Error()) {
		b.desk.t.Errorf("%s %s: %d %s, want %v", method, path, w.Code, w.Body, want)
	}
}

func (b *browser) who() string { b.desk.t.Helper(); return b.must("GET", "/who") }

// operator makes the first operator, by the set-up link, and a context in which she acts.
func (d *desk) operator() context.Context {
	d.t.Helper()
	secret, err := d.db.Setup()
	if err != nil || secret == "" {
		d.t.Fatalf("set-up %q: %v", secret, err)
	}
	a, err := d.db.UseLink(d.t.Context(), secret, "Olga", password)
	if err != nil {
		d.t.Fatal(err)
	}
	return access.With(d.t.Context(), access.Visitor{Account: a})
}

// account makes an account with a password, and a context in which its owner acts.
func (d *desk) account(ctx context.Context, name string, roles ...access.Role) context.Context {
	d.t.Helper()
	secret, err := d.db.Invite(ctx, name, "", "fr", roles)
	if err != nil {
		d.t.Fatal(err)
	}
	a, err := d.db.UseLink(d.t.Context(), secret, "", password)
	if err != nil {
		d.t.Fatal(err)
	}
	return access.With(d.t.Context(), access.Visitor{Account: a})
}

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

// From the link on the console to an auditor at work and the end of her account.
func TestFirstDay(t *testing.T) {
	dir := t.TempDir()
	d := openDesk(t, dir, access.Settings{})
	old, err := d.db.Setup()
	if err != nil {
		t.Fatal(err)
	}
	secret, err := d.db.Setup()
	if err != nil || secret == old {
		t.Fatal(secret, err)
	}
	b := d.browser()
	b.fails(access.ErrLink, "POST", "/link", "link", old, "name", "olga", "password", password)
	b.fails(access.ErrShort, "POST", "/link", "link", secret, "name", "olga", "password", "short")
	b.fails(access.ErrName, "POST", "/link", "link", secret, "name", "ol ga", "password", password)
	b.must("POST", "/link", "link", secret, "name", "Olga", "password", password)
	b.fails(access.ErrLink, "POST", "/link", "link", secret, "name", "eve", "password", password)
	if b.who() != "Olga" {
		t.Error("the first operator is not signed in")
	}
	if again, err := d.db.Setup(); again != "" || err != nil {
		t.Errorf("a set-up link although there is an operator: %q, %v", again, err)
	}
	a, err := d.db.Account(access.With(t.Context(), access.Visitor{Account: access.Account{Name: "olga"}}), "olga")
	if err != nil {
		t.Fatal(err)
	}
	ctx := access.With(t.Context(), access.Visitor{Account: a})
	d.account(ctx, "ana", access.Auditor)
	ana := d.browser()
	ana.fails(access.ErrCredentials, "POST", "/sign-in", "name", "ana", "password", "wrong wrong wrong")
	ana.must("POST", "/sign-in", "name", "ANA", "password", password)
	ana.must("GET", "/evidence")
	// A session outlives the program.
	if err := d.db.Close(); err != nil {
		t.Fatal(err)
	}
	d2 := openDesk(t, dir, access.Settings{})
	ana.desk, b.desk = d2, d2
	if ana.who() != "ana" || b.who() != "Olga" {
		t.Error("a session did not outlive the program")
	}
	if err := d2.db.SetRoles(ctx, "ana", []access.Role{access.Reader}); err != nil {
		t.Fatal(err)
	}
	if w := ana.do("GET", "/evidence"); w.Code != http.StatusForbidden {
		t.Errorf("a role that was taken away still counts: %d", w.Code)
	}
	if err := d2.db.SetDisabled(ctx, "ana", true); err != nil {
		t.Fatal(err)
	}
	if ana.who() != "" {
		t.Error("a disabled account has a session")
	}
	ana.fails(access.ErrDisabled, "POST", "/sign-in", "name", "ana", "password", password)
	ana.fails(access.ErrCredentials, "POST", "/sign-in", "name", "ana", "password", "wrong wrong wrong")
	if err := d2.db.SetDisabled(ctx, "ana", false); err != nil {
		t.Fatal(err)
	}
	if ana.who() != "" {
		t.Error("an old session came back with the account")
	}
	ana.must("POST", "/sign-in", "name", "ana", "password", password)
}
