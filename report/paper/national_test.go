package paper_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report/edition"
	"github.com/sonde-fleet/sonde/report/paper"
	"github.com/sonde-fleet/sonde/score"
	"github.com/sonde-fleet/sonde/stats"
)

// nation makes a campaign of mails to structures of three kinds, one of which answers far better than its peers.
func nation(t *testing.T, name func(int) string) paper.NationalInput {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 5))
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	launch := probes.Launch{Campaign: "spring", Title: "Baromètre de printemps 2026", End: start.AddDate(0, 2, 0), Timeline: probes.Timeline{Start: start, Launched: start}}
	g := grid.Current()
	var all []stats.Outcome
	for b := range 36 {
		body := probes.Structure{ID: probes.StructureID(fmt.Sprintf("%03d", b)), Name: name(b), Kind: []string{"mairie", "hôpital", "entreprise"}[b%3], Band: "2-10k", Sector: "public"}
		if body.Kind == "entreprise" {
			body.Sector = "private"
		}
		quality := 0.3 + 0.4*r.Float64()
		if b == 0 {
			quality = 1
		}
		for n := range 8 {
			sent := start.Add(time.Duration(n) * 100 * time.Hour)
			o := stats.Outcome{Audit: probes.Audit{ID: probes.AuditID(fmt.Sprintf("spring.%s.%d", body.ID, n)), Campaign: "spring", Structure: body.ID, Channel: probes.Mail,
				Deadline: sent.Add(360 * time.Hour)}, Body: body, Sent: sent, Result: stats.Silent, Followed: (360 * time.Hour).Milliseconds(), Status: probes.Closed}
			if r.Float64() < quality {
				delay := time.Duration(r.ExpFloat64()*30) * time.Hour
				polite := r.Float64() < quality
				o.Result, o.Replied, o.Delay, o.Days, o.Worked, o.Answer, o.Polite = stats.Answered, sent.Add(delay), delay.Milliseconds(), int(delay.Hours()/24), delay.Milliseconds()/3, probes.AnswerGiven, &polite
				var seen []probes.Observation
				for i := range g.Items {
					if it := &g.Items[i]; it.Channel == probes.Mail && it.How == grid.Observed && it.Unit == "" {
						seen = append(seen, probes.Observation{Item: it.Code, Value: map[bool]probes.Value{true: probes.Yes, false: probes.No}[r.Float64() < quality == (it.Rule.Kind == "yes")]})
					}
				}
				o.Items = stats.MarksOf(seen, nil)
			}
			all = append(all, o)
		}
	}
	norms, _ := grid.Profile(grid.DefaultProfile)
	sheet := score.Of(g, norms, all)
	f, err := os.Open("../../examples/editions.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	past, err := edition.Parse("editions.csv", f)
	if err != nil {
		t.Fatal(err)
	}
	own, err := edition.Of(launch, all, sheet)
	if err != nil {
		t.Fatal(err)
	}
	return paper.NationalInput{Sheet: sheet, Outcomes: all, Launch: launch, Lang: "fr", Base: "https://sonde.example/", Lines: edition.Lines(append(past, own...)), At: start.AddDate(0, 3, 0)}
}

func town(b int) string { return fmt.Sprintf("Structure nº %d", b) }

// The barometer has every figure of the programme's table with its audits, names a winner where there is one for sure, and no
// rank without the ranks that it may be.
func TestNational(t *testing.T) {
	in := nation(t, town)
	for _, lang := range []string{"fr", "en"} {
		in.Lang = lang
		var b bytes.Buffer
		if err := paper.National(&b, in); err != nil {
			t.Fatal(err)
		}
		page := b.String()
		if os.Getenv("SONDE_KEEP") != "" {
			_ = os.WriteFile(os.Getenv("SONDE_KEEP")+"/national."+lang+".html", b.Bytes(), 0o644)
		}
		win := map[string]string{"fr": "Structure nº 0 l’emporte", "en": "Structure nº 0 wins"}[lang]
		if !strings.Contains(page, win) {
			t.Errorf("%s: the winner is not named as such", lang)
		}
		if n := strings.Count(page, "https://sonde.example/audits?campaign=spring&amp;channel=mail"); n < 5 {
			t.Errorf("%s: %d figures lead to their audits, want the five of the mails", lang, n)
		}
		if n := strings.Count(page, map[string]string{"fr": "aucun audit", "en": "no audit"}[lang]); n != 3 {
			t.Errorf("%s: %d figures say that their channel was not audited, want 3", lang, n)
		}
		for _, row := range regexp.MustCompile(`<tr><td class="n">([^<]*)</td><td class="n">([^<]*)</td><th scope="row"><a`).FindAllStringSubmatch(page, -1) {
			if !strings.Contains(row[2], "–") {
				t.Errorf("rank %s may be %q", row[1], row[2])
			}
		}
		if !strings.Contains(page, "2013") || strings.Contains(page, "NaN") || strings.Contains(page, "{{") {
			t.Errorf("%s: the first edition is not there, or something is not filled in", lang)
		}
	}
	in.Lang, in.Base = "en", ""
	var b bytes.Buffer
	if err := paper.National(&b, in); err != nil || strings.Contains(b.String(), "<a href=\"http") {
		t.Errorf("without an address of the site: %v, or links all the same", err)
	}
}

// What strangers called themselves is text.
func TestNationalOfHostileNames(t *testing.T) {
	in := nation(t, func(b int) string { return "</th><script>alert(1)</script>\u202e" + strings.Repeat("W", 300) })
	var b bytes.Buffer
	if err := paper.National(&b, in); err != nil {
		t.Fatal(err)
	}
	if page := b.String(); strings.Contains(page, "<script") || strings.Contains(page, "\u202e") {
		t.Error("a name is markup, or turns the page round")
	}
}
