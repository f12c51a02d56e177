package site

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/review"
	"github.com/sonde-fleet/sonde/stats"
)

// queueRows is how many flags a page of the queue shows: as many as can be answered at one sitting.
const queueRows = 50

// The states in which a flag can be asked for.
const (
	flagOpen     = "open"
	flagSecond   = "second"
	flagAnswered = "answered"
	flagAll      = "all"
)

var flagStates = [...]string{flagOpen, flagSecond, flagAnswered, flagAll}

// queue is the page of the flags.
type queue struct {
	frame
	Count string
	Kinds []kindBar
	Menus []menu
	Rows  []flagCard
	pager
	ClearURL string
	Kept     []hidden
}

// kindBar is one kind with its open flags, as a bar.
type kindBar struct {
	Name, Count, URL string
	Width            float64 // 0 to 100
	Current          bool
}

// flagCard is one flag as the queue and the page of its audit show it.
type flagCard struct {
	Frame        *frame
	Kind, Name   string
	Why, Ask     string
	Audit, URL   string
	Structure    string
	Channel      string
	Others       []link
	Open, Second bool
	Verdicts     []verdictLine
	Form         *verdictForm // nil where the visitor may not decide
	ID           string       // of the element; empty in the queue, where one audit can be there twice
	Anchor       string       // of the flag on the page of its audit
	Back         string       // where the form leads back to
}

type verdictLine struct {
	Text, Reason string
	At           stamp
	N            uint64
	Mine         bool // may be taken back by the visitor
	Post         string
}

// queueFilter is what the URL of the queue asks for.
type queueFilter struct {
	Kind, State, Campaign, Channel, Structure, Lang string
	Page                                            int
}

func parseQueue(q url.Values) (queueFilter, error) {
	f := queueFilter{Kind: q.Get("kind"), State: q.Get("state"), Campaign: q.Get("campaign"), Channel: q.Get("channel"), Structure: q.Get("structure"),
		Lang: q.Get("lang"), Page: 1}
	if f.Kind != "" && !slices.Contains(review.Kinds[:], review.Kind(f.Kind)) || f.State != "" && !slices.Contains(flagStates[:], f.State) ||
		f.Channel != "" && !slices.Contains(probes.Channels[:], probes.Channel(f.Channel)) {
		return queueFilter{Lang: f.Lang, Page: 1}, errFilter
	}
	if s := q.Get("page"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 1e7 {
			return queueFilter{Lang: f.Lang, Page: 1}, errFilter
		}
		f.Page = n
	}
	return f, nil
}

func (f queueFilter) href() string {
	q := url.Values{}
	for name, value := range map[string]string{"kind": f.Kind, "state": f.State, "campaign": f.Campaign, "channel": f.Channel, "structure": f.Structure, "lang": f.Lang} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if f.Page > 1 {
		q.Set("page", strconv.Itoa(f.Page))
	}
	if len(q) == 0 {
		return "/review"
	}
	return "/review?" + q.Encode()
}

// match says whether the flag is asked for; the kind is not looked at, because the bars count all kinds.
func (f *queueFilter) match(x *review.Flag) bool {
	switch cmp.Or(f.State, flagOpen) {
	case flagOpen:
		if !x.Open {
			return false
		}
	case flagSecond:
		if !x.Second {
			return false
		}
	case flagAnswered:
		if x.Open || len(x.Verdicts) == 0 {
			return false
		}
	}
	return (f.Campaign == "" || f.Campaign == x.Campaign) && (f.Channel == "" || f.Channel == string(x.Channel)) &&
		(f.Structure == "" || f.Structure == string(x.Structure))
}

func (s *server) queue(w http.ResponseWriter, r *http.Request) {
	f, err := parseQueue(r.URL.Query())
	if err != nil {
		s.problem(w, r, http.StatusBadRequest)
		return
	}
	v := s.views.get()
	p := &queue{frame: s.frame(r, filter{Campaign: f.Campaign, Lang: f.Lang})}
	p.Here, p.Title, p.ClearURL = "review", p.T("review.title"), queueFilter{Lang: f.Lang, Page: 1}.href()
	p.alternate(r, func(lang string) string { g := f; g.Lang = lang; return g.href() })
	counts := map[review.Kind]int{}
	var found []*review.Flag
	all := v.review()
	for i := range all {
		if x := &all[i]; f.match(x) {
			counts[x.Kind]++
			if f.Kind == "" || f.Kind == string(x.Kind) {
				found = append(found, x)
			}
		}
	}
	p.bars(counts, f)
	p.form(v, f)
	p.Count = p.N("flags", len(found))
	p.pager = p.frame.pager(f.Page, len(found), queueRows, func(page int) string { to := f; to.Page = page; return to.href() })
	from := min((f.Page-1)*queueRows, len(found))
	for _, x := range found[from:min(from+queueRows, len(found))] {
		card := s.card(&p.frame, r, v, x)
		card.Back, card.ID = f.href(), ""
		p.Rows = append(p.Rows, card)
	}
	s.render(w, r, http.StatusOK, "review", p)
}

func (p *queue) bars(counts map[review.Kind]int, f queueFilter) {
	most := 1
	for _, n := range counts {
		most = max(most, n)
	}
	for _, k := range review.Kinds {
		n := counts[k]
		if n == 0 && f.Kind != string(k) {
			continue
		}
		to := f
		to.Page = 1
		if to.Kind = string(k); f.Kind == string(k) {
			to.Kind = "" // a second click lifts it
		}
		p.Kinds = append(p.Kinds, kindBar{p.Term("flag", string(k)), p.Int(n), to.href(), 100 * float64(n) / float64(most), f.Kind == string(k)})
	}
}

func (p *queue) form(v *view, f queueFilter) {
	states := menu{Name: "state", Label: p.T("review.state")}
	for _, x := range flagStates {
		states.Options = append(states.Options, option{x, p.T("review.state." + x), x == cmp.Or(f.State, flagOpen)})
	}
	channels := menu{Name: "channel", Label: p.T("by.channel"), Options: []option{{"", p.T("menu.any"), f.Channel == ""}}}
	for _, c := range probes.Channels {
		channels.Options = append(channels.Options, option{string(c), p.Term("channel", string(c)), f.Channel == string(c)})
	}
	p.Menus = append(p.Menus, states, channels)
	if len(v.Launches) > 1 {
		campaigns := menu{Name: "campaign", Label: p.T("by.campaign"), Options: []option{{"", p.T("menu.any"), f.Campaign == ""}}}
		for _, l := range v.Launches {
			campaigns.Options = append(campaigns.Options, option{l.Campaign, cmp.Or(l.Title, l.Campaign), f.Campaign == l.Campaign})
		}
		p.Menus = append(p.Menus, campaigns)
	}
	for _, k := range []hidden{{"kind", f.Kind}, {"structure", f.Structure}, {"lang", f.Lang}} {
		if k.Value != "" {
			p.Kept = append(p.Kept, k)
		}
	}
}

// card makes a flag ready to be shown.
func (s *server) card(p *frame, r *http.Request, v *view, x *review.Flag) flagCard {
	o := v.outcome(x.Audit)
	c := flagCard{Frame: p, Kind: string(x.Kind), Name: p.Term("flag", string(x.Kind)), Why: p.why(x), Ask: p.T("flag." + string(x.Kind) + ".ask"),
		Audit: string(x.Audit), Structure: string(x.Structure), Channel: p.Term("channel", string(x.Channel)), Open: x.Open, Second: x.Second,
		ID: flagID(x), Anchor: flagID(x)}
	if o != nil {
		c.URL, c.Structure = auditURL(o, p.Asked), cmp.Or(o.Body.Name, c.Structure)
	}
	for _, id := range x.Others {
		if o := v.outcome(id); o != nil {
			c.Others = append(c.Others, link{Text: string(id), URL: auditURL(o, p.Asked)})
		}
	}
	who := access.From(r.Context())
	for i := range x.Verdicts {
		c.Verdicts = append(c.Verdicts, p.verdictLine(&x.Verdicts[i], x.Audit, who))
	}
	if x.Open && s.pen != nil && who.May(access.Review) && !decidedBy(x.Verdicts, who.Account.Name) {
		c.Form = p.verdictForm(x)
	}
	return c
}

// flagID names a flag's element on the page of its audit.
func flagID(x *review.Flag) string {
	id := "flag-" + string(x.Kind)
	if x.Mail != "" && len(x.Mail) >= 12 {
		id += "-" + string(x.Mail[:12])
	}
	return id
}

// decidedBy says whether the account has a verdict there already: a second reader is somebody else.
func decidedBy(all []stats.Verdict, account string) bool {
	return slices.ContainsFunc(all, func(v stats.Verdict) bool { return v.By == account })
}

// why tells the reason of a flag with its figures.
func (l *locale) why(x *review.Flag) string {
	if x.Gone {
		return l.T("flag.gone")
	}
	group := x.Group
	if group == "own" {
		group = l.T("flag.own-history")
	}
	text := x.Text
	switch x.Kind {
	case review.Contested:
		text = l.Term("flag", x.Text)
	case review.UnsurePerson:
		if text = undefined; slices.Contains(answering[:], x.Text) {
			text = l.Term("first", x.Text)
		}
	case review.Contradiction, review.ItemsDiffer:
		var names []string
		for _, code := range strings.Fields(x.Text) {
			names = append(names, l.Item(probes.ItemCode(code)))
		}
		text = strings.Join(names, ", ")
	}
	p := "=" + nbsp + l.Decimal(x.P, 6)
	if x.P < 1e-6 {
		p = "<" + nbsp + l.Decimal(1e-6, 6)
	}
	key := "flag." + string(x.Kind) + ".why"
	if x.Kind == review.FaultPattern && x.Text == "" {
		key += ".mailbox"
	}
	return l.T(key, "N", l.Int(x.N), "Of", l.Int(x.Of), "Delay", l.Delay(float64(max(x.Delay, -x.Delay))), "Usual", l.Delay(float64(x.Usual)), "Share", l.Percent(x.Share),
		"Expected", l.Percent(x.Expected), "P", p, "Z", l.Decimal(x.Z, 1), "Group", group, "Text", text, "Want", x.Want)
}

// Explainer returns what tells the reason of a flag in the language, as the queue does.
func Explainer(lang string) (func(*review.Flag) string, error) {
	l, err := loadLocales()
	if err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}
	return l.pick(lang, "").why, nil
}

// Item names an item of the grid, its code when it has no name here.
func (l *locale) Item(code probes.ItemCode) string {
	if i, ok := grid.Current().Item(code); ok {
		return i.Name.In(l.Lang == "fr")
	}
	return cmp.Or(string(code), l.T("group.none")) // a fact of a scenario, or no item at all
}
