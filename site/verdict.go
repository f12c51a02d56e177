package site

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/control"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/review"
	"github.com/sonde-fleet/sonde/stats"
)

// maxReason is how many characters a reason or a comment may have.
const maxReason = 4000

// verdictForm is what an auditor may decide of a flag.
type verdictForm struct {
	Post, Kind string
	Decisions  []option
	Classes    []option // what the mail may be; empty: the flag is about no mail
	Match      bool     // whether the mail belongs to the audit is asked
	Heard      bool     // who answered the call, and when a person spoke, is asked
	Firsts     []option // who or what can answer first
	Try        string   // where what follows is shown before it is signed
	Mail       string
}

// classes are what a mail can be corrected to.
var classes = [...]string{probes.ClassHuman, probes.ClassAutoAck, probes.ClassOutOfOffice, probes.ClassBounce, probes.ClassChallenge, probes.ClassReceipt, probes.ClassDelay}

// Classes returns what a mail can be corrected to.
func Classes() []string { return classes[:] }

// Allowed returns the decisions that make sense for a flag. Another try is asked only of what left nothing behind with
// the structure.
func Allowed(x *review.Flag) []stats.Decision {
	if x.ByEar() {
		return []stats.Decision{stats.Confirm, stats.Correct, stats.Spoil}
	}
	switch x.About() {
	case review.SpoiledByUs, review.FaultPattern:
		if x.Kind == review.FaultPattern && x.Text == "" { // a mailbox: its audits are silent and may be spoiled
			return []stats.Decision{stats.Confirm, stats.Spoil}
		}
		return []stats.Decision{stats.Confirm, stats.Again}
	case review.UnsureMatch, review.UnsureClass, review.TooFast, review.ForeignDomain:
		return []stats.Decision{stats.Confirm, stats.Correct, stats.Spoil}
	case review.Disputed:
		return nil // it is answered, on the page of its audit
	}
	return []stats.Decision{stats.Confirm, stats.Spoil}
}

func (p *frame) verdictForm(x *review.Flag) *verdictForm {
	decisions := Allowed(x)
	if len(decisions) == 0 {
		return nil
	}
	f := &verdictForm{Post: auditPath(x.Audit) + "/verdict", Kind: string(x.Kind), Mail: string(x.Mail), Match: x.About() == review.UnsureMatch, Heard: x.ByEar()}
	for i, d := range decisions {
		f.Decisions = append(f.Decisions, option{string(d), p.T("verdict." + string(d)), i == 0})
	}
	if f.Heard {
		f.Try = auditPath(x.Audit) + "/heard"
		for _, first := range answering {
			f.Firsts = append(f.Firsts, option{Value: first, Text: p.Term("first", first)})
		}
	}
	if slices.Contains(decisions, stats.Correct) && !f.Match && !f.Heard {
		for _, c := range classes {
			f.Classes = append(f.Classes, option{Value: c, Text: p.Term("class", c)})
		}
	}
	return f
}

// auditPath is the path of an audit's page.
func auditPath(id probes.AuditID) string { return "/audits/" + url.PathEscape(string(id)) }

func (p *frame) verdictLine(v *stats.Verdict, id probes.AuditID, who access.Visitor) verdictLine {
	text := p.T("verdict.line", "Decision", p.Term("verdict", string(v.Decision)), "By", v.By)
	if v.Class != "" {
		text += " " + p.T("verdict.class", "Class", p.Term("class", v.Class))
	}
	if slices.Contains(answering[:], v.First) {
		text += " " + p.T("audits.chip", "Name", p.T("call.first"), "Value", p.Term("first", v.First))
	}
	for _, said := range p.saidOf(v.Items) {
		text += " " + said
	}
	if v.Match == "yes" || v.Match == "no" {
		text = p.T("verdict.line", "Decision", p.T("verdict.match."+v.Match), "By", v.By)
	}
	return verdictLine{Text: text, Reason: v.Reason, At: p.stamp(v.At), N: v.N, Post: auditPath(id) + "/withdraw",
		Mine: v.By == who.Account.Name && v.Decision != stats.Again && who.May(access.Review)}
}

// flagOf returns the flag of the audit that a form speaks of.
func flagOf(flags []review.Flag, kind, mail string) *review.Flag {
	for i := range flags {
		if string(flags[i].Kind) == kind && (mail == "" || string(flags[i].Mail) == mail) {
			return &flags[i]
		}
	}
	return nil
}

// judgement is what an auditor decides of a flag, on a form or through the API.
type judgement struct {
	Flag, Mail, Verdict, Class, Reason string
	Person, Wait                       string // heard in a call: yes or no; seconds from the first ring
	At, First, Attempt                 string // the same: seconds on the call's axis; who or what answered first; whether the first call got through
}

// judgementOf reads the form of a verdict.
func judgementOf(get func(string) string) judgement {
	return judgement{get("flag"), get("mail"), get("verdict"), get("class"), get("reason"), get("person"), get("wait"), get("at"), get("first"), get("attempt")}
}

// unfit says why something that was asked for is not done: a status, and a message with its figures.
type unfit struct {
	code int
	key  string
	args []any
}

// verdict writes an auditor's decision down.
func (s *server) verdict(w http.ResponseWriter, r *http.Request) {
	id := probes.AuditID(r.PathValue("id"))
	v := s.views.get()
	if v.outcome(id) == nil {
		s.problem(w, r, http.StatusNotFound)
		return
	}
	if !s.formOf(w, r) {
		return
	}
	e, no := s.judge(r.Context(), v, id, judgementOf(r.PostForm.Get))
	if no != nil {
		s.refuse(w, r, no.code, no.key, no.args...)
		return
	}
	if !s.write(w, r, e) {
		return
	}
	back(w, r, auditPath(id)+"#review")
}

// judge checks a decision, asks for another try where it says so, and returns what is to be written down.
func (s *server) judge(ctx context.Context, v *view, id probes.AuditID, j judgement) (probes.Event, *unfit) {
	who := access.From(ctx)
	flag := flagOf(v.flagsOf(id), j.Flag, j.Mail)
	if flag == nil || !flag.Open || decidedBy(flag.Verdicts, who.Account.Name) {
		return probes.Event{}, &unfit{code: http.StatusConflict, key: "verdict.gone"}
	}
	decision := stats.Decision(j.Verdict)
	reason := strings.TrimSpace(j.Reason)
	detail := map[string]string{"by": who.Account.Name, "flag": string(flag.About()), "verdict": string(decision)}
	if flag.Mail != "" {
		detail["mail"] = string(flag.Mail)
	}
	o, _ := s.source.Outcome(id)
	for i := range o.Verdicts { // newer than the flags: a second click is not a second voice
		if x := &o.Verdicts[i]; x.By == who.Account.Name && x.Flag == detail["flag"] && (flag.Mail == "" || x.Mail == flag.Mail) {
			return probes.Event{}, &unfit{code: http.StatusConflict, key: "verdict.gone"}
		}
	}
	if why := s.decide(id, flag, decision, j, detail); why != "" {
		return probes.Event{}, &unfit{code: http.StatusBadRequest, key: why}
	}
	if decision == stats.Again {
		if no := s.again(ctx, &o, reason, detail); no != nil {
			return probes.Event{}, no
		}
	}
	e := probes.Event{Kind: probes.ReviewVerdict, Audit: id, Text: reason, Detail: detail}
	if decision == stats.Correct && flag.ByEar() {
		e.Observations, _ = s.heard(id, j, who.Account.Name) // decide has read it
		if j.First != "" {
			detail["first"] = j.First
		}
	}
	return e, nil
}

// again asks the prober of the audit for another try. It comes before the verdict is written: what the prober refuses was not
// decided. The key makes a repeated order the same order.
func (s *server) again(ctx context.Context, o *stats.Outcome, reason string, detail map[string]string) *unfit {
	prober, ok := s.fleet.find(o.Prober)
	if !ok {
		return &unfit{code: http.StatusConflict, key: "order.no-prober"}
	}
	planned, err := prober.Client.Again(ctx, control.Order{By: detail["by"], Reason: reason, Key: "again-" + string(o.ID)}, o.ID)
	if err != nil {
		slog.Warn("no other try", "audit", o.ID, "err", err)
		return &unfit{http.StatusBadGateway, "order.prober-refused", []any{"Prober", prober.Name, "Why", err.Error()}}
	}
	detail["again"] = string(planned.ID)
	return nil
}

// decide checks a decision and fills in what it changes. It returns the key of what is wrong, "" when nothing is.
func (s *server) decide(id probes.AuditID, flag *review.Flag, d stats.Decision, j judgement, detail map[string]string) string {
	if !slices.Contains(Allowed(flag), d) {
		return "verdict.unknown"
	}
	switch {
	case flag.About() == review.UnsureMatch && d != stats.Spoil:
		// Confirm: the mail belongs to the audit. Correct: it does not.
		detail["match"] = "yes"
		if d == stats.Correct {
			detail["match"] = "no"
		}
		mail := flag.Mail
		if mail == "" {
			mail = s.unsureMail(id)
		}
		if mail == "" {
			return "verdict.gone"
		}
		detail["mail"] = string(mail)
	case d == stats.Correct && flag.ByEar():
		if _, why := s.heard(id, j, ""); why != "" {
			return why
		}
	case d == stats.Correct:
		if !slices.Contains(classes[:], j.Class) {
			return "verdict.class-wanted"
		}
		detail["class"] = j.Class
	}
	if d != stats.Confirm && strings.TrimSpace(j.Reason) == "" {
		return "verdict.reason-wanted"
	}
	return ""
}

// unsureMail returns the oldest mail of the audit whose match no verdict has settled.
func (s *server) unsureMail(id probes.AuditID) probes.Hash {
	events, err := s.source.Events(id)
	if err != nil {
		slog.Error("events failed", "audit", id, "err", err)
		return ""
	}
	settled := map[string]bool{}
	for i := range events {
		if e := &events[i]; e.Kind == probes.ReviewVerdict && e.Detail["match"] != "" {
			settled[e.Detail["mail"]] = true
		}
	}
	for i := range events {
		if e := &events[i]; e.Kind == probes.MailReceived && e.Detail["sure"] == "no" && len(e.Evidence) > 0 && !settled[string(e.Evidence[0].SHA256)] {
			return e.Evidence[0].SHA256
		}
	}
	return ""
}

// withdraw takes one's own verdict or coding back. What went out of the house stays.
func (s *server) withdraw(w http.ResponseWriter, r *http.Request) {
	id := probes.AuditID(r.PathValue("id"))
	o, ok := s.source.Outcome(id)
	if !ok {
		s.problem(w, r, http.StatusNotFound)
		return
	}
	if !s.formOf(w, r) {
		return
	}
	n, err := strconv.ParseUint(r.PostForm.Get("of"), 10, 64)
	who := access.From(r.Context()).Account.Name
	mine := err == nil && (slices.ContainsFunc(o.Verdicts, func(v stats.Verdict) bool { return v.N == n && v.By == who && v.Decision != stats.Again }) ||
		slices.ContainsFunc(o.Codings, func(c stats.Coding) bool { return c.N == n && c.By == who }))
	if !mine {
		s.refuse(w, r, http.StatusConflict, "verdict.not-yours")
		return
	}
	if s.write(w, r, withdrawn(id, who, n)) {
		back(w, r, auditPath(id)+"#review")
	}
}

// withdrawn says that the account takes its record n back.
func withdrawn(id probes.AuditID, who string, n uint64) probes.Event {
	return probes.Event{Kind: probes.ReviewWithdrawn, At: time.Now().UTC(), Audit: id, Detail: map[string]string{"by": who, "of": strconv.FormatUint(n, 10)}}
}

// formOf reads the form of a request; false when the answer has been given.
func (s *server) formOf(w http.ResponseWriter, r *http.Request) bool {
	if s.pen == nil {
		s.problem(w, r, http.StatusForbidden)
		return false
	}
	r.Body = http.MaxBytesReader(w, r.Body, 256<<10)
	if err := r.ParseForm(); err != nil {
		s.problem(w, r, http.StatusBadRequest)
		return false
	}
	for _, values := range r.PostForm {
		for _, v := range values {
			if len([]rune(v)) > maxReason {
				s.refuse(w, r, http.StatusBadRequest, "form.too-long")
				return false
			}
		}
	}
	return true
}

// write writes an event of a person down and makes the next page show it; false when the answer has been given.
func (s *server) write(w http.ResponseWriter, r *http.Request, e probes.Event) bool {
	e.At = time.Now().UTC()
	if _, err := s.pen.Write(e); err != nil {
		slog.Error("not written down", "kind", e.Kind, "audit", e.Audit, "err", err)
		s.problem(w, r, http.StatusInternalServerError)
		return false
	}
	s.views.expire()
	return true
}

// refuse writes an error page that says what is wrong with what was sent.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, code int, key string, args ...any) {
	f, _ := parseFilter(r.URL.Query())
	p := s.frame(r, filter{Lang: f.Lang})
	p.Title = p.T("problem.refused")
	back := ""
	if from, err := url.Parse(r.Referer()); err == nil && from.Host == r.Host {
		back = from.RequestURI()
	}
	s.render(w, r, code, "problem", problemPage{p, p.T(key, args...), back})
}

// back leads to where the form says that it came from, else to the other address.
func back(w http.ResponseWriter, r *http.Request, otherwise string) {
	http.Redirect(w, r, local(r.PostForm.Get("back"), otherwise), http.StatusSeeOther)
}

// local returns the address if it is one of this site, else the other one: nobody is led away by a form.
func local(address, otherwise string) string {
	u, err := url.Parse(address)
	if err != nil || address == "" || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") ||
		strings.ContainsAny(address, "\\\r\n") {
		return otherwise
	}
	return address
}
