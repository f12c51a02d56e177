package grid

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sonde-fleet/sonde/probes"
)

var (
	update  = flag.Bool("update", false, "write docs/grid.md and testdata/coverage.txt")
	release = flag.Bool("release", false, "pin the hash of the current version: it never changes again")
)

// write holds a file to what it should be, or writes it.
func write(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	old, err := os.ReadFile(path)
	if err == nil && string(old) == want {
		return
	}
	a, b := strings.Split(string(old), "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Errorf("%s:%d is\n%s\nand should be\n%s", path, i+1, a[i], b[i])
			break
		}
	}
	t.Errorf("%s is not what the grid says (%v); Try: go test ./grid -update", path, err)
}

// releases are the versions that went out: campaigns have frozen their hashes.
const releases = "testdata/releases.txt"

// TestReleasedVersionNeverChanges holds a version to the hash with which it went out.
func TestReleasedVersionNeverChanges(t *testing.T) {
	text, err := os.ReadFile(releases)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	g := Current()
	for line := range strings.Lines(string(text)) {
		version, hash, _ := strings.Cut(strings.TrimSpace(line), " ")
		if old, ok := Find(version); !ok {
			t.Errorf("version %s went out and is not found any more", version)
		} else if string(old.Hash) != hash {
			t.Errorf("version %s has the hash %s and went out with %s: a released version never changes; Try: make a new one", version, old.Hash, hash)
		}
		if version == g.Version {
			return
		}
	}
	if !*release {
		t.Logf("version %s is not released yet; its hash is %s", g.Version, g.Hash)
		return
	}
	if err := os.WriteFile(releases, fmt.Appendf(text, "%s %s\n", g.Version, g.Hash), 0o644); err != nil {
		t.Fatal(err)
	}
}

// tally counts the items for which is says yes.
func tally(is func(*Item) bool) (n int) {
	g := Current()
	for i := range g.Items {
		if is(&g.Items[i]) {
			n++
		}
	}
	return n
}

// TestCoverage pins how the items are shared out over channels, stages and determinants.
func TestCoverage(t *testing.T) {
	var b strings.Builder
	row := func(name string, is func(*Item) bool) {
		fmt.Fprintf(&b, "%-16s", name)
		for _, c := range probes.Channels {
			fmt.Fprintf(&b, "%8d", tally(func(i *Item) bool { return i.Channel == c && is(i) }))
		}
		fmt.Fprintf(&b, "%8d\n", tally(is))
	}
	fmt.Fprintf(&b, "%-16s", "")
	for _, c := range probes.Channels {
		fmt.Fprintf(&b, "%8s", c)
	}
	fmt.Fprintf(&b, "%8s\n", "all")
	for _, s := range Stages {
		row(string(s), func(i *Item) bool { return i.Stage == s })
	}
	b.WriteByte('\n')
	for _, d := range Current().Determinants {
		row(d.Code, func(i *Item) bool { return i.Determinant == d.Code })
		channels := 0
		for _, c := range probes.Channels {
			if tally(func(i *Item) bool { return i.Channel == c && i.Determinant == d.Code }) > 0 {
				channels++
			}
		}
		if channels < 2 {
			t.Errorf("%s has items in %d channels: a structure that lacks one cannot be judged by it", d.Code, channels)
		}
	}
	b.WriteByte('\n')
	for _, o := range []Observer{Agent, Both, Auditor} {
		row("by "+string(o), func(i *Item) bool { return i.Observer == o })
	}
	for _, h := range []How{Observed, Measured, Asked} {
		row("from "+string(h), func(i *Item) bool { return i.How == h })
	}
	row("all", func(*Item) bool { return true })
	write(t, "testdata/coverage.txt", b.String())
}

// countTable writes rows for which one cell a channel is counted.
func countTable(b *strings.Builder, head string, names []string, is func(row int, i *Item) bool) {
	fmt.Fprintf(b, "| %s |", head)
	for _, c := range probes.Channels {
		fmt.Fprintf(b, " %s |", c)
	}
	b.WriteString(" all |\n|---|" + strings.Repeat("---|", len(probes.Channels)+1) + "\n")
	for r, name := range names {
		fmt.Fprintf(b, "| %s |", name)
		for _, c := range probes.Channels {
			fmt.Fprintf(b, " %d |", tally(func(i *Item) bool { return i.Channel == c && is(r, i) }))
		}
		fmt.Fprintf(b, " %d |\n", tally(func(i *Item) bool { return is(r, i) }))
	}
	b.WriteByte('\n')
}

// TestDocument holds docs/grid.md to the data.
func TestDocument(t *testing.T) {
	g := Current()
	var b strings.Builder
	agents := func(awaiting bool) int {
		return tally(func(i *Item) bool { return i.Observer == Agent && i.Awaiting() == awaiting })
	}
	fmt.Fprintf(&b, "# The grid\n\nMade by `go test ./grid -run Document -update` from `grid/data`. Version %s: %d items, %d determinants, three stages, six\n"+
		"channels. Agents alone observe %d of them: %d now, and %d that await their channel or their observer. What only a person can tell\n"+
		"is asked in a form, in the words of the item. The wordings are ours; the source is what asks for it, not a quotation.\n\n",
		g.Version, len(g.Items), len(g.Determinants), agents(false)+agents(true), agents(false), agents(true))
	b.WriteString("An item is a statement that is true or false (`yes`: it should be true; `no`: it should not), or a number in its unit. Its rule makes points\n" +
		"of it: all or none (`at most`, `at least`), or a share of them (`linear A B`: A earns 100, B earns 0). `@mail.answer` is a figure of the\n" +
		"campaign's [norms](#norms). *Silent* is what the item is worth when the structure never answered: `zero` where the citizen was owed it,\n" +
		"`skip` where there was nothing to judge. Weights count within a determinant, a stage and a channel.\n\n## Coverage\n\n")
	observers := []Observer{Agent, Both, Auditor}
	countTable(&b, "observer", []string{"agents alone", "agents, and a person may say better", "a person"}, func(r int, i *Item) bool { return i.Observer == observers[r] })
	hows := []How{Observed, Measured, Asked}
	countTable(&b, "from", []string{"what the probe notes", "instants and results", "a form"}, func(r int, i *Item) bool { return i.How == hows[r] })
	countTable(&b, "channel", []string{"observed now", "awaiting"}, func(r int, i *Item) bool { return i.Awaiting() == (r == 1) })
	var stages, determinants []string
	for _, s := range Stages {
		stages = append(stages, g.StageNames[s].EN)
	}
	countTable(&b, "stage", stages, func(r int, i *Item) bool { return i.Stage == Stages[r] })
	for _, d := range g.Determinants {
		determinants = append(determinants, d.Name.EN)
	}
	countTable(&b, "determinant", determinants, func(r int, i *Item) bool { return i.Determinant == g.Determinants[r].Code })

	b.WriteString("## Determinants\n\n| code | English | français | asks | demande | weight |\n|---|---|---|---|---|---|\n")
	for _, d := range g.Determinants {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %g |\n", d.Code, d.Name.EN, d.Name.FR, d.About.EN, d.About.FR, d.Weight)
	}
	b.WriteString("\n| stage | English | français | weight |\n|---|---|---|---|\n")
	for _, s := range Stages {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %g |\n", s, g.StageNames[s].EN, g.StageNames[s].FR, g.Stages[s])
	}
	b.WriteString("\n| channel | weight |\n|---|---|\n")
	for _, c := range probes.Channels {
		fmt.Fprintf(&b, "| `%s` | %g |\n", c, g.Channels[c])
	}
	b.WriteString("\n## Norms\n\nA campaign names a profile and may change figures of it; the launch freezes them. *Checked* says that the figure was read at its source;\n" +
		"what is not checked is from memory, or a choice of ours, and is to be checked before anybody is held to it.\n")
	for _, p := range Profiles() {
		fmt.Fprintf(&b, "\n### %s\n\n`%s`, %s (%s)\n\n| norm | value | unit | source | checked |\n|---|---|---|---|---|\n", p.EN, p.Profile, p.FR, p.Date)
		for _, n := range p.Values {
			source, checked := n.Source, "no"
			if n.URL != "" {
				source = "[" + n.Source + "](" + n.URL + ")"
			}
			if n.Checked {
				checked = "yes"
			}
			fmt.Fprintf(&b, "| `%s` | %g | %s | %s | %s |\n", n.Key, n.Value, n.Unit, source, checked)
		}
	}
	b.WriteString("\n## Items\n")
	for _, c := range probes.Channels {
		awaits := ""
		if !slices.Contains(Built, c) {
			awaits = ", awaiting their channel"
		} else if n := tally(func(i *Item) bool { return i.Channel == c && i.Awaiting() }); n > 0 {
			var codes []string
			for _, code := range Unwatched {
				if i, ok := g.Item(code); ok && i.Channel == c {
					codes = append(codes, "`"+string(code)+"`")
				}
			}
			awaits = fmt.Sprintf(", of which nothing observes %d yet and nobody loses points by them: %s", n, strings.Join(codes, ", "))
		}
		fmt.Fprintf(&b, "\n### %s\n\n%d items%s.\n\n| item | English | français | stage | determinant | by | from | unit | rule | silent | weight | source |\n"+
			"|---|---|---|---|---|---|---|---|---|---|---|---|\n", strings.ToUpper(string(c[:1]))+string(c[1:]), tally(func(i *Item) bool { return i.Channel == c }), awaits)
		for _, i := range g.Items {
			if i.Channel == c {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s | %s | %s | %s | %g | %s |\n", i.Code, i.Name.EN, i.Name.FR, i.Stage, i.Determinant, i.Observer,
					i.How, i.Unit, i.Rule, i.Silent, i.Weight, i.Source)
			}
		}
	}
	if strings.ContainsAny(strings.Join(strings.Split(b.String(), "|"), ""), "\r<>") {
		t.Error("a wording holds what a page would take for markup")
	}
	write(t, "../docs/grid.md", b.String())
}
