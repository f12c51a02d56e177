package site

import (
	"embed"
	"log/slog"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/sonde-fleet/sonde/internal/wording"
	"golang.org/x/text/language"
)

//go:embed lang/*.json
var messageFiles embed.FS

// What stands where there is no figure, between a number and its unit, and between the ends of an interval.
const (
	undefined = wording.Undefined
	nbsp      = wording.NBSP
	dash      = wording.Dash
)

// locales holds the messages of every language.
type locales struct {
	matcher   language.Matcher
	catalogue *wording.Catalogue
	days      [len(wording.Tags)]sync.Map // dates that were written: a list has the same few on every row
}

func loadLocales() (*locales, error) {
	c, err := wording.Load(messageFiles)
	if err != nil {
		return nil, err
	}
	return &locales{matcher: language.NewMatcher(wording.Tags[:]), catalogue: c}, nil
}

// pick returns the locale for the language asked for in the URL, else for the browser's.
func (l *locales) pick(asked, accepted string) *locale {
	_, i := language.MatchStrings(l.matcher, asked, accepted)
	one := &locale{days: &l.days[i]}
	one.Words = l.catalogue.In(i, func(key string, err error) { slog.Error("message lacks", "lang", one.Lang, "key", key, "err", err) })
	return one
}

// locale writes messages, numbers, delays and instants in one language.
type locale struct {
	*wording.Words
	days *sync.Map
}

// Term returns the name of a term of a family ("result", "state", "channel"…), the term itself when it has none.
func (l *locale) Term(family, term string) string {
	if term == "" {
		return l.T("group.none")
	}
	return l.Words.Term(family, term)
}

// Group returns the name of a group of a dimension.
func (l *locale) Group(by, group string) string {
	if by == "channel" || by == "sector" || group == "" {
		return l.Term(by, group)
	}
	return group
}

// Percent writes a share with one digit after the comma.
func (l *locale) Percent(x float64) string { return l.percent(x, 1) }

func (l *locale) percent(x float64, digits int) string { return l.Share(x, digits) }

// Interval writes the 95 % interval of a share.
func (l *locale) Interval(low, high float64) string {
	if math.IsNaN(low) || math.IsNaN(high) {
		return undefined
	}
	return l.Decimal(100*low, 1) + dash + l.Percent(high)
}

// Days writes a number of days, which may be a half, in the message of the key.
func (l *locale) Days(key string, x float64) string {
	if math.IsNaN(x) {
		return undefined
	}
	return l.Number(key, x)
}

// Delay writes milliseconds.
func (l *locale) Delay(ms float64) string {
	if math.IsNaN(ms) || math.IsInf(ms, 0) {
		return undefined
	}
	d := time.Duration(ms) * time.Millisecond
	unit := func(key string, n int) string { return l.T(key, "N", l.Int(n)) }
	switch {
	case d < time.Minute:
		return l.T("unit.s", "N", l.Decimal(d.Seconds(), 1))
	case d < 10*time.Minute && d%time.Minute >= time.Second: // 90 s is not 1 min
		return unit("unit.min", int(d.Minutes())) + nbsp + unit("unit.s", int(d.Seconds())%60)
	case d < time.Hour:
		return unit("unit.min", int(d.Minutes()))
	case d < 48*time.Hour:
		return unit("unit.h", int(d.Hours())) + nbsp + unit("unit.min", int(d.Minutes())%60)
	}
	return unit("unit.d", int(d.Hours())/24) + nbsp + unit("unit.h", int(d.Hours())%24)
}

// DelayInterval writes the interval of a delay.
func (l *locale) DelayInterval(low, high float64) string {
	if math.IsNaN(low) && math.IsNaN(high) {
		return undefined
	}
	return l.Delay(low) + dash + l.Delay(high)
}

// Horizon names a delay of the rates: "24 h", "5 days".
func (l *locale) Horizon(d time.Duration) string {
	if d <= 48*time.Hour {
		return l.T("unit.h", "N", l.Int(int(d.Hours())))
	}
	return l.N("days", int(d.Hours())/24)
}

// P writes a p-value.
func (l *locale) P(p float64) string {
	if p < 0.001 {
		return "p" + nbsp + "<" + nbsp + l.Decimal(0.001, 3)
	}
	return "p" + nbsp + "=" + nbsp + l.Decimal(p, 3)
}

// Time writes an instant in UTC to the second.
func (l *locale) Time(t time.Time) string {
	if t.IsZero() {
		return undefined
	}
	return l.Day(t) + " " + t.UTC().Format("15:04:05")
}

// Minute writes an instant in UTC to the minute.
func (l *locale) Minute(t time.Time) string {
	if t.IsZero() {
		return undefined
	}
	return l.Day(t) + " " + t.UTC().Format("15:04")
}

// Day writes the date of an instant in UTC.
func (l *locale) Day(t time.Time) string {
	t = t.UTC()
	year, month, day := t.Date()
	key := dayKey{year, month, day}
	known := year > 1990 && year < 2100 // a stranger's stamp must not fill the memory
	if s, ok := l.days.Load(key); ok && known {
		return s.(string)
	}
	s := ""
	if day == 1 { // "1er" in French
		s = l.T("date.first", "Month", l.T("month."+t.Format("01")), "Year", year)
	} else {
		s = l.T("date", "Day", day, "Month", l.T("month."+t.Format("01")), "Year", year)
	}
	if known {
		l.days.Store(key, s)
	}
	return s
}

// dayKey is a date among the messages that are kept.
type dayKey struct {
	year  int
	month time.Month
	day   int
}

// Other returns the languages that the reader can change to.
func (l *locale) Other() []string {
	var out []string
	for _, t := range wording.Tags {
		out = append(out, t.String())
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == l.Lang })
}
