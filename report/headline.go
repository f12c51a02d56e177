package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/url"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

// Published is a figure as the programme printed it; NaN where it printed none, or only that it was higher or lower.
type Published struct {
	Value float64
	About bool   // "about 1 in 2"
	Trend string // "higher" or "lower" than in the other edition, without a figure
}

var (
	unpublished = Published{Value: math.NaN()}
	higher      = Published{Value: math.NaN(), Trend: "higher"}
	lower       = Published{Value: math.NaN(), Trend: "lower"}
	oneInTwo    = Published{Value: 0.5, About: true}
)

func share(x float64) Published { return Published{Value: x} }

// Comparison is one figure of the programme that Sonde automates, and how it is measured here: the share answered within a
// delay (Kaplan–Meier) or its complement, the share answered at all, the share of answers with a politeness formula, or a figure of the calls.
type Comparison struct {
	Key          string // names the figure in messages
	Figure       string // in English
	Channel      probes.Channel
	Sector       string // the group that it is about, empty for all
	Unit         string // of a mean; empty: a share
	Y2013, Y2023 Published

	within time.Duration
	silent bool
	polite bool
	calls  probes.ItemCode // of the figures of calls: the item that marks the audits behind it
}

const fiveDays = 5 * 24 * time.Hour

// Programme is the public table of the programme that Sonde automates, for comparison.
var Programme = [...]Comparison{
	{Key: "first-attempt", Figure: "calls answered at the first attempt", Channel: probes.Phone, Y2013: higher, Y2023: lower, calls: "phone.first-attempt"},
	{Key: "wait", Figure: "time waited on the telephone", Channel: probes.Phone, Unit: "s", Y2013: share(16), Y2023: share(28), calls: "phone.wait"},
	{Key: "letters", Figure: "letters answered", Channel: probes.Post, Y2013: higher, Y2023: lower},
	{Key: "silent-5d", Figure: "e-mails with no answer within 5 days", Channel: probes.Mail, Y2013: oneInTwo, Y2023: oneInTwo, within: fiveDays, silent: true},
	{Key: "within-24h-public", Figure: "e-mails answered within 24 h, public", Channel: probes.Mail, Sector: "public", Y2013: unpublished, Y2023: share(0.38), within: 24 * time.Hour},
	{Key: "within-24h-private", Figure: "e-mails answered within 24 h, private", Channel: probes.Mail, Sector: "private", Y2013: unpublished, Y2023: share(0.85), within: 24 * time.Hour},
	{Key: "polite-public", Figure: "answers with a politeness formula, public", Channel: probes.Mail, Sector: "public", Y2013: unpublished, Y2023: share(0.99), polite: true},
	{Key: "polite-private", Figure: "answers with a politeness formula, private", Channel: probes.Mail, Sector: "private", Y2013: unpublished, Y2023: share(0.91), polite: true},
}

// Headline is one figure of the programme as a campaign measures it, with the audits behind it.
type Headline struct {
	Comparison
	Value, Low, High float64    // a share, or a mean in the figure's unit, with its 95 % interval; NaN when there is none
	N                int        // audits behind it; none: the channel was not audited, or is not built yet
	Audits           url.Values // the audits behind it, as the site's list of audits takes them
}

// Known is what a caller has of its outcomes already: of a channel, the places of its audits and their report by sector.
type Known struct {
	Places   func(probes.Channel) []int32
	BySector func(probes.Channel) (stats.Report, error)
}

// knownOf goes through all the outcomes, for a caller that has nothing yet. A channel's report is made once, for however many figures.
func knownOf(outcomes []stats.Outcome) *Known {
	places, reports := map[probes.Channel][]int32{}, map[probes.Channel]stats.Report{}
	for i := range outcomes {
		places[outcomes[i].Channel] = append(places[outcomes[i].Channel], int32(i))
	}
	return &Known{
		Places: func(c probes.Channel) []int32 { return places[c] },
		BySector: func(c probes.Channel) (r stats.Report, err error) {
			r, ok := reports[c]
			if !ok {
				if r, err = stats.SummaryAt(outcomes, places[c], stats.BySector); err == nil {
					reports[c] = r
				}
			}
			return r, err
		},
	}
}

// Headlines returns the programme's figures from the outcomes, in the order of Programme; known is what the caller has of them
// already, nil for nothing.
func Headlines(outcomes []stats.Outcome, known *Known) ([]Headline, error) {
	if known == nil {
		known = knownOf(outcomes)
	}
	out := make([]Headline, 0, len(Programme))
	var calls []stats.CallReport
	for _, c := range Programme {
		h := Headline{Comparison: c, Value: math.NaN(), Low: math.NaN(), High: math.NaN(), Audits: url.Values{"channel": {string(c.Channel)}}}
		if c.Sector != "" {
			h.Audits.Set("sector", c.Sector)
		}
		if c.calls != "" {
			h.Audits.Set("item", string(c.calls))
			if calls == nil {
				var err error
				if calls, err = stats.CallsAt(outcomes, known.Places(c.Channel), ""); err != nil {
					return nil, err
				}
			}
			h.ofCalls(&calls[0].All)
			out = append(out, h)
			continue
		}
		r, err := known.BySector(c.Channel)
		if err != nil {
			return nil, err
		}
		if f := inSector(&r, c.Sector); f != nil && f.Counted() > 0 {
			h.ofFigures(f)
		}
		out = append(out, h)
	}
	return out, nil
}

// inSector returns the figures of a sector, those of all without one; nil when there is no such group.
func inSector(r *stats.Report, sector string) *stats.Figures {
	if sector == "" {
		return &r.All
	}
	i := slices.IndexFunc(r.Groups, func(f stats.Figures) bool { return f.Group == sector })
	if i < 0 {
		return nil
	}
	return &r.Groups[i]
}

// ofFigures takes the figure from those of its group.
func (h *Headline) ofFigures(f *stats.Figures) {
	switch {
	case h.polite:
		h.Audits.Set("mark", "polite")
		h.of(f.Polite)
	case h.within == 0:
		h.Audits.Set("result", string(stats.Answered))
		h.of(stats.Wilson(f.Results[stats.Answered], f.Counted()))
	default:
		x := f.Rates[slices.Index(stats.Horizons[:], h.within)]
		h.Value, h.Low, h.High, h.N = x.Share, x.Low, x.High, f.Counted()
		if h.silent {
			h.Audits.Set("result", "counted")
			h.Value, h.Low, h.High = 1-x.Share, 1-x.High, 1-x.Low
		} else {
			h.Audits.Set("within", strconv.Itoa(int(h.within.Hours())))
		}
	}
}

func (h *Headline) of(p stats.Proportion) { h.Value, h.Low, h.High, h.N = p.Share, p.Low, p.High, p.N }

// ofCalls takes the figure from those of the calls: a mean in seconds, over those who reached a person, or a share.
func (h *Headline) ofCalls(f *stats.CallFigures) {
	if h.Unit == "" {
		h.of(f.FirstAttempt)
		return
	}
	h.Value, h.Low, h.High, h.N = f.Wait/1000, f.WaitLo/1000, f.WaitHi/1000, f.Waited
}

// Compare writes the programme's figures beside our own, each with its interval and the list of audits behind it, under the
// address of the site.
func Compare(w io.Writer, headlines []Headline, site string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "figure\t2013\t2023\tthis campaign\t95 % interval\taudits\tfrom")
	for _, h := range headlines {
		from := site + "/audits?" + h.Audits.Encode()
		if h.N == 0 {
			from = "no audits: " + string(h.Channel) + " was not audited"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", h.Figure, h.published(h.Y2013), h.published(h.Y2023), h.in(h.Value), h.interval(), h.N, from)
	}
	return t.Flush()
}

// HeadlineLine is a figure of the programme as JSON has it.
type HeadlineLine struct {
	Figure  string   `json:"figure"`
	Channel string   `json:"channel"`
	Sector  string   `json:"sector,omitempty"`
	Unit    string   `json:"unit,omitempty"` // of a mean; without one it is a share
	Y2013   any      `json:"2013"`           // a number, "higher" or "lower", or null
	Y2023   any      `json:"2023"`
	Value   *float64 `json:"value"`
	Low     *float64 `json:"low"`
	High    *float64 `json:"high"`
	Audits  int      `json:"audits"`
	From    string   `json:"from"` // the list of these audits; each leads to its events and evidence
}

// HeadlinesJSON writes one object a line, under the address of the site.
func HeadlinesJSON(w io.Writer, headlines []Headline, site string) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	printed := func(p Published) any {
		if p.Trend != "" {
			return p.Trend
		}
		return defined(p.Value)
	}
	for _, h := range headlines {
		if err := e.Encode(map[string]HeadlineLine{"headline": {h.Key, string(h.Channel), h.Sector, h.Unit, printed(h.Y2013), printed(h.Y2023),
			defined(h.Value), defined(h.Low), defined(h.High), h.N, site + "/audits?" + h.Audits.Encode()}}); err != nil {
			return err
		}
	}
	return nil
}

// in writes a value in the figure's unit.
func (c *Comparison) in(x float64) string {
	if c.Unit == "" || math.IsNaN(x) {
		return Percent(x)
	}
	return strconv.FormatFloat(x, 'f', 1, 64) + " " + c.Unit
}

func (h *Headline) interval() string {
	if math.IsNaN(h.Low) || math.IsNaN(h.High) {
		return ""
	}
	return h.in(h.Low) + " – " + h.in(h.High)
}

func (c *Comparison) published(p Published) string {
	switch {
	case p.Trend != "":
		return p.Trend
	case math.IsNaN(p.Value):
		return ""
	case c.Unit != "":
		return strconv.FormatFloat(p.Value, 'f', -1, 64) + " " + c.Unit
	case p.About:
		return fmt.Sprintf("≈ %.0f %%", 100*p.Value)
	}
	return fmt.Sprintf("%.0f %%", 100*p.Value)
}
