package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	_ "embed"

	"github.com/sonde-fleet/sonde/internal/fold"
	"github.com/sonde-fleet/sonde/probes"
	"github.com/sonde-fleet/sonde/probes/web/browser"
	"github.com/sonde-fleet/sonde/probes/web/item"
	"github.com/sonde-fleet/sonde/probes/web/proxy"
)

//go:embed js/form.js
var formJS string

// Letter is what a persona writes through a form.
type Letter struct {
	Given, Family, Civility, Email, Phone, Town, Address, Subject, Text string
}

// Delivery is what came of a form.
type Delivery string

const (
	// Acknowledged: the site says that it has the message.
	Acknowledged Delivery = "acknowledged"
	// Unclear: something left, and nothing says whether it was taken. It must never be sent again by itself.
	Unclear Delivery = "unclear"
	// ByHand: nothing has left; a person must fill the form in: a captcha, a field that no persona can answer, no form.
	ByHand Delivery = "by hand"
)

// Submission is what came of one attempt to write through a form.
type Submission struct {
	Delivery Delivery
	Text     string // what the site said, or why a person must do it
	URL      string // of the page that answered
	Status   int
	At       time.Time // when the site's answer came; zero: there was none
	Evidence []probes.Evidence
}

// answerWithin is how long the site's answer to a form is awaited.
const answerWithin = 45 * time.Second

// Submit writes a letter through the contact form at an address, at most once. Everything is filled in and checked while
// nothing has left; then sending is called with a picture of the form, and only if it returns nil the form is sent, by one
// click on a fresh connection. An error means that nothing has left and that the fault was ours.
func (a *Auditor) Submit(ctx context.Context, target string, l Letter, sending func([]probes.Evidence) error) (*Submission, error) {
	if _, err := address(target); err != nil {
		return nil, err
	}
	b, free, err := a.pool.get(ctx)
	if err != nil {
		return nil, err
	}
	defer free()
	site, err := b.Site(ctx, proxy.Policy{Allow: a.o.Allow})
	if err != nil {
		return nil, err
	}
	defer site.Close() //nolint:errcheck // the context goes with the browser at the latest
	tab, err := site.Tab(ctx)
	if err != nil {
		return nil, err
	}
	defer tab.Close()
	f := &filling{tab: tab, letter: l, log: a.o.Log.With("form", target)}
	if err := tab.Citizen(ctx); err != nil {
		return nil, err
	}
	load, err := tab.Load(ctx, target)
	if err != nil {
		return nil, fmt.Errorf("open the form: %w", err)
	}
	if load.Failed != "" || !load.HTML() {
		return nil, fmt.Errorf("open the form: %s %s", load.Failed, load.MIME)
	}
	if load.Status >= 500 {
		return nil, fmt.Errorf("open the form: %d %s", load.Status, http.StatusText(load.Status))
	}
	return f.deliver(ctx, site, sending)
}

// filling is a form on its way.
type filling struct {
	tab    *browser.Tab
	letter Letter
	form   form
	before string // the page's text before it was sent
	log    interface{ Debug(string, ...any) }
}

// form is what js/form.js reads.
type form struct {
	Found  bool    `json:"found"`
	Send   bool    `json:"send"`
	Fields []field `json:"fields"`
}

type field struct {
	Key      int      `json:"key"`
	Type     string   `json:"type"` // of the input; textarea, select
	Name     string   `json:"name"`
	Label    string   `json:"label"`
	Legend   string   `json:"legend"`
	Auto     string   `json:"auto"`
	Required bool     `json:"required"`
	Value    string   `json:"value"`
	Options  []option `json:"options"`
}

type option struct {
	Value string `json:"value"`
	Text  string `json:"text"`
}

func (f *filling) deliver(ctx context.Context, site *browser.Site, sending func([]probes.Evidence) error) (*Submission, error) {
	if err := f.tab.Settle(ctx, settle); err != nil {
		return nil, err
	}
	said, err := mentions(ctx, f.tab)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(said, func(m item.Mention) bool { return m.Code == item.ContactForm })
	switch {
	case at < 0:
		return f.byHand(ctx, "no form that writes to the body was found on the page"), nil
	case item.Has(said, item.Captcha):
		return f.byHand(ctx, "the form wants a captcha"), nil
	}
	if err := f.tab.InjectIn(ctx, browser.Main, formJS); err != nil {
		return nil, err
	}
	if f.form, err = browser.Eval[form](ctx, f.tab, fmt.Sprintf("sondeForm.read(%q)", said[at].Selector)); err != nil {
		return nil, err
	}
	if !f.form.Found || !f.form.Send {
		return f.byHand(ctx, "the form has no button that sends it"), nil
	}
	why, err := f.fill(ctx)
	if err != nil {
		return nil, err
	}
	if why != "" {
		return f.byHand(ctx, why), nil
	}
	if f.before, err = browser.Eval[string](ctx, f.tab, bodyText); err != nil {
		return nil, err
	}
	aim, err := browser.Eval[struct {
		X, Y float64
		Free bool
	}](ctx, f.tab, "sondeForm.aim()")
	if err != nil {
		return nil, err
	}
	site.Proxy.Renew()
	if err := sending(f.evidence(ctx, "filled")); err != nil {
		return nil, err
	}
	// From here on the site may have the message, whatever becomes of us: no error, only what is known.
	sent, err := f.tab.Follow(ctx, answerWithin, func() error {
		if aim.Free {
			return f.tab.Click(ctx, aim.X, aim.Y)
		}
		_, err := browser.Eval[bool](ctx, f.tab, "sondeForm.press()")
		return err
	})
	return f.judge(ctx, sent, err), nil
}

const bodyText = `(document.body ? document.body.innerText : "").slice(0, 200000)`

// fill answers every field that a persona can answer. It returns why a person must do it, where one cannot.
func (f *filling) fill(ctx context.Context) (why string, err error) {
	radios := map[string]bool{}
	for _, x := range f.form.Fields {
		a := f.letter.answer(x, f.form.Fields)
		switch {
		case a.unknown && x.Type == "radio":
			if x.Required && !radios[x.Name] {
				radios[x.Name] = false
			}
			continue
		case a.unknown && x.Required:
			return fmt.Sprintf("the form asks for %q, which a persona cannot answer", strings.TrimSpace(x.Label+" "+x.Name)), nil
		case a.unknown, a.value == "" && !a.check:
			continue
		}
		ok := false
		switch {
		case a.check:
			ok, err = browser.Eval[bool](ctx, f.tab, fmt.Sprintf("sondeForm.check(%d)", x.Key))
			radios[x.Name] = true
		case x.Type == "select":
			ok, err = browser.Eval[bool](ctx, f.tab, fmt.Sprintf("sondeForm.choose(%d, %q)", x.Key, a.value))
		default:
			if ok, err = browser.Eval[bool](ctx, f.tab, fmt.Sprintf("sondeForm.focus(%d)", x.Key)); err == nil && ok {
				err = f.tab.Type(ctx, a.value)
			}
		}
		if err != nil {
			return "", err
		}
		if !ok {
			return fmt.Sprintf("the field %q cannot be filled in", x.Label), nil
		}
	}
	for name, answered := range radios {
		if !answered {
			return fmt.Sprintf("the form asks to choose %q, which a persona cannot answer", name), nil
		}
	}
	return f.verify(ctx)
}

// verify reads the form back: what a script changed or cut is not what the persona wrote.
func (f *filling) verify(ctx context.Context) (string, error) {
	if _, err := browser.Eval[bool](ctx, f.tab, "sondeForm.leave()"); err != nil {
		return "", err
	}
	values, err := browser.Eval[[]string](ctx, f.tab, "sondeForm.values()")
	if err != nil {
		return "", err
	}
	written := false
	for i, x := range f.form.Fields {
		if x.Type == "textarea" && i < len(values) && strings.Join(strings.Fields(values[i]), " ") == strings.Join(strings.Fields(f.letter.Text), " ") {
			written = true
		}
	}
	if !written {
		return "the message does not fit into the form", nil
	}
	return "", nil
}

func (f *filling) byHand(ctx context.Context, why string) *Submission {
	return &Submission{Delivery: ByHand, Text: why, URL: f.tab.Current().URL, Evidence: f.evidence(ctx, "by-hand")}
}

// evidence is a picture of the page as it stands, and its text.
func (f *filling) evidence(ctx context.Context, name string) (out []probes.Evidence) {
	if shot, err := f.tab.FullShot(ctx); err == nil {
		out = append(out, probes.Evidence{Type: "image/webp", Name: "form-" + name + ".webp", Body: shot})
	} else {
		f.log.Debug("no picture of the form", "error", err)
	}
	if html, err := f.tab.Source(ctx); err == nil {
		out = append(out, probes.Evidence{Type: "text/html", Name: "form-" + name + ".html", Body: []byte(html)})
	}
	return out
}

var (
	thanks = regexp.MustCompile(`\b(merci|thank you|thanks)\b|\b(message|demande|formulaire|courriel|mail|e-mail|requete)\b.{0,60}\b(envoye|transmise?|enregistree?|recue?|pris en compte|prise en compte|bien ete|sent|received)|\b(bien (recu|ete)|accuse de reception|prise en compte|pris en compte|dans les meilleurs delais|nous vous repondrons|numero de (suivi|dossier|demande))`)
	wrong  = regexp.MustCompile(`\b(erreur|error|obligatoire|required|invalide|invalid|incorrect|veuillez (remplir|saisir|corriger|verifier|renseigner)|n'a pas (pu )?(ete )?(envoye|etre)|echec|probleme|reessayer|champs? manquants?)`)
	done   = regexp.MustCompile(`\b(merci|confirmation|success|succes|envoye|sent|thank)`)
)

// judge says what came of a form that was sent. Only words of thanks are believed; the rest stays open until an answer, or
// an operator, decides.
func (f *filling) judge(ctx context.Context, sent *browser.Sent, failed error) *Submission {
	out := &Submission{Delivery: Unclear, URL: sent.URL, Status: sent.Answered, At: sent.At}
	after, err := browser.Eval[string](ctx, f.tab, bodyText)
	if failed != nil || err != nil {
		out.Text = errors.Join(failed, err).Error()
		return out
	}
	out.Evidence = f.evidence(ctx, "answer")
	news := fresh(f.before, after)
	folded := fold.Text(news)
	out.Text = news[:min(len(news), 600)]
	if !sent.Left {
		// The page's own check let nothing out: certain.
		out.Delivery, out.Text = ByHand, "the page refused what was filled in: "+out.Text
		return out
	}
	still := false
	if !sent.Moved {
		if still, err = browser.Eval[bool](ctx, f.tab, "sondeForm.still()"); err != nil {
			return out
		}
	}
	bad := sent.Failed != "" || sent.Answered >= 400
	switch {
	case bad:
		out.Text = strings.TrimSpace(fmt.Sprintf("%d %s %s", sent.Answered, sent.Failed, out.Text))
	case thanks.MatchString(folded) && !wrong.MatchString(folded) && !still,
		sent.Moved && !wrong.MatchString(folded) && done.MatchString(fold.Text(pathOf(sent.URL))):
		out.Delivery = Acknowledged
	}
	return out
}

func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.NewReplacer("-", " ", "_", " ", "/", " ").Replace(u.Path + " " + u.RawQuery)
}

// fresh is what the second text says and the first did not, line by line.
func fresh(before, after string) string {
	old := map[string]bool{}
	for l := range strings.Lines(before) {
		old[strings.TrimSpace(l)] = true
	}
	var out []string
	for l := range strings.Lines(after) {
		if l = strings.TrimSpace(l); l != "" && !old[l] {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}
