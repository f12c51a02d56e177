package item

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"

	"github.com/sonde-fleet/sonde/probes"
)

// exactMention is the wording that the decree fixes (décret n° 2019-768, art. 6), whatever its case and spaces.
var exactMention = regexp.MustCompile(`\baccessibilite ?: ?(non|partiellement|totalement) conforme\b`)

// declared compares what the home page mentions with what the statement says. A statement is believed three years.
func (s *summary) declared() {
	home := s.pages[0]
	mention, near := "", ""
	for _, m := range home.Mentions {
		if m.Code != Level && m.Code != AccessibilityLink {
			continue
		}
		f := foldLine(m.Passage)
		if mention == "" && exactMention.MatchString(f) {
			mention = m.Passage
		} else if near == "" {
			near = m.Passage
		}
	}
	if mention != "" {
		s.yes("web.statement.mention", true, home.URL, mention)
	} else {
		s.yes("web.statement.mention", false, home.URL, near)
	}
	p, m := s.first(Statement)
	if m == nil {
		return
	}
	levels, rates := Values(p.Mentions, Level), Values(p.Mentions, Rate)
	at := s.homeLevel()
	switch {
	case len(levels) == 0 || at == "":
		s.set("web.statement.level-agrees", probes.NotApplicable, p.URL, "")
	default:
		s.yes("web.statement.level-agrees", s.stated(p) == at, p.URL, at+" / "+s.stated(p))
	}
	if len(rates) > 0 {
		rate, err := strconv.ParseFloat(rates[0], 64)
		if err == nil && !math.IsNaN(rate) {
			s.number("web.statement.rate", rate, p.URL, rates[0]+" %")
			if level := s.stated(p); level != "" {
				s.yes("web.statement.rate-agrees", levelOfRate(rate) == level, p.URL, fmt.Sprintf("%s, %s %%", level, rates[0]))
			}
		}
	}
	if dates := Values(p.Mentions, StatementDate); len(dates) > 0 && !s.m.Now.IsZero() {
		if t, err := time.Parse(time.DateOnly, dates[0]); err == nil {
			s.yes("web.statement.fresh", !s.m.Now.After(t.AddDate(3, 0, 0)), p.URL, dates[0])
		}
	}
}

// homeLevel is the level that the home page mentions.
func (s *summary) homeLevel() string {
	if l := Values(s.pages[0].Mentions, Level); len(l) > 0 {
		return l[0]
	}
	return ""
}

// stated is the level that the statement's own text states: not that of the mention in its page's footer.
func (s *summary) stated(p *Visited) string {
	level := ""
	for _, m := range p.Mentions {
		if m.Code == Level && (level == "" || m.Region == "main" || m.Region == "") {
			level = m.Value
			if m.Region == "main" {
				return level
			}
		}
	}
	return level
}

// levelOfRate is the level that a rate means: all criteria, half of them or more, fewer (RGAA 4.1, obligations).
func levelOfRate(rate float64) string {
	switch {
	case rate >= 100:
		return "fully"
	case rate >= 50:
		return "partially"
	}
	return "non"
}
