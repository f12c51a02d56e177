package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/control"
	"github.com/sonde-fleet/sonde/probes"
)

const token = "0123456789abcdef0123456789abcdef"

// campaignFiles writes the files of a small campaign that lies ahead and is launched on order.
func campaignFiles(t *testing.T) (configFile, listen string) {
	t.Helper()
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen = l.Addr().String()
	l.Close()
	start := time.Now().AddDate(0, 0, 7)
	for name, text := range map[string]string{
		"prober.yaml": fmt.Sprintf("name: p\ndata: d\nlisten: %s\ntoken: %s\nlaunch: order\nmail:\n  accounts:\n    lea:\n      address: lea@habitants.example\n"+
			"      smtp: {addr: \"127.0.0.1:1\", tls: none, auth: none}\n      imap: {addr: \"127.0.0.1:1\", tls: none, password: x}\n", listen, token),
		"campaign.yaml": fmt.Sprintf("id: c\ntitle: Test\nzone: UTC\nstart: %s\nend: %s\nplan: {mail: 1, visit: 1}\npersonas: [{id: lea, given: Léa, family: Marchand, town: Dijon}]\n"+
			"scenarios: [{id: h, channels: [mail, visit], subjects: [Horaires], bodies: [\"Bonjour, quels sont vos horaires ?\"]}, {id: g, channels: [mail, visit], subjects: [Gymnase], bodies: [\"Bonjour, où est le gymnase ?\"]}]\n",
			start.Format(time.DateOnly), start.AddDate(0, 0, 30).Format(time.DateOnly)),
		"structures.csv": "id,name,kind,sector,zone,hours,ground,ground_date,mail,visit\n" +
			"s1,A,mairie,public,UTC,24/7,mandate,2026-01-01,a@s1.example,1 rue A\ns2,B,mairie,public,UTC,24/7,mandate,2026-01-01,a@s2.example,1 rue B\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "prober.yaml"), listen
}

// TestMain lets the test binary be the agent: a process of its own, as it is in life, with a log of its own.
func TestMain(m *testing.M) {
	if os.Getenv("SONDE_TEST_AGENT") != "" {
		main()
	}
	os.Exit(m.Run())
}

// agent runs the agent until the returned function is called, which tells it to stop and waits for its end.
func agent(t *testing.T, file string) (stop func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "run", "-config", file)
	cmd.Env = append(os.Environ(), "SONDE_TEST_AGENT=1")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		t.Helper()
		_ = cmd.Process.Signal(syscall.SIGTERM) // one that has ended says so below
		if err := cmd.Wait(); err != nil {
			t.Errorf("the agent ended with %v\n%s", err, &errs)
		}
	})
	t.Cleanup(stop)
	return stop
}

// until asks for the status until it is as wanted.
func until(t *testing.T, c *control.Client, want func(*control.Status) bool) *control.Status {
	t.Helper()
	var s *control.Status
	var err error
	for range 500 {
		if s, err = c.Status(t.Context()); err == nil && want(s) {
			return s
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("status %+v, %v", s, err)
	return nil
}

// object runs a command with -json and decodes what it prints.
func object[T any](t *testing.T, args ...string) (out T) {
	t.Helper()
	code, text, errs := command(t, append(args, "-json")...)
	if code != 0 {
		t.Fatalf("%v: %d %s", args, code, errs)
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("%v: %v in %s", args, err, text)
	}
	return out
}

func TestSteeringFromAfarAndFromTheTerminal(t *testing.T) {
	file, listen := campaignFiles(t)
	c := &control.Client{URL: "http://" + listen, Token: token}
	stop := agent(t, file)
	s := until(t, c, func(s *control.Status) bool { return s.AwaitingLaunch })
	if !s.Running || s.Campaign != "c" || s.Records != 0 {
		t.Errorf("status %+v", s)
	}
	_, err := (&control.Client{URL: c.URL, Token: "another"}).Status(t.Context())
	if e := (*control.Error)(nil); !errors.As(err, &e) || e.Code != 401 {
		t.Errorf("a wrong token: %v", err)
	}
	if code, out, _ := command(t, "status", "-config", file); code != 0 || !strings.Contains(out, "waits for the order to launch") {
		t.Errorf("%d %s", code, out)
	}
	if l := object[probes.Launch](t, "launch", "-approved", "karim", "-config", file); l.Campaign != "c" || l.Audits != 4 {
		t.Errorf("launch %+v", l)
	}
	until(t, c, func(s *control.Status) bool { return !s.AwaitingLaunch && s.Channels[probes.Mail][probes.Planned] == 2 })
	if e := object[probes.Event](t, "pause", "-structure", "s1", "-reason", "works", "-config", file); e.Kind != probes.CampaignPaused || e.Detail["structure"] != "s1" || e.Detail["reason"] != "works" {
		t.Errorf("pause %+v", e)
	}
	if _, err := c.Pause(t.Context(), control.Order{By: "site:lea"}, control.Scope{Campaign: "c"}); err != nil {
		t.Error(err)
	}
	if code, out, _ := command(t, "status", "-config", file); code != 0 || !strings.Contains(out, "structure s1 since") || !strings.Contains(out, "(paused)") {
		t.Errorf("%d %s", code, out)
	}
	for want, args := range map[string][]string{"can't be used together": {"pause", "-structure", "s1", "-wave", "plan"}, "nothing is named": {"cancel", "-reason", "x"},
		"is planned": {"again", "c.s1.01", "-reason", "x"}, "no structure s9": {"resume", "-structure", "s9"}} {
		if code, _, errs := command(t, append(args, "-config", file)...); code == 0 || !strings.Contains(errs, want) {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
	stop()
	// Without an agent the commands open the store themselves; a restart goes on where it stopped.
	if code, out, errs := command(t, "cancel", "-structure", "s2", "-reason", "merged", "-config", file); code != 0 || !strings.Contains(out, "recorded: 2 times audit.cancelled") {
		t.Errorf("%d %s %s", code, out, errs)
	}
	if e := object[probes.Event](t, "resume", "-config", file); e.Kind != probes.CampaignResumed || e.Detail["campaign"] != "c" {
		t.Errorf("resume %+v", e)
	}
	if code, out, _ := command(t, "resume", "-config", file); code != 0 || !strings.Contains(out, "nothing to do") {
		t.Errorf("%d %s", code, out)
	}
	agent(t, file)
	s = until(t, c, func(s *control.Status) bool { return s.Running && len(s.Mailboxes) > 0 })
	if s.AwaitingLaunch || s.Paused || len(s.Pauses) != 1 || s.Audits[probes.Cancelled] != 2 || s.Mailboxes[0].Up {
		t.Errorf("after the restart %+v", s)
	}
}
