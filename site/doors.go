package site

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/sonde-fleet/sonde/access"
)

// door is a page on which somebody says who they are: log-in, first set-up, a new password.
type door struct {
	frame
	Post     string
	Next     string
	Name     string
	AskName  bool
	Fault    string // what was wrong with the try before
	OIDC     string // where the log-in with the identity provider begins
	Text     string
	Action   string // of the button
	Password string // autocomplete of the password: current-password or new-password
}

// refusals are the messages for what package access refuses. What is not here is our fault.
var refusals = []struct {
	err error
	key string
}{
	{access.ErrCredentials, "credentials"}, {access.ErrDisabled, "disabled"}, {access.ErrLink, "link"}, {access.ErrName, "name"},
	{access.ErrNameTaken, "name-taken"}, {access.ErrShort, "short"}, {access.ErrLong, "long"}, {access.ErrText, "text"}, {access.ErrSameAsName, "same-as-name"},
	{access.ErrNoRole, "no-role"}, {access.ErrState, "state"}, {access.ErrDenied, "denied"}, {access.ErrProvider, "provider"}, {access.ErrIdentity, "identity"},
	{access.ErrRoles, "roles"}, {access.ErrDisplay, "display"}, {access.ErrLang, "lang"}, {access.ErrLastOne, "last-one"}, {access.ErrElsewhere, "elsewhere"},
	{access.ErrNoAccount, "no-account"}, {access.ErrScope, "scope"}, {access.ErrTokenName, "token-name"}, {access.ErrExpiry, "expiry"},
	{access.ErrTooMany, "too-many"}, {access.ErrForbidden, "forbidden"}, {access.ErrSignIn, "sign-in"}, {access.ErrCrossOrigin, "cross-origin"},
	{access.ErrHost, "host"}, {access.ErrToken, "token"}, {access.ErrStructure, "structure"}, {access.ErrNoProvider, "provider"},
}

// refusal returns what a refusal of package access is called in the visitor's language, and its status.
func (l *locale) refusal(err error) (text string, code int) {
	var often *access.TooOftenError
	if errors.As(err, &often) {
		return l.N("access.too-often", often.Seconds()), http.StatusTooManyRequests
	}
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return l.T("access." + r.key), http.StatusUnprocessableEntity
		}
	}
	slog.Error("access failed", "err", err)
	return l.T("problem.server.text"), http.StatusInternalServerError
}

// stopped answers a request that the guard stopped before it reached a page.
func (s *server) stopped(w http.ResponseWriter, r *http.Request, status int, err error) {
	secure(w.Header())
	if forPrograms(r) {
		problemJSON(w, status, err.Error())
		return
	}
	p := s.frame(r, filter{Lang: r.URL.Query().Get("lang")})
	p.Title = p.T("problem.refused")
	text, _ := p.refusal(err)
	s.render(w, r, status, "problem", problemPage{p, text, ""})
}

func (s *server) door(r *http.Request, title string) *door {
	lang := r.URL.Query().Get("lang")
	p := &door{frame: s.frame(r, filter{Lang: lang}), Post: r.URL.RequestURI(), Password: "current-password"}
	p.Title, p.Next = p.T(title), local(r.FormValue("next"), "/")
	p.alternate(r, func(lang string) string {
		q := r.URL.Query()
		q.Set("lang", lang)
		return r.URL.Path + "?" + q.Encode()
	})
	return p
}

func (s *server) signInPage(w http.ResponseWriter, r *http.Request) {
	s.signInAgain(w, r, http.StatusOK, "")
}

func (s *server) signInAgain(w http.ResponseWriter, r *http.Request, code int, fault string) {
	p := s.door(r, "sign-in.title")
	p.Here, p.AskName, p.Fault, p.Action, p.Name = "sign-in", true, fault, p.T("sign-in.action"), r.PostForm.Get("name")
	if s.guard.HasOIDC() {
		p.OIDC = "/sign-in/provider?" + url.Values{"next": {p.Next}}.Encode()
	}
	s.render(w, r, code, "door", p)
}

func (s *server) signIn(w http.ResponseWriter, r *http.Request) {
	if !s.smallForm(w, r) {
		return
	}
	if err := s.guard.SignIn(r.Context(), strings.TrimSpace(r.PostForm.Get("name")), r.PostForm.Get("password")); err != nil {
		text, code := s.frame(r, filter{Lang: r.URL.Query().Get("lang")}).refusal(err)
		s.signInAgain(w, r, code, text)
		return
	}
	http.Redirect(w, r, local(r.FormValue("next"), "/"), http.StatusSeeOther)
}

// smallForm reads a form of a visitor who may be anybody; false when the answer has been given.
func (s *server) smallForm(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		s.problem(w, r, http.StatusBadRequest)
		return false
	}
	return true
}

func (s *server) signOut(w http.ResponseWriter, r *http.Request) {
	if err := s.guard.SignOut(r.Context()); err != nil {
		slog.Error("sign-out failed", "err", err)
		s.problem(w, r, http.StatusInternalServerError)
		return
	}
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}

func (s *server) toProvider(w http.ResponseWriter, r *http.Request) {
	to, err := s.guard.BeginOIDC(r.Context())
	if err != nil {
		text, code := s.frame(r, filter{Lang: r.URL.Query().Get("lang")}).refusal(err)
		s.signInAgain(w, r, code, text)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (s *server) fromProvider(w http.ResponseWriter, r *http.Request) {
	if err := s.guard.FinishOIDC(r.Context(), r.URL.Query()); err != nil {
		p := s.frame(r, filter{})
		text, code := p.refusal(err)
		p.Title = p.T("problem.refused")
		s.render(w, r, code, "problem", problemPage{p, text, "/sign-in"})
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// welcomePage is where a one-time link leads: the first set-up, an invitation, a new password.
func (s *server) welcomePage(w http.ResponseWriter, r *http.Request) {
	s.welcomeAgain(w, r, http.StatusOK, "")
}

func (s *server) welcomeAgain(w http.ResponseWriter, r *http.Request, code int, fault string) {
	link, err := s.doors.PeekLink(r.PathValue("secret"))
	if err != nil {
		p := s.frame(r, filter{Lang: r.URL.Query().Get("lang")})
		text, code := p.refusal(err)
		p.Title = p.T("problem.refused")
		s.render(w, r, code, "problem", problemPage{p, text, "/sign-in"})
		return
	}
	p := s.door(r, "welcome."+slug(string(link.Kind)))
	p.Name, p.AskName, p.Fault, p.Password = link.Account, link.Kind == access.SetupLink, fault, "new-password"
	p.Text, p.Action = p.T("welcome."+slug(string(link.Kind))+".text"), p.T("welcome.action")
	if p.AskName {
		p.Name = r.PostForm.Get("name")
	}
	w.Header().Set("Referrer-Policy", "no-referrer")
	s.render(w, r, code, "door", p)
}

func (s *server) welcome(w http.ResponseWriter, r *http.Request) {
	if !s.smallForm(w, r) {
		return
	}
	p := s.frame(r, filter{Lang: r.URL.Query().Get("lang")})
	if r.PostForm.Get("password") != r.PostForm.Get("again") {
		s.welcomeAgain(w, r, http.StatusUnprocessableEntity, p.T("access.differ"))
		return
	}
	if err := s.guard.UseLink(r.Context(), r.PathValue("secret"), strings.TrimSpace(r.PostForm.Get("name")), r.PostForm.Get("password")); err != nil {
		text, code := p.refusal(err)
		s.welcomeAgain(w, r, code, text)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// structureDoor lets a structure's contact in by its link, and takes the link out of the address.
func (s *server) structureDoor(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Referrer-Policy", "no-referrer")
	if err := s.guard.OpenStructure(r.Context(), r.PathValue("link")); err != nil {
		p := s.frame(r, filter{Lang: r.URL.Query().Get("lang")})
		text, code := p.refusal(err)
		p.Title = p.T("problem.refused")
		s.render(w, r, code, "problem", problemPage{p, text, ""})
		return
	}
	to := filter{Lang: r.URL.Query().Get("lang")}
	http.Redirect(w, r, to.href("/structure"), http.StatusSeeOther)
}
