package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
	"github.com/sonde-fleet/sonde/townhall"
)

// siteResults is what the audit of a website of each grade must come to.
var siteResults = map[townhall.Grade]stats.Result{townhall.GoodSite: stats.Visited, townhall.MiddlingSite: stats.Visited, townhall.BadSite: stats.Visited,
	townhall.HostileSite: stats.Visited, townhall.ClosedSite: stats.Blocked, townhall.GuardedSite: stats.Blocked, townhall.OfflineSite: stats.Offline}

// compareSites holds every website's audit against how the town made the site: what was planted must be found, and on a
// good site nothing.
func compareSites(w io.Writer, outcomes []stats.Outcome, residents []townhall.Resident, visits map[probes.AuditID]probes.Event) (n, disagree int) {
	grades := map[probes.StructureID]townhall.Grade{}
	for _, r := range residents {
		grades[r.ID] = r.Site
	}
	type row struct{ sites, right int }
	rows := map[townhall.Grade]*row{}
	for _, o := range outcomes {
		if o.Channel != probes.Web {
			continue
		}
		n++
		grade := grades[o.Structure]
		if rows[grade] == nil {
			rows[grade] = &row{}
		}
		rows[grade].sites++
		var why []string
		if o.Result != siteResults[grade] {
			why = append(why, fmt.Sprintf("measured %s (%s), is %s", o.Result, o.Reason, siteResults[grade]))
		}
		if o.Result == stats.Visited {
			found := strings.Fields(visits[o.ID].Detail["rules"])
			for _, rule := range townhall.Planted[grade] {
				if !slices.Contains(found, rule) {
					why = append(why, rule+" was not found")
				}
			}
			said := map[probes.ItemCode]probes.Value{}
			for _, x := range visits[o.ID].Observations {
				said[x.Item] = x.Value
			}
			for _, code := range slices.Sorted(maps.Keys(townhall.PlantedItems[grade])) {
				if want := townhall.PlantedItems[grade][code]; said[code] != want {
					why = append(why, fmt.Sprintf("%s: measured %q, is %q", code, said[code], want))
				}
			}
			if grade == townhall.GoodSite && len(found) > 0 {
				why = append(why, "found on a site where nothing is wrong: "+strings.Join(found, " "))
			}
		}
		if len(why) > 0 {
			disagree++
			fmt.Fprintf(w, "disagrees: %s (%s, a %s site): %s\n", o.ID, o.Target, grade, strings.Join(why, "; "))
			continue
		}
		rows[grade].right++
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "\nwebsites\tsites\tas the town made them")
	for _, g := range []townhall.Grade{townhall.GoodSite, townhall.MiddlingSite, townhall.BadSite, townhall.HostileSite, townhall.ClosedSite, townhall.GuardedSite, townhall.OfflineSite} {
		if r := rows[g]; r != nil {
			fmt.Fprintf(t, "%s\t%d\t%d\n", g, r.sites, r.right)
		}
	}
	t.Flush()
	fmt.Fprintln(w)
	return n, disagree
}
