package control_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sonde-fleet/sonde/control"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule"
	"github.com/sonde-fleet/sonde/store"
)

// slow is a channel whose tries take a while, during which nothing has left.
type slow struct {
	db   *store.DB
	take time.Duration
	mu   sync.Mutex
	sent []probes.AuditID
	when map[probes.AuditID]time.Time
}

func (s *slow) Run(_ context.Context, a probes.Audit, record func(probes.Event) error) error {
	if err := record(probes.Event{Audit: a.ID, Kind: probes.MailPrepared, Try: 1, At: time.Now()}); err != nil {
		return err
	}
	time.Sleep(s.take)
	s.mu.Lock()
	s.sent = append(s.sent, a.ID)
	s.when[a.ID] = time.Now()
	s.mu.Unlock()
	for _, k := range []probes.Kind{probes.MailSending, probes.MailAccepted} {
		if err := record(probes.Event{Audit: a.ID, Kind: k, Try: 1, At: time.Now()}); err != nil {
			return err
		}
	}
	return nil
}

// counting counts how often the runner looks for what is due.
type counting struct {
	*store.DB
	mu    sync.Mutex
	looks int
}

func (c *counting) Due(t time.Time, n int) ([]probes.State, time.Time) {
	c.mu.Lock()
	c.looks++
	c.mu.Unlock()
	return c.DB.Due(t, n)
}

// night runs the campaign of n structures, with an audit of the plan and one of a wave each, all due an hour after the
// start, for d; steer gets the client once all runs.
func night(t *testing.T, n int, d time.Duration, steer func(c *control.Client, p *slow, db *store.DB)) {
	synctest.Test(t, func(t *testing.T) {
		db := open(t, t.TempDir())
		defer db.Close()
		var records []probes.Record
		due := time.Now().Add(time.Hour)
		for i := range n {
			id := probes.StructureID(fmt.Sprintf("s%d", i))
			records = append(records, probes.Record{Structure: &probes.Structure{ID: id, Zone: "UTC", Hours: "24/7"}})
			for k, wave := range []string{"plan", "weekly"} {
				records = append(records, probes.Record{Audit: &probes.Audit{ID: probes.AuditID(fmt.Sprintf("c.%s.%02d", id, k+1)), Campaign: "c", Structure: id, Number: k + 1,
					Channel: probes.Mail, Wave: wave, Due: due, Deadline: due.Add(96 * time.Hour)}})
			}
		}
		records = append(records, probes.Record{Launch: &probes.Launch{Campaign: "c", End: due.AddDate(0, 1, 0), Timeline: probes.Timeline{Speed: 1}}})
		if err := db.Append(records...); err != nil {
			t.Fatal(err)
		}
		p := &slow{db: db, take: 10 * time.Minute, when: map[probes.AuditID]time.Time{}}
		look := &counting{DB: db}
		r := &schedule.Runner{Store: look, Probes: map[probes.Channel]probes.Probe{probes.Mail: p}, Parallel: 4, Late: 100 * time.Hour, Grace: time.Hour}
		s := server(db)
		s.Steer(r)
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		var working sync.WaitGroup
		working.Go(func() {
			if err := r.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		steer(client(s), p, db)
		working.Wait()
		if slices.Sort(p.sent); len(slices.Compact(slices.Clone(p.sent))) != len(p.sent) {
			t.Errorf("a structure was contacted twice: %v", p.sent)
		}
		// What is paused is not looked for again and again: about one look for each thing that happens.
		if most := 40 * (n + 1); look.looks > most {
			t.Errorf("looked %d times for what is due", look.looks)
		}
	})
}

func has(list []probes.AuditID, part string) bool {
	return slices.ContainsFunc(list, func(id probes.AuditID) bool { return strings.Contains(string(id), part) })
}

func (s *slow) snapshot() []probes.AuditID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

func TestAPausedWaveWaitsAndTheOthersGoOn(t *testing.T) {
	night(t, 50, 60*time.Hour, func(c *control.Client, p *slow, db *store.DB) {
		if _, err := c.Pause(t.Context(), lea, control.Scope{Wave: "weekly"}); err != nil {
			t.Error(err)
		}
		time.Sleep(20 * time.Hour) // all are due since long: the paused ones must not fill the page
		if sent := p.snapshot(); len(sent) != 50 || has(sent, ".02") {
			t.Errorf("while the wave is paused %d were sent: %v", len(sent), sent)
		}
		resumed := time.Now()
		if _, err := c.Resume(t.Context(), lea, control.Scope{Wave: "weekly"}); err != nil {
			t.Error(err)
		}
		time.Sleep(20 * time.Hour)
		if sent := p.snapshot(); len(sent) != 100 {
			t.Errorf("in the end %d were sent", len(sent))
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		for id, at := range p.when {
			if strings.HasSuffix(string(id), ".02") && at.Before(resumed) {
				t.Errorf("%s was sent at %v, before the wave was resumed", id, at)
			}
		}
	})
}

func TestAPausedStructureAndAPausedAuditWait(t *testing.T) {
	night(t, 3, 60*time.Hour, func(c *control.Client, p *slow, db *store.DB) {
		scopes := []control.Scope{{Structure: "s0"}, {Audit: "c.s1.02"}}
		for _, sc := range scopes {
			if _, err := c.Pause(t.Context(), lea, sc); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(20 * time.Hour)
		if sent := p.snapshot(); len(sent) != 3 || has(sent, "s0") || has(sent, "c.s1.02") {
			t.Errorf("sent %v", sent)
		}
		for _, sc := range scopes {
			if _, err := c.Resume(t.Context(), lea, sc); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(20 * time.Hour)
		if sent := p.snapshot(); len(sent) != 6 {
			t.Errorf("in the end sent %v", sent)
		}
	})
}

// A pause that comes while a page of due audits is being started holds the rest of the page.
func TestAPauseHoldsWhatIsDueAtOnce(t *testing.T) {
	night(t, 20, 60*time.Hour, func(c *control.Client, p *slow, db *store.DB) {
		time.Sleep(time.Hour + 5*time.Minute)
		if _, err := c.Pause(t.Context(), lea, control.Scope{Campaign: "c"}); err != nil {
			t.Error(err)
		}
		time.Sleep(10 * time.Hour)
		if sent := p.snapshot(); len(sent) != 4 { // the tries under way went on
			t.Errorf("sent %v", sent)
		}
		if _, err := c.Resume(t.Context(), lea, control.Scope{Campaign: "c"}); err != nil {
			t.Error(err)
		}
	})
}

// While a try is under way its mail may leave at any moment: it is not cancelled, and what is cancelled is never sent.
func TestCancelAmongTriesUnderWay(t *testing.T) {
	night(t, 20, 60*time.Hour, func(c *control.Client, p *slow, db *store.DB) {
		time.Sleep(time.Hour + 5*time.Minute)
		var flying probes.AuditID
		for _, st := range db.Active() {
			flying = st.Audit.ID
		}
		if _, err := c.Cancel(t.Context(), lea, control.Scope{Audit: flying}); err == nil || !strings.Contains(err.Error(), "is under way") {
			t.Errorf("cancel of %q: %v", flying, err)
		}
		d, err := c.Cancel(t.Context(), lea, control.Scope{Campaign: "c"})
		if err != nil || d.Recorded != 36 || d.Left != 4 {
			t.Errorf("%+v, %v", d, err)
		}
		time.Sleep(20 * time.Hour)
		if counts := db.Counts(); counts[probes.Cancelled] != 36 || counts[probes.Contacted] != 4 || len(p.snapshot()) != 4 {
			t.Errorf("%v, sent %v", counts, p.snapshot())
		}
	})
}

func TestWhatIsAskedForAgainIsTried(t *testing.T) {
	night(t, 1, 60*time.Hour, func(c *control.Client, p *slow, db *store.DB) {
		if err := db.Record(probes.Event{Audit: "c.s0.01", Kind: probes.AuditMissed, At: time.Now()}); err != nil {
			t.Error(err)
		}
		made, err := c.Again(t.Context(), lea, "c.s0.01")
		if err != nil || made.ID != "c.s0.03" {
			t.Errorf("%+v, %v", made, err)
		}
		time.Sleep(50 * time.Hour)
		p.mu.Lock()
		at := p.when[made.ID]
		p.mu.Unlock()
		if at.Sub(made.Due) != 10*time.Minute || len(p.snapshot()) != 2 {
			t.Errorf("due %v, sent at %v; %v", made.Due, at, p.snapshot())
		}
	})
}
