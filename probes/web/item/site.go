package item

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/internal/fold"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/web/hours"
)

// Visited is one page of a site as it was looked at, the home page first.
type Visited struct {
	URL      string
	Depth    int  // clicks from the home page by the links that were seen
	Menu     int  // by menus alone; -1: they do not lead there
	Error    bool // a page that says that there is none; it counts for nothing else
	Mentions []Mention
	Reading  Reading
	TTFB     time.Duration
	Loaded   time.Duration // until the document stood
	Bytes    int64
}

// Measured is what was asked of the site beyond its pages. A nil pointer was not measured.
type Measured struct {
	Now          time.Time // campaign day, for ages
	Whole        bool      // the site was sampled, not one page alone
	NotFound     *int      // status of an address that does not exist
	WayBack      *bool     // and whether its page links home
	SiteMapXML   *bool
	RobotsTxt    *bool
	SecurityTxt  *bool
	SearchFinds  *bool
	SearchAsked  string // what was searched for
	HTTPS        *bool
	Redirects    *bool // plain HTTP leads to HTTPS
	HSTS         *bool
	TLS          string   // version, "TLS 1.3"
	ThirdParties []string // hosts of others that the home page called before any click; nil: not measured
}

// Known is what the directory says of the body. Empty fields are not compared.
type Known struct {
	Telephones, Emails, Addresses []string
	Hours                         string // OpenStreetMap opening_hours
}

// Result is one item of a site.
type Result struct {
	Def
	Value   probes.Value
	Number  *float64
	Page    string
	Mention Mention // the proof, where there is one passage
	Passage string
}

// Site sums up the items of a site. What was not measured has no result.
func Site(pages []Visited, m Measured, known Known) []Result {
	s := &summary{m: m, known: known, out: map[probes.ItemCode]*Result{}}
	for _, p := range pages {
		if !p.Error {
			s.pages = append(s.pages, p)
		}
	}
	if len(s.pages) == 0 {
		return nil
	}
	s.mentioned()
	s.contacts()
	s.everywhere()
	s.measured()
	s.speed()
	s.declared()
	s.same()
	s.clicks()
	var list []Result
	for _, d := range catalog {
		if r := s.out[d.Item]; r != nil {
			r.Def = d
			list = append(list, *r)
		}
	}
	return list
}

type summary struct {
	pages []Visited
	m     Measured
	known Known
	out   map[probes.ItemCode]*Result
}

// first is the first page, nearest to the home page, on which a code is mentioned.
func (s *summary) first(codes ...Code) (*Visited, *Mention) {
	var page *Visited
	var proof *Mention
	for i := range s.pages {
		p := &s.pages[i]
		for j := range p.Mentions {
			if slices.Contains(codes, p.Mentions[j].Code) && (page == nil || p.Depth < page.Depth) {
				page, proof = p, &p.Mentions[j]
			}
		}
	}
	return page, proof
}

func (s *summary) has(c Code) bool { _, m := s.first(c); return m != nil }

func (s *summary) set(c probes.ItemCode, v probes.Value, page, passage string) {
	s.out[c] = &Result{Value: v, Page: page, Passage: cut(passage, maxPassage)}
}

func (s *summary) yes(c probes.ItemCode, is bool, page, passage string) {
	v := probes.No
	if is {
		v = probes.Yes
	}
	s.set(c, v, page, passage)
}

func (s *summary) number(c probes.ItemCode, n float64, page, passage string) {
	s.out[c] = &Result{Number: &n, Page: page, Passage: cut(passage, maxPassage)}
}

// mentioned decides the items that one mention on one page proves.
func (s *summary) mentioned() {
	for _, d := range catalog {
		if d.when != "" && !s.has(d.when) {
			if s.m.Whole {
				s.set(d.Item, probes.NotApplicable, "", "")
			}
			continue
		}
		if len(d.codes) == 0 {
			continue
		}
		p, m := s.first(d.codes...)
		switch {
		case m != nil:
			s.out[d.Item] = &Result{Value: probes.Yes, Page: p.URL, Mention: *m, Passage: said(m)}
		case s.m.Whole: // of one page alone nothing says that the rest of the site lacks it
			s.set(d.Item, probes.No, "", fmt.Sprintf("on none of the %d pages that were looked at", len(s.pages)))
		}
	}
}

func said(m *Mention) string {
	if m.Value != "" && !strings.Contains(m.Passage, m.Value) {
		return strings.TrimSpace(m.Value + " · " + m.Passage)
	}
	return m.Passage
}

// contacts judges how contacts are given.
func (s *summary) contacts() {
	linked := func(c Code) (page, passage string, is bool) {
		for _, p := range s.pages {
			for _, m := range p.Mentions {
				if m.Code == c && strings.HasSuffix(lastOf(m.Selector), "a") {
					return p.URL, m.Passage, true
				}
			}
		}
		return "", "", false
	}
	for _, x := range []struct {
		code Code
		item probes.ItemCode
	}{{Telephone, "web.telephone.link"}, {Email, "web.email.link"}} {
		if s.has(x.code) {
			page, passage, is := linked(x.code)
			s.yes(x.item, is, page, passage)
		}
	}
	if s.has(Telephone) {
		p, m := s.first(PremiumNumber)
		if m != nil {
			s.yes("web.telephone.plain-rate", false, p.URL, m.Passage)
		} else {
			s.yes("web.telephone.plain-rate", true, "", "")
		}
	}
	if s.has(ContactForm) {
		p, m := s.first(Captcha)
		if m != nil {
			s.yes("web.contact-form.no-captcha", false, p.URL, m.Passage)
		} else {
			s.yes("web.contact-form.no-captcha", true, "", "")
		}
	}
	if s.has(Procedure) {
		p, m := s.first(Telephone, Address, Hours)
		if m != nil {
			s.yes("web.other-channel", true, p.URL, said(m))
		} else if s.m.Whole {
			s.yes("web.other-channel", false, "", "")
		}
	}
	for _, p := range s.pages {
		data := Values(p.Mentions, DataHours)
		text := Values(p.Mentions, Hours)
		if len(data) == 0 || len(text) == 0 || Has(p.Mentions, UnsureHours) {
			continue
		}
		agree := slices.ContainsFunc(text, func(x string) bool { return hours.Equal(x, data[0]) })
		s.yes("web.hours.data.agree", agree, p.URL, data[0]+" / "+strings.Join(text, " / "))
		if !agree {
			break
		}
	}
	var offered []string
	for _, p := range s.pages {
		for _, v := range Values(p.Mentions, Language) {
			if !slices.Contains(offered, v) {
				offered = append(offered, v)
			}
		}
	}
	slices.Sort(offered)
	s.number("web.languages", float64(max(len(offered), 1)), "", strings.Join(offered, " "))
	s.updated()
	s.readable()
}

// lastOf is the last element of a selector, without its place: "p > a:nth-of-type(2)" gives "a".
func lastOf(selector string) string {
	last := selector[strings.LastIndex(selector, " ")+1:]
	name, _, _ := strings.Cut(last, ":")
	return name
}

func (s *summary) updated() {
	latest, where := "", ""
	for _, p := range s.pages {
		for _, v := range Values(p.Mentions, Updated) {
			if v > latest {
				latest, where = v, p.URL
			}
		}
	}
	if t, err := time.Parse(time.DateOnly, latest); err == nil && !s.m.Now.IsZero() {
		s.number("web.updated.days", math.Max(0, math.Floor(s.m.Now.Sub(t).Hours()/24)), where, latest)
	}
}

func (s *summary) readable() {
	var sum Reading
	for _, p := range s.pages {
		sum = sum.Add(p.Reading)
	}
	if score, ok := sum.Score(); ok {
		s.number("web.readability", math.Round(score*10)/10, "", fmt.Sprintf("%d words, %d sentences, %d syllables", sum.Words, sum.Sentences, sum.Syllables))
	}
}

// everywhere judges what must be on every page.
func (s *summary) everywhere() {
	for _, x := range []struct {
		item  probes.ItemCode
		codes []Code
	}{{"web.legal", []Code{LegalLink, LegalEditor}}, {"web.statement.everywhere", []Code{AccessibilityLink, Statement}}, {"web.skip-link", []Code{SkipLink}}} {
		missing := ""
		for _, p := range s.pages {
			if missing == "" && !slices.ContainsFunc(p.Mentions, func(m Mention) bool { return slices.Contains(x.codes, m.Code) }) {
				missing = p.URL
			}
		}
		if missing == "" {
			s.yes(x.item, true, s.pages[0].URL, fmt.Sprintf("%d pages", len(s.pages)))
		} else {
			s.yes(x.item, false, missing, "not on "+missing)
		}
	}
	home := s.pages[0]
	if p, m := s.first(CookieBanner); m != nil {
		refuse, no := s.first(CookieRefuse)
		if no != nil {
			s.yes("web.consent.refuse", true, refuse.URL, no.Passage)
		} else {
			s.yes("web.consent.refuse", false, p.URL, m.Passage)
		}
	}
	if s.m.ThirdParties != nil {
		s.number("web.consent.third-parties", float64(len(s.m.ThirdParties)), home.URL, strings.Join(s.m.ThirdParties, " "))
		s.yes("web.consent.none-before", len(s.m.ThirdParties) == 0, home.URL, strings.Join(s.m.ThirdParties, " "))
	}
}

// measured passes on what the auditor asked of the server.
func (s *summary) measured() {
	home := s.pages[0].URL
	flag := func(c probes.ItemCode, is *bool, passage string) {
		if is != nil {
			s.yes(c, *is, home, passage)
		}
	}
	if s.m.NotFound != nil {
		s.yes("web.not-found", *s.m.NotFound == 404 || *s.m.NotFound == 410, home, strconv.Itoa(*s.m.NotFound))
	}
	flag("web.not-found.way-back", s.m.WayBack, "")
	flag("web.sitemap-xml", s.m.SiteMapXML, "")
	flag("web.robots-txt", s.m.RobotsTxt, "")
	flag("web.security-txt", s.m.SecurityTxt, "")
	flag("web.search.finds", s.m.SearchFinds, s.m.SearchAsked)
	flag("web.https", s.m.HTTPS, s.m.TLS)
	flag("web.https.redirect", s.m.Redirects, "")
	flag("web.https.hsts", s.m.HSTS, "")
	if s.m.TLS != "" {
		s.yes("web.https.modern", s.m.TLS == "TLS 1.2" || s.m.TLS == "TLS 1.3" || s.m.TLS == "QUIC", home, s.m.TLS)
	}
}

func (s *summary) speed() {
	var first, loaded, weight []float64
	for _, p := range s.pages {
		if p.Loaded > 0 {
			first = append(first, float64(p.TTFB.Milliseconds()))
			loaded = append(loaded, float64(p.Loaded.Milliseconds()))
			weight = append(weight, math.Ceil(float64(p.Bytes)/1024))
		}
	}
	if len(loaded) == 0 {
		return
	}
	n := fmt.Sprintf("median of %d pages", len(loaded))
	s.number("web.first-byte", median(first), "", n)
	s.number("web.loaded", median(loaded), "", n)
	s.number("web.weight", median(weight), "", n)
	s.yes("web.loaded.fast", median(loaded) < 400, "", n)
}

func median(x []float64) float64 {
	slices.Sort(x)
	if n := len(x); n%2 == 0 {
		return (x[n/2-1] + x[n/2]) / 2
	}
	return x[len(x)/2]
}

// clicks says how far from the home page things are.
func (s *summary) clicks() {
	if !s.m.Whole {
		return
	}
	for item, code := range map[probes.ItemCode]Code{"telephone": Telephone, "email": Email, "address": Address, "hours": Hours, "contact-form": ContactForm,
		"appointment": Appointment, "online-procedure": Procedure, "legal": LegalEditor, "statement": Statement} {
		p, m := s.first(code)
		if m == nil {
			continue
		}
		s.number("web.clicks."+item, float64(p.Depth), p.URL, said(m))
		least, where := -1, ""
		for _, p := range s.pages {
			if p.Menu >= 0 && Has(p.Mentions, code) && (least < 0 || p.Menu < least) {
				least, where = p.Menu, p.URL
			}
		}
		if least >= 0 {
			s.number("web.menu."+item, float64(least), where, "")
		} else {
			s.set("web.menu."+item, probes.NotApplicable, "", "no menu leads there")
		}
	}
}

// same compares the site with the directory, and its pages with each other.
func (s *summary) same() {
	all := func(c Code) (out []string) {
		for _, p := range s.pages {
			for _, v := range Values(p.Mentions, c) {
				if !slices.Contains(out, v) {
					out = append(out, v)
				}
			}
		}
		return out
	}
	compare := func(item probes.ItemCode, known []string, c Code, equal func(a, b string) bool) {
		got := all(c)
		if len(known) == 0 || len(got) == 0 {
			if s.m.Whole {
				s.set(item, probes.NotApplicable, "", "")
			}
			return
		}
		is := slices.ContainsFunc(known, func(k string) bool {
			return slices.ContainsFunc(got, func(g string) bool { return equal(k, g) })
		})
		if !is && c == Hours && s.has(UnsureHours) {
			s.set(item, probes.NotApplicable, "", "hours that were not understood for sure: "+strings.Join(all(UnsureHours), ", "))
			return
		}
		if is || s.m.Whole {
			s.yes(item, is, "", "directory: "+strings.Join(known, ", ")+" · site: "+strings.Join(got, ", "))
		}
	}
	compare("web.same.telephone", s.known.Telephones, Telephone, func(a, b string) bool { return a == b })
	compare("web.same.email", s.known.Emails, Email, strings.EqualFold)
	compare("web.same.address", s.known.Addresses, Address, sameAddress)
	var times []string
	if s.known.Hours != "" {
		times = []string{s.known.Hours}
	}
	compare("web.same.hours", times, Hours, hours.Equal)
	s.samePages()
}

// sameAddress says whether an address of the directory, in one line, is the one that a page gives.
func sameAddress(known, found string) bool {
	street, rest, _ := strings.Cut(found, "|")
	code, _, _ := strings.Cut(rest, "|")
	plain := func(s string) string {
		return " " + strings.Join(strings.FieldsFunc(fold.Text(s), func(r rune) bool { return strings.ContainsRune(" ,.-'|", r) }), " ") + " "
	}
	return strings.Contains(plain(known), plain(street)) && strings.Contains(plain(known), " "+code+" ")
}

// samePages finds pages whose head or foot gives other contacts than the home page's.
func (s *summary) samePages() {
	if len(s.pages) < 2 {
		return
	}
	framed := func(p Visited, c Code) []string {
		var out []string
		for _, m := range p.Mentions {
			if m.Code == c && (m.Region == "footer" || m.Region == "header") && !slices.Contains(out, m.Value) {
				out = append(out, m.Value)
			}
		}
		slices.Sort(out)
		return out
	}
	for _, c := range []Code{Telephone, Email, Address} {
		want := framed(s.pages[0], c)
		for _, p := range s.pages[1:] {
			if got := framed(p, c); len(want) > 0 && len(got) > 0 && !slices.Equal(want, got) {
				s.yes("web.same.pages", false, p.URL, strings.Join(want, ", ")+" · "+strings.Join(got, ", "))
				return
			}
		}
	}
	s.yes("web.same.pages", true, "", fmt.Sprintf("%d pages", len(s.pages)))
}
