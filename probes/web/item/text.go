package item

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sonde-fleet/sonde/internal/fold"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// text is a page as a reader sees it: blocks on lines of their own, cells of a table separated by tabs, like innerText.
type text struct {
	plain    string // every space and no-break space is ' '
	folded   string
	at       []int // of each octet of folded, its index in plain; one entry more than folded has octets
	runs     []run
	headings []heading
	lines    []line
	formAt   map[*html.Node]int // where each form stands, also one without a word
}

// run is a stretch of text that one element holds.
type run struct {
	from int
	node *html.Node // the element
}

// heading is what stands over the text behind it.
type heading struct {
	from, to int
	level    int // 1 to 6; 7: a term, a caption, a line in bold that stands alone
	folded   string
	region   string
}

// line is a line of the text.
type line struct {
	from, to int
	folded   string
	region   string // of what it begins with
}

const (
	maxText  = 400_000
	maxDepth = 400
)

// render reads the text of a page. What is hidden from everybody is left out; what a menu or a control opens is not.
func render(root *html.Node) text {
	w := &writer{formAt: map[*html.Node]int{}}
	w.walk(root, root, 0)
	t := text{plain: string(w.b), runs: w.runs, formAt: w.formAt}
	t.folded, t.at = fold.Map(t.plain)
	for from := 0; from < len(t.plain); {
		to := len(t.plain)
		if i := strings.IndexByte(t.plain[from:], '\n'); i >= 0 {
			to = from + i
		}
		t.lines = append(t.lines, line{from, to, strings.TrimSpace(fold.Text(t.plain[from:to])), regionOf(t.nodeAt(from))})
		from = to + 1
	}
	slices.SortStableFunc(w.headings, func(a, b heading) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.level, b.level)) })
	for _, h := range w.headings {
		h.from, h.to = min(h.from, len(t.plain)), min(h.to, len(t.plain))
		h.folded = strings.TrimSpace(fold.Text(cut(t.plain[h.from:h.to], 300)))
		if h.folded != "" {
			t.headings = append(t.headings, h)
		}
	}
	return t
}

type writer struct {
	b        []byte
	row      int // where the row of a table under way began
	runs     []run
	headings []heading
	formAt   map[*html.Node]int
}

func (w *writer) walk(n, owner *html.Node, depth int) {
	if depth > maxDepth || len(w.b) > maxText {
		return
	}
	switch n.Type {
	case html.TextNode:
		w.write(n.Data, owner)
		return
	case html.ElementNode:
		if invisible(n) {
			return
		}
		owner = n
	case html.DocumentNode:
	default:
		return
	}
	block := blocks[n.DataAtom]
	switch {
	case n.DataAtom == atom.Br:
		w.end()
		return
	case n.DataAtom == atom.Img: // an icon is the label of what stands beside it
		if alt := squeeze(attr(n, "alt")); alt != "" && len(alt) < 40 {
			w.write(" "+alt+" ", owner)
		}
		return
	case n.DataAtom == atom.Td || n.DataAtom == atom.Th:
		if prevCell(n) {
			w.cell()
		}
	case block:
		w.end()
	}
	from := len(w.b)
	if n.DataAtom == atom.Form {
		w.formAt[n] = from
	}
	if n.DataAtom == atom.Tr {
		defer func(row int) { w.row = row }(w.row)
		w.row = from
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.walk(c, owner, depth+1)
	}
	if level := headingLevel(n, w.b[min(from, len(w.b)):]); level > 0 {
		w.headings = append(w.headings, heading{from: from, to: len(w.b), level: level, region: regionOf(n)})
	}
	if block {
		w.end()
	}
}

// prevCell says whether a cell stands before n in its row.
func prevCell(n *html.Node) bool {
	p := n.PrevSibling
	for p != nil && p.Type != html.ElementNode {
		p = p.PrevSibling
	}
	return p != nil && (p.DataAtom == atom.Td || p.DataAtom == atom.Th)
}

func (w *writer) write(s string, owner *html.Node) {
	first := true
	for _, r := range s {
		switch {
		case r == 0xAD || r >= 0x200B && r <= 0x200D || r == 0x2060 || r == 0xFEFF: // seen by nobody
			continue
		case unicode.IsSpace(r):
			if n := len(w.b); n > 0 && w.b[n-1] != ' ' && w.b[n-1] != '\n' && w.b[n-1] != '\t' {
				w.b = append(w.b, ' ')
			}
			continue
		}
		if first {
			w.runs = append(w.runs, run{len(w.b), owner})
			first = false
		}
		w.b = utf8.AppendRune(w.b, r)
	}
}

// end ends a line, once.
func (w *writer) end() {
	if n := len(w.b); n > 0 && w.b[n-1] != '\n' {
		w.b = append(w.b, '\n')
	}
}

// cell ends the cell before. Empty ones count, so that columns stay under each other; one that ended with a block of its
// own stands in the same row all the same.
func (w *writer) cell() {
	for n := len(w.b); n > w.row && (w.b[n-1] == '\n' || w.b[n-1] == ' '); n = len(w.b) {
		w.b = w.b[:n-1]
	}
	w.b = append(w.b, '\t')
}

var blocks = func() map[atom.Atom]bool {
	m := map[atom.Atom]bool{}
	for _, a := range []atom.Atom{atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Body, atom.Button, atom.Caption, atom.Center, atom.Dd, atom.Details,
		atom.Dialog, atom.Dir, atom.Div, atom.Dl, atom.Dt, atom.Fieldset, atom.Figcaption, atom.Figure, atom.Footer, atom.Form, atom.H1, atom.H2, atom.H3, atom.H4,
		atom.H5, atom.H6, atom.Header, atom.Hr, atom.Legend, atom.Li, atom.Main, atom.Nav, atom.Ol, atom.P, atom.Pre, atom.Section, atom.Summary, atom.Table,
		atom.Tbody, atom.Tfoot, atom.Thead, atom.Title, atom.Tr, atom.Ul} {
		m[a] = true
	}
	return m
}()

// invisible says whether nobody sees the element: the browser's mark, or what the source alone shows.
func invisible(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Head, atom.Option, atom.Iframe, atom.Textarea, atom.Audio, atom.Video, atom.Canvas:
		return true
	case atom.Svg:
		return true
	case atom.Dialog:
		return !hasAttr(n, "open")
	}
	for _, a := range n.Attr {
		switch a.Key {
		case HiddenMark:
			return true
		case "hidden":
			return a.Val != "until-found"
		case "style":
			s := strings.ToLower(strings.Join(strings.Fields(a.Val), ""))
			if strings.Contains(s, "display:none") || strings.Contains(s, "visibility:hidden") {
				return !inMenu(n)
			}
		}
	}
	return false
}

// inMenu says whether the element is part of a menu, which a citizen opens.
func inMenu(n *html.Node) bool {
	for p := n; p != nil; p = p.Parent {
		if p.DataAtom == atom.Nav || attr(p, "role") == "navigation" || attr(p, "role") == "menu" {
			return true
		}
		if c := strings.ToLower(attr(p, "class") + " " + attr(p, "id")); strings.Contains(c, "menu") || strings.Contains(c, "navbar") {
			return true
		}
	}
	return false
}

// foldedHead matches classes of what opens a part of a page.
var foldedHead = regexp.MustCompile(`(?i)\b(elementor-tab-title|accordion-(title|header|button)|toggle-title|et_pb_toggle_title|panel-title|panel-heading|card-header|collapse-title|fr-accordion__title|ui-accordion-header)\b`)

// headingLevel returns how high the element stands over what follows, 0 where it is no heading.
func headingLevel(n *html.Node, said []byte) int {
	if n.Type != html.ElementNode {
		return 0
	}
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return int(n.Data[1] - '0')
	case atom.Dt, atom.Legend, atom.Caption, atom.Summary:
		return 7
	case atom.Strong, atom.B, atom.U, atom.Font, atom.Big:
		// A paragraph that is nothing but bold is how many editors write a heading.
		p := n.Parent
		if len(said) < 90 && p != nil && blocks[p.DataAtom] && p.DataAtom != atom.Td && p.DataAtom != atom.Li && squeeze(textOf(p, 200)) == squeeze(string(said)) {
			return 7
		}
	}
	if foldedHead.MatchString(attr(n, "class")) && len(said) < 120 && n.DataAtom != atom.A && n.DataAtom != atom.Span {
		return 7
	}
	if attr(n, "role") == "heading" {
		if l, err := strconv.Atoi(attr(n, "aria-level")); err == nil && l >= 1 && l <= 6 {
			return l
		}
		return 2
	}
	return 0
}

// over are the folded headings over a place of the text, the nearest first.
func (t *text) over(at int) []string {
	var out []string
	level, region := 99, regionOf(t.nodeAt(at))
	apart := region != "main" && region != ""
	i, _ := slices.BinarySearchFunc(t.headings, at+1, headingFrom)
	for _, h := range slices.Backward(t.headings[:i]) {
		if apart && h.region != region {
			break // what stands over the page's text does not stand over its footer
		}
		if h.level < level {
			out = append(out, h.folded)
			level = h.level
		}
		if level == 1 {
			break
		}
	}
	return out
}

func headingFrom(h heading, at int) int { return h.from - at }

// headingAt says whether a heading begins at a place of the text.
func (t *text) headingAt(from int) bool {
	_, yes := slices.BinarySearchFunc(t.headings, from, headingFrom)
	return yes
}

// lineAt is the index of the line that holds a place of the text.
func (t *text) lineAt(at int) int {
	i, ok := slices.BinarySearchFunc(t.lines, at, func(l line, at int) int { return l.from - at })
	if !ok {
		i--
	}
	return max(i, 0)
}

// foldedRange is where a stretch of the folded text stands in the plain one.
func (t *text) foldedRange(from, to int) (int, int) { return t.at[from], t.at[to] }

// passage is the stretch as one line, with a little of what stands before it where it is short.
func (t *text) passage(from, to int) string {
	if to-from < 60 && len(t.lines) > 0 {
		l := t.lines[t.lineAt(from)]
		from = max(l.from, from-60)
		for from > l.from && from < len(t.plain) && t.plain[from]&0xC0 == 0x80 {
			from--
		}
	}
	return cut(squeeze(t.plain[from:min(max(to, from), len(t.plain))]), maxPassage)
}

// nodeAt is the element that holds a place of the text.
func (t *text) nodeAt(at int) *html.Node {
	i, ok := slices.BinarySearchFunc(t.runs, at, func(r run, at int) int { return r.from - at })
	if !ok {
		i--
	}
	if i < 0 || i >= len(t.runs) {
		return nil
	}
	return t.runs[i].node
}
