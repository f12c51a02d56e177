package web

import (
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/web/browser"
	"github.com/sonde-fleet/sonde/probes/web/finding"
)

// Line is one result of a site's audit, in the order in which results come: *Page, *Finding, *Item, *Timing, *SiteEnd.
// Each is one object of `prober probe web -json`, told apart by its "type".
type Line interface{ line() }

// Result says what came of a page or of a site.
type Result string

const (
	Audited Result = "audited"
	// Partial means that the page stood when its budget was over, but not everything was looked at.
	Partial Result = "partial"
	// Blocked means that a guard of the site (a firewall, a captcha, robots.txt) kept a declared robot out. It is never a failure.
	Blocked Result = "blocked"
	// Failed means that the site did not give the page: no name, no connection, an error of the server. Theirs.
	Failed Result = "failed"
	// Broken means that the page harmed the browser: it crashed, or nothing more could be asked of it in its budget. Theirs.
	Broken Result = "broken"
	// NotPage is an address that is a file, or a document that is no page.
	NotPage Result = "not-a-page"
	// Unreached means that we could not look: no network, no browser. Ours.
	Unreached Result = "unreached"
)

// Page is one page that was visited.
type Page struct {
	Type     string           `json:"type"` // page
	Page     string           `json:"page"` // address after redirects
	Asked    string           `json:"asked,omitempty"`
	Why      string           `json:"why"` // why it is in the sample
	Depth    int              `json:"depth"`
	At       time.Time        `json:"at"`
	Result   Result           `json:"result"`
	Reason   string           `json:"reason,omitempty"` // of a result other than audited
	Status   int              `json:"status,omitempty"`
	MIME     string           `json:"mime,omitempty"`
	Title    string           `json:"title,omitempty"`
	Language string           `json:"language,omitempty"` // declared
	Failed   int              `json:"failed"`             // findings that are certain
	Review   int              `json:"review"`             // findings that ask a person
	Skipped  []string         `json:"skipped,omitempty"`  // checks that the budget left out
	Dialogs  []browser.Dialog `json:"dialogs,omitempty"`
	Popups   []string         `json:"popups,omitempty"`
	Leads    []string         `json:"leads,omitempty"` // where it wanted to go by itself
	Took     int64            `json:"took_ms"`
}

// Finding is one barrier.
type Finding struct {
	Type string `json:"type"` // finding
	finding.Finding
}

// Item is one item of the site: information for citizens, or a criterion of accessibility.
type Item struct {
	Type     string          `json:"type"` // item
	Item     probes.ItemCode `json:"item"`
	Value    probes.Value    `json:"value,omitempty"`
	Number   *float64        `json:"number,omitempty"`
	Page     string          `json:"page,omitempty"`
	Selector string          `json:"selector,omitempty"`
	Passage  string          `json:"passage,omitempty"`
	Rule     string          `json:"rule,omitempty"`
}

// Timing is how fast a page was; milliseconds from the start of the navigation.
type Timing struct {
	Type       string  `json:"type"` // timing
	Page       string  `json:"page"`
	TTFB       int64   `json:"ttfb_ms"`
	DCL        int64   `json:"dom_content_loaded_ms"`
	Load       int64   `json:"load_ms,omitempty"`
	LCP        int64   `json:"lcp_ms,omitempty"`
	CLS        float64 `json:"cls"`
	Bytes      int64   `json:"bytes"`
	Requests   int     `json:"requests"`
	Incomplete bool    `json:"incomplete,omitempty"`
}

// SiteEnd is the end of an audit and its sum.
type SiteEnd struct {
	Type     string         `json:"type"` // site
	Site     string         `json:"site"` // home page after redirects
	At       time.Time      `json:"at"`
	Result   Result         `json:"result"`
	Reason   string         `json:"reason,omitempty"`
	Pages    map[Result]int `json:"pages"`
	Known    int            `json:"known"` // pages that the links name
	Failed   int            `json:"failed"`
	Review   int            `json:"review"`
	Rules    map[string]int `json:"rules"`    // certain findings by rule
	Criteria map[string]int `json:"criteria"` // certain findings by criterion
	Bytes    int64          `json:"bytes"`
	Refused  []string       `json:"refused,omitempty"` // what the site's pages asked for and the proxy refused
	Took     int64          `json:"took_ms"`
}

func (*Page) line()    {}
func (*Finding) line() {}
func (*Item) line()    {}
func (*Timing) line()  {}
func (*SiteEnd) line() {}

func timing(page string, l *browser.Load, t browser.Timing) *Timing {
	return &Timing{Type: "timing", Page: page, TTFB: t.TTFB.Milliseconds(), DCL: t.DOMContentLoaded.Milliseconds(), Load: t.Load.Milliseconds(),
		LCP: t.LCP.Milliseconds(), CLS: t.CLS, Bytes: t.Bytes, Requests: t.Requests, Incomplete: l.Incomplete}
}
