package integration

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/sonde-fleet/sonde/probes/web/browser"
)

// screen is a size in which the site is used.
type screen struct {
	name          string
	width, height int64
	phone         bool
}

var screens = []screen{{"desktop", 1280, 900, false}, {"phone", 360, 740, true}}

// person is somebody with a browser of their own.
type person struct {
	t    *testing.T
	ctx  context.Context
	base string
	lang string
	size screen
	mu   sync.Mutex
	said []string // errors on the browser's console
}

// chrome starts one browser for the whole test.
func chrome(t *testing.T) context.Context {
	t.Helper()
	path, err := browser.Find()
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("force-color-profile", "srgb"))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// newPerson opens a private window.
func newPerson(t *testing.T, chrome context.Context, base, lang string, size screen) *person {
	t.Helper()
	ctx, cancel := chromedp.NewContext(chrome, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	p := &person{t: t, ctx: ctx, base: base, lang: lang, size: size}
	p.do()
	if err := chromedp.Listen(ctx, func(e any) {
		switch e := e.(type) {
		case *runtime.EventExceptionThrown:
			p.hear(fmt.Sprint(e.ExceptionDetails.Text, " ", e.ExceptionDetails.Exception))
		case *runtime.EventConsoleAPICalled:
			if e.Type == "error" {
				p.hear(fmt.Sprint(e.Args))
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
			return err
		}
		if _, err := chromedp.Call(ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": lang}}); err != nil {
			return err
		}
		_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: size.width, Height: size.height, DeviceScaleFactor: 1, Mobile: size.phone})
		return err
	}))
	return p
}

// hear keeps what the console says; it comes from the browser's own goroutine.
func (p *person) hear(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said = append(p.said, text)
}

// do runs steps; a step that fails ends the test with the page as text.
func (p *person) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.fail(err)
	}
}

func (p *person) fail(err error) {
	p.t.Helper()
	text, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText.slice(0, 1500)`))
	p.t.Fatalf("%s, %s: %v at %s", p.lang, p.size.name, err, text)
}

// look returns what a script finds on the page.
func look[T any](p *person, script string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		p.fail(err)
	}
	return v
}

// until waits for a script to be true.
func (p *person) until(script string) {
	p.t.Helper()
	if _, err := chromedp.Run(p.ctx, chromedp.Poll[bool](script, chromedp.WithPollingTimeout(20*time.Second))); err != nil {
		p.fail(fmt.Errorf("%s: %w", script, err))
	}
}

// open goes to a path and waits until the page is there.
func (p *person) open(path string) {
	p.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = p.base + path
	}
	p.do(chromedp.Navigate(path), chromedp.WaitReady(chromedp.CSS("main")))
	p.check()
}

// press clicks what the selector names and waits for the page that follows.
func (p *person) press(selector string) {
	p.t.Helper()
	p.do(chromedp.WaitVisible(chromedp.CSS(selector)))
	p.leave(chromedp.Click(chromedp.CSS(selector)))
}

// leave runs a step that leads to another page, and waits for that one.
func (p *person) leave(step chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	look[bool](p, `document.documentElement.dataset.left = "no"; true`)
	p.do(step)
	for began := time.Now(); ; time.Sleep(30 * time.Millisecond) { // the script's world goes with the page
		there, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](`document.readyState === "complete" && document.documentElement.dataset.left !== "no"`))
		if err == nil && there {
			break
		}
		if time.Since(began) > 20*time.Second {
			p.fail(fmt.Errorf("no other page came: %w", err))
		}
	}
	p.check()
}

// fill writes into a field.
func (p *person) fill(selector, text string) {
	p.t.Helper()
	look[bool](p, fmt.Sprintf(`document.querySelector(%q).value = ""; true`, selector))
	p.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// text returns the words of what the selector names, "" when it is not there.
func (p *person) text(selector string) string {
	p.t.Helper()
	return look[string](p, fmt.Sprintf(`(document.querySelector(%q) || {innerText: ""}).innerText`, selector))
}

// count returns how many elements the selector names.
func (p *person) count(selector string) int {
	p.t.Helper()
	return look[int](p, fmt.Sprintf(`document.querySelectorAll(%q).length`, selector))
}

// check holds every page to what all of them promise: the language, no side scrolling on a phone, no fault on the console.
func (p *person) check() {
	p.t.Helper()
	found := look[struct {
		Lang, At   string
		Wide, Room int
	}](p, `({Lang: document.documentElement.lang, At: location.pathname, Wide: document.documentElement.scrollWidth, Room: document.documentElement.clientWidth})`)
	if found.Lang != p.lang {
		p.t.Errorf("%s is in %s, wanted %s", found.At, found.Lang, p.lang)
	}
	if found.Wide > found.Room {
		p.t.Errorf("%s on a %s: %d pixels wide in a window of %d", found.At, p.size.name, found.Wide, found.Room)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.said) > 0 {
		p.t.Errorf("%s: the console says %q", found.At, p.said)
		p.said = nil
	}
}

// tallest is how much of a page a picture shows.
const tallest = 1500

// picture saves the top of the page where -screenshots asks for it: the English desk, which the documentation shows.
func (p *person) picture(name string) {
	p.t.Helper()
	if *screenshots == "" || p.lang != "en" || p.size.phone {
		return
	}
	height := look[int](p, `document.documentElement.scrollHeight`)
	p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		shot, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: new(true),
			Clip: &page.Viewport{Width: float64(p.size.width), Height: float64(min(height, tallest)), Scale: 1}})
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(*screenshots, name+".png"), shot.Data, 0o644)
	}))
}
