package paper

import (
	"embed"
	"fmt"
	"math"
	"slices"
	"strconv"
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

var catalogue = sync.OnceValues(func() (*wording.Catalogue, error) { return wording.Load(messageFiles) })

// words writes messages and figures in one language. The first message that lacks is kept: a report with a hole is none.
type words struct {
	*wording.Words
	french bool
	lacks  error
}

func wordsOf(lang string) (*words, error) {
	i := slices.IndexFunc(wording.Tags[:], func(t language.Tag) bool { return t.String() == lang })
	if i < 0 {
		return nil, fmt.Errorf("a report in %q; Try: fr or en", lang)
	}
	c, err := catalogue()
	if err != nil {
		return nil, err
	}
	w := &words{french: lang == "fr"}
	w.Words = c.In(i, func(_ string, err error) {
		if w.lacks == nil {
			w.lacks = err
		}
	})
	return w, nil
}

// Points writes points, 0 to 100.
func (w *words) Points(x float64) string { return w.Decimal(x, 1) }

// Between writes an interval of points.
func (w *words) Between(low, high float64) string {
	if math.IsNaN(low) || math.IsNaN(high) {
		return undefined
	}
	return w.Points(low) + dash + w.Points(high)
}

// Percent writes a share.
func (w *words) Percent(x float64) string { return w.Share(x, 0) }

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
