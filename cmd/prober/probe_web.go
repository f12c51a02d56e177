package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/web"
	"github.com/sonde-fleet/sonde/probes/web/finding"
	"github.com/sonde-fleet/sonde/probes/web/item"
	"github.com/sonde-fleet/sonde/probes/web/proxy"
)

// web audits one site now. Reading a public page needs no ground in the directory, and no configuration; where there is
// one, its suppression list is asked.
func (p *probeCmd) web(a *app) error {
	o, known, err := p.webOptions(a)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	target, err := url.Parse(p.Target)
	if err != nil || target.Host == "" {
		if target, err = url.Parse("https://" + p.Target); err != nil {
			return cli.UsageError{Err: fmt.Errorf("%q is not the address of a website", p.Target)}
		}
	}
	whole := p.Pages > 1 || p.Pages == 0 && strings.Trim(target.Path, "/") == ""
	auditor := web.NewAuditor(o)
	defer auditor.Close()
	show := &webShow{a: a, french: p.Lang == "fr", worst: map[string]*group{}}
	end, err := auditor.Audit(a.ctx, web.Job{Target: p.Target, Whole: whole, Known: known}, show.line)
	if err != nil {
		return err
	}
	if !a.JSON {
		show.summary(a.Out, end)
	}
	return nil
}

// webOptions joins the configuration, where there is one, and the flags. An address that the operator typed is named.
func (p *probeCmd) webOptions(a *app) (o web.Options, known item.Known, err error) {
	if _, err := os.Stat(a.config); err == nil {
		conf, _, list, err := config.LoadTogether(a.config)
		if err != nil {
			return o, known, err
		}
		if o, err = buildWeb(&conf.Web, time.Local); err != nil {
			return o, known, err
		}
		for i := range list {
			if slices.ContainsFunc(list[i].Contacts["web"], func(x string) bool { return sameHost(x, p.Target) }) {
				if err := a.mayContact(conf, &list[i]); err != nil {
					return o, known, err
				}
				known = knownOf(list)(list[i].ID)
			}
		}
	}
	o.Pages = cmp.Or(p.Pages, o.Pages)
	for _, s := range p.Allow {
		e, err := proxy.ParseException(s)
		if err != nil {
			return o, known, fmt.Errorf("-allow: %w", err)
		}
		o.Allow = append(o.Allow, e)
	}
	if e, ok := typed(p.Target); ok {
		o.Allow = append(o.Allow, e)
		o.Pause = cmp.Or(o.Pause, 50*time.Millisecond) // one's own machine needs no courtesy
	}
	return o, known, nil
}

// typed returns the loopback address and port that a target names outright: whoever types it wants it, and nothing else
// on this machine.
func typed(target string) (e proxy.Exception, ok bool) {
	u, err := url.Parse(target)
	if err != nil {
		return e, false
	}
	name := strings.ToLower(u.Hostname())
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		name = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(name)
	if err != nil || !ip.IsLoopback() {
		return e, false
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	e, err = proxy.ParseException(net.JoinHostPort(ip.String(), port))
	return e, err == nil
}

func sameHost(a, b string) bool {
	host := func(s string) string {
		if !strings.Contains(s, "://") {
			s = "https://" + s
		}
		u, err := url.Parse(s)
		if err != nil {
			return ""
		}
		return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
	}
	return host(a) != "" && host(a) == host(b)
}

// webShow prints results as they come.
type webShow struct {
	a      *app
	french bool
	worst  map[string]*group
	items  map[probes.Value]int
	lacks  []string // names of the items that are answered no
}

// item prints one information item in the reader's language. The criteria of accessibility are not told again: their findings
// are.
func (w *webShow) item(x *web.Item) {
	if strings.HasPrefix(string(x.Item), "web.rgaa.") {
		return
	}
	if w.items == nil {
		w.items = map[probes.Value]int{}
		w.a.Printf("\n%s\n", w.say("Information items", "Items d’information"))
	}
	w.items[x.Value]++
	i, ok := grid.Current().Item(x.Item)
	if !ok {
		return // no line comes that the grid does not name
	}
	name, unit := i.Name.In(w.french), i.Unit
	sign := map[probes.Value]string{probes.Yes: "✓", probes.No: "✗", probes.NotApplicable: "–"}[x.Value]
	switch {
	case x.Value == probes.NotApplicable:
		return // counted in the summary
	case x.Value == probes.No:
		w.lacks = append(w.lacks, name)
	case x.Number != nil:
		sign = fmt.Sprintf("%g %s", *x.Number, unit)
	}
	w.a.Printf("  %-14s %s", sign, name)
	if passage := strings.Join(strings.Fields(x.Passage), " "); passage != "" {
		w.a.Printf(" · %s", passage)
	}
	w.a.Printf("\n")
}

func (w *webShow) say(en, fr string) string {
	if w.french {
		return fr
	}
	return en
}

// group is one rule's findings, for the summary.
type group struct {
	rule, message string
	impact        finding.Impact
	outcome       finding.Outcome
	n             int
	pages         map[string]bool
}

// perPage is how many findings of one page are printed for a reader; -json has them all.
const perPage = 12

func (w *webShow) line(l web.Line) error {
	if w.a.JSON {
		return w.a.Object(l)
	}
	switch x := l.(type) {
	case *web.Page:
		w.a.Printf("\n%s  %s\n", mark(x.Result), x.Page)
		if x.Title != "" {
			w.a.Printf("    %q, %s, %d ms\n", x.Title, x.Why, x.Took)
		}
		if x.Reason != "" {
			w.a.Printf("    %s: %s\n", x.Result, x.Reason)
		}
	case *web.Finding:
		w.add(x)
	case *web.Timing:
		w.flush(x.Page)
		w.a.Printf("    first byte %d ms, document %d ms, largest paint %d ms, layout shift %.2f, %d KB in %d requests\n", x.TTFB, x.DCL, x.LCP, x.CLS,
			(x.Bytes+1023)/1024, x.Requests)
	case *web.Item:
		w.item(x)
	}
	return nil
}

func (w *webShow) add(f *web.Finding) {
	key := f.Rule + string(f.Outcome)
	g := w.worst[key]
	if g == nil {
		g = &group{rule: f.Rule, message: f.Message, impact: f.Impact, outcome: f.Outcome, pages: map[string]bool{}}
		if w.french && f.MessageFR != "" {
			g.message = f.MessageFR
		}
		w.worst[key] = g
	}
	g.n++
	g.pages[f.Page] = true
}

// flush prints what was found on a page.
func (w *webShow) flush(page string) {
	shown := 0
	for _, g := range w.sorted() {
		if !g.pages[page] {
			continue
		}
		if shown++; shown > perPage {
			continue
		}
		w.a.Printf("    %-8s %-9s %-32s %s\n", g.outcome, g.impact, g.rule, g.message)
	}
	if shown > perPage {
		w.a.Printf("    … and %d more rules\n", shown-perPage)
	}
}

func (w *webShow) sorted() []*group {
	rank := map[finding.Impact]int{finding.Critical: 0, finding.Serious: 1, finding.Moderate: 2, finding.Minor: 3}
	return slices.SortedFunc(maps.Values(w.worst), func(a, b *group) int {
		return cmp.Or(cmp.Compare(a.outcome, b.outcome), cmp.Compare(rank[a.impact], rank[b.impact]), cmp.Compare(b.n, a.n), cmp.Compare(a.rule, b.rule))
	})
}

func mark(r web.Result) string {
	switch r {
	case web.Audited:
		return "✓"
	case web.Partial, web.NotPage:
		return "~"
	}
	return "✗"
}

// summary fits on one screen.
func (w *webShow) summary(out io.Writer, end *web.SiteEnd) {
	fmt.Fprintf(out, "\n── %s ── %s", end.Site, end.Result)
	if end.Reason != "" {
		fmt.Fprintf(out, ": %s", end.Reason)
	}
	fmt.Fprintf(out, "\n%d pages", end.Pages[web.Audited]+end.Pages[web.Partial])
	for _, r := range []web.Result{web.Blocked, web.Failed, web.Broken, web.NotPage} {
		if n := end.Pages[r]; n > 0 {
			fmt.Fprintf(out, ", %d %s", n, r)
		}
	}
	fmt.Fprintf(out, " of %d known · %d barriers, %d to be judged by a person · %d criteria broken · %.1f s\n", max(end.Known, 1), end.Failed, end.Review,
		len(end.Criteria), float64(end.Took)/1000)
	for i, g := range w.sorted() {
		if i == 10 {
			fmt.Fprintf(out, "  … and %d more rules; -json has everything\n", len(w.worst)-i)
			break
		}
		fmt.Fprintf(out, "  %-6s %-9s %5d on %2d pages  %-30s %s\n", g.outcome, g.impact, g.n, len(g.pages), g.rule, g.message)
	}
	if w.items != nil {
		fmt.Fprintf(out, "  %d %s, %d %s, %d %s, %d %s\n", w.items[probes.Yes], w.say("items there", "items présents"), w.items[probes.No], w.say("missing", "absents"),
			w.items[probes.NotApplicable], w.say("not applicable", "sans objet"), w.items[""], w.say("measured", "mesurés"))
		for _, name := range w.lacks[:min(len(w.lacks), 8)] {
			fmt.Fprintf(out, "    ✗ %s\n", name)
		}
		if more := len(w.lacks) - 8; more > 0 {
			fmt.Fprintf(out, "    … %s %d %s\n", w.say("and", "et"), more, w.say("more", "autres"))
		}
	}
	if len(end.Refused) > 0 {
		fmt.Fprintf(out, "  refused (not public): %s\n", strings.Join(end.Refused, ", "))
	}
}
