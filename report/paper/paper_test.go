package paper

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/web/finding"
	"github.com/sonde-fleet/sonde/score"
	"github.com/sonde-fleet/sonde/stats"
	"golang.org/x/net/html"
)

var update = flag.Bool("update", false, "write the golden files anew")

// campaign is a small campaign: twelve town halls, mail and web, with the story of the first one.
type campaign struct {
	outcomes []stats.Outcome
	events   map[probes.AuditID][]probes.Event
	evidence map[probes.Hash][]byte
	launch   probes.Launch
	name     string // of the first
	reply    string
	subject  string
	grid     *grid.Grid
}

const firstID = probes.StructureID("21350238800019")

func (e *campaign) keep(body []byte) probes.Hash {
	sum := sha256.Sum256(body)
	h := probes.Hash(hex.EncodeToString(sum[:]))
	e.evidence[h] = body
	return h
}

func newCampaign() *campaign {
	return &campaign{grid: grid.Current(), events: map[probes.AuditID][]probes.Event{}, evidence: map[probes.Hash][]byte{}, name: "Mairie de Saint-Exemple", subject: "Re: Horaires du samedi",
		reply: "Bonjour Madame Martin,\n\nLa mairie est ouverte le samedi de 9 h à 12 h. Munissez-vous d'une pièce d'identité.\n" +
			"Vous pouvez aussi appeler ma collègue Sophie Bernard (06 12 34 56 78).\n\nBien cordialement,\nHélène LEFÈVRE\nAgente d'accueil\nMairie de Saint-Exemple\n",
		launch: probes.Launch{Campaign: "spring", Title: "Baromètre de printemps 2026", End: time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC),
			Timeline: probes.Timeline{Start: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Launched: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)}}}
}

// run makes the outcomes.
func (e *campaign) run() *campaign {
	random := rand.New(rand.NewPCG(4, 4))
	for s := range 12 {
		id, name := probes.StructureID(fmt.Sprintf("2100000%02d", s)), fmt.Sprintf("Mairie %d", s)
		if s == 0 {
			id, name = firstID, e.name
		}
		body := probes.Structure{ID: id, Name: name, Kind: "mairie", Sector: "public", Band: "2-10k", Region: "Bretagne", Zone: "Europe/Paris"}
		quality := 0.45 + 0.4*random.Float64()
		for n, c := range []probes.Channel{probes.Mail, probes.Web, probes.Mail, probes.Mail, probes.Web, probes.Mail, probes.Mail} {
			o := e.outcome(random, body, c, n+1, quality)
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
func (e *campaign) outcome(random *rand.Rand, body probes.Structure, c probes.Channel, n int, quality float64) stats.Outcome {
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
	for i := range e.grid.Items {
		if it := &e.grid.Items[i]; it.Channel == c && it.Unit == "" && it.How != grid.Measured {
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
func (e *campaign) story(o *stats.Outcome) {
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

func (e *campaign) input(lang string) Input {
	n, _ := grid.Profile(grid.DefaultProfile)
	if e.grid != grid.Current() {
		n = grid.Norms{Profile: "small", Date: "2026-01-01", EN: "Small norms", FR: "Petites normes", Values: []grid.Norm{{Key: "mail.answer", Value: 5, Unit: "d", Source: "nobody"}}}
	}
	return Input{Sheet: score.Of(e.grid, n, e.outcomes), Outcomes: e.outcomes, Launch: e.launch, Lang: lang, Base: "https://sonde.example/",
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

// smallGrid has few items, so that the golden files are read by people and no change of the real grid touches them.
func smallGrid() *grid.Grid {
	g := *grid.Current()
	g.Version, g.Hash, g.Items, g.Determinants = "small", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", nil, nil
	for _, d := range []string{"reachability", "courtesy", "accessibility"} {
		g.Determinants = append(g.Determinants, grid.Determinant{Code: d, Weight: 1, Name: grid.Text{EN: "EN " + d, FR: "FR " + d}, About: grid.Text{EN: d + "?", FR: d + " ?"}})
	}
	for _, x := range []struct {
		code        probes.ItemCode
		determinant string
		stage       grid.Stage
		how         grid.How
	}{
		{"mail.answered", "reachability", grid.Handling, grid.Measured}, {"mail.greeting", "courtesy", grid.Information, grid.Observed}, {"mail.closing", "courtesy", grid.Handling, grid.Observed},
		{"mail.signature.name", "courtesy", grid.Handling, grid.Observed}, {"web.online", "reachability", grid.Access, grid.Measured},
		{"web.rgaa.1.1", "accessibility", grid.Access, grid.Observed}, {"web.rgaa.3.3", "accessibility", grid.Access, grid.Observed},
	} {
		channel, _, _ := strings.Cut(string(x.code), ".")
		g.Items = append(g.Items, grid.Item{Code: x.code, Channel: probes.Channel(channel), Stage: x.stage, Determinant: x.determinant, Observer: grid.Agent, How: x.how,
			Rule: grid.Rule{Kind: "yes"}, Silent: grid.Zero, Weight: 1, Source: "nobody", Name: grid.Text{EN: "EN " + string(x.code), FR: "FR " + string(x.code)},
			Mend: grid.Text{EN: "Mend " + string(x.code), FR: "Réparez " + string(x.code)}})
	}
	return &g
}

// TestReport holds the document in both languages to its golden files.
func TestReport(t *testing.T) {
	e := newCampaign()
	e.grid = smallGrid()
	e.run()
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
	page := document(t, newCampaign().run().input("fr"))
	if !strings.Contains(page, "[agent]") || !strings.Contains(page, "Madame Martin") {
		t.Error("the answer is not shown")
	}
	for _, name := range []string{"Hélène", "LEFÈVRE", "Lefèvre", "lefevre", "helene", "Sophie", "Bernard", "06 12"} {
		if strings.Contains(page, name) {
			t.Errorf("the report says %q", name)
		}
	}
}

// Whatever a structure is called and however it answers, nothing of it becomes markup, runs, or writes over what stands beside it.
func TestHostileWords(t *testing.T) {
	e := newCampaign()
	evil := `</title></style></svg><script>alert(1)</script><img src=x onerror=alert(1)>"'` + "\u202e\u2066gnp.exe\x00\x1b[31m"
	e.name, e.subject = evil, "Re: "+strings.ReplaceAll(evil, "\x00", "")
	e.reply = "Bonjour Madame Martin,\n" + evil + "\n" + strings.Repeat("W", 5000) + "\n\nBien cordialement,\nHélène LEFÈVRE"
	e.run()
	for i := range e.outcomes {
		if o := &e.outcomes[i]; o.Structure == firstID {
			o.Reason, o.Scenario, o.Body.Region = evil, evil, evil
		}
	}
	e.launch.Title = evil
	in := e.input("en")
	for _, events := range e.events {
		for i := range events {
			for k := range events[i].Detail {
				events[i].Detail[k] = evil
			}
		}
	}
	in.Earlier[0].Title = evil
	in.Base = "javascript:alert(1)//"
	page := document(t, in)
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if slices.Contains([]string{"script", "img", "iframe", "link", "object", "base", "form"}, n.Data) {
			t.Errorf("the document has a %s", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(strings.ToLower(a.Val), "javascript") {
				t.Errorf("the document has %s=%q", a.Key, a.Val)
			}
		}
	}
	if strings.Count(page, "<title") != 1+strings.Count(page, "<svg") || strings.Count(page, "</style>") != 1 {
		t.Error("somebody's words end an element")
	}
	for _, r := range "\u202e\u2066\x00\x1b" {
		if strings.ContainsRune(page, r) {
			t.Errorf("the document has the character %U", r)
		}
	}
	if _, err := exec.LookPath("pdfinfo"); err != nil {
		return
	}
	name := printed(t, page)
	output(t, "qpdf", "--check", name)
	if info := output(t, "pdfinfo", name); !strings.Contains(info, "JavaScript:      no") {
		t.Error(info)
	}
}

// The document stands alone: it names no other address but those of its links, and its style is the one that its policy lets in.
func TestDocumentStandsAlone(t *testing.T) {
	in := newCampaign().run().input("fr")
	page := document(t, in)
	at := strings.Index(page, "<style>") + len("<style>")
	sum := sha256.Sum256([]byte(page[at : at+strings.Index(page[at:], "</style>")]))
	if want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(Policy(), want) {
		t.Errorf("the style's hash is %s, the policy %s", want, Policy())
	}
	if found := regexp.MustCompile(`(?i)\s(src|style|srcset|action|on[a-z]+)=|url\(|@import`).FindString(page); found != "" {
		t.Errorf("the document has %q", found)
	}
	in.Base = ""
	if found := regexp.MustCompile(`href="[^#][^"]*"`).FindString(document(t, in)); found != "" {
		t.Errorf("without a site it links to %s", found)
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(`\sid="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if ids[m[1]] {
			t.Errorf("two elements are called %s", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`(?:href="#|aria-labelledby=")([^"]+)"`).FindAllStringSubmatch(page, -1) {
		for _, id := range strings.Fields(m[1]) {
			if !ids[id] {
				t.Errorf("nothing is called %s", id)
			}
		}
	}
}

// TestFewFigures makes reports of structures of which next to nothing is known.
func TestFewFigures(t *testing.T) {
	n, _ := grid.Profile(grid.DefaultProfile)
	whole := newCampaign().run()
	for name, keep := range map[string]func(*stats.Outcome) bool{
		"alone":           func(o *stats.Outcome) bool { return o.Structure == firstID },
		"one website":     func(o *stats.Outcome) bool { return o.Structure == firstID && o.Number == 2 },
		"spoiled alone":   func(o *stats.Outcome) bool { return o.Structure == firstID && o.Number == 7 },
		"all mail silent": func(o *stats.Outcome) bool { return o.Channel == probes.Mail && o.Result != stats.Answered },
		"nothing decided": func(o *stats.Outcome) bool { return o.Structure == firstID },
	} {
		var some []stats.Outcome
		for _, o := range whole.outcomes {
			if name == "nothing decided" {
				o.Result = stats.Waiting
			}
			if keep(&o) {
				some = append(some, o)
			}
		}
		for _, lang := range []string{"fr", "en"} {
			in := whole.input(lang)
			in.Outcomes, in.Sheet = some, score.Of(grid.Current(), n, some)
			if page := document(t, in); regexp.MustCompile(`\b(NaN|Inf)\b|%!`).MatchString(page) {
				t.Errorf("%s: the report writes what is no figure: %s", name, regexp.MustCompile(`.{0,40}(\bNaN\b|\bInf\b|%!).{20}`).FindString(page))
			}
		}
	}
	in := whole.input("fr")
	if err := Structure(io.Discard, in, "nobody"); !errors.Is(err, ErrNotHere) {
		t.Errorf("a structure that is not there: %v", err)
	}
	in.Lang = "de"
	if err := Structure(io.Discard, in, firstID); err == nil {
		t.Error("there is no German")
	}
}

// What has not been asked yet, or is being asked, is nowhere in a report.
func TestOpenAuditsStayASurprise(t *testing.T) {
	e := newCampaign().run()
	for i := range e.outcomes {
		if o := &e.outcomes[i]; o.Structure == firstID && o.Number == 3 {
			o.Result, o.Scenario, o.Followed = stats.Silent, "surprise", 1000
		} else if o.Structure == firstID && o.Number == 4 {
			o.Result, o.Scenario = stats.Waiting, "surprise"
		}
	}
	if strings.Contains(document(t, e.input("fr")), "surprise") {
		t.Error("an open audit is told")
	}
}

// Who is to rate an answer without knowing what others said does not find it here.
func TestRatersReadNoLetter(t *testing.T) {
	e := newCampaign().run()
	in := e.input("en")
	in.Rating = func(probes.AuditID) bool { return true }
	page := document(t, in)
	if strings.Contains(page, "Madame Martin") || strings.Contains(page, "<mark>") || !strings.Contains(page, "is not shown here") {
		t.Error("a rater reads the letter, or what was seen in it")
	}
	in = e.input("en")
	in.Evidence = nil
	page = document(t, in)
	if strings.Contains(page, "Madame Martin") || !strings.Contains(page, "Horaires du samedi") {
		t.Error("without evidence: the letter is shown, or its subject is not")
	}
}

// Both languages say the same things, and nothing is said that nobody asks for.
func TestCatalogue(t *testing.T) {
	read := func(lang string) map[string]any {
		raw, err := messageFiles.ReadFile("lang/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		m := map[string]any{}
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	en, fr := read("en"), read("fr")
	holes := regexp.MustCompile(`\{\{\.(\w+)\}\}`)
	for key := range en {
		if fr[key] == nil {
			t.Errorf("French lacks %s", key)
			continue
		}
		a, b := holes.FindAllString(fmt.Sprint(en[key]), -1), holes.FindAllString(fmt.Sprint(fr[key]), -1)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(slices.Compact(a), slices.Compact(b)) {
			t.Errorf("%s has the placeholders %v in English and %v in French", key, a, b)
		}
	}
	for key := range fr {
		if en[key] == nil {
			t.Errorf("English lacks %s", key)
		}
	}
	var sources strings.Builder
	for _, pattern := range []string{"*.go", "*.html"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(name, "_test.go") {
				sources.Write(raw)
			}
		}
	}
	// Families of terms and the beginnings of keys that are put together.
	made := regexp.MustCompile(`^(national|sector|channel|result|value|norm|why|page|impact|month|unit|cover|figures|pledges|funnel)\.|\.title$`)
	for key := range en {
		if !strings.Contains(sources.String(), `"`+key+`"`) && !made.MatchString(key) {
			t.Errorf("nobody asks for %s", key)
		}
	}
}

// BenchmarkStructure makes the HTML of one report of a campaign of two thousand structures.
func BenchmarkStructure(b *testing.B) {
	e := newCampaign().run()
	random := rand.New(rand.NewPCG(5, 5))
	for s := range 2000 {
		body := probes.Structure{ID: probes.StructureID(fmt.Sprintf("3%07d", s)), Name: "Mairie", Kind: "mairie", Band: fmt.Sprint(s % 40)}
		for n, c := range []probes.Channel{probes.Mail, probes.Web, probes.Mail, probes.Mail, probes.Web, probes.Mail} {
			e.outcomes = append(e.outcomes, e.outcome(random, body, c, n+1, 0.6))
		}
	}
	in := e.input("fr")
	for b.Loop() {
		if err := Structure(io.Discard, in, firstID); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPDF prints one report, Chrome's start included.
func BenchmarkPDF(b *testing.B) {
	page := []byte(document(b, newCampaign().run().input("fr")))
	for b.Loop() {
		if err := PDF(b.Context(), page, io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
