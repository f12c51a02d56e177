package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// command runs the collector and returns its exit code and what it printed.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, &out, &err)
	return code, out.String(), err.String()
}

func csvFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "in.csv")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// The figures are R's: survfit(Surv(c(1,2,2,3,5), c(1,1,0,1,0)) ~ 1, conf.type = "log-log"), rmean = 5.
func TestSurvivalJSON(t *testing.T) {
	name := csvFile(t, "time,event,group\n3,1,a\n1,1,a\n5,0,a\n2,0,a\n2,1,a\n")
	for _, flag := range []string{"-json", "--json"} {
		code, out, errs := command(t, "survival", "-in", name, flag)
		if code != 0 {
			t.Fatalf("%d %s", code, errs)
		}
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if len(lines) != 2 {
			t.Fatalf("%d lines:\n%s", len(lines), out)
		}
		for _, want := range []string{`"group":"a","n":5,"events":3,"median":3,"median_low":1,"median_high":null`, `"tau":5`,
			`"curve":[{"t":1,"s":0.8`, `{"t":5,"s":0.3`} {
			if !strings.Contains(lines[0], want) {
				t.Errorf("%s\nlacks %s", lines[0], want)
			}
		}
		if lines[1] != `{"logrank":{"chisq":null,"df":0,"p":null}}` {
			t.Errorf("one group: %s", lines[1])
		}
	}
}

func TestSurvivalNamesEveryFault(t *testing.T) {
	name := csvFile(t, "group,time,event\na,1,1\na,-1,1\nb,x,0\nb,3,maybe\n")
	code, _, errs := command(t, "survival", "-in", name)
	if code != 2 || !strings.Contains(errs, ":3: time") || !strings.Contains(errs, ":4: time") || !strings.Contains(errs, ":5: event") {
		t.Errorf("%d\n%s", code, errs)
	}
}

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
	}{
		{"-h", 0}, {"report -h", 0}, {"nonsense", 2}, {"survival", 2}, {"report -config no-such-file.yaml", 2}, {"report -by colour -config x", 2},
	} {
		if code, _, errs := command(t, strings.Fields(c.args)...); code != c.code {
			t.Errorf("%s: %d, want %d\n%s", c.args, code, c.code, errs)
		}
	}
}

func FuzzSurvival(f *testing.F) {
	f.Add("group,time,event\na,1,1\nb,2,0\n")
	f.Add("\ufeffgroup;time;event\n")
	f.Fuzz(func(t *testing.T, text string) {
		_, _, _ = parseSurvival(strings.NewReader(text), "f")
	})
}
