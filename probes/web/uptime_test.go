package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
)

// kept is what the store would say.
type kept struct {
	mu         sync.Mutex
	states     []probes.State
	suppressed probes.StructureID
}

func (k *kept) States(f func(probes.State) bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, st := range k.states {
		if !f(st) {
			break
		}
	}
	return nil
}
func (k *kept) Suppressed(id probes.StructureID) bool { return id == k.suppressed }
func (k *kept) Paused() bool                          { return false }

func TestWatch(t *testing.T) {
	var mu sync.Mutex
	asked := map[string]int{}
	full := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked[r.URL.Path]++
		switch r.URL.Path {
		case "/tagged":
			w.Header().Set("ETag", `"v1"`)
			if r.Header.Get("If-None-Match") == `"v1"` {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			full++
		case "/failing":
			w.WriteHeader(http.StatusBadGateway)
		case "/closed":
			w.WriteHeader(http.StatusForbidden)
		case "/gone":
			panic(http.ErrAbortHandler)
		}
	}))
	defer srv.Close()
	k := &kept{suppressed: "S"}
	add := func(id, target string, channel probes.Channel, status probes.Status) {
		k.states = append(k.states, probes.State{Status: status, Audit: probes.Audit{ID: probes.AuditID(id), Structure: probes.StructureID(id), Channel: channel, Target: target}})
	}
	add("T", srv.URL+"/tagged", probes.Web, probes.Contacted)
	add("F", srv.URL+"/failing", probes.Web, probes.Contacted)
	add("C", srv.URL+"/closed", probes.Web, probes.Contacted)
	add("G", srv.URL+"/gone", probes.Web, probes.Contacted)
	add("P", "http://192.168.255.254/", probes.Web, probes.Contacted)
	add("S", srv.URL+"/suppressed", probes.Web, probes.Contacted)
	add("N", srv.URL+"/planned", probes.Web, probes.Planned)
	add("M", srv.URL+"/mail", probes.Mail, probes.Contacted)
	c := New(Options{Allow: loopback(), Check: 300 * time.Millisecond, Archive: k})
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	var got []probes.Event
	if err := c.Watch(ctx, func(e probes.Event) error {
		if got = append(got, e); len(got) == 15 { // three rounds of five
			cancel()
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	type answer struct {
		up    string
		fault probes.Fault
	}
	for id, want := range map[probes.AuditID]answer{"T": {"yes", ""}, "F": {"no", probes.Theirs}, "C": {"blocked", ""}, "G": {"no", probes.Theirs}, "P": {"no", probes.Ours}} {
		n := 0
		for _, e := range got {
			if e.Audit == id {
				if n++; e.Kind != probes.WebChecked || e.Detail["up"] != want.up || e.Fault != want.fault {
					t.Errorf("%s: %v %v %s", id, e.Detail, e.Fault, e.Text)
				}
			}
		}
		if n != 3 {
			t.Errorf("%s was looked at %d times", id, n)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if asked["/suppressed"]+asked["/planned"]+asked["/mail"] > 0 || full != 1 || asked["/tagged"] < 3 {
		t.Errorf("asked %v, %d answers in full", asked, full)
	}
}

// Where nobody answers any more it is we who are cut off: the structures are not blamed.
func TestWatchCutOff(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	k := &kept{}
	for _, id := range []string{"A", "B", "C"} {
		k.states = append(k.states, probes.State{Status: probes.Contacted, Audit: probes.Audit{ID: probes.AuditID(id), Structure: probes.StructureID(id), Channel: probes.Web, Target: srv.URL + "/" + id}})
	}
	srv.Close()
	c := New(Options{Allow: loopback(), Check: 50 * time.Millisecond, Archive: k})
	defer c.Close()
	ctx, cancel := context.WithCancel(t.Context())
	if err := c.Watch(ctx, func(e probes.Event) error {
		if cancel(); e.Fault != probes.Ours {
			t.Errorf("%+v", e)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
