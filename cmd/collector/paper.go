package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/ledger"
	"github.com/sonde-fleet/sonde/report/paper"
	"github.com/sonde-fleet/sonde/site"
	"github.com/sonde-fleet/sonde/store"
)

// paperFlags are what the report of one structure is asked for with.
type paperFlags struct {
	Structure string `help:"With -format html or pdf: the report of one structure, as it would receive it, instead of the campaign's barometer." placeholder:"ID"`
	Lang      string `help:"Language of a report in HTML or PDF: fr or en." enum:"fr,en" default:"fr"`
	Campaign  string `help:"Campaign of a report in HTML or PDF; the newest without one." placeholder:"ID"`
	Out       string `help:"File to write instead of stdout." placeholder:"FILE"`
}

// paper writes the report of one structure, or the barometer of a campaign without one: the page that the site has of it.
func (a *app) paper(f *paperFlags, format string) error {
	if format != "html" && format != "pdf" {
		return cli.UsageError{Err: fmt.Errorf("-structure %q with -format %s; Try: -structure ID -format html or pdf", f.Structure, format)}
	}
	c, err := config.LoadCollector(a.config)
	if err != nil {
		return cli.UsageError{Err: err}
	}
	q := url.Values{"lang": {f.Lang}, "format": {format}}
	if f.Campaign != "" {
		q.Set("campaign", f.Campaign)
	}
	path := "/barometer/report?"
	if f.Structure != "" {
		path = "/structures/" + url.PathEscape(f.Structure) + "/report?"
	}
	content, err := a.page(c, path+q.Encode())
	switch {
	case errors.Is(err, errNoPage) && f.Structure == "":
		return fmt.Errorf("campaign %q: there is none; Try: collector pull, then collector scores", f.Campaign)
	case errors.Is(err, errNoPage):
		return fmt.Errorf("structure %s: it is in no campaign of that name; Try: collector outcomes, which lists structures and campaigns", f.Structure)
	case err != nil:
		return fmt.Errorf("report of %s: %w", f.Structure, err)
	}
	return a.outFile(f.Out, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// errNoPage says that the site has no such page.
var errNoPage = errors.New("no such page")

// page returns a page of the site: from the collector that runs here, because it owns the store, else made from the store.
func (a *app) page(c *config.Collector, path string) ([]byte, error) {
	db, err := store.OpenCollected(c.Data)
	if errors.Is(err, store.ErrInUse) {
		q, err := http.NewRequestWithContext(a.ctx, http.MethodGet, "http://collector"+path, nil)
		if err != nil {
			return nil, err
		}
		resp, err := running(c).Do(q)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, err
		}
		return body, pageError(resp.StatusCode)
	}
	if err != nil {
		return nil, err
	}
	defer db.Close()
	l, err := ledger.Open(db)
	if err != nil {
		return nil, err
	}
	earlier, err := published(c.Editions)
	if err != nil {
		return nil, err
	}
	pages, err := site.New(site.Options{Source: l, Vault: db, Public: c.PublicURL, Editions: earlier})
	if err != nil {
		return nil, err
	}
	return answer(a.ctx, access.Local(pages), path)
}

// answer asks a handler of this process for a page.
func answer(ctx context.Context, h http.Handler, path string) ([]byte, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://collector"+path, nil)
	if err != nil {
		return nil, err
	}
	r := &response{head: http.Header{}, code: http.StatusOK}
	h.ServeHTTP(r, q)
	return r.body.Bytes(), pageError(r.code)
}

// pageError says what a status of the site means to who asked on the terminal.
func pageError(code int) error {
	switch code {
	case http.StatusOK:
		return nil
	case http.StatusNotFound:
		return errNoPage
	case http.StatusServiceUnavailable:
		return paper.ErrNoBrowser
	}
	return fmt.Errorf("the site says %s; Try: the log", http.StatusText(code))
}

// response keeps what a handler answers.
type response struct {
	head http.Header
	code int
	body bytes.Buffer
}

func (r *response) Header() http.Header         { return r.head }
func (r *response) WriteHeader(code int)        { r.code = code }
func (r *response) Write(p []byte) (int, error) { return r.body.Write(p) }
