package browser

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
)

// Limits of one load.
const (
	maxRequests = 5000                   // kept of one page's log
	maxWait     = 8 * time.Second        // from the document's end to the end of everything else
	quiet       = 500 * time.Millisecond // without traffic counts as the end of loading
	stall       = 3 * time.Second        // without traffic before the document's end: there will be no end
)

// Request is one line of a page's log: what the browser fetched, when and how much.
type Request struct {
	URL    string        `json:"url"`
	Method string        `json:"method"`
	Type   string        `json:"type"` // Document, Stylesheet, Image, Script, XHR…
	Status int           `json:"status,omitempty"`
	MIME   string        `json:"mime,omitempty"`
	From   time.Duration `json:"from_ns"` // since the load began
	Took   time.Duration `json:"took_ns,omitempty"`
	Bytes  int64         `json:"bytes"` // on the wire
	Cached bool          `json:"cached,omitempty"`
	Failed string        `json:"failed,omitempty"` // Chrome's name of the error
	Main   bool          `json:"-"`
}

// Dialog is a message that the page put before its reader.
type Dialog struct {
	Kind string `json:"kind"` // alert, confirm, prompt, beforeunload
	Text string `json:"text"`
}

// Timing is how fast the page was, from the start of the navigation (W3C Navigation Timing, Largest Contentful Paint,
// Layout Instability).
type Timing struct {
	TTFB             time.Duration `json:"ttfb_ns"`
	DOMContentLoaded time.Duration `json:"dom_content_loaded_ns"`
	Load             time.Duration `json:"load_ns,omitempty"` // 0: it never ended
	LCP              time.Duration `json:"lcp_ns,omitempty"`
	CLS              float64       `json:"cls"`
	Bytes            int64         `json:"bytes"`
	Requests         int           `json:"requests"`
}

// Load is what came of going to an address.
type Load struct {
	Asked      string
	URL        string // after redirects
	Redirects  []string
	Status     int
	MIME       string
	Header     http.Header
	Address    string // that answered; of the proxy for plain HTTP
	Protocol   string
	TLS        *network.SecurityDetails // nil for plain HTTP
	Source     []byte                   // the document as served, decoded to UTF-8
	Started    time.Time
	Timing     Timing
	Requests   []Request
	Dialogs    []Dialog
	Popups     []string // addresses of windows that it opened by itself
	Leads      []string // where the page wanted to go by itself (meta refresh, script); it was not let go
	Download   bool     // it was a file
	Incomplete bool     // still loading when the wait was over: audited as it stood
	Failed     string   // Chrome's name of the network error; empty: there is a document
}

// loading is a Load under way; the event loop writes, Load reads, both under the tab's lock.
type loading struct {
	load     Load
	began    time.Time
	epoch    float64   // Chrome's monotonic clock at the first request, seconds
	wall     time.Time // at the same instant
	replied  time.Time // when something that was sent, and not merely asked for, was answered
	loader   cdp.LoaderID
	main     network.RequestID
	requests map[network.RequestID]int
	inflight map[network.RequestID]struct{}
	last     time.Time // of the last traffic
	dom      chan struct{}
	all      chan struct{}
	domDone  bool
	allDone  bool
	arrived  bool      // the main document was allowed through
	at       time.Time // when it began to come
	once     *once     // of Follow: what may leave, and leaves once; nil otherwise
}

func newLoading(url string) *loading {
	n := &loading{began: time.Now(), requests: map[network.RequestID]int{}, inflight: map[network.RequestID]struct{}{},
		dom: make(chan struct{}), all: make(chan struct{})}
	n.load = Load{Asked: url, URL: url, Started: n.began.UTC()}
	return n
}

// Load goes to an address and waits for the page: the end of the document, and then of everything else, or until the
// line is quiet, at most 8 seconds. The caller's deadline is the page's budget. What is wrong with the page is in the
// Load; an error says that the page could not be had at all and that the tab may be of no more use.
func (t *Tab) Load(ctx context.Context, url string) (*Load, error) {
	n := newLoading(url)
	t.mu.Lock()
	t.now = n
	t.world, t.have = nil, nil
	t.mu.Unlock()
	if err := t.release(ctx); err != nil {
		return t.loaded(n), err
	}
	type answer struct {
		page.NavigateResult
		err error
	}
	nav := make(chan answer, 1)
	go func() {
		r, err := Call(ctx, t, page.Navigate, page.NavigateParams{URL: url})
		nav <- answer{r, err}
	}()
	select {
	case r := <-nav:
		if r.err != nil {
			return t.loaded(n), fmt.Errorf("go to %s: %w", url, r.err)
		}
		if r.ErrorText != "" || r.IsDownload {
			l := t.loaded(n)
			l.Download = r.IsDownload
			if l.Failed = r.ErrorText; l.Failed == "" {
				l.Failed = "net::ERR_ABORTED"
			}
			return l, nil
		}
	case <-t.crashed:
		return t.loaded(n), ErrCrashed
	}
	if err := t.settle(ctx, n); err != nil {
		return t.loaded(n), err
	}
	if err := t.finish(ctx, n); err != nil {
		return t.loaded(n), err
	}
	return t.loaded(n), nil
}

// settle waits until the page stands.
func (t *Tab) settle(ctx context.Context, n *loading) error {
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for waiting := true; waiting; {
		select {
		case <-n.dom:
			waiting = false
		case <-t.crashed:
			return ErrCrashed
		case <-ctx.Done():
			return fmt.Errorf("wait for the document: %w", context.Cause(ctx))
		case now := <-look.C:
			// A page that goes on by itself while it is read, or whose script never comes, has no end: what is there is taken.
			t.mu.Lock()
			stuck := n.arrived && (now.Sub(n.last) > stall || now.Sub(n.at) > maxWait)
			if stuck {
				n.domDone, n.load.Incomplete = true, true
			}
			t.mu.Unlock()
			if stuck {
				return nil
			}
		}
	}
	end := time.NewTimer(maxWait)
	defer end.Stop()
	for {
		select {
		case <-n.all:
			return nil
		case <-t.crashed:
			return ErrCrashed
		case <-ctx.Done():
			t.incomplete(n)
			return nil
		case <-end.C:
			t.incomplete(n)
			return nil
		case now := <-look.C:
			t.mu.Lock()
			still := now.Sub(n.last) > quiet && len(n.inflight) > 0
			t.mu.Unlock()
			if still { // something hangs: an image that never ends
				t.incomplete(n)
				return nil
			}
		}
	}
}

func (t *Tab) incomplete(n *loading) {
	t.mu.Lock()
	n.load.Incomplete = true
	t.mu.Unlock()
}

// Settle waits, at most so long, until nothing is fetched and the document has stopped growing: what a page builds by
// script after it has loaded.
func (t *Tab) Settle(ctx context.Context, most time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	const grown = `new Promise(done => { let n = 0; const m = new MutationObserver(l => n += l.length);
		m.observe(document, {subtree: true, childList: true, characterData: true});
		setTimeout(() => { m.disconnect(); done(n) }, 120) })`
	for {
		n, err := Eval[int](ctx, t, grown)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return nil
		case err != nil:
			return err
		}
		t.mu.Lock()
		open := len(t.now.inflight)
		if t.now.load.Incomplete {
			open = 0
		}
		t.mu.Unlock()
		if n == 0 && open == 0 {
			return nil
		}
	}
}

// MaxSource is how much of a document is kept as served, in octets.
const MaxSource = 20 << 20

// finish reads what only a page that stands can say: its timings and its bytes as served.
func (t *Tab) finish(ctx context.Context, n *loading) error {
	if err := t.measure(ctx, n); err != nil {
		return err
	}
	t.mu.Lock()
	main := n.main
	t.mu.Unlock()
	if main == "" {
		return nil
	}
	body, err := Call(ctx, t, network.GetResponseBody, network.GetResponseBodyParams{RequestID: main})
	if err == nil && !body.Base64encoded {
		t.mu.Lock()
		n.load.Source = []byte(body.Body[:min(len(body.Body), MaxSource)])
		t.mu.Unlock()
	}
	return ctx.Err() // a body that Chrome no longer has is not a failure of the page
}

// Measure reads the timings again: the largest paint and the shifts of the layout come after the load.
func (t *Tab) Measure(ctx context.Context) (Timing, error) {
	t.mu.Lock()
	n := t.now
	t.mu.Unlock()
	err := t.measure(ctx, n)
	return t.loaded(n).Timing, err
}

func (t *Tab) measure(ctx context.Context, n *loading) error {
	type entry struct{ TTFB, DCL, Load, LCP, CLS float64 }
	e, err := Eval[entry](ctx, t, `(() => { const n = performance.getEntriesByType("navigation")[0] || {};
		const r = {TTFB: n.responseStart || 0, DCL: n.domContentLoadedEventEnd || 0, Load: n.loadEventEnd || 0, LCP: 0, CLS: 0};
		const take = (type, f) => { try { const o = new PerformanceObserver(() => {}); o.observe({type, buffered: true}); o.takeRecords().forEach(f); o.disconnect() } catch (e) {} };
		take("largest-contentful-paint", x => r.LCP = Math.max(r.LCP, x.startTime));
		take("layout-shift", x => { if (!x.hadRecentInput) r.CLS += x.value });
		return r })()`)
	if err != nil {
		return fmt.Errorf("read the timings: %w", err)
	}
	ms := func(f float64) time.Duration { return time.Duration(f * float64(time.Millisecond)) }
	t.mu.Lock()
	defer t.mu.Unlock()
	n.load.Timing = Timing{TTFB: ms(e.TTFB), DOMContentLoaded: ms(e.DCL), Load: ms(e.Load), LCP: ms(e.LCP), CLS: e.CLS}
	return nil
}

// loaded copies the load as it stands.
func (t *Tab) loaded(n *loading) *Load {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := n.load
	l.Requests = append([]Request(nil), n.load.Requests...)
	l.Timing.Requests, l.Timing.Bytes = len(l.Requests), 0
	for _, r := range l.Requests {
		l.Timing.Bytes += r.Bytes
	}
	if l.Failed == "" && !n.domDone {
		l.Failed = "no document"
	}
	return &l
}

// Current is the log of the present page up to now: what later scripts fetched is in it too.
func (t *Tab) Current() *Load {
	t.mu.Lock()
	n := t.now
	t.mu.Unlock()
	return t.loaded(n)
}

// HTML says whether the page is one that can be audited.
func (l *Load) HTML() bool {
	return l.Failed == "" && (strings.Contains(l.MIME, "html") || l.MIME == "image/svg+xml" || strings.HasSuffix(l.MIME, "xml"))
}
