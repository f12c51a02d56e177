package site

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/sonde-fleet/sonde/internal/fold"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/review"
)

// census is what one walk over the outcomes finds for many pages: no page walks a million audits for a handful of them.
type census struct {
	states   map[stateKey]int // audits
	unsure   map[string]int   // mails, by campaign
	websites []int32          // visits that were made or tried
	coded    []int32          // audits that somebody rated
	drawn    []int32          // audits of the double-coding sample
	bodies   []body           // in order of name
	bodyOf   map[probes.StructureID]int32
}

type stateKey struct {
	campaign string
	channel  probes.Channel
	status   probes.Status
}

// body is a structure with where its audits are.
type body struct {
	probes.Structure
	folded string // name, and number
	places []int32
}

// census walks over the outcomes, once for a snapshot.
func (v *view) census() *census {
	v.counting.Do(func() {
		start := time.Now()
		c := &census{states: map[stateKey]int{}, unsure: map[string]int{}, bodyOf: map[probes.StructureID]int32{}}
		launches := map[string]*probes.Launch{}
		for i := range v.Launches {
			if l := &v.Launches[i]; launches[l.Campaign] == nil { // the newest, as everywhere
				launches[l.Campaign] = l
			}
		}
		var last stateKey // the audits of a structure come one after the other: most share the key of the one before
		n := 0
		flush := func() {
			if n > 0 {
				c.states[last] += n
			}
			n = 0
		}
		for i := range v.Outcomes {
			o := &v.Outcomes[i]
			if k := (stateKey{o.Campaign, o.Channel, o.Status}); k != last {
				flush()
				last = k
			}
			n++
			if o.Unsure > 0 {
				c.unsure[o.Campaign] += o.Unsure
			}
			if visited(o) {
				c.websites = append(c.websites, int32(i))
			}
			if len(o.Codings) > 0 {
				c.coded = append(c.coded, int32(i))
			}
			if review.Drawn(launches[o.Campaign], o) {
				c.drawn = append(c.drawn, int32(i))
			}
			k, ok := c.bodyOf[o.Structure]
			if !ok {
				k = int32(len(c.bodies))
				c.bodyOf[o.Structure] = k
				s := o.Body
				s.ID, s.Name = o.Structure, cmp.Or(s.Name, string(o.Structure))
				c.bodies = append(c.bodies, body{Structure: s, folded: fold.Text(s.Name) + " " + strings.ToLower(string(s.ID))})
			}
			c.bodies[k].places = append(c.bodies[k].places, int32(i))
		}
		flush()
		slices.SortStableFunc(c.bodies, func(a, b body) int { return cmp.Or(strings.Compare(a.folded, b.folded), cmp.Compare(a.ID, b.ID)) })
		for i := range c.bodies {
			c.bodyOf[c.bodies[i].ID] = int32(i)
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		v.counted = c
		v.spend(start)
	})
	return v.counted
}

// bodies returns the structures in order of name.
func (v *view) bodies() []body { return v.census().bodies }

// body returns one structure, nil when it is not in the snapshot.
func (v *view) body(id probes.StructureID) *body {
	c := v.census()
	if i, ok := c.bodyOf[id]; ok {
		return &c.bodies[i]
	}
	return nil
}

// candidates returns the places among which the filter finds its audits, in order, and false when these are all places.
func (v *view) candidates(f *filter) ([]int32, bool) {
	switch {
	case f.Structure != "" && f.Structure != none:
		if b := v.body(probes.StructureID(f.Structure)); b != nil {
			return b.places, true
		}
		return nil, true
	case f.needle != "" && !strings.Contains(f.needle, "."):
		// Without a dot the text can be in a structure's name or number, in the campaign's name, or be an audit's number.
		for i := range v.Launches {
			if strings.Contains(strings.ToLower(v.Launches[i].Campaign), f.needle) {
				return nil, false
			}
		}
		if len(f.needle) <= 3 && strings.Trim(f.needle, "0123456789") == "" {
			return nil, false
		}
		var out []int32
		c := v.census()
		for i := range c.bodies {
			b := &c.bodies[i]
			if strings.Contains(strings.ToLower(b.Name), f.needle) || strings.Contains(strings.ToLower(string(b.ID)), f.needle) {
				out = append(out, b.places...)
			}
		}
		slices.Sort(out)
		return out, true
	}
	return nil, false
}
