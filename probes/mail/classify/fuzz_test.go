package classify

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/mail/message"
)

// golden returns the golden mails of a class; "*" means all.
func golden(t testing.TB, class string) map[string][]byte {
	files, err := filepath.Glob(filepath.Join("testdata", class, "*.eml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden cases of %s (%v)", class, err)
	}
	out := map[string][]byte{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[f] = b
	}
	return out
}

var classes = map[string]bool{probes.ClassBounce: true, probes.ClassDelay: true, probes.ClassReceipt: true, probes.ClassAutoAck: true,
	probes.ClassOutOfOffice: true, probes.ClassChallenge: true, probes.ClassFeedback: true, probes.ClassHuman: true}

// FuzzClassify holds that every mail has one of the eight classes, the same one twice and with either newline, and a
// bounded result.
func FuzzClassify(f *testing.F) {
	for _, raw := range golden(f, "*") {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 64<<10 {
			t.Skip("long")
		}
		m := message.Parse(raw, message.Limits{})
		r := Classify(m)
		if !classes[r.Class] {
			t.Errorf("class %q", r.Class)
		}
		if (r.Class == probes.ClassHuman) != (r.Answer != "") {
			t.Errorf("class %s, answer %q", r.Class, r.Answer)
		}
		if r.Status != "" && message.StatusLen(r.Status) != len(r.Status) {
			t.Errorf("status %q", r.Status)
		}
		if r.ReplyCode != "" && len(r.ReplyCode) != 3 {
			t.Errorf("reply code %q", r.ReplyCode)
		}
		if r.Confidence <= 0 || r.Confidence > 1 || len(r.Rules) == 0 || len(r.Rules) > 40 || len(r.Recipients) > 50 {
			t.Errorf("%+v", r)
		}
		for _, x := range r.Recipients {
			if len(x.Text) > 4000 || !utf8.ValidString(x.Text) {
				t.Errorf("text %q", x.Text)
			}
		}
		if !reflect.DeepEqual(r, Classify(m)) {
			t.Error("not the same twice")
		}
		if bytes.IndexByte(raw, '\r') < 0 {
			if crlf := Classify(message.Parse(bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n")), message.Limits{})); crlf.Class != r.Class {
				t.Errorf("LF %s, CRLF %s", r.Class, crlf.Class)
			}
		}
	})
}

// FuzzLanguage holds that a language is one of the six or none, whatever the text.
func FuzzLanguage(f *testing.F) {
	f.Add("Votre message a bien été reçu.")
	known := map[string]bool{"": true}
	for _, l := range languages {
		known[l] = true
	}
	f.Fuzz(func(t *testing.T, s string) {
		if l := Language(s); !known[l] {
			t.Errorf("%q", l)
		}
		findReply(s)
		messageIDIn(s)
		addressIn(s)
	})
}
