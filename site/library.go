package site

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/internal/fold"
	"github.com/sonde-fleet/sonde/probes"
)

// library is the page of the grid's items, or of the practices: both are searched by words, channel and determinant.
type library struct {
	frame
	Action       string
	Q            string
	Channels     []option
	Determinants []option
	Count        string
	Groups       []itemGroup
	Practices    []practiceCard
	Facts        []fact
}

type itemGroup struct {
	Name, About string
	Rows        []itemLine
}

type itemLine struct {
	Code, Name, Mend                             string
	Channel, Stage, Observer, Rule, Source, Unit string
	Awaiting                                     bool
}

type practiceCard struct {
	Code, Name, Detail, Who string
	Tags                    string
}

// searched is what a library's URL asks for.
type searched struct {
	words                []string
	channel, determinant string
}

func (s searched) has(text string) bool {
	text = fold.Text(text)
	return !slices.ContainsFunc(s.words, func(w string) bool { return !strings.Contains(text, w) })
}

func (s *server) library(r *http.Request, here string) (*library, searched) {
	q := r.URL.Query()
	p := &library{frame: s.frame(r, filter{Lang: q.Get("lang")}), Q: q.Get("q"), Action: r.URL.Path}
	p.Here, p.Title = here, p.T(here+".title")
	p.alternate(r, func(lang string) string {
		to := url.Values{"lang": {lang}}
		for _, k := range []string{"q", "channel", "determinant"} {
			if x := q.Get(k); x != "" {
				to.Set(k, x)
			}
		}
		return r.URL.Path + "?" + to.Encode()
	})
	ask := searched{strings.Fields(fold.Text(p.Q)), q.Get("channel"), q.Get("determinant")}
	p.Channels = []option{{"", p.T("menu.any"), ask.channel == ""}}
	for _, c := range probes.Channels {
		p.Channels = append(p.Channels, option{string(c), p.Term("channel", string(c)), ask.channel == string(c)})
	}
	p.Determinants = []option{{"", p.T("menu.any"), ask.determinant == ""}}
	for _, d := range grid.Current().Determinants {
		p.Determinants = append(p.Determinants, option{d.Code, d.Name.In(p.Lang == "fr"), ask.determinant == d.Code})
	}
	return p, ask
}

// gridPage shows the items by determinant: what is judged, by whom, and what it is worth.
func (s *server) gridPage(w http.ResponseWriter, r *http.Request) {
	p, ask := s.library(r, "grid")
	g, french, n := grid.Current(), p.Lang == "fr", 0
	p.Facts = []fact{{Name: p.T("barometer.grid"), Value: g.Version}, {Name: "SHA-256", Value: string(g.Hash)}}
	for _, d := range g.Determinants {
		if ask.determinant != "" && ask.determinant != d.Code {
			continue
		}
		group := itemGroup{Name: d.Name.In(french), About: d.About.In(french)}
		for i := range g.Items {
			it := &g.Items[i]
			if it.Determinant != d.Code || ask.channel != "" && ask.channel != string(it.Channel) || !ask.has(it.Name.EN+" "+it.Name.FR+" "+string(it.Code)+" "+it.Source) {
				continue
			}
			n++
			group.Rows = append(group.Rows, itemLine{Code: string(it.Code), Name: it.Name.In(french), Mend: it.Mend.In(french), Channel: p.Term("channel", string(it.Channel)),
				Stage: g.StageNames[it.Stage].In(french), Observer: p.T("observer." + string(it.Observer)), Rule: p.rule(it.Rule), Source: it.Source, Unit: it.Unit, Awaiting: it.Awaiting()})
		}
		if len(group.Rows) > 0 {
			p.Groups = append(p.Groups, group)
		}
	}
	p.Count = p.N("grid.items", n)
	s.render(w, r, http.StatusOK, "grid", p)
}

// rule says which value earns the points.
func (p *library) rule(r grid.Rule) string {
	switch r.Kind {
	case "yes":
		return p.T("value.true")
	case "no":
		return p.T("value.false")
	}
	return r.String()
}

// practicesPage is the library of practices that a report can cite.
func (s *server) practicesPage(w http.ResponseWriter, r *http.Request) {
	p, ask := s.library(r, "practices")
	french := p.Lang == "fr"
	for _, x := range grid.Practices() {
		if ask.channel != "" && !slices.Contains(x.Channels, probes.Channel(ask.channel)) || ask.determinant != "" && !slices.Contains(x.Determinants, ask.determinant) ||
			!ask.has(x.Name.EN+" "+x.Name.FR+" "+x.Detail.EN+" "+x.Detail.FR+" "+x.Who+" "+x.Source) {
			continue
		}
		card := practiceCard{Code: x.Code, Name: x.Name.In(french), Detail: x.Detail.In(french)}
		var tags []string
		for _, d := range x.Determinants {
			tags = append(tags, grid.Current().Determinant(d).Name.In(french))
		}
		for _, c := range x.Channels {
			tags = append(tags, p.Term("channel", string(c)))
		}
		card.Tags = strings.Join(tags, " · ")
		if x.Who != "" {
			card.Who = p.T("practices.who", "Who", x.Who, "Source", x.Source)
		}
		p.Practices = append(p.Practices, card)
	}
	p.Count = p.N("practices.found", len(p.Practices))
	s.render(w, r, http.StatusOK, "practices", p)
}
