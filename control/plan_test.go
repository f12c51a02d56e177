package control_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/control"
	"github.com/sonde-fleet/sonde/directory"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/schedule"
	"github.com/sonde-fleet/sonde/schedule/calendar"
	"github.com/sonde-fleet/sonde/store"
)

// examples reads the shipped campaign and directory.
func examples(t *testing.T) *control.Files {
	t.Helper()
	c, err1 := config.LoadCampaign("../examples/campaign.yaml")
	list, err2 := directory.Load("../examples/structures.csv")
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return &control.Files{Campaign: c, Structures: list, Files: []control.File{{Name: "campaign.yaml", SHA256: "aa"}, {Name: "structures.csv", SHA256: "bb"}}}
}

func ptr(n int) *int { return &n }

func TestPreviewIsTheTimetable(t *testing.T) {
	f := examples(t)
	c := client(control.New(control.Options{Prober: "p", Store: open(t, t.TempDir()), Built: map[probes.Channel]bool{probes.Mail: true, probes.Web: true},
		Load: func() (*control.Files, error) { return f, nil }}))
	zone, err := time.LoadLocation(f.Campaign.Zone)
	if err != nil {
		t.Fatal(err)
	}
	start, _ := calendar.ParseDay(f.Campaign.Start)
	last, _ := calendar.ParseDay(f.Campaign.End)
	for name, w := range map[string]control.WhatIf{
		"the files as they are": {},
		"another window":        {Start: (start + 7).String(), End: (last + 14).String()},
		"caps":                  {PerHour: ptr(1), PersonaPerHour: ptr(1), DomainPerHour: ptr(1), StructurePerDay: ptr(1)},
		"no caps":               {PerHour: ptr(0), PersonaPerHour: ptr(0), DomainPerHour: ptr(0)},
		"a window too short":    {End: (start + 3).String()},
	} {
		changed := *f.Campaign
		if w.Start != "" {
			changed.Start = w.Start
		}
		if w.End != "" {
			changed.End = w.End
		}
		for _, x := range []struct {
			from *int
			to   *int
		}{{w.PerHour, &changed.Caps.PerHour}, {w.PersonaPerHour, &changed.Caps.PersonaPerHour}, {w.DomainPerHour, &changed.Caps.DomainPerHour}} {
			if x.from != nil {
				*x.to = *x.from
			}
		}
		audits, conflicts, err := schedule.Plan(&changed, f.Structures)
		if err != nil {
			t.Fatal(err)
		}
		p, err := c.Plan(t.Context(), w)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.Audits != len(audits) || p.Structures != len(f.Structures) || p.ConflictN != len(conflicts) || !slices.Equal(p.Hashes(), []probes.Hash{"aa", "bb"}) {
			t.Errorf("%s: %d audits, want %d; %d conflicts, want %d", name, p.Audits, len(audits), p.ConflictN, len(conflicts))
		}
		// Rebuilt by hand: each cell of the heat map, each sum.
		cells := map[string]int{}
		for _, d := range p.Days {
			for h, n := range d.Hours {
				if n > 0 {
					cells[fmt.Sprintf("%s %02d", d.Date, h)] = n
				}
			}
		}
		for _, a := range audits {
			cells[a.Due.In(zone).Format("2006-01-02 15")]--
			p.Channels[a.Channel]--
			p.Waves[a.Wave]--
		}
		for _, x := range conflicts {
			p.Missing -= x.Audits
			p.Kinds[x.Kind] -= x.Audits
		}
		zero := func(what, k string, n int) {
			if n != 0 {
				t.Errorf("%s: %s %s is %d off", name, what, k, n)
			}
		}
		for k, n := range cells {
			zero("hour", k, n)
		}
		for k, n := range p.Channels {
			zero("channel", string(k), n)
		}
		for k, n := range p.Waves {
			zero("wave", k, n)
		}
		for k, n := range p.Kinds {
			zero("conflict", k, n)
		}
		zero("missing", "", p.Missing)
		for i, x := range p.Conflicts {
			if x.Text != conflicts[i].String() || x.Structure == "" {
				t.Errorf("%s: conflict %+v", name, x)
			}
		}
	}
}

func TestPreviewRefuses(t *testing.T) {
	f := examples(t)
	c := client(control.New(control.Options{Store: open(t, t.TempDir()), Load: func() (*control.Files, error) { return f, nil }}))
	for want, w := range map[string]control.WhatIf{"start: ": {Start: "2nd of March"}, "there are -": {End: "1999-01-01"}, "days after the start": {End: "2999-01-01"},
		"per_hour: -1": {PerHour: ptr(-1)}} {
		var e *control.Error
		if _, err := c.Plan(t.Context(), w); !errors.As(err, &e) || e.Code != http.StatusUnprocessableEntity || !strings.Contains(e.Detail, want) {
			t.Errorf("%+v: %v", w, err)
		}
	}
}

func TestOnePreviewAtATime(t *testing.T) {
	f := examples(t)
	var mu sync.Mutex
	together, most := 0, 0
	c := client(control.New(control.Options{Store: open(t, t.TempDir()), Load: func() (*control.Files, error) {
		mu.Lock()
		together++
		most = max(most, together)
		mu.Unlock()
		time.Sleep(5 * time.Millisecond)
		mu.Lock()
		together--
		mu.Unlock()
		return f, nil
	}}))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := c.Plan(t.Context(), control.WhatIf{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most != 1 {
		t.Errorf("%d previews at once", most)
	}
}

// begun runs Begin beside the test and returns what it came to.
func begun(ctx context.Context, s *control.Server, f *control.Files, wait bool) chan error {
	done := make(chan error, 1)
	go func() {
		_, _, err := s.Begin(ctx, f, wait)
		done <- err
	}()
	return done
}

func awaits(t *testing.T, c *control.Client) *control.Status {
	t.Helper()
	for range 1000 {
		if s := status(t, c); s.AwaitingLaunch {
			return s
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("no launch is awaited")
	return nil
}

func TestLaunchOnOrder(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	f := examples(t)
	edited := *f
	s := control.New(control.Options{Prober: "p", Store: db, Running: true, Load: func() (*control.Files, error) { return &edited, nil }})
	c := client(s)
	if _, err := c.Launch(t.Context(), lea, control.Approval{Files: []probes.Hash{"aa", "bb"}}); err == nil || !strings.Contains(err.Error(), "no campaign waits") {
		t.Errorf("a launch that nobody waits for: %v", err)
	}
	done := begun(t.Context(), s, f, true)
	if st := awaits(t, c); st.Campaign != f.Campaign.ID || st.Records != 0 || st.End.IsZero() {
		t.Errorf("status %+v", st)
	}
	p, err := c.Plan(t.Context(), control.WhatIf{})
	if err != nil {
		t.Fatal(err)
	}
	seen := p.Hashes()
	edited.Files = []control.File{{Name: "campaign.yaml", SHA256: "cc"}, {Name: "structures.csv", SHA256: "bb"}}
	for want, err := range map[string]error{
		"changed since the preview (campaign.yaml)": second(c.Launch(t.Context(), lea, control.Approval{ApprovedBy: "karim", Files: seen})),
		"lea orders the launch":                     second(c.Launch(t.Context(), lea, control.Approval{ApprovedBy: "lea", Files: seen})),
		"hashes of what was previewed are missing":  second(c.Launch(t.Context(), lea, control.Approval{})),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if db.Last() != 0 {
		t.Errorf("%d records of what was refused", db.Last())
	}
	seen[0] = "cc" // previewed again
	var l probes.Launch
	for range 2 { // the second is the same order, sent again
		if l, err = c.Launch(t.Context(), keyed("go"), control.Approval{ApprovedBy: "karim", Files: seen}); err != nil || l.Audits != p.Audits || !slices.Equal(l.Files, seen) {
			t.Fatalf("%+v, %v", l, err)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	st := status(t, c)
	sum := 0
	for _, n := range st.Audits {
		sum += n
	}
	if st.AwaitingLaunch || sum != p.Audits || !slices.Equal(st.Files, seen) {
		t.Errorf("after the launch %+v", st)
	}
	orders := 0
	if err := db.Records(0, func(r *probes.Record) bool {
		if r.Event != nil && r.Event.Kind == probes.CampaignLaunched {
			orders++
			if d := r.Event.Detail; d["by"] != "lea" || d["approved_by"] != "karim" || d["files"] != "cc bb" || d["order"] != "go" || r.N != 1 {
				t.Errorf("order %d: %v", r.N, d)
			}
		}
		return true
	}); err != nil || orders != 1 {
		t.Errorf("%d orders, %v", orders, err)
	}
	if _, err := c.Launch(t.Context(), lea, control.Approval{Files: seen}); err == nil || !strings.Contains(err.Error(), "launched already") {
		t.Errorf("a second launch: %v", err)
	}
	// A restart goes on with what was launched.
	db.Close()
	db = open(t, dir)
	last := db.Last()
	if err := <-begun(t.Context(), control.New(control.Options{Store: db}), f, true); err != nil || db.Last() != last {
		t.Errorf("restart: %v, %d records more", err, db.Last()-last)
	}
}

// crashing loses the machine after the order to launch was recorded.
type crashing struct {
	*store.DB
	left int
}

func (c *crashing) Append(r ...probes.Record) error {
	if c.left--; c.left < 0 {
		return errors.New("the machine is gone")
	}
	return c.DB.Append(r...)
}

func TestALaunchThatACrashInterruptedIsCompleted(t *testing.T) {
	for name, edited := range map[string]bool{"same files": false, "files edited since": true} {
		t.Run(name, func(t *testing.T) {
			db := open(t, filepath.Join(t.TempDir(), "data"))
			f := examples(t)
			load := func() (*control.Files, error) { return f, nil }
			s := control.New(control.Options{Store: &crashing{db, 1}, Running: true, Load: load})
			ctx, crash := context.WithCancel(t.Context())
			done := begun(ctx, s, f, true)
			awaits(t, client(s))
			if _, err := client(s).Launch(t.Context(), keyed("go"), control.Approval{Files: []probes.Hash{"aa", "bb"}}); err == nil {
				t.Fatal("launched without a machine")
			}
			crash()
			if err := <-done; err == nil {
				t.Fatal("it went on")
			}
			if edited {
				f.Files = []control.File{{Name: "campaign.yaml", SHA256: "cc"}, {Name: "structures.csv", SHA256: "bb"}}
			}
			s = control.New(control.Options{Store: db, Running: true, Load: load})
			done = begun(t.Context(), s, f, true)
			if edited {
				awaits(t, client(s))
				if _, err := client(s).Launch(t.Context(), keyed("go"), control.Approval{Files: []probes.Hash{"cc", "bb"}}); err == nil || !strings.Contains(err.Error(), "another order") {
					t.Errorf("the old key for other files: %v", err)
				}
				if _, err := client(s).Launch(t.Context(), keyed("go2"), control.Approval{Files: []probes.Hash{"cc", "bb"}}); err != nil {
					t.Fatal(err)
				}
			}
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if l, ok := db.Launch(); !ok || l.Audits == 0 {
				t.Errorf("launch %+v", l)
			}
			if l, err := client(s).Launch(t.Context(), keyed("go"), control.Approval{Files: []probes.Hash{"aa", "bb"}}); err != nil || l.Audits == 0 {
				t.Errorf("the order sent again: %+v, %v", l, err)
			}
		})
	}
}

func TestToldToStopWhileItWaits(t *testing.T) {
	f := examples(t)
	ctx, cancel := context.WithCancel(t.Context())
	s := control.New(control.Options{Store: open(t, t.TempDir()), Running: true})
	done := begun(ctx, s, f, true)
	awaits(t, client(s))
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestWithoutAnOrderItLaunchesAtOnce(t *testing.T) {
	db := open(t, t.TempDir())
	f := examples(t)
	s := control.New(control.Options{Store: db, Running: true})
	if _, l, err := s.Begin(t.Context(), f, false); err != nil || l.Audits == 0 {
		t.Errorf("%+v, %v", l, err)
	}
	if _, ok := db.LaunchOrder(); ok {
		t.Error("an order that nobody gave")
	}
}

// TestDocumented holds docs/formats.md to the shapes that travel.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/formats.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range shapes {
		for _, k := range keysOf(of) {
			if !strings.Contains(string(page), "`"+k+"`") && !strings.Contains(string(page), `"`+k+`"`) {
				t.Errorf("docs/formats.md does not name %q of %s", k, of.Name())
			}
		}
	}
}
