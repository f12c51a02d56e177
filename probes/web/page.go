package web

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/web/axe"
	"github.com/sonde-fleet/sonde/probes/web/browser"
	"github.com/sonde-fleet/sonde/probes/web/finding"
	"github.com/sonde-fleet/sonde/probes/web/item"
	"github.com/sonde-fleet/sonde/probes/web/sample"
)

//go:embed js/collect.js
var collectJS string

//go:embed js/visible.js
var visibleJS string

//go:embed js/outline.js
var outlineJS string

// collected is what js/collect.js returns.
type collected struct {
	Title    string        `json:"title"`
	Language string        `json:"language"`
	Text     string        `json:"text"`
	Links    []sample.Link `json:"links"`
	Forms    []searchForm  `json:"forms"`
	Nodes    int           `json:"nodes"`
}

// searchForm is a GET form that searches the site.
type searchForm struct {
	Action string      `json:"action"`
	Field  string      `json:"field"`
	Extra  [][2]string `json:"extra"`
}

// visit is everything that is known of one page.
type visit struct {
	pick     sample.Pick
	line     Page
	load     *browser.Load
	seen     collected
	html     string // as rendered
	mentions []item.Mention
	findings []finding.Finding
	timing   browser.Timing
	evidence []probes.Evidence
}

// step is one group of checks.
type step struct {
	name string
	held bool // it touches the page: nothing may leave meanwhile
	run  func(s *session, ctx context.Context, v *visit) ([]finding.Finding, error)
}

// settle is how long, at most, a page may go on building itself by script.
const settle = 2 * time.Second

// visitPage loads an address and looks at the page with every check, within the budget. An error is ours; what is wrong
// with the page is in the visit. The tab may be dead afterwards.
func (s *session) visitPage(ctx context.Context, pick sample.Pick) (*visit, error) {
	began := time.Now()
	v := &visit{pick: pick, line: Page{Type: "page", Page: pick.URL, Asked: pick.URL, Why: string(pick.Why), Depth: pick.Depth, At: began.UTC()}}
	defer func() { v.line.Took = time.Since(began).Milliseconds() }()
	ctx, cancel := context.WithTimeout(ctx, s.o.PageBudget)
	defer cancel()
	if err := s.freshTab(ctx); err != nil {
		return v, err
	}
	load, err := s.tab.Load(ctx, pick.URL)
	v.load = load
	v.line.Page, v.line.Status, v.line.MIME = load.URL, load.Status, load.MIME
	if err != nil || load.Failed != "" {
		s.unreadable(v, load, err)
		return v, nil
	}
	if !load.HTML() {
		v.line.Result, v.line.Reason = NotPage, load.MIME
		return v, nil
	}
	if err := s.look(ctx, v); err != nil {
		s.broken(v, err)
		return v, nil
	}
	if is, why := blocked(load, string(load.Source), v.seen.Text); is {
		v.line.Result, v.line.Reason = Blocked, why
		return v, nil
	}
	if load.Status >= 400 {
		v.line.Result, v.line.Reason = Failed, fmt.Sprintf("%d %s", load.Status, http.StatusText(load.Status))
		return v, nil
	}
	s.check(ctx, v)
	return v, nil
}

// unreadable says why there is no page: theirs, unless the proxy's own words say otherwise.
func (s *session) unreadable(v *visit, load *browser.Load, err error) {
	switch {
	case load.Download || load.Failed == "net::ERR_ABORTED" && load.Status > 0:
		v.line.Result, v.line.Reason = NotPage, load.MIME
	case errors.Is(err, browser.ErrCrashed):
		v.line.Result, v.line.Reason = Broken, "the page crashed the browser's renderer"
	case err != nil && load.Status > 0:
		v.line.Result, v.line.Reason = Broken, fmt.Sprintf("no document after %s", s.o.PageBudget)
	default:
		v.line.Result, v.line.Reason = Failed, s.reason(load)
	}
}

// broken is a page that stopped answering while it was looked at.
func (s *session) broken(v *visit, err error) {
	v.line.Result = Broken
	switch {
	case errors.Is(err, browser.ErrCrashed):
		v.line.Reason = "the page crashed the browser's renderer"
	case errors.Is(err, context.DeadlineExceeded):
		v.line.Reason = fmt.Sprintf("the page does not answer; budget %s", s.o.PageBudget)
	default:
		v.line.Reason = err.Error()
	}
}

// look reads the page as it stands.
func (s *session) look(ctx context.Context, v *visit) (err error) {
	if !s.o.Injected {
		if err = s.tab.Hasten(ctx); err != nil {
			return err
		}
		if err = s.tab.Settle(ctx, settle); err != nil {
			return err
		}
	}
	if v.seen, err = browser.Eval[collected](ctx, s.tab, strings.TrimSpace(collectJS)); err != nil {
		return err
	}
	v.line.Title, v.line.Language = v.seen.Title, v.seen.Language
	if v.html, err = s.tab.Source(ctx); err != nil {
		return err
	}
	if !s.o.Injected {
		if v.mentions, err = mentions(ctx, s.tab); err != nil {
			return err
		}
	}
	v.timing, err = s.tab.Measure(ctx)
	v.line.Page = s.tab.Current().URL
	return err
}

// mentions reads what the page in the tab tells a citizen.
func mentions(ctx context.Context, t *browser.Tab) ([]item.Mention, error) {
	visible, err := browser.Eval[string](ctx, t, strings.TrimSpace(visibleJS))
	if err != nil {
		return nil, err
	}
	return item.Read(t.Current().URL, []byte(visible)), nil
}

// check runs the checks one after the other. One that the budget cuts short, or that the page breaks, is named as
// skipped: a check that was not made found nothing.
func (s *session) check(ctx context.Context, v *visit) {
	v.line.Result = Audited
	for i, c := range s.steps {
		if i > 0 && !strings.Contains(v.load.MIME, "html") {
			break // a bare drawing: axe-core alone
		}
		if s.tab.Dead() || ctx.Err() != nil {
			v.line.Skipped = append(v.line.Skipped, c.name)
			continue
		}
		found, err := s.step(ctx, c, v)
		v.findings = append(v.findings, found...)
		if err != nil {
			v.line.Skipped = append(v.line.Skipped, c.name)
			s.log.Info("a check was cut short", "page", v.line.Page, "check", c.name, "error", err)
		}
	}
	if len(v.line.Skipped) > 0 {
		v.line.Result, v.line.Reason = Partial, "not looked at: "+strings.Join(v.line.Skipped, ", ")
	}
	for i := range v.findings {
		v.findings[i].Page = v.line.Page
	}
	finding.Sort(v.findings)
	for i := range v.findings {
		if v.findings[i].Outcome == finding.Failed {
			v.line.Failed++
		} else {
			v.line.Review++
		}
	}
	now := s.tab.Current()
	v.line.Dialogs, v.line.Popups, v.line.Leads = now.Dialogs, now.Popups, now.Leads
	v.load.Requests = now.Requests
	if s.o.Evidence && !s.tab.Dead() {
		v.evidence = s.evidence(ctx, v)
	}
}

func (s *session) step(ctx context.Context, c step, v *visit) ([]finding.Finding, error) {
	if c.held {
		if err := s.tab.Hold(ctx); err != nil {
			return nil, err
		}
	}
	return c.run(s, ctx, v)
}

// axe runs axe-core. On a page where it does not end in half of what is left, it is run again on a fresh copy without the
// rule that is slow on large pages, and that rule is named as skipped.
func (s *session) axe(ctx context.Context, v *visit) ([]finding.Finding, error) {
	deadline, _ := ctx.Deadline()
	first, cancel := context.WithTimeout(ctx, time.Until(deadline)/2)
	defer cancel()
	o := axe.Options{Enable: axe.Extra}
	results, err := axe.Run(first, s.tab, o)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		v.line.Skipped = append(v.line.Skipped, "axe-core color-contrast")
		if err = s.freshTab(ctx); err != nil {
			return nil, err
		}
		if _, err = s.tab.Load(ctx, v.line.Page); err != nil {
			return nil, err
		}
		o.Enable, o.Disable = nil, []string{"color-contrast", "target-size"}
		results, err = axe.Run(ctx, s.tab, o)
	}
	if err != nil {
		return nil, err
	}
	return axe.Findings(v.line.Page, strings.Contains(v.load.MIME, "html"), results)
}

// evidence keeps what backs the findings: the page as rendered, its log, and a picture with the findings outlined.
func (s *session) evidence(ctx context.Context, v *visit) []probes.Evidence {
	name := fmt.Sprintf("page-%02d", s.number)
	list := []probes.Evidence{{Type: "text/html", Name: name + ".html", Body: []byte(v.html)}}
	if data, err := json.Marshal(harOf(v)); err == nil {
		list = append(list, probes.Evidence{Type: "application/json", Name: name + ".har", Body: data})
	}
	for _, x := range []struct {
		kind string
		what any
	}{{"findings", v.findings}, {"mentions", v.mentions}} {
		if data, err := json.Marshal(x.what); err == nil {
			list = append(list, probes.Evidence{Type: "application/json", Name: name + "." + x.kind + ".json", Body: data})
		}
	}
	type box struct {
		finding.Rect
		N      int  `json:"n"`
		Failed bool `json:"failed"`
	}
	boxes := []box{}
	for i, f := range v.findings {
		if f.Rect != nil && len(boxes) < 200 {
			boxes = append(boxes, box{*f.Rect, i + 1, f.Outcome == finding.Failed})
		}
	}
	data, err := json.Marshal(boxes)
	if err == nil {
		_, err = browser.Eval[int](ctx, s.tab, fmt.Sprintf("(%s)(%s)", strings.TrimSuffix(strings.TrimSpace(outlineJS), ";"), data))
	}
	if err == nil {
		var shot []byte
		if shot, err = s.tab.FullShot(ctx); err == nil {
			list = append(list, probes.Evidence{Type: "image/webp", Name: name + ".webp", Body: shot})
		}
	}
	if err != nil {
		s.log.Debug("no picture", "page", v.line.Page, "error", err)
	}
	return list
}
