package message

import "strings"

// Address is a mailbox: a name for people and an address for servers.
type Address struct {
	Name    string // decoded, may be empty
	Address string // as written, without the angle brackets
}

// From returns the first author.
func (m *Message) From() Address {
	if l := ParseAddresses(m.Header.Get("From")); len(l) > 0 {
		return l[0]
	}
	return Address{}
}

// To returns the addresses of the To fields.
func (m *Message) To() []Address { return m.addresses("To") }

// Cc returns the addresses of the Cc fields.
func (m *Message) Cc() []Address { return m.addresses("Cc") }

// ReplyTo returns the addresses of the Reply-To fields.
func (m *Message) ReplyTo() []Address { return m.addresses("Reply-To") }

func (m *Message) addresses(name string) []Address {
	var out []Address
	for _, v := range m.Header.Values(name) {
		out = append(out, ParseAddresses(v)...)
	}
	return out
}

// Recipients returns every address that the mail says it was sent or delivered to, without doubles: To, Cc, Bcc,
// Delivered-To, X-Original-To, Envelope-To and the "for" of Received.
func (m *Message) Recipients() []string {
	seen := map[string]bool{}
	var out []string
	add := func(a string) {
		if k := strings.ToLower(a); a != "" && !seen[k] {
			seen[k] = true
			out = append(out, a)
		}
	}
	for _, name := range [...]string{"Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc", "Bcc"} {
		for _, a := range m.addresses(name) {
			add(a.Address)
		}
	}
	for _, a := range m.ReceivedFor() {
		add(a)
	}
	return out
}

// ReturnPath returns the envelope sender that the final server noted (RFC 5321 §4.4). An empty address that is
// present is the null sender of reports.
func (m *Message) ReturnPath() (addr string, present bool) {
	v, ok := m.Header.Lookup("Return-Path")
	if !ok {
		return "", false
	}
	v = strings.TrimSpace(v)
	if i := strings.IndexByte(v, '<'); i >= 0 {
		v = v[i+1:]
		if j := strings.IndexByte(v, '>'); j >= 0 {
			v = v[:j]
		}
	}
	return strings.TrimSpace(v), true
}

// ReceivedFor returns the addresses in "for <…>" of the Received fields, top first: the only place that names the
// recipient of a blind copy.
func (m *Message) ReceivedFor() []string {
	var out []string
	for _, v := range m.Header.Values("Received") {
		for {
			i := strings.Index(v, "for ")
			if i < 0 {
				break
			}
			ok := i == 0 || v[i-1] == ' ' || v[i-1] == '\t' || v[i-1] == ')'
			v = v[i+4:]
			if !ok {
				continue
			}
			word := strings.TrimLeft(v, " ")
			if j := strings.IndexAny(word, " ;\t"); j >= 0 {
				word = word[:j]
			}
			word = strings.Trim(word, "<>,()")
			if strings.Count(word, "@") == 1 && len(word) < 320 {
				out = append(out, word)
			}
		}
	}
	return out
}

// ParseAddresses reads an address list as people's programs write it: groups, comments, missing quotes and encoded
// words inside quotes are all taken.
func ParseAddresses(s string) []Address {
	var out []Address
	for _, item := range splitList(s, 200) {
		if a, ok := parseAddress(item); ok {
			out = append(out, a)
		}
	}
	return out
}

// splitList cuts at commas and semicolons outside quotes, brackets and comments.
func splitList(s string, most int) []string {
	var out []string
	quoted, angle, paren, start := false, false, 0, 0
	for i := 0; i < len(s) && len(out) < most; i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case '<':
			angle = !quoted
		case '>':
			angle = false
		case '(':
			if !quoted {
				paren++
			}
		case ')':
			if !quoted && paren > 0 {
				paren--
			}
		case ',', ';':
			if !quoted && !angle && paren == 0 {
				out = append(out, s[start:i])
				start = i + 1
			}
		}
	}
	return append(out, s[min(start, len(s)):])
}

func parseAddress(s string) (Address, bool) {
	s = strings.TrimSpace(s)
	if i := strings.LastIndexByte(s, '<'); i >= 0 {
		name := s[:i]
		addr, after, _ := strings.Cut(s[i+1:], ">")
		if name == "" {
			name = strings.Trim(after, " ()")
		}
		return Address{cleanName(name), strings.TrimSpace(addr)}, strings.TrimSpace(addr) != ""
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.Contains(s[:i], "@") { // "Group: a@b"
		s = strings.TrimSpace(s[i+1:])
	}
	name := ""
	if i := strings.IndexByte(s, '('); i >= 0 { // "a@b (Name)"
		name = strings.Trim(s[i:], "() ")
		s = strings.TrimSpace(s[:i])
	}
	if s == "" || strings.ContainsAny(s, " \t") && !strings.Contains(s, "@") {
		return Address{Name: cleanName(s)}, s != ""
	}
	if i := strings.LastIndexAny(s, " \t"); i >= 0 && strings.Contains(s[i:], "@") { // "Name a@b"
		name, s = s[:i], s[i+1:]
	}
	return Address{cleanName(name), strings.Trim(s, `"'`)}, true
}

func cleanName(s string) string {
	s = strings.TrimSpace(DecodeWords(strings.Trim(strings.TrimSpace(s), `"`)))
	return strings.Trim(strings.ReplaceAll(s, `\"`, `"`), `"' `)
}
