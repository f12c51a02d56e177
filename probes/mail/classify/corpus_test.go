package classify

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/mail/message"
)

// corpora returns the folder of the labelled corpora and skips, with the reason, where it is absent.
func corpora(t testing.TB) string {
	dir := os.Getenv("SONDE_CORPORA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "corpora")
	}
	if _, err := os.Stat(filepath.Join(dir, "mail", "labels.tsv")); err != nil {
		t.Skipf("no labelled corpora: %v (set SONDE_CORPORA)", err)
	}
	return filepath.Join(dir, "mail")
}

type labelled struct {
	path, label          string
	status, code, reason string
	hard                 string
	raw                  []byte
}

func labels(t testing.TB) []labelled {
	dir := corpora(t)
	b, err := os.ReadFile(filepath.Join(dir, "labels.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var out []labelled
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n")[1:] {
		f := strings.Split(line, "\t")
		l := labelled{path: f[1], label: f[2]}
		if first, _, _ := strings.Cut(f[3], ";"); first != "" {
			e := strings.SplitN(first, "/", 4)
			l.status, l.code, l.reason, l.hard = e[0], e[1], e[2], e[3]
		}
		if l.raw, err = os.ReadFile(filepath.Join(dir, f[1])); err != nil {
			t.Fatal(err)
		}
		out = append(out, l)
	}
	return out
}

// right says whether a class is one that the label allows.
func right(label, class string) bool {
	switch label {
	case "bounce", "bounce-hard", "bounce-soft":
		return class == probes.ClassBounce || class == probes.ClassDelay
	case "auto-ooo":
		return class == probes.ClassOutOfOffice || class == probes.ClassAutoAck
	case "dsn-success":
		return class == probes.ClassReceipt
	case "feedback-report":
		return class == probes.ClassFeedback
	}
	return class != probes.ClassBounce && class != probes.ClassDelay
}

// pseudo says whether a label's status is Sisimai's own code for "none in the mail": X.0.9xx.
func pseudo(status string) bool {
	return status == "" || strings.HasPrefix(status[1:], ".0.9") || strings.HasSuffix(status, ".0.0")
}

func TestCorpus(t *testing.T) {
	var n, class, statusN, status, codeN, code, reasonN, reason, hardN, hard int
	var wrong []string
	for _, l := range labels(t) {
		r := Classify(message.Parse(l.raw, message.Limits{}))
		n++
		name := strings.TrimSuffix(filepath.Base(l.path), ".eml")
		if right(l.label, r.Class) {
			class++
		} else {
			wrong = append(wrong, fmt.Sprintf("class  %s: %s, want %s %v", name, r.Class, l.label, r.Rules))
		}
		if l.label == "not-bounce" && !right(l.label, r.Class) {
			t.Errorf("%s is called a %s: %v", name, r.Class, r.Rules)
		}
		if l.label == "not-bounce" || l.label == "feedback-report" || l.label == "auto-ooo" {
			continue
		}
		if l.status != "" && !pseudo(l.status) {
			statusN++
			if l.status == r.Status {
				status++
			} else {
				wrong = append(wrong, fmt.Sprintf("status %s: %q, want %q", name, r.Status, l.status))
			}
		} else if l.status != "" && !pseudo(r.Status) {
			wrong = append(wrong, fmt.Sprintf("pseudo %s: %q, label %q", name, r.Status, l.status))
		}
		if l.code != "" {
			codeN++
			if l.code == r.ReplyCode {
				code++
			} else {
				wrong = append(wrong, fmt.Sprintf("code   %s: %q, want %q", name, r.ReplyCode, l.code))
			}
		}
		if l.reason != "" {
			reasonN++
			if l.reason == r.Reason {
				reason++
			} else {
				said := ""
				if len(r.Recipients) > 0 {
					said = r.Recipients[0].Text
				}
				wrong = append(wrong, fmt.Sprintf("reason %s: %s, want %s %s %.170q", name, r.Reason, l.reason, r.Status, said))
			}
			hardN++
			if l.hard == fmt.Sprint(r.Hard) {
				hard++
			} else if l.reason == r.Reason {
				wrong = append(wrong, fmt.Sprintf("hard   %s: %v, reason %s %s", name, r.Hard, r.Reason, r.Status))
			}
		}
	}
	pct := func(a, b int) string { return fmt.Sprintf("%d/%d = %.2f %%", a, b, 100*float64(a)/float64(b)) }
	t.Logf("class %s, status %s, reply code %s, reason %s, hard %s", pct(class, n), pct(status, statusN), pct(code, codeN), pct(reason, reasonN), pct(hard, hardN))
	if os.Getenv("SONDE_WRONG") != "" {
		for _, w := range wrong {
			t.Log(w)
		}
	}
	if class*100 < n*99 {
		t.Errorf("class: %s, want 99 %%", pct(class, n))
	}
	if code*100 < codeN*97 {
		t.Errorf("reply code: %s, want 97 %%", pct(code, codeN))
	}
	if reason*100 < reasonN*75 {
		t.Errorf("reason: %s, want 75 %%", pct(reason, reasonN))
	}
	if status*100 < statusN*97 {
		t.Errorf("status: %s, want 97 %%", pct(status, statusN))
	}
}
