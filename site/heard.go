package site

import (
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/review"
)

// axis is the call of an audit that was picked up last, in milliseconds since it was dialled.
type axis struct {
	ring   int64 // the first one; that of the dialling where none was heard
	answer int64
	end    int64
}

// axisOf reads the axis from the events of an audit; false: no call of it was picked up and is over.
func axisOf(events []probes.Event) (last axis, ok bool) {
	var now axis
	var dialled *probes.Event
	for i := range events {
		e := &events[i]
		if e.Kind == probes.CallDialled {
			dialled, now = e, axis{}
		}
		if dialled == nil {
			continue
		}
		at := e.At.Sub(dialled.At).Milliseconds()
		switch e.Kind {
		case probes.CallRinging:
			if now.ring == 0 {
				now.ring = at
			}
		case probes.CallAnswered:
			now.answer = at
		case probes.CallEnded:
			now.end, last, ok = at, axis{now.ring, now.answer, at}, true
			dialled = nil
		case probes.CallFailed, probes.ProbeFault:
			dialled = nil
		}
	}
	return last, ok
}

// slack is how far from the answer and the end of a call an instant may be that was clicked on its drawing, in milliseconds: as much
// as two units of the drawing are of a call of ten minutes.
const slack = 1000

// heard returns the observations that follow from what an auditor heard in a call, or the key of what is wrong. The instant on the
// axis becomes the wait by the call's own first ring.
func (s *server) heard(id probes.AuditID, j judgement, by string) ([]probes.Observation, string) {
	person, wait := strings.TrimSpace(j.Person), j.Wait
	if at := strings.Replace(strings.TrimSpace(j.At), ",", ".", 1); at != "" {
		x, err := strconv.ParseFloat(at, 64)
		if err != nil || !(x >= 0 && x <= 24*3600) {
			return nil, "verdict.at-wanted"
		}
		if person == "" {
			person = string(probes.Yes)
		}
		events, err := s.source.Events(id)
		if err != nil {
			slog.Error("events failed", "audit", id, "err", err)
			return nil, "verdict.at-outside"
		}
		axis, ok := axisOf(events)
		ms := int64(x*1000 + 0.5)
		if !ok || ms < axis.answer-slack || ms > axis.end+slack {
			return nil, "verdict.at-outside"
		}
		wait = strconv.FormatFloat(float64(max(0, ms-axis.ring))/1000, 'f', 3, 64)
	}
	if j.First != "" && !slices.Contains(answering[:], j.First) || j.Attempt != "" && j.Attempt != string(probes.Yes) && j.Attempt != string(probes.No) {
		return nil, "verdict.unknown"
	}
	if j.First == "human" && person == string(probes.No) {
		return nil, "verdict.contrary"
	}
	var out []probes.Observation
	saw := func(item probes.ItemCode, v probes.Value) {
		out = append(out, probes.Observation{Item: item, Value: v, By: by})
	}
	if person != "" || wait != "" || j.First == "" && j.Attempt == "" {
		var err error
		if out, err = review.Heard(person, wait, by); err != nil {
			return nil, "verdict.heard-wanted"
		}
		if person == string(probes.Yes) { // who was put through was not cut off while waiting
			saw("phone.dropped", probes.No)
		}
	}
	if j.First != "" {
		saw("phone.fax", valueOf(j.First == "fax"))
	}
	if j.Attempt != "" {
		saw("phone.first-attempt", probes.Value(j.Attempt))
	}
	return out, ""
}

func valueOf(b bool) probes.Value {
	if b {
		return probes.Yes
	}
	return probes.No
}

// saidOf writes observations, each as name and value.
func (p *frame) saidOf(all []probes.Observation) (out []string) {
	for i := range all {
		value := string(all[i].Value)
		switch x := &all[i]; {
		case x.Number != nil:
			value = p.Decimal(*x.Number, 2) // a second is heard to its hundredth
		case x.Value == probes.Yes:
			value = p.T("value.true")
		case x.Value == probes.No:
			value = p.T("value.false")
		}
		out = append(out, p.T("audits.chip", "Name", p.Item(all[i].Item), "Value", value))
	}
	return out
}

// follows is what a correction by ear comes to, before it is signed: a part of the audit's page, or a page of its own without a script.
type follows struct {
	frame
	Wrong string
	Items []string
	Post  string
	Send  []hidden // what the form said, to be signed as it is
	Audit link
}

func (s *server) tryHeard(w http.ResponseWriter, r *http.Request) {
	id := probes.AuditID(r.PathValue("id"))
	v := s.views.get()
	o := v.outcome(id)
	if o == nil {
		s.problem(w, r, http.StatusNotFound)
		return
	}
	if !s.formOf(w, r) {
		return
	}
	f, _ := parseFilter(r.URL.Query())
	who := access.From(r.Context())
	p := &follows{frame: s.frame(r, filter{Lang: f.Lang}), Post: auditPath(id) + "/verdict"}
	p.Title, p.Audit = p.T("verdict.follows"), link{Text: string(id), URL: auditURL(o, f)}
	j := judgementOf(r.PostForm.Get)
	flag := flagOf(v.flagsOf(id), j.Flag, j.Mail)
	if flag == nil || !flag.ByEar() || blind(v, o, who) {
		s.refuse(w, r, http.StatusConflict, "verdict.gone")
		return
	}
	items, why := s.heard(id, j, who.Account.Name)
	if why != "" {
		p.Wrong = p.T(why)
	} else {
		p.Items = p.saidOf(items)
		if j.First != "" {
			p.Items = append([]string{p.T("audits.chip", "Name", p.T("call.first"), "Value", p.Term("first", j.First))}, p.Items...)
		}
		for _, name := range []string{"flag", "mail", "person", "at", "wait", "first", "attempt", "reason", "back"} {
			if value := r.PostForm.Get(name); value != "" {
				p.Send = append(p.Send, hidden{name, value})
			}
		}
	}
	page := "heard"
	if r.Header.Get("HX-Request") != "" {
		page = "follows"
	}
	s.render(w, r, http.StatusOK, page, p)
}
