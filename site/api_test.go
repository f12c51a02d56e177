package site_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/site/openapi"
	"github.com/sonde-fleet/sonde/stats"
)

// ask sends a request with a token.
func (w *world) ask(token, method, target, body string, header ...string) *httptest.ResponseRecorder {
	q := httptest.NewRequest(method, "http://localhost"+target, strings.NewReader(body))
	if token != "" {
		q.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		q.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, q)
	return rec
}

// decoded reads a JSON answer of the status.
func decoded[T any](t testing.TB, rec *httptest.ResponseRecorder, status int) (out T) {
	t.Helper()
	if rec.Code != status {
		t.Fatalf("%d %s, want %d", rec.Code, rec.Body, status)
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
		t.Fatalf("%v: %s", err, rec.Body)
	}
	return out
}

// shown waits until the site shows the structure: how long a snapshot serves depends on how busy the machine is.
func (w *world) shown(token string, n int) {
	for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(50 * time.Millisecond) {
		if w.ask(token, "GET", fmt.Sprintf("/api/v1/structures/21%05d", n), "").Code == http.StatusOK {
			return
		}
	}
	w.t.Fatalf("structure %d is not shown", n)
}

func TestAuditsComeOnceWhileTheyGrow(t *testing.T) {
	for _, sort := range []string{"audit", "due", "-due"} {
		t.Run(sort, func(t *testing.T) {
			w := newWorld(t, 12)
			token := w.token(access.ScopeRead)
			want := map[string]bool{}
			for _, o := range w.ledger.Snapshot().Outcomes {
				want[string(o.ID)] = true
			}
			seen := map[string]int{}
			var last report.Row
			next := ""
			for page := 0; ; page++ {
				list := decoded[openapi.AuditList](t, w.ask(token, "GET", "/api/v1/audits?limit=20&sort="+sort+next, ""), 200)
				for _, x := range list.Items {
					seen[x.Audit]++
					switch {
					case last.Audit == "":
					case sort == "audit" && x.Audit <= last.Audit, sort == "due" && x.Due < last.Due, sort == "-due" && x.Due > last.Due:
						t.Errorf("%s %s comes after %s %s", x.Audit, x.Due, last.Audit, last.Due)
					}
					last = x
				}
				if list.Next == nil {
					break
				}
				if len(list.Items) != 20 {
					t.Errorf("a page with %d audits has a next one", len(list.Items))
				}
				next = "&cursor=" + *list.Next
				// Between two pages structures and audits come in, before and after the cursor.
				w.structure(1000+page, time.Now().AddDate(0, -2, page%3-20))
				w.mail(probes.Structure{ID: "2100003", Name: "x"}, time.Now().AddDate(0, 0, -30+page%5*10))
				w.pull()
				w.shown(token, 1000+page)
			}
			for id := range want {
				if seen[id] != 1 {
					t.Errorf("%s came %d times", id, seen[id])
				}
			}
			for id, n := range seen {
				if n > 1 {
					t.Errorf("%s came %d times", id, n)
				}
			}
			if len(seen) == len(want) {
				t.Error("nothing came in meanwhile: the test shows nothing")
			}
		})
	}
}

// TestFiltersOfTheAPIAreThoseOfTheSite asks the list and the CSV file of the site for the same.
func TestFiltersOfTheAPIAreThoseOfTheSite(t *testing.T) {
	w := newWorld(t, 30)
	token := w.token(access.ScopeRead)
	for _, q := range []string{"", "channel=mail", "channel=all", "result=counted", "result=answered&sector=public", "state=in+doubt", "kind=mairie", "band=0-2k", "region=-",
		"mark=polite", "within=24", "q=exemple-7", "structure=2100003", "campaign=demo", "campaign=other", "week=" + isoWeek(w)} {
		list := decoded[openapi.AuditList](t, w.ask(token, "GET", "/api/v1/audits?limit=1000&"+q, ""), 200)
		rows := strings.Count(w.ask(token, "GET", "/outcomes.csv?"+q, "").Body.String(), "\n") - 1
		if len(list.Items) != rows {
			t.Errorf("%s: %d in the API, %d in the file", q, len(list.Items), rows)
		}
	}
}

// TestPagesOfAFilter pulls filtered lists two by two: the pages make up the list.
func TestPagesOfAFilter(t *testing.T) {
	w := newWorld(t, 30)
	token := w.token(access.ScopeRead)
	for _, q := range []string{"structure=2100003", "q=exemple-1", "kind=mairie&sort=-due", "structure=2100004&sort=due", "result=waiting"} {
		want := decoded[openapi.AuditList](t, w.ask(token, "GET", "/api/v1/audits?limit=1000&"+q, ""), 200).Items
		var got []report.Row
		for next := ""; ; {
			list := decoded[openapi.AuditList](t, w.ask(token, "GET", "/api/v1/audits?limit=2&"+q+next, ""), 200)
			got = append(got, list.Items...)
			if list.Next == nil {
				break
			}
			next = "&cursor=" + *list.Next
		}
		a, _ := json.Marshal(want)
		b, _ := json.Marshal(got)
		if len(got) != len(want) || len(want) > 0 && !bytes.Equal(a, b) {
			t.Errorf("%s: %d at once, %d in pages, or others", q, len(want), len(got))
		}
	}
}

func isoWeek(w *world) string {
	o := w.ledger.Snapshot().Outcomes[0]
	return stats.ByWeek.Of(&o)
}

func TestProblemsNameTheParameterAndTheMend(t *testing.T) {
	w := newWorld(t, 2)
	token := w.token(access.Scopes[:]...)
	for target, want := range map[string]struct{ parameter, mend string }{
		"/api/v1/audits?limit=0":                                  {"limit", "a whole number from 1 to 1000"},
		"/api/v1/audits?limit=1001":                               {"limit", "1000"},
		"/api/v1/audits?limit=many":                               {"limit", "a whole number"},
		"/api/v1/audits?channel=pigeon":                           {"channel", "mail, web, phone, social, post, visit, all"},
		"/api/v1/audits?chanel=mail":                              {"chanel", "channel"},
		"/api/v1/audits?channel=mail&channel=":                    {"channel", "once"},
		"/api/v1/audits?channel=":                                 {"channel", "leave it out"},
		"/api/v1/audits?week=14":                                  {"week", "W"},
		"/api/v1/audits?cursor=nonsense":                          {"cursor", "begin again"},
		"/api/v1/audits?sort=due&cursor=" + cursorOf(t, w, token): {"cursor", "begin again"},
		"/api/v1/campaigns?x=1":                                   {"x", "without parameters"},
		"/api/v1/evidence/ABC":                                    {"sha256", "[0-9a-f]{64}"},
		"/api/v1/audits?q=%zz":                                    {"", "percent-encode"},
	} {
		p := decoded[openapi.Problem](t, w.ask(token, "GET", target, ""), 400)
		got := ""
		if p.Parameter != nil {
			got = *p.Parameter
		}
		if got != want.parameter || !strings.Contains(p.Detail, "Try: ") || !strings.Contains(p.Detail, want.mend) || p.Status != 400 || p.Title != "Bad Request" {
			t.Errorf("%s: %+v", target, p)
		}
	}
	for _, c := range []struct {
		method, target string
		code           int
	}{
		{"GET", "/api/v1/nowhere", 404}, {"GET", "/api/v1/audits/nobody", 404}, {"GET", "/api/v1/audits/nobody/events", 404}, {"GET", "/api/v1/structures/x", 404},
		{"GET", "/api/v1/evidence/" + strings.Repeat("0", 64), 404}, {"PUT", "/api/v1/audits", 405}, {"DELETE", "/api/v1/audits/demo.2100001.01/verdicts/9", 404},
		{"DELETE", "/api/v1/audits/demo.2100001.01/verdicts/0", 400}, {"POST", "/api/v1/audits/nobody/verdicts", 415},
	} {
		rec := w.ask(token, c.method, c.target, "")
		if rec.Code != c.code || rec.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %d %s %s", c.method, c.target, rec.Code, rec.Header().Get("Content-Type"), rec.Body)
		}
	}
	if rec := w.ask(token, "PUT", "/api/v1/audits", ""); rec.Header().Get("Allow") == "" {
		t.Error("405 without Allow")
	}
	if rec := w.ask(token, "GET", "/api/v1/audits", "", "Accept", "text/html"); rec.Code != http.StatusNotAcceptable {
		t.Errorf("text/html alone: %d", rec.Code)
	}
	for _, accept := range []string{"*/*", "application/json", "application/*;q=0.5", "text/html, */*;q=0.1"} {
		if rec := w.ask(token, "GET", "/api/v1/audits", "", "Accept", accept); rec.Code != http.StatusOK {
			t.Errorf("%s: %d", accept, rec.Code)
		}
	}
}

func cursorOf(t *testing.T, w *world, token string) string {
	t.Helper()
	return *decoded[openapi.AuditList](t, w.ask(token, "GET", "/api/v1/audits?limit=1", ""), 200).Next
}

// TestRightsOfTheAPI asks every operation with each scope alone, with none, and without a token.
func TestRightsOfTheAPI(t *testing.T) {
	w := newWorld(t, 3)
	doc, err := openapi.Load()
	if err != nil {
		t.Fatal(err)
	}
	tokens := map[access.Scope]string{}
	for _, s := range access.Scopes {
		tokens[s] = w.token(s)
	}
	scope := map[string]access.Scope{"read figures": access.ScopeRead, "read audits": access.ScopeRead, "read evidence": access.ScopeEvidence,
		"review": access.ScopeReview, "operate": access.ScopeOperate}
	for path, item := range doc.Paths.Map() {
		target := strings.NewReplacer("{audit}", "demo.2100001.01", "{structure}", "2100001", "{sha256}", strings.Repeat("0", 64), "{n}", "1").Replace(path)
		for method, op := range item.Operations() {
			right, ok := op.Extensions["x-right"].(string)
			if got := w.ask("", method, target, ""); ok != (got.Code == http.StatusUnauthorized) {
				t.Errorf("%s %s without a token: %d", method, target, got.Code)
			}
			if got := w.ask("sonde_wrong", method, target, ""); got.Code != http.StatusUnauthorized {
				t.Errorf("%s %s with a wrong token: %d", method, target, got.Code)
			}
			for s, token := range tokens {
				got := w.ask(token, method, target, "")
				if forbidden := ok && scope[right] != s; forbidden != (got.Code == http.StatusForbidden) {
					t.Errorf("%s %s with scope %s: %d %s", method, target, s, got.Code, got.Body)
				}
			}
		}
	}
}

// TestPersonalDataNeedsItsScope reads what an agent of a structure wrote with and without the scope for it.
func TestPersonalDataNeedsItsScope(t *testing.T) {
	w := newWorld(t, 30)
	plain, full := w.token(access.ScopeRead, access.ScopeReview), w.token(access.ScopeRead, access.ScopeReview, access.ScopeEvidence)
	var id string
	for _, o := range w.ledger.Snapshot().Outcomes {
		if strings.Contains(o.From, "jeanne") {
			id = string(o.ID)
		}
	}
	before, _ := w.ledger.Head()
	for _, target := range []string{"/api/v1/audits/" + id + "/events", "/api/v1/audits/" + id, "/api/v1/audits/" + id + "/flags", "/api/v1/flags?limit=1000", "/api/v1/outcomes"} {
		for _, secret := range []string{"jeanne.martin", "Re: horaires", "Bien cordialement", "message-id:"} {
			if rec := w.ask(plain, "GET", target, ""); rec.Code != 200 || strings.Contains(rec.Body.String(), secret) {
				t.Errorf("%s without the scope evidence: %d, holds %q: %v", target, rec.Code, secret, strings.Contains(rec.Body.String(), secret))
			}
		}
		if rec := w.ask(full, "GET", target, ""); !strings.Contains(rec.Body.String(), "jeanne.martin") {
			t.Errorf("%s with the scope evidence lacks who wrote: %s", target, rec.Body)
		}
	}
	events := decoded[openapi.EventList](t, w.ask(full, "GET", "/api/v1/audits/"+id+"/events", ""), 200).Items
	var hash string
	for _, e := range events {
		for _, x := range e.Evidence {
			hash = string(x.SHA256)
		}
	}
	rec := w.ask(full, "GET", "/api/v1/evidence/"+hash, "")
	if sum := sha256.Sum256(rec.Body.Bytes()); hex.EncodeToString(sum[:]) != hash || rec.Header().Get("ETag") != `"`+hash+`"` {
		t.Errorf("evidence %s: %d %s", hash, rec.Code, rec.Header())
	}
	read := 0
	trail := decoded[openapi.TrailList](t, w.ask(full, "GET", fmt.Sprintf("/api/v1/trail?after=%d", before), ""), 200)
	for _, x := range trail.Items {
		if x.Event != nil && x.Event.Kind == probes.AccessRead {
			read++
		}
	}
	if read != 2 {
		t.Errorf("%d readings in the trail, want one of the events and one of the evidence", read)
	}
}

func TestUnchangedAnswersAreNotSentAgain(t *testing.T) {
	w := newWorld(t, 3)
	token := w.token(access.Scopes[:]...)
	for _, target := range []string{"/api/v1/campaigns", "/api/v1/structures", "/api/v1/structures/2100001", "/api/v1/audits", "/api/v1/audits/demo.2100001.05", "/api/v1/audits/demo.2100001.01/events",
		"/api/v1/figures?by=kind", "/api/v1/flags", "/api/v1/trail", "/api/v1/outcomes", "/api/v1/report", "/api/v1/openapi.json", "/api/v1/openapi.yaml", "/outcomes.csv", "/outcomes.parquet?channel=mail"} {
		w.ask(token, "GET", target, "") // what reading it writes down is written
		// Audits that run are followed longer with each snapshot: where one came in between, it is asked once more.
		var first, again *httptest.ResponseRecorder
		tag := ""
		for range 5 {
			first = w.ask(token, "GET", target, "")
			// A file takes longer to write than a snapshot serves on a busy machine: the tag that counts is the newest.
			tag = w.ask(token, "HEAD", target, "").Header().Get("ETag")
			if again = w.ask(token, "GET", target, "", "If-None-Match", `"other", `+tag); again.Code == http.StatusNotModified {
				break
			}
		}
		if tag == "" || again.Code != http.StatusNotModified || again.Body.Len() != 0 || again.Header().Get("ETag") != tag {
			t.Errorf("%s: ETag %s, then %d with %d octets, %s", target, tag, again.Code, again.Body.Len(), again.Header().Get("ETag"))
		}
		head := w.ask(token, "HEAD", target, "")
		if head.Code != http.StatusOK || head.Body.Len() != 0 || head.Header().Get("Content-Type") != first.Header().Get("Content-Type") {
			t.Errorf("HEAD %s: %d, %d octets, %s", target, head.Code, head.Body.Len(), head.Header())
		}
	}
	// A decision changes the answer at once.
	x := open1(t, w, token)
	tag := w.ask(token, "GET", "/api/v1/flags", "").Header().Get("ETag")
	decoded[stats.Verdict](t, w.ask(token, "POST", "/api/v1/audits/"+string(x.Audit)+"/verdicts", `{"flag":"`+string(x.Kind)+`","verdict":"confirm"}`), 201)
	if rec := w.ask(token, "GET", "/api/v1/flags", "", "If-None-Match", tag); rec.Code != http.StatusOK {
		t.Errorf("after a verdict: %d", rec.Code)
	}
}

// open1 returns an open flag about an answer.
func open1(t *testing.T, w *world, token string) (x openapi.Flag) {
	t.Helper()
	for _, kind := range []string{"in-doubt", "spoiled", "unsure-class", "bounce"} {
		list := decoded[openapi.FlagList](t, w.ask(token, "GET", "/api/v1/flags?kind="+kind, ""), 200)
		if len(list.Items) > 0 {
			return list.Items[0]
		}
	}
	t.Fatal("no flag")
	return x
}

func TestFlagsComeInPages(t *testing.T) {
	w := newWorld(t, 40)
	token := w.token(access.ScopeReview)
	all := decoded[openapi.FlagList](t, w.ask(token, "GET", "/api/v1/flags?limit=1000", ""), 200).Items
	var got []openapi.Flag
	for next := ""; ; {
		list := decoded[openapi.FlagList](t, w.ask(token, "GET", "/api/v1/flags?limit=3"+next, ""), 200)
		got = append(got, list.Items...)
		if list.Next == nil {
			break
		}
		next = "&cursor=" + url.QueryEscape(*list.Next)
	}
	a, _ := json.Marshal(all)
	b, _ := json.Marshal(got)
	if len(all) < 10 || !bytes.Equal(a, b) {
		t.Errorf("%d flags at once, %d in pages, or others", len(all), len(got))
	}
}

func TestVerdictIsWrittenOnce(t *testing.T) {
	w := newWorld(t, 40)
	token := w.token(access.ScopeReview, access.ScopeRead, access.ScopeEvidence)
	list := decoded[openapi.FlagList](t, w.ask(token, "GET", "/api/v1/flags?kind=unsure-class", ""), 200)
	x := list.Items[0]
	at := "/api/v1/audits/" + string(x.Audit) + "/verdicts"
	for body, want := range map[string]struct {
		code      int
		parameter string
	}{
		`{"flag":"unsure-class"}`:                                       {422, "verdict"},
		`{"flag":"unsure-class","verdict":"shrug"}`:                     {422, "verdict"},
		`{"flag":"unsure-class","verdict":"spoil","reasons":"typo"}`:    {422, ""},
		`{"flag":"unsure-class","verdict":"spoil"}`:                     {422, ""}, // say why
		`{"flag":"unsure-class","verdict":"correct","reason":"a desk"}`: {422, ""}, // say what it is
		`{"flag":"unsure-class","verdict":"again","reason":"a desk"}`:   {422, ""},
		`{"flag":"clock-skew","verdict":"confirm"}`:                     {409, ""},
		`{"flag":`: {400, ""}, `[]`: {422, ""}, `{"flag":"unsure-class","verdict":"spoil","reason":"` + strings.Repeat("x", 70_000) + `"}`: {413, ""},
	} {
		rec := w.ask(token, "POST", at, body)
		p := decoded[openapi.Problem](t, rec, want.code)
		if got := p.Parameter; want.parameter == "" && got != nil || want.parameter != "" && (got == nil || *got != want.parameter) {
			t.Errorf("%.60s: %+v", body, p)
		}
	}
	before, _ := w.ledger.Head()
	const body = `{"flag":"unsure-class","verdict":"correct","class":"auto-ack","reason":"the desk's text"}`
	var answers sync.Map
	var work sync.WaitGroup
	for i := range 8 { // at once, as a client does that lost patience
		work.Go(func() {
			rec := w.ask(token, "POST", at, body, "Idempotency-Key", "k-1")
			answers.Store(i, fmt.Sprint(rec.Code, rec.Body))
		})
	}
	work.Wait()
	first, _ := answers.Load(0)
	answers.Range(func(_, got any) bool {
		if got != first || !strings.HasPrefix(got.(string), "201") {
			t.Errorf("%s\n%s", got, first)
		}
		return true
	})
	if n, _ := w.ledger.Head(); n != before+1 {
		t.Errorf("%d records were written", n-before)
	}
	if o, _ := w.ledger.Outcome(x.Audit); o.Result == stats.Answered || len(o.Verdicts) != 1 {
		t.Errorf("the correction does nothing: %s %v", o.Result, o.Verdicts)
	}
	other := strings.Replace(body, "auto-ack", "human", 1)
	if p := decoded[openapi.Problem](t, w.ask(token, "POST", at, other, "Idempotency-Key", "k-1"), 422); p.Parameter == nil || *p.Parameter != "Idempotency-Key" {
		t.Errorf("%+v", p)
	}
	decoded[openapi.Problem](t, w.ask(token, "POST", at, body, "Idempotency-Key", "k-2"), 409)
	decoded[openapi.Problem](t, w.ask(token, "POST", at, body), 409)

	v := decoded[stats.Verdict](t, w.ask(token, "POST", at, body, "Idempotency-Key", "k-1"), 201)
	one := fmt.Sprintf("%s/%d", at, v.N)
	if list := decoded[openapi.VerdictList](t, w.ask(token, "GET", at, ""), 200); len(list.Items) != 1 || list.Items[0].N != v.N || list.Items[0].By != "anna" {
		t.Errorf("%+v", list)
	}
	if rec := w.ask(token, "DELETE", one, ""); rec.Code != http.StatusNoContent || rec.Body.Len() != 0 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if rec := w.ask(token, "DELETE", one, ""); rec.Code != http.StatusNotFound {
		t.Errorf("withdrawn twice: %d", rec.Code)
	}
	if o, _ := w.ledger.Outcome(x.Audit); o.Result != stats.Answered {
		t.Errorf("after the withdrawal: %s", o.Result)
	}
	// The answer to the key stays what it was: it says what was written then.
	if got := decoded[stats.Verdict](t, w.ask(token, "POST", at, body, "Idempotency-Key", "k-1"), 201); got.N != v.N {
		t.Errorf("%+v", got)
	}
	// Somebody else's stays.
	_, err := w.ledger.Write(probes.Event{Kind: probes.ReviewVerdict, Audit: x.Audit, At: time.Now(), Detail: map[string]string{"by": "bob", "flag": "unsure-class", "verdict": "confirm"}})
	w.must(err)
	n, _ := w.ledger.Head()
	decoded[openapi.Problem](t, w.ask(token, "DELETE", fmt.Sprintf("%s/%d", at, n), ""), 409)
}

// TestTrailProvesItself computes the chain from what the API gives, in pages of two.
func TestTrailProvesItself(t *testing.T) {
	w := newWorld(t, 3)
	token := w.token(access.ScopeEvidence)
	for i := range 7 {
		_, err := w.ledger.Write(probes.Event{Kind: probes.AccessChanged, At: time.Now(), Detail: map[string]string{"what": fmt.Sprint(i)}})
		w.must(err)
	}
	hash := make([]byte, sha256.Size)
	after := int64(0)
	for {
		list := decoded[openapi.TrailList](t, w.ask(token, "GET", fmt.Sprintf("/api/v1/trail?limit=2&after=%d", after), ""), 200)
		for _, x := range list.Items {
			sum := sha256.Sum256(append(bytes.Clone(hash), x.Raw...))
			if hash = sum[:]; hex.EncodeToString(hash) != x.Hash || x.N != after+1 {
				t.Fatalf("record %d after %d: %s", x.N, after, x.Hash)
			}
			after = x.N
		}
		if len(list.Items) == 0 {
			if list.Head.N != after || list.Head.Hash != hex.EncodeToString(hash) {
				t.Errorf("head %+v, read %d %x", list.Head, after, hash)
			}
			break
		}
	}
	if after < 7 {
		t.Errorf("%d records", after)
	}
}

func TestProbersAsOperatorsSeeThem(t *testing.T) {
	w := newWorld(t, 3)
	list := decoded[openapi.ProberList](t, w.ask(w.token(access.ScopeOperate), "GET", "/api/v1/probers", ""), 200)
	if len(list.Items) != 2 || !list.Items[0].Answers || list.Items[0].Status.Campaign != "demo" || list.Items[0].Pulled.Last == 0 ||
		list.Items[1].Answers || list.Items[1].Fault == nil || list.Items[1].Pulled.Fault == nil {
		t.Errorf("%+v", list)
	}
}
