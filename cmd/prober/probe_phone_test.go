package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gosip "github.com/emiago/sipgo/sip"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone/callee"
)

// busy plays a callee, or a trunk, that says busy, and returns what was asked of it.
func busy(far *callee.Callee) <-chan *gosip.Request {
	asked := make(chan *gosip.Request, 1)
	go func() {
		invite := far.Expect(gosip.INVITE)
		far.Reply(invite, 180, "Ringing", "")
		far.Reply(invite, 486, "Busy Here", "")
		far.Expect(gosip.ACK)
		asked <- invite
	}()
	return asked
}

func TestACallToATypedAddress(t *testing.T) {
	far := callee.Listen(t)
	asked := busy(far)
	code, out, errs := command(t, "probe", "phone", far.URI(), "-json", "-from", "+33100000000")
	if code != 0 {
		t.Fatalf("%d %s", code, errs)
	}
	if from := (<-asked).From().Address.User; from != "+33100000000" {
		t.Errorf("the call comes from %s", from)
	}
	var last probes.Event
	for _, line := range bytes.Split(bytes.TrimSpace([]byte(out)), []byte("\n")) {
		last = probes.Event{}
		if err := json.Unmarshal(line, &last); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
	}
	if last.Kind != probes.CallFailed || last.Detail["class"] != probes.ClassBusy {
		t.Errorf("the last line is %+v", last)
	}

	asked = busy(far)
	if code, out, errs = command(t, "probe", "phone", far.URI()); code != 0 || !strings.Contains(out, "not answered: busy 486") {
		t.Errorf("%d %s %s", code, out, errs)
	}
	<-asked
}

func TestACallThroughTheTrunk(t *testing.T) {
	dir := t.TempDir()
	far := callee.Listen(t)
	conf := filepath.Join(dir, "prober.yaml")
	for name, text := range map[string]string{
		"prober.yaml": fmt.Sprintf("name: p\ndata: data\nphone:\n  trunk: {addr: %q, from: \"+33100000000\", withheld: true}\n", far.Addr()),
		"campaign.yaml": "id: c\nseed: 1\nzone: Europe/Paris\nstart: 2026-03-02\nend: 2026-04-30\nplan: {phone: 1}\npersonas:\n  - {id: lea, given: Léa, family: Marchand, civility: Madame, town: Dijon}\n" +
			"scenarios:\n  - id: rendez-vous\n    language: fr\n    channels: [phone]\n    bodies: [\"Bonjour, est-ce que je peux passer sans rendez-vous ?\"]\n    facts:\n      - {id: f, label: L, any: [\"rendez-vous\"]}\n",
		"structures.csv": "id,name,kind,sector,zone,hours,ground,ground_date,phone\n1,A,mairie,public,Europe/Paris,Mo-Fr 09:00-17:00,mandate,2026-01-01,+33 1 99 00 12 01\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const number = "+33 1 99 00 12 01"
	asked := busy(far)
	code, out, errs := command(t, "probe", "phone", number, "-config", conf)
	if code != 0 || !strings.Contains(out, "class=busy") {
		t.Fatalf("%d %s %s", code, out, errs)
	}
	invite := <-asked
	if got := invite.Recipient.User; got != "+33199001201" {
		t.Errorf("%s was dialled", got)
	}
	if h := invite.GetHeader("P-Preferred-Identity"); h == nil || !strings.Contains(h.Value(), "+33100000000") || strings.Contains(invite.From().Value(), "33100000000") ||
		invite.GetHeader("Privacy") == nil {
		t.Errorf("the number is not withheld:\n%s", invite)
	}
	down := make(chan struct{})
	go func() {
		defer close(down)
		far.Reply(far.Expect(gosip.INVITE), 503, "Service Unavailable", "")
		far.Expect(gosip.ACK)
	}()
	if code, _, errs := command(t, "probe", "phone", number, "-config", conf); code != 1 || !strings.Contains(errs, "503") {
		t.Errorf("a trunk that is down: %d %s", code, errs)
	}
	<-down
	for _, args := range [][]string{
		{"probe", "phone", "+33 1 40 20 50 50", "-config", conf}, // in no directory
		{"probe", "phone", "112", "-config", conf},
		{"probe", "phone", "sip:112@127.0.0.1:5060"},
		{"probe", "phone", "sip:mairie@pbx.example", "-config", conf},
		{"probe", "phone", number, "-config", filepath.Join(dir, "none.yaml")},
		{"probe", "phone", far.URI(), "-mode", "record"},
		{"probe", "phone", far.URI(), "-mode", "shout"},
	} {
		if code, _, errs := command(t, args...); code != 2 || errs == "" {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
	if n := far.Count(gosip.INVITE); n != 2 {
		t.Errorf("%d calls were made", n)
	}
}

func TestOnlyThisMachineIsTyped(t *testing.T) {
	for target, want := range map[string]bool{"sip:a@127.0.0.1": true, "sip:a@127.0.0.1:5060": true, "SIP:a@[::1]:5060;transport=tcp": true, "sip:a@localhost:9": true, "sip:a@192.0.2.1": false,
		"sip:127.0.0.1@example.org": false, "sip:a@127.0.0.1.example.org": false, "127.0.0.1": false, "0321000000": false, "sip:a@localhost.example.org": false} {
		if got := typedCallee(target); got != want {
			t.Errorf("%s: %v", target, got)
		}
	}
}
