package web

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/web/browser"
	"github.com/sonde-fleet/sonde/probes/web/proxy"
)

// Archive is what the watch asks of the store.
type Archive interface {
	States(func(probes.State) bool) error
	Suppressed(probes.StructureID) bool
	Paused() bool
}

// checkReads is how many octets of a home page are read: it answers, or it does not.
const checkReads = 64 << 10

// Watch looks again and again, every Options.Check, whether the sites that were visited still answer, until their audits
// are closed. It is one light request a site: no browser, a connection of its own, and If-None-Match where the site gave
// an ETag, so that most answers are empty.
func (c *Channel) Watch(ctx context.Context, record func(probes.Event) error) error {
	if c.o.Archive == nil || c.o.Check <= 0 {
		<-ctx.Done()
		return nil
	}
	guard, err := proxy.Start(ctx, proxy.Policy{Allow: c.o.Allow}) // only its dialler: it refuses what is not public
	if err != nil {
		return err
	}
	defer guard.Close() //nolint:errcheck // it listens for nobody
	w := &watch{tags: map[string]http.Header{}, client: &http.Client{
		Transport: &http.Transport{DialContext: guard.Dial, DisableKeepAlives: true, TLSHandshakeTimeout: fetchWithin}}}
	for {
		round := time.Now()
		sites, err := c.watched()
		if err != nil {
			return err
		}
		for i, a := range sites {
			// Spread over the interval, so that a fleet of sites on one host is not asked all at once.
			if !sleep(ctx, time.Until(round.Add(c.o.Check*time.Duration(i)/time.Duration(len(sites))))) {
				return nil
			}
			if c.o.Archive.Paused() || c.o.Archive.Suppressed(a.Structure) {
				continue
			}
			e, ok := w.look(ctx, a, len(sites) > 1, c.o.Check)
			if !ok {
				return nil
			}
			if err := record(e); err != nil {
				return err
			}
		}
		if !sleep(ctx, time.Until(round.Add(c.o.Check))) {
			return nil
		}
	}
}

// watched are the audits whose sites were visited and that are still open, one for each address.
func (c *Channel) watched() (out []probes.Audit, err error) {
	seen := map[string]bool{}
	err = c.o.Archive.States(func(st probes.State) bool {
		if st.Audit.Channel == probes.Web && st.Status == probes.Contacted && !seen[st.Audit.Target] {
			seen[st.Audit.Target] = true
			out = append(out, st.Audit)
		}
		return true
	})
	slices.SortFunc(out, func(a, b probes.Audit) int { return a.Due.Compare(b.Due) })
	return out, err
}

// watch is what the checks remember of the sites.
type watch struct {
	client *http.Client
	tags   map[string]http.Header // validators of the last full answer
	lastUp time.Time              // when any site answered
}

// look makes one check. It is false when we were told to stop meanwhile: then nothing is known.
func (w *watch) look(ctx context.Context, a probes.Audit, others bool, every time.Duration) (probes.Event, bool) {
	e := probes.Event{Audit: a.ID, Kind: probes.WebChecked, At: time.Now().UTC(), Detail: map[string]string{}}
	began := time.Now()
	status, err := w.ask(ctx, a.Target)
	e.Elapsed = time.Since(began)
	e.Detail["ms"] = strconv.FormatInt(e.Elapsed.Milliseconds(), 10)
	switch {
	case ctx.Err() != nil:
		return e, false
	case err != nil:
		e.Text, e.Detail["up"], e.Fault = err.Error(), "no", probes.Theirs
		// Where nobody answers us any more it is we who are cut off.
		if local(err) || others && time.Since(w.lastUp) > every+fetchWithin {
			e.Fault = probes.Ours
		}
	case status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusTooManyRequests:
		e.Detail["up"] = "blocked" // it is there, and wants no robots
	case status >= 500 || status == http.StatusNotFound || status == http.StatusGone:
		e.Detail["up"], e.Fault = "no", probes.Theirs
	default:
		e.Detail["up"] = "yes"
	}
	if err == nil {
		w.lastUp = time.Now()
		e.Detail["status"] = strconv.Itoa(status)
	}
	return e, true
}

func (w *watch) ask(ctx context.Context, target string) (int, error) {
	u, err := address(target)
	if err != nil {
		return 0, err
	}
	r, err := fetch(ctx, w.client, "Mozilla/5.0 (compatible; "+browser.UserAgentSuffix+")", u.String(), checkReads, w.tags[u.String()])
	if err != nil {
		var asked *url.Error
		if errors.As(err, &asked) {
			err = asked.Err // the address is known
		}
		return 0, err
	}
	if r.status == http.StatusOK {
		tags := http.Header{}
		for from, to := range map[string]string{"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"} {
			if v := r.header.Get(from); v != "" && len(v) < 500 {
				tags.Set(to, v)
			}
		}
		w.tags[u.String()] = tags
	}
	return r.status, nil
}

// local says whether an error speaks of our own side: no route, no resolver, an address that we refuse to call.
func local(err error) bool {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return dns.IsTemporary || dns.IsTimeout
	}
	return errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.ENETDOWN) || errors.Is(err, syscall.EADDRNOTAVAIL) ||
		errors.Is(err, syscall.EMFILE) || errors.Is(err, proxy.ErrRefused)
}
