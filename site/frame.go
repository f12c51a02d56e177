package site

import (
	"net/http"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/stats"
)

// frame is what every page has: its language, its title, its way round.
type frame struct {
	*locale
	Title   string
	Here    string     // home, audits, websites: the current entry of the navigation
	Asked   filter     // what the URL asks for
	Langs   []langLink // the other languages
	Refresh int        // seconds until the page loads itself again, 0: it does not
	StopURL string     // the page that does not
	GoURL   string     // the page that does, when it was stopped
	HomeURL string
	ListURL string
	WebURL  string
}

type langLink struct{ Lang, Name, URL string }

// link is a text that leads somewhere.
type link struct {
	Text, URL string
	Current   bool
}

// languages names each language in itself.
var languages = map[string]string{"en": "English", "fr": "Français"}

func (s *server) frame(r *http.Request, f filter) frame {
	p := frame{locale: s.locales.pick(f.Lang, r.Header.Get("Accept-Language")), Asked: f}
	for _, lang := range p.Other() {
		to := f
		to.Lang = lang
		p.Langs = append(p.Langs, langLink{lang, languages[lang], to.href(r.URL.Path)})
	}
	base := filter{Campaign: f.Campaign, Lang: f.Lang, Refresh: f.Refresh}
	p.HomeURL, p.ListURL = base.href("/"), base.href("/audits")
	p.WebURL = base.href("/websites")
	return p
}

// refreshSeconds is how often the first page loads itself while a campaign runs.
const refreshSeconds = 10

// follow makes the page load itself again, unless the reader stopped that (WCAG 2.2.2).
func (p *frame) follow(f filter, path string) {
	on, off := f, f
	on.Refresh, off.Refresh = "", "off"
	if f.Refresh == "off" {
		p.GoURL = on.href(path)
		return
	}
	p.Refresh, p.StopURL = refreshSeconds, off.href(path)
}

// stamp is an instant for a reader and for a program.
type stamp struct{ Text, ISO string }

func (p *frame) stamp(t time.Time) stamp {
	if t.IsZero() {
		return stamp{Text: undefined}
	}
	return stamp{p.Minute(t), t.UTC().Format(time.RFC3339Nano)}
}

// delay writes the delay of an answered audit.
func (p *frame) delay(o *stats.Outcome) string {
	if o.Result != stats.Answered {
		return undefined
	}
	return p.Delay(float64(o.Delay))
}

// auditURL returns the page of an audit.
func auditURL(o *stats.Outcome, f filter) string {
	to := filter{Lang: f.Lang}
	return to.href("/audits/" + strings.ReplaceAll(strings.ReplaceAll(string(o.ID), "%", "%25"), "/", "%2F"))
}
