package site_test

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/site"
	"github.com/sonde-fleet/sonde/stats"
)

// mails returns the outcomes that the first page's figures are of.
func mails(v *town) []stats.Outcome {
	return slices.DeleteFunc(slices.Clone(v.snapshot.Outcomes), func(o stats.Outcome) bool { return o.Channel != probes.Mail })
}

func TestFiguresAreTheSameEverywhere(t *testing.T) {
	v := newTown(40, 0.7)
	h := open(t, v)
	for _, by := range stats.Dimensions {
		want, err := stats.Summary(mails(v), by)
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if err := report.JSON(&file, want); err != nil {
			t.Fatal(err)
		}
		if api := get(h, "/api/v1/report?by="+string(by)); api.Code != http.StatusOK || api.Body.String() != file.String() {
			t.Errorf("by %s: the API gives %d %s, stats %s", by, api.Code, api.Body, &file)
		}
		page := get(h, "/?lang=en&by="+string(by)).Body.String()
		for _, g := range append(slices.Clone(want.Groups), want.All) {
			for _, r := range g.Rates {
				if !math.IsNaN(r.Share) && !strings.Contains(page, ">"+strings.ReplaceAll(report.Percent(r.Share), " ", "")+"<") {
					t.Errorf("by %s, group %q: the page lacks %s within %s", by, g.Group, report.Percent(r.Share), r.Within)
				}
			}
			delay := strings.NewReplacer(" ", "\u00a0", " 0", "\u00a0").Replace(report.Delay(g.Median))
			if !strings.Contains(page, ">"+delay+"<") {
				t.Errorf("by %s, group %q: the page lacks the median %s", by, g.Group, delay)
			}
		}
	}
}

// TestEveryLinkLeadsToItsAudits follows each count of the page and counts what the list says.
func TestEveryLinkLeadsToItsAudits(t *testing.T) {
	h := open(t, newTown(40, 0.7))
	links := regexp.MustCompile(`<a href="(/audits[^"]*)">([0-9,]+)<`)
	count := regexp.MustCompile(`<p role="status">([0-9,]+) audits?</p>`)
	followed := 0
	for _, by := range stats.Dimensions {
		for _, m := range links.FindAllStringSubmatch(get(h, "/?lang=en&by="+string(by)).Body.String(), -1) {
			followed++
			w := get(h, html.UnescapeString(m[1]))
			got := count.FindStringSubmatch(w.Body.String())
			if got == nil || got[1] != m[2] {
				t.Errorf("%s: the page says %s, the list %v", m[1], m[2], got)
			}
		}
	}
	if followed < 100 {
		t.Errorf("only %d links", followed)
	}
}

func TestHeaders(t *testing.T) {
	v := newTown(4, 0.7)
	h := open(t, v)
	script := regexp.MustCompile(`(?i)<script[^>]*>[^<]|<style|\son[a-z]+=|\sstyle=|javascript:|https?://`)
	for _, target := range []string{"/", "/audits", "/audits/demo.2100000.01", "/nowhere", "/?by=nothing", "/api/v1/report", "/healthz", "/metrics", "/static/site.css"} {
		w := get(h, target)
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options":  "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", target, name, got, want)
			}
		}
		if strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			if found := script.FindString(w.Body.String()); found != "" {
				t.Errorf("%s: the page holds %q, which its policy forbids", target, found)
			}
		}
	}
	for target, code := range map[string]int{"/nowhere": 404, "/audits/nobody": 404, "/?by=nothing": 400, "/audits?channel=pigeon": 400, "/audits?page=0": 400,
		"/audits?within=x": 400, "/api/v1/report?by=x": 400, "/outcomes.csv?result=x": 400, "/audits?page=99": 200} {
		if w := get(h, target); w.Code != code {
			t.Errorf("%s: %d, want %d", target, w.Code, code)
		}
	}
	if w := httptest.NewRecorder(); true {
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", nil))
		if w.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST: %d", w.Code)
		}
	}
}

func TestUnchangedPageIsNotSentAgain(t *testing.T) {
	h := open(t, newTown(4, 0.7))
	first := get(h, "/")
	again := get(h, "/", "If-None-Match", first.Header().Get("ETag"))
	if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("%d with %d octets, want 304", again.Code, again.Body.Len())
	}
}

// TestHostileText puts markup where strangers can write: names, reasons, what servers say, subjects, details, passages.
func TestHostileText(t *testing.T) {
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(2)>`
	v := newTown(2, 0.9)
	var id probes.AuditID
	for i := range v.snapshot.Outcomes {
		o := &v.snapshot.Outcomes[i]
		o.Body.Name, o.Body.Kind, o.Body.Region, o.Scenario, o.Target, o.Reason = evil, evil, evil, evil, evil, evil
		o.Body.Zone, o.Answer = evil, evil
		o.Classes = []string{evil}
		if o.Result == stats.Answered {
			id = o.ID
		}
	}
	v.events[id] = []probes.Event{{Audit: id, Kind: evil, Fault: evil, Text: evil, Detail: map[string]string{"subject": evil, evil: evil},
		Evidence:     []probes.Evidence{{SHA256: evil, Type: evil, Name: evil}},
		Observations: []probes.Observation{{Item: evil, Value: evil, By: evil, Rule: evil, Passage: evil}}}}
	v.snapshot.Launches[0].Title = evil
	h := open(t, v)
	for _, target := range []string{"/", "/?by=region", "/audits", "/audits/" + string(id), "/audits?q=" + url.QueryEscape(evil), "/audits?kind=" + url.QueryEscape(evil),
		"/?lang=" + url.QueryEscape(evil), "/audits?campaign=" + url.QueryEscape(evil)} {
		w := get(h, target)
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d", target, w.Code)
		}
		for _, bad := range []string{"<script>", "<img", "onerror=alert(2)>"} {
			if strings.Contains(w.Body.String(), bad) {
				t.Errorf("%s: %q got through", target, bad)
			}
		}
	}
}

// TestLanguageLinkStaysOnTheSite asks for what is not there under names that are another site's once their slash is decoded.
func TestLanguageLinkStaysOnTheSite(t *testing.T) {
	h := open(t, newTown(2, 0.7))
	other := regexp.MustCompile(`<li class="lang"><a href="([^"]*)"`)
	for _, target := range []string{"/%2Felsewhere.example/", "/%2F%2Felsewhere.example/", "/%5Celsewhere.example/", "/audits/a%2Fb%3Fc"} {
		m := other.FindStringSubmatch(get(h, target).Body.String())
		if m == nil {
			t.Fatalf("%s: no link to the other language", target)
		}
		if u, err := url.Parse(html.UnescapeString(m[1])); err != nil || u.Host != "" || !strings.EqualFold(u.EscapedPath(), target) {
			t.Errorf("%s: the other language is at %s", target, m[1])
		}
	}
}

func TestEvidence(t *testing.T) {
	v := newTown(2, 0.7)
	page := []byte("<html><script>alert(1)</script>")
	hash := string(v.keep(page))
	v.evidence[probes.Hash(strings.Repeat("ab", 32))] = []byte("not what was hashed")
	h := open(t, v)
	w := get(h, "/evidence/"+hash+"?as=eml")
	if w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), page) {
		t.Fatalf("%d %q", w.Code, w.Body)
	}
	for name, want := range map[string]string{"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff",
		"Content-Disposition": `attachment; filename="` + hash + `.eml"`, "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'"} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := get(h, "/evidence/"+hash+"?as=html%22").Header().Get("Content-Disposition"); got != `attachment; filename="`+hash+`.bin"` {
		t.Errorf("an ending from outside: %s", got)
	}
	for target, code := range map[string]int{"/evidence/" + strings.Repeat("0", 64): 404, "/evidence/" + strings.ToUpper(hash): 404, "/evidence/..%2fpasswd": 404,
		"/evidence/" + strings.Repeat("ab", 32): 500} {
		if w := get(h, target); w.Code != code {
			t.Errorf("%s: %d, want %d", target, w.Code, code)
		}
	}
}

func TestStoryOfAnAudit(t *testing.T) {
	v := newTown(4, 0.7)
	h := open(t, v)
	var o stats.Outcome
	for _, x := range v.snapshot.Outcomes {
		if x.Result == stats.Answered {
			o = x
		}
	}
	page := get(h, "/audits/"+string(o.ID)).Body.String()
	for _, want := range []string{"250 2.0.0 Ok: queued as 4XyZ", "mail.received", "/evidence/" + string(o.Evidence) + "?as=eml", "<q>Bien cordialement,</q>", o.Target,
		"1,432 octets", o.Replied.Format("15:04:05")} {
		if !strings.Contains(page, want) {
			t.Errorf("the story lacks %q", want)
		}
	}
}

// TestFollows holds the first page to following a campaign while it runs, by script and not by itself: who reads is not
// thrown back to the top.
func TestFollows(t *testing.T) {
	const live = `hx-get="/?by=band" hx-trigger="every 10s"`
	h := open(t, newTown(4, 0.7))
	page := get(h, "/?by=band").Body.String()
	if !strings.Contains(page, live) || !strings.Contains(page, "data-follows") {
		t.Error("a running campaign is not followed, or cannot be stopped")
	}
	over := newTown(4, 2)
	for i := range over.snapshot.Outcomes {
		if o := &over.snapshot.Outcomes[i]; o.Status == probes.InDoubt {
			o.Status = probes.Faulted
		}
	}
	if page := get(open(t, over), "/").Body.String(); strings.Contains(page, "hx-trigger=\"every") {
		t.Error("a campaign that is over is still followed")
	}
}

func TestFetchReadsWhatIsServed(t *testing.T) {
	v := newTown(3, 0.7)
	server := httptest.NewServer(open(t, v))
	defer server.Close()
	got, err := site.Fetch(context.Background(), http.DefaultClient, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(v.snapshot.Outcomes)
	if !bytes.Equal(a, b) {
		t.Error("what was fetched differs from what was served")
	}
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("{}\n"))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}))
	defer broken.Close()
	if _, err := site.Fetch(context.Background(), http.DefaultClient, broken.URL); err == nil {
		t.Error("an answer that breaks off counts as whole")
	}
}

func TestExportsAndMetrics(t *testing.T) {
	v := newTown(10, 0.7)
	h := open(t, v)
	var want bytes.Buffer
	if err := report.OutcomesCSV(&want, v.snapshot.Outcomes); err != nil {
		t.Fatal(err)
	}
	if w := get(h, "/outcomes.csv"); w.Body.String() != want.String() {
		t.Error("the CSV file differs from the report's")
	}
	if n := strings.Count(get(h, "/outcomes.csv?channel=mail").Body.String(), "\n"); n != 41 {
		t.Errorf("the CSV file of the mails has %d lines", n)
	}
	if w := get(h, "/outcomes.parquet"); !bytes.HasPrefix(w.Body.Bytes(), []byte("PAR1")) || !bytes.HasSuffix(w.Body.Bytes(), []byte("PAR1")) {
		t.Error("no Parquet file")
	}
	page := get(h, "/metrics").Body.String()
	for _, want := range []string{`sonde_audits{channel="phone",result="out",state="awaiting channel"} 40`, "sonde_unmatched_mails 3", "go_goroutines"} {
		if !strings.Contains(page, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if strings.Contains(page, "Saint-Exemple") || strings.Contains(page, "2100000") {
		t.Error("a metric names a structure")
	}
	if w := get(h, "/healthz"); w.Code != http.StatusOK || w.Body.String() != "ok\n" {
		t.Errorf("healthz: %d %q", w.Code, w.Body)
	}
}

func TestEmptyCollector(t *testing.T) {
	h := open(t, &town{})
	for _, target := range []string{"/", "/?lang=fr&by=week", "/audits", "/api/v1/report", "/api/v1/outcomes", "/outcomes.csv", "/outcomes.parquet", "/metrics"} {
		if w := get(h, target); w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
}

// TestFiguresAreComputedOnce reads many pages at one instant, and one when the snapshot is too old.
func TestFiguresAreComputedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newTown(40, 0.7)
		h := open(t, v)
		for range 20 {
			get(h, "/")
			get(h, "/audits?q=saint")
		}
		if v.asked != 1 {
			t.Errorf("40 pages made %d snapshots, want 1", v.asked)
		}
		time.Sleep(time.Minute)
		if get(h, "/"); v.asked != 2 {
			t.Errorf("a minute later there are %d snapshots, want 2", v.asked)
		}
	})
}

// BenchmarkFirstPage makes the first page of the largest campaign from nothing.
func BenchmarkFirstPage(b *testing.B) {
	v := newTown(35_000, 0.9)
	for b.Loop() {
		h := open(b, v)
		if w := get(h, "/"); w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}

// BenchmarkList reads a page of the list of the largest campaign, the snapshot being there.
func BenchmarkList(b *testing.B) {
	v := newTown(35_000, 0.9)
	h := open(b, v)
	get(h, "/audits")
	n := 0
	for b.Loop() {
		n++
		if w := get(h, "/audits?sort=due&q=exemple-"+strconv.Itoa(n)); w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}
