package calendar

import (
	"strings"
	"testing"
	"time"

	"github.com/rickar/cal/v2/fr"
)

// easter is the anonymous Gregorian computus (Meeus, Astronomical Algorithms), as an oracle of its own.
func easter(y int) Day {
	a, b, c := y%19, y/100, y%100
	d, e := b/4, b%4
	f := (b + 8) / 25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	month, day := (h+l-7*m+114)/31, (h+l-7*m+114)%31+1
	return Date(y, time.Month(month), day)
}

func TestHolidaysAgainstTheLaw(t *testing.T) {
	extra := map[string][]string{
		"FR": nil, "FR-21": nil, "FR-2A": nil, "FR-975": nil,
		"FR-57": {"-2", "12-26"}, "FR-67": {"-2", "12-26"}, "FR-68": {"-2", "12-26"},
		"FR-971": {"05-27"}, "FR-972": {"05-22"}, "FR-973": {"06-10"}, "FR-974": {"12-20"}, "FR-976": {"04-27"},
		"FR-977": {"10-09"}, "FR-978": {"05-28"}, "FR-986": {"04-28", "07-29"}, "FR-988": {"09-24"},
	}
	for code, more := range extra {
		p, err := Holidays(code)
		if err != nil {
			t.Fatal(err)
		}
		for y := 2004; y <= 2085; y++ {
			want := map[Day]bool{easter(y) + 1: true, easter(y) + 39: true, easter(y) + 50: true}
			for _, fixed := range append([]string{"01-01", "05-01", "05-08", "07-14", "08-15", "11-01", "11-11", "12-25"}, more...) {
				if fixed == "-2" {
					want[easter(y)-2] = true
					continue
				}
				d, err := time.Parse(time.DateOnly, time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006-")+fixed)
				if err != nil {
					t.Fatal(err)
				}
				want[DayOf(d)] = true
			}
			for d := Date(y, time.January, 1); d < Date(y+1, time.January, 1); d++ {
				if p.Has(d) != want[d] {
					t.Errorf("%s: %s is a holiday: %v", code, d, p.Has(d))
				}
			}
		}
	}
}

// The national table is the library's own, day for day.
func TestHolidaysAgainstTheLibrary(t *testing.T) {
	p, err := Holidays("FR")
	if err != nil {
		t.Fatal(err)
	}
	for y := 2000; y <= 2050; y++ {
		if got, want := len(p.Year(y)), len(fr.Holidays); got != want {
			t.Errorf("%d: %d holidays, want %d", y, got, want)
		}
		for _, rule := range fr.Holidays {
			actual, _ := rule.Calc(y)
			if !p.Has(DayOf(actual)) {
				t.Errorf("%s of %d is missing", rule.Name, y)
			}
		}
	}
}

func TestUnknownHolidays(t *testing.T) {
	for _, code := range []string{"DE", "fr", "FR-", "FR-20", "FR-96", "FR-979", "FR-1", "FRA", "FR-2C"} {
		if _, err := Holidays(code); err == nil || !strings.Contains(err.Error(), "not a known holiday calendar") {
			t.Errorf("%s: %v", code, err)
		}
	}
	var none *PublicHolidays
	if none.Has(0) || len(none.Year(2026)) > 0 {
		t.Error("no calendar has holidays")
	}
}
