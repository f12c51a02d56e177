package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/feed"
	"github.com/sonde-fleet/sonde/internal/cli"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/site"
	"github.com/sonde-fleet/sonde/stats"
	"github.com/sonde-fleet/sonde/store"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

type demoCmd struct {
	layout
	Bin  string `help:"Folder of the prober and collector programs." default:"bin" placeholder:"DIR"`
	Stay bool   `help:"Keep the site open at the end until Ctrl-C." negatable:"" default:"true"`
}

// settle is how long after the last deadline the demo waits for what is still on its way to the collector.
const settle = time.Second

// errDisagree ends the demo with code 1.
var errDisagree = errors.New("what was measured disagrees with the town's truth")

func (d *demoCmd) Run(a *app) error {
	if os.Getenv("CI") == "true" {
		d.Stay = false
	}
	// A demo starts from nothing: what an earlier one left would be a campaign that is over.
	if err := os.RemoveAll(d.Dir); err != nil {
		return err
	}
	if err := d.freePorts(); err != nil {
		return err
	}
	town, err := d.open()
	if err != nil {
		return err
	}
	if err := d.accounts(a.ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(a.ctx)
	var running sync.WaitGroup
	defer func() { cancel(); running.Wait() }()
	failed := make(chan error, 3)
	running.Go(func() { failed <- town.Run(ctx) })
	for _, name := range []string{"prober", "collector"} {
		run, err := d.start(ctx, name)
		if err != nil {
			return err
		}
		running.Go(func() { failed <- run() })
	}
	fmt.Fprintf(a.Err, "site: http://%s/ (open now, it follows the campaign)\n", d.Site)
	outcomes, err := d.follow(ctx, a, failed)
	if err != nil {
		return err
	}
	journal, err := d.journal(ctx)
	if err != nil {
		return err
	}
	audits, disagree, err := compare(a.Out, outcomes, town, journal.messages, d.Speed, "http://"+d.Site)
	if err != nil {
		return err
	}
	sites, wrong := compareSites(a.Out, outcomes, d.residents(), journal.visits)
	audits, disagree = audits+sites, disagree+wrong
	calls, wrong := compareCalls(a.Out, town.Calls(), town.CalledTwice(), journal.calls)
	audits, disagree = audits+calls, disagree+wrong
	fmt.Fprintf(a.Out, "\nscores, ranks and lines since 2013: http://%s/barometer; the same on the terminal:\n"+
		"  bin/collector scores -config %s\n  bin/collector report -config %[2]s -format pdf -out barometer.pdf\n", d.Site, d.path("collector.yaml"))
	fmt.Fprintf(a.Out, "\nsite: http://%s/ (anyone on this machine reads; to act, sign in as %s or %s with the password %s)\n", d.Site, demoOperator, demoAuditor, demoPassword)
	if d.Stay {
		show("http://" + d.Site + "/")
		fmt.Fprintln(a.Err, "Ctrl-C ends the demo")
		defer func() {
			select {
			case <-a.ctx.Done():
			case <-failed:
			}
		}()
	}
	fmt.Fprintf(a.Out, "demo: %d audits, %d disagree with the town's truth\n", audits, disagree)
	if disagree > 0 {
		d.Stay = false
		return errDisagree
	}
	return nil
}

// The demo's accounts; nothing real is behind them, and the site listens on loopback.
const (
	demoOperator = "operatrice"
	demoAuditor  = "auditeur"
	demoPassword = "ville-de-demonstration"
)

// accounts makes one account for each job, so that the site can be tried at once.
func (d *demoCmd) accounts(ctx context.Context) (err error) {
	db, err := access.Open(d.path("collector"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	secret, err := db.Setup()
	if err != nil {
		return err
	}
	first, err := db.UseLink(ctx, secret, demoOperator, demoPassword)
	if err != nil {
		return err
	}
	ctx = access.With(ctx, access.Visitor{Account: first})
	if secret, err = db.Invite(ctx, demoAuditor, "Auditeur de démonstration", "fr", []access.Role{access.Auditor}); err != nil {
		return err
	}
	_, err = db.UseLink(ctx, secret, demoAuditor, demoPassword)
	return err
}

// freePorts moves the ports that somebody else uses, so that two demos can run on one machine.
func (d *demoCmd) freePorts() error {
	for _, addr := range []*string{&d.SMTP, &d.IMAP, &d.Web, &d.SIP, &d.Feed, &d.Site} {
		l, err := net.Listen("tcp", *addr)
		if err != nil {
			if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
				return err
			}
			*addr = l.Addr().String()
		}
		l.Close()
	}
	if d.SIP == "" {
		return nil
	}
	u, err := net.ListenPacket("udp", d.SIP)
	for tries := 0; err != nil && tries < 10; tries++ { // a port that is free for both protocols
		var l net.Listener
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return err
		}
		d.SIP = l.Addr().String()
		u, err = net.ListenPacket("udp", d.SIP)
		l.Close()
	}
	if err != nil {
		return err
	}
	return u.Close()
}

// start runs one of the programs; the returned function waits for its end.
func (d *demoCmd) start(ctx context.Context, name string) (wait func() error, err error) {
	log, err := os.Create(d.path(name + ".log"))
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(d.Bin, name), "run", "--config", d.path(name+".yaml"))
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 40 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C reaches us alone, and we stop it in order
	if err := cmd.Start(); err != nil {
		log.Close()
		return nil, fmt.Errorf("start %s: %w; Try: make build", name, err)
	}
	return func() error {
		defer log.Close()
		err := cmd.Wait()
		if ctx.Err() != nil {
			return nil
		}
		said, _ := os.ReadFile(log.Name())
		return fmt.Errorf("%s ended by itself: %w\n%s", name, err, said)
	}, nil
}

// follow shows the progress until every audit that was contacted is over, and returns the outcomes.
func (d *demoCmd) follow(ctx context.Context, a *app, failed <-chan error) ([]stats.Outcome, error) {
	var w io.Writer = a.Err
	if !cli.Terminal(a.Err) {
		w = nil // a bar is for eyes
	}
	bars := mpb.New(mpb.WithOutput(w), mpb.WithWidth(50))
	var sent, closed *mpb.Bar
	collector := cli.Socket(d.path("collector/collector.sock"))
	var over time.Time
	last := -1
	for {
		select {
		case <-ctx.Done():
			bars.Shutdown()
			return nil, context.Cause(ctx)
		case err := <-failed:
			bars.Shutdown()
			return nil, err
		case <-time.After(500 * time.Millisecond):
		}
		all, err := site.Fetch(ctx, collector, "http://collector")
		if err != nil || len(all) == 0 {
			continue // the programs are starting
		}
		total, out, done, visits := 0, 0, 0, 0
		for _, o := range all {
			if o.Channel == probes.Web && o.Result == stats.Waiting || o.Channel == probes.Phone && !o.Status.Ended() && o.Status != probes.Awaiting {
				visits++
			}
			if o.Channel != probes.Mail {
				continue
			}
			total++
			if o.Status != probes.Planned {
				out++
			}
			if o.Status.Ended() {
				done++
			}
		}
		if sent == nil {
			sent = bar(bars, total, "contacted")
			closed = bar(bars, total, "watch over")
		}
		sent.SetCurrent(int64(out))
		closed.SetCurrent(int64(done))
		if tenth := 10 * done / max(total, 1); w == nil && tenth != last {
			fmt.Fprintf(a.Err, "demo: %d of %d contacted, %d over\n", out, total, done)
			last = tenth
		}
		if done < total || visits > 0 {
			continue
		}
		if over.IsZero() {
			over = time.Now()
		}
		if time.Since(over) > settle {
			bars.Wait()
			return all, nil
		}
	}
}

func bar(p *mpb.Progress, total int, name string) *mpb.Bar {
	return p.AddBar(int64(total), mpb.PrependDecorators(decor.Name(name, decor.WC{W: 12, C: decor.DindentRight})),
		mpb.AppendDecorators(decor.CountersNoUnit("%d / %d"), decor.Elapsed(decor.ET_STYLE_GO, decor.WC{W: 7})))
}

// journal is what the comparison needs of the prober's own journal.
type journal struct {
	messages map[string]probes.AuditID       // by envelope: "sender recipient"
	visits   map[probes.AuditID]probes.Event // what came of each website
	calls    callsOf
}

func (d *demoCmd) journal(ctx context.Context) (journal, error) {
	out := journal{map[string]probes.AuditID{}, map[probes.AuditID]probes.Event{}, callsOf{map[string]*called{}, map[probes.AuditID]*called{}}}
	client := feed.Client{URL: "http://" + d.Feed}
	for after := uint64(0); ; {
		page, err := client.Pull(ctx, after, 5000, 0)
		if err != nil || len(page.Records) == 0 {
			return out, err
		}
		for _, raw := range page.Records {
			r, err := store.DecodeRecord(raw)
			if err != nil {
				return out, err
			}
			after = r.N
			if r.Event == nil {
				continue
			}
			out.calls.add(r.Event)
			switch r.Event.Kind {
			case probes.MailPrepared:
				out.messages[r.Event.Detail["from"]+" "+r.Event.Detail["to"]] = r.Event.Audit
			case probes.WebVisited, probes.WebBlocked, probes.WebFailed:
				out.visits[r.Event.Audit] = *r.Event
			}
		}
	}
}

// show opens the page in the user's browser where there is a desktop.
func show(url string) {
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return
	}
	if path, err := exec.LookPath("xdg-open"); err == nil {
		_ = exec.Command(path, url).Start() // the address is printed all the same
	}
}
