package mail_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sonde-fleet/sonde/probes/mail"
	"github.com/sonde-fleet/sonde/townhall"
)

// digested lets the persona get a mail with the text and returns what the event says of it.
func digested(t *testing.T, p mail.Persona, text string) (detail map[string]string) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, map[string]townhall.Conduct{"mairie": {Silent: 1}}, nil)
		defer b.close()
		account := b.options.Accounts["claire"]
		account.Persona = p
		b.options.Accounts["claire"] = account
		b.channel = mail.New(b.options)
		a := b.audit("mairie", 1)
		b.send(a)
		defer b.watch()()
		st, _ := b.db.State(a.ID)
		raw := fmt.Sprintf("From: Accueil <Accueil@X.Example>\r\nTo: %s\r\nSubject: Re: horaires\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s", st.Detail["from"],
			strings.ReplaceAll(text, "\n", "\r\n"))
		if err := b.town.Put("claire", "INBOX", []byte(raw), time.Now()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := b.answers(a.ID); len(got) == 1 {
			detail = got[0].Detail
		} else {
			t.Fatalf("%d answers", len(got))
		}
	})
	return detail
}

func TestTheSameAnswerToTwoPersonasHasOneDigest(t *testing.T) {
	claire := mail.Persona{Given: "Claire", Family: "Martin", Civility: "Madame"}
	jean := mail.Persona{Given: "Jean", Family: "Le Goff", Civility: "Monsieur"}
	const own = "Notre accueil est ouvert du lundi au vendredi de 8h30 à 17h, sans rendez-vous.\nBien cordialement,\nJulie Moreau\n"
	first := digested(t, claire, "Bonjour Madame Martin,\n"+own+"\nLe 2 mars 2026, Claire Martin <claire@habitants.example> a écrit :\n> Bonjour, quels sont vos horaires ?\n")
	if first["class"] != "human" || len(first["text_digest"]) != 64 || first["from"] != "accueil@x.example" {
		t.Fatalf("%v", first)
	}
	for name, text := range map[string]string{
		"another persona":    "Bonjour M. Le Goff,\n" + own,
		"other case and day": "BONJOUR Monsieur Jean LE GOFF,\n" + strings.ReplaceAll(strings.ReplaceAll(own, "accueil", "Accueil"), "8h30 à", "9h45  a"),
		"with a quotation":   "Bonjour Monsieur,\n" + own + "\nLe 9 mars 2026, Jean Le Goff <jean@habitants.example> a écrit :\n> Autre question\n",
	} {
		if got := digested(t, jean, text)["text_digest"]; got != first["text_digest"] {
			t.Errorf("%s: %q, want %q", name, got, first["text_digest"])
		}
	}
	if got := digested(t, jean, "Bonjour Monsieur,\n"+strings.Replace(own, "vendredi", "samedi", 1))["text_digest"]; got == first["text_digest"] || got == "" {
		t.Errorf("another answer has the digest %q", got)
	}
	if got, told := digested(t, jean, "Bonjour Monsieur, c'est noté, Julie.\n")["text_digest"]; told {
		t.Errorf("a text too short to compare has the digest %q", got)
	}
}

// monitor remembers what the channel told.
type monitor struct {
	mu     sync.Mutex
	shown  map[string]time.Time
	looked map[string]int
}

func (m *monitor) Certificate(server string, notAfter time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shown[server] = notAfter
}

func (m *monitor) Looked(mailbox string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.looked[mailbox]++
}

func TestAMailboxInWhichNothingIsNewIsReadAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, map[string]townhall.Conduct{"mairie": {Silent: 1}}, nil)
		defer b.close()
		m := &monitor{shown: map[string]time.Time{}, looked: map[string]int{}}
		b.options.Monitor = m
		b.channel = mail.New(b.options)
		defer b.watch()()
		time.Sleep(time.Hour)
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.looked["claire@habitants.example/INBOX"] < 10 || len(m.shown) != 0 {
			t.Errorf("looked %v, certificates %v", m.looked, m.shown)
		}
	})
}
