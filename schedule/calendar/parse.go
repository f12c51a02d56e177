package calendar

import (
	"fmt"
	"strings"
	"time"
)

// HoursError says what is wrong with opening hours, and where.
type HoursError struct {
	Text   string // the hours
	At     int    // octet from which Text is wrong, counted from 1
	Reason string
}

func (e *HoursError) Error() string {
	return fmt.Sprintf("opening hours %q, position %d: %s", e.Text, e.At, e.Reason)
}

// ParseHours reads opening hours in the part of OpenStreetMap's opening_hours language that a public service needs:
//
//	Mo-Fr 09:00-12:00,14:00-17:00; Sa 09:00-12:00; PH off; Dec 25 off
//	24/7 · Mo-Su,PH 08:00-20:00 · Fr 22:00-02:00 · Jul-Aug Mo-Fr 09:00-13:00 · Dec 24-Jan 02 off · Sa[1] 09:00-12:00
//	Mo-Fr 09:00-12:00, We 14:00-16:00 (what follows a comma adds to the rule before it)
//
// Rules are read in order and a later one replaces what earlier ones said of the same day. An error is a *HoursError.
// Source: wiki.openstreetmap.org/wiki/Key:opening_hours/specification. Not read: school holidays, weeks of the year,
// years, sunrise, open ends, comments, fallback groups.
func ParseHours(s string) (*Hours, error) {
	p := &hoursParser{text: s}
	h := &Hours{text: s}
	p.space()
	if p.end() {
		return nil, p.fail("they are empty; write for example \"Mo-Fr 09:00-12:00,14:00-17:00; PH off\"")
	}
	add := false
	for {
		p.space()
		if p.end() && !add { // a final semicolon is customary
			break
		}
		r, err := p.rule()
		if err != nil {
			return nil, err
		}
		r.add = add
		h.rules = append(h.rules, r)
		p.space()
		switch {
		case p.end():
			return h, nil
		case p.take(";"):
			add = false
		case p.take(","):
			add = true
		default:
			return nil, p.fail("a rule ends here; put \";\" before the next one")
		}
	}
	return h, nil
}

type hoursParser struct {
	text string
	at   int
}

func (p *hoursParser) end() bool    { return p.at >= len(p.text) }
func (p *hoursParser) rest() string { return p.text[p.at:] }

func (p *hoursParser) space() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
}

func (p *hoursParser) take(s string) bool {
	if strings.HasPrefix(p.rest(), s) {
		p.at += len(s)
		return true
	}
	return false
}

func (p *hoursParser) fail(format string, args ...any) error {
	return &HoursError{p.text, p.at + 1, fmt.Sprintf(format, args...)}
}

// word returns the letters at the cursor without taking them.
func (p *hoursParser) word() string {
	n := 0
	for r := p.rest(); n < len(r) && (r[n]|0x20 >= 'a' && r[n]|0x20 <= 'z'); n++ {
	}
	return p.rest()[:n]
}

// number takes up to width digits; ok is false if there is none.
func (p *hoursParser) number(width int) (value int, ok bool) {
	n := 0
	for r := p.rest(); n < width && n < len(r) && r[n] >= '0' && r[n] <= '9'; n++ {
		value = value*10 + int(r[n]-'0')
	}
	p.at += n
	return value, n > 0
}

var weekdayNames = map[string]time.Weekday{
	"Mo": time.Monday, "Tu": time.Tuesday, "We": time.Wednesday, "Th": time.Thursday, "Fr": time.Friday,
	"Sa": time.Saturday, "Su": time.Sunday,
}

var monthNames = map[string]time.Month{
	"Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6, "Jul": 7, "Aug": 8, "Sep": 9, "Oct": 10, "Nov": 11, "Dec": 12,
}

var monthDays = [...]int{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func (p *hoursParser) rule() (rule, error) {
	var r rule
	if p.take("24/7") {
		r.always = true
		r.spans = []span{{0, dayMinutes}}
		return r, nil
	}
	if _, ok := monthNames[p.word()]; ok {
		if err := p.months(&r); err != nil {
			return r, err
		}
		p.space()
	}
	if w := p.word(); w == "PH" || isWeekday(w) {
		if err := p.days(&r); err != nil {
			return r, err
		}
		p.space()
	}
	if w := p.word(); w == "off" || w == "closed" {
		p.at += len(w)
		return r, nil
	} else if w == "open" {
		p.at += len(w)
		r.spans = []span{{0, dayMinutes}}
		return r, nil
	} else if w != "" {
		return r, p.fail("%q is not known; days are Mo Tu We Th Fr Sa Su PH, months Jan to Dec, then times or off", w)
	}
	return r, p.times(&r)
}

func isWeekday(s string) bool { _, ok := weekdayNames[s]; return ok }

// months takes "Jul-Aug", "Dec 25", "Dec 24-Jan 02", "Dec 24-26", several with commas.
func (p *hoursParser) months(r *rule) error {
	for {
		from, whole, err := p.monthDay(0)
		if err != nil {
			return err
		}
		to := from
		if whole {
			to.day = monthDays[to.month]
		}
		if p.take("-") {
			if to, whole, err = p.monthDay(from.month); err != nil {
				return err
			}
			if whole {
				to.day = monthDays[to.month]
			}
		}
		r.dates = append(r.dates, dates{from, to})
		mark := p.at
		if p.take(",") {
			p.space()
			if _, ok := monthNames[p.word()]; ok {
				continue
			}
		}
		p.at = mark
		return nil
	}
}

// monthDay takes a month with or without a day; after "-" the month may be left out ("Dec 24-26").
func (p *hoursParser) monthDay(same time.Month) (d monthDay, whole bool, err error) {
	w := p.word()
	month, named := monthNames[w]
	switch {
	case named:
		p.at += len(w)
	case same != 0 && w == "":
		month = same
	default:
		return d, false, p.fail("a month is expected here (Jan to Dec)")
	}
	mark := p.at
	p.space()
	start := p.at
	day, ok := p.number(2)
	if strings.HasPrefix(p.rest(), ":") { // it was a time: "Jul 09:00-12:00"
		ok = false
	}
	if !ok {
		p.at = mark
		if !named {
			return d, false, p.fail("a day of the month is expected here")
		}
		return monthDay{month, 1}, true, nil
	}
	if day < 1 || day > monthDays[month] {
		p.at = start
		return d, false, p.fail("%s has no day %d", month, day)
	}
	return monthDay{month, day}, false, nil
}

// days takes "Mo-Fr", "Mo,We", "Sa[1]", "PH".
func (p *hoursParser) days(r *rule) error {
	for {
		w := p.word()
		first, ok := weekdayNames[w]
		switch {
		case w == "PH":
			p.at += 2
			r.ph = true
		case ok:
			p.at += 2
			r.week = true
			if err := p.weekday(r, first); err != nil {
				return err
			}
		default:
			return p.fail("a day is expected here (Mo Tu We Th Fr Sa Su PH)")
		}
		mark := p.at
		if p.take(",") {
			p.space()
			if w := p.word(); w == "PH" || isWeekday(w) {
				continue
			}
		}
		p.at = mark
		return nil
	}
}

func (p *hoursParser) weekday(r *rule, first time.Weekday) error {
	if p.take("[") {
		for {
			sign := 1
			if p.take("-") {
				sign = -1
			}
			n, ok := p.number(1)
			if !ok || n < 1 || n > 5 {
				return p.fail("a week of the month is expected here (1 to 5, or -1 for the last)")
			}
			if r.nth == nil {
				r.nth = map[time.Weekday][]int{}
			}
			r.nth[first] = append(r.nth[first], sign*n)
			if p.take("]") {
				return nil
			}
			if !p.take(",") {
				return p.fail("\"]\" is missing")
			}
		}
	}
	last := first
	if p.take("-") {
		w := p.word()
		var ok bool
		if last, ok = weekdayNames[w]; !ok {
			return p.fail("a weekday is expected here (Mo Tu We Th Fr Sa Su)")
		}
		p.at += 2
	}
	for d := first; ; d = (d + 1) % 7 {
		r.weekdays[d] = true
		if d == last {
			return nil
		}
	}
}

// times takes "09:00-12:00,14:00-17:00". An end that is not after its start is on the next day.
func (p *hoursParser) times(r *rule) error {
	for {
		from, err := p.clock(dayMinutes)
		if err != nil {
			return err
		}
		p.space()
		if !p.take("-") && !p.take("–") {
			return p.fail("\"-\" and a closing time are expected here")
		}
		p.space()
		mark := p.at
		to, err := p.clock(2 * dayMinutes)
		if err != nil {
			return err
		}
		if p.take("+") {
			p.at--
			return p.fail("open ends are not read; write the closing time")
		}
		if to <= from {
			to += dayMinutes
		}
		if to-from > dayMinutes {
			p.at = mark
			return p.fail("more than 24 hours; split the span")
		}
		r.spans = append(r.spans, span{from, to})
		mark = p.at
		if p.take(",") {
			p.space()
			if r := p.rest(); r != "" && r[0] >= '0' && r[0] <= '9' && !strings.HasPrefix(r, "24/7") {
				continue
			}
		}
		p.at = mark
		r.spans = merge(r.spans)
		return nil
	}
}

// clock takes hh:mm and returns minutes; limit is the latest that is allowed.
func (p *hoursParser) clock(limit int) (int, error) {
	mark := p.at
	hour, ok := p.number(2)
	if !ok {
		return 0, p.fail("a time is expected here, for example 09:00")
	}
	if !p.take(":") {
		return 0, p.fail("\":\" is expected here, as in 09:00")
	}
	start := p.at
	minute, _ := p.number(2)
	if p.at-start != 2 {
		return 0, p.fail("two digits of minutes are expected here, as in 09:00")
	}
	if minute > 59 || hour*60+minute > limit || limit == dayMinutes && hour*60+minute == limit {
		text := p.text[mark:p.at]
		p.at = mark
		return 0, p.fail("%s is not a time of the day", text)
	}
	return hour*60 + minute, nil
}
