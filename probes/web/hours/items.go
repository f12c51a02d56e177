package hours

import (
	"fmt"
	"math/bits"
	"strings"
)

// span is open time in minutes from midnight; to is past 1440 after midnight.
type span struct{ from, to int }

// item is what one sentence says, in the order of the text: days, spans, closed, a period…
type item struct {
	kind  itemKind
	days  int    // set of days
	nth   string // "[1,3]": of the month
	half  kind   // morning or afternoon, else word
	spans []span
	at    int // minutes of a single time
	scope scope
	led   bool // by an article or a preposition ("le samedi", "de 9h"): it can belong to what stands before it
	close bool // nothing but fillers stands between it and the item before
	brief bool // a period that is too short for a timetable, or a dated one
	paren bool // a break that opens a parenthesis
	every bool // days that the text does not name: "tous les matins"
	start int
	end   int
}

type itemKind uint8

const (
	iText itemKind = iota
	iDays
	iDated // a day with its date: an event
	iSpans
	iSingle
	iUntil
	iClosed
	iOpened
	iExcept
	iInclude
	iHalf
	iAppointment
	iPeriod
	iAllDay
	iContinuous
	iTerm
	iEveryTwo
	iDoubt
	iEvent
	iBreak
	iColon
	iCell
	iDash
	iNot
	iOdd // a span that cannot be: 17h-9h
)

// scope is when a rule holds. The zero scope is always.
type scope struct {
	dates  string // "Jul-Aug", "Jul 01-Aug 31"
	weeks  string // "week 02-52/2"
	school bool   // in school holidays
	nth    string // "[1,3]"
	brief  bool   // for days, not for a season: an event
	said   bool   // dates were said that the syntax of the calendar has no words for: a year, a season
}

// itemise reads the tokens of one sentence.
func itemise(t []token) []item {
	var out []item
	led, near := false, true
	for i := 0; i < len(t); {
		it, n := itemAt(t, i)
		if n == 0 {
			switch t[i].kind {
			case article, from, to:
				led = true
			case filler, and, number, ofMonth:
			default:
				led = false
			}
			i++
			continue
		}
		if it.kind == iDated && i > 1 && t[i-1].text == "du" && address[t[i-2].text] { // place du 8 mai 1945
			it.kind = iText
		}
		it.led, it.close = led, near
		it.start, it.end = t[i].start, t[i+n-1].end
		led, near = false, it.kind != iBreak && it.kind != iColon && it.kind != iCell
		out = append(out, it)
		i += n
	}
	for i := range out {
		if out[i].kind == iDays && out[i].every {
			out[i].kind = everyKind(out, i)
		}
	}
	return out
}

// everyKind is what "tous les matins" at item i is: days of its own, the halves of days that are named beside it ("du lundi au
// vendredi, tous les matins"), or of days nobody knows.
func everyKind(items []item, i int) itemKind {
	spans := false
	for k := i - 1; k >= 0; k-- {
		switch it := items[k]; {
		case it.kind == iSpans:
			spans = true
		case it.kind == iDays && !it.every && spans && bits.OnesCount(uint(it.days)) < 3: // of these, or of the whole week?
			return iDated
		case it.kind == iDays && !it.every:
			return iHalf
		}
	}
	if namedBehind(items, i) {
		return iHalf
	}
	return iDays
}

// namedBehind says whether the days of "tous les matins" at item i stand behind it: "tous les matins du lundi au vendredi".
func namedBehind(items []item, i int) bool {
	hours := false
	for k, it := range items[i+1:] {
		switch it.kind {
		case iSpans:
			hours = true
		case iDays:
			if !hours {
				return true
			}
			s := &sentence{items: items}
			return it.close && !s.isAnswered(i+1+k)
		case iExcept, iClosed, iUntil:
			return false
		}
	}
	return false
}

// plainItems are the tokens that are an item by themselves.
var plainItems = map[kind]itemKind{
	word: iText, closed: iClosed, opened: iOpened, except: iExcept, include: iInclude, appointment: iAppointment,
	continuous: iContinuous, everyTwo: iEveryTwo, doubt: iDoubt, event: iEvent, comma: iBreak, slash: iBreak, colon: iColon,
	cell: iCell, dash: iDash, ordinal: iText, negation: iNot,
}

// itemAt reads the item at token i; n is 0 if the token is none.
func itemAt(t []token, i int) (it item, n int) {
	if it, n = periodAt(t, i); n > 0 {
		return it, n
	}
	if it, n = daysAt(t, i); n > 0 {
		return it, n
	}
	if it, n = spansAt(t, i); n > 0 {
		return it, n
	}
	switch k := t[i].kind; k {
	case morning, afternoon:
		return item{kind: iHalf, half: k}, 1
	case allDay:
		return item{kind: iAllDay, days: t[i].value}, 1
	case school:
		return item{kind: iPeriod, scope: scope{school: true}}, 1
	case term:
		return item{kind: iTerm}, 1
	case others: // of the week, or of the month: nobody knows which
		return item{kind: iDated, every: true}, 1
	case season:
		return item{kind: iPeriod, scope: scope{said: true}}, 1
	case weeks:
		return item{kind: iPeriod, scope: scope{weeks: [...]string{"", "week 01-53/2", "week 02-52/2"}[t[i].value]}}, 1
	case day: // an abbreviation without company
		return item{kind: iText}, 1
	case until:
		if i+1 < len(t) && t[i+1].kind == clock {
			return item{kind: iUntil, at: t[i+1].value}, 2
		}
		return item{kind: iDoubt}, 1
	case clock:
		return item{kind: iSingle, at: t[i].value}, 1
	default:
		if plain, ok := plainItems[k]; ok {
			return item{kind: plain, paren: t[i].text == "("}, 1
		}
		return item{}, 0
	}
}

// isDay says whether token i is a day; an abbreviation needs a neighbour that shows it to be one.
func isDay(t []token, i int) bool {
	if i < 0 || i >= len(t) || t[i].kind != day {
		return false
	}
	if !t[i].short {
		return true
	}
	if abreast(t, i) || abreast(t, i+1) {
		return true
	}
	for _, step := range []int{1, -1} {
		j := i + step
		for ; j >= 0 && j < len(t) && joins(t[j].kind) && j-i < maxJoin && i-j < maxJoin; j += step {
		}
		if j >= 0 && j < len(t) && t[j].kind == day && j != i+step {
			return true
		}
	}
	j := i + 1
	for ; j < len(t) && (t[j].kind == colon || t[j].kind == cell || t[j].kind == from || t[j].kind == comma || t[j].kind == dash); j++ {
	}
	if i == 0 && j == len(t) && len(t[i].text) > 2 { // a line of its own
		return true
	}
	hour := j < len(t) && (t[j].kind == clock || t[j].kind == number && j+2 < len(t) && t[j+1].kind == dash && t[j+2].kind == clock)
	return (i == 0 || t[i-1].kind != word) && (hour || j < len(t) && t[j].kind == closed && j > i+1)
}

// abreast says whether token i is a day of a list without commas: "Lun. Mar. Jeu.", "LundiMardi".
func abreast(t []token, i int) bool {
	if i < 1 || i >= len(t) || t[i].kind != day || t[i-1].kind != day || !single(t[i].value) || !single(t[i-1].value) {
		return false
	}
	cut := func(t token) bool { return len(t.text) == 3 || len(t.text) == 4 }
	return !t[i].spaced || cut(t[i]) && cut(t[i-1])
}

// titling says whether token j is a day of "Lundi Mardi Jeudi :", a list without commas before a colon.
func titling(t []token, j int) bool {
	for k := j; k < len(t) && k < j+7; k++ {
		if t[k].kind != day || t[k].short || t[k].value >= holidayBit {
			return k > j && t[k].kind == colon && t[j-1].kind == day
		}
	}
	return false
}

// maxJoin is how many signs and words may stand between two days of a list.
const maxJoin = 4

func joins(k kind) bool {
	return k == dash || k == to || k == and || k == comma || k == slash || k == until
}

// daysAt reads a list of days: "du lundi au vendredi", "lundi, mardi et jeudi matin", "1er et 3e samedi du mois".
func daysAt(t []token, i int) (it item, n int) {
	it = item{kind: iDays, half: word}
	if everyHalf(t, i) {
		it.days, it.half, it.every = everyBit, t[i+1].kind, true
		return it, 2
	}
	var nth []string
	j := i
	for ; j < len(t) && len(nth) < 6 && (t[j].kind == ordinal || len(nth) > 0 && (t[j].kind == and || t[j].kind == comma || t[j].kind == article)); j++ {
		if t[j].kind == ordinal {
			nth = append(nth, fmt.Sprint(t[j].value))
		}
	}
	if !isDay(t, j) {
		return it, 0
	}
	if len(nth) > 0 {
		it.nth = "[" + strings.Join(nth, ",") + "]"
	}
	it.days = t[j].value
	last, dashes := t[j].value, 0
	j++
	for j < len(t) {
		k, to := joinAt(t, j)
		if abreast(t, j) || titling(t, j) {
			k, to = j, 0
		}
		if k == 0 || last == holidayBit && to == 0 {
			break
		}
		next := t[k].value
		if to > 0 && single(last) && single(next) {
			if dashes += to & 1; dashes < 2 {
				it.days |= between(last, next)
			} else { // lundi - mardi - jeudi is a list
				it.days = list(t[i : k+1])
			}
		}
		it.days |= next
		last, j = next, k+1
	}
	for j < len(t) && t[j].kind == ofMonth {
		j++
	}
	if dated(t, j) {
		return item{kind: iDated}, datedEnd(t, j) - i
	}
	if j < len(t) && (t[j].kind == morning || t[j].kind == afternoon) {
		it.half = t[j].kind
		j++
	}
	return it, j - i
}

// everyHalf says whether "tous les matins" stands at token i.
func everyHalf(t []token, i int) bool {
	if i+1 >= len(t) || t[i].kind != article || t[i+1].kind != morning && t[i+1].kind != afternoon {
		return false
	}
	switch t[i].text {
	case "tous les", "toutes les", "chaque", "every":
		return true
	}
	return false
}

// list is the set of the days among the tokens.
func list(t []token) (set int) {
	for i := range t {
		if t[i].kind == day {
			set |= t[i].value
		}
	}
	return set
}

// joinAt finds the next day of a list after a comma, "et", "au"…: its index, or 0. ranged is 1 for a dash, 2 for a word.
func joinAt(t []token, j int) (next, ranged int) {
	seen := false
	for ; j < len(t); j++ {
		switch t[j].kind {
		case dash:
			ranged, seen = 1, true
		case to, until:
			ranged, seen = 2, true
		case and, comma, slash:
			if t[j].text == "(" || t[j].text == ")" { // a remark about the days before
				return 0, 0
			}
			seen = true
		case article:
			if t[j].text == "du" && ranged == 0 && seen && isDay(t, j+1) {
				return j + 1, 0
			}
		case include:
			seen = true
		case day:
			if seen && isDay(t, j) {
				return j, ranged
			}
			return 0, 0
		default:
			if t[j].text != "inclus" && t[j].text != "les" && t[j].text != "des" {
				return 0, 0
			}
		}
	}
	return 0, 0
}

func single(set int) bool { return set > 0 && set < holidayBit && set&(set-1) == 0 }

// between is the set of the days from one to another, over the end of the week too.
func between(a, b int) (set int) {
	for d := a; ; {
		set |= d
		if d == b {
			return set
		}
		if d <<= 1; d > sunday {
			d = monday
		}
	}
}

// dated says whether a date stands at token j, after a weekday: "3 novembre", "1er mai", "12/05", "14".
func dated(t []token, j int) bool {
	if j >= len(t) {
		return false
	}
	if t[j].kind == ordinal {
		return j+1 < len(t) && t[j+1].kind == month
	}
	if t[j].kind != number || t[j].value < 1 || t[j].value > 31 {
		return false
	}
	_, n := spansAt(t, j)
	return n == 0
}

func datedEnd(t []token, j int) int {
	for j++; j < len(t) && (t[j].kind == month || t[j].kind == number && t[j].value > 31 ||
		t[j].kind == slash && j+1 < len(t) && t[j+1].kind == number || t[j].kind == number && t[j-1].kind == slash); j++ {
	}
	return j
}
