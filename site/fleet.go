package site

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/sonde-fleet/sonde/control"
	"github.com/sonde-fleet/sonde/probes"
)

// Prober is one that operators watch and steer from the site.
type Prober struct {
	Name   string
	Client *control.Client
}

// Pull is how the collector stands with a prober's journal.
type Pull struct {
	Prober string
	Last   uint64    // newest record that is filed
	At     time.Time // of the last pull that worked; zero: none since the start
	Fault  string    // of the last pull, when it failed
}

// answer is what a prober said of itself.
type answer struct {
	Prober string
	Status *control.Status // nil: it did not answer
	Fault  string
	Offset time.Duration // of its clock against ours, half the round trip taken off
	Trip   time.Duration
}

// fleet asks the probers, and keeps what they said for a moment: ten operators who watch cost as much as one.
type fleet struct {
	probers []Prober
	asking  sync.Mutex // held while they are asked
	mu      sync.Mutex
	at      time.Time
	last    []answer
	orders  int // how many were given
}

const (
	fleetFresh   = 2 * time.Second
	fleetTimeout = 3 * time.Second
)

// ask returns each prober's answer, in order. Where they are being asked already, others are served what was said before:
// a prober that does not answer holds up one reader and not all.
func (f *fleet) ask(ctx context.Context) []answer {
	last, fresh := f.known()
	if fresh {
		return last
	}
	if last == nil {
		f.asking.Lock()
	} else if !f.asking.TryLock() {
		return last
	}
	defer f.asking.Unlock()
	if last, fresh := f.known(); fresh {
		return last // while this one waited
	}
	f.mu.Lock()
	orders := f.orders
	f.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fleetTimeout)
	defer cancel()
	out := make([]answer, len(f.probers))
	var all sync.WaitGroup
	for i, p := range f.probers {
		all.Go(func() {
			sent := time.Now()
			st, err := p.Client.Status(ctx)
			out[i] = answer{Prober: p.Name, Status: st, Trip: time.Since(sent)}
			if err != nil {
				slog.Info("prober does not answer", "prober", p.Name, "err", err)
				out[i].Status, out[i].Fault = nil, err.Error()
				return
			}
			out[i].Offset = st.Clock.Sub(sent.Add(out[i].Trip / 2))
		})
	}
	all.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.orders == orders { // else it may be what the probers said before the order
		f.last, f.at = out, time.Now()
	}
	return out
}

// known returns what was said last, and whether that is fresh enough.
func (f *fleet) known() (last []answer, fresh bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last, f.last != nil && time.Since(f.at) < fleetFresh
}

// forget makes the next page ask again: an order was given.
func (f *fleet) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = nil
	f.orders++
}

// find returns the prober of that name.
func (f *fleet) find(name string) (Prober, bool) {
	for _, p := range f.probers {
		if p.Name == name {
			return p, true
		}
	}
	return Prober{}, false
}

// fleetPage is the health of the probers.
type fleetPage struct {
	frame
	Probers []health
	Chain   string // head of the trail
	ChainN  string
}

type health struct {
	Name, Version           string
	Down                    string // why it does not answer
	Since                   stamp
	Facts                   []verdictFact
	Boxes                   []boxRow
	Certificates            []verdictFact
	Suppressed              []suppressedRow
	SuppressedN             string
	DiskShare               float64 // used, per cent
	Campaign                string
	AwaitingLaunch, Running bool
	PlanURL                 string
}

// verdictFact is a figure with a judgement: good, doubtful or bad, in words and as a sign.
type verdictFact struct{ Name, Value, Mark, Word string }

type boxRow struct {
	Name, Word, Mark, Why string
	Since, Read           stamp
}

type suppressedRow struct {
	Structure, By, Reason string
	At                    stamp
}

// The bounds of what is well. A clock half a second off shifts no figure in hours; certificates are renewed a month ahead.
const (
	clockWell    = 500 * time.Millisecond
	clockBad     = 5 * time.Second
	certSoon     = 30 * 24 * time.Hour
	certBad      = 7 * 24 * time.Hour
	diskSoon     = 0.85
	diskBad      = 0.95
	pullSoon     = 5 * time.Minute
	mailboxStale = 30 * time.Minute
)

func (p *frame) judged(name, value string, soon, bad bool) verdictFact {
	mark := "good"
	switch {
	case bad:
		mark = "bad"
	case soon:
		mark = "soon"
	}
	return verdictFact{p.T(name), value, mark, p.T("health." + mark)}
}

func (s *server) fleetPage(w http.ResponseWriter, r *http.Request) {
	p := &fleetPage{frame: s.frame(r, filter{Lang: r.URL.Query().Get("lang")})}
	p.Here, p.Title = "fleet", p.T("fleet.title")
	pulls := map[string]Pull{}
	if s.pulls != nil {
		for _, x := range s.pulls() {
			pulls[x.Prober] = x
		}
	}
	now := time.Now()
	for _, a := range s.fleet.ask(r.Context()) {
		p.Probers = append(p.Probers, p.health(a, pulls[a.Prober], now))
	}
	if s.trail != nil {
		n, hash := s.trail.Head()
		p.Chain, p.ChainN = string(hash), p.Int(int(n))
	}
	s.render(w, r, http.StatusOK, "fleet", p)
}

func (p *fleetPage) health(a answer, pull Pull, now time.Time) health {
	h := health{Name: a.Prober, PlanURL: filter{Lang: p.Asked.Lang}.href("/plan") + sep(p.Asked.Lang) + "prober=" + a.Prober}
	behind := now.Sub(pull.At)
	pulled := p.judged("fleet.pull", p.stamp(pull.At).Text, behind > pullSoon, pull.Fault != "")
	if pull.Fault != "" {
		pulled.Value += " · " + pull.Fault
	}
	if a.Status == nil {
		h.Down = a.Fault
		h.Facts = []verdictFact{pulled}
		return h
	}
	st := a.Status
	h.Version, h.Since, h.Campaign, h.AwaitingLaunch, h.Running = st.Version, p.stamp(st.Started), st.Title, st.AwaitingLaunch, st.Running
	if h.Campaign == "" {
		h.Campaign = st.Campaign
	}
	off := max(a.Offset, -a.Offset)
	used := 0.0
	if st.Disk.Total > 0 {
		used = 1 - float64(st.Disk.Free)/float64(st.Disk.Total)
	}
	h.DiskShare = 100 * used
	h.Facts = []verdictFact{
		p.judged("fleet.clock", p.T("fleet.clock.value", "Offset", p.Decimal(a.Offset.Round(time.Millisecond).Seconds(), 3), "Trip", p.Decimal(a.Trip.Seconds(), 3)), off > clockWell, off > clockBad),
		p.judged("fleet.disk", p.T("fleet.disk.value", "Used", p.Percent(used), "Free", p.Octets(st.Disk.Free), "Store", p.Octets(st.Disk.Store)), used > diskSoon, used > diskBad || st.DiskFull),
		pulled,
		p.judged("fleet.pen", p.Int(st.HoldingPen), st.HoldingPen > 0, false),
		p.judged("fleet.doubt", p.Int(st.Audits[probes.InDoubt]), st.Audits[probes.InDoubt] > 0, false),
	}
	for _, m := range st.Mailboxes {
		row := boxRow{Name: m.Name, Mark: "good", Word: p.T("fleet.mailbox.up"), Why: m.Why, Since: p.stamp(m.Since), Read: p.stamp(m.Read)}
		switch {
		case !m.Up:
			row.Mark, row.Word = "bad", p.T("fleet.mailbox.down")
		case m.Read.IsZero() || now.Sub(m.Read) > mailboxStale:
			row.Mark, row.Word = "soon", p.T("fleet.mailbox.stale")
		}
		h.Boxes = append(h.Boxes, row)
	}
	for _, c := range st.Certificates {
		left := c.NotAfter.Sub(now)
		fact := p.judged("fleet.certificate", p.Day(c.NotAfter), left < certSoon, left < certBad)
		fact.Name = c.Server
		h.Certificates = append(h.Certificates, fact)
	}
	for _, x := range st.Suppressed {
		h.Suppressed = append(h.Suppressed, suppressedRow{string(x.Structure), x.By, x.Reason, p.stamp(x.At)})
	}
	h.SuppressedN = p.N("fleet.suppressed", st.SuppressedN)
	return h
}

// sep joins a parameter to an address that may have some.
func sep(lang string) string {
	if lang == "" {
		return "?"
	}
	return "&"
}

// Octets writes a size in the units of disks.
func (l *locale) Octets(n int64) string {
	x, unit := float64(n), "unit.mb"
	if x /= 1e6; x >= 1000 {
		x, unit = x/1000, "unit.gb"
	}
	return l.T(unit, "N", l.Decimal(x, 1))
}
