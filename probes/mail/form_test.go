package mail_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/mail"
	"github.com/sonde-fleet/sonde/townhall"
)

// counter is a website's form of which only the other end of the browser is played: package web tests the browser.
type counter struct {
	got  []mail.Entry
	then func(e mail.Entry, sending func([]probes.Evidence) error) (mail.Receipt, error)
}

func (c *counter) Submit(_ context.Context, _ string, e mail.Entry, sending func([]probes.Evidence) error) (mail.Receipt, error) {
	return c.then(e, sending)
}

func TestForm(t *testing.T) {
	const form = "https://www.x.example/contact"
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, map[string]townhall.Conduct{"mairie": {Silent: 1}}, nil)
		defer b.close()
		defer b.watch()()
		d := &counter{}
		o := b.options
		o.Desk = d
		b.channel = mail.New(o)
		number := 0
		run := func(then func(mail.Entry, func([]probes.Evidence) error) (mail.Receipt, error)) (probes.Audit, error) {
			number++
			a := b.audit("mairie", number)
			a.Target = form
			d.then = then
			return a, b.channel.Run(t.Context(), a, b.db.Record)
		}
		status := func(a probes.Audit, want probes.Status) {
			t.Helper()
			if st, _ := b.db.State(a.ID); st.Status != want {
				t.Errorf("audit %d: %s, want %s", a.Number, st.Status, want)
			}
		}
		send := func(r mail.Receipt) func(mail.Entry, func([]probes.Evidence) error) (mail.Receipt, error) {
			return func(e mail.Entry, sending func([]probes.Evidence) error) (mail.Receipt, error) {
				if err := sending(nil); err != nil {
					return mail.Receipt{}, err
				}
				d.got = append(d.got, e)
				return r, nil
			}
		}
		taken, err := run(send(mail.Receipt{Delivery: mail.Taken, Text: "Merci"}))
		if err != nil || len(d.got) != 1 || d.got[0].Given != "Claire" || d.got[0].Subject == "" || d.got[0].Text == "" {
			t.Fatalf("%v, %+v", err, d.got)
		}
		status(taken, probes.Contacted)

		unclear, err := run(send(mail.Receipt{Delivery: mail.Unclear}))
		if err != nil {
			t.Fatal(err)
		}
		status(unclear, probes.InDoubt)
		// The answer comes to the address that only this audit has: it proves that the form was taken.
		reply := d.got[1].Email
		raw := "From: accueil@x.example\r\nTo: " + reply + "\r\nSubject: Re: vos horaires\r\nMessage-ID: <1@x.example>\r\n\r\nBonjour, nous ouvrons le samedi. Cordialement, Anne\r\n"
		if err := b.town.Put("claire", "INBOX", []byte(raw), time.Now()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		status(unclear, probes.Contacted)
		if got := b.answers(unclear.ID); len(got) != 1 || got[0].Detail["sure"] == "no" {
			t.Errorf("%v", got)
		}

		byHand, err := run(func(mail.Entry, func([]probes.Evidence) error) (mail.Receipt, error) {
			return mail.Receipt{Delivery: mail.NeedsPerson, Text: "the form wants a captcha"}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		status(byHand, probes.ByHand)
		at := time.Now().Add(-10 * time.Second).UTC()
		if err := b.db.Record(probes.Event{Audit: byHand.ID, Kind: probes.AuditResolved, At: time.Now(), Detail: map[string]string{"as": "accepted",
			"contacted": at.Format(time.RFC3339Nano)}}); err != nil {
			t.Fatal(err)
		}
		status(byHand, probes.Contacted)
		if st, _ := b.db.State(byHand.ID); !st.Sent.Equal(at) {
			t.Errorf("sent %v, want %v", st.Sent, at)
		}

		// The browser dies after the click: in doubt, and never sent again by itself.
		died, err := run(func(e mail.Entry, sending func([]probes.Evidence) error) (mail.Receipt, error) {
			_, _ = send(mail.Receipt{})(e, sending)
			return mail.Receipt{}, errors.New("the browser is gone")
		})
		if err != nil {
			t.Fatal(err)
		}
		status(died, probes.InDoubt)
		sent := len(d.got)
		if err := b.channel.Run(t.Context(), died, b.db.Record); err != nil || len(d.got) != sent {
			t.Errorf("%v, sent %d times", err, len(d.got)-sent+1)
		}

		// It dies before: a fault of ours, nothing has left, the same words go at the next try.
		early, err := run(func(mail.Entry, func([]probes.Evidence) error) (mail.Receipt, error) {
			return mail.Receipt{}, errors.New("no browser")
		})
		if err == nil {
			t.Error("a fault of ours is no error")
		}
		status(early, probes.Prepared)
		d.then = send(mail.Receipt{Delivery: mail.Taken})
		if err := b.channel.Run(t.Context(), early, b.db.Record); err != nil {
			t.Fatal(err)
		}
		status(early, probes.Contacted)

		// A desk that would send twice is stopped.
		twice, err := run(func(e mail.Entry, sending func([]probes.Evidence) error) (mail.Receipt, error) {
			first, second := sending(nil), sending(nil)
			if first != nil || second == nil {
				t.Errorf("%v, %v", first, second)
			}
			return mail.Receipt{Delivery: mail.Unclear}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		status(twice, probes.InDoubt)
	})
}

// Without a browser nothing is lost: a person is asked.
func TestFormWithoutDesk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, map[string]townhall.Conduct{"mairie": {Silent: 1}}, nil)
		defer b.close()
		a := b.audit("mairie", 1)
		a.Target = "https://www.x.example/contact"
		if err := b.channel.Run(t.Context(), a, b.db.Record); err != nil {
			t.Fatal(err)
		}
		if st, _ := b.db.State(a.ID); st.Status != probes.ByHand {
			t.Errorf("%s", st.Status)
		}
	})
}
