package source

import (
	"bytes"
	"fmt"
	"slices"
)

// element is one that is open.
type element struct {
	name    string
	kind    kind
	foreign string // "svg" or "math": its own namespace; empty: HTML
	inside  bool   // foreign, and HTML begins again in it
	text    bool   // of MathML: HTML begins again in it but for two elements
	off     int
	after   int // where its start tag ends
	line    int
	id      string
	self    bool // <div/>, which HTML does not know
	href    bool
	quiet   bool // a fault was told that explains why it is not closed
	nested  bool // something that may not stand in it was told
	cross   *crossing
	cursed  bool // an end tag that could not reach through it was told
}

// crossing is an end tag that came while what it does not close was open.
type crossing struct {
	by   string
	line int
	told bool
}

// shut is an element that was ended before its end tag came.
type shut struct {
	ended   *ended
	element element
}

// unsaid is the fault of an element whose end tag may be left out, but not come late.
const unsaid = -2

// ended is a fault by which elements were ended too early.
type ended struct {
	fault    int    // -1: not told; unsaid
	by       string // the name of the end tag that did it; empty: a start tag did
	line     int
	pardoned bool
}

func (e *element) at() string { return fmt.Sprintf("line %d: <%s>", e.line, e.name) }

func (e *element) selector() string {
	if e.id != "" {
		return e.name + "#" + e.id
	}
	return e.name
}

// required says whether leaving out its end tag is a fault that was not told yet.
func (e *element) required() bool {
	return (e.foreign != "" || e.kind&optional == 0) && !e.quiet && (e.cross == nil || !e.cross.told)
}

// is says whether it is the HTML element of a name.
func (e *element) is(name string) bool { return e.foreign == "" && e.name == name }

// wall says whether a scope ends at it.
func (e *element) wall() bool {
	return e.foreign == "" && e.kind&wall != 0 || e.foreign != "" && (e.inside || e.text || e.name == "annotation-xml")
}

func (c *checker) top() *element {
	if len(c.stack) == 0 {
		return nil
	}
	return &c.stack[len(c.stack)-1]
}

// drop forgets the elements from one on.
func (c *checker) drop(i int) {
	for j := i; j < len(c.stack); j++ {
		c.outers -= int(c.stack[j].kind&outer) / int(outer)
	}
	c.stack = c.stack[:i]
}

// closeFrom ends the elements from i on, of which the first legit may be ended so. What had to be closed before is one
// fault, told of the outermost, and whatever end tags come later for what was ended belong to it.
func (c *checker) closeFrom(i, legit int, by string, end bool) {
	first := i + legit
	for first < len(c.stack) && !c.stack[first].required() {
		first++
	}
	from, x := i+legit, &ended{fault: -1, line: c.line}
	if first < len(c.stack) {
		e, mark := &c.stack[first], "<"+by+">"
		if end {
			x.by, mark = by, "</"+by+">"
		} else {
			from = i
		}
		x.fault = c.unclosed(e, mark)
	}
	for j := from; j < len(c.stack); j++ {
		// What needs no end tag is waited for only where something went wrong.
		if e := &c.stack[j]; first < len(c.stack) || e.kind&optional == 0 {
			c.await(x, e)
		}
	}
	c.drop(i)
}

// await remembers an element whose end tag may yet come.
func (c *checker) await(x *ended, e *element) {
	if list := c.shut[e.name]; !e.self && len(list) < maxDepth {
		c.shut[e.name] = append(list, shut{x, *e})
	}
}

// unclosed tells an element that should have been closed before mark.
func (c *checker) unclosed(e *element, mark string) int {
	detail := e.at()
	switch {
	case e.self:
		detail = fmt.Sprintf("line %d: <%s/>", e.line, e.name)
	case mark != "":
		detail += fmt.Sprintf(", line %d: %s", c.line, mark)
	}
	if e.cross != nil {
		e.cross.told = true
	}
	return c.tell(unclosed, fault{off: e.off, selector: e.selector(), detail: detail})
}

// search looks for the open HTML element of a name from the innermost on, up to one where stop says so. blocked is where it
// stopped, or -1.
func (c *checker) search(is, stop func(*element) bool) (at, blocked int) {
	for i := len(c.stack) - 1; i >= 0; i-- {
		if e := &c.stack[i]; is(e) {
			return i, -1
		} else if stop(e) {
			return -1, i
		}
	}
	return -1, -1
}

func named(name string) func(*element) bool { return func(e *element) bool { return e.is(name) } }

// begin is a start tag.
func (c *checker) begin(t *tag, size int) {
	e := element{name: t.name, kind: kinds[t.name], off: c.off, after: c.off + size, line: c.line, id: t.id, self: t.self, href: t.href}
	if c.foreign(&e, t) {
		c.z.NextIsNotRawText()
		if !t.self {
			c.push(e)
		}
		return
	}
	switch t.name {
	case "html", "head", "body":
		c.starts[t.name]++
		return
	case "image":
		e.name, e.kind = "img", kinds["img"]
	case "svg", "math":
		e.foreign, e.kind = t.name, 0
		if !t.self {
			c.push(e)
		}
		return
	}
	if c.outers > 0 {
		c.nest(&e, t)
	}
	c.imply(e.name, e.kind)
	if e.kind&rawText != 0 {
		c.lead = e.name
	}
	if e.kind&(void|legacy) == 0 {
		c.push(e)
	}
}

func (c *checker) push(e element) {
	if len(c.stack) >= maxDepth {
		c.deep = true
		return
	}
	if e.foreign != "" {
		e.kind = 0
	}
	c.outers += int(e.kind&outer) / int(outer)
	c.stack = append(c.stack, e)
}

// foreign says whether a start tag makes an element of SVG or MathML, and prepares it. HTML that may not stand there ends them.
func (c *checker) foreign(e *element, t *tag) bool {
	top := c.top()
	if top == nil || top.foreign == "" || top.inside || top.text && t.name != "mglyph" && t.name != "malignmark" ||
		top.name == "annotation-xml" && t.name == "svg" {
		return false
	}
	if breakout[t.name] || t.name == "font" && t.styled {
		i := len(c.stack) - 1
		for i > 0 && c.stack[i-1].foreign != "" && !c.stack[i-1].inside && !c.stack[i-1].text {
			i--
		}
		c.closeFrom(i, 0, t.name, false)
		return false
	}
	e.foreign = top.foreign
	switch e.foreign {
	case "svg":
		e.inside = htmlInside[e.name]
	case "math":
		e.text, e.inside = textInside[e.name], e.name == "annotation-xml" && t.html
	}
	return true
}

// imply ends what a start tag ends without an end tag.
func (c *checker) imply(name string, k kind) {
	switch name {
	case "li", "dd", "dt":
		c.implyUpTo(func(e *element) bool { return e.is(name) || name != "li" && (e.is("dd") || e.is("dt")) },
			func(e *element) bool {
				return e.foreign != "" || e.kind&(special|wall) != 0 && !e.is("address") && !e.is("div") || e.is("li") || e.is("dd") || e.is("dt")
			}, name)
	case "option", "optgroup", "hr":
		c.implyUpTo(func(e *element) bool { return e.is("option") || name != "option" && e.is("optgroup") },
			func(e *element) bool { return e.foreign != "" || e.kind&(special|wall) != 0 || e.is("datalist") }, name)
		if name != "option" { // the group around the option
			c.implyUpTo(named("optgroup"), func(e *element) bool { return e.foreign != "" || e.kind&(special|wall) != 0 }, name)
		}
	case "rb", "rt", "rtc", "rp":
		for e := c.top(); e != nil && (e.is("rb") || e.is("rt") || e.is("rp") || e.is("rtc") && (name == "rb" || name == "rtc")); e = c.top() {
			c.drop(len(c.stack) - 1)
		}
	}
	if ends[name] != nil {
		c.implyTable(name)
	}
	if k&blocky != 0 && (name != "table" || !c.quirks) {
		c.implyUpTo(named("p"), func(e *element) bool { return e.wall() || e.is("button") }, name)
	}
	if e := c.top(); k&heading != 0 && e != nil && e.foreign == "" && e.kind&heading != 0 {
		c.closeFrom(len(c.stack)-1, 0, name, false)
	}
}

func (c *checker) implyUpTo(is, stop func(*element) bool, by string) {
	if i, _ := c.search(is, stop); i >= 0 {
		c.closeFrom(i, 1, by, false)
	}
}

// implyTable ends the parts of a table that another part ends, and opens those whose start tags were left out.
func (c *checker) implyTable(name string) {
	last, context := -1, ""
	for i := len(c.stack) - 1; i >= 0; i-- {
		e := &c.stack[i]
		if ends[name][e.name] && e.foreign == "" {
			last = i
		} else if e.foreign == "" && (e.name == "table" || e.name == "template" || e.kind&tablePart != 0) {
			context = e.name
			break
		}
	}
	if last >= 0 {
		c.closeFrom(last, 1, name, false)
	}
	implied := func(name string) {
		c.push(element{name: name, kind: kinds[name], off: c.off, after: c.off, line: c.line})
	}
	switch name {
	case "td", "th":
		if context == "table" {
			implied("tbody")
		}
		if context == "table" || context == "tbody" || context == "thead" || context == "tfoot" {
			implied("tr")
		}
	case "tr":
		if context == "table" {
			implied("tbody")
		}
	case "col":
		if context == "table" {
			implied("colgroup")
		}
	}
}

// nest tells of what reacts to the reader within something that does.
func (c *checker) nest(in *element, t *tag) {
	for i := len(c.stack) - 1; i >= 0; i-- {
		e := &c.stack[i]
		if e.is("template") {
			return
		}
		if e.foreign != "" || e.kind&outer == 0 || e.nested {
			continue
		}
		control := in.name == "button" || in.name == "select" || in.name == "textarea" || in.name == "input" && !t.hidden
		rule := nesting
		switch {
		case e.name == "a" && in.name == "a":
			if !e.href || !in.href {
				rule = misnested // an anchor, to which nobody comes
			}
		case (e.name == "label" || e.name == "form") && in.name == e.name,
			e.name == "a" && control && e.href,
			e.name == "button" && (control || in.name == "a" && in.href):
		default:
			continue
		}
		if e.self { // it was meant to be closed
			if in.name == "a" && e.name == "a" {
				c.unclosed(e, "")
				c.remove(i)
			}
			continue
		}
		e.nested = true
		e.quiet = e.quiet || e.name == in.name
		c.tell(rule, fault{off: in.off, selector: in.selector(), detail: fmt.Sprintf("%s, line %d: <%s>", in.at(), e.line, e.name)})
		return
	}
}

// remove takes one element out and leaves those open that are open in it.
func (c *checker) remove(i int) {
	c.outers -= int(c.stack[i].kind&outer) / int(outer)
	c.stack = slices.Delete(c.stack, i, i+1)
}

// alone says whether nothing stands between an element's start and the place that is read.
func (c *checker) alone(e *element) bool {
	return c.off-e.after < 100 && len(bytes.TrimSpace(c.raw[e.after:c.off])) == 0
}
