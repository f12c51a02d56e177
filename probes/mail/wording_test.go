package mail_test

import (
	"context"
	"errors"
	"io"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/mail"
	"github.com/sonde-fleet/sonde/townhall"
)

// TestTreatmentChangesItsWordsAlone writes the same audit for both arms: what is drawn, the names under which the mail is known
// and every other word are the same.
func TestTreatmentChangesItsWordsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, map[string]townhall.Conduct{"a": {Silent: 1}}, nil)
		defer b.close()
		o := b.options
		o.Scenarios = map[string]mail.Scenario{"horaires": {Language: "fr", Subjects: []string{"{Horaires|Ouverture}, {{.Arm.call}}"},
			Bodies: []string{"{{ .Arm.call }} {{.Arm.title}}\n\n{Quels|Quelles} {sont|seraient} {vos|les} heures ?\n{{.Given}}", "{{.Arm.call}} {{.Arm.title}}, {quand|à quelle heure} ? {{.Given}}"}}}
		set := func(call, title string) map[string]string { return map[string]string{"call": call, "title": title} }
		o.Wordings = map[string]map[string]string{"": set("Bonjour", "Madame"), "formal": set("Bonjour", "Madame"), "plain": set("Salut", "|{a|b}")} // never drawn from
		channel := mail.New(o)
		write := func(treatment string, n int) (id, words string) {
			a := b.audit("a", n)
			a.Treatment = treatment
			var prepared probes.Event
			_ = channel.Run(context.Background(), a, func(e probes.Event) error { prepared = e; return errors.New("stop") })
			m, err := netmail.ReadMessage(strings.NewReader(string(prepared.Evidence[0].Body)))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
			if err != nil {
				t.Fatal(err)
			}
			return m.Header.Get("Message-Id") + m.Header.Get("From"), m.Header.Get("Subject") + "\n" + string(text)
		}
		for n := 1; n < 30; n++ {
			id, formal := write("formal", n)
			same, plain := write("plain", n)
			_, none := write("", n)
			if id != same || none != formal {
				t.Errorf("audit %d: %s and %s, or without a treatment\n%s", n, id, same, none)
			}
			if want := strings.NewReplacer("Bonjour", "Salut", "Madame", "|{a|b}").Replace(formal); plain != want || strings.Count(formal, "Bonjour") != 2 {
				t.Fatalf("audit %d: got\n%s\nwant\n%s", n, plain, want)
			}
		}
	})
}
