package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
)

// What is due comes in the order of its instants whatever its wave, and the next instant is the earliest of all waves.
func TestDueAcrossWaves(t *testing.T) {
	db := open(t, t.TempDir())
	var records []probes.Record
	for i := range 12 {
		a := audit(11 - i) // written in another order than they are due in
		a.Wave = []string{"plan", "b", "a"}[i%3]
		records = append(records, probes.Record{Audit: &a})
	}
	if err := db.Append(records...); err != nil {
		t.Fatal(err)
	}
	names := func(list []probes.State) (ids []string) {
		for _, st := range list {
			ids = append(ids, string(st.Audit.ID))
		}
		return ids
	}
	for last := range 11 {
		due, next := db.Due(audit(last).Due, 100)
		var want []string
		for i := range last + 1 {
			want = append(want, fmt.Sprintf("c.s%d.01", i))
		}
		if got := names(due); !slices.Equal(got, want) || !next.Equal(audit(last+1).Due) {
			t.Errorf("until %d: %v, next %v", last, got, next)
		}
	}
	if due, _ := db.Due(audit(11).Due, 4); !slices.Equal(names(due), []string{"c.s0.01", "c.s1.01", "c.s2.01", "c.s3.01"}) {
		t.Errorf("the first four are %v", names(due))
	}
	// The next instant of a paused wave wakes nobody.
	record(t, db, probes.Event{Kind: probes.CampaignPaused, Detail: map[string]string{"campaign": "c", "wave": "a"}})
	record(t, db, probes.Event{Kind: probes.CampaignPaused, Detail: map[string]string{"campaign": "other", "wave": "b"}})
	due, next := db.Due(audit(0).Due.Add(-time.Second), 100)
	if len(due) != 0 || !next.Equal(audit(1).Due) { // 0 is of wave a
		t.Errorf("due %v, next %v", names(due), next)
	}
}
