package access_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oauth2-proxy/mockoidc"
	"github.com/sonde-fleet/sonde/access"
)

// provider starts an identity provider on loopback, and a site that uses it.
func withProvider(t *testing.T, change func(*access.OIDC)) (*mockoidc.MockOIDC, *desk) {
	t.Helper()
	m, err := mockoidc.Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Shutdown() })
	public, err := url.Parse("http://127.0.0.1:7780")
	if err != nil {
		t.Fatal(err)
	}
	o := access.OIDC{Issuer: m.Issuer(), ClientID: m.ClientID, ClientSecret: m.ClientSecret,
		Roles: map[string][]access.Role{"audits": {access.Auditor, access.Reader}, "fleet": {access.Operator}, "readers": {access.Reader}}}
	if change != nil {
		change(&o)
	}
	return m, newDesk(t, access.Settings{PublicURL: public, OIDC: &o})
}

// leave begins a log-in and returns with what the provider sends the browser back.
func (b *browser) leave() url.Values {
	b.desk.t.Helper()
	to := b.must("GET", "/begin")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(to)
	if err != nil {
		b.desk.t.Fatal(err)
	}
	defer res.Body.Close()
	back, err := res.Location()
	if err != nil || !strings.HasPrefix(back.String(), "http://127.0.0.1:7780"+access.OIDCPath+"?") {
		b.desk.t.Fatal(back, err)
	}
	return back.Query()
}

// back is the browser's arrival with the query.
func (b *browser) back(q url.Values) *httptest.ResponseRecorder {
	var pairs []string
	for k := range q {
		pairs = append(pairs, k, q.Get(k))
	}
	return b.do("GET", access.OIDCPath, pairs...)
}

func (b *browser) refused(want error, q url.Values) {
	b.desk.t.Helper()
	if w := b.back(q); w.Code == http.StatusOK || !strings.Contains(w.Body.String(), want.Error()) {
		b.desk.t.Errorf("%d %s, want %v", w.Code, w.Body, want)
	}
	if who := b.who(); who != "" {
		b.desk.t.Errorf("%s is signed in", who)
	}
}

func jane(groups ...string) *mockoidc.MockUser {
	return &mockoidc.MockUser{Subject: "42", PreferredUsername: "jane.doe", Email: "jane@town.example", Groups: groups}
}

func TestProvider(t *testing.T) {
	m, d := withProvider(t, nil)
	ctx := d.operator()
	b := d.browser()
	in := func(u *mockoidc.MockUser) url.Values {
		t.Helper()
		m.QueueUser(u)
		return b.leave()
	}
	to, err := url.Parse(b.must("GET", "/begin"))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"state", "nonce", "code_challenge"} {
		if len(to.Query().Get(key)) < 43 {
			t.Errorf("%s is %q", key, to.Query().Get(key))
		}
	}
	if to.Query().Get("code_challenge_method") != "S256" || !strings.Contains(to.Query().Get("scope"), "groups") {
		t.Errorf("%s", to)
	}

	b.refused(access.ErrNoRole, in(jane("unknown")))
	if _, err := d.db.Account(ctx, "jane.doe"); !errors.Is(err, access.ErrNoAccount) {
		t.Errorf("an account of somebody who has no business here: %v", err)
	}
	planted := ""
	if b.cookie != nil {
		planted = b.cookie.Value
	}
	q := in(jane("audits", "unknown"))
	if w := b.back(q); w.Code != http.StatusOK || b.who() != "jane.doe" || b.cookie.Value == planted {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	b.must("GET", "/evidence")
	a, err := d.db.Account(ctx, "jane.doe")
	if err != nil || a.Source != access.OIDCSource || !slices.Equal(a.Roles, []access.Role{access.Auditor, access.Reader}) {
		t.Errorf("%+v, %v", a, err)
	}
	// What the provider decides is not decided here, and there is no password to guess.
	is(t, d.db.SetRoles(ctx, "jane.doe", []access.Role{access.Operator}), access.ErrElsewhere)
	is(t, d.db.RequireChange(ctx, "jane.doe"), access.ErrElsewhere)
	_, err = d.db.Reset(ctx, "jane.doe")
	is(t, err, access.ErrElsewhere)
	b.fails(access.ErrElsewhere, "POST", "/password", "old", "", "new", password)
	d.browser().fails(access.ErrCredentials, "POST", "/sign-in", "name", "jane.doe", "password", "")

	// The subject counts and not the name; the roles are those of today.
	renamed := jane("readers")
	renamed.PreferredUsername = "jane.smith"
	if w := b.back(in(renamed)); w.Code != http.StatusOK || b.who() != "jane.doe" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := b.do("GET", "/evidence"); w.Code != http.StatusForbidden {
		t.Errorf("a role that the provider took away counts: %d", w.Code)
	}
	other := d.browser()
	for name, u := range map[string]*mockoidc.MockUser{
		"another's name":  {Subject: "43", PreferredUsername: "Jane.Doe", Groups: []string{"readers"}},
		"a local account": {Subject: "44", PreferredUsername: "olga", Groups: []string{"fleet"}},
	} {
		m.QueueUser(u)
		if w := other.back(other.leave()); !strings.Contains(w.Body.String(), access.ErrNameTaken.Error()) || other.who() != "" {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	// Who has lost all groups is out, here too at once.
	m.QueueUser(jane("unknown"))
	other.refused(access.ErrNoRole, other.leave())
	if b.who() != "" {
		t.Error("the sessions of somebody without a role go on")
	}
	m.QueueUser(jane("audits"))
	is(t, d.db.SetDisabled(ctx, "jane.doe", true), nil)
	other.refused(access.ErrDisabled, other.leave())
}

func TestProviderNames(t *testing.T) {
	for name, c := range map[string]struct {
		claim string
		user  mockoidc.MockUser
		want  string // empty: refused
	}{
		"preferred":        {"", mockoidc.MockUser{PreferredUsername: "jane", Email: "j@t.example", EmailVerified: true}, "jane"},
		"verified address": {"", mockoidc.MockUser{Email: "j@t.example", EmailVerified: true}, "j@t.example"},
		"address":          {"", mockoidc.MockUser{Email: "j@t.example"}, ""},
		"address as asked": {"email", mockoidc.MockUser{PreferredUsername: "jane", Email: "j@t.example"}, ""},
		"phone as asked":   {"phone_number", mockoidc.MockUser{PreferredUsername: "jane", Phone: "0102"}, "0102"},
		"unfit":            {"", mockoidc.MockUser{PreferredUsername: "jane doe", Email: "j@t.example", EmailVerified: true}, "j@t.example"},
		"nothing":          {"", mockoidc.MockUser{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m, d := withProvider(t, func(o *access.OIDC) { o.NameClaim = c.claim })
			u := c.user
			u.Subject, u.Groups = "42", []string{"readers"}
			m.QueueUser(&u)
			b := d.browser()
			if c.want == "" {
				b.refused(access.ErrIdentity, b.leave())
			} else if w := b.back(b.leave()); b.who() != c.want {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
}

// Roles may stand in one text, below a dot, or under a name that has dots itself.
func TestProviderRoles(t *testing.T) {
	for name, claim := range map[string]string{"text": "preferred_username", "missing": "realm_access.roles", "no object": "email.roles"} {
		t.Run(name, func(t *testing.T) {
			m, d := withProvider(t, func(o *access.OIDC) { o.RolesClaim = claim; o.Roles["jane.doe"] = []access.Role{access.Operator} })
			m.QueueUser(jane("fleet"))
			b := d.browser()
			if name != "text" {
				b.refused(access.ErrNoRole, b.leave())
				return
			}
			if w := b.back(b.leave()); b.who() != "jane.doe" {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			// She manages the accounts: nobody needs a set-up link, and she cannot be shut out.
			if secret, err := d.db.Setup(); secret != "" || err != nil {
				t.Errorf("%q, %v", secret, err)
			}
		})
	}
}

func TestProviderIsHeldToItsWord(t *testing.T) {
	m, d := withProvider(t, nil)
	user := func() { m.QueueUser(jane("audits")) }
	with := func(q url.Values, k, v string) url.Values { q.Set(k, v); return q }

	b := d.browser()
	user()
	q := b.leave()
	b.refused(access.ErrState, with(q, "state", "another"))
	b.refused(access.ErrState, q) // what was begun is good for one answer

	b = d.browser()
	user()
	stolen := b.leave()
	b.refused(access.ErrState, url.Values{})
	d.browser().refused(access.ErrState, stolen) // an answer to another browser (log-in forgery)

	b = d.browser()
	user()
	b.refused(access.ErrDenied, url.Values{"state": {b.leave().Get("state")}, "error": {"access_denied"}})

	b = d.browser()
	user()
	b.refused(access.ErrProvider, with(b.leave(), "iss", "https://evil.example"))

	b = d.browser()
	user()
	b.refused(access.ErrProvider, with(b.leave(), "code", "made-up"))

	// The code of somebody else's log-in: the verifier does not fit it (PKCE).
	victim, thief := d.browser(), d.browser()
	user()
	code := victim.leave().Get("code")
	user()
	thief.refused(access.ErrProvider, with(thief.leave(), "code", code))

	// The same where the provider forgets about PKCE: the nonce does not fit.
	victim, thief = d.browser(), d.browser()
	user()
	code = victim.leave().Get("code")
	m.SessionStore.Store[code].CodeChallenge = ""
	user()
	thief.refused(access.ErrState, with(thief.leave(), "code", code))

	m.FastForward(-time.Hour) // its tokens have expired when they come
	b = d.browser()
	user()
	b.refused(access.ErrProvider, b.leave())
	m.FastForward(time.Hour)

	m.QueueError(&mockoidc.ServerError{Code: http.StatusInternalServerError, Error: mockoidc.InternalServerError})
	b = d.browser()
	to := b.must("GET", "/begin")
	res, err := http.Get(to)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	b.refused(access.ErrState, url.Values{"code": {"x"}})
}

// A provider that is down is looked for again; nobody waits in a row for it.
func TestProviderIsDown(t *testing.T) {
	asked := 0
	down := true
	var issuer string
	idp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; down {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		w.Write([]byte(`{"issuer":"` + issuer + `","authorization_endpoint":"` + issuer + `/a","token_endpoint":"` + issuer + `/t","jwks_uri":"` + issuer + `/k"}`))
	}))
	defer idp.Close()
	issuer = idp.URL
	_, d := withProvider(t, func(o *access.OIDC) { o.Issuer = issuer })
	b := d.browser()
	for range 3 {
		b.fails(access.ErrProvider, "GET", "/begin")
	}
	if asked != 1 {
		t.Errorf("asked %d times at once", asked)
	}
	down = false
	time.Sleep(5100 * time.Millisecond)
	if to := b.must("GET", "/begin"); !strings.HasPrefix(to, issuer+"/a?") || strings.Contains(to, "groups") {
		t.Errorf("%s", to)
	}
}

func TestWithoutProvider(t *testing.T) {
	d := newDesk(t, access.Settings{})
	_, err := d.guard.BeginOIDC(t.Context())
	is(t, err, access.ErrNoProvider)
	is(t, d.guard.FinishOIDC(context.Background(), nil), access.ErrNoProvider)
	if d.guard.HasOIDC() {
		t.Error("a provider out of nothing")
	}
	if _, err := access.NewGuard(d.db, access.Settings{OIDC: &access.OIDC{}}); err == nil {
		t.Error("nobody could come back from the provider")
	}
}
