package site

import (
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/internal/fold"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/mail/message"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/stats"
)

// citizen stands for the persona where who rates an answer must not know whom it was written to.
const citizen = "[citizen]"

// tested returns the experiment that the audit takes part in, nil when it takes part in none.
func tested(v *view, o *stats.Outcome) *probes.Experiment {
	if o.Treatment == "" {
		return nil
	}
	if l := v.launch(filter{Campaign: o.Campaign}); l != nil {
		return l.Experiment
	}
	return nil
}

// sealed says whether the account must not learn which treatment the audit was given, because it may still come to rate the
// answer. It holds before there is an answer, and for the account's tokens whatever their scopes.
func sealed(v *view, o *stats.Outcome, who access.Visitor) bool {
	return o.Treatment != "" && who.Account.Name != "" && who.Account.May(access.Review) && ratable(o, who.Account.Name) && tested(v, o) != nil
}

// shown returns the outcome as the visitor may see it, itself when nothing must be kept from them: without the treatment that it
// was given, and without what the machine observed of an answer that the visitor is to rate blindly.
func shown(v *view, o *stats.Outcome, who access.Visitor) *stats.Outcome {
	secret, apart := sealed(v, o, who), who.Account.Name != "" && blind(v, o, who)
	if !secret && !apart {
		return o
	}
	c := *o
	if secret {
		c.Scenario, c.Persona, c.Treatment = "", "", ""
	}
	if apart {
		c.Items, c.Polite = nil, nil
	}
	return &c
}

// rowFor flattens an outcome as the visitor may see it.
func rowFor(v *view, o *stats.Outcome, who access.Visitor) report.Row {
	return report.RowOf(shown(v, o, who))
}

// unsealed returns the outcomes as the visitor may see them, those themselves when nothing must be kept from them.
func unsealed(v *view, all []stats.Outcome, who access.Visitor) []stats.Outcome {
	if who.Account.Name == "" || !who.Account.May(access.Review) {
		return all
	}
	copied := false
	for i := range all {
		o := shown(v, &all[i], who)
		if o == &all[i] {
			continue
		}
		if !copied {
			all, copied = slices.Clone(all), true
		}
		all[i] = *o
	}
	return all
}

// rater tells the snapshot of who may still rate from everybody else's.
func rater(who access.Visitor) string {
	if who.Account.Name == "" || !who.Account.May(access.Review) {
		return ""
	}
	return " for " + who.Account.Name
}

// impartial are the details of an event that say nothing of who wrote and in which words.
var impartial = []string{"class", "answer", "status", "reply_code", "reason", "hard", "language", "confidence", "by", "retry", "as", "clock", "received", "folder"}

// impartialEvent returns the event without what would tell a rater of the treatment: evidence, keys, addresses, texts.
func impartialEvent(e probes.Event) probes.Event {
	e.Evidence, e.Keys, e.Observations = nil, nil, nil
	if strings.HasPrefix(string(e.Kind), "mail.") {
		e.Text = ""
	}
	detail := map[string]string{}
	for _, k := range impartial {
		if x, ok := e.Detail[k]; ok {
			detail[k] = x
		}
	}
	e.Detail = detail
	return e
}

// ours returns the words of our own mail of the audit, empty when there is none.
func (s *server) ours(events []probes.Event) string {
	for i := range events {
		if events[i].Kind != probes.MailPrepared {
			continue
		}
		for _, x := range events[i].Evidence {
			raw, err := s.vault.Evidence(x.SHA256)
			if err != nil {
				continue
			}
			if x.Type != "message/rfc822" {
				return string(raw) // what was filled into a contact form
			}
			m := message.Parse(raw, message.Limits{})
			return m.Header.Text("Subject") + "\n" + m.Text
		}
	}
	return ""
}

// impartialLetter takes out of an answer what would tell of the treatment: subject, recipient, quotation, every line of our own
// mail, the personas' names, forms of address, towns and numbers, and the words that the arms differ in.
func (s *server) impartialLetter(r *http.Request, p *frame, e *probes.Event, x *probes.Experiment, ours string) *letter {
	l := s.letterOf(p, r, e, false)
	if l == nil {
		return nil
	}
	m := newMask(x, ours)
	l.To, l.Subject, l.Quoted = "", "", ""
	l.From = m.hide(l.From)
	for i := range l.Pieces {
		l.Pieces[i].Text = m.hide(m.unquote(l.Pieces[i].Text))
	}
	for i := range l.Parts {
		l.Parts[i] = m.hide(l.Parts[i])
	}
	return l
}

// mask knows what must not be read.
type mask struct {
	phrases [][]string      // of folded words
	numbers map[string]bool // the last nine digits of telephones
	lines   string          // folded words of our own mail
}

// titles are the words by which a citizen is addressed: they tell a woman from a man.
var titles = map[string]bool{"madame": true, "monsieur": true, "mademoiselle": true, "mme": true, "mlle": true, "mr": true, "mrs": true, "ms": true, "miss": true,
	"madam": true, "sir": true, "mister": true, "frau": true, "herr": true}

// dear are the words before a name that agree with its bearer.
var dear = map[string]bool{"cher": true, "chere": true, "liebe": true, "lieber": true}

func newMask(x *probes.Experiment, ours string) *mask {
	m := &mask{numbers: map[string]bool{}, lines: strings.Join(folded(ours), " ")}
	for _, text := range x.Hide {
		if n := digits(text); len(n) >= 9 && len(strings.Trim(text, "+0123456789 .-()/")) == 0 {
			m.numbers[n[len(n)-9:]] = true
			continue
		}
		if words := folded(text); len(words) > 1 || len(words) == 1 && utf8.RuneCountInString(words[0]) > 1 {
			m.phrases = append(m.phrases, words)
		}
	}
	slices.SortFunc(m.phrases, func(a, b []string) int { return len(b) - len(a) }) // the longest first
	return m
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// word is a run of letters or digits.
type word struct {
	from, to int
	folded   string
}

func wordsOf(s string) (out []word) {
	start := -1
	for i, r := range s + " " {
		in := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
		if in && start < 0 {
			start = i
		} else if !in && start >= 0 {
			out = append(out, word{start, i, fold.Text(s[start:i])})
			start = -1
		}
	}
	return out
}

func folded(s string) (out []string) {
	for _, w := range wordsOf(s) {
		out = append(out, w.folded)
	}
	return out
}

// shortLine is how many letters a line of ours has at least that is known again as ours: shorter ones are everybody's.
const shortLine = 12

// unquote takes the lines out that stand in our own mail: programs quote in many ways.
func (m *mask) unquote(text string) string {
	if m.lines == "" {
		return text
	}
	var b strings.Builder
	gone := false
	for line := range strings.Lines(text) {
		words := strings.Join(folded(line), " ")
		if len(words) >= shortLine && strings.Contains(" "+m.lines+" ", " "+words+" ") {
			if !gone {
				b.WriteString("[…]\n")
			}
			gone = true
			continue
		}
		gone = gone && strings.TrimSpace(line) == ""
		b.WriteString(line)
	}
	return b.String()
}

// hide puts [citizen] in the place of what must not be read.
func (m *mask) hide(text string) string {
	text = strings.Map(func(r rune) rune { // a soft hyphen in a name is not seen, and hides it from us
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, text)
	words := wordsOf(text)
	out := make([]bool, len(words))
	whole := make([]bool, len(words)) // it goes with the word before, whatever stands between
	for i := range words {
		for _, p := range m.phrases {
			if i+len(p) > len(words) || !slices.EqualFunc(p, words[i:i+len(p)], func(a string, b word) bool { return a == b.folded }) {
				continue
			}
			for k := range p {
				out[i+k], whole[i+k] = true, whole[i+k] || k > 0
			}
			break
		}
		switch w := words[i]; {
		case titles[w.folded]:
			out[i] = true
		case w.folded == "m" && strings.HasPrefix(text[w.from:], "M.") && i+1 < len(words) && capital(text[words[i+1].from:]): // "M. Benali"
			out[i] = true
		}
		m.telephone(text, words, i, out)
	}
	for i := range words {
		if dear[words[i].folded] && i+1 < len(words) && (out[i+1] || titles[words[i+1].folded]) {
			out[i] = true
		}
	}
	var b strings.Builder
	at := 0
	for i := 0; i < len(words); i++ {
		if !out[i] {
			continue
		}
		last := i
		for last+1 < len(words) && out[last+1] && (whole[last+1] || strings.Trim(text[words[last].to:words[last+1].from], " .'’-\u00a0\t+_") == "") {
			last++
		}
		b.WriteString(strings.TrimSuffix(text[at:words[i].from], "+"))
		b.WriteString(citizen)
		if at, i = words[last].to, last; words[last].folded == "m" && strings.HasPrefix(text[at:], ".") {
			at++
		}
	}
	b.WriteString(text[at:])
	return b.String()
}

func capital(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsUpper(r)
}

// telephone marks the words of a number that begins at i and is a persona's.
func (m *mask) telephone(text string, words []word, i int, out []bool) {
	n := ""
	for k := i; k < len(words) && len(n) < 14; k++ {
		w := words[k].folded
		if digits(w) != w || k > i && strings.Trim(text[words[k-1].to:words[k].from], " .-/()\u00a0") != "" {
			return
		}
		if n += w; len(n) >= 9 && m.numbers[n[len(n)-9:]] {
			for ; i <= k; i++ {
				out[i] = true
			}
			return
		}
	}
}
