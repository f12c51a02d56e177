package site

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/control"
	"github.com/sonde-fleet/sonde/probes"
)

// Proposal is an order that waits for a second operator.
type Proposal struct {
	N     uint64
	Event probes.Event // OrderProposed
}

// Desk is the part of the trail that operators need.
type Desk interface {
	// Proposals returns the orders that wait for a second operator, the oldest first.
	Proposals() []Proposal
}

// The orders that the site gives.
const (
	doPause    = "pause"
	doResume   = "resume"
	doCancel   = "cancel"
	doSuppress = "suppress"
	doResolve  = "resolve"
	doLaunch   = "launch"
)

// Orders lists them, as the configuration names those that want four eyes.
var Orders = [...]string{doPause, doResume, doCancel, doSuppress, doResolve, doLaunch}

// orderFields are the parameters of an order besides who gives it and why; they are the keys of its event's details too.
var orderFields = [...]string{"do", "prober", "campaign", "wave", "structure", "audit", "as", "contacted", "files"}

// order is the page that asks an operator to confirm.
type order struct {
	frame
	Text, Effect string
	Fields       []hidden
	Action       string
	NeedReason   bool
	NeedAs       []option
	NeedInstant  bool
	FourEyes     bool
	Back         string
	Fault        string
	Danger       bool
}

// given returns the fields of an order that a request carries, or the key of what is wrong with it.
func (s *server) given(q url.Values) (fields map[string]string, fault string) {
	fields = map[string]string{}
	for _, name := range orderFields {
		if v := strings.TrimSpace(q.Get(name)); v != "" {
			fields[name] = v
		}
	}
	if !slices.Contains(Orders[:], fields["do"]) {
		return fields, "order.unknown"
	}
	if _, ok := s.fleet.find(fields["prober"]); !ok {
		return fields, "order.no-prober"
	}
	scopes := 0
	for _, name := range []string{"campaign", "wave", "structure", "audit"} {
		if fields[name] != "" {
			scopes++
		}
	}
	switch do := fields["do"]; {
	case do == doLaunch && fields["files"] == "":
		return fields, "order.no-preview"
	case do == doSuppress && fields["structure"] == "", do == doResolve && fields["audit"] == "", do != doLaunch && scopes != 1:
		return fields, "order.scope"
	}
	return fields, ""
}

func (s *server) orderPage(w http.ResponseWriter, r *http.Request) {
	s.orderAgain(w, r, r.URL.Query(), http.StatusOK, "")
}

func (s *server) orderAgain(w http.ResponseWriter, r *http.Request, q url.Values, code int, fault string) {
	fields, wrong := s.given(q)
	if wrong != "" {
		s.refuse(w, r, http.StatusBadRequest, wrong)
		return
	}
	do := fields["do"]
	p := &order{frame: s.frame(r, filter{Lang: q.Get("lang")}), Fault: fault, FourEyes: s.fourEyes[do], Back: local(q.Get("back"), "/campaigns"),
		Danger: do == doCancel || do == doSuppress || do == doLaunch}
	p.Here, p.Title = "campaigns", p.T("order."+do)
	p.Text, p.Effect = p.T("order.text", "Scope", p.scope(fields), "Prober", fields["prober"]), p.T("order."+do+".effect")
	p.Action, p.NeedReason = p.T("order."+do+".action"), do != doResume && do != doLaunch
	if p.FourEyes {
		p.Action = p.T("order.propose")
	}
	if do == doResolve && fields["as"] == "" {
		for _, as := range []string{"accepted", "not-sent", "spoiled"} {
			p.NeedAs = append(p.NeedAs, option{as, p.T("resolve." + as), as == "spoiled"})
		}
		p.NeedInstant = q.Get("by-hand") == "yes"
	}
	for _, name := range orderFields {
		if fields[name] != "" {
			p.Fields = append(p.Fields, hidden{name, fields[name]})
		}
	}
	// The key makes a form that is sent twice one order.
	p.Fields = append(p.Fields, hidden{"key", rand.Text()}, hidden{"back", p.Back})
	s.render(w, r, code, "order", p)
}

// scope tells what an order concerns.
func (l *locale) scope(fields map[string]string) string {
	for _, name := range []string{"audit", "structure", "wave", "campaign"} {
		if v := fields[name]; v != "" {
			return l.T("scope-of."+name, "ID", v)
		}
	}
	return l.T("scope-of.campaign", "ID", "")
}

// orderGiven is the confirmation: the order goes out, or is proposed to a second operator.
func (s *server) orderGiven(w http.ResponseWriter, r *http.Request) {
	if !s.formOf(w, r) {
		return
	}
	fields, wrong := s.given(r.PostForm)
	if wrong != "" {
		s.refuse(w, r, http.StatusBadRequest, wrong)
		return
	}
	p := s.frame(r, filter{Lang: r.URL.Query().Get("lang")})
	reason := strings.TrimSpace(r.PostForm.Get("reason"))
	do := fields["do"]
	switch {
	case reason == "" && do != doResume && do != doLaunch:
		s.orderAgain(w, r, r.PostForm, http.StatusUnprocessableEntity, p.T("order.reason-wanted"))
		return
	case do == doResolve && !slices.Contains([]string{"accepted", "not-sent", "spoiled"}, fields["as"]):
		s.orderAgain(w, r, r.PostForm, http.StatusUnprocessableEntity, p.T("order.as-wanted"))
		return
	}
	fields["key"] = r.PostForm.Get("key")
	if len(fields["key"]) < 16 || len(fields["key"]) > 64 {
		s.refuse(w, r, http.StatusBadRequest, "order.unknown")
		return
	}
	fields["by"] = access.From(r.Context()).Account.Name
	if s.fourEyes[do] {
		if s.write(w, r, probes.Event{Kind: probes.OrderProposed, Audit: probes.AuditID(fields["audit"]), Text: reason, Detail: fields}) {
			http.Redirect(w, r, "/campaigns#proposals", http.StatusSeeOther)
		}
		return
	}
	if s.carryOut(w, r, fields, reason, "") {
		back(w, r, "/campaigns")
	}
}

// decideProposal is the second pair of eyes.
func (s *server) decideProposal(w http.ResponseWriter, r *http.Request) {
	if !s.formOf(w, r) {
		return
	}
	n, _ := strconv.ParseUint(r.PathValue("n"), 10, 64)
	me := access.From(r.Context()).Account.Name
	for _, x := range s.desk.Proposals() {
		switch {
		case x.N != n:
			continue
		case r.PostForm.Get("decision") != "approve": // the one who proposed it may take it back
			detail := map[string]string{"by": me, "of": strconv.FormatUint(n, 10)}
			if s.write(w, r, probes.Event{Kind: probes.OrderRefused, Audit: x.Event.Audit, Text: strings.TrimSpace(r.PostForm.Get("reason")), Detail: detail}) {
				back(w, r, "/campaigns")
			}
		case x.Event.Detail["by"] == me:
			s.refuse(w, r, http.StatusForbidden, "order.own")
		default:
			fields := maps.Clone(x.Event.Detail)
			fields["of"] = strconv.FormatUint(n, 10)
			if s.carryOut(w, r, fields, x.Event.Text, me) {
				back(w, r, "/campaigns")
			}
		}
		return
	}
	s.refuse(w, r, http.StatusConflict, "order.gone")
}

// carryOut sends an order to its prober and writes down what came of it; false when the answer has been given.
func (s *server) carryOut(w http.ResponseWriter, r *http.Request, fields map[string]string, reason, approvedBy string) bool {
	prober, ok := s.fleet.find(fields["prober"])
	if !ok {
		s.refuse(w, r, http.StatusConflict, "order.no-prober")
		return false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), 30*time.Second)
	defer cancel()
	err := send(ctx, prober.Client, fields, control.Order{By: fields["by"], Reason: reason, Key: fields["key"]}, approvedBy)
	s.fleet.forget()
	e := probes.Event{Kind: probes.OrderGiven, Audit: probes.AuditID(fields["audit"]), Text: reason, Detail: fields}
	if approvedBy != "" {
		fields["approved_by"] = approvedBy
	}
	if err != nil {
		slog.Warn("order failed", "do", fields["do"], "prober", prober.Name, "err", err)
		if control.Refused(err) {
			e.Kind, e.Text = probes.OrderRefused, err.Error()
			if !s.write(w, r, e) {
				return false
			}
		}
		p := s.frame(r, filter{Lang: r.URL.Query().Get("lang")})
		p.Title = p.T("problem.refused")
		key := "order.failed" // the prober may not have heard it: the same form can be sent again
		if control.Refused(err) {
			key = "order.prober-refused"
		}
		s.render(w, r, http.StatusBadGateway, "problem", problemPage{p, p.T(key, "Prober", prober.Name, "Why", err.Error()), local(r.PostForm.Get("back"), "/campaigns")})
		return false
	}
	return s.write(w, r, e)
}

var errOrder = errors.New("not an order")

func send(ctx context.Context, c *control.Client, f map[string]string, o control.Order, approvedBy string) (err error) {
	scope := control.Scope{Campaign: f["campaign"], Wave: f["wave"], Structure: probes.StructureID(f["structure"]), Audit: probes.AuditID(f["audit"])}
	switch f["do"] {
	case doPause:
		_, err = c.Pause(ctx, o, scope)
	case doResume:
		_, err = c.Resume(ctx, o, scope)
	case doCancel:
		_, err = c.Cancel(ctx, o, scope)
	case doSuppress:
		_, err = c.Suppress(ctx, o, scope.Structure)
	case doResolve:
		res := control.Resolution{Audit: scope.Audit, As: f["as"]}
		if f["contacted"] != "" {
			if res.Contacted, err = time.Parse("2006-01-02T15:04", f["contacted"]); err != nil {
				return &control.Error{Code: http.StatusBadRequest, Detail: "contacted: " + err.Error()}
			}
		}
		_, err = c.Resolve(ctx, o, res)
	case doLaunch:
		var files []probes.Hash
		for _, h := range strings.Fields(f["files"]) {
			files = append(files, probes.Hash(h))
		}
		_, err = c.Launch(ctx, o, control.Approval{ApprovedBy: approvedBy, Files: files})
	default:
		err = errOrder
	}
	return err
}
