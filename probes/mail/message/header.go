package message

import (
	"io"
	"mime"
	"net/mail"
	"strings"
	"time"
)

const (
	maxFields    = 2000     // header fields kept of one mail
	maxFieldSize = 64 << 10 // octets kept of one field
)

// Field is one header field: the name as written, the value unfolded.
type Field struct{ Name, Value string }

// Header is a mail's header in the order of the mail (RFC 5322 §2.2).
type Header struct{ fields []Field }

// All returns the fields in order.
func (h Header) All() []Field { return h.fields }

// Get returns the raw, unfolded value of the first field of that name, "" if there is none. Case does not matter.
func (h Header) Get(name string) string {
	v, _ := h.Lookup(name)
	return v
}

// Lookup is Get that tells an empty field from none.
func (h Header) Lookup(name string) (string, bool) {
	for i := range h.fields {
		if f := &h.fields[i]; len(f.Name) == len(name) && strings.EqualFold(f.Name, name) {
			return f.Value, true
		}
	}
	return "", false
}

// Has says whether a field of that name is there.
func (h Header) Has(name string) bool {
	_, ok := h.Lookup(name)
	return ok
}

// Values returns the raw, unfolded values of every field of that name.
func (h Header) Values(name string) []string {
	var out []string
	for i := range h.fields {
		if f := &h.fields[i]; len(f.Name) == len(name) && strings.EqualFold(f.Name, name) {
			out = append(out, f.Value)
		}
	}
	return out
}

// Text returns the value of the first field of that name for a reader: RFC 2047 words decoded, valid UTF-8.
func (h Header) Text(name string) string { return DecodeWords(h.Get(name)) }

var wordDecoder = mime.WordDecoder{CharsetReader: func(charset string, r io.Reader) (io.Reader, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxFieldSize))
	if err != nil {
		return nil, err
	}
	s, _ := decodeCharset(string(b), charset)
	return strings.NewReader(s), nil
}}

// DecodeWords decodes RFC 2047 encoded words and returns valid UTF-8 whatever it is given.
func DecodeWords(s string) string {
	if strings.Contains(s, "=?") {
		if d, err := wordDecoder.DecodeHeader(s); err == nil {
			s = d
		}
	}
	return validText(s)
}

// readHeader reads the header at the start of s and returns the rest. A line that is no field ends the header, unless
// well-known fields follow it: mail tools lose the space of a continuation, and glue the body to the header.
func readHeader(s string, lim Limits) (h Header, body string, defects []string) {
	for {
		line, rest := cutLine(s)
		if strings.HasPrefix(line, "From ") || strings.HasPrefix(line, ">From ") {
			defects = append(defects, "mbox-line")
			s = rest
			continue
		}
		break
	}
	for s != "" {
		if s[0] == '\n' {
			return h, s[1:], defects
		}
		line, rest := cutLine(s)
		name := fieldName(line)
		if name == "" {
			if line[0] == ' ' || line[0] == '\t' {
				// A continuation without a field, or a line of blanks that some agents write for the empty line.
				if strings.TrimSpace(line) == "" {
					return h, rest, defects
				}
				s = rest
				continue
			}
			if !headerGoesOn(rest) {
				defects = append(defects, "body-glued-to-header")
				return h, s, defects
			}
			defects = append(defects, "broken-header-line")
			s = rest
			continue
		}
		value := line[len(name):]
		value = value[strings.IndexByte(value, ':')+1:]
		folded := false
		end := len(line)
		for rest != "" && (rest[0] == ' ' || rest[0] == '\t') {
			next, r := cutLine(rest)
			if strings.TrimSpace(next) == "" {
				break
			}
			end = len(s) - len(r)
			rest = r
			folded = true
		}
		if folded {
			value = unfold(s[len(line)-len(value) : min(end, maxFieldSize)])
		} else if len(value) > maxFieldSize {
			value = value[:maxFieldSize]
		}
		if len(h.fields) < maxFields {
			h.fields = append(h.fields, Field{name, strings.TrimSpace(value)})
		} else if len(h.fields) == maxFields {
			defects = append(defects, "too-many-header-fields")
			h.fields = append(h.fields, Field{"X-Cut", ""})
		}
		s = rest
	}
	return h, "", defects
}

// cutLine returns the first line of s without its newline, and what follows it.
func cutLine(s string) (line, rest string) {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

// fieldName returns the field name at the start of line, "" if the line is no header field (RFC 5322 §2.2; a space
// before the colon is the obsolete syntax of §4.5).
func fieldName(line string) string {
	for i := 0; i < len(line) && i < 80; i++ {
		switch c := line[i]; {
		case c == ':':
			return line[:i]
		case c == ' ' || c == '\t':
			if i > 0 && strings.HasPrefix(strings.TrimLeft(line[i:], " \t"), ":") {
				return line[:i]
			}
			return ""
		case c < 33 || c > 126:
			return ""
		}
	}
	return ""
}

// wellKnown are the names that prove a header where any "word:" could be text.
var wellKnown = map[string]bool{"from": true, "to": true, "subject": true, "date": true, "message-id": true,
	"received": true, "return-path": true, "mime-version": true, "content-type": true, "content-transfer-encoding": true,
	"reply-to": true, "cc": true, "sender": true, "in-reply-to": true, "references": true, "x-mailer": true,
	"delivered-to": true, "auto-submitted": true, "dkim-signature": true, "content-disposition": true,
	"content-language": true, "x-original-to": true, "resent-from": true, "organization": true, "errors-to": true,
	"precedence": true, "list-id": true, "user-agent": true, "importance": true, "x-priority": true}

func isWellKnown(name string) bool {
	if len(name) > 32 {
		return false
	}
	return wellKnown[strings.ToLower(name)]
}

// headerGoesOn says whether a well-known field stands in the next few lines, before an empty line.
func headerGoesOn(s string) bool {
	for range 4 {
		line, rest := cutLine(s)
		if line == "" {
			return false
		}
		if n := fieldName(line); n != "" && isWellKnown(n) {
			return true
		}
		s = rest
	}
	return false
}

// unfold joins the lines of a folded value with single spaces.
func unfold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for s != "" {
		line, rest := cutLine(s)
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strings.Trim(line, " \t"))
		s = rest
	}
	return b.String()
}

// ParseDate reads an RFC 5322 date, with the liberties that mail programs take.
func ParseDate(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if len(s) > 200 {
		return time.Time{}, false
	}
	if t, err := mail.ParseDate(s); err == nil {
		return t, true
	}
	if i := strings.IndexByte(s, '('); i > 0 { // a comment that is not closed, or nested
		s = strings.TrimSpace(s[:i])
	}
	for _, layout := range [...]string{"Mon, 2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 MST",
		"Mon, 2 Jan 06 15:04:05 MST", "Mon, 2 Jan 2006 15:04:05", "2 Jan 2006 15:04:05 MST", time.ANSIC, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
