package feed_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sonde-fleet/sonde/feed"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/store"
)

func journal(t *testing.T, n int) *store.DB {
	t.Helper()
	db, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for range n {
		e := probes.Event{Kind: probes.MailUnmatched, Evidence: []probes.Evidence{{Body: []byte("a mail")}}}
		if err := db.Record(e); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func TestPullInPages(t *testing.T) {
	db := journal(t, 25)
	s := httptest.NewServer(feed.Handler("p1", db, "sixteen letters!"))
	defer s.Close()
	c := feed.Client{URL: s.URL, Token: "sixteen letters!"}
	var after uint64
	pages := 0
	for {
		p, err := c.Pull(t.Context(), after, 10, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Records) == 0 {
			break
		}
		if p.Prober != "p1" || p.Last != 25 {
			t.Errorf("page of %s, last %d", p.Prober, p.Last)
		}
		for _, raw := range p.Records {
			r, err := store.DecodeRecord(raw)
			if err != nil || r.N != after+1 {
				t.Fatalf("record %d after %d, %v", r.N, after, err)
			}
			after = r.N
		}
		pages++
	}
	if after != 25 || pages != 3 {
		t.Errorf("%d records in %d pages", after, pages)
	}
	body, err := c.Evidence(t.Context(), "ec81bdec6ec4ee1eee03bbfcc1dbcc5d50d6386ad0b0fd7b9c0b2a4a48ac8d0e")
	if err == nil {
		t.Errorf("evidence that is not there: %q", body)
	}
}

func TestTokenIsAskedFor(t *testing.T) {
	s := httptest.NewServer(feed.Handler("p1", journal(t, 1), "sixteen letters!"))
	defer s.Close()
	for _, token := range []string{"", "wrong", "sixteen letters"} {
		c := feed.Client{URL: s.URL, Token: token}
		if _, err := c.Pull(t.Context(), 0, 1, 0); err == nil || !strings.Contains(err.Error(), "token") {
			t.Errorf("token %q: %v", token, err)
		}
	}
}

func TestForgedEvidenceIsRefused(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("other bytes")) }))
	defer s.Close()
	c := feed.Client{URL: s.URL}
	h := probes.Hash(strings.Repeat("0", 64))
	if _, err := c.Evidence(t.Context(), h); err == nil {
		t.Error("bytes with another hash were taken")
	}
}

// fixed is a journal that does not change until it is told to.
type fixed struct {
	changed chan struct{}
	last    atomic.Uint64
}

func (f *fixed) Page(uint64, int) ([][]byte, error)   { return nil, nil }
func (f *fixed) Evidence(probes.Hash) ([]byte, error) { return nil, errors.New("none") }
func (f *fixed) Last() uint64                         { return f.last.Load() }
func (f *fixed) Changed() <-chan struct{}             { return f.changed }

func TestLongPollEndsWithTheFirstRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fixed{changed: make(chan struct{})}
		h := feed.Handler("p", f, "")
		began := time.Now()
		time.AfterFunc(7*time.Second, func() { f.last.Store(1); close(f.changed) })
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "GET", "/v1/journal?after=0&wait=20", nil))
		if d := time.Since(began); d != 7*time.Second {
			t.Errorf("answered after %v", d)
		}
		f = &fixed{changed: make(chan struct{})}
		f.last.Store(1)
		h = feed.Handler("p", f, "")
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began = time.Now()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/v1/journal?after=1&wait=20", nil))
		if d := time.Since(began); d != 3*time.Second {
			t.Errorf("a reader that has gone was served after %v", d)
		}
	})
}

// FuzzPull reads what a hostile prober may send.
func FuzzPull(f *testing.F) {
	f.Add([]byte("(\xb5/\xfd"), 200)
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x00, 0x09, 0x00, 0x00, 0x80}, 200)
	f.Fuzz(func(t *testing.T, body []byte, code int) {
		if code < 200 || code > 599 {
			code = 200
		}
		c := feed.Client{URL: "http://p", HTTP: &http.Client{Transport: answer{body, code}}}
		if p, err := c.Pull(context.Background(), 0, 10, 0); err == nil {
			for _, raw := range p.Records {
				store.DecodeRecord(raw)
			}
		}
	})
}

type answer struct {
	body []byte
	code int
}

func (a answer) RoundTrip(*http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	w.WriteHeader(a.code)
	w.Write(a.body)
	return w.Result(), nil
}
