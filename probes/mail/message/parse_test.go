package message

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestBrokenMails(t *testing.T) {
	for _, c := range []struct {
		name, raw, text, defect string
	}{
		{"plain", "From: a@b\nSubject: x\n\nbonjour\n", "bonjour", ""},
		{"crlf", "From: a@b\r\nSubject: x\r\n\r\nbonjour\r\n", "bonjour", ""},
		{"cr only", "From: a@b\rSubject: x\r\rbonjour\r", "bonjour", "bare-cr"},
		{"mixed newlines", "From: a@b\r\nSubject: x\nTo: c@d\r\rbonjour\r\n", "bonjour", "bare-cr"},
		{"mbox line", "From a@b Mon Nov 16 10:00:00 2026\nFrom: a@b\n\nbonjour", "bonjour", "mbox-line"},
		{"byte order mark", "\xef\xbb\xbfFrom: a@b\n\nbonjour", "bonjour", ""},
		{"body glued to the header", "From: a@b\nSubject: x\nbonjour à tous\nmerci", "bonjour à tous\nmerci", "body-glued-to-header"},
		{"line within the header", "From: a@b\nlost continuation\nSubject: x\nDate: y\n\nbonjour", "bonjour", "broken-header-line"},
		{"no header", "bonjour", "bonjour", "body-glued-to-header"},
		{"empty", "", "", ""},
		{"unknown charset", "Content-Type: text/plain; charset=x-nowhere\n\nd\xe9j\xe0", "déjà", "charset-unknown-or-wrong"},
		{"latin-1", "Content-Type: text/plain; charset=iso-8859-1\n\nd\xe9j\xe0 \x80", "déjà €", ""},
		{"utf-8 called latin-1", "Content-Type: text/plain; charset=iso-8859-1\n\ndéjà", "déjà", "charset-unknown-or-wrong"},
		{"latin-1 called utf-8", "Content-Type: text/plain; charset=utf-8\n\nd\xe9j\xe0", "déjà", "charset-unknown-or-wrong"},
		{"iso-2022-jp", "Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B$3$s\x1b(B", "こん", ""},
		{"quoted-printable", "Content-Transfer-Encoding: quoted-printable\n\nd=C3=A9j=C3=A0 =\nvu", "déjà vu", ""},
		{"bad quoted-printable", "Content-Transfer-Encoding: quoted-printable\n\n1 = 2 =ZZ", "1 = 2 =ZZ", "bad-transfer-encoding"},
		{"base64", "Content-Transfer-Encoding: base64\n\nYm9uam91cg==\n", "bonjour", ""},
		{"cut base64", "Content-Transfer-Encoding: base64\n\nYm9uam91cg\n", "bonjou", "bad-transfer-encoding"},
		{"base64 with dirt", "Content-Transfer-Encoding: base64\n\nYm9u!am91cg==\n", "bonjour", "bad-transfer-encoding"},
		{"html", "Content-Type: text/html\n\n<p>bonjour</p><script>x()</script><p>merci</p>", "bonjour\n\nmerci", ""},
		{"alternative", "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nplain\n--b\nContent-Type: text/html\n\n<b>html</b>\n--b--", "plain", ""},
		{"empty plain alternative", "Content-Type: multipart/alternative; boundary=b\n\n--b\n\n \n--b\nContent-Type: text/html\n\n<b>html</b>\n--b--", "html", ""},
		{"truncated multipart", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nbonjour", "bonjour", "truncated-multipart"},
		{"lost boundary", "Content-Type: multipart/mixed\n\n--b\nContent-Type: text/plain\n\nbonjour\n--b--", "bonjour", "wrong-boundary"},
		{"no parts", "Content-Type: multipart/mixed; boundary=b\n\nbonjour", "bonjour", "multipart-without-parts"},
		{"boundary that begins another", "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=b2\n\n--b2\n\nbonjour\n--b2--\n--b--", "bonjour", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := Parse([]byte(c.raw), Limits{})
			if m.Text != c.text {
				t.Errorf("text %q, want %q", m.Text, c.text)
			}
			if got := strings.Join(m.Defects, " "); c.defect == "" && got != "" || !strings.Contains(got, c.defect) {
				t.Errorf("defects %q, want %q", got, c.defect)
			}
		})
	}
}

func TestHeader(t *testing.T) {
	m := Parse([]byte("Received: from a by b\n\tfor <probe+1@x.example>; Mon, 16 Nov 2026 10:00:07 +0100 (CET)\n"+
		"Received: from c by d for e@f.example; Mon, 16 Nov 2026 09:00:00 +0100\nReturn-Path: <>\n"+
		"From: =?utf-8?Q?Ren=C3=A9e?= \"Dupont\" <r.dupont@ville.example>\nTO: =?iso-8859-1?B?UmVu6Q==?= <a@b.example>, \"Doe, Jane\" <j@d.example>; c@d.example (Bob)\n"+
		"Subject: =?utf-8?q?d=C3=A9j=C3=A0?=\n =?utf-8?q?_vu?=\n\n"), Limits{})
	if got := m.Header.Text("subject"); got != "déjà vu" {
		t.Errorf("subject %q", got)
	}
	if got := m.From(); got.Address != "r.dupont@ville.example" || !strings.HasPrefix(got.Name, "Renée") {
		t.Errorf("from %+v", got)
	}
	to := fmt.Sprintf("%+v", m.To())
	if to != "[{Name:René Address:a@b.example} {Name:Doe, Jane Address:j@d.example} {Name:Bob Address:c@d.example}]" {
		t.Errorf("to %s", to)
	}
	if a, ok := m.ReturnPath(); a != "" || !ok {
		t.Errorf("return path %q %v", a, ok)
	}
	if got := strings.Join(m.ReceivedFor(), " "); got != "probe+1@x.example e@f.example" {
		t.Errorf("received for %q", got)
	}
	if at, ok := m.TopReceived(); !ok || !at.Equal(time.Date(2026, 11, 16, 9, 0, 7, 0, time.UTC)) {
		t.Errorf("top received %v %v", at, ok)
	}
	if got := len(m.Recipients()); got != 5 {
		t.Errorf("recipients %q", m.Recipients())
	}
}

func TestFilenames(t *testing.T) {
	for value, want := range map[string]string{
		`attachment; filename="a b.pdf"`:                                   "a b.pdf",
		`attachment; filename*=UTF-8''%C3%A9t%C3%A9.pdf`:                   "été.pdf",
		`attachment; filename*0*=iso-8859-1'fr'%E9t; filename*1=".pdf"`:    "ét.pdf",
		`attachment; filename*0="long"; filename*1=" name"; filename*2=.x`: "long name.x",
		`attachment; filename="=?utf-8?Q?=C3=A9t=C3=A9?="`:                 "été",
	} {
		m := Parse([]byte("Content-Type: application/pdf\nContent-Disposition: "+value+"\n\nx"), Limits{})
		if got := m.Parts[0].Filename; got != want {
			t.Errorf("%s: %q, want %q", value, got, want)
		}
	}
}

// TestHostile holds that no mail costs more than a bounded time and memory.
func TestHostile(t *testing.T) {
	nested := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
		}
		return b.String() + "\nbottom\n"
	}
	for _, c := range []struct {
		name string
		raw  []byte
		cut  bool
	}{
		{"50 MB", append([]byte("Subject: big\n\n"), bytes.Repeat([]byte("bonjour a tous, ceci est long\n"), 50<<20/30)...), true},
		{"50 MB of base64", append([]byte("Content-Transfer-Encoding: base64\n\n"), bytes.Repeat([]byte("QUFBQUFBQUFBQUFBQUFBQUFB\n"), 50<<20/25)...), true},
		{"50 MB of one line", append([]byte("Subject: big\n\n"), bytes.Repeat([]byte(">"), 50<<20)...), true},
		{"50 MB of CR", bytes.Repeat([]byte("\r"), 50<<20), true},
		{"10,000 nested parts", []byte(nested(10000)), true},
		{"10,000 flat parts", []byte("Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", 10000) + "--b--"), true},
		{"1,000,000 header fields", []byte(strings.Repeat("X: y\n", 1000000) + "\nx"), false},
		{"10 MB header field", []byte("Subject: " + strings.Repeat("=?utf-8?q?a?= ", 700000) + "\n\nx"), false},
		{"10 MB continuation", []byte("Subject: a\n" + strings.Repeat(" b\n", 3000000) + "\nx"), false},
		{"nested html", []byte("Content-Type: text/html\n\n" + strings.Repeat("<div><blockquote type=\"cite\">", 100000)), true},
		{"html of <", []byte("Content-Type: text/html\n\n" + strings.Repeat("<", 1<<20)), true},
		{"html of &", []byte("Content-Type: text/html\n\n" + strings.Repeat("&", 1<<20)), true},
		{"gzip bomb", []byte("Content-Type: application/gzip\nContent-Transfer-Encoding: base64\n\n" + strings.Repeat("H4sIAAAAAAAA", 100000)), false},
		{"delimiters without end", []byte("Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--bb\n", 1000000)), true},
		{"lines that look like headers", []byte("From: mailer-daemon@x\n\n" + strings.Repeat("Received: x\n\n", 500000)), true},
		{"attributions", []byte("From: a@b\n\n" + strings.Repeat("Le lundi quelqu'un, dans une longue ligne qui ne finit pas,\n", 100000)), true},
		{"status fields", []byte("From: mailer-daemon@x\nContent-Type: message/delivery-status\n\n" + strings.Repeat("Final-Recipient: rfc822; a@b\n\n", 200000)), true},
		{"addresses", []byte("From: " + strings.Repeat("a@b,", 10000) + "\n\nx"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			start := time.Now()
			m := Parse(c.raw, Limits{})
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			// All that was ever allocated, not what was held at once; the race detector adds to it.
			if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 512<<20 {
				t.Errorf("allocated %d MiB", allocated>>20)
			}
			if took > 20*time.Second { // generous: the race detector on a busy machine
				t.Errorf("took %v", took)
			}
			if c.cut != m.Truncated {
				t.Errorf("truncated %v, defects %q", m.Truncated, m.Defects)
			}
			if len(m.Text) > 2<<20 || len(m.Parts) > 1000 {
				t.Errorf("text of %d octets, %d parts", len(m.Text), len(m.Parts))
			}
			t.Logf("%d octets: %v, %d KiB", len(c.raw), took.Round(time.Microsecond), (after.TotalAlloc-before.TotalAlloc)>>10)
		})
	}
}

func TestReports(t *testing.T) {
	m := Parse([]byte("Return-Path: <>\nFrom: MAILER-DAEMON@x.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"+
		"--b\n\nsorry\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x.example\nOriginal-Envelope-Id: ENV-1\n\n"+
		"Final-Recipient: rfc822; a@y.example\nAction: failed\nStatus: 5.1.1 (no)\nDiagnostic-Code: smtp; 550\n 5.1.1 no\n\nFinal-Recipient: rfc822;<b@y.example>\nAction: Delayed\nStatus: 4.4.1\n\n"+
		"--b\nContent-Type: message/rfc822\n\nMessage-ID: <1@us>\nSubject: ours\n\nour text\n--b--\n"), Limits{})
	d := m.Delivery
	if d == nil || len(d.Recipients) != 2 || d.EnvelopeID != "ENV-1" || d.ReportingMTA != "x.example" {
		t.Fatalf("%+v", d)
	}
	if r := d.Recipients[0]; r.Final != "a@y.example" || r.Action != "failed" || r.Status != "5.1.1" || r.Diagnostic != "550 5.1.1 no" {
		t.Errorf("%+v", r)
	}
	if r := d.Recipients[1]; r.Final != "b@y.example" || r.Action != "delayed" {
		t.Errorf("%+v", r)
	}
	if m.Returned == nil || m.Returned.Header.Get("Message-Id") != "<1@us>" || m.Returned.Text != "our text" {
		t.Errorf("returned %+v", m.Returned)
	}
}

func TestReturnedAsText(t *testing.T) {
	const original = "Received: from x by y; Mon, 16 Nov 2026 09:00:00 +0100\nFrom: probe@us.example\nTo: a@b.example\nSubject: ours\nMessage-ID: <1@us.example>\n\nour text"
	m := Parse([]byte("From: MAILER-DAEMON@x\n\nSorry, it failed.\n\n--- Below this line is a copy of the message.\n\n"+original), Limits{})
	if m.Returned == nil || m.Returned.Header.Get("Message-Id") != "<1@us.example>" || strings.Contains(m.Notice, "our text") {
		t.Errorf("returned %+v, notice %q", m.Returned, m.Notice)
	}
	human := Parse([]byte("From: Marie <m@ville.example>\n\nBonjour,\n\nDe : nous\nDate: lundi\nSubject: rien\n\nmerci"), Limits{})
	if human.Returned != nil || human.Notice != human.Text {
		t.Errorf("a person's mail holds no original: %+v", human.Returned)
	}
}
