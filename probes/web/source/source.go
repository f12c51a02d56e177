// Package source reads a page as it was served and tells the faults of its markup: no document type, tags that are not
// closed, overlap or close nothing, attributes that stand twice. A browser mends them all, so that its document shows none.
// It follows the tree construction of the HTML standard as far as that decides whether a tag is right. Where a fault makes
// the rest uncertain it says less: a fault that is told and is none accuses somebody who did right. Pure: bytes in, findings out.
package source

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/sonde-fleet/sonde/probes/web/finding"
)

const (
	maxOfRule  = 10  // findings of one rule: more say nothing new
	maxOfPage  = 30  // findings of one page
	maxSnippet = 200 // bytes of source that a finding quotes
	maxDepth   = 512 // open elements, which is where browsers stop nesting
	// maxTag is how long a tag may be before the tokenizer is made anew: it wipes the memory of its largest tag at every tag.
	maxTag = 32 << 10
)

var rules = []finding.Rule{
	finding.Own("no-doctype", finding.Minor, "r8.1", "The page does not begin with a document type", "La page ne commence pas par un type de document (doctype)",
		"begin the page with <!doctype html>", "commencer la page par <!doctype html>"),
	finding.Own("duplicate-attribute", finding.Minor, "r8.2", "An element has one attribute twice, and the second has no effect", "Un élément porte deux fois le même attribut, dont le second est sans effet",
		"keep one of them, or join their values", "n'en garder qu'un, ou réunir leurs valeurs"),
	finding.Own("unclosed-element", finding.Minor, "r8.2", "An element is not closed where what is around it ends", "Un élément n'est pas fermé à la fin de ce qui l'entoure",
		"add the end tag", "ajouter la balise fermante"),
	finding.Own("stray-end-tag", finding.Minor, "r8.2", "An end tag closes nothing", "Une balise fermante ne ferme rien",
		"remove the end tag, or put it where its element is open", "retirer la balise fermante, ou la placer là où son élément est ouvert"),
	finding.Own("misnested", finding.Minor, "r8.2", "Two elements overlap: neither holds the other", "Deux éléments se chevauchent au lieu de s'emboîter",
		"close first what was opened last", "fermer d'abord le dernier élément ouvert"),
	finding.Own("interactive-nesting", finding.Serious, "w4.1.2 r7.1 r8.2", "Links, controls or forms are nested in each other", "Des liens, des contrôles ou des formulaires sont imbriqués",
		"put them beside each other", "les placer côte à côte"),
}

// The rules, by their place in the list.
const (
	noDoctype = iota
	duplicate
	unclosed
	stray
	misnested
	nesting
)

// Rules lists the rules of this package.
func Rules() []finding.Rule { return slices.Clone(rules) }

// fault is something that is wrong at a place of the source.
type fault struct {
	rule     int
	off      int // of the tag
	selector string
	detail   string
}

// checker reads one page from its beginning to its end.
type checker struct {
	raw    []byte
	off    int // of the token under way
	line   int
	z      *html.Tokenizer
	faults []fault
	counts [nesting + 1]int

	begun    bool // something other than white space and comments came
	doctype  bool // a right one came first
	quirks   bool // tables do not end paragraphs
	missing  fault
	stack    []element
	deep     bool           // more was open than is followed
	outers   int            // open elements that may not hold what reacts to the reader
	lead     string         // the raw text element whose start tag was read last
	starts   map[string]int // tags of html, head and body
	ends     map[string]int
	shut     map[string][]shut // elements that were ended before their end tags came
	pardoned map[string]int    // end tags that an earlier fault explains
}

// Check tells the faults of a page's source. whole=false: the source was cut, so that nothing can be said of its end. Only
// for pages that are served as HTML, not as XML.
func Check(page string, raw []byte, whole bool) []finding.Finding {
	if len(bytes.TrimSpace(raw)) == 0 || bytes.HasPrefix(raw, []byte("\xfe\xff")) || bytes.HasPrefix(raw, []byte("\xff\xfe")) {
		return nil // not kept, or not decoded
	}
	c := &checker{raw: raw, line: 1, z: html.NewTokenizer(bytes.NewReader(raw)), starts: map[string]int{}, ends: map[string]int{}, shut: map[string][]shut{}, pardoned: map[string]int{}}
	ended := c.read()
	if !c.doctype && c.begun {
		c.tell(noDoctype, c.missing)
	}
	if whole && ended && !c.deep {
		c.finish()
	}
	slices.SortStableFunc(c.faults, func(a, b fault) int { return cmp.Compare(a.off, b.off) })
	out := make([]finding.Finding, 0, len(c.faults))
	for _, f := range c.faults {
		out = append(out, rules[f.rule].New(page, finding.Failed, f.selector, around(raw, f.off), f.detail))
	}
	return out
}

// read goes through the tokens. It says whether the source ended where markup may end, not within a tag or a comment.
func (c *checker) read() bool {
	for {
		kind := c.z.Next()
		if kind == html.ErrorToken {
			return c.off == len(c.raw)
		}
		token := c.raw[c.off:min(c.off+len(c.z.Raw()), len(c.raw))]
		switch kind {
		case html.TextToken:
			c.start(len(bytes.Trim(token, " \t\r\n\f\ufeff")) > 0)
		case html.DoctypeToken:
			c.declared(token)
		case html.CommentToken:
			if c.off+len(token) == len(c.raw) && open(token) {
				return false
			}
		default:
			c.start(true)
			c.tag(readTag(token), len(token))
		}
		c.off += len(token)
		c.line += bytes.Count(token, []byte("\n"))
		if len(c.faults) >= maxOfPage {
			return false
		}
		if kind != html.TextToken && kind != html.CommentToken && len(token) > maxTag {
			c.renew()
		}
		c.z.AllowCDATA(len(c.stack) > 0 && c.stack[len(c.stack)-1].foreign != "")
	}
}

// open says whether a comment has no end.
func open(comment []byte) bool {
	return bytes.HasPrefix(comment, []byte("<!--")) && !bytes.HasSuffix(comment, []byte("-->")) && !bytes.HasSuffix(comment, []byte("--!>")) ||
		!bytes.HasSuffix(comment, []byte(">"))
}

// renew goes on with a new tokenizer. Within raw text it is led there by a tag of the same name.
func (c *checker) renew() {
	rest := io.Reader(bytes.NewReader(c.raw[c.off:]))
	if c.lead != "" {
		rest = io.MultiReader(strings.NewReader("<"+c.lead+">"), rest)
	}
	c.z = html.NewTokenizer(rest)
	if c.lead != "" {
		c.z.Next()
	}
}

// start notes where a document begins that has no document type before it.
func (c *checker) start(content bool) {
	if content && !c.begun {
		c.begun = true
		if !c.doctype {
			c.quirks = true
			c.missing = fault{off: c.off, selector: "html", detail: fmt.Sprintf("line %d", c.line)}
		}
	}
}

// declared reads a document type. Old ones are as good as the new one.
func (c *checker) declared(token []byte) {
	text := strings.ToLower(string(token[len("<!doctype"):min(len(token), 1000)]))
	words := strings.Fields(strings.TrimSuffix(text, ">"))
	switch {
	case c.begun && !c.doctype:
		c.missing.off, c.missing.detail = c.off, fmt.Sprintf("line %d: <!doctype>", c.line)
	case c.begun:
	case len(words) > 0 && words[0] == "html":
		c.begun, c.doctype = true, true
		old := strings.Contains(text, "public")
		c.quirks = old && !strings.Contains(text, "xhtml 1.") && !(strings.Contains(text, "html 4.01") && strings.Contains(text, "http"))
	default:
		c.start(true)
	}
}

// tell notes a fault, unless enough was told. It returns its place in the list, -1 if it was not noted.
func (c *checker) tell(rule int, f fault) int {
	if c.counts[rule] >= maxOfRule || len(c.faults) >= maxOfPage {
		return -1
	}
	c.counts[rule]++
	f.rule = rule
	c.faults = append(c.faults, f)
	return len(c.faults) - 1
}

// retell makes an unclosed element one that overlaps another: its end tag came after all.
func (c *checker) retell(i int, detail string) {
	if i >= 0 && c.faults[i].rule == unclosed && c.counts[misnested] < maxOfRule {
		c.counts[unclosed]--
		c.counts[misnested]++
		c.faults[i].rule = misnested
		c.faults[i].detail = cmp.Or(detail, c.faults[i].detail)
	}
}

// around quotes the source at a place, with a little of what comes before.
func around(raw []byte, off int) string {
	from, to := max(0, off-maxSnippet/4), min(len(raw), off+maxSnippet*3/4)
	for from < off && !utf8.RuneStart(raw[from]) {
		from++
	}
	for to > off && to < len(raw) && !utf8.RuneStart(raw[to]) {
		to--
	}
	return string(raw[from:to])
}
