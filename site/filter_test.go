package site

import (
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/stats"
)

func TestFilterSurvivesItsURL(t *testing.T) {
	want := filter{Campaign: "a b", Channel: "mail", Structure: "21&x", Result: counted, State: "awaiting channel", Kind: "hôpital", Sector: none,
		Band: "<2k", Region: "La Réunion", Week: "2026-W10", Mark: "late", Sort: "-delay", Q: `"?#`, Within: 24 * time.Hour, By: stats.ByBand, Page: 3,
		Lang: "fr"}
	u, err := url.Parse(want.href("/audits"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := parseFilter(u.Query())
	if err != nil || got != want {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
	if u := (filter{Page: 1}).href("/"); u != "/" {
		t.Errorf("an empty filter leads to %s", u)
	}
}

func TestListIsSorted(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	outcome := func(id string, due int, delay int64) stats.Outcome {
		o := stats.Outcome{Audit: probes.Audit{ID: probes.AuditID(id), Due: at.Add(time.Duration(due) * time.Hour)}, Result: stats.Silent}
		if delay > 0 {
			o.Result, o.Delay = stats.Answered, delay
		}
		o.Body.Name = "structure " + id
		return o
	}
	all := []stats.Outcome{outcome("c", 5, 0), outcome("a", 9, 30), outcome("d", 1, 10), outcome("b", 3, 20)}
	for order, want := range map[string]string{"": "cadb", "due": "dbca", "-due": "acbd", "delay": "dbac", "-delay": "abdc", "structure": "abcd"} {
		v := &view{Snapshot: Snapshot{Outcomes: all}, lists: map[string][]int32{}}
		got := ""
		for _, i := range v.found(filter{Sort: order}) {
			got += string(all[i].ID)
		}
		if got != want {
			t.Errorf("sort=%s: %s, want %s", order, got, want)
		}
	}
}

// slow is a source that takes until it is let go.
type slow struct{ asked, let chan struct{} }

func (s slow) Snapshot() Snapshot {
	s.asked <- struct{}{}
	<-s.let
	return Snapshot{At: time.Now()}
}

// TestNobodyWaitsForTheNextSnapshot asks while the next snapshot is being made.
func TestNobodyWaitsForTheNextSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := slow{make(chan struct{}, 2), make(chan struct{}, 2)}
		v := &views{source: s}
		s.let <- struct{}{}
		first := v.get()
		time.Sleep(oldest)
		next := make(chan *view)
		go func() { next <- v.get() }()
		synctest.Wait() // it is being made
		if len(s.asked) != 2 {
			t.Fatal("no second snapshot was asked for")
		}
		if v.get() != first {
			t.Error("who came meanwhile was not served the old one")
		}
		s.let <- struct{}{}
		if got := <-next; got == first || v.get() != got {
			t.Error("the new snapshot does not serve")
		}
	})
}
