package site_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone/media"
	"github.com/sonde-fleet/sonde/site"
	"github.com/sonde-fleet/sonde/stats"
	"github.com/sonde-fleet/sonde/store"
)

// recordedCall are the events of a call that was recorded; a person speaks 12 s after the dialling, 10 s after the first ring.
func recordedCall(id probes.AuditID, at time.Time, erase time.Time, wav []byte) []probes.Event {
	e := func(after time.Duration, k probes.Kind, detail map[string]string, x ...probes.Evidence) probes.Event {
		return probes.Event{Audit: id, Kind: k, Try: 1, At: at.Add(after), Detail: detail, Evidence: x}
	}
	return []probes.Event{
		e(0, probes.CallDialled, map[string]string{"mode": "record", "mandate": "m1"}),
		e(2*time.Second, probes.CallRinging, map[string]string{"pdd_ms": "1900", "by": "180"}),
		e(6*time.Second, probes.CallAnswered, map[string]string{"ring_ms": "4000", "rings": "1"}),
		e(20*time.Second, probes.CallEnded, map[string]string{"by": "us", "talk_ms": "14000", "first": "ivr", "sure": "0.4", "mode": "record",
			"marks": "ring:2000-6000:1.00;recording:6100-9000:0.91;music:9000-11800:0.98;speech:12000-14000:0.55"},
			probes.Evidence{Type: "audio/wav", Name: "call.wav", Body: wav, Erase: erase}),
		e(21*time.Second, probes.CallTranscribed, nil, probes.Evidence{Type: "text/plain; charset=utf-8", Name: "call.txt", Body: []byte("Mairie de Beaulieu, bonjour <b>madame</b>."), Erase: erase}),
	}
}

func sounding(length time.Duration) []byte {
	pcm := make([]int16, length*media.Rate/time.Second)
	for i := range pcm {
		pcm[i] = int16(i % 9000)
	}
	return media.WAV(pcm, media.Rate)
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func TestListeningToACall(t *testing.T) {
	w := newWorld(t, 1)
	body := probes.Structure{ID: "2100000", Kind: "mairie", Sector: "public"}
	due := time.Now().AddDate(0, 0, -3).UTC().Truncate(time.Second)
	later := time.Now().AddDate(0, 0, 20).UTC().Truncate(time.Second)
	wav := sounding(20 * time.Second)
	a, odd := w.plan(body, probes.Phone, due), w.plan(body, probes.Phone, due)
	w.record(recordedCall(a.ID, due, later, wav)...)
	w.record(recordedCall(odd.ID, due, later, []byte("<script>alert(1)</script>"))...)
	w.pull()
	o := site.Options{Source: w.ledger, Vault: w.db, Trail: w.ledger, Signer: w.ledger, Messages: w.ledger}
	as := func(name string, roles ...access.Role) http.Handler {
		return openAs(t, o, access.Visitor{Account: access.Account{Name: name, Roles: roles}})
	}
	anna, rita := as("anna", access.Auditor), as("rita", access.Reader)
	reads := func() (n int) {
		w.must(w.db.Trail(0, func(l *store.Link) bool {
			if l.Event != nil && l.Event.Kind == probes.AccessRead && l.Event.Audit == a.ID && l.Event.Detail["by"] == "anna" {
				n++
			}
			return true
		}))
		return n
	}
	path := "/audits/" + string(a.ID)
	sound := path + "/sound/" + hashOf(wav)
	page := get(anna, path+"?lang=en").Body.String()
	for _, want := range []string{`<audio controls preload="metadata" src="` + sound + `"`, `class="sound" d="M`, `data-whole="20000"`, `href="` + sound + `#t=12" data-at="12"`, `href="` + sound + `#t=2" data-at="2"`,
		"bonjour &lt;b&gt;madame", "Will be deleted on", "/static/calls.js", "Picked up"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if n := reads(); n != 1 {
		t.Errorf("%d readings of the transcript in the trail", n)
	}
	// The player asks for parts.
	r := get(anna, sound, "Range", "bytes=0-99")
	for name, want := range map[string]string{"Content-Type": "audio/wav", "Cache-Control": "private, no-store", "Accept-Ranges": "bytes", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; media-src 'self'; frame-ancestors 'none'"} {
		if got := r.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if r.Code != http.StatusPartialContent || !bytes.Equal(r.Body.Bytes(), wav[:100]) {
		t.Errorf("a part of the sound: %d, %d octets", r.Code, r.Body.Len())
	}
	if r := get(anna, sound); r.Code != http.StatusOK || !bytes.Equal(r.Body.Bytes(), wav) {
		t.Errorf("the sound: %d", r.Code)
	}
	if n := reads(); n != 2 {
		t.Errorf("%d readings in the trail, want one of the transcript and one of the sound", n)
	}
	for target, code := range map[string]int{"/audits/" + string(odd.ID) + "/sound/" + hashOf([]byte("<script>alert(1)</script>")): 404, // no WAV
		"/audits/" + string(odd.ID) + "/sound/" + hashOf(wav): 404, path + "/sound/" + strings.Repeat("0", 64): 404, "/audits/nobody/sound/" + hashOf(wav): 404,
		path + "/sound/" + hashOf([]byte("Mairie de Beaulieu, bonjour <b>madame</b>.")): 404} {
		if r := get(anna, target); r.Code != code {
			t.Errorf("%s: %d, want %d", target, r.Code, code)
		}
	}
	if page := get(anna, "/audits/"+string(odd.ID)).Body.String(); strings.Contains(page, `class="sound"`) {
		t.Error("what is no sound is drawn")
	}
	page = get(rita, path).Body.String()
	if strings.Contains(page, "<audio") || strings.Contains(page, "bonjour") || get(rita, sound).Code != http.StatusForbidden {
		t.Error("who may not read evidence hears it")
	}
}

// TestWhatWasErasedIsSaidSo: the bytes are gone as agreed, and nobody takes them for lost.
func TestWhatWasErasedIsSaidSo(t *testing.T) {
	w := newWorld(t, 1)
	due := time.Now().AddDate(0, 0, -3).UTC().Truncate(time.Second)
	a := w.plan(probes.Structure{ID: "2100000"}, probes.Phone, due)
	w.pull()
	events := recordedCall(a.ID, due, due.Add(time.Hour), nil)
	wav := hashOf([]byte("gone"))
	for i := range events {
		for k := range events[i].Evidence { // of which the bytes are nowhere
			events[i].Evidence[k].Body, events[i].Evidence[k].SHA256, events[i].Evidence[k].Size = nil, probes.Hash(wav), 4
		}
	}
	_, err := w.ledger.Write(events...)
	w.must(err)
	h := openAs(t, site.Options{Source: w.ledger, Vault: w.db, Trail: w.ledger, Signer: w.ledger, Messages: w.ledger}, access.Visitor{Account: access.Account{Name: "anna", Roles: access.Roles[:]}})
	page := get(h, "/audits/"+string(a.ID)+"?lang=en").Body.String()
	if !strings.Contains(page, "as agreed; its SHA-256 stays") || !strings.Contains(page, wav) || strings.Contains(page, "<audio") || strings.Contains(page, `href="/evidence/`+wav) {
		t.Error("the page does not say that the recording was deleted")
	}
	for _, target := range []string{"/evidence/" + wav, "/evidence/" + wav + "?as=wav&lang=fr", "/audits/" + string(a.ID) + "/sound/" + wav} {
		r := get(h, target)
		if r.Code != http.StatusGone || !strings.Contains(r.Body.String(), wav) || !strings.Contains(r.Header().Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d", target, r.Code)
		}
	}
	if r := get(h, "/evidence/"+strings.Repeat("0", 64)); r.Code != http.StatusNotFound {
		t.Errorf("what nobody has named: %d", r.Code)
	}
	token := w.token(access.ScopeRead, access.ScopeEvidence)
	if r := w.ask(token, "GET", "/api/v1/evidence/"+wav, ""); r.Code != http.StatusGone || !strings.Contains(r.Body.String(), "as agreed") {
		t.Errorf("the API: %d %s", r.Code, r.Body)
	}
	if r := w.ask(token, "GET", "/api/v1/audits/"+string(a.ID)+"/events", ""); !strings.Contains(r.Body.String(), `"erase":"`+due.Add(time.Hour).Format(time.RFC3339)) {
		t.Errorf("the API's events do not say when: %s", r.Body)
	}
}

// TestAnAuditorPutsTheFirstWord corrects marks on the axis of the call, and sees what follows before signing.
func TestAnAuditorPutsTheFirstWord(t *testing.T) {
	w := newWorld(t, 1)
	body := probes.Structure{ID: "2100000", Kind: "mairie", Sector: "public"}
	due := time.Now().AddDate(0, 0, -3).UTC().Truncate(time.Second)
	a := w.plan(body, probes.Phone, due)
	w.record(recordedCall(a.ID, due, time.Now().Add(time.Hour), sounding(time.Second))...)
	w.pull()
	h := openAs(t, site.Options{Source: w.ledger, Vault: w.db, Trail: w.ledger, Signer: w.ledger, Messages: w.ledger}, access.Visitor{Account: access.Account{Name: "bert", Roles: access.Roles[:]}})
	if o, _ := w.ledger.Outcome(a.ID); o.Result != stats.Unmanned || o.Call.First != "ivr" {
		t.Fatalf("before: %s %s", o.Result, o.Call.First)
	}
	send := func(to string, script bool, pairs ...string) *httptest.ResponseRecorder {
		form := url.Values{"flag": {"unsure-person"}, "verdict": {"correct"}, "reason": {"I listened"}}
		for i := 0; i+1 < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		q := httptest.NewRequest(http.MethodPost, "/audits/"+string(a.ID)+to+"?lang=en", strings.NewReader(form.Encode()))
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if script {
			q.Header.Set("HX-Request", "true")
		}
		r := httptest.NewRecorder()
		h.ServeHTTP(r, q)
		return r
	}
	for _, bad := range [][]string{{"at", "soon"}, {"at", "4"}, {"at", "22"}, {"at", "-1"}, {"at", "NaN"}, {"at", "12", "person", "no"}, {"first", "martian"}, {"attempt", "perhaps"},
		{"person", "no", "first", "human"}, {}} {
		if r := send("/verdict", false, bad...); r.Code != http.StatusBadRequest {
			t.Errorf("a correction of %v: %d", bad, r.Code)
		}
		if r := send("/heard", true, bad...); r.Code != http.StatusOK || !strings.Contains(r.Body.String(), "fault-text") {
			t.Errorf("what follows from %v: %d %s", bad, r.Code, r.Body)
		}
	}
	sound := []string{"at", "12,25", "first", "human", "attempt", "yes"}
	part := send("/heard", true, sound...).Body.String()
	if strings.Contains(part, "<html") || !strings.Contains(part, "10.25") || !strings.Contains(part, "a person") {
		t.Errorf("what follows: %s", part)
	}
	whole := send("/heard", false, sound...).Body.String()
	if !strings.Contains(whole, "<html") || !strings.Contains(whole, `name="at" value="12,25"`) || !strings.Contains(whole, `name="reason" value="I listened"`) {
		t.Error("without a script nothing can be signed")
	}
	if o, _ := w.ledger.Outcome(a.ID); o.Result != stats.Unmanned || len(o.Verdicts) > 0 {
		t.Fatal("to look changes something")
	}
	if r := send("/verdict", false, sound...); r.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", r.Code, r.Body)
	}
	o, _ := w.ledger.Outcome(a.ID)
	if o.Result != stats.Reached || o.Call.Wait == nil || *o.Call.Wait != 10250 || o.Call.First != "human" || o.Call.FirstAttempt == nil || !*o.Call.FirstAttempt {
		t.Errorf("after: %s %+v", o.Result, o.Call)
	}
	if page := get(h, "/audits/"+string(a.ID)+"?lang=en").Body.String(); !strings.Contains(page, "Answered first") {
		t.Error("the verdict does not say who answered")
	}
}
