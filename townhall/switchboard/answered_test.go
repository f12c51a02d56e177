package switchboard

import (
	"cmp"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone"
)

// TestAnsweredCalls is the longest; it stands in the first file so that the other tests go on beside it.
func TestAnsweredCalls(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		way   Way
		max   time.Duration
		by    string
		parts map[Act]int
		items map[probes.ItemCode]string
	}{
		{"a person hangs up", Way{Ring: 500 * ms, Steps: []Step{{Act: Person, For: 1500 * ms}, {Act: HangUp}}}, 0, ByTelephone, map[Act]int{Person: 1},
			map[probes.ItemCode]string{"phone.answered-by-person": "yes", "phone.ended-by-structure": "yes"}},
		{"a person waits for us", Way{Ring: 1200 * ms, Early: true, Steps: []Step{{Act: Person}}}, 6 * s, ByCaller, map[Act]int{Person: 1, Ringing: 1},
			map[probes.ItemCode]string{"phone.answered-by-person": "yes", "phone.ended-by-structure": "no"}},
		{"a menu, then a person", Way{Ring: 200 * ms, Steps: []Step{{Act: Menu, For: 1800 * ms}, {Act: Person, For: 1500 * ms}, {Act: HangUp}}}, 0, ByTelephone,
			map[Act]int{Menu: 1, Person: 1}, map[probes.ItemCode]string{"phone.answered-by-person": "yes"}},
		{"a queue, then a person", Way{Ring: 200 * ms, Before: 150 * ms, Steps: []Step{{Act: Queue, For: 6 * s, Every: 3 * s}, {Act: Person, For: 1500 * ms}, {Act: HangUp}}}, 0, ByTelephone,
			map[Act]int{Queue: 2, Announce: 1, Person: 1}, map[probes.ItemCode]string{"phone.answered-by-person": "yes", "phone.dropped": "no"}},
		{"dropped from the queue", Way{Ring: 200 * ms, Steps: []Step{{Act: Announce}, {Act: Queue, For: 5 * s}, {Act: HangUp}}}, 0, ByTelephone,
			map[Act]int{Queue: 1, Announce: 1}, map[probes.ItemCode]string{"phone.dropped": "yes", "phone.answered-by-person": "no"}},
		{"closed", Way{Ring: 200 * ms, Steps: []Step{{Act: Announce}, {Act: HangUp}}}, 0, ByTelephone, map[Act]int{Announce: 1},
			map[probes.ItemCode]string{"phone.answered-by-person": "no"}},
		{"a voicemail", Way{Ring: 200 * ms, Steps: []Step{{Act: Greeting}, {Act: Wait, For: 300 * ms}, {Act: Beep}, {Act: Wait, For: 3 * s}, {Act: HangUp}}}, 0, ByTelephone,
			map[Act]int{Greeting: 1, Beep: 1}, map[probes.ItemCode]string{"phone.answered-by-person": "no"}},
		{"a fax", Way{Ring: 200 * ms, Steps: []Step{{Act: Wait, For: 500 * ms}, {Act: Fax}}}, 5 * s, ByCaller, map[Act]int{Fax: 1}, map[probes.ItemCode]string{"phone.fax": "yes"}},
		{"dead air", Way{Ring: 200 * ms}, 11 * s, ByCaller, nil, map[probes.ItemCode]string{"phone.dead-air": "yes"}},
		{"transferred", Way{Ring: 200 * ms, Steps: []Step{{Act: Person, For: 1500 * ms}, {Act: Transfer, For: 2 * s}, {Act: Person, For: 1500 * ms}, {Act: HangUp}}}, 0, ByTelephone,
			map[Act]int{Person: 2, Transfer: 1}, map[probes.ItemCode]string{"phone.answered-by-person": "yes"}},
		{"the transfer is lost", Way{Ring: 200 * ms, Steps: []Step{{Act: Person, For: 1500 * ms}, {Act: Transfer, For: s}, {Act: HangUp}}}, 0, ByTelephone,
			map[Act]int{Person: 1, Transfer: 1}, map[probes.ItemCode]string{"phone.answered-by-person": "yes"}},
		{"a menu said twice", Way{Ring: 200 * ms, Steps: []Step{{Act: Menu, For: 500 * ms, Times: 2}, {Act: HangUp}}}, 0, ByTelephone, map[Act]int{Menu: 2},
			map[probes.ItemCode]string{"phone.answered-by-person": "no"}},
		{"the ring tone is heard twice", Way{Ring: 6500 * ms, Early: true, Steps: []Step{{Act: Person, For: 1500 * ms}, {Act: HangUp}}}, 0, ByTelephone, map[Act]int{Person: 1, Ringing: 2},
			map[probes.ItemCode]string{"phone.answered-by-person": "yes"}},
	}
	telephones := map[string]Conduct{}
	user := func(i int) string { return fmt.Sprintf("bureau-%d", i) }
	for i, x := range cases {
		telephones[user(i)] = Conduct{Ways: []Way{x.way}}
	}
	far := open(t, Options{Telephones: telephones, Seed: 46}) // of short recordings
	results := make([]measured, len(cases))
	late := stalls()
	var calls sync.WaitGroup
	for i, x := range cases {
		calls.Go(func() {
			time.Sleep(time.Duration(i) * 50 * ms)
			results[i] = far.dial(far.uri(user(i)), phone.Options{Max: cmp.Or(x.max, time.Minute)})
		})
	}
	calls.Wait()
	kept := late()
	truth, by := far.users(), 20*ms+2*kept
	strained := kept > strain
	t.Logf("the test was kept from running for %v at most; what was heard is compared: %v", kept, !strained)
	for i, x := range cases {
		t.Run(x.name, func(t *testing.T) {
			m, c := results[i], truth[user(i)]
			m.t = t
			agree(t, m, c, by, strained)
			if c.EndedBy != x.by || c.Code != 200 || c.Nth != 1 || c.Received == 0 {
				t.Errorf("got %+v", c)
			}
			for act, n := range x.parts {
				if got := c.Count(act); got != n {
					t.Errorf("%s was played %d times, want %d: %+v", act, got, n, c.Parts)
				}
			}
			for item, want := range x.items {
				if got := m.value(item); got != want && !strained {
					t.Errorf("%s is %q, want %q; %+v", item, got, want, c.Parts)
				}
			}
			for _, p := range c.Parts {
				if p.To.Before(p.From) || p.From.Before(c.Answered) && p.Act != Ringing {
					t.Errorf("%+v", p)
				}
			}
		})
	}
}
