package site_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/site"
	"github.com/sonde-fleet/sonde/stats"
)

// town is a made-up campaign: a source, a story and a vault.
type town struct {
	snapshot site.Snapshot
	events   map[probes.AuditID][]probes.Event
	evidence map[probes.Hash][]byte
	asked    int // how often a snapshot was made
}

func (t *town) Snapshot() site.Snapshot {
	t.asked++
	return t.snapshot
}

func (t *town) Outcome(id probes.AuditID) (stats.Outcome, bool) {
	for i := range t.snapshot.Outcomes {
		if t.snapshot.Outcomes[i].ID == id {
			return t.snapshot.Outcomes[i], true
		}
	}
	return stats.Outcome{}, false
}

func (t *town) Events(id probes.AuditID) ([]probes.Event, error) { return t.events[id], nil }

func (t *town) Evidence(h probes.Hash) ([]byte, error) {
	if b, ok := t.evidence[h]; ok {
		return b, nil
	}
	return nil, errors.New("no evidence under this hash")
}

// keep puts bytes into the vault.
func (t *town) keep(body []byte) probes.Hash {
	sum := sha256.Sum256(body)
	h := probes.Hash(hex.EncodeToString(sum[:]))
	t.evidence[h] = body
	return h
}

var (
	townStart = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	regions   = []string{"Bourgogne-Franche-Comté", "Grand Est", "Île-de-France", "La Réunion", ""}
	bands     = []string{"0-2k", "2k-10k", "10k-50k", "50k-200k"}
	kinds     = []string{"mairie", "département", "hôpital", "entreprise"}
	plan      = []probes.Channel{probes.Mail, probes.Phone, probes.Mail, probes.Web, probes.Phone, probes.Mail, probes.Post, probes.Phone,
		probes.Web, probes.Mail, probes.Social, probes.Phone, probes.Visit}
)

// newTown makes structures × 13 audits, the campaign being at a share of its two months.
func newTown(structures int, elapsed float64) *town {
	r := rand.New(rand.NewPCG(1, 2))
	t := &town{events: map[probes.AuditID][]probes.Event{}, evidence: map[probes.Hash][]byte{}}
	end := townStart.AddDate(0, 2, 0)
	now := townStart.Add(time.Duration(elapsed * float64(end.Sub(townStart))))
	launch := probes.Launch{Campaign: "demo", Title: "Baromètre de l'expérience citoyenne 2026", End: end, Structure: structures, Audits: 13 * structures,
		Timeline: probes.Timeline{Start: townStart, Launched: townStart, Speed: 43200}}
	t.snapshot = site.Snapshot{At: launch.Timeline.Wall(now), Launches: []probes.Launch{launch}, Unmatched: 3}
	for s := range structures {
		body := probes.Structure{ID: probes.StructureID(fmt.Sprintf("21%05d", s)), Kind: kinds[s%4], Sector: "public", Band: bands[s%len(bands)],
			Region: regions[s%len(regions)], Zone: "Europe/Paris", Hours: "Mo-Fr 09:00-17:00", Holidays: "FR"}
		body.Name = fmt.Sprintf("%s de Saint-Exemple-%d", body.Kind, s)
		if body.Kind == "entreprise" {
			body.Sector = "private"
		}
		for n, ch := range plan {
			due := townStart.Add(time.Duration(r.Float64() * 50 * 24 * float64(time.Hour)))
			a := probes.Audit{ID: probes.AuditID(fmt.Sprintf("demo.%s.%02d", body.ID, n+1)), Campaign: "demo", Structure: body.ID, Channel: ch,
				Scenario: "horaires-samedi", Persona: "lea", Wave: "1", Number: n + 1, Due: due, Deadline: due.Add(15 * 24 * time.Hour),
				Target: fmt.Sprintf("contact@s%d.example", s)}
			t.snapshot.Outcomes = append(t.snapshot.Outcomes, t.outcome(r, a, body, now))
		}
	}
	return t
}

// outcome draws what became of an audit.
func (t *town) outcome(r *rand.Rand, a probes.Audit, body probes.Structure, now time.Time) stats.Outcome {
	o := stats.Outcome{Audit: a, Prober: "dijon", Body: body, Status: probes.Planned, Result: stats.Waiting}
	if a.Channel != probes.Mail {
		o.Status, o.Result = probes.Awaiting, stats.Out
		return o
	}
	if a.Due.After(now) {
		return o
	}
	o.Sent, o.Events, o.Status = a.Due, 3, probes.Contacted
	window := a.Deadline.Sub(a.Due)
	if now.After(a.Deadline) {
		o.Status = probes.Closed
	}
	o.Followed = min(now.Sub(a.Due), window).Milliseconds()
	o.Result = stats.Silent
	delay := time.Duration(r.ExpFloat64() * float64(60*time.Hour))
	if body.Sector == "private" {
		delay /= 3
	}
	switch x := r.Float64(); {
	case x < 0.03:
		o.Result, o.Status, o.Reason, o.Followed = stats.Unreachable, probes.Refused, "550 5.1.1 no such user", window.Milliseconds()
		return o
	case x < 0.05:
		o.Result, o.Status, o.Reason, o.Sent, o.Followed = stats.Spoiled, probes.Faulted, "our network was down", time.Time{}, 0
		return o
	case x < 0.06:
		o.Result, o.Status, o.Sent, o.Followed = stats.InDoubt, probes.InDoubt, time.Time{}, 0
		return o
	case x < 0.35:
		return o
	}
	if r.Float64() < 0.4 {
		o.Acked, o.AckDelay, o.Classes = true, 60_000, append(o.Classes, "auto-ack")
	}
	if a.Due.Add(delay).After(now) {
		return o
	}
	polite := r.Float64() < 0.9
	o.Result, o.Replied, o.Delay, o.Worked, o.Days = stats.Answered, a.Due.Add(delay), delay.Milliseconds(), delay.Milliseconds()/4, int(delay.Hours()/24)
	o.Late, o.Polite, o.Answer, o.Followed = delay > window, &polite, "answer", min(delay, window).Milliseconds()
	o.Classes, o.Events = append(o.Classes, "human"), 5
	o.Junk = r.Float64() < 0.02
	raw := t.keep([]byte("From: mairie@example\r\nSubject: Re: horaires\r\n\r\n" + string(a.ID)))
	o.Evidence = raw
	t.events[a.ID] = []probes.Event{
		{Audit: a.ID, Kind: probes.MailPrepared, Try: 1, At: wall(a.Due), Detail: map[string]string{"message_id": "<1@example>"}},
		{Audit: a.ID, Kind: probes.MailSending, Try: 1, At: wall(a.Due)},
		{Audit: a.ID, Kind: probes.MailAccepted, Try: 1, At: wall(a.Due), Text: "250 2.0.0 Ok: queued as 4XyZ"},
		{Audit: a.ID, Kind: probes.MailReceived, Try: 1, At: wall(o.Replied), Seen: wall(o.Replied).Add(80 * time.Millisecond),
			Detail:   map[string]string{"class": "human", "answer": "answer", "match": "token"},
			Evidence: []probes.Evidence{{SHA256: raw, Type: "message/rfc822", Size: 1432}},
			Observations: []probes.Observation{{Item: "mail.closing", Value: probes.Yes, By: "agent", Passage: "Bien cordialement,", Rule: "closing.fr"},
				{Item: "mail.words", Number: new(float64(87)), By: "agent"}}},
	}
	return o
}

func wall(campaign time.Time) time.Time {
	return probes.Timeline{Start: townStart, Launched: townStart, Speed: 43200}.Wall(campaign)
}

// open serves the town to somebody who may see everything.
func open(t testing.TB, v *town) http.Handler {
	t.Helper()
	return openAs(t, site.Options{Source: v, Vault: v}, access.Visitor{Account: everybody})
}

// everybody is an account with every role.
var everybody = access.Account{Name: "anna", Display: "Anna", Roles: access.Roles[:]}

// openAs serves the site to the visitor: the guard in front of it has its own tests.
func openAs(t testing.TB, o site.Options, who access.Visitor) http.Handler {
	t.Helper()
	h, err := site.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(access.With(r.Context(), who)))
	})
}

// get asks for a page.
func get(h http.Handler, target string, header ...string) *httptest.ResponseRecorder {
	q := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		q.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, q)
	return w
}
