package browser

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// documents makes Chrome ask before it loads a document; everything makes it ask before every request.
var (
	documents  = []*fetch.RequestPattern{{URLPattern: "*", ResourceType: network.ResourceTypeDocument, RequestStage: fetch.RequestStageRequest}}
	everything = []*fetch.RequestPattern{{URLPattern: "*", RequestStage: fetch.RequestStageRequest}}
)

// maxNotes bounds lists that a page can make grow: dialogs, pop-ups, leads.
const maxNotes = 50

// event sees everything that the tab does, in order. It must neither wait nor call the browser: jobs do that.
func (t *Tab) event(ev any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.now
	switch e := ev.(type) {
	case *page.EventJavascriptDialogOpening:
		n.load.Dialogs = note(n.load.Dialogs, Dialog{string(e.Type), clip(e.Message)})
		// A page is left, a question is answered with no: nothing is agreed to.
		yes := e.Type == page.DialogTypeBeforeunload || e.Type == page.DialogTypeAlert
		t.later(func() {
			_, _ = cdp.Call(t.ctx, t.t, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: yes})
		})
	case *fetch.EventRequestPaused:
		t.paused(n, e)
	case *inspector.EventTargetCrashed:
		t.crash()
	case *target.EventTargetCrashed:
		if e.TargetID == t.t.TargetID {
			t.crash()
		}
	case *target.EventTargetCreated:
		if i := e.TargetInfo; i.OpenerID == t.t.TargetID && i.Type == "page" {
			id := i.TargetID
			t.later(func() {
				_, _ = chromedp.CallBrowser(t.site.b.ctx, target.CloseTarget, target.CloseTargetParams{TargetID: id})
			})
		}
	case *page.EventWindowOpen:
		n.load.Popups = note(n.load.Popups, clip(e.URL))
	case *page.EventFrameNavigated:
		if e.Frame.ParentID == "" && e.Frame.LoaderID != n.loader {
			n.loader = e.Frame.LoaderID
			n.load.URL = e.Frame.URL + e.Frame.URLFragment
		}
		delete(t.world, e.Frame.ID)
		if e.Frame.ParentID == "" {
			t.world, t.have = nil, nil
		}
	case *page.EventNavigatedWithinDocument:
		if e.FrameID == cdp.FrameID(t.t.TargetID) {
			n.load.URL = e.URL
		}
	case *page.EventLifecycleEvent:
		if e.FrameID == cdp.FrameID(t.t.TargetID) && e.LoaderID == n.loader && n.loader != "" {
			switch {
			case e.Name == "DOMContentLoaded" && !n.domDone && n.dom != nil:
				n.domDone = true
				close(n.dom)
			case e.Name == "load" && !n.allDone && n.all != nil:
				n.allDone = true
				close(n.all)
			}
		}
	default:
		t.traffic(n, ev)
	}
}

func (t *Tab) crash() {
	select {
	case <-t.crashed:
	default:
		close(t.crashed)
	}
}

// paused decides on a request that Chrome has stopped for us. The first document of a load goes through; where the page
// wants to go afterwards by itself is noted and refused, so that it stands still while it is looked at. While the tab is
// held, nothing that could change anything on the server leaves.
func (t *Tab) paused(n *loading, e *fetch.EventRequestPaused) {
	document := e.ResourceType == network.ResourceTypeDocument
	main := document && e.FrameID == cdp.FrameID(t.t.TargetID)
	pass := true
	switch {
	case n.once != nil && main && n.once.document == "":
		t.keep(n.once, e)
		return
	case n.once != nil && !n.once.may(main, e):
		pass = false
	case main && (t.held || n.arrived):
		n.load.Leads = note(n.load.Leads, clip(e.Request.URL+e.Request.URLFragment))
		pass = false
	case t.held:
		pass = !document && (e.Request.Method == http.MethodGet || e.Request.Method == http.MethodHead) &&
			e.ResourceType != network.ResourceTypePing && e.ResourceType != network.ResourceTypeXHR && e.ResourceType != network.ResourceTypeFetch
	}
	t.decide(e, pass)
}

func (t *Tab) decide(e *fetch.EventRequestPaused, pass bool) {
	t.later(func() {
		if pass {
			_, _ = cdp.Call(t.ctx, t.t, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: e.RequestID})
		} else {
			_, _ = cdp.Call(t.ctx, t.t, fetch.FailRequest, fetch.FailRequestParams{RequestID: e.RequestID, ErrorReason: network.ErrorReasonAborted})
		}
	})
}

// Hold keeps the page where it is, until the next Load: no document is loaded, in no frame, and nothing is sent, so that
// controls can be tried without a word to the service.
func (t *Tab) Hold(ctx context.Context) error {
	t.mu.Lock()
	held := t.held
	t.held = true
	t.mu.Unlock()
	if held {
		return nil
	}
	_, err := Call(ctx, t, fetch.Enable, fetch.EnableParams{Patterns: everything})
	return err
}

// release lets the tab load again.
func (t *Tab) release(ctx context.Context) error {
	t.mu.Lock()
	held := t.held
	t.held = false
	t.mu.Unlock()
	if !held {
		return nil
	}
	_, err := Call(ctx, t, fetch.Enable, fetch.EnableParams{Patterns: documents})
	return err
}

// traffic keeps the page's log.
func (t *Tab) traffic(n *loading, ev any) {
	if n.requests == nil {
		return
	}
	switch e := ev.(type) {
	case *network.EventRequestWillBeSent:
		n.last = time.Now()
		if n.epoch == 0 {
			n.epoch, n.wall = e.Timestamp.Float64(), time.Unix(0, int64(e.WallTime.Float64()*1e6)*1000)
		}
		main := e.Type == network.ResourceTypeDocument && e.FrameID == cdp.FrameID(t.t.TargetID) && string(e.RequestID) == string(e.LoaderID)
		if i, again := n.requests[e.RequestID]; again && e.RedirectResponse != nil {
			n.load.Requests[i].Status = int(e.RedirectResponse.Status)
			n.reply(&n.load.Requests[i], e.Timestamp)
			if n.load.Requests[i].Main {
				n.load.Redirects = note(n.load.Redirects, clip(e.Request.URL))
			}
		}
		if len(n.load.Requests) >= maxRequests || strings.HasPrefix(e.Request.URL, "data:") {
			return
		}
		if main && n.main == "" {
			n.main = e.RequestID
		}
		n.requests[e.RequestID] = len(n.load.Requests)
		n.inflight[e.RequestID] = struct{}{}
		n.load.Requests = append(n.load.Requests, Request{URL: clip(e.Request.URL), Method: e.Request.Method, Type: string(e.Type),
			From: seconds(e.Timestamp.Float64() - n.epoch), Main: main})
	case *network.EventRequestServedFromCache:
		n.change(e.RequestID, func(r *Request) { r.Cached = true })
	case *network.EventResponseReceived:
		n.last = time.Now()
		n.change(e.RequestID, func(r *Request) {
			r.Status, r.MIME = int(e.Response.Status), e.Response.MimeType
			n.reply(r, e.Timestamp)
		})
		if e.RequestID == n.main {
			n.arrived, n.at = true, n.last
			n.answered(e.Response)
		}
	case *network.EventDataReceived:
		n.last = time.Now()
	case *network.EventLoadingFinished:
		n.end(e.RequestID, e.Timestamp, func(r *Request) { r.Bytes = int64(e.EncodedDataLength) })
	case *network.EventLoadingFailed:
		n.end(e.RequestID, e.Timestamp, func(r *Request) { r.Failed = e.ErrorText })
	}
}

// reply notes when the answer to what was sent came, by Chrome's own clock: ours would add the time until we are told.
func (n *loading) reply(r *Request, at cdp.MonotonicTime) {
	if !asks(r.Method) && n.replied.IsZero() {
		n.replied = n.wall.Add(seconds(at.Float64() - n.epoch)).UTC()
	}
}

func (n *loading) change(id network.RequestID, f func(*Request)) {
	if i, ok := n.requests[id]; ok {
		f(&n.load.Requests[i])
	}
}

func (n *loading) end(id network.RequestID, at cdp.MonotonicTime, f func(*Request)) {
	n.last = time.Now()
	delete(n.inflight, id)
	n.change(id, func(r *Request) {
		r.Took = seconds(at.Float64()-n.epoch) - r.From
		f(r)
	})
}

// answered keeps what the server said of the document.
func (n *loading) answered(r *network.Response) {
	l := &n.load
	l.URL, l.Status, l.MIME, l.Address, l.Protocol, l.TLS = r.URL, int(r.Status), r.MimeType, r.RemoteIPAddress, r.Protocol, r.SecurityDetails
	l.Header = http.Header{}
	for name, raw := range r.Headers {
		for line := range strings.SplitSeq(fmt.Sprint(raw), "\n") { // Chrome joins what was sent twice
			l.Header.Add(name, line)
		}
	}
}

func seconds(f float64) time.Duration { return time.Duration(f * float64(time.Second)) }

func note[T any](list []T, x T) []T {
	if len(list) >= maxNotes {
		return list
	}
	return append(list, x)
}

// clip bounds what a stranger wrote.
func clip(s string) string { return s[:min(len(s), 4096)] }
