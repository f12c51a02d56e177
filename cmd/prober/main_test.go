package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/probes"
)

// command runs the prober and returns its exit code and what it printed.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}

func TestCheckNamesEveryFaultOfAllFilesAtOnce(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"prober.yaml":    "name: p\ndata: d\ncampaign: campaign.yaml\ndirectory: structures.csv\ncolour: red\nmail:\n  accounts:\n    lea:\n      address: nobody\n      smtp: {addr: \"mx.example:99999\", tls: none}\n",
		"campaign.yaml":  "id: c\nspeed: 0\nstart: 2026-03-02\nend: 2026-02-01\nzone: Mars/Olympus\n",
		"structures.csv": "id,name,kind,sector,zone,hours,ground,ground_date,mail\n1,A,mairie,public,Europe/Paris,Mo-Fr 25:00,mandate,2026-01-01,not an address\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	code, _, errs := command(t, "check", "-config", filepath.Join(dir, "prober.yaml"))
	if code != 2 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"colour", "address", "99999", "speed", "zone", "Mars/Olympus", "25:00", "not an address"} {
		if !strings.Contains(errs, want) {
			t.Errorf("%q is not named in:\n%s", want, errs)
		}
	}
}

func TestPlanOfTheExamples(t *testing.T) {
	code, out, errs := command(t, "plan", "-campaign", "../../examples/campaign.yaml", "-directory", "../../examples/structures.csv", "-json")
	if code != 0 {
		t.Fatalf("%d %s", code, errs)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	states := map[probes.Status]int{}
	for _, line := range lines {
		var x row
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatal(err)
		}
		if x.ID == "" || x.Structure == "" || x.Due.IsZero() || x.Deadline.IsZero() {
			t.Errorf("%s", line)
		}
		states[x.State]++
		if (x.State == probes.Planned) != (channels[x.Channel]) {
			t.Errorf("%s on %s is %s", x.ID, x.Channel, x.State)
		}
	}
	if len(lines) < 150 || states[probes.Awaiting] == 0 {
		t.Errorf("%d audits, %v", len(lines), states)
	}
	_, again, _ := command(t, "plan", "-campaign", "../../examples/campaign.yaml", "-directory", "../../examples/structures.csv", "--json")
	if again != out {
		t.Error("the same files gave another timetable")
	}
}

func TestClassifyJSON(t *testing.T) {
	name := filepath.Join(t.TempDir(), "m.eml")
	mail := "From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nnot delivered\r\n--b\r\n" +
		"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\n" +
		"Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 unknown user\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" +
		"Message-ID: <probe@habitants.example>\r\nSubject: x\r\n\r\ny\r\n--b--\r\n"
	if err := os.WriteFile(name, []byte(mail), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := command(t, "classify", "-json", name)
	if code != 0 {
		t.Fatalf("%d %s", code, errs)
	}
	var got classified
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if got.Class != "bounce" || got.Status != "5.1.1" || got.ReplyCode != "550" || !got.Hard || got.Recipient != "a@b.example" ||
		strings.Trim(got.MessageID, "<>") != "probe@habitants.example" || got.Reason != "userunknown" || len(got.Rules) == 0 {
		t.Errorf("%+v", got)
	}
	if code, _, _ := command(t, "classify", "no-such-file"); code != 2 {
		t.Errorf("a file that is not there: exit code %d", code)
	}
}

func TestNobodyWithoutALegalGroundIsProbed(t *testing.T) {
	code, _, errs := command(t, "probe", "mail", "stranger@somewhere.example", "-config", "../../examples/prober.yaml")
	if code != 2 || !strings.Contains(errs, "legal ground") {
		t.Errorf("%d %s", code, errs)
	}
}
