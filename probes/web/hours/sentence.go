package hours

import (
	"slices"
	"strings"
)

// statement is one thing said of some days.
type statement struct {
	op      op
	scope   scope
	days    int
	spans   []span
	half    kind
	at      int
	replace bool // it was said to differ: "sauf", "journée continue"
	start   int
	end     int
	line    int
}

type op uint8

const (
	opens  op = iota
	closes    // the half, or all day
	ends      // at another time
	cuts      // is closed in the spans
)

// farWords is how many words that are not understood may stand between days and their hours.
const farWords = 5

// sentence is the reading of one sentence. days is what the next hours belong to.
type sentence struct {
	*reader
	items    []item
	line     int
	days     *item
	strange  int    // words since the days that say nothing of hours
	answered bool   // the days have got hours, or are said to be closed
	scope    scope  // of what follows
	back     []span // in "9h-12h le lundi", until the days come
	backAt   int
	reversed bool // the hours come before their days
	replace  bool
	include  bool
	sent     []statement
	notes    []string
	unsure   bool
}

// has says whether one of the items is of the kinds.
func has(items []item, kinds ...itemKind) bool {
	return slices.ContainsFunc(items, func(it item) bool { return slices.Contains(kinds, it.kind) })
}

// read makes statements of the sentence.
func (s *sentence) read() {
	s.scope = s.reader.scope
	for _, it := range s.items {
		if it.kind == iDays || it.kind == iDated {
			break
		}
		if (it.kind == iSpans || it.kind == iAllDay) && s.days == nil {
			s.reversed = true
			break
		}
	}
	for i := 0; i < len(s.items); i++ {
		i += s.item(i)
	}
	if (s.strange > 0 || len(s.sent) > 0) && !s.answered && s.days != nil && s.days.kind == iDays { // "mardi : idem", "et le dimanche matin"
		s.unsure = true
	}
}

// item reads item i and returns how many more it took.
func (s *sentence) item(i int) int {
	it := &s.items[i]
	switch it.kind {
	case iText:
		if s.strange++; s.days != nil && s.strange > farWords && !s.answered {
			s.days = nil
		}
	case iDays:
		return s.onDays(i)
	case iDated:
		s.unsure = s.unsure || it.every && has(s.items, iSpans)
		s.days, s.back, s.answered, s.strange = &item{kind: iDated, start: it.start}, nil, false, 0
	case iSpans, iAllDay:
		return s.onSpans(i)
	case iOdd:
		s.unsure = true
	case iUntil:
		return s.onEnd(i, it.at, 0)
	case iClosed:
		return s.onClosed(i)
	case iExcept:
		return s.onExcept(i)
	case iNot: // the hours that follow may be those without opening
		if s.unsure = true; has(s.items[i:], iSpans) && !has(s.items[:i], iSpans) {
			s.days, s.back = nil, nil
			return len(s.items)
		}
	case iInclude:
		s.include = true
	case iContinuous:
		s.replace = true
	case iColon: // another service in the middle of a sentence, or what the hours were for
		if s.answered && len(s.sent) > 0 && (s.strange > 0 || i+1 < len(s.items) && s.items[i+1].kind == iText) {
			s.unsure = true
		}
	case iAppointment:
		s.unsure = s.unsure || i == 0 && s.days == nil && !has(s.items, iOpened)
		s.note(s.begin(it), it.end)
		s.answered = true
	case iPeriod:
		s.onPeriod(i)
	case iTerm:
		s.note(it.start, it.end)
	case iEveryTwo:
		s.note(s.begin(it), it.end)
		s.unsure = true
		if n := len(s.sent); s.answered || s.days != nil && n > 0 && s.sent[n-1].days == s.days.days {
			s.withdraw()
		}
		s.days, s.back = &item{kind: iDated, start: it.start}, nil
	case iDoubt:
		if s.days != nil || i == 0 || has(s.items, iDays) {
			s.note(s.begin(it), s.clauseEnd(i))
			s.unsure = true
		}
	case iSingle:
		return s.onSingle(i)
	}
	return 0
}

// begin is where what is said of the present days begins.
func (s *sentence) begin(it *item) int {
	if s.days != nil && s.days.start >= s.items[0].start && s.days.start < it.start {
		return s.days.start
	}
	return it.start
}

func (s *sentence) note(start, end int) { s.notes = append(s.notes, clean(s.text[start:end])) }

// clauseEnd is where the words around item i end.
func (s *sentence) clauseEnd(i int) int {
	for ; i+1 < len(s.items) && s.items[i+1].kind != iBreak && s.items[i+1].kind != iCell; i++ {
	}
	return s.items[i].end
}

// isAnswered says whether hours or a closure follow the days at item i before other days come.
func (s *sentence) isAnswered(i int) bool {
	for _, it := range s.items[i+1:] {
		switch it.kind {
		case iSpans, iUntil, iAllDay, iOdd:
			return true
		case iClosed:
			return !s.governs(slices.IndexFunc(s.items, func(x item) bool { return x.start == it.start }))
		case iDays, iDated, iExcept:
			return false
		}
	}
	return false
}

// governs says whether the closure at item i is about the days behind it: "fermé le samedi".
func (s *sentence) governs(i int) bool {
	if i+1 >= len(s.items) {
		return false
	}
	next := s.items[i+1]
	if next.kind == iHalf && i+2 < len(s.items) && s.items[i+2].kind == iDays {
		next = s.items[i+2]
		i++
	}
	if next.kind != iDays || !next.close {
		return false
	}
	colon := i+2 < len(s.items) && s.items[i+2].kind == iColon
	return !colon && (next.led || s.days == nil || s.answered)
}

func (s *sentence) onDays(i int) int {
	it := &s.items[i]
	switch {
	case s.include && it.days == holidayBit:
		for k := range s.sent {
			if s.sent[k].op == opens {
				s.sent[k].days |= holidayBit
			}
		}
		if s.days != nil && s.days.kind == iDays {
			d := *s.days
			d.days |= holidayBit
			s.days = &d
		}
		s.include = false
	case s.reversed && len(s.back) > 0:
		s.say(opens, it, s.back, s.backAt, it.end)
		s.back = nil
		s.hold(it, true)
	default:
		here := i > 0 && s.days != nil && s.days.kind == iDays && s.days.start >= s.items[0].start
		if here && !s.answered && s.strange == 0 && s.items[i-1].kind != iCell && it.close && !it.led {
			s.unsure = true // days after days: the first ones got no hours
		}
		kept := s.replace && i > 0 && s.items[i-1].kind == iContinuous
		s.hold(it, false)
		s.replace = kept
	}
	return 0
}

func (s *sentence) hold(it *item, answered bool) {
	s.days, s.answered, s.strange, s.replace = it, answered, 0, false
}

// onSpans gives hours to the days before them, or to those behind: "et de 14h à 19h le jeudi".
func (s *sentence) onSpans(i int) int {
	it := &s.items[i]
	spans := it.spans
	if it.kind == iAllDay {
		if !has(s.items, iOpened) && (s.days == nil || s.days.days == everyBit) { // a telephone, a website
			return 0
		}
		spans = []span{{0, 24 * 60}}
		always := item{days: everyBit, half: word}
		if s.days == nil && (it.days > 0 || !has(s.items, iDays, iDated, iSpans, iEvent, iExcept, iDoubt)) {
			s.say(opens, &always, spans, it.start, it.end)
			return 0
		}
	}
	next := i + 1
	for next < len(s.items) && (s.items[next].kind == iHalf || s.items[next].kind == iContinuous) {
		next++
	}
	if s.reversed && s.days == nil || s.reversed && next < len(s.items) && s.later(next) {
		if len(s.back) == 0 {
			s.backAt = it.start
		}
		if overlap(s.back, spans) { // of two things
			s.back, s.days, s.unsure = nil, &item{kind: iDated, start: it.start}, true
			return 0
		}
		s.back = append(s.back, spans...)
		return 0
	}
	behind := next < len(s.items) && s.items[next].kind == iDays && s.items[next].led && s.items[next].close && !s.isAnswered(next)
	if behind && s.days != nil && s.answered {
		d := &s.items[next]
		s.replace = has(s.items[i:next], iContinuous) || i > 0 && s.items[i-1].paren // (9h-16h le vendredi)
		s.say(opens, d, spans, it.start, d.end)
		s.hold(d, true)
		return next - i
	}
	if s.days == nil || s.days.kind != iDays {
		return 0
	}
	if s.closedAll() { // what opens then is not said
		s.unsure = true
		return 0
	}
	if s.strange > 0 && !s.answered {
		s.unsure = true
	}
	if (s.days.half == morning && spans[0].from >= 13*60) || (s.days.half == afternoon && spans[len(spans)-1].to <= 12*60) {
		s.unsure = true
	}
	s.say(opens, s.days, spans, s.days.start, it.end)
	s.answered = true
	return 0
}

// closedAll says whether the present days were just said to be closed.
func (s *sentence) closedAll() bool {
	n := len(s.sent)
	return s.answered && n > 0 && s.sent[n-1].op == closes && s.sent[n-1].half == word && s.sent[n-1].days == s.days.days
}

// precedes says whether the sentence begins with hours whose days follow: "De 10h à 12h : mardi, samedi".
func (s *sentence) precedes() bool {
	for i, it := range s.items {
		switch it.kind {
		case iSpans, iBreak:
		case iColon:
			return i > 0 && i+1 < len(s.items) && s.items[i+1].kind == iDays && !s.isAnswered(i+1)
		default:
			return false
		}
	}
	return false
}

// later says whether days stand at item i or behind it, before other hours.
func (s *sentence) later(i int) bool {
	for _, it := range s.items[i:] {
		switch it.kind {
		case iDays:
			return true
		case iDated, iClosed, iExcept:
			return false
		}
	}
	return false
}

// say adds a statement of the days.
func (s *sentence) say(o op, d *item, spans []span, start, end int) {
	sc := s.scope
	sc.nth = d.nth
	s.sent = append(s.sent, statement{op: o, scope: sc, days: d.days, spans: slices.Clone(spans), half: d.half, replace: s.replace,
		start: min(start, s.items[len(s.items)-1].start), end: end, line: s.line})
}

// withdraw takes back what the sentence said last of hours.
func (s *sentence) withdraw() {
	if n := len(s.sent); n > 0 && s.sent[n-1].op == opens {
		s.sent = s.sent[:n-1]
	}
}

// onPeriod gives a period to what follows, or to what was just said: "de 8h à 12h en juillet et août".
func (s *sentence) onPeriod(i int) {
	it := &s.items[i]
	if it.scope.said {
		s.note(it.start, it.end)
	}
	sc := it.scope
	sc.brief = it.brief
	ahead := i+1 < len(s.items) && (s.items[i+1].kind == iColon || s.items[i+1].kind == iSpans)
	fresh := i > 0 && s.items[i-1].kind == iBreak && has(s.items[i+1:], iSpans)
	if s.answered && len(s.sent) > 0 && !ahead && !fresh {
		for k := len(s.sent) - 1; k >= 0 && s.sent[k].scope == s.scope.with(s.sent[k].scope.nth); k-- {
			s.sent[k].scope = sc.with(s.sent[k].scope.nth)
		}
		return
	}
	if sc.weeks != "" && sc.dates == "" {
		w := s.scope
		w.weeks = sc.weeks
		sc = w
	}
	s.scope = sc
	if s.answered {
		s.answered = false
	}
}

func (c scope) with(nth string) scope {
	c.nth = nth
	return c
}

// clean is a passage on one line, not too long.
func clean(s string) string {
	s = strings.Trim(strings.Join(strings.Fields(s), " "), " :;,.-–(|")
	if r := []rune(s); len(r) > 160 {
		s = string(r[:159]) + "…"
	}
	if strings.Count(s, "(") > strings.Count(s, ")") {
		s += ")"
	}
	return s
}
