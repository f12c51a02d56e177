package integration

import (
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/sonde-fleet/sonde/control"
	"github.com/sonde-fleet/sonde/feed"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/store"
)

// The hostile inputs are files in testdata/hostile, one thing that a stranger can write each; README.md there says how they
// are written. This test puts every one of them wherever the collector keeps or repeats what strangers wrote, opens every
// page that shows it in a real browser, touches what can be touched, and listens for a canary: a call, a dialog, a window,
// a request, a frame, a document, a download or a report of the content policy that no page of ours causes.

// hostile is one input.
type hostile struct {
	kind, id, text string
	live           bool // in a page that does not escape it, it does something in today's browser
}

const hostileDir = "testdata/hostile"

var (
	inputHead = regexp.MustCompile(`(?m)^=([=~]) (\S+)\n`)
	octets    = regexp.MustCompile(`⟦([^⟦⟧]*)⟧`)
)

// written reads what the corpus files write for what cannot be typed: octets, characters, repetitions, encodings. The
// innermost comes first.
func written(t *testing.T, id, text string) string {
	t.Helper()
	text = strings.ReplaceAll(text, "{id}", id)
	for octets.MatchString(text) {
		text = octets.ReplaceAllStringFunc(text, func(s string) string {
			s = octets.FindStringSubmatch(s)[1]
			if n, rest, ok := strings.Cut(s, "*"); ok {
				if n, err := strconv.Atoi(n); err == nil {
					return strings.Repeat(rest, n)
				}
			}
			if plain, ok := strings.CutPrefix(s, "base64:"); ok {
				return base64.StdEncoding.EncodeToString([]byte(plain))
			}
			if plain, ok := strings.CutPrefix(s, "utf16:"); ok {
				var out []byte
				for _, u := range utf16.Encode([]rune(plain)) {
					out = append(out, byte(u), byte(u>>8))
				}
				return string(out)
			}
			if r, err := strconv.ParseUint(strings.TrimPrefix(s, "u"), 16, 21); err == nil && s[0] == 'u' {
				return string(rune(r))
			}
			raw, err := hex.DecodeString(strings.ReplaceAll(s, "x", ""))
			if err != nil {
				t.Fatalf("%s: ⟦%s⟧ is nothing that this test can write", id, s)
			}
			return string(raw)
		})
	}
	return text
}

// readHostile reads the corpus.
func readHostile(t *testing.T) (all []hostile) {
	t.Helper()
	names, err := filepath.Glob(hostileDir + "/texts/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, hostileDir+"/urls.txt", hostileDir+"/redirects.txt", hostileDir+"/searches.txt") {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		family, kind := strings.TrimSuffix(filepath.Base(name), ".txt"), "texts"
		if filepath.Base(filepath.Dir(name)) != "texts" {
			kind = family
		}
		heads := inputHead.FindAllSubmatchIndex(raw, -1)
		for i, h := range heads {
			end := len(raw)
			if i+1 < len(heads) {
				end = heads[i+1][0]
			}
			id := family + "/" + string(raw[h[4]:h[5]])
			all = append(all, hostile{kind, id, written(t, id, strings.TrimSuffix(string(raw[h[1]:end]), "\n")), raw[h[2]] == '='})
		}
	}
	for _, kind := range []string{"mails", "pages"} {
		files, err := os.ReadDir(filepath.Join(hostileDir, kind))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			raw, err := os.ReadFile(filepath.Join(hostileDir, kind, f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			id, text := kind+"/"+strings.TrimSuffix(f.Name(), ".eml"), strings.TrimSuffix(string(raw), "\n")
			if kind == "mails" {
				text = strings.ReplaceAll(text, "\n", "\r\n")
			}
			all = append(all, hostile{kind: kind, id: id, text: written(t, id, text)})
		}
	}
	raw, err := os.ReadFile(hostileDir + "/findings.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	for i, f := range list {
		all = append(all, hostile{kind: "findings", id: fmt.Sprintf("findings/%d", i+1), text: strings.ReplaceAll(string(f), "{id}", "findings")})
	}
	return all
}

// ofKind returns the inputs of a kind.
func ofKind(all []hostile, kind string) []hostile {
	return slices.DeleteFunc(slices.Clone(all), func(h hostile) bool { return h.kind != kind })
}

// heard is something that no page of ours does.
type heard struct{ what, text, page string }

func (h heard) String() string { return fmt.Sprintf("%s on %s: %.300s", h.what, h.page, h.text) }

// watched is a private window in which nothing happens unnoticed.
type watched struct {
	person
	mu       sync.Mutex
	page     string          // that was asked for last
	last     string          // its address
	may      map[string]bool // documents that are expected: asked for, or where they led
	free     bool            // any document of the site is: the test itself presses something
	typing   bool            // suggestions are expected
	heard    []heard
	closed   bool
	requests int
}

// hooks is what runs in every document before anything of it. What would be opened is opened, so that the browser's own
// signs are tried too.
const hooks = `(() => {
	const say = (what, x) => { try { canaryHeard(JSON.stringify([what, String(x)])); } catch (e) {} };
	Object.defineProperty(window, "canary", {value: x => say("call", x)});
	Object.defineProperty(window, "__canary", {set: x => say("call", x), get: () => undefined});
	for (const name of ["alert", "confirm", "prompt", "open"]) {
		const real = window[name];
		window[name] = function (x) { say(name, x); return real.apply(window, arguments); };
	}
	window.print = () => say("print", "");
	const beacon = navigator.sendBeacon;
	navigator.sendBeacon = function (to) { say("beacon", to); return beacon.apply(navigator, arguments); };
	document.addEventListener("securitypolicyviolation", e => say("policy", e.effectiveDirective + " " + e.blockedURI + " " + e.sample));
})()`

// strange looks for what a page of ours has not: whatever loads, runs, leads away or hides what the scripts look for.
const strange = `(() => {
	const every = s => Document.prototype.querySelectorAll.call(document, s); // a name in the page may hide the document's own
	const out = [], tell = (why, e) => out.push(why + ": " + e.outerHTML.slice(0, 200));
	const known = {"/static/htmx.min.js": 1, "/static/keys.js": 1, "/static/site.css": 1, "data:,": 1};
	for (const e of every("iframe,frame,frameset,object,embed,applet,base,style,math,template,slot,portal,video,audio,source,track," +
		"marquee,xmp,plaintext,noscript,noembed,noframes,map,area,canvas,dialog,foreignObject,use,image,feImage,animate,animateTransform,set,mglyph,hx-partial," +
		"body ~ *, body meta, body link, body script, body title:not(svg title), canary, xss-x")) tell("element", e);
	for (const e of every("script")) if (!known[e.getAttribute("src")] || e.textContent) tell("script", e);
	for (const e of every("link")) if (!known[e.getAttribute("href")]) tell("link", e);
	for (const e of every("meta")) if (!/^(viewport|color-scheme|htmx-config)$/.test(e.name) && !e.hasAttribute("charset") &&
		!(e.httpEquiv === "refresh" && e.content === "10")) tell("meta", e);
	for (const e of every("img")) if (!/^\/pictures\/[0-9a-f]{64}$/.test(e.getAttribute("src"))) tell("image", e);
	const address = ["href", "src", "action", "formaction", "data", "poster", "background", "cite", "longdesc", "manifest", "ping", "xlink:href", "srcset"];
	for (const e of every("*")) for (const name of Element.prototype.getAttributeNames.call(e)) {
		const n = name.toLowerCase(), value = Element.prototype.getAttribute.call(e, name);
		if (/^on|^style$|^srcdoc$|^formaction$|^ping$|^srcset$|^v-|^x-|^@|^:|^ng-|["'<=]/.test(n)) tell("attribute " + n, e);
		if (/^(data-)?(hx|sx|ws|sse)-/.test(n) && e.id !== "find" && e.id !== "live") tell("attribute " + n, e);
		if (address.includes(n) && value !== "data:,") {
			let u; try { u = new URL(value, document.baseURI); } catch (x) { tell("address", e); continue; }
			if (u.origin !== location.origin) tell("address " + u.href.slice(0, 80), e);
		}
		if (/^(id|name|class|for|form|target|is)$/.test(n) && /canary/.test(value)) tell("name", e);
	}
	const ids = {};
	for (const e of every("[id]")) if (["find", "find-found", "live", "main", "keys-off"].includes(e.id) && ids[e.id]++) tell("second", e); else ids[e.id] = 1;
	return out;
})()`

// stir does what a reader can do with a page: opens what is closed, points at, focuses, presses a key on and clicks
// everything. Links of the site are not followed.
const stir = `(async () => {
	const every = s => Document.prototype.querySelectorAll.call(document, s);
	const stay = e => {
		const a = e.target.closest && e.target.closest("a, area, form");
		const to = a ? (a.tagName === "FORM" ? a.getAttribute("action") : a.protocol || "javascript:") : "";
		const by = e.target.formAction || "";
		if (!/^\s*(javascript|data|vbscript|blob):/.test(to) && !/^javascript:/.test(by)) e.preventDefault();
	};
	addEventListener("click", stay, true);
	for (const d of every("details")) d.open = true;
	const pictures = [];
	for (const i of every("img")) { i.loading = "eager"; pictures.push(i.decode().catch(() => 0)); }
	let focused = 0, clicked = 0; // a page of ours with a thousand fields is like one with fifty
	for (const e of every("body, body *:not(option)")) {
		for (const type of ["pointerover", "pointerenter", "mouseover", "mouseenter", "mousemove"]) e.dispatchEvent(new MouseEvent(type));
		e.dispatchEvent(new FocusEvent("focus"));
		if (e.focus && (e.tabIndex >= 0 || e.autofocus) && focused++ < 50) e.focus({preventScroll: true});
		if (clicked++ < 2000) e.dispatchEvent(new MouseEvent("click", {cancelable: true}));
	}
	removeEventListener("click", stay, true);
	if (document.activeElement) document.activeElement.blur();
	scrollTo(0, document.body ? document.body.scrollHeight : 0);
	await Promise.all(pictures);
})()`

// newWatched opens a window on the site.
func newWatched(t *testing.T, chrome context.Context, base string) *watched {
	t.Helper()
	ctx, cancel := chromedp.NewContext(chrome, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancel)
	w := &watched{person: person{t: t, ctx: ctx, base: base, lang: "fr", size: screens[0]}, may: map[string]bool{}}
	t.Cleanup(func() {
		for i, h := range w.take() { // of a test that ended before it asked
			if i < 20 {
				t.Errorf("at the end: %v", h)
			}
		}
	})
	w.do()
	if err := chromedp.Listen(ctx, w.listen); err != nil {
		t.Fatal(err)
	}
	me := chromedp.FromContext(ctx).Target.TargetID
	if err := chromedp.ListenBrowser(ctx, func(e any) {
		switch e := e.(type) {
		case *target.EventTargetCreated:
			if e.TargetInfo.OpenerID == me {
				w.hear("popup", e.TargetInfo.URL)
				go chromedp.CallBrowser(ctx, target.CloseTarget, target.CloseTargetParams{TargetID: e.TargetInfo.TargetID}) // it may be gone
			}
		case *browser.EventDownloadWillBegin:
			if !w.expected(e.URL) {
				w.hear("download", e.URL)
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	w.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
			return err
		}
		if _, err := chromedp.Call(ctx, page.Enable, page.EnableParams{}); err != nil {
			return err
		}
		if _, err := chromedp.Call(ctx, log.Enable, struct{}{}); err != nil {
			return err
		}
		if _, err := chromedp.Call(ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": "fr"}}); err != nil {
			return err
		}
		if _, err := chromedp.Call(ctx, runtime.AddBinding, runtime.AddBindingParams{Name: "canaryHeard"}); err != nil {
			return err
		}
		if _, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: hooks}); err != nil {
			return err
		}
		yes := true
		_, err := chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorDeny,
			BrowserContextID: chromedp.FromContext(ctx).BrowserContextID, EventsEnabled: &yes})
		return err
	}))
	return w
}

// hear keeps what no page of ours does. It comes from the browser's own goroutine.
func (w *watched) hear(what, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.heard = append(w.heard, heard{what, text, w.page})
	}
}

// close ends the watch: the browser tells of the downloads of all windows.
func (w *watched) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed, w.heard = true, nil
}

// forgive forgets what was heard of a kind.
func (w *watched) forgive(what string) {
	time.Sleep(30 * time.Millisecond) // what was begun arrives
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard = slices.DeleteFunc(w.heard, func(h heard) bool { return h.what == what })
}

// take returns what was heard so far and forgets it.
func (w *watched) take() []heard {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.heard
	w.heard = nil
	return all
}

func (w *watched) listen(e any) {
	switch e := e.(type) {
	case *runtime.EventBindingCalled:
		var said [2]string
		_ = json.Unmarshal([]byte(e.Payload), &said) // anything that calls it is heard
		w.hear(said[0], said[1])
	case *runtime.EventExceptionThrown:
		w.hear("exception", fmt.Sprint(e.ExceptionDetails.Text, " ", e.ExceptionDetails.URL))
	case *page.EventJavascriptDialogOpening:
		w.hear("dialog", e.Message)
		go chromedp.Call(w.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{}) // the next step would wait for it
	case *page.EventWindowOpen:
		w.hear("window", e.URL)
	case *page.EventFrameAttached:
		w.hear("frame", string(e.FrameID))
	case *page.EventFrameRequestedNavigation:
		if !w.expected(e.URL) {
			w.hear("navigation", fmt.Sprint(e.Reason, " ", e.URL))
		}
	case *log.EventEntryAdded:
		switch {
		case e.Entry.Source == log.EntrySourceSecurity:
			w.hear("policy", e.Entry.Text)
		case e.Entry.Source != log.EntrySourceNetwork && e.Entry.Level == log.EntryLevelError: // a document that is not there is no fault of the page
			w.hear("console", e.Entry.Text)
		}
	case *network.EventWebSocketCreated:
		w.hear("request", e.URL)
	case *network.EventRequestWillBeSent:
		if !w.ours(e) {
			w.hear("request", fmt.Sprint(e.Type, " ", e.Request.Method, " ", e.Request.URL))
		}
	}
}

// expected says whether the document was asked for.
func (w *watched) expected(address string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.may[address] || w.free && w.onSite(address)
}

func (w *watched) onSite(address string) bool { return strings.HasPrefix(address, w.base+"/") }

var (
	ourPicture = regexp.MustCompile(`^/pictures/[0-9a-f]{64}$`)
	plain      = regexp.MustCompile(`^[\w/.?=&-]+$`)
	ourLive    = regexp.MustCompile(`^/campaigns/[a-z]+/live$`)
)

// ours says whether a page of ours makes the request: the files of the site, pictures of visited pages, what follows a
// campaign, and the document that was asked for with where the site leads from there.
func (w *watched) ours(e *network.EventRequestWillBeSent) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests++
	if e.Request.URL == "data:," || strings.HasPrefix(e.Request.URL, "data:image/svg+xml;base64,") {
		return true // the icon of the site, and the browser's own of a field for a date
	}
	u, err := url.Parse(e.Request.URL)
	if !w.onSite(e.Request.URL) || err != nil {
		return false
	}
	switch e.Type {
	case network.ResourceTypeDocument:
		if e.RedirectResponse != nil && w.may[e.RedirectResponse.URL] {
			w.may[e.Request.URL] = true
		}
		return w.may[e.Request.URL] || w.free
	case network.ResourceTypeScript, network.ResourceTypeStylesheet:
		return strings.HasPrefix(u.EscapedPath(), "/static/") && u.RawQuery == ""
	case network.ResourceTypeImage:
		return ourPicture.MatchString(u.EscapedPath()) && u.RawQuery == ""
	case network.ResourceTypeFetch, network.ResourceTypeXHR:
		return ourLive.MatchString(u.EscapedPath()) || w.typing && u.Path == "/search" && u.Query().Get("suggest") == "yes"
	}
	return u.EscapedPath() == "/favicon.ico"
}

// visit opens an address as somebody who follows a link, looks at what is there and touches everything. A file that is to
// be saved is not opened; visit says whether it was one.
func (w *watched) visit(path string) (saved bool) {
	w.t.Helper()
	address := w.base + path
	asked := address
	if !plain.MatchString(path) {
		asked = look[string](&w.person, fmt.Sprintf(`new URL(%s).href`, quoted(address))) // as the browser writes it
	}
	w.mu.Lock()
	bare, _, _ := strings.Cut(asked, "#")
	w.may = map[string]bool{asked: true, bare: true, w.last: true} // the first page loads itself again
	w.page, w.last = path, bare
	w.mu.Unlock()
	loaded := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	if err := chromedp.Listen(ctx, func(e any) {
		if _, ok := e.(*page.EventLoadEventFired); ok {
			select {
			case loaded <- struct{}{}:
			default:
			}
		}
	}); err != nil {
		w.t.Fatal(err)
	}
	r, err := chromedp.Call(w.ctx, page.Navigate, page.NavigateParams{URL: asked})
	if err != nil {
		w.fail(err)
	}
	switch {
	case r.IsDownload:
		return true
	case r.ErrorText != "" && r.ErrorText != "net::ERR_HTTP_RESPONSE_CODE_FAILURE":
		w.t.Errorf("%.200s: %s", path, r.ErrorText)
		return false
	case r.LoaderID == "": // another place on the same page
	default:
		select {
		case <-loaded:
		case <-time.After(20 * time.Second):
			w.t.Errorf("%.200s does not load", path)
			return false
		}
	}
	w.touch()
	return false
}

// touch looks at the page that is open and does what can be done with it.
func (w *watched) touch() {
	w.t.Helper()
	// The browser's own page around a picture or a text is not ours, and lets nothing run.
	for _, x := range look[[]string](&w.person, `document.contentType !== "text/html" ? [] : (async () => {
		let found = [];
		try { found = `+strange+`; await `+stir+`; } catch (e) { found.push("this test cannot look: " + e); }
		return found;
	})()`) {
		w.hear("markup", x)
	}
}

func quoted(s string) string {
	raw, _ := json.Marshal(s) // a string is always JSON
	return string(raw)
}

// silent fails the test with everything that was heard since the last call.
func (w *watched) silent(where string) {
	w.t.Helper()
	time.Sleep(30 * time.Millisecond) // what was begun arrives
	all := w.take()
	for i, h := range all {
		if i == 20 {
			w.t.Errorf("%s: and %d more", where, len(all)-i)
			break
		}
		w.t.Errorf("%s: %v", where, h)
	}
}

// unescaped is a site as ours must not be: it writes what it is given into its pages, with our script library, and forbids
// nothing; below /policy it forbids what ours forbids.
func unescaped(t *testing.T, all []hostile, policy string) *httptest.Server {
	t.Helper()
	texts := map[string]string{}
	for _, h := range all {
		texts[h.id] = h.text
	}
	mux := http.NewServeMux()
	mux.Handle("/static/", http.StripPrefix("/static/", http.FileServer(http.Dir("../site/static"))))
	say := func(w http.ResponseWriter, body string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, `<!doctype html><script src="/static/htmx.min.js"></script>`+body)
	}
	mux.HandleFunc("/one", func(w http.ResponseWriter, r *http.Request) {
		x := texts[r.FormValue("id")]
		say(w, "<body><p>"+x+"</p><input value=\""+x+"\"><input value='"+x+"'><textarea>"+x+"</textarea><!-- "+x+" -->")
	})
	mux.HandleFunc("/many", func(w http.ResponseWriter, r *http.Request) {
		var b strings.Builder
		for _, id := range r.URL.Query()["id"] {
			fmt.Fprintf(&b, `<iframe src="/one?id=%s"></iframe>`, url.QueryEscape(id))
		}
		say(w, b.String())
	})
	mux.HandleFunc("/policy", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		say(w, r.FormValue("text"))
	})
	mux.HandleFunc("/text", func(w http.ResponseWriter, r *http.Request) { say(w, r.FormValue("text")) })
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// proveCanary shows that the canary is heard where something does happen: each sign by itself, and each input that the
// corpus calls live.
func proveCanary(t *testing.T, chrome context.Context, all []hostile, policy string) {
	t.Helper()
	s := unescaped(t, all, policy)
	w := newWatched(t, chrome, s.URL)
	defer w.close()
	const script = `<script>%s</script>`
	for what, text := range map[string]string{
		"call":       fmt.Sprintf(script, `canary("x")`),
		"alert":      fmt.Sprintf(script, `alert("x")`),
		"confirm":    fmt.Sprintf(script, `confirm("x")`),
		"prompt":     fmt.Sprintf(script, `prompt("x")`),
		"print":      fmt.Sprintf(script, `print()`),
		"dialog":     fmt.Sprintf(script, `alert("x")`),
		"open":       fmt.Sprintf(script, `open("about:blank")`),
		"window":     fmt.Sprintf(script, `open("about:blank")`),
		"popup":      fmt.Sprintf(script, `open("about:blank")`),
		"beacon":     fmt.Sprintf(script, `navigator.sendBeacon("https://canary.invalid/")`),
		"request":    `<img src="https://canary.invalid/">`,
		"frame":      `<iframe></iframe>`,
		"navigation": fmt.Sprintf(script, `setTimeout(() => { location = "https://canary.invalid/" }, 300)`),
		"download":   `<a id=a download=x href="data:,x">x</a>` + fmt.Sprintf(script, `document.getElementById("a").click()`),
		"exception":  fmt.Sprintf(script, `throw new Error("x")`),
		"markup":     `<b onclick="x">x</b>`,
	} {
		w.visit("/text?text=" + url.QueryEscape(text))
		time.Sleep(100 * time.Millisecond)
		if what == "navigation" {
			time.Sleep(400 * time.Millisecond)
		}
		if all := w.take(); !slices.ContainsFunc(all, func(h heard) bool { return h.what == what }) {
			t.Errorf("control: %s does not sound for %s, only %v", what, text, all)
		}
	}
	// A request to our own site that no page of ours makes.
	w.visit("/text?text=" + url.QueryEscape(`<img src="/audits">`))
	time.Sleep(100 * time.Millisecond)
	if all := w.take(); !slices.ContainsFunc(all, func(h heard) bool { return h.what == "request" }) {
		t.Errorf("control: a request to the site itself is not heard, only %v", all)
	}
	for _, text := range []string{`<script>canary("x")</script>`, `<img src=x onerror=canary("x")>`, `<img src="https://canary.invalid/">`, `<p style="color:red">x</p>`,
		`<iframe src="https://canary.invalid/"></iframe>`, `<base href="https://canary.invalid/">`, `<a id=a href="javascript:canary('x')">x</a>`} {
		w.visit("/policy?text=" + url.QueryEscape(text))
		time.Sleep(50 * time.Millisecond)
		all := w.take()
		for _, what := range []string{"policy", "markup"} {
			if !slices.ContainsFunc(all, func(h heard) bool { return h.what == what }) {
				t.Errorf("control: %s got into a page that only the policy keeps safe, and %s does not sound: %v", text, what, all)
			}
		}
	}
	// Every live input does something, in a frame of its own.
	texts := ofKind(all, "texts")
	for len(texts) > 0 {
		family, _, _ := strings.Cut(texts[0].id, "/")
		n := slices.IndexFunc(texts, func(h hostile) bool { return !strings.HasPrefix(h.id, family+"/") })
		if n < 0 {
			n = len(texts)
		}
		some := slices.DeleteFunc(slices.Clone(texts[:n]), func(h hostile) bool { return !h.live })
		texts = texts[n:]
		if len(some) == 0 {
			continue
		}
		q := url.Values{}
		for _, h := range some {
			q.Add("id", h.id)
		}
		w.visit("/many?" + q.Encode())
		look[any](&w.person, `Promise.all([...document.querySelectorAll("iframe")].map(async f => { try { await f.contentWindow.eval(`+quoted(stir)+`) } catch (e) {} }))`)
		missing := map[string]bool{}
		for began := time.Now(); time.Since(began) < 3*time.Second; time.Sleep(50 * time.Millisecond) {
			clear(missing)
			w.mu.Lock()
			for _, h := range some {
				sounded := func(x heard) bool { return strings.Contains(x.text, h.id) && !strings.Contains(x.text, "/one?id=") }
				missing[h.id] = !slices.ContainsFunc(w.heard, sounded)
			}
			w.mu.Unlock()
			maps.DeleteFunc(missing, func(_ string, yes bool) bool { return !yes })
			if len(missing) == 0 {
				break
			}
		}
		for id := range missing {
			t.Errorf("control: %s does nothing where it is not escaped: it proves nothing, or belongs under =~", id)
		}
		w.take()
	}
}

// world is a collector whose every corner was filled by strangers, and what stands there.
type world struct {
	*fleet
	db       *store.DB // of the prober
	all      []hostile
	texts    []hostile
	audits   []probes.AuditID       // those whose page is opened
	others   []probes.AuditID       // those that differ from them in their outcome alone
	evidence []probes.Hash          // of the pages
	of       map[probes.Hash]string // what stands there
	trail    []probes.Record
	answered []int // in the trail: the disputes that are answered
}

const contact = "CONTACT"

// inJournal is the text as a journal holds it: CBOR has no text that is not UTF-8.
func inJournal(text string) string { return text }

// fillWorld writes a prober's journal and a collector's store.
func fillWorld(t *testing.T, all []hostile) *world {
	t.Helper()
	x := &world{fleet: &fleet{tb: t, dir: t.TempDir(), page: freeAddr(t)}, all: all, texts: ofKind(all, "texts"), of: map[probes.Hash]string{}}
	db, err := store.Open(filepath.Join(x.dir, "prober"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	x.db = db
	start := time.Now().UTC().Add(-48 * time.Hour).Truncate(time.Second)
	launch := func(id, title string, at time.Time) *probes.Launch {
		return &probes.Launch{Campaign: id, Title: title, End: start.AddDate(0, 1, 0), Timeline: probes.Timeline{Start: at, Launched: at, Speed: 1}}
	}
	var records []probes.Record
	say := func(r ...probes.Record) { records = append(records, r...) }
	// A campaign for each family has its first input as its title. The newest is the one that pages show unasked.
	families := map[string]bool{}
	for i := range x.texts {
		family, _, _ := strings.Cut(x.texts[i].id, "/")
		if !families[family] {
			families[family] = true
			say(probes.Record{Launch: launch(family, inJournal(x.texts[i].text), start.Add(-time.Hour))})
		}
	}
	blind := launch("blind", "<script>canary('blind')</script>", start.Add(-time.Minute))
	blind.DoubleCoding = 1
	say(probes.Record{Launch: blind}, probes.Record{Launch: launch("hostile", "</title><img src=x onerror=canary('hostile')>", start)})
	for _, id := range []probes.StructureID{contact, "MAILS", "PAGES"} {
		say(probes.Record{Structure: &probes.Structure{ID: id, Name: string(id) + " <script>canary('structure')</script>", Kind: "mairie", Zone: "Europe/Paris"}})
	}
	audit := func(campaign string, body probes.StructureID, n int, ch probes.Channel, text ...string) probes.AuditID {
		a := probes.Audit{ID: probes.AuditID(fmt.Sprintf("%s.%s.%03d", campaign, body, n)), Campaign: campaign, Structure: body, Channel: ch, Scenario: text[0],
			Persona: text[len(text)-1], Wave: text[0], Number: n, Due: start, Deadline: start.AddDate(0, 0, 15), Target: text[len(text)-1] + "@mairie.example"}
		say(probes.Record{Audit: &a})
		return a.ID
	}
	at := start.Add(time.Hour)
	event := func(id probes.AuditID, kind probes.Kind, text string, evidence ...probes.Evidence) *probes.Event {
		at = at.Add(time.Second)
		e := &probes.Event{Audit: id, Kind: kind, Try: 1, At: at, Text: text, Detail: map[string]string{}, Evidence: evidence}
		say(probes.Record{Event: e})
		return e
	}
	sent := func(id probes.AuditID, text string) {
		event(id, probes.MailPrepared, text)
		event(id, probes.MailSending, text)
		event(id, probes.MailAccepted, text)
	}
	var answered probes.AuditID
	for i := range x.texts {
		text := inJournal(x.texts[i].text)
		body := probes.StructureID(fmt.Sprintf("T%03d", i+1))
		say(probes.Record{Structure: &probes.Structure{ID: body, Name: text, Kind: text, Sector: text, Band: text, Region: text, Zone: text, Hours: text, Holidays: text}})
		// Two inputs share an audit of which everything that can be is hostile.
		if i%2 == 0 {
			other := inJournal(x.texts[(i+1)%len(x.texts)].text)
			answered = audit("hostile", body, 1, probes.Mail, text, other)
			x.audits = append(x.audits, answered)
		}
		x.answer(answered, text, x.texts[i].text, event, sent)
		var id probes.AuditID
		// What becomes of the second takes turns: lists, the queue and the page of the structure tell it with its reason.
		switch i % 5 {
		case 0:
			id = audit("hostile", body, 2, probes.Mail, text)
			event(id, probes.MailPrepared, text)
			event(id, probes.MailSending, text)
			event(id, probes.MailRefused, text)
		case 1:
			id = audit("hostile", body, 2, probes.Mail, text)
			event(id, probes.ProbeFault, text)
		case 2:
			id = audit("hostile", body, 2, probes.Web, text)
			e := event(id, probes.WebVisited, text)
			e.Detail = map[string]string{"pages": text, "failed": "3", "review": text, "criteria": "2", "site": text}
			e.Observations = []probes.Observation{{Item: probes.ItemCode("web.same." + text), Value: probes.No, By: "agent", Passage: text}}
		case 3:
			id = audit("hostile", body, 2, probes.Web, text)
			event(id, probes.WebBlocked, text)
		case 4:
			id = audit("hostile", body, 2, probes.Web, text)
			event(id, probes.WebFailed, text)
		}
		if i%50 < 5 {
			x.others = append(x.others, id)
		}
		// The contact of a structure reads what it wrote, and what it was answered, on one page.
		id = audit("hostile", contact, i+1, probes.Mail, text)
		sent(id, text)
		event(id, probes.AuditClosed, text) // what still runs is kept from the contact
		x.people(id, answered, i, text)
	}
	x.fillMails(audit, event, sent)
	x.fillPages(audit, event)
	for len(records) > 0 {
		n := min(500, len(records))
		if err := db.Append(records[:n]...); err != nil {
			t.Fatal(err)
		}
		records = records[n:]
	}
	x.collect()
	return x
}

// answer is an answer in which everything is the text: it came too fast, from elsewhere, of an unsure class; with another of
// which it is not sure that it belongs there, an event of a kind that nobody knows, and a page that was visited.
func (x *world) answer(id probes.AuditID, text, raw string, event recorder, sent func(probes.AuditID, string)) {
	sent(id, text)
	letter := "From: " + raw + " <x@example.fr>\r\nTo: y@example.fr\r\nSubject: " + raw + "\r\n\r\nBonjour,\r\n" + raw + "\r\n"
	e := event(id, probes.MailReceived, text, probes.Evidence{Type: "message/rfc822", Name: text, Body: []byte(letter)}, probes.Evidence{Type: text, Name: text, Body: []byte(text)})
	e.Detail = map[string]string{"class": probes.ClassHuman, "answer": text, "subject": text, "from": text + "@elsewhere.example", "confidence": "0.1", text: text, "folder": text}
	e.Observations = []probes.Observation{{Item: "mail.closing", Value: probes.Yes, By: text, Rule: text, Passage: text},
		{Item: probes.ItemCode(text), Value: probes.Value(text), By: text, Rule: text, Passage: "Bonjour,"}}
	event(id, probes.MailReceived, text).Detail = map[string]string{"class": text, "sure": "no", "subject": text, "from": text}
	e = event(id, probes.Kind(text), text)
	e.Fault, e.Detail["by"] = probes.Fault(text), text
	found, _ := json.Marshal([]map[string]any{{"rule": text, "outcome": text, "impact": text, "criteria": []string{text}, "selector": text, "message": text, "mend": text,
		"message_fr": text, "mend_fr": text}}) // texts are JSON
	event(id, probes.WebPage, text, probes.Evidence{Type: "application/json", Name: "x.findings.json", Body: found},
		probes.Evidence{Type: "image/webp", Name: text, Body: []byte(raw)}).Detail["page"] = text
}

// people is what auditors, operators and the structure said of an audit of the contact and of the one with the same text.
func (x *world) people(id, own probes.AuditID, i int, text string) {
	now := time.Now().UTC()
	say := func(a probes.AuditID, kind probes.Kind, said string, items []probes.Observation, pairs ...string) {
		d := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			d[pairs[i]] = pairs[i+1]
		}
		x.trail = append(x.trail, probes.Record{Event: &probes.Event{Kind: kind, Audit: a, At: now, Text: said, Detail: d, Observations: items}})
	}
	x.answered = append(x.answered, len(x.trail))
	say(id, probes.DisputeOpened, text, nil, "by", text)
	if i%10 == 0 {
		say(own, probes.DisputeOpened, text, nil, "by", text)
	}
	say(own, probes.ReviewVerdict, text, nil, "by", text, "flag", "too-fast", "verdict", "confirm")
	say(own, probes.ReviewVerdict, text, nil, "by", "other "+text, "flag", "foreign-domain", "verdict", text, "class", text)
	if i%3 == 0 {
		say(own, probes.ReviewCoded, text, []probes.Observation{{Item: probes.ItemCode(text), Value: probes.Yes, By: text}}, "by", text)
		say(own, probes.ReviewCoded, text, []probes.Observation{{Item: probes.ItemCode(text), Value: probes.No, By: text}}, "by", "other "+text)
		say("", probes.OrderProposed, text, nil, "by", text, "do", "cancel", "prober", text, "wave", text)
		say(id, probes.OrderRefused, text, nil, "by", text, text, text)
	}
}

type (
	planner  = func(campaign string, body probes.StructureID, n int, ch probes.Channel, text ...string) probes.AuditID
	recorder = func(id probes.AuditID, kind probes.Kind, text string, evidence ...probes.Evidence) *probes.Event
)

// fillMails puts eight mails into each audit, and the worst into a campaign that auditors rate blindly.
func (x *world) fillMails(audit planner, event recorder, sent func(probes.AuditID, string)) {
	mails := ofKind(x.all, "mails")
	receive := func(id probes.AuditID, m hostile) {
		e := event(id, probes.MailReceived, "", probes.Evidence{Type: "message/rfc822", Name: m.id, Body: []byte(m.text)})
		e.Detail = map[string]string{"class": probes.ClassHuman, "subject": m.id, "from": "mairie@example.fr"}
		for _, passage := range []string{"Bonjour", "<script>canary('" + m.id + "')</script>", "Bien cordialement, <img src=x onerror=canary('" + m.id + "')>", "canary"} {
			e.Observations = append(e.Observations, probes.Observation{Item: "mail.closing", Value: probes.Yes, By: "agent", Passage: passage})
		}
	}
	var id probes.AuditID
	for i, m := range mails {
		if i%8 == 0 {
			id = audit("hostile", "MAILS", i/8+1, probes.Mail, "x@example.fr")
			x.audits = append(x.audits, id)
			sent(id, "250 Ok")
		}
		receive(id, m)
	}
	for i, m := range mails {
		if i%10 == 0 {
			id = audit("blind", "MAILS", i/10+1, probes.Mail, "x@example.fr")
			sent(id, "250 Ok")
			receive(id, m)
		}
	}
}

// fillPages puts the documents and pictures of websites into audits, each as a picture, as a page and under its own name.
func (x *world) fillPages(audit planner, event recorder) {
	var id probes.AuditID
	for i, p := range ofKind(x.all, "pages") {
		if i%8 == 0 {
			id = audit("hostile", "PAGES", i/8+1, probes.Web, "https://example.fr/")
			x.audits = append(x.audits, id)
			if i == 0 {
				var list []json.RawMessage
				for _, f := range ofKind(x.all, "findings") {
					list = append(list, json.RawMessage(f.text))
				}
				raw, _ := json.Marshal(list)
				event(id, probes.WebPage, "", probes.Evidence{Type: "application/json", Name: "all.findings.json", Body: raw})
			}
		}
		e := event(id, probes.WebPage, "", probes.Evidence{Type: "image/webp", Name: p.id, Body: []byte(p.text)}, probes.Evidence{Type: "text/html", Name: p.id, Body: []byte(p.text)})
		e.Detail["page"] = "https://example.fr/" + p.id
	}
}

// collect files the journal in the collector's store, and adds what people said.
func (x *world) collect() {
	t := x.tb
	t.Helper()
	c, err := store.OpenCollected(filepath.Join(x.dir, "collector"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}()
	bodies := map[string]string{}
	for _, h := range ofKind(x.all, "pages") {
		bodies[h.text] = h.id
	}
	for after := uint64(0); after < x.db.Last(); {
		page, err := x.db.Page(after, 5000)
		if err != nil {
			t.Fatal(err)
		}
		records, err := c.File("hostile-1", page)
		if err != nil {
			t.Fatal(err)
		}
		var all []probes.Evidence
		for i := range records {
			after = records[i].N
			if records[i].Event == nil {
				continue
			}
			for _, e := range records[i].Event.Evidence {
				body, err := x.db.Evidence(e.SHA256)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, probes.Evidence{Body: body})
				if id := bodies[string(body)]; id != "" && x.of[e.SHA256] == "" {
					x.of[e.SHA256] = id
					x.evidence = append(x.evidence, e.SHA256)
				}
			}
		}
		if err := c.PutEvidence(all...); err != nil {
			t.Fatal(err)
		}
	}
	links, err := c.Append(x.trail...)
	if err != nil {
		t.Fatal(err)
	}
	var answers []probes.Record
	for k, i := range x.answered {
		if k%2 == 0 { // the others wait for their answer
			e := links[i].Event
			answers = append(answers, probes.Record{Event: &probes.Event{Kind: probes.DisputeAnswered, Audit: e.Audit, At: e.At, Text: e.Text,
				Detail: map[string]string{"by": e.Text, "of": strconv.FormatUint(links[i].N, 10), "signature": e.Text, "key": e.Text}}})
		}
	}
	if _, err := c.Append(answers...); err != nil {
		t.Fatal(err)
	}
}

// probers serves the journal, and says of the prober what mail servers and operators may have written there. A second one
// refuses with words of a stranger.
func (x *world) probers(t *testing.T) (first, second string) {
	t.Helper()
	at := time.Now().UTC()
	st := control.Status{Prober: "hostile-1", Version: x.texts[0].text, Running: true, Started: at, Clock: at, Campaign: "hostile", Title: x.texts[0].text,
		Audits: map[probes.Status]int{}, Channels: map[probes.Channel]map[probes.Status]int{probes.Mail: {probes.Planned: 1}}, Waves: map[string]map[probes.Status]int{}, End: at, Now: at}
	plan := control.Plan{Campaign: "hostile", Title: x.texts[0].text, Zone: x.texts[0].text, Start: "2026-03-02", End: "2026-03-03", Waves: map[string]int{}, Kinds: map[string]int{},
		Days: []control.Day{{Date: x.texts[0].text}, {Date: "2026-03-02"}}}
	for i := range x.texts {
		text := x.texts[i].text
		state := probes.State{Audit: probes.Audit{ID: probes.AuditID(text), Target: text, Deadline: at}, Sent: at}
		st.Waves[text] = map[probes.Status]int{probes.Planned: 1}
		st.Pauses = append(st.Pauses, control.Pause{Scope: control.Scope{Wave: text}, By: text, Reason: text, At: at})
		st.Mailboxes = append(st.Mailboxes, control.Mailbox{Name: text, Why: text, Since: at})
		st.Certificates = append(st.Certificates, control.Certificate{Server: text, NotAfter: at})
		st.InDoubt = append(st.InDoubt, control.Doubt{State: state, ProofUntil: at, Decide: i%2 == 0})
		st.ByHand = append(st.ByHand, state)
		st.Suppressed = append(st.Suppressed, control.Suppression{Structure: probes.StructureID(text), By: text, Reason: text, At: at})
		plan.Waves[text], plan.Kinds[text] = 1, 1
		plan.Conflicts = append(plan.Conflicts, control.Conflict{Structure: probes.StructureID(text), Wave: text, Kind: text, Text: text, Channel: probes.Channel(text)})
		plan.Files = append(plan.Files, control.File{Name: text, SHA256: probes.Hash(text)})
	}
	answer := func(v any) http.HandlerFunc {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return func(w http.ResponseWriter, _ *http.Request) { w.Write(raw) }
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/", feed.Handler("hostile-1", x.db, ""))
	mux.HandleFunc("GET /control/status", answer(st))
	mux.HandleFunc("POST /control/plan", answer(plan))
	a := httptest.NewServer(mux)
	t.Cleanup(a.Close)
	b := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		json.NewEncoder(w).Encode(map[string]string{"detail": "<script>canary('prober')</script><img src=x onerror=canary('prober')>", "title": "\"><svg onload=canary('prober')>"})
	}))
	t.Cleanup(b.Close)
	return a.URL, b.URL
}

// desk is somebody with a program instead of a browser: it makes the accounts, and sees headers.
type desk struct {
	t    *testing.T
	http http.Client
	base string
}

func newDesk(t *testing.T, base string) *desk {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &desk{t, http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, base}
}

// send gets a page, or posts a form where there is one.
func (d *desk) send(path string, form url.Values) (*http.Response, string) {
	d.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = d.base + path
	}
	var resp *http.Response
	var err error
	if form == nil {
		resp, err = d.http.Get(path)
	} else {
		resp, err = d.http.PostForm(path, form)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return resp, string(body)
}

var oneTime = regexp.MustCompile(`http://[^\s<"]+/(?:welcome|s)/[^\s<"]+`)

// link sends a form and returns the link that the answer shows this once.
func (d *desk) link(path string, form url.Values) string {
	d.t.Helper()
	resp, body := d.send(path, form)
	l := oneTime.FindString(body)
	if l == "" {
		d.t.Fatalf("%s: %s: no link in %.500s", path, resp.Status, body)
	}
	return html.UnescapeString(l)
}

// welcome uses a one-time link up.
func (d *desk) welcome(link, name string) {
	d.t.Helper()
	if resp, body := d.send(link, url.Values{"name": {name}, "password": {password}, "again": {password}}); resp.StatusCode != http.StatusSeeOther {
		d.t.Fatalf("%s: %s %s", name, resp.Status, body)
	}
}

// staff makes the accounts: one that may everything, whose name is shown on every page, and others with names as people
// could choose them.
func (x *world) staff(t *testing.T, setup, base string) (boss *desk, structure string) {
	t.Helper()
	boss = newDesk(t, base)
	boss.welcome(setup, "chef")
	invite := func(name, display string, roles ...string) string {
		return boss.link("/accounts", url.Values{"do": {"invite"}, "name": {name}, "display": {display}, "language": {"fr"}, "role": roles})
	}
	newDesk(t, base).welcome(invite("toutvoir", `</a><img src=x onerror=canary('display')>"'`, "operator", "auditor"), "")
	shown := 0
	for i, h := range x.texts {
		if n := len([]rune(h.text)); i%4 != 0 || n > 64 || !utf8.ValidString(h.text) || strings.ContainsFunc(h.text, func(r rune) bool { return !strconv.IsPrint(r) }) {
			continue
		}
		if shown++; shown <= 40 {
			invite(fmt.Sprintf("invite%d", i), h.text, "reader")
			if shown <= 15 {
				boss.send("/account/tokens", url.Values{"name": {h.text}, "scope": {"read"}, "days": {"7"}})
			}
		}
	}
	if shown < 20 {
		t.Errorf("only %d names fit an account", shown)
	}
	return boss, boss.link("/structures/"+contact+"/links", url.Values{"days": {"30"}})
}

// TestHostileWorld fills a collector with the corpus, opens every page that shows something of it and wants to hear nothing.
func TestHostileWorld(t *testing.T) {
	t.Parallel() // with the other of the two: both wait for pages
	began := time.Now()
	lap := func(what string) { t.Logf("%5.1fs %s", time.Since(began).Seconds(), what) }
	all := readHostile(t)
	count := map[string]int{}
	seen := map[string]bool{}
	for _, h := range all {
		count[h.kind]++
		if seen[h.id] {
			t.Errorf("two inputs are called %s", h.id)
		}
		seen[h.id] = true
	}
	t.Logf("%d inputs: %v", len(all), count)
	if len(all) < 150 {
		t.Fatalf("the corpus has %d inputs, wanted 150 at least", len(all))
	}
	x := fillWorld(t, all)
	first, second := x.probers(t)
	config := fmt.Sprintf("data: collector\nlisten: %s\nevery: 1s\nprobers:\n  - {name: hostile-1, url: %q}\n  - {name: hostile-2, url: %q}\n"+
		"access: {rate: 5000, burst: 20000}\nfour_eyes: [cancel]\n", x.page, first, second)
	if err := os.WriteFile(filepath.Join(x.dir, "collector.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p := x.start("collector", "collector runs")
	t.Cleanup(func() {
		p.cmd.Process.Signal(os.Interrupt)
		<-p.done
		for _, bad := range []string{"page failed", "message lacks", "panic"} {
			if strings.Contains(p.log.String(), bad) {
				t.Errorf("the collector's log says %q:\n%.3000s", bad, p.log.String())
			}
		}
	})
	select {
	case <-p.ready:
	case <-p.done:
		t.Fatalf("the collector ended:\n%s", p.log.String())
	case <-time.After(30 * time.Second):
		t.Fatal("the collector does not run")
	}
	base := "http://" + x.page
	boss, structure := x.staff(t, p.link, base)
	lap("the world is there")
	chrome := chrome(t)
	resp, _ := boss.send("/audits", nil)
	proveCanary(t, chrome, all, resp.Header.Get("Content-Security-Policy"))
	lap("the canary sings")
	w := newWatched(t, chrome, base)
	w.do(chromedp.Navigate(base + "/static/site.css"))
	w.take()
	x.signIn(w)
	x.lists(w)
	lap("lists")
	x.stories(w)
	lap("stories")
	x.searches(w)
	lap("searches")
	x.rating(w)
	x.addresses(w)
	lap("addresses")
	x.files(w, boss)
	lap("files")
	x.redirects(w, boss)
	c := newWatched(t, chrome, base)
	c.do(chromedp.Navigate(base + "/static/site.css"))
	c.take()
	c.free = true
	c.visit(strings.TrimPrefix(structure, base))
	if n := c.count(".dispute"); n < len(x.texts) {
		t.Errorf("the contact reads %d objections, wanted %d", n, len(x.texts))
	}
	c.visit("/structure?lang=en\"><script>canary('own')</script>")
	c.visit("/audits/" + string(x.audits[0]))
	c.silent("the page of a structure")
	lap(fmt.Sprintf("%d requests", w.requests+c.requests))
}

// signIn signs in by hand, with a hostile address to go to.
func (x *world) signIn(w *watched) {
	w.t.Helper()
	w.visit("/sign-in?next=" + url.QueryEscape(`/audits?q="><script>canary('next')</script>`))
	w.free = true
	w.fill("input[name=name]", "toutvoir")
	w.fill("input[name=password]", password)
	w.leave(chromedp.Click(chromedp.CSS("main button[type=submit]")))
	w.free = false
	w.touch()
	if !strings.Contains(w.text(".me a"), "canary('display')") {
		w.t.Fatalf("not signed in: %s", w.text("body"))
	}
	w.silent("sign-in")
}

// lists opens the pages that show many at once.
func (x *world) lists(w *watched) {
	w.t.Helper()
	for _, list := range []string{"/audits?", "/audits?lang=en&sort=-delay&campaign=hostile&", "/structures?", "/review?state=all&kind=disputed&",
		"/review?state=all&kind=foreign-domain&", "/review?state=all&kind=bounce&", "/review?state=all&kind=spoiled&", "/review?state=all&kind=site-blocked&",
		"/review?state=all&kind=contradiction&", "/review?state=all&kind=items-differ&", "/review?"} {
		for n := 1; ; n++ {
			w.visit(list + "page=" + strconv.Itoa(n))
			if w.count("a[rel=next]") == 0 {
				break
			}
			if n == 2 && (strings.Contains(list, "sort") || list == "/review?") { // the same in another order
				break
			}
		}
	}
	w.silent("lists")
	for _, by := range []string{"kind", "sector", "band", "region", "week", "channel"} {
		w.visit("/?by=" + by)
	}
	for _, path := range []string{"/websites", "/campaigns", "/campaigns?lang=en", "/campaigns/hostile", "/campaigns/hostile/live", "/campaigns/blind", "/plan", "/plan?prober=hostile-1",
		"/plan?prober=hostile-2", "/fleet", "/agreement", "/accounts", "/account", "/help", "/accessibility", "/api", "/structure", "/nowhere"} {
		w.visit(path)
	}
	w.silent("pages with many inputs")
}

// stories opens the page of each structure and of each audit with another text.
func (x *world) stories(w *watched) {
	w.t.Helper()
	var ids []string
	for _, h := range x.all {
		ids = append(ids, h.id)
	}
	names, _ := json.Marshal(ids) // texts are JSON
	shown := map[string]int{}
	see := func() {
		for _, id := range look[[]string](&w.person, `(text => `+string(names)+`.filter(id => text.includes(id)))(document.documentElement.textContent)`) {
			shown[id]++
		}
	}
	for i := range x.texts {
		w.visit(fmt.Sprintf("/structures/T%03d", i+1))
		see()
	}
	w.silent("structures")
	for _, id := range append(slices.Clone(x.audits), x.others...) {
		w.visit("/audits/" + string(id))
		see()
	}
	w.silent("audits")
	// Silence proves something only of what was there: a text on the page of its structure and of its audit.
	for _, h := range x.all {
		least := map[string]int{"texts": 2, "mails": 1, "pages": 1, "findings": 1}[h.kind]
		if strings.Contains(h.text, h.id) && shown[h.id] < least {
			w.t.Errorf("%s stood on %d pages, wanted %d", h.id, shown[h.id], least)
		}
	}
}

// searches looks for each family and types what somebody may type; the suggestions are put into the page by a script.
func (x *world) searches(w *watched) {
	w.t.Helper()
	families := map[string]bool{}
	for _, h := range x.texts {
		family, _, _ := strings.Cut(h.id, "/")
		families[family+"/"] = true
	}
	suggested := 0
	for _, family := range slices.Sorted(maps.Keys(families)) {
		w.visit("/search?q=" + url.QueryEscape(family))
		if w.count("li[data-row]") == 0 {
			w.t.Errorf("nothing found for %s", family)
		}
		w.suggest(family)
		suggested += w.count("#find-found li a")
		w.touch()
	}
	if suggested < 200 {
		w.t.Errorf("%d structures were suggested, wanted 200", suggested)
	}
	w.silent("searches")
	for _, h := range ofKind(x.all, "searches") {
		w.suggest(h.text)
		w.touch()
		look[bool](&w.person, `document.getElementById("find").focus(); true`)
		w.free = true
		w.leave(chromedp.KeyEvent("\r"))
		w.free = false
		w.touch()
		w.silent(h.id)
	}
}

// suggest types into the field of the header and waits for what the site suggests.
func (w *watched) suggest(text string) {
	w.t.Helper()
	w.typing = true
	look[bool](&w.person, `document.getElementById("find-found").textContent = ""; document.getElementById("find").value = ""; document.getElementById("find").focus(); true`)
	w.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: text}) // as an input method or a paste does
		return err
	}))
	w.until(`document.getElementById("find-found").childElementCount > 0`)
	w.typing = false
}

// rating rates every answer of the blind campaign: each is shown on the page in its turn.
func (x *world) rating(w *watched) {
	w.t.Helper()
	w.visit("/coding?campaign=blind")
	rated := 0
	for ; w.count("form.decide") > 0 && rated < 50; rated++ {
		look[int](&w.person, `[...document.querySelectorAll("form.decide input[value=yes]")].map(i => i.checked = true).length`)
		w.free = true
		w.leave(chromedp.Evaluate[chromedp.Void](`document.querySelector("form.decide").requestSubmit()`))
		w.free = false
		w.touch()
	}
	if rated < 5 {
		w.t.Errorf("%d answers were rated: %s", rated, w.text("main"))
	}
	w.silent("rating")
}

// addresses opens what a stranger can have somebody open.
func (x *world) addresses(w *watched) {
	w.t.Helper()
	replace := strings.NewReplacer("{audit}", string(x.audits[0]), "{structure}", "T001", "{picture}", string(x.evidence[0]), "{evidence}", string(x.evidence[0]))
	for _, h := range ofKind(x.all, "urls") {
		w.visit(replace.Replace(h.text))
		w.silent(h.id)
	}
}

// files opens evidence as a picture and as a file: the first is a picture or a page that says no, the second is never opened.
func (x *world) files(w *watched, d *desk) {
	w.t.Helper()
	pictures := 0
	for _, h := range x.evidence {
		id := x.of[h]
		w.visit("/pictures/" + string(h))
		if media := look[string](&w.person, `document.contentType`); strings.HasPrefix(media, "image/") {
			w.forgive("policy") // the style of the browser's own page around a picture, and the hooks of this test
		}
		w.silent(id + " as a picture")
		resp, _ := d.send("/pictures/"+string(h), nil)
		if resp.StatusCode == http.StatusOK {
			pictures++
			if media := resp.Header.Get("Content-Type"); media != "image/png" && media != "image/webp" {
				w.t.Errorf("%s is shown as %s", id, media)
			}
		}
		guarded(w.t, id, resp)
		for _, as := range []string{"", "?as=txt", "?as=webp"} {
			path := "/evidence/" + string(h) + as
			resp, body := d.send(path, nil)
			guarded(w.t, id, resp)
			if got := resp.Header.Get("Content-Disposition"); !regexp.MustCompile(`^attachment; filename="[0-9a-f]{64}\.[a-z]{3,4}"$`).MatchString(got) {
				w.t.Errorf("%s is disposed of as %q", path, got)
			}
			if media := resp.Header.Get("Content-Type"); media != "application/octet-stream" || body == "" {
				w.t.Errorf("%s: %s with %d octets", path, media, len(body))
			}
		}
		if !w.visit("/evidence/" + string(h)) {
			w.t.Errorf("%s: the evidence was opened", id)
		}
		w.silent(id + " as evidence")
	}
	if len(x.evidence) < 40 || pictures < 4 {
		w.t.Errorf("%d pieces of evidence, %d are pictures", len(x.evidence), pictures)
	}
	// What programs read is never a page, also where somebody opens it.
	for _, path := range append(x.described(d), "/api/v1/outcomes", "/api/v1/report?by=kind", "/api/v1/report?by=region", "/outcomes.csv", "/outcomes.parquet", "/metrics") {
		resp, body := d.send(path, nil)
		if media := resp.Header.Get("Content-Type"); resp.Header.Get("X-Content-Type-Options") != "nosniff" || media == "" || strings.Contains(media, "html") || strings.Contains(media, "xml") {
			w.t.Errorf("%s: %s, %q", path, media, resp.Header.Get("X-Content-Type-Options"))
		}
		if path == "/outcomes.csv" {
			harmless(w.t, body)
		}
		w.visit(path)
		w.silent(path)
	}
}

// guarded holds an answer to the headers that keep its bytes from running.
func guarded(t *testing.T, id string, resp *http.Response) {
	t.Helper()
	policy := resp.Header.Get("Content-Security-Policy")
	if resp.StatusCode == http.StatusOK && !strings.Contains(policy, "sandbox") || !strings.Contains(policy, "default-src 'none'") ||
		resp.Header.Get("X-Content-Type-Options") != "nosniff" || resp.Header.Get("X-Frame-Options") != "DENY" {
		t.Errorf("%s: %s is sent with %v", id, resp.Request.URL.Path, resp.Header)
	}
}

// harmless holds the cells of a table to what a spreadsheet does not compute.
func harmless(t *testing.T, body string) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil {
		t.Fatalf("outcomes.csv: %v", err)
	}
	quotes := 0
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("outcomes.csv: the cell %.80q is a formula", cell)
			}
			if strings.HasPrefix(cell, "'=HYPERLINK") {
				quotes++
			}
		}
	}
	if len(rows) < 700 || quotes == 0 {
		t.Errorf("outcomes.csv has %d rows, %d with a formula", len(rows), quotes)
	}
}

// described returns the addresses of the API that need nothing but asking, and those of a hostile audit.
func (x *world) described(d *desk) (paths []string) {
	resp, body := d.send("/api/v1/openapi.json", nil)
	if resp.StatusCode != http.StatusOK {
		return nil
	}
	var doc struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		d.t.Fatal(err)
	}
	fill := strings.NewReplacer("{audit}", string(x.audits[0]), "{structure}", "T001", "{id}", string(x.audits[0]), "{campaign}", "hostile")
	for path, item := range doc.Paths {
		if path = fill.Replace(path); item["get"] != nil && !strings.ContainsAny(path, "{}") {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// redirects sends forms that say where to go afterwards; a browser must stay on the site.
func (x *world) redirects(w *watched, d *desk) {
	w.t.Helper()
	for _, h := range ofKind(x.all, "redirects") {
		to := url.QueryEscape(h.text)
		for path, form := range map[string]url.Values{
			"/sign-in?next=" + to: {"name": {"chef"}, "password": {password}, "next": {h.text}},
			"/orders":             {"do": {"pause"}, "prober": {"hostile-2"}, "campaign": {"x"}, "reason": {"x"}, "key": {"0123456789abcdef"}, "back": {h.text}},
			"/orders?from":        {"do": {"cancel"}, "prober": {"hostile-1"}, "campaign": {"x"}, "reason": {"x"}, "key": {"0123456789abcdef"}, "back": {h.text}},
		} {
			resp, body := d.send(path, form)
			leads := resp.Header.Get("Location")
			if resp.StatusCode != http.StatusSeeOther && resp.StatusCode != http.StatusBadGateway && resp.StatusCode != http.StatusTooManyRequests {
				w.t.Errorf("%s: %.60s answers %s: %.300s", h.id, path, resp.Status, body)
			}
			for _, m := range append(regexp.MustCompile(`<a href="([^"]*)"`).FindAllStringSubmatch(body, -1), []string{"", leads}) {
				at := look[string](&w.person, fmt.Sprintf(`new URL(%s, %s).origin`, quoted(html.UnescapeString(m[1])), quoted(w.base+"/sign-in")))
				if at != w.base {
					w.t.Errorf("%s: %.60s leads to %q", h.id, path, m[1])
				}
			}
		}
	}
}
