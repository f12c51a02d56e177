package site

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/stats"
)

// frame is what every page has: its language, its title, its way round.
type frame struct {
	*locale
	Title    string
	Here     string     // home, audits, websites…: the current entry of the navigation
	Asked    filter     // what the URL asks for
	Langs    []langLink // the other languages
	Live     bool       // the page follows the campaign, until the reader stops that (WCAG 2.2.2)
	HomeURL  string
	Nav      []link   // the ways round that the visitor has
	Who      string   // the name of who is signed in
	Guest    bool     // nobody is, and anyone may read
	entries  []string // what each of Nav leads to
	Doors    bool     // one can sign in here
	Searches bool
}

// Ways are the entries of the navigation, the current one marked.
func (p frame) Ways() []link {
	out := slices.Clone(p.Nav)
	for i := range out {
		out[i].Current = p.entries[i] == p.Here
	}
	return out
}

// Own is an address of this site in the language that the visitor asked for.
func (p frame) Own(path string) string { return filter{Lang: p.Asked.Lang}.href(path) }

// Lettered is a mail with the words around it, for the template.
func (p *frame) Lettered(l *letter) any {
	return struct {
		Frame  *frame
		Letter *letter
	}{p, l}
}

// Tasked is a call that a person must make with the words around it, for the template.
func (p *frame) Tasked(row taskRow) any {
	return struct {
		Frame *frame
		Row   *taskRow
	}{p, &row}
}

// Disputed is a dispute with the words around it, for the template.
func (p *frame) Disputed(c disputeCard) any {
	return struct {
		Frame *frame
		Card  *disputeCard
	}{p, &c}
}

// alternate sets the links to the page in the other languages, where the page has parameters of its own.
func (p *frame) alternate(r *http.Request, to func(lang string) string) {
	p.Langs = p.Langs[:0]
	for _, lang := range p.Other() {
		p.Langs = append(p.Langs, langLink{lang, languages[lang], to(lang)})
	}
}

// ways are the entries of the navigation, each with the right that it needs.
var ways = [...]struct {
	here, path string
	right      access.Right
}{
	{"home", "/", access.ReadFigures},
	{"barometer", "/barometer", access.ReadFigures},
	{"audits", "/audits", access.ReadAudits},
	{"structures", "/structures", access.ReadAudits},
	{"websites", "/websites", access.ReadAudits},
	{"review", "/review", access.Review},
	{"coding", "/coding", access.Review},
	{"agreement", "/agreement", access.Review},
	{"tasks", "/tasks", access.MakeCalls},
	{"campaigns", "/campaigns", access.Operate},
	{"plan", "/plan", access.Operate},
	{"fleet", "/fleet", access.Operate},
	{"accounts", "/accounts", access.ManageAccounts},
	{"structure", "/structure", access.ReadOwnAudits},
}

type langLink struct{ Lang, Name, URL string }

// link is a text that leads somewhere.
type link struct {
	Text, URL string
	Current   bool
	About     string // what the text alone does not say: of a number, which audits it counts
}

// languages names each language in itself.
var languages = map[string]string{"en": "English", "fr": "Français"}

func (s *server) frame(r *http.Request, f filter) frame {
	p := frame{locale: s.locales.pick(f.Lang, r.Header.Get("Accept-Language")), Asked: f}
	for _, lang := range p.Other() {
		to := f
		to.Lang = lang
		p.Langs = append(p.Langs, langLink{lang, languages[lang], to.href(r.URL.EscapedPath())}) // decoded, "/%2Fx/" would be the site x
	}
	base := filter{Campaign: f.Campaign, Lang: f.Lang}
	p.HomeURL = base.href("/")
	who := access.From(r.Context())
	p.Who, p.Guest = who.Account.Display, who.Guest && who.Account.Name == ""
	if p.Who == "" {
		p.Who = who.Account.Name
	}
	p.Doors, p.Searches = s.guard != nil, who.May(access.ReadAudits)
	for _, way := range ways {
		if who.May(way.right) {
			p.Nav = append(p.Nav, link{Text: p.T("nav." + way.here), URL: base.href(way.path)})
			p.entries = append(p.entries, way.here)
		}
	}
	return p
}

// pager leads through the pages of a list.
type pager struct{ Pages, First, Prev, Next, Last string }

// pager makes the ways through n rows, so many on a page, from the page at.
func (p *frame) pager(at, n, rows int, to func(page int) string) pager {
	pages := max((n+rows-1)/rows, 1)
	out := pager{Pages: p.T("page.of", "N", p.Int(at), "Total", p.Int(pages))}
	if at > 1 {
		out.First, out.Prev = to(1), to(min(at-1, pages))
	}
	if at < pages {
		out.Next, out.Last = to(at+1), to(pages)
	}
	return out
}

// stamp is an instant for a reader and for a program.
type stamp struct{ Text, ISO string }

func (p *frame) stamp(t time.Time) stamp {
	if t.IsZero() {
		return stamp{Text: undefined}
	}
	return stamp{p.Minute(t), t.UTC().Format(time.RFC3339Nano)}
}

// delay writes the delay of an answered audit, or the wait until a person spoke on the telephone.
func (p *frame) delay(o *stats.Outcome) string {
	if ms, ok := delayOf(o); ok {
		return p.Delay(float64(ms))
	}
	return undefined
}

// delayOf is what an audit's delay column shows, in milliseconds.
func delayOf(o *stats.Outcome) (ms int64, ok bool) {
	switch {
	case o.Result == stats.Answered:
		return o.Delay, true
	case o.Result == stats.Reached && o.Call != nil && o.Call.Wait != nil:
		return *o.Call.Wait, true
	}
	return 0, false
}

// auditURL returns the page of an audit.
func auditURL(o *stats.Outcome, f filter) string {
	to := filter{Lang: f.Lang}
	return to.href("/audits/" + strings.ReplaceAll(strings.ReplaceAll(string(o.ID), "%", "%25"), "/", "%2F"))
}
