package classify

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/probes/mail/message"
)

var update = flag.Bool("update", false, "write the expected results of the golden cases")

// TestGolden classifies testdata/CLASS/CASE.eml and compares with CASE.json beside it. The folder is the class, and a
// human case begins with its kind ("refers-…"), so that -update cannot bless a wrong one. A new case is a new file.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*", "*.eml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden cases (%v)", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.ToSlash(f[len("testdata/"):]), ".eml"), func(t *testing.T) {
			raw, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			r := Classify(message.Parse(raw, message.Limits{}))
			if want := filepath.Base(filepath.Dir(f)); r.Class != want {
				t.Fatalf("class %s, want %s; rules %v", r.Class, want, r.Rules)
			}
			if r.Answer != "" && !strings.HasPrefix(filepath.Base(f), r.Answer+"-") {
				t.Fatalf("answer %s; rules %v", r.Answer, r.Rules)
			}
			got, err := json.MarshalIndent(map[string]any{"class": r.Class, "answer": r.Answer, "status": r.Status, "reply_code": r.ReplyCode,
				"reason": r.Reason, "hard": r.Hard, "recipient": r.Recipient, "original_message_id": r.OriginalMessageID, "envelope_id": r.EnvelopeID,
				"language": r.Language, "rules": r.Rules}, "", "\t")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			golden := strings.TrimSuffix(f, ".eml") + ".json"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("got %s\nwant %s", got, want)
			}
		})
	}
}
