// Package sample chooses which pages of a site are audited: the pages that RGAA's method makes mandatory, one page per
// rubric, distinct shapes of address, and a seeded random tenth, so that two audits of one site look at the same pages.
package sample

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/internal/fold"
)

// Kind is why a page is in the sample.
type Kind string

// The mandatory pages of RGAA 4.1's method, then those that information items live on, then the ways of filling up.
const (
	Home          Kind = "home"
	Contact       Kind = "contact"
	Legal         Kind = "legal"
	Accessibility Kind = "accessibility"
	SiteMap       Kind = "sitemap"
	Help          Kind = "help"
	SignIn        Kind = "sign-in"
	Procedures    Kind = "procedures"
	Hours         Kind = "hours"
	Privacy       Kind = "privacy"
	Council       Kind = "council"
	Rubric        Kind = "rubric"
	Shape         Kind = "shape"
	Random        Kind = "random"
	Search        Kind = "search"   // a search result; the auditor makes it
	Download      Kind = "download" // a file: looked at, not audited as a page
)

// wanted are the kinds that a link's words decide, in the order in which they are visited.
var wanted = []struct {
	kind  Kind
	words *regexp.Regexp // folded text of the link
	path  *regexp.Regexp // folded path of its address
}{
	{Contact, re(`\bcontact(s|er|ez)?\b|nous (joindre|contacter|ecrire)|ecri(re|vez)[ -](a|nous)|\bkontakt`), re(`/(nous-)?contact(s|er|ez-nous|-us)?\b|/nous-(joindre|ecrire)|/kontakt`)},
	{Accessibility, re(`accessibilite( numerique)?\b.{0,30}$|declaration d.accessibilite|\baccessibility\b`), re(`/(declaration-(d-)?)?accessibilite(-numerique)?\b|/accessibility`)},
	{Legal, re(`mentions? legales?|informations? legales?|legal (notice|information)|impressum|\bimprint\b`), re(`/mentions?-?legales?|/legal|/impressum`)},
	{SiteMap, re(`\bplan (du|de) site|\bsite ?map\b`), re(`/plan-?(du-|de-)?site|/site-?map\b`)},
	{Help, re(`^(l.)?aide( en ligne)?$|\bfaq\b|questions? frequentes?|foire aux questions|^help$`), re(`/(aide|faq|foire-aux-questions|help)\b`)},
	{SignIn, re(`\bconnexion\b|se connecter|s.identifier|mon (compte|espace)|espace (usager|citoyen|famille|personnel|agent)|\b(log|sign) ?in\b`), re(`/(connexion|login|signin|mon-compte)\b`)},
	{Procedures, re(`\bdemarches?\b|\be-services?\b|services en ligne|guichet`), re(`/(vos-|mes-)?demarches|/services-en-ligne`)},
	{Hours, re(`\bhoraires?\b|heures d.ouverture|infos? pratiques?|\bopening hours\b`), re(`/horaires|/infos?-pratiques?`)},
	{Privacy, re(`donnees personnelles|confidentialite|\bcookies?\b|\brgpd\b|privacy`), re(`/(politique-de-)?confidentialite|/donnees-personnelles|/rgpd|/privacy|/cookies`)},
	{Council, re(`conseils? municipal|deliberations?|ordre du jour|comptes? rendus?|conseil (communautaire|departemental|d.administration)`), re(`/(conseil-municipal|deliberations|seances?)`)},
}

func re(s string) *regexp.Regexp { return regexp.MustCompile(s) }

var (
	// files are addresses that are no pages.
	files = re(`(?i)\.(pdf|docx?|xlsx?|pptx?|od[tsp]|zip|rar|7z|gz|rtf|csv|ics|jpe?g|png|gif|webp|svg|mp[34]|avi|mov|webm|epub|xml|json|rss|atom|css|js)$`)
	// Documents are those that a citizen downloads.
	documents = re(`(?i)\.(pdf|docx?|xlsx?|pptx?|od[tsp]|rtf|csv|zip|epub)$`)
	// traps are addresses that are never visited: they end a session, change something, or have no end.
	traps = re(`(?i)/(logout|deconnexion|signout|wp-admin|wp-login|admin|cart|panier)\b|[?&](add-to-cart|action|replytocom|print|share|month|date|jour|mois|annee|calendar|sid|phpsessid)=`)
	// numbers are what differs between two pages of one shape.
	numbers = re(`\d+`)
)

// Link is a link of a rendered page.
type Link struct {
	URL    string `json:"url"`    // absolute
	Text   string `json:"text"`   // accessible name
	Region string `json:"region"` // nav, header, footer, main or ""
}

// Pick is a page to visit and why.
type Pick struct {
	URL   string
	Why   Kind
	Depth int // clicks from the home page
}

// Frontier holds the links that were seen and hands out the next page. It is a pure function of what it was given.
type Frontier struct {
	most    int
	seed    string
	host    string
	known   map[string]*entry
	order   []*entry
	covered map[Kind]bool
	rubrics map[string]bool
	shapes  map[string]int
	picked  int
	random  int
	files   []string
}

type entry struct {
	pick    Pick
	kinds   []Kind
	region  string
	shape   string
	rubric  string
	visited bool
}

// New begins with the home page, as its address stood after redirects. most is how many pages are picked in all.
func New(home, seed string, most int) *Frontier {
	f := &Frontier{most: most, seed: seed, known: map[string]*entry{}, covered: map[Kind]bool{}, rubrics: map[string]bool{}, shapes: map[string]int{}}
	if u, err := url.Parse(home); err == nil {
		f.host = site(u)
	}
	if key, u, ok := f.key(home); ok {
		f.known[key] = &entry{pick: Pick{URL: home, Why: Home}, visited: true, shape: shape(u)}
		f.shapes[shape(u)]++
	}
	f.picked = 1
	return f
}

// site is the host without "www.": one site under two names.
func site(u *url.URL) string { return strings.TrimPrefix(strings.ToLower(u.Host), "www.") }

func (f *Frontier) key(raw string) (string, *url.URL, bool) { return pageKey(f.host, raw) }

// pageKey is one name for the addresses of one page of the site at host.
func pageKey(host, raw string) (string, *url.URL, bool) {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || site(u) != host || u.User != nil {
		return "", nil, false
	}
	q := u.Query()
	for name := range q {
		if strings.HasPrefix(name, "utm_") || name == "fbclid" || name == "gclid" {
			q.Del(name)
		}
	}
	p := strings.TrimSuffix(path.Clean("/"+u.Path), "/")
	for _, index := range []string{"/index.html", "/index.htm", "/index.php"} {
		p = strings.TrimSuffix(p, index)
	}
	return host + p + "?" + q.Encode(), u, true
}

// shape is what an address looks like when its numbers and last words are taken away: pages of one template share it.
func shape(u *url.URL) string {
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	last := parts[len(parts)-1]
	parts[len(parts)-1] = "*" + path.Ext(last)
	for i := range parts[:len(parts)-1] {
		parts[i] = numbers.ReplaceAllString(parts[i], "0")
	}
	var names []string
	for name := range u.Query() {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(parts, "/") + "?" + strings.Join(names, "&")
}

// maxKnown bounds what a site that makes addresses without end can make us keep.
const maxKnown = 20_000

// Add gives the frontier the links of a page that was visited at the depth.
func (f *Frontier) Add(depth int, links []Link) {
	for _, l := range links {
		key, u, ok := f.key(l.URL)
		if !ok || traps.MatchString(u.RequestURI()) {
			continue
		}
		if files.MatchString(u.Path) {
			if documents.MatchString(u.Path) && len(f.files) < 500 && !slices.Contains(f.files, l.URL) {
				f.files = append(f.files, l.URL)
			}
			continue
		}
		e := f.known[key]
		if e == nil {
			if len(f.known) >= maxKnown {
				continue
			}
			clean := *u
			clean.Fragment = ""
			e = &entry{pick: Pick{URL: clean.String(), Depth: depth + 1}, region: l.Region, shape: shape(u), rubric: rubric(u)}
			f.known[key] = e
			f.order = append(f.order, e)
		}
		e.pick.Depth = min(e.pick.Depth, depth+1)
		if l.Region == "nav" {
			e.region = "nav"
		}
		text, where := fold.Text(l.Text[:min(len(l.Text), 500)]), fold.Text(u.Path[:min(len(u.Path), 500)])
		for _, w := range wanted {
			if !slices.Contains(e.kinds, w.kind) && len(text) < 80 && (w.words.MatchString(text) || w.path.MatchString(where)) {
				e.kinds = append(e.kinds, w.kind)
			}
		}
	}
}

func rubric(u *url.URL) string {
	first, _, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	return first
}

// Visited tells the frontier where a pick led, so that an address that redirects is not visited again under its other name.
func (f *Frontier) Visited(final string) {
	if key, u, ok := f.key(final); ok {
		if e := f.known[key]; e != nil {
			e.visited = true
		} else {
			f.known[key] = &entry{pick: Pick{URL: final}, visited: true, shape: shape(u)}
		}
	}
}

// Next picks the next page; false when the sample is full or nothing is left.
func (f *Frontier) Next() (Pick, bool) {
	if f.picked >= f.most {
		return Pick{}, false
	}
	reserved := (f.most + 9) / 10 // of the sample, for chance
	if f.most < 5 {
		reserved = 0 // of so few pages all are needed for those that must be looked at
	}
	if f.picked < f.most-reserved+f.random {
		for _, w := range wanted {
			if f.covered[w.kind] {
				continue
			}
			if e := f.first(func(e *entry) bool { return slices.Contains(e.kinds, w.kind) }); e != nil {
				return f.take(e, w.kind), true
			}
		}
		if e := f.first(func(e *entry) bool { return e.region == "nav" && !f.rubrics[e.rubric] }); e != nil {
			return f.take(e, Rubric), true
		}
		if e := f.first(func(e *entry) bool { return f.shapes[e.shape] == 0 }); e != nil {
			return f.take(e, Shape), true
		}
	}
	// First what has not been seen three times or more in another coat. On a flat site all addresses have one shape: there
	// those that are words are pages of their own, and those with figures are what a calendar makes without end.
	var left, again []*entry
	for _, e := range f.order {
		if e.visited {
			continue
		}
		if f.shapes[e.shape] < max(3, f.most/4) {
			left = append(left, e)
		}
		if u, err := url.Parse(e.pick.URL); err == nil && !numbers.MatchString(u.RequestURI()) {
			again = append(again, e)
		}
	}
	if len(left) == 0 {
		left = again
	}
	if len(left) == 0 {
		return Pick{}, false
	}
	f.random++
	return f.take(slices.MinFunc(left, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(f.lot(a), f.lot(b)), cmp.Compare(a.pick.URL, b.pick.URL))
	}), Random), true
}

// lot is the number that an address draws: the same for the same seed, whatever else the site links to.
func (f *Frontier) lot(e *entry) uint64 {
	u, err := url.Parse(e.pick.URL)
	if err != nil {
		return 0
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s", f.seed, u.RequestURI()))
	return binary.BigEndian.Uint64(sum[:])
}

func (f *Frontier) first(ok func(*entry) bool) *entry {
	var best *entry
	for _, e := range f.order {
		if !e.visited && ok(e) && (best == nil || e.pick.Depth < best.pick.Depth) {
			best = e
		}
	}
	return best
}

func (f *Frontier) take(e *entry, why Kind) Pick {
	e.visited = true
	f.picked++
	f.shapes[e.shape]++
	f.rubrics[e.rubric] = true
	for _, k := range e.kinds {
		f.covered[k] = true
	}
	e.pick.Why = why
	return e.pick
}

// Node is a page that was visited, under the address that was asked for and the one it led to, with its links.
type Node struct {
	Asked, URL string
	Links      []Link
}

// Clicks counts, for each page, the fewest clicks that lead to it from the first one by the links that use accepts; -1
// where none do.
func Clicks(pages []Node, use func(Link) bool) []int {
	out := make([]int, len(pages))
	if len(pages) == 0 {
		return out
	}
	host := ""
	if u, err := url.Parse(pages[0].URL); err == nil {
		host = site(u)
	}
	at := map[string]int{}
	for i := range pages {
		out[i] = -1
		for _, a := range []string{pages[i].URL, pages[i].Asked} {
			if key, _, ok := pageKey(host, a); ok {
				if _, taken := at[key]; !taken {
					at[key] = i
				}
			}
		}
	}
	out[0] = 0
	for queue := []int{0}; len(queue) > 0; queue = queue[1:] {
		from := queue[0]
		for _, l := range pages[from].Links {
			key, _, ok := pageKey(host, l.URL)
			if to, known := at[key]; ok && known && out[to] < 0 && use(l) {
				out[to] = out[from] + 1
				queue = append(queue, to)
			}
		}
	}
	return out
}

// Same says whether two addresses name one page of the site.
func Same(a, b string) bool {
	u, err := url.Parse(a)
	if err != nil {
		return false
	}
	x, _, ok := pageKey(site(u), a)
	y, _, ok2 := pageKey(site(u), b)
	return ok && ok2 && x == y
}

// Files are the documents that the pages link to, in order.
func (f *Frontier) Files() []string { return f.files }

// Known is how many pages of the site the links name.
func (f *Frontier) Known() int { return len(f.known) }
