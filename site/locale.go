package site

import (
	"embed"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

//go:embed lang/*.json
var messageFiles embed.FS

// tags are the languages of the site; the first is the one for readers who ask for another.
var tags = [...]language.Tag{language.English, language.French}

// undefined stands for a figure that is not defined (yet).
const undefined = "–"

// nbsp keeps a number and its unit on one line.
const nbsp = "\u00a0"

// dash stands between the ends of an interval and keeps them on one line (a word joiner stops the break after it).
const dash = nbsp + "–\u2060" + nbsp

// locales holds the messages of every language.
type locales struct {
	matcher language.Matcher
	known   [len(tags)]locale // without their printers
}

func loadLocales() (*locales, error) {
	b := i18n.NewBundle(tags[0])
	b.RegisterUnmarshalFunc("json", json.Unmarshal)
	for _, t := range tags {
		if _, err := b.LoadMessageFileFS(messageFiles, "lang/"+t.String()+".json"); err != nil {
			return nil, fmt.Errorf("messages: %w", err)
		}
	}
	out := &locales{matcher: language.NewMatcher(tags[:])}
	for i, t := range tags {
		out.known[i] = locale{Lang: t.String(), localizer: i18n.NewLocalizer(b, t.String()), plain: &sync.Map{}}
	}
	return out, nil
}

// pick returns the locale for the language asked for in the URL, else for the browser's.
func (l *locales) pick(asked, accepted string) *locale {
	_, i := language.MatchStrings(l.matcher, asked, accepted)
	one := l.known[i]
	one.printer = message.NewPrinter(tags[i]) // it is not for two at once
	return &one
}

// locale writes messages, numbers, delays and instants in one language.
type locale struct {
	Lang      string
	localizer *i18n.Localizer
	printer   *message.Printer
	plain     *sync.Map // messages without placeholders that were asked for: a list has the same twenty on every row
}

// T returns the message; the arguments are names and values for its placeholders. A key that lacks is shown itself.
func (l *locale) T(key string, pairs ...any) string {
	if len(pairs) == 0 {
		if s, ok := l.plain.Load(key); ok {
			return s.(string)
		}
		s, err := l.localizer.Localize(&i18n.LocalizeConfig{MessageID: key})
		if err == nil {
			l.plain.Store(key, s)
			return s
		}
	}
	return l.say(&i18n.LocalizeConfig{MessageID: key, TemplateData: data(pairs)})
}

// N returns the message in the plural form of n; {{.N}} stands for the written number.
func (l *locale) N(key string, n int, pairs ...any) string {
	d := data(pairs)
	d["N"] = l.Int(n)
	return l.say(&i18n.LocalizeConfig{MessageID: key, TemplateData: d, PluralCount: n})
}

func (l *locale) say(c *i18n.LocalizeConfig) string {
	s, err := l.localizer.Localize(c)
	if err != nil {
		slog.Error("message lacks", "lang", l.Lang, "key", c.MessageID, "err", err)
		return c.MessageID
	}
	return s
}

func data(pairs []any) map[string]any {
	d := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		d[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return d
}

// Term returns the name of a term of a family ("result", "state", "channel"…), the term itself when it has none:
// terms come from the journal, and an old collector may read a newer prober's.
func (l *locale) Term(family, term string) string {
	if term == "" {
		return l.T("group.none")
	}
	key := family + "." + strings.ReplaceAll(term, " ", "-")
	if s, ok := l.plain.Load(key); ok {
		return s.(string)
	}
	s, err := l.localizer.Localize(&i18n.LocalizeConfig{MessageID: key})
	if err != nil {
		return term // not kept: strangers must not fill the memory
	}
	l.plain.Store(key, s)
	return s
}

// Group returns the name of a group of a dimension.
func (l *locale) Group(by, group string) string {
	if by == "channel" || by == "sector" || group == "" {
		return l.Term(by, group)
	}
	return group
}

// Int writes a whole number.
func (l *locale) Int(n int) string { return l.printer.Sprint(number.Decimal(n)) }

// Decimal writes a number with that many digits after the comma.
func (l *locale) Decimal(x float64, digits int) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return undefined
	}
	return l.printer.Sprint(number.Decimal(x, number.Scale(digits)))
}

// Percent writes a share with one digit after the comma.
func (l *locale) Percent(x float64) string { return l.percent(x, 1) }

func (l *locale) percent(x float64, digits int) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return undefined
	}
	return l.printer.Sprint(number.Percent(x, number.Scale(digits)))
}

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
	return l.say(&i18n.LocalizeConfig{MessageID: key, PluralCount: strconv.FormatFloat(x, 'f', -1, 64),
		TemplateData: map[string]any{"N": l.printer.Sprint(number.Decimal(x, number.MaxFractionDigits(1)))}})
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
	if s, ok := l.plain.Load(key); ok && known {
		return s.(string)
	}
	s := ""
	if day == 1 { // "1er" in French
		s = l.T("date.first", "Month", l.T("month."+t.Format("01")), "Year", year)
	} else {
		s = l.T("date", "Day", day, "Month", l.T("month."+t.Format("01")), "Year", year)
	}
	if known {
		l.plain.Store(key, s)
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
	for _, t := range tags {
		out = append(out, t.String())
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == l.Lang })
}
