package site

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/internal/fold"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/review"
	"github.com/sonde-fleet/sonde/site/openapi"
	"github.com/sonde-fleet/sonde/stats"
)

// ListCampaigns is part of openapi.StrictServerInterface.
func (a *api) ListCampaigns(context.Context, openapi.ListCampaignsRequestObject) (openapi.ListCampaignsResponseObject, error) {
	out := openapi.ListCampaigns200JSONResponse{Items: []openapi.Campaign{}}
	for _, l := range a.views.get().Launches {
		out.Items = append(out.Items, openapi.Campaign{Campaign: l.Campaign, Title: l.Title, Start: l.Timeline.Start.UTC(), End: l.End.UTC(),
			Launched: l.Timeline.Launched.UTC(), Speed: max(l.Timeline.Speed, 1), Structures: l.Structure, Audits: l.Audits,
			SecondReader: l.SecondReader, DoubleCoding: l.DoubleCoding})
	}
	return out, nil
}

// ListStructures is part of openapi.StrictServerInterface.
func (a *api) ListStructures(_ context.Context, q openapi.ListStructuresRequestObject) (openapi.ListStructuresResponseObject, error) {
	const of = "structures"
	c, err := readCursor(q.Params.Cursor, of, 2)
	if err != nil {
		return nil, err
	}
	v := a.views.get()
	all, from := v.bodies(), 0
	if c != nil {
		from = sort.Search(len(all), func(i int) bool {
			return cmp.Or(strings.Compare(all[i].folded, c.Keys[0]), strings.Compare(string(all[i].ID), c.Keys[1])) > 0
		})
	}
	words := strings.Fields(fold.Text(value(q.Params.Q)))
	out := openapi.ListStructures200JSONResponse{Items: []openapi.Structure{}}
	limit, last := limitOf(q.Params.Limit), -1
	for i := from; i < len(all); i++ {
		if !all[i].has(words) {
			continue
		}
		if len(out.Items) == limit {
			next := cursor{of, []string{all[last].folded, string(all[last].ID)}}.String()
			out.Next = &next
			break
		}
		out.Items, last = append(out.Items, v.structure(&all[i])), i
	}
	return out, nil
}

// GetStructure is part of openapi.StrictServerInterface.
func (a *api) GetStructure(_ context.Context, q openapi.GetStructureRequestObject) (openapi.GetStructureResponseObject, error) {
	v := a.views.get()
	b := v.body(probes.StructureID(q.Structure))
	if b == nil {
		return nil, missing("structure " + q.Structure)
	}
	return openapi.GetStructure200JSONResponse(v.structure(b)), nil
}

func missing(what string) error {
	return &refusal{http.StatusNotFound, "", "there is no " + what}
}

func (v *view) structure(b *body) openapi.Structure {
	s := openapi.Structure{Structure: string(b.ID), Name: b.Name, Kind: b.Kind, Sector: b.Sector, Band: b.Band, Region: b.Region, Zone: b.Zone,
		Hours: b.Hours, Holidays: b.Holidays, Audits: len(b.places), Results: map[string]int{}}
	for _, i := range b.places {
		s.Results[string(v.Outcomes[i].Result)]++
	}
	return s
}

// value returns what a parameter that may be left out says.
func value[T ~string](p *T) string {
	if p == nil {
		return ""
	}
	return string(*p)
}

// ordering keeps the audits in orders of keys that never change, so that a page begins where the one before it ended without
// anything being copied, and so that what comes in meanwhile shifts no page. It outlives a view: what the next view has in the
// same place is in order already.
type ordering struct {
	mu        sync.Mutex
	made      time.Time // of the view that it is for
	ids       []probes.AuditID
	byID      []int32
	byDue     []int32
	dueBehind bool // byDue was not asked for since
}

// of returns the places of the view's audits in the order.
func (o *ordering) of(v *view, due bool) []int32 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.made.Equal(v.made) {
		known := 0
		for known < min(len(o.ids), len(v.Outcomes)) && o.ids[known] == v.Outcomes[known].ID {
			known++
		}
		if known < len(o.ids) { // another book: begin anew
			o.ids, o.byID, o.byDue = nil, nil, nil
		}
		o.byID = grown(o.byID, v, byID)
		o.ids = slices.Grow(o.ids, len(v.Outcomes)-len(o.ids))
		for i := len(o.ids); i < len(v.Outcomes); i++ {
			o.ids = append(o.ids, v.Outcomes[i].ID)
		}
		o.made, o.dueBehind = v.made, true
	}
	if !due {
		return o.byID
	}
	if o.dueBehind {
		o.byDue, o.dueBehind = grown(o.byDue, v, byDue), false
	}
	return o.byDue
}

func byID(a, b *stats.Outcome) int { return strings.Compare(string(a.ID), string(b.ID)) }

func byDue(a, b *stats.Outcome) int { return cmp.Or(a.Due.Compare(b.Due), byID(a, b)) }

// grown returns the order with the audits that it does not have yet. The old one stays as it is: somebody may be reading it.
func grown(old []int32, v *view, less func(a, b *stats.Outcome) int) []int32 {
	if len(old) == len(v.Outcomes) {
		return old
	}
	order := func(i, j int32) int { return less(&v.Outcomes[i], &v.Outcomes[j]) }
	fresh := make([]int32, 0, len(v.Outcomes)-len(old))
	for i := len(old); i < len(v.Outcomes); i++ {
		fresh = append(fresh, int32(i))
	}
	slices.SortFunc(fresh, order)
	out := make([]int32, 0, len(v.Outcomes))
	for _, i := range old {
		for len(fresh) > 0 && order(fresh[0], i) < 0 {
			out, fresh = append(out, fresh[0]), fresh[1:]
		}
		out = append(out, i)
	}
	return append(out, fresh...)
}

// ListAudits is part of openapi.StrictServerInterface. It looks at the audits from the cursor on, until the page is full.
func (a *api) ListAudits(ctx context.Context, q openapi.ListAuditsRequestObject) (openapi.ListAuditsResponseObject, error) {
	p := q.Params
	f := filter{Campaign: value(p.Campaign), Channel: value(p.Channel), Structure: value(p.Structure), Result: value(p.Result), State: value(p.State),
		Kind: value(p.Kind), Sector: value(p.Sector), Band: value(p.Band), Region: value(p.Region), Week: value(p.Week), Mark: value(p.Mark), Q: value(p.Q)}
	if p.Within != nil {
		f.Within = time.Duration(*p.Within) * time.Hour
	}
	f.prepare()
	of := "audits by " + cmp.Or(value(p.Sort), "audit")
	c, err := readCursor(p.Cursor, of, 2)
	if err != nil {
		return nil, err
	}
	due, back := value(p.Sort) == "due", value(p.Sort) == "-due"
	less := byID
	if due || back {
		less = byDue
	}
	v := a.views.get()
	places, few := v.candidates(&f)
	if few && len(places) <= 1000 { // a structure's
		places = slices.SortedFunc(slices.Values(places), func(i, j int32) int { return less(&v.Outcomes[i], &v.Outcomes[j]) })
	} else {
		places = a.order.of(v, due || back)
	}
	at := func(i int) *stats.Outcome {
		if back {
			i = len(places) - 1 - i
		}
		return &v.Outcomes[places[i]]
	}
	from := 0
	if c != nil {
		nanos, err := strconv.ParseInt(c.Keys[0], 10, 64)
		if err != nil {
			return nil, errCursor
		}
		after := &stats.Outcome{Audit: probes.Audit{ID: probes.AuditID(c.Keys[1]), Due: time.Unix(0, nanos)}}
		from = sort.Search(len(places), func(i int) bool {
			n := less(at(i), after)
			return back && n < 0 || !back && n > 0
		})
	}
	out := openapi.ListAudits200JSONResponse{Items: []openapi.Audit{}}
	limit := limitOf(p.Limit)
	var last *stats.Outcome
	for i := from; i < len(places); i++ {
		o := at(i)
		if !f.match(o) {
			continue
		}
		if len(out.Items) == limit {
			next := cursor{of, []string{strconv.FormatInt(last.Due.UnixNano(), 10), string(last.ID)}}.String()
			out.Next = &next
			break
		}
		out.Items, last = append(out.Items, rowFor(v, o, access.From(ctx))), o
	}
	return out, nil
}

// GetAudit is part of openapi.StrictServerInterface.
func (a *api) GetAudit(ctx context.Context, q openapi.GetAuditRequestObject) (openapi.GetAuditResponseObject, error) {
	o, err := a.fresh(q.Audit)
	if err != nil {
		return nil, err
	}
	d := openapi.AuditWithReview{Row: rowFor(a.views.get(), o, access.From(ctx)), Target: o.Target, Confidence: o.Confidence, Skew: o.Skew, Contrary: o.Contrary, Call: o.Call,
		Verdicts: a.verdictsFor(ctx, o), Disputes: o.Disputes}
	if access.From(ctx).May(access.ReadEvidence) {
		d.From = o.From
	}
	return openapi.GetAudit200JSONResponse(d), nil
}

// fresh returns one audit as of now.
func (a *api) fresh(id string) (*stats.Outcome, error) {
	o, ok := a.source.Outcome(probes.AuditID(id))
	if !ok {
		return nil, missing("audit " + id)
	}
	return &o, nil
}

// ListEvents is part of openapi.StrictServerInterface.
func (a *api) ListEvents(ctx context.Context, q openapi.ListEventsRequestObject) (openapi.ListEventsResponseObject, error) {
	o, err := a.fresh(q.Audit)
	if err != nil {
		return nil, err
	}
	events, err := a.source.Events(o.ID)
	if err != nil {
		return nil, err
	}
	who := access.From(ctx)
	all := who.May(access.ReadEvidence)
	if all {
		if err := a.read(requestOf(ctx), o.ID, "events"); err != nil {
			return nil, err
		}
	}
	v := a.views.get()
	unseen := blind(v, o, who)
	apart := unseen && tested(v, o) != nil
	out := openapi.ListEvents200JSONResponse{Items: make([]openapi.Event, 0, len(events))}
	for _, e := range events {
		if unseen {
			e.Observations = nil
		}
		if !all {
			e = withheld(e)
		}
		if apart {
			e = impartialEvent(e)
		}
		out.Items = append(out.Items, e)
	}
	return out, nil
}

// withheld returns the event without what only those may see who may read evidence.
func withheld(e probes.Event) probes.Event {
	e.Evidence, e.Keys = nil, nil
	e.Observations = slices.Clone(e.Observations)
	for i := range e.Observations {
		e.Observations[i].Passage = ""
	}
	detail := map[string]string{}
	for k, x := range e.Detail {
		if !slices.Contains(personal[:], k) {
			detail[k] = x
		}
	}
	e.Detail = detail
	return e
}

// ListAuditFlags is part of openapi.StrictServerInterface.
func (a *api) ListAuditFlags(ctx context.Context, q openapi.ListAuditFlagsRequestObject) (openapi.ListAuditFlagsResponseObject, error) {
	o, err := a.fresh(q.Audit)
	if err != nil {
		return nil, err
	}
	v := a.views.get()
	unseen := blind(v, o, access.From(ctx))
	out := openapi.ListAuditFlags200JSONResponse{Items: []openapi.Flag{}}
	for _, x := range v.flagsOf(o.ID) {
		if !unseen || x.Kind == review.Disputed {
			out.Items = append(out.Items, screened(ctx, x))
		}
	}
	return out, nil
}
