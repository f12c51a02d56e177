package site

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/web/finding"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/stats"
)

// messages reads the keys of a language, and the plural forms of each.
func messages(t *testing.T, lang string) map[string]map[string]string {
	t.Helper()
	raw, err := messageFiles.ReadFile("lang/" + lang + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]string{}
	for key, value := range file {
		out[key] = map[string]string{}
		switch v := value.(type) {
		case string:
			out[key]["other"] = v
		case map[string]any:
			for form, s := range v {
				out[key][form] = s.(string)
			}
		}
	}
	return out
}

// kindCodes reads the events' names from package probes, so that a new one without a translation fails here.
func kindCodes(t *testing.T) (out []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "../probes/kinds.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			if id, ok := v.Type.(*ast.Ident); ok && id.Name == "Kind" {
				s, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, s)
			}
		}
		return true
	})
	return out
}

// used returns every key that the site can ask for: those written in templates and code, and one for each term of the
// vocabulary.
func used(t *testing.T) map[string]bool {
	t.Helper()
	keys := map[string]bool{}
	written := regexp.MustCompile(`\.?\b(?:T|N|Days|instant|said|unit)\(?\s?"([a-z0-9.-]+[a-z0-9])"`)
	pages, err := filepath.Glob("templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	code, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(pages, code...) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range written.FindAllStringSubmatch(string(raw), -1) {
			keys[m[1]] = true
		}
	}
	family := func(name string, terms ...string) {
		for _, term := range terms {
			keys[name+"."+slug(term)] = true
		}
	}
	family("channel", append(text(probes.Channels[:]), anyChannel)...)
	family("state", text(probes.Statuses[:])...)
	family("result", append(text(stats.Results[:]), counted)...)
	family("by", append(text(stats.Dimensions[:]), "campaign", "structure", "result", "state", "mark", "q")...)
	family("mark", marks[:]...)
	family("sector", "public", "private")
	family("kind", kindCodes(t)...)
	family("column", "structure", "due", "delay")
	family("class", probes.ClassBounce, probes.ClassDelay, probes.ClassReceipt, probes.ClassAutoAck, probes.ClassOutOfOffice,
		probes.ClassChallenge, probes.ClassFeedback, probes.ClassHuman)
	family("answer", probes.AnswerGiven, probes.AnswerTransferred, probes.AnswerAsksMore, probes.AnswerRefers)
	family("fault", string(probes.Ours), string(probes.Theirs))
	family("value", "true", "false")
	for _, r := range stats.Results {
		if r != stats.Answered && r != stats.Silent {
			family("beside", string(r))
		}
	}
	for _, p := range report.Programme {
		family("programme", p.Key)
	}
	for _, i := range []finding.Impact{finding.Minor, finding.Moderate, finding.Serious, finding.Critical} {
		family("impact", string(i))
	}
	for m := range 12 {
		keys["month."+time.Date(2026, time.Month(m+1), 1, 0, 0, 0, 0, time.UTC).Format("01")] = true
	}
	for _, key := range []string{"problem.missing", "problem.request", "problem.server"} {
		keys[key], keys[key+".text"] = true, true
	}
	return keys
}

func TestMessagesAreWholeAndUsed(t *testing.T) {
	asked := used(t)
	en := messages(t, "en")
	plural := map[string][]string{"en": {"one", "other"}, "fr": {"many", "one", "other"}}
	hole := regexp.MustCompile(`{{\.[A-Za-z]+}}`)
	for _, tag := range tags {
		lang := tag.String()
		has := messages(t, lang)
		for key := range asked {
			if has[key] == nil {
				t.Errorf("%s lacks %s", lang, key)
			}
		}
		for key, forms := range has {
			if !asked[key] {
				t.Errorf("%s: nothing uses %s", lang, key)
			}
			var names []string
			for form, s := range forms {
				names = append(names, form)
				if strings.TrimSpace(s) == "" {
					t.Errorf("%s: %s %s is empty", lang, key, form)
				}
				a, b := hole.FindAllString(s, -1), hole.FindAllString(en[key]["other"], -1)
				slices.Sort(a)
				slices.Sort(b)
				if !slices.Equal(a, b) {
					t.Errorf("%s: %s %s has the places %v, English %v", lang, key, form, a, b)
				}
			}
			slices.Sort(names)
			if len(en[key]) > 1 && !slices.Equal(names, plural[lang]) {
				t.Errorf("%s: %s has the plural forms %v, want %v", lang, key, names, plural[lang])
			}
		}
	}
}

func TestNumbersAndPlurals(t *testing.T) {
	l, err := loadLocales()
	if err != nil {
		t.Fatal(err)
	}
	en, fr := l.pick("en", ""), l.pick("fr", "")
	hours := func(h float64) float64 { return h * 3.6e6 }
	for _, c := range []struct{ got, want string }{
		{en.Percent(0.1234), "12.3%"}, {fr.Percent(0.1234), "12,3\u00a0%"}, {fr.Percent(math.NaN()), "–"},
		{en.Int(43200), "43,200"}, {fr.Int(43200), "43\u00a0200"},
		{en.N("audits", 0), "0 audits"}, {en.N("audits", 1), "1 audit"}, {fr.N("unmatched", 0), "0 message sans audit"},
		{fr.N("unmatched", 1), "1 message sans audit"}, {fr.N("unmatched", 2), "2 messages sans audit"}, {fr.N("audits", 1_000_000), "1\u00a0000\u00a0000 d'audits"},
		{en.Delay(1500), "1.5\u00a0s"}, {fr.Delay(1500), "1,5\u00a0s"}, {en.Delay(hours(0.75)), "45\u00a0min"}, {en.Delay(hours(29.5)), "29\u00a0h\u00a030\u00a0min"},
		{fr.Delay(hours(52)), "2\u00a0j\u00a04\u00a0h"}, {en.Delay(math.Inf(1)), "–"},
		{en.Horizon(48 * time.Hour), "48\u00a0h"}, {fr.Horizon(120 * time.Hour), "5 jours"},
		{fr.Days("figure.working-days", 1.5), "1,5 jour ouvré\u00a0; réponses seules"}, {fr.Days("figure.working-days", 2), "2 jours ouvrés\u00a0; réponses seules"},
		{en.Days("figure.working-days", 1), "1 working day; answers only"},
		{fr.Day(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)), "1er mars 2026"}, {en.Day(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)), "1 Mar 2026"},
		{en.P(1e-9), "p\u00a0<\u00a00.001"}, {fr.P(0.0421), "p\u00a0=\u00a00,042"},
		{en.Term("state", "awaiting channel"), "awaiting channel"}, {fr.Term("kind", "phone.newer"), "phone.newer"}, {fr.Group("region", ""), "non précisé"},
	} {
		if strings.ReplaceAll(c.got, "\u202f", "\u00a0") != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestLanguageOfTheReader(t *testing.T) {
	l, err := loadLocales()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ asked, accepted, want string }{
		{"", "", "en"}, {"", "fr-BE,fr;q=0.9,en;q=0.5", "fr"}, {"", "de,fr;q=0.3", "fr"}, {"", "de", "en"}, {"en", "fr", "en"}, {"fr", "en", "fr"},
		{"xx-garbage-!", "fr", "fr"}, {"", "\x00;;q=9,fr", "en"},
	} {
		if got := l.pick(c.asked, c.accepted).Lang; got != c.want {
			t.Errorf("asked %q, accepts %q: %s, want %s", c.asked, c.accepted, got, c.want)
		}
	}
}
