package source

import "strings"

// kind is what the HTML standard says of an element of a name.
type kind uint32

const (
	void       kind = 1 << iota // never has an end tag
	optional                    // its end tag may be left out
	special                     // it stops the search for the start of an ordinary end tag
	scoped                      // its end tag is looked for in scope, not up to the first special element
	formatting                  // its end tag takes it alone out of the open elements
	blocky                      // its start tag ends a paragraph
	heading                     // h1 to h6
	tablePart                   // caption to th
	rawText                     // what it holds is no markup
	legacy                      // names that were once empty elements: nothing is said of them
	wall                        // the end of a scope
	outer                       // may not hold what reacts to the reader
)

// kinds are the elements that are not ordinary. What is not here (span, custom elements) must be closed.
var kinds = func() map[string]kind {
	m := map[string]kind{}
	for k, names := range map[kind]string{
		void:       "area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr",
		optional:   "caption colgroup dd dt li optgroup option p rb rp rt rtc tbody td tfoot th thead tr",
		formatting: "a b big code em font form i nobr s small strike strong tt u",
		blocky: "address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 " +
			"header hgroup hr li listing main menu nav ol p plaintext pre search section summary table ul xmp",
		scoped: "address applet article aside blockquote button center dd details dialog dir div dl dt fieldset figcaption figure footer " +
			"header hgroup li listing main marquee menu nav object ol optgroup option p pre rb rp rt rtc search section select summary ul",
		special: "address applet article aside blockquote button center details dialog dir div dl fieldset figcaption figure footer form frameset " +
			"h1 h2 h3 h4 h5 h6 header hgroup iframe listing main marquee menu nav noembed noframes noscript object ol plaintext pre script search section " +
			"select style summary table template textarea title ul xmp",
		heading:   "h1 h2 h3 h4 h5 h6",
		tablePart: "caption colgroup tbody td tfoot th thead tr",
		rawText:   "iframe noembed noframes noscript plaintext script style textarea title xmp",
		legacy:    "command isindex menuitem nextid spacer",
		wall:      "applet caption marquee object select table td template th",
		outer:     "a button form label",
	} {
		for name := range strings.FieldsSeq(names) {
			m[name] |= k
		}
	}
	return m
}()

// set is a few names of elements.
func set(names string) map[string]bool {
	m := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		m[name] = true
	}
	return m
}

var (
	// breakout are the elements that end SVG and MathML wherever they stand in it.
	breakout = set("b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta nobr ol p pre ruby " +
		"s small span strong strike sub sup table tt u ul var")
	// htmlInside are the elements of SVG, and textInside those of MathML, in which HTML begins again.
	htmlInside = set("foreignobject desc title")
	textInside = set("mi mo mn ms mtext")
	// ends says which open parts of its table a part ends that begins.
	ends = map[string]map[string]bool{
		"td": set("td th caption colgroup"), "th": set("td th caption colgroup"),
		"tr":    set("td th tr caption colgroup"),
		"tbody": set("td th tr tbody thead tfoot caption colgroup"), "thead": set("td th tr tbody thead tfoot caption colgroup"),
		"tfoot": set("td th tr tbody thead tfoot caption colgroup"), "caption": set("td th tr tbody thead tfoot caption colgroup"),
		"colgroup": set("td th tr tbody thead tfoot caption colgroup"), "col": set("td th tr tbody thead tfoot caption"),
	}
)
