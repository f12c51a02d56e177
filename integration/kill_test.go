package integration

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/townhall/daemons"
)

var kills = flag.Int("kills", 100, "how often prober and collector are killed; the acceptance run takes 300")

// status is what `prober status -json` says.
type status struct {
	Records uint64                `json:"records"`
	Audits  map[probes.Status]int `json:"audits"`
	InDoubt []struct {
		Audit  probes.Audit      `json:"audit"`
		Detail map[string]string `json:"detail"`
	} `json:"in_doubt"`
}

// TestKilledAtRandom kills the prober, and the collector that pulls it, at random instants while mail is being sent to
// Postfix. In the end every structure has exactly one mail, every audit in doubt is decided, and the collector has
// every record exactly once.
func TestKilledAtRandom(t *testing.T) {
	m := daemons.Start(t)
	n := *kills * 8
	f := newFleet(t, m, n, func(i int) string { return fmt.Sprintf("s%05d@%s", i, daemons.Services) })
	seed := rand.Uint64()
	t.Logf("seed %d, %d structures, %d kills", seed, n, *kills)
	r := rand.New(rand.NewPCG(seed, 1))

	// The other half of every kill: a collector that dies at its own instants.
	stop, stopped := make(chan struct{}), make(chan int)
	go func() {
		deaths := 0
		defer func() { stopped <- deaths }()
		cr := rand.New(rand.NewPCG(seed, 2))
		for {
			c := f.start("collector", "collector runs")
			select {
			case <-stop:
				c.cmd.Process.Kill()
				<-c.done
				return
			case <-time.After(time.Duration(cr.Int64N(int64(400 * time.Millisecond)))):
			}
			c.cmd.Process.Kill()
			<-c.done
			deaths++
		}
	}()
	for range *kills {
		p := f.start("prober", "prober runs")
		select {
		case <-p.ready:
		case <-p.done:
			t.Fatalf("the prober did not start\n%s", &p.log)
		}
		time.Sleep(time.Duration(r.Int64N(int64(150 * time.Millisecond)))) // the random instant
		p.cmd.Process.Kill()
		<-p.done
	}
	close(stop)
	deaths := <-stopped
	left := call[status](f, "prober", "status")[0]
	t.Logf("after the last kill: %v; the collector was killed %d times", left.Audits, deaths)
	if left.Audits[probes.Planned]+left.Audits[probes.Prepared] == 0 {
		t.Errorf("everything was sent before the last kill: the kills did not all hit the sending")
	}
	if deaths < *kills/2 {
		t.Errorf("the collector was killed %d times only", deaths)
	}

	finish(t, f, m, n)
	once(t, m, n)
	collected(t, f, n)
}

// finish runs the prober until nothing is left, and decides as an operator would what is in doubt: what Postfix has
// logged was taken, the rest was not.
func finish(t *testing.T, f *fleet, m *daemons.Mail, n int) {
	t.Helper()
	p := f.start("prober", "prober runs")
	defer func() {
		p.cmd.Process.Signal(os.Interrupt)
		<-p.done
	}()
	<-p.ready
	resolved := map[string]int{}
	for began := time.Now(); ; {
		s := call[status](f, "prober", "status")[0]
		if s.Audits[probes.Contacted] == n {
			t.Logf("resolved by the operator: %v", resolved)
			return
		}
		if time.Since(began) > 5*time.Minute {
			t.Fatalf("not finished: %v\n%s", s.Audits, &p.log)
		}
		open := s.Audits[probes.Planned] + s.Audits[probes.Prepared] + s.Audits[probes.Sending]
		if open > 0 || m.Queue() > 0 {
			time.Sleep(200 * time.Millisecond) // other processes are at work
			continue
		}
		time.Sleep(2 * time.Second) // the witness copies that were delivered last are on their way to the watcher
		log := m.Log()
		for _, x := range call[status](f, "prober", "status")[0].InDoubt {
			as := "not-sent"
			if strings.Contains(log, "message-id=<"+x.Detail["message_id"]+">") {
				as = "accepted"
			}
			resolved[as]++
			call[map[string]any](f, "prober", "resolve", string(x.Audit.ID), as, "-reason", "the log of our own Postfix")
		}
		// What was not sent goes when the prober next starts.
		p.cmd.Process.Signal(os.Interrupt)
		<-p.done
		p = f.start("prober", "prober runs")
		<-p.ready
	}
}

// once checks the structures' own mailboxes.
func once(t *testing.T, m *daemons.Mail, n int) {
	t.Helper()
	for began := time.Now(); m.Queue() > 0; {
		if time.Since(began) > 3*time.Minute {
			t.Fatalf("Postfix still holds %d messages", m.Queue())
		}
		time.Sleep(100 * time.Millisecond) // another process is at work
	}
	got := map[int]int{}
	for i := range n {
		got[len(m.Maildir(fmt.Sprintf("s%05d@%s", i, daemons.Services), ""))]++
	}
	if want := map[int]int{1: n}; !maps.Equal(got, want) {
		t.Errorf("mails per structure: %v, want %v", got, want)
	}
}

// collected checks that the collector has every record once and counts every audit once.
func collected(t *testing.T, f *fleet, n int) {
	t.Helper()
	want := call[status](f, "prober", "status")[0].Records
	p := f.start("prober", "prober runs")
	<-p.ready
	call[map[string]any](f, "collector", "pull")
	p.cmd.Process.Signal(os.Interrupt)
	<-p.done
	whole := call[struct{ Records uint64 }](f, "collector", "verify")[0]
	if whole.Records < want {
		t.Errorf("the collector has %d records, the prober had %d", whole.Records, want)
	}
	count := map[string]int{}
	for _, o := range call[struct{ Audit, Result string }](f, "collector", "outcomes") {
		count[o.Audit]++
		if o.Result != "silent" {
			t.Errorf("%s is %s, want silent", o.Audit, o.Result)
		}
	}
	if len(count) != n {
		t.Errorf("%d audits have an outcome, want %d", len(count), n)
	}
	for id, k := range count {
		if k != 1 {
			t.Errorf("%s is counted %d times", id, k)
		}
	}
}
