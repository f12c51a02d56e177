package calendar

import (
	"slices"
	"time"
)

// Hours is when a structure is open, as written in its directory entry (OpenStreetMap's opening_hours).
type Hours struct {
	text  string
	rules []rule
}

// String returns the hours as they were written.
func (h *Hours) String() string { return h.text }

// span is open time in minutes from the midnight that begins the day; to may be past 1440.
type span struct{ from, to int }

// rule is one part of the hours between semicolons.
type rule struct {
	dates    []dates // empty: the whole year
	weekdays [7]bool
	nth      map[time.Weekday][]int // Mo[1]: only the first Monday of the month; -1 is the last
	week     bool                   // weekdays were given
	ph       bool                   // the rule names public holidays
	always   bool                   // 24/7
	add      bool                   // after a comma: adds to what the rules before it said
	spans    []span                 // none: closed
}

// dates is a range of days of the year, both ends in it; it may run over the new year.
type dates struct{ from, to monthDay }

type monthDay struct {
	month time.Month
	day   int
}

func (a monthDay) before(b monthDay) bool {
	return a.month < b.month || a.month == b.month && a.day < b.day
}

func (r dates) has(d monthDay) bool {
	if r.to.before(r.from) {
		return !d.before(r.from) || !r.to.before(d)
	}
	return !d.before(r.from) && !r.to.before(d)
}

// matches says whether the rule speaks of the day.
func (r *rule) matches(d Day, holiday bool) bool {
	if len(r.dates) > 0 {
		_, m, n := d.Date()
		if !slices.ContainsFunc(r.dates, func(x dates) bool { return x.has(monthDay{m, n}) }) {
			return false
		}
	}
	if r.always {
		return true
	}
	if holiday {
		// A rule that does not name public holidays says nothing of them, unless it closes or names dates alone.
		return r.ph || !r.week && len(r.dates) > 0 && len(r.spans) == 0
	}
	if !r.week {
		return !r.ph
	}
	w := d.Weekday()
	if r.weekdays[w] {
		return true
	}
	return r.nthMatches(d, w)
}

func (r *rule) nthMatches(d Day, w time.Weekday) bool {
	list := r.nth[w]
	if len(list) == 0 {
		return false
	}
	y, m, n := d.Date()
	last := time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return slices.Contains(list, (n-1)/7+1) || slices.Contains(list, -((last-n)/7+1))
}

// spans appends the open time of a day, sorted and without overlap, to buf. A later rule replaces what earlier ones said
// of the day; one after a comma adds to it. Days that no rule speaks of are closed, and so are public holidays unless a
// rule names them (PH) or the hours are 24/7.
func (h *Hours) spans(buf []span, d Day, holiday bool) []span {
	start := len(buf)
	for i := range h.rules {
		r := &h.rules[i]
		if !r.matches(d, holiday) {
			continue
		}
		if !r.add {
			buf = buf[:start]
		}
		buf = append(buf, r.spans...)
	}
	return buf[:start+len(merge(buf[start:]))]
}

// merge sorts spans and joins those that touch, in place.
func merge(s []span) []span {
	if len(s) < 2 {
		return s
	}
	slices.SortFunc(s, func(a, b span) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return a.to - b.to
	})
	n := 0
	for _, x := range s[1:] {
		if x.from <= s[n].to {
			s[n].to = max(s[n].to, x.to)
			continue
		}
		n++
		s[n] = x
	}
	return s[:n+1]
}
