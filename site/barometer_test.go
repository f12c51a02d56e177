package site_test

import (
	"bytes"
	"encoding/csv"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/report/edition"
	"github.com/sonde-fleet/sonde/site"
	"github.com/xuri/excelize/v2"
)

func scored(t *testing.T, structures int) (*town, func(string) string) {
	t.Helper()
	town := newTown(structures, 0.95)
	past, err := os.Open("../examples/editions.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer past.Close()
	points, err := edition.Parse("editions.csv", past)
	if err != nil {
		t.Fatal(err)
	}
	h := openAs(t, site.Options{Source: town, Vault: town, Editions: points}, access.Visitor{Account: everybody})
	return town, func(path string) string {
		t.Helper()
		r := get(h, path)
		if r.Code != 200 {
			t.Fatalf("%s: %d %s", path, r.Code, r.Body)
		}
		return r.Body.String()
	}
}

// The scores' page leads from each category to all its structures, and no rank is shown without the ranks that it may truly be.
func TestBarometer(t *testing.T) {
	town, page := scored(t, 40)
	whole := page("/barometer?lang=en")
	for _, want := range []string{"Mean score", "Public ", "The twenty determinants", "Through the editions", "2013", "higher is", grid.Current().Version} {
		if want != "higher is" && !strings.Contains(whole, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	links := regexp.MustCompile(`href="(/barometer\?[^"]*kind=[^"]*)"`).FindAllStringSubmatch(whole, -1)
	if len(links) != 4 {
		t.Fatalf("%d categories, want 4", len(links))
	}
	structures := 0
	for _, l := range links {
		to, err := url.Parse(strings.ReplaceAll(l[1], "&amp;", "&"))
		if err != nil {
			t.Fatal(err)
		}
		one := page(to.String())
		rows := regexp.MustCompile(`<tr data-row><td class="n">([^<]*)</td><td class="n">([^<]*)</td>`).FindAllStringSubmatch(one, -1)
		structures += len(rows)
		for _, r := range rows {
			if ranked, may := r[1] != "–", strings.Contains(r[2], "–") && len(r[2]) > len("–"); ranked != may {
				t.Errorf("rank %q, may be %q", r[1], r[2])
			}
		}
		if !strings.Contains(one, "<svg class=\"dots funnel\"") {
			t.Error("a category of ten has no funnel")
		}
	}
	if structures != 40 {
		t.Errorf("the categories show %d structures of 40", structures)
	}
	fr := page("/barometer?lang=fr")
	if !strings.Contains(fr, "Les vingt déterminants") || strings.Contains(fr, "The twenty") {
		t.Error("the French page is not French")
	}
	_ = town
}

// Every figure of our own campaign in the lines through the years leads to a list of audits that there is.
func TestLinesLeadToTheirAudits(t *testing.T) {
	_, page := scored(t, 20)
	whole := page("/barometer?lang=en")
	links := regexp.MustCompile(`href="(/audits\?[^"]*campaign=demo[^"]*)">campaign`).FindAllStringSubmatch(whole, -1)
	if len(links) < 6 {
		t.Fatalf("%d links from the lines to audits", len(links))
	}
	for _, l := range links {
		if list := page(strings.ReplaceAll(l[1], "&amp;", "&")); strings.Contains(list, "No audit") {
			t.Errorf("%s leads to no audits", l[1])
		}
	}
}

// The files say what the pages say.
func TestScoreFiles(t *testing.T) {
	_, page := scored(t, 24)
	rows, err := csv.NewReader(strings.NewReader(page("/scores.csv?campaign=demo"))).ReadAll()
	if err != nil || len(rows) != 25 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	at := map[string]int{}
	for i, h := range rows[0] {
		at[h] = i
	}
	book, err := excelize.OpenReader(strings.NewReader(page("/scores.xlsx?campaign=demo")))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	sheet, err := book.GetRows("scores", excelize.Options{RawCellValue: true})
	if err != nil || len(sheet) != 25 {
		t.Fatalf("%d rows in the workbook, %v", len(sheet), err)
	}
	parts, err := parquet.Read[report.PartRow](bytes.NewReader([]byte(page("/scores.parquet"))), int64(len(page("/scores.parquet"))))
	if err != nil {
		t.Fatal(err)
	}
	byBody := map[string]float64{}
	for _, p := range parts {
		if p.Part == "score" && p.Value != nil {
			byBody[p.Structure] = *p.Value
		}
	}
	for i, r := range rows[1:] {
		want, err := strconv.ParseFloat(r[at["score"]], 64)
		if err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
		if got := byBody[r[at["structure"]]]; got != want {
			t.Errorf("%s: CSV %v, Parquet %v", r[at["structure"]], want, got)
		}
		if got, _ := strconv.ParseFloat(sheet[i+1][at["score"]], 64); got-want > 1e-9 || want-got > 1e-9 {
			t.Errorf("%s: CSV %v, workbook %v", r[at["structure"]], want, got)
		}
	}
	if n := strings.Count(page("/grid.csv"), "\n"); n != 401 {
		t.Errorf("grid.csv has %d lines, want a header and 400 items", n)
	}
}

func TestLibraries(t *testing.T) {
	_, page := scored(t, 4)
	all := page("/grid?lang=en")
	if n := strings.Count(all, `<code class="note">`); n != 400 {
		t.Errorf("%d items on the page, want 400", n)
	}
	one := page("/grid?lang=fr&channel=mail&determinant=courtesy&q=FORMULE+politesse")
	if !strings.Contains(one, "mail.closing") || strings.Contains(one, "mail.facts") || strings.Contains(one, "web.") {
		t.Error("the search for a politeness formula in mails finds something else")
	}
	practices := page("/practices?lang=fr&q=conseil+questions")
	if !strings.Contains(practices, "Cannes") {
		t.Error("the agenda of the council with questions is not found")
	}
	if none := page("/practices?lang=en&q=xyzzy"); strings.Contains(none, "<article") {
		t.Error("a word that is nowhere finds practices")
	}
	if hostile := page("/grid?lang=en&q=%22%3E%3Cscript%3E"); strings.Contains(hostile, "\"><script>") {
		t.Error("what is searched for is not escaped")
	}
}

// The barometer is a document too, under a policy that lets nothing in.
func TestBarometerReport(t *testing.T) {
	_, page := scored(t, 24)
	for _, lang := range []string{"fr", "en"} {
		doc := page("/barometer/report?campaign=demo&lang=" + lang)
		if !strings.Contains(doc, `<html lang="`+lang+`">`) || !strings.Contains(doc, "2013") {
			t.Errorf("%s: the document is in another language, or without the first edition", lang)
		}
	}
}
