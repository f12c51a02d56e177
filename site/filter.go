package site

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// none asks for the audits that have no value in a dimension; an empty parameter, as forms send it, asks for all.
const none = "-"

// counted is the result that stands for the denominator of the rates.
const counted = "counted"

// anyChannel lifts the default, which is mail.
const anyChannel = "all"

// marks are the properties of an outcome that a list can be narrowed to.
var marks = [...]string{"acknowledged", "polite", "impolite", "out-of-office", "junk", "unsure", "late"}

// values are what an item can come to.
var values = [...]probes.Value{probes.Yes, probes.No, probes.NotApplicable}

// orders are the orders of a list.
var orders = [...]string{"due", "-due", "delay", "-delay", "structure"}

// filter is what a URL asks for. The zero value lets everything through, in the order of the plan.
type filter struct {
	Campaign, Channel, Structure, Result, State string
	Kind, Sector, Band, Region, Week            string
	Mark, Sort                                  string
	Item, Value                                 string        // audits in which the item was observed, and came to that
	Q                                           string        // text in the structure's name, its number or the audit's
	Within                                      time.Duration // answered within that delay; 0: any

	By   stats.Dimension // of the tables; not a filter
	Page int             // 1, 2, …; not a filter
	Lang string          // asked for in the URL; not a filter

	needle string
}

// errFilter says that a parameter has a value that does not exist.
var errFilter = errors.New("not a value of this parameter")

// parseFilter reads the parameters of a URL; values of a closed list are checked.
func parseFilter(q url.Values) (filter, error) {
	f := filter{Page: 1}
	for name, at := range f.fields() {
		*at = strings.TrimSpace(q.Get(name))
	}
	f.By = stats.Dimension(q.Get("by"))
	f.Lang = q.Get("lang")
	closed := []struct {
		name, value string
		known       bool
	}{
		{"by", string(f.By), slices.Contains(stats.Dimensions[:], f.By)},
		{"channel", f.Channel, f.Channel == anyChannel || slices.Contains(probes.Channels[:], probes.Channel(f.Channel))},
		{"result", f.Result, f.Result == counted || slices.Contains(stats.Results[:], stats.Result(f.Result))},
		{"state", f.State, slices.Contains(probes.Statuses[:], probes.Status(f.State))},
		{"mark", f.Mark, slices.Contains(marks[:], f.Mark)},
		{"sort", f.Sort, slices.Contains(orders[:], f.Sort)},
		{"value", f.Value, slices.Contains(values[:], probes.Value(f.Value))},
	}
	for _, c := range closed {
		if c.value != "" && !c.known {
			return filter{Page: 1, Lang: f.Lang}, fmt.Errorf("%s=%s: %w", c.name, c.value, errFilter)
		}
	}
	if s := q.Get("page"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 1e7 {
			return filter{Page: 1, Lang: f.Lang}, fmt.Errorf("page=%s: %w", s, errFilter)
		}
		f.Page = n
	}
	if s := q.Get("within"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 1e5 {
			return filter{Page: 1, Lang: f.Lang}, fmt.Errorf("within=%s: %w", s, errFilter)
		}
		f.Within = time.Duration(n) * time.Hour
	}
	return f, nil
}

// fields names the text parameters.
func (f *filter) fields() map[string]*string {
	return map[string]*string{"campaign": &f.Campaign, "channel": &f.Channel, "structure": &f.Structure, "result": &f.Result,
		"state": &f.State, "kind": &f.Kind, "sector": &f.Sector, "band": &f.Band, "region": &f.Region, "week": &f.Week, "mark": &f.Mark,
		"sort": &f.Sort, "q": &f.Q, "item": &f.Item, "value": &f.Value}
}

// encode appends the filter as the parameters of a URL, in order of their names, as url.Values.Encode does. A list of
// a hundred rows makes two hundred addresses: it is written by hand for that.
func (f *filter) encode(extra ...hidden) string {
	all := [...]hidden{{"band", f.Band}, {"campaign", f.Campaign}, {"channel", f.Channel}, {"item", f.Item}, {"kind", f.Kind}, {"mark", f.Mark}, {"q", f.Q}, {"region", f.Region},
		{"result", f.Result}, {"sector", f.Sector}, {"sort", f.Sort}, {"state", f.State}, {"structure", f.Structure}, {"value", f.Value}, {"week", f.Week}}
	var b strings.Builder
	add := func(name, value string) {
		if value == "" {
			return
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(name)
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(value))
	}
	for _, x := range all {
		add(x.Name, x.Value)
	}
	if f.Within > 0 {
		add("within", strconv.Itoa(int(f.Within.Hours())))
	}
	for _, x := range extra {
		add(x.Name, x.Value)
	}
	return b.String()
}

// key names the filter's audits and their order.
func (f filter) key() string { return f.encode() }

// href returns the address of path with the filter, its page, its dimension and the reader's choices.
func (f filter) href(path string) string {
	page := ""
	if f.Page > 1 {
		page = strconv.Itoa(f.Page)
	}
	if q := f.encode(hidden{"by", string(f.By)}, hidden{"page", page}, hidden{"lang", f.Lang}); q != "" {
		return path + "?" + q
	}
	return path
}

// with returns the filter narrowed to a group of a dimension.
func (f filter) with(d stats.Dimension, group string) filter {
	if group == "" {
		group = none
	}
	if at := f.fields()[string(d)]; at != nil {
		*at = group
	}
	return f
}

// defaulted returns the filter with the channel that figures are given for when none is asked: delays of a letter and
// of a call are not put into one rate unasked. It is the default of `collector report` too.
func (f filter) defaulted() filter {
	switch f.Channel {
	case "":
		f.Channel = string(probes.Mail)
	case anyChannel:
		f.Channel = ""
	}
	return f
}

func (f *filter) prepare() {
	if f.Channel == anyChannel {
		f.Channel = ""
	}
	f.needle = strings.ToLower(f.Q)
}

// match says whether the outcome is asked for.
func (f *filter) match(o *stats.Outcome) bool {
	is := func(want, got string) bool { return want == "" || want == got || (want == none && got == "") }
	if !is(f.Campaign, o.Campaign) || !is(f.Channel, string(o.Channel)) || !is(f.Structure, string(o.Structure)) ||
		!is(f.State, string(o.Status)) || !is(f.Kind, o.Body.Kind) || !is(f.Sector, o.Body.Sector) || !is(f.Band, o.Body.Band) ||
		!is(f.Region, o.Body.Region) {
		return false
	}
	if f.Result == counted && !o.Counted() || f.Result != counted && !is(f.Result, string(o.Result)) {
		return false
	}
	if f.Week != "" && f.Week != stats.ByWeek.Of(o) {
		return false
	}
	if f.Within > 0 && (o.Result != stats.Answered || o.Late || o.Delay > f.Within.Milliseconds()) {
		return false
	}
	if f.Mark != "" && !marked(f.Mark, o) {
		return false
	}
	if f.Item != "" && !f.observed(o) {
		return false
	}
	return f.needle == "" || strings.Contains(strings.ToLower(o.Body.Name), f.needle) || strings.Contains(strings.ToLower(string(o.ID)), f.needle)
}

// observed says whether the item was observed in the audit, and came to the value that is asked for.
func (f *filter) observed(o *stats.Outcome) bool {
	x, ok := o.Items.Value(probes.ItemCode(f.Item))
	if !ok || o.Result == stats.Spoiled || o.Result == stats.InDoubt {
		return false
	}
	switch probes.Value(f.Value) {
	case probes.NotApplicable:
		return math.IsNaN(x)
	case probes.Yes:
		return x == 1
	case probes.No:
		return x == 0
	}
	return !math.IsNaN(x)
}

// marked says whether the outcome has the property. Those behind a published share are looked for where that share
// counts them.
func marked(mark string, o *stats.Outcome) bool {
	switch mark {
	case "acknowledged":
		return o.Acked && o.Counted()
	case "out-of-office":
		return o.Absent && o.Counted()
	case "polite":
		return o.Polite != nil && *o.Polite
	case "impolite":
		return o.Polite != nil && !*o.Polite
	case "junk":
		return o.Junk
	case "unsure":
		return o.Unsure > 0
	}
	return o.Late
}

// sort puts the places in the order asked for; without one they keep the plan's. Audits without a delay come last.
func (f *filter) sort(all []stats.Outcome, places []int32) {
	descending := strings.HasPrefix(f.Sort, "-")
	turn := func(n int) int {
		if descending {
			return -n
		}
		return n
	}
	var less func(a, b *stats.Outcome) int
	switch strings.TrimPrefix(f.Sort, "-") {
	case "due":
		less = func(a, b *stats.Outcome) int { return turn(a.Due.Compare(b.Due)) }
	case "structure":
		less = func(a, b *stats.Outcome) int {
			return cmp.Or(strings.Compare(a.Body.Name, b.Body.Name), cmp.Compare(a.Number, b.Number))
		}
	case "delay":
		less = func(a, b *stats.Outcome) int {
			x, has := delayOf(a)
			y, too := delayOf(b)
			if has != too {
				if has {
					return -1
				}
				return 1
			}
			return turn(cmp.Compare(x, y))
		}
	default:
		return
	}
	slices.SortStableFunc(places, func(i, j int32) int { return less(&all[i], &all[j]) })
}
