package site

import (
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/probes"
)

// account is the page of one's own account: password, sessions, tokens for programs.
type account struct {
	frame
	Facts  []fact
	Local  bool // the password is ours to change
	Must   bool // it must be changed before anything else
	Fault  string
	Done   string
	Secret string // of a token that was just made: shown this once
	Tokens []tokenRow
	Scopes []option
	Ends   []option
}

type tokenRow struct {
	ID, Name, Owner, Scopes string
	Created, Expires, Used  stamp
	Live                    bool
}

func (s *server) accountPage(w http.ResponseWriter, r *http.Request) {
	s.accountAgain(w, r, http.StatusOK, func(*account) {})
}

func (s *server) accountAgain(w http.ResponseWriter, r *http.Request, code int, say func(*account)) {
	me := access.From(r.Context()).Account
	p := &account{frame: s.frame(r, filter{Lang: r.URL.Query().Get("lang")}), Local: me.Source == access.LocalSource, Must: me.MustChange}
	p.Here, p.Title = "account", p.T("account.title")
	p.Facts = []fact{{Name: p.T("account.name"), Value: me.Name}, {Name: p.T("account.roles"), Value: p.roles(me.Roles)}}
	tokens, err := s.doors.Tokens(r.Context(), me.Name)
	if err != nil && !me.MustChange {
		slog.Error("tokens failed", "err", err)
	}
	for _, t := range tokens {
		p.Tokens = append(p.Tokens, p.tokenRow(t))
	}
	for _, scope := range access.Scopes {
		p.Scopes = append(p.Scopes, option{string(scope), p.T("scope." + string(scope)), scope == access.ScopeRead})
	}
	for _, days := range []int{7, 30, 90, 365} {
		p.Ends = append(p.Ends, option{strconv.Itoa(days), p.N("days", days), days == 90})
	}
	say(p)
	s.render(w, r, code, "account", p)
}

func (l *locale) roles(list []access.Role) string {
	var names []string
	for _, role := range list {
		names = append(names, l.T("role."+string(role)))
	}
	return strings.Join(names, ", ")
}

func (p *frame) tokenRow(t access.Token) tokenRow {
	var scopes []string
	for _, scope := range t.Scopes {
		scopes = append(scopes, p.T("scope."+string(scope)))
	}
	return tokenRow{ID: t.ID, Name: t.Name, Owner: t.Owner, Scopes: strings.Join(scopes, ", "), Created: p.stamp(t.Created), Expires: p.stamp(t.Expires),
		Used: p.stamp(t.LastUsed), Live: t.Live(time.Now())}
}

// password changes one's own password.
func (s *server) password(w http.ResponseWriter, r *http.Request) {
	if !s.smallForm(w, r) {
		return
	}
	p := s.frame(r, filter{Lang: r.URL.Query().Get("lang")})
	if r.PostForm.Get("password") != r.PostForm.Get("again") {
		s.accountAgain(w, r, http.StatusUnprocessableEntity, func(a *account) { a.Fault = p.T("access.differ") })
		return
	}
	if err := s.guard.ChangePassword(r.Context(), r.PostForm.Get("current"), r.PostForm.Get("password")); err != nil {
		text, code := p.refusal(err)
		s.accountAgain(w, r, code, func(a *account) { a.Fault = text })
		return
	}
	s.accountAgain(w, r, http.StatusOK, func(a *account) { a.Done, a.Must = p.T("account.password-changed"), false })
}

func (s *server) signOutEverywhere(w http.ResponseWriter, r *http.Request) {
	if err := s.guard.SignOutEverywhere(r.Context()); err != nil {
		slog.Error("sign-out failed", "err", err)
		s.problem(w, r, http.StatusInternalServerError)
		return
	}
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}

// makeToken makes a key for a program and shows it this once.
func (s *server) makeToken(w http.ResponseWriter, r *http.Request) {
	if !s.smallForm(w, r) {
		return
	}
	days, _ := strconv.Atoi(r.PostForm.Get("days"))
	var scopes []access.Scope
	for _, scope := range r.PostForm["scope"] {
		scopes = append(scopes, access.Scope(scope))
	}
	secret, _, err := s.doors.CreateToken(r.Context(), r.PostForm.Get("token"), scopes, time.Now().AddDate(0, 0, days))
	if err != nil {
		p := s.frame(r, filter{Lang: r.URL.Query().Get("lang")})
		text, code := p.refusal(err)
		s.accountAgain(w, r, code, func(a *account) { a.Fault = text })
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	s.accountAgain(w, r, http.StatusOK, func(a *account) { a.Secret = secret })
}

func (s *server) revokeToken(w http.ResponseWriter, r *http.Request) {
	if err := s.doors.RevokeToken(r.Context(), r.PathValue("id")); err != nil {
		p := s.frame(r, filter{Lang: r.URL.Query().Get("lang")})
		text, code := p.refusal(err)
		s.accountAgain(w, r, code, func(a *account) { a.Fault = text })
		return
	}
	http.Redirect(w, r, "/account", http.StatusSeeOther)
}

// accounts is the page on which an operator manages who may come in.
type accounts struct {
	frame
	Rows  []accountRow
	Roles []option
	Fault string
	Link  string // a one-time link that was just made: shown this once
	For   string
}

type accountRow struct {
	Name, Display, Roles, Source string
	Created                      stamp
	Disabled, Invited, Must, Own bool
	Local                        bool
	Options                      []option
}

func (s *server) accountsPage(w http.ResponseWriter, r *http.Request) {
	s.accountsAgain(w, r, http.StatusOK, func(*accounts) {})
}

func (s *server) accountsAgain(w http.ResponseWriter, r *http.Request, code int, say func(*accounts)) {
	p := &accounts{frame: s.frame(r, filter{Lang: r.URL.Query().Get("lang")})}
	p.Here, p.Title = "accounts", p.T("accounts.title")
	list, err := s.doors.Accounts(r.Context())
	if err != nil {
		slog.Error("accounts failed", "err", err)
		s.problem(w, r, http.StatusInternalServerError)
		return
	}
	me := access.From(r.Context()).Account.Name
	for _, a := range list {
		row := accountRow{Name: a.Name, Display: a.Display, Roles: p.roles(a.Roles), Source: p.T("account.source." + string(a.Source)), Created: p.stamp(a.Created),
			Disabled: a.Disabled, Invited: a.Invited, Must: a.MustChange, Own: a.Name == me, Local: a.Source == access.LocalSource}
		for _, role := range access.Roles {
			has := false
			for _, x := range a.Roles {
				has = has || x == role
			}
			row.Options = append(row.Options, option{string(role), p.T("role." + string(role)), has})
		}
		p.Rows = append(p.Rows, row)
	}
	for _, role := range access.Roles {
		p.Roles = append(p.Roles, option{string(role), p.T("role." + string(role)), role == access.Reader})
	}
	say(p)
	s.render(w, r, code, "accounts", p)
}

func rolesOf(form []string) (roles []access.Role) {
	for _, x := range form {
		roles = append(roles, access.Role(x))
	}
	return roles
}

// changeAccount does what an operator asks for an account.
func (s *server) changeAccount(w http.ResponseWriter, r *http.Request) {
	if !s.smallForm(w, r) {
		return
	}
	ctx, f := r.Context(), r.PostForm
	account := strings.TrimSpace(f.Get("name"))
	var secret string
	var err error
	switch f.Get("do") {
	case "invite":
		secret, err = s.doors.Invite(ctx, account, strings.TrimSpace(f.Get("display")), f.Get("language"), rolesOf(f["role"]))
	case "reset":
		secret, err = s.doors.Reset(ctx, account)
	case "roles":
		err = s.doors.SetRoles(ctx, account, rolesOf(f["role"]))
	case "disable":
		err = s.doors.SetDisabled(ctx, account, true)
	case "enable":
		err = s.doors.SetDisabled(ctx, account, false)
	case "sessions":
		err = s.doors.EndSessions(ctx, account)
	default:
		s.problem(w, r, http.StatusBadRequest)
		return
	}
	switch {
	case err != nil:
		text, code := s.frame(r, filter{Lang: r.URL.Query().Get("lang")}).refusal(err)
		s.accountsAgain(w, r, code, func(a *accounts) { a.Fault = text })
	case secret != "":
		w.Header().Set("Cache-Control", "no-store")
		s.accountsAgain(w, r, http.StatusOK, func(a *accounts) { a.Link, a.For = s.address(r, "/welcome/"+secret), account })
	default:
		http.Redirect(w, r, "/accounts", http.StatusSeeOther)
	}
}

// address is the full address of a path, as the visitor reaches the site.
func (s *server) address(r *http.Request, path string) string {
	if s.public != "" {
		return strings.TrimSuffix(s.public, "/") + path
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	return scheme + r.Host + path
}

// linkStructure signs a link for a structure's contact and shows it this once.
func (s *server) linkStructure(w http.ResponseWriter, r *http.Request) {
	if !s.smallForm(w, r) {
		return
	}
	id := probes.StructureID(r.PathValue("id"))
	days, _ := strconv.Atoi(r.PostForm.Get("days"))
	link, err := s.doors.Link(r.Context(), id, time.Now().AddDate(0, 0, days))
	p := s.frame(r, filter{Lang: r.URL.Query().Get("lang")})
	if err != nil {
		text, code := p.refusal(err)
		p.Title = p.T("problem.refused")
		s.render(w, r, code, "problem", problemPage{p, text, structurePath(id)})
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	s.structureAgain(w, r, func(x *structure) { x.Link = s.address(r, "/s/"+link) })
}
