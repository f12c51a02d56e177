package browser

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/chromedp/cdproto/animation"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/css"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/sonde-fleet/sonde/probes/web/proxy"
)

// ErrCrashed says that the page's process is gone: the tab is of no more use.
var ErrCrashed = errors.New("the page crashed")

// Site is a private context of the browser: cookies, cache and proxy of one site, shared with no other.
type Site struct {
	b     *Browser
	id    cdp.BrowserContextID
	Proxy *proxy.Proxy
}

// Site makes a context whose traffic goes through a proxy of its own with this policy.
func (b *Browser) Site(ctx context.Context, policy proxy.Policy) (*Site, error) {
	p, err := proxy.Start(ctx, policy)
	if err != nil {
		return nil, err
	}
	made, err := chromedp.CallBrowser(b.ctx, target.CreateBrowserContext, target.CreateBrowserContextParams{
		DisposeOnDetach: ptr(true), ProxyServer: "http://" + p.Addr(), ProxyBypassList: "<-loopback>"})
	if err != nil {
		p.Close()
		return nil, fmt.Errorf("make a browser context: %w", err)
	}
	return &Site{b: b, id: made.BrowserContextID, Proxy: p}, nil
}

// Close disposes of the context with every tab and pop-up in it.
func (s *Site) Close() error {
	ctx, cancel := context.WithTimeout(s.b.ctx, 10*time.Second)
	defer cancel()
	_, err := chromedp.CallBrowser(ctx, target.DisposeBrowserContext, target.DisposeBrowserContextParams{BrowserContextID: s.id})
	return errors.Join(err, s.Proxy.Close())
}

// Tab is one page of a site. It is for one goroutine.
type Tab struct {
	site    *Site
	ctx     context.Context // chromedp's
	cancel  context.CancelFunc
	t       *chromedp.Target
	crashed chan struct{}
	jobs    chan func() // answers that must not be given from inside chromedp's event loop
	workers sync.WaitGroup

	mu    sync.Mutex
	now   *loading // what is being loaded or was loaded last
	held  bool     // no document may be loaded, nothing may be sent
	world map[cdp.FrameID]runtime.ExecutionContextID
	have  map[string]bool // scripts that the main frame's world has
}

// Tab opens a tab.
func (s *Site) Tab(ctx context.Context) (*Tab, error) {
	t := &Tab{site: s, crashed: make(chan struct{}), jobs: make(chan func(), 256), now: &loading{}}
	t.ctx, t.cancel = chromedp.NewContext(s.b.ctx, chromedp.WithExistingBrowserContext(s.id), chromedp.WithNewWindow(false))
	opened := make(chan error, 1)
	go func() { opened <- chromedp.Do(t.ctx) }()
	select {
	case err := <-opened:
		if err != nil {
			t.cancel()
			return nil, fmt.Errorf("open a tab: %w", err)
		}
	case <-ctx.Done():
		t.cancel()
		return nil, fmt.Errorf("open a tab: %w", context.Cause(ctx))
	}
	t.t = chromedp.FromContext(t.ctx).Target
	for range 2 {
		t.workers.Go(func() {
			for {
				select {
				case job := <-t.jobs:
					job()
				case <-t.ctx.Done():
					return
				}
			}
		})
	}
	if err := t.prepare(ctx); err != nil {
		t.Close()
		return nil, fmt.Errorf("open a tab: %w", err)
	}
	return t, nil
}

func (t *Tab) prepare(ctx context.Context) error {
	if err := chromedp.Listen(t.ctx, t.event); err != nil {
		return err
	}
	for _, step := range []struct {
		method string
		params any
	}{
		{dom.Disable.Method, nil}, {css.Disable.Method, nil}, {cdplog.Disable.Method, nil}, // they cost time on every page
		{page.Enable.Method, nil},
		{emulation.SetUserAgentOverride.Method, emulation.SetUserAgentOverrideParams{UserAgent: t.site.b.agent, AcceptLanguage: t.site.b.o.Language}},
		{emulation.SetFocusEmulationEnabled.Method, emulation.SetFocusEmulationEnabledParams{Enabled: true}},
		{fetch.Enable.Method, fetch.EnableParams{Patterns: documents}},
	} {
		if err := t.t.Call(ctx, step.method, step.params, nil); err != nil {
			return fmt.Errorf("%s: %w", step.method, err)
		}
	}
	return t.Viewport(ctx, t.site.b.o.Width, t.site.b.o.Height, false)
}

// Close closes the tab and waits for its helpers.
func (t *Tab) Close() {
	ctx, cancel := context.WithTimeout(t.ctx, 5*time.Second)
	_ = chromedp.Cancel(ctx) // a tab that does not close goes with its context
	cancel()
	t.cancel()
	t.workers.Wait()
}

// Dead says whether the page's process crashed; such a tab is closed and another one opened.
func (t *Tab) Dead() bool {
	select {
	case <-t.crashed:
		return true
	default:
		return t.ctx.Err() != nil
	}
}

// Call runs a protocol command on the tab. It ends with ctx, and with ErrCrashed when the page dies meanwhile: Chrome
// leaves such a call without an answer.
func Call[P, R any](ctx context.Context, t *Tab, c cdp.Command[P, R], params P) (R, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-t.crashed:
			cancel(ErrCrashed)
		case <-stop:
		}
	}()
	r, err := cdp.Call(ctx, t.t, c, params)
	if err != nil && context.Cause(ctx) != nil {
		err = context.Cause(ctx)
	}
	return r, err
}

// later runs a job outside chromedp's event loop; one that finds the queue full is dropped, and its caller's deadline
// then ends what waited for it.
func (t *Tab) later(job func()) {
	select {
	case t.jobs <- job:
	default:
	}
}

// Viewport sets the size of the window in CSS pixels; mobile also makes the page believe in a telephone.
func (t *Tab) Viewport(ctx context.Context, width, height int, mobile bool) error {
	_, err := Call(ctx, t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: int64(width), Height: int64(height),
		DeviceScaleFactor: 1, Mobile: mobile})
	return err
}

// haste is how many times faster than written the styles' animations run.
const haste = 20

// Hasten makes the page's animations and transitions end at once, so that what fades in is judged as it will stand and a
// trial need not wait. The page's scripts are told of their ends as ever.
func (t *Tab) Hasten(ctx context.Context) error {
	if _, err := Call(ctx, t, animation.Enable, cdp.Empty{}); err != nil {
		return err
	}
	_, err := Call(ctx, t, animation.SetPlaybackRate, animation.SetPlaybackRateParams{PlaybackRate: haste})
	return err
}

// Size is the viewport that a tab begins with.
func (t *Tab) Size() (width, height int) { return t.site.b.o.Width, t.site.b.o.Height }

func ptr[T any](v T) *T { return &v }

// Answers says whether the page's thread is free: one that computes without end never answers again.
func (t *Tab) Answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_, err := Call(ctx, t, runtime.Evaluate, runtime.EvaluateParams{Expression: "0"})
	return err == nil
}
