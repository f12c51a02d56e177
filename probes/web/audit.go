package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/web/browser"
	"github.com/sonde-fleet/sonde/probes/web/check"
	"github.com/sonde-fleet/sonde/probes/web/finding"
	"github.com/sonde-fleet/sonde/probes/web/interact"
	"github.com/sonde-fleet/sonde/probes/web/item"
	"github.com/sonde-fleet/sonde/probes/web/proxy"
	"github.com/sonde-fleet/sonde/probes/web/sample"
	"github.com/sonde-fleet/sonde/probes/web/source"
	"github.com/sonde-fleet/sonde/schedule/calendar"
)

// Options is how sites are audited.
type Options struct {
	Browser    browser.Options
	Allow      []proxy.Exception // addresses that are not public and may be visited all the same
	Pages      int               // of one site at most; 0: 20
	Pause      time.Duration     // between two documents of one host; 0: 1 s
	PageBudget time.Duration     // of one page, everything included; 0: 60 s
	SiteBudget time.Duration     // of one site; 0: 20 min
	Seed       string            // of the campaign; with the structure it makes the random part of a sample
	Evidence   bool              // keep pictures, logs and documents
	// Known is what the directory says of a structure, to be compared with what its site says; nil: nothing.
	Known func(probes.StructureID) item.Known
	// Window is when sites are visited: at night they serve fewer people, and are slowed down less. The zero value: at any time.
	Window   calendar.Window
	Check    time.Duration // between two looks whether a visited site still answers; 0: none
	Archive  Archive       // of the sites that were visited; nil: they are not looked at again
	Injected bool          // axe-core alone, without our own checks: to compare speed with others
	Log      *slog.Logger  // nil: slog's default
}

// Auditor audits sites with a browser that it keeps.
type Auditor struct {
	o    Options
	pool pool
}

// NewAuditor fills in the defaults. It starts nothing: the first audit does.
func NewAuditor(o Options) *Auditor {
	o.Pages = cmp.Or(o.Pages, 20)
	o.Pause = cmp.Or(o.Pause, time.Second)
	o.PageBudget = cmp.Or(o.PageBudget, time.Minute)
	o.SiteBudget = cmp.Or(o.SiteBudget, 20*time.Minute)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Auditor{o: o, pool: pool{o: o.Browser, slots: make(chan struct{}, browser.Tabs())}}
}

// Close ends the browser.
func (a *Auditor) Close() { a.pool.close() }

// session is one audit of one site.
type session struct {
	o        Options
	log      *slog.Logger
	site     *browser.Site
	tab      *browser.Tab
	client   *http.Client
	manners  *manners
	frontier *sample.Frontier
	steps    []step
	visits   []*visit
	number   int // of the page under way
	end      SiteEnd
	criteria map[string]*breach // by criterion: "RGAA4.1:3.2"
	report   func(Line, *visit) error
	close    func()
}

// Job is one site to audit.
type Job struct {
	Target string     // URL, or a host name
	Whole  bool       // the sample; otherwise the target's page alone
	Seed   string     // of the random part of the sample; empty: the address
	Known  item.Known // what the directory says of the body: compared with what the site says
}

// Audit visits a site and reports its results as they come. An error means that the fault was ours; what is wrong with the
// site is in the lines.
func (a *Auditor) Audit(ctx context.Context, job Job, report func(Line) error) (*SiteEnd, error) {
	return a.audit(ctx, job, func(l Line, _ *visit) error { return report(l) })
}

func (a *Auditor) audit(ctx context.Context, job Job, report func(Line, *visit) error) (*SiteEnd, error) {
	began := time.Now()
	home, err := address(job.Target)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, a.o.SiteBudget)
	defer cancel()
	s, err := a.open(ctx, home, report)
	if err != nil {
		return nil, err
	}
	defer s.close()
	if err := s.crawl(ctx, home, job); err != nil {
		return nil, err
	}
	if err := s.together(); err != nil {
		return nil, err
	}
	if err := s.items(ctx, job); err != nil {
		return nil, err
	}
	s.end.Took = time.Since(began).Milliseconds()
	s.end.Bytes = s.site.Proxy.Total()
	for _, x := range s.site.Proxy.Log() {
		if x.Refused != "" && strings.Contains(x.Refused, proxy.ErrRefused.Error()) && len(s.end.Refused) < 50 && !slices.Contains(s.end.Refused, x.Host) {
			s.end.Refused = append(s.end.Refused, x.Host)
		}
	}
	return &s.end, report(&s.end, nil)
}

// open begins a session: a slot in the browser, a context with a proxy, a client of our own behind the same proxy.
func (a *Auditor) open(ctx context.Context, home *url.URL, report func(Line, *visit) error) (*session, error) {
	b, free, err := a.pool.get(ctx)
	if err != nil {
		return nil, err
	}
	site, err := b.Site(ctx, proxy.Policy{Allow: a.o.Allow})
	if err != nil {
		free()
		return nil, err
	}
	s := &session{o: a.o, log: a.o.Log, criteria: map[string]*breach{}, site: site, report: report, steps: steps(a.o),
		end: SiteEnd{Type: "site", Site: home.String(), At: time.Now().UTC(), Pages: map[Result]int{}, Rules: map[string]int{}, Criteria: map[string]int{}}}
	transport := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: site.Proxy.Addr()}), TLSHandshakeTimeout: 15 * time.Second}
	s.client = &http.Client{Transport: transport}
	s.manners = &manners{client: s.client, agent: b.Agent(), pause: a.o.Pause, hosts: map[string]*host{}}
	s.close = func() {
		s.closeTab()
		transport.CloseIdleConnections()
		if err := site.Close(); err != nil {
			s.log.Debug("a browser context did not close", "error", err)
		}
		a.pool.count(len(s.visits))
		free()
	}
	return s, nil
}

// address reads a target: a URL, or a host name.
func address(target string) (*url.URL, error) {
	if !strings.Contains(target, "://") {
		target = "https://" + target
	}
	u, err := url.Parse(target)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("%q is not the address of a website; Try: https://www.example.org/", target)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
}

func steps(o Options) []step {
	all := []step{{name: "axe-core", run: (*session).axe}}
	if o.Injected {
		return all
	}
	return append(all,
		step{name: "page", run: func(s *session, ctx context.Context, v *visit) ([]finding.Finding, error) {
			found, err := check.Page(ctx, s.tab, v.load)
			return append(served(v.load), found...), err
		}},
		step{name: "moving pictures", run: func(s *session, ctx context.Context, v *visit) ([]finding.Finding, error) {
			return interact.Moving(ctx, s.tab, v.load)
		}},
		step{name: "contrast", run: func(s *session, ctx context.Context, v *visit) (_ []finding.Finding, err error) {
			v.findings, err = interact.Contrast(ctx, s.tab, v.findings)
			return nil, err
		}},
		step{name: "keyboard, mouse and window", held: true, run: func(s *session, ctx context.Context, v *visit) ([]finding.Finding, error) {
			return interact.Page(ctx, s.tab, v.load)
		}})
}

// served looks at the page's markup as it came. Pages served as XML have other rules, and the browser itself tells their faults.
func served(l *browser.Load) []finding.Finding {
	if !strings.HasPrefix(l.MIME, "text/html") {
		return nil
	}
	return source.Check(l.URL, l.Source, !l.Incomplete && len(l.Source) < browser.MaxSource)
}

// crawl visits the home page and then what the sample picks.
func (s *session) crawl(ctx context.Context, home *url.URL, job Job) error {
	first, err := s.next(ctx, sample.Pick{URL: home.String(), Why: sample.Home})
	if err != nil {
		return err
	}
	for range 3 { // a page that goes on by itself at once is a redirect by other means
		if first.line.Result != Audited || len(first.line.Leads) == 0 || len(first.seen.Text) > 200 || !job.Whole {
			break
		}
		led, err := s.next(ctx, sample.Pick{URL: first.line.Leads[0], Why: sample.Home})
		if err != nil {
			return err
		}
		if led.line.Result != Audited {
			break // it led nowhere: the first page is the site's
		}
		first = led
	}
	s.end.Site, s.end.Result, s.end.Reason = first.line.Page, first.line.Result, first.line.Reason
	if !job.Whole || (first.line.Result != Audited && first.line.Result != Partial) {
		return nil
	}
	s.frontier = sample.New(first.line.Page, cmp.Or(job.Seed, first.line.Page), s.o.Pages)
	s.frontier.Add(0, first.seen.Links)
	blockedInARow := 0
	for {
		pick, more := s.frontier.Next()
		if !more || ctx.Err() != nil {
			break
		}
		v, err := s.next(ctx, pick)
		if err != nil {
			return err
		}
		s.frontier.Visited(v.line.Page)
		s.frontier.Add(pick.Depth, v.seen.Links)
		if v.line.Result == Blocked && !strings.HasPrefix(v.line.Reason, "robots.txt") {
			if blockedInARow++; blockedInARow == 3 { // we have been noticed and are not wanted
				s.end.Result, s.end.Reason = Blocked, v.line.Reason
				break
			}
		} else {
			blockedInARow = 0
		}
	}
	if ctx.Err() != nil {
		s.end.Result, s.end.Reason = Partial, fmt.Sprintf("the site's budget of %s was over", s.o.SiteBudget)
	}
	s.end.Known = s.frontier.Known()
	return nil
}

// next visits one page politely and reports it.
func (s *session) next(ctx context.Context, pick sample.Pick) (*visit, error) {
	s.number++
	u, err := url.Parse(pick.URL)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", pick.URL, err)
	}
	v := &visit{pick: pick, load: &browser.Load{}, line: Page{Type: "page", Page: pick.URL, Why: string(pick.Why), Depth: pick.Depth, At: time.Now().UTC()}}
	if may, why := s.manners.may(ctx, u); !may {
		v.line.Result, v.line.Reason = Blocked, why
		return v, s.tell(v)
	}
	for attempt := range 2 {
		if err := s.manners.wait(ctx, u); err != nil {
			return v, s.over(ctx, err)
		}
		if v, err = s.visitPage(ctx, pick); err != nil {
			return v, s.over(ctx, err)
		}
		if st := v.line.Status; attempt == 0 && (st == http.StatusTooManyRequests || st == http.StatusServiceUnavailable) {
			if d, asked := retryAfter(v.load.Header, time.Now()); asked && d <= 2*time.Minute {
				s.manners.later(ctx, u, d)
				continue
			}
		}
		break
	}
	return v, s.tell(v)
}

// over tells the end of the site's budget, which is no fault, from a fault of ours.
func (s *session) over(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return nil
	}
	return err
}

// tell reports a page and what was found on it.
func (s *session) tell(v *visit) error {
	s.visits = append(s.visits, v)
	s.end.Pages[v.line.Result]++
	if err := s.report(&v.line, v); err != nil {
		return err
	}
	for i := range v.findings {
		if err := s.found(&v.findings[i], v); err != nil {
			return err
		}
	}
	if v.line.Result == Audited || v.line.Result == Partial {
		return s.report(timing(v.line.Page, v.load, v.timing), v)
	}
	return nil
}

// found counts a finding and reports it.
func (s *session) found(f *finding.Finding, v *visit) error {
	s.breaks(f)
	if f.Outcome == finding.Failed {
		s.end.Failed++
		s.end.Rules[f.Rule]++
		for _, c := range f.Criteria {
			s.end.Criteria[c]++
		}
	} else {
		s.end.Review++
	}
	return s.report(&Finding{"finding", *f}, v)
}

// freshTab opens a tab where there is none that can be used.
func (s *session) freshTab(ctx context.Context) error {
	if s.tab != nil && !s.tab.Dead() && s.tab.Answers(ctx) {
		return nil
	}
	s.closeTab()
	t, err := s.site.Tab(ctx)
	s.tab = t
	return err
}

func (s *session) closeTab() {
	if s.tab != nil {
		s.tab.Close()
		s.tab = nil
	}
}

// reason is why there was no answer, in the proxy's words where it has any: Chrome only sees that the proxy had none.
func (s *session) reason(l *browser.Load) string {
	u, err := url.Parse(l.URL)
	if err != nil {
		return l.Failed
	}
	log := s.site.Proxy.Log()
	for _, x := range slices.Backward(log) {
		if x.Refused != "" && (x.Host == u.Host || strings.HasPrefix(x.Host, u.Hostname()+":")) {
			return x.Refused
		}
	}
	return l.Failed
}

// Rules lists the rules of our own checks.
func Rules() []finding.Rule {
	return slices.Concat(check.Rules(), interact.Rules(), source.Rules(), sitewide)
}
