package mail_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule"
	"github.com/sonde-fleet/sonde/townhall"
)

var soakStructures = flag.Int("soak", 100, "structures of the soak test; the acceptance run takes 2000")

// TestSoak lives through a campaign of two months: mailboxes that drop, links that stay half open, UIDVALIDITY that
// changes, a mail server whose clock steps, a submission server that fails in every way, and a prober that is restarted
// every few days. Nothing may be lost or doubled, and no goroutine may be left (the bubble checks).
func TestSoak(t *testing.T) {
	n := *soakStructures
	synctest.Test(t, func(t *testing.T) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		w := newWeather(seed)
		structures := map[string]townhall.Conduct{}
		residents := townhall.Forty()
		for i := range n {
			structures[fmt.Sprintf("s%04d", i)] = residents[i%len(residents)].Conduct
		}
		b := newBubble(t, structures, w.fault)
		defer b.close()
		w.skewInto(b)
		start := time.Now()
		audits := w.plan(b, n)
		runner := func(ctx context.Context) {
			r := &schedule.Runner{Store: b.db, Probes: map[probes.Channel]probes.Probe{probes.Mail: b.channel},
				Watchers: []probes.Watcher{b.channel}, Parallel: 16, Late: time.Hour, Grace: time.Minute}
			if err := r.Run(ctx); err != nil {
				t.Error(err)
			}
		}
		for time.Since(start) < 90*day { // 60 days of contacts, 15 of watching, and room for what comes late
			ctx, cancel := context.WithCancel(t.Context())
			var running sync.WaitGroup
			running.Go(func() { runner(ctx) })
			running.Go(func() { w.rage(ctx, b) })
			time.Sleep(time.Duration(1+w.intN(5)) * day)
			cancel()
			running.Wait()
			b.db.Close()
			time.Sleep(time.Duration(w.intN(3)) * time.Hour) // the machine is down
			b.open()
		}
		w.judge(b, audits)
	})
}

// weather is everything that goes wrong, from one seed.
type weather struct {
	mu   sync.Mutex
	r    *rand.Rand
	skew time.Duration
}

func newWeather(seed uint64) *weather {
	return &weather{r: rand.New(rand.NewPCG(seed, 5))}
}

func (w *weather) intN(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.r.IntN(n)
}

// fault makes one transaction in twenty go wrong.
func (w *weather) fault(string) townhall.Fault {
	if w.intN(40) > 0 { // it is asked twice a transaction
		return townhall.NoFault
	}
	return []townhall.Fault{townhall.DropBeforeData, townhall.DropInData, townhall.DropAfterDot, townhall.DeferRecipient, townhall.DeferData,
		townhall.StrangeReply}[w.intN(6)]
}

func (w *weather) skewInto(b *bubble) {
	b.skew = func() time.Duration {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.skew
	}
}

// rage breaks things until ctx is done.
func (w *weather) rage(ctx context.Context, b *bubble) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(1+w.intN(12)) * time.Hour):
		}
		switch w.intN(30) {
		case 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11:
			b.imap.each(func(l *line) { l.Conn.Close() })
		case 12, 13, 14, 15, 16, 17, 18, 19, 20:
			b.imap.each((*line).freeze)
		case 21: // a big mailbox is read again whole: some ten times in three months
			if err := b.town.ResetValidity("claire"); err != nil {
				b.t.Error(err)
			}
			b.imap.each(func(l *line) { l.Conn.Close() })
		default:
			w.mu.Lock()
			w.skew = time.Duration(w.r.IntN(7200)-3600) * time.Second
			w.mu.Unlock()
		}
	}
}

// plan gives every structure four mails over two months.
func (w *weather) plan(b *bubble, n int) (audits []probes.Audit) {
	start := time.Now()
	var records []probes.Record
	for i := range n {
		name := fmt.Sprintf("s%04d", i)
		records = append(records, probes.Record{Structure: &probes.Structure{ID: probes.StructureID(name), Name: "Ville " + name}})
		for k := range 4 {
			due := start.Add(time.Duration(k)*15*day + time.Duration(w.intN(14*24*3600))*time.Second)
			audits = append(audits, probes.Audit{ID: probes.AuditID(fmt.Sprintf("c.%s.%02d", name, k+1)), Campaign: "c",
				Structure: probes.StructureID(name), Channel: probes.Mail, Scenario: "horaires", Persona: "claire", Number: k + 1, Due: due,
				Deadline: due.Add(15 * day), Target: name + "@x.example"})
		}
	}
	for i := range audits {
		records = append(records, probes.Record{Audit: &audits[i]})
	}
	if err := b.db.Append(records...); err != nil {
		b.t.Fatal(err)
	}
	return audits
}

// judge compares the journal with what the town did.
func (w *weather) judge(b *bubble, audits []probes.Audit) {
	t := b.t
	t.Helper()
	byAudit := map[probes.AuditID]*seenAudit{}
	for _, a := range audits {
		byAudit[a.ID] = &seenAudit{classes: map[string]int{}, status: b.status(a.ID)}
	}
	late, unmatched, digests := 0, 0, map[string]int{}
	err := b.db.Records(0, func(r *probes.Record) bool {
		e := r.Event
		if e == nil {
			return true
		}
		if d := e.Detail["digest"]; d != "" {
			digests[d]++
		}
		s := byAudit[e.Audit]
		switch e.Kind {
		case probes.MailPrepared:
			s.from = e.Detail["from"]
		case probes.MailReceived:
			s.classes[e.Detail["class"]]++
			if e.Detail["clock"] == "server" {
				late++
			}
		case probes.MailUnmatched:
			unmatched++
		case probes.MailAccepted, probes.MailWitnessed:
			s.contacted = true
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	if twice := b.town.Twice(); len(twice) > 0 {
		t.Errorf("%d messages were sent twice: %v", len(twice), twice[:min(3, len(twice))])
	}
	for d, n := range digests {
		if n > 1 {
			t.Errorf("the mail %s was filed %d times", d, n)
		}
	}
	if unmatched > 0 {
		t.Errorf("%d mails were matched to no audit", unmatched)
	}
	byFrom := map[string]*townhall.Truth{}
	truth := b.town.Truth()
	mails := 0
	for i := range truth {
		byFrom[truth[i].From] = &truth[i]
		mails += len(truth[i].Replies)
	}
	count := map[probes.Status]int{}
	for _, a := range audits {
		s := byAudit[a.ID]
		count[s.status]++
		was := byFrom[s.from]
		delete(byFrom, s.from)
		if err := s.agrees(was); err != nil {
			t.Errorf("%s (%s): %v", a.ID, s.status, err)
		}
	}
	for from := range byFrom {
		t.Errorf("the town got a mail from %s that no audit knows", from)
	}
	t.Logf("%d audits: %v; %d mails came in, %d of them timed by the server", len(audits), count, mails, late)
	if got := count[probes.Closed] + count[probes.Refused] + count[probes.Faulted]; got != len(audits) {
		t.Errorf("%d audits of %d are over", got, len(audits))
	}
	// Faults of ours are rare: a message lost in DATA stays in doubt until the deadline, the others are tried again.
	if count[probes.Faulted] > len(audits)/50 {
		t.Errorf("%d audits were spoiled by us", count[probes.Faulted])
	}
}

var errTruth = errors.New("the town says otherwise")

// seenAudit is what the journal has of one audit.
type seenAudit struct {
	status    probes.Status
	classes   map[string]int
	from      string // reply address
	contacted bool
}

// agrees compares one audit with the truth about its message.
func (s *seenAudit) agrees(was *townhall.Truth) error {
	switch {
	case was == nil && s.contacted:
		return fmt.Errorf("recorded as contacted, the town got nothing: %w", errTruth)
	case was == nil:
		return nil
	case was.Refused != "" && s.status != probes.Refused:
		return fmt.Errorf("refused: %w", errTruth)
	case was.Refused == "" && !s.contacted:
		return fmt.Errorf("the town got it: %w", errTruth)
	}
	want := map[string]int{}
	for _, r := range was.Replies {
		want[r.Class]++
	}
	if !maps.Equal(want, s.classes) {
		return fmt.Errorf("answers %v, got %v: %w", want, s.classes, errTruth)
	}
	return nil
}
