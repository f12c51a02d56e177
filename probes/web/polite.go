package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/temoto/robotstxt"
)

// robotName is how robots.txt speaks to us.
const robotName = "Sonde"

// maxRobots is how much of a robots.txt is read (RFC 9309 asks for at least 500 KiB).
const maxRobots = 512 << 10

// manners is how one audit behaves towards the hosts it visits: what robots.txt forbids is left out, and between two
// documents of one host there is a pause.
type manners struct {
	client *http.Client
	agent  string
	pause  time.Duration

	mu    sync.Mutex
	hosts map[string]*host
}

type host struct {
	robots *robotstxt.RobotsData
	group  *robotstxt.Group
	found  bool // there is a robots.txt
	closed string
	next   time.Time
	pause  time.Duration
}

// maxCrawlDelay is the longest Crawl-delay that is kept: a site that asks for more is visited as slowly as that.
const maxCrawlDelay = 30 * time.Second

// may says whether the address may be visited; the reason is for the report.
func (m *manners) may(ctx context.Context, u *url.URL) (bool, string) {
	h := m.host(ctx, u)
	if h.closed != "" {
		return false, h.closed
	}
	if h.group != nil && !h.group.Test(u.RequestURI()) {
		return false, "robots.txt forbids " + u.RequestURI()
	}
	return true, ""
}

// host reads the robots.txt of a host, once (RFC 9309: 4xx means that all is allowed, 5xx that nothing is).
func (m *manners) host(ctx context.Context, u *url.URL) *host {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := u.Scheme + "://" + u.Host
	if h := m.hosts[key]; h != nil {
		return h
	}
	h := &host{pause: m.pause}
	m.hosts[key] = h
	r, err := fetch(ctx, m.client, m.agent, key+"/robots.txt", maxRobots, nil)
	switch {
	case err != nil: // the page itself will say why
	case r.status >= 500:
		h.closed = fmt.Sprintf("robots.txt answers %d, which forbids everything (RFC 9309, 2.3.1.4)", r.status)
	case r.status == http.StatusOK && !strings.Contains(strings.ToLower(r.mime), "html"):
		if h.robots, err = robotstxt.FromBytes(r.body); err == nil {
			h.found = true
			h.group = h.robots.FindGroup(robotName)
			if h.group != nil && h.group.CrawlDelay > h.pause {
				h.pause = min(h.group.CrawlDelay, maxCrawlDelay)
			}
		}
	}
	return h
}

// wait blocks until the host may be asked for its next document.
func (m *manners) wait(ctx context.Context, u *url.URL) error {
	h := m.host(ctx, u)
	m.mu.Lock()
	at := h.next
	if now := time.Now(); at.Before(now) {
		at = now
	}
	h.next = at.Add(h.pause)
	m.mu.Unlock()
	if !sleep(ctx, time.Until(at)) {
		return context.Cause(ctx)
	}
	return nil
}

// sleep is false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(max(d, 0))
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// later puts the host's next document off, as it asked for.
func (m *manners) later(ctx context.Context, u *url.URL, d time.Duration) {
	h := m.host(ctx, u)
	m.mu.Lock()
	defer m.mu.Unlock()
	if at := time.Now().Add(d); at.After(h.next) {
		h.next = at
	}
}

// retryAfter reads a Retry-After header (RFC 9110, 10.2.3): seconds or a date.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.Atoi(v); err == nil && n >= 0 {
		return time.Duration(min(n, 1<<20)) * time.Second, true
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(at.Sub(now), 0), true
	}
	return 0, false
}

// fetched is an answer to a request that we make without the browser.
type fetched struct {
	url    string
	status int
	mime   string
	header http.Header
	body   []byte
	cut    bool // the body was longer
	reply  *http.Response
}

// fetchWithin bounds one request that is made without the browser.
const fetchWithin = 20 * time.Second

// fetch gets an address with a client that calls nothing but public addresses. more are fields beside those that say who
// asks; nil: none.
func fetch(ctx context.Context, c *http.Client, agent, address string, most int64, more http.Header) (*fetched, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", agent)
	req.Header.Set("Accept-Language", "fr,en;q=0.5")
	for name, values := range more {
		req.Header[name] = values
	}
	r, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	if err != nil {
		return nil, fmt.Errorf("read the page: %w", err)
	}
	f := &fetched{url: r.Request.URL.String(), status: r.StatusCode, mime: r.Header.Get("Content-Type"), header: r.Header, reply: r}
	f.cut = int64(len(body)) > most
	f.body = body[:min(int64(len(body)), most)]
	return f, nil
}
