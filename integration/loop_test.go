package integration

import (
	"bytes"
	"fmt"
	netmail "net/mail"
	"net/smtp"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/townhall/daemons"
)

// services are the structures of the loop, each with what must be seen of it.
var services = []struct {
	address string
	sieve   string
	agent   string            // what a person there writes; "" for nobody
	headers string            // of the agent's mail
	classes map[string]string // class → folder of what comes in
	status  probes.Status
}{
	{"agent@service.test", "", "Bonjour Madame Martin,\r\n\r\nNous sommes ouverts de 9h à 12h du lundi au vendredi.\r\n\r\nCordialement,\r\nJulie Moreau\r\nService accueil\r\n", "",
		map[string]string{"human": "INBOX", "receipt": "INBOX"}, probes.Contacted},
	{"spam@service.test", "", "Bonjour,\r\n\r\nNos horaires : 8h30 à 17h.\r\n\r\nBien cordialement,\r\nMarc Dubois\r\n", "X-Spam-Flag: YES\r\n",
		map[string]string{"human": "Junk", "receipt": "INBOX"}, probes.Contacted},
	{"absente@service.test", "require [\"vacation\"];\nvacation :days 1 :subject \"Absence du bureau\" \"Bonjour, je suis absente jusqu'au 15, je vous répondrai à mon retour.\";\n", "", "",
		map[string]string{"out-of-office": "INBOX", "receipt": "INBOX"}, probes.Contacted},
	{"refus@service.test", "require [\"reject\"];\nreject \"Cette boîte ne reçoit pas de courriel.\";\n", "", "",
		map[string]string{"bounce": "INBOX", "receipt": "INBOX"}, probes.Contacted},
	{"retour@bounce.test", "", "", "", map[string]string{"bounce": "INBOX"}, probes.Contacted},
	{"unknown1@service.test", "", "", "", nil, probes.Refused},
	{"silence@service.test", "", "", "", map[string]string{"receipt": "INBOX"}, probes.Contacted},
}

// line is an event as `prober journal -json` prints it.
type line struct {
	probes.Event
}

// TestLoopOverRealServers runs the prober against Postfix and Dovecot at normal speed: real delivery reports, a real
// vacation and a real rejection by Pigeonhole, an agent who answers, one whose answer is filed as spam. Every mail must
// be understood, and timed within a second of its delivery.
func TestLoopOverRealServers(t *testing.T) {
	m := daemons.Start(t)
	for _, s := range services {
		if s.sieve != "" {
			m.Sieve(s.address, s.sieve)
		}
	}
	f := newFleet(t, m, len(services), func(i int) string { return services[i].address })
	p := f.start("prober", "prober runs")
	defer func() {
		p.cmd.Process.Signal(os.Interrupt)
		<-p.done
		if t.Failed() {
			t.Log(p.log.String())
		}
	}()
	<-p.ready
	answered := map[string]bool{}
	want := 0
	for _, s := range services {
		want += len(s.classes)
	}
	var events []line
	for began := time.Now(); ; time.Sleep(200 * time.Millisecond) { // other processes are at work
		for _, s := range services {
			if s.agent != "" && !answered[s.address] {
				answered[s.address] = answer(t, m, s.address, s.agent, s.headers)
			}
		}
		events = call[line](f, "prober", "journal")
		seen := 0
		for _, e := range events {
			if e.Kind == probes.MailReceived {
				seen++
			}
		}
		if seen >= want {
			break
		}
		if time.Since(began) > time.Minute {
			t.Errorf("%d mails seen, want %d", seen, want)
			break
		}
	}
	got := map[string]map[string]string{} // address → class → folder
	prepared := map[probes.AuditID]string{}
	for _, e := range events {
		switch e.Kind {
		case probes.MailPrepared:
			prepared[e.Audit] = e.Detail["to"]
		case probes.MailReceived:
			to := prepared[e.Audit]
			if got[to] == nil {
				got[to] = map[string]string{}
			}
			got[to][e.Detail["class"]] = e.Detail["folder"]
			if e.Detail["sure"] != "yes" {
				t.Errorf("%s: %s matched by %s, unsure", to, e.Detail["class"], e.Detail["match"])
			}
			checkTime(t, m, e)
		case probes.MailUnmatched:
			t.Errorf("a mail is in the holding pen: %v", e.Detail)
		}
	}
	for _, s := range services {
		if fmt.Sprint(got[s.address]) != fmt.Sprint(s.classes) && len(got[s.address])+len(s.classes) > 0 {
			t.Errorf("%s: got %v, want %v", s.address, got[s.address], s.classes)
		}
	}
	counts := call[status](f, "prober", "status")[0].Audits
	if counts[probes.Contacted] != len(services)-1 || counts[probes.Refused] != 1 {
		t.Errorf("states %v", counts)
	}
}

// answer writes back to a probe that has come into the service's mailbox; it says whether there was one.
func answer(t *testing.T, m *daemons.Mail, address, text, headers string) bool {
	t.Helper()
	files := m.Maildir(address, "")
	if len(files) == 0 {
		return false
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	probe, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	to, err := netmail.ParseAddress(probe.Header.Get("From"))
	if err != nil {
		t.Fatal(err)
	}
	msg := fmt.Sprintf("From: Accueil <%s>\r\nTo: %s\r\nSubject: Re: %s\r\nIn-Reply-To: %s\r\nMessage-ID: <%d@service.test>\r\n"+
		"Date: %s\r\n%sMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s",
		address, to.Address, probe.Header.Get("Subject"), probe.Header.Get("Message-Id"), time.Now().UnixNano(),
		time.Now().Format(time.RFC1123Z), headers, text)
	if err := smtp.SendMail(m.SMTP, nil, address, []string{to.Address}, []byte(msg)); err != nil {
		t.Fatal(err)
	}
	return true
}

// checkTime compares when we say a mail came with when Dovecot wrote it: the name of a Maildir file holds the instant
// to the microsecond (https://cr.yp.to/proto/maildir.html).
func checkTime(t *testing.T, m *daemons.Mail, e line) {
	t.Helper()
	folder := e.Detail["folder"]
	if folder == "INBOX" {
		folder = ""
	}
	user, _, _ := strings.Cut(e.Detail["mailbox"], "/")
	for _, file := range m.Maildir(user, folder) {
		raw, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(raw, []byte(e.Detail["message_id"])) {
			continue
		}
		var seconds, micros int64
		name := filepath.Base(file)
		head, rest, _ := strings.Cut(name, ".M")
		seconds, _ = strconv.ParseInt(head, 10, 64)
		digits := rest[:strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })]
		micros, _ = strconv.ParseInt(digits, 10, 64)
		written := time.Unix(seconds, micros*1000)
		if off := e.At.Sub(written); off.Abs() > time.Second {
			t.Errorf("%s timed %v off (%s's clock)", e.Detail["class"], off, e.Detail["clock"])
		}
		return
	}
	t.Errorf("no file of %s has the mail %s", user, e.Detail["message_id"])
}
