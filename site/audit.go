package site

import (
	"cmp"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/review"
	"github.com/sonde-fleet/sonde/stats"
)

// story is the page of one audit.
type story struct {
	frame
	Structure, StructureURL string
	Plan, Outcome           []fact
	Flags                   []flagCard
	Blind                   bool // the visitor is to rate it, and does not see yet what others said
	Worth                   *worth
	RateURL                 string // where what only a person can judge is rated
	CodingURL               string
	TaskURL                 string // where the call that a person must make is written down
	Strip                   *strip
	Calls                   []*callLine
	Events                  []eventRow
	Disputes                []disputeCard
	Actions                 []link
	Readers                 []reading
}

// reading is one look at the audit's evidence.
type reading struct {
	At stamp // wall time
	By string
}

type fact struct {
	Name, Value string
	URL         string
	ISO         string // an instant's, for <time>
	Fate        string // of evidence: when it is deleted, or was
}

type eventRow struct {
	At, Seen     stamp // campaign time
	Wall         stamp
	Kind, Code   string
	Fault, Text  string
	Lang         string // of Text, where it is sure
	Details      []hidden
	Evidence     []fact
	Observations []observation
	Picture      string // of a page that was visited, with what was found outlined and numbered
	Alt          string
	Findings     []barrier
	Letter       *letter
	Person       string // who decided, in the events of people
}

type observation struct {
	Name, Item, Value, By, Rule, Passage string
}

func (s *server) audit(w http.ResponseWriter, r *http.Request) {
	asked, err := parseFilter(r.URL.Query())
	if err != nil {
		s.problem(w, r, http.StatusBadRequest)
		return
	}
	v := s.views.get()
	id := probes.AuditID(r.PathValue("id"))
	outcome, ok := s.source.Outcome(id)
	if !ok {
		s.problem(w, r, http.StatusNotFound)
		return
	}
	o := &outcome
	visitor := access.From(r.Context())
	p := &story{frame: s.frame(r, filter{Lang: asked.Lang}), Blind: blind(v, o, visitor)}
	p.Title = p.T("audit.title", "ID", o.ID)
	p.Structure = cmp.Or(o.Body.Name, string(o.Structure))
	p.StructureURL = filter{Structure: string(o.Structure), Lang: asked.Lang}.href("/audits")
	p.CodingURL = filter{Lang: asked.Lang, Campaign: o.Campaign}.href("/coding")
	if visitor.May(access.Review) && !p.Blind && open(v, o, visitor.Account.Name) {
		p.RateURL = filter{Lang: asked.Lang, Q: string(o.ID)}.href("/coding")
	}
	p.tell(o)
	apart := p.Blind && tested(v, o) != nil
	if sealed(v, o, visitor) {
		p.seal(apart)
	}
	flags := v.flagsOf(o.ID)
	for i := range flags {
		if !p.Blind || flags[i].Kind == review.Disputed {
			p.Flags = append(p.Flags, s.card(&p.frame, r, v, &flags[i]))
		}
	}
	p.Disputes = s.disputesOf(&p.frame, o, visitor)
	if _, known := s.fleet.find(o.Prober); known && s.pen != nil && visitor.May(access.Operate) && o.Status.Startable() {
		for _, do := range []string{doPause, doCancel} {
			p.Actions = append(p.Actions, link{Text: p.T("order." + do + ".action"),
				URL: orderURL(asked.Lang, auditPath(o.ID), "do", do, "prober", o.Prober, "audit", string(o.ID))})
		}
	}
	events, err := s.source.Events(o.ID)
	if err != nil {
		slog.Error("events failed", "audit", o.ID, "err", err)
		s.problem(w, r, http.StatusInternalServerError)
		return
	}
	var line probes.Timeline
	if l := v.launch(filter{Campaign: o.Campaign}); l != nil {
		line = l.Timeline
	}
	if !p.Blind {
		p.Worth = s.worth(&p.frame, v, o)
	}
	if task, _ := taskOf(o, events); task != nil && s.pen != nil && visitor.May(access.MakeCalls) && !sealed(v, o, visitor) {
		p.TaskURL = taskURL(o.ID, p.Asked.Lang)
	}
	p.sizes(o, events)
	p.Strip = p.strip(o, events, line, time.Now())
	if !p.Blind {
		p.Calls = s.callLines(&p.frame, r, events)
	}
	for i := range events {
		if e := &events[i]; e.Kind == probes.AccessRead {
			p.Readers = append(p.Readers, reading{p.stamp(e.At), e.Detail["by"]})
			continue
		}
		if apart {
			events[i] = impartialEvent(events[i])
		}
		row := p.event(&events[i], line, time.Now())
		row.Findings = s.barriers(p, &events[i])
		row.Letter = s.letterOf(&p.frame, r, &events[i], !p.Blind)
		if p.Blind {
			row.Observations = nil
		}
		if !visitor.May(access.ReadEvidence) {
			row.hide()
		}
		p.Events = append(p.Events, row)
	}
	s.render(w, r, http.StatusOK, "audit", p)
}

// seal takes out of the plan who contacted the structure and what was asked; of an audit that was drawn for the visitor to rate also
// the evidence.
func (p *story) seal(apart bool) {
	gone := []string{p.T("audit.scenario"), p.T("audit.persona"), p.T("audit.treatment")}
	if apart {
		gone = append(gone, p.T("audit.evidence"))
	}
	known := func(f fact) bool { return slices.Contains(gone, f.Name) }
	p.Plan, p.Outcome = slices.DeleteFunc(p.Plan, known), slices.DeleteFunc(p.Outcome, known)
}

// personal are the details of an event that name people.
var personal = [...]string{"from", "to", "subject", "recipient", "message_id", "notes"}

// sizes says of the answer's evidence what is behind the link.
func (p *story) sizes(o *stats.Outcome, events []probes.Event) {
	for i := range events {
		for _, x := range events[i].Evidence {
			if x.SHA256 != o.Evidence || o.Evidence == "" {
				continue
			}
			for k := range p.Outcome {
				if f := &p.Outcome[k]; f.Value == string(o.Evidence) {
					f.Value = p.T("evidence.file", "Format", strings.ToUpper(suffixes[x.Type]), "Size", p.N("octets", int(x.Size)), "Hash", string(o.Evidence[:min(12, len(o.Evidence))]))
				}
			}
			return
		}
	}
}

// hide takes out of a row what only those may see who may read evidence: what agents of the structure wrote, and their names.
func (row *eventRow) hide() {
	row.Evidence, row.Picture, row.Letter = nil, "", nil
	for i := range row.Observations {
		row.Observations[i].Passage = ""
	}
	row.Details = slices.DeleteFunc(row.Details, func(d hidden) bool {
		return slices.Contains(personal[:], d.Name)
	})
}

// tell fills the plan and the outcome.
func (p *story) tell(o *stats.Outcome) {
	instant := func(key string, t time.Time) fact {
		f := fact{Name: p.T(key), Value: p.Time(t)}
		if !t.IsZero() {
			f.ISO = t.UTC().Format(time.RFC3339Nano)
			if zone, err := time.LoadLocation(o.Body.Zone); err == nil && o.Body.Zone != "" {
				f.Value += " " + p.T("audit.local", "Time", t.In(zone).Format("15:04:05"), "Zone", o.Body.Zone)
			}
		}
		return f
	}
	said := func(key, value string) fact { return fact{Name: p.T(key), Value: value} }
	yes := func(b bool) string { return p.T("value." + strconv.FormatBool(b)) }
	p.Plan = []fact{said("audit.campaign", o.Campaign), said("by.channel", p.Term("channel", string(o.Channel))),
		said("audit.scenario", o.Scenario), said("audit.persona", o.Persona), said("audit.treatment", o.Treatment), said("audit.wave", o.Wave),
		said("audit.number", p.Int(o.Number)), instant("column.due", o.Due), instant("audit.deadline", o.Deadline),
		said("audit.target", o.Target), said("by.kind", o.Body.Kind), said("by.sector", p.Group("sector", o.Body.Sector)),
		said("by.band", o.Body.Band), said("by.region", o.Body.Region), said("audit.hours", o.Body.Hours), said("audit.prober", o.Prober)}
	if o.Outside {
		p.Plan = append(p.Plan, said("call.outside", yes(true)))
	}
	p.Outcome = []fact{said("by.state", p.Term("state", string(o.Status))), said("by.result", p.Term("result", string(o.Result)))}
	add := func(f fact) { p.Outcome = append(p.Outcome, f) }
	if o.Reason != "" {
		add(said("audit.reason", o.Reason))
	}
	if !o.Sent.IsZero() {
		add(instant("audit.contacted", o.Sent))
	}
	if o.Result == stats.Answered {
		add(instant("audit.answered", o.Replied))
		add(said("column.delay", p.Delay(float64(o.Delay))))
		add(said("audit.worked", p.Delay(float64(o.Worked))))
		add(said("audit.days", p.Int(o.Days)))
		add(said("mark.late", yes(o.Late)))
		add(said("mark.junk", yes(o.Junk)))
		if o.Answer != "" {
			add(said("audit.answer", p.Term("answer", o.Answer)))
		}
		if o.Polite != nil {
			add(said("mark.polite", yes(*o.Polite)))
		}
	}
	if o.Counted() {
		add(said("audit.followed", p.Delay(float64(o.Followed))))
		add(said("mark.acknowledged", yes(o.Acked)))
		add(said("mark.out-of-office", yes(o.Absent)))
	}
	if o.Acked {
		add(said("audit.ack-delay", p.Delay(float64(o.AckDelay))))
	}
	if o.Call != nil {
		p.tellCall(o)
	}
	for _, class := range o.Classes {
		add(said("audit.received", p.Term("class", class)))
	}
	if o.Unsure > 0 {
		add(said("mark.unsure", p.Int(o.Unsure)))
	}
	if o.Evidence != "" {
		add(fact{Name: p.T("audit.evidence"), Value: string(o.Evidence), URL: evidenceURL(o.Evidence, "message/rfc822")})
	}
	add(said("audit.events-count", p.Int(o.Events)))
	known := func(f fact) bool { return f.Value == "" }
	p.Plan = slices.DeleteFunc(p.Plan, known)
}

func (p *story) event(e *probes.Event, line probes.Timeline, now time.Time) eventRow {
	at := func(t time.Time) stamp { // campaign time
		if t.IsZero() {
			return stamp{}
		}
		t = line.Campaign(t)
		return stamp{p.Time(t), t.UTC().Format(time.RFC3339Nano)}
	}
	row := eventRow{At: at(e.At), Seen: at(e.Seen), Kind: p.Term("kind", string(e.Kind)), Code: string(e.Kind), Text: e.Text, Lang: spoken(e.Text)}
	if line.Speed > 1 {
		row.Wall = stamp{Text: e.At.UTC().Format("2006-01-02 15:04:05.000")} // as logs have it
	}
	if by := e.Detail["by"]; strings.HasPrefix(string(e.Kind), "review.") || strings.HasPrefix(string(e.Kind), "dispute.") || e.Kind == probes.AccessRead {
		row.Person = by
	}
	if e.Fault != "" {
		row.Fault = p.Term("fault", string(e.Fault))
	}
	for _, k := range slices.Sorted(maps.Keys(e.Detail)) {
		row.Details = append(row.Details, hidden{k, e.Detail[k]})
	}
	for _, x := range e.Evidence {
		f := fact{Name: cmp.Or(x.Name, x.Type), Value: p.N("octets", int(x.Size)), URL: evidenceURL(x.SHA256, x.Type), Fate: p.fate(&x, now)}
		if x.Erased(now) {
			f.URL = ""
		}
		row.Evidence = append(row.Evidence, f)
		if x.Type == "image/webp" {
			row.Picture, row.Alt = "/pictures/"+string(x.SHA256), p.T("picture.alt", "Page", e.Detail["page"])
		}
	}
	for _, x := range e.Observations {
		value := string(x.Value)
		switch {
		case x.Number != nil:
			value = p.Decimal(*x.Number, 1)
		case x.Value == probes.Yes:
			value = p.T("value.true")
		case x.Value == probes.No:
			value = p.T("value.false")
		case x.Value == probes.NotApplicable:
			value = p.T("value.na")
		}
		row.Observations = append(row.Observations, observation{p.Item(x.Item), string(x.Item), value, x.By, x.Rule, x.Passage})
	}
	return row
}
