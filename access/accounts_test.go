package access_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sonde-fleet/sonde/access"
)

// The table of docs/access.md: who may do what.
func TestRights(t *testing.T) {
	account := func(roles ...access.Role) access.Visitor {
		return access.Visitor{Account: access.Account{Name: "lea", Roles: roles}}
	}
	token := func(v access.Visitor, scopes ...access.Scope) access.Visitor {
		v.Token = &access.Token{Scopes: scopes}
		return v
	}
	disabled, change := account(access.Operator), account(access.Operator)
	disabled.Account.Disabled, change.Account.MustChange = true, true
	for name, c := range map[string]struct {
		v    access.Visitor
		want []access.Right
	}{
		"nobody":   {access.Visitor{}, nil},
		"guest":    {access.Visitor{Guest: true}, []access.Right{access.ReadFigures, access.ReadAudits}},
		"local":    {access.Visitor{Local: true}, []access.Right{access.ReadFigures, access.ReadAudits, access.ReadEvidence}},
		"reader":   {account(access.Reader), []access.Right{access.ReadFigures, access.ReadAudits, access.OwnAccount}},
		"auditor":  {account(access.Auditor), []access.Right{access.ReadFigures, access.ReadAudits, access.ReadEvidence, access.Review, access.MakeCalls, access.OwnAccount}},
		"operator": {account(access.Operator), []access.Right{access.ReadFigures, access.ReadAudits, access.ReadEvidence, access.MakeCalls, access.Operate, access.ManageAccounts, access.OwnAccount}},
		"both": {account(access.Auditor, access.Operator), []access.Right{access.ReadFigures, access.ReadAudits, access.ReadEvidence, access.Review,
			access.MakeCalls, access.Operate, access.ManageAccounts, access.OwnAccount}},
		"structure":             {access.Visitor{Structure: "s1"}, []access.Right{access.ReadOwnAudits, access.Dispute}},
		"no role left":          {account(), []access.Right{access.OwnAccount}},
		"disabled":              {disabled, nil},
		"must change":           {change, []access.Right{access.OwnAccount}},
		"reader's token":        {token(account(access.Reader), access.Scopes[:]...), []access.Right{access.ReadFigures, access.ReadAudits}},
		"operator's whole":      {token(account(access.Operator), access.Scopes[:]...), []access.Right{access.ReadFigures, access.ReadAudits, access.ReadEvidence, access.Operate}},
		"auditor's evidence":    {token(account(access.Auditor), access.ScopeEvidence), []access.Right{access.ReadEvidence}},
		"token without a scope": {token(account(access.Operator)), nil},
		"disabled's token":      {token(disabled, access.ScopeRead), nil},
	} {
		var got []access.Right
		for _, r := range access.Rights {
			if c.v.May(r) {
				got = append(got, r)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s may %q, want %q", name, got, c.want)
		}
	}
	if v := access.From(t.Context()); v.May(access.ReadFigures) || v.SignedIn() {
		t.Error("a context without a guard has rights")
	}
}

func TestLocal(t *testing.T) {
	var v access.Visitor
	access.Local(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { v = access.From(r.Context()) })).
		ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	if !v.Local || !v.May(access.ReadEvidence) || v.May(access.Review) {
		t.Errorf("%+v", v)
	}
}

func TestAccountsAreChecked(t *testing.T) {
	d := newDesk(t, access.Settings{})
	ctx := d.operator()
	reader := []access.Role{access.Reader}
	for _, c := range []struct {
		name, display, lang string
		roles               []access.Role
		want                error
	}{
		{"o", "", "", reader, access.ErrName}, {"a b", "", "", reader, access.ErrName}, {"é-é", "", "", reader, access.ErrName},
		{strings.Repeat("a", 65), "", "", reader, access.ErrName}, {"ab\n", "", "", reader, access.ErrName}, {"", "", "", reader, access.ErrName},
		{"OLGA", "", "", reader, access.ErrNameTaken}, {"lea", "a\nb", "", reader, access.ErrDisplay}, {"lea", strings.Repeat("é", 101), "", reader, access.ErrDisplay},
		{"lea", "a\u202eb", "", reader, access.ErrDisplay}, {"lea", "", "de", reader, access.ErrLang},
		{"lea", "", "", nil, access.ErrRoles}, {"lea", "", "", []access.Role{"structure"}, access.ErrRoles},
		{"lea", "", "", []access.Role{access.Reader, access.Reader}, access.ErrRoles},
		{strings.Repeat("a", 64), strings.Repeat("é", 100), "en", reader, nil}, {"l.e-a_1@town.example", "Léa", "fr", reader, nil},
	} {
		_, err := d.db.Invite(ctx, c.name, c.display, c.lang, c.roles)
		if !errors.Is(err, c.want) {
			t.Errorf("%q %q %q %q: %v, want %v", c.name, c.display, c.lang, c.roles, err, c.want)
		}
	}
	list, err := d.db.Accounts(ctx)
	if err != nil || len(list) != 3 || list[0].Display != strings.Repeat("é", 100) || !list[0].Invited || list[2].Name != "Olga" {
		t.Errorf("%+v, %v", list, err)
	}
	lea := d.account(ctx, "lea", access.Auditor)
	is(t, d.db.SetProfile(lea, "LEA", "Léa", "en"), nil)
	is(t, d.db.SetProfile(lea, "olga", "x", ""), access.ErrForbidden)
	if a, err := d.db.Account(lea, "lea"); err != nil || a.Display != "Léa" || a.Lang != "en" {
		t.Errorf("%+v, %v", a, err)
	}
	_, err = d.db.Account(lea, "olga")
	is(t, err, access.ErrForbidden)
	_, err = d.db.Account(ctx, "nobody")
	is(t, err, access.ErrNoAccount)
}

// Who may not manage accounts manages none, also not by a token of an operator.
func TestManagementIsForOperators(t *testing.T) {
	d := newDesk(t, access.Settings{})
	ctx := d.operator()
	byToken := access.From(ctx)
	byToken.Token = &access.Token{Scopes: access.Scopes[:]}
	for name, c := range map[string]struct {
		ctx  context.Context
		want error
	}{
		"auditor": {d.account(ctx, "ana", access.Auditor), access.ErrForbidden},
		"token":   {access.With(t.Context(), byToken), access.ErrForbidden},
		"nobody":  {t.Context(), access.ErrSignIn},
		"local":   {access.With(t.Context(), access.Visitor{Local: true}), access.ErrSignIn},
	} {
		_, err1 := d.db.Invite(c.ctx, "eve", "", "", []access.Role{access.Operator})
		_, err2 := d.db.Reset(c.ctx, "olga")
		_, err3 := d.db.Accounts(c.ctx)
		_, err4 := d.db.Tokens(c.ctx, "olga")
		_, err5 := d.db.Link(c.ctx, "s1", time.Now().Add(time.Hour))
		_, err6 := d.db.Links(c.ctx, "")
		if name == "token" { // it operates, as its scope says
			err5, err6 = c.want, c.want
		}
		for i, err := range []error{err1, err2, err3, err4, err5, err6,
			d.db.SetRoles(c.ctx, "ana", []access.Role{access.Operator}), d.db.SetDisabled(c.ctx, "olga", true), d.db.EndSessions(c.ctx, "olga"),
			d.db.RequireChange(c.ctx, "olga"), d.db.RevokeToken(c.ctx, "0123456789abcdef")} {
			if !errors.Is(err, c.want) {
				t.Errorf("%s, call %d: %v, want %v", name, i+1, err, c.want)
			}
		}
	}
}

func TestLastOperator(t *testing.T) {
	d := newDesk(t, access.Settings{})
	ctx := d.operator()
	is(t, d.db.SetDisabled(ctx, "olga", true), access.ErrLastOne)
	is(t, d.db.SetRoles(ctx, "olga", []access.Role{access.Auditor}), access.ErrLastOne)
	// An invitation that nobody used is nobody who could sign in.
	secret, err := d.db.Invite(ctx, "omar", "", "", []access.Role{access.Operator, access.Reader})
	if err != nil {
		t.Fatal(err)
	}
	is(t, d.db.SetDisabled(ctx, "olga", true), access.ErrLastOne)
	if _, err := d.db.UseLink(ctx, secret, "", password); err != nil {
		t.Fatal(err)
	}
	// Two who shut each other out at once leave one.
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i, name := range []string{"olga", "omar"} {
		wg.Go(func() { errs[i] = d.db.SetDisabled(ctx, name, true) })
	}
	wg.Wait()
	if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), access.ErrLastOne) {
		t.Errorf("%v", errs)
	}
}

func TestPasswordRules(t *testing.T) {
	d := newDesk(t, access.Settings{})
	ctx := d.operator()
	secret, err := d.db.Invite(ctx, "lea.martin.dijon", "", "", []access.Role{access.Reader})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]error{
		"": access.ErrShort, "elevenchars": access.ErrShort, strings.Repeat("é", 11): access.ErrShort, strings.Repeat("é", 257): access.ErrLong,
		"Lea.Martin.Dijon": access.ErrSameAsName, " lea.martin.dijon ": access.ErrSameAsName, "twelve chars\xff": access.ErrText,
	} {
		_, err := d.db.UseLink(ctx, secret, "", text)
		if !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
	// A password typed where é is one character is the same where it is two; and the longest one is taken.
	long := strings.Repeat("é", 256)
	if _, err := d.db.UseLink(ctx, secret, "", long); err != nil {
		t.Fatal(err)
	}
	b := d.browser()
	b.must("POST", "/sign-in", "name", "lea.martin.dijon", "password", strings.Repeat("e\u0301", 256))
	b.fails(access.ErrCredentials, "POST", "/sign-in", "name", "lea.martin.dijon", "password", strings.Repeat("é", 255))
}

// The time of a refusal does not tell which accounts there are.
func TestUnknownAccountsTakeAsLong(t *testing.T) {
	d := newDesk(t, access.Settings{})
	ctx := d.operator()
	if _, err := d.db.Invite(ctx, "invited", "", "", []access.Role{access.Reader}); err != nil {
		t.Fatal(err)
	}
	fastest := map[string]time.Duration{}
	for round := range 4 {
		for i, name := range []string{"olga", "nobody", "invited", strings.Repeat("x", 100)} {
			b := d.browser()
			b.remote = fmt.Sprintf("192.0.2.%d:1", 10*round+i)
			began := time.Now()
			b.fails(access.ErrCredentials, "POST", "/sign-in", "name", name, "password", "wrong wrong wrong")
			if took := time.Since(began); round == 0 || took < fastest[name] {
				fastest[name] = took
			}
		}
	}
	for name, took := range fastest {
		if took < fastest["olga"]/3 {
			t.Errorf("%s is refused after %s, a known account after %s", name, took, fastest["olga"])
		}
	}
}

func TestOneTimeLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, access.Settings{})
		ctx := d.operator()
		first, err := d.db.Invite(ctx, "lea", "", "", []access.Role{access.Reader})
		if err != nil {
			t.Fatal(err)
		}
		second, err := d.db.Reset(ctx, "LEA") // the mail was lost
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.db.PeekLink(first)
		is(t, err, access.ErrLink)
		if l, err := d.db.PeekLink(second); err != nil || l.Account != "lea" || l.Kind != access.ResetLink {
			t.Errorf("%+v, %v", l, err)
		}
		time.Sleep(72 * time.Hour)
		_, err = d.db.UseLink(ctx, second, "", password)
		is(t, err, access.ErrLink)
		third, err := d.db.Reset(ctx, "lea")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(72*time.Hour - time.Second)
		if _, err := d.db.UseLink(ctx, third, "olga", password); err != nil {
			t.Fatal(err)
		}
		b := d.browser()
		b.must("POST", "/sign-in", "name", "lea", "password", password)
		// A reset leaves the old password until it is used, and ends the sessions then.
		fourth, err := d.db.Reset(ctx, "lea")
		if err != nil {
			t.Fatal(err)
		}
		if b.must("POST", "/sign-in", "name", "lea", "password", password); b.who() != "lea" {
			t.Error("the old password does not count any more")
		}
		other := d.browser()
		other.must("POST", "/link", "link", fourth, "password", "another password")
		if b.who() != "" || other.who() != "lea" {
			t.Error("the sessions of before the reset go on, or the new one does not begin")
		}
		b.fails(access.ErrCredentials, "POST", "/sign-in", "name", "lea", "password", password)
		fifth, err := d.db.Reset(ctx, "lea")
		if err != nil {
			t.Fatal(err)
		}
		is(t, d.db.SetDisabled(ctx, "lea", true), nil)
		_, err = d.db.UseLink(ctx, fifth, "", password)
		is(t, err, access.ErrDisabled)
		_, err = d.db.Reset(ctx, "lea")
		is(t, err, access.ErrDisabled)
	})
}

// Of many who use one link at once, one becomes the operator, and one chooses the password.
func TestLinksAreUsedOnce(t *testing.T) {
	d := newDesk(t, access.Settings{})
	setup, err := d.db.Setup()
	if err != nil {
		t.Fatal(err)
	}
	once(t, d, setup)
	list := []access.Account{}
	for i := range 6 {
		name := fmt.Sprintf("user%d", i)
		ctx := access.With(t.Context(), access.Visitor{Account: access.Account{Name: name}})
		if a, err := d.db.Account(ctx, name); err == nil {
			list = append(list, a)
		}
	}
	if len(list) != 1 {
		t.Fatalf("%+v", list)
	}
	invitation, err := d.db.Invite(access.With(t.Context(), access.Visitor{Account: list[0]}), "lea", "", "", []access.Role{access.Reader})
	if err != nil {
		t.Fatal(err)
	}
	once(t, d, invitation)
}

func once(t *testing.T, d *desk, secret string) {
	t.Helper()
	var wg sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		wg.Go(func() { _, errs[i] = d.db.UseLink(t.Context(), secret, fmt.Sprintf("user%d", i), password) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, access.ErrLink) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d used the link", won)
	}
}

// Each change has its line, with who did it and no secret.
func TestLog(t *testing.T) {
	d := newDesk(t, access.Settings{})
	var mu sync.Mutex
	var lines []string
	all := ""
	d.db.Log = func(e access.Entry) {
		mu.Lock()
		defer mu.Unlock()
		if e.At.IsZero() {
			t.Errorf("no instant: %+v", e)
		}
		lines = append(lines, fmt.Sprintf("%s|%s|%s", e.What, e.By, e.Account))
		all += fmt.Sprintf("%+v\n", e)
	}
	ctx := d.operator()
	lea := d.account(ctx, "lea", access.Reader)
	b := d.browser()
	b.do("POST", "/sign-in", "name", "lea", "password", "wrong wrong wrong")
	b.do("POST", "/sign-in", "name", "my secret typed here", "password", "")
	b.must("POST", "/sign-in", "name", "lea", "password", password)
	b.must("POST", "/password", "old", password, "new", "another password")
	b.must("POST", "/sign-out")
	secret, token, err := d.db.CreateToken(lea, "t", []access.Scope{access.ScopeRead}, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	link, err := d.db.Link(ctx, "s1", time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	is(t, d.db.RevokeToken(ctx, token.ID), nil)
	is(t, d.db.SetRoles(ctx, "lea", []access.Role{access.Auditor}), nil)
	is(t, d.db.RequireChange(ctx, "lea"), nil)
	is(t, d.db.EndSessions(ctx, "lea"), nil)
	is(t, d.db.SetDisabled(ctx, "lea", true), nil)
	is(t, d.db.SetDisabled(ctx, "nobody", true), access.ErrNoAccount)
	want := []string{"set-up link given|local|", "account made||Olga", "account invited|Olga|lea", "password set||lea", "sign-in refused||lea", "sign-in refused||",
		"signed in|lea|lea", "password set|lea|lea", "signed out|lea|lea", "token made|lea|lea", "structure link signed|Olga|", "token revoked|Olga|lea",
		"roles changed|Olga|lea", "password change required|Olga|lea", "sessions ended|Olga|lea", "account disabled|Olga|lea"}
	if !slices.Equal(lines, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	for _, s := range []string{password, "another password", "my secret typed here", secret, link} {
		if strings.Contains(all, s) {
			t.Errorf("the log tells %q", s)
		}
	}
	if !strings.Contains(all, "192.0.2.1") {
		t.Error("the log tells no address")
	}
}

func TestOpenTwice(t *testing.T) {
	dir := t.TempDir()
	db, err := access.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = access.Open(dir)
	is(t, err, access.ErrInUse)
}
