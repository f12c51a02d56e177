package message

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// seeds adds the golden cases of package classify and the odd mails of the corpora, where they are.
func seeds(f *testing.F) {
	files, _ := filepath.Glob(filepath.Join("..", "classify", "testdata", "*", "*.eml"))
	dir := os.Getenv("SONDE_CORPORA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "corpora")
	}
	odd, _ := filepath.Glob(filepath.Join(dir, "mail", "sisimai", "maildir", "err", "*.eml"))
	for _, name := range append(files, odd...) {
		if b, err := os.ReadFile(name); err == nil && len(b) < 16<<10 {
			f.Add(b)
		}
	}
}

// FuzzParse holds that whatever comes in gives a bounded, valid and repeatable message.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		lim := Limits{Bytes: 1 << 20, Parts: 50, Depth: 8, TextBytes: 64 << 10}
		m := Parse(raw, lim)
		if len(m.Parts) > lim.Parts {
			t.Errorf("%d parts", len(m.Parts))
		}
		total := 0
		for i := range m.Parts {
			total += len(m.Parts[i].Text)
		}
		if total > lim.TextBytes {
			t.Errorf("%d octets of text", total)
		}
		if len(m.Text) > 4*lim.TextBytes+4*maxHTML {
			t.Errorf("text of %d octets", len(m.Text))
		}
		for _, s := range []string{m.Text, m.Reply, m.Quoted, m.Notice, m.Header.Text("Subject"), m.From().Name} {
			if !utf8.ValidString(s) {
				t.Errorf("not UTF-8: %q", s)
			}
		}
		m.Recipients()
		m.TopReceived()
		if !reflect.DeepEqual(m, Parse(raw, lim)) {
			t.Error("not the same twice")
		}
	})
}

// FuzzNewlines holds that CRLF and LF forms of a mail read the same.
func FuzzNewlines(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if bytes.IndexByte(raw, '\r') >= 0 || len(raw) > 64<<10 {
			t.Skip("not in LF form")
		}
		a, b := Parse(raw, Limits{}), Parse(bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n")), Limits{})
		if a.Text != b.Text || a.Reply != b.Reply || !reflect.DeepEqual(a.Header, b.Header) {
			t.Errorf("LF %q, CRLF %q", a.Text, b.Text)
		}
	})
}

// FuzzReturned holds that looking for an original in running text ends and cuts where it says.
func FuzzReturned(f *testing.F) {
	f.Add("sorry\n\nReceived: a\nFrom: b\nTo: c\nMessage-ID: <d@e>\n\ntext", true)
	f.Add("From: a\nTo: b\nSubject: c\n", false)
	f.Fuzz(func(t *testing.T, s string, machine bool) {
		at, h := originalInText(s, machine)
		if at < -1 || at > len(s) || at >= 0 && len(h.All()) == 0 {
			t.Errorf("at %d, %d fields", at, len(h.All()))
		}
	})
}

// FuzzDelivery holds that the fields of reports give bounded recipients and well-formed statuses.
func FuzzDelivery(f *testing.F) {
	f.Add("Reporting-MTA: dns; a\n\nFinal-Recipient: rfc822; b@c\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no\n")
	f.Fuzz(func(t *testing.T, s string) {
		d := parseDelivery(s)
		parseDisposition(s)
		parseFeedback(s)
		hasStatusFields(s)
		if d == nil {
			return
		}
		if len(d.Recipients) > maxRecipients {
			t.Errorf("%d recipients", len(d.Recipients))
		}
		for _, r := range d.Recipients {
			if r.Status != "" && StatusLen(r.Status) != len(r.Status) {
				t.Errorf("status %q", r.Status)
			}
		}
	})
}

// FuzzReply holds that the separation of reply and quotation loses no word and adds none.
func FuzzReply(f *testing.F) {
	f.Add("Oui.\n\nLe 16 nov. 2026, Camille a écrit :\n> Bonjour\n\nmerci")
	f.Add("Oui.\n________________________________\nDe : a\nEnvoyé : b\nObjet : c\n\nBonjour")
	f.Fuzz(func(t *testing.T, s string) {
		if strings.Contains(s, "\x1f") {
			t.Skip("the mark itself")
		}
		reply, quoted := splitReply(s)
		if got, want := len(strings.Fields(reply))+len(strings.Fields(quoted)), len(strings.Fields(s)); got != want {
			t.Errorf("%d words, want %d: %q %q", got, want, reply, quoted)
		}
	})
}
