package score_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/score"
	"github.com/sonde-fleet/sonde/stats"
)

// BenchmarkOf scores campaigns of the reference plan: 13 audits a structure, some seventy items an audit, categories of a hundred.
func BenchmarkOf(b *testing.B) {
	w := newTown()
	random := rand.New(rand.NewPCG(9, 9))
	for _, structures := range []int{2000, 20000} {
		var all []stats.Outcome
		for s := range structures {
			id := probes.StructureID(fmt.Sprintf("%06d", s))
			n := 0
			for _, c := range probes.Channels {
				for range plan[c] {
					n++
					o := w.audit(id, c, n, random.IntN(3) == 0, func() bool { return random.IntN(2) == 0 })
					o.Body.Band = fmt.Sprint(s / 100)
					all = append(all, o)
				}
			}
		}
		b.Run(fmt.Sprintf("%dstructures", structures), func(b *testing.B) {
			for b.Loop() {
				score.Of(w.g, norms(), all)
			}
			b.ReportMetric(float64(len(all))*float64(b.N)/b.Elapsed().Seconds(), "audits/s")
		})
	}
}
