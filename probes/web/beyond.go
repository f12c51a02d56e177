package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"

	"github.com/PuerkitoBio/goquery"

	"github.com/sonde-fleet/sonde/internal/fold"
	"github.com/sonde-fleet/sonde/probes/web/item"
	"github.com/sonde-fleet/sonde/probes/web/sample"
)

// maxAside is how much is read of an answer that is not a page of the sample.
const maxAside = 512 << 10

// beyond asks what no page tells: an address that does not exist, files at fixed places, HTTP beside HTTPS, the site's own
// search. Each is one polite request; what is not answered in time stays unmeasured.
func (s *session) beyond(ctx context.Context, m *item.Measured) {
	home, err := url.Parse(s.end.Site)
	if err != nil {
		return
	}
	var first *visit
	if pages := s.pages(); len(pages) > 0 && pages[0].line.Page == s.end.Site {
		first = pages[0]
		m.ThirdParties = thirdParties(first.load)
		secure := home.Scheme == "https"
		m.HTTPS = &secure
		if secure {
			hsts := strings.Contains(strings.ToLower(first.load.Header.Get("Strict-Transport-Security")), "max-age=") &&
				!strings.Contains(first.load.Header.Get("Strict-Transport-Security"), "max-age=0")
			m.HSTS = &hsts
			if first.load.TLS != nil {
				m.TLS = first.load.TLS.Protocol
			}
		}
	}
	s.search(ctx, first, home.Host, m)
	s.absent(ctx, home, m)
	s.files(ctx, home, m)
	if home.Scheme == "https" && home.Port() == "" {
		plain := *home
		plain.Scheme = "http"
		if r := s.ask(ctx, &plain); r != nil {
			leads := strings.HasPrefix(r.url, "https://")
			m.Redirects = &leads
		}
	}
}

// ask gets an address politely; nil where robots.txt forbids it or nothing came.
func (s *session) ask(ctx context.Context, u *url.URL) *fetched {
	if may, _ := s.manners.may(ctx, u); !may || s.manners.wait(ctx, u) != nil {
		return nil
	}
	r, err := fetch(ctx, s.client, s.manners.agent, u.String(), maxAside, nil)
	if err != nil {
		s.log.Debug("not answered", "url", u.String(), "error", err)
		return nil
	}
	return r
}

// absent asks for an address that nobody has made. The same site is asked for the same one each time.
func (s *session) absent(ctx context.Context, home *url.URL, m *item.Measured) {
	sum := sha256.Sum256([]byte(s.end.Site))
	u := home.ResolveReference(&url.URL{Path: "/sonde-" + hex.EncodeToString(sum[:6])})
	r := s.ask(ctx, u)
	if r == nil || r.status >= 500 || r.status == http.StatusForbidden || r.status == http.StatusTooManyRequests {
		return
	}
	m.NotFound = &r.status
	back := false
	if doc, err := goquery.NewDocumentFromReader(bytes.NewReader(r.body)); err == nil {
		doc.Find("a[href]").EachWithBreak(func(i int, a *goquery.Selection) bool {
			href, _ := a.Attr("href")
			to, err := u.Parse(strings.TrimSpace(href))
			back = err == nil && sample.Same(s.end.Site, to.String()) && !strings.HasPrefix(href, "#")
			return !back && i < 2000
		})
	}
	m.WayBack = &back
}

// files asks for what stands at fixed places.
func (s *session) files(ctx context.Context, home *url.URL, m *item.Measured) {
	h := s.manners.host(ctx, home)
	m.RobotsTxt = &h.found
	places := []string{"/sitemap.xml"}
	if h.robots != nil {
		places = append(h.robots.Sitemaps[:min(len(h.robots.Sitemaps), 1)], places...)
	}
	for _, place := range places {
		u, err := home.Parse(place)
		if err != nil || u.Host != home.Host {
			continue
		}
		if r := s.ask(ctx, u); r != nil {
			is := r.status == http.StatusOK && (bytes.Contains(r.body, []byte("<urlset")) || bytes.Contains(r.body, []byte("<sitemapindex")) || bytes.HasPrefix(r.body, []byte{0x1f, 0x8b}))
			if m.SiteMapXML == nil || is {
				m.SiteMapXML = &is
			}
			if is {
				break
			}
		}
	}
	if r := s.ask(ctx, home.ResolveReference(&url.URL{Path: "/.well-known/security.txt"})); r != nil {
		is := r.status == http.StatusOK && strings.HasPrefix(r.mime, "text/plain") && bytes.Contains(bytes.ToLower(r.body), []byte("contact:"))
		m.SecurityTxt = &is
	}
}

// search asks the site's own search for a word from the title of a page that exists, and looks for that page among the
// results. The page of results is in RGAA's sample too.
func (s *session) search(ctx context.Context, home *visit, host string, m *item.Measured) {
	if home == nil || len(home.seen.Forms) == 0 {
		return
	}
	form := home.seen.Forms[0]
	word, page := s.rareWord(home)
	u, err := url.Parse(form.Action)
	if word == "" || err != nil || !strings.EqualFold(u.Host, host) {
		return
	}
	q := url.Values{}
	for _, x := range form.Extra {
		q.Set(x[0], x[1])
	}
	q.Set(form.Field, word)
	u.RawQuery, u.Fragment = q.Encode(), ""
	v, err := s.next(ctx, sample.Pick{URL: u.String(), Why: sample.Search, Depth: 1})
	if err != nil || !v.read() {
		return
	}
	// What every page links to is no result: the results must link to it more often than the page that does so least.
	least := linksTo(v, page)
	for _, other := range s.visits {
		if other != v && other.read() {
			least = min(least, linksTo(other, page))
		}
	}
	found := linksTo(v, page) > least
	m.SearchFinds, m.SearchAsked = &found, word
}

func linksTo(v *visit, page string) (n int) {
	for _, l := range v.seen.Links {
		if sample.Same(page, l.URL) {
			n++
		}
	}
	return n
}

// rareWord is the longest word of a visited page's title that the home page does not say, or else the longest, with that
// page.
func (s *session) rareWord(home *visit) (word, page string) {
	common, name := fold.Text(home.seen.Text), fold.Text(home.seen.Title)
	best := 0
	for _, v := range s.visits {
		if !v.read() || v == home || v.line.Depth == 0 {
			continue
		}
		for w := range strings.FieldsFuncSeq(v.seen.Title, func(r rune) bool { return strings.ContainsRune(" -–—|:,;.()'’\"«»/", r) }) {
			f := fold.Text(w)
			if len(f) < 5 || len(f) > 40 || strings.Contains(name, f) {
				continue
			}
			score := len(f)
			if !strings.Contains(common, f) {
				score += 100
			}
			if score > best {
				best, word, page = score, w, v.line.Page
			}
		}
	}
	return word, page
}
