// Package hours reads the opening hours that a page tells its visitors, so that they can be compared with the hours in
// which a service really answers. It reads French, simple English and German prose, lists and tables, and schema.org's data, and
// writes OpenStreetMap's opening_hours. It guesses nothing: what it does not understand is refused or marked.
package hours

import (
	"slices"
	"strings"
	"unicode"
)

// Found is one run of opening hours in a text.
type Found struct {
	OSM   string   // "Mo-Fr 08:30-12:30,13:00-18:30; Sa 09:00-12:00"
	From  int      // octet where the passage that proves it begins
	To    int      // octet where it ends
	Title string   // the heading before it, or the words that lead to it: "Horaires d'ouverture de la bibliothèque"
	Notes []string // what was said and is not in OSM: "sur rendez-vous le jeudi"
	Sure  bool     // false: something was not understood; the hours may be incomplete or wrong
}

// A text is read up to maxText, and no more than maxFound runs of it; a page that has more is no list of opening hours.
const (
	maxText  = 400_000
	maxFound = 200
)

// maxTokens is how long a sentence may be: no opening hours are, and the time that it takes grows with the square.
const maxTokens = 500

// maxGap is how many lines without hours may stand between two days of one list.
const maxGap = 6

// Find returns the opening hours that a text tells, in its order. The text is what a browser shows: a line for each block,
// tabs between the cells of a table.
func Find(text string) []Found {
	r := &reader{text: text[:min(len(text), maxText)]}
	n := 0
	for at := 0; at < len(r.text) && len(r.out) < maxFound; {
		end := r.lineEnd(at - 1)
		if strings.TrimSpace(r.text[at:end]) != "" {
			n++
			end = r.gather(at, end)
			r.read(r.text[at:end], at, n)
		}
		at = end + 1
	}
	r.endServices()
	r.finish()
	return r.out
}

// reader goes through the lines of a text.
type reader struct {
	text     string
	out      []Found
	run      *run
	sealed   bool // a heading stands behind the run: the next hours are of another
	heading  heading
	scope    scope  // a heading's: "Vacances scolaires"
	scoped   string // its words
	days     *item  // of a line above, which wait for their hours
	done     bool   // they have got some
	since    int    // its line
	waiting  int    // how many lines of days above got no hours
	columns  []column
	rowName  string // what the last row of a table of days was called
	ended    int    // line of the last run that was kept
	broken   bool   // a line of words stands behind the run, perhaps the name of another place
	foreign  bool   // the columns of the table are not about days
	opening  bool   // the columns of the table say when something opens
	doubt    bool   // the hours of the line may be the times of an event
	services *services
}

type heading struct {
	text    string
	line    int
	hostile bool // what follows are the times of an event
	open    bool // what follows are opening hours
	doubt   bool // what follows may hold for a while only: "Vacances de Noël"
}

func (r *reader) read(line string, at, n int) {
	t := lexLine(line, at)
	if r.doubt = false; len(t) <= maxTokens {
		t, r.doubt = r.paired(t)
		if r.table(t, n) || r.service(t, n) {
			return
		}
	}
	if !slices.ContainsFunc(t, func(x token) bool { return x.kind == cell }) {
		r.foreign, r.opening = false, false
	} else if items := itemise(t[:min(len(t), maxTokens)]); has(items, iOpened) && !has(items, telling...) {
		r.opening = true
	}
	for _, part := range sentences(t) {
		if len(part) <= maxTokens {
			r.sentence(part, line, n)
		}
	}
}

// sentences cuts tokens at the ends of sentences.
func sentences(t []token) (out [][]token) {
	start := 0
	for i := range t {
		if t[i].kind == stop {
			if i > start {
				out = append(out, t[start:i])
			}
			start = i + 1
		}
	}
	if start < len(t) {
		out = append(out, t[start:])
	}
	return out
}

// telling are the items that say when something is open or closed.
var telling = []itemKind{iDays, iDated, iSpans, iUntil, iAllDay, iOdd, iPeriod, iSingle}

func (r *reader) sentence(t []token, line string, n int) {
	items := itemise(t)
	if len(items) == 0 && !slices.ContainsFunc(t, names) {
		return
	}
	switch {
	case r.titled(t, items, line, n):
		return
	case r.periodHeading(t, items):
		return
	case !has(items, telling...) && !has(items, iClosed):
		r.aside(items, n)
		return
	}
	if r.waiting > 1 && !has(items, iDays, iDated) { // the days of a table's column, then its hours: whose?
		return
	}
	if has(items, iEvent) && !has(items, iOpened) || r.heading.hostile && !has(items, iOpened) {
		r.days = nil
		return
	}
	lead, content := prefix(items)
	s := &sentence{reader: r, items: items, line: n}
	carry := r.days != nil && n-r.since <= 3 && content == 0 && !(r.done && s.precedes())
	if carry {
		s.days, s.answered = r.days, r.done
	}
	s.read()
	if !has(items, iDays, iDated) && (!carry || len(s.sent) == 0) && content > 0 {
		r.days = nil
	}
	label := ""
	if content > 0 {
		label = clean(r.text[t[0].start:items[lead-1].end])
	}
	r.keep(s, label, n)
	r.carry(s, n)
}

// carry keeps the days for hours on the lines below.
func (r *reader) carry(s *sentence, n int) {
	switch {
	case has(s.items, iDays, iDated):
		if !s.answered && !has(s.items, iCell) && s.days != nil && s.days.kind == iDays {
			r.waiting++
		} else {
			r.waiting = 0
		}
		r.days, r.done, r.since = s.days, s.answered, n
		if s.answered && has(s.items, iCell) { // a table's row is complete
			r.days = nil
		}
	case len(s.sent) > 0:
		r.since, r.done, r.waiting = n, true, 0
	}
}

// keep adds what a sentence said to the run, or begins another.
func (r *reader) keep(s *sentence, label string, n int) {
	open := 0
	for _, st := range s.sent {
		if st.op == opens {
			open++
		}
	}
	if len(s.sent) == 0 {
		if r.run != nil && !r.sealed && n-r.run.line <= 2 {
			r.run.notes = append(r.run.notes, s.notes...)
			r.run.unsure = r.run.unsure || s.unsure
		}
		return
	}
	if r.run != nil && (r.sealed || n-r.run.line > maxGap || label != "" && open > 0 || r.scope.said != r.run.said) {
		r.finish()
	}
	if r.run != nil && r.broken && open > 0 {
		r.run.unsure = true
	}
	for i := range s.sent {
		if before := r.run; r.add(&s.sent[i], label, n) && i > 0 && before != nil { // the name of another place was not seen
			r.run.title, r.run.unsure = "", true
			if len(r.out) > 0 && has(s.items, iCell) { // nor which of the columns is whose
				r.out[len(r.out)-1].Sure = false
			}
		}
	}
	r.run.notes = append(r.run.notes, s.notes...)
	r.run.unsure = r.run.unsure || s.unsure || r.doubt || r.foreign && spansIn(s.items) > 1
}

func spansIn(items []item) (n int) {
	for _, it := range items {
		if it.kind == iSpans {
			n++
		}
	}
	return n
}

// add gives one statement to the run, and begins another where it contradicts what was said.
func (r *reader) add(st *statement, label string, n int) (another bool) {
	if r.run == nil {
		r.begin(label, n)
	}
	if r.run.add(st) {
		return false
	}
	narrow := n-r.run.line <= 1 && r.run.narrows(st)
	r.run.unsure = r.run.unsure || narrow
	r.finish()
	r.begin(label, n)
	r.run.unsure = narrow
	r.run.add(st)
	return true
}

func (r *reader) begin(label string, n int) {
	r.run = &run{title: r.heading.text, said: r.scope.said, unsure: r.scope.said || r.heading.doubt, line: n}
	if n-r.heading.line > 4*maxGap && r.heading.line > 0 && label != "" || r.heading.text == "" || label != "" && r.heading.line < r.ended {
		r.run.title = label
	}
	if r.scoped != "" && (r.scope.said || r.scope == scope{}) {
		r.run.notes = append(r.run.notes, r.scoped)
	}
	r.sealed = false
}

// finish ends the run and keeps it if it has opening hours.
func (r *reader) finish() {
	if r.run == nil {
		return
	}
	if f, ok := r.run.found(); ok {
		r.out = append(r.out, f)
		r.ended = r.run.line
	}
	r.run, r.sealed, r.broken = nil, false, false
}

// prefix is how many items stand before what is told, and how many of them are words that name something.
func prefix(items []item) (lead, content int) {
	doubts := 0
	for lead < len(items) {
		switch it := items[lead]; it.kind {
		case iText, iEvent:
			content++
		case iDoubt:
			doubts++
		case iColon:
			content += doubts // "vacances de Noël :" names a timetable, "à partir du" does not
		case iOpened, iBreak, iDash, iContinuous, iHalf, iCell, iAppointment:
		default:
			return lead, content
		}
		lead++
	}
	return lead, content
}

// aside is a line that tells no hours: a remark, a label, or another subject.
func (r *reader) aside(items []item, n int) {
	switch {
	case r.run != nil && !r.sealed && n-r.run.line <= 2 && has(items, iAppointment, iDoubt, iTerm):
		r.run.notes = append(r.run.notes, clean(r.text[items[0].start:items[len(items)-1].end]))
	case has(items, iText):
		r.days = nil
		r.broken = r.run != nil && items[0].kind == iText
	}
}

// periodHeading takes a line that is only a period, for the lines below.
func (r *reader) periodHeading(t []token, items []item) bool {
	if !has(items, iPeriod, iTerm) || has(items, iDays, iDated, iSpans, iUntil, iAllDay, iClosed, iSingle, iOdd, iExcept) {
		return false
	}
	texts := 0
	sc := scope{}
	for _, it := range items {
		switch it.kind {
		case iText:
			texts++
		case iPeriod:
			sc = it.scope
			sc.brief = it.brief
		}
	}
	season := strings.ContainsAny(sc.dates, "-,")
	if texts > 3 || slices.ContainsFunc(t, func(x token) bool { return address[x.text] }) || // avenue du 8-Mai
		texts > 0 && sc.dates != "" && !season && !has(items, iOpened) { // the news of a month
		return false
	}
	r.scope, r.scoped, r.days = sc, clean(r.text[t[0].start:t[len(t)-1].end]), nil
	if r.run == nil && (texts > 0 || has(items, iOpened)) {
		r.heading.text = r.scoped
	}
	return true
}

// titled takes a line that looks like a heading.
func (r *reader) titled(t []token, items []item, line string, n int) bool {
	trimmed := strings.TrimFunc(line, func(c rune) bool { return c != '\t' && unicode.IsSpace(c) })
	if has(items, telling...) || has(items, iAppointment, iTerm, iExcept, iInclude) || len(items) > 0 && !has(items, iText, iOpened, iEvent) ||
		has(items, iClosed) && (r.days != nil || !has(items, iText, iDoubt)) {
		return false
	}
	if len(items) == 1 && items[0].kind == iOpened && strings.HasPrefix(t[0].text, "ouvert") && !strings.HasPrefix(t[0].text, "ouverture") {
		return false // the state of this moment
	}
	introduces := strings.HasSuffix(trimmed, ":")
	letters, digits, cells := 0, 0, 0
	for _, c := range trimmed {
		switch {
		case unicode.IsLetter(c):
			letters++
		case unicode.IsDigit(c):
			digits++
		case c == '\t':
			cells++
		case c == '@':
			return false
		}
	}
	if cells > 0 {
		if countTexts(items) > 1 {
			r.foreign = true
		}
		return false
	}
	if letters < 3 || digits > 5 || len(trimmed) > 300 || !introduces && (len(trimmed) > 120 || strings.ContainsAny(trimmed[len(trimmed)-1:], ".,;") ||
		!t[0].upper) {
		return false
	}
	if address[t[0].text] {
		return false
	}
	r.heading = heading{clean(r.text[t[0].start:t[len(t)-1].end]), n, has(items, iEvent) && !has(items, iOpened), has(items, iOpened), has(items, iDoubt)}
	r.scope, r.scoped, r.days, r.waiting = scope{}, "", nil, 0
	r.sealed = r.run != nil
	return true
}

// address are the words with which a line begins that is no heading, though it stands between one and its hours.
var address = map[string]bool{"place": true, "rue": true, "avenue": true, "boulevard": true, "chemin": true, "route": true, "allee": true,
	"impasse": true, "square": true, "quai": true, "bp": true, "cs": true, "tel": true, "fax": true, "mail": true, "courriel": true, "email": true,
	"adresse": true, "contact": true, "telephone": true}

// names says whether a word that is expected beside hours can be a heading by itself: "Accueil physique".
func names(t token) bool {
	return t.upper && slices.Contains([]string{"accueil", "service", "services", "guichet", "bureaux"}, t.text)
}

func countTexts(items []item) (n int) {
	for i, it := range items {
		if it.kind == iText && (i == 0 || items[i-1].kind != iText) {
			n++
		}
	}
	return n
}
