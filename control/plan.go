package control

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/directory"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule"
	"github.com/sonde-fleet/sonde/schedule/calendar"
)

// WhatIf is what a preview changes of the campaign file. What is not given stays as it is in the file; 0 means no bound.
// There is no other seed: nobody draws until the timetable pleases.
type WhatIf struct {
	Start           string `json:"start,omitempty"` // 2026-03-02
	End             string `json:"end,omitempty"`
	StructurePerDay *int   `json:"structure_per_day,omitempty"`
	DomainPerHour   *int   `json:"domain_per_hour,omitempty"`
	PersonaPerHour  *int   `json:"persona_per_hour,omitempty"`
	PerHour         *int   `json:"per_hour,omitempty"`
}

// Plan is the preview of a timetable.
type Plan struct {
	Campaign   string                 `json:"campaign"`
	Title      string                 `json:"title,omitempty"`
	Zone       string                 `json:"zone"` // of the days and hours below
	Start      string                 `json:"start"`
	End        string                 `json:"end"`
	Caps       Caps                   `json:"caps"`
	Structures int                    `json:"structures"`
	Audits     int                    `json:"audits"`
	Channels   map[probes.Channel]int `json:"channels"`
	Awaiting   []probes.Channel       `json:"awaiting,omitempty"` // channels of the plan that this prober does not have
	Waves      map[string]int         `json:"waves"`
	Days       []Day                  `json:"days"`      // from the first day with an audit to the last
	Missing    int                    `json:"missing"`   // audits that the timetable cannot hold
	Conflicts  []Conflict             `json:"conflicts"` // at most 1000; conflict_count says how many there are
	ConflictN  int                    `json:"conflict_count"`
	Kinds      map[string]int         `json:"kinds,omitempty"` // audits missing by kind of conflict
	Files      []File                 `json:"files"`
}

// Caps bound how hard anybody is contacted; 0 means no bound.
type Caps struct {
	StructurePerDay int `json:"structure_per_day"`
	DomainPerHour   int `json:"domain_per_hour"`
	PersonaPerHour  int `json:"persona_per_hour"`
	PerHour         int `json:"per_hour"`
}

// Day is how many audits are due in each local hour of a day.
type Day struct {
	Date  string  `json:"date"`
	Hours [24]int `json:"hours"`
}

// Conflict is what the campaign asks for and the timetable cannot hold.
type Conflict struct {
	Structure probes.StructureID `json:"structure"`
	Channel   probes.Channel     `json:"channel,omitempty"`
	Wave      string             `json:"wave,omitempty"`
	Kind      string             `json:"kind"`
	Audits    int                `json:"audits"` // how many are missing
	Text      string             `json:"text"`
}

// File is a file that a timetable is computed from.
type File struct {
	Name   string      `json:"name"`
	SHA256 probes.Hash `json:"sha256"`
}

// Hashes are those of the files: what an Approval names.
func (p *Plan) Hashes() []probes.Hash { return hashes(p.Files) }

func hashes(files []File) (list []probes.Hash) {
	for _, f := range files {
		list = append(list, f.SHA256)
	}
	return list
}

// Files is what a prober computes its timetable from.
type Files struct {
	Prober     *config.Prober
	Campaign   *config.Campaign
	Structures []directory.Structure
	Files      []File
}

const (
	// maxWindow bounds a preview: the longest campaign that makes sense, and some more.
	maxWindow = 3 * 366
	// waitForPreview is how long a preview waits for the one before it. A large one takes a second and 300 MB.
	waitForPreview = 30 * time.Second
)

// plan computes a preview, one at a time.
func (s *Server) plan(ctx context.Context, w WhatIf) (*Plan, error) {
	ctx, cancel := context.WithTimeout(ctx, waitForPreview)
	defer cancel()
	select {
	case s.planning <- struct{}{}:
		defer func() { <-s.planning }()
	case <-ctx.Done():
		return nil, refuse(http.StatusServiceUnavailable, "another preview is being computed; Try: again in a minute")
	}
	if s.o.Load == nil {
		return nil, refuse(http.StatusServiceUnavailable, "no agent runs here; Try: prober run")
	}
	f, err := s.o.Load()
	if err != nil {
		return nil, refuse(http.StatusUnprocessableEntity, "%v", err)
	}
	c, err := w.apply(f.Campaign)
	if err != nil {
		return nil, err
	}
	audits, conflicts, err := schedule.Plan(c, f.Structures)
	if err != nil {
		return nil, refuse(http.StatusUnprocessableEntity, "%v", err)
	}
	return preview(c, len(f.Structures), audits, conflicts, f.Files, s.o.Built)
}

// apply returns the campaign with the changes.
func (w WhatIf) apply(from *config.Campaign) (*config.Campaign, error) {
	c := *from
	for _, date := range []struct {
		name, given string
		to          *string
	}{{"start", w.Start, &c.Start}, {"end", w.End, &c.End}} {
		if date.given != "" {
			*date.to = date.given
		}
		if _, err := calendar.ParseDay(*date.to); err != nil {
			return nil, refuse(http.StatusUnprocessableEntity, "%s: %v; Try: 2026-03-02", date.name, err)
		}
	}
	first, _ := calendar.ParseDay(c.Start)
	last, _ := calendar.ParseDay(c.End)
	if last < first || last-first > maxWindow {
		return nil, refuse(http.StatusUnprocessableEntity, "end: from %s to %s there are %d days; Try: an end from 0 to %d days after the start",
			c.Start, c.End, last-first, maxWindow)
	}
	for _, limit := range []struct {
		name  string
		given *int
		to    *int
	}{{"structure_per_day", w.StructurePerDay, &c.Caps.StructurePerDay}, {"domain_per_hour", w.DomainPerHour, &c.Caps.DomainPerHour},
		{"persona_per_hour", w.PersonaPerHour, &c.Caps.PersonaPerHour}, {"per_hour", w.PerHour, &c.Caps.PerHour}} {
		if limit.given == nil {
			continue
		}
		if *limit.given < 0 {
			return nil, refuse(http.StatusUnprocessableEntity, "%s: %d is no bound; Try: 0 for none", limit.name, *limit.given)
		}
		*limit.to = *limit.given
	}
	return &c, nil
}

// preview sums a timetable up.
func preview(c *config.Campaign, structures int, audits []probes.Audit, conflicts []schedule.Conflict, files []File, built map[probes.Channel]bool) (*Plan, error) {
	zone, err := calendar.Zone(c.Zone)
	if err != nil {
		return nil, fmt.Errorf("zone: %w", err)
	}
	p := &Plan{Campaign: c.ID, Title: c.Title, Zone: c.Zone, Start: c.Start, End: c.End, Caps: Caps(c.Caps), Structures: structures,
		Audits: len(audits), Channels: map[probes.Channel]int{}, Waves: map[string]int{}, Days: []Day{}, Conflicts: []Conflict{},
		ConflictN: len(conflicts), Kinds: map[string]int{}, Files: files}
	var first calendar.Day
	for i := range audits { // in the order of due instants
		a := &audits[i]
		p.Channels[a.Channel]++
		p.Waves[a.Wave]++
		due := a.Due.In(zone)
		d := calendar.DayOf(due)
		if i == 0 {
			first = d
		}
		for len(p.Days) <= int(d-first) {
			p.Days = append(p.Days, Day{Date: (first + calendar.Day(len(p.Days))).String()})
		}
		p.Days[d-first].Hours[due.Hour()]++
	}
	for _, channel := range probes.Channels {
		if p.Channels[channel] > 0 && !built[channel] {
			p.Awaiting = append(p.Awaiting, channel)
		}
	}
	for _, x := range conflicts {
		p.Missing += x.Audits
		p.Kinds[x.Kind] += x.Audits
		if len(p.Conflicts) < maxListed {
			p.Conflicts = append(p.Conflicts, Conflict{x.Structure, x.Channel, x.Wave, x.Kind, x.Audits, x.String()})
		}
	}
	return p, nil
}
