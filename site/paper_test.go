package site_test

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/sonde-fleet/sonde/probes"
)

// TestReports serves a structure's report to those who may see its audits and to itself, and to nobody else.
func TestReports(t *testing.T) {
	h := newHouse(t, probes.Launch{})
	for _, who := range []string{"anna", "rita"} {
		page := h.get(who, "/structures/s1/report?lang=en", 200)
		if !strings.Contains(page, "<h1>Mairie s1</h1>") || !strings.Contains(page, `<html lang="en">`) {
			t.Errorf("%s does not see the report", who)
		}
		if shown := strings.Contains(page, "Nous ouvrons"); shown != (who == "anna") {
			t.Errorf("%s sees what the agents wrote: %v", who, shown)
		}
	}
	if page := h.get("s1", "/structure/report?lang=fr", 200); !strings.Contains(page, "<h1>Mairie s1</h1>") || !strings.Contains(page, "Nous ouvrons") ||
		strings.Contains(page, "s2") || !strings.Contains(page, `href="http://example.com/structure"`) || strings.Contains(page, `/audits/c.s1.01"`) {
		t.Error("the structure's own report is not its own")
	}
	h.get("s1", "/structures/s1/report", 403)
	h.get("s1", "/structures/s2/report", 403)
	h.get("nobody", "/structures/s1/report", 303)
	h.get("nobody", "/structure/report", 303)
	h.get("anna", "/structures/s3/report", 404)
	h.get("anna", "/structures/s1/report?campaign=other", 404)
	h.get("s1", "/structure/report?campaign=other", 404)
	h.get("anna", "/structures/s1/report?format=docx", 400)
	if page := h.get("anna", "/structures/s1?lang=en", 200); !strings.Contains(page, `href="/structures/s1/report?campaign=c&amp;format=pdf&amp;lang=en"`) {
		t.Error("the structure's page does not lead to the report")
	}
	if page := h.get("s1", "/structure?lang=en", 200); !strings.Contains(page, `href="/structure/report?campaign=c&amp;format=pdf&amp;lang=en"`) {
		t.Error("the structure's own page does not lead to its report")
	}
	page := h.get("anna", "/audits/c.s1.01?lang=en", 200)
	if !strings.Contains(page, "structure s1") {
		t.Error("that the structure read its report is not written down")
	}
}

// The report works under the headers that it is served with: its own style, and nothing else.
func TestReportHeaders(t *testing.T) {
	h := newHouse(t, probes.Launch{})
	w := get(h.as["anna"], "/structures/s1/report?lang=fr")
	if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'; style-src 'sha256-") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "script-src") {
		t.Errorf("Content-Security-Policy: %s", csp)
	}
	again := get(h.as["anna"], "/structures/s1/report?lang=fr", "If-None-Match", w.Header().Get("ETag"))
	if again.Code != http.StatusNotModified {
		t.Errorf("asked again: %d", again.Code)
	}
}

// TestReportsArePrinted asks for one PDF from several sides at once.
func TestReportsArePrinted(t *testing.T) {
	if _, err := exec.LookPath("chromium-headless-shell"); err != nil && os.Getenv("SONDE_INTEGRATION") != "required" {
		t.Skip("no Chrome")
	}
	h := newHouse(t, probes.Launch{})
	var work sync.WaitGroup
	for _, x := range []struct{ who, path string }{{"anna", "/structures/s1/report?format=pdf&lang=fr"}, {"anna", "/structures/s1/report?format=pdf&lang=fr"}, {"s1", "/structure/report?format=pdf&lang=en"}} {
		work.Go(func() {
			w := get(h.as[x.who], x.path)
			if w.Code != 200 || w.Header().Get("Content-Type") != "application/pdf" || !strings.HasPrefix(w.Body.String(), "%PDF-") ||
				!strings.Contains(w.Header().Get("Content-Disposition"), "sonde-c-s1-") {
				t.Errorf("%s: %d %v", x.path, w.Code, w.Header())
			}
		})
	}
	work.Wait()
}

// Without a browser the reader is told what is wrong, and the report can still be read.
func TestReportsWithoutABrowser(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	h := newHouse(t, probes.Launch{})
	if page := h.get("anna", "/structures/s1/report?format=pdf&lang=en", 503); !strings.Contains(page, "no browser") {
		t.Error(page)
	}
}
