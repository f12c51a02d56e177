package message

import (
	"net/url"
	"strings"
)

// contentType reads a Content-Type or Content-Disposition value: the type in lower case and its parameters, RFC 2231
// continuations and charsets included. Broken ones give what can be read.
func contentType(v string) (typ string, params map[string]string) {
	if len(v) > 8<<10 {
		v = v[:8<<10]
	}
	typ, rest, _ := strings.Cut(v, ";")
	typ = strings.ToLower(strings.TrimSpace(typ))
	if i := strings.IndexAny(typ, " \t("); i >= 0 {
		typ = typ[:i]
	}
	pieces := map[string]string{}
	for n := 0; rest != "" && n < 100; n++ {
		var name, value string
		rest = strings.TrimLeft(rest, " \t;")
		i := strings.IndexAny(rest, "=;")
		if i < 0 {
			break
		}
		if rest[i] == ';' {
			rest = rest[i+1:]
			continue
		}
		name = strings.ToLower(strings.TrimSpace(rest[:i]))
		rest = strings.TrimLeft(rest[i+1:], " \t")
		if strings.HasPrefix(rest, `"`) {
			value, rest = quoted(rest[1:])
		} else if i := strings.IndexAny(rest, "; \t"); i >= 0 {
			value, rest = rest[:i], rest[i:]
		} else {
			value, rest = rest, ""
		}
		if params == nil {
			params = map[string]string{}
		}
		if base, _, ok := strings.Cut(name, "*"); ok {
			pieces[name] = value
			params[base] = ""
		} else if _, ok := params[name]; !ok {
			params[name] = value
		}
	}
	if len(pieces) > 0 {
		joinPieces(params, pieces)
	}
	return typ, params
}

// quoted reads a quoted string whose opening quote has been taken.
func quoted(s string) (value, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
				i++
			}
			b.WriteByte(s[i])
		case '"':
			return b.String(), s[i+1:]
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), ""
}

// joinPieces undoes the continuations and charsets of RFC 2231: name*=, name*0=, name*0*=.
func joinPieces(params, pieces map[string]string) {
	for base, have := range params {
		if have != "" {
			continue
		}
		charset, text := "", ""
		if v, ok := pieces[base+"*"]; ok {
			charset, text = extended(v)
		}
		for i := range 50 {
			n := base + "*" + itoa(i)
			if v, ok := pieces[n+"*"]; ok {
				if i == 0 {
					charset, v = extended(v)
				} else if u, err := url.PathUnescape(v); err == nil {
					v = u
				}
				text += v
			} else if v, ok := pieces[n]; ok {
				text += v
			} else {
				break
			}
		}
		text, _ = decodeCharset(text, charset)
		params[base] = text
	}
}

// extended splits charset'language'percent-encoded text.
func extended(v string) (charset, text string) {
	if p := strings.SplitN(v, "'", 3); len(p) == 3 {
		charset, v = p[0], p[2]
	}
	if u, err := url.PathUnescape(v); err == nil {
		v = u
	}
	return charset, v
}

func itoa(i int) string {
	if i < 10 {
		return string(rune('0' + i))
	}
	return itoa(i/10) + string(rune('0'+i%10))
}

// splitParts cuts a multipart body at the delimiter lines of boundary (RFC 2046 §5.1). closed is false where the last
// delimiter is missing. A boundary that never occurs gives no parts.
func splitParts(body, boundary string, most int) (parts []string, closed bool) {
	delim := "--" + boundary
	start := -1
	for pos := 0; pos <= len(body); {
		i := strings.Index(body[pos:], delim)
		if i < 0 {
			break
		}
		at := pos + i
		pos = at + len(delim)
		if at > 0 && body[at-1] != '\n' {
			continue
		}
		line, _ := cutLine(body[pos:])
		end := strings.HasPrefix(line, "--")
		if tail := strings.TrimSpace(strings.TrimPrefix(line, "--")); tail != "" {
			continue // a longer boundary that begins with this one
		}
		if start >= 0 {
			parts = append(parts, strings.TrimSuffix(body[start:at], "\n"))
		}
		if end {
			return parts, true
		}
		if len(parts) >= most {
			return parts, false
		}
		start = min(pos+len(line)+1, len(body))
	}
	if start >= 0 && start < len(body) {
		parts = append(parts, body[start:])
	}
	return parts, false
}

// guessBoundary finds the boundary of a multipart whose Content-Type lost it: a line "--x" after which fields follow.
func guessBoundary(body string) string {
	s := body
	for range 60 {
		line, rest := cutLine(s)
		if len(line) > 2 && len(line) < 120 && strings.HasPrefix(line, "--") {
			next, _ := cutLine(rest)
			if n := fieldName(next); n != "" && strings.HasPrefix(strings.ToLower(n), "content-") {
				return strings.TrimSpace(line[2:])
			}
		}
		if rest == "" {
			break
		}
		s = rest
	}
	return ""
}
