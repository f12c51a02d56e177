package calendar

import (
	"errors"
	"math/rand/v2"
	"testing"
	"testing/quick"
	"time"

	_ "time/tzdata"
)

func must(t testing.TB, zone, hours, holidays string) *Calendar {
	t.Helper()
	c, err := New(zone, hours, holidays)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// at reads "2026-03-29 02:30:00 +0200".
func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse("2006-01-02 15:04:05 -0700", s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestOpen(t *testing.T) {
	for _, test := range []struct {
		hours, holidays, at string
		want                bool
	}{
		{"Mo-Fr 09:00-12:00,14:00-17:00; PH off", "FR", "2026-03-02 09:00:00 +0100", true},
		{"Mo-Fr 09:00-12:00,14:00-17:00; PH off", "FR", "2026-03-02 08:59:59 +0100", false},
		{"Mo-Fr 09:00-12:00,14:00-17:00; PH off", "FR", "2026-03-02 12:00:00 +0100", false},
		{"Mo-Fr 09:00-12:00", "FR", "2026-05-01 10:00:00 +0200", false},   // a holiday is closed although no rule says so
		{"Mo-Fr 09:00-12:00", "", "2026-05-01 10:00:00 +0200", true},      // no holidays there
		{"Mo-Su,PH 09:00-12:00", "FR", "2026-05-01 10:00:00 +0200", true}, // PH is named
		{"24/7", "FR", "2026-05-01 03:00:00 +0200", true},                 //
		{"24/7; PH off", "FR", "2026-05-01 03:00:00 +0200", false},        //
		{"Mo-Su 22:00-02:00", "", "2026-03-03 01:59:59 +0100", true},      // past midnight
		{"Mo-Su 22:00-02:00", "", "2026-03-03 02:00:00 +0100", false},     //
		{"Mo 22:00-26:00; Tu off", "", "2026-03-03 01:00:00 +0100", true}, // Tuesday's rule does not cut Monday's night
		{"Mo-Fr 09:00-17:00; We off", "", "2026-03-04 10:00:00 +0100", false},
		{"Mo-Fr 09:00-12:00; We 14:00-16:00", "", "2026-03-04 10:00:00 +0100", false}, // a later rule replaces
		{"Mo-Fr 09:00-12:00, We 14:00-16:00", "", "2026-03-04 10:00:00 +0100", true},  // a comma adds
		{"Mo-Fr 09:00-12:00, We 14:00-16:00", "", "2026-03-04 15:00:00 +0100", true},
		{"Mo-Su 09:00-17:00; Dec 25 off", "", "2026-12-25 10:00:00 +0100", false},
		{"Mo-Su 09:00-17:00; Dec 24-Jan 02 off", "", "2027-01-02 10:00:00 +0100", false},
		{"Mo-Su 09:00-17:00; Dec 24-Jan 02 off", "", "2027-01-03 10:00:00 +0100", true},
		{"Mo-Fr 09:00-17:00; Jul-Aug Mo-Fr 09:00-13:00", "", "2026-07-14 15:00:00 +0200", false},
		{"Sa[1] 09:00-12:00", "", "2026-03-07 10:00:00 +0100", true},
		{"Sa[1] 09:00-12:00", "", "2026-03-14 10:00:00 +0100", false},
		{"Sa[-1] 09:00-12:00", "", "2026-03-28 10:00:00 +0100", true},
		{"Fr-Mo 09:00-12:00", "", "2026-03-01 10:00:00 +0100", true}, // over the end of the week
		{"Fr-Mo 09:00-12:00", "", "2026-03-04 10:00:00 +0100", false},
	} {
		if got := must(t, "Europe/Paris", test.hours, test.holidays).Open(at(t, test.at)); got != test.want {
			t.Errorf("%s (%s) at %s: open is %v", test.hours, test.holidays, test.at, got)
		}
	}
}

func TestHoursErrorsNameThePosition(t *testing.T) {
	for text, want := range map[string]string{
		"":                          `opening hours "", position 1: they are empty; write for example "Mo-Fr 09:00-12:00,14:00-17:00; PH off"`,
		"Mo-Fr 9h-12h":              `opening hours "Mo-Fr 9h-12h", position 8: ":" is expected here, as in 09:00`,
		"Mo-Fr 09:00-12:00; Lu off": `opening hours "Mo-Fr 09:00-12:00; Lu off", position 20: "Lu" is not known; days are Mo Tu We Th Fr Sa Su PH, months Jan to Dec, then times or off`,
		"Mo-Fr 25:00-26:00":         `opening hours "Mo-Fr 25:00-26:00", position 7: 25:00 is not a time of the day`,
		"Mo 09:00-12:00 Tu off":     `opening hours "Mo 09:00-12:00 Tu off", position 16: a rule ends here; put ";" before the next one`,
		"Mo-Ma 09:00-12:00":         `opening hours "Mo-Ma 09:00-12:00", position 4: a weekday is expected here (Mo Tu We Th Fr Sa Su)`,
		"Feb 30 off":                `opening hours "Feb 30 off", position 5: February has no day 30`,
		"Mo 09:00":                  `opening hours "Mo 09:00", position 9: "-" and a closing time are expected here`,
		"Mo 09:00-17:00+":           `opening hours "Mo 09:00-17:00+", position 15: open ends are not read; write the closing time`,
		"Mo 09:00-48:00":            `opening hours "Mo 09:00-48:00", position 10: more than 24 hours; split the span`,
	} {
		_, err := ParseHours(text)
		var wrong *HoursError
		if !errors.As(err, &wrong) || err.Error() != want {
			t.Errorf("%q: %v\nwant %s", text, err, want)
		}
	}
}

func TestWorkedOverTheClockChanges(t *testing.T) {
	for _, test := range []struct {
		zone, hours, from, to string
		want                  time.Duration
	}{
		{"Europe/Paris", "24/7", "2026-10-24 12:00:00 +0200", "2026-10-26 12:00:00 +0100", 49 * time.Hour},
		{"Europe/Paris", "24/7", "2026-03-28 12:00:00 +0100", "2026-03-30 12:00:00 +0200", 47 * time.Hour},
		{"Europe/Paris", "Sa 22:00-06:00", "2026-03-28 12:00:00 +0100", "2026-03-30 12:00:00 +0200", 7 * time.Hour},
		{"Europe/Paris", "Sa 22:00-06:00", "2026-10-24 12:00:00 +0200", "2026-10-26 12:00:00 +0100", 9 * time.Hour},
		{"Europe/Paris", "Su 02:00-03:00", "2026-03-28 12:00:00 +0100", "2026-03-30 12:00:00 +0200", 0},             // the hour does not exist
		{"Europe/Paris", "Su 02:00-03:00", "2026-10-24 12:00:00 +0200", "2026-10-26 12:00:00 +0100", 2 * time.Hour}, // it comes twice
		{"Europe/Paris", "Mo-Fr 09:00-12:00,14:00-17:00", "2026-03-27 11:00:00 +0100", "2026-03-30 10:00:00 +0200", 5 * time.Hour},
		{"Europe/Paris", "Mo-Fr 09:00-12:00,14:00-17:00", "2026-03-30 10:00:00 +0200", "2026-03-27 11:00:00 +0100", 0},
		{"Pacific/Noumea", "Mo-Fr 08:00-16:00", "2026-03-01 21:00:00 +0000", "2026-03-02 05:00:00 +0000", 8 * time.Hour},
	} {
		if got := must(t, test.zone, test.hours, "").Worked(at(t, test.from), at(t, test.to)); got != test.want {
			t.Errorf("%s %s to %s: %s, want %s", test.hours, test.from, test.to, got, test.want)
		}
	}
}

func TestWorkingDays(t *testing.T) {
	c := must(t, "Europe/Paris", "Mo-Fr 09:00-12:00,14:00-17:00; PH off", "FR")
	alsace := must(t, "Europe/Paris", "Mo-Fr 09:00-12:00,14:00-17:00; PH off", "FR-67")
	for _, test := range []struct {
		from, to    string
		want, there int
	}{
		{"2026-03-02 10:00:00 +0100", "2026-03-02 16:00:00 +0100", 0, 0},
		{"2026-03-02 10:00:00 +0100", "2026-03-03 09:00:00 +0100", 1, 1},
		{"2026-03-02 10:00:00 +0100", "2026-03-09 09:00:00 +0100", 5, 5},
		{"2026-03-02 17:00:00 +0100", "2026-03-09 09:00:00 +0100", 4, 4}, // after closing: received on Tuesday
		{"2026-03-07 10:00:00 +0100", "2026-03-09 18:00:00 +0100", 0, 0}, // Saturday: received on Monday
		{"2026-04-02 10:00:00 +0200", "2026-04-07 10:00:00 +0200", 2, 1}, // Easter: Good Friday is a holiday in Strasbourg
		{"2026-05-07 18:00:00 +0200", "2026-05-15 10:00:00 +0200", 3, 3}, // 8 and 14 May
		{"2026-03-09 10:00:00 +0100", "2026-03-02 10:00:00 +0100", 0, 0},
	} {
		from, to := at(t, test.from), at(t, test.to)
		if got := c.WorkingDays(from, to); got != test.want {
			t.Errorf("%s to %s: %d working days, want %d", test.from, test.to, got, test.want)
		}
		if got := alsace.WorkingDays(from, to); got != test.there {
			t.Errorf("%s to %s in Strasbourg: %d working days, want %d", test.from, test.to, got, test.there)
		}
	}
}

var propertyCalendars = [][3]string{
	{"Europe/Paris", "Mo-Fr 09:00-12:00,14:00-17:00; PH off", "FR"}, {"Europe/Paris", "24/7", "FR-57"},
	{"Europe/Paris", "Mo-Su,PH 22:00-06:00", "FR"}, {"America/Cayenne", "Mo-Fr 07:30-13:30; We 07:30-17:00", "FR-973"},
	{"Indian/Reunion", "Mo-Sa 08:00-16:00", "FR-974"}, {"Pacific/Noumea", "Mo-Th 07:30-15:30; Fr 07:30-14:30", "FR-988"},
	{"Australia/Lord_Howe", "Mo-Su 00:00-24:00", ""}, {"America/Havana", "Mo-Su 23:00-01:30", ""},
	{"Africa/Casablanca", "Sa-Su 01:00-04:00; Mo off", ""}, {"Pacific/Apia", "Mo-Su 20:00-28:00", ""},
}

// instants draws three instants in order between 2010 and 2030, near each other or near a clock change at times.
func instants(random *rand.Rand, loc *time.Location) [3]time.Time {
	base := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC).Unix() + random.Int64N(20*365*86400)
	if random.IntN(2) == 0 {
		if _, end := time.Unix(base, 0).In(loc).ZoneBounds(); !end.IsZero() {
			base = end.Unix() - 86400
		}
	}
	reach := []int64{3600, 3 * 86400, 60 * 86400}[random.IntN(3)]
	a := time.Unix(base, random.Int64N(1e9))
	b := a.Add(time.Duration(random.Int64N(reach * 1e9)))
	return [3]time.Time{a, b, b.Add(time.Duration(random.Int64N(reach * 1e9)))}
}

// Worked is additive, monotone, never more than what elapsed, and AddWorked is its inverse.
func TestWorkedProperties(t *testing.T) {
	for _, name := range propertyCalendars {
		c := must(t, name[0], name[1], name[2])
		property := func(seed uint64) bool {
			random := rand.New(rand.NewPCG(seed, 0))
			i := instants(random, c.Location())
			first, second, all := c.Worked(i[0], i[1]), c.Worked(i[1], i[2]), c.Worked(i[0], i[2])
			later := c.AddWorked(i[0], all)
			next, ok := c.NextOpen(i[1])
			return first+second == all && first >= 0 && second >= 0 && all <= i[2].Sub(i[0]) &&
				!later.After(i[2]) && c.Worked(i[0], later) == all && ok && c.Open(next) && c.Worked(i[1], next) == 0 &&
				c.Open(i[1]) == next.Equal(i[1])
		}
		if err := quick.Check(property, &quick.Config{MaxCount: 2000}); err != nil {
			t.Errorf("%v: %v", name, err)
		}
	}
}

// Worked is what stepping through the minutes finds.
func TestWorkedAgainstBruteForce(t *testing.T) {
	for _, name := range propertyCalendars {
		c := must(t, name[0], name[1], name[2])
		random := rand.New(rand.NewPCG(1, 2))
		for range 12 {
			i := instants(random, c.Location())
			from, to := i[0].Truncate(time.Minute), i[0].Truncate(time.Minute).Add(4*24*time.Hour)
			want := time.Duration(0)
			for m := from; m.Before(to); m = m.Add(time.Minute) {
				if c.Open(m) {
					want += time.Minute
				}
			}
			if got := c.Worked(from, to); got != want {
				t.Errorf("%v from %s: %s, want %s", name, from, got, want)
			}
		}
	}
}

func TestAddWorkingDaysIsTheInverse(t *testing.T) {
	for _, name := range propertyCalendars {
		c := must(t, name[0], name[1], name[2])
		property := func(seed uint64, n uint8) bool {
			from := instants(rand.New(rand.NewPCG(seed, 0)), c.Location())[0]
			by := c.AddWorkingDays(from, int(n))
			return c.WorkingDays(from, by) == int(n) && c.WorkingDays(from, by.Add(time.Second)) <= int(n)+1 && c.Workday(c.Day(by))
		}
		if err := quick.Check(property, &quick.Config{MaxCount: 500}); err != nil {
			t.Errorf("%v: %v", name, err)
		}
	}
}

func TestNeverOpen(t *testing.T) {
	c := must(t, "Europe/Paris", "Feb 29 09:00-12:00", "FR")
	from := at(t, "2097-01-01 10:00:00 +0100") // 2100 is not a leap year: the next is 2104
	if next, ok := c.NextOpen(from); !ok || next.Year() != 2104 {
		t.Errorf("next opening %s", next)
	}
	closed := must(t, "Europe/Paris", "off", "FR")
	if _, ok := closed.NextOpen(from); ok {
		t.Error("a closed structure opens")
	}
	if !closed.AddWorked(from, time.Hour).IsZero() {
		t.Error("a closed structure works")
	}
}

func FuzzHours(f *testing.F) {
	for _, name := range propertyCalendars {
		f.Add(name[1])
	}
	f.Add("Jul-Aug Mo-Fr 09:00-13:00, Sa[1,-1] 10:00-12:00; Dec 24-26,Jan 01 off; PH 10:00-11:00")
	start := time.Date(2026, time.March, 27, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		h, err := ParseHours(text)
		if err != nil {
			var wrong *HoursError
			if !errors.As(err, &wrong) || wrong.At < 1 || wrong.At > len(text)+1 {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		c := must(t, "Europe/Paris", h.String(), "FR")
		var last time.Time
		for d := DayOf(start); d < DayOf(start)+5; d++ {
			for _, s := range c.OpenSpans(d) {
				if !s.Start.Before(s.End) || s.End.Sub(s.Start) > 50*time.Hour || c.Day(s.Start) < d {
					t.Fatalf("%q on %s: %v", text, d, s)
				}
				if s.Start.Before(last) {
					last = s.Start
				}
			}
		}
		mid, end := start.Add(50*time.Hour), start.Add(120*time.Hour)
		if all := c.Worked(start, end); all != c.Worked(start, mid)+c.Worked(mid, end) || all > end.Sub(start) {
			t.Fatalf("%q: worked %s", text, all)
		}
	})
}

func BenchmarkWorked60Days(b *testing.B) {
	c := must(b, "Europe/Paris", "Mo-Fr 09:00-12:00,14:00-17:00; PH off", "FR")
	from := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	for b.Loop() {
		c.Worked(from, from.Add(60*24*time.Hour))
	}
}
