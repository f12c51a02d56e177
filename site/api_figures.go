package site

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/site/openapi"
	"github.com/sonde-fleet/sonde/stats"
)

// GetFigures is part of openapi.StrictServerInterface. The figures are those of the first page: the view computes both.
func (a *api) GetFigures(_ context.Context, q openapi.GetFiguresRequestObject) (openapi.GetFiguresResponseObject, error) {
	p := q.Params
	f := filter{Campaign: value(p.Campaign), Channel: value(p.Channel), Structure: value(p.Structure), Result: value(p.Result), State: value(p.State),
		Kind: value(p.Kind), Sector: value(p.Sector), Band: value(p.Band), Region: value(p.Region), Week: value(p.Week), Mark: value(p.Mark), Q: value(p.Q)}
	if p.Within != nil {
		f.Within = time.Duration(*p.Within) * time.Hour
	}
	v := a.views.get()
	f = v.scoped(f).defaulted()
	figures, err := v.report(f, stats.Dimension(value(p.By)))
	if err != nil {
		return nil, err
	}
	points := 200
	if p.Points != nil {
		points = *p.Points
	}
	lines := report.Lines(figures)
	out := openapi.GetFigures200JSONResponse{Campaign: f.Campaign, Channel: f.Channel, By: string(figures.By), At: v.At.UTC(),
		All: openapi.GroupWithCurve{Line: lines[0], Curve: steps(&figures.All.Curve, points)}, Groups: []openapi.FigureGroup{}}
	for i := range figures.Groups {
		out.Groups = append(out.Groups, openapi.GroupWithCurve{Line: lines[i+1], Curve: steps(&figures.Groups[i].Curve, points)})
	}
	if f.Channel == string(probes.Phone) {
		calls, err := v.callsOf(f, stats.Dimension(value(p.By)))
		if err != nil {
			return nil, err
		}
		lines := report.CallLines(calls)
		out.Calls = &lines
	}
	if l := figures.LogRank; l.DF > 0 {
		out.Logrank = &openapi.LogRank{Chisq: defined(l.ChiSq), Df: l.DF, P: defined(l.P)}
	}
	return out, nil
}

// steps returns at most n steps of the estimate, spread evenly, the first and the last among them. The share that has answered
// is what is left of the share that has not.
func steps(c *stats.Curve, n int) []openapi.CurveStep {
	out := make([]openapi.CurveStep, 0, min(n, len(c.Steps)))
	last := -1
	for k := range n {
		i := k
		if len(c.Steps) > n {
			i = k * (len(c.Steps) - 1) / (n - 1)
		}
		if i >= len(c.Steps) || i == last {
			break
		}
		last = i
		s := &c.Steps[i]
		out = append(out, openapi.CurveStep{DelayMs: s.T, Share: 1 - s.S, Low: defined(1 - s.High), High: defined(1 - s.Low), AtRisk: s.AtRisk,
			Events: s.Events, Censored: s.Censored})
	}
	return out
}

// defined returns nil for a figure that is not defined: JSON has no NaN.
func defined(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// ListProbers is part of openapi.StrictServerInterface.
func (a *api) ListProbers(ctx context.Context, _ openapi.ListProbersRequestObject) (openapi.ListProbersResponseObject, error) {
	pulls := map[string]Pull{}
	if a.pulls != nil {
		for _, x := range a.pulls() {
			pulls[x.Prober] = x
		}
	}
	out := openapi.ListProbers200JSONResponse{Items: []openapi.Prober{}}
	for _, x := range a.fleet.ask(ctx) {
		p := openapi.Prober{Prober: x.Prober, Answers: x.Status != nil, Status: x.Status, ClockOffsetMs: millis(x.Offset), RoundTripMs: millis(x.Trip)}
		if x.Fault != "" {
			p.Fault = &x.Fault
		}
		if pull, ok := pulls[x.Prober]; ok {
			p.Pulled = &openapi.Pulled{Last: int64(pull.Last)}
			if !pull.At.IsZero() {
				p.Pulled.At = new(pull.At.UTC())
			}
			if pull.Fault != "" {
				p.Pulled.Fault = &pull.Fault
			}
		}
		out.Items = append(out.Items, p)
	}
	return out, nil
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// ListWebhooks is part of openapi.StrictServerInterface.
func (a *api) ListWebhooks(context.Context, openapi.ListWebhooksRequestObject) (openapi.ListWebhooksResponseObject, error) {
	out := openapi.ListWebhooks200JSONResponse{Items: []openapi.WebhookStatus{}}
	if a.webhooks != nil {
		out.Items = append(out.Items, a.webhooks()...)
	}
	return out, nil
}

// TrailLink is a record of the trail with its place in the chain.
type TrailLink struct {
	Record probes.Record
	Hash   probes.Hash
	Raw    []byte // the octets that are hashed
}

// ListTrail is part of openapi.StrictServerInterface.
func (a *api) ListTrail(_ context.Context, q openapi.ListTrailRequestObject) (openapi.ListTrailResponseObject, error) {
	if a.links == nil || a.trail == nil {
		return nil, missing("trail here")
	}
	after := int64(0)
	if q.Params.After != nil {
		after = *q.Params.After
	}
	n, hash := a.trail.Head()
	out := openapi.ListTrail200JSONResponse{Items: []openapi.TrailRecord{}, Head: openapi.TrailHead{N: int64(n), Hash: string(hash)}}
	if uint64(after) >= n {
		return out, nil
	}
	links, err := a.links(uint64(after), limitOf(q.Params.Limit))
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		out.Items = append(out.Items, openapi.TrailRecord{N: int64(l.Record.N), Written: l.Record.At.UTC(), Hash: string(l.Hash),
			Raw: l.Raw, Event: l.Record.Event})
	}
	return out, nil
}

// evidenceFile hands out evidence and writes down who read it.
func (a *api) evidenceFile(w http.ResponseWriter, r *http.Request) {
	hash := r.PathValue("sha256")
	if err := a.read(r, "", "evidence "+cmp.Or(hash, "none")); err != nil {
		failed(w, r, err)
		return
	}
	w.Header().Set("ETag", `"`+hash+`"`)
	a.evidence(w, r)
}
