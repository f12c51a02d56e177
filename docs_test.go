package sonde_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/sonde-fleet/sonde/config"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/report"
	"github.com/sonde-fleet/sonde/review"
	"github.com/sonde-fleet/sonde/stats"
)

const formats = "docs/formats.md"

// files calls f with every file of the project that git would keep.
func files(t *testing.T, f func(name string, data []byte)) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (slices.Contains([]string{".git", "bin", "var", "dist"}, name) || d.Name() == "node_modules"):
			return filepath.SkipDir
		case !d.Type().IsRegular() || name == ".git": // of a worktree
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		f(filepath.ToSlash(name), data)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func documents(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	files(t, func(name string, data []byte) {
		if filepath.Ext(name) == ".md" && !strings.Contains(name, "testdata/") {
			found[name] = string(data)
		}
	})
	for _, want := range []string{"README.md", "DESIGN.md", "CONTRIBUTING.md", "CHANGELOG.md", formats, "docs/performance.md"} {
		if found[want] == "" {
			t.Fatalf("%s is missing", want)
		}
	}
	return found
}

var (
	links    = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	headings = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	fences   = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")
	spans    = regexp.MustCompile("`([^`\n]+)`")
)

// anchors are the names that the headings of a page get on the usual forges.
func anchors(text string) []string {
	var found []string
	for _, h := range headings.FindAllStringSubmatch(fences.ReplaceAllString(text, ""), -1) {
		found = append(found, strings.Map(func(r rune) rune {
			switch {
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			case r == ' ':
				return '-'
			}
			return -1
		}, h[1]))
	}
	return found
}

func TestLinksLead(t *testing.T) {
	pages := documents(t)
	for name, text := range pages {
		for _, m := range links.FindAllStringSubmatch(fences.ReplaceAllString(text, ""), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			to, anchor, _ := strings.Cut(m[1], "#")
			target := name
			if to != "" {
				target = filepath.Join(filepath.Dir(name), to)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: the link %s leads nowhere", name, m[1])
			} else if anchor != "" && !slices.Contains(anchors(pages[target]), anchor) {
				t.Errorf("%s: %s has no heading for the link %s", name, target, m[1])
			}
		}
	}
}

// TestCommandsExist reads every command line in the documents and looks for its target, package, test, subcommand and
// flags in the sources.
func TestCommandsExist(t *testing.T) {
	c, err := readCommands()
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for name, text := range documents(t) {
		if name == "DESIGN.md" {
			continue // it names what later issues bring
		}
		var found []string
		for _, m := range fences.FindAllStringSubmatch(text, -1) {
			if m[1] == "sh" {
				found = append(found, strings.Split(m[2], "\n")...)
			}
		}
		for _, m := range spans.FindAllStringSubmatch(fences.ReplaceAllString(text, ""), -1) {
			found = append(found, strings.ReplaceAll(m[1], `\|`, "|"))
		}
		for _, line := range found {
			known, problem := c.check(line)
			if problem != "" {
				t.Errorf("%s: %s: %s", name, line, problem)
			}
			if known {
				lines++
			}
		}
	}
	if lines < 40 {
		t.Errorf("only %d command lines were found in the documents", lines)
	}
}

func TestCommandCheckerFinds(t *testing.T) {
	c, err := readCommands()
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"make demo": "", "make fuzz FUZZTIME=1m": "", "make coffee": "no target coffee", "CI=true make demo": "",
		"go test ./stats -run EqualToR -v": "", "go test ./stat": "no package ./stat", "go test ./stats -run Nobody": "no test Nobody",
		"go test ./integration -run Killed -kills 5": "", "go test ./stats -kills 5": "no flag -kills",
		"bin/prober check -config x.yaml": "", "prober chek": "no command chek", "prober plan -tabel": "no flag -tabel",
		"prober status": "", "collector report -by sector --json": "", "collector report -campaigns x": "no flag -campaigns",
		"townhall demo -dir x --no-stay": "", "townhall run -truth FILE": "", "docker compose up": "", "prober resolve AUDIT accepted|not-sent|spoiled -reason PROOF": "",
	} {
		if _, got := c.check(line); got != want {
			t.Errorf("%s: got %q, want %q", line, got, want)
		}
	}
}

// commands is what the documents may tell a reader to type.
type commands struct {
	targets  []string
	programs map[string]map[string][]string // program → command → flags; "" has the flags of all
}

func readCommands() (commands, error) {
	c := commands{programs: map[string]map[string][]string{}}
	text, err := os.ReadFile("Makefile")
	if err != nil {
		return c, err
	}
	for _, m := range regexp.MustCompile(`(?m)^([a-z-]+):`).FindAllSubmatch(text, -1) {
		c.targets = append(c.targets, string(m[1]))
	}
	for _, name := range []string{"prober", "collector", "townhall"} {
		if c.programs[name], err = readGrammar(filepath.Join("cmd", name)); err != nil {
			return c, err
		}
	}
	return c, nil
}

// readGrammar reads the kong grammar of a command from its sources: the struct called grammar and those in it.
func readGrammar(dir string) (map[string][]string, error) {
	structs := map[string]*ast.StructType{}
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.TypeSpec); ok {
				if of, ok := s.Type.(*ast.StructType); ok {
					structs[s.Name.Name] = of
				}
			}
			return true
		})
	}
	found := map[string][]string{"": {"help", "h"}}
	if structs["grammar"] == nil {
		return nil, fmt.Errorf("%s has no type grammar", dir)
	}
	var flags func(of *ast.StructType) []string
	flags = func(of *ast.StructType) (out []string) {
		for _, f := range of.Fields.List {
			kind, _ := f.Type.(*ast.Ident)
			tag := tagOf(f)
			switch {
			case len(f.Names) == 0 && kind != nil && structs[kind.Name] != nil:
				out = append(out, flags(structs[kind.Name])...)
			case len(f.Names) == 1 && !has(tag, "arg") && !has(tag, "cmd"):
				name := tag.Get("name")
				if name == "" {
					name = kebab(f.Names[0].Name)
				}
				if out = append(out, name); has(tag, "negatable") {
					out = append(out, "no-"+name)
				}
			}
		}
		return out
	}
	found[""] = append(found[""], flags(structs["grammar"])...)
	for _, f := range structs["grammar"].Fields.List {
		if kind, ok := f.Type.(*ast.Ident); ok && has(tagOf(f), "cmd") {
			found[kebab(f.Names[0].Name)] = flags(structs[kind.Name])
		}
	}
	return found, nil
}

func tagOf(f *ast.Field) reflect.StructTag {
	if f.Tag == nil {
		return ""
	}
	text, err := strconv.Unquote(f.Tag.Value)
	if err != nil {
		return ""
	}
	return reflect.StructTag(text)
}

func has(tag reflect.StructTag, key string) bool { _, ok := tag.Lookup(key); return ok }

// kebab writes a field's name as a flag or command: InDoubt is in-doubt.
func kebab(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// check says whether the line is a command of ours and what is wrong with it.
func (c commands) check(line string) (known bool, problem string) {
	line, _, _ = strings.Cut(line, "#")
	line = strings.ReplaceAll(line, "'^$'", "^$")
	words := strings.Fields(line)
	for len(words) > 0 && strings.Contains(words[0], "=") {
		words = words[1:]
	}
	if len(words) < 2 {
		return false, ""
	}
	switch program := strings.TrimPrefix(strings.TrimPrefix(words[0], "./"), "bin/"); {
	case program == "make":
		for _, word := range words[1:] {
			if !strings.Contains(word, "=") && !slices.Contains(c.targets, word) {
				return true, "no target " + word
			}
		}
		return true, ""
	case program == "go" && words[1] == "test":
		return true, checkGoTest(words[2:])
	case c.programs[program] != nil:
		flags, ok := c.programs[program][words[1]]
		if !ok {
			return true, "no command " + words[1]
		}
		for _, word := range words[2:] {
			name, _, _ := strings.Cut(strings.TrimLeft(strings.Trim(word, "[]"), "-"), "=")
			if strings.HasPrefix(strings.Trim(word, "[]"), "-") && name != "" && !slices.Contains(flags, name) && !slices.Contains(c.programs[program][""], name) {
				return true, "no flag -" + name
			}
		}
		return true, ""
	}
	return false, ""
}

// checkGoTest looks for the package, its tests and its flags in the sources.
func checkGoTest(words []string) string {
	std := []string{"v", "run", "bench", "benchtime", "cpu", "fuzz", "fuzztime", "race", "shuffle", "count", "timeout"}
	var tests, own []string
	var packages []string
	for _, word := range words {
		if !strings.HasPrefix(word, "./") {
			continue
		}
		packages = append(packages, word)
		names, _ := filepath.Glob(filepath.Join(strings.TrimSuffix(word, "/..."), "*_test.go"))
		if len(names) == 0 && !strings.HasSuffix(word, "/...") {
			return "no package " + word
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				return err.Error()
			}
			for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz)\w*)\(`).FindAllSubmatch(text, -1) {
				tests = append(tests, string(m[1]))
			}
			for _, m := range regexp.MustCompile(`flag\.\w+\("([a-z-]+)"`).FindAllSubmatch(text, -1) {
				own = append(own, string(m[1]))
			}
		}
	}
	for i, word := range words {
		name := strings.TrimLeft(word, "-")
		switch {
		case !strings.HasPrefix(word, "-"):
			continue
		case !slices.Contains(std, name) && !slices.Contains(own, name):
			return "no flag -" + name
		case (name == "run" || name == "bench" || name == "fuzz") && i+1 < len(words) && len(packages) > 0:
			pattern := words[i+1]
			if pattern == "xxx" || pattern == "^$" || pattern == "." {
				continue // none, or all
			}
			match, err := regexp.Compile(pattern)
			if err != nil {
				return err.Error()
			}
			if !slices.ContainsFunc(tests, match.MatchString) {
				return "no test " + pattern
			}
		}
	}
	return ""
}

// TestFormatsNamesWhatTheCodeHas fails when the code has a kind, a state, a key or a column that the page does not name.
func TestFormatsNamesWhatTheCodeHas(t *testing.T) {
	page := documents(t)[formats]
	quoted := map[string]bool{}
	for _, m := range spans.FindAllStringSubmatch(page, -1) {
		quoted[m[1]] = true
		for _, word := range strings.FieldsFunc(m[1], func(r rune) bool { return strings.ContainsRune(` {}[]":,|\/`, r) }) {
			quoted[word] = true
		}
	}
	for what, names := range map[string][]string{
		"event kind":                          constants(t, "probes/kinds.go", "Kind", ""),
		"class or answer":                     constants(t, "probes/kinds.go", "", "Class", "Answer"),
		"state":                               texts(probes.Statuses[:]),
		"result":                              texts(stats.Results[:]),
		"dimension":                           texts(stats.Dimensions[:]),
		"channel":                             texts(probes.Channels[:]),
		"conflict":                            constants(t, "schedule/plan.go", "", "No", "Closed", "CapReached"),
		"key of an audit":                     keys(reflect.TypeFor[probes.Audit](), "json", ""),
		"key of an event":                     keys(reflect.TypeFor[probes.Event](), "json", ""),
		"key of evidence":                     keys(reflect.TypeFor[probes.Evidence](), "json", ""),
		"key of an observation":               keys(reflect.TypeFor[probes.Observation](), "json", ""),
		"key of a state":                      keys(reflect.TypeFor[probes.State](), "json", ""),
		"key of a launch":                     keys(reflect.TypeFor[probes.Launch](), "json", ""),
		"key of a timeline":                   keys(reflect.TypeFor[probes.Timeline](), "json", ""),
		"key of a fault":                      keys(reflect.TypeFor[config.Fault](), "json", ""),
		"column of an outcome":                keys(reflect.TypeFor[report.Row](), "json", ""),
		"key of a report":                     keys(reflect.TypeFor[report.Line](), "json", ""),
		"key of the calls":                    slices.Concat(keys(reflect.TypeFor[report.CallLine](), "json", ""), keys(reflect.TypeFor[report.ShareOf](), "json", "")),
		"key of a rate":                       keys(reflect.TypeFor[report.RateLine](), "json", ""),
		"column of the directory":             constants(t, "directory/load.go", "", "field"),
		"key of prober.yaml":                  keys(reflect.TypeFor[config.Prober](), "yaml", ""),
		"key of collector.yaml":               keys(reflect.TypeFor[config.Collector](), "yaml", ""),
		"key of campaign.yaml":                keys(reflect.TypeFor[config.Campaign](), "yaml", ""),
		"key of mail":                         keys(reflect.TypeFor[config.Mail](), "yaml", "mail."),
		"key of an account":                   keys(reflect.TypeFor[config.MailAccount](), "yaml", ""),
		"key of smtp":                         keys(reflect.TypeFor[config.SMTP](), "yaml", ""),
		"key of imap":                         keys(reflect.TypeFor[config.IMAP](), "yaml", ""),
		"key of dkim":                         keys(reflect.TypeFor[config.DKIM](), "yaml", ""),
		"key of phone":                        keys(reflect.TypeFor[config.Phone](), "yaml", "phone."),
		"key of a trunk":                      keys(reflect.TypeFor[config.Trunk](), "yaml", ""),
		"key of caps":                         keys(reflect.TypeFor[config.Caps](), "yaml", ""),
		"key of a wave":                       keys(reflect.TypeFor[config.Wave](), "yaml", ""),
		"key of a persona":                    keys(reflect.TypeFor[config.Persona](), "yaml", ""),
		"key of a scenario":                   keys(reflect.TypeFor[config.Scenario](), "yaml", ""),
		"key of a fact":                       keys(reflect.TypeFor[config.Fact](), "yaml", ""),
		"detail of an event of mail":          details(t, "probes/mail/*.go"),
		"detail of an event of the telephone": details(t, "probes/phone/*.go"),
		"detail of another event":             slices.Concat(details(t, "schedule/*.go"), details(t, "cmd/prober/*.go"), details(t, "control/*.go"), details(t, "ledger/*.go")),
		"key of access":                       keys(reflect.TypeFor[config.Access](), "yaml", "access."),
		"key of oidc":                         keys(reflect.TypeFor[config.OIDC](), "yaml", ""),
		"key of an experiment":                keys(reflect.TypeFor[config.Experiment](), "yaml", ""),
		"key of an arm":                       keys(reflect.TypeFor[config.Arm](), "yaml", ""),
		"key of a frozen experiment":          keys(reflect.TypeFor[probes.Experiment](), "json", ""),
		"key of an analysis": slices.Concat(keys(reflect.TypeFor[report.ExperimentLine](), "json", ""), keys(reflect.TypeFor[report.ArmLine](), "json", ""),
			keys(reflect.TypeFor[report.BalanceLine](), "json", ""), keys(reflect.TypeFor[report.EffectLine](), "json", ""), keys(reflect.TypeFor[report.TestLine](), "json", "")),
		"key of review":    keys(reflect.TypeFor[config.Review](), "yaml", ""),
		"kind of flag":     texts(review.Kinds[:]),
		"key of a flag":    keys(reflect.TypeFor[review.Flag](), "json", ""),
		"key of a verdict": keys(reflect.TypeFor[stats.Verdict](), "json", ""),
		"key of a dispute": keys(reflect.TypeFor[stats.Dispute](), "json", ""),

		"command of prober":    commandsOf(t, "prober"),
		"command of collector": commandsOf(t, "collector"),
		"command of townhall":  commandsOf(t, "townhall"),
		"address of the site":  routes(t, "site/site.go"),
	} {
		if len(names) == 0 {
			t.Errorf("no %s was found in the code", what)
		}
		for _, name := range names {
			if !quoted[name] && !quoted[strings.TrimPrefix(name, "mail.")+"[]"] && !quoted[name+"[]"] {
				t.Errorf("%s does not name the %s %q", formats, what, name)
			}
		}
	}
}

func texts[T ~string](list []T) (out []string) {
	for _, x := range list {
		out = append(out, string(x))
	}
	return out
}

// constants returns the values of the string constants of a file that have the type, or whose names begin so.
func constants(t *testing.T, name, of string, prefixes ...string) (out []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			return true
		}
		kind, _ := v.Type.(*ast.Ident)
		typed := of != "" && kind != nil && kind.Name == of
		named := of == "" && slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(v.Names[0].Name, p) })
		if text, ok := literal(v.Values[0]); ok && (typed || named) {
			out = append(out, text)
		}
		return true
	})
	return out
}

func literal(e ast.Expr) (string, bool) {
	b, ok := e.(*ast.BasicLit)
	if !ok || b.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(b.Value)
	return text, err == nil
}

// keys returns the names that the fields of a struct have in a format.
func keys(of reflect.Type, format, prefix string) (out []string) {
	for i := range of.NumField() {
		f := of.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get(format), ",")
		switch {
		case options == "inline":
			out = append(out, keys(f.Type, format, prefix)...)
		case name != "" && name != "-":
			out = append(out, prefix+name)
		}
	}
	return out
}

// details returns the keys that the sources put into an event's Detail.
func details(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %v", pattern, err)
	}
	found := map[string]bool{}
	add := func(e ast.Expr) {
		if text, ok := literal(e); ok {
			found[text] = true
		}
	}
	isDetail := func(e ast.Expr) bool {
		switch e := e.(type) {
		case *ast.Ident:
			return e.Name == "Detail" || e.Name == "detail" || e.Name == "cursor"
		case *ast.SelectorExpr:
			return e.Sel.Name == "Detail"
		}
		return false
	}
	all := func(e ast.Expr) {
		if lit, ok := e.(*ast.CompositeLit); ok {
			for _, x := range lit.Elts {
				if kv, ok := x.(*ast.KeyValueExpr); ok {
					add(kv.Key)
				}
			}
		}
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr: // Detail: map[string]string{"k": v}
				if isDetail(n.Key) {
					all(n.Value)
				}
			case *ast.AssignStmt: // detail := map…, e.Detail["k"] = v
				for i, left := range n.Lhs {
					if x, ok := left.(*ast.IndexExpr); ok && isDetail(x.X) {
						add(x.Index)
					} else if isDetail(left) && i < len(n.Rhs) {
						all(n.Rhs[i])
					}
				}
			case *ast.CallExpr: // put("k", v)
				if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "put" && len(n.Args) == 2 {
					add(n.Args[0])
				}
			case *ast.FuncDecl: // func (w *watcher) cursor(…) map[string]string
				if n.Name.Name == "cursor" && n.Body != nil {
					for _, s := range n.Body.List {
						if r, ok := s.(*ast.ReturnStmt); ok && len(r.Results) == 1 {
							all(r.Results[0])
						}
					}
				}
			}
			return true
		})
	}
	return slices.Sorted(maps.Keys(found))
}

func commandsOf(t *testing.T, program string) []string {
	t.Helper()
	g, err := readGrammar(filepath.Join("cmd", program))
	if err != nil {
		t.Fatal(err)
	}
	delete(g, "")
	return slices.Sorted(maps.Keys(g))
}

// routes returns the addresses that a handler is registered for: "GET /audits/{id}" is /audits.
func routes(t *testing.T, name string) (out []string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"GET /([a-z0-9./]*[a-z0-9])[/"]`).FindAllSubmatch(text, -1) {
		if path := string(m[1]); path != "static" {
			out = append(out, path[strings.LastIndexByte(path, '/')+1:])
		}
	}
	return out
}

// TestNoFileNamesAMachine keeps out what is true on one developer's machine alone.
func TestNoFileNamesAMachine(t *testing.T) {
	foreign := []string{"/wo" + "rk/", "/ro" + "ot/", "GOPR" + "OXY", "GONOSUM" + "DB", "GOFLAGS=-mod" + "cacherw"}
	files(t, func(name string, data []byte) {
		if bytes.IndexByte(data, 0) >= 0 || strings.Contains(name, "testdata/") {
			return
		}
		for _, f := range foreign {
			if i := bytes.Index(data, []byte(f)); i >= 0 {
				t.Errorf("%s:%d names %s", name, 1+bytes.Count(data[:i], []byte("\n")), f)
			}
		}
	})
}
