package site

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/sonde-fleet/sonde/access"
)

// Shelf keeps what people put by for themselves.
type Shelf interface {
	// Put keeps the text under the owner's name for it; an empty text takes it away.
	Put(owner, name, text string) error
	// Get returns what the owner keeps, in order of the names.
	Get(owner string) (names, texts []string)
}

// savedView is a list that somebody comes back to.
type savedView struct{ Name, URL string }

// maxName is how many characters the name of a saved view has.
const maxName = 80

// saved returns the visitor's views, and whether more can be kept.
func (s *server) saved(r *http.Request) (views []savedView, may bool) {
	who := access.From(r.Context())
	if s.shelf == nil || !who.SignedIn() {
		return nil, false
	}
	names, texts := s.shelf.Get(who.Account.Name)
	for i := range names {
		views = append(views, savedView{names[i], local(texts[i], "/audits")})
	}
	return views, true
}

// save keeps a view of the list of audits, or takes one away. What is kept is read as a filter first: nothing but a list of
// ours is kept.
func (s *server) save(w http.ResponseWriter, r *http.Request) {
	if !s.smallForm(w, r) {
		return
	}
	who := access.From(r.Context())
	name := strings.Join(strings.Fields(r.PostForm.Get("name")), " ")
	q, err := url.ParseQuery(r.PostForm.Get("view"))
	if s.shelf == nil || !who.SignedIn() || err != nil || name == "" || len([]rune(name)) > maxName {
		s.refuse(w, r, http.StatusBadRequest, "saved.wrong")
		return
	}
	f, err := parseFilter(q)
	if err != nil {
		s.problem(w, r, http.StatusBadRequest)
		return
	}
	to := f.href("/audits")
	text := to
	if r.PostForm.Get("do") == "remove" {
		text = ""
	}
	if err := s.shelf.Put(who.Account.Name, name, text); err != nil {
		slog.Info("view not kept", "err", err)
		s.refuse(w, r, http.StatusConflict, "saved.full")
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}
