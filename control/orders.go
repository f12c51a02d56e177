package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule"
)

// given is an order as it came in, with what the journal has of it already.
type given struct {
	Order
	kind   probes.Kind
	first  *probes.Event // that the same order recorded before; nil: it is new
	events int
}

// order serves one kind of order, one order at a time.
func order[T, R any](s *Server, kind probes.Kind, do func(given, T) (R, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, q *http.Request) {
		var raw json.RawMessage
		g := given{kind: kind}
		var what T
		err := read(q, &raw)
		if err == nil {
			if err = errors.Join(json.Unmarshal(raw, &g.Order), json.Unmarshal(raw, &what)); err != nil {
				err = refuse(http.StatusBadRequest, "%v", err)
			}
		}
		if err == nil {
			g.Key = q.Header.Get("Idempotency-Key")
			err = g.check()
		}
		if err != nil {
			problem(w, err)
			return
		}
		s.orders.Lock()
		defer s.orders.Unlock()
		if err := s.recall(&g); err != nil {
			problem(w, err)
			return
		}
		out, err := do(g, what)
		reply(w, out, err)
	}
}

const (
	maxName   = 200
	maxReason = 4000
)

func (g *given) check() error {
	unfit := func(s string, most int) bool {
		return len(s) > most || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' })
	}
	g.By, g.Reason = strings.TrimSpace(g.By), strings.TrimSpace(g.Reason)
	switch {
	case g.By == "" || unfit(g.By, maxName):
		return refuse(http.StatusUnprocessableEntity, "by: an order names the account that gives it")
	case unfit(g.Reason, maxReason):
		return refuse(http.StatusUnprocessableEntity, "reason: at most %d characters of plain text", maxReason)
	case unfit(g.Key, maxName):
		return refuse(http.StatusUnprocessableEntity, "Idempotency-Key: at most %d characters", maxName)
	}
	return nil
}

// recall looks for what the same order recorded before: its reply may have been lost, or the agent have been restarted.
func (s *Server) recall(g *given) error {
	if g.Key == "" {
		return nil
	}
	first, n := s.o.Store.Ordered(g.Key)
	if n == 0 {
		return nil
	}
	if first.Kind != g.kind {
		return g.reused(&first)
	}
	g.first, g.events = &first, n
	return nil
}

// reused refuses a key that stands for another order.
func (g *given) reused(first *probes.Event) error {
	return refuse(http.StatusUnprocessableEntity, "the key %q was used for another order (%s); Try: a new key", g.Key, first.Kind)
}

// reasoned refuses an order that says not why.
func (g *given) reasoned() error {
	if g.Reason == "" {
		return refuse(http.StatusUnprocessableEntity, "reason: it is missing, and the journal is to say why")
	}
	return nil
}

// detail joins the facts of an event with who ordered it.
func (g *given) detail(facts map[string]string) map[string]string {
	out := map[string]string{"by": g.By}
	if g.Reason != "" {
		out["reason"] = g.Reason
	}
	if g.Key != "" {
		out["order"] = g.Key
	}
	maps.Copy(out, facts)
	return out
}

// record appends one event, unless the same order has recorded it before.
func (s *Server) record(g given, e probes.Event) (Done, error) {
	if g.first != nil {
		for _, k := range [...]string{"audit", "structure", "wave", "campaign", "as"} {
			if g.first.Detail[k] != e.Detail[k] {
				return Done{}, g.reused(g.first)
			}
		}
		if g.first.Audit != e.Audit {
			return Done{}, g.reused(g.first)
		}
		return Done{Recorded: g.events, Repeated: true, Event: g.first}, nil
	}
	e.Kind, e.At, e.Detail = g.kind, time.Now().UTC(), g.detail(e.Detail)
	if err := s.o.Store.Append(probes.Record{Event: &e}); err != nil {
		return Done{}, err
	}
	return Done{Recorded: 1, Event: &e}, nil
}

// scope checks that a scope names one thing that there is, and returns it as facts of an event.
func (s *Server) scope(sc Scope) (map[string]string, error) {
	facts := map[string]string{}
	for k, v := range map[string]string{"campaign": sc.Campaign, "wave": sc.Wave, "structure": string(sc.Structure), "audit": string(sc.Audit)} {
		if v != "" {
			facts[k] = v
		}
	}
	if len(facts) != 1 {
		return nil, refuse(http.StatusUnprocessableEntity, "%d of campaign, wave, structure and audit are given; Try: exactly one", len(facts))
	}
	var here Status
	s.campaign(&here)
	switch {
	case sc.Audit != "":
		_, err := s.state(sc.Audit)
		return facts, err
	case sc.Structure != "":
		_, err := s.structure(sc.Structure)
		return facts, err
	case here.Campaign == "":
		return nil, refuse(http.StatusConflict, "no campaign is launched here")
	case sc.Campaign != "" && sc.Campaign != here.Campaign:
		return nil, refuse(http.StatusConflict, "the campaign here is %s, not %s", here.Campaign, sc.Campaign)
	case sc.Wave != "":
		found := false
		s.o.Store.Tally(here.Campaign, func(_ probes.Channel, wave string, _ probes.Status, _ int) { found = found || wave == sc.Wave })
		if !found {
			return nil, refuse(http.StatusNotFound, "campaign %s has no audit of a wave %q", here.Campaign, sc.Wave)
		}
		facts["campaign"] = here.Campaign // another campaign may have a wave of this name
	}
	return facts, nil
}

// paused says whether the scope itself is paused.
func (s *Server) paused(sc Scope) bool {
	if sc.Campaign != "" {
		return s.o.Store.Paused()
	}
	return slices.ContainsFunc(s.o.Store.Pauses(), func(e probes.Event) bool { return scopeOf(&e) == sc })
}

func (s *Server) pause(g given, sc Scope) (Done, error) {
	facts, err := s.scope(sc)
	if err != nil || g.first == nil && s.paused(sc) {
		return Done{}, err
	}
	return s.record(g, probes.Event{Detail: facts})
}

func (s *Server) resume(g given, sc Scope) (Done, error) {
	facts, err := s.scope(sc)
	if err != nil || g.first == nil && !s.paused(sc) {
		return Done{}, err
	}
	return s.record(g, probes.Event{Detail: facts})
}

// cancel takes out the audits of the scope of which nothing can have left, all or none of them. No try begins meanwhile.
func (s *Server) cancel(g given, sc Scope) (d Done, err error) {
	if err := g.reasoned(); err != nil {
		return d, err
	}
	facts, err := s.scope(sc)
	if err != nil {
		return d, err
	}
	if g.first != nil && scopeOf(g.first) != sc {
		return d, g.reused(g.first)
	}
	s.mu.Lock()
	runner := s.quieter
	s.mu.Unlock()
	err = runner.Quiet(func(flying func(probes.AuditID) bool) error {
		detail, now := g.detail(facts), time.Now().UTC()
		var records []probes.Record
		var last probes.State
		err := s.each(sc, facts["campaign"], func(st probes.State) {
			nothingLeft := st.Status.Startable() || st.Status == probes.Awaiting || st.Status == probes.ByHand
			if last = st; !nothingLeft || flying(st.Audit.ID) || g.first != nil {
				d.Left++
				return
			}
			records = append(records, probes.Record{Event: &probes.Event{Audit: st.Audit.ID, Kind: g.kind, At: now, Detail: detail}})
		})
		switch {
		case err != nil:
			return err
		case g.first != nil:
			d.Left, d.Recorded, d.Repeated, d.Event = d.Left-g.events, g.events, true, g.first
			return nil
		case len(records) == 0 && sc.Audit != "" && flying(sc.Audit):
			return refuse(http.StatusConflict, "%s is under way: it may leave at any moment", sc.Audit)
		case len(records) == 0 && sc.Audit != "":
			return refuse(http.StatusConflict, "%s is %s: it is cancelled only while nothing can have left", sc.Audit, last.Status)
		case len(records) == 0:
			return nil
		}
		if err := s.o.Store.Append(records...); err != nil {
			return fmt.Errorf("cancel %s: %w", sc, err)
		}
		d.Recorded, d.Event = len(records), records[0].Event
		return nil
	})
	return d, err
}

// each calls f with the audits of the scope.
func (s *Server) each(sc Scope, campaign string, f func(probes.State)) error {
	switch {
	case sc.Audit != "":
		st, err := s.state(sc.Audit)
		if err == nil {
			f(st)
		}
		return err
	case sc.Structure != "":
		list, err := s.o.Store.AuditsOf(sc.Structure)
		for _, st := range list {
			f(st)
		}
		return err
	}
	return s.o.Store.States(func(st probes.State) bool {
		if st.Audit.Campaign == campaign && (sc.Wave == "" || st.Audit.Wave == sc.Wave) {
			f(st)
		}
		return true
	})
}

// resolve decides an audit that is in doubt or made by hand.
func (s *Server) resolve(g given, r Resolution) (Done, error) {
	if err := g.reasoned(); err != nil {
		return Done{}, err
	}
	st, err := s.state(r.Audit)
	if err != nil {
		return Done{}, err
	}
	e := probes.Event{Audit: r.Audit, Detail: map[string]string{"as": r.As}}
	if g.first != nil {
		return s.record(g, e)
	}
	if !slices.Contains([]string{"accepted", "not-sent", "spoiled"}, r.As) {
		return Done{}, refuse(http.StatusUnprocessableEntity, "as: %q is no decision; Try: accepted, not-sent or spoiled", r.As)
	}
	if st.Status != probes.InDoubt && st.Status != probes.ByHand {
		return Done{}, refuse(http.StatusConflict, "%s is %s, neither in doubt nor made by hand", r.Audit, st.Status)
	}
	if !r.Contacted.IsZero() {
		switch {
		case st.Status != probes.ByHand:
			return Done{}, refuse(http.StatusUnprocessableEntity, "contacted: %s was not made by hand: when it was sent is known", r.Audit)
		case r.Contacted.After(time.Now()) || r.Contacted.Before(st.Updated):
			return Done{}, refuse(http.StatusUnprocessableEntity, "contacted: %s is not between %s, when the task was set, and now",
				r.Contacted.Format(time.RFC3339), st.Updated.Format(time.RFC3339))
		}
		e.Detail["contacted"] = r.Contacted.UTC().Format(time.RFC3339Nano)
	}
	if l, ok := s.o.Store.Launch(); ok && r.As == "not-sent" {
		e.Detail["retry"] = l.Timeline.Campaign(time.Now()).UTC().Format(time.RFC3339Nano)
	}
	return s.record(g, e)
}

// suppress never contacts the structure again. The runner asks at each start, so it acts at once.
func (s *Server) suppress(g given, what struct {
	Structure probes.StructureID `json:"structure"`
}) (Done, error) {
	x, err := s.structure(what.Structure)
	if err != nil || x.Suppressed && g.first == nil {
		return Done{}, err
	}
	return s.record(g, probes.Event{Detail: map[string]string{"structure": string(what.Structure)}})
}

// ordered launches the campaign that waits for it. The order is in the journal before the timetable is, so that a crash
// between them is made good at the next start.
func (s *Server) ordered(g given, a Approval) (probes.Launch, error) {
	l, launched := s.o.Store.Launch()
	if g.first != nil && launched && l.Campaign == g.first.Detail["campaign"] {
		return l, nil
	}
	s.mu.Lock()
	waits := s.awaited
	s.mu.Unlock()
	switch {
	case waits == nil && launched:
		return l, refuse(http.StatusConflict, "%s is launched already", l.Campaign)
	case waits == nil:
		return l, refuse(http.StatusConflict, "no campaign waits for the order to launch; Try: launch: order in prober.yaml, and prober run")
	case a.ApprovedBy == g.By:
		return l, refuse(http.StatusUnprocessableEntity, "approved_by: %s orders the launch; Try: another account, or none where one pair of eyes is enough", g.By)
	case len(a.Files) == 0:
		return l, refuse(http.StatusUnprocessableEntity, "files: the hashes of what was previewed are missing")
	}
	f, err := s.o.Load()
	if err != nil {
		return l, refuse(http.StatusUnprocessableEntity, "%v", err)
	}
	if !slices.Equal(a.Files, hashes(f.Files)) {
		return l, refuse(http.StatusConflict, "the files have changed since the preview (%s); Try: preview again, then launch what you have seen", changed(f.Files, a.Files))
	}
	order := &probes.Event{Kind: g.kind, At: time.Now().UTC(), Detail: g.detail(map[string]string{"campaign": f.Campaign.ID,
		"files": joined(hashes(f.Files))})}
	if a.ApprovedBy != "" {
		order.Detail["approved_by"] = a.ApprovedBy
	}
	if g.first != nil {
		if g.first.Detail["campaign"] != f.Campaign.ID || g.first.Detail["files"] != order.Detail["files"] {
			return l, g.reused(g.first)
		}
		order = nil // it is in the journal; what it ordered is not yet
	}
	if l, err = s.launch(f, order); err != nil {
		return l, err
	}
	s.mu.Lock()
	s.awaited = nil
	s.mu.Unlock()
	s.launched <- f
	return l, nil
}

// changed names the files that are not those of the preview.
func changed(files []File, seen []probes.Hash) string {
	var names []string
	for _, f := range files {
		if !slices.Contains(seen, f.SHA256) {
			names = append(names, f.Name)
		}
	}
	return strings.Join(names, ", ")
}

// again plans another try of an audit that we spoiled or missed.
func (s *Server) again(g given, what struct {
	Audit probes.AuditID `json:"audit"`
}) (a probes.Audit, err error) {
	if err := g.reasoned(); err != nil {
		return a, err
	}
	st, err := s.state(what.Audit)
	if err != nil {
		return a, err
	}
	db, id := s.o.Store, st.Audit.ID
	if g.first != nil {
		if g.first.Audit != id {
			return a, g.reused(g.first)
		}
		st, err = s.state(probes.AuditID(g.first.Detail["again"]))
		return st.Audit, err
	}
	l, ok := db.Launch()
	switch again := db.Again(id); {
	case !ok || l.Campaign != st.Audit.Campaign:
		return a, refuse(http.StatusConflict, "%s is of another campaign than the one that runs", id)
	case st.Status != probes.Faulted && st.Status != probes.Missed:
		return a, refuse(http.StatusConflict, "%s is %s; only an audit that we spoiled or missed is tried again", id, st.Status)
	case again != "":
		return a, refuse(http.StatusConflict, "%s was asked for again already: %s", id, again)
	case db.Suppressed(st.Audit.Structure):
		return a, refuse(http.StatusConflict, "%s is suppressed: it is never contacted again", st.Audit.Structure)
	}
	of, err := s.structure(st.Audit.Structure)
	if err != nil {
		return a, err
	}
	others, err := db.AuditsOf(of.ID)
	if err != nil {
		return a, err
	}
	s.mu.Lock()
	gap := s.gap
	s.mu.Unlock()
	a, err = schedule.Again(st.Audit, others, of.Structure, l.Timeline.Campaign(time.Now()), l.End, gap)
	if errors.Is(err, schedule.ErrNoRoom) {
		return a, refuse(http.StatusConflict, "%s: %v", id, err)
	} else if err != nil {
		return a, err
	}
	e := probes.Event{Audit: id, Kind: g.kind, At: time.Now().UTC(), Detail: g.detail(map[string]string{"again": string(a.ID)})}
	records := []probes.Record{{Audit: &a}, {Event: &e}}
	if !s.o.Built[a.Channel] {
		records = append(records, probes.Record{Event: &probes.Event{Audit: a.ID, Kind: probes.AuditAwaiting, At: e.At}})
	}
	return a, db.Append(records...)
}
