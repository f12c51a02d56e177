package integration

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/sonde-fleet/sonde/townhall/daemons"
)

var screenshots = flag.String("screenshots", "", "folder into which the pages are drawn")

// password is that of every account of the tests.
const password = "un mot de passe long"

// newTown is the simulated town with a prober that waits for the order to launch, and a collector without accounts. It
// returns the address of the site and the one-time link that the collector prints.
func newTown(t *testing.T) (f *fleet, setup string) {
	t.Helper()
	f = &fleet{tb: t, dir: t.TempDir(), feed: freeAddr(t), page: freeAddr(t)}
	smtp, imap, sites, sip := freeAddr(t), freeAddr(t), freeAddr(t), freeAddr(t)
	town := exec.Command(filepath.Join(bin, "townhall"), "run", "--dir", f.dir, "--smtp", smtp, "--imap", imap, "--web", sites, "--sip", sip, "--feed", f.feed,
		"--site", f.page, "--speed", "30000")
	town.Stderr = os.Stderr
	if err := town.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { town.Process.Signal(os.Interrupt); town.Wait() })
	daemons.Await(t, imap)
	f.rewrite("prober.yaml", func(s string) string { return s + "launch: order\n" })
	f.rewrite("collector.yaml", func(s string) string {
		return strings.Replace(s, "access: {guest: reader}", "access: {rate: 1000, burst: 5000}\nfour_eyes: [cancel]", 1)
	})
	f.rewrite("campaign.yaml", func(s string) string { // forty calls show what there is to see, and leave the browsers a processor
		return regexp.MustCompile(`(?m)^(\s+)phone: 4$`).ReplaceAllString(s, "${1}phone: 1")
	})
	f.rewrite("campaign.yaml", func(s string) string { // websites have their own tests; the pictures show some
		if *screenshots != "" {
			return s
		}
		return regexp.MustCompile(`(?m)^(\s+)web: \d+$`).ReplaceAllString(s, "${1}web: 0")
	})
	for name, word := range map[string]string{"prober": "prober launches on order", "collector": "collector runs"} {
		p := f.start(name, word)
		t.Cleanup(func() {
			p.cmd.Process.Signal(os.Interrupt)
			<-p.done
			if t.Failed() {
				t.Logf("%s:\n%s", name, p.log.String())
			}
			if name == "collector" && strings.Contains(p.log.String(), "message lacks") {
				t.Errorf("a message lacks:\n%s", p.log.String())
			}
		})
		select {
		case <-p.ready:
		case <-p.done:
			t.Fatalf("%s ended:\n%s", name, p.log.String())
		case <-time.After(20 * time.Second):
			t.Fatalf("%s does not say that it %s", name, word)
		}
		if name == "collector" {
			setup = p.link
		}
	}
	return f, setup
}

func (f *fleet) rewrite(name string, change func(string) string) {
	f.tb.Helper()
	path := filepath.Join(f.dir, name)
	raw, err := os.ReadFile(path)
	if err != nil {
		f.tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(change(string(raw))), 0o600); err != nil {
		f.tb.Fatal(err)
	}
}

// TestThreeJobs walks what operators, auditors and collectors do, from log-in to result, in both languages, on a desk and
// on a telephone, with the real programs.
func TestThreeJobs(t *testing.T) {
	t.Parallel() // with the other of the two: both wait for pages
	f, setup := newTown(t)
	chrome := chrome(t)
	base := "http://" + f.page
	first := newPerson(t, chrome, base, "fr", screens[0])
	// Whoever starts the collector gets a link, once, and makes the first account.
	first.open("/campaigns")
	if at := first.text("h1"); first.count("input[type=password]") != 1 {
		t.Fatalf("a stranger sees %q", at)
	}
	first.open(setup)
	first.fill("input[name=name]", "operatrice")
	first.fill("input[name=password]", password)
	first.fill("input[name=again]", password)
	first.press("main button[type=submit]")
	// The campaign is looked at, tried with other caps, and launched.
	first.open("/campaigns")
	first.press("#waiting ~ ul a")
	if first.count(".heat") != 2 || first.count("#launch ~ .actions a") != 1 {
		t.Fatalf("the preview has %d maps and %d ways to launch", first.count(".heat"), first.count("#launch ~ .actions a"))
	}
	first.fill("input[name=per_hour]", "2")
	first.press(".filters button")
	if first.count("#launch ~ .actions a") != 0 {
		t.Error("a what-if can be launched although no file has it")
	}
	first.press(".filters .buttons a")
	first.press("#launch ~ .actions a")
	first.press("main form button[type=submit]")
	invited := map[string]string{}
	for _, x := range []struct{ name, role string }{{"seconde", "operator"}, {"auditeur", "auditor"}, {"lectrice", "reader"}} {
		first.open("/accounts")
		first.fill("#invite ~ form input[name=name]", x.name)
		for _, role := range []string{"operator", "auditor", "reader"} {
			look[bool](first, fmt.Sprintf(`document.querySelector('#invite ~ form input[value=%s]').checked = %v; true`, role, role == x.role))
		}
		first.press("#invite ~ form button[type=submit]")
		invited[x.name] = strings.TrimSpace(first.text("main pre"))
	}
	for name, link := range invited {
		p := newPerson(t, chrome, base, "fr", screens[0])
		p.open(link)
		p.fill("input[name=password]", password)
		p.fill("input[name=again]", password)
		p.press("main button[type=submit]")
		if got := p.text(".me a"); got != name {
			t.Errorf("signed in as %q, wanted %s", got, name)
		}
	}
	f.awaitFlags(t)
	for _, lang := range []string{"fr", "en"} {
		for _, size := range screens {
			t.Run(lang+"/"+size.name, func(t *testing.T) {
				operators(newPerson(t, chrome, base, lang, size), newPerson(t, chrome, base, lang, size))
				auditor(newPerson(t, chrome, base, lang, size))
				collector(newPerson(t, chrome, base, lang, size))
			})
		}
	}
	if out, err := exec.Command(filepath.Join(bin, "collector"), "export", "-config", filepath.Join(f.dir, "collector.yaml"), "-out", filepath.Join(f.dir, "trail.jsonl")).CombinedOutput(); err != nil {
		t.Fatalf("export: %v\n%s", err, out)
	}
	out, err := exec.Command(filepath.Join(bin, "collector"), "verify", "-config", filepath.Join(f.dir, "collector.yaml"), "-in", filepath.Join(f.dir, "trail.jsonl")).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "is whole") {
		t.Errorf("the exported trail: %v\n%s", err, out)
	}
}

// awaitFlags waits until the campaign has given the auditors something to do.
func (f *fleet) awaitFlags(t *testing.T) {
	t.Helper()
	for began := time.Now(); time.Since(began) < 60*time.Second; time.Sleep(500 * time.Millisecond) {
		bounces := 0
		for _, x := range call[struct{ Kind string }](f, "collector", "anomalies") {
			if x.Kind == "bounce" {
				bounces++
			}
		}
		if bounces >= 4 {
			return
		}
	}
	t.Fatal("no flags after a minute")
}

// signIn signs in and ends on the page that was asked for.
func (p *person) signIn(name, next string) {
	p.t.Helper()
	p.open(next)
	p.fill("input[name=name]", name)
	p.fill("input[name=password]", password)
	p.press("main button[type=submit]")
}

// operators watch the campaign, pause a part of it, and cancel another with two pairs of eyes.
func operators(p, second *person) {
	p.t.Helper()
	p.signIn("operatrice", "/campaigns")
	p.press("tbody th a")
	if p.count(".stack") < 2 {
		p.t.Errorf("%d bars of progress", p.count(".stack"))
	}
	p.picture("operation")
	// The page follows by itself and can be stopped.
	before := p.text("#live .when")
	p.until(fmt.Sprintf(`(document.querySelector("#live .when") || {}).innerText !== %q`, before))
	p.do(chromedp.Click(chromedp.CSS("[data-follows]")), chromedp.Sleep(300*time.Millisecond))
	held := p.text("#live .when")
	p.do(chromedp.Sleep(6 * time.Second))
	if now := p.text("#live .when"); now != held {
		p.t.Errorf("the page was stopped and still changed from %q to %q", held, now)
	}
	p.press(".prober > .actions a")
	p.fill("textarea[name=reason]", "essai de pause")
	p.press("main form button[type=submit]")
	if p.count("#pauses") != 1 {
		p.t.Fatalf("the pause is not on the page: %s", p.text("#live"))
	}
	p.press("#pauses ~ ul a")
	p.press("main form button[type=submit]")
	if p.count("#pauses") != 0 {
		p.t.Error("the campaign is still paused")
	}
	// Cancelling wants a second operator; the first cannot approve it.
	p.open(p.where())
	p.do(chromedp.ScrollIntoView(chromedp.CSS(".prober .progressing:last-of-type")))
	p.press(".progressing td:last-child a:last-child")
	p.fill("textarea[name=reason]", "essai")
	p.press("main form button[type=submit]")
	if p.count("#proposals") != 1 || p.count("button[value=approve]") != 0 {
		p.t.Fatalf("the proposal: %s", p.text("main"))
	}
	second.signIn("seconde", "/campaigns")
	if second.count("button[value=approve]") != 1 {
		second.t.Fatalf("the second operator sees: %s", second.text("main"))
	}
	second.press("button[value=refuse]")
	if second.count("#proposals") != 0 {
		second.t.Error("the refused proposal is still there")
	}
	p.open("/plan?prober=demo-1")
	p.picture("plan")
	p.open("/fleet")
	if p.count(".prober .mark.bad") != 0 || p.count(".prober dl dt") < 4 {
		p.t.Errorf("the fleet: %s", p.text("main"))
	}
	p.picture("fleet")
}

// where returns the path of the page.
func (p *person) where() string {
	p.t.Helper()
	return look[string](p, `location.pathname`)
}

// auditor answers a flag, sees it in the audit's story, and takes it back.
func auditor(p *person) {
	p.t.Helper()
	p.signIn("auditeur", "/review?kind=bounce")
	flags := p.count(".item")
	if flags < 1 {
		p.t.Fatalf("the queue is empty: %s", p.text("main"))
	}
	p.picture("review")
	p.press(".item .head a")
	id := p.text("h1")
	p.do(chromedp.Click(chromedp.CSS(".flag input[value=spoil]")))
	p.press(".flag button[type=submit]") // without a reason
	if p.count(".flag.done") != 0 {
		p.t.Error("a decision without a reason was taken")
	}
	p.do(chromedp.NavigateBack(), chromedp.WaitReady(chromedp.CSS("main")))
	p.do(chromedp.Click(chromedp.CSS(".flag input[value=spoil]")))
	p.fill(".flag textarea", "l'adresse de l'annuaire était fausse")
	p.press(".flag button[type=submit]")
	if p.count(".flag.done") != 1 || !strings.Contains(p.text(".verdict"), "auditeur") {
		p.t.Fatalf("%s: the decision is not there: %s", id, p.text("main"))
	}
	if p.count(".r-spoiled") == 0 && !strings.Contains(p.text("#outcome ~ dl"), "auditeur") {
		p.t.Errorf("the outcome does not follow the decision: %s", p.text("#outcome ~ dl"))
	}
	p.picture("audit")
	p.press(".verdict button")
	if p.count(".flag.done") != 0 {
		p.t.Error("the decision that was taken back still stands")
	}
	// With the keyboard alone: j goes to the first row of the queue, Enter opens it.
	p.open("/review?kind=bounce")
	p.do(chromedp.KeyEvent("j"))
	p.leave(chromedp.KeyEvent("\r"))
	if !strings.HasPrefix(p.where(), "/audits/") {
		p.t.Errorf("j and Enter lead to %s", p.where())
	}
}

// collector looks for a structure, narrows the audits, takes the figures away by hand and by program.
func collector(p *person) {
	p.t.Helper()
	p.signIn("lectrice", "/")
	if p.count(".km") < 1 {
		p.t.Error("no curve on the first page")
	}
	p.picture("figures")
	p.do(chromedp.SendKeys(chromedp.CSS("#find"), "ville"), chromedp.WaitVisible(chromedp.CSS("#find-found a")))
	p.press("#find-found a")
	if p.count("tbody tr") < 4 || p.count(".dots") != 1 {
		p.t.Errorf("the structure: %s", p.text("main"))
	}
	p.picture("structure")
	// The campaign runs: where an answer came in between the page and the file, both are asked once more.
	got, shown := 0, ""
	for range 5 {
		p.open("/audits?result=answered&channel=mail")
		if p.count("tbody tr") < 1 {
			p.t.Error("no answered audits")
		}
		csv := look[string](p, `fetch("/outcomes.csv?result=answered&channel=mail").then(r => r.text())`)
		shown = look[string](p, `document.querySelector("main [role=status]").innerText.replace(/[^0-9]/g, "")`)
		if got = strings.Count(strings.TrimSpace(csv), "\n"); fmt.Sprint(got) == shown {
			break
		}
	}
	if fmt.Sprint(got) != shown {
		p.t.Errorf("the file has %d audits, the page says %s", got, shown)
	}
	p.open("/websites")
	p.picture("websites")
	p.open("/review")
	if p.count(".item") != 0 {
		p.t.Error("a reader sees the queue")
	}
	p.open("/account")
	p.fill("#tokens ~ form input[name=token]", "tableur "+p.lang+p.size.name)
	p.press("#tokens ~ form button[type=submit]")
	token := strings.TrimSpace(p.text("main pre"))
	q, _ := http.NewRequest(http.MethodGet, p.base+"/api/v1/outcomes", nil)
	q.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	n := 0
	for d := json.NewDecoder(resp.Body); ; n++ {
		var x map[string]any
		if err := d.Decode(&x); err == io.EOF {
			break
		} else if err != nil {
			p.t.Fatalf("%s: %v", resp.Status, err)
		}
	}
	if n < 100 {
		p.t.Errorf("the token reads %d outcomes", n)
	}
	p.press("header .me form button")
	p.open("/account")
	if p.count("input[type=password]") != 1 {
		p.t.Error("signed out, the account is still shown")
	}
}
