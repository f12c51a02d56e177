package site

import "net/http"

// plain is a page of text alone: help, the accessibility statement.
type plain struct {
	frame
	Keys   []keyRow
	Public string
}

// keyRow is a keyboard shortcut.
type keyRow struct{ Key, What string }

// shortcuts are the keys of static/keys.js, as its data tells them.
var shortcuts = [...]struct{ key, what string }{{"/", "search"}, {"g f", "home"}, {"g a", "audits"}, {"g s", "structures"}, {"g r", "review"}, {"g c", "campaigns"},
	{"j", "next"}, {"k", "previous"}, {"Enter", "open"}, {"?", "help"}}

func (s *server) help(w http.ResponseWriter, r *http.Request) {
	p := &plain{frame: s.frame(r, filter{Lang: r.URL.Query().Get("lang")})}
	p.Here, p.Title = "help", p.T("help.title")
	for _, k := range shortcuts {
		p.Keys = append(p.Keys, keyRow{k.key, p.T("key." + k.what)})
	}
	s.render(w, r, http.StatusOK, "help", p)
}

// accessibility is the statement that French law wants of a site (law 2005-102, article 47; decree 2019-768).
func (s *server) accessibility(w http.ResponseWriter, r *http.Request) {
	p := &plain{frame: s.frame(r, filter{Lang: r.URL.Query().Get("lang")})}
	p.Here, p.Title = "accessibility", p.T("accessibility.title")
	s.render(w, r, http.StatusOK, "accessibility", p)
}
