package web

import (
	"time"

	"github.com/sonde-fleet/sonde/probes/web/browser"
)

// The log of a page is kept in the form of HAR 1.2 as far as it goes, so that the tools that read it draw the waterfall.
type harLog struct {
	Log harBody `json:"log"`
}

type harBody struct {
	Version string     `json:"version"`
	Creator harName    `json:"creator"`
	Pages   []harPage  `json:"pages"`
	Entries []harEntry `json:"entries"`
}

type harName struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type harPage struct {
	Started time.Time `json:"startedDateTime"`
	ID      string    `json:"id"`
	Title   string    `json:"title"`
	Timings struct {
		Content float64 `json:"onContentLoad"`
		Load    float64 `json:"onLoad"`
	} `json:"pageTimings"`
}

type harEntry struct {
	Page     string    `json:"pageref"`
	Started  time.Time `json:"startedDateTime"`
	Time     float64   `json:"time"` // ms
	Request  harReq    `json:"request"`
	Response harRes    `json:"response"`
	Cache    struct{}  `json:"cache"`
	Timings  struct {
		Send    float64 `json:"send"`
		Wait    float64 `json:"wait"`
		Receive float64 `json:"receive"`
	} `json:"timings"`
	Kind  string `json:"_resourceType"`
	Error string `json:"_error,omitempty"`
}

type harReq struct {
	Method  string   `json:"method"`
	URL     string   `json:"url"`
	Version string   `json:"httpVersion"`
	Cookies []string `json:"cookies"`
	Headers []string `json:"headers"`
	Query   []string `json:"queryString"`
	Head    int      `json:"headersSize"`
	Body    int      `json:"bodySize"`
}

type harRes struct {
	Status  int      `json:"status"`
	Text    string   `json:"statusText"`
	Version string   `json:"httpVersion"`
	Cookies []string `json:"cookies"`
	Headers []string `json:"headers"`
	Content struct {
		Size int64  `json:"size"`
		MIME string `json:"mimeType"`
	} `json:"content"`
	Redirect string `json:"redirectURL"`
	Head     int    `json:"headersSize"`
	Body     int64  `json:"bodySize"`
}

func harOf(v *visit) harLog {
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	l := harLog{harBody{Version: "1.2", Creator: harName{"Sonde", "1"}}}
	p := harPage{Started: v.load.Started, ID: "page", Title: v.line.Title}
	p.Timings.Content, p.Timings.Load = ms(v.timing.DOMContentLoaded), ms(v.timing.Load)
	l.Log.Pages = []harPage{p}
	l.Log.Entries = make([]harEntry, 0, len(v.load.Requests))
	for _, r := range v.load.Requests {
		l.Log.Entries = append(l.Log.Entries, entryOf(v, r, ms(r.Took)))
	}
	return l
}

func entryOf(v *visit, r browser.Request, took float64) harEntry {
	none := []string{}
	e := harEntry{Page: "page", Started: v.load.Started.Add(r.From), Time: took, Kind: r.Type, Error: r.Failed,
		Request:  harReq{Method: r.Method, URL: r.URL, Version: v.load.Protocol, Cookies: none, Headers: none, Query: none, Head: -1, Body: -1},
		Response: harRes{Status: r.Status, Version: v.load.Protocol, Cookies: none, Headers: none, Head: -1, Body: r.Bytes}}
	e.Response.Content.Size, e.Response.Content.MIME = r.Bytes, r.MIME
	e.Timings.Wait = took
	return e
}
