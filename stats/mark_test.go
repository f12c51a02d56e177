package stats_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

func TestMarksKeepTheLaterObservationAndSurviveJSON(t *testing.T) {
	seven := 7.0
	marks := stats.MarksOf([]probes.Observation{
		{Item: "mail.words", Number: &seven}, {Item: "mail.greeting", Value: probes.No}, {Item: "mail.closing", Value: probes.NotApplicable},
		{Item: "mail.greeting", Value: probes.Yes}, {Item: "mail.nothing"},
	}, nil)
	if len(marks) != 3 {
		t.Fatalf("%d marks, want 3: what was not observed is none, what was observed twice is one", len(marks))
	}
	over := marks.With(stats.MarksOf([]probes.Observation{{Item: "mail.words", Value: probes.No}}, nil))
	if v, ok := over.Value("mail.words"); !ok || v != 0 {
		t.Errorf("mail.words = %v, %v; the marks over it say 0", v, ok)
	}
	if v, _ := marks.Value("mail.words"); v != 7 {
		t.Errorf("the marks below were changed to %v", v)
	}
	raw, err := json.Marshal(marks)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"mail.closing":"n/a","mail.greeting":1,"mail.words":7}`; string(raw) != want {
		t.Errorf("JSON %s, want %s", raw, want)
	}
	var back stats.Marks
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	if v, ok := back.Value("mail.closing"); !ok || !math.IsNaN(v) {
		t.Errorf("mail.closing = %v, %v after JSON, want not applicable", v, ok)
	}
	for _, bad := range []string{`{"a":"yes"}`, `{"a":null}`, `[]`} {
		if json.Unmarshal([]byte(bad), &back) == nil {
			t.Errorf("%s was taken for marks", bad)
		}
	}
}
