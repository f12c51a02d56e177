package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes/web/browser"
	"github.com/sonde-fleet/sonde/probes/web/sample"
)

// pageSets are the pages of the comparison: small ones and real ones.
func pageSets(b *testing.B) map[string][]string {
	dir, cases := corpusACT(b)
	small := httptest.NewServer(http.FileServer(http.Dir(dir)))
	b.Cleanup(small.Close)
	root := filepath.Join("bench", "node_modules", "@gouvfr", "dsfr")
	if _, err := os.Stat(root); err != nil {
		b.Skip("the peers are not installed; Try: make bench-web")
	}
	dsfr := httptest.NewServer(http.FileServer(http.Dir(root)))
	b.Cleanup(dsfr.Close)
	sets := map[string][]string{}
	for _, c := range cases {
		if c.Rule != "bc659a" && c.Rule != "bisz58" && strings.HasSuffix(c.Path, ".html") && len(sets["tiny"]) < 39 && c.Expected != "inapplicable" {
			sets["tiny"] = append(sets["tiny"], small.URL+"/"+c.Path)
		}
	}
	pages, err := filepath.Glob(filepath.Join(root, "example", "component", "*", "index.html"))
	if err != nil {
		b.Fatal(err)
	}
	for _, p := range pages[:min(len(pages), 40)] {
		rel, _ := filepath.Rel(root, p)
		sets["DSFR"] = append(sets["DSFR"], dsfr.URL+"/"+filepath.ToSlash(rel))
	}
	return sets
}

// ours audits the pages with as many tabs as there are processors.
func ours(b *testing.B, pages []string, injected, checks bool) {
	a := NewAuditor(Options{Allow: loopback(), Pause: time.Nanosecond, Injected: injected})
	defer a.Close()
	work := make(chan string)
	var group sync.WaitGroup
	for range browser.Tabs() {
		group.Go(func() {
			home, _ := url.Parse(pages[0])
			s, err := a.open(b.Context(), home, func(Line, *visit) error { return nil })
			if err != nil {
				b.Error(err)
				return
			}
			defer s.close()
			if !checks {
				s.steps = nil
			}
			for p := range work {
				if v, err := s.next(b.Context(), sample.Pick{URL: p}); err != nil || v.line.Result != Audited && v.line.Result != Partial {
					b.Errorf("%s: %+v %v", p, v.line, err)
				}
			}
		})
	}
	for _, p := range pages {
		work <- p
	}
	close(work)
	group.Wait()
}

// pa11y audits them with pa11y-ci and axe-core in the setting that is its best: one context, two at once. Its settings
// count below "defaults" alone. It ends before a pipe has taken its answer, so it writes into a file.
func pa11y(b *testing.B, pages []string) {
	path, err := browser.Find()
	if err != nil {
		b.Skip(err)
	}
	conf := map[string]any{"urls": pages, "defaults": map[string]any{"concurrency": 2, "useIncognitoBrowserContext": false, "runners": []string{"axe"},
		"timeout": 60000, "chromeLaunchConfig": map[string]any{"executablePath": path, "args": []string{"--no-sandbox"}}}}
	data, _ := json.Marshal(conf)
	dir := b.TempDir()
	file := filepath.Join(dir, "pa11y.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		b.Fatal(err)
	}
	answer, err := os.Create(filepath.Join(dir, "answer.json"))
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Close()
	cmd := exec.CommandContext(b.Context(), "node", "bench/node_modules/.bin/pa11y-ci", "--config", file, "--json")
	cmd.Stdout = answer
	_ = cmd.Run() // 2 says that there are findings
	out, _ := os.ReadFile(answer.Name())
	var r struct {
		Total   int `json:"total"`
		Results map[string][]struct {
			Code string `json:"code"`
		} `json:"results"`
	}
	if err := json.Unmarshal(out, &r); err != nil || r.Total != len(pages) {
		b.Fatalf("pa11y-ci: %d of %d pages, %v", r.Total, len(pages), err)
	}
	lost := 0
	for _, list := range r.Results {
		if len(list) > 0 && list[0].Code == "" { // an error instead of findings
			lost++
		}
	}
	b.ReportMetric(float64(lost), "lost")
}

// BenchmarkPages measures pages a second and processor seconds a page, with the peer in the same run.
func BenchmarkPages(b *testing.B) {
	needBrowser(b)
	sets := pageSets(b)
	ways := []struct {
		name string
		run  func(b *testing.B, pages []string)
	}{
		{"load", func(b *testing.B, p []string) { ours(b, p, true, false) }},
		{"load+axe", func(b *testing.B, p []string) { ours(b, p, true, true) }},
		{"everything", func(b *testing.B, p []string) { ours(b, p, false, true) }},
		{"pa11y-ci", pa11y},
	}
	for _, set := range []string{"tiny", "DSFR"} {
		for _, w := range ways {
			b.Run(fmt.Sprintf("%s/%s", set, w.name), func(b *testing.B) {
				for b.Loop() {
					m, wall := startMeter(), time.Now()
					w.run(b, slices.Clone(sets[set]))
					n := float64(len(sets[set]))
					b.ReportMetric(n/time.Since(wall).Seconds(), "pages/s")
					b.ReportMetric(m.end().Seconds()/n, "cpu-s/page")
				}
			})
		}
	}
}
