package site

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/review"
	"github.com/sonde-fleet/sonde/site/openapi"
	"github.com/sonde-fleet/sonde/stats"
)

// queued keeps the flags of a view in an order that the next view has too: by kind, then by audit.
type queued struct {
	mu     sync.Mutex
	made   time.Time
	places []int32
}

// flagKeys are the keys of a flag in that order. No two flags have the same.
func flagKeys(x *review.Flag) []string {
	return []string{string(rune('A' + slices.Index(review.Kinds[:], x.Kind))), string(x.Audit), string(x.Mail), x.Text}
}

func (q *queued) of(v *view) []int32 {
	all := v.review()
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.made.Equal(v.made) || q.places == nil {
		q.made, q.places = v.made, make([]int32, len(all))
		for i := range q.places {
			q.places[i] = int32(i)
		}
		slices.SortFunc(q.places, func(i, j int32) int { return slices.Compare(flagKeys(&all[i]), flagKeys(&all[j])) })
	}
	return q.places
}

// ListFlags is part of openapi.StrictServerInterface.
func (a *api) ListFlags(ctx context.Context, q openapi.ListFlagsRequestObject) (openapi.ListFlagsResponseObject, error) {
	const of = "flags"
	p := q.Params
	f := queueFilter{Kind: value(p.Kind), State: value(p.State), Campaign: value(p.Campaign), Channel: value(p.Channel), Structure: value(p.Structure)}
	c, err := readCursor(p.Cursor, of, 4)
	if err != nil {
		return nil, err
	}
	v := a.views.get()
	all, places, from := v.review(), a.queued.of(v), 0
	if c != nil {
		from = sort.Search(len(places), func(i int) bool { return slices.Compare(flagKeys(&all[places[i]]), c.Keys) > 0 })
	}
	out := openapi.ListFlags200JSONResponse{Items: []openapi.Flag{}}
	limit := limitOf(p.Limit)
	var last *review.Flag
	for _, i := range places[from:] {
		x := &all[i]
		if f.Kind != "" && f.Kind != string(x.Kind) || !f.match(x) {
			continue
		}
		if len(out.Items) == limit {
			next := cursor{of, flagKeys(last)}.String()
			out.Next = &next
			break
		}
		out.Items, last = append(out.Items, screened(ctx, *x)), x
	}
	return out, nil
}

// screened returns the flag without what somebody wrote or who they are, unless the visitor may read evidence.
func screened(ctx context.Context, x review.Flag) review.Flag {
	if (x.Kind == review.ForeignDomain || x.Kind == review.Disputed) && !access.From(ctx).May(access.ReadEvidence) {
		x.Text = ""
	}
	return x
}

// verdictsFor returns the verdicts that stand, as the visitor may see them: who is to rate the audit blindly sees their own.
func (a *api) verdictsFor(ctx context.Context, o *stats.Outcome) []stats.Verdict {
	who := access.From(ctx)
	if !blind(a.views.get(), o, who) {
		return o.Verdicts
	}
	var own []stats.Verdict
	for _, v := range o.Verdicts {
		if v.By == who.Account.Name {
			own = append(own, v)
		}
	}
	return own
}

// ListVerdicts is part of openapi.StrictServerInterface.
func (a *api) ListVerdicts(ctx context.Context, q openapi.ListVerdictsRequestObject) (openapi.ListVerdictsResponseObject, error) {
	o, err := a.fresh(q.Audit)
	if err != nil {
		return nil, err
	}
	return openapi.ListVerdicts200JSONResponse{Items: append([]openapi.Verdict{}, a.verdictsFor(ctx, o)...)}, nil
}

// SignVerdict is part of openapi.StrictServerInterface. What it writes names the key of the request and a digest of its body,
// so that the trail itself remembers both for as long as it is kept, restarts included.
func (a *api) SignVerdict(ctx context.Context, q openapi.SignVerdictRequestObject) (openapi.SignVerdictResponseObject, error) {
	if a.pen == nil {
		return nil, &refusal{http.StatusForbidden, "", "this collector keeps no trail: nothing can be decided"}
	}
	a.signing.Lock()
	defer a.signing.Unlock()
	o, err := a.fresh(q.Audit)
	if err != nil {
		return nil, err
	}
	key, digest := value(q.Params.IdempotencyKey), digestOf(q.Body)
	if key != "" {
		again, err := a.signedBefore(o, access.From(ctx).Account.Name, key, digest)
		if again != nil || err != nil {
			return again, err
		}
	}
	b := q.Body
	e, no := a.judge(ctx, a.views.get(), o.ID, judgement{Flag: string(b.Flag), Mail: value(b.Mail), Verdict: string(b.Verdict), Class: value(b.Class), Reason: value(b.Reason), Person: value(b.Person), Wait: seconds(b.WaitS)})
	if no != nil {
		code := no.code
		if code == http.StatusBadRequest {
			code = http.StatusUnprocessableEntity // the request is well formed
		}
		return nil, &refusal{code, "", a.locales.pick("en", "").T(no.key, no.args...)}
	}
	if key != "" {
		e.Detail["key"], e.Detail["digest"] = key, digest
	}
	e.At = time.Now().UTC()
	n, err := a.pen.Write(e)
	if err != nil {
		return nil, err
	}
	a.views.expire()
	return openapi.SignVerdict201JSONResponse(verdictOf(n, &e)), nil
}

func digestOf(b *openapi.NewVerdict) string {
	text, _ := json.Marshal(b) // texts alone; the same whatever blanks and order the request had
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// verdictOf is the verdict that an event states.
func verdictOf(n uint64, e *probes.Event) stats.Verdict {
	return stats.Verdict{N: n, Flag: e.Detail["flag"], Decision: stats.Decision(e.Detail["verdict"]), By: e.Detail["by"], At: e.At, Reason: e.Text,
		Mail: probes.Hash(e.Detail["mail"]), Class: e.Detail["class"], Match: e.Detail["match"]}
}

// signedBefore returns the answer that the key got already; nil: it is new.
func (a *api) signedBefore(o *stats.Outcome, by, key, digest string) (openapi.SignVerdictResponseObject, error) {
	events, err := a.source.Events(o.ID)
	if err != nil {
		return nil, err
	}
	for i := range events {
		e := &events[i]
		if e.Kind != probes.ReviewVerdict || e.Detail["by"] != by || e.Detail["key"] != key {
			continue
		}
		if e.Detail["digest"] != digest {
			return nil, &refusal{http.StatusUnprocessableEntity, "Idempotency-Key", "Idempotency-Key: it was used with another body; Try: a new key"}
		}
		n, err := a.numberOf(o, e)
		if err != nil {
			return nil, err
		}
		return openapi.SignVerdict201JSONResponse(verdictOf(n, e)), nil
	}
	return nil, nil
}

// numberOf finds the number of a verdict's record: among those that stand or, when it was withdrawn since, in the trail.
func (a *api) numberOf(o *stats.Outcome, e *probes.Event) (uint64, error) {
	for i := range o.Verdicts {
		if v := &o.Verdicts[i]; v.By == e.Detail["by"] && v.At.Equal(e.At) {
			return v.N, nil
		}
	}
	for after := uint64(0); a.links != nil; {
		page, err := a.links(after, 1000)
		if err != nil || len(page) == 0 {
			return 0, cmp.Or(err, error(errWithdrawn))
		}
		for _, l := range page {
			if x := l.Record.Event; x != nil && x.Kind == e.Kind && x.Audit == e.Audit && x.At.Equal(e.At) && x.Detail["key"] == e.Detail["key"] {
				return l.Record.N, nil
			}
		}
		after = page[len(page)-1].Record.N
	}
	return 0, errWithdrawn
}

var errWithdrawn = &refusal{http.StatusConflict, "", "the verdict was written and withdrawn since"}

// WithdrawVerdict is part of openapi.StrictServerInterface.
func (a *api) WithdrawVerdict(ctx context.Context, q openapi.WithdrawVerdictRequestObject) (openapi.WithdrawVerdictResponseObject, error) {
	if a.pen == nil {
		return nil, &refusal{http.StatusForbidden, "", "this collector keeps no trail: nothing can be decided"}
	}
	a.signing.Lock()
	defer a.signing.Unlock()
	o, err := a.fresh(q.Audit)
	if err != nil {
		return nil, err
	}
	who := access.From(ctx).Account.Name
	i := slices.IndexFunc(o.Verdicts, func(v stats.Verdict) bool { return v.N == uint64(q.N) })
	switch {
	case i < 0:
		return nil, missing("verdict " + strconv.FormatInt(q.N, 10) + " that stands on this audit")
	case o.Verdicts[i].By != who || o.Verdicts[i].Decision == stats.Again:
		return nil, &refusal{http.StatusConflict, "n", strings.TrimSuffix(a.locales.pick("en", "").T("verdict.not-yours"), ".")}
	}
	if _, err := a.pen.Write(withdrawn(o.ID, who, uint64(q.N))); err != nil {
		return nil, err
	}
	a.views.expire()
	return openapi.WithdrawVerdict204Response{}, nil
}

// seconds writes a number of a request as a form has it.
func seconds(x *float64) string {
	if x == nil {
		return ""
	}
	return strconv.FormatFloat(*x, 'f', -1, 64)
}
