package site

import (
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/review"
	"github.com/sonde-fleet/sonde/stats"
)

// coding is the page on which an auditor rates an answer without seeing what the machine or anybody else said of it.
type coding struct {
	frame
	Note      string
	Progress  string // of the sample; empty where one answer was asked for
	Done, All int
	Audit     string
	Post      string
	Asked     string
	Letter    *letter
	Call      string // where the call is told that the rating is of
	Items     []codingItem
	None      string // why there is nothing to rate
}

type codingItem struct{ Code, Name string }

// ratable says whether the account may still rate the audit blindly.
func ratable(o *stats.Outcome, account string) bool {
	return len(o.Codings) < review.Coders && !slices.ContainsFunc(o.Codings, func(c stats.Coding) bool { return c.By == account })
}

// blind says whether what was observed of the audit must be kept from the account until it has rated it.
func blind(v *view, o *stats.Outcome, who access.Visitor) bool {
	return who.May(access.Review) && ratable(o, who.Account.Name) && review.Drawn(v.launch(filter{Campaign: o.Campaign}), o)
}

func (s *server) coding(w http.ResponseWriter, r *http.Request) {
	asked, _ := parseFilter(r.URL.Query())
	v := s.views.get()
	who := access.From(r.Context())
	p := &coding{frame: s.frame(r, filter{Lang: asked.Lang, Campaign: asked.Campaign})}
	p.Here, p.Title = "coding", p.T("coding.title")
	var next *stats.Outcome
	for _, i := range v.census().drawn {
		o := &v.Outcomes[i]
		if asked.Campaign != "" && o.Campaign != asked.Campaign {
			continue
		}
		p.All++
		if len(o.Codings) >= review.Coders {
			p.Done++
		} else if next == nil && ratable(o, who.Account.Name) {
			next = o
		}
	}
	p.Note, p.Progress = p.T("coding.note"), p.T("coding.progress", "Done", p.Int(p.Done), "All", p.Int(p.All))
	if asked.Q != "" { // one answer, drawn or not
		now, ok := s.source.Outcome(probes.AuditID(asked.Q)) // as of now: a call was perhaps just written down
		if next = &now; !ok {
			s.problem(w, r, http.StatusNotFound)
			return
		}
		p.Note, p.Progress = p.T("coding.one.note"), ""
		if next.Channel == probes.Phone {
			p.Note = p.T("coding.call.note")
		}
		if !open(v, next, who.Account.Name) {
			p.None = p.T("coding.rated")
			s.render(w, r, http.StatusOK, "coding", p)
			return
		}
	}
	if next == nil {
		p.None = p.T("coding.none")
		if p.All == 0 {
			p.None = p.T("coding.no-sample")
		}
		s.render(w, r, http.StatusOK, "coding", p)
		return
	}
	p.Audit, p.Post = string(next.ID), auditPath(next.ID)+"/coding"
	events, err := s.source.Events(next.ID)
	if err != nil {
		s.problem(w, r, http.StatusInternalServerError)
		return
	}
	if next.Channel == probes.Phone {
		p.Call = auditURL(next, p.frame.Asked)
	}
	test := tested(v, next)
	for i := range events {
		if e := &events[i]; e.Kind == probes.MailReceived && len(e.Evidence) > 0 && e.Evidence[0].SHA256 == next.Evidence {
			if test != nil {
				p.Letter = s.impartialLetter(r, &p.frame, e, test, s.ours(events))
				continue
			}
			p.Letter = s.letterOf(&p.frame, r, e, false)
		}
	}
	for _, x := range asks(v, next, events) {
		p.Items = append(p.Items, codingItem{string(x), p.Item(x)})
	}
	s.render(w, r, http.StatusOK, "coding", p)
}

// open says whether the account may still rate the answer: of those that were drawn two auditors rate all that can be rated by
// reading, of the others one auditor what no machine can.
func open(v *view, o *stats.Outcome, account string) bool {
	if o.Channel == probes.Phone { // who spoke on the telephone, or listens to it, judges what was said
		talked := o.Call != nil && (o.Call.ByHand || o.Call.Recorded && (o.Call.Erase.IsZero() || o.Call.Erase.After(time.Now()))) && (o.Result == stats.Reached || o.Result == stats.Unmanned)
		return talked && !o.Outside && ratable(o, account) && len(o.Codings) == 0
	}
	if o.Result != stats.Answered || o.Channel != probes.Mail || !ratable(o, account) {
		return false
	}
	return len(o.Codings) == 0 || review.Drawn(v.launch(filter{Campaign: o.Campaign}), o)
}

// asks lists the items that a person is asked about an answer, in order: those of the grid that a person judges, and of one that
// was drawn those too that the agent judged by reading.
func asks(v *view, o *stats.Outcome, events []probes.Event) (codes []probes.ItemCode) {
	l := v.launch(filter{Campaign: o.Campaign})
	if review.Drawn(l, o) {
		for i := range events {
			if e := &events[i]; e.Kind == probes.MailReceived && len(e.Evidence) > 0 && e.Evidence[0].SHA256 == o.Evidence {
				codes = ratedItems(e)
			}
		}
	}
	var frozen *probes.Grid
	if l != nil {
		frozen = l.Grid
	}
	if g, _, err := grid.Thaw(frozen); err == nil { // a grid that this program does not have asks nothing: there is no score either
		for i := range g.Items {
			it := &g.Items[i]
			if _, seen := o.Items.Value(it.Code); it.Channel == o.Channel && it.Unit == "" && (it.Observer == grid.Auditor || it.Observer == grid.Both && !seen) {
				codes = append(codes, it.Code)
			}
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// ratedItems are the items of an event that are yes or no: what a person can rate by reading.
func ratedItems(e *probes.Event) (codes []probes.ItemCode) {
	for _, x := range e.Observations {
		if x.Value != "" && !slices.Contains(codes, x.Item) {
			codes = append(codes, x.Item)
		}
	}
	slices.Sort(codes)
	return codes
}

// coded writes a blind rating down.
func (s *server) coded(w http.ResponseWriter, r *http.Request) {
	id := probes.AuditID(r.PathValue("id"))
	o, ok := s.source.Outcome(id)
	if !ok {
		s.problem(w, r, http.StatusNotFound)
		return
	}
	if !s.formOf(w, r) {
		return
	}
	account := access.From(r.Context()).Account.Name
	if !open(s.views.get(), &o, account) {
		s.refuse(w, r, http.StatusConflict, "coding.gone")
		return
	}
	events, err := s.source.Events(id)
	if err != nil {
		s.problem(w, r, http.StatusInternalServerError)
		return
	}
	e := probes.Event{Kind: probes.ReviewCoded, Audit: id, Detail: map[string]string{"by": account}}
	for _, code := range asks(s.views.get(), &o, events) {
		switch value := probes.Value(r.PostForm.Get("item." + string(code))); value {
		case probes.Yes, probes.No, probes.NotApplicable:
			e.Observations = append(e.Observations, probes.Observation{Item: code, Value: value, By: account, SHA256: o.Evidence})
		default:
			s.refuse(w, r, http.StatusBadRequest, "coding.incomplete")
			return
		}
	}
	if len(e.Observations) == 0 {
		s.refuse(w, r, http.StatusBadRequest, "coding.incomplete")
		return
	}
	if s.write(w, r, e) {
		back(w, r, "/coding")
	}
}

// agreement is the page that says how far the raters agree.
type agreement struct {
	frame
	Rows []agreementRow
}

type agreementRow struct {
	Item, Code, Audits, Agreed string
	Kappa, KappaInterval       string
	Alpha                      string
	Agent, AgentInterval       string
	Low, Value, Width          float64 // of the interval bar, 0 to 100
	Drawn                      bool
}

func (s *server) agreement(w http.ResponseWriter, r *http.Request) {
	asked, err := parseFilter(r.URL.Query())
	if err != nil {
		s.problem(w, r, http.StatusBadRequest)
		return
	}
	v := s.views.get()
	p := &agreement{frame: s.frame(r, filter{Campaign: asked.Campaign, Lang: asked.Lang})}
	p.Here, p.Title = "agreement", p.T("agreement.title")
	some := make([]stats.Outcome, 0)
	for _, i := range v.census().coded {
		if o := &v.Outcomes[i]; asked.Campaign == "" || o.Campaign == asked.Campaign {
			some = append(some, *o)
		}
	}
	for _, a := range review.Agree(some, s.machine) {
		name := p.T("group.all")
		if a.Item != "" {
			name = p.Item(a.Item)
		}
		row := agreementRow{Item: name, Code: string(a.Item), Audits: p.Int(a.Audits), Agreed: p.Int(a.Agreed), Kappa: p.Decimal(a.Kappa.Value, 2),
			KappaInterval: p.coefficients(a.Kappa), Alpha: p.Decimal(a.Alpha, 2), Agent: p.Decimal(a.WithMachine.Value, 2), AgentInterval: p.coefficients(a.WithMachine)}
		if !math.IsNaN(a.Kappa.Value) {
			low, high := max(0, a.Kappa.Low), max(0, a.Kappa.High)
			row.Drawn, row.Low, row.Width, row.Value = true, 100*low, max(1, 100*(high-low)), 100*max(0, a.Kappa.Value)
		}
		p.Rows = append(p.Rows, row)
	}
	if len(some) == 0 {
		p.Rows = nil
	}
	s.render(w, r, http.StatusOK, "agreement", p)
}

// machine returns what the agent observed of the audit's answer.
func (s *server) machine(o *stats.Outcome) []probes.Observation {
	events, err := s.source.Events(o.ID)
	if err != nil {
		return nil
	}
	for i := range events {
		if e := &events[i]; e.Kind == probes.MailReceived && len(e.Evidence) > 0 && e.Evidence[0].SHA256 == o.Evidence {
			return e.Observations
		}
	}
	return nil
}

// coefficients writes the interval of a coefficient of agreement.
func (l *locale) coefficients(a stats.Agreement) string {
	if math.IsNaN(a.Low) {
		return undefined
	}
	return l.Decimal(a.Low, 2) + dash + l.Decimal(a.High, 2)
}
