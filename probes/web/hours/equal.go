package hours

import (
	"slices"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/schedule/calendar"
)

// The years over which two timetables are compared: a leap year that begins on a Saturday, and the year behind it, so that
// each date and each nth weekday of a month is seen.
var compareFrom, compareTo = calendar.Date(2028, time.January, 1), calendar.Date(2030, time.January, 1)

// Equal says whether two opening hours are the same weekly opening, whatever they say of public holidays and in comments.
// What the calendar cannot read (weeks of the year, school holidays) is compared for each such condition by itself, and as
// text where that fails too.
func Equal(a, b string) bool {
	x, y := conditions(a), conditions(b)
	if len(x) != len(y) {
		return false
	}
	for key, rules := range x {
		if other, ok := y[key]; !ok || !sameHours(rules, other) {
			return false
		}
	}
	return true
}

// conditions divides opening hours by what the calendar cannot read before the days: "", "SH", "week 02-52/2".
func conditions(s string) map[string][]string {
	out := map[string][]string{"": nil}
	for _, rule := range strings.Split(uncommented(s), ";") {
		f := strings.Fields(rule)
		key, n := "", 0
		for i, w := range f {
			if w == "SH" || w == "week" || i > 0 && f[i-1] == "week" {
				key, n = strings.TrimSpace(key+" "+w), n+1
				continue
			}
			f[i-n] = w
		}
		f = f[:len(f)-n]
		if len(f) == 0 || f[0] == "PH" {
			continue
		}
		f[0] = strings.TrimSuffix(strings.TrimPrefix(f[0], "PH,"), ",PH")
		out[key] = append(out[key], strings.Join(f, " "))
	}
	return out
}

// uncommented is s without what stands in quotes.
func uncommented(s string) string {
	var b strings.Builder
	for i, part := range strings.Split(s, `"`) {
		if i%2 == 0 {
			b.WriteString(part)
		}
	}
	return b.String()
}

func sameHours(a, b []string) bool {
	x, y := strings.Join(a, "; "), strings.Join(b, "; ")
	if x == y {
		return true
	}
	c, d := calendarOf(x), calendarOf(y)
	if c == nil || d == nil {
		slices.Sort(a)
		slices.Sort(b)
		return slices.EqualFunc(a, b, func(p, q string) bool { return strings.EqualFold(compact(p), compact(q)) })
	}
	for day := compareFrom; day < compareTo; day++ {
		if !slices.EqualFunc(c.OpenSpans(day), d.OpenSpans(day), func(p, q calendar.Span) bool { return p.Start.Equal(q.Start) && p.End.Equal(q.End) }) {
			return false
		}
	}
	return true
}

func compact(s string) string { return strings.Join(strings.Fields(s), "") }

// calendarOf reads hours; none are hours that never open.
func calendarOf(s string) *calendar.Calendar {
	if s == "" {
		s = "off"
	}
	c, err := calendar.New("UTC", s, "")
	if err != nil {
		return nil
	}
	return c
}
