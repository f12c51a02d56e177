package control_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/control"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/store"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	os.Exit(m.Run())
}

// direct answers requests without a network, so that a bubble's clock can run.
type direct struct{ h http.Handler }

func (d direct) RoundTrip(q *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	d.h.ServeHTTP(w, q)
	return w.Result(), nil
}

func client(s *control.Server) *control.Client {
	return &control.Client{URL: "http://prober", HTTP: &http.Client{Transport: direct{s.Handler()}}}
}

func open(t *testing.T, dir string) *store.DB {
	t.Helper()
	db, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

var day = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// town puts a campaign into the store: structures s0, s1 and s2 with four audits each: two mails of the plan, one mail of
// the wave "weekly", one visit that awaits its channel.
func town(t *testing.T, db *store.DB) {
	t.Helper()
	var records []probes.Record
	for i := range 3 {
		id := probes.StructureID(fmt.Sprintf("s%d", i))
		records = append(records, probes.Record{Structure: &probes.Structure{ID: id, Name: "Mairie", Zone: "UTC", Hours: "Mo-Fr 09:00-17:00"}})
		for n := 1; n <= 4; n++ {
			a := probes.Audit{ID: probes.AuditID(fmt.Sprintf("c.%s.%02d", id, n)), Campaign: "c", Structure: id, Channel: probes.Mail, Wave: "plan", Number: n,
				Scenario: "hours", Persona: "lea", Target: string(id) + "@x.example", Due: day.AddDate(0, 0, 7*n).Add(10 * time.Hour), Deadline: day.AddDate(0, 0, 7*n+15)}
			switch n {
			case 3:
				a.Wave = "weekly"
			case 4:
				a.Channel = probes.Visit
			}
			records = append(records, probes.Record{Audit: &a})
			if n == 4 {
				records = append(records, probes.Record{Event: &probes.Event{Audit: a.ID, Kind: probes.AuditAwaiting, At: day}})
			}
		}
	}
	records = append(records, probes.Record{Launch: &probes.Launch{Campaign: "c", Title: "Test", End: day.AddDate(0, 2, 0), Structure: 3, Audits: 12,
		Timeline: probes.Timeline{Start: day, Launched: time.Now(), Speed: 1}}})
	if err := db.Append(records...); err != nil {
		t.Fatal(err)
	}
}

func record(t *testing.T, db *store.DB, events ...probes.Event) {
	t.Helper()
	for _, e := range events {
		if e.At.IsZero() {
			e.At = time.Now().UTC()
		}
		if err := db.Record(e); err != nil {
			t.Fatal(err)
		}
	}
}

// sent records the events of a mail up to the one that is named.
func sent(t *testing.T, db *store.DB, id probes.AuditID, last probes.Kind) {
	t.Helper()
	for _, k := range []probes.Kind{probes.MailPrepared, probes.MailSending, probes.MailAccepted} {
		record(t, db, probes.Event{Audit: id, Kind: k, Try: 1})
		if k == last {
			return
		}
	}
}

func server(db *store.DB) *control.Server {
	return control.New(control.Options{Prober: "p", Store: db, Running: true, InDoubtWindow: time.Hour,
		Built: map[probes.Channel]bool{probes.Mail: true}})
}

var lea = control.Order{By: "lea", Reason: "holidays"}

func keyed(key string) control.Order {
	return control.Order{By: "lea", Reason: "holidays", Key: key}
}

func status(t *testing.T, c *control.Client) *control.Status {
	t.Helper()
	s, err := c.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStatusTellsHowTheFleetIs(t *testing.T) {
	db := open(t, t.TempDir())
	town(t, db)
	health := new(control.Health)
	c := client(control.New(control.Options{Prober: "p", Store: db, Running: true, InDoubtWindow: time.Hour, Health: health}))
	hour := time.Now().UTC().Add(-time.Hour)
	sent(t, db, "c.s0.01", probes.MailSending)
	record(t, db, probes.Event{Audit: "c.s0.01", Kind: probes.MailInDoubt},
		probes.Event{Audit: "c.s1.01", Kind: probes.MailPrepared}, probes.Event{Audit: "c.s1.01", Kind: probes.MailByHand},
		probes.Event{Kind: probes.MailUnmatched, Detail: map[string]string{"mailbox": "lea@x/INBOX", "uidvalidity": "7", "uid": "3"}},
		probes.Event{Kind: probes.MailboxRead, At: hour, Detail: map[string]string{"mailbox": "lea@x/Junk", "uidvalidity": "9", "uid": "4"}},
		probes.Event{Kind: probes.MailboxDown, At: hour, Text: "no route", Detail: map[string]string{"folder": "lea@x/INBOX"}},
		probes.Event{Kind: probes.MailboxDown, At: hour, Text: "no route", Detail: map[string]string{"folder": "karim@x/INBOX"}},
		probes.Event{Kind: probes.MailboxDown, At: hour, Text: "no route", Detail: map[string]string{"folder": "paul@x/INBOX"}},
		probes.Event{Kind: probes.MailboxUp, Detail: map[string]string{"folder": "karim@x/INBOX"}})
	health.Certificate("mx.example:587", day)
	health.Certificate("mx.example:587", day.AddDate(0, 1, 0))
	health.Looked("lea@x/Junk")
	health.Looked("paul@x/INBOX") // after a restart: no event says that it is back
	health.Looked("hugo@x/INBOX")
	if _, err := c.Suppress(t.Context(), lea, "s2"); err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	s := status(t, c)
	if s.Prober != "p" || s.Version == "" || !s.Running || s.Clock.Before(before) || s.Clock.After(time.Now()) || s.Started.After(before) {
		t.Errorf("prober %+v", s)
	}
	if s.Campaign != "c" || s.Title != "Test" || !s.End.Equal(day.AddDate(0, 2, 0)) || s.Timeline.Speed != 1 || s.AwaitingLaunch || s.Now.IsZero() {
		t.Errorf("campaign %+v", s)
	}
	if s.Disk.Free <= 0 || s.Disk.Total < s.Disk.Free || s.Disk.Store <= 0 || s.DiskFull || s.Records != db.Last() {
		t.Errorf("disk %+v", s.Disk)
	}
	if s.Audits[probes.Planned] != 7 || s.Channels[probes.Mail][probes.InDoubt] != 1 || s.Channels[probes.Visit][probes.Awaiting] != 3 ||
		s.Waves["weekly"][probes.Planned] != 3 || s.Waves["plan"][probes.Planned] != 4 || s.Awaiting[probes.Visit] != 3 {
		t.Errorf("audits %v %v %v %v", s.Audits, s.Channels, s.Waves, s.Awaiting)
	}
	if len(s.InDoubt) != 1 || s.InDoubt[0].Audit.ID != "c.s0.01" || s.InDoubt[0].Decide || len(s.ByHand) != 1 || s.HoldingPen != 1 {
		t.Errorf("queues %+v %+v %d", s.InDoubt, s.ByHand, s.HoldingPen)
	}
	if len(s.Suppressed) != 1 || s.SuppressedN != 1 || s.Suppressed[0].Reason != "holidays" || s.Suppressed[0].Structure != "s2" {
		t.Errorf("suppressed %+v", s.Suppressed)
	}
	if len(s.Certificates) != 1 || !s.Certificates[0].NotAfter.Equal(day.AddDate(0, 1, 0)) {
		t.Errorf("certificates %+v", s.Certificates)
	}
	boxes := map[string]control.Mailbox{}
	for _, m := range s.Mailboxes {
		boxes[m.Name] = m
	}
	if m := boxes["lea@x/INBOX"]; m.Up || !m.Since.Equal(hour) || m.Why != "no route" || m.UID != 3 || m.Validity != 7 {
		t.Errorf("a mailbox out of sight: %+v", m)
	}
	if m := boxes["lea@x/Junk"]; !m.Up || m.UID != 4 || !m.Read.After(hour) {
		t.Errorf("a mailbox that was looked at since: %+v", m)
	}
	if !boxes["karim@x/INBOX"].Up || boxes["karim@x/INBOX"].Since.IsZero() || !boxes["paul@x/INBOX"].Up || !boxes["hugo@x/INBOX"].Up || len(boxes) != 5 {
		t.Errorf("mailboxes %+v", s.Mailboxes)
	}
}

func TestAnOrderIsDoneOnceAlsoAfterARestart(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	town(t, db)
	c := client(server(db))
	scope := control.Scope{Structure: "s1"}
	first, err := c.Pause(t.Context(), keyed("k1"), scope)
	if err != nil || first.Recorded != 1 || first.Repeated || first.Event.Detail["order"] != "k1" {
		t.Fatalf("%+v, %v", first, err)
	}
	cancelled, err := c.Cancel(t.Context(), keyed("k2"), control.Scope{Wave: "weekly"})
	if err != nil || cancelled.Recorded != 3 || cancelled.Left != 0 {
		t.Fatalf("%+v, %v", cancelled, err)
	}
	if _, err := c.Resume(t.Context(), keyed("k3"), scope); err != nil {
		t.Fatal(err)
	}
	last := db.Last()
	for _, restarted := range []bool{false, true} {
		if restarted {
			db.Close()
			if err := os.Remove(filepath.Join(dir, "state.db")); err != nil { // it follows from the journal
				t.Fatal(err)
			}
			db = open(t, dir)
			c = client(server(db))
		}
		// The pause was ended by a later order: sent again, it must not come back.
		if d, err := c.Pause(t.Context(), keyed("k1"), scope); err != nil || !d.Repeated || d.Recorded != 1 || d.Event.Kind != probes.CampaignPaused {
			t.Errorf("restarted %v: pause again: %+v, %v", restarted, d, err)
		}
		if d, err := c.Cancel(t.Context(), keyed("k2"), control.Scope{Wave: "weekly"}); err != nil || !d.Repeated || d.Recorded != 3 || d.Left != 0 {
			t.Errorf("restarted %v: cancel again: %+v, %v", restarted, d, err)
		}
		for what, err := range map[string]error{
			"another kind":          second(c.Resume(t.Context(), keyed("k1"), scope)),
			"another scope":         second(c.Pause(t.Context(), keyed("k1"), control.Scope{Structure: "s0"})),
			"another scope to take": second(c.Cancel(t.Context(), keyed("k2"), control.Scope{Structure: "s0"})),
		} {
			if err == nil || !strings.Contains(err.Error(), "was used for another order") || !control.Refused(err) {
				t.Errorf("restarted %v: %s under the same key: %v", restarted, what, err)
			}
		}
		if db.Last() != last || len(db.Pauses()) != 0 {
			t.Errorf("restarted %v: %d records, want %d; pauses %v", restarted, db.Last(), last, db.Pauses())
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestPausesSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	town(t, db)
	c := client(server(db))
	for _, sc := range []control.Scope{{Wave: "weekly"}, {Structure: "s0"}, {Audit: "c.s1.02"}} {
		if _, err := c.Pause(t.Context(), lea, sc); err != nil {
			t.Fatal(err)
		}
		if d, err := c.Pause(t.Context(), lea, sc); err != nil || d.Recorded != 0 {
			t.Errorf("%s paused twice: %+v, %v", sc, d, err)
		}
	}
	check := func(db *store.DB, when string) {
		t.Helper()
		due, _ := db.Due(day.AddDate(1, 0, 0), 100)
		var ids []string
		for _, st := range due {
			ids = append(ids, string(st.Audit.ID))
		}
		if got := strings.Join(ids, " "); got != "c.s1.01 c.s2.01 c.s2.02" {
			t.Errorf("%s: due are %s", when, got)
		}
		if s := status(t, client(server(db))); s.Paused || len(s.Pauses) != 3 {
			t.Errorf("%s: pauses %+v", when, s.Pauses)
		}
	}
	check(db, "at once")
	// What happens to an audit meanwhile does not bring it back: a fault of a try that was under way, with a retry.
	record(t, db, probes.Event{Audit: "c.s1.02", Kind: probes.ProbeFault, Detail: map[string]string{"retry": day.Format(time.RFC3339Nano)}})
	check(db, "after a fault")
	db.Close()
	check(open(t, dir), "after a restart")
	db2 := t.TempDir()
	if err := os.CopyFS(filepath.Join(db2, "journal"), os.DirFS(filepath.Join(dir, "journal"))); err != nil {
		t.Fatal(err)
	}
	db = open(t, db2)
	check(db, "made anew from the journal")
	c = client(server(db))
	for _, sc := range []control.Scope{{Wave: "weekly"}, {Structure: "s0"}, {Audit: "c.s1.02"}} {
		if d, err := c.Resume(t.Context(), lea, sc); err != nil || d.Recorded != 1 {
			t.Errorf("resume %s: %+v, %v", sc, d, err)
		}
	}
	if due, _ := db.Due(day.AddDate(1, 0, 0), 100); len(due) != 9 || due[0].Audit.ID != "c.s1.02" {
		t.Errorf("in the end %d are due, the first %s", len(due), due[0].Audit.ID)
	}
}

// An audit that is paused with its structure and by itself stays paused until both pauses are over.
func TestPausesWithinEachOther(t *testing.T) {
	db := open(t, t.TempDir())
	town(t, db)
	c := client(server(db))
	one, all := control.Scope{Audit: "c.s0.01"}, control.Scope{Structure: "s0"}
	for _, sc := range []control.Scope{all, one} {
		if _, err := c.Pause(t.Context(), lea, sc); err != nil {
			t.Fatal(err)
		}
	}
	for i, sc := range []control.Scope{all, one} {
		if _, err := c.Resume(t.Context(), lea, sc); err != nil {
			t.Fatal(err)
		}
		if due, _ := db.Due(day.AddDate(1, 0, 0), 100); len(due) != 8+i {
			t.Errorf("after %d of two pauses %d are due", i+1, len(due))
		}
	}
}

func TestCancelLeavesWhatMayHaveLeft(t *testing.T) {
	db := open(t, t.TempDir())
	town(t, db)
	c := client(server(db))
	sent(t, db, "c.s0.01", probes.MailSending)
	sent(t, db, "c.s1.01", probes.MailAccepted)
	sent(t, db, "c.s2.01", probes.MailPrepared)
	record(t, db, probes.Event{Audit: "c.s0.02", Kind: probes.MailPrepared}, probes.Event{Audit: "c.s0.02", Kind: probes.MailByHand})
	before := db.Last()
	d, err := c.Cancel(t.Context(), lea, control.Scope{Structure: "s0"})
	if err != nil || d.Recorded != 3 || d.Left != 1 || db.Last() != before+3 { // by hand, planned, awaiting; not the one being sent
		t.Errorf("%+v, %v, %d records", d, err, db.Last()-before)
	}
	d, err = c.Cancel(t.Context(), lea, control.Scope{Campaign: "c"})
	if err != nil || d.Recorded != 7 || d.Left != 5 {
		t.Errorf("%+v, %v", d, err)
	}
	s := status(t, c)
	if s.Audits[probes.Cancelled] != 10 || s.Audits[probes.Sending] != 1 || s.Audits[probes.Contacted] != 1 || len(s.Audits) != 3 {
		t.Errorf("audits %v", s.Audits)
	}
	for id, want := range map[probes.AuditID]string{"c.s0.01": "is sending", "c.s1.01": "is contacted", "c.s2.01": "is cancelled", "c.s9.01": "no audit"} {
		if _, err := c.Cancel(t.Context(), lea, control.Scope{Audit: id}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	db := open(t, t.TempDir())
	c := client(server(db))
	if _, err := c.Pause(t.Context(), lea, control.Scope{Campaign: "c"}); err == nil || !strings.Contains(err.Error(), "no campaign is launched") {
		t.Errorf("a pause of nothing: %v", err)
	}
	town(t, db)
	record(t, db, probes.Event{Audit: "c.s1.01", Kind: probes.MailPrepared}, probes.Event{Audit: "c.s1.01", Kind: probes.MailByHand})
	last := db.Last()
	ctx := t.Context()
	for _, x := range []struct {
		err  error
		code int
		want string
	}{
		{second(c.Pause(ctx, control.Order{}, control.Scope{Campaign: "c"})), 422, "names the account"},
		{second(c.Pause(ctx, control.Order{By: "a\x00b"}, control.Scope{Campaign: "c"})), 422, "names the account"},
		{second(c.Pause(ctx, lea, control.Scope{})), 422, "0 of campaign, wave"},
		{second(c.Pause(ctx, lea, control.Scope{Wave: "plan", Audit: "c.s0.01"})), 422, "2 of campaign, wave"},
		{second(c.Pause(ctx, lea, control.Scope{Campaign: "d"})), 409, "the campaign here is c"},
		{second(c.Pause(ctx, lea, control.Scope{Wave: "daily"})), 404, `no audit of a wave "daily"`},
		{second(c.Resume(ctx, lea, control.Scope{Structure: "s7"})), 404, "no structure s7"},
		{second(c.Cancel(ctx, control.Order{By: "lea"}, control.Scope{Campaign: "c"})), 422, "reason"},
		{second(c.Resolve(ctx, lea, control.Resolution{Audit: "c.s0.01", As: "accepted"})), 409, "neither in doubt"},
		{second(c.Resolve(ctx, lea, control.Resolution{Audit: "c.s1.01", As: "perhaps"})), 422, "no decision"},
		{second(c.Resolve(ctx, lea, control.Resolution{Audit: "c.s1.01", As: "accepted", Contacted: time.Now().Add(time.Hour)})), 422, "is not between"},
		{second(c.Suppress(ctx, lea, "s7")), 404, "no structure s7"},
		{second(c.Launch(ctx, lea, control.Approval{Files: []probes.Hash{"x"}})), 409, "launched already"},
		{second(c.Again(ctx, lea, "c.s0.01")), 409, "is planned"},
		{second(c.Plan(ctx, control.WhatIf{})), 503, "no agent runs"},
		{second(c.Queue(ctx, "planned", "", 10)), 422, "is no queue"},
		{second(c.State(ctx, "c.s7.01")), 404, "no audit"},
	} {
		var e *control.Error
		if !errors.As(x.err, &e) || e.Code != x.code || !strings.Contains(e.Detail, x.want) {
			t.Errorf("got %v, want %d %s", x.err, x.code, x.want)
		}
	}
	if db.Last() != last {
		t.Errorf("%d records were made of what was refused", db.Last()-last)
	}
	if _, err := c.Resolve(ctx, lea, control.Resolution{Audit: "c.s1.01", As: "accepted"}); err != nil {
		t.Error(err)
	}
}

func TestQueueComesInPages(t *testing.T) {
	db := open(t, t.TempDir())
	town(t, db)
	c := client(server(db))
	var got []string
	for after, pages := probes.AuditID(""), 0; ; pages++ {
		q, err := c.Queue(t.Context(), probes.Awaiting, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, st := range q.Audits {
			got = append(got, string(st.Audit.ID))
		}
		if after = q.Next; after == "" {
			if pages != 1 {
				t.Errorf("%d pages", pages+1)
			}
			break
		}
	}
	if strings.Join(got, " ") != "c.s0.04 c.s1.04 c.s2.04" {
		t.Errorf("queue %v", got)
	}
}

func TestGuard(t *testing.T) {
	reached := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") })
	ask := func(h http.Handler, host, from, token string) int {
		q := httptest.NewRequest("GET", "http://"+host+"/control/status", nil)
		q.RemoteAddr = from
		if token != "" {
			q.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, q)
		return w.Code
	}
	secret, free := control.Guard("0123456789abcdef", reached), control.Guard("", reached)
	for _, x := range []struct {
		h                 http.Handler
		host, from, token string
		want              int
	}{
		{secret, "prober.example", "192.0.2.1:99", "0123456789abcdef", 200},
		{secret, "prober.example", "192.0.2.1:99", "0123456789abcdeX", 401},
		{secret, "127.0.0.1:7770", "127.0.0.1:99", "", 401},
		{free, "127.0.0.1:7770", "127.0.0.1:99", "", 200},
		{free, "localhost:7770", "[::1]:99", "", 200},
		{free, "127.0.0.1:7770", "192.0.2.1:99", "", 403},
		{free, "evil.example:7770", "127.0.0.1:99", "", 403}, // a name that was bound to the loopback address
	} {
		if got := ask(x.h, x.host, x.from, x.token); got != x.want {
			t.Errorf("%s from %s with %q: %d, want %d", x.host, x.from, x.token, got, x.want)
		}
	}
}

func TestAFormOfAWebPageGivesNoOrder(t *testing.T) {
	db := open(t, t.TempDir())
	town(t, db)
	q := httptest.NewRequest("POST", "/control/pause", strings.NewReader(`{"by":"x","campaign":"c"}`))
	q.Header.Set("Content-Type", "text/plain")
	w := httptest.NewRecorder()
	server(db).Handler().ServeHTTP(w, q)
	if w.Code != http.StatusUnsupportedMediaType || db.Paused() {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestClientKeepsWhatWasSaid(t *testing.T) {
	said := ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, said, http.StatusBadGateway) }))
	defer s.Close()
	c := &control.Client{URL: s.URL + "/"}
	for _, said = range []string{"the proxy is tired", ""} {
		_, err := c.Status(t.Context())
		var e *control.Error
		if !errors.As(err, &e) || e.Code != http.StatusBadGateway || said != "" && e.Detail != said || e.Detail == "" || control.Refused(err) {
			t.Errorf("%q: %#v", said, err)
		}
	}
	s.Close()
	if _, err := c.Status(context.Background()); err == nil || !strings.Contains(err.Error(), "ask the prober") {
		t.Errorf("nobody there: %v", err)
	}
}
