package web

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes/web/proxy"
)

// vectors are the ways in which a page can make a browser call an address. %[1]s is the forbidden host and port.
const vectors = `<!doctype html><html lang="fr"><title>Page hostile</title>
<link rel="stylesheet" href="http://%[1]s/style.css"><link rel="prefetch" href="http://%[1]s/prefetch"><link rel="preconnect" href="http://%[1]s"><link rel="dns-prefetch" href="//%[1]s">
<link rel="modulepreload" href="http://%[1]s/modulepreload.js"><link rel="icon" href="http://%[1]s/icon.png"><link rel="manifest" href="http://%[1]s/manifest.json">
<style>@import url(http://%[1]s/import.css); @font-face{font-family:f;src:url(http://%[1]s/font.woff)} p{font-family:f;background:url(http://%[1]s/background.png)}</style>
<h1>Page hostile</h1><p>Un texte.</p>
<img src="http://%[1]s/img"><img srcset="http://%[1]s/srcset 2x"><picture><source srcset="http://%[1]s/source"><img src="x"></picture>
<iframe src="http://%[1]s/iframe"></iframe><iframe src="/vers-dedans"></iframe><embed src="http://%[1]s/embed.pdf"><object data="http://%[1]s/object.pdf"></object>
<video src="http://%[1]s/video" autoplay poster="http://%[1]s/poster"><track src="http://%[1]s/track" default></video><audio src="http://%[1]s/audio" autoplay></audio>
<svg><image href="http://%[1]s/svg-image"/><use href="http://%[1]s/svg-use#x"/></svg><script src="http://%[1]s/script.js"></script>
<form id="f" action="http://%[1]s/form" method="post" target="t"><input name="a" value="b"></form><iframe name="t"></iframe><a id="p" href="/ok" ping="http://%[1]s/ping">lien</a>
<img src="/vers-dedans"><a href="http://%[1]s/lien">Un lien vers le dedans</a>
<script type="module">import("http://%[1]s/module.js").catch(()=>{})</script>
<script>
const to = "http://%[1]s/", ws = "ws://%[1]s/";
const t = f => { try { const r = f(); if (r && r.catch) r.catch(() => {}) } catch (e) {} };
t(() => fetch(to + "fetch", {mode: "no-cors"})); t(() => fetch("/vers-dedans", {mode: "no-cors"}));
t(() => { const x = new XMLHttpRequest(); x.open("POST", to + "xhr"); x.send("a") });
t(() => navigator.sendBeacon(to + "beacon", "a")); t(() => new WebSocket(ws + "ws")); t(() => new EventSource(to + "events"));
t(() => f.submit()); t(() => p.click()); t(() => window.open(to + "open")); t(() => new Worker(URL.createObjectURL(new Blob(["importScripts('" + to + "worker.js'); fetch('" + to + "worker-fetch')"]))));
t(() => navigator.serviceWorker && navigator.serviceWorker.register("/sw.js")); t(() => new WebTransport("https://%[1]s/wt"));
t(() => { const c = new RTCPeerConnection({iceServers: [{urls: "stun:%[1]s"}, {urls: "turn:%[1]s?transport=tcp", username: "a", credential: "b"}]}); c.createDataChannel("x"); return c.createOffer().then(o => c.setLocalDescription(o)) });
t(() => fetch("http://dedans.localhost:" + to.split(":")[2] + "nom", {mode: "no-cors"})); t(() => fetch("http://[::ffff:127.0.0.2]:" + to.split(":")[2], {mode: "no-cors"}));
t(() => fetch("http://2130706434:" + to.split(":")[2] + "nombre", {mode: "no-cors"})); t(() => fetch("http://0x7f.0.0.2:" + to.split(":")[2] + "hex", {mode: "no-cors"}));
t(() => fetch("http://169.254.169.254/latest/meta-data/", {mode: "no-cors"}));
setTimeout(() => { location.href = to + "navigation" }, 300);
</script>`

// inside is what must not be reached: it counts connections and datagrams.
type inside struct {
	addr     string
	calls    atomic.Int64
	datagram atomic.Int64
	mu       sync.Mutex
	paths    []string
}

func newInside(t *testing.T, ip string) *inside {
	t.Helper()
	l, err := net.Listen("tcp", ip+":0")
	if err != nil {
		t.Skip(err) // a system without the whole of 127/8
	}
	in := &inside{addr: l.Addr().String()}
	srv := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		in.mu.Lock()
		in.paths = append(in.paths, r.URL.Path)
		in.mu.Unlock()
	}), ConnState: func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			in.calls.Add(1)
		}
	}}
	go func() { _ = srv.Serve(l) }()
	u, err := net.ListenPacket("udp", in.addr)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for b := make([]byte, 2000); ; {
			if _, _, err := u.ReadFrom(b); err != nil {
				return
			}
			in.datagram.Add(1)
		}
	}()
	t.Cleanup(func() { srv.Close(); u.Close() })
	return in
}

// outside serves the hostile page, and leads inside by redirect.
func outside(t *testing.T, in *inside) *httptest.Server {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/vers-dedans":
			http.Redirect(w, r, "http://"+in.addr+"/redirect", http.StatusFound)
		case "/sw.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprintf(w, "self.addEventListener('install', e => e.waitUntil(fetch('http://%s/sw', {mode: 'no-cors'}).catch(() => {})))", in.addr)
		case "/", "/deux":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprintf(w, vectors, in.addr)
			fmt.Fprint(w, `<a href="/deux">Deuxième page du site</a><meta http-equiv="refresh" content="1;url=http://`+in.addr+`/refresh">`)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	return srv
}

func TestNothingInsideIsReached(t *testing.T) {
	needBrowser(t)
	for _, ip := range []string{"127.0.0.2", "127.0.0.1"} { // another address, and another port of the one that is allowed
		in := newInside(t, ip)
		srv := outside(t, in)
		allow, err := proxy.ParseException(srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		a := NewAuditor(Options{Allow: []proxy.Exception{allow}, Pause: time.Nanosecond, Pages: 3, PageBudget: 20 * time.Second})
		end, err := a.Audit(t.Context(), Job{Target: srv.URL, Whole: true}, func(Line) error { return nil })
		a.Close()
		if err != nil || end.Result != Audited && end.Result != Partial {
			t.Fatalf("%+v %v", end, err)
		}
		if n, u := in.calls.Load(), in.datagram.Load(); n > 0 || u > 0 {
			t.Errorf("%s was reached: %d connections for %v, %d datagrams", in.addr, n, in.paths, u)
		}
		if !slices.ContainsFunc(end.Refused, func(s string) bool { return strings.HasPrefix(s, in.addr) }) || !slices.Contains(end.Refused, "169.254.169.254") {
			t.Errorf("what was refused is not told: %v", end.Refused)
		}
	}
}

// The same page with the door open: if it reached nothing even then, the test above would prove nothing.
func TestTheSamePageReachesWhatIsAllowed(t *testing.T) {
	needBrowser(t)
	in := newInside(t, "127.0.0.2")
	srv := outside(t, in)
	a := NewAuditor(Options{Allow: []proxy.Exception{{Net: netip.MustParsePrefix("127.0.0.0/8")}}, Pause: time.Nanosecond, Pages: 3})
	defer a.Close()
	if _, err := a.Audit(t.Context(), Job{Target: srv.URL, Whole: true}, func(Line) error { return nil }); err != nil {
		t.Fatal(err)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, want := range []string{"/img", "/iframe", "/fetch", "/xhr", "/ws", "/beacon", "/events", "/redirect", "/style.css", "/script.js", "/video", "/worker.js", "/sw"} {
		if !slices.Contains(in.paths, want) {
			t.Errorf("%s was not tried by the page; it tried %v", want, in.paths)
		}
	}
}

// hostile are sites that do what they can to whoever looks; the result is what must be said of them.
var hostile = map[string]struct {
	serve func(w http.ResponseWriter, r *http.Request)
	want  []Result
}{
	"endless document": {func(w http.ResponseWriter, r *http.Request) {
		page(w, "<h1>Sans fin</h1>")
		for r.Context().Err() == nil {
			fmt.Fprint(w, "<p>encore</p>")
			w.(http.Flusher).Flush()
			time.Sleep(20 * time.Millisecond)
		}
	}, []Result{Broken, Partial}},
	"endless picture": {func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			return
		}
		page(w, `<h1>Image</h1><img src="/i.png" alt="Une image">`)
	}, []Result{Audited, Partial}},
	"silence": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, []Result{Failed, Broken}},
	"huge document": {func(w http.ResponseWriter, _ *http.Request) {
		page(w, strings.Repeat("<p>Un très long texte.</p>", 1<<21))
	}, []Result{Failed, Broken, Partial}},
	"a million nodes": {func(w http.ResponseWriter, _ *http.Request) {
		page(w, "<script>for(let i=0;i<1e6;i++)document.body.appendChild(document.createElement('b'))</script>")
	}, []Result{Broken, Partial}},
	"alerts without end": {func(w http.ResponseWriter, _ *http.Request) {
		page(w, "<h1>Bonjour</h1><script>setInterval(()=>alert(1),1);confirm('a');prompt('b')</script>")
	}, []Result{Audited, Partial, Broken}},
	"busy while parsing": {func(w http.ResponseWriter, _ *http.Request) { page(w, "<h1>Bonjour</h1><script>for(;;);</script>") }, []Result{Broken}},
	"busy after load": {func(w http.ResponseWriter, _ *http.Request) {
		page(w, "<h1>Bonjour</h1><script>setTimeout(()=>{for(;;);},50)</script>")
	}, []Result{Broken, Partial}},
	"redirects to itself": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, []Result{Failed}},
	"refresh loop":        {func(w http.ResponseWriter, _ *http.Request) { page(w, `<meta http-equiv="refresh" content="0;url=/">`) }, []Result{Audited, Partial}},
	"history without end": {func(w http.ResponseWriter, _ *http.Request) {
		page(w, "<h1>Bonjour</h1><script>let i=0;setInterval(()=>history.pushState({},'','?'+i++),1)</script>")
	}, []Result{Audited, Partial}},
	"windows without end": {func(w http.ResponseWriter, _ *http.Request) {
		page(w, "<h1>Bonjour</h1><script>for(let i=0;i<30;i++)open('/?'+i)</script>")
	}, []Result{Audited, Partial}},
	"memory without end": {func(w http.ResponseWriter, _ *http.Request) {
		page(w, "<h1>Bonjour</h1><script>const a=[];for(;;)a.push(new Array(1e6).fill({}))</script>")
	}, []Result{Broken}},
	"download": {func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Disposition", "attachment")
		fmt.Fprint(w, "a")
	}, []Result{NotPage}},
	"PDF": {func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/pdf")
		fmt.Fprint(w, "%PDF-1.4")
	}, []Result{NotPage}},
	"bomb": {func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "text/html")
		z := gzip.NewWriter(w)
		_, _ = io.CopyN(z, spaces{}, 1<<30)
		z.Close()
	}, []Result{Failed, Broken, Partial, Audited}},
	"nul bytes": {func(w http.ResponseWriter, _ *http.Request) { page(w, "<h1>\x00\xff\xfe\x00</h1><p lang='\xff'>\x00") }, []Result{Audited, Partial}},
	"rewritten builtins": {func(w http.ResponseWriter, _ *http.Request) {
		page(w, "<h1>Bonjour</h1><img src=x><script>JSON.stringify=()=>'{}';Object.prototype.toJSON=()=>1;Array.prototype.map=()=>[];window.axe={run:()=>Promise.resolve({violations:[]})};document.querySelector=()=>null</script>")
	}, []Result{Audited}},
	"clobbered names": {func(w http.ResponseWriter, _ *http.Request) {
		page(w, "<h1>Bonjour</h1><form><input name=parentElement><input name=nodeType><input name=getAttribute><input name=attributes></form><img name=body><img name=querySelector>")
	}, []Result{Audited, Partial}},
	"frames within frames": {func(w http.ResponseWriter, r *http.Request) {
		page(w, `<h1>Bonjour</h1><iframe title="x" src="/?`+fmt.Sprint(len(r.URL.RawQuery))+strings.Repeat("a", min(len(r.URL.RawQuery)+1, 900))+`"></iframe>`)
	}, []Result{Audited, Partial, Broken}},
	"password":      {status(http.StatusUnauthorized, ""), []Result{Blocked}},
	"forbidden":     {status(http.StatusForbidden, ""), []Result{Blocked}},
	"too many":      {status(http.StatusTooManyRequests, ""), []Result{Blocked}},
	"challenge":     {status(http.StatusServiceUnavailable, `<script src="/cdn-cgi/challenge-platform/x.js"></script>`), []Result{Blocked}},
	"broken server": {status(http.StatusInternalServerError, ""), []Result{Failed}},
	"robots of 500": {func(w http.ResponseWriter, r *http.Request) { robots(w, r, http.StatusInternalServerError, "") }, []Result{Blocked}},
	"robots of no": {func(w http.ResponseWriter, r *http.Request) {
		robots(w, r, http.StatusOK, "User-agent: Sonde\nDisallow: /\n")
	}, []Result{Blocked}},
	"robots for others": {func(w http.ResponseWriter, r *http.Request) {
		robots(w, r, http.StatusOK, "User-agent: Other\nDisallow: /\n")
	}, []Result{Audited}},
	"robots without end": {func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			_, _ = io.CopyN(w, spaces{}, 1<<28)
			return
		}
		page(w, "<h1>Bonjour</h1>")
	}, []Result{Audited}},
}

type spaces struct{}

func (spaces) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}

func page(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><html lang="fr"><head><meta name="viewport" content="width=device-width"><title>Page hostile de Valclair</title></head><body>%s`, body)
}

func status(code int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(code)
		fmt.Fprint(w, "<!doctype html><title>x</title>", body)
	}
}

func robots(w http.ResponseWriter, r *http.Request, code int, text string) {
	if r.URL.Path == "/robots.txt" {
		w.WriteHeader(code)
		fmt.Fprint(w, text)
		return
	}
	page(w, "<h1>Bonjour</h1>")
}

// budget is that of one hostile page.
const budget = 8 * time.Second

func TestHostileSites(t *testing.T) {
	needBrowser(t)
	before := runtime.NumGoroutine()
	a := NewAuditor(Options{Allow: loopback(), Pause: time.Nanosecond, Pages: 2, PageBudget: budget, SiteBudget: 4 * budget, Evidence: true})
	t.Run("each", func(t *testing.T) {
		for name, c := range hostile {
			t.Run(name, func(t *testing.T) {
				t.Parallel() // as many as there are slots
				srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/robots.txt" && !strings.HasPrefix(name, "robots") && c.want[0] != Blocked {
						http.NotFound(w, r)
						return
					}
					c.serve(w, r)
				}))
				defer func() { srv.CloseClientConnections(); srv.Close() }()
				var pages []Page
				end, err := a.Audit(t.Context(), Job{Target: srv.URL, Whole: true}, func(l Line) error {
					if p, ok := l.(*Page); ok {
						pages = append(pages, *p)
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				if len(pages) == 0 || !slices.Contains(c.want, pages[0].Result) {
					t.Fatalf("%+v; wanted one of %v", pages, c.want)
				}
				if pages[0].Result != Audited && pages[0].Reason == "" {
					t.Errorf("nothing is said of why it is %s", pages[0].Result)
				}
				if took := time.Duration(pages[0].Took) * time.Millisecond; took > budget+6*time.Second {
					t.Errorf("the page took %s", took)
				}
				if name == "rewritten builtins" && end.Rules["image-alt"] == 0 {
					t.Errorf("the page hid its barrier: %v", end.Rules)
				}
			})
		}
	})
	// What they did to the browser is over: the next site is audited as if nothing had been.
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { page(w, "<h1>Bonjour</h1><img src=x>") }))
	defer srv.Close()
	end, err := a.Audit(t.Context(), Job{Target: srv.URL, Whole: true}, func(Line) error { return nil })
	if err != nil || end.Result != Audited || end.Rules["image-alt"] == 0 {
		t.Errorf("afterwards: %+v %v", end, err)
	}
	if b, free, err := a.pool.get(context.Background()); err == nil {
		if n, err := b.Pages(); err != nil || n > 1 {
			t.Errorf("%d tabs are left, %v", n, err)
		}
		free()
	}
	a.Close()
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), fmt.Sprintf("sonde-chrome-%d-*", os.Getpid()))); len(left) > 0 {
		t.Errorf("profiles are left: %v", left)
	}
	for range 100 {
		if runtime.NumGoroutine() <= before+4 {
			return
		}
		time.Sleep(50 * time.Millisecond) // connections of the standard library end a moment later
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}
