// Package axe runs Deque's axe-core in a page that the browser has loaded and turns its results into findings. The script
// comes from npm at build time (`make axe`), is embedded, and is refused unless its SHA-256 is the pinned one.
package axe

import (
	"cmp"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/sonde-fleet/sonde/probes/web/browser"
	"github.com/sonde-fleet/sonde/probes/web/finding"
)

//go:generate npm ci --ignore-scripts --no-audit --no-fund
//go:generate cp node_modules/axe-core/axe.min.js node_modules/axe-core/locales/fr.json assets/

//go:embed all:assets
var assets embed.FS

//go:embed run.js
var runner string

// Version is the axe-core that the digests belong to.
const Version = "4.14.1"

// digests pin what is embedded: another script would be another measuring instrument.
var digests = map[string]string{
	"axe.min.js": "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c",
	"fr.json":    "672b4bbe50df0fb16c33a2290437e244716ab168b03835b6f03ce60e978d2be9",
}

// ErrMissing says that the program was built without axe-core.
var ErrMissing = errors.New("axe-core is not in this program; Try: make axe, then build again, or set AXE_PATH to axe.min.js " + Version)

// asset returns an embedded file, or for the script the one that AXE_PATH names; either must have the pinned digest.
func asset(name string) ([]byte, error) {
	data, err := assets.ReadFile("assets/" + name)
	if path := os.Getenv("AXE_PATH"); err != nil && path != "" && name == "axe.min.js" {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, ErrMissing
	}
	sum := sha256.Sum256(data)
	if got := hex.EncodeToString(sum[:]); got != digests[name] {
		return nil, fmt.Errorf("%s has SHA-256 %s, wanted %s of axe-core %s; Try: make axe", name, got, digests[name], Version)
	}
	return data, nil
}

// Source is axe-core's script.
var Source = sync.OnceValues(func() (string, error) {
	data, err := asset("axe.min.js")
	return string(data), err
})

// wording is a rule's text in axe-core's French locale.
type wording struct{ Description, Help string }

var french = sync.OnceValues(func() (map[string]wording, error) {
	data, err := asset("fr.json")
	if err != nil {
		return nil, err
	}
	var locale struct{ Rules map[string]wording }
	if err := json.Unmarshal(data, &locale); err != nil {
		return nil, fmt.Errorf("axe-core's French locale: %w", err)
	}
	return locale.Rules, nil
})

// Options choose rules.
type Options struct {
	Enable  []string // rules that axe-core leaves out by itself
	Disable []string
}

// Extra are rules that axe-core leaves out and that one of our references asks for: target size (WCAG 2.2), unique
// identifiers (RGAA 8.2), a page that does not turn with the screen (1.3.4), and of level AAA enhanced contrast and refresh.
var Extra = []string{"target-size", "duplicate-id", "css-orientation-lock", "color-contrast-enhanced", "meta-refresh-no-exceptions"}

// pageWide are rules that speak of an HTML page and mean nothing for a bare drawing.
var pageWide = []string{"html-has-lang", "document-title", "landmark-one-main", "region", "page-has-heading-one", "bypass"}

// maxNodes is how many elements of one rule are told of on one page; Result.Count has them all.
const maxNodes = 40

// Check is one of axe-core's checks that decided on an element.
type Check struct {
	ID      string  `json:"id"`
	Message string  `json:"message"`
	Ratio   float64 `json:"ratio"`
	Wanted  float64 `json:"wanted"`
	Reason  string  `json:"reason"`
}

// Node is one element of a result.
type Node struct {
	Target string         `json:"target"`
	HTML   string         `json:"html"`
	Impact finding.Impact `json:"impact"`
	Rect   *finding.Rect  `json:"rect"`
	Checks []Check        `json:"checks"`
}

// Result is what one rule found.
type Result struct {
	ID          string          `json:"id"`
	Impact      finding.Impact  `json:"impact"`
	Tags        []string        `json:"tags"`
	Help        string          `json:"help"`
	Description string          `json:"description"`
	Outcome     finding.Outcome `json:"outcome"`
	Count       int             `json:"count"`
	Nodes       []Node          `json:"nodes"`
}

// Run injects axe-core into every frame of the page that the tab shows and runs it. It has no end of its own: ctx is the
// budget, and after a deadline the page may still be busy.
func Run(ctx context.Context, t *browser.Tab, o Options) ([]Result, error) {
	if err := Inject(ctx, t); err != nil {
		return nil, err
	}
	frames, err := t.Frames(ctx)
	if err != nil {
		return nil, fmt.Errorf("axe-core: %w", err)
	}
	script, err := Source()
	if err != nil {
		return nil, err
	}
	for _, f := range frames {
		if err := t.InjectIn(ctx, f.ID, script); err != nil && ctx.Err() != nil {
			return nil, fmt.Errorf("axe-core: %w", err) // a frame that has gone meanwhile is axe-core's to report
		}
	}
	choice, err := json.Marshal(map[string][]string{"enable": o.Enable, "disable": o.Disable})
	if err != nil {
		return nil, err
	}
	r, err := browser.Eval[struct {
		Version string   `json:"version"`
		Results []Result `json:"results"`
	}](ctx, t, fmt.Sprintf("%s(%s, %d)", strings.TrimSpace(runner), choice, maxNodes))
	if err != nil {
		return nil, fmt.Errorf("axe-core: %w", err)
	}
	return r.Results, nil
}

// Inject puts axe-core into our world of the main frame, where our own checks use its computation of names and roles too.
func Inject(ctx context.Context, t *browser.Tab) error {
	script, err := Source()
	if err != nil {
		return err
	}
	return t.Inject(ctx, "axe-core "+Version, script)
}

// Findings words the results for a page. What only level AAA asks for, which no law does, is told once for the page.
func Findings(page string, html bool, results []Result) ([]finding.Finding, error) {
	fr, err := french()
	if err != nil {
		return nil, err
	}
	var out []finding.Finding
	for _, r := range results {
		if !html && slices.Contains(pageWide, r.ID) {
			continue
		}
		text := cmp.Or(fr[r.ID], wording{r.Description, r.Help})
		rule := finding.Rule{ID: r.ID, Impact: r.Impact, Criteria: Criteria(r.Tags), Title: finding.Text{EN: r.Help, FR: text.Help},
			Mend: finding.Text{EN: r.Description, FR: text.Description}}
		nodes := r.Nodes
		if slices.Contains(r.Tags, "wcag2aaa") {
			nodes, rule.Impact = nodes[:min(len(nodes), 1)], finding.Minor
		}
		for _, n := range nodes {
			f := rule.New(page, r.Outcome, n.Target, n.HTML, n.detail())
			f.Engine, f.Rect = finding.Axe, n.Rect
			if rule.Impact != finding.Minor {
				f.Impact = cmp.Or(n.Impact, r.Impact)
			}
			out = append(out, f)
		}
	}
	return out, nil
}

// tagWCAG and tagRGAA are the tags that name a criterion: "wcag143" and "wcag1411" of WCAG, "RGAA-1.1.1" of RGAA 4.1, whose
// last number is the test. "wcag2aa" names a level.
var (
	tagWCAG = regexp.MustCompile(`^wcag(\d)(\d)(\d{1,2})$`)
	tagRGAA = regexp.MustCompile(`^RGAA-(\d+\.\d+)(?:\.\d+)?$`)
)

// Rules lists axe-core's rules with their tags.
func Rules(ctx context.Context, t *browser.Tab) ([]Result, error) {
	if err := Inject(ctx, t); err != nil {
		return nil, err
	}
	return browser.Eval[[]Result](ctx, t, `axe.getRules().map(r => ({ id: r.ruleId, tags: r.tags, help: r.help, description: r.description }))`)
}

// Criteria names the criteria of a rule's tags. WCAG 2.2 took 4.1.1 out.
func Criteria(tags []string) []string {
	var out []string
	for _, tag := range tags {
		if m := tagWCAG.FindStringSubmatch(tag); m != nil && tag != "wcag411" {
			out = append(out, "WCAG22:"+m[1]+"."+m[2]+"."+m[3])
		} else if m := tagRGAA.FindStringSubmatch(tag); m != nil {
			out = append(out, "RGAA4.1:"+m[1])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// detail is the figure that decided, where there is one.
func (n *Node) detail() string {
	for _, c := range n.Checks {
		if c.Ratio > 0 {
			return fmt.Sprintf("%.2f:1 (%.3g:1)", c.Ratio, c.Wanted)
		}
	}
	return ""
}
