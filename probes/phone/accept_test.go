package phone

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/phone/listen/corpus"
	"github.com/sonde-fleet/sonde/probes/phone/media"
)

// The acceptance: docs/performance.md has the figures of -calls 500 -batch 10 -at-once 200 -talk 20s.
var (
	acceptCalls = flag.Int("calls", 24, "calls whose instants are held to those of SIPp")
	acceptBatch = flag.Int("batch", 24, "of them at a time")
	atOnce      = flag.Int("at-once", 30, "calls at the same time")
	atOnceTalk  = flag.Duration("talk", 3*time.Second, "how long each of those lasts")
	traced      = flag.Bool("strace", false, "the first packet of sound is timed where SIPp sends it: SIPp starts its player some time after the step that its log tells")
)

// farm is one SIPp that takes many calls and writes down when it did what.
type farm struct {
	t    *testing.T
	dir  string
	port int
	cmd  *exec.Cmd
	out  bytes.Buffer
}

// startFarm runs the scenario for n calls, with the sound that it may play; trace writes down each packet that it sends.
func startFarm(t *testing.T, trace bool, n int, sound []int16, steps ...string) *farm {
	t.Helper()
	path, err := exec.LookPath("sipp")
	if err != nil {
		if os.Getenv("SONDE_INTEGRATION") == "required" {
			t.Fatal("sipp is not installed; Try: make install")
		}
		t.Skip("sipp is not installed")
	}
	f := &farm{t: t, dir: t.TempDir(), port: freePort(t)}
	scenario := sippBegin + strings.Join(steps, "") + "</scenario>\n"
	for name, data := range map[string][]byte{"callee.xml": []byte(scenario), "sound.alaw": media.ALaw.Encode(nil, sound)} {
		if err := os.WriteFile(filepath.Join(f.dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithTimeout(context.Background(), 15*time.Minute)
	t.Cleanup(stop)
	args := []string{path}
	if trace {
		args = []string{"strace", "-f", "--seccomp-bpf", "-ttt", "-s", "4", "-e", "trace=sendto", "-o", "sent.txt", path}
	}
	args = append(args, "-sf", "callee.xml", "-i", "127.0.0.1", "-p", strconv.Itoa(f.port), "-m", strconv.Itoa(n), "-nostdin", "-aa", "-mi", "127.0.0.1",
		"-mp", strconv.Itoa(freePort(t)), "-trace_err", "-trace_msg", "-message_file", "messages.log", "-trace_logs", "-log_file", "logs.log", "-error_file", "errors.log", "-rtp_buffsize", "1000000")
	f.cmd = exec.CommandContext(ctx, args[0], args[1:]...)
	f.cmd.Dir = f.dir
	f.cmd.Stdout, f.cmd.Stderr = &f.out, &f.out
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return f
}

// end waits for SIPp and returns how many calls it calls successful.
func (f *farm) end() (successful int) {
	f.t.Helper()
	if err := f.cmd.Wait(); err != nil {
		for _, log := range f.glob("*errors*.log") {
			text, _ := os.ReadFile(log) // more than nothing
			f.t.Logf("%.4000s", text)
		}
		f.t.Errorf("sipp is not content: %v\n%.2000s", err, f.out.Bytes())
	}
	for _, m := range regexp.MustCompile(`Successful call\s+\|\s+\d+\s+\|\s+(\d+)`).FindAllSubmatch(f.out.Bytes(), -1) {
		n, _ := strconv.Atoi(string(m[1])) // digits
		successful = max(successful, n)
	}
	return successful
}

func (f *farm) glob(pattern string) []string {
	names, err := filepath.Glob(filepath.Join(f.dir, pattern))
	if err != nil {
		f.t.Fatal(err)
	}
	return names
}

// truth is when SIPp did what: "INVITE received", "180 sent", "stream".
type truth map[string]time.Time

var (
	sippAt     = regexp.MustCompile(`^-+ (\d{4}-\d\d-\d\d)[ \t]+(\d\d:\d\d:\d\d\.\d+)`)
	sippSent   = regexp.MustCompile(`(?m)^\d+ +(\d+\.\d+) sendto\(\d+, "\\2[^S].*, 172, .*htons\((\d+)\)`)
	sippStream = regexp.MustCompile(`stream (\S+) (\d{4}-\d\d-\d\d)[ \t]+(\d\d:\d\d:\d\d\.\d+)`)
)

// truths reads what SIPp wrote down, by the user that was dialled.
func (f *farm) truths() map[string]truth {
	f.t.Helper()
	instant := func(day, clock string) time.Time {
		at, err := time.ParseInLocation("2006-01-02 15:04:05.999999", day+" "+clock, time.Local)
		if err != nil {
			f.t.Fatal(err)
		}
		return at
	}
	byID, users, ports := map[string]truth{}, map[string]string{}, map[string]string{}
	for _, name := range f.glob("*messages*.log") {
		file, err := os.Open(name)
		if err != nil {
			f.t.Fatal(err)
		}
		var at time.Time
		var way, what, id, to string
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 1<<20)
		note := func() {
			if id == "" || what == "" {
				return
			}
			if byID[id] == nil {
				byID[id] = truth{}
			}
			if key := what + " " + way; byID[id][key].IsZero() {
				byID[id][key] = at
			}
			if user, _, found := strings.Cut(strings.TrimPrefix(to, "<sip:"), "@"); found && what == "INVITE" {
				users[id] = user
			}
		}
		for lines.Scan() {
			line := strings.TrimSpace(lines.Text())
			switch m := sippAt.FindStringSubmatch(line); {
			case m != nil:
				note()
				at, way, what, id, to = instant(m[1], m[2]), "", "", "", ""
			case strings.HasPrefix(line, "UDP message sent"):
				way = "sent"
			case strings.HasPrefix(line, "UDP message received"):
				way = "received"
			case what == "" && strings.HasPrefix(line, "SIP/2.0 "):
				what = strings.Fields(line)[1]
			case what == "" && strings.HasSuffix(line, " SIP/2.0"):
				what = strings.Fields(line)[0]
			case strings.HasPrefix(line, "Call-ID:"):
				id = strings.TrimSpace(strings.TrimPrefix(line, "Call-ID:"))
			case strings.HasPrefix(line, "To:"):
				to = strings.TrimSpace(strings.TrimPrefix(line, "To:"))
			case what == "INVITE" && strings.HasPrefix(line, "m=audio "):
				ports[id] = strings.Fields(line)[1]
			case strings.HasPrefix(line, "CSeq:") && strings.HasPrefix(what, "2"):
				what += " " + line[strings.LastIndexByte(line, ' ')+1:]
			}
		}
		note()
		_ = file.Close() // it was read
	}
	for _, name := range f.glob("*logs*.log") {
		text, err := os.ReadFile(name)
		if err != nil {
			f.t.Fatal(err)
		}
		for _, m := range sippStream.FindAllStringSubmatch(string(text), -1) {
			if byID[m[1]] != nil {
				byID[m[1]]["stream"] = instant(m[2], m[3])
			}
		}
	}
	for _, name := range f.glob("sent.txt") {
		text, err := os.ReadFile(name)
		if err != nil {
			f.t.Fatal(err)
		}
		sent := map[string][]time.Time{} // by the port that it goes to, which a later call may have again
		for _, m := range sippSent.FindAllStringSubmatch(string(text), -1) {
			if seconds, err := strconv.ParseFloat(m[1], 64); err == nil {
				sent[m[2]] = append(sent[m[2]], time.UnixMicro(int64(seconds*1e6)))
			}
		}
		for id, port := range ports {
			for _, at := range sent[port] {
				if !at.Before(byID[id]["stream"]) {
					byID[id]["first sound"] = at
					break
				}
			}
		}
	}
	out := map[string]truth{}
	for id, user := range users {
		out[user] = byID[id]
	}
	return out
}

// noted is the ear of the channel, whose labels the test sees too.
type noted struct {
	Listener
	mu     sync.Mutex
	labels []Label
	first  time.Duration // place of the first sound after the answer
}

func (n *noted) Hear(f Frame) []Label {
	labels := n.Listener.Hear(f)
	n.mu.Lock()
	n.labels = append(n.labels, labels...)
	if n.first == 0 && f.Answered {
		n.first = f.At
	}
	n.mu.Unlock()
	return labels
}

func (n *noted) End(at time.Duration) ([]Label, Verdict) {
	labels, verdict := n.Listener.End(at)
	n.mu.Lock()
	n.labels = append(n.labels, labels...)
	n.mu.Unlock()
	return labels, verdict
}

// speech is where the first words after the answer begin.
func (n *noted) speech(answered time.Duration) (from time.Duration, heard bool) {
	for _, l := range n.labels {
		switch l.Kind {
		case HeardSpeech, HeardRecording, HeardMachine, HeardHuman:
			if l.From >= answered && (!heard || l.From < from) {
				from, heard = l.From, true
			}
		}
	}
	return from, heard
}

// placed is one call of many.
type placed struct {
	events []probes.Event
	ear    *noted
	err    error
}

func (f *farm) place(ctx context.Context, user string, o Options) *placed {
	p := &placed{ear: &noted{Listener: (*Memory)(nil).Ear(probes.Audit{})}}
	o.Listen = func(probes.Audit) Listener { return p.ear }
	p.err = New(o).Run(ctx, probes.Audit{ID: probes.AuditID(user), Structure: "s", Channel: probes.Phone, Target: fmt.Sprintf("sip:%s@127.0.0.1:%d", user, f.port)},
		func(e probes.Event) error { p.events = append(p.events, e); return nil })
	return p
}

func (p *placed) event(k probes.Kind) (e probes.Event, found bool) {
	for _, e := range p.events {
		if e.Kind == k {
			return e, true
		}
	}
	return e, false
}

// prompt is a text of Debian's voices that begins with sound at once.
func prompt(t *testing.T) []int16 {
	t.Helper()
	rs, err := corpus.Read(corpus.June, 60, true)
	if err != nil {
		if os.Getenv("SONDE_INTEGRATION") == "required" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	loud := func(s int16) bool { return s > 250 || s < -250 }
	for _, r := range rs {
		from := slices.IndexFunc(r.Samples, loud)
		if from >= 0 && len(r.Samples)-from > 2*media.Rate && len(r.Samples)-from < 4*media.Rate {
			return r.Samples[from:]
		}
	}
	t.Fatal("no prompt of 2 to 4 s")
	return nil
}

// quantiles prints errors and returns the largest and the one at 99 %.
func quantiles(t *testing.T, what string, errors []time.Duration) (p99 time.Duration) {
	t.Helper()
	if len(errors) == 0 {
		t.Errorf("%s: nothing was measured", what)
		return 0
	}
	signed := slices.Sorted(slices.Values(errors))
	sizes := make([]time.Duration, len(errors))
	for i, e := range errors {
		sizes[i] = max(e, -e)
	}
	slices.Sort(sizes)
	at := func(of []time.Duration, q float64) time.Duration {
		return of[min(len(of)-1, int(q*float64(len(of))))].Round(10 * time.Microsecond)
	}
	p99 = at(sizes, 0.99)
	t.Logf("%-16s n=%d  |error| p50 %v  p90 %v  p99 %v  max %v; signed median %v", what, len(errors), at(sizes, 0.5), at(sizes, 0.9), p99, sizes[len(sizes)-1].Round(10*time.Microsecond), at(signed, 0.5))
	return p99
}

func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}

// What is measured of a call is what SIPp did, by its own clock: post-dial delay, ringing, the wait for the first word, the
// duration. The short run of every day allows a machine that does much else ten times the limit, which is less than a copy of
// a message is late.
func TestInstantsAreThoseOfSIPp(t *testing.T) {
	t.Parallel()
	sound := prompt(t)
	long := time.Duration(len(sound)) * time.Second / media.Rate
	between := func(low, high int) string {
		return fmt.Sprintf("  <pause distribution=\"uniform\" min=\"%d\" max=\"%d\" />\n", low, high)
	}
	f := startFarm(t, *traced, *acceptCalls, sound, between(50, 400), sippSays(180, "Ringing", false), between(300, 2000), sippSays(200, "OK", true), sippAck, between(200, 1500),
		"  <nop><action><log message=\"stream [call_id] [timestamp]\" /><exec rtp_stream=\"sound.alaw,1,8\" /></action></nop>\n",
		sippPause(long), between(300, 900), sippBye)
	whenUp(t, f.port)
	results := make([]*placed, *acceptCalls)
	var wait sync.WaitGroup
	room := make(chan struct{}, *acceptBatch)
	before := load()
	for i := range results {
		room <- struct{}{}
		wait.Go(func() {
			defer func() { <-room }()
			results[i] = f.place(t.Context(), fmt.Sprintf("c%d", i), Options{})
		})
		time.Sleep(20 * time.Millisecond) // calls of a fleet do not begin in one instant
	}
	wait.Wait()
	if n := f.end(); n != *acceptCalls {
		t.Errorf("SIPp calls %d of %d successful", n, *acceptCalls)
	}
	truths := f.truths()
	var pdd, ring, wait1, start, duration []time.Duration
	ms := func(e probes.Event, key string) time.Duration { return millis(t, e, key) }
	for i, p := range results {
		at := truths[fmt.Sprintf("c%d", i)]
		ringing, _ := p.event(probes.CallRinging)
		answered, _ := p.event(probes.CallAnswered)
		ended, ok := p.event(probes.CallEnded)
		if p.err != nil || !ok || at == nil {
			t.Errorf("call %d: %v, %d events, truth %v", i, p.err, len(p.events), at != nil)
			continue
		}
		pdd = append(pdd, ms(ringing, "pdd_ms")-at["180 sent"].Sub(at["INVITE received"]))
		ring = append(ring, ms(answered, "ring_ms")-at["200 INVITE sent"].Sub(at["180 sent"]))
		duration = append(duration, ms(ended, "talk_ms")-at["BYE sent"].Sub(at["200 INVITE sent"]))
		told := at["stream"]
		if *traced {
			told = at["first sound"]
		}
		words := told.Sub(at["200 INVITE sent"])
		start = append(start, p.ear.first-answered.Elapsed-words)
		if from, heard := p.ear.speech(answered.Elapsed); heard {
			wait1 = append(wait1, from-answered.Elapsed-words)
		} else {
			t.Errorf("call %d: nobody was heard: %+v", i, p.ear.labels)
		}
	}
	t.Logf("%d calls, %d at a time, %d cores; load before %s, after %s", *acceptCalls, *acceptBatch, runtime.NumCPU(), before, load())
	limit := 20 * time.Millisecond
	if *acceptCalls < 100 {
		limit *= 10
	}
	spoken := limit
	if !*traced {
		spoken += 200 * time.Millisecond // SIPp begins to play when its player wakes
	}
	for _, m := range []struct {
		what   string
		errors []time.Duration
		limit  time.Duration
	}{{"post-dial delay", pdd, limit}, {"ring", ring, limit}, {"first sound", start, spoken}, {"wait, by the ear", wait1, spoken}, {"duration", duration, limit}} {
		if got := quantiles(t, m.what, m.errors); got > m.limit {
			t.Errorf("%s is %v wrong at the 99th percentile, wanted %v", m.what, got, m.limit)
		}
	}
}

func cpu(who int) time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(who, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Many calls at the same time: no sound is lost or late, and at the callee's no telephone stays off the hook.
func TestManyCallsAtOnce(t *testing.T) {
	t.Parallel()
	sound := prompt(t)
	n := *atOnce
	loops := 1 + int(*atOnceTalk/(time.Duration(len(sound))*time.Second/media.Rate))
	f := startFarm(t, false, n, sound, sippPause(100*time.Millisecond), sippSays(180, "Ringing", false), sippPause(time.Second), sippSays(200, "OK", true), sippAck,
		fmt.Sprintf("  <nop><action><exec rtp_stream=\"sound.alaw,%d,8\" /></action></nop>\n", loops), "  <recv request=\"ACK\" optional=\"true\" />\n", sippHungUp, sippFine())
	whenUp(t, f.port)
	results := make([]*placed, n)
	before, ours, theirs, begun := load(), cpu(syscall.RUSAGE_SELF), cpu(syscall.RUSAGE_CHILDREN), time.Now()
	var wait sync.WaitGroup
	for i := range results {
		wait.Go(func() { results[i] = f.place(t.Context(), fmt.Sprintf("c%d", i), Options{Max: *atOnceTalk}) })
	}
	wait.Wait()
	took := time.Since(begun)
	ours = cpu(syscall.RUSAGE_SELF) - ours
	if got := f.end(); got != n {
		t.Errorf("SIPp calls %d of %d successful", got, n)
	}
	theirs = cpu(syscall.RUSAGE_CHILDREN) - theirs
	missing, late, received, sent, byes := 0, 0, 0, 0, 0
	var jitter []int
	for _, at := range f.truths() {
		if _, ok := at["BYE received"]; ok {
			byes++
		}
	}
	for i, p := range results {
		e, ok := p.event(probes.CallEnded)
		if p.err != nil || !ok || e.Detail["why"] != "limit" {
			t.Errorf("call %d: %v, %+v", i, p.err, p.events)
			continue
		}
		for key, sum := range map[string]*int{"lost": &missing, "late": &late, "packets": &received, "sent": &sent} {
			k, err := strconv.Atoi(e.Detail[key])
			if err != nil {
				t.Error(err)
			}
			*sum += k
		}
		j, _ := strconv.Atoi(e.Detail["jitter_ms"])
		jitter = append(jitter, j)
	}
	slices.Sort(jitter)
	t.Logf("%d calls at once, %s each, %d cores: %d packets received, %d lost, %d late, %d sent; jitter ≤ %d ms; "+
		"CPU %.2f cores ours, %.2f SIPp's; load before %s, after %s", n, *atOnceTalk, runtime.NumCPU(), received, missing, late, sent, cmp.Or(jitter[max(0, len(jitter)-1)], 0),
		ours.Seconds()/took.Seconds(), theirs.Seconds()/took.Seconds(), before, load())
	if missing > 0 || late > 0 {
		t.Errorf("%d packets lost, %d late", missing, late)
	}
	if byes != n {
		t.Errorf("%d of %d telephones saw a BYE", byes, n)
	}
	share := 95
	if n < 100 {
		share = 60 // beside other tests
	}
	if want := n * int(*atOnceTalk/media.Frame); received < want*share/100 || sent < want*share/100 {
		t.Errorf("%d packets received and %d sent of about %d", received, sent, want)
	}
}
