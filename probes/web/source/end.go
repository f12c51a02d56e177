package source

import (
	"bytes"
	"fmt"
	"slices"
)

// tag follows one tag.
func (c *checker) tag(t tag, size int) {
	if t.twice != "" {
		e := element{name: t.name, id: t.id, line: c.line}
		c.tell(duplicate, fault{off: c.off, selector: e.selector(), detail: fmt.Sprintf("%s, %.40s", e.at(), t.twice)})
	}
	c.lead = ""
	switch {
	case c.deep:
		if kinds[t.name]&rawText != 0 && !t.end {
			c.lead = t.name
		}
	case t.end:
		c.end(t.name)
	default:
		c.begin(&t, size)
	}
}

// end is an end tag.
func (c *checker) end(name string) {
	if e := c.top(); e != nil && e.foreign != "" && name != "p" && name != "br" {
		for i := len(c.stack) - 1; i >= 0 && c.stack[i].foreign != ""; i-- {
			if c.stack[i].name == name {
				c.matched(i, name)
				return
			}
		}
	}
	k := kinds[name]
	is, stop := named(name), (*element).wall
	switch {
	case name == "html" || name == "head" || name == "body":
		if c.ends[name]++; c.ends[name] > max(1, c.starts[name]) {
			c.nothing(name)
		}
		return
	case k&legacy != 0:
		return
	case k&void != 0:
		c.nothing(name)
		return
	case name == "p":
		stop = func(e *element) bool { return e.wall() || e.is("button") }
	case name == "li":
		stop = func(e *element) bool { return e.wall() || e.is("ol") || e.is("ul") }
	case k&tablePart != 0 || name == "table":
		stop = func(e *element) bool { return e.is("table") || e.is("template") }
	case name == "template":
		stop = func(*element) bool { return false }
	case k&(heading|scoped|formatting|rawText) != 0:
	default:
		stop = func(e *element) bool { return e.wall() || e.foreign == "" && e.kind&special != 0 }
	}
	i, blocked := c.search(is, stop)
	if i < 0 && k&heading != 0 {
		if h, _ := c.search(func(e *element) bool { return e.foreign == "" && e.kind&heading != 0 }, stop); h >= 0 && len(c.shut[name]) == 0 {
			e := &c.stack[h]
			c.unclosed(e, "</"+name+">")
			e.quiet = true
			c.closeFrom(h, 1, name, true)
			return
		}
	}
	if i < 0 {
		c.unmatched(name, blocked)
		return
	}
	if j := c.meant(i, is, stop); j != i {
		c.unclosed(&c.stack[i], "")
		c.stack[i].quiet = true
		i = j
	}
	if k&formatting != 0 && i < len(c.stack)-1 {
		c.matchedEarly(i, name)
		return
	}
	c.matched(i, name)
}

// meant is which element an end tag was written for: where <div/> was meant to be closed, the one around it.
func (c *checker) meant(i int, is, stop func(*element) bool) int {
	e := &c.stack[i]
	if !e.self || c.alone(e) || e.kind&(rawText|optional) != 0 {
		return i
	}
	for j := i - 1; j >= 0; j-- {
		if x := &c.stack[j]; is(x) && !x.self {
			return j
		} else if !is(x) && stop(x) {
			break
		}
	}
	return i
}

// crossed tells an element whose end tag comes after one that came too early.
func (c *checker) crossed(e *element) {
	if x := e.cross; x != nil && !x.told {
		x.told = true
		c.tell(misnested, fault{off: e.off, selector: e.selector(), detail: fmt.Sprintf("%s, line %d: </%s>", e.at(), x.line, x.by)})
	}
}

// matched is an end tag whose element is open.
func (c *checker) matched(i int, name string) {
	e := &c.stack[i]
	c.crossed(e)
	if e.self && e.kind&rawText != 0 && bytes.Contains(c.raw[e.after:c.off], []byte("<"+name)) {
		c.unclosed(e, "") // it swallowed the next one
	}
	c.closeFrom(i, 1, name, true)
}

// matchedEarly is an end tag that the standard lets end its element alone, while others are open in it. Whether they overlap
// or are never closed is seen later.
func (c *checker) matchedEarly(i int, name string) {
	c.crossed(&c.stack[i])
	if !slices.ContainsFunc(c.stack[i+1:], func(e element) bool { return e.required() }) {
		x := &ended{fault: unsaid, by: name, line: c.line}
		for j := i + 1; j < len(c.stack); j++ {
			c.await(x, &c.stack[j])
		}
		c.drop(i)
		return
	}
	x := &crossing{by: name, line: c.line}
	for j := i + 1; j < len(c.stack); j++ {
		if e := &c.stack[j]; e.cross == nil && !e.self {
			e.cross = x
		}
	}
	c.remove(i)
}

// late is the end tag of an element that was ended before: the two overlap.
func (x *ended) late(c *checker, e *element) {
	detail := ""
	if x.by != "" {
		detail = fmt.Sprintf("%s, line %d: </%s>", e.at(), x.line, x.by)
	}
	switch {
	case x.fault == unsaid:
		x.fault = c.tell(misnested, fault{off: e.off, selector: e.selector(), detail: detail})
		return
	case x.fault >= 0:
		c.retell(x.fault, detail)
	}
	if x.by != "" && !x.pardoned { // it may have been that end tag that was too much
		x.pardoned = true
		c.pardoned[x.by]++
	}
}

// unmatched is an end tag whose element is not open, or not within reach: something at blocked lies between.
func (c *checker) unmatched(name string, blocked int) {
	if list := c.shut[name]; len(list) > 0 {
		s := list[len(list)-1]
		c.shut[name] = list[:len(list)-1]
		s.ended.late(c, &s.element)
		return
	}
	if c.pardoned[name] > 0 {
		c.pardoned[name]--
		return
	}
	for i := blocked - 1; i >= 0 && !c.stack[i].is("template"); i-- {
		if c.stack[i].is(name) {
			c.beyond(i, blocked, name)
			return
		}
	}
	c.nothing(name)
}

// beyond is an end tag whose element lies beyond the end of a scope. Either it is too much, or what lies between is not
// closed: what would be told of either later is this one fault.
func (c *checker) beyond(i, blocked int, name string) {
	told := c.stack[blocked].cursed
	c.stack[blocked].cursed = true
	for j := i + 1; j <= blocked; j++ {
		told = told || c.stack[j].quiet
		c.stack[j].quiet = true
	}
	e := &c.stack[i]
	e.quiet = true
	if told {
		return
	}
	if e.kind&optional == 0 {
		c.tell(misnested, fault{off: e.off, selector: e.selector(), detail: fmt.Sprintf("%s, line %d: </%s>", e.at(), c.line, name)})
		return
	}
	c.nothing(name)
	if name == "p" {
		return
	}
	for i > 0 && c.stack[i].kind&optional != 0 {
		i--
	}
	c.stack[i].quiet = true // the list or table
}

// nothing tells an end tag that closes nothing.
func (c *checker) nothing(name string) {
	c.tell(stray, fault{off: c.off, selector: name, detail: fmt.Sprintf("line %d: </%s>", c.line, name)})
}

// finish tells what is open at the end. Within a raw text everything after it is unknown.
func (c *checker) finish() {
	if e := c.top(); e != nil && e.foreign == "" && e.kind&rawText != 0 {
		if e.name != "plaintext" {
			c.unclosed(e, "")
		}
		return
	}
	for i := range c.stack {
		if e := &c.stack[i]; e.required() {
			c.unclosed(e, "")
		}
	}
}
