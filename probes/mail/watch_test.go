package mail_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/townhall"
)

const day = 24 * time.Hour

// answers returns the mails that came in for the audit.
func (b *bubble) answers(id probes.AuditID) (out []probes.Event) {
	for _, e := range b.events(id) {
		if e.Kind == probes.MailReceived {
			out = append(out, e)
		}
	}
	return out
}

func (b *bubble) send(a probes.Audit) {
	b.t.Helper()
	if err := b.channel.Run(b.t.Context(), a, b.db.Record); err != nil {
		b.t.Fatal(err)
	}
}

func TestAnswerAfterNineDaysIsTimedToTheSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, map[string]townhall.Conduct{"mairie": {Median: 9 * day}}, nil)
		defer b.close()
		a := b.audit("mairie", 1)
		defer b.watch()()
		b.send(a)
		time.Sleep(10 * day)
		synctest.Wait()
		truth := b.town.Truth()[0].Replies
		got := b.answers(a.ID)
		if len(got) != 1 || len(truth) != 1 {
			t.Fatalf("%d answers, the town gave %d", len(got), len(truth))
		}
		if off := got[0].At.Sub(truth[0].At); off.Abs() > time.Second {
			t.Errorf("answer timed %v off", off)
		}
		if got[0].Detail["class"] != probes.ClassHuman || got[0].Detail["sure"] != "yes" || got[0].Detail["match"] != "reply-address" {
			t.Errorf("%v", got[0].Detail)
		}
	})
}

func TestSpamFolderIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, map[string]townhall.Conduct{"mairie": {Median: 3 * time.Hour, Junk: true}}, nil)
		defer b.close()
		a := b.audit("mairie", 1)
		defer b.watch()()
		b.send(a)
		time.Sleep(day)
		synctest.Wait()
		if got := b.answers(a.ID); len(got) != 1 || got[0].Detail["folder"] != "Junk" {
			t.Errorf("%v", got)
		}
	})
}

// TestBrokenLinks cuts and freezes the connections to the mailbox while answers come in: none is missed, none is
// filed twice.
func TestBrokenLinks(t *testing.T) {
	for name, breakIt := range map[string]func(*line){
		"cut":       func(l *line) { l.Conn.Close() },
		"half open": (*line).freeze,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBubble(t, map[string]townhall.Conduct{"mairie": {Median: 5 * time.Hour, Spread: 1, Ack: true}}, nil)
				defer b.close()
				defer b.watch()()
				var audits []probes.Audit
				for n := range 20 {
					a := b.audit("mairie", n+1)
					audits = append(audits, a)
					b.send(a)
					time.Sleep(97 * time.Minute)
					b.imap.each(breakIt)
				}
				time.Sleep(10 * day)
				synctest.Wait()
				for i, a := range audits {
					want := len(b.town.Truth()[i].Replies)
					if got := b.answers(a.ID); len(got) != want || want != 2 {
						t.Errorf("audit %d: %d mails seen, %d came", i, len(got), want)
					}
				}
				down, up := 0, 0
				b.db.Records(0, func(r *probes.Record) bool {
					if r.Event != nil && r.Event.Kind == probes.MailboxDown {
						down++
					}
					if r.Event != nil && r.Event.Kind == probes.MailboxUp {
						up++
					}
					return true
				})
				if down < 20 || up != down {
					t.Errorf("%d times down, %d times up again", down, up)
				}
			})
		})
	}
}

func TestNewUIDValidityNeitherDoublesNorMisses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, map[string]townhall.Conduct{"mairie": {Median: 2 * time.Hour, Ack: true}}, nil)
		defer b.close()
		stop := b.watch()
		first := b.audit("mairie", 1)
		b.send(first)
		time.Sleep(day)
		synctest.Wait()
		stop()
		// The server rebuilds its index while we are away; a mail has come in meanwhile.
		second := b.audit("mairie", 2)
		b.send(second)
		if err := b.town.ResetValidity("claire"); err != nil {
			t.Fatal(err)
		}
		defer b.watch()()
		time.Sleep(day)
		synctest.Wait()
		if got := len(b.answers(first.ID)); got != 2 {
			t.Errorf("%d mails for the first audit, want the two that were there before", got)
		}
		if got := len(b.answers(second.ID)); got != 2 {
			t.Errorf("%d mails for the second audit, want 2", got)
		}
		resets := 0
		b.db.Records(0, func(r *probes.Record) bool {
			if r.Event != nil && r.Event.Kind == probes.MailboxReset {
				resets++
			}
			return true
		})
		if resets != 1 {
			t.Errorf("%d resets noted", resets)
		}
	})
}

func TestRestartReadsOnWhereItStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, map[string]townhall.Conduct{"mairie": {Median: time.Hour, Spread: 0.5}}, nil)
		defer b.close()
		var audits []probes.Audit
		for n := range 30 {
			a := b.audit("mairie", n+1)
			audits = append(audits, a)
			stop := b.watch()
			b.send(a)
			time.Sleep(40 * time.Minute)
			stop()
			b.db.Close()
			b.open()
			time.Sleep(10 * time.Minute)
		}
		stop := b.watch()
		time.Sleep(2 * day)
		synctest.Wait()
		stop()
		for i, a := range audits {
			if got := len(b.answers(a.ID)); got != 1 {
				t.Errorf("audit %d has %d answers", i, got)
			}
		}
	})
}

// TestMatch puts mails of many kinds into the mailbox, and says whose they are.
func TestMatch(t *testing.T) {
	const head = "From: %FROM%\r\nTo: claire@habitants.example\r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: text/plain; charset=utf-8\r\n"
	const text = "\r\n\r\nBonjour Madame,\r\n\r\nNous sommes ouverts le samedi de 9h à 12h.\r\n\r\nCordialement,\r\nJulie Moreau\r\n"
	cases := []struct{ name, mail, match, sure string }{
		{"reply address only in Delivered-To", "Delivered-To: %REPLY%\r\n" + head + "Subject: votre demande" + text, "reply-address", "yes"},
		{"reply address only in Received", "Received: from x.example by mx.habitants.example for <%REPLY%>; Mon, 2 Mar 2026 10:00:00 +0100\r\n" + head +
			"Subject: votre demande" + text, "reply-address", "yes"},
		{"other case", "Delivered-To: %UPPER%\r\n" + head + "Subject: votre demande" + text, "reply-address", "yes"},
		{"In-Reply-To", head + "In-Reply-To: <%ID%>\r\nSubject: autre chose" + text, "references", "yes"},
		{"deep in References", head + "References: <a@b> <%ID%>\r\n <c@d>\r\nSubject: autre chose" + text, "references", "yes"},
		{"Exchange's parent", head + "X-MS-Exchange-Parent-Message-Id: <%ID%>\r\nSubject: autre chose" + text, "references", "yes"},
		{"quoted address", head + "Subject: réponse" + strings.Replace(text, "Julie Moreau", "Julie Moreau\r\n\r\nLe 2 mars 2026, Claire <%REPLY%> a écrit :\r\n> Bonjour", 1),
			"quoted-address", "yes"},
		{"subject and domain", strings.Replace(head, "%FROM%", "autre.agent@x.example", 1) + "Subject: RE: %SUBJECT%" + text, "subject", "no"},
		{"sender alone", strings.Replace(head, "%FROM%", "mairie@x.example", 1) + "Subject: Bulletin" + text, "sender", "no"},
		{"stranger", head + "Subject: Soldes d'hiver" + text, "", ""},
		{"another's token", "Delivered-To: claire+aaaaaaaaaa@habitants.example\r\n" + head + "Subject: Soldes" + text, "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBubble(t, map[string]townhall.Conduct{"mairie": {Silent: 1}}, nil)
				defer b.close()
				a := b.audit("mairie", 1)
				b.send(a)
				defer b.watch()()
				st, _ := b.db.State(a.ID)
				raw := strings.NewReplacer("%REPLY%", st.Detail["from"], "%UPPER%", strings.ToUpper(st.Detail["from"]), "%ID%", st.Detail["message_id"],
					"%SUBJECT%", "=?utf-8?q?"+strings.ReplaceAll(st.Detail["subject"], " ", "_")+"?=", "%FROM%", "Julie <julie@ailleurs.example>").Replace(c.mail)
				if err := b.town.Put("claire", "INBOX", []byte(raw), time.Now()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				synctest.Wait()
				got := b.answers(a.ID)
				if c.match == "" {
					if len(got) != 0 {
						t.Errorf("matched by %s", got[0].Detail["match"])
					}
					pen := slices.DeleteFunc(b.events(""), func(e probes.Event) bool { return e.Kind != probes.MailUnmatched })
					if len(pen) != 1 || len(pen[0].Evidence) != 1 {
						t.Errorf("the holding pen has %d mails", len(pen))
					}
					return
				}
				if len(got) != 1 || got[0].Detail["match"] != c.match || got[0].Detail["sure"] != c.sure {
					t.Errorf("%d mails, %v; want %s, sure %s", len(got), got, c.match, c.sure)
				}
			})
		})
	}
}

// TestBetweenFetchAndIdle files a second mail while the first is being recorded: a server that tells of new mail after a
// command or during IDLE says nothing of it, and it must not wait for the watchdog.
func TestBetweenFetchAndIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, map[string]townhall.Conduct{"mairie": {Silent: 1}}, nil)
		defer b.close()
		a := b.audit("mairie", 1)
		raw := func(n int, to string) []byte {
			return fmt.Appendf(nil, "From: accueil@x.example\r\nTo: %s\r\nSubject: Re: vos horaires\r\nMessage-ID: <%d@x.example>\r\n\r\nBonjour, voici nos horaires.\r\n", to, n)
		}
		address := ""
		filed := false
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		defer func() { cancel(); wg.Wait() }()
		wg.Go(func() {
			b.channel.Watch(ctx, func(e probes.Event) error {
				if e.Kind == probes.MailReceived && !filed {
					filed = true
					time.Sleep(time.Millisecond) // the server has ended the fetch, and told what there was to tell
					if err := b.town.Put("claire", "INBOX", raw(2, address), time.Now()); err != nil {
						t.Error(err)
					}
				}
				return b.db.Record(e)
			})
		})
		synctest.Wait()
		b.send(a)
		for _, e := range b.events(a.ID) {
			if e.Kind == probes.MailPrepared {
				address = e.Detail["from"]
			}
		}
		time.Sleep(time.Minute)
		if err := b.town.Put("claire", "INBOX", raw(1, address), time.Now()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := b.answers(a.ID); len(got) != 2 {
			t.Errorf("%d answers seen within 10 s, want 2", len(got))
		}
	})
}
