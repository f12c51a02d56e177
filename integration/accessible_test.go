package integration

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/web/browser"
)

// webLine is a line of `prober probe web -json`.
type webLine struct {
	Type     string
	Page     string
	Result   string
	Rule     string
	Engine   string
	Outcome  string
	Selector string
	Snippet  string
	Message  string
	Criteria json.RawMessage
}

// flagged is what the test needs of a line of `collector anomalies`.
type flagged struct {
	Kind      string
	Audit     probes.AuditID
	Structure string
}

// looked are the doubts that a person has looked at, with what was seen.
var looked = map[string]func(*webLine) bool{
	// axe cannot tell what lies behind the text of a drawing. It is the page's own ground, and the styles give it 7:1.
	"color-contrast": func(x *webLine) bool {
		return strings.Contains(x.Selector, "svg") || strings.HasPrefix(x.Snippet, "<text")
	},
	// The file is made when it is asked for: it has no size yet.
	"sonde-file-format": func(x *webLine) bool { return madeOnDemand.MatchString(x.Snippet) },
}

var madeOnDemand = regexp.MustCompile(`href="/(?:outcomes|scores|items|grid)\.`)

// TestSiteIsAccessible audits the collector's own pages as Sonde audits a public body's: axe, and our own checks with keys,
// mouse, windows and pixels, in both languages. Nothing may be found, but for doubts that a person has looked at.
func TestSiteIsAccessible(t *testing.T) {
	f, setup := newTown(t)
	client := f.member(t, setup)
	f.launchNow(t, client)
	f.awaitFlags(t)
	target := &url.URL{Scheme: "http", Host: f.page}
	cookie := ""
	for _, c := range client.Jar.Cookies(target) {
		cookie = c.Name + "=" + c.Value
	}
	// The auditor's browser is a stranger's: what signs it in stands between it and the site.
	front := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Header.Set("Cookie", cookie)
	}})
	defer front.Close()
	flags := call[flagged](f, "collector", "anomalies")
	bounced := flags[slices.IndexFunc(flags, func(x flagged) bool { return x.Kind == "bounce" })]
	pages := []string{"/", "/?by=region", "/audits", "/audits?result=answered&channel=mail", "/audits/" + string(flags[0].Audit), "/audits/" + string(bounced.Audit), "/structures", "/structures/" + flags[0].Structure, "/structures/" + flags[0].Structure + "/report",
		"/search?q=ville", "/search?q=rien-du-tout", "/websites", "/barometer", "/barometer?kind=town+hall&band=2-10k", "/review", "/review?state=answered", "/coding", "/agreement", "/campaigns", "/plan?prober=demo-1",
		"/plan?prober=demo-1&per_hour=2", "/fleet", "/orders?do=pause&prober=demo-1&campaign=demo", "/orders?do=resolve&prober=demo-1&audit=demo.T01.01&by-hand=yes", "/accounts", "/account",
		"/help", "/accessibility", "/api"}
	outside := []string{"/sign-in"}
	// In the other language these are the same templates with words of the same length.
	once := []string{"/?channel=phone", "/audits/" + f.recorded(t), "/barometer/report", "/grid?channel=mail&determinant=courtesy", "/practices", "/tasks"}
	// As many at once as a prober has tabs: what a page does after a key is waited for.
	var auditing sync.WaitGroup
	free := make(chan struct{}, browser.Tabs())
	audit := func(base, path, lang string) {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		free <- struct{}{}
		auditing.Go(func() {
			defer func() { <-free }()
			f.audit(t, base+path+sep+"lang="+lang, lang)
		})
	}
	for _, lang := range []string{"fr", "en"} {
		for _, path := range pages {
			audit(front.URL, path, lang)
		}
		for _, path := range outside {
			audit("http://"+f.page, path, lang)
		}
	}
	for _, path := range once {
		audit(front.URL, path, "fr")
	}
	// A page that follows the campaign changes by itself, and what changes after a key is taken for its doing: last, when all is over.
	for _, lang := range []string{"fr", "en"} {
		audit(front.URL, "/campaigns/demo", lang)
	}
	auditing.Wait()
}

// recorded is an audit whose call was answered and recorded: its page has a player, a drawing of the sound and what was heard.
func (f *fleet) recorded(t *testing.T) string {
	t.Helper()
	type outcome struct {
		Audit    probes.AuditID
		Recorded bool
	}
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(time.Second) {
		for _, o := range call[outcome](f, "collector", "outcomes") {
			if o.Recorded {
				return string(o.Audit)
			}
		}
	}
	t.Fatal("no call was recorded")
	return ""
}

// audit runs our own website audit on one page.
func (f *fleet) audit(t *testing.T, page, lang string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(bin, "prober"), "probe", "web", page, "-json", "-lang", lang, "-pages", "1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%s: %v\n%s", page, err, &stderr)
		return
	}
	audited := false
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var x webLine
		if err := json.Unmarshal(lines.Bytes(), &x); err != nil {
			t.Errorf("%s: %v", page, err)
			return
		}
		switch x.Type {
		case "page":
			audited = x.Result == "audited"
			if !audited {
				t.Errorf("%s is %s", page, lines.Text())
			}
		case "finding":
			if x.Outcome == "review" && looked[x.Rule] != nil && looked[x.Rule](&x) {
				continue
			}
			t.Errorf("%s: %s %s %s: %s\n\t%s\n\t%s", page, x.Outcome, x.Rule, x.Criteria, x.Message, x.Selector, x.Snippet)
		}
	}
	if !audited {
		t.Errorf("%s was not audited", page)
	}
}

// member makes the first account through the link that the collector prints, gives it every role, and returns its browser.
func (f *fleet) member(t *testing.T, setup string) *http.Client {
	t.Helper()
	client := newClient()
	f.post(t, client, setup, url.Values{"name": {"operatrice"}, "password": {password}, "again": {password}})
	f.post(t, client, "http://"+f.page+"/accounts", url.Values{"do": {"roles"}, "name": {"operatrice"}, "role": {"operator", "auditor", "reader"}})
	return client
}

func (f *fleet) post(t *testing.T, client *http.Client, to string, form url.Values) {
	t.Helper()
	resp, err := client.PostForm(to, form)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("POST %s: %s", to, resp.Status)
	}
}

// launchNow gives the order to launch, as the pages of the preview and of the confirmation do.
func (f *fleet) launchNow(t *testing.T, client *http.Client) {
	t.Helper()
	cmd := exec.Command(filepath.Join(bin, "prober"), "launch", "-config", filepath.Join(f.dir, "prober.yaml"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("launch: %v\n%s", err, out)
	}
	for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(200 * time.Millisecond) {
		resp, err := client.Get("http://" + f.page + "/campaigns/demo")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return
		}
	}
	t.Fatal(fmt.Errorf("the campaign does not reach the collector"))
}
