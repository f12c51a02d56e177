package webhook_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/ledger"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/store"
	"github.com/sonde-fleet/sonde/webhook"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// house is a collector with what it pulled from a prober.
type house struct {
	t      testing.TB
	dir    string
	prober *store.DB
	db     *store.Collected
	ledger *ledger.Ledger
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir()}
	var err error
	h.prober, err = store.Open(filepath.Join(h.dir, "prober"))
	h.must(err)
	t.Cleanup(func() { h.must(h.prober.Close()) })
	h.open()
	t.Cleanup(func() { h.must(h.db.Close()) })
	start := time.Now().AddDate(0, -2, 0)
	h.must(h.prober.Append(probes.Record{Launch: &probes.Launch{Campaign: "demo", End: start.AddDate(0, 1, 0), Timeline: probes.Timeline{Start: start, Launched: start, Speed: 1}}},
		probes.Record{Structure: &probes.Structure{ID: "s", Name: "Mairie de Saint-Exemple", Zone: "Europe/Paris", Hours: "Mo-Fr 09:00-17:00"}}))
	return h
}

func (h *house) open() {
	h.t.Helper()
	var err error
	h.db, err = store.OpenCollected(filepath.Join(h.dir, "collector"))
	h.must(err)
	h.ledger, err = ledger.Open(h.db)
	h.must(err)
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// audit plans a mail audit and records what became of it.
func (h *house) audit(n int, events ...probes.Event) probes.AuditID {
	h.t.Helper()
	due := time.Now().AddDate(0, -1, 0)
	id := probes.AuditID(fmt.Sprintf("demo.s.%02d", n))
	records := []probes.Record{{Audit: &probes.Audit{ID: id, Campaign: "demo", Structure: "s", Channel: probes.Mail, Number: n, Due: due, Deadline: due.AddDate(0, 0, 15), Target: "mairie@s.example"}}}
	for i := range events {
		events[i].Audit, events[i].At, events[i].Try = id, due.Add(time.Duration(i)*time.Hour), 1
		records = append(records, probes.Record{Event: &events[i]})
	}
	h.must(h.prober.Append(records...))
	h.pull()
	return id
}

func (h *house) pull() {
	h.t.Helper()
	page, err := h.prober.Page(h.db.Cursor("dijon"), 1000)
	h.must(err)
	_, err = h.ledger.File("dijon", page)
	h.must(err)
}

// accepted is a mail that was taken.
func accepted() []probes.Event {
	return []probes.Event{{Kind: probes.MailPrepared}, {Kind: probes.MailSending}, {Kind: probes.MailAccepted}}
}

func answer(class string) probes.Event {
	return probes.Event{Kind: probes.MailReceived, Detail: map[string]string{"class": class, "answer": "answer", "from": "jeanne.martin@s.example", "subject": "Re: horaires"},
		Evidence: []probes.Evidence{{SHA256: probes.Hash(strings.Repeat(fmt.Sprintf("%02x", len(class)), 32)), Type: "message/rfc822"}}}
}

// receiver takes messages; what it answers is asked of status for each.
type receiver struct {
	mu     sync.Mutex
	got    []received
	status func(n int) int
}

type received struct {
	id, at, signature string
	body              string
	message           struct {
		Type  string
		Data  map[string]any
		Links map[string]string
	}
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	m := received{id: q.Header.Get("webhook-id"), at: q.Header.Get("webhook-timestamp"), signature: q.Header.Get("webhook-signature"), body: string(body)}
	if json.Unmarshal(body, &m.message) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	r.got = append(r.got, m)
	n := len(r.got)
	r.mu.Unlock()
	code := http.StatusNoContent
	if r.status != nil {
		code = r.status(n)
	}
	if code == http.StatusFound {
		w.Header().Set("Location", "/elsewhere")
	}
	w.WriteHeader(code)
}

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

func (r *receiver) types() (out []string) {
	for _, m := range r.all() {
		out = append(out, m.message.Type)
	}
	return out
}

// RoundTrip serves a request without a network, so that a receiver lives in a bubble.
func (r *receiver) RoundTrip(q *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	r.ServeHTTP(w, q)
	return w.Result(), q.Context().Err()
}

// tell runs a teller until stop is called.
func (h *house) tell(transport http.RoundTripper, hooks ...config.Webhook) (t *webhook.Teller, stop func()) {
	h.t.Helper()
	t, err := webhook.Open(webhook.Options{Dir: h.dir, Hooks: hooks, Ledger: h.ledger, Journals: h.db, Site: "https://sonde.example/", Transport: transport})
	h.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); t.Run(ctx) }()
	return t, func() {
		h.t.Helper()
		cancel()
		<-done
		h.must(t.Close())
	}
}

func hook(name, url string) config.Webhook {
	return config.Webhook{Name: name, URL: url, Secret: secret, Events: config.WebhookEvents[:]}
}

func verdictOn(id probes.AuditID, n int) probes.Event {
	return probes.Event{Kind: probes.ReviewVerdict, Audit: id, At: time.Now().Add(time.Duration(n)), Text: "Jeanne Martin wrote it",
		Detail: map[string]string{"by": "anna", "flag": "bounce", "verdict": "confirm"}}
}

// TestWhatIsTold lets everything happen that can be told, and looks for what must not be said.
func TestWhatIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, r := newHouse(t), &receiver{}
		h.audit(1, append(accepted(), answer("human"), probes.Event{Kind: probes.AuditClosed})...) // before the webhook was there
		h.audit(9, accepted()...)
		_, stop := h.tell(r, hook("bi", "https://bi.example/hook"))
		defer stop()
		h.audit(2, append(accepted(), answer("auto-ack"), answer("human"), answer("human"))...)
		id := h.audit(3, probes.Event{Kind: probes.MailPrepared}, probes.Event{Kind: probes.MailSending}, probes.Event{Kind: probes.MailRefused, Text: "550 jeanne.martin is unknown"})
		time.Sleep(time.Minute)
		n, err := h.ledger.Write(verdictOn(id, 0))
		h.must(err)
		_, err = h.ledger.Write(probes.Event{Kind: probes.ReviewWithdrawn, Audit: id, Detail: map[string]string{"of": fmt.Sprint(n), "by": "anna"}})
		h.must(err)
		n, err = h.ledger.Write(probes.Event{Kind: probes.DisputeOpened, Audit: id, Text: "Jeanne Martin answered"})
		h.must(err)
		_, err = h.ledger.Write(probes.Event{Kind: probes.DisputeAnswered, Audit: id, Text: "no, Jeanne Martin did not", Detail: map[string]string{"of": fmt.Sprint(n), "by": "anna"}})
		h.must(err)
		_, err = h.ledger.Write(probes.Event{Kind: probes.AccessRead, Audit: id, Detail: map[string]string{"by": "anna"}})
		h.must(err)
		time.Sleep(time.Minute)
		for _, id := range []probes.AuditID{"demo.s.02", "demo.s.09"} {
			h.must(h.prober.Record(probes.Event{Audit: id, Kind: probes.AuditClosed, At: time.Now()}))
		}
		h.pull()
		time.Sleep(time.Minute)
		counts := map[string]int{}
		for _, m := range r.all() {
			counts[m.message.Type]++
			for _, private := range []string{"artin", "eanne", "anna", "Re: horaires", "mairie@"} {
				if strings.Contains(m.body, private) {
					t.Errorf("%s says %q", m.body, private)
				}
			}
			if audit, ok := m.message.Data["audit"].(string); ok && (m.message.Data["structure"] != "s" || m.message.Links["page"] != "https://sonde.example/audits/"+audit) {
				t.Errorf("%s", m.body)
			}
			if m.message.Type == "audit.answered" && m.message.Data["delay_ms"] == float64(0) {
				t.Errorf("an answer without its delay: %s", m.body)
			}
		}
		want := map[string]int{"audit.answered": 1, "audit.over": 3, "verdict.signed": 1, "verdict.withdrawn": 1, "dispute.opened": 1, "dispute.answered": 1, "campaign.over": 1}
		for kind, n := range want {
			if counts[kind] != n {
				t.Errorf("%s was told %d times, want %d", kind, counts[kind], n)
			}
		}
		if counts["flag.raised"] < 2 { // the bounce, the dispute; an answer that came too fast
			t.Errorf("flags: %v", counts)
		}
		seen := map[string]bool{}
		for _, m := range r.all() {
			if seen[m.id] {
				t.Errorf("%s was told twice: %s", m.id, m.body)
			}
			seen[m.id] = true
		}
	})
}

// TestOnlyWhatWasAskedFor has two webhooks with other events.
func TestOnlyWhatWasAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, r := newHouse(t), &receiver{}
		one := hook("one", "https://one.example/")
		one.Events = []string{config.TellDispute}
		_, stop := h.tell(r, one)
		defer stop()
		id := h.audit(1, append(accepted(), answer("human"))...)
		_, err := h.ledger.Write(verdictOn(id, 0))
		h.must(err)
		_, err = h.ledger.Write(probes.Event{Kind: probes.DisputeOpened, Audit: id, Text: "no"})
		h.must(err)
		time.Sleep(time.Hour)
		if got := r.types(); !slices.Equal(got, []string{"dispute.opened"}) {
			t.Errorf("%q", got)
		}
	})
}

// TestReceiverThatFails answers 500 for a while: the same message comes again, later and later, with a new signature, and
// those behind it wait. Another receiver waits for nothing.
func TestReceiverThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		id := h.audit(1, accepted()...)
		bad := &receiver{status: func(n int) int {
			if n <= 6 {
				return []int{500, 302, 429, 404, 503, 500}[n-1]
			}
			return 200
		}}
		good := &receiver{}
		both := routes{"bad.example": bad, "good.example": good}
		one, two := hook("bad", "https://bad.example/"), hook("good", "https://good.example/")
		one.Events, two.Events = []string{config.TellVerdict}, []string{config.TellVerdict}
		teller, stop := h.tell(both, one, two)
		defer stop()
		for i := range 3 {
			_, err := h.ledger.Write(verdictOn(id, i))
			h.must(err)
		}
		time.Sleep(10 * time.Second)
		if got := good.all(); len(got) != 3 {
			t.Errorf("the good receiver has %d after ten seconds", len(got))
		}
		if s := teller.Stats()[0]; s.Pending != 3 || s.Failed < 2 || s.Fault == "" || s.Since.IsZero() {
			t.Errorf("%+v", s)
		}
		time.Sleep(10 * time.Minute)
		got := bad.all()
		if len(got) != 9 {
			t.Fatalf("%d tries", len(got))
		}
		for i, m := range got[:7] {
			if m.id != got[0].id || m.body != got[0].body || i > 0 && m.signature == got[i-1].signature {
				t.Errorf("try %d: %+v", i, m)
			}
		}
		if s := teller.Stats()[0]; s.Pending != 0 || s.Delivered != 3 || s.Failed != 6 || s.Fault != "" || s.Lost != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// routes finds a receiver by its host.
type routes map[string]*receiver

func (r routes) RoundTrip(q *http.Request) (*http.Response, error) { return r[q.URL.Host].RoundTrip(q) }

// TestMessageIsGivenUpAfterThreeDays has a receiver that never takes the first message and takes every other.
func TestMessageIsGivenUpAfterThreeDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		id := h.audit(1, accepted()...)
		var poison string
		r := &receiver{}
		r.status = func(int) int {
			got := r.all()
			if last := got[len(got)-1].id; poison == "" || poison == last {
				poison = last
				return 500
			}
			return 200
		}
		one := hook("one", "https://one.example/")
		one.Events = []string{config.TellVerdict}
		teller, stop := h.tell(r, one)
		defer stop()
		for i := range 2 {
			_, err := h.ledger.Write(verdictOn(id, i))
			h.must(err)
		}
		time.Sleep(2*24*time.Hour + 23*time.Hour)
		if s := teller.Stats()[0]; s.Pending != 2 || s.Lost != 0 {
			t.Errorf("before the end: %+v", s)
		}
		time.Sleep(8 * time.Hour)
		tries := len(r.all())
		if s := teller.Stats()[0]; s.Pending != 0 || s.Lost != 1 || s.Delivered != 1 || tries > 40 {
			t.Errorf("%+v after %d tries", s, tries)
		}
	})
}

// TestRestart stops the collector while messages wait and while things happen, and loses and repeats none.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		id := h.audit(1, accepted()...)
		var down atomic.Bool
		r := &receiver{status: func(int) int {
			if down.Load() {
				return 503
			}
			return 200
		}}
		one := hook("one", "https://one.example/")
		one.Events = []string{config.TellVerdict, config.TellFlag}
		write := func(n int) {
			_, err := h.ledger.Write(verdictOn(id, n))
			h.must(err)
		}
		_, stop := h.tell(r, one)
		write(1)
		time.Sleep(time.Minute)
		h.audit(2, probes.Event{Kind: probes.MailPrepared}, probes.Event{Kind: probes.MailSending}, probes.Event{Kind: probes.MailRefused})
		time.Sleep(time.Minute)
		down.Store(true)
		write(2)
		time.Sleep(time.Minute)
		stop()
		write(3) // with no teller there
		h.must(h.db.Close())
		h.open()
		down.Store(false)
		before := len(r.all())
		teller, stop := h.tell(r, one)
		if s := teller.Stats()[0]; s.Pending != 1 {
			t.Errorf("after the restart: %+v", s)
		}
		time.Sleep(10 * time.Minute)
		stop()
		ok := map[string]int{}
		for _, m := range append(r.all()[:0:0], r.all()[before:]...) {
			ok[m.message.Type]++
		}
		if ok["verdict.signed"] != 2 || ok["flag.raised"] != 0 {
			t.Errorf("after the restart: %v", ok)
		}
		numbers := map[any]bool{}
		for _, m := range r.all() {
			if m.message.Type == "verdict.signed" {
				numbers[m.message.Data["n"]] = true
			}
		}
		if len(numbers) != 3 {
			t.Errorf("verdicts %v were told", numbers)
		}
		// A webhook that leaves the configuration and comes back begins anew.
		_, stop = h.tell(r)
		stop()
		write(4)
		before = len(r.all())
		_, stop = h.tell(r, one)
		time.Sleep(time.Minute)
		stop()
		if n := len(r.all()) - before; n != 0 {
			t.Errorf("%d old things were told to a new webhook", n)
		}
	})
}

// TestSignature holds what is sent over a network to the specification: by its own arithmetic, by the vector of the
// specification, and by the library that receivers in JavaScript use.
func TestSignature(t *testing.T) {
	h, r := newHouse(t), &receiver{}
	server := httptest.NewServer(r)
	defer server.Close()
	id := h.audit(1, accepted()...)
	_, stop := h.tell(nil, hook("one", server.URL+"/hook"))
	defer stop()
	_, err := h.ledger.Write(verdictOn(id, 0))
	h.must(err)
	for range 100 {
		if len(r.all()) > 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	got := r.all()
	if len(got) == 0 {
		t.Fatal("nothing came")
	}
	m := got[0]
	if want := sign(m.id, m.at, m.body); m.signature != want {
		t.Errorf("signature %s, want %s", m.signature, want)
	}
	if got := sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", `{"test": 2432232314}`); got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("the vector of the specification gives %s", got)
	}
	program, err := filepath.Abs("../scripts/api-client/build/webhook.js")
	h.must(err)
	if out, err := exec.Command("sh", "../scripts/api-client.sh").CombinedOutput(); err != nil {
		if os.Getenv("SONDE_INTEGRATION") == "required" {
			t.Fatalf("%v: %s", err, out)
		}
		t.Skipf("the other library cannot be had here: %v: %s", err, out)
	}
	said, err := json.Marshal(map[string]any{"secret": secret, "body": m.body,
		"headers": map[string]string{"webhook-id": m.id, "webhook-timestamp": m.at, "webhook-signature": m.signature}})
	h.must(err)
	c := exec.Command("node", program)
	c.Stdin = bytes.NewReader(said)
	if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), `"verified":true`) {
		t.Errorf("%v: %s", err, out)
	}
}

// sign is the specification's arithmetic.
func sign(id, at, body string) string {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + at + "." + body))
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// TestAddressIsNotLogged has a receiver that cannot be reached, with a secret in its address.
func TestAddressIsNotLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		id := h.audit(1, accepted()...)
		teller, stop := h.tell(broken{}, hook("one", "https://one.example/hush-hush"))
		defer stop()
		_, err := h.ledger.Write(verdictOn(id, 0))
		h.must(err)
		time.Sleep(30 * time.Second)
		if s := teller.Stats()[0]; s.Failed == 0 || strings.Contains(s.Fault, "hush") {
			t.Errorf("%+v", s)
		}
	})
}

type broken struct{}

func (broken) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no route to host")
}
