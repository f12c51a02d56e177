package calendar

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/aa"
	"github.com/rickar/cal/v2/fr"
)

// Holiday is one public holiday.
type Holiday struct {
	Day  Day
	Name string // in the local language
}

// PublicHolidays is the calendar of public holidays of a territory. The zero value and nil have none.
type PublicHolidays struct {
	code  string
	rules []*cal.Holiday
	years [lastYear - firstYear + 1][]Holiday
	bits  []uint64 // one bit a day from 1 January of firstYear
}

// The years whose days are computed once; the others are computed at each question.
const (
	firstYear = 1990
	lastYear  = 2079
)

// The days of those years: from tableFrom until just before tableTo.
var tableFrom, tableTo = Date(firstYear, time.January, 1), Date(lastYear+1, time.January, 1)

func yearly(name string, month time.Month, day, since int) *cal.Holiday {
	return &cal.Holiday{Name: name, Type: cal.ObservancePublic, Month: month, Day: day, StartYear: since, Func: cal.CalcDayOfMonth}
}

// local is what the maintained library lacks, per ISO 3166-2 or département code. Sources: code du travail L3134-13
// (Alsace-Moselle) and L3422-2 with décret 83-1003 as amended (days of the abolition of slavery); code du travail de
// Nouvelle-Calédonie Lp. 232-1 and délibération of Wallis-et-Futuna for the two Pacific codes.
var local = func() map[string][]*cal.Holiday {
	alsace := []*cal.Holiday{
		aa.GoodFriday.Clone(&cal.Holiday{Name: "Vendredi saint", Type: cal.ObservancePublic}),
		yearly("Saint-Étienne", time.December, 26, 0),
	}
	const abolition = "Abolition de l'esclavage"
	return map[string][]*cal.Holiday{
		"57": alsace, "67": alsace, "68": alsace,
		"971": {yearly(abolition, time.May, 27, 1983)},
		"972": {yearly(abolition, time.May, 22, 1983)},
		"973": {yearly(abolition, time.June, 10, 1983)},
		"974": {yearly(abolition, time.December, 20, 1983)},
		"975": nil,
		"976": {yearly(abolition, time.April, 27, 1983)},
		"977": {yearly(abolition, time.October, 9, 1983)},
		"978": {yearly(abolition, time.May, 28, 1983)},
		"986": {yearly("Saint Pierre Chanel", time.April, 28, 0), yearly("Fête du territoire", time.July, 29, 0)},
		"988": {yearly("Fête de la citoyenneté", time.September, 24, 2004)},
	}
}()

// tables remembers the calendars already built; its size is bounded by the number of codes.
var tables sync.Map // string -> *PublicHolidays

// Holidays returns the public holidays of a territory: "FR" (the eleven national days), "FR-" and a département or
// overseas code ("FR-57", "FR-972", "FR-2A"; Alsace-Moselle and the overseas territories have days of their own), or
// "" for none. An unknown code is an error.
func Holidays(code string) (*PublicHolidays, error) {
	if code == "" {
		return nil, nil
	}
	if t, ok := tables.Load(code); ok {
		return t.(*PublicHolidays), nil
	}
	rules := slices.Clone(fr.Holidays)
	if code != "FR" {
		part, ok := strings.CutPrefix(code, "FR-")
		own, special := local[part]
		if !ok || !special && !departement(part) {
			return nil, fmt.Errorf("%q is not a known holiday calendar; write FR, FR- and a département (FR-57, FR-2A), FR- and an overseas code (FR-%s), or leave it empty",
				code, strings.Join(overseas(), ", FR-"))
		}
		rules = append(rules, own...)
	}
	t := &PublicHolidays{code: code, rules: rules}
	t.bits = make([]uint64, (tableTo-tableFrom)/64+1)
	for y := firstYear; y <= lastYear; y++ {
		t.years[y-firstYear] = t.compute(y)
		for _, h := range t.years[y-firstYear] {
			i := h.Day - tableFrom
			t.bits[i/64] |= 1 << (i % 64)
		}
	}
	got, _ := tables.LoadOrStore(code, t)
	return got.(*PublicHolidays), nil
}

// departement says whether s is the code of a metropolitan département: 01 to 95 without 20, 2A, 2B.
func departement(s string) bool {
	if s == "2A" || s == "2B" {
		return true
	}
	return len(s) == 2 && s >= "01" && s <= "95" && s != "20" && s[0] <= '9' && s[1] >= '0' && s[1] <= '9'
}

func overseas() []string {
	var codes []string
	for _, code := range slices.Sorted(maps.Keys(local)) {
		if len(code) == 3 {
			codes = append(codes, code)
		}
	}
	return codes
}

func (p *PublicHolidays) compute(year int) []Holiday {
	var days []Holiday
	for _, rule := range p.rules {
		if actual, _ := rule.Calc(year); !actual.IsZero() {
			y, m, d := actual.Date()
			days = append(days, Holiday{Date(y, m, d), rule.Name})
		}
	}
	slices.SortFunc(days, func(a, b Holiday) int { return int(a.Day - b.Day) })
	return days
}

// Year returns the holidays of a year in the order of the calendar. Two names may fall on one day (Ascension on 8 May).
func (p *PublicHolidays) Year(year int) []Holiday {
	if p == nil || len(p.rules) == 0 {
		return nil
	}
	if year >= firstYear && year <= lastYear {
		return slices.Clone(p.years[year-firstYear])
	}
	return p.compute(year)
}

// Has says whether d is a public holiday.
func (p *PublicHolidays) Has(d Day) bool {
	if p == nil || len(p.rules) == 0 {
		return false
	}
	if i := d - tableFrom; d >= tableFrom && d < tableTo {
		return p.bits[i/64]&(1<<(i%64)) != 0
	}
	year, _, _ := d.Date()
	return slices.ContainsFunc(p.Year(year), func(h Holiday) bool { return h.Day == d })
}
