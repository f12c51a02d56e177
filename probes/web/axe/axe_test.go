package axe_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes/web/axe"
	"github.com/sonde-fleet/sonde/probes/web/browser"
	"github.com/sonde-fleet/sonde/probes/web/finding"
	"github.com/sonde-fleet/sonde/probes/web/proxy"
)

const page = `<!doctype html><html lang=fr><title>Mairie</title><main><h1>Mairie</h1><img src=x.png><p style="color:#bbb;background:#fff">gris
<iframe title=cadre src=/frame></iframe></main>`

func TestFindings(t *testing.T) {
	if _, err := browser.Find(); err != nil {
		t.Skip(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "script-src 'none'") // our world is not the page's
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/frame" {
			fmt.Fprint(w, `<!doctype html><html lang=fr><title>Cadre</title><input>`)
			return
		}
		fmt.Fprint(w, page)
	}))
	defer srv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	b, err := browser.Start(ctx, browser.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	site, err := b.Site(ctx, proxy.Policy{Allow: []proxy.Exception{{Net: netip.MustParsePrefix("127.0.0.1/32")}}})
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	tab, err := site.Tab(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer tab.Close()
	if _, err := tab.Load(ctx, srv.URL); err != nil {
		t.Fatal(err)
	}
	results, err := axe.Run(ctx, tab, axe.Options{})
	if err != nil {
		t.Fatal(err)
	}
	list, err := axe.Findings(srv.URL, true, results)
	if err != nil {
		t.Fatal(err)
	}
	find := func(rule string) *finding.Finding {
		i := slices.IndexFunc(list, func(f finding.Finding) bool { return f.Rule == rule && f.Outcome == finding.Failed })
		if i < 0 {
			t.Fatalf("%s is not among the findings: %+v", rule, list)
		}
		return &list[i]
	}
	alt := find("image-alt")
	if !slices.Contains(alt.Criteria, "WCAG22:1.1.1") || !slices.Contains(alt.Criteria, "RGAA4.1:1.1") || alt.MessageFR == alt.Message || alt.Selector != "img" {
		t.Errorf("image-alt: %+v", alt)
	}
	if c := find("color-contrast"); c.Rect == nil || c.Message == "" || c.Rect.W < 100 {
		t.Errorf("color-contrast: %+v", c)
	}
	if l := find("label"); l.Selector != "iframe >>> input" {
		t.Errorf("the frame's field: %+v", l)
	}
}
