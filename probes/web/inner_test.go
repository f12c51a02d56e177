package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes/web/sample"
)

// Chrome halts several times within one native player or date field: that is no trap, and a trap around one still is.
func TestInnerStops(t *testing.T) {
	needBrowser(t)
	const links = `<p><a href="/a">Les horaires de la piscine</a> <a href="/b">Les tarifs de la piscine</a></p>`
	pages := map[string]struct {
		body string
		trap bool
	}{
		"video": {links + `<video src="/film.mp4" controls width="400" height="200"></video>` + links, false},
		"audio": {links + `<audio src="/son.wav" controls></audio>` + links, false},
		"many":  {links + strings.Repeat(`<audio src="/son.wav" controls></audio>`, 4) + links, false},
		"date":  {links + `<form action="/s"><label>Date de naissance <input type="date" name="d"></label><label>Heure <input type="datetime-local" name="h"></label><button>Chercher</button></form>` + links, false},
		"held":  {links + `<form action="/s"><label>Date de naissance <input type="date" name="d" onkeydown="event.preventDefault()"></label><button>Chercher</button></form>` + links, true},
		"plain": {links + `<form action="/s"><label>Nom <input name="n" onkeydown="if(event.key==='Tab')event.preventDefault()"></label><button>Chercher</button></form>` + links, true},
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/son.wav" {
			w.Header().Set("Content-Type", "audio/wav")
			_, _ = w.Write(silence(6))
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Piscine</title></head><body><main><h1>La piscine</h1>%s</main></body></html>`,
			pages[strings.TrimPrefix(r.URL.Path, "/")].body)
	}))
	defer srv.Close()
	a := NewAuditor(Options{Allow: loopback(), Pause: time.Nanosecond})
	defer a.Close()
	home, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.open(t.Context(), home, func(Line, *visit) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for name, x := range pages {
		v, err := s.next(t.Context(), sample.Pick{URL: srv.URL + "/" + name})
		if err != nil {
			t.Fatal(err)
		}
		trap := false
		for _, f := range v.findings {
			switch f.Rule {
			case "sonde-keyboard-trap":
				trap = true
			case "sonde-unreachable", "sonde-keyboard-loop":
				if !x.trap {
					t.Errorf("%s: %s %s", name, f.Rule, f.Selector)
				}
			}
		}
		if trap != x.trap {
			t.Errorf("%s: trap %v, is %v", name, trap, x.trap)
		}
	}
}

// What a page does when one tries it must not reach the service: a trial is no message.
func TestPastingSendsNothing(t *testing.T) {
	needBrowser(t)
	var sent atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			sent.Add(1)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Connexion</title></head><body><main><h1>Connexion</h1><form action="/s">
<label>Courriel <input type="email" name="m" autocomplete="email" onpaste="fetch('/suivi',{method:'POST',body:'x'})"></label><button>Entrer</button></form></main></body></html>`)
	}))
	defer srv.Close()
	a := NewAuditor(Options{Allow: loopback(), Pause: time.Nanosecond})
	defer a.Close()
	home, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.open(t.Context(), home, func(Line, *visit) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if v, err := s.next(t.Context(), sample.Pick{URL: srv.URL + "/"}); err != nil || v.line.Result != Audited {
		t.Fatal(err, v.line)
	}
	if n := sent.Load(); n > 0 {
		t.Errorf("%d requests that could change something reached the server", n)
	}
}
