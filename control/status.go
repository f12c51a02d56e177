package control

import (
	"cmp"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/sonde-fleet/sonde/probes"
)

// Status is how a prober and its campaign stand.
type Status struct {
	Prober  string    `json:"prober"`
	Version string    `json:"version"`
	Running bool      `json:"running"`          // an agent runs; otherwise a command has opened the store
	Started time.Time `json:"started,omitzero"` // of the agent
	Clock   time.Time `json:"now"`              // the prober's wall clock when it answered
	// AwaitingLaunch says that the agent waits for the order to launch the campaign that follows.
	AwaitingLaunch bool            `json:"awaiting_launch"`
	Campaign       string          `json:"campaign,omitempty"`
	Title          string          `json:"title,omitempty"`
	Timeline       probes.Timeline `json:"timeline"`
	Now            time.Time       `json:"campaign_time,omitzero"`
	End            time.Time       `json:"end,omitzero"` // campaign instant
	Files          []probes.Hash   `json:"files,omitempty"`
	Paused         bool            `json:"paused"` // the whole campaign
	Pauses         []Pause         `json:"pauses,omitempty"`
	DiskFull       bool            `json:"disk_full"` // nothing new is started
	Disk           Disk            `json:"disk"`
	Records        uint64          `json:"records"`
	// Audits of the campaign by state, by channel and state, by wave and state.
	Audits       map[probes.Status]int                    `json:"audits"`
	Channels     map[probes.Channel]map[probes.Status]int `json:"channels"`
	Waves        map[string]map[probes.Status]int         `json:"waves"`
	Awaiting     map[probes.Channel]int                   `json:"awaiting,omitempty"` // audits whose channel is not built
	Mailboxes    []Mailbox                                `json:"mailboxes,omitempty"`
	Certificates []Certificate                            `json:"certificates,omitempty"`
	InDoubt      []Doubt                                  `json:"in_doubt,omitempty"` // at most 1000, as by_hand; the queue has all
	ByHand       []probes.State                           `json:"by_hand,omitempty"`  // contacts that a person must make
	Suppressed   []Suppression                            `json:"suppressed,omitempty"`
	SuppressedN  int                                      `json:"suppressed_count"`
	HoldingPen   int                                      `json:"holding_pen"` // mails that belong to no audit for sure
}

// Pause is a part of the campaign that is not started.
type Pause struct {
	Scope
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
}

// Disk is the room that the data folder has, in octets.
type Disk struct {
	Free  int64 `json:"free_bytes"`
	Total int64 `json:"total_bytes"`
	Store int64 `json:"store_bytes"`
}

// Mailbox is a folder that a persona's watcher follows.
type Mailbox struct {
	Name     string    `json:"mailbox"`
	Up       bool      `json:"up"`
	Since    time.Time `json:"since,omitzero"` // since when it is down, or when it came back; absent: it was never lost
	Why      string    `json:"why,omitempty"`
	Read     time.Time `json:"read,omitzero"` // when it was read last, whether or not there was anything new
	Validity uint32    `json:"uidvalidity"`
	UID      uint32    `json:"uid"`
}

// Certificate is what a mail server showed when a connection to it was made last.
type Certificate struct {
	Server   string    `json:"server"` // host:port
	NotAfter time.Time `json:"not_after"`
	Seen     time.Time `json:"seen"`
}

// Doubt is an audit that may or may not have left. Until its window is over proof may still come by itself.
type Doubt struct {
	probes.State
	ProofUntil time.Time `json:"proof_until"`
	Decide     bool      `json:"decide"` // the window is over: an operator decides
}

// Suppression is a structure that is never contacted again.
type Suppression struct {
	Structure probes.StructureID `json:"structure"`
	By        string             `json:"by,omitempty"`
	Reason    string             `json:"reason,omitempty"`
	At        time.Time          `json:"at"`
}

// maxListed bounds the lists of a status.
const maxListed = 1000

// status reads how things stand. Counts are kept by the store: nothing here grows with the number of audits.
func (s *Server) status() Status {
	db, now := s.o.Store, time.Now()
	out := Status{Prober: s.o.Prober, Version: Version(), Running: s.o.Running, Started: s.started.UTC(), Clock: now.UTC(), Paused: db.Paused(),
		DiskFull: db.Full(), Records: db.Last(), HoldingPen: db.Unmatched(), Audits: map[probes.Status]int{},
		Channels: map[probes.Channel]map[probes.Status]int{}, Waves: map[string]map[probes.Status]int{}}
	if !s.o.Running {
		out.Started = time.Time{}
	}
	s.campaign(&out)
	out.Disk.Free, out.Disk.Total, out.Disk.Store, _ = db.Disk() // a file system that does not say leaves zeros
	db.Tally(out.Campaign, func(channel probes.Channel, wave string, st probes.Status, n int) {
		out.Audits[st] += n
		add(out.Channels, channel, st, n)
		add(out.Waves, wave, st, n)
		if st == probes.Awaiting {
			if out.Awaiting == nil {
				out.Awaiting = map[probes.Channel]int{}
			}
			out.Awaiting[channel] += n
		}
	})
	for _, e := range db.Pauses() {
		out.Pauses = append(out.Pauses, Pause{scopeOf(&e), e.Detail["by"], e.Detail["reason"], e.At})
	}
	for _, st := range db.Queued(probes.InDoubt, "", maxListed) {
		until := st.Sent.Add(s.o.InDoubtWindow)
		out.InDoubt = append(out.InDoubt, Doubt{st, until, now.After(until)})
	}
	out.ByHand = db.Queued(probes.ByHand, "", maxListed)
	var suppressed []probes.Event
	suppressed, out.SuppressedN = db.Suppressions(maxListed)
	for _, e := range suppressed {
		out.Suppressed = append(out.Suppressed, Suppression{probes.StructureID(e.Detail["structure"]), e.Detail["by"], e.Detail["reason"], e.At})
	}
	out.Mailboxes, out.Certificates = s.mailboxes(), s.o.Health.certificates()
	return out
}

func add[K comparable](to map[K]map[probes.Status]int, k K, st probes.Status, n int) {
	if to[k] == nil {
		to[k] = map[probes.Status]int{}
	}
	to[k][st] += n
}

// campaign fills in the campaign that is awaited or was launched.
func (s *Server) campaign(out *Status) {
	s.mu.Lock()
	waits := s.awaited
	s.mu.Unlock()
	l, ok := s.o.Store.Launch()
	if waits != nil {
		out.AwaitingLaunch, l, ok = true, *waits, true
	}
	if !ok {
		return
	}
	out.Campaign, out.Title, out.Timeline, out.End, out.Files = l.Campaign, l.Title, l.Timeline, l.End, l.Files
	if waits == nil {
		out.Now = l.Timeline.Campaign(time.Now()).UTC()
	}
}

// mailboxes joins what the journal says with what the watchers said since the start: a restart finds a mailbox in sight
// again without an event, and a mailbox in which nothing is new is read all the same.
func (s *Server) mailboxes() (list []Mailbox) {
	live := s.o.Health.looks()
	s.o.Store.Mailboxes(func(name string, validity, uid uint32, read, down, up time.Time, why string) {
		m := Mailbox{Name: name, Up: true, Since: up, Read: read, Validity: validity, UID: uid}
		if looked := live[name]; looked.After(read) {
			m.Read = looked
		}
		if !down.IsZero() && !live[name].After(down) {
			m.Up, m.Since, m.Why = false, down, why
		}
		list = append(list, m)
		delete(live, name)
	})
	for name, looked := range live { // nothing has come in yet
		list = append(list, Mailbox{Name: name, Up: true, Read: looked})
	}
	slices.SortFunc(list, func(a, b Mailbox) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// Health is what the agent's connections show that the journal does not hold.
type Health struct {
	mu     sync.Mutex
	looked map[string]time.Time
	shown  map[string]Certificate
}

// Certificate notes until when the certificate of a server is valid, at each connection to it.
func (h *Health) Certificate(server string, notAfter time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.shown == nil {
		h.shown = map[string]Certificate{}
	}
	h.shown[server] = Certificate{server, notAfter.UTC(), time.Now().UTC()}
}

// Looked notes that a mailbox was read up to its end.
func (h *Health) Looked(mailbox string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.looked == nil {
		h.looked = map[string]time.Time{}
	}
	h.looked[mailbox] = time.Now().UTC()
}

func (h *Health) looks() map[string]time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.looked == nil {
		return map[string]time.Time{}
	}
	return maps.Clone(h.looked)
}

func (h *Health) certificates() []Certificate {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.SortedFunc(maps.Values(h.shown), func(a, b Certificate) int { return cmp.Compare(a.Server, b.Server) })
}

// Version names the build: its release, or the revision it was built from.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	out, dirty := "devel", ""
	for _, x := range info.Settings {
		switch {
		case x.Key == "vcs.revision":
			out = x.Value[:min(12, len(x.Value))]
		case x.Key == "vcs.modified" && x.Value == "true":
			dirty = "+dirty"
		}
	}
	return out + dirty
}
