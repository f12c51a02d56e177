package mail_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/townhall"
)

// TestHostileMail puts what strangers may send into the mailbox: each mail gives an event with its bytes as evidence,
// none stops the watcher, and memory stays bounded.
func TestHostileMail(t *testing.T) {
	const head = "From: x@evil.example\r\nTo: claire@habitants.example\r\nSubject: hostile\r\nMIME-Version: 1.0\r\n"
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	z.Write(make([]byte, 64<<20))
	z.Close()
	mails := map[string]string{
		"50 MB":               head + "Content-Type: text/plain\r\n\r\n" + strings.Repeat(strings.Repeat("a", 998)+"\r\n", 50_000),
		"zip bomb":            head + "Content-Type: application/gzip\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(bomb.Bytes()),
		"10,000 nested":       head + nested(10_000),
		"CR only":             strings.ReplaceAll(head, "\r\n", "\r") + "Content-Type: text/plain\r\rBonjour\r",
		"invalid charset":     head + "Content-Type: text/plain; charset=\"x-\xff\x00klingon\"\r\n\r\n\xff\xfe\xfd",
		"no header at all":    "\r\n\r\n\x00\x01\x02",
		"a million headers":   head + strings.Repeat("X-A: b\r\n", 200_000) + "\r\n",
		"endless line":        head + "X-Long: " + strings.Repeat("é", 1<<20) + "\r\n\r\nbody",
		"truncated":           head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\ncut off he",
		"reference explosion": head + "References: " + strings.Repeat("<a@b> ", 100_000) + "\r\n\r\nx",
		"addresses":           head + "Cc: " + strings.Repeat("claire+aaaaaaaaaa@habitants.example, ", 50_000) + "a@b\r\n\r\nx",
		"bare bytes":          strings.Repeat("\x00\xff\r\n", 10_000),
	}
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, map[string]townhall.Conduct{"mairie": {Silent: 1}}, nil)
		defer b.close()
		defer b.watch()()
		n := 0
		for name, raw := range mails {
			if err := b.town.Put("claire", "INBOX", []byte(raw), time.Now()); err != nil {
				t.Fatal(name, err)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			n++
			got := 0
			for _, e := range b.events("") {
				if e.Kind == probes.MailUnmatched {
					got++
					if len(e.Evidence) != 1 || e.Detail["class"] == "" {
						t.Errorf("%s: %v", name, e)
					}
				}
			}
			if got != n {
				t.Errorf("%s: %d events for %d mails", name, got, n)
				n = got
			}
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		// The simulated server holds the mails in memory too.
		if m.HeapAlloc > 600<<20 {
			t.Errorf("%d MiB are held", m.HeapAlloc>>20)
		}
	})
}

func nested(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=\"b%d\"\r\n\r\n--b%d\r\n", i, i)
	}
	return b.String() + "Content-Type: text/plain\r\n\r\nbottom\r\n"
}
