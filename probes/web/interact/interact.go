// Package interact tries a page as a person would who has no mouse, a small window, large letters or wide spacing: with
// real key presses, real mouse moves and pictures of what changes. It runs on a page that is held: nothing leaves.
package interact

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"time"

	"github.com/sonde-fleet/sonde/probes/web/browser"
	"github.com/sonde-fleet/sonde/probes/web/finding"
)

//go:embed js/*.js
var scripts embed.FS

// helper joins the files of js, in the order of their names, into what the driver asks of the page while it presses keys
// and moves the mouse. It is kept in our own world of the page as `sonde`.
var helper = sync.OnceValue(func() string {
	var b strings.Builder
	b.WriteString("globalThis.sonde = globalThis.sonde || (() => {\n")
	names, _ := fs.Glob(scripts, "js/*.js") // the pattern is right
	for _, name := range names {
		data, err := scripts.ReadFile(name)
		if err != nil {
			continue // embedded: cannot be
		}
		b.Write(data)
	}
	b.WriteString("return sonde })();")
	return b.String()
})

// spot is an element as js/10-elements.js describes it.
type spot struct {
	Key       int          `json:"key"`
	Selector  string       `json:"selector"`
	Snippet   string       `json:"snippet"`
	Rect      finding.Rect `json:"rect"` // in the document
	View      finding.Rect `json:"view"` // in the window
	Tag       string       `json:"tag"`
	Type      string       `json:"type"`
	Role      string       `json:"role"`
	Name      string       `json:"name"`
	Text      string       `json:"text"`
	Visible   bool         `json:"visible"`
	Fixed     bool         `json:"fixed"`
	Outlined  bool         `json:"outlined"`
	Signature string       `json:"signature"`
	Group     int          `json:"group"`
	Form      bool         `json:"form"`
	RTL       bool         `json:"rtl"`
	Frame     bool         `json:"frame"`
	TabIndex  int          `json:"tabindex"`
	Native    bool         `json:"native"`
	Composite bool         `json:"composite"`
	Hidden    bool         `json:"hidden"` // from screen readers
	Inside    bool         `json:"inside"` // of another control
	Focusable bool         `json:"focusable"`
	Inner     []int        `json:"inner"`
	Linked    bool         `json:"linked"`   // a text that is cut off has a way to the whole
	Doubtful  bool         `json:"doubtful"` // how it looks with the focus
	Pointer   bool         `json:"pointer"`  // the mouse's pointer says that it can be clicked
}

// try is one page's trial.
type try struct {
	ctx  context.Context
	t    *browser.Tab
	page string
	out  []finding.Finding
	told map[string]int
}

// perRule is how many findings of one rule are told on one page.
const perRule = 15

func (x *try) report(id string, outcome finding.Outcome, s *spot, detail string) {
	r := byID[id]
	if x.told[id]++; x.told[id] > perRule {
		return
	}
	f := r.New(x.page, outcome, s.Selector, s.Snippet, detail)
	if s.Rect.W > 0 && s.Rect.H > 0 {
		rect := s.Rect
		f.Rect = &rect
	}
	x.out = append(x.out, f)
}

func (x *try) failed(id string, s *spot, detail string) { x.report(id, finding.Failed, s, detail) }
func (x *try) review(id string, s *spot, detail string) { x.report(id, finding.Review, s, detail) }

// ask evaluates an expression on the helper in the page.
func ask[T any](x *try, format string, args ...any) (T, error) {
	return browser.Eval[T](x.ctx, x.t, fmt.Sprintf("sonde."+format, args...))
}

// pause gives the page time to react to what was done to it.
func (x *try) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-x.ctx.Done():
	}
}

// react is how long a page has to show what a key did.
const react = 90 * time.Millisecond

// Page tries the page that the tab shows; the tab must be held. A part that fails leaves the others their turn.
func Page(ctx context.Context, t *browser.Tab, l *browser.Load) ([]finding.Finding, error) {
	x := &try{ctx: ctx, t: t, page: l.URL, told: map[string]int{}}
	var faults []error
	for _, part := range []func() error{x.layout, x.faint, x.keyboard, x.keys, x.resting, x.hover, x.tabs, x.open, x.pasting, x.typing, x.forms} {
		if t.Dead() || ctx.Err() != nil {
			faults = append(faults, context.Cause(ctx))
			break
		}
		if err := t.Inject(ctx, "sonde helper", helper()); err != nil {
			return x.out, err
		}
		if err := part(); err != nil {
			faults = append(faults, err)
		}
	}
	return x.out, errors.Join(faults...)
}
