package townhall

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/townhall/switchboard"
)

// Resident is one structure of the simulated town, with its conduct.
type Resident struct {
	probes.Structure
	Address   string
	Conduct   Conduct
	Site      Grade  // of its website
	Web       string // address of its website; empty: one that nobody serves
	Phone     string
	Telephone switchboard.Conduct
	Postal    string
	Form      Form // how it is written to, other than by its mailbox
}

// Form says how a structure that publishes no mailbox is written to.
type Form string

// The forms of the town's websites.
const (
	PlainForm   Form = "plain"
	CaptchaForm Form = "captcha" // wants a picture read: a person must write
)

// Target is the contact under which the directory has the structure's mail: its mailbox, or its form.
func (r *Resident) Target() string {
	if r.Form == "" || r.Web == "" {
		return r.Address
	}
	return r.Web + "contact"
}

// Forty returns the forty structures of the demo. Every way of answering, of failing and of keeping silent is there;
// private ones answer quicker than public ones, as the programme found.
func Forty() []Resident {
	towns := strings.Fields("Aubeval Bellerive Clairmont Dourdelle Estavel Fontjoie Grandpré Hautecombe Isleroy Jonquières Kerlann Lorvic " +
		"Marsannay Noirlieu Orvault-le-Vieux Pierrelune Quincy-sur-Loue Roquevert Saint-Amance Trévoline")
	regions := strings.Fields("Bretagne Occitanie Normandie Grand-Est Île-de-France")
	bands := []string{"<2k", "2-10k", "10-50k", ">50k"}
	hours := []string{"Mo-Fr 09:00-12:00,14:00-17:00", "Mo-Fr 08:30-17:30; Sa 09:00-12:00", "Mo-We,Fr 09:00-12:30,13:30-17:00; Th 13:30-19:00"}
	type kind struct {
		name, sector, title string
		n                   int
	}
	kinds := []kind{{"town hall", "public", "Ville de %s", 18}, {"département", "public", "Département de %s", 5},
		{"hospital", "public", "Centre hospitalier de %s", 5}, {"préfecture", "public", "Préfecture de %s", 3},
		{"company", "private", "Énergies de %s", 9}}
	conducts := conducts()
	public, private := telephones()
	var out []Resident
	for _, k := range kinds {
		for range k.n {
			i := len(out)
			town := towns[i%len(towns)]
			r := Resident{Structure: probes.Structure{ID: probes.StructureID(fmt.Sprintf("T%02d", i+1)), Name: fmt.Sprintf(k.title, town),
				Kind: k.name, Sector: k.sector, Band: bands[i%len(bands)], Region: regions[i%len(regions)], Zone: "Europe/Paris",
				Hours: hours[i%len(hours)] + "; PH off", Holidays: "FR"},
				Address: fmt.Sprintf("contact@%s-%02d.example", slug(town), i+1)}
			r.Conduct, r.Site = conducts[i%len(conducts)], Grades[i%len(Grades)]
			r.Conduct.Name = r.Name
			r.Phone = fmt.Sprintf("+33 1 99 00 %02d %02d", i/10+10, i)
			r.Telephone = public[i%len(public)]
			if k.sector == "private" {
				r.Telephone = private[i%len(private)]
			}
			r.Telephone.Name = r.Name
			r.Postal = fmt.Sprintf("%d place de la Fontaine, 219%02d %s", i+1, i, town)
			switch i { // middling sites of structures that answer
			case 3, 15:
				r.Form = PlainForm
			case 35:
				r.Form = CaptchaForm
			}
			if k.sector == "private" && r.Conduct.Median > 0 {
				r.Conduct.Median /= 4
				r.Conduct.Silent /= 2
			}
			out = append(out, r)
		}
	}
	return out
}

// conducts are the ways of a town, in turn.
func conducts() []Conduct {
	const h, day = time.Hour, 24 * time.Hour
	all := []string{probes.AnswerGiven, probes.AnswerGiven, probes.AnswerGiven, probes.AnswerTransferred, probes.AnswerAsksMore, probes.AnswerRefers}
	return []Conduct{
		{Median: 20 * h, Spread: 0.8, Silent: 0.1, Answers: all},
		{Median: 3 * day, Spread: 0.7, Silent: 0.3, Ack: true, Answers: all},
		{Silent: 1},
		{Median: 30 * h, Spread: 0.9, Silent: 0.2, Foreign: true, Answers: all},
		{Bounce: true},
		{Median: 2 * day, Spread: 0.6, Silent: 0.4, OutOf: true, Answers: all},
		{Median: 26 * h, Spread: 0.8, Silent: 0.3, Junk: true, Answers: all},
		{Refuse: true},
		{Median: 5 * day, Spread: 0.5, Silent: 0.5, Receipts: true, Answers: all},
		{Silent: 1, Ack: true},
		{Median: 10 * h, Spread: 1, Silent: 0.1, Ack: true, Receipts: true, Answers: all},
		{Challenge: true},
		{Median: 4 * day, Spread: 0.6, Silent: 0.4, Delay: true, Answers: all},
		{Median: 36 * h, Spread: 0.7, Silent: 0.5, Foreign: true, Ack: true, Answers: all},
		{Bounce: true, Delay: true},
		{Median: 6 * h, Spread: 0.6, Silent: 0.2, Answers: all},
		{Silent: 1, OutOf: true},
	}
}

// slug writes a name as a domain label.
func slug(s string) string {
	return strings.NewReplacer("é", "e", "è", "e", "Î", "i", "É", "e").Replace(strings.ToLower(s))
}

// WriteDirectory writes the residents as a structures.csv. Telephones are from the range that is kept for fiction.
func WriteDirectory(w io.Writer, residents []Resident) error {
	c := csv.NewWriter(w)
	if err := c.Write(strings.Fields("id name kind sector band region zone hours holidays ground ground_date recording mail web phone post")); err != nil {
		return err
	}
	for i, r := range residents {
		recording := "" // every second one has agreed to it
		if i%2 == 0 {
			recording = fmt.Sprintf("convention 2026-%02d", i+1)
		}
		web := r.Web
		if web == "" {
			_, domain, _ := strings.Cut(r.Address, "@")
			web = "https://www." + domain + "/"
		}
		err := c.Write([]string{string(r.ID), r.Name, r.Kind, r.Sector, r.Band, r.Region, r.Zone, r.Hours, r.Holidays, "mandate", "2026-01-05", recording,
			r.Target(), web, r.Phone, r.Postal})
		if err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}
