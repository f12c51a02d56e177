package store

import (
	"strings"
	"unicode/utf8"

	"github.com/sonde-fleet/sonde/probes"
)

// legible returns the event with texts that are valid UTF-8, as CBOR wants them (RFC 8949 §3.1). Servers reply in whatever
// charset they like: an octet that is not UTF-8 is taken for ISO 8859-1, which loses nothing. The bytes of evidence stay as
// they are.
func legible(e *probes.Event) *probes.Event {
	if sound(e) {
		return e
	}
	out := *e
	out.Text = latin(e.Text)
	out.Detail = make(map[string]string, len(e.Detail))
	for k, v := range e.Detail {
		out.Detail[latin(k)] = latin(v)
	}
	out.Keys = make([]string, len(e.Keys))
	for i, k := range e.Keys {
		out.Keys[i] = latin(k)
	}
	out.Evidence = append([]probes.Evidence(nil), e.Evidence...)
	for i := range out.Evidence {
		x := &out.Evidence[i]
		x.Type, x.Name = latin(x.Type), latin(x.Name)
	}
	out.Observations = append([]probes.Observation(nil), e.Observations...)
	for i := range out.Observations {
		x := &out.Observations[i]
		x.Item, x.By, x.Passage, x.Rule = probes.ItemCode(latin(string(x.Item))), latin(x.By), latin(x.Passage), latin(x.Rule)
	}
	return &out
}

func sound(e *probes.Event) bool {
	if !utf8.ValidString(e.Text) {
		return false
	}
	for k, v := range e.Detail {
		if !utf8.ValidString(k) || !utf8.ValidString(v) {
			return false
		}
	}
	for _, k := range e.Keys {
		if !utf8.ValidString(k) {
			return false
		}
	}
	for i := range e.Evidence {
		if !utf8.ValidString(e.Evidence[i].Type) || !utf8.ValidString(e.Evidence[i].Name) {
			return false
		}
	}
	for i := range e.Observations {
		x := &e.Observations[i]
		if !utf8.ValidString(string(x.Item)) || !utf8.ValidString(x.By) || !utf8.ValidString(x.Passage) || !utf8.ValidString(x.Rule) {
			return false
		}
	}
	return true
}

// latin returns s with the octets that are not UTF-8 read as ISO 8859-1.
func latin(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			r = rune(s[0])
		}
		b.WriteRune(r)
		s = s[n:]
	}
	return b.String()
}
