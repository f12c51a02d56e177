// Package rate judges the quality of an answer by mail: courtesy, personalisation, signature, language, length, the
// facts that were asked for, and what French law wants in an acknowledgement. Every observation carries the passage
// that proves it, because an auditor will be asked for it.
//
// It does not decide what kind of mail it is (package classify does), measures no delay, and sets no thresholds: those
// belong to a campaign's configuration. The names of agents are evidence only; nothing is made of them.
package rate

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/internal/fold"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/mail/classify"
	"github.com/sonde-fleet/sonde/probes/mail/message"
)

// Subject is what the answer is judged against: who asked, whom, what, and which facts a full answer holds.
type Subject struct {
	Given, Family, Civility string // of the persona
	Structure               string // name of the audited body
	Language                string // of the question: fr, en, de, nl, es, it
	Question                string // text of our mail
	Subject                 string // subject of our mail
	Address                 string // that was written to: of a mailbox, or of the page with the form
	Threads                 bool   // ours was a mail, which an answer can name; a form was not
	Facts                   []Fact
}

// Fact is one fact that a full answer gives. It is found when one of its patterns matches.
type Fact struct {
	ID       string
	Patterns []*regexp.Regexp // matched on folded text: case and accents do not matter
}

// CompileFact makes a fact of patterns in RE2 syntax. They may be written with capitals and accents: both are folded,
// as the text is.
func CompileFact(id string, any []string) (Fact, error) {
	f := Fact{ID: id}
	if strings.TrimSpace(id) == "" {
		return f, fmt.Errorf("fact without id")
	}
	if len(any) == 0 {
		return f, fmt.Errorf("fact %q: no pattern", id)
	}
	for i, p := range any {
		re, err := regexp.Compile(foldPattern(p))
		if err != nil {
			return f, fmt.Errorf("fact %q: pattern %d: %w", id, i+1, err)
		}
		f.Patterns = append(f.Patterns, re)
	}
	return f, nil
}

// foldPattern folds the literal text of a pattern and leaves its escapes alone: "\S" must not become "\s".
func foldPattern(p string) string {
	var out, text strings.Builder
	flush := func() {
		out.WriteString(fold.Text(text.String()))
		text.Reset()
	}
	r := []rune(p)
	for i := 0; i < len(r); i++ {
		if r[i] != '\\' || i+1 == len(r) {
			text.WriteRune(r[i])
			continue
		}
		flush()
		end := i + 2
		if (r[i+1] == 'p' || r[i+1] == 'P' || r[i+1] == 'x') && end < len(r) && r[end] == '{' {
			for end < len(r) && r[end-1] != '}' {
				end++
			}
		}
		out.WriteString(string(r[i:end]))
		i = end - 1
	}
	flush()
	return out.String()
}

// maxPassage is how much of the text is quoted as proof, in octets.
const maxPassage = 160

// maxText is how much of an answer is judged, in octets.
const maxText = 64 << 10

// judge holds an answer while it is judged.
type judge struct {
	s     Subject
	class classify.Result
	part       // the answer without quotation and without what programs add
	body  part // what stands before the politeness formula
	lines []line
	out   []probes.Observation
}

// part is a stretch of text with its folded form.
type part struct {
	raw, folded string
	at          []int // see fold.Map
}

func partOf(raw string) part {
	p := part{raw: raw}
	p.folded, p.at = fold.Map(raw)
	return p
}

// line is one line of the answer that is not empty.
type line struct{ raw, folded string }

// Rate judges m, which class describes. A mail that is neither a human answer nor an acknowledgement has no quality
// and gives nothing.
func Rate(m *message.Message, class classify.Result, s Subject) []probes.Observation {
	if class.Class != probes.ClassHuman && class.Class != probes.ClassAutoAck {
		return nil
	}
	j := &judge{s: s, class: class, part: partOf(Clean(limit(m.Reply, maxText)))}
	for l := range strings.Lines(j.raw) {
		if l = strings.TrimSpace(strings.ReplaceAll(l, "\u00a0", " ")); l != "" && len(j.lines) < 2000 {
			j.lines = append(j.lines, line{l, strings.TrimSpace(fold.Text(l))})
		}
	}
	if class.Class == probes.ClassAutoAck {
		j.acknowledgement()
		j.facts()
		return j.out
	}
	j.body = partOf(j.beforeClosing())
	j.courtesy()
	j.signature()
	j.content()
	j.envelope(m)
	j.yesNo("mail.quoted", m.Quoted != "", "quoted original", m.Quoted)
	j.language()
	j.length()
	j.share(j.facts())
	j.subject(m.Header.Text("Subject"))
	return j.out
}

// Items lists the items of the grid that Rate notes. The facts of a scenario come beside them, as mail.fact.ID.
func Items() []probes.ItemCode { return slices.Clone(items[:]) }

var items = [...]probes.ItemCode{
	"mail.greeting", "mail.closing", "mail.abbreviated-closing", "mail.personalised",
	"mail.signature.name", "mail.signature.function", "mail.signature.service", "mail.signature.phone",
	"mail.thanks", "mail.invites-questions", "mail.next-step", "mail.delay-announced", "mail.opening-hours", "mail.opinion-asked", "mail.reference",
	"mail.link", "mail.link.https", "mail.contact-given", "mail.shouting", "mail.legible",
	"mail.sender-named", "mail.own-domain", "mail.reply-possible", "mail.thread", "mail.dkim", "mail.attachment.open", "mail.plain-text", "mail.pictures.alt",
	"mail.quoted", "mail.language", "mail.words", "mail.readability", "mail.facts", "mail.facts.all", "mail.subject.kept",
	"mail.ack.message", "mail.ack.date", "mail.ack.implicit-decision", "mail.ack.service", "mail.ack.remedies", "mail.ack.contact",
}

// beforeClosing is what the answer says: without formula and signature.
func (j *judge) beforeClosing() string {
	end := len(j.lines)
	if c, _ := j.closingAt(); c >= 0 {
		end = c
	} else if i := slices.IndexFunc(j.lines, func(l line) bool { return l.raw == "--" }); i >= 0 {
		end = i
	}
	said := make([]string, end)
	for i := range said {
		said[i] = j.lines[i].raw
	}
	return strings.Join(said, "\n")
}

func (j *judge) add(o probes.Observation) {
	o.By = "agent"
	o.Passage = short(o.Passage)
	j.out = append(j.out, o)
}

// yesNo notes an item that is there or not; the passage is kept only as proof that it is.
func (j *judge) yesNo(item probes.ItemCode, yes bool, rule, passage string) {
	o := probes.Observation{Item: item, Value: probes.No, Rule: rule}
	if yes {
		o.Value, o.Passage = probes.Yes, passage
	}
	j.add(o)
}

// refuted notes a no with the passage that shows it.
func (j *judge) refuted(item probes.ItemCode, rule, passage string) {
	j.add(probes.Observation{Item: item, Value: probes.No, Rule: rule, Passage: passage})
}

// says notes whether a pattern is found in the text.
func (j *judge) says(item probes.ItemCode, in *part, re *regexp.Regexp, rule string) {
	p, ok := in.find(re)
	j.yesNo(item, ok, rule, p)
}

func (j *judge) notApplicable(item probes.ItemCode, rule string) {
	j.add(probes.Observation{Item: item, Value: probes.NotApplicable, Rule: rule})
}

func (j *judge) number(item probes.ItemCode, n float64, rule string) {
	j.add(probes.Observation{Item: item, Number: &n, Rule: rule})
}

// passage returns what the author wrote at the folded range [from, to), with a little around it.
func (p *part) passage(from, to int) string {
	return around(p.raw, p.at[from], p.at[min(to, len(p.at)-1)])
}

// around returns s[from:to] with a little of its line on both sides.
func around(s string, from, to int) string {
	a, b := max(0, from-20), min(len(s), to+40)
	if i := strings.LastIndexByte(s[a:from], '\n'); i >= 0 {
		a += i + 1
	}
	if i := strings.IndexByte(s[to:b], '\n'); i >= 0 {
		b = to + i
	}
	return strings.ToValidUTF8(s[a:b], "")
}

// find looks for a pattern in the folded text.
func (p *part) find(re *regexp.Regexp) (passage string, ok bool) {
	loc := re.FindStringIndex(p.folded)
	if loc == nil {
		return "", false
	}
	return p.passage(loc[0], loc[1]), true
}

// facts notes which facts of the scenario the answer holds, and returns how many.
func (j *judge) facts() (held int) {
	for _, f := range j.s.Facts {
		proof, found := "", false
		for _, re := range f.Patterns {
			if proof, found = j.find(re); found {
				held++
				break
			}
		}
		j.yesNo(probes.ItemCode("mail.fact."+f.ID), found, "fact pattern", proof)
	}
	return held
}

// share sums the facts up.
func (j *judge) share(held int) {
	asked := len(j.s.Facts)
	if asked == 0 {
		j.notApplicable("mail.facts", "no fact was asked for")
		j.notApplicable("mail.facts.all", "no fact was asked for")
		return
	}
	j.number("mail.facts", math.Round(1000*float64(held)/float64(asked))/10, "share of the facts asked for")
	j.yesNo("mail.facts.all", held == asked, "every fact asked for", "")
}

// language says whether the answer is in the language of the question.
func (j *judge) language() {
	switch {
	case j.s.Language == "" || j.class.Language == "":
		j.notApplicable("mail.language", "language unknown")
	default:
		j.yesNo("mail.language", j.class.Language == j.s.Language, "language "+j.class.Language, limit(strings.Join(strings.Fields(j.raw), " "), 80))
	}
}

// subject says whether the answer kept our subject, which is how a citizen finds it again.
func (j *judge) subject(got string) {
	want := classify.Topic(strings.TrimSpace(fold.Text(j.s.Subject)))
	if want == "" {
		j.notApplicable("mail.subject.kept", "no subject asked")
		return
	}
	j.yesNo("mail.subject.kept", strings.Contains(fold.Text(got), want), "subject contains ours", got)
}

// short makes a passage one line of at most maxPassage octets.
func short(s string) string {
	return limit(strings.Join(strings.Fields(limit(s, 4*maxPassage)), " "), maxPassage)
}

func limit(s string, n int) string {
	if len(s) <= n {
		return strings.ToValidUTF8(s, "")
	}
	return strings.ToValidUTF8(s[:n], "")
}
