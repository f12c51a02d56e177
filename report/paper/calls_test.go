package paper_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report/paper"
	"github.com/sonde-fleet/sonde/score"
)

func TestNationalHasTheCalls(t *testing.T) {
	in := nation(t, town)
	var bodies []probes.Structure
	seen := map[probes.StructureID]bool{}
	for i := range in.Outcomes {
		if b := in.Outcomes[i].Body; !seen[b.ID] {
			seen[b.ID] = true
			bodies = append(bodies, b)
		}
	}
	in.Outcomes = append(in.Outcomes, paper.Called(bodies, time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))...)
	in.Sheet = score.Of(grid.Current(), in.Sheet.Norms, in.Outcomes)
	for lang, words := range map[string][]string{
		"en": {"On the telephone", "Calls by week", "Calls by sector", "Calls by kind", "2013: 16.0 s", "2023: 28.0 s", "norm: 85", "30.0 s", "Calls out of hours, counted apart: 36", "2026-W13"},
		"fr": {"Au téléphone", "Appels par semaine", "Appels par secteur", "norme : 85", "30,0 s"}} {
		in.Lang = lang
		var b bytes.Buffer
		if err := paper.National(&b, in); err != nil {
			t.Fatal(err)
		}
		if os.Getenv("SONDE_KEEP") != "" {
			_ = os.WriteFile(os.Getenv("SONDE_KEEP")+"/calls."+lang+".html", b.Bytes(), 0o644)
		}
		page := strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(b.String())
		for _, want := range words {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the barometer lacks %q", lang, want)
			}
		}
		if n := strings.Count(page, `id="calls-`); n != 6 { // a title and words of each
			t.Errorf("%s: %d parts of pictures of the calls", lang, n)
		}
		if strings.Contains(page, "NaN") {
			t.Errorf("%s: a figure that is none is written", lang)
		}
	}
}
