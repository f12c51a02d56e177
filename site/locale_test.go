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

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/grid"
	"github.com/sonde-fleet/sonde/internal/wording"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/web/finding"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/report/edition"
	"github.com/sonde-fleet/sonde/review"
	"github.com/sonde-fleet/sonde/score"
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

// conflictKinds reads the kinds of conflict from package schedule, which the site does not import.
func conflictKinds(t *testing.T) (out []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "../schedule/plan.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST || !strings.HasPrefix(g.Specs[0].(*ast.ValueSpec).Names[0].Name, "No") {
			continue
		}
		for _, spec := range g.Specs {
			s, err := strconv.Unquote(spec.(*ast.ValueSpec).Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		t.Fatal("no kind of conflict was found in package schedule")
	}
	return out
}

// sources returns the text of the files that match, tests excepted.
func sources(t *testing.T, patterns ...string) (out []string) {
	t.Helper()
	for _, pattern := range patterns {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, string(raw))
		}
	}
	return out
}

// written are the ways in which templates and code name a key: handed to a function that says it, or returned or kept in a
// variable for one.
var written = [...]*regexp.Regexp{
	regexp.MustCompile(`\b(?:T|N|Days|instant|said|unit|judged)\(?\s?"([a-z0-9.-]+[a-z0-9])"`),
	regexp.MustCompile(`\b(?:refuse|door)\(\w[^"\n]*, "([a-z0-9.-]+[a-z0-9])"\)`),
	regexp.MustCompile(`\bfault\(\S+, "(task\.fault\.[a-z-]+)"`),
	regexp.MustCompile(`\breturn (?:fields, |nil, )?"((?:order|verdict)\.[a-z.-]*[a-z])"`),
	regexp.MustCompile(`\bkey :?= "([a-z-]+\.[a-z.-]*[a-z])"`),
	regexp.MustCompile(`"(unit\.[a-z-]+)"`),
}

// used returns every key that the site can ask for: those written in templates and code, and one for each term of the
// vocabulary.
func used(t *testing.T) map[string]bool {
	t.Helper()
	keys := map[string]bool{}
	for _, raw := range sources(t, "templates/*.html", "*.go") {
		for _, way := range written {
			for _, m := range way.FindAllStringSubmatch(raw, -1) {
				keys[m[1]] = true
			}
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
	family("programme", "higher", "lower", edition.Score)
	family("barometer.win", string(score.Nobody), string(score.Alone), string(score.Sure), string(score.Open))
	family("worth", string(score.Seen), string(score.Silent), string(score.NotHere), string(score.Missing))
	family("observer", string(grid.Agent), string(grid.Auditor), string(grid.Both))
	for _, library := range []string{"grid", "practices"} {
		family(library, "title")
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
	with := func(key string, endings ...string) {
		keys[key] = true
		for _, ending := range endings {
			keys[key+ending] = true
		}
	}
	for _, key := range []string{"problem.conflict", "problem.forbidden", "problem.missing", "problem.request", "problem.server"} {
		with(key, ".text")
	}
	for _, kind := range review.Kinds {
		with("flag."+string(kind), ".ask", ".why") // no form asks about what is disputed, but its card has the question
	}
	keys["flag."+string(review.FaultPattern)+".why.mailbox"] = true
	family("verdict", text(stats.Decisions[:])...)
	family("review.state", flagStates[:]...)
	for _, do := range Orders {
		with("order."+do, ".effect", ".action")
	}
	family("scope-of", "campaign", "wave", "structure", "audit")
	family("resolve", "accepted", "not-sent", "spoiled")
	for _, p := range phases {
		family("phase", p.class)
	}
	family("health", "good", "soon", "bad")
	family("conflict", conflictKinds(t)...)
	family("heard", heards[:]...)
	family("first", answering[:]...)
	family("ended", endings[:]...)
	family("call", fates[:]...)
	family("mode", modes[:]...)
	family("task.field", callFields[:]...)
	for i := 1; i <= 7; i++ {
		family("weekday", strconv.Itoa(i))
	}
	for _, f := range planFields {
		family("plan", f.name)
	}
	for _, r := range refusals {
		family("access", r.key)
	}
	for _, kind := range []access.LinkKind{access.SetupLink, access.InviteLink, access.ResetLink} {
		with("welcome."+slug(string(kind)), ".text")
	}
	family("role", text(access.Roles[:])...)
	family("scope", text(access.Scopes[:])...)
	family("account.source", string(access.LocalSource), string(access.OIDCSource))
	for _, way := range ways {
		family("nav", way.here)
	}
	for _, k := range shortcuts {
		family("key", k.what)
	}
	return keys
}

func TestMessagesAreWholeAndUsed(t *testing.T) {
	asked := used(t)
	en := messages(t, "en")
	plural := map[string][]string{"en": {"one", "other"}, "fr": {"many", "one", "other"}}
	hole := regexp.MustCompile(`{{\.[A-Za-z]+}}`)
	for _, tag := range wording.Tags {
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

// Every place of a reason is one that the site fills.
func TestMessagesOfFlagsAreFilled(t *testing.T) {
	l, err := loadLocales()
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range wording.Tags {
		for _, kind := range review.Kinds {
			for _, seen := range []string{"", "seen"} {
				why := l.pick(tag.String(), "").why(&review.Flag{Kind: kind, Text: seen, Want: "wanted", Group: "own"})
				if strings.Contains(why, "<no value>") || strings.HasPrefix(why, "flag.") {
					t.Errorf("%s %s: %s", tag, kind, why)
				}
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
