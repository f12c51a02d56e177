package mail_test

import (
	"bytes"
	"context"
	"errors"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/townhall"
)

func TestSendRecordsEachStepBeforeTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, map[string]townhall.Conduct{"mairie": {Silent: 1}}, nil)
		defer b.close()
		a := b.audit("mairie", 1)
		if err := b.channel.Run(t.Context(), a, b.db.Record); err != nil {
			t.Fatal(err)
		}
		got := b.events(a.ID)
		want := []probes.Kind{probes.MailPrepared, probes.MailSending, probes.MailAccepted}
		if !slices.Equal(kinds(got), want) {
			t.Errorf("events %v, want %v", kinds(got), want)
		}
		if b.status(a.ID) != probes.Contacted {
			t.Errorf("status %s", b.status(a.ID))
		}
		truth := b.town.Truth()
		if len(truth) != 1 || truth[0].MessageID != got[0].Detail["message_id"] || truth[0].From != got[0].Detail["from"] {
			t.Errorf("the town got %+v", truth)
		}
		if again := b.channel.Run(t.Context(), a, b.db.Record); again != nil || len(b.town.Truth()) != 1 || len(b.town.Twice()) != 0 {
			t.Errorf("a second run: %v, town %v twice %v", again, b.town.Truth(), b.town.Twice())
		}
	})
}

func TestMessageLooksLikeACitizens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, map[string]townhall.Conduct{"mairie": {Silent: 1}}, nil)
		defer b.close()
		a := b.audit("mairie", 1)
		if err := b.channel.Run(t.Context(), a, b.db.Record); err != nil {
			t.Fatal(err)
		}
		st, _ := b.db.State(a.ID)
		raw, err := b.db.Evidence(st.Raw)
		if err != nil {
			t.Fatal(err)
		}
		m, err := netmail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range []string{"List-Id", "List-Unsubscribe", "Precedence", "Auto-Submitted", "X-Mailer", "Reply-To", "Bcc"} {
			if m.Header.Get(h) != "" {
				t.Errorf("%s: %s", h, m.Header.Get(h))
			}
		}
		from, err := netmail.ParseAddress(m.Header.Get("From"))
		if err != nil || from.Name != "Claire Martin" || !strings.HasPrefix(from.Address, "claire+") || from.Address != st.Detail["from"] {
			t.Errorf("From %v, %v", from, err)
		}
		if bytes.ContainsAny(raw, "{}|") {
			t.Errorf("a template mark is left:\n%s", raw)
		}
		if strings.Contains(string(raw), st.Detail["witness"]) {
			t.Error("the witness's address is in the message that the structure reads")
		}
	})
}

// TestFaultsOfTheWayOut makes the submission server fail in every way, and says what becomes of the audit at once,
// after the watcher has seen the mailbox, and after the next start.
func TestFaultsOfTheWayOut(t *testing.T) {
	cases := []struct {
		name             string
		fault            townhall.Fault
		ours             bool // Run reports a fault of ours
		at, watched, end probes.Status
		got              int // messages that the structure has in the end
	}{
		{"connection dies before the message", townhall.DropBeforeData, true, probes.Prepared, probes.Prepared, probes.Contacted, 1},
		{"connection dies in the message", townhall.DropInData, false, probes.InDoubt, probes.InDoubt, probes.InDoubt, 0},
		{"connection dies after the dot", townhall.DropAfterDot, false, probes.InDoubt, probes.Contacted, probes.Contacted, 1},
		{"recipient deferred", townhall.DeferRecipient, true, probes.Prepared, probes.Prepared, probes.Contacted, 1},
		{"deferred after the dot", townhall.DeferData, true, probes.Prepared, probes.Prepared, probes.Contacted, 1},
		{"reply that is no answer", townhall.StrangeReply, false, probes.InDoubt, probes.Contacted, probes.Contacted, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				broken := true
				b := newBubble(t, map[string]townhall.Conduct{"mairie": {Silent: 1}}, func(string) townhall.Fault {
					if broken {
						return c.fault
					}
					return townhall.NoFault
				})
				defer b.close()
				a := b.audit("mairie", 1)
				err := b.channel.Run(t.Context(), a, b.db.Record)
				if (err != nil) != c.ours {
					t.Errorf("Run: %v", err)
				}
				if got := b.status(a.ID); got != c.at {
					t.Errorf("status %s, want %s", got, c.at)
				}
				stop := b.watch()
				time.Sleep(time.Minute)
				synctest.Wait()
				if got := b.status(a.ID); got != c.watched {
					t.Errorf("status %s once the mailbox was seen, want %s", got, c.watched)
				}
				broken = false
				if err := b.channel.Run(t.Context(), a, b.db.Record); err != nil {
					t.Errorf("second run: %v", err)
				}
				stop()
				if got := b.status(a.ID); got != c.end || len(b.town.Truth()) != c.got || len(b.town.Twice()) != 0 {
					t.Errorf("in the end %s, the town has %d, twice %v; want %s and %d", got, len(b.town.Truth()), b.town.Twice(), c.end, c.got)
				}
			})
		})
	}
}

func TestRefusedAddressIsTheirs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, map[string]townhall.Conduct{"fermée": {Refuse: true}, "mairie": {Refuse: true}}, nil)
		defer b.close()
		a := b.audit("mairie", 1)
		if err := b.channel.Run(t.Context(), a, b.db.Record); err != nil {
			t.Fatal(err)
		}
		e := b.events(a.ID)
		last := e[len(e)-1]
		if last.Kind != probes.MailRefused || last.Fault != probes.Theirs || last.Detail["code"] != "550" || last.Detail["enhanced"] != "5.1.1" ||
			!strings.Contains(last.Text, "User unknown") {
			t.Errorf("%+v", last)
		}
	})
}

// TestKilledBetweenDotAndReply is the crash as the store sees it: mail.sending is the last that was recorded.
func TestKilledBetweenDotAndReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, map[string]townhall.Conduct{"mairie": {Silent: 1}}, nil)
		defer b.close()
		a := b.audit("mairie", 1)
		killed := errors.New("killed")
		err := b.channel.Run(t.Context(), a, func(e probes.Event) error {
			if e.Kind == probes.MailAccepted {
				return killed // the process is gone before it can write the reply down
			}
			return b.db.Record(e)
		})
		if !errors.Is(err, killed) {
			t.Fatal(err)
		}
		if err := b.channel.Run(t.Context(), a, b.db.Record); err != nil { // the next start
			t.Fatal(err)
		}
		if got := b.status(a.ID); got != probes.InDoubt {
			t.Errorf("status %s, want in doubt", got)
		}
		stop := b.watch()
		time.Sleep(time.Second)
		synctest.Wait()
		stop()
		if got := b.status(a.ID); got != probes.Contacted || len(b.town.Truth()) != 1 || len(b.town.Twice()) != 0 {
			t.Errorf("status %s, the town has %d", got, len(b.town.Truth()))
		}
	})
}

func TestTransactionIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, map[string]townhall.Conduct{"mairie": {Silent: 1}}, nil)
		defer b.close()
		deaf := townhall.NewPipe("deaf") // takes the connection and never says a word
		held := make(chan struct{})
		go func() {
			conn, err := deaf.Accept()
			if err == nil {
				<-held
				conn.Close()
			}
		}()
		account := b.options.Accounts["claire"]
		account.SMTP.Dial = deaf.Dial
		b.options.Accounts["claire"] = account
		began := time.Now()
		err := b.channel.Run(t.Context(), b.audit("mairie", 1), b.db.Record)
		if err == nil || time.Since(began) > 2*b.options.Timeout {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		close(held)
		deaf.Close()
	})
}

func TestSameAuditGivesTheSameWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, map[string]townhall.Conduct{"a": {Silent: 1}, "b": {Silent: 1}}, nil)
		defer b.close()
		texts := map[string]bool{}
		for n := range 12 {
			a := b.audit("a", n+1)
			var first string
			for range 2 {
				var prepared probes.Event
				stop := errors.New("stop")
				_ = b.channel.Run(context.Background(), a, func(e probes.Event) error { prepared = e; return stop })
				if prepared.Kind != probes.MailPrepared {
					t.Fatal(prepared.Kind)
				}
				if id := prepared.Detail["message_id"] + string(prepared.Evidence[0].Body); first == "" {
					first = id
				} else if first != id {
					t.Error("the same audit was written twice in different words")
				}
			}
			texts[first[strings.Index(first, "\r\n\r\n"):]] = true
		}
		if len(texts) < 2 {
			t.Error("every citizen writes the same words")
		}
	})
}

// TestSentFolderProves finds a mail in doubt in the folder that the provider fills with what it took.
func TestSentFolderProves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, map[string]townhall.Conduct{"mairie": {Silent: 1}}, func(string) townhall.Fault { return townhall.DropInData })
		defer b.close()
		account := b.options.Accounts["claire"]
		account.Sent = "Sent"
		b.options.Accounts["claire"] = account
		a, other := b.audit("mairie", 1), b.audit("mairie", 2)
		for _, x := range []probes.Audit{a, other} {
			if err := b.channel.Run(t.Context(), x, b.db.Record); err != nil {
				t.Fatal(err)
			}
		}
		st, _ := b.db.State(a.ID)
		raw, err := b.db.Evidence(st.Raw)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.town.Put("claire", "Sent", raw, time.Now()); err != nil {
			t.Fatal(err)
		}
		defer b.watch()()
		time.Sleep(time.Hour)
		synctest.Wait()
		if b.status(a.ID) != probes.Contacted || b.status(other.ID) != probes.InDoubt {
			t.Errorf("%s and %s; what is not in the folder proves nothing", b.status(a.ID), b.status(other.ID))
		}
	})
}
