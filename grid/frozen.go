package grid

import (
	"fmt"
	"slices"

	"github.com/sonde-fleet/sonde/probes"
)

// DefaultProfile is the profile of norms of a campaign that names none.
const DefaultProfile = "programme-2023"

// Freeze fixes what a campaign is judged by: the version and the profile that it names ("" stands for the program's own), with
// the norms that it sets otherwise.
func Freeze(version, profile string, set map[string]float64) (probes.Grid, error) {
	if version == "" {
		version = Version
	}
	g, ok := Find(version)
	if !ok {
		return probes.Grid{}, fmt.Errorf("version %q of the grid is not in this program; Try: %s", version, Version)
	}
	if profile == "" {
		profile = DefaultProfile
	}
	n, ok := Profile(profile)
	if !ok {
		return probes.Grid{}, fmt.Errorf("norms %q are not in this program; Try: one of %v", profile, profileNames())
	}
	f := probes.Grid{Version: g.Version, SHA256: g.Hash, Profile: profile, Date: n.Date, Norms: map[string]float64{}}
	for _, x := range n.Values {
		f.Norms[x.Key] = x.Value
	}
	for key, value := range set {
		if _, ok := f.Norms[key]; !ok {
			return f, fmt.Errorf("norm %q is not in the profile %s; Try: one of its keys, docs/grid.md lists them", key, profile)
		}
		if value <= 0 {
			return f, fmt.Errorf("norm %s: %v is not above zero", key, value)
		}
		f.Norms[key] = value
	}
	return f, nil
}

// Thaw returns the grid and the norms that were frozen. A nil one is of a campaign that was launched before there was a grid:
// it is judged by the program's own. A version whose items are not those that were frozen is refused, because a score must
// be the one that was announced.
func Thaw(f *probes.Grid) (*Grid, Norms, error) {
	if f == nil {
		own, err := Freeze("", "", nil)
		if err != nil {
			return nil, Norms{}, err
		}
		f = &own
	}
	g, ok := Find(f.Version)
	if !ok {
		return nil, Norms{}, fmt.Errorf("the campaign is judged by version %s of the grid, which this program does not have; Try: a newer program", f.Version)
	}
	if g.Hash != f.SHA256 {
		return nil, Norms{}, fmt.Errorf("version %s of the grid was %.12s… when the campaign was launched and is %.12s… now; Try: the program that it was launched with", f.Version, f.SHA256, g.Hash)
	}
	n := Norms{Profile: f.Profile, Date: f.Date}
	base, _ := Profile(f.Profile)
	n.EN, n.FR = base.EN, base.FR
	for key, value := range f.Norms {
		norm := Norm{Key: key, Value: value, Source: "campaign.yaml"}
		for _, x := range base.Values {
			if x.Key == key {
				if norm.Unit = x.Unit; x.Value == value {
					norm = x
				}
			}
		}
		n.Values = append(n.Values, norm)
	}
	slices.SortFunc(n.Values, func(a, b Norm) int {
		if a.Key < b.Key {
			return -1
		}
		return 1
	})
	return g, n, nil
}

func profileNames() (names []string) {
	for _, p := range Profiles() {
		names = append(names, p.Profile)
	}
	return names
}
