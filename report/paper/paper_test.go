package paper

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/web/finding"
	"github.com/sonde-fleet/sonde/score"
	"github.com/sonde-fleet/sonde/stats"
)

var update = flag.Bool("update", false, "write the golden files anew")

// edition is a small campaign: twelve town halls, mail and web, with the story of the first one.
type edition struct {
	outcomes []stats.Outcome
	events   map[probes.AuditID][]probes.Event
	evidence map[probes.Hash][]byte
	launch   probes.Launch
	name     string // of the first
	reply    string
	subject  string
}

const firstID = probes.StructureID("21350238800019")

func (e *edition) keep(body []byte) probes.Hash {
	sum := sha256.Sum256(body)
	h := probes.Hash(hex.EncodeToString(sum[:]))
	e.evidence[h] = body
	return h
}

func newEdition() *edition {
	return &edition{events: map[probes.AuditID][]probes.Event{}, evidence: map[probes.Hash][]byte{}, name: "Mairie de Saint-Exemple", subject: "Re: Horaires du samedi",
		reply: "Bonjour Madame Martin,\n\nLa mairie est ouverte le samedi de 9 h à 12 h. Munissez-vous d'une pièce d'identité.\n" +
			"Vous pouvez aussi appeler ma collègue Sophie Bernard (06 12 34 56 78).\n\nBien cordialement,\nHélène LEFÈVRE\nAgente d'accueil\nMairie de Saint-Exemple\n",
		launch: probes.Launch{Campaign: "spring", Title: "Baromètre de printemps 2026", End: time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC),
			Timeline: probes.Timeline{Start: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Launched: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)}}}
}

// run makes the outcomes.
func (e *edition) run() *edition {
	random := rand.New(rand.NewPCG(4, 4))
	for s := range 12 {
		id, name := probes.StructureID(fmt.Sprintf("2100000%02d", s)), fmt.Sprintf("Mairie %d", s)
		if s == 0 {
			id, name = firstID, e.name
		}
		body := probes.Structure{ID: id, Name: name, Kind: "mairie", Sector: "public", Band: "2-10k", Region: "Bretagne", Zone: "Europe/Paris"}
		quality := 0.45 + 0.4*random.Float64()
		for n, c := range []probes.Channel{probes.Mail, probes.Web, probes.Mail, probes.Mail, probes.Web, probes.Mail, probes.Mail} {
			o := outcome(random, body, c, n+1, quality)
			switch {
			case s == 0 && n == 6:
				o.Result, o.Reason, o.Items = stats.Spoiled, "our network was down", nil
			case s == 0 && n == 5:
				o.Result, o.Reason, o.Items = stats.Unreachable, "550 5.1.1 <helene.lefevre@saint-exemple.example>: no such user", nil
			}
			if s == 0 {
				e.story(&o)
			}
			e.outcomes = append(e.outcomes, o)
		}
	}
	return e
}

// outcome draws what became of an audit.
func outcome(random *rand.Rand, body probes.Structure, c probes.Channel, n int, quality float64) stats.Outcome {
	sent := time.Date(2026, 3, 1+2*n, 9, 12, 0, 0, time.UTC)
	o := stats.Outcome{Audit: probes.Audit{ID: probes.AuditID(fmt.Sprintf("spring.%s.%02d", body.ID, n)), Campaign: "spring", Structure: body.ID, Channel: c, Number: n,
		Scenario: "horaires-samedi", Deadline: sent.Add(15 * 24 * time.Hour)}, Body: body, Sent: sent, Followed: (15 * 24 * time.Hour).Milliseconds(), Result: stats.Silent}
	delay := time.Duration(4+random.IntN(90)) * time.Hour
	switch {
	case c == probes.Web:
		o.Result, o.Pages, o.Barriers, o.Doubts, o.Criteria = stats.Visited, 12, 30, 8, 6
	case random.Float64() < quality+0.2:
		o.Result, o.Replied, o.Delay, o.Worked, o.Days, o.Answer = stats.Answered, sent.Add(delay), delay.Milliseconds(), delay.Milliseconds()/4, int(delay.Hours()/24), probes.AnswerGiven
	default:
		return o
	}
	var seen []probes.Observation
	g := grid.Current()
	for i := range g.Items {
		if it := &g.Items[i]; it.Channel == c && it.Unit == "" && it.How != grid.Measured {
			value := probes.No
			good := random.Float64() < quality || strings.HasPrefix(string(it.Code), "web.rgaa.") && random.Float64() < 0.8
			if good == (it.Rule.Kind == "yes") {
				value = probes.Yes
			}
			seen = append(seen, probes.Observation{Item: it.Code, Value: value})
		}
	}
	o.Items = stats.MarksOf(seen, nil)
	return o
}

// story keeps the events of an audit, with their evidence.
func (e *edition) story(o *stats.Outcome) {
	switch o.Result {
	case stats.Answered:
		question := e.keep([]byte("From: Camille Martin <camille.martin@persona.example>\r\nTo: contact@saint-exemple.example\r\nSubject: Horaires du samedi\r\n" +
			"Content-Type: text/plain; charset=utf-8\r\n\r\nBonjour,\r\n\r\nÊtes-vous ouverts le samedi matin ?\r\n\r\nCamille Martin\r\n"))
		answer := e.keep([]byte("From: =?utf-8?q?H=C3=A9l=C3=A8ne_LEF=C3=88VRE?= <helene.lefevre@saint-exemple.example>\r\nTo: camille.martin@persona.example\r\nSubject: " + e.subject +
			"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + strings.ReplaceAll(e.reply, "\n", "\r\n") + "\r\nLe 3 mars 2026, Camille Martin a écrit :\r\n> Êtes-vous ouverts ?\r\n"))
		o.Evidence = answer
		words := 38.0
		e.events[o.ID] = []probes.Event{
			{Audit: o.ID, Kind: probes.MailPrepared, Detail: map[string]string{"subject": "Horaires du samedi", "language": "fr", "from": "camille.martin@persona.example"},
				Evidence: []probes.Evidence{{SHA256: question, Type: "message/rfc822"}}},
			{Audit: o.ID, Kind: probes.MailReceived, Detail: map[string]string{"language": "fr"}, Evidence: []probes.Evidence{{SHA256: answer, Type: "message/rfc822"}},
				Observations: []probes.Observation{
					{Item: "mail.greeting", Value: probes.Yes, Passage: "Bonjour Madame Martin"}, {Item: "mail.personalised", Value: probes.Yes, Passage: "Madame Martin"},
					{Item: "mail.closing", Value: probes.Yes, Passage: "Bien cordialement"}, {Item: "mail.signature.name", Value: probes.Yes, Passage: "Hélène LEFÈVRE"},
					{Item: "mail.words", Number: &words}}}}
	case stats.Visited:
		found, err := json.Marshal([]finding.Finding{
			{Page: "https://saint-exemple.example/", Rule: "image-alt", Outcome: finding.Failed, Impact: finding.Critical, Criteria: []string{"RGAA4.1:1.1"},
				Message: "An image has no alternative", MessageFR: "Une image n’a pas d’alternative", Mend: "Give it one", MendFR: "Donnez-lui en une"},
			{Page: "https://saint-exemple.example/contact", Rule: "image-alt", Outcome: finding.Failed, Impact: finding.Critical, Message: "An image has no alternative"},
			{Page: "https://saint-exemple.example/", Rule: "color-contrast", Outcome: finding.Review, Message: "doubtful"}})
		if err != nil {
			panic(err)
		}
		e.events[o.ID] = []probes.Event{
			{Audit: o.ID, Kind: probes.WebPage, Detail: map[string]string{"page": "https://saint-exemple.example/", "why": "home", "result": "audited", "failed": "2", "review": "1"},
				Evidence: []probes.Evidence{{SHA256: e.keep(found), Name: "page-01.findings.json", Type: "application/json"}}},
			{Audit: o.ID, Kind: probes.WebPage, Detail: map[string]string{"page": "https://saint-exemple.example/contact", "why": "contact", "result": "partial"}},
			{Audit: o.ID, Kind: probes.WebVisited}}
	}
}

func (e *edition) input(lang string) Input {
	n, _ := grid.Profile(grid.DefaultProfile)
	return Input{Sheet: score.Of(grid.Current(), n, e.outcomes), Outcomes: e.outcomes, Launch: e.launch, Lang: lang, Base: "https://sonde.example/",
		At:     time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC),
		Events: func(id probes.AuditID) ([]probes.Event, error) { return e.events[id], nil },
		Evidence: func(h probes.Hash) ([]byte, error) {
			if b, ok := e.evidence[h]; ok {
				return b, nil
			}
			return nil, errors.New("no evidence under this hash")
		},
		Earlier: []EarlierEdition{{Campaign: "autumn", Title: "Baromètre d’automne 2025", End: time.Date(2025, 11, 2, 0, 0, 0, 0, time.UTC), Grid: "2025.1",
			Score: score.Mean{Value: 41.25, SE: 4, Low: 33.4, High: 49.1, N: 11}, Rank: 9, RankLow: 4, RankHigh: 12, Peers: 12}}}
}

func document(t testing.TB, in Input) string {
	t.Helper()
	var b bytes.Buffer
	if err := Structure(&b, in, firstID); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestReport holds the document in both languages to its golden files.
func TestReport(t *testing.T) {
	e := newEdition().run()
	for _, lang := range []string{"fr", "en"} {
		got := strings.Replace(document(t, e.input(lang)), style, "", 1)
		name := filepath.Join("testdata", "report."+lang+".html")
		if *update {
			if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		a, b := strings.Split(string(want), "\n"), strings.Split(got, "\n")
		for i := range max(len(a), len(b)) {
			if i >= len(a) || i >= len(b) || a[i] != b[i] {
				t.Fatalf("%s:%d differs; Try: -update\nwant %q\ngot  %q", name, i+1, a[min(i, len(a)-1)], b[min(i, len(b)-1)])
			}
		}
	}
}

// Nobody who works there is named, nor reached, whatever part of the document tells of the answer.
func TestReportNamesNobody(t *testing.T) {
	page := document(t, newEdition().run().input("fr"))
	if !strings.Contains(page, "[agent]") || !strings.Contains(page, "Madame Martin") {
		t.Error("the answer is not shown")
	}
	for _, name := range []string{"Hélène", "LEFÈVRE", "Lefèvre", "lefevre", "helene", "Sophie", "Bernard", "06 12"} {
		if strings.Contains(page, name) {
			t.Errorf("the report says %q", name)
		}
	}
}
