package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/sonde-fleet/sonde/probes"
)

const (
	// watchdog is how long an IDLE may stay silent before the link is proven with NOOP: on a half-open link go-imap's
	// IDLE never returns (emersion/go-imap#602). RFC 9051 §6.3.13 asks for less than 29 minutes.
	watchdog = 5 * time.Minute
	// answerWithin bounds one command, and one message of a fetch.
	answerWithin = 30 * time.Second
	noopWithin   = 10 * time.Second
	retryFirst   = time.Second
	retryMost    = 5 * time.Minute
	defaultPoll  = time.Minute
)

// Watch reads every persona's INBOX and spam folder until ctx is done.
func (c *Channel) Watch(ctx context.Context, record func(probes.Event) error) error {
	var wg sync.WaitGroup
	for persona, account := range c.o.Accounts {
		if account.IMAP.Addr == "" {
			continue
		}
		wg.Go(func() { c.watchAccount(ctx, persona, account, record) })
	}
	wg.Wait()
	return context.Cause(ctx)
}

func (c *Channel) watchAccount(ctx context.Context, persona string, account Account, record func(probes.Event) error) {
	var wg sync.WaitGroup
	inbox := &watcher{c: c, account: account, persona: persona, folder: "INBOX", record: record}
	inbox.junk = func(folder string) { // found once the account has answered
		w := &watcher{c: c, account: account, persona: persona, folder: folder, record: record}
		wg.Go(func() { w.run(ctx) })
	}
	if account.Sent != "" {
		wg.Go(func() { c.reconcile(ctx, persona, account, record) })
	}
	inbox.run(ctx)
	wg.Wait()
}

// A watcher follows one folder of one account on a connection of its own, because IDLE sees one mailbox.
type watcher struct {
	c       *Channel
	account Account
	persona string
	folder  string
	record  func(probes.Event) error
	junk    func(folder string) // called once with the spam folder's name; nil: not asked for
	dark    time.Time           // since when nothing is seen; zero: all is well
	absent  time.Time           // when the last fetch that came to its end began
	fetched time.Time           // when it ended
}

// name identifies the folder in the store and in events.
func (w *watcher) name() string { return w.account.Address + "/" + w.folder }

// run keeps a session open, and opens another, later and later, when one fails.
func (w *watcher) run(ctx context.Context) {
	wait := retryFirst
	for ctx.Err() == nil {
		began := time.Now()
		err := w.session(ctx)
		if ctx.Err() != nil {
			return
		}
		w.down(err)
		if time.Since(began) > retryMost {
			wait = retryFirst
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait + rand.N(wait/4+1)):
		}
		wait = min(2*wait, retryMost)
	}
}

func (w *watcher) down(err error) {
	slog.Warn("mailbox out of sight", "mailbox", w.name(), "err", err)
	if !w.dark.IsZero() {
		return
	}
	w.dark = time.Now()
	w.tell(probes.Event{Kind: probes.MailboxDown, Fault: probes.Ours, Text: err.Error(),
		Detail: map[string]string{"folder": w.name()}})
}

func (w *watcher) up() {
	if w.dark.IsZero() {
		return
	}
	dark := time.Since(w.dark)
	w.dark = time.Time{}
	w.tell(probes.Event{Kind: probes.MailboxUp, Detail: map[string]string{"folder": w.name(),
		"dark_ms": strconv.FormatInt(dark.Milliseconds(), 10)}})
}

// tell records what happened to the mailbox itself; a journal that does not take it is already logged by the store.
func (w *watcher) tell(e probes.Event) {
	e.At = time.Now().UTC()
	if err := w.record(e); err != nil {
		slog.Error("mailbox event not recorded", "kind", e.Kind, "mailbox", w.name(), "err", err)
	}
}

// session connects, reads what is new, and waits for more until something breaks.
func (w *watcher) session(ctx context.Context) error {
	arrived := make(chan time.Time, 1)
	l, err := w.open(ctx, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				select {
				case arrived <- time.Now():
				default:
				}
			}
		}}})
	if err != nil {
		return err
	}
	defer l.close()
	if err := w.selectFolder(l); err != nil {
		return err
	}
	if w.junk != nil {
		folder, err := w.findJunk(l)
		if err != nil {
			return err
		}
		if folder != "" {
			w.junk(folder)
		}
		w.junk = nil
	}
	w.up()
	var noticed time.Time
	for {
		if err := w.fetch(ctx, l, noticed); err != nil {
			return err
		}
		if noticed, err = w.wait(ctx, l, arrived); err != nil {
			return err
		}
	}
}

// link is a client whose commands cannot hang: each is given up with the connection when its time is over.
type link struct {
	*imapclient.Client
	stop func() bool
}

func (l *link) close() {
	l.stop()
	l.Client.Close()
}

// within runs f and closes the connection, which makes f return, when it takes longer than d.
func (l *link) within(d time.Duration, what string, f func() error) error {
	late := false
	var mu sync.Mutex
	t := time.AfterFunc(d, func() {
		mu.Lock()
		late = true
		mu.Unlock()
		l.Client.Close()
	})
	err := f()
	t.Stop()
	mu.Lock()
	defer mu.Unlock()
	if late {
		return fmt.Errorf("%s: no answer within %v", what, d)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (w *watcher) open(ctx context.Context, o *imapclient.Options) (*link, error) {
	s := w.account.IMAP
	dialling, cancel := context.WithTimeoutCause(ctx, answerWithin, fmt.Errorf("no connection within %v", answerWithin))
	defer cancel()
	conn, err := connect(dialling, s)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", s.Addr, cause(dialling, err))
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	var client *imapclient.Client
	if s.Security == StartTLS {
		o.TLSConfig = s.tlsConfig()
		limit := time.AfterFunc(answerWithin, func() { conn.Close() })
		client, err = imapclient.NewStartTLS(conn, o)
		limit.Stop()
	} else {
		client = imapclient.New(conn, o)
	}
	if err != nil {
		stop()
		conn.Close()
		return nil, fmt.Errorf("STARTTLS with %s: %w", s.Addr, err)
	}
	l := &link{client, stop}
	err = l.within(answerWithin, "greeting", client.WaitGreeting)
	if err == nil && s.Auth != nil {
		err = l.within(answerWithin, "log in", func() error { return client.Authenticate(s.Auth()) })
	}
	if err != nil {
		l.close()
		return nil, fmt.Errorf("%s: %w", s.Addr, err)
	}
	return l, nil
}

// selectFolder opens the folder read-only, so that nothing in the persona's mailbox is changed by being watched, and
// notices when its identifiers were given anew (RFC 9051 §2.3.1.1).
func (w *watcher) selectFolder(l *link) error {
	var data *imap.SelectData
	err := l.within(answerWithin, "EXAMINE "+w.folder, func() (err error) {
		data, err = l.Select(w.folder, &imap.SelectOptions{ReadOnly: true}).Wait()
		return err
	})
	if err != nil {
		return err
	}
	validity, _ := w.c.o.Archive.Mailbox(w.name())
	if validity == data.UIDValidity {
		return nil
	}
	kind := probes.MailboxReset
	if validity == 0 {
		kind = probes.MailboxRead
	}
	return w.record(probes.Event{Kind: kind, At: time.Now().UTC(), Detail: w.cursor(data.UIDValidity, 0)})
}

func (w *watcher) cursor(validity uint32, uid imap.UID) map[string]string {
	return map[string]string{"mailbox": w.name(), "uidvalidity": strconv.FormatUint(uint64(validity), 10),
		"uid": strconv.FormatUint(uint64(uid), 10)}
}

// junkNames are the spam folders of servers that do not say \Junk (RFC 6154).
var junkNames = []string{"junk", "spam", "courrier indésirable", "indésirables", "pourriel", "junk e-mail", "bulk",
	"bulk mail", "junk email", "[gmail]/spam", "inbox.junk", "inbox.spam", "ongewenste e-mail", "spamverdacht", "correo no deseado"}

func (w *watcher) findJunk(l *link) (folder string, err error) {
	err = l.within(answerWithin, "LIST", func() error {
		var o *imap.ListOptions
		if l.Caps().Has(imap.CapSpecialUse) || l.Caps().Has(imap.CapIMAP4rev2) {
			o = &imap.ListOptions{ReturnSpecialUse: l.Caps().Has(imap.CapListExtended) || l.Caps().Has(imap.CapIMAP4rev2)}
		}
		list, err := l.List("", "*", o).Collect()
		for _, m := range list {
			if slices.Contains(m.Attrs, imap.MailboxAttrJunk) {
				folder = m.Mailbox
				return err
			}
			if slices.Contains(junkNames, strings.ToLower(m.Mailbox)) {
				folder = m.Mailbox
			}
		}
		return err
	})
	return folder, err
}

// errGone says that the server ended an IDLE by itself.
var errGone = errors.New("the server ended the session")

// wait returns when mail may have come, with the instant at which the server said so (zero when nobody said it).
func (w *watcher) wait(ctx context.Context, l *link, arrived <-chan time.Time) (time.Time, error) {
	if !l.Caps().Has(imap.CapIdle) && !l.Caps().Has(imap.CapIMAP4rev2) {
		return w.poll(ctx, l, arrived)
	}
	// A server tells of new mail after a command, and of what comes during IDLE; some (go-imap's) tell of nothing that came
	// in between, while what was fetched was being filed. NOOP asks, so that such a mail does not wait for the watchdog.
	if err := l.within(noopWithin, "NOOP", func() error { return l.Noop().Wait() }); err != nil {
		return time.Time{}, err
	}
	// What came in during the fetch is announced by an untagged response that the fetch itself may have consumed.
	select {
	case at := <-arrived:
		return at, nil
	default:
	}
	var idle *imapclient.IdleCommand
	err := l.within(answerWithin, "IDLE", func() (err error) { idle, err = l.Idle(); return err })
	if err != nil {
		return time.Time{}, err
	}
	timer := time.NewTimer(watchdog)
	defer timer.Stop()
	var at time.Time
	silent := false
	select {
	case at = <-arrived:
	case <-timer.C:
		silent = true
	case <-l.Closed():
		return at, errGone
	case <-ctx.Done():
		return at, context.Cause(ctx)
	}
	if err := l.within(noopWithin, "end IDLE", func() error { return errors.Join(idle.Close(), idle.Wait()) }); err != nil {
		return at, err
	}
	if silent {
		return at, l.within(noopWithin, "NOOP", func() error { return l.Noop().Wait() })
	}
	return at, nil
}

func (w *watcher) poll(ctx context.Context, l *link, arrived <-chan time.Time) (time.Time, error) {
	every := w.account.Poll
	if every == 0 {
		every = defaultPoll
	}
	select {
	case <-arrived: // said during the fetch; the instant means little on a server that is only asked now and then
	case <-time.After(every):
	case <-l.Closed():
		return time.Time{}, errGone
	case <-ctx.Done():
		return time.Time{}, context.Cause(ctx)
	}
	return time.Time{}, l.within(noopWithin, "NOOP", func() error { return l.Noop().Wait() })
}
