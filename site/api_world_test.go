package site_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/control"
	"github.com/sonde-fleet/sonde/ledger"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/site"
	"github.com/sonde-fleet/sonde/site/openapi"
	"github.com/sonde-fleet/sonde/store"
)

// world is a collector as it runs, over a made-up town: a prober's journal that was pulled, the ledger, accounts, the guard.
type world struct {
	t       testing.TB
	prober  *store.DB
	db      *store.Collected
	ledger  *ledger.Ledger
	doors   *access.DB
	boss    access.Account // operator and auditor
	handler http.Handler   // behind the guard
	number  map[probes.StructureID]int
	waiting []probes.Record // to be written together: each writing waits for the disk
	draw    *rand.Rand
}

// newWorld makes one with so many structures, four mails and a website each.
func newWorld(t testing.TB, structures int) *world {
	t.Helper()
	w := &world{t: t, number: map[probes.StructureID]int{}, draw: rand.New(rand.NewPCG(3, 4))}
	dir := t.TempDir()
	var err error
	w.prober, err = store.Open(filepath.Join(dir, "prober"))
	w.must(err)
	t.Cleanup(func() { w.must(w.prober.Close()) })
	w.db, err = store.OpenCollected(filepath.Join(dir, "collector"))
	w.must(err)
	t.Cleanup(func() { w.must(w.db.Close()) })
	w.ledger, err = ledger.Open(w.db)
	w.must(err)
	w.must(w.ledger.LoadKey(filepath.Join(dir, "collector")))
	w.doors, err = access.Open(filepath.Join(dir, "collector"))
	w.must(err)
	t.Cleanup(func() { w.must(w.doors.Close()) })

	start := time.Now().AddDate(0, -2, 0).UTC().Truncate(time.Second)
	w.append(probes.Record{Launch: &probes.Launch{Campaign: "demo", Title: "Baromètre", End: start.AddDate(0, 2, 0), Structure: structures, Audits: 5 * structures,
		Timeline: probes.Timeline{Start: start, Launched: start, Speed: 1}}})
	for s := range structures {
		w.structure(s, start)
	}
	w.pull()

	steer := httptest.NewServer(control.New(control.Options{Prober: "dijon", Store: w.prober, Running: true, Health: &control.Health{}}).Handler())
	t.Cleanup(steer.Close)
	secret, err := w.doors.Setup()
	w.must(err)
	_, err = w.doors.UseLink(t.Context(), secret, "anna", "un mot de passe assez long")
	w.must(err)
	first := access.With(t.Context(), access.Visitor{Account: access.Account{Name: "anna", Roles: []access.Role{access.Operator}}})
	w.must(w.doors.SetRoles(first, "anna", access.Roles[:]))
	w.boss, err = w.doors.Account(first, "anna")
	w.must(err)
	guard, err := access.NewGuard(w.doors, access.Settings{Rate: 100_000, Burst: 100_000, OnlyLoopback: true})
	w.must(err)
	h, err := site.New(site.Options{Source: w.ledger, Vault: w.db, Trail: w.ledger, Signer: w.ledger, Messages: w.ledger, Guard: guard, Accounts: w.doors,
		Probers: []site.Prober{{Name: "dijon", Client: &control.Client{URL: steer.URL}}, {Name: "cayenne", Client: &control.Client{URL: "http://127.0.0.1:1"}}},
		Pulls: func() []site.Pull {
			return []site.Pull{{Prober: "dijon", Last: w.db.Cursor("dijon"), At: time.Now()}, {Prober: "cayenne", Fault: "connection refused"}}
		},
		Links: w.links, Webhooks: func() []openapi.WebhookStatus {
			return []openapi.WebhookStatus{{Webhook: "bi", Pending: 2, Failed: 1, Fault: new("the receiver answered 503"), FailingSince: new(time.Now())}}
		}})
	w.must(err)
	w.handler = guard.Wrap(h)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) links(after uint64, n int) (out []site.TrailLink, err error) {
	err = w.db.Trail(after, func(l *store.Link) bool {
		out = append(out, site.TrailLink{Record: l.Record, Hash: l.Hash, Raw: l.Raw})
		return len(out) < n
	})
	return out, err
}

// pull files what the prober's journal has, as the collector does.
func (w *world) pull() {
	w.t.Helper()
	w.must(w.prober.Append(w.waiting...))
	w.waiting = nil
	for {
		page, err := w.prober.Page(w.db.Cursor("dijon"), 1000)
		w.must(err)
		if len(page) == 0 {
			return
		}
		var bodies []probes.Evidence
		for _, raw := range page {
			r, err := store.DecodeRecord(raw)
			w.must(err)
			if r.Event == nil {
				continue
			}
			for _, x := range r.Event.Evidence {
				x.Body, err = w.prober.Evidence(x.SHA256)
				w.must(err)
				bodies = append(bodies, x)
			}
		}
		w.must(w.db.PutEvidence(bodies...))
		_, err = w.ledger.File("dijon", page)
		w.must(err)
	}
}

// structure plans a structure's audits and draws what became of them.
func (w *world) structure(s int, start time.Time) {
	body := probes.Structure{ID: probes.StructureID(fmt.Sprintf("21%05d", s)), Kind: kinds[s%4], Sector: "public", Band: bands[s%len(bands)],
		Region: regions[s%len(regions)], Zone: "Europe/Paris", Hours: "Mo-Fr 09:00-17:00", Holidays: "FR"}
	body.Name = fmt.Sprintf("%s de Saint-Exemple-%d", body.Kind, s)
	if body.Kind == "entreprise" {
		body.Sector = "private"
	}
	w.append(probes.Record{Structure: &body})
	for range 4 {
		w.mail(body, start.Add(time.Duration(w.draw.Float64()*50*24*float64(time.Hour))))
	}
	a := w.plan(body, probes.Web, start.Add(24*time.Hour))
	w.record(probes.Event{Audit: a.ID, Kind: probes.WebVisited, Try: 1, At: a.Due, Detail: map[string]string{"site": a.Target, "pages": "20", "failed": "3", "criteria": "2"},
		Observations: []probes.Observation{{Item: "web.legal", Value: probes.Yes, By: "agent", Passage: "Mentions légales"}}})
}

func (w *world) plan(body probes.Structure, ch probes.Channel, due time.Time) probes.Audit {
	w.number[body.ID]++
	n := w.number[body.ID]
	a := probes.Audit{ID: probes.AuditID(fmt.Sprintf("demo.%s.%02d", body.ID, n)), Campaign: "demo", Structure: body.ID, Channel: ch, Scenario: "horaires-samedi",
		Persona: "lea", Wave: "plan", Number: n, Due: due, Deadline: due.AddDate(0, 0, 15), Target: fmt.Sprintf("contact@s%s.example", body.ID)}
	w.append(probes.Record{Audit: &a})
	return a
}

func (w *world) record(events ...probes.Event) {
	for _, e := range events {
		w.append(probes.Record{Event: &e})
	}
}

func (w *world) append(r probes.Record) { w.waiting = append(w.waiting, r) }

// mail draws one mail: answered or not, sure or not, spoiled, refused, in doubt.
func (w *world) mail(body probes.Structure, due time.Time) probes.AuditID {
	w.t.Helper()
	a := w.plan(body, probes.Mail, due)
	event := func(kind probes.Kind, at time.Time) probes.Event {
		return probes.Event{Audit: a.ID, Kind: kind, Try: 1, At: at}
	}
	prepared := event(probes.MailPrepared, due)
	prepared.Detail = map[string]string{"message_id": "<" + string(a.ID) + "@example>"}
	prepared.Keys = []string{"message-id:<" + string(a.ID) + "@example>"}
	w.record(prepared, event(probes.MailSending, due))
	switch x := w.draw.Float64(); {
	case x < 0.04:
		refused := event(probes.MailRefused, due)
		refused.Fault, refused.Text = probes.Theirs, "550 5.1.1 no such user"
		w.record(refused)
		return a.ID
	case x < 0.08:
		w.record(event(probes.AuditSpoiled, due))
		return a.ID
	case x < 0.11:
		w.record(event(probes.MailInDoubt, due))
		return a.ID
	}
	accepted := event(probes.MailAccepted, due)
	accepted.Text = "250 2.0.0 Ok: queued as 4XyZ"
	w.record(accepted)
	delay := time.Duration(w.draw.ExpFloat64() * float64(60*time.Hour))
	if body.Sector == "private" {
		delay /= 3
	}
	if w.draw.Float64() < 0.65 && due.Add(delay).Before(time.Now()) {
		raw := []byte("From: Mairie <accueil@s" + string(body.ID) + ".example>\r\nSubject: Re: horaires\r\n\r\nBonjour, " + string(a.ID) + "\r\nBien cordialement,\r\n")
		e := event(probes.MailReceived, due.Add(delay))
		e.Seen = e.At.Add(time.Second)
		from := "accueil@s" + string(body.ID) + ".example"
		if w.draw.Float64() < 0.1 {
			from = "jeanne.martin@ailleurs.example"
		}
		e.Detail = map[string]string{"class": "human", "answer": "answer", "match": "token", "from": from, "subject": "Re: horaires",
			"confidence": fmt.Sprintf("%.2f", 0.4+0.6*w.draw.Float64())}
		if w.draw.Float64() < 0.1 {
			e.Detail["sure"] = "no"
		}
		e.Evidence = []probes.Evidence{{Type: "message/rfc822", Name: "answer.eml", Body: raw}}
		e.Observations = []probes.Observation{{Item: "mail.closing", Value: probes.Yes, By: "agent", Passage: "Bien cordialement,", Rule: "closing.fr"},
			{Item: "mail.words", Number: new(float64(4)), By: "agent"}}
		w.record(e)
	}
	if a.Deadline.Before(time.Now()) {
		w.record(event(probes.AuditClosed, a.Deadline))
	}
	return a.ID
}

// token makes a token of the account.
func (w *world) token(scopes ...access.Scope) string {
	w.t.Helper()
	ctx := access.With(context.Background(), access.Visitor{Account: w.boss})
	secret, _, err := w.doors.CreateToken(ctx, "test", scopes, time.Now().Add(time.Hour))
	w.must(err)
	return secret
}
