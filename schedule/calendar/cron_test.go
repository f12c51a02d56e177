package calendar

import (
	"strings"
	"testing"
	"time"
)

// A fixed-hour expression comes exactly once each civil day, for thirty years, in zones with gaps and folds at odd places.
func TestFixedHoursComeOnceADay(t *testing.T) {
	zones := []string{"Europe/Paris", "Australia/Lord_Howe", "Africa/Casablanca", "America/Sao_Paulo", "America/Havana", "Pacific/Noumea", "Pacific/Apia"}
	checked := 0
	for _, zone := range zones {
		loc, err := Zone(zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range []string{"30 2 * * *", "0 0 * * *", "59 23 * * *", "15 1 * * *"} {
			c, err := ParseCron(spec)
			if err != nil {
				t.Fatal(err)
			}
			first, last := Date(2000, time.January, 1), Date(2029, time.December, 31)
			runs := map[Day]int{}
			for _, tick := range c.Ticks(loc, Instant(loc, first, -1), Instant(loc, last+1, -1)) {
				runs[DayOf(tick)]++
			}
			for d := first; d <= last; d++ {
				want := 1
				if zone == "Pacific/Apia" && d == Date(2011, time.December, 30) {
					want = 0 // the day was skipped
				}
				if runs[d] != want {
					t.Errorf("%s %s: %d runs on %s", zone, spec, runs[d], d)
				}
				checked++
			}
		}
	}
	if checked < 300_000 {
		t.Errorf("only %d civil days", checked)
	}
}

func TestCivilTimeRule(t *testing.T) {
	paris, err := Zone("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ spec, from, to, want string }{
		{"30 2 * * *", "2026-03-28 12:00:00 +0100", "2026-03-30 00:00:00 +0200", "2026-03-29T03:00:00+02:00"},
		{"30 2 * * *", "2026-10-24 12:00:00 +0200", "2026-10-26 00:00:00 +0100", "2026-10-25T02:30:00+02:00"},
		{"0,30 2 * * *", "2026-03-28 12:00:00 +0100", "2026-03-30 00:00:00 +0200", "2026-03-29T03:00:00+02:00"},
		{"0 * * * *", "2026-03-29 00:30:00 +0100", "2026-03-29 04:00:00 +0200", "2026-03-29T01:00:00+01:00 2026-03-29T03:00:00+02:00 2026-03-29T04:00:00+02:00"},
		{"0 * * * *", "2026-10-25 01:30:00 +0200", "2026-10-25 03:00:00 +0100", "2026-10-25T02:00:00+02:00 2026-10-25T02:00:00+01:00 2026-10-25T03:00:00+01:00"},
		{"0 9 * * MON", "2026-03-01 00:00:00 +0100", "2026-03-10 00:00:00 +0100", "2026-03-02T09:00:00+01:00 2026-03-09T09:00:00+01:00"},
		{"0 9 * * *", "2026-03-02 09:00:00 +0100", "2026-03-03 09:00:00 +0100", "2026-03-03T09:00:00+01:00"},
		{"@daily", "2026-03-02 09:00:00 +0100", "2026-03-03 09:00:00 +0100", "2026-03-03T00:00:00+01:00"},
	} {
		c, err := ParseCron(test.spec)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, tick := range c.Ticks(paris, at(t, test.from), at(t, test.to)) {
			got = append(got, tick.Format(time.RFC3339))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: %s, want %s", test.spec, got, test.want)
		}
	}
}

// Every-hour expressions follow real time: what stepping through the minutes finds.
func TestHourlyAgainstBruteForce(t *testing.T) {
	for _, zone := range []string{"Europe/Paris", "Australia/Lord_Howe", "America/Havana"} {
		loc, err := Zone(zone)
		if err != nil {
			t.Fatal(err)
		}
		c, err := ParseCron("15,45 * * * *")
		if err != nil {
			t.Fatal(err)
		}
		from, to := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
		ticks := c.Ticks(loc, from, to)
		i := 0
		for m := from.Add(time.Minute); !m.After(to); m = m.Add(time.Minute) {
			if minute := m.In(loc).Minute(); minute != 15 && minute != 45 {
				continue
			}
			if i >= len(ticks) || !ticks[i].Equal(m) {
				t.Fatalf("%s: tick %d is not %s", zone, i, m.In(loc))
			}
			i++
		}
		if i != len(ticks) {
			t.Errorf("%s: %d ticks, want %d", zone, len(ticks), i)
		}
	}
}

func TestCronRefusals(t *testing.T) {
	for spec, want := range map[string]string{
		"":                          "empty spec string",
		"TZ=0":                      "sets a time zone",
		"CRON_TZ=Europe/Paris":      "sets a time zone",
		"TZ=Europe/Paris 0 9 * * *": "sets a time zone",
		"0 0 30 2 *":                "never comes",
		"@every 1h":                 "no fixed instants",
		"0 9 * * 7":                 "above maximum",
		"0 0 9 * * *":               "expected exactly 5 fields",
		"@reboot":                   "unrecognized descriptor",
	} {
		if _, err := ParseCron(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", spec, err, want)
		}
	}
}

func FuzzCron(f *testing.F) {
	for _, spec := range []string{"30 2 * * *", "0 * * * *", "*/15 8-18 * * MON-FRI", "@weekly", "TZ=0", "CRON_TZ=x", "0 0 30 2 *", "0 9 1 * MON"} {
		f.Add(spec)
	}
	paris, err := Zone("Europe/Paris")
	if err != nil {
		f.Fatal(err)
	}
	from := time.Date(2026, time.October, 20, 0, 0, 0, 0, time.UTC)
	to := from.AddDate(0, 0, 10)
	f.Fuzz(func(t *testing.T, spec string) {
		c, err := ParseCron(spec)
		if err != nil {
			return
		}
		last := from
		for _, tick := range c.Ticks(paris, from, to) {
			if !tick.After(last) || tick.After(to) {
				t.Fatalf("%q: %s after %s", spec, tick, last)
			}
			last = tick
		}
	})
}
