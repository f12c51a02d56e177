// Package wording writes messages and numbers in a reader's language, from the catalogues of whoever has something to say: pages
// and documents word what they show in the same way. It knows no message.
package wording

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

// Undefined stands for a figure that is not defined (yet).
const Undefined = "–"

// NBSP keeps a number and its unit on one line.
const NBSP = "\u00a0"

// Dash stands between the ends of an interval and keeps them on one line (a word joiner stops the break after it).
const Dash = NBSP + "–\u2060" + NBSP

// Tags are the languages of the programme; the first is the one for readers who ask for another.
var Tags = [...]language.Tag{language.English, language.French}

// Catalogue holds the messages of every language.
type Catalogue struct {
	localizers [len(Tags)]*i18n.Localizer
	plain      [len(Tags)]*sync.Map // messages without placeholders that were asked for: a list has the same twenty on every row
}

// Load reads lang/en.json and lang/fr.json.
func Load(files fs.FS) (*Catalogue, error) {
	b := i18n.NewBundle(Tags[0])
	b.RegisterUnmarshalFunc("json", json.Unmarshal)
	c := &Catalogue{}
	for _, t := range Tags {
		if _, err := b.LoadMessageFileFS(files, "lang/"+t.String()+".json"); err != nil {
			return nil, fmt.Errorf("messages: %w", err)
		}
	}
	for i, t := range Tags {
		c.localizers[i], c.plain[i] = i18n.NewLocalizer(b, t.String()), &sync.Map{}
	}
	return c, nil
}

// In returns the words of the i-th of Tags, for one reader: they are not for two at once. lacks is told of a message that is not
// there.
func (c *Catalogue) In(i int, lacks func(key string, err error)) *Words {
	return &Words{Lang: Tags[i].String(), localizer: c.localizers[i], printer: message.NewPrinter(Tags[i]), plain: c.plain[i], lacks: lacks}
}

// Words writes in one language.
type Words struct {
	Lang      string
	localizer *i18n.Localizer
	printer   *message.Printer
	plain     *sync.Map
	lacks     func(key string, err error)
}

// T returns the message; the arguments are names and values for its placeholders. A key that lacks is shown itself.
func (w *Words) T(key string, pairs ...any) string {
	if len(pairs) == 0 {
		if s, ok := w.find(key); ok {
			return s
		}
	}
	return w.say(&i18n.LocalizeConfig{MessageID: key, TemplateData: data(pairs)})
}

// N returns the message in the plural form of n; {{.N}} stands for the written number.
func (w *Words) N(key string, n int, pairs ...any) string {
	d := data(pairs)
	d["N"] = w.Int(n)
	return w.say(&i18n.LocalizeConfig{MessageID: key, TemplateData: d, PluralCount: n})
}

// Number is N of a number that need not be whole, as half a day.
func (w *Words) Number(key string, x float64) string {
	return w.say(&i18n.LocalizeConfig{MessageID: key, PluralCount: strconv.FormatFloat(x, 'f', -1, 64),
		TemplateData: map[string]any{"N": w.number(x, number.MaxFractionDigits(1))}})
}

func (w *Words) say(c *i18n.LocalizeConfig) string {
	s, err := w.localizer.Localize(c)
	if err != nil {
		w.lacks(c.MessageID, err)
		return c.MessageID
	}
	return s
}

// find returns a message without placeholders, false when there is none: that is not kept, because strangers must not fill the
// memory.
func (w *Words) find(key string) (string, bool) {
	if s, ok := w.plain.Load(key); ok {
		return s.(string), true
	}
	s, err := w.localizer.Localize(&i18n.LocalizeConfig{MessageID: key})
	if err != nil {
		return "", false
	}
	w.plain.Store(key, s)
	return s, true
}

// Term returns the name of a term of a family ("result", "state", "channel"…), the term itself when it has none: terms come from
// the journal, and an old collector may read a newer prober's.
func (w *Words) Term(family, term string) string {
	if s, ok := w.find(family + "." + strings.ReplaceAll(term, " ", "-")); ok {
		return s
	}
	return term
}

func data(pairs []any) map[string]any {
	d := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		d[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return d
}

// Int writes a whole number.
func (w *Words) Int(n int) string { return w.printer.Sprint(number.Decimal(n)) }

// Decimal writes a number with that many digits after the comma.
func (w *Words) Decimal(x float64, digits int) string { return w.number(x, number.Scale(digits)) }

// Short writes a number with as many digits as it has, at most two.
func (w *Words) Short(x float64) string { return w.number(x, number.MaxFractionDigits(2)) }

func (w *Words) number(x float64, form number.Option) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return Undefined
	}
	return w.printer.Sprint(number.Decimal(x, form))
}

// Share writes a share in per cent with that many digits after the comma.
func (w *Words) Share(x float64, digits int) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return Undefined
	}
	return w.printer.Sprint(number.Percent(x, number.Scale(digits)))
}
