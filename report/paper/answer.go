package paper

import (
	"cmp"
	"log/slog"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/mail/message"
	"github.com/sonde-fleet/sonde/score"
	"github.com/sonde-fleet/sonde/stats"
	"golang.org/x/text/language"
)

// How much of a letter is shown, in characters.
const (
	maxQuestion = 1200
	maxAnswer   = 600
	maxPassages = 60      // each is a search through the text
	maxText     = 200_000 // octets of an answer that are looked at
)

// auditRow is an audit in the table of all.
type auditRow struct {
	N, ID, URL, Channel, Scenario, Contacted, Result, Reason, Delay, Worked, Points string
}

// letter is what was asked and what was answered.
type letter struct {
	ID, Title      string
	Subject        string
	Question       string
	Asked          string // lang of the question
	From, Answered string
	Replied        string // the answer's subject
	Lang           string
	Pieces         []piece
	Cut            bool
	Proofs         []proof
	Hash           string
	Audit          ref
	Hidden         bool // the evidence is not shown to this reader, or is gone
}

// piece is a part of the answer; the numbers of what it proves follow it.
type piece struct{ Text, Marks string }

type proof struct{ N, Name, Value string }

func (d *doc) audits() error {
	for _, o := range d.own {
		row := auditRow{N: d.Int(o.Number), ID: string(o.ID), URL: d.linked(o.ID), Channel: d.Term("channel", string(o.Channel)), Scenario: o.Scenario,
			Contacted: d.Minute(o.Sent), Result: d.Term("result", string(o.Result)), Delay: undefined, Worked: undefined, Points: undefined}
		if o.Late {
			row.Result = d.T("result.late")
		}
		if o.Reason != "" {
			row.Reason = newMasker("", "", d.Name).all(o.Reason)
		}
		if o.Result == stats.Answered {
			row.Delay = d.Delay(float64(o.Delay))
			row.Worked = d.N("unit.days", o.Days)
		}
		if o.Result == stats.Reached && o.Call != nil && o.Call.Wait != nil {
			row.Delay = d.seconds(float64(*o.Call.Wait))
		}
		if !d.blind(o) {
			row.Points = d.Points(d.points(o))
		}
		d.Audits = append(d.Audits, row)
		if d.in.Events == nil || o.Result != stats.Answered && o.Result != stats.Visited {
			continue
		}
		events, err := d.in.Events(o.ID)
		if err != nil {
			return err
		}
		switch o.Channel {
		case probes.Mail:
			d.Letters = append(d.Letters, d.letter(o, events))
		case probes.Web:
			d.Websites = append(d.Websites, d.website(o, events))
		}
	}
	return nil
}

// blind says whether the reader is to rate the audit without knowing what others said, nor who asked.
func (d *doc) blind(o *stats.Outcome) bool { return d.in.Rating != nil && d.in.Rating(o.ID) }

// points is the weighted mean of the audit's items; NaN where it is not scored.
func (d *doc) points(o *stats.Outcome) float64 {
	sum, weights := 0.0, 0.0
	for _, p := range score.Points(d.in.Sheet.Grid, d.in.Sheet.Norms, o) {
		if !math.IsNaN(p.Points) {
			sum += p.Item.Weight * p.Points
			weights += p.Item.Weight
		}
	}
	return sum / weights
}

// letter tells the question and the answer of a mail audit.
func (d *doc) letter(o *stats.Outcome, events []probes.Event) letter {
	l := letter{ID: "audit-" + d.Int(o.Number), Title: d.T("letter.title", "N", d.Int(o.Number), "Channel", d.Term("channel", string(o.Channel)), "Scenario", o.Scenario),
		Answered: d.T("letter.answered", "At", d.Minute(o.Replied), "Delay", d.Delay(float64(o.Delay)), "Days", d.N("unit.days", o.Days)), Audit: ref{Text: string(o.ID), URL: d.linked(o.ID)}}
	if d.blind(o) {
		l.Hidden = true
		return l
	}
	persona := message.Address{}
	for i := range events {
		if events[i].Kind == probes.MailPrepared {
			persona = d.question(&l, &events[i])
		}
	}
	e := answerOf(o, events)
	if e == nil {
		l.Hidden = true
		return l
	}
	x := e.Evidence[mailIn(e)]
	l.Hash = string(x.SHA256)
	raw, err := d.evidence(x.SHA256)
	if err != nil {
		l.Hidden = true
		return l
	}
	m := message.Parse(raw, message.Limits{})
	text := m.Reply
	if strings.TrimSpace(text) == "" {
		text = m.Text
	}
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "")
	}
	text = strings.TrimSpace(blankLines.ReplaceAllString(text, "\n\n"))
	mask := newMasker(persona.Name, persona.Address, d.Name)
	for i := range e.Observations {
		if x := &e.Observations[i]; x.Item == "mail.signature.name" {
			mask.learn(nameOf(x.Passage))
		}
	}
	mask.sender(m.From().Name, m.From().Address)
	mask.prepare(text)
	l.From, l.Replied = mask.from(m.From()), mask.all(m.Header.Text("Subject"))
	if tag, err := language.Parse(e.Detail["language"]); err == nil {
		l.Lang = tag.String()
	}
	d.pieces(&l, mask, text, e.Observations)
	return l
}

var blankLines = regexp.MustCompile(`\n[ \t]*(?:\n[ \t]*)+\n`)

// evidence returns bytes where the reader may see them.
func (d *doc) evidence(h probes.Hash) ([]byte, error) {
	if d.in.Evidence == nil {
		return nil, errNotShown
	}
	raw, err := d.in.Evidence(h)
	if err != nil {
		slog.Info("evidence cannot be shown in a report", "sha256", h, "err", err)
	}
	return raw, err
}

// question fills in what was asked: the mail that was sent, or the entry of a form. It returns who asked.
func (d *doc) question(l *letter, e *probes.Event) (persona message.Address) {
	l.Subject = e.Detail["subject"]
	if tag, err := language.Parse(e.Detail["language"]); err == nil {
		l.Asked = tag.String()
	}
	persona.Address = e.Detail["from"]
	for _, x := range e.Evidence {
		raw, err := d.evidence(x.SHA256)
		if err != nil {
			continue
		}
		switch {
		case x.Type == "message/rfc822":
			m := message.Parse(raw, message.Limits{})
			persona = m.From()
			l.Subject, l.Question = cmp.Or(m.Header.Text("Subject"), l.Subject), clip(strings.TrimSpace(m.Text), maxQuestion)
		case strings.HasPrefix(x.Type, "text/plain"):
			_, text, _ := strings.Cut(string(raw), "\n\n")
			l.Question = clip(strings.TrimSpace(strings.ToValidUTF8(text, "\ufffd")), maxQuestion)
		}
	}
	return persona
}

// answerOf returns the event that the answer came with.
func answerOf(o *stats.Outcome, events []probes.Event) *probes.Event {
	for i := range events {
		e := &events[i]
		if e.Kind != probes.MailReceived {
			continue
		}
		if k := mailIn(e); k >= 0 && e.Evidence[k].SHA256 == o.Evidence {
			return e
		}
	}
	return nil
}

func mailIn(e *probes.Event) int {
	return slices.IndexFunc(e.Evidence, func(x probes.Evidence) bool { return x.Type == "message/rfc822" })
}

// from shows a sender: offices as they are, people masked.
func (m *masker) from(a message.Address) string {
	name := m.all(a.Name)
	if m.likeName(a.Name) || m.single(a.Name) {
		name = agent
	}
	return strings.TrimSpace(name + " <" + m.all(a.Address) + ">")
}

// clip cuts a text at a word, at most n characters.
func clip(s string, n int) string {
	if at := clipAt(s, n); at < len(s) {
		return strings.TrimRight(s[:at], " \n\t,;:") + "…"
	}
	return s
}

// clipAt returns where a text of at most n characters ends: behind a word, unless the word is as long as the text.
func clipAt(s string, n int) int {
	count, blank := 0, 0
	for i, r := range s {
		if count++; count > n {
			if blank > i/2 {
				return blank
			}
			return i
		}
		if r == ' ' || r == '\n' {
			blank = i
		}
	}
	return len(s)
}

// passage is where what proves an item stands.
type passage struct {
	from, to int
	of       *probes.Observation
}

// passages finds where the observations' passages stand in the text, in its order. White space stands for any white space: it
// may have been folded when it was observed. What the grid does not ask for proves nothing here.
func (d *doc) passages(text string, observed []probes.Observation, end int) (found []passage) {
	for i := range observed[:min(len(observed), maxPassages)] {
		x := &observed[i]
		words := strings.Fields(x.Passage)
		if len(words) == 0 || d.grid[x.Item] == nil {
			continue
		}
		for k := range words {
			words[k] = regexp.QuoteMeta(words[k])
		}
		re, err := regexp.Compile(strings.Join(words, `\s+`))
		if err != nil {
			continue
		}
		if at := re.FindStringIndex(text); at != nil && at[0] < end {
			found = append(found, passage{at[0], min(at[1], end), x})
		}
	}
	slices.SortStableFunc(found, func(a, b passage) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	return found
}

// pieces cuts the answer at the passages of its observations, numbers them in the order of the text, and masks each part.
func (d *doc) pieces(l *letter, mask *masker, text string, observed []probes.Observation) {
	end := clipAt(text, maxAnswer)
	l.Cut = end < len(text)
	holes := mask.holes(text)
	at := 0
	add := func(from, to int, marks []string) {
		if s := hide(text, holes, from, to); s != "" {
			l.Pieces = append(l.Pieces, piece{s, strings.Join(marks, ", ")})
		}
	}
	prove := func(p passage) string {
		n := d.Int(len(l.Proofs) + 1)
		l.Proofs = append(l.Proofs, proof{n, d.grid[p.of.Item].Name.In(d.french), d.value(p.of)})
		return n
	}
	found := d.passages(text, observed, end)
	for i := 0; i < len(found); i++ {
		x := found[i]
		marks := []string{prove(x)}
		for i+1 < len(found) && found[i+1].from < x.to { // overlapping ones are one
			i++
			marks, x.to = append(marks, prove(found[i])), max(x.to, found[i].to)
		}
		add(at, x.from, nil)
		add(x.from, x.to, marks)
		at = x.to
	}
	add(at, end, nil)
}

func (d *doc) value(x *probes.Observation) string {
	if x.Number != nil {
		return d.Short(*x.Number)
	}
	return d.Term("value", strings.ReplaceAll(string(x.Value), "/", ""))
}
