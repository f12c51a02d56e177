package stats_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/sonde-fleet/sonde/stats"
)

// plausible are columns of n outcomes: 55 % answered after a lognormal delay, silence censored at 15 days, 12 kinds, two
// sectors, six bands, 18 regions, nine weeks.
func plausible(n int) *stats.Columns {
	const window = 15 * 24 * 3600 * 1000
	r := rand.New(rand.NewPCG(4, 10))
	sizes := map[stats.Dimension]int{stats.ByKind: 12, stats.BySector: 2, stats.ByBand: 6, stats.ByRegion: 18, stats.ByWeek: 9, stats.ByChannel: 1}
	c := stats.NewColumns(n, stats.Dimensions[:]...)
	for d, k := range sizes {
		for i := range k {
			c.Groups[d].Names = append(c.Groups[d].Names, fmt.Sprintf("%s %d", d, i))
		}
	}
	tag := map[stats.Result]stats.Tag{}
	for _, x := range stats.Results {
		tag[x], _ = stats.TagOf(x)
	}
	for i := range n {
		for d, k := range sizes {
			c.Groups[d].Codes[i] = uint16(r.IntN(k))
		}
		c.Followed[i] = window
		switch x := r.Float64(); {
		case x < 0.55:
			c.Tags[i] = tag[stats.Answered] | stats.TagJudged
			if r.Float64() < 0.9 {
				c.Tags[i] |= stats.TagPolite
			}
			c.Delay[i] = int64(math.Exp(r.NormFloat64()*1.2+3) * 3600 * 1000)
			c.Worked[i], c.Days[i] = c.Delay[i]/4, int32(c.Delay[i]/86_400_000)
			if c.Delay[i] > window {
				c.Tags[i] |= stats.TagLate
			}
		case x < 0.94:
			c.Tags[i] = tag[stats.Silent]
		case x < 0.97:
			c.Tags[i] = tag[stats.Unreachable]
		case x < 0.99:
			c.Tags[i] = tag[stats.Spoiled]
		default:
			c.Tags[i] = tag[stats.Waiting]
		}
	}
	return c
}

// BenchmarkReport makes the figures of a million outcomes by five dimensions.
func BenchmarkReport(b *testing.B) {
	for _, n := range []int{1_000_000, 10_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := plausible(n)
			runtime.GC()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Report(stats.ByKind, stats.BySector, stats.ByBand, stats.ByRegion, stats.ByWeek); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
