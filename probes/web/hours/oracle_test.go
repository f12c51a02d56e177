package hours

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/schedule/calendar"
)

// oracleWindows are without French public holidays, about which the two libraries differ on purpose; the last two are
// without school holidays, and the second is in the summer ones.
var oracleWindows = []string{"2026-07-15/2026-08-14", "2026-03-09/2026-03-30", "2026-09-07/2026-10-12"}

// node returns the oracle's command, or skips the test. Where it is required it installs what the oracle needs.
func node(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	required := os.Getenv("SONDE_INTEGRATION") == "required"
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			if required {
				t.Fatalf("%s is not installed; Try: make install", program)
			}
			t.Skipf("%s is not installed", program)
		}
	}
	if _, err := os.Stat(filepath.Join("oracle", "node_modules", "opening_hours")); err != nil {
		if !required {
			t.Skip("oracle/node_modules is missing; Try: cd probes/web/hours/oracle && npm ci --ignore-scripts")
		}
		install := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
		install.Dir = "oracle"
		if out, err := install.CombinedOutput(); err != nil {
			t.Fatalf("npm ci: %v\n%s", err, out)
		}
	}
	cmd := exec.Command("node", append([]string{"week.js"}, args...)...)
	cmd.Dir = "oracle"
	cmd.Env = append(os.Environ(), "TZ=UTC")
	return cmd
}

// answer is what the oracle says of one opening hours.
type answer struct {
	Open  [][2]int64
	Error string
}

func ask(t *testing.T, hours []string) (out []answer) {
	t.Helper()
	in, err := json.Marshal(hours)
	if err != nil {
		t.Fatal(err)
	}
	cmd := node(t, oracleWindows...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), &stderr
	b, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, &stderr)
	}
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEqualToOpeningHoursJS compares what Find writes with how npm's opening_hours, which the users of OpenStreetMap have,
// understands it.
func TestEqualToOpeningHoursJS(t *testing.T) {
	var all []string
	for _, c := range readCases(t) {
		for _, f := range Find(c.text) {
			all = append(all, f.OSM)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	for i, a := range ask(t, all) {
		if a.Error != "" {
			t.Errorf("%s: %s", all[i], a.Error)
			continue
		}
		var want [][2]int64
		for w := range oracleWindows {
			want = append(want, spansOf(t, all[i], w)...)
		}
		if got := joinSpans(a.Open); !slices.Equal(got, joinSpans(want)) {
			t.Errorf("%s: opening_hours says\n%v, we say\n%v", all[i], got, joinSpans(want))
		}
	}
	t.Logf("%d opening hours", len(all))
}

// TestEqualAgainstOpeningHoursJS holds Equal to the oracle over every pair of what the cases have.
func TestEqualAgainstOpeningHoursJS(t *testing.T) {
	var all []string
	for _, c := range readCases(t) {
		for _, f := range Find(c.text) {
			if !strings.ContainsAny(f.OSM, "[") && !strings.Contains(f.OSM, "SH") && !strings.Contains(f.OSM, "PH") {
				all = append(all, f.OSM)
			}
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	all = all[:min(len(all), 60)]
	said := ask(t, all)
	for i := range all {
		for j := range i {
			if want := slices.Equal(said[i].Open, said[j].Open); want && !Equal(all[i], all[j]) {
				t.Errorf("%s and %s are equal in the windows", all[i], all[j])
			} else if !want && Equal(all[i], all[j]) {
				t.Errorf("%s and %s are not equal", all[i], all[j])
			}
		}
	}
}

// joinSpans joins the spans that touch: midnight divides ours, not theirs.
func joinSpans(in [][2]int64) (out [][2]int64) {
	for _, s := range in {
		if n := len(out); n > 0 && out[n-1][1] >= s[0] {
			out[n-1][1] = max(out[n-1][1], s[1])
			continue
		}
		out = append(out, s)
	}
	return out
}

// spansOf says when hours are open in a window, in minutes since 1970, cut at its ends.
func spansOf(t *testing.T, hours string, window int) (out [][2]int64) {
	from, to, _ := strings.Cut(oracleWindows[window], "/")
	first, last := parseDay(t, from), parseDay(t, to)
	for d := first - 1; d < last; d++ {
		for _, s := range onDay(t, hours, d, window == 0).OpenSpans(d) {
			a, b := max(s.Start.Unix()/60, int64(first)*1440), min(s.End.Unix()/60, int64(last)*1440)
			if a < b {
				out = append(out, [2]int64{a, b})
			}
		}
	}
	return out
}

// onDay is the calendar of the rules that hold on a day, given its week and whether it is in the school holidays.
func onDay(t *testing.T, hours string, d calendar.Day, holidays bool) *calendar.Calendar {
	t.Helper()
	y, m, n := d.Date()
	_, week := time.Date(y, m, n, 0, 0, 0, 0, time.UTC).ISOWeek()
	var hold []string
	for _, rule := range strings.Split(hours, "; ") {
		for key, rules := range conditions(rule) {
			if key == "" || key == "SH" && holidays || key == "week 02-52/2" && week%2 == 0 || key == "week 01-53/2" && week%2 == 1 {
				hold = append(hold, rules...)
			}
		}
	}
	c := calendarOf(strings.Join(hold, "; "))
	if c == nil {
		t.Fatalf("%s: the calendar does not read it", hours)
	}
	return c
}

func parseDay(t *testing.T, s string) calendar.Day {
	t.Helper()
	d, err := calendar.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
