package site

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// tasks is the page of the calls that a person must make.
type tasks struct {
	frame
	Rows []taskRow
}

// taskRow is one of them.
type taskRow struct {
	Audit, Form           link
	Structure             string
	Number, From, Persona string
	Ask, AskLang          string
	Until                 stamp  // of the campaign
	Clock                 string // the same for who calls, on the structure's clock
	Kept                  bool   // from who may come to rate the experiment's other answers
	Zone                  string
	deadline              time.Time
}

// taskURL is where a call is written down.
func taskURL(id probes.AuditID, lang string) string {
	return filter{Lang: lang}.href("/tasks/" + url.PathEscape(string(id)))
}

// taskOf finds the event that leaves the call to a person, nil where the audit is no such task or is one no more: it was called, taken
// out or decided otherwise. The end of its window alone does not end the task: who called in time may write it down later.
func taskOf(o *stats.Outcome, events []probes.Event) (task *probes.Event, tries int) {
	if o.Channel != probes.Phone {
		return nil, 0
	}
	for i := range events {
		switch e := &events[i]; e.Kind {
		case probes.CallByHand:
			task = e
		case probes.CallDialled:
			tries++
			task = nil
		case probes.AuditSuppressed, probes.AuditCancelled, probes.AuditSpoiled, probes.AuditMissed, probes.AuditResolved:
			task = nil
		}
	}
	return task, tries
}

// zoneOf is the clock on the structure's wall, on which its callers write instants down.
func zoneOf(o *stats.Outcome) *time.Location {
	if zone, err := time.LoadLocation(o.Body.Zone); err == nil && o.Body.Zone != "" {
		return zone
	}
	return time.UTC
}

func (p *frame) taskRow(v *view, o *stats.Outcome, task *probes.Event, who access.Visitor) taskRow {
	var line probes.Timeline
	if l := v.launch(filter{Campaign: o.Campaign}); l != nil {
		line = l.Timeline
	}
	row := taskRow{Audit: link{Text: string(o.ID), URL: auditURL(o, p.Asked)}, Structure: cmp.Or(o.Body.Name, string(o.Structure)), deadline: o.Deadline,
		Until: p.stamp(o.Deadline), Clock: onClock(line.Wall(o.Deadline), zoneOf(o)), Kept: sealed(v, o, who), Zone: zoneOf(o).String()}
	if row.Kept {
		return row
	}
	row.Number, row.From, row.Persona = cmp.Or(task.Detail["number"], o.Target), task.Detail["from"], o.Persona
	row.Ask, row.AskLang = task.Text, spoken(task.Text)
	row.Form = link{Text: p.T("task.write"), URL: taskURL(o.ID, p.Asked.Lang)}
	return row
}

func (s *server) tasksPage(w http.ResponseWriter, r *http.Request) {
	f, _ := parseFilter(r.URL.Query())
	v := s.views.get()
	who := access.From(r.Context())
	p := &tasks{frame: s.frame(r, filter{Lang: f.Lang})}
	p.Here, p.Title = "tasks", p.T("task.title")
	for i := range v.Outcomes {
		if v.Outcomes[i].Status != probes.ByHand || v.Outcomes[i].Channel != probes.Phone {
			continue
		}
		o, ok := s.source.Outcome(v.Outcomes[i].ID) // newer: what was just written down is no task
		if !ok || o.Status != probes.ByHand {
			continue
		}
		events, err := s.source.Events(o.ID)
		if err != nil {
			slog.Error("events failed", "audit", o.ID, "err", err)
			s.problem(w, r, http.StatusInternalServerError)
			return
		}
		if task, _ := taskOf(&o, events); task != nil {
			p.Rows = append(p.Rows, p.taskRow(v, &o, task, who))
		}
	}
	slices.SortStableFunc(p.Rows, func(a, b taskRow) int { return a.deadline.Compare(b.deadline) })
	s.render(w, r, http.StatusOK, "tasks", p)
}

// task is the form of one call.
type task struct {
	frame
	Row    taskRow
	Post   string
	Faults []formFault
	Said   map[string]string // what was typed
	wrong  map[string]string
}

// formFault is what is wrong with a field, and how to mend it.
type formFault struct{ Field, Name, Text string }

// callFields are those of the form, in order.
var callFields = [...]string{"dialled", "ringing", "fate", "answered", "first", "person", "ended", "by", "notes"}

// formField is a field of the form with what was typed into it.
type formField struct {
	Name, Label, Hint, Type, Value, Wrong, Zone string
	Options                                     []option
	Required                                    bool
}

// Fields are those of the form, as they were filled in.
func (p *task) Fields() (out []formField) {
	choices := func(field, family string, terms []string) (made []option) {
		for _, x := range terms {
			made = append(made, option{x, p.Term(family, x), p.Said[field] == x})
		}
		return made
	}
	for _, name := range callFields {
		f := formField{Name: name, Label: p.T("task.field." + name), Type: "time", Value: p.Said[name], Wrong: p.wrong[name], Zone: p.Row.Zone}
		switch name {
		case "dialled":
			f.Type, f.Required = "datetime-local", true
		case "ended":
			f.Required = true
		case "fate":
			f.Type, f.Required, f.Options = "select", true, choices(name, "call", handFates[:])
		case "first":
			f.Type, f.Options = "select", choices(name, "first", answering[:])
		case "by":
			f.Type, f.Options = "select", choices(name, "ended", endings[:])
		case "notes":
			f.Type = "text"
		}
		out = append(out, f)
	}
	return out
}

// handFates are the ends of a call that a person can tell apart.
var handFates = [...]string{stats.TryAnswered, probes.ClassBusy, probes.ClassNoAnswer, probes.ClassWrongNumber, probes.ClassRejected}

// task opens the form; nil when the answer has been given.
func (s *server) task(w http.ResponseWriter, r *http.Request) (p *task, o stats.Outcome, call handCall) {
	f, _ := parseFilter(r.URL.Query())
	id := probes.AuditID(r.PathValue("id"))
	o, ok := s.source.Outcome(id)
	if !ok {
		s.problem(w, r, http.StatusNotFound)
		return nil, o, call
	}
	events, err := s.source.Events(id)
	if err != nil {
		slog.Error("events failed", "audit", id, "err", err)
		s.problem(w, r, http.StatusInternalServerError)
		return nil, o, call
	}
	asks, tries := taskOf(&o, events)
	who := access.From(r.Context())
	if asks == nil {
		s.refuse(w, r, http.StatusConflict, "task.over")
		return nil, o, call
	}
	p = &task{frame: s.frame(r, filter{Lang: f.Lang}), Post: taskURL(id, f.Lang), Said: map[string]string{}, wrong: map[string]string{}}
	p.Here, p.Title = "tasks", p.T("task.one", "Audit", string(id))
	if p.Row = p.taskRow(s.views.get(), &o, asks, who); p.Row.Kept {
		s.refuse(w, r, http.StatusForbidden, "task.kept")
		return nil, o, call
	}
	call = handCall{Number: p.Row.Number, Account: who.Account.Name, Try: max(asks.Try, 1), Again: tries > 0, Outside: o.Outside}
	return p, o, call
}

func (s *server) taskPage(w http.ResponseWriter, r *http.Request) {
	if p, _, _ := s.task(w, r); p != nil {
		s.render(w, r, http.StatusOK, "task", p)
	}
}

// callWritten writes down how the call went. Of two forms for one audit the second is refused.
func (s *server) callWritten(w http.ResponseWriter, r *http.Request) {
	if s.pen == nil {
		s.problem(w, r, http.StatusForbidden)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 256<<10)
	if err := r.ParseForm(); err != nil {
		s.problem(w, r, http.StatusBadRequest)
		return
	}
	s.signing.Lock()
	defer s.signing.Unlock()
	p, o, call := s.task(w, r)
	if p == nil {
		return
	}
	for _, field := range callFields {
		p.Said[field] = strings.TrimSpace(r.PostForm.Get(field))
	}
	var line probes.Timeline
	if l := s.views.get().launch(filter{Campaign: o.Campaign}); l != nil {
		line = l.Timeline
	}
	p.read(&call, &o, line, time.Now())
	if len(p.Faults) > 0 {
		s.render(w, r, http.StatusUnprocessableEntity, "task", p)
		return
	}
	if _, err := s.pen.Write(call.events(o.ID)...); err != nil {
		slog.Error("not written down", "audit", o.ID, "err", err)
		s.problem(w, r, http.StatusInternalServerError)
		return
	}
	s.views.expire()
	to := auditURL(&o, p.Asked)
	if access.From(r.Context()).May(access.Review) && call.Fate == stats.TryAnswered && !call.Outside {
		to = filter{Lang: p.Asked.Lang, Q: string(o.ID)}.href("/coding")
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}
