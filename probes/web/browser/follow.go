package browser

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
)

// Type types a text into whatever has the focus, as pasting does: all at once, with the events that scripts wait for.
func (t *Tab) Type(ctx context.Context, text string) error {
	_, err := Call(ctx, t, input.InsertText, input.InsertTextParams{Text: text})
	return err
}

// Citizen takes our name out of what the browser says of itself: who writes through a form is the persona, and a form that
// was sent by a declared robot would be answered as one.
func (t *Tab) Citizen(ctx context.Context) error {
	agent := strings.TrimSuffix(t.site.b.agent, " "+t.site.b.o.UserAgent)
	_, err := Call(ctx, t, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent, AcceptLanguage: t.site.b.o.Language})
	return err
}

// Sent is what left the page after an act, and what came of it.
type Sent struct {
	Load
	Left     bool      // a request that can change something was begun
	Moved    bool      // another document took the page's place
	Answered int       // status of the answer to what left; 0: there was none
	Failed   string    // Chrome's name of the network error of what left
	At       time.Time // when the answer came; zero: there was none
}

// asks says whether a method asks without changing anything (RFC 9110, 9.2.1).
func asks(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// once lets what is sent leave once: a page whose script sends a form twice, or tries again by itself, must not make us
// write twice.
type once struct {
	kept     *fetch.EventRequestPaused // the document that has not left yet
	document network.RequestID         // the one that has
	posts    map[string]network.RequestID
}

// secondThought is how long the first document is kept back. Where a page sends its form twice, the browser drops the first
// for the second; what had left by then would have no answer, and nobody could say whether it arrived.
const secondThought = 300 * time.Millisecond

// keep holds a document back, and lets the last one that came in time leave.
func (t *Tab) keep(o *once, e *fetch.EventRequestPaused) {
	if o.kept != nil {
		t.decide(o.kept, false)
		o.kept = e
		return
	}
	o.kept = e
	time.AfterFunc(secondThought, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		last := o.kept
		o.kept = nil
		t.decide(last, o.may(true, last))
	})
}

func (o *once) may(main bool, e *fetch.EventRequestPaused) bool {
	if main {
		if o.document != "" && o.document != e.NetworkID {
			return false
		}
		o.document = e.NetworkID
	}
	if asks(e.Request.Method) {
		return true
	}
	var body []byte
	for _, part := range e.Request.PostDataEntries {
		body = append(body, part.Bytes...)
	}
	if line, _, ok := bytes.Cut(body, []byte("\r\n")); ok && bytes.HasPrefix(line, []byte("--")) {
		body = bytes.ReplaceAll(body, line, nil) // a multipart's boundary is another each time (RFC 2046, 5.1.1)
	}
	key := e.Request.Method + " " + e.Request.URL + "\n" + string(body)
	if id, again := o.posts[key]; again && id != e.NetworkID {
		return false
	}
	o.posts[key] = e.NetworkID
	return true
}

// Follow does an act that may send something or lead elsewhere, lets the first document that follows through, and waits,
// at most so long, for the answer and for the page to stand again.
func (t *Tab) Follow(ctx context.Context, most time.Duration, act func() error) (*Sent, error) {
	t.mu.Lock()
	before := t.now.load.URL
	n := newLoading(before)
	n.once = &once{posts: map[string]network.RequestID{}}
	n.loader, n.last = t.now.loader, n.began
	t.now = n
	t.mu.Unlock()
	if _, err := Call(ctx, t, fetch.Enable, fetch.EnableParams{Patterns: everything}); err != nil {
		return t.sent(n), err
	}
	if err := act(); err != nil {
		return t.sent(n), err
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-t.crashed:
			return t.sent(n), ErrCrashed
		case <-ctx.Done():
			return t.sent(n), nil
		case now := <-look.C:
			t.mu.Lock()
			main, open, idle := n.main != "", len(n.inflight), now.Sub(n.last)
			t.mu.Unlock()
			if main {
				if err := t.settle(ctx, n); err != nil && !errors.Is(err, context.DeadlineExceeded) {
					return t.sent(n), err
				}
				return t.sent(n), nil
			}
			// Nothing leads elsewhere: an answer that a script shows, or a check that let nothing out.
			if open == 0 && idle > time.Second && now.Sub(n.began) > 2*time.Second {
				return t.sent(n), nil
			}
		}
	}
}

func (t *Tab) sent(n *loading) *Sent {
	l := t.loaded(n)
	s := &Sent{Load: *l}
	t.mu.Lock()
	s.Moved, s.At = n.main != "", n.replied
	t.mu.Unlock()
	for _, r := range l.Requests {
		if !asks(r.Method) {
			s.Left = true
			switch {
			case r.Status > 0:
				s.Answered, s.Failed = r.Status, ""
			case s.Answered == 0: // one that was held back as a repetition has no answer either
				s.Failed = r.Failed
			}
		}
	}
	if s.Moved {
		s.Left = true // a form that is sent by GET leads elsewhere too
		s.Answered = max(s.Answered, l.Status)
	}
	return s
}
