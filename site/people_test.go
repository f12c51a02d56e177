package site_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/ledger"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/site"
	"github.com/sonde-fleet/sonde/stats"
	"github.com/sonde-fleet/sonde/store"
)

// house is a real collector's store behind the site, with one campaign of two answered audits of two structures.
type house struct {
	t   *testing.T
	l   *ledger.Ledger
	o   site.Options
	as  map[string]http.Handler
	ids []probes.AuditID
}

func newHouse(t *testing.T, launch probes.Launch) *house {
	t.Helper()
	journal, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	db, err := store.OpenCollected(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	h := &house{t: t, as: map[string]http.Handler{}}
	launch.Campaign, launch.Timeline = "c", probes.Timeline{Start: townStart, Launched: townStart, Speed: 1}
	launch.End = townStart.AddDate(0, 2, 0)
	records := []probes.Record{{Launch: &launch}}
	for _, s := range []probes.StructureID{"s1", "s2"} {
		id := probes.AuditID("c." + string(s) + ".01")
		h.ids = append(h.ids, id)
		audit := &probes.Audit{ID: id, Campaign: "c", Structure: s, Channel: probes.Mail, Due: townStart, Deadline: townStart.AddDate(0, 0, 15), Number: 1, Target: "m@" + string(s) + ".example"}
		answer := "From: a@" + string(s) + ".example\r\nSubject: Re\r\n\r\nBonjour,\r\nNous ouvrons à 9h.\r\nCordialement"
		records = append(records, probes.Record{Structure: &probes.Structure{ID: s, Name: "Mairie " + string(s), Kind: "mairie", Zone: "Europe/Paris"}}, probes.Record{Audit: audit})
		if launch.Experiment != nil {
			answer = treated(audit, &records)
		}
		add := func(kind probes.Kind, after time.Duration, detail map[string]string, x ...probes.Observation) {
			e := probes.Event{Audit: id, Kind: kind, At: townStart.Add(after), Detail: detail, Observations: x}
			if kind == probes.MailReceived {
				e.Evidence = []probes.Evidence{{Type: "message/rfc822", Name: "received.eml", Body: []byte(answer)}}
			}
			records = append(records, probes.Record{Event: &e})
		}
		add(probes.MailSending, 0, nil)
		add(probes.MailAccepted, time.Second, nil)
		add(probes.MailReceived, 40*time.Second, map[string]string{"class": "human", "sure": "yes", "answer": "answer", "folder": "INBOX", "from": "a@" + string(s) + ".example", "confidence": "0.95"},
			probes.Observation{Item: "mail.closing", Value: probes.Yes, By: "agent", Passage: "Cordialement"}, probes.Observation{Item: "mail.greeting", Value: probes.Yes, By: "agent", Passage: "Bonjour,"})
		add(probes.AuditClosed, 15*24*time.Hour, nil)
	}
	if err := journal.Append(records...); err != nil {
		t.Fatal(err)
	}
	page, err := journal.Page(0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.File("p", page); err != nil {
		t.Fatal(err)
	}
	for _, r := range records { // evidence comes beside the records
		if r.Event != nil {
			for _, e := range r.Event.Evidence {
				if err := db.PutEvidence(e); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if h.l, err = ledger.Open(db); err != nil {
		t.Fatal(err)
	}
	if err := h.l.LoadKey(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	h.o = site.Options{Source: h.l, Vault: db, Trail: h.l, Shelf: db, Signer: h.l, Messages: h.l}
	handler, err := site.New(h.o)
	if err != nil {
		t.Fatal(err)
	}
	for name, who := range map[string]access.Visitor{
		"anna": {Account: access.Account{Name: "anna", Roles: []access.Role{access.Auditor}}}, "bert": {Account: access.Account{Name: "bert", Roles: []access.Role{access.Auditor}}},
		"cleo": {Account: access.Account{Name: "cleo", Roles: []access.Role{access.Auditor}}}, "rita": {Account: access.Account{Name: "rita", Roles: []access.Role{access.Reader}}},
		"s1": {Structure: "s1"}, "nobody": {},
	} {
		h.as[name] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			handler.ServeHTTP(w, r.WithContext(access.With(r.Context(), who)))
		})
	}
	return h
}

// get returns a page as somebody sees it.
func (h *house) get(who, target string, code int) string {
	h.t.Helper()
	w := get(h.as[who], target)
	if w.Code != code {
		h.t.Fatalf("%s GET %s: %d, want %d\n%s", who, target, w.Code, code, w.Body)
	}
	return w.Body.String()
}

// post sends a form: pairs of names and values.
func (h *house) post(who, target string, code int, pairs ...string) {
	h.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	q := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.as[who].ServeHTTP(w, q)
	if w.Code != code {
		h.t.Fatalf("%s POST %s %v: %d, want %d\n%s", who, target, form, w.Code, code, regexp.MustCompile(`(?s)<main.*</main>`).FindString(w.Body.String()))
	}
}

func (h *house) outcome(i int) stats.Outcome {
	o, _ := h.l.Outcome(h.ids[i])
	return o
}

// TestVerdicts answers a flag in every way that is allowed and some that are not.
func TestVerdicts(t *testing.T) {
	h := newHouse(t, probes.Launch{})
	path := "/audits/" + string(h.ids[0])
	if page := h.get("anna", "/review?lang=en", 200); strings.Count(page, `class="flag"`) != 2 {
		t.Fatal("two answers after 40 s give two flags")
	}
	h.get("rita", "/review", 403)
	h.get("nobody", "/review", 303)
	h.post("rita", path+"/verdict", 403, "flag", "too-fast", "verdict", "confirm")
	h.post("anna", path+"/verdict", 409, "flag", "bounce", "verdict", "confirm")                      // no such flag
	h.post("anna", path+"/verdict", 400, "flag", "too-fast", "verdict", "again")                      // makes no sense here
	h.post("anna", path+"/verdict", 400, "flag", "too-fast", "verdict", "spoil")                      // no reason
	h.post("anna", path+"/verdict", 400, "flag", "too-fast", "verdict", "correct", "reason", "robot") // no class
	h.post("anna", path+"/verdict", 400, "flag", "too-fast", "verdict", "spoil", "reason", strings.Repeat("x", 5000))
	h.post("anna", path+"/verdict", 303, "flag", "too-fast", "verdict", "correct", "class", "auto-ack", "reason", "robot")
	if o := h.outcome(0); o.Result != stats.Silent || !o.Acked {
		t.Errorf("an answer that was an acknowledgement leaves %s", o.Result)
	}
	h.post("anna", path+"/verdict", 409, "flag", "too-fast", "verdict", "confirm") // it was answered
	page := h.get("anna", path+"?lang=en", 200)
	n := regexp.MustCompile(`name="of" value="(\d+)"`).FindStringSubmatch(page)
	if n == nil {
		t.Fatal("one's own verdict cannot be taken back")
	}
	if strings.Contains(h.get("bert", path, 200), `name="of"`) {
		t.Error("somebody else's verdict can be taken back")
	}
	h.post("bert", path+"/withdraw", 409, "of", n[1])
	h.post("anna", path+"/withdraw", 303, "of", n[1])
	if o := h.outcome(0); o.Result != stats.Answered || len(o.Verdicts) != 0 {
		t.Errorf("taken back, it is still %s", o.Result)
	}
}

// TestSecondReader lets a verdict act only when two agree; a third settles what two see differently.
func TestSecondReader(t *testing.T) {
	h := newHouse(t, probes.Launch{SecondReader: true})
	path := "/audits/" + string(h.ids[0])
	spoil := []string{"flag", "too-fast", "verdict", "spoil", "reason", "our test mail"}
	h.post("anna", path+"/verdict", 303, spoil...)
	if o := h.outcome(0); o.Result != stats.Answered {
		t.Errorf("one reader alone made it %s", o.Result)
	}
	h.post("anna", path+"/verdict", 409, spoil...) // the second reader is somebody else
	h.post("bert", path+"/verdict", 303, "flag", "too-fast", "verdict", "confirm")
	if page := h.get("cleo", "/review?kind=contested&lang=en", 200); !strings.Contains(page, string(h.ids[0])) {
		t.Fatal("two who differ are not shown to a third")
	}
	h.post("cleo", path+"/verdict", 303, "flag", "contested", "verdict", "spoil", "reason", "I agree with Anna")
	if o := h.outcome(0); o.Result != stats.Spoiled {
		t.Errorf("two of three say spoiled, it is %s", o.Result)
	}
	if page := h.get("cleo", "/review?kind=contested", 200); strings.Contains(page, string(h.ids[0])) {
		t.Error("what is settled is still in the queue")
	}
}

// TestBlindCoding rates an answer twice without seeing what was said of it.
func TestBlindCoding(t *testing.T) {
	h := newHouse(t, probes.Launch{DoubleCoding: 1, Seed: 1})
	path := "/audits/" + string(h.ids[0])
	page := h.get("anna", path+"?lang=en", 200)
	if strings.Contains(page, "<mark") || strings.Contains(page, "<q>") {
		t.Error("who is to rate the answer sees what the machine saw")
	}
	if page := h.get("anna", "/coding?lang=en", 200); !strings.Contains(page, "item.mail.closing") || strings.Contains(page, "<mark") || !strings.Contains(page, "Nous ouvrons") {
		t.Fatalf("the page to rate: %s", page)
	}
	h.post("anna", path+"/coding", 400, "item.mail.closing", "yes") // the other item lacks
	items := func(who string) string { return h.get(who, "/items.parquet", 200) }
	if strings.Contains(items("anna"), string(h.ids[0])) || !strings.Contains(items("rita"), string(h.ids[0])) {
		t.Error("the file of items tells who is to rate what the machine saw, or nobody")
	}
	form := h.get("anna", "/coding?lang=en", 200)
	h.post("anna", path+"/coding", 303, rate(form, "item.mail.greeting", "no")...)
	if !strings.Contains(items("anna"), string(h.ids[0])) {
		t.Error("who has rated the answer still does not get its items")
	}
	h.post("anna", path+"/coding", 409, rate(form, "item.mail.greeting", "no")...)
	if page := h.get("anna", path+"?lang=en", 200); !strings.Contains(page, "<mark") {
		t.Error("who has rated the answer still does not see the passages")
	}
	h.post("bert", path+"/coding", 303, rate(form)...)
	h.post("cleo", path+"/coding", 409, rate(form)...) // two are enough
	if page := h.get("anna", "/review?kind=items-differ&lang=en", 200); !strings.Contains(page, string(h.ids[0])) {
		t.Error("the item that they see differently is not flagged")
	}
	if page := h.get("rita", "/agreement?lang=en", 200); strings.Count(page, "<tr><th scope=\"row\">") != 1+len(rate(form))/2 {
		t.Errorf("the agreement has not one row for all and one for each of the %d items", len(rate(form))/2)
	}
}

// rate fills the form of a rating: yes to everything, but for what is given.
func rate(form string, other ...string) (fields []string) {
	for _, m := range regexp.MustCompile(`name="(item\.[^"]+)" value="yes"`).FindAllStringSubmatch(form, -1) {
		value := "yes"
		for i := 0; i < len(other); i += 2 {
			if other[i] == m[1] {
				value = other[i+1]
			}
		}
		fields = append(fields, m[1], value)
	}
	return fields
}

// TestRatingOfOneAnswer lets one auditor rate what only a person can judge of an answer that was not drawn.
func TestRatingOfOneAnswer(t *testing.T) {
	h := newHouse(t, probes.Launch{})
	path := "/audits/" + string(h.ids[0])
	if page := h.get("anna", path+"?lang=en", 200); !strings.Contains(page, "/coding?q="+strings.ReplaceAll(string(h.ids[0]), ":", "%3A")+"&amp;lang=en") {
		t.Error("the audit's page does not lead to its rating")
	}
	form := h.get("anna", "/coding?lang=en&q="+string(h.ids[0]), 200)
	if strings.Contains(form, "item.mail.closing") || len(rate(form)) < 10 {
		t.Fatalf("the form asks what the agent saw, or too little: %v", rate(form))
	}
	// Every item of a mail that only a person can judge has its question: nothing is in the grid that nobody observes.
	for _, it := range grid.Current().Items {
		if asked := strings.Contains(form, `name="item.`+string(it.Code)+`"`); it.Channel == probes.Mail && (it.How == grid.Asked) != asked && (it.How == grid.Asked || it.Observer == grid.Agent) {
			t.Errorf("%s: asked %v, a person judges it %v", it.Code, asked, it.How == grid.Asked)
		}
	}
	first := rate(form)[0]
	h.post("anna", path+"/coding", 303, rate(form, first, "n/a")...)
	h.post("bert", path+"/coding", 409, rate(form)...) // one is enough
	o := h.outcome(0)
	if v, ok := o.Items.Value(probes.ItemCode(strings.TrimPrefix(first, "item."))); !ok || !math.IsNaN(v) {
		t.Errorf("%s = %v, %v; the auditor said that it does not apply", first, v, ok)
	}
	if v, ok := o.Items.Value(probes.ItemCode(strings.TrimPrefix(rate(form)[2], "item."))); !ok || v != 1 {
		t.Errorf("%s = %v, %v; the auditor said yes", rate(form)[2], v, ok)
	}
	if page := h.get("anna", "/coding?lang=en&q="+string(h.ids[0]), 200); strings.Contains(page, "<form class=\"decide\"") {
		t.Error("what was rated can be rated again")
	}
	h.get("anna", "/coding?q=nothing", 404)
	h.get("rita", "/coding?q="+string(h.ids[0]), 403)
}

// TestDispute lets a structure see its own audits alone, object, and read a signed answer.
func TestDispute(t *testing.T) {
	h := newHouse(t, probes.Launch{})
	page := h.get("s1", "/structure?lang=en", 200)
	if !strings.Contains(page, string(h.ids[0])) || strings.Contains(page, string(h.ids[1])) {
		t.Fatal("the structure does not see its own audits and no other")
	}
	h.get("s1", "/audits/"+string(h.ids[0]), 403)
	h.post("s1", "/structure/audits/"+string(h.ids[1])+"/dispute", 404, "text", "not mine")
	h.post("s1", "/structure/audits/"+string(h.ids[0])+"/dispute", 400, "text", " ")
	h.post("s1", "/structure/audits/"+string(h.ids[0])+"/dispute", 303, "text", "Nous avons répondu <b>à la main</b>.")
	if page := h.get("anna", "/review?kind=disputed&lang=en", 200); !strings.Contains(page, string(h.ids[0])) || strings.Contains(page, "<b>") {
		t.Error("the objection is not in the queue, or with its markup")
	}
	d := h.outcome(0).Disputes[0]
	h.post("rita", "/audits/"+string(h.ids[0])+"/answer", 403, "of", fmt.Sprint(d.N), "text", "x")
	h.post("anna", "/audits/"+string(h.ids[0])+"/answer", 409, "of", "99", "text", "x")
	h.post("anna", "/audits/"+string(h.ids[0])+"/answer", 303, "of", fmt.Sprint(d.N), "text", "C'est noté.")
	h.post("anna", "/audits/"+string(h.ids[0])+"/answer", 409, "of", fmt.Sprint(d.N), "text", "encore")
	page = h.get("s1", "/structure?lang=en", 200)
	proof := regexp.MustCompile(`(?s)<pre>([A-Za-z0-9+/=&#;]+)</pre>.*?<pre>([A-Za-z0-9+/=&#;]+)</pre>`).FindStringSubmatch(page)
	if proof == nil {
		t.Fatalf("the answer has no signature: %s", page)
	}
	text := func(s string) []byte {
		raw, err := base64.StdEncoding.DecodeString(strings.NewReplacer("&#43;", "+", "&#61;", "=").Replace(s))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	// As docs/formats.md describes it: anybody can check it with the page and no program of ours.
	signed := fmt.Sprintf("sonde dispute v1\naudit %s\nrecord %d\nobjection\n%s\nanswer\n%s\n", h.ids[0], d.N, d.Text, "C'est noté.")
	if !ed25519.Verify(text(proof[2]), []byte(signed), text(proof[1])) {
		t.Error("the signature does not prove the answer")
	}
	for range 4 {
		h.post("s1", "/structure/audits/"+string(h.ids[0])+"/dispute", 303, "text", "encore")
	}
	h.post("s1", "/structure/audits/"+string(h.ids[0])+"/dispute", 409, "text", "encore")
}

// TestReadingsAreWrittenDown opens an audit's mail twice: the trail gets one line, the page the reader's name.
func TestReadingsAreWrittenDown(t *testing.T) {
	h := newHouse(t, probes.Launch{})
	path := "/audits/" + string(h.ids[0])
	h.get("anna", path, 200)
	h.get("anna", path, 200)
	if page := h.get("rita", path, 200); strings.Contains(page, "Nous ouvrons") || strings.Contains(page, "a@s1.example") {
		t.Error("a reader without the right sees the mail, or who wrote it")
	}
	events, _ := h.l.Events(h.ids[0])
	n := 0
	for _, e := range events {
		if e.Kind == probes.AccessRead && e.Detail["by"] == "anna" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d readings, want 1", n)
	}
}

// TestSavedViews keeps a view of the list for one person; another does not see it, and what is no list is not kept.
func TestSavedViews(t *testing.T) {
	h := newHouse(t, probes.Launch{})
	h.post("anna", "/views", 303, "name", " Sans  réponse ", "view", "result=silent&channel=mail")
	h.post("anna", "/views", 400, "name", "", "view", "result=silent")
	h.post("anna", "/views", 400, "name", "x", "view", "result=nonsense")
	h.post("nobody", "/views", 303, "name", "x", "view", "result=silent") // led to the log-in
	if page := h.get("anna", "/audits?lang=en", 200); !strings.Contains(page, `<a href="/audits?channel=mail&amp;result=silent">Sans réponse</a>`) {
		t.Error("the view is not kept")
	}
	if strings.Contains(h.get("bert", "/audits", 200), "Sans réponse") {
		t.Error("somebody else sees it")
	}
	h.post("anna", "/views", 303, "name", "Sans réponse", "do", "remove")
	if strings.Contains(h.get("anna", "/audits", 200), "Sans réponse") {
		t.Error("it cannot be removed")
	}
}
