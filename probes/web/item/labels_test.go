package item

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/internal/fold"
	"github.com/sonde-fleet/sonde/probes/web/hours"
)

var (
	misses   = flag.Bool("misses", false, "print what disagrees with the labels")
	onlyCode = flag.String("code", "", "with -misses: of this code alone")
)

// label is what a person found on a page; testdata/pages/README.md says how.
type label struct {
	URL           string   `json:"url"`
	Telephone     []string `json:"telephone"`
	Email         []string `json:"email"`
	Address       []string `json:"address"`
	Hours         []string `json:"hours"`
	Level         string   `json:"level"`
	Rate          *float64 `json:"rate"`
	StatementDate string   `json:"statement_date"`
	Updated       string   `json:"updated"`
	Languages     []string `json:"languages"`
	Has           []string `json:"has"`
}

// facts are the label's as (code, value) pairs.
func (l *label) facts() (out []Mention) {
	add := func(c Code, values ...string) {
		for _, v := range values {
			if v != "" {
				out = append(out, Mention{Code: c, Value: v})
			}
		}
	}
	add(Telephone, l.Telephone...)
	add(Email, l.Email...)
	add(Address, l.Address...)
	add(Hours, l.Hours...)
	add(Level, l.Level)
	add(StatementDate, l.StatementDate)
	add(Updated, l.Updated)
	add(Language, l.Languages...)
	if l.Rate != nil {
		add(Rate, strconv.FormatFloat(*l.Rate, 'f', -1, 64))
	}
	for _, h := range l.Has {
		out = append(out, Mention{Code: Code(h)})
	}
	return out
}

// same says whether two values of a code name the same thing.
func same(c Code, a, b string) bool {
	switch c {
	case Hours:
		return hours.Equal(a, b)
	case Address:
		x, y := strings.Split(fold.Text(a), "|"), strings.Split(fold.Text(b), "|")
		plain := func(s string) string { return strings.NewReplacer(",", "", "-", " ", "'", " ", ".", "").Replace(s) }
		p, q := plain(x[0]), plain(y[0])
		return x[1] == y[1] && plain(x[2]) == plain(y[2]) && (strings.Contains(p, q) || strings.Contains(q, p))
	}
	return a == b
}

type tally struct{ right, wrong, missed int }

func (t *tally) precision() float64 { return float64(t.right) / float64(max(t.right+t.wrong, 1)) }
func (t *tally) recall() float64    { return float64(t.right) / float64(max(t.right+t.missed, 1)) }

// TestLabels holds what is read against what a person labelled, who did not know the code: precision and recall of at
// least 0.95 over all facts.
func TestLabels(t *testing.T) {
	pages := labelled(t, "testdata/pages")
	styles := map[string]bool{}
	all, by := &tally{}, map[Code]*tally{}
	for _, name := range pages {
		styles[filepath.Dir(name)] = true
		judge(t, name, all, by)
	}
	if len(pages) < 60 || len(styles) < 15 {
		t.Errorf("%d pages in %d styles: at least 60 in 15", len(pages), len(styles))
	}
	codes := make([]Code, 0, len(by))
	for c := range by {
		codes = append(codes, c)
	}
	slices.SortFunc(codes, func(a, b Code) int {
		return cmp.Or(cmp.Compare(by[b].wrong+by[b].missed, by[a].wrong+by[a].missed), cmp.Compare(a, b))
	})
	var table strings.Builder
	for _, c := range codes {
		fmt.Fprintf(&table, "%-28s right %4d  wrong %3d  missed %3d\n", c, by[c].right, by[c].wrong, by[c].missed)
	}
	t.Logf("%d pages in %d styles: precision %.4f, recall %.4f (%d right, %d wrong, %d missed)\n%s", len(pages), len(styles), all.precision(), all.recall(),
		all.right, all.wrong, all.missed, table.String())
	if all.precision() < 0.95 || all.recall() < 0.95 {
		t.Errorf("precision %.4f, recall %.4f: both at least 0.95", all.precision(), all.recall())
	}
}

func labelled(t *testing.T, root string) (pages []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".json") {
			pages = append(pages, strings.TrimSuffix(path, ".json"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

func judge(t *testing.T, name string, all *tally, by map[Code]*tally) {
	t.Helper()
	data, err := os.ReadFile(name + ".json")
	var l label
	if err == nil {
		err = json.Unmarshal(data, &l)
	}
	page, err2 := os.ReadFile(name + ".html")
	if err != nil || err2 != nil {
		t.Fatalf("%s: %v %v", name, err, err2)
	}
	var found []Mention
	for _, m := range Read(l.URL, page) {
		if m.Code == UnsureHours {
			continue // nobody is compared with them
		}
		if m.Code != DataHours && !slices.ContainsFunc(found, func(x Mention) bool { return x.Code == m.Code && same(m.Code, x.Value, m.Value) }) {
			found = append(found, m)
		}
	}
	count := func(c Code) *tally {
		if by[c] == nil {
			by[c] = &tally{}
		}
		return by[c]
	}
	show := func(what string, m Mention) {
		if *misses && (*onlyCode == "" || Code(*onlyCode) == m.Code) {
			t.Logf("%s: %s %s %q\n\t%s (%s)", strings.TrimPrefix(name, "testdata/pages/"), what, m.Code, m.Value, m.Passage, m.Selector)
		}
	}
	for _, want := range l.facts() {
		i := slices.IndexFunc(found, func(m Mention) bool { return m.Code == want.Code && same(m.Code, m.Value, want.Value) })
		if i < 0 {
			count(want.Code).missed++
			all.missed++
			show("missed", want)
			continue
		}
		count(want.Code).right++
		all.right++
		found = slices.Delete(found, i, i+1)
	}
	for _, m := range found {
		count(m.Code).wrong++
		all.wrong++
		show("wrong", m)
	}
}
