package paper

import (
	"embed"
	"encoding/json"
	"fmt"
	"math"
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

// undefined stands for a figure that there is not.
const undefined = "–"

// nbsp keeps a number and its unit on one line; dash does so between the ends of an interval.
const (
	nbsp = "\u00a0"
	dash = nbsp + "–\u2060" + nbsp
)

var bundle = sync.OnceValues(func() (*i18n.Bundle, error) {
	b := i18n.NewBundle(language.English)
	b.RegisterUnmarshalFunc("json", json.Unmarshal)
	for _, lang := range []string{"en", "fr"} {
		if _, err := b.LoadMessageFileFS(messageFiles, "lang/"+lang+".json"); err != nil {
			return nil, fmt.Errorf("messages of the report: %w", err)
		}
	}
	return b, nil
})

// words writes messages and figures in one language. The first message that lacks is kept: a report with a hole is none.
type words struct {
	Lang    string
	french  bool
	local   *i18n.Localizer
	printer *message.Printer
	lacks   *error
}

func wordsOf(lang string) (*words, error) {
	tag := language.English
	switch lang {
	case "en":
	case "fr":
		tag = language.French
	default:
		return nil, fmt.Errorf("a report in %q; Try: fr or en", lang)
	}
	b, err := bundle()
	if err != nil {
		return nil, err
	}
	return &words{lang, lang == "fr", i18n.NewLocalizer(b, lang), message.NewPrinter(tag), new(error)}, nil
}

// T returns a message; the arguments are names and values for its placeholders.
func (w *words) T(key string, pairs ...any) string {
	return w.say(&i18n.LocalizeConfig{MessageID: key, TemplateData: data(pairs)})
}

// N returns a message in the plural form of n; {{.N}} stands for the written number.
func (w *words) N(key string, n int, pairs ...any) string {
	d := data(pairs)
	d["N"] = w.Int(n)
	return w.say(&i18n.LocalizeConfig{MessageID: key, TemplateData: d, PluralCount: n})
}

func (w *words) say(c *i18n.LocalizeConfig) string {
	s, err := w.local.Localize(c)
	if err != nil && *w.lacks == nil {
		*w.lacks = err
	}
	return s
}

// Term returns what a word of the journal is called, the word itself when it has no name here: an old collector may read a
// newer prober's.
func (w *words) Term(family, term string) string {
	s, err := w.local.Localize(&i18n.LocalizeConfig{MessageID: family + "." + strings.ReplaceAll(term, " ", "-")})
	if err != nil {
		return term
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

// Int writes a whole number.
func (w *words) Int(n int) string { return w.printer.Sprint(number.Decimal(n)) }

// Num writes a number with that many digits after the comma.
func (w *words) Num(x float64, digits int) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return undefined
	}
	return w.printer.Sprint(number.Decimal(x, number.Scale(digits)))
}

// Short writes a number with as many digits as it has, at most two.
func (w *words) Short(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return undefined
	}
	return w.printer.Sprint(number.Decimal(x, number.MaxFractionDigits(2)))
}

// Points writes points, 0 to 100.
func (w *words) Points(x float64) string { return w.Num(x, 1) }

// Between writes an interval of points.
func (w *words) Between(low, high float64) string {
	if math.IsNaN(low) || math.IsNaN(high) {
		return undefined
	}
	return w.Points(low) + dash + w.Points(high)
}

// Percent writes a share.
func (w *words) Percent(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return undefined
	}
	return w.printer.Sprint(number.Percent(x, number.Scale(0)))
}

// Nth writes a rank: "3rd", "1er", "3e".
func (w *words) Nth(n int) string {
	s := w.Int(n)
	switch {
	case w.french && n == 1:
		return s + "er"
	case w.french:
		return s + "e"
	case n%100 >= 11 && n%100 <= 13:
		return s + "th"
	}
	return s + [...]string{"th", "st", "nd", "rd", "th", "th", "th", "th", "th", "th"}[n%10]
}

// Delay writes milliseconds.
func (w *words) Delay(ms float64) string {
	if math.IsNaN(ms) || math.IsInf(ms, 0) {
		return undefined
	}
	d := time.Duration(ms) * time.Millisecond
	unit := func(key string, n int) string { return w.T("unit."+key, "N", w.Int(n)) }
	switch {
	case d < time.Minute:
		return unit("s", int(d.Seconds()))
	case d < time.Hour:
		return unit("min", int(d.Minutes()))
	case d < 48*time.Hour:
		return unit("h", int(d.Hours())) + nbsp + unit("min", int(d.Minutes())%60)
	}
	return unit("d", int(d.Hours())/24) + nbsp + unit("h", int(d.Hours())%24)
}

// Day writes a date.
func (w *words) Day(t time.Time) string {
	if t.IsZero() {
		return undefined
	}
	month := w.T("month." + t.Format("01"))
	if w.french && t.Day() == 1 {
		return "1er" + nbsp + month + " " + t.Format("2006")
	}
	return strconv.Itoa(t.Day()) + nbsp + month + " " + t.Format("2006")
}

// Minute writes an instant to the minute.
func (w *words) Minute(t time.Time) string {
	if t.IsZero() {
		return undefined
	}
	return w.Day(t) + ", " + t.Format("15:04")
}
