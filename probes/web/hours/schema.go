package hours

import (
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/internal/fold"
)

// Spec is one schema.org OpeningHoursSpecification.
type Spec struct {
	Days         []string // "Monday", "https://schema.org/Monday", "lundi"
	Opens        string   // "09:00", "09:00:00"
	Closes       string
	ValidFrom    string
	ValidThrough string
}

// FromSchema writes schema.org's openingHours ("Mo-Fr 09:00-17:00") and openingHoursSpecification as opening hours. It is
// false if something was not understood, is limited to some dates, or never opens; osm is then what was understood.
func FromSchema(openingHours []string, specs []Spec) (osm string, ok bool) {
	r := &run{}
	ok = true
	for _, s := range openingHours {
		for _, part := range strings.Split(s, ";") {
			if strings.TrimSpace(part) != "" && !r.schemaText(part) {
				ok = false
			}
		}
	}
	for _, s := range specs {
		if !r.schemaSpec(s) {
			ok = false
		}
	}
	f, open := r.found()
	return f.OSM, ok && open && f.Sure
}

// schemaText reads "Mo,Tu 9:00-12:00", "Mo-Fr 09:00-12:00,14:00-17:00", "Mo-Su".
func (r *run) schemaText(s string) bool {
	if strings.TrimSpace(s) == "24/7" {
		return r.schemaAdd(everyBit, []span{{0, 24 * 60}})
	}
	items := itemise(lexLine(s, 0))
	if len(items) == 0 || items[0].kind != iDays || items[0].nth != "" || items[0].half != word {
		return false
	}
	switch {
	case len(items) == 1: // schema.org: no time means all day
		return r.schemaAdd(items[0].days, []span{{0, 24 * 60}})
	case len(items) == 2 && items[1].kind == iSpans:
		return r.schemaAdd(items[0].days, items[1].spans)
	case len(items) == 2 && items[1].kind == iClosed:
		return true
	}
	return false
}

func (r *run) schemaSpec(s Spec) bool {
	if s.ValidFrom != "" || s.ValidThrough != "" {
		return false
	}
	set := 0
	for _, name := range s.Days {
		name = fold.Text(strings.TrimSpace(name[strings.LastIndexAny(name, "/#")+1:]))
		if name == "publicholidays" {
			set |= holidayBit
			continue
		}
		t := lexLine(name, 0)
		if len(t) != 1 || t[0].kind != day {
			return false
		}
		set |= t[0].value
	}
	if set == 0 {
		return false
	}
	if s.Opens == "" && s.Closes == "" {
		return true // schema.org: closed
	}
	from, ok := schemaTime(s.Opens)
	to, ok2 := schemaTime(s.Closes)
	switch {
	case !ok || !ok2:
		return false
	case from == to && from == 0: // 00:00 to 00:00: closed
		return true
	case to == 0, from == 0 && to == 23*60+59: // what generators write for the end of the day
		to = 24 * 60
	case to <= from:
		to += 24 * 60
	}
	return r.schemaAdd(set, []span{{from, to}})
}

func schemaTime(s string) (minutes int, ok bool) {
	t := lexLine(s, 0)
	if len(t) == 0 || t[0].kind != clock || len(t) > 1 && !strings.HasPrefix(s[t[0].end:], "+") && !strings.HasPrefix(s[t[0].end:], "Z") {
		return 0, false
	}
	return t[0].value, true
}

// schemaAdd gives days their hours, beside those that they have.
func (r *run) schemaAdd(set int, spans []span) bool {
	ok := true
	rule := r.rule(scope{})
	each(set, func(d int) {
		p := &rule.days[d]
		for _, s := range spans {
			if overlap(p.spans, []span{s}) {
				ok = ok && slices.Contains(p.spans, s)
				continue
			}
			p.spans = append(p.spans, s)
		}
		sortSpans(p.spans)
	})
	return ok
}
