// Package browser drives one headless Chrome for the website channel: a browser, a private context for each site, a tab
// in it. Everything that a page can do to the one who looks at it ends here: dialogs, pop-ups, downloads, crashes,
// endless loads. All traffic goes through a proxy that refuses what is not public.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/sonde-fleet/sonde/probes/web/proxy"
)

// UserAgentSuffix names us to the site, behind what Chrome says of itself.
const UserAgentSuffix = "Sonde/1 (+https://github.com/sonde-fleet/sonde)"

// ErrNoBrowser says that no Chrome is installed.
var ErrNoBrowser = errors.New("no Chrome was found; Try: apt-get install chromium-headless-shell, or set web.browser to its path")

// Options is how the browser is started.
type Options struct {
	Path          string        // of the executable; empty: the first of Candidates that is installed
	Width, Height int           // viewport in CSS pixels; 0: 1366 × 768
	MaxMemory     int64         // MiB of JavaScript heap of one page; 0: 512
	UserAgent     string        // suffix; empty: UserAgentSuffix
	Language      string        // Accept-Language; empty: "fr-FR,fr;q=0.9,en;q=0.5"
	StartTimeout  time.Duration // 0: 30 s
}

// Candidates are the executables that are looked for, the best first: the shell needs half the processor time.
var Candidates = []string{"chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser", "google-chrome"}

// Find returns the path of the browser.
func Find() (string, error) {
	for _, name := range Candidates {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNoBrowser
}

// Browser is a running Chrome. Its methods may be used by several goroutines.
type Browser struct {
	o       Options
	ctx     context.Context // chromedp's, of the browser's own first tab
	cancel  context.CancelFunc
	profile string
	deny    *proxy.Proxy
	Version string
	agent   string
}

// Start starts Chrome with an empty profile. Close ends it and removes the profile; it ends with our process too.
func Start(ctx context.Context, o Options) (*Browser, error) {
	if o.Path == "" {
		path, err := Find()
		if err != nil {
			return nil, err
		}
		o.Path = path
	}
	if o.Width == 0 {
		o.Width, o.Height = 1366, 768
	}
	if o.MaxMemory == 0 {
		o.MaxMemory = 512
	}
	if o.UserAgent == "" {
		o.UserAgent = UserAgentSuffix
	}
	if o.Language == "" {
		o.Language = "fr-FR,fr;q=0.9,en;q=0.5"
	}
	if o.StartTimeout == 0 {
		o.StartTimeout = 30 * time.Second
	}
	sweep(os.TempDir())
	profile, err := os.MkdirTemp("", fmt.Sprintf("%s%d-", profilePrefix, os.Getpid()))
	if err != nil {
		return nil, fmt.Errorf("make the browser's profile: %w", err)
	}
	b := &Browser{o: o, profile: profile}
	if b.deny, err = proxy.Start(ctx, proxy.Policy{Closed: true}); err != nil {
		b.clean()
		return nil, err
	}
	alloc, cancelAlloc := chromedp.NewExecAllocator(context.WithoutCancel(ctx), b.flags()...)
	b.ctx, b.cancel = chromedp.NewContext(alloc)
	stop := b.cancel
	b.cancel = func() { stop(); cancelAlloc() }
	// The first call owns the browser's life: no timeout on its context, so that a slow start is watched from outside.
	started := make(chan error, 1)
	go func() { started <- chromedp.Do(b.ctx) }()
	timer := time.NewTimer(o.StartTimeout)
	defer timer.Stop()
	select {
	case err = <-started:
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-timer.C:
		err = fmt.Errorf("not ready after %s", o.StartTimeout)
	}
	if err == nil {
		yield(b.PID()) // pages take what the measuring of instants leaves
		err = b.introduce(ctx)
	}
	if err != nil {
		b.Close()
		return nil, fmt.Errorf("start %s: %w", o.Path, err)
	}
	return b, nil
}

// introduce asks the browser who it is and forbids downloads.
func (b *Browser) introduce(ctx context.Context) error {
	v, err := chromedp.CallBrowser(b.ctx, cdpbrowser.GetVersion, cdp.Empty{})
	if err != nil {
		return err
	}
	b.Version = v.Product
	b.agent = strings.ReplaceAll(v.UserAgent, "HeadlessChrome", "Chrome") + " " + b.o.UserAgent
	return chromedp.FromContext(b.ctx).Browser.Call(ctx, "Browser.setDownloadBehavior", map[string]any{"behavior": "deny"}, nil)
}

func (b *Browser) flags() []chromedp.ExecAllocatorOption {
	o := append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...)
	flag := func(name string, value any) { o = append(o, chromedp.Flag(name, value)) }
	o = append(o, chromedp.ExecPath(b.o.Path), chromedp.UserDataDir(b.profile), chromedp.WindowSize(b.o.Width, b.o.Height),
		chromedp.NoInheritEnv, chromedp.Env("HOME="+b.profile, "PATH="+os.Getenv("PATH"), "LANG=C.UTF-8"), // our secrets stay with us
		chromedp.ModifyCmdFunc(func(cmd *exec.Cmd) { cmd.SysProcAttr = group() }))
	flag("remote-debugging-pipe", true) // no port that somebody else on this machine could take over
	flag("proxy-server", "http://"+b.deny.Addr())
	flag("proxy-bypass-list", "<-loopback>") // without it Chrome goes to loopback by itself
	flag("disable-quic", true)
	flag("force-webrtc-ip-handling-policy", "disable_non_proxied_udp")
	flag("webrtc-ip-handling-policy", "disable_non_proxied_udp")
	flag("disable-component-update", true)
	flag("disable-domain-reliability", true)
	flag("no-pings", true)
	flag("dns-prefetch-disable", true)
	flag("no-service-autorun", true)
	flag("hide-scrollbars", true)
	flag("mute-audio", true)
	// One process for all frames of a site: a context holds nothing that one of its frames could steal, and an axe that
	// must talk to frames in other processes sees less.
	flag("disable-site-isolation-trials", true)
	flag("disable-features", "Translate,IsolateOrigins,site-per-process,OptimizationHints,MediaRouter,DialMediaRouteProvider,"+
		"InterestFeedContentSuggestions,CertificateTransparencyComponentUpdater,AutofillServerCommunication,NetworkTimeServiceQuerying")
	flag("js-flags", fmt.Sprintf("--max-old-space-size=%d", b.o.MaxMemory))
	flag("autoplay-policy", "no-user-gesture-required") // a page that would play at once is caught playing
	flag("disable-popup-blocking", false)
	if os.Geteuid() == 0 {
		o = append(o, chromedp.NoSandbox) // root cannot use Chrome's sandbox; an agent runs as another user
	}
	return o
}

// PID is the process of the browser.
func (b *Browser) PID() int {
	if p := chromedp.FromContext(b.ctx).Browser.Process(); p != nil {
		return p.Pid
	}
	return 0
}

// Agent is the User-Agent that sites see.
func (b *Browser) Agent() string { return b.agent }

// Close ends the browser, waits for it and removes its profile.
func (b *Browser) Close() error {
	ctx, cancel := context.WithTimeout(b.ctx, 10*time.Second)
	err := chromedp.Cancel(ctx)
	cancel()
	b.cancel()
	b.clean()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// profilePrefix begins the name of every profile folder; the process follows.
const profilePrefix = "sonde-chrome-"

// sweep removes the profiles of processes that were killed before they could.
func sweep(dir string) {
	left, _ := filepath.Glob(filepath.Join(dir, profilePrefix+"*"))
	for _, name := range left {
		number, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(name), profilePrefix), "-")
		pid, err := strconv.Atoi(number)
		if err != nil {
			continue
		}
		if p, err := os.FindProcess(pid); err == nil && !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone) {
			continue // alive, or somebody else's
		}
		_ = os.RemoveAll(name)
	}
}

func (b *Browser) clean() {
	if b.deny != nil {
		_ = b.deny.Close()
	}
	for range 20 { // Chrome's last children still write while they die
		if os.RemoveAll(b.profile) == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Pages counts the open tabs of the whole browser: a test that nothing is left behind.
func (b *Browser) Pages() (int, error) {
	list, err := chromedp.CallBrowser(b.ctx, target.GetTargets, target.GetTargetsParams{})
	if err != nil {
		return 0, err
	}
	n := 0
	for _, t := range list.TargetInfos {
		if t.Type == "page" {
			n++
		}
	}
	return n, nil
}

// Tabs is how many tabs at once this machine is worth: more than its processors gain nothing.
func Tabs() int { return runtime.NumCPU() }

// Alive says whether the browser's process still runs.
func (b *Browser) Alive() bool {
	select {
	case <-chromedp.FromContext(b.ctx).Browser.LostConnection:
		return false
	default:
		return b.ctx.Err() == nil
	}
}
