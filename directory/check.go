package directory

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule/calendar"
)

// check turns rows into structures and adds the faults of their content.
func (c *checker) check(rows []row) []Structure {
	structures := make([]Structure, 0, len(rows))
	ids := make(map[string]cell, len(rows))
	mailboxes := owners{}
	for i := range rows {
		s := c.structure(&rows[i])
		id := rows[i].fields[fieldID]
		if first, seen := ids[strings.ToUpper(id.text)]; seen && id.text != "" {
			c.add(id, fieldID, fmt.Sprintf("%s is there twice, first on line %d", id.text, first.line), "keep one of the two rows")
		} else {
			ids[strings.ToUpper(id.text)] = id
			mailboxes.own(c, &s, &rows[i])
		}
		structures = append(structures, s)
	}
	return structures
}

func (c *checker) structure(r *row) Structure {
	for _, name := range required {
		if at := r.fields[name]; at.text == "" && !r.wrong[name] {
			if at.line == 0 {
				at = cell{line: r.line, column: r.column}
			}
			c.add(at, name, "it is missing", mendMissing[name])
		}
	}
	get := func(name string) string { return r.fields[name].text }
	s := Structure{
		Structure: probes.Structure{
			ID: probes.StructureID(get(fieldID)), Name: get(fieldName), Kind: get(fieldKind), Sector: get(fieldSector),
			Band: get(fieldBand), Region: get(fieldRegion), Zone: get(fieldZone), Hours: get(fieldHours),
			Holidays: get(fieldHolidays),
		},
		Scheme: strings.ToLower(get(fieldScheme)), Ground: get(fieldGround), Recording: get(fieldRecording), Contacts: map[probes.Channel][]string{},
	}
	c.identifier(&s, r)
	if s.Sector != "" && s.Sector != "public" && s.Sector != "private" {
		c.add(r.fields[fieldSector], fieldSector, fmt.Sprintf("%q is not a sector", s.Sector), "write public or private")
	}
	for _, name := range []string{fieldName, fieldKind, fieldBand, fieldRegion, fieldGround, fieldRecording} {
		if strings.ContainsFunc(get(name), func(r rune) bool { return r < ' ' || r == 0x7f }) {
			c.add(r.fields[name], name, "it contains a control character or a line break", "remove it")
		}
	}
	c.clock(&s, r)
	c.ground(&s, r)
	switch shared := get(fieldShared); strings.ToLower(shared) {
	case "", "no", "false", "0":
	case "yes", "true", "1":
		s.Shared = true
	default:
		c.add(r.fields[fieldShared], fieldShared, fmt.Sprintf("%q is neither yes nor no", shared), "write yes or leave it empty")
	}
	for _, channel := range probes.Channels {
		for _, at := range r.contacts[channel] {
			contact, problem, mend := checkContact(channel, at.text)
			switch {
			case problem != "":
				c.add(at, string(channel), problem, mend)
			case slices.Contains(s.Contacts[channel], contact):
				c.add(at, string(channel), contact+" is there twice", "write it once")
			default:
				s.Contacts[channel] = append(s.Contacts[channel], contact)
			}
		}
	}
	if len(r.contacts) == 0 {
		c.add(cell{line: r.line, column: r.column}, fieldContacts, "there is no contact on any channel", "give at least one")
	}
	return s
}

var mendMissing = map[string]string{
	fieldID:         "give its SIRET, its INSEE code or an identifier of your own",
	fieldName:       "give the name that is printed in reports",
	fieldKind:       "for example mairie",
	fieldSector:     "write public or private",
	fieldZone:       "write an IANA time zone, for example Europe/Paris",
	fieldHours:      "write for example \"Mo-Fr 09:00-12:00,14:00-17:00; PH off\"",
	fieldGround:     "nobody is contacted without a legal ground; write for example mandate or consent",
	fieldGroundDate: "write the day of the mandate or consent, for example 2026-01-15",
}

// clock checks zone, hours and holidays.
func (c *checker) clock(s *Structure, r *row) {
	if s.Zone != "" {
		if _, err := calendar.Zone(s.Zone); err != nil {
			c.add(r.fields[fieldZone], fieldZone, fmt.Sprintf("%q is not an IANA time zone", s.Zone), "write for example Europe/Paris")
		}
	}
	if s.Hours != "" {
		var wrong *calendar.HoursError
		if _, err := calendar.ParseHours(s.Hours); errors.As(err, &wrong) {
			c.add(r.fields[fieldHours], fieldHours, wrong.Error(), "the syntax is that of OpenStreetMap's opening_hours")
		}
	}
	if _, err := calendar.Holidays(s.Holidays); err != nil {
		problem, mend, _ := strings.Cut(err.Error(), "; ")
		c.add(r.fields[fieldHolidays], fieldHolidays, problem, mend)
	}
}

func (c *checker) ground(s *Structure, r *row) {
	at := r.fields[fieldGroundDate]
	if at.text == "" {
		return
	}
	day, err := time.Parse(time.DateOnly, at.text)
	switch {
	case err != nil:
		c.add(at, fieldGroundDate, fmt.Sprintf("%q is not a date", at.text), "write year-month-day, for example 2026-01-15")
	case day.After(c.today):
		c.add(at, fieldGroundDate, at.text+" is in the future", "a ground counts from the day on which it was given")
	case day.Year() < 1990:
		c.add(at, fieldGroundDate, at.text+" is too long ago to be meant", "write the day of the mandate or consent")
	}
	s.GroundDate = day
}

// owners remembers who owns a contact, to find one that two structures claim.
type owners map[probes.Channel]map[string]owner

type owner struct {
	id     probes.StructureID
	line   int
	shared bool
}

// own claims the contacts of s. Two structures may share a website or a postal address; a mailbox, a telephone line or
// an account can be shared only if both say so, for an answer could not be told apart.
func (o owners) own(c *checker, s *Structure, r *row) {
	for _, channel := range slices.Sorted(maps.Keys(s.Contacts)) {
		if channel != probes.Mail && channel != probes.Phone && channel != probes.Social {
			continue
		}
		if o[channel] == nil {
			o[channel] = map[string]owner{}
		}
		for i, contact := range s.Contacts[channel] {
			key := strings.ToLower(contact)
			first, taken := o[channel][key]
			if taken && (!first.shared || !s.Shared) {
				at := r.contacts[channel][min(i, len(r.contacts[channel])-1)]
				c.add(at, string(channel), fmt.Sprintf("%s is also the contact of %s on line %d", contact, first.id, first.line),
					"correct one, or set shared to yes in both rows")
			}
			if !taken {
				o[channel][key] = owner{s.ID, r.line, s.Shared}
			}
		}
	}
}
