package site_test

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/site"
	"github.com/sonde-fleet/sonde/stats"
)

// TestACallThatAPersonMakes goes from the task to the rating, with every slip of the pen on the way.
func TestACallThatAPersonMakes(t *testing.T) {
	w := newWorld(t, 1)
	paris, err := time.LoadLocation("Europe/Paris")
	w.must(err)
	body := probes.Structure{ID: "2100000", Kind: "mairie", Sector: "public"}
	noon := time.Now().In(paris).AddDate(0, 0, -3)
	due := time.Date(noon.Year(), noon.Month(), noon.Day(), 10, 0, 0, 0, paris)
	var ids []probes.AuditID
	for range 3 {
		a := w.plan(body, probes.Phone, due)
		ids = append(ids, a.ID)
		w.record(probes.Event{Audit: a.ID, Kind: probes.CallByHand, Try: 1, At: due, Text: "Demandez les horaires <du samedi>.", Detail: map[string]string{"number": "0380747474", "from": "0970000000"}})
	}
	w.pull()
	o := site.Options{Source: w.ledger, Vault: w.db, Trail: w.ledger, Signer: w.ledger, Messages: w.ledger}
	as := func(name string, roles ...access.Role) http.Handler {
		return openAs(t, o, access.Visitor{Account: access.Account{Name: name, Roles: roles}})
	}
	anna, rita := as("anna", access.Auditor), as("rita", access.Reader)
	page := get(anna, "/tasks?lang=en").Body.String()
	if n := strings.Count(page, "0380747474"); n != 3 || !strings.Contains(page, "les horaires &lt;du samedi&gt;") || !strings.Contains(page, "lea") {
		t.Errorf("%d tasks: %s", n, page)
	}
	if get(rita, "/tasks").Code != http.StatusForbidden || get(rita, "/tasks/"+string(ids[0])).Code != http.StatusForbidden {
		t.Error("a reader makes calls")
	}
	if page := get(anna, "/audits/"+string(ids[0])).Body.String(); !strings.Contains(page, `href="/tasks/`+string(ids[0])) {
		t.Error("the audit's page does not lead to the form")
	}
	day := due.Format("2006-01-02")
	good := func() url.Values {
		return url.Values{"dialled": {day + "T10:30:00"}, "ringing": {"10:30:03"}, "fate": {"answered"}, "answered": {"10:30:13"}, "first": {"ivr"}, "person": {"10:30:33"},
			"ended": {"10:32:00"}, "by": {"structure"}, "notes": {"aimable <b>"}}
	}
	send := func(h http.Handler, id probes.AuditID, form url.Values) *httptest.ResponseRecorder {
		q := httptest.NewRequest(http.MethodPost, "/tasks/"+string(id)+"?lang=en", strings.NewReader(form.Encode()))
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r := httptest.NewRecorder()
		h.ServeHTTP(r, q)
		return r
	}
	for _, bad := range []struct {
		field string
		set   map[string]string
	}{
		{"dialled", map[string]string{"dialled": ""}}, {"dialled", map[string]string{"dialled": "hier"}},
		{"dialled", map[string]string{"dialled": due.AddDate(0, 0, -1).Format("2006-01-02") + "T10:30:00"}},
		{"dialled", map[string]string{"dialled": time.Now().In(paris).AddDate(0, 0, 2).Format("2006-01-02") + "T10:30:00"}},
		{"ringing", map[string]string{"ringing": "10:29:59"}}, {"ringing", map[string]string{"ringing": "25:00:00"}},
		{"fate", map[string]string{"fate": ""}}, {"fate", map[string]string{"fate": "congestion"}},
		{"answered", map[string]string{"answered": ""}}, {"answered", map[string]string{"answered": "10:30:02"}}, {"answered", map[string]string{"fate": "busy"}},
		{"first", map[string]string{"first": ""}}, {"first", map[string]string{"first": "martian"}},
		{"person", map[string]string{"first": "human", "person": ""}}, {"person", map[string]string{"person": "10:30:12"}}, {"person", map[string]string{"first": "fax"}},
		{"ended", map[string]string{"ended": ""}}, {"ended", map[string]string{"ended": "10:30:32"}}, {"ended", map[string]string{"ended": "17:30:00"}},
		{"by", map[string]string{"by": "nobody"}}, {"notes", map[string]string{"notes": strings.Repeat("x", 4001)}},
		{"ringing", map[string]string{"fate": "wrong-number", "answered": "", "first": "", "person": "", "by": ""}},
	} {
		form := good()
		for k, v := range bad.set {
			form.Set(k, v)
		}
		r := send(anna, ids[0], form)
		page := r.Body.String()
		if r.Code != http.StatusUnprocessableEntity || !strings.Contains(page, `href="#`+bad.field+`"`) || !strings.Contains(page, `aria-describedby="`+bad.field+`-wrong"`) {
			t.Errorf("%v: %d, and the fault is not at %s", bad.set, r.Code, bad.field)
		}
		for field, v := range form {
			if field != "fate" && field != "first" && field != "by" && !strings.Contains(page, html.EscapeString(v[0])) {
				t.Errorf("%v: what was typed into %s is lost", bad.set, field)
			}
		}
	}
	if o, _ := w.ledger.Outcome(ids[0]); o.Status != probes.ByHand || o.Call != nil {
		t.Fatalf("a form with a fault was written down: %s", o.Status)
	}
	// Two at the same time: one stands.
	codes := make([]int, 4)
	var all sync.WaitGroup
	for i := range codes {
		all.Go(func() { codes[i] = send(anna, ids[0], good()).Code })
	}
	all.Wait()
	written := 0
	for _, code := range codes {
		if code == http.StatusSeeOther {
			written++
		} else if code != http.StatusConflict {
			t.Errorf("a second form: %d", code)
		}
	}
	if written != 1 {
		t.Errorf("%v: %d forms were written down", codes, written)
	}
	x, _ := w.ledger.Outcome(ids[0])
	if c := x.Call; x.Result != stats.Reached || c == nil || len(c.Tries) != 1 || c.Wait == nil || *c.Wait != 30_000 || c.Ring != 10_000 || c.Rings != 3 || c.Talk != 107_000 || !c.ByHand || c.First != "ivr" ||
		c.FirstAttempt == nil || !*c.FirstAttempt || !c.Tries[0].At.Equal(due.Add(30*time.Minute)) {
		t.Errorf("%s %+v", x.Result, x.Call)
	}
	// The prober, that does not know of it, ends the window: nothing changes.
	w.record(probes.Event{Audit: ids[0], Kind: probes.AuditClosed, At: due.AddDate(0, 0, 15)})
	// Of another audit the window ended first, and who called in time writes it down later.
	w.record(probes.Event{Audit: ids[1], Kind: probes.AuditClosed, At: due.AddDate(0, 0, 15)})
	w.pull()
	if y, _ := w.ledger.Outcome(ids[0]); y.Result != stats.Reached || y.Status != probes.Closed || *y.Call.Wait != 30_000 {
		t.Errorf("after the end of the window: %s %s", y.Result, y.Status)
	}
	if y, _ := w.ledger.Outcome(ids[1]); y.Result != stats.Spoiled {
		t.Errorf("a call that nobody made: %s", y.Result)
	}
	busy := url.Values{"dialled": {day + "T10:30:00"}, "fate": {"busy"}, "ended": {"10:30:09"}, "notes": {"Mme Martin"}}
	r := send(as("olga", access.Operator), ids[1], busy)
	if r.Code != http.StatusSeeOther || !strings.HasPrefix(r.Header().Get("Location"), "/audits/") {
		t.Fatalf("%d %s %s", r.Code, r.Header().Get("Location"), r.Body)
	}
	if y, _ := w.ledger.Outcome(ids[1]); y.Result != stats.Unreached || y.Status != probes.Refused || y.Call.Tries[0].Class != "busy" || *y.Call.FirstAttempt || y.Reason != "busy" {
		t.Errorf("engaged: %s %s %+v", y.Result, y.Status, y.Call)
	}
	page = get(anna, "/tasks").Body.String()
	if n := strings.Count(page, "0380747474"); n != 1 {
		t.Errorf("%d tasks are left, want one", n)
	}
	// The caller goes on to what only people judge.
	page = get(anna, "/coding?lang=en&q="+string(ids[0])).Body.String()
	if !strings.Contains(page, "item.phone.courtesy") || !strings.Contains(page, "/audits/"+string(ids[0])) {
		t.Fatalf("no rating of the call: %s", page)
	}
	form := url.Values{}
	for _, part := range strings.Split(page, `name="item.`)[1:] {
		code, _, _ := strings.Cut(part, `"`)
		form.Set("item."+code, "yes")
	}
	q := httptest.NewRequest(http.MethodPost, "/audits/"+string(ids[0])+"/coding", strings.NewReader(form.Encode()))
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	anna.ServeHTTP(rec, q)
	if rec.Code != http.StatusSeeOther {
		t.Errorf("the rating: %d", rec.Code)
	}
	if y, _ := w.ledger.Outcome(ids[0]); len(y.Codings) != 1 {
		t.Error("the rating is not there")
	} else if v, ok := y.Items.Value("phone.courtesy"); !ok || v != 1 {
		t.Error("the rating does not count")
	}
	if page := get(anna, "/audits/"+string(ids[0])).Body.String(); strings.Contains(page, "aimable <b>") || !strings.Contains(page, "aimable &lt;b&gt;") {
		t.Error("what was typed is not there, or got through as markup")
	}
	if strings.Contains(get(rita, "/audits/"+string(ids[0])).Body.String(), "aimable") {
		t.Error("a reader sees what the caller wrote of people")
	}
}
