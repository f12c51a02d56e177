package mail_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/mail"
	"github.com/sonde-fleet/sonde/store"
	"github.com/sonde-fleet/sonde/townhall"
)

const (
	domain   = "habitants.example"
	password = "secret"
)

// bubble is a town, a store and a channel inside a testing/synctest bubble: real servers over connections in memory,
// months in milliseconds.
type bubble struct {
	t       *testing.T
	town    *townhall.Town
	db      *store.DB
	dir     string
	channel *mail.Channel
	options mail.Options
	imap    *switchboard
	skew    func() time.Duration // of the mail server's clock; nil: it is right
	stop    context.CancelFunc
	served  sync.WaitGroup
}

// newBubble opens a town whose structures are given by local part, at SERVICE@x.example.
func newBubble(t *testing.T, structures map[string]townhall.Conduct, fault func(to string) townhall.Fault) *bubble {
	t.Helper()
	b := &bubble{t: t, dir: memory(t)}
	smtp, imap := townhall.NewPipe("smtp"), townhall.NewPipe("imap")
	b.imap = &switchboard{pipe: imap}
	o := townhall.Options{Domain: domain, Mailboxes: []string{"claire"}, Password: password, Structures: map[string]townhall.Conduct{},
		Seed: 3, Speed: 1, SMTP: smtp, IMAP: imap, Fault: fault,
		Skew: func() time.Duration {
			if b.skew == nil {
				return 0
			}
			return b.skew()
		}}
	for name, c := range structures {
		o.Structures[name+"@x.example"] = c
	}
	town, err := townhall.New(o)
	if err != nil {
		t.Fatal(err)
	}
	b.town = town
	b.open()
	auth := func(user string) func() sasl.Client {
		return func() sasl.Client { return sasl.NewPlainClient("", user, password) }
	}
	b.options = mail.Options{Hello: "courrier.example", Seed: 11, Timeout: time.Minute, Archive: archive{b}, Accounts: map[string]mail.Account{
		"claire": {Persona: mail.Persona{Given: "Claire", Family: "Martin", Civility: "Madame", Town: "Dijon"}, Address: "claire@" + domain,
			Reply: mail.Plus, Witness: true,
			SMTP: mail.Server{Addr: "smtp:25", Dial: smtp.Dial, Security: mail.None, Auth: auth("claire")},
			IMAP: mail.Server{Addr: "imap:143", Dial: b.imap.dial, Security: mail.None, Auth: auth("claire@" + domain)}}},
		Scenarios: map[string]mail.Scenario{"horaires": {Language: "fr", Subjects: []string{"{Horaires|Vos horaires} d'ouverture"},
			Bodies: []string{"Bonjour,\n\n{Pourriez-vous|Pouvez-vous} m'indiquer vos horaires ?\n\nMerci,\n{{.Given}} {{.Family}}\n"}}}}
	b.channel = mail.New(b.options)
	ctx, cancel := context.WithCancel(t.Context())
	b.stop = cancel
	b.served.Go(func() { town.Run(ctx) })
	synctest.Wait()
	return b
}

// memory returns a folder in memory where the system has one: months of events wait for no disk there, and what a disk
// does is tested in ./store and ./integration.
func memory(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "sonde-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (b *bubble) open() {
	b.t.Helper()
	db, err := store.Open(b.dir)
	if err != nil {
		b.t.Fatal(err)
	}
	b.db = db
}

// close ends everything; a goroutine that is left makes the bubble fail.
func (b *bubble) close() {
	b.stop()
	b.served.Wait()
	b.db.Close()
}

// archive is the store of the moment, which a restart replaces.
type archive struct{ b *bubble }

func (a archive) State(id probes.AuditID) (probes.State, bool) { return a.b.db.State(id) }
func (a archive) Active() []probes.State                       { return a.b.db.Active() }
func (a archive) Evidence(h probes.Hash) ([]byte, error)       { return a.b.db.Evidence(h) }
func (a archive) Find(key string, max int) []probes.AuditID    { return a.b.db.Find(key, max) }
func (a archive) Seen(digest string) bool                      { return a.b.db.Seen(digest) }
func (a archive) Mailbox(name string) (validity, uid uint32)   { return a.b.db.Mailbox(name) }
func (a archive) Structure(id probes.StructureID) (probes.Structure, bool) {
	return a.b.db.Structure(id)
}

// audit plans one contact of the structure.
func (b *bubble) audit(name string, n int) probes.Audit {
	b.t.Helper()
	s := probes.Structure{ID: probes.StructureID(name), Name: "Ville de " + name, Zone: "Europe/Paris", Hours: "24/7"}
	a := probes.Audit{ID: probes.AuditID(fmt.Sprintf("c.%s.%02d", name, n)), Campaign: "c", Structure: s.ID, Channel: probes.Mail,
		Scenario: "horaires", Persona: "claire", Number: n, Due: time.Now(), Deadline: time.Now().AddDate(0, 0, 15), Target: name + "@x.example"}
	if err := b.db.Append(probes.Record{Structure: &s}, probes.Record{Audit: &a}); err != nil {
		b.t.Fatal(err)
	}
	return a
}

// watch runs the watcher until the returned function is called, which waits for its end.
func (b *bubble) watch() (stop func()) {
	ctx, cancel := context.WithCancel(b.t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { b.channel.Watch(ctx, b.db.Record) })
	synctest.Wait()
	return func() { cancel(); wg.Wait() }
}

// events returns what the journal has of an audit.
func (b *bubble) events(id probes.AuditID) (out []probes.Event) {
	b.t.Helper()
	err := b.db.Records(0, func(r *probes.Record) bool {
		if r.Event != nil && r.Event.Audit == id {
			out = append(out, *r.Event)
		}
		return true
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

func kinds(events []probes.Event) (out []probes.Kind) {
	for _, e := range events {
		out = append(out, e.Kind)
	}
	return out
}

func (b *bubble) status(id probes.AuditID) probes.Status {
	st, _ := b.db.State(id)
	return st.Status
}

// switchboard connects to the IMAP server and can cut or freeze what is connected.
type switchboard struct {
	pipe  *townhall.Pipe
	mu    sync.Mutex
	conns []*line
}

func (s *switchboard) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := s.pipe.Dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	l := &line{Conn: conn, frozen: make(chan struct{}), closed: make(chan struct{})}
	s.mu.Lock()
	s.conns = append(s.conns, l)
	s.mu.Unlock()
	return l, nil
}

// each calls f with every line that was opened, and forgets them.
func (s *switchboard) each(f func(*line)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.conns {
		f(l)
	}
	s.conns = nil
}

// line is a connection that can be left half open: nothing comes, nothing is refused, nothing says so.
type line struct {
	net.Conn
	once, shut     sync.Once
	frozen, closed chan struct{}
}

func (l *line) freeze() { l.once.Do(func() { close(l.frozen) }) }

func (l *line) Close() error {
	l.shut.Do(func() { close(l.closed) })
	return l.Conn.Close()
}

func (l *line) Write(p []byte) (int, error) {
	select {
	case <-l.frozen:
		return len(p), nil // into the kernel's buffer, and no further
	default:
		return l.Conn.Write(p)
	}
}

func (l *line) Read(p []byte) (int, error) {
	type result struct {
		n   int
		err error
	}
	got := make(chan result, 1)
	buf := make([]byte, len(p))
	go func() {
		n, err := l.Conn.Read(buf)
		got <- result{n, err}
	}()
	select {
	case r := <-got:
		return copy(p, buf[:r.n]), r.err
	case <-l.frozen:
		<-l.closed // until our own side gives the connection up
		return 0, net.ErrClosed
	}
}
