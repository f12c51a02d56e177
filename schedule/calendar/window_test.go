package calendar

import (
	"testing"
	"time"
)

func TestWindow(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", s, paris)
		if err != nil {
			t.Fatal(err)
		}
		return v.UTC()
	}
	for _, x := range []struct {
		window, now string
		want        time.Duration
	}{
		{"", "2026-03-02 12:00", 0}, {"22:00-06:00", "2026-03-02 23:30", 0}, {"22:00-06:00", "2026-03-02 05:59", 0}, {"22:00-06:00", "2026-03-02 06:00", 16 * time.Hour},
		{"22:00-06:00", "2026-03-02 12:00", 10 * time.Hour}, {"01:00-04:00", "2026-03-02 12:00", 13 * time.Hour}, {"01:00-04:00", "2026-03-02 00:30", 30 * time.Minute},
		{"01:00-04:00", "2026-03-28 12:00", 13 * time.Hour}, // the clock is put forward at two: the night is shorter, its beginning is not
		{"04:00-05:00", "2026-03-28 12:00", 15 * time.Hour}, {"12:00-24:00", "2026-03-02 23:59", 0},
	} {
		w, err := ParseWindow(x.window, paris)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Until(at(x.now)); got != x.want {
			t.Errorf("%s at %s: %v, want %v", x.window, x.now, got, x.want)
		}
	}
	for _, bad := range []string{"22-06", "25:00-06:00", "22:00-22:00", "22:00", "22:00-06:00x", "9:00-10:00"} {
		if _, err := ParseWindow(bad, paris); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
