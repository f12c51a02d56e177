package site

import (
	"cmp"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/abadojack/whatlanggo"
	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/mail/message"
	"golang.org/x/text/language"
)

// letter is a mail as a page shows it: text alone, with the passages that prove the observations marked. Nothing of the
// mail's own markup reaches the page and nothing is loaded, so that a mail can neither run nor tell its sender that it
// was opened.
type letter struct {
	From, To, Subject, Date string
	Lang                    string // of the text, as the prober found it
	Pieces                  []piece
	Quoted                  string
	Parts                   []string // attachments and other parts: name, type, size
	Defects                 string
	Cut                     bool
}

// piece is a part of the text; those with a Mark prove something.
type piece struct {
	Text, Mark string
}

// maxLetter is how many octets of a mail's text a page shows; the evidence has it whole.
const maxLetter = 100_000

// letterOf reads the mail that backs the event, nil when there is none or the visitor may not see it.
func (s *server) letterOf(p *frame, r *http.Request, e *probes.Event, marks bool) *letter {
	i := slices.IndexFunc(e.Evidence, func(x probes.Evidence) bool { return x.Type == "message/rfc822" })
	if i < 0 || !access.From(r.Context()).May(access.ReadEvidence) {
		return nil
	}
	raw, err := s.vault.Evidence(e.Evidence[i].SHA256)
	if err != nil {
		slog.Info("mail cannot be shown", "sha256", e.Evidence[i].SHA256, "err", err)
		return nil
	}
	if err := s.read(r, e.Audit, "mail "+string(e.Evidence[i].SHA256)); err != nil {
		slog.Error("a reading could not be written down: the mail is not shown", "err", err)
		return nil
	}
	m := message.Parse(raw, message.Limits{})
	l := &letter{From: who(m.From()), Subject: m.Header.Text("Subject"), Defects: strings.Join(m.Defects, ", ")}
	if tag, err := language.Parse(e.Detail["language"]); err == nil {
		l.Lang = tag.String()
	} else {
		l.Lang = spoken(m.Reply + m.Text)
	}
	for _, a := range m.To() {
		l.To = strings.TrimPrefix(l.To+", "+who(a), ", ")
	}
	if at, ok := m.Date(); ok {
		l.Date = p.Time(at)
	}
	text := m.Reply
	if strings.TrimSpace(text) == "" {
		text = m.Text
	} else {
		l.Quoted = m.Quoted
	}
	if len(text) > maxLetter {
		text, l.Cut = strings.ToValidUTF8(text[:maxLetter], ""), true
	}
	if len(l.Quoted) > maxLetter {
		l.Quoted, l.Cut = strings.ToValidUTF8(l.Quoted[:maxLetter], ""), true
	}
	var observed []probes.Observation
	if marks {
		observed = e.Observations
	}
	l.Pieces = p.mark(text, observed)
	for _, part := range m.Parts {
		if part.Role != message.RoleBody {
			l.Parts = append(l.Parts, strings.Trim(part.Filename+" "+part.Type, " ")+", "+p.N("octets", int(part.Size)))
		}
	}
	return l
}

// spoken returns the language of a text where that is sure, for those who hear it read aloud.
func spoken(text string) string {
	if found := whatlanggo.Detect(text); len(text) > 20 && found.IsReliable() {
		return found.Lang.Iso6391()
	}
	return ""
}

func who(a message.Address) string {
	if a.Name == "" {
		return a.Address
	}
	return strings.TrimSpace(a.Name + " <" + a.Address + ">")
}

// span is where a passage stands in the text.
type span struct {
	from, to int
	names    []string
}

// maxMarks bounds how many passages are looked for: each is a search through the text.
const maxMarks = 60

// mark cuts the text at the passages of the observations. White space in a passage stands for any white space: it may have
// been folded when it was observed. Where two passages overlap, the one that begins first is marked and names both.
func (l *locale) mark(text string, observed []probes.Observation) []piece {
	var spans []span
	for i := range observed[:min(len(observed), maxMarks)] {
		words := strings.Fields(observed[i].Passage)
		if len(words) == 0 {
			continue
		}
		for k := range words {
			words[k] = regexp.QuoteMeta(words[k])
		}
		re, err := regexp.Compile(strings.Join(words, `\s+`))
		if err != nil {
			continue
		}
		if at := re.FindStringIndex(text); at != nil {
			spans = append(spans, span{at[0], at[1], []string{l.Item(observed[i].Item)}})
		}
	}
	slices.SortStableFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	var out []piece
	at := 0
	for i := 0; i < len(spans); i++ {
		x := spans[i]
		for i+1 < len(spans) && spans[i+1].from < x.to {
			i++
			x.names = append(x.names, spans[i].names...)
			x.to = max(x.to, spans[i].to)
		}
		if x.from > at {
			out = append(out, piece{Text: text[at:x.from]})
		}
		slices.Sort(x.names)
		out = append(out, piece{Text: text[x.from:x.to], Mark: strings.Join(slices.Compact(x.names), ", ")})
		at = x.to
	}
	if at < len(text) {
		out = append(out, piece{Text: text[at:]})
	}
	return out
}
