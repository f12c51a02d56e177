package paper

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// errForm says that a PDF has another form than that which Chrome gives it.
var errForm = errors.New("not the form that Chrome writes")

// token is the smallest part of a PDF: a name, a number, a string, a word, a bracket. Text is as it stands there.
type token struct {
	text     string
	from, to int
}

// lexer cuts PDF syntax into tokens (ISO 32000-1, 7.2 and 7.3).
type lexer struct {
	s  []byte
	at int
}

func blank(c byte) bool {
	return c == 0 || c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' '
}

func delimits(c byte) bool { return blank(c) || bytes.IndexByte([]byte("()<>[]{}/%"), c) >= 0 }

// next returns the next token; empty at the end.
func (l *lexer) next() token {
	for l.at < len(l.s) {
		switch c := l.s[l.at]; {
		case blank(c):
			l.at++
		case c == '%':
			for l.at < len(l.s) && l.s[l.at] != '\n' && l.s[l.at] != '\r' {
				l.at++
			}
		default:
			from := l.at
			l.skip()
			return token{string(l.s[from:l.at]), from, l.at}
		}
	}
	return token{"", l.at, l.at}
}

func (l *lexer) skip() {
	rest := l.s[l.at:]
	switch c := rest[0]; {
	case bytes.HasPrefix(rest, []byte("<<")) || bytes.HasPrefix(rest, []byte(">>")):
		l.at += 2
	case c == '<':
		if i := bytes.IndexByte(rest, '>'); i >= 0 {
			l.at += i + 1
			return
		}
		l.at = len(l.s)
	case c == '(':
		depth := 0
		for ; l.at < len(l.s); l.at++ {
			switch l.s[l.at] {
			case '\\':
				l.at++
			case '(':
				depth++
			case ')':
				if depth--; depth == 0 {
					l.at++
					return
				}
			}
		}
		l.at = min(l.at, len(l.s))
	case c == '/':
		l.at++
		for l.at < len(l.s) && !delimits(l.s[l.at]) {
			l.at++
		}
	case delimits(c):
		l.at++
	default:
		for l.at < len(l.s) && !delimits(l.s[l.at]) {
			l.at++
		}
	}
}

// dict is a dictionary: its values are text, and stay in their order.
type dict struct{ keys, values []string }

// dictionary reads one from its opening brackets.
func (l *lexer) dictionary() (*dict, error) {
	if l.next().text != "<<" {
		return nil, errForm
	}
	d := &dict{}
	for {
		t := l.next()
		switch {
		case t.text == ">>":
			return d, nil
		case !strings.HasPrefix(t.text, "/"):
			return nil, errForm
		}
		value, err := l.value()
		if err != nil {
			return nil, err
		}
		d.keys, d.values = append(d.keys, t.text[1:]), append(d.values, value)
	}
}

// value returns the text of one value.
func (l *lexer) value() (string, error) {
	t := l.next()
	switch t.text {
	case "", "]", ">>":
		return "", errForm
	case "<<", "[":
		for depth := 1; depth > 0; {
			switch l.next().text {
			case "":
				return "", errForm
			case "<<", "[":
				depth++
			case ">>", "]":
				depth--
			}
		}
		return string(l.s[t.from:l.at]), nil
	}
	if _, err := strconv.Atoi(t.text); err == nil { // "12 0 R"
		back := l.at
		if zero := l.next(); zero.text == "0" && l.next().text == "R" {
			return t.text + " 0 R", nil
		}
		l.at = back
	}
	return t.text, nil
}

func (d *dict) get(key string) string {
	for i, k := range d.keys {
		if k == key {
			return d.values[i]
		}
	}
	return ""
}

func (d *dict) set(key, value string) {
	for i, k := range d.keys {
		if k == key {
			d.values[i] = value
			return
		}
	}
	d.keys, d.values = append(d.keys, key), append(d.values, value)
}

func (d *dict) String() string {
	var b strings.Builder
	b.WriteString("<<")
	for i, k := range d.keys {
		b.WriteString("/" + k + " " + d.values[i] + "\n")
	}
	b.WriteString(">>")
	return b.String()
}

// list returns the values of an array; of a single value, that one.
func list(value string) (out []string, err error) {
	if value == "" {
		return nil, nil
	}
	if !strings.HasPrefix(value, "[") {
		return []string{value}, nil
	}
	l := &lexer{s: []byte(value[1 : len(value)-1])}
	for {
		back := l.at
		if l.next().text == "" {
			return out, nil
		}
		l.at = back
		v, err := l.value()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
}

// reference returns the number of an object that a value refers to, 0 when it refers to none.
func reference(value string) int {
	number, ok := strings.CutSuffix(value, " 0 R")
	n, err := strconv.Atoi(number)
	if !ok || err != nil {
		return 0
	}
	return n
}

// file is a PDF with one table of its objects, and those that are changed.
type file struct {
	raw     []byte
	offsets []int // of the objects by number; 0: free
	trailer *dict
	start   int // of the table
	changed map[int][]byte
	order   []int
}

// open reads the table of a PDF.
func open(raw []byte) (*file, error) {
	f := &file{raw: raw, changed: map[int][]byte{}}
	i := bytes.LastIndex(raw, []byte("startxref"))
	if i < 0 {
		return nil, errForm
	}
	l := &lexer{s: raw, at: i + len("startxref")}
	var err error
	if f.start, err = strconv.Atoi(l.next().text); err != nil || f.start <= 0 || f.start >= len(raw) {
		return nil, errForm
	}
	l.at = f.start
	if l.next().text != "xref" || l.next().text != "0" {
		return nil, errForm
	}
	n, err := strconv.Atoi(l.next().text)
	if err != nil || n < 1 || n > len(raw)/20 {
		return nil, errForm
	}
	for range n {
		offset, err := strconv.Atoi(l.next().text)
		if err != nil || offset >= len(raw) {
			return nil, errForm
		}
		l.next()
		if l.next().text != "n" {
			offset = 0
		}
		f.offsets = append(f.offsets, offset)
	}
	if l.next().text != "trailer" {
		return nil, errForm
	}
	f.trailer, err = l.dictionary()
	return f, err
}

// object returns the dictionary of an object and where what follows it begins.
func (f *file) object(n int) (*dict, *lexer, error) {
	if n < 1 || n >= len(f.offsets) || f.offsets[n] <= 0 {
		return nil, nil, fmt.Errorf("object %d: %w", n, errForm)
	}
	l := &lexer{s: f.raw, at: f.offsets[n]}
	if body, ok := f.changed[n]; ok {
		l = &lexer{s: body}
	}
	if l.next().text != strconv.Itoa(n) || l.next().text != "0" || l.next().text != "obj" {
		return nil, nil, fmt.Errorf("object %d: %w", n, errForm)
	}
	d, err := l.dictionary()
	if err != nil {
		return nil, nil, fmt.Errorf("object %d: %w", n, err)
	}
	return d, l, nil
}

// stream returns the octets of a stream as they stand there.
func (f *file) stream(n int) (*dict, []byte, error) {
	d, l, err := f.object(n)
	if err != nil {
		return nil, nil, err
	}
	size, err := strconv.Atoi(d.get("Length"))
	if err != nil || l.next().text != "stream" {
		return nil, nil, fmt.Errorf("stream %d: %w", n, errForm)
	}
	at := l.at
	if at < len(l.s) && l.s[at] == '\r' {
		at++
	}
	if at++; size < 0 || at+size > len(l.s) {
		return nil, nil, fmt.Errorf("stream %d: %w", n, errForm)
	}
	return d, l.s[at : at+size], nil
}

// put changes an object, or adds one when n is 0; body may have a stream.
func (f *file) put(n int, d *dict, stream []byte) int {
	if n == 0 {
		n = len(f.offsets)
		f.offsets = append(f.offsets, -1)
	}
	var b bytes.Buffer
	if stream != nil {
		d.set("Length", strconv.Itoa(len(stream)))
	}
	fmt.Fprintf(&b, "%d 0 obj\n%s", n, d)
	if stream != nil {
		b.WriteString("\nstream\n")
		b.Write(stream)
		b.WriteString("\nendstream")
	}
	b.WriteString("\nendobj\n")
	if _, again := f.changed[n]; !again {
		f.order = append(f.order, n)
	}
	f.changed[n] = b.Bytes()
	return n
}

// bytes returns the file with what was changed behind it (7.5.6, incremental updates).
func (f *file) bytes() []byte {
	out := bytes.Clone(f.raw)
	if !bytes.HasSuffix(out, []byte("\n")) {
		out = append(out, '\n')
	}
	at := map[int]int{}
	for _, n := range f.order {
		at[n] = len(out)
		out = append(out, f.changed[n]...)
	}
	start := len(out)
	out = append(out, "xref\n"...)
	for _, n := range f.order {
		out = fmt.Appendf(out, "%d 1\n%010d 00000 n \n", n, at[n])
	}
	f.trailer.set("Size", strconv.Itoa(len(f.offsets)))
	f.trailer.set("Prev", strconv.Itoa(f.start))
	return fmt.Appendf(out, "trailer\n%s\nstartxref\n%d\n%%%%EOF\n", f.trailer, start)
}
