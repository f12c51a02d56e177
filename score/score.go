// Package score makes points of outcomes: what every item is worth, what a structure comes to with its interval, where it
// stands among its peers and how sure that is. It is pure: no I/O, no clock; the same outcomes under the same grid and the
// same norms always give the same scores.
//
// The way of a score, every mean weighted as the grid says: items → audit → channel → stage → determinant → structure. In an
// audit the points of the items of one determinant and one stage are averaged; over the audits of a channel these averages
// are averaged; then the channels, the stages and the determinants. What does not apply and what was not observed has no
// weight anywhere: the weights of the rest are what is averaged over. Silence is worth what the grid says of each item.
package score

import (
	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
)

// Mean is an average of points, 0 to 100, with its standard error and 95 % interval. N is how many audits are behind it; a
// mean of none is NaN.
type Mean struct {
	Value, SE, Low, High float64
	N                    int
}

// Body is one structure in a sheet.
type Body struct {
	probes.Structure
	Category string // its peers' name: kind and population band
	Audits   int    // that are scored
	Spoiled  int    // by us, or in doubt: not scored
	Open     int    // not decided yet
	Score    Mean
	// Coverage is the share of the items' weight that was observed or did not apply, over all channels that the campaign has
	// audits of.
	Coverage float64
	// Shrunk is the score drawn towards the mean of its peers by as much as it is unsure (empirical Bayes).
	Shrunk Mean
	// Rank among Peers by the shrunk score, 1 the best, never without its interval at 95 %; Best is the chance of being the best.
	// Zero: not ranked, because too little was observed, or because there is nobody to be compared with.
	Rank, RankLow, RankHigh, Peers int
	Best                           float64
	// RankLight and RankHeavy are the best and worst ranks in 95 % of other choices of weights; First how often it came first.
	RankLight, RankHeavy int
	First                float64
	// Parts in the order of the grid; by channel in the order of probes.Channels.
	Determinants []Mean
	Stages       []Mean
	Channels     []Mean

	places []int32 // of its outcomes in the sheet's
}

// Category is a group of structures that are compared: the same kind, the same population band.
type Category struct {
	Name    string
	Kind    string
	Band    string
	Bodies  []int   // places in Sheet.Bodies, the best score first
	Mean    float64 // of the structures' scores, by empirical Bayes
	Spread  float64 // standard deviation between structures that is not chance
	Winners []int   // places of those who may be the best: their rank interval holds 1
	Win     Win
}

// Win says of a category's first what it takes for the win to be more than chance.
type Win struct {
	Body        int     // place in Sheet.Bodies, -1 when nobody is ranked
	Significant bool    // nobody else may be the best
	Lead        float64 // points before the second
	Needed      float64 // points of lead that would be enough
	Audits      int     // of each structure that would be enough if the lead stayed as it is; 0 when it is, or when there is no lead
}

// Sheet is a campaign's outcomes, scored.
type Sheet struct {
	Grid       *grid.Grid
	Norms      grid.Norms
	Bodies     []Body // in order of their identifiers
	Categories []Category
}

// Body returns the structure's place in the sheet, -1 when it is not there.
func (s *Sheet) Body(id probes.StructureID) int {
	lo, hi := 0, len(s.Bodies)
	for lo < hi {
		if m := (lo + hi) / 2; s.Bodies[m].ID < id {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo < len(s.Bodies) && s.Bodies[lo].ID == id {
		return lo
	}
	return -1
}
