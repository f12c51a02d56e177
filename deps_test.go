// Package sonde_test holds the structure of the module to its design: who may import whom, what every package says of
// itself, how long a file may be, and that the documentation speaks of what is there. It tests no behaviour.
package sonde_test

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/sonde-fleet/sonde"

// maxLines is how long a file that people write may be (tests excepted).
const maxLines = 500

// room is one package of the module. Rooms are named by their folder: "probes/mail"; the root is ".".
type room struct {
	imports map[string]string   // import path → a file that has it, tests excepted
	tests   map[string]string   // the same of the tests
	calls   map[string]string   // "time.Now" → a place that calls it, tests excepted
	docs    map[string]string   // file → package comment
	names   map[string]struct{} // of the package clauses
	lines   map[string]int      // of the files that people write, tests excepted
}

// house is every room of the module.
type house map[string]*room

// readHouse parses the tree. It is go/parser and not `go list`, so that the test cache sees every file that matters.
func readHouse(root string) (house, error) {
	h := house{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && name != root || d.Name() == "testdata" || d.Name() == "node_modules"):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(name) != ".go":
			return nil
		}
		return h.read(root, name)
	})
	return h, err
}

func (h house) read(root, name string) error {
	src, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(root, name)
	if err != nil {
		return err
	}
	rel = filepath.ToSlash(rel)
	r := h[path.Dir(rel)]
	if r == nil {
		r = &room{map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}, map[string]struct{}{}, map[string]int{}}
		h[path.Dir(rel)] = r
	}
	test := strings.HasSuffix(rel, "_test.go")
	if file.Doc != nil {
		r.docs[rel] = file.Doc.Text()
	}
	into := r.imports
	if test {
		into = r.tests
	} else {
		r.names[file.Name.Name] = struct{}{}
		if !ast.IsGenerated(file) {
			r.lines[rel] = strings.Count(string(src), "\n")
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok {
					r.calls[x.Name+"."+s.Sel.Name] = fmt.Sprintf("%s:%d", rel, set.Position(s.Pos()).Line)
				}
			}
			return true
		})
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		into[imported] = rel
	}
	return nil
}

// own returns the room of an import path of this module.
func own(imported string) (name string, ok bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// standard says whether an import path is the standard library's: no dot before the first slash.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

// in says whether an import path or a room is the package or one below it.
func in(name, above string) bool { return name == above || strings.HasPrefix(name, above+"/") }

func within(name string, above ...string) bool {
	return slices.ContainsFunc(above, func(a string) bool { return in(name, a) })
}

// reach returns everything that the room imports, through other rooms too, and by which way: "site > stats > os".
func (h house) reach(name string) map[string]string {
	found := map[string]string{}
	var walk func(name, way string)
	walk = func(name, way string) {
		r := h[name]
		if r == nil {
			return
		}
		for _, imported := range slices.Sorted(maps.Keys(r.imports)) {
			if _, seen := found[imported]; seen {
				continue
			}
			next, ours := own(imported)
			if !ours {
				next = imported
			}
			found[imported] = way + " > " + next
			if ours {
				walk(next, found[imported])
			}
		}
	}
	walk(name, name)
	return found
}

// violations returns what breaks a rule of the design, in order.
func (h house) violations() []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for name, r := range h {
		h.imports(name, r, add)
		r.form(name, add)
	}
	h.pure("stats", nil, add)
	h.pure("grid", nil, add)
	h.pure("experiment", []string{"stats", "experiment"}, add)
	for imported, way := range h.reach("cmd/collector") {
		for _, heavy := range []string{"github.com/chromedp", "github.com/emersion/go-imap", "github.com/emersion/go-smtp", "github.com/emiago/sipgo", module + "/probes/mail"} {
			// A mail is shown with its passages marked: the room that only reads one may be reached, with no other of its channel.
			if in(imported, heavy) && imported != module+"/probes/mail/message" {
				add("%s: the collector does without %s", way, heavy)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// forChannels are the rooms that a channel may know besides its own: vocabulary and pure knowledge.
var forChannels = []string{"probes", "grid", "internal/fold", "schedule/calendar"}

// imports holds the room's own imports to the rules of DESIGN.md section 4.
func (h house) imports(name string, r *room, add func(string, ...any)) {
	channel := ""
	if rest, ok := strings.CutPrefix(name, "probes/"); ok {
		first, _, _ := strings.Cut(rest, "/")
		channel = "probes/" + first
	}
	for imported, file := range r.imports {
		to, ours := own(imported)
		switch {
		case name == "probes" && !standard(imported):
			add("%s imports %s: the vocabulary imports the standard library alone", file, imported)
		case channel != "" && ours && !slices.Contains(forChannels, to) && !in(to, channel):
			add("%s imports %s: a channel knows %s and its own folders", file, to, strings.Join(forChannels, ", "))
		case in(name, "schedule") && ours && strings.HasPrefix(to, "probes/"):
			add("%s imports %s: schedule knows no channel", file, to)
		case in(name, "site") && ours && in(to, "store"):
			add("%s imports %s: the site is given what it shows", file, to)
		case ours && in(to, "townhall") && !within(name, "townhall", "cmd/townhall"):
			add("%s imports %s: the simulator is for tests and cmd/townhall", file, to)
		case ours && in(to, "cmd"), ours && to == ".":
			add("%s imports %s: nobody imports a command", file, to)
		}
	}
}

// pure finds input, output and clocks in a room and in the rooms of ours that it reaches: those that every pure room may know,
// and some more.
func (h house) pure(name string, more []string, add func(string, ...any)) {
	allowed := append([]string{"probes", "schedule/calendar", "grid", "config/fault"}, more...)
	for imported, way := range h.reach(name) {
		to, ours := own(imported)
		switch {
		case ours && !slices.Contains(allowed, to):
			add("%s: %s is pure and knows %s alone", way, name, strings.Join(allowed, ", "))
		case within(imported, "os", "net", "syscall", "log", "database", "io/ioutil", "testing"):
			add("%s: %s is pure: no input, no output", way, name)
		}
	}
	if r := h[name]; r != nil {
		for _, clock := range []string{"time.Now", "time.Since", "time.Until", "time.Sleep", "time.After", "time.NewTimer", "time.Tick"} {
			if place, ok := r.calls[clock]; ok {
				add("%s calls %s: %s has no clock", place, clock, name)
			}
		}
	}
}

// form holds the room to the house style: one package comment, whose first sentence says why the package exists, and
// files that can be read at one sitting.
func (r *room) form(name string, add func(string, ...any)) {
	for file, n := range r.lines {
		if n > maxLines {
			add("%s has %d lines: at most %d", file, n, maxLines)
		}
	}
	if len(r.names) == 0 {
		return // tests alone: nobody imports it
	}
	var comments []string
	for file, text := range r.docs {
		if !strings.HasSuffix(file, "_test.go") {
			comments = append(comments, text)
		}
	}
	if len(comments) != 1 {
		add("%s has %d package comments: one file says why the package exists", name, len(comments))
		return
	}
	title := "Package " + slices.Sorted(maps.Keys(r.names))[0] + " "
	if _, command := r.names["main"]; command {
		title = "Command " + path.Base(name) + " "
	}
	first := (&doc.Package{}).Synopsis(comments[0])
	if !strings.HasPrefix(first, title) || !strings.HasSuffix(first, ".") {
		add("%s: the package comment begins %q: it wants one sentence that begins %q and ends with a period", name, first, title)
	}
}

func TestRoomsKeepTheDesign(t *testing.T) {
	h, err := readHouse(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"probes", "probes/mail", "schedule", "stats", "store", "site", "cmd/collector", "cmd/prober", "townhall"} {
		if h[want] == nil {
			t.Errorf("the room %s was not read: the rules would pass over it", want)
		}
	}
	for _, v := range h.violations() {
		t.Error(v)
	}
}

// A rule that never fails proves nothing: each one is broken here in a tree of its own.
func TestEveryRuleCanFail(t *testing.T) {
	const sound = "// Package p does one thing.\npackage p\n"
	file := func(imports ...string) string {
		var b strings.Builder
		b.WriteString(sound)
		for _, i := range imports {
			fmt.Fprintf(&b, "import _ %q\n", i)
		}
		return b.String()
	}
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string // part of the one violation; empty: none
	}{
		{"sound", map[string]string{"probes/a.go": file("time"), "probes/mail/a.go": file(module+"/probes", module+"/grid", module+"/probes/mail/rate",
			"github.com/emersion/go-imap/v2"), "probes/mail/rate/a.go": file("strings"), "stats/a.go": file("math", module+"/probes"),
			"grid/a.go": file(), "site/a.go": file(module + "/stats"), "schedule/a.go": file(module+"/probes", "os"),
			"townhall/a.go": file("net"), "cmd/townhall/main.go": "// Command townhall runs it.\npackage main\nimport _ \"" + module + "/townhall\"\n",
			"store/a_test.go": "package p\nimport _ \"" + module + "/townhall\"\n"}, ""},
		{"probes imports a library", map[string]string{"probes/a.go": file("github.com/google/uuid")}, "the standard library alone"},
		{"probes imports ours", map[string]string{"probes/a.go": file(module + "/config"), "config/a.go": file()}, "the standard library alone"},
		{"a channel imports another", map[string]string{"probes/mail/a.go": file(module + "/probes/web"), "probes/web/a.go": file()}, "a channel knows"},
		{"a channel imports one whose name begins alike", map[string]string{"probes/web/a.go": file(module + "/probes/webmail"),
			"probes/webmail/a.go": file()}, "a channel knows"},
		{"a folder of a channel imports the store", map[string]string{"probes/mail/rate/a.go": file(module + "/store"), "store/a.go": file()}, "a channel knows"},
		{"schedule knows a channel", map[string]string{"schedule/calendar/a.go": file(module + "/probes/mail"), "probes/mail/a.go": file()}, "knows no channel"},
		{"stats writes files", map[string]string{"stats/a.go": file("os")}, "no input, no output"},
		{"stats reaches the network through calendar", map[string]string{"stats/a.go": file(module + "/schedule/calendar"),
			"schedule/calendar/a.go": file("net/http")}, "stats > schedule/calendar > net/http"},
		{"stats reads the store", map[string]string{"stats/a.go": file(module + "/store"), "store/a.go": file()}, "stats is pure"},
		{"stats has a clock", map[string]string{"stats/a.go": sound + "import \"time\"\nvar at = time.Now\n"}, "stats/a.go:4 calls time.Now"},
		{"experiment knows stats", map[string]string{"experiment/a.go": file(module + "/stats"), "stats/a.go": file("math")}, ""},
		{"experiment reads files", map[string]string{"experiment/a.go": file("os")}, "experiment is pure"},
		{"experiment has a clock", map[string]string{"experiment/a.go": sound + "import \"time\"\nvar at = time.Now\n"}, "experiment/a.go:4 calls time.Now"},
		{"grid reads the environment", map[string]string{"grid/a.go": file("os")}, "grid is pure"},
		{"the collector reaches Chrome", map[string]string{"cmd/collector/main.go": "// Command collector collects.\npackage main\nimport _ \"" + module +
			"/report\"\n", "report/a.go": file("github.com/chromedp/chromedp")}, "cmd/collector > report > github.com/chromedp/chromedp"},
		{"the collector reaches the mail channel", map[string]string{"cmd/collector/main.go": "// Command collector collects.\npackage main\nimport _ \"" +
			module + "/site\"\n", "site/a.go": file(module + "/probes/mail/rate"), "probes/mail/rate/a.go": file()}, "the collector does without"},
		{"the store imports the simulator", map[string]string{"store/a.go": file(module + "/townhall"), "townhall/a.go": file()}, "the simulator is for tests"},
		{"the prober imports the town's telephones", map[string]string{"cmd/prober/main.go": "// Command prober probes.\npackage main\nimport _ \"" + module +
			"/townhall/switchboard\"\n", "townhall/switchboard/a.go": file()}, "the simulator is for tests"},
		{"the site imports the store", map[string]string{"site/a.go": file(module + "/store"), "store/a.go": file()}, "given what it shows"},
		{"a room imports a command", map[string]string{"store/a.go": file(module + "/cmd/prober"),
			"cmd/prober/main.go": "// Command prober probes.\npackage main\n"}, "nobody imports a command"},
		{"no package comment", map[string]string{"store/a.go": "package store\n"}, "0 package comments"},
		{"two package comments", map[string]string{"store/a.go": sound, "store/b.go": sound}, "2 package comments"},
		{"a comment that is no sentence", map[string]string{"store/a.go": "// Package p\npackage p\n"}, "ends with a period"},
		{"a comment on something else", map[string]string{"store/a.go": "// This keeps things.\npackage p\n"}, "that begins"},
		{"a command that calls itself a package", map[string]string{"cmd/x/main.go": "// Package main runs.\npackage main\n"}, `"Command x "`},
		{"a long file", map[string]string{"store/a.go": sound + strings.Repeat("\n", maxLines)}, "502 lines"},
		{"a long test and a long generated file", map[string]string{"store/a.go": sound, "store/a_test.go": "package p\n" + strings.Repeat("\n", maxLines),
			"store/b.go": "// Code generated by x. DO NOT EDIT.\n\npackage p\n" + strings.Repeat("\n", maxLines)}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			for name, text := range c.files {
				name = filepath.Join(root, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			h, err := readHouse(root)
			if err != nil {
				t.Fatal(err)
			}
			got := h.violations()
			if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
