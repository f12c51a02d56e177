package report_test

import (
	"io"
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/score"
)

func TestPressTable(t *testing.T) {
	all := town()
	headlines, err := report.Headlines(all, nil)
	if err != nil {
		t.Fatal(err)
	}
	norms, _ := grid.Profile(grid.DefaultProfile)
	table := report.PressTable(headlines, score.Of(grid.Current(), norms, all), "http://site")
	golden(t, "press.csv", func(w io.Writer) error { return table.CSV(w) })
	for _, french := range []bool{false, true} {
		for _, s := range report.Sentences(&table, french) {
			if strings.Contains(s, "%!") || strings.Contains(s, "NaN") {
				t.Errorf("a sentence that is not filled in: %s", s)
			}
		}
	}
}
