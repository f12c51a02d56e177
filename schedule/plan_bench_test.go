package schedule

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/config"
)

// BenchmarkPlan35000 plans the reference programme for 35,000 structures (issue 2: under 10 s and 1 GiB), without caps
// and with caps that bind. It reports seconds, audits, conflicts, and the peak of resident memory of the process in MB
// (Linux; it includes the directory itself).
func BenchmarkPlan35000(b *testing.B) {
	structures := testStructures(35_000, 1)
	for name, caps := range map[string]config.Caps{
		"free":   {},
		"capped": {StructurePerDay: 1, DomainPerHour: 400, PersonaPerHour: 320, PerHour: 1800},
	} {
		b.Run(name, func(b *testing.B) {
			c := testCampaign()
			c.Caps = caps
			runtime.GC()
			for b.Loop() {
				start := time.Now()
				audits, conflicts := mustPlan(b, c, structures)
				b.ReportMetric(time.Since(start).Seconds(), "s")
				b.ReportMetric(float64(len(audits)), "audits")
				b.ReportMetric(float64(len(conflicts)), "conflicts")
			}
			b.ReportMetric(peakMB(), "MB-peak")
		})
	}
}

// peakMB reads the peak of resident memory from the kernel.
func peakMB() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		var kb float64
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kb); n == 1 {
			return kb / 1024
		}
	}
	return 0
}
