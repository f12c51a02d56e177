// Package check looks at a page as it stands: structure, links, pictures, forms and texts, beyond what axe-core does. It
// reads the page in our own world of it and changes nothing; what needs a keyboard, a mouse or pixels is package interact's.
package check

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/sonde-fleet/sonde/probes/web/axe"
	"github.com/sonde-fleet/sonde/probes/web/browser"
	"github.com/sonde-fleet/sonde/probes/web/finding"
)

//go:embed js/*.js
var scripts embed.FS

// script joins the files of js into one function, in the order of their names. A file that fails on a strange page takes
// only its own findings with it.
var script = sync.OnceValue(func() string {
	var b strings.Builder
	b.WriteString("(async () => {\n")
	names, _ := fs.Glob(scripts, "js/*.js") // the pattern is right
	for i, name := range names {
		data, err := scripts.ReadFile(name)
		if err != nil {
			continue // embedded: cannot be
		}
		if i == 0 {
			b.Write(data)
			continue
		}
		fmt.Fprintf(&b, "try {\n%s\n} catch (e) { (out.errors = out.errors || []).push(%q + \": \" + e) }\n", data, name)
	}
	b.WriteString("axe.teardown(); return out })()")
	return b.String()
})

// found is one result of the script.
type found struct {
	Rule     string          `json:"rule"`
	Outcome  finding.Outcome `json:"outcome"`
	Detail   string          `json:"detail"`
	Selector string          `json:"selector"`
	Snippet  string          `json:"snippet"`
	Rect     *finding.Rect   `json:"rect"`
}

// passage is a text that is judged outside the page.
type passage struct {
	Kind     string        `json:"kind"`
	Text     string        `json:"text"`
	Lang     string        `json:"lang"` // declared, of the element or what is around it
	Dir      string        `json:"dir"`
	Context  string        `json:"context"`
	Href     string        `json:"href"`
	Selector string        `json:"selector"`
	Snippet  string        `json:"snippet"`
	Rect     *finding.Rect `json:"rect"`
}

// same is one name of several links.
type same struct {
	Name  string    `json:"name"`
	Links []passage `json:"links"`
}

// seen is what the script returns.
type seen struct {
	Findings   []found   `json:"findings"`
	Texts      []passage `json:"texts"`
	Same       []same    `json:"same"`
	Errors     []string  `json:"errors"`
	NoViewport bool      `json:"noViewport"`
	Nav        bool      `json:"nav"` // there is a navigation landmark
	Page       struct {
		Lang string `json:"lang"`
		Dir  string `json:"dir"`
		Text string `json:"text"`
	} `json:"page"`
}

var byID = sync.OnceValue(func() map[string]*finding.Rule {
	m := map[string]*finding.Rule{}
	for _, r := range Rules() {
		m[r.ID] = &r
	}
	return m
})

// Page looks at the page that the tab shows.
func Page(ctx context.Context, t *browser.Tab, l *browser.Load) ([]finding.Finding, error) {
	if err := axe.Inject(ctx, t); err != nil {
		return nil, err
	}
	s, err := browser.Eval[seen](ctx, t, script())
	if err != nil {
		return nil, fmt.Errorf("look at the page: %w", err)
	}
	out := make([]finding.Finding, 0, len(s.Findings))
	for _, f := range s.Findings {
		rule := byID()[f.Rule]
		if rule == nil {
			return out, fmt.Errorf("the page's script speaks of the rule %q, which has no wording", f.Rule)
		}
		made := rule.New(l.URL, f.Outcome, f.Selector, f.Snippet, f.Detail)
		made.Rect = f.Rect
		out = append(out, made)
	}
	out = append(out, judge(l.URL, &s)...)
	if s.NoViewport {
		out = append(out, byID()["sonde-no-viewport"].New(l.URL, finding.Review, "head", "", ""))
	}
	if len(s.Errors) > 0 {
		err = fmt.Errorf("look at the page: %s", strings.Join(s.Errors, "; "))
	}
	return out, err
}
