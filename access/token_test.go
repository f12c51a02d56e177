package access_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sonde-fleet/sonde/access"
)

func TestTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, access.Settings{})
		ctx := d.operator()
		ana := d.account(ctx, "ana", access.Auditor)
		day := time.Now().Add(24 * time.Hour)
		for _, c := range []struct {
			name    string
			scopes  []access.Scope
			expires time.Time
			want    error
		}{
			{"t", nil, day, access.ErrScope}, {"t", []access.Scope{"everything"}, day, access.ErrScope},
			{"t", []access.Scope{access.ScopeOperate}, day, access.ErrScope}, // she does not operate
			{"t", []access.Scope{access.ScopeRead, access.ScopeRead}, day, access.ErrScope},
			{" ", []access.Scope{access.ScopeRead}, day, access.ErrTokenName}, {"a\nb", []access.Scope{access.ScopeRead}, day, access.ErrTokenName},
			{"t", []access.Scope{access.ScopeRead}, time.Now(), access.ErrExpiry}, {"t", []access.Scope{access.ScopeRead}, day.AddDate(2, 0, 0), access.ErrExpiry},
		} {
			if _, _, err := d.db.CreateToken(ana, c.name, c.scopes, c.expires); !errors.Is(err, c.want) {
				t.Errorf("%q %q: %v, want %v", c.name, c.scopes, err, c.want)
			}
		}
		_, _, err := d.db.CreateToken(t.Context(), "t", []access.Scope{access.ScopeRead}, day)
		is(t, err, access.ErrSignIn)

		read, first, err := d.db.CreateToken(ana, "figures", []access.Scope{access.ScopeRead}, day)
		if err != nil || !strings.HasPrefix(read, "sonde_") || len(read) != 49 {
			t.Fatal(read, err)
		}
		time.Sleep(time.Second)
		both, second, err := d.db.CreateToken(ana, "mails", []access.Scope{access.ScopeRead, access.ScopeEvidence}, day)
		if err != nil {
			t.Fatal(err)
		}
		b := d.browser()
		status := func(secret, path string, want int) {
			t.Helper()
			b.header.Set("Authorization", "Bearer "+secret)
			w := b.do("GET", path)
			if w.Code != want {
				t.Errorf("%s: %d, want %d", path, w.Code, want)
			}
			if w.Header().Get("Set-Cookie") != "" {
				t.Error("a program got a cookie")
			}
		}
		status(read, "/audits", 200)
		status(read, "/evidence", http.StatusForbidden)
		status(both, "/evidence", 200)
		b.header.Set("Authorization", "bearer  "+both)
		if who := b.who(); who != "ana" {
			t.Errorf("%q", who)
		}
		// A program has no session to begin, end or change.
		for _, path := range []string{"/everywhere", "/sign-out", "/sign-in", "/password", "/link"} {
			b.fails(access.ErrNoSession, "POST", path)
		}
		b.fails(access.ErrNoSession, "GET", "/structure")

		// Last use is known to the minute.
		used := func() time.Time {
			t.Helper()
			list, err := d.db.Tokens(ana, "ANA")
			if err != nil || len(list) != 2 {
				t.Fatal(list, err)
			}
			return list[0].LastUsed
		}
		began := used()
		time.Sleep(30 * time.Second)
		if status(read, "/audits", 200); used() != began {
			t.Error("each use is written")
		}
		time.Sleep(30 * time.Second)
		if status(read, "/audits", 200); used().Sub(began) != time.Minute || began.IsZero() {
			t.Errorf("used at %s, then at %s", began, used())
		}

		// Never more than the owner, and no longer.
		is(t, d.db.SetRoles(ctx, "ana", []access.Role{access.Reader}), nil)
		status(both, "/audits", 200)
		status(both, "/evidence", http.StatusForbidden)
		is(t, d.db.SetDisabled(ctx, "ana", true), nil)
		status(both, "/audits", http.StatusUnauthorized)
		is(t, d.db.SetDisabled(ctx, "ana", false), nil)
		status(both, "/audits", 200)

		// Somebody else's are not seen and not revoked, and it is not told that they are there.
		rita := d.account(ctx, "rita", access.Reader)
		_, err = d.db.Tokens(rita, "ana")
		is(t, err, access.ErrForbidden)
		_, err = d.db.Tokens(rita, "")
		is(t, err, access.ErrForbidden)
		is(t, d.db.RevokeToken(rita, first.ID), access.ErrForbidden)
		is(t, d.db.RevokeToken(rita, "none"), access.ErrForbidden)
		is(t, d.db.RevokeToken(ana, first.ID), nil)
		is(t, d.db.RevokeToken(ctx, first.ID), access.ErrToken)
		status(read, "/audits", http.StatusUnauthorized)
		status(both, "/audits", 200)
		is(t, d.db.RevokeToken(ctx, "none"), access.ErrToken)
		if all, err := d.db.Tokens(ctx, ""); err != nil || len(all) != 2 || all[0].Live(time.Now()) || !all[1].Live(time.Now()) || all[1].ID != second.ID {
			t.Errorf("%+v, %v", all, err)
		}
		time.Sleep(24 * time.Hour)
		status(both, "/audits", http.StatusUnauthorized)
	})
}

func TestTokensAreBounded(t *testing.T) {
	d := newDesk(t, access.Settings{})
	ctx := d.operator()
	for range 50 {
		if _, _, err := d.db.CreateToken(ctx, "t", []access.Scope{access.ScopeRead}, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	_, last, err := d.db.CreateToken(ctx, "t", []access.Scope{access.ScopeRead}, time.Now().Add(time.Hour))
	is(t, err, access.ErrTooMany)
	list, err := d.db.Tokens(ctx, "olga")
	if err != nil || len(list) != 50 || last.ID != "" {
		t.Fatal(len(list), err)
	}
	is(t, d.db.RevokeToken(ctx, list[0].ID), nil)
	_, _, err = d.db.CreateToken(ctx, "t", []access.Scope{access.ScopeRead}, time.Now().Add(time.Hour))
	is(t, err, nil)
}

// What is no token is refused, whatever it is; the one that is has one spelling.
func FuzzToken(f *testing.F) {
	db, secret := tokenOf(f)
	for _, s := range []string{"", "sonde_", secret, secret + "=", secret[:48] + "\n", strings.ToUpper(secret), strings.TrimPrefix(secret, "sonde_"), secret + secret} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := db.PeekLink(text); !errors.Is(err, access.ErrLink) {
			t.Errorf("%q is a link: %v", text, err)
		}
		g, err := access.NewGuard(db, access.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		d := &desk{t: t, db: db, guard: g}
		d.Handler = g.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if access.From(r.Context()).Token != nil {
				w.WriteHeader(http.StatusAccepted)
			}
		}))
		b := d.browser()
		b.header.Set("Authorization", "Bearer "+text)
		if code := b.do("GET", "/").Code; (code == http.StatusAccepted) != (strings.TrimSpace(text) == secret) {
			t.Errorf("%q: %d", text, code)
		}
	})
}

func tokenOf(f *testing.F) (*access.DB, string) {
	f.Helper()
	db, err := access.Open(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { db.Close() })
	setup, err := db.Setup()
	if err != nil {
		f.Fatal(err)
	}
	a, err := db.UseLink(f.Context(), setup, "olga", password)
	if err != nil {
		f.Fatal(err)
	}
	secret, _, err := db.CreateToken(access.With(f.Context(), access.Visitor{Account: a}), "t", []access.Scope{access.ScopeRead}, time.Now().Add(time.Hour))
	if err != nil {
		f.Fatal(err)
	}
	return db, secret
}
