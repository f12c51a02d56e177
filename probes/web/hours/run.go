package hours

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// run is a timetable as it is being read.
type run struct {
	title  string
	notes  []string
	rules  []rule
	halves []statement // closures of half a day, for the end
	start  int
	end    int
	line   int  // of the last statement
	said   bool // it holds in a period that has no words in the syntax
	unsure bool
}

// rule is what is said for one scope, for each weekday and for public holidays.
type rule struct {
	scope scope
	days  [8]plan
}

// plan is what is said of one day.
type plan struct {
	spans  []span
	group  int // the days of the statement that said it; 0: nothing was said
	line   int
	closed bool
}

func (r *run) rule(c scope) *rule {
	c.said = false
	for i := range r.rules {
		if r.rules[i].scope == c {
			return &r.rules[i]
		}
	}
	r.rules = append(r.rules, rule{scope: c})
	return &r.rules[len(r.rules)-1]
}

// add takes a statement; it is false if it contradicts what the run says.
func (r *run) add(st *statement) bool {
	if st.scope.brief && st.op == opens { // the times of an event
		return true
	}
	ok := true
	switch st.op {
	case opens:
		ok = r.open(st)
	case closes:
		if st.half != word {
			r.halves = append(r.halves, *st)
		} else {
			ok = r.close(st)
		}
	case ends, cuts:
		r.halves = append(r.halves, *st)
	}
	if ok {
		if r.end == 0 {
			r.start = st.start
		}
		r.start, r.end, r.line = min(r.start, st.start), max(r.end, st.end), st.line
	}
	return ok
}

func each(set int, f func(d int)) {
	for d := range 8 {
		if set&(1<<d) != 0 {
			f(d)
		}
	}
}

func (r *run) open(st *statement) bool {
	rule := r.rule(st.scope)
	ok, twice := true, false
	each(st.days, func(d int) {
		p := &rule.days[d]
		switch {
		case p.group == 0 || st.replace || slices.Equal(p.spans, st.spans):
		case p.closed:
			ok = ok && (p.line == st.line || wider(st.days, p.group))
		case overlap(p.spans, st.spans):
			ok = false
		case p.line != st.line && st.days != p.group && bits.OnesCount(uint(p.group)) == 1:
			ok = false
		case p.line != st.line && st.days == p.group && r.line > p.line:
			twice = true
		}
	})
	if !ok || twice && st.line-r.line > 1 {
		return false
	}
	r.unsure = r.unsure || twice
	if st.replace { // but of what was closed: "fermé l'après-midi, sauf le mardi de 14h à 18h"
		for i := range r.halves {
			if r.halves[i].op == closes {
				r.halves[i].days &^= st.days
			}
		}
	}
	each(st.days, func(d int) {
		p := &rule.days[d]
		switch {
		case p.closed && wider(st.days, p.group): // "fermé le mercredi" stands before "du lundi au vendredi"
			return
		case p.group == 0 || st.replace || p.closed:
			*p = plan{spans: slices.Clone(st.spans), group: st.days, line: st.line}
		case !slices.Equal(p.spans, st.spans):
			p.spans = append(p.spans, st.spans...)
			sortSpans(p.spans)
			p.line, p.group = st.line, st.days
		}
	})
	return true
}

func (r *run) close(st *statement) bool {
	rule := r.rule(st.scope)
	ok := true
	each(st.days, func(d int) {
		if p := rule.days[d]; p.group == st.days && len(p.spans) > 0 && p.line != st.line {
			ok = false
		}
	})
	if ok {
		each(st.days, func(d int) {
			if p := &rule.days[d]; p.group != st.days || len(p.spans) == 0 {
				*p = plan{group: st.days, line: st.line, closed: true}
			}
		})
	}
	return ok
}

// narrows says whether a statement speaks of some of the days that an earlier one named together.
func (r *run) narrows(st *statement) bool {
	found := false
	for i := range r.rules {
		each(st.days, func(d int) {
			g := r.rules[i].days[d].group
			found = found || g != st.days && g&st.days == st.days
		})
	}
	return found
}

// wider says whether a set has more days than another.
func wider(a, b int) bool { return bits.OnesCount(uint(a)) > bits.OnesCount(uint(b)) }

func overlap(a, b []span) bool {
	for _, x := range a {
		for _, y := range b {
			if x.from < y.to && y.from < x.to {
				return true
			}
		}
	}
	return false
}

func sortSpans(s []span) { slices.SortFunc(s, func(a, b span) int { return a.from - b.from }) }

// change applies a closure of half a day or of some hours, or another end.
func (r *run) change(st *statement) {
	rule := r.rule(st.scope)
	each(st.days, func(d int) {
		p := &rule.days[d]
		if len(p.spans) == 0 {
			r.unsure = r.unsure || st.op == ends
			return
		}
		switch {
		case st.op == ends:
			last := &p.spans[len(p.spans)-1]
			if st.at <= last.from {
				r.unsure = true
				return
			}
			last.to = st.at
		case st.op == cuts:
			p.spans = without(p.spans, st.spans)
		default:
			noon := 12*60 + 45 // nothing that is called morning ends later
			half := span{0, noon}
			if st.half == afternoon {
				half = span{noon, 48 * 60}
			}
			if slices.ContainsFunc(p.spans, func(s span) bool { return s.from < 12*60 && s.to > 13*60+30 }) {
				r.unsure = true // through noon: nobody said when it ends
				half = span{0, 12 * 60}
				if st.half == afternoon {
					half = span{12 * 60, 48 * 60}
				}
				p.spans = without(p.spans, []span{half})
				return
			}
			p.spans = slices.DeleteFunc(p.spans, func(s span) bool { return half.from <= (s.from+s.to)/2 && (s.from+s.to)/2 < half.to })
		}
		p.closed = len(p.spans) == 0
	})
}

// without takes the spans of b out of those of a.
func without(a, b []span) []span {
	for _, cut := range b {
		var rest []span
		for _, s := range a {
			if s.from < min(s.to, cut.from) {
				rest = append(rest, span{s.from, min(s.to, cut.from)})
			}
			if max(s.from, cut.to) < s.to {
				rest = append(rest, span{max(s.from, cut.to), s.to})
			}
		}
		a = rest
	}
	return a
}

// found writes the run, if it has opening hours.
func (r *run) found() (Found, bool) {
	for i := range r.halves {
		r.change(&r.halves[i])
	}
	var parts []string
	open := false
	for i := range r.rules {
		o := r.rules[i].write(&parts)
		open = open || o
		if o && i > 0 && r.rules[i].scope.weeks == "" && r.rules[i].scope.nth == "" && r.rules[i].open()&r.rules[0].open() != r.rules[0].open() {
			r.unsure = true // open days of the year about which the period says nothing
		}
	}
	if !open {
		return Found{}, false
	}
	slices.SortStableFunc(parts, func(a, b string) int { return btoi(a == "PH off") - btoi(b == "PH off") })
	f := Found{OSM: strings.Join(parts, "; "), From: r.start, To: r.end, Title: r.title, Sure: !r.unsure}
	for _, n := range r.notes {
		if n != "" && !slices.Contains(f.Notes, n) && len(f.Notes) < 20 {
			f.Notes = append(f.Notes, n)
		}
	}
	return f, true
}

// open is the set of the weekdays that are open.
func (r *rule) open() (set int) {
	for d := range 7 {
		if len(r.days[d].spans) > 0 {
			set |= 1 << d
		}
	}
	return set
}

// write adds the rules in the syntax of opening hours and says whether something is open.
func (r *rule) write(parts *[]string) (open bool) {
	head := ""
	for _, s := range []string{r.scope.dates, r.scope.weeks} {
		if s != "" {
			head += s + " "
		}
	}
	if r.scope.school {
		head += "SH "
	}
	always := []span{{0, 24 * 60}}
	if head == "" && r.scope.nth == "" && !slices.ContainsFunc(r.days[:7], func(p plan) bool { return !slices.Equal(p.spans, always) }) {
		*parts = append(*parts, "24/7")
		open = true
	}
	done := 0
	for d := range 8 {
		p := r.days[d]
		if done&(1<<d) != 0 || open && d < 7 && (*parts)[len(*parts)-1] == "24/7" {
			continue
		}
		switch {
		case len(p.spans) > 0:
			set := 0
			for e := d; e < 8; e++ {
				if slices.Equal(r.days[e].spans, p.spans) {
					set |= 1 << e
				}
			}
			done |= set
			*parts = append(*parts, head+dayText(set, r.scope.nth)+" "+spanText(p.spans))
			open = true
		case p.closed && d == 7:
			*parts = append(*parts, head+"PH off")
		case p.closed && head != "":
			set := 0
			for e := d; e < 7; e++ {
				if r.days[e].closed {
					set |= 1 << e
				}
			}
			if done |= set; set == everyBit {
				*parts = append(*parts, head+"off")
			} else {
				*parts = append(*parts, head+dayText(set, r.scope.nth)+" off")
			}
		}
	}
	return open
}

const dayNames = "MoTuWeThFrSaSuPH"

// dayText writes a set of days: "Mo-We,Fr", "Sa[1,3]".
func dayText(set int, nth string) string {
	var parts []string
	name := func(d int) string { return dayNames[2*d : 2*d+2] }
	for d := 0; d < 8; d++ {
		if set&(1<<d) == 0 {
			continue
		}
		last := d
		for nth == "" && last < 6 && set&(1<<(last+1)) != 0 && d < 7 {
			last++
		}
		switch {
		case last-d >= 2:
			parts = append(parts, name(d)+"-"+name(last))
			d = last
		case d < 7:
			parts = append(parts, name(d)+nth)
		default:
			parts = append(parts, name(d))
		}
	}
	return strings.Join(parts, ",")
}

func spanText(s []span) string {
	parts := make([]string, len(s))
	for i, x := range s {
		to := x.to
		if to > 24*60 {
			to -= 24 * 60
		}
		parts[i] = fmt.Sprintf("%02d:%02d-%02d:%02d", x.from/60, x.from%60, to/60, to%60)
	}
	return strings.Join(parts, ",")
}
