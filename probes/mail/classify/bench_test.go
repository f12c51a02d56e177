package classify

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes/mail/message"
)

// BenchmarkCorpus reads and classifies the whole labelled corpus on one core.
func BenchmarkCorpus(b *testing.B) {
	all := labels(b)
	n := 0
	start := time.Now()
	for b.Loop() {
		for i := range all {
			Classify(message.Parse(all[i].raw, message.Limits{}))
			n++
		}
	}
	b.ReportMetric(float64(n)/time.Since(start).Seconds(), "msgs/s")
}

// TestNewlines holds that the newlines of the system that stored a mail do not change its class.
func TestNewlines(t *testing.T) {
	dir := filepath.Join(corpora(t), "sisimai", "maildir")
	for _, form := range []string{"dos", "mac"} {
		files, err := filepath.Glob(filepath.Join(dir, form, "*.eml"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files (%v)", form, err)
		}
		for _, f := range files {
			a, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(filepath.Join(dir, "bsd", filepath.Base(f)))
			if os.IsNotExist(err) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			got, want := Classify(message.Parse(a, message.Limits{})), Classify(message.Parse(b, message.Limits{}))
			if got.Class != want.Class || got.Status != want.Status || got.ReplyCode != want.ReplyCode {
				t.Errorf("%s/%s: %s %s %s, with LF %s %s %s", form, filepath.Base(f), got.Class, got.Status, got.ReplyCode, want.Class, want.Status, want.ReplyCode)
			}
		}
	}
}
