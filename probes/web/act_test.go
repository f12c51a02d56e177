package web

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes/web/browser"
	"github.com/sonde-fleet/sonde/probes/web/finding"
	"github.com/sonde-fleet/sonde/probes/web/proxy"
	"github.com/sonde-fleet/sonde/probes/web/sample"
)

var (
	actRule = flag.String("act", "", "measure the cases of this ACT rule alone, and say what every one of them gave")
	actOut  = flag.String("act-table", "", "write the table of the ACT measurement to this file (docs/act.md)")
)

// actCase is one case of the W3C's corpus.
type actCase struct {
	Rule     string `json:"ruleId"`
	RuleName string `json:"ruleName"`
	Expected string `json:"expected"` // passed, failed, inapplicable
	ID       string `json:"testcaseId"`
	Title    string `json:"testcaseTitle"`
	Path     string `json:"relativePath"`
	URL      string `json:"url"`
	Approved bool   `json:"approved"`
}

// corpusACT is the folder of the W3C's cases, beside the repository; SONDE_ACT names another one.
func corpusACT(t testing.TB) (string, []actCase) {
	dir := os.Getenv("SONDE_ACT")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "corpora", "act")
	}
	data, err := os.ReadFile(filepath.Join(dir, "testcases.json"))
	if err != nil {
		t.Skip("the W3C ACT cases are not here: ", err)
	}
	var list struct {
		Testcases []actCase `json:"testcases"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	return dir, list.Testcases
}

// loopback is what a test's auditor may visit.
func loopback() []proxy.Exception {
	return []proxy.Exception{{Net: netip.MustParsePrefix("127.0.0.1/32")}}
}

func needBrowser(t testing.TB) {
	if _, err := browser.Find(); err != nil {
		if os.Getenv("SONDE_INTEGRATION") == "required" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

// actScore is what a rule's cases gave. A case counts as flagged only through a finding of a rule that is mapped to it.
type actScore struct {
	name                                       string
	failed, flagged, review, others, falsely   int
	approved, approvedFlagged, approvedFalsely int
}

// The bars of the acceptance: at least 75 % of the failed cases, at most 1 % of the others.
const (
	actRecall = 0.75
	actFalse  = 0.01
)

func TestACT(t *testing.T) {
	if testing.Short() {
		t.Skip("1,213 pages")
	}
	dir, cases := corpusACT(t)
	needBrowser(t)
	const prefix = "/WAI/content-assets/wcag-act-rules/"
	files := http.StripPrefix(prefix, http.FileServer(http.Dir(dir)))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".html") { // as the W3C's server says
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		files.ServeHTTP(w, r)
	}))
	defer srv.Close()
	mapped := actMap(t)
	var mu sync.Mutex
	scores := map[string]*actScore{}
	var alarms []string
	work := make(chan actCase)
	var group sync.WaitGroup
	a := NewAuditor(Options{Allow: loopback(), Pause: time.Nanosecond})
	defer a.Close()
	for range browser.Tabs() {
		group.Go(func() {
			home, _ := url.Parse(srv.URL)
			s, err := a.open(t.Context(), home, func(Line, *visit) error { return nil })
			if err != nil {
				t.Error(err)
				for range work { //nolint:revive // the other side must not hang
				}
				return
			}
			defer s.close()
			for c := range work {
				v, err := s.next(t.Context(), sample.Pick{URL: srv.URL + prefix + c.Path, Why: sample.Home})
				if err != nil {
					t.Errorf("%s: %v", c.Path, err)
					continue
				}
				mu.Lock()
				alarms = append(alarms, judgeACT(t, c, v, mapped, scores)...)
				mu.Unlock()
			}
		})
	}
	for _, c := range cases {
		if *actRule == "" || c.Rule == *actRule {
			work <- c
		}
	}
	close(work)
	group.Wait()
	reportACT(t, scores, alarms)
}

// judgeACT counts one case.
func judgeACT(t *testing.T, c actCase, v *visit, mapped map[string][]string, scores map[string]*actScore) (alarms []string) {
	sc := scores[c.Rule]
	if sc == nil {
		sc = &actScore{name: c.RuleName}
		scores[c.Rule] = sc
	}
	certain, doubtful := []string{}, []string{}
	for i := range v.findings {
		f := &v.findings[i]
		if slices.Contains(mapped[f.Rule], c.Rule) {
			if f.Outcome == finding.Failed {
				certain = append(certain, f.Rule)
			} else {
				doubtful = append(doubtful, f.Rule)
			}
		}
	}
	flagged := len(certain) > 0
	switch {
	case c.Expected == "failed":
		sc.failed++
		if flagged {
			sc.flagged++
		} else if len(doubtful) > 0 {
			sc.review++
		}
	default:
		sc.others++
		if flagged {
			sc.falsely++
			alarms = append(alarms, fmt.Sprintf("%s %s (%s): %v", c.Rule, c.Title, c.Path, certain))
		}
	}
	if c.Approved {
		switch {
		case c.Expected == "failed":
			sc.approved++
			if flagged {
				sc.approvedFlagged++
			}
		case flagged:
			sc.approvedFalsely++
		}
	}
	if *actRule != "" {
		t.Logf("%s %s: %s; certain %v, doubtful %v, page %s %s %v", c.Title, c.Expected, c.Path, certain, doubtful, v.line.Result, v.line.Reason, v.line.Skipped)
		for _, f := range v.findings {
			t.Logf("    %s %s %s %s", f.Outcome, f.Rule, f.Selector, f.Message)
		}
	}
	return alarms
}

func reportACT(t *testing.T, scores map[string]*actScore, alarms []string) {
	var sum actScore
	var b strings.Builder
	fmt.Fprintf(&b, "| ACT rule | name | failed cases flagged | for review | false alarms |\n|---|---|---|---|---|\n")
	for _, id := range slices.Sorted(maps.Keys(scores)) {
		s := scores[id]
		fmt.Fprintf(&b, "| %s | %s | %d / %d | %d | %d / %d |\n", id, strings.ReplaceAll(s.name, "|", "/"), s.flagged, s.failed, s.review, s.falsely, s.others)
		sum.failed += s.failed
		sum.flagged += s.flagged
		sum.review += s.review
		sum.others += s.others
		sum.falsely += s.falsely
		sum.approved += s.approved
		sum.approvedFlagged += s.approvedFlagged
		sum.approvedFalsely += s.approvedFalsely
	}
	recall, wrong := float64(sum.flagged)/float64(max(sum.failed, 1)), float64(sum.falsely)/float64(max(sum.others, 1))
	line := fmt.Sprintf("%d of %d failed cases flagged (%.1f %%), %d more for review; %d of %d others falsely flagged (%.2f %%); approved rules: %d of %d, %d falsely",
		sum.flagged, sum.failed, 100*recall, sum.review, sum.falsely, sum.others, 100*wrong, sum.approvedFlagged, sum.approved, sum.approvedFalsely)
	t.Logf("\n%s\n%s\nfalse alarms:\n%s", b.String(), line, strings.Join(alarms, "\n"))
	if *actRule != "" {
		return
	}
	if *actOut != "" {
		text := "# The W3C's ACT cases\n\nMade by `go test ./probes/web -run ACT -v -act-table docs/act.md`. " + line + ".\n\n" + b.String()
		if err := os.WriteFile(*actOut, []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
	if recall < actRecall || wrong > actFalse {
		t.Errorf("%s; wanted at least %.0f %% and at most %.0f %%", line, 100*actRecall, 100*actFalse)
	}
}

// actMap says for each of our rules which ACT rules it implements: axe-core's own word for its rules, ours for ours.
func actMap(t *testing.T) map[string][]string {
	out := map[string][]string{}
	for _, r := range Rules() {
		out[r.ID] = append(out[r.ID], r.ACT...)
	}
	for id, list := range axeACT(t) {
		out[id] = append(out[id], list...)
	}
	return out
}

// axeACT asks axe-core which ACT rules its rules implement.
func axeACT(t *testing.T) map[string][]string {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<!doctype html><title>x</title>") }))
	defer srv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	a := NewAuditor(Options{Allow: loopback(), Pause: time.Nanosecond})
	defer a.Close()
	home, _ := url.Parse(srv.URL)
	s, err := a.open(ctx, home, func(Line, *visit) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if _, err := s.next(ctx, sample.Pick{URL: srv.URL}); err != nil {
		t.Fatal(err)
	}
	list, err := browser.Eval[[]struct {
		ID  string   `json:"ruleId"`
		ACT []string `json:"actIds"`
	}](ctx, s.tab, `axe.getRules().map(r => ({ruleId: r.ruleId, actIds: r.actIds || []}))`)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, r := range list {
		out[r.ID] = r.ACT
	}
	return out
}
