package integration

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/access"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/store"
)

// editions writes a collector's store with structures × 13 audits × editions, each edition's mails answered, silent,
// bounced or spoiled as the seed says, and an account with every role.
func editions(b testing.TB, dir string, structures, campaigns int) (audits int) {
	b.Helper()
	journal, err := store.Open(filepath.Join(dir, "made"))
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	var batch []probes.Record
	add := func(x probes.Record) {
		if batch = append(batch, x); len(batch) == 5000 {
			if err := journal.Append(batch...); err != nil {
				b.Fatal(err)
			}
			batch = batch[:0]
		}
	}
	event := func(id probes.AuditID, kind probes.Kind, at time.Time, detail map[string]string) {
		add(probes.Record{Event: &probes.Event{Audit: id, Kind: kind, At: at, Detail: detail, Try: 1}})
	}
	plan := []probes.Channel{"mail", "phone", "mail", "web", "phone", "mail", "post", "phone", "web", "mail", "social", "phone", "visit"}
	for c := range campaigns {
		start := time.Date(2024+c, 3, 1, 8, 0, 0, 0, time.UTC)
		campaign := fmt.Sprintf("edition-%d", 2024+c)
		for s := range structures {
			id := probes.StructureID(fmt.Sprintf("S%06d", s))
			if c == 0 {
				add(probes.Record{Structure: &probes.Structure{ID: id, Name: fmt.Sprintf("Mairie de Saint-Exemple-%d", s), Kind: []string{"mairie", "département", "hôpital", "entreprise"}[s%4],
					Sector: []string{"public", "public", "public", "private"}[s%4], Band: []string{"0-2k", "2k-10k", "10k-50k", "50k-200k"}[s/4%4], Region: fmt.Sprintf("Région %d", s%13),
					Zone: "Europe/Paris", Hours: "Mo-Fr 09:00-17:00", Holidays: "FR"}})
			}
			for n, channel := range plan {
				due := start.Add(time.Duration(r.IntN(50*24)) * time.Hour)
				a := probes.Audit{ID: probes.AuditID(fmt.Sprintf("%s.%s.%02d", campaign, id, n+1)), Campaign: campaign, Structure: id, Channel: channel, Scenario: "horaires",
					Persona: "lea", Wave: "plan", Number: n + 1, Due: due, Deadline: due.AddDate(0, 0, 15), Target: fmt.Sprintf("contact@s%d.example", s)}
				add(probes.Record{Audit: &a})
				audits++
				if channel != probes.Mail {
					event(a.ID, probes.AuditAwaiting, due, nil)
					continue
				}
				event(a.ID, probes.MailSending, due, nil)
				event(a.ID, probes.MailAccepted, due, nil)
				switch x := r.Float64(); {
				case x < 0.5:
					event(a.ID, probes.MailReceived, due.Add(time.Duration(r.ExpFloat64()*60*float64(time.Hour))), map[string]string{"class": "human", "sure": "yes", "answer": "answer",
						"folder": "INBOX", "from": fmt.Sprintf("accueil@s%d.example", s), "subject": fmt.Sprintf("Re: horaires %d", n), "confidence": "0.95"})
				case x < 0.53:
					event(a.ID, probes.MailReceived, due.Add(time.Hour), map[string]string{"class": "bounce", "sure": "yes", "reason": "userunknown"})
				}
				event(a.ID, probes.AuditClosed, a.Deadline, nil)
			}
		}
		add(probes.Record{Launch: &probes.Launch{Campaign: campaign, Title: fmt.Sprintf("Baromètre %d", 2024+c), End: start.AddDate(0, 2, 0), Structure: structures, Audits: 13 * structures,
			Timeline: probes.Timeline{Start: start, Launched: start, Speed: 1}}})
	}
	if err := journal.Append(batch...); err != nil {
		b.Fatal(err)
	}
	filed, err := store.OpenCollected(filepath.Join(dir, "collector"))
	if err != nil {
		b.Fatal(err)
	}
	for after := uint64(0); after < journal.Last(); after += 5000 {
		page, err := journal.Page(after, 5000)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := filed.File("made", page); err != nil {
			b.Fatal(err)
		}
	}
	if err := filed.Close(); err != nil {
		b.Fatal(err)
	}
	if err := journal.Close(); err != nil {
		b.Fatal(err)
	}
	os.RemoveAll(filepath.Join(dir, "made"))
	doors, err := access.Open(filepath.Join(dir, "collector"))
	if err != nil {
		b.Fatal(err)
	}
	defer doors.Close()
	secret, err := doors.Setup()
	if err != nil {
		b.Fatal(err)
	}
	first, err := doors.UseLink(context.Background(), secret, "operatrice", password)
	if err != nil {
		b.Fatal(err)
	}
	if err := doors.SetRoles(access.With(context.Background(), access.Visitor{Account: first}), first.Name, access.Roles[:]); err != nil {
		b.Fatal(err)
	}
	return audits
}

// wrkScript asks for a random line of a file each time, and tells the 95th percentile, the rate and the faults.
const wrkScript = `
local paths = {}
for line in io.lines(os.getenv("PATHS")) do paths[#paths + 1] = line end
local threads = {}
function setup(t) t:set("seed", #threads); threads[#threads + 1] = t end
function init() math.randomseed(os.time() + seed); faults = 0 end
local pause = tonumber(os.getenv("PAUSE"))
if pause > 0 then
  function delay() return math.random(pause / 2, pause * 3 / 2) end
end
function request() return wrk.format("GET", paths[math.random(#paths)]) end
function response(status) if status ~= 200 then faults = faults + 1 end end
function done(summary, latency)
  local n = 0
  for _, t in ipairs(threads) do n = n + t:get("faults") end
  io.write(string.format("RESULT %.1f %.1f %.1f %d\n", latency:percentile(50) / 1000, latency:percentile(95) / 1000, summary.requests / (summary.duration / 1e6), n + summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
`

// BenchmarkSite reads every page as 50 people do who ask for another page four times a second each, and then with 50
// connections that wait for nothing but the answer; each request has parameters of its own, and wrk runs on the same two
// processors. Acceptance, for the people: 100 ms at the 95th percentile with 2,000 structures × 13 × 3, 300 ms with a million
// audits.
func BenchmarkSite(b *testing.B) {
	if _, err := exec.LookPath("wrk"); err != nil {
		b.Skip("wrk is not here; Try: make bench")
	}
	for _, size := range []struct {
		name       string
		structures int
		campaigns  int
	}{{"78000", 2_000, 3}, {"1000000", 25_641, 3}} {
		b.Run(size.name, func(b *testing.B) { benchSite(b, size.structures, size.campaigns) })
	}
}

func benchSite(b *testing.B, structures, campaigns int) {
	f := &fleet{tb: b, dir: b.TempDir(), page: freeAddr(b)}
	audits := editions(b, f.dir, structures, campaigns)
	config := fmt.Sprintf("data: collector\nlisten: %s\nevery: 1h\naccess: {rate: 1000000, burst: 1000000}\nprobers:\n  - {name: nobody, url: \"http://127.0.0.1:1\"}\n", f.page)
	script := filepath.Join(f.dir, "wrk.lua")
	for name, text := range map[string]string{filepath.Join(f.dir, "collector.yaml"): config, script: wrkScript} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	began := time.Now()
	p := f.start("collector", "collector runs")
	defer func() { p.cmd.Process.Signal(os.Interrupt); <-p.done }()
	select {
	case <-p.ready:
	case <-p.done:
		b.Fatalf("the collector ended:\n%s", p.log.String())
	}
	b.ReportMetric(time.Since(began).Seconds(), "start-s")
	cookie := f.cookie(b)
	r := rand.New(rand.NewPCG(3, 4))
	structure := func() string { return fmt.Sprintf("S%06d", r.IntN(structures)) }
	edition := func() string { return fmt.Sprintf("edition-%d", 2024+r.IntN(campaigns)) }
	pages := []struct {
		name string
		path func() string
	}{
		{"figures", func() string { return "/?campaign=" + edition() }},
		{"figures-by", func() string {
			return "/?campaign=" + edition() + "&by=" + []string{"kind", "band", "region", "week"}[r.IntN(4)]
		}},
		{"audits", func() string {
			return fmt.Sprintf("/audits?campaign=%s&result=%s&band=%s&page=%d", edition(), []string{"answered", "silent", "unreachable"}[r.IntN(3)], []string{"0-2k", "2k-10k"}[r.IntN(2)], 1+r.IntN(20))
		}},
		{"audits-search", func() string { return fmt.Sprintf("/audits?q=exemple-%d", r.IntN(structures)) }},
		{"audit", func() string { return fmt.Sprintf("/audits/%s.%s.%02d", edition(), structure(), 1+r.IntN(13)) }},
		{"structures", func() string { return fmt.Sprintf("/structures?page=%d", 1+r.IntN(20)) }},
		{"structure", func() string { return "/structures/" + structure() }},
		{"search", func() string { return fmt.Sprintf("/search?q=exemple-%d", r.IntN(structures)) }},
		{"websites", func() string { return "/websites?campaign=" + edition() }},
		{"review", func() string { return fmt.Sprintf("/review?campaign=%s&page=%d", edition(), 1+r.IntN(20)) }},
		{"agreement", func() string { return "/agreement?campaign=" + edition() }},
		{"coding", func() string { return "/coding?campaign=" + edition() }},
		{"campaigns", func() string { return "/campaigns" }},
		{"campaign", func() string { return "/campaigns/" + edition() }},
		{"api-outcomes-structure", func() string { return "/outcomes.csv?structure=" + structure() }},
		{"api-report", func() string { return "/api/v1/report?campaign=" + edition() + "&by=region" }},
	}
	for _, page := range pages {
		var paths strings.Builder
		for range 2000 {
			fmt.Fprintln(&paths, page.path())
		}
		list := filepath.Join(f.dir, "paths")
		if err := os.WriteFile(list, []byte(paths.String()), 0o600); err != nil {
			b.Fatal(err)
		}
		for _, run := range []struct {
			name    string
			pause   int // ms on average between an answer and the next request
			seconds int
		}{{"warm", 0, 2}, {"people", 250, 6}, {"flat out", 0, 4}} { // the first readers after a start wait for the first figures
			cmd := exec.Command("wrk", "-t", "2", "-c", "50", "-d", fmt.Sprint(run.seconds, "s"), "--timeout", "20s", "-H", "Cookie: "+cookie, "-s", script, "http://"+f.page)
			cmd.Env = append(os.Environ(), "PATHS="+list, "PAUSE="+strconv.Itoa(run.pause))
			out, err := cmd.CombinedOutput()
			if err != nil {
				b.Fatalf("wrk: %v\n%s", err, out)
			}
			m := regexp.MustCompile(`RESULT (\S+) (\S+) (\S+) (\d+)`).FindSubmatch(bytes.TrimSpace(out))
			if m == nil {
				b.Fatalf("wrk says:\n%s", out)
			}
			if string(m[4]) != "0" {
				b.Errorf("%s: %s answers were not 200", page.name, m[4])
			}
			if run.name == "warm" {
				continue
			}
			b.Logf("%8d audits  %-22s %-8s  p50 %7s ms  p95 %7s ms  %8s/s", audits, page.name, run.name, m[1], m[2], m[3])
			if p95, _ := strconv.ParseFloat(string(m[2]), 64); run.name == "people" {
				b.ReportMetric(p95, page.name+"-p95-ms")
			}
		}
	}
	if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid)); err == nil {
		if m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status); m != nil {
			kb, _ := strconv.ParseFloat(string(m[1]), 64)
			b.ReportMetric(kb/1000, "peak-MB")
		}
	}
}

// newClient returns a browser without pages: it keeps cookies.
func newClient() *http.Client {
	jar, _ := cookiejar.New(nil) // it never fails
	return &http.Client{Jar: jar}
}

// cookie signs in and returns the session's cookie.
func (f *fleet) cookie(tb testing.TB) string {
	tb.Helper()
	client := newClient()
	resp, err := client.PostForm("http://"+f.page+"/sign-in", url.Values{"name": {"operatrice"}, "password": {password}})
	if err != nil {
		tb.Fatal(err)
	}
	resp.Body.Close()
	at, _ := url.Parse("http://" + f.page)
	for _, c := range client.Jar.Cookies(at) {
		return c.Name + "=" + c.Value
	}
	tb.Fatalf("no session: %s", resp.Status)
	return ""
}
