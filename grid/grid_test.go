package grid

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sonde-fleet/sonde/probes"
)

// TestDataAreSound holds that Current can never panic.
func TestDataAreSound(t *testing.T) {
	root, err := fs.Sub(embedded, "data")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := read(root, Version); err != nil {
		t.Fatal(err)
	}
	g := Current()
	if len(g.Determinants) != 20 || len(g.Stages) != len(Stages) || len(g.Channels) != len(probes.Channels) {
		t.Errorf("%d determinants, %d stages, %d channels", len(g.Determinants), len(g.Stages), len(g.Channels))
	}
	if other, ok := Find(Version); !ok || other != g {
		t.Error("the version is not found by its name")
	}
	if _, ok := Find("1999.1"); ok {
		t.Error("a version that never was is found")
	}
	for i := range g.Items {
		if x, ok := g.Item(g.Items[i].Code); !ok || x != &g.Items[i] {
			t.Errorf("%s is not found by its code", g.Items[i].Code)
		}
	}
	if _, ok := g.Item("mail.nothing"); ok {
		t.Error("an item that is none is found")
	}
}

// count is how many items each channel has.
var count = map[probes.Channel]int{probes.Web: 178, probes.Mail: 72, probes.Phone: 60, probes.Post: 30, probes.Social: 30, probes.Visit: 30}

func TestFourHundredItems(t *testing.T) {
	g := Current()
	got := map[probes.Channel]int{}
	for i := range g.Items {
		got[g.Items[i].Channel]++
	}
	for _, c := range probes.Channels {
		if got[c] != count[c] {
			t.Errorf("%s has %d items, not %d", c, got[c], count[c])
		}
	}
	if len(g.Items) != 400 {
		t.Errorf("%d items, not 400", len(g.Items))
	}
}

// TestNoWordingTwice holds that no two items can be taken for one another, in either language.
func TestNoWordingTwice(t *testing.T) {
	for _, french := range []bool{false, true} {
		seen := map[string]probes.ItemCode{}
		for _, i := range Current().Items {
			name := strings.ToLower(i.Name.In(french))
			if other, twice := seen[name]; twice {
				t.Errorf("%s and %s are both called %q", other, i.Code, name)
			}
			seen[name] = i.Code
		}
	}
}

// TestAgentsObserveMost holds the programme to what machines can tell without a person: at least 250 items.
func TestAgentsObserveMost(t *testing.T) {
	built, awaiting := 0, 0
	for _, i := range Current().Items {
		switch {
		case i.Observer != Agent:
		case i.Awaiting():
			awaiting++
		default:
			built++
		}
	}
	t.Logf("agents alone: %d items of channels that are built, %d that await their channel", built, awaiting)
	if built+awaiting < 250 {
		t.Errorf("%d items are observable by agents alone (%d built, %d awaiting), not 250", built+awaiting, built, awaiting)
	}
}

// TestUnwatchedItemsAreThere holds that what awaits its observer is an item that an agent tells, on a channel that is built, once.
func TestUnwatchedItemsAreThere(t *testing.T) {
	for k, code := range Unwatched {
		i, ok := Current().Item(code)
		if !ok || !slices.Contains(Built, i.Channel) || i.How == Asked || slices.Contains(Unwatched[:k], code) {
			t.Errorf("%s is no item that an agent tells on a channel that is built, or is there twice", code)
		}
	}
}

// TestStagesOfChannels holds that mail and web say something of every stage.
func TestStagesOfChannels(t *testing.T) {
	for _, c := range Built {
		for _, s := range Stages {
			if !slices.ContainsFunc(Current().Items, func(i Item) bool { return i.Channel == c && i.Stage == s }) {
				t.Errorf("%s has no item of the stage %s", c, s)
			}
		}
	}
}

func TestProfilesHaveEveryNorm(t *testing.T) {
	all := Profiles()
	if len(all) == 0 {
		t.Fatal("data/norms holds no profile")
	}
	for _, p := range all {
		if got, ok := Profile(p.Profile); !ok || got.Date != p.Date {
			t.Errorf("%s is not found by its name", p.Profile)
		}
		for _, i := range Current().Items {
			for _, b := range []Bound{i.Rule.A, i.Rule.B} {
				if _, ok := p.Value(b.Norm); b.Norm != "" && !ok {
					t.Errorf("%s: %s has no norm %s", i.Code, p.Profile, b.Norm)
				}
			}
		}
	}
	if _, ok := Profile("nobody"); ok {
		t.Error("a profile that is none is found")
	}
}

const (
	soundDeterminants = "code\tweight\ten\tfr\tabout_en\tabout_fr\nclarity\t1\tClarity\tClarté\tIs it?\tEst-ce ?\n"
	soundStages       = "stage\tweight\ten\tfr\naccess\t1\tA\tB\ninformation\t1\tC\tD\nhandling\t1\tE\tF\n"
	soundChannels     = "channel\tweight\nmail\t2\n"
	soundItem         = "mail.words\thandling\tclarity\tagent\tobservation\twords\tat most 3\tskip\t0.5\tSonde\tWords\tMots\tWrite\tÉcrivez\n"
	soundNorms        = "# date 2023-05-01\n# en Norms\n# fr Normes\nkey\tvalue\tunit\tsource\turl\tchecked\nmail.answer\t5\tworking days\tSonde\t\tno\n"
)

func tree(change map[string]string) fstest.MapFS {
	header := strings.Join(itemColumns, "\t") + "\n"
	files := fstest.MapFS{}
	put := func(name, text string) { files[name] = &fstest.MapFile{Data: []byte(text)} }
	put("determinants.tsv", soundDeterminants)
	put("stages.tsv", soundStages)
	put("channels.tsv", soundChannels)
	for _, c := range probes.Channels {
		put(string(c)+".tsv", header)
	}
	put("mail.tsv", header+soundItem)
	put("norms/here.tsv", soundNorms)
	for name, text := range change {
		put(name, strings.ReplaceAll(text, "HEADER", strings.TrimSuffix(header, "\n")))
	}
	return files
}

func TestEveryFaultIsNamed(t *testing.T) {
	if b, err := read(tree(nil), "x"); err != nil || len(b.grid.Items) != 1 || len(b.profiles) != 1 {
		t.Fatalf("the sound files: %+v, %v", b, err)
	}
	without := tree(nil)
	delete(without, "post.tsv")
	if _, err := read(without, "x"); err == nil || !strings.HasPrefix(err.Error(), "post.tsv: it cannot be read: ") {
		t.Errorf("a file that is not there: %v", err)
	}
	item := func(column, value string) string {
		fields := strings.Split(strings.TrimSuffix(soundItem, "\n"), "\t")
		fields[slices.Index(itemColumns, column)] = value
		return "HEADER\n" + strings.Join(fields, "\t") + "\n"
	}
	for _, c := range []struct{ file, text, want string }{
		{"mail.tsv", "", "mail.tsv: it does not end with a line end"},
		{"mail.tsv", "HEADER", "mail.tsv: it does not end with a line end"},
		{"mail.tsv", "code\tstage\n", "mail.tsv:1:1: the columns are not those of this table; write code, stage, "},
		{"mail.tsv", "HEADER\nmail.words\thandling\n", "mail.tsv:2:1: 2 fields; write 14"},
		{"mail.tsv", "HEADER\n\n", "mail.tsv:2:1: 1 fields"},
		{"mail.tsv", "HEADER\r\n", "mail.tsv:1:" + fmt.Sprint(len(strings.Join(itemColumns, "\t"))+1) + ": a character that is no text"},
		{"mail.tsv", "HEADER\n\xff\n", "mail.tsv:2:1: a character that is no text"},
		{"mail.tsv", item("code", "web.words"), `mail.tsv:2:1: code: "web.words" is no code of the channel; begin it with mail.`},
		{"mail.tsv", item("code", "mail.Words"), "is no code"},
		{"mail.tsv", item("stage", "end"), `mail.tsv:2:12: stage: "end" is not known; write one of access, information, handling`},
		{"mail.tsv", item("determinant", "beauty"), `mail.tsv:2:21: determinant: "beauty" is no determinant`},
		{"mail.tsv", item("observer", "nobody"), `observer: "nobody" is not known; write one of agent, auditor, both`},
		{"mail.tsv", item("how", "guess"), `how: "guess" is not known`},
		{"mail.tsv", item("how", "form"), "how: form by agent; what an auditor alone can tell"},
		{"mail.tsv", item("unit", ""), "unit: the rule and the unit do not agree"},
		{"mail.tsv", item("rule", "yes"), "unit: the rule and the unit do not agree"},
		{"mail.tsv", item("rule", "maybe"), `rule: "maybe" is no rule; write yes, no, at most X`},
		{"mail.tsv", item("rule", "at most many"), `rule: "many" is no figure`},
		{"mail.tsv", item("rule", "at most 1e3"), `rule: "1e3" is no figure`},
		{"mail.tsv", item("rule", "at most 3.0"), `rule: "at most 3.0" is written "at most 3"`},
		{"mail.tsv", item("rule", "linear 3"), `rule: "linear 3" has no second figure`},
		{"mail.tsv", item("rule", "linear 3 3"), "rule: both figures are the same"},
		{"mail.tsv", item("rule", "at most 0*@mail.answer"), "is no figure"},
		{"mail.tsv", item("rule", "at most @mail.nothing"), "mail.tsv:2: rule: @mail.nothing is no norm of norms/here.tsv; add it there"},
		{"mail.tsv", item("silent", "loud"), `silent: "loud" is not known; write one of zero, skip`},
		{"mail.tsv", item("weight", "0"), `weight: "0" is no weight; write a number above 0`},
		{"mail.tsv", item("source", ""), "source: nothing is there; write it"},
		{"mail.tsv", item("en", "Words."), "en: it ends with a full stop"},
		{"mail.tsv", item("fr", " Mots"), "fr: blanks too many"},
		{"mail.tsv", "HEADER\n" + soundItem + soundItem, "mail.tsv:3:1: code: mail.words is there twice; take one out"},
		{"determinants.tsv", soundDeterminants + "clarity\t1\tA\tB\tC\tD\n", "determinants.tsv:3:1: code: clarity is there twice"},
		{"determinants.tsv", soundDeterminants + "Two Words\t1\tA\tB\tC\tD\n", `"Two Words" is no code`},
		{"stages.tsv", soundStages + "access\t1\tA\tB\n", "stages.tsv:5:1: stage: access is there twice"},
		{"channels.tsv", soundChannels + "mail\t1\n", "channels.tsv:3:1: channel: mail is there twice"},
		{"channels.tsv", soundChannels + "smoke\t1\n", `channel: "smoke" is not known; write one of mail, web, phone`},
		{"norms/here.tsv", "key\n", "norms/here.tsv:1: this line is not the date; write # date"},
		{"norms/here.tsv", strings.Replace(soundNorms, "2023-05-01", "May", 1), `norms/here.tsv:1:8: date: "May" is no date; write YYYY-MM-DD`},
		{"norms/here.tsv", strings.Replace(soundNorms, "\t5\t", "\tfive\t", 1), `norms/here.tsv:5:13: value: "five" is no number`},
		{"norms/here.tsv", strings.Replace(soundNorms, "mail.answer", "answer", 1), `key: "answer" is no key`},
		{"norms/here.tsv", strings.Replace(soundNorms, "\tno\n", "\tperhaps\n", 1), `checked: "perhaps" is not known; write one of yes, no`},
		{"norms/here.tsv", soundNorms + "mail.answer\t5\tdays\tSonde\t\tno\n", "key: mail.answer is there twice"},
		{"norms/Not Here.tsv", soundNorms, "its name cannot be a profile's"},
	} {
		_, err := read(tree(map[string]string{c.file: c.text}), "x")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: %v, want %s", c.file, c.text, err, c.want)
		}
	}
}

// TestHashSeesEveryFile holds that no figure of a version can change without its hash.
func TestHashSeesEveryFile(t *testing.T) {
	seen := map[probes.Hash]string{}
	add := func(what string, files fstest.MapFS) {
		b, _ := read(files, "x")
		if other, twice := seen[b.grid.Hash]; twice {
			t.Errorf("%s and %s have the same hash", other, what)
		}
		seen[b.grid.Hash] = what
	}
	add("the sound files", tree(nil))
	for _, name := range fileNames() {
		files := tree(nil)
		files[name] = &fstest.MapFile{Data: append(slices.Clone(files[name].Data), '\n')}
		add(name, files)
	}
	if a, b := seen[Current().Hash], len(Current().Hash); a != "" || b != 64 {
		t.Errorf("hash %q", Current().Hash)
	}
	norms := tree(map[string]string{"norms/other.tsv": soundNorms})
	if b, err := read(norms, "x"); err != nil || seen[b.grid.Hash] != "the sound files" {
		t.Errorf("another profile makes another grid: %v", err)
	}
}

func TestRulesAreReadAsWritten(t *testing.T) {
	norms := Norms{Values: []Norm{{Key: "mail.answer", Value: 5}}}
	for _, c := range []struct {
		rule   string
		points map[float64]float64
	}{
		{"yes", map[float64]float64{1: 100, 0: 0}},
		{"no", map[float64]float64{1: 0, 0: 100}},
		{"at most 3", map[float64]float64{3: 100, 3.1: 0, -1: 100}},
		{"at least 60", map[float64]float64{60: 100, 59: 0}},
		{"at most 2*@mail.answer", map[float64]float64{10: 100, 11: 0}},
		{"linear 1 2*@mail.answer", map[float64]float64{0: 100, 1: 100, 5.5: 50, 10: 0, 99: 0}},
		{"linear 100 95", map[float64]float64{100: 100, 97.5: 50, 95: 0, 0: 0}},
	} {
		r, problem := ParseRule(c.rule)
		if problem != "" || r.String() != c.rule {
			t.Errorf("%q is read as %q: %s", c.rule, r, problem)
		}
		for _, value := range slices.Sorted(maps.Keys(c.points)) {
			if got := r.Points(value, norms); got != c.points[value] {
				t.Errorf("%s of %g is worth %g, not %g", c.rule, value, got, c.points[value])
			}
		}
	}
}

// FuzzParse holds that whatever stands in the files gives faults that name a file, or items that are written as they were
// read.
func FuzzParse(f *testing.F) {
	f.Add(strings.Join(itemColumns, "\t")+"\n"+soundItem, soundNorms)
	f.Add(strings.Join(itemColumns, "\t")+"\n"+strings.Replace(soundItem, "at most 3", "linear 1 2*@mail.answer", 1), soundNorms)
	f.Add("", "# date 2023-05-01\n")
	f.Fuzz(func(t *testing.T, items, norms string) {
		b, err := read(tree(map[string]string{"mail.tsv": items, "norms/here.tsv": norms}), "x")
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				if !strings.Contains(line, ".tsv") {
					t.Errorf("a fault without a file: %q", line)
				}
			}
			return
		}
		for _, i := range b.grid.Items {
			fields := []string{string(i.Code), string(i.Stage), i.Determinant, string(i.Observer), string(i.How), i.Unit, i.Rule.String(), string(i.Silent)}
			if !strings.Contains(items, "\n"+strings.Join(fields, "\t")+"\t") {
				t.Errorf("%q is not what was read", fields)
			}
			if p := i.Rule.Points(1, b.profiles[0]); p < 0 || p > 100 {
				t.Errorf("%s: %g points", i.Rule, p)
			}
		}
	})
}
