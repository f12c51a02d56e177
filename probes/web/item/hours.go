package item

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"github.com/sonde-fleet/sonde/probes/web/hours"
)

var (
	// notOwnHours matches titles of hours that are not when the body receives people.
	notOwnHours = regexp.MustCompile(`\b(messes?|cultes?|marche(s)?|bruit|tonte|travaux bruyants|jardinage|bus|navettes?|lignes?|arrosage|collecte|ramassage|medecins?|pharmacies?|cabinet|commerces?|boulangerie|restaurants?|livraisons?|maintenance|poste a|roulement|travaux|inscriptions?|vide-greniers?|concert|fete)\b`)
)

// hours finds when the body is open: each schedule that the text tells, and what the page says of it as data.
func (r *reader) hours() {
	for _, f := range hours.Find(r.plain) {
		if f.From < 0 || f.To > len(r.plain) || f.From >= f.To {
			continue
		}
		over := strings.Join(r.over(f.From), " | ")
		passage := foldLine(r.plain[f.From:f.To])
		before := r.before(f.From)
		if strings.Contains(f.OSM, "[") || notOwnHours.MatchString(before) || notOwnHours.MatchString(passage) && !ownBeside.MatchString(passage) {
			continue // once a month, or not an opening
		}
		if notOwnHours.MatchString(foldLine(f.Title)) || notOwnHours.MatchString(over) && !ownBeside.MatchString(over) || r.foreign(f.From) {
			continue
		}
		code := Hours
		if !f.Sure {
			code = UnsureHours
		}
		r.add(code, f.OSM, f.From, f.To)
	}
	r.data()
}

// schema is the part of schema.org's data that concerns opening hours. Programs write it, so its types vary.
type schema struct {
	Graph []schema `json:"@graph"`
	Hours texts    `json:"openingHours"`
	Specs specs    `json:"openingHoursSpecification"`
}

// texts is a string or a list of them.
type texts []string

func (t *texts) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = texts{one}
		return nil
	}
	var many []string
	if json.Unmarshal(data, &many) == nil {
		*t = many
	}
	return nil // another type is no opening hours, and no reason to leave the rest unread
}

// specs is an OpeningHoursSpecification or a list of them.
type specs []hours.Spec

func (s *specs) UnmarshalJSON(data []byte) error {
	type raw struct {
		Days         texts  `json:"dayOfWeek"`
		Opens        string `json:"opens"`
		Closes       string `json:"closes"`
		ValidFrom    string `json:"validFrom"`
		ValidThrough string `json:"validThrough"`
	}
	var many []raw
	if json.Unmarshal(data, &many) != nil {
		var one raw
		if json.Unmarshal(data, &one) != nil {
			return nil
		}
		many = []raw{one}
	}
	for _, x := range many {
		*s = append(*s, hours.Spec{Days: x.Days, Opens: x.Opens, Closes: x.Closes, ValidFrom: x.ValidFrom, ValidThrough: x.ValidThrough})
	}
	return nil
}

// data reads the opening hours that the page gives to programs: JSON-LD and microdata.
func (r *reader) data() {
	r.doc.Find(`script[type="application/ld+json"]`).EachWithBreak(func(i int, s sel) bool {
		text := []byte(cut(s.Text(), 200_000))
		var list []schema
		if json.Unmarshal(text, &list) != nil {
			var one schema
			if json.Unmarshal(text, &one) != nil {
				return i < 20
			}
			list = append(one.Graph, one)
		}
		for _, x := range list {
			if len(x.Hours) == 0 && len(x.Specs) == 0 {
				continue
			}
			if osm, ok := hours.FromSchema(x.Hours, x.Specs); ok {
				r.addNode(DataHours, osm, s.Nodes[0], strings.Join(x.Hours, "; "))
			}
		}
		return i < 20
	})
	var said []string
	r.doc.Find("[itemprop=openingHours]").EachWithBreak(func(i int, s sel) bool {
		n := s.Nodes[0]
		for _, name := range []string{"content", "datetime"} {
			if v := attr(n, name); v != "" {
				said = append(said, cut(v, 500))
				return i < 50
			}
		}
		said = append(said, cut(squeeze(s.Text()), 500))
		return i < 50
	})
	if len(said) > 0 {
		if osm, ok := hours.FromSchema(said, r.microSpecs()); ok {
			r.addNode(DataHours, osm, r.doc.Find("[itemprop=openingHours]").Nodes[0], strings.Join(said, "; "))
		}
		return
	}
	if list := r.microSpecs(); len(list) > 0 {
		if osm, ok := hours.FromSchema(nil, list); ok {
			r.addNode(DataHours, osm, r.doc.Find("[itemprop=openingHoursSpecification]").Nodes[0], osm)
		}
	}
}

func (r *reader) microSpecs() (out []hours.Spec) {
	r.doc.Find("[itemprop=openingHoursSpecification]").EachWithBreak(func(i int, s sel) bool {
		value := func(of sel) string {
			for _, a := range []string{"content", "datetime", "href"} {
				if v, ok := of.Attr(a); ok {
					return cut(v, 100)
				}
			}
			return cut(squeeze(of.Text()), 100)
		}
		var x hours.Spec
		s.Find("[itemprop=dayOfWeek]").Each(func(_ int, d *goquery.Selection) { x.Days = append(x.Days, value(d)) })
		x.Opens, x.Closes = value(s.Find("[itemprop=opens]").First()), value(s.Find("[itemprop=closes]").First())
		x.ValidFrom, x.ValidThrough = value(s.Find("[itemprop=validFrom]").First()), value(s.Find("[itemprop=validThrough]").First())
		out = append(out, x)
		return i < 50
	})
	return out
}
