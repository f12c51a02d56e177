package calendar

import (
	"fmt"
	"time"
)

// Window is a part of the day, over midnight or not. The zero value is the whole day.
type Window struct {
	From, To int // minutes after midnight; From > To goes over midnight
	Zone     *time.Location
}

// ParseWindow reads "22:00-06:00".
func ParseWindow(s string, zone *time.Location) (Window, error) {
	w := Window{Zone: zone}
	if s == "" {
		return w, nil
	}
	var h1, m1, h2, m2 int
	if n, err := fmt.Sscanf(s, "%d:%d-%d:%d", &h1, &m1, &h2, &m2); err != nil || n != 4 || h1 > 23 || h2 > 24 || m1 > 59 || m2 > 59 || h1 < 0 || h2 < 0 || m1 < 0 || m2 < 0 ||
		fmt.Sprintf("%02d:%02d-%02d:%02d", h1, m1, h2, m2) != s {
		return w, fmt.Errorf("%q is no part of the day", s)
	}
	w.From, w.To = 60*h1+m1, 60*h2+m2
	if w.From == w.To {
		return w, fmt.Errorf("%q is no part of the day", s)
	}
	return w, nil
}

// Until is how long it is from t until the window is open, 0 when it is.
func (w Window) Until(t time.Time) time.Duration {
	if w.From == w.To {
		return 0
	}
	if w.Zone != nil {
		t = t.In(w.Zone)
	}
	now := 60*t.Hour() + t.Minute()
	if w.From < w.To && now >= w.From && now < w.To || w.From > w.To && (now >= w.From || now < w.To) {
		return 0
	}
	open := time.Date(t.Year(), t.Month(), t.Day(), w.From/60, w.From%60, 0, 0, t.Location())
	if !open.After(t) {
		open = time.Date(t.Year(), t.Month(), t.Day()+1, w.From/60, w.From%60, 0, 0, t.Location())
	}
	return open.Sub(t)
}
