package source

import (
	"bytes"
)

// tag is what is looked at in a start or end tag.
type tag struct {
	name   string
	id     string
	end    bool // </name>
	self   bool // <name/>
	twice  string
	href   bool
	hidden bool // type=hidden
	styled bool // font with color, face or size, which ends SVG
	html   bool // annotation-xml that holds HTML
}

func space(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' }

// readTag reads a tag from its source, "<" to ">". The tokenizer of x/net would drop the second of two attributes of one
// name before anybody could see it.
func readTag(src []byte) tag {
	var t tag
	src = bytes.TrimSuffix(src, []byte(">"))
	i := 1
	if i < len(src) && src[i] == '/' {
		t.end = true
		i++
	}
	start := i
	for i < len(src) && !space(src[i]) && src[i] != '/' {
		i++
	}
	t.name = lower(src[start:i])
	if t.end {
		return t
	}
	seen, broken := map[string]bool{}, false
	for {
		slash := false
		for i < len(src) && (space(src[i]) || src[i] == '/') {
			slash = src[i] == '/'
			i++
		}
		if i >= len(src) {
			t.self = slash
			break
		}
		start = i
		for i++; i < len(src) && !space(src[i]) && src[i] != '/' && src[i] != '='; { // a first "=" belongs to the name
			i++
		}
		key := src[start:i]
		var value []byte
		value, i = readValue(src, i)
		broken = broken || bytes.ContainsAny(key, "\"'<=")
		name := lower(key)
		switch {
		case !seen[name]:
			seen[name] = true
			t.attribute(name, value)
		case t.twice == "":
			t.twice = name
		}
	}
	if broken { // a quotation mark is missing somewhere: what looks like attributes may be a text
		t.twice = ""
	}
	return t
}

// readValue reads what follows the name of an attribute.
func readValue(src []byte, i int) ([]byte, int) {
	j := i
	for j < len(src) && space(src[j]) {
		j++
	}
	if j >= len(src) || src[j] != '=' {
		return nil, i
	}
	for j++; j < len(src) && space(src[j]); {
		j++
	}
	if j >= len(src) {
		return nil, j
	}
	if q := src[j]; q == '"' || q == '\'' {
		n := bytes.IndexByte(src[j+1:], q)
		if n < 0 {
			return src[j+1:], len(src)
		}
		return src[j+1 : j+1+n], j + n + 2
	}
	start := j
	for j < len(src) && !space(src[j]) {
		j++
	}
	return src[start:j], j
}

func (t *tag) attribute(name string, value []byte) {
	is := func(want string) bool { return bytes.EqualFold(bytes.TrimSpace(value), []byte(want)) }
	switch name {
	case "id":
		if plain(value) {
			t.id = string(value)
		}
	case "href":
		t.href = true
	case "type":
		t.hidden = is("hidden")
	case "color", "face", "size":
		t.styled = true
	case "encoding":
		t.html = is("text/html") || is("application/xhtml+xml")
	}
}

// plain says whether an id can stand in a selector as it is.
func plain(id []byte) bool {
	for i, c := range id {
		if letter := c|0x20 >= 'a' && c|0x20 <= 'z'; !letter && (i == 0 || c != '-' && c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return len(id) > 0 && len(id) <= 80
}

// lower is the name in small letters, as the standard does it: of ASCII alone.
func lower(name []byte) string {
	out := make([]byte, len(name))
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		out[i] = c
	}
	return string(out)
}
