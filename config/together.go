package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sonde-fleet/sonde/directory"
	"github.com/sonde-fleet/sonde/probes"
)

// LoadTogether reads prober.yaml, and the campaign and the directory that it names, and checks them against each other.
// The error is Faults with everything that is wrong with all three.
func LoadTogether(path string) (*Prober, *Campaign, []directory.Structure, error) {
	return LoadFiles(path, "", "")
}

// LoadFiles is LoadTogether with another campaign and directory than prober.yaml names where their paths are not empty.
func LoadFiles(path, campaign, structures string) (*Prober, *Campaign, []directory.Structure, error) {
	p := defaultProber()
	d, err := open(path, true)
	if err != nil {
		return nil, nil, nil, err
	}
	d.decode(p)
	d.override(&p.Listen, &p.Data, &p.Token)
	d.prober(p)
	sound := len(d.faults) == 0 // only sound files are held against each other
	d.faults.Sort()
	faults := d.faults
	gather := func(key, given string, named string, load func(string) error) {
		if given == "" {
			given = named
		}
		err := load(given)
		var more Faults
		if errors.As(err, &more) {
			faults, sound = append(faults, more...), false
		} else if err != nil {
			faults, sound = append(faults, p.fault(p.file, key, given+" cannot be read: "+reason(err), "give the path of a file that this user can read")), false
		}
	}
	var c *Campaign
	var list []directory.Structure
	gather("campaign", campaign, p.Campaign, func(path string) (err error) { c, err = LoadCampaign(path); return err })
	gather("directory", structures, p.Directory, func(path string) (err error) { list, err = directory.Load(path); return err })
	if p.Suppress != "" {
		gather("suppress", "", p.Suppress, func(path string) error { _, err := directory.LoadSuppressed(path); return err })
	}
	if sound {
		faults = append(faults, CheckTogether(p, c, list)...)
	}
	if len(faults) > 0 {
		return nil, nil, nil, faults
	}
	return p, c, list, nil
}

// CheckTogether returns what is wrong between files that are each sound by themselves: personas without an account and
// the reverse, kinds of structures for which the scenarios do not suffice, waves and scenarios for kinds that nobody is.
func CheckTogether(p *Prober, c *Campaign, structures []directory.Structure) Faults {
	var faults Faults
	personas := map[string]bool{}
	for i, persona := range c.Personas {
		personas[persona.ID] = true
		if _, ok := p.Mail.Accounts[persona.ID]; !ok && c.Uses("mail") {
			faults = append(faults, c.fault(c.file, fmt.Sprintf("personas[%d].id", i), persona.ID+" has no mail account",
				"add mail.accounts."+persona.ID+" to "+p.file))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.Mail.Accounts)) {
		if !personas[id] {
			faults = append(faults, p.fault(p.file, "mail.accounts."+id, "no persona of the campaign has this id",
				"remove the account, or add the persona to "+c.file))
		}
	}
	return append(faults, c.against(structures)...)
}

// Uses says whether the plan or a wave contacts anybody on the channel.
func (c *Campaign) Uses(channel string) bool {
	return c.Plan[channel] > 0 || slices.ContainsFunc(c.Waves, func(w Wave) bool { return w.Channel == channel })
}

// against checks the campaign against the kinds of structures in the directory.
func (c *Campaign) against(structures []directory.Structure) Faults {
	var faults Faults
	type use struct{ kind, channel string }
	used := map[use]int{} // structures of the kind that have a contact there
	kinds := map[string]bool{}
	for i := range structures {
		kinds[structures[i].Kind] = true
		for channel := range structures[i].Contacts {
			used[use{structures[i].Kind, string(channel)}]++
		}
	}
	all := strings.Join(slices.Sorted(maps.Keys(kinds)), ", ")
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		for _, channel := range probes.Channels {
			n, suited := c.Plan[string(channel)], 0
			for i := range c.Scenarios {
				if c.Scenarios[i].Suits(string(channel), kind) {
					suited++
				}
			}
			if n > suited && used[use{kind, string(channel)}] > 0 {
				faults = append(faults, c.fault(c.file, "plan."+string(channel),
					fmt.Sprintf("a structure of kind %s needs %d %s scenarios, %d suit it", kind, n, channel, suited),
					"write more for this kind, or plan fewer audits"))
			}
		}
	}
	unknown := func(path string, list []string) {
		for i, kind := range list {
			if !kinds[kind] {
				faults = append(faults, c.fault(c.file, fmt.Sprintf("%s.kinds[%d]", path, i),
					fmt.Sprintf("no structure is of kind %q", kind), "the kinds of the directory are "+all))
			}
		}
	}
	for i, w := range c.Waves {
		unknown(fmt.Sprintf("waves[%d]", i), w.Kinds)
	}
	return faults
}
