package rate

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/mail/classify"
	"github.com/sonde-fleet/sonde/probes/mail/message"
)

// FuzzRate holds that whatever is judged gives each item once, with a value and a short valid passage, twice the same.
func FuzzRate(f *testing.F) {
	files, _ := filepath.Glob(filepath.Join("..", "classify", "testdata", "*", "*.eml"))
	for _, name := range files {
		if b, err := os.ReadFile(name); err == nil {
			f.Add(b)
		}
	}
	s := subject(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 32<<10 {
			t.Skip("long")
		}
		m := message.Parse(raw, message.Limits{})
		for _, class := range []string{probes.ClassHuman, probes.ClassAutoAck} {
			r := classify.Classify(m)
			r.Class = class
			out := Rate(m, r, s)
			seen := map[probes.ItemCode]bool{}
			for _, o := range out {
				if seen[o.Item] {
					t.Errorf("%s twice", o.Item)
				}
				seen[o.Item] = true
				if (o.Value == "") == (o.Number == nil) || o.By != "agent" || o.Rule == "" {
					t.Errorf("%+v", o)
				}
				if len(o.Passage) > maxPassage || !utf8.ValidString(o.Passage) {
					t.Errorf("%s: passage %q", o.Item, o.Passage)
				}
			}
			if !reflect.DeepEqual(out, Rate(m, r, s)) {
				t.Error("not the same twice")
			}
		}
	})
}
