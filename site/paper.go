package site

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report/paper"
	"github.com/sonde-fleet/sonde/score"
	"github.com/sonde-fleet/sonde/stats"
)

// judged is a campaign of a snapshot, scored.
type judged struct {
	sheet    *score.Sheet
	outcomes []stats.Outcome // that the sheet was made of
	made     time.Time
	took     time.Duration
}

// sheet returns the scores of a campaign. They are computed once for a snapshot, however many ask, and nobody who asks for
// something else waits for them.
func (v *view) sheet(campaign string) (*score.Sheet, error) {
	j, err := v.judged(campaign)
	if err != nil {
		return nil, err
	}
	return j.sheet, nil
}

// judged is sheet with the outcomes that it was made of: what tells of single audits needs both. Where scoring takes long, the
// snapshot before this one serves until its successor is scored, so that nobody waits for it but the very first.
func (v *view) judged(campaign string) (*judged, error) {
	v.mu.Lock()
	known, before := v.sheets[campaign], v.before[campaign]
	v.mu.Unlock()
	if known != nil {
		return known, nil
	}
	made := v.once.DoChan("sheet "+campaign, func() (any, error) { return v.judge(campaign) })
	if before != nil && before.took >= patience {
		return before, nil
	}
	x := <-made
	if x.Err != nil {
		return nil, x.Err
	}
	return x.Val.(*judged), nil
}

func (v *view) judge(campaign string) (*judged, error) {
	start := time.Now()
	launch := v.launched(campaign)
	if launch == nil {
		return nil, fmt.Errorf("campaign %s: there is none", campaign)
	}
	g, norms, err := grid.Thaw(launch.Grid)
	if err != nil {
		return nil, fmt.Errorf("campaign %s: %w", campaign, err)
	}
	j := &judged{outcomes: v.Outcomes}
	if len(v.Launches) > 1 {
		j.outcomes = nil
		for i := range v.Outcomes {
			if v.Outcomes[i].Campaign == campaign {
				j.outcomes = append(j.outcomes, v.Outcomes[i])
			}
		}
	}
	j.sheet = score.Of(g, norms, j.outcomes)
	j.made = time.Now()
	j.took = j.made.Sub(start)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.spend(start)
	if v.sheets == nil {
		v.sheets = map[string]*judged{}
	}
	v.sheets[campaign] = j
	delete(v.before, campaign)
	return j, nil
}

// launched returns the launch of a campaign, nil when there is none of that name.
func (v *view) launched(campaign string) *probes.Launch {
	for i := range v.Launches {
		if v.Launches[i].Campaign == campaign {
			return &v.Launches[i]
		}
	}
	return nil
}

// campaignsOf returns the campaigns that the structure took part in, the newest first; for itself, those of which it may know
// an audit.
func (v *view) campaignsOf(b *body, own bool) (out []*probes.Launch) {
	in := map[string]bool{}
	for _, i := range b.places {
		if o := &v.Outcomes[i]; !own || told(o) {
			in[o.Campaign] = true
		}
	}
	for i := range v.Launches {
		if in[v.Launches[i].Campaign] {
			out = append(out, &v.Launches[i])
		}
	}
	return out
}

// printer prints one report at a time: Chrome takes a core and a few hundred megabytes. What it printed last is kept.
type printer struct {
	busy chan struct{}
	mu   sync.Mutex
	kept map[[sha256.Size]byte][]byte // by the hash of the document
	old  [][sha256.Size]byte          // in the order of printing
}

// maxPrinted is how many printed reports are kept, about a megabyte each.
const maxPrinted = 16

func newPrinter() *printer {
	return &printer{busy: make(chan struct{}, 1), kept: map[[sha256.Size]byte][]byte{}}
}

// print returns the document as PDF. The same document is printed once, until others have taken its place.
func (p *printer) print(ctx context.Context, html []byte) ([]byte, error) {
	key := sha256.Sum256(html)
	find := func() []byte {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.kept[key]
	}
	if pdf := find(); pdf != nil {
		return pdf, nil
	}
	select {
	case p.busy <- struct{}{}:
		defer func() { <-p.busy }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if pdf := find(); pdf != nil {
		return pdf, nil // printed while this one waited
	}
	var b bytes.Buffer
	if err := paper.PDF(ctx, html, &b); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.old = append(p.old, key); len(p.old) > maxPrinted {
		delete(p.kept, p.old[0])
		p.old = p.old[1:]
	}
	p.kept[key] = b.Bytes()
	return b.Bytes(), nil
}

// structureReport is a structure's report for those who may see its audits.
func (s *server) structureReport(w http.ResponseWriter, r *http.Request) {
	s.paper(w, r, probes.StructureID(r.PathValue("id")), false)
}

// ownReport is the same for the structure's contact.
func (s *server) ownReport(w http.ResponseWriter, r *http.Request) {
	s.paper(w, r, access.From(r.Context()).Structure, true)
}

func (s *server) paper(w http.ResponseWriter, r *http.Request, id probes.StructureID, own bool) {
	q := r.URL.Query()
	v := s.views.get()
	b := v.body(id)
	format := q.Get("format")
	if format != "" && format != "html" && format != "pdf" {
		s.problem(w, r, http.StatusBadRequest)
		return
	}
	var launch *probes.Launch
	if b != nil {
		for _, l := range v.campaignsOf(b, own) {
			if want := q.Get("campaign"); want == "" || want == l.Campaign {
				launch = l
				break
			}
		}
	}
	if launch == nil {
		s.problem(w, r, http.StatusNotFound)
		return
	}
	in, err := s.paperInput(r, v, b, launch, own)
	if err != nil {
		slog.Error("report failed", "structure", id, "campaign", launch.Campaign, "err", err)
		s.problem(w, r, http.StatusInternalServerError)
		return
	}
	var html bytes.Buffer
	switch err := paper.Structure(&html, in, id); {
	case errors.Is(err, paper.ErrNotHere):
		s.problem(w, r, http.StatusNotFound)
		return
	case err != nil:
		slog.Error("report failed", "structure", id, "campaign", launch.Campaign, "err", err)
		s.problem(w, r, http.StatusInternalServerError)
		return
	}
	s.deliver(w, r, html.Bytes(), format, "sonde-"+launch.Campaign+"-"+string(id)+"-"+in.Lang)
}

// deliver sends a report as HTML, or printed as a PDF file of that name.
func (s *server) deliver(w http.ResponseWriter, r *http.Request, content []byte, format, name string) {
	h := w.Header()
	if format == "pdf" {
		printed, err := s.printer.print(r.Context(), content)
		switch {
		case errors.Is(err, paper.ErrNoBrowser):
			slog.Error("report not printed", "err", err)
			s.refuse(w, r, http.StatusServiceUnavailable, "report.no-browser")
			return
		case err != nil:
			slog.Error("report not printed", "report", name, "err", err)
			s.problem(w, r, http.StatusInternalServerError)
			return
		}
		content = printed
		h.Set("Content-Type", "application/pdf")
		h.Set("Content-Disposition", `attachment; filename="`+url.PathEscape(name)+`.pdf"`)
	} else {
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", paper.Policy())
		h.Add("Vary", "Accept-Language")
	}
	sum := sha256.Sum256(content)
	h.Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
	h.Set("Content-Length", strconv.Itoa(len(content)))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// paperInput gathers what a report is made of, as far as the visitor may see it.
func (s *server) paperInput(r *http.Request, v *view, b *body, launch *probes.Launch, own bool) (paper.Input, error) {
	j, err := v.judged(launch.Campaign)
	if err != nil {
		return paper.Input{}, err
	}
	q, who := r.URL.Query(), access.From(r.Context())
	in := paper.Input{Sheet: j.sheet, Outcomes: j.outcomes, Launch: *launch, Lang: s.locales.pick(q.Get("lang"), r.Header.Get("Accept-Language")).Lang, Own: own, At: v.At}
	if s.public != "" || !who.Local {
		in.Base = s.address(r, "/")
	}
	for _, l := range v.campaignsOf(b, own) {
		if l.Campaign == launch.Campaign || !l.Timeline.Launched.Before(launch.Timeline.Launched) {
			continue
		}
		before, err := v.judged(l.Campaign)
		if err != nil {
			slog.Info("an earlier edition is left out of a report", "campaign", l.Campaign, "err", err)
			continue
		}
		if k := before.sheet.Body(b.ID); k >= 0 && before.sheet.Bodies[k].Audits > 0 {
			x := &before.sheet.Bodies[k]
			in.Earlier = append(in.Earlier, paper.EarlierEdition{Campaign: l.Campaign, Title: cmp.Or(l.Title, l.Campaign), End: l.End, Grid: before.sheet.Grid.Version,
				Score: x.Score, Rank: x.Rank, RankLow: x.RankLow, RankHigh: x.RankHigh, Peers: x.Peers})
		}
	}
	shown := own || who.May(access.ReadEvidence)
	in.Events = func(id probes.AuditID) ([]probes.Event, error) {
		if shown {
			if err := s.read(r, id, "report"); err != nil {
				return nil, fmt.Errorf("a reading could not be written down: %w", err)
			}
		}
		return s.source.Events(id)
	}
	if shown {
		in.Evidence = s.vault.Evidence
	}
	in.Rating = func(id probes.AuditID) bool {
		o := v.outcome(id)
		return o != nil && blind(v, o, who)
	}
	return in, nil
}

// reportLinks are the ways to a structure's reports under a path: each campaign's to read and to print.
func (p *frame) reportLinks(v *view, b *body, path string, own bool) (out []link) {
	for _, l := range v.campaignsOf(b, own) {
		name := cmp.Or(l.Title, l.Campaign)
		q := url.Values{"campaign": {l.Campaign}, "lang": {p.Lang}}
		out = append(out, link{Text: p.T("report.read"), About: name, URL: path + "?" + q.Encode()})
		q.Set("format", "pdf")
		out = append(out, link{Text: p.T("report.print"), About: name, URL: path + "?" + q.Encode()})
	}
	return out
}
