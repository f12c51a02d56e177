package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes/web/sample"
)

// A false alarm is a false accusation: on pages where everything is right there is nothing to be found, not even a doubt.
func TestCleanPages(t *testing.T) {
	needBrowser(t)
	pages, err := filepath.Glob("testdata/clean/*.html")
	if err != nil || len(pages) < 21 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	srv := httptest.NewServer(http.FileServer(http.Dir("testdata/clean")))
	defer srv.Close()
	a := NewAuditor(Options{Allow: loopback(), Pause: time.Nanosecond})
	defer a.Close()
	home, _ := url.Parse(srv.URL)
	s, err := a.open(t.Context(), home, func(Line, *visit) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for _, name := range pages {
		v, err := s.next(t.Context(), sample.Pick{URL: srv.URL + "/" + filepath.Base(name)})
		if err != nil {
			t.Fatal(err)
		}
		if v.line.Result != Audited {
			t.Errorf("%s: %s %s", filepath.Base(name), v.line.Result, v.line.Reason)
		}
		for _, f := range v.findings {
			t.Errorf("%s: %s %s %v %s\n\t%s: %s", filepath.Base(name), f.Outcome, f.Rule, f.Criteria, f.Selector, f.Message, f.Snippet)
		}
	}
}
