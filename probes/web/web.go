// Package web is the website channel: it visits a public body's site in headless Chrome as a citizen would, looks at each
// page of a bounded sample, and says what a citizen meets: barriers, missing information, waiting. It changes nothing on
// the site and keeps nothing itself.
//
// A visit reads public pages, so a try that a crash cut short may be made again; it is told as a second try. What comes of
// a site is one of three facts: web.visited, web.blocked (a guard keeps declared robots out: no failure of anybody's), or
// web.failed (the site did not answer: theirs). What keeps us from looking is an error of Run: ours.
package web

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/web/finding"
)

// Channel is the probe of the website channel.
type Channel struct {
	o       Options
	auditor *Auditor
}

// New makes the channel. The seed makes the random part of each structure's sample. It starts nothing.
func New(o Options) *Channel {
	o.Evidence = true
	return &Channel{o: o, auditor: NewAuditor(o)}
}

// Close ends the browser.
func (c *Channel) Close() { c.auditor.Close() }

// Submit writes a letter through a contact form with the channel's browser: see Auditor.Submit.
func (c *Channel) Submit(ctx context.Context, address string, l Letter, sending func([]probes.Evidence) error) (*Submission, error) {
	return c.auditor.Submit(ctx, address, l, sending)
}

// Run visits the site of the audit and records each page as it has been looked at, then what came of the site.
func (c *Channel) Run(ctx context.Context, a probes.Audit, record func(probes.Event) error) error {
	if !sleep(ctx, c.o.Window.Until(time.Now())) {
		return context.Cause(ctx)
	}
	began := time.Now()
	number := 0
	job := Job{Target: a.Target, Whole: true, Seed: c.o.Seed + "/" + string(a.Structure)}
	if c.o.Known != nil {
		job.Known = c.o.Known(a.Structure)
	}
	var items []*Item
	var together []finding.Finding
	end, err := c.auditor.audit(ctx, job, func(l Line, v *visit) error {
		switch x := l.(type) {
		case *Page:
			number++
			return record(pageEvent(a.ID, x, v, number, began))
		case *Item:
			items = append(items, x)
		case *Finding:
			if v == nil { // of the site as a whole: no page's event has it
				together = append(together, x.Finding)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if end.Result == Unreached {
		return fmt.Errorf("%s could not be looked at: %s", a.Target, end.Reason)
	}
	return record(siteEvent(a.ID, end, items, together, began))
}

// pageEvent is the fact that one page was visited; its evidence backs the findings.
func pageEvent(id probes.AuditID, p *Page, v *visit, number int, began time.Time) probes.Event {
	e := probes.Event{Audit: id, Kind: probes.WebPage, At: p.At, Elapsed: time.Since(began), Text: p.Reason,
		Detail: map[string]string{"page": p.Page, "why": p.Why, "result": string(p.Result), "number": strconv.Itoa(number)}}
	if p.Status > 0 {
		e.Detail["status"] = strconv.Itoa(p.Status)
	}
	if p.Result == Audited || p.Result == Partial {
		e.Detail["failed"], e.Detail["review"] = strconv.Itoa(p.Failed), strconv.Itoa(p.Review)
		e.Detail["ttfb_ms"], e.Detail["lcp_ms"] = ms(v.timing.TTFB), ms(v.timing.LCP)
		e.Detail["bytes"], e.Detail["requests"] = strconv.FormatInt(v.timing.Bytes, 10), strconv.Itoa(v.timing.Requests)
	}
	if v != nil {
		e.Evidence = v.evidence
		v.evidence = nil // the bytes are the store's now
	}
	return e
}

func ms(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// siteEvent is what came of the whole site, with an observation for each item.
func siteEvent(id probes.AuditID, end *SiteEnd, items []*Item, together []finding.Finding, began time.Time) probes.Event {
	e := probes.Event{Audit: id, Kind: probes.WebVisited, At: time.Now().UTC(), Elapsed: time.Since(began), Text: end.Reason,
		Detail: map[string]string{"site": end.Site, "result": string(end.Result)}}
	switch end.Result {
	case Blocked:
		e.Kind = probes.WebBlocked
		return e
	case Failed, Broken, NotPage:
		e.Kind, e.Fault = probes.WebFailed, probes.Theirs
		return e
	}
	e.Detail["pages"] = strconv.Itoa(end.Pages[Audited] + end.Pages[Partial])
	e.Detail["failed"], e.Detail["review"] = strconv.Itoa(end.Failed), strconv.Itoa(end.Review)
	e.Detail["criteria"] = strconv.Itoa(len(end.Criteria))
	e.Detail["rules"] = strings.Join(slices.Sorted(maps.Keys(end.Rules)), " ")
	for _, x := range items {
		e.Observations = append(e.Observations, probes.Observation{Item: x.Item, Value: x.Value, Number: x.Number, By: "agent", Passage: x.Passage, Rule: x.Rule})
	}
	for _, x := range []struct {
		name string
		what any
	}{{"site.json", end}, {"site.items.json", items}, {"site.findings.json", together}} {
		data, err := json.Marshal(x.what)
		if err != nil {
			slog.Warn("evidence of a site cannot be written", "site", end.Site, "name", x.name, "err", err)
			continue
		}
		e.Evidence = append(e.Evidence, probes.Evidence{Type: "application/json", Name: x.name, Body: data})
	}
	return e
}
