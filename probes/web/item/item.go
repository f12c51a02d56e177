// Package item reads from rendered pages what a citizen looks for on a public body's website: how to reach it, when it is
// open, what it must publish, what can be done there. It is pure: bytes in, mentions out; no network, no clock.
//
// The bytes are strangers': everything is bounded, and nothing that a page says is executed or loaded.
package item

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"github.com/sonde-fleet/sonde/internal/fold"
	"golang.org/x/net/html"
)

// Code names what was found. Codes with a value have it in Mention.Value, the others stand for themselves.
type Code string

// Codes with a value.
const (
	Telephone     Code = "telephone"      // E.164, or the digits of a short number
	Email         Code = "email"          // lower case
	Address       Code = "address"        // street|postcode|town
	Hours         Code = "hours"          // OpenStreetMap opening_hours
	Level         Code = "level"          // of conformity: fully, partially, non
	Rate          Code = "rate"           // of conformity, per cent
	StatementDate Code = "statement_date" // ISO 8601
	Updated       Code = "updated"        // ISO 8601
	Language      Code = "languages"      // one mention for each that is offered
	UnsureHours   Code = "hours-unsure"   // the same where something beside them was not understood: published, and compared with nothing
	DataHours     Code = "hours-data"     // from schema.org data of the page
)

// Codes that are there or not.
const (
	ContactForm       Code = "contact-form"
	Captcha           Code = "captcha"
	Appointment       Code = "appointment"
	Procedure         Code = "online-procedure"
	FranceConnect     Code = "franceconnect"
	Feedback          Code = "feedback-button"
	Search            Code = "search"
	SiteMapLink       Code = "sitemap-link"
	Breadcrumbs       Code = "breadcrumbs"
	SkipLink          Code = "skip-link"
	LegalLink         Code = "legal-link"
	PrivacyLink       Code = "privacy-link"
	CookiesLink       Code = "cookies-link"
	AccessibilityLink Code = "accessibility-link"
	CookieBanner      Code = "cookie-banner"
	CookieRefuse      Code = "cookie-refuse"
	Feed              Code = "feed"
	Newsletter        Code = "newsletter"
	CouncilAgenda     Code = "council-agenda"
	CouncilDocuments  Code = "council-documents"
	CouncilQuestions  Code = "council-questions"
	DigitalHelp       Code = "digital-help"
	Disability        Code = "disability"
	DeafRelay         Code = "deaf-relay"
	PremiumNumber     Code = "premium-number"
	SocialLinks       Code = "social-links"
	EmergencyNumbers  Code = "emergency-numbers"
	Map               Code = "map"

	LegalEditor      Code = "legal-editor"
	LegalDirector    Code = "legal-director"
	LegalHost        Code = "legal-host"
	LegalHostAddress Code = "legal-host-address"
	LegalHostPhone   Code = "legal-host-phone"
	LegalCopyright   Code = "legal-copyright"

	PrivacyController Code = "privacy-controller"
	PrivacyDPO        Code = "privacy-dpo"
	PrivacyRights     Code = "privacy-rights"
	PrivacyCNIL       Code = "privacy-cnil"

	Statement                Code = "statement"
	StatementLaw             Code = "statement-law"
	StatementAuditor         Code = "statement-auditor"
	StatementRate            Code = "statement-rate"
	StatementNonconformities Code = "statement-nonconformities"
	StatementExemptions      Code = "statement-exemptions"
	StatementTechnologies    Code = "statement-technologies"
	StatementEnvironment     Code = "statement-environment"
	StatementPages           Code = "statement-pages"
	StatementContact         Code = "statement-contact"
	StatementDefender        Code = "statement-defender"
	StatementPlan            Code = "statement-plan"
)

// Mention is one thing that a page says or offers, with the passage that proves it.
type Mention struct {
	Code     Code   `json:"code"`
	Value    string `json:"value,omitempty"`
	Passage  string `json:"passage,omitempty"`
	Selector string `json:"selector,omitempty"` // CSS, of the element that holds the passage
	Region   string `json:"region,omitempty"`   // header, nav, main, aside, footer or ""
}

// HiddenMark is the attribute that the browser's copy of a page puts on elements which nobody sees and no control opens.
const HiddenMark = "data-sonde-hidden"

const (
	maxHTML     = 4 << 20 // octets of a page that are read
	maxMentions = 400
	maxPassage  = 200
)

// Read says what is mentioned on the page that stands at the address, in the order of the page within each code.
func Read(address string, page []byte) []Mention {
	r := newReader(address, page)
	if r == nil {
		return nil
	}
	for _, step := range []func(*reader){(*reader).links, (*reader).phones, (*reader).emails, (*reader).addresses, (*reader).hours, (*reader).forms, (*reader).banner, (*reader).frame,
		(*reader).dates, (*reader).languages, (*reader).council, (*reader).access, (*reader).legal, (*reader).privacy, (*reader).statement} {
		step(r)
	}
	return r.found
}

// Has says whether a code is among the mentions.
func Has(list []Mention, c Code) bool {
	return slices.ContainsFunc(list, func(m Mention) bool { return m.Code == c })
}

// Values are the distinct values of a code, in order.
func Values(list []Mention, c Code) []string {
	var out []string
	for _, m := range list {
		if m.Code == c && !slices.Contains(out, m.Value) {
			out = append(out, m.Value)
		}
	}
	return out
}

// reader is a page while it is read.
type reader struct {
	url   *url.URL
	doc   *goquery.Document
	title string // folded: the document's title and its first headings of level 1
	path  string // folded path of the address
	text
	anchors []anchor
	found   []Mention
	seen    map[Mention]bool

	lastNumber int // where the telephone number before ended, spaces included
}

func newReader(address string, page []byte) *reader {
	root, err := html.Parse(bytes.NewReader(page[:min(len(page), maxHTML)]))
	if err != nil {
		return nil // html.Parse fails only where its reader does, or where elements nest too deep to be read by anybody
	}
	r := &reader{doc: goquery.NewDocumentFromNode(root), seen: map[Mention]bool{}}
	if r.url, err = url.Parse(address); err != nil {
		r.url = &url.URL{}
	}
	r.path = fold.Text(strings.NewReplacer("-", " ", "_", " ", "/", " ").Replace(r.url.Path[:min(len(r.url.Path), 500)]))
	r.text = render(root)
	var title strings.Builder
	title.WriteString(fold.Text(cut(squeeze(r.doc.Find("head title").First().Text()), 500)))
	for _, h := range r.headings {
		if h.level == 1 {
			title.WriteString(" | ")
			title.WriteString(h.folded)
		}
	}
	r.title = title.String()
	r.anchors = r.readAnchors()
	return r
}

// add files a mention that a stretch of the text proves. The same thing is mentioned once in a region.
func (r *reader) add(c Code, value string, from, to int) {
	n := r.nodeAt(from)
	if i := r.lineAt(from) + 1; r.headingAt(from) && i < len(r.lines) { // a heading proves little without what follows
		to = max(to, r.lines[i].to)
	}
	r.put(Mention{Code: c, Value: value, Passage: r.passage(from, to), Selector: selector(n), Region: regionOf(n)})
}

// addNode files a mention that an element proves.
func (r *reader) addNode(c Code, value string, n *html.Node, passage string) {
	r.put(Mention{Code: c, Value: value, Passage: cut(squeeze(passage), maxPassage), Selector: selector(n), Region: regionOf(n)})
}

func (r *reader) put(m Mention) {
	key := Mention{Code: m.Code, Value: m.Value, Region: m.Region}
	if r.seen[key] || len(r.found) >= maxMentions {
		return
	}
	r.seen[key] = true
	r.found = append(r.found, m)
}

func (r *reader) has(c Code) bool { return Has(r.found, c) }

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// cut shortens s to at most n octets, at a character's end.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
