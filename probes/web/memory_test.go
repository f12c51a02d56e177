package web

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes/web/browser"
	"github.com/sonde-fleet/sonde/probes/web/sample"
)

var (
	memoryPages = flag.Int("memory-pages", 1000, "how many pages BenchmarkMemoryOfPages audits")
	memorySite  = flag.Int("memory-site", 20, "how many pages a site of BenchmarkMemoryOfPages has")
	memoryWhole = flag.Bool("memory-whole", false, "BenchmarkMemoryOfPages makes every check instead of the injected audit alone")
)

// process is one line of /proc.
type process struct {
	pid, parent int
	born        string
	cpu         time.Duration // of it and of its children that have ended
}

// descendants lists the processes that we started, and theirs.
func descendants() []process {
	names, _ := filepath.Glob("/proc/[0-9]*/stat")
	all := map[int]process{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			continue // it has gone meanwhile
		}
		f := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:])) // from the third field on
		if len(f) < 20 || f[0] == "Z" {
			continue
		}
		p := process{born: f[19]}
		p.pid, _ = strconv.Atoi(filepath.Base(filepath.Dir(name)))
		p.parent, _ = strconv.Atoi(f[1])
		for _, ticks := range f[11:15] {
			n, _ := strconv.Atoi(ticks)
			p.cpu += time.Duration(n) * 10 * time.Millisecond
		}
		all[p.pid] = p
	}
	var out []process
	for pid, p := range all {
		for up := p.parent; up > 1; up = all[up].parent {
			if up == os.Getpid() {
				out = append(out, all[pid])
				break
			}
		}
	}
	return out
}

// meter adds up the processor time of everything that we start: processes come and go, so it looks often. Others on the
// machine do not count.
type meter struct {
	stop  chan struct{}
	group sync.WaitGroup
	seen  map[string]time.Duration
	self  time.Duration
}

// own is our own processor time, in which the pages are served and the proxy runs.
func own() time.Duration {
	data, _ := os.ReadFile("/proc/self/stat")
	f := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

func startMeter() *meter {
	m := &meter{stop: make(chan struct{}), seen: map[string]time.Duration{}, self: own()}
	m.group.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			for _, p := range descendants() {
				m.seen[fmt.Sprint(p.pid, " ", p.born)] = p.cpu
			}
			select {
			case <-tick.C:
			case <-m.stop:
				return
			}
		}
	})
	return m
}

func (m *meter) end() time.Duration {
	close(m.stop)
	m.group.Wait()
	sum := own() - m.self
	for _, cpu := range m.seen {
		sum += cpu
	}
	return sum
}

// pss is the memory of what we started, shared pages divided among those who share them, in MB.
func pss() (mb float64) {
	for _, p := range descendants() {
		data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p.pid))
		for line := range strings.Lines(string(data)) {
			if f := strings.Fields(line); len(f) > 1 && f[0] == "Pss:" {
				n, _ := strconv.ParseFloat(f[1], 64)
				mb += n / 1024
			}
		}
	}
	return mb
}

// BenchmarkMemoryOfPages audits many sites with one auditor, as the agent does, and says what the browser holds meanwhile and what
// is left behind: processes, tabs, profile folders.
func BenchmarkMemoryOfPages(b *testing.B) {
	needBrowser(b)
	page := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang=fr><title>Page %[1]s</title><main><h1>Page %[1]s</h1>%[2]s<button onclick="this.after('ouvert')">Ouvrir</button></main>`,
			r.URL.Path, strings.Repeat("<p>Les horaires d'ouverture de la mairie sont affichés <a href='/autre'>sur la page des horaires</a>.", 200))
	}
	srv := httptest.NewServer(http.HandlerFunc(page))
	defer srv.Close()
	home, _ := url.Parse(srv.URL)
	for b.Loop() {
		a := NewAuditor(Options{Allow: loopback(), Pause: time.Nanosecond, Injected: !*memoryWhole})
		var mu sync.Mutex
		done, next := 0, make(chan int)
		site := func(n int) {
			s, err := a.open(b.Context(), home, func(Line, *visit) error { return nil })
			if err != nil {
				b.Error(err)
				return
			}
			defer s.close()
			for i := range *memorySite {
				v, err := s.next(b.Context(), sample.Pick{URL: fmt.Sprintf("%s/%d/%d", srv.URL, n, i)})
				if err != nil || v.line.Result != Audited {
					b.Errorf("%+v %v", v.line, err)
				}
				mu.Lock()
				if done++; done == *memoryPages/10 || done == *memoryPages*3/10 || done == *memoryPages {
					tabs, _ := a.pool.now.b.Pages()
					b.ReportMetric(pss(), fmt.Sprintf("MB@%d", done))
					b.ReportMetric(float64(tabs), fmt.Sprintf("tabs@%d", done))
				}
				mu.Unlock()
			}
		}
		var group sync.WaitGroup
		for range browser.Tabs() {
			group.Go(func() {
				for n := range next {
					site(n)
				}
			})
		}
		for n := range *memoryPages / *memorySite {
			next <- n
		}
		close(next)
		group.Wait()
		tabs, err := a.pool.now.b.Pages()
		if err != nil {
			b.Fatal(err)
		}
		a.Close()
		for end := time.Now().Add(5 * time.Second); len(descendants()) > 0 && time.Now().Before(end); {
			time.Sleep(50 * time.Millisecond) // Chrome's children die after their parent
		}
		profiles, _ := filepath.Glob(filepath.Join(os.TempDir(), fmt.Sprintf("sonde-chrome-%d-*", os.Getpid())))
		b.ReportMetric(float64(tabs), "tabs-left")
		b.ReportMetric(float64(len(descendants())), "processes-left")
		b.ReportMetric(float64(len(profiles)), "profiles-left")
		if tabs > 1 || len(descendants()) > 0 || len(profiles) > 0 { // Chrome's own first tab stays while it runs
			b.Errorf("left behind: %d tabs, %d processes, %v", tabs, len(descendants()), profiles)
		}
	}
}
