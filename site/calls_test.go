package site_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/site"
	"github.com/sonde-fleet/sonde/stats"
)

// callEvents are those of an audit that found the line engaged and reached a person at the second call: a ring of 6 s, words of a
// machine, music, and a person after wait seconds; how it is heard is sure to the degree.
func callEvents(id probes.AuditID, at time.Time, wait float64, sure string) []probes.Event {
	number := func(item probes.ItemCode, x float64) probes.Observation {
		return probes.Observation{Item: item, Number: &x, By: "agent"}
	}
	value := func(item probes.ItemCode, x probes.Value) probes.Observation {
		return probes.Observation{Item: item, Value: x, By: "agent"}
	}
	e := func(after time.Duration, try int, k probes.Kind, detail map[string]string, x ...probes.Observation) probes.Event {
		return probes.Event{Audit: id, Kind: k, Try: try, At: at.Add(after), Detail: detail, Observations: x}
	}
	person := int(1000*wait) + 2000
	again := time.Hour
	failed := e(3*time.Second, 1, probes.CallFailed, map[string]string{"class": "busy", "retry": at.Add(again).Format(time.RFC3339)}, value("phone.first-attempt", probes.No), value("phone.busy", probes.Yes))
	failed.Fault, failed.Text = probes.Theirs, "Busy <Here>"
	return []probes.Event{
		e(0, 1, probes.CallDialled, map[string]string{"mode": "measure"}), failed,
		e(again, 2, probes.CallDialled, map[string]string{"mode": "measure"}),
		e(again+2*time.Second, 2, probes.CallRinging, map[string]string{"pdd_ms": "2000", "by": "180"}),
		e(again+8*time.Second, 2, probes.CallAnswered, map[string]string{"ring_ms": "6000", "rings": "2", "code": "200"}, number("phone.ring-time", 6), number("phone.rings", 2)),
		e(again+time.Duration(person+20_000)*time.Millisecond, 2, probes.CallEnded, map[string]string{"by": "structure", "talk_ms": fmt.Sprint(person + 12_000), "first": "human", "sure": sure, "person_ms": fmt.Sprint(person),
			"marks": fmt.Sprintf("ring:2000-8000:1;machine:8100-9000:0.8;music:9000-%d:0.99;human:%d-%d:0.9;<b>odd</b>:1-2:0.5", person-1500, person, person+3000)},
			value("phone.answered-by-person", probes.Yes), number("phone.wait", wait)),
	}
}

// switchboard is a town whose telephone audits were made: each structure's calls reached a person at the second call.
func switchboard(t *testing.T) (v *town, first *stats.Outcome) {
	t.Helper()
	v = newTown(6, 0.7)
	for i := range v.snapshot.Outcomes {
		o := &v.snapshot.Outcomes[i]
		if o.Channel != probes.Phone {
			continue
		}
		b := stats.NewBook()
		b.Add("p", &probes.Record{Structure: &o.Body})
		b.Add("p", &probes.Record{Audit: &o.Audit})
		sure := "0.9"
		if first == nil {
			sure = "0.4"
		}
		v.events[o.ID] = callEvents(o.ID, o.Due, 20+float64(i%9), sure)
		for k := range v.events[o.ID] {
			b.Add("p", &probes.Record{Event: &v.events[o.ID][k]})
		}
		*o, _ = b.Outcome(o.ID, o.Due.AddDate(0, 0, 1))
		if first == nil {
			first = o
		}
	}
	return v, first
}

func TestFiguresOfTheTelephone(t *testing.T) {
	v, _ := switchboard(t)
	h := open(t, v)
	for lang, words := range map[string][]string{
		"en": {"First attempts that got through", "0.0%", "Mean wait for a person", "24.", "norm: 85%", "16 s in 2013, 28 s in 2023", "Week by week", "2013: 16", "reached a person", "100.0%"},
		"fr": {"Appels aboutis à la première tentative", "Attente moyenne d’une personne", "norme : 85 %", "16 s en 2013, 28 s en 2023", "Semaine par semaine"}} {
		w := get(h, "/?channel=phone&by=week&lang="+lang)
		page := strings.ReplaceAll(w.Body.String(), "\u00a0", " ")
		page = strings.ReplaceAll(page, "\u202f", " ")
		if w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, page)
		}
		for _, want := range words {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page lacks %q", lang, want)
			}
		}
		if n := strings.Count(page, `class="km weeks"`); n != 2 {
			t.Errorf("%s: %d charts of weeks", lang, n)
		}
		if n := strings.Count(page, `path class="ref"`); n != 3 {
			t.Errorf("%s: %d references are drawn", lang, n)
		}
		if strings.Contains(page, "NaN") || strings.Contains(page, "no value") {
			t.Errorf("%s: a figure that is none is written", lang)
		}
	}
	// Every number leads to its audits.
	page := get(h, "/?channel=phone").Body.String()
	n := len(v.snapshot.Outcomes) * 4 / 13
	for _, link := range regexp.MustCompile(`href="(/audits\?[^"]*item=phone\.(?:wait|first-attempt)[^"]*)"`).FindAllStringSubmatch(page, -1) {
		to := strings.ReplaceAll(link[1], "&amp;", "&")
		if strings.Contains(to, "value=yes") || strings.Contains(to, "kind=") {
			continue
		}
		if list := get(h, to).Body.String(); !strings.Contains(list, fmt.Sprintf("%d audits", n)) {
			t.Errorf("%s does not lead to %d audits", to, n)
		}
	}
	// The mails' figures do not see the calls, and the programme's table has them.
	page = strings.ReplaceAll(get(h, "/?lang=en").Body.String(), "\u00a0", " ")
	if !strings.Contains(page, "item=phone.wait") || strings.Contains(page, "no audits by telephone yet") {
		t.Error("the programme's table has no wait")
	}
	// The API gives the same figures.
	var figures struct {
		Calls []report.CallLine `json:"calls"`
	}
	w := get(h, "/api/v1/figures?channel=phone&by=sector")
	if err := json.Unmarshal(w.Body.Bytes(), &figures); err != nil || len(figures.Calls) != 3 || figures.Calls[0].First.N != n || figures.Calls[0].Reached != n || *figures.Calls[0].First.Share != 0 {
		t.Errorf("%v %s", err, w.Body)
	}
	if w := get(h, "/api/v1/figures?channel=mail"); strings.Contains(w.Body.String(), `"calls"`) {
		t.Error("figures of mails have calls")
	}
}

func TestStoryOfACall(t *testing.T) {
	v, first := switchboard(t)
	h := open(t, v)
	page := get(h, "/audits/"+string(first.ID)+"?lang=en").Body.String()
	page = strings.ReplaceAll(page, "\u00a0", " ")
	for _, want := range []string{"Call 1", "Call 2", "engaged", "they hung up", "It rings", "h-human", "h-music", `<pattern id="call-2-machine"`, "a machine’s voice", "picked up (measured)", "Wait for a person",
		"sure: 40", "who answered is uncertain"} {
		if !strings.Contains(page, want) {
			t.Errorf("the story lacks %q", want)
		}
	}
	if strings.Contains(page, "<b>odd") || strings.Contains(page, "Busy <Here>") || strings.Contains(page, "NaN") {
		t.Error("what a stranger wrote got through, or a figure that is none")
	}
	if french := get(h, "/audits/"+string(first.ID)+"?lang=fr").Body.String(); !strings.Contains(french, "voix de machine") || !strings.Contains(french, "la structure a raccroché") {
		t.Error("the French story of a call")
	}
	if page := get(h, "/structures/"+string(first.Structure)).Body.String(); !strings.Contains(page, "On the telephone") || !strings.Contains(page, "16 s in 2013") {
		t.Error("the structure's page has no calls")
	}
	if page := get(h, "/review?kind=unsure-person").Body.String(); !strings.Contains(page, "is not sure who or what answered") || !strings.Contains(page, string(first.ID)) {
		t.Error("the queue does not ask who answered")
	}
	if w := get(h, "/audits?result=not+reached&state=another+try"); w.Code != http.StatusOK {
		t.Errorf("the filters do not know the results of calls: %d", w.Code)
	}
	if page := get(h, "/audits?channel=phone&sort=-delay").Body.String(); !strings.Contains(page, "28.0") || strings.Index(page, "28.0") > strings.Index(page, "20.0") {
		t.Error("calls are not in order of their waits")
	}
}

// TestAnAuditorHearsACall corrects who answered, through the form and through the API, in a real collector's store.
func TestAnAuditorHearsACall(t *testing.T) {
	w := newWorld(t, 1)
	body := probes.Structure{ID: "2100000", Kind: "mairie", Sector: "public"}
	due := time.Now().AddDate(0, 0, -3).UTC().Truncate(time.Second)
	var ids []probes.AuditID
	for range 2 {
		a := w.plan(body, probes.Phone, due)
		ids = append(ids, a.ID)
		w.record(callEvents(a.ID, due, 20, "0.4")...)
	}
	w.pull()
	wait := func(id probes.AuditID) int64 {
		t.Helper()
		o, _ := w.ledger.Outcome(id)
		if o.Result != stats.Reached || o.Call == nil || o.Call.Wait == nil {
			t.Fatalf("%s: %s %+v", id, o.Result, o.Call)
		}
		return *o.Call.Wait
	}
	if wait(ids[0]) != 20_000 || wait(ids[1]) != 20_000 {
		t.Fatal("before any correction")
	}
	h := openAs(t, site.Options{Source: w.ledger, Vault: w.db, Trail: w.ledger, Signer: w.ledger, Messages: w.ledger}, access.Visitor{Account: access.Account{Name: "bert", Roles: access.Roles[:]}})
	if page := get(h, "/audits/"+string(ids[0])).Body.String(); !strings.Contains(page, `name="person"`) || !strings.Contains(page, `name="at"`) {
		t.Error("the form does not ask what was heard")
	}
	send := func(person, wait string) int {
		form := url.Values{"flag": {"unsure-person"}, "verdict": {"correct"}, "person": {person}, "wait": {wait}, "reason": {"I listened"}}
		q := httptest.NewRequest(http.MethodPost, "/audits/"+string(ids[0])+"/verdict", strings.NewReader(form.Encode()))
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r := httptest.NewRecorder()
		h.ServeHTTP(r, q)
		return r.Code
	}
	for _, bad := range [][2]string{{"", ""}, {"no", "4"}, {"yes", "soon"}} {
		if code := send(bad[0], bad[1]); code != http.StatusBadRequest {
			t.Errorf("a correction of %q and %q: %d", bad[0], bad[1], code)
		}
	}
	if code := send("yes", "7,5"); code != http.StatusSeeOther || wait(ids[0]) != 7500 {
		t.Errorf("a sound correction: %d, wait %d ms", code, wait(ids[0]))
	}
	token := w.token(access.ScopeReview, access.ScopeRead)
	at := "/api/v1/audits/" + string(ids[1]) + "/verdicts"
	if r := w.ask(token, "POST", at, `{"flag":"unsure-person","verdict":"correct","reason":"I listened"}`); r.Code != http.StatusUnprocessableEntity {
		t.Errorf("the API takes a correction that says nothing: %d", r.Code)
	}
	if r := w.ask(token, "POST", at, `{"flag":"unsure-person","verdict":"correct","person":"no","reason":"I listened"}`); r.Code != http.StatusCreated {
		t.Errorf("%d %s", r.Code, r.Body)
	}
	if o, _ := w.ledger.Outcome(ids[1]); o.Result != stats.Unmanned || o.Call.Wait != nil {
		t.Errorf("no person spoke, and the result is %s, wait %v", o.Result, o.Call.Wait)
	}
}
