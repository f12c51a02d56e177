package site

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// disputeCard is what the structure's contact said of an audit, with the answer.
type disputeCard struct {
	Text, Answer, By string
	At, Answered     stamp
	Signature, Key   string
	N                uint64
	Post             string // where the answer is sent; empty where the visitor may not answer
}

// Signer signs the answers that leave the house, so that a structure can prove later what it was told.
type Signer interface {
	// Sign returns the signature of the text and the public key that proves it, both as text.
	Sign(text []byte) (signature, key string)
}

// signed is the text that is signed: what was asked, about what, and what is answered.
func signed(id probes.AuditID, d *stats.Dispute, answer string) []byte {
	return []byte("sonde dispute v1\naudit " + string(id) + "\nrecord " + strconv.FormatUint(d.N, 10) + "\nobjection\n" + d.Text + "\nanswer\n" + answer + "\n")
}

// disputesOf makes the disputes of an audit ready to be shown.
func (s *server) disputesOf(p *frame, o *stats.Outcome, who access.Visitor) (out []disputeCard) {
	proof := map[string][2]string{}
	if len(o.Disputes) > 0 {
		events, _ := s.source.Events(o.ID)
		for i := range events {
			if e := &events[i]; e.Kind == probes.DisputeAnswered {
				proof[e.Detail["of"]] = [2]string{e.Detail["signature"], e.Detail["key"]}
			}
		}
	}
	for i := range o.Disputes {
		d := &o.Disputes[i]
		c := disputeCard{Text: d.Text, Answer: d.Answer, By: d.By, At: p.stamp(d.At), N: d.N}
		if !d.Open() {
			c.Answered = p.stamp(d.Answered)
			sig := proof[strconv.FormatUint(d.N, 10)]
			c.Signature, c.Key = sig[0], sig[1]
		} else if s.pen != nil && who.May(access.Review) {
			c.Post = auditPath(o.ID) + "/answer"
		}
		out = append(out, c)
	}
	return out
}

// answer answers a dispute; the answer is signed.
func (s *server) answer(w http.ResponseWriter, r *http.Request) {
	id := probes.AuditID(r.PathValue("id"))
	o, ok := s.source.Outcome(id)
	if !ok {
		s.problem(w, r, http.StatusNotFound)
		return
	}
	if !s.formOf(w, r) {
		return
	}
	text := strings.TrimSpace(r.PostForm.Get("text"))
	n, _ := strconv.ParseUint(r.PostForm.Get("of"), 10, 64)
	for i := range o.Disputes {
		d := &o.Disputes[i]
		if d.N != n || !d.Open() {
			continue
		}
		if text == "" {
			s.refuse(w, r, http.StatusBadRequest, "dispute.text-wanted")
			return
		}
		detail := map[string]string{"by": access.From(r.Context()).Account.Name, "of": strconv.FormatUint(n, 10)}
		if s.signer != nil {
			detail["signature"], detail["key"] = s.signer.Sign(signed(id, d, text))
		}
		if s.write(w, r, probes.Event{Kind: probes.DisputeAnswered, Audit: id, Text: text, Detail: detail}) {
			back(w, r, auditPath(id)+"#disputes")
		}
		return
	}
	s.refuse(w, r, http.StatusConflict, "dispute.gone")
}

// own is what a structure's contact sees: its audits, what became of them, and where to object.
type own struct {
	frame
	Name    string
	Rows    []ownRow
	Count   string
	Until   stamp
	Reports []link
}

type ownRow struct {
	ID, Channel, Scenario, Result, Class, Delay, Reason string
	Due, Sent, Replied                                  stamp
	Disputes                                            []disputeCard
	Post                                                string // empty: nothing to object to yet
}

// told says whether the structure may know of an audit: what has not been asked yet must stay a surprise, and one that runs
// would be answered for its own sake.
func told(o *stats.Outcome) bool {
	switch o.Result {
	case stats.Waiting, stats.Out, stats.InDoubt:
		return false
	case stats.Silent, stats.Unreached: // an answer, or another call, may still come
		return o.Status.Ended()
	}
	return true
}

// minded is the page that a structure's link opens.
func (s *server) minded(w http.ResponseWriter, r *http.Request) {
	asked, _ := parseFilter(r.URL.Query())
	who := access.From(r.Context())
	v := s.views.get()
	p := &own{frame: s.frame(r, filter{Lang: asked.Lang})}
	p.Title = p.T("own.title")
	var places []int32
	if b := v.body(who.Structure); b != nil {
		places = b.places
		p.Reports = p.reportLinks(v, b, "/structure/report", true)
	}
	for _, i := range places {
		o := &v.Outcomes[i]
		p.Name = cmp.Or(o.Body.Name, string(o.Structure))
		if !told(o) {
			continue
		}
		fresh, ok := s.source.Outcome(o.ID)
		if !ok {
			continue
		}
		o = &fresh
		row := ownRow{ID: string(o.ID), Channel: p.Term("channel", string(o.Channel)), Scenario: o.Scenario, Result: p.Term("result", string(o.Result)),
			Class: "r-" + slug(string(o.Result)), Delay: p.delay(o), Due: p.stamp(o.Due), Sent: p.stamp(o.Sent), Replied: p.stamp(o.Replied),
			Disputes: s.disputesOf(&p.frame, o, access.Visitor{})}
		if o.Result != stats.Spoiled && s.pen != nil {
			row.Post = "/structure/audits/" + auditPath(o.ID)[len("/audits/"):] + "/dispute"
		}
		p.Rows = append(p.Rows, row)
	}
	p.Count = p.N("audits", len(p.Rows))
	s.render(w, r, http.StatusOK, "own", p)
}

// maxDisputes is how many times a structure may object to one audit.
const maxDisputes = 5

// dispute writes the structure's objection down.
func (s *server) dispute(w http.ResponseWriter, r *http.Request) {
	id := probes.AuditID(r.PathValue("id"))
	who := access.From(r.Context())
	o, ok := s.source.Outcome(id)
	if !ok || o.Structure != who.Structure {
		s.problem(w, r, http.StatusNotFound) // another body's audit is as unknown as one that does not exist
		return
	}
	if !s.formOf(w, r) {
		return
	}
	text := strings.TrimSpace(r.PostForm.Get("text"))
	switch {
	case text == "":
		s.refuse(w, r, http.StatusBadRequest, "dispute.text-wanted")
	case len(o.Disputes) >= maxDisputes:
		s.refuse(w, r, http.StatusConflict, "dispute.too-many")
	case s.write(w, r, probes.Event{Kind: probes.DisputeOpened, Audit: id, Text: text, Detail: map[string]string{"by": "structure " + string(who.Structure)}}):
		back(w, r, "/structure")
	}
}
